//! Decompositions and what is worked out from them, with the zero rules of the evaluator in double precision.

use super::call::{Call, Entrywise as E};
use super::divided;
use super::lower::Lowering;
use super::program::{Number, Value};
use super::scalar::function;
use crate::ir::{Axis, Dim, Field, NodeId, Property, ScalarFn, Shape, Type};

fn sides(value: &Value) -> (Dim, Dim) {
    (value.ty.shape.rows(), value.ty.shape.cols())
}

fn vector(n: Dim) -> Type {
    Type::real(Shape::Vector(n))
}

fn scalar() -> Type {
    Type::real(Shape::Scalar)
}

/// Eigenvalues as torch gives them, and the vectors where something needs them.
fn decomposed(l: &mut Lowering<'_>, matrix: NodeId) -> (Value, Option<Value>) {
    let matrix = l.stripped(matrix);
    let a = l.value(matrix);
    let a = l.b.tensor(&a);
    let (n, _) = sides(&a);
    // torch's solver raises an error at entries that are no numbers: there zeros are decomposed, and the values are none
    // afterwards.
    let probe = probe(l, &a);
    let zero = Value::ratio(0, 1);
    let finite = l.b.entrywise(E::Eq, &[&probe, &zero]);
    let a = l.b.choose(&finite, &a, &zero);
    if l.vectors.contains(&matrix) {
        let ty = a.ty.clone();
        let mut found = l.b.call(Call::Eigenvectors, &[&a], &[vector(n), ty]);
        let vectors = found.pop();
        let values = found.remove(0);
        (l.b.entrywise(E::Add, &[&values, &probe]), vectors)
    } else {
        let values = l.b.one(Call::Eigenvalues, &[&a], vector(n));
        (l.b.entrywise(E::Add, &[&values, &probe]), None)
    }
}

/// n ε σ, which no eigenvalue or singular value of this size can be told from 0 below (see the evaluator's zero rule).
fn threshold(l: &mut Lowering<'_>, n: Dim, greatest: &Value) -> Value {
    let (n, epsilon) = (Value::number(Number::Size(n)), Value::number(Number::Epsilon));
    let relative = l.b.entrywise(E::Mul, &[&n, &epsilon]);
    l.b.entrywise(E::Mul, &[&relative, greatest])
}

/// The eigenvalues, with what counts as zero set to 0 where the matrix is positive semi-definite.
fn spectrum(l: &mut Lowering<'_>, matrix: NodeId) -> (Value, Option<Value>) {
    let (values, vectors) = decomposed(l, matrix);
    if !l.has(matrix, Property::Psd) {
        return (values, vectors);
    }
    let greatest = l.b.one(Call::Maximum(Axis::All), &[&values], scalar());
    let threshold = threshold(l, values.ty.shape.rows(), &greatest);
    let negligible = l.b.entrywise(E::Le, &[&values, &threshold]);
    (l.b.choose(&negligible, &Value::ratio(0, 1), &values), vectors)
}

pub(super) fn eigenvalues(l: &mut Lowering<'_>, matrix: NodeId) -> Value {
    spectrum(l, matrix).0
}

/// The size of a vector of singular values: the smaller side, where it is known.
fn count(ty: &Type) -> Dim {
    match (ty.shape.rows().as_constant(), ty.shape.cols().as_constant()) {
        (Some(m), Some(n)) => Dim::constant(m.min(n)),
        _ => ty.shape.cols(),
    }
}

pub(super) fn singular_values(l: &mut Lowering<'_>, matrix: NodeId, ty: Type) -> Value {
    let a = l.value(matrix);
    let a = l.b.tensor(&a);
    l.b.one(Call::SingularValues, &[&a], ty)
}

/// V diag(w) V'
fn sum(l: &mut Lowering<'_>, vectors: &Value, weights: &Value, ty: Type) -> Value {
    let (n, _) = sides(vectors);
    let spread = l.spread(weights.clone(), Axis::Cols, n);
    let scaled = l.b.entrywise(E::Mul, &[vectors, &spread]);
    let back = l.b.adjoint(vectors);
    l.b.one(Call::MatMul, &[&scaled, &back], ty)
}

