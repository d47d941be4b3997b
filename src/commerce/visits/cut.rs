//! Cuts what one browser did into visits: whatever lies within 30 idle minutes of one another is one, in whichever order it was told.

use super::{Hit, Kind};
use crate::commerce::arrival::Arrival;

/// So long without anything, and what follows is another visit.
pub const IDLE_MS: i64 = 30 * 60 * 1_000;
/// Comings of one visit that are kept apart.
const MOST_ARRIVALS: usize = 20;

/// One visit as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visit {
    /// Row id; none while it is new.
    pub id: Option<i64>,
    pub started_ms: i64,
    pub last_ms: i64,
    /// When the page was seen that the visit began with, and its path.
    pub landing: Option<(i64, String)>,
    pub device: Option<String>,
    pub pages: i64,
    pub products: i64,
    pub adds: i64,
    pub checkouts: i64,
    /// Where from. One that tells nothing stands alone.
    pub arrivals: Vec<Seen>,
    /// Something is to be written.
    pub changed: bool,
}

/// A coming within a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Row id; none while it is new.
    pub id: Option<i64>,
    pub at_ms: i64,
    pub arrival: Arrival,
    /// Something is to be written.
    pub changed: bool,
}

/// The visits of one browser, and what gave way.
#[derive(Debug, Default)]
pub struct Cut {
    pub visits: Vec<Visit>,
    /// Visits that became part of another: their rows, and the row of that one where it has one.
    pub gone: Vec<i64>,
    /// Comings whose rows go.
    pub gone_touches: Vec<i64>,
}

impl Cut {
    /// Adds something the browser did. Returns the place of its visit, good until the next.
    pub fn add(&mut self, hit: &Hit) -> usize {
        let near = |visit: &Visit| {
            hit.at_ms >= visit.started_ms.saturating_sub(IDLE_MS) && hit.at_ms <= visit.last_ms.saturating_add(IDLE_MS)
        };
        let mut found: Vec<usize> = (0..self.visits.len()).filter(|at| near(&self.visits[*at])).collect();
        found.sort_by_key(|at| (self.visits[*at].started_ms, self.visits[*at].id.unwrap_or(i64::MAX)));
        let Some(first) = found.first().copied() else {
            self.visits.push(Visit { started_ms: hit.at_ms, last_ms: hit.at_ms, ..Visit::default() });
            let at = self.visits.len() - 1;
            self.extend(at, hit);
            return at;
        };
        self.extend(first, hit);
        // From behind, so that places before stay.
        let mut others = found[1..].to_vec();
        others.sort_unstable_by(|a, b| b.cmp(a));
        let mut at = first;
        for other in others {
            let visit = self.visits.remove(other);
            at -= usize::from(other < at);
            self.merge(at, visit);
        }
        at
    }

    fn extend(&mut self, at: usize, hit: &Hit) {
        let visit = &mut self.visits[at];
        visit.changed = true;
        visit.started_ms = visit.started_ms.min(hit.at_ms);
        visit.last_ms = visit.last_ms.max(hit.at_ms);
        let count = match hit.kind {
            Kind::Page => &mut visit.pages,
            Kind::Product => &mut visit.products,
            Kind::AddToCart => &mut visit.adds,
            Kind::Checkout => &mut visit.checkouts,
            Kind::Purchase => {
                // Nobody buys past a checkout, though the page may not say so.
                visit.checkouts = visit.checkouts.max(1);
                &mut visit.pages
            }
        };
        *count += i64::from(hit.kind != Kind::Purchase);
        if visit.device.is_none() {
            visit.device = hit.device.map(str::to_owned);
        }
        if let Some(path) = &hit.arrival.landing_page {
            visit.begin_with((hit.at_ms, path.clone()));
        }
        self.arrive(at, &Seen { id: None, at_ms: hit.at_ms, arrival: hit.arrival.clone(), changed: true });
    }

    fn merge(&mut self, at: usize, other: Visit) {
        let visit = &mut self.visits[at];
        visit.changed = true;
        visit.started_ms = visit.started_ms.min(other.started_ms);
        visit.last_ms = visit.last_ms.max(other.last_ms);
        visit.pages += other.pages;
        visit.products += other.products;
        visit.adds += other.adds;
        visit.checkouts += other.checkouts;
        visit.device = visit.device.take().or(other.device);
        if let Some(landing) = other.landing {
            visit.begin_with(landing);
        }
        match (visit.id, other.id) {
            (Some(_), Some(id)) => self.gone.push(id),
            (None, id) => visit.id = id,
            _ => {}
        }
        for seen in other.arrivals {
            self.arrive(at, &Seen { changed: true, ..seen });
        }
    }

    /// A coming that tells nothing counts only where there is none that does: at the visit's beginning.
    fn arrive(&mut self, at: usize, seen: &Seen) {
        let visit = &mut self.visits[at];
        let is_direct = seen.arrival.is_direct();
        if let Some(known) = visit.arrivals.iter_mut().find(|known| known.arrival.is_like(&seen.arrival)) {
            if (seen.at_ms, &seen.arrival) < (known.at_ms, &known.arrival) {
                known.at_ms = seen.at_ms;
                known.arrival = seen.arrival.clone();
                known.changed = true;
            }
            match (known.id, seen.id) {
                (Some(_), Some(id)) => self.gone_touches.push(id),
                (None, id) => known.id = id,
                _ => {}
            }
            return;
        }
        let told = visit.arrivals.iter().any(|known| !known.arrival.is_direct());
        if is_direct && told || visit.arrivals.len() >= MOST_ARRIVALS {
            self.gone_touches.extend(seen.id);
            return;
        }
        if !is_direct {
            let direct = visit.arrivals.extract_if(.., |known| known.arrival.is_direct());
            self.gone_touches.extend(direct.filter_map(|known| known.id));
        }
        visit.arrivals.push(seen.clone());
    }
}

