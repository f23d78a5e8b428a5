//! The closed set of operations.
//!
//! Everything else in the language (trace, norms, entropies, losses, the Löwner order) is built from these. A `match`
//! on [`Op`] names every variant, so that the compiler lists each place that a new operation touches.

use num_rational::BigRational;

use super::dim::Dim;
use super::fact::Property;
use super::scalar::ScalarFn;
use super::ty::Shape;

/// A raw input of a graph, by its number in [`super::Graph::inputs`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct InputId(pub u32);

/// The directions of a reduction, named as in the language.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Axis {
    /// One value for everything.
    All,
    /// One value per row.
    Rows,
    /// One value per column.
    Cols,
}

/// The reductions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Reduction {
    /// Σ x
    Sum,
    /// max x
    Max,
    /// min x
    Min,
    /// log Σ exp x, by the shifted form that cannot overflow.
    LogSumExp,
}

/// Entrywise operations on two values of one shape, or on a scalar and a value where the operation allows it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Zip {
    /// x + y
    Add,
    /// x − y
    Sub,
    /// x y; a scalar operand multiplies every entry.
    Mul,
    /// x / y; a scalar operand divides or is divided by every entry.
    Div,
    /// min(x, y); real.
    Min,
    /// max(x, y); real.
    Max,
}

/// A factor of a product of two.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Side {
    /// The first.
    Left,
    /// The second.
    Right,
}

/// Parts of complex numbers. On real values the parser's functions fold away.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Part {
    /// The real part.
    Re,
    /// The imaginary part.
    Im,
    /// The modulus.
    Abs,
    /// The squared modulus.
    Abs2,
}

/// Comparisons of real scalars. The others are these with the sides exchanged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Comparison {
    /// a < b
    Lt,
    /// a ≤ b
    Le,
    /// a = b
    Eq,
    /// a ≠ b
    Ne,
}

/// What an [`Op::Annotate`] rests on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Basis {
    /// The construction guarantees it: the map of a domain, or a promise of the library.
    Construction,
    /// It is a requirement, to be tested on every evaluation.
    Tested,
}

/// What kind of operation one is: the headings under which they stand in [`Op`].
///
/// A treatment to which most operations of a kind are alike matches on `(op.kind(), op)`: its last arms name kinds, so that
/// a new operation is treated as its kind is, and a new kind is met by the compiler everywhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// No operands: inputs, numbers, truth values, sizes, identity matrices.
    Leaf,
    /// Each entry of the result is made of the entries in its place.
    Entries,
    /// Each entry of the result is one of an operand's, or 0.
    Arrangement,
    /// Products, and what is made of many entries by sums and extremes.
    Contraction,
    /// What needs eigenvalues, singular values or a factorisation.
    Decomposition,
    /// Truth values of values and of each other, and choices by them.
    Condition,
    /// The identity, with something known, tested or stopped.
    Mark,
}

