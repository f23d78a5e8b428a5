//! Requirements on the inputs: each is verified, refuted, or open.

use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::closed::Closed;
use super::complex::Entry;
use super::eliminate;
use super::evaluate::Evaluator;
use super::exact::Exact;
use super::float::Float;
use super::inputs::Entries;
use super::interval::Interval;
use super::matrix::{Matrix, Value};
use super::number::{Field, Number};
use crate::ir::{Kind, NodeId, Op, Part, Property, Shape, Zip};

/// The longest product whose factors are looked at: squares of squares double it at every step.
const MAX_FACTORS: usize = 64;

impl Evaluator<'_> {
    /// Whether the value of a node has a property: from what is known of the node, from its exact value, or from its
    /// enclosure; `None` where none of them says.
    pub(super) fn verify(&mut self, id: NodeId, property: Property) -> Option<bool> {
        if self.graph.has(id, property) {
            return Some(true);
        }
        if let Some(answer) = self.verified.get(&(id, property)) {
            return *answer;
        }
        let answer = self.find_out(id, property);
        self.verified.insert((id, property), answer);
        answer
    }

    fn find_out(&mut self, id: NodeId, property: Property) -> Option<bool> {
        if let Some(exact) = self.exact(id) {
            let answer = match &*exact {
                Exact::Real(x) => of_exact(property, x, |x| (x.is_positive(), x.is_negative(), true)),
                Exact::Complex(x) => {
                    of_exact(property, x, |x| (x.re.is_positive(), x.re.is_negative(), x.im.is_zero()))
                }
                Exact::Closed(x) => of_closed(property, x),
                Exact::Truth(_) => Some(false),
            };
            if answer.is_some() {
                return answer;
            }
        }
        if self.follows(id, property) {
            return Some(true);
        }
        if let Property::Psd | Property::Pd = property {
            if self.verify(id, Property::Hermitian) != Some(true) {
                return self.verify(id, Property::Hermitian).filter(|holds| !holds);
            }
            let eigen = self.eigen(id, false)?;
            let least = eigen.values.first()?;
            let (holds, fails) = match property {
                Property::Psd => (!least.lo.is_negative(), least.is_negative()),
                _ => (least.is_positive(), !least.hi.is_positive()),
            };
            return if holds {
                Some(true)
            } else if fails {
                Some(false)
            } else {
                None
            };
        }
        match self.value_of(id)? {
            Value::Real(x) => of_enclosure(property, &x, self.precision),
            Value::Complex(x) => of_enclosure(property, &x, self.precision),
            Value::Truth(_) => Some(false),
        }
    }
}

