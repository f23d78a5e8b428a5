//! A program whose batch is split over processes.
//!
//! Every tensor is whole on all processes, or split along its rows or columns (a vector: along its entries). A contraction over
//! the split size is a sum over the processes, entry by entry everything stays split, and what needs more than its own part
//! is gathered first. Since the gradient is part of the program, nothing is differentiated through an exchange: the gradient
//! by a process's part of an input is the part of the gradient.

use std::collections::{BTreeMap, HashMap};

use super::line::{Exchange, Line};
use crate::ir::{Axis, Dim, Shape, SizeVar, Type};
use crate::torch::call::Call;
use crate::torch::program::{Arg, Program, Register, Step};

/// Where the entries of a tensor are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Layout {
    /// Every process has all of them.
    Whole,
    /// Every process has some rows (`Rows`; also the entries of a vector) or columns.
    Split(Axis),
}

/// The lines of a split program.
pub(super) struct Parted {
    pub lines: Vec<Line>,
    pub types: Vec<Type>,
    pub outputs: Vec<Register>,
}

/// The layout of an input: split along the side that has a size of the batch. Nothing where both sides have.
pub(super) fn layout_of(shape: &Shape, batch: &BTreeMap<SizeVar, SizeVar>) -> Option<Layout> {
    let is_batch = |size: &Dim| batch.keys().any(|var| *size == Dim::var(var.clone()));
    match shape {
        Shape::Scalar => Some(Layout::Whole),
        Shape::Vector(n) => Some(if is_batch(n) { Layout::Split(Axis::Rows) } else { Layout::Whole }),
        Shape::Matrix(m, n) => match (is_batch(m), is_batch(n)) {
            (false, false) => Some(Layout::Whole),
            (true, false) => Some(Layout::Split(Axis::Rows)),
            (false, true) => Some(Layout::Split(Axis::Cols)),
            (true, true) => None,
        },
    }
}

/// Splits a program. `batch` gives, for each size that is split, the size of a process's part; `outputs` the layouts that the
/// outputs are wanted in.
pub(super) fn parted(program: &Program, batch: &BTreeMap<SizeVar, SizeVar>, outputs: &[(Register, Layout)]) -> Parted {
    let mut splitter = Splitter {
        batch,
        layouts: vec![Layout::Whole; program.types.len()],
        types: program.types.clone(),
        lines: Vec::new(),
        made_by: HashMap::new(),
        converted: HashMap::new(),
        repeated: HashMap::new(),
    };
    for (_, register) in &program.inputs {
        let layout = layout_of(&program.types[register.index()].shape, batch);
        splitter.layouts[register.index()] = layout.unwrap_or(Layout::Whole);
    }
    for step in &program.steps {
        splitter.step(step);
    }
    let outputs = outputs.iter().map(|(register, layout)| splitter.converted(*register, *layout)).collect();
    Parted { lines: splitter.lines, types: splitter.types, outputs }
}

struct Splitter<'a> {
    /// The sizes that are split, and those of a part.
    batch: &'a BTreeMap<SizeVar, SizeVar>,
    layouts: Vec<Layout>,
    types: Vec<Type>,
    lines: Vec<Line>,
    /// The calls of the program as they were, by their results.
    made_by: HashMap<Register, Step>,
    /// What has been converted to another layout.
    converted: HashMap<(Register, bool, Axis), Register>,
    /// Calls that were made anew.
    repeated: HashMap<(Call, Vec<Arg>), Register>,
}

