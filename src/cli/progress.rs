//! The progress bar: on standard error, and only where that is a terminal.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::check::Theorem;
use crate::verify::{ClaimReport, Progress};

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
}

impl Bar {
    /// A bar that appears with the first theorem.
    pub fn new() -> Self {
        let mut bar = ProgressBar::new(0);
        // The template is a constant that a test below holds to be one.
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar = bar.with_style(style.progress_chars("━╸ "));
        }
        Bar { bar, surprises: AtomicU64::new(0), samples: AtomicU64::new(0) }
    }

    /// Takes the bar off the screen.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn tell(&self) {
        let samples = indicatif::HumanCount(self.samples.load(Ordering::Relaxed));
        let surprises = match self.surprises.load(Ordering::Relaxed) {
            0 => String::new(),
            1 => ", 1 surprise".to_owned(),
            n => format!(", {n} surprises"),
        };
        self.bar.set_prefix(format!("{samples} samples{surprises}"));
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
