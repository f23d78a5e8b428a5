//! One command of a chore.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Why a chore stopped.
#[derive(Debug)]
pub struct Failure {
    /// What to tell the person who typed the command.
    pub message: String,
    /// The exit status: the failed command's own, where there is one.
    pub status: u8,
}

/// The status of a command line that cannot be understood.
const USAGE: u8 = 64;

impl Failure {
    /// A failure with status 1.
    pub fn new(message: impl Into<String>) -> Self {
        Failure { message: message.into(), status: 1 }
    }

    /// A command line that cannot be understood.
    pub fn usage(message: impl Into<String>) -> Self {
        Failure { message: message.into(), status: USAGE }
    }

    /// Whether the help text is the answer.
    pub fn is_usage(&self) -> bool {
        self.status == USAGE
    }
}

/// A command, run at the top of the repository.
pub struct Step {
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Step {
    /// A program with its arguments.
    pub fn new<I: IntoIterator<Item: Into<String>>>(program: impl Into<PathBuf>, arguments: I) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Step { program: program.into(), arguments, environment: Vec::new() }
    }

    /// The cargo that runs this program, with arguments.
    pub fn cargo<I: IntoIterator<Item: Into<String>>>(arguments: I) -> Self {
        Step::new(std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from), arguments)
    }

    /// Sets a variable of the command's environment.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Prints the command, runs it with this program's own output, and says how long it took.
    pub fn run(&self) -> Result<(), Failure> {
        println!("\n$ {self}");
        let start = Instant::now();
        let status = self.command()?.status().map_err(|error| self.not_started(&error))?;
        if !status.success() {
            // A command that a signal ended has no status of its own.
            let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
            return Err(Failure { message: format!("`{self}` failed: {status}"), status: code });
        }
        println!("  done in {:.1} s", start.elapsed().as_secs_f64());
        Ok(())
    }

    /// Runs the command without a word and gives its standard output; its errors go to this program's.
    pub fn output(&self) -> Result<String, Failure> {
        self.answer(&[0])
    }

    /// As [`Self::output`], for a command that may end with any of these statuses.
    pub fn answer(&self, statuses: &[i32]) -> Result<String, Failure> {
        let output = self.command()?.stderr(Stdio::inherit()).output().map_err(|error| self.not_started(&error))?;
        if !output.status.code().is_some_and(|code| statuses.contains(&code)) {
            return Err(Failure::new(format!("`{self}` failed: {}", output.status)));
        }
        String::from_utf8(output.stdout).map_err(|_| Failure::new(format!("`{self}` printed what is not UTF-8")))
    }

    /// The command's standard output where it starts and succeeds; its errors are dropped.
    pub fn quietly(&self) -> Result<Option<String>, Failure> {
        let output = self.command()?.stderr(Stdio::null()).output();
        let output = output.ok().filter(|output| output.status.success());
        Ok(output.and_then(|output| String::from_utf8(output.stdout).ok()))
    }

    /// Whether the command starts and succeeds; its output is dropped.
    pub fn succeeds(&self) -> Result<bool, Failure> {
        Ok(self.quietly()?.is_some())
    }

    fn command(&self) -> Result<Command, Failure> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(root()?).stdin(Stdio::null());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }

    fn not_started(&self, error: &std::io::Error) -> Failure {
        Failure::new(format!("`{self}` could not be started: {error}"))
    }
}

impl fmt::Display for Step {
    /// The command as it can be typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.environment {
            write!(f, "{name}={} ", quoted(value))?;
        }
        // The cargo of a toolchain stands under a long path, and so does this folder: what a person types is short.
        let program = if self.program.file_name() == Some(OsStr::new("cargo")) {
            Path::new("cargo")
        } else {
            root().ok().and_then(|root| self.program.strip_prefix(root).ok()).unwrap_or(&self.program)
        };
        f.write_str(&quoted(&program.to_string_lossy()))?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {}", quoted(argument)))
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// The top of the repository.
pub fn root() -> Result<PathBuf, Failure> {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .ok_or_else(|| Failure::new("run it as `cargo xtask`: cargo says where the repository is"))?;
    let root = Path::new(&manifest).ancestors().nth(2).map(Path::to_path_buf);
    root.ok_or_else(|| Failure::new("the xtask does not lie in tests/xtask of a repository"))
}

/// Fails with the repair where a part of the toolchain is not installed.
pub fn require_component(subcommand: &str, component: &str) -> Result<(), Failure> {
    if Step::cargo([subcommand, "--version"]).succeeds()? {
        return Ok(());
    }
    let repair = format!("rustup component add {component}");
    Err(Failure::new(format!("`cargo {subcommand}` is not installed; `{repair}` brings it")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_printed_as_it_can_be_typed() {
        let step = Step::new("python3", ["-c", "print('a b')"]).env("THREADS", "2");
        assert_eq!(step.to_string(), r"THREADS=2 python3 -c 'print('\''a b'\'')'");
        assert_eq!(Step::new("/opt/rust/bin/cargo", ["test"]).to_string(), "cargo test");
    }

    #[test]
    fn a_failed_command_gives_its_own_status() {
        let failure = Step::new("rustc", ["--no-such-option"]).run().unwrap_err();
        assert_eq!(failure.status, 1);
        assert!(failure.message.contains("rustc --no-such-option"), "{}", failure.message);
    }

    #[test]
    fn a_command_that_is_not_there_is_named() {
        let failure = Step::new("no-such-program", ["x"]).run().unwrap_err();
        assert!(failure.message.starts_with("`no-such-program x` could not be started"), "{}", failure.message);
    }
}
