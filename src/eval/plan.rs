//! Compiled graphs: a flat list of instructions over buffers whose places are known beforehand.

use faer::Par;

use super::check;
use super::entrywise::Program;
use super::fault::{Fault, FaultKind};
use super::gradient::Gradient;
use super::kernels;
use super::product::{Operand, product};
use super::real::{Element, Real};
use super::workspace::{Arenas, Scratch, ScratchSizes, Workspace};
use super::{factor, scalar, spectral};
use crate::ir::{Axis, Comparison, Field, NodeId, Part, Property, Reduction, ScalarFn, Zip};

/// Where a value lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub field: Field,
    pub at: usize,
    pub rows: usize,
    pub cols: usize,
}

impl Place {
    pub(super) fn len(self) -> usize {
        self.rows * self.cols
    }

    pub(super) fn of<E>(self, arena: &[E]) -> &[E] {
        &arena[self.at..self.at + self.len()]
    }
}

/// An instruction on entries of one type, real or complex.
#[derive(Clone, Debug)]
pub(super) enum Block {
    /// A product, exactly Hermitian on demand.
    Product(Operand, Operand, bool),
    /// The operand with rows and columns exchanged, conjugated on demand.
    Transpose(Place, bool),
    /// Every entry conjugated.
    Conj(Place),
    DiagonalOf(Place),
    DiagonalMatrix(Place),
    /// A scalar in every entry.
    Fill(usize),
    Broadcast(Axis, Place),
    /// Blocks with the row and the column of their first entries.
    Blocks(Vec<(Place, usize, usize)>),
    /// An entry of the first operand at one or two run-time indices, from 1, which are real scalars.
    Entry(Place, usize, Option<usize>),
    Kron(Place, Place),
    Sum(Axis, Place),
    /// A copy of another value.
    Copy(Place),
    /// The eigenvalues of a matrix, into the real arena, and with vectors those into the result's place.
    Eigenvalues {
        a: Place,
        values: usize,
        vectors: bool,
    },
    /// A function of the matrix with these eigenvalues (a real vector) and vectors.
    Spectral {
        function: ScalarFn,
        parameter: Option<usize>,
        psd: bool,
        values: usize,
        vectors: Place,
    },
    /// An operation that gradients are written with.
    Gradient(Gradient),
    /// The singular values of a matrix, into the real arena.
    SingularValues {
        a: Place,
        values: usize,
    },
    /// The inverse of a matrix that is (positive semi-definite, Hermitian) or not.
    Inverse {
        a: Place,
        psd: bool,
        hermitian: bool,
    },
    /// The determinant of a matrix, or its logarithm: into the real arena where `real`.
    Determinant {
        a: Place,
        psd: bool,
        log: bool,
        real: bool,
    },
    /// A test of a property of a value, with its eigenvalues where the property is about those.
    Check {
        x: Place,
        property: Property,
        values: Option<usize>,
    },
}

/// An instruction.
#[derive(Clone, Debug)]
pub(super) enum Code {
    /// Entrywise operations on real values.
    Entrywise(Program),
    /// An operation on real entries.
    Real(Block),
    /// An operation on complex entries.
    Complex(Block),
    /// A scalar function of complex entries.
    ComplexMap(ScalarFn, Place),
    /// A binary operation of complex values, of which one may be a scalar.
    ComplexZip(Zip, Place, Place),
    /// A part of complex entries.
    Part(Part, Place),
    /// Real entries as complex ones.
    Complexify(Place),
    /// The least (`false`) or greatest entries of rows, columns or everything.
    Extreme(bool, Axis, Place),
    LogSumExp(Axis, Place),
    /// Eigenvalues by the zero rule where `psd`; as singular values where `descending`: their moduli in that order.
    FromEigenvalues {
        values: usize,
        psd: bool,
        descending: bool,
    },
    /// The logarithm (`true`) or the determinant of a Hermitian matrix from its eigenvalues.
    DeterminantOfValues {
        values: Place,
        log: bool,
    },
    /// The rank of an m × n matrix from its singular values or the moduli of its eigenvalues.
    Rank {
        values: Place,
        rows: usize,
        cols: usize,
    },
    Compare(Comparison, usize, usize),
    And(usize, usize),
    Or(usize, usize),
    Not(usize),
    CopyTruth(usize),
    Require(usize),
}

/// A condition under which instructions run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Guard {
    /// The guard around it.
    pub parent: Option<usize>,
    /// Where the truth value lies.
    pub truth: usize,
    /// The value that lets the instructions run.
    pub sense: bool,
}

