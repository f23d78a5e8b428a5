//! The vision transformer (Dosovitskiy et al. 2021) as masked autoencoders have it (He et al. 2022).

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};

use super::block::{self, Block, Wanted};
use super::layers::{LayerNorm, Linear};
use super::weights::{Place, Start};
use super::{Encoder, Observer, Torch, expect_images};
use crate::base::{Code, Diagnostic, did_you_mean};
use crate::torch::refused;

/// The sizes of a vision transformer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VitConfig {
    /// Height and width of the images, in pixels.
    pub image: [usize; 2],
    /// Channels of the images: 1 for grey ones, 3 for colours.
    pub channels: usize,
    /// The side of a patch, in pixels.
    pub patch: usize,
    /// Numbers of a token.
    pub width: usize,
    /// Blocks.
    pub depth: usize,
    /// Heads of attention.
    pub heads: usize,
}

/// The sizes that have a name: Tiny and Small are those of Touvron et al. 2021 (DeiT), table 1; Base and Large those of
/// Dosovitskiy et al. 2021, table 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VitSize {
    /// Width 192, 12 blocks, 3 heads.
    Tiny,
    /// Width 384, 12 blocks, 6 heads.
    Small,
    /// Width 768, 12 blocks, 12 heads.
    Base,
    /// Width 1024, 24 blocks, 16 heads.
    Large,
}

impl FromStr for VitSize {
    type Err = Diagnostic;

    fn from_str(name: &str) -> Result<Self, Diagnostic> {
        match name {
            "tiny" => Ok(VitSize::Tiny),
            "small" => Ok(VitSize::Small),
            "base" => Ok(VitSize::Base),
            "large" => Ok(VitSize::Large),
            other => {
                let near = did_you_mean(other, ["tiny", "small", "base", "large"]);
                Err(Diagnostic::new(Code::E1012, format!("there is no vision transformer of the size '{other}'"))
                    .note("sizes: tiny, small, base, large")
                    .maybe_help(near.map(|near| format!("did you mean '{near}'?"))))
            }
        }
    }
}

impl VitConfig {
    /// A vision transformer of a named size, for images of this height and width.
    pub fn of(size: VitSize, image: [usize; 2], channels: usize, patch: usize) -> VitConfig {
        let (width, depth, heads) = match size {
            VitSize::Tiny => (192, 12, 3),
            VitSize::Small => (384, 12, 6),
            VitSize::Base => (768, 12, 12),
            VitSize::Large => (1024, 24, 16),
        };
        VitConfig { image, channels, patch, width, depth, heads }
    }

    /// How many patches an image has, down and across.
    pub fn grid(&self) -> [usize; 2] {
        [self.image[0] / self.patch, self.image[1] / self.patch]
    }

    /// How many patches an image has.
    pub fn patches(&self) -> usize {
        self.grid().iter().product()
    }

    /// How many numbers a patch has.
    pub fn numbers(&self) -> usize {
        self.patch * self.patch * self.channels
    }

    /// Whether there is such a network.
    ///
    /// # Errors
    /// E1011 where the patch does not divide the image, E1012 where other sizes do not fit.
    pub fn check(&self) -> Result<(), Diagnostic> {
        let VitConfig { image: [height, width], channels, patch, depth, .. } = *self;
        if patch == 0 || height == 0 || width == 0 || height % patch != 0 || width % patch != 0 {
            let divides = |side: &usize| height > 0 && width > 0 && height % side == 0 && width % side == 0;
            let sides: Vec<String> = (2..=height.min(width)).filter(divides).map(|side| side.to_string()).collect();
            let message = format!("patches of {patch} x {patch} do not cut up an image of {height} x {width}");
            let help = (!sides.is_empty()).then(|| format!("sides that do: {}", sides.join(", ")));
            return Err(Diagnostic::new(Code::E1011, message).maybe_help(help));
        }
        if channels == 0 {
            return Err(Diagnostic::new(Code::E1012, "images without channels have nothing to see"));
        }
        check_tokens("the encoder", self.width, depth, self.heads)
    }
}

/// Whether blocks can have these sizes.
pub(super) fn check_tokens(of: &str, width: usize, depth: usize, heads: usize) -> Result<(), Diagnostic> {
    let refused = |message: String| Diagnostic::new(Code::E1012, message);
    if depth == 0 {
        return Err(refused(format!("{of} has no blocks")));
    }
    if heads == 0 || width == 0 || !width.is_multiple_of(heads) {
        let fitting: Vec<String> =
            (1..=width.min(32)).filter(|n| width.is_multiple_of(*n)).map(|n| n.to_string()).collect();
        return Err(refused(format!("{heads} heads do not share the width {width} of {of} evenly"))
            .maybe_help((!fitting.is_empty()).then(|| format!("numbers of heads that do: {}", fitting.join(", ")))));
    }
    if !width.is_multiple_of(4) {
        return Err(refused(format!("the width {width} of {of} is not a multiple of 4"))
            .note("positions are sines and cosines of rows and of columns: a quarter of the width each"));
    }
    Ok(())
}

