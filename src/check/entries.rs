//! Functions of a number, given to the library and applied to every entry of a vector.
//!
//! A function that can be called with a vector is. One that is written for a number is elaborated at one entry, and what
//! that gives is made of all entries at once: each scalar operation on the entry is the entrywise one, and what does not
//! depend on the entry is the same for all. So it has its derivatives and serves vectors of any size.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::call::Given;
use super::definitions::Definition;
use super::elaborate::{Checked, Elaborator, Operand, Reported};
use super::scope::{Function, Value};
use crate::base::{Code, Diagnostic, Span};
use crate::ir::{
    Axis, Comparison, Field, Graph, Kind, Mismatch, NodeId, Op, Property, Reduction, ScalarFn, Shape, Zip,
};
use crate::syntax::ast::{Arg, Ident};

/// The properties that a vector has where each of its entries has them.
const OF_ENTRIES: [Property; 5] =
    [Property::Nonnegative, Property::Positive, Property::ZeroOne, Property::Integer, Property::Finite];

/// What stands in the way of an entrywise form, in words.
type Lifted = Result<NodeId, &'static str>;

impl Elaborator<'_> {
    /// A function that the library was given, called: of a vector, with every entry's own value.
    pub(super) fn apply_to_entries(
        &mut self,
        function: &Function,
        callee: &Ident,
        args: &[Arg],
        span: Span,
    ) -> Checked<NodeId> {
        let (Function::Definition(definition), [arg]) = (function, args) else {
            return self.apply(function, callee, args, span);
        };
        let x = Operand { node: self.value(&arg.value)?, span: arg.value.span };
        let shape = self.graph.ty(x.node).shape.clone();
        if shape == Shape::Scalar || definition.def.params.is_empty() {
            return self.apply(function, callee, args, span);
        }
        let before = self.diagnostics.len();
        let whole = self.call_definition(definition, callee, args, span);
        if whole.is_ok() {
            return whole;
        }
        let mistakes = self.diagnostics.split_off(before);
        let outcome = self.of_each_entry(definition, x, span);
        self.diagnostics.truncate(before);
        match outcome {
            Ok(Ok(node)) => Ok(node),
            Err(Reported) => {
                self.diagnostics.extend(mistakes);
                Err(Reported)
            }
            Ok(Err(what)) => self.report(
                Diagnostic::new(
                    Code::E0501,
                    format!("`{}` cannot be applied to every entry of a vector", definition.def.name.name),
                )
                .at(definition.def.body.span, format!("{what} has no entrywise form"))
                .help("entrywise are `+`, `-`, `.*`, `./`, `.^`, and `abs`, `max`, `min`, `relu`, `sign` and the like"),
            ),
        }
    }

    /// The value of a definition where its first parameter has this one, and the others their defaults.
    fn at(&mut self, definition: &Arc<Definition>, x: Operand, span: Span) -> Checked<NodeId> {
        if definition.broken.load(Ordering::Relaxed) {
            return Err(Reported);
        }
        let mut given = vec![Some(Given { value: Value::Node(x.node), span: x.span })];
        given.resize_with(definition.def.params.len(), || None);
        self.enter(definition, span)?;
        let result = self.unfold(definition, given, span);
        self.frames.pop();
        result
    }

    fn of_each_entry(&mut self, definition: &Arc<Definition>, x: Operand, span: Span) -> Checked<Lifted> {
        let shape = self.graph.ty(x.node).shape.clone();
        let entry = self.built(x.span, "an entry", &[x], |g, a| {
            // No rule looks through a named value: the entry stands for any of them, whatever is known of the first.
            let named = g.named(a[0])?;
            let first = g.integer(1)?;
            let indices = if matches!(shape, Shape::Matrix(..)) { vec![first, first] } else { vec![first] };
            g.make(Op::Entry, [vec![named], indices].concat())
        })?;
        let root = self.at(definition, Operand { node: entry, ..x }, span)?;
        let mut entries = Entries { graph: &mut self.graph, shape, made: BTreeMap::from([(entry, x.node)]) };
        Ok(entries.of(root))
    }
}

/// The nodes that depend on one entry, made anew of all entries.
struct Entries<'g> {
    graph: &'g mut Graph,
    shape: Shape,
    made: BTreeMap<NodeId, NodeId>,
}

fn unfit(_: Mismatch) -> &'static str {
    "what it computes"
}

