//! What sizes and parameters are drawn from, as a theorem quantifies them.

use num_traits::ToPrimitive;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::check::{Theorem, Variable, VariableKind};
use crate::eval::{Plan, Workspace};
use crate::ir::{Comparison, Graph, InputId, Instance, Interval, NodeId, Op, Range, SizeVar};

/// The largest size that is looked at where none is asked for: coefficients show on small ones.
const MAX_SIZE: i64 = 7;

/// How far from its other end, or from 0, a parameter without an end is drawn.
const WIDE: f64 = 8.0;

/// A quantified integer.
#[derive(Clone, Debug)]
pub struct Size {
    /// Its name.
    pub name: String,
    /// The variable of shapes.
    pub var: SizeVar,
    /// The integers that it may be, where they are listed.
    among: Vec<i64>,
    /// Its least value, and its greatest where there is one. Ends that other sizes decide are left to the conditions.
    range: (i64, Option<i64>),
}

/// A quantified real number.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// The raw input that takes its value.
    pub input: InputId,
    /// The numbers that it may be, where they are listed; its interval otherwise.
    among: Vec<f64>,
    /// Where it is drawn, an end that is missing put at a distance.
    interval: (f64, f64),
    /// The interval as it is written.
    ends: (f64, f64),
    closed: (bool, bool),
}

impl Size {
    /// A variable of a theorem, if it is a size.
    pub fn of(variable: &Variable) -> Option<Size> {
        let VariableKind::Size(var) = &variable.kind else { return None };
        let (among, range) = match &variable.range {
            // A size that nothing quantifies is any.
            _ if variable.implied => (Vec::new(), (1, None)),
            Range::Integers(lo, hi) => (Vec::new(), (lo.as_constant().unwrap_or(1).max(1), hi.as_constant())),
            Range::Finite(values) => (values.iter().filter_map(ToPrimitive::to_i64).collect(), (1, None)),
            Range::Domain(_) | Range::Interval(_) => (Vec::new(), (1, None)),
        };
        Some(Size { name: variable.name.clone(), var: var.clone(), among, range })
    }

    /// A random one, at least two where its range allows it.
    pub fn draw(&self, rng: &mut ChaCha8Rng) -> i64 {
        if !self.among.is_empty() {
            return self.among[rng.random_range(0..self.among.len())];
        }
        let (lo, hi) = (self.range.0, self.range.1.unwrap_or(MAX_SIZE).min(MAX_SIZE).max(self.range.0));
        rng.random_range(lo.max(2).min(hi)..=hi)
    }

    /// Another one, where there is another.
    pub fn beside(&self, n: i64) -> Option<i64> {
        if self.among.is_empty() { Some(n + 1) } else { self.among.iter().copied().find(|other| *other != n) }
    }

    /// Whether it may be this number.
    pub fn holds(&self, n: i64) -> bool {
        match self.among.as_slice() {
            [] => n >= self.range.0 && self.range.1.is_none_or(|hi| n <= hi),
            among => among.contains(&n),
        }
    }

    /// The number that it may be which is nearest to this one.
    pub fn nearest(&self, n: i64) -> i64 {
        match self.among.iter().min_by_key(|other| (*other - n).abs()) {
            Some(listed) => *listed,
            None => self.range.1.map_or(n, |hi| n.min(hi)).max(self.range.0),
        }
    }
}

impl Parameter {
    /// A variable of a theorem, if it is a real number.
    pub fn of(theorem: &Theorem, variable: &Variable) -> Option<Parameter> {
        let VariableKind::Scalar { input, .. } = variable.kind else { return None };
        let (among, ends, closed) = match &variable.range {
            Range::Finite(values) => {
                (values.iter().filter_map(ToPrimitive::to_f64).collect(), (0.0, 0.0), (true, true))
            }
            Range::Interval(interval) => {
                // An end that rests on other names is left to the conditions.
                let lo = known(&theorem.graph, interval.lo).unwrap_or(f64::NEG_INFINITY);
                let hi = known(&theorem.graph, interval.hi).unwrap_or(f64::INFINITY);
                (Vec::new(), (lo, hi), (interval.lo_closed, interval.hi_closed))
            }
            Range::Domain(_) | Range::Integers(..) => (Vec::new(), (f64::NEG_INFINITY, f64::INFINITY), (false, false)),
        };
        let interval = match (ends.0.is_finite(), ends.1.is_finite()) {
            (true, _) => (ends.0, ends.1.min(ends.0 + WIDE)),
            (false, true) => (ends.1 - WIDE, ends.1),
            (false, false) => (-WIDE, WIDE),
        };
        Some(Parameter { name: variable.name.clone(), input, among, interval, ends, closed })
    }

