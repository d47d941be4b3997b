//! Adds rows of a rollup up.

use std::collections::HashMap;

use super::{Filter, Sum, SumKey, weekday};
use crate::metrics::facts::{Dim, Family, Measure};
use crate::metrics::plan::{Test, Value};
use crate::metrics::run::{Found, KeyValue, Row, Sums};
use crate::metrics::sql::Role;

/// The rows of one brand in one rollup, by day. A row has one day and one combination of the dimensions, not alone perhaps.
#[derive(Debug, Default)]
pub struct Rollup {
    /// Ascending, days since 1970-01-01.
    pub days: Vec<i32>,
    /// The combination of each row, a number into `dims`.
    pub groups: Vec<u32>,
    /// Whether the row has sales, and refunds.
    pub has: Vec<[bool; 2]>,
    pub dims: Vec<(Dim, Values)>,
    pub measures: Vec<(Measure, Vec<i64>)>,
}

/// The values of one dimension.
#[derive(Debug, Default)]
pub struct Values {
    /// Each once.
    pub known: Vec<Option<String>>,
    /// The number in `known` of every combination.
    pub of_group: Vec<u32>,
}

/// Up to this many places the rows' sums lie in one array; beyond it only those that occur have one.
const MOST_PLACES: u64 = 1 << 17;

/// Where a row's sums are: a number made of what its keys say of its day and of its combination.
struct Places {
    of_day: Vec<u64>,
    of_group: Vec<u64>,
    /// The values of the keys on dimensions, by place of the combination.
    values: Vec<Vec<u32>>,
    /// How many there are.
    count: u64,
}

enum Slots {
    All(Vec<u32>),
    Some(HashMap<u64, u32>),
}

impl Rollup {
    fn values(&self, dim: Dim) -> Option<&Values> {
        self.dims.iter().find(|(known, _)| *known == dim).map(|(_, values)| values)
    }

    /// What a statement for the same sum finds; nothing where a dimension or measure is not held.
    pub fn sum(&self, sum: &Sum) -> Option<Found> {
        let columns: Vec<&[i64]> = sum.measures.iter().map(|m| self.column(*m)).collect::<Option<_>>()?;
        let (days, groups) = (self.passing_days(sum), self.passing_groups(sum)?);
        let places = self.places(sum)?;
        let mut slots = Slots::new(places.count);
        let mut sums: Vec<i128> = Vec::new();
        let mut seen: Vec<u64> = Vec::new();
        let from = self.days.partition_point(|day| *day < sum.days.first);
        let to = self.days.partition_point(|day| *day < sum.days.after);
        for row in from..to {
            let day = usize::try_from(self.days[row] - sum.days.first).unwrap_or(0);
            let group = self.groups[row] as usize;
            let [sells, refunds] = self.has[row];
            let own = match sum.family {
                None => true,
                Some(Family::Refunds) => refunds,
                Some(_) => sells,
            };
            if !own || !days[day] || !groups[group] {
                continue;
            }
            let place = places.of_day[day] + places.of_group[group];
            let slot = slots.get(place, || {
                seen.push(place);
                sums.resize(sums.len() + columns.len(), 0);
                seen.len() - 1
            });
            for (sum, column) in sums[slot * columns.len()..].iter_mut().zip(&columns) {
                *sum += i128::from(column[row]);
            }
        }
        Some(self.found(sum, &places, &seen, &sums))
    }

    fn column(&self, measure: Measure) -> Option<&[i64]> {
        self.measures.iter().find(|(known, _)| *known == measure).map(|(_, column)| column.as_slice())
    }

    fn passing_days(&self, sum: &Sum) -> Vec<bool> {
        let mut passing = vec![true; sum.days.count()];
        for filter in &sum.filters {
            if let Filter::Days(days) = filter {
                passing.iter_mut().zip(days).for_each(|(all, this)| *all &= this);
            }
        }
        passing
    }

    fn passing_groups(&self, sum: &Sum) -> Option<Vec<bool>> {
        let mut passing = vec![true; self.group_count()];
        for filter in &sum.filters {
            let Filter::Dim(dim, test) = filter else { continue };
            let values = self.values(*dim)?;
            let known: Vec<bool> = values.known.iter().map(|value| passes(test, value.as_deref())).collect();
            passing.iter_mut().zip(&values.of_group).for_each(|(all, value)| *all &= known[*value as usize]);
        }
        Some(passing)
    }

    fn group_count(&self) -> usize {
        self.dims.first().map_or(0, |(_, values)| values.of_group.len())
    }

