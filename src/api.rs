//! The library from Rust: bind matrices, evaluate expressions, verify theorems.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use faer::{Mat, MatRef};
use num_complex::Complex;
use num_rational::BigRational;

use crate::base::{Code, Diagnostic, Sources, Span};
use crate::check::{Compiled, Data, Entries, Parameter, Session, Spelled, Theorem, write};
use crate::eval::{self, Fault, FaultKind, ValueRef, Workspace};
use crate::grad::{self, GradError};
use crate::ir::{Dim, Fact, Graph, InputId, Instance, NodeId, Op, Property, Shape, Type};
use crate::prove;
use crate::syntax::{Spelling, print_expr};
use crate::torch::{CompiledLoss, Requirement, Source, SourceInput};
use crate::verify::{self, Options, Report};

/// What an expression evaluates to.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// A condition holds or does not.
    Truth(bool),
    /// A number, vector or matrix.
    Data(Data),
}

impl Value {
    /// The real number, if the value is one.
    pub fn scalar(&self) -> Option<f64> {
        match self {
            Value::Data(Data { shape: Shape::Scalar, entries: Entries::Real(entries), .. }) => entries.first().copied(),
            Value::Data(_) | Value::Truth(_) => None,
        }
    }

    /// The complex number, if the value is a real or complex one.
    pub fn complex(&self) -> Option<Complex<f64>> {
        match self {
            Value::Data(Data { shape: Shape::Scalar, entries, .. }) => match entries {
                Entries::Real(entries) => entries.first().map(|x| Complex::new(*x, 0.0)),
                Entries::Complex(entries) => entries.first().copied(),
            },
            Value::Data(_) | Value::Truth(_) => None,
        }
    }

    /// The real matrix, if the value is one; a vector is a matrix of one column, a scalar one of one entry.
    pub fn matrix(&self) -> Option<Mat<f64>> {
        let Value::Data(Data { shape, entries: Entries::Real(entries), .. }) = self else { return None };
        let (rows, cols) = sizes(shape)?;
        Some(Mat::from_fn(rows, cols, |i, j| entries[j * rows + i]))
    }

    /// Whether the condition holds, if the value is one.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Value::Truth(truth) => Some(*truth),
            Value::Data(_) => None,
        }
    }
}

fn sizes(shape: &Shape) -> Option<(usize, usize)> {
    let size = |dim: Dim| dim.as_constant().and_then(|n| usize::try_from(n).ok());
    Some((size(shape.rows())?, size(shape.cols())?))
}

/// Mistakes in what was asked, with the texts that they point into.
#[derive(Clone, Debug)]
pub struct Error {
    /// The mistakes; at least one.
    pub diagnostics: Vec<Diagnostic>,
    sources: Sources,
}

impl Error {
    /// The texts that the labels of the diagnostics point into.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }
}

impl From<Diagnostic> for Error {
    /// A mistake that points into no text.
    fn from(diagnostic: Diagnostic) -> Error {
        Error { diagnostics: vec![diagnostic], sources: Sources::new() }
    }
}

