//! Inserts many rows with few statements. Measured with 400,000 orders: to begin and end a statement, to find the place in the
//! index and to bind what the row before had as well were half of what SQLite did. So a statement takes many rows, the values
//! that all rows share are bound once, and a parameter that has its value already is left alone.

use rusqlite::types::Value;
use rusqlite::{CachedStatement, Transaction};

use crate::error::Result;

/// Rows of one statement, most first: what one leaves over goes to the next.
const SIZES: [usize; 3] = [32, 4, 1];
/// A text up to this long is remembered, in bytes.
const SHORT: usize = 14;

/// Where rows go.
pub(super) struct Target {
    /// `insert or fail into orders`, `insert or replace into …`. With plain `insert` SQLite would note every page that a
    /// statement of many rows changes, to take back only that statement; here a failure takes back the transaction.
    pub into: &'static str,
    /// Columns with one value for all rows.
    pub shared: &'static str,
    /// Columns of each row, in the order of binding.
    pub own: &'static str,
}

/// The statements of one batch for one table.
pub(super) struct Bulk<'tx> {
    tx: &'tx Transaction<'tx>,
    into: &'static Target,
    shared: Vec<Value>,
    width: usize,
    statements: [Option<Rows<'tx>>; SIZES.len()],
}

struct Rows<'tx> {
    statement: CachedStatement<'tx>,
    bound: Vec<Bound>,
}

/// What a parameter holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    Unknown,
    Null,
    Number(i64),
    Short { len: u8, bytes: [u8; SHORT] },
}

impl<'tx> Bulk<'tx> {
    /// `shared` has the values of `into.shared`.
    pub(super) fn new(tx: &'tx Transaction<'tx>, into: &'static Target, shared: Vec<Value>) -> Self {
        Self { tx, into, shared, width: into.own.split(',').count(), statements: Default::default() }
    }

    /// Inserts `rows` in their order; `bind` binds the own columns of one.
    ///
    /// # Errors
    /// Whatever SQLite says; some of the rows may be in then, and the transaction must be rolled back.
    pub(super) fn insert<T>(
        &mut self,
        mut rows: &[T],
        bind: impl Fn(&mut Slots<'_, 'tx>, &T) -> rusqlite::Result<()>,
    ) -> Result<()> {
        for (size, kept) in SIZES.into_iter().zip(&mut self.statements) {
            while let Some((block, rest)) = rows.split_at_checked(size) {
                let statement = match kept {
                    Some(statement) => statement,
                    None => kept.insert(Rows::new(self.tx, self.into, &self.shared, size, self.width)?),
                };
                let mut slots = Slots { rows: statement, shared: self.shared.len(), at: 0 };
                for (row, number) in block.iter().zip(1..) {
                    bind(&mut slots, row)?;
                    // A row too short would land with the values of another.
                    if slots.at != number * self.width {
                        return Err(rusqlite::Error::InvalidParameterCount(slots.at, number * self.width).into());
                    }
                }
                statement.statement.raw_execute()?;
                rows = rest;
            }
        }
        Ok(())
    }
}

impl<'tx> Rows<'tx> {
    fn new(tx: &'tx Transaction<'tx>, into: &Target, shared: &[Value], size: usize, width: usize) -> Result<Self> {
        let mut statement = tx.prepare_cached(&sql(into, shared.len(), size, width))?;
        for (number, value) in (1_usize..).zip(shared) {
            statement.raw_bind_parameter(number, value)?;
        }
        Ok(Self { statement, bound: vec![Bound::Unknown; size * width] })
    }
}

/// `insert into t (shared, own) values (?1,?2,?3),(?1,?4,?5)`.
fn sql(into: &Target, shared: usize, size: usize, width: usize) -> String {
    let between = if shared == 0 { "" } else { ", " };
    let mut sql = format!("{} ({}{between}{}) values ", into.into, into.shared, into.own);
    for row in 0..size {
        sql.push_str(if row == 0 { "(" } else { ",(" });
        let own = shared + row * width;
        for (i, number) in (1..=shared).chain(own + 1..=own + width).enumerate() {
            sql.push_str(if i == 0 { "?" } else { ",?" });
            sql.push_str(&number.to_string());
        }
        sql.push(')');
    }
    sql
}

/// The parameters of a statement, bound one after the other.
pub(super) struct Slots<'s, 'tx> {
    rows: &'s mut Rows<'tx>,
    shared: usize,
    at: usize,
}

impl Slots<'_, '_> {
    pub(super) fn number(&mut self, number: i64) -> rusqlite::Result<()> {
        self.bind(Bound::Number(number), number)
    }

    pub(super) fn maybe_number(&mut self, number: Option<i64>) -> rusqlite::Result<()> {
        match number {
            Some(number) => self.number(number),
            None => self.bind(Bound::Null, rusqlite::types::Null),
        }
    }

