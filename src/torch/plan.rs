//! From a loss to a program: sizes and constants put in, the cheapest form found, the gradient written beside it.

use std::collections::BTreeMap;
use std::time::Duration;

use num_rational::BigRational;
use num_traits::{Signed, Zero};

use super::lower::lower;
use super::program::Program;
use crate::base::{Code, Diagnostic};
use crate::grad;
use crate::ir::{
    Comparison, Dim, Facts, Graph, Input, InputId, Instance, Mismatch, NodeId, Op, Part, Property, Shape, SizeVar,
    Sizes, solve,
};
use crate::rewrite::cost::{Model, cost_at};
use crate::rewrite::{Limits, Rule, rewrite, without_tests};

/// How long to search for a cheaper form where nothing is said: so long that it is the limits on terms that end a search, and
/// the form does not depend on what else the machine does.
pub(super) const SEARCH: Duration = Duration::from_secs(60);

/// A loss as a graph of its inputs.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name, for messages.
    pub name: String,
    /// The definition as it is written.
    pub definition: String,
    /// The documentation before it, line by line.
    pub doc: Vec<String>,
    /// The graph. Sizes may be symbolic. What the domains of the inputs say is taken as true.
    pub graph: Graph,
    /// The value, a real number.
    pub root: NodeId,
    /// What is required of the inputs, as one condition: by it, too, one loss is told from another.
    pub condition: Option<NodeId>,
    /// The same part by part, each looked at as far as constants decide it.
    pub requirements: Vec<Requirement>,
    /// The inputs.
    pub inputs: Vec<SourceInput>,
}

/// A condition on the inputs of a loss.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// The condition.
    pub condition: NodeId,
    /// As text, for messages.
    pub text: String,
}

/// An input of a loss.
#[derive(Clone, Debug)]
pub struct SourceInput {
    /// Its name.
    pub name: String,
    /// Its number in the graph.
    pub input: InputId,
    /// What it is where nothing is given.
    pub default: Option<BigRational>,
}

/// Makes the nodes of a graph in a new one, with constants and sizes put in.
type Anew<'a> = dyn Fn(&Graph, &[NodeId]) -> Result<(Graph, Vec<NodeId>), Mismatch> + 'a;

/// A program: the value first, then the gradients in the order asked for.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The calls.
    pub program: Program,
    /// Whether a cheaper form was found, and took the place of the one that was written.
    pub rewritten: bool,
}

impl Source {
    /// The input of this name.
    pub fn input(&self, name: &str) -> Option<&SourceInput> {
        self.inputs.iter().find(|input| input.name == name)
    }

    /// The sizes of the inputs, each once, in their order.
    pub fn size_vars(&self) -> Vec<SizeVar> {
        let mut found: Vec<SizeVar> = Vec::new();
        for input in &self.inputs {
            let shape = &self.graph.inputs()[input.input.0 as usize].ty.shape;
            for var in shape.rows().vars().into_iter().chain(shape.cols().vars()) {
                if !found.contains(&var) {
                    found.push(var);
                }
            }
        }
        found
    }

