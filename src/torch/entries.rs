//! Entrywise calls on tensors and numbers, with a result of their own or in place of an operand.

use tch::{TchError, Tensor};

use super::call::Entrywise;
use super::machine::{Setting, broken};
use crate::ir::Field;

/// An operand: a tensor, or a number.
pub(super) type Entry<'a> = Result<&'a Tensor, f64>;

fn broken_number(value: f64) -> TchError {
    broken(&format!("{value} stands where a tensor should"))
}

/// Whether an entrywise call has a form that works in place.
pub(super) fn has_place(call: Entrywise) -> bool {
    use Entrywise::{
        Abs, Add, Cos, Div, Exp, Expm1, Floor, Log, Log1p, Mul, Neg, Recip, Sigmoid, Sin, Sqrt, Square, Sub, Tanh,
    };
    matches!(
        call,
        Add | Sub
            | Mul
            | Div
            | Neg
            | Exp
            | Log
            | Sqrt
            | Recip
            | Abs
            | Floor
            | Sin
            | Cos
            | Tanh
            | Sigmoid
            | Expm1
            | Log1p
            | Square
    )
}

/// Works out a call in the memory of its operand `x`; `other` is its other operand, if it has one.
pub(super) fn in_place(call: Entrywise, x: &mut Tensor, other: Option<Entry<'_>>) -> Result<(), TchError> {
    let number = other.and_then(Result::err);
    let other = || other.and_then(Result::ok).ok_or_else(|| broken("an operand is missing"));
    let _ = match (call, number) {
        (Entrywise::Add, Some(value)) => x.f_add_scalar_(value)?,
        (Entrywise::Add, None) => x.f_add_(other()?)?,
        (Entrywise::Sub, Some(value)) => x.f_sub_scalar_(value)?,
        (Entrywise::Sub, None) => x.f_sub_(other()?)?,
        (Entrywise::Mul, Some(value)) => x.f_mul_scalar_(value)?,
        (Entrywise::Mul, None) => x.f_mul_(other()?)?,
        (Entrywise::Div, Some(value)) => x.f_div_scalar_(value)?,
        (Entrywise::Div, None) => x.f_div_(other()?)?,
        (Entrywise::Neg, _) => x.f_neg_()?,
        (Entrywise::Exp, _) => x.f_exp_()?,
        (Entrywise::Log, _) => x.f_log_()?,
        (Entrywise::Sqrt, _) => x.f_sqrt_()?,
        (Entrywise::Recip, _) => x.f_reciprocal_()?,
        (Entrywise::Abs, _) => x.f_abs_()?,
        (Entrywise::Floor, _) => x.f_floor_()?,
        (Entrywise::Sin, _) => x.f_sin_()?,
        (Entrywise::Cos, _) => x.f_cos_()?,
        (Entrywise::Tanh, _) => x.f_tanh_()?,
        (Entrywise::Sigmoid, _) => x.f_sigmoid_()?,
        (Entrywise::Expm1, _) => x.f_expm1_()?,
        (Entrywise::Log1p, _) => x.f_log1p_()?,
        (Entrywise::Square, _) => x.f_square_()?,
        // `has_place` lists those above.
        (
            Entrywise::Sign
            | Entrywise::Conj
            | Entrywise::Real
            | Entrywise::Imag
            | Entrywise::Angle
            | Entrywise::Not
            | Entrywise::ToReal
            | Entrywise::ToComplex
            | Entrywise::Min
            | Entrywise::Max
            | Entrywise::Pow
            | Entrywise::XLogY
            | Entrywise::Lt
            | Entrywise::Le
            | Entrywise::Eq
            | Entrywise::Ne
            | Entrywise::And
            | Entrywise::Or
            | Entrywise::Where,
            _,
        ) => return Err(broken("a call without a form in place")),
    };
    Ok(())
}

