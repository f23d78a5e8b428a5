//! What is explained: an expression at known sizes over inputs with numbers in place.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::run::Runner;
use crate::base::{Code, Diagnostic};
use crate::check::{self, Compiled, Session, Theorem, VariableKind, no_such_size};
use crate::eval::{Entries, Threads, ValueRef, Workspace, diagnose, plan_within_memory};
use crate::grad;
use crate::ir::{Facts, Field, Graph, Input, InputId, Instance, Mismatch, NodeId, Sizes};
use crate::relate::{Frame, Given, Parameter, Size, moving_ends};

/// What a size is where nothing is said.
const DEFAULT_SIZE: i64 = 64;

/// What a real parameter without a default is where nothing is said.
const DEFAULT_PARAMETER: f64 = 1.0;

/// How often inputs are drawn anew where the expression has no value, or a condition does not hold.
const ATTEMPTS: usize = 100;

/// An expression over inputs.
pub struct Task {
    /// The graph, every size known.
    pub graph: Graph,
    /// The expression.
    pub root: NodeId,
    /// The numbers of each input, of complex ones the real parts, then the imaginary parts.
    pub inputs: Vec<(InputId, Vec<f64>)>,
    /// The inputs that a gradient is taken by: all matrices and vectors of real numbers.
    pub variables: Vec<NodeId>,
    /// The sizes, by name.
    pub sizes: Vec<(String, i64)>,
    /// Other names and what they are: parameters.
    pub parameters: Vec<(String, f64)>,
    /// How the variables are made, where they are members of sets.
    charts: Option<Charts>,
}

/// Members of sets with the raw numbers that they are made from.
struct Charts {
    graph: Graph,
    members: Vec<NodeId>,
    raw: Vec<(InputId, Vec<f64>)>,
}

fn unusable(mismatch: Mismatch) -> Vec<Diagnostic> {
    vec![Diagnostic::new(Code::E0301, format!("the expression has no form at these sizes: {mismatch}"))]
}

impl Task {
    /// A definition, or an expression in names that `given` declares, at sizes, with random members of the sets.
    ///
    /// # Errors
    /// The mistakes in it, and sizes that are not there or do not fit.
    pub fn named(
        session: &mut Session,
        text: &str,
        given: &Given,
        sizes: &[(String, i64)],
        seed: u64,
    ) -> Result<Task, Vec<Diagnostic>> {
        let posed = Posed::new(session, text, given, sizes)?;
        let (raw, members) = draw(&posed, seed)?;
        let (graph, root, values) = posed.over_inputs()?;
        let (mut inputs, mut variables, mut parameters) = (Vec::new(), Vec::new(), Vec::new());
        let mut charts = Vec::new();
        for (((name, member), (input, node)), numbers) in posed.names.iter().cloned().zip(values).zip(members) {
            if member && graph.ty(input).field == Field::Real {
                variables.push(input);
                charts.push(node);
            }
            if !member {
                parameters.push((name, numbers[0]));
            }
            inputs.extend(graph.as_input(input).map(|id| (id, numbers)));
        }
        let sizes = posed.sizes();
        let charts = Some(Charts { graph: posed.graph, members: charts, raw });
        Ok(Task { graph, root, inputs, variables, sizes, parameters, charts })
    }

    /// Gradients by the variables as gradients by the raw numbers that these are made from. Two forms that are equal on a
    /// set have one gradient along the set, and may have any across it: what is known of columns of norm 1 is not true
    /// beside them.
    pub fn along(&self, gradients: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
        let Some(charts) = &self.charts else { return Some(gradients.to_vec()) };
        let mut graph = charts.graph.clone();
        let mut numbers = charts.raw.clone();
        let mut sum = None;
        for (member, gradient) in charts.members.iter().zip(gradients) {
            // ⟨g, z⟩ with g held still has the gradient by raw numbers that is asked for.
            let ty = graph.ty(*member).clone();
            let id = InputId(graph.inputs().len() as u32);
            let held = graph.input(Input { name: "gradient".into(), ty, facts: Facts::new() });
            numbers.push((id, gradient.clone()));
            let inner = graph.inner(held, *member).ok()?;
            sum = Some(match sum {
                Some(before) => graph.add(before, inner).ok()?,
                None => inner,
            });
        }
        let raw: Vec<NodeId> = charts.raw.iter().filter_map(|(input, _)| graph.input_node(*input)).collect();
        let pulled = grad::gradient(&mut graph, sum?, &raw).ok()?;
        Runner::new(&graph, &pulled, &numbers).ok()?.values().ok()
    }

