//! Exact points on the edges of a condition `equality iff C`, and next to them.
//!
//! Of `x <= abs(x) equality iff x > 0` the claim fails at x = 0 alone, and of `equality iff x == 0 or x == 7.77` at 7.77:
//! no sample is there. So the sides of each comparison in the condition are made equal, and nearly so, and the certificate
//! of the whole claim decides at these points. Where the comparison is one of single numbers, each is solved for in
//! fractions; elsewhere points are looked for as for an equality among the hypotheses.

use num_rational::BigRational;
use num_traits::{Signed, Zero};

use super::certificate::Violation;
use super::desk::Desk;
use super::land::land;
use super::point::{Given, Point};
use crate::certify::Entries;
use crate::check::{Assumption, Part, Theorem, VariableKind};
use crate::ir::{Instance, NodeId, Range};

/// The pairs of numbers from which a comparison is extended to where its sides are equal: on both sides of 0, where a
/// modulus bends.
const PAIRS: [(i64, i64); 4] = [(0, 1), (-1, 0), (1, 2), (-2, -1)];

/// How far from an edge points next to it are: this share of the number there, and of 1.
const ASIDE: [i64; 2] = [2, 1000];

/// An exact point at or next to an edge of a condition for equality that is certified to contradict the claim, reached from
/// a point of the theorem.
pub fn edge(theorem: &Theorem, claim: usize, point: &Point) -> Option<(Point, Violation)> {
    let mut desk = Desk::new(theorem, claim);
    let edges = theorem.claims[claim].parts.iter().flat_map(|part| match part {
        Part::Iff { edges, .. } => edges.as_slice(),
        Part::Margin { .. } | Part::Asymptotic { .. } => &[],
    });
    edges.copied().find_map(|edge| {
        let solved = solved(theorem, edge, point);
        if !solved.is_empty() {
            return solved.into_iter().find_map(|point| {
                let violation = if desk.spent() { None } else { desk.violation(&point) };
                violation.map(|violation| (point, violation))
            });
        }
        landed(theorem, claim, edge, point)
    })
}

/// The point with other values for one of its single numbers: those at which an edge is 0, and those next to them.
fn solved(theorem: &Theorem, edge: NodeId, point: &Point) -> Vec<Point> {
    let mut found: Vec<Point> = Vec::new();
    for (variable, given) in point.givens.iter().enumerate() {
        if single(given.as_ref()).is_none() || matches!(theorem.variables[variable].range, Range::Finite(_)) {
            continue;
        }
        let value = |x: &BigRational| exact(theorem, edge, &with(point, variable, x));
        for (a, b) in PAIRS {
            let (a, b) = (BigRational::from_integer(a.into()), BigRational::from_integer(b.into()));
            let (Some(at_a), Some(at_b)) = (value(&a), value(&b)) else { continue };
            let slope = &at_b - &at_a;
            if slope.is_zero() {
                continue;
            }
            let zero = &a - at_a * (b - &a) / slope;
            if !value(&zero).is_some_and(|value| value.is_zero()) {
                continue;
            }
            let mut numbers = vec![zero.clone()];
            for share in ASIDE {
                let share = BigRational::new(1.into(), share.into());
                for aside in [zero.abs() * &share, share] {
                    numbers.extend([&zero - &aside, &zero + &aside]);
                }
            }
            for x in numbers {
                let next = with(point, variable, &x);
                if !found.contains(&next) {
                    found.push(next);
                }
            }
        }
    }
    found
}

/// The one real number that a name stands for.
fn single(given: Option<&Given>) -> Option<&BigRational> {
    match given? {
        Given::Scalar(value) => Some(value),
        Given::Raw(blocks) => match blocks.as_slice() {
            [Entries::Real(entries)] if entries.len() == 1 => entries.first(),
            _ => None,
        },
        Given::Exact(_) => None,
    }
}

/// The point with another number for a name that stands for one.
fn with(point: &Point, variable: usize, x: &BigRational) -> Point {
    let mut point = point.clone();
    point.givens[variable] = match point.givens[variable].take() {
        Some(Given::Raw(_)) => Some(Given::Raw(vec![Entries::Real(vec![x.clone()])])),
        _ => Some(Given::Scalar(x.clone())),
    };
    point
}

/// The exact value of a node that rests on single numbers alone, and on these by rational arithmetic.
fn exact(theorem: &Theorem, node: NodeId, point: &Point) -> Option<BigRational> {
    let mut instance = Instance { sizes: point.sizes.clone(), ..Instance::default() };
    for (variable, given) in theorem.variables.iter().zip(&point.givens) {
        let input = match &variable.kind {
            VariableKind::Scalar { input, .. } => Some(*input),
            VariableKind::Member { raw, .. } => raw.first().copied(),
            VariableKind::Size(_) => None,
        };
        if let (Some(input), Some(value)) = (input, single(given.as_ref())) {
            instance.constants.insert(input, value.clone());
        }
    }
    let (graph, roots) = theorem.graph.instantiate(&[node], &instance).ok()?;
    graph.constant_value(roots[0]).cloned()
}

/// A point at which an edge is 0, or next to 0, found as one that meets an equality among the hypotheses.
fn landed(theorem: &Theorem, claim: usize, edge: NodeId, point: &Point) -> Option<(Point, Violation)> {
    [0, 1, -1].into_iter().find_map(|thousandths: i64| {
        let mut theorem = theorem.clone();
        let graph = &mut theorem.graph;
        let aside = graph.number(BigRational::new(thousandths.into(), 1000.into())).ok()?;
        let condition = graph.equal(edge, aside).ok()?;
        let margin = graph.margin(condition).ok()?;
        let span = theorem.claims[claim].span;
        theorem.assumptions.push(Assumption { condition, margin, span });
        // What contradicts the claim under one more hypothesis contradicts it.
        land(&mut Desk::new(&theorem, claim), point, None)
    })
}
