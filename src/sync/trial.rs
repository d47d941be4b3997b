//! Trying credentials out before anything is connected: asks the platform who we would be there, and keeps nothing but that it was tried.

use serde_json::json;

use super::Sync;
use super::manage::{Wanted, Who, history_days, refuse_twice, unfit};
use super::store;
use crate::brands::{self, Brand};
use crate::commerce::CustomerHash;
use crate::connectors::{Call, Client, Connector, Credentials, Redactor, Renewal, Tested, Trouble};
use crate::error::Result;
use crate::secrets::Purpose;
use crate::tenants::Tenant;

/// What came of it.
pub enum Trial {
    /// The platform was reached.
    Reached(Box<Tested>),
    /// It was not, or lets us not in.
    Not(Trouble),
    /// The credentials are good once, and would be used up by it.
    Once,
}

impl Sync {
    /// Asks the platform as an integration would that is connected like this. Credentials that are made anew for it are forgotten.
    ///
    /// # Errors
    /// As [`Sync::connect`]. That the platform is not reached is no error.
    pub async fn try_out(&self, tenant: &Tenant, wanted: Wanted, who: Who) -> Result<Trial> {
        let connector = self.connector(wanted.source)?;
        let mut settings = wanted.settings;
        history_days(&mut settings)?;
        let settings = connector.check(&settings, &wanted.credentials, self.shared()).map_err(unfit)?;
        let base = connector.base(&settings, self.shared()).map_err(unfit)?;
        let (key, reach, source, asked) = (wanted.brand, who.reach, wanted.source, settings.clone());
        let read = tenant.db().read(move |conn| {
            let brand = brands::get(conn, &reach, &key)?;
            refuse_twice(&store::list(conn)?, &brand, source, &asked)?;
            Ok(brand)
        });
        let brand: Brand = read.await?;
        let trial = if connector.spends(&wanted.credentials) {
            Trial::Once
        } else {
            let redactor = Redactor::new(CustomerHash::new(&tenant.key().derive(Purpose::CustomerIdentity)));
            let call = Call {
                client: &Client::new(&base),
                credentials: &wanted.credentials,
                settings: &settings,
                facts: &serde_json::Map::new(),
                shared: self.shared(),
                brand: &brand,
                redactor: &redactor,
                now: self.now(),
            };
            match ask(&*connector, call).await {
                Ok(tested) => Trial::Reached(Box::new(tested)),
                Err(trouble) => Trial::Not(trouble),
            }
        };
        let told = match &trial {
            Trial::Reached(tested) => json!({ "reached": true, "account": tested.account,
                "missing": tested.missing.iter().map(|missing| &missing.scope).collect::<Vec<_>>() }),
            Trial::Not(trouble) => json!({ "reached": false, "reason": trouble.to_string() }),
            Trial::Once => json!({ "reached": false, "reason": "the credentials are good once" }),
        };
        let (now, by, subject) = (self.0.clock.system_time(), who.by, format!("brand:{}", brand.uid));
        let told = json!({ "source": source.name(), "connected": false, "found": told });
        tenant.db().write(move |tx| by.tell(tx, now, "integration.tested", &subject, told)).await?;
        Ok(trial)
    }
}

/// Tests, with credentials made anew where they have to be, once.
async fn ask(connector: &dyn Connector, call: Call<'_>) -> Result<Tested, Trouble> {
    if connector.renewal(call.credentials, call.now) == Renewal::Fresh {
        match connector.test(&call).await {
            Err(Trouble::Expired(_)) => {}
            tested => return tested,
        }
    }
    let credentials = &renew(connector, &call).await?;
    match connector.test(&Call { credentials, ..call }).await {
        Err(Trouble::Expired(why)) => Err(Trouble::SignIn(why)),
        tested => tested,
    }
}

async fn renew(connector: &dyn Connector, call: &Call<'_>) -> Result<Credentials, Trouble> {
    match connector.renew(call).await {
        Err(Trouble::Expired(why)) => Err(Trouble::SignIn(why)),
        renewed => renewed,
    }
}
