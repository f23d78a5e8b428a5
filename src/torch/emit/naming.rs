//! What results are called in an emitted module.

use super::line::{Exchange, Line};
use super::writer::Writer;
use crate::ir::Axis;
use crate::torch::call::{Call, Entrywise};
use crate::torch::program::Arg;

impl Writer<'_> {
    /// What a result is called.
    pub(super) fn base(&self, line: usize, result: usize) -> &'static str {
        let step = match &self.lines[line] {
            Line::Call(step) => step,
            // The sum over the processes is called what a summand is.
            Line::Exchange(Exchange::Gather(_), ..) => return "gathered",
            Line::Exchange(Exchange::Own(_), ..) => return "own",
            Line::Exchange(..) => {
                let from = self.lines[line].reads().first().and_then(|from| self.made_by[from.index()]);
                return from.map_or("shared", |from| self.base(from, 0));
            }
        };
        let turned = |a: &Arg, b: &Arg| match (a, b) {
            (Arg::Tensor(a), Arg::Tensor(b)) => self.made_by[a.index()].is_some_and(|at| {
                let turn = matches!(self.lines[at].call(), Some(Call::Transpose | Call::Adjoint));
                turn && self.lines[at].reads() == [*b]
            }),
            _ => false,
        };
        match &step.call {
            Call::Entrywise(call) => match call {
                Entrywise::Neg => "negative",
                Entrywise::Exp | Entrywise::Expm1 => "powers",
                Entrywise::Log | Entrywise::Log1p => "logs",
                Entrywise::Sqrt => "root",
                Entrywise::Recip => "inverse",
                Entrywise::Abs => "modulus",
                Entrywise::Square => "squares",
                Entrywise::Add => "total",
                Entrywise::Sub => "difference",
                Entrywise::Mul => "scaled",
                Entrywise::Div => "ratio",
                Entrywise::Lt | Entrywise::Le => "below",
                Entrywise::Eq | Entrywise::Ne | Entrywise::Not | Entrywise::And | Entrywise::Or => "holds",
                Entrywise::Where => "chosen",
                Entrywise::Sign
                | Entrywise::Floor
                | Entrywise::Sin
                | Entrywise::Cos
                | Entrywise::Tanh
                | Entrywise::Sigmoid
                | Entrywise::Conj
                | Entrywise::Real
                | Entrywise::Imag
                | Entrywise::Angle
                | Entrywise::ToReal
                | Entrywise::ToComplex
                | Entrywise::Min
                | Entrywise::Max
                | Entrywise::Pow
                | Entrywise::XLogY => "image",
            },
            Call::Full(_) | Call::Count(_) | Call::ImaginaryUnit => "constant",
            Call::Eye(_) => "identity",
            Call::Expand(_) | Call::Broadcast(..) => "repeated",
            Call::Reshape(_) | Call::Transpose | Call::Adjoint => "turned",
            Call::Diagonal | Call::DiagonalMatrix => "diagonal",
            Call::AddDiagonal => "shifted",
            Call::Concatenate(_) | Call::Stack => "block",
            Call::Entry | Call::Slice(..) => "part",
            Call::MatMul if turned(&step.args[0], &step.args[1]) => "gram",
            Call::MatMul if turned(&step.args[1], &step.args[0]) => "cov",
            Call::MatMul | Call::AddMatMul | Call::Kron | Call::PartialInner(..) | Call::Prod(_) => "product",
            Call::Dot => "inner",
            Call::Sum(Axis::All) => "total",
            Call::Sum(_) => "sums",
            Call::Maximum(_) => "largest",
            Call::Minimum(_) => "smallest",
            Call::LogSumExp(_) => "logsumexp",
            Call::Cholesky => ["factor", "failed"][result.min(1)],
            Call::CholeskyInverse => "inverse",
            Call::CholeskySolve => "solution",
            Call::Inverse => ["inverse", "failed"][result.min(1)],
            Call::SignLogDet => ["sign", "log_modulus"][result.min(1)],
            Call::Eigenvalues => "eigenvalues",
            Call::Eigenvectors => ["eigenvalues", "eigenvectors"][result.min(1)],
            Call::SingularValues => "sigma",
            Call::SingularVectors => ["left", "sigma", "right"][result.min(2)],
        }
    }
}