impl Entries<'_> {
    fn of(&mut self, root: NodeId) -> Lifted {
        if self.graph.ty(root).field == Field::Truth {
            return Err("a condition");
        }
        let below = self.graph.reachable(&[root]);
        let mut conditions = BTreeSet::new();
        for id in below {
            let depends = |arg: &NodeId| self.made.contains_key(arg) || conditions.contains(arg);
            if self.made.contains_key(&id) || !self.graph.args(id).iter().any(depends) {
                continue;
            }
            if self.graph.ty(id).field == Field::Truth {
                // Only what is required has a form for all entries: see `all`.
                conditions.insert(id);
                continue;
            }
            let new = self.node(id, &conditions)?;
            self.made.insert(id, new);
        }
        self.spread(root)
    }

    /// The value for every entry: of what does not depend on them, the same for all.
    fn spread(&mut self, id: NodeId) -> Lifted {
        match self.made.get(&id) {
            Some(new) => Ok(*new),
            None => self.graph.fill(id, self.shape.clone()).map_err(unfit),
        }
    }

    fn node(&mut self, id: NodeId, conditions: &BTreeSet<NodeId>) -> Lifted {
        let (op, args) = (self.graph.op(id).clone(), self.graph.args(id).to_vec());
        if self.graph.ty(id).shape != Shape::Scalar {
            return Err("a vector or matrix made of a number");
        }
        let new = |this: &Self, arg: &NodeId| this.made.get(arg).copied().unwrap_or(*arg);
        match (op.kind(), &op) {
            (_, Op::Map(ScalarFn::Pow)) if self.made.contains_key(&args[1]) => self.power(args[0], args[1]),
            (_, Op::Map(_)) if args[1..].iter().any(|arg| self.made.contains_key(arg)) => {
                Err("a function whose parameter depends on the entry")
            }
            (_, Op::Map(_) | Op::Part(_) | Op::Complexify | Op::Conj | Op::StopGradient) => {
                let args = args.iter().map(|arg| new(self, arg)).collect();
                self.graph.make(op, args).map_err(unfit)
            }
            (_, Op::Zip(Zip::Add | Zip::Sub)) => {
                let args = vec![self.spread(args[0])?, self.spread(args[1])?];
                self.graph.make(op, args).map_err(unfit)
            }
            (_, Op::Zip(Zip::Mul | Zip::Div | Zip::Min | Zip::Max)) => {
                let args = args.iter().map(|arg| new(self, arg)).collect();
                self.graph.make(op, args).map_err(unfit)
            }
            (_, Op::Adjoint) => self.graph.make(Op::Conj, vec![new(self, &args[0])]).map_err(unfit),
            // The transpose of a number is the number, and so is what is reduced of it.
            (_, Op::Transpose | Op::Reduce(_, Axis::All)) if self.made.contains_key(&args[0]) => {
                Ok(new(self, &args[0]))
            }
            (_, Op::Annotate(properties, basis)) => {
                let kept: Vec<Property> = properties.iter().copied().filter(|p| OF_ENTRIES.contains(p)).collect();
                self.graph.annotate(new(self, &args[0]), &kept, *basis).map_err(unfit)
            }
            (_, Op::Require) => {
                let (value, condition) = (self.spread(args[0])?, self.all(args[1], conditions)?);
                self.graph.make(Op::Require, vec![value, condition]).map_err(unfit)
            }
            (_, Op::Select) => Err("a choice by a condition"),
            (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => Err("what it computes"),
            (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => Err("what it computes"),
        }
    }

    /// A power with an exponent that depends on the entry, of a positive base.
    fn power(&mut self, base: NodeId, exponent: NodeId) -> Lifted {
        if !self.graph.has(base, Property::Positive) {
            return Err("a power of what may be 0 with an exponent that depends on the entry");
        }
        let (base, exponent) = (self.made.get(&base).copied().unwrap_or(base), self.spread(exponent)?);
        let log = self.graph.map(ScalarFn::Log, base).map_err(unfit)?;
        let product = self.graph.zip(Zip::Mul, log, exponent).map_err(unfit)?;
        self.graph.map(ScalarFn::Exp, product).map_err(unfit)
    }

    /// The condition that one holds for every entry.
    fn all(&mut self, id: NodeId, conditions: &BTreeSet<NodeId>) -> Lifted {
        if !conditions.contains(&id) {
            return Ok(id);
        }
        let (op, args) = (self.graph.op(id).clone(), self.graph.args(id).to_vec());
        match (op.kind(), &op) {
            (_, Op::And) => {
                let both = vec![self.all(args[0], conditions)?, self.all(args[1], conditions)?];
                self.graph.make(Op::And, both).map_err(unfit)
            }
            (_, Op::Compare(comparison @ (Comparison::Lt | Comparison::Le))) => {
                let (a, b) = match (self.made.get(&args[0]).copied(), self.made.get(&args[1]).copied()) {
                    (Some(a), None) => (self.graph.reduce(Reduction::Max, Axis::All, a).map_err(unfit)?, args[1]),
                    (None, Some(b)) => (args[0], self.graph.reduce(Reduction::Min, Axis::All, b).map_err(unfit)?),
                    (Some(a), Some(b)) => {
                        let gap = self.graph.sub(b, a).map_err(unfit)?;
                        let least = self.graph.reduce(Reduction::Min, Axis::All, gap).map_err(unfit)?;
                        (self.graph.integer(0).map_err(unfit)?, least)
                    }
                    (None, None) => return Err("what it requires"),
                };
                self.graph.compare(*comparison, a, b).map_err(unfit)
            }
            (_, Op::Compare(Comparison::Eq)) => {
                let (a, b) = (self.spread(args[0])?, self.spread(args[1])?);
                self.graph.equal(a, b).map_err(unfit)
            }
            (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => Err("what it requires"),
            (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => Err("what it requires"),
        }
    }
}
