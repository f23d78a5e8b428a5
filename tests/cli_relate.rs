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

/// A program reads what a person does: the three inputs that lie on no line, and the one where the losses differ.
#[test]
fn different_losses_have_their_values_in_json() {
    let output = run(&["relate", "H", "log(frobenius2(K))", "--set", "alpha=3", "--size", "n=2", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    let json: serde_json::Value = serde_json::from_str(out(&output)).unwrap();
    assert_eq!((&json["schema"], &json["relation"]), (&2.into(), &"different".into()));
    assert_eq!(json["apart"]["at"]["n"], 2.0);
    let list = |name: &str| -> Vec<f64> {
        json["apart"][name].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    };
    let (a, b) = (list("first"), list("second"));
    let area = (a[1] - a[0]) * (b[2] - b[0]) - (a[2] - a[0]) * (b[1] - b[0]);
    assert!(area.abs() > 1e-9, "{a:?} {b:?}");
    // H_3(K) = -log(tr (K/n)^3)/2 against log of the squared norm, from the witness's own entries: 2 x 2, of trace t and
    // squared norm f, tr K^3 = (3 t f - t^3)/2.
    let witness = &json["witness"];
    assert_eq!(witness["sizes"]["n"], 2);
    let entry = |i: usize, j: usize| witness["values"]["K"][i][j].as_f64().unwrap();
    let (t, f) = (entry(0, 0) + entry(1, 1), entry(0, 0).powi(2) + entry(1, 1).powi(2) + 2.0 * entry(0, 1).powi(2));
    let cubes = (3.0 * t * f - t.powi(3)) / 2.0;
    let entropy = -(cubes / 8.0).ln() / 2.0;
    let margin: f64 = witness["margin"][0].as_str().unwrap().parse().unwrap();
    assert!((margin + (entropy - f.ln()).abs()).abs() < 1e-9 && margin < -1e-3, "{witness}");
}

/// What was only measured has a status of its own, and says so.
#[test]
fn what_is_measured_and_not_checked_ends_with_3() {
    let output = run(&["relate", "trace(K)", "exp(sin(a)) * trace(K)", "--forall", "K: Psd[n], a in (0, 1)"]);
    says(&output, 3, &["measured, and not checked", "slope = 1."]);
}

#[test]
fn what_cannot_be_related_is_told() {
    refused(&run(&["relate", "coding_rate", "rate_distortion", "--size", "b=3"]), "E0807", "did you mean `B`?");
    refused(&run(&["relate", "coding_rate", "rate_distortion", "--size", "q=3"]), "E0807", "the sizes: d, B");
    refused(&run(&["relate", "coding_rate", "rate_distortion", "--size", "d=100000,B=100000"]), "E0305", "too large");

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

/// Of Y'Y with one Y rewritten it is not known that it is Hermitian: an explanation passes such terms, and stands.
#[test]
fn an_explanation_passes_terms_that_cannot_be_made() {
    let written = "entropy(gram(normalize_cols(Z)), 1)";
    let output = run(&["explain", written, "--forall", "Z: Mat[d, B]", "--size", "d=4,B=9"]);
    says(&output, 0, &["squared norm of unit rows", "value, after", "agree"]);
}

/// Parameters and sizes are what they may be: 1 and 64 where these are among it, and else something that is.
#[test]
fn an_explanation_keeps_to_the_ranges() {
    let matrix = ["--forall", "Z: UnitCols[d, B]", "--size", "d=4,B=3"];
    let output = run(&[&["explain", "a*trace(gram(Z))", "--forall", "a in (0, 1/2)"], &matrix[..]].concat());
    says(&output, 0, &["d = 4, B = 3, a = 0.25\n"]);
    let output = run(&[&["explain", "entropy(gram(Z), a)", "--forall", "a in {2, 3}"], &matrix[..]].concat());
    says(&output, 0, &["a = 3"]);
    let output = run(&[&["explain", "a*trace(gram(Z))", "--forall", "a in (-3, -2)"], &matrix[..]].concat());
    says(&output, 0, &["a = -2.5\n"]);
    let output = run(&["explain", "trace(K)*trace(K)", "--forall", "n in 2..5", "--forall", "K: Corr[n]"]);
    says(&output, 0, &["at n = 5\n"]);
    // The logarithm has no value at 1; another number is drawn.
    let output = run(&[
        "explain",
        "log(x - 3) * trace(K)",
        "--forall",
        "x in (0, 4)",
        "--forall",
        "K: Corr[n]",
        "--size",
        "n=3",
    ]);
    says(&output, 0, &["n = 3, x = 3."]);
}

#[test]
fn inputs_are_drawn_until_there_is_a_value() {
    says(&run(&["explain", "mcr2", "--size", "d=6,B=8,k=2"]), 0, &["mcr2 at d = 6, B = 8, k = 2", "\n  value  "]);
}

#[test]
fn what_is_not_rewritten_is_left_as_it_is() {
    let output = run(&["explain", "logdet(eye(n) + K)", "--forall", "K: Psd[n]", "--size", "n=5"]);
    says(&output, 0, &["left as it is", "\n  value  ", "\n  with gradient  "]);
    assert!(!out(&output).contains("times as fast") && !out(&output).contains("agree"), "{}", out(&output));
}

#[test]
fn what_cannot_be_explained_is_told() {
    refused(&run(&["explain", "coding_rate", "--size", "d=100000,B=100000"]), "E0305", "too large");
    refused(
        &run(&["explain", "log(-1 - x) * x", "--forall", "x in (0, 1)"]),
        "E0701",
        "none of 100 random inputs has a value",
    );
    refused(
        &run(&["explain", "trace(K)", "--forall", "n in 2..5", "--forall", "K: Corr[n]", "--size", "n=7"]),
        "E0807",
        "cannot be 7",
    );

    refused(&run(&["explain", "coding_rate", "--size", "n=3"]), "E0807", "the sizes: d, B");
    refused(&run(&["explain", "coding_rate", "--size", "d=0"]), "E0807", "--size NAME=NUMBER");
    refused(&run(&["explain", "trace(W)"]), "E0201", "`W`");
}

/// Both sides are put into a theorem, which nobody wrote: mistakes are told once, where they were written.
#[test]
fn mistakes_have_their_places_in_what_was_written() {
    let output = run(&["explain", "trace(W) + 1"]);
    let told = err(&output);
    assert_eq!(told.matches("error[").count(), 1, "{told}");
    assert!(told.contains("<expression>:1:7") && told.contains("--forall 'W: Corr[n]'"), "{told}");
    assert!(!told.contains("relate") && !told.contains("claim") && !told.contains("quantify"), "{told}");
    let output = run(&["relate", "alignment", "mean(cosines(Z1, W))"]);
    assert!(err(&output).contains("<second>:1:18") && !err(&output).contains("<relate>"), "{}", err(&output));
    let output = run(&["relate", "alignment", "mean(cosines(Z1, Z2)"]);
    assert!(err(&output).contains("E0103") && err(&output).contains("<second>:1:5"), "{}", err(&output));
}
