//! Which room imports which.

use super::tokens::{Token, tokens};

/// What each room may import: the table of the design. A room may always import itself.
pub const FLOORS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("syntax", &["base"]),
    ("ir", &["base"]),
    ("library", &["base", "syntax"]),
    ("check", &["base", "syntax", "ir", "library"]),
    ("eval", &["base", "ir"]),
    ("certify", &["base", "ir"]),
    ("grad", &["base", "ir"]),
    ("rewrite", &["base", "ir"]),
    ("torch", &["base", "ir", "grad", "rewrite"]),
    ("prove", &["base", "ir", "check", "rewrite"]),
    ("verify", &["base", "syntax", "ir", "library", "check", "eval", "certify", "grad", "rewrite", "prove"]),
    (
        "train",
        &["base", "syntax", "ir", "library", "check", "eval", "grad", "rewrite", "torch", "prove", "verify", "api"],
    ),
    ("relate", &["base", "syntax", "ir", "library", "check", "eval", "grad", "rewrite", "verify"]),
    ("explain", &["base", "syntax", "ir", "check", "eval", "grad", "rewrite", "prove", "relate"]),
    ("lint", &["base", "syntax", "ir", "library", "check", "eval", "grad", "rewrite"]),
    // The front door for programs in Rust: lib.rs shows it, and the command line may stand on it.
    ("api", &["base", "syntax", "ir", "library", "check", "eval", "grad", "torch", "prove", "verify"]),
    ("report", &["base", "syntax", "ir", "check", "rewrite", "verify", "relate", "explain", "lint", "train"]),
    (
        "cli",
        &[
            "base", "syntax", "ir", "library", "check", "eval", "certify", "grad", "rewrite", "torch", "prove",
            "verify", "train", "relate", "explain", "lint", "api", "report",
        ],
    ),
];

/// The complaints about one file of src/, by its path from the top of the repository.
pub fn breaches(path: &str, source: &str) -> Vec<String> {
    let module = module(path);
    let Some(room) = module.first() else {
        // lib.rs and main.rs only say what there is.
        return Vec::new();
    };
    let Some((_, allowed)) = FLOORS.iter().find(|(name, _)| name == room) else {
        return vec![format!("{path}: the room `{room}` is not in the table of floors (tests/floors/imports.rs)")];
    };
    let complaint = |import: Import| match import.room {
        Some(other) if other == *room || allowed.contains(&other.as_str()) => None,
        Some(other) if FLOORS.iter().any(|(name, _)| *name == other) => {
            Some(format!("{path}:{}: `{room}` imports `{other}`, which is not below it", import.line))
        }
        Some(other) => Some(format!("{path}:{}: `crate::{other}` names no room", import.line)),
        None => Some(format!("{path}:{}: a glob of the whole crate names no room", import.line)),
    };
    imports(&module, source).into_iter().filter_map(complaint).collect()
}

/// Rooms of a table that can be reached from themselves.
pub fn cycles(floors: &[(&str, &[&str])]) -> Vec<String> {
    let mut reached: Vec<&str> = Vec::new();
    // Rooms all of whose imports are settled are settled; what is left over when nothing more settles goes round.
    loop {
        let settled = floors
            .iter()
            .find(|(name, below)| !reached.contains(name) && below.iter().all(|other| reached.contains(other)));
        match settled {
            Some((name, _)) => reached.push(name),
            None => break,
        }
    }
    let left = floors.iter().filter(|(name, _)| !reached.contains(name));
    left.map(|(name, _)| format!("`{name}` imports itself, by way of others, or what is not in the table")).collect()
}

