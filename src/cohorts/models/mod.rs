//! Models of what customers will do, free of everything else: numbers in, numbers out, time in weeks.

mod bg_nbd;
mod gamma_gamma;
mod nelder_mead;
mod special;
#[cfg(test)]
mod tests;

pub use bg_nbd::{BgNbd, History};
pub use gamma_gamma::{GammaGamma, Spent};
