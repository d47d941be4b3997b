//! What people do with integrations: connect, test, start, stop, read days once more, sign in anew. Every change leaves one event.

use jiff::civil::Date;
use rusqlite::Transaction;
use serde_json::{Map, Value, json};

use super::store::streams::{self, Stream};
use super::store::{self, Integration, New, runs};
use super::telling::{self, News};
use super::view::{self, IntegrationView};
use super::{Sync, index, planning, sealing};
use crate::auth::{Author, Reach};
use crate::brands::{self, Brand};
use crate::connectors::{Credentials, Pass, Source, Unfit};
use crate::error::{Error, Result};
use crate::tenants::Tenant;

/// Integrations that a tenant may have.
const MOST: usize = 200;
/// How long people's days that are read once more may be together.
const MOST_DAYS: i32 = 1_200;

/// Who does something, and with which brands they may.
#[derive(Clone)]
pub struct Who {
    /// The brands they may know of.
    pub reach: Reach,
    /// Whose change it is.
    pub by: Author,
}

/// What is to be connected.
pub struct Wanted {
    /// The platform.
    pub source: Source,
    /// The brand, by id or slug.
    pub brand: String,
    /// What signs in.
    pub credentials: Credentials,
    /// The integration's own settings; `history_days` among them is ours.
    pub settings: Map<String, Value>,
}

impl Sync {
    /// Connects a brand to a source. Nothing is asked yet: that happens in the background, soon.
    ///
    /// # Errors
    /// `Invalid` with the field at fault, `NotFound` for the brand, `Conflict` for a shop that the brand has already.
    pub async fn connect(&self, tenant: &Tenant, wanted: Wanted, who: Who) -> Result<IntegrationView> {
        let connector = self.connector(wanted.source)?;
        let mut settings = wanted.settings;
        let history_days = history_days(&mut settings)?;
        let settings = connector.check(&settings, &wanted.credentials, self.shared()).map_err(unfit)?;
        connector.base(&settings, self.shared()).map_err(unfit)?;
        let (of, now, uid) = (tenant.clone(), self.0.clock.system_time(), uuid::Uuid::new_v4().to_string());
        let (sync, source) = (self.clone(), wanted.source);
        let (credentials, name, key) = (wanted.credentials, uid.clone(), wanted.brand);
        let write = tenant.db().write(move |tx| {
            let brand = brands::get(tx, &who.reach, &key)?;
            refuse_twice(&store::list(tx)?, &brand, source, &settings)?;
            if store::all_removing(tx)?.iter().any(|(_, other, of)| *other == source && *of == brand.id) {
                let reason = "What this source brought before is still being deleted: connect it in a moment.";
                return Err(Error::conflict("being_removed", reason));
            }
            let token = sealing::seal(&of.key(), &name, &credentials)?;
            let new = New {
                uid: &name,
                brand_id: brand.id,
                source,
                settings: &settings,
                credentials: &token,
                history_days,
                created_by: &who.by.actor,
                now,
            };
            let id = store::insert(tx, &new)?;
            for stream in connector.streams() {
                streams::insert(tx, id, stream.name)?;
            }
            let told = json!({ "source": source.name(), "brand": brand.uid, "credentials": credentials.names().collect::<Vec<_>>() });
            who.by.tell(tx, now, "integration.created", &format!("integration:{name}"), told)?;
            sync.view_in(tx, &name)
        });
        // Known before it is there: what follows from it is looked up in the store.
        let entry = index::Entry { uid: uid.clone(), tenant: tenant.id().clone(), source };
        let view = write.await?;
        index::put(&self.0.tenants, entry, Some(now.as_millisecond())).await?;
        self.0.nudge.send();
        Ok(view)
    }

    /// Every integration within reach, of one brand or of all.
    ///
    /// # Errors
    /// `NotFound` for the brand.
    pub async fn list(&self, tenant: &Tenant, brand: Option<String>, reach: Reach) -> Result<Vec<IntegrationView>> {
        let sync = self.clone();
        let read = tenant.db().read(move |conn| {
            let brand = brand.map(|key| brands::get(conn, &reach, &key)).transpose()?;
            let wanted = |it: &Integration| match &brand {
                Some(brand) => it.brand_id == brand.id,
                None => reach.holds(it.brand_id),
            };
            let all = store::list(conn)?;
            let brands = brands::list(conn)?;
            all.iter().filter(|it| wanted(it)).map(|it| view::of(conn, &sync, it, &brands)).collect()
        });
        read.await
    }

