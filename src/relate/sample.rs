//! Two expressions at points of their own choice: sizes, parameters, and members of sets from raw numbers.

use std::collections::BTreeMap;

use num_complex::Complex;
use num_traits::ToPrimitive;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use crate::check::{Theorem, VariableKind};
use crate::eval::{Entries, Plan, Workspace};
use crate::ir::{InputId, Instance, NodeId, Range, SizeVar};

/// The largest size that is looked at: coefficients show on small ones.
const MAX_SIZE: i64 = 7;

/// How often a choice that the conditions refuse is made anew.
const ATTEMPTS: usize = 60;

/// Where a parameter without an upper end is drawn to.
const WIDE: f64 = 8.0;

/// A quantified integer.
#[derive(Clone, Debug)]
pub struct Size {
    /// Its name.
    pub name: String,
    var: SizeVar,
    range: (i64, i64),
}

/// A quantified real number.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    input: InputId,
    /// The numbers it may be, where they are listed; its interval otherwise.
    among: Vec<f64>,
    interval: (f64, f64),
}

/// Values of the sizes and of the parameters, in their order.
#[derive(Clone, PartialEq, Debug)]
pub struct Place {
    /// The sizes.
    pub sizes: Vec<i64>,
    /// The parameters.
    pub parameters: Vec<f64>,
}

impl Place {
    /// The sizes, then the parameters.
    pub fn coordinates(&self) -> Vec<f64> {
        self.sizes.iter().map(|n| *n as f64).chain(self.parameters.iter().copied()).collect()
    }
}

/// The raw numbers that members of sets are made from; of complex ones the real parts, then the imaginary parts.
pub type Raw = Vec<(InputId, Vec<f64>)>;

/// Two nodes of a theorem's graph as functions of its quantified names.
pub struct Pair<'a> {
    theorem: &'a Theorem,
    roots: [NodeId; 2],
    /// The sizes.
    pub sizes: Vec<Size>,
    /// The parameters.
    pub parameters: Vec<Parameter>,
    raw: Vec<InputId>,
}

impl<'a> Pair<'a> {
    /// The two nodes of a theorem.
    pub fn new(theorem: &'a Theorem, left: NodeId, right: NodeId) -> Pair<'a> {
        let (mut sizes, mut parameters, mut raw) = (Vec::new(), Vec::new(), Vec::new());
        for variable in &theorem.variables {
            let name = variable.name.clone();
            match (&variable.kind, &variable.range) {
                (VariableKind::Size(var), Range::Integers(lo, hi)) => {
                    // Ends that other sizes decide are left to the conditions.
                    let lo = lo.as_constant().unwrap_or(1).max(1);
                    let hi = hi.as_constant().unwrap_or(MAX_SIZE);
                    sizes.push(Size { name, var: var.clone(), range: (lo, hi.min(MAX_SIZE).max(lo)) });
                }
                (VariableKind::Scalar { input, .. }, Range::Finite(values)) => {
                    let among = values.iter().filter_map(|value| value.to_f64()).collect();
                    parameters.push(Parameter { name, input: *input, among, interval: (0.0, 0.0) });
                }
                (VariableKind::Scalar { input, .. }, Range::Interval(interval)) => {
                    let end = |node| theorem.graph.constant_value(node).and_then(|value| value.to_f64());
                    let lo = end(interval.lo).unwrap_or(0.0);
                    let hi = end(interval.hi).filter(|hi| *hi < lo + WIDE).unwrap_or(lo + WIDE);
                    parameters.push(Parameter { name, input: *input, among: Vec::new(), interval: (lo, hi) });
                }
                (VariableKind::Member { raw: inputs, .. }, _) => raw.extend(inputs),
                // What ranges over something else is of another kind.
                (VariableKind::Size(_) | VariableKind::Scalar { .. }, _) => {}
            }
        }
        Pair { theorem, roots: [left, right], sizes, parameters, raw }
    }

    /// The names of sizes and parameters, in the order of [`Place::coordinates`].
    pub fn names(&self) -> Vec<String> {
        let sizes = self.sizes.iter().map(|size| size.name.clone());
        sizes.chain(self.parameters.iter().map(|parameter| parameter.name.clone())).collect()
    }

    /// A random choice of sizes, at least two where their ranges allow it, and of parameters.
    pub fn place(&self, rng: &mut ChaCha8Rng) -> Place {
        let size = |size: &Size, rng: &mut ChaCha8Rng| {
            let (lo, hi) = size.range;
            rng.random_range(lo.max(2).min(hi)..=hi)
        };
        let sizes = self.sizes.iter().map(|one| size(one, rng)).collect();
        let parameters = self.parameters.iter().map(|one| one.draw(rng)).collect();
        Place { sizes, parameters }
    }

    /// The pair at a choice of sizes; `None` where they do not fit.
    pub fn at(&self, sizes: &[i64]) -> Option<Machine> {
        let sizes = self.sizes.iter().zip(sizes).map(|(size, n)| (size.var.clone(), *n)).collect();
        let instance = Instance { sizes, constants: BTreeMap::new() };
        let conditions = self.theorem.assumptions.iter().map(|assumption| assumption.condition);
        let roots: Vec<NodeId> = self.roots.into_iter().chain(conditions).collect();
        let (graph, roots) = self.theorem.graph.instantiate(&roots, &instance).ok()?;
        let plan = Plan::<f64>::compile(&graph, &roots).ok()?;
        let workspace = Workspace::new(&plan);
        let parameters = self.parameters.iter().map(|parameter| parameter.input).collect();
        Some(Machine { plan, workspace, parameters, raw: self.raw.clone(), conditions: roots.len() - 2 })
    }
}

impl Parameter {
    fn draw(&self, rng: &mut ChaCha8Rng) -> f64 {
        if !self.among.is_empty() {
            return self.among[rng.random_range(0..self.among.len())];
        }
        let (lo, hi) = self.interval;
        // Numbers of three digits, so that a witness is readable; never an end.
        let share = rng.random_range(1..40_u32) as f64 / 40.0;
        lo + (hi - lo) * share
    }

