//! From a graph to a plan: the schedule, the places, and an instruction for each unit.

use std::collections::{HashMap, HashSet};
use std::marker::PhantomData;

use faer::Par;
use faer::dyn_stack::StackReq;
use num_traits::ToPrimitive;

use super::analysis::{Analysis, Entrywise, Source, Unit, needs_eigenvalues};
use super::entrywise::{Arg, Finish, Micro, Program};
use super::fault::PlanError;
use super::plan::{Block, Code, Guard, Place, Plan, Step, reduction_code};
use super::product::{self, Operand};
use super::real::{Element, Real, from_rational};
use super::workspace::ScratchSizes;
use super::{factor, spectral};
use crate::ir::{Basis, Field, Graph, NodeId, Op, Property};

impl<T: Real> Plan<T> {
    /// Compiles the part of an instantiated graph that the outputs rest on. Each run is sequential, for samples that are
    /// evaluated in parallel.
    ///
    /// # Errors
    /// [`PlanError::UnknownSize`] where a size is not a number (see [`Graph::instantiate`]), and
    /// [`PlanError::TooLarge`].
    pub fn compile(graph: &Graph, outputs: &[NodeId]) -> Result<Self, PlanError> {
        build(graph, outputs, false, Par::Seq)
    }

    /// As [`Plan::compile`], for a single evaluation of large matrices on several threads.
    ///
    /// # Errors
    /// As [`Plan::compile`].
    pub fn compile_parallel(graph: &Graph, outputs: &[NodeId], par: Par) -> Result<Self, PlanError> {
        build(graph, outputs, false, par)
    }

    /// As [`Plan::compile`], with every node's value kept in a place of its own.
    pub(super) fn compile_plain(graph: &Graph, outputs: &[NodeId]) -> Result<Self, PlanError> {
        build(graph, outputs, true, Par::Seq)
    }
}

fn build<T: Real>(graph: &Graph, outputs: &[NodeId], plain: bool, par: Par) -> Result<Plan<T>, PlanError> {
    let analysis = Analysis::new(graph, outputs, plain)?;
    let mut emitter = Emitter::<T> {
        analysis: &analysis,
        par,
        plan: Plan {
            par,
            steps: Vec::new(),
            guards: Vec::new(),
            inputs: vec![None; graph.inputs().len()],
            input_nodes: Vec::new(),
            outputs: Vec::new(),
            places: Vec::new(),
            real_len: 0,
            complex_len: 0,
            truth_len: 0,
            real_constants: Vec::new(),
            complex_constants: Vec::new(),
            truth_constants: Vec::new(),
            scratch: ScratchSizes::default(),
        },
        places: HashMap::new(),
        eigenvalues: HashMap::new(),
        real: PhantomData,
    };
    let order = schedule(&analysis, outputs);
    // The guards' truth values get their places before the instructions that they guard are emitted.
    for unit in order {
        emitter.emit(unit);
    }
    emitter.plan.guards = analysis
        .guards
        .iter()
        .map(|(parent, condition, sense)| Guard {
            parent: *parent,
            // A guard around nothing that is scheduled has a condition without a place, and is never asked.
            truth: emitter.places.get(condition).map_or(0, |place| place.at),
            sense: *sense,
        })
        .collect();
    emitter.plan.outputs = outputs.iter().map(|id| emitter.places[&analysis.value(*id)]).collect();
    emitter.plan.places = emitter.places.iter().map(|(id, place)| (*id, *place)).collect();
    Ok(emitter.plan)
}

/// An order in which operands, and the conditions of guards, come first.
fn schedule(analysis: &Analysis, outputs: &[NodeId]) -> Vec<Unit> {
    let mut done: HashSet<Unit> = HashSet::new();
    let mut order = Vec::new();
    // The inputs come first, so that their places do not depend on what is computed from them.
    let mut stack: Vec<(Unit, bool)> = Vec::new();
    for id in outputs {
        stack.push((Unit::Node(analysis.value(*id)), false));
        // A stack of our own: graphs can be deeper than the thread's.
        while let Some((unit, ready)) = stack.pop() {
            if done.contains(&unit) {
                continue;
            }
            if ready {
                done.insert(unit);
                order.push(unit);
                continue;
            }
            stack.push((unit, true));
            if let Some(guard) = analysis.guard_of(unit) {
                stack.push((Unit::Node(analysis.guards[guard].1), false));
            }
            for operand in analysis.operands(unit).into_iter().rev() {
                stack.push((operand, false));
            }
        }
    }
    order
}