impl Visit {
    fn begin_with(&mut self, seen: (i64, String)) {
        if self.landing.as_ref().is_none_or(|first| seen < *first) {
            self.landing = Some(seen);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hit(minutes: i64, kind: u8, from: u8) -> Hit {
        let source = (from > 0).then(|| format!("s{from}"));
        let kind = [Kind::Page, Kind::Product, Kind::AddToCart, Kind::Checkout][usize::from(kind % 4)];
        let landing_page = Some(format!("/{}", minutes % 7));
        let arrival = Arrival { source, landing_page, ..Arrival::default() };
        Hit { visitor: [1; 16], at_ms: minutes * 60_000, kind, device: Some("mobile"), arrival, order: None }
    }

    /// What does not depend on rows and places.
    fn shape(hits: &[Hit]) -> Vec<Visit> {
        let mut cut = Cut::default();
        for hit in hits {
            cut.add(hit);
        }
        assert!(cut.gone.is_empty() && cut.gone_touches.is_empty(), "nothing had a row");
        for visit in &mut cut.visits {
            visit.arrivals.sort_by(|a, b| (a.at_ms, &a.arrival).cmp(&(b.at_ms, &b.arrival)));
        }
        cut.visits.sort_by_key(|visit| visit.started_ms);
        cut.visits
    }

    /// The definition, by sorting: a gap of more than 30 minutes begins another.
    fn by_hand(hits: &[Hit]) -> Vec<(i64, i64, i64)> {
        let mut times: Vec<i64> = hits.iter().map(|hit| hit.at_ms).collect();
        times.sort_unstable();
        let mut visits: Vec<(i64, i64, i64)> = Vec::new();
        for at in times {
            match visits.last_mut().filter(|visit| at - visit.1 <= IDLE_MS) {
                Some(visit) => (visit.1, visit.2) = (at, visit.2 + 1),
                None => visits.push((at, at, 1)),
            }
        }
        visits
    }

    proptest! {
        #[test]
        fn the_order_of_telling_does_not_matter(
            all in proptest::collection::vec((0_i64..600, 0_u8..4, 0_u8..4), 1..60), seed in any::<u64>(),
        ) {
            let hits: Vec<Hit> = all.iter().map(|(at, kind, from)| hit(*at, *kind, *from)).collect();
            let mut shuffled = hits.clone();
            let mut state = seed | 1;
            for at in (1..shuffled.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                shuffled.swap(at, usize::try_from(state >> 33).unwrap() % (at + 1));
            }
            let visits = shape(&hits);
            prop_assert_eq!(&visits, &shape(&shuffled));
            let counted: Vec<_> = visits
                .iter()
                .map(|v| (v.started_ms, v.last_ms, v.pages + v.products + v.adds + v.checkouts))
                .collect();
            prop_assert_eq!(counted, by_hand(&hits));
            for visit in &visits {
                prop_assert!(!visit.arrivals.is_empty());
                let direct = visit.arrivals.iter().any(|seen| seen.arrival.is_direct());
                prop_assert!(!direct || visit.arrivals.len() == 1, "direct stands alone");
            }
        }
    }

    #[test]
    fn thirty_minutes_are_one_visit_and_a_millisecond_more_are_two() {
        let at = |ms: i64| Hit { at_ms: ms, ..hit(0, 0, 0) };
        assert_eq!(shape(&[at(0), at(IDLE_MS)]).len(), 1);
        assert_eq!(shape(&[at(0), at(IDLE_MS + 1)]).len(), 2);
        let bridged = shape(&[at(0), at(2 * IDLE_MS), at(IDLE_MS)]);
        assert_eq!((bridged.len(), bridged[0].pages), (1, 3), "what lies between joins them");
    }

    #[test]
    fn rows_of_what_was_joined_give_way() {
        let row = |id, at_ms| Visit {
            id: Some(id),
            started_ms: at_ms,
            last_ms: at_ms,
            pages: 1,
            arrivals: vec![Seen { id: Some(id + 100), at_ms, arrival: Arrival::default(), changed: false }],
            ..Visit::default()
        };
        let mut cut = Cut { visits: vec![row(2, 2 * IDLE_MS), row(1, 0)], ..Cut::default() };
        let at = cut.add(&Hit { at_ms: IDLE_MS, ..hit(0, 0, 3) });
        assert_eq!((cut.visits.len(), at, cut.visits[0].id, &cut.gone), (1, 0, Some(1), &vec![2]));
        let mut touches = cut.gone_touches.clone();
        touches.sort_unstable();
        assert_eq!(touches, [101, 102], "two comings that told nothing");
        assert_eq!(cut.visits[0].arrivals.len(), 1);
    }
}
