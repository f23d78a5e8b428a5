//! Sums of products: what arithmetic sees of an expression.
//!
//! A factor is a number of the store's table; its exponents are counted in halves, so that a square root is the exponent
//! 1 and the factor itself the exponent 2. An entry by entry product of matrices is a product like any other, and a number
//! stands for a matrix with all entries equal to it.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

/// The number of a factor in the store's table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Factor(pub u32);

/// A product of powers, by factor, without the exponent 0.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Monomial(pub Vec<(Factor, i32)>);

impl Monomial {
    /// The empty product.
    pub fn one() -> Self {
        Self::default()
    }

    /// A power of one factor, in halves.
    pub fn power(factor: Factor, halves: i32) -> Self {
        if halves == 0 { Self::one() } else { Monomial(vec![(factor, halves)]) }
    }

    /// The exponent of a factor, in halves.
    pub fn exponent(&self, factor: Factor) -> i32 {
        self.0.iter().find(|(other, _)| *other == factor).map_or(0, |(_, halves)| *halves)
    }

    /// The product.
    pub fn times(&self, other: &Monomial) -> Monomial {
        let mut powers: BTreeMap<Factor, i32> = self.0.iter().copied().collect();
        for (factor, halves) in &other.0 {
            *powers.entry(*factor).or_insert(0) += halves;
        }
        Monomial(powers.into_iter().filter(|(_, halves)| *halves != 0).collect())
    }

    /// The quotient.
    pub fn over(&self, other: &Monomial) -> Monomial {
        self.times(&other.raised(-1))
    }

    /// The power.
    pub fn raised(&self, exponent: i32) -> Monomial {
        if exponent == 0 {
            return Monomial::one();
        }
        Monomial(self.0.iter().map(|(factor, halves)| (*factor, halves * exponent)).collect())
    }

    /// The greatest common divisor: every factor with the least exponent that it has in both.
    pub fn common(&self, other: &Monomial) -> Monomial {
        let all: std::collections::BTreeSet<Factor> =
            self.0.iter().chain(&other.0).map(|(factor, _)| *factor).collect();
        let least = |factor: Factor| (factor, self.exponent(factor).min(other.exponent(factor)));
        Monomial(all.into_iter().map(least).filter(|(_, halves)| *halves != 0).collect())
    }

    /// Whether it is the empty product.
    pub fn is_one(&self) -> bool {
        self.0.is_empty()
    }
}

/// A sum of products with rational coefficients, none of them 0.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Terms(pub BTreeMap<Monomial, BigRational>);

impl Terms {
    /// 0
    pub fn zero() -> Self {
        Self::default()
    }

    /// A number.
    pub fn number(value: BigRational) -> Self {
        Self::term(Monomial::one(), value)
    }

    /// An integer.
    pub fn integer(value: i64) -> Self {
        Self::number(BigRational::from_integer(value.into()))
    }

    /// One product with its coefficient.
    pub fn term(monomial: Monomial, coefficient: BigRational) -> Self {
        if coefficient.is_zero() { Terms::zero() } else { Terms(BTreeMap::from([(monomial, coefficient)])) }
    }

    /// A factor by itself.
    pub fn factor(factor: Factor) -> Self {
        Self::term(Monomial::power(factor, 2), BigRational::one())
    }

    /// Whether it is 0.
    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// The number that it is, if it is one.
    pub fn as_number(&self) -> Option<BigRational> {
        match self.single() {
            Some((monomial, coefficient)) if monomial.is_one() => Some(coefficient.clone()),
            Some(_) => None,
            None => self.is_zero().then(BigRational::zero),
        }
    }

    /// The only product, if there is just one.
    pub fn single(&self) -> Option<(&Monomial, &BigRational)> {
        if self.0.len() == 1 { self.0.iter().next() } else { None }
    }

    /// Adds a product.
    pub fn insert(&mut self, monomial: Monomial, coefficient: BigRational) {
        let entry = self.0.entry(monomial);
        match entry {
            std::collections::btree_map::Entry::Vacant(vacant) => {
                if !coefficient.is_zero() {
                    vacant.insert(coefficient);
                }
            }
            std::collections::btree_map::Entry::Occupied(mut occupied) => {
                *occupied.get_mut() += coefficient;
                if occupied.get().is_zero() {
                    occupied.remove();
                }
            }
        }
    }

    /// The sum.
    pub fn plus(&self, other: &Terms) -> Terms {
        let mut sum = self.clone();
        for (monomial, coefficient) in &other.0 {
            sum.insert(monomial.clone(), coefficient.clone());
        }
        sum
    }

    /// The difference.
    pub fn minus(&self, other: &Terms) -> Terms {
        self.plus(&other.scaled(&-BigRational::one()))
    }

    /// The multiple by a number.
    pub fn scaled(&self, by: &BigRational) -> Terms {
        if by.is_zero() {
            return Terms::zero();
        }
        Terms(self.0.iter().map(|(monomial, coefficient)| (monomial.clone(), coefficient * by)).collect())
    }

    /// The product with one term, without any reduction of the powers that come of it.
    pub fn shifted(&self, by: &Monomial, coefficient: &BigRational) -> Terms {
        let mut product = Terms::zero();
        for (monomial, own) in &self.0 {
            product.insert(monomial.times(by), own * coefficient);
        }
        product
    }

    /// The greatest rational number that leaves whole coefficients, with the sign of the first one, the greatest common divisor
    /// of all products, and what is left without both. `None` for 0.
    pub fn content(&self) -> Option<(BigRational, Monomial, Terms)> {
        let (first, _) = self.0.iter().next()?;
        let common = self.0.keys().fold(first.clone(), |common, monomial| common.common(monomial));
        let rest = self.shifted(&common.raised(-1), &BigRational::one());
        let numerator = rest.0.values().fold(BigInt::zero(), |gcd, c| gcd.gcd(c.numer()));
        let denominator = rest.0.values().fold(BigInt::one(), |lcm, c| lcm.lcm(c.denom()));
        let size = BigRational::new(numerator, denominator);
        // The first term after the division decides the sign: its place may change with the factors taken out.
        let negative = rest.0.values().next().is_some_and(Signed::is_negative);
        let coefficient = if negative { -size } else { size };
        Some((coefficient.clone(), common, rest.scaled(&coefficient.recip())))
    }
}

/// Whether a number of halves is a positive integer: only such powers are products.
pub fn whole(halves: i32) -> bool {
    halves > 0 && halves % 2 == 0
}
