//! The instructions of the operations that gradients are written with: what they are, how they are planned and run.

use faer::Par;
use num_traits::ToPrimitive;

use super::adjoint;
use super::compile::Emitter;
use super::fault::FaultKind;
use super::plan::{Block, Place, position, split};
use super::real::{Element, Real};
use super::spectral;
use super::workspace::{Arenas, Scratch, Workspace};
use crate::ir::{Dim, Field, NodeId, Property, ScalarFn, Side};

/// An instruction on entries of one type, real or complex.
#[derive(Clone, Debug)]
pub(super) enum Gradient {
    /// A scalar at one or two run-time indices, as for `Entry`, and zeros elsewhere.
    OneHot(usize, usize, Option<usize>),
    /// A part of the operand, from this row and column on.
    Slice(Place, usize, usize),
    /// A factor in the adjoint of the Kronecker product: the product's, and the other factor.
    PartialInner(Side, Place, Place),
    /// Σ w v v' with weights in the real arena.
    EigenSum { weights: usize, vectors: Place },
    /// The derivative of a function of the matrix with these eigenvalues and vectors.
    Frechet {
        function: ScalarFn,
        parameter: Option<usize>,
        psd: bool,
        values: usize,
        vectors: Place,
        direction: Place,
        hermitian: bool,
    },
    /// Σ w u v' over the singular values that are not zero, with weights in the real arena.
    SingularSum { a: Place, weights: usize },
    /// The adjugate of a matrix that is Hermitian or not.
    Adjugate { a: Place, hermitian: bool },
}

impl Gradient {
    /// Runs the instruction.
    pub(super) fn run<T: Real, E: Element<T>>(
        &self,
        out: Place,
        ws: &mut Workspace<T>,
        par: Par,
    ) -> Result<(), FaultKind> {
        let (arenas, scratch): (&mut Arenas<T>, &mut Scratch<T>) = (&mut ws.arenas, &mut ws.scratch);
        match self {
            Gradient::OneHot(s, i, j) => {
                let row = position(arenas.real[*i], out.rows)?;
                let col = j.map_or(Ok(0), |j| position(arenas.real[j], out.cols))?;
                let (before, target) = split(E::arena_mut(arenas), out);
                target.fill(E::from_real(T::of(0.0)));
                target[col * out.rows + row] = before[*s];
            }
            Gradient::Slice(x, row, col) => {
                let (before, target) = split(E::arena_mut(arenas), out);
                let columns = x.of(before).chunks(x.rows).skip(*col);
                target
                    .chunks_mut(out.rows)
                    .zip(columns)
                    .for_each(|(out, x)| out.copy_from_slice(&x[*row..row + out.len()]));
            }
            Gradient::PartialInner(side, m, b) => {
                let (before, target) = split(E::arena_mut(arenas), out);
                adjoint::partial_inner(*side, m.of(before), b.of(before), b.rows, target, out.rows);
            }
            Gradient::EigenSum { weights, vectors } => {
                let n = vectors.rows;
                let mut work = E::work(scratch);
                let [e, p, w] = work.vectors;
                let w = &mut w[..n];
                work.vectors = [e, p, &mut []];
                w.copy_from_slice(&arenas.real[*weights..*weights + n]);
                let (before, target) = split(E::arena_mut(arenas), out);
                adjoint::eigen_sum(w, vectors.of(before), target, work, par);
            }
            Gradient::Frechet { function, parameter, psd, values, vectors, direction, hermitian } => {
                let n = vectors.rows;
                let parameter = parameter.map_or(T::of(0.0), |at| arenas.real[at]);
                let mut work = E::work(scratch);
                let [e, p, lambda] = work.vectors;
                let lambda = &mut lambda[..n];
                work.vectors = [e, p, &mut []];
                lambda.copy_from_slice(&arenas.real[*values..*values + n]);
                if *psd {
                    spectral::clamp(lambda);
                }
                let (before, target) = split(E::arena_mut(arenas), out);
                let at =
                    adjoint::Spectrum { function: *function, parameter, values: lambda, vectors: vectors.of(before) };
                adjoint::frechet(&at, direction.of(before), *hermitian, target, work, par)?;
            }
            Gradient::SingularSum { a, weights } => {
                let count = a.rows.min(a.cols);
                let mut work = E::work(scratch);
                let [e, p, w] = work.vectors;
                let w = &mut w[..count];
                work.vectors = [e, p, &mut []];
                w.copy_from_slice(&arenas.real[*weights..*weights + count]);
                let (before, target) = split(E::arena_mut(arenas), out);
                adjoint::singular_sum(a.of(before), a.rows, a.cols, w, target, work, par)?;
            }
            Gradient::Adjugate { a, hermitian } => {
                let (before, target) = split(E::arena_mut(arenas), out);
                adjoint::adjugate(a.of(before), a.rows, *hermitian, target, E::work(scratch), par)?;
            }
        }
        Ok(())
    }
}

