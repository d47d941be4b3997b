//! Behaviour of Pulsepoint, seen from outside: one binary, because each would link all of it anew.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop at the first surprise")]

mod access;
mod auth;
mod auth_tokens;
mod brands;
mod cli;
mod cli_demo;
mod cli_import;
mod cli_serve;
mod commerce;
mod commerce_bulk;
mod commerce_crash;
mod db;
mod db_crash;
mod demo;
mod demo_figures;
mod demo_install;
mod demo_stories;
mod demo_warehouse;
mod events;
mod http;
mod http_wire;
mod metrics;
mod metrics_http;
mod imports;
mod imports_ended;
mod imports_files;
mod imports_hostile;
mod openapi;
mod support;
mod tenants;
mod tenants_attacked;
mod warehouse;
