//! Types: a field and a shape with symbolic sizes, or a condition.

use std::fmt;

use super::dim::Dim;

/// Real numbers, complex numbers, or truth values.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Field {
    /// Real numbers.
    Real,
    /// Complex numbers.
    Complex,
    /// Truth values, always of scalar shape.
    Truth,
}

/// How entries are arranged.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Shape {
    /// One number.
    Scalar,
    /// A column of n numbers.
    Vector(Dim),
    /// Rows × columns.
    Matrix(Dim, Dim),
}

impl Shape {
    /// The number of rows; a scalar has one.
    pub fn rows(&self) -> Dim {
        match self {
            Shape::Scalar => Dim::constant(1),
            Shape::Vector(n) | Shape::Matrix(n, _) => n.clone(),
        }
    }

    /// The number of columns; scalars and vectors have one.
    pub fn cols(&self) -> Dim {
        match self {
            Shape::Scalar | Shape::Vector(_) => Dim::constant(1),
            Shape::Matrix(_, n) => n.clone(),
        }
    }

    /// The shape with every size replaced.
    ///
    /// # Errors
    /// What `new` gives.
    pub fn with_sizes<E>(&self, new: &impl Fn(&Dim) -> Result<Dim, E>) -> Result<Shape, E> {
        Ok(match self {
            Shape::Scalar => Shape::Scalar,
            Shape::Vector(n) => Shape::Vector(new(n)?),
            Shape::Matrix(m, n) => Shape::Matrix(new(m)?, new(n)?),
        })
    }

    /// Whether the matrix is square as its sizes are written.
    pub fn is_square(&self) -> bool {
        matches!(self, Shape::Matrix(m, n) if m == n)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Scalar => f.write_str("scalar"),
            Shape::Vector(n) => write!(f, "vector of size {n}"),
            Shape::Matrix(m, n) => write!(f, "{m} × {n} matrix"),
        }
    }
}

/// The type of a node.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Type {
    /// What the entries are.
    pub field: Field,
    /// How they are arranged.
    pub shape: Shape,
}

impl Type {
    /// A real value of this shape.
    pub fn real(shape: Shape) -> Self {
        Type { field: Field::Real, shape }
    }

    /// A complex value of this shape.
    pub fn complex(shape: Shape) -> Self {
        Type { field: Field::Complex, shape }
    }

    /// A condition.
    pub fn truth() -> Self {
        Type { field: Field::Truth, shape: Shape::Scalar }
    }

    /// Whether this is a single real number.
    pub fn is_real_scalar(&self) -> bool {
        self.field == Field::Real && self.shape == Shape::Scalar
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            Field::Real => write!(f, "real {}", self.shape),
            Field::Complex => write!(f, "complex {}", self.shape),
            Field::Truth => f.write_str("condition"),
        }
    }
}
