//! Gradients: reverse mode, from graph to graph.
//!
//! The gradient of a real scalar f with respect to a node z is a node of z's shape with
//!
//! ```text
//! f(z + h) = f(z) + Re⟨g, h⟩ + o(‖h‖),    ⟨g, h⟩ = tr(g'h) = Σ conj(g) h.
//! ```
//!
//! For real z that is the matrix of partial derivatives, entry (i, j) = ∂f/∂z_ij; for complex z = x + iy it is
//! ∂f/∂x + i ∂f/∂y, which is 2 ∂f/∂z̄ (Wirtinger) and the direction of steepest ascent. The rules for matrix operations
//! are those of Giles, *Collected matrix derivative results for forward and reverse mode algorithmic differentiation*
//! (2008), with conjugates where entries are complex.
//!
//! # Where there is no gradient
//!
//! - At a kink (|x|, max, min, relu, a norm at 0, a singular value 0) the result is a subgradient: the one of least norm.
//!   Entries that tie for a maximum share equally.
//! - Where a function is finite with an infinite slope (√x, x log x, x^p with p < 1 at 0), 0 stands for the slope. Through
//!   a Gram matrix Z'Z that is the exact gradient along the row space of Z, since Z annihilates what is left out.
//! - A function of eigenvalues that treats equal ones alike has a gradient wherever it is smooth (Lewis 1996), and gets it:
//!   nothing is ever divided by a difference of eigenvalues. One that does not (a single eigenvalue that is repeated)
//!   gets a subgradient in the computed basis.
//! - Step functions (`floor`, `sign`, `rank`, conditions) have gradient 0.
//! - A choice has the gradient of the branch that is taken; the other branch's is not even evaluated. For
//!   `if x == c then a else b` at x = c that is the gradient of a, which need not know of x.
//!
//! A node that is known to be Hermitian varies among Hermitian matrices only, so that its gradient is Hermitian.

mod arrange;
mod contract;
mod entrywise;
mod guard;
mod spectral;

use std::collections::HashMap;
use std::fmt;

use crate::ir::{Basis, Field, Graph, Mismatch, NodeId, Op, Part, Property, ScalarFn, Shape, Zip};
use guard::Guards;

/// Why there is no gradient.
#[derive(Clone, PartialEq, Debug)]
pub enum GradError {
    /// The node is not a real scalar.
    NotARealScalar(NodeId),
    /// A scalar function has no derivative in the closed set: in its argument, or in its parameter.
    NoDerivative {
        /// Where it is applied.
        node: NodeId,
        /// The function.
        function: ScalarFn,
        /// Whether the derivative in its parameter is meant.
        in_parameter: bool,
    },
    /// The node's operation is one that gradients are written with, and is not differentiated once more.
    SecondOrder(NodeId),
    /// Sizes that are not known made an operation impossible; it may be possible in an instantiated graph.
    Mismatch(Mismatch),
}

impl From<Mismatch> for GradError {
    fn from(mismatch: Mismatch) -> Self {
        GradError::Mismatch(mismatch)
    }
}

impl fmt::Display for GradError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GradError::NotARealScalar(_) => f.write_str("only a real scalar has a gradient"),
            GradError::NoDerivative { function, in_parameter: false, .. } => {
                write!(f, "the derivative of `{function}` is not a function of the language")
            }
            GradError::NoDerivative { function, in_parameter: true, .. } => {
                write!(f, "`{function}` cannot be differentiated in its parameter")
            }
            GradError::SecondOrder(_) => f.write_str("second derivatives of eigenvalues and the like are not offered"),
            GradError::Mismatch(mismatch) => write!(f, "the gradient has no form at these sizes: {mismatch}"),
        }
    }
}

impl std::error::Error for GradError {}

