//! How probable violations can still be after samples without one.

use statrs::distribution::{Beta, ContinuousCDF};

use super::verdict::ViolationBound;

/// The confidence level of every bound.
pub const CONFIDENCE: f64 = 0.99;

/// The one-sided upper bound of Clopper and Pearson (Biometrika 26, 1934) on the probability of a violation after
/// `violations` in `samples` independent trials: the quantile of Beta(k + 1, n − k), which for k = 0 is 1 − (1 − c)^(1/n).
/// `None` without samples.
pub fn clopper_pearson(violations: u64, samples: u64) -> Option<ViolationBound> {
    let bound = |probability| Some(ViolationBound { confidence: CONFIDENCE, probability });
    match (violations, samples) {
        (_, 0) => None,
        // −expm1 keeps the digits that 1 − x would lose for many samples.
        (0, n) => bound(-((1.0 - CONFIDENCE).ln() / n as f64).exp_m1()),
        (k, n) if k >= n => bound(1.0),
        (k, n) => Beta::new(k as f64 + 1.0, (n - k) as f64).ok().and_then(|beta| bound(beta.inverse_cdf(CONFIDENCE))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probability(violations: u64, samples: u64) -> f64 {
        clopper_pearson(violations, samples).unwrap().probability
    }

    #[test]
    fn no_violation_has_a_closed_form() {
        for n in [1u64, 2, 10, 20_000] {
            let closed = 1.0 - 0.01f64.powf(1.0 / n as f64);
            assert!((probability(0, n) - closed).abs() < 1e-12 * closed.max(1e-4));
        }
        assert!(clopper_pearson(0, 0).is_none());
    }

    #[test]
    fn one_violation_solves_the_binomial_equation() {
        // P(X ≤ 1) = (1 − p)^n + n p (1 − p)^(n−1) = 1 − 0.99 at the bound.
        for n in [2u64, 5, 100, 20_000] {
            let p = probability(1, n);
            let tail = (1.0 - p).powf(n as f64) + n as f64 * p * (1.0 - p).powf(n as f64 - 1.0);
            assert!((tail - 0.01).abs() < 1e-7, "n = {n}: {tail}");
        }
        // All but one: 1 − P(X = n) = 1 − p^n = 0.01.
        assert!((probability(4, 5) - 0.99f64.powf(0.2)).abs() < 1e-8);
        assert_eq!(probability(5, 5), 1.0);
    }
}
