//! An arena made ready: its plans and objectives, compiled by the first thread that needs them.

use std::sync::OnceLock;

use super::objective::{Objective, Target};
use crate::ir::InputId;
use crate::verify::design::Cell;
use crate::verify::trial::{Programs, Setting};

/// One arena with what runs there.
pub struct Field {
    /// Sizes, constants, scalars.
    pub cell: Cell,
    programs: OnceLock<Result<Programs, String>>,
    /// By target, with the scalars' charts linear and logarithmic.
    objectives: Vec<[OnceLock<Result<Objective, String>>; 2]>,
}

impl Field {
    /// Nothing is compiled yet.
    pub fn new(cell: Cell, targets: usize) -> Field {
        let objectives = (0..targets).map(|_| [OnceLock::new(), OnceLock::new()]).collect();
        Field { cell, programs: OnceLock::new(), objectives }
    }

    /// The number of columns that a raw input has here.
    pub fn columns(&self, setting: &Setting<'_>) -> impl Fn(InputId) -> usize {
        let inputs = setting.theorem.graph.inputs();
        move |input: InputId| {
            let cols = inputs[input.0 as usize].ty.shape.cols().eval(&self.cell.instance.sizes);
            cols.and_then(|n| usize::try_from(n).ok()).unwrap_or(1)
        }
    }

    /// The plans of hypotheses and claims.
    pub fn programs(&self, setting: &Setting<'_>) -> Option<&Programs> {
        self.programs.get_or_init(|| Programs::compile(setting.layout, &self.cell.instance)).as_ref().ok()
    }

    /// The objective of a target.
    pub fn objective(
        &self,
        setting: &Setting<'_>,
        targets: &[Target],
        target: usize,
        logarithmic: bool,
    ) -> Option<&Objective> {
        self.objectives[target][usize::from(logarithmic)]
            .get_or_init(|| {
                Objective::compile(setting.theorem, setting.layout, &targets[target], &self.cell, logarithmic)
            })
            .as_ref()
            .ok()
    }
}
