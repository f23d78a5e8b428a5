//! What is drawn where: the samples of a theorem are split into cells, and all samples of a cell share their sizes and
//! those scalars that take exact values, so that one specialised plan serves the whole cell.
//!
//! Cells are drawn like samples, from generators of their own. Each range of integers has both ends and every value
//! covered where there are enough cells, and small sizes get more samples than large ones.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::ToPrimitive;
use rand::RngExt;

use super::ensembles::{Ends, special_values};
use super::evaluate;
use super::seed::{Key, Rng, Stream};
use crate::check::{Part, Theorem, VariableKind};
use crate::ir::{Dim, Graph, InputId, Instance, Interval, NoSize, Op, Range, SizeVar};

/// The most cells of a theorem whose inputs cannot be listed.
const MAX_CELLS: u64 = 256;

/// The most cases that are listed one by one when every input has finitely many values.
const MAX_CASES: usize = 4096;

/// The most raw numbers of one sample: beyond this a size is too large to be sampled.
const MAX_ENTRIES: i64 = 1 << 22;

/// How a scalar is drawn within a cell.
#[derive(Clone, Debug)]
pub enum ScalarDraw {
    /// It has the same exact value in the whole cell, and the plan knows it.
    Baked(BigRational),
    /// A point of an interval with known ends.
    Inside(Ends),
    /// A point of an interval whose ends depend on other inputs of the sample.
    Computed(Interval),
    /// One of finitely many numbers, where the scalar must stay an input.
    Among(Vec<f64>),
}

/// The samples that share a plan.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Sizes and baked constants.
    pub instance: Instance,
    /// How each scalar variable is drawn, in the order of quantification.
    pub scalars: Vec<(InputId, ScalarDraw)>,
    /// The number of raw numbers of a sample, by which samples are ordered from small to large.
    pub size: i64,
    /// The number of its first sample.
    pub first: u64,
    /// How many samples it has in one round.
    pub count: u64,
}

/// The cells of a theorem.
#[derive(Clone, Debug)]
pub struct Design {
    /// The cells, in order.
    pub cells: Vec<Cell>,
    /// The samples of one round over all cells.
    pub round: u64,
    /// Whether the cells are all the cases that there are, so that more rounds would bring nothing new.
    pub exhaustive: bool,
    /// What could not be drawn, for the report.
    pub notes: Vec<String>,
}

/// Why no cell could be drawn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoDesign {
    /// A range of a quantified name was empty at every size that was tried.
    EmptyRange(String),
    /// Every size that was tried has more entries than can be sampled.
    TooLarge,
    /// An end of an interval could not be evaluated.
    Ends(String),
}

impl std::fmt::Display for NoDesign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NoDesign::EmptyRange(name) => write!(f, "the range of {name} is empty"),
            NoDesign::TooLarge => f.write_str("the sizes are too large to be sampled"),
            NoDesign::Ends(name) => write!(f, "an end of the range of {name} could not be evaluated"),
        }
    }
}

impl Design {
    /// Draws the cells for about `samples` samples; `plain` is [`Options::plain`](super::Options::plain).
    ///
    /// # Errors
    /// [`NoDesign`] when not a single cell could be drawn.
    pub fn draw(theorem: &Theorem, key: Key, samples: u64, plain: bool) -> Result<Design, NoDesign> {
        let drawer = Drawer { plain, ..Drawer::new(theorem) };
        if let Some(cells) = drawer.all_cases().filter(|_| !plain) {
            let round = cells.len() as u64;
            return Ok(Design { cells, round, exhaustive: true, notes: Vec::new() });
        }
        let samples = samples.max(1);
        let wanted = (samples / 40).clamp(24, MAX_CELLS).min(samples);
        let mut cells = Vec::new();
        let mut failure: Option<NoDesign> = None;
        let mut too_large = false;
        for number in 0..wanted {
            let mut rng = key.generator(Stream::Cell, number);
            // A combination of sizes may leave a later range empty; another one is drawn then.
            for attempt in 0..16 {
                match drawer.cell(number, attempt, &mut rng) {
                    Ok(cell) => {
                        cells.push(cell);
                        break;
                    }
                    Err(error) => {
                        too_large |= error == NoDesign::TooLarge;
                        // What is not known to be empty says more than what is.
                        let empty = |error: &NoDesign| matches!(error, NoDesign::EmptyRange(_));
                        failure = failure.filter(|known| !empty(known)).or(Some(error));
                    }
                }
            }
        }
        if cells.is_empty() {
            return Err(failure.unwrap_or(NoDesign::TooLarge));
        }
        share_out(&mut cells, samples, plain);
        let mut notes = Vec::new();
        if too_large {
            notes.push(format!("sizes of more than {MAX_ENTRIES} entries were not sampled"));
        }
        let round = cells.iter().map(|cell| cell.count).sum();
        Ok(Design { cells, round, exhaustive: false, notes })
    }
}