/// The fixed positions, (1 + patches) x width: the class token's is 0; of the others the first half of the width
/// encodes the column of the patch and the second its row, each as sines and then cosines of the place times 10000^(-4
/// i / width) (He et al. 2022, appendix A.1; facebookresearch/mae, util/pos_embed.py, where 'here w goes first').
pub fn positions(width: usize, [rows, columns]: [usize; 2]) -> Vec<f64> {
    let quarter = width / 4;
    let angle = |place: usize, i: usize| place as f64 * 10000f64.powf(-(i as f64) / quarter as f64);
    let mut values = vec![0.0; width];
    for row in 0..rows {
        for column in 0..columns {
            for place in [column, row] {
                values.extend((0..quarter).map(|i| angle(place, i).sin()));
                values.extend((0..quarter).map(|i| angle(place, i).cos()));
            }
        }
    }
    values
}

/// The positions as a buffer, 1 x (1 + patches) x width.
pub(super) fn position_buffer(place: &Place, name: &str, width: usize, grid: [usize; 2]) -> Torch<Tensor> {
    let values = Tensor::f_from_slice(&positions(width, grid))?;
    place.buffer(name, &values.f_reshape([1, -1, width as i64])?)
}

/// A vision transformer without a head: images in, a class token and a token for each patch out.
#[derive(Debug)]
pub struct VisionTransformer {
    config: VitConfig,
    /// The weight is that of a convolution, width x channels x patch x patch: official checkpoints fit.
    embedding: Linear,
    class_token: Tensor,
    positions: Tensor,
    blocks: Vec<Block>,
    norm: LayerNorm,
}

impl VisionTransformer {
    /// A new network at a path. Its weights start as those of the official MAE code (models_mae.py,
    /// `initialize_weights`): all matrices Xavier uniform, the patch embedding as the matrix that it is; the class
    /// token normal with deviation 0.02.
    ///
    /// # Errors
    /// Those of [`VitConfig::check`], and E0812 where torch refuses, as it does where memory is short.
    pub fn new(path: &nn::Path, config: &VitConfig, seed: u64) -> Result<VisionTransformer, Diagnostic> {
        config.check()?;
        Self::build(&Place::new(path, seed), config).map_err(|error| refused("the vision transformer", &error))
    }

    pub(super) fn build(place: &Place, config: &VitConfig) -> Torch<VisionTransformer> {
        let (width, side) = (config.width as i64, config.patch as i64);
        let embedding = place.part("patch_embed").part("proj");
        let shape = [width, config.channels as i64, side, side];
        Ok(VisionTransformer {
            embedding: Linear {
                weight: embedding.weight("weight", &shape, Start::Xavier)?,
                bias: Some(embedding.weight("bias", &[width], Start::Constant(0.0))?),
            },
            class_token: place.weight("cls_token", &[1, 1, width], Start::Normal(0.02))?,
            positions: position_buffer(place, "pos_embed", config.width, config.grid())?,
            blocks: block::blocks(place, "blocks", config.depth, config.width, config.heads)?,
            norm: LayerNorm::new(&place.part("norm"), config.width)?,
            config: config.clone(),
        })
    }

    /// Its sizes.
    pub fn config(&self) -> &VitConfig {
        &self.config
    }

    /// All tokens after the last normalisation: B x C x H x W to B x (1 + patches) x width, the class token first.
    ///
    /// # Errors
    /// E1014 where the images are not of the network's shape, E0812 where torch refuses.
    pub fn tokens(&self, images: &Tensor) -> Result<Tensor, Diagnostic> {
        self.observe(images, &mut |_, _| ())
    }

    /// As [`VisionTransformer::tokens`], with every layer's output shown: `patch_embed`, `blocks.0`, ..., `latent`. An
    /// observer copies what it keeps, since a later layer may write over it.
    ///
    /// # Errors
    /// As [`VisionTransformer::tokens`].
    pub fn observe(&self, images: &Tensor, observer: Observer) -> Result<Tensor, Diagnostic> {
        self.whole(images, None, observer, |tokens| Ok(tokens.shallow_clone()))
    }