pub(super) struct Emitter<'a, 'g, T: Real> {
    pub(super) analysis: &'a Analysis<'g>,
    pub(super) par: Par,
    pub(super) plan: Plan<T>,
    places: HashMap<NodeId, Place>,
    /// Where the eigenvalues of a matrix lie, and its vectors where they are needed.
    pub(super) eigenvalues: HashMap<NodeId, (Place, Option<Place>)>,
    real: PhantomData<T>,
}

impl<T: Real> Emitter<'_, '_, T> {
    fn reserve(&mut self, field: Field, rows: usize, cols: usize) -> Place {
        let len = match field {
            Field::Real => &mut self.plan.real_len,
            Field::Complex => &mut self.plan.complex_len,
            Field::Truth => &mut self.plan.truth_len,
        };
        // Larger values start at multiples of a cache line's worth of numbers.
        if rows * cols >= 8 {
            *len = len.next_multiple_of(8);
        }
        let place = Place { field, at: *len, rows, cols };
        *len += rows * cols;
        place
    }

    fn place_for(&mut self, id: NodeId) -> Place {
        let size = self.analysis.size(id);
        let field = self.analysis.graph.ty(id).field;
        self.reserve(field, size.rows, size.cols)
    }

    /// The place of an operand.
    pub(super) fn at(&self, operand: NodeId) -> Place {
        self.places[&self.analysis.value(operand)]
    }

    fn step(&mut self, unit: Unit, out: Place, code: Code) {
        let node = match unit {
            Unit::Node(id) => id,
            Unit::Decomposition(matrix) => self.analysis.decomposed_for.get(&matrix).copied().unwrap_or(matrix),
        };
        let guard = self.analysis.guard_of(unit);
        self.plan.steps.push(Step { node, guard, out, code });
    }

    fn emit(&mut self, unit: Unit) {
        match unit {
            Unit::Node(id) => self.node(id),
            Unit::Decomposition(matrix) => self.decomposition(matrix),
        }
    }

    /// An instruction on entries of the field of `x`.
    pub(super) fn block(&mut self, id: NodeId, field: Field, block: Block) {
        let out = self.place_for(id);
        self.places.insert(id, out);
        let code = if field == Field::Complex { Code::Complex(block) } else { Code::Real(block) };
        self.step(Unit::Node(id), out, code);
    }

    fn code(&mut self, id: NodeId, code: Code) {
        let out = self.place_for(id);
        self.places.insert(id, out);
        self.step(Unit::Node(id), out, code);
    }

    fn constant(&mut self, id: NodeId, value: T) {
        let out = self.place_for(id);
        self.places.insert(id, out);
        self.plan.real_constants.push((out.at, value));
    }

