//! Numbers in closed form: q + Σ c_k log b_k, and q + Σ c_k exp r_k, with everything in them rational.
//!
//! Entropies at kernels of zeros and ones and determinants of rational matrices are of the first form, traces of
//! exponentials of diagonal matrices of the second, and in both it is decided whether a number is 0:
//!
//! - The b_k are kept pairwise coprime integers above 1. By unique factorisation no product of powers of them is 1 but the
//!   empty one, and so their logarithms are linearly independent over the rationals. A combination of them that is not
//!   empty is 1/m times the logarithm of a positive rational other than 1, which is transcendental (Lindemann), and
//!   hence no rational q makes up for it.
//! - Exponentials of distinct rationals are linearly independent over the rationals (Lindemann and Weierstrass; Baker,
//!   Transcendental Number Theory, Theorem 1.4).
//!
//! Sums of both forms are refused: nothing is known of their independence. So are long numbers, which are left to the
//! intervals.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use num_bigint::{BigInt, BigUint};
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::elementary::{exp, ln, refine};
use super::interval::Interval;

/// Numbers with more bits than this are left to the intervals.
pub(super) const LARGEST: u64 = 6000;

/// Sums of more terms than this are left to the intervals: each addition compares all pairs.
const LARGEST_SUM: usize = 64;

/// Exponents from here on are left to the intervals.
const LARGEST_EXPONENT: i64 = 1 << 20;

/// The precisions that the sign of a number other than 0 is looked for at, in bits.
const SIGN: [u64; 4] = [64, 256, 1024, 4096];

/// See the module. No coefficient is 0, and one of the two maps is empty.
#[derive(Clone, Debug)]
pub(super) struct Closed {
    rational: BigRational,
    /// c by b: pairwise coprime integers above 1.
    logs: BTreeMap<BigUint, BigRational>,
    /// c by r, which is not 0.
    exps: BTreeMap<BigRational, BigRational>,
}

impl From<BigRational> for Closed {
    fn from(rational: BigRational) -> Self {
        Closed { rational, logs: BTreeMap::new(), exps: BTreeMap::new() }
    }
}

impl Closed {
    pub fn zero() -> Self {
        BigRational::zero().into()
    }

    pub fn one() -> Self {
        BigRational::one().into()
    }

    /// The rational number that it is.
    pub fn as_rational(&self) -> Option<&BigRational> {
        (self.terms() == 0).then_some(&self.rational)
    }

    pub fn is_zero(&self) -> bool {
        self.as_rational().is_some_and(Zero::is_zero)
    }

    /// The number of logarithms or exponentials.
    pub fn terms(&self) -> usize {
        self.logs.len() + self.exps.len()
    }

    /// The length of the longest number in it, in bits.
    pub fn bits(&self) -> u64 {
        let of = |q: &BigRational| q.numer().bits().max(q.denom().bits());
        let logs = self.logs.iter().map(|(base, c)| base.bits().max(of(c)));
        let exps = self.exps.iter().map(|(exponent, c)| of(exponent).max(of(c)));
        logs.chain(exps).fold(of(&self.rational), u64::max)
    }

    fn moderate(self) -> Option<Self> {
        (self.terms() <= LARGEST_SUM && self.bits() <= LARGEST).then_some(self)
    }

    /// Adds c log n for n ≥ 1. Two integers with a common divisor give way to it and to what it leaves of them, which
    /// makes the product of all integers smaller, so that this comes to an end.
    fn add_log(&mut self, n: BigUint, c: &BigRational) {
        let mut waiting = Vec::new();
        // Most numbers come from a computer, and their denominators are powers of 2.
        let twos = n.trailing_zeros().unwrap_or(0);
        if twos > 0 {
            waiting.push((BigUint::from(2u8), c * BigRational::from_integer(twos.into())));
        }
        waiting.push((n >> twos, c.clone()));
        while let Some((n, c)) = waiting.pop() {
            if n.is_one() || c.is_zero() {
                continue;
            }
            let common = self.logs.keys().find_map(|base| {
                let divisor = gcd(base, &n);
                (!divisor.is_one()).then(|| (base.clone(), divisor))
            });
            let Some((base, divisor)) = common else {
                self.logs.insert(n, c);
                continue;
            };
            let d = self.logs.remove(&base).unwrap_or_else(BigRational::zero);
            let ((k, n), (l, base)) = (without(n, &divisor), without(base, &divisor));
            let whole = &c * BigRational::from_integer(k.into()) + &d * BigRational::from_integer(l.into());
            waiting.extend([(divisor, whole), (n, c), (base, d)]);
        }
    }

