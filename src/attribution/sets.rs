//! Credits in the warehouse: a handful of numbered tables, each holding the answer to one question at one state of the data, so
//! that the one compiler can read them like any other table. Asked again, the answer is there already.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;

use super::credits::{Credit, credits};
use super::kept::{Ledgers, Reading, State};
use super::ledger::Ledger;
use super::model::Spec;
use crate::duck::{Connection, Sink};
use crate::error::{Error, Result};
use crate::tenants::Tenant;
use crate::warehouse;

/// The tables, as `0004_credits.sql` creates them.
const SLOTS: [(&str, &str); 8] = [
    ("credits_0", "credit_tags_0"),
    ("credits_1", "credit_tags_1"),
    ("credits_2", "credit_tags_2"),
    ("credits_3", "credit_tags_3"),
    ("credits_4", "credit_tags_4"),
    ("credits_5", "credit_tags_5"),
    ("credits_6", "credit_tags_6"),
    ("credits_7", "credit_tags_7"),
];

/// The tables of the slot with this number.
pub fn tables(slot: usize) -> (&'static str, &'static str) {
    SLOTS[slot % SLOTS.len()]
}

/// Credits that stay where they are as long as this is held.
#[derive(Debug, Clone)]
pub struct Lease {
    /// The number of their tables.
    pub slot: usize,
    /// What they were computed from.
    pub state: State,
    _held: Arc<()>,
}

#[derive(Default)]
struct Desk {
    slots: Mutex<Slots>,
    ledgers: Ledgers,
    known: Mutex<HashMap<i64, (State, bool)>>,
}

#[derive(Default)]
struct Slots {
    all: [Slot; SLOTS.len()],
    ticks: u64,
}

#[derive(Default)]
struct Slot {
    holds: Option<(State, Spec)>,
    held: Arc<()>,
    used: u64,
}

impl Slots {
    fn tick(&mut self) -> u64 {
        self.ticks += 1;
        self.ticks
    }

    fn lease(&mut self, slot: usize, state: State) -> Lease {
        self.all[slot].used = self.tick();
        Lease { slot, state, _held: Arc::clone(&self.all[slot].held) }
    }

    fn find(&mut self, state: State, spec: &Spec) -> Option<Lease> {
        let at = self.all.iter().position(|slot| slot.holds == Some((state, *spec)))?;
        Some(self.lease(at, state))
    }

    /// The slot that nobody reads and nobody has asked for longest, emptied.
    fn empty(&mut self, state: State) -> Option<Lease> {
        let free = |slot: &&Slot| Arc::strong_count(&slot.held) == 1;
        let (at, _) = self.all.iter().enumerate().filter(|(_, slot)| free(slot)).min_by_key(|(_, slot)| slot.used)?;
        self.all[at].holds = None;
        Some(self.lease(at, state))
    }
}

/// Makes sure that the credits of a question are in the warehouse, computed from what it has now.
///
/// # Errors
/// `Unavailable` when the warehouse is busy, or too many questions are being answered; `Internal` when it fails.
pub async fn prepare(tenant: &Tenant, spec: &Spec) -> Result<Lease> {
    let warehouse = warehouse::of(tenant);
    let seq = warehouse.caught_up(tenant).await?;
    let filling = warehouse.filling();
    let desk = tenant.slot(Desk::default);
    let spec = spec.reduced();
    let lease = {
        let mut slots = lock(&desk.slots);
        if let Some(lease) = slots.find((filling, seq), &spec) {
            return Ok(lease);
        }
        slots.empty((filling, seq))
    };
    let Some(mut lease) = lease else {
        let reason = "too many questions about attribution are being answered".into();
        return Err(Error::Unavailable { code: "busy", reason, retry_after_secs: 1 });
    };
    let (own, slot) = (Arc::clone(&desk), lease.slot);
    let feed = Arc::clone(&warehouse);
    let fill = move |conn: &Connection| {
        let state = (filling, version(conn)?);
        let moved = |since, until| feed.moved(filling, since, until);
        let reading = own.ledgers.open(conn, state, spec.brand_id, moved)?;
        write(conn, tables(slot), reading.ledger(), &credits(reading.ledger(), &spec))?;
        Ok(state)
    };
    lease.state = warehouse.query(move |conn| transaction(conn, fill)).await?;
    lock(&desk.slots).all[lease.slot].holds = Some((lease.state, spec));
    Ok(lease)
}

