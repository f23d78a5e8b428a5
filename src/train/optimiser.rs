//! AdamW, with its moments in the open: a run that is gone on with needs them, and torch's own optimisers keep them to
//! themselves in tch.
//!
//! The parameters of a group lie one after the other in one tensor, of which each is a view, so that a step is a handful of
//! operations on long vectors and not on every parameter.

use tch::{Kind, TchError, Tensor};

/// A tensor that is trained.
#[derive(Debug)]
pub struct Parameter {
    /// Its name in the checkpoint.
    pub name: String,
    /// The tensor, which asks for a gradient.
    pub tensor: Tensor,
    /// Whether it decays: matrices do, vectors (biases, scales) do not (He et al. 2022, official code).
    pub decays: bool,
    /// What the learning rate is multiplied by: below 1 for early layers in fine-tuning.
    pub scale: f64,
}

/// AdamW (Loshchilov and Hutter 2019, algorithm 2), as torch has it: weights decay by the learning rate times the decay before
/// they move, the moments are corrected for their start at 0.
#[derive(Debug)]
pub struct AdamW {
    groups: Vec<Group>,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    decay: f64,
    /// How many steps were taken.
    steps: u64,
}

/// Parameters that are treated alike.
#[derive(Debug)]
struct Group {
    parameters: Vec<Parameter>,
    /// All weights, in the order of the parameters; then the moments.
    weights: Tensor,
    first: Tensor,
    second: Tensor,
}

/// The gradient of a loss by all parameters, a vector for each group.
#[derive(Debug)]
pub struct Gradient(Vec<Tensor>);

impl Gradient {
    /// Its Euclidean norm, a tensor: nobody waits for it until it is read.
    ///
    /// # Errors
    /// What torch refuses.
    pub fn norm(&self) -> Result<Tensor, TchError> {
        // In double precision: the square of a number of single precision may have no place there.
        let norms = self.0.iter().map(|part| part.f_norm_scalaropt_dtype(2, Kind::Double));
        Tensor::f_stack(&norms.collect::<Result<Vec<_>, _>>()?, 0)?.f_norm()
    }

    /// The gradient times a number.
    ///
    /// # Errors
    /// What torch refuses.
    pub fn scale(&mut self, factor: f64) -> Result<(), TchError> {
        self.0.iter_mut().try_for_each(|part| part.f_mul_scalar_(factor).map(|_| ()))
    }
}

impl AdamW {
    /// An optimiser of these parameters, which are moved into memory of its own (they stay the same tensors for everybody
    /// else who holds them).
    ///
    /// # Errors
    /// What torch refuses.
    pub fn new(mut parameters: Vec<Parameter>, beta2: f64, decay: f64) -> Result<AdamW, TchError> {
        // The order of sums, and with it every bit of a step, is that of the names.
        parameters.sort_by(|a, b| a.name.cmp(&b.name));
        let mut sorted: Vec<((bool, f64), Vec<Parameter>)> = Vec::new();
        for parameter in parameters {
            let key = (parameter.decays, parameter.scale);
            match sorted.iter_mut().find(|(known, _)| *known == key) {
                Some((_, group)) => group.push(parameter),
                None => sorted.push((key, vec![parameter])),
            }
        }
        let groups = sorted.into_iter().map(|(_, parameters)| Group::new(parameters)).collect::<Result<_, _>>()?;
        Ok(AdamW { groups, beta1: 0.9, beta2, epsilon: 1e-8, decay, steps: 0 })
    }

    /// The gradient of a loss. Parameters that it does not rest on have gradient 0.
    ///
    /// # Errors
    /// What torch refuses.
    pub fn gradient(&self, loss: &Tensor) -> Result<Gradient, TchError> {
        let all: Vec<&Tensor> = self.groups.iter().flat_map(|group| group.tensors()).collect();
        let mut gradients = Tensor::f_run_backward(&[loss], &all, false, false)?.into_iter();
        let parts = self.groups.iter().map(|group| {
            let parts: Result<Vec<Tensor>, TchError> = group
                .tensors()
                .zip(&mut gradients)
                .map(|(tensor, gradient)| match gradient.defined() {
                    true => gradient.f_reshape(-1),
                    false => tensor.f_detach()?.f_zeros_like()?.f_reshape(-1),
                })
                .collect();
            Tensor::f_cat(&parts?, 0)
        });
        Ok(Gradient(parts.collect::<Result<_, _>>()?))
    }