    pub(super) fn numbers(&mut self, numbers: &[i64]) -> rusqlite::Result<()> {
        numbers.iter().try_for_each(|number| self.number(*number))
    }

    pub(super) fn text(&mut self, text: &str) -> rusqlite::Result<()> {
        let mut bytes = [0; SHORT];
        let bound = match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(room), Ok(len)) => {
                room.copy_from_slice(text.as_bytes());
                Bound::Short { len, bytes }
            }
            _ => Bound::Unknown,
        };
        self.bind(bound, text)
    }

    pub(super) fn maybe_text(&mut self, text: Option<&str>) -> rusqlite::Result<()> {
        match text {
            Some(text) => self.text(text),
            None => self.bind(Bound::Null, rusqlite::types::Null),
        }
    }

    pub(super) fn blob(&mut self, blob: &[u8]) -> rusqlite::Result<()> {
        self.bind(Bound::Unknown, blob)
    }

    fn bind(&mut self, wanted: Bound, value: impl rusqlite::ToSql) -> rusqlite::Result<()> {
        let at = self.at;
        self.at += 1;
        let Some(bound) = self.rows.bound.get_mut(at) else {
            return Err(rusqlite::Error::InvalidParameterCount(self.at, at));
        };
        if wanted != Bound::Unknown && wanted == *bound {
            return Ok(());
        }
        self.rows.statement.raw_bind_parameter(self.shared + at + 1, value)?;
        *bound = wanted;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::TestRunner;
    use rusqlite::Connection;

    use super::*;
    use crate::db::{Db, FileSpec};

    type Row = (i64, Option<i64>, Option<String>, Vec<u8>);

    const ROWS: Target = Target { into: "insert into t", shared: "a, b", own: "n, maybe, words, bytes" };

    fn bind(slots: &mut Slots, row: &Row) -> rusqlite::Result<()> {
        slots.number(row.0)?;
        slots.maybe_number(row.1)?;
        slots.maybe_text(row.2.as_deref())?;
        slots.blob(&row.3)
    }

    fn stored(conn: &Connection) -> Result<Vec<Row>> {
        let mut all = conn.prepare("select n, maybe, words, bytes from t where a = 7 and b = 'x' order by id")?;
        let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn shared() -> Vec<Value> {
        vec![7_i64.into(), "x".to_owned().into()]
    }

    fn store() -> (tempfile::TempDir, Db) {
        let folder = tempfile::tempdir().unwrap();
        let spec = FileSpec {
            application_id: 1,
            owner: "a test",
            migrations: &[],
            create: true,
            least_commits: 0,
            secure_delete: false,
        };
        let db = Db::open(&folder.path().join("t.db"), &[3; 32], &spec).unwrap();
        let table = "create table t (id integer primary key, a, b, n, maybe, words, bytes)";
        db.write_blocking(|tx| Ok(tx.execute_batch(table)?)).unwrap();
        (folder, db)
    }

    #[test]
    fn every_row_lands_as_it_is() {
        let (_folder, db) = store();
        let words = proptest::option::of("a{0,3}|é{6,8}|b{13,16}");
        let bytes = proptest::collection::vec(0_u8..2, 0..3);
        let row = (0_i64..3, proptest::option::of(0_i64..2), words, bytes);
        let rows = (proptest::collection::vec(row, 0..150), proptest::collection::vec(0_usize..150, 0..3));
        let mut runner = TestRunner::new(ProptestConfig::with_cases(60));
        let checked = runner.run(&rows, |(rows, cuts)| {
            let land = |tx: &Transaction| {
                tx.execute("delete from t", [])?;
                let mut bulk = Bulk::new(tx, &ROWS, shared());
                let mut left = rows.as_slice();
                for cut in cuts {
                    let (now, later) = left.split_at(cut.min(left.len()));
                    bulk.insert(now, bind)?;
                    left = later;
                }
                bulk.insert(left, bind)?;
                stored(tx)
            };
            prop_assert_eq!(db.write_blocking(land).unwrap(), rows);
            Ok(())
        });
        checked.unwrap();
    }

    #[test]
    fn a_row_bound_too_short_or_too_long_is_refused() {
        let (_folder, db) = store();
        for numbers in [&[1, 2, 3][..], &[1, 2, 3, 4, 5]] {
            for count in [1, 4] {
                let land = |tx: &Transaction| {
                    Bulk::new(tx, &ROWS, shared()).insert(&vec![(); count], |slots, ()| slots.numbers(numbers))
                };
                assert!(db.write_blocking(land).is_err(), "{numbers:?} {count} times");
            }
        }
        assert_eq!(db.read_blocking(stored).unwrap(), []);
    }
}
