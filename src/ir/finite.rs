//! Where values are finite, and where they are defined.
//!
//! Quantities of the language may be infinite: log 0 = −∞, 1/0 = +∞, and a divergence is +∞ off the support. That a node is
//! finite ([`Property::Finite`]) says that every value it takes has finite entries; at inputs where it has no value at all
//! (∞ − ∞, the root of −1, the inverse of a singular matrix) it says nothing. [`Graph::is_total`] is about these.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::fact::{Facts, Property};
use super::graph::{Graph, NodeId};
use super::op::{Basis, Comparison, Kind, Op, Part, Reduction, Zip};
use super::scalar::{Domain, ScalarFn};
use super::ty::Field;
use Property::{Finite, Nonnegative, Pd, Positive, Psd};

/// Whether the values of an operation are finite, where `is` tells it of the operands.
pub(super) fn finite(g: &Graph, op: &Op, args: &[NodeId], is: &dyn Fn(NodeId) -> bool) -> bool {
    let all = |args: &[NodeId]| args.iter().all(|arg| is(*arg));
    match (op.kind(), op) {
        (_, Op::Infinity) => false,
        (_, Op::Zip(Zip::Div)) => all(args) && nonzero(g, args[1]),
        (_, Op::Map(function)) => {
            let real = g.ty(args[0]).field == Field::Real;
            bounded_everywhere(*function)
                || all(args) && (real || !has_pole(*function)) && pole_free(g, *function, args, Nonnegative, Positive)
        }
        // Of matrices that are not finite there are no eigenvalues.
        (_, Op::Spectral(function)) => all(args) && pole_free(g, *function, args, Psd, Pd),
        (_, Op::LogDet) => all(args) && g.has(args[0], Pd),
        // Divided differences at an eigenvalue 0 may be infinite.
        (_, Op::Frechet(_)) => all(args) && g.has(args[0], Pd),
        (_, Op::Select) => all(&args[1..]),
        (_, Op::Require) => is(args[0]),
        (
            _,
            Op::Eigenvalues
            | Op::SingularValues
            | Op::EigenSum
            | Op::SingularSum
            | Op::Det
            | Op::Inverse
            | Op::Adjugate
            | Op::Rank,
        ) => all(args),
        (Kind::Leaf | Kind::Condition, _) => true,
        (Kind::Entries | Kind::Arrangement | Kind::Contraction | Kind::Mark, _) => all(args),
        // Of others nothing is known: what is decomposed may have poles.
        (Kind::Decomposition, _) => false,
    }
}

/// Whether what else is known of a value bounds its entries.
pub(super) fn bounded(known: &Facts) -> bool {
    let psd = known.has(Psd) && (known.has(Property::UnitDiagonal) || known.has(Property::TraceOne));
    psd || known.has(Nonnegative) && known.has(Property::SumsToOne)
        || [Property::ZeroOne, Property::UnitColumns, Property::UnitRows].into_iter().any(|p| known.has(p))
}

/// Whether a value is known to be different from 0 in every entry.
fn nonzero(g: &Graph, id: NodeId) -> bool {
    let spread = if let Op::Fill(_) | Op::Complexify = g.op(id) { g.args(id)[0] } else { id };
    g.has(id, Positive) || g.constant_value(spread).is_some_and(|value| !num_traits::Zero::is_zero(value))
}

/// Whether a function is finite at infinities too.
fn bounded_everywhere(function: ScalarFn) -> bool {
    matches!(function, ScalarFn::Sign | ScalarFn::Step | ScalarFn::Tanh | ScalarFn::Sigmoid)
}

/// Whether a function is infinite somewhere at a finite argument.
fn has_pole(function: ScalarFn) -> bool {
    match function {
        ScalarFn::Log
        | ScalarFn::Recip
        | ScalarFn::Log1p
        | ScalarFn::Log1pRel
        | ScalarFn::Log1pRelSlope
        | ScalarFn::Pow
        | ScalarFn::PowLog
        | ScalarFn::PowLogSlope => true,
        ScalarFn::Neg
        | ScalarFn::Exp
        | ScalarFn::Sqrt
        | ScalarFn::Abs
        | ScalarFn::Sign
        | ScalarFn::Step
        | ScalarFn::Floor
        | ScalarFn::Sin
        | ScalarFn::Cos
        | ScalarFn::Tanh
        | ScalarFn::Relu
        | ScalarFn::Sigmoid
        | ScalarFn::Softplus
        | ScalarFn::Expm1
        | ScalarFn::XLogX
        | ScalarFn::LogOnSupport
        | ScalarFn::RecipOnSupport
        | ScalarFn::PowOnSupport
        | ScalarFn::Tsallis
        | ScalarFn::TsallisSlope => false,
    }
}

