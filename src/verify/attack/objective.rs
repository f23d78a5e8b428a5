//! What an ascent minimises: the margin of a claim against its sides, with a penalty for broken hypotheses, and the
//! gradient of both, compiled for one choice of sizes.

use std::cell::Cell as Flag;

use super::chart::Chart;
use super::work;
use crate::check::Theorem;
use crate::eval::{Entries, Plan, Workspace};
use crate::grad::{self, GradError};
use crate::ir::{
    Facts, Graph, Input, InputId, Instance, Mismatch, NodeId, Property, Reduction, ScalarFn, Shape, Type, Zip,
};
use crate::verify::design::{Cell, ScalarDraw};
use crate::verify::evaluate;
use crate::verify::layout::{Layout, PartSlots};
use crate::verify::sample::{Numbers, Sample};

/// The number that a claim says something about, as nodes of the theorem's graph.
#[derive(Clone, Debug)]
pub struct Target {
    /// What is made small: a margin, or a gap that must vanish.
    node: NodeId,
    aim: Aim,
    /// A condition's margin that must hold as well, and whether it is an equality.
    condition: Option<(NodeId, bool)>,
    /// The number of the part of the claim whose margin it is, where that fails by vanishing, too.
    pub strict: Option<usize>,
}

/// How a target is brought to contradict the claim.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Aim {
    /// A margin below 0.
    Below,
    /// A number that ought to be 0, away from it.
    Apart,
    /// A gap that ought not to vanish where the condition clearly fails.
    Vanishing,
    /// A number whose largest value is asked for.
    Above,
}

/// The share of the sides by which the condition of an `iff` is to fail where the gap is made to vanish.
const CLEARLY: f64 = 0.05;

/// The targets of a claim.
pub fn targets(layout: &Layout, claim: usize) -> Vec<Target> {
    let claim = &layout.claims[claim];
    let node = |slot: &crate::verify::layout::Slot| claim.roots[slot.output()];
    let mut targets = Vec::new();
    let target = |node, aim, condition| Target { node, aim, condition, strict: None };
    for (number, part) in claim.parts.iter().enumerate() {
        match part {
            PartSlots::Margin { margin, strict, .. } => {
                let strict = strict.then_some(number);
                targets.push(Target { strict, ..target(node(margin), Aim::Below, None) });
            }
            PartSlots::Iff { gap, condition, equality, substituted, .. } => {
                targets.push(match substituted {
                    Some(gap) => target(node(gap), Aim::Apart, None),
                    None => target(node(gap), Aim::Apart, Some((node(condition), *equality))),
                });
                let condition = Some((node(condition), *equality));
                targets.push(target(node(gap), Aim::Vanishing, condition));
            }
            PartSlots::Asymptotic { .. } => {}
        }
    }
    if let Some(output) = claim.supremum {
        targets.push(target(claim.roots[output], Aim::Above, None));
    }
    targets
}

/// How the terms of an objective are weighed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Weights {
    /// The weight of the margin; 0 to meet the hypotheses alone.
    pub margin: f64,
    /// What is added to the sides before the margin is divided by them: large for the margin itself, small for its share.
    pub floor: f64,
    /// The weight of broken hypotheses.
    pub penalty: f64,
    /// By how much inequalities among the hypotheses are to hold, against their sides.
    pub room: f64,
}

/// The inputs that the weights are given through.
#[derive(Clone, Copy, Debug)]
struct Knobs {
    margin: InputId,
    floor: InputId,
    penalty: InputId,
    room: InputId,
}

/// A block of the unconstrained vector.
#[derive(Clone, Debug)]
struct Block {
    input: InputId,
    complex: bool,
    len: usize,
    /// The output with its gradient, if there is one.
    gradient: Option<usize>,
    /// For a scalar of a range.
    scalar: Option<Chart>,
}

/// The objective of a target at one choice of sizes.
pub struct Objective {
    plan: Plan<f64>,
    knobs: Knobs,
    blocks: Vec<Block>,
    /// Inputs that are kept as drawn: scalars whose range depends on other inputs, and those from finite sets.
    fixed: Vec<InputId>,
    /// The modelled nanoseconds of an evaluation.
    pub cost: f64,
    /// Whether there are hypotheses or a condition to meet.
    pub constrained: bool,
}

