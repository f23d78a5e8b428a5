//! `loewner relate` and `loewner explain` from outside.

use std::process::{Command, Output, Stdio};

fn run(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_loewner"));
    command.current_dir(folder.path()).env("HOME", folder.path()).stdin(Stdio::null());
    command.args(arguments).output().unwrap()
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// The run must end with this status, and its output hold these parts in this order.
#[track_caller]
fn says(output: &Output, status: i32, parts: &[&str]) {
    assert_eq!(output.status.code(), Some(status), "{}{}", out(output), err(output));
    let mut rest = out(output);
    for part in parts {
        let at = rest.find(part).unwrap_or_else(|| panic!("'{part}' is not in order in\n{}", out(output)));
        rest = &rest[at + part.len()..];
    }
}

#[track_caller]
fn refused(output: &Output, code: &str, part: &str) {
    assert_eq!(output.status.code(), Some(2), "{}", err(output));
    assert_eq!(out(output), "");
    assert!(err(output).contains(&format!("error[{code}]")) && err(output).contains(part), "{}", err(output));
}

#[test]
fn losses_that_are_lines_in_each_other_end_with_0() {
    // On columns of norm 1, |z1 - z2|^2 = 2 - 2 z1.z2.
    let unit = ["--forall", "Z1, Z2: UnitCols[d, B]"];
    let output = run(&[&["relate", "alignment", "mean(cosines(Z1, Z2))"], &unit[..]].concat());
    says(&output, 0, &["first   alignment(Z1, Z2)\n", "second = (-1 / 2) * first + 1\n"]);
    let output = run(&["relate", "barlow_twins_official", "barlow_twins_solo_learn", "--json"]);
    says(&output, 0, &[r#""relation":"affine","slope":"scale","offset":"0""#]);
}

#[test]
fn losses_that_are_different_end_with_1_and_show_where() {
    let output = run(&["relate", "H", "log(frobenius2(K))", "--set", "alpha=3"]);
    says(&output, 1, &["different", "three inputs at n = ", "they differ at\n", "certified margin"]);
}

#[test]
fn what_cannot_be_related_is_told() {
    refused(&run(&["relate", "entropyy", "entropy"]), "E0202", "did you mean `entropy`?");
    refused(&run(&["relate", "gram", "cov"]), "E0501", "");
    refused(&run(&["relate", "alignment", "mean(cosines(Z1, W))"]), "E0201", "`W`");
    refused(&run(&["relate", "f_divergence", "shannon"]), "E0807", "takes a function");
    refused(&run(&["relate", "H", "entropy", "--set", "alpha"]), "E0807", "--set NAME=EXPR");
}

#[test]
fn an_explanation_shows_both_forms_and_that_they_agree() {
    let output = run(&["explain", "coding_rate", "--size", "d=40,B=5"]);
    says(&output, 0, &["coding_rate at d = 40, B = 5, mu = 1\n", "before\n", "logdet(", "value, before", "agree"]);
    let output = run(&["explain", "coding_rate", "--size", "d=40", "--size", "B=5", "--let", "mu=2", "--json"]);
    says(&output, 0, &[r#""sizes":[["d",40],["B",5]]"#, r#""value_ratio":"#]);
}

#[test]
fn what_cannot_be_explained_is_told() {
    refused(&run(&["explain", "coding_rate", "--size", "n=3"]), "E0807", "its sizes: d, B");
    refused(&run(&["explain", "coding_rate", "--size", "d=0"]), "E0807", "--size NAME=NUMBER");
    refused(&run(&["explain", "trace(W)"]), "E0201", "`W`");
}
