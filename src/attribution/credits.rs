//! Who gets how much of which order: the answer to a [`Spec`], from a brand's ledger.
//!
//! Models that look at one journey at a time give parts of 10^12 that add up to the order, so its sales and whatever is refunded of
//! it later are shared out exactly. Markov and Shapley give channels parts of the whole window: what the attributed orders of the
//! window bring in × the channel's share. Within the channel that is spread over its touches by their linear shares, so the
//! parts of one order need not add up to it, while those of the window do; refunds of the window likewise. Conversions are shared
//! by the effect on conversions, money by the effect on worth. A channel that has credit but no touch to carry it (it only helps
//! others, or others' journeys) gets the same part of every attributed order. Filters look at what is there; nothing is fitted
//! again for them.

use super::journeys::{Cut, Journey, Wanted, cut};
use super::ledger::{Ledger, Order};
use super::model::{AttributionModel, Spec};
use super::models::{Paths, SCALE, fractions, markov, shapley, whole};

/// A touch's part of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credit {
    /// In `Ledger::orders`.
    pub order: u32,
    /// In `Ledger::touches`; nothing for the part of a channel without a touch to carry it.
    pub touch: Option<u32>,
    /// The number of the channel.
    pub channel: u32,
    /// Parts of [`SCALE`]: of the order, of what it brought in, of what went back.
    pub orders: i64,
    pub sales: i64,
    pub refunds: i64,
    /// Another channel has the journey's last touch.
    pub assists: bool,
}

/// Credits of the orders and refunds of a window. Orders without one are unattributed.
pub fn credits(ledger: &Ledger, spec: &Spec) -> Vec<Credit> {
    let rows = Rows::of(ledger, spec);
    credits_of(ledger, spec, &rows, &rows.journeys(ledger, spec.model.is_fitted()))
}

/// As [`credits`], of journeys that were cut before.
pub(super) fn credits_of(ledger: &Ledger, spec: &Spec, rows: &Rows<'_>, cut: &Cut) -> Vec<Credit> {
    if spec.model.is_fitted() { fitted(ledger, spec, rows, cut) } else { by_rule(ledger, spec, cut) }
}

/// Which orders and refunds the window has.
pub(super) struct Rows<'a> {
    spec: &'a Spec,
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
        let wanted = Wanted {
            lookback: self.spec.tuning.lookback,
            orders: |at, order: &Order| self.sells(order) || self.refunded[at as usize],
            nulls: nulls.then_some((self.spec.window.first, self.spec.window.after)),
            today: self.spec.today,
        };
        cut(ledger, &wanted)
    }

    /// By the day of a touch the order itself may come later than the window.
    pub fn sells(&self, order: &Order) -> bool {
        let window = &self.spec.window;
        if self.spec.by_touch { order.day >= window.first } else { window.holds(order.day, order.at) }
    }
}

/// The touches of a journey in the terms of a model.
#[derive(Default)]
struct Steps {
    channels: Vec<u32>,
    hours: Vec<f64>,
    parts: Vec<f64>,
}

impl Steps {
    fn read(&mut self, ledger: &Ledger, cut: &Cut, journey: &Journey) {
        self.channels.clear();
        self.channels.extend(cut.touches(journey).iter().map(|touch| ledger.channel_at(*touch)));
    }

    fn read_hours(&mut self, ledger: &Ledger, cut: &Cut, journey: &Journey, order: u32) {
        let until = ledger.orders[order as usize].at * 1_000;
        let hours = |touch: &u32| (until - ledger.touches[*touch as usize].at_ms) as f64 / 3_600_000.0;
        self.hours.clear();
        self.hours.extend(cut.touches(journey).iter().map(hours));
    }
}