    /// Whether it may grow without end.
    pub fn is_unbounded(&self) -> bool {
        self.among.is_empty() && self.interval.1 - self.interval.0 >= WIDE
    }
}

/// A pair of expressions, compiled for some sizes.
pub struct Machine {
    plan: Plan<f64>,
    workspace: Workspace<f64>,
    parameters: Vec<InputId>,
    raw: Vec<InputId>,
    conditions: usize,
}

impl Machine {
    /// Gaussian raw numbers, with a common factor.
    pub fn gaussian(&mut self, rng: &mut ChaCha8Rng) -> Raw {
        let scale = *[0.3, 1.0, 1.0, 2.0].get(rng.random_range(0..4_usize)).unwrap_or(&1.0);
        let inputs = self.raw.clone();
        let draw = |input| {
            let count = self.count(input);
            (input, (0..count).map(|_| scale * rng.sample::<f64, _>(StandardNormal)).collect())
        };
        inputs.into_iter().map(draw).collect()
    }

    /// How many numbers a raw input takes; none where nothing rests on it.
    fn count(&mut self, input: InputId) -> usize {
        match self.workspace.input_mut(input) {
            Some(target) => match target.entries {
                Entries::Real(x) => x.len(),
                Entries::Complex(z) => 2 * z.len(),
            },
            None => 0,
        }
    }

    /// Rows and columns of each raw input that something rests on.
    pub fn shapes(&mut self) -> Vec<(InputId, usize, usize)> {
        let inputs = self.raw.clone();
        inputs
            .into_iter()
            .filter_map(|input| self.workspace.input_mut(input).map(|target| (input, target.rows, target.cols)))
            .collect()
    }

    /// The two values, where the conditions hold and both are finite numbers.
    pub fn run(&mut self, parameters: &[f64], raw: &Raw) -> Option<(f64, f64)> {
        for (input, value) in self.parameters.iter().zip(parameters) {
            if let Some(target) = self.workspace.input_mut(*input)
                && let Entries::Real(x) = target.entries
            {
                x.fill(*value);
            }
        }
        for (input, numbers) in raw {
            match self.workspace.input_mut(*input).map(|target| target.entries) {
                Some(Entries::Real(x)) => x.copy_from_slice(numbers),
                Some(Entries::Complex(z)) => {
                    let (re, im) = numbers.split_at(z.len());
                    z.iter_mut().zip(re.iter().zip(im)).for_each(|(z, (re, im))| *z = Complex::new(*re, *im));
                }
                None => {}
            }
        }
        self.plan.run(&mut self.workspace).ok()?;
        if (0..self.conditions).any(|at| self.workspace.truth(at + 2) != Some(true)) {
            return None;
        }
        let pair = (self.workspace.scalar(0)?, self.workspace.scalar(1)?);
        (pair.0.is_finite() && pair.1.is_finite()).then_some(pair)
    }

    /// Random members until so many pairs of values are there; fewer where the conditions refuse most.
    pub fn values(&mut self, parameters: &[f64], count: usize, rng: &mut ChaCha8Rng) -> Vec<(f64, f64)> {
        let mut found = Vec::with_capacity(count);
        for _ in 0..count * ATTEMPTS {
            let raw = self.gaussian(rng);
            found.extend(self.run(parameters, &raw));
            if found.len() == count || (found.is_empty() && raw.is_empty()) {
                break;
            }
        }
        found
    }
}

/// The generator of everything that is drawn here.
pub fn generator(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}
