//! Plans of a theorem's expressions at one instance, and what they say of a sample.

use std::sync::OnceLock;

use num_rational::BigRational;

use super::ensembles::Ends;
use super::sample::{Numbers, Sample};
use crate::eval::{Bound, Bounds, Entries, Fault, FaultKind, Plan, ValueRef, Workspace};
use crate::ir::{Axis, Graph, InputId, Instance, Interval, NodeId, Op, Part, Reduction, ScalarFn, Zip};

/// Some nodes of a graph at an instance, compiled.
pub struct Program {
    graph: Graph,
    roots: Vec<NodeId>,
    plan: Plan<f64>,
    inputs: Vec<InputId>,
    /// The error bounds, compiled by the first thread that asks for one; `None` where they have no plan.
    bounds: OnceLock<Option<Bounds<f64>>>,
}

impl Program {
    /// Compiles the nodes.
    ///
    /// # Errors
    /// A sentence, when the sizes do not fit together or are too large.
    pub fn compile(graph: &Graph, roots: &[NodeId], instance: &Instance) -> Result<Program, String> {
        let (graph, roots) = graph.instantiate(roots, instance).map_err(|mismatch| mismatch.to_string())?;
        let inputs = graph.reachable(&roots).into_iter().filter_map(|id| graph.as_input(id)).collect();
        let plan = Plan::<f64>::compile(&graph, &roots).map_err(|error| error.to_string())?;
        Ok(Program { graph, roots, plan, inputs, bounds: OnceLock::new() })
    }

    /// Memory to run it in, for one thread.
    pub fn machine(&self) -> Machine<'_> {
        let workspace = Workspace::new(&self.plan);
        Machine { program: self, workspace, bounding: None, bounds: None }
    }

    fn bounds(&self) -> Option<&Bounds<f64>> {
        self.bounds.get_or_init(|| Bounds::compile(&self.graph, &self.roots).ok()).as_ref()
    }

    /// The raw inputs that the nodes rest on.
    pub fn inputs(&self) -> &[InputId] {
        &self.inputs
    }
}

/// The reason of samples at which what a definition asks of its arguments by `where`, or by a range, is not so.
pub const CONDITION: &str = "a condition that a definition requires does not hold";

/// The reason of samples at which an argument is not in the domain of its parameter.
pub const REQUIREMENT: &str = "a value outside the domain that a definition requires";

/// What happened where a matrix, or a function of one, has an entry that is no finite double: mostly one beyond the largest.
const OVERFLOW: &str = "a matrix that is not finite (a pole or an overflow)";

/// Whether an operation has a value, if any, that is a number for every matrix of finite entries.
fn decomposes(op: &Op) -> bool {
    matches!(op, Op::Eigenvalues | Op::SingularValues | Op::Rank | Op::Inverse)
}

/// A program with the memory that it runs in.
pub struct Machine<'a> {
    program: &'a Program,
    workspace: Workspace<f64>,
    /// The memory of the error bounds, made when one is first asked for.
    bounding: Option<Workspace<f64>>,
    /// The error bounds at the present inputs, where they were asked for; empty where they could not be computed.
    bounds: Option<Vec<Bound>>,
}

