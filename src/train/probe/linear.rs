//! The linear probe: logistic regression on frozen features.

use tch::{Kind, TchError, Tensor};

use super::logistic::Logistic;
use super::{Accuracy, Features, accuracy, fitting, refused, unfit};
use crate::base::Diagnostic;

/// The strengths of the regulariser that are tried where none is given, from the strongest to the weakest.
pub const STRENGTHS: [f64; 6] = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6];

/// The choice ends where so many weaker penalties in a row tell less than the best: what follows would only take longer.
const WORSE: usize = 2;

/// How many times the objective is evaluated at most for a strength that is tried; the last fit may take longer.
const TRIED: u64 = 100;

/// Every so many-th training image is held out while the strength is chosen.
const HELD_OUT: i64 = 10;

/// How features are turned into classes by a linear map.
#[derive(Clone, PartialEq, Debug)]
pub struct LinearProbe {
    /// The strengths λ ≥ 0 of the penalty (λ/2) ‖W‖² beside the mean cross-entropy, from the strongest to the weakest. The one
    /// that tells most of a tenth of the training images, held out, is used, the strongest of equals; one alone is used as
    /// it is.
    pub strengths: Vec<f64>,
    /// How many times the objective is evaluated at most, for the strength that is used.
    pub evaluations: u64,
}

impl Default for LinearProbe {
    fn default() -> Self {
        LinearProbe { strengths: STRENGTHS.to_vec(), evaluations: 300 }
    }
}

/// What a linear probe found.
#[derive(Clone, PartialEq, Debug)]
pub struct Probed {
    /// On the test images.
    pub test: Accuracy,
    /// On the training images.
    pub train: Accuracy,
    /// The strength that was chosen.
    pub strength: f64,
    /// The least value of the objective with that strength: nats.
    pub objective: f64,
    /// The share of held-out training images that the strengths got right, in their order, as far as they were tried; empty
    /// where there was no choice.
    pub held_out: Vec<f64>,
}

impl LinearProbe {
    /// Fits the classifier to the training images and tries it on the test images.
    ///
    /// The features are first brought to mean 0 and variance 1 over the training images, by a batch normalisation without
    /// scale and shift, as the linear probe of MAE has it (He et al. 2022, Appendix A.1; ε = 10⁻⁶ in the official code). The
    /// objective is convex and minimised in double precision, so that the outcome does not hang on an order of the
    /// images or on a learning rate.
    ///
    /// # Errors
    /// E1031 where the features do not fit or are too few, E0812 where torch refuses.
    pub fn fit(&self, train: &Features, test: &Features) -> Result<Probed, Diagnostic> {
        let classes = fitting(train, test)?;
        if classes < 2 {
            return Err(unfit("all images are of one class, and nothing is to be told apart"));
        }
        if self.strengths.is_empty()
            || self.strengths.iter().any(|strength| !(strength.is_finite() && *strength >= 0.0))
        {
            return Err(unfit("the linear probe needs a strength that is not negative"));
        }
        if self.strengths.len() > 1 && train.len() < HELD_OUT {
            let message = format!("{} training images are too few to hold a tenth of them out", train.len());
            return Err(unfit(message));
        }
        self.run(train, test, classes).map_err(refused)
    }

    fn run(&self, train: &Features, test: &Features, classes: i64) -> Result<Probed, TchError> {
        let (train, test) = standardised(train, test)?;
        let (strength, held_out) = match self.strengths[..] {
            [only] => (only, Vec::new()),
            _ => self.choose(&train, classes)?,
        };
        let problem = Logistic::new(&train.values, &train.labels, classes, strength)?;
        let (weights, objective) = problem.minimise(problem.start(), self.evaluations);
        let on = |features: &Features| accuracy(&problem.scores(&weights, &features.values)?, &features.labels);
        Ok(Probed { test: on(&test)?, train: on(&train)?, strength, objective, held_out })
    }

    /// The strength that tells most of what it was not fitted to.
    fn choose(&self, train: &Features, classes: i64) -> Result<(f64, Vec<f64>), TchError> {
        let held_out =
            Tensor::f_arange_start_step(HELD_OUT - 1, train.len(), HELD_OUT, (Kind::Int64, tch::Device::Cpu))?;
        let places: Vec<i64> = (0..train.len()).filter(|place| place % HELD_OUT != HELD_OUT - 1).collect();
        let (fitted, held_out) = (train.select(&Tensor::from_slice(&places))?, train.select(&held_out)?);
        let (mut found, mut best) = (Vec::new(), 0);
        let mut before: Option<(Logistic<'_>, Vec<f64>)> = None;
        for strength in &self.strengths {
            let problem = Logistic::new(&fitted.values, &fitted.labels, classes, *strength)?;
            // A weaker penalty starts where the stronger one ended.
            let start = match &before {
                Some((other, weights)) => problem.taken_over(other, weights)?,
                None => problem.start(),
            };
            let (weights, _) = problem.minimise(start, self.evaluations.min(TRIED));
            let share = accuracy(&problem.scores(&weights, &held_out.values)?, &held_out.labels)?.top1;
            found.push(share);
            if share > found[best] {
                best = found.len() - 1;
            } else if found.len() > best + WORSE && found[best + 1..].iter().all(|worse| *worse < found[best]) {
                break;
            }
            before = Some((problem, weights));
        }
        Ok((self.strengths[best], found))
    }
}

/// Both sets in double precision, brought to mean 0 and variance 1 over the training images, in the axes of the second moments
/// of these: an orthogonal map, which changes neither what a linear classifier can tell nor the norm of its weights.
fn standardised(train: &Features, test: &Features) -> Result<(Features, Features), TchError> {
    const EPSILON: f64 = 1e-6;
    let x = train.values.f_to_kind(Kind::Double)?;
    let mean = x.f_mean_dim([0i64].as_slice(), true, Kind::Double)?;
    let centred = x.f_sub(&mean)?;
    let variance = centred.f_square()?.f_mean_dim([0i64].as_slice(), true, Kind::Double)?;
    let spread = variance.f_add_scalar(EPSILON)?.f_sqrt()?;
    let standard = centred.f_div(&spread)?;
    let (_, axes) = standard.f_tr()?.f_matmul(&standard)?.f_linalg_eigh("L")?;
    let apply = |features: &Features| -> Result<Features, TchError> {
        let values = features.values.f_to_kind(Kind::Double)?.f_sub(&mean)?.f_div(&spread)?.f_matmul(&axes)?;
        Ok(Features { values, labels: features.labels.shallow_clone() })
    };
    Ok((apply(train)?, apply(test)?))
}
