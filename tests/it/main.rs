//! Behaviour of Pulsepoint, seen from outside: one binary, because each would link all of it anew.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop at the first surprise")]

mod db;
mod db_crash;
mod events;
mod tenants;
mod tenants_attacked;