    /// An expression of names that have values.
    ///
    /// # Errors
    /// Sizes that do not fit.
    pub fn compiled(compiled: &Compiled) -> Result<Task, Vec<Diagnostic>> {
        let (graph, roots) = compiled.graph.instantiate(&[compiled.root], &Instance::default()).map_err(unusable)?;
        let numbers = |entries: &check::Entries| match entries {
            check::Entries::Real(x) => x.clone(),
            check::Entries::Complex(z) => z.iter().map(|z| z.re).chain(z.iter().map(|z| z.im)).collect(),
        };
        let inputs = compiled.data.iter().map(|(input, data)| (*input, numbers(&data.entries))).collect();
        let variables = compiled.data.iter().filter_map(|(input, _)| graph.input_node(*input));
        let variables = variables.filter(|node| graph.ty(*node).field == Field::Real).collect();
        let root = roots[0];
        let (sizes, parameters) = (Vec::new(), Vec::new());
        Ok(Task { graph, root, inputs, variables, sizes, parameters, charts: None })
    }
}

/// A question before numbers are drawn for it: an expression at known sizes over the charts of its variables.
pub(super) struct Posed {
    graph: Graph,
    /// The expression, then the value of each variable.
    roots: Vec<NodeId>,
    conditions: Vec<NodeId>,
    scalars: Vec<Parameter>,
    /// The name of each variable, and whether it is a member of a set, rather than a number.
    names: Vec<(String, bool)>,
    sizes: Sizes,
}

/// An expression over inputs: the graph, its root, and for each variable the input and what that stands for.
type OverInputs = (Graph, NodeId, Vec<(NodeId, NodeId)>);

impl Posed {
    /// As [`Task::named`].
    pub(super) fn new(
        session: &mut Session,
        text: &str,
        given: &Given,
        sizes: &[(String, i64)],
    ) -> Result<Posed, Vec<Diagnostic>> {
        let frame = Frame::new(session, text, text, given)?;
        let (theorem, root, _) = frame.both(session)?;
        let sizes = all_sizes(&theorem, sizes)?;
        let scalars = theorem.variables.iter().filter_map(|variable| Parameter::of(&theorem, variable)).collect();
        let (open, mut conditions) = moving_ends(&theorem);
        conditions.extend(theorem.assumptions.iter().map(|assumption| assumption.condition));
        let instance =
            Instance { sizes: sizes.iter().map(|(var, n)| (var.clone(), *n)).collect(), constants: BTreeMap::new() };
        let (mut names, mut roots) = (Vec::new(), vec![root]);
        for variable in &theorem.variables {
            let (value, member) = match variable.kind {
                VariableKind::Scalar { value, .. } => (value, false),
                VariableKind::Member { value, .. } => (value, true),
                VariableKind::Size(_) => continue,
            };
            names.push((variable.name.clone(), member));
            roots.push(value);
        }
        roots.extend(conditions);
        let (graph, mut roots) = open.instantiate(&roots, &instance).map_err(unusable)?;
        let conditions = roots.split_off(1 + names.len());
        Ok(Posed { graph, roots, conditions, scalars, names, sizes })
    }

    /// The sizes, by name.
    pub(super) fn sizes(&self) -> Vec<(String, i64)> {
        self.sizes.iter().map(|(var, n)| (var.name.to_string(), *n)).collect()
    }

    /// The expression over inputs: the members of sets become inputs of their own, since what makes them is no part of it.
    pub(super) fn over_inputs(&self) -> Result<OverInputs, Vec<Diagnostic>> {
        let mut graph = Graph::new();
        let mut replaced = BTreeMap::new();
        let mut values = Vec::new();
        for ((name, _), node) in self.names.iter().zip(&self.roots[1..]) {
            let (ty, facts) = (self.graph.ty(*node).clone(), self.graph.facts(*node).clone());
            let input = graph.input(Input { name: name.clone(), ty, facts });
            replaced.insert(*node, input);
            values.push((input, *node));
        }
        let root = graph.graft(&self.graph, &self.roots[..1], &replaced, &BTreeMap::new()).map_err(unusable)?[0];
        Ok((graph, root, values))
    }
}

