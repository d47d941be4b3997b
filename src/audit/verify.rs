//! Checking every chain against every head that was ever signed of it, and writing the next.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::heads::{ChainHead, DayHead, Found, HeadFault, digest, name_of};
use super::{Audit, INSTANCE, blocking};
use crate::auth::Author;
use crate::error::Result;
use crate::events::{self, Head, Verdict};
use crate::tenants::{TenantId, TenantInfo};

/// The event that tells of a day's signed heads.
const WRITTEN: &str = "audit.head_written";

/// What a check found.
#[derive(Debug)]
pub struct Report {
    /// Each chain that was checked.
    pub chains: Vec<Chain>,
    /// Days of signed heads.
    pub heads: usize,
    /// What is wrong with their files.
    pub head_faults: Vec<HeadFault>,
}

/// A chain and what was found of it; an error where it could not be read.
#[derive(Debug)]
pub struct Chain {
    /// The tenant's slug, or `(instance)`.
    pub name: String,
    /// What was found.
    pub verdict: Result<Verdict>,
}

/// A restore: what a chain had before it is gone rightly.
struct Restore {
    at_ms: i64,
    /// How many entries the restored chain shares with the one before; none where that is not known.
    shared: i64,
}

impl Chain {
    /// What was found, in a sentence. It ends with "unbroken" where all is well.
    pub fn sentence(&self) -> String {
        let name = &self.name;
        match &self.verdict {
            Ok(Verdict { entries, fault: None }) => format!("{name}: {entries} entries, unbroken"),
            Ok(Verdict { fault: Some(fault), .. }) => {
                format!("{name}: BROKEN at entry {}: {}; what comes after proves nothing", fault.seq, fault.kind)
            }
            Err(error) => format!("{name}: CANNOT BE READ: {error}"),
        }
    }
}

impl Audit {
    /// Checks the chains of these tenants, and with `instance` the instance's own, against every signed head.
    pub async fn verify(&self, tenants: Vec<TenantInfo>, instance: bool) -> Result<Report> {
        self.tenants().denials().flush().await?;
        let found = self.found().await?;
        let mut chains = Vec::new();
        for info in tenants {
            let verdict = self.verify_tenant(&info.id, &found).await.map(|(verdict, _)| verdict);
            chains.push(Chain { name: info.slug, verdict });
        }
        if instance {
            let verdict = self.verify_instance(&found).await.map(|(verdict, _)| verdict);
            chains.push(Chain { name: "(instance)".to_owned(), verdict });
        }
        Ok(Report { chains, heads: found.days.len(), head_faults: found.faults })
    }

    /// Signs the heads of the day of `now`, unless that is done: each chain is checked whole before. A chain that is broken or cannot be read
    /// keeps the head it had, and control's chain tells of it. Stops between two tenants when `stop` says so, and signs nothing.
    pub async fn run_daily(&self, now: Timestamp, stop: impl Fn() -> bool) -> Result<()> {
        let _turn = self.0.turn.lock().await;
        let found = self.found().await?;
        let day = now.to_zoned(TimeZone::UTC).date();
        if found.newest.as_ref().is_none_or(|newest| newest.day != day) {
            let mut chains = BTreeMap::new();
            for info in self.tenants().list().await? {
                if stop() {
                    return Ok(());
                }
                let outcome = self.verify_tenant(&info.id, &found).await;
                chains.extend(self.next_head(info.id.as_str(), outcome, &found).await?);
            }
            self.tenants().denials().flush().await?;
            let outcome = self.verify_instance(&found).await;
            chains.extend(self.next_head(INSTANCE, outcome, &found).await?);
            let (number, previous) = found.next();
            let (all, head) = (self.clone(), DayHead { number, day, at: now, previous, chains });
            blocking(move || all.heads()?.write(&head)).await?;
        }
        self.tell_and_copy().await
    }

    /// What was written and not yet told or copied: also after a crash in between.
    async fn tell_and_copy(&self) -> Result<()> {
        let all = self.clone();
        blocking(move || {
            let heads = all.heads()?;
            if let Some(newest) = heads.read().newest {
                let now = all.0.clock.system_time();
                let data = json!({ "number": newest.number, "file": name_of(newest.number, newest.day),
                    "sha256": digest(&newest) });
                all.tenants().control().write_blocking(|tx| {
                    if last_written(tx)?.is_some_and(|told| told["number"] == data["number"]) {
                        return Ok(());
                    }
                    by().tell(tx, now, WRITTEN, "instance", data).map(drop)
                })?;
            }
            heads.copy_missing()
        })
        .await
    }

