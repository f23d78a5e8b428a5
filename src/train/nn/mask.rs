//! Which patches of which image are hidden, as a function of a seed and of the step.

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use crate::base::{Code, Diagnostic};

/// The hidden patches of a batch: of each image as many, by an order of its patches, of which the first are kept (He et
/// al. 2022, section 3; facebookresearch/mae, models_mae.py, `random_masking`).
#[derive(Debug)]
pub struct Mask {
    batch: usize,
    patches: usize,
    kept: usize,
    /// B x kept: the places of the patches that the encoder sees.
    pub ids_keep: Tensor,
    /// B x (patches - kept): the places of those that it does not.
    pub ids_hidden: Tensor,
    /// B x patches: where each place stands in the order 'kept, then hidden'.
    pub ids_restore: Tensor,
    /// (B patches): 1 where a patch is hidden and 0 where it is kept, in single precision.
    pub hidden: Tensor,
    /// Rows of the batch's patches, image by image: those kept, those hidden.
    pub(super) kept_rows: Tensor,
    pub(super) hidden_rows: Tensor,
    /// Rows of predictions in the order of the images' places, among rows in the order 'kept, then hidden'.
    pub(super) restored_rows: Tensor,
    /// The rows of the positions for kept patches, and for a class token, kept and hidden patches: 0 is the class
    /// token's.
    pub(super) kept_places: Tensor,
    pub(super) all_places: Tensor,
}

/// How many patches stay: `int(L * (1 - mask_ratio))`, the official code's arithmetic with its rounding.
pub fn kept(patches: usize, ratio: f64) -> usize {
    (patches as f64 * (1.0 - ratio)) as usize
}

impl Mask {
    /// The mask of a step. The patches of an image are hidden by its place in the batch, the seed and the step alone.
    ///
    /// # Errors
    /// E1013 where nothing would be hidden or nothing seen, E0812 where torch refuses.
    pub fn draw(seed: u64, step: u64, batch: usize, patches: usize, ratio: f64) -> Result<Mask, Diagnostic> {
        let kept = if ratio > 0.0 && ratio < 1.0 { kept(patches, ratio) } else { 0 };
        if kept == 0 || kept == patches {
            let message = format!("a share of {ratio} hidden leaves {kept} of {patches} patches to see");
            return Err(Diagnostic::new(Code::E1013, message)
                .note("at least one patch must be seen, and one hidden: what is predicted are the hidden ones"));
        }
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&step.to_le_bytes());
        key[16..20].copy_from_slice(b"mask");
        let mut order = Vec::with_capacity(batch * patches);
        for image in 0..batch {
            let mut generator = ChaCha8Rng::from_seed(key);
            generator.set_stream(image as u64);
            let mut places: Vec<i64> = (0..patches as i64).collect();
            places.shuffle(&mut generator);
            order.extend(places);
        }
        Self::of_order(&order, patches, kept).map_err(|error| crate::torch::refused("a mask", &error))
    }

    /// The mask by the orders of the images' patches, one after another: of each image the first few are kept.
    fn of_order(order: &[i64], patches: usize, kept: usize) -> super::Torch<Mask> {
        let batch = order.len() / patches;
        let mut restore = vec![0i64; order.len()];
        let mut hidden = vec![1f32; order.len()];
        let mut rows: [Vec<i64>; 2] = [Vec::new(), Vec::new()];
        let mut places: [Vec<i64>; 2] = [Vec::new(), Vec::new()];
        let mut all_places = Vec::with_capacity(order.len() + batch);
        for (image, order) in order.chunks_exact(patches).enumerate() {
            let start = image * patches;
            all_places.push(0);
            for (at, place) in order.iter().enumerate() {
                let row = start + *place as usize;
                restore[row] = at as i64;
                hidden[row] = if at < kept { 0.0 } else { 1.0 };
                rows[usize::from(at >= kept)].push(row as i64);
                places[usize::from(at >= kept)].push(*place);
                all_places.push(place + 1);
            }
        }
        let restored: Vec<i64> =
            restore.iter().enumerate().map(|(row, at)| (row - row % patches) as i64 + at).collect();
        let kept_places: Vec<i64> = places[0].iter().map(|place| place + 1).collect();
        let table = |values: &[i64]| Tensor::f_from_slice(values)?.f_reshape([batch as i64, -1]);
        Ok(Mask {
            batch,
            patches,
            kept,
            ids_keep: table(&places[0])?,
            ids_hidden: table(&places[1])?,
            ids_restore: table(&restore)?,
            hidden: Tensor::f_from_slice(&hidden)?,
            kept_rows: Tensor::f_from_slice(&rows[0])?,
            hidden_rows: Tensor::f_from_slice(&rows[1])?,
            restored_rows: Tensor::f_from_slice(&restored)?,
            kept_places: Tensor::f_from_slice(&kept_places)?,
            all_places: Tensor::f_from_slice(&all_places)?,
        })
    }

    /// Images.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Patches of an image.
    pub fn patches(&self) -> usize {
        self.patches
    }

    /// Patches of an image that the encoder sees.
    pub fn kept(&self) -> usize {
        self.kept
    }

    /// The mask on a device, with numbers of a precision.
    pub(super) fn on(&self, device: Device, kind: Kind) -> super::Torch<Mask> {
        let moved = |tensor: &Tensor| tensor.f_to_device(device);
        Ok(Mask {
            batch: self.batch,
            patches: self.patches,
            kept: self.kept,
            ids_keep: moved(&self.ids_keep)?,
            ids_hidden: moved(&self.ids_hidden)?,
            ids_restore: moved(&self.ids_restore)?,
            hidden: moved(&self.hidden)?.f_to_kind(kind)?,
            kept_rows: moved(&self.kept_rows)?,
            hidden_rows: moved(&self.hidden_rows)?,
            restored_rows: moved(&self.restored_rows)?,
            kept_places: moved(&self.kept_places)?,
            all_places: moved(&self.all_places)?,
        })
    }
}
