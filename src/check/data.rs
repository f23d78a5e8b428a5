//! Numbers from outside, as inputs of a graph.

use num_complex::Complex;

use crate::ir::{Dim, Fact, Facts, Field, Property, Shape, Type};

/// The entries of loaded data, column by column.
#[derive(Clone, PartialEq, Debug)]
pub enum Entries {
    /// Real numbers.
    Real(Vec<f64>),
    /// Complex numbers.
    Complex(Vec<Complex<f64>>),
}

/// A scalar, vector or matrix of numbers from outside.
#[derive(Clone, PartialEq, Debug)]
pub struct Data {
    /// How the entries are arranged; every size is known.
    pub shape: Shape,
    /// The entries, column by column.
    pub entries: Entries,
    /// The spacing of the numbers that the data came in: `f32::EPSILON` for single precision. Requirements are tested
    /// with a tolerance that allows for it.
    pub epsilon: f64,
}

impl Data {
    /// A matrix from its entries, column by column.
    pub fn matrix(rows: usize, cols: usize, entries: Entries) -> Self {
        let shape = Shape::Matrix(Dim::constant(rows as i64), Dim::constant(cols as i64));
        Data { shape, entries, epsilon: f64::EPSILON }
    }

    /// Field and shape.
    pub fn ty(&self) -> Type {
        let field = match self.entries {
            Entries::Real(_) => Field::Real,
            Entries::Complex(_) => Field::Complex,
        };
        Type { field, shape: self.shape.clone() }
    }

    /// What the numbers themselves decide exactly. What holds only up to rounding is tested on evaluation instead.
    pub fn facts(&self) -> Facts {
        const WHY: &str = "seen in the data";
        let mut facts = Facts::new();
        let rows = self.shape.rows().as_constant().unwrap_or(0) as usize;
        let cols = self.shape.cols().as_constant().unwrap_or(0) as usize;
        let entry = |i: usize, j: usize| match &self.entries {
            Entries::Real(values) => Complex::new(values[j * rows + i], 0.0),
            Entries::Complex(values) => values[j * rows + i],
        };
        let finite = match &self.entries {
            Entries::Real(values) => values.iter().all(|x| x.is_finite()),
            Entries::Complex(values) => values.iter().all(|x| x.re.is_finite() && x.im.is_finite()),
        };
        facts.learn(Property::Finite, Fact::decided(finite), WHY);
        if let Entries::Real(values) = &self.entries {
            facts.learn(Property::Nonnegative, Fact::yes_if(values.iter().all(|x| *x >= 0.0)), WHY);
            facts.learn(Property::Positive, Fact::yes_if(values.iter().all(|x| *x > 0.0)), WHY);
            facts.learn(Property::ZeroOne, Fact::yes_if(values.iter().all(|x| *x == 0.0 || *x == 1.0)), WHY);
        }
        if matches!(self.shape, Shape::Matrix(..)) && rows == cols {
            let hermitian = (0..rows).all(|i| (0..=i).all(|j| entry(i, j) == entry(j, i).conj()));
            facts.learn(Property::Hermitian, Fact::yes_if(hermitian), WHY);
            let unit = (0..rows).all(|i| entry(i, i) == Complex::new(1.0, 0.0));
            facts.learn(Property::UnitDiagonal, Fact::yes_if(unit), WHY);
        }
        facts
    }
}
