//! A plan's run allocates nothing: sampling is bound by arithmetic, not by the allocator.

use loewner::eval::{Entries, Plan, Workspace};
use loewner::ir::{Axis, Dim, Domain, Graph, InputId, Op, Reduction, ScalarFn, Set, Zip};

#[test]
fn a_run_allocates_nothing() {
    for n in [1, 2, 3, 8, 40, 150] {
        for complex in [false, true] {
            let mut g = Graph::new();
            let domain = Domain { set: Set::Corr, sizes: vec![Dim::constant(n)], complex };
            let raw = domain
                .raw()
                .into_iter()
                .map(|raw| g.input(loewner::ir::Input { name: "K".into(), ty: raw.ty, facts: Default::default() }))
                .collect::<Vec<_>>();
            let k = domain.chart(&mut g, &raw).unwrap();
            let values = g.make(Op::Eigenvalues, vec![k]).unwrap();
            let logs = g.map(ScalarFn::XLogX, values).unwrap();
            let entropy = g.sum(logs).unwrap();
            let eye = g.eye(Dim::constant(n)).unwrap();
            let shifted = g.add(eye, k).unwrap();
            let det = g.make(Op::LogDet, vec![shifted]).unwrap();
            let log = g.make(Op::Spectral(ScalarFn::Log), vec![shifted]).unwrap();
            let inverse = g.make(Op::Inverse, vec![shifted]).unwrap();
            let product = g.multiply(log, inverse).unwrap();
            let trace = g.trace(product).unwrap();
            let singular = g.make(Op::SingularValues, vec![product]).unwrap();
            let general = g.make(Op::Det, vec![product]).unwrap();
            let moduli = g.abs(product).unwrap();
            let soft = g.reduce(Reduction::LogSumExp, Axis::Rows, moduli).unwrap();
            let greatest = g.reduce(Reduction::Max, Axis::All, soft).unwrap();
            let rank = g.make(Op::Rank, vec![product]).unwrap();
            let ratio = g.zip(Zip::Div, greatest, rank).unwrap();
            let plan = Plan::<f64>::compile(&g, &[entropy, det, trace, singular, general, ratio]).unwrap();
            let mut ws = Workspace::new(&plan);
            let mut state = 1u64;
            let mut next = || {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
            };
            match ws.input_mut(InputId(0)).unwrap().entries {
                Entries::Real(x) => x.iter_mut().for_each(|x| *x = next()),
                Entries::Complex(x) => x.iter_mut().for_each(|x| (x.re, x.im) = (next(), next())),
            }
            // The matrix products of faer keep memory of their own for each thread, which the first run fills.
            plan.run(&mut ws).unwrap();
            let info = allocation_counter::measure(|| plan.run(&mut ws).unwrap());
            assert_eq!(info.count_total, 0, "n = {n}, complex: {complex}");
        }
    }
}