    fn node(&mut self, id: NodeId) {
        let graph = self.analysis.graph;
        let field = graph.ty(id).field;
        let args = graph.args(id);
        let size = self.analysis.size(id);
        let has = |analysis: &Analysis, property| analysis.has(args[0], property);
        match graph.op(id) {
            Op::Input(input) => {
                let place = self.place_for(id);
                self.places.insert(id, place);
                self.plan.inputs[input.0 as usize] = Some(place);
                self.plan.input_nodes.push((id, place));
            }
            Op::Constant(value) => self.constant(id, from_rational(value)),
            Op::Size(dim) => {
                // The analysis has no sizes of sizes: an instantiated graph has folded this to a constant already.
                let value = dim.as_constant().and_then(|n| n.to_f64()).unwrap_or(f64::NAN);
                self.constant(id, T::of(value));
            }
            Op::Pi => self.constant(id, T::PI()),
            Op::Infinity => self.constant(id, T::infinity()),
            Op::Truth(truth) => {
                let out = self.place_for(id);
                self.places.insert(id, out);
                self.plan.truth_constants.push((out.at, *truth));
            }
            Op::ImaginaryUnit => {
                let out = self.place_for(id);
                self.places.insert(id, out);
                let unit = <T::Complex as super::real::ComplexElement<T>>::new(T::of(0.0), T::of(1.0));
                self.plan.complex_constants.push((out.at, unit));
            }
            Op::Eye(_) => {
                let out = self.place_for(id);
                self.places.insert(id, out);
                self.plan.real_constants.extend((0..size.rows).map(|i| (out.at + i * (size.rows + 1), T::of(1.0))));
            }
            Op::Fill(_) | Op::Map(_) | Op::Zip(_) | Op::Broadcast(..) if field == Field::Real => self.program(id),
            Op::Reduce(..) if self.analysis.members.contains_key(&id) => self.program(id),
            Op::Fill(_) => {
                let at = self.at(args[0]).at;
                self.block(id, field, Block::Fill(at));
            }
            Op::Map(function) => {
                let x = self.at(args[0]);
                self.code(id, Code::ComplexMap(*function, x));
            }
            Op::Zip(zip) => {
                let (x, y) = (self.at(args[0]), self.at(args[1]));
                self.code(id, Code::ComplexZip(*zip, x, y));
            }
            Op::Broadcast(axis, _) => {
                let x = self.at(args[0]);
                self.block(id, field, Block::Broadcast(*axis, x));
            }
            Op::Part(part) => {
                let x = self.at(args[0]);
                match x.field {
                    Field::Complex => self.code(id, Code::Part(*part, x)),
                    // Parts of real values fold away before, but for the modulus of what is not known nonnegative.
                    Field::Real | Field::Truth => self.real_part(id, *part, x),
                }
            }
            Op::Complexify => {
                let x = self.at(args[0]);
                self.code(id, Code::Complexify(x));
            }
            Op::Adjoint | Op::Transpose => {
                let x = self.at(args[0]);
                let conjugate = *graph.op(id) == Op::Adjoint && field == Field::Complex;
                if !conjugate && (x.rows == 1 || x.cols == 1) {
                    // A column and a row lie alike in memory.
                    self.places.insert(id, Place { rows: size.rows, cols: size.cols, ..x });
                } else {
                    self.block(id, field, Block::Transpose(x, conjugate));
                }
            }
            Op::Conj => {
                let x = self.at(args[0]);
                self.block(id, field, Block::Conj(x));
            }
            Op::DiagonalOf => {
                let x = self.at(args[0]);
                self.block(id, field, Block::DiagonalOf(x));
            }
            Op::DiagonalMatrix => {
                let x = self.at(args[0]);
                self.block(id, field, Block::DiagonalMatrix(x));
            }
            Op::Block(_, cols) => {
                let parts = self.blocks(args, *cols as usize);
                self.block(id, field, Block::Blocks(parts));
            }
            Op::Stack => {
                let parts = args.iter().enumerate().map(|(i, arg)| (self.at(*arg), i, 0)).collect();
                self.block(id, field, Block::Blocks(parts));
            }
            Op::Entry => self.entry(id),
            Op::MatMul => {
                let [a, b] = [args[0], args[1]].map(|arg| {
                    let (matrix, transposed, conjugated) = self.analysis.stripped(arg);
                    let place = self.places[&matrix];
                    Operand { transposed, conjugated, ..Operand::plain(place.at, place.rows, place.cols) }
                });
                let hermitian = size.rows == size.cols && graph.has(id, Property::Hermitian);
                let real = product::scratch_entries::<T>(a.height(), b);
                self.plan.scratch.reserve(field, real, product::scratch_entries::<T::Complex>(a.height(), b));
                self.block(id, field, Block::Product(a, b, hermitian));
            }
            Op::Kron => {
                let (a, b) = (self.at(args[0]), self.at(args[1]));
                self.block(id, field, Block::Kron(a, b));
            }
            Op::Reduce(reduction, axis) => {
                let x = self.at(args[0]);
                self.code(id, reduction_code(*reduction, *axis, x));
            }
            Op::Eigenvalues => {
                let values = self.values_of(args[0]).at;
                let psd = has(self.analysis, Property::Psd);
                self.code(id, Code::FromEigenvalues { values, psd, descending: false });
            }
            Op::SingularValues if self.analysis.uses_decomposition(id) => {
                let values = self.values_of(args[0]).at;
                let psd = has(self.analysis, Property::Psd);
                self.code(id, Code::FromEigenvalues { values, psd, descending: true });
            }
            Op::SingularValues => self.singular_values(id, args[0]),
            Op::Spectral(function) => {
                let (values, vectors) = self.eigenvalues[&self.analysis.value(args[0])];
                // The analysis asks for the vectors wherever there is a Spectral.
                let vectors = vectors.unwrap_or(values);
                let parameter = args.get(1).map(|p| self.at(*p).at);
                let psd = has(self.analysis, Property::Psd);
                self.want(vectors.rows, vectors.rows, vectors.field);
                let real = spectral::function_entries::<T, T>(vectors.rows);
                let complex = spectral::function_entries::<T, T::Complex>(vectors.rows);
                self.plan.scratch.reserve(vectors.field, real, complex);
                let (function, values) = (*function, values.at);
                self.block(id, field, Block::Spectral { function, parameter, psd, values, vectors });
            }
            Op::OneHot(_) => self.one_hot(id),
            Op::Slice(row, col, _) => self.slice(id, row, col),
            Op::PartialInner(side, _) => self.partial_inner(id, *side),
            Op::EigenSum => self.eigen_sum(id),
            Op::Frechet(function) => self.frechet(id, *function),
            Op::SingularSum => self.singular_sum(id),
            Op::Adjugate => self.adjugate(id),
            Op::LogDet | Op::Det if self.analysis.uses_decomposition(id) => {
                let values = self.values_of(args[0]);
                self.code(id, Code::DeterminantOfValues { values, log: *graph.op(id) == Op::LogDet });
            }
            Op::LogDet | Op::Det => {
                let a = self.at(args[0]);
                self.want(a.rows, a.cols, a.field);
                let psd = has(self.analysis, Property::Psd);
                let log = *graph.op(id) == Op::LogDet;
                self.block(id, a.field, Block::Determinant { a, psd, log, real: field == Field::Real });
            }
            Op::Inverse => {
                let a = self.at(args[0]);
                self.want(a.rows, a.cols, a.field);
                let (psd, hermitian) = (has(self.analysis, Property::Psd), has(self.analysis, Property::Hermitian));
                self.block(id, field, Block::Inverse { a, psd, hermitian });
            }
            Op::Rank => {
                let matrix = self.analysis.size(args[0]);
                let values = if self.analysis.uses_decomposition(id) {
                    self.values_of(args[0])
                } else {
                    let values = self.reserve(Field::Real, matrix.rows.min(matrix.cols), 1);
                    self.singular_values_at(id, args[0], values);
                    values
                };
                self.code(id, Code::Rank { values, rows: matrix.rows, cols: matrix.cols });
            }
            Op::Compare(comparison) => {
                let (a, b) = (self.at(args[0]).at, self.at(args[1]).at);
                self.code(id, Code::Compare(*comparison, a, b));
            }
            Op::And => {
                let (p, q) = (self.at(args[0]).at, self.at(args[1]).at);
                self.code(id, Code::And(p, q));
            }
            Op::Or => {
                let (p, q) = (self.at(args[0]).at, self.at(args[1]).at);
                self.code(id, Code::Or(p, q));
            }
            Op::Not => {
                let p = self.at(args[0]).at;
                self.code(id, Code::Not(p));
            }
            Op::Select => self.select(id),
            Op::StopGradient | Op::Annotate(_, Basis::Construction) => {
                // Only the values under these marks are scheduled.
                let place = self.at(args[0]);
                self.places.insert(id, place);
            }
            Op::Annotate(properties, Basis::Tested) => self.tests(id, properties),
            Op::Require => {
                let (x, p) = (self.at(args[0]), self.at(args[1]).at);
                self.places.insert(id, x);
                self.step(Unit::Node(id), x, Code::Require(p));
            }
        }
    }

