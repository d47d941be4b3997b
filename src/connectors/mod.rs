//! Where rows come from by themselves: the platforms, and a simulator of them.

pub mod sandbox;
