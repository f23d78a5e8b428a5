//! Exact inputs of a theorem: sizes, scalars as fractions, and members by the raw numbers of their charts or by their own
//! entries, all rational.

use num_bigint::BigInt;
use num_complex::Complex;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};

use crate::certify::Entries;
use crate::check::{Theorem, VariableKind};
use crate::ir::{Dim, Instance, Range, Set, Sizes};
use crate::verify::sample::{Numbers, Sample};

/// What a quantified name that is no size stands for.
#[derive(Clone, PartialEq, Debug)]
pub enum Given {
    /// A real scalar.
    Scalar(BigRational),
    /// The raw numbers of a member's chart, input by input, each column by column.
    Raw(Vec<Entries>),
    /// The entries of the member itself, column by column. That it is one of its set is to be checked.
    Exact(Entries),
}

/// Where a number stands in a point: a scalar, or one of the raw numbers of a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spot {
    /// The number of the quantified name.
    pub variable: usize,
    /// The block of its raw numbers; 0 for a scalar.
    pub block: usize,
    /// The entry of the block, column by column; 0 for a scalar.
    pub entry: usize,
    /// Whether it is the imaginary part of that entry.
    pub imaginary: bool,
}

impl Spot {
    /// Whether it is that of a name's only number.
    fn is_scalar(self) -> bool {
        (self.block, self.entry, self.imaginary) == (0, 0, false)
    }
}

/// A number that a point does not give exactly: it lies between what the point gives for it and another number, where an
/// equality among the hypotheses has a solution (see [`crate::certify::crosses`]).
#[derive(Clone, PartialEq, Debug)]
pub struct Loose {
    /// Which number.
    pub spot: Spot,
    /// The upper end.
    pub upper: BigRational,
}

/// An exact input of a theorem.
#[derive(Clone, PartialEq, Debug)]
pub struct Point {
    /// The sizes.
    pub sizes: Sizes,
    /// What each quantified name stands for, in the order of quantification; `None` for sizes.
    pub givens: Vec<Option<Given>>,
    /// The one number that is not exact, if any.
    pub loose: Option<Loose>,
}

/// How simple a point is: what comes first weighs more, and less is simpler.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Complexity {
    /// The sum of the sizes.
    sizes: i64,
    /// Members that are given by raw numbers of a chart that is no identity.
    charted: usize,
    /// The length of all numbers: 0 for a zero, else the bits of numerator and denominator.
    length: u64,
}

/// The length of a number as one would write it: the bits of numerator and denominator, where zeros at the end of a
/// decimal weigh less than other digits. A negative number is a little longer, so that of two kernels the one without
/// signs is simpler.
pub fn length(x: &BigRational) -> u64 {
    if x.is_zero() {
        return 0;
    }
    length_of_integer(x.numer()) + length_of_integer(x.denom()) - 1 + u64::from(x.is_negative())
}

fn length_of_integer(x: &BigInt) -> u64 {
    let ten = BigInt::from(10);
    let (mut rest, mut zeros) = (x.clone(), 0);
    while rest.is_multiple_of(&ten) && !rest.is_zero() {
        rest /= &ten;
        zeros += 1;
    }
    rest.bits() + if zeros > 0 { zeros + 2 } else { 0 }
}

/// The length of entries.
pub fn length_of(entries: &Entries) -> u64 {
    match entries {
        Entries::Real(entries) => entries.iter().map(length).sum(),
        Entries::Complex(entries) => entries.iter().map(|z| length(&z.re) + length(&z.im)).sum(),
    }
}

/// The exact value of a double.
pub fn exact(x: f64) -> Option<BigRational> {
    BigRational::from_float(x)
}

/// The nearest double.
pub fn nearest(x: &BigRational) -> f64 {
    x.to_f64().unwrap_or(f64::NAN)
}

/// Whether a set's chart is the identity: its raw numbers are its members' entries.
pub fn is_plain(set: Set) -> bool {
    match set {
        Set::Real | Set::Complex | Set::Vec | Set::Mat => true,
        Set::Sym
        | Set::Psd
        | Set::Pd
        | Set::Corr
        | Set::Density
        | Set::UnitCols
        | Set::UnitRows
        | Set::Stiefel
        | Set::Orthogonal
        | Set::Unitary
        | Set::Simplex
        | Set::Mask => false,
    }
}

/// A size at a point.
pub fn size(dim: &Dim, sizes: &Sizes) -> Option<usize> {
    dim.eval(sizes).and_then(|n| usize::try_from(n).ok())
}