impl Evaluator<'_> {
    /// Whether an equality that no enclosure can show follows from the way the value was made. The value is sure to exist
    /// where this is asked.
    fn follows(&mut self, id: NodeId, property: Property) -> bool {
        let graph = self.graph;
        let args = graph.args(id);
        if let Property::SumsToOne | Property::TraceOne = property {
            return self.total(id, property).is_some_and(|total| total.is_one());
        }
        if let (Property::Hermitian | Property::Psd, Op::MatMul) = (property, graph.op(id)) {
            return self.is_mirrored(id, property);
        }
        if property != Property::Hermitian {
            return false;
        }
        // Sums, differences and entrywise products of Hermitian matrices and real numbers are Hermitian.
        let op = graph.op(id);
        let hermitian = match (op.kind(), op) {
            (Kind::Mark, _) | (_, Op::Complexify) => &args[..1],
            (_, Op::Zip(Zip::Add | Zip::Sub | Zip::Mul | Zip::Div)) => args,
            (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _)
            | (Kind::Decomposition | Kind::Condition, _) => return graph.ty(id).is_real_scalar(),
        };
        hermitian.iter().all(|arg| self.verify(*arg, property) == Some(true))
    }

    /// Whether a product is Hermitian, or positive semi-definite, since it reads the same from both ends: X'X, and X'MX
    /// with M in the middle, has of these properties those of M, whatever X is (Horn and Johnson, Matrix Analysis, 4.1.5
    /// and 7.1.8).
    fn is_mirrored(&mut self, id: NodeId, property: Property) -> bool {
        let mut factors = vec![id];
        // Products give way to their factors, from the first on, until none is left.
        let mut place = 0;
        while let Some(factor) = factors.get(place).copied() {
            if factors.len() > MAX_FACTORS {
                return false;
            }
            if *self.graph.op(factor) == Op::MatMul {
                factors.splice(place..=place, self.graph.args(factor).iter().copied());
            } else {
                place += 1;
            }
        }
        // The graph is hash-consed: made once more, an adjoint is the same node.
        let mut again = self.graph.clone();
        let half = factors.len() / 2;
        let pairs = factors.iter().zip(factors.iter().rev()).take(half);
        for (left, right) in pairs {
            let hermitian = left == right && self.verify(*left, Property::Hermitian) == Some(true);
            if !hermitian && again.adjoint(*right) != Ok(*left) {
                return false;
            }
        }
        factors.len().is_multiple_of(2) || self.verify(factors[half], property) == Some(true)
    }

    /// The sum of the entries (for [`Property::SumsToOne`]) or the trace (for [`Property::TraceOne`]) of a node, where it
    /// is a number whatever the inputs: both are linear, v / sum(v) has the sum 1, A / trace(A) the trace 1, and a
    /// Kronecker product the product of both.
    fn total(&mut self, id: NodeId, property: Property) -> Option<BigRational> {
        let graph = self.graph;
        if graph.has(id, property) {
            return Some(BigRational::one());
        }
        let args = graph.args(id);
        if property == Property::TraceOne && graph.has(id, Property::UnitDiagonal) {
            return Some(BigRational::from_integer(self.rows(id).into()));
        }
        if let Op::Annotate(..) | Op::StopGradient | Op::Require | Op::Complexify | Op::Part(Part::Re) = graph.op(id) {
            return self.total(args[0], property);
        }
        if *graph.op(id) == Op::Kron {
            return Some(self.total(args[0], property)? * self.total(args[1], property)?);
        }
        let Op::Zip(zip) = graph.op(id) else { return None };
        match zip {
            Zip::Add => Some(self.total(args[0], property)? + self.total(args[1], property)?),
            Zip::Sub => Some(self.total(args[0], property)? - self.total(args[1], property)?),
            Zip::Mul => match (self.factor(args[0]), self.factor(args[1])) {
                (Some(factor), _) => Some(factor * self.total(args[1], property)?),
                (None, Some(factor)) => Some(factor * self.total(args[0], property)?),
                (None, None) => None,
            },
            Zip::Div => {
                if let Some(factor) = self.factor(args[1]) {
                    return Some(self.total(args[0], property)? / factor);
                }
                // The graph is hash-consed: made once more, the sum is the same node, whatever it was simplified to.
                let mut again = graph.clone();
                let total = if property == Property::SumsToOne { again.sum(args[0]) } else { again.trace(args[0]) };
                total.is_ok_and(|total| total == args[1]).then(BigRational::one)
            }
            Zip::Min | Zip::Max => None,
        }
    }

    /// The exact real scalar that a node is, other than 0.
    fn factor(&mut self, id: NodeId) -> Option<BigRational> {
        if self.graph.ty(id).shape != Shape::Scalar {
            return None;
        }
        let factor = match &*self.exact(id)? {
            Exact::Real(x) => x.data[0].clone(),
            Exact::Complex(x) if x.data[0].im.is_zero() => x.data[0].re.clone(),
            Exact::Closed(_) | Exact::Complex(_) | Exact::Truth(_) => return None,
        };
        (!factor.is_zero()).then_some(factor)
    }
}

/// Whether a matrix of exact entries, column by column, has a property: decided in rational arithmetic, and `None` where
/// its numbers would grow too long, or where they do not fill the shape.
pub fn has_exactly(property: Property, entries: &Entries, rows: usize, cols: usize) -> Option<bool> {
    if entries.len() != rows * cols {
        return None;
    }
    match entries {
        Entries::Real(entries) => {
            let x = Matrix { rows, cols, data: entries.clone() };
            of_exact(property, &x, |x| (x.is_positive(), x.is_negative(), true))
        }
        Entries::Complex(entries) => {
            let x = Matrix { rows, cols, data: entries.clone() };
            of_exact(property, &x, |x| (x.re.is_positive(), x.re.is_negative(), x.im.is_zero()))
        }
    }
}

