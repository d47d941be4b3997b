//! Chance that depends on nothing but (seed, stream, index): the same numbers on every machine and with every crate version.

/// What a series of draws is for. Each stream is independent of the others, so that drawing more of one moves nothing else.
#[derive(Clone, Copy)]
pub(super) enum Stream {
    Stories = 1,
    Newcomers,
    Customer,
    Order,
    AdQuality,
    AdDay,
    Rates,
    TestOrders,
    Journey,
    Onlookers,
}

/// One series of draws (SplitMix64 over a mixed key). Only integers: no float, no library function that may differ.
pub(super) struct Draw(u64);

impl Draw {
    /// The series number `index` of a stream.
    pub(super) fn new(seed: u64, stream: Stream, index: u64) -> Self {
        Self(mix(seed ^ mix((stream as u64).wrapping_mul(0xd6e8_feb8_6659_fd93) ^ mix(index))))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Even over `0..n`; 0 where `n` is not positive.
    pub(super) fn below(&mut self, n: i64) -> i64 {
        let Ok(n) = u64::try_from(n) else { return 0 };
        ((u128::from(self.next()) * u128::from(n)) >> 64) as i64
    }

    /// Even over `low..=high`.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(high - low + 1)
    }

    /// True in `ppm` of a million cases.
    pub(super) fn chance(&mut self, ppm: i64) -> bool {
        self.below(1_000_000) < ppm
    }

    /// An index, each as likely as its weight.
    pub(super) fn weighted(&mut self, weights: &[i64]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (i, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0 {
                return i;
            }
        }
        0
    }

    /// One of the items; `None` of an empty slice.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len() as i64) as usize)
    }

    /// A bell around 0 with a standard deviation of 1,000, never beyond 6,000: twelve even draws summed.
    pub(super) fn bell(&mut self) -> i64 {
        (0..12).map(|_| self.below(1_001)).sum::<i64>() - 6_000
    }

    /// A count around `mean_milli` thousandths, spread like arrivals at random.
    pub(super) fn count(&mut self, mean_milli: i64) -> i64 {
        let mean_milli = mean_milli.max(0);
        if mean_milli < 12_000 {
            return (0..64).filter(|_| self.chance(mean_milli * 1_000 / 64)).count() as i64;
        }
        let off = self.bell() * (mean_milli * 1_000).isqrt() / 1_000;
        self.whole(mean_milli + off)
    }

    /// `milli` thousandths as a whole number, up or down by chance so that the mean stays.
    pub(super) fn whole(&mut self, milli: i64) -> i64 {
        let milli = milli.max(0);
        milli / 1_000 + i64::from(self.below(1_000) < milli % 1_000)
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_pinned() {
        let mut draw = Draw::new(7, Stream::Order, 42);
        let seen: Vec<i64> = (0..4).map(|_| draw.below(1_000_000)).collect();
        assert_eq!(seen, PINNED);
    }

    const PINNED: [i64; 4] = [190_285, 178_406, 450_720, 954_741];

    #[test]
    fn counts_keep_their_mean_and_spread() {
        for mean in [700, 9_000, 60_000] {
            let counts: Vec<i64> = (0..4_000).map(|i| Draw::new(1, Stream::Newcomers, i).count(mean)).collect();
            let average = counts.iter().sum::<i64>() / 4;
            assert!((average - mean).abs() < mean / 20, "{mean}: {average}");
            let variance = counts.iter().map(|c| (c * 1_000 - mean).pow(2) / 4_000).sum::<i64>() / 1_000;
            assert!((variance - mean).abs() < mean / 8, "{mean}: variance {variance}");
        }
    }

    #[test]
    fn weights_are_kept() {
        let mut draw = Draw::new(3, Stream::Order, 0);
        let mut seen = [0; 3];
        for _ in 0..30_000 {
            seen[draw.weighted(&[1, 0, 2])] += 1;
        }
        assert_eq!(seen[1], 0);
        assert!((9_400..10_600).contains(&seen[0]), "{seen:?}");
    }
}
