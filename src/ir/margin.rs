//! Conditions as margins: a real number that is at least 0 (or above 0, for a strict condition) exactly where the
//! condition holds, so that "how nearly does it fail?" has an answer.

use std::collections::HashSet;

use super::graph::{Graph, Mismatch, NodeId};
use super::op::{Comparison, Kind, Op, Zip};
use super::scalar::ScalarFn;

/// The margin of a condition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Margin {
    /// The real number.
    pub node: NodeId,
    /// Whether the condition fails where the margin is 0.
    pub strict: bool,
    /// Whether the condition is an equality, which holds only where the margin is exactly 0.
    pub equality: bool,
}

impl Graph {
    /// The margin of a condition.
    ///
    /// # Errors
    /// When the node is not a condition.
    pub fn margin(&mut self, condition: NodeId) -> Result<Margin, Mismatch> {
        // Conditions share parts, which would otherwise be gone into once for each way that leads to them.
        if let Some(margin) = self.margins.get(&condition) {
            return Ok(*margin);
        }
        let margin = self.margin_here(condition)?;
        self.margins.insert(condition, margin);
        Ok(margin)
    }

    fn margin_here(&mut self, condition: NodeId) -> Result<Margin, Mismatch> {
        let args = self.args(condition).to_vec();
        let op = self.op(condition).clone();
        match (op.kind(), op) {
            (_, Op::Truth(truth)) => {
                let node = self.integer(if truth { 1 } else { -1 })?;
                Ok(Margin { node, strict: false, equality: false })
            }
            (_, Op::Compare(comparison)) => {
                let difference = self.sub(args[1], args[0])?;
                let distance = self.abs(difference)?;
                Ok(match comparison {
                    Comparison::Le => Margin { node: difference, strict: false, equality: false },
                    Comparison::Lt => Margin { node: difference, strict: true, equality: false },
                    Comparison::Eq => Margin { node: self.neg(distance)?, strict: false, equality: true },
                    Comparison::Ne => Margin { node: distance, strict: true, equality: false },
                })
            }
            (_, Op::And) => self.both(&args, Zip::Min),
            (_, Op::Or) => self.both(&args, Zip::Max),
            (_, Op::Not) => {
                let inner = self.negated(args[0])?;
                self.margin(inner)
            }
            (_, Op::Select) => {
                let (then, otherwise) = (self.margin(args[1])?, self.margin(args[2])?);
                let node = self.make(Op::Select, vec![args[0], then.node, otherwise.node])?;
                Ok(Margin {
                    node,
                    // A branch that is not strict must not be called violated at 0.
                    strict: then.strict && otherwise.strict,
                    equality: then.equality || otherwise.equality,
                })
            }
            (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => Err(Mismatch::NeedsTruth(0)),
            (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => Err(Mismatch::NeedsTruth(0)),
        }
    }

    /// The condition that holds exactly where this one does not, with the negation moved to the comparisons.
    ///
    /// # Errors
    /// When the node is not a condition.
    pub fn negated(&mut self, condition: NodeId) -> Result<NodeId, Mismatch> {
        if let Some(negated) = self.negations.get(&condition) {
            return Ok(*negated);
        }
        let negated = self.negated_here(condition)?;
        self.negations.insert(condition, negated);
        Ok(negated)
    }

    fn negated_here(&mut self, condition: NodeId) -> Result<NodeId, Mismatch> {
        let args = self.args(condition).to_vec();
        let op = self.op(condition);
        let negated = match (op.kind(), op) {
            (_, Op::Compare(Comparison::Lt)) => return self.compare(Comparison::Le, args[1], args[0]),
            (_, Op::Compare(Comparison::Le)) => return self.compare(Comparison::Lt, args[1], args[0]),
            (_, Op::Compare(Comparison::Eq)) => return self.compare(Comparison::Ne, args[0], args[1]),
            (_, Op::Compare(Comparison::Ne)) => return self.compare(Comparison::Eq, args[0], args[1]),
            (_, Op::Not) => return Ok(args[0]),
            (_, Op::And) => Op::Or,
            (_, Op::Or) => Op::And,
            (_, Op::Truth(truth)) => return self.truth(!*truth),
            (_, Op::Select) => {
                let (then, otherwise) = (self.negated(args[1])?, self.negated(args[2])?);
                return self.make(Op::Select, vec![args[0], then, otherwise]);
            }
            // Nothing else is a condition.
            (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction | Kind::Decomposition, _)
            | (Kind::Condition | Kind::Mark, _) => {
                debug_assert!(self.ty(condition).field != super::ty::Field::Truth, "{op:?} is a condition");
                return Err(Mismatch::NeedsTruth(0));
            }
        };
        let (left, right) = (self.negated(args[0])?, self.negated(args[1])?);
        self.make(negated, vec![left, right])
    }

    /// The margin of a conjunction (`Min`) or a disjunction (`Max`).
    ///
    /// Where one side fails at 0 and the other holds there, the lesser or greater of the two says nothing at 0: of
    /// `x >= 1 implies x >= 2`, that is `x < 1 or x >= 2`, it is 0 at x = 1. The side that would mislead is put out of
    /// play there.
    fn both(&mut self, args: &[NodeId], zip: Zip) -> Result<Margin, Mismatch> {
        let (a, b) = (self.margin(args[0])?, self.margin(args[1])?);
        let any = zip == Zip::Max;
        if a.strict != b.strict && (any || !a.equality && !b.equality) {
            let (strict, loose) = if a.strict { (a.node, b.node) } else { (b.node, a.node) };
            let zero = self.integer(0)?;
            // Of a disjunction the strict side counts where it is above 0, and the margin is not strict; a conjunction
            // is what its strict side is where the other holds, and the margin is strict.
            let node = if any {
                let holds = self.compare(Comparison::Lt, zero, strict)?;
                let counted = self.make(Op::Select, vec![holds, strict, loose])?;
                self.zip(Zip::Max, counted, loose)?
            } else {
                let holds = self.compare(Comparison::Le, zero, loose)?;
                let counted = self.make(Op::Select, vec![holds, strict, loose])?;
                self.zip(Zip::Min, strict, counted)?
            };
            return Ok(Margin { node, strict: !any, equality: false });
        }
        let node = self.zip(zip, a.node, b.node)?;
        let join = |x: bool, y: bool| if any { x && y } else { x || y };
        Ok(Margin { node, strict: join(a.strict, b.strict), equality: join(a.equality, b.equality) })
    }

    /// The conditions that a condition is the conjunction of: itself, where it is none. Each has a margin of its own, so
    /// that `0 <= x < 1` holds at x = 0.
    pub fn conjuncts(&self, condition: NodeId) -> Vec<NodeId> {
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        let mut stack = vec![condition];
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            if *self.op(id) == Op::And {
                stack.extend(self.args(id).iter().rev());
            } else {
                found.push(id);
            }
        }
        found
    }

    /// `−|x|` of a residual: the margin of the equality `x = 0`.
    ///
    /// # Errors
    /// When the node is not a value.
    pub fn residual_margin(&mut self, residual: NodeId) -> Result<NodeId, Mismatch> {
        let size = self.map(ScalarFn::Abs, residual)?;
        self.neg(size)
    }
}

#[cfg(test)]
mod tests {
    use num_rational::BigRational;
    use num_traits::{Signed, Zero};