/// Exactly. `signs` says whether a number is positive, negative, and real.
fn of_exact<T: Field>(property: Property, x: &Matrix<T>, signs: impl Fn(&T) -> (bool, bool, bool)) -> Option<bool> {
    let (m, n) = (x.rows, x.cols);
    let sum = |entries: &mut dyn Iterator<Item = T>| entries.fold(T::zero(), |a, b| a + b);
    let hermitian = || m == n && (0..n).all(|j| (0..=j).all(|i| *x.at(i, j) == Number::conj(x.at(j, i))));
    let gram = |columns: bool, all: bool| {
        let (lines, along) = if columns { (n, m) } else { (m, n) };
        let entry = |line: usize, k: usize| if columns { x.at(k, line) } else { x.at(line, k) };
        (0..lines).all(|a| {
            (0..=a).filter(|b| all || *b == a).all(|b| {
                let product = sum(&mut (0..along).map(|k| Number::conj(entry(a, k)) * entry(b, k).clone()));
                if a == b { product.is_one() } else { product.is_zero() }
            })
        })
    };
    let each = |test: &dyn Fn(&T) -> bool| x.data.iter().all(test);
    Some(match property {
        Property::Hermitian => hermitian(),
        Property::Psd | Property::Pd => {
            if !hermitian() {
                return Some(false);
            }
            let sign = |x: &T| {
                let (positive, negative, _) = signs(x);
                i32::from(positive) - i32::from(negative)
            };
            let (psd, pd) = eliminate::definiteness(x, sign)?;
            if property == Property::Psd { psd } else { pd }
        }
        Property::UnitDiagonal => (0..m.min(n)).all(|i| x.at(i, i).is_one()),
        Property::TraceOne => sum(&mut (0..m.min(n)).map(|i| x.at(i, i).clone())).is_one(),
        Property::Diagonal => (0..n).all(|j| (0..m).all(|i| i == j || x.at(i, j).is_zero())),
        Property::Nonnegative => each(&|x| !signs(x).1 && signs(x).2),
        Property::Positive => each(&|x| signs(x).0 && signs(x).2),
        Property::ZeroOne => each(&|x| x.is_zero() || x.is_one()),
        // Decided from the enclosure, which is a point for an integer of moderate size.
        Property::Integer => return None,
        Property::SumsToOne => sum(&mut x.data.iter().cloned()).is_one(),
        Property::UnitColumns => gram(true, false),
        Property::UnitRows => gram(false, false),
        Property::OrthonormalColumns => gram(true, true),
        Property::OrthonormalRows => gram(false, true),
        // A number that is written exactly is one.
        Property::Finite => true,
    })
}

/// Exactly, of sums of logarithms or exponentials; what takes products of them is left to the enclosures.
fn of_closed(property: Property, x: &Matrix<Closed>) -> Option<bool> {
    let (m, n) = (x.rows, x.cols);
    let equal = |x: &Closed, y: &Closed| Some(x.compare(y)?.is_eq());
    let is_one = |x: Option<Closed>| equal(&x?, &Closed::one());
    let sum = |entries: Vec<&Closed>| entries.into_iter().try_fold(Closed::zero(), |sum, x| sum.add(x));
    let places = || (0..n).flat_map(|j| (0..m).map(move |i| (i, j)));
    match property {
        Property::Hermitian if m != n => Some(false),
        Property::Hermitian => all(places().filter(|(i, j)| i < j).map(|(i, j)| equal(x.at(i, j), x.at(j, i)))),
        Property::UnitDiagonal => all((0..m.min(n)).map(|i| is_one(Some(x.at(i, i).clone())))),
        Property::TraceOne => is_one(sum((0..m.min(n)).map(|i| x.at(i, i)).collect())),
        Property::SumsToOne => is_one(sum(x.data.iter().collect())),
        Property::Diagonal => Some(places().all(|(i, j)| i == j || x.at(i, j).is_zero())),
        Property::Nonnegative => all(x.data.iter().map(|x| Some(x.sign()?.is_ge()))),
        Property::Positive => all(x.data.iter().map(|x| Some(x.sign()?.is_gt()))),
        // Some entry is irrational.
        Property::ZeroOne | Property::Integer => Some(false),
        Property::Finite => Some(true),
        Property::Psd
        | Property::Pd
        | Property::UnitColumns
        | Property::UnitRows
        | Property::OrthonormalColumns
        | Property::OrthonormalRows => None,
    }
}

