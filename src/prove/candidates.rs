//! The ways to see a value as F (f(u) − f(v)) + rest: powers, operations that rise or fall, logarithms, sums over entries.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::derive::{Rule, Search, direction, weakened};
use super::goal::{Goal, Order};
use super::store::Key;
use super::terms::{Factor, Monomial, Terms};
use crate::ir::{Axis, Op, Reduction, Shape};

/// A way to see a value.
pub(super) struct Candidate {
    pub factor: Terms,
    pub upper: Terms,
    pub lower: Terms,
    pub rule: Rule,
    pub inner: Goal,
}

impl Search<'_> {
    /// The ways to see a value as F (f(u) − f(v)) + rest.
    pub(super) fn candidates(&mut self, value: &Terms, order: Order) -> Vec<Candidate> {
        let mut found = Vec::new();
        found.extend(self.logarithms(value, order));
        found.extend(self.entry_sums(value, order));
        self.collected(value, order, &mut found);
        let terms: Vec<(Monomial, BigRational)> = value.0.iter().map(|(m, c)| (m.clone(), c.clone())).collect();
        for (up, c) in terms.iter().filter(|(_, c)| c.is_positive()) {
            for (down, d) in terms.iter().filter(|(_, c)| c.is_negative()) {
                let share = c.clone().min(d.abs());
                self.pairs(up, down, &share, order, &mut found);
            }
        }
        found
    }

    /// Two powers beside the same sum, with opposite signs.
    fn collected(&mut self, value: &Terms, order: Order, found: &mut Vec<Candidate>) {
        let mut beside: Vec<((Factor, i32), Terms)> = Vec::new();
        for (monomial, coefficient) in &value.0 {
            for power in &monomial.0 {
                let rest = monomial.over(&Monomial::power(power.0, power.1));
                match beside.iter_mut().find(|(known, _)| known == power) {
                    Some((_, sum)) => sum.insert(rest, coefficient.clone()),
                    None => beside.push((*power, Terms::term(rest, coefficient.clone()))),
                }
            }
        }
        beside.retain(|(_, sum)| sum.0.len() > 1);
        let minus = -BigRational::one();
        for (own, sum) in &beside {
            for (other, _) in beside.iter().filter(|(other, rest)| other != own && *rest == sum.scaled(&minus)) {
                self.powers(Some(*own), Some(*other), sum, order, found);
            }
        }
    }

    /// A positive term against a negative one that differs from it in one factor.
    fn pairs(&mut self, up: &Monomial, down: &Monomial, share: &BigRational, order: Order, found: &mut Vec<Candidate>) {
        let common = up.common(down);
        let (own, other) = (up.over(&common), down.over(&common));
        if own.0.len() <= 1 && other.0.len() <= 1 {
            let factor = Terms::term(common, share.clone());
            self.powers(own.0.first().copied(), other.0.first().copied(), &factor, order, found);
        }
    }

    /// f^a against g^a, f^a against 1, or 1 against g^a, beside a factor.
    fn powers(
        &mut self,
        own: Option<(Factor, i32)>,
        other: Option<(Factor, i32)>,
        factor: &Terms,
        order: Order,
        found: &mut Vec<Candidate>,
    ) {
        let one = Terms::integer(1);
        let term = |power: Option<(Factor, i32)>| match power {
            Some((factor, halves)) => Terms::term(Monomial::power(factor, halves), BigRational::one()),
            None => one.clone(),
        };
        let base = |power: Option<(Factor, i32)>| power.map_or(one.clone(), |(factor, _)| Terms::factor(factor));
        let exponent = match (own, other) {
            (Some((_, a)), Some((_, b))) if a == b => a,
            (Some((_, a)), None) | (None, Some((_, a))) => a,
            (Some(_), Some(_)) | (None, None) => return,
        };
        if exponent != 2 {
            let bases = [own, other].into_iter().flatten();
            if order != Order::Zero && !bases.into_iter().all(|(factor, _)| self.store.nonnegative_factor(factor)) {
                return;
            }
            let (upper, lower) = (term(own), term(other));
            let difference = base(own).minus(&base(other));
            let value = if exponent > 0 { difference } else { difference.scaled(&-BigRational::one()) };
            let inner = Goal { value, order: weakened(order) };
            found.push(Candidate { factor: factor.clone(), upper, lower, rule: Rule::Power(exponent), inner });
        } else if let (Some((f, _)), Some((g, _))) = (own, other) {
            self.operations(f, g, factor, order, found);
        }
    }

    /// f(u) − f(v) for one operation f.
    fn operations(&mut self, f: Factor, g: Factor, factor: &Terms, order: Order, found: &mut Vec<Candidate>) {
        let (own, other) = (self.store.entry(f).clone(), self.store.entry(g).clone());
        let (Key::Atom(op, _), Key::Atom(other_op, _)) = (&own.key, &other.key) else { return };
        if op != other_op {
            return;
        }
        let (args, others) = (self.store.graph.args(own.node).to_vec(), self.store.graph.args(other.node).to_vec());
        if args.len() != others.len() || self.store.graph.op(own.node) != op {
            return;
        }
        for position in 0..args.len() {
            let same =
                (0..args.len()).all(|i| i == position || self.store.opened(args[i]) == self.store.opened(others[i]));
            if !same {
                continue;
            }
            let (u, v) = (self.store.written(args[position]), self.store.written(others[position]));
            let Some((rises, inner_order)) = self.direction(op, position, &u, &v, order) else { continue };
            let value = if rises { u.minus(&v) } else { v.minus(&u) };
            let rule = if rises { Rule::Rises(position) } else { Rule::Falls(position) };
            let (upper, lower) = (Terms::factor(f), Terms::factor(g));
            let inner = Goal { value, order: inner_order };
            found.push(Candidate { factor: factor.clone(), upper, lower, rule, inner });
        }
    }

    fn direction(&mut self, op: &Op, position: usize, u: &Terms, v: &Terms, order: Order) -> Option<(bool, Order)> {
        direction(self.store, op, position, u, v, order)
    }

    /// Terms F c_i log f_i with one F, seen as F s (log Π f^k − log Π f^k).
    fn logarithms(&mut self, value: &Terms, order: Order) -> Vec<Candidate> {
        let mut groups: Vec<(Monomial, Vec<(Factor, BigRational)>)> = Vec::new();
        for (monomial, coefficient) in &value.0 {
            for (factor, halves) in &monomial.0 {
                let is_log = matches!(&self.store.entry(*factor).key, Key::Atom(Op::Map(crate::ir::ScalarFn::Log), _));
                if !is_log || *halves != 2 {
                    continue;
                }
                let rest = monomial.over(&Monomial::power(*factor, 2));
                match groups.iter_mut().find(|(known, _)| *known == rest) {
                    Some((_, logs)) => logs.push((*factor, coefficient.clone())),
                    None => groups.push((rest, vec![(*factor, coefficient.clone())])),
                }
            }
        }
        let mut found = Vec::new();
        for (rest, logs) in groups {
            // All multiples are integers of one share.
            let denominator = logs.iter().fold(BigInt::one(), |lcm, (_, c)| lcm.lcm(c.denom()));
            let whole = |c: &BigRational| (c * BigRational::from_integer(denominator.clone())).to_integer();
            let divisor = logs.iter().fold(BigInt::zero(), |gcd, (_, c)| gcd.gcd(&whole(c)));
            if divisor.is_zero() {
                continue;
            }
            let share = BigRational::new(divisor.clone(), denominator.clone());
            let (mut upper, mut lower) = (Terms::zero(), Terms::zero());
            let (mut over, mut under) = (Terms::integer(1), Terms::integer(1));
            let mut small = true;
            for (factor, c) in &logs {
                let Some(k) = (whole(c) / &divisor).to_i32().filter(|k| k.abs() <= 8) else {
                    small = false;
                    break;
                };
                let argument = self.store.graph.args(self.store.entry(*factor).node)[0];
                let argument = self.store.written(argument);
                let power = self.store.power(&argument, 2 * k.abs());
                let times = BigRational::from_integer(k.abs().into());
                let log = Terms::factor(*factor).scaled(&times);
                if k > 0 {
                    upper = upper.plus(&log);
                    over = self.store.times(&over, &power);
                } else {
                    lower = lower.plus(&log);
                    under = self.store.times(&under, &power);
                }
            }
            if small {
                let factor = Terms::term(rest, share);
                let inner = Goal { value: over.minus(&under), order: weakened(order) };
                found.push(Candidate { factor, upper, lower, rule: Rule::Logarithm, inner });
            }
        }
        found
    }

    /// Terms with sums over entries of one shape, seen as the sum of one value; multiples of the number of entries are sums
    /// of a constant.
    fn entry_sums(&mut self, value: &Terms, order: Order) -> Vec<Candidate> {
        let mut shapes: Vec<Shape> = Vec::new();
        for (factor, _) in value.0.keys().flat_map(|monomial| &monomial.0) {
            if let Key::Atom(Op::Reduce(Reduction::Sum, Axis::All), args) = &self.store.entry(*factor).key
                && !shapes.contains(&args[0].1)
            {
                shapes.push(args[0].1.clone());
            }
        }
        let mut found = Vec::new();
        for shape in shapes {
            let count = match &shape {
                Shape::Vector(n) => self.store.size(n).single().map(|(monomial, _)| monomial.clone()),
                Shape::Scalar | Shape::Matrix(..) => None,
            };
            for constants in [true, false] {
                let (mut entries, mut total) = (Terms::zero(), Terms::zero());
                for (monomial, coefficient) in &value.0 {
                    let sum = monomial.0.iter().find(|(factor, halves)| {
                        let key = &self.store.entry(*factor).key;
                        *halves == 2
                            && matches!(key, Key::Atom(Op::Reduce(Reduction::Sum, Axis::All), args) if args[0].1 == shape)
                    });
                    let counted = count.as_ref().filter(|_| constants);
                    let (rest, inner) = match (sum, counted) {
                        (Some((factor, _)), _) => {
                            let argument = self.store.graph.args(self.store.entry(*factor).node)[0];
                            let inner = self.store.written(argument);
                            (monomial.over(&Monomial::power(*factor, 2)), inner)
                        }
                        (None, Some(count))
                            if count.0.iter().all(|(size, halves)| monomial.exponent(*size) >= *halves) =>
                        {
                            (monomial.over(count), Terms::integer(1))
                        }
                        (None, _) => continue,
                    };
                    entries = entries.plus(&inner.shifted(&rest, coefficient));
                    total.insert(monomial.clone(), coefficient.clone());
                }
                if total.is_zero() {
                    continue;
                }
                let inner = Goal { value: entries, order: weakened(order) };
                let (factor, lower) = (Terms::integer(1), Terms::zero());
                found.push(Candidate { factor, upper: total, lower, rule: Rule::Entries, inner });
            }
        }
        found
    }
}
