//! `loewner latex` from outside.

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loewner"));
    command.current_dir(folder).stdin(Stdio::null()).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn an_expression_is_a_formula_and_its_names_may_be_free() {
    let folder = tempfile::tempdir().unwrap();
    let output = run_in(folder.path(), &["latex", "-tr(K1 * K2')/2"]);
    assert_eq!(text(&output.stdout), "\\frac{-\\operatorname{tr}(K_{1} \\, K_{2}^{\\top})}{2}\n");
    assert_eq!(output.status.code(), Some(0));
    let output = run_in(folder.path(), &["latex", "--standalone", "x"]);
    let document = text(&output.stdout);
    assert!(
        document.starts_with("\\documentclass{article}\n") && document.ends_with("\\end{document}\n"),
        "{document}"
    );
}

#[test]
fn a_file_is_checked_before_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let write = |text: &str| std::fs::write(folder.path().join("mine.lw"), text).unwrap();
    write("## Twice.\ndef twice(x: Real) -> Real = 2*x\n");
    let output = run_in(folder.path(), &["latex", "mine.lw"]);
    assert!(text(&output.stdout).contains("\\operatorname{twice}(x) = 2 \\, x."), "{}", text(&output.stdout));
    write("def twice(x: Mat[m, n]) = trace(x)\n");
    let output = run_in(folder.path(), &["latex", "mine.lw"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""));
    assert!(text(&output.stderr).contains("error[E0303]"), "{}", text(&output.stderr));
    // What ends like a file is one, even where it is not there.
    let output = run_in(folder.path(), &["latex", "nine.lw"]);
    assert!(text(&output.stderr).contains("did you mean `mine.lw`?"), "{}", text(&output.stderr));
    let output = run_in(folder.path(), &["latex", "a +"]);
    assert!(text(&output.stderr).contains("error[E0102]"), "{}", text(&output.stderr));
}

/// The name of a definition is no letter with an index: what it names is written.
#[test]
fn a_definition_is_written_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let output = run_in(folder.path(), &["latex", "m_mae"]);
    assert!(text(&output.stdout).starts_with("\\begin{definition}[\\texttt{m\\_mae}]\n"), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("\\operatorname{m\\_mae}("), "{}", text(&output.stdout));
    std::fs::write(
        folder.path().join("mine.lw"),
        "def twice(x: Real) -> Real = 2*x\ndef half(x: Real) -> Real = x/2\n",
    )
    .unwrap();
    let output = run_in(folder.path(), &["latex", "mine.lw:half"]);
    assert!(
        text(&output.stdout).contains("half") && !text(&output.stdout).contains("twice"),
        "{}",
        text(&output.stdout)
    );
    let output = run_in(folder.path(), &["latex", "mine.lw:hlaf"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("did you mean `half`?"), "{}", text(&output.stderr));
}
