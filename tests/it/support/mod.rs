//! What tests of several areas share.

pub mod app;
pub mod binary;
pub mod disk;
pub mod device;
pub mod figures;
pub mod provider;
pub mod pull;
pub mod shop;
pub mod stores;
pub mod tls;
pub mod wire;
