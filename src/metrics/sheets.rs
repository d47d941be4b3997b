//! Several queries answered from one state of the data, their figures exact: what features above compute with.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value as Json;

use crate::auth::Reach;
use crate::error::{Error, Result};
use crate::metrics::answer::{Freshness, Table};
use crate::metrics::calendar::Calendar;
use crate::metrics::credited::{self, Several};
use crate::metrics::dashboard::shape::BrandShown;
use crate::metrics::exact::Exact;
use crate::metrics::known::{Known, known};
use crate::metrics::notes::Note;
use crate::metrics::plan::{Frame, Plan};
use crate::metrics::query::Query;
use crate::metrics::run;
use crate::metrics::sql::roles;
use crate::money::Currency;
use crate::tenants::Tenant;

/// A brand at one moment, before anything is asked of it.
pub struct Book<'a> {
    tenant: &'a Tenant,
    known: std::sync::Arc<Known>,
    frame: Frame,
}

/// What one query found.
pub struct Sheet {
    /// The keys as an answer shows them, and a figure a metric: in its plain unit, nothing where it cannot be known.
    pub rows: Vec<(Vec<Json>, Vec<Option<Exact>>)>,
    /// The same of everything in the window.
    pub totals: Vec<Option<Exact>>,
    pub notes: Vec<Note>,
}

impl<'a> Book<'a> {
    /// The brand of an id or slug, for whoever may know of it.
    ///
    /// # Errors
    /// `NotFound` where there is no such brand within `reach`.
    pub async fn of(tenant: &'a Tenant, reach: &Reach, brand: &str, now: Timestamp) -> Result<Self> {
        let known = known(tenant, reach, brand).await?;
        let frame = known.frame(now);
        Ok(Self { tenant, known, frame })
    }

    /// The brand's calendar.
    pub fn calendar(&self) -> &Calendar {
        &self.frame.calendar
    }

    /// The brand's reporting currency.
    pub fn currency(&self) -> Currency {
        self.frame.currency
    }

    /// Row id of the brand.
    pub fn brand_id(&self) -> i64 {
        self.frame.brand_id
    }

    /// The first day that is not over, or behind the last order there is.
    pub fn complete_until(&self) -> Date {
        self.frame.complete_until
    }

    /// As answers show the brand.
    pub fn brand(&self) -> BrandShown {
        self.known.shown()
    }

    /// Everything of the brand that an answer depends on besides its rows and the day.
    pub fn fingerprint(&self) -> String {
        self.known.fingerprint()
    }

    /// How far the data reaches, at a data version.
    pub fn freshness(&self, version: i64) -> Freshness {
        self.known.freshness(version)
    }

    /// Answers all of them; returns the data version too. A query with more rows than its page is an error: half a table would
    /// be taken for a whole one.
    ///
    /// # Errors
    /// As [`crate::metrics::run()`].
    pub async fn ask(&self, queries: &[Query]) -> Result<(Vec<Sheet>, i64)> {
        let plans = queries.iter().map(|q| Plan::new(q, self.frame.clone())).collect::<Result<Vec<_>>>()?;
        let mut asked = Several(plans);
        let (found, version) = credited::read(self.tenant, &mut asked).await?;
        let Several(plans) = asked;
        let mut found = found.into_iter();
        let mut sheets = Vec::with_capacity(plans.len());
        for plan in &plans {
            let roles = roles(plan);
            let own = found.by_ref().take(roles.len()).collect();
            sheets.push(sheet(plan, &Table::new(plan, run::gather(&roles, own)))?);
        }
        Ok((sheets, version))
    }
}

fn sheet(plan: &Plan, table: &Table<'_>) -> Result<Sheet> {
    if table.truncated {
        return Err(Error::Internal(anyhow::anyhow!("a sheet has more rows than its page")));
    }
    let figures =
        |line: &crate::metrics::answer::Line<'_>| (0..plan.metrics.len()).map(|i| line.figures(i).0).collect();
    let rows = table.lines().map(|line| {
        let keys = (0..plan.keys.len()).map(|i| line.key(i)).collect();
        (keys, figures(&line))
    });
    Ok(Sheet { rows: rows.collect(), totals: figures(&table.totals()), notes: table.notes() })
}
