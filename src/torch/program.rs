//! Programs: straight lines of calls of torch, without branches and without looks at what was computed, so that neither
//! the CPU waits for a device nor a captured graph breaks.

use std::collections::{HashMap, HashSet};
use std::fmt;

use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive};

use super::call::{Call, Entrywise};
use crate::ir::{Dim, Field, InputId, Shape, Sizes, Type};

/// The name of a tensor.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Register(pub u32);

impl Register {
    /// The number in the tables of the program.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A number that is known when the sizes and the precision are: no tensor is made for it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Number {
    /// As written.
    Constant(BigRational),
    /// π
    Pi,
    /// +∞
    Infinity,
    /// Not a number: what stands for a result that does not exist.
    Nan,
    /// A size.
    Size(Dim),
    /// The unit roundoff of the precision that the program computes in: the gap between 1 and the next number.
    Epsilon,
    /// A call on numbers.
    Apply(Entrywise, Vec<Number>),
}

impl Number {
    /// The value at sizes, with the given gap between 1 and the next number; NaN where a size is not known.
    pub fn value(&self, sizes: &Sizes, epsilon: f64) -> f64 {
        match self {
            // The conversion gives an answer, if need be an infinite one, for every rational number.
            Number::Constant(value) => value.to_f64().unwrap_or(f64::NAN),
            Number::Pi => std::f64::consts::PI,
            Number::Infinity => f64::INFINITY,
            Number::Nan => f64::NAN,
            Number::Size(dim) => dim.eval(sizes).map_or(f64::NAN, |n| n as f64),
            Number::Epsilon => epsilon,
            Number::Apply(call, operands) => {
                let values: Vec<f64> = operands.iter().map(|operand| operand.value(sizes, epsilon)).collect();
                call.value(&values)
            }
        }
    }

    /// The value, where it depends on neither sizes nor the precision.
    pub fn known(&self) -> Option<f64> {
        match self {
            Number::Constant(_) | Number::Pi | Number::Infinity => Some(self.value(&Sizes::new(), f64::NAN)),
            Number::Size(dim) => dim.as_constant().map(|n| n as f64),
            Number::Nan | Number::Epsilon => None,
            Number::Apply(call, operands) => {
                let values: Option<Vec<f64>> = operands.iter().map(Number::known).collect();
                values.map(|values| call.value(&values))
            }
        }
    }
}

/// An operand of a call.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Arg {
    /// A tensor.
    Tensor(Register),
    /// A number.
    Number(Number),
}

impl Arg {
    /// The tensor, if it is one.
    pub(super) fn register(&self) -> Option<Register> {
        match self {
            Arg::Tensor(register) => Some(*register),
            Arg::Number(_) => None,
        }
    }
}

/// One call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// What is called.
    pub call: Call,
    /// Its operands.
    pub args: Vec<Arg>,
    /// Its results.
    pub results: Vec<Register>,
}

/// A straight line of calls.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The tensors that are given.
    pub inputs: Vec<(InputId, Register)>,
    /// The calls, in order.
    pub steps: Vec<Step>,
    /// The type of each tensor, sizes symbolic where the graph's were. Truth values may have any shape here.
    pub types: Vec<Type>,
    /// What is wanted.
    pub outputs: Vec<Arg>,
}

impl Program {
    /// For each step the tensors that nothing after it needs.
    pub fn released(&self) -> Vec<Vec<Register>> {
        let mut kept = vec![false; self.types.len()];
        for output in &self.outputs {
            if let Arg::Tensor(register) = output {
                kept[register.index()] = true;
            }
        }
        let mut released = vec![Vec::new(); self.steps.len()];
        for (at, step) in self.steps.iter().enumerate().rev() {
            let used = step.args.iter().filter_map(Arg::register);
            // A result that nothing uses goes at once.
            for register in used.chain(step.results.iter().copied()) {
                if !std::mem::replace(&mut kept[register.index()], true) {
                    released[at].push(register);
                }
            }
        }
        released
    }

