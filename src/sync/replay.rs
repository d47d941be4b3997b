//! Runs the parsers once more over the answers that were kept: what a new release understands better lands, nothing is asked.

use std::collections::HashSet;
use std::sync::{Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use rusqlite::{Connection, Transaction, params};
use serde::Serialize;
use serde_json::json;

use super::Sync;
use super::failing::UNREADABLE;
use super::landing::named;
use super::store::{self, Integration, kept, runs};
use crate::auth::Author;
use crate::brands::{self, Brand};
use crate::commerce::{Landed, Lander};
use crate::connectors::{Connector, Raw};
use crate::error::{Error, Result};
use crate::secrets::Purpose;
use crate::tenants::Tenant;

/// What a replay did.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Replayed {
    /// The integration's id.
    pub integration: String,
    /// Answers that were read again.
    pub answers: u64,
    /// Rows that are new or changed.
    pub rows_landed: u64,
    /// Rows that were there already as they are.
    pub rows_unchanged: u64,
    /// What still cannot be understood.
    pub rows_rejected: u64,
}

impl Sync {
    /// Parses every kept answer of an integration again, the oldest first, and lands what they say, all of it in one transaction: an
    /// older answer never stands where a newer one stood.
    ///
    /// # Errors
    /// `NotFound`, or whatever SQLite says; nothing is changed then.
    pub async fn replay(&self, tenant: &Tenant, uid: &str, by: Author) -> Result<Replayed> {
        let key = tenant.key().derive(Purpose::CustomerIdentity);
        let (uid, now, at) = (uid.to_owned(), self.now(), self.0.clock.system_time());
        let sync = self.clone();
        let write = tenant.db().write(move |tx| {
            let it = store::get(tx, &uid)?;
            let brand = brands::list(tx)?.into_iter().find(|brand| brand.id == it.brand_id).ok_or(Error::NotFound)?;
            let connector = sync.connector(it.source)?;
            let mut lander = Lander::new(&key, &brand, it.source.name(), now);
            let (done, seq) = replay(tx, (&it, &brand), &*connector, &mut lander, at.as_millisecond())?;
            by.tell(tx, at, "sync.replayed", &format!("integration:{uid}"), json!(done))?;
            Ok((done, seq, brand.id))
        });
        let (done, seq, brand) = write.await?;
        if let Some(seq) = seq {
            tenant.announce(brand, seq);
        }
        Ok(done)
    }
}

fn replay(
    tx: &Transaction<'_>,
    (it, brand): (&Integration, &Brand),
    connector: &dyn Connector,
    lander: &mut Lander,
    now_ms: i64,
) -> Result<(Replayed, Option<i64>)> {
    let mut done = Replayed { integration: it.uid.clone(), ..Replayed::default() };
    let (mut landed, mut last) = (Landed::default(), 0);
    while let Some((id, raw)) = next(tx, it.id, last)? {
        last = id;
        let parsed = connector.parse(brand, &raw);
        landed += lander.land(tx, &parsed.batch)?;
        kept::add_landed(tx, it.id, &named(&parsed.batch))?;
        runs::add_rejects(tx, it.id, raw.stream, &parsed.rejects, now_ms)?;
        done.answers += 1;
        done.rows_rejected += parsed.rejects.len() as u64;
    }
    (done.rows_landed, done.rows_unchanged) = (landed.rows_landed, landed.rows_unchanged);
    Ok((done, landed.seq))
}

/// The next kept answer after one.
fn next(conn: &Connection, integration: i64, after: i64) -> Result<Option<(i64, Raw)>> {
    let sql = "select id, stream, kind, about, body from sync_raw where integration_id = ? and id > ? and kind <> ?
               order by id limit 1";
    let mut find = conn.prepare_cached(sql)?;
    let mut rows = find.query(params![integration, after, UNREADABLE])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let body = kept::unzip(row.get_ref(4)?.as_blob().unwrap_or_default())?;
    let raw = Raw {
        stream: name(row.get_ref(1)?.as_str().unwrap_or_default()),
        kind: name(row.get_ref(2)?.as_str().unwrap_or_default()),
        about: store::read(row.get_ref(3)?.as_str().unwrap_or_default())?,
        body: Bytes::from(body),
    };
    Ok(Some((row.get(0)?, raw)))
}

/// A connector's word, which lives as long as the process: there are only as many as the connectors have.
fn name(text: &str) -> &'static str {
    static NAMES: OnceLock<Mutex<HashSet<&'static str>>> = OnceLock::new();
    let mut names = NAMES.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    match names.get(text) {
        Some(name) => name,
        None => {
            let name: &'static str = Box::leak(text.into());
            names.insert(name);
            name
        }
    }
}
