//! What the law gives one customer: a copy of what is kept of them, and erasure; and how long each kind of data is kept.
//!
//! Erasing cuts a customer off their orders and blanks what names them; sums and counts stay. Who was erased is remembered as a keyed
//! hash, in the tenant's store and in `control.db`: there first, so that a crash in between leaves something to finish and not
//! something to forget. What an older file or an older archive brings back is cut off again.

mod erase;
pub mod ledger;
mod receipt;
mod requests;
mod retention;
pub mod routes;
mod sweep;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::SignedDuration;
use serde::Serialize;

use crate::auth::{Author, Reach};
use crate::brands::{self, Brand};
use crate::clock::Clock;
use crate::commerce::privacy::{self, CustomerKey, CustomerOrder, CustomerRefund, Finder, NamedBy};
use crate::commerce::touches::CustomerTouch;
use crate::commerce::visits::{self, privacy::CustomerVisit};
use crate::error::{Error, Result};
use crate::imports;
use crate::sync::{self, privacy::KeptAnswer};
use crate::tenants::{Tenant, Tenants};

pub use ledger::reapply;
pub use receipt::{Receipt, Removed, Stays};
pub use retention::Settings;

/// Copies, erases, and forgets what is old. Cheap to clone.
#[derive(Clone)]
pub struct Privacy(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    tenants: Tenants,
    clock: Clock,
    retention: Settings,
    /// How long an archive is kept; none where no rule removes it.
    backups_kept: Option<SignedDuration>,
}

/// A customer as they are asked for.
#[derive(Clone)]
pub struct Asked {
    by: NamedBy,
    text: String,
    brand: Option<String>,
}

/// Everything that is kept of one customer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CustomerExport {
    /// What they were named by. Orders that name them otherwise are another customer's here.
    pub named_by: NamedBy,
    /// Each brand that was asked about, also where nothing is kept.
    pub brands: Vec<OfBrand>,
}

/// What is kept of a customer of one brand.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OfBrand {
    /// The brand's id.
    pub brand: String,
    /// The oldest first.
    pub orders: Vec<CustomerOrder>,
    /// The oldest first.
    pub refunds: Vec<CustomerRefund>,
    /// Visits of browsers that ordered as this customer, the oldest first.
    pub visits: Vec<CustomerVisit>,
    /// How the customer came to the shop, the oldest first.
    pub touches: Vec<CustomerTouch>,
    /// Rows of imported files that could not land and name the customer, as they stood there.
    pub rejected_rows: Vec<String>,
    /// Names of imported files that name the customer.
    pub files: Vec<String>,
    /// What answers of platforms that are still kept say of them, the oldest first.
    pub kept_answers: Vec<KeptAnswer>,
}

impl Asked {
    /// The customer of an e-mail address or of a source's id, of one brand or of all. Just one of the two must be there.
    ///
    /// # Errors
    /// `Invalid` with the field at fault.
    pub fn parse(email: Option<&str>, customer_id: Option<&str>, brand: Option<String>) -> Result<Self> {
        let (by, text) = match (email, customer_id) {
            (Some(email), None) => (NamedBy::Email, email.trim().to_lowercase()),
            (None, Some(id)) => (NamedBy::CustomerId, id.trim().to_owned()),
            _ => return Err(Error::invalid("email", "Name the customer by email or by customer_id, not both.")),
        };
        let plain = !text.is_empty() && text.len() <= 320 && !text.chars().any(char::is_control);
        let parts = text.split_once('@').filter(|(name, host)| !name.is_empty() && !host.is_empty());
        match by {
            NamedBy::Email if !plain || parts.is_none() || text.contains(char::is_whitespace) => {
                Err(Error::invalid("email", "This is not an e-mail address."))
            }
            NamedBy::CustomerId if !plain => {
                Err(Error::invalid("customer_id", "A customer's id has 1 to 320 characters, none a control character."))
            }
            _ => Ok(Self { by, text, brand }),
        }
    }

    fn brands(&self, conn: &rusqlite::Connection, reach: &Reach) -> Result<Vec<Brand>> {
        match &self.brand {
            Some(key) => Ok(vec![brands::get(conn, reach, key)?]),
            None => Ok(brands::list(conn)?.into_iter().filter(|brand| reach.holds(brand.id)).collect()),
        }
    }

