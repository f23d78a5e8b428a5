//! The body of an emitted function: a line of Python for each call whose result deserves a name; what is used once stands
//! where it is used.

use std::collections::{BTreeMap, BTreeSet};

use super::line::{Block, Exchange, Line};
use super::text::{Level, Names, Text, dim, exact, filled, levels};
use crate::ir::{Axis, Dim, Field, Shape, SizeVar, Type};
use crate::torch::call::{Call, Entrywise};
use crate::torch::program::{Arg, Number, Register};

/// The longest expression that stands inside another, and how deep operations lie inside each other there.
const INNER: usize = 56;
const DEPTH: usize = 3;
/// The longest expression on a line.
const LINE: usize = 92;

/// What the module must hold for the lines to work.
#[derive(Clone, Default, Debug)]
pub(super) struct Uses {
    /// The sizes that occur.
    pub sizes: BTreeSet<SizeVar>,
    /// The functions of [`super::helper`] that occur.
    pub helpers: BTreeSet<&'static str>,
    /// `eps`, `device`, `real`, `complex_`
    pub locals: BTreeSet<&'static str>,
}

/// Writes lines.
pub(super) struct Writer<'a> {
    pub(super) lines: &'a [Line],
    types: &'a [Type],
    names: Names,
    sizes: &'a BTreeMap<SizeVar, String>,
    /// The expression of each tensor: its name, or what stands in its place.
    texts: Vec<Option<Text>>,
    inlined: Vec<bool>,
    /// How often each tensor is read.
    reads: Vec<usize>,
    /// The names of those that must have one.
    given: BTreeMap<Register, String>,
    pub(super) made_by: Vec<Option<usize>>,
    /// The registers whose repetition is left to the operation that reads them.
    spread: Vec<bool>,
    pub uses: Uses,
}

impl<'a> Writer<'a> {
    /// For lines about tensors of these types; `given` names the inputs and outputs.
    pub fn new(
        lines: &'a [Line],
        types: &'a [Type],
        names: Names,
        sizes: &'a BTreeMap<SizeVar, String>,
        inputs: &[(Register, String)],
        given: BTreeMap<Register, String>,
    ) -> Self {
        let mut writer = Writer {
            lines,
            types,
            names,
            sizes,
            texts: vec![None; types.len()],
            inlined: vec![false; types.len()],
            reads: vec![0; types.len()],
            given,
            made_by: vec![None; types.len()],
            spread: vec![false; types.len()],
            uses: Uses::default(),
        };
        for (register, name) in inputs {
            writer.texts[register.index()] = Some(Text::atom(name.clone()));
        }
        for (at, line) in lines.iter().enumerate() {
            line.makes().iter().for_each(|made| writer.made_by[made.index()] = Some(at));
            line.reads().iter().for_each(|read| writer.reads[read.index()] += 1);
        }
        for register in 0..types.len() {
            writer.spread[register] = writer.is_spread(Register(register as u32));
        }
        writer
    }

    /// The lines of a block, without indentation.
    pub fn block(&mut self, block: &Block) -> Vec<String> {
        let mut written = Vec::new();
        for at in &block.lines {
            self.line(*at, &mut written);
        }
        written
    }

    /// What stands for an output.
    pub fn output(&self, register: Register) -> String {
        self.texts[register.index()].as_ref().map_or_else(|| "None".to_owned(), |text| text.text.clone())
    }

    fn line(&mut self, at: usize, written: &mut Vec<String>) {
        let lines = self.lines;
        let line = &lines[at];
        let mut text = self.expression(line);
        // Too long: the longest operand gets a line of its own.
        while text.text.len() > LINE {
            let inlined = line.reads().into_iter().filter(|read| self.inlined[read.index()]);
            let Some(longest) = inlined.max_by_key(|read| self.texts[read.index()].as_ref().map(|t| t.text.len()))
            else {
                break;
            };
            self.write_out(longest, written);
            text = self.expression(line);
        }
        let made = line.makes();
        let [only] = made.as_slice() else {
            let names: Vec<String> = made.iter().enumerate().map(|(i, made)| self.name(*made, at, i)).collect();
            written.push(format!("{} = {}", names.join(", "), text.text));
            return;
        };
        let view =
            matches!(line.call(), Some(Call::Transpose | Call::Diagonal | Call::Broadcast(..) | Call::Expand(_)));
        let once = self.reads[only.index()] == 1;
        let short = text.text.len() <= INNER && text.depth <= DEPTH && line.call().is_some();
        if !self.given.contains_key(only) && short && (once || (view && text.text.len() < 20)) {
            self.texts[only.index()] = Some(text);
            self.inlined[only.index()] = true;
            return;
        }
        self.texts[only.index()] = Some(text);
        self.write_out(*only, written);
    }