    /// The names of the inputs, for messages.
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.inputs.iter().map(|input| input.name.as_str()).collect();
        names.join(", ")
    }

    /// The sizes that make the inputs' shapes these.
    ///
    /// # Errors
    /// E0811 with the first input that does not fit, and what would.
    pub fn sizes(&self, shapes: &[(InputId, Vec<i64>)]) -> Result<Sizes, Diagnostic> {
        let mut equations: Vec<(Dim, Dim)> = Vec::new();
        let mut of: Vec<(InputId, &[i64])> = Vec::new();
        let mut open: Vec<SizeVar> = Vec::new();
        for (input, found) in shapes {
            let declared = &self.graph.inputs()[input.0 as usize];
            let wanted = match &declared.ty.shape {
                Shape::Scalar => vec![],
                Shape::Vector(n) => vec![n.clone()],
                Shape::Matrix(m, n) => vec![m.clone(), n.clone()],
            };
            if wanted.len() != found.len() {
                return Err(self.misfit(*input, found));
            }
            for (dim, n) in wanted.into_iter().zip(found) {
                open.extend(dim.vars());
                equations.push((dim, Dim::constant(*n)));
                of.push((*input, found));
            }
        }
        open.sort();
        open.dedup();
        let solved = solve(&equations, &open).map_err(|error| {
            let (crate::ir::SolveError::Conflict(at) | crate::ir::SolveError::Undetermined(at)) = error;
            let (input, found) = of[at];
            self.misfit(input, found)
        })?;
        let mut sizes = Sizes::new();
        for (var, dim) in solved {
            match dim.as_constant() {
                Some(n) if n >= var.least => {
                    sizes.insert(var, n);
                }
                _ => {
                    let message = format!("the size {} of `{}` would be {dim}", var.name, self.name);
                    return Err(Diagnostic::new(Code::E0811, message));
                }
            }
        }
        Ok(sizes)
    }

    fn misfit(&self, input: InputId, found: &[i64]) -> Diagnostic {
        let declared = &self.graph.inputs()[input.0 as usize];
        let found: Vec<String> = found.iter().map(i64::to_string).collect();
        let message = format!("`{}` of `{}` does not have the shape [{}]", declared.name, self.name, found.join(", "));
        let mut diagnostic = Diagnostic::new(Code::E0811, message)
            .note(format!("it is a {}, and a size has one value", declared.ty.shape));
        if found.len() == 2 {
            diagnostic =
                diagnostic.help("samples are columns here: of a batch × features tensor the transpose is wanted");
        }
        diagnostic
    }

    /// Whether these constants leave what is required possible.
    ///
    /// # Errors
    /// E0811 with the first condition that they break, whatever else is given.
    pub fn fits(&self, constants: &BTreeMap<InputId, BigRational>) -> Result<(), Diagnostic> {
        let conditions: Vec<NodeId> = self.requirements.iter().map(|requirement| requirement.condition).collect();
        let (graph, made) =
            self.graph.with_constants(&conditions, constants).map_err(|mismatch| self.unfit(&mismatch))?;
        self.unbroken(&graph, &made)
    }

    /// An error where one of the requirements, as nodes of a graph with constants, is false.
    fn unbroken(&self, graph: &Graph, conditions: &[NodeId]) -> Result<(), Diagnostic> {
        let mut broken = self.requirements.iter().zip(conditions).filter(|(_, id)| *graph.op(**id) == Op::Truth(false));
        match broken.next() {
            None => Ok(()),
            Some((Requirement { text, .. }, _)) => {
                let message = format!("the constants break what `{}` requires", self.name);
                Err(Diagnostic::new(Code::E0811, message).note(format!("it requires {text}")))
            }
        }
    }

    /// The program at these sizes and constants, with the gradients by some inputs.
    ///
    /// # Errors
    /// E0811 where the constants break what the loss requires, E0301 where the sizes do not fit the expression, and E0701
    /// where there is no gradient.
    pub fn plan(
        &self,
        sizes: &Sizes,
        constants: &BTreeMap<InputId, BigRational>,
        by: &[InputId],
        rules: &[Rule],
        search: Duration,
    ) -> Result<Planned, Diagnostic> {
        let instance = Instance { sizes: sizes.clone(), constants: constants.clone() };
        self.planned(&|graph, roots| graph.instantiate(roots, &instance), &Sizes::new(), constants, by, rules, search)
    }

    /// The same with every size symbolic, so that the program serves inputs of all shapes; the form is the cheapest at the
    /// sizes that are given.
    ///
    /// # Errors
    /// As [`Source::plan`], and where the gradient has a form only at known sizes.
    pub fn plan_open(
        &self,
        sizes: &Sizes,
        constants: &BTreeMap<InputId, BigRational>,
        by: &[InputId],
        rules: &[Rule],
        search: Duration,
    ) -> Result<Planned, Diagnostic> {
        self.planned(&|graph, roots| graph.with_constants(roots, constants), sizes, constants, by, rules, search)
    }

    fn planned(
        &self,
        anew: &Anew<'_>,
        sizes: &Sizes,
        constants: &BTreeMap<InputId, BigRational>,
        by: &[InputId],
        rules: &[Rule],
        search: Duration,
    ) -> Result<Planned, Diagnostic> {
        let mut form = self.form(anew, sizes, constants, rules, search)?;
        let (_, gradients) = self.differentiated(&mut form, by)?;
        let outputs: Vec<NodeId> = std::iter::once(form.root).chain(gradients).collect();
        Ok(form.lowered(&outputs))
    }

    /// How long the value takes at these sizes and constants in its cheapest form, by the model of costs.
    ///
    /// # Errors
    /// As [`Source::plan`], but for those of gradients.
    pub fn seconds(
        &self,
        sizes: &Sizes,
        constants: &BTreeMap<InputId, BigRational>,
        rules: &[Rule],
        search: Duration,
    ) -> Result<f64, Diagnostic> {
        let instance = Instance { sizes: sizes.clone(), constants: constants.clone() };
        let form =
            self.form(&|graph, roots| graph.instantiate(roots, &instance), &Sizes::new(), constants, rules, search)?;
        Ok(Model::builtin().total(&form.graph, &[form.root]).seconds)
    }

    /// The program of products with the matrix of second derivatives by some inputs, at these sizes and constants: of each the
    /// derivative of its gradient along vectors. These are the inputs that [`Source::vectors`] names, one for each of `by`,
    /// of its type.
    ///
    /// # Errors
    /// As [`Source::plan`], and E0813 where a gradient has no gradient of its own.
    pub fn plan_second(
        &self,
        sizes: &Sizes,
        constants: &BTreeMap<InputId, BigRational>,
        by: &[InputId],
        rules: &[Rule],
        search: Duration,
    ) -> Result<Planned, Diagnostic> {
        let instance = Instance { sizes: sizes.clone(), constants: constants.clone() };
        let anew = |graph: &Graph, roots: &[NodeId]| graph.instantiate(roots, &instance);
        let mut form = self.form(&anew, &Sizes::new(), constants, rules, search)?;
        let (variables, gradients) = self.differentiated(&mut form, by)?;
        let graph = &mut form.graph;
        debug_assert_eq!(graph.inputs().len(), self.graph.inputs().len());
        // H v is the gradient of ⟨gradient, v⟩.
        let mut along = || {
            let mut sum = graph.integer(0)?;
            for (variable, gradient) in variables.iter().zip(&gradients) {
                let (name, ty) = ("direction".to_owned(), graph.ty(*variable).clone());
                let vector = graph.input(Input { name, ty, facts: Facts::new() });
                let product = graph.inner(*gradient, vector)?;
                let product = graph.part(Part::Re, product)?;
                sum = graph.add(sum, product)?;
            }
            Ok(sum)
        };
        let along = along().map_err(|mismatch: Mismatch| self.unfit(&mismatch))?;
        let second = grad::gradient(graph, along, &variables).map_err(|error| {
            let message = format!("the gradient of `{}` cannot be differentiated once more: {error}", self.name);
            Diagnostic::new(Code::E0813, message)
        })?;
        Ok(form.lowered(&second))
    }

    /// The inputs of [`Source::plan_second`] that are not the loss's own.
    pub fn vectors(&self, count: usize) -> impl Iterator<Item = InputId> {
        let first = self.graph.inputs().len() as u32;
        (first..first + count as u32).map(InputId)
    }

    fn unfit(&self, mismatch: &Mismatch) -> Diagnostic {
        Diagnostic::new(Code::E0301, format!("`{}`: {mismatch}", self.name))
    }

    /// The variables of some inputs and the gradients by them.
    fn differentiated(&self, form: &mut Form, by: &[InputId]) -> Result<(Vec<NodeId>, Vec<NodeId>), Diagnostic> {
        // An input that nothing rests on has no node yet.
        let graph = &mut form.graph;
        let variables: Result<Vec<NodeId>, _> = by.iter().map(|input| graph.make(Op::Input(*input), vec![])).collect();
        let variables = variables.map_err(|mismatch| self.unfit(&mismatch))?;
        let gradients = grad::gradient(graph, form.root, &variables)
            .map_err(|error| Diagnostic::new(Code::E0701, format!("`{}` has no gradient: {error}", self.name)))?;
        Ok((variables, gradients))
    }

    /// The cheapest form that is found.
    fn form(
        &self,
        anew: &Anew<'_>,
        sizes: &Sizes,
        constants: &BTreeMap<InputId, BigRational>,
        rules: &[Rule],
        search: Duration,
    ) -> Result<Form, Diagnostic> {
        let unfit = |mismatch: Mismatch| self.unfit(&mismatch);
        let inputs = self.inputs.iter().filter(|input| !constants.contains_key(&input.input));
        let nodes: Vec<NodeId> = inputs.filter_map(|input| self.graph.input_node(input.input)).collect();
        // The inputs are roots of their own, so that each is there even where nothing rests on it.
        let conditions = self.requirements.iter().map(|requirement| requirement.condition);
        let roots: Vec<NodeId> = std::iter::once(self.root).chain(conditions).chain(nodes.iter().copied()).collect();
        let (mut graph, mut made) = anew(&self.graph, &roots).map_err(unfit)?;
        let after = 1 + self.requirements.len();
        self.unbroken(&graph, &made[1..after])?;
        // What is required of the numbers that are still open holds too.
        let known: Vec<_> = made[1..after].iter().flat_map(|condition| required_signs(&graph, *condition)).collect();
        if !known.is_empty() {
            let mut inputs = graph.inputs().to_vec();
            for (input, property) in known {
                inputs[input.0 as usize].facts.yes(property, "the definition requires it");
            }
            (graph, made) = graph.with_known_inputs(&made, inputs).map_err(unfit)?;
        }
        let root = made[0];
        let inputs = made[after..].to_vec();
        let root = without_tests(&mut graph, &[root], &inputs).map_err(unfit)?[0];
        let seconds = |graph: &Graph, node: NodeId| cost_at(graph, node, sizes).seconds;
        // A search that fails leaves what was written, which is only slower.
        let limits = Limits { time: search, ..Limits::default() };
        let found = (!search.is_zero()).then(|| rewrite(&graph, root, &inputs, rules, &limits, &seconds));
        Ok(match found {
            Some(Ok(found)) => Form { graph: found.graph, root: found.after, rewritten: found.before != found.after },
            Some(Err(_)) | None => Form { graph, root, rewritten: false },
        })
    }
}