    /// A random one.
    pub fn draw(&self, rng: &mut ChaCha8Rng) -> f64 {
        if !self.among.is_empty() {
            return self.among[rng.random_range(0..self.among.len())];
        }
        let (lo, hi) = self.interval;
        // Numbers of three digits, so that a witness is readable; never an end.
        let share = rng.random_range(1..40_u32) as f64 / 40.0;
        lo + (hi - lo) * share
    }

    /// Another one, where there is another.
    pub fn beside(&self, x: f64) -> Option<f64> {
        if !self.among.is_empty() {
            return self.among.iter().copied().find(|other| *other != x);
        }
        let (lo, hi) = self.interval;
        let middle = (lo + hi) / 2.0;
        // A quarter of the way to the farther end.
        let other = x + (if x < middle { hi - x } else { lo - x }) / 4.0;
        (other != x).then_some(other)
    }

    /// Whether it may be this number, as far as its ends are known.
    pub fn holds(&self, x: f64) -> bool {
        if !self.among.is_empty() {
            return self.among.contains(&x);
        }
        let above = if self.closed.0 { x >= self.ends.0 } else { x > self.ends.0 };
        above && if self.closed.1 { x <= self.ends.1 } else { x < self.ends.1 }
    }

    /// This number if it may be that, and else one that it may be: the listed one that is nearest, or the middle.
    pub fn nearest(&self, x: f64) -> f64 {
        if self.holds(x) {
            return x;
        }
        let listed = self.among.iter().copied().min_by(|a, b| (a - x).abs().total_cmp(&(b - x).abs()));
        listed.unwrap_or((self.interval.0 + self.interval.1) / 2.0)
    }

    /// Whether it may grow far enough to look at what happens then.
    pub fn is_unbounded(&self) -> bool {
        self.among.is_empty() && self.ends.1 - self.interval.0 >= WIDE && self.ends.1 > 0.0
    }
}

/// The ends of intervals that rest on other names, as conditions on the theorem's graph: the graph with them, and they.
pub fn moving_ends(theorem: &Theorem) -> (Graph, Vec<NodeId>) {
    let mut graph = theorem.graph.clone();
    let mut conditions = Vec::new();
    for variable in &theorem.variables {
        if let (VariableKind::Scalar { value, .. }, Range::Interval(interval)) = (&variable.kind, &variable.range) {
            let Interval { lo, lo_closed, hi, hi_closed } = *interval;
            for (a, b, closed, end) in [(lo, *value, lo_closed, lo), (*value, hi, hi_closed, hi)] {
                if known(&theorem.graph, end).is_none() {
                    // The ends of an interval are real scalars, as the checker makes sure.
                    let comparison = if closed { Comparison::Le } else { Comparison::Lt };
                    conditions.extend(graph.compare(comparison, a, b));
                }
            }
        }
    }
    (graph, conditions)
}

/// The value of a real scalar that rests on no name.
fn known(graph: &Graph, node: NodeId) -> Option<f64> {
    if let Some(value) = graph.constant_value(node) {
        return value.to_f64();
    }
    if graph.reachable(&[node]).iter().any(|node| matches!(graph.op(*node), Op::Input(_))) {
        return None;
    }
    let (graph, roots) = graph.instantiate(&[node], &Instance::default()).ok()?;
    let plan = Plan::<f64>::compile(&graph, &roots).ok()?;
    let mut workspace = Workspace::new(&plan);
    plan.run(&mut workspace).ok()?;
    workspace.scalar(0)
}
