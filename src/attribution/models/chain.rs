//! An absorbing chain: states, where they lead, and how likely and how valuable it is to convert from the start. Solved by
//! algebra: small chains by eliminating one state after the other (without a single subtraction, so nothing cancels), large ones
//! by sweeping until what is still to come lies below 10⁻¹³.

/// Chains of at most so many states are solved by elimination.
const SMALL: usize = 400;
/// Sweeps over a large chain; it converges long before, unless journeys go round in circles tens of thousands of times.
const MOST_SWEEPS: usize = 20_000;
const PRECISE: f64 = 1e-13;

/// States with what leads out of them; each row with `converts` and `fails` adds up to 1.
#[derive(Debug, Default)]
pub(super) struct Chain {
    /// How likely a journey begins in a state.
    pub starts: Vec<f64>,
    /// Where a state leads, and how likely; never to itself.
    pub next: Vec<Vec<(u32, f64)>>,
    pub converts: Vec<f64>,
    pub fails: Vec<f64>,
    /// What is earned in leaving a state, on average.
    pub earns: Vec<f64>,
}

/// From the start: the probability to convert, and the mean value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Solved {
    pub probability: f64,
    pub value: f64,
}

impl Chain {
    /// Solves the chain with some states gone: what would enter one of them fails.
    pub fn solve(&self, gone: &[bool]) -> Solved {
        if self.starts.len() <= SMALL { self.eliminate(gone) } else { self.sweep(gone) }
    }

    /// Eliminates every state; the start is the last that is left.
    fn eliminate(&self, gone: &[bool]) -> Solved {
        let kept: Vec<usize> = (0..self.starts.len()).filter(|s| !gone[*s]).collect();
        let mut place = vec![usize::MAX; self.starts.len()];
        for (at, state) in kept.iter().enumerate() {
            place[*state] = at + 1;
        }
        // Row 0 is the start. Behind the states stand: converted, failed, earned.
        let (count, width) = (kept.len() + 1, kept.len() + 4);
        let (converted, failed, earned) = (count, count + 1, count + 2);
        let mut rows = vec![vec![0.0; width]; count];
        for (state, begins) in self.starts.iter().enumerate() {
            rows[0][if gone[state] { failed } else { place[state] }] += begins;
        }
        for (at, state) in kept.iter().enumerate() {
            let row = &mut rows[at + 1];
            for (next, likely) in &self.next[*state] {
                let next = *next as usize;
                row[if gone[next] { failed } else { place[next] }] += likely;
            }
            row[converted] = self.converts[*state];
            row[failed] += self.fails[*state];
            row[earned] = self.earns[*state];
        }
        while rows.len() > 1 {
            let Some(row) = rows.pop() else { break };
            let at = rows.len();
            // What leaves the state, added up rather than taken from 1.
            let leaves: f64 = row[..at].iter().sum::<f64>() + row[converted] + row[failed];
            if leaves <= 0.0 {
                continue;
            }
            for into in &mut rows {
                let enters = into[at] / leaves;
                if enters == 0.0 {
                    continue;
                }
                into[at] = 0.0;
                for (cell, part) in into[..at].iter_mut().zip(&row) {
                    *cell += enters * part;
                }
                for (cell, part) in into[converted..=earned].iter_mut().zip(&row[converted..=earned]) {
                    *cell += enters * part;
                }
            }
        }
        let start = &rows[0];
        // What leads from the start back to it cannot be: nothing leads to the start.
        let leaves = start[converted] + start[failed];
        if leaves <= 0.0 {
            return Solved { probability: 0.0, value: 0.0 };
        }
        Solved { probability: start[converted] / leaves, value: start[earned] / leaves }
    }

    /// Gauss-Seidel, back and forth.
    fn sweep(&self, gone: &[bool]) -> Solved {
        let count = self.starts.len();
        let mut found = vec![(0.0_f64, 0.0_f64); count];
        let most = self.earns.iter().fold(0.0_f64, |most, earns| most.max(earns.abs())).max(f64::MIN_POSITIVE);
        let mut before = f64::INFINITY;
        for round in 0..MOST_SWEEPS {
            let mut moved = 0.0_f64;
            for step in 0..count {
                let state = if round % 2 == 0 { count - 1 - step } else { step };
                if gone[state] {
                    continue;
                }
                let (mut converts, mut earns) = (self.converts[state], self.earns[state]);
                for (next, likely) in &self.next[state] {
                    let there = found[*next as usize];
                    converts += likely * there.0;
                    earns += likely * there.1;
                }
                let old = found[state];
                moved = moved.max((converts - old.0).abs()).max((earns - old.1).abs() / most);
                found[state] = (converts, earns);
            }
            // Changes shrink by about the same factor each time: what is still to come is a geometric series.
            let shrinks = (moved / before).clamp(0.0, 0.999_999_999);
            if moved <= f64::MIN_POSITIVE || round > 4 && moved * shrinks / (1.0 - shrinks) < PRECISE {
                break;
            }
            before = moved;
        }
        let mut solved = Solved { probability: 0.0, value: 0.0 };
        for (begins, there) in self.starts.iter().zip(&found) {
            solved.probability += begins * there.0;
            solved.value += begins * there.1;
        }
        solved
    }

    /// Whether both ways agree, for tests.
    #[cfg(test)]
    pub fn both_ways(&self, gone: &[bool]) -> (Solved, Solved) {
        (self.eliminate(gone), self.sweep(gone))
    }
}
