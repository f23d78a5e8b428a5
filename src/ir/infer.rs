//! The type of every operation, and what its operands must be.

use num_traits::ToPrimitive;

use super::dim::Dim;
use super::fact::{Fact, Property};
use super::factor::SizeCall;
use super::graph::{Graph, Mismatch, NodeId};
use super::op::{Axis, Op, Part, Zip};
use super::scalar::ScalarFn;
use super::ty::{Field, Shape, Type};

type Inferred = Result<Type, Mismatch>;

/// The type of `op` on `args`, or why there is none.
pub(super) fn infer(g: &Graph, op: &Op, args: &[NodeId]) -> Inferred {
    let check = Check { g, args };
    match op {
        Op::Input(id) => Ok(g.inputs()[id.0 as usize].ty.clone()),
        Op::Constant(_) | Op::Pi | Op::Infinity => check.count(0).map(|()| Type::real(Shape::Scalar)),
        // A number: only where something has this size must it be positive.
        Op::Size(_) => check.count(0).map(|()| Type::real(Shape::Scalar)),
        Op::Truth(_) => check.count(0).map(|()| Type::truth()),
        Op::ImaginaryUnit => check.count(0).map(|()| Type::complex(Shape::Scalar)),
        Op::Eye(n) => usable(n).map(|()| Type::real(Shape::Matrix(n.clone(), n.clone()))),
        Op::Fill(shape) => {
            check.count(1)?;
            usable(&shape.rows())?;
            usable(&shape.cols())?;
            check.scalar(0)?;
            Ok(Type { field: check.value(0)?.field, shape: shape.clone() })
        }
        Op::Map(function) => {
            check.parameters(*function)?;
            let ty = check.value(0)?.clone();
            if !function.row().complex {
                check.real(0)?;
            }
            Ok(ty)
        }
        Op::Part(part) => {
            check.count(1)?;
            let shape = check.value(0)?.shape.clone();
            match part {
                Part::Re | Part::Im | Part::Abs | Part::Abs2 => Ok(Type::real(shape)),
            }
        }
        Op::Complexify => {
            check.count(1)?;
            check.real(0)?;
            Ok(Type::complex(check.value(0)?.shape.clone()))
        }
        Op::Zip(zip) => check.zip(*zip),
        Op::Adjoint | Op::Transpose => {
            check.count(1)?;
            let ty = check.value(0)?;
            let shape = match &ty.shape {
                Shape::Scalar => Shape::Scalar,
                Shape::Vector(n) => Shape::Matrix(Dim::constant(1), n.clone()),
                Shape::Matrix(m, n) => Shape::Matrix(n.clone(), m.clone()),
            };
            Ok(Type { field: ty.field, shape })
        }
        Op::Conj | Op::StopGradient | Op::Annotate(..) => check.count(1).and_then(|()| check.value(0).cloned()),
        Op::DiagonalOf => {
            check.count(1)?;
            let n = check.square(0)?;
            Ok(Type { field: check.value(0)?.field, shape: Shape::Vector(n) })
        }
        Op::DiagonalMatrix => {
            check.count(1)?;
            let n = check.vector(0)?;
            Ok(Type { field: check.value(0)?.field, shape: Shape::Matrix(n.clone(), n) })
        }
        Op::Broadcast(axis, size) => {
            check.count(1)?;
            usable(size)?;
            let n = check.vector(0)?;
            let shape = match axis {
                Axis::Rows => Shape::Matrix(n, size.clone()),
                Axis::Cols => Shape::Matrix(size.clone(), n),
                Axis::All => return Err(Mismatch::NeedsScalar(0)),
            };
            Ok(Type { field: check.value(0)?.field, shape })
        }
        Op::Block(rows, cols) => check.block(*rows as usize, *cols as usize),
        Op::Stack => {
            for i in 0..args.len() {
                check.scalar(i)?;
            }
            let n = Dim::constant(args.len() as i64);
            usable(&n)?;
            Ok(Type { field: check.value(0)?.field, shape: Shape::Vector(n) })
        }
        Op::Entry => check.entry(),
        Op::OneHot(shape) => {
            usable(&shape.rows())?;
            usable(&shape.cols())?;
            check.scalar(0)?;
            check.indices(shape)?;
            Ok(Type { field: check.value(0)?.field, shape: shape.clone() })
        }
        Op::Slice(row, col, shape) => {
            check.count(1)?;
            usable(&shape.rows())?;
            usable(&shape.cols())?;
            let ty = check.value(0)?;
            for (first, count, size) in [(row, shape.rows(), ty.shape.rows()), (col, shape.cols(), ty.shape.cols())] {
                let last = first.add(&count).ok_or_else(|| Mismatch::BadSize(count.clone()))?;
                if let (Some(first), Some(last), Some(n)) =
                    (first.as_constant(), last.as_constant(), size.as_constant())
                    && (first < 0 || last > n)
                {
                    return Err(Mismatch::IndexOutside(0, last, size));
                }
            }
            Ok(Type { field: ty.field, shape: shape.clone() })
        }
        Op::MatMul => check.matmul(),
        Op::Kron => {
            check.count(2)?;
            let (a, b) = (check.value(0)?.clone(), check.value(1)?.clone());
            let rows = product(&a.shape.rows(), &b.shape.rows())?;
            let shape = match (&a.shape, &b.shape) {
                (Shape::Scalar, Shape::Scalar) => Shape::Scalar,
                (Shape::Vector(_), Shape::Vector(_)) => Shape::Vector(rows),
                _ => Shape::Matrix(rows, product(&a.shape.cols(), &b.shape.cols())?),
            };
            Ok(Type { field: a.field, shape })
        }
        Op::PartialInner(_, shape) => {
            check.count(2)?;
            let (m, b) = (check.value(0)?.clone(), &check.value(1)?.shape);
            if product(&shape.rows(), &b.rows())? != m.shape.rows()
                || product(&shape.cols(), &b.cols())? != m.shape.cols()
            {
                return Err(Mismatch::ShapesDiffer(0, 1));
            }
            Ok(Type { field: m.field, shape: shape.clone() })
        }
        Op::Reduce(reduction, axis) => {
            check.count(1)?;
            let ty = check.value(0)?.clone();
            match reduction {
                super::op::Reduction::Sum => {}
                super::op::Reduction::Max | super::op::Reduction::Min | super::op::Reduction::LogSumExp => {
                    check.real(0)?;
                }
            }
            let shape = match axis {
                Axis::All => Shape::Scalar,
                Axis::Rows => Shape::Vector(ty.shape.rows()),
                Axis::Cols => Shape::Vector(ty.shape.cols()),
            };
            Ok(Type { field: ty.field, shape })
        }
        Op::Eigenvalues => {
            check.count(1)?;
            let n = check.hermitian(0)?;
            Ok(Type::real(Shape::Vector(n)))
        }
        Op::SingularValues => {
            check.count(1)?;
            let (m, n) = check.matrix(0)?;
            // There are as many singular values as the smaller size says.
            let number = Dim::call(SizeCall::Min(m.clone(), n)).ok_or(Mismatch::BadSize(m))?;
            Ok(Type::real(Shape::Vector(number)))
        }
        Op::Spectral(function) => {
            check.parameters(*function)?;
            check.hermitian(0)?;
            Ok(check.value(0)?.clone())
        }
        Op::EigenSum => {
            check.count(2)?;
            let n = check.hermitian(0)?;
            check.real(1)?;
            if check.vector(1)? != n {
                return Err(Mismatch::ShapesDiffer(0, 1));
            }
            check.value(0).cloned()
        }
        Op::Frechet(function) => {
            check.count(2 + function.row().parameters)?;
            check.hermitian(0)?;
            for i in 2..args.len() {
                check.scalar(i)?;
                check.real(i)?;
            }
            let (a, h) = (check.value(0)?, check.value(1)?);
            if a.shape == h.shape { Ok(a.clone()) } else { Err(Mismatch::ShapesDiffer(0, 1)) }
        }
        Op::SingularSum => {
            check.count(2)?;
            let (m, n) = check.matrix(0)?;
            check.real(1)?;
            let count = check.vector(1)?;
            // As for the singular values themselves, the number of them is known when the sizes are.
            match (m.as_constant(), n.as_constant(), count.as_constant()) {
                (Some(a), Some(b), Some(count)) if count != a.min(b) => Err(Mismatch::ShapesDiffer(0, 1)),
                _ => check.value(0).cloned(),
            }
        }
        Op::LogDet => {
            check.count(1)?;
            check.square(0)?;
            let hermitian = g.has(args[0], Property::Hermitian);
            let field = if hermitian { Field::Real } else { check.value(0)?.field };
            Ok(Type { field, shape: Shape::Scalar })
        }
        Op::Det => {
            check.count(1)?;
            check.square(0)?;
            let field = if g.has(args[0], Property::Hermitian) { Field::Real } else { check.value(0)?.field };
            Ok(Type { field, shape: Shape::Scalar })
        }
        Op::Inverse | Op::Adjugate => {
            check.count(1)?;
            check.square(0)?;
            check.value(0).cloned()
        }
        Op::Rank => {
            check.count(1)?;
            check.matrix(0)?;
            Ok(Type::real(Shape::Scalar))
        }
        Op::Compare(_) => {
            check.count(2)?;
            for i in 0..2 {
                check.scalar(i)?;
                check.real(i)?;
            }
            Ok(Type::truth())
        }
        Op::And | Op::Or => {
            check.count(2)?;
            check.truth(0)?;
            check.truth(1)?;
            Ok(Type::truth())
        }
        Op::Not => {
            check.count(1)?;
            check.truth(0)?;
            Ok(Type::truth())
        }
        Op::Select => {
            check.count(3)?;
            check.truth(0)?;
            let (x, y) = (g.ty(args[1]), g.ty(args[2]));
            if x != y {
                return Err(Mismatch::ShapesDiffer(1, 2));
            }
            Ok(x.clone())
        }
        Op::Require => {
            check.count(2)?;
            check.truth(1)?;
            check.value(0).cloned()
        }
    }
}

