//! The platforms' own export files, for the many without API access and for installs without a network. A file is recognised by
//! its header, read twice (`reading`, where possible while it is still coming: `preparing`; then `batches`) and landed batch by
//! batch by a `commerce::Lander`; importing it again changes nothing. An upload is never on disk in clear.
//!
//! What is in a file decides what it replaces: orders, products and stock by their keys, ad rows by (account, campaign, day).
//! Rows that cannot land are kept with their line number and a reason and never stop the rest; an order with a bad line is
//! refused as a whole, for half an order would be a wrong figure.

mod batches;
mod bytes;
mod formats;
mod job;
mod preparing;
pub mod privacy;
mod reading;
pub mod routes;
mod runner;
mod store;
mod text;

use serde::{Deserialize, Serialize};

pub use batches::RejectedRow;
pub use formats::Format;
pub use runner::{Accepted, Imports, Progress, Upload};
pub use store::{Counts, Import, State, get, list, rejects};

/// What a person may say about a file beside the file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Options {
    /// For the list of imports; never opened.
    pub file_name: String,
    /// A [`Format`]'s name; recognised by the header where absent.
    pub format: Option<String>,
    /// Text of the mapping (TOML) of an orders file.
    #[serde(skip_serializing)]
    pub map: Option<String>,
    /// The ad account, or the store of an orders file, where the file does not say.
    pub account: Option<String>,
    /// ISO 4217, of amounts without one; the brand's where absent.
    pub currency: Option<String>,
    /// IANA name, of the ad account or of times without an offset; the brand's where absent.
    pub timezone: Option<String>,
    /// `DD/MM/YYYY` or `MM/DD/YYYY` where the file's dates can be read both ways.
    pub date_format: Option<String>,
}

/// What an import may cost.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of an upload.
    pub upload_bytes: u64,
    /// Bytes that a file may have once it is unpacked.
    pub unpacked_bytes: u64,
    /// Bytes of one record.
    pub record_bytes: usize,
    /// Rows of the file per transaction.
    pub batch_rows: u64,
    /// Refused rows kept with their text; the rest is counted.
    pub rejects_kept: usize,
    /// Rows held because others of the same order or day come later.
    pub open_rows: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            upload_bytes: 2 << 30,
            unpacked_bytes: 8 << 30,
            record_bytes: 1 << 20,
            batch_rows: 20_000,
            rejects_kept: 1_000,
            open_rows: 400_000,
        }
    }
}
