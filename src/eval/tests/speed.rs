//! Measurements, run by hand: `cargo test --release eval::tests::speed -- --ignored --nocapture --test-threads 1`.

use super::*;

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
            super::super::tridiagonal::reduce(&mut b, &mut d, &mut e, &mut p);
            first += start.elapsed().as_secs_f64();
            let start = std::time::Instant::now();
            super::super::tridiagonal::eigenvalues(&mut d, &mut e);
            second += start.elapsed().as_secs_f64();
        }
        println!("n={n} reduce {:.2} iterate {:.2}", first * 1e6 / runs as f64, second * 1e6 / runs as f64);
    }
}
