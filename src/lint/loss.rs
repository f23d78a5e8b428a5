//! A loss at given sizes: its value and its gradient, in double and in single precision.

use std::collections::BTreeMap;

use super::block::{Block, norm};
use super::finding::Outcome;
use crate::base::{Code, Diagnostic};
use crate::check::{Applied, Argument};
use crate::eval::{self, DEFAULT_TOLERANCE_FACTOR, Entries, Fault, FaultKind, Plan, Real, ValueRef, Workspace};
use crate::grad;
use crate::ir::{Dim, Graph, InputId, Instance, NodeId, Op, ScalarFn};

/// Numbers for every argument, in the order of the parameters.
pub(super) type Point = Vec<Block>;

/// A loss, ready to be tried.
pub(super) struct Loss {
    pub arguments: Vec<Argument>,
    graph: Graph,
    /// The value, and where there is one the gradient by each argument.
    roots: Vec<NodeId>,
    /// Why there is no gradient.
    no_gradient: Option<String>,
    /// The value with nothing held still, and its gradient by each argument, where there is one.
    free: Option<Vec<NodeId>>,
    /// What is of the form max(0, x).
    hinges: Vec<NodeId>,
    condition: String,
}

/// A loss compiled for its slope, with nothing held still.
pub(super) struct Slope<'a> {
    loss: &'a Loss,
    plan: Plan<f64>,
    workspace: Workspace<f64>,
}

/// A loss compiled for one precision.
pub(super) struct Machine<'a, T: Real> {
    loss: &'a Loss,
    value: (Plan<T>, Workspace<T>),
    gradient: Option<(Plan<T>, Workspace<T>)>,
}

impl Loss {
    pub fn new(applied: Applied, condition: String) -> Result<Self, Vec<Diagnostic>> {
        let mistake = |message: String| vec![Diagnostic::new(Code::E0301, message)];
        let inputs: Vec<InputId> = applied.arguments.iter().map(|argument| argument.input).collect();
        // The inputs are roots of their own, so that each is there even where nothing rests on it.
        let nodes = inputs.iter().filter_map(|input| applied.graph.input_node(*input));
        let roots: Vec<NodeId> = std::iter::once(applied.root).chain(nodes).collect();
        let instance = applied.graph.instantiate(&roots, &Instance::default());
        let (mut graph, mut roots) = instance.map_err(|mismatch| mistake(mismatch.to_string()))?;
        eval::refuse_giants(&graph, &roots).map_err(|giant| vec![giant])?;
        let wrt = roots.split_off(1);
        let no_gradient = match grad::gradient(&mut graph, roots[0], &wrt) {
            Ok(gradients) => {
                roots.extend(gradients);
                None
            }
            Err(error) => Some(error.to_string()),
        };
        let free = moving(&mut graph, roots[0]).and_then(|value| {
            let gradients = grad::gradient(&mut graph, value, &wrt).ok()?;
            Some(std::iter::once(value).chain(gradients).collect())
        });
        let below = graph.reachable(&roots[..1]).into_iter();
        let hinges = below.filter(|node| *graph.op(*node) == Op::Map(ScalarFn::Relu)).collect();
        Ok(Loss { arguments: applied.arguments, graph, roots, no_gradient, free, hinges, condition })
    }

    /// The slope with nothing held still; none where there is no gradient.
    pub fn slope(&self) -> Option<Slope<'_>> {
        let plan = Plan::<f64>::compile(&self.graph, self.free.as_ref()?).ok()?;
        let workspace = Workspace::new(&plan);
        Some(Slope { loss: self, plan, workspace })
    }

    /// How many hinges are 0 at all of some points, entry by entry.
    pub fn off(&self, points: &[Point]) -> usize {
        if self.hinges.is_empty() {
            return 0;
        }
        let Ok(plan) = Plan::<f64>::compile(&self.graph, &self.hinges) else { return 0 };
        let mut workspace = Workspace::new(&plan);
        let mut seen = vec![None; self.hinges.len()];
        for point in points {
            if run(self, &plan, &mut workspace, point).is_err() {
                continue;
            }
            for (i, seen) in seen.iter_mut().enumerate() {
                if let Some(ValueRef::Real { entries, .. }) = workspace.value(i) {
                    *seen = Some(*seen == Some(true) || entries.iter().any(|x| *x != 0.0));
                }
            }
        }
        seen.iter().filter(|seen| **seen == Some(false)).count()
    }

    /// The rows and columns of an argument.
    pub fn shape(&self, argument: usize) -> (usize, usize) {
        let shape = self.arguments[argument].domain.ty().shape;
        // Every size was given as a number.
        let size = |dim: Dim| dim.as_constant().and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
        (size(shape.rows()), size(shape.cols()))
    }

    /// Plans and memory, for gradients too where they are asked for.
    pub fn machine<T: Real>(&self, gradients: bool) -> Result<Machine<'_, T>, Vec<Diagnostic>> {
        let compiled = |roots: &[NodeId]| {
            let plan =
                eval::plan_within_memory::<T>(&self.graph, roots, eval::Threads::One).map_err(|giant| vec![giant])?;
            let mut workspace = Workspace::new(&plan);
            // Inputs may be rounded to single precision, and keep their domain only as exactly as that.
            workspace.tolerance_factor = DEFAULT_TOLERANCE_FACTOR * (f64::from(f32::EPSILON) / f64::EPSILON);
            Ok::<_, Vec<Diagnostic>>((plan, workspace))
        };
        let value = compiled(&self.roots[..1])?;
        let gradient = if gradients && self.no_gradient.is_none() { Some(compiled(&self.roots[1..])?) } else { None };
        Ok(Machine { loss: self, value, gradient })
    }
}

