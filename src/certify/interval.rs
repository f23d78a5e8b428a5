//! Intervals of real numbers with dyadic ends, possibly infinite, and arithmetic that rounds outwards.
//!
//! Every operation returns an interval that contains the result for all numbers of its operands: the lower end is the
//! least possible value rounded down, the upper end the greatest rounded up. An interval without any bound, `(−∞, ∞)`,
//! also stands for a result that may be undefined (∞ − ∞, 0 · ∞, a function outside its domain).

use num_rational::BigRational;
use num_traits::One;

use super::float::{Float, Round};
use super::series::Bounds;

/// lo ≤ x ≤ hi
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Interval {
    pub lo: Float,
    pub hi: Float,
}

impl From<Bounds> for Interval {
    fn from((lo, hi): Bounds) -> Self {
        Interval { lo, hi }
    }
}

impl Interval {
    pub fn new(lo: Float, hi: Float) -> Self {
        debug_assert!(lo <= hi, "the ends of an interval in the wrong order: {lo:?} {hi:?}");
        Interval { lo, hi }
    }

    pub fn point(x: Float) -> Self {
        Interval { lo: x.clone(), hi: x }
    }

    pub fn integer(value: i64) -> Self {
        Interval::point(Float::from_i64(value))
    }

    pub fn zero() -> Self {
        Interval::point(Float::zero())
    }

    pub fn one() -> Self {
        Interval::point(Float::one())
    }

    /// (−∞, ∞)
    pub fn entire() -> Self {
        Interval { lo: Float::infinity(false), hi: Float::infinity(true) }
    }

    /// [0, ∞)
    pub fn nonnegative() -> Self {
        Interval { lo: Float::zero(), hi: Float::infinity(true) }
    }

    /// The number x ± r.
    pub fn around(x: &Float, radius: &Float, precision: u64) -> Self {
        Interval { lo: x.sub(radius, precision, Round::Down), hi: x.add(radius, precision, Round::Up) }
    }

    pub fn from_rational(value: &BigRational, precision: u64) -> Self {
        if value.denom().is_one() {
            let x = Float::new(value.numer().clone(), 0);
            return Interval { lo: x.clone().round(precision, Round::Down), hi: x.round(precision, Round::Up) };
        }
        Interval {
            lo: Float::from_rational(value, precision, Round::Down),
            hi: Float::from_rational(value, precision, Round::Up),
        }
    }

    pub fn is_point(&self) -> bool {
        self.lo == self.hi
    }

    pub fn is_finite(&self) -> bool {
        self.lo.is_finite() && self.hi.is_finite()
    }

    /// Whether nothing at all is known.
    pub fn is_entire(&self) -> bool {
        !self.lo.is_finite() && !self.hi.is_finite() && self.lo.is_negative() && self.hi.is_positive()
    }

    pub fn contains_zero(&self) -> bool {
        !self.lo.is_positive() && !self.hi.is_negative()
    }

    pub fn contains(&self, x: &Float) -> bool {
        self.lo <= *x && *x <= self.hi
    }

    /// x > 0 for all its numbers.
    pub fn is_positive(&self) -> bool {
        self.lo.is_positive()
    }

    /// x < 0 for all its numbers.
    pub fn is_negative(&self) -> bool {
        self.hi.is_negative()
    }

    /// Exactly 0.
    pub fn is_zero(&self) -> bool {
        self.lo.is_zero() && self.hi.is_zero()
    }

    /// The least interval that contains both.
    pub fn hull(&self, other: &Interval) -> Self {
        Interval { lo: self.lo.clone().min(other.lo.clone()), hi: self.hi.clone().max(other.hi.clone()) }
    }

    /// What lies in both, which is known not to be empty: where rounding left them apart, `self`.
    pub fn meet(&self, other: &Interval) -> Self {
        let (lo, hi) = (self.lo.clone().max(other.lo.clone()), self.hi.clone().min(other.hi.clone()));
        if lo <= hi { Interval { lo, hi } } else { self.clone() }
    }

