//! What tests of several areas share.

pub mod ads;
pub mod app;
pub mod ask;
pub mod bad_json;
pub mod binary;
pub mod client;
pub mod disk;
pub mod device;
pub mod figures;
pub mod plain;
pub mod platform;
pub mod provider;
pub mod pulled;
pub mod pull;
pub mod shop;
pub mod store;
pub mod simulated;
pub mod stores;
pub mod tls;
pub mod touches;
pub mod wire;