    /// One integration.
    ///
    /// # Errors
    /// `NotFound`, also beyond reach.
    pub async fn show(&self, tenant: &Tenant, uid: &str, reach: Reach) -> Result<IntegrationView> {
        let (sync, uid) = (self.clone(), uid.to_owned());
        let read = tenant.db().read(move |conn| {
            let it = within(conn, &uid, &reach)?;
            view::of(conn, &sync, &it, &brands::list(conn)?)
        });
        read.await
    }

    fn view_in(&self, tx: &Transaction<'_>, uid: &str) -> Result<IntegrationView> {
        view::of(tx, self, &store::get(tx, uid)?, &brands::list(tx)?)
    }

    /// Stops an integration until [`Self::resume`]. Whoever works on it stops after its step.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn pause(&self, tenant: &Tenant, uid: &str, who: Who) -> Result<IntegrationView> {
        self.change(tenant, uid, who, "integration.paused", |tx, it, _, now_ms| {
            it.paused = true;
            if let Some(run) = runs::open(tx, it.id)? {
                runs::end(tx, run, "stopped", now_ms)?;
            }
            Ok(json!({}))
        })
        .await
    }

    /// Lets an integration go on where it stopped.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn resume(&self, tenant: &Tenant, uid: &str, who: Who) -> Result<IntegrationView> {
        self.change(tenant, uid, who, "integration.resumed", |_, it, all, now_ms| {
            it.paused = false;
            all.iter_mut().for_each(|stream| stream.next_at_ms = stream.next_at_ms.min(now_ms));
            Ok(json!({}))
        })
        .await
    }

    /// Looks for what is new now.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for an integration that is paused or waits for a sign-in.
    pub async fn sync_now(&self, tenant: &Tenant, uid: &str, who: Who) -> Result<IntegrationView> {
        let asked_by = who.by.actor.clone();
        self.change(tenant, uid, who, "integration.sync_requested", move |tx, it, all, now_ms| {
            refuse_idle(it)?;
            it.not_before_ms = 0;
            for stream in all.iter_mut() {
                stream.next_at_ms = now_ms;
                if stream.pass.is_some() {
                    stream.again_at_ms = stream.again_at_ms.max(Some(now_ms));
                }
            }
            if runs::open(tx, it.id)?.is_none() {
                runs::begin(tx, it.id, &asked_by, now_ms)?;
            }
            Ok(json!({}))
        })
        .await
    }

    /// Reads days once more, `to` excluded, whatever is there of them.
    ///
    /// # Errors
    /// `Invalid` for days that cannot be, `NotFound`, `Conflict` as [`Self::sync_now`].
    pub async fn resync(
        &self,
        tenant: &Tenant,
        uid: &str,
        (from, to): (Date, Date),
        who: Who,
    ) -> Result<IntegrationView> {
        if to <= from || (to - from).get_days() > MOST_DAYS {
            let reason = format!("The day after the last comes after the first, {MOST_DAYS} days later at most.");
            return Err(Error::invalid("to", reason));
        }
        self.change(tenant, uid, who, "integration.resync_requested", move |_, it, all, now_ms| {
            refuse_idle(it)?;
            let pass = Pass::Range { from, to };
            for stream in all.iter_mut().filter(|stream| !stream.asked.contains(&pass)) {
                stream.asked.push(pass.clone());
                stream.next_at_ms = now_ms;
            }
            Ok(json!({ "from": from, "to": to }))
        })
        .await
    }

    /// Puts other credentials, and settings where there are any, in the place of those that are there. They are tried at once.
    ///
    /// # Errors
    /// `Invalid` with the field at fault, `NotFound`.
    pub async fn reconnect(
        &self,
        tenant: &Tenant,
        uid: &str,
        (credentials, settings): (Credentials, Option<Map<String, Value>>),
        who: Who,
    ) -> Result<IntegrationView> {
        let (sync, of) = (self.clone(), tenant.clone());
        self.change(tenant, uid, who, "integration.credentials_replaced", move |tx, it, _, _| {
            let connector = sync.connector(it.source)?;
            let mut settings = settings.unwrap_or_else(|| it.settings.clone());
            it.history_days = history_days(&mut settings)?.or(it.history_days);
            it.settings = connector.check(&settings, &credentials, sync.shared()).map_err(unfit)?;
            let token = sealing::seal(&of.key(), &it.uid, &credentials)?;
            store::set_credentials(tx, it.id, &token)?;
            (it.tested, it.hindrance, it.error, it.failures, it.not_before_ms) = (None, None, None, 0, 0);
            Ok(json!({ "credentials": credentials.names().collect::<Vec<_>>() }))
        })
        .await
    }

    /// The last runs of an integration.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn runs(&self, tenant: &Tenant, uid: &str, reach: Reach) -> Result<Vec<runs::RunView>> {
        let uid = uid.to_owned();
        tenant.db().read(move |conn| runs::list(conn, within(conn, &uid, &reach)?.id)).await
    }

    /// What could not be understood of an integration.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn rejects(&self, tenant: &Tenant, uid: &str, reach: Reach) -> Result<Vec<runs::RejectView>> {
        let uid = uid.to_owned();
        tenant.db().read(move |conn| runs::rejects(conn, within(conn, &uid, &reach)?.id)).await
    }

    /// One change of an integration and its streams, told with the event `kind`.
    async fn change(
        &self,
        tenant: &Tenant,
        uid: &str,
        who: Who,
        kind: &'static str,
        change: impl FnOnce(&Transaction<'_>, &mut Integration, &mut Vec<Stream>, i64) -> Result<Value> + Send + 'static,
    ) -> Result<IntegrationView> {
        let (now, sync, name) = (self.0.clock.system_time(), self.clone(), uid.to_owned());
        let write = tenant.db().write(move |tx| {
            let mut it = within(tx, &name, &who.reach)?;
            let mut all = streams::list(tx, it.id)?;
            let mut told = change(tx, &mut it, &mut all, now.as_millisecond())?;
            for stream in &all {
                streams::save(tx, stream)?;
            }
            it.state = planning::state_of(&it, &all);
            store::save(tx, &it)?;
            told["source"] = it.source.name().into();
            who.by.tell(tx, now, kind, &format!("integration:{name}"), told)?;
            Ok((sync.view_in(tx, &name)?, it.brand_id))
        });
        let (view, brand_id) = write.await?;
        self.refresh_index(tenant, uid).await?;
        telling::tell(tenant, News::of(uid, (brand_id, &view.brand), view.state, None));
        Ok(view)
    }

    /// Makes the index say what the store says, and has what is due begun.
    pub(super) async fn refresh_index(&self, tenant: &Tenant, uid: &str) -> Result<()> {
        let (name, settings) = (uid.to_owned(), self.settings().clone());
        let read = tenant.db().read(move |conn| {
            let Some(it) = store::find(conn, &name)? else { return Ok(None) };
            let due = planning::due_ms(&it, &streams::list(conn, it.id)?, &settings);
            Ok(Some((it.source, due)))
        });
        if let Some((source, due)) = read.await? {
            let entry = index::Entry { uid: uid.to_owned(), tenant: tenant.id().clone(), source };
            index::put(&self.0.tenants, entry, due).await?;
        }
        self.0.nudge.send();
        Ok(())
    }
}

