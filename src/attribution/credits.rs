//! Who gets how much of which order: the answer to a [`Spec`], from a brand's ledger.
//!
//! Models that look at one journey at a time give parts of 10^12 that add up to the order, so its sales and whatever is refunded of
//! it later are shared out exactly. Markov and Shapley give channels parts of the whole window: what the attributed orders of the
//! window bring in × the channel's share. Within the channel that is spread over its touches by their linear shares, so the
//! parts of one order need not add up to it, while those of the window do; refunds of the window likewise. Conversions are shared
//! by the effect on conversions, money by the effect on worth. A channel that has credit but no touch to carry it (it only helps
//! others, or others' journeys) gets the same part of every attributed order. Filters look at what is there; nothing is fitted
//! again for them.

use super::journeys::{Cut, Wanted, cut};
use super::ledger::{Ledger, Order};
use super::model::{AttributionModel, Spec};
use super::models::{Paths, markov, shapley};
use super::parts::{Parts, Spread};
use super::tally::{Tally, Way, paths};

/// A touch's part of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credit {
    /// In `Ledger::orders`.
    pub order: u32,
    /// In `Ledger::touches`; nothing for the part of a channel without a touch to carry it.
    pub touch: Option<u32>,
    /// The number of the channel.
    pub channel: u32,
    /// Parts of 10^12: of the order, of what it brought in, of what went back.
    pub orders: i64,
    pub sales: i64,
    pub refunds: i64,
    /// Another channel has the journey's last touch.
    pub assists: bool,
}

/// Credits of the orders and refunds of a window. Orders without one are unattributed.
pub fn credits(ledger: &Ledger, spec: &Spec) -> Vec<Credit> {
    let rows = Rows::of(ledger, spec);
    let cut = rows.journeys(ledger, spec.model.is_fitted());
    if !spec.model.is_fitted() {
        return by_rule(ledger, spec, &cut);
    }
    let tally = Tally::of_cut(ledger, &rows, &cut);
    let ways = tally.ways();
    fitted(ledger, &cut, fit(ledger.channels.len(), spec, &ways, &paths(&ways)))
}

/// Which orders and refunds the window has.
pub(super) struct Rows<'a> {
    pub spec: &'a Spec,
    /// By order: something of it went back in the window.
    refunded: Vec<bool>,
    /// By order: what went back, in micros.
    pub goods: Vec<i64>,
    /// What went back of orders that are not known, in micros.
    pub loose: i64,
}

impl<'a> Rows<'a> {
    pub fn of(ledger: &Ledger, spec: &'a Spec) -> Self {
        let count = ledger.orders.len();
        let mut rows = Self { spec, refunded: vec![false; count], goods: vec![0; count], loose: 0 };
        for refund in &ledger.refunds {
            let order = refund.order.map(|at| &ledger.orders[at as usize]).filter(|_| spec.refunds_by_order);
            let (day, at) = order.map_or((refund.day, refund.at), |order| (order.day, order.at));
            if !spec.window.holds(day, at) {
                continue;
            }
            match refund.order {
                Some(order) => {
                    rows.refunded[order as usize] = true;
                    rows.goods[order as usize] += refund.goods;
                }
                None => rows.loose += refund.goods,
            }
        }
        rows
    }

    /// The journeys of its orders and refunds, and those that came to nothing where they are wanted.
    pub fn journeys(&self, ledger: &Ledger, nulls: bool) -> Cut {
        cut(ledger, &self.wanted(nulls))
    }

    /// What [`Rows::journeys`] cuts.
    pub fn wanted(&self, nulls: bool) -> Wanted<impl Fn(u32, &Order) -> bool> {
        Wanted {
            lookback: self.spec.tuning.lookback,
            orders: move |at, order: &Order| self.sells(order) || self.refunded[at as usize],
            nulls: nulls.then_some((self.spec.window.first, self.spec.window.after)),
            today: self.spec.today,
        }
    }

    /// By the day of a touch the order itself may come later than the window.
    pub fn sells(&self, order: &Order) -> bool {
        let window = &self.spec.window;
        if self.spec.by_touch { order.day >= window.first } else { window.holds(order.day, order.at) }
    }
}

/// The touches of a journey in the terms of a model.
#[derive(Default)]
pub(super) struct Steps {
    pub channels: Vec<u32>,
    pub hours: Vec<f64>,
}

impl Steps {
    pub fn read(&mut self, ledger: &Ledger, touches: &[u32]) {
        self.channels.clear();
        self.channels.extend(touches.iter().map(|touch| ledger.channel_at(*touch)));
    }

    pub fn read_hours(&mut self, ledger: &Ledger, touches: &[u32], order: u32) {
        let until = ledger.orders[order as usize].at * 1_000;
        let hours = |touch: &u32| (until - ledger.touches[*touch as usize].at_ms) as f64 / 3_600_000.0;
        self.hours.clear();
        self.hours.extend(touches.iter().map(hours));
    }
}