/// An instruction with its result.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub node: NodeId,
    pub guard: Option<usize>,
    pub out: Place,
    pub code: Code,
}

/// A graph compiled for one choice of sizes: what to do, and where everything lies. It is never changed by a run, so that
/// threads can share it, each with a [`Workspace`] of its own.
#[derive(Clone, Debug)]
pub struct Plan<T: Real> {
    pub(super) par: Par,
    pub(super) steps: Vec<Step>,
    pub(super) guards: Vec<Guard>,
    pub(super) inputs: Vec<Option<Place>>,
    pub(super) input_nodes: Vec<(NodeId, Place)>,
    pub(super) outputs: Vec<Place>,
    pub(super) places: Vec<(NodeId, Place)>,
    pub(super) real_len: usize,
    pub(super) complex_len: usize,
    pub(super) truth_len: usize,
    pub(super) real_constants: Vec<(usize, T)>,
    pub(super) complex_constants: Vec<(usize, T::Complex)>,
    pub(super) truth_constants: Vec<(usize, bool)>,
    pub(super) scratch: ScratchSizes,
}

impl<T: Real> Plan<T> {
    /// The number of instructions.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// The real numbers that a workspace for it keeps, a complex one counting as two, with what the algorithms work in.
    pub fn numbers(&self) -> usize {
        let stack = self.scratch.stack.size_bytes() / size_of::<f64>();
        let (real, complex) = (self.real_len + self.scratch.real, self.complex_len + self.scratch.complex);
        real.saturating_add(complex.saturating_mul(2)).saturating_add(stack)
    }

    /// The nodes whose values it keeps.
    pub(super) fn kept(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.places.iter().map(|(node, _)| *node)
    }

    /// Whether the plan has no instruction: every output is a constant or an input.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Computes the outputs from the inputs in the workspace, without allocating.
    ///
    /// # Errors
    /// The first [`Fault`] in the order of the instructions; [`FaultKind::NotANumber`] only where a NaN reaches an
    /// output or a comparison. Infinite values are results like others.
    pub fn run(&self, ws: &mut Workspace<T>) -> Result<(), Fault> {
        ws.suspicious = false;
        for step in &self.steps {
            if step.guard.is_none_or(|guard| self.open(guard, &ws.arenas)) {
                self.execute(step, ws).map_err(|kind| Fault { node: step.node, kind })?;
            }
        }
        if ws.suspicious || self.outputs.iter().any(|place| ws.at(place).has_nan()) {
            return Err(self.blame(ws));
        }
        Ok(())
    }

    /// Whether a guard and those around it let instructions run.
    fn open(&self, guard: usize, arenas: &Arenas<T>) -> bool {
        let mut at = Some(guard);
        while let Some(guard) = at {
            let guard = &self.guards[guard];
            if arenas.truth[guard.truth] != guard.sense {
                return false;
            }
            at = guard.parent;
        }
        true
    }

    /// The first instruction that made a NaN: in the order of the list, all operands come before.
    fn blame(&self, ws: &mut Workspace<T>) -> Fault {
        let kind = FaultKind::NotANumber;
        for (node, place) in &self.input_nodes {
            if ws.at(place).has_nan() {
                return Fault { node: *node, kind };
            }
        }
        for step in &self.steps {
            if !step.guard.is_none_or(|guard| self.open(guard, &ws.arenas)) || !ws.at(&step.out).has_nan() {
                continue;
            }
            let node = match &step.code {
                Code::Entrywise(program) => program.first_nan(&mut ws.arenas.real, &mut ws.scratch.registers),
                Code::Real(_) | Code::Complex(_) | Code::ComplexMap(..) | Code::ComplexZip(..) | Code::Part(..) => None,
                Code::Complexify(_) | Code::Extreme(..) | Code::LogSumExp(..) | Code::FromEigenvalues { .. } => None,
                Code::DeterminantOfValues { .. } | Code::Rank { .. } | Code::Compare(..) => None,
                Code::And(..) | Code::Or(..) | Code::Not(_) | Code::CopyTruth(_) | Code::Require(_) => None,
            };
            return Fault { node: node.unwrap_or(step.node), kind };
        }
        // Every NaN comes from an input or an instruction; an output that is neither is a constant, never NaN.
        Fault { node: self.steps.last().map_or(self.input_nodes[0].0, |step| step.node), kind }
    }