    /// Gives an expression a name and a line.
    fn write_out(&mut self, register: Register, written: &mut Vec<String>) {
        let at = self.made_by[register.index()].unwrap_or_default();
        let Some(text) = self.texts[register.index()].take() else { return };
        let name = self.name(register, at, 0);
        self.inlined[register.index()] = false;
        written.push(format!("{name} = {}", text.text));
    }

    fn name(&mut self, register: Register, line: usize, result: usize) -> String {
        let name = match self.given.get(&register) {
            Some(name) => name.clone(),
            None if self.reads[register.index()] == 0 => "_".to_owned(),
            None => {
                let base = self.base(line, result);
                self.names.fresh(base)
            }
        };
        self.texts[register.index()] = Some(Text::atom(name.clone()));
        name
    }

    /// Whether every reader repeats a vector or scalar by itself: entry by entry, beside something of the full shape.
    fn is_spread(&self, register: Register) -> bool {
        let repeats = |register: Register| {
            let call = self.made_by[register.index()].and_then(|at| self.lines[at].call());
            match call {
                Some(Call::Broadcast(axis, _)) => Some(Some(*axis)),
                Some(Call::Expand(_)) => Some(None),
                _ => None,
            }
        };
        let Some(own) = repeats(register) else { return false };
        if self.given.contains_key(&register) {
            return false;
        }
        let of_vector = |register: &Register| matches!(self.types[register.index()].shape, Shape::Vector(_));
        let vector = of_vector(&register);
        self.lines.iter().filter(|line| line.reads().contains(&register)).all(|line| {
            let Some(Call::Entrywise(_)) = line.call() else { return false };
            let others: Vec<Register> = line.reads().into_iter().filter(|read| *read != register).collect();
            let full = |read: &Register| {
                let scalar = self.types[read.index()].shape == Shape::Scalar;
                match repeats(*read) {
                    // A column beside a row makes a matrix.
                    Some(axis) => !vector && axis.is_some() && own.is_some() && axis != own,
                    None => !scalar && of_vector(read) == vector,
                }
            };
            others.iter().any(full)
        })
    }

    pub fn dim(&mut self, size: &Dim) -> Text {
        let (sizes, used) = (self.sizes, &mut self.uses.sizes);
        dim(size, &mut |var| {
            used.insert(var.clone());
            sizes.get(var).cloned().unwrap_or_else(|| var.name.to_string())
        })
    }

    pub fn number(&mut self, number: &Number) -> Text {
        match number {
            Number::Constant(value) => exact(value),
            Number::Pi => Text::atom("math.pi"),
            Number::Infinity => Text::atom("math.inf"),
            Number::Nan => Text::atom("math.nan"),
            Number::Size(size) => self.dim(size),
            Number::Epsilon => {
                self.uses.locals.insert("eps");
                Text::atom("eps")
            }
            Number::Apply(Entrywise::Conj | Entrywise::Real | Entrywise::ToComplex, operands) => {
                self.number(&operands[0])
            }
            Number::Apply(call, operands) => {
                // The last operand is what is divided by, or what a function is of.
                let any = call.python_of_any_numbers().filter(|_| !operands.last().is_some_and(Number::is_positive));
                if let Some((helper, template)) = any {
                    self.helper(helper);
                    let operands: Vec<String> =
                        operands.iter().map(|operand| self.number(operand).at(Level::Any)).collect();
                    return Text::atom(filled(template, &operands));
                }
                let (level, least) = levels(*call, true);
                let operands: Vec<String> =
                    operands.iter().zip(least).map(|(operand, least)| self.number(operand).at(least)).collect();
                Text::new(filled(call.python_of_numbers(), &operands), level)
            }
        }
    }

    fn arg(&mut self, arg: &Arg) -> Text {
        match arg {
            Arg::Tensor(register) => self.tensor(*register),
            Arg::Number(number) => self.number(number),
        }
    }

    fn tensor(&self, register: Register) -> Text {
        // Every tensor is made before it is read.
        self.texts[register.index()].clone().unwrap_or_else(|| Text::atom("None"))
    }

