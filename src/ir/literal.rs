//! What exact entries decide: a matrix written out in numbers is Hermitian, positive semi-definite and so on, or not.

use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::fact::{Fact, Facts, Property};
use super::graph::{Graph, NodeId};
use super::op::{Kind, Op, Zip};
use super::scalar::ScalarFn;
use super::ty::Shape;

/// Up to this size the definiteness of an exact matrix is decided; the work grows with the cube.
const MAX_EXACT_SIZE: usize = 16;

/// The facts of one exact number.
pub(super) fn scalar(known: &mut Facts, value: &BigRational) {
    const WHY: &str = "the number itself";
    known.learn(Property::Positive, Fact::decided(value.is_positive()), WHY);
    known.learn(Property::Nonnegative, Fact::decided(!value.is_negative()), WHY);
    known.learn(Property::Integer, Fact::decided(value.is_integer()), WHY);
    known.learn(Property::ZeroOne, Fact::decided(value.is_zero() || value.is_one()), WHY);
}

fn exact(g: &Graph, args: &[NodeId]) -> Option<Vec<BigRational>> {
    args.iter().map(|id| g.constant_value(*id).cloned()).collect()
}

fn entries(known: &mut Facts, values: &[BigRational], why: &'static str) {
    known.learn(Property::Nonnegative, Fact::decided(values.iter().all(|v| !v.is_negative())), why);
    known.learn(Property::Positive, Fact::decided(values.iter().all(BigRational::is_positive)), why);
    known.learn(Property::ZeroOne, Fact::decided(values.iter().all(|v| v.is_zero() || v.is_one())), why);
    known.learn(Property::Integer, Fact::decided(values.iter().all(BigRational::is_integer)), why);
}

/// The facts of a vector of scalars.
pub(super) fn vector(g: &Graph, args: &[NodeId], why: &'static str, known: &mut Facts) {
    match exact(g, args) {
        Some(values) => {
            entries(known, &values, why);
            let sum: BigRational = values.iter().sum();
            known.learn(Property::SumsToOne, Fact::decided(sum.is_one()), why);
        }
        None => {
            for property in [Property::Nonnegative, Property::Positive] {
                known.learn(property, Fact::yes_if(args.iter().all(|id| g.has(*id, property))), why);
            }
        }
    }
}

/// The most operations that an exact complex number of a literal is made of, one above another: `1/2 - 3i/4` has few.
const MAX_COMPLEX_DEPTH: usize = 8;

/// Whether a scalar is known to be the conjugate of another: both real and one, or both exact numbers that are.
fn conjugate(g: &Graph, a: NodeId, b: NodeId) -> bool {
    let real = |id: NodeId| g.ty(id).is_real_scalar() || *g.op(id) == Op::Complexify;
    if a == b && real(a) {
        return true;
    }
    match (complex(g, a, MAX_COMPLEX_DEPTH), complex(g, b, MAX_COMPLEX_DEPTH)) {
        (Some((a, ai)), Some((b, bi))) => a == b && ai == -bi,
        (Some(_) | None, _) => false,
    }
}

