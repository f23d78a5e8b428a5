//! Gradients of small graphs against central differences.

use loewner::eval::{Entries, Plan, Workspace};
use loewner::grad::gradient;
use loewner::ir::{Dim, Facts, Field, Graph, Input, InputId, Instance, Mismatch, NodeId, Op, Part, Shape, Type, Zip};
use num_complex::Complex;

pub type Built = Result<NodeId, Mismatch>;
pub type C = Complex<f64>;

pub fn dim(n: usize) -> Dim {
    Dim::constant(n as i64)
}

pub fn scalar() -> Shape {
    Shape::Scalar
}

pub fn vector(n: usize) -> Shape {
    Shape::Vector(dim(n))
}

pub fn matrix(m: usize, n: usize) -> Shape {
    Shape::Matrix(dim(m), dim(n))
}

pub fn typed(shape: Shape, complex: bool) -> Type {
    if complex { Type::complex(shape) } else { Type::real(shape) }
}

pub fn input(g: &mut Graph, ty: Type) -> NodeId {
    g.input(Input { name: "x".into(), ty, facts: Facts::new() })
}

/// Numbers between −1 and 1, by a small congruential generator.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    pub fn entries(&mut self, ty: &Type) -> Vec<C> {
        let size = |dim: Dim| dim.as_constant().unwrap() as usize;
        (0..size(ty.shape.rows()) * size(ty.shape.cols()))
            .map(|_| {
                let re = self.next();
                C::new(re, if ty.field == Field::Complex { self.next() } else { 0.0 })
            })
            .collect()
    }
}

/// A graph with values for its inputs.
pub struct Point {
    pub graph: Graph,
    pub values: Vec<Vec<C>>,
}

impl Point {
    /// The values of some nodes.
    pub fn run(&self, plan: &Plan<f64>, outputs: usize) -> Vec<Vec<C>> {
        let mut ws = Workspace::new(plan);
        for (i, values) in self.values.iter().enumerate() {
            let Some(target) = ws.input_mut(InputId(i as u32)) else { continue };
            match target.entries {
                Entries::Real(target) => target.iter_mut().zip(values).for_each(|(x, z)| *x = z.re),
                Entries::Complex(target) => target.copy_from_slice(values),
            }
        }
        plan.run(&mut ws).unwrap();
        (0..outputs)
            .map(|output| match ws.value(output).unwrap() {
                loewner::eval::ValueRef::Real { entries, .. } => entries.iter().map(|x| C::new(*x, 0.0)).collect(),
                loewner::eval::ValueRef::Complex { entries, .. } => entries.to_vec(),
                loewner::eval::ValueRef::Truth(_) => panic!("a condition"),
            })
            .collect()
    }

    pub fn value(&self, node: NodeId) -> Vec<C> {
        self.run(&Plan::compile(&self.graph, &[node]).unwrap(), 1).remove(0)
    }
}

/// A real scalar made of a node of any type: its inner product with fixed numbers.
fn weighed(g: &mut Graph, x: NodeId) -> Built {
    let ty = g.ty(x).clone();
    let weights = input(g, ty);
    let conj = g.make(Op::Conj, vec![weights])?;
    let both = g.zip(Zip::Mul, conj, x)?;
    let sum = g.sum(both)?;
    g.part(Part::Re, sum)
}

/// Compares the gradients of a weighed sum of what `build` makes of inputs of these types, with respect to each of them,
/// with differences in every real and imaginary part, at random inputs.
#[track_caller]
pub fn check(name: &str, types: &[Type], seed: u64, build: impl Fn(&mut Graph, &[NodeId]) -> Built) {
    let (point, of, inputs) = drawn(name, types, seed, build);
    compare(name, point, of, &inputs);
}

/// What [`check`] compares: the graph at random inputs, the weighed sum, and the inputs.
#[track_caller]
pub fn drawn(
    name: &str,
    types: &[Type],
    seed: u64,
    build: impl Fn(&mut Graph, &[NodeId]) -> Built,
) -> (Point, NodeId, Vec<NodeId>) {
    let mut g = Graph::new();
    let inputs: Vec<NodeId> = types.iter().map(|ty| input(&mut g, ty.clone())).collect();
    let out = build(&mut g, &inputs).unwrap_or_else(|mismatch| panic!("{name}: {mismatch}"));
    let of = weighed(&mut g, out).unwrap();
    let mut random = Random::new(seed);
    let values = g.inputs().iter().map(|input| random.entries(&input.ty)).collect();
    (Point { graph: g, values }, of, inputs)
}

