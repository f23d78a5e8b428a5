//! Numbers in closed form against their enclosures, and against identities of logarithms and exponentials.

use std::cmp::Ordering;

use num_rational::BigRational;
use proptest::prelude::*;

use super::closed::Closed;
use super::elementary::{exp, ln};
use super::float::Float;
use super::interval::Interval;

fn rational(p: i64, q: i64) -> BigRational {
    BigRational::new(p.into(), q.into())
}

fn number(p: i64, q: i64) -> Closed {
    rational(p, q).into()
}

fn log(p: i64, q: i64) -> Closed {
    number(p, q).log().unwrap()
}

/// p/q
type Fraction = (i64, i64);

/// Σ c f(r) by closed forms and by intervals.
fn sum_of(
    terms: &[(Fraction, Fraction)],
    closed: fn(&Closed) -> Option<Closed>,
    enclosed: fn(&Interval, u64) -> Interval,
    p: u64,
) -> (Closed, Interval) {
    terms.iter().fold((Closed::zero(), Interval::zero()), |(sum, enclosure), (c, r)| {
        let (c, r) = (rational(c.0, c.1), rational(r.0, r.1));
        let term = closed(&r.clone().into()).unwrap().scale(&c).unwrap();
        let interval = enclosed(&Interval::from_rational(&r, p), p).mul(&Interval::from_rational(&c, p), p);
        (sum.add(&term).unwrap(), enclosure.add(&interval, p))
    })
}

fn sum_of_logs(terms: &[(Fraction, Fraction)], p: u64) -> (Closed, Interval) {
    sum_of(terms, Closed::log, ln, p)
}

fn sum_of_exps(terms: &[(Fraction, Fraction)], p: u64) -> (Closed, Interval) {
    sum_of(terms, Closed::exp, exp, p)
}

/// Both enclose one number, and to about as many digits as the precision has.
fn agree(closed: &Interval, enclosure: &Interval) -> bool {
    closed.lo <= enclosure.hi && enclosure.lo <= closed.hi && closed.width() <= Float::power_of_two(-170)
}

fn fraction() -> impl Strategy<Value = (i64, i64)> {
    (-60i64..60, 1i64..40)
}

fn positive() -> impl Strategy<Value = (i64, i64)> {
    (1i64..5000, 1i64..5000)
}

proptest! {
    #[test]
    fn closed_forms_agree_with_enclosures(
        logs in proptest::collection::vec((fraction(), positive()), 0..6),
        exps in proptest::collection::vec((fraction(), fraction().prop_map(|(p, q)| (p % 20, q))), 0..6),
    ) {
        let (sum, enclosure) = sum_of_logs(&logs, 200);
        prop_assert!(agree(&sum.enclose(200), &enclosure), "{sum:?}");
        let (sum, enclosure) = sum_of_exps(&exps, 240);
        prop_assert!(agree(&sum.enclose(240), &enclosure), "{sum:?}");
    }

    /// Terms in another order, and logarithms of products in place of sums: the difference is 0. One term more and it is
    /// not, with the sign of that term.
    #[test]
    fn sums_cancel_exactly_where_they_do(
        terms in proptest::collection::vec((fraction(), positive(), positive()), 1..6),
        more in positive(),
    ) {
        let split: Vec<_> = terms.iter().flat_map(|(c, r, s)| [(*c, *r), (*c, *s)]).collect();
        let joint: Vec<_> = terms.iter().rev().map(|(c, r, s)| (*c, (r.0 * s.0, r.1 * s.1))).collect();
        let (split, joint) = (sum_of_logs(&split, 64).0, sum_of_logs(&joint, 64).0);
        let rest = split.sub(&joint).unwrap();
        prop_assert!(rest.is_zero(), "{rest:?}");
        prop_assert_eq!(rest.sign(), Some(Ordering::Equal));
        let rest = rest.add(&log(more.0, more.1)).unwrap();
        prop_assert_eq!(rest.sign(), Some(more.0.cmp(&more.1)));
    }

    #[test]
    fn exp_and_log_are_inverse(x in positive(), r in fraction()) {
        let x = number(x.0, x.1);
        let back = x.log().unwrap().exp().unwrap();
        prop_assert_eq!(back.as_rational(), x.as_rational());
        let r = number(r.0, r.1);
        prop_assert!(r.exp().unwrap().log().unwrap().sub(&r).unwrap().is_zero());
        let product = x.mul(&r.exp().unwrap()).unwrap();
        prop_assert!(product.log().unwrap().sub(&r).unwrap().sub(&x.log().unwrap()).unwrap().is_zero());
    }
}

#[test]
fn quotients_and_roots() {
    let same = |x: Option<Closed>, p: i64, q: i64| x.unwrap().as_rational() == Some(&rational(p, q));
    assert!(same(log(27, 1).div(&log(9, 1)), 3, 2));
    assert!(same(log(9, 4).div(&log(27, 8)), 2, 3));
    assert!(same(log(36, 1).div(&log(1, 6)), -2, 1));
    assert!(log(6, 1).div(&log(2, 1)).is_none() && log(2, 1).div(&Closed::zero()).is_none());
    // exp((log 4)/2) = 2, and exp((log 2)/2) is irrational.
    assert!(same(log(4, 9).scale(&rational(1, 2)).unwrap().exp(), 2, 3));
    assert!(log(2, 1).scale(&rational(1, 2)).unwrap().exp().is_none());
    let e = number(1, 1).exp().unwrap();
    assert!(same(e.mul(&number(-1, 1).exp().unwrap()), 1, 1));
    assert!(same(number(3, 1).mul(&e).unwrap().div(&e), 3, 1));
    // (e + 1)(e − 1) = e² − 1
    let product = e.clone().add(&Closed::one()).unwrap().mul(&e.clone().sub(&Closed::one()).unwrap()).unwrap();
    assert!(product.sub(&number(2, 1).exp().unwrap()).unwrap().sub(&number(-1, 1)).unwrap().is_zero());
}

#[test]
fn what_has_no_closed_form_is_refused() {
    let e = number(1, 1).exp().unwrap();
    assert!(e.clone().add(&log(2, 1)).is_none(), "nothing is known of e + log 2");
    assert!(log(2, 1).mul(&log(3, 1)).is_none() && log(2, 1).log().is_none() && e.exp().is_none());
    assert!(number(0, 1).log().is_none() && number(-2, 1).log().is_none());
}

/// Mercator's series after so many terms is within 10^-40 of log 2 and not equal to it.
#[test]
fn a_rational_number_near_a_logarithm_is_not_one() {
    let half = |n: i32| rational(1, 2).pow(n) / BigRational::from_integer(n.into());
    let near: BigRational = (1..140).map(half).fold(rational(0, 1), |sum, term| sum + term);
    let gap = log(2, 1).sub(&near.into()).unwrap();
    assert!(!gap.is_zero());
    assert_eq!(gap.sign(), Some(Ordering::Greater));
    assert!(gap.enclose(64).hi < Float::power_of_two(-140));
}
