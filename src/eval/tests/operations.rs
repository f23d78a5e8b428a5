//! Each operation against naive formulas and known values, in both precisions and both fields.

use super::*;
use num_traits::Zero;

type C = Complex<f64>;

fn naive_product(a: &[C], m: usize, k: usize, b: &[C], n: usize) -> Vec<C> {
    let mut out = vec![C::zero(); m * n];
    for i in 0..m {
        for j in 0..n {
            out[j * m + i] = (0..k).map(|l| a[l * m + i] * b[j * k + l]).sum();
        }
    }
    out
}

fn naive_adjoint(a: &[C], m: usize) -> Vec<C> {
    let n = a.len() / m;
    (0..m * n).map(|p| a[(p / n) + (p % n) * m].conj()).collect()
}

fn typed(shape: Shape, complex: bool) -> Type {
    if complex { Type::complex(shape) } else { Type::real(shape) }
}

#[test]
fn entropy_of_a_two_by_two_kernel() {
    let mut g = Graph::new();
    let w = input(&mut g, "W", Type::real(matrix(2, 2)));
    let k = g.annotate(w, &[Property::Psd, Property::UnitDiagonal], Basis::Tested).unwrap();
    let h = von_neumann(&mut g, k, 2);
    let plan = Plan::<f64>::compile(&g, &[h]).unwrap();
    let mut ws = Workspace::new(&plan);
    match ws.input_mut(InputId(0)).unwrap().entries {
        Entries::Real(x) => x.copy_from_slice(&[1.0, 0.5, 0.5, 1.0]),
        Entries::Complex(_) => unreachable!(),
    }
    plan.run(&mut ws).unwrap();
    assert!((ws.scalar(0).unwrap() - 0.5623351446188083).abs() < 1e-15);
}

fn products<T: Real>(tolerance: f64) {
    for complex in [false, true] {
        for (m, k, n) in [(1, 1, 1), (3, 5, 4), (8, 8, 8), (1, 9, 1), (9, 1, 9), (30, 25, 33), (64, 40, 64)] {
            let mut g = Graph::new();
            let a = input(&mut g, "A", typed(matrix(m, k), complex));
            let b = input(&mut g, "B", typed(matrix(k, n), complex));
            let (a1, b1) = (g.adjoint(a).unwrap(), g.adjoint(b).unwrap());
            let (at, bt) = (g.transpose(a).unwrap(), g.transpose(b).unwrap());
            let ab = g.multiply(a, b).unwrap();
            let both = g.multiply(b1, a1).unwrap();
            let gram = g.multiply(a1, a).unwrap();
            let cov = g.multiply(a, a1).unwrap();
            let plain = g.multiply(bt, at).unwrap();
            let mixed = g.multiply(a1, ab).unwrap();
            let outputs = [a, b, ab, both, gram, cov, plain, mixed];
            let ws = run::<T>(&g, &outputs, 5).unwrap();
            let (x, y) = (entries(&ws, 0), entries(&ws, 1));
            let (xa, ya) = (naive_adjoint(&x, m), naive_adjoint(&y, k));
            let xy = naive_product(&x, m, k, &y, n);
            close(&entries(&ws, 2), &xy, tolerance, "AB");
            close(&entries(&ws, 3), &naive_product(&ya, n, k, &xa, m), tolerance, "B'A'");
            close(&entries(&ws, 4), &naive_product(&xa, k, m, &x, k), tolerance, "A'A");
            close(&entries(&ws, 5), &naive_product(&x, m, k, &xa, m), tolerance, "AA'");
            let expected: Vec<C> = naive_product(&ya, n, k, &xa, m).iter().map(|z| z.conj()).collect();
            close(&entries(&ws, 6), &expected, tolerance, "B^T A^T");
            close(&entries(&ws, 7), &naive_product(&xa, k, m, &xy, n), tolerance, "A'(AB)");
            for (output, size) in [(4, k), (5, m)] {
                let z = entries(&ws, output);
                for i in 0..size {
                    assert_eq!(z[i * size + i].im, 0.0);
                    for j in 0..i {
                        assert_eq!(z[i * size + j], z[j * size + i].conj(), "exactly Hermitian");
                    }
                }
            }
        }
    }
}

#[test]
fn products_agree_with_the_definition() {
    products::<f64>(1e-14);
    products::<f32>(1e-5);
}