fn by_rule(ledger: &Ledger, spec: &Spec, cut: &Cut) -> Vec<Credit> {
    let rule = spec.rule(ledger.channel("direct"));
    let (mut steps, mut shares) = (Steps::default(), Vec::new());
    let mut credits = Vec::with_capacity(cut.journeys.len());
    for journey in &cut.journeys {
        let Some(order) = journey.order else { continue };
        steps.read(ledger, cut, journey);
        if spec.model == AttributionModel::TimeDecay {
            steps.read_hours(ledger, cut, journey, order);
        }
        fractions(rule, &steps.channels, &steps.hours, &mut steps.parts);
        whole(&steps.parts, &mut shares);
        let last = steps.channels.last().copied();
        for ((touch, channel), part) in cut.touches(journey).iter().zip(&steps.channels).zip(&shares) {
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

/// Three of a kind: orders, sales, refunds.
type Three = [f64; 3];

fn fitted(ledger: &Ledger, spec: &Spec, rows: &Rows<'_>, cut: &Cut) -> Vec<Credit> {
    let mut steps = Steps::default();
    let mut paths = Paths::default();
    let mut linear = vec![[0.0; 3]; ledger.channels.len()];
    let (mut totals, mut sizes) = ([0.0; 3], [0.0; 3]);
    for journey in &cut.journeys {
        steps.read(ledger, cut, journey);
        let Some(order) = journey.order else {
            paths.push(steps.channels.iter().copied(), 0.0, 1.0, 0.0);
            continue;
        };
        let worth = worth(ledger, rows, order);
        if rows.sells(&ledger.orders[order as usize]) {
            paths.push(steps.channels.iter().copied(), 1.0, 0.0, worth[1]);
        }
        let part = 1.0 / steps.channels.len() as f64;
        for kind in 0..3 {
            totals[kind] += worth[kind];
            sizes[kind] += worth[kind].abs();
            for channel in &steps.channels {
                linear[*channel as usize][kind] += worth[kind] * part;
            }
        }
    }
    let (orders, sales) = shares(spec, &paths);
    let share = |channel: usize| -> Three {
        let of = |shares: &[f64]| shares.get(channel).copied().unwrap_or(0.0);
        [of(&orders), of(&sales), of(&sales)]
    };
    // What a linear share is multiplied with, or, where the channel has none, what every order gives it.
    let spread = |channel: usize, kind: usize| {
        let (carried, wanted) = (linear[channel][kind], share(channel)[kind]);
        if sizes[kind] == 0.0 {
            return (0.0, 0.0);
        }
        if carried.abs() > sizes[kind] * 1e-9 { (totals[kind] * wanted / carried, 0.0) } else { (0.0, wanted) }
    };
    let spread: Vec<[(f64, f64); 3]> =
        (0..linear.len()).map(|channel| [0, 1, 2].map(|kind| spread(channel, kind))).collect();
    spread_over(ledger, cut, &spread)
}

/// What an order counts, brought in, and gave back in the window.
fn worth(ledger: &Ledger, rows: &Rows<'_>, order: u32) -> Three {
    let of = &ledger.orders[order as usize];
    let sold = if rows.sells(of) { [1.0, of.net as f64] } else { [0.0, 0.0] };
    [sold[0], sold[1], rows.goods[order as usize] as f64]
}

/// The channels' shares of orders and of money.
fn shares(spec: &Spec, paths: &Paths) -> (Vec<f64>, Vec<f64>) {
    if spec.model == AttributionModel::Shapley {
        let values = shapley(paths);
        (values.shares(), values.value_shares())
    } else {
        let effects = markov(paths, usize::from(spec.tuning.order));
        (effects.shares(), effects.value_shares())
    }
}

fn spread_over(ledger: &Ledger, cut: &Cut, spread: &[[(f64, f64); 3]]) -> Vec<Credit> {
    let scale = SCALE as f64;
    let mut credits = Vec::new();
    for journey in &cut.journeys {
        let Some(order) = journey.order else { continue };
        let touches = cut.touches(journey);
        let last = touches.last().map(|touch| ledger.channel_at(*touch));
        let part = scale / touches.len() as f64;
        for touch in touches {
            let channel = ledger.channel_at(*touch);
            let [orders, sales, refunds] = spread[channel as usize].map(|(times, _)| (part * times).round() as i64);
            let assists = last != Some(channel);
            credits.push(Credit { order, touch: Some(*touch), channel, orders, sales, refunds, assists });
        }
        for (channel, kinds) in (0_u32..).zip(spread) {
            let [orders, sales, refunds] = kinds.map(|(_, given)| (given * scale).round() as i64);
            if orders != 0 || sales != 0 || refunds != 0 {
                credits.push(Credit { order, touch: None, channel, orders, sales, refunds, assists: false });
            }
        }
    }
    credits
}