impl Machine<'_> {
    /// Writes a sample's raw numbers to the inputs.
    pub fn load(&mut self, sample: &Sample) {
        self.bounds = None;
        load(&mut self.workspace, &self.program.inputs, sample);
    }

    /// Writes the value of a real scalar input.
    pub fn set(&mut self, input: InputId, value: f64) {
        self.bounds = None;
        if let Some(target) = self.workspace.input_mut(input)
            && let Entries::Real(target) = target.entries
        {
            target.fill(value);
        }
    }

    /// Evaluates.
    ///
    /// # Errors
    /// The first fault.
    pub fn run(&mut self) -> Result<(), Fault> {
        self.bounds = None;
        self.program.plan.run(&mut self.workspace)
    }

    /// The value of a node that is a real scalar, NaN for any other, after a run.
    pub fn scalar(&self, output: usize) -> f64 {
        self.workspace.scalar(output).unwrap_or(f64::NAN)
    }

    /// The value of a node after a run.
    pub fn value(&self, output: usize) -> Option<ValueRef<'_, f64>> {
        self.workspace.value(output)
    }

    /// A bound on the difference of `computed`, a node's computed value, and the node's exact value at the raw inputs
    /// in place; infinite where none is known. Costs an evaluation of its own, the first time for these inputs.
    pub fn error(&mut self, output: usize, computed: f64) -> f64 {
        if self.bounds.is_none() {
            self.bounds = Some(self.all_bounds().unwrap_or_default());
        }
        let bound = self.bounds.as_ref().and_then(|bounds| bounds.get(output));
        // The bounds come with an evaluation in another order of operations: its value may differ in the last places.
        let error = bound.map(|bound| bound.radius + (bound.value - computed).abs());
        error.filter(|error| !error.is_nan()).unwrap_or(f64::INFINITY)
    }

    /// The kind of a fault of a run in words that are the same for every sample.
    pub fn reason(&self, fault: &Fault) -> &'static str {
        match fault.kind {
            // Such an operation makes no NaN of finite entries.
            FaultKind::NotANumber if decomposes(self.program.graph.op(fault.node)) => OVERFLOW,
            FaultKind::NotANumber => "a value that is not a number",
            FaultKind::RequirementFailed { .. } => REQUIREMENT,
            FaultKind::ConditionFailed => CONDITION,
            FaultKind::NoConvergence => "a decomposition that did not converge",
            FaultKind::Singular { at: 0.0 } => "a singular matrix",
            // Away from 0 a function of a matrix is mostly beyond the largest double.
            FaultKind::Singular { .. } => OVERFLOW,
            FaultKind::IndexOutside { .. } => "an index outside its matrix",
        }
    }

    fn all_bounds(&mut self) -> Option<Vec<Bound>> {
        let bounds = self.program.bounds()?;
        let bounding = self.bounding.get_or_insert_with(|| bounds.workspace());
        for input in &self.program.inputs {
            let (Some(from), Some(to)) = (self.workspace.input_mut(*input), bounding.input_mut(*input)) else {
                continue;
            };
            match (from.entries, to.entries) {
                (Entries::Real(from), Entries::Real(to)) => to.copy_from_slice(from),
                (Entries::Complex(from), Entries::Complex(to)) => to.copy_from_slice(from),
                // Both are places of one input, which has one field.
                (Entries::Real(_) | Entries::Complex(_), _) => return None,
            }
        }
        bounds.run(bounding).ok()
    }
}

fn load(workspace: &mut Workspace<f64>, inputs: &[InputId], sample: &Sample) {
    for input in inputs {
        let Some(target) = workspace.input_mut(*input) else { continue };
        match (target.entries, &sample.inputs[input.0 as usize]) {
            (Entries::Real(target), Numbers::Real(numbers)) => target.copy_from_slice(numbers),
            (Entries::Complex(target), Numbers::Complex(numbers)) => target.copy_from_slice(numbers),
            // An input that was not drawn, or not as what it is, shows as a fault of the run.
            (Entries::Real(target), Numbers::None | Numbers::Complex(_)) => target.fill(f64::NAN),
            (Entries::Complex(target), Numbers::None | Numbers::Real(_)) => target.fill(f64::NAN.into()),
        }
    }
}

/// The nodes whose largest modulus is the scale of a margin: the two sides of a comparison, or the entries and
/// eigenvalues that a difference of matrices is small against.
pub fn scale_nodes(graph: &mut Graph, margin: NodeId) -> Vec<NodeId> {
    let mut found = Vec::new();
    let mut stack = vec![margin];
    while let Some(id) = stack.pop() {
        let args = graph.args(id).to_vec();
        // λ_min of a difference, from the Löwner order: the sides are below.
        if let Op::Map(ScalarFn::Neg | ScalarFn::Abs)
        | Op::Part(Part::Abs)
        | Op::Zip(Zip::Min | Zip::Max)
        | Op::Reduce(Reduction::Max | Reduction::Min, Axis::All)
        | Op::Eigenvalues = graph.op(id)
        {
            stack.extend(args);
        } else if let Op::Zip(Zip::Sub | Zip::Add) = graph.op(id) {
            found.extend(args);
        }
    }
    let mut scales = Vec::new();
    for id in found {
        // A node that no modulus can be taken of has no scale.
        let scale = graph.abs(id).and_then(|moduli| graph.reduce(Reduction::Max, Axis::All, moduli));
        scales.extend(scale.ok().filter(|id| graph.ty(*id).is_real_scalar()));
    }
    scales
}

