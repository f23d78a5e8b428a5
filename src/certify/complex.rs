//! Rectangles in the complex plane, and what matrices need of their entries whether real or complex.

use super::elementary;
use super::float::Float;
use super::interval::Interval;

/// re + i im
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Complex {
    pub re: Interval,
    pub im: Interval,
}

/// What sums, products and eliminations ask of the entries of a matrix.
pub(super) trait Entry: Clone {
    fn zero() -> Self;
    fn one() -> Self;
    fn from_real(x: Interval) -> Self;
    fn add(&self, other: &Self, precision: u64) -> Self;
    fn sub(&self, other: &Self, precision: u64) -> Self;
    fn mul(&self, other: &Self, precision: u64) -> Self;
    fn div(&self, other: &Self, precision: u64) -> Self;
    fn neg(&self) -> Self;
    fn conj(&self) -> Self;
    /// |x|
    fn modulus(&self, precision: u64) -> Interval;
    /// |x|²
    fn modulus2(&self, precision: u64) -> Interval;
    /// Every part widened by a radius.
    fn widen(&self, radius: &Float, precision: u64) -> Self;
    /// The middle, as a point.
    fn middle(&self, precision: u64) -> Self;
    fn hull(&self, other: &Self) -> Self;
    fn meet(&self, other: &Self) -> Self;
    fn entire() -> Self;
    fn is_entire(&self) -> bool;
    fn is_finite(&self) -> bool;
    fn re(&self) -> &Interval;
    fn im(&self) -> Interval;
    fn is_exact_zero(&self) -> bool;
}

impl Entry for Interval {
    fn zero() -> Self {
        Interval::zero()
    }
    fn one() -> Self {
        Interval::one()
    }
    fn from_real(x: Interval) -> Self {
        x
    }
    fn add(&self, other: &Self, precision: u64) -> Self {
        Interval::add(self, other, precision)
    }
    fn sub(&self, other: &Self, precision: u64) -> Self {
        Interval::sub(self, other, precision)
    }
    fn mul(&self, other: &Self, precision: u64) -> Self {
        Interval::mul(self, other, precision)
    }
    fn div(&self, other: &Self, precision: u64) -> Self {
        Interval::div(self, other, precision)
    }
    fn neg(&self) -> Self {
        Interval::neg(self)
    }
    fn conj(&self) -> Self {
        self.clone()
    }
    fn modulus(&self, _: u64) -> Interval {
        self.abs()
    }
    fn modulus2(&self, precision: u64) -> Interval {
        self.square(precision)
    }
    fn widen(&self, radius: &Float, precision: u64) -> Self {
        Interval::widen(self, radius, precision)
    }
    fn middle(&self, precision: u64) -> Self {
        Interval::point(Interval::middle(self, precision))
    }
    fn hull(&self, other: &Self) -> Self {
        Interval::hull(self, other)
    }
    fn meet(&self, other: &Self) -> Self {
        Interval::meet(self, other)
    }
    fn entire() -> Self {
        Interval::entire()
    }
    fn is_entire(&self) -> bool {
        Interval::is_entire(self)
    }
    fn is_finite(&self) -> bool {
        Interval::is_finite(self)
    }
    fn re(&self) -> &Interval {
        self
    }
    fn im(&self) -> Interval {
        Interval::zero()
    }
    fn is_exact_zero(&self) -> bool {
        self.is_zero()
    }
}

