//! Where points are looked at: by floating point first, which is cheap, and then by certificates. Both are counted, so
//! that the work is bounded without a clock.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use super::certificate::{At, CAP, Certificate, Violation, certificate, unmet};
use super::member::{Stray, check, ranges};
use super::place::{Placed, mask};
use super::point::Point;
use crate::certify::Cap;
use crate::check::{Part, Theorem, VariableKind};
use crate::eval::ValueRef;
use crate::ir::{Instance, NodeId, Shape};
use crate::verify::evaluate::Program;
use crate::verify::sample::Numbers;

/// Points with more numbers than this are not certified: enclosing a decomposition takes the cube of the size in arbitrary
/// precision.
const MAX_NUMBERS: usize = 400;

/// A simpler point must not need more precision than this.
const SHRINKING: Cap = Cap { precision: 256, time: Duration::MAX };

/// An equality that is met to this is worth a certificate.
const MET: f64 = 1e-9;

/// The evaluations and certificates that one refutation may take.
const EVALUATIONS: u32 = 6000;
const CERTIFICATES: u32 = 120;

/// What a part of a claim reads of the outputs.
enum Reading {
    /// A margin.
    Margin { at: usize },
    /// A gap that must be 0.
    Zero { at: usize },
    /// A gap that must be 0 exactly where a condition holds.
    Both { gap: usize, condition: usize },
}

struct Compiled {
    mask: Vec<bool>,
    instance: Instance,
    program: Option<Program>,
}

/// See the module.
pub struct Desk<'a> {
    /// The theorem.
    pub theorem: &'a Theorem,
    /// The number of the claim.
    pub claim: usize,
    placed: BTreeMap<Vec<bool>, Option<Rc<Placed>>>,
    compiled: Option<Compiled>,
    /// Evaluations so far.
    pub evaluations: u32,
    /// Certificates so far.
    pub certificates: u32,
}

impl<'a> Desk<'a> {
    /// A desk for a claim of a theorem.
    pub fn new(theorem: &'a Theorem, claim: usize) -> Self {
        Desk { theorem, claim, placed: BTreeMap::new(), compiled: None, evaluations: 0, certificates: 0 }
    }

    /// The claim, as its author wrote it.
    pub fn statement(&self) -> &str {
        &self.theorem.claims[self.claim].statement
    }

    /// Whether some part of the claim is strict, and so fails where its margin is 0.
    pub fn is_strict(&self) -> bool {
        self.theorem.claims[self.claim].parts.iter().any(|part| match part {
            Part::Margin { margin, .. } => margin.strict,
            Part::Iff { .. } | Part::Asymptotic { .. } => false,
        })
    }

    /// Whether no more work may be done.
    pub fn spent(&self) -> bool {
        self.evaluations >= EVALUATIONS || self.certificates >= CERTIFICATES
    }

    /// The theorem with those members in place that the point gives by their entries.
    pub fn place(&mut self, point: &Point) -> Option<Rc<Placed>> {
        let mask = mask(point);
        let theorem = self.theorem;
        let placed = self.placed.entry(mask).or_insert_with_key(|mask| Placed::new(theorem, mask).ok().map(Rc::new));
        placed.clone()
    }

    /// The certificate of a point, with all the precision there is. Whether its members belong to their sets is not asked:
    /// those that charts make do.
    pub fn certificate(&mut self, point: &Point) -> Certificate {
        self.look(point, CAP)
    }

    /// What the enclosures say of the hypotheses at a point, where they do not say that all are met.
    pub fn unmet(&mut self, point: &Point) -> Option<Certificate> {
        if self.theorem.assumptions.is_empty() {
            return None;
        }
        if self.is_too_large(point) {
            return Some(Certificate::Open);
        }
        let Some(placed) = self.place(point) else { return Some(Certificate::Open) };
        let (inputs, instance) = (placed.inputs(point), placed.instance(point));
        unmet(&placed.theorem, &At { inputs: &inputs, instance: &instance, cap: CAP })
    }

    /// Whether a point has more numbers than enclosures can be asked of.
    pub fn is_too_large(&self, point: &Point) -> bool {
        point.numbers() > MAX_NUMBERS
    }

    fn look(&mut self, point: &Point, cap: Cap) -> Certificate {
        if self.is_too_large(point) {
            return Certificate::Open;
        }
        self.certificates += 1;
        let Some(placed) = self.place(point) else { return Certificate::Open };
        // A range may depend on matrices, which a move onto an equality takes along.
        match ranges(&placed, point) {
            Ok(()) => {}
            Err(Stray::Range(_)) => return Certificate::Outside { hypothesis: None, equality: false },
            Err(Stray::Undecided(_) | Stray::Size(..) | Stray::Entries(..) | Stray::Member(..)) => {
                return Certificate::Open;
            }
        }
        certificate(&placed.theorem, self.claim, &placed.inputs(point), &placed.instance(point), cap)
    }

