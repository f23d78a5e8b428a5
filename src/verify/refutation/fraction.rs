//! Simple fractions near a number: those that one would try on a blackboard.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::point::length;

/// How many terms of a continued fraction are looked at.
const TERMS: usize = 12;

/// Powers of ten, up and down to this one, are simple too.
const POWERS: i32 = 15;

/// Numbers that are simple wherever they lie.
const USUAL: &[(i64, i64)] = &[
    (0, 1),
    (1, 1),
    (2, 1),
    (3, 1),
    (4, 1),
    (5, 1),
    (6, 1),
    (8, 1),
    (10, 1),
    (20, 1),
    (50, 1),
    (100, 1),
    (1000, 1),
    (1, 2),
    (1, 3),
    (2, 3),
    (1, 4),
    (3, 4),
    (3, 2),
    (5, 2),
    (1, 5),
    (2, 5),
    (1, 8),
    (1, 10),
    (1, 20),
    (1, 100),
    (1, 1000),
    (-1, 1),
    (-2, 1),
    (-1, 2),
    (-3, 4),
    (-10, 1),
];

fn ratio(p: i64, q: i64) -> BigRational {
    BigRational::new(p.into(), q.into())
}

/// The nearest multiple of 1/q.
pub fn nearest_multiple(x: &BigRational, q: &BigInt) -> BigRational {
    BigRational::new((x * BigRational::from_integer(q.clone())).round().to_integer(), q.clone())
}

/// The multiple of 1/q next to it in the direction of 0.
pub fn multiple_towards_zero(x: &BigRational, q: &BigInt) -> BigRational {
    BigRational::new((x * BigRational::from_integer(q.clone())).trunc().to_integer(), q.clone())
}

/// The convergents and semiconvergents of the continued fraction of a number: every best rational approximation is one.
fn approximations(x: &BigRational) -> Vec<BigRational> {
    let (mut p0, mut q0, mut p1, mut q1) = (BigInt::zero(), BigInt::one(), BigInt::one(), BigInt::zero());
    let (mut numerator, mut denominator) = (x.numer().clone(), x.denom().clone());
    let mut found = Vec::new();
    for _ in 0..TERMS {
        if denominator.is_zero() {
            break;
        }
        let (term, rest) = numerator.div_mod_floor(&denominator);
        let half = (&term + BigInt::one()) / BigInt::from(2);
        for part in [half, term.clone()] {
            let (p, q) = (&part * &p1 + &p0, &part * &q1 + &q0);
            if q.is_positive() {
                found.push(BigRational::new(p, q));
            }
        }
        let (p, q) = (&term * &p1 + &p0, &term * &q1 + &q0);
        (p0, q0, p1, q1) = (p1, q1, p, q);
        (numerator, denominator) = (denominator, rest);
    }
    found
}

/// Fractions simpler than a number, the simplest first, among equals the nearest first.
pub fn simpler(x: &BigRational) -> Vec<BigRational> {
    let mut found: Vec<BigRational> = USUAL.iter().map(|(p, q)| ratio(*p, *q)).collect();
    found.extend((1..=POWERS).flat_map(|k| [ratio(10, 1).pow(k), ratio(1, 10).pow(k)]));
    found.extend(approximations(x));
    found.extend([10, 100, 1000].iter().map(|q| nearest_multiple(x, &BigInt::from(*q))));
    let least = length(x);
    found.retain(|y| length(y) < least);
    sort(&mut found, x);
    found
}

/// The simplest fraction that agrees with a number to a tolerance, against it or 1: the first of the Stern-Brocot tree that
/// lies between the two ends. `None` for what is no number.
pub fn simplest(x: f64, tolerance: f64) -> Option<BigRational> {
    let width = tolerance * x.abs().max(1.0);
    Some(simplest_between(BigRational::from_float(x - width)?, BigRational::from_float(x + width)?))
}

fn simplest_between(lo: BigRational, hi: BigRational) -> BigRational {
    if hi.is_negative() {
        return -simplest_between(-hi, -lo);
    }
    if !lo.is_positive() {
        return BigRational::zero();
    }
    let floor = lo.floor();
    if floor == lo {
        return lo;
    }
    let next = &floor + BigRational::one();
    if next <= hi {
        return next;
    }
    &floor + simplest_between((hi - &floor).recip(), (lo - &floor).recip()).recip()
}

fn sort(found: &mut Vec<BigRational>, x: &BigRational) {
    found.sort_by_cached_key(|y| (length(y), (y - x).abs()));
    found.dedup();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_simplest_come_first_and_the_nearest_are_there() {
        let x = BigRational::from_float(0.333_333_3).unwrap();
        let found = simpler(&x);
        assert_eq!(found[0], ratio(0, 1));
        assert!(found.contains(&ratio(1, 3)));
        assert!(simpler(&BigRational::from_float(std::f64::consts::PI).unwrap()).contains(&ratio(355, 113)));
        assert!(simpler(&ratio(0, 1)).is_empty());
    }

    proptest! {
        #[test]
        fn every_one_is_simpler(x in -100.0..100.0f64) {
            let x = BigRational::from_float(x).unwrap();
            let found = simpler(&x);
            prop_assert!(found.iter().all(|y| length(y) < length(&x)));
            prop_assert!(found.is_sorted_by_key(length));
        }

        #[test]
        fn the_simplest_fraction_is_found_again(p in -400..400i64, q in 1..400i64) {
            // No other fraction of a denominator below 400 is as near, and no simpler one agrees.
            let x = BigRational::new(p.into(), q.into());
            prop_assert_eq!(simplest(p as f64 / q as f64, 1e-10), Some(x));
        }

        #[test]
        fn multiples_are_near(x in -100.0..100.0f64, q in 1..100i64) {
            let (x, q) = (BigRational::from_float(x).unwrap(), BigInt::from(q));
            let step = BigRational::new(BigInt::one(), q.clone());
            prop_assert!((nearest_multiple(&x, &q) - &x).abs() <= &step / ratio(2, 1));
            prop_assert!((multiple_towards_zero(&x, &q) - &x).abs() < step);
            prop_assert!(multiple_towards_zero(&x, &q).abs() <= x.abs());
        }
    }
}