/// The vectors of a decomposition; the lowering asks for them wherever an operation here does.
fn with_vectors(l: &mut Lowering<'_>, matrix: NodeId) -> (Value, Value) {
    let (values, vectors) = spectrum(l, matrix);
    let vectors = vectors.unwrap_or_else(|| values.clone());
    (values, vectors)
}

/// f(A) = V f(Λ) V'
pub(super) fn matrix_function(l: &mut Lowering<'_>, f: ScalarFn, args: &[NodeId], ty: Type) -> Value {
    let (values, vectors) = with_vectors(l, args[0]);
    let parameter = args.get(1).map(|p| l.value(*p));
    let images = function(&mut l.b, f, &values, parameter.as_ref());
    sum(l, &vectors, &images, ty)
}

pub(super) fn eigen_sum(l: &mut Lowering<'_>, args: &[NodeId], ty: Type) -> Value {
    let (_, vectors) = with_vectors(l, args[0]);
    let weights = l.value(args[1]);
    sum(l, &vectors, &weights, ty)
}

/// V (F ∘ (V'HV)) V' (Daleckii and Krein 1965)
pub(super) fn frechet(l: &mut Lowering<'_>, f: ScalarFn, args: &[NodeId], ty: Type) -> Value {
    let (values, vectors) = with_vectors(l, args[0]);
    let direction = l.value(args[1]);
    let direction = l.b.tensor(&direction);
    let parameter = args.get(2).map(|p| l.value(*p));
    let n = values.ty.shape.rows();
    let (of_row, of_col) = (l.spread(values.clone(), Axis::Rows, n.clone()), l.spread(values, Axis::Cols, n));
    let slopes = divided::difference(&mut l.b, f, &of_row, &of_col, parameter.as_ref());
    let back = l.b.adjoint(&vectors);
    let inner = l.b.one(Call::MatMul, &[&direction, &vectors], ty.clone());
    let inner = l.b.one(Call::MatMul, &[&back, &inner], ty.clone());
    let weighed = l.b.entrywise(E::Mul, &[&inner, &slopes]);
    let outer = l.b.one(Call::MatMul, &[&vectors, &weighed], ty.clone());
    l.b.one(Call::MatMul, &[&outer, &back], ty)
}

/// U, the singular values and V'
fn svd(l: &mut Lowering<'_>, a: &Value) -> (Value, Value, Value) {
    let (m, n) = sides(a);
    let k = count(&a.ty);
    let of = |rows: &Dim, cols: &Dim| Type { field: a.ty.field, shape: Shape::Matrix(rows.clone(), cols.clone()) };
    let types = [of(&m, &k), vector(k.clone()), of(&k, &n)];
    let mut found = l.b.call(Call::SingularVectors, &[a], &types);
    let (right, values) = (found.remove(2), found.remove(1));
    (found.remove(0), values, right)
}

/// max(m, n) ε σ_max
fn singular_threshold(l: &mut Lowering<'_>, a: &Type, greatest: &Value) -> Value {
    let (m, n) = (Value::number(Number::Size(a.shape.rows())), Value::number(Number::Size(a.shape.cols())));
    let side = l.b.entrywise(E::Max, &[&m, &n]);
    let relative = l.b.entrywise(E::Mul, &[&side, &Value::number(Number::Epsilon)]);
    l.b.entrywise(E::Mul, &[&relative, greatest])
}

/// Σ w_i u_i v_i' over the singular values that are not zero
pub(super) fn singular_sum(l: &mut Lowering<'_>, args: &[NodeId], ty: Type) -> Value {
    let a = l.value(args[0]);
    let a = l.b.tensor(&a);
    let weights = l.value(args[1]);
    let (left, values, right) = svd(l, &a);
    let greatest = l.b.one(Call::Maximum(Axis::All), &[&values], scalar());
    let threshold = singular_threshold(l, &a.ty, &greatest);
    let negligible = l.b.entrywise(E::Le, &[&values, &threshold]);
    let weights = l.b.choose(&negligible, &Value::ratio(0, 1), &weights);
    let (rows, _) = sides(&left);
    let spread = l.spread(weights, Axis::Cols, rows);
    let scaled = l.b.entrywise(E::Mul, &[&left, &spread]);
    l.b.one(Call::MatMul, &[&scaled, &right], ty)
}

