//! A program of a benchmark, which is alive while others take their turns.

use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::json::Json;
use crate::step::{Failure, root};

/// A program that is asked line by line.
pub struct Server {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// Freed memory goes back to the system at once.
const GIVE_BACK: [(&str, &str); 3] =
    [("MALLOC_MMAP_THRESHOLD_", "65536"), ("MALLOC_TRIM_THRESHOLD_", "65536"), ("MALLOC_ARENA_MAX", "1")];

impl Server {
    /// Starts it; where freed memory goes back at once, a rise of resident memory is what is in use.
    pub fn start(program: &str, arguments: &[&str], give_back: bool) -> Result<Server, Failure> {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(root()?).stdin(Stdio::piped()).stdout(Stdio::piped());
        if give_back {
            command.envs(GIVE_BACK);
        }
        let started = |error: std::io::Error| Failure::new(format!("`{program}` could not be started: {error}"));
        let mut child = command.spawn().map_err(started)?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::new(format!("`{program}` has no pipes")));
        };
        Ok(Server { child, input, output: BufReader::new(output) })
    }

    /// Asks a line of JSON, and waits for the one that answers it.
    pub fn ask(&mut self, question: &str) -> Result<Json, Failure> {
        let failed = |error: std::io::Error| Failure::new(format!("{question}: {error}"));
        writeln!(self.input, "{question}").map_err(failed)?;
        self.input.flush().map_err(failed)?;
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(failed)?;
        Json::parse(line.trim()).ok_or_else(|| Failure::new(format!("{question}: no answer, but `{line}`")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A number of an answer.
pub fn number(answer: &Json, name: &str) -> f64 {
    answer.get(name).and_then(Json::number).unwrap_or(f64::NAN)
}