/// Whether an argument, with what is known of its sign, lies at no pole of a function. The properties are those of entries
/// or of spectra.
fn pole_free(g: &Graph, function: ScalarFn, args: &[NodeId], nonnegative: Property, positive: Property) -> bool {
    if !has_pole(function) || g.has(args[0], positive) {
        return true;
    }
    match function {
        // The pole is at −1.
        ScalarFn::Log1p | ScalarFn::Log1pRel | ScalarFn::Log1pRelSlope => g.has(args[0], nonnegative),
        ScalarFn::Recip => nonzero(g, args[0]),
        ScalarFn::Pow => args.get(1).is_some_and(|power| g.has(*power, Nonnegative)),
        _ => false,
    }
}

/// Whether a value with finite entries shows that the entries of this operand are finite: ∞ in it would make ∞ or no value
/// of the result. What is taken of the operand must be all of it.
fn shows_finite(g: &Graph, op: &Op, args: &[NodeId], position: usize) -> bool {
    match (op.kind(), op) {
        (_, Op::Zip(Zip::Add | Zip::Sub | Zip::Mul) | Op::Fill(_) | Op::Complexify) => true,
        (_, Op::Zip(Zip::Div)) => position == 0,
        (_, Op::Zip(Zip::Min | Zip::Max) | Op::Part(Part::Re | Part::Im)) => false,
        (_, Op::Part(Part::Abs | Part::Abs2)) => true,
        (_, Op::Map(function)) => match function {
            ScalarFn::Neg
            | ScalarFn::Log
            | ScalarFn::Sqrt
            | ScalarFn::Abs
            | ScalarFn::Floor
            | ScalarFn::Sin
            | ScalarFn::Cos
            | ScalarFn::XLogX
            | ScalarFn::LogOnSupport
            | ScalarFn::Log1p => true,
            ScalarFn::Tsallis => position == 0,
            ScalarFn::Pow => position == 0 && g.constant_value(args[1]).is_some_and(num_traits::Signed::is_positive),
            ScalarFn::Exp
            | ScalarFn::Recip
            | ScalarFn::Sign
            | ScalarFn::Step
            | ScalarFn::Tanh
            | ScalarFn::Relu
            | ScalarFn::Sigmoid
            | ScalarFn::Softplus
            | ScalarFn::Expm1
            | ScalarFn::Log1pRel
            | ScalarFn::Log1pRelSlope
            | ScalarFn::RecipOnSupport
            | ScalarFn::PowOnSupport
            | ScalarFn::PowLog
            | ScalarFn::PowLogSlope
            | ScalarFn::TsallisSlope => false,
        },
        (_, Op::DiagonalOf | Op::Entry | Op::Slice(..)) => false,
        (_, Op::OneHot(_) | Op::Require) => position == 0,
        (_, Op::Reduce(Reduction::Max | Reduction::Min | Reduction::LogSumExp, _)) => false,
        (_, Op::Adjoint | Op::Transpose | Op::Conj | Op::DiagonalMatrix | Op::Broadcast(..)) => true,
        (_, Op::Block(..) | Op::Stack | Op::MatMul | Op::Kron | Op::PartialInner(..) | Op::Reduce(..)) => true,
        (_, Op::StopGradient | Op::Annotate(..)) => true,
        // Of others nothing is known: a part of the operand may be all that is looked at.
        (Kind::Entries | Kind::Arrangement | Kind::Contraction | Kind::Mark, _) => false,
        // There is no decomposition of what is not finite.
        (Kind::Decomposition, _) => position == 0,
        (Kind::Leaf | Kind::Condition, _) => false,
    }
}

/// What is finite at the inputs where some nodes have finite values.
#[derive(Clone, Debug, Default)]
pub struct Finiteness {
    /// The nodes that are finite there, since others would not be.
    shown: BTreeSet<NodeId>,
    /// The nodes that are not 0 there.
    divisors: BTreeSet<NodeId>,
    /// The nodes that are positive there.
    positive: BTreeSet<NodeId>,
    known: RefCell<BTreeMap<NodeId, bool>>,
}

impl Finiteness {
    /// What follows from nodes being finite.
    pub fn of(graph: &Graph, roots: &[NodeId]) -> Finiteness {
        let mut found = Finiteness::default();
        found.extend(graph, roots);
        found
    }

    /// What follows from nodes having values: requirements that are evaluated with them are met.
    pub fn where_required(graph: &Graph, evaluated: impl IntoIterator<Item = NodeId>) -> Finiteness {
        let mut found = Finiteness::default();
        for id in evaluated {
            if *graph.op(id) != Op::Require {
                continue;
            }
            for condition in graph.conjuncts(graph.args(id)[1]) {
                let (op, args) = (graph.op(condition), graph.args(condition));
                let above = matches!(op, Op::Compare(Comparison::Lt))
                    && (graph.has(args[0], Nonnegative) || graph.has(args[0], Positive));
                found.positive.extend(above.then(|| args[1]));
            }
        }
        found
    }

