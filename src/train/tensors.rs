//! What a network made of a batch, by the names that losses and watched expressions have for it.

use std::collections::BTreeMap;

use tch::{Kind, TchError, Tensor};

use super::method::Family;

/// Below this a norm is taken to be this, so that a column of zeros stays one (as `torch.nn.functional.normalize` has it).
const LEAST_NORM: f64 = 1e-12;

/// The tensors of a batch.
#[derive(Debug)]
pub struct Tensors {
    family: Family,
    /// What the network gave. Features are B × d here, a row per sample, as networks have them.
    given: BTreeMap<&'static str, Tensor>,
}

impl Tensors {
    /// Those that a network gave, by their names in [`Family::names`].
    pub fn new(family: Family, given: impl IntoIterator<Item = (&'static str, Tensor)>) -> Self {
        Tensors { family, given: given.into_iter().collect() }
    }

    /// The tensor of a name, in the shape that the language has for it: features are d × B.
    ///
    /// # Errors
    /// What torch refuses, and a name that nothing was given for.
    pub fn get(&self, name: &str) -> Result<Tensor, TchError> {
        let known = self.family.name(name).unwrap_or(name);
        if let Some(tensor) = self.given.get(known) {
            return if tensor.dim() == 2 && known != "pred" && known != "target" {
                tensor.f_transpose(0, 1)
            } else {
                Ok(tensor.shallow_clone())
            };
        }
        let (kind, view) = known.split_at(known.len().min(1));
        match kind {
            "Z" => unit(&self.get(&format!("F{view}"))?, 0),
            "Y" => unit(&self.get(&format!("Z{view}"))?, 1),
            _ => Err(TchError::Torch(format!("the network gives no `{name}`"))),
        }
    }

    /// The same without a history, in double precision on the processor.
    ///
    /// # Errors
    /// What torch refuses.
    pub fn exact(&self) -> Result<Tensors, TchError> {
        let moved = self.given.iter().map(|(name, tensor)| {
            let tensor = tensor.f_detach()?.f_to_device(tch::Device::Cpu)?.f_to_kind(Kind::Double)?;
            Ok((*name, tensor))
        });
        Ok(Tensors { family: self.family, given: moved.collect::<Result<_, TchError>>()? })
    }

    /// The first that is not finite, of those that the network gave.
    ///
    /// # Errors
    /// What torch refuses.
    pub fn broken(&self) -> Result<Option<&'static str>, TchError> {
        for (name, tensor) in &self.given {
            if tensor.f_isfinite()?.f_all()?.int64_value(&[]) == 0 {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }
}

/// Vectors along a dimension, divided by their norms.
fn unit(x: &Tensor, along: i64) -> Result<Tensor, TchError> {
    x.f_divide(&x.f_norm_scalaropt_dim(2, [along], true)?.f_clamp_min(LEAST_NORM)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conventions_are_those_of_the_paper() {
        let features = Tensor::from_slice(&[3.0, 4.0, 0.0, 2.0]).reshape([2, 2]);
        let tensors = Tensors::new(Family::Siamese, [("F1", features)]);
        // A row of the network is a column here: (3, 4) has norm 5.
        assert_eq!(tensors.get("F1").unwrap().double_value(&[1, 0]), 4.0);
        assert_eq!(tensors.get("z1").unwrap().double_value(&[1, 0]), 0.8);
        // The second feature over the batch is (0.8, 1).
        let wanted = 0.8 / (0.64f64 + 1.0).sqrt();
        assert!((tensors.get("Y1").unwrap().double_value(&[1, 0]) - wanted).abs() < 1e-15);
        assert!(tensors.get("Z2").is_err() && tensors.get("pred").is_err());
    }

    #[test]
    fn what_is_not_finite_is_named() {
        let good = Tensor::from_slice(&[1.0f32]).reshape([1, 1]);
        let bad = Tensor::from_slice(&[f32::NAN]).reshape([1, 1]);
        let tensors = Tensors::new(Family::Siamese, [("F1", good), ("F2", bad)]);
        assert_eq!(tensors.broken().unwrap(), Some("F2"));
    }
}
