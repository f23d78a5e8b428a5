//! What an operation is equal to by itself: exact constants, identities, and the forms that need less work.
//!
//! These rules are few, always right, and make every treatment's work smaller; the search for the cheapest form of an
//! expression is the rewriter's. A rule returns the node to use instead, or `None`.

use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::decide::decide;
use super::fact::Property;
use super::factor::in_factors;
use super::graph::{Graph, Mismatch, NodeId};
use super::op::{Axis, Basis, Op, Part, Reduction, Zip};
use super::scalar::ScalarFn;
use super::ty::{Field, Shape, Type};

type Folded = Result<Option<NodeId>, Mismatch>;

/// The greatest power that exact constants are raised to.
const MAX_EXACT_POWER: i64 = 64;

/// Exact constants grow to this many bits: a few nested powers would otherwise fill the memory.
const MAX_EXACT_BITS: u64 = 1 << 16;

/// A simpler node with the value of `op` on `args`, whose type is `ty`.
pub(super) fn fold(g: &mut Graph, op: &Op, args: &[NodeId], ty: &Type) -> Folded {
    match op {
        Op::Size(dim) => match dim.as_constant() {
            Some(n) => g.integer(n).map(Some),
            None if dim.is_polynomial() => Ok(None),
            None => in_factors(g, dim).map(Some),
        },
        Op::Eye(_) | Op::Input(_) | Op::Constant(_) | Op::Truth(_) => Ok(None),
        Op::ImaginaryUnit | Op::Pi | Op::Infinity => Ok(None),
        Op::Fill(shape) => Ok((*shape == Shape::Scalar).then(|| args[0])),
        Op::Map(function) => map(g, *function, args),
        Op::Part(part) => part_of(g, *part, args[0], ty),
        Op::Complexify => Ok(None),
        Op::Zip(zip) => zip_of(g, *zip, args[0], args[1], ty),
        Op::Adjoint => adjoint(g, args[0]),
        Op::Transpose => transpose(g, args[0]),
        Op::Conj if g.ty(args[0]).field == Field::Real => Ok(Some(args[0])),
        Op::Conj => Ok(under(g, args[0], &Op::Conj)),
        Op::DiagonalOf => diagonal_of(g, args[0], ty),
        Op::DiagonalMatrix => Ok(None),
        // Equal entries are equal rows and columns.
        Op::Broadcast(..) if matches!(g.op(args[0]), Op::Fill(_)) => {
            g.fill(g.args(args[0])[0], ty.shape.clone()).map(Some)
        }
        Op::Broadcast(..) => Ok(None),
        Op::Block(1, 1) => Ok(Some(args[0]).filter(|_| matches!(g.ty(args[0]).shape, Shape::Matrix(..)))),
        Op::Block(..) | Op::Stack => Ok(None),
        Op::Entry => entry(g, args),
        Op::OneHot(_) => Ok(None),
        Op::Slice(_, _, shape) => Ok((g.ty(args[0]).shape == *shape).then(|| args[0])),
        Op::MatMul => matmul(g, args[0], args[1], ty),
        Op::Kron => match (&g.ty(args[0]).shape, &g.ty(args[1]).shape) {
            (Shape::Scalar, _) | (_, Shape::Scalar) => g.zip(Zip::Mul, args[0], args[1]).map(Some),
            _ => Ok(None),
        },
        Op::PartialInner(..) => Ok(None),
        Op::Reduce(reduction, axis) => reduce(g, *reduction, *axis, args[0]),
        Op::Eigenvalues if is_eye(g, args[0]) => {
            let one = g.integer(1)?;
            g.fill(one, ty.shape.clone()).map(Some)
        }
        Op::Eigenvalues => Ok(None),
        Op::SingularValues | Op::LogDet | Op::Det => Ok(None),
        Op::Spectral(_) | Op::Frechet(_) | Op::SingularSum => Ok(None),
        // Σ w v_i v_i' = w I.
        Op::EigenSum if matches!(g.op(args[1]), Op::Fill(_)) => {
            let weight = g.args(args[1])[0];
            let eye = g.eye(ty.shape.rows())?;
            let eye = if ty.field == Field::Complex { g.make(Op::Complexify, vec![eye])? } else { eye };
            g.multiply(weight, eye).map(Some)
        }
        Op::EigenSum => Ok(None),
        Op::Inverse if is_eye(g, args[0]) => Ok(Some(args[0])),
        Op::Inverse => Ok(under(g, args[0], &Op::Inverse)),
        Op::Adjugate => Ok(None),
        Op::Rank if g.certain(args[0], Property::Pd) => {
            let n = g.ty(args[0]).shape.rows();
            g.size(n).map(Some)
        }
        Op::Rank => Ok(None),
        Op::Compare(comparison) => match decide(g, *comparison, args[0], args[1]) {
            Some(truth) => g.truth(truth).map(Some),
            None => Ok(None),
        },
        Op::And => Ok(match (truth_of(g, args[0]), truth_of(g, args[1])) {
            (Some(true), _) => Some(args[1]),
            (_, Some(true)) => Some(args[0]),
            (Some(false), _) => Some(args[0]),
            (_, Some(false)) => Some(args[1]),
            (None, None) => None,
        }),
        Op::Or => Ok(match (truth_of(g, args[0]), truth_of(g, args[1])) {
            (Some(false), _) => Some(args[1]),
            (_, Some(false)) => Some(args[0]),
            (Some(true), _) => Some(args[0]),
            (_, Some(true)) => Some(args[1]),
            (None, None) => None,
        }),
        Op::Not => match truth_of(g, args[0]) {
            Some(truth) => g.truth(!truth).map(Some),
            None => Ok(None),
        },
        Op::Select => Ok(match truth_of(g, args[0]) {
            Some(true) => Some(args[1]),
            Some(false) => Some(args[2]),
            None if args[1] == args[2] => Some(args[1]),
            None => None,
        }),
        Op::StopGradient => {
            let still = matches!(g.op(args[0]), Op::StopGradient | Op::Constant(_) | Op::Size(_));
            Ok(still.then_some(args[0]))
        }
        // One without properties stands for a quantified name, and no rule looks through it.
        Op::Annotate(properties, _) if !properties.is_empty() && properties.iter().all(|p| g.has(args[0], *p)) => {
            Ok(Some(args[0]))
        }
        Op::Annotate(..) => Ok(None),
        Op::Require => Ok((truth_of(g, args[1]) == Some(true)).then(|| args[0])),
    }
}

