//! A program on tensors of one precision, on one device: each call made, each tensor let go where nothing needs it any
//! more, and each sum or product worked out in place of an operand that nothing else needs.

use std::collections::HashMap;

use tch::{Kind, TchError, Tensor};

use super::call::{Call, Entrywise};
use super::compound;
use super::entries::{Entry, has_place, in_place};
use super::program::{Arg, Program, Register, Step};
use super::tune::tuned;
use crate::ir::{Axis, Dim, Field, InputId, Shape, Sizes, Type};

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
    /// Whether a result may take the memory of an operand that nothing else needs.
    pub in_place: bool,
    /// Whether torch is to differentiate what it sees: then every result has memory of its own, and a decomposition its
    /// vectors, which torch's own gradients need.
    pub differentiable: bool,
}

impl Setting {
    pub(super) fn complex(&self) -> Kind {
        if self.kind == Kind::Double { Kind::ComplexDouble } else { Kind::ComplexFloat }
    }

    pub(super) fn of(&self, field: Field) -> Kind {
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

/// What torch did not do.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The step, with the shapes of its operands.
    pub step: Option<String>,
    /// What torch says.
    pub error: TchError,
}

impl From<TchError> for Refusal {
    fn from(error: TchError) -> Self {
        Refusal { step: None, error }
    }
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
        _ => (matches!(step.call, Call::AddDiagonal | Call::AddMatMul), false),
    };
    if !in_place {
        return None;
    }
    let result = &program.types[step.results[0].index()];
    let given = |register: Register| program.inputs.iter().any(|(_, input)| *input == register);
    let once = |arg: &Arg| step.args.iter().filter(|other| *other == arg).count() == 1;
    (0..if commutes { 2 } else { 1 }).find(|i| {
        let Arg::Tensor(register) = &step.args[*i] else { return false };
        released.contains(register)
            && (step.call != Call::AddMatMul || once(&step.args[*i]))
            && root[register.index()] == register.index()
            && living.get(&register.index()) == Some(&1)
            && !given(*register)
            && program.types[register.index()] == *result
    })
}

impl Machine {
    /// Binds a program to sizes and a setting.
    pub(super) fn new(program: &Program, sizes: &Sizes, setting: Setting) -> Machine {
        // torch is to differentiate the calls as they are written.
        let program = &if setting.differentiable { program.clone() } else { tuned(program, sizes) };
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
            let own = setting.differentiable || !setting.in_place;
            let reuse = if own { None } else { reusable(step, &released, program, &root, &living) };
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
    pub(super) fn run(&self, given: &HashMap<InputId, Tensor>) -> Result<Vec<Tensor>, Refusal> {
        let mut tensors: Vec<Option<Tensor>> = Vec::new();
        tensors.resize_with(self.types.len(), || None);
        for (input, register) in &self.inputs {
            tensors[register.index()] = given.get(input).map(Tensor::shallow_clone);
        }
        for instruction in &self.instructions {
            let made = self
                .call(instruction, &mut tensors)
                .map_err(|error| Refusal { step: Some(self.described(&instruction.step)), error })?;
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
        self.outputs.iter().map(output).collect::<Result<_, TchError>>().map_err(Refusal::from)
    }

    /// A step with the types of its operands, for messages.
    fn described(&self, step: &Step) -> String {
        let operand = |arg: &Arg| match arg {
            Arg::Tensor(register) => self.types[register.index()].to_string(),
            Arg::Number(number) => number.to_string(),
        };
        let operands: Vec<String> = step.args.iter().map(operand).collect();
        format!("`{:?}` of ({})", step.call, operands.join(", "))
    }

    fn call(&self, instruction: &Instruction, tensors: &mut [Option<Tensor>]) -> Result<Vec<Tensor>, TchError> {
        let step = &instruction.step;
        if let Call::Entrywise(call) = step.call {
            return self.entrywise(call, instruction, tensors).map(|made| vec![made]);
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
                    let (index, size) = (number(i)?, part.size()[0]);
                    if index.fract() != 0.0 || index < 1.0 || index > size as f64 {
                        return Err(TchError::Shape(format!("the index {index} is outside 1..{size}")));
                    }
                    part = part.f_select(0, index as i64 - 1)?;
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
            Call::AddMatMul if instruction.reuse.is_some() => one(x(0)?.shallow_clone().f_addmm_(x(1)?, x(2)?)?),
            Call::AddMatMul => one(x(0)?.f_addmm(x(1)?, x(2)?)?),
            Call::Kron => one(x(0)?.f_kron(x(1)?)?),
            Call::PartialInner(side, shape) => one(compound::partial_inner(x(0)?, x(1)?, *side, &dims(shape)?)?),
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
            Call::CholeskyInverse => one(compound::cholesky_inverse(x(0)?, x(1)?)?),
            Call::CholeskySolve => one(compound::cholesky_solve(x(0)?, x(1)?)?),
            Call::Inverse => {
                let (inverse, info) = Tensor::f_linalg_inv_ex(x(0)?, false)?;
                Ok(vec![inverse, info])
            }
            Call::SignLogDet => {
                let (sign, log, _, _) = Tensor::f_internal_linalg_slogdet(x(0)?)?;
                Ok(vec![sign, log])
            }
            Call::Eigenvalues => {
                let a = self.prepared(x(0)?, true)?;
                let (values, _) = Tensor::f_internal_linalg_eigh(&a, "L", self.setting.differentiable)?;
                one(values.f_to_kind(self.setting.kind)?)
            }
            Call::Eigenvectors => {
                let (values, vectors) = Tensor::f_internal_linalg_eigh(&self.prepared(x(0)?, true)?, "L", true)?;
                Ok(vec![values.f_to_kind(self.setting.kind)?, vectors.f_to_kind(self.setting.of(self.field(step, 1)))?])
            }
            Call::SingularValues => {
                let (_, values, _) = self.prepared(x(0)?, false)?.f_svd(true, self.setting.differentiable)?;
                one(values.f_to_kind(self.setting.kind)?)
            }
            Call::SingularVectors => {
                let (u, values, v) = self.prepared(x(0)?, false)?.f_svd(true, true)?;
                let kind = self.setting.of(self.field(step, 0));
                Ok(vec![u.f_to_kind(kind)?, values.f_to_kind(self.setting.kind)?, v.f_to_kind(kind)?.f_adjoint()?])
            }
        }
    }

    fn entrywise(
        &self,
        call: Entrywise,
        instruction: &Instruction,
        tensors: &mut [Option<Tensor>],
    ) -> Result<Tensor, TchError> {
        let operands = &instruction.operands;
        if let Some(at) = instruction.reuse {
            let Operand::Tensor(own) = operands[at] else { return Err(broken("a tensor was expected")) };
            let mut x = tensor(tensors, own)?.shallow_clone();
            let other = operands.get(1 - at).map(|operand| entry(tensors, operand)).transpose()?;
            in_place(call, &mut x, other)?;
            return Ok(x);
        }
        let entries: Result<Vec<Entry<'_>>, TchError> =
            operands.iter().map(|operand| entry(tensors, operand)).collect();
        self.setting.entrywise(call, &entries?, self.field(&instruction.step, 0))
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
pub(super) fn broken(what: &str) -> TchError {
    TchError::Shape(format!("the program is broken: {what}"))
}

fn entry<'a>(tensors: &'a [Option<Tensor>], operand: &Operand) -> Result<Entry<'a>, TchError> {
    Ok(match operand {
        Operand::Tensor(at) => Ok(tensor(tensors, *at)?),
        Operand::Number(value) => Err(*value),
    })
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
        | Call::AddMatMul
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