/// Refuses sizes that are known not to be positive.
fn usable(size: &Dim) -> Result<(), Mismatch> {
    match size.as_constant() {
        Some(n) if n < 1 => Err(Mismatch::BadSize(size.clone())),
        _ => Ok(()),
    }
}

fn product(a: &Dim, b: &Dim) -> Result<Dim, Mismatch> {
    a.mul(b).ok_or_else(|| Mismatch::BadSize(a.clone()))
}

struct Check<'a> {
    g: &'a Graph,
    args: &'a [NodeId],
}

impl Check<'_> {
    fn count(&self, expected: usize) -> Result<(), Mismatch> {
        let found = self.args.len();
        if found == expected { Ok(()) } else { Err(Mismatch::Arguments { expected, found }) }
    }

    fn parameters(&self, function: ScalarFn) -> Result<(), Mismatch> {
        let expected = function.row().parameters;
        let found = self.args.len().saturating_sub(1);
        if found != expected {
            return Err(Mismatch::Parameters { expected, found });
        }
        for i in 1..self.args.len() {
            self.scalar(i)?;
            self.real(i)?;
        }
        Ok(())
    }

    fn value(&self, i: usize) -> Result<&Type, Mismatch> {
        let id = self.args.get(i).ok_or(Mismatch::Arguments { expected: i + 1, found: self.args.len() })?;
        match self.g.ty(*id) {
            ty if ty.field == Field::Truth => Err(Mismatch::NeedsValue(i)),
            ty => Ok(ty),
        }
    }

    fn truth(&self, i: usize) -> Result<(), Mismatch> {
        if self.g.ty(self.args[i]).field == Field::Truth { Ok(()) } else { Err(Mismatch::NeedsTruth(i)) }
    }

    fn real(&self, i: usize) -> Result<(), Mismatch> {
        if self.value(i)?.field == Field::Real { Ok(()) } else { Err(Mismatch::NeedsReal(i)) }
    }

    fn scalar(&self, i: usize) -> Result<(), Mismatch> {
        if self.value(i)?.shape == Shape::Scalar { Ok(()) } else { Err(Mismatch::NeedsScalar(i)) }
    }

    fn vector(&self, i: usize) -> Result<Dim, Mismatch> {
        match &self.value(i)?.shape {
            Shape::Vector(n) => Ok(n.clone()),
            Shape::Scalar | Shape::Matrix(..) => Err(Mismatch::NeedsVector(i)),
        }
    }

    fn matrix(&self, i: usize) -> Result<(Dim, Dim), Mismatch> {
        match &self.value(i)?.shape {
            Shape::Matrix(m, n) => Ok((m.clone(), n.clone())),
            Shape::Scalar | Shape::Vector(_) => Err(Mismatch::NeedsMatrix(i)),
        }
    }

    fn square(&self, i: usize) -> Result<Dim, Mismatch> {
        let (m, n) = self.matrix(i)?;
        if m == n { Ok(m) } else { Err(Mismatch::NeedsSquare(i)) }
    }

    fn hermitian(&self, i: usize) -> Result<Dim, Mismatch> {
        let n = self.square(i)?;
        match self.g.facts(self.args[i]).get(Property::Hermitian) {
            Fact::Yes => Ok(n),
            fact => Err(Mismatch::NeedsFact(i, Property::Hermitian, fact)),
        }
    }

    fn zip(&self, zip: Zip) -> Inferred {
        self.count(2)?;
        let (x, y) = (self.value(0)?.clone(), self.value(1)?.clone());
        let scalar_meets_entries = match zip {
            Zip::Add | Zip::Sub => false,
            Zip::Mul | Zip::Div => true,
            Zip::Min | Zip::Max => {
                self.real(0)?;
                self.real(1)?;
                true
            }
        };
        match (&x.shape, &y.shape) {
            (a, b) if a == b => Ok(x),
            (Shape::Scalar, _) if scalar_meets_entries => Ok(y),
            (_, Shape::Scalar) if scalar_meets_entries => Ok(x),
            (Shape::Scalar, _) => Err(Mismatch::ScalarPlusMatrix(0)),
            (_, Shape::Scalar) => Err(Mismatch::ScalarPlusMatrix(1)),
            _ => Err(Mismatch::ShapesDiffer(0, 1)),
        }
    }

    fn matmul(&self) -> Inferred {
        self.count(2)?;
        let (a, b) = (self.value(0)?, self.value(1)?);
        for (i, ty) in [a, b].iter().enumerate() {
            if ty.shape == Shape::Scalar {
                return Err(Mismatch::NeedsMatrix(i));
            }
        }
        // A vector on the right of a row is a number; a vector on the left needs a row on its right.
        let (inner_a, inner_b) = (a.shape.cols(), b.shape.rows());
        if inner_a != inner_b {
            return Err(Mismatch::InnerSizes(inner_a, inner_b));
        }
        let shape = match (&a.shape, &b.shape) {
            (Shape::Matrix(m, _), Shape::Vector(_)) if m.is_one() => Shape::Scalar,
            (Shape::Matrix(m, _), Shape::Vector(_)) => Shape::Vector(m.clone()),
            _ => Shape::Matrix(a.shape.rows(), b.shape.cols()),
        };
        Ok(Type { field: a.field, shape })
    }

    fn block(&self, rows: usize, cols: usize) -> Inferred {
        self.count(rows * cols)?;
        let field = self.value(0)?.field;
        let mut heights = Vec::new();
        let mut widths: Vec<Dim> = Vec::new();
        for row in 0..rows {
            for col in 0..cols {
                let i = row * cols + col;
                let shape = &self.value(i)?.shape;
                let (height, width) = (shape.rows(), shape.cols());
                if col == 0 {
                    heights.push(height);
                } else if height != heights[row] {
                    return Err(Mismatch::BlockSize(i, heights[row].clone()));
                }
                if row == 0 {
                    widths.push(width);
                } else if width != widths[col] {
                    return Err(Mismatch::BlockSize(i, widths[col].clone()));
                }
            }
        }
        let total = |sizes: &[Dim]| {
            sizes
                .iter()
                .try_fold(Dim::default(), |sum, size| sum.add(size).ok_or_else(|| Mismatch::BadSize(size.clone())))
        };
        Ok(Type { field, shape: Shape::Matrix(total(&heights)?, total(&widths)?) })
    }

    fn entry(&self) -> Inferred {
        let ty = self.value(0)?.clone();
        if ty.shape == Shape::Scalar {
            return Err(Mismatch::NeedsMatrix(0));
        }
        self.indices(&ty.shape)?;
        Ok(Type { field: ty.field, shape: Shape::Scalar })
    }

    /// The operands after the first are indices into this shape.
    fn indices(&self, shape: &Shape) -> Result<(), Mismatch> {
        let sizes = match shape {
            Shape::Scalar => vec![],
            Shape::Vector(n) => vec![n.clone()],
            Shape::Matrix(m, n) => vec![m.clone(), n.clone()],
        };
        self.count(1 + sizes.len())?;
        for (i, size) in sizes.into_iter().enumerate() {
            let i = i + 1;
            self.scalar(i)?;
            self.real(i)?;
            if let Some(value) = self.g.constant_value(self.args[i]) {
                let index = value.is_integer().then(|| value.to_integer().to_i64()).flatten();
                let index = index.ok_or(Mismatch::IndexNotInteger(i))?;
                if index < 1 || size.as_constant().is_some_and(|n| index > n) {
                    return Err(Mismatch::IndexOutside(i, index, size));
                }
            }
        }
        Ok(())
    }
}
