//! Adjoints of eigenvalues, singular values, matrix functions, determinants and inverses.
//!
//! V are the eigenvectors of A and λ its eigenvalues. None of these rules divides by a difference of eigenvalues.

use super::{Done, GradError, Sweep};
use crate::ir::{NodeId, Op, ScalarFn};

impl Sweep<'_> {
    /// λ = λ(A): Ā = V diag(λ̄) V' (Lewis 1996, Theorem 1.1, for the functions that treat equal eigenvalues alike; Magnus
    /// 1985 for simple ones). With λ̄ = f'(λ), for tr f(A), it is f'(A).
    pub(super) fn eigenvalues(&mut self, id: NodeId, args: &[NodeId], y: NodeId) -> Done {
        let term = self.g.make(Op::EigenSum, vec![args[0], y])?;
        self.send(id, args[0], term)
    }

    /// σ = σ(A), A = U diag(σ) V': Ā = U diag(σ̄) V' over the singular values that are not 0 (Lewis 1995): at a singular
    /// value 0 any contraction between the kernels may be added to a subgradient, and 0 is the least.
    pub(super) fn singular_values(&mut self, id: NodeId, args: &[NodeId], y: NodeId) -> Done {
        let term = self.g.make(Op::SingularSum, vec![args[0], y])?;
        self.send(id, args[0], term)
    }

    /// Y = f(A): the derivative H ↦ V (F ∘ (V'HV)) V' is its own adjoint (Daleckii and Krein 1965), with the real symmetric
    /// Loewner matrix F of the divided differences of f. Since Y is Hermitian only that part of Ȳ matters.
    ///
    /// p̄ = Re⟨Ȳ, ∂f/∂p(A)⟩.
    pub(super) fn spectral(&mut self, id: NodeId, function: ScalarFn, args: &[NodeId], y: NodeId) -> Done {
        let row = function.row();
        let parameter = args.get(1).copied();
        if self.wants(args[0]) {
            row.derivative.ok_or(GradError::NoDerivative { node: id, function, in_parameter: false })?;
            let direction = self.hermitian_part(y)?;
            let mut operands = vec![args[0], direction];
            operands.extend(parameter);
            let term = self.g.make(Op::Frechet(function), operands)?;
            self.send(id, args[0], term)?;
        }
        let Some(p) = parameter.filter(|p| self.wants(*p)) else { return Ok(()) };
        let derivative =
            row.parameter_derivative.ok_or(GradError::NoDerivative { node: id, function, in_parameter: true })?;
        let values = self.g.make(Op::Eigenvalues, vec![args[0]])?;
        let slopes = derivative(self.g, values, parameter)?;
        let matrix = self.g.make(Op::EigenSum, vec![args[0], slopes])?;
        let term = self.g.inner(y, matrix)?;
        self.send(id, p, term)
    }

    /// In its direction the derivative of a matrix function is linear and its own adjoint; in the matrix it is a second
    /// derivative.
    pub(super) fn frechet(&mut self, id: NodeId, function: ScalarFn, args: &[NodeId], y: NodeId) -> Done {
        if self.wants(args[0]) || args.get(2).is_some_and(|p| self.wants(*p)) {
            return Err(GradError::SecondOrder(id));
        }
        let mut operands = vec![args[0], y];
        operands.extend(args.get(2));
        let term = self.g.make(Op::Frechet(function), operands)?;
        self.send(id, args[1], term)
    }

    /// y = log det A: Ā = ȳ (A^(−1))' (Giles 2008, §2.2.4).
    pub(super) fn log_det(&mut self, id: NodeId, args: &[NodeId], y: NodeId) -> Done {
        let inverse = self.g.make(Op::Inverse, vec![args[0]])?;
        let matrix = self.g.adjoint(inverse)?;
        let term = self.g.multiply(y, matrix)?;
        self.send(id, args[0], term)
    }

    /// y = det A: Ā = ȳ adj(A)', by Jacobi's formula, also where A is singular.
    pub(super) fn det(&mut self, id: NodeId, args: &[NodeId], y: NodeId) -> Done {
        let adjugate = self.g.make(Op::Adjugate, vec![args[0]])?;
        let matrix = self.g.adjoint(adjugate)?;
        let term = self.g.multiply(y, matrix)?;
        self.send(id, args[0], term)
    }

    /// Y = A^(−1): Ā = −Y'ȲY' (Giles 2008, §2.2.3).
    pub(super) fn inverse(&mut self, id: NodeId, args: &[NodeId], y: NodeId) -> Done {
        let inverse = self.g.adjoint(id)?;
        let left = self.g.multiply(inverse, y)?;
        let both = self.g.multiply(left, inverse)?;
        let term = self.g.neg(both)?;
        self.send(id, args[0], term)
    }
}
