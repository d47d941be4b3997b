//! Behaviour of Pulsepoint, seen from outside: one binary, because each would link all of it anew.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop at the first surprise")]

mod access;
mod auth;
mod auth_tokens;
mod brands;
mod http;
mod http_wire;
mod openapi;
mod support;
