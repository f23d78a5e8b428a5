//! What has a closed form keeps it: the same operations on exact numbers, as far as they lead to exact numbers.
//!
//! A comparison of equal numbers, a margin that is exactly 0, a rank from above: none of these is ever decided by
//! enclosures that shrink, and all of them are decided here where the path from the inputs stays in the rational numbers,
//! or leaves them for sums of logarithms or of exponentials only (see [`super::closed`]).

use std::cmp::Ordering;

use num_complex::Complex;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::adjoint;
use super::closed::{Closed, LARGEST};
use super::eliminate;
use super::functions::{self, root};
use super::matrix::Matrix;
use super::number::{Field, Gauss, Number};
use super::spectrum;
use crate::ir::{Axis, Comparison, Dim, Op, Part, Reduction, ScalarFn, Zip};

/// An exact value.
#[derive(Clone, Debug)]
pub(super) enum Exact {
    Real(Matrix<BigRational>),
    /// Real numbers that are not all rational.
    Closed(Matrix<Closed>),
    Complex(Matrix<Gauss>),
    Truth(bool),
}

/// Matrices with more logarithms and exponentials than this are left to the intervals: each has to be enclosed.
const LARGEST_TERMS: usize = 400;

/// Matrix products of more steps than this are left to the intervals: each step reduces a fraction.
const LARGEST_PRODUCT: usize = 30_000;

impl Exact {
    pub fn scalar(x: BigRational) -> Self {
        Exact::Real(Matrix::scalar(x))
    }

    /// A matrix of real numbers, as rational ones where they are.
    pub fn closed(x: Matrix<Closed>) -> Self {
        match x.try_map(|x| x.as_rational().cloned().ok_or(())) {
            Ok(rational) => Exact::Real(rational),
            Err(()) => Exact::Closed(x),
        }
    }

    /// The real numbers that it consists of.
    fn numbers(&self) -> Option<Matrix<Closed>> {
        match self {
            Exact::Real(x) => Some(x.map(|x| x.clone().into())),
            Exact::Closed(x) => Some(x.clone()),
            Exact::Complex(_) | Exact::Truth(_) => None,
        }
    }

    /// The rational number that it is.
    pub fn as_scalar(&self) -> Option<&BigRational> {
        match self {
            Exact::Real(x) if x.data.len() == 1 => x.data.first(),
            Exact::Real(_) | Exact::Closed(_) | Exact::Complex(_) | Exact::Truth(_) => None,
        }
    }

    pub fn as_truth(&self) -> Option<bool> {
        match self {
            Exact::Truth(truth) => Some(*truth),
            Exact::Real(_) | Exact::Closed(_) | Exact::Complex(_) => None,
        }
    }

    fn moderate(self) -> Option<Self> {
        fn short<T: Number>(x: &Matrix<T>) -> bool {
            x.data.iter().all(|x| x.bits() <= LARGEST)
        }
        let moderate = match &self {
            Exact::Real(x) => short(x),
            Exact::Closed(x) => short(x) && x.data.iter().map(Closed::terms).sum::<usize>() <= LARGEST_TERMS,
            Exact::Complex(x) => short(x),
            Exact::Truth(_) => true,
        };
        moderate.then_some(self)
    }

    /// The rank of a matrix, where that is not too much work.
    pub fn rank(&self) -> Option<usize> {
        match self {
            Exact::Real(x) => eliminate::rank(x),
            Exact::Complex(x) => eliminate::rank(x),
            Exact::Closed(_) | Exact::Truth(_) => None,
        }
    }
}

/// Applies one generic function to numbers of any kind.
macro_rules! either {
    ($value:expr, $x:ident => $body:expr) => {
        match $value {
            Exact::Real($x) => Some(Exact::Real($body)),
            Exact::Closed($x) => Some(Exact::closed($body)),
            Exact::Complex($x) => Some(Exact::Complex($body)),
            Exact::Truth(_) => None,
        }
    };
}

