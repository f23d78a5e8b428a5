//! One sample: the raw numbers of every input of a theorem, drawn for a cell.

use num_complex::Complex;
use num_traits::ToPrimitive;
use rand::RngExt;

use super::design::{Cell, ScalarDraw};
use super::ensembles::{self, Columns, Ends, Entry, Label, Scratch};
use super::evaluate::EndsPlan;
use super::seed::Rng;
use crate::check::{Theorem, VariableKind};
use crate::ir::{Domain, Graph, InputId, Range, Set};

/// The raw numbers of one input, column by column.
#[derive(Clone, PartialEq, Debug)]
pub enum Numbers {
    /// The input is not drawn: nothing rests on it, or its value is baked into the plan.
    None,
    /// Real numbers.
    Real(Vec<f64>),
    /// Complex numbers.
    Complex(Vec<Complex<f64>>),
}

/// A drawn input of a theorem.
#[derive(Clone, PartialEq, Debug)]
pub struct Sample {
    /// The raw numbers by the number of the input.
    pub inputs: Vec<Numbers>,
    /// Whether a scalar lies over decades next to an end of its range, where small gaps say little.
    pub extreme: bool,
    /// What was drawn, group by group.
    pub labels: Vec<Label>,
    /// What moved it from where it was drawn; empty for a sample that stands as drawn.
    pub attack: &'static str,
}

impl Sample {
    /// A sample with room for a theorem's inputs.
    pub fn new(graph: &Graph) -> Self {
        Sample { inputs: vec![Numbers::None; graph.inputs().len()], extreme: false, labels: Vec::new(), attack: "" }
    }

    fn set_scalar(&mut self, input: InputId, value: f64) {
        match &mut self.inputs[input.0 as usize] {
            Numbers::Real(numbers) => {
                numbers.clear();
                numbers.push(value);
            }
            other => *other = Numbers::Real(vec![value]),
        }
    }

    fn set_real(&mut self, input: InputId, values: &[f64]) {
        match &mut self.inputs[input.0 as usize] {
            Numbers::Real(numbers) => {
                numbers.clear();
                numbers.extend_from_slice(values);
            }
            other => *other = Numbers::Real(values.to_vec()),
        }
    }

    fn set_complex(&mut self, input: InputId, values: &[Complex<f64>]) {
        match &mut self.inputs[input.0 as usize] {
            Numbers::Complex(numbers) => {
                numbers.clear();
                numbers.extend_from_slice(values);
            }
            other => *other = Numbers::Complex(values.to_vec()),
        }
    }
}

/// What kind of ensemble a group is drawn from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Class {
    /// Factors of kernels, whose columns no chart normalises (`free`) or some chart does.
    Kernel {
        free: bool,
    },
    /// Columns, as the set has them.
    Columns {
        free: bool,
    },
    /// Rows: the columns of the adjoint.
    Rows,
    /// Free matrices: columns or rows.
    Matrix,
    Hermitian,
    Frame,
    Simplex,
    Mask,
    Number,
}

fn class(domain: &Domain) -> Class {
    match domain.set {
        Set::Psd | Set::Pd => Class::Kernel { free: true },
        Set::Corr | Set::Density => Class::Kernel { free: false },
        Set::UnitCols => Class::Columns { free: false },
        Set::Vec => Class::Columns { free: true },
        Set::UnitRows => Class::Rows,
        Set::Mat => Class::Matrix,
        Set::Sym => Class::Hermitian,
        Set::Stiefel | Set::Orthogonal | Set::Unitary => Class::Frame,
        Set::Simplex => Class::Simplex,
        Set::Mask => Class::Mask,
        Set::Real | Set::Complex => Class::Number,
    }
}

/// Variables that are drawn together: of one kind of set, one shape and one field.
#[derive(Clone, Debug)]
struct Group {
    class: Class,
    complex: bool,
    rows: crate::ir::Dim,
    cols: crate::ir::Dim,
    /// The main raw inputs.
    main: Vec<InputId>,
    /// Raw scalars that shift: the logarithms of positive numbers.
    shifts: Vec<InputId>,
}

/// The groups of a theorem, made once.
#[derive(Clone, Debug)]
pub struct Groups {
    groups: Vec<Group>,
    /// Whether a hypothesis is an equality.
    thin: bool,
    /// Whether raw numbers are Gaussian and nothing else.
    plain: bool,
}

