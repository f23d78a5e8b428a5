//! The constructors by name: each a short way to [`Graph::make`], or a derived form written with it.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, ToPrimitive, Zero};

use super::dim::Dim;
use super::fact::Property;
use super::graph::{Graph, Mismatch, NodeId};
use super::op::{Axis, Basis, Comparison, Op, Part, Reduction, Zip};
use super::scalar::ScalarFn;
use super::ty::{Field, Shape};

pub(super) type Built = Result<NodeId, Mismatch>;

/// The greatest integer power of a positive semi-definite matrix that is written out as products: of a greater one the
/// spectrum costs less and loses less.
const MAX_PRODUCT_POWER: i64 = 64;

/// The greatest integer power of any other square matrix, by repeated squaring: two products for each bit.
const MAX_SQUARED_POWER: i64 = 1 << 20;

impl Graph {
    /// An exact real number.
    pub fn number(&mut self, value: BigRational) -> Built {
        self.make(Op::Constant(value), vec![])
    }

    /// A small integer.
    pub fn integer(&mut self, value: i64) -> Built {
        self.number(BigRational::from_integer(BigInt::from(value)))
    }

    /// A truth value.
    pub fn truth(&mut self, value: bool) -> Built {
        self.make(Op::Truth(value), vec![])
    }

    /// A size as a real number.
    pub fn size(&mut self, dim: Dim) -> Built {
        self.make(Op::Size(dim), vec![])
    }

    /// The identity matrix.
    pub fn eye(&mut self, n: Dim) -> Built {
        self.make(Op::Eye(n), vec![])
    }

    /// A value of the given shape with every entry equal to a scalar.
    pub fn fill(&mut self, scalar: NodeId, shape: Shape) -> Built {
        self.make(Op::Fill(shape), vec![scalar])
    }

    /// A scalar repeated into the shape of `x`.
    pub fn like(&mut self, scalar: NodeId, x: NodeId) -> Built {
        let shape = self.ty(x).shape.clone();
        self.fill(scalar, shape)
    }

    /// An entrywise operation of two values.
    pub fn zip(&mut self, zip: Zip, x: NodeId, y: NodeId) -> Built {
        self.make(Op::Zip(zip), vec![x, y])
    }

    /// The sum of two values of one shape.
    pub fn add(&mut self, x: NodeId, y: NodeId) -> Built {
        self.zip(Zip::Add, x, y)
    }

    /// The difference of two values of one shape.
    pub fn sub(&mut self, x: NodeId, y: NodeId) -> Built {
        self.zip(Zip::Sub, x, y)
    }

    /// The language's `x * y`: a multiple where one is a scalar, the matrix product otherwise.
    pub fn multiply(&mut self, x: NodeId, y: NodeId) -> Built {
        let scalar = |g: &Graph, id| g.ty(id).shape == Shape::Scalar;
        if scalar(self, x) || scalar(self, y) { self.zip(Zip::Mul, x, y) } else { self.make(Op::MatMul, vec![x, y]) }
    }

    /// −x
    pub fn neg(&mut self, x: NodeId) -> Built {
        self.map(ScalarFn::Neg, x)
    }

    /// The conjugate transpose.
    pub fn adjoint(&mut self, x: NodeId) -> Built {
        self.make(Op::Adjoint, vec![x])
    }

    /// The transpose without conjugation.
    pub fn transpose(&mut self, x: NodeId) -> Built {
        self.make(Op::Transpose, vec![x])
    }

    /// A part of every entry.
    pub fn part(&mut self, part: Part, x: NodeId) -> Built {
        self.make(Op::Part(part), vec![x])
    }

    /// The modulus of every entry.
    pub fn abs(&mut self, x: NodeId) -> Built {
        self.part(Part::Abs, x)
    }

    /// The squared modulus of every entry.
    pub fn abs2(&mut self, x: NodeId) -> Built {
        self.part(Part::Abs2, x)
    }

    /// A reduction.
    pub fn reduce(&mut self, reduction: Reduction, axis: Axis, x: NodeId) -> Built {
        self.make(Op::Reduce(reduction, axis), vec![x])
    }

    /// The sum of all entries.
    pub fn sum(&mut self, x: NodeId) -> Built {
        self.reduce(Reduction::Sum, Axis::All, x)
    }

    /// The number of entries.
    pub fn numel(&mut self, x: NodeId) -> Built {
        let shape = self.ty(x).shape.clone();
        let count = shape.rows().mul(&shape.cols()).ok_or_else(|| Mismatch::BadSize(shape.rows()))?;
        self.size(count)
    }

    /// The trace of a square matrix; real for a Hermitian one.
    pub fn trace(&mut self, a: NodeId) -> Built {
        let real = self.has(a, Property::Hermitian);
        let diagonal = self.make(Op::DiagonalOf, vec![a])?;
        let trace = self.sum(diagonal)?;
        if real { self.part(Part::Re, trace) } else { Ok(trace) }
    }

    /// tr(A'B) = Σ conj(a) b, the inner product of Frobenius; of two vectors, v'w.
    pub fn inner(&mut self, a: NodeId, b: NodeId) -> Built {
        let conj = self.make(Op::Conj, vec![a])?;
        let both = self.zip(Zip::Mul, conj, b)?;
        let sum = self.sum(both)?;
        let real = self.has(a, Property::Hermitian) && self.has(b, Property::Hermitian);
        if real { self.part(Part::Re, sum) } else { Ok(sum) }
    }

    /// The Frobenius norm, or the Euclidean norm of a vector.
    pub fn norm(&mut self, a: NodeId) -> Built {
        let squares = self.abs2(a)?;
        let sum = self.sum(squares)?;
        self.map(ScalarFn::Sqrt, sum)
    }

