//! What tests of several areas share.

pub mod binary;
pub mod app;
