//! A loss as a Python module that needs torch alone: a `torch.autograd.Function` that computes the value and, where they
//! are asked for, the gradients of [`crate::grad`], and a function that checks shapes and precision before it.

mod advice;
mod docs;
mod helper;
mod line;
mod module;
mod naming;
mod parallel;
mod shapes;
mod text;
mod writer;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use num_rational::BigRational;

use self::advice::{Advice, advice};
use super::plan::{Planned, SEARCH, Source};
use super::tune::tuned;
use crate::base::{Code, Diagnostic};
use crate::ir::{Field, InputId, NodeId, Op, Property, Shape, SizeVar, Sizes};
use crate::rewrite::Rule;

/// What an emitted module is to be.
#[derive(Clone, Debug)]
pub struct Request {
    /// Parameters that are put in, exactly.
    pub constants: BTreeMap<InputId, BigRational>,
    /// The sizes that the form is chosen for. The module works at all sizes, unless a formula has no form for all.
    pub sizes: Sizes,
    /// The inputs that gradients are wanted by; `None` for every matrix and vector that is no mask.
    pub by: Option<Vec<InputId>>,
    /// The sizes that are split over processes; none in a module for one process.
    pub batch: Vec<SizeVar>,
    /// How long to search for a cheaper form.
    pub search: Duration,
    /// What the command line was, for the docstring.
    pub command: String,
}

impl Default for Request {
    fn default() -> Self {
        Request {
            constants: BTreeMap::new(),
            sizes: Sizes::new(),
            by: None,
            batch: Vec::new(),
            search: SEARCH,
            command: "loewner emit pytorch".to_owned(),
        }
    }
}

/// A module, and what has been decided about it.
pub(super) struct Plan<'a> {
    source: &'a Source,
    request: &'a Request,
    /// The constants that were asked for, and those that the form depends on.
    constants: BTreeMap<InputId, BigRational>,
    by: Vec<InputId>,
    planned: Planned,
    /// Whether the program is for the requested sizes only.
    fixed: bool,
    /// What another request would have brought.
    advice: Option<Advice>,
}

/// The module of a loss.
///
/// # Errors
/// E0811 where a size is needed and not given, or constants do not fit; the errors of [`Source::plan`].
pub fn pytorch(source: &Source, request: &Request, rules: &[Rule]) -> Result<String, Diagnostic> {
    let by = request.by.clone().unwrap_or_else(|| differentiable(source));
    let mut constants = request.constants.clone();
    for input in formative(source) {
        let known = source.inputs.iter().find(|known| known.input == input && !by.contains(&input));
        if let Some(default) = known.and_then(|known| known.default.clone()) {
            constants.entry(input).or_insert(default);
        }
    }
    if let Some(wrong) = by.iter().find(|input| constants.contains_key(input)) {
        let name = &source.graph.inputs()[wrong.0 as usize].name;
        return Err(Diagnostic::new(
            Code::E0811,
            format!("`{name}` of `{}` is a constant: there is no gradient by it", source.name),
        ));
    }
    let fixed = needs_sizes(source);
    let open = source.size_vars().into_iter().find(|var| !request.sizes.contains_key(var));
    if fixed && let Some(var) = open {
        return Err(Diagnostic::new(
            Code::E0811,
            format!("`{}` can be emitted for given sizes only: {} is missing", source.name, var.name),
        )
        .note("it has singular values, and how many there are is the smaller of two sizes")
        .help("give every size: --size NAME=N,NAME=N"));
    }
    let mut planned = if fixed {
        source.plan(&request.sizes, &constants, &by, rules, request.search)?
    } else {
        source.plan_open(&request.sizes, &constants, &by, rules, request.search)?
    };
    // Of a split batch exchanges stand between products and what surrounds them.
    if request.batch.is_empty() {
        planned.program = tuned(&planned.program, &request.sizes);
    }
    let advice = advice(source, request, &constants, &by, rules);
    module::module(&Plan { source, request, constants, by, planned, fixed, advice })
}

/// The matrices and vectors that are no masks.
fn differentiable(source: &Source) -> Vec<InputId> {
    let wanted = source.inputs.iter().map(|input| input.input).filter(|input| {
        let declared = &source.graph.inputs()[input.0 as usize];
        declared.ty.shape != Shape::Scalar && !declared.facts.has(Property::ZeroOne)
    });
    wanted.collect()
}

/// The numbers that decide which formula is used: exponents and other parameters of functions, and what choices rest on.
fn formative(source: &Source) -> BTreeSet<InputId> {
    let graph = &source.graph;
    let scalar = |id: &NodeId| {
        let input = graph.as_input(*id)?;
        (graph.ty(*id).shape == Shape::Scalar && graph.ty(*id).field == Field::Real).then_some(input)
    };
    let mut found = BTreeSet::new();
    for id in graph.reachable(&[source.root]) {
        let args = graph.args(id);
        let deciding: &[NodeId] = match graph.op(id) {
            Op::Map(_) | Op::Spectral(_) => &args[1..],
            Op::Frechet(_) => &args[2..],
            Op::Select => &args[..1],
            Op::Input(_)
            | Op::Constant(_)
            | Op::Truth(_)
            | Op::ImaginaryUnit
            | Op::Pi
            | Op::Infinity
            | Op::Size(_)
            | Op::Eye(_)
            | Op::Fill(_)
            | Op::OneHot(_)
            | Op::Slice(..)
            | Op::PartialInner(..)
            | Op::Broadcast(..)
            | Op::Part(_)
            | Op::Complexify
            | Op::Zip(_)
            | Op::Adjoint
            | Op::Transpose
            | Op::Conj
            | Op::DiagonalOf
            | Op::DiagonalMatrix
            | Op::Block(..)
            | Op::Stack
            | Op::Entry
            | Op::MatMul
            | Op::Kron
            | Op::Reduce(..)
            | Op::Eigenvalues
            | Op::SingularValues
            | Op::EigenSum
            | Op::SingularSum
            | Op::LogDet
            | Op::Det
            | Op::Inverse
            | Op::Adjugate
            | Op::Rank
            | Op::Compare(_)
            | Op::And
            | Op::Or
            | Op::Not
            | Op::StopGradient
            | Op::Annotate(..)
            | Op::Require => &[],
        };
        for below in graph.reachable(deciding) {
            found.extend(scalar(&below));
        }
    }
    found
}

/// Whether the program can be written for known sizes only: the number of singular values is the smaller of two sizes.
fn needs_sizes(source: &Source) -> bool {
    let graph = &source.graph;
    graph.reachable(&[source.root]).into_iter().any(|id| {
        let singular = matches!(graph.op(id), Op::SingularValues | Op::SingularSum | Op::Rank);
        singular && {
            let shape = &graph.ty(graph.args(id)[0]).shape;
            shape.rows() != shape.cols()
        }
    })
}
