//! What the ranges of quantified names say of a condition before anything is evaluated.

use std::ops::RangeInclusive;

use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};

use super::elaborate::{Elaborator, Place};
use crate::ir::{Comparison, Dim, Kind, NodeId, Op, Property, Range, ScalarFn, SizeVar, Zip};

/// The greatest distance between two of few integers.
const FEW: i64 = 128;

/// Where few integers lie.
const NEAR: RangeInclusive<i64> = -1024..=1024;

/// How many operations are looked through: an operand that is shared is looked at again for each way to it.
const DEEPEST: u32 = 8;

/// An end of an extent.
#[derive(Clone, PartialEq, Eq, Debug)]
struct End {
    value: BigRational,
    closed: bool,
}

/// Where a real number is known to lie; an end that is not known is `None`.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Extent {
    lo: Option<End>,
    hi: Option<End>,
}

impl End {
    fn closed(value: BigRational) -> End {
        End { value, closed: true }
    }

    fn times(self, factor: &BigRational) -> End {
        End { value: self.value * factor, closed: self.closed }
    }

    fn plus(self, other: End) -> End {
        End { value: self.value + other.value, closed: self.closed && other.closed }
    }
}

impl Extent {
    fn point(value: &BigRational) -> Extent {
        Extent { lo: Some(End::closed(value.clone())), hi: Some(End::closed(value.clone())) }
    }

    /// c x for every x of the extent.
    fn times(self, factor: &BigRational) -> Extent {
        let (lo, hi) = if factor.is_negative() { (self.hi, self.lo) } else { (self.lo, self.hi) };
        Extent { lo: lo.map(|end| end.times(factor)), hi: hi.map(|end| end.times(factor)) }
    }

    /// x + y for all of both.
    fn plus(self, other: Extent) -> Extent {
        let sum = |x: Option<End>, y: Option<End>| x.zip(y).map(|(x, y)| x.plus(y));
        Extent { lo: sum(self.lo, other.lo), hi: sum(self.hi, other.hi) }
    }

    /// Whether each of its numbers is at most each of the other's, or below it.
    fn precedes(&self, other: &Extent, strictly: bool) -> bool {
        let (Some(end), Some(start)) = (&self.hi, &other.lo) else { return false };
        let apart = end.value < start.value || end.value == start.value && !(end.closed && start.closed);
        apart || !strictly && end.value == start.value
    }

    /// The extent as an interval, where something is known of it.
    fn shown(&self) -> Option<String> {
        let lo = match &self.lo {
            Some(End { value, closed }) => format!("{}{value}", if *closed { "[" } else { "(" }),
            None => "(-inf".to_owned(),
        };
        let hi = match &self.hi {
            Some(End { value, closed }) => format!("{value}{}", if *closed { "]" } else { ")" }),
            None => "inf)".to_owned(),
        };
        (*self != Extent::default()).then(|| format!("{lo}, {hi}"))
    }
}