impl Objective {
    /// Compiles the objective of a target for a cell. `logarithmic` chooses the charts of its scalars.
    ///
    /// # Errors
    /// A sentence, when sizes do not fit together.
    pub fn compile(
        theorem: &Theorem,
        layout: &Layout,
        target: &Target,
        cell: &Cell,
        logarithmic: bool,
    ) -> Result<Objective, String> {
        let (mut graph, value, knobs, constrained) =
            build(layout, target, &cell.instance).map_err(|mismatch| mismatch.to_string())?;
        let scalars: Vec<(InputId, Option<Chart>)> = cell
            .scalars
            .iter()
            .map(|(input, draw)| match draw {
                ScalarDraw::Inside(ends) => (*input, Some(Chart::new(ends, logarithmic))),
                ScalarDraw::Baked(_) | ScalarDraw::Computed(_) | ScalarDraw::Among(_) => (*input, None),
            })
            .collect();
        let used: Vec<(InputId, NodeId)> = graph
            .reachable(&[value])
            .into_iter()
            .filter_map(|id| graph.as_input(id).map(|input| (input, id)))
            .filter(|(input, _)| (input.0 as usize) < theorem.graph.inputs().len())
            .collect();
        let mut blocks = Vec::new();
        let mut fixed = Vec::new();
        for (input, id) in used {
            let chart = match scalars.iter().find(|(scalar, _)| *scalar == input) {
                Some((_, None)) => {
                    fixed.push(input);
                    continue;
                }
                Some((_, chart)) => chart.clone(),
                None => None,
            };
            let ty = graph.ty(id).clone();
            let size = |dim: crate::ir::Dim| dim.as_constant().and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
            let entries = size(ty.shape.rows()) * size(ty.shape.cols());
            let complex = ty.field == crate::ir::Field::Complex;
            let len = if complex { 2 * entries } else { entries };
            blocks.push((id, Block { input, complex, len, gradient: None, scalar: chart }));
        }
        // A derivative by an exponent may not be a function of the language; the matrices move without the scalars then.
        let outputs = match differentiate(&mut graph, value, &mut blocks, |_| true) {
            Ok(outputs) => outputs,
            Err(_) => differentiate(&mut graph, value, &mut blocks, |block| block.scalar.is_none())
                .unwrap_or_else(|_| vec![value]),
        };
        let cost = work::estimate(&graph, &outputs);
        let plan = Plan::compile(&graph, &outputs).map_err(|error| error.to_string())?;
        let blocks = blocks.into_iter().map(|(_, block)| block).collect();
        Ok(Objective { plan, knobs, blocks, fixed, cost, constrained })
    }

    /// The number of unconstrained numbers.
    pub fn len(&self) -> usize {
        self.blocks.iter().map(|block| block.len).sum()
    }

    /// Where the inputs stand among the unconstrained numbers.
    pub fn ranges(&self) -> Vec<std::ops::Range<usize>> {
        let mut at = 0;
        let range = |block: &Block| {
            at += block.len;
            at - block.len..at
        };
        self.blocks.iter().map(range).collect()
    }

    /// Memory to evaluate it in, for one thread.
    pub fn machine(&self) -> Machine<'_> {
        Machine { objective: self, workspace: Workspace::new(&self.plan), evaluations: Flag::new(0) }
    }

    /// The unconstrained numbers of a sample.
    pub fn pack(&self, sample: &Sample) -> Vec<f64> {
        let mut x = Vec::with_capacity(self.len());
        for block in &self.blocks {
            match (&sample.inputs[block.input.0 as usize], &block.scalar) {
                (Numbers::Real(numbers), Some(chart)) => x.extend(numbers.iter().map(|number| chart.back(*number))),
                (Numbers::Real(numbers), None) => x.extend(numbers),
                (Numbers::Complex(numbers), _) => x.extend(numbers.iter().flat_map(|z| [z.re, z.im])),
                (Numbers::None, _) => x.extend(std::iter::repeat_n(0.0, block.len)),
            }
        }
        x
    }

    /// Writes unconstrained numbers to a sample.
    pub fn unpack(&self, x: &[f64], sample: &mut Sample) {
        let mut rest = x;
        sample.extreme = false;
        for block in &self.blocks {
            let (mine, others) = rest.split_at(block.len);
            rest = others;
            match (&mut sample.inputs[block.input.0 as usize], &block.scalar) {
                (Numbers::Real(numbers), Some(chart)) => {
                    numbers[0] = chart.at(mine[0]).0;
                    sample.extreme |= chart.is_extreme(numbers[0]);
                }
                (Numbers::Real(numbers), None) => numbers.copy_from_slice(mine),
                (Numbers::Complex(numbers), _) => {
                    for (z, pair) in numbers.iter_mut().zip(mine.chunks_exact(2)) {
                        *z = num_complex::Complex::new(pair[0], pair[1]);
                    }
                }
                (Numbers::None, _) => {}
            }
        }
    }
}

