//! Where the money came from: journeys cut from touches, the models that credit them, and the credits in the warehouse. It knows
//! nothing of metrics, which read what it writes.

mod bootstrap;
mod credits;
mod forward;
#[cfg(test)]
mod forward_tests;
mod journeys;
mod kept;
mod ledger;
mod model;
pub mod models;
mod parts;
mod paths;
mod rows;
mod sets;
mod shares;
mod side;
mod tally;
#[cfg(test)]
mod tests;

pub use bootstrap::{Interval, MOST_TOUCHES_DRAWN, intervals};
pub use credits::{Credit, credits};
pub use journeys::{Lookback, MOST_TOUCHES};
pub use kept::{Kept, Reading};
pub use ledger::Ledger;
pub use model::{AttributionModel, Spec, Tuning, Window};
pub use paths::{Way, Ways, ways};
pub use rows::{CAMPAIGN, CHANNEL};
pub use sets::{Lease, has_journeys, prepare, tables, with_ledger};
pub use shares::{Share, shares};
pub use side::{Column, Given, side_by_side};
