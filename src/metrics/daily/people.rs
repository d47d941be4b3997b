//! Counts distinct customers.

use super::People;
use crate::metrics::facts::Measure;
use crate::metrics::run::{Found, KeyValue, Row, Sums};
use crate::metrics::sql::Role;

/// Who ordered on which day, each once a day.
#[derive(Debug, Default)]
pub struct Buyers {
    /// Ascending, days since 1970-01-01.
    pub days: Vec<i32>,
    /// Row ids of customers.
    pub customers: Vec<i32>,
}

impl Buyers {
    /// What a statement for the same count finds.
    pub fn count(&self, people: &People) -> Found {
        let from = self.days.partition_point(|day| *day < people.days.first);
        let to = self.days.partition_point(|day| *day < people.days.after);
        let (days, customers) = (&self.days[from..to], &self.customers[from..to]);
        let lowest = customers.iter().min().copied().unwrap_or(0);
        let highest = customers.iter().max().copied().unwrap_or(0);
        // The last bucket, counted from 1, that a customer was counted in: buckets come one after the other.
        let mut counted = vec![0_u32; usize::try_from(highest - lowest).unwrap_or(0) + 1];
        let mut counts: Vec<(u32, i128)> = Vec::new();
        for (day, customer) in days.iter().zip(customers) {
            let day = usize::try_from(day - people.days.first).unwrap_or(0);
            let bucket = people.buckets.as_ref().map_or(0, |buckets| buckets[day]);
            let last = &mut counted[usize::try_from(customer - lowest).unwrap_or(0)];
            if *last == bucket + 1 {
                continue;
            }
            *last = bucket + 1;
            match counts.last_mut() {
                Some((current, count)) if *current == bucket => *count += 1,
                _ => counts.push((bucket, 1)),
            }
        }
        found(people, counts)
    }
}

fn found(people: &People, counts: Vec<(u32, i128)>) -> Found {
    let previous = matches!(people.role, Role::Part { previous: true, .. } | Role::Totals { previous: true });
    let placed = |count: i128| {
        let sums: Sums = [(Measure::Customers, count)].into_iter().collect();
        if previous { (Sums::default(), sums) } else { (sums, Sums::default()) }
    };
    if people.buckets.is_none() {
        let (now, before) = placed(counts.first().map_or(0, |(_, count)| *count));
        return Found { now, before, rows: Vec::new() };
    }
    let rows = counts.into_iter().map(|(bucket, count)| {
        let (now, before) = placed(count);
        Row { keys: vec![KeyValue::Int(bucket.into())], now, before }
    });
    Found { rows: rows.collect(), ..Found::default() }
}
