//! The documents tell the truth: every `console` block of theirs is run, and what it shows is what the program prints.
//!
//! A line that starts with `$ ` is a command, what follows it is its output, standard output before standard error. Of
//! commands there are `loewner …`, `cargo run --release -- …` (both run the binary under test, at the top of the
//! repository), `cat FILE`, and `echo $?` for the status of the one before; a command whose status is not asked for
//! must succeed. In the output shown, `...` stands for anything up to the end of the line or the next text that is
//! shown, and alone on a line for any lines.

#[path = "readme/blocks.rs"]
mod blocks;
#[path = "readme/matching.rs"]
mod matching;

use std::path::{Path, PathBuf};
use std::process::Command;

use blocks::{Entry, blocks, words};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn check(document: &str, least: usize) {
    let text = std::fs::read_to_string(root().join(document)).unwrap();
    let blocks = blocks(&text, "console");
    assert!(blocks.iter().map(Vec::len).sum::<usize>() >= least, "{document} shows fewer than {least} commands");
    let complaints: Vec<String> = blocks.iter().flat_map(|entries| run(document, entries)).collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// Runs the commands of a block, one after the other.
fn run(document: &str, entries: &[Entry]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut status = 0;
    for (i, entry) in entries.iter().enumerate() {
        let place = format!("{document}:{}: $ {}", entry.line, entry.command);
        let printed = match execute(&entry.command, &mut status) {
            Ok(printed) => printed,
            Err(why) => {
                complaints.push(format!("{place}\n  {why}"));
                continue;
            }
        };
        if !matching::matches(&entry.shown, &printed) {
            complaints.push(format!("{place}\n--- shown\n{}\n--- printed\n{printed}", entry.shown));
        }
        let asked = entries.get(i + 1).is_some_and(|next| next.command == "echo $?");
        if status != 0 && !asked {
            complaints.push(format!("{place}\n  ended with status {status}, which the next line does not show"));
        }
    }
    complaints
}

/// What a command prints.
fn execute(command: &str, status: &mut i32) -> Result<String, String> {
    if command == "echo $?" {
        return Ok(format!("{}\n", std::mem::take(status)));
    }
    let words = words(command)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["cat", file] => std::fs::read_to_string(root().join(file)).map_err(|error| format!("{file}: {error}")),
        ["loewner", arguments @ ..] | ["cargo", "run", "--release", "--", arguments @ ..] => {
            let output = Command::new(env!("CARGO_BIN_EXE_loewner"))
                .args(arguments)
                .current_dir(root())
                .env("NO_COLOR", "1")
                .stdin(std::process::Stdio::null())
                .output()
                .map_err(|error| error.to_string())?;
            *status = output.status.code().ok_or("was ended by a signal")?;
            let printed = [output.stdout, output.stderr].concat();
            String::from_utf8(printed).map_err(|_| "printed what is not UTF-8".into())
        }
        _ => Err("is not a command that this test knows how to run".into()),
    }
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    check("README.md", 8);
}

#[test]
fn the_file_names_in_the_documents_exist() {
    for document in ["README.md", "CONTRIBUTING.md", "src/README.md", "benches/README.md"] {
        let folder = Path::new(document).parent().unwrap();
        let text = std::fs::read_to_string(root().join(document)).unwrap();
        for link in blocks::links(&text) {
            assert!(root().join(folder).join(&link).exists(), "{document} links to {link}, which is not there");
        }
    }
}
