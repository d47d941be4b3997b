//! What tests of several areas share.

pub mod app;
pub mod binary;
