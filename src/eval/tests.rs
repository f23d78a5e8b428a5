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

#[test]
#[ignore = "a measurement"]
fn speed() {
    for n in [1usize, 2, 3, 4, 8, 16, 24, 32, 48, 64, 128] {
        let mut g = Graph::new();
        let k = kernel(&mut g, n, false);
        let h = von_neumann(&mut g, k, n);
        let values = g.make(Op::Eigenvalues, vec![k]).unwrap();
        let eye = g.eye(dim(n)).unwrap();
        let j = g.add(eye, k).unwrap();
        let det = g.make(Op::LogDet, vec![j]).unwrap();
        let square = g.make(Op::MatMul, vec![k, k]).unwrap();
        let trace = g.trace(square).unwrap();
        let logm = g.make(Op::Spectral(ScalarFn::XLogX), vec![k]).unwrap();
        for (name, root) in [
            ("chart", k),
            ("eig", values),
            ("entropy", h),
            ("logdet", det),
            ("matmul", square),
            ("trK2", trace),
            ("spectral", logm),
        ] {
            let plan = Plan::<f64>::compile(&g, &[root]).unwrap();
            let mut ws = Workspace::new(&plan);
            match ws.input_mut(InputId(0)).unwrap().entries {
                Entries::Real(x) => x.copy_from_slice(&random(n * n, 3)),
                Entries::Complex(_) => unreachable!(),
            }
            plan.run(&mut ws).unwrap();
            let runs = 2 + 4_000_000 / (n * n * n + 500);
            let mut best = f64::INFINITY;
            for _ in 0..5 {
                let start = std::time::Instant::now();
                for _ in 0..runs {
                    plan.run(&mut ws).unwrap();
                }
                best = best.min(start.elapsed().as_secs_f64() * 1e6 / runs as f64);
            }
            print!("{name} {best:.2}  ");
        }
        println!("n={n}");
    }
}

#[test]
#[ignore = "a measurement"]
fn speed_of_tridiagonal() {
    for n in [8usize, 32, 128] {
        let w = random(n * n, 5);
        let a: Vec<f64> = (0..n * n).map(|k| w[k] + w[(k % n) * n + k / n]).collect();
        let (mut d, mut e, mut p) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        let runs = 2 + 20_000_000 / (n * n * n + 500);
        let (mut first, mut second) = (0.0, 0.0);
        for _ in 0..runs {
            let mut b = a.clone();
            let start = std::time::Instant::now();
            super::tridiagonal::reduce(&mut b, &mut d, &mut e, &mut p);
            first += start.elapsed().as_secs_f64();
            let start = std::time::Instant::now();
            super::tridiagonal::eigenvalues(&mut d, &mut e);
            second += start.elapsed().as_secs_f64();
        }
        println!("n={n} reduce {:.2} iterate {:.2}", first * 1e6 / runs as f64, second * 1e6 / runs as f64);
    }
}
