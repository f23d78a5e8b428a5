//! What scalar functions make of sums of products: powers, roots, absolute values and logarithms factor by factor.

use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::store::{Key, Store};
use super::terms::{Monomial, Terms};
use crate::ir::{Op, ScalarFn, Shape};

impl Store {
    /// A scalar function, entry by entry.
    pub(super) fn function(&mut self, function: ScalarFn, x: &Terms, parameter: Option<Terms>, shape: &Shape) -> Terms {
        let minus = -BigRational::one();
        match (function, &parameter) {
            (ScalarFn::Neg, _) => return x.scaled(&minus),
            (ScalarFn::Recip, _) => {
                if let Some(reciprocal) = self.reciprocal(x, shape) {
                    return reciprocal;
                }
            }
            (ScalarFn::Sqrt, _) => {
                if let Some(root) = self.root(x, shape) {
                    return root;
                }
            }
            (ScalarFn::Abs, _) => return self.absolute(x, shape),
            (ScalarFn::Log, _) => return self.logarithm(x, shape),
            (ScalarFn::Pow, Some(exponent)) => {
                if let Some(power) = exponent.as_number().and_then(|exponent| self.fixed_power(x, &exponent, shape)) {
                    return power;
                }
            }
            _ => {}
        }
        let mut args = vec![(x.clone(), shape.clone())];
        args.extend(parameter.map(|parameter| (parameter, Shape::Scalar)));
        // The same in every entry: a function of the number.
        if self.shape_of(x) == Shape::Scalar && *shape != Shape::Scalar {
            args[0].1 = Shape::Scalar;
        }
        self.atom(&Op::Map(function), args)
    }

    /// x^p for an integer or half-integer p.
    fn fixed_power(&mut self, x: &Terms, exponent: &BigRational, shape: &Shape) -> Option<Terms> {
        let doubled = exponent * BigRational::from_integer(2.into());
        let halves = doubled.is_integer().then(|| doubled.to_integer().to_i32()).flatten().filter(|h| h.abs() <= 32)?;
        if halves == 0 {
            return Some(Terms::integer(1));
        }
        let base = if halves < 0 { self.reciprocal(x, shape)? } else { x.clone() };
        let base = if halves % 2 == 0 { base } else { self.root(&base, shape)? };
        let times = if halves % 2 == 0 { halves.abs() } else { 2 * halves.abs() };
        Some(self.power(&base, times))
    }

    /// √x, where x is a product each of whose factors has a root.
    fn root(&mut self, x: &Terms, shape: &Shape) -> Option<Terms> {
        let (coefficient, monomial) = self.as_product(x);
        if coefficient.is_zero() {
            return Some(Terms::zero());
        }
        if coefficient.is_negative() {
            return None;
        }
        let mut root = self.half_power(&coefficient, 1);
        let mut rest = Monomial::one();
        for (factor, halves) in &monomial.0 {
            if halves % 2 == 0 && self.nonnegative_factor(*factor) && (*halves > 0 || self.positive_factor(*factor)) {
                root = self.times(&root, &Terms::term(Monomial::power(*factor, halves / 2), BigRational::one()));
            } else if *halves > 0 && halves % 4 == 0 {
                let own = Terms::factor(*factor);
                let own = self.absolute(&own, &self.entry(*factor).shape.clone());
                let power = self.power(&own, halves / 2);
                root = self.times(&root, &power);
            } else {
                rest = rest.times(&Monomial::power(*factor, *halves));
            }
        }
        if rest.is_one() {
            return Some(root);
        }
        // √(ab) = √a √b only where neither is negative, which is known only if one is positive.
        let taken = monomial.over(&rest);
        if !taken.0.iter().all(|(factor, _)| self.positive_factor(*factor)) {
            return None;
        }
        let rest = self.atom(&Op::Map(ScalarFn::Sqrt), vec![(Terms::term(rest, BigRational::one()), shape.clone())]);
        Some(self.times(&root, &rest))
    }

    fn absolute(&mut self, x: &Terms, shape: &Shape) -> Terms {
        if self.nonnegative(x) {
            return x.clone();
        }
        let (coefficient, monomial) = self.as_product(x);
        let mut product = Terms::number(coefficient.abs());
        for (factor, halves) in &monomial.0 {
            let own = if self.nonnegative_factor(*factor) || halves % 4 == 0 {
                Terms::term(Monomial::power(*factor, *halves), BigRational::one())
            } else {
                let power = Terms::term(Monomial::power(*factor, *halves), BigRational::one());
                let own_shape = if self.is_scalar(*factor) { Shape::Scalar } else { shape.clone() };
                self.atom(&Op::Map(ScalarFn::Abs), vec![(power, own_shape)])
            };
            product = self.times(&product, &own);
        }
        product
    }

    /// log x as a sum over the factors of x that are known to be positive.
    fn logarithm(&mut self, x: &Terms, shape: &Shape) -> Terms {
        let log = Op::Map(ScalarFn::Log);
        let (coefficient, monomial) = self.as_product(x);
        if !coefficient.is_positive() {
            return self.atom(&log, vec![(x.clone(), shape.clone())]);
        }
        let mut sum = self.log_of_number(&coefficient);
        let mut rest = Monomial::one();
        for (factor, halves) in &monomial.0 {
            if !self.positive_factor(*factor) {
                rest = rest.times(&Monomial::power(*factor, *halves));
                continue;
            }
            let entry = self.entry(*factor).clone();
            let own = if let Key::Atom(Op::Map(ScalarFn::Exp), args) = &entry.key {
                args[0].0.clone()
            } else {
                self.atom(&log, vec![(Terms::factor(*factor), entry.shape)])
            };
            sum = sum.plus(&own.scaled(&BigRational::new((*halves).into(), 2.into())));
        }
        if !rest.is_one() {
            let rest = Terms::term(rest, BigRational::one());
            let rest_shape = self.shape_of(&rest);
            sum = sum.plus(&self.atom(&log, vec![(rest, rest_shape)]));
        }
        sum
    }

    /// The logarithm of a positive number by its prime factors, as far as small ones go.
    fn log_of_number(&mut self, value: &BigRational) -> Terms {
        let mut sum = Terms::zero();
        for (part, sign) in [(value.numer(), 1), (value.denom(), -1)] {
            let Some(mut rest) = part.to_u64() else {
                let whole = Terms::number(BigRational::from_integer(part.clone()));
                let log = self.atom(&Op::Map(ScalarFn::Log), vec![(whole, Shape::Scalar)]);
                sum = sum.plus(&log.scaled(&BigRational::from_integer(sign.into())));
                continue;
            };
            let mut prime = 2u64;
            while rest > 1 {
                if prime * prime > rest || prime > 1000 {
                    prime = rest;
                }
                let mut times = 0;
                while rest % prime == 0 {
                    rest /= prime;
                    times += 1;
                }
                if times > 0 {
                    let number = Terms::number(BigRational::from_integer(prime.into()));
                    let log = self.atom(&Op::Map(ScalarFn::Log), vec![(number, Shape::Scalar)]);
                    sum = sum.plus(&log.scaled(&BigRational::from_integer((sign * times).into())));
                }
                prime += 1;
            }
        }
        sum
    }
}
