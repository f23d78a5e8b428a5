//! The masked autoencoder (He et al. 2022).
//!
//! The encoder sees the kept patches alone. The official decoder puts its tokens back into the order of the image
//! before its blocks; here they stay in the order 'class, kept, hidden', each with the position of its place, since
//! attention does not know an order: what is put back are the predictions, which are much smaller. The results are the
//! same numbers.

use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};

use super::block::{self, Block};
use super::layers::{LayerNorm, Linear, LinearStart};
use super::mask::{self, Mask};
use super::vit::{self, VisionTransformer, VitConfig, VitSize};
use super::weights::{Place, Start};
use super::{Encoder, Observer, Torch};
use crate::base::{Code, Diagnostic};
use crate::torch::refused;

/// The sizes of a masked autoencoder.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaeConfig {
    /// The encoder.
    pub encoder: VitConfig,
    /// Numbers of a token of the decoder.
    pub decoder_width: usize,
    /// Blocks of the decoder.
    pub decoder_depth: usize,
    /// Heads of attention of the decoder.
    pub decoder_heads: usize,
    /// The share of patches that is hidden.
    pub mask_ratio: f64,
    /// Whether each patch of the target has mean 0 and variance 1 (`norm_pix_loss`).
    pub normalized_target: bool,
}

impl MaeConfig {
    /// The official decoder of ViT-Base and ViT-Large: width 512, 8 blocks, 16 heads (He et al. 2022, appendix A.1);
    /// for small encoders half their width, 2 blocks and heads of 32. Three quarters are hidden, and the target is
    /// normalised.
    pub fn of(size: VitSize, image: [usize; 2], channels: usize, patch: usize) -> MaeConfig {
        let encoder = VitConfig::of(size, image, channels, patch);
        let (decoder_width, decoder_depth, decoder_heads) = match size {
            VitSize::Tiny => (96, 2, 3),
            VitSize::Small => (192, 2, 6),
            VitSize::Base | VitSize::Large => (512, 8, 16),
        };
        MaeConfig { encoder, decoder_width, decoder_depth, decoder_heads, mask_ratio: 0.75, normalized_target: true }
    }

    /// Whether there is such a network.
    ///
    /// # Errors
    /// Those of [`VitConfig::check`]; E1012 for the decoder; E1013 where nothing would be hidden, or nothing seen.
    pub fn check(&self) -> Result<(), Diagnostic> {
        self.encoder.check()?;
        vit::check_tokens("the decoder", self.decoder_width, self.decoder_depth, self.decoder_heads)?;
        if self.normalized_target && self.encoder.numbers() < 2 {
            let message = "patches of one number have no variance by which a target could be normalised";
            return Err(
                Diagnostic::new(Code::E1012, message).help("turn the normalisation off, or take larger patches")
            );
        }
        self.mask(0, 0, 1).map(|_| ())
    }

    /// The mask of a step.
    ///
    /// # Errors
    /// Those of [`Mask::draw`].
    pub fn mask(&self, seed: u64, step: u64, batch: usize) -> Result<Mask, Diagnostic> {
        Mask::draw(seed, step, batch, self.encoder.patches(), self.mask_ratio)
    }

    /// How many patches of an image the encoder sees.
    pub fn kept(&self) -> usize {
        mask::kept(self.encoder.patches(), self.mask_ratio)
    }
}

/// Which patches are predicted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rows {
    /// All, in the order of the images; the mask says which were hidden.
    All,
    /// Those that were hidden, image by image; the mask is 1 everywhere. An error over the hidden patches alone, as
    /// `mae` and all that is made of it, has the same value and the same gradients, and the last block has a quarter
    /// less to do.
    Hidden,
}

