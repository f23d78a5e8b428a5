//! Whether a point is one of its theorem's inputs, decided exactly: sizes and scalars in their ranges, members in their
//! sets.

use super::certificate::{At, CAP};
use super::place::{Placed, mask};
use super::point::{Given, Point, size};
use crate::certify::{Decision, Entries, has_exactly};
use crate::check::{Theorem, VariableKind};
use crate::ir::{Domain, Field, Graph, InputId, Interval, NodeId, Op, Property, Range, ScalarFn, Sizes};

/// Why a point is no input of a theorem.
#[derive(Clone, PartialEq, Debug)]
pub enum Stray {
    /// A size outside its range: the name, the size, and the ends.
    Size(String, i64, Option<(i64, i64)>),
    /// A number of entries, or a field, that is not the set's: the name, and what there should be.
    Entries(String, String),
    /// A scalar outside its range.
    Range(String),
    /// An end of a scalar's range whose order to the scalar is not decided.
    Undecided(String),
    /// A member that lacks a property of its set, or one whose numbers are too long for that to be decided exactly.
    Member(String, Property, bool),
}

/// Whether exact entries are a member of a set: the first property that they lack, and whether that is certain.
///
/// # Errors
/// That property.
pub fn membership(domain: &Domain, entries: &Entries, sizes: &Sizes) -> Result<(), (Property, bool)> {
    let shape = domain.ty().shape;
    let (rows, cols) = (size(&shape.rows(), sizes).unwrap_or(0), size(&shape.cols(), sizes).unwrap_or(0));
    for property in domain.properties() {
        match has_exactly(*property, entries, rows, cols) {
            Some(true) => {}
            Some(false) => return Err((*property, true)),
            None => return Err((*property, false)),
        }
    }
    Ok(())
}

/// Whether a point is one of its theorem's inputs. The hypotheses are not looked at.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check(theorem: &Theorem, point: &Point) -> Result<(), Stray> {
    for (number, (variable, given)) in theorem.variables.iter().zip(&point.givens).enumerate() {
        let name = || variable.name.clone();
        let loose = point.loose.as_ref().is_some_and(|loose| loose.spot.variable == number);
        // Of a finite set, and of members by their own entries, nothing lies between two.
        if loose && matches!((&variable.range, given), (Range::Finite(_), _) | (_, Some(Given::Exact(_)) | None)) {
            return Err(Stray::Range(name()));
        }
        match (&variable.kind, &variable.range, given) {
            (VariableKind::Size(var), Range::Integers(lo, hi), _) => {
                let ends = lo.eval(&point.sizes).zip(hi.eval(&point.sizes));
                let value = point.sizes.get(var).copied().unwrap_or(0);
                if !ends.is_some_and(|(lo, hi)| (lo..=hi).contains(&value)) {
                    return Err(Stray::Size(name(), value, ends));
                }
            }
            (VariableKind::Size(var), Range::Finite(values), _) => {
                let value = point.sizes.get(var).copied().unwrap_or(0);
                if !values.iter().any(|allowed| *allowed == num_rational::BigRational::from_integer(value.into())) {
                    return Err(Stray::Size(name(), value, None));
                }
            }
            (VariableKind::Scalar { .. }, Range::Finite(values), Some(Given::Scalar(value))) => {
                if !values.contains(value) {
                    return Err(Stray::Range(name()));
                }
            }
            (VariableKind::Scalar { .. }, Range::Interval(_), Some(Given::Scalar(_))) => {}
            (VariableKind::Member { .. }, Range::Domain(domain), Some(given)) => {
                member(&variable.name, domain, given, &point.sizes)?;
            }
            (VariableKind::Size(_) | VariableKind::Scalar { .. } | VariableKind::Member { .. }, _, _) => {
                return Err(Stray::Entries(name(), "a value of its kind".to_owned()));
            }
        }
    }
    if !theorem.variables.iter().any(|variable| matches!(variable.range, Range::Interval(_))) {
        return Ok(());
    }
    // The ends of a range may depend on members, and these may be given by their own entries.
    let placed = Placed::new(theorem, &mask(point))
        .map_err(|mismatch| Stray::Entries("the input".to_owned(), format!("entries that fit together: {mismatch}")))?;
    ranges(&placed, point)
}