fn truth_of(g: &Graph, id: NodeId) -> Option<bool> {
    if let Op::Truth(truth) = g.op(id) { Some(*truth) } else { None }
}

fn is_eye(g: &Graph, id: NodeId) -> bool {
    let made_complex = *g.op(id) == Op::Complexify;
    let real = if made_complex { g.args(id)[0] } else { id };
    matches!(g.op(real), Op::Eye(_))
}

fn is_matrix(g: &Graph, id: NodeId) -> bool {
    matches!(g.ty(id).shape, Shape::Matrix(..))
}

/// The operand of a node with this operation.
fn under(g: &Graph, id: NodeId, op: &Op) -> Option<NodeId> {
    (g.op(id) == op).then(|| g.args(id)[0])
}

fn map(g: &mut Graph, function: ScalarFn, args: &[NodeId]) -> Folded {
    let x = args[0];
    if function == ScalarFn::Neg
        && let Some(inner) = under(g, x, &Op::Map(ScalarFn::Neg))
    {
        return Ok(Some(inner));
    }
    if function == ScalarFn::Pow && g.is_number(args[1], 1) {
        return Ok(Some(x));
    }
    if function == ScalarFn::Pow && g.is_number(args[1], 2) {
        return g.zip(Zip::Mul, x, x).map(Some);
    }
    // Where no power is infinite the two agree.
    if function == ScalarFn::PowOnSupport && g.constant_value(args[1]).is_some_and(|p| !p.is_negative()) {
        return g.map_with(ScalarFn::Pow, x, args[1]).map(Some);
    }
    // Equal entries have equal values.
    if let Op::Fill(shape) = g.op(x).clone() {
        let mut inner = args.to_vec();
        inner[0] = g.args(x)[0];
        let value = g.make(Op::Map(function), inner)?;
        return g.fill(value, shape).map(Some);
    }
    let Some(value) = g.constant_value(x).cloned() else { return Ok(None) };
    let parameter = args.get(1).and_then(|p| g.constant_value(*p)).cloned();
    let exact = match function {
        ScalarFn::Neg => Some(-value),
        ScalarFn::Abs => Some(value.abs()),
        ScalarFn::Floor => Some(value.floor()),
        ScalarFn::Sign => Some(value.signum()),
        ScalarFn::Relu => Some(if value.is_positive() { value } else { BigRational::zero() }),
        ScalarFn::Step => Some(if value.is_positive() { BigRational::one() } else { BigRational::zero() }),
        ScalarFn::Recip if !value.is_zero() => Some(value.recip()),
        ScalarFn::Exp | ScalarFn::Cos if value.is_zero() => Some(BigRational::one()),
        ScalarFn::Sin | ScalarFn::Tanh | ScalarFn::Expm1 | ScalarFn::Log1p if value.is_zero() => Some(value),
        ScalarFn::Log | ScalarFn::LogOnSupport if value.is_one() => Some(BigRational::zero()),
        ScalarFn::Sqrt | ScalarFn::XLogX | ScalarFn::LogOnSupport if value.is_zero() => Some(value),
        ScalarFn::XLogX if value.is_one() => Some(BigRational::zero()),
        ScalarFn::Sqrt if value.is_one() => Some(value),
        ScalarFn::Log1pRel if value.is_zero() => Some(BigRational::one()),
        ScalarFn::Tsallis if value.is_zero() || value.is_one() => Some(BigRational::zero()),
        ScalarFn::Pow => parameter.as_ref().and_then(|p| exact_power(&value, p)),
        ScalarFn::Recip
        | ScalarFn::Exp
        | ScalarFn::Cos
        | ScalarFn::Sin
        | ScalarFn::Tanh
        | ScalarFn::Expm1
        | ScalarFn::Log1p
        | ScalarFn::Log
        | ScalarFn::LogOnSupport
        | ScalarFn::RecipOnSupport
        | ScalarFn::XLogX
        | ScalarFn::Sqrt
        | ScalarFn::Log1pRel
        | ScalarFn::Log1pRelSlope
        | ScalarFn::Tsallis
        | ScalarFn::TsallisSlope
        | ScalarFn::PowOnSupport
        | ScalarFn::PowLog
        | ScalarFn::PowLogSlope
        | ScalarFn::Sigmoid
        | ScalarFn::Softplus => None,
    };
    exact.map(|value| g.number(value)).transpose()
}

