//! What rewriting makes of an expression: the text before and after, the rules in order, and what both forms cost, modelled
//! and measured.
//!
//! The rewritten form is always evaluated beside the original, on random inputs: agreement is part of the answer.

mod run;
mod search;
mod task;

use std::time::{Duration, Instant};

use crate::base::Diagnostic;
use crate::check::{Session, Spelled, write};
use crate::eval::diagnose;
use crate::grad;
use crate::ir::{Graph, InputId, NodeId};
use crate::relate::Given;
use crate::rewrite::Ended;
use crate::rewrite::cost::{Cost, Model};
use crate::syntax::{Spelling, print_expr};

pub use run::Times;
use run::{Runner, alone, deviation, race};
pub use search::{Search, search};
pub use task::Task;

/// Two forms agree where they differ by no more than this, relative to the largest entry, or by no more than a change of the
/// inputs by this part of themselves explains. Both forms solve problems whose condition numbers are those of the inputs, and
/// random inputs are well conditioned.
pub const AGREEMENT: f64 = 1e-9;

/// How the forms are measured.
#[derive(Clone, Copy, Debug)]
pub struct Measuring {
    /// At least so many runs of each.
    pub rounds: usize,
    /// For at least so long.
    pub least: Duration,
}

impl Default for Measuring {
    fn default() -> Self {
        Measuring { rounds: 7, least: Duration::from_millis(300) }
    }
}

/// One form of an expression.
#[derive(Clone, PartialEq, Debug)]
pub struct Form {
    /// As the language writes it.
    pub text: String,
    /// What its value costs by the model.
    pub value: Cost,
    /// What its value and its gradient cost together; `None` where there is no gradient.
    pub gradient: Option<Cost>,
}

/// What rewriting makes of an expression.
#[derive(Clone, PartialEq, Debug)]
pub struct Explanation {
    /// The sizes, by name.
    pub sizes: Vec<(String, i64)>,
    /// The parameters, by name.
    pub parameters: Vec<(String, f64)>,
    /// The expression as it was written.
    pub before: Form,
    /// Its cheapest form.
    pub after: Form,
    /// Whether the two are one.
    pub unchanged: bool,
    /// Whether a cheaper form was found and left, since its proof did not stand.
    pub unproved: bool,
    /// The steps from one to the other: the rule, and the expression after it where that can be written.
    pub steps: Vec<(String, String)>,
    /// How long the search took, in seconds.
    pub search: f64,
    /// Why it ended.
    pub ended: Ended,
    /// Measured times of the value.
    pub value: Times,
    /// Measured times of the value with its gradient.
    pub gradient: Option<Times>,
    /// The largest relative difference of the two values, and of the two gradients along the sets of the inputs.
    pub deviation: (f64, Option<f64>),
}

impl Explanation {
    /// Whether both forms have the same values and gradients up to rounding.
    pub fn agrees(&self) -> bool {
        self.deviation.0 <= AGREEMENT && self.deviation.1.is_none_or(|deviation| deviation <= AGREEMENT)
    }
}

/// Explains a definition or an expression in names that `given` declares, at sizes; a size that is not given is 64, a
/// parameter without a default 1.
///
/// # Errors
/// The mistakes in it.
pub fn explain(
    session: &mut Session,
    text: &str,
    given: &Given,
    sizes: &[(String, i64)],
    measuring: Measuring,
) -> Result<Explanation, Vec<Diagnostic>> {
    let task = Task::named(session, text, given, sizes, 0)?;
    explain_task(&task, measuring)
}