    /// A number near the middle; 0 for an interval without finite ends, the finite end of a half-line.
    pub fn middle(&self, precision: u64) -> Float {
        match (self.lo.is_finite(), self.hi.is_finite()) {
            (true, true) => self.lo.add(&self.hi, precision, Round::Near).scale(-1),
            (true, false) => self.lo.clone(),
            (false, true) => self.hi.clone(),
            (false, false) => Float::zero(),
        }
    }

    /// The greatest |x|.
    pub fn greatest_modulus(&self) -> Float {
        self.lo.abs().max(self.hi.abs())
    }

    /// The least |x|.
    pub fn least_modulus(&self) -> Float {
        if self.contains_zero() { Float::zero() } else { self.lo.abs().min(self.hi.abs()) }
    }

    /// hi − lo, rounded up.
    pub fn width(&self) -> Float {
        self.hi.sub(&self.lo, 32, Round::Up)
    }

    pub fn neg(&self) -> Self {
        Interval { lo: self.hi.neg(), hi: self.lo.neg() }
    }

    pub fn abs(&self) -> Self {
        Interval { lo: self.least_modulus(), hi: self.greatest_modulus() }
    }

    /// x 2^k, exactly.
    pub fn scale(&self, k: i64) -> Self {
        Interval { lo: self.lo.scale(k), hi: self.hi.scale(k) }
    }

    pub fn add(&self, other: &Interval, precision: u64) -> Self {
        Interval {
            lo: self.lo.add(&other.lo, precision, Round::Down),
            hi: self.hi.add(&other.hi, precision, Round::Up),
        }
    }

    pub fn sub(&self, other: &Interval, precision: u64) -> Self {
        Interval {
            lo: self.lo.sub(&other.hi, precision, Round::Down),
            hi: self.hi.sub(&other.lo, precision, Round::Up),
        }
    }

    /// x ± r for r ≥ 0.
    pub fn widen(&self, radius: &Float, precision: u64) -> Self {
        Interval { lo: self.lo.sub(radius, precision, Round::Down), hi: self.hi.add(radius, precision, Round::Up) }
    }

    pub fn mul(&self, other: &Interval, precision: u64) -> Self {
        if self.is_zero() && other.is_finite() || other.is_zero() && self.is_finite() {
            return Interval::zero();
        }
        if self.contains_zero() && !other.is_finite() || other.contains_zero() && !self.is_finite() {
            return Interval::entire();
        }
        let down = |a: &Float, b: &Float| a.mul(b, precision, Round::Down);
        let up = |a: &Float, b: &Float| a.mul(b, precision, Round::Up);
        let (a, b, c, d) = (&self.lo, &self.hi, &other.lo, &other.hi);
        // The signs of the operands say which products of ends are extreme.
        match ((!a.is_negative(), !b.is_positive()), (!c.is_negative(), !d.is_positive())) {
            ((true, _), (true, _)) => Interval { lo: down(a, c), hi: up(b, d) },
            ((true, _), (_, true)) => Interval { lo: down(b, c), hi: up(a, d) },
            ((true, _), _) => Interval { lo: down(b, c), hi: up(b, d) },
            ((_, true), (true, _)) => Interval { lo: down(a, d), hi: up(b, c) },
            ((_, true), (_, true)) => Interval { lo: down(b, d), hi: up(a, c) },
            ((_, true), _) => Interval { lo: down(a, d), hi: up(a, c) },
            (_, (true, _)) => Interval { lo: down(a, d), hi: up(b, d) },
            (_, (_, true)) => Interval { lo: down(b, c), hi: up(a, c) },
            _ => Interval { lo: down(a, d).min(down(b, c)), hi: up(a, c).max(up(b, d)) },
        }
    }

    pub fn square(&self, precision: u64) -> Self {
        let (least, greatest) = (self.least_modulus(), self.greatest_modulus());
        Interval { lo: least.mul(&least, precision, Round::Down), hi: greatest.mul(&greatest, precision, Round::Up) }
    }