    fn values_of(&self, matrix: NodeId) -> Place {
        self.eigenvalues[&self.analysis.value(matrix)].0
    }

    /// Makes room in the scratch memory for work on an m × n matrix.
    pub(super) fn want(&mut self, m: usize, n: usize, field: Field) {
        let side = m.max(n).max(1);
        let scratch = &mut self.plan.scratch;
        scratch.side = scratch.side.max(side);
        let (entries, stack) = if field == Field::Complex {
            scratch.complex = scratch.complex.max(spectral::scratch_entries::<T, T::Complex>(side));
            (scratch.complex, requirements::<T, T::Complex>(m, n, self.par))
        } else {
            scratch.real = scratch.real.max(spectral::scratch_entries::<T, T>(side));
            (scratch.real, requirements::<T, T>(m, n, self.par))
        };
        debug_assert!(entries >= side * side);
        scratch.stack = scratch.stack.or(stack);
    }

    fn decomposition(&mut self, matrix: NodeId) {
        let a = self.places[&matrix];
        self.want(a.rows, a.cols, a.field);
        let values = self.reserve(Field::Real, a.rows, 1);
        let vectors = self.analysis.vectors[matrix.index()].then(|| self.reserve(a.field, a.rows, a.cols));
        self.eigenvalues.insert(matrix, (values, vectors));
        let block = Block::Eigenvalues { a, values: values.at, vectors: vectors.is_some() };
        let code = if a.field == Field::Complex { Code::Complex(block) } else { Code::Real(block) };
        self.step(Unit::Decomposition(matrix), vectors.unwrap_or(values), code);
    }

