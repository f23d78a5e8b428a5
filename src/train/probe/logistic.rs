//! Multinomial logistic regression: minimises −(1/N) Σ log p(y_i | x_i) + (λ/2) ‖W‖², p = softmax(W'x + b), by L-BFGS.
//!
//! The bias has no penalty. Everything is in double precision, so that the optimiser comes as near to the minimum, which is
//! one, as its tolerance says.
//!
//! The features come turned into the axes of their second moments, which changes neither the predictions nor ‖W‖. There the
//! Hessian at W = 0 is diagonal but for the labels, s_j/K + λ along axis j of K classes, and L-BFGS works with weights in units
//! of its inverse root: tens of steps where the raw features, whose s_j differ by orders of magnitude, take hundreds.

use std::cell::RefCell;

use argmin::core::{CostFunction, Error, Executor, Gradient};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use tch::{Kind, Reduction, TchError, Tensor};

/// How many steps L-BFGS remembers.
const MEMORY: usize = 10;

/// The search ends where the norm of the gradient, by weights in the units above, is below this: half its square is about what
/// the objective could still fall by.
const TOLERANCE: f64 = 1e-5;

/// A direction that the features have no part in gets no weight; its unit is any that is finite.
const NOTHING: f64 = 1e-12;

/// Images to be told apart: features N × d in the axes of their second moments, and labels.
pub(super) struct Logistic<'a> {
    /// The features, each column in the unit of its weights.
    scaled: Tensor,
    y: &'a Tensor,
    classes: i64,
    /// λ.
    strength: f64,
    /// The units of the weights, d × 1, and of the bias.
    units: Tensor,
    bias_unit: f64,
}

/// W, d × classes, and b below it: (d + 1) × classes, row by row.
pub(super) type Weights = Vec<f64>;

impl<'a> Logistic<'a> {
    /// The problem of these features, labels and this strength λ.
    pub fn new(x: &Tensor, y: &'a Tensor, classes: i64, strength: f64) -> Result<Self, TchError> {
        let k = classes as f64;
        let moments = x.f_square()?.f_mean_dim([0i64].as_slice(), true, Kind::Double)?;
        let curvature = moments.f_div_scalar(k)?.f_add_scalar(strength + NOTHING)?;
        let units = curvature.f_rsqrt()?;
        let scaled = x.f_mul(&units)?;
        Ok(Logistic { scaled, y, classes, strength, units: units.f_tr()?, bias_unit: k.sqrt() })
    }

    /// The weights of a classifier that tells nothing.
    pub fn start(&self) -> Weights {
        vec![0.0; ((self.scaled.size()[1] + 1) * self.classes) as usize]
    }

    /// Weights as those of another strength are to be given to this one.
    pub fn taken_over(&self, other: &Logistic<'_>, weights: &Weights) -> Result<Weights, TchError> {
        let (w, b) = other.parts(weights)?;
        let w = w.f_mul(&other.units)?.f_div(&self.units)?;
        let b = b.f_unsqueeze(0)?.f_div_scalar(self.bias_unit)?;
        Vec::<f64>::try_from(&Tensor::f_cat(&[w, b], 0)?.f_reshape(-1)?)
    }

    /// The weights at the minimum and the objective there, from a start, in at most so many evaluations.
    pub fn minimise(&self, start: Weights, evaluations: u64) -> (Weights, f64) {
        let memo = RefCell::new(Memo {
            at: Vec::new(),
            value: 0.0,
            slope: Vec::new(),
            best: f64::INFINITY,
            kept: start.clone(),
            left: evaluations,
        });
        let search: MoreThuenteLineSearch<Vec<f64>, Vec<f64>, f64> = MoreThuenteLineSearch::new();
        let solver = LBFGS::new(search, MEMORY)
            .with_tolerance_grad(TOLERANCE)
            .and_then(|solver| solver.with_tolerance_cost(1e-12));
        // The tolerances are positive. An error is the end of the road: the best point so far is in the memo.
        if let Ok(solver) = solver {
            let _ = Executor::new(Problem { logistic: self, memo: &memo }, solver)
                .configure(|state| state.param(start).max_iters(evaluations))
                .timer(false)
                .run();
        }
        let memo = memo.into_inner();
        (memo.kept, memo.best)
    }

