//! The command line: the only room that prints, and the only one that decides how the program ends.
//!
//! ```text
//! args --> verify | eval | grad | check | explain | relate | lint | latex | emit | replay | devices | plot | repl --> engine --> report --> output
//! ```

mod args;
mod check;
mod devices;
mod emit;
mod engine;
mod eval;
mod explain;
mod files;
mod latex;
mod lint;
pub mod load;
mod naming;
mod output;
mod plot;
mod plot_figure;
mod probe;
mod progress;
mod relate;
mod render;
mod repl;
mod replay;
mod story;
mod train;
mod verify;

use std::process::ExitCode;

use clap::Parser;

use crate::base::Diagnostic;
use args::{Arguments, Command};
use engine::Engine;

pub use render::render;

/// The status of a program that ends on Ctrl-C, or on SIGTERM: 128 and the number of the former's signal, as shells count.
const INTERRUPTED: u8 = 130;

/// How the program ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// All as expected.
    Expected,
    /// Some claim did not come out as its author expects, or two losses are different.
    Surprise,
    /// The input could not be read, parsed, typed or used.
    Unusable,
    /// Nothing was checked: values were measured only, or there were none.
    Open,
    /// Somebody pressed Ctrl-C, or sent SIGTERM.
    Interrupted,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        match status {
            Status::Expected => ExitCode::SUCCESS,
            Status::Surprise => ExitCode::from(1),
            Status::Unusable => ExitCode::from(2),
            Status::Open => ExitCode::from(3),
            Status::Interrupted => ExitCode::from(INTERRUPTED),
        }
    }
}

/// What a command comes to: a status, or the mistakes that stopped it.
type Outcome = Result<Status, Vec<Diagnostic>>;

/// The stack of the thread that everything runs on. Expressions nest to a bound that the parser keeps, yet the checker
/// and the planner recurse with larger frames than a system's default stack foresees.
const STACK: usize = 256 << 20;

/// Runs the program on the arguments of this process.
pub fn main() -> ExitCode {
    let thread = std::thread::Builder::new().name("loewner".to_owned()).stack_size(STACK).spawn(run);
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(status)) => status.into(),
        // The panic has printed its message; it is a defect of ours, and no verdict may be read from it.
        Ok(Err(_)) => Status::Unusable.into(),
        // Without room for a large stack the smaller one still serves all but the deepest expressions.
        Err(_) => run().into(),
    }
}

fn run() -> Status {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // A failure to print means that nobody reads: there is nobody to tell.
            let _ = error.print();
            return if error.use_stderr() { Status::Unusable } else { Status::Expected };
        }
    };
    let mut engine = Engine::new();
    let outcome = match &arguments.command {
        Some(Command::Verify(arguments)) => verify::run(&mut engine, arguments),
        Some(Command::Eval(arguments)) => eval::run(&mut engine, arguments),
        Some(Command::Grad(arguments)) => eval::run_grad(&mut engine, arguments),
        Some(Command::Check(arguments)) => check::run(&mut engine, arguments),
        Some(Command::Explain(arguments)) => explain::run(&mut engine, arguments),
        Some(Command::Relate(arguments)) => relate::run(&mut engine, arguments),
        Some(Command::Lint(arguments)) => lint::run(&mut engine, arguments),
        Some(Command::Latex(arguments)) => latex::run(&mut engine, arguments),
        Some(Command::Emit(arguments)) => emit::run(&mut engine, arguments),
        Some(Command::Replay(arguments)) => replay::run(&mut engine, arguments),
        Some(Command::Devices(arguments)) => devices::run(arguments),
        Some(Command::Plot(arguments)) => plot_figure::run(arguments),
        Some(Command::Train(arguments)) => train::run(arguments),
        Some(Command::Probe(arguments)) => probe::run(arguments),
        Some(Command::Repl) | None => repl::run(&mut engine),
    };
    outcome.unwrap_or_else(|diagnostics| {
        output::complain(&render(engine.sources(), &diagnostics, output::error_style()));
        Status::Unusable
    })
}
