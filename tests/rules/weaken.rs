//! Rules with one condition less: a set is replaced by the next larger one, an interval by a longer one, real numbers by
//! complex ones, a hypothesis is dropped.

use loewner::base::FileId;
use loewner::syntax::ast::{Domain, DomainKind, Item, Program, Statement, Theorem};
use loewner::syntax::{Spelling, parse_program, print_domain, print_program};

/// A rule with one condition less.
pub struct Weakened {
    /// What was changed.
    pub change: String,
    /// The rule alone, as a text.
    pub text: String,
}

fn theorems(text: &str) -> Vec<Theorem> {
    let items = parse_program(FileId(0), text).value.items;
    let theorems = items.into_iter().filter_map(|item| match item {
        Item::Theorem(theorem) => Some(theorem),
        Item::Import(_) | Item::Def(_) => None,
    });
    theorems.collect()
}

/// The ranges of all sizes and scalars that have one.
pub fn ranges(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for mut theorem in theorems(text) {
        for domain in domains(&mut theorem) {
            match domain.kind {
                DomainKind::Named { .. } => {}
                DomainKind::Range { .. } | DomainKind::Interval { .. } | DomainKind::Finite(_) => {
                    found.push(print_domain(domain, Spelling::Ascii));
                }
            }
        }
    }
    found
}

fn domains(theorem: &mut Theorem) -> Vec<&mut Domain> {
    let groups = theorem.statements.iter_mut().flat_map(|statement| match statement {
        Statement::Forall(groups) => groups.iter_mut().collect::<Vec<_>>(),
        Statement::Let(_)
        | Statement::Assume(_)
        | Statement::Claim(_)
        | Statement::Expect(..)
        | Statement::Proof(_) => Vec::new(),
    });
    groups.map(|group| &mut group.domain).collect()
}

/// Every rule of a text with each of its conditions taken away in turn.
pub fn weakened(text: &str) -> Vec<Weakened> {
    let mut all = Vec::new();
    for theorem in theorems(text) {
        let mut push = |change: String, theorem: Theorem| {
            let program = Program { items: vec![Item::Theorem(theorem)] };
            all.push(Weakened { change, text: print_program(&program, Spelling::Unicode) });
        };
        for at in 0..domains(&mut theorem.clone()).len() {
            let mut weaker = theorem.clone();
            let domain = &mut domains(&mut weaker)[at];
            let before = print_domain(domain, Spelling::Ascii);
            if larger(&mut domain.kind) {
                let after = print_domain(domain, Spelling::Ascii);
                push(format!("{before} could be {after}"), weaker);
            }
        }
        for at in 0..theorem.statements.len() {
            if let Statement::Assume(_) = theorem.statements[at] {
                let mut weaker = theorem.clone();
                weaker.statements.remove(at);
                push("a hypothesis could be dropped".to_string(), weaker);
            }
        }
        let mut complex = theorem.clone();
        let changed: Vec<bool> = domains(&mut complex).into_iter().map(|domain| made_complex(domain)).collect();
        if changed.contains(&true) {
            push("it could be complex".to_string(), complex);
        }
    }
    all
}

/// Makes a set larger by one condition, where it has any.
fn larger(kind: &mut DomainKind) -> bool {
    let interval = match kind {
        DomainKind::Named { name, sizes, .. } => {
            let (set, square) = match name.name.as_str() {
                "Pd" | "Corr" | "Density" => ("Psd", false),
                "Psd" => ("Sym", false),
                "Sym" | "Orthogonal" | "Unitary" => ("Mat", true),
                "Stiefel" | "UnitCols" | "UnitRows" => ("Mat", false),
                "Simplex" => ("Vec", false),
                _ => return false,
            };
            if name.name == "Unitary" {
                *kind = unitary_as_matrix(sizes.clone(), name.clone());
                return true;
            }
            name.name = set.to_string();
            if square {
                sizes.push(sizes[0].clone());
            }
            return true;
        }
        DomainKind::Interval { lo_closed, .. } => lo_closed,
        DomainKind::Range { .. } | DomainKind::Finite(_) => return false,
    };
    if *interval {
        *kind = named("Real");
    } else {
        *interval = true;
    }
    true
}

/// A set from its text.
fn named(text: &str) -> DomainKind {
    let source = format!("theorem \"t\" {{ forall n in 1..2 forall x: {text} claim 0 == 0 }}");
    let mut theorem = theorems(&source).remove(0);
    let domain = domains(&mut theorem).remove(1);
    domain.kind.clone()
}

/// `Mat[n, n, complex]` for `Unitary[n]`.
fn unitary_as_matrix(sizes: Vec<loewner::syntax::ast::Expr>, mut name: loewner::syntax::ast::Ident) -> DomainKind {
    name.name = "Mat".to_string();
    let complex = Some(name.span);
    DomainKind::Named { name, sizes: vec![sizes[0].clone(), sizes[0].clone()], complex }
}

/// Makes a set complex, where it is real and has a complex version.
fn made_complex(domain: &mut Domain) -> bool {
    let DomainKind::Named { name, complex, .. } = &mut domain.kind else { return false };
    match name.name.as_str() {
        "Real" => name.name = "Complex".to_string(),
        "Vec" | "Mat" | "Sym" | "Psd" | "Pd" | "Corr" | "Density" | "UnitCols" | "UnitRows" | "Stiefel"
            if complex.is_none() =>
        {
            *complex = Some(name.span);
        }
        _ => return false,
    }
    true
}
