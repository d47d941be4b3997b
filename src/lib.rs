//! Pulsepoint: a brand's own commerce analytics in one binary. The modules below stand in dependency order: a module uses only
//! modules above it, so this list is the map. `tests/architecture.rs` checks it.

pub mod clock;
pub mod error;
pub mod money;
pub mod secrets;
pub mod db;
pub mod events;
pub mod duck;
pub mod http;
pub mod outgoing;
pub mod tls;
pub mod jobs;
pub mod tenants;
pub mod auth;
pub mod brands;
pub mod commerce;
pub mod warehouse;
pub mod imports;
pub mod connectors;
pub mod sync;
pub mod attribution;
pub mod metrics;
pub mod privacy;
pub mod backup;
pub mod rotation;
pub mod audit;
pub mod config;
pub mod app;
pub mod routes;
pub mod schedule;
pub mod server;
pub mod cli;
