//! Cuts touches into journeys: which touches led to which order, and which led to none.

use std::ops::Range;

use super::ledger::{Ledger, Order, Touch};

const DAY_MS: i64 = 86_400_000;

/// Touches of one journey; of more, those nearest to the order count. Nobody clicks this often, a script may.
pub const MOST_TOUCHES: usize = 10_000;

/// How long before an order a touch may lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lookback {
    Days(u16),
    /// As long as anything is known.
    Lifetime,
}

impl Lookback {
    /// The click windows there are.
    pub const DAYS: [u16; 5] = [1, 7, 14, 28, 90];

    fn earliest(self, order_ms: i64) -> i64 {
        match self {
            Self::Days(days) => order_ms - i64::from(days) * DAY_MS,
            Self::Lifetime => i64::MIN,
        }
    }
}

/// A journey: an order, or none, and where its touches stand in `Cut::touches`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Journey {
    /// In `Ledger::orders`.
    pub order: Option<u32>,
    from: u32,
    to: u32,
}

/// Journeys with at least one touch.
#[derive(Debug, Clone, Default)]
pub struct Cut {
    pub journeys: Vec<Journey>,
    /// Places in `Ledger::touches`.
    touches: Vec<u32>,
}

impl Cut {
    /// The touches of a journey, oldest first, as places in `Ledger::touches`.
    pub fn touches(&self, journey: &Journey) -> &[u32] {
        &self.touches[journey.from as usize..journey.to as usize]
    }

    fn end(&mut self, order: Option<u32>, from: usize) {
        let kept = self.touches.len() - from;
        if kept > MOST_TOUCHES {
            self.touches.drain(from..from + kept - MOST_TOUCHES);
        }
        if kept > 0 {
            self.journeys.push(Journey { order, from: from as u32, to: self.touches.len() as u32 });
        }
    }
}

/// Which journeys are wanted.
pub struct Wanted<F> {
    pub lookback: Lookback,
    /// Orders.
    pub orders: F,
    /// Journeys that led to no order and whose last touch lies in these local days, half open; they count once the lookback has
    /// passed before `today`. Nothing where they are not wanted; with a lifetime's lookback there are none.
    pub nulls: Option<(i32, i32)>,
    pub today: i32,
}

/// Cuts the touches of every person by their orders. The touches of an order are those after the person's order before (of the
/// same second: before it) up to the order's own second, and within the lookback; one that is bound to an order belongs to that
/// order or to none. What comes after the order, or from the future, waits for the next. Touches without an order for longer than
/// the lookback are a journey that came to nothing.
pub fn cut(ledger: &Ledger, wanted: &Wanted<impl Fn(u32, &Order) -> bool>) -> Cut {
    let mut cut = Cut::default();
    let (orders, touches) = (&ledger.orders, &ledger.touches);
    let (mut at, mut begun) = (0, 0);
    while at < touches.len() {
        let person = touches[at].person;
        begun += orders[begun..].iter().take_while(|order| order.person < person).count();
        let end = at + touches[at..].iter().take_while(|touch| touch.person == person).count();
        let done = begun + orders[begun..].iter().take_while(|order| order.person == person).count();
        of_person(&mut cut, ledger, wanted, begun..done, at..end);
        (at, begun) = (end, done);
    }
    cut
}

/// The same of these persons alone, whose numbers ascend.
pub fn cut_of(ledger: &Ledger, wanted: &Wanted<impl Fn(u32, &Order) -> bool>, persons: &[i64]) -> Cut {
    let mut cut = Cut::default();
    let (orders, touches) = (&ledger.orders, &ledger.touches);
    for person in persons {
        let at = touches.partition_point(|touch| touch.person < *person);
        let end = at + touches[at..].partition_point(|touch| touch.person == *person);
        let begun = orders.partition_point(|order| order.person < *person);
        let done = begun + orders[begun..].partition_point(|order| order.person == *person);
        of_person(&mut cut, ledger, wanted, begun..done, at..end);
    }
    cut
}

/// Cuts the touches of one person by that person's orders.
fn of_person(
    cut: &mut Cut,
    ledger: &Ledger,
    wanted: &Wanted<impl Fn(u32, &Order) -> bool>,
    orders: Range<usize>,
    all: Range<usize>,
) {
    let touches = &ledger.touches;
    let mut at = all.start;
    for place in orders {
        let order = &ledger.orders[place];
        let until = at + touches[at..all.end].partition_point(|touch| touch.at_ms < order.at * 1_000 + 1_000);
        let earliest = wanted.lookback.earliest(order.at * 1_000);
        if (wanted.orders)(place as u32, order) {
            let from = cut.touches.len();
            let near = at + touches[at..until].partition_point(|touch| touch.at_ms < earliest);
            let own = (near..until).filter(|i| touches[*i].order == 0 || touches[*i].order == order.id);
            cut.touches.extend(own.map(|i| i as u32));
            cut.end(Some(place as u32), from);
        }
        nulls(cut, touches, at..until, Some(earliest), wanted);
        at = until;
    }
    nulls(cut, touches, at..all.end, None, wanted);
}

/// The runs of touches, never further apart than the lookback, that led to no order. The last run before an order led to it if
/// it reaches beyond `earliest`.
fn nulls(
    cut: &mut Cut,
    touches: &[Touch],
    range: Range<usize>,
    earliest: Option<i64>,
    wanted: &Wanted<impl Fn(u32, &Order) -> bool>,
) {
    let (Some((first, after)), Lookback::Days(days)) = (wanted.nulls, wanted.lookback) else { return };
    let longest = i64::from(days) * DAY_MS;
    let mut run = cut.touches.len();
    let mut last: Option<&Touch> = None;
    let close = |cut: &mut Cut, run: usize, last: Option<&Touch>, leads: bool| {
        let Some(last) = last else { return };
        let passed = last.day + i32::from(days) < wanted.today;
        if !leads && passed && (first..after).contains(&last.day) {
            cut.end(None, run);
        } else {
            cut.touches.truncate(run);
        }
    };
    for i in range.filter(|i| touches[*i].order == 0) {
        let touch = &touches[i];
        if last.is_some_and(|last| touch.at_ms - last.at_ms > longest) {
            close(cut, run, last, false);
            run = cut.touches.len();
        }
        cut.touches.push(i as u32);
        last = Some(touch);
    }
    let leads = last.zip(earliest).is_some_and(|(last, earliest)| last.at_ms >= earliest);
    close(cut, run, last, leads);
}
