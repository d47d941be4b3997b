//! Integrations in a tenant's SQLite. SQL only, in the caller's transaction.

pub(super) mod kept;
pub(super) mod runs;
pub(super) mod streams;

use anyhow::Context;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::connectors::{Source, Tested};
use crate::error::{Error, Result};

/// How an integration is. The names are those of the public contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = IntegrationState)]
pub enum State {
    /// It has not been reached yet.
    Connecting,
    /// Some stream is read for the first time.
    Backfilling,
    /// All is read as planned.
    Healthy,
    /// Something is not read at present; it is tried on.
    Degraded,
    /// A person has to sign in anew.
    NeedsSignIn,
    /// A person stopped it.
    Paused,
}

impl State {
    const ALL: [Self; 6] =
        [Self::Connecting, Self::Backfilling, Self::Healthy, Self::Degraded, Self::NeedsSignIn, Self::Paused];

    /// The name in the store and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Backfilling => "backfilling",
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::NeedsSignIn => "needs_sign_in",
            Self::Paused => "paused",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// Why nothing of an integration is asked at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hindrance {
    SignIn,
    Refused,
    NotAllowed,
}

impl Hindrance {
    const ALL: [Self; 3] = [Self::SignIn, Self::Refused, Self::NotAllowed];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Refused => "refused",
            Self::NotAllowed => "not_allowed",
        }
    }
}

/// An integration as it is stored, without what signs in.
#[derive(Debug, Clone)]
pub(super) struct Integration {
    pub id: i64,
    pub uid: String,
    pub brand_id: i64,
    pub source: Source,
    pub settings: Map<String, Value>,
    pub credentials_rev: i64,
    pub facts: Map<String, Value>,
    pub history_days: Option<u32>,
    pub state: State,
    pub paused: bool,
    /// What the last successful test found, as JSON.
    pub tested: Option<Value>,
    pub hindrance: Option<Hindrance>,
    pub error: Option<String>,
    pub failures: u32,
    pub not_before_ms: i64,
    pub quota: Option<Value>,
    pub synced_at_ms: Option<i64>,
    pub overdue_told: bool,
    pub created_at_ms: i64,
}

/// An integration about to be made.
pub(super) struct New<'a> {
    pub uid: &'a str,
    pub brand_id: i64,
    pub source: Source,
    pub settings: &'a Map<String, Value>,
    pub credentials: &'a str,
    pub history_days: Option<u32>,
    pub created_by: &'a str,
    pub now: Timestamp,
}

pub(super) fn insert(tx: &Transaction<'_>, new: &New<'_>) -> Result<i64> {
    tx.execute(
        "insert into integrations (uid, brand_id, source, settings, credentials, history_days, state, created_by, created_at_ms)
         values (?1, ?2, ?3, ?4, ?5, ?6, 'connecting', ?7, ?8)",
        params![
            new.uid,
            new.brand_id,
            new.source.name(),
            text(new.settings)?,
            new.credentials,
            new.history_days,
            new.created_by,
            new.now.as_millisecond()
        ],
    )?;
    Ok(tx.last_insert_rowid())
}

const COLUMNS: &str = "id, uid, brand_id, source, settings, credentials_rev, facts, history_days, state, paused, tested, trouble, \
    error, failures, not_before_ms, quota, synced_at_ms, overdue_told, created_at_ms";

/// Every integration of the tenant but those that are being removed, the oldest first.
pub(super) fn list(conn: &Connection) -> Result<Vec<Integration>> {
    let mut all =
        conn.prepare_cached(&format!("select {COLUMNS} from integrations where removing is null order by id"))?;
    let mut rows = all.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(integration(row)?);
    }
    Ok(found)
}

/// One integration, if it is there and not being removed.
pub(super) fn find(conn: &Connection, uid: &str) -> Result<Option<Integration>> {
    let mut one =
        conn.prepare_cached(&format!("select {COLUMNS} from integrations where uid = ? and removing is null"))?;
    let mut rows = one.query([uid])?;
    rows.next()?.map(integration).transpose()
}

