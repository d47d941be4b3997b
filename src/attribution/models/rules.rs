//! The models that look at one journey at a time.

/// Shares of an order are whole numbers that add up to this.
pub const SCALE: i64 = 1_000_000_000_000;

/// A model that shares each order out among its own touches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    First,
    Last,
    /// The last touch that is not direct; the last of all where all are.
    LastNonDirect {
        direct: Option<u32>,
    },
    Linear,
    /// Halves every so many hours before the order.
    TimeDecay {
        half_life_hours: f64,
    },
    /// What the first, the middle and the last get, of their sum. Of two touches each has its own and half of the middle's.
    Position {
        first: f64,
        middle: f64,
        last: f64,
    },
}

/// What each touch of a journey gets, adding up to 1. `hours` are those before the order, used by time decay alone.
pub fn fractions(rule: Rule, channels: &[u32], hours: &[f64], out: &mut Vec<f64>) {
    let count = channels.len();
    out.clear();
    out.resize(count, 0.0);
    let Some(last) = count.checked_sub(1) else { return };
    match rule {
        Rule::First => out[0] = 1.0,
        Rule::Last => out[last] = 1.0,
        Rule::LastNonDirect { direct } => {
            let at = channels.iter().rposition(|channel| Some(*channel) != direct);
            out[at.unwrap_or(last)] = 1.0;
        }
        Rule::Linear => out.fill(1.0 / count as f64),
        Rule::TimeDecay { half_life_hours } => {
            // Counted from the last touch, so that those long before an order do not all vanish to 0.
            let nearest = hours.iter().copied().fold(f64::INFINITY, f64::min);
            for (share, hours) in out.iter_mut().zip(hours) {
                *share = (-(hours - nearest) / half_life_hours).exp2();
            }
            let sum: f64 = out.iter().sum();
            out.iter_mut().for_each(|share| *share /= sum);
        }
        Rule::Position { first, middle, last: end } => position([first, middle, end], out),
    }
}

fn position([first, middle, last]: [f64; 3], out: &mut [f64]) {
    let count = out.len();
    let sum = first + middle + last;
    // All on a middle that is not there.
    if sum <= 0.0 {
        out.fill(1.0 / count as f64);
        return;
    }
    match count {
        1 => out[0] = 1.0,
        2 => {
            out[0] = (first + middle / 2.0) / sum;
            out[1] = (last + middle / 2.0) / sum;
        }
        _ => {
            out.fill(middle / sum / (count - 2) as f64);
            out[0] = first / sum;
            out[count - 1] = last / sum;
        }
    }
}

/// Journeys up to this long are shared out without asking for memory.
const SHORT: usize = 16;

/// Fractions as whole numbers that add up to [`SCALE`] exactly: each rounded down, and what is left given, one by one, to those
/// that lost most (of equals, to the earlier).
pub fn whole(fractions: &[f64], out: &mut Vec<i64>) {
    out.clear();
    let scale = SCALE as f64;
    out.extend(fractions.iter().map(|fraction| (fraction * scale).floor() as i64));
    let left = SCALE - out.iter().sum::<i64>();
    if left == 0 {
        return;
    }
    let lost = |at: usize| (fractions[at] * scale - (fractions[at] * scale).floor(), at);
    let by_loss = |a: &(f64, usize), b: &(f64, usize)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    let there = (0..fractions.len()).filter(|at| fractions[*at] > 0.0).map(lost);
    if fractions.len() <= SHORT {
        let (mut order, mut count) = ([(0.0, 0); SHORT], 0);
        for loss in there {
            order[count] = loss;
            count += 1;
        }
        order[..count].sort_unstable_by(by_loss);
        give(&order[..count], left, out);
    } else {
        let mut order: Vec<_> = there.collect();
        order.sort_unstable_by(by_loss);
        give(&order, left, out);
    }
}

fn give(order: &[(f64, usize)], mut left: i64, out: &mut [i64]) {
    for (_, at) in order.iter().cycle() {
        if left == 0 {
            return;
        }
        out[*at] += left.signum();
        left -= left.signum();
    }
}
