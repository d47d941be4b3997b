//! A shop at a moment: which orders are there, in either order, and what the control did to them.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::order::{self, Change, Order};
use super::shop::{MADE, SETTLED, Shop};

/// What the control did, on top of what the seed says.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    /// When each made order was placed; ascending.
    pub made: Vec<i64>,
    pub changes: HashMap<u64, Change>,
    /// Products that were deleted, by place, and when.
    pub gone: HashMap<usize, i64>,
    /// Counts the interventions.
    pub revision: u64,
}

/// Orders by their last change, kept up as time goes on.
#[derive(Debug, Default)]
struct Index {
    as_of: Option<(i64, u64)>,
    updated: BTreeSet<(i64, u64)>,
    destroyed: BTreeSet<(i64, u64)>,
}

/// A shop with its index and its overlay.
#[derive(Debug)]
pub struct Ledger {
    pub shop: Shop,
    overlay: RwLock<Arc<Overlay>>,
    index: Mutex<Index>,
}

/// A shop at a moment.
#[derive(Debug, Clone)]
pub struct View<'a> {
    pub shop: &'a Shop,
    pub now: i64,
    pub overlay: Arc<Overlay>,
    index: &'a Mutex<Index>,
}

/// A key of a sorted list: the time it is sorted by, then the order's index.
pub type Key = (i64, u64);

impl Ledger {
    pub fn new(shop: Shop) -> Self {
        Self { shop, overlay: RwLock::default(), index: Mutex::default() }
    }

    pub fn at(&self, now: i64) -> View<'_> {
        let overlay = Arc::clone(&self.overlay.read().unwrap_or_else(PoisonError::into_inner));
        View { shop: &self.shop, now, overlay, index: &self.index }
    }

    /// Changes what the control did.
    pub fn change<T>(&self, change: impl FnOnce(&mut Overlay) -> T) -> T {
        let mut overlay = self.overlay.write().unwrap_or_else(PoisonError::into_inner);
        let overlay = Arc::make_mut(&mut overlay);
        overlay.revision += 1;
        change(overlay)
    }
}

impl<'a> View<'a> {
    /// When order `index` was placed; none for a made order that does not exist.
    pub fn placed(&self, index: u64) -> Option<i64> {
        match index.checked_sub(MADE) {
            None => Some(self.shop.placed(index)),
            Some(made) => self.overlay.made.get(usize::try_from(made).ok()?).copied(),
        }
    }

    /// Order `index` as it stands now; none when it is not there yet or no more.
    pub fn order(&self, index: u64) -> Option<Order> {
        let change = if self.overlay.changes.is_empty() { None } else { self.overlay.changes.get(&index) };
        let mut order = order::make(self.shop, index, self.placed(index)?, self.now, change)?;
        if !self.overlay.gone.is_empty() {
            for line in &mut order.lines {
                let product = line.variant.map(|at| self.shop.catalogue.variants[at].product);
                line.there = product.is_some_and(|product| self.product_deleted(product).is_none());
            }
        }
        Some(order)
    }

    /// Whether it is deleted, by the seed or by the control.
    fn deleted(&self, index: u64, created: i64) -> Option<i64> {
        let planned = self.shop.timeline(index, created).deleted;
        let by_hand = self.overlay.changes.get(&index).and_then(|change| change.deleted);
        planned.into_iter().chain(by_hand).min().filter(|at| *at <= self.now)
    }

    fn updated(&self, index: u64, created: i64) -> i64 {
        let change = self.overlay.changes.get(&index);
        let by_hand = change.into_iter().flat_map(|change| {
            let refunds = change.refunds.iter().map(|(at, _)| *at);
            refunds.chain(change.cancelled).chain(change.touched).chain(change.swollen).filter(|at| *at <= self.now)
        });
        by_hand.fold(self.shop.timeline(index, created).updated(self.now), i64::max)
    }