/// The gradients of a real scalar with respect to some nodes, as nodes of the same graph; see the module for what they
/// are. A node that `of` does not rest on has gradient 0.
///
/// Sizes may be symbolic. Where a size 1 would change the type of an operation (a row times a vector is a scalar), or
/// singular values of a rectangular matrix are combined with repeated scalars, instantiate first.
///
/// # Errors
/// [`GradError`] when `of` is not a real scalar, or rests on `wrt` through something that has no derivative here.
pub fn gradient(graph: &mut Graph, of: NodeId, wrt: &[NodeId]) -> Result<Vec<NodeId>, GradError> {
    if !graph.ty(of).is_real_scalar() {
        return Err(GradError::NotARealScalar(of));
    }
    let order = graph.reachable(&[of]);
    let mut active = vec![false; graph.len()];
    for id in &order {
        let rests = graph.args(*id).iter().any(|arg| active[arg.index()]);
        active[id.index()] =
            wrt.contains(id) || (rests && carries(graph.op(*id)) && graph.ty(*id).field != Field::Truth);
    }
    let guards = Guards::new(graph, &order, of);
    let origin = graph.set_origin(None);
    let mut sweep = Sweep { g: graph, wrt, active, guards, adjoints: HashMap::new() };
    let outcome = sweep.run(&order, of, wrt);
    graph.set_origin(origin);
    outcome
}

/// Whether a change of an operand changes the value of an operation to first order anywhere.
fn carries(op: &Op) -> bool {
    !matches!(op, Op::StopGradient | Op::Rank)
}

type Done = Result<(), GradError>;

/// A reverse sweep: the adjoint of a node is the gradient of the scalar with respect to it, as far as its users have been
/// visited.
struct Sweep<'g> {
    g: &'g mut Graph,
    /// What is differentiated by.
    wrt: &'g [NodeId],
    /// Whether a node rests on what is differentiated by.
    active: Vec<bool>,
    guards: Guards,
    adjoints: HashMap<NodeId, NodeId>,
}

