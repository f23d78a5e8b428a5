//! The project's chores. `cargo xtask help` lists them.
//!
//! Standard library only, and no shell: every command is printed as it can be typed, is run, and the first that fails
//! stops the chore with its own status.

mod bench;
mod calibrate;
mod json;
mod measure;
mod python;
mod relations;
mod rewrite;
mod server;
mod step;
mod torch;
mod torch_bench;
mod train_bench;
mod truth;

use std::process::ExitCode;

use step::{Failure, Step};

const HELP: &str = "\
Usage: cargo xtask CHORE

  test        everything that a commit must pass: formatting, lints, tests of all targets, documentation, then torch
                --no-torch    what needs no torch: minutes less, and no download
  torch       libtorch for the feature `torch`: installs it into target/venv, or checks the one that LIBTORCH or
              LIBTORCH_USE_PYTORCH=1 names
  bench       the benchmark against NumPy, alternating in one run: a table of ratios, and benches/results.csv
                --rounds N    how often each cell is measured, the median counts (5)
                --seconds S   how long each measurement lasts at least (0.5)
                --only CLAIM  one claim: 4.1, 4.5, 4.11 or 4.13
  calibrate   measure the rates of the cost model, src/rewrite/rates.csv, and compare: benches/cost.csv
  rewrite     the benchmark of original against rewritten: benches/rewrite.csv and REWRITE.md; --search: SEARCH.md
                --only NAME   one expression; --seconds S for each form (1); the files stay as they are
  torch-bench losses on torch against PyTorch, forward and backward: benches/torch.csv and TORCH.md
                --eager       without torch.compile and memory, which take long
                --only LOSS   one loss; the files stay as they are
  train-bench a step of pre-training against PyTorch: benches/train.csv and TRAIN.md
                --turns N     how often each step is measured (15)
  relations   how the losses of code bases are related to the paper's: src/library/RELATIONS.md
  truth       verify the statements of tests/truth, whose truth is known: tests/truth/table.csv and README.md
                --false S     the budget of a false statement in seconds (10)
                --true S      the budget of a true one (60)
                --quick       the default effort instead
                --only TEXT   statements with this text in their name; the table stays as it is
  lint        lint the library: src/library/LINT.md
  reference   recompute the library's quoted values and the counterexamples of proofs/ and tests/truth (mpmath)
  help        this text

`test --no-torch` needs Rust alone. `bench`, `reference`, `torch` and `test` also need python3 with its venv module: they
install what they use, pinned, into target/python and target/venv.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    let outcome = match arguments.first().map(String::as_str) {
        Some("test") => switch("test", "--no-torch", rest).and_then(test),
        Some("torch") => no_options("torch", rest).and_then(|()| torch::run()),
        Some("torch-bench") => torch_bench::run(rest),
        Some("train-bench") => train_bench::run(rest),
        Some("bench") => bench::Options::parse(rest).and_then(|options| bench::run(&options)),
        Some("calibrate") => no_options("calibrate", rest).and_then(|()| calibrate::run()),
        Some("rewrite") => rewrite::run(rest),
        Some("relations") => no_options("relations", rest).and_then(|()| relations::run()),
        Some("truth") => truth::Options::parse(rest).and_then(|options| truth::run(&options)),
        Some("lint") => no_options("lint", rest).and_then(|()| lint()),
        Some("reference") => no_options("reference", rest).and_then(|()| reference()),
        Some("help" | "--help" | "-h") => {
            print!("{HELP}");
            Ok(())
        }
        Some(other) => Err(Failure::usage(format!("there is no chore `{other}`"))),
        None => Err(Failure::usage("which chore?")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {}", failure.message);
            if failure.is_usage() {
                eprint!("\n{HELP}");
            }
            ExitCode::from(failure.status)
        }
    }
}

fn no_options(chore: &str, rest: &[String]) -> Result<(), Failure> {
    match rest.first() {
        None => Ok(()),
        Some(unknown) => Err(Failure::usage(format!("`{chore}` has no option `{unknown}`"))),
    }
}

/// Whether the one option of a chore is given.
fn switch(chore: &str, option: &str, rest: &[String]) -> Result<bool, Failure> {
    match rest.split_first() {
        Some((first, rest)) if first == option => no_options(chore, rest).map(|()| true),
        _ => no_options(chore, rest).map(|()| false),
    }
}

/// Everything in one build profile, so that each dependency is compiled once.
fn test(without_torch: bool) -> Result<(), Failure> {
    step::require_component("fmt", "rustfmt")?;
    step::require_component("clippy", "clippy")?;
    Step::cargo(["fmt", "--all", "--check"]).run()?;
    Step::cargo(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]).run()?;
    Step::cargo(["test", "--workspace", "--all-targets", "--locked"]).run()?;
    Step::cargo(["test", "--workspace", "--doc", "--locked"]).run()?;
    Step::cargo(["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-D warnings").run()?;
    if without_torch {
        println!("\nNothing of torch was built or tested: `cargo xtask test` does.");
        return Ok(());
    }
    test_torch().map_err(|failure| Failure {
        message: format!(
            "{}\nAll that needs no torch has passed: `cargo xtask test --no-torch` stops there.",
            failure.message
        ),
        ..failure
    })
}

/// What the feature `torch` adds, and not a second time what does without.
fn test_torch() -> Result<(), Failure> {
    println!("\n{}", torch::ready()?);
    let cargo = |words: &[&str]| Step::cargo(words.iter().copied().chain(["--locked", "--features", "torch"]));
    cargo(&["test", "--lib", "torch::"]).run()?;
    cargo(&["test", "--test", "torch_*"]).run()?;
    // The build script has run by now, and the programs are there: lints and documentation only read the crate.
    Step::cargo(["clippy", "--all-targets", "--locked", "--features", "torch", "--", "-D", "warnings"]).run()?;
    cargo(&["doc", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings").run()
}

/// The table of how the library's losses behave.
fn lint() -> Result<(), Failure> {
    let table = Step::cargo(["run", "--release", "--quiet", "--", "lint", "--library"]).output()?;
    let path = step::root()?.join("src/library/LINT.md");
    std::fs::write(&path, table).map_err(|error| Failure::new(format!("{} cannot be written: {error}", path.display())))
}

/// The reference values, by scripts that share no code with the project.
fn reference() -> Result<(), Failure> {
    let python = python::with("tests/reference/requirements.txt")?;
    Step::new(&python, ["tests/reference/library_values.py", "--check", "src/library"]).run()?;
    Step::new(&python, ["tests/reference/counterexamples.py"]).run()?;
    Step::new(&python, ["tests/reference/truth_counterexamples.py", "tests/truth"]).run()
}
