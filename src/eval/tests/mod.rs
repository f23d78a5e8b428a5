//! Tests of the evaluator, and what they share.

mod bounds;
mod faults;
mod gradients;
mod large;
mod operations;
mod scalars;
mod speed;

use num_complex::Complex;

use super::*;
use crate::ir::*;

fn dim(n: usize) -> Dim {
    Dim::constant(n as i64)
}

fn input(g: &mut Graph, name: &str, ty: Type) -> NodeId {
    g.input(Input { name: name.into(), ty, facts: Facts::new() })
}

fn matrix(m: usize, n: usize) -> Shape {
    Shape::Matrix(dim(m), dim(n))
}

fn random(len: usize, seed: u64) -> Vec<f64> {
    // A small congruential generator is enough for test data.
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..len).map(|_| (0..6).map(|_| next()).sum::<f64>() - 3.0).collect()
}

/// The unit-diagonal kernel of a chart, and its raw input.
fn kernel(g: &mut Graph, n: usize, complex: bool) -> NodeId {
    let domain = Domain { set: Set::Corr, sizes: vec![dim(n)], complex };
    let raw: Vec<NodeId> = domain.raw().into_iter().map(|raw| input(g, "K", raw.ty)).collect();
    domain.chart(g, &raw).unwrap()
}

fn von_neumann(g: &mut Graph, k: NodeId, n: usize) -> NodeId {
    let size = g.integer(n as i64).unwrap();
    let rho = g.zip(Zip::Div, k, size).unwrap();
    let logs = g.make(Op::Spectral(ScalarFn::XLogX), vec![rho]).unwrap();
    let trace = g.trace(logs).unwrap();
    g.neg(trace).unwrap()
}

/// Raw numbers for every input that a plan reads.
fn fill<T: Real>(graph: &Graph, ws: &mut Workspace<T>, seed: u64) {
    for i in 0..graph.inputs().len() {
        let Some(input) = ws.input_mut(InputId(i as u32)) else { continue };
        let numbers = random(2 * input.rows * input.cols, seed + 17 * i as u64);
        match input.entries {
            Entries::Real(x) => x.iter_mut().zip(&numbers).for_each(|(x, r)| *x = T::of(f64::from(*r as f32))),
            Entries::Complex(x) => x.iter_mut().zip(numbers.chunks(2)).for_each(|(x, r)| {
                *x = T::Complex::new(T::of(f64::from(r[0] as f32)), T::of(f64::from(r[1] as f32)));
            }),
        }
    }
}

/// The entries of an output as complex numbers.
fn entries<T: Real>(ws: &Workspace<T>, output: usize) -> Vec<Complex<f64>> {
    match ws.value(output).unwrap() {
        ValueRef::Real { entries, .. } => entries.iter().map(|x| Complex::new(x.wide(), 0.0)).collect(),
        ValueRef::Complex { entries, .. } => {
            entries.iter().map(|x| Complex::new(x.re().wide(), x.im().wide())).collect()
        }
        ValueRef::Truth(truth) => vec![Complex::new(f64::from(u8::from(truth)), 0.0)],
    }
}

/// Compiles, fills the inputs and runs.
fn run<T: Real>(graph: &Graph, outputs: &[NodeId], seed: u64) -> Result<Workspace<T>, Fault> {
    let plan = Plan::<T>::compile(graph, outputs).unwrap();
    let mut ws = Workspace::new(&plan);
    fill(graph, &mut ws, seed);
    plan.run(&mut ws)?;
    Ok(ws)
}

fn close(a: &[Complex<f64>], b: &[Complex<f64>], tolerance: f64, what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    let size = b.iter().map(|x| x.norm()).fold(1e-300, f64::max);
    for (x, y) in a.iter().zip(b) {
        assert!((x - y).norm() <= tolerance * size, "{what}: {x} against {y}");
    }
}
