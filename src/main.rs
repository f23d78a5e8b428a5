//! The `loewner` program.

use std::process::ExitCode;

/// Searches and certificates make and drop millions of small vectors, of terms and of digits.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    loewner::cli::main()
}