fn exact_power(base: &BigRational, exponent: &BigRational) -> Option<BigRational> {
    let exponent = exponent.is_integer().then(|| exponent.to_integer().to_i64()).flatten()?;
    if exponent.abs() > MAX_EXACT_POWER || (base.is_zero() && exponent < 0) {
        return None;
    }
    if bits(base).saturating_mul(exponent.unsigned_abs()) > MAX_EXACT_BITS {
        return None;
    }
    Some(base.pow(exponent as i32))
}

/// The length of a number's parts.
fn bits(value: &BigRational) -> u64 {
    value.numer().bits() + value.denom().bits()
}

fn part_of(g: &mut Graph, part: Part, x: NodeId, ty: &Type) -> Folded {
    let lifted = under(g, x, &Op::Complexify);
    let real = lifted.or((g.ty(x).field == Field::Real).then_some(x));
    match (part, real) {
        (Part::Re, Some(real)) => Ok(Some(real)),
        (Part::Im, Some(_)) => {
            let zero = g.integer(0)?;
            g.fill(zero, ty.shape.clone()).map(Some)
        }
        (Part::Abs, Some(real)) if g.has(real, Property::Nonnegative) => Ok(Some(real)),
        (Part::Abs, Some(real)) => g.map(ScalarFn::Abs, real).map(Some),
        (Part::Abs2, Some(real)) => g.zip(Zip::Mul, real, real).map(Some),
        (Part::Re | Part::Im | Part::Abs | Part::Abs2, None) => Ok(None),
    }
}

