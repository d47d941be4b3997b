//! What tests of several areas share.

<<<<<<< HEAD
pub mod binary;
=======
pub mod app;
>>>>>>> door