    /// The logits of images by their features, in the axes of those that were fitted.
    pub fn scores(&self, weights: &Weights, x: &Tensor) -> Result<Tensor, TchError> {
        let (w, b) = self.parts(weights)?;
        x.f_matmul(&w.f_mul(&self.units)?)?.f_add(&b)
    }

    /// The weights in their units, d × classes, and the bias as it is.
    fn parts(&self, weights: &Weights) -> Result<(Tensor, Tensor), TchError> {
        let d = self.scaled.size()[1];
        let all = Tensor::f_from_slice(weights)?.f_view([d + 1, self.classes])?;
        Ok((all.f_narrow(0, 0, d)?, all.f_select(0, d)?.f_mul_scalar(self.bias_unit)?))
    }

    /// The objective and its gradient by the weights in their units.
    fn evaluate(&self, weights: &Weights) -> Result<(f64, Vec<f64>), TchError> {
        tch::no_grad(|| {
            let (w, b) = self.parts(weights)?;
            let log_p = self.scaled.f_matmul(&w)?.f_add(&b)?.f_log_softmax(1, Kind::Double)?;
            let loss = log_p.f_nll_loss::<Tensor>(self.y, None, Reduction::Mean, -100)?.double_value(&[]);
            let penalised = w.f_mul(&self.units)?;
            let penalty = self.strength / 2.0 * penalised.f_square()?.f_sum(Kind::Double)?.double_value(&[]);
            // ∂/∂logits = (p − one at the label)/N.
            let n = self.scaled.size()[0];
            let less = Tensor::f_full([n, 1], -1.0, (Kind::Double, self.scaled.device()))?;
            let by_logits = log_p.f_exp()?.f_scatter_add(1, &self.y.f_unsqueeze(1)?, &less)?.f_div_scalar(n as f64)?;
            let by_penalty = penalised.f_mul(&self.units)?.f_mul_scalar(self.strength)?;
            let by_w = self.scaled.f_tr()?.f_matmul(&by_logits)?.f_add(&by_penalty)?;
            let by_b =
                by_logits.f_sum_dim_intlist([0i64].as_slice(), true, Kind::Double)?.f_mul_scalar(self.bias_unit)?;
            let slope = Vec::<f64>::try_from(&Tensor::f_cat(&[by_w, by_b], 0)?.f_reshape(-1)?)?;
            Ok((loss + penalty, slope))
        })
    }
}

/// argmin asks for the value and for the gradient one by one, so that those of the last point are kept.
struct Memo {
    at: Weights,
    value: f64,
    slope: Vec<f64>,
    best: f64,
    kept: Weights,
    left: u64,
}

struct Problem<'a> {
    logistic: &'a Logistic<'a>,
    memo: &'a RefCell<Memo>,
}

impl Problem<'_> {
    fn visit(&self, at: &Weights) -> Result<(), Error> {
        let mut memo = self.memo.borrow_mut();
        if memo.at == *at {
            return Ok(());
        }
        memo.left = memo.left.checked_sub(1).ok_or_else(|| Error::msg("the evaluations are used up"))?;
        let (value, slope) = self.logistic.evaluate(at)?;
        (memo.at, memo.value, memo.slope) = (at.clone(), value, slope);
        if value < memo.best {
            (memo.best, memo.kept) = (value, at.clone());
        }
        Ok(())
    }
}

impl CostFunction for Problem<'_> {
    type Param = Weights;
    type Output = f64;

    fn cost(&self, at: &Weights) -> Result<f64, Error> {
        self.visit(at)?;
        Ok(self.memo.borrow().value)
    }
}

impl Gradient for Problem<'_> {
    type Param = Weights;
    type Gradient = Vec<f64>;

    fn gradient(&self, at: &Weights) -> Result<Vec<f64>, Error> {
        self.visit(at)?;
        Ok(self.memo.borrow().slope.clone())
    }
}