/// Every size of a theorem: those that are given, and for the others a default, or the number nearest to it that they may be.
fn all_sizes(theorem: &Theorem, given: &[(String, i64)]) -> Result<Sizes, Vec<Diagnostic>> {
    let known: Vec<Size> = theorem.variables.iter().filter_map(Size::of).collect();
    let names: Vec<&str> = known.iter().map(|size| size.name.as_str()).collect();
    let mut mistakes = Vec::new();
    for (name, n) in given {
        match known.iter().find(|size| size.name == *name) {
            None => mistakes.push(no_such_size(format!("`{name}` is no size of the expression"), &names, name)),
            Some(size) if !size.holds(*n) => {
                let message = format!("the size `{name}` cannot be {n}: it is outside of what `{name}` ranges over");
                mistakes.push(Diagnostic::new(Code::E0807, message));
            }
            Some(_) => {}
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let value = |size: &Size| {
        let asked = given.iter().find(|(known, _)| *known == size.name);
        asked.map_or_else(|| size.nearest(DEFAULT_SIZE), |(_, n)| *n)
    };
    Ok(known.iter().map(|size| (size.var.clone(), value(size))).collect())
}

/// Numbers of raw inputs, and of nodes.
type Drawn = (Vec<(InputId, Vec<f64>)>, Vec<Vec<f64>>);

/// Numbers for all inputs at which the first root has a value and the conditions hold, and the values of the other roots
/// there: a scalar is the default or what is nearest to it in its range, at first, and everything else Gaussian.
fn draw(posed: &Posed, seed: u64) -> Result<Drawn, Vec<Diagnostic>> {
    let Posed { graph, roots, conditions, scalars, .. } = posed;
    let all: Vec<NodeId> = roots.iter().chain(conditions).copied().collect();
    let plan = plan_within_memory::<f64>(graph, &all, Threads::All).map_err(|giant| vec![giant])?;
    let mut ws = Workspace::new(&plan);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut why = Diagnostic::new(Code::E0701, "no random input meets what is required of it");
    let mut infinite = None;
    for attempt in 0..ATTEMPTS {
        let raw = fill(graph, &mut ws, scalars, attempt < ATTEMPTS / 2, &mut rng);
        match plan.run(&mut ws) {
            Err(fault) => {
                why = diagnose(graph, &fault).note(format!("none of {ATTEMPTS} random inputs has a value"));
            }
            Ok(()) if (roots.len()..all.len()).all(|i| ws.truth(i) == Some(true)) => {
                let values = (1..roots.len()).map(|i| numbers(&ws, i)).collect();
                if numbers(&ws, 0).iter().all(|x| x.is_finite()) {
                    return Ok((raw, values));
                }
                infinite = Some((raw, values));
            }
            Ok(()) => {}
        }
    }
    // An infinite value is one where there is no other.
    infinite.ok_or_else(|| vec![why])
}

/// Writes numbers into the inputs; the raw ones that are real are returned, since nothing is differentiated by complex
/// numbers here.
fn fill(
    graph: &Graph,
    ws: &mut Workspace<f64>,
    scalars: &[Parameter],
    defaults: bool,
    rng: &mut ChaCha8Rng,
) -> Vec<(InputId, Vec<f64>)> {
    let mut raw = Vec::new();
    for input in (0..graph.inputs().len()).map(|i| InputId(i as u32)) {
        let Some(target) = ws.input_mut(input) else { continue };
        let scalar = scalars.iter().find(|scalar| scalar.input == input);
        match (target.entries, scalar) {
            (Entries::Real(x), Some(scalar)) => {
                x.fill(if defaults { scalar.nearest(DEFAULT_PARAMETER) } else { scalar.draw(rng) });
                raw.push((input, x.to_vec()));
            }
            (Entries::Real(x), None) => {
                x.iter_mut().for_each(|x| *x = rng.sample(StandardNormal));
                raw.push((input, x.to_vec()));
            }
            (Entries::Complex(z), _) => z.iter_mut().for_each(|z| {
                *z = num_complex::Complex::new(rng.sample(StandardNormal), rng.sample(StandardNormal));
            }),
        }
    }
    raw
}

/// The numbers of an output, of complex ones the real parts, then the imaginary parts.
fn numbers(ws: &Workspace<f64>, output: usize) -> Vec<f64> {
    match ws.value(output) {
        Some(ValueRef::Real { entries, .. }) => entries.to_vec(),
        Some(ValueRef::Complex { entries, .. }) => {
            entries.iter().map(|z| z.re).chain(entries.iter().map(|z| z.im)).collect()
        }
        Some(ValueRef::Truth(_)) | None => Vec::new(),
    }
}