fn decompositions<T: Real>(tolerance: f64) {
    for complex in [false, true] {
        for n in [1, 2, 3, 4, 5, 8, 16, 33, 70] {
            let mut g = Graph::new();
            let k = kernel(&mut g, n, complex);
            let values = g.make(Op::Eigenvalues, vec![k]).unwrap();
            let exp = g.make(Op::Spectral(ScalarFn::Exp), vec![k]).unwrap();
            let trace = g.trace(exp).unwrap();
            let logs = g.make(Op::LogDet, vec![exp]).unwrap();
            let square = g.multiply(k, k).unwrap();
            let two = g.integer(2).unwrap();
            let power = g.make(Op::Spectral(ScalarFn::Pow), vec![k, two]).unwrap();
            let inverse = g.make(Op::Inverse, vec![exp]).unwrap();
            let eye = g.multiply(inverse, exp).unwrap();
            let one = g.eye(dim(n)).unwrap();
            let one = if complex { g.make(Op::Complexify, vec![one]).unwrap() } else { one };
            let singular = g.make(Op::SingularValues, vec![k]).unwrap();
            let sum = g.sum(singular).unwrap();
            let det = g.make(Op::Det, vec![exp]).unwrap();
            let log_of_det = g.map(ScalarFn::Log, det).unwrap();
            let trace_of_k = g.trace(k).unwrap();
            let outputs = [k, values, exp, trace, logs, square, power, eye, one, sum, log_of_det, trace_of_k];
            let ws = run::<T>(&g, &outputs, 11).unwrap();
            let matrix = faer::Mat::from_fn(n, n, |i, j| entries(&ws, 0)[j * n + i]);
            let expected = matrix.self_adjoint_eigenvalues(faer::Side::Lower).unwrap();
            let expected: Vec<C> = expected.into_iter().map(|x| C::new(x.max(0.0), 0.0)).collect();
            close(&entries(&ws, 1), &expected, tolerance, "eigenvalues");
            let sum_of_exp: f64 = expected.iter().map(|x| x.re.exp()).sum();
            close(&entries(&ws, 3), &[C::new(sum_of_exp, 0.0)], tolerance, "tr exp");
            let n_as_number = [C::new(n as f64, 0.0)];
            close(&entries(&ws, 4), &n_as_number, tolerance, "log det exp K = tr K = n");
            close(&entries(&ws, 6), &entries(&ws, 5), tolerance, "K^2");
            close(&entries(&ws, 7), &entries(&ws, 8), tolerance * 100.0, "inv(E) E");
            close(&entries(&ws, 9), &n_as_number, tolerance, "the singular values of K are its eigenvalues");
            close(&entries(&ws, 10), &n_as_number, tolerance, "log det");
            close(&entries(&ws, 11), &n_as_number, tolerance, "tr K");
        }
    }
}

#[test]
fn decompositions_agree_with_each_other_and_with_faer() {
    decompositions::<f64>(2e-14);
    decompositions::<f32>(2e-5);
}

#[test]
fn eigenvalues_of_badly_scaled_and_split_matrices() {
    for (n, scale) in [(6, 1e-200), (6, 1e200), (20, 1.0), (5, 1e-8)] {
        let mut g = Graph::new();
        let w = input(&mut g, "W", Type::real(matrix(n, n)));
        let w = g.annotate(w, &[Property::Hermitian], Basis::Construction).unwrap();
        let values = g.make(Op::Eigenvalues, vec![w]).unwrap();
        let plan = Plan::<f64>::compile(&g, &[values]).unwrap();
        let mut ws = Workspace::new(&plan);
        // Block diagonal with equal blocks: every eigenvalue is repeated.
        let Entries::Real(x) = ws.input_mut(InputId(0)).unwrap().entries else { unreachable!() };
        for i in 0..n {
            x[i * n + i] = scale * (1.0 + (i % 2) as f64);
            if i % 2 == 0 && i + 1 < n {
                x[i * n + i + 1] = 0.25 * scale;
                x[(i + 1) * n + i] = 0.25 * scale;
            }
        }
        let expected = faer::Mat::from_fn(n, n, |i, j| x[j * n + i] / scale);
        let expected = expected.self_adjoint_eigenvalues(faer::Side::Lower).unwrap();
        plan.run(&mut ws).unwrap();
        let expected: Vec<C> = expected.into_iter().map(|x| C::new(x * scale, 0.0)).collect();
        close(&entries(&ws, 0), &expected, 1e-14, "scaled");
    }
}

