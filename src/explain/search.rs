//! The search for a cheaper form by itself: nothing is drawn and nothing is run.

use std::time::Instant;

use super::Form;
use super::task::Posed;
use crate::base::{Code, Diagnostic};
use crate::check::{Session, Spelled, write};
use crate::ir::{Graph, NodeId};
use crate::prove;
use crate::relate::Given;
use crate::rewrite::cost::{Model, cost};
use crate::rewrite::{Ended, Limits, Rewritten, rewrite};
use crate::syntax::{Spelling, print_expr};

/// What a search found, and what it took.
#[derive(Clone, PartialEq, Debug)]
pub struct Search {
    /// The sizes, by name.
    pub sizes: Vec<(String, i64)>,
    /// The expression as it was written; its gradient is not looked at.
    pub before: Form,
    /// The cheapest form.
    pub after: Form,
    /// Whether a cheaper form was found and left, since its proof did not stand.
    pub unproved: bool,
    /// How long the search took, in seconds, with the proof and its check.
    pub seconds: f64,
    /// How many terms it went through.
    pub terms: usize,
    /// Why it ended.
    pub ended: Ended,
}

/// Searches for the cheapest form of a definition or an expression, as [`super::explain`] does.
///
/// # Errors
/// The mistakes in it.
pub fn search(
    session: &mut Session,
    text: &str,
    given: &Given,
    sizes: &[(String, i64)],
) -> Result<Search, Vec<Diagnostic>> {
    let posed = Posed::new(session, text, given, sizes)?;
    let (graph, root, _) = posed.over_inputs()?;
    // They are read once.
    prove::rules();
    let start = Instant::now();
    let found = rewritten(&graph, root)?;
    let seconds = start.elapsed().as_secs_f64();
    let sizes = posed.sizes();
    let spelled = Spelled { names: &[], sizes: &sizes };
    let form = |node| Form {
        text: print_expr(&write(&found.graph, node, &spelled), Spelling::Unicode),
        value: Model::builtin().total(&found.graph, &[node]),
        gradient: None,
    };
    let (before, after) = (form(found.before), form(found.after));
    Ok(Search { sizes, before, after, unproved: found.unproved, seconds, terms: found.terms, ended: found.ended })
}

/// The cheapest form of a node of a graph whose sizes are known.
pub(super) fn rewritten(graph: &Graph, root: NodeId) -> Result<Rewritten, Vec<Diagnostic>> {
    let seconds = |graph: &Graph, node: NodeId| cost(graph, node).seconds;
    let found = rewrite(graph, root, &[], prove::rules(), &Limits::default(), &seconds);
    found.map_err(|error| {
        vec![Diagnostic::new(Code::E0301, format!("the expression has no form that can be rewritten: {error}"))]
    })
}
