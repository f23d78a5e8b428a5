//! The block of a vision transformer.

use tch::Tensor;

use super::Torch;
use super::layers::{LayerNorm, Linear, LinearStart};
use super::weights::Place;

/// A pre-norm block: attention and a perceptron with one hidden layer of four times the width and GELU, each behind a
/// layer normalisation and added to its input (Dosovitskiy et al. 2021, equations 2 and 3; the names are those of
/// timm's `Block`).
#[derive(Debug)]
pub struct Block {
    norm1: LayerNorm,
    qkv: Linear,
    proj: Linear,
    norm2: LayerNorm,
    fc1: Linear,
    fc2: Linear,
    heads: i64,
}

/// The tokens whose results are wanted: the first, and how many.
pub type Wanted = Option<(i64, i64)>;

impl Block {
    pub fn new(place: &Place, width: usize, heads: usize) -> Torch<Block> {
        let linear = |place: &Place, inputs, outputs| Linear::new(place, inputs, outputs, true, LinearStart::Xavier);
        let (attention, mlp) = (place.part("attn"), place.part("mlp"));
        Ok(Block {
            norm1: LayerNorm::new(&place.part("norm1"), width)?,
            qkv: linear(&attention.part("qkv"), width, 3 * width)?,
            proj: linear(&attention.part("proj"), width, width)?,
            norm2: LayerNorm::new(&place.part("norm2"), width)?,
            fc1: linear(&mlp.part("fc1"), width, 4 * width)?,
            fc2: linear(&mlp.part("fc2"), 4 * width, width)?,
            heads: heads as i64,
        })
    }

    /// Tokens to tokens, (B T) x width; of some of each image's tokens alone where no others are wanted. These look at
    /// all tokens all the same.
    ///
    /// Rows are not taken apart by image but for attention: to torch, what a linear layer returns for three dimensions
    /// is a view, and writing a sum over a view costs more on the way back than it saves.
    pub fn forward(&self, x: &Tensor, batch: i64, wanted: Wanted) -> Torch<Tensor> {
        let (rows, width) = x.size2()?;
        let tokens = rows / batch;
        let qkv = self.qkv.forward(&self.norm1.forward(x)?)?;
        // Split, and not selected from an array of three: the gradients are then put side by side in one go, where each
        // of the three would be written into zeros of the whole size and these added up.
        let part = |part: &Tensor| part.f_view([batch, tokens, self.heads, width / self.heads])?.f_transpose(1, 2);
        let parts = qkv.f_split(width, 1)?;
        let (q, k, v) = (part(&parts[0])?, part(&parts[1])?, part(&parts[2])?);
        let (q, skip) = match wanted {
            Some((first, count)) => (q.f_narrow(2, first, count)?, some(x, batch, (first, count))?),
            None => (q, x.shallow_clone()),
        };
        let seen = Tensor::f_scaled_dot_product_attention(&q, &k, &v, None::<&Tensor>, 0.0, false, None, false)?;
        let seen = seen.f_transpose(1, 2)?.f_reshape([-1, width])?;
        // What a linear layer returns is needed by nobody else, and so the sum is written over it.
        let x = self.proj.forward(&seen)?.f_add_(&skip)?;
        let hidden = self.fc1.forward(&self.norm2.forward(&x)?)?.f_gelu("none")?;
        self.fc2.forward(&hidden)?.f_add_(&x)
    }
}

/// Some of each image's tokens: (B T) x width to (B count) x width.
fn some(x: &Tensor, batch: i64, (first, count): (i64, i64)) -> Torch<Tensor> {
    let width = x.size2()?.1;
    x.f_view([batch, -1, width])?.f_narrow(1, first, count)?.f_reshape([-1, width])
}

/// Blocks one after another, named by their numbers; the last gives the wanted tokens alone.
pub fn forward(
    blocks: &[Block],
    x: Tensor,
    batch: i64,
    wanted: Wanted,
    mut seen: impl FnMut(usize, &Tensor),
) -> Torch<Tensor> {
    let mut x = x;
    for (at, block) in blocks.iter().enumerate() {
        x = block.forward(&x, batch, wanted.filter(|_| at + 1 == blocks.len()))?;
        seen(at, &x);
    }
    Ok(x)
}

/// New blocks under a name.
pub fn blocks(place: &Place, name: &str, depth: usize, width: usize, heads: usize) -> Torch<Vec<Block>> {
    let place = place.part(name);
    (0..depth).map(|at| Block::new(&place.part(at), width, heads)).collect()
}
