//! Calls that are several of torch's.

use tch::{Device, TchError, Tensor};

use crate::ir::Side;

/// (L L')^(−1) where `holds` does, and any numbers elsewhere.
pub(super) fn cholesky_inverse(factor: &Tensor, holds: &Tensor) -> Result<Tensor, TchError> {
    let eye = Tensor::f_eye(factor.size()[0], (factor.kind(), factor.device()))?;
    match factor.device() {
        // torch raises an error at a factor with a zero on its diagonal.
        Device::Cpu => factor.f_where_self(holds, &eye)?.f_cholesky_inverse(false),
        // On other devices it would make the processor wait to see that.
        Device::Cuda(_) | Device::Mps | Device::Vulkan => {
            let inverse = factor.f_linalg_solve_triangular(&eye, false, true, false)?;
            inverse.f_adjoint()?.f_matmul(&inverse)
        }
    }
}

/// (L L')^(−1) X of real matrices: no error where L has a zero on its diagonal, and no numbers then.
pub(super) fn cholesky_solve(factor: &Tensor, x: &Tensor) -> Result<Tensor, TchError> {
    let upper = factor.f_transpose(0, 1)?;
    // The library wants columns that lie one after another; where rows do, they are the columns of X', and
    // X' (L L')^(−1) is worked out without a copy.
    if x.is_contiguous() {
        let half = upper.f_linalg_solve_triangular(&x.f_transpose(0, 1)?, true, false, false)?;
        factor.f_linalg_solve_triangular(&half, false, false, false)?.f_transpose(0, 1)
    } else {
        let half = factor.f_linalg_solve_triangular(x, false, true, false)?;
        upper.f_linalg_solve_triangular(&half, true, true, false)
    }
}

/// The factor in the adjoint of the Kronecker product.
pub(super) fn partial_inner(m: &Tensor, b: &Tensor, side: Side, shape: &[i64]) -> Result<Tensor, TchError> {
    let (p, q) = (shape.first().copied().unwrap_or(1), shape.get(1).copied().unwrap_or(1));
    let b = b.f_conj()?;
    let b = if b.dim() == 2 { b } else { b.f_reshape([-1, 1])? };
    let other = b.size();
    let (blocks, equation) = match side {
        Side::Left => ([p, other[0], q, other[1]], "ikjl,kl->ij"),
        Side::Right => ([other[0], p, other[1], q], "ikjl,ij->kl"),
    };
    Tensor::f_einsum(equation, &[m.f_reshape(blocks)?, b], None::<i64>)?.f_reshape(shape)
}
