//! The mean and the deviation of each channel, by which pixels are brought to the scale that networks start from.

use std::path::Path;

use super::file;
use crate::base::Diagnostic;

/// Mean and deviation of the pixels of a training set, channel by channel, in the scale of 0 (black) to 1.
#[derive(Clone, PartialEq, Debug)]
pub struct Normalisation {
    /// A mean for each channel.
    pub mean: Vec<f32>,
    /// A standard deviation for each channel, positive.
    pub deviation: Vec<f32>,
}

impl Normalisation {
    fn new<const C: usize>(mean: [f32; C], deviation: [f32; C]) -> Self {
        Normalisation { mean: mean.to_vec(), deviation: deviation.to_vec() }
    }

    /// Of the 60,000 training images of Fashion-MNIST; a test measures it.
    pub fn fashion_mnist() -> Self {
        Normalisation::new([0.2860], [0.3530])
    }

    /// Of the training images of CIFAR-10: the deviation of all pixels, as in most PyTorch code. (0.2023, 0.1994, 0.2010),
    /// which is seen as well, is the mean of the images' own deviations.
    pub fn cifar10() -> Self {
        Normalisation::new([0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616])
    }

    /// Of the training images of CIFAR-100: weiaicunzai/pytorch-cifar100, `conf/global_settings.py`, to four digits.
    pub fn cifar100() -> Self {
        Normalisation::new([0.5071, 0.4865, 0.4409], [0.2673, 0.2564, 0.2762])
    }

    /// Of ImageNet: torchvision's and timm's (`timm/data/constants.py`) constants, which the MAE code uses, too.
    pub fn imagenet() -> Self {
        Normalisation::new([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    }

    /// Of these pixels, channel after channel for each.
    ///
    /// # Errors
    /// E1003 where a channel has one value everywhere, naming the file that the pixels come from.
    pub(super) fn measured(path: &Path, bytes: &[u8], channels: usize) -> Result<Self, Diagnostic> {
        let count = (bytes.len() / channels) as f64;
        let (mut mean, mut deviation) = (Vec::new(), Vec::new());
        for channel in 0..channels {
            // Sums of integers: exact, and so the same however they are added up.
            let (sum, squares) = bytes.iter().skip(channel).step_by(channels).fold((0, 0), |(sum, squares), byte| {
                let byte = u64::from(*byte);
                (sum + byte, squares + byte * byte)
            });
            let average = sum as f64 / count;
            let variance = squares as f64 / count - average * average;
            if variance <= 0.0 {
                return Err(file::damaged(path, "all its pixels have the same value"));
            }
            mean.push((average / 255.0) as f32);
            deviation.push((variance.sqrt() / 255.0) as f32);
        }
        Ok(Normalisation { mean, deviation })
    }
}