/// The outputs of an objective with the gradients by those blocks that are wanted.
fn differentiate(
    graph: &mut Graph,
    value: NodeId,
    blocks: &mut [(NodeId, Block)],
    wanted: impl Fn(&Block) -> bool,
) -> Result<Vec<NodeId>, GradError> {
    let by: Vec<NodeId> = blocks.iter().filter(|(_, block)| wanted(block)).map(|(id, _)| *id).collect();
    let mut outputs = vec![value];
    outputs.extend(grad::gradient(graph, value, &by)?);
    let mut output = 1;
    for (_, block) in blocks.iter_mut() {
        block.gradient = wanted(block).then_some(output);
        output += usize::from(wanted(block));
    }
    Ok(outputs)
}

/// The objective as a node of the instantiated graph:
///
/// ```text
/// w · m / (Σ|sides| + floor) + penalty · Σ (breach of a hypothesis against its sides)²
/// ```
///
/// A number whose largest value is asked for is not divided by its sides.
fn build(layout: &Layout, target: &Target, instance: &Instance) -> Result<(Graph, NodeId, Knobs, bool), Mismatch> {
    let mut source = layout.graph.clone();
    let mut wanted = Vec::new();
    let place = |source: &mut Graph, wanted: &mut Vec<NodeId>, node: NodeId| {
        let at = wanted.len();
        wanted.push(node);
        wanted.extend(evaluate::scale_nodes(source, node));
        at..wanted.len()
    };
    let main = place(&mut source, &mut wanted, target.node);
    let condition = target.condition.map(|(node, equality)| (place(&mut source, &mut wanted, node), equality));
    let hypotheses: Vec<_> = layout
        .hypotheses
        .iter()
        .map(|hypothesis| {
            let margin = layout.hypothesis_roots[hypothesis.margin.output()];
            let range = place(&mut source, &mut wanted, margin);
            let first = wanted.len();
            wanted.extend(&layout.hypothesis_roots[hypothesis.residuals.clone()]);
            (range, first..wanted.len(), hypothesis.equality)
        })
        .collect();
    let (mut g, roots) = source.instantiate(&wanted, instance)?;
    let mut knob = |name: &str| {
        let ty = Type::real(Shape::Scalar);
        let id = g.input(Input { name: name.to_string(), ty, facts: Facts::default() });
        // What was just made as an input is one.
        (g.as_input(id).unwrap_or(InputId(u32::MAX)), id)
    };
    let (margin, weight) = knob("weight");
    let (floor, added) = knob("floor");
    let (penalty, factor) = knob("penalty");
    let (room, shift) = knob("room");
    let knobs = Knobs { margin, floor, penalty, room };

    let sides = |g: &mut Graph, range: &std::ops::Range<usize>, first: NodeId| {
        let mut sum = first;
        for side in &roots[range.start + 1..range.end] {
            let modulus = g.abs(*side)?;
            sum = g.add(sum, modulus)?;
        }
        Ok::<NodeId, Mismatch>(sum)
    };
    let node = roots[main.start];
    let signed = match target.aim {
        Aim::Below => node,
        Aim::Apart => {
            let modulus = g.abs(node)?;
            g.neg(modulus)?
        }
        Aim::Vanishing => g.abs(node)?,
        Aim::Above => g.neg(node)?,
    };
    let share = match target.aim {
        Aim::Below | Aim::Apart | Aim::Vanishing => {
            let scale = sides(&mut g, &main, added)?;
            g.zip(Zip::Div, signed, scale)?
        }
        // The largest share of the sides is not the largest value.
        Aim::Above => signed,
    };
    let mut value = g.multiply(weight, share)?;

    let one = g.integer(1)?;
    let mut broken = Vec::new();
    for (range, residuals, equality) in &hypotheses {
        let scale = sides(&mut g, range, one)?;
        if *equality {
            for residual in &roots[residuals.clone()] {
                let share = g.zip(Zip::Div, *residual, scale)?;
                // A number that is never negative, as a sum of squares, is as smooth as its square is elsewhere.
                let smooth = g.ty(*residual).is_real_scalar() && g.has(*residual, Property::Nonnegative);
                let share = if smooth { share } else { g.abs2(share)? };
                broken.push(g.sum(share)?);
            }
        } else {
            broken.push(shortfall(&mut g, roots[range.start], scale, shift)?);
        }
    }
    if let Some((range, equality)) = &condition {
        let scale = sides(&mut g, range, one)?;
        let margin = roots[range.start];
        broken.push(match (target.aim, equality) {
            (Aim::Vanishing, _) => {
                let clearly = g.number(num_rational::BigRational::new(1.into(), ((1.0 / CLEARLY) as i64).into()))?;
                let negative = g.neg(margin)?;
                shortfall(&mut g, negative, scale, clearly)?
            }
            (Aim::Below | Aim::Apart | Aim::Above, true) => {
                let share = g.zip(Zip::Div, margin, scale)?;
                g.abs2(share)?
            }
            (Aim::Below | Aim::Apart | Aim::Above, false) => shortfall(&mut g, margin, scale, shift)?,
        });
    }
    let constrained = !broken.is_empty();
    for term in broken {
        let term = g.multiply(factor, term)?;
        value = g.add(value, term)?;
    }
    // A reduction of a single number is that number; it keeps the node real where a size of 1 made a matrix of it.
    let value = g.reduce(Reduction::Sum, crate::ir::Axis::All, value)?;
    Ok((g, value, knobs, constrained))
}

