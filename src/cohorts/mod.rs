//! Customers by their first order ever: the cohort grid, and what customers may be expected to do next.

mod calendar;
mod cells;
mod csv;
mod fitting;
mod forecast;
mod grid;
mod models;
mod purchases;
pub mod routes;

pub use calendar::Grain;
pub use grid::{Ask, Grid, grid};