    /// The mean of the patches' tokens instead of the class token, then the normalisation: what fine-tuning uses
    /// (facebookresearch/mae, models_vit.py, `global_pool`, whose `fc_norm` is the last normalisation here). B x width.
    ///
    /// # Errors
    /// As [`VisionTransformer::tokens`].
    pub fn pooled(&self, images: &Tensor) -> Result<Tensor, Diagnostic> {
        let patches = Some((1, self.config.patches() as i64));
        self.whole(images, patches, &mut |_, _| (), |tokens| tokens.f_mean_dim([1i64].as_slice(), false, None))
    }

    pub(super) fn expect(&self, images: &Tensor) -> Result<(), Diagnostic> {
        expect_images(images, self.config.channels, Some(self.config.image))
    }

    /// The wanted tokens of whole images, B x T x width, made less by a function and then normalised.
    fn whole(
        &self,
        images: &Tensor,
        wanted: Wanted,
        observer: Observer,
        reduce: impl Fn(&Tensor) -> Torch<Tensor>,
    ) -> Result<Tensor, Diagnostic> {
        self.expect(images)?;
        let (batch, width) = (images.size()[0], self.config.width as i64);
        let mut run = || {
            let embedded = self.embed(&self.patches(images)?)?;
            observer("patch_embed", &embedded);
            let of_patches = self.positions.f_narrow(1, 1, self.config.patches() as i64)?;
            let patches = embedded.f_view([batch, -1, width])?.f_add(&of_patches)?;
            let tokens = self.attend(&patches, wanted, observer)?;
            let latent = self.norm.forward(&reduce(&tokens.f_view([batch, -1, width])?)?)?;
            observer("latent", &latent);
            Ok(latent)
        };
        run().map_err(|error| refused("the vision transformer", &error))
    }

    /// The blocks, on patches with their positions: B x T x width to (B (1 + T)) x width, not yet normalised.
    fn attend(&self, patches: &Tensor, wanted: Wanted, observer: Observer) -> Torch<Tensor> {
        let (batch, _, width) = patches.size3()?;
        let class = self.class_token.f_add(&self.positions.f_narrow(1, 0, 1)?)?.f_expand([batch, 1, width], false)?;
        let tokens = Tensor::f_cat(&[&class, patches], 1)?.f_view([-1, width])?;
        block::forward(&self.blocks, tokens, batch, wanted, |at, x| observer(&format!("blocks.{at}"), x))
    }

    /// What masked autoencoders do: the tokens of some patches, normalised, (B (1 + T)) x width. `rows` are these
    /// patches' rows among all of the batch, and `places` the rows of their positions; there are as many for each
    /// image.
    pub(super) fn visible(&self, patches: &Tensor, [rows, places]: [&Tensor; 2], observer: Observer) -> Torch<Tensor> {
        let batch = patches.size()[0] / self.config.patches() as i64;
        let width = self.config.width as i64;
        // Each patch is embedded by itself: those that nobody sees need not be.
        let mut embedded = self.embed(&patches.f_index_select(0, rows)?)?;
        observer("patch_embed", &embedded);
        let of_patches = self.positions.f_view([-1, width])?.f_index_select(0, places)?;
        let tokens = embedded.f_add_(&of_patches)?.f_view([batch, -1, width])?;
        let latent = self.norm.forward(&self.attend(&tokens, None, observer)?)?;
        observer("latent", &latent);
        Ok(latent)
    }

    fn embed(&self, patches: &Tensor) -> Torch<Tensor> {
        let weight = self.embedding.weight.f_view([self.config.width as i64, -1])?;
        patches.f_linear(&weight, self.embedding.bias.as_ref())
    }

    /// The patches of a batch, (B patches) x (channels patch patch): row by row of each image, the numbers of a patch
    /// as a convolution has them, channel by channel.
    pub(super) fn patches(&self, images: &Tensor) -> Torch<Tensor> {
        let VitConfig { channels, patch, .. } = self.config;
        let (c, p, [down, across]) = (channels as i64, patch as i64, self.config.grid().map(|n| n as i64));
        let cut = images.f_reshape([-1, c, down, p, across, p])?.f_permute([0, 2, 4, 1, 3, 5])?;
        cut.f_reshape([-1, c * p * p])
    }
}

impl Encoder for VisionTransformer {
    /// The class token after the last normalisation.
    fn features(&self, images: &Tensor) -> Result<Tensor, Diagnostic> {
        self.whole(images, Some((0, 1)), &mut |_, _| (), |token| token.f_select(1, 0))
    }

    fn width(&self) -> usize {
        self.config.width
    }
}