fn zip_of(g: &mut Graph, zip: Zip, x: NodeId, y: NodeId, ty: &Type) -> Folded {
    if let (Some(a), Some(b)) = (g.constant_value(x).cloned(), g.constant_value(y).cloned()) {
        let exact = match zip {
            Zip::Min => Some(a.min(b)),
            Zip::Max => Some(a.max(b)),
            Zip::Add | Zip::Sub | Zip::Mul | Zip::Div if bits(&a) + bits(&b) > MAX_EXACT_BITS => None,
            Zip::Add => Some(a + b),
            Zip::Sub => Some(a - b),
            Zip::Mul => Some(a * b),
            Zip::Div if b.is_zero() => None,
            Zip::Div => Some(a / b),
        };
        return exact.map(|value| g.number(value)).transpose();
    }
    // A value that a scalar multiplies keeps its own shape only if it is not itself the scalar.
    let whole = |g: &Graph, id: NodeId| g.ty(id).shape == ty.shape;
    // A number that was made complex for its neighbour's sake is still that number.
    let is_number = |g: &Graph, id: NodeId, n: i64| g.is_number(under(g, id, &Op::Complexify).unwrap_or(id), n);
    Ok(match zip {
        // An entrywise product with equal entries is a multiple, and so is a quotient by them.
        Zip::Mul | Zip::Div if matches!(g.op(y), Op::Fill(_)) && whole(g, x) => Some(g.zip(zip, x, g.args(y)[0])?),
        Zip::Mul if matches!(g.op(x), Op::Fill(_)) && whole(g, y) => Some(g.zip(zip, g.args(x)[0], y)?),
        Zip::Div if matches!(g.op(y), Op::Fill(_)) => {
            let quotient = g.zip(zip, x, g.args(y)[0])?;
            Some(g.fill(quotient, ty.shape.clone())?)
        }
        Zip::Add if is_number(g, x, 0) => Some(y),
        Zip::Add | Zip::Sub if is_number(g, y, 0) => Some(x),
        Zip::Mul if is_number(g, x, 1) && whole(g, y) => Some(y),
        Zip::Mul | Zip::Div if is_number(g, y, 1) && whole(g, x) => Some(x),
        // The one place where a limit replaces arithmetic: 0 times a scalar is 0, as in α/(1 − α) · log 1.
        Zip::Mul if ty.is_real_scalar() && g.is_number(x, 0) && vanishes(g, y) => Some(g.integer(0)?),
        Zip::Mul if ty.is_real_scalar() && g.is_number(y, 0) && vanishes(g, x) => Some(g.integer(0)?),
        Zip::Div if x == y && ty.is_real_scalar() && g.certain(x, Property::Positive) => Some(g.integer(1)?),
        Zip::Min | Zip::Max if x == y => Some(x),
        Zip::Add | Zip::Sub | Zip::Mul | Zip::Div | Zip::Min | Zip::Max => None,
    })
}

/// Whether 0 times a scalar is 0: not where an operation on numbers has no finite value, since 0 · ∞ and 0 · log(−1) have none;
/// nor where what it asks of its operands would be forgotten.
fn vanishes(g: &Graph, scalar: NodeId) -> bool {
    g.reachable(&[scalar]).into_iter().all(|id| {
        let asks = matches!(g.op(id), Op::Infinity | Op::Require | Op::Annotate(_, Basis::Tested));
        let args = g.args(id);
        let of_numbers = !args.is_empty() && args.iter().all(|arg| g.constant_value(*arg).is_some());
        !asks && (!of_numbers || g.is_total(id) && g.is_finite_when(id, &|_| true))
    })
}