    fn places(&self, sum: &Sum) -> Option<Places> {
        let mut places = Places { of_day: Vec::new(), of_group: Vec::new(), values: Vec::new(), count: 1 };
        let dims = sum.keys.iter().filter_map(|key| if let SumKey::Dim(dim) = key { Some(*dim) } else { None });
        let dims: Vec<&Values> = dims.map(|dim| self.values(dim)).collect::<Option<_>>()?;
        let mut known: HashMap<Vec<u32>, u64> = HashMap::new();
        for group in 0..self.group_count() {
            let values: Vec<u32> = dims.iter().map(|of| of.of_group[group]).collect();
            let next = places.values.len() as u64;
            let place = *known.entry(values).or_insert_with_key(|values| {
                places.values.push(values.clone());
                next
            });
            places.of_group.push(place);
        }
        places.of_day = vec![0; sum.days.count()];
        places.count = (places.values.len() as u64).max(1);
        for key in &sum.keys {
            let stride = places.count;
            match key {
                SumKey::Bucket(of_day, count) => {
                    let all = places.of_day.iter_mut().zip(of_day);
                    all.for_each(|(place, bucket)| *place += stride * u64::from(*bucket));
                    places.count *= *count as u64;
                }
                SumKey::Weekday(start) => {
                    for (place, day) in places.of_day.iter_mut().zip(sum.days.all()) {
                        *place += stride * weekday_from(*start, day);
                    }
                    places.count *= 7;
                }
                SumKey::Dim(_) => {}
            }
        }
        Some(places)
    }

    fn found(&self, sum: &Sum, places: &Places, seen: &[u64], sums: &[i128]) -> Found {
        let previous = matches!(sum.role, Role::Part { previous: true, .. } | Role::Totals { previous: true });
        let named = |sums: &[i128]| sum.measures.iter().copied().zip(sums.iter().copied()).collect::<Sums>();
        let placed = |sums: Sums| if previous { (Sums::default(), sums) } else { (sums, Sums::default()) };
        if sum.keys.is_empty() {
            let nothing = vec![0; sum.measures.len()];
            let (now, before) = placed(named(if sums.is_empty() { &nothing } else { sums }));
            return Found { now, before, rows: Vec::new() };
        }
        let rows = seen.iter().zip(sums.chunks(sum.measures.len())).map(|(place, sums)| {
            let (now, before) = placed(named(sums));
            Row { keys: self.keys(sum, places, *place), now, before }
        });
        Found { rows: rows.collect(), ..Found::default() }
    }

    /// The keys that a place stands for.
    fn keys(&self, sum: &Sum, places: &Places, place: u64) -> Vec<KeyValue> {
        let groups = (places.values.len() as u64).max(1);
        let mut values = places.values.get(usize::try_from(place % groups).unwrap_or(0)).into_iter().flatten();
        let mut of_day = place / groups;
        let mut part = |count: u64| {
            let part = of_day % count.max(1);
            of_day /= count.max(1);
            KeyValue::Int(i64::try_from(part).unwrap_or(i64::MAX))
        };
        let keys = sum.keys.iter().map(|key| match key {
            SumKey::Bucket(_, count) => part(*count as u64),
            SumKey::Weekday(_) => part(7),
            SumKey::Dim(dim) => {
                let known = self.values(*dim).zip(values.next()).and_then(|(of, at)| of.known.get(*at as usize));
                known.and_then(Clone::clone).map_or(KeyValue::Missing, KeyValue::Text)
            }
        });
        keys.collect()
    }
}

impl Slots {
    fn new(places: u64) -> Self {
        match usize::try_from(places) {
            Ok(count) if places <= MOST_PLACES => Self::All(vec![u32::MAX; count]),
            _ => Self::Some(HashMap::new()),
        }
    }

    /// The slot of a place; a new one from `add`.
    fn get(&mut self, place: u64, add: impl FnOnce() -> usize) -> usize {
        let new = || u32::try_from(add()).unwrap_or(u32::MAX);
        let slot = match self {
            Self::All(slots) => {
                // `place` is below the count of places that the array was made for.
                let slot = &mut slots[usize::try_from(place).unwrap_or(0)];
                if *slot == u32::MAX {
                    *slot = new();
                }
                *slot
            }
            Self::Some(slots) => *slots.entry(place).or_insert_with(new),
        };
        slot as usize
    }
}

fn weekday_from(start: i8, day: i32) -> u64 {
    u64::try_from((weekday(day) - i64::from(start)).rem_euclid(7)).unwrap_or(0)
}

fn passes(test: &Test, value: Option<&str>) -> bool {
    match test {
        Test::Null(is) => value.is_none() == *is,
        Test::OneOf { values, not } => {
            let is = |known: &Value| matches!((known, value), (Value::Text(known), Some(value)) if known == value);
            values.iter().any(is) != *not
        }
        _ => false,
    }
}
