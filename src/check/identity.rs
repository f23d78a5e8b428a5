//! Theorems as identities: the rules that the rewriter takes from the language itself.

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
    /// The file that it stands in, without its ending.
    pub group: &'static str,
    /// The theorem, whose only claim is an equality.
    pub theorem: Theorem,
    /// The equality.
    pub identity: Identity,
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
    static TABLE: LazyLock<Vec<Rule>> = LazyLock::new(|| library::RULES.iter().flat_map(read).collect());
    &TABLE
}

fn read((group, text): &(&'static str, &'static str)) -> Vec<Rule> {
    let name = format!("library/rules/{group}.lw");
    let program = parse_program(FileId(0), text).value;
    let real = print_program(&real_version(&program), Spelling::Unicode);
    let mut rules = Vec::new();
    for (text, real) in [(*text, false), (real.as_str(), true)] {
        let theorems = match Session::new().load_text(&name, text) {
            Ok(theorems) => theorems,
            Err(mistakes) => panic!("{name}: {mistakes:#?}"),
        };
        for mut theorem in theorems {
            let complex = theorem.variables.iter().any(|variable| is_complex(&theorem, &variable.kind));
            // What was never complex has been read already.
            let same = rules.iter().any(|rule: &Rule| rule.theorem.name == theorem.name);
            if real && same {
                continue;
            }
            if complex {
                theorem.name.push_str(COMPLEX);
            }
            for identity in theorem.identities() {
                let identity = Identity { group: (*group).to_string(), ..identity };
                if !(real && identity.left == identity.right) {
                    rules.push(Rule { group, theorem: theorem.clone(), identity });
                }
            }
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