fn adjoint(g: &mut Graph, x: NodeId) -> Folded {
    if is_matrix(g, x) && g.has(x, Property::Hermitian) {
        return Ok(Some(x));
    }
    // A row that was a vector becomes that vector again only where the shape says so.
    if let Some(inner) = under(g, x, &Op::Adjoint)
        && is_matrix(g, inner)
    {
        return Ok(Some(inner));
    }
    if let Some(inner) = under(g, x, &Op::Transpose)
        && is_matrix(g, inner)
    {
        return g.make(Op::Conj, vec![inner]).map(Some);
    }
    if g.ty(x).shape == Shape::Scalar {
        return g.make(Op::Conj, vec![x]).map(Some);
    }
    Ok(None)
}

fn transpose(g: &mut Graph, x: NodeId) -> Folded {
    if g.ty(x).shape == Shape::Scalar {
        return Ok(Some(x));
    }
    if g.ty(x).field == Field::Real {
        return g.adjoint(x).map(Some);
    }
    if g.has(x, Property::Hermitian) {
        return g.make(Op::Conj, vec![x]).map(Some);
    }
    if let Some(inner) = under(g, x, &Op::Adjoint)
        && is_matrix(g, inner)
    {
        return g.make(Op::Conj, vec![inner]).map(Some);
    }
    Ok(under(g, x, &Op::Transpose).filter(|inner| is_matrix(g, *inner)))
}

/// The diagonal of a product A B is Σ_j a_ij b_ji, without the product; a unit diagonal is all ones.
fn diagonal_of(g: &mut Graph, x: NodeId, ty: &Type) -> Folded {
    if g.certain(x, Property::UnitDiagonal) {
        let one = g.integer(1)?;
        return g.fill(one, ty.shape.clone()).map(Some);
    }
    if let Some(v) = under(g, x, &Op::DiagonalMatrix) {
        return Ok(Some(v));
    }
    if *g.op(x) == Op::MatMul {
        let (a, b) = (g.args(x)[0], g.args(x)[1]);
        if is_matrix(g, a) && is_matrix(g, b) {
            let b = g.transpose(b)?;
            let both = g.zip(Zip::Mul, a, b)?;
            return g.reduce(Reduction::Sum, Axis::Rows, both).map(Some);
        }
    }
    Ok(None)
}

fn entry(g: &mut Graph, args: &[NodeId]) -> Folded {
    let index = |i: usize| g.constant_value(args[i]).and_then(|i| i.to_integer().to_usize());
    let whole = args[0];
    if let Op::Fill(_) = g.op(whole) {
        return Ok(Some(g.args(whole)[0]));
    }
    if *g.op(whole) == Op::Stack {
        return Ok(index(1).map(|i| g.args(whole)[i - 1]));
    }
    if let Op::Block(_, cols) = g.op(whole)
        && g.args(whole).iter().all(|id| g.ty(*id).shape == Shape::Scalar)
    {
        let place = index(1).zip(index(2)).map(|(i, j)| (i - 1) * *cols as usize + j - 1);
        return Ok(place.map(|place| g.args(whole)[place]));
    }
    Ok(None)
}

/// Products with a diagonal matrix scale rows or columns; with the identity they do nothing; a vector times a row of
/// ones repeats the vector.
fn matmul(g: &mut Graph, a: NodeId, b: NodeId, ty: &Type) -> Folded {
    if is_eye(g, a) && g.ty(b).shape == ty.shape {
        return Ok(Some(b));
    }
    if is_eye(g, b) && g.ty(a).shape == ty.shape {
        return Ok(Some(a));
    }
    if let Some(v) = under(g, b, &Op::DiagonalMatrix)
        && is_matrix(g, a)
    {
        let rows = g.ty(a).shape.rows();
        let scale = g.make(Op::Broadcast(Axis::Cols, rows), vec![v])?;
        return g.zip(Zip::Mul, a, scale).map(Some);
    }
    if let Some(v) = under(g, a, &Op::DiagonalMatrix) {
        if !is_matrix(g, b) {
            return g.zip(Zip::Mul, v, b).map(Some);
        }
        let cols = g.ty(b).shape.cols();
        let scale = g.make(Op::Broadcast(Axis::Rows, cols), vec![v])?;
        return g.zip(Zip::Mul, scale, b).map(Some);
    }
    let ones = |g: &Graph, id: NodeId| matches!(g.op(id), Op::Fill(_)) && g.is_number(g.args(id)[0], 1);
    if matches!(g.ty(a).shape, Shape::Vector(_)) && ones(g, b) {
        let cols = g.ty(b).shape.cols();
        return g.make(Op::Broadcast(Axis::Rows, cols), vec![a]).map(Some);
    }
    if let Some(v) = under(g, b, &Op::Adjoint)
        && matches!(g.ty(v).shape, Shape::Vector(_))
        && ones(g, a)
        && g.ty(a).shape.cols().is_one()
    {
        let rows = g.ty(a).shape.rows();
        let v = g.make(Op::Conj, vec![v])?;
        return g.make(Op::Broadcast(Axis::Cols, rows), vec![v]).map(Some);
    }
    Ok(None)
}

