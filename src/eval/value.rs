//! Views of the values of a workspace.

use super::real::{Element, Real};

/// The entries of a raw input, column by column.
#[derive(Debug)]
pub enum Entries<'a, T: Real> {
    /// Real entries.
    Real(&'a mut [T]),
    /// Complex entries.
    Complex(&'a mut [T::Complex]),
}

/// A raw input, to be written. Scalars have one row and one column, vectors one column.
#[derive(Debug)]
pub struct InputMut<'a, T: Real> {
    /// The number of rows.
    pub rows: usize,
    /// The number of columns.
    pub cols: usize,
    /// The entries, column by column.
    pub entries: Entries<'a, T>,
}

/// A value, to be read.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum ValueRef<'a, T: Real> {
    /// Real entries, column by column.
    Real {
        /// The number of rows.
        rows: usize,
        /// The number of columns.
        cols: usize,
        /// The entries.
        entries: &'a [T],
    },
    /// Complex entries, column by column.
    Complex {
        /// The number of rows.
        rows: usize,
        /// The number of columns.
        cols: usize,
        /// The entries.
        entries: &'a [T::Complex],
    },
    /// A truth value.
    Truth(bool),
}

impl<T: Real> ValueRef<'_, T> {
    /// Whether an entry is NaN.
    pub fn has_nan(&self) -> bool {
        match self {
            ValueRef::Real { entries, .. } => entries.iter().any(|x| x.is_nan()),
            ValueRef::Complex { entries, .. } => entries.iter().any(|x| x.not_a_number()),
            ValueRef::Truth(_) => false,
        }
    }
}