    fn execute(&self, step: &Step, ws: &mut Workspace<T>) -> Result<(), FaultKind> {
        let out = step.out;
        match &step.code {
            Code::Entrywise(program) => program.run(&mut ws.arenas.real, &mut ws.scratch.registers, self.par),
            Code::Real(block) => run_block::<T, T>(block, out, ws, self.par)?,
            Code::Complex(block) => run_block::<T, T::Complex>(block, out, ws, self.par)?,
            Code::ComplexMap(function, x) => {
                let (before, target) = split(&mut ws.arenas.complex, out);
                for (out, x) in target.iter_mut().zip(x.of(before)) {
                    // The graph has complex operands only for functions that have a complex form.
                    *out = scalar::complex_value::<T>(*function, *x).unwrap_or(T::Complex::from_real(T::nan()));
                }
            }
            Code::ComplexZip(zip, x, y) => {
                let (before, target) = split(&mut ws.arenas.complex, out);
                complex_zip::<T>(*zip, x.of(before), y.of(before), target);
            }
            Code::Part(part, x) => {
                let (x, target) = (x.of(&ws.arenas.complex), &mut ws.arenas.real[out.at..out.at + out.len()]);
                for (out, x) in target.iter_mut().zip(x) {
                    *out = match part {
                        Part::Re => x.re(),
                        Part::Im => x.im(),
                        Part::Abs => x.modulus(),
                        Part::Abs2 => x.modulus2(),
                    };
                }
            }
            Code::Complexify(x) => {
                let (x, target) = (x.of(&ws.arenas.real), &mut ws.arenas.complex[out.at..out.at + out.len()]);
                for (out, x) in target.iter_mut().zip(x) {
                    *out = T::Complex::from_real(*x);
                }
            }
            Code::Extreme(greatest, axis, x) => {
                let (before, target) = split(&mut ws.arenas.real, out);
                along(*axis, x.of(before), x.rows, target, |line| kernels::extreme_of(line, *greatest));
            }
            Code::LogSumExp(axis, x) => {
                let (before, target) = split(&mut ws.arenas.real, out);
                along(*axis, x.of(before), x.rows, target, |line| kernels::log_sum_exp(line));
            }
            Code::FromEigenvalues { values, psd, descending } => {
                let (before, target) = split(&mut ws.arenas.real, out);
                target.copy_from_slice(&before[*values..*values + target.len()]);
                if *psd {
                    spectral::clamp(target);
                }
                if *descending {
                    target.iter_mut().for_each(|x| *x = x.abs());
                    target.sort_unstable_by(|a, b| b.partial_cmp(a).unwrap_or(std::cmp::Ordering::Equal));
                }
            }
            Code::DeterminantOfValues { values, log } => {
                let det = factor::of_eigenvalues::<T, T>(values.of(&ws.arenas.real));
                ws.arenas.real[out.at] = if *log { det.real_log() } else { det.value() };
            }
            Code::Rank { values, rows, cols } => {
                ws.arenas.real[out.at] = spectral::rank(values.of(&ws.arenas.real), *rows, *cols);
            }
            Code::Compare(comparison, a, b) => {
                let (a, b) = (ws.arenas.real[*a], ws.arenas.real[*b]);
                ws.suspicious |= a.is_nan() || b.is_nan();
                ws.arenas.truth[out.at] = match comparison {
                    Comparison::Lt => a < b,
                    Comparison::Le => a <= b,
                    Comparison::Eq => a == b,
                    Comparison::Ne => a != b,
                };
            }
            Code::And(p, q) => ws.arenas.truth[out.at] = ws.arenas.truth[*p] && ws.arenas.truth[*q],
            Code::Or(p, q) => ws.arenas.truth[out.at] = ws.arenas.truth[*p] || ws.arenas.truth[*q],
            Code::Not(p) => ws.arenas.truth[out.at] = !ws.arenas.truth[*p],
            Code::CopyTruth(p) => ws.arenas.truth[out.at] = ws.arenas.truth[*p],
            Code::Require(p) => {
                if !ws.arenas.truth[*p] {
                    return Err(FaultKind::ConditionFailed);
                }
            }
        }
        Ok(())
    }
}

/// The arena before a result's place, where all its operands lie, and the place itself.
pub(super) fn split<E>(arena: &mut [E], out: Place) -> (&[E], &mut [E]) {
    let (before, rest) = arena.split_at_mut(out.at);
    (before, &mut rest[..out.len()])
}

