//! Webhooks: each is checked, counted once, and is no more than a nudge, after which what changed is pulled. What is in its body is
//! believed only where it is about a customer's rights.
//!
//! A signature covers the body alone: which shop it is about says the path, which names the integration whose secret it must be signed
//! with.

pub mod routes;

use jiff::Timestamp;
use rusqlite::{Transaction, params};
use serde_json::{Value, json};

use super::requests::{self, Customer, Kind};
use super::store::streams::{self, Stream};
use super::store::{self, Hindrance, Integration};
use super::telling::{self, News};
use super::{Sync, index, planning, sealing};
use crate::auth::Author;
use crate::connectors::Source;
use crate::connectors::shopify::{auth, signed};
use crate::error::{Error, Result};

/// How long after it happened a change can be found by a search: Shopify's is late, and a pass leaves out the last minute.
const FOUND_AFTER_MS: i64 = 75_000;
/// Another secret that webhooks may be signed with: that of an app made in the store's admin, or the one of before.
const WEBHOOK_SECRET: &str = "webhook_secret";
/// Characters of a delivery's id.
const LONGEST_ID: usize = 100;

/// A webhook as it came.
pub struct Delivery<'a> {
    /// Names it, so that it counts once.
    pub id: &'a str,
    /// What happened: `orders/updated`.
    pub topic: &'a str,
    /// The signature of the body.
    pub signature: &'a str,
    /// Byte for byte.
    pub body: &'a [u8],
}

impl Sync {
    /// Takes a webhook of Shopify for an integration.
    ///
    /// # Errors
    /// `NotFound` for an integration that is not there, which takes as long to find out as a wrong signature; `SignInRequired` for that.
    pub async fn take_webhook(&self, uid: &str, delivery: Delivery<'_>) -> Result<()> {
        let found = index::find(&self.0.tenants, uid).await?.filter(|entry| entry.source == Source::Shopify);
        let Some(entry) = found else {
            signed::webhook_is_genuine(delivery.body, delivery.signature, &["nobody's"]);
            return Err(Error::NotFound);
        };
        let tenant = self.0.tenants.open(&entry.tenant).await?;
        let (of, name) = (tenant.clone(), uid.to_owned());
        let read = tenant.db().read(move |conn| {
            let it = store::get(conn, &name)?;
            let (token, _) = store::credentials(conn, &name)?;
            Ok((it, sealing::open(&of.key(), &name, &token)?))
        });
        let (it, credentials) = read.await?;
        let secrets: Vec<&str> =
            [auth::CLIENT_SECRET, WEBHOOK_SECRET].into_iter().filter_map(|name| credentials.get(name)).collect();
        if !signed::webhook_is_genuine(delivery.body, delivery.signature, &secrets) {
            return Err(refused());
        }
        let body: Value = serde_json::from_slice(delivery.body).unwrap_or_default();
        let about_people = privacy_topic(delivery.topic);
        if about_people.is_some() && !is_of_shop(&it, &body) {
            return Err(refused());
        }
        let (id, topic) = (delivery.id.to_owned(), delivery.topic.to_owned());
        let now = self.0.clock.system_time();
        let write = tenant.db().write(move |tx| {
            if !is_first(tx, it.id, &id, now)? {
                return Ok(None);
            }
            match about_people {
                Some(kind) => note_request(tx, &it, kind, &body, now)?,
                None => nudge(tx, &it, &topic, now)?,
            }
            let brand: String = tx.query_row("select uid from brands where id = ?", [it.brand_id], |row| row.get(0))?;
            Ok(Some((store::get(tx, &it.uid)?, brand)))
        });
        let Some((it, brand)) = write.await? else { return Ok(()) };
        if about_people.is_some() {
            index::set_asked(&self.0.tenants, uid, true).await?;
            self.0.requests.send();
            return Ok(());
        }
        self.refresh_index(&tenant, uid).await?;
        telling::tell(&tenant, News::of(uid, (it.brand_id, &brand), it.state, None));
        Ok(())
    }
}

