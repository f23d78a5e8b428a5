//! The rooms behind the command line, in the few calls that the commands need.

use std::path::Path;

use crate::base::{Code, Diagnostic, Sources, Span};
use crate::check::{Compiled, Data, Entries, Session, Theorem};
use crate::eval::{self, Fault, FaultKind, InputMut, Plan, PlanError, ValueRef, Workspace};
use crate::ir::{Field, Graph, NodeId, Property, Shape, Type};
use crate::report::Answer;
use crate::verify::{Report, Value};

/// Values with more entries than this are refused before memory is asked for: 2^30 numbers are 8 GiB.
const MAX_ENTRIES: i64 = 1 << 30;

/// A session with the library loaded.
pub(super) struct Engine {
    session: Session,
}

/// How hard claims are tried.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Effort {
    pub samples: Option<u64>,
    pub seed: u64,
    pub budget: Option<f64>,
    pub threads: Option<u16>,
}

impl Engine {
    pub fn new() -> Self {
        Engine { session: Session::new() }
    }

    /// The texts that diagnostics point into.
    pub fn sources(&self) -> &Sources {
        self.session.sources()
    }

    /// Reads a file; its definitions become visible, its theorems are returned.
    pub fn load(&mut self, path: &Path) -> Result<Vec<Theorem>, Vec<Diagnostic>> {
        self.session.load_file(path)
    }

    /// Takes statements that were typed in.
    pub fn statements(&mut self, text: &str) -> Result<Vec<Theorem>, Vec<Diagnostic>> {
        self.session.load_text("<session>", text)
    }

    /// Gives a name to an expression.
    pub fn bind(&mut self, name: &str, text: &str) -> Result<(), Vec<Diagnostic>> {
        self.session.bind(name, text)
    }

    /// Gives a name to the numbers of a file.
    pub fn bind_data(&mut self, name: &str, data: Data, file: &str) {
        self.session.bind_data(name, data, file);
    }

    /// The value of an expression, in double precision.
    pub fn evaluate(&mut self, text: &str) -> Result<Answer, Vec<Diagnostic>> {
        let compiled = self.session.expression(text)?;
        run(&compiled).map_err(|mistake| vec![mistake])
    }

    /// The type of an expression, and what is known of it.
    pub fn type_of(&mut self, text: &str) -> Result<String, Vec<Diagnostic>> {
        let compiled = self.session.expression(text)?;
        let facts = compiled.graph.facts(compiled.root);
        let mut held: Vec<Property> = facts.held().collect();
        // What follows from another fact in the list goes without saying.
        let implied = [
            (Property::Pd, Property::Psd),
            (Property::Psd, Property::Hermitian),
            (Property::Positive, Property::Nonnegative),
            (Property::ZeroOne, Property::Nonnegative),
            (Property::OrthonormalColumns, Property::UnitColumns),
            (Property::OrthonormalRows, Property::UnitRows),
        ];
        for (strong, weak) in implied.iter().rev() {
            if facts.has(*strong) {
                held.retain(|property| property != weak);
            }
        }
        let ty = std::iter::once(compiled.graph.ty(compiled.root).to_string());
        Ok(ty.chain(held.iter().map(Property::to_string)).collect::<Vec<_>>().join(", "))
    }

    /// Every name that an expression may use.
    pub fn names(&self) -> Vec<String> {
        self.session.names()
    }

    /// The documentation of a function or a constant.
    pub fn doc(&self, name: &str) -> Result<String, Vec<Diagnostic>> {
        let doc = self.session.doc(name).map_err(|near| {
            let help = near.map(|near| format!("did you mean `{near}`?"));
            vec![Diagnostic::new(Code::E0201, format!("there is no documentation of `{name}`")).maybe_help(help)]
        })?;
        let lines = std::iter::once(doc.signature).chain(doc.text.into_iter().map(|line| format!("    {line}")));
        let lines: Vec<String> = lines.chain([format!("    ({})", doc.origin)]).collect();
        Ok(lines.join("\n"))
    }

    pub fn verify(&self, _theorems: &[Theorem], effort: Effort) -> Report {
        Report { seed: effort.seed, claims: Vec::new() }
    }
}

/// Evaluates a compiled expression.
fn run(compiled: &Compiled) -> Result<Answer, Diagnostic> {
    let graph = &compiled.graph;
    let root = compiled.root;
    for node in graph.reachable(&[root]) {
        let shape = &graph.ty(node).shape;
        let entries = shape.rows().as_constant().zip(shape.cols().as_constant());
        if entries.and_then(|(m, n)| m.checked_mul(n)).is_some_and(|entries| entries > MAX_ENTRIES) {
            return Err(too_large(graph, node));
        }
    }
    let plan = Plan::<f64>::compile(graph, &[root]).map_err(|error| match error {
        PlanError::TooLarge(node) => too_large(graph, node),
        PlanError::UnknownSize(node) => {
            placed(graph, node, Diagnostic::new(Code::E0306, "a size here is not known"), "this one")
        }
    })?;
    let mut workspace = Workspace::new(&plan);
    for (input, data) in &compiled.data {
        // Requirements are tested as exactly as the coarsest data allow.
        let factor = eval::DEFAULT_TOLERANCE_FACTOR * data.epsilon / f64::EPSILON;
        workspace.tolerance_factor = workspace.tolerance_factor.max(factor);
        if let Some(place) = workspace.input_mut(*input) {
            fill(place, data);
        }
    }
    plan.run(&mut workspace).map_err(|fault| explain_fault(compiled, &fault))?;
    // The plan has the one output that it was compiled for.
    let value = workspace.value(0).expect("the expression is the plan's output");
    Ok(answer(graph.ty(root), value))
}