    use super::*;
    use crate::ir::{Facts, Input, Instance, Shape, Type};

    #[test]
    fn negation_reaches_the_comparisons_under_every_connective() {
        let mut g = Graph::new();
        let mut scalar =
            |name: &str| g.input(Input { name: name.into(), ty: Type::real(Shape::Scalar), facts: Facts::new() });
        let (x, y) = (scalar("x"), scalar("y"));
        let less = g.compare(Comparison::Lt, x, y).unwrap();
        let equal = g.compare(Comparison::Eq, x, y).unwrap();
        let both = g.make(Op::And, vec![less, equal]).unwrap();
        let choice = g.make(Op::Select, vec![less, equal, both]).unwrap();
        let not = g.make(Op::Not, vec![choice]).unwrap();
        let margin = g.margin(not).unwrap();
        assert!(g.ty(margin.node).is_real_scalar());
        let direct = g.negated(less).unwrap();
        assert_eq!(*g.op(direct), Op::Compare(Comparison::Le));
        assert_eq!(g.args(direct), [y, x]);
    }
    #[test]
    fn a_strict_side_and_a_loose_one_say_the_truth_at_zero() {
        let mut g = Graph::new();
        let x = g.input(Input { name: "x".into(), ty: Type::real(Shape::Scalar), facts: Facts::new() });
        let (one, two) = (g.integer(1).unwrap(), g.integer(2).unwrap());
        let below = g.compare(Comparison::Lt, x, one).unwrap();
        let above = g.compare(Comparison::Le, two, x).unwrap();
        let from = g.compare(Comparison::Le, one, x).unwrap();
        let under = g.compare(Comparison::Lt, x, two).unwrap();
        let either = g.make(Op::Or, vec![below, above]).unwrap();
        let both = g.make(Op::And, vec![from, under]).unwrap();
        assert_eq!(g.conjuncts(both), [from, under]);
        for (condition, at, holds) in [
            (either, 1, false),
            (either, 2, true),
            (either, 0, true),
            (both, 1, true),
            (both, 2, false),
            (both, 0, false),
        ] {
            let margin = g.margin(condition).unwrap();
            let constants = [(g.as_input(x).unwrap(), BigRational::from_integer(at.into()))].into();
            let instance = Instance { constants, ..Instance::default() };
            let (known, roots) = g.instantiate(&[margin.node], &instance).unwrap();
            let value = known.constant_value(roots[0]).unwrap();
            let says = value.is_positive() || value.is_zero() && !margin.strict;
            assert_eq!(says, holds, "at {at}: {value}");
        }
    }
}