#[test]
fn off_diagonal_entries_whose_squares_underflow_do_no_harm() {
    // The identity and entries from 1e-10 down to 1e-300: every eigenvalue is 1 up to 1e-10.
    for exponents in [[191, 158, 220, 31, 97, 34], [300, 299, 298, 160, 155, 170], [10, 200, 161, 162, 163, 11]] {
        let n = 4;
        let mut g = Graph::new();
        let w = input(&mut g, "W", Type::real(matrix(n, n)));
        let w = g.annotate(w, &[Property::Hermitian], Basis::Construction).unwrap();
        let values = g.make(Op::Eigenvalues, vec![w]).unwrap();
        let plan = Plan::<f64>::compile(&g, &[values]).unwrap();
        let mut ws = Workspace::new(&plan);
        let Entries::Real(x) = ws.input_mut(InputId(0)).unwrap().entries else { unreachable!() };
        let mut next = exponents.into_iter();
        for i in 0..n {
            x[i * n + i] = 1.0;
            for j in 0..i {
                let entry = 3.7 * 10f64.powi(-next.next().unwrap());
                (x[i * n + j], x[j * n + i]) = (entry, entry);
            }
        }
        plan.run(&mut ws).unwrap();
        for value in entries(&ws, 0) {
            assert!((value.re - 1.0).abs() < 1e-9, "{value} of {exponents:?}");
        }
        let sum: f64 = entries(&ws, 0).iter().map(|x| x.re).sum();
        assert!((sum - 4.0).abs() < 1e-14, "the trace is 4, not {sum:e}");
    }
}

#[test]
fn determinants_and_inverses_of_general_matrices() {
    for complex in [false, true] {
        for n in [1, 2, 3, 7, 20, 40] {
            let mut g = Graph::new();
            let a = input(&mut g, "A", typed(matrix(n, n), complex));
            let det = g.make(Op::Det, vec![a]).unwrap();
            let square = g.multiply(a, a).unwrap();
            let det2 = g.make(Op::Det, vec![square]).unwrap();
            let squared = g.zip(Zip::Mul, det, det).unwrap();
            let inverse = g.make(Op::Inverse, vec![a]).unwrap();
            let eye = g.multiply(a, inverse).unwrap();
            let trace = g.trace(eye).unwrap();
            let singular = g.make(Op::SingularValues, vec![a]).unwrap();
            let logs = g.map(ScalarFn::Log, singular).unwrap();
            let sum = g.sum(logs).unwrap();
            let modulus = g.abs(det).unwrap();
            let log = g.map(ScalarFn::Log, modulus).unwrap();
            let ws = run::<f64>(&g, &[det2, squared, trace, sum, log], 3).unwrap();
            close(&entries(&ws, 0), &entries(&ws, 1), 1e-10, "det A^2 = (det A)^2");
            close(&entries(&ws, 2), &[C::new(n as f64, 0.0)], 1e-11, "tr A A^-1");
            close(&entries(&ws, 3), &entries(&ws, 4), 1e-11, "log |det| = sum of log singular values");
        }
    }
}

#[test]
fn the_all_ones_kernel_has_exact_zeros() {
    for n in [2, 3, 8, 32, 100] {
        let mut g = Graph::new();
        let v = input(&mut g, "v", Type::real(Shape::Vector(dim(n))));
        let row = g.adjoint(v).unwrap();
        let k = g.multiply(v, row).unwrap();
        let k = g.annotate(k, &[Property::Psd], Basis::Tested).unwrap();
        let values = g.make(Op::Eigenvalues, vec![k]).unwrap();
        let size = g.integer(n as i64).unwrap();
        let rho = g.zip(Zip::Div, values, size).unwrap();
        let alpha = g.number(num_rational::BigRational::new(1.into(), 20.into())).unwrap();
        let tsallis = g.map_with(ScalarFn::Tsallis, rho, alpha).unwrap();
        let total = g.sum(tsallis).unwrap();
        let det = g.make(Op::LogDet, vec![k]).unwrap();
        let rank = g.make(Op::Rank, vec![k]).unwrap();
        let plan = Plan::<f64>::compile(&g, &[values, total, det, rank]).unwrap();
        let mut ws = Workspace::new(&plan);
        let Entries::Real(x) = ws.input_mut(InputId(0)).unwrap().entries else { unreachable!() };
        x.fill(1.0);
        plan.run(&mut ws).unwrap();
        let values = entries(&ws, 0);
        assert!(values[..n - 1].iter().all(|x| x.re == 0.0));
        assert!((values[n - 1].re - n as f64).abs() <= 4.0 * f64::EPSILON * n as f64);
        assert!(ws.scalar(1).unwrap().abs() < 1e-14, "entropy of order 0.05");
        assert_eq!(ws.scalar(2), Some(f64::NEG_INFINITY));
        assert_eq!(ws.scalar(3), Some(1.0));
    }
}