/// An operation. The comment of each gives its operands.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Op {
    // Leaves.
    /// A raw input.
    Input(InputId),
    /// An exact real number.
    Constant(BigRational),
    /// A truth value.
    Truth(bool),
    /// The imaginary unit.
    ImaginaryUnit,
    /// π
    Pi,
    /// +∞
    Infinity,
    /// A size, as a real number.
    Size(Dim),
    /// The identity matrix.
    Eye(Dim),

    // Entries.
    /// (scalar): the shape with every entry equal to it.
    Fill(Shape),
    /// (x) or (x, parameter): a scalar function of every entry.
    Map(ScalarFn),
    /// (x): a part of every complex entry, or |x| and |x|² of real ones.
    Part(Part),
    /// (x): a real value as a complex one.
    Complexify,
    /// (x, y)
    Zip(Zip),

    // Arrangement.
    /// (A): the conjugate transpose; of a vector, a single row.
    Adjoint,
    /// (A): the transpose without conjugation.
    Transpose,
    /// (A): every entry conjugated.
    Conj,
    /// (A): the diagonal of a square matrix, as a vector.
    DiagonalOf,
    /// (v): the diagonal matrix.
    DiagonalMatrix,
    /// (v): `Rows`: the matrix whose rows are constant, entry (i, j) = v_i, with this many columns; `Cols`: entry
    /// (i, j) = v_j, with this many rows.
    Broadcast(Axis, Dim),
    /// (blocks, row by row): a matrix of this many block rows and block columns; scalars are 1 × 1 blocks.
    Block(u32, u32),
    /// (scalars): a vector.
    Stack,
    /// (A, i, j) or (v, i): an entry, from 1.
    Entry,
    /// (s, i, j) or (s, i): the value of this shape that is the scalar s there and 0 elsewhere: the adjoint of `Entry`.
    OneHot(Shape),
    /// (A): the part of this shape that begins below so many rows and to the right of so many columns: the adjoint of
    /// `Block`.
    Slice(Dim, Dim, Shape),

    // Contractions.
    /// (A, B): the matrix product.
    MatMul,
    /// (A, B): the Kronecker product.
    Kron,
    /// (M, B): the factor of this shape on the given side in the adjoint of the Kronecker product: with B on the right,
    /// entry (i, j) is Σ_kl conj(b_kl) m_(ik)(jl), the inner product of B with block (i, j) of M. For B = I it is a
    /// partial trace.
    PartialInner(Side, Shape),
    /// (x)
    Reduce(Reduction, Axis),

    // Decompositions.
    /// (A): the eigenvalues of a Hermitian matrix, ascending.
    Eigenvalues,
    /// (A): the singular values, descending.
    SingularValues,
    /// (A) or (A, parameter): a scalar function of a Hermitian matrix.
    Spectral(ScalarFn),
    /// (A, w): Σ w_i v_i v_i', A Hermitian with the eigenvectors v_i, in the order of the ascending eigenvalues.
    EigenSum,
    /// (A, H) or (A, H, parameter): the derivative of a spectral function at the Hermitian matrix A in the direction H,
    /// V (F ∘ (V'HV)) V' with the Loewner matrix F of its divided differences (Daleckii and Krein 1965). As a map of H
    /// it is its own adjoint.
    Frechet(ScalarFn),
    /// (A, w): Σ w_i u_i v_i' over the singular values of A that are not zero (by the rule of `Rank`), in the order of the
    /// descending singular values.
    SingularSum,
    /// (A): log det A; −∞ for singular positive semi-definite A; undefined where det A < 0.
    LogDet,
    /// (A): the determinant.
    Det,
    /// (A): the inverse.
    Inverse,
    /// (A): the adjugate, det(A) A^(−1) continued to singular matrices.
    Adjugate,
    /// (A): the number of singular values above n ε σ_max.
    Rank,

    // Conditions.
    /// (a, b): a comparison of real scalars.
    Compare(Comparison),
    /// (p, q)
    And,
    /// (p, q)
    Or,
    /// (p)
    Not,
    /// (p, x, y): x where p holds and y elsewhere; the other is not evaluated.
    Select,

    // Marks: identities that carry knowledge or stop it.
    /// (x): x, through which no gradient flows.
    StopGradient,
    /// (x): x, with these properties.
    Annotate(Vec<Property>, Basis),
    /// (x, p): x, where p holds; an error on evaluation where it does not.
    Require,
}

impl Op {
    /// The heading under which the operation stands.
    pub fn kind(&self) -> Kind {
        match self {
            Op::Input(_)
            | Op::Constant(_)
            | Op::Truth(_)
            | Op::ImaginaryUnit
            | Op::Pi
            | Op::Infinity
            | Op::Size(_)
            | Op::Eye(_) => Kind::Leaf,
            Op::Fill(_) | Op::Map(_) | Op::Part(_) | Op::Complexify | Op::Zip(_) => Kind::Entries,
            Op::Adjoint
            | Op::Transpose
            | Op::Conj
            | Op::DiagonalOf
            | Op::DiagonalMatrix
            | Op::Broadcast(..)
            | Op::Block(..)
            | Op::Stack
            | Op::Entry
            | Op::OneHot(_)
            | Op::Slice(..) => Kind::Arrangement,
            Op::MatMul | Op::Kron | Op::PartialInner(..) | Op::Reduce(..) => Kind::Contraction,
            Op::Eigenvalues
            | Op::SingularValues
            | Op::Spectral(_)
            | Op::EigenSum
            | Op::Frechet(_)
            | Op::SingularSum
            | Op::LogDet
            | Op::Det
            | Op::Inverse
            | Op::Adjugate
            | Op::Rank => Kind::Decomposition,
            Op::Compare(_) | Op::And | Op::Or | Op::Not | Op::Select => Kind::Condition,
            Op::StopGradient | Op::Annotate(..) | Op::Require => Kind::Mark,
        }
    }
}