/// An integration that is being removed, and whether its rows go with it.
pub(super) fn removing(conn: &Connection, uid: &str) -> Result<Option<(Integration, bool)>> {
    let sql = format!("select {COLUMNS}, removing = 'delete' from integrations where uid = ? and removing is not null");
    let mut one = conn.prepare_cached(&sql)?;
    let mut rows = one.query([uid])?;
    rows.next()?.map(|row| Ok((integration(row)?, row.get(19)?))).transpose()
}

/// Ids and sources of those that are being removed, with their brands.
pub(super) fn all_removing(conn: &Connection) -> Result<Vec<(String, Source, i64)>> {
    let mut all = conn.prepare_cached("select uid, source, brand_id from integrations where removing is not null")?;
    let mut rows = all.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let source = row.get_ref(1)?.as_str().unwrap_or_default();
        let source = Source::parse(source).with_context(|| format!("reading an integration with {source}"))?;
        found.push((row.get(0)?, source, row.get(2)?));
    }
    Ok(found)
}

/// Takes an integration out of sight: what signs in is destroyed at once, the rest in pieces. Whoever holds its lease has lost it.
pub(super) fn begin_removal(tx: &Transaction<'_>, id: i64, with_rows: bool) -> Result<()> {
    let how = if with_rows { "delete" } else { "keep" };
    tx.execute(
        "update integrations set removing = ?2, credentials = '', lease = null where id = ?1",
        params![id, how],
    )?;
    Ok(())
}

/// One integration.
///
/// # Errors
/// `NotFound`.
pub(super) fn get(conn: &Connection, uid: &str) -> Result<Integration> {
    find(conn, uid)?.ok_or(Error::NotFound)
}

fn integration(row: &Row<'_>) -> Result<Integration> {
    let (source, state): (String, String) = (row.get(3)?, row.get(8)?);
    let hindrance: Option<String> = row.get(11)?;
    Ok(Integration {
        id: row.get(0)?,
        uid: row.get(1)?,
        brand_id: row.get(2)?,
        source: Source::parse(&source).with_context(|| format!("reading an integration with {source}"))?,
        settings: read(row.get_ref(4)?.as_str().unwrap_or_default())?,
        credentials_rev: row.get(5)?,
        facts: read(row.get_ref(6)?.as_str().unwrap_or_default())?,
        history_days: row.get(7)?,
        state: State::parse(&state).context("reading an integration's state")?,
        paused: row.get(9)?,
        tested: maybe(row.get(10)?)?,
        hindrance: hindrance.and_then(|name| Hindrance::ALL.into_iter().find(|one| one.name() == name)),
        error: row.get(12)?,
        failures: row.get(13)?,
        not_before_ms: row.get(14)?,
        quota: maybe(row.get(15)?)?,
        synced_at_ms: row.get(16)?,
        overdue_told: row.get(17)?,
        created_at_ms: row.get(18)?,
    })
}

/// The sealed credentials of an integration and their number, which changes with them.
pub(super) fn credentials(conn: &Connection, uid: &str) -> Result<(String, i64)> {
    let sql = "select credentials, credentials_rev from integrations where uid = ?";
    let found = conn.prepare_cached(sql)?.query_row([uid], |row| Ok((row.get(0)?, row.get(1)?)));
    found.optional()?.ok_or(Error::NotFound)
}

