//! A brand's dashboard: a handful of typed queries, compiled and computed like any other, laid out for one page.

mod ask;
mod board;
pub mod shape;
mod tables;
#[cfg(test)]
mod tests;
mod tiles;

pub use ask::Ask;
pub use ask::filter;
pub use board::{Board, Scene};
pub use shape::Dashboard;

/// The tiles, in their order.
pub const TILES: [&str; 8] =
    ["net_sales", "orders", "aov", "new_customers", "ad_spend", "mer_ratio", "ncac", "contribution_margin"];
