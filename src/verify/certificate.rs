//! Certificates: a sample that contradicts a claim in floating point is looked at again by rigorous enclosures, from its
//! raw numbers, which are exact.

use std::time::Duration;

use super::sample::{Numbers, Sample};
use super::trial::Setting;
use crate::certify::{Cap, Decision, Inputs, decide};
use crate::check::Part;
use crate::ir::{Graph, InputId, Instance, NodeId};

/// How far one margin is followed. Only the precision bounds the work, never the clock: a report must not depend on how
/// busy the machine is.
const CAP: Cap = Cap { precision: 1024, time: Duration::MAX };

/// Witnesses with more raw numbers than this are not looked at: enclosing a decomposition takes the cube of the size in
/// arbitrary precision.
const MAX_NUMBERS: usize = 400;

/// What the enclosures say of a sample.
#[derive(Clone, PartialEq, Debug)]
pub enum Certificate {
    /// The claim fails there: the whole enclosure of a margin is on the wrong side.
    Violated {
        /// The enclosure.
        margin: (f64, f64),
        /// What is put for quantified names, in place of what was drawn.
        put: Vec<(String, NodeId)>,
    },
    /// The claim holds there after all, so the error bound of the evaluation was wrong.
    Holds,
    /// The hypotheses fail there after all.
    Outside,
    /// The enclosures decide nothing: a hypothesis is an equality, a rank would have to be bounded from above, or the
    /// work would be too much.
    Open,
}

/// Encloses the margins of a claim, and of the hypotheses, at a sample.
pub fn certificate(setting: &Setting<'_>, claim: usize, sample: &Sample, instance: &Instance) -> Certificate {
    if sample.inputs.iter().map(numbers).sum::<usize>() > MAX_NUMBERS {
        return Certificate::Open;
    }
    let mut graph = setting.layout.graph.clone();
    let inputs = inputs(sample);
    for hypothesis in &setting.theorem.assumptions {
        if hypothesis.margin.equality {
            return Certificate::Open;
        }
        match sign(&graph, hypothesis.margin.node, hypothesis.margin.strict, &inputs, instance) {
            Some(Decision::Holds(_)) => {}
            Some(Decision::Violated(_)) => return Certificate::Outside,
            Some(Decision::Undecided(_)) | None => return Certificate::Open,
        }
    }
    let mut all_hold = true;
    for part in &setting.theorem.claims[claim].parts {
        let (node, strict, put) = match part {
            Part::Margin { margin, .. } => (Some(margin.node), margin.strict, Vec::new()),
            Part::Iff { substituted: Some(put), .. } => {
                (graph.residual_margin(put.gap).ok(), false, put.values.clone())
            }
            // Whether the condition holds exactly is nothing that an enclosure can say.
            Part::Iff { substituted: None, .. } | Part::Asymptotic { .. } => (None, false, Vec::new()),
        };
        match node.and_then(|node| sign(&graph, node, strict, &inputs, instance)) {
            Some(decision @ Decision::Violated(_)) => {
                return Certificate::Violated { margin: decision.bounds(), put };
            }
            Some(Decision::Holds(_)) => {}
            Some(Decision::Undecided(_)) | None => all_hold = false,
        }
    }
    if all_hold { Certificate::Holds } else { Certificate::Open }
}

fn sign(graph: &Graph, node: NodeId, strict: bool, inputs: &Inputs, instance: &Instance) -> Option<Decision> {
    let (graph, roots) = graph.instantiate(&[node], instance).ok()?;
    decide(&graph, roots[0], strict, inputs, CAP).ok()
}

fn numbers(numbers: &Numbers) -> usize {
    match numbers {
        Numbers::None => 0,
        Numbers::Real(entries) => entries.len(),
        Numbers::Complex(entries) => 2 * entries.len(),
    }
}

fn inputs(sample: &Sample) -> Inputs {
    let mut inputs = Inputs::new();
    for (number, drawn) in sample.inputs.iter().enumerate() {
        let input = InputId(number as u32);
        match drawn {
            Numbers::None => {}
            Numbers::Real(entries) => {
                inputs.real(input, entries);
            }
            Numbers::Complex(entries) => {
                let pairs: Vec<(f64, f64)> = entries.iter().map(|z| (z.re, z.im)).collect();
                inputs.complex(input, &pairs);
            }
        }
    }
    inputs
}