    fn add_exp(&mut self, exponent: &BigRational, c: &BigRational) {
        if exponent.is_zero() {
            self.rational += c;
            return;
        }
        let sum = self.exps.remove(exponent).unwrap_or_else(BigRational::zero) + c;
        if !sum.is_zero() {
            self.exps.insert(exponent.clone(), sum);
        }
    }

    /// x + y
    pub fn add(mut self, other: &Closed) -> Option<Self> {
        self.rational += &other.rational;
        for (base, c) in &other.logs {
            self.add_log(base.clone(), c);
        }
        for (exponent, c) in &other.exps {
            self.add_exp(exponent, c);
        }
        if !self.logs.is_empty() && !self.exps.is_empty() {
            return None;
        }
        self.moderate()
    }

    /// q x
    pub fn scale(mut self, q: &BigRational) -> Option<Self> {
        if q.is_zero() {
            return Some(Closed::zero());
        }
        self.rational *= q;
        self.logs.values_mut().chain(self.exps.values_mut()).for_each(|c| *c *= q);
        self.moderate()
    }

    pub fn neg(mut self) -> Self {
        self.rational = -self.rational;
        self.logs.values_mut().chain(self.exps.values_mut()).for_each(|c| *c = -c.clone());
        self
    }

    /// x − y
    pub fn sub(self, other: &Closed) -> Option<Self> {
        self.add(&other.clone().neg())
    }

    /// x y: of logarithms only with a rational number.
    pub fn mul(&self, other: &Closed) -> Option<Self> {
        if let Some(q) = other.as_rational() {
            return self.clone().scale(q);
        }
        if let Some(q) = self.as_rational() {
            return other.clone().scale(q);
        }
        if !self.logs.is_empty() || !other.logs.is_empty() || self.terms() * other.terms() > LARGEST_SUM {
            return None;
        }
        let mut product = Closed::zero();
        for (r, c) in self.exponentials() {
            for (s, d) in other.exponentials() {
                product.add_exp(&(&r + s), &(&c * d));
            }
        }
        product.moderate()
    }

    /// Σ c exp r with r = 0 among them, of a number without logarithms.
    fn exponentials(&self) -> Vec<(BigRational, BigRational)> {
        let unit = (!self.rational.is_zero()).then(|| (BigRational::zero(), self.rational.clone()));
        unit.into_iter().chain(self.exps.iter().map(|(r, c)| (r.clone(), c.clone()))).collect()
    }

    /// c exp r
    fn as_exponential(&self) -> Option<(BigRational, BigRational)> {
        let mut terms = if self.logs.is_empty() { self.exponentials() } else { Vec::new() };
        if terms.len() == 1 { terms.pop() } else { None }
    }

    /// x/y for y a rational number or one exponential, and for proportional ones.
    pub fn div(&self, other: &Closed) -> Option<Self> {
        if let Some((r, c)) = other.as_exponential() {
            let mut inverse = Closed::zero();
            inverse.add_exp(&-r, &c.recip());
            return self.mul(&inverse);
        }
        // If x = q y, the first logarithm or exponential that both have says what q is.
        let quotient = other.logs.iter().find_map(|(base, d)| {
            let (n, c) = self.logs.iter().find(|(n, _)| !gcd(base, n).is_one())?;
            // A coprime base of the two has an element that divides both.
            let mut both = Closed::zero();
            both.add_log(base.clone(), &BigRational::one());
            both.add_log(n.clone(), &BigRational::one());
            let shared = both.logs.into_keys().find(|b| (base % b).is_zero() && (n % b).is_zero())?;
            let times = |n: &BigUint| BigRational::from_integer(without(n.clone(), &shared).0.into());
            Some(c * times(n) / (d * times(base)))
        });
        let quotient = quotient
            .or_else(|| other.exps.iter().find_map(|(exponent, d)| self.exps.get(exponent).map(|c| c / d)))
            .filter(|q| other.clone().scale(q).and_then(|y| self.clone().sub(&y)).is_some_and(|rest| rest.is_zero()));
        quotient.map(Closed::from)
    }

