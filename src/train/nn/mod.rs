//! Networks on torch: vision transformers and masked autoencoders, residual networks, projectors, moving averages.
//!
//! Every weight is a variable of a [`tch::nn::VarStore`] under the name that the official code of its paper gives it,
//! since the names are the keys of checkpoints. How it starts is a function of a seed and of that name alone
//! ([`weights`]); what is random in a step is a function of the seed and of the step ([`mask`]). torch's own generator
//! is never used.

mod block;
pub mod ema;
pub mod heads;
mod layers;
pub mod mae;
pub mod mask;
pub mod resnet;
pub mod vit;
pub mod weights;

pub use ema::{Buffers, MovingAverage};
pub use heads::{Head, HeadConfig};
pub use mae::{MaeConfig, MaskedAutoencoder, Reconstruction, Rows};
pub use mask::Mask;
pub use resnet::{ResNet, ResNetConfig, Stem};
pub use vit::{VisionTransformer, VitConfig, VitSize};
pub use weights::Place;

use tch::{TchError, Tensor};

use crate::base::{Code, Diagnostic};

/// What torch returns inside this module; at its border a failure becomes E0812.
type Torch<T> = Result<T, TchError>;

/// Called with the name and the value of every layer's output, in the order of the computation.
pub type Observer<'a> = &'a mut dyn FnMut(&str, &Tensor);

/// What turns images into features: what is looked at after training, by probes and by nearest neighbours.
pub trait Encoder {
    /// One row of features for each image: images B x C x H x W to B x [`Encoder::width`]. Nothing is hidden, and
    /// nothing of the network changes: batches are normalised by running statistics.
    ///
    /// # Errors
    /// E1014 where the images are not of the network's shape, E0812 where torch refuses.
    fn features(&self, images: &Tensor) -> Result<Tensor, Diagnostic>;

    /// How many features there are.
    fn width(&self) -> usize;
}

/// Whether a batch has the shape that a network was built for: B x channels x height x width.
fn expect_images(images: &Tensor, channels: usize, side: Option<[usize; 2]>) -> Result<(), Diagnostic> {
    let size = images.size();
    let fits = match (size.as_slice(), side) {
        ([batch, c, h, w], Some([height, width])) => {
            *batch > 0 && (*c, *h, *w) == (channels as i64, height as i64, width as i64)
        }
        ([batch, c, h, w], None) => *batch > 0 && *c == channels as i64 && *h > 0 && *w > 0,
        _ => false,
    };
    if fits {
        return Ok(());
    }
    let wanted = match side {
        Some([height, width]) => format!("B x {channels} x {height} x {width}"),
        None => format!("B x {channels} x height x width"),
    };
    let found: Vec<String> = size.iter().map(i64::to_string).collect();
    let message = format!("images of shape {} do not fit the network", found.join(" x "));
    Err(Diagnostic::new(Code::E1014, message).note(format!("it was built for {wanted}")))
}