    /// 1/x, where 1/0 is +∞: of an interval that begins at 0 a half-line, of any other that has 0 in it everything.
    pub fn recip(&self, precision: u64) -> Self {
        let one = Float::one();
        if self.contains_zero() {
            return match self.lo.is_zero() && !self.hi.is_zero() {
                true => Interval { lo: one.div(&self.hi, precision, Round::Down), hi: Float::infinity(true) },
                false => Interval::entire(),
            };
        }
        Interval { lo: one.div(&self.hi, precision, Round::Down), hi: one.div(&self.lo, precision, Round::Up) }
    }

    /// x/y, and everything where y may be 0.
    pub fn div(&self, other: &Interval, precision: u64) -> Self {
        if other.contains_zero() || (!self.is_finite() && !other.is_finite()) {
            return Interval::entire();
        }
        let (a, b, c, d) = (&self.lo, &self.hi, &other.lo, &other.hi);
        let down = |a: &Float, b: &Float| a.div(b, precision, Round::Down);
        let up = |a: &Float, b: &Float| a.div(b, precision, Round::Up);
        if c.is_positive() {
            let lo = if a.is_negative() { down(a, c) } else { down(a, d) };
            let hi = if b.is_negative() { up(b, d) } else { up(b, c) };
            Interval { lo, hi }
        } else {
            let lo = if b.is_positive() { down(b, d) } else { down(b, c) };
            let hi = if a.is_negative() { up(a, d) } else { up(a, c) };
            Interval { lo, hi }
        }
    }

    /// √x of the part of the interval where x ≥ 0.
    pub fn sqrt(&self, precision: u64) -> Self {
        let lo = if self.lo.is_negative() { Float::zero() } else { self.lo.sqrt(precision, Round::Down) };
        Interval { lo, hi: self.hi.clone().max(Float::zero()).sqrt(precision, Round::Up) }
    }

    /// x^n for n ≥ 0 by squaring.
    pub fn power(&self, n: u64, precision: u64) -> Self {
        if n.is_multiple_of(2) && self.contains_zero() && n > 0 {
            // An even power does not see the sign: |x|^n is monotone.
            let (zero, one) = (Float::zero(), Interval::point(self.greatest_modulus()));
            return Interval { lo: zero, hi: one.power_of_sign(n, precision).hi };
        }
        self.power_of_sign(n, precision)
    }

    /// x^n for an interval on one side of 0, or an odd n: monotone, so the ends give the ends.
    fn power_of_sign(&self, n: u64, precision: u64) -> Self {
        let end = |x: &Float| {
            let (mut square, mut result, mut left) = (Interval::point(x.clone()), Interval::one(), n);
            while left > 0 {
                if left % 2 == 1 {
                    result = result.mul(&square, precision);
                }
                left /= 2;
                if left > 0 {
                    square = square.square(precision);
                }
            }
            result
        };
        let (a, b) = (end(&self.lo), end(&self.hi));
        a.hull(&b)
    }

    /// min(x, y)
    pub fn min(&self, other: &Interval) -> Self {
        Interval { lo: self.lo.clone().min(other.lo.clone()), hi: self.hi.clone().min(other.hi.clone()) }
    }

    /// max(x, y)
    pub fn max(&self, other: &Interval) -> Self {
        Interval { lo: self.lo.clone().max(other.lo.clone()), hi: self.hi.clone().max(other.hi.clone()) }
    }

    /// Whether x < y for all, for none, or undecided.
    pub fn less(&self, other: &Interval) -> Option<bool> {
        if self.hi < other.lo {
            Some(true)
        } else if self.lo >= other.hi {
            Some(false)
        } else {
            None
        }
    }

    /// Whether x = y for all, for none, or undecided.
    pub fn equal(&self, other: &Interval) -> Option<bool> {
        if self.hi < other.lo || other.hi < self.lo {
            Some(false)
        } else if self.is_point() && other.is_point() {
            Some(true)
        } else {
            None
        }
    }
}
