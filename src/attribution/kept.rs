//! Ledgers that are kept from question to question, with what their journeys added up to: brought forward as data moves, read anew
//! where that is not known.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::forward::Step;
use super::ledger::Ledger;
use super::model::{AttributionModel, Spec};
use super::side::{Column, columns};
use super::tally::Tally;
use crate::duck::Connection;
use crate::error::Result;
use crate::warehouse::Moved;

/// Brands whose ledgers are kept.
const MOST_LEDGERS: usize = 4;
/// Questions of a brand whose journeys are kept added up.
const MOST_TALLIES: usize = 2;

/// A state of the warehouse: which filling, and the data version.
pub type State = (u64, i64);

/// A brand's ledger, and the questions it was asked lately.
pub struct Kept {
    ledger: Arc<Ledger>,
    tallies: Vec<Tally>,
}

impl Kept {
    /// Reads a brand's.
    ///
    /// # Errors
    /// `Internal` when DuckDB refuses.
    pub fn read(conn: &Connection, brand_id: i64) -> Result<Self> {
        Ok(Self { ledger: Arc::new(Ledger::read(conn, brand_id)?), tallies: Vec::new() })
    }

    /// Brings it to what the warehouse has now, given everything that moved since.
    ///
    /// # Errors
    /// `Internal` when DuckDB refuses.
    pub fn forward(mut self, conn: &Connection, brand_id: i64, moved: &Moved) -> Result<Self> {
        if moved.is_empty() {
            return Ok(self);
        }
        // In place, but for somebody who is still reading the one before.
        let ledger = Arc::make_mut(&mut self.ledger);
        let Some(step) = Step::read(ledger, conn, brand_id, moved)? else {
            drop(self);
            return Self::read(conn, brand_id);
        };
        let persons = step.persons.clone();
        for tally in &mut self.tallies {
            tally.count_persons(ledger, &persons, -1);
        }
        step.apply(ledger);
        for tally in &mut self.tallies {
            tally.count_persons(ledger, &persons, 1);
        }
        Ok(self)
    }

    /// The orders and touches themselves.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// As [`super::side_by_side`] of the ledger; what journeys add up to is kept for the next time.
    pub fn side_by_side(&mut self, spec: &Spec, models: &[AttributionModel]) -> Vec<Column> {
        let known = self.tallies.iter().position(|tally| tally.answers(spec));
        let tally = match known {
            Some(at) => self.tallies.remove(at),
            None => Tally::of(&self.ledger, spec),
        };
        let columns = columns(&self.ledger, spec, models, &tally);
        if self.tallies.len() >= MOST_TALLIES {
            self.tallies.remove(0);
        }
        self.tallies.push(tally);
        columns
    }
}

/// What is kept of a brand; nothing while somebody failed to bring it forward.
type Place = Arc<Mutex<Option<(State, Kept)>>>;

/// The ledgers of a tenant's brands.
#[derive(Default)]
pub(super) struct Ledgers(Mutex<HashMap<i64, Place>>);

impl Ledgers {
    /// A brand's ledger in a state of the warehouse that `conn` has; `moved` knows what moved between two versions of this filling.
    pub fn open(
        &self,
        conn: &Connection,
        state: State,
        brand_id: i64,
        moved: impl Fn(i64, i64) -> Option<Moved>,
    ) -> Result<Reading> {
        let place = self.place(brand_id);
        // Two who need the same step wait for one another; who only works on it does not hold it.
        let mut kept = lock(&place);
        let now = match kept.take() {
            Some((as_of, known)) if as_of == state => known,
            Some((as_of, known)) => match moved(as_of.1, state.1).filter(|_| as_of.0 == state.0) {
                Some(moved) => known.forward(conn, brand_id, &moved)?,
                None => {
                    drop(known);
                    Kept::read(conn, brand_id)?
                }
            },
            None => Kept::read(conn, brand_id)?,
        };
        let ledger = Arc::clone(&now.ledger);
        *kept = Some((state, now));
        drop(kept);
        Ok(Reading { ledger, state, place })
    }

    fn place(&self, brand_id: i64) -> Place {
        let mut places = lock(&self.0);
        if places.len() >= MOST_LEDGERS && !places.contains_key(&brand_id) {
            places.clear();
        }
        Arc::clone(places.entry(brand_id).or_default())
    }
}

/// A brand's ledger in one state of the warehouse.
pub struct Reading {
    ledger: Arc<Ledger>,
    state: State,
    place: Place,
}

impl Reading {
    /// The orders and touches.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// As [`super::side_by_side`], quicker when the question was asked before.
    pub fn side_by_side(&self, spec: &Spec, models: &[AttributionModel]) -> Vec<Column> {
        match lock(&self.place).as_mut().filter(|(as_of, _)| *as_of == self.state) {
            Some((_, kept)) => kept.side_by_side(spec, models),
            None => super::side_by_side(&self.ledger, spec, models),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
