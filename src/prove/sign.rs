//! Signs: what is known to be nonnegative or positive, in every entry, and what is known to be positive semi-definite.

use num_rational::BigRational;
use num_traits::{One, Signed};

use super::store::{Key, Store};
use super::terms::{Factor, Monomial, Terms};
use crate::ir::{Axis, Field, Kind, NodeId, Op, Property, Reduction, Shape};

impl Store {
    /// Whether a factor is known to be nonnegative.
    pub fn nonnegative_factor(&mut self, factor: Factor) -> bool {
        self.factor_sign(factor, false)
    }

    /// Whether a factor is known to be positive.
    pub fn positive_factor(&mut self, factor: Factor) -> bool {
        self.factor_sign(factor, true)
    }

    fn factor_sign(&mut self, factor: Factor, strict: bool) -> bool {
        let itself = Terms::factor(factor);
        if self.knows(&itself, Property::Positive) || (!strict && self.knows(&itself, Property::Nonnegative)) {
            return true;
        }
        if self.known.iter().any(|known| known.value == itself && (known.strict || !strict)) {
            return true;
        }
        let entry = self.entry(factor).clone();
        match &entry.key {
            Key::Size(var) => var.least >= i64::from(strict),
            Key::Surd(_) => true,
            Key::Leaf(_) => false,
            Key::Sum(sum) => {
                let written = self.written_of(factor);
                self.sum_sign(sum, strict) || written.is_some_and(|written| self.sum_sign(&written, strict))
            }
            Key::Atom(op, args) => match (op.kind(), op) {
                (_, Op::Rank) => {
                    let positive = [Property::UnitDiagonal, Property::Pd, Property::TraceOne];
                    !strict || positive.iter().any(|property| self.knows(&args[0].0.clone(), *property))
                }
                // A sum of squares is at least that over a unit diagonal.
                (_, Op::Reduce(Reduction::Sum, Axis::All)) => {
                    let inner = args[0].0.clone();
                    let Some((monomial, coefficient)) = inner.single().map(|(m, c)| (m.clone(), c.clone())) else {
                        return self.sum_sign(&inner, strict);
                    };
                    let nonnegative = coefficient.is_positive() && self.monomial_sign(&monomial, false);
                    nonnegative && (!strict || self.diagonal_of(&monomial) == Terms::integer(1))
                }
                // A function of the same number in every entry has the sign of that number's.
                (_, Op::Map(_)) => {
                    self.graph.certain(entry.node, if strict { Property::Positive } else { Property::Nonnegative })
                }
                (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => false,
                (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => false,
            },
        }
    }

    /// Whether a product of powers is known to be nonnegative, or positive.
    pub fn monomial_sign(&mut self, monomial: &Monomial, strict: bool) -> bool {
        monomial.0.iter().all(|(factor, halves)| {
            // The square of a complex number may be any number.
            let even = halves % 4 == 0 && self.graph.ty(self.entry(*factor).node).field == Field::Real;
            if strict || *halves < 0 && !even {
                self.positive_factor(*factor)
            } else {
                even || self.nonnegative_factor(*factor)
            }
        })
    }

    /// Whether the terms of a sum are all known to be nonnegative (and one of them positive, where `strict`), as they
    /// stand or with each size written as its least value and what it is above that.
    pub fn sum_sign(&mut self, sum: &Terms, strict: bool) -> bool {
        if self.terms_sign(sum, strict, &[]) {
            return true;
        }
        // What is common to all terms has its own sign.
        let Some((_, common, _)) = sum.content() else { return !strict };
        let shifted = self.above_least(&sum.shifted(&common.raised(-1), &BigRational::one()));
        shifted.is_some_and(|(shifted, sizes)| {
            self.monomial_sign(&common, strict) && self.terms_sign(&shifted, strict, &sizes)
        })
    }

    /// `may_vanish`: factors that are nonnegative here and no more.
    fn terms_sign(&mut self, sum: &Terms, strict: bool, may_vanish: &[Factor]) -> bool {
        let mut positive = false;
        for (monomial, coefficient) in &sum.0 {
            if !coefficient.is_positive() || !self.monomial_sign(monomial, false) {
                return false;
            }
            let vanishes = monomial.0.iter().any(|(factor, _)| may_vanish.contains(factor));
            positive = positive || strict && !vanishes && self.monomial_sign(monomial, true);
        }
        positive || !strict
    }

    /// The sum with n + (its least value) put for each size n, after multiplication by the sizes that it divides by. What
    /// stands for n may then be 0, so that only the nonnegativity of its powers is used.
    fn above_least(&mut self, sum: &Terms) -> Option<(Terms, Vec<Factor>)> {
        let mut sizes: Vec<(Factor, i64, i32)> = Vec::new();
        for (factor, halves) in sum.0.keys().flat_map(|monomial| &monomial.0) {
            if let Key::Size(var) = &self.entry(*factor).key {
                match sizes.iter_mut().find(|(known, ..)| known == factor) {
                    Some((.., least)) => *least = (*least).min(*halves),
                    None => sizes.push((*factor, var.least, (*halves).min(0))),
                }
            }
        }
        sizes.retain(|(_, least, _)| *least >= 1);
        if sizes.is_empty() {
            return None;
        }
        let mut sum = sum.clone();
        let shifted_sizes = sizes.iter().map(|(factor, ..)| *factor).collect();
        for (factor, least, negative) in sizes {
            let negative = negative.div_euclid(2) * 2;
            let mut shifted = Terms::zero();
            for (monomial, coefficient) in &sum.0 {
                // A root of the size stays beside the power, as an odd half.
                let halves = monomial.exponent(factor) - negative;
                let (exponent, root) = (halves / 2, halves % 2);
                let rest = monomial.times(&Monomial::power(factor, -monomial.exponent(factor)));
                // (n + l)^k by the binomial formula.
                let mut binomial = BigRational::one();
                for k in 0..=exponent {
                    let constant = BigRational::from_integer(least.into()).pow(exponent - k);
                    let power = rest.times(&Monomial::power(factor, 2 * k + root));
                    shifted.insert(power, coefficient * &binomial * constant);
                    binomial *= BigRational::new((exponent - k).into(), (k + 1).into());
                }
            }
            sum = shifted;
        }
        Some((sum, shifted_sizes))
    }

    /// Whether a value is known to be nonnegative in every entry.
    pub fn nonnegative(&mut self, value: &Terms) -> bool {
        self.has_sign(value, false)
    }

    /// Whether a value is known to be positive in every entry.
    pub fn positive(&mut self, value: &Terms) -> bool {
        self.has_sign(value, true)
    }

    fn has_sign(&mut self, value: &Terms, strict: bool) -> bool {
        if self.sum_sign(value, strict) {
            return true;
        }
        let property = if strict { Property::Positive } else { Property::Nonnegative };
        if self.knows(value, property) {
            return true;
        }
        let out = self.multiplied_out(value);
        if out != *value && self.sum_sign(&out, strict) {
            return true;
        }
        let open = self.open(value);
        if open != out && self.sum_sign(&open, strict) {
            return true;
        }
        let cleared = self.cleared(&open);
        if cleared != open && self.sum_sign(&cleared, strict) {
            return true;
        }
        self.is_known(&cleared, strict)
    }

    /// Whether a value is a hypothesis, times what is known to be positive.
    fn is_known(&mut self, open: &Terms, strict: bool) -> bool {
        let Some((coefficient, common, rest)) = open.content() else { return !strict };
        let known = self.known.clone();
        known.into_iter().any(|known| {
            let Some((c, m, r)) = known.value.content() else { return false };
            let quotient = common.over(&m);
            r == rest
                && (coefficient.clone() / c).is_positive()
                && (known.strict || !strict)
                && self.monomial_sign(&quotient, strict)
                // What is divided by must not vanish, however its power's sign is.
                && quotient.0.iter().all(|(factor, halves)| *halves > 0 || self.positive_factor(*factor))
        })
    }

    /// Whether a Hermitian matrix is known to be positive semi-definite: each term is a nonnegative multiple of an entrywise
    /// product of positive semi-definite matrices (Schur), or the whole is known to be.
    pub fn semidefinite(&mut self, value: &Terms) -> bool {
        if self.knows(value, Property::Psd) {
            return true;
        }
        let open = self.open(value);
        open.0.iter().all(|(monomial, coefficient)| {
            let (scalars, own) = self.split(monomial);
            coefficient.is_positive()
                && self.monomial_sign(&scalars, false)
                && own.0.iter().all(|(factor, halves)| {
                    *halves > 0 && halves % 2 == 0 && self.knows(&Terms::factor(*factor), Property::Psd)
                })
        })
    }

    /// The entries of which a value is the least one.
    pub fn least_of(&self, value: &Terms) -> Option<Terms> {
        let (monomial, coefficient) = value.single()?;
        let [(factor, 2)] = monomial.0.as_slice() else { return None };
        let Key::Atom(Op::Reduce(Reduction::Min, Axis::All), args) = &self.entry(*factor).key else { return None };
        coefficient.is_positive().then(|| args[0].0.clone())
    }

    /// Whether a property of a node is known or follows from its value.
    pub fn shows(&mut self, id: NodeId, property: Property) -> bool {
        if self.has(id, property) {
            return true;
        }
        let value = self.opened(id);
        let shape = self.graph.ty(id).shape.clone();
        let one = Terms::integer(1);
        match property {
            Property::Nonnegative => self.nonnegative(&value),
            Property::Positive => self.positive(&value),
            Property::Hermitian => self.semidefinite(&value),
            Property::Psd => self.semidefinite(&value),
            Property::UnitDiagonal => self.diagonal(&value) == one,
            Property::TraceOne => {
                let diagonal = self.diagonal(&value);
                self.entry_sum(&diagonal, Axis::All, &Shape::Vector(shape.rows()), true) == one
            }
            Property::SumsToOne => {
                let sum = self.entry_sum(&value, Axis::All, &shape, true);
                self.is_zero(&sum.minus(&one))
            }
            // A positive multiple of the identity and something semi-definite.
            Property::Pd => {
                let identity = self.identity(&shape.rows());
                let Some((eye, _)) = identity.single() else { return false };
                let (eye, mut shift) = (eye.clone(), Terms::zero());
                for (monomial, coefficient) in &value.0 {
                    let (scalars, own) = self.split(monomial);
                    if own == eye {
                        shift.insert(scalars, coefficient.clone());
                    }
                }
                let rest = value.minus(&self.times(&shift, &identity));
                self.positive(&shift) && self.semidefinite(&rest)
            }
            Property::Diagonal
            | Property::ZeroOne
            | Property::Integer
            | Property::UnitColumns
            | Property::UnitRows
            | Property::OrthonormalColumns
            | Property::OrthonormalRows => false,
            Property::Finite => self.finite.has(&self.graph, id),
        }
    }

    fn diagonal(&mut self, value: &Terms) -> Terms {
        let mut sum = Terms::zero();
        for (monomial, coefficient) in &value.0 {
            let (scalars, own) = self.split(monomial);
            let diagonal = self.diagonal_of(&own);
            sum = sum.plus(&diagonal.shifted(&scalars, coefficient));
        }
        sum
    }
}