impl Slope<'_> {
    /// The value and its gradient by every argument; none where one of them is not a finite number.
    pub fn at(&mut self, point: &Point) -> Option<(f64, Vec<Block>)> {
        run(self.loss, &self.plan, &mut self.workspace, point).ok()?;
        let value = self.workspace.scalar(0).filter(|value| value.is_finite())?;
        let entries = |i: usize| match self.workspace.value(i) {
            Some(ValueRef::Real { rows, cols, entries }) => Some(Block { rows, cols, entries: entries.to_vec() }),
            // The loss is real, and so are its arguments.
            Some(ValueRef::Complex { .. } | ValueRef::Truth(_)) | None => None,
        };
        Some((value, (1..=self.loss.arguments.len()).map(entries).collect::<Option<Vec<Block>>>()?))
    }
}

/// A value with nothing held still.
fn moving(graph: &mut Graph, root: NodeId) -> Option<NodeId> {
    let mut made: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    // Operands come first, so that what they become is known.
    for id in graph.reachable(&[root]) {
        let args: Vec<NodeId> = graph.args(id).iter().map(|arg| made[arg]).collect();
        let new = if *graph.op(id) == Op::StopGradient {
            args[0]
        } else if args == graph.args(id) {
            id
        } else {
            graph.make(graph.op(id).clone(), args).ok()?
        };
        made.insert(id, new);
    }
    made.get(&root).copied()
}

impl<T: Real> Machine<'_, T> {
    /// The value at a point.
    pub fn value(&mut self, point: &Point) -> Outcome {
        let (plan, workspace) = &mut self.value;
        match run(self.loss, plan, workspace, point) {
            Err(fault) => fault,
            Ok(()) => match workspace.scalar(0).map(Real::wide) {
                Some(value) if value.is_finite() => Outcome::Finite(value),
                Some(value) => Outcome::Infinite(value),
                None => Outcome::NotANumber,
            },
        }
    }

    /// The gradient at a point, argument by argument; or why there is none.
    pub fn gradient(&mut self, point: &Point) -> Result<Vec<Block>, Outcome> {
        let Some((plan, workspace)) = &mut self.gradient else {
            return Err(Outcome::Failed(self.loss.no_gradient.clone().unwrap_or_default()));
        };
        run(self.loss, plan, workspace, point)?;
        let entries = |i: usize| match workspace.value(i) {
            Some(ValueRef::Real { rows, cols, entries }) => {
                Ok(Block { rows, cols, entries: entries.iter().map(|x| x.wide()).collect() })
            }
            // The loss is real, and so are its arguments.
            Some(ValueRef::Complex { .. } | ValueRef::Truth(_)) | None => Err(Outcome::NotANumber),
        };
        (0..self.loss.arguments.len()).map(entries).collect()
    }
}

/// Writes a point into the memory and runs.
fn run<T: Real>(loss: &Loss, plan: &Plan<T>, workspace: &mut Workspace<T>, point: &Point) -> Result<(), Outcome> {
    for (argument, block) in loss.arguments.iter().zip(point) {
        // An argument that nothing rests on has no place.
        let Some(target) = workspace.input_mut(argument.input) else { continue };
        match target.entries {
            Entries::Real(target) => target.iter_mut().zip(&block.entries).for_each(|(to, from)| *to = T::of(*from)),
            Entries::Complex(_) => return Err(Outcome::NotANumber),
        }
    }
    plan.run(workspace).map_err(|fault| outcome(loss, &fault))
}

fn outcome(loss: &Loss, fault: &Fault) -> Outcome {
    match &fault.kind {
        FaultKind::NotANumber => Outcome::NotANumber,
        FaultKind::ConditionFailed => Outcome::Refused(loss.condition.clone()),
        FaultKind::RequirementFailed { property, .. } => Outcome::Refused(format!("an argument must be {property}")),
        FaultKind::NoConvergence => Outcome::Failed("a decomposition did not converge".to_owned()),
        FaultKind::Singular { at: 0.0 } => Outcome::Failed("a matrix has no inverse or no logarithm".to_owned()),
        // Away from 0 it is mostly beyond the largest number of the precision.
        FaultKind::Singular { .. } => Outcome::Failed("a function of a matrix is not finite".to_owned()),
        FaultKind::IndexOutside { .. } => Outcome::Failed("an index is outside its matrix".to_owned()),
    }
}

/// The norm of a gradient over the arguments that are asked for.
pub(super) fn gradient_norm(gradient: &Result<Vec<Block>, Outcome>, of: &[usize]) -> Outcome {
    match gradient {
        Err(outcome) => outcome.clone(),
        Ok(blocks) => {
            let norms: Vec<f64> = of.iter().map(|i| norm(&blocks[*i].entries)).collect();
            let total = norm(&norms);
            if total.is_finite() { Outcome::Finite(total) } else { Outcome::Infinite(f64::INFINITY) }
        }
    }
}
