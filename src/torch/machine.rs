//! A program on tensors of one precision, on one device: each call made, each tensor let go where nothing needs it any
//! more, and each sum or product worked out in place of an operand that nothing else needs.

use std::collections::HashMap;

use tch::{Kind, TchError, Tensor};

use super::call::{Call, Entrywise};
use super::program::{Arg, Program, Register, Step};
use crate::ir::{Axis, Dim, Field, InputId, Shape, Side, Sizes, Type};

/// The precision that a program computes in, where, and what is asked of its decompositions.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Setting {
    /// `Float` or `Double`.
    pub kind: Kind,
    /// Where the tensors are.
    pub device: tch::Device,
    /// Whether eigenvalues and singular values are worked out in double precision.
    pub double_decompositions: bool,
    /// What is added to the diagonal of a matrix before its eigenvalues are worked out.
    pub jitter: f64,
}

impl Setting {
    fn complex(&self) -> Kind {
        if self.kind == Kind::Double { Kind::ComplexDouble } else { Kind::ComplexFloat }
    }

    fn of(&self, field: Field) -> Kind {
        match field {
            Field::Real => self.kind,
            Field::Complex => self.complex(),
            Field::Truth => Kind::Bool,
        }
    }

    fn epsilon(&self) -> f64 {
        if self.kind == Kind::Double { f64::EPSILON } else { f64::from(f32::EPSILON) }
    }
}

/// An operand, its number worked out.
#[derive(Clone, Copy, Debug)]
enum Operand {
    Tensor(usize),
    Number(f64),
}

#[derive(Clone, Debug)]
struct Instruction {
    step: Step,
    operands: Vec<Operand>,
    released: Vec<Register>,
    /// Whether the result may take the memory of the first operand, or of the second.
    reuse: Option<usize>,
}

/// A program, bound to sizes and a setting.
#[derive(Debug)]
pub(super) struct Machine {
    setting: Setting,
    instructions: Vec<Instruction>,
    inputs: Vec<(InputId, Register)>,
    types: Vec<Type>,
    outputs: Vec<Operand>,
}

/// The operand of an instruction that its result may replace: one that ends there, shares its memory with nothing that
/// lives on, was made here, and has the type of the result.
fn reusable(
    step: &Step,
    released: &[Register],
    program: &Program,
    root: &[usize],
    living: &HashMap<usize, usize>,
) -> Option<usize> {
    let (in_place, commutes) = match step.call {
        Call::Entrywise(call) => (has_place(call), matches!(call, Entrywise::Add | Entrywise::Mul)),
        _ => (step.call == Call::AddDiagonal, false),
    };
    if !in_place {
        return None;
    }
    let result = &program.types[step.results[0].index()];
    let given = |register: Register| program.inputs.iter().any(|(_, input)| *input == register);
    (0..step.args.len().min(2)).find(|i| {
        let Arg::Tensor(register) = &step.args[*i] else { return false };
        (*i == 0 || commutes)
            && released.contains(register)
            && root[register.index()] == register.index()
            && living.get(&register.index()) == Some(&1)
            && !given(*register)
            && program.types[register.index()] == *result
    })
}