    /// Leaves out every call that no output rests on.
    pub(super) fn pruned(mut self) -> Program {
        let mut needed = vec![false; self.types.len()];
        let mark = |needed: &mut Vec<bool>, args: &[Arg]| {
            for arg in args {
                if let Arg::Tensor(register) = arg {
                    needed[register.index()] = true;
                }
            }
        };
        mark(&mut needed, &self.outputs);
        let mut steps = Vec::new();
        for step in self.steps.into_iter().rev() {
            if step.results.iter().any(|register| needed[register.index()]) {
                mark(&mut needed, &step.args);
                steps.push(step);
            }
        }
        steps.reverse();
        self.steps = steps;
        self
    }
}

impl Number {
    /// Whether it is known to be positive whatever the sizes are.
    pub(super) fn is_positive(&self) -> bool {
        match self {
            Number::Constant(value) => value.is_positive(),
            Number::Pi | Number::Infinity | Number::Epsilon => true,
            Number::Nan => false,
            Number::Size(dim) => dim.least().is_some_and(|least| least > 0),
            Number::Apply(Entrywise::Add | Entrywise::Mul | Entrywise::Div, operands) => {
                operands.iter().all(Number::is_positive)
            }
            Number::Apply(Entrywise::Sqrt | Entrywise::Recip | Entrywise::Square, operands) => {
                operands[0].is_positive()
            }
            Number::Apply(Entrywise::Exp, _) => true,
            Number::Apply(..) => self.known().is_some_and(|value| value > 0.0),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Constant(value) => write!(f, "{value}"),
            Number::Pi => f.write_str("pi"),
            Number::Infinity => f.write_str("inf"),
            Number::Nan => f.write_str("nan"),
            Number::Size(dim) => write!(f, "({dim})"),
            Number::Epsilon => f.write_str("eps"),
            Number::Apply(call, operands) => {
                let operands: Vec<String> = operands.iter().map(Number::to_string).collect();
                write!(f, "{call:?}({})", operands.join(", "))
            }
        }
    }
}

impl fmt::Display for Arg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Arg::Tensor(Register(number)) => write!(f, "t{number}"),
            Arg::Number(number) => write!(f, "{number}"),
        }
    }
}

impl fmt::Display for Program {
    /// A line for each call, with the types of its results.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |args: &[Arg]| args.iter().map(Arg::to_string).collect::<Vec<_>>().join(", ");
        for (InputId(input), register) in &self.inputs {
            writeln!(f, "t{} = input {input}: {}", register.0, self.types[register.index()])?;
        }
        for step in &self.steps {
            let results: Vec<String> = step.results.iter().map(|register| format!("t{}", register.0)).collect();
            let ty = &self.types[step.results[0].index()];
            writeln!(f, "{} = {:?}({}): {ty}", results.join(", "), step.call, list(&step.args))?;
        }
        write!(f, "return {}", list(&self.outputs))
    }
}

/// A value while a program is written: a tensor, or a number with the shape that it is repeated in.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Value {
    /// The tensor or number.
    pub arg: Arg,
    /// Its type. For a number the shape is that of the value it stands for.
    pub ty: Type,
}

impl Value {
    /// A real number.
    pub fn number(number: Number) -> Value {
        Value { arg: Arg::Number(number), ty: Type::real(Shape::Scalar) }
    }

    /// A small integer or fraction as a real number.
    pub fn ratio(numerator: i64, denominator: i64) -> Value {
        Value::number(Number::Constant(BigRational::new(numerator.into(), denominator.into())))
    }

    /// The number, if it is one whose value is known.
    pub fn known(&self) -> Option<f64> {
        match &self.arg {
            Arg::Number(number) => number.known(),
            Arg::Tensor(_) => None,
        }
    }
}

/// Writes a program, each call once.
#[derive(Default)]
pub struct Builder {
    program: Program,
    made: HashMap<(Call, Vec<Arg>), Vec<Register>>,
    /// The step that made each tensor; none for an input.
    steps: Vec<Option<usize>>,
    /// The real matrices that are their own transposes.
    symmetric: HashSet<Register>,
}

