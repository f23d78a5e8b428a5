//! Rules with one condition less: a set is replaced by the next larger one, positive numbers by others, real numbers by
//! complex ones, a hypothesis is dropped.

use loewner::base::FileId;
use loewner::syntax::ast::{Domain, DomainKind, Ident, Item, Program, Statement, Theorem};
use loewner::syntax::{Spelling, parse_program, print_domain, print_program};

/// A rule with one condition less.
pub struct Weakened {
    /// What was changed.
    pub change: String,
    /// The rule alone, as texts.
    pub texts: Vec<String>,
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

/// Every rule of a text with each of its conditions taken away in turn. A condition that several texts try is needed if
/// one of them shows it: that a number is positive is taken away at 0 and below it.
pub fn weakened(text: &str) -> Vec<Weakened> {
    let mut all = Vec::new();
    for theorem in theorems(text) {
        let mut push = |change: String, theorems: Vec<Theorem>| {
            let alone = |theorem| Program { items: vec![Item::Theorem(theorem)] };
            let texts = theorems.into_iter().map(|theorem| print_program(&alone(theorem), Spelling::Unicode)).collect();
            all.push(Weakened { change, texts });
        };
        for at in 0..domains(&mut theorem.clone()).len() {
            let mut weaker = Vec::new();
            let before = print_domain(domains(&mut theorem.clone())[at], Spelling::Ascii);
            for kind in larger(&domains(&mut theorem.clone())[at].kind) {
                let mut changed = theorem.clone();
                domains(&mut changed)[at].kind = kind;
                weaker.push(changed);
            }
            if !weaker.is_empty() {
                push(format!("{before} says more than is needed"), weaker);
            }
        }
        for at in 0..theorem.statements.len() {
            if let Statement::Assume(_) = theorem.statements[at] {
                let mut weaker = theorem.clone();
                weaker.statements.remove(at);
                push("a hypothesis could be dropped".to_string(), vec![weaker]);
            }
        }
        let mut complex = theorem.clone();
        let changed: Vec<bool> = domains(&mut complex).into_iter().map(made_complex).collect();
        if changed.contains(&true) {
            push("it could be complex".to_string(), vec![complex]);
        }
    }
    all
}

/// What else a name could range over with one condition less, if that is anything.
fn larger(kind: &DomainKind) -> Vec<DomainKind> {
    match kind {
        DomainKind::Named { name, sizes, complex } => {
            let (set, square) = match name.name.as_str() {
                "Pd" | "Corr" | "Density" => ("Psd", false),
                "Psd" => ("Sym", false),
                "Sym" | "Orthogonal" | "Unitary" => ("Mat", true),
                "Stiefel" | "UnitCols" | "UnitRows" => ("Mat", false),
                "Simplex" => ("Vec", false),
                _ => return Vec::new(),
            };
            let complex = if name.name == "Unitary" { Some(name.span) } else { *complex };
            let sizes = if square { vec![sizes[0].clone(), sizes[0].clone()] } else { sizes.clone() };
            let name = Ident { name: set.to_string(), span: name.span };
            vec![DomainKind::Named { name, sizes, complex }]
        }
        DomainKind::Interval { lo_closed: true, .. } => vec![set("in (-10, 0)")],
        DomainKind::Interval { lo_closed: false, .. } => vec![set("in {0}"), set("in (-10, 0)")],
        DomainKind::Range { .. } | DomainKind::Finite(_) => Vec::new(),
    }
}

/// A set from its text.
fn set(text: &str) -> DomainKind {
    let source = format!("theorem \"t\" {{ forall x {text} claim 0 == 0 }}");
    domains(&mut theorems(&source).remove(0)).remove(0).kind.clone()
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