/// Whether the scalars of a point lie in those of their ranges that are intervals.
///
/// # Errors
/// The first that does not, or of which that is not decided.
pub fn ranges(placed: &Placed, point: &Point) -> Result<(), Stray> {
    let (inputs, instance) = (placed.inputs(point), placed.instance(point));
    let at = At { inputs: &inputs, instance: &instance, cap: CAP };
    for variable in &placed.theorem.variables {
        if let (VariableKind::Scalar { input, .. }, Range::Interval(interval)) = (&variable.kind, &variable.range) {
            match inside(&placed.theorem.graph, *input, interval, &at) {
                Some(true) => {}
                Some(false) => return Err(Stray::Range(variable.name.clone())),
                None => return Err(Stray::Undecided(variable.name.clone())),
            }
        }
    }
    Ok(())
}

fn member(name: &str, domain: &Domain, given: &Given, sizes: &Sizes) -> Result<(), Stray> {
    let fits = |entries: &Entries, ty: &crate::ir::Type| {
        let count = size(&ty.shape.rows(), sizes).zip(size(&ty.shape.cols(), sizes)).map(|(m, n)| m * n);
        let complex = matches!(entries, Entries::Complex(_));
        if count == Some(entries.len()) && complex == (ty.field == Field::Complex) {
            return Ok(());
        }
        let field = if ty.field == Field::Complex { "complex" } else { "real" };
        let count = count.map_or_else(|| "a known number of".to_owned(), |count| count.to_string());
        Err(Stray::Entries(name.to_owned(), format!("{count} {field} entries")))
    };
    if domain.is_empty(sizes)
        && let Some(property) = domain.properties().first()
    {
        return Err(Stray::Member(name.to_owned(), *property, true));
    }
    match given {
        Given::Scalar(_) => Err(Stray::Entries(name.to_owned(), "a matrix".to_owned())),
        Given::Raw(blocks) => {
            let expected = domain.raw();
            if expected.len() != blocks.len() {
                return Err(Stray::Entries(name.to_owned(), format!("{} blocks of raw numbers", expected.len())));
            }
            blocks.iter().zip(&expected).try_for_each(|(block, raw)| fits(block, &raw.ty))
        }
        Given::Exact(entries) => {
            fits(entries, &domain.ty())?;
            membership(domain, entries, sizes)
                .map_err(|(property, sure)| Stray::Member(name.to_owned(), property, sure))
        }
    }
}

/// Whether a scalar lies in an interval; the ends are exact, or enclosed.
fn inside(graph: &Graph, input: InputId, interval: &Interval, at: &At<'_>) -> Option<bool> {
    let mut graph = graph.clone();
    let x = graph.input_node(input)?;
    let lower = below(&mut graph, (interval.lo, x), !interval.lo_closed, at);
    let upper = below(&mut graph, (x, interval.hi), !interval.hi_closed, at);
    match (lower, upper) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        (None, _) | (_, None) => None,
    }
}

/// Whether `a <= b`, or `a < b` if strict.
fn below(graph: &mut Graph, (a, b): (NodeId, NodeId), strict: bool, at: &At<'_>) -> Option<bool> {
    let infinite = |node: NodeId| *graph.op(node) == Op::Infinity;
    if infinite(b) || *graph.op(a) == Op::Map(ScalarFn::Neg) && infinite(graph.args(a)[0]) {
        return Some(true);
    }
    let margin = graph.sub(b, a).ok()?;
    match at.sign(graph, margin, strict)? {
        Decision::Holds(_) => Some(true),
        Decision::Violated(_) => Some(false),
        Decision::Undecided(_) => None,
    }
}