fn refused() -> Error {
    Error::SignInRequired { code: "bad_signature", reason: "The signature is not of this body and integration.".into() }
}

fn privacy_topic(topic: &str) -> Option<Kind> {
    match topic {
        "customers/data_request" => Some(Kind::DataRequest),
        "customers/redact" => Some(Kind::Redact),
        "shop/redact" => Some(Kind::ShopRedact),
        _ => None,
    }
}

/// Whether a body is about the integration's own shop: two shops may have one app, and hence one secret.
fn is_of_shop(it: &Integration, body: &Value) -> bool {
    let own = it.settings.get("shop").and_then(Value::as_str);
    let named = body["shop_domain"].as_str().and_then(auth::shop_domain);
    own.is_some() && own == named.as_deref()
}

fn is_first(tx: &Transaction<'_>, integration: i64, id: &str, now: Timestamp) -> Result<bool> {
    if id.is_empty() || id.len() > LONGEST_ID {
        return Err(Error::invalid_code("bad_request", None, "A delivery has an id of 1 to 100 characters."));
    }
    let sql = "insert into webhook_ids (integration_id, id, at_ms) values (?, ?, ?) on conflict do nothing";
    Ok(tx.prepare_cached(sql)?.execute(params![integration, id, now.as_millisecond()])? > 0)
}

fn note_request(tx: &Transaction<'_>, it: &Integration, kind: Kind, body: &Value, now: Timestamp) -> Result<()> {
    let text = |value: &Value| match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let customer = Customer { email: text(&body["customer"]["email"]), id: text(&body["customer"]["id"]) };
    let reference = text(&body["data_request"]["id"]);
    requests::insert(tx, (&it.uid, it.brand_id), kind, (reference.as_deref(), &customer), now)?;
    let told = json!({ "source": it.source.name(), "kind": kind });
    let subject = format!("integration:{}", it.uid);
    Author::without_request("shopify").tell(tx, now, "customer.requested", &subject, told).map(drop)
}

/// Has the streams that a topic is about read soon, or ends what the shop has ended.
fn nudge(tx: &Transaction<'_>, it: &Integration, topic: &str, now: Timestamp) -> Result<()> {
    let mut all = streams::list(tx, it.id)?;
    let now_ms = now.as_millisecond();
    if topic == "app/uninstalled" {
        let mut it = it.clone();
        it.hindrance = Some(Hindrance::SignIn);
        it.error = Some("The app was uninstalled in the shop: install it again and sign in.".to_owned());
        it.state = planning::state_of(&it, &all);
        store::save(tx, &it)?;
        let (by, subject) = (Author::without_request("shopify"), format!("integration:{}", it.uid));
        let told = json!({ "source": it.source.name(), "reason": it.error });
        return by.tell(tx, now, "integration.needs_sign_in", &subject, told).map(drop);
    }
    let name = match topic.split('/').next().unwrap_or_default() {
        "orders" | "refunds" | "bulk_operations" => "orders",
        "products" => "products",
        "inventory_levels" | "inventory_items" | "locations" => "inventory",
        _ => return Ok(()),
    };
    let Some(stream) = all.iter_mut().find(|stream| stream.name == name) else { return Ok(()) };
    if topic.starts_with("bulk_operations/") {
        stream.next_at_ms = if stream.pass.is_some() { now_ms } else { stream.next_at_ms };
    } else {
        see_at(stream, now_ms.saturating_add(FOUND_AFTER_MS));
    }
    streams::save(tx, stream)
}

/// Has a stream read at a moment, or soon after it: several that come together are seen at once.
fn see_at(stream: &mut Stream, at_ms: i64) {
    if stream.pass.is_none() && stream.next_at_ms > at_ms {
        stream.next_at_ms = at_ms;
    } else {
        stream.again_at_ms = stream.again_at_ms.max(Some(at_ms));
    }
}
