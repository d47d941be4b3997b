//! What is held of a tenant: each rollup as of one data version, read when it is first needed.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;

use super::adding::Rollup;
use super::people::Buyers;
use super::{Task, Whose, load};
use crate::duck::Connection;
use crate::error::Result;
use crate::metrics::facts::Source;
use crate::metrics::run::{Found, run};

/// Everything held of one tenant.
#[derive(Default)]
pub struct Held(Mutex<HashMap<(Whose, Source), Place>>);

/// Whoever reads the rows keeps the place, so that nobody else reads the same beside him.
type Place = Arc<Mutex<Option<(Version, Rows)>>>;
type Rows = Arc<dyn Any + Send + Sync>;
/// Which filling of the warehouse, and the data version it has: a warehouse that is filled anew is read anew.
type Version = (u64, i64);

impl Held {
    /// What a task finds without the warehouse, at exactly this data version; nothing where what it needs is not held.
    pub fn find(&self, task: &Task, version: Version) -> Option<Found> {
        match task {
            Task::Sql(_) => None,
            Task::Sum(sum) => self.get::<Rollup>(&sum.whose, sum.source, version)?.sum(sum),
            Task::People(people) => Some(self.get::<Buyers>(&people.whose, Source::Orders, version)?.count(people)),
        }
    }

    /// What a task finds on a connection that sees this data version. What is read for it is held from then on.
    ///
    /// # Errors
    /// What DuckDB says.
    pub fn find_with(&self, conn: &Connection, task: &Task, version: Version) -> Result<Found> {
        match task {
            Task::Sql(statement) => run(conn, statement),
            Task::Sum(sum) => {
                let read = || load::rollup(conn, &sum.whose, sum.source);
                let found = self.get_or(&sum.whose, sum.source, version, read)?.sum(sum);
                Ok(found.context("summing what a rollup does not hold")?)
            }
            Task::People(people) => {
                let read = || load::buyers(conn, &people.whose);
                Ok(self.get_or(&people.whose, Source::Orders, version, read)?.count(people))
            }
        }
    }

    fn get_or<T: Send + Sync + 'static>(
        &self,
        whose: &Whose,
        source: Source,
        version: Version,
        read: impl FnOnce() -> Result<T>,
    ) -> Result<Arc<T>> {
        let place = self.place(whose, source);
        let mut held = place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rows) = as_of(&held, version) {
            return Ok(rows);
        }
        // A younger version stays for those who come later; an old reader reads for itself.
        let younger = held.as_ref().is_some_and(|(as_of, _)| *as_of > version);
        if younger {
            drop(held);
            return Ok(Arc::new(read()?));
        }
        let rows = Arc::new(read()?);
        *held = Some((version, Arc::clone(&rows) as Rows));
        Ok(rows)
    }

    fn get<T: Send + Sync + 'static>(&self, whose: &Whose, source: Source, version: Version) -> Option<Arc<T>> {
        as_of(&self.place(whose, source).lock().unwrap_or_else(PoisonError::into_inner), version)
    }

    fn place(&self, whose: &Whose, source: Source) -> Place {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry((whose.clone(), source)).or_default())
    }
}

fn as_of<T: Send + Sync + 'static>(held: &Option<(Version, Rows)>, version: Version) -> Option<Arc<T>> {
    let (known, rows) = held.as_ref()?;
    if *known == version { Arc::clone(rows).downcast().ok() } else { None }
}
