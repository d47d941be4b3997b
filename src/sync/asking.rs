//! Asks a connector on behalf of one integration. Short-lived credentials are made anew when they are due or no longer taken, once for
//! all who ask, and stored before they are used.

use std::sync::Arc;

use anyhow::anyhow;
use serde_json::json;

use super::store::{self, Integration};
use super::{Sync, sealing};
use crate::auth::Author;
use crate::brands::Brand;
use crate::commerce::CustomerHash;
use crate::connectors::{Call, Client, Connector, Credentials, Redactor, Renewal, Step, Task, Tested, Trouble};
use crate::error::Error;
use crate::secrets::Purpose;
use crate::tenants::Tenant;

/// Why there is no answer.
pub(super) enum Stopped {
    /// The platform's doing.
    By(Trouble),
    /// Ours.
    Failed(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Trouble> for Stopped {
    fn from(trouble: Trouble) -> Self {
        Self::By(trouble)
    }
}

/// What is asked.
pub(super) enum Question<'a> {
    Test,
    Step(&'a Task<'a>),
}

/// What is answered.
pub(super) enum Answered {
    Tested(Tested),
    Step(Box<Step>),
}

/// One integration's way to its platform.
pub(super) struct Asking {
    sync: Sync,
    tenant: Tenant,
    uid: String,
    brand: Brand,
    pub connector: Arc<dyn Connector>,
    pub client: Client,
    pub redactor: Redactor,
    credentials: Credentials,
    rev: i64,
}

impl Asking {
    /// Opens it; asks nobody yet.
    pub(super) async fn open(sync: &Sync, tenant: &Tenant, it: &Integration, brand: Brand) -> Result<Self, Stopped> {
        let connector = sync.connector(it.source)?;
        let base = connector.base(&it.settings, sync.shared());
        let base = base.map_err(|unfit| Trouble::NotAllowed(unfit.reason))?;
        let (credentials, rev) = read_credentials(tenant, &it.uid).await?;
        Ok(Self {
            sync: sync.clone(),
            tenant: tenant.clone(),
            uid: it.uid.clone(),
            brand,
            connector,
            client: Client::new(&base),
            redactor: Redactor::new(CustomerHash::new(&tenant.key().derive(Purpose::CustomerIdentity))),
            credentials,
            rev,
        })
    }

    /// Asks. An answer of [`Trouble::Expired`] has the credentials made anew and is asked again; once more, and a person has to sign in.
    pub(super) async fn ask(&mut self, it: &Integration, question: &Question<'_>) -> Result<Answered, Stopped> {
        if self.connector.renewal(&self.credentials, self.sync.now()) == Renewal::Due {
            self.renew(it).await?;
        }
        match self.once(it, question).await {
            Err(Trouble::Expired(_)) => {}
            answered => return Ok(answered?),
        }
        self.renew(it).await?;
        match self.once(it, question).await {
            Err(Trouble::Expired(why)) => Err(Trouble::SignIn(why).into()),
            answered => Ok(answered?),
        }
    }

    async fn once(&self, it: &Integration, question: &Question<'_>) -> Result<Answered, Trouble> {
        let call = self.call(it);
        match question {
            Question::Test => self.connector.test(&call).await.map(Answered::Tested),
            Question::Step(task) => self.connector.step(&call, task).await.map(|step| Answered::Step(Box::new(step))),
        }
    }

    fn call<'a>(&'a self, it: &'a Integration) -> Call<'a> {
        Call {
            client: &self.client,
            credentials: &self.credentials,
            settings: &it.settings,
            facts: &it.facts,
            shared: self.sync.shared(),
            brand: &self.brand,
            redactor: &self.redactor,
            now: self.sync.now(),
        }
    }

    /// Makes the credentials anew, unless somebody else has meanwhile.
    async fn renew(&mut self, it: &Integration) -> Result<(), Stopped> {
        let turn = self.sync.turn_of(&self.uid);
        let _turn = turn.lock().await;
        let (stored, rev) = read_credentials(&self.tenant, &self.uid).await?;
        if rev != self.rev {
            (self.credentials, self.rev) = (stored, rev);
            return Ok(());
        }
        let renewed = match self.connector.renew(&self.call(it)).await {
            Err(Trouble::Expired(why)) => return Err(Trouble::SignIn(why).into()),
            renewed => renewed?,
        };
        let (tenant, id, uid, kept) = (self.tenant.clone(), it.id, self.uid.clone(), renewed.clone());
        let (now, source) = (self.sync.0.clock.system_time(), it.source);
        let write = self.tenant.db().write(move |tx| {
            // A person may have put others in their place: those count.
            if store::credentials(tx, &uid)?.1 != rev {
                return Ok(None);
            }
            let token = sealing::seal(&tenant.key(), &uid, &kept)?;
            if let Some(renewals) = store::renewed(tx, id, now.as_millisecond())? {
                let told = json!({ "source": source.name(), "renewals": renewals });
                let subject = format!("integration:{uid}");
                Author::without_request("system").tell(tx, now, "integration.credentials_renewed", &subject, told)?;
            }
            Ok(Some(store::set_credentials(tx, id, &token)?))
        });
        match write.await? {
            Some(rev) => (self.credentials, self.rev) = (renewed, rev),
            None => (self.credentials, self.rev) = read_credentials(&self.tenant, &self.uid).await?,
        }
        self.sync.step_done("renewed");
        Ok(())
    }

    /// Takes other credentials into use, if a person has replaced them.
    pub(super) async fn follow(&mut self, it: &Integration) -> Result<(), Error> {
        if it.credentials_rev != self.rev {
            (self.credentials, self.rev) = read_credentials(&self.tenant, &self.uid).await?;
        }
        Ok(())
    }
}

async fn read_credentials(tenant: &Tenant, uid: &str) -> Result<(Credentials, i64), Error> {
    let (of, uid) = (tenant.clone(), uid.to_owned());
    let read = tenant.db().read(move |conn| {
        let (token, rev) = store::credentials(conn, &uid)?;
        Ok((sealing::open(&of.key(), &uid, &token)?, rev))
    });
    read.await
}

impl Answered {
    /// What a test found.
    pub(super) fn tested(self) -> Result<Tested, Error> {
        match self {
            Self::Tested(tested) => Ok(tested),
            Self::Step(_) => Err(anyhow!("a test was answered with a step").into()),
        }
    }

    /// What a step brought.
    pub(super) fn step(self) -> Result<Step, Error> {
        match self {
            Self::Step(step) => Ok(*step),
            Self::Tested(_) => Err(anyhow!("a step was answered with a test").into()),
        }
    }
}