/// Whether an entrywise call has a form that works in place.
fn has_place(call: Entrywise) -> bool {
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

impl Machine {
    /// Binds a program to sizes and a setting. Without `in_place` every result has memory of its own, as torch wants it where
    /// it is to differentiate what it sees.
    pub(super) fn new(program: &Program, sizes: &Sizes, setting: Setting, in_place: bool) -> Machine {
        let operand = |arg: &Arg| match arg {
            Arg::Tensor(register) => Operand::Tensor(register.index()),
            Arg::Number(number) => Operand::Number(number.value(sizes, setting.epsilon())),
        };
        // Whose memory a tensor may lie in, and how many that are alive lie there.
        let mut root: Vec<usize> = (0..program.types.len()).collect();
        let mut living: HashMap<usize, usize> = HashMap::new();
        for (_, register) in &program.inputs {
            living.insert(register.index(), 1);
        }
        let mut instructions = Vec::new();
        for (step, released) in program.steps.iter().zip(program.released()) {
            for result in &step.results {
                let shares = step.call.is_view();
                if shares && let Some(Arg::Tensor(base)) = step.args.first() {
                    root[result.index()] = root[base.index()];
                }
                *living.entry(root[result.index()]).or_insert(0) += 1;
            }
            let reuse = if in_place { reusable(step, &released, program, &root, &living) } else { None };
            for register in &released {
                if let Some(count) = living.get_mut(&root[register.index()]) {
                    *count -= 1;
                }
            }
            let operands = step.args.iter().map(operand).collect();
            instructions.push(Instruction { step: known(step, sizes), operands, released, reuse });
        }
        let types = program.types.iter().map(|ty| Type { field: ty.field, shape: known_shape(&ty.shape, sizes) });
        Machine {
            setting,
            instructions,
            inputs: program.inputs.clone(),
            types: types.collect(),
            outputs: program.outputs.iter().map(operand).collect(),
        }
    }

    /// The outputs at these inputs, which have the precision of the setting.
    pub(super) fn run(&self, given: &HashMap<InputId, Tensor>) -> Result<Vec<Tensor>, TchError> {
        let mut tensors: Vec<Option<Tensor>> = Vec::new();
        tensors.resize_with(self.types.len(), || None);
        for (input, register) in &self.inputs {
            tensors[register.index()] = given.get(input).map(Tensor::shallow_clone);
        }
        for instruction in &self.instructions {
            let made = self.call(instruction, &mut tensors)?;
            for (register, tensor) in instruction.step.results.iter().zip(made) {
                tensors[register.index()] = Some(tensor);
            }
            for register in &instruction.released {
                tensors[register.index()] = None;
            }
        }
        let output = |operand: &Operand| match operand {
            Operand::Tensor(at) => tensor(&tensors, *at).map(Tensor::shallow_clone),
            Operand::Number(value) => Tensor::f_full([0i64; 0], *value, (self.setting.kind, self.setting.device)),
        };
        self.outputs.iter().map(output).collect()
    }

    fn call(&self, instruction: &Instruction, tensors: &mut [Option<Tensor>]) -> Result<Vec<Tensor>, TchError> {
        let step = &instruction.step;
        if let Call::Entrywise(call) = step.call {
            if let Some(at) = instruction.reuse {
                return self.in_place(call, instruction, at, tensors).map(|made| vec![made]);
            }
            let field = self.types[step.results[0].index()].field;
            return self.entrywise(call, &instruction.operands, tensors, field).map(|made| vec![made]);
        }
        let x = |i: usize| match instruction.operands.get(i) {
            Some(Operand::Tensor(at)) => tensor(tensors, *at),
            Some(Operand::Number(_)) | None => Err(broken("a tensor was expected")),
        };
        let number = |i: usize| match instruction.operands.get(i) {
            Some(Operand::Number(value)) => Ok(*value),
            Some(Operand::Tensor(_)) | None => Err(broken("a number was expected")),
        };
        let ty = &self.types[step.results[0].index()];
        let options = (self.setting.of(ty.field), self.setting.device);
        let one = |tensor: Tensor| Ok(vec![tensor]);
        match &step.call {
            // Handled above.
            Call::Entrywise(_) => Err(broken("an entrywise call")),
            Call::Full(shape) => one(Tensor::f_full(dims(shape)?, number(0)?, options)?),
            Call::Eye(n) => one(Tensor::f_eye(size(n)?, options)?),
            Call::Count(n) => one(Tensor::f_arange_start(1, size(n)? + 1, options)?),
            Call::ImaginaryUnit => {
                let real = (self.setting.kind, self.setting.device);
                let (zero, unit) = (Tensor::f_zeros([0i64; 0], real)?, Tensor::f_ones([0i64; 0], real)?);
                one(Tensor::f_complex(&zero, &unit)?)
            }
            Call::Expand(shape) => one(x(0)?.f_expand(dims(shape)?, false)?),
            Call::Broadcast(axis, n) => {
                let v = x(0)?.f_unsqueeze(if *axis == Axis::Rows { 1 } else { 0 })?;
                one(v.f_expand(if *axis == Axis::Rows { [-1, size(n)?] } else { [size(n)?, -1] }, false)?)
            }
            Call::Reshape(shape) => one(x(0)?.f_reshape(dims(shape)?)?),
            Call::Transpose => one(x(0)?.f_transpose(0, 1)?),
            Call::Adjoint => one(x(0)?.f_adjoint()?),
            Call::Diagonal => one(x(0)?.f_diagonal(0, 0, 1)?),
            Call::DiagonalMatrix => one(x(0)?.f_diag_embed(0, 0, 1)?),
            Call::AddDiagonal => {
                let sum = if instruction.reuse.is_some() { x(0)?.shallow_clone() } else { copied(x(0)?)? };
                let mut diagonal = sum.f_diagonal(0, 0, 1)?;
                let _ = match instruction.operands[1] {
                    Operand::Number(value) => diagonal.f_add_scalar_(value)?,
                    Operand::Tensor(at) => diagonal.f_add_(tensor(tensors, at)?)?,
                };
                one(sum)
            }
            Call::Concatenate(axis) => {
                let parts: Result<Vec<&Tensor>, TchError> = (0..instruction.operands.len()).map(x).collect();
                one(Tensor::f_cat(&parts?, if *axis == Axis::Rows { 0 } else { 1 })?)
            }
            Call::Stack => {
                let parts: Result<Vec<&Tensor>, TchError> = (0..instruction.operands.len()).map(x).collect();
                one(Tensor::f_stack(&parts?, 0)?)
            }
            Call::Entry => {
                let mut part = x(0)?.shallow_clone();
                for i in 1..instruction.operands.len() {
                    part = part.f_select(0, number(i)? as i64 - 1)?;
                }
                one(part)
            }
            Call::Slice(row, col, shape) => {
                let mut part = x(0)?.f_narrow(0, size(row)?, size(&shape.rows())?)?;
                if part.dim() == 2 {
                    part = part.f_narrow(1, size(col)?, size(&shape.cols())?)?;
                }
                one(part.f_reshape(dims(shape)?)?)
            }
            Call::MatMul => one(x(0)?.f_matmul(x(1)?)?),
            Call::Kron => one(x(0)?.f_kron(x(1)?)?),
            Call::PartialInner(side, shape) => one(partial_inner(x(0)?, x(1)?, *side, shape)?),
            Call::Dot => one(x(0)?.f_reshape(-1)?.f_vdot(&x(1)?.f_reshape(-1)?)?),
            Call::Sum(Axis::All) => one(x(0)?.f_sum(None)?),
            Call::Sum(axis) => one(x(0)?.f_sum_dim_intlist(along(*axis), false, None)?),
            Call::Prod(Axis::All) => one(x(0)?.f_prod(None)?),
            Call::Prod(axis) => one(x(0)?.f_prod_dim_int(along(*axis), false, None)?),
            Call::Maximum(axis) => one(x(0)?.f_amax(over(*axis), false)?),
            Call::Minimum(axis) => one(x(0)?.f_amin(over(*axis), false)?),
            Call::LogSumExp(Axis::All) => one(x(0)?.f_reshape(-1)?.f_logsumexp(0, false)?),
            Call::LogSumExp(axis) => one(x(0)?.f_logsumexp(along(*axis), false)?),
            Call::Cholesky => {
                let (factor, info) = x(0)?.f_linalg_cholesky_ex(false, false)?;
                Ok(vec![factor, info])
            }
            Call::CholeskySolve => one(x(0)?.f_cholesky_solve(x(1)?, false)?),
            Call::CholeskyInverse => one(x(0)?.f_cholesky_inverse(false)?),
            Call::Inverse => {
                let (inverse, info) = Tensor::f_linalg_inv_ex(x(0)?, false)?;
                Ok(vec![inverse, info])
            }
            Call::SignLogDet => {
                let (sign, log, _, _) = Tensor::f_internal_linalg_slogdet(x(0)?)?;
                Ok(vec![sign, log])
            }
            Call::Eigenvalues => {
                let (values, _) = Tensor::f_internal_linalg_eigh(&self.prepared(x(0)?, true)?, "L", false)?;
                one(values.f_to_kind(self.setting.kind)?)
            }
            Call::Eigenvectors => {
                let (values, vectors) = Tensor::f_internal_linalg_eigh(&self.prepared(x(0)?, true)?, "L", true)?;
                Ok(vec![values.f_to_kind(self.setting.kind)?, vectors.f_to_kind(self.setting.of(self.field(step, 1)))?])
            }
            Call::SingularValues => {
                let (_, values, _) = self.prepared(x(0)?, false)?.f_svd(true, false)?;
                one(values.f_to_kind(self.setting.kind)?)
            }
            Call::SingularVectors => {
                let (u, values, v) = self.prepared(x(0)?, false)?.f_svd(true, true)?;
                let kind = self.setting.of(self.field(step, 0));
                Ok(vec![u.f_to_kind(kind)?, values.f_to_kind(self.setting.kind)?, v.f_to_kind(kind)?.f_adjoint()?])
            }
        }
    }

    fn field(&self, step: &Step, result: usize) -> Field {
        self.types[step.results[result].index()].field
    }

    /// A matrix as its decomposition takes it: in double precision where that is asked for, with the jitter.
    fn prepared(&self, a: &Tensor, hermitian: bool) -> Result<Tensor, TchError> {
        let complex = matches!(a.kind(), Kind::ComplexFloat | Kind::ComplexDouble);
        let wide = if complex { Kind::ComplexDouble } else { Kind::Double };
        let a = if self.setting.double_decompositions { a.f_to_kind(wide)? } else { a.shallow_clone() };
        if !hermitian || self.setting.jitter == 0.0 {
            return Ok(a);
        }
        let sum = copied(&a)?;
        let _ = sum.f_diagonal(0, 0, 1)?.f_add_scalar_(self.setting.jitter)?;
        Ok(sum)
    }

    fn in_place(
        &self,
        call: Entrywise,
        instruction: &Instruction,
        at: usize,
        tensors: &mut [Option<Tensor>],
    ) -> Result<Tensor, TchError> {
        let Operand::Tensor(own) = instruction.operands[at] else { return Err(broken("a tensor was expected")) };
        let mut x = tensors[own].take().ok_or_else(|| broken("an operand is missing"))?;
        // Both operands may be the same tensor.
        let other = match instruction.operands.get(1 - at) {
            Some(Operand::Tensor(other)) if *other == own => Some(Ok(x.shallow_clone())),
            Some(Operand::Tensor(other)) => Some(tensor(tensors, *other).map(Tensor::shallow_clone)),
            Some(Operand::Number(value)) => Some(Err(broken_number(*value))),
            None => None,
        };
        let number = match instruction.operands.get(1 - at) {
            Some(Operand::Number(value)) => Some(*value),
            Some(Operand::Tensor(_)) | None => None,
        };
        let other = || other.unwrap_or_else(|| Err(broken("an operand is missing")));
        let _ = match (call, number) {
            (Entrywise::Add, Some(value)) => x.f_add_scalar_(value)?,
            (Entrywise::Add, None) => x.f_add_(&other()?)?,
            (Entrywise::Sub, Some(value)) => x.f_sub_scalar_(value)?,
            (Entrywise::Sub, None) => x.f_sub_(&other()?)?,
            (Entrywise::Mul, Some(value)) => x.f_mul_scalar_(value)?,
            (Entrywise::Mul, None) => x.f_mul_(&other()?)?,
            (Entrywise::Div, Some(value)) => x.f_div_scalar_(value)?,
            (Entrywise::Div, None) => x.f_div_(&other()?)?,
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
        Ok(x)
    }

    fn entrywise(
        &self,
        call: Entrywise,
        operands: &[Operand],
        tensors: &[Option<Tensor>],
        field: Field,
    ) -> Result<Tensor, TchError> {
        let first = match operands[0] {
            Operand::Tensor(at) => Ok(tensor(tensors, at)?),
            Operand::Number(value) => Err(value),
        };
        if operands.len() == 1 {
            // The call of a number is a number.
            let x = first.map_err(broken_number)?;
            return self.unary(call, x);
        }
        let second = match operands[1] {
            Operand::Tensor(at) => Ok(tensor(tensors, at)?),
            Operand::Number(value) => Err(value),
        };
        if call == Entrywise::Where {
            let third = match operands[2] {
                Operand::Tensor(at) => Ok(tensor(tensors, at)?),
                Operand::Number(value) => Err(value),
            };
            return self.choice(first.map_err(broken_number)?, second, third, field);
        }
        self.binary(call, first, second)
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
            Entrywise::ToReal => x.f_to_kind(self.setting.kind),
            Entrywise::ToComplex => x.f_to_kind(self.setting.complex()),
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

    fn binary(&self, call: Entrywise, x: Result<&Tensor, f64>, y: Result<&Tensor, f64>) -> Result<Tensor, TchError> {
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

    fn choice(
        &self,
        condition: &Tensor,
        x: Result<&Tensor, f64>,
        y: Result<&Tensor, f64>,
        field: Field,
    ) -> Result<Tensor, TchError> {
        // Numbers take the precision of the tensor beside them, which torch decides otherwise.
        let kind = self.setting.of(field);
        let of = |value: Result<&Tensor, f64>| match value {
            Ok(tensor) => Ok(tensor.shallow_clone()),
            Err(n) => Tensor::f_full([0i64; 0], n, (kind, self.setting.device)),
        };
        of(x)?.f_where_self(condition, &of(y)?)
    }

    /// A number as a tensor.
    fn scalar(&self, value: f64) -> Result<Tensor, TchError> {
        Tensor::f_full([0i64; 0], value, (self.setting.kind, self.setting.device))
    }

    fn either(&self, value: Result<&Tensor, f64>) -> Result<Tensor, TchError> {
        match value {
            Ok(tensor) => Ok(tensor.shallow_clone()),
            Err(n) => self.scalar(n),
        }
    }
}

/// A tensor with memory of its own.
fn copied(x: &Tensor) -> Result<Tensor, TchError> {
    let mut copy = x.f_empty_like()?;
    copy.f_copy_(x)?;
    Ok(copy)
}

fn tensor(tensors: &[Option<Tensor>], at: usize) -> Result<&Tensor, TchError> {
    tensors[at].as_ref().ok_or_else(|| broken("an operand is missing"))
}

/// A program that its builder should have ruled out.
fn broken(what: &str) -> TchError {
    TchError::Shape(format!("the program is broken: {what}"))
}

fn broken_number(value: f64) -> TchError {
    broken(&format!("{value} stands where a tensor should"))
}

/// The factor in the adjoint of the Kronecker product.
fn partial_inner(m: &Tensor, b: &Tensor, side: Side, shape: &Shape) -> Result<Tensor, TchError> {
    let (p, q) = (size(&shape.rows())?, size(&shape.cols())?);
    let b = b.f_conj()?;
    let b = if b.dim() == 2 { b } else { b.f_reshape([-1, 1])? };
    let other = b.size();
    let (blocks, equation) = match side {
        Side::Left => ([p, other[0], q, other[1]], "ikjl,kl->ij"),
        Side::Right => ([other[0], p, other[1], q], "ikjl,ij->kl"),
    };
    Tensor::f_einsum(equation, &[m.f_reshape(blocks)?, b], None::<i64>)?.f_reshape(dims(shape)?)
}

/// The dimension that a reduction along an axis sums over.
fn along(axis: Axis) -> i64 {
    match axis {
        // One value per row: over the columns.
        Axis::Rows => 1,
        Axis::Cols | Axis::All => 0,
    }
}

fn over(axis: Axis) -> Vec<i64> {
    match axis {
        Axis::All => Vec::new(),
        Axis::Rows | Axis::Cols => vec![along(axis)],
    }
}

fn size(dim: &Dim) -> Result<i64, TchError> {
    dim.as_constant().ok_or_else(|| broken("a size is not known"))
}

fn dims(shape: &Shape) -> Result<Vec<i64>, TchError> {
    match shape {
        Shape::Scalar => Ok(Vec::new()),
        Shape::Vector(n) => Ok(vec![size(n)?]),
        Shape::Matrix(m, n) => Ok(vec![size(m)?, size(n)?]),
    }
}

fn known_dim(dim: &Dim, sizes: &Sizes) -> Dim {
    dim.eval(sizes).map_or_else(|| dim.clone(), Dim::constant)
}

fn known_shape(shape: &Shape, sizes: &Sizes) -> Shape {
    match shape {
        Shape::Scalar => Shape::Scalar,
        Shape::Vector(n) => Shape::Vector(known_dim(n, sizes)),
        Shape::Matrix(m, n) => Shape::Matrix(known_dim(m, sizes), known_dim(n, sizes)),
    }
}

/// A step with its sizes known.
fn known(step: &Step, sizes: &Sizes) -> Step {
    let (dim, shape) = (|n: &Dim| known_dim(n, sizes), |s: &Shape| known_shape(s, sizes));
    let call = match &step.call {
        Call::Full(s) => Call::Full(shape(s)),
        Call::Expand(s) => Call::Expand(shape(s)),
        Call::Reshape(s) => Call::Reshape(shape(s)),
        Call::Eye(n) => Call::Eye(dim(n)),
        Call::Count(n) => Call::Count(dim(n)),
        Call::Broadcast(axis, n) => Call::Broadcast(*axis, dim(n)),
        Call::Slice(row, col, s) => Call::Slice(dim(row), dim(col), shape(s)),
        Call::PartialInner(side, s) => Call::PartialInner(*side, shape(s)),
        Call::Entrywise(_)
        | Call::ImaginaryUnit
        | Call::Transpose
        | Call::Adjoint
        | Call::Diagonal
        | Call::DiagonalMatrix
        | Call::AddDiagonal
        | Call::Concatenate(_)
        | Call::Stack
        | Call::Entry
        | Call::MatMul
        | Call::Kron
        | Call::Dot
        | Call::Sum(_)
        | Call::Prod(_)
        | Call::Maximum(_)
        | Call::Minimum(_)
        | Call::LogSumExp(_)
        | Call::Cholesky
        | Call::CholeskyInverse
        | Call::CholeskySolve
        | Call::Inverse
        | Call::SignLogDet
        | Call::Eigenvalues
        | Call::Eigenvectors
        | Call::SingularValues
        | Call::SingularVectors => step.call.clone(),
    };
    Step { call, ..step.clone() }
}
