//! The interactive session. Mistakes are told and forgotten; only `:quit` or the end of the input ends it.

mod entry;
mod helper;
mod history;

use std::io::{self, BufRead, IsTerminal};

use rustyline::error::ReadlineError;
use rustyline::{Config, Editor};

use super::engine::Engine;
use super::{Outcome, Status, output, render};
use crate::base::{Code, Diagnostic};
use crate::report::{Style, answer_text, report_text};
use crate::verify::Options;
use entry::{Entry, is_incomplete, read};
use helper::Helper;

/// How many samples a theorem that is typed in is tried on: enough to be told quickly if it is wrong.
const SAMPLES: u64 = 2000;

/// How much work goes into attacks: an answer within a second is worth more here than a thorough one.
const ATTACK: f64 = 0.05;

const HELP: &str = "\
EXPR               evaluate an expression
NAME = EXPR        give its value a name
def ...            define a function
theorem \"...\" {...}  verify a theorem
import \"FILE.lw\"   bring in a file's definitions
:type EXPR         the type of an expression, and what is known of it
:doc NAME          the documentation of a function
:load FILE         bring in a file's definitions and verify its theorems
:help              this text
:quit              end the session
";

/// Runs a session on standard input.
pub(super) fn run(engine: &mut Engine) -> Outcome {
    if io::stdin().is_terminal() { interactive(engine) } else { piped(engine) }
}

fn interactive(engine: &mut Engine) -> Outcome {
    let config = Config::builder().history_ignore_space(true).max_history_size(10_000).map(|c| c.build());
    let editor = config.and_then(Editor::<Helper, _>::with_config);
    let mut editor = match editor {
        Ok(editor) => editor,
        // A terminal that cannot be edited on can still be read from.
        Err(_) => return piped(engine),
    };
    editor.set_helper(Some(Helper::new(engine.names())));
    let history = history::file();
    if let Some(file) = &history {
        // No history yet is the usual first time.
        let _ = editor.load_history(file);
    }
    output::say(&format!("Loewner {}: `:help` tells what there is\n", env!("CARGO_PKG_VERSION")))?;
    loop {
        match editor.readline("loewner> ") {
            Ok(text) => {
                // A line that cannot be remembered is still a line.
                let _ = editor.add_history_entry(text.as_str());
                if !step(engine, &text, true)? {
                    break;
                }
                if let Some(helper) = editor.helper_mut() {
                    helper.set_names(engine.names());
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(_) => break,
        }
    }
    if let Some(file) = &history {
        // A home that cannot be written to is no reason to complain at every end.
        let _ = editor.save_history(file);
    }
    Ok(Status::Expected)
}

/// A session whose input is a file or another program: no prompt, no greeting, nothing but answers.
fn piped(engine: &mut Engine) -> Outcome {
    let mut input = io::stdin().lock();
    let mut text = String::new();
    loop {
        let mut line = Vec::new();
        let ended = match input.read_until(b'\n', &mut line) {
            Ok(count) => count == 0,
            Err(error) => {
                let message = format!("standard input cannot be read: {error}");
                return Err(vec![Diagnostic::new(Code::E0801, message)]);
            }
        };
        match String::from_utf8(line) {
            Ok(line) => text += &line,
            Err(_) => {
                complain(engine, &[Diagnostic::new(Code::E0802, "a line of the input is not UTF-8")]);
                text.clear();
            }
        }
        if !ended && is_incomplete(&text) {
            continue;
        }
        let entered = std::mem::take(&mut text);
        if !step(engine, &entered, false)? || ended {
            return Ok(Status::Expected);
        }
    }
}

/// Does what was entered; false ends the session.
fn step(engine: &mut Engine, text: &str, interactive: bool) -> Result<bool, Vec<Diagnostic>> {
    let entry = match read(text) {
        Ok(Entry::Quit) => return Ok(false),
        Ok(entry) => entry,
        Err(mistake) => {
            complain(engine, &[mistake]);
            return Ok(true);
        }
    };
    match obey(engine, entry, interactive) {
        // Only a failure to print reaches the caller: nothing that was entered ends the session.
        Ok(answer) => output::say(&answer)?,
        Err(mistakes) => complain(engine, &mistakes),
    }
    Ok(true)
}

fn obey(engine: &mut Engine, entry: Entry<'_>, interactive: bool) -> Result<String, Vec<Diagnostic>> {
    match entry {
        Entry::Nothing | Entry::Quit => Ok(String::new()),
        Entry::Help => Ok(HELP.to_owned()),
        Entry::Type(text) => engine.type_of(text).map(|ty| format!("{ty}\n")),
        Entry::Doc(name) => engine.doc(name).map(|doc| format!("{}\n", doc.trim_end())),
        Entry::Load(file) => {
            let theorems = engine.load(std::path::Path::new(file))?;
            verdicts(engine, &theorems)
        }
        Entry::Statements(text) => {
            let theorems = engine.statements(text)?;
            verdicts(engine, &theorems)
        }
        Entry::Bindings(bindings) => {
            let mut told = String::new();
            for (name, value) in bindings {
                engine.bind(&name, value)?;
                if interactive {
                    told += &format!("{name}: {}\n", engine.type_of(&name)?);
                }
            }
            Ok(told)
        }
        Entry::Expression(text) => engine.evaluate(text).map(|answer| format!("{}\n", answer_text(&answer))),
    }
}

fn verdicts(engine: &Engine, theorems: &[crate::check::Theorem]) -> Result<String, Vec<Diagnostic>> {
    if theorems.is_empty() {
        return Ok(String::new());
    }
    let report = engine.verify(theorems, &Options { samples: SAMPLES, attack: ATTACK, ..Options::default() })?;
    Ok(report_text(&report, output::output_style()))
}

fn complain(engine: &Engine, mistakes: &[Diagnostic]) {
    let style: Style = output::error_style();
    output::complain(&render(engine.sources(), mistakes, style));
}
