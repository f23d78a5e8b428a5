//! Multinomial logistic regression: minimises −(1/N) Σ log p(y_i | x_i) + (λ/2) ‖W‖², p = softmax(W'x + b), by L-BFGS.
//!
//! The bias has no penalty. Everything is in double precision, so that the optimiser comes as near to the minimum, which is
//! one, as its tolerance says.

use std::cell::RefCell;

use argmin::core::{CostFunction, Error, Executor, Gradient};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use tch::{Kind, Reduction, TchError, Tensor};

/// How many steps L-BFGS remembers.
const MEMORY: usize = 10;

/// The search ends where no entry of the gradient matters: its norm is below this.
const TOLERANCE: f64 = 1e-6;

/// Images to be told apart: features N × d, as they are, and labels.
pub(super) struct Logistic<'a> {
    pub x: &'a Tensor,
    pub y: &'a Tensor,
    pub classes: i64,
    /// λ.
    pub strength: f64,
}

/// W, d × classes, and b below it: (d + 1) × classes, row by row.
pub(super) type Weights = Vec<f64>;

impl Logistic<'_> {
    /// The weights of a classifier that tells nothing.
    pub fn start(&self) -> Weights {
        vec![0.0; ((self.x.size()[1] + 1) * self.classes) as usize]
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

    /// The logits of images.
    pub fn scores(&self, weights: &Weights, x: &Tensor) -> Result<Tensor, TchError> {
        let (w, b) = self.parts(weights)?;
        x.f_matmul(&w)?.f_add(&b)
    }

    fn parts(&self, weights: &Weights) -> Result<(Tensor, Tensor), TchError> {
        let d = self.x.size()[1];
        let all = Tensor::f_from_slice(weights)?.f_view([d + 1, self.classes])?;
        Ok((all.f_narrow(0, 0, d)?, all.f_select(0, d)?))
    }

    /// The objective and its gradient.
    fn evaluate(&self, weights: &Weights) -> Result<(f64, Vec<f64>), TchError> {
        tch::no_grad(|| {
            let (w, b) = self.parts(weights)?;
            let log_p = self.x.f_matmul(&w)?.f_add(&b)?.f_log_softmax(1, Kind::Double)?;
            let loss = log_p.f_nll_loss::<Tensor>(self.y, None, Reduction::Mean, -100)?.double_value(&[]);
            let penalty = self.strength / 2.0 * w.f_square()?.f_sum(Kind::Double)?.double_value(&[]);
            // ∂/∂logits = (p − one at the label)/N.
            let n = self.x.size()[0] as f64;
            let ones = Tensor::f_ones([self.x.size()[0], 1], (Kind::Double, self.x.device()))?;
            let by_logits =
                log_p.f_exp()?.f_scatter_add(1, &self.y.f_unsqueeze(1)?, &ones.f_neg()?)?.f_div_scalar(n)?;
            let by_w = self.x.f_tr()?.f_matmul(&by_logits)?.f_add(&w.f_mul_scalar(self.strength)?)?;
            let by_b = by_logits.f_sum_dim_intlist([0i64].as_slice(), true, Kind::Double)?;
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