impl Groups {
    /// Sorts the variables of a theorem into groups; `plain` is [`Options::plain`](super::Options::plain).
    pub fn new(theorem: &Theorem, plain: bool) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for variable in &theorem.variables {
            let (VariableKind::Member { raw, .. }, Range::Domain(domain)) = (&variable.kind, &variable.range) else {
                continue;
            };
            let Some((main, shifts)) = raw.split_first() else { continue };
            let input = &theorem.graph.inputs()[main.0 as usize];
            let (rows, cols) = (input.ty.shape.rows(), input.ty.shape.cols());
            let complex = input.ty.field == crate::ir::Field::Complex;
            let class = class(domain);
            let mine = |group: &&mut Group| {
                group.class == class && group.complex == complex && group.rows == rows && group.cols == cols
            };
            match groups.iter_mut().find(mine) {
                Some(group) => {
                    group.main.push(*main);
                    group.shifts.extend(shifts);
                }
                None => groups.push(Group { class, complex, rows, cols, main: vec![*main], shifts: shifts.to_vec() }),
            }
        }
        let thin = theorem.assumptions.iter().any(|assumption| assumption.margin.equality);
        Groups { groups, thin, plain }
    }
}

impl Groups {
    /// A point of an interval, and whether it lies over decades next to an end.
    fn point(&self, ends: &Ends, rng: &mut Rng) -> (f64, bool) {
        if self.plain { (ensembles::plain_point(ends, rng), false) } else { ensembles::point(ends, rng) }
    }
}

/// Draws samples of one cell; its buffers are kept from one sample to the next.
pub struct Sampler<'a> {
    groups: &'a Groups,
    cell: &'a Cell,
    real: Buffers<f64>,
    complex: Buffers<Complex<f64>>,
    ends: Vec<Option<EndsPlan>>,
}

struct Buffers<E> {
    columns: Vec<Columns<E>>,
    scratch: Scratch<E>,
    adjoint: Columns<E>,
}

impl<E: Entry> Buffers<E> {
    fn new() -> Self {
        Buffers { columns: Vec::new(), scratch: Scratch::default(), adjoint: Columns::new() }
    }
}

impl<'a> Sampler<'a> {
    /// A sampler for a cell. `None` when the ends of an interval that depends on other inputs have no plan.
    pub fn new(graph: &Graph, groups: &'a Groups, cell: &'a Cell) -> Option<Self> {
        let mut ends = Vec::with_capacity(cell.scalars.len());
        for (_, draw) in &cell.scalars {
            ends.push(match draw {
                ScalarDraw::Computed(interval) => Some(EndsPlan::new(graph, *interval, &cell.instance)?),
                ScalarDraw::Baked(_) | ScalarDraw::Inside(_) | ScalarDraw::Among(_) => None,
            });
        }
        Some(Sampler { groups, cell, real: Buffers::new(), complex: Buffers::new(), ends })
    }

    /// Draws a sample. Returns false when a range that depends on other inputs came out empty.
    pub fn draw(&mut self, sample: &mut Sample, rng: &mut Rng) -> bool {
        sample.extreme = false;
        sample.labels.clear();
        sample.attack = "";
        for group in &self.groups.groups {
            let size = |dim: &crate::ir::Dim| {
                dim.eval(&self.cell.instance.sizes).and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
            };
            let (rows, cols) = (size(&group.rows), size(&group.cols));
            if rows == 0 || cols == 0 {
                return false;
            }
            let label = if group.complex {
                let label = match self.groups.plain {
                    true => gaussian(group, (rows, cols), &mut self.complex, rng),
                    false => fill(group, (rows, cols), self.groups.thin, &mut self.complex, rng),
                };
                for (input, columns) in group.main.iter().zip(&self.complex.columns) {
                    sample.set_complex(*input, columns.entries());
                }
                label
            } else {
                let label = match self.groups.plain {
                    true => gaussian(group, (rows, cols), &mut self.real, rng),
                    false => fill_real(group, (rows, cols), self.groups.thin, &mut self.real, rng),
                };
                for (input, columns) in group.main.iter().zip(&self.real.columns) {
                    sample.set_real(*input, columns.entries());
                }
                label
            };
            sample.labels.push(label);
            for input in &group.shifts {
                let exponent = match self.groups.plain {
                    true => f64::gaussian(rng),
                    false => -18.0 + 20.0 * rng.random::<f64>(),
                };
                sample.set_scalar(*input, exponent);
            }
        }
        for (place, (input, draw)) in self.cell.scalars.iter().enumerate() {
            let value = match draw {
                ScalarDraw::Baked(value) => {
                    // The plan knows it; ends that are computed from it and asymptotic claims may still look it up.
                    value.to_f64().unwrap_or(f64::NAN)
                }
                ScalarDraw::Inside(ends) => {
                    let (value, extreme) = self.groups.point(ends, rng);
                    sample.extreme |= extreme;
                    value
                }
                ScalarDraw::Among(values) => values[rng.random_range(0..values.len())],
                ScalarDraw::Computed(_) => {
                    let Some(ends) = self.ends[place].as_mut().and_then(|plan| plan.ends(sample)) else {
                        return false;
                    };
                    if ends.is_empty() {
                        return false;
                    }
                    let (value, extreme) = self.groups.point(&ends, rng);
                    sample.extreme |= extreme;
                    value
                }
            };
            sample.set_scalar(*input, value);
        }
        true
    }
}