/// Exact entries of sampled ones; `None` where one is not finite.
pub fn entries(numbers: &Numbers) -> Option<Entries> {
    match numbers {
        Numbers::None => None,
        Numbers::Real(x) => x.iter().map(|x| exact(*x)).collect::<Option<Vec<_>>>().map(Entries::Real),
        Numbers::Complex(x) => {
            let exact = x.iter().map(|z| Some(Complex::new(exact(z.re)?, exact(z.im)?)));
            exact.collect::<Option<Vec<_>>>().map(Entries::Complex)
        }
    }
}

/// The nearest doubles of exact entries.
pub fn rounded(entries: &Entries) -> Numbers {
    match entries {
        Entries::Real(x) => Numbers::Real(x.iter().map(nearest).collect()),
        Entries::Complex(x) => {
            Numbers::Complex(x.iter().map(|z| Complex::new(nearest(&z.re), nearest(&z.im))).collect())
        }
    }
}

impl Point {
    /// The point that a sample is. `None` when something of it was not drawn, or is not finite.
    pub fn of_sample(theorem: &Theorem, sample: &Sample, instance: &Instance) -> Option<Point> {
        let mut givens = Vec::with_capacity(theorem.variables.len());
        for variable in &theorem.variables {
            givens.push(match &variable.kind {
                VariableKind::Size(_) => None,
                VariableKind::Scalar { input, .. } => Some(Given::Scalar(match instance.constants.get(input) {
                    Some(value) => value.clone(),
                    None => match entries(&sample.inputs[input.0 as usize])? {
                        Entries::Real(mut value) if value.len() == 1 => value.remove(0),
                        Entries::Real(_) | Entries::Complex(_) => return None,
                    },
                })),
                VariableKind::Member { raw, .. } => {
                    let raw = raw.iter().map(|input| entries(&sample.inputs[input.0 as usize]));
                    Some(Given::Raw(raw.collect::<Option<Vec<_>>>()?))
                }
            });
        }
        Some(Point { sizes: instance.sizes.clone(), givens, loose: None })
    }

    /// One of its numbers.
    pub fn number(&self, spot: Spot) -> Option<&BigRational> {
        match self.givens.get(spot.variable)?.as_ref()? {
            Given::Scalar(value) => spot.is_scalar().then_some(value),
            Given::Raw(blocks) => match (blocks.get(spot.block)?, spot.imaginary) {
                (Entries::Real(entries), false) => entries.get(spot.entry),
                (Entries::Complex(entries), false) => entries.get(spot.entry).map(|z| &z.re),
                (Entries::Complex(entries), true) => entries.get(spot.entry).map(|z| &z.im),
                (Entries::Real(_), true) => None,
            },
            Given::Exact(_) => None,
        }
    }

    /// The place of one of its numbers.
    pub fn number_mut(&mut self, spot: Spot) -> Option<&mut BigRational> {
        match self.givens.get_mut(spot.variable)?.as_mut()? {
            Given::Scalar(value) => spot.is_scalar().then_some(value),
            Given::Raw(blocks) => match (blocks.get_mut(spot.block)?, spot.imaginary) {
                (Entries::Real(entries), false) => entries.get_mut(spot.entry),
                (Entries::Complex(entries), false) => entries.get_mut(spot.entry).map(|z| &mut z.re),
                (Entries::Complex(entries), true) => entries.get_mut(spot.entry).map(|z| &mut z.im),
                (Entries::Real(_), true) => None,
            },
            Given::Exact(_) => None,
        }
    }

    /// How simple it is.
    pub fn complexity(&self, theorem: &Theorem) -> Complexity {
        let sizes = self.sizes.values().sum();
        let (mut charted, mut length) = (0, 0);
        for (variable, given) in theorem.variables.iter().zip(&self.givens) {
            length += match given {
                None => 0,
                Some(Given::Scalar(x)) => self::length(x),
                Some(Given::Exact(entries)) => length_of(entries),
                Some(Given::Raw(raw)) => {
                    let plain = matches!(&variable.range, Range::Domain(domain) if is_plain(domain.set));
                    charted += usize::from(!plain);
                    raw.iter().map(length_of).sum()
                }
            };
        }
        Complexity { sizes, charted, length }
    }

    /// How many numbers it has.
    pub fn numbers(&self) -> usize {
        let count = |entries: &Entries| match entries {
            Entries::Real(x) => x.len(),
            Entries::Complex(x) => 2 * x.len(),
        };
        let of = |given: &Given| match given {
            Given::Scalar(_) => 1,
            Given::Raw(raw) => raw.iter().map(count).sum(),
            Given::Exact(entries) => count(entries),
        };
        self.givens.iter().flatten().map(of).sum()
    }
}