fn reduce(g: &mut Graph, reduction: Reduction, axis: Axis, x: NodeId) -> Folded {
    if g.ty(x).shape == Shape::Scalar && axis == Axis::All {
        return Ok(Some(x));
    }
    // One value per row of a vector is the vector.
    if matches!(g.ty(x).shape, Shape::Vector(_)) && axis == Axis::Rows {
        return Ok(Some(x));
    }
    if let Op::Fill(shape) = g.op(x).clone()
        && axis == Axis::All
    {
        let value = g.args(x)[0];
        match reduction {
            Reduction::Max | Reduction::Min => return Ok(Some(value)),
            Reduction::Sum => {
                let count = shape.rows().mul(&shape.cols()).ok_or(Mismatch::BadSize(shape.rows()))?;
                let count = g.size(count)?;
                return g.zip(Zip::Mul, count, value).map(Some);
            }
            Reduction::LogSumExp => {}
        }
    }
    if reduction == Reduction::Sum && axis == Axis::All {
        // Σ over all of Σ over rows is Σ over all.
        if let Op::Reduce(Reduction::Sum, _) = g.op(x) {
            let inner = g.args(x)[0];
            return g.sum(inner).map(Some);
        }
        // tr f(A) = Σ f(λ_i): eigenvalues only.
        if *g.op(x) == Op::DiagonalOf
            && let Op::Spectral(function) = *g.op(g.args(x)[0])
        {
            let mut args = g.args(g.args(x)[0]).to_vec();
            args[0] = g.make(Op::Eigenvalues, vec![args[0]])?;
            let values = g.make(Op::Map(function), args)?;
            return g.sum(values).map(Some);
        }
        // The trace of a multiple is the multiple of the trace, and likewise of sums and differences.
        if *g.op(x) == Op::DiagonalOf
            && let Op::Zip(zip) = *g.op(g.args(x)[0])
        {
            let inner = g.args(g.args(x)[0]).to_vec();
            return trace_of_zip(g, zip, inner[0], inner[1]);
        }
    }
    Ok(None)
}

