//! Chance from a seed: the same seed, stream and index give the same draws, whatever was drawn before, so that order 900,000 can be
//! made without the 899,999 before it.

/// A run of draws. The generator is SplitMix64.
#[derive(Debug, Clone)]
pub struct Draw(u64);

/// One step of SplitMix64's output function: spreads every bit of `z` over all of the answer.
pub fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Draw {
    /// The draws of one thing: `stream` is the kind, `index` the thing.
    pub fn of(seed: u64, stream: u64, index: u64) -> Self {
        Self(mix(mix(seed ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(index)))
    }

    /// 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number from 0 to `n` − 1; 0 where `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        let wide = u128::from(self.bits()) * u128::from(n);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(high.saturating_sub(low).unsigned_abs() + 1).cast_signed()
    }

    /// True this many times in a thousand.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// One of these. The slice is not empty.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let at = self.below(of.len() as u64) as usize;
        &of[at.min(of.len().saturating_sub(1))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_depend_on_seed_stream_and_index_alone() {
        let run = |seed, stream, index| {
            let mut draw = Draw::of(seed, stream, index);
            [draw.bits(), draw.bits(), draw.below(1000)]
        };
        assert_eq!(run(1, 2, 3), run(1, 2, 3));
        assert_ne!(run(1, 2, 3), run(1, 2, 4));
        assert_ne!(run(1, 2, 3), run(1, 3, 3));
        assert_ne!(run(1, 2, 3), run(2, 2, 3));
    }

    #[test]
    fn numbers_stay_in_their_bounds_and_reach_them() {
        let mut draw = Draw::of(7, 0, 0);
        let numbers: Vec<i64> = (0..2000).map(|_| draw.between(-3, 3)).collect();
        assert_eq!((numbers.iter().min(), numbers.iter().max()), (Some(&-3), Some(&3)));
        assert_eq!(draw.below(0), 0);
    }
}