    fn keys(&self, tenant: &Tenant) -> Vec<CustomerKey> {
        Finder::new(&tenant.key()).keys(self.by, &self.text)
    }

    /// What a text is looked through for.
    fn wanted(&self, finder: &Finder) -> HashSet<(NamedBy, CustomerKey)> {
        finder.keys(self.by, &self.text).into_iter().map(|key| (self.by, key)).collect()
    }
}

impl Privacy {
    /// Of these tenants; what is kept for how long as by default.
    pub fn new(tenants: Tenants, clock: Clock) -> Self {
        Self(Arc::new(Inner { tenants, clock, retention: Settings::default(), backups_kept: None }))
    }

    /// The same, with these rules.
    pub fn with_retention(&self, retention: Settings) -> Self {
        Self(Arc::new(Inner { retention, ..Inner::clone(&self.0) }))
    }

    /// The same, with archives kept this long; none where no rule removes them.
    pub fn with_backups_kept(&self, backups_kept: Option<SignedDuration>) -> Self {
        Self(Arc::new(Inner { backups_kept, ..Inner::clone(&self.0) }))
    }

    /// Everything that is kept of a customer, told in the tenant's events. Empty lists for one who is not known.
    ///
    /// # Errors
    /// `NotFound` for a brand that is not there or beyond `reach`; whatever SQLite says.
    pub async fn export(&self, tenant: &Tenant, asked: Asked, reach: Reach, by: Author) -> Result<CustomerExport> {
        let (of, now) = (tenant.clone(), self.0.clock.system_time());
        // Long before the copy is written down: answers may be many, and nobody shall wait for their being read.
        let mut kept = kept_answers(tenant, asked.clone(), reach.clone()).await?;
        let write = tenant.db().write(move |tx| {
            let (finder, keys) = (Finder::new(&of.key()), asked.keys(&of));
            let wanted = asked.wanted(&finder);
            let mut all = Vec::new();
            for brand in asked.brands(tx, &reach)? {
                let (mut orders, mut refunds) = (Vec::new(), Vec::new());
                let (mut visits, mut touches) = (Vec::new(), Vec::new());
                for key in &keys {
                    let (visited, came) = visits::privacy::of(tx, brand.id, key)?;
                    visits.extend(visited);
                    touches.extend(came);
                    orders.extend(privacy::orders(tx, brand.id, key)?);
                    refunds.extend(privacy::refunds(tx, brand.id, key)?);
                }
                let names = |text: &str| finder.is_in(text, &wanted);
                let (mut rejected_rows, files) = imports::privacy::naming(tx, brand.id, &names)?;
                let (kept_answers, rejects) = kept.remove(&brand.id).unwrap_or_default();
                rejected_rows.extend(rejects);
                all.push(OfBrand {
                    brand: brand.uid,
                    orders,
                    refunds,
                    visits,
                    touches,
                    rejected_rows,
                    files,
                    kept_answers,
                });
            }
            let told = serde_json::json!({
                "named_by": asked.by, "brands": all.iter().map(|of| &of.brand).collect::<Vec<_>>(),
                "orders": all.iter().map(|of| of.orders.len()).sum::<usize>(),
            });
            by.tell(tx, now, "customer.exported", &format!("tenant:{}", of.id()), told)?;
            Ok(CustomerExport { named_by: asked.by, brands: all })
        });
        write.await
    }
}

/// Of each brand by its row id: what kept answers say of a customer, and what could not be understood and names them.
async fn kept_answers(
    tenant: &Tenant,
    asked: Asked,
    reach: Reach,
) -> Result<HashMap<i64, (Vec<KeptAnswer>, Vec<String>)>> {
    let of = tenant.clone();
    let read = tenant.db().read(move |conn| {
        let finder = Finder::new(&of.key());
        let keys = asked.wanted(&finder);
        let wanted = sync::privacy::Wanted::new(&finder, &keys);
        let brands = asked.brands(conn, &reach)?.into_iter();
        brands.map(|brand| Ok((brand.id, sync::privacy::about(conn, brand.id, &wanted)?))).collect()
    });
    read.await
}

#[cfg(test)]
mod tests;
