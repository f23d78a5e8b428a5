//! Projectors and predictors: perceptrons behind an encoder, as the official codes of their papers have them.

use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};

use super::Torch;
use super::layers::{Affine, BatchNorm, Linear, LinearStart};
use super::weights::Place;
use crate::base::{Code, Diagnostic};
use crate::torch::refused;

/// The sizes of a perceptron: linear layers, each but the last with a batch normalisation and a rectifier behind it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadConfig {
    /// The numbers of features from the input to the output, at least two.
    pub sizes: Vec<usize>,
    /// Whether the layers but the last add a bias.
    pub hidden_bias: bool,
    /// Whether the last layer adds a bias.
    pub last_bias: bool,
    /// What is behind the last layer.
    pub last: Last,
}

/// What is behind the last layer of a perceptron.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Last {
    /// Nothing.
    Bare,
    /// A batch normalisation with a factor for each feature.
    Scaled,
    /// A batch normalisation and nothing else.
    Normalized,
}

impl HeadConfig {
    /// SimCLR's projector (Chen et al. 2020, section 2.1; google-research/simclr, model_util.py, `projection_head` with
    /// 2 layers): its last batch normalisation has no shift. 128 is the paper's `last`.
    pub fn simclr(width: usize, last: usize) -> HeadConfig {
        HeadConfig { sizes: vec![width, width, last], hidden_bias: false, last_bias: false, last: Last::Scaled }
    }

    /// The projector of Barlow Twins (Zbontar et al. 2021, section 2.2; facebookresearch/barlowtwins, main.py): three
    /// layers of `size`, 8192 in the paper. The batch normalisation behind it belongs to that code's loss.
    pub fn barlow_twins(width: usize, size: usize) -> HeadConfig {
        let sizes = vec![width, size, size, size];
        HeadConfig { sizes, hidden_bias: false, last_bias: false, last: Last::Bare }
    }

    /// VICReg's expander (Bardes et al. 2022, section 4.2; facebookresearch/vicreg, main_vicreg.py, `Projector`): three
    /// layers of `size`, 8192 in the paper.
    pub fn vicreg(width: usize, size: usize) -> HeadConfig {
        let sizes = vec![width, size, size, size];
        HeadConfig { sizes, hidden_bias: true, last_bias: false, last: Last::Bare }
    }

    /// BYOL's projector; and its predictor, for which `width` is `last` (Grill et al. 2020, section 3.3;
    /// deepmind-research, byol/utils/networks.py, `MLP`): 4096 hidden features and 256 at last in the paper.
    pub fn byol(width: usize, hidden: usize, last: usize) -> HeadConfig {
        HeadConfig { sizes: vec![width, hidden, last], hidden_bias: true, last_bias: false, last: Last::Bare }
    }

    /// SimSiam's projector (Chen and He 2021, section 4; facebookresearch/simsiam, simsiam/builder.py): 2048 in the
    /// paper. The code's last bias is not trained, and taken off again by the batch normalisation behind it.
    pub fn simsiam_projector(width: usize, last: usize) -> HeadConfig {
        let sizes = vec![width, width, width, last];
        HeadConfig { sizes, hidden_bias: false, last_bias: false, last: Last::Normalized }
    }

    /// SimSiam's predictor (as above): a quarter of `size` in the hidden layer in the paper.
    pub fn simsiam_predictor(size: usize, hidden: usize) -> HeadConfig {
        HeadConfig { sizes: vec![size, hidden, size], hidden_bias: false, last_bias: true, last: Last::Bare }
    }
}

/// A projector or a predictor.
#[derive(Debug)]
pub struct Head {
    linear: Vec<Linear>,
    /// Behind each layer but the last, and behind the last where there is one.
    norms: Vec<BatchNorm>,
    inputs: i64,
}

impl Head {
    /// A new perceptron at a path, which starts as torch's own layers do: the official codes leave it at that, but for
    /// those that are not written with torch (SimCLR, BYOL).
    ///
    /// # Errors
    /// E1012 where there are fewer than two sizes or one is 0, E0812 where torch refuses.
    pub fn new(path: &nn::Path, config: &HeadConfig, seed: u64) -> Result<Head, Diagnostic> {
        if config.sizes.len() < 2 || config.sizes.contains(&0) {
            let message = format!("a perceptron with the sizes {:?} cannot be built", config.sizes);
            return Err(Diagnostic::new(Code::E1012, message).note("features in, perhaps hidden ones, features out"));
        }
        Self::build(&Place::new(path, seed), config).map_err(|error| refused("a perceptron", &error))
    }

    fn build(place: &Place, config: &HeadConfig) -> Torch<Head> {
        let (mut linear, mut norms) = (Vec::new(), Vec::new());
        let layers = config.sizes.len() - 1;
        for (at, pair) in config.sizes.windows(2).enumerate() {
            let last = at + 1 == layers;
            let bias = if last { config.last_bias } else { config.hidden_bias };
            let place = place.part(at);
            linear.push(Linear::new(&place.part("linear"), pair[0], pair[1], bias, LinearStart::Default)?);
            let affine = match config.last {
                _ if !last => Some(Affine::Full(1.0)),
                Last::Scaled => Some(Affine::Scale),
                Last::Normalized => Some(Affine::None),
                Last::Bare => None,
            };
            if let Some(affine) = affine {
                norms.push(BatchNorm::new(&place.part("norm"), pair[1], affine)?);
            }
        }
        Ok(Head { linear, norms, inputs: config.sizes[0] as i64 })
    }

    /// B x inputs to B x outputs. In training it normalises by the batch and moves the running statistics.
    ///
    /// # Errors
    /// E1014 where the features are not as many as the perceptron was built for, E0812 where torch refuses.
    pub fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor, Diagnostic> {
        if x.dim() != 2 || x.size()[1] != self.inputs {
            let message = format!("features of shape {:?} do not fit a perceptron for {}", x.size(), self.inputs);
            return Err(Diagnostic::new(Code::E1014, message));
        }
        self.run(x, train).map_err(|error| refused("a perceptron", &error))
    }

    fn run(&self, x: &Tensor, train: bool) -> Torch<Tensor> {
        let mut x = x.shallow_clone();
        for (at, linear) in self.linear.iter().enumerate() {
            x = linear.forward(&x)?;
            if let Some(norm) = self.norms.get(at) {
                x = norm.forward(&x, train)?;
            }
            if at + 1 < self.linear.len() {
                x = x.f_relu_()?;
            }
        }
        Ok(x)
    }
}