/// Whether any touch of the brand is known.
///
/// # Errors
/// As [`prepare`].
pub async fn has_journeys(tenant: &Tenant, brand_id: i64) -> Result<bool> {
    let warehouse = warehouse::of(tenant);
    let state = (warehouse.caught_up(tenant).await?, warehouse.filling());
    let state = (state.1, state.0);
    let desk = tenant.slot(Desk::default);
    if let Some((as_of, known)) = lock(&desk.known).get(&brand_id).copied()
        && as_of == state
    {
        return Ok(known);
    }
    let known = warehouse
        .query(move |conn| {
            let exists = "select exists (select 1 from fact_touches where brand_id = ?)";
            Ok(conn.query_row(exists, [brand_id], |row| row.get(0)).context("looking for journeys")?)
        })
        .await?;
    lock(&desk.known).insert(brand_id, (state, known));
    Ok(known)
}

/// Works on a brand's orders and touches as they are now.
///
/// # Errors
/// As [`prepare`].
pub async fn with_ledger<T, F>(tenant: &Tenant, brand_id: i64, work: F) -> Result<(T, i64)>
where
    T: Send + 'static,
    F: FnOnce(&Reading, &Connection) -> Result<T> + Send + 'static,
{
    let warehouse = warehouse::of(tenant);
    warehouse.caught_up(tenant).await?;
    let (filling, desk, feed) = (warehouse.filling(), tenant.slot(Desk::default), Arc::clone(&warehouse));
    let read = move |conn: &Connection| {
        let state = (filling, version(conn)?);
        let reading = desk.ledgers.open(conn, state, brand_id, |since, until| feed.moved(filling, since, until))?;
        Ok((work(&reading, conn)?, state.1))
    };
    warehouse.query(move |conn| transaction(conn, read)).await
}

fn version(conn: &Connection) -> Result<i64> {
    let version: Option<i64> =
        conn.query_row("select max(seq) from feed_state", [], |row| row.get(0)).context("reading the data version")?;
    Ok(version.unwrap_or(0))
}

/// Works on one state of the data; what it writes is there as a whole or not at all.
fn transaction<T>(conn: &Connection, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    conn.execute_batch("begin transaction").context("beginning to compute credits")?;
    let done = work(conn);
    let end = if done.is_ok() { "commit" } else { "rollback" };
    conn.execute_batch(end).context("ending to compute credits")?;
    done
}

fn write(
    conn: &Connection,
    (table, tags): (&'static str, &'static str),
    ledger: &Ledger,
    rows: &[Credit],
) -> Result<()> {
    // A new table rather than emptied ones: DuckDB keeps the room of deleted rows.
    let anew =
        format!("create or replace table {table} as from credits; create or replace table {tags} as from credit_tags");
    conn.execute_batch(&anew).context("making room for credits")?;
    let mut sink = Sink::new(conn, table)?;
    // Tags of the ledger, then one for each channel alone.
    let alone = ledger.tags.len();
    let mut used = vec![false; alone + ledger.channels.len()];
    for row in rows {
        let tag = match row.touch {
            Some(touch) => ledger.touches[touch as usize].tag as usize,
            None => alone + row.channel as usize,
        };
        used[tag] = true;
        sink.int(ledger.orders[row.order as usize].id);
        sink.int(number(tag));
        sink.maybe_int(row.touch.map(|touch| i64::from(ledger.touches[touch as usize].day)));
        sink.int(row.orders);
        sink.int(row.sales);
        sink.int(row.refunds);
        sink.flag(row.assists);
        sink.end()?;
    }
    sink.finish()?;
    let mut sink = Sink::new(conn, tags)?;
    for tag in (0..used.len()).filter(|tag| used[*tag]) {
        sink.int(number(tag));
        match ledger.tags.get(tag) {
            Some(parts) => {
                parts.iter().for_each(|part| sink.maybe_text(part.map(|word| ledger.words[word as usize].as_str())))
            }
            None => {
                sink.text(&ledger.channels[tag - alone]);
                (1..6).for_each(|_| sink.maybe_text(None));
            }
        }
        sink.end()?;
    }
    sink.finish()?;
    Ok(())
}

fn number(tag: usize) -> i64 {
    i64::try_from(tag).unwrap_or(i64::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