impl fmt::Display for Error {
    /// Plainly, without colours or excerpts: the command line renders the same data with both.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.diagnostics.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{}: {}", diagnostic.code, diagnostic.message)?;
            for label in &diagnostic.labels {
                let (line, column) = self.sources.line_column(label.span);
                let file = &self.sources.get(label.span.file).name;
                write!(f, "\n  {file}:{line}:{column}: `{}`: {}", self.sources.text(label.span), label.text)?;
            }
            for note in &diagnostic.notes {
                write!(f, "\n  note: {note}")?;
            }
            for help in &diagnostic.help {
                write!(f, "\n  help: {help}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Loewner with its library, ready to be asked.
///
/// ```
/// use faer::mat;
/// use loewner::Loewner;
/// use loewner::syntax::term::{mutual_information, name};
///
/// let mut loewner = Loewner::new();
/// loewner.set("K", mat![[1.0, 0.5], [0.5, 1.0]].as_ref());
/// let written = loewner.evaluate("mutual_information(K, K, 1)")?.scalar().unwrap();
/// let built = loewner.evaluate(mutual_information(name("K"), name("K"), 1))?.scalar().unwrap();
/// // log 4 − (3/4) log 3 twice, less H_1 of [1, 1/4; 1/4, 1].
/// assert!((written - 0.46310705107963).abs() < 1e-13);
/// assert_eq!(written, built);
/// # Ok::<(), loewner::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Loewner {
    session: Session,
}

impl Loewner {
    /// The language with its library.
    pub fn new() -> Self {
        Loewner { session: Session::new() }
    }

    /// The checker's session, for everything that is not here.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Reads definitions in the language; theorems among them are checked and returned.
    ///
    /// # Errors
    /// Every mistake in the text.
    pub fn define(&mut self, text: &str) -> Result<Vec<Theorem>, Error> {
        let outcome = self.session.load_text("<definitions>", text);
        outcome.map_err(|diagnostics| self.error(diagnostics))
    }

    /// Reads a file of definitions and theorems.
    ///
    /// # Errors
    /// Every mistake in the file and in what it imports.
    pub fn load(&mut self, path: impl AsRef<Path>) -> Result<Vec<Theorem>, Error> {
        let outcome = self.session.load_file(path.as_ref());
        outcome.map_err(|diagnostics| self.error(diagnostics))
    }

    /// Binds a name to a real matrix.
    ///
    /// # Panics
    /// When the matrix has no entries.
    pub fn set(&mut self, name: &str, matrix: MatRef<'_, f64>) {
        let entries = matrix.col_iter().flat_map(|col| col.iter().copied().collect::<Vec<_>>()).collect();
        self.bind(name, matrix.nrows(), matrix.ncols(), Entries::Real(entries));
    }

    /// Binds a name to a complex matrix.
    ///
    /// # Panics
    /// When the matrix has no entries.
    pub fn set_complex(&mut self, name: &str, matrix: MatRef<'_, Complex<f64>>) {
        let entries = matrix.col_iter().flat_map(|col| col.iter().copied().collect::<Vec<_>>()).collect();
        self.bind(name, matrix.nrows(), matrix.ncols(), Entries::Complex(entries));
    }

    /// Binds a name to a real number.
    pub fn set_scalar(&mut self, name: &str, value: f64) {
        let data = Data { shape: Shape::Scalar, entries: Entries::Real(vec![value]), epsilon: f64::EPSILON };
        self.session.bind_data(name, data, "a number set from Rust");
    }

    fn bind(&mut self, name: &str, rows: usize, cols: usize, entries: Entries) {
        assert!(rows > 0 && cols > 0, "`{name}` must have at least one row and one column");
        self.session.bind_data(name, Data::matrix(rows, cols, entries), "a matrix set from Rust");
    }

    /// The value of an expression, written in the language or built from [`crate::syntax::term`].
    ///
    /// # Errors
    /// The mistakes in the expression, or what went wrong in its evaluation: no value is ever NaN.
    pub fn evaluate(&mut self, expression: impl ToString) -> Result<Value, Error> {
        let outcome = self.session.expression(&expression.to_string());
        let value = outcome.and_then(|compiled| evaluate(&compiled).map_err(|fault| vec![fault]));
        value.map_err(|diagnostics| self.error(diagnostics))
    }

    /// The gradient of a real scalar expression with respect to a bound name, at its value: of the name's shape, with
    /// entry (i, j) = ∂f/∂z_ij, and for complex entries ∂f/∂x + i ∂f/∂y (see [`crate::grad`]). The name is an independent
    /// variable: what is known of its value is not used, except that what a definition requires is tested. Names that
    /// were bound after it in terms of it follow it.
    ///
    /// ```
    /// use faer::mat;
    /// use loewner::Loewner;
    ///
    /// let mut loewner = Loewner::new();
    /// loewner.set("K", mat![[2.0, 0.0], [0.0, 4.0]].as_ref());
    /// let gradient = loewner.gradient("logdet(K)", "K")?.matrix().unwrap();
    /// assert_eq!(gradient, mat![[0.5, 0.0], [0.0, 0.25]]);
    /// # Ok::<(), loewner::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Loewner::evaluate`], and where the name is not bound or the expression has no gradient with respect to it.
    pub fn gradient(&mut self, expression: impl ToString, name: &str) -> Result<Value, Error> {
        let outcome = gradient_by_name(&mut self.session, &expression.to_string(), name);
        outcome.map_err(|diagnostics| self.error(diagnostics))
    }

    /// The verdicts on every claim of the theorems in a text.
    ///
    /// # Errors
    /// Every mistake in the text.
    pub fn verify(&mut self, text: &str, options: &Options) -> Result<Report, Error> {
        let theorems = self.define(text)?;
        verify::verify(&theorems, options, &verify::Silent).map_err(|diagnostic| self.error(vec![diagnostic]))
    }

    /// A definition as a loss on torch: `m_mae`, or `FILE.lw:NAME`. Its domains are taken as true of the tensors that it is
    /// given.
    ///
    /// # Errors
    /// The mistakes in the file, a name that means nothing, what is no real number, and E0808 in a program without torch.
    pub fn loss(&mut self, name: &str) -> Result<CompiledLoss, Error> {
        let source = self.loss_source(name)?;
        CompiledLoss::new(source, prove::rules()).map_err(|diagnostic| self.error(vec![diagnostic]))
    }

    /// The same as a graph of its inputs, which needs no torch.
    ///
    /// # Errors
    /// As [`Loewner::loss`], without the last.
    pub fn loss_source(&mut self, name: &str) -> Result<Source, Error> {
        let outcome = open(&mut self.session, name);
        outcome.map_err(|diagnostics| self.error(diagnostics))
    }

    /// The first subexpression of a loss, from the inside out, that has an entry which is no finite number at these values of its
    /// inputs; none where all are finite. Infinite values are values (log 0 is −∞), with which no network can be trained. `set`
    /// has the numbers that are given exactly, `data` the others.
    ///
    /// # Errors
    /// What does not fit, and what went wrong otherwise in the evaluation.
    pub fn not_finite(
        &self,
        source: &Source,
        set: BTreeMap<InputId, BigRational>,
        data: &[(InputId, Arc<Data>)],
    ) -> Result<Option<Error>, Error> {
        let found = not_finite(source, set, data);
        found.map(|found| found.map(|one| self.error(vec![one]))).map_err(|fault| self.error(vec![fault]))
    }

    /// Mistakes, with the texts that they point into.
    pub(crate) fn error(&self, diagnostics: Vec<Diagnostic>) -> Error {
        Error { diagnostics, sources: self.session.sources().clone() }
    }
}

/// A definition, by its name or as `FILE.lw:NAME`, as a loss of its parameters.
///
/// # Errors
/// The mistakes in the file, a name that means nothing, and what is no real number.
pub fn open(session: &mut Session, name: &str) -> Result<Source, Vec<Diagnostic>> {
    let (_, short) = session.open(name)?;
    let definition = session.definition(short).cloned().ok_or_else(|| vec![session.no_definition(short)])?;
    let opened = session.opened(&definition)?;
    let span = definition.def.span;
    let text = &session.sources().get(span.file).text;
    let input =
        |parameter: Parameter| SourceInput { name: parameter.name, input: parameter.input, default: parameter.default };
    let conditions = opened.condition.map(|condition| opened.graph.conjuncts(condition)).unwrap_or_default();
    let told = |condition| Requirement { condition, text: written(&opened.graph, condition) };
    let requirements = conditions.into_iter().map(told).collect();
    Ok(Source {
        name: opened.name,
        definition: text.get(span.start as usize..span.end as usize).unwrap_or_default().to_owned(),
        doc: definition.def.doc.iter().map(|line| line.text.clone()).collect(),
        graph: opened.graph,
        root: opened.root,
        condition: opened.condition,
        requirements,
        inputs: opened.parameters.into_iter().map(input).collect(),
    })
}

/// The value of a checked expression.
///
/// # Errors
/// A diagnostic that names the subexpression where it went wrong.
pub fn evaluate(compiled: &Compiled) -> Result<Value, Diagnostic> {
    let (graph, roots) = instantiate(compiled, &[compiled.root])?;
    let mut values = run(&graph, &roots, &compiled.data)?;
    values.pop().ok_or_else(|| Diagnostic::new(Code::E0701, "the expression has no value"))
}

/// The first node of a loss whose value is not finite, as a diagnostic that points at it.
fn not_finite(
    source: &Source,
    constants: BTreeMap<InputId, BigRational>,
    data: &[(InputId, Arc<Data>)],
) -> Result<Option<Diagnostic>, Diagnostic> {
    let length = |dim: Dim| dim.as_constant().unwrap_or(0);
    let lengths = |shape: &Shape| match shape {
        Shape::Scalar => Vec::new(),
        Shape::Vector(n) => vec![length(n.clone())],
        Shape::Matrix(m, n) => vec![length(m.clone()), length(n.clone())],
    };
    let shapes: Vec<(InputId, Vec<i64>)> = data.iter().map(|(input, data)| (*input, lengths(&data.shape))).collect();
    let instance = Instance { sizes: source.sizes(&shapes)?, constants };
    let outcome = source.graph.instantiate(&[source.root], &instance);
    let (graph, roots) = outcome.map_err(|mismatch| Diagnostic::new(Code::E0301, mismatch.to_string()))?;
    // Operands come before what is made of them.
    let nodes = graph.reachable(&roots);
    let values = run(&graph, &nodes, data)?;
    let infinite = |value: &Value| match value {
        Value::Data(Data { entries: Entries::Real(entries), .. }) => entries.iter().any(|x| x.is_infinite()),
        Value::Data(Data { entries: Entries::Complex(entries), .. }) => entries.iter().any(|z| z.is_infinite()),
        Value::Truth(_) => false,
    };
    let found = nodes.iter().zip(&values).find(|(_, value)| infinite(value));
    Ok(found.map(|(node, _)| {
        at(Diagnostic::new(Code::E1045, "a value of the loss is infinite"), &graph, *node, "this is infinite")
    }))
}

/// The gradient of an expression with respect to a bound name, as [`Loewner::gradient`].
///
/// # Errors
/// As there.
pub fn gradient_by_name(session: &mut Session, expression: &str, name: &str) -> Result<Value, Vec<Diagnostic>> {
    let value = match session.data(name)? {
        Some(data) => data,
        None => match evaluate(&session.expression(name)?).map_err(|fault| vec![fault])? {
            Value::Data(data) => data,
            Value::Truth(_) => {
                let message = format!("`{name}` is a condition, and nothing is differentiated by those");
                return Err(vec![Diagnostic::new(Code::E0505, message)]);
            }
        },
    };
    let facts = value.facts();
    let (hermitian, infinite) = (facts.has(Property::Hermitian), facts.get(Property::Finite) == Fact::No);
    let (compiled, input) = session.expression_in(expression, name, value.clone(), &[])?;
    // A determinant is real only of a matrix that is known to be Hermitian: then the gradient is among those.
    let complex = *compiled.graph.ty(compiled.root) == Type::complex(Shape::Scalar);
    let (compiled, input) = if complex && hermitian {
        session.expression_in(expression, name, value, &[Property::Hermitian])?
    } else {
        (compiled, input)
    };
    gradient(&compiled, input).map_err(|mistake| vec![if infinite { at_infinity(mistake, name) } else { mistake }])
}

/// A mistake of differentiation by a name whose value is not finite: what is not a number there may have a limit.
fn at_infinity(mistake: Diagnostic, name: &str) -> Diagnostic {
    if mistake.code != Code::E0701 {
        return mistake;
    }
    let message = format!("the expression or its derivative by `{name}` has no value where `{name}` is not finite");
    Diagnostic { message, help: Vec::new(), ..mistake }
        .note("at infinity a derivative is a limit, and its formula has no value where it comes to 0 · ∞ or ∞ − ∞")
        .help(format!("give `{name}` large numbers instead: if there is a limit, they come near to it"))
}

/// The gradient of a checked expression with respect to one of its raw inputs, at the input's value.
///
/// # Errors
/// A diagnostic that names the subexpression that has no gradient, or where the evaluation went wrong.
pub fn gradient(compiled: &Compiled, input: InputId) -> Result<Value, Diagnostic> {
    let ty = compiled.graph.ty(compiled.root);
    if !ty.is_real_scalar() {
        let code = if ty.shape == Shape::Scalar { Code::E0504 } else { Code::E0501 };
        let diagnostic = Diagnostic::new(code, format!("only a real scalar has a gradient, not a {ty}"));
        return Err(at(diagnostic, &compiled.graph, compiled.root, "this is differentiated"));
    }
    // The variable is a root of its own, so that it is there even where nothing rests on it.
    let variable = compiled.graph.input_node(input).ok_or_else(|| Diagnostic::new(Code::E0201, "no such input"))?;
    let (mut graph, roots) = instantiate(compiled, &[compiled.root, variable])?;
    let gradients = grad::gradient(&mut graph, roots[0], &roots[1..]).map_err(|error| no_gradient(&graph, &error))?;
    // The value is evaluated too: its requirements are tested, and a function that is undefined has no gradient.
    let mut values = run(&graph, &[gradients[0], roots[0]], &compiled.data)?;
    values.truncate(1);
    values.pop().ok_or_else(|| Diagnostic::new(Code::E0701, "the expression has no gradient"))
}

fn no_gradient(graph: &Graph, error: &GradError) -> Diagnostic {
    match error {
        GradError::NotARealScalar(node) => at(Diagnostic::new(Code::E0501, error.to_string()), graph, *node, "this"),
        GradError::NoDerivative { node, .. } | GradError::SecondOrder(node) => {
            at(Diagnostic::new(Code::E0701, error.to_string()), graph, *node, "this has no derivative here")
        }
        GradError::Mismatch(_) => Diagnostic::new(Code::E0301, error.to_string()),
    }
}

fn at(diagnostic: Diagnostic, graph: &Graph, node: NodeId, label: &str) -> Diagnostic {
    match origin(graph, node) {
        Some(span) => diagnostic.at(span, label),
        None => diagnostic,
    }
}

fn instantiate(compiled: &Compiled, roots: &[NodeId]) -> Result<(Graph, Vec<NodeId>), Diagnostic> {
    let outcome = compiled.graph.instantiate(roots, &Instance::default());
    outcome.map_err(|mismatch| Diagnostic::new(Code::E0301, mismatch.to_string()))
}

/// The values of some nodes of a graph whose sizes are all known.
fn run(graph: &Graph, roots: &[NodeId], inputs: &[(InputId, Arc<Data>)]) -> Result<Vec<Value>, Diagnostic> {
    let plan = eval::plan_within_memory::<f64>(graph, roots, eval::Threads::All)?;
    let mut ws = Workspace::new(&plan);
    let epsilon = inputs.iter().map(|(_, data)| data.epsilon).fold(f64::EPSILON, f64::max);
    // Data of single precision keeps its domain only as exactly as single precision can.
    ws.tolerance_factor = eval::DEFAULT_TOLERANCE_FACTOR * (epsilon / f64::EPSILON);
    for (input, data) in inputs {
        // An input that the expression does not use has no place in the plan.
        let Some(mut target) = ws.input_mut(*input) else { continue };
        match (&mut target.entries, &data.entries) {
            (eval::Entries::Real(target), Entries::Real(values)) => target.copy_from_slice(values),
            (eval::Entries::Complex(target), Entries::Complex(values)) => target.copy_from_slice(values),
            // The input was declared with the field of its data.
            (eval::Entries::Real(_), Entries::Complex(_)) | (eval::Entries::Complex(_), Entries::Real(_)) => {}
        }
    }
    plan.run(&mut ws).map_err(|fault| {
        let diagnostic = match broken_condition(graph, &fault, inputs) {
            Some(condition) => eval::diagnose(graph, &fault).note(format!("`{condition}` does not hold")),
            None => eval::diagnose(graph, &fault),
        };
        match roots.iter().find_map(|root| way_to(graph, *root, fault.node)) {
            Some(span) => diagnostic.because(span, "needed for this"),
            None => diagnostic,
        }
    })?;
    let value = |(i, root): (usize, &NodeId)| {
        let data = |entries| Value::Data(Data { shape: graph.ty(*root).shape.clone(), entries, epsilon });
        match ws.value(i) {
            Some(ValueRef::Truth(truth)) => Ok(Value::Truth(truth)),
            Some(ValueRef::Real { entries, .. }) => Ok(data(Entries::Real(entries.to_vec()))),
            Some(ValueRef::Complex { entries, .. }) => Ok(data(Entries::Complex(entries.to_vec()))),
            None => Err(Diagnostic::new(Code::E0701, "the expression has no value")),
        }
    };
    roots.iter().enumerate().map(value).collect()
}

/// A node as text.
fn written(graph: &Graph, id: NodeId) -> String {
    print_expr(&write(graph, id, &Spelled::default()), Spelling::Unicode)
}

/// The longest text of a condition that is told.
const MOST_TOLD: usize = 120;

/// Of a requirement that is not met, the condition, of what was given; of several in one requirement, the first that fails.
fn broken_condition(graph: &Graph, fault: &Fault, inputs: &[(InputId, Arc<Data>)]) -> Option<String> {
    if fault.kind != FaultKind::ConditionFailed {
        return None;
    }
    // A requirement marks a value with its condition.
    let mut parts = vec![*graph.args(fault.node).get(1)?];
    while let Some(part) = parts.pop() {
        if *graph.op(part) == Op::And {
            parts.extend(graph.args(part).iter().rev());
        } else if matches!(run(graph, &[part], inputs).as_deref(), Ok([Value::Truth(false)])) {
            let text = written(graph, part);
            return (text.chars().count() <= MOST_TOLD).then_some(text);
        }
    }
    None
}

/// For a node whose place is in a definition elsewhere: the place in the expression itself that first rests on it.
fn way_to(graph: &Graph, root: NodeId, node: NodeId) -> Option<Span> {
    let file = origin(graph, root)?.file;
    if origin(graph, node).is_some_and(|span| span.file == file) {
        return None;
    }
    let mut resting = std::collections::BTreeSet::from([node]);
    // Operands come before the nodes that use them.
    graph.reachable(&[root]).into_iter().find_map(|user| {
        let rests = graph.node(user).args.iter().any(|arg| resting.contains(arg));
        if rests {
            resting.insert(user);
        }
        origin(graph, user).filter(|span| rests && span.file == file)
    })
}

fn origin(graph: &Graph, node: NodeId) -> Option<Span> {
    graph.node(node).origin
}
