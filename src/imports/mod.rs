//! The platforms' own export files.

pub mod batches;
pub mod bytes;
pub mod formats;
pub mod reading;
pub mod text;

/// What an import may cost.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of an upload.
    pub upload_bytes: u64,
    /// Bytes that a packed file may unpack to.
    pub unpacked_bytes: u64,
    /// Bytes of one record.
    pub record_bytes: usize,
    /// Rows of the file per transaction.
    pub batch_rows: u64,
    /// Refused rows kept with their text; the rest is counted.
    pub rejects_kept: usize,
    /// Rows held because others of the same group come later.
    pub open_rows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            upload_bytes: 2 << 30,
            unpacked_bytes: 8 << 30,
            record_bytes: 1 << 20,
            batch_rows: 10_000,
            rejects_kept: 1_000,
            open_rows: 400_000,
        }
    }
}
