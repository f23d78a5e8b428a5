//! The program from outside: what it prints, where, and how it ends.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// Runs the program in an empty folder of its own, or in the given one.
fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loewner"));
    command.current_dir(folder).env("HOME", folder).env_remove("XDG_STATE_HOME").stdin(Stdio::null());
    command.args(arguments).output().unwrap()
}

fn run(arguments: &[&str]) -> Output {
    run_in(tempfile::tempdir().unwrap().path(), arguments)
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// The run must end with 2, say nothing on standard output, and say this on standard error.
#[track_caller]
fn refused(output: &Output, code: &str, parts: &[&str]) {
    assert_eq!(output.status.code(), Some(2), "{}", err(output));
    assert_eq!(out(output), "");
    assert!(err(output).contains(&format!("error[{code}]")), "{}", err(output));
    assert!(err(output).contains(&format!("loewner check --explain {code}")), "{}", err(output));
    for part in parts {
        assert!(err(output).contains(part), "{part}: {}", err(output));
    }
    assert!(!err(output).contains("panicked"), "{}", err(output));
    assert!(!err(output).contains('\x1b'), "colours belong to terminals");
}

/// The run must end with 0 and print exactly this.
#[track_caller]
fn prints(output: &Output, text: &str) {
    assert_eq!(err(output), "");
    assert_eq!(out(output), text);
    assert_eq!(output.status.code(), Some(0));
}

fn folder_with(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

/// A `.npy` file of version 1.
fn npy(descr: &str, fortran: bool, shape: &str, data: &[f64]) -> Vec<u8> {
    let fortran = if fortran { "True" } else { "False" };
    let header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    match descr {
        "<f4" => bytes.extend(data.iter().flat_map(|x| (*x as f32).to_le_bytes())),
        _ => bytes.extend(data.iter().flat_map(|x| x.to_le_bytes())),
    }
    bytes
}

#[test]
fn the_example_of_the_manual() {
    let output = run(&["eval", "mutual_information(K, K, 1)", "--let", "K=[1,1/2;1/2,1]"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).starts_with("0.46310705107963"), "{}", out(&output));
}

#[test]
fn numbers_have_17_significant_digits_and_matrices_aligned_rows() {
    prints(&run(&["eval", "0.1"]), "0.10000000000000001\n");
    prints(&run(&["eval", "-1/4"]), "-0.25\n");
    prints(&run(&["eval", "[10, 1/2; -2, 3]"]), "10  0.5\n-2    3\n");
    prints(&run(&["eval", "[1, 2]"]), "1\n2\n");
    prints(&run(&["eval", "1 < 2 and 2 < 3"]), "true\n");
}

#[test]
fn json_has_shape_and_value() {
    let json = |expression: &str| run(&["eval", expression, "--json"]);
    prints(&json("1/2"), "{\"shape\": [], \"value\": 0.5}\n");
    prints(&json("[1, 2, 3]"), "{\"shape\": [3], \"value\": [1, 2, 3]}\n");
    prints(&json("[1, 2; 3, 4]"), "{\"shape\": [2, 2], \"value\": [[1, 2], [3, 4]]}\n");
    prints(&json("1 + 2i"), "{\"shape\": [], \"value\": [1, 2]}\n");
    prints(&json("inf"), "{\"shape\": [], \"value\": \"inf\"}\n");
    prints(&json("log(0)"), "{\"shape\": [], \"value\": \"-inf\"}\n");
}

#[test]
fn bindings_see_those_before_them_and_mistakes_in_them_have_places() {
    prints(&run(&["eval", "b", "--let", "a=2", "--let", "b = a^3"]), "8\n");
    refused(&run(&["eval", "1", "--let", "K=[1, 2"]), "E0103", &["<K>:1:1"]);
    refused(&run(&["eval", "1", "--let", "K"]), "E0807", &["no '='", "write --let NAME=EXPR"]);
    refused(&run(&["eval", "1", "--let", "forall=1"]), "E0807", &["a word of the language"]);
    refused(&run(&["eval", "entorpy(eye(2), 1)"]), "E0202", &["did you mean `entropy`?"]);
    refused(&run(&["eval", "Q"]), "E0201", &[]);
}

#[test]
fn files_of_definitions_can_be_imported() {
    let folder = folder_with(&[("mine.lw", b"def twice(x: Real) -> Real = 2*x\n")]);
    prints(&run_in(folder.path(), &["eval", "twice(21)", "--import", "mine.lw"]), "42\n");
    refused(&run_in(folder.path(), &["eval", "1", "--import", "mien.lw"]), "E0801", &["mine.lw"]);
}

#[test]
fn values_that_are_none_are_errors_not_silence() {
    refused(&run(&["eval", "log(x)", "--let", "x=-1"]), "E0701", &["not a number"]);
    refused(&run(&["eval", "entropy([1, 2; 2, 1], 2)"]), "E0405", &[]);
    refused(&run(&["eval", "entropy(eye(2), a)", "--let", "a=-1"]), "E0404", &["alpha > 0"]);
    refused(&run(&["eval", "gram([1, 2; 3, 4]) + eye(3)"]), "E0301", &[]);
    refused(&run(&["eval", "eye(100000)"]), "E0305", &[]);
    // What is known only when it is evaluated is told with the condition, too: of several, the one that does not hold.
    let zeros = folder_with(&[("z.npy", &npy("<f8", false, "(2, 2)", &[0.0; 4]))]);
    let evaluated = |text: &str| run_in(zeros.path(), &["eval", text, "--load", "K=z.npy", "--let", "a=-inf"]);
    refused(&evaluated("entropy(eye(2), a)"), "E0404", &["entropy(eye(2), a)", "`0 < -inf` does not hold"]);
    refused(&evaluated("entropy(K, 3/2)"), "E0404", &["entropy(K, 3/2)", "`0 < trace(K)` does not hold"]);
}

#[test]
fn arrays_of_numpy_are_loaded_in_either_order() {
    let by_rows = npy("<f8", false, "(2, 3)", &[1., 2., 3., 4., 5., 6.]);
    let by_columns = npy("<f8", true, "(2, 3)", &[1., 4., 2., 5., 3., 6.]);
    let single = npy("<f4", false, "(2,)", &[0.5, 0.1]);
    let folder = folder_with(&[("c.npy", &by_rows), ("f.npy", &by_columns), ("s.npy", &single)]);
    let eval = |expression: &str, load: &str| run_in(folder.path(), &["eval", expression, "--load", load]);
    prints(&eval("Z", "Z=c.npy"), "1  2  3\n4  5  6\n");
    prints(&eval("Z", "Z=f.npy"), "1  2  3\n4  5  6\n");
    prints(&eval("v", "v=s.npy"), "                0.5\n0.10000000149011612\n");
    refused(&eval("Z[3, 1]", "Z=c.npy"), "E0304", &["outside 1..2"]);
    refused(&eval("det(Z)", "Z=c.npy"), "E0303", &[]);
}

#[test]
fn tables_and_tensors_are_loaded() {
    let header = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}"#;
    let mut tensors = (header.len() as u64).to_le_bytes().to_vec();
    tensors.extend(header.as_bytes());
    tensors.extend([1f32, 2.0, 3.0].iter().flat_map(|x| x.to_le_bytes()));
    let folder = folder_with(&[("t.csv", b"x,y\n1,2\n3,4\n"), ("t.safetensors", &tensors), ("bad.csv", b"1,2\n3\n")]);
    let eval = |expression: &str, load: &str| run_in(folder.path(), &["eval", expression, "--load", load]);
    prints(&eval("T'", "T=t.csv"), "1  3\n2  4\n");
    prints(&eval("sum(v)", "v=t.safetensors:a"), "3\n");
    prints(&eval("s", "s=t.safetensors:b"), "3\n");
    refused(&eval("1", "v=t.safetensors"), "E0803", &["holds 2 tensors", "t.safetensors:a"]);
    refused(&eval("1", "v=t.safetensors:c"), "E0803", &["no tensor 'c'"]);
    refused(&eval("1", "v=bad.csv"), "E0803", &["line 2"]);
    refused(&eval("1", "v=t.cvs"), "E0801", &["there is no file 't.cvs'"]);
}

#[test]
fn damaged_data_is_named() {
    let whole = npy("<f8", false, "(2, 2)", &[1., 2., 3., 4.]);
    let nan = npy("<f8", false, "(2, 2)", &[1., 2., f64::NAN, f64::INFINITY]);
    let empty = npy("<f8", false, "(0, 4)", &[]);
    let cube = npy("<f8", false, "(1, 1, 1)", &[1.]);
    let huge = npy("<f8", false, "(100000000000, 1000000)", &[]);
    let indefinite = npy("<f8", false, "(2, 2)", &[1., 2., 2., 1.]);
    let folder = folder_with(&[
        ("nan.npy", &nan),
        ("cut.npy", &whole[..whole.len() - 5]),
        ("head.npy", &whole[..40]),
        ("empty.npy", &empty),
        ("cube.npy", &cube),
        ("huge.npy", &huge),
        ("zip.npy", b"PK\x03\x04"),
        ("indefinite.npy", &indefinite),
    ]);
    let load = |file: &str| run_in(folder.path(), &["eval", "Z", "--load", &format!("Z={file}")]);
    refused(&load("nan.npy"), "E0806", &["holds nan in row 2, column 1", "2 of its numbers"]);
    refused(&load("cut.npy"), "E0803", &["truncated", "32 bytes", "27"]);
    refused(&load("head.npy"), "E0803", &["truncated"]);
    refused(&load("empty.npy"), "E0803", &["empty array of shape 0 × 4"]);
    refused(&load("cube.npy"), "E0803", &["rank 3"]);
    refused(&load("huge.npy"), "E0803", &["truncated"]);
    refused(&load("zip.npy"), "E0803", &["not a .npy file"]);
    refused(&load("gone.npy"), "E0801", &["there is no file"]);
    refused(&load("."), "E0801", &["folder"]);
    let wrong = run_in(folder.path(), &["eval", "entropy(K, 1)", "--load", "K=indefinite.npy"]);
    refused(&wrong, "E0702", &["positive semi-definite"]);
}

#[test]
fn check_counts_what_it_read_and_reports_every_file() {
    let sound = b"def f(x: Real) -> Real = x\ntheorem \"t\" {\n  forall x in [0, 1]\n  claim f(x) >= 0\n}\n";
    let folder = folder_with(&[("a.lw", sound), ("b.lw", b"def g(x) = (x\n"), ("c.lw", b"def h(x) = x +\n")]);
    prints(&run_in(folder.path(), &["check", "a.lw"]), "1 file, 1 theorem, 1 claim: no mistakes\n");
    refused(&run_in(folder.path(), &["check", "."]), "E0103", &["b.lw:1:12", "c.lw:"]);
}

#[test]
fn long_stories_are_told() {
    let output = run(&["check", "--explain", "e0806"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(out(&output).starts_with("# E0806: a data file with nan or inf\n"));
    refused(&run(&["check", "--explain", "E0310"]), "E0807", &["did you mean E0301"]);
}

#[test]
fn files_that_are_no_text_are_named() {
    let folder = folder_with(&[("latin.lw", b"def f(x) = x # caf\xe9\n"), ("note.txt", b"")]);
    refused(&run_in(folder.path(), &["check", "latin.lw"]), "E0802", &["latin.lw"]);
    refused(&run_in(folder.path(), &["check", "gone.lw"]), "E0801", &["gone.lw"]);
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    refused(&run_in(folder.path(), &["check", "empty"]), "E0801", &["no .lw file in 'empty'"]);
    refused(&run_in(folder.path(), &["verify"]), "E0801", &["no folder 'proofs' here", "loewner verify PATH"]);
}

#[test]
fn a_file_deleted_between_check_and_verify_is_named() {
    let folder = folder_with(&[("a.lw", b"theorem \"t\" {\n  forall x in [0, 1]\n  claim x >= 0\n}\n")]);
    assert_eq!(run_in(folder.path(), &["check", "a.lw"]).status.code(), Some(0));
    std::fs::remove_file(folder.path().join("a.lw")).unwrap();
    refused(&run_in(folder.path(), &["verify", "a.lw"]), "E0801", &["a.lw"]);
}

#[test]
fn monstrous_texts_are_one_clear_mistake() {
    let nested = format!("def f(x) = {}x{}\n", "(".repeat(100_000), ")".repeat(100_000));
    let open = "(".repeat(100_000);
    let digits = format!("def f(x) = x + {}\n", "7".repeat(1 << 20));
    let folder = folder_with(&[("nested.lw", nested.as_bytes()), ("digits.lw", digits.as_bytes())]);
    refused(&run_in(folder.path(), &["check", "nested.lw"]), "E0105", &[]);
    let output = run_in(folder.path(), &["check", "digits.lw"]);
    refused(&output, "E0104", &["digits.lw:1:16"]);
    assert!(err(&output).len() < 2000, "a line of a megabyte must not be shown whole");
    refused(&run(&["eval", &open]), "E0105", &[]);
    for text in ["'".repeat(100_000), "-".repeat(100_000), "[".repeat(100_000), "not ".repeat(30_000)] {
        assert_eq!(run(&["eval", &text]).status.code(), Some(2));
    }
}

#[test]
fn wrong_options_end_with_2_and_help_with_0() {
    for arguments in [
        &["frobnicate"][..],
        &["eval"],
        &["check"],
        &["verify", "--samples", "0"],
        &["verify", "--samples", "many"],
        &["verify", "--threads", "0"],
        &["verify", "--budget", "-1"],
        &["verify", "--seed", "-1"],
        &["--nope"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(out(&output), "", "{arguments:?}");
        assert!(err(&output).contains("error:"), "{arguments:?}");
    }
    for arguments in [&["--help"][..], &["verify", "--help"], &["--version"], &["help", "eval"]] {
        assert_eq!(run(arguments).status.code(), Some(0), "{arguments:?}");
    }
}

#[test]
#[cfg(unix)]
fn a_reader_that_goes_away_is_no_mistake() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_loewner"))
        .args(["eval", "ones(300, 300)"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The pipe closes before the program has anything to say.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(err(&output), "");
    assert_eq!(output.status.code(), Some(0));
}

/// Feeds a session and returns what it said.
fn session(input: &[u8]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_loewner"))
        .current_dir(folder.path())
        .env_remove("HOME")
        .env_remove("XDG_STATE_HOME")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let input = input.to_owned();
    // A thread of its own, so that neither side waits for the other.
    let feeder = std::thread::spawn(move || {
        // The session may end before it has read everything.
        let _ = pipe.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    output
}

#[test]
fn a_session_by_pipe_prints_answers_and_nothing_else() {
    let script = concat!(
        "# bindings, on one line and on two\n",
        "K = [1, 1/2;\n     1/2, 1]\n",
        "let a = 2, b = a + 1\n",
        "b\n",
        "def double(x: Real) -> Real =\n",
        "  2*x\n",
        "double(a)\n",
        "trace(K)\n",
        ":type K\n",
        "a = 10\n",
        "double(a)\n",
    );
    let output = session(script.as_bytes());
    assert_eq!(err(&output), "");
    assert_eq!(out(&output), "3\n4\n2\nreal 2 × 2 matrix, positive definite, of unit diagonal, positive\n20\n");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn mistakes_do_not_end_a_session() {
    let script = b"1 +* 2\nunknown\n:frobnicate\n:load nowhere.lw\n:doc entorpy\ntrace(\xff)\nlog(0-1)\n1 + 1\n";
    let output = session(script);
    assert_eq!(out(&output), "2\n");
    assert_eq!(output.status.code(), Some(0));
    for code in ["E0102", "E0201", "E0807", "E0801", "E0802", "E0701"] {
        assert!(err(&output).contains(code), "{code}: {}", err(&output));
    }
    assert!(err(&output).contains("did you mean `entropy`?"), "{}", err(&output));
}

#[test]
fn a_session_ends_at_quit_and_at_the_end_of_its_input() {
    assert_eq!(out(&session(b"1\n:quit\n2\n")), "1\n");
    assert_eq!(session(b"").status.code(), Some(0));
    let open = session(b"trace([1, 2;");
    assert_eq!(open.status.code(), Some(0));
    assert!(err(&open).contains("error["), "an unfinished input is told at the end");
    assert!(err(&session(b"K = 1\nK = 2\nQ\n")).contains("names bound here: K\n"), "a name counts once");
    assert!(out(&session(b":doc Corr\n")).starts_with("Corr[n]\n    positive semi-definite n"));
    assert!(out(&session(b":help\n:doc entropy\n")).contains("entropy(K: Psd[n], alpha: Real) -> Real"));
}

#[test]
fn grad_prints_the_gradient_by_a_name() {
    let grad = |arguments: &[&str]| run(&[&["grad"], arguments].concat());
    prints(&grad(&["trace(K * K)", "--wrt", "K", "--let", "K=[1, 2; 3, 4]"]), "2  6\n4  8\n");
    prints(&grad(&["x^3", "--wrt", "x", "--let", "x=2"]), "12\n");
    prints(
        &grad(&["sum(v .* v)", "--wrt", "v", "--let", "v=[1, 2]", "--json"]),
        "{\"shape\": [2], \"value\": [2, 4]}\n",
    );
    // A unit diagonal that is only seen in the value is not held fixed, and names that were given later follow.
    let ambient = grad(&["logdet(K)", "--wrt", "K", "--let", "K=[1, 1/2; 1/2, 1]", "--json"]);
    assert!(out(&ambient).contains("1.3333333333333"), "{}", out(&ambient));
    prints(&grad(&["trace(G)", "--wrt", "Z", "--let", "Z=[1, 2; 0, 3]", "--let", "G=gram(Z)"]), "2  4\n0  6\n");
    prints(&grad(&["trace(eye(2))", "--wrt", "Z", "--let", "Z=[1, 2;]"]), "0  0\n");
    prints(&grad(&["abs2(z)", "--wrt", "z", "--let", "z=1 + 2i", "--json"]), "{\"shape\": [], \"value\": [2, 4]}\n");

    let folder = folder_with(&[("z.npy", &npy("<f8", false, "(2, 2)", &[1.0, 2.0, 3.0, 4.0]))]);
    let loaded = run_in(folder.path(), &["grad", "sum(abs2(Z))", "--wrt", "Z", "--load", "Z=z.npy"]);
    prints(&loaded, "2  4\n6  8\n");

    refused(&grad(&["sum(data)", "--wrt", "dtaa", "--let", "data=[1, 2]"]), "E0201", &["did you mean `data`?"]);
    refused(&grad(&["Z", "--wrt", "Z", "--let", "Z=[1, 2]"]), "E0501", &["only a real scalar"]);
    refused(&grad(&["entropy(K, 2)", "--wrt", "K", "--let", "K=[1, 2; 2, 1]"]), "E0702", &[]);
    refused(&grad(&["log(x)", "--wrt", "x", "--let", "x=-1"]), "E0701", &["not a number"]);
}

/// Where a definition says what it is at infinity, its derivative there is that of this, as the limit is: the Rényi entropy
/// falls in its order towards the min-entropy like 1/order. Elsewhere it is told what was asked for.
#[test]
fn a_derivative_at_infinity_is_that_of_the_branch_or_is_refused() {
    let grad = |text: &str| run(&["grad", text, "--wrt", "a", "--let", "a=inf", "--let", "K=[1, 1/2; 1/2, 1]"]);
    prints(&grad("entropy(K, a)"), "0\n");
    prints(&grad("renyi([1/2, 1/4, 1/4], a)"), "0\n");
    prints(&grad("if a == inf then 2 else 3*a"), "0\n");
    prints(&grad("if a < inf then 2 else 3*a"), "3\n");
    prints(&grad("exp(-a)"), "0\n");
    refused(&grad("a/(1 - a)"), "E0701", &["derivative by `a` has no value where `a` is not finite", "large numbers"]);
}

#[cfg(not(feature = "torch"))]
#[test]
fn without_torch_the_commands_that_bring_it_are_told() {
    let commands = ["cargo xtask torch", "cargo build --release --features torch"];
    refused(&run(&["devices"]), "E0808", &commands);
    refused(&run(&["train", "mae", "--data", "fashion-mnist"]), "E0808", &commands);
    refused(&run(&["probe", "nowhere"]), "E0808", &commands);
    refused(&run(&["devices", "cuda", "--json"]), "E0808", &commands);
}
