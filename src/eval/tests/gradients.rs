//! The operations that gradients are written with, against what defines them, in both precisions and both fields.

use super::*;

fn hermitian(g: &mut Graph, x: NodeId) -> NodeId {
    let adjoint = g.adjoint(x).unwrap();
    let sum = g.add(x, adjoint).unwrap();
    g.annotate(sum, &[Property::Hermitian], Basis::Construction).unwrap()
}

fn typed(shape: Shape, complex: bool) -> Type {
    if complex { Type::complex(shape) } else { Type::real(shape) }
}

fn spectral<T: Real>(tolerance: f64) {
    for complex in [false, true] {
        // The largest is turned where it is the right side of a product.
        for n in [1, 2, 3, 7, 30, 370] {
            let tolerance = tolerance * (1.0 + n as f64 / 10.0);
            let mut g = Graph::new();
            let x = input(&mut g, "X", typed(matrix(n, n), complex));
            let y = input(&mut g, "H", typed(matrix(n, n), complex));
            let (a, h) = (hermitian(&mut g, x), hermitian(&mut g, y));
            // Σ f(λ_i) v_i v_i' is f(A), with and without the parameter of f.
            let values = g.make(Op::Eigenvalues, vec![a]).unwrap();
            let images = g.map(ScalarFn::Tanh, values).unwrap();
            let sum = g.make(Op::EigenSum, vec![a, images]).unwrap();
            let function = g.make(Op::Spectral(ScalarFn::Tanh), vec![a]).unwrap();
            // D(A²)[H] = AH + HA, by divided differences of x² and by products; H need not be Hermitian.
            let two = g.integer(2).unwrap();
            let square = g.make(Op::Frechet(ScalarFn::Pow), vec![a, y, two]).unwrap();
            let (left, right) = (g.multiply(a, y).unwrap(), g.multiply(y, a).unwrap());
            let both = g.add(left, right).unwrap();
            let also = g.make(Op::Frechet(ScalarFn::Pow), vec![a, h, two]).unwrap();
            let (left, right) = (g.multiply(a, h).unwrap(), g.multiply(h, a).unwrap());
            let sum_also = g.add(left, right).unwrap();
            let ws = run::<T>(&g, &[sum, function, square, both, also, sum_also], n as u64).unwrap();
            close(&entries(&ws, 0), &entries(&ws, 1), tolerance, "Σ f(λ) v v'");
            close(&entries(&ws, 2), &entries(&ws, 3), tolerance, "the derivative of the square");
            close(&entries(&ws, 4), &entries(&ws, 5), tolerance, "the derivative in a Hermitian direction");
        }
    }
}

fn rectangular<T: Real>(tolerance: f64) {
    for complex in [false, true] {
        for (m, n) in [(1, 1), (2, 3), (5, 3), (4, 4), (20, 31), (370, 380)] {
            let tolerance = tolerance * (1.0 + n as f64 / 10.0);
            let mut g = Graph::new();
            let a = input(&mut g, "A", typed(matrix(m, n), complex));
            // Σ σ u v' is A itself.
            let values = g.make(Op::SingularValues, vec![a]).unwrap();
            let sum = g.make(Op::SingularSum, vec![a, values]).unwrap();
            // A matrix put together from its slices, and a Kronecker product taken apart again.
            let b = input(&mut g, "B", typed(matrix(2, 3), complex));
            let kron = g.make(Op::Kron, vec![a, b]).unwrap();
            let left = g.make(Op::PartialInner(Side::Left, matrix(m, n)), vec![kron, b]).unwrap();
            let right = g.make(Op::PartialInner(Side::Right, matrix(2, 3)), vec![kron, a]).unwrap();
            let (norm_a, norm_b) = (g.abs2(a).unwrap(), g.abs2(b).unwrap());
            let (norm_a, norm_b) = (g.sum(norm_a).unwrap(), g.sum(norm_b).unwrap());
            let (scaled_a, scaled_b) = (g.multiply(norm_b, a).unwrap(), g.multiply(norm_a, b).unwrap());
            let part = g.make(Op::Slice(dim(1), dim(1), matrix(1, 2)), vec![b]).unwrap();
            let (i, j) = (g.integer(2).unwrap(), g.integer(3).unwrap());
            let (first, last) = (g.make(Op::Entry, vec![b, i, i]).unwrap(), g.make(Op::Entry, vec![b, i, j]).unwrap());
            let row = g.make(Op::Block(1, 2), vec![first, last]).unwrap();
            let spot = g.make(Op::OneHot(matrix(2, 3)), vec![last, i, j]).unwrap();
            let only = g.sum(spot).unwrap();
            let outputs = [a, sum, left, scaled_a, right, scaled_b, part, row, last, only];
            let ws = run::<T>(&g, &outputs, 3).unwrap();
            for (k, what) in
                ["Σ σ u v'", "the left factor", "the right factor", "a slice", "one entry"].iter().enumerate()
            {
                close(&entries(&ws, 2 * k), &entries(&ws, 2 * k + 1), tolerance, what);
            }
        }
    }
}

fn adjugates<T: Real>(tolerance: f64) {
    for complex in [false, true] {
        for n in [1, 2, 3, 5] {
            let mut g = Graph::new();
            let x = input(&mut g, "A", typed(matrix(n, n), complex));
            let h = hermitian(&mut g, x);
            for a in [x, h] {
                // adj(A) A = det(A) I
                let adjugate = g.make(Op::Adjugate, vec![a]).unwrap();
                let product = g.multiply(adjugate, a).unwrap();
                let (det, eye) = (g.make(Op::Det, vec![a]).unwrap(), g.eye(dim(n)).unwrap());
                let multiple = g.multiply(det, eye).unwrap();
                let ws = run::<T>(&g, &[product, multiple], 7).unwrap();
                close(&entries(&ws, 0), &entries(&ws, 1), tolerance, "adj(A) A");
            }
        }
    }
}

#[test]
fn operations_of_gradients_are_what_defines_them() {
    spectral::<f64>(1e-13);
    spectral::<f32>(1e-4);
    rectangular::<f64>(1e-13);
    rectangular::<f32>(1e-4);
    adjugates::<f64>(1e-12);
    adjugates::<f32>(1e-4);
}

#[test]
fn an_infinite_slope_is_a_fault_and_not_a_matrix_of_nan() {
    let mut g = Graph::new();
    let zero = g.integer(0).unwrap();
    let a = g.fill(zero, matrix(2, 2)).unwrap();
    let a = g.annotate(a, &[Property::Psd], Basis::Construction).unwrap();
    let h = input(&mut g, "H", Type::real(matrix(2, 2)));
    let derivative = g.make(Op::Frechet(ScalarFn::Log), vec![a, h]).unwrap();
    assert_eq!(run::<f64>(&g, &[derivative], 1).err().map(|fault| fault.kind), Some(FaultKind::Singular { at: 0.0 }));
    let finite = g.make(Op::Frechet(ScalarFn::XLogX), vec![a, h]).unwrap();
    assert!(run::<f64>(&g, &[finite], 1).is_ok());
}