impl Sweep<'_> {
    fn run(&mut self, order: &[NodeId], of: NodeId, wrt: &[NodeId]) -> Result<Vec<NodeId>, GradError> {
        let one = self.g.integer(1)?;
        self.adjoints.insert(of, one);
        for id in order.iter().rev() {
            if self.active[id.index()]
                && let Some(adjoint) = self.adjoints.get(id).copied()
            {
                let origin = self.g.node(*id).origin;
                self.g.set_origin(origin);
                self.visit(*id, adjoint)?;
            }
        }
        wrt.iter().map(|id| self.result(*id)).collect()
    }

    /// The gradient with respect to a node, outside of all choices.
    fn result(&mut self, id: NodeId) -> Result<NodeId, GradError> {
        let Some(adjoint) = self.adjoints.get(&id).copied() else { return self.zeros(id) };
        let from = self.guards.of(id);
        let adjoint = self.lift(adjoint, from, None)?;
        if self.g.has(id, Property::Hermitian) { self.hermitian_part(adjoint) } else { Ok(adjoint) }
    }

    /// Adds to the adjoints of a node's operands what its own adjoint `y` makes of them.
    fn visit(&mut self, id: NodeId, y: NodeId) -> Done {
        let op = self.g.op(id).clone();
        let args = self.g.args(id).to_vec();
        match op {
            Op::Input(_)
            | Op::Constant(_)
            | Op::Truth(_)
            | Op::ImaginaryUnit
            | Op::Pi
            | Op::Infinity
            | Op::Size(_)
            | Op::Eye(_) => Ok(()),
            // No gradient flows through these, and conditions have none.
            Op::StopGradient | Op::Rank | Op::Compare(_) | Op::And | Op::Or | Op::Not => Ok(()),
            Op::Fill(_) => self.fill(id, &args, y),
            Op::Map(function) => self.map(id, function, &args, y),
            Op::Part(part) => self.part(id, part, &args, y),
            Op::Complexify | Op::Conj => self.complex(&op, id, &args, y),
            Op::Zip(zip) => self.zip(id, zip, &args, y),
            Op::Adjoint | Op::Transpose => self.transposed(&op, id, &args, y),
            Op::DiagonalOf | Op::DiagonalMatrix => self.diagonal(&op, id, &args, y),
            Op::Broadcast(axis, _) => self.broadcast(id, axis, &args, y),
            Op::Block(_, cols) => self.blocks(id, cols as usize, &args, y),
            Op::Stack => self.stack(id, &args, y),
            Op::Entry => self.entry(id, &args, y),
            Op::OneHot(_) => self.one_hot(id, &args, y),
            Op::Slice(row, col, shape) => self.slice(id, (&row, &col, &shape), &args, y),
            Op::MatMul => self.matmul(id, &args, y),
            Op::Kron => self.kron(id, &args, y),
            Op::PartialInner(side, _) => self.partial_inner(id, side, &args, y),
            Op::Reduce(reduction, axis) => self.reduce(id, reduction, axis, &args, y),
            Op::Eigenvalues => self.eigenvalues(id, &args, y),
            Op::SingularValues => self.singular_values(id, &args, y),
            Op::Spectral(function) => self.spectral(id, function, &args, y),
            Op::Frechet(function) => self.frechet(id, function, &args, y),
            Op::EigenSum | Op::SingularSum | Op::Adjugate => Err(GradError::SecondOrder(id)),
            Op::LogDet => self.log_det(id, &args, y),
            Op::Det => self.det(id, &args, y),
            Op::Inverse => self.inverse(id, &args, y),
            Op::Select => {
                for (branch, sense) in [(args[1], true), (args[2], false)] {
                    let from = self.guards.branch(id, args[0], sense);
                    self.send_from(from, branch, y)?;
                }
                Ok(())
            }
            Op::Annotate(..) => {
                // The operand is required to be Hermitian: its gradient is that among Hermitian matrices.
                let learns = self.g.has(id, Property::Hermitian) && !self.g.has(args[0], Property::Hermitian);
                let y = if learns { self.hermitian_part(y)? } else { y };
                self.send(id, args[0], y)
            }
            Op::Require => self.send(id, args[0], y),
        }
    }

    /// Whether an operand's adjoint is wanted.
    fn wants(&self, arg: NodeId) -> bool {
        self.active[arg.index()]
    }

    /// Adds a term, worked out where `user` is, to the adjoint of one of its operands.
    fn send(&mut self, user: NodeId, arg: NodeId, term: NodeId) -> Done {
        self.send_from(self.guards.of(user), arg, term)
    }

    fn send_from(&mut self, from: Option<usize>, arg: NodeId, term: NodeId) -> Done {
        if !self.wants(arg) {
            return Ok(());
        }
        let term = self.in_field_of(term, arg)?;
        let to = self.guards.of(arg);
        let term = self.lift(term, from, to)?;
        let sum = match self.adjoints.get(&arg) {
            Some(before) => self.g.add(*before, term)?,
            None => term,
        };
        self.adjoints.insert(arg, sum);
        Ok(())
    }

    /// A term for the adjoint of a real value is the real part, for that of a complex one it is complex.
    fn in_field_of(&mut self, term: NodeId, arg: NodeId) -> Result<NodeId, GradError> {
        Ok(match (self.g.ty(arg).field, self.g.ty(term).field) {
            (Field::Real, Field::Complex) => self.g.part(Part::Re, term)?,
            (Field::Complex, Field::Real) => self.g.make(Op::Complexify, vec![term])?,
            (Field::Real | Field::Complex | Field::Truth, _) => term,
        })
    }

    /// A value that is only meaningful under some guards, as one that is 0 where they do not hold.
    fn lift(&mut self, mut x: NodeId, from: Option<usize>, to: Option<usize>) -> Result<NodeId, GradError> {
        let mut at = from;
        while at != to {
            // The guard of a node is around the guards of all of its users, so that `to` is met on the way out.
            let Some(guard) = at else { break };
            let (parent, condition, sense) = self.guards.key(guard);
            let zero = self.zeros(x)?;
            let args = if sense { vec![condition, x, zero] } else { vec![condition, zero, x] };
            x = self.g.make(Op::Select, args)?;
            at = parent;
        }
        Ok(x)
    }

    /// Zeros of the type of a node.
    fn zeros(&mut self, like: NodeId) -> Result<NodeId, GradError> {
        let zero = self.g.integer(0)?;
        let zeros = self.g.like(zero, like)?;
        self.in_field_of(zeros, like)
    }

    /// (X + X')/2
    fn hermitian_part(&mut self, x: NodeId) -> Result<NodeId, GradError> {
        if self.g.has(x, Property::Hermitian) || self.g.ty(x).shape == Shape::Scalar {
            return Ok(x);
        }
        let adjoint = self.g.adjoint(x)?;
        let sum = self.g.add(x, adjoint)?;
        let two = self.g.integer(2)?;
        let part = self.g.zip(Zip::Div, sum, two)?;
        Ok(self.g.annotate(part, &[Property::Hermitian], Basis::Construction)?)
    }

    /// The complex conjugate.
    fn conj(&mut self, x: NodeId) -> Result<NodeId, GradError> {
        Ok(self.g.make(Op::Conj, vec![x])?)
    }
}