#[test]
fn reductions_and_arrangement() {
    for complex in [false, true] {
        let (m, n) = (9, 14);
        let mut g = Graph::new();
        let a = input(&mut g, "A", typed(matrix(m, n), complex));
        let b = input(&mut g, "B", typed(matrix(2, 3), complex));
        let v = input(&mut g, "v", typed(Shape::Vector(dim(m)), complex));
        let w = input(&mut g, "w", typed(Shape::Vector(dim(n)), complex));
        let sum = g.sum(a).unwrap();
        let rows = g.reduce(Reduction::Sum, Axis::Rows, a).unwrap();
        let cols = g.reduce(Reduction::Sum, Axis::Cols, a).unwrap();
        let wide = g.make(Op::Broadcast(Axis::Rows, dim(n)), vec![v]).unwrap();
        let tall = g.make(Op::Broadcast(Axis::Cols, dim(m)), vec![w]).unwrap();
        let product = g.zip(Zip::Mul, wide, a).unwrap();
        let quotient = g.zip(Zip::Div, product, tall).unwrap();
        let kron = g.make(Op::Kron, vec![a, b]).unwrap();
        let blocks = g.make(Op::Block(2, 2), vec![a, v, a, v]).unwrap();
        let row = g.adjoint(v).unwrap();
        let dot = g.multiply(row, v).unwrap();
        let (i, j) = (g.integer(3).unwrap(), g.integer(5).unwrap());
        let entry = g.make(Op::Entry, vec![a, i, j]).unwrap();
        let outputs = [a, b, v, w, sum, rows, cols, quotient, kron, blocks, dot, entry];
        let ws = run::<f64>(&g, &outputs, 2).unwrap();
        let (x, y, p, q) = (entries(&ws, 0), entries(&ws, 1), entries(&ws, 2), entries(&ws, 3));
        let at = |i: usize, j: usize| x[j * m + i];
        close(&entries(&ws, 4), &[x.iter().sum()], 1e-13, "sum");
        let expected: Vec<C> = (0..m).map(|i| (0..n).map(|j| at(i, j)).sum()).collect();
        close(&entries(&ws, 5), &expected, 1e-13, "rows");
        let expected: Vec<C> = (0..n).map(|j| (0..m).map(|i| at(i, j)).sum()).collect();
        close(&entries(&ws, 6), &expected, 1e-13, "cols");
        let expected: Vec<C> = (0..m * n).map(|k| p[k % m] * x[k] / q[k / m]).collect();
        close(&entries(&ws, 7), &expected, 1e-13, "broadcast");
        let expected: Vec<C> = (0..6 * m * n)
            .map(|k| (k % (2 * m), k / (2 * m)))
            .map(|(i, j)| at(i / 2, j / 3) * y[(j % 3) * 2 + i % 2])
            .collect();
        close(&entries(&ws, 8), &expected, 1e-15, "kron");
        let expected: Vec<C> = (0..2 * m * (n + 1))
            .map(|k| (k % (2 * m) % m, k / (2 * m)))
            .map(|(i, j)| if j < n { at(i, j) } else { p[i] })
            .collect();
        close(&entries(&ws, 9), &expected, 1e-15, "blocks");
        close(&entries(&ws, 10), &[p.iter().map(|x| x.norm_sqr()).sum::<f64>().into()], 1e-14, "v'v");
        close(&entries(&ws, 11), &[at(2, 4)], 0.0, "entry");
    }
}

#[test]
fn log_sum_exp_cannot_overflow_and_extremes_propagate() {
    let mut g = Graph::new();
    let x = input(&mut g, "X", Type::real(matrix(3, 5)));
    let all = g.reduce(Reduction::LogSumExp, Axis::All, x).unwrap();
    let rows = g.reduce(Reduction::LogSumExp, Axis::Rows, x).unwrap();
    let least = g.reduce(Reduction::Min, Axis::Cols, x).unwrap();
    let square = g.zip(Zip::Mul, x, x).unwrap();
    let greatest = g.reduce(Reduction::Max, Axis::All, square).unwrap();
    let plan = Plan::<f64>::compile(&g, &[all, rows, least, greatest]).unwrap();
    let mut ws = Workspace::new(&plan);
    let Entries::Real(entries) = ws.input_mut(InputId(0)).unwrap().entries else { unreachable!() };
    entries.fill(1000.0);
    plan.run(&mut ws).unwrap();
    assert!((ws.scalar(0).unwrap() - (1000.0 + 15f64.ln())).abs() < 1e-12);
    assert_eq!(ws.scalar(3), Some(1e6));
    let Entries::Real(entries) = ws.input_mut(InputId(0)).unwrap().entries else { unreachable!() };
    entries.fill(f64::NEG_INFINITY);
    entries[0] = -5.0;
    plan.run(&mut ws).unwrap();
    assert_eq!(ws.scalar(0), Some(-5.0));
    let ValueRef::Real { entries, .. } = ws.value(1).unwrap() else { unreachable!() };
    assert_eq!(entries, [-5.0, f64::NEG_INFINITY, f64::NEG_INFINITY]);
    let ValueRef::Real { entries, .. } = ws.value(2).unwrap() else { unreachable!() };
    assert_eq!(entries, [f64::NEG_INFINITY; 5]);
}