/// What a masked autoencoder makes of a batch, of N patches in all with p numbers each.
#[derive(Debug)]
pub struct Reconstruction {
    /// N x p: the predictions.
    pub pred: Tensor,
    /// N x p: what they should be; nothing is differentiated by it.
    pub target: Tensor,
    /// N: 1 where the patch was hidden.
    pub mask: Tensor,
    /// B x (1 + kept) x width: the encoder's tokens after the last normalisation, the class token first.
    pub latent: Tensor,
    /// B x width: the class tokens of these.
    pub class_token: Tensor,
}

/// A masked autoencoder.
#[derive(Debug)]
pub struct MaskedAutoencoder {
    config: MaeConfig,
    encoder: VisionTransformer,
    embedding: Linear,
    mask_token: Tensor,
    positions: Tensor,
    blocks: Vec<Block>,
    norm: LayerNorm,
    prediction: Linear,
}

impl MaskedAutoencoder {
    /// A new network at a path, which starts as the official code's (models_mae.py, `initialize_weights`), by a seed.
    /// The names of its weights are the official ones too.
    ///
    /// # Errors
    /// Those of [`MaeConfig::check`], and E0812 where torch refuses.
    pub fn new(path: &nn::Path, config: &MaeConfig, seed: u64) -> Result<MaskedAutoencoder, Diagnostic> {
        config.check()?;
        Self::build(&Place::new(path, seed), config).map_err(|error| refused("the masked autoencoder", &error))
    }

    fn build(place: &Place, config: &MaeConfig) -> Torch<MaskedAutoencoder> {
        let MaeConfig { encoder, decoder_width: width, decoder_depth, decoder_heads, .. } = config;
        let linear =
            |name: &str, inputs, outputs| Linear::new(&place.part(name), inputs, outputs, true, LinearStart::Xavier);
        Ok(MaskedAutoencoder {
            encoder: VisionTransformer::build(place, encoder)?,
            embedding: linear("decoder_embed", encoder.width, *width)?,
            mask_token: place.weight("mask_token", &[1, 1, *width as i64], Start::Normal(0.02))?,
            positions: vit::position_buffer(place, "decoder_pos_embed", *width, encoder.grid())?,
            blocks: block::blocks(place, "decoder_blocks", *decoder_depth, *width, *decoder_heads)?,
            norm: LayerNorm::new(&place.part("decoder_norm"), *width)?,
            prediction: linear("decoder_pred", *width, encoder.numbers())?,
            config: config.clone(),
        })
    }

    /// Its sizes.
    pub fn config(&self) -> &MaeConfig {
        &self.config
    }

    /// The encoder, which shares its weights.
    pub fn encoder(&self) -> &VisionTransformer {
        &self.encoder
    }

    /// Encodes what the mask leaves of the images (B x C x H x W) and predicts the patches.
    ///
    /// # Errors
    /// E1014 where images or mask are not of the network's shape, E0812 where torch refuses.
    pub fn forward(&self, images: &Tensor, mask: &Mask, rows: Rows) -> Result<Reconstruction, Diagnostic> {
        self.observe(images, mask, rows, &mut |_, _| ())
    }

    /// As [`MaskedAutoencoder::forward`], with every layer's output shown: `patch_embed`, `blocks.0`, ..., `latent`,
    /// `decoder_embed`, `decoder_tokens`, `decoder_blocks.0`, ..., `pred`, `target`. The decoder's tokens are in the
    /// order 'class, kept, hidden'; its last block's are those of the predicted rows.
    ///
    /// # Errors
    /// As [`MaskedAutoencoder::forward`].
    pub fn observe(&self, images: &Tensor, mask: &Mask, rows: Rows, o: Observer) -> Result<Reconstruction, Diagnostic> {
        self.encoder.expect(images)?;
        let batch = images.size()[0];
        if (mask.batch() as i64, mask.patches()) != (batch, self.config.encoder.patches()) {
            let (images, patches) = (mask.batch(), mask.patches());
            let message = format!("a mask for {images} images of {patches} patches does not fit");
            let wanted = self.config.encoder.patches();
            return Err(Diagnostic::new(Code::E1014, message).note(format!("{batch} images of {wanted} are given")));
        }
        self.run(images, mask, rows, o).map_err(|error| refused("the masked autoencoder", &error))
    }

