//! Signing in on the platform's own page: a state that is good once, for the browser that began it, within ten minutes.

pub mod routes;

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::manage::{Who, within};
use super::{Sync, sealing, store};
use crate::connectors::shopify::{auth, signed};
use crate::connectors::{Client, Credentials, Source, Trouble};
use crate::error::{Error, Result};
use crate::secrets::{constant_time_eq, random_bytes};
use crate::tenants::{Tenant, TenantId};

/// How long somebody may take at the platform.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);
/// How many may be on their way; the oldest are forgotten first.
const UNDER_WAY: u64 = 10_000;

/// Those on their way, by the hash of their state.
pub(super) struct Ways(Cache<[u8; 32], Begun>);

/// Somebody at the platform.
#[derive(Clone)]
struct Begun {
    tenant: TenantId,
    integration: String,
    who: Who,
    browser: [u8; 32],
    state: String,
}

impl Default for Ways {
    fn default() -> Self {
        let cache = Cache::builder().max_capacity(UNDER_WAY).time_to_live(PATIENCE);
        Self(cache.eviction_policy(EvictionPolicy::lru()).build())
    }
}

/// Where to send a browser, and the cookie to give it.
pub(super) struct Sent {
    pub to: Url,
    pub cookie: String,
}

/// What came back.
pub(super) struct Back<'a> {
    /// The address's query as it stands.
    pub query: &'a str,
    pub cookie: Option<&'a str>,
}

impl Sync {
    /// Sends somebody to the shop's page where the app of an integration is allowed.
    pub(super) async fn begin_sign_in(&self, tenant: &Tenant, uid: &str, back: &Url, who: Who) -> Result<Sent> {
        let (of, name, reach) = (tenant.clone(), uid.to_owned(), who.reach.clone());
        let read = tenant.db().read(move |conn| {
            let it = within(conn, &name, &reach)?;
            let (token, _) = store::credentials(conn, &name)?;
            Ok((it, sealing::open(&of.key(), &name, &token)?))
        });
        let (it, credentials) = read.await?;
        let client_id = credentials.get(auth::CLIENT_ID).filter(|_| it.source == Source::Shopify);
        let client_id = client_id
            .ok_or_else(|| Error::conflict("no_app", "Give the integration an app's client id and secret first."))?;
        let base = self.connector(it.source)?.base(&it.settings, self.shared());
        let base = base.map_err(|unfit| Error::invalid(unfit.field, unfit.reason))?;
        let (state, cookie) = (random(), random());
        let to = auth::authorize_url(&base.url, client_id, back.as_str(), &state).map_err(anyhow::Error::from)?;
        let begun = Begun {
            tenant: tenant.id().clone(),
            integration: uid.to_owned(),
            who,
            browser: hash(&cookie),
            state: state.clone(),
        };
        self.ways().0.insert(hash(&state), begun);
        Ok(Sent { to, cookie })
    }

    /// Takes whoever comes back: the code becomes a token, which is sealed. Returns the slug of the integration's brand.
    ///
    /// # Errors
    /// `SignInRequired` for whatever was not begun here or is not signed; `Unavailable` where the platform is not reached.
    pub(super) async fn end_sign_in(&self, back: Back<'_>) -> Result<String> {
        let of = |name: &str| {
            let mut all = form_urlencoded::parse(back.query.as_bytes()).filter(|(key, _)| key == name);
            let value = all.next().map(|(_, value)| value.into_owned());
            value.filter(|_| all.next().is_none())
        };
        let (state, code, shop) = (of("state"), of("code"), of("shop"));
        let begun = state.as_deref().and_then(|state| self.ways().0.remove(&hash(state))).ok_or_else(stale)?;
        let same = back.cookie.is_some_and(|cookie| constant_time_eq(&hash(cookie), &begun.browser));
        let (Some(code), Some(shop), true) = (code, shop, same) else { return Err(stale()) };
        if !signed::is_same_state(&begun.state, state.as_deref().unwrap_or_default()) {
            return Err(stale());
        }
        let tenant = self.0.tenants.open(&begun.tenant).await?;
        let (key, name) = (tenant.clone(), begun.integration.clone());
        let read = tenant.db().read(move |conn| {
            let (token, _) = store::credentials(conn, &name)?;
            Ok((store::get(conn, &name)?, sealing::open(&key.key(), &name, &token)?))
        });
        let (it, credentials) = read.await?;
        let secret = credentials.get(auth::CLIENT_SECRET).unwrap_or_default();
        let own = it.settings.get("shop").and_then(Value::as_str);
        let genuine = signed::callback_is_genuine(back.query, &[secret]);
        if !genuine || own.is_none() || own != auth::shop_domain(&shop).as_deref() {
            return Err(stale());
        }
        let base = self.connector(it.source)?.base(&it.settings, self.shared());
        let base = base.map_err(|unfit| Error::invalid(unfit.field, unfit.reason))?;
        let granted = auth::exchange(&Client::new(&base), &credentials, &code, self.now()).await.map_err(not_given)?;
        self.keep_granted(&tenant, &it.uid, granted, begun.who).await
    }

    async fn keep_granted(&self, tenant: &Tenant, uid: &str, granted: Credentials, who: Who) -> Result<String> {
        let (of, name, now) = (tenant.clone(), uid.to_owned(), self.0.clock.system_time());
        let write = tenant.db().write(move |tx| {
            let mut it = within(tx, &name, &who.reach)?;
            store::set_credentials(tx, it.id, &sealing::seal(&of.key(), &name, &granted)?)?;
            (it.tested, it.hindrance, it.error, it.failures, it.not_before_ms) = (None, None, None, 0, 0);
            it.state = super::planning::state_of(&it, &[]);
            store::save(tx, &it)?;
            let told = json!({ "source": it.source.name(), "credentials": granted.names().collect::<Vec<_>>() });
            who.by.tell(tx, now, "integration.credentials_replaced", &format!("integration:{name}"), told)?;
            Ok(tx.query_row("select slug from brands where id = ?", [it.brand_id], |row| row.get(0))?)
        });
        let brand = write.await?;
        self.refresh_index(tenant, uid).await?;
        Ok(brand)
    }
}

fn not_given(trouble: Trouble) -> Error {
    match trouble {
        Trouble::Later { reason, .. } => Error::Unavailable { code: "platform_down", reason, retry_after_secs: 60 },
        other => Error::SignInRequired { code: "not_allowed", reason: other.to_string() },
    }
}

fn stale() -> Error {
    Error::SignInRequired { code: "sign_in_expired", reason: "This sign-in was not begun here. Try again.".into() }
}

fn random() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(random_bytes::<32>())
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}