    /// exp x, where the logarithms have a rational sum of their own kind: exp(r + Σ c log b) = exp(r) Π b^c.
    pub fn exp(&self) -> Option<Self> {
        if !self.exps.is_empty() || self.rational.abs() >= BigRational::from_integer(LARGEST_EXPONENT.into()) {
            return None;
        }
        let mut factor = BigRational::one();
        for (base, c) in &self.logs {
            // b^(k/m) with k and m coprime is rational where b is the m-th power of an integer.
            let (k, m) = (c.numer().to_i32()?, c.denom().to_u32()?);
            let root = base.nth_root(m);
            let fits = base.bits().checked_mul(u64::from(k.unsigned_abs()))? / u64::from(m) <= LARGEST;
            if !fits || root.pow(m) != *base {
                return None;
            }
            factor *= BigRational::from_integer(BigInt::from(root)).pow(k);
        }
        let mut result = Closed::zero();
        result.add_exp(&self.rational, &factor);
        result.moderate()
    }

    /// log x for x = c exp r with c > 0.
    pub fn log(&self) -> Option<Self> {
        let (r, c) = self.as_exponential()?;
        if !c.is_positive() {
            return None;
        }
        let mut result = Closed::from(r);
        // A positive fraction in lowest terms has a positive denominator.
        result.add_log(c.numer().magnitude().clone(), &BigRational::one());
        result.add_log(c.denom().magnitude().clone(), &-BigRational::one());
        result.moderate()
    }

    /// The sign, which is never in doubt but for numbers close to 0 beyond measure.
    pub fn sign(&self) -> Option<Ordering> {
        if let Some(q) = self.as_rational() {
            return Some(q.cmp(&BigRational::zero()));
        }
        SIGN.into_iter().find_map(|precision| {
            let value = self.at(precision);
            if value.is_positive() {
                Some(Ordering::Greater)
            } else if value.is_negative() {
                Some(Ordering::Less)
            } else {
                None
            }
        })
    }

    /// How two numbers compare, where it is known.
    pub fn compare(&self, other: &Closed) -> Option<Ordering> {
        self.clone().sub(other)?.sign()
    }

    /// An enclosure, accurate to the precision, in bits, unless the terms cancel beyond measure.
    pub fn enclose(&self, precision: u64) -> Interval {
        match self.as_rational() {
            Some(q) if q.is_zero() => Interval::zero(),
            Some(q) => Interval::from_rational(q, precision),
            None => refine(precision, |p| self.at(p)),
        }
    }

    fn at(&self, p: u64) -> Interval {
        let logs = self.logs.iter().map(|(base, c)| {
            let base = BigRational::from_integer(BigInt::from(base.clone()));
            (ln(&Interval::from_rational(&base, p), p), c)
        });
        let exps = self.exps.iter().map(|(r, c)| (exp(&Interval::from_rational(r, p), p), c));
        logs.chain(exps).fold(Interval::from_rational(&self.rational, p), |sum, (term, c)| {
            sum.add(&term.mul(&Interval::from_rational(c, p), p), p)
        })
    }
}

/// The greatest common divisor; most numbers are short.
fn gcd(a: &BigUint, b: &BigUint) -> BigUint {
    match (a.to_u64(), b.to_u64()) {
        (Some(a), Some(b)) => a.gcd(&b).into(),
        (_, _) => a.gcd(b),
    }
}

/// How often a divisor above 1 divides a number, and what it leaves.
fn without(mut n: BigUint, divisor: &BigUint) -> (u64, BigUint) {
    let mut times = 0;
    loop {
        let (quotient, rest) = n.div_rem(divisor);
        if !rest.is_zero() {
            return (times, n);
        }
        (times, n) = (times + 1, quotient);
    }
}
