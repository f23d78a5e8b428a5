//! Theorems as identities: the rules that the rewriter takes from the language itself.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::session::Session;
use super::theorem::{Part, Theorem, VariableKind};
use crate::base::FileId;
use crate::ir::{Identity, NodeId, Op, SizeVar};
use crate::library;
use crate::syntax::ast::{DomainKind, Item, Program, Relation, Statement};
use crate::syntax::{Spelling, parse_program, print_program};

/// The label of a claim that may be used from right to left too.
const BOTH_WAYS: &str = "both";

/// A rule of the table: a theorem of `library/rules/`, and what the rewriter makes of it.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The theorem, whose only claim is an equality.
    pub theorem: Theorem,
    /// The equality. Its group is the file that it stands in, without the ending.
    pub identity: Identity,
    /// Whether it is the real case of a complex rule that is written with the same operations: a complex variable stands
    /// for real values too, so that the rewriter needs the latter only.
    pub covered: bool,
    /// Whether it says nothing of real matrices that another rule, or the graph by itself, does not say: a complex rule with
    /// a real case of its own.
    pub only_complex: bool,
}

impl Theorem {
    /// The equalities that the theorem claims, each for use as a rule: in both directions where its label is `both`. Sides
    /// of different fields are made complex.
    pub fn identities(&self) -> Vec<Identity> {
        let mut found = Vec::new();
        for claim in &self.claims {
            for part in &claim.parts {
                let Part::Margin { sides: Some(sides), .. } = part else { continue };
                if sides.relation != Relation::Eq {
                    continue;
                }
                let mut graph = self.graph.clone();
                let complex = graph.is_complex(sides.left) || graph.is_complex(sides.right);
                let mut side = |node: NodeId| match complex && !graph.is_complex(node) {
                    true => graph.make(Op::Complexify, vec![node]),
                    false => Ok(node),
                };
                // Every real value has a complex version, so that neither side is without one.
                let (Ok(left), Ok(right)) = (side(sides.left), side(sides.right)) else { continue };
                let name = match self.claims.len() {
                    1 => self.name.clone(),
                    _ => format!("{}, {}", self.name, claim.label),
                };
                found.push(Identity {
                    name,
                    source: self.doc.join(" "),
                    group: String::new(),
                    graph,
                    variables: self.members(),
                    sizes: self.sizes(),
                    conditions: self.assumptions.iter().map(|assumption| assumption.condition).collect(),
                    left,
                    right,
                    both_ways: claim.label == BOTH_WAYS,
                });
            }
        }
        found
    }

    /// What stands in the graph for the quantified names that are no sizes.
    fn members(&self) -> Vec<NodeId> {
        let members = self.variables.iter().filter_map(|variable| match &variable.kind {
            VariableKind::Scalar { value, .. } | VariableKind::Member { value, .. } => Some(*value),
            VariableKind::Size(_) => None,
        });
        members.collect()
    }

    fn sizes(&self) -> Vec<SizeVar> {
        let sizes = self.variables.iter().filter_map(|variable| match &variable.kind {
            VariableKind::Size(size) => Some(size.clone()),
            VariableKind::Scalar { .. } | VariableKind::Member { .. } => None,
        });
        sizes.collect()
    }
}

/// The table of rules, read once. A theorem about complex matrices gives two rules: the one that it states, and the same
/// of real matrices, which are complex ones. Where the graph knows the latter by itself there is only the first.
///
/// # Panics
/// When a file of the table is wrong, which a test of the crate rules out.
pub fn rules() -> &'static [Rule] {
    static TABLE: LazyLock<Vec<Rule>> =
        LazyLock::new(|| library::RULES.iter().flat_map(|(group, text)| read_rules(group, text)).collect());
    &TABLE
}

/// The rules of one file of the table.
///
/// # Panics
/// When the text is wrong.
pub fn read_rules(group: &str, text: &str) -> Vec<Rule> {
    let name = format!("library/rules/{group}.lw");
    let read = |text: &str| match Session::new().load_text(&name, text) {
        Ok(theorems) => theorems,
        Err(mistakes) => panic!("{name}: {mistakes:#?}"),
    };
    let rule = |theorem: &Theorem| {
        let identity = theorem.identities().into_iter().next()?;
        Some(Rule {
            theorem: theorem.clone(),
            identity: Identity { group: group.to_string(), ..identity },
            covered: false,
            only_complex: false,
        })
    };
    let real = print_program(&real_version(&parse_program(FileId(0), text).value), Spelling::Unicode);
    let mut rules = Vec::new();
    for (mut stated, real) in read(text).into_iter().zip(read(&real)) {
        if !stated.variables.iter().any(|variable| is_complex(&stated, &variable.kind)) {
            rules.extend(rule(&stated));
            continue;
        }
        stated.name.push_str(COMPLEX);
        let (Some(mut complex), Some(real)) = (rule(&stated), rule(&real)) else { continue };
        let (covered, known) =
            (same_form(&complex.identity, &real.identity), real.identity.left == real.identity.right);
        complex.only_complex = !covered;
        rules.push(complex);
        if !known {
            rules.push(Rule { covered, ..real });
        }
    }
    rules
}

/// What follows the name of a rule about complex matrices.
const COMPLEX: &str = ", complex";

fn is_complex(theorem: &Theorem, kind: &VariableKind) -> bool {
    match kind {
        VariableKind::Scalar { value, .. } | VariableKind::Member { value, .. } => theorem.graph.is_complex(*value),
        VariableKind::Size(_) => false,
    }
}

/// Whether two identities are one but for the fields of their variables.
fn same_form(a: &Identity, b: &Identity) -> bool {
    let sides = [(a.left, b.left), (a.right, b.right)];
    let conditions = a.conditions.iter().copied().zip(b.conditions.iter().copied());
    let mut stack: Vec<(NodeId, NodeId)> = sides.into_iter().chain(conditions).collect();
    let mut seen = HashSet::new();
    while let Some((x, y)) = stack.pop() {
        if !seen.insert((x, y)) {
            continue;
        }
        let place = |identity: &Identity, node| identity.variables.iter().position(|variable| *variable == node);
        match (place(a, x), place(b, y)) {
            (Some(first), Some(second)) if first == second => {}
            (None, None) if a.graph.op(x) == b.graph.op(y) => {
                if a.graph.args(x).len() != b.graph.args(y).len() {
                    return false;
                }
                stack.extend(a.graph.args(x).iter().copied().zip(b.graph.args(y).iter().copied()));
            }
            (Some(_) | None, _) => return false,
        }
    }
    true
}

/// A program with the real version of every set that a theorem quantifies over.
fn real_version(program: &Program) -> Program {
    let mut program = program.clone();
    for item in &mut program.items {
        let Item::Theorem(theorem) = item else { continue };
        for statement in &mut theorem.statements {
            let Statement::Forall(groups) = statement else { continue };
            for group in groups {
                if let DomainKind::Named { name, complex, .. } = &mut group.domain.kind {
                    *complex = None;
                    let real = match name.name.as_str() {
                        "Complex" => "Real",
                        "Unitary" => "Orthogonal",
                        other => other,
                    };
                    name.name = real.to_string();
                }
            }
        }
    }
    program
}
