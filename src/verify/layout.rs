//! Which nodes of a theorem are evaluated, and where each number is found among the outputs.

use super::evaluate;
use super::judge::Measured;
use crate::check::{Claim, Part, Theorem};
use crate::ir::{Graph, InputId, Margin, NodeId};

/// A number among the outputs, with the outputs that give its scale.
#[derive(Clone, Debug)]
pub struct Slot {
    at: usize,
    scales: std::ops::Range<usize>,
}

impl Slot {
    fn push(graph: &mut Graph, node: NodeId, roots: &mut Vec<NodeId>) -> Slot {
        let at = roots.len();
        roots.push(node);
        roots.extend(evaluate::scale_nodes(graph, node));
        Slot { at, scales: at + 1..roots.len() }
    }

    /// The number of the output.
    pub fn output(&self) -> usize {
        self.at
    }

    /// The number and its scale, given the outputs.
    pub fn read(&self, output: impl Fn(usize) -> f64) -> Measured {
        let value = output(self.at);
        let finite = |x: f64| if x.is_finite() { x.abs() } else { 0.0 };
        let scale = self.scales.clone().map(|at| finite(output(at))).fold(finite(value), f64::max);
        Measured { value, scale }
    }
}

/// A hypothesis among the outputs.
#[derive(Clone, Debug)]
pub struct Hypothesis {
    /// Its margin.
    pub margin: Slot,
    /// Whether it fails where the margin is 0.
    pub strict: bool,
    /// Whether it holds only where the margin is 0.
    pub equality: bool,
    /// For an equality, the outputs whose vanishing it is about.
    pub residuals: std::ops::Range<usize>,
}

impl Hypothesis {
    /// Adds what decides a condition to the outputs.
    pub fn push(graph: &mut Graph, condition: &Margin, roots: &mut Vec<NodeId>) -> Hypothesis {
        let margin = Slot::push(graph, condition.node, roots);
        let first = roots.len();
        roots.extend(evaluate::residuals(graph, condition.node));
        Hypothesis { margin, strict: condition.strict, equality: condition.equality, residuals: first..roots.len() }
    }
}

/// A part of a claim among the claim's outputs.
#[derive(Clone, Debug)]
pub enum PartSlots {
    /// See [`Part::Margin`].
    Margin {
        /// The margin.
        margin: Slot,
        /// Whether the condition fails where the margin is 0.
        strict: bool,
        /// Whether it holds only there.
        equality: bool,
    },
    /// See [`Part::Iff`].
    Iff {
        /// The difference of the two sides.
        gap: Slot,
        /// The margin of the condition.
        condition: Slot,
        /// Whether the condition fails where its margin is 0.
        strict: bool,
        /// Whether the condition holds only where its margin is 0.
        equality: bool,
        /// The difference with the condition put into effect.
        substituted: Option<Slot>,
    },
    /// See [`Part::Asymptotic`]: followed apart from the samples.
    Asymptotic {
        /// f − g
        difference: NodeId,
        /// h
        order: NodeId,
        /// The scalar that moves.
        variable: InputId,
        /// Whether it goes to infinity.
        to_infinity: bool,
    },
}

/// The nodes of a claim.
#[derive(Clone, Debug)]
pub struct ClaimLayout {
    /// What is evaluated.
    pub roots: Vec<NodeId>,
    /// Where it is found.
    pub parts: Vec<PartSlots>,
    /// The output whose largest value is asked for.
    pub supremum: Option<usize>,
}

impl ClaimLayout {
    fn new(graph: &mut Graph, claim: &Claim) -> Self {
        let mut roots = Vec::new();
        let mut parts = Vec::new();
        for part in &claim.parts {
            parts.push(match part {
                Part::Margin { margin, .. } => PartSlots::Margin {
                    margin: Slot::push(graph, margin.node, &mut roots),
                    strict: margin.strict,
                    equality: margin.equality,
                },
                Part::Iff { gap, condition, substituted, .. } => PartSlots::Iff {
                    gap: Slot::push(graph, *gap, &mut roots),
                    condition: Slot::push(graph, condition.node, &mut roots),
                    strict: condition.strict,
                    equality: condition.equality,
                    substituted: substituted.as_ref().map(|put| Slot::push(graph, put.gap, &mut roots)),
                },
                Part::Asymptotic { difference, order, variable, to_infinity } => PartSlots::Asymptotic {
                    difference: *difference,
                    order: *order,
                    variable: *variable,
                    to_infinity: *to_infinity,
                },
            });
        }
        let supremum = claim.supremum.map(|supremum| {
            roots.push(supremum.value);
            roots.len() - 1
        });
        ClaimLayout { roots, parts, supremum }
    }

    /// Whether samples decide some part of it.
    pub fn is_sampled(&self) -> bool {
        let sampled = |part: &PartSlots| match part {
            PartSlots::Margin { .. } | PartSlots::Iff { .. } => true,
            PartSlots::Asymptotic { .. } => false,
        };
        self.supremum.is_some() || self.parts.iter().any(sampled)
    }
}

/// The nodes of a theorem.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The theorem's graph with the scales of its margins.
    pub graph: Graph,
    /// The outputs that decide the hypotheses.
    pub hypothesis_roots: Vec<NodeId>,
    /// The hypotheses among them.
    pub hypotheses: Vec<Hypothesis>,
    /// The claims.
    pub claims: Vec<ClaimLayout>,
}

impl Layout {
    /// Lays out a theorem.
    pub fn new(theorem: &Theorem) -> Self {
        let mut graph = theorem.graph.clone();
        let mut hypothesis_roots = Vec::new();
        let hypotheses = theorem.assumptions.iter();
        let hypotheses = hypotheses
            .map(|assumption| Hypothesis::push(&mut graph, &assumption.margin, &mut hypothesis_roots))
            .collect();
        let claims = theorem.claims.iter().map(|claim| ClaimLayout::new(&mut graph, claim)).collect();
        Layout { graph, hypothesis_roots, hypotheses, claims }
    }

    /// The outputs of all claims together, and where each claim's start.
    pub fn claim_roots(&self) -> (Vec<NodeId>, Vec<usize>) {
        let mut roots = Vec::new();
        let mut offsets = Vec::new();
        for claim in &self.claims {
            offsets.push(roots.len());
            roots.extend(&claim.roots);
        }
        (roots, offsets)
    }
}
