//! Descents: L-BFGS (Liu and Nocedal 1989) with the line search of Moré and Thuente (1994), from the crate argmin.

use std::cell::RefCell;

use argmin::core::{CostFunction, Error, Executor, Gradient};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;

use super::objective::Machine;

/// How many steps L-BFGS remembers.
const MEMORY: usize = 7;

/// Where a line search first looks along a direction is a unit step. A descent that stops at a point without a value is
/// taken up again from its best point in smaller units, so often.
const RESTARTS: u32 = 3;
const SMALLER: f64 = 0.1;

/// The best point that a descent met.
#[derive(Clone, PartialEq, Debug)]
pub struct Descent {
    /// The objective there.
    pub value: f64,
    /// The unconstrained numbers.
    pub x: Vec<f64>,
    /// Points on the way that had no finite value, and were dropped.
    pub dropped: u64,
}

/// What one line search after the other evaluates; argmin asks for the value and for the gradient one by one, so that
/// the last point is kept.
struct Memo<'m, 'a> {
    machine: &'m mut Machine<'a>,
    /// The point that the numbers are counted from, and their unit.
    origin: Vec<f64>,
    unit: f64,
    at: Vec<f64>,
    point: Vec<f64>,
    value: f64,
    slope: Vec<f64>,
    best: f64,
    best_point: Vec<f64>,
    left: u64,
    dropped: u64,
}

impl Memo<'_, '_> {
    fn visit(&mut self, u: &[f64]) -> Result<(), Error> {
        if self.at == u {
            return Ok(());
        }
        if self.left == 0 {
            return Err(Error::msg("the evaluations are used up"));
        }
        self.left -= 1;
        self.at.clear();
        for ((x, u), origin) in self.point.iter_mut().zip(u).zip(&self.origin) {
            *x = origin + self.unit * u;
        }
        let Some(value) = self.machine.evaluate(&self.point, &mut self.slope) else {
            self.dropped += 1;
            return Err(Error::msg("no finite value"));
        };
        for slope in &mut self.slope {
            *slope *= self.unit;
        }
        self.value = value;
        self.at.extend_from_slice(u);
        if value < self.best {
            self.best = value;
            self.best_point.copy_from_slice(&self.point);
        }
        Ok(())
    }
}

struct Problem<'p, 'm, 'a>(&'p RefCell<Memo<'m, 'a>>);

impl CostFunction for Problem<'_, '_, '_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, u: &Vec<f64>) -> Result<f64, Error> {
        let mut memo = self.0.borrow_mut();
        memo.visit(u)?;
        Ok(memo.value)
    }
}

impl Gradient for Problem<'_, '_, '_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, u: &Vec<f64>) -> Result<Vec<f64>, Error> {
        let mut memo = self.0.borrow_mut();
        memo.visit(u)?;
        Ok(memo.slope.clone())
    }
}

/// Descends from a point with at most so many evaluations. `None` when the start has no finite value.
pub fn descend(machine: &mut Machine<'_>, start: &[f64], evaluations: u64) -> Option<Descent> {
    let n = start.len();
    let memo = RefCell::new(Memo {
        machine,
        origin: start.to_vec(),
        unit: 1.0,
        at: vec![f64::NAN; n],
        point: start.to_vec(),
        value: f64::INFINITY,
        slope: vec![0.0; n],
        best: f64::INFINITY,
        best_point: start.to_vec(),
        left: evaluations.max(1),
        dropped: 0,
    });
    let zero = vec![0.0; n];
    memo.borrow_mut().visit(&zero).ok()?;
    for _ in 0..=RESTARTS {
        let dropped = memo.borrow().dropped;
        let search: MoreThuenteLineSearch<Vec<f64>, Vec<f64>, f64> = MoreThuenteLineSearch::new();
        let solver: LBFGS<_, Vec<f64>, Vec<f64>, f64> = LBFGS::new(search, MEMORY);
        // An error is the end of the road, or a point without a value: the best point so far is in the memo.
        let _ = Executor::new(Problem(&memo), solver)
            .configure(|state| state.param(zero.clone()).max_iters(evaluations))
            .timer(false)
            .run();
        let mut memo = memo.borrow_mut();
        if memo.left == 0 || memo.dropped == dropped {
            break;
        }
        memo.origin = memo.best_point.clone();
        memo.unit *= SMALLER;
        memo.at.clear();
    }
    let memo = memo.into_inner();
    Some(Descent { value: memo.best, x: memo.best_point, dropped: memo.dropped })
}