/// An integration of a brand within reach.
pub(super) fn within(conn: &rusqlite::Connection, uid: &str, reach: &Reach) -> Result<Integration> {
    store::find(conn, uid)?.filter(|it| reach.holds(it.brand_id)).ok_or(Error::NotFound)
}

fn refuse_idle(it: &Integration) -> Result<()> {
    if it.paused {
        return Err(Error::conflict("integration_paused", "This integration is paused: resume it first."));
    }
    if it.hindrance == Some(store::Hindrance::SignIn) {
        return Err(Error::conflict("needs_sign_in", "This integration has to be signed in to anew first."));
    }
    Ok(())
}

pub(super) fn refuse_twice(
    all: &[Integration],
    brand: &Brand,
    source: Source,
    settings: &Map<String, Value>,
) -> Result<()> {
    if all.len() >= MOST {
        return Err(Error::conflict("too_many_integrations", format!("There are {MOST} integrations already.")));
    }
    let shop = |settings: &Map<String, Value>| settings.get("shop").cloned();
    let same =
        |it: &&Integration| it.brand_id == brand.id && it.source == source && shop(&it.settings) == shop(settings);
    match all.iter().find(same).filter(|_| shop(settings).is_some()) {
        Some(_) => Err(Error::conflict("already_connected", format!("{} has this shop already.", brand.name))),
        None => Ok(()),
    }
}

/// Takes our own setting out of those of the connector.
pub(super) fn history_days(settings: &mut Map<String, Value>) -> Result<Option<u32>> {
    match settings.remove("history_days") {
        None | Some(Value::Null) => Ok(None),
        Some(days) => {
            let days =
                days.as_u64().and_then(|days| u32::try_from(days).ok()).filter(|days| (1..=36_500).contains(days));
            let reason = "Days of history are a whole number from 1 on.";
            days.map(Some).ok_or_else(|| Error::invalid("settings.history_days", reason))
        }
    }
}

pub(super) fn unfit(unfit: Unfit) -> Error {
    Error::invalid(unfit.field, unfit.reason)
}