fn fill(place: InputMut<'_, f64>, data: &Data) {
    match (place.entries, &data.entries) {
        (eval::Entries::Real(to), Entries::Real(from)) => to.copy_from_slice(from),
        (eval::Entries::Complex(to), Entries::Complex(from)) => to.copy_from_slice(from),
        // The graph's input has the type of the data.
        (eval::Entries::Real(_), Entries::Complex(_)) | (eval::Entries::Complex(_), Entries::Real(_)) => {
            unreachable!("an input has the field of its data")
        }
    }
}

/// A value in the arrangement that its type tells.
fn answer(ty: &Type, value: ValueRef<'_, f64>) -> Answer {
    fn by_rows<T: Copy>(rows: usize, cols: usize, entries: &[T]) -> Vec<Vec<T>> {
        (0..rows).map(|i| (0..cols).map(|j| entries[j * rows + i]).collect()).collect()
    }
    match value {
        ValueRef::Truth(truth) => Answer::Truth(truth),
        ValueRef::Real { rows, cols, entries } => Answer::Value(match ty.shape {
            Shape::Scalar => Value::Number(entries[0]),
            Shape::Vector(_) => Value::Vector(entries.to_vec()),
            Shape::Matrix(..) => Value::Matrix(by_rows(rows, cols, entries)),
        }),
        ValueRef::Complex { rows, cols, entries } => {
            let pairs: Vec<(f64, f64)> = entries.iter().map(|z| (z.re, z.im)).collect();
            Answer::Value(match ty.shape {
                Shape::Scalar => Value::Complex(pairs[0]),
                Shape::Vector(_) => Value::ComplexVector(pairs),
                Shape::Matrix(..) => Value::ComplexMatrix(by_rows(rows, cols, &pairs)),
            })
        }
    }
}

fn too_large(graph: &Graph, node: NodeId) -> Diagnostic {
    let message = format!("a {} has more entries than can be held in memory", described(graph.ty(node)));
    placed(graph, node, Diagnostic::new(Code::E0305, message), "this one")
}

fn described(ty: &Type) -> String {
    match ty.field {
        Field::Real | Field::Truth => ty.shape.to_string(),
        Field::Complex => format!("complex {}", ty.shape),
    }
}

fn placed(graph: &Graph, node: NodeId, diagnostic: Diagnostic, label: &str) -> Diagnostic {
    match graph.node(node).origin {
        Some(span) => diagnostic.at(span, label),
        None => diagnostic,
    }
}

/// What went wrong while an expression was evaluated: at its place, and where the expression itself led there.
fn explain_fault(compiled: &Compiled, fault: &Fault) -> Diagnostic {
    let graph = &compiled.graph;
    let (code, message, label) = match &fault.kind {
        FaultKind::NotANumber => (Code::E0701, "a value is not a number".to_owned(), "this is not a number".to_owned()),
        FaultKind::RequirementFailed { property, measured, accepted } => (
            Code::E0702,
            format!("a value is not {property}"),
            format!("this has to be {property}: {measured:.3e} was measured, {accepted:.1e} would do"),
        ),
        FaultKind::ConditionFailed => {
            (Code::E0404, "a condition of the definition is broken".to_owned(), "this does not hold".to_owned())
        }
        FaultKind::NoConvergence => {
            (Code::E0703, "a decomposition did not converge".to_owned(), "the decomposition of this".to_owned())
        }
        FaultKind::Singular { at } => (
            Code::E0701,
            "a matrix is singular where its inverse, or a function that is infinite there, is needed".to_owned(),
            format!("an eigenvalue or pivot is {at:e}"),
        ),
        FaultKind::IndexOutside { index, size } => {
            (Code::E0304, format!("the index {index} is outside 1..{size}"), "this index".to_owned())
        }
    };
    let diagnostic = placed(graph, fault.node, Diagnostic::new(code, message), &label);
    match user_of(compiled, fault.node) {
        Some(span) => diagnostic.because(span, "needed for this"),
        None => diagnostic,
    }
}

/// The place in the expression itself that first rests on a node from elsewhere, such as a library definition.
fn user_of(compiled: &Compiled, node: NodeId) -> Option<Span> {
    let graph = &compiled.graph;
    let file = graph.node(compiled.root).origin?.file;
    if graph.node(node).origin.is_some_and(|span| span.file == file) {
        return None;
    }
    let mut resting = std::collections::BTreeSet::from([node]);
    // Operands come before the nodes that use them.
    graph.reachable(&[compiled.root]).into_iter().find_map(|user| {
        let rests = graph.node(user).args.iter().any(|arg| resting.contains(arg));
        if !rests {
            return None;
        }
        resting.insert(user);
        graph.node(user).origin.filter(|span| span.file == file)
    })
}