/// One value per row or per column, or one for everything.
fn along<T: Real>(axis: Axis, x: &[T], rows: usize, target: &mut [T], f: impl Fn(Lines<'_, T>) -> T) {
    match axis {
        Axis::All => target[0] = f(Lines { entries: x, stride: 1 }),
        Axis::Cols => {
            for (out, column) in target.iter_mut().zip(x.chunks(rows)) {
                *out = f(Lines { entries: column, stride: 1 });
            }
        }
        Axis::Rows => {
            for (i, out) in target.iter_mut().enumerate() {
                *out = f(Lines { entries: &x[i..], stride: rows });
            }
        }
    }
}

/// Every so manyth entry of a slice.
#[derive(Clone)]
struct Lines<'a, T> {
    entries: &'a [T],
    stride: usize,
}

impl<T: Copy> Iterator for Lines<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let first = self.entries.first().copied()?;
        self.entries = self.entries.get(self.stride..).unwrap_or(&[]);
        Some(first)
    }
}

fn complex_zip<T: Real>(zip: Zip, x: &[T::Complex], y: &[T::Complex], target: &mut [T::Complex]) {
    let times = |a: T::Complex, b: T::Complex| {
        // A real factor scales: its zero imaginary part would otherwise meet infinite entries.
        if b.im() == T::of(0.0) {
            a.scaled(b.re())
        } else if a.im() == T::of(0.0) {
            b.scaled(a.re())
        } else {
            a * b
        }
    };
    let operation = |a: T::Complex, b: T::Complex| match zip {
        Zip::Add => a + b,
        Zip::Sub => a - b,
        Zip::Mul => times(a, b),
        Zip::Div => a.quotient(b),
        // The graph has these for real operands only.
        Zip::Min | Zip::Max => T::Complex::from_real(T::nan()),
    };
    let at = |slice: &[T::Complex], i: usize| if slice.len() == 1 { slice[0] } else { slice[i] };
    for (i, out) in target.iter_mut().enumerate() {
        *out = operation(at(x, i), at(y, i));
    }
}

/// A real index as a position from 0.
pub(super) fn position<T: Real>(index: T, size: usize) -> Result<usize, FaultKind> {
    let value = index.wide();
    let inside = value >= 1.0 && value <= size as f64 && value.fract() == 0.0;
    if inside { Ok(value as usize - 1) } else { Err(FaultKind::IndexOutside { index: value, size }) }
}