fn trace_of_zip(g: &mut Graph, zip: Zip, a: NodeId, b: NodeId) -> Folded {
    let scalar = |g: &Graph, id: NodeId| g.ty(id).shape == Shape::Scalar;
    let sum_of_diagonal = |g: &mut Graph, id: NodeId| {
        let diagonal = g.make(Op::DiagonalOf, vec![id])?;
        g.sum(diagonal)
    };
    match zip {
        Zip::Add | Zip::Sub => {
            let (left, right) = (sum_of_diagonal(g, a)?, sum_of_diagonal(g, b)?);
            g.zip(zip, left, right).map(Some)
        }
        Zip::Mul if scalar(g, a) => {
            let trace = sum_of_diagonal(g, b)?;
            g.zip(Zip::Mul, a, trace).map(Some)
        }
        Zip::Mul | Zip::Div if scalar(g, b) => {
            let trace = sum_of_diagonal(g, a)?;
            g.zip(zip, trace, b).map(Some)
        }
        Zip::Mul | Zip::Div | Zip::Min | Zip::Max => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Basis, Comparison, Dim, Domain, Facts, Input, Set, Type};

    fn input(g: &mut Graph, ty: Type) -> NodeId {
        g.input(Input { name: "x".into(), ty, facts: Facts::new() })
    }

    #[test]
    fn what_is_only_tested_decides_nothing() {
        let mut g = Graph::new();
        let n = Dim::constant(3);
        let square = Type::real(Shape::Matrix(n.clone(), n.clone()));
        let a = input(&mut g, square.clone());
        let tested = g.annotate(a, &[Property::Psd, Property::UnitDiagonal], Basis::Tested).unwrap();
        let trace = g.trace(tested).unwrap();
        assert!(g.reachable(&[trace]).contains(&tested), "the test of the unit diagonal is lost");
        let w = input(&mut g, square);
        let member = Domain { set: Set::Corr, sizes: vec![n], complex: false }.chart(&mut g, &[w]).unwrap();
        let trace = g.trace(member).unwrap();
        assert!(g.is_number(trace, 3));
    }

    #[test]
    fn infinity_is_compared_with_what_is_known_to_be_finite_and_with_nothing_else() {
        let mut g = Graph::new();
        let infinity = g.make(Op::Infinity, vec![]).unwrap();
        let x = input(&mut g, Type::real(Shape::Scalar));
        let open = g.map(ScalarFn::Log, x).unwrap();
        let finite = g.annotate(open, &[Property::Finite], Basis::Construction).unwrap();
        let tested = g.annotate(open, &[Property::Finite], Basis::Tested).unwrap();
        let seven = g.integer(7).unwrap();
        use Comparison::{Eq, Le, Lt, Ne};
        for (comparison, a, b, expected) in [
            (Eq, seven, infinity, Some(false)),
            (Ne, infinity, finite, Some(true)),
            (Lt, finite, infinity, Some(true)),
            (Le, infinity, finite, Some(false)),
            (Le, infinity, infinity, Some(true)),
            (Lt, infinity, infinity, Some(false)),
            (Eq, open, infinity, None),
            (Lt, tested, infinity, None),
        ] {
            let condition = g.compare(comparison, a, b).unwrap();
            assert_eq!(truth_of(&g, condition), expected, "{comparison:?} of {a:?} and {b:?}");
        }
    }

    #[test]
    fn a_complex_zero_or_one_is_still_neutral() {
        let mut g = Graph::new();
        let n = Dim::constant(3);
        let (zero, one) = (g.integer(0).unwrap(), g.integer(1).unwrap());
        for shape in [Shape::Scalar, Shape::Vector(n.clone()), Shape::Matrix(n.clone(), n)] {
            let z = input(&mut g, Type::complex(shape));
            for (zip, x, y) in [(Zip::Mul, one, z), (Zip::Mul, z, one), (Zip::Div, z, one)] {
                assert_eq!(g.zip(zip, x, y), Ok(z), "{zip:?} of {x:?} and {y:?}");
            }
        }
        let z = input(&mut g, Type::complex(Shape::Scalar));
        for (zip, x, y) in [(Zip::Add, zero, z), (Zip::Add, z, zero), (Zip::Sub, z, zero)] {
            assert_eq!(g.zip(zip, x, y), Ok(z), "{zip:?} of {x:?} and {y:?}");
        }
    }

    #[test]
    fn exact_numbers_do_not_fill_the_memory() {
        let mut g = Graph::new();
        let mut x = g.integer(3).unwrap();
        let exponent = g.integer(64).unwrap();
        for _ in 0..40 {
            x = g.map_with(ScalarFn::Pow, x, exponent).unwrap();
            x = g.zip(Zip::Mul, x, x).unwrap();
        }
        assert!(g.constant_value(x).is_none());
    }

    #[test]
    fn a_transposed_column_turned_back_is_a_matrix_of_one_column() {
        for ty in [Type::real(Shape::Vector(Dim::constant(2))), Type::complex(Shape::Vector(Dim::constant(2)))] {
            let mut g = Graph::new();
            let v = input(&mut g, ty);
            let row = g.transpose(v).unwrap();
            let back = g.adjoint(row).unwrap();
            assert_eq!(g.ty(back).shape, Shape::Matrix(Dim::constant(2), Dim::constant(1)));
        }
    }
}
