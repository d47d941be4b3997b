//! A 128-bit digest of a landed row, which tells a repeated landing from a change without reading the stored row.

use sha2::{Digest as _, Sha256};

/// The first half of a SHA-256.
pub(super) type Digest = [u8; 16];

/// Collects a row's fields, each with its length, so that no two rows run together.
#[derive(Default)]
pub(super) struct Fields {
    bytes: Vec<u8>,
}

impl Fields {
    /// Starts the next row; the buffer stays.
    pub(super) fn clear(&mut self) -> &mut Self {
        self.bytes.clear();
        self
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.number(i64::try_from(text.len()).unwrap_or(i64::MAX));
        self.bytes.extend_from_slice(text.as_bytes());
        self
    }

    pub(super) fn maybe(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.number(-1),
        }
    }

    pub(super) fn number(&mut self, number: i64) -> &mut Self {
        self.bytes.extend_from_slice(&number.to_le_bytes());
        self
    }

    pub(super) fn numbers(&mut self, numbers: &[i64]) -> &mut Self {
        for number in numbers {
            self.number(*number);
        }
        self
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// The digest of what was collected.
    pub(super) fn digest(&self) -> Digest {
        let mut half = [0; 16];
        half.copy_from_slice(&Sha256::digest(&self.bytes)[..16]);
        half
    }
}
