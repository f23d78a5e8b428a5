//! The residual network of 18 layers (He et al. 2016), for small images or for those of ImageNet.
//!
//! tch has one with the large stem alone, for three channels and a width of 64, whose batch normalisations start at
//! random.

use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};

use super::layers::{Affine, BatchNorm};
use super::weights::{Place, Start};
use super::{Encoder, Observer, Torch, expect_images};
use crate::base::{Code, Diagnostic};
use crate::torch::refused;

/// The first layers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stem {
    /// A convolution of 3 x 3 and nothing else: images of 32 x 32 keep their size (Chen et al. 2020, appendix B.9).
    Cifar,
    /// A convolution of 7 x 7 with stride 2 and a maximum over 3 x 3 with stride 2 (He et al. 2016, table 1).
    ImageNet,
}

/// The sizes of a residual network of 18 layers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResNetConfig {
    /// The first layers.
    pub stem: Stem,
    /// Channels of the images.
    pub channels: usize,
    /// Channels of the first stage, 64 in the paper; the features are eight times as many.
    pub width: usize,
    /// Whether the last factor of each block starts at 0, so that the block starts as the identity (Goyal et al. 2017,
    /// section 5.1; SimSiam and Barlow Twins switch it on).
    pub zero_residual: bool,
}

impl ResNetConfig {
    /// The paper's width.
    pub fn of(stem: Stem, channels: usize) -> ResNetConfig {
        ResNetConfig { stem, channels, width: 64, zero_residual: false }
    }
}

/// A convolution without bias, and the batch normalisation behind it.
#[derive(Debug)]
struct Convolution {
    weight: Tensor,
    stride: i64,
    norm: BatchNorm,
}

/// The sizes of a convolution.
#[derive(Clone, Copy)]
struct Kernel {
    inputs: usize,
    outputs: usize,
    side: i64,
    stride: i64,
}

impl Convolution {
    /// The weights start as torchvision's: normal by the outputs (resnet.py, `kaiming_normal_` with `fan_out`).
    fn new(place: &Place, convolution: &str, norm: &str, kernel: Kernel, factor: f64) -> Torch<Convolution> {
        let Kernel { inputs, outputs, side, stride } = kernel;
        let shape = [outputs as i64, inputs as i64, side, side];
        Ok(Convolution {
            weight: place.part(convolution).weight("weight", &shape, Start::KaimingOut)?,
            stride,
            norm: BatchNorm::new(&place.part(norm), outputs, Affine::Full(factor))?,
        })
    }

    fn forward(&self, x: &Tensor, train: bool) -> Torch<Tensor> {
        let padding = self.weight.size()[2] / 2;
        let none = None::<&Tensor>;
        let x = x.f_conv2d(&self.weight, none, [self.stride; 2], [padding; 2], [1, 1], 1)?;
        self.norm.forward(&x, train)
    }
}

/// Two convolutions of 3 x 3 beside a shortcut (He et al. 2016, figures 2 and 5 left); where the shape changes, the
/// shortcut is a convolution of 1 x 1 (option B).
#[derive(Debug)]
struct Residual {
    first: Convolution,
    second: Convolution,
    shortcut: Option<Convolution>,
}

impl Residual {
    fn new(place: &Place, inputs: usize, outputs: usize, stride: i64, factor: f64) -> Torch<Residual> {
        let kernel = Kernel { inputs, outputs, side: 3, stride };
        let changes = stride != 1 || inputs != outputs;
        let place_of_shortcut = place.part("downsample");
        let shortcut = || Convolution::new(&place_of_shortcut, "0", "1", Kernel { side: 1, ..kernel }, 1.0);
        Ok(Residual {
            first: Convolution::new(place, "conv1", "bn1", kernel, 1.0)?,
            second: Convolution::new(place, "conv2", "bn2", Kernel { inputs: outputs, stride: 1, ..kernel }, factor)?,
            shortcut: changes.then(shortcut).transpose()?,
        })
    }