impl<'g, T: Real> Emitter<'_, 'g, T> {
    fn args(&self, id: NodeId) -> &'g [NodeId] {
        self.analysis.graph.args(id)
    }

    pub(super) fn one_hot(&mut self, id: NodeId) {
        let args = self.args(id);
        let (s, i, j) = (self.at(args[0]).at, self.at(args[1]).at, args.get(2).map(|j| self.at(*j).at));
        self.emit_gradient(id, Gradient::OneHot(s, i, j));
    }

    pub(super) fn slice(&mut self, id: NodeId, row: &Dim, col: &Dim) {
        let x = self.at(self.args(id)[0]);
        // The sizes of an instantiated graph are known, and were checked against the operand's.
        let first = |dim: &Dim| dim.as_constant().and_then(|n| n.to_usize()).unwrap_or(0);
        self.emit_gradient(id, Gradient::Slice(x, first(row), first(col)));
    }

    pub(super) fn partial_inner(&mut self, id: NodeId, side: Side) {
        let args = self.args(id);
        let (m, b) = (self.at(args[0]), self.at(args[1]));
        self.emit_gradient(id, Gradient::PartialInner(side, m, b));
    }

    pub(super) fn eigen_sum(&mut self, id: NodeId) {
        let args = self.args(id);
        let (_, vectors) = self.decomposed(id);
        let weights = self.at(args[1]).at;
        self.emit_gradient(id, Gradient::EigenSum { weights, vectors });
    }

    pub(super) fn frechet(&mut self, id: NodeId, function: ScalarFn) {
        let args = self.args(id);
        let (values, vectors) = self.decomposed(id);
        let direction = self.at(args[1]);
        let parameter = args.get(2).map(|p| self.at(*p).at);
        let psd = self.analysis.has(args[0], Property::Psd);
        let hermitian = self.analysis.has(args[1], Property::Hermitian);
        let block = Gradient::Frechet { function, parameter, psd, values, vectors, direction, hermitian };
        self.emit_gradient(id, block);
    }

    pub(super) fn singular_sum(&mut self, id: NodeId) {
        let args = self.args(id);
        let (a, weights) = (self.at(args[0]), self.at(args[1]).at);
        self.want_adjoint(id, a.rows, a.cols);
        self.emit_gradient(id, Gradient::SingularSum { a, weights });
    }

    pub(super) fn adjugate(&mut self, id: NodeId) {
        let args = self.args(id);
        let a = self.at(args[0]);
        self.want_adjoint(id, a.rows, a.cols);
        let hermitian = self.analysis.has(args[0], Property::Hermitian);
        self.emit_gradient(id, Gradient::Adjugate { a, hermitian });
    }

    /// Where the eigenvalues of the first operand lie, and its vectors.
    fn decomposed(&mut self, id: NodeId) -> (usize, Place) {
        let (values, vectors) = self.eigenvalues[&self.analysis.value(self.args(id)[0])];
        // The analysis asks for the vectors wherever they are needed.
        let vectors = vectors.unwrap_or(values);
        self.want_adjoint(id, vectors.rows, vectors.rows);
        (values.at, vectors)
    }

    fn emit_gradient(&mut self, id: NodeId, gradient: Gradient) {
        let field = self.analysis.graph.ty(id).field;
        self.block(id, field, Block::Gradient(gradient));
    }

    /// As [`Self::want`], for an operation that gradients need.
    fn want_adjoint(&mut self, id: NodeId, m: usize, n: usize) {
        let field = self.analysis.graph.ty(id).field;
        self.want(m, n, field);
        let scratch = &mut self.plan.scratch;
        let (entries, stack) = if field == Field::Complex {
            (&mut scratch.complex, adjoint::scratch::<T, T::Complex>(m, n, self.par))
        } else {
            (&mut scratch.real, adjoint::scratch::<T, T>(m, n, self.par))
        };
        *entries = (*entries).max(adjoint::scratch_entries(m, n));
        scratch.stack = scratch.stack.or(stack);
    }
}