impl Splitter<'_> {
    fn layout(&self, arg: &Arg) -> Layout {
        match arg {
            Arg::Tensor(register) => self.layouts[register.index()],
            Arg::Number(_) => Layout::Whole,
        }
    }

    fn shape(&self, register: Register) -> &Shape {
        &self.types[register.index()].shape
    }

    fn register(&mut self, like: Register, layout: Layout) -> Register {
        self.types.push(self.types[like.index()].clone());
        self.layouts.push(layout);
        Register(self.types.len() as u32 - 1)
    }

    /// The size of a process's part of a size.
    fn part(&self, size: &Dim) -> Option<Dim> {
        let found = self.batch.iter().find(|(var, _)| *size == Dim::var((*var).clone()));
        found.map(|(_, part)| Dim::var(part.clone()))
    }

    /// A shape of which one side is split.
    fn part_of(&self, shape: &Shape, axis: Axis) -> Option<Shape> {
        Some(match (shape, axis) {
            (Shape::Vector(n), _) => Shape::Vector(self.part(n)?),
            (Shape::Matrix(m, n), Axis::Rows) => Shape::Matrix(self.part(m)?, n.clone()),
            (Shape::Matrix(m, n), Axis::Cols | Axis::All) => Shape::Matrix(m.clone(), self.part(n)?),
            (Shape::Scalar, _) => return None,
        })
    }

    /// Whether both sides of a matrix are of the batch.
    fn is_kernel(&self, register: Register) -> bool {
        match self.shape(register) {
            Shape::Matrix(m, n) => self.part(m).is_some() && self.part(n).is_some(),
            Shape::Scalar | Shape::Vector(_) => false,
        }
    }

    /// Whether all of a split tensor has been asked for before.
    fn is_there_whole(&self, arg: &Arg, axis: Axis) -> bool {
        matches!(arg, Arg::Tensor(register) if self.converted.contains_key(&(*register, true, axis)))
    }

    fn exchange(&mut self, exchange: Exchange, args: Vec<Arg>, to: Register, layout: Layout) {
        self.layouts[to.index()] = layout;
        self.lines.push(Line::Exchange(exchange, args, to));
    }

    fn call(&mut self, call: Call, args: Vec<Arg>, to: Register, layout: Layout) {
        self.layouts[to.index()] = layout;
        self.lines.push(Line::Call(Step { call, args, results: vec![to] }));
    }

    /// A call made once more, on other operands.
    fn again(&mut self, call: Call, args: Vec<Arg>, like: Register, layout: Layout) -> Register {
        let key = (call, args);
        if let Some(register) = self.repeated.get(&key) {
            return *register;
        }
        let to = self.register(like, layout);
        let (call, args) = key.clone();
        self.call(call, args, to, layout);
        self.repeated.insert(key, to);
        to
    }

    /// A tensor in another layout.
    fn converted(&mut self, register: Register, wanted: Layout) -> Register {
        match (self.layouts[register.index()], wanted) {
            (found, wanted) if found == wanted => register,
            (Layout::Split(_), Layout::Split(axis)) => {
                let whole = self.converted(register, Layout::Whole);
                self.converted(whole, Layout::Split(axis))
            }
            (Layout::Split(axis), Layout::Whole) => self.cached(register, true, axis, Self::gathered),
            (Layout::Whole, Layout::Split(axis)) => self.cached(register, false, axis, Self::own),
            (Layout::Whole, Layout::Whole) => register,
        }
    }

    fn cached(
        &mut self,
        register: Register,
        whole: bool,
        axis: Axis,
        make: fn(&mut Self, Register, Axis) -> Register,
    ) -> Register {
        if let Some(found) = self.converted.get(&(register, whole, axis)) {
            return *found;
        }
        let made = make(self, register, axis);
        self.converted.insert((register, whole, axis), made);
        made
    }

    /// All of a split tensor. A kernel of the batch is worked out anew from what it is made of, which is smaller.
    fn gathered(&mut self, register: Register, axis: Axis) -> Register {
        if self.is_kernel(register)
            && let Some(step) = self.made_by.get(&register).cloned()
            && matches!(
                step.call,
                Call::MatMul | Call::Entrywise(_) | Call::Transpose | Call::Adjoint | Call::AddDiagonal
            )
        {
            let args = step.args.iter().map(|arg| self.whole(arg)).collect();
            return self.again(step.call, args, register, Layout::Whole);
        }
        if let Some(step) = self.made_by.get(&register).cloned()
            && matches!(step.call, Call::Transpose | Call::Adjoint)
        {
            let args = step.args.iter().map(|arg| self.whole(arg)).collect();
            return self.again(step.call, args, register, Layout::Whole);
        }
        let to = self.register(register, Layout::Whole);
        self.exchange(Exchange::Gather(axis), vec![Arg::Tensor(register)], to, Layout::Whole);
        to
    }

    /// A process's part of a whole tensor. What is repeated is repeated less often.
    fn own(&mut self, register: Register, axis: Axis) -> Register {
        if let Some(step) = self.made_by.get(&register).cloned() {
            let shape = self.shape(register).clone();
            let anew = match (&step.call, self.part_of(&shape, axis)) {
                (Call::Full(_), Some(part)) => Some(Call::Full(part)),
                (Call::Expand(_), Some(part)) => Some(Call::Expand(part)),
                // Of a vector of rows the columns are repetitions, and the other way round.
                (Call::Broadcast(of, n), Some(_)) if *of != axis => self.part(n).map(|n| Call::Broadcast(*of, n)),
                _ => None,
            };
            if let Some(call) = anew {
                return self.again(call, step.args, register, Layout::Split(axis));
            }
            let turned = if axis == Axis::Rows { Axis::Cols } else { Axis::Rows };
            if let (Call::Transpose | Call::Adjoint, Some(Arg::Tensor(of))) = (&step.call, step.args.first()) {
                let of = self.converted(*of, Layout::Split(turned));
                return self.again(step.call, vec![Arg::Tensor(of)], register, Layout::Split(axis));
            }
        }
        let to = self.register(register, Layout::Split(axis));
        self.exchange(Exchange::Own(axis), vec![Arg::Tensor(register)], to, Layout::Split(axis));
        to
    }

    fn whole(&mut self, arg: &Arg) -> Arg {
        self.to(arg, Layout::Whole)
    }

    fn to(&mut self, arg: &Arg, layout: Layout) -> Arg {
        match arg {
            Arg::Tensor(register) => Arg::Tensor(self.converted(*register, layout)),
            Arg::Number(_) => arg.clone(),
        }
    }

    /// A call on whole tensors.
    fn on_whole(&mut self, step: &Step) {
        let args = step.args.iter().map(|arg| self.whole(arg)).collect();
        self.lines.push(Line::Call(Step { call: step.call.clone(), args, results: step.results.clone() }));
    }

    /// A call whose results on the parts are put together by an exchange.
    fn reduced(&mut self, step: &Step, args: Vec<Arg>, exchange: Exchange) {
        let result = step.results[0];
        let part = self.register(result, Layout::Whole);
        self.call(step.call.clone(), args, part, Layout::Whole);
        self.exchange(exchange, vec![Arg::Tensor(part)], result, Layout::Whole);
    }

    fn step(&mut self, step: &Step) {
        step.results.iter().for_each(|result| {
            self.made_by.insert(*result, step.clone());
        });
        let result = step.results[0];
        let first = step.args.first().map_or(Layout::Whole, |arg| self.layout(arg));
        let split = step.args.iter().map(|arg| self.layout(arg)).find(|layout| *layout != Layout::Whole);
        let Some(split) = split else {
            return self.on_whole(step);
        };
        match &step.call {
            Call::Entrywise(_) => {
                let scalar = |splitter: &Self, arg: &Arg| match arg {
                    Arg::Tensor(register) => *splitter.shape(*register) == Shape::Scalar,
                    Arg::Number(_) => true,
                };
                let mut args = Vec::new();
                for arg in &step.args {
                    args.push(if scalar(self, arg) { arg.clone() } else { self.to(arg, split) });
                }
                self.call(step.call.clone(), args, result, split);
            }
            Call::Broadcast(axis, _) => self.call(step.call.clone(), step.args.clone(), result, Layout::Split(*axis)),
            Call::Reshape(shape) => self.reshape(step, shape),
            Call::Transpose | Call::Adjoint => {
                let turned = if split == Layout::Split(Axis::Rows) { Axis::Cols } else { Axis::Rows };
                self.call(step.call.clone(), step.args.clone(), result, Layout::Split(turned));
            }
            Call::Diagonal => match first {
                // Of a kernel that is there whole already, nothing else may need the parts.
                Layout::Split(axis) if self.is_there_whole(&step.args[0], axis) => self.on_whole(step),
                Layout::Split(axis) => {
                    self.exchange(Exchange::Diagonal(axis), step.args.clone(), result, Layout::Split(Axis::Rows));
                }
                Layout::Whole => self.on_whole(step),
            },
            Call::AddDiagonal => match first {
                Layout::Split(axis) => {
                    let vector = matches!(&step.args[1], Arg::Tensor(x) if *self.shape(*x) != Shape::Scalar);
                    let x =
                        if vector { self.to(&step.args[1], Layout::Split(Axis::Rows)) } else { step.args[1].clone() };
                    let args = vec![step.args[0].clone(), x];
                    self.exchange(Exchange::AddDiagonal(axis), args, result, first);
                }
                Layout::Whole => self.on_whole(step),
            },
            Call::MatMul => self.product(step),
            Call::Dot => {
                let args = step.args.iter().map(|arg| self.to(arg, split)).collect();
                self.reduced(step, args, Exchange::Sum);
            }
            Call::Sum(axis) => self.reduction(step, *axis, Exchange::Sum),
            Call::Maximum(axis) => self.reduction(step, *axis, Exchange::Maximum),
            Call::Minimum(axis) => self.reduction(step, *axis, Exchange::Minimum),
            Call::LogSumExp(axis) => self.reduction(step, *axis, Exchange::LogSumExp),
            Call::Full(_)
            | Call::Eye(_)
            | Call::Count(_)
            | Call::ImaginaryUnit
            | Call::Expand(_)
            | Call::DiagonalMatrix
            | Call::Concatenate(_)
            | Call::Stack
            | Call::Entry
            | Call::Slice(..)
            | Call::AddMatMul
            | Call::Kron
            | Call::PartialInner(..)
            | Call::Prod(_)
            | Call::Cholesky
            | Call::CholeskyInverse
            | Call::CholeskySolve
            | Call::Inverse
            | Call::SignLogDet
            | Call::Eigenvalues
            | Call::Eigenvectors
            | Call::SingularValues
            | Call::SingularVectors => self.on_whole(step),
        }
    }

    /// A vector as a column or a row, or back, stays split; other arrangements need the whole.
    fn reshape(&mut self, step: &Step, shape: &Shape) {
        let one = |size: &Dim| size.is_one();
        let Arg::Tensor(from) = &step.args[0] else { return self.on_whole(step) };
        let axis = match (self.shape(*from), shape) {
            (Shape::Vector(_), Shape::Matrix(_, n)) if one(n) => Some(Axis::Rows),
            (Shape::Vector(_), Shape::Matrix(m, _)) if one(m) => Some(Axis::Cols),
            (Shape::Matrix(m, n), Shape::Vector(_)) if one(m) || one(n) => Some(Axis::Rows),
            _ => None,
        };
        match axis.and_then(|axis| Some((axis, self.part_of(shape, axis)?))) {
            Some((axis, part)) => {
                self.call(Call::Reshape(part), step.args.clone(), step.results[0], Layout::Split(axis));
            }
            None => self.on_whole(step),
        }
    }

    fn product(&mut self, step: &Step) {
        let (a, b) = (&step.args[0], &step.args[1]);
        let (rows, cols) = (Layout::Split(Axis::Rows), Layout::Split(Axis::Cols));
        let vector = matches!(b, Arg::Tensor(b) if matches!(self.shape(*b), Shape::Vector(_)));
        let result = step.results[0];
        match (self.layout(a), self.layout(b)) {
            // Each process has some of the rows of the result, or of its columns.
            (found, other) if found == rows => {
                let b = if other == Layout::Whole { b.clone() } else { self.whole(b) };
                self.call(Call::MatMul, vec![a.clone(), b], result, rows);
            }
            (found, other) if other == cols && !vector => {
                let a = if found == Layout::Whole { a.clone() } else { self.whole(a) };
                self.call(Call::MatMul, vec![a, b.clone()], result, cols);
            }
            // The inner size is split: a sum over the processes.
            _ => {
                let args = vec![self.to(a, cols), self.to(b, rows)];
                self.reduced(step, args, Exchange::Sum);
            }
        }
    }

    fn reduction(&mut self, step: &Step, axis: Axis, exchange: Exchange) {
        let Arg::Tensor(from) = &step.args[0] else { return self.on_whole(step) };
        let along = match (self.shape(*from), self.layouts[from.index()]) {
            // One value for each row where these are split, or for each column: every process has some.
            (Shape::Matrix(..), Layout::Split(split)) if split == axis => Some(Layout::Split(Axis::Rows)),
            _ => None,
        };
        match along {
            Some(layout) => self.call(step.call.clone(), step.args.clone(), step.results[0], layout),
            None => self.reduced(step, step.args.clone(), exchange),
        }
    }
}
