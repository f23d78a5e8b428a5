//! What is explained: an expression at known sizes over inputs with numbers in place.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::run::Runner;
use crate::base::{Code, Diagnostic};
use crate::check::{self, Compiled, Session, Theorem, VariableKind};
use crate::eval::{Entries, Plan, ValueRef, Workspace};
use crate::grad;
use crate::ir::{Facts, Field, Graph, Input, InputId, Instance, Mismatch, NodeId, Sizes};
use crate::relate::{Frame, Given};

/// What a size is where nothing is said.
const DEFAULT_SIZE: i64 = 64;

/// What a real parameter without a default is where nothing is said.
const DEFAULT_PARAMETER: f64 = 1.0;

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
        let frame = Frame::new(session, text, text, given)?;
        let (theorem, root, _) = frame.both(session)?;
        let sizes = all_sizes(&theorem, sizes)?;
        let instance =
            Instance { sizes: sizes.iter().map(|(var, n)| (var.clone(), *n)).collect(), constants: BTreeMap::new() };
        // The members of sets become inputs of their own: what makes them is no part of the expression.
        let values = theorem.variables.iter().filter_map(|variable| match variable.kind {
            VariableKind::Scalar { value, .. } => Some((variable.name.clone(), value, false)),
            VariableKind::Member { value, .. } => Some((variable.name.clone(), value, true)),
            VariableKind::Size(_) => None,
        });
        let values: Vec<(String, NodeId, bool)> = values.collect();
        let roots: Vec<NodeId> = std::iter::once(root).chain(values.iter().map(|(_, node, _)| *node)).collect();
        let (known, roots) = theorem.graph.instantiate(&roots, &instance).map_err(unusable)?;
        let mut graph = Graph::new();
        let mut replaced = BTreeMap::new();
        let (mut inputs, mut variables, mut parameters) = (Vec::new(), Vec::new(), Vec::new());
        let (raw, members) = draw(&known, &roots[1..], seed)?;
        let mut charts = Vec::new();
        for (((name, _, member), node), numbers) in values.into_iter().zip(&roots[1..]).zip(members) {
            let (ty, facts) = (known.ty(*node).clone(), known.facts(*node).clone());
            let real = ty.field == Field::Real;
            let id = InputId(graph.inputs().len() as u32);
            let input = graph.input(Input { name: name.clone(), ty, facts });
            if member && real {
                variables.push(input);
                charts.push(*node);
            }
            if !member {
                parameters.push((name, numbers[0]));
            }
            replaced.insert(*node, input);
            inputs.push((id, numbers));
        }
        let root = graph.graft(&known, &roots[..1], &replaced, &BTreeMap::new()).map_err(unusable)?[0];
        let sizes = sizes.into_iter().map(|(var, n)| (var.name.to_string(), n)).collect();
        let charts = Some(Charts { graph: known, members: charts, raw });
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
        Runner::new(&graph, &pulled, &numbers)?.values().ok()
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

/// Every size of a theorem: those that are given, and a default for the others.
fn all_sizes(theorem: &Theorem, given: &[(String, i64)]) -> Result<Sizes, Vec<Diagnostic>> {
    let vars: Vec<_> = theorem
        .variables
        .iter()
        .filter_map(|variable| match &variable.kind {
            VariableKind::Size(var) => Some(var.clone()),
            VariableKind::Scalar { .. } | VariableKind::Member { .. } => None,
        })
        .collect();
    if let Some((name, _)) = given.iter().find(|(name, _)| !vars.iter().any(|var| *var.name == **name)) {
        let known: Vec<&str> = vars.iter().map(|var| &*var.name).collect();
        let diagnostic = Diagnostic::new(Code::E0807, format!("`{name}` is no size of the expression"));
        return Err(vec![match known.as_slice() {
            [] => diagnostic.note("it has none"),
            known => diagnostic.note(format!("its sizes: {}", known.join(", "))),
        }]);
    }
    let value = |name: &str| given.iter().find(|(known, _)| known == name).map_or(DEFAULT_SIZE, |(_, n)| *n);
    Ok(vars.into_iter().map(|var| (var.clone(), value(&var.name))).collect())
}

/// Numbers of raw inputs, and of nodes.
type Drawn = (Vec<(InputId, Vec<f64>)>, Vec<Vec<f64>>);

/// Gaussian raw inputs, and the numbers of some nodes for them; a scalar is its default.
fn draw(graph: &Graph, nodes: &[NodeId], seed: u64) -> Result<Drawn, Vec<Diagnostic>> {
    let plan =
        Plan::<f64>::compile(graph, nodes).map_err(|error| vec![Diagnostic::new(Code::E0305, error.to_string())])?;
    let mut ws = Workspace::new(&plan);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut raw = Vec::new();
    for i in 0..graph.inputs().len() {
        let Some(target) = ws.input_mut(InputId(i as u32)) else { continue };
        match target.entries {
            Entries::Real([x]) => {
                *x = DEFAULT_PARAMETER;
                raw.push((InputId(i as u32), vec![*x]));
            }
            Entries::Real(x) => {
                x.iter_mut().for_each(|x| *x = rng.sample(StandardNormal));
                raw.push((InputId(i as u32), x.to_vec()));
            }
            // Nothing is differentiated by complex numbers here.
            Entries::Complex(z) => z.iter_mut().for_each(|z| {
                *z = num_complex::Complex::new(rng.sample(StandardNormal), rng.sample(StandardNormal));
            }),
        }
    }
    plan.run(&mut ws).map_err(|_| vec![Diagnostic::new(Code::E0701, "no random input has a value")])?;
    let numbers = |i| match ws.value(i) {
        Some(ValueRef::Real { entries, .. }) => entries.to_vec(),
        Some(ValueRef::Complex { entries, .. }) => {
            entries.iter().map(|z| z.re).chain(entries.iter().map(|z| z.im)).collect()
        }
        Some(ValueRef::Truth(_)) | None => Vec::new(),
    };
    let values = (0..nodes.len()).map(numbers).collect();
    Ok((raw, values))
}