/// Deals the samples of a round to the cells, fewer to large sizes unless they are to be alike, at least one to each.
fn share_out(cells: &mut [Cell], samples: u64, alike: bool) {
    let weight = |cell: &Cell| {
        if alike {
            return 1.0;
        }
        // The side of a square matrix with this many entries; decompositions cost its cube.
        let side = (cell.size as f64).sqrt();
        1.0 / (1.0 + (side / 16.0).powi(3))
    };
    let total: f64 = cells.iter().map(weight).sum();
    let mut left = samples.saturating_sub(cells.len() as u64);
    let spare = left as f64;
    for cell in cells.iter_mut() {
        let share = ((spare * weight(cell) / total).floor() as u64).min(left);
        cell.count = 1 + share;
        left -= share;
    }
    // What rounding down left over goes to the smallest sizes, one by one.
    let mut order: Vec<usize> = (0..cells.len()).collect();
    order.sort_by_key(|i| (cells[*i].size, *i));
    for i in order.iter().cycle().take(left as usize) {
        cells[*i].count += 1;
    }
    let mut first = 0;
    for cell in cells {
        cell.first = first;
        first += cell.count;
    }
}

/// What cells are drawn from.
pub struct Drawer<'a> {
    theorem: &'a Theorem,
    /// The scalars that an asymptotic claim moves: their values are never baked.
    moving: Vec<InputId>,
    /// The size variables that are sizes of raw inputs, rather than mere integers.
    sides: Vec<SizeVar>,
    /// The integers that size variables are compared with.
    compared: Vec<(SizeVar, i64)>,
    /// Whether every value of a range is as likely as any other, and none is tried on purpose.
    plain: bool,
}

impl<'a> Drawer<'a> {
    /// The drawer of a theorem.
    pub fn new(theorem: &'a Theorem) -> Self {
        let moving = theorem
            .claims
            .iter()
            .flat_map(|claim| &claim.parts)
            .filter_map(|part| match part {
                Part::Asymptotic { variable, .. } => Some(*variable),
                Part::Margin { .. } | Part::Iff { .. } => None,
            })
            .collect();
        let shapes = theorem.graph.inputs().iter().map(|input| &input.ty.shape);
        let sides = shapes.flat_map(|shape| [shape.rows().vars(), shape.cols().vars()]).flatten().collect();
        Drawer { theorem, moving, sides, compared: compared(&theorem.graph), plain: false }
    }

    /// Every case, when each input has finitely many values and there are not too many cases.
    fn all_cases(&self) -> Option<Vec<Cell>> {
        let mut cases = vec![Instance::default()];
        for variable in &self.theorem.variables {
            let mut next = Vec::new();
            for case in &cases {
                match (&variable.kind, &variable.range) {
                    (VariableKind::Size(size), Range::Integers(lo, hi)) => {
                        let (lo, hi) = (lo.eval(&case.sizes)?, hi.eval(&case.sizes)?);
                        if hi.checked_sub(lo)? >= MAX_CASES as i64 {
                            return None;
                        }
                        for value in lo..=hi {
                            let mut case = case.clone();
                            case.sizes.insert(size.clone(), value);
                            next.push(case);
                        }
                    }
                    (VariableKind::Scalar { input, .. }, Range::Finite(values)) if !self.moving.contains(input) => {
                        for value in values {
                            let mut case = case.clone();
                            case.constants.insert(*input, value.clone());
                            next.push(case);
                        }
                    }
                    (VariableKind::Size(size), Range::Finite(values)) => {
                        for value in values {
                            let mut case = case.clone();
                            case.sizes.insert(size.clone(), value.to_integer().to_i64()?);
                            next.push(case);
                        }
                    }
                    (VariableKind::Size(_) | VariableKind::Scalar { .. } | VariableKind::Member { .. }, _) => {
                        return None;
                    }
                }
            }
            if next.len() > MAX_CASES {
                return None;
            }
            cases = next;
        }
        if cases.is_empty() {
            return None;
        }
        let cell = |(number, instance): (usize, Instance)| {
            let scalars =
                instance.constants.iter().map(|(input, value)| (*input, ScalarDraw::Baked(value.clone()))).collect();
            // Constants have no raw numbers: the sizes themselves tell small cases from large ones.
            let size = instance.sizes.values().map(|n| n.abs()).sum();
            Cell { instance, scalars, size, first: number as u64, count: 1 }
        };
        Some(cases.into_iter().enumerate().map(cell).collect())
    }

