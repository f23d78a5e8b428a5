//! Progress on standard error: a bar where that is a terminal, and a plain line now and then elsewhere.

use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::check::Theorem;
use crate::verify::{ClaimReport, Progress};

/// How often a line is written where there is no terminal: a short run writes none.
const BETWEEN_LINES: Duration = Duration::from_secs(30);

/// Whether somebody pressed Ctrl-C. A handler of signals has no other way to tell.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Notes that somebody pressed Ctrl-C; returns whether that was not the first time.
pub(super) fn interrupt() -> bool {
    INTERRUPTED.swap(true, Ordering::Relaxed)
}

/// A bar of theorems with the one that is being verified, the samples drawn and the surprises so far.
pub(super) struct Bar {
    // It draws on standard error, and by itself draws nothing where that is no terminal.
    bar: ProgressBar,
    surprises: AtomicU64,
    samples: AtomicU64,
    /// When the last plain line was written, or the run began; `None` where there is a terminal.
    lines: Option<Mutex<Instant>>,
}

impl Bar {
    /// A bar that appears with the first theorem.
    pub fn new() -> Self {
        let mut bar = ProgressBar::new(0);
        // The template is a constant that a test below holds to be one.
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar = bar.with_style(style.progress_chars("━╸ "));
        }
        let lines = (!io::stderr().is_terminal()).then(|| Mutex::new(Instant::now()));
        Bar { bar, surprises: AtomicU64::new(0), samples: AtomicU64::new(0), lines }
    }

    /// Takes the bar off the screen.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn summary(&self) -> String {
        let samples = indicatif::HumanCount(self.samples.load(Ordering::Relaxed));
        let surprises = match self.surprises.load(Ordering::Relaxed) {
            0 => String::new(),
            1 => ", 1 surprise".to_owned(),
            n => format!(", {n} surprises"),
        };
        format!("{samples} samples{surprises}")
    }

    fn tell(&self) {
        self.bar.set_prefix(self.summary());
        // A thread that died while it held the lock left a time there all the same.
        let Some(mut last) = self.lines.as_ref().map(|last| last.lock().unwrap_or_else(|held| held.into_inner()))
        else {
            return;
        };
        if last.elapsed() >= BETWEEN_LINES {
            *last = Instant::now();
            let (done, all) = (self.bar.position(), self.bar.length().unwrap_or(0));
            let (summary, theorem) = (self.summary(), self.bar.message());
            // Nobody to tell is no reason to stop.
            let _ = writeln!(io::stderr(), "{done}/{all} theorems, {summary}, at {theorem}");
        }
    }
}

impl Progress for Bar {
    fn start(&self, theorems: usize) {
        self.bar.set_length(theorems as u64);
        self.bar.enable_steady_tick(Duration::from_millis(100));
    }

    fn theorem(&self, theorem: &Theorem) {
        self.bar.set_message(theorem.name.clone());
        self.tell();
    }

    fn samples(&self, count: u64) {
        self.samples.fetch_add(count, Ordering::Relaxed);
    }

    fn done(&self, claims: &[ClaimReport]) {
        let surprises = claims.iter().filter(|claim| !claim.as_expected()).count();
        self.surprises.fetch_add(surprises as u64, Ordering::Relaxed);
        self.bar.inc(1);
        self.tell();
    }

    fn stopped(&self) -> bool {
        INTERRUPTED.load(Ordering::Relaxed)
    }
}

const TEMPLATE: &str = "{bar:30} {pos}/{len}  {prefix}  {wide_msg}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_one() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }
}
