//! What every source lands: orders, refunds, customers, products, costs, stock and ad performance.

pub mod demo;
pub mod rows;
