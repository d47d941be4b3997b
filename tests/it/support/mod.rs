//! What tests of several areas share.

pub mod ads;
pub mod app;
pub mod binary;
pub mod disk;
pub mod device;
pub mod figures;
pub mod provider;
pub mod shop;
pub mod stores;
pub mod tls;
pub mod wire;
