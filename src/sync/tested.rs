//! Testing a connection: asks the platform who we are there and what we may, and keeps what it says.

use serde_json::json;

use super::asking::{Asking, Question, Stopped};
use super::manage::{Who, within};
use super::store;
use super::store::streams::{self, State, Stream};
use super::view::IntegrationView;
use super::{Sync, planning};
use crate::auth::{Author, Reach};
use crate::brands;
use crate::connectors::{Connector, Tested, Trouble};
use crate::error::{Error, Result};
use crate::tenants::Tenant;

/// What a test showed.
pub enum Outcome {
    /// The platform was reached.
    Reached(Box<Tested>),
    /// It was not, or lets us not in.
    Not(Trouble),
}

/// What a test found, with the integration as it is now.
pub struct Shown {
    /// How it ended.
    pub outcome: Outcome,
    /// The integration.
    pub view: IntegrationView,
}

impl Sync {
    /// Asks the platform who we are there and what we may, and keeps what it says.
    ///
    /// # Errors
    /// `NotFound`; whatever the store says. That the platform is not reached is no error.
    pub async fn test(&self, tenant: &Tenant, uid: &str, who: Who) -> Result<Shown> {
        let (name, reach) = (uid.to_owned(), who.reach.clone());
        let read = tenant.db().read(move |conn| {
            let it = within(conn, &name, &reach)?;
            let brand = brands::list(conn)?.into_iter().find(|brand| brand.id == it.brand_id);
            Ok((it, brand.ok_or(Error::NotFound)?))
        });
        let (it, brand) = read.await?;
        let asked = async {
            let mut asking = Asking::open(self, tenant, &it, brand).await?;
            Ok(asking.ask(&it, &Question::Test).await?.tested()?)
        };
        let outcome = match asked.await {
            Ok(tested) => {
                self.keep_tested(tenant, uid, tested.clone(), &who.by).await?;
                Outcome::Reached(Box::new(tested))
            }
            Err(Stopped::By(trouble)) => {
                let (now, reason) = (self.0.clock.system_time(), trouble.to_string());
                let (by, subject) = (who.by, format!("integration:{uid}"));
                let told = json!({ "source": it.source.name(), "reached": false, "reason": reason });
                tenant.db().write(move |tx| by.tell(tx, now, "integration.tested", &subject, told)).await?;
                Outcome::Not(trouble)
            }
            Err(Stopped::Failed(error)) => return Err(error),
        };
        self.refresh_index(tenant, uid).await?;
        Ok(Shown { outcome, view: self.show(tenant, uid, Reach::All).await? })
    }

    /// Keeps what a successful test found: nothing hinders any more, and streams without their permission say so.
    pub(super) async fn keep_tested(&self, tenant: &Tenant, uid: &str, tested: Tested, by: &Author) -> Result<()> {
        let (now, uid, by, sync) = (self.0.clock.system_time(), uid.to_owned(), by.clone(), self.clone());
        let write = tenant.db().write(move |tx| {
            let it = store::get(tx, &uid)?;
            let connector = sync.connector(it.source)?;
            let mut facts = it.facts.clone();
            facts.extend(tested.facts.clone());
            store::set_tested(tx, it.id, &tested, &facts)?;
            for stream in connector.streams() {
                streams::insert(tx, it.id, stream.name)?;
            }
            let mut all = streams::list(tx, it.id)?;
            for stream in &mut all {
                permit(&*connector, stream, &tested, now.as_millisecond());
                streams::save(tx, stream)?;
            }
            let mut it = store::get(tx, &uid)?;
            it.state = planning::state_of(&it, &all);
            store::save(tx, &it)?;
            let told = json!({ "source": it.source.name(), "reached": true, "account": tested.account,
                "missing": tested.missing.iter().map(|missing| &missing.scope).collect::<Vec<_>>() });
            by.tell(tx, now, "integration.tested", &format!("integration:{uid}"), told).map(drop)
        });
        write.await
    }
}

/// Blocks a stream whose permission is missing, and frees it once it is there.
fn permit(connector: &dyn Connector, stream: &mut Stream, tested: &Tested, now_ms: i64) {
    let scope = connector.streams().iter().find(|what| what.name == stream.name).and_then(|what| what.scope);
    let missing = scope.and_then(|scope| tested.missing.iter().find(|missing| missing.scope == scope));
    match missing {
        Some(missing) => {
            (stream.state, stream.last_error) = (State::Blocked, Some(missing.why.clone()));
            stream.next_at_ms = planning::next_day(now_ms);
        }
        None if stream.state == State::Blocked => {
            stream.state = if stream.through.is_some() { State::Healthy } else { State::Waiting };
            (stream.last_error, stream.failures, stream.next_at_ms) = (None, 0, now_ms);
        }
        None => {}
    }
}