fn by_rule(ledger: &Ledger, spec: &Spec, cut: &Cut) -> Vec<Credit> {
    let mut parts = Parts::of(spec.rule(ledger.channel("direct")));
    let mut steps = Steps::default();
    let mut credits = Vec::with_capacity(cut.journeys.len());
    for journey in &cut.journeys {
        let Some(order) = journey.order else { continue };
        let touches = cut.touches(journey);
        steps.read(ledger, touches);
        if spec.model == AttributionModel::TimeDecay {
            steps.read_hours(ledger, touches, order);
        }
        let last = steps.channels.last().copied();
        let parts = parts.each(&steps.channels, &steps.hours);
        for ((touch, channel), part) in touches.iter().zip(&steps.channels).zip(parts) {
            if *part == 0 && !spec.every_touch {
                continue;
            }
            credits.push(Credit {
                order,
                touch: Some(*touch),
                channel: *channel,
                orders: *part,
                sales: *part,
                refunds: *part,
                assists: last != Some(*channel),
            });
        }
    }
    credits
}

/// What the window has of an order.
#[derive(Default)]
pub(super) struct Worth {
    pub orders: i64,
    pub sales: i64,
    pub refunds: i64,
}

impl Worth {
    pub fn of(ledger: &Ledger, rows: &Rows<'_>, order: u32) -> Self {
        let of = &ledger.orders[order as usize];
        let (orders, sales) = if rows.sells(of) { (1, of.net) } else { (0, 0) };
        Self { orders, sales, refunds: rows.goods[order as usize] }
    }
}

/// How a fitted model spreads what it gives over so many channels.
pub(super) fn fit(channels: usize, spec: &Spec, ways: &[Way<'_>], paths: &Paths) -> Spread {
    let mut linear = vec![[0.0; 3]; channels];
    let (mut totals, mut sizes) = ([0.0_f64; 3], [0.0_f64; 3]);
    for (path, group) in ways {
        let worth = [group.orders as f64, group.sales as f64, group.refunds as f64];
        let size = [worth[0], group.sizes[0] as f64, group.sizes[1] as f64];
        let part = 1.0 / path.len() as f64;
        for kind in 0..3 {
            totals[kind] += worth[kind];
            sizes[kind] += size[kind];
        }
        for channel in *path {
            for (sum, worth) in linear[*channel as usize].iter_mut().zip(&worth) {
                *sum += worth * part;
            }
        }
    }
    let (orders, sales) = shares(spec, paths);
    // Nothing of an order came in: what goes back of earlier ones is shared out by linear shares.
    let nothing = orders.iter().all(|share| *share == 0.0);
    let spread = |channel: usize, kind: usize| {
        let share = if kind == 0 { &orders } else { &sales };
        let (carried, wanted) = (linear[channel][kind], share.get(channel).copied().unwrap_or(0.0));
        match sizes[kind] {
            0.0 => (0.0, 0.0),
            _ if nothing => (1.0, 0.0),
            size if carried.abs() > size * 1e-9 => (totals[kind] * wanted / carried, 0.0),
            _ => (0.0, wanted),
        }
    };
    Spread::of((0..channels).map(|channel| [0, 1, 2].map(|kind| spread(channel, kind))).collect())
}

/// The channels' shares of orders and of money.
pub(super) fn shares(spec: &Spec, paths: &Paths) -> (Vec<f64>, Vec<f64>) {
    if spec.model == AttributionModel::Shapley {
        let values = shapley(paths);
        (values.shares(), values.value_shares())
    } else {
        let effects = markov(paths, usize::from(spec.tuning.order));
        (effects.shares(), effects.value_shares())
    }
}

fn fitted(ledger: &Ledger, cut: &Cut, mut spread: Spread) -> Vec<Credit> {
    let mut credits = Vec::new();
    for journey in &cut.journeys {
        let Some(order) = journey.order else { continue };
        let touches = cut.touches(journey);
        let last = touches.last().map(|touch| ledger.channel_at(*touch));
        let each = spread.each(touches.len());
        for touch in touches {
            let channel = ledger.channel_at(*touch);
            let [orders, sales, refunds] = each[channel as usize];
            let assists = last != Some(channel);
            credits.push(Credit { order, touch: Some(*touch), channel, orders, sales, refunds, assists });
        }
        for (channel, [orders, sales, refunds]) in (0_u32..).zip(&spread.given) {
            if (*orders, *sales, *refunds) != (0, 0, 0) {
                let (orders, sales, refunds) = (*orders, *sales, *refunds);
                credits.push(Credit { order, touch: None, channel, orders, sales, refunds, assists: false });
            }
        }
    }
    credits
}