/// The real and the imaginary part of a scalar that is made of exact numbers and i.
fn complex(g: &Graph, id: NodeId, depth: usize) -> Option<(BigRational, BigRational)> {
    let depth = depth.checked_sub(1)?;
    let operand = |i: usize| complex(g, g.args(id)[i], depth);
    let op = g.op(id);
    match (op.kind(), op) {
        (_, Op::Constant(value)) => Some((value.clone(), BigRational::zero())),
        (_, Op::ImaginaryUnit) => Some((BigRational::zero(), BigRational::one())),
        (_, Op::Complexify) => operand(0),
        (_, Op::Conj) => operand(0).map(|(a, ai)| (a, -ai)),
        (_, Op::Map(ScalarFn::Neg)) => operand(0).map(|(a, ai)| (-a, -ai)),
        (_, Op::Zip(Zip::Add)) => {
            let ((a, ai), (b, bi)) = (operand(0)?, operand(1)?);
            Some((a + b, ai + bi))
        }
        (_, Op::Zip(Zip::Sub)) => {
            let ((a, ai), (b, bi)) = (operand(0)?, operand(1)?);
            Some((a - b, ai - bi))
        }
        (_, Op::Zip(Zip::Mul)) => {
            let ((a, ai), (b, bi)) = (operand(0)?, operand(1)?);
            Some((&a * &b - &ai * &bi, a * bi + ai * b))
        }
        (_, Op::Zip(Zip::Div)) => {
            let ((a, ai), (b, bi)) = (operand(0)?, operand(1)?);
            // A quotient by what is not real is no way to write a number.
            (bi.is_zero() && !b.is_zero()).then(|| (a / &b, ai / b))
        }
        (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => None,
        (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => None,
    }
}

/// The facts of a matrix of scalars or blocks, row by row.
pub(super) fn matrix(g: &Graph, args: &[NodeId], rows: usize, cols: usize, why: &'static str, known: &mut Facts) {
    let symmetric_entries = rows == cols
        && args.iter().all(|id| g.ty(*id).shape == Shape::Scalar)
        && (0..rows).all(|i| (0..=i).all(|j| conjugate(g, args[i * cols + j], args[j * cols + i])));
    known.learn(Property::Hermitian, Fact::yes_if(symmetric_entries), "its entries mirror each other");
    let Some(values) = exact(g, args) else {
        for property in [Property::Nonnegative, Property::Positive] {
            known.learn(property, Fact::yes_if(args.iter().all(|id| g.has(*id, property))), why);
        }
        let scalars = args.iter().all(|id| g.ty(*id).shape == Shape::Scalar);
        let unit = scalars && rows == cols && (0..rows).all(|i| g.is_number(args[i * cols + i], 1));
        known.learn(Property::UnitDiagonal, Fact::yes_if(unit), why);
        return;
    };
    entries(known, &values, why);
    let at = |i: usize, j: usize| &values[i * cols + j];
    let unit = |norms: Vec<BigRational>| Fact::decided(norms.iter().all(One::is_one));
    let square = |v: &BigRational| v * v;
    let columns = (0..cols).map(|j| (0..rows).map(|i| square(at(i, j))).sum()).collect();
    known.learn(Property::UnitColumns, unit(columns), why);
    let lines = (0..rows).map(|i| (0..cols).map(|j| square(at(i, j))).sum()).collect();
    known.learn(Property::UnitRows, unit(lines), why);
    let dot_columns = |i: usize, j: usize| (0..rows).map(|k| at(k, i) * at(k, j)).sum::<BigRational>();
    let orthonormal = (0..cols).all(|i| (0..=i).all(|j| dot_columns(i, j) == kronecker_delta(i, j)));
    known.learn(Property::OrthonormalColumns, Fact::decided(orthonormal), why);
    if rows != cols {
        return;
    }
    let n = rows;
    known.learn(Property::Hermitian, Fact::decided((0..n).all(|i| (0..i).all(|j| at(i, j) == at(j, i)))), why);
    known.learn(Property::UnitDiagonal, Fact::decided((0..n).all(|i| at(i, i).is_one())), why);
    let trace: BigRational = (0..n).map(|i| at(i, i)).sum();
    known.learn(Property::TraceOne, Fact::decided(trace.is_one()), why);
    let diagonal = (0..n).all(|i| (0..n).all(|j| i == j || at(i, j).is_zero()));
    known.learn(Property::Diagonal, Fact::decided(diagonal), why);
    if known.has(Property::Hermitian) && n <= MAX_EXACT_SIZE {
        let (psd, pd) = definiteness(values, n);
        known.learn(Property::Psd, Fact::decided(psd), why);
        known.learn(Property::Pd, Fact::decided(pd), why);
    }
}

fn kronecker_delta(i: usize, j: usize) -> BigRational {
    if i == j { BigRational::one() } else { BigRational::zero() }
}

/// Whether a symmetric matrix is positive semi-definite and definite, by exact symmetric elimination.
///
/// A zero pivot of a positive semi-definite matrix has a zero row; otherwise the 2 × 2 minor with it is negative.
fn definiteness(mut a: Vec<BigRational>, n: usize) -> (bool, bool) {
    let mut definite = true;
    for k in 0..n {
        let pivot = a[k * n + k].clone();
        if pivot.is_negative() {
            return (false, false);
        }
        if pivot.is_zero() {
            definite = false;
            if (k + 1..n).any(|i| !a[i * n + k].is_zero()) {
                return (false, false);
            }
            continue;
        }
        for i in k + 1..n {
            let factor = &a[i * n + k] / &pivot;
            for j in k + 1..n {
                let change = &factor * &a[k * n + j];
                a[i * n + j] -= change;
            }
        }
    }
    (true, definite)
}
