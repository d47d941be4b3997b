//! A change of something of a brand's: written, told and announced in one go, so that no route forgets a part of it.

use jiff::Timestamp;
use rusqlite::Transaction;
use serde_json::Value as Json;

use super::{Brand, get};
use crate::auth::Member;
use crate::error::Result;

/// What was written, and how it is told.
pub struct Altered<T> {
    done: T,
    event: &'static str,
    data: Json,
    /// What it is about, where that is not the brand itself.
    subject: Option<String>,
    /// The change-log entry to announce, where figures follow from it.
    seq: Option<i64>,
}

impl<T> Altered<T> {
    /// Something was done that no figure depends on.
    pub fn told(done: T, event: &'static str, data: Json) -> Self {
        Self { done, event, data, subject: None, seq: None }
    }

    /// It is about this rather than about the brand: `site:<key>`.
    pub fn about(self, subject: String) -> Self {
        Self { subject: Some(subject), ..self }
    }

    /// Figures follow from it: the entry of the change log.
    pub fn announced(self, seq: i64) -> Self {
        Self { seq: Some(seq), ..self }
    }
}

/// Lets a member change something of the brand `key` (id or slug): `write` and the one event of it, as of `at`, are one transaction;
/// what figures follow from is announced behind it.
///
/// # Errors
/// `NotFound` where the member may not know of such a brand; what `write` says.
pub async fn alter<T: Send + 'static>(
    member: &Member,
    at: Timestamp,
    key: String,
    write: impl FnOnce(&Transaction<'_>, &Brand) -> Result<Altered<T>> + Send + 'static,
) -> Result<T> {
    let (by, reach) = (member.author(), member.reach.clone());
    let written = member.tenant.db().write(move |tx| {
        let brand = get(tx, &reach, &key)?;
        let Altered { done, event, data, subject, seq } = write(tx, &brand)?;
        by.tell(tx, at, event, &subject.unwrap_or_else(|| format!("brand:{}", brand.uid)), data)?;
        Ok((done, brand.id, seq))
    });
    let (done, brand, seq) = written.await?;
    if let Some(seq) = seq {
        member.tenant.announce(brand, seq);
    }
    Ok(done)
}
