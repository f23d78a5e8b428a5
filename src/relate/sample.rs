//! Two expressions at points of their own choice: sizes, parameters, and members of sets from raw numbers.

use std::collections::BTreeMap;

use num_complex::Complex;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::range::{Parameter, Size, moving_ends};
use crate::base::Diagnostic;
use crate::check::{Theorem, VariableKind};
use crate::eval::{self, Entries, Plan, Workspace};
use crate::ir::{Graph, InputId, Instance, NodeId};

/// How often a choice that the conditions refuse is made anew.
const ATTEMPTS: usize = 60;

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
pub struct Pair {
    graph: Graph,
    /// What must hold of an input.
    conditions: Vec<NodeId>,
    roots: [NodeId; 2],
    /// The sizes.
    pub sizes: Vec<Size>,
    /// The parameters.
    pub parameters: Vec<Parameter>,
    raw: Vec<InputId>,
}

impl Pair {
    /// The two nodes of a theorem.
    pub fn new(theorem: &Theorem, left: NodeId, right: NodeId) -> Pair {
        let sizes = theorem.variables.iter().filter_map(Size::of).collect();
        let parameters = theorem.variables.iter().filter_map(|variable| Parameter::of(theorem, variable)).collect();
        let raw = theorem.variables.iter().flat_map(|variable| match &variable.kind {
            VariableKind::Member { raw, .. } => raw.as_slice(),
            VariableKind::Size(_) | VariableKind::Scalar { .. } => &[],
        });
        let raw = raw.copied().collect();
        let (graph, mut conditions) = moving_ends(theorem);
        conditions.extend(theorem.assumptions.iter().map(|assumption| assumption.condition));
        Pair { graph, conditions, roots: [left, right], sizes, parameters, raw }
    }

    /// The names of sizes and parameters, in the order of [`Place::coordinates`].
    pub fn names(&self) -> Vec<String> {
        let sizes = self.sizes.iter().map(|size| size.name.clone());
        sizes.chain(self.parameters.iter().map(|parameter| parameter.name.clone())).collect()
    }

    /// A random choice of sizes, at least two where their ranges allow it, and of parameters.
    pub fn place(&self, rng: &mut ChaCha8Rng) -> Place {
        let sizes = self.sizes.iter().map(|one| one.draw(rng)).collect();
        let parameters = self.parameters.iter().map(|one| one.draw(rng)).collect();
        Place { sizes, parameters }
    }

    /// The graph at a choice of sizes: the two roots, then the conditions.
    fn instance(&self, sizes: &[i64]) -> Option<(Graph, Vec<NodeId>)> {
        let sizes = self.sizes.iter().zip(sizes).map(|(size, n)| (size.var.clone(), *n)).collect();
        let instance = Instance { sizes, constants: BTreeMap::new() };
        let roots: Vec<NodeId> = self.roots.into_iter().chain(self.conditions.iter().copied()).collect();
        self.graph.instantiate(&roots, &instance).ok()
    }

    /// The pair at a choice of sizes; `None` where they do not fit.
    ///
    /// # Errors
    /// E0305 where no memory holds it, at the value that is too large.
    pub fn at(&self, sizes: &[i64]) -> Result<Option<Machine>, Diagnostic> {
        let Some((graph, roots)) = self.instance(sizes) else { return Ok(None) };
        let plan = eval::plan_within_memory::<f64>(&graph, &roots, eval::Threads::One)?;
        let workspace = Workspace::new(&plan);
        let parameters = self.parameters.iter().map(|parameter| parameter.input).collect();
        Ok(Some(Machine { plan, workspace, parameters, raw: self.raw.clone(), conditions: roots.len() - 2 }))
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
