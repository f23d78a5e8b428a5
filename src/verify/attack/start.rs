//! Where descents start, and how they are shaken loose from where they end.

use rand::RngExt;
use rand_distr::StandardNormal;

use super::objective::{Machine, Objective};
use crate::verify::sample::{Sample, Sampler};
use crate::verify::seed::Rng;

/// Draws some samples of the ensembles, and takes the one whose objective is least.
pub fn tournament(
    objective: &Objective,
    machine: &mut Machine<'_>,
    sampler: &mut Sampler<'_>,
    sample: &mut Sample,
    players: u32,
    rng: &mut Rng,
) -> Option<Vec<f64>> {
    let mut slope = vec![0.0; objective.len()];
    let mut best: Option<(f64, Vec<f64>, Sample)> = None;
    for _ in 0..players {
        if !sampler.draw(sample, rng) {
            continue;
        }
        machine.fix(sample);
        let x = objective.pack(sample);
        let Some(value) = machine.evaluate(&x, &mut slope) else { continue };
        if best.as_ref().is_none_or(|(least, ..)| value < *least) {
            best = Some((value, x, sample.clone()));
        }
    }
    let (_, x, winner) = best?;
    *sample = winner;
    machine.fix(sample);
    Some(x)
}

/// Moves a point out of its valley: everything a little or a lot, or onto a thin set nearby.
pub fn shake(objective: &Objective, x: &mut [f64], rng: &mut Rng) {
    let blocks = objective.ranges();
    let size = (x.iter().map(|x| x * x).sum::<f64>() / x.len().max(1) as f64).sqrt().max(1e-3);
    match rng.random_range(0..8) {
        // A step in every direction.
        0..4 => {
            let length = size * 10f64.powf(rng.random_range(-2.0..0.3));
            for x in x.iter_mut() {
                *x += length * rng.sample::<f64, _>(StandardNormal);
            }
        }
        // One block anew, such as the scalars alone or one of two kernels.
        4 => {
            let range = blocks[rng.random_range(0..blocks.len())].clone();
            for x in &mut x[range] {
                *x = rng.sample(StandardNormal);
            }
        }
        // Onto small integers.
        5 => {
            let unit = size / f64::from(rng.random_range(1..=3));
            for x in x.iter_mut() {
                *x = (*x / unit).round();
            }
        }
        // Some numbers to zero, as where a rank falls.
        6 => {
            for x in x.iter_mut() {
                if rng.random_range(0..3) == 0 {
                    *x = 0.0;
                }
            }
        }
        // One block onto another of its length.
        _ => {
            let first = blocks[rng.random_range(0..blocks.len())].clone();
            let second = blocks[rng.random_range(0..blocks.len())].clone();
            if first.len() == second.len() {
                x.copy_within(first, second.start);
            }
        }
    }
}
