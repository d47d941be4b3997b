//! The two special functions that the models need.

/// Terms of a series before it is given up: 1 − z of a thousandth takes some twenty thousand.
const MOST_TERMS: u32 = 200_000;

/// The logarithm of the gamma function for `x > 0` (Lanczos, g = 7): right to about 15 digits.
pub fn ln_gamma(x: f64) -> f64 {
    const G: f64 = 7.0;
    const COEFFICIENTS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        // Γ(x) = Γ(x + 1) ÷ x keeps clear of the pole.
        return ln_gamma(x + 1.0) - x.ln();
    }
    let x = x - 1.0;
    let (sum, _) = COEFFICIENTS.iter().fold((0.999_999_999_999_809_9, 1.0), |(sum, i), c| (sum + c / (x + i), i + 1.0));
    let t = x + G + 0.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

/// Gauss's ₂F₁(a, b; c; z) for `0 ≤ z < 1` and `c > 0`, by its series after Euler's transformation, which is the one that
/// converges for the parameters of BG/NBD. `None` where it does not.
pub fn hyp2f1(a: f64, b: f64, c: f64, z: f64) -> Option<f64> {
    if !(0.0..1.0).contains(&z) || c <= 0.0 {
        return None;
    }
    let (a1, b1) = (c - a, c - b);
    let (mut term, mut sum, mut n) = (1.0_f64, 1.0_f64, 0.0_f64);
    for _ in 0..MOST_TERMS {
        term *= (a1 + n) * (b1 + n) / ((c + n) * (n + 1.0)) * z;
        sum += term;
        n += 1.0;
        if term.abs() <= 1e-16 * sum.abs() {
            let value = sum * (1.0 - z).powf(c - a - b);
            return value.is_finite().then_some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_is_the_factorial() {
        let mut factorial = 1.0_f64;
        for n in 1..30 {
            factorial *= f64::from(n);
            assert!((ln_gamma(f64::from(n) + 1.0) - factorial.ln()).abs() < 1e-12 * factorial.ln().max(1.0), "{n}");
        }
        assert!((ln_gamma(0.5) - 0.572_364_942_924_700_1).abs() < 1e-14);
        assert!((ln_gamma(1e-6) - 13.815_509_980_749_432).abs() < 1e-11);
    }

    #[test]
    fn the_series_has_its_closed_forms() {
        for z in [0.0_f64, 0.1, 0.5, 0.9, 0.99] {
            let logarithm = if z == 0.0 { 1.0 } else { -(1.0 - z).ln() / z };
            let found = hyp2f1(1.0, 1.0, 2.0, z).expect("converges");
            assert!((found - logarithm).abs() < 1e-12 * logarithm, "{z}");
            let power = hyp2f1(0.7, 1.3, 1.3, z).expect("converges");
            assert!((power - (1.0 - z).powf(-0.7)).abs() < 1e-12 * power, "{z}");
        }
        assert_eq!(hyp2f1(1.0, 1.0, 2.0, 1.0), None);
    }
}
