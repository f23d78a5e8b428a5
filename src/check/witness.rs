//! Why an exact matrix lacks a property: the entries that show it.

use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use crate::ir::{Graph, NodeId, Op, Property, Shape};

/// The sentence that shows why a matrix or vector written out in numbers does not have a property; `None` where the
/// value is not written out, or where nothing short shows it.
pub(super) fn why_not(g: &Graph, id: NodeId, property: Property) -> Option<String> {
    let values: Vec<&BigRational> = if let Op::Block(..) | Op::Stack = g.op(id) {
        g.args(id).iter().map(|arg| g.constant_value(*arg)).collect::<Option<_>>()?
    } else {
        vec![g.constant_value(id)?]
    };
    let vector = matches!(g.ty(id).shape, Shape::Vector(_));
    let cols = if vector { 1 } else { g.ty(id).shape.cols().as_constant()? as usize };
    let rows = values.len() / cols;
    let at = |i: usize, j: usize| values[i * cols + j];
    let name = |k: usize| if vector { format!("{}", k + 1) } else { format!("({}, {})", k / cols + 1, k % cols + 1) };
    let entry = |wrong: &dyn Fn(&BigRational) -> bool| {
        values.iter().position(|value| wrong(value)).map(|k| format!("entry {} is {}", name(k), values[k]))
    };
    match property {
        Property::Nonnegative => entry(&|value| value.is_negative()),
        Property::Positive => entry(&|value| !value.is_positive()),
        Property::ZeroOne => entry(&|value| !value.is_zero() && !value.is_one()),
        Property::Integer => entry(&|value| !value.is_integer()),
        Property::SumsToOne => Some(format!("the sum is {}", values.into_iter().sum::<BigRational>())),
        Property::TraceOne => Some(format!("the trace is {}", (0..rows).map(|i| at(i, i)).sum::<BigRational>())),
        Property::UnitDiagonal => {
            let i = (0..rows).find(|i| !at(*i, *i).is_one())?;
            Some(format!("entry ({0}, {0}) is {1}", i + 1, at(i, i)))
        }
        Property::Hermitian => mirrored(rows, &at),
        Property::Psd | Property::Pd => mirrored(rows, &at).or_else(|| indefinite(rows, &at, property)),
        Property::Diagonal
        | Property::UnitColumns
        | Property::UnitRows
        | Property::OrthonormalColumns
        | Property::OrthonormalRows
        | Property::Finite => None,
    }
}

fn mirrored<'a>(n: usize, at: &impl Fn(usize, usize) -> &'a BigRational) -> Option<String> {
    let (i, j) = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).find(|(i, j)| at(*i, *j) != at(*j, *i))?;
    let (p, q) = (i + 1, j + 1);
    Some(format!("entry ({p}, {q}) is {} and entry ({q}, {p}) is {}", at(i, j), at(j, i)))
}

/// A negative diagonal entry, or two rows and columns whose determinant is negative: of a matrix that is not positive
/// semi-definite there need not be either.
fn indefinite<'a>(n: usize, at: &impl Fn(usize, usize) -> &'a BigRational, property: Property) -> Option<String> {
    let bad = |value: &BigRational| value.is_negative() || (property == Property::Pd && value.is_zero());
    if let Some(i) = (0..n).find(|i| bad(at(*i, *i))) {
        return Some(format!("entry ({0}, {0}) is {1}", i + 1, at(i, i)));
    }
    let minor = |i: usize, j: usize| at(i, i) * at(j, j) - at(i, j) * at(j, i);
    let (i, j) = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).find(|(i, j)| bad(&minor(*i, *j)))?;
    Some(format!("the determinant of its rows and columns {} and {} is {}", i + 1, j + 1, minor(i, j)))
}