/// Every sealed credential: row id, id, token.
pub(super) fn all_credentials(conn: &Connection) -> Result<Vec<(i64, String, String)>> {
    let mut all = conn.prepare("select id, uid, credentials from integrations where removing is null")?;
    let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The same credentials, sealed anew.
pub(super) fn reseal(tx: &Transaction<'_>, id: i64, token: &str) -> Result<()> {
    tx.execute("update integrations set credentials = ?2 where id = ?1", params![id, token])?;
    Ok(())
}

/// Other credentials; returns their number.
pub(super) fn set_credentials(tx: &Transaction<'_>, id: i64, token: &str) -> Result<i64> {
    let sql = "update integrations set credentials = ?2, credentials_rev = credentials_rev + 1 where id = ?1
               returning credentials_rev";
    Ok(tx.prepare_cached(sql)?.query_row(params![id, token], |row| row.get(0))?)
}

/// Counts a renewal of the credentials. How many there were, where it is time to tell of them: once a day.
pub(super) fn renewed(tx: &Transaction<'_>, id: i64, now_ms: i64) -> Result<Option<i64>> {
    let sql = "update integrations set renewals_untold = renewals_untold + 1 where id = ?1
               returning renewals_untold, coalesce(renewal_told_ms not between ?2 + 1 and ?3, 1)";
    let yesterday = now_ms.saturating_sub(86_400_000);
    let (untold, is_time): (i64, bool) =
        tx.prepare_cached(sql)?.query_row(params![id, yesterday, now_ms], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if is_time {
        let told = "update integrations set renewals_untold = 0, renewal_told_ms = ?2 where id = ?1";
        tx.prepare_cached(told)?.execute([id, now_ms])?;
    }
    Ok(is_time.then_some(untold))
}

/// Keeps what a successful test found; nothing hinders any more.
pub(super) fn set_tested(tx: &Transaction<'_>, id: i64, tested: &Tested, facts: &Map<String, Value>) -> Result<()> {
    tx.execute(
        "update integrations set tested = ?2, facts = ?3, trouble = null, error = null, failures = 0, not_before_ms = 0
         where id = ?1",
        params![id, text(tested)?, text(facts)?],
    )?;
    Ok(())
}

/// Writes back what a step may change of an integration.
pub(super) fn save(tx: &Transaction<'_>, it: &Integration) -> Result<()> {
    tx.prepare_cached(
        "update integrations set facts = ?2, state = ?3, trouble = ?4, error = ?5, failures = ?6, not_before_ms = ?7,
         quota = ?8, synced_at_ms = ?9, overdue_told = ?10, paused = ?11, settings = ?12, history_days = ?13, tested = ?14
         where id = ?1",
    )?
    .execute(params![
        it.id,
        text(&it.facts)?,
        it.state.name(),
        it.hindrance.map(Hindrance::name),
        it.error,
        it.failures,
        it.not_before_ms,
        it.quota.as_ref().map(text).transpose()?,
        it.synced_at_ms,
        it.overdue_told,
        it.paused,
        text(&it.settings)?,
        it.history_days,
        it.tested.as_ref().map(text).transpose()?,
    ])?;
    Ok(())
}

/// Takes the lease until `until_ms` unless another's is in force at `now_ms`. `ours` begins every lease of this process: no other has
/// the data folder, so a lease that begins otherwise is of one that is gone.
pub(super) fn take_lease(
    tx: &Transaction<'_>,
    id: i64,
    (lease, ours): (&str, &str),
    (now_ms, until_ms): (i64, i64),
) -> Result<bool> {
    let taken = tx.execute(
        "update integrations set lease = ?2, lease_until_ms = ?3 where id = ?1
         and (lease is null or lease_until_ms <= ?4 or substr(lease, 1, length(?5)) <> ?5)",
        params![id, lease, until_ms, now_ms, ours],
    )?;
    Ok(taken > 0)
}

/// Holds the lease until `until_ms`; false where it is another's by now, or the integration is gone.
pub(super) fn keep_lease(tx: &Transaction<'_>, id: i64, lease: &str, until_ms: i64) -> Result<bool> {
    let sql = "update integrations set lease_until_ms = ?3 where id = ?1 and lease = ?2";
    Ok(tx.prepare_cached(sql)?.execute(params![id, lease, until_ms])? > 0)
}

/// Gives the lease back.
pub(super) fn release(tx: &Transaction<'_>, id: i64, lease: &str) -> Result<()> {
    tx.execute(
        "update integrations set lease = null, lease_until_ms = 0 where id = ?1 and lease = ?2",
        params![id, lease],
    )?;
    Ok(())
}

/// A value as JSON text.
pub(super) fn text(value: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string(value).context("writing JSON")?)
}

/// JSON text as a value.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    Ok(serde_json::from_str(text).context("reading JSON of the store")?)
}

fn maybe<T: DeserializeOwned>(text: Option<String>) -> Result<Option<T>> {
    text.map(|text| read(&text)).transpose()
}

/// Counts for the store.
pub(super) fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Counts of the store.
pub(super) fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or_default()
}
