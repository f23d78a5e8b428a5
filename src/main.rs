//! The `loewner` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    loewner::cli::main()
}
