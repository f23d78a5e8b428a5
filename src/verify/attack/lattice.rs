//! Discrete inputs: raw numbers from small alphabets, and kernels of set partitions. Many false statements fail at 0/1
//! kernels, at signs, or at vectors of small integers, all of which are thin sets that no descent is drawn to.

use num_complex::Complex;
use rand::RngExt;

use super::field::Field;
use crate::check::{Theorem, VariableKind};
use crate::ir::{InputId, Range, Set};
use crate::verify::sample::{Numbers, Sample, Sampler};
use crate::verify::seed::{Rng, Stream};
use crate::verify::trial::Setting;

/// The most assignments of one kind that are tried at one arena, all of them where there are no more.
pub const MOST: u64 = 3000;

/// The modelled nanoseconds of looking at an assignment whose objective has no plan.
pub const COST: f64 = 2000.0;

/// A kind of discrete input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Every raw number from this alphabet.
    Alphabet(&'static [Complex<i8>]),
    /// Every column a unit vector: the kernel of a partition of the columns.
    Partitions,
}

const fn z(re: i8, im: i8) -> Complex<i8> {
    Complex { re, im }
}

/// The kinds for real inputs, and those for theorems with complex ones.
const REAL: &[Kind] = &[
    Kind::Partitions,
    Kind::Alphabet(&[z(0, 0), z(1, 0)]),
    Kind::Alphabet(&[z(1, 0), z(-1, 0)]),
    Kind::Alphabet(&[z(0, 0), z(1, 0), z(-1, 0)]),
    Kind::Alphabet(&[z(0, 0), z(1, 0), z(-1, 0), z(2, 0), z(-2, 0), z(3, 0)]),
];
const COMPLEX: &[Kind] = &[
    Kind::Partitions,
    Kind::Alphabet(&[z(1, 0), z(-1, 0), z(0, 1), z(0, -1)]),
    Kind::Alphabet(&[z(0, 0), z(1, 0), z(0, 1), z(-1, 0), z(0, -1)]),
];

impl Kind {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Alphabet(_) => "small integers",
            Kind::Partitions => "set partitions",
        }
    }
}

/// What is assigned: the main raw inputs of the members.
#[derive(Clone, Debug)]
pub struct Lattice {
    inputs: Vec<(InputId, bool)>,
}

impl Lattice {
    /// The members of a theorem.
    pub fn new(theorem: &Theorem) -> Lattice {
        let inputs = theorem.variables.iter().filter_map(|variable| match &variable.kind {
            VariableKind::Member { raw, .. } => {
                let columns = match &variable.range {
                    Range::Domain(domain) => {
                        matches!(domain.set, Set::Psd | Set::Pd | Set::Corr | Set::Density | Set::UnitCols | Set::Mat)
                    }
                    Range::Integers(..) | Range::Interval(_) | Range::Finite(_) => false,
                };
                raw.first().map(|input| (*input, columns))
            }
            VariableKind::Size(_) | VariableKind::Scalar { .. } => None,
        });
        Lattice { inputs: inputs.collect() }
    }

    /// The kinds worth trying.
    pub fn kinds(&self, theorem: &Theorem) -> Vec<Kind> {
        let complex = |input: &InputId| theorem.graph.inputs()[input.0 as usize].ty.field == crate::ir::Field::Complex;
        let kinds = if self.inputs.iter().any(|(input, _)| complex(input)) { COMPLEX } else { REAL };
        let partitions = self.inputs.iter().any(|(_, columns)| *columns);
        kinds.iter().copied().filter(|kind| partitions || *kind != Kind::Partitions).collect()
    }

    /// How many assignments of a kind there are for a sample of these sizes, as far as they can be counted.
    pub fn count(&self, kind: Kind, sample: &Sample, columns: &dyn Fn(InputId) -> usize) -> u64 {
        let mut count: u64 = 1;
        for (input, partitioned) in &self.inputs {
            let entries = len(&sample.inputs[input.0 as usize]);
            let mine = match kind {
                Kind::Alphabet(alphabet) => power(alphabet.len() as u64, entries as u64),
                Kind::Partitions if *partitioned => {
                    let n = columns(*input) as u64;
                    power(n.max(1), n.saturating_sub(1))
                }
                Kind::Partitions => 1,
            };
            count = count.saturating_mul(mine);
        }
        count
    }

    /// Writes the assignment with this number, or a random one, to the members of a sample.
    pub fn assign(
        &self,
        kind: Kind,
        mut number: Option<u64>,
        sample: &mut Sample,
        columns: &dyn Fn(InputId) -> usize,
        rng: &mut Rng,
    ) {
        for (input, partitioned) in &self.inputs {
            let cols = columns(*input);
            let mut digit = |base: u64, rng: &mut Rng| match &mut number {
                Some(number) => {
                    let digit = *number % base;
                    *number /= base;
                    digit
                }
                None => rng.random_range(0..base),
            };
            match kind {
                Kind::Alphabet(alphabet) => {
                    let mut letter = |rng: &mut Rng| alphabet[digit(alphabet.len() as u64, rng) as usize];
                    match &mut sample.inputs[input.0 as usize] {
                        Numbers::Real(numbers) => numbers.iter_mut().for_each(|x| *x = f64::from(letter(rng).re)),
                        Numbers::Complex(numbers) => numbers.iter_mut().for_each(|x| {
                            let z = letter(rng);
                            *x = Complex::new(f64::from(z.re), f64::from(z.im));
                        }),
                        Numbers::None => {}
                    }
                }
                Kind::Partitions if *partitioned => {
                    // The first column is in the first block; the numbers of the other blocks are names only, so that
                    // a partition comes up more than once, which costs less than telling them apart.
                    let entries = len(&sample.inputs[input.0 as usize]);
                    let rows = entries / cols.max(1);
                    for column in 0..cols {
                        let block = if column == 0 { 0 } else { digit(cols as u64, rng) as usize % rows.max(1) };
                        for row in 0..rows {
                            let x = if row == block { 1.0 } else { 0.0 };
                            match &mut sample.inputs[input.0 as usize] {
                                Numbers::Real(numbers) => numbers[row + column * rows] = x,
                                Numbers::Complex(numbers) => numbers[row + column * rows] = Complex::new(x, 0.0),
                                Numbers::None => {}
                            }
                        }
                    }
                }
                Kind::Partitions => {}
            }
        }
    }
}

/// A sample with numbers of the shapes that a field has; `None` when its ranges are empty.
pub fn blank(setting: &Setting<'_>, field: &Field) -> Option<Sample> {
    let mut sample = Sample::new(&setting.layout.graph);
    let mut sampler = Sampler::new(&setting.layout.graph, setting.groups, &field.cell)?;
    let mut rng = setting.key.generator(Stream::Attack, 0);
    sampler.draw(&mut sample, &mut rng).then_some(sample)
}

/// The number of entries.
fn len(numbers: &Numbers) -> usize {
    match numbers {
        Numbers::None => 0,
        Numbers::Real(numbers) => numbers.len(),
        Numbers::Complex(numbers) => numbers.len(),
    }
}

fn power(base: u64, exponent: u64) -> u64 {
    base.saturating_pow(u32::try_from(exponent).unwrap_or(u32::MAX))
}
