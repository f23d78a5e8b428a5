//! A network whose weights are a moving average of another's: the target of BYOL.

use tch::{Tensor, nn::VarStore};

use super::Torch;
use crate::base::{Code, Diagnostic};
use crate::torch::refused;

/// What becomes of the running statistics of the target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Buffers {
    /// They are the target's own, moved by its own batches (Grill et al. 2020; deepmind-research, byol_experiment.py,
    /// where `target_state` comes from the target's forward pass; MoCo's too).
    Own,
    /// They are those of the network that is trained: for a target that is not run in training mode.
    Copied,
}

/// A target and the network that it follows, weight by weight.
#[derive(Debug)]
pub struct MovingAverage {
    weights: Vec<(Tensor, Tensor)>,
    buffers: Vec<(Tensor, Tensor)>,
}

impl MovingAverage {
    /// The target becomes a copy of the network, all of it, and is not differentiated any more. The network may have
    /// weights that the target has not, such as a predictor's.
    ///
    /// # Errors
    /// E1012 where the target has a weight that the network has not, or of another shape; E0812 where torch refuses.
    pub fn new(target: &mut VarStore, network: &VarStore) -> Result<MovingAverage, Diagnostic> {
        let followed = network.variables();
        target.freeze();
        let mut average = MovingAverage { weights: Vec::new(), buffers: Vec::new() };
        let mut named: Vec<(String, Tensor)> = target.variables().into_iter().collect();
        named.sort_by(|one, other| one.0.cmp(&other.0));
        for (name, mut own) in named {
            let Some(of) = followed.get(&name).filter(|of| of.size() == own.size()) else {
                let message = format!("the network that is trained has no `{name}` of the target's shape");
                return Err(Diagnostic::new(Code::E1012, message).note("a target is built by the same configuration"));
            };
            tch::no_grad(|| own.f_copy_(of)).map_err(|error| refused("a target", &error))?;
            let pairs = if of.requires_grad() { &mut average.weights } else { &mut average.buffers };
            pairs.push((own, of.shallow_clone()));
        }
        Ok(average)
    }

    /// Each weight of the target becomes `momentum` times itself plus 1 - `momentum` times the network's, in place
    /// (Grill et al. 2020, equation 1).
    ///
    /// # Errors
    /// E0812 where torch refuses.
    pub fn update(&mut self, momentum: f64, buffers: Buffers) -> Result<(), Diagnostic> {
        tch::no_grad(|| self.step(momentum, buffers)).map_err(|error| refused("a target", &error))
    }

    fn step(&mut self, momentum: f64, buffers: Buffers) -> Torch<()> {
        for (own, of) in &mut self.weights {
            // x + (1 - momentum) (y - x), as the official code has it.
            let _ = own.f_lerp_(of, 1.0 - momentum)?;
        }
        match buffers {
            Buffers::Own => Ok(()),
            Buffers::Copied => self.buffers.iter_mut().try_for_each(|(own, of)| own.f_copy_(of)),
        }
    }
}

/// The momentum of a step: 1 - (1 - start) (cos(pi step / steps) + 1) / 2, from `start` to 1 (Grill et al. 2020,
/// section 3.3).
pub fn cosine_momentum(start: f64, step: u64, steps: u64) -> f64 {
    let done = step as f64 / steps.max(1) as f64;
    1.0 - (1.0 - start) * ((std::f64::consts::PI * done.min(1.0)).cos() + 1.0) / 2.0
}
