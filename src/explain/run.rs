//! Values and times of an expression's forms.

use std::time::{Duration, Instant};

use num_complex::Complex;

use crate::base::{Diagnostic, median};
use crate::eval::{self, Entries, Fault, Plan, ValueRef, Workspace};
use crate::ir::{Graph, InputId, NodeId};

/// A plan with its memory and its numbers in place.
pub struct Runner {
    plan: Plan<f64>,
    workspace: Workspace<f64>,
    outputs: usize,
}

impl Runner {
    /// Compiles some nodes.
    ///
    /// # Errors
    /// E0305 where they have no plan, or one that no memory holds.
    pub fn new(graph: &Graph, nodes: &[NodeId], inputs: &[(InputId, Vec<f64>)]) -> Result<Runner, Diagnostic> {
        let plan = eval::plan_within_memory::<f64>(graph, nodes, eval::Threads::All)?;
        let workspace = Workspace::new(&plan);
        let mut runner = Runner { plan, workspace, outputs: nodes.len() };
        runner.load(inputs);
        Ok(runner)
    }

    fn load(&mut self, inputs: &[(InputId, Vec<f64>)]) {
        for (input, numbers) in inputs {
            // An input that nothing rests on has no place.
            let Some(target) = self.workspace.input_mut(*input) else { continue };
            match target.entries {
                Entries::Real(x) => x.copy_from_slice(numbers),
                Entries::Complex(z) => {
                    let (re, im) = numbers.split_at(z.len());
                    z.iter_mut().zip(re.iter().zip(im)).for_each(|(z, (re, im))| *z = Complex::new(*re, *im));
                }
            }
        }
    }

    /// By how much the outputs change, each as a whole, when every input changes by this part of itself, up or down: the
    /// scale on which a difference means something where the value itself is next to nothing, as where it is 0 up to
    /// rounding. `read` takes what is compared from the values.
    pub fn spread(
        &mut self,
        inputs: &[(InputId, Vec<f64>)],
        part: f64,
        read: impl Fn(&[Vec<f64>]) -> Option<Vec<Vec<f64>>>,
    ) -> Option<Vec<f64>> {
        let before = read(&self.values().ok()?)?;
        let mut spread = vec![0.0f64; before.len()];
        for round in 0..ROUNDS {
            let moved: Vec<(InputId, Vec<f64>)> = inputs
                .iter()
                .map(|(input, numbers)| {
                    let sign = |i: usize| if turn(round, input.0, i) { part } else { -part };
                    (*input, numbers.iter().enumerate().map(|(i, x)| x * (1.0 + sign(i))).collect())
                })
                .collect();
            self.load(&moved);
            // Numbers that must be 0 or 1 may not move.
            let after = self.values().ok().and_then(|values| read(&values));
            for (spread, (a, b)) in spread.iter_mut().zip(before.iter().zip(after.iter().flatten())) {
                let largest = a.iter().zip(b).map(|(x, y)| (x - y).abs()).filter(|d| d.is_finite()).fold(0.0, f64::max);
                *spread = spread.max(largest);
            }
        }
        self.load(inputs);
        Some(spread)
    }

    /// The values of all outputs, one after the other.
    ///
    /// # Errors
    /// The first fault.
    pub fn values(&mut self) -> Result<Vec<Vec<f64>>, Fault> {
        self.plan.run(&mut self.workspace)?;
        let one = |i| match self.workspace.value(i) {
            Some(ValueRef::Real { entries, .. }) => entries.to_vec(),
            Some(ValueRef::Complex { entries, .. }) => entries.iter().flat_map(|z| [z.re, z.im]).collect(),
            Some(ValueRef::Truth(truth)) => vec![f64::from(u8::from(truth))],
            None => Vec::new(),
        };
        Ok((0..self.outputs).map(one).collect())
    }

    /// The time of one run.
    fn once(&mut self, batch: u32) -> Duration {
        let start = Instant::now();
        for _ in 0..batch {
            // It ran without a fault before.
            let _ = self.plan.run(&mut self.workspace);
        }
        start.elapsed() / batch
    }
}

