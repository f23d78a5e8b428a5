//! The memory that a plan computes in, all of it allocated when the workspace is made.

use faer::dyn_stack::{MemBuffer, MemStack};

use super::plan::Plan;
use super::real::{Element, Real};
use super::value::{Entries, InputMut, ValueRef};
use crate::ir::{Field, InputId};

/// The default factor of the tolerance to which a tested requirement must hold: the tolerance is this times n ε, with n
/// the larger side of the value.
pub const DEFAULT_TOLERANCE_FACTOR: f64 = 64.0;

/// The buffers of all values: every value has a place of its own, after those of its operands.
#[derive(Clone, Debug)]
pub struct Arenas<T: Real> {
    pub(super) real: Vec<T>,
    pub(super) complex: Vec<T::Complex>,
    pub(super) truth: Vec<bool>,
}

/// Sizes of the scratch memory.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct ScratchSizes {
    /// The entries that the most demanding instruction works in, per element type.
    pub real: usize,
    /// As `real`, of complex matrices.
    pub complex: usize,
    /// The longest vector of eigenvalues or of indices.
    pub side: usize,
    /// The operations of the longest program.
    pub registers: usize,
    /// What faer asks for.
    pub stack: faer::dyn_stack::StackReq,
}

impl ScratchSizes {
    /// Makes room for an instruction that works in so many entries of a field.
    pub(super) fn reserve(&mut self, field: Field, real: usize, complex: usize) {
        match field {
            Field::Complex => self.complex = self.complex.max(complex),
            Field::Real | Field::Truth => self.real = self.real.max(real),
        }
    }
}

/// Scratch memory, of no meaning between instructions.
pub struct Scratch<T: Real> {
    real: Vec<T>,
    complex: Vec<T::Complex>,
    vectors: [Vec<T>; 3],
    permutation: [Vec<usize>; 2],
    pub(super) registers: Vec<T>,
    stack: MemBuffer,
}

/// The scratch memory for one element type.
pub struct Work<'a, T: Real, E> {
    /// Entries, as many as the most demanding instruction asks for.
    pub(super) matrix: &'a mut [E],
    /// Three vectors of real numbers.
    pub(super) vectors: [&'a mut [T]; 3],
    /// Two vectors of indices.
    pub(super) permutation: [&'a mut [usize]; 2],
    /// The scratch of faer.
    pub(super) stack: &'a mut MemStack,
}

impl<T: Real> Scratch<T> {
    fn new(sizes: &ScratchSizes) -> Self {
        let vector = || vec![T::of(0.0); sizes.side];
        Scratch {
            real: vec![T::of(0.0); sizes.real],
            complex: vec![T::Complex::from_real(T::of(0.0)); sizes.complex],
            vectors: [vector(), vector(), vector()],
            permutation: [vec![0; sizes.side], vec![0; sizes.side]],
            registers: vec![T::of(0.0); sizes.registers * super::entrywise::CHUNK],
            stack: MemBuffer::new(sizes.stack),
        }
    }

    pub(super) fn real_work(&mut self) -> Work<'_, T, T> {
        let [a, b, c] = &mut self.vectors;
        let [p, q] = &mut self.permutation;
        Work { matrix: &mut self.real, vectors: [a, b, c], permutation: [p, q], stack: MemStack::new(&mut self.stack) }
    }

    pub(super) fn complex_work(&mut self) -> Work<'_, T, T::Complex> {
        let [a, b, c] = &mut self.vectors;
        let [p, q] = &mut self.permutation;
        Work {
            matrix: &mut self.complex,
            vectors: [a, b, c],
            permutation: [p, q],
            stack: MemStack::new(&mut self.stack),
        }
    }
}

/// The memory for runs of one plan. One workspace serves one thread; a plan can be shared.
pub struct Workspace<T: Real> {
    pub(super) arenas: Arenas<T>,
    pub(super) scratch: Scratch<T>,
    /// How exactly tested requirements must hold, in multiples of n ε; see [`DEFAULT_TOLERANCE_FACTOR`]. Larger for
    /// data that was computed in a lower precision.
    pub tolerance_factor: f64,
    /// Whether a comparison met a NaN, which its truth value would hide.
    pub(super) suspicious: bool,
    inputs: Vec<Option<super::plan::Place>>,
    outputs: Vec<super::plan::Place>,
}

impl<T: Real> Workspace<T> {
    /// The memory for a plan, with its constants in place.
    pub fn new(plan: &Plan<T>) -> Self {
        let mut arenas = Arenas {
            real: vec![T::of(0.0); plan.real_len],
            complex: vec![T::Complex::from_real(T::of(0.0)); plan.complex_len],
            truth: vec![false; plan.truth_len],
        };
        for (at, value) in &plan.real_constants {
            arenas.real[*at] = *value;
        }
        for (at, value) in &plan.complex_constants {
            arenas.complex[*at] = *value;
        }
        for (at, value) in &plan.truth_constants {
            arenas.truth[*at] = *value;
        }
        Workspace {
            arenas,
            scratch: Scratch::new(&plan.scratch),
            tolerance_factor: DEFAULT_TOLERANCE_FACTOR,
            suspicious: false,
            inputs: plan.inputs.clone(),
            outputs: plan.outputs.clone(),
        }
    }

    /// The place of a raw input, to be written before a run: column-major, all zeros at first. `None` when nothing that
    /// the plan computes rests on the input.
    pub fn input_mut(&mut self, input: InputId) -> Option<InputMut<'_, T>> {
        let place = *self.inputs.get(input.0 as usize)?;
        let place = place?;
        let range = place.at..place.at + place.rows * place.cols;
        let entries = match place.field {
            crate::ir::Field::Real => Entries::Real(&mut self.arenas.real[range]),
            crate::ir::Field::Complex => Entries::Complex(&mut self.arenas.complex[range]),
            crate::ir::Field::Truth => return None,
        };
        Some(InputMut { rows: place.rows, cols: place.cols, entries })
    }

    /// The output with this number after a run, if it is a real scalar.
    pub fn scalar(&self, output: usize) -> Option<T> {
        match self.value(output)? {
            ValueRef::Real { rows: 1, cols: 1, entries } => Some(entries[0]),
            ValueRef::Real { .. } | ValueRef::Complex { .. } | ValueRef::Truth(_) => None,
        }
    }

    /// The output with this number after a run, if it is a condition.
    pub fn truth(&self, output: usize) -> Option<bool> {
        match self.value(output)? {
            ValueRef::Truth(truth) => Some(truth),
            ValueRef::Real { .. } | ValueRef::Complex { .. } => None,
        }
    }

    /// The output with this number after a run; `None` when there is no such output.
    pub fn value(&self, output: usize) -> Option<ValueRef<'_, T>> {
        self.outputs.get(output).map(|place| self.at(place))
    }

    pub(super) fn at(&self, place: &super::plan::Place) -> ValueRef<'_, T> {
        let (rows, cols) = (place.rows, place.cols);
        let range = place.at..place.at + rows * cols;
        match place.field {
            crate::ir::Field::Real => ValueRef::Real { rows, cols, entries: &self.arenas.real[range] },
            crate::ir::Field::Complex => ValueRef::Complex { rows, cols, entries: &self.arenas.complex[range] },
            crate::ir::Field::Truth => ValueRef::Truth(self.arenas.truth[place.at]),
        }
    }
}
