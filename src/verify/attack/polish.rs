//! A counterexample made clearer: the margin is pressed further down at fixed sizes and scalars, so that its numbers can be
//! rounded without losing it.

use super::descend::descend;
use super::objective::{Objective, Weights, targets};
use crate::ir::Instance;
use crate::verify::design::{Cell, ScalarDraw};
use crate::verify::sample::Sample;
use crate::verify::trial::Setting;

/// The evaluations of one descent.
const EVALUATIONS: u64 = 200;

/// Descends from a sample with the sizes and scalars of an instance, for each target of a claim; `None` where no margin
/// becomes negative, or there are hypotheses, which a descent would leave.
pub fn polish(setting: &Setting<'_>, claim: usize, sample: &Sample, instance: &Instance) -> Option<Sample> {
    let scalars = instance.constants.iter().map(|(input, value)| (*input, ScalarDraw::Baked(value.clone()))).collect();
    let cell = Cell { instance: instance.clone(), scalars, size: 0, first: 0, count: 0 };
    let mut best: Option<(f64, Sample)> = None;
    for target in targets(setting.layout, claim) {
        let Ok(objective) = Objective::compile(setting.theorem, setting.layout, &target, &cell, false) else {
            continue;
        };
        if objective.constrained || objective.len() == 0 {
            continue;
        }
        let mut machine = objective.machine();
        machine.weigh(Weights { margin: 1.0, floor: 1e-2, penalty: 0.0, room: 0.0 });
        machine.fix(sample);
        let Some(descent) = descend(&mut machine, &objective.pack(sample), EVALUATIONS) else { continue };
        if descent.value < best.as_ref().map_or(0.0, |(value, _)| *value) {
            let mut found = sample.clone();
            objective.unpack(&descent.x, &mut found);
            best = Some((descent.value, found));
        }
    }
    best.map(|(_, sample)| sample)
}