/// How often inputs are moved to see what that does.
const ROUNDS: u64 = 4;

/// One of the two directions, for each number and round in no order.
fn turn(round: u64, input: u32, i: usize) -> bool {
    let mixed = (round + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (u64::from(input) << 40) ^ i as u64;
    mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 63 == 1
}

/// What two runners take, measured in turn.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Times {
    /// The median time of the first, in seconds.
    pub before: f64,
    /// That of the second.
    pub after: f64,
    /// The median of the ratios of neighbouring runs, first to second: what else the machine does meets both.
    pub ratio: f64,
}

/// Runs both in turn, at least so often and until so much time is spent.
pub fn race(before: &mut Runner, after: &mut Runner, rounds: usize, least: Duration) -> Times {
    let start = Instant::now();
    let batch = batch(before.once(1).max(after.once(1)));
    let (mut a, mut b, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    while a.len() < rounds || start.elapsed() < least {
        // Who goes first changes from round to round.
        let (x, y) = if a.len() % 2 == 0 {
            let x = before.once(batch);
            (x, after.once(batch))
        } else {
            let y = after.once(batch);
            (before.once(batch), y)
        };
        let (x, y) = (x.as_secs_f64(), y.as_secs_f64());
        a.push(x);
        b.push(y);
        ratios.push(x / y);
    }
    let middle = |values: &[f64]| median(values).unwrap_or(f64::NAN);
    Times { before: middle(&a), after: middle(&b), ratio: middle(&ratios) }
}

/// Runs one that has no other to run against, as often and as long.
pub fn alone(runner: &mut Runner, rounds: usize, least: Duration) -> Times {
    let start = Instant::now();
    let batch = batch(runner.once(1));
    let mut times = Vec::new();
    while times.len() < rounds || start.elapsed() < least {
        times.push(runner.once(batch).as_secs_f64());
    }
    let time = median(&times).unwrap_or(f64::NAN);
    Times { before: time, after: time, ratio: 1.0 }
}

/// How many runs are timed together, for short ones: the clock itself takes some time.
fn batch(once: Duration) -> u32 {
    let once = once.max(Duration::from_nanos(50));
    (Duration::from_micros(200).as_nanos() / once.as_nanos()).clamp(1, 1000) as u32
}

/// The largest difference of two lists of values, relative to the largest entry of the list it is in, or to a scale where that
/// is larger.
pub fn deviation(a: &[Vec<f64>], b: &[Vec<f64>], scales: &[f64]) -> f64 {
    let scales = scales.iter().copied().chain(std::iter::repeat(0.0));
    let one = |((a, b), scale): ((&Vec<f64>, &Vec<f64>), f64)| {
        let size = a.iter().chain(b).fold(scale, |size: f64, x| size.max(x.abs()));
        // Equal infinities do not differ.
        let apart = |(x, y): (&f64, &f64)| if x == y { 0.0 } else { (x - y).abs() };
        let largest = a.iter().zip(b).map(apart).fold(0.0, |d: f64, x| if x.is_nan() { x } else { d.max(x) });
        if size == 0.0 { 0.0 } else { largest / size }
    };
    a.iter()
        .zip(b)
        .zip(scales)
        .map(one)
        .fold(0.0, |d: f64, x| if x.is_nan() || d.is_nan() { f64::NAN } else { d.max(x) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_are_relative_and_not_numbers_are_not_overlooked() {
        assert_eq!(deviation(&[vec![1.0, 2.0]], &[vec![1.0, 2.5]], &[]), 0.2);
        assert_eq!(deviation(&[vec![0.0]], &[vec![0.0]], &[]), 0.0);
        assert!(deviation(&[vec![1.0], vec![2.0]], &[vec![f64::NAN], vec![2.0]], &[]).is_nan());
        // Noise beside noise is no deviation where the operands are of size 1.
        assert!(deviation(&[vec![1e-17]], &[vec![-1e-17]], &[1.0]) < 1e-16);
    }
}