/// Applies one generic function to two values of one field, and another one to those that are not all rational.
macro_rules! both {
    ($left:expr, $right:expr, $field:expr, $closed:expr) => {
        match ($left, $right) {
            (Exact::Real(x), Exact::Real(y)) => $field(x, y).map(Exact::Real),
            (Exact::Complex(x), Exact::Complex(y)) => $field(x, y).map(Exact::Complex),
            (x, y) => $closed(&x.numbers()?, &y.numbers()?).map(Exact::closed),
        }
    };
}

/// The exact value of an operation on exact operands, of a result with this many rows and columns; `None` where it is
/// without a closed form or too long. `Input`, `Constant` and `Select` are the caller's.
pub(super) fn operate(op: &Op, args: &[&Exact], rows: usize, cols: usize) -> Option<Exact> {
    let x = args.first().copied();
    let value = match op {
        Op::Input(_) | Op::Constant(_) | Op::Select | Op::Pi | Op::Infinity => None,
        Op::Truth(truth) => Some(Exact::Truth(*truth)),
        Op::ImaginaryUnit => {
            Some(Exact::Complex(Matrix::scalar(Complex::new(BigRational::zero(), BigRational::one()))))
        }
        Op::Size(dim) => Some(Exact::scalar(BigRational::from_integer(dim.as_constant()?.into()))),
        Op::Eye(_) => Some(Exact::Real(identity(rows))),
        Op::Fill(_) => either!(x?, x => Matrix::from_fn(rows, cols, |_, _| x.data[0].clone())),
        Op::Map(function) => map(*function, x?, args.get(1).and_then(|t| t.as_scalar())),
        Op::Part(part) => part_of(*part, x?),
        Op::Complexify => match x? {
            Exact::Real(x) => Some(Exact::Complex(x.map(|x| Complex::new(x.clone(), BigRational::zero())))),
            Exact::Closed(_) | Exact::Complex(_) | Exact::Truth(_) => None,
        },
        Op::Zip(zip) => zip_of(*zip, x?, args[1], rows, cols),
        Op::Adjoint => either!(x?, x => Matrix::from_fn(rows, cols, |i, j| Number::conj(x.at(j, i)))),
        Op::Transpose => either!(x?, x => x.transpose()),
        Op::Conj => either!(x?, x => x.map(Number::conj)),
        Op::DiagonalOf => either!(x?, x => Matrix::from_fn(rows, 1, |i, _| x.at(i, i).clone())),
        Op::DiagonalMatrix => {
            either!(x?, x => Matrix::from_fn(rows, rows, |i, j| if i == j { x.at(i, 0).clone() } else { Number::naught() }))
        }
        Op::Broadcast(axis, _) => either!(x?, x => Matrix::from_fn(rows, cols, |i, j| match axis {
            Axis::Rows => x.data[i].clone(),
            Axis::Cols | Axis::All => x.data[j].clone(),
        })),
        Op::Block(_, across) => block(args, *across as usize, rows, cols),
        Op::Stack => block(args, 1, rows, cols),
        Op::Entry => {
            let index = |k: usize| {
                let value = args.get(k)?.as_scalar()?;
                if value.is_integer() { value.to_integer().to_usize()?.checked_sub(1) } else { None }
            };
            let i = index(1)?;
            let j = if args.len() > 2 { index(2)? } else { 0 };
            either!(x?, x => if i < x.rows && j < x.cols { Matrix::scalar(x.at(i, j).clone()) } else { return None })
        }
        Op::Slice(top, left, _) => {
            let offset = |dim: &Dim| dim.as_constant().and_then(|n| usize::try_from(n).ok());
            let (top, left) = (offset(top)?, offset(left)?);
            either!(x?, x => adjoint::slice(x, top, left, rows, cols))
        }
        // Gradients are left to the intervals.
        Op::OneHot(_) | Op::PartialInner(..) | Op::EigenSum | Op::Frechet(_) | Op::SingularSum | Op::Adjugate => None,
        Op::MatMul => both!(x?, args[1], product, closed_product),
        Op::Kron if rows * cols > LARGEST_PRODUCT => None,
        Op::Kron => both!(x?, args[1], kron, closed_kron),
        Op::Reduce(reduction, axis) => reduce(*reduction, *axis, x?, rows),
        Op::Eigenvalues => eigenvalues(x?),
        Op::SingularValues => singular_values(x?),
        Op::Spectral(function) => spectral(*function, x?, args.get(1).and_then(|t| t.as_scalar())),
        Op::LogDet => match det(x?)? {
            Exact::Complex(det) if !det.data[0].im.is_zero() => None,
            Exact::Complex(det) => map(ScalarFn::Log, &Exact::scalar(det.data[0].re.clone()), None),
            det => map(ScalarFn::Log, &det, None),
        },
        Op::Det => det(x?),
        Op::Inverse => match x? {
            Exact::Real(x) => eliminate::inverse(x).map(Exact::Real),
            Exact::Complex(x) => eliminate::inverse(x).map(Exact::Complex),
            Exact::Closed(_) | Exact::Truth(_) => None,
        },
        Op::Rank => Some(Exact::scalar(BigRational::from_integer(x?.rank()?.into()))),
        Op::Compare(comparison) => {
            let order = x?.numbers()?.data.first()?.compare(args[1].numbers()?.data.first()?)?;
            Some(Exact::Truth(match comparison {
                Comparison::Lt => order.is_lt(),
                Comparison::Le => order.is_le(),
                Comparison::Eq => order.is_eq(),
                Comparison::Ne => order.is_ne(),
            }))
        }
        Op::And => Some(Exact::Truth(x?.as_truth()? && args[1].as_truth()?)),
        Op::Or => Some(Exact::Truth(x?.as_truth()? || args[1].as_truth()?)),
        Op::Not => Some(Exact::Truth(!x?.as_truth()?)),
        Op::StopGradient | Op::Annotate(..) => x.cloned(),
        Op::Require => args[1].as_truth()?.then(|| x.cloned())?,
    };
    value?.moderate()
}

