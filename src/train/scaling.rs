//! Half precision: the loss times a large number, so that small gradients are not rounded to 0 (Micikevicius et al. 2018).

use serde::{Deserialize, Serialize};
use tch::Tensor;

/// What a run begins with, and the number of good steps after which more is tried: those of torch's GradScaler.
const FIRST: f64 = 65536.0;
const PATIENCE: u64 = 2000;

/// The number that the loss is multiplied by: halved when a gradient overflows, whose step is left out, and doubled when none
/// did for long.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Scaling {
    active: bool,
    factor: f64,
    good: u64,
}

impl Scaling {
    /// The start; a run in single precision is not scaled.
    pub fn new(active: bool) -> Self {
        Scaling { active, factor: if active { FIRST } else { 1.0 }, good: 0 }
    }

    /// Whether a gradient may overflow by the scaling alone: the factor can still be halved.
    pub fn can_shrink(&self) -> bool {
        self.active && self.factor > 1.0
    }

    /// The loss as it is differentiated.
    pub fn scaled(&self, loss: &Tensor) -> Tensor {
        if self.active { loss * self.factor } else { loss.shallow_clone() }
    }

    /// A number of the scaled gradient as it would be without.
    pub fn unscaled(&self, x: f64) -> f64 {
        x / self.factor
    }

    /// Takes note of the norm of a step.
    pub fn learn(&mut self, norm: f64) {
        if !self.active {
            return;
        }
        if !norm.is_finite() {
            (self.factor, self.good) = (self.factor / 2.0, 0);
        } else if self.good + 1 == PATIENCE {
            (self.factor, self.good) = (self.factor * 2.0, 0);
        } else {
            self.good += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overflow_halves_and_patience_doubles() {
        let mut scaling = Scaling::new(true);
        scaling.learn(f64::INFINITY);
        assert_eq!(scaling.unscaled(FIRST / 2.0), 1.0);
        (0..PATIENCE).for_each(|_| scaling.learn(1.0));
        assert_eq!(scaling.unscaled(FIRST), 1.0);
        (0..16).for_each(|_| scaling.learn(f64::NAN));
        assert!(!scaling.can_shrink());
        let mut single = Scaling::new(false);
        single.learn(f64::NAN);
        assert_eq!((single, single.unscaled(3.0)), (Scaling::new(false), 3.0));
    }
}
