//! What the feed moved lately, by ids: whoever keeps rows of the warehouse in memory reads these again rather than everything.

use std::collections::VecDeque;

/// So many ids are remembered, the latest; of more, reading everything again is about as quick.
const MOST_IDS: usize = 100_000;

/// Facts that came, went, or are no longer as they were: their ids, ascending, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moved {
    pub orders: Vec<i64>,
    pub refunds: Vec<i64>,
    pub touches: Vec<i64>,
}

impl Moved {
    /// Nothing moved.
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    fn count(&self) -> usize {
        self.orders.len() + self.refunds.len() + self.touches.len()
    }

    fn add(&mut self, other: &Self) {
        for (ids, more) in [
            (&mut self.orders, &other.orders),
            (&mut self.refunds, &other.refunds),
            (&mut self.touches, &other.touches),
        ] {
            ids.extend_from_slice(more);
            ids.sort_unstable();
            ids.dedup();
        }
    }
}

/// Steps of the feed, each beginning where the one before ended.
#[derive(Debug, Default)]
pub(super) struct Recent {
    steps: VecDeque<Step>,
    size: usize,
}

#[derive(Debug)]
struct Step {
    since: i64,
    seq: i64,
    moved: Moved,
}

impl Step {
    fn size(&self) -> usize {
        1 + self.moved.count()
    }
}

impl Recent {
    /// The feed went from entry `since` to `seq`.
    pub fn push(&mut self, since: i64, seq: i64, moved: Moved) {
        if self.steps.back().is_some_and(|last| last.seq != since) {
            self.forget();
        }
        let step = Step { since, seq, moved };
        self.size += step.size();
        self.steps.push_back(step);
        while self.size > MOST_IDS
            && let Some(oldest) = self.steps.pop_front()
        {
            self.size -= oldest.size();
        }
    }

    /// What moved from one entry to another; nothing where that is no longer known.
    pub fn between(&self, since: i64, until: i64) -> Option<Moved> {
        let mut moved = Moved::default();
        if since == until {
            return Some(moved);
        }
        let mut at = since;
        for step in self.steps.iter().skip_while(|step| step.since < since) {
            if step.since != at {
                return None;
            }
            moved.add(&step.moved);
            at = step.seq;
            if at == until {
                return Some(moved);
            }
        }
        None
    }

    pub fn forget(&mut self) {
        (self.steps, self.size) = (VecDeque::new(), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(ids: &[i64]) -> Moved {
        Moved { orders: ids.to_vec(), ..Moved::default() }
    }

    #[test]
    fn steps_that_meet_are_added_up() {
        let mut recent = Recent::default();
        recent.push(3, 5, orders(&[2, 9]));
        recent.push(5, 6, Moved { touches: vec![4], ..Moved::default() });
        recent.push(6, 9, orders(&[1, 9]));
        assert_eq!(recent.between(3, 9), Some(Moved { orders: vec![1, 2, 9], touches: vec![4], ..Moved::default() }));
        assert_eq!(recent.between(6, 9), Some(orders(&[1, 9])));
        assert_eq!(recent.between(9, 9), Some(Moved::default()));
        for (since, until) in [(2, 9), (3, 8), (4, 9), (9, 6), (9, 12)] {
            assert_eq!(recent.between(since, until), None, "{since} to {until}");
        }
        // A step that does not go on from the last one: nobody knows what came between.
        recent.push(11, 12, orders(&[7]));
        assert_eq!((recent.between(6, 12), recent.between(11, 12)), (None, Some(orders(&[7]))));
    }

    #[test]
    fn only_so_much_is_remembered() {
        let mut recent = Recent::default();
        for seq in 0..5 {
            recent.push(seq, seq + 1, orders(&(0..30_000).collect::<Vec<_>>()));
        }
        assert_eq!(recent.between(0, 5), None);
        assert!(recent.between(3, 5).is_some_and(|moved| moved.orders.len() == 30_000));
        recent.push(5, 6, orders(&(0..200_000).collect::<Vec<_>>()));
        assert_eq!(recent.between(5, 6), None);
    }
}
