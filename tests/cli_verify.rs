//! `loewner verify` from outside: statuses, the JSON that other programs read, witnesses, sessions that state theorems.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const TRUE: &str = "theorem \"range\" {\n  forall n in 1..6\n  forall K: Corr[n]\n  claim upper: entropy(K, 2) <= log(n)\n  \
    claim entropy(K, 2) >= 0\n}\n";
const FALSE: &str = "theorem \"too small\" {\n  forall x in [0, 1]\n  claim x >= 1/2\n}\n";
const KNOWN: &str = "theorem \"known\" {\n  forall a in {1.5, 2}\n  forall K: Corr[n]\n  claim trace(K) > a * n\n  \
    expect refuted\n}\n";
const EMPTY: &str = "theorem \"nothing\" {\n  forall x in [0, 1]\n  assume x > 2\n  claim x < 0\n  expect vacuous\n}\n";

fn folder_with(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loewner"));
    command.current_dir(folder).stdin(Stdio::null()).args(arguments).output().unwrap()
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn verify(folder: &TempDir, arguments: &[&str]) -> Output {
    let samples: &[&str] = if arguments.contains(&"--samples") { &[] } else { &["--samples", "200"] };
    let arguments: Vec<&str> = [&["verify", ".", "--effort", "0.01"], samples, arguments].concat();
    run(folder.path(), &arguments)
}

#[test]
fn the_status_tells_whether_all_came_out_as_expected() {
    let expected = folder_with(&[("true.lw", TRUE), ("known.lw", KNOWN), ("empty.lw", EMPTY)]);
    let output = verify(&expected, &[]);
    assert_eq!(output.status.code(), Some(0), "{}{}", out(&output), err(&output));
    assert_eq!(err(&output), "", "no bar where standard error is no terminal");
    assert!(
        out(&output).ends_with("4 claims: 2 hold, 1 refuted as expected, 1 vacuous as expected; 0 surprises\n"),
        "{}",
        out(&output)
    );
    assert!(!out(&output).contains('\x1b'), "colours belong to terminals");

    let surprise = folder_with(&[("false.lw", FALSE)]);
    let output = verify(&surprise, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains("✗"), "{}", out(&output));
    assert!(out(&output).contains("refuted, not holds"), "{}", out(&output));
    assert!(out(&output).contains("1 surprise\n"), "{}", out(&output));

    let broken = folder_with(&[("true.lw", TRUE), ("broken.lw", "theorem \"b\" {\n  claim undefined(1) >= 0\n}\n")]);
    let output = verify(&broken, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(out(&output), "", "nothing is run before everything is sound");
    assert!(err(&output).contains("E0202"), "{}", err(&output));
}

#[test]
fn json_is_the_contract_and_nothing_else() {
    let folder = folder_with(&[("a.lw", TRUE), ("b.lw", KNOWN), ("c.lw", EMPTY)]);
    let output = verify(&folder, &["--json", "--seed", "7"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let report: Value = serde_json::from_str(out(&output)).unwrap();
    assert_eq!(keys(&report), ["schema", "seed", "claims"]);
    assert_eq!((report["schema"].as_u64(), report["seed"].as_u64()), (Some(1), Some(7)));
    let claims = report["claims"].as_array().unwrap();
    let of = |i: usize, field: &str| claims[i][field].as_str().unwrap().to_owned();
    assert_eq!(claims.len(), 4);
    for claim in claims {
        let fields = [
            "file",
            "theorem",
            "claim",
            "verdict",
            "expected",
            "as_expected",
            "samples",
            "min_margin",
            "violation_bound",
            "witness",
        ];
        assert_eq!(keys(claim), fields);
        assert_eq!(claim["as_expected"], true);
    }
    assert_eq!((of(0, "claim"), of(1, "claim")), ("upper".to_owned(), "2".to_owned()));
    assert_eq!([of(0, "verdict"), of(2, "verdict"), of(3, "verdict")], ["holds", "refuted", "vacuous"]);
    assert_eq!([of(0, "expected"), of(2, "expected"), of(3, "expected")], ["holds", "refuted", "vacuous"]);
    assert!(of(0, "file").ends_with("a.lw"));
    assert_eq!(claims[0]["samples"], 200);
    let bound = &claims[0]["violation_bound"];
    assert_eq!(keys(bound), ["confidence", "probability"]);
    assert!(bound["probability"].as_f64().is_some_and(|p| p > 0.0 && p < 0.1));
    assert!(claims[0]["witness"].is_null());
    let witness = &claims[2]["witness"];
    assert_eq!(keys(witness), ["file", "margin", "sizes", "values"]);
    let ends: Vec<f64> =
        witness["margin"].as_array().unwrap().iter().map(|x| x.as_str().unwrap().parse().unwrap()).collect();
    assert!(ends[0] <= ends[1] && ends[1] < 0.5, "{ends:?}");
    let n = witness["sizes"]["n"].as_u64().unwrap() as usize;
    assert!(witness["values"]["a"].is_number());
    let rows = witness["values"]["K"].as_array().unwrap();
    assert!(rows.len() == n && rows.iter().all(|row| row.as_array().is_some_and(|row| row.len() == n)));
}

/// The keys of an object in the order of the text, which serde_json's map does not keep.
fn keys(value: &Value) -> Vec<&str> {
    let order = [
        "schema",
        "seed",
        "claims",
        "file",
        "theorem",
        "claim",
        "verdict",
        "expected",
        "as_expected",
        "samples",
        "min_margin",
        "violation_bound",
        "witness",
        "margin",
        "sizes",
        "values",
        "confidence",
        "probability",
    ];
    let object = value.as_object().unwrap();
    assert!(object.keys().all(|key| order.contains(&key.as_str())), "{object:?}");
    order.into_iter().filter(|key| object.contains_key(*key)).collect()
}

#[test]
fn one_seed_is_one_report_whatever_the_threads() {
    let folder = folder_with(&[("a.lw", TRUE), ("b.lw", KNOWN), ("c.lw", EMPTY), ("d.lw", FALSE)]);
    let report = |seed: &str, threads: &str| {
        let output = verify(&folder, &["--json", "--samples", "1500", "--seed", seed, "--threads", threads]);
        assert_eq!(output.status.code(), Some(1), "{}", err(&output));
        output.stdout
    };
    let one = report("0", "1");
    assert_eq!(one, report("0", "2"));
    assert_eq!(one, report("0", "5"));
    assert_ne!(one, report("1", "2"), "another seed draws other inputs");
}

#[test]
fn only_chooses_theorems_and_tells_when_there_are_none() {
    let folder = folder_with(&[("a.lw", TRUE), ("b.lw", FALSE)]);
    let output = verify(&folder, &["--only", "RANGE"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(out(&output).contains("2 claims"), "{}", out(&output));
    assert!(out(&verify(&folder, &["--only", "upper"])).contains("1 claim:"));
    let output = verify(&folder, &["--only", "rnage"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("did you mean 'range'?"), "{}", err(&output));
    let definitions = folder_with(&[("d.lw", "def f(x: Real) -> Real = x\n")]);
    assert_eq!(verify(&definitions, &[]).status.code(), Some(2), "no theorem is no success");
}

#[test]
fn witnesses_are_kept_as_files() {
    let folder = folder_with(&[("a.lw", FALSE)]);
    let output = verify(&folder, &["--json", "--out", "kept"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_str(out(&output)).unwrap();
    let file = report["claims"][0]["witness"]["file"].as_str().unwrap();
    let witness: Value = serde_json::from_slice(&std::fs::read(folder.path().join(file)).unwrap()).unwrap();
    assert_eq!(witness["theorem"], "too small");
    assert!(witness["values"]["x"].as_f64().is_some_and(|x| x < 0.5));

    std::fs::write(folder.path().join("taken"), "").unwrap();
    let output = verify(&folder, &["--out", "taken"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(out(&output), "");
    assert!(err(&output).contains("E0805"), "{}", err(&output));
}

#[test]
fn the_default_is_the_folder_of_proofs() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("proofs/deep")).unwrap();
    std::fs::write(folder.path().join("proofs/deep/a.lw"), TRUE).unwrap();
    std::fs::write(folder.path().join("proofs/notes.md"), "not a proof").unwrap();
    let output = run(folder.path(), &["verify", "--samples", "50", "--effort", "0"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).starts_with("proofs/deep/a.lw\n"), "{}", out(&output));
}

#[test]
#[cfg(unix)]
fn a_reader_that_goes_away_changes_no_status() {
    let folder = folder_with(&[("a.lw", FALSE)]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_loewner"))
        .current_dir(folder.path())
        .args(["verify", "a.lw", "--samples", "50", "--effort", "0"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(err(&output), "");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_theorem_in_a_session_is_verified_at_once() {
    let folder = folder_with(&[("a.lw", TRUE)]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_loewner"))
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let script =
        format!(":load a.lw\n{FALSE}def f(x: Real) -> Real = x\n{}f(1)\n", FALSE.replace("x >= 1/2", "f(x) >= 0"));
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(err(&output), "");
    assert_eq!(output.status.code(), Some(0), "a refuted theorem does not end a session");
    assert!(out(&output).contains("2 claims: 2 hold; 0 surprises"), "{}", out(&output));
    assert!(out(&output).contains("1 claim; 1 surprise"), "{}", out(&output));
    assert!(out(&output).contains("1 claim: 1 hold; 0 surprises\n1\n"), "{}", out(&output));
}

#[test]
#[cfg(unix)]
fn an_interrupted_run_tells_what_is_known() {
    for signal in ["-INT", "-TERM"] {
        interrupted(signal);
    }
}

#[cfg(unix)]
fn interrupted(signal: &str) {
    let endless = "theorem \"endless\" {\n  forall n in 1..64\n  forall K: Corr[n]\n  claim entropy(K, 1) >= 0\n}\n";
    let folder = folder_with(&[("a.lw", FALSE), ("b.lw", endless), ("c.lw", KNOWN)]);
    let child = Command::new(env!("CARGO_BIN_EXE_loewner"))
        .current_dir(folder.path())
        .args(["verify", ".", "--samples", "2000000", "--out", "kept", "--json"])
        .args(["--threads", "2"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The first theorem is done when its witness is there; the second takes minutes.
    let kept = folder.path().join("kept").join("too-small-1.json");
    while !kept.exists() {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", err(&output));
    let report: Value = serde_json::from_str(out(&output)).unwrap();
    assert_eq!(report["interrupted"], Value::Bool(true));
    let claims = report["claims"].as_array().unwrap();
    assert_eq!(claims.len(), 2, "{claims:?}");
    assert_eq!((&claims[0]["verdict"], &claims[1]["verdict"]), (&"refuted".into(), &"inconclusive".into()));
    assert!(kept.exists());
}

#[test]
fn the_input_of_the_largest_value_is_shown() {
    let statement = "theorem \"largest\" {\n  forall x: Real\n  forall K: Corr[2]\n  \
        claim sup(trace(K*K) - x^2) <= inf\n}\n";
    let output = verify(&folder_with(&[("sup.lw", statement)]), &[]);
    let (_, told) =
        out(&output).split_once("the largest value found is ").unwrap_or_else(|| panic!("{}", out(&output)));
    let lines: Vec<&str> = told.lines().skip(1).collect();
    assert!(lines[0].starts_with("    x = ") && lines[1].starts_with("    K = ["), "{told}");
}
