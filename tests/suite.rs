//! Mistakes as files: `tests/suite/**.lw`, each named for the mistake that it holds, and each with the snapshot of its
//! diagnostics in `tests/snapshots`. A new file is a new test; `cargo insta review`, or `INSTA_UPDATE=always`, writes its
//! snapshot. What the files import lies in folders called `imported` and is no test of its own.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use loewner::base::{Diagnostic, Sources};
use loewner::check::{Session, Theorem};
use loewner::prove;
use loewner::syntax::parse_program;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut files = Vec::new();
    collect(&root.join("suite"), "lw", &mut files);
    let mut trials: Vec<Trial> = files
        .iter()
        .map(|file| {
            let name = name_of(&root.join("suite"), file);
            let file = file.clone();
            Trial::test(name.clone(), move || one_file(&name, &file))
        })
        .collect();
    trials.push(Trial::test("no snapshot without its file", move || orphans(&root)));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// What the tool says about a file: the parser's words and, where the text could be read, the checker's.
fn diagnose(file: &Path, text: &str) -> String {
    let mut session = Session::new();
    // The tests run in the package's folder; a path from there is the same on every machine.
    let path = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(file);
    let diagnostics = session.load_file(path).map_or_else(|mistakes| mistakes, |theorems| refused_proofs(&theorems));
    let main = path.to_string_lossy();
    let mut out: String = diagnostics.iter().map(|diagnostic| render(session.sources(), &main, diagnostic)).collect();
    let mut alone = Sources::new();
    let alone = alone.add("", text);
    if parse_program(alone, text).incomplete {
        out.push_str("more lines could complete this text\n");
    }
    if out.is_empty() { "no mistake\n".into() } else { out }
}

/// What is said of the proofs that do not follow.
fn refused_proofs(theorems: &[Theorem]) -> Vec<Diagnostic> {
    let claims = theorems.iter().flat_map(|theorem| theorem.claims.iter().map(move |claim| (theorem, claim)));
    let refused = claims.filter_map(|(theorem, claim)| prove::claim(theorem, claim)?.err());
    refused.map(|refused| refused.diagnostic).collect()
}

/// A diagnostic in plain text: its places as line and column, each with the text that it covers, and with the file's
/// name where that is another than the one in question.
fn render(sources: &Sources, main: &str, diagnostic: &Diagnostic) -> String {
    let mut out = format!("{}: {}\n", diagnostic.code, diagnostic.message);
    for label in &diagnostic.labels {
        let (line, column) = sources.line_column(label.span);
        let name = &sources.get(label.span.file).name;
        let place = if name == main { String::new() } else { format!("{name}:") };
        let text = sources.text(label.span);
        let first: String = text.lines().next().unwrap_or("").chars().take(60).collect();
        let more = if first.len() < text.len() { "…" } else { "" };
        let mark = if label.primary { '>' } else { '-' };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {mark} {place}{line}:{column} `{first}{more}`: {}", label.text);
    }
    for note in &diagnostic.notes {
        let _ = writeln!(out, "  note: {note}");
    }
    for help in &diagnostic.help {
        let _ = writeln!(out, "  help: {help}");
    }
    out
}

fn one_file(name: &str, file: &Path) -> Result<(), Failed> {
    let bytes = std::fs::read(file)?;
    let text = String::from_utf8_lossy(&bytes);
    let snapshot = Path::new("snapshots").join(name);
    let mut settings = insta::Settings::clone_current();
    // A file's snapshot lies in the same folder below `snapshots` as the file below `suite`.
    settings.set_snapshot_path(snapshot.parent().unwrap_or(Path::new("snapshots")));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    settings.bind(|| {
        // insta reports a difference by a panic, which the harness would take for its own.
        std::panic::catch_unwind(|| insta::assert_snapshot!(stem, diagnose(file, &text)))
            .map_err(|_| Failed::from(format!("the diagnostics of {name} have changed; see above")))
    })
}

/// A snapshot whose file has gone says nothing any more.
fn orphans(root: &Path) -> Result<(), Failed> {
    let mut snapshots = Vec::new();
    let mut sources = Vec::new();
    collect(&root.join("suite"), "lw", &mut sources);
    let names: Vec<String> = sources.iter().map(|file| name_of(&root.join("suite"), file)).collect();
    let folders = sources.iter().filter_map(|file| file.parent()?.strip_prefix(root.join("suite")).ok());
    let mut folders: Vec<PathBuf> = folders.map(|folder| root.join("snapshots").join(folder)).collect();
    folders.dedup();
    folders.iter().for_each(|folder| collect(folder, "snap", &mut snapshots));
    let orphan = snapshots.iter().map(|file| name_of(&root.join("snapshots"), file)).find(|name| !names.contains(name));
    orphan.map_or(Ok(()), |name| Err(format!("tests/snapshots/{name}.snap has no tests/suite/{name}.lw").into()))
}

/// Every file with an extension below a folder, in order.
fn collect(folder: &Path, extension: &str, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() && path.ends_with("imported") {
            continue;
        }
        if path.is_dir() {
            collect(&path, extension, files);
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
}

/// A file's path below a folder without its extension, with `/` on every system.
fn name_of(root: &Path, file: &Path) -> String {
    let path = file.strip_prefix(root).unwrap_or(file).with_extension("");
    path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect::<Vec<_>>().join("/")
}