fn run_block<T: Real, E: Element<T>>(
    block: &Block,
    out: Place,
    ws: &mut Workspace<T>,
    par: Par,
) -> Result<(), FaultKind> {
    let (arenas, scratch): (&mut Arenas<T>, &mut Scratch<T>) = (&mut ws.arenas, &mut ws.scratch);
    match block {
        Block::Product(a, b, hermitian) => {
            let (before, target) = split(E::arena_mut(arenas), out);
            product(before, *a, before, *b, target, *hermitian, E::work(scratch).matrix, par);
        }
        Block::Transpose(x, conjugate) => {
            let (before, target) = split(E::arena_mut(arenas), out);
            kernels::transpose(x.of(before), x.rows, *conjugate, target, par);
        }
        Block::Conj(x) => {
            let (before, target) = split(E::arena_mut(arenas), out);
            target.iter_mut().zip(x.of(before)).for_each(|(out, x)| *out = x.conjugate());
        }
        Block::DiagonalOf(x) => {
            let (before, target) = split(E::arena_mut(arenas), out);
            target.iter_mut().zip(x.of(before).iter().step_by(x.rows + 1)).for_each(|(out, x)| *out = *x);
        }
        Block::DiagonalMatrix(x) => {
            let (before, target) = split(E::arena_mut(arenas), out);
            target.fill(E::from_real(T::of(0.0)));
            target.iter_mut().step_by(out.rows + 1).zip(x.of(before)).for_each(|(out, x)| *out = *x);
        }
        Block::Fill(at) => {
            let (before, target) = split(E::arena_mut(arenas), out);
            target.fill(before[*at]);
        }
        Block::Broadcast(axis, x) => {
            let (before, target) = split(E::arena_mut(arenas), out);
            for (column, j) in target.chunks_mut(out.rows).zip(0..) {
                match axis {
                    Axis::Rows => column.copy_from_slice(x.of(before)),
                    Axis::Cols | Axis::All => column.fill(before[x.at + j]),
                }
            }
        }
        Block::Blocks(parts) => {
            let (before, target) = split(E::arena_mut(arenas), out);
            for (part, i, j) in parts {
                kernels::place(part.of(before), part.rows, target, out.rows, *i, *j);
            }
        }
        Block::Entry(x, i, j) => {
            let row = position(arenas.real[*i], x.rows)?;
            let col = j.map_or(Ok(0), |j| position(arenas.real[j], x.cols))?;
            let (before, target) = split(E::arena_mut(arenas), out);
            target[0] = before[x.at + col * x.rows + row];
        }
        Block::Kron(a, b) => {
            let (before, target) = split(E::arena_mut(arenas), out);
            kernels::kron(a.of(before), a.rows, b.of(before), b.rows, target);
        }
        Block::Sum(axis, x) => {
            let (before, target) = split(E::arena_mut(arenas), out);
            match axis {
                Axis::All => target[0] = kernels::sum::<T, E>(x.of(before)),
                Axis::Cols => {
                    let columns = x.of(before).chunks(x.rows);
                    target.iter_mut().zip(columns).for_each(|(out, column)| *out = kernels::sum::<T, E>(column));
                }
                Axis::Rows => kernels::sum_rows(x.of(before), x.rows, target),
            }
        }
        Block::Copy(x) => {
            let (before, target) = split(E::arena_mut(arenas), out);
            target.copy_from_slice(x.of(before));
        }
        Block::Eigenvalues { a, values, vectors } => {
            // The values go through scratch memory, since they and the matrix may lie in one arena.
            let n = a.rows;
            let mut work = E::work(scratch);
            let [e, p, lambda] = work.vectors;
            let lambda = &mut lambda[..n];
            work.vectors = [e, p, &mut []];
            if *vectors {
                let (before, target) = split(E::arena_mut(arenas), out);
                spectral::decompose(a.of(before), lambda, target, work, par)?;
            } else {
                spectral::eigenvalues(a.of(E::arena(arenas)), lambda, work, par)?;
            }
            arenas.real[*values..*values + n].copy_from_slice(lambda);
        }
        Block::Spectral { function, parameter, psd, values, vectors } => {
            let n = vectors.rows;
            let parameter = parameter.map_or(T::of(0.0), |at| arenas.real[at]);
            let mut work = E::work(scratch);
            let [images, p, lambda] = work.vectors;
            let lambda = &mut lambda[..n];
            work.vectors = [images, p, &mut []];
            lambda.copy_from_slice(&arenas.real[*values..*values + n]);
            let (before, target) = split(E::arena_mut(arenas), out);
            let f = spectral::MatrixFunction { function: *function, parameter, psd: *psd };
            spectral::function(f, lambda, vectors.of(before), target, work, par)?;
        }
        Block::Gradient(gradient) => gradient.run::<T, E>(out, ws, par)?,
        Block::SingularValues { a, values } => {
            let count = a.rows.min(a.cols);
            let mut work = E::work(scratch);
            let [e, p, sigma] = work.vectors;
            let sigma = &mut sigma[..count];
            work.vectors = [e, p, &mut []];
            spectral::singular_values(a.of(E::arena(arenas)), a.rows, a.cols, sigma, work, par)?;
            arenas.real[*values..*values + count].copy_from_slice(sigma);
        }
        Block::Inverse { a, psd, hermitian } => {
            let (before, target) = split(E::arena_mut(arenas), out);
            factor::inverse(a.of(before), a.rows, *psd, *hermitian, target, E::work(scratch), par)?;
        }
        Block::Determinant { a, psd, log, real } => {
            let matrix = a.of(E::arena(arenas));
            let work = E::work(scratch);
            let det = match psd {
                true => factor::determinant_psd(matrix, a.rows, work, par)?,
                false => factor::determinant(matrix, a.rows, work, par),
            };
            match (*real, *log) {
                (true, true) => arenas.real[out.at] = det.real_log(),
                (true, false) => arenas.real[out.at] = det.value().re(),
                (false, true) => arenas.complex[out.at] = det.complex_log(),
                (false, false) => E::arena_mut(arenas)[out.at] = det.value(),
            }
        }
        Block::Check { x, property, values } => {
            let eigenvalues = values.map(|at| &arenas.real[at..at + x.rows]);
            check::property(*property, x.of(E::arena(arenas)), x.rows, eigenvalues, ws.tolerance_factor)?;
        }
    }
    Ok(())
}

/// The reductions that [`Code`] has no instruction of its own for are sums.
pub(super) fn reduction_code(reduction: Reduction, axis: Axis, x: Place) -> Code {
    match (reduction, x.field) {
        (Reduction::Sum, Field::Complex) => Code::Complex(Block::Sum(axis, x)),
        (Reduction::Sum, Field::Real | Field::Truth) => Code::Real(Block::Sum(axis, x)),
        (Reduction::Max, _) => Code::Extreme(true, axis, x),
        (Reduction::Min, _) => Code::Extreme(false, axis, x),
        (Reduction::LogSumExp, _) => Code::LogSumExp(axis, x),
    }
}
