//! The models of attribution, pure: journeys of channel numbers in, shares out. Channels are numbers, so no name can be taken for
//! part of another. All of them are allocations of sales that happened, none of them measures lift.
//!
//! What packages disagree on is decided here once. Last touch counts direct visits; last non-direct keeps direct where a journey
//! has nothing else. Linear counts touches, not different channels. Time decay is continuous, 2^(−hours ÷ half-life). Position
//! with two touches gives each end its own weight and half the middle's. Markov: nulls in, a removed channel leads to null, solved
//! by algebra, credit = N × effect ÷ Σ effects. Shapley: the worth of a coalition is the conversion rate of the journeys whose
//! channels all belong to it (0 where there is none), and the values are scaled to N; negative ones are shown.

mod chain;
mod markov;
mod paths;
mod random;
mod rules;
mod shapley;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod theorems;

pub use markov::{Effects, markov};
pub use paths::{Mixed, Path, Paths};
pub use random::Random;
pub use rules::{Rule, SCALE, fractions, whole};
pub use shapley::{Values, shapley};