    /// The violation that a point is certified to be, if it is an input of the theorem and one.
    pub fn violation(&mut self, point: &Point) -> Option<Violation> {
        check(self.theorem, point).ok()?;
        match self.look(point, SHRINKING) {
            Certificate::Violated(violation) => Some(violation),
            Certificate::Holds | Certificate::Outside { .. } | Certificate::Undefined | Certificate::Open => None,
        }
    }

    /// The least margin of the claim's parts at a point, as computed; `None` where a hypothesis fails or something has no
    /// value.
    pub fn margin(&mut self, point: &Point) -> Option<f64> {
        self.evaluations += 1;
        let placed = self.place(point)?;
        let (instance, mask) = (placed.instance(point), mask(point));
        let theorem = &placed.theorem;
        let mut roots: Vec<NodeId> = theorem.assumptions.iter().map(|assumption| assumption.margin.node).collect();
        let mut readings = Vec::new();
        for part in &theorem.claims[self.claim].parts {
            let at = roots.len();
            match part {
                Part::Margin { margin, .. } => {
                    roots.push(margin.node);
                    readings.push(Reading::Margin { at });
                }
                Part::Iff { gap, condition, substituted, .. } => {
                    roots.extend([*gap, condition.node]);
                    readings.push(Reading::Both { gap: at, condition: at + 1 });
                    if let Some(put) = substituted {
                        readings.push(Reading::Zero { at: roots.len() });
                        roots.push(put.gap);
                    }
                }
                Part::Asymptotic { .. } => {}
            }
        }
        let known = |compiled: &Compiled| compiled.mask == mask && compiled.instance == instance;
        if !self.compiled.as_ref().is_some_and(known) {
            let program = Program::compile(&theorem.graph, &roots, &instance).ok();
            self.compiled = Some(Compiled { mask, instance, program });
        }
        let mut machine = self.compiled.as_ref()?.program.as_ref()?.machine();
        machine.load(&placed.sample(point));
        machine.run().ok()?;
        for (at, hypothesis) in theorem.assumptions.iter().enumerate() {
            let margin = machine.scalar(at);
            let met = if hypothesis.margin.equality { margin.abs() <= MET } else { margin >= 0.0 };
            if !met {
                return None;
            }
        }
        let margins = readings.iter().map(|reading| match reading {
            Reading::Margin { at } => machine.scalar(*at),
            Reading::Zero { at } => -machine.scalar(*at).abs(),
            Reading::Both { gap, condition } => {
                let (gap, condition) = (machine.scalar(*gap).abs(), machine.scalar(*condition));
                if condition >= 0.0 {
                    -gap
                } else if gap <= MET {
                    condition
                } else {
                    0.0
                }
            }
        });
        margins.filter(|margin| !margin.is_nan()).reduce(f64::min)
    }

    /// The nodes of the members at a point, by name, and those of what is put for a name in place of its own value.
    pub fn members(&mut self, point: &Point, put: &[(String, NodeId)]) -> Vec<(String, NodeId)> {
        let Some(placed) = self.place(point) else { return Vec::new() };
        let put = |name: &str| put.iter().find(|(other, _)| other == name).map(|(_, node)| *node);
        let nodes = placed.theorem.variables.iter().filter_map(|variable| {
            let own = match &variable.kind {
                VariableKind::Member { value, .. } => Some(*value),
                VariableKind::Size(_) | VariableKind::Scalar { .. } => None,
            };
            Some((variable.name.clone(), put(&variable.name).or(own)?))
        });
        nodes.collect()
    }

    /// What some nodes of the point's theorem are there, as computed.
    pub fn values<R>(
        &mut self,
        point: &Point,
        nodes: &[NodeId],
        one: impl Fn(ValueRef<'_, f64>, &Shape) -> R,
    ) -> Option<Vec<Option<R>>> {
        let placed = self.place(point)?;
        let graph = &placed.theorem.graph;
        let program = Program::compile(graph, nodes, &placed.instance(point)).ok()?;
        let mut machine = program.machine();
        machine.load(&placed.sample(point));
        machine.run().ok()?;
        let value =
            |(place, node): (usize, &NodeId)| machine.value(place).map(|value| one(value, &graph.ty(*node).shape));
        Some(nodes.iter().enumerate().map(value).collect())
    }

    /// The member that a name stands for at a point, as computed.
    pub fn member(&mut self, point: &Point, variable: usize) -> Option<Numbers> {
        let placed = self.place(point)?;
        let VariableKind::Member { value, .. } = placed.theorem.variables[variable].kind else { return None };
        let numbers = |value: ValueRef<'_, f64>, _: &Shape| match value {
            ValueRef::Real { entries, .. } => Some(Numbers::Real(entries.to_vec())),
            ValueRef::Complex { entries, .. } => Some(Numbers::Complex(entries.to_vec())),
            ValueRef::Truth(_) => None,
        };
        self.values(point, &[value], numbers)?.pop()??
    }
}
