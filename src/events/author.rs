//! Who is behind a change: handed into its transaction, so that what happened is told with it.

use jiff::Timestamp;
use rusqlite::Transaction;
use serde_json::Value;

use super::{Entry, append};
use crate::error::Result;

/// Who is behind a change, from where and in which request.
#[derive(Clone, Debug)]
pub struct Author {
    /// `user:<id>`, `key:<id>`, `instance-token:<id>`, `operator`, `command`, `setup`, `system`.
    pub actor: String,
    /// The request, where there is one.
    pub request_id: Option<String>,
    /// The client's address, where there is one.
    pub ip: Option<String>,
}

impl Author {
    /// A change that no request asked for: by a command, or by Pulsepoint itself.
    pub fn without_request(actor: &str) -> Self {
        Self { actor: actor.to_owned(), request_id: None, ip: None }
    }

    /// Writes the event of a change into the change's own transaction.
    pub fn tell(&self, tx: &Transaction<'_>, at: Timestamp, kind: &str, subject: &str, data: Value) -> Result<i64> {
        let entry = Entry {
            kind,
            actor: &self.actor,
            subject: Some(subject),
            request_id: self.request_id.as_deref(),
            ip: self.ip.as_deref(),
            data,
        };
        append(tx, at, &entry)
    }
}