fn identity<T: Field>(n: usize) -> Matrix<T> {
    Matrix::from_fn(n, n, |i, j| if i == j { T::one() } else { T::zero() })
}

fn product<T: Field>(x: &Matrix<T>, y: &Matrix<T>) -> Option<Matrix<T>> {
    if x.rows * x.cols * y.cols > LARGEST_PRODUCT {
        return None;
    }
    Some(Matrix::from_fn(x.rows, y.cols, |i, j| {
        (0..x.cols).fold(T::zero(), |sum, k| {
            let (a, b) = (x.at(i, k), y.at(k, j));
            if a.is_zero() || b.is_zero() { sum } else { sum + a.clone() * b.clone() }
        })
    }))
}

/// A matrix of closed forms, where all entries have one.
fn closed_from_fn(rows: usize, cols: usize, entry: impl Fn(usize, usize) -> Option<Closed>) -> Option<Matrix<Closed>> {
    let mut data = Vec::with_capacity(rows * cols);
    for j in 0..cols {
        for i in 0..rows {
            data.push(entry(i, j)?);
        }
    }
    Some(Matrix { rows, cols, data })
}

fn closed_product(x: &Matrix<Closed>, y: &Matrix<Closed>) -> Option<Matrix<Closed>> {
    if x.rows * x.cols * y.cols > LARGEST_PRODUCT {
        return None;
    }
    closed_from_fn(x.rows, y.cols, |i, j| {
        (0..x.cols).try_fold(Closed::zero(), |sum, k| sum.add(&x.at(i, k).mul(y.at(k, j))?))
    })
}

