//! The versions of Pulsepoint and of the engines inside.

use serde::Serialize;

use crate::error::Result;
use crate::{db, duck};

/// What is inside this binary.
#[derive(Debug, Serialize)]
pub struct Versions {
    pub pulsepoint: &'static str,
    pub sqlite: String,
    pub sqlcipher: String,
    pub duckdb: String,
}

impl Versions {
    /// Asks the engines themselves.
    pub fn read() -> Result<Self> {
        let (sqlite, sqlcipher) = db::engine_versions()?;
        Ok(Self { pulsepoint: env!("CARGO_PKG_VERSION"), sqlite, sqlcipher, duckdb: duck::engine_version()? })
    }

    /// All of it on one line.
    pub fn line(&self) -> String {
        let Self { pulsepoint, sqlite, sqlcipher, duckdb } = self;
        format!("pulsepoint {pulsepoint}, SQLite {sqlite}, SQLCipher {sqlcipher}, DuckDB {duckdb}")
    }
}
