//! What is rational stays rational: the same operations on exact numbers, as far as they lead to exact numbers.
//!
//! A comparison of equal numbers, a margin that is exactly 0, a rank from above: none of these is ever decided by
//! enclosures that shrink, and all of them are decided here where the path from the inputs takes no roots or logarithms.

use num_complex::Complex;
use num_rational::BigRational;
use num_traits::{Num, One, Signed, ToPrimitive, Zero};

use super::eliminate;
use super::matrix::Matrix;
use crate::ir::{Axis, Comparison, Op, Part, Reduction, ScalarFn, Zip};

/// An exact complex number.
pub(super) type Gauss = Complex<BigRational>;

/// An exact value.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Exact {
    Real(Matrix<BigRational>),
    Complex(Matrix<Gauss>),
    Truth(bool),
}

/// Numbers with more bits than this are left to the intervals.
const LARGEST: u64 = 6000;

/// Matrix products of more steps than this are left to the intervals: each step reduces a fraction.
const LARGEST_PRODUCT: usize = 30_000;

/// What both fields offer.
pub(super) trait Field: Num + Clone + std::ops::Neg<Output = Self> {
    fn conj(&self) -> Self;
    fn bits(&self) -> u64;
}

impl Field for BigRational {
    fn conj(&self) -> Self {
        self.clone()
    }
    fn bits(&self) -> u64 {
        self.numer().bits().max(self.denom().bits())
    }
}

impl Field for Gauss {
    fn conj(&self) -> Self {
        Complex::conj(self)
    }
    fn bits(&self) -> u64 {
        Field::bits(&self.re).max(Field::bits(&self.im))
    }
}

impl Exact {
    pub fn scalar(x: BigRational) -> Self {
        Exact::Real(Matrix::scalar(x))
    }

    /// The real number that it is.
    pub fn as_scalar(&self) -> Option<&BigRational> {
        match self {
            Exact::Real(x) if x.data.len() == 1 => x.data.first(),
            Exact::Real(_) | Exact::Complex(_) | Exact::Truth(_) => None,
        }
    }

    pub fn as_truth(&self) -> Option<bool> {
        match self {
            Exact::Truth(truth) => Some(*truth),
            Exact::Real(_) | Exact::Complex(_) => None,
        }
    }

    fn moderate(self) -> Option<Self> {
        let small = match &self {
            Exact::Real(x) => x.data.iter().all(|x| Field::bits(x) <= LARGEST),
            Exact::Complex(x) => x.data.iter().all(|x| x.bits() <= LARGEST),
            Exact::Truth(_) => true,
        };
        small.then_some(self)
    }

    /// The rank of a matrix, where that is not too much work.
    pub fn rank(&self) -> Option<usize> {
        match self {
            Exact::Real(x) => eliminate::rank(x),
            Exact::Complex(x) => eliminate::rank(x),
            Exact::Truth(_) => None,
        }
    }
}

/// Applies one generic function to either field.
macro_rules! either {
    ($value:expr, $x:ident => $body:expr) => {
        match $value {
            Exact::Real($x) => Some(Exact::Real($body)),
            Exact::Complex($x) => Some(Exact::Complex($body)),
            Exact::Truth(_) => None,
        }
    };
}

/// Applies one generic function to two values of one field.
macro_rules! both {
    ($left:expr, $right:expr, $x:ident, $y:ident => $body:expr) => {
        match ($left, $right) {
            (Exact::Real($x), Exact::Real($y)) => $body.map(Exact::Real),
            (Exact::Complex($x), Exact::Complex($y)) => $body.map(Exact::Complex),
            (Exact::Real(_) | Exact::Complex(_) | Exact::Truth(_), _) => None,
        }
    };
}

