//! Parsing and checking 10,000 lines: the paper's statements, over and over.
//!
//! `cargo bench --bench frontend` measures; without `--bench`, as under `cargo test`, a single copy is tried.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use loewner::check::Session;

/// How many lines are measured, and how long they may take.
const LINES: usize = 10_000;
const GOAL: Duration = Duration::from_secs(1);
const ROUNDS: usize = 7;

fn main() {
    let statements = statements();
    let measuring = std::env::args().any(|argument| argument == "--bench");
    let text = repeated(&statements, if measuring { LINES } else { 1 });
    let mut times: Vec<Duration> = (0..if measuring { ROUNDS } else { 1 }).map(|_| check(&text)).collect();
    times.sort();
    let median = times[times.len() / 2];
    println!("{} lines parsed and checked in {:.3} s", text.lines().count(), median.as_secs_f64());
    if measuring && median > GOAL {
        println!("that is more than the goal of {:.0} s", GOAL.as_secs_f64());
    }
}

/// The text of every file of the paper's statements, in the order of their names.
fn statements() -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/proofs/information_flow");
    let entries = std::fs::read_dir(folder).expect("the paper's statements are part of the repository");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "lw"));
    paths.sort();
    // What the files import comes first, and the text imports nothing.
    paths.insert(0, concat!(env!("CARGO_MANIFEST_DIR"), "/proofs/lemmas.lw").into());
    let texts = paths.iter().map(|path| std::fs::read_to_string(path).expect("a file of statements is UTF-8"));
    let text: String = texts.collect();
    let lines = text.lines().filter(|line| !line.starts_with("import "));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Copies of a text, of at least so many lines together. A name can be defined once only, so that definitions stand in
/// the first copy; theorems get the copy's number into their names.
fn repeated(text: &str, lines: usize) -> String {
    let mut all = text.to_owned();
    for copy in 2.. {
        if all.lines().count() >= lines {
            break;
        }
        for line in text.lines().filter(|line| !line.starts_with("def ")) {
            // Writing to a string cannot fail.
            let _ = match line.strip_prefix("theorem \"") {
                Some(rest) => writeln!(all, "theorem \"{copy}: {rest}"),
                None => writeln!(all, "{line}"),
            };
        }
    }
    all
}

/// The time of a fresh session with a text; the library's own loading counts, too.
fn check(text: &str) -> Duration {
    let start = Instant::now();
    let mut session = Session::new();
    let outcome = session.load_text("statements.lw", text);
    let time = start.elapsed();
    let theorems = outcome.unwrap_or_else(|mistakes| {
        let places = mistakes.iter().map(|mistake| {
            let span = mistake.labels.first().map(|label| label.span);
            let place = span.map(|span| (session.sources().line_column(span), session.sources().text(span)));
            format!("{place:?}: {}", mistake.message)
        });
        panic!("the paper's statements do not check:\n{}", places.collect::<Vec<_>>().join("\n"))
    });
    assert!(theorems.len() > 50, "{} theorems", theorems.len());
    time
}