impl Setting {
    /// The value of an entrywise call, of this field.
    pub(super) fn entrywise(&self, call: Entrywise, operands: &[Entry<'_>], field: Field) -> Result<Tensor, TchError> {
        match (call, operands) {
            (Entrywise::Where, [condition, x, y]) => self.choice(condition.map_err(broken_number)?, *x, *y, field),
            // The call of a number is a number.
            (call, [x]) => self.unary(call, x.map_err(broken_number)?),
            (call, [x, y]) => self.binary(call, *x, *y),
            (call, _) => Err(broken(&format!("{call:?} of {} operands", operands.len()))),
        }
    }

    fn unary(&self, call: Entrywise, x: &Tensor) -> Result<Tensor, TchError> {
        match call {
            Entrywise::Neg => x.f_neg(),
            Entrywise::Exp => x.f_exp(),
            Entrywise::Log => x.f_log(),
            Entrywise::Sqrt => x.f_sqrt(),
            Entrywise::Recip => x.f_reciprocal(),
            Entrywise::Abs => x.f_abs(),
            Entrywise::Sign => x.f_sign(),
            Entrywise::Floor => x.f_floor(),
            Entrywise::Sin => x.f_sin(),
            Entrywise::Cos => x.f_cos(),
            Entrywise::Tanh => x.f_tanh(),
            Entrywise::Sigmoid => x.f_sigmoid(),
            Entrywise::Expm1 => x.f_expm1(),
            Entrywise::Log1p => x.f_log1p(),
            Entrywise::Square => x.f_square(),
            Entrywise::Conj => x.f_conj(),
            Entrywise::Real => x.f_real(),
            Entrywise::Imag => x.f_imag(),
            Entrywise::Angle => x.f_angle(),
            Entrywise::Not => x.f_logical_not(),
            Entrywise::ToReal => x.f_to_kind(self.kind),
            Entrywise::ToComplex => x.f_to_kind(self.complex()),
            Entrywise::Add
            | Entrywise::Sub
            | Entrywise::Mul
            | Entrywise::Div
            | Entrywise::Min
            | Entrywise::Max
            | Entrywise::Pow
            | Entrywise::XLogY
            | Entrywise::Lt
            | Entrywise::Le
            | Entrywise::Eq
            | Entrywise::Ne
            | Entrywise::And
            | Entrywise::Or
            | Entrywise::Where => Err(broken("too few operands")),
        }
    }

    fn binary(&self, call: Entrywise, x: Entry<'_>, y: Entry<'_>) -> Result<Tensor, TchError> {
        match (call, x, y) {
            (Entrywise::Add, Ok(x), Ok(y)) => x.f_add(y),
            (Entrywise::Add, Ok(x), Err(n)) | (Entrywise::Add, Err(n), Ok(x)) => x.f_add_scalar(n),
            (Entrywise::Sub, Ok(x), Ok(y)) => x.f_sub(y),
            (Entrywise::Sub, Ok(x), Err(n)) => x.f_sub_scalar(n),
            (Entrywise::Sub, Err(n), Ok(y)) => y.f_rsub_scalar(n),
            (Entrywise::Mul, Ok(x), Ok(y)) => x.f_mul(y),
            (Entrywise::Mul, Ok(x), Err(n)) | (Entrywise::Mul, Err(n), Ok(x)) => x.f_mul_scalar(n),
            (Entrywise::Div, Ok(x), Ok(y)) => x.f_div(y),
            (Entrywise::Div, Ok(x), Err(n)) => x.f_div_scalar(n),
            (Entrywise::Div, Err(1.0), Ok(y)) => y.f_reciprocal(),
            (Entrywise::Div, Err(n), Ok(y)) => self.scalar(n)?.f_div(y),
            (Entrywise::Min, Ok(x), Ok(y)) => x.f_minimum(y),
            (Entrywise::Min, Ok(x), Err(n)) | (Entrywise::Min, Err(n), Ok(x)) => x.f_clamp_max(n),
            (Entrywise::Max, Ok(x), Ok(y)) => x.f_maximum(y),
            (Entrywise::Max, Ok(x), Err(n)) | (Entrywise::Max, Err(n), Ok(x)) => x.f_clamp_min(n),
            (Entrywise::Pow, Ok(x), Ok(y)) => x.f_pow(y),
            (Entrywise::Pow, Ok(x), Err(n)) => x.f_pow_tensor_scalar(n),
            (Entrywise::Pow, Err(n), Ok(y)) => Tensor::f_pow_scalar(n, y),
            (Entrywise::XLogY, x, y) => self.either(x)?.f_xlogy(&self.either(y)?),
            (Entrywise::Lt, Ok(x), Ok(y)) => x.f_lt_tensor(y),
            (Entrywise::Lt, Ok(x), Err(n)) => x.f_lt(n),
            (Entrywise::Lt, Err(n), Ok(y)) => y.f_gt(n),
            (Entrywise::Le, Ok(x), Ok(y)) => x.f_le_tensor(y),
            (Entrywise::Le, Ok(x), Err(n)) => x.f_le(n),
            (Entrywise::Le, Err(n), Ok(y)) => y.f_ge(n),
            (Entrywise::Eq, Ok(x), Ok(y)) => x.f_eq_tensor(y),
            (Entrywise::Eq, Ok(x), Err(n)) | (Entrywise::Eq, Err(n), Ok(x)) => x.f_eq(n),
            (Entrywise::Ne, Ok(x), Ok(y)) => x.f_ne_tensor(y),
            (Entrywise::Ne, Ok(x), Err(n)) | (Entrywise::Ne, Err(n), Ok(x)) => x.f_ne(n),
            (Entrywise::And, x, y) => self.either(x)?.f_logical_and(&self.either(y)?),
            (Entrywise::Or, x, y) => self.either(x)?.f_logical_or(&self.either(y)?),
            (call, ..) => Err(broken(&format!("{call:?} of two numbers"))),
        }
    }

    fn choice(&self, condition: &Tensor, x: Entry<'_>, y: Entry<'_>, field: Field) -> Result<Tensor, TchError> {
        // Numbers take the precision of the tensor beside them, which torch decides otherwise.
        let kind = self.of(field);
        let of = |value: Entry<'_>| match value {
            Ok(tensor) => Ok(tensor.shallow_clone()),
            Err(n) => Tensor::f_full([0i64; 0], n, (kind, self.device)),
        };
        of(x)?.f_where_self(condition, &of(y)?)
    }

    /// A number as a tensor.
    fn scalar(&self, value: f64) -> Result<Tensor, TchError> {
        Tensor::f_full([0i64; 0], value, (self.kind, self.device))
    }

    fn either(&self, value: Entry<'_>) -> Result<Tensor, TchError> {
        match value {
            Ok(tensor) => Ok(tensor.shallow_clone()),
            Err(n) => self.scalar(n),
        }
    }
}