    /// One step against a gradient.
    ///
    /// # Errors
    /// What torch refuses.
    pub fn step(&mut self, gradient: &Gradient, learning_rate: f64) -> Result<(), TchError> {
        self.steps += 1;
        let power = |beta: f64| 1.0 - beta.powf(self.steps as f64);
        let (first_correction, second_correction) = (power(self.beta1), power(self.beta2));
        tch::no_grad(|| {
            for (group, gradient) in self.groups.iter_mut().zip(&gradient.0) {
                let rate = learning_rate * group.scale();
                if group.decays() && self.decay != 0.0 {
                    let _ = group.weights.f_mul_scalar_(1.0 - rate * self.decay)?;
                }
                let _ = group.first.f_lerp_(gradient, 1.0 - self.beta1)?;
                let _ = group.second.f_lerp_(&gradient.f_square()?, 1.0 - self.beta2)?;
                let mut below = group.second.f_sqrt()?;
                let _ = below.f_mul_scalar_(1.0 / second_correction.sqrt())?;
                let _ = below.f_add_scalar_(self.epsilon)?;
                let move_by = group.first.f_mul_scalar(-rate / first_correction)?;
                let _ = group.weights.f_addcdiv_(&move_by, &below)?;
            }
            Ok(())
        })
    }

    /// How many steps were taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The moments, by the names of their parameters: `first.NAME` and `second.NAME`. They share the optimiser's memory: what
    /// is written into them is its state.
    ///
    /// # Errors
    /// What torch refuses.
    pub fn moments(&self) -> Result<Vec<(String, Tensor)>, TchError> {
        let mut moments = Vec::new();
        for group in &self.groups {
            for (of, all) in [("first", &group.first), ("second", &group.second)] {
                let mut from = 0;
                for parameter in &group.parameters {
                    let size = parameter.tensor.size();
                    let n = size.iter().product();
                    moments.push((format!("{of}.{}", parameter.name), all.f_narrow(0, from, n)?.f_view(&size[..])?));
                    from += n;
                }
            }
        }
        Ok(moments)
    }

    /// Goes on after so many steps, once the moments are written.
    pub fn resume(&mut self, steps: u64) {
        self.steps = steps;
    }
}

impl Group {
    fn new(mut parameters: Vec<Parameter>) -> Result<Group, TchError> {
        tch::no_grad(|| {
            let parts: Result<Vec<Tensor>, TchError> =
                parameters.iter().map(|parameter| parameter.tensor.f_detach()?.f_reshape(-1)).collect();
            let weights = Tensor::f_cat(&parts?, 0)?;
            let mut from = 0;
            for parameter in &mut parameters {
                let size = parameter.tensor.size();
                let n = size.iter().product();
                parameter.tensor.f_set_data(&weights.f_narrow(0, from, n)?.f_view(&size[..])?)?;
                from += n;
            }
            Ok(Group { first: weights.f_zeros_like()?, second: weights.f_zeros_like()?, weights, parameters })
        })
    }

    fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        self.parameters.iter().map(|parameter| &parameter.tensor)
    }

    /// All parameters of a group have the same.
    fn decays(&self) -> bool {
        self.parameters.first().is_some_and(|parameter| parameter.decays)
    }

    fn scale(&self) -> f64 {
        self.parameters.first().map_or(1.0, |parameter| parameter.scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(name: &str, values: &[f64], size: &[i64], decays: bool) -> Parameter {
        let tensor = Tensor::from_slice(values).reshape(size).set_requires_grad(true);
        Parameter { name: name.to_owned(), tensor, decays, scale: 1.0 }
    }

    /// Three steps on sum((w - 1)^2) + sum(b^2) by hand, in numbers.
    fn by_hand(mut w: f64, decay: f64, gradient: impl Fn(f64) -> f64) -> f64 {
        let (mut m, mut v, rate) = (0.0, 0.0, 0.1);
        for step in 1..=3 {
            let g = gradient(w);
            w *= 1.0 - rate * decay;
            m = 0.9 * m + 0.1 * g;
            v = 0.95 * v + 0.05 * g * g;
            let (m_hat, v_hat) = (m / (1.0 - 0.9_f64.powi(step)), v / (1.0 - 0.95_f64.powi(step)));
            w -= rate * m_hat / (v_hat.sqrt() + 1e-8);
        }
        w
    }

    #[test]
    fn steps_are_those_of_the_paper() {
        let weight = parameter("weight", &[3.0, -2.0], &[1, 2], true);
        let bias = parameter("bias", &[0.5], &[1], false);
        let (w, b) = (weight.tensor.shallow_clone(), bias.tensor.shallow_clone());
        let unused = parameter("unused", &[7.0], &[1], false);
        let still = unused.tensor.shallow_clone();
        let mut optimiser = AdamW::new(vec![weight, bias, unused], 0.95, 0.05).unwrap();
        for _ in 0..3 {
            let loss = (&w - 1.0).square().sum(Kind::Double) + b.square().sum(Kind::Double);
            let gradient = optimiser.gradient(&loss).unwrap();
            optimiser.step(&gradient, 0.1).unwrap();
        }
        let close = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-13, "{found} and not {wanted}");
        close(w.double_value(&[0, 0]), by_hand(3.0, 0.05, |w| 2.0 * (w - 1.0)));
        close(w.double_value(&[0, 1]), by_hand(-2.0, 0.05, |w| 2.0 * (w - 1.0)));
        close(b.double_value(&[0]), by_hand(0.5, 0.0, |b| 2.0 * b));
        close(still.double_value(&[0]), 7.0);
        assert_eq!(optimiser.steps(), 3);
    }

    #[test]
    fn a_norm_is_that_of_all_groups() {
        let optimiser =
            AdamW::new(vec![parameter("a", &[1.0], &[1, 1], true), parameter("b", &[1.0], &[1], false)], 0.95, 0.0);
        let optimiser = optimiser.unwrap();
        let all: Vec<Tensor> = optimiser.groups.iter().flat_map(Group::tensors).map(Tensor::shallow_clone).collect();
        let loss = &all[0] * 3.0 + &all[1] * 4.0;
        let mut gradient = optimiser.gradient(&loss.sum(Kind::Double)).unwrap();
        assert!((gradient.norm().unwrap().double_value(&[]) - 5.0).abs() < 1e-6);
        gradient.scale(0.5).unwrap();
        assert!((gradient.norm().unwrap().double_value(&[]) - 2.5).abs() < 1e-6);
    }

    #[test]
    fn moments_are_the_state() {
        let weight = parameter("weight", &[3.0, -2.0], &[2], true);
        let w = weight.tensor.shallow_clone();
        let mut optimiser = AdamW::new(vec![weight], 0.95, 0.0).unwrap();
        let gradient = optimiser.gradient(&(&w * 2.0).sum(Kind::Double)).unwrap();
        optimiser.step(&gradient, 0.1).unwrap();
        let moments = optimiser.moments().unwrap();
        let names: Vec<&str> = moments.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["first.weight", "second.weight"]);
        assert!((moments[0].1.double_value(&[1]) - 0.2).abs() < 1e-12);
        assert!((moments[1].1.double_value(&[1]) - 0.2).abs() < 1e-12);
        let _ = moments[0].1.shallow_clone().zero_();
        assert_eq!(optimiser.groups[0].first.double_value(&[0]), 0.0);
    }
}