    fn singular_values(&mut self, id: NodeId, matrix: NodeId) {
        let out = self.place_for(id);
        self.places.insert(id, out);
        self.singular_values_at(id, matrix, out);
    }

    fn singular_values_at(&mut self, id: NodeId, matrix: NodeId, out: Place) {
        let a = self.at(matrix);
        self.want(a.rows, a.cols, a.field);
        let block = Block::SingularValues { a, values: out.at };
        let code = if a.field == Field::Complex { Code::Complex(block) } else { Code::Real(block) };
        self.step(Unit::Node(id), out, code);
    }

    /// The blocks of a block matrix, given row by row, with the places of their first entries.
    fn blocks(&self, args: &[NodeId], cols: usize) -> Vec<(Place, usize, usize)> {
        let mut parts = Vec::with_capacity(args.len());
        let mut i = 0;
        for row in args.chunks(cols) {
            let mut j = 0;
            for arg in row {
                let place = self.at(*arg);
                parts.push((place, i, j));
                j += place.cols;
            }
            i += self.analysis.size(row[0]).rows;
        }
        parts
    }

    fn entry(&mut self, id: NodeId) {
        let graph = self.analysis.graph;
        let args = graph.args(id);
        let x = self.at(args[0]);
        // The graph has checked that a constant index is inside.
        let fixed: Option<Vec<usize>> =
            args[1..].iter().map(|i| graph.constant_value(*i).and_then(|i| i.to_integer().to_usize())).collect();
        match fixed {
            Some(indices) => {
                let col = indices.get(1).map_or(0, |j| j - 1);
                self.places.insert(id, Place { at: x.at + col * x.rows + indices[0] - 1, rows: 1, cols: 1, ..x });
            }
            None => {
                let (i, j) = (self.at(args[1]).at, args.get(2).map(|j| self.at(*j).at));
                self.block(id, x.field, Block::Entry(x, i, j));
            }
        }
    }

    fn real_part(&mut self, id: NodeId, part: crate::ir::Part, x: Place) {
        use crate::ir::{Part, ScalarFn, Zip};
        let out = self.place_for(id);
        self.places.insert(id, out);
        let all = if x.len() == 1 { Arg::Splat(x.at) } else { Arg::Full(x.at) };
        let op = match part {
            Part::Re => Micro::Copy(all),
            Part::Im => Micro::Zip(Zip::Sub, all, all),
            Part::Abs => Micro::Map(ScalarFn::Abs, all, None),
            Part::Abs2 => Micro::Zip(Zip::Mul, all, all),
        };
        self.push_program(
            id,
            out,
            Program { ops: vec![(op, id)], rows: x.rows, len: x.len(), out: out.at, finish: Finish::Store },
        );
    }

    /// The copies of the two branches, each under its own guard.
    fn select(&mut self, id: NodeId) {
        let args = self.analysis.graph.args(id);
        let out = self.place_for(id);
        self.places.insert(id, out);
        let around = self.analysis.guard_of(Unit::Node(id));
        let condition = self.analysis.value(args[0]);
        for (branch, sense) in [(args[1], true), (args[2], false)] {
            let x = self.at(branch);
            let code = match x.field {
                Field::Real => Code::Real(Block::Copy(x)),
                Field::Complex => Code::Complex(Block::Copy(x)),
                Field::Truth => Code::CopyTruth(x.at),
            };
            let guard = self.analysis.guard_index((around, condition, sense));
            self.plan.steps.push(Step { node: id, guard, out, code });
        }
    }

