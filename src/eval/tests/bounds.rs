//! The error bounds cover the true errors, and are not absurdly wide.

use super::*;

/// The value and bound of each output in f32, and the value in f64 at the same (f32) inputs.
fn compare(g: &Graph, outputs: &[NodeId], seed: u64) -> Vec<(Bound, f64)> {
    let bounds = Bounds::<f32>::compile(g, outputs).unwrap();
    let mut ws = bounds.workspace();
    fill(g, &mut ws, seed);
    let found = bounds.run(&mut ws).unwrap();
    let exact = run::<f64>(g, outputs, seed).unwrap();
    found.into_iter().enumerate().map(|(i, bound)| (bound, exact.scalar(i).unwrap())).collect()
}

fn quantities(g: &mut Graph, n: usize, complex: bool) -> Vec<NodeId> {
    let (k, l) = (kernel(g, n, complex), kernel(g, n, complex));
    let size = g.integer(n as i64).unwrap();
    let product = g.zip(Zip::Mul, k, l).unwrap();
    let mut found = vec![von_neumann(g, k, n), von_neumann(g, product, n)];
    let values = g.make(Op::Eigenvalues, vec![k]).unwrap();
    let rho = g.zip(Zip::Div, values, size).unwrap();
    for (top, bottom) in [(1, 2), (2, 1), (11, 10)] {
        let alpha = g.number(num_rational::BigRational::new(top.into(), bottom.into())).unwrap();
        let tsallis = g.map_with(ScalarFn::Tsallis, rho, alpha).unwrap();
        let sum = g.sum(tsallis).unwrap();
        let relative = g.map(ScalarFn::Softplus, sum).unwrap();
        found.extend([sum, relative]);
    }
    let eye = g.eye(dim(n)).unwrap();
    let shifted = g.add(eye, k).unwrap();
    let det = g.make(Op::LogDet, vec![shifted]).unwrap();
    let inverse = g.make(Op::Inverse, vec![shifted]).unwrap();
    let both = g.inner(inverse, l).unwrap();
    let log = g.make(Op::Spectral(ScalarFn::Log), vec![shifted]).unwrap();
    let cross = g.inner(l, log).unwrap();
    let root = g.make(Op::Spectral(ScalarFn::Sqrt), vec![k]).unwrap();
    let overlap = g.inner(root, l).unwrap();
    let moduli = g.abs(k).unwrap();
    let soft = g.reduce(Reduction::LogSumExp, Axis::All, moduli).unwrap();
    let norm = g.norm(l).unwrap();
    let least = g.reduce(Reduction::Min, Axis::All, values).unwrap();
    let condition = g.compare(Comparison::Lt, least, norm).unwrap();
    let picked = g.make(Op::Select, vec![condition, soft, norm]).unwrap();
    let quotient = g.zip(Zip::Div, soft, norm).unwrap();
    let difference = g.sub(det, cross).unwrap();
    let determinant = g.make(Op::Det, vec![shifted]).unwrap();
    found.extend([det, both, cross, overlap, soft, norm, picked, quotient, difference, determinant]);
    found.into_iter().map(|id| if g.is_complex(id) { g.part(Part::Re, id).unwrap() } else { id }).collect()
}

#[test]
fn bounds_cover_the_difference_of_two_precisions() {
    for complex in [false, true] {
        for n in [1, 2, 3, 5, 8, 12] {
            let mut g = Graph::new();
            let outputs = quantities(&mut g, n, complex);
            for seed in 0..25 {
                for (i, (bound, exact)) in compare(&g, &outputs, 100 * seed + 1).into_iter().enumerate() {
                    let error = (bound.value - exact).abs();
                    assert!(
                        error <= bound.radius,
                        "output {i} at n = {n}, seed {seed}: {bound:?} against {exact}, off by {error:e}"
                    );
                }
            }
        }
    }
}

#[test]
fn bounds_of_entropies_are_useful() {
    let n = 8;
    let mut g = Graph::new();
    let outputs = quantities(&mut g, n, false);
    let mut widest: f64 = 0.0;
    let mut width = vec![0.0f64; outputs.len()];
    for seed in 0..20 {
        for (i, (bound, exact)) in compare(&g, &outputs, seed + 1).into_iter().enumerate() {
            // The unit of error: what a single rounding of the value makes.
            let unit = f64::from(f32::EPSILON) * exact.abs().max(1.0);
            width[i] = width[i].max(bound.radius / unit);
        }
    }
    // The two von Neumann entropies and the log-determinant.
    for i in [0, 1, 8] {
        widest = widest.max(width[i]);
    }
    assert!(widest < 2e3, "{widest}");
    let bounds = Bounds::<f64>::compile(&g, &outputs[..1]).unwrap();
    let mut ws = bounds.workspace();
    fill(&g, &mut ws, 3);
    assert!(bounds.run(&mut ws).unwrap()[0].radius < 1e-11);
}