/// As [`check`], for a graph that is there already.
#[track_caller]
pub fn compare(name: &str, mut point: Point, of: NodeId, wrt: &[NodeId]) {
    let gradients = gradient(&mut point.graph, of, wrt).unwrap_or_else(|error| panic!("{name}: {error}"));
    for (gradient, variable) in gradients.iter().zip(wrt) {
        let (found, expected) = (point.graph.ty(*gradient), point.graph.ty(*variable));
        assert_eq!(found, expected, "{name}: the gradient has another type");
    }
    // The adjoint graph survives being made anew.
    let roots: Vec<NodeId> = gradients.iter().copied().chain([of]).chain(wrt.iter().copied()).collect();
    let (graph, roots) = point.graph.instantiate(&roots, &Instance::default()).unwrap();
    point.graph = graph;
    let found = point.run(&Plan::compile(&point.graph, &roots[..wrt.len()]).unwrap(), wrt.len());
    let of = roots[wrt.len()];
    let plan = Plan::compile(&point.graph, &[of]).unwrap();
    for (k, variable) in roots[wrt.len() + 1..].iter().enumerate() {
        let input = point.graph.as_input(*variable).unwrap().0 as usize;
        let complex = point.graph.ty(*variable).field == Field::Complex;
        let units = [C::new(1.0, 0.0), C::new(0.0, 1.0)];
        let units = &units[..if complex { 2 } else { 1 }];
        let slopes = |point: &mut Point, at: usize, h: f64| -> Vec<(f64, f64)> {
            let start = point.values[input][at];
            let slopes = units.iter().map(|unit| {
                let mut f = |h: f64| {
                    point.values[input][at] = start + unit * h;
                    point.run(&plan, 1)[0][0].re
                };
                estimated(&mut f, h)
            });
            let slopes = slopes.collect();
            point.values[input][at] = start;
            slopes
        };
        let expected: Vec<_> = (0..found[k].len()).map(|at| slopes(&mut point, at, STEPS[0])).collect();
        let size = found[k].iter().map(|x| x.norm()).fold(1.0, f64::max);
        assert!(size.is_finite(), "{name}, input {k}: {:?}", found[k]);
        for (at, (x, expected)) in found[k].iter().zip(expected).enumerate() {
            let agrees = |slopes: &[(f64, f64)]| {
                // However little is left of the differences, a wrong gradient must show.
                let near = |found: f64, (slope, doubt): (f64, f64)| {
                    (found - slope).abs() <= 2e-8 * size + doubt.min(1e-6 * size)
                };
                [x.re, x.im].iter().zip(slopes).all(|(found, slope)| near(*found, *slope))
            };
            // A kink or a jump between the points (a singular value that passes through zero, the edge of a condition)
            // spoils the differences; closer points are on one side of it. A wrong gradient agrees with none.
            let right = agrees(&expected) || STEPS[1..].iter().any(|h| agrees(&slopes(&mut point, at, *h)));
            assert!(right, "{name}, input {k}, entry {at}: {x}, by differences {expected:?}");
        }
    }
}

/// The distances of the closest points of [`estimated`], the first of them for functions that are smooth nearby.
const STEPS: [f64; 4] = [1e-3, 1e-4, 1e-5, 1e-6];

/// f'(0) by central differences with two steps of Richardson's extrapolation.
pub fn differences(f: &mut impl FnMut(f64) -> f64) -> f64 {
    estimated(f, STEPS[0]).0
}

/// The same, and by how much the last step has changed it, which bounds its error wherever f is smooth between the points.
fn estimated(f: &mut impl FnMut(f64) -> f64, h: f64) -> (f64, f64) {
    let mut central = |h: f64| (f(h) - f(-h)) / (2.0 * h);
    let (a, b, c) = (central(4.0 * h), central(2.0 * h), central(h));
    let (ab, bc) = ((4.0 * b - a) / 3.0, (4.0 * c - b) / 3.0);
    let last = (16.0 * bc - ab) / 15.0;
    (last, (last - bc).abs())
}