impl Elaborator<'_> {
    /// Notes where a quantified name lies.
    pub(super) fn learn_range(&mut self, name: NodeId, range: &Range) {
        let integer = |value: i64| End::closed(BigRational::from_integer(value.into()));
        let extent = match range {
            Range::Interval(interval) => {
                let within = |end: End, closed: bool| End { closed: end.closed && closed, ..end };
                let (lo, hi) = (self.extent(interval.lo, 0).lo, self.extent(interval.hi, 0).hi);
                Extent {
                    lo: lo.map(|end| within(end, interval.lo_closed)),
                    hi: hi.map(|end| within(end, interval.hi_closed)),
                }
            }
            Range::Finite(values) => Extent {
                lo: values.iter().min().cloned().map(End::closed),
                hi: values.iter().max().cloned().map(End::closed),
            },
            Range::Integers(lo, hi) => Extent { lo: lo.least().map(integer), hi: hi.as_constant().map(integer) },
            Range::Domain(_) => return,
        };
        self.extents.insert(name, extent);
    }

    /// Whether a condition is false whatever values the quantified names of a theorem have in their ranges. Where only
    /// some of these values lead to it, as in the branch of an `if`, that is not asked.
    pub(super) fn never_holds(&self, condition: NodeId) -> bool {
        let asked = self.place == Place::Theorem && self.chosen == 0;
        *self.graph.op(condition) == Op::Truth(false) || asked && self.truth(condition, 0) == Some(false)
    }

    /// The integers that a quantified name, or a sum or multiple of it, is one of, where these are few: exponents that a
    /// matrix power is written out for.
    pub(super) fn few_integers(&self, node: NodeId) -> Option<RangeInclusive<i64>> {
        let Extent { lo: Some(lo), hi: Some(hi) } = self.extent(node, 0) else { return None };
        let end = |end: End| end.value.to_integer().to_i64().filter(|n| NEAR.contains(n) && end.value.is_integer());
        let (lo, hi) = (end(lo)?, end(hi)?);
        (self.graph.certain(node, Property::Integer) && lo <= hi && hi - lo <= FEW).then_some(lo..=hi)
    }

    /// Where a value lies, in words.
    pub(super) fn known_extent(&self, node: NodeId) -> Option<String> {
        self.extent(node, 0).shown()
    }

    fn truth(&self, condition: NodeId, depth: u32) -> Option<bool> {
        if depth > DEEPEST {
            return None;
        }
        let (op, args) = (self.graph.op(condition), self.graph.args(condition));
        let part = |i: usize| self.truth(args[i], depth + 1);
        match (op.kind(), op) {
            (_, Op::Truth(truth)) => Some(*truth),
            (_, Op::Not) => part(0).map(|truth| !truth),
            (_, Op::And | Op::Or) => {
                // One part that is false decides a conjunction, and one that is true an alternative.
                let deciding = *op == Op::Or;
                match (part(0), part(1)) {
                    (Some(truth), _) | (_, Some(truth)) if truth == deciding => Some(deciding),
                    (Some(_), Some(_)) => Some(!deciding),
                    (None, _) | (_, None) => None,
                }
            }
            (_, Op::Compare(comparison)) => compared(*comparison, &self.extent(args[0], 0), &self.extent(args[1], 0)),
            (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => None,
            (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => None,
        }
    }

    fn extent(&self, node: NodeId, depth: u32) -> Extent {
        let g = &self.graph;
        if let Some(value) = g.constant_value(node) {
            return Extent::point(value);
        }
        if let Some(known) = self.extents.get(&node) {
            return known.clone();
        }
        let (op, args) = (g.op(node), g.args(node));
        let minus = || BigRational::from_integer((-1).into());
        let part = |i: usize| self.extent(args[i], depth + 1);
        let within = depth < DEEPEST;
        let mut least = None;
        match (op.kind(), op) {
            (_, Op::Map(ScalarFn::Neg)) if within => return part(0).times(&minus()),
            (_, Op::Zip(Zip::Add)) if within => return part(0).plus(part(1)),
            (_, Op::Zip(Zip::Sub)) if within => return part(0).plus(part(1).times(&minus())),
            (_, Op::Zip(Zip::Mul)) if within => {
                let factor = |i: usize| g.constant_value(args[i]).filter(|factor| !factor.is_zero());
                if let Some((factor, other)) = factor(0).zip(Some(1)).or(factor(1).zip(Some(0))) {
                    return part(other).times(factor);
                }
            }
            (_, Op::Size(dim)) => {
                if let Some((var, factor, rest)) = dim.as_line()
                    && let Some(known) = self.extent_of_size(&var)
                {
                    let [factor, rest] = [factor, rest].map(|n| BigRational::from_integer(n.into()));
                    return known.clone().times(&factor).plus(Extent::point(&rest));
                }
                least = dim.least();
            }
            (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => {}
            (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => {}
        }
        let lo = match least {
            Some(least) => Some(End::closed(BigRational::from_integer(least.into()))),
            None if g.certain(node, Property::Positive) => Some(End { value: BigRational::zero(), closed: false }),
            None if g.certain(node, Property::Nonnegative) => Some(End::closed(BigRational::zero())),
            None => None,
        };
        Extent { lo, hi: None }
    }

    /// Where a quantified size lies.
    fn extent_of_size(&self, var: &SizeVar) -> Option<&Extent> {
        let size = Op::Size(Dim::var(var.clone()));
        self.extents.iter().find(|(id, _)| *self.graph.op(**id) == size).map(|(_, extent)| extent)
    }
}

/// What the extents of two numbers say of a comparison of them.
fn compared(comparison: Comparison, a: &Extent, b: &Extent) -> Option<bool> {
    let decided = |holds: bool, fails: bool| (holds || fails).then_some(holds);
    let apart = a.precedes(b, true) || b.precedes(a, true);
    match comparison {
        Comparison::Lt => decided(a.precedes(b, true), b.precedes(a, false)),
        Comparison::Le => decided(a.precedes(b, false), b.precedes(a, true)),
        Comparison::Eq => decided(false, apart),
        Comparison::Ne => decided(apart, false),
    }
}