/// Where the table of the map of the sources differs from [`FLOORS`].
pub fn differences(map: &str, floors: &[(&str, &[&str])]) -> Vec<String> {
    let rows = map.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| `")?.strip_suffix('|')?.split(" | ").collect();
        let [room, _, imports] = cells[..] else { return None };
        let room = room.trim_end_matches('`').trim_end_matches('/').trim_end_matches(".rs");
        Some((room, imports.split(',').map(str::trim).filter(|name| !name.is_empty()).collect::<Vec<_>>()))
    });
    let rows: Vec<(&str, Vec<&str>)> = rows.collect();
    let mut found: Vec<String> = Vec::new();
    for (room, allowed) in floors {
        let all = floors.iter().map(|(name, _)| *name).filter(|name| name != room);
        match rows.iter().find(|(name, _)| name == room) {
            None => found.push(format!("`{room}` is not in the table")),
            Some((_, listed)) if listed[..] == ["everything"] && all.clone().all(|name| allowed.contains(&name)) => {}
            Some((_, listed)) if listed == allowed => {}
            Some(_) => found.push(format!("`{room}` may import {}", allowed.join(", "))),
        }
    }
    let strangers = rows.iter().filter(|(room, _)| !floors.iter().any(|(name, _)| name == room));
    found.extend(strangers.map(|(room, _)| format!("`{room}` is no room")));
    found
}

/// The path of the module that a file holds: src/ir/graph.rs is ir::graph.
fn module(path: &str) -> Vec<String> {
    let inner = path.strip_prefix("src/").unwrap_or(path).trim_end_matches(".rs");
    inner.split('/').filter(|part| !["lib", "main", "mod"].contains(part)).map(String::from).collect()
}

/// A path from the crate's root: the first name in it, or none for `crate::*`.
#[derive(PartialEq, Eq, Debug)]
struct Import {
    room: Option<String>,
    line: usize,
}

/// Every path of a file that starts at the crate's root, whether it says `crate::` or climbs there by `super::`.
fn imports(module: &[String], source: &str) -> Vec<Import> {
    let tokens = tokens(source);
    let text = |i: usize| tokens.get(i).map_or("", |token| token.text.as_str());
    let mut found = Vec::new();
    // The inline modules around a place, by the depth of braces inside of which each lies.
    let mut inline: Vec<usize> = Vec::new();
    let mut depth = 0;
    let mut i = 0;
    while i < tokens.len() {
        match text(i) {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                inline.retain(|inside| *inside <= depth);
            }
            "mod" if text(i + 2) == "{" => inline.push(depth + 1),
            "crate" | "loewner" if text(i + 1) == "::" => names(&tokens, i + 2, &mut found),
            "super" if text(i + 1) == "::" => {
                let mut climbed = 1;
                while text(i + 2) == "super" && text(i + 3) == "::" {
                    (climbed, i) = (climbed + 1, i + 2);
                }
                // A file's own module is its path; each inline module is one deeper.
                if climbed == module.len() + inline.len() {
                    names(&tokens, i + 2, &mut found);
                } else if climbed + 1 == module.len() + inline.len() && text(i + 2) == "{" {
                    // `super::{super::ir, …}` climbs the last step inside the braces.
                    group(&tokens, i + 2, &mut |j| {
                        if text(j) == "super" && text(j + 1) == "::" {
                            names(&tokens, j + 2, &mut found);
                        }
                    });
                }
            }
            _ => {}
        }
        i += 1;
    }
    found
}

/// The first names of the path or of the group of paths that starts at a token.
fn names(tokens: &[Token], start: usize, found: &mut Vec<Import>) {
    let Some(first) = tokens.get(start) else { return };
    match first.text.as_str() {
        "{" => group(tokens, start, &mut |i| names(tokens, i, found)),
        "*" => found.push(Import { room: None, line: first.line }),
        // `crate::{self}` names the crate itself and nothing in it.
        "self" => {}
        name => found.push(Import { room: Some(name.into()), line: first.line }),
    }
}

/// Calls back with the first token of every branch of a group `{a, b::{c, d}}`.
fn group(tokens: &[Token], open: usize, branch: &mut dyn FnMut(usize)) {
    let mut depth = 0;
    for i in open..tokens.len() {
        match tokens[i].text.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        let starts = matches!(tokens[i].text.as_str(), "{" | ",") && depth == 1;
        if starts && tokens.get(i + 1).is_some_and(|next| next.text != "}") {
            branch(i + 1);
        }
        if depth == 0 {
            return;
        }
    }
}