    fn run(&self, images: &Tensor, mask: &Mask, rows: Rows, observer: Observer) -> Torch<Reconstruction> {
        let mask = mask.on(images.device(), images.kind())?;
        let patches = self.encoder.patches(images)?;
        let latent = self.encoder.visible(&patches, [&mask.kept_rows, &mask.kept_places], observer)?;
        let pred = self.decode(&latent, &mask, rows, observer)?;
        observer("pred", &pred);
        let target = match rows {
            Rows::All => self.target(&patches)?,
            Rows::Hidden => self.target(&patches.f_index_select(0, &mask.hidden_rows)?)?,
        };
        observer("target", &target);
        let mask = match rows {
            Rows::All => mask.hidden,
            Rows::Hidden => Tensor::f_ones([target.size()[0]], (target.kind(), target.device()))?,
        };
        let latent = latent.f_view([images.size()[0], -1, self.config.encoder.width as i64])?;
        let class_token = latent.f_select(1, 0)?;
        Ok(Reconstruction { pred, target, mask, latent, class_token })
    }

    fn decode(&self, latent: &Tensor, mask: &Mask, rows: Rows, observer: Observer) -> Torch<Tensor> {
        let (batch, seen, hidden) =
            (mask.batch() as i64, 1 + mask.kept() as i64, (mask.patches() - mask.kept()) as i64);
        let width = self.config.decoder_width as i64;
        let embedded = self.embedding.forward(latent)?;
        observer("decoder_embed", &embedded);
        let stand_in = self.mask_token.f_expand([batch, hidden, width], false)?;
        let places = self.positions.f_view([-1, width])?.f_index_select(0, &mask.all_places)?;
        let mut tokens = Tensor::f_cat(&[&embedded.f_view([batch, seen, width])?, &stand_in], 1)?;
        let tokens = tokens.f_add_(&places.f_view([batch, -1, width])?)?.f_view([-1, width])?;
        observer("decoder_tokens", &tokens);
        let wanted = match rows {
            Rows::All => (1, seen - 1 + hidden),
            Rows::Hidden => (seen, hidden),
        };
        let tokens = block::forward(&self.blocks, tokens, batch, Some(wanted), |at, x| {
            observer(&format!("decoder_blocks.{at}"), x);
        })?;
        let pred = self.prediction.forward(&self.norm.forward(&tokens)?)?;
        match rows {
            // Rows looked up in a table: `index_select` by another name, with a gradient that is added up in parallel.
            Rows::All => Tensor::f_embedding(&pred, &mask.restored_rows, -1, false, false),
            Rows::Hidden => Ok(pred),
        }
    }

    /// Patches as they are predicted: the numbers of a pixel stand together (`patchify`: `nhwpqc`), and on request each
    /// patch is normalised by its mean and its variance over p - 1, to which 1e-6 is added (`forward_loss`,
    /// `norm_pix_loss`).
    fn target(&self, patches: &Tensor) -> Torch<Tensor> {
        let target = match self.config.encoder.channels {
            1 => patches.shallow_clone(),
            channels => {
                let by_channel = patches.f_view([patches.size()[0], channels as i64, -1])?;
                by_channel.f_transpose(1, 2)?.f_reshape([patches.size()[0], -1])?
            }
        };
        if !self.config.normalized_target {
            return Ok(target);
        }
        let last = [-1i64];
        let mut variance = target.f_var_dim(last.as_slice(), true, true)?;
        let mean = target.f_mean_dim(last.as_slice(), true, None)?;
        target.f_sub(&mean)?.f_div_(&variance.f_add_scalar_(1e-6)?.f_sqrt_()?)
    }
}

impl Encoder for MaskedAutoencoder {
    fn features(&self, images: &Tensor) -> Result<Tensor, Diagnostic> {
        self.encoder.features(images)
    }

    fn width(&self) -> usize {
        self.encoder.width()
    }
}
