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
pub struct Held(Mutex<HashMap<(Whose, Source), (i64, Arc<dyn Any + Send + Sync>)>>);

impl Held {
    /// What a task finds without the warehouse, at exactly this data version; nothing where what it needs is not held.
    pub fn find(&self, task: &Task, version: i64) -> Option<Found> {
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
    pub fn find_with(&self, conn: &Connection, task: &Task, version: i64) -> Result<Found> {
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
        version: i64,
        read: impl FnOnce() -> Result<T>,
    ) -> Result<Arc<T>> {
        if let Some(rows) = self.get(whose, source, version) {
            return Ok(rows);
        }
        let rows = Arc::new(read()?);
        self.put(whose, source, version, Arc::clone(&rows));
        Ok(rows)
    }

    fn get<T: Send + Sync + 'static>(&self, whose: &Whose, source: Source, version: i64) -> Option<Arc<T>> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (as_of, rows) = held.get(&(whose.clone(), source))?;
        if *as_of == version { Arc::clone(rows).downcast().ok() } else { None }
    }

    /// A younger version stays.
    fn put<T: Send + Sync + 'static>(&self, whose: &Whose, source: Source, version: i64, rows: Arc<T>) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = held.get(&(whose.clone(), source)).map(|(as_of, _)| *as_of);
        if known.is_none_or(|known| known < version) {
            held.insert((whose.clone(), source), (version, rows));
        }
    }
}
