//! Answers what platforms pass on of their customers' rights: a copy for the shop to hand on, an erasure, the end of a shop's data.

use anyhow::Context;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Asked, Privacy};
use crate::auth::{Author, Reach};
use crate::brands;
use crate::error::{Error, Result};
use crate::sync::requests::{self, Kind, Request};
use crate::sync::{Data, Sync};
use crate::tenants::Tenant;

impl Privacy {
    /// Answers every request that waits. A tenant that fails does not keep the others from it: the last failure is the run's.
    ///
    /// # Errors
    /// What one tenant's store says; the request waits on then.
    pub async fn answer_requests(&self, sync: &Sync) -> Result<()> {
        let mut outcome = Ok(());
        for id in sync.tenants_asked().await? {
            let done = async {
                let tenant = self.0.tenants.open_even_closed(&id).await?;
                self.answer_all(sync, &tenant).await
            };
            if let Err(error) = done.await {
                tracing::error!(tenant = %id, %error, "a customer's request could not be answered");
                outcome = Err(error);
            }
        }
        outcome
    }

    async fn answer_all(&self, sync: &Sync, tenant: &Tenant) -> Result<()> {
        for request in tenant.db().read(requests::open).await? {
            let answer = self.answer(sync, tenant, &request).await?;
            let (id, now): (_, Timestamp) = (request.id.clone(), self.0.clock.system_time());
            tenant.db().write(move |tx| requests::close(tx, &id, answer.as_deref(), now)).await?;
            sync.settle(tenant, &request.integration).await?;
        }
        Ok(())
    }

    async fn answer(&self, sync: &Sync, tenant: &Tenant, request: &Request) -> Result<Option<String>> {
        let by = || Author::without_request("shopify");
        let brand_id = request.brand_id;
        let all = tenant.db().read(brands::list).await?;
        let Some(brand) = all.into_iter().find(|brand| brand.id == brand_id) else { return Ok(None) };
        match request.kind {
            Kind::ShopRedact => match sync.remove(tenant, &request.integration, Data::Delete, Reach::All, by()).await {
                Ok(()) | Err(Error::NotFound) => Ok(None),
                Err(error) => Err(error),
            },
            Kind::Redact => {
                for (_, asked) in named(request, &brand.uid) {
                    self.erase(tenant, asked, Reach::All, by()).await?;
                }
                Ok(None)
            }
            Kind::DataRequest => {
                let mut copies = Map::new();
                for (name, asked) in named(request, &brand.uid) {
                    copies.insert(name.to_owned(), json!(self.export(tenant, asked, Reach::All, by()).await?));
                }
                Ok(Some(serde_json::to_string(&Value::Object(copies)).context("writing a copy")?))
            }
        }
    }
}

/// The customer of a request, by all that they are named by: orders may name them by either.
fn named(request: &Request, brand: &str) -> Vec<(&'static str, Asked)> {
    let (email, id) = (request.customer.email.as_deref(), request.customer.id.as_deref());
    let by_email = email.and_then(|email| Asked::parse(Some(email), None, Some(brand.to_owned())).ok());
    let by_id = id.and_then(|id| Asked::parse(None, Some(id), Some(brand.to_owned())).ok());
    let email = by_email.map(|asked| ("by_email", asked));
    email.into_iter().chain(by_id.map(|asked| ("by_customer_id", asked))).collect()
}