fn kron<T: Field>(x: &Matrix<T>, y: &Matrix<T>) -> Option<Matrix<T>> {
    Some(Matrix::from_fn(x.rows * y.rows, x.cols * y.cols, |i, j| {
        x.at(i / y.rows, j / y.cols).clone() * y.at(i % y.rows, j % y.cols).clone()
    }))
}

fn closed_kron(x: &Matrix<Closed>, y: &Matrix<Closed>) -> Option<Matrix<Closed>> {
    closed_from_fn(x.rows * y.rows, x.cols * y.cols, |i, j| {
        x.at(i / y.rows, j / y.cols).mul(y.at(i % y.rows, j % y.cols))
    })
}

fn block(args: &[&Exact], across: usize, rows: usize, cols: usize) -> Option<Exact> {
    if let Exact::Complex(_) = args.first()? {
        let blocks = args.iter().map(|x| if let Exact::Complex(x) = x { Some(x) } else { None });
        return Some(Exact::Complex(join(&blocks.collect::<Option<Vec<_>>>()?, across, rows, cols)));
    }
    let blocks = args.iter().map(|x| x.numbers()).collect::<Option<Vec<_>>>()?;
    Some(Exact::closed(join(&blocks.iter().collect::<Vec<_>>(), across, rows, cols)))
}

/// A matrix from blocks, row by row, with this many blocks in a row.
pub(super) fn join<T: Clone>(blocks: &[&Matrix<T>], across: usize, rows: usize, cols: usize) -> Matrix<T> {
    let mut result: Vec<Option<T>> = vec![None; rows * cols];
    let mut top = 0;
    for line in blocks.chunks(across) {
        let mut left = 0;
        for block in line {
            for j in 0..block.cols {
                for i in 0..block.rows {
                    result[(left + j) * rows + top + i] = Some(block.at(i, j).clone());
                }
            }
            left += block.cols;
        }
        top += line.first().map_or(0, |block| block.rows);
    }
    // The types of the graph make the blocks cover the matrix.
    let data: Vec<T> = result.into_iter().flatten().collect();
    Matrix { rows, cols, data }
}

fn map(function: ScalarFn, x: &Exact, t: Option<&BigRational>) -> Option<Exact> {
    match x {
        Exact::Real(_) | Exact::Closed(_) => {
            let images = x.numbers()?.try_map(|x| functions::value(function, x, t).ok_or(()));
            images.ok().map(Exact::closed)
        }
        Exact::Complex(x) if function == ScalarFn::Neg => Some(Exact::Complex(x.map(|x| -x.clone()))),
        Exact::Complex(x) if function == ScalarFn::Recip && x.data.iter().all(|x| !x.is_zero()) => {
            Some(Exact::Complex(x.map(|x| Gauss::one() / x.clone())))
        }
        Exact::Complex(_) | Exact::Truth(_) => None,
    }
}

fn part_of(part: Part, x: &Exact) -> Option<Exact> {
    match (part, x) {
        (Part::Re, Exact::Complex(x)) => Some(Exact::Real(x.map(|x| x.re.clone()))),
        (Part::Im, Exact::Complex(x)) => Some(Exact::Real(x.map(|x| x.im.clone()))),
        (Part::Abs2, Exact::Complex(x)) => Some(Exact::Real(x.map(|x| x.norm_sqr()))),
        (Part::Abs, Exact::Complex(x)) => x.try_map(|x| root(&x.norm_sqr()).ok_or(())).ok().map(Exact::Real),
        (Part::Re, Exact::Real(x)) => Some(Exact::Real(x.clone())),
        (Part::Im, Exact::Real(x)) => Some(Exact::Real(x.map(|_| BigRational::zero()))),
        (Part::Abs2, Exact::Real(x)) => Some(Exact::Real(x.map(|x| x * x))),
        (Part::Abs, Exact::Real(x)) => Some(Exact::Real(x.map(BigRational::abs))),
        (Part::Re, Exact::Closed(_)) => Some(x.clone()),
        (Part::Im, Exact::Closed(x)) => Some(Exact::Real(x.map(|_| BigRational::zero()))),
        (Part::Abs, Exact::Closed(_)) => map(ScalarFn::Abs, x, None),
        (Part::Abs2, Exact::Closed(x)) => x.try_map(|x| x.mul(x).ok_or(())).ok().map(Exact::closed),
        (_, Exact::Truth(_)) => None,
    }
}