    fn forward(&self, x: &Tensor, train: bool) -> Torch<Tensor> {
        let skip = match &self.shortcut {
            Some(shortcut) => shortcut.forward(x, train)?,
            None => x.shallow_clone(),
        };
        let inner = self.first.forward(x, train)?.f_relu_()?;
        self.second.forward(&inner, train)?.f_add_(&skip)?.f_relu_()
    }
}

/// A residual network of 18 layers without its last, linear one. Names as in torchvision.
#[derive(Debug)]
pub struct ResNet {
    config: ResNetConfig,
    stem: Convolution,
    blocks: Vec<(String, Residual)>,
}

impl ResNet {
    /// A new network at a path.
    ///
    /// # Errors
    /// E1012 where a size is 0, E0812 where torch refuses.
    pub fn new(path: &nn::Path, config: &ResNetConfig, seed: u64) -> Result<ResNet, Diagnostic> {
        if config.channels == 0 || config.width == 0 {
            let message = format!("{} channels and the width {} make no network", config.channels, config.width);
            return Err(Diagnostic::new(Code::E1012, message));
        }
        Self::build(&Place::new(path, seed), config).map_err(|error| refused("the residual network", &error))
    }

    fn build(place: &Place, config: &ResNetConfig) -> Torch<ResNet> {
        let (side, stride) = match config.stem {
            Stem::Cifar => (3, 1),
            Stem::ImageNet => (7, 2),
        };
        let width = config.width;
        let stem = Kernel { inputs: config.channels, outputs: width, side, stride };
        let factor = if config.zero_residual { 0.0 } else { 1.0 };
        let mut blocks = Vec::new();
        let mut inputs = width;
        // Two blocks in each of four stages; all stages but the first halve the image and double the channels.
        for stage in 0..4u32 {
            let outputs = width << stage;
            let stage_name = format!("layer{}", stage + 1);
            for block in 0..2 {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                let place = place.part(&stage_name).part(block);
                blocks.push((format!("{stage_name}.{block}"), Residual::new(&place, inputs, outputs, stride, factor)?));
                inputs = outputs;
            }
        }
        let stem = Convolution::new(place, "conv1", "bn1", stem, 1.0)?;
        Ok(ResNet { config: config.clone(), stem, blocks })
    }

    /// Its sizes.
    pub fn config(&self) -> &ResNetConfig {
        &self.config
    }

    /// Images B x C x H x W to features B x width, the mean over what is left of the image. In training it normalises
    /// by the batch and moves the running statistics.
    ///
    /// # Errors
    /// E1014 where the images have other channels, E0812 where torch refuses.
    pub fn forward(&self, images: &Tensor, train: bool) -> Result<Tensor, Diagnostic> {
        self.observe(images, train, &mut |_, _| ())
    }

    /// As [`ResNet::forward`], with the outputs shown: `stem`, `layer1.0`, ..., `layer4.1`, `features`. An observer
    /// copies what it keeps.
    ///
    /// # Errors
    /// As [`ResNet::forward`].
    pub fn observe(&self, images: &Tensor, train: bool, observer: Observer) -> Result<Tensor, Diagnostic> {
        expect_images(images, self.config.channels, None)?;
        self.run(images, train, observer).map_err(|error| refused("the residual network", &error))
    }

    fn run(&self, images: &Tensor, train: bool, observer: Observer) -> Torch<Tensor> {
        let x = self.stem.forward(images, train)?.f_relu_()?;
        let mut x = match self.config.stem {
            Stem::Cifar => x,
            Stem::ImageNet => x.f_max_pool2d([3, 3], [2, 2], [1, 1], [1, 1], false)?,
        };
        observer("stem", &x);
        for (name, block) in &self.blocks {
            x = block.forward(&x, train)?;
            observer(name, &x);
        }
        let features = x.f_mean_dim([2i64, 3].as_slice(), false, None)?;
        observer("features", &features);
        Ok(features)
    }
}

impl Encoder for ResNet {
    fn features(&self, images: &Tensor) -> Result<Tensor, Diagnostic> {
        self.forward(images, false)
    }

    fn width(&self) -> usize {
        8 * self.config.width
    }
}