/// Explains an expression at numbers.
///
/// # Errors
/// When it has no value there.
pub fn explain_task(task: &Task, measuring: Measuring) -> Result<Explanation, Vec<Diagnostic>> {
    let start = Instant::now();
    let found = search::rewritten(&task.graph, task.root)?;
    let search = start.elapsed().as_secs_f64();
    let graph = &found.graph;
    let spelled = Spelled { names: &[], sizes: &task.sizes };
    let written = |graph: &Graph, node| print_expr(&write(graph, node, &spelled), Spelling::Unicode);
    let (mut before, mut after) = (Side::new(graph, found.before, task)?, Side::new(graph, found.after, task)?);
    let same = found.before == found.after;
    let Measuring { rounds, least } = measuring;
    let value = match same {
        true => alone(&mut before.value, rounds, least),
        false => race(&mut before.value, &mut after.value, rounds, least),
    };
    let gradient = match (&mut before.gradient, &mut after.gradient) {
        (Some((a, _)), Some(_)) if same => Some(alone(a, rounds, least)),
        (Some((a, _)), Some((b, _))) => Some(race(a, b, rounds, least)),
        _ => None,
    };
    let told = |graph: &Graph, fault: crate::eval::Fault| vec![diagnose(graph, &fault)];
    let all = |values: &[Vec<f64>]| Some(values.to_vec());
    let scales_of_value = scales(&mut before.value, &mut after.value, task, all);
    let values = |side: &mut Side| side.value.values().map_err(|fault| told(graph, fault));
    let apart = deviation(&values(&mut before)?, &values(&mut after)?, &scales_of_value);
    // The first output is the value.
    let along = |values: &[Vec<f64>]| task.along(&values[1..]);
    let scales_of_gradient = match (&mut before.gradient, &mut after.gradient) {
        (Some((a, _)), Some((b, _))) => scales(a, b, task, along),
        _ => Vec::new(),
    };
    let slopes = |side: &mut Side| match &mut side.gradient {
        // The gradient stands on the same places as the value.
        Some((runner, _)) => runner.values().map(Some).map_err(|fault| told(&side.graph, fault)),
        None => Ok(None),
    };
    let gradients_apart = match (slopes(&mut before)?, slopes(&mut after)?) {
        (Some(a), Some(b)) => along(&a).zip(along(&b)).map(|(a, b)| deviation(&a, &b, &scales_of_gradient)),
        _ => None,
    };
    let steps = found.changes.iter().flat_map(|change| {
        let (graph, steps) = change.steps();
        steps.into_iter().map(|(reason, node)| (reason, written(&graph, node))).collect::<Vec<_>>()
    });
    Ok(Explanation {
        sizes: task.sizes.clone(),
        parameters: task.parameters.clone(),
        unchanged: same,
        unproved: found.unproved,
        steps: if same { Vec::new() } else { steps.collect() },
        search,
        ended: found.ended,
        value,
        gradient,
        deviation: (apart, gradients_apart),
        before: before.form(written(graph, found.before)),
        after: after.form(written(graph, found.after)),
    })
}

/// The scales of what two forms compute: sizes of which the part [`AGREEMENT`] is what inputs that change by as much make of
/// it, sixteen times over since a few directions are tried.
fn scales(
    a: &mut Runner,
    b: &mut Runner,
    task: &Task,
    read: impl Fn(&[Vec<f64>]) -> Option<Vec<Vec<f64>>> + Copy,
) -> Vec<f64> {
    let spread = |runner: &mut Runner| runner.spread(&task.inputs, AGREEMENT, read).unwrap_or_default();
    let (a, b) = (spread(a), spread(b));
    a.iter().zip(&b).map(|(a, b)| 16.0 * a.max(*b) / AGREEMENT).collect()
}

/// A form, compiled with and without its gradient.
struct Side {
    value: Runner,
    cost: Cost,
    gradient: Option<(Runner, Cost)>,
    /// The graph of the gradient, or of the value where there is none.
    graph: Graph,
}

impl Side {
    fn new(graph: &Graph, root: NodeId, task: &Task) -> Result<Side, Vec<Diagnostic>> {
        let refused = |giant| vec![giant];
        let value = Runner::new(graph, &[root], &task.inputs).map_err(refused)?;
        let (model, cost) = (Model::builtin(), Model::builtin().total(graph, &[root]));
        let Some((graph, roots)) = with_gradient(graph, root, task) else {
            return Ok(Side { value, cost, gradient: None, graph: graph.clone() });
        };
        let runner = Runner::new(&graph, &roots, &task.inputs).map_err(refused)?;
        Ok(Side { value, cost, gradient: Some((runner, model.total(&graph, &roots))), graph })
    }

    fn form(&self, text: String) -> Form {
        Form { text, value: self.cost, gradient: self.gradient.as_ref().map(|(_, cost)| *cost) }
    }
}

/// The value and its gradients by the task's variables; `None` where there are none.
fn with_gradient(graph: &Graph, root: NodeId, task: &Task) -> Option<(Graph, Vec<NodeId>)> {
    if task.variables.is_empty() || !graph.ty(root).is_real_scalar() {
        return None;
    }
    let mut graph = graph.clone();
    let inputs: Vec<InputId> = task.variables.iter().filter_map(|node| task.graph.as_input(*node)).collect();
    let nodes: Vec<NodeId> = inputs.into_iter().filter_map(|input| graph.input_node(input)).collect();
    let gradients = grad::gradient(&mut graph, root, &nodes).ok()?;
    Some((graph, std::iter::once(root).chain(gradients).collect()))
}
