//! Large matrices: products whose right operand is turned first, and work that is shared out to several threads.

use faer::Par;

use super::*;
use crate::eval::product::{self, Operand};
use crate::eval::threads;

#[test]
fn several_threads_compute_what_one_does() {
    // Of this side decompositions are shared out, and products are.
    let n = threads::SIDE;
    assert_ne!(threads::for_product(n, n, n, Par::rayon(2)), Par::Seq);
    assert_ne!(threads::for_decomposition(n, n, Par::rayon(2)), Par::Seq);
    let mut g = Graph::new();
    let z = input(&mut g, "Z", Type::real(matrix(n, n + 40)));
    let adjoint = g.adjoint(z).unwrap();
    // Of a wide matrix, so that it is of full rank.
    let k = g.make(Op::MatMul, vec![z, adjoint]).unwrap();
    let product = g.make(Op::MatMul, vec![k, z]).unwrap();
    let values = g.make(Op::Eigenvalues, vec![k]).unwrap();
    let singular = g.make(Op::SingularValues, vec![z]).unwrap();
    let inverse = g.make(Op::Inverse, vec![k]).unwrap();
    let logdet = g.make(Op::LogDet, vec![k]).unwrap();
    let function = g.make(Op::Spectral(ScalarFn::XLogX), vec![k]).unwrap();
    // Of this one nothing is known, so that it is eliminated with pivots.
    let plain = g.make(Op::Slice(dim(0), dim(0), matrix(n, n)), vec![z]).unwrap();
    let eliminated = g.make(Op::Inverse, vec![plain]).unwrap();
    let outputs = [k, product, values, singular, inverse, logdet, function, eliminated];
    let one = run::<f64>(&g, &outputs, 5).unwrap();
    let plan = Plan::<f64>::compile_parallel(&g, &outputs, Par::rayon(2)).unwrap();
    let mut several = Workspace::new(&plan);
    fill(&g, &mut several, 5);
    plan.run(&mut several).unwrap();
    for output in 0..outputs.len() {
        close(&entries(&several, output), &entries(&one, output), 1e-8, &format!("output {output}"));
    }
}

/// Passes over entries are shared out in parts of whole tiles and chunks, the last one shorter.
#[test]
fn several_threads_pass_over_entries_as_one_does() {
    let shape = || matrix(517, 611);
    assert_eq!(threads::for_entries(517 * 611, Par::rayon(3)), 3);
    for field in [Field::Real, Field::Complex] {
        let mut g = Graph::new();
        let z = input(&mut g, "Z", Type { field, shape: shape() });
        let turned = g.transpose(z).unwrap();
        let mut outputs = vec![z, turned];
        if field == Field::Real {
            let rows = input(&mut g, "v", Type::real(Shape::Vector(dim(517))));
            let rows = g.make(Op::Broadcast(Axis::Rows, dim(611)), vec![rows]).unwrap();
            let sum = g.add(z, rows).unwrap();
            outputs.push(g.map(ScalarFn::Tanh, sum).unwrap());
        }
        let one = run::<f64>(&g, &outputs, 7).unwrap();
        let plan = Plan::<f64>::compile_parallel(&g, &outputs, Par::rayon(3)).unwrap();
        let mut several = Workspace::new(&plan);
        fill(&g, &mut several, 7);
        plan.run(&mut several).unwrap();
        for output in 0..outputs.len() {
            assert_eq!(entries(&several, output), entries(&one, output), "{field:?}, output {output}");
        }
        let (x, y) = (entries(&several, 0), entries(&several, 1));
        assert!((0..517).all(|i| (0..611).all(|j| x[j * 517 + i] == y[i * 611 + j])), "{field:?}");
    }
}

/// The side of a matrix that is turned before it is a product's right side.
const TURNED: usize = 321;

/// A, B, and the products A B', A A', A B* and A A* that the graph has of them.
fn products(complex: bool) -> (Graph, [NodeId; 6]) {
    let mut g = Graph::new();
    let field = if complex { Field::Complex } else { Field::Real };
    let mut matrix = |name| input(&mut g, name, Type { field, shape: matrix(TURNED, TURNED + 89) });
    let (a, b) = (matrix("A"), matrix("B"));
    let right = [g.transpose(b), g.transpose(a), g.adjoint(b), g.adjoint(a)].map(Result::unwrap);
    let [ab, aa, ab_star, aa_star] = right.map(|right| g.make(Op::MatMul, vec![a, right]).unwrap());
    (g, [a, b, ab, aa, ab_star, aa_star])
}

#[test]
fn products_with_a_transposed_matrix_are_sums_over_rows() {
    let right = Operand { transposed: true, ..Operand::plain(0, TURNED, TURNED + 89) };
    assert!(product::scratch_entries::<f64>(TURNED, right) > 0);
    for complex in [false, true] {
        let (g, nodes) = products(complex);
        let ws = run::<f64>(&g, &nodes, 11).unwrap();
        let [a, b] = [0, 1].map(|output| entries(&ws, output));
        let (rows, cols) = (TURNED, TURNED + 89);
        for (output, right, conjugated) in [(2, &b, false), (3, &a, false), (4, &b, true), (5, &a, true)] {
            let mut expected = vec![Complex::new(0.0, 0.0); rows * rows];
            for l in 0..cols {
                for j in 0..rows {
                    let factor = right[l * rows + j];
                    let factor = if conjugated { factor.conj() } else { factor };
                    for i in 0..rows {
                        expected[j * rows + i] += a[l * rows + i] * factor;
                    }
                }
            }
            close(&entries(&ws, output), &expected, 1e-12, &format!("output {output}, complex: {complex}"));
        }
    }
}
