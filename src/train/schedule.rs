//! What changes with the step: the learning rate.

use std::f64::consts::PI;

/// A cosine with a linear start, as He et al. 2022 train with: from 0 to the peak in `warmup` steps, then down to 0.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Cosine {
    /// The largest value.
    pub peak: f64,
    /// The steps that lead up to it.
    pub warmup: u64,
    /// All steps.
    pub steps: u64,
}

impl Cosine {
    /// The value at a step, counted from 0.
    pub fn at(&self, step: u64) -> f64 {
        if step < self.warmup {
            // The first step moves too: a rate of 0 would waste it.
            return self.peak * (step + 1) as f64 / self.warmup as f64;
        }
        let all = self.steps.saturating_sub(self.warmup).max(1);
        let share = (step - self.warmup).min(all) as f64 / all as f64;
        self.peak * (1.0 + (PI * share).cos()) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cosine_starts_peaks_and_ends() {
        let cosine = Cosine { peak: 2.0, warmup: 10, steps: 110 };
        assert_eq!((cosine.at(0), cosine.at(9), cosine.at(10)), (0.2, 2.0, 2.0));
        // A quarter of the way down cos(pi/4) = sqrt(1/2), half-way 0.
        assert!((cosine.at(35) - (1.0 + 0.5_f64.sqrt())).abs() < 1e-15);
        assert!((cosine.at(60) - 1.0).abs() < 1e-15 && cosine.at(110) == 0.0);
    }

    #[test]
    fn a_run_without_a_start_begins_at_the_peak() {
        assert_eq!(Cosine { peak: 1.0, warmup: 0, steps: 1 }.at(0), 1.0);
    }
}