/// relu(room − margin/scale)²
fn shortfall(g: &mut Graph, margin: NodeId, scale: NodeId, room: NodeId) -> Result<NodeId, Mismatch> {
    let share = g.zip(Zip::Div, margin, scale)?;
    let short = g.sub(room, share)?;
    let short = g.map(ScalarFn::Relu, short)?;
    g.abs2(short)
}

/// An objective with the memory that it is evaluated in.
pub struct Machine<'a> {
    objective: &'a Objective,
    workspace: Workspace<f64>,
    evaluations: Flag<u64>,
}

impl Machine<'_> {
    /// Sets the weights.
    pub fn weigh(&mut self, weights: Weights) {
        let knobs = self.objective.knobs;
        for (input, value) in [
            (knobs.margin, weights.margin),
            (knobs.floor, weights.floor),
            (knobs.penalty, weights.penalty),
            (knobs.room, weights.room),
        ] {
            self.write(input, &[value]);
        }
    }

    /// Takes what does not move from a sample.
    pub fn fix(&mut self, sample: &Sample) {
        for input in &self.objective.fixed {
            if let Numbers::Real(numbers) = &sample.inputs[input.0 as usize] {
                self.write(*input, numbers);
            }
        }
    }

    fn write(&mut self, input: InputId, numbers: &[f64]) {
        if let Some(target) = self.workspace.input_mut(input)
            && let Entries::Real(target) = target.entries
        {
            target.copy_from_slice(numbers);
        }
    }

    /// How often it was evaluated.
    pub fn evaluations(&self) -> u64 {
        self.evaluations.get()
    }

    /// The value at unconstrained numbers, and the gradient written to `slope`; `None` where there is no finite value.
    pub fn evaluate(&mut self, x: &[f64], slope: &mut [f64]) -> Option<f64> {
        self.evaluations.set(self.evaluations.get() + 1);
        let mut rest = x;
        for block in &self.objective.blocks {
            let (mine, others) = rest.split_at(block.len);
            rest = others;
            let Some(target) = self.workspace.input_mut(block.input) else { continue };
            match (target.entries, &block.scalar) {
                (Entries::Real(target), Some(chart)) => target[0] = chart.at(mine[0]).0,
                (Entries::Real(target), None) => target.copy_from_slice(mine),
                (Entries::Complex(target), _) => {
                    for (z, pair) in target.iter_mut().zip(mine.chunks_exact(2)) {
                        *z = num_complex::Complex::new(pair[0], pair[1]);
                    }
                }
            }
        }
        self.objective.plan.run(&mut self.workspace).ok()?;
        let value = self.workspace.scalar(0).filter(|value| value.is_finite())?;
        slope.fill(0.0);
        let mut at = 0;
        for block in &self.objective.blocks {
            let mine = &mut slope[at..at + block.len];
            at += block.len;
            let Some(gradient) = block.gradient.and_then(|output| self.workspace.value(output)) else { continue };
            match gradient {
                crate::eval::ValueRef::Real { entries, .. } if !block.complex => {
                    mine.copy_from_slice(entries);
                    if let Some(chart) = &block.scalar {
                        mine[0] *= chart.at(x[at - block.len]).1;
                    }
                }
                crate::eval::ValueRef::Complex { entries, .. } => {
                    for (pair, z) in mine.chunks_exact_mut(2).zip(entries) {
                        pair.copy_from_slice(&[z.re, z.im]);
                    }
                }
                crate::eval::ValueRef::Real { .. } | crate::eval::ValueRef::Truth(_) => {}
            }
        }
        slope.iter().all(|slope| slope.is_finite()).then_some(value)
    }
}