impl Builder {
    /// A tensor that is given.
    pub fn input(&mut self, input: InputId, ty: Type) -> Value {
        let register = self.register(ty.clone());
        self.program.inputs.push((input, register));
        Value { arg: Arg::Tensor(register), ty }
    }

    fn register(&mut self, ty: Type) -> Register {
        self.program.types.push(ty);
        self.steps.push(None);
        Register(self.program.types.len() as u32 - 1)
    }

    /// The results of a call, of the given types; numbers among the operands become tensors where `call` needs those.
    pub fn call(&mut self, call: Call, args: &[&Value], types: &[Type]) -> Vec<Value> {
        let numbers = matches!(call, Call::Entrywise(_) | Call::Full(_) | Call::Entry | Call::AddDiagonal);
        let args: Vec<Arg> =
            args.iter().map(|value| if numbers { value.arg.clone() } else { self.tensor(value).arg }).collect();
        self.push(call, args, types)
    }

    fn push(&mut self, call: Call, args: Vec<Arg>, types: &[Type]) -> Vec<Value> {
        debug_assert_eq!(types.len(), call.results());
        let key = (call, args);
        let results = match self.made.get(&key) {
            Some(results) => results.clone(),
            None => {
                let results: Vec<Register> = types.iter().map(|ty| self.register(ty.clone())).collect();
                let (call, args) = key.clone();
                for result in &results {
                    self.steps[result.index()] = Some(self.program.steps.len());
                }
                self.program.steps.push(Step { call, args, results: results.clone() });
                self.made.insert(key, results.clone());
                results
            }
        };
        let value = |(register, ty): (&Register, &Type)| Value { arg: Arg::Tensor(*register), ty: ty.clone() };
        results.iter().zip(types).map(value).collect()
    }

    /// The call and operands that a tensor is the only result of.
    pub(super) fn origin(&self, register: Register) -> Option<(Call, Vec<Arg>)> {
        let step = &self.program.steps[self.steps[register.index()]?];
        (step.results.len() == 1).then(|| (step.call.clone(), step.args.clone()))
    }

    /// The type of a tensor.
    pub(super) fn ty(&self, register: Register) -> Type {
        self.program.types[register.index()].clone()
    }

    /// The only result of a call that has been made.
    pub(super) fn known(&self, call: &Call, args: &[Arg]) -> Option<Register> {
        match self.made.get(&(call.clone(), args.to_vec()))?.as_slice() {
            [register] => Some(*register),
            _ => None,
        }
    }

    /// Notes that a real matrix is its own transpose, and with it what it is a multiple of by a number that is not 0.
    pub fn note_symmetric(&mut self, value: &Value) {
        let Arg::Tensor(register) = value.arg else { return };
        self.symmetric.insert(register);
        let Some((Call::Entrywise(Entrywise::Mul | Entrywise::Neg), args)) = self.origin(register) else { return };
        let factor = |arg: &Arg| matches!(arg, Arg::Number(number) if number.known().is_some_and(|x| x != 0.0));
        match args.as_slice() {
            [Arg::Tensor(inner)] => {
                self.symmetric.insert(*inner);
            }
            [x, Arg::Tensor(inner)] | [Arg::Tensor(inner), x] if factor(x) => {
                self.symmetric.insert(*inner);
            }
            _ => {}
        }
    }

    /// Whether a matrix is known to be its own transpose.
    pub(super) fn is_symmetric(&self, value: &Value) -> bool {
        match value.arg {
            Arg::Tensor(register) => self.symmetric.contains(&register),
            Arg::Number(_) => true,
        }
    }

    /// The only result of a call, or of a simpler one that gives the same.
    pub fn one(&mut self, call: Call, args: &[&Value], ty: Type) -> Value {
        if let Some(simpler) = self.simpler(&call, args, &ty) {
            return simpler;
        }
        let mut results = self.call(call, args, &[ty]);
        debug_assert_eq!(results.len(), 1);
        results.remove(0)
    }

    /// An entrywise call: on numbers a number, otherwise a tensor of the shape of the operands that are not scalars, in the
    /// simplest form that gives the same.
    pub fn entrywise(&mut self, call: Entrywise, args: &[&Value]) -> Value {
        match self.simpler_entrywise(call, args) {
            Some(simpler) => simpler,
            None => self.entrywise_as_is(call, args),
        }
    }

