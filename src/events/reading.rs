//! Reading a chain the way people do: newest first, by what happened, who did it, how it ended, and when.

use anyhow::Context;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params};

use super::archive::{self, Archives};
use super::{Event, event};
use crate::error::Result;

/// How what an entry tells of ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused.
    Denied,
    /// It was tried and did not work.
    Failed,
}

impl Outcome {
    /// The name in the API and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }

    /// The outcome of a name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Done, Self::Denied, Self::Failed].into_iter().find(|outcome| outcome.name() == name)
    }
}

/// How an entry's kind says that it ended.
const OUTCOME: &str = "case
    when kind in ('access.denied', 'token.refused', 'login.failed', 'second_factor.failed', 'link.refused', 'setup.refused', 'session.reused',
        'tenant.closed') then 'denied'
    when kind like '%.failed' or kind like '%.interrupted' then 'failed'
    when kind = 'backup.verified' and json_extract(data, '$.sound') = 0 then 'failed'
    else 'done' end";

/// Which entries are wanted; what is absent does not choose.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Those before this place in the chain.
    pub before: Option<i64>,
    /// Of one kind (`user.created`), or of all that happens to one thing (`user`).
    pub kind: Option<String>,
    /// By one actor (`user:<id>`), or by all of a kind (`key`).
    pub actor: Option<String>,
    /// Ended so.
    pub outcome: Option<Outcome>,
    /// Not before, milliseconds of unix time.
    pub from_ms: Option<i64>,
    /// Before, milliseconds of unix time.
    pub to_ms: Option<i64>,
}

/// The newest entries that are wanted, newest first, each with how it ended.
pub fn newest(conn: &Connection, wanted: &Filter, limit: usize) -> Result<Vec<(Event, Outcome)>> {
    let mut query = conn.prepare_cached(&format!(
        "select seq, at_ms, kind, actor, subject, request_id, ip, data, {OUTCOME} as outcome from events
         where (:before is null or seq < :before)
           and (:kind is null or kind = :kind or substr(kind, 1, length(:kind) + 1) = :kind || '.')
           and (:actor is null or actor = :actor or substr(actor, 1, length(:actor) + 1) = :actor || ':')
           and (:outcome is null or outcome = :outcome)
           and (:from_ms is null or at_ms >= :from_ms) and (:to_ms is null or at_ms < :to_ms)
         order by seq desc limit :limit"
    ))?;
    let mut rows = query.query(named_params! {
        ":before": wanted.before, ":kind": wanted.kind, ":actor": wanted.actor,
        ":outcome": wanted.outcome.map(Outcome::name), ":from_ms": wanted.from_ms, ":to_ms": wanted.to_ms,
        ":limit": i64::try_from(limit).unwrap_or(i64::MAX),
    })?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let outcome: String = row.get(8)?;
        // The names are the query's own.
        found.push((event(row)?, Outcome::parse(&outcome).unwrap_or(Outcome::Done)));
    }
    Ok(found)
}

/// What was found, and whether there may be more.
#[derive(Debug)]
pub struct Newest {
    /// Newest first, each with how it ended.
    pub entries: Vec<(Event, Outcome)>,
    /// Entries before this place were not looked at; none where all were.
    pub before: Option<i64>,
}

/// [`newest`] of the whole chain: where the store has too few, archives are opened, one at a time and at most `most`.
///
/// # Errors
/// As [`Archives::table`].
pub fn newest_of_all(
    conn: &Connection,
    archives: &Archives,
    wanted: &Filter,
    (limit, most): (usize, usize),
) -> Result<Newest> {
    let mut entries = newest(conn, wanted, limit)?;
    let mut opened = 0;
    for archive in archive::list(conn)?.iter().rev() {
        if entries.len() >= limit {
            break;
        }
        let outside = wanted.before.is_some_and(|before| archive.first >= before)
            || wanted.from_ms.is_some_and(|from_ms| archive.to_ms < from_ms)
            || wanted.to_ms.is_some_and(|to_ms| archive.from_ms >= to_ms);
        if outside {
            continue;
        }
        if opened == most {
            return Ok(Newest { entries, before: Some(archive.last + 1) });
        }
        opened += 1;
        entries.extend(newest(&archives.table(archive)?, wanted, limit - entries.len())?);
    }
    Ok(Newest { entries, before: None })
}

/// Calls `each` with every archive whose entries may be of `from_ms` or later, as a table `events`.
pub fn each_archived(
    conn: &Connection,
    archives: &Archives,
    from_ms: i64,
    mut each: impl FnMut(&Connection) -> Result<()>,
) -> Result<()> {
    for archive in archive::list(conn)?.iter().filter(|archive| archive.to_ms >= from_ms) {
        each(&archives.table(archive)?)?;
    }
    Ok(())
}

/// An entry of a kind of which the store always knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Milliseconds of unix time, UTC.
    pub at_ms: i64,
    /// The rest.
    pub data: serde_json::Value,
}

/// The newest entries of a kind that stays known when it is archived, not before `from_ms`, newest first.
pub fn known(conn: &Connection, kind: &str, from_ms: i64, limit: usize) -> Result<Vec<Known>> {
    let mut query = conn.prepare_cached(
        "select at_ms, data from events_known where kind = ?1 and at_ms >= ?2 order by seq desc limit ?3",
    )?;
    let mut rows = query.query((kind, from_ms, i64::try_from(limit).unwrap_or(i64::MAX)))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let data: String = row.get(1)?;
        found.push(Known { at_ms: row.get(0)?, data: serde_json::from_str(&data).context("reading an event")? });
    }
    Ok(found)
}

/// When the oldest entry that is in the store was written.
pub fn oldest(conn: &Connection) -> Result<Option<Timestamp>> {
    let mut query = conn.prepare_cached("select at_ms from events order by seq limit 1")?;
    let at_ms: Option<i64> = query.query_row([], |row| row.get(0)).optional()?;
    Ok(at_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()))
}
