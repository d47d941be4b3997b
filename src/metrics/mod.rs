//! What each number means: the catalogue, the typed query, its compiler to SQL, comparisons, the dashboard and their cache.

pub mod answer;
pub mod calendar;
pub mod catalogue;
mod columns;
pub mod dashboard;
mod exact;
mod facts;
mod figure;
pub mod notes;
pub mod plan;
pub mod query;
pub mod run;
pub mod sql;

pub use query::Query;