    /// An entrywise call as it is written.
    pub(super) fn entrywise_as_is(&mut self, call: Entrywise, args: &[&Value]) -> Value {
        debug_assert_eq!(args.len(), call.operands());
        let shape = args.iter().map(|arg| &arg.ty.shape).find(|shape| **shape != Shape::Scalar);
        let shape = shape.cloned().unwrap_or(Shape::Scalar);
        // The condition of a choice says nothing of the field of the result.
        let of: &[&Value] = if call == Entrywise::Where { &args[1..] } else { args };
        let complex = of.iter().any(|arg| arg.ty.field == Field::Complex);
        let field = match call {
            Entrywise::Lt | Entrywise::Le | Entrywise::Eq | Entrywise::Ne => Field::Truth,
            Entrywise::And | Entrywise::Or | Entrywise::Not => Field::Truth,
            Entrywise::Where if of.iter().all(|arg| arg.ty.field == Field::Truth) => Field::Truth,
            Entrywise::Abs | Entrywise::Real | Entrywise::Imag | Entrywise::Angle | Entrywise::ToReal => Field::Real,
            Entrywise::ToComplex => Field::Complex,
            Entrywise::Neg
            | Entrywise::Exp
            | Entrywise::Log
            | Entrywise::Sqrt
            | Entrywise::Recip
            | Entrywise::Sign
            | Entrywise::Floor
            | Entrywise::Sin
            | Entrywise::Cos
            | Entrywise::Tanh
            | Entrywise::Sigmoid
            | Entrywise::Expm1
            | Entrywise::Log1p
            | Entrywise::Square
            | Entrywise::Conj
            | Entrywise::Add
            | Entrywise::Sub
            | Entrywise::Mul
            | Entrywise::Div
            | Entrywise::Min
            | Entrywise::Max
            | Entrywise::Pow
            | Entrywise::XLogY
            | Entrywise::Where => {
                if complex {
                    Field::Complex
                } else {
                    Field::Real
                }
            }
        };
        let ty = Type { field, shape };
        let numbers: Option<Vec<Number>> = args
            .iter()
            .map(|arg| match &arg.arg {
                Arg::Number(number) => Some(number.clone()),
                Arg::Tensor(_) => None,
            })
            .collect();
        let dimensions = |arg: &&Value| matches!(arg.arg, Arg::Tensor(_)) && arg.ty.shape != Shape::Scalar;
        if numbers.is_none() && ty.shape != Shape::Scalar && !args.iter().any(dimensions) {
            // Numbers that stand for matrices beside tensors without dimensions: the result is one number, repeated.
            let scalars: Vec<Value> = args
                .iter()
                .map(|arg| Value { ty: Type { shape: Shape::Scalar, ..arg.ty.clone() }, ..(*arg).clone() })
                .collect();
            let scalar = self.entrywise_as_is(call, &scalars.iter().collect::<Vec<_>>());
            return self.call(Call::Expand(ty.shape.clone()), &[&scalar], std::slice::from_ref(&ty)).remove(0);
        }
        match numbers {
            Some(numbers) => Value { arg: Arg::Number(Number::apply(call, numbers)), ty },
            None => self.call(Call::Entrywise(call), args, &[ty]).remove(0),
        }
    }

    /// A value as a tensor of its shape.
    pub fn tensor(&mut self, value: &Value) -> Value {
        match &value.arg {
            Arg::Tensor(_) => value.clone(),
            Arg::Number(_) => {
                let call = Call::Full(value.ty.shape.clone());
                let mut made = self.push(call, vec![value.arg.clone()], std::slice::from_ref(&value.ty));
                made.remove(0)
            }
        }
    }

    /// The program that computes these.
    pub fn finish(mut self, outputs: &[Value]) -> Program {
        // A number that stands for a matrix is written out.
        let outputs: Vec<Arg> = outputs.iter().map(|value| self.tensor(value).arg).collect();
        self.program.outputs = outputs;
        self.program.pruned()
    }
}