/// The number of singular values above max(m, n) ε σ_max
pub(super) fn rank(l: &mut Lowering<'_>, matrix: NodeId) -> Value {
    let a = l.value(matrix);
    let a = l.b.tensor(&a);
    let values = l.b.one(Call::SingularValues, &[&a], vector(count(&a.ty)));
    let greatest = l.b.one(Call::Maximum(Axis::All), &[&values], scalar());
    let threshold = singular_threshold(l, &a.ty, &greatest);
    let above = l.b.entrywise(E::Lt, &[&threshold, &values]);
    let ones = l.b.entrywise(E::ToReal, &[&above]);
    l.b.one(Call::Sum(Axis::All), &[&ones], scalar())
}

/// The Cholesky factor and whether it shows a matrix that can be told from a singular one. Every squared pivot is at least
/// the least eigenvalue and at most the greatest, so that one below n ε times another shows a matrix that the zero rule
/// calls singular.
fn cholesky(l: &mut Lowering<'_>, a: &Value) -> (Value, Value) {
    let (n, _) = sides(a);
    let mut found = l.b.call(Call::Cholesky, &[a], &[a.ty.clone(), scalar()]);
    let (failed, factor) = (found.remove(1), found.remove(0));
    let pivots = pivots(l, &factor);
    let least = l.b.one(Call::Minimum(Axis::All), &[&pivots], scalar());
    let greatest = l.b.one(Call::Maximum(Axis::All), &[&pivots], scalar());
    let (least, greatest) = (l.b.entrywise(E::Square, &[&least]), l.b.entrywise(E::Square, &[&greatest]));
    let threshold = threshold(l, n, &greatest);
    let above = l.b.entrywise(E::Lt, &[&threshold, &least]);
    let exists = l.b.entrywise(E::Eq, &[&failed, &Value::ratio(0, 1)]);
    let regular = l.b.entrywise(E::And, &[&above, &exists]);
    (factor, regular)
}

fn pivots(l: &mut Lowering<'_>, factor: &Value) -> Value {
    let (n, _) = sides(factor);
    let ty = Type { field: factor.ty.field, shape: Shape::Vector(n) };
    let diagonal = l.b.one(Call::Diagonal, &[factor], ty);
    if factor.ty.field == Field::Complex { l.b.entrywise(E::Real, &[&diagonal]) } else { diagonal }
}

/// 0 where all entries are finite, NaN where one is not: a factorisation that failed for that reason has no result, where one
/// that failed for a singular matrix has.
fn probe(l: &mut Lowering<'_>, a: &Value) -> Value {
    let sum = l.b.one(Call::Sum(Axis::All), &[a], Type { shape: Shape::Scalar, ..a.ty.clone() });
    let sum = if a.ty.field == Field::Complex { l.b.entrywise(E::Abs, &[&sum]) } else { sum };
    l.b.entrywise(E::Mul, &[&Value::ratio(0, 1), &sum])
}

fn minus_infinity(l: &mut Lowering<'_>) -> Value {
    l.b.entrywise(E::Neg, &[&Value::number(Number::Infinity)])
}

/// log det A: −∞ for a singular positive semi-definite matrix, NaN where the determinant is negative.
pub(super) fn log_det(l: &mut Lowering<'_>, matrix: NodeId, ty: Type) -> Value {
    let a = l.value(matrix);
    let a = l.b.tensor(&a);
    if l.has(matrix, Property::Psd) {
        let (factor, regular) = cholesky(l, &a);
        let pivots = pivots(l, &factor);
        let logs = l.b.entrywise(E::Log, &[&pivots]);
        let half = l.b.one(Call::Sum(Axis::All), &[&logs], scalar());
        let log = l.b.entrywise(E::Mul, &[&Value::ratio(2, 1), &half]);
        let (probe, infinite) = (probe(l, &a), minus_infinity(l));
        let singular = l.b.entrywise(E::Add, &[&probe, &infinite]);
        return l.b.choose(&regular, &log, &singular);
    }
    let (sign, log) = sign_log_det(l, &a);
    if ty.field == Field::Complex {
        let angle = l.b.entrywise(E::Angle, &[&sign]);
        let infinite = minus_infinity(l);
        let zero = l.b.entrywise(E::Eq, &[&log, &infinite]);
        let angle = l.b.choose(&zero, &Value::ratio(0, 1), &angle);
        let (log, angle) = (l.b.entrywise(E::ToComplex, &[&log]), l.b.entrywise(E::ToComplex, &[&angle]));
        let unit = l.b.one(Call::ImaginaryUnit, &[], Type::complex(Shape::Scalar));
        let imaginary = l.b.entrywise(E::Mul, &[&unit, &angle]);
        return l.b.entrywise(E::Add, &[&log, &imaginary]);
    }
    let sign = if sign.ty.field == Field::Complex { l.b.entrywise(E::Real, &[&sign]) } else { sign };
    let negative = l.b.entrywise(E::Lt, &[&sign, &Value::ratio(0, 1)]);
    l.b.choose(&negative, &Value::number(Number::Nan), &log)
}

