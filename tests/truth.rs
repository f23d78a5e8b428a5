//! Statements of tests/truth, whose truth is known from elsewhere: each has its source, and the verifier agrees with it.
//!
//! `cargo xtask truth` verifies them with a budget each and writes the table; here a fifth of the default attack must do.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use loewner::check::{Expected, Session, Theorem};
use loewner::verify::{Options, Silent, Verdict, verify};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/truth")
}

/// The statements of every file, in the order of the files' names.
fn statements() -> Vec<Theorem> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "lw"));
    files.sort();
    let read = |file: &PathBuf| Session::new().load_file(file).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    files.iter().flat_map(read).collect()
}

fn is_false(statement: &Theorem) -> bool {
    statement.claims[0].expected == Expected::Refuted
}

#[test]
fn every_statement_says_whether_it_is_true_and_by_whom() {
    let statements = statements();
    let mut wrong = Vec::new();
    for statement in &statements {
        let doc = statement.doc.join(" ");
        let mut need = |fits: bool, what: &str| {
            if !fits {
                wrong.push(format!("{}: {what}", statement.name));
            }
        };
        need(statement.claims.len() == 1, "one statement has one claim");
        need(statement.doc.iter().any(|line| line.trim().starts_with("Source: ")), "no source");
        need(doc.contains("TRUE") != doc.contains("FALSE"), "it must say TRUE or FALSE");
        need(doc.contains("FALSE") == is_false(statement), "the comment and the expectation differ");
        let counterexample = statement.doc.iter().any(|line| line.trim().starts_with("Counterexample: "));
        need(counterexample == is_false(statement), "a counterexample stands where, and only where, it is false");
    }
    let names: BTreeSet<&str> = statements.iter().map(|statement| statement.name.as_str()).collect();
    assert_eq!(names.len(), statements.len(), "two statements of one name");
    let count = statements.iter().filter(|statement| is_false(statement)).count();
    assert!(count >= 30 && statements.len() - count >= 30, "{count} false of {}", statements.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `cargo xtask reference` runs the script; here it is only known to have heard of every false statement.
#[test]
fn every_counterexample_is_recomputed() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/truth_counterexamples.py");
    let script = std::fs::read_to_string(script).unwrap();
    let entry = |name: &str| script.contains(&format!("\n    \"{name}\": "));
    for statement in statements().iter().filter(|statement| is_false(statement)) {
        assert!(entry(&statement.name), "{} has no entry", statement.name);
    }
}

#[test]
fn the_examples_of_the_definitions_hold() {
    let file = folder().join("definitions.lw");
    let text = std::fs::read_to_string(&file).unwrap();
    let examples: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## >>> ")).collect();
    assert_eq!(examples.len(), text.lines().filter(|line| line.starts_with("def ")).count());
    for example in examples {
        let (condition, _) = example.split_once('#').unwrap();
        let (left, right) = condition.split_once("==").unwrap();
        let mut loewner = loewner::Loewner::new();
        loewner.load(&file).unwrap();
        let close = loewner.evaluate(format!("norm(({left}) - ({right}), inf) <= 1e-14"));
        let close = close.or_else(|_| loewner.evaluate(format!("abs(({left}) - ({right})) <= 1e-14")));
        assert_eq!(close.unwrap().truth(), Some(true), "{example}");
    }
}

#[test]
fn the_verifier_agrees_with_what_is_known() {
    let statements = statements();
    let report = verify(&statements, &Options { threads: 2, attack: 0.2, ..Options::default() }, &Silent).unwrap();
    let mut wrong = Vec::new();
    for (statement, claim) in statements.iter().zip(&report.claims) {
        match (&claim.verdict, is_false(statement)) {
            (Verdict::Refuted(_), false) => wrong.push(format!("{}: true, and refuted", claim.theorem)),
            (Verdict::Refuted(witness), true) if !witness.certified => {
                wrong.push(format!("{}: refuted without a certificate", claim.theorem));
            }
            (Verdict::Refuted(_), true) => {}
            (verdict, true) => wrong.push(format!("{}: false, and {}", claim.theorem, verdict.name())),
            // A true statement may stay undecided, and is never to be called empty.
            (Verdict::Vacuous { .. }, false) => wrong.push(format!("{}: true, and vacuous", claim.theorem)),
            (Verdict::Proved { .. } | Verdict::Holds | Verdict::Inconclusive { .. }, false) => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {} statements:\n{}", wrong.len(), statements.len(), wrong.join("\n"));
}