#[test]
fn long_sums_keep_their_digits() {
    let n = 100_000;
    let mut g = Graph::new();
    let x = input(&mut g, "x", Type::real(Shape::Vector(dim(n))));
    let sum = g.sum(x).unwrap();
    let absolute = g.map(ScalarFn::Abs, x).unwrap();
    let other = g.sum(absolute).unwrap();
    let plan = Plan::<f32>::compile(&g, &[sum, other]).unwrap();
    let mut ws = Workspace::new(&plan);
    let Entries::Real(entries) = ws.input_mut(InputId(0)).unwrap().entries else { unreachable!() };
    entries.fill(0.1);
    plan.run(&mut ws).unwrap();
    let exact = n as f64 * f64::from(0.1f32);
    for output in 0..2 {
        assert!((f64::from(ws.scalar(output).unwrap()) / exact - 1.0).abs() < 2e-7);
    }
}

#[test]
fn a_plan_gives_the_same_bits_on_every_run() {
    let mut g = Graph::new();
    let k = kernel(&mut g, 9, false);
    let c = kernel(&mut g, 7, true);
    let outputs: Vec<NodeId> = [(k, 9), (c, 7)].into_iter().map(|(k, n)| von_neumann(&mut g, k, n)).collect();
    let plan = Plan::<f64>::compile(&g, &outputs).unwrap();
    let mut ws = Workspace::new(&plan);
    let mut seen = Vec::new();
    for seed in [1, 2, 1] {
        fill(&g, &mut ws, seed);
        plan.run(&mut ws).unwrap();
        seen.push((ws.scalar(0), ws.scalar(1)));
    }
    assert_eq!(seen[0], seen[2]);
    assert_ne!(seen[0], seen[1]);
}

#[test]
fn the_other_branch_is_not_evaluated() {
    let mut g = Graph::new();
    let x = input(&mut g, "x", Type::real(Shape::Scalar));
    let n = 3;
    let w = input(&mut g, "W", Type::real(matrix(n, n)));
    let psd = g.annotate(w, &[Property::Psd], Basis::Tested).unwrap();
    let det = g.make(Op::LogDet, vec![psd]).unwrap();
    let root = g.map(ScalarFn::Sqrt, x).unwrap();
    let both = g.add(det, root).unwrap();
    let zero = g.integer(0).unwrap();
    let condition = g.compare(Comparison::Lt, zero, x).unwrap();
    let inner_condition = g.compare(Comparison::Lt, x, root).unwrap();
    let inner = g.make(Op::Select, vec![inner_condition, both, root]).unwrap();
    let picked = g.make(Op::Select, vec![condition, inner, x]).unwrap();
    let plan = Plan::<f64>::compile(&g, &[picked]).unwrap();
    let mut ws = Workspace::new(&plan);
    // The matrix is not positive semi-definite, which only x in (0, 1) asks for.
    let set = |ws: &mut Workspace<f64>, x: f64| {
        let Entries::Real(matrix) = ws.input_mut(InputId(1)).unwrap().entries else { unreachable!() };
        matrix.copy_from_slice(&[1.0, 2.0, 0.0, 2.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
        let Entries::Real(scalar) = ws.input_mut(InputId(0)).unwrap().entries else { unreachable!() };
        scalar[0] = x;
    };
    set(&mut ws, -1.0);
    plan.run(&mut ws).unwrap();
    assert_eq!(ws.scalar(0), Some(-1.0));
    set(&mut ws, 4.0);
    plan.run(&mut ws).unwrap();
    assert_eq!(ws.scalar(0), Some(2.0));
    set(&mut ws, 0.25);
    let fault = plan.run(&mut ws).unwrap_err();
    assert!(matches!(fault.kind, FaultKind::RequirementFailed { property: Property::Psd, .. }));
    set(&mut ws, -2.0);
    plan.run(&mut ws).unwrap();
    assert_eq!(ws.scalar(0), Some(-2.0));
}