#[test]
fn another_table_is_found() {
    let floors: &[(&str, &[&str])] = &[("base", &[]), ("ir", &["base"]), ("cli", &["base", "ir"])];
    let table = "| room | what | imports |\n| --- | --- | --- |\n| `base/` | spans | |\n| `ir/` | the graph | base |\n";
    let last = "| `cli.rs` | prints | everything |\n";
    assert_eq!(differences(&format!("{table}{last}"), floors), Vec::<String>::new());
    assert_eq!(differences(table, floors), ["`cli` is not in the table"]);
    assert_eq!(differences(&format!("{table}{last}| `api/` | a door | |\n"), floors), ["`api` is no room"]);
    assert_eq!(differences(&format!("{}{last}", table.replace("| base |", "| |")), floors), ["`ir` may import base"]);
    assert_eq!(differences(&format!("{table}| `cli/` | prints | base |\n"), floors), ["`cli` may import base, ir"]);
}

#[test]
fn made_up_breaches_are_found() {
    let cases = [
        ("src/ir/graph.rs", "use crate::eval::Plan;", "src/ir/graph.rs:1: `ir` imports `eval`, which is not below it"),
        (
            "src/base/span.rs",
            "use crate::{\n    ir::Dim};",
            "src/base/span.rs:2: `base` imports `ir`, which is not below it",
        ),
        (
            "src/eval/mod.rs",
            "fn f() { crate::grad::go() }",
            "src/eval/mod.rs:1: `eval` imports `grad`, which is not below it",
        ),
        (
            "src/eval/plan.rs",
            "use super::super::check::X;",
            "src/eval/plan.rs:1: `eval` imports `check`, which is not below it",
        ),
        ("src/eval/mod.rs", "use super::check::X;", "src/eval/mod.rs:1: `eval` imports `check`, which is not below it"),
        ("src/eval/a/b.rs", "use super::{super::{super::verify}};", ""),
        (
            "src/eval/a.rs",
            "use super::{c, super::verify};",
            "src/eval/a.rs:1: `eval` imports `verify`, which is not below it",
        ),
        (
            "src/ir/a.rs",
            "mod t { use super::super::super::cli; }",
            "src/ir/a.rs:1: `ir` imports `cli`, which is not below it",
        ),
        (
            "src/ir/a.rs",
            "macro_rules! m { () => { $crate::cli::go() } }",
            "src/ir/a.rs:1: `ir` imports `cli`, which is not below it",
        ),
        ("src/ir/a.rs", "use loewner::report::Table;", "src/ir/a.rs:1: `ir` imports `report`, which is not below it"),
        ("src/ir/a.rs", "use crate::*;", "src/ir/a.rs:1: a glob of the whole crate names no room"),
        ("src/ir/a.rs", "use crate::Span;", "src/ir/a.rs:1: `crate::Span` names no room"),
        (
            "src/attic/mod.rs",
            "",
            "src/attic/mod.rs: the room `attic` is not in the table of floors (tests/floors/imports.rs)",
        ),
    ];
    for (path, source, complaint) in cases.into_iter().filter(|case| !case.2.is_empty()) {
        assert_eq!(breaches(path, source), [complaint], "{path}: {source}");
    }
}

#[test]
fn what_is_allowed_passes() {
    let cases = [
        ("src/lib.rs", "pub use crate::cli::run;"),
        ("src/ir/graph.rs", "use crate::base::Span; use crate::ir::{Dim, fold::{a, b}}; use super::super::base::X;"),
        ("src/ir/graph.rs", "use super::dim::Dim; mod tests { use super::*; use super::super::op::Op; }"),
        ("src/ir/graph.rs", "// crate::cli\nlet x = \"crate::cli\"; #[cfg(test)] mod t { use super::super::graph; }"),
        ("src/check/a/b.rs", "use super::super::super::{ir::Graph, syntax::{ast, printer}, check};"),
        ("src/verify/mod.rs", "use crate::{base::Span, check::{self, Theorem}, eval, ir::*};"),
    ];
    for (path, source) in cases {
        assert_eq!(breaches(path, source), Vec::<String>::new(), "{path}: {source}");
    }
}

#[test]
fn a_cycle_in_a_table_is_found() {
    assert!(cycles(&[("a", &[]), ("b", &["a"])]).is_empty());
    assert_eq!(cycles(&[("a", &["b"]), ("b", &["a"]), ("c", &[])]).len(), 2);
    assert_eq!(cycles(&[("a", &["nowhere"])]).len(), 1);
}