    /// Keys of orders placed in `from..to`, deleted ones too, in the order they were placed.
    pub fn placed_between(&self, from: i64, to: i64) -> impl Iterator<Item = Key> + use<'a> {
        let to = to.min(self.now + 1);
        let first = self.shop.placed_until(from - 1);
        let end = self.shop.placed_until(to - 1).max(first);
        let shop = self.shop;
        let made = Arc::clone(&self.overlay);
        let first_made = made.made.partition_point(|at| *at < from);
        let end_made = made.made.partition_point(|at| *at < to).max(first_made);
        let mut natural = (first..end).map(move |index| (shop.placed(index), index)).peekable();
        let mut by_hand = (first_made..end_made).map(move |at| (made.made[at], MADE + at as u64)).peekable();
        std::iter::from_fn(move || match (natural.peek(), by_hand.peek()) {
            (Some(one), Some(other)) if one > other => by_hand.next(),
            (Some(_), _) => natural.next(),
            (None, _) => by_hand.next(),
        })
    }

    /// Keys of up to `most` orders that changed in `from..to`, after the key `after`, in the order they changed.
    pub fn updated_between(&self, (from, to): (i64, i64), after: Option<Key>, reverse: bool, most: usize) -> Vec<Key> {
        let index = self.index();
        let (mut low, mut high) = ((from, 0), (to, 0));
        match after {
            Some(after) if reverse => high = high.min(after),
            Some(after) => low = low.max((after.0, after.1 + 1)),
            None => {}
        }
        if low >= high {
            return Vec::new();
        }
        let range = index.updated.range(low..high).copied();
        if reverse { range.rev().take(most).collect() } else { range.take(most).collect() }
    }

    /// Orders that were deleted, by when.
    pub fn destroyed(&self) -> Vec<Key> {
        self.index().destroyed.iter().copied().collect()
    }

    /// The index as of now: made anew after an intervention or when time went back, else moved on.
    fn index(&self) -> MutexGuard<'_, Index> {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = (self.now, self.overlay.revision);
        let as_of = index.as_of;
        match as_of {
            Some(as_of) if as_of == wanted => return index,
            Some((then, revision)) if revision == wanted.1 && then < self.now => self.move_on(&mut index, then),
            _ => {
                *index = Index::default();
                for (created, at) in self.placed_between(i64::MIN / 4, i64::MAX / 4) {
                    self.enter(&mut index, at, created);
                }
            }
        }
        index.as_of = Some(wanted);
        index
    }

    fn enter(&self, index: &mut Index, at: u64, created: i64) {
        match self.deleted(at, created) {
            Some(deleted) => index.destroyed.insert((deleted, at)),
            None => index.updated.insert((self.updated(at, created), at)),
        };
    }

    fn move_on(&self, index: &mut Index, then: i64) {
        for (created, at) in self.placed_between(then - SETTLED - 1, i64::MAX / 4) {
            let line = self.shop.timeline(at, created);
            if line.stirs(then, self.now) {
                let before = View { now: then, ..self.clone() };
                index.updated.remove(&(before.updated(at, created), at));
                self.enter(index, at, created);
            }
        }
    }

    /// When a product was deleted, if it was.
    pub fn product_deleted(&self, place: usize) -> Option<i64> {
        let planned = self.shop.catalogue.products[place].deleted;
        let by_hand = self.overlay.gone.get(&place).copied();
        planned.into_iter().chain(by_hand).min().filter(|at| *at <= self.now)
    }

    /// Places of the products that are there.
    pub fn products(&self) -> Vec<usize> {
        let all = 0..self.shop.catalogue.products.len();
        all.filter(|at| self.shop.catalogue.products[*at].created <= self.now && self.product_deleted(*at).is_none())
            .collect()
    }

    /// Places of the variants that are there.
    pub fn variants(&self) -> Vec<usize> {
        let products = self.products();
        products.iter().flat_map(|at| self.shop.catalogue.products[*at].variants.clone()).collect()
    }

    /// What is available of everything over all locations.
    pub fn available(&self) -> i64 {
        let catalogue = &self.shop.catalogue;
        let variants = self.variants().into_iter().map(|at| &catalogue.variants[at]).filter(|variant| variant.tracked);
        let of = |variant| {
            let places = 0..catalogue.locations.len() as u64;
            places.map(move |place| super::catalogue::level(&self.shop.setup, variant, place, self.now).available)
        };
        variants.flat_map(of).sum()
    }
}
