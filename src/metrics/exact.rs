//! Figures as exact fractions of whole numbers, rounded half to even once, when they become text.

use std::cmp::Ordering;

use crate::money::{div_half_even, format_micros};

/// A fraction. Exact as long as both parts fit 127 bits; beyond that both lose their lowest bits together (an error below
/// one part in 10^18, never an overflow).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exact {
    top: i128,
    bottom: i128,
}

impl Exact {
    /// `top / bottom`; nothing where the bottom is 0.
    pub fn new(top: i128, bottom: i128) -> Option<Self> {
        if bottom == 0 {
            return None;
        }
        // i128::MIN has no positive counterpart: it cannot come out of sums of i64, but must not abort either.
        let (top, bottom) = (top.max(-i128::MAX), bottom.max(-i128::MAX));
        let (top, bottom) = if bottom < 0 { (-top, -bottom) } else { (top, bottom) };
        let shared = gcd(top.unsigned_abs(), bottom.unsigned_abs()).max(1);
        let shared = i128::try_from(shared).unwrap_or(1);
        Some(Self { top: top / shared, bottom: bottom / shared })
    }

    /// Nothing at all.
    pub fn zero() -> Self {
        Self { top: 0, bottom: 1 }
    }

    /// A whole number.
    pub fn whole(value: i128) -> Self {
        Self { top: value.max(-i128::MAX), bottom: 1 }
    }

    /// The product.
    pub fn times(self, other: Self) -> Self {
        // Reduce crosswise first: what cancels cannot overflow.
        let a = Self::new(self.top, other.bottom).unwrap_or(self);
        let b = Self::new(other.top, self.bottom).unwrap_or(other);
        shrink_until(a, b, |a, b| {
            Some(Self { top: a.top.checked_mul(b.top)?, bottom: a.bottom.checked_mul(b.bottom)? })
        })
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Self {
        self.minus(Self { top: -other.top, bottom: other.bottom })
    }

    /// The difference.
    pub fn minus(self, other: Self) -> Self {
        let exact = |a: Self, b: Self| {
            let left = a.top.checked_mul(b.bottom)?;
            let right = b.top.checked_mul(a.bottom)?;
            Self::new(left.checked_sub(right)?, a.bottom.checked_mul(b.bottom)?)
        };
        shrink_until(self, other, exact)
    }

    /// The quotient; nothing where the divisor is 0.
    pub fn over(self, other: Self) -> Option<Self> {
        if other.top == 0 {
            return None;
        }
        let sign = if other.top < 0 { -1 } else { 1 };
        Some(self.times(Self { top: sign * other.bottom, bottom: sign * other.top }))
    }

    /// Without its sign.
    pub fn abs(self) -> Self {
        Self { top: self.top.abs(), bottom: self.bottom }
    }

    /// Negative, zero or positive.
    pub fn sign(self) -> Ordering {
        self.top.cmp(&0)
    }

    /// Decimal text with `decimals` places (at most 6), rounded half to even.
    pub fn text(self, decimals: u32) -> String {
        let decimals = decimals.min(6);
        let scale = 10_i128.pow(decimals);
        let scaled = self.times(Self::whole(scale));
        let rounded = div_half_even(scaled.top, scaled.bottom);
        match rounded.checked_mul(10_i128.pow(6 - decimals)) {
            Some(micros) => format_micros(micros, decimals),
            None => rounded.to_string(),
        }
    }

    /// The nearest whole number, half to even.
    pub fn rounded(self) -> i128 {
        div_half_even(self.top, self.bottom)
    }

    /// The whole part towards minus infinity.
    pub fn floor(self) -> i128 {
        self.top.div_euclid(self.bottom)
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        self.minus(*other).sign()
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        // Most figures fit 64 bits, where dividing is one instruction.
        if let (Ok(mut a), Ok(mut b)) = (u64::try_from(a), u64::try_from(b)) {
            while b != 0 {
                (a, b) = (b, a % b);
            }
            return a.into();
        }
        (a, b) = (b, a % b);
    }
    a
}

/// Tries `work`, and on overflow drops the lowest bits of both fractions until it fits.
fn shrink_until(mut a: Exact, mut b: Exact, work: impl Fn(Exact, Exact) -> Option<Exact>) -> Exact {
    // Each round halves what is too large, so that 128 rounds always suffice.
    for _ in 0..128 {
        if let Some(found) = work(a, b) {
            return found;
        }
        (a, b) = (shrink(a), shrink(b));
    }
    Exact { top: 0, bottom: 1 }
}

fn shrink(fraction: Exact) -> Exact {
    if fraction.bottom > 1 << 32 || fraction.top.abs() > 1 << 62 && fraction.bottom > 1 {
        Exact { top: fraction.top >> 1, bottom: (fraction.bottom >> 1).max(1) }
    } else {
        fraction
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exact(top: i128, bottom: i128) -> Exact {
        Exact::new(top, bottom).expect("not zero")
    }

    #[test]
    fn divides_by_zero_into_nothing() {
        assert_eq!(Exact::new(1, 0), None);
        assert_eq!(Exact::whole(3).over(Exact::whole(0)), None);
    }

    #[test]
    fn rounds_once_and_half_to_even() {
        assert_eq!(exact(1, 3).text(6), "0.333333");
        assert_eq!(exact(2, 3).text(6), "0.666667");
        assert_eq!(exact(1, 8).text(2), "0.12");
        assert_eq!(exact(3, 8).text(2), "0.38");
        assert_eq!(exact(-1, 8).text(2), "-0.12");
        assert_eq!(exact(5, 2).rounded(), 2);
        assert_eq!(exact(-7, 2).floor(), -4);
    }

    #[test]
    fn large_sums_lose_bits_not_the_answer() {
        let huge = exact(i128::MAX / 3, 7_000_000_001);
        let ratio = huge.times(exact(1, 1_000_003)).over(huge).expect("not zero");
        assert_eq!(ratio.text(6), exact(1, 1_000_003).text(6));
        assert_eq!(exact(i128::MIN, -1).sign(), Ordering::Greater);
    }

    proptest! {
        #[test]
        fn arithmetic_is_exact(a in -1_000_000_000_i64..1_000_000_000, b in 1_i64..1_000_000, c in -1_000_000_000_i64..1_000_000_000, d in 1_i64..1_000_000) {
            let (a, b, c, d) = (i128::from(a), i128::from(b), i128::from(c), i128::from(d));
            prop_assert_eq!(exact(a, b).minus(exact(c, d)), exact(a * d - c * b, b * d));
            prop_assert_eq!(exact(a, b).times(exact(c, d)), exact(a * c, b * d));
            prop_assert_eq!(exact(a, b).cmp(&exact(c, d)), (a * d).cmp(&(c * b)));
        }
    }
}