/// The exact value of an operation on exact operands, of a result with this many rows and columns; `None` where it is
/// not rational or too long. `Input`, `Constant` and `Select` are the caller's.
pub(super) fn operate(op: &Op, args: &[&Exact], rows: usize, cols: usize) -> Option<Exact> {
    let x = args.first().copied();
    let value = match op {
        Op::Input(_) | Op::Constant(_) | Op::Select | Op::Pi | Op::Infinity => None,
        // Only gradients are written with these.
        Op::OneHot(_) | Op::Slice(..) | Op::PartialInner(..) => None,
        Op::EigenSum | Op::Frechet(_) | Op::SingularSum | Op::Adjugate => None,
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
            Exact::Complex(_) | Exact::Truth(_) => None,
        },
        Op::Zip(zip) => zip_of(*zip, x?, args[1], rows, cols),
        Op::Adjoint => either!(x?, x => Matrix::from_fn(rows, cols, |i, j| Field::conj(x.at(j, i)))),
        Op::Transpose => either!(x?, x => x.transpose()),
        Op::Conj => either!(x?, x => x.map(Field::conj)),
        Op::DiagonalOf => either!(x?, x => Matrix::from_fn(rows, 1, |i, _| x.at(i, i).clone())),
        Op::DiagonalMatrix => {
            either!(x?, x => Matrix::from_fn(rows, rows, |i, j| if i == j { x.at(i, 0).clone() } else { Zero::zero() }))
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
        Op::MatMul => both!(x?, args[1], x, y => product(x, y)),
        Op::Kron if rows * cols > LARGEST_PRODUCT => None,
        Op::Kron => both!(x?, args[1], x, y => Some(Matrix::from_fn(rows, cols, |i, j| {
            x.at(i / y.rows, j / y.cols).clone() * y.at(i % y.rows, j % y.cols).clone()
        }))),
        Op::Reduce(reduction, axis) => reduce(*reduction, *axis, x?, rows),
        Op::Eigenvalues => eigenvalues(x?),
        Op::SingularValues => None,
        Op::Spectral(function) => spectral(*function, x?, args.get(1).and_then(|t| t.as_scalar())),
        Op::LogDet => match det(x?)?.as_scalar()?.is_one() {
            true => Some(Exact::scalar(BigRational::zero())),
            false => None,
        },
        Op::Det => det(x?),
        Op::Inverse => match x? {
            Exact::Real(x) => eliminate::inverse(x).map(Exact::Real),
            Exact::Complex(x) => eliminate::inverse(x).map(Exact::Complex),
            Exact::Truth(_) => None,
        },
        Op::Rank => Some(Exact::scalar(BigRational::from_integer(x?.rank()?.into()))),
        Op::Compare(comparison) => {
            let (a, b) = (x?.as_scalar()?, args[1].as_scalar()?);
            Some(Exact::Truth(match comparison {
                Comparison::Lt => a < b,
                Comparison::Le => a <= b,
                Comparison::Eq => a == b,
                Comparison::Ne => a != b,
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

fn block(args: &[&Exact], across: usize, rows: usize, cols: usize) -> Option<Exact> {
    match args.first()? {
        Exact::Real(_) => {
            let blocks = args.iter().map(|x| if let Exact::Real(x) = x { Some(x) } else { None });
            Some(Exact::Real(join(&blocks.collect::<Option<Vec<_>>>()?, across, rows, cols)))
        }
        Exact::Complex(_) => {
            let blocks = args.iter().map(|x| if let Exact::Complex(x) = x { Some(x) } else { None });
            Some(Exact::Complex(join(&blocks.collect::<Option<Vec<_>>>()?, across, rows, cols)))
        }
        Exact::Truth(_) => None,
    }
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

/// √q, where it is rational.
fn root(q: &BigRational) -> Option<BigRational> {
    if q.is_negative() {
        return None;
    }
    let (a, b) = (q.numer().sqrt(), q.denom().sqrt());
    (&a * &a == *q.numer() && &b * &b == *q.denom()).then(|| BigRational::new(a, b))
}

/// A scalar function where its value is rational.
pub(super) fn scalar(function: ScalarFn, x: &BigRational, t: Option<&BigRational>) -> Option<BigRational> {
    let (zero, one) = (BigRational::zero, BigRational::one);
    match function {
        ScalarFn::Neg => Some(-x.clone()),
        ScalarFn::Abs => Some(x.abs()),
        ScalarFn::Sign => Some(x.signum()),
        ScalarFn::Step => Some(if x.is_positive() { one() } else { zero() }),
        ScalarFn::Floor => Some(x.floor()),
        ScalarFn::Relu => Some(if x.is_positive() { x.clone() } else { zero() }),
        ScalarFn::Recip => (!x.is_zero()).then(|| x.recip()),
        ScalarFn::RecipOnSupport => Some(if x.is_zero() { zero() } else { x.recip() }),
        ScalarFn::Sqrt => root(x),
        ScalarFn::Exp | ScalarFn::Cos | ScalarFn::Log1pRel => x.is_zero().then(one),
        ScalarFn::Sin | ScalarFn::Tanh | ScalarFn::Expm1 | ScalarFn::Log1p => x.is_zero().then(zero),
        ScalarFn::Log => x.is_one().then(zero),
        ScalarFn::LogOnSupport | ScalarFn::XLogX => (x.is_zero() || x.is_one()).then(zero),
        ScalarFn::Sigmoid => x.is_zero().then(|| BigRational::new(1.into(), 2.into())),
        ScalarFn::Softplus => None,
        ScalarFn::PowOnSupport | ScalarFn::PowLogSlope | ScalarFn::TsallisSlope => None,
        ScalarFn::Log1pRelSlope => x.is_zero().then(|| BigRational::new((-1).into(), 2.into())),
        ScalarFn::Pow => power(x, t?),
        ScalarFn::PowLog => {
            let t = t?;
            if x.is_one() {
                return Some(zero());
            }
            if t.is_zero() || (x.is_zero() && !t.is_positive()) || x.is_negative() {
                return None;
            }
            Some((power(x, t)? - one()) / t)
        }
        ScalarFn::Tsallis => {
            let t = t?;
            if x.is_one() || (x.is_zero() && t.is_positive()) {
                return Some(zero());
            }
            if t.is_one() || (x.is_zero() && t.is_negative()) || x.is_negative() {
                return None;
            }
            Some((power(x, t)? - x) / (t - one()))
        }
    }
}

/// x^t for t an integer, or half of one and x a square.
fn power(x: &BigRational, t: &BigRational) -> Option<BigRational> {
    if t.is_zero() || x.is_one() {
        return Some(BigRational::one());
    }
    if x.is_zero() {
        return t.is_positive().then(BigRational::zero);
    }
    let (base, exponent) = if t.is_integer() {
        (x.clone(), t.to_integer())
    } else if *t.denom() == 2.into() {
        (root(x)?, t.numer().clone())
    } else {
        return None;
    };
    let exponent = exponent.to_i32()?;
    if Field::bits(&base).checked_mul(u64::from(exponent.unsigned_abs()))? > LARGEST {
        return None;
    }
    Some(base.pow(exponent))
}

fn map(function: ScalarFn, x: &Exact, t: Option<&BigRational>) -> Option<Exact> {
    match x {
        Exact::Real(x) => x.try_map(|x| scalar(function, x, t).ok_or(())).ok().map(Exact::Real),
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
    if let (Zip::Min | Zip::Max, Exact::Real(x), Exact::Real(y)) = (zip, x, y) {
        return Some(Exact::Real(Matrix::from_fn(rows, cols, |i, j| {
            let (x, y) = (x.spread(i, j).clone(), y.spread(i, j).clone());
            if zip == Zip::Min { x.min(y) } else { x.max(y) }
        })));
    }
    both!(x, y, x, y => arithmetic(zip, x, y, rows, cols))
}

fn reduce(reduction: Reduction, axis: Axis, x: &Exact, rows: usize) -> Option<Exact> {
    fn lines<T: Clone>(x: &Matrix<T>, axis: Axis, lines: usize) -> Vec<Vec<T>> {
        match axis {
            Axis::All => vec![x.data.clone()],
            Axis::Rows => (0..lines).map(|i| (0..x.cols).map(|j| x.at(i, j).clone()).collect()).collect(),
            Axis::Cols => (0..lines).map(|j| (0..x.rows).map(|i| x.at(i, j).clone()).collect()).collect(),
        }
    }
    fn total<T: Field>(x: &Matrix<T>, axis: Axis, rows: usize) -> Matrix<T> {
        let data = lines(x, axis, rows).into_iter().map(|line| line.into_iter().fold(T::zero(), |a, b| a + b));
        Matrix { rows, cols: 1, data: data.collect() }
    }
    match (reduction, x) {
        (Reduction::Sum, x) => either!(x, x => total(x, axis, rows)),
        (Reduction::Max | Reduction::Min, Exact::Real(x)) => {
            let extreme = |line: Vec<BigRational>| {
                if reduction == Reduction::Max { line.into_iter().max() } else { line.into_iter().min() }
            };
            let data = lines(x, axis, rows).into_iter().map(extreme).collect::<Option<Vec<_>>>()?;
            Some(Exact::Real(Matrix { rows, cols: 1, data }))
        }
        (Reduction::Max | Reduction::Min | Reduction::LogSumExp, _) => None,
    }
}

/// The exact eigenvalues of a diagonal matrix, of one of rank 1, and of a 2 × 2 matrix whose discriminant is a square.
fn eigenvalues(x: &Exact) -> Option<Exact> {
    let real = match x {
        Exact::Real(x) => x.clone(),
        Exact::Complex(x) if x.data.iter().all(|x| x.im.is_zero()) => x.map(|x| x.re.clone()),
        Exact::Complex(_) | Exact::Truth(_) => return None,
    };
    let n = real.rows;
    let diagonal = (0..n).all(|j| (0..n).all(|i| i == j || real.at(i, j).is_zero()));
    let trace = (0..n).fold(BigRational::zero(), |sum, i| sum + real.at(i, i));
    let mut values: Vec<BigRational> = if diagonal {
        (0..n).map(|i| real.at(i, i).clone()).collect()
    } else if n == 2 {
        let gap = real.at(0, 0) - real.at(1, 1);
        let discriminant = &gap * &gap + real.at(0, 1) * real.at(0, 1) * BigRational::from_integer(4.into());
        let distance = root(&discriminant)?;
        let two = BigRational::from_integer(2.into());
        vec![(&trace - &distance) / &two, (&trace + &distance) / &two]
    } else if x.rank() == Some(1) {
        let mut values = vec![BigRational::zero(); n - 1];
        values.push(trace);
        values
    } else {
        return None;
    };
    values.sort();
    Some(Exact::Real(Matrix { rows: n, cols: 1, data: values }))
}

/// f of a diagonal matrix.
fn spectral(function: ScalarFn, x: &Exact, t: Option<&BigRational>) -> Option<Exact> {
    let Exact::Real(x) = x else { return None };
    let n = x.rows;
    if function == ScalarFn::Neg {
        return Some(Exact::Real(x.map(|x| -x.clone())));
    }
    if !(0..n).all(|j| (0..n).all(|i| i == j || x.at(i, j).is_zero())) {
        return None;
    }
    let images = (0..n).map(|i| scalar(function, x.at(i, i), t)).collect::<Option<Vec<_>>>()?;
    Some(Exact::Real(Matrix::from_fn(n, n, |i, j| if i == j { images[i].clone() } else { BigRational::zero() })))
}

fn det(x: &Exact) -> Option<Exact> {
    match x {
        Exact::Real(x) => eliminate::det(x).map(Exact::scalar),
        Exact::Complex(x) => eliminate::det(x).map(|det| Exact::Complex(Matrix::scalar(det))),
        Exact::Truth(_) => None,
    }
}
