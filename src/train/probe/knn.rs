//! Nearest neighbours by the cosine of features.

use tch::{Kind, TchError, Tensor};

use super::{Accuracy, Features, accuracy, fitting, refused, unfit};
use crate::base::Diagnostic;

/// How many similarities are looked at in one go: 128 MB of them.
const SIMILARITIES: i64 = 32 << 20;

/// How the neighbours of an image tell its class.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Vote {
    /// Each has one vote, and the first class of those with the most votes wins.
    Majority,
    /// The vote of a neighbour of cosine s weighs exp(s/τ). Wu, Xiong, Yu and Lin 2018, "Unsupervised feature learning via
    /// non-parametric instance discrimination", Section 3.4, with τ = 0.07.
    Weighted {
        /// The temperature τ > 0.
        temperature: f64,
    },
}

impl Vote {
    /// The weighted vote of Wu et al. 2018.
    pub const WU_2018: Vote = Vote::Weighted { temperature: 0.07 };
}

/// How often test images have the class that their k nearest training images tell, for each k: those of the largest cosine
/// of the features, which a feature of 0 has 0 with.
///
/// # Errors
/// E1031 where the features do not fit, or a k is 0 or more than there are training images; E0812 where torch refuses.
pub fn knn(train: &Features, test: &Features, ks: &[i64], vote: Vote) -> Result<Vec<Accuracy>, Diagnostic> {
    let classes = fitting(train, test)?;
    if let Some(k) = ks.iter().find(|k| **k < 1 || **k > train.len()) {
        return Err(unfit(format!("{k} neighbours are asked for among {} training images", train.len())));
    }
    let most = ks.iter().copied().max().unwrap_or(0);
    let found = tch::no_grad(|| {
        let (train_rows, test_rows) = (unit_rows(&train.values)?, unit_rows(&test.values)?);
        let mut scores: Vec<Vec<Tensor>> = ks.iter().map(|_| Vec::new()).collect();
        for rows in test_rows.f_split((SIMILARITIES / train.len()).max(1), 0)? {
            let (cosines, nearest) = rows.f_matmul(&train_rows.f_tr()?)?.f_topk(most, 1, true, true)?;
            let labels = train.labels.f_take(&nearest)?;
            for (k, scores) in ks.iter().zip(&mut scores) {
                scores.push(votes(&cosines.f_narrow(1, 0, *k)?, &labels.f_narrow(1, 0, *k)?, classes, vote)?);
            }
        }
        scores.iter().map(|scores| accuracy(&Tensor::f_cat(scores, 0)?, &test.labels)).collect::<Result<_, TchError>>()
    });
    found.map_err(refused)
}

/// The scores of the classes, a row for each image.
fn votes(cosines: &Tensor, labels: &Tensor, classes: i64, vote: Vote) -> Result<Tensor, TchError> {
    let weights = match vote {
        Vote::Majority => cosines.f_ones_like()?.f_to_kind(Kind::Double)?,
        Vote::Weighted { temperature } => (cosines.f_to_kind(Kind::Double)?.f_div_scalar(temperature))?.f_exp()?,
    };
    let none = Tensor::f_zeros([cosines.size()[0], classes], (Kind::Double, cosines.device()))?;
    none.f_scatter_add(1, labels, &weights)
}

fn unit_rows(values: &Tensor) -> Result<Tensor, TchError> {
    let norms = values.f_norm_scalaropt_dim(2, [1i64], true)?;
    values.f_div(&norms.f_clamp_min(f64::from(f32::MIN_POSITIVE))?)
}