    /// A comparison of real scalars.
    pub fn compare(&mut self, comparison: Comparison, a: NodeId, b: NodeId) -> Built {
        self.make(Op::Compare(comparison), vec![a, b])
    }

    /// The Löwner order: λ_min(b − a) ≥ 0.
    pub fn loewner_le(&mut self, a: NodeId, b: NodeId) -> Built {
        let difference = self.sub(b, a)?;
        let eigenvalues = self.make(Op::Eigenvalues, vec![difference])?;
        let least = self.reduce(Reduction::Min, Axis::All, eigenvalues)?;
        let zero = self.integer(0)?;
        self.compare(Comparison::Le, zero, least)
    }

    /// Equality of two values of one shape, matrices and complex numbers included: the largest difference is 0.
    pub fn equal(&mut self, a: NodeId, b: NodeId) -> Built {
        if self.ty(a).is_real_scalar() && self.ty(b).is_real_scalar() {
            return self.compare(Comparison::Eq, a, b);
        }
        let difference = self.sub(a, b)?;
        let moduli = self.abs(difference)?;
        let largest = self.reduce(Reduction::Max, Axis::All, moduli)?;
        let zero = self.integer(0)?;
        self.compare(Comparison::Eq, largest, zero)
    }

    /// The exponent of a matrix power that is written out as products, which no matrix is too general for.
    pub fn power_of_products(&self, a: NodeId, exponent: NodeId) -> Option<i64> {
        let value = self.constant_value(exponent).filter(|p| p.is_integer())?;
        let greatest = if self.has(a, Property::Psd) { MAX_PRODUCT_POWER } else { MAX_SQUARED_POWER };
        value.to_integer().to_i64().filter(|p| (-greatest..=greatest).contains(p))
    }

    /// The matrix power: products for an integer exponent that is not too large (through the inverse for a negative one),
    /// the spectral function otherwise, which needs a Hermitian matrix.
    pub fn matrix_power(&mut self, a: NodeId, exponent: NodeId) -> Built {
        if !self.ty(a).shape.is_square() {
            return Err(Mismatch::NeedsSquare(0));
        }
        match self.power_of_products(a, exponent) {
            Some(p) => {
                let base = if p < 0 { self.make(Op::Inverse, vec![a])? } else { a };
                self.repeated_product(base, p.unsigned_abs(), &mut BTreeMap::new())
            }
            None => self.make(Op::Spectral(ScalarFn::Pow), vec![a, exponent]),
        }
    }

    /// a^p = a^⌈p/2⌉ a^⌊p/2⌋, so that the trace of the last product needs no further product. Halving meets at most two
    /// exponents at each step, each of which is made once.
    fn repeated_product(&mut self, a: NodeId, p: u64, made: &mut BTreeMap<u64, NodeId>) -> Built {
        if let Some(power) = made.get(&p) {
            return Ok(*power);
        }
        let power = match p {
            0 => {
                let n = self.ty(a).shape.rows();
                self.eye(n)?
            }
            1 => a,
            _ => {
                let more = self.repeated_product(a, p.div_ceil(2), made)?;
                let less = self.repeated_product(a, p / 2, made)?;
                self.make(Op::MatMul, vec![more, less])?
            }
        };
        made.insert(p, power);
        Ok(power)
    }

    /// A matrix with its diagonal set to 0.
    pub fn offdiag(&mut self, a: NodeId) -> Built {
        let diagonal = self.make(Op::DiagonalOf, vec![a])?;
        let matrix = self.make(Op::DiagonalMatrix, vec![diagonal])?;
        self.sub(a, matrix)
    }

    /// exp(x − logsumexp x) along an axis; over all entries for [`Axis::All`].
    pub fn softmax(&mut self, axis: Axis, x: NodeId) -> Built {
        let log = self.reduce(Reduction::LogSumExp, axis, x)?;
        let shape = self.ty(x).shape.clone();
        let log = match axis {
            Axis::All => self.fill(log, shape)?,
            Axis::Rows => self.make(Op::Broadcast(Axis::Rows, shape.cols()), vec![log])?,
            Axis::Cols => self.make(Op::Broadcast(Axis::Cols, shape.rows()), vec![log])?,
        };
        let shifted = self.sub(x, log)?;
        self.map(ScalarFn::Exp, shifted)
    }

    /// A node with more known of it: the same node where nothing new is.
    pub fn annotate(&mut self, x: NodeId, properties: &[Property], basis: Basis) -> Built {
        let new: Vec<Property> = properties.iter().copied().filter(|p| !self.has(x, *p)).collect();
        if new.is_empty() { Ok(x) } else { self.make(Op::Annotate(new, basis), vec![x]) }
    }

    /// A node that stands for a quantified name: everything said of the name is built on it, and on nothing below it, so
    /// that another value can be put in its place.
    pub fn named(&mut self, x: NodeId) -> Built {
        if matches!(self.op(x), Op::Input(_)) {
            return Ok(x);
        }
        self.make(Op::Annotate(Vec::new(), Basis::Construction), vec![x])
    }

    /// The node's exact value if it is the constant 0 or 1.
    pub(super) fn is_number(&self, id: NodeId, value: i64) -> bool {
        match value {
            0 => self.constant_value(id).is_some_and(Zero::is_zero),
            1 => self.constant_value(id).is_some_and(One::is_one),
            _ => self.constant_value(id).is_some_and(|v| *v == BigRational::from_integer(BigInt::from(value))),
        }
    }

    /// Whether the node's entries are complex.
    pub fn is_complex(&self, id: NodeId) -> bool {
        self.ty(id).field == Field::Complex
    }
}