/// The form of a loss that is computed.
struct Form {
    graph: Graph,
    root: NodeId,
    rewritten: bool,
}

impl Form {
    fn lowered(&self, outputs: &[NodeId]) -> Planned {
        let inputs = (0..self.graph.inputs().len() as u32).filter_map(|i| self.graph.input_node(InputId(i)));
        let inputs: Vec<NodeId> = inputs.collect();
        Planned { program: lower(&self.graph, &inputs, outputs), rewritten: self.rewritten }
    }
}

/// The raw inputs whose sign a condition tells, as `mu >= 0` does.
fn required_signs(graph: &Graph, condition: NodeId) -> Vec<(InputId, Property)> {
    let sign = |part: NodeId| {
        let Op::Compare(comparison) = graph.op(part) else { return None };
        let (bound, input) = (graph.constant_value(graph.args(part)[0])?, graph.as_input(graph.args(part)[1])?);
        match comparison {
            Comparison::Lt if !bound.is_negative() => Some((input, Property::Positive)),
            Comparison::Le if bound.is_positive() => Some((input, Property::Positive)),
            Comparison::Le if bound.is_zero() => Some((input, Property::Nonnegative)),
            Comparison::Lt | Comparison::Le | Comparison::Eq | Comparison::Ne => None,
        }
    };
    graph.conjuncts(condition).into_iter().filter_map(sign).collect()
}