impl Entry for Complex {
    fn zero() -> Self {
        Complex::from_real(Interval::zero())
    }
    fn one() -> Self {
        Complex::from_real(Interval::one())
    }
    fn from_real(re: Interval) -> Self {
        Complex { re, im: Interval::zero() }
    }
    fn add(&self, other: &Self, precision: u64) -> Self {
        Complex { re: self.re.add(&other.re, precision), im: self.im.add(&other.im, precision) }
    }
    fn sub(&self, other: &Self, precision: u64) -> Self {
        Complex { re: self.re.sub(&other.re, precision), im: self.im.sub(&other.im, precision) }
    }
    fn mul(&self, other: &Self, precision: u64) -> Self {
        let times = |a: &Interval, b: &Interval| a.mul(b, precision);
        Complex {
            re: times(&self.re, &other.re).sub(&times(&self.im, &other.im), precision),
            im: times(&self.re, &other.im).add(&times(&self.im, &other.re), precision),
        }
    }
    fn div(&self, other: &Self, precision: u64) -> Self {
        let square = other.modulus2(precision);
        let numerator = self.mul(&other.conj(), precision);
        Complex { re: numerator.re.div(&square, precision), im: numerator.im.div(&square, precision) }
    }
    fn neg(&self) -> Self {
        Complex { re: self.re.neg(), im: self.im.neg() }
    }
    fn conj(&self) -> Self {
        Complex { re: self.re.clone(), im: self.im.neg() }
    }
    fn modulus(&self, precision: u64) -> Interval {
        if self.im.is_zero() {
            return self.re.abs();
        }
        if self.re.is_zero() {
            return self.im.abs();
        }
        self.modulus2(precision).sqrt(precision)
    }
    fn modulus2(&self, precision: u64) -> Interval {
        self.re.square(precision).add(&self.im.square(precision), precision)
    }
    fn widen(&self, radius: &Float, precision: u64) -> Self {
        Complex { re: self.re.widen(radius, precision), im: self.im.widen(radius, precision) }
    }
    fn middle(&self, precision: u64) -> Self {
        Complex { re: Entry::middle(&self.re, precision), im: Entry::middle(&self.im, precision) }
    }
    fn hull(&self, other: &Self) -> Self {
        Complex { re: self.re.hull(&other.re), im: self.im.hull(&other.im) }
    }
    fn meet(&self, other: &Self) -> Self {
        Complex { re: self.re.meet(&other.re), im: self.im.meet(&other.im) }
    }
    fn entire() -> Self {
        Complex { re: Interval::entire(), im: Interval::entire() }
    }
    fn is_entire(&self) -> bool {
        self.re.is_entire() || self.im.is_entire()
    }
    fn is_finite(&self) -> bool {
        self.re.is_finite() && self.im.is_finite()
    }
    fn re(&self) -> &Interval {
        &self.re
    }
    fn im(&self) -> Interval {
        self.im.clone()
    }
    fn is_exact_zero(&self) -> bool {
        self.re.is_zero() && self.im.is_zero()
    }
}

impl Complex {
    /// exp z = exp(x)(cos y + i sin y)
    pub fn exp(&self, precision: u64) -> Self {
        let size = elementary::exp(&self.re, precision);
        Complex {
            re: size.mul(&elementary::cos(&self.im, precision), precision),
            im: size.mul(&elementary::sin(&self.im, precision), precision),
        }
    }

    /// The principal logarithm log |z| + i arg z.
    pub fn ln(&self, precision: u64) -> Self {
        Complex {
            re: elementary::ln(&self.modulus2(precision), precision).scale(-1),
            im: elementary::angle(&self.re, &self.im, precision),
        }
    }

    /// The principal square root: u + iv with u = √((|z| + x)/2) and v = ± √((|z| − x)/2), the sign that of y.
    pub fn sqrt(&self, precision: u64) -> Self {
        let size = self.modulus(precision);
        let re = size.add(&self.re, precision).scale(-1).sqrt(precision);
        let im = size.sub(&self.re, precision).scale(-1).sqrt(precision);
        let im = if !self.im.lo.is_negative() {
            im
        } else if self.im.hi.is_negative() {
            im.neg()
        } else {
            im.hull(&im.neg())
        };
        Complex { re, im }
    }

    /// (exp(y), exp(−y)) of the imaginary part, for the circular functions.
    fn hyperbolic(y: &Interval, precision: u64) -> (Interval, Interval) {
        let (up, down) = (elementary::exp(y, precision), elementary::exp(&y.neg(), precision));
        (up.add(&down, precision).scale(-1), up.sub(&down, precision).scale(-1))
    }

    /// sin z = sin x cosh y + i cos x sinh y
    pub fn sin(&self, precision: u64) -> Self {
        let (cosh, sinh) = Self::hyperbolic(&self.im, precision);
        Complex {
            re: elementary::sin(&self.re, precision).mul(&cosh, precision),
            im: elementary::cos(&self.re, precision).mul(&sinh, precision),
        }
    }

    /// cos z = cos x cosh y − i sin x sinh y
    pub fn cos(&self, precision: u64) -> Self {
        let (cosh, sinh) = Self::hyperbolic(&self.im, precision);
        Complex {
            re: elementary::cos(&self.re, precision).mul(&cosh, precision),
            im: elementary::sin(&self.re, precision).mul(&sinh, precision).neg(),
        }
    }

    /// tanh z = (exp(2z) − 1)/(exp(2z) + 1), by the side where the exponential is at most 1.
    pub fn tanh(&self, precision: u64) -> Self {
        if self.re.hi.is_positive() {
            return Complex { re: self.re.neg(), im: self.im.neg() }.tanh_left(precision).neg();
        }
        self.tanh_left(precision)
    }

    fn tanh_left(&self, precision: u64) -> Self {
        let e = Complex { re: self.re.scale(1), im: self.im.scale(1) }.exp(precision);
        let one = Complex::one();
        e.sub(&one, precision).div(&e.add(&one, precision), precision)
    }
}