/// Gives the buffers the group's number of matrices of one shape.
fn shape<E: Entry>(buffers: &mut Buffers<E>, count: usize, rows: usize, cols: usize) {
    buffers.columns.resize_with(count, Columns::new);
    for columns in &mut buffers.columns {
        columns.reset(rows, cols);
    }
}

/// Independent standard Gaussians, and nothing else.
fn gaussian<E: Entry>(group: &Group, (rows, cols): (usize, usize), buffers: &mut Buffers<E>, rng: &mut Rng) -> Label {
    shape(buffers, group.main.len(), rows, cols);
    buffers.columns.iter_mut().flat_map(|columns| columns.entries_mut()).for_each(|x| *x = E::gaussian(rng));
    Label { kind: "Gaussian", joint: "" }
}

fn fill_real(
    group: &Group,
    (rows, cols): (usize, usize),
    thin: bool,
    buffers: &mut Buffers<f64>,
    rng: &mut Rng,
) -> Label {
    match group.class {
        Class::Simplex => {
            shape(buffers, group.main.len(), rows, cols);
            ensembles::others(&mut buffers.columns, false, thin, rng, |w, rng| ensembles::simplex(w.entries_mut(), rng))
        }
        Class::Mask => {
            shape(buffers, group.main.len(), rows, cols);
            ensembles::others(&mut buffers.columns, false, thin, rng, |w, rng| ensembles::mask(w.entries_mut(), rng))
        }
        Class::Kernel { .. }
        | Class::Columns { .. }
        | Class::Rows
        | Class::Matrix
        | Class::Hermitian
        | Class::Frame
        | Class::Number => fill(group, (rows, cols), thin, buffers, rng),
    }
}

fn fill<E: Entry>(
    group: &Group,
    (rows, cols): (usize, usize),
    thin: bool,
    buffers: &mut Buffers<E>,
    rng: &mut Rng,
) -> Label {
    let count = group.main.len();
    let systems = |transposed: bool, free: bool, buffers: &mut Buffers<E>, rng: &mut Rng| {
        let (rows, cols) = if transposed { (cols, rows) } else { (rows, cols) };
        shape(buffers, count, rows, cols);
        let label = ensembles::systems(&mut buffers.columns, free, thin, &mut buffers.scratch, rng);
        if transposed {
            for columns in &mut buffers.columns {
                let adjoint = &mut buffers.adjoint;
                adjoint.reset(cols, rows);
                for i in 0..rows {
                    for j in 0..cols {
                        adjoint.set(j, i, columns.at(i, j).conj());
                    }
                }
                columns.copy_from(adjoint);
            }
        }
        label
    };
    match group.class {
        Class::Kernel { free } | Class::Columns { free } => systems(false, free, buffers, rng),
        Class::Rows => systems(true, false, buffers, rng),
        Class::Matrix => {
            let transposed = rng.random::<bool>();
            systems(transposed, true, buffers, rng)
        }
        Class::Hermitian => {
            shape(buffers, count, rows, cols);
            let scratch = &mut buffers.scratch;
            ensembles::others(&mut buffers.columns, true, thin, rng, |w, rng| ensembles::hermitian(w, scratch, rng))
        }
        Class::Frame => {
            shape(buffers, count, rows, cols);
            ensembles::others(&mut buffers.columns, false, thin, rng, |w, rng| ensembles::frame(w, rng))
        }
        // Simplices and masks are real and drawn by `fill_real`; what remains is free numbers.
        Class::Number | Class::Simplex | Class::Mask => {
            shape(buffers, count, rows, cols);
            ensembles::others(&mut buffers.columns, true, thin, rng, |w, rng| {
                for x in w.entries_mut() {
                    *x = ensembles::number(rng);
                }
                "free numbers"
            })
        }
    }
}
