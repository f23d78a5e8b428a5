//! Where the weights of a network stand, and what they are before the first step.
//!
//! A weight starts as a function of the seed and of its full name: neither the order in which a network is built, nor
//! other networks beside it, nor the version of torch changes it.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, StandardNormal};
use tch::{Tensor, nn};

use super::Torch;

/// What a weight is before the first step.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Start {
    /// One number everywhere.
    Constant(f64),
    /// Normal with mean 0 and this standard deviation.
    Normal(f64),
    /// Uniform between minus this number and the number.
    Uniform(f64),
    /// Uniform with variance 2 / (rows + columns), for a matrix or what is one when its last sizes are put together
    /// (Glorot and Bengio 2010; `xavier_uniform_`).
    Xavier,
    /// Normal with variance 2 / (outputs times area of the kernel), for a convolution before a rectifier (He et al.
    /// 2015; `kaiming_normal_` by `fan_out`).
    KaimingOut,
}

/// A place for weights: a path of a variable store, with the seed by which they start.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    path: nn::Path<'a>,
    seed: u64,
}

impl<'a> Place<'a> {
    /// The place of a path.
    pub fn new(path: &nn::Path<'a>, seed: u64) -> Place<'a> {
        Place { path: path.clone(), seed }
    }

    /// The place of a part, named without dots.
    pub fn part(&self, name: impl ToString) -> Place<'a> {
        Place { path: self.path.sub(name), seed: self.seed }
    }

    /// A new weight that is trained, in the precision and on the device of the store.
    pub(super) fn weight(&self, name: &str, shape: &[i64], start: Start) -> Torch<Tensor> {
        let values = self.start(name, shape, start);
        let tensor = Tensor::f_from_slice(&values)?.f_reshape(shape)?;
        let tensor = tensor.f_to_device(self.path.device())?.f_to_kind(self.path.kind())?;
        Ok(self.path.add(name, tensor, true))
    }

    /// A new tensor that is kept with the weights but not trained.
    pub(super) fn buffer(&self, name: &str, tensor: &Tensor) -> Torch<Tensor> {
        let tensor = tensor.f_to_device(self.path.device())?.f_to_kind(self.path.kind())?;
        Ok(self.path.add(name, tensor, false))
    }

    fn start(&self, name: &str, shape: &[i64], start: Start) -> Vec<f64> {
        let count = shape.iter().product::<i64>() as usize;
        let outputs = shape.first().copied().unwrap_or(1) as f64;
        let inputs: f64 = shape.iter().skip(1).map(|size| *size as f64).product();
        let area: f64 = shape.iter().skip(2).map(|size| *size as f64).product();
        let mut generator = generator(self.seed, self.path.path(name).as_bytes());
        let mut normal = |deviation: f64| -> Vec<f64> {
            let draw = |_| {
                let x: f64 = StandardNormal.sample(&mut generator);
                deviation * x
            };
            (0..count).map(draw).collect()
        };
        match start {
            Start::Constant(value) => vec![value; count],
            Start::Normal(deviation) => normal(deviation),
            Start::KaimingOut => normal((2.0 / (outputs * area)).sqrt()),
            Start::Uniform(bound) => uniform(&mut generator, count, bound),
            Start::Xavier => uniform(&mut generator, count, (6.0 / (inputs + outputs)).sqrt()),
        }
    }
}

fn uniform(generator: &mut ChaCha8Rng, count: usize, bound: f64) -> Vec<f64> {
    (0..count).map(|_| bound * (2.0 * generator.random::<f64>() - 1.0)).collect()
}

/// ChaCha with 8 rounds, keyed by the seed and by two hashes (FNV-1a from two starts) of a name.
fn generator(seed: u64, name: &[u8]) -> ChaCha8Rng {
    let hash = |start: u64| {
        name.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)).to_le_bytes()
    };
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&hash(0xcbf2_9ce4_8422_2325));
    key[16..24].copy_from_slice(&hash(0x9e37_79b9_7f4a_7c15));
    ChaCha8Rng::from_seed(key)
}