fn zip_of(zip: Zip, x: &Exact, y: &Exact, rows: usize, cols: usize) -> Option<Exact> {
    fn arithmetic<T: Field>(zip: Zip, x: &Matrix<T>, y: &Matrix<T>, rows: usize, cols: usize) -> Option<Matrix<T>> {
        if zip == Zip::Div && y.data.iter().any(Zero::is_zero) {
            return None;
        }
        Some(Matrix::from_fn(rows, cols, |i, j| {
            let (x, y) = (x.spread(i, j).clone(), y.spread(i, j).clone());
            match zip {
                Zip::Add => x + y,
                Zip::Sub => x - y,
                Zip::Mul => x * y,
                Zip::Div => x / y,
                // The caller takes these.
                Zip::Min | Zip::Max => x,
            }
        }))
    }
    let closed = |x: &Matrix<Closed>, y: &Matrix<Closed>| {
        closed_from_fn(rows, cols, |i, j| {
            let (x, y) = (x.spread(i, j), y.spread(i, j));
            match zip {
                Zip::Add => x.clone().add(y),
                Zip::Sub => x.clone().sub(y),
                Zip::Mul => x.mul(y),
                Zip::Div => x.div(y),
                Zip::Min => extreme(Ordering::Less, x, y),
                Zip::Max => extreme(Ordering::Greater, x, y),
            }
        })
    };
    if let Zip::Min | Zip::Max = zip {
        return closed(&x.numbers()?, &y.numbers()?).map(Exact::closed);
    }
    match (x, y) {
        (Exact::Real(x), Exact::Real(y)) => arithmetic(zip, x, y, rows, cols).map(Exact::Real),
        (Exact::Complex(x), Exact::Complex(y)) => arithmetic(zip, x, y, rows, cols).map(Exact::Complex),
        (x, y) => closed(&x.numbers()?, &y.numbers()?).map(Exact::closed),
    }
}

/// The one of two numbers that is less than the other one, or greater.
fn extreme(side: Ordering, x: &Closed, y: &Closed) -> Option<Closed> {
    Some(if x.compare(y)? == side { x.clone() } else { y.clone() })
}

fn reduce(reduction: Reduction, axis: Axis, x: &Exact, rows: usize) -> Option<Exact> {
    fn lines<T: Clone>(x: &Matrix<T>, axis: Axis, lines: usize) -> Vec<Vec<T>> {
        match axis {
            Axis::All => vec![x.data.clone()],
            Axis::Rows => (0..lines).map(|i| (0..x.cols).map(|j| x.at(i, j).clone()).collect()).collect(),
            Axis::Cols => (0..lines).map(|j| (0..x.rows).map(|i| x.at(i, j).clone()).collect()).collect(),
        }
    }
    if let Exact::Complex(x) = x {
        let data = lines(x, axis, rows).into_iter().map(|line| line.into_iter().fold(Gauss::zero(), |a, b| a + b));
        return (reduction == Reduction::Sum).then(|| Exact::Complex(Matrix { rows, cols: 1, data: data.collect() }));
    }
    let best = |side: Ordering, line: Vec<Closed>| {
        let (first, rest) = line.split_first()?;
        rest.iter().try_fold(first.clone(), |best, x| extreme(side, &best, x))
    };
    let total = |line: Vec<Closed>| line.iter().try_fold(Closed::zero(), |sum, x| sum.add(x));
    let image = |line: Vec<Closed>| match reduction {
        Reduction::Sum => total(line),
        Reduction::Max => best(Ordering::Greater, line),
        Reduction::Min => best(Ordering::Less, line),
        Reduction::LogSumExp => total(line.iter().map(Closed::exp).collect::<Option<_>>()?)?.log(),
    };
    let data = lines(&x.numbers()?, axis, rows).into_iter().map(image).collect::<Option<Vec<_>>>()?;
    Some(Exact::closed(Matrix { rows, cols: 1, data }))
}