/// From an enclosure: an equality is refuted where it is impossible, and verified only of points.
fn of_enclosure<E: Entry>(property: Property, x: &Matrix<E>, p: u64) -> Option<bool> {
    let (m, n) = (x.rows, x.cols);
    let is = |x: &E, target: i64| {
        let target = Float::from_i64(target);
        let (re, im) = (x.re(), x.im());
        if !re.contains(&target) || !im.contains_zero() {
            Some(false)
        } else if re.is_point() && im.is_zero() {
            Some(true)
        } else {
            None
        }
    };
    let sum = |entries: &mut dyn Iterator<Item = E>| entries.fold(E::zero(), |a, b| a.add(&b, p));
    let gram = |columns: bool, together: bool| {
        let (lines, along) = if columns { (n, m) } else { (m, n) };
        let entry = |line: usize, k: usize| if columns { x.at(k, line) } else { x.at(line, k) };
        all((0..lines).flat_map(|a| (0..=a).map(move |b| (a, b))).filter(|(a, b)| together || a == b).map(|(a, b)| {
            let product = sum(&mut (0..along).map(|k| entry(a, k).conj().mul(entry(b, k), p)));
            is(&product, i64::from(a == b))
        }))
    };
    let signs = |strict: bool| {
        all(x.data.iter().map(|x| {
            let re: &Interval = x.re();
            let (holds, fails) = if strict {
                (re.is_positive(), !re.hi.is_positive())
            } else {
                (!re.lo.is_negative(), re.is_negative())
            };
            match (holds && x.im().is_zero(), fails || !x.im().contains_zero()) {
                (true, _) => Some(true),
                (_, true) => Some(false),
                (false, false) => None,
            }
        }))
    };
    match property {
        Property::Hermitian => all((0..n)
            .flat_map(|j| (0..=j).map(move |i| (i, j)))
            .map(|(i, j)| is(&x.at(i, j).sub(&x.at(j, i).conj(), p), 0))),
        // Decided from the eigenvalues.
        Property::Psd | Property::Pd => None,
        Property::UnitDiagonal => all((0..m.min(n)).map(|i| is(x.at(i, i), 1))),
        Property::TraceOne => is(&sum(&mut (0..m.min(n)).map(|i| x.at(i, i).clone())), 1),
        Property::Diagonal => all((0..n)
            .flat_map(|j| (0..m).map(move |i| (i, j)))
            .filter(|(i, j)| i != j)
            .map(|(i, j)| is(x.at(i, j), 0))),
        Property::Nonnegative => signs(false),
        Property::Positive => signs(true),
        Property::ZeroOne => all(x.data.iter().map(|x| match (is(x, 0), is(x, 1)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            (None, _) | (_, None) => None,
        })),
        Property::Finite => all(x.data.iter().map(|x| (x.re().is_finite() && x.im().is_finite()).then_some(true))),
        Property::Integer => all(x.data.iter().map(|x| {
            let re = x.re();
            if re.is_point() && x.im().is_zero() {
                Some(re.lo.floor() == re.lo)
            } else if re.is_finite() && re.hi.floor() < re.lo {
                Some(false)
            } else {
                None
            }
        })),
        Property::SumsToOne => is(&sum(&mut x.data.iter().cloned()), 1),
        Property::UnitColumns => gram(true, false),
        Property::UnitRows => gram(false, false),
        Property::OrthonormalColumns => gram(true, true),
        Property::OrthonormalRows => gram(false, true),
    }
}

/// Whether all hold, in the logic with an open answer.
fn all(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut result = Some(true);
    for answer in answers {
        match answer {
            Some(true) => {}
            Some(false) => return Some(false),
            None => result = None,
        }
    }
    result
}
