//! What goes in: exact raw inputs; and what comes out: enclosures.

use std::collections::BTreeMap;
use std::fmt;

use num_complex::Complex;
use num_rational::BigRational;
use num_traits::Zero;

use super::float::{Float, Round};
use super::interval::Interval;
use crate::ir::InputId;

/// The exact entries of a raw input, column by column.
#[derive(Clone, PartialEq, Debug)]
pub enum Entries {
    /// Real entries.
    Real(Vec<BigRational>),
    /// Complex entries.
    Complex(Vec<Complex<BigRational>>),
}

impl Entries {
    /// The number of entries.
    pub fn len(&self) -> usize {
        match self {
            Entries::Real(entries) => entries.len(),
            Entries::Complex(entries) => entries.len(),
        }
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The raw inputs of a graph, exactly.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Inputs {
    values: BTreeMap<InputId, Entries>,
}

/// The exact value of a finite `f64`; 0 for others, which [`Inputs`] never stores.
fn exact(x: f64) -> Option<BigRational> {
    Float::from_f64(x)?.to_rational()
}

impl Inputs {
    /// No inputs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a real input its entries, column by column. An entry that is not finite leaves the input without a value.
    pub fn real(&mut self, input: InputId, entries: &[f64]) -> &mut Self {
        if let Some(entries) = entries.iter().map(|x| exact(*x)).collect::<Option<Vec<_>>>() {
            self.values.insert(input, Entries::Real(entries));
        }
        self
    }

    /// Gives a complex input its entries `(re, im)`, column by column, on the same terms.
    pub fn complex(&mut self, input: InputId, entries: &[(f64, f64)]) -> &mut Self {
        let entries = entries.iter().map(|(re, im)| Some(Complex::new(exact(*re)?, exact(*im)?)));
        if let Some(entries) = entries.collect::<Option<Vec<_>>>() {
            self.values.insert(input, Entries::Complex(entries));
        }
        self
    }

    /// Gives an input exact entries.
    pub fn set(&mut self, input: InputId, entries: Entries) -> &mut Self {
        self.values.insert(input, entries);
        self
    }

    /// The entries of an input; complex ones for a complex input even where they were given as real ones.
    pub(super) fn get(&self, input: InputId, complex: bool) -> Option<Entries> {
        Some(match (self.values.get(&input)?, complex) {
            (Entries::Real(entries), true) => {
                Entries::Complex(entries.iter().map(|x| Complex::new(x.clone(), BigRational::zero())).collect())
            }
            (entries, _) => entries.clone(),
        })
    }
}

/// What is known of a value.
#[derive(Clone, PartialEq, Debug)]
pub enum Enclosure {
    /// A real number between two others, which may be infinite; everything where the value may be undefined.
    Real {
        /// At most the value.
        lo: f64,
        /// At least the value.
        hi: f64,
        /// The lower end to more digits than `lo` has, rounded down.
        lo_decimal: String,
        /// The upper end to more digits than `hi` has, rounded up.
        hi_decimal: String,
    },
    /// A truth value, where it was decided.
    Truth(Option<bool>),
    /// The entries of a vector or a matrix, column by column; of complex ones the real and the imaginary parts in turn.
    Entries(Vec<Enclosure>),
}

impl Enclosure {
    /// What is seen of an interval, with this many decimal digits.
    pub(super) fn of(x: &Interval, digits: u32) -> Self {
        Enclosure::Real {
            lo: x.lo.to_f64(Round::Down),
            hi: x.hi.to_f64(Round::Up),
            lo_decimal: x.lo.to_decimal(digits, Round::Down),
            hi_decimal: x.hi.to_decimal(digits, Round::Up),
        }
    }

    /// The ends of an enclosed real number.
    pub fn bounds(&self) -> Option<(f64, f64)> {
        match self {
            Enclosure::Real { lo, hi, .. } => Some((*lo, *hi)),
            Enclosure::Truth(_) | Enclosure::Entries(_) => None,
        }
    }
}

impl fmt::Display for Enclosure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Enclosure::Real { lo_decimal, hi_decimal, .. } => write!(f, "[{lo_decimal}, {hi_decimal}]"),
            Enclosure::Truth(Some(truth)) => write!(f, "{truth}"),
            Enclosure::Truth(None) => f.write_str("undecided"),
            Enclosure::Entries(entries) => {
                f.write_str("(")?;
                for (i, entry) in entries.iter().enumerate() {
                    write!(f, "{}{entry}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str(")")
            }
        }
    }
}