/// The numbers, vectors and matrices whose vanishing an equality is about, signed, where its margin shows them: x of
/// −|x|, and D of −max |D|, so that a step towards zero has a direction. The margin itself elsewhere.
pub fn residuals(graph: &Graph, margin: NodeId) -> Vec<NodeId> {
    if *graph.op(margin) == Op::Zip(Zip::Min) {
        return graph.args(margin).iter().flat_map(|side| residuals(graph, *side)).collect();
    }
    let zero = |id: NodeId| graph.constant_value(id).is_some_and(num_traits::Zero::is_zero);
    let mut at = margin;
    let mut modulus = false;
    loop {
        let args = graph.args(at);
        if let Op::Map(ScalarFn::Abs | ScalarFn::Neg) | Op::Part(Part::Abs) | Op::Reduce(Reduction::Max, Axis::All) =
            graph.op(at)
        {
            modulus |= matches!(graph.op(at), Op::Map(ScalarFn::Abs) | Op::Part(Part::Abs));
            at = args[0];
        } else if *graph.op(at) == Op::Zip(Zip::Sub) && args.iter().any(|arg| zero(*arg)) {
            at = if zero(args[0]) { args[1] } else { args[0] };
        } else {
            break;
        }
    }
    vec![if modulus { at } else { margin }]
}

/// The ends of an interval at an instance; `None` when they depend on inputs that the instance leaves open.
///
/// # Errors
/// A sentence, when they have no value.
pub fn ends(graph: &Graph, interval: &Interval, instance: &Instance) -> Result<Option<Ends>, String> {
    let (known, roots) =
        graph.instantiate(&[interval.lo, interval.hi], instance).map_err(|mismatch| mismatch.to_string())?;
    if known.reachable(&roots).into_iter().any(|id| known.as_input(id).is_some()) {
        return Ok(None);
    }
    let exact = |id: NodeId| -> Option<BigRational> { known.constant_value(id).cloned() };
    let program = Program::compile(graph, &[interval.lo, interval.hi], instance)?;
    let mut machine = program.machine();
    machine.run().map_err(|fault| fault.to_string())?;
    Ok(Some(Ends {
        lo: machine.scalar(0),
        lo_closed: interval.lo_closed,
        hi: machine.scalar(1),
        hi_closed: interval.hi_closed,
        lo_exact: exact(roots[0]),
        hi_exact: exact(roots[1]),
    }))
}

/// The ends of an interval that depend on the other inputs of a sample.
pub struct EndsPlan {
    interval: Interval,
    program: Program,
    workspace: Workspace<f64>,
}

impl EndsPlan {
    /// Compiles the ends; `None` when the sizes do not fit.
    pub fn new(graph: &Graph, interval: Interval, instance: &Instance) -> Option<EndsPlan> {
        let program = Program::compile(graph, &[interval.lo, interval.hi], instance).ok()?;
        let workspace = Workspace::new(&program.plan);
        Some(EndsPlan { interval, program, workspace })
    }

    /// The ends for a sample; `None` when they have no value.
    pub fn ends(&mut self, sample: &Sample) -> Option<Ends> {
        load(&mut self.workspace, &self.program.inputs, sample);
        self.program.plan.run(&mut self.workspace).ok()?;
        let (lo, hi) = (self.workspace.scalar(0)?, self.workspace.scalar(1)?);
        let (lo_closed, hi_closed) = (self.interval.lo_closed, self.interval.hi_closed);
        Some(Ends { lo, lo_closed, hi, hi_closed, lo_exact: None, hi_exact: None })
    }
}
