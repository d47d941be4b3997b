//! GraphQL as far as the Admin API needs it: reading a document, checking it against the schema, what it costs.

pub mod check;
pub mod lex;
pub mod parse;
pub mod plan;
pub mod schema;

pub use plan::{Args, Plan, Step};
