//! On several threads an evaluation has the values that it has on one.

use faer::Par;

use super::*;

/// Matrices large enough for faer to share its work out.
const LARGE: usize = 320;

#[test]
fn several_threads_compute_what_one_does() {
    for complex in [false, true] {
        let mut g = Graph::new();
        let field = if complex { Field::Complex } else { Field::Real };
        let z = input(&mut g, "Z", Type { field, shape: matrix(LARGE, LARGE + 40) });
        let adjoint = g.adjoint(z).unwrap();
        // Of a wide matrix, so that it is of full rank.
        let square = g.make(Op::MatMul, vec![z, adjoint]).unwrap();
        let hermitian = [Property::Psd];
        let k = g.annotate(square, &hermitian, Basis::Construction).unwrap();
        let product = g.make(Op::MatMul, vec![k, z]).unwrap();
        let values = g.make(Op::Eigenvalues, vec![k]).unwrap();
        let singular = g.make(Op::SingularValues, vec![z]).unwrap();
        let inverse = g.make(Op::Inverse, vec![k]).unwrap();
        let logdet = g.make(Op::LogDet, vec![k]).unwrap();
        let logarithm = g.make(Op::Spectral(ScalarFn::XLogX), vec![k]).unwrap();
        let outputs = [square, product, values, singular, inverse, logdet, logarithm];
        let one = run::<f64>(&g, &outputs, 5).unwrap();
        let plan = Plan::<f64>::compile_parallel(&g, &outputs, Par::rayon(2)).unwrap();
        let mut several = Workspace::new(&plan);
        fill(&g, &mut several, 5);
        plan.run(&mut several).unwrap();
        for output in 0..outputs.len() {
            let what = format!("output {output}, complex: {complex}");
            close(&entries(&several, output), &entries(&one, output), 1e-10, &what);
        }
    }
}