    fn cell(&self, number: u64, attempt: u64, rng: &mut Rng) -> Result<Cell, NoDesign> {
        let mut instance = Instance::default();
        let mut scalars = Vec::new();
        for (place, variable) in self.theorem.variables.iter().enumerate() {
            let empty = || NoDesign::EmptyRange(variable.name.clone());
            match (&variable.kind, &variable.range) {
                (VariableKind::Size(size), Range::Integers(lo, hi)) => {
                    let end = |end: &Dim| {
                        end.value(&instance.sizes).map_err(|none| match none {
                            NoSize::TooLarge => NoDesign::TooLarge,
                            NoSize::Unknown | NoSize::NoInteger => empty(),
                        })
                    };
                    let (lo, hi) = (end(lo)?, end(hi)?);
                    if lo > hi {
                        return Err(empty());
                    }
                    let value = self.integer(size, (lo, hi), (number, attempt, place as u64), rng);
                    instance.sizes.insert(size.clone(), value);
                }
                (VariableKind::Size(size), Range::Finite(values)) => {
                    let value = in_turn(values, number, place, rng).ok_or_else(empty)?;
                    instance.sizes.insert(size.clone(), value.to_integer().to_i64().ok_or(NoDesign::TooLarge)?);
                }
                (VariableKind::Scalar { input, .. }, range) => {
                    let draw = self.scalar(*input, range, &instance, (number, place), rng).map_err(|_| empty())?;
                    if let ScalarDraw::Baked(value) = &draw {
                        instance.constants.insert(*input, value.clone());
                    }
                    scalars.push((*input, draw));
                }
                (VariableKind::Member { .. }, Range::Domain(domain)) if domain.is_empty(&instance.sizes) => {
                    return Err(empty());
                }
                (VariableKind::Member { .. } | VariableKind::Size(_), _) => {}
            }
        }
        let size = self.entries(&instance).ok_or(NoDesign::TooLarge)?;
        if size > MAX_ENTRIES {
            return Err(NoDesign::TooLarge);
        }
        Ok(Cell { instance, scalars, size, first: 0, count: 0 })
    }

    /// The raw numbers of a sample, a complex one counted as two.
    pub fn entries(&self, instance: &Instance) -> Option<i64> {
        let mut sum: i64 = 0;
        for input in self.theorem.graph.inputs() {
            // Sizes that nothing determines belong to inputs that nothing uses.
            let side = |dim: &Dim| match dim.value(&instance.sizes) {
                Ok(n) => Some(n),
                Err(NoSize::TooLarge) => None,
                Err(NoSize::Unknown | NoSize::NoInteger) => Some(0),
            };
            let entries = side(&input.ty.shape.rows())?.checked_mul(side(&input.ty.shape.cols())?)?;
            let parts = if input.ty.field == crate::ir::Field::Complex { 2 } else { 1 };
            sum = sum.checked_add(entries.checked_mul(parts)?)?;
        }
        Some(sum)
    }

