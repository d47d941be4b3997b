//! Where the money came from: journeys cut from touches, the models that credit them, and the credits in the warehouse. It knows
//! nothing of metrics, which read what it writes.

mod bootstrap;
mod credits;
mod journeys;
mod ledger;
mod model;
pub mod models;
mod parts;
mod paths;
mod sets;
mod shares;
mod side;
#[cfg(test)]
mod tests;

pub use bootstrap::{Interval, MOST_TOUCHES_DRAWN, intervals};
pub use credits::{Credit, credits};
pub use journeys::{Lookback, MOST_TOUCHES};
pub use ledger::{CAMPAIGN, CHANNEL, Ledger};
pub use model::{AttributionModel, Spec, Tuning, Window};
pub use paths::{Way, Ways, ways};
pub use sets::{Lease, has_journeys, prepare, tables, with_ledger};
pub use shares::{Share, shares};
pub use side::{Column, Given, side_by_side};
