//! A set of days as bits: two years of one ad take a hundred bytes.

/// Days by their number since 1970-01-01.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct DaySet {
    /// Number of the first word's first day, divided by 64.
    base: i32,
    words: Vec<u64>,
}

impl DaySet {
    pub(super) fn insert(&mut self, day: i32) {
        let word = day.div_euclid(64);
        if self.words.is_empty() {
            self.base = word;
        }
        if word < self.base {
            let missing = usize::try_from(self.base - word).unwrap_or(0);
            self.words.splice(0..0, std::iter::repeat_n(0, missing));
            self.base = word;
        }
        let at = usize::try_from(word - self.base).unwrap_or(0);
        if at >= self.words.len() {
            self.words.resize(at + 1, 0);
        }
        self.words[at] |= 1 << day.rem_euclid(64);
    }

    pub(super) fn contains(&self, day: i32) -> bool {
        let at = i64::from(day.div_euclid(64)) - i64::from(self.base);
        usize::try_from(at)
            .ok()
            .and_then(|at| self.words.get(at))
            .is_some_and(|word| word >> day.rem_euclid(64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn holds_what_was_inserted(days in proptest::collection::hash_set(-2_000_i32..30_000, 0..60), other in -3_000_i32..31_000) {
            let mut set = DaySet::default();
            for day in &days {
                set.insert(*day);
            }
            prop_assert!(days.iter().all(|day| set.contains(*day)));
            prop_assert_eq!(set.contains(other), days.contains(&other));
        }
    }
}