    /// Whether a node is known to be positive there.
    fn is_positive(&self, graph: &Graph, id: NodeId) -> bool {
        let both = |args: &[NodeId]| args.iter().all(|arg| self.is_positive(graph, *arg));
        self.positive.contains(&id)
            || graph.has(id, Positive)
            || *graph.op(id) == Op::Zip(Zip::Mul) && both(graph.args(id))
            || *graph.op(id) == Op::Zip(Zip::Div) && both(graph.args(id)) && self.has(graph, graph.args(id)[1])
    }

    /// Adds what follows from more nodes being finite.
    pub fn extend(&mut self, graph: &Graph, roots: &[NodeId]) {
        self.known.borrow_mut().clear();
        let mut stack = roots.to_vec();
        while let Some(id) = stack.pop() {
            if !self.shown.insert(id) {
                continue;
            }
            let (op, args) = (graph.op(id), graph.args(id));
            if let Op::Zip(Zip::Div) = op {
                self.divisors.insert(args[1]);
            } else if let Op::Map(ScalarFn::Recip | ScalarFn::Log) = op {
                self.divisors.insert(args[0]);
            }
            stack.extend(
                args.iter().enumerate().filter(|(i, _)| shows_finite(graph, op, args, *i)).map(|(_, arg)| *arg),
            );
        }
    }

    /// Whether a node is finite there.
    pub fn has(&self, graph: &Graph, id: NodeId) -> bool {
        if self.shown.contains(&id) || graph.has(id, Finite) {
            return true;
        }
        if let Some(known) = self.known.borrow().get(&id) {
            return *known;
        }
        let (op, args) = (graph.op(id), graph.args(id));
        let operands = || args.iter().all(|arg| self.has(graph, *arg));
        let off_its_pole = match (op.kind(), op) {
            (_, Op::Zip(Zip::Div)) => {
                self.divisors.contains(&args[1]) && self.has(graph, args[0])
                    || self.is_positive(graph, args[1]) && operands()
            }
            (_, Op::Map(ScalarFn::Log | ScalarFn::Recip | ScalarFn::Pow)) => {
                *op == Op::Map(ScalarFn::Recip) && self.divisors.contains(&args[0])
                    || self.is_positive(graph, args[0]) && operands()
            }
            (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => false,
            (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => false,
        };
        let is = off_its_pole || finite(graph, op, args, &|arg| self.has(graph, arg));
        self.known.borrow_mut().insert(id, is);
        is
    }
}

impl Graph {
    /// Whether the values of a node are finite, where `is` tells it of the operands.
    pub fn is_finite_when(&self, id: NodeId, is: &dyn Fn(NodeId) -> bool) -> bool {
        self.has(id, Finite) || finite(self, self.op(id), self.args(id), is)
    }

    /// Whether a node has a value, possibly infinite, wherever its operands have finite ones.
    pub fn is_total(&self, id: NodeId) -> bool {
        let args = self.args(id);
        let on = |function: ScalarFn, nonnegative: Property, positive: Property| {
            let known = |property| self.has(args[0], property);
            match function.row().domain {
                Domain::Line => true,
                Domain::Nonnegative | Domain::AboveMinusOne => known(nonnegative),
                Domain::Positive => known(positive),
                Domain::Nonzero => known(positive) || nonzero(self, args[0]),
                Domain::Power => {
                    let power = args.get(1).and_then(|power| self.constant_value(*power));
                    let whole =
                        power.is_some_and(|power| power.is_integer() && !num_traits::Signed::is_negative(power));
                    known(nonnegative) || whole
                }
            }
        };
        match (self.op(id).kind(), self.op(id)) {
            (_, Op::Map(function)) => self.ty(args[0]).field == Field::Complex || on(*function, Nonnegative, Positive),
            (_, Op::Spectral(function)) => on(*function, Psd, Pd),
            (_, Op::Zip(Zip::Div)) => nonzero(self, args[1]),
            (_, Op::LogDet) => self.has(args[0], Psd),
            (_, Op::Inverse | Op::Frechet(_)) => self.has(args[0], Pd),
            (_, Op::Entry | Op::Require | Op::Annotate(_, Basis::Tested)) => false,
            (
                _,
                Op::Eigenvalues
                | Op::SingularValues
                | Op::EigenSum
                | Op::SingularSum
                | Op::Det
                | Op::Adjugate
                | Op::Rank,
            ) => true,
            (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => true,
            (Kind::Condition | Kind::Mark, _) => true,
            // Of others nothing is known: what is decomposed may have no value.
            (Kind::Decomposition, _) => false,
        }
    }
}