    /// A name of the function's frame.
    fn local(&mut self, name: &'static str) -> &'static str {
        self.uses.locals.insert(name);
        name
    }

    fn helper(&mut self, name: &'static str) -> &'static str {
        self.uses.helpers.insert(name);
        name
    }

    fn dtype(&mut self, field: Field) -> &'static str {
        match field {
            Field::Real => self.local("real"),
            Field::Complex => self.local("complex_"),
            Field::Truth => "torch.bool",
        }
    }

    fn shape(&mut self, shape: &Shape) -> String {
        match shape {
            Shape::Scalar => "()".to_owned(),
            Shape::Vector(n) => format!("({},)", self.dim(n).text),
            Shape::Matrix(m, n) => format!("({}, {})", self.dim(m).text, self.dim(n).text),
        }
    }

    fn full(&mut self, shape: &Shape, value: &Number, field: Field) -> Text {
        let (of, dtype, device) = (self.shape(shape), self.dtype(field), self.local("device"));
        let known = value.known();
        let text = match known {
            Some(0.0) => format!("torch.zeros({of}, dtype={dtype}, device={device})"),
            Some(1.0) => format!("torch.ones({of}, dtype={dtype}, device={device})"),
            Some(_) | None => {
                let value = self.number(value).text;
                format!("torch.full({of}, {value}, dtype={dtype}, device={device})")
            }
        };
        Text::atom(text)
    }

    /// The value of a line.
    fn expression(&mut self, line: &Line) -> Text {
        let depth = line.reads().iter().map(|read| self.tensor(*read).depth).max().map_or(1, |depth| depth + 1);
        let text = match line {
            Line::Exchange(exchange, args, _) => self.exchange(*exchange, args),
            Line::Call(step) => {
                let ty = self.types[step.results[0].index()].clone();
                match &step.call {
                    Call::Entrywise(call) => self.entrywise(*call, &step.args, ty.field),
                    call => {
                        let spread = self.spread[step.results[0].index()];
                        self.call(call, &step.args, &ty, spread)
                    }
                }
            }
        };
        Text { depth, ..text }
    }

    fn exchange(&mut self, exchange: Exchange, args: &[Arg]) -> Text {
        let of: Vec<String> = args.iter().map(|arg| self.arg(arg).text).collect();
        let (name, axis) = match exchange {
            Exchange::Sum => ("_all_sum", None),
            Exchange::Maximum => ("_all_max", None),
            Exchange::Minimum => ("_all_min", None),
            Exchange::LogSumExp => ("_all_logsumexp", None),
            Exchange::Gather(axis) => ("_gather", Some(axis)),
            Exchange::Own(axis) => ("_own", Some(axis)),
            Exchange::Diagonal(axis) => ("_own_diagonal", Some(axis)),
            Exchange::AddDiagonal(axis) => ("_add_own_diagonal", Some(axis)),
        };
        let dim = axis.map_or("", |axis| if axis == Axis::Cols { ", dim=1" } else { ", dim=0" });
        Text::atom(format!("{}({}, group{dim})", self.helper(name), of.join(", ")))
    }

    fn entrywise(&mut self, call: Entrywise, args: &[Arg], field: Field) -> Text {
        let texts: Vec<Text> = args.iter().map(|arg| self.arg(arg)).collect();
        let is_number = |i: usize| matches!(args.get(i), Some(Arg::Number(_)));
        match call {
            Entrywise::Min | Entrywise::Max if is_number(0) || is_number(1) => {
                let (number, tensor) = if is_number(0) { (&texts[0], &texts[1]) } else { (&texts[1], &texts[0]) };
                let bound = if call == Entrywise::Min { "max" } else { "min" };
                return Text::atom(format!("{}.clamp({bound}={})", tensor.at(Level::Atom), number.text));
            }
            Entrywise::Where if is_number(0) => {
                let [condition, x, y] = [0, 1, 2].map(|i: usize| texts[i].at(Level::Comparison));
                return Text::atom(format!("({x} if {condition} else {y})"));
            }
            Entrywise::Where if is_number(1) && is_number(2) => {
                // Two numbers have no precision: one of them becomes a tensor.
                let Arg::Number(first) = &args[1] else { return texts[1].clone() };
                let x = self.full(&Shape::Scalar, first, field).text;
                return Text::atom(format!("torch.where({}, {x}, {})", texts[0].text, texts[2].text));
            }
            Entrywise::And | Entrywise::Or if is_number(0) || is_number(1) => {
                let operands = args.iter().zip(&texts).map(|(arg, text)| match arg {
                    Arg::Tensor(_) => text.text.clone(),
                    Arg::Number(number) => self.full(&Shape::Scalar, number, Field::Truth).text,
                });
                let operands: Vec<String> = operands.collect();
                return Text::atom(filled(call.python(), &operands));
            }
            Entrywise::ToReal | Entrywise::ToComplex => {
                let field = if call == Entrywise::ToReal { Field::Real } else { Field::Complex };
                return Text::atom(format!("{}.to({})", texts[0].at(Level::Atom), self.dtype(field)));
            }
            _ => {}
        }
        let (level, least) = levels(call, false);
        let operands: Vec<String> = texts.iter().zip(least).map(|(text, least)| text.at(least)).collect();
        Text::new(filled(call.python(), &operands), level)
    }

    fn call(&mut self, call: &Call, args: &[Arg], ty: &Type, spread: bool) -> Text {
        // A template says nothing of complex numbers: the calls of one operand, as torch spells them.
        let x = |writer: &mut Self, i: usize| writer.arg(&args[i]);
        let of = |writer: &mut Self, i: usize| writer.arg(&args[i]).at(Level::Atom);
        let text = match call {
            Call::Entrywise(call) => return self.entrywise(*call, args, ty.field),
            Call::Full(shape) => {
                let Arg::Number(number) = &args[0] else { return x(self, 0) };
                return self.full(shape, number, ty.field);
            }
            Call::Eye(n) => {
                let (n, dtype, device) = (self.dim(n).text, self.dtype(ty.field), self.local("device"));
                format!("torch.eye({n}, dtype={dtype}, device={device})")
            }
            Call::Count(n) => {
                let (n, dtype, device) = (self.dim(n).text, self.dtype(ty.field), self.local("device"));
                format!("torch.arange(1, {n} + 1, dtype={dtype}, device={device})")
            }
            Call::ImaginaryUnit => {
                format!("torch.full((), 1j, dtype={}, device={})", self.local("complex_"), self.local("device"))
            }
            Call::Expand(_) if spread => return x(self, 0),
            Call::Expand(shape) => format!("{}.expand({})", of(self, 0), self.shape(shape)),
            Call::Broadcast(axis, n) => {
                let (v, n) = (of(self, 0), if spread { String::new() } else { self.dim(n).text });
                match (axis, spread) {
                    (Axis::Rows, true) => format!("{v}[:, None]"),
                    (Axis::Rows, false) => format!("{v}[:, None].expand(-1, {n})"),
                    (Axis::Cols | Axis::All, true) => format!("{v}[None, :]"),
                    (Axis::Cols | Axis::All, false) => format!("{v}[None, :].expand({n}, -1)"),
                }
            }
            Call::Reshape(shape) => format!("{}.reshape({})", of(self, 0), self.shape(shape)),
            Call::Transpose => format!("{}.T", of(self, 0)),
            Call::Adjoint => format!("{}.{}", of(self, 0), if ty.field == Field::Complex { "mH" } else { "T" }),
            Call::Diagonal => format!("{}.diagonal()", of(self, 0)),
            Call::DiagonalMatrix => format!("torch.diag({})", x(self, 0).text),
            Call::AddDiagonal => {
                format!("{}({}, {})", self.helper("_add_diagonal"), x(self, 0).text, x(self, 1).text)
            }
            Call::Concatenate(axis) => {
                format!("torch.cat(({}), dim={})", self.list(args), if *axis == Axis::Rows { 0 } else { 1 })
            }
            Call::Stack => format!("torch.stack(({}))", self.list(args)),
            Call::Entry => {
                let index = |writer: &mut Self, arg: &Arg| {
                    let known = if let Arg::Number(number) = arg { number.known() } else { None };
                    known.map_or_else(|| format!("int({}) - 1", writer.arg(arg).text), |n| format!("{}", n as i64 - 1))
                };
                let indices: Vec<String> = args[1..].iter().map(|arg| index(self, arg)).collect();
                format!("{}[{}]", of(self, 0), indices.join(", "))
            }
            Call::Slice(row, col, shape) => self.slice(args, row, col, shape),
            Call::MatMul => {
                let (a, b) = (x(self, 0).at(Level::Product), x(self, 1).at(Level::Sign));
                return Text::new(format!("{a} @ {b}"), Level::Product);
            }
            Call::AddMatMul => {
                format!("torch.addmm({}, {}, {})", x(self, 0).text, x(self, 1).text, x(self, 2).text)
            }
            Call::Kron => format!("torch.kron({}, {})", x(self, 0).text, x(self, 1).text),
            Call::PartialInner(side, shape) => {
                let name = match side {
                    crate::ir::Side::Left => self.helper("_partial_inner_left"),
                    crate::ir::Side::Right => self.helper("_partial_inner_right"),
                };
                format!("{name}({}, {}, {})", x(self, 0).text, x(self, 1).text, self.shape(shape))
            }
            Call::Dot => {
                let flat = |writer: &mut Self, i: usize| match &args[i] {
                    Arg::Tensor(register) if matches!(writer.types[register.index()].shape, Shape::Vector(_)) => {
                        x(writer, i).text
                    }
                    _ => format!("{}.reshape(-1)", of(writer, i)),
                };
                format!("torch.vdot({}, {})", flat(self, 0), flat(self, 1))
            }
            Call::Sum(axis) => format!("{}.sum({})", of(self, 0), over(*axis)),
            Call::Prod(axis) => format!("{}.prod({})", of(self, 0), over(*axis)),
            Call::Maximum(axis) => format!("{}.amax({})", of(self, 0), over(*axis)),
            Call::Minimum(axis) => format!("{}.amin({})", of(self, 0), over(*axis)),
            Call::LogSumExp(Axis::All) => format!("torch.logsumexp({}.reshape(-1), dim=0)", of(self, 0)),
            Call::LogSumExp(axis) => format!("torch.logsumexp({}, {})", x(self, 0).text, over(*axis)),
            Call::Cholesky => format!("torch.linalg.cholesky_ex({})", x(self, 0).text),
            Call::CholeskyInverse | Call::CholeskySolve => {
                let solve = *call == Call::CholeskySolve;
                let name = self.helper(if solve { "_cholesky_solve" } else { "_cholesky_inverse" });
                format!("{name}({}, {})", x(self, 0).text, x(self, 1).text)
            }
            Call::Inverse => format!("torch.linalg.inv_ex({})", x(self, 0).text),
            Call::SignLogDet => format!("torch.linalg.slogdet({})", x(self, 0).text),
            Call::Eigenvalues => format!("torch.linalg.eigvalsh({})", x(self, 0).text),
            Call::Eigenvectors => format!("torch.linalg.eigh({})", x(self, 0).text),
            Call::SingularValues => format!("torch.linalg.svdvals({})", x(self, 0).text),
            Call::SingularVectors => format!("torch.linalg.svd({}, full_matrices=False)", x(self, 0).text),
        };
        Text::atom(text)
    }

    fn list(&mut self, args: &[Arg]) -> String {
        let parts: Vec<String> = args.iter().map(|arg| self.arg(arg).text).collect();
        // A tuple of one has a comma.
        if parts.len() == 1 { format!("{},", parts[0]) } else { parts.join(", ") }
    }

    fn slice(&mut self, args: &[Arg], row: &Dim, col: &Dim, shape: &Shape) -> String {
        let of = self.arg(&args[0]).at(Level::Atom);
        let Arg::Tensor(register) = &args[0] else { return of };
        let types = self.types;
        let mut range = |from: &Dim, count: &Dim| {
            let end = from.add(count).unwrap_or_else(|| count.clone());
            let (from, end) = (self.dim(from), self.dim(&end));
            let start = if from.text == "0" { String::new() } else { from.text };
            format!("{start}:{}", end.text)
        };
        let rows = range(row, &shape.rows());
        let (part, natural) = match &types[register.index()].shape {
            Shape::Matrix(..) => {
                let cols = range(col, &shape.cols());
                (format!("{of}[{rows}, {cols}]"), matches!(shape, Shape::Matrix(..)))
            }
            Shape::Vector(_) | Shape::Scalar => (format!("{of}[{rows}]"), matches!(shape, Shape::Vector(_))),
        };
        if natural { part } else { format!("{part}.reshape({})", self.shape(shape)) }
    }
}

/// The argument of a reduction.
fn over(axis: Axis) -> &'static str {
    match axis {
        Axis::All => "",
        // One value per row: over the columns.
        Axis::Rows => "dim=1",
        Axis::Cols => "dim=0",
    }
}