#[test]
fn what_rounding_could_decide_is_unknown() {
    let mut g = Graph::new();
    let x = input(&mut g, "x", Type::real(Shape::Scalar));
    let square = g.zip(Zip::Mul, x, x).unwrap();
    let root = g.map(ScalarFn::Sqrt, square).unwrap();
    let size = g.map(ScalarFn::Abs, x).unwrap();
    let condition = g.compare(Comparison::Le, root, size).unwrap();
    let (one, two) = (g.integer(1).unwrap(), g.integer(2).unwrap());
    let picked = g.make(Op::Select, vec![condition, one, two]).unwrap();
    let exact = g.compare(Comparison::Le, x, size).unwrap();
    let certain = g.make(Op::Select, vec![exact, one, two]).unwrap();
    let bounds = Bounds::<f64>::compile(&g, &[picked, certain]).unwrap();
    let mut ws = bounds.workspace();
    fill(&g, &mut ws, 3);
    let found = bounds.run(&mut ws).unwrap();
    assert_eq!(found[0].radius, f64::INFINITY);
    assert_eq!(found[1], Bound { value: 1.0, radius: 0.0 });
}

#[test]
fn steep_points_are_bounded() {
    // Entropies of singular kernels: the zero eigenvalues are off by rounding, where x log x is steep.
    let n = 6;
    let mut g = Graph::new();
    let v = input(&mut g, "v", Type::real(matrix(2, n)));
    let a = g.adjoint(v).unwrap();
    let k = g.multiply(a, v).unwrap();
    let trace = g.trace(k).unwrap();
    let rho = g.zip(Zip::Div, k, trace).unwrap();
    let h = von_neumann(&mut g, rho, 1);
    let root = g.make(Op::Spectral(ScalarFn::Sqrt), vec![rho]).unwrap();
    let overlap = g.inner(root, rho).unwrap();
    for seed in 0..50 {
        for (bound, exact) in compare(&g, &[h, overlap], seed) {
            assert!((bound.value - exact).abs() <= bound.radius, "{bound:?} {exact}");
            assert!(bound.radius < 0.1, "{bound:?}");
        }
    }
}

#[test]
fn tiny_matrices_have_bounds_too() {
    // The squares of the entries underflow; the errors of the eigenvalues and of the inverse do not.
    let n = 5;
    let mut g = Graph::new();
    let k = kernel(&mut g, n, false);
    let scaled = |g: &mut Graph, power: u32, k| {
        let ten = num_rational::BigRational::from_integer(num_bigint::BigInt::from(10).pow(power));
        let factor = g.number(if power == 170 { ten.recip() } else { ten }).unwrap();
        g.zip(Zip::Mul, factor, k).unwrap()
    };
    let tiny = scaled(&mut g, 170, k);
    let values = g.make(Op::Eigenvalues, vec![tiny]).unwrap();
    let greatest = g.reduce(Reduction::Max, Axis::All, values).unwrap();
    let eye = g.eye(dim(n)).unwrap();
    let regular = g.add(k, eye).unwrap();
    let huge = scaled(&mut g, 171, regular);
    let inverse = g.make(Op::Inverse, vec![huge]).unwrap();
    let trace = g.trace(inverse).unwrap();
    let bounds = Bounds::<f64>::compile(&g, &[greatest, trace]).unwrap();
    let mut ws = bounds.workspace();
    fill(&g, &mut ws, 3);
    for bound in bounds.run(&mut ws).unwrap() {
        assert!(bound.value > 0.0 && bound.radius > f64::EPSILON * bound.value, "{bound:?}");
        assert!(bound.radius < 1e-9 * bound.value, "{bound:?}");
    }
}

#[test]
fn what_underflows_is_not_exact() {
    // exp(−748) is below the least number, and exp(748) times it is not.
    let mut g = Graph::new();
    let [low, high] = [-748, 700].map(|exponent| {
        let x = g.integer(exponent).unwrap();
        let x = g.make(Op::Block(1, 1), vec![x]).unwrap();
        g.make(Op::Spectral(ScalarFn::Exp), vec![x]).unwrap()
    });
    let product = g.multiply(high, low).unwrap();
    let trace = g.trace(product).unwrap();
    let det = g.make(Op::Det, vec![low]).unwrap();
    let bounds = Bounds::<f64>::compile(&g, &[trace, det]).unwrap();
    let found = bounds.run(&mut bounds.workspace()).unwrap();
    let exact = (-48.0f64).exp();
    assert!((found[0].value - exact).abs() <= found[0].radius, "{:?}", found[0]);
    assert!(found[1].radius >= f64::MIN_POSITIVE, "{:?}", found[1]);
}
