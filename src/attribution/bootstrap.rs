//! How far figures could have come out otherwise: the journeys drawn anew, with replacement, again and again, and every model
//! run on each draw. The same journeys give the same intervals.

use super::credits::{Rows, Steps, shares};
use super::journeys::{Cut, Journey};
use super::ledger::Ledger;
use super::model::{AttributionModel, Spec};
use super::models::{Paths, Random, SCALE};
use super::parts::Parts;

/// Draws; of their results the 5th and the 95th percentile are shown.
const DRAWS: usize = 200;
/// Touches of journeys up to which intervals are computed.
pub const MOST_TOUCHES_DRAWN: usize = 300_000;
const SEED: u64 = 0x424f_4f54_5354_5250;

/// Micros of net sales, low and high.
pub type Interval = (f64, f64);

/// By model and channel, the interval in which nine of ten draws of the journeys give it its net sales; nothing where there are
/// too many touches to draw from. What no touch explains is not drawn.
pub fn intervals(ledger: &Ledger, spec: &Spec, models: &[AttributionModel]) -> Option<Vec<Vec<Interval>>> {
    let spec = Spec { by_touch: false, ..*spec };
    let rows = Rows::of(ledger, &spec);
    let cut = rows.journeys(ledger, models.iter().any(|model| model.is_fitted()));
    if cut.journeys.iter().map(|journey| cut.touches(journey).len()).sum::<usize>() > MOST_TOUCHES_DRAWN {
        return None;
    }
    let channels = ledger.channels.len();
    let mut draws = vec![vec![Vec::with_capacity(DRAWS); channels]; models.len()];
    let mut random = Random::new(SEED);
    for _ in 0..DRAWS {
        let times: Vec<f64> = cut.journeys.iter().map(|_| poisson(&mut random)).collect();
        let drawn = Drawn { ledger, spec: &spec, rows: &rows, cut: &cut, times: &times };
        for (model, draws) in models.iter().zip(&mut draws) {
            for (draws, value) in draws.iter_mut().zip(drawn.column(*model)) {
                draws.push(value);
            }
        }
    }
    let interval = |mut draws: Vec<f64>| {
        draws.sort_unstable_by(f64::total_cmp);
        (draws[DRAWS / 20], draws[DRAWS - 1 - DRAWS / 20])
    };
    Some(draws.into_iter().map(|model| model.into_iter().map(interval).collect()).collect())
}

/// How often a journey comes up: as often as one of many does when as many are drawn with replacement.
fn poisson(random: &mut Random) -> f64 {
    let (mut left, mut times) = ((-1.0_f64).exp(), 0.0);
    let mut at = random.unit();
    let mut likely = left;
    while at > left && times < 20.0 {
        at -= left;
        times += 1.0;
        likely /= times;
        left = likely;
    }
    times
}

struct Drawn<'a> {
    ledger: &'a Ledger,
    spec: &'a Spec,
    rows: &'a Rows<'a>,
    cut: &'a Cut,
    /// By journey, how often it was drawn.
    times: &'a [f64],
}

impl Drawn<'_> {
    fn column(&self, model: AttributionModel) -> Vec<f64> {
        let spec = Spec { model, ..*self.spec };
        if !model.is_fitted() {
            return self.by_rule(&spec);
        }
        let paths = self.paths();
        let all: f64 = self.journeys().map(|(_, order, times)| times * self.net(order)).sum();
        let (_, mut sales) = shares(&spec, &paths);
        sales.resize(self.ledger.channels.len(), 0.0);
        sales.into_iter().map(|share| share * all).collect()
    }

    /// The journeys that a model is fitted to, each as many times as it was drawn.
    fn paths(&self) -> Paths {
        let mut paths = Paths::default();
        for (journey, times) in self.cut.journeys.iter().zip(self.times) {
            let channels = self.cut.touches(journey).iter().map(|touch| self.ledger.channel_at(*touch));
            match journey.order {
                None => paths.push(channels, 0.0, *times, 0.0),
                Some(order) => {
                    let of = &self.ledger.orders[order as usize];
                    if self.rows.sells(of) {
                        paths.push(channels, *times, 0.0, times * of.net as f64);
                    }
                }
            }
        }
        paths
    }

    fn by_rule(&self, spec: &Spec) -> Vec<f64> {
        let mut parts = Parts::of(spec.rule(self.ledger.channel("direct")));
        let mut steps = Steps::default();
        let mut column = vec![0.0; self.ledger.channels.len()];
        for (journey, order, times) in self.journeys() {
            let touches = self.cut.touches(journey);
            steps.read(self.ledger, touches);
            if spec.model == AttributionModel::TimeDecay {
                steps.read_hours(self.ledger, touches, order);
            }
            let worth = times * self.net(order) / SCALE as f64;
            for (channel, part) in steps.channels.iter().zip(parts.each(&steps.channels, &steps.hours)) {
                column[*channel as usize] += worth * *part as f64;
            }
        }
        column
    }

    /// Those that led to an order, with it and how often they were drawn.
    fn journeys(&self) -> impl Iterator<Item = (&Journey, u32, f64)> {
        let all = self.cut.journeys.iter().zip(self.times);
        all.filter_map(|(journey, times)| Some((journey, journey.order?, *times)))
    }

    fn net(&self, order: u32) -> f64 {
        let of = &self.ledger.orders[order as usize];
        let sold = if self.rows.sells(of) { of.net } else { 0 };
        (sold - self.rows.goods[order as usize]) as f64
    }
}