    /// An integer from a range: both ends first, then every value, then small ones more often than large ones.
    fn integer(
        &self,
        var: &SizeVar,
        (lo, hi): (i64, i64),
        (number, attempt, place): (u64, u64, u64),
        rng: &mut Rng,
    ) -> i64 {
        if self.plain {
            return rng.random_range(lo..=hi);
        }
        let span = hi.saturating_sub(lo).saturating_add(1);
        match number {
            0 if attempt == 0 => return lo,
            1 if attempt == 0 => return hi,
            // Different steps for different variables, so that their values meet in many combinations.
            2..66 if attempt == 0 && span <= 64 => {
                return lo + ((number - 2).wrapping_mul(1 + 2 * place).wrapping_add(place) % span as u64) as i64;
            }
            // A long range is not gone through: what a condition singles out is tried on purpose.
            2..66 if attempt == 0 && number % 4 == 0 => {
                let within = self.compared.iter().filter(|(other, n)| other == var && (lo..=hi).contains(n));
                let within: Vec<i64> = within.map(|(_, n)| *n).collect();
                if !within.is_empty() {
                    return within[(number / 4) as usize % within.len()];
                }
            }
            _ => {}
        }
        if !self.sides.contains(var) {
            return match rng.random_range(0..3) {
                0 => rng.random_range(lo..=hi.min(lo.saturating_add(8))),
                1 => {
                    let scale = (span as f64).ln() * rng.random::<f64>();
                    lo.saturating_add(scale.exp() as i64 - 1).clamp(lo, hi)
                }
                _ => rng.random_range(lo..=hi),
            };
        }
        // Sizes by rejection with a weight that falls with the cube, as the work rises.
        for _ in 0..256 {
            let value = rng.random_range(lo..=hi.min(lo.saturating_add(255)));
            let ratio = value as f64 / 8.0;
            if rng.random::<f64>() < 1.0 / (1.0 + ratio * ratio * ratio) {
                return value;
            }
        }
        lo
    }

    fn scalar(
        &self,
        input: InputId,
        range: &Range,
        instance: &Instance,
        (number, place): (u64, usize),
        rng: &mut Rng,
    ) -> Result<ScalarDraw, NoDesign> {
        let moving = self.moving.contains(&input);
        let empty = NoDesign::EmptyRange(String::new());
        match range {
            Range::Finite(values) if moving => {
                Ok(ScalarDraw::Among(values.iter().filter_map(ToPrimitive::to_f64).collect()))
            }
            Range::Finite(values) => in_turn(values, number, place, rng).map(ScalarDraw::Baked).ok_or(empty),
            Range::Integers(lo, hi) => {
                let (lo, hi) = lo.eval(&instance.sizes).zip(hi.eval(&instance.sizes)).ok_or(empty.clone())?;
                if lo > hi {
                    return Err(empty);
                }
                let value = rng.random_range(lo..=hi);
                Ok(ScalarDraw::Baked(BigRational::from_integer(BigInt::from(value))))
            }
            Range::Interval(interval) => match evaluate::ends(&self.theorem.graph, interval, instance) {
                Ok(Some(ends)) if ends.is_empty() => Err(empty),
                Ok(Some(ends)) => {
                    let special = special_values(&ends);
                    // A third of the cells: enough to try every special value, few enough for a continuum of others.
                    if !moving && !self.plain && !special.is_empty() && rng.random_range(0..3) == 0 {
                        let first = rng.random_range(0..special.len());
                        let second = rng.random_range(0..special.len());
                        return Ok(ScalarDraw::Baked(special[first.min(second)].clone()));
                    }
                    Ok(ScalarDraw::Inside(ends))
                }
                Ok(None) => Ok(ScalarDraw::Computed(*interval)),
                Err(_) => Err(NoDesign::Ends(String::new())),
            },
            Range::Domain(_) => Err(empty),
        }
    }
}

/// The integers that size variables are compared with in a graph, each once.
fn compared(graph: &Graph) -> Vec<(SizeVar, i64)> {
    let mut found = Vec::new();
    for id in graph.ids_from(0).filter(|id| matches!(graph.op(*id), Op::Compare(_))) {
        let (a, b) = (graph.args(id)[0], graph.args(id)[1]);
        for (size, number) in [(a, b), (b, a)] {
            if let Op::Size(dim) = graph.op(size)
                && let [var] = dim.vars().as_slice()
                && *dim == Dim::var(var.clone())
                && let Some(n) = graph.constant_value(number).and_then(|n| n.to_integer().to_i64())
                && !found.contains(&(var.clone(), n))
            {
                found.push((var.clone(), n));
            }
        }
    }
    found
}

/// Each value of a finite set in turn, then at random.
fn in_turn(values: &[BigRational], number: u64, place: usize, rng: &mut Rng) -> Option<BigRational> {
    let count = values.len() as u64;
    if count == 0 {
        return None;
    }
    let index = if number < 4 * count { (number + place as u64) % count } else { rng.random_range(0..count) };
    values.get(index as usize).cloned()
}