    /// The heads that there are, and those that control's chain tells of and that are not there.
    async fn found(&self) -> Result<Found> {
        let all = self.clone();
        blocking(move || {
            let mut found = all.heads()?.read();
            if let Some(told) = all.tenants().control().read_blocking(last_written)? {
                let file = told["file"].as_str().unwrap_or("a head").to_owned();
                let named = found.faults.iter().any(|fault| fault.file == file);
                if !named && told["number"].as_u64().unwrap_or(0) > found.last {
                    found.fault(&file, "it is missing");
                }
            }
            Ok(found)
        })
        .await
    }

    async fn verify_tenant(&self, id: &TenantId, found: &Found) -> Result<(Verdict, Head)> {
        let tenant = self.tenants().open_even_closed(id).await?;
        let subject = format!("tenant:{id}");
        let own = id.to_string();
        let restores = self.tenants().control().read(move |conn| restores(conn, &subject, &own)).await?;
        let verdict = self.tenants().verify_events_against(&tenant, seen(found, id.as_str(), &restores)).await?;
        if verdict.fault.is_none() {
            self.note_verified(id, self.0.clock.system_time());
        }
        Ok((verdict, tenant.db().read(events::head).await?))
    }

    async fn verify_instance(&self, found: &Found) -> Result<(Verdict, Head)> {
        let seen = seen(found, INSTANCE, &[]);
        self.tenants().verify_own_events(seen).await
    }

    /// What is signed of a chain: its head, or where it is not as it should be, what was signed the day before.
    async fn next_head(
        &self,
        name: &str,
        outcome: Result<(Verdict, Head)>,
        found: &Found,
    ) -> Result<Option<(String, ChainHead)>> {
        let before = found.days.iter().rev().find_map(|day| day.chains.get(name));
        let kept = before.map(|before| (name.to_owned(), ChainHead { verified: false, ..before.clone() }));
        let reason = match outcome {
            Ok((Verdict { fault: None, .. }, head)) => return Ok(Some((name.to_owned(), ChainHead::of(&head, true)))),
            Ok((Verdict { fault: Some(fault), .. }, _)) => format!("entry {}: {}", fault.seq, fault.kind),
            Err(error) => format!("it cannot be read: {error}"),
        };
        tracing::error!(chain = name, reason, "an event chain is not as it should be");
        let (now, data) = (self.0.clock.system_time(), json!({ "chain": name, "reason": reason }));
        let tell =
            move |tx: &rusqlite::Transaction<'_>| by().tell(tx, now, "audit.chain_failed", "instance", data).map(drop);
        self.tenants().control().write(tell).await?;
        Ok(kept)
    }
}

fn by() -> Author {
    Author::without_request("system")
}

/// The newest telling of a head in control's chain. What was told before control was restored on another machine does not count:
/// those files lie elsewhere.
fn last_written(conn: &Connection) -> Result<Option<Value>> {
    let mut query = conn.prepare(
        "select data from events_known where kind = ?1
         and seq > (select coalesce(max(seq), 0) from events_known where kind = 'instance.restored') order by seq desc limit 1",
    )?;
    let mut rows = query.query([WRITTEN])?;
    Ok(rows.next()?.map(|row| row.get::<_, String>(0)).transpose()?.and_then(|text| serde_json::from_str(&text).ok()))
}

/// The restores of a tenant that control tells of.
fn restores(conn: &Connection, subject: &str, id: &str) -> Result<Vec<Restore>> {
    let mut query = conn.prepare(
        "select at_ms, case when data ->> '$.from.id' = ?2 then coalesce(data ->> '$.entries', 0) else 0 end
         from events_known where kind in ('tenant.restored', 'tenant.rolled_back') and subject = ?1
         and data ->> '$.from' is not null order by seq",
    )?;
    let rows = query.query_map((subject, id), |row| Ok(Restore { at_ms: row.get(0)?, shared: row.get(1)? }))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The heads that a chain must still hold.
fn seen(found: &Found, name: &str, restores: &[Restore]) -> Vec<Head> {
    let holds = |at: Timestamp, head: &Head| {
        let gone = |restore: &Restore| at.as_millisecond() <= restore.at_ms && head.seq > restore.shared;
        !restores.iter().any(gone)
    };
    let signed = found.days.iter().filter_map(|day| Some((day.at, day.chains.get(name)?.head()?)));
    signed.filter(|(at, head)| head.seq > 0 && holds(*at, head)).map(|(_, head)| head).collect()
}
