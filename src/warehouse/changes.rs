//! Reads the change log: which rows a warehouse that has applied everything up to an entry must read again.

use rusqlite::{Connection, params};

use super::stock;
use crate::duck;
use crate::error::Result;

use anyhow::Context as _;

/// More rows than this, and more than a third of what is there, and reading everything again is quicker.
const MANY_ROWS: usize = 50_000;

/// A touch takes its person from its order or its visitor, and stands back where a visitor's own page told of it.
const TOUCHES: &str = "select id from touches where rev > ?1 \
    union select id from deleted_rows where rev > ?1 and tab = 'touches' \
    union select t.id from orders o join touches t on t.order_id = o.id where o.rev > ?1 \
    union select t.id from visitors v join touches t on t.visitor_id = v.id where v.rev > ?1 \
    union select t.id from visitors v join visit_orders c on c.visitor_id = v.id join touches t on t.order_id = c.order_id \
    where v.rev > ?1";
const VISITS: &str = "select id from visits where rev > ?1 \
    union select id from deleted_rows where rev > ?1 and tab = 'visits' \
    union select s.id from visitors v join visits s on s.visitor_id = v.id where v.rev > ?1";

/// What changed after one entry up to `seq`.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// The last entry.
    pub seq: i64,
    /// Everything must be read again.
    pub rebuild: bool,
    /// Order ids, ascending, each once.
    pub orders: Vec<i64>,
    /// Refund ids, ascending, each once.
    pub refunds: Vec<i64>,
    /// Ad and day, each once.
    pub ads: Vec<(i64, String)>,
    pub stock: Vec<stock::Key>,
    /// Ids of touches, ascending, each once.
    pub touches: Vec<i64>,
    /// Ids of visits, ascending, each once.
    pub visits: Vec<i64>,
}

impl Changes {
    /// What came after `since`. `duck` knows which orders hold a variant, which SQLite has no index for.
    pub(super) fn since(conn: &Connection, since: i64, duck: &duck::Connection) -> Result<Self> {
        let (seq, rebuild) = conn.query_row(
            "select coalesce(max(seq), 0), coalesce(sum(kind = 'rebuild'), 0) > 0 from change_log where seq > ?",
            [since],
            |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)),
        )?;
        let mut changes = Self { seq: seq.max(since), rebuild, ..Self::default() };
        if rebuild || seq <= since {
            return Ok(changes);
        }
        changes.orders = ids(
            conn,
            "select id from orders where rev > ?1 \
             union select id from deleted_rows where rev > ?1 and tab = 'orders'",
            since,
        )?;
        changes.refunds = ids(
            conn,
            "select id from refunds where rev > ?1 \
             union select id from deleted_rows where rev > ?1 and tab = 'refunds'",
            since,
        )?;
        changes.ads = ads(conn, since)?;
        changes.stock =
            stock_keys(conn, "select variant_id, warehouse_id, day from stock_levels where rev > ?", since)?;
        changes.touches = ids(conn, TOUCHES, since)?;
        changes.visits = ids(conn, VISITS, since)?;
        changes.add_variants(conn, since, duck)?;
        changes.add_refunds_of_orders(conn)?;
        changes.rebuild = changes.rows() > MANY_ROWS && changes.rows() * 3 > facts(duck)?;
        Ok(changes)
    }

    fn rows(&self) -> usize {
        let sold = self.orders.len() * 2 + self.refunds.len();
        sold + self.ads.len() + self.stock.len() + self.touches.len() + self.visits.len()
    }

    /// A variant that moved to another product, or costs something else, concerns every row that has it.
    fn add_variants(&mut self, conn: &Connection, since: i64, duck: &duck::Connection) -> Result<()> {
        let variants = ids(
            conn,
            "select id from variants where moved_rev > ?1 union select variant_id from unit_costs where rev > ?1",
            since,
        )?;
        if variants.is_empty() {
            return Ok(());
        }
        let list = variants.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        for (column, table, into) in
            [("order_id", "fact_order_lines", &mut self.orders), ("refund_id", "fact_refund_lines", &mut self.refunds)]
        {
            let mut holders = duck
                .prepare(&format!("select distinct {column} from {table} where variant_id in ({list})"))
                .context("finding the rows of a variant")?;
            let mut rows = holders.query([]).context("finding the rows of a variant")?;
            while let Some(row) = rows.next().context("finding the rows of a variant")? {
                into.push(row.get(0).context("finding the rows of a variant")?);
            }
        }
        let of_variant = "select variant_id, warehouse_id, day from stock_levels where variant_id = ?";
        for variant in variants {
            self.stock.extend(stock_keys(conn, of_variant, variant)?);
        }
        sort(&mut self.stock);
        sort(&mut self.orders);
        Ok(())
    }

    /// A refund takes its cost's day, its test flag and more from its order.
    fn add_refunds_of_orders(&mut self, conn: &Connection) -> Result<()> {
        let mut of_order = conn.prepare("select id from refunds where order_id = ?")?;
        for order in &self.orders {
            let mut rows = of_order.query([order])?;
            while let Some(row) = rows.next()? {
                self.refunds.push(row.get(0)?);
            }
        }
        sort(&mut self.refunds);
        Ok(())
    }
}

fn facts(duck: &duck::Connection) -> Result<usize> {
    let count: i64 = duck
        .query_row("select sum(n)::bigint from (select count(*) as n from fact_orders union all select count(*) from fact_ad_days \
             union all select count(*) from fact_touches union all select count(*) from fact_sessions)", [], |row| {
            row.get(0)
        })
        .context("counting facts")?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

fn sort<T: Ord>(keys: &mut Vec<T>) {
    keys.sort_unstable();
    keys.dedup();
}

fn ids(conn: &Connection, sql: &str, since: i64) -> Result<Vec<i64>> {
    let mut select = conn.prepare(sql)?;
    let mut ids = select.query_map([since], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    sort(&mut ids);
    Ok(ids)
}

fn stock_keys(conn: &Connection, sql: &str, at: i64) -> Result<Vec<stock::Key>> {
    let mut select = conn.prepare(sql)?;
    let keys = select.query_map([at], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(keys.collect::<rusqlite::Result<_>>()?)
}

/// Days that landed or are gone, and every day of an ad that was renamed.
fn ads(conn: &Connection, since: i64) -> Result<Vec<(i64, String)>> {
    let mut changed = conn.prepare(
        "select ad_id, day from ad_days where rev > ?1 \
         union select d.ad_id, d.day from ads a join ad_days d on d.ad_id = a.id where a.rev > ?1 \
         union select id >> 20, date((id & 1048575) * 86400, 'unixepoch') from deleted_rows \
         where rev > ?1 and tab = 'ad_days'",
    )?;
    let keys = changed.query_map(params![since], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(keys.collect::<rusqlite::Result<_>>()?)
}
