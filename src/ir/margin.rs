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
            // Infinity has no distance from itself, and is at the same distance from all numbers.
            (_, Op::Compare(_)) if args.iter().any(|arg| self.is_infinity(*arg)) => {
                let (one, minus) = (self.integer(1)?, self.integer(-1)?);
                let node = self.make(Op::Select, vec![condition, one, minus])?;
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
                if then.strict != otherwise.strict {
                    // One number cannot say of 0 what both branches do: (not c or A) and (c or B).
                    let fails = self.negated(args[0])?;
                    let (first, second) = (vec![fails, args[1]], vec![args[0], args[2]]);
                    let (first, second) = (self.make(Op::Or, first)?, self.make(Op::Or, second)?);
                    let both = self.make(Op::And, vec![first, second])?;
                    return self.margin(both);
                }
                let node = self.make(Op::Select, vec![args[0], then.node, otherwise.node])?;
                Ok(Margin { node, strict: then.strict, equality: then.equality || otherwise.equality })
            }
            (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => Err(Mismatch::NeedsTruth(0)),
            (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => Err(Mismatch::NeedsTruth(0)),
        }
    }

    /// Whether a node is written as infinity, of either sign.
    pub fn is_infinity(&self, id: NodeId) -> bool {
        let opposite = *self.op(id) == Op::Map(ScalarFn::Neg) && self.is_infinity(self.args(id)[0]);
        opposite || *self.op(id) == Op::Infinity
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
    /// A side that is false decides a conjunction, and one that is true a disjunction, also where the other has no value:
    /// `x > 0 and sqrt(x) >= 0` is false at −1. So where one side may lack a value and the other never does, that other is
    /// asked first.
    fn both(&mut self, args: &[NodeId], zip: Zip) -> Result<Margin, Mismatch> {
        let (a, b) = (self.margin(args[0])?, self.margin(args[1])?);
        let joined = self.joined(a, b, zip)?;
        let (first, own) = match (self.may_lack_a_value(args[0]), self.may_lack_a_value(args[1])) {
            (false, true) => (args[0], a.node),
            (true, false) => (args[1], b.node),
            (false, false) | (true, true) => return Ok(joined),
        };
        let branches = if zip == Zip::Max { [own, joined.node] } else { [joined.node, own] };
        let node = self.make(Op::Select, vec![first, branches[0], branches[1]])?;
        Ok(Margin { node, ..joined })
    }

    /// Whether something that a node consists of may have no value where what it is made from has one.
    fn may_lack_a_value(&self, node: NodeId) -> bool {
        self.reachable(&[node]).into_iter().any(|id| !self.is_total(id))
    }

    /// The lesser or the greater of two margins.
    ///
    /// Where one side fails at 0 and the other holds there, the lesser or greater of the two says nothing at 0: of
    /// `x >= 1 implies x >= 2`, that is `x < 1 or x >= 2`, it is 0 at x = 1. The side that would mislead is put out of
    /// play there.
    fn joined(&mut self, a: Margin, b: Margin, zip: Zip) -> Result<Margin, Mismatch> {
        let any = zip == Zip::Max;
        if a.strict != b.strict {
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

    /// The margin of each of the conditions that a condition is the conjunction of. One that may lack a value is asked only
    /// where those that never do hold: elsewhere the conjunction is false whatever it says.
    ///
    /// # Errors
    /// When the node is not a condition.
    pub fn margins_of_conjuncts(&mut self, condition: NodeId) -> Result<Vec<(NodeId, Margin)>, Mismatch> {
        let conditions = self.conjuncts(condition);
        let partial: Vec<bool> = conditions.iter().map(|id| self.may_lack_a_value(*id)).collect();
        let mut premise: Option<NodeId> = None;
        for (id, _) in conditions.iter().zip(&partial).filter(|(_, partial)| !**partial) {
            premise = Some(match premise {
                Some(before) => self.make(Op::And, vec![before, *id])?,
                None => *id,
            });
        }
        let mut margins = Vec::with_capacity(conditions.len());
        for (id, partial) in conditions.into_iter().zip(partial) {
            let mut margin = self.margin(id)?;
            if let (Some(premise), true) = (premise, partial) {
                let one = self.integer(1)?;
                margin.node = self.make(Op::Select, vec![premise, margin.node, one])?;
            }
            margins.push((id, margin));
        }
        Ok(margins)
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

    /// Whether a condition on a number x holds where x is an integer, by its margin.
    fn says(g: &mut Graph, condition: NodeId, x: NodeId, at: i64) -> bool {
        let margin = g.margin(condition).unwrap();
        let constants = [(g.as_input(x).unwrap(), BigRational::from_integer(at.into()))].into();
        let instance = Instance { constants, ..Instance::default() };
        let (known, roots) = g.instantiate(&[margin.node], &instance).unwrap();
        let value = known.constant_value(roots[0]).unwrap();
        value.is_positive() || value.is_zero() && !margin.strict
    }

    /// Every condition of two comparisons of x with 1 and 2, under every connective and in either order, says the truth.
    #[test]
    fn margins_say_the_truth_at_zero() {
        type Holds = fn(i64, i64) -> bool;
        type Condition = (NodeId, Box<dyn Fn(i64) -> bool>);
        let comparisons: [(Comparison, Holds); 4] = [
            (Comparison::Lt, |x, y| x < y),
            (Comparison::Le, |x, y| x <= y),
            (Comparison::Eq, |x, y| x == y),
            (Comparison::Ne, |x, y| x != y),
        ];
        let mut g = Graph::new();
        let x = g.input(Input { name: "x".into(), ty: Type::real(Shape::Scalar), facts: Facts::new() });
        // x < 1, 1 < x, x <= 1, ...
        let mut simple: Vec<Condition> = Vec::new();
        for (comparison, holds) in comparisons {
            for k in [1, 2] {
                let number = g.integer(k).unwrap();
                simple.push((g.compare(comparison, x, number).unwrap(), Box::new(move |x| holds(x, k))));
                simple.push((g.compare(comparison, number, x).unwrap(), Box::new(move |x| holds(k, x))));
            }
        }
        for (a, a_holds) in &simple {
            for (b, b_holds) in &simple {
                let both = g.make(Op::And, vec![*a, *b]).unwrap();
                let either = g.make(Op::Or, vec![*a, *b]).unwrap();
                let third = simple[0].0;
                let choice = g.make(Op::Select, vec![third, *a, *b]).unwrap();
                let (not_both, not_choice) = (g.negated(both).unwrap(), g.negated(choice).unwrap());
                for at in 0..4 {
                    let (p, q, r) = (a_holds(at), b_holds(at), simple[0].1(at));
                    let chosen = if r { p } else { q };
                    let wanted = [
                        (both, p && q),
                        (either, p || q),
                        (choice, chosen),
                        (not_both, !(p && q)),
                        (not_choice, !chosen),
                    ];
                    for (condition, holds) in wanted {
                        assert_eq!(says(&mut g, condition, x, at), holds, "{:?} at {at}", g.args(condition));
                    }
                }
            }
        }
        // What is met at x = 1 alone, beside a strict condition.
        let (one, two) = (g.integer(1).unwrap(), g.integer(2).unwrap());
        let (is_one, below) = (g.compare(Comparison::Eq, x, one).unwrap(), g.compare(Comparison::Lt, x, two).unwrap());
        let pair = g.make(Op::And, vec![is_one, below]).unwrap();
        let above = g.compare(Comparison::Lt, one, x).unwrap();
        let either = g.make(Op::Or, vec![pair, above]).unwrap();
        assert_eq!([0, 1, 2].map(|at| says(&mut g, either, x, at)), [false, true, true]);
        let (from, under) = (g.compare(Comparison::Le, one, x).unwrap(), below);
        let both = g.make(Op::And, vec![from, under]).unwrap();
        assert_eq!(g.conjuncts(both), [from, under]);
    }
}
