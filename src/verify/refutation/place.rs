//! A theorem with some members in place of their charts: their nodes become inputs of their own, of which the graph knows
//! what holds for every member of the set. That is sound at entries that were checked to be of the set, exactly.

use std::collections::BTreeMap;

use super::point::{Given, Loose, Point};
use crate::certify::{Between, Entries, Inputs};
use crate::check::{Part, Theorem, VariableKind};
use crate::ir::{Basis, Facts, Input, Instance, Mismatch, NodeId, Range};
use crate::verify::sample::{Numbers, Sample};

use super::point::rounded;

/// A theorem, and which of its members are inputs themselves.
pub struct Placed {
    /// The theorem: a member in place has one raw input, whose entries are the member's.
    pub theorem: Theorem,
}

/// Which names of a point are given by their own entries.
pub fn mask(point: &Point) -> Vec<bool> {
    point.givens.iter().map(|given| matches!(given, Some(Given::Exact(_)))).collect()
}

/// The nodes that a theorem's statements rest on.
fn nodes(theorem: &mut Theorem) -> Vec<&mut NodeId> {
    let mut nodes = Vec::new();
    for variable in &mut theorem.variables {
        if let Range::Interval(interval) = &mut variable.range {
            nodes.extend([&mut interval.lo, &mut interval.hi]);
        }
    }
    for assumption in &mut theorem.assumptions {
        nodes.extend([&mut assumption.condition, &mut assumption.margin.node]);
    }
    let mut parts = Vec::new();
    for claim in &mut theorem.claims {
        nodes.extend(claim.supremum.as_mut().map(|supremum| &mut supremum.value));
        parts.extend(&mut claim.parts);
    }
    for part in parts {
        match part {
            Part::Margin { condition, margin, put, sides, member: _ } => {
                nodes.extend([condition, &mut margin.node]);
                nodes.extend(sides.iter_mut().flat_map(|sides| [&mut sides.left, &mut sides.right]));
                nodes.extend(put.iter_mut().map(|(_, node)| node));
            }
            Part::Iff { gap, condition, substituted, edges } => {
                nodes.extend([gap, &mut condition.node]);
                nodes.extend(edges);
                if let Some(put) = substituted {
                    nodes.push(&mut put.gap);
                    nodes.extend(put.values.iter_mut().map(|(_, node)| node));
                }
            }
            Part::Asymptotic { difference, order, .. } => nodes.extend([difference, order]),
        }
    }
    nodes
}

impl Placed {
    /// Puts the members that the mask names in place of their charts.
    ///
    /// # Errors
    /// When a type does not fit, which the checker excludes.
    pub fn new(theorem: &Theorem, mask: &[bool]) -> Result<Placed, Mismatch> {
        let mut theorem = theorem.clone();
        let mut replacements = BTreeMap::new();
        for (variable, placed) in theorem.variables.iter_mut().zip(mask) {
            let (true, VariableKind::Member { raw, value }, Range::Domain(domain)) =
                (*placed, &mut variable.kind, &variable.range)
            else {
                continue;
            };
            let graph = &mut theorem.graph;
            let input = graph.input(Input { name: variable.name.clone(), ty: domain.ty(), facts: Facts::new() });
            *raw = graph.as_input(input).into_iter().collect();
            let member = graph.annotate(input, domain.properties(), Basis::Construction)?;
            let member = graph.named(member)?;
            replacements.insert(*value, member);
            *value = member;
        }
        if !replacements.is_empty() {
            let before: Vec<NodeId> = nodes(&mut theorem).into_iter().map(|node| *node).collect();
            let after = theorem.graph.substitute(&before, &replacements, &BTreeMap::new())?;
            for (node, new) in nodes(&mut theorem).into_iter().zip(after) {
                *node = new;
            }
        }
        Ok(Placed { theorem })
    }

    /// The point's instance: every size, and every scalar that is exact.
    pub fn instance(&self, point: &Point) -> Instance {
        let mut instance = Instance { sizes: point.sizes.clone(), ..Instance::default() };
        let loose = point.loose.as_ref().map(|loose| loose.spot.variable);
        for (number, (variable, given)) in self.theorem.variables.iter().zip(&point.givens).enumerate() {
            if let (VariableKind::Scalar { input, .. }, Some(Given::Scalar(value))) = (&variable.kind, given)
                && loose != Some(number)
            {
                instance.constants.insert(*input, value.clone());
            }
        }
        instance
    }

    fn each(&self, point: &Point, mut tell: impl FnMut(crate::ir::InputId, &Entries)) {
        for (variable, given) in self.theorem.variables.iter().zip(&point.givens) {
            let VariableKind::Member { raw, .. } = &variable.kind else { continue };
            match given {
                Some(Given::Raw(blocks)) => raw.iter().zip(blocks).for_each(|(input, block)| tell(*input, block)),
                Some(Given::Exact(entries)) => raw.iter().for_each(|input| tell(*input, entries)),
                Some(Given::Scalar(_)) | None => {}
            }
        }
    }

    /// The inputs of the certifier.
    pub fn inputs(&self, point: &Point) -> Inputs {
        let mut inputs = Inputs::new();
        self.each(point, |input, entries| {
            inputs.set(input, entries.clone());
        });
        let Some(Loose { spot, upper }) = &point.loose else { return inputs };
        let (kind, given) = (&self.theorem.variables[spot.variable].kind, &point.givens[spot.variable]);
        let input = match (kind, given) {
            (VariableKind::Scalar { input, .. }, Some(Given::Scalar(lower))) => {
                inputs.set(*input, Entries::Real(vec![lower.clone()]));
                Some(*input)
            }
            (VariableKind::Member { raw, .. }, Some(Given::Raw(_))) => raw.get(spot.block).copied(),
            (VariableKind::Scalar { .. } | VariableKind::Member { .. } | VariableKind::Size(_), _) => None,
        };
        if let Some(input) = input {
            inputs.between(Between { input, entry: spot.entry, imaginary: spot.imaginary, upper: upper.clone() });
        }
        inputs
    }

    /// The inputs of the evaluator.
    pub fn sample(&self, point: &Point) -> Sample {
        let mut sample = Sample::new(&self.theorem.graph);
        self.each(point, |input, entries| sample.inputs[input.0 as usize] = rounded(entries));
        for (variable, given) in self.theorem.variables.iter().zip(&point.givens) {
            if let (VariableKind::Scalar { input, .. }, Some(Given::Scalar(value))) = (&variable.kind, given) {
                sample.inputs[input.0 as usize] = Numbers::Real(vec![super::point::nearest(value)]);
            }
        }
        sample
    }
}