/// The diagonal of a matrix that has nothing else.
fn diagonal(x: &Matrix<Closed>) -> Option<Vec<Closed>> {
    let n = x.rows;
    let diagonal = (0..n).all(|j| (0..n).all(|i| i == j || x.at(i, j).is_zero()));
    diagonal.then(|| (0..n).map(|i| x.at(i, i).clone()).collect())
}

/// The eigenvalues, where they are rational and easily found, or the matrix is diagonal.
fn eigenvalues(x: &Exact) -> Option<Exact> {
    match x {
        Exact::Real(x) => spectrum::eigenvalues(x).map(Exact::Real),
        Exact::Complex(x) => spectrum::eigenvalues(x).map(Exact::Real),
        Exact::Closed(x) => {
            let mut sorted: Vec<Closed> = Vec::with_capacity(x.rows);
            for value in diagonal(x)? {
                let mut place = sorted.len();
                while place > 0 && value.compare(&sorted[place - 1])?.is_lt() {
                    place -= 1;
                }
                sorted.insert(place, value);
            }
            Some(Exact::closed(Matrix { rows: x.rows, cols: 1, data: sorted }))
        }
        Exact::Truth(_) => None,
    }
}

/// The singular values, descending, where their squares are rational eigenvalues of A'A or AA' and have rational roots.
fn singular_values(x: &Exact) -> Option<Exact> {
    fn gram<T: Field>(x: &Matrix<T>) -> Option<Matrix<BigRational>> {
        let adjoint = Matrix::from_fn(x.cols, x.rows, |i, j| Number::conj(x.at(j, i)));
        spectrum::eigenvalues(&if x.rows >= x.cols { product(&adjoint, x) } else { product(x, &adjoint) }?)
    }
    let mut squares = match x {
        Exact::Real(x) => gram(x)?,
        Exact::Complex(x) => gram(x)?,
        Exact::Closed(_) | Exact::Truth(_) => return None,
    };
    squares.data.reverse();
    squares.try_map(|square| root(square).ok_or(())).ok().map(Exact::Real)
}

/// f of a matrix with such eigenvalues.
fn spectral(function: ScalarFn, x: &Exact, t: Option<&BigRational>) -> Option<Exact> {
    match x {
        Exact::Real(_) | Exact::Closed(_) if function == ScalarFn::Neg => map(function, x, None),
        Exact::Real(x) => spectrum::function(function, t, x).map(Exact::closed),
        Exact::Closed(x) => {
            let images = diagonal(x)?.iter().map(|x| functions::value(function, x, t)).collect::<Option<Vec<_>>>()?;
            let entry = |i: usize, j: usize| if i == j { images[i].clone() } else { Closed::zero() };
            Some(Exact::closed(Matrix::from_fn(x.rows, x.rows, entry)))
        }
        Exact::Complex(_) | Exact::Truth(_) => None,
    }
}

fn det(x: &Exact) -> Option<Exact> {
    match x {
        Exact::Real(x) => eliminate::det(x).map(Exact::scalar),
        Exact::Closed(x) => {
            let det = diagonal(x)?.iter().try_fold(Closed::one(), |product, x| product.mul(x))?;
            Some(Exact::closed(Matrix::scalar(det)))
        }
        Exact::Complex(x) => eliminate::det(x).map(|det| Exact::Complex(Matrix::scalar(det))),
        Exact::Truth(_) => None,
    }
}
