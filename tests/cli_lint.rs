//! `loewner lint` from outside.

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loewner"));
    command.current_dir(folder).stdin(Stdio::null()).args(arguments).output().unwrap()
}

fn run(arguments: &[&str]) -> Output {
    run_in(tempfile::tempdir().unwrap().path(), arguments)
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn findings_say_what_they_rest_on() {
    let output = run(&["lint", "info_nce", "--set", "tau=1/2", "--size", "d=6,B=4", "--draws", "5"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let found = text(&output.stdout);
    assert!(
        found.starts_with("info_nce\n  5 draws at d = 6, B = 4, samples of norm 1; tau = 1/2 (given)\n"),
        "{found}"
    );
    assert!(found.contains("permuted samples      unchanged\n"), "{found}");
    assert!(found.contains("of one argument alone: changed by up to"), "{found}");
    assert!(!found.contains('\x1b'));
}

#[test]
fn a_definition_that_is_none_may_be_in_a_file() {
    let output = run(&["lint", "my_loss"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("FILE.lw:my_loss"), "{}", text(&output.stderr));
}

#[test]
fn json_is_one_object() {
    let output = run(&["lint", "coding_rate", "--json", "--set", "mu=2"]);
    let value: serde_json::Value = serde_json::from_str(text(&output.stdout)).unwrap();
    let collapse = &value["collapse"]["states"][0];
    assert_eq!((&collapse["constants"], &collapse["is"]), (&"one".into(), &"minimum".into()));
    assert_eq!(value["permutation"]["jointly"]["invariant"], true);
    assert_eq!(value["scalars"][0], serde_json::json!({"name": "mu", "value": "2", "chosen": "given"}));
    // (d − 1) log 2 + log(2 + 8) with d = 12.
    let expected = 11.0 * 2f64.ln() + 10f64.ln();
    assert!((collapse["value"].as_f64().unwrap() - expected).abs() < 1e-12);
}

#[test]
fn a_loss_of_ones_own_is_named_after_its_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.lw"), "def own(Z: Mat[d, B]) -> Real = log(sum(abs2(Z)))\n").unwrap();
    let output = run_in(folder.path(), &["lint", "mine.lw:own"]);
    assert!(
        text(&output.stdout).contains("a constant plus 2 log c for c from 0.001 to 1000"),
        "{}",
        text(&output.stdout)
    );
    let refused = |arguments: &[&str], parts: &[&str]| {
        let output = run_in(folder.path(), arguments);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""));
        for part in parts {
            assert!(text(&output.stderr).contains(part), "{part}: {}", text(&output.stderr));
        }
    };
    refused(&["lint", "mine.lw"], &["error[E0807]", "write mine.lw:NAME"]);
    refused(&["lint", "mine.lw:won"], &["error[E0202]", "did you mean `own`?"]);
    refused(&["lint", "nine.lw:own"], &["error[E0801]"]);
    refused(&["lint", "f_divergence"], &["error[E0705]", "`f` has no domain"]);
    std::fs::write(folder.path().join("fixed.lw"), "def own(Z: Mat[3, 5]) -> Real = sum(abs2(Z))\n").unwrap();
    refused(&["lint", "fixed.lw:own"], &["error[E0705]", "this has 5 columns", "Mat[d, B]"]);
    refused(&["lint", "gram"], &["error[E0501]", "not a real number"]);
    refused(&["lint", "mcr2", "--size", "q=3"], &["error[E0807]", "`mcr2` has no size `q`", "the sizes: d, B, k"]);
    refused(&["lint", "coding_rate", "--size", "d=100000,B=100000"], &["error[E0305]", "too large"]);
    refused(&["lint", "mcr2", "--size", "B=zero"], &["error[E0807]", "a name and an integer from 1"]);
    refused(&["lint", "mcr2", "--set", "eps2"], &["error[E0807]", "write --set NAME=EXPR"]);
    refused(&["lint"], &["LOSS"]);
}