fn sign_log_det(l: &mut Lowering<'_>, a: &Value) -> (Value, Value) {
    let sign = Type { field: a.ty.field, shape: Shape::Scalar };
    let mut found = l.b.call(Call::SignLogDet, &[a], &[sign, scalar()]);
    let log = found.remove(1);
    (found.remove(0), log)
}

pub(super) fn det(l: &mut Lowering<'_>, matrix: NodeId, ty: Type) -> Value {
    let a = l.value(matrix);
    let a = l.b.tensor(&a);
    let (sign, log) = sign_log_det(l, &a);
    let sign = if sign.ty.field != ty.field { l.b.entrywise(E::Real, &[&sign]) } else { sign };
    let modulus = l.b.entrywise(E::Exp, &[&log]);
    l.b.entrywise(E::Mul, &[&sign, &modulus])
}

/// The inverse: NaN where there is none.
pub(super) fn inverse(l: &mut Lowering<'_>, matrix: NodeId, ty: Type) -> Value {
    let a = l.value(matrix);
    let a = l.b.tensor(&a);
    let (found, exists) = if l.has(matrix, Property::Psd) {
        let (factor, regular) = cholesky(l, &a);
        let inverse = l.b.one(Call::CholeskyInverse, &[&factor, &regular], ty);
        if inverse.ty.field == Field::Real {
            l.b.note_symmetric(&inverse);
        }
        (inverse, regular)
    } else {
        let mut found = l.b.call(Call::Inverse, &[&a], &[ty, scalar()]);
        let exists = l.b.entrywise(E::Eq, &[&found[1], &Value::ratio(0, 1)]);
        (found.remove(0), exists)
    };
    // Times 1 or NaN, which a number for the whole does in one pass.
    let factor = l.b.choose(&exists, &Value::ratio(1, 1), &Value::number(Number::Nan));
    l.b.entrywise(E::Mul, &[&found, &factor])
}

/// det(U V') V diag(∏_(j ≠ i) σ_j) U' from A = U Σ V' (see the evaluator's)
pub(super) fn adjugate(l: &mut Lowering<'_>, matrix: NodeId, ty: Type) -> Value {
    let a = l.value(matrix);
    let a = l.b.tensor(&a);
    let (n, _) = sides(&a);
    let (left, values, right) = svd(l, &a);
    let phase = l.b.one(Call::MatMul, &[&left, &right], ty.clone());
    let (phase, _) = sign_log_det(l, &phase);
    // Row i holds the singular values with 1 in place of the i-th, and its product is that of the others.
    let square = Type::real(Shape::Matrix(n.clone(), n.clone()));
    let rows = l.spread(values, Axis::Cols, n.clone());
    let eye = l.b.one(Call::Eye(n.clone()), &[], square);
    let own = l.b.entrywise(E::Eq, &[&eye, &Value::ratio(1, 1)]);
    let others = l.b.choose(&own, &Value::ratio(1, 1), &rows);
    let products = l.b.one(Call::Prod(Axis::Rows), &[&others], vector(n.clone()));
    let (v, u) = (l.b.adjoint(&right), l.b.adjoint(&left));
    let weights = l.spread(products, Axis::Cols, n);
    let scaled = l.b.entrywise(E::Mul, &[&v, &weights]);
    let product = l.b.one(Call::MatMul, &[&scaled, &u], ty);
    l.b.entrywise(E::Mul, &[&phase, &product])
}
