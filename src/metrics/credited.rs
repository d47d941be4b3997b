//! Finds what a question asks together with the credits of touches that it needs: they are computed first, then read like any
//! other table.

use crate::attribution::{self, Lease};
use crate::error::{Error, Result};
use crate::metrics::daily::Task;
use crate::metrics::plan::Plan;
use crate::metrics::reading;
use crate::metrics::run::Found;
use crate::metrics::sql::compile;
use crate::tenants::Tenant;
use crate::warehouse;

/// Tries to read credits and rows of one state of the data. After them the rows may be a landing ahead: orders that credits
/// do not know yet are unattributed for a moment.
const TRIES: usize = 3;

/// What is asked.
pub trait Question {
    /// Its plans, to be told where their credits are.
    fn plans(&mut self) -> Vec<&mut Plan>;
    /// What is to be found, once they know.
    fn tasks(&self) -> Vec<Task>;
}

/// One query.
pub struct Single(pub Plan);

impl Question for Single {
    fn plans(&mut self) -> Vec<&mut Plan> {
        vec![&mut self.0]
    }

    fn tasks(&self) -> Vec<Task> {
        compile(&self.0).into_iter().map(Task::Sql).collect()
    }
}

/// Several queries.
pub struct Several(pub Vec<Plan>);

impl Question for Several {
    fn plans(&mut self) -> Vec<&mut Plan> {
        self.0.iter_mut().collect()
    }

    fn tasks(&self) -> Vec<Task> {
        self.0.iter().flat_map(compile).map(Task::Sql).collect()
    }
}

/// What the tasks find, in their order, and the data version they were read at.
///
/// # Errors
/// `Unavailable` when the warehouse is busy; `Internal` when it fails.
pub async fn read(tenant: &Tenant, question: &mut impl Question) -> Result<(Vec<Found>, i64)> {
    for tries in 1..=TRIES {
        let leases = lease(tenant, question).await?;
        let (found, version) = reading::read(tenant, question.tasks()).await?;
        let state = (warehouse::of(tenant).filling(), version);
        let same = leases.iter().all(|lease| lease.state == state);
        let there = leases.iter().all(|lease| lease.state.0 == state.0);
        if same || there && tries == TRIES {
            return Ok((found, version));
        }
    }
    let reason = "the figures are being prepared".into();
    Err(Error::Unavailable { code: "warehouse_filling", reason, retry_after_secs: 1 })
}

/// Held as long as the credits are read.
async fn lease(tenant: &Tenant, question: &mut impl Question) -> Result<Vec<Lease>> {
    let mut leases = Vec::new();
    for plan in question.plans() {
        let mut slots = plan.slots;
        for (slot, spec) in slots.iter_mut().zip(plan.specs()) {
            if let Some(spec) = spec {
                let lease = attribution::prepare(tenant, &spec).await?;
                *slot = lease.slot;
                leases.push(lease);
            }
        }
        plan.slots = slots;
        if let Some(spec) = plan.first_spec() {
            let lease = attribution::prepare(tenant, &spec).await?;
            plan.first_slot = lease.slot;
            leases.push(lease);
        }
    }
    Ok(leases)
}
