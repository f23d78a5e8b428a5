//! The layers that more than one network is made of. torch's own module does the arithmetic; these hold the weights,
//! start them as asked for, and hand failures on instead of panicking as the layers of tch do.

use tch::Tensor;

use super::Torch;
use super::weights::{Place, Start};

/// x W' + b, with W as outputs x inputs.
#[derive(Debug)]
pub struct Linear {
    pub weight: Tensor,
    pub bias: Option<Tensor>,
}

/// How a linear layer starts.
#[derive(Clone, Copy, Debug)]
pub enum LinearStart {
    /// Xavier uniform and a bias of 0, as MAE and ViT in JAX (facebookresearch/mae, models_mae.py, `_init_weights`).
    Xavier,
    /// Uniform within 1/sqrt(inputs), bias too: what `torch.nn.Linear` does, and so the official codes that leave it at
    /// that.
    Default,
}

impl Linear {
    pub fn new(place: &Place, inputs: usize, outputs: usize, bias: bool, start: LinearStart) -> Torch<Linear> {
        let bound = Start::Uniform((inputs as f64).sqrt().recip());
        let (of_weight, of_bias) = match start {
            LinearStart::Xavier => (Start::Xavier, Start::Constant(0.0)),
            LinearStart::Default => (bound, bound),
        };
        let weight = place.weight("weight", &[outputs as i64, inputs as i64], of_weight)?;
        let bias = bias.then(|| place.weight("bias", &[outputs as i64], of_bias)).transpose()?;
        Ok(Linear { weight, bias })
    }

    pub fn forward(&self, x: &Tensor) -> Torch<Tensor> {
        x.f_linear(&self.weight, self.bias.as_ref())
    }
}

/// Layer normalisation over the last dimension.
#[derive(Debug)]
pub struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    width: i64,
}

/// What is added to variances in the transformers: timm's and MAE's `partial(nn.LayerNorm, eps=1e-6)`.
const LAYER_NORM_EPS: f64 = 1e-6;

impl LayerNorm {
    pub fn new(place: &Place, width: usize) -> Torch<LayerNorm> {
        let width = width as i64;
        let weight = place.weight("weight", &[width], Start::Constant(1.0))?;
        let bias = place.weight("bias", &[width], Start::Constant(0.0))?;
        Ok(LayerNorm { weight, bias, width })
    }

    pub fn forward(&self, x: &Tensor) -> Torch<Tensor> {
        x.f_layer_norm([self.width], Some(&self.weight), Some(&self.bias), LAYER_NORM_EPS, true)
    }
}

/// Batch normalisation of features (B x d) or of channels (B x d x H x W), with torch's epsilon 1e-5 and momentum 0.1.
/// The running mean and the running variance (over B - 1) are buffers.
#[derive(Debug)]
pub struct BatchNorm {
    weight: Option<Tensor>,
    bias: Option<Tensor>,
    running_mean: Tensor,
    running_var: Tensor,
}

/// The numbers after a batch normalisation that are trained.
#[derive(Clone, Copy, Debug)]
pub enum Affine {
    /// A factor that starts as this, and a shift.
    Full(f64),
    /// A factor alone.
    Scale,
    /// Neither.
    None,
}

impl BatchNorm {
    pub fn new(place: &Place, width: usize, affine: Affine) -> Torch<BatchNorm> {
        let size = [width as i64];
        let (weight, bias) = match affine {
            Affine::Full(start) => (Some(start), Some(0.0)),
            Affine::Scale => (Some(1.0), None),
            Affine::None => (None, None),
        };
        let weight = weight.map(|start| place.weight("weight", &size, Start::Constant(start))).transpose()?;
        let bias = bias.map(|start| place.weight("bias", &size, Start::Constant(start))).transpose()?;
        let options = (tch::Kind::Double, tch::Device::Cpu);
        let running_mean = place.buffer("running_mean", &Tensor::f_zeros(size, options)?)?;
        let running_var = place.buffer("running_var", &Tensor::f_ones(size, options)?)?;
        Ok(BatchNorm { weight, bias, running_mean, running_var })
    }

    /// In training by the batch, which moves the running statistics; otherwise by these.
    pub fn forward(&self, x: &Tensor, train: bool) -> Torch<Tensor> {
        let running = (Some(&self.running_mean), Some(&self.running_var));
        x.f_batch_norm(self.weight.as_ref(), self.bias.as_ref(), running.0, running.1, train, 0.1, 1e-5, true)
    }
}