    /// The tests of a required value, which keeps its place.
    fn tests(&mut self, id: NodeId, properties: &[Property]) {
        let arg = self.analysis.graph.args(id)[0];
        let x = self.at(arg);
        self.places.insert(id, x);
        let mut properties = properties.to_vec();
        if needs_eigenvalues(&properties) && !self.analysis.has(arg, Property::Hermitian) {
            properties.push(Property::Hermitian);
        }
        // The order of the table: that a matrix is Hermitian is tested before what its eigenvalues say.
        properties.sort_unstable();
        properties.dedup();
        for property in properties {
            let values = needs_eigenvalues(&[property]).then(|| self.values_of(arg).at);
            let block = Block::Check { x, property, values };
            let code = if x.field == Field::Complex { Code::Complex(block) } else { Code::Real(block) };
            self.step(Unit::Node(id), x, code);
        }
    }

    /// The program with this root.
    fn program(&mut self, root: NodeId) {
        let graph = self.analysis.graph;
        let out = self.place_for(root);
        self.places.insert(root, out);
        // A reduction that ends it is no operation on entries.
        let entrywise = |id: NodeId| Some((id, self.analysis.entrywise(id)?));
        let nodes: Vec<(NodeId, Entrywise)> = self.analysis.program(root).into_iter().filter_map(entrywise).collect();
        // The last node inside is the operand of the reduction, being the only one without a user inside.
        let last = nodes.last().map_or(root, |(id, _)| *id);
        let size = self.analysis.size(last);
        let mut ops: Vec<(Micro, NodeId)> = Vec::with_capacity(nodes.len());
        let mut register: HashMap<NodeId, usize> = HashMap::new();
        for (id, entrywise) in nodes {
            let mut args: Vec<Arg> = Vec::new();
            let repeats = !matches!(entrywise, Entrywise::Map(_) | Entrywise::Zip(_));
            for source in self.analysis.sources(id) {
                let node = source.node();
                let arg = match (source, register.get(&node)) {
                    (Source::Whole(_) | Source::Splat(_), Some(k)) => Arg::Register(*k),
                    (Source::OfRow(_), _) if !repeats => {
                        ops.push((Micro::OfRow(self.places[&node].at), node));
                        Arg::Register(ops.len() - 1)
                    }
                    (Source::OfColumn(_), _) if !repeats => {
                        ops.push((Micro::OfColumn(self.places[&node].at), node));
                        Arg::Register(ops.len() - 1)
                    }
                    (Source::Whole(_) | Source::Splat(_) | Source::OfRow(_) | Source::OfColumn(_), _) => {
                        let place = self.places[&node];
                        if place.len() == 1 { Arg::Splat(place.at) } else { Arg::Full(place.at) }
                    }
                };
                args.push(arg);
            }
            let first =
                |analysis: &Analysis, places: &HashMap<NodeId, Place>| places[&analysis.value(graph.args(id)[0])].at;
            let op = match entrywise {
                Entrywise::Map(function) => Micro::Map(function, args[0], args.get(1).copied()),
                Entrywise::Zip(zip) => Micro::Zip(zip, args[0], args[1]),
                Entrywise::Splat => Micro::Copy(args[0]),
                Entrywise::OfRow => Micro::OfRow(first(self.analysis, &self.places)),
                Entrywise::OfColumn => Micro::OfColumn(first(self.analysis, &self.places)),
            };
            ops.push((op, id));
            register.insert(id, ops.len() - 1);
        }
        let finish = Finish::of(graph.op(root));
        self.push_program(root, out, Program { ops, rows: size.rows, len: size.len(), out: out.at, finish });
    }

    fn push_program(&mut self, id: NodeId, out: Place, program: Program) {
        self.plan.scratch.registers = self.plan.scratch.registers.max(program.ops.len());
        self.step(Unit::Node(id), out, Code::Entrywise(program));
    }
}

fn requirements<T: Real, E: Element<T>>(m: usize, n: usize, par: Par) -> StackReq {
    spectral::scratch::<T, E>(m, n, par).or(factor::scratch::<T, E>(m.max(n), par))
}
