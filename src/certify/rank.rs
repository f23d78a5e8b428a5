//! Upper bounds on ranks from the way a matrix was made: rank AB ≤ min(rank A, rank B), rank(A + B) ≤ rank A + rank B,
//! rank(A ∘ B) ≤ rank A · rank B, rank(A ⊗ B) = rank A · rank B (Horn and Johnson, Matrix Analysis, 0.4.5 and 5.1.7 of
//! their Topics), and scaling rows or columns does not raise a rank.

use super::evaluate::Evaluator;
use crate::ir::{NodeId, Op, Part, ScalarFn, Shape, Zip};

impl Evaluator<'_> {
    /// An upper bound on the rank of a node, a scalar or a vector counting as a matrix.
    pub(super) fn rank_bound(&mut self, id: NodeId) -> usize {
        if let Some(bound) = self.ranks.get(&id) {
            return *bound;
        }
        let bound = self.find_rank_bound(id);
        self.ranks.insert(id, bound);
        bound
    }

    fn find_rank_bound(&mut self, id: NodeId) -> usize {
        let full = self.rows(id).min(self.cols(id));
        if let Some(rank) = self.exact(id).and_then(|exact| exact.rank()) {
            return rank;
        }
        let args = self.graph.args(id).to_vec();
        let op = self.graph.op(id).clone();
        let bound = match op {
            Op::Adjoint
            | Op::Transpose
            | Op::Conj
            | Op::Complexify
            | Op::StopGradient
            | Op::Annotate(..)
            | Op::Require
            | Op::Map(ScalarFn::Neg) => self.rank_bound(args[0]),
            Op::MatMul => self.rank_bound(args[0]).min(self.rank_bound(args[1])),
            Op::Zip(Zip::Mul) => self.rank_bound(args[0]) * self.rank_bound(args[1]),
            Op::Zip(Zip::Div) if self.repeats(args[1]) => self.rank_bound(args[0]),
            Op::Zip(Zip::Add | Zip::Sub) => self.rank_bound(args[0]) + self.rank_bound(args[1]),
            Op::Kron => self.rank_bound(args[0]) * self.rank_bound(args[1]),
            Op::Fill(_) | Op::Broadcast(..) => 1,
            // f(A) vanishes on the kernel of A where f(0) = 0.
            Op::Spectral(function) if function.row().parameters == 0 && function.row().at_zero == Some(0.0) => {
                self.rank_bound(args[0])
            }
            Op::Select => self.rank_bound(args[1]).max(self.rank_bound(args[2])),
            // A = Re A + i Im A, and 2 Re A = A + conj A.
            Op::Part(Part::Re | Part::Im) => 2 * self.rank_bound(args[0]),
            Op::Input(_)
            | Op::Constant(_)
            | Op::Truth(_)
            | Op::ImaginaryUnit
            | Op::Pi
            | Op::Infinity
            | Op::Size(_)
            | Op::Eye(_)
            | Op::Map(_)
            | Op::Part(Part::Abs | Part::Abs2)
            | Op::Zip(Zip::Div | Zip::Min | Zip::Max)
            | Op::DiagonalOf
            | Op::DiagonalMatrix
            | Op::Block(..)
            | Op::Stack
            | Op::Entry
            | Op::OneHot(_)
            | Op::Slice(..)
            | Op::PartialInner(..)
            | Op::EigenSum
            | Op::Frechet(_)
            | Op::SingularSum
            | Op::Adjugate
            | Op::Reduce(..)
            | Op::Eigenvalues
            | Op::SingularValues
            | Op::Spectral(_)
            | Op::LogDet
            | Op::Det
            | Op::Inverse
            | Op::Rank
            | Op::Compare(_)
            | Op::And
            | Op::Or
            | Op::Not => full,
        };
        bound.min(full)
    }

    /// Whether dividing by it scales rows, columns, or everything.
    fn repeats(&self, id: NodeId) -> bool {
        matches!(self.graph.op(id), Op::Broadcast(..) | Op::Fill(_)) || self.graph.ty(id).shape == Shape::Scalar
    }
}
