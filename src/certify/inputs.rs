//! What goes in: exact raw inputs; and what comes out: enclosures.

use std::collections::BTreeMap;
use std::fmt;

use num_complex::Complex;
use num_rational::BigRational;
use num_traits::Zero;

use super::complex::Complex as Rectangle;
use super::float::{Float, Round};
use super::interval::Interval;
use super::matrix::{Matrix, Value};
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

/// One number among the inputs that is known to lie between two others only: the entry itself, which is the lower end, and
/// the upper end.
#[derive(Clone, PartialEq, Debug)]
pub struct Between {
    /// The input.
    pub input: InputId,
    /// The entry, column by column.
    pub entry: usize,
    /// Whether it is the imaginary part of the entry.
    pub imaginary: bool,
    /// The upper end.
    pub upper: BigRational,
}

/// The raw inputs of a graph, exactly, but for one number at most that lies between two.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Inputs {
    values: BTreeMap<InputId, Entries>,
    between: Option<Between>,
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

    /// Lets a number lie anywhere between its entry and another number.
    pub fn between(&mut self, between: Between) -> &mut Self {
        self.between = Some(between);
        self
    }

    /// The number that lies between two.
    pub fn loose(&self) -> Option<&Between> {
        self.between.as_ref()
    }

    /// The inputs with the one number that lies between two at its lower end, and at its upper end. `None` where all are
    /// exact, or it is no number of an input.
    pub(super) fn ends(&self) -> Option<(Inputs, Inputs)> {
        let Between { input, entry, imaginary, upper } = self.between.as_ref()?;
        let lower = Inputs { values: self.values.clone(), between: None };
        let mut higher = lower.clone();
        match higher.values.get_mut(input)? {
            Entries::Real(entries) if !imaginary => *entries.get_mut(*entry)? = upper.clone(),
            Entries::Complex(entries) if *imaginary => entries.get_mut(*entry)?.im = upper.clone(),
            Entries::Complex(entries) => entries.get_mut(*entry)?.re = upper.clone(),
            Entries::Real(_) => return None,
        }
        Some((lower, higher))
    }

    /// Whether an input was given any value.
    pub(super) fn is_given(&self, input: InputId) -> bool {
        self.values.contains_key(&input)
    }

    /// The enclosures of the entries of the input whose one number lies between two.
    pub(super) fn enclosed(&self, input: InputId, (rows, cols): (usize, usize), p: u64) -> Option<Value> {
        self.between.as_ref().filter(|between| between.input == input)?;
        let (lower, higher) = self.ends()?;
        let real =
            |x: &BigRational, y: &BigRational| Interval::from_rational(x, p).hull(&Interval::from_rational(y, p));
        Some(match (lower.values.get(&input)?, higher.values.get(&input)?) {
            (Entries::Real(x), Entries::Real(y)) if x.len() == rows * cols => {
                Value::Real(Matrix { rows, cols, data: x.iter().zip(y).map(|(x, y)| real(x, y)).collect() })
            }
            (Entries::Complex(x), Entries::Complex(y)) if x.len() == rows * cols => {
                let entry =
                    |(x, y): (&Complex<_>, &Complex<_>)| Rectangle { re: real(&x.re, &y.re), im: real(&x.im, &y.im) };
                Value::Complex(Matrix { rows, cols, data: x.iter().zip(y).map(entry).collect() })
            }
            (Entries::Real(_) | Entries::Complex(_), _) => return None,
        })
    }

    /// The exact entries of an input; complex ones for a complex input even where they were given as real ones.
    pub(super) fn get(&self, input: InputId, complex: bool) -> Option<Entries> {
        if self.between.as_ref().is_some_and(|between| between.input == input) {
            return None;
        }
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
