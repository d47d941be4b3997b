//! Nelder and Mead's simplex search for the lowest point of a function of a few numbers. No chance in it: the same function
//! gives the same point.

/// Where the search ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Lowest<const N: usize> {
    pub at: [f64; N],
    pub value: f64,
    /// The corners came together before the steps ran out.
    pub converged: bool,
}

/// Steps of one search.
const MOST_STEPS: usize = 2_000;
/// The search starts again from where it ended, until that gains nothing: a simplex can collapse beside the lowest point.
const MOST_STARTS: usize = 8;
/// Relative difference of the corners' values at which they are one.
const CLOSE: f64 = 1e-11;

/// Searches from `start`, with corners `step` apart. `f` may be infinite where it has no value.
pub fn minimize<const N: usize>(f: impl Fn(&[f64; N]) -> f64, start: [f64; N], step: f64) -> Lowest<N> {
    let mut best = search(&f, start, step);
    for _ in 1..MOST_STARTS {
        let again = search(&f, best.at, step / 2.0);
        let gained = best.value - again.value;
        if again.value < best.value {
            best = again;
        }
        if gained <= CLOSE * best.value.abs() {
            break;
        }
    }
    best
}

fn search<const N: usize>(f: &impl Fn(&[f64; N]) -> f64, start: [f64; N], step: f64) -> Lowest<N> {
    let mut corners: Vec<([f64; N], f64)> = vec![(start, f(&start))];
    for i in 0..N {
        let mut corner = start;
        corner[i] += step;
        corners.push((corner, f(&corner)));
    }
    for _ in 0..MOST_STEPS {
        corners.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (low, high) = (corners[0].1, corners[N].1);
        if (high - low).abs() <= CLOSE * (low.abs() + CLOSE) && spread(&corners) < 1e-5 {
            return Lowest { at: corners[0].0, value: low, converged: low.is_finite() };
        }
        step_once(f, &mut corners);
    }
    corners.sort_by(|a, b| a.1.total_cmp(&b.1));
    Lowest { at: corners[0].0, value: corners[0].1, converged: false }
}

/// Reflects the worst corner, and expands, contracts or shrinks from there.
fn step_once<const N: usize>(f: &impl Fn(&[f64; N]) -> f64, corners: &mut [([f64; N], f64)]) {
    let (best, second, worst) = (corners[0].1, corners[N - 1].1, corners[N]);
    let mut middle = [0.0; N];
    for (corner, _) in &corners[..N] {
        for (sum, x) in middle.iter_mut().zip(corner) {
            *sum += x / N as f64;
        }
    }
    let along = |by: f64| {
        let point: [f64; N] = std::array::from_fn(|i| middle[i] + by * (worst.0[i] - middle[i]));
        (point, f(&point))
    };
    let reflected = along(-1.0);
    let chosen = if reflected.1 < best {
        let expanded = along(-2.0);
        Some(if expanded.1 < reflected.1 { expanded } else { reflected })
    } else if reflected.1 < second {
        Some(reflected)
    } else {
        let contracted = along(if reflected.1 < worst.1 { -0.5 } else { 0.5 });
        (contracted.1 < worst.1.min(reflected.1)).then_some(contracted)
    };
    match chosen {
        Some(corner) => corners[N] = corner,
        None => {
            let lowest = corners[0].0;
            for corner in &mut corners[1..] {
                let point: [f64; N] = std::array::from_fn(|i| lowest[i] + 0.5 * (corner.0[i] - lowest[i]));
                *corner = (point, f(&point));
            }
        }
    }
}

/// How far the corners are apart.
fn spread<const N: usize>(corners: &[([f64; N], f64)]) -> f64 {
    let apart = |corner: &[f64; N]| corner.iter().zip(&corners[0].0).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    corners.iter().map(|(corner, _)| apart(corner)).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_bottom_of_a_bent_valley() {
        let valley = |p: &[f64; 2]| (1.0 - p[0]).powi(2) + 100.0 * (p[1] - p[0] * p[0]).powi(2);
        let lowest = minimize(valley, [-1.2, 1.0], 0.5);
        assert!(
            lowest.converged && (lowest.at[0] - 1.0).abs() < 1e-4 && (lowest.at[1] - 1.0).abs() < 1e-4,
            "{lowest:?}"
        );
    }

    #[test]
    fn says_when_there_is_no_bottom() {
        assert!(!minimize(|p: &[f64; 1]| -p[0], [0.0], 1.0).converged);
        assert!(!minimize(|_: &[f64; 2]| f64::INFINITY, [0.0, 0.0], 1.0).converged);
    }
}
