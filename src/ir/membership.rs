//! What it takes to have a property, as conditions: where nothing is known of a value, samples and certificates decide.

use num_rational::BigRational;

use super::build::Built;
use super::fact::Property;
use super::graph::{Graph, NodeId};
use super::op::{Axis, Basis, Comparison, Op, Reduction};
use super::scalar::ScalarFn;
use super::ty::Shape;

impl Graph {
    /// The condition that a value has a property; a true one where that is known.
    ///
    /// # Errors
    /// When the value has no shape that the property could be about, such as a rectangle for a Hermitian matrix.
    pub fn property_condition(&mut self, x: NodeId, property: Property) -> Built {
        if self.certain(x, property) {
            return self.truth(true);
        }
        match property {
            Property::Hermitian => {
                let adjoint = self.adjoint(x)?;
                self.equal(x, adjoint)
            }
            Property::Psd => self.definite(x, Comparison::Le),
            Property::Pd => self.definite(x, Comparison::Lt),
            Property::UnitDiagonal => {
                let diagonal = self.make(Op::DiagonalOf, vec![x])?;
                self.equals_number(diagonal, 1)
            }
            Property::TraceOne => {
                let trace = self.trace(x)?;
                self.equals_number(trace, 1)
            }
            Property::Diagonal => {
                let off = self.offdiag(x)?;
                self.equals_number(off, 0)
            }
            Property::Nonnegative => self.above_zero(x, Comparison::Le),
            Property::Positive => self.above_zero(x, Comparison::Lt),
            Property::ZeroOne => {
                let square = self.zip(super::op::Zip::Mul, x, x)?;
                self.equal(square, x)
            }
            Property::Integer => {
                let floor = self.map(ScalarFn::Floor, x)?;
                self.equal(x, floor)
            }
            Property::SumsToOne => {
                let sum = self.sum(x)?;
                self.equals_number(sum, 1)
            }
            Property::UnitColumns => self.unit_lines(x, Axis::Cols),
            Property::UnitRows => self.unit_lines(x, Axis::Rows),
            Property::OrthonormalColumns => {
                let adjoint = self.adjoint(x)?;
                self.is_identity(adjoint, x)
            }
            Property::OrthonormalRows => {
                let adjoint = self.adjoint(x)?;
                self.is_identity(x, adjoint)
            }
            Property::Finite => {
                let moduli = self.abs(x)?;
                let greatest = self.reduce(Reduction::Max, Axis::All, moduli)?;
                let infinity = self.make(Op::Infinity, vec![])?;
                self.compare(Comparison::Lt, greatest, infinity)
            }
        }
    }

    /// Hermitian with 0 ≤ λ_min, or 0 < λ_min: the eigenvalues are those of the Hermitian part, which exists always.
    fn definite(&mut self, x: NodeId, comparison: Comparison) -> Built {
        let hermitian = self.property_condition(x, Property::Hermitian)?;
        let part = if self.has(x, Property::Hermitian) {
            x
        } else {
            let adjoint = self.adjoint(x)?;
            let sum = self.add(x, adjoint)?;
            let half = self.number(BigRational::new(1.into(), 2.into()))?;
            let part = self.multiply(half, sum)?;
            self.annotate(part, &[Property::Hermitian], Basis::Construction)?
        };
        let eigenvalues = self.make(Op::Eigenvalues, vec![part])?;
        let definite = self.above_zero(eigenvalues, comparison)?;
        self.make(Op::And, vec![hermitian, definite])
    }

    fn above_zero(&mut self, x: NodeId, comparison: Comparison) -> Built {
        let least = self.reduce(Reduction::Min, Axis::All, x)?;
        let zero = self.integer(0)?;
        self.compare(comparison, zero, least)
    }

    fn equals_number(&mut self, x: NodeId, number: i64) -> Built {
        let number = self.integer(number)?;
        let number = self.like(number, x)?;
        self.equal(x, number)
    }

    fn unit_lines(&mut self, x: NodeId, axis: Axis) -> Built {
        let squares = self.abs2(x)?;
        let sums = self.reduce(Reduction::Sum, axis, squares)?;
        self.equals_number(sums, 1)
    }

    fn is_identity(&mut self, a: NodeId, b: NodeId) -> Built {
        let product = self.multiply(a, b)?;
        // The product of a row and a column is a number.
        if self.ty(product).shape == Shape::Scalar {
            return self.equals_number(product, 1);
        }
        let eye = self.eye(self.ty(product).shape.rows())?;
        self.equal(product, eye)
    }
}
