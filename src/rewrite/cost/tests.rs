//! Counts against their closed forms.

use super::*;
use crate::ir::{Dim, Facts, Input, Shape, Type, Zip};

fn input(g: &mut Graph, m: i64, n: i64, properties: &[Property]) -> NodeId {
    let mut facts = Facts::new();
    properties.iter().for_each(|property| facts.yes(*property, "a test"));
    let ty = Type::real(Shape::Matrix(Dim::constant(m), Dim::constant(n)));
    g.input(Input { name: "A".into(), ty, facts })
}

fn flops(g: &Graph, id: NodeId) -> f64 {
    Model::plain(1.0).cost(g, id).flops
}

#[test]
fn products_count_what_is_multiplied_and_added() {
    let mut g = Graph::new();
    let (a, b) = (input(&mut g, 3, 5, &[]), input(&mut g, 5, 7, &[]));
    let product = g.multiply(a, b).unwrap();
    assert_eq!(flops(&g, product), 2.0 * 3.0 * 5.0 * 7.0);
    // One triangle of Z'Z with its diagonal: 7 · 8 / 2 inner products of length 5.
    let adjoint = g.adjoint(b).unwrap();
    let gram = g.multiply(adjoint, b).unwrap();
    assert_eq!(flops(&g, gram), 7.0 * 8.0 / 2.0 * 2.0 * 5.0);
}

#[test]
fn facts_choose_the_factorisation() {
    let mut g = Graph::new();
    let cases = [
        // Cholesky: n³/3 + n²/2 + n/6 = 1 + 2² + 3² for n = 3, and three steps of two triangular systems.
        (vec![Property::Pd], 14.0 + 6.0 * 9.0),
        // Eigenvalues.
        (vec![Property::Hermitian], 4.0 / 3.0 * 27.0),
        // LU.
        (vec![], 2.0 / 3.0 * 27.0),
    ];
    for (properties, expected) in cases {
        let a = input(&mut g, 3, 3, &properties);
        let logdet = g.make(Op::LogDet, vec![a]).unwrap();
        assert!((flops(&g, logdet) - expected).abs() < 1e-12, "{properties:?}: {}", flops(&g, logdet));
    }
}

#[test]
fn cholesky_counts_as_the_sum_of_its_loops() {
    // Column j of n: a root, n − j quotients, and for each earlier column n − j + 1 products and as many differences.
    for n in 1..30_u32 {
        let counted: u32 = (1..=n).map(|j| 1 + (n - j) + 2 * (j - 1) * (n - j + 1)).sum();
        // Working Note 41 counts the root and the quotients like this, too.
        let n = f64::from(n);
        assert!((cholesky(n) - f64::from(counted)).abs() < 1e-9 * cholesky(n), "{n}: {} {counted}", cholesky(n));
    }
}

#[test]
fn one_decomposition_serves_all_that_rests_on_it() {
    let mut g = Graph::new();
    let a = input(&mut g, 10, 10, &[Property::Hermitian]);
    let values = g.make(Op::Eigenvalues, vec![a]).unwrap();
    let (exp, sin) = (Op::Spectral(ScalarFn::Exp), Op::Spectral(ScalarFn::Sin));
    let (exp, sin) = (g.make(exp, vec![a]).unwrap(), g.make(sin, vec![a]).unwrap());
    let total = |roots: &[NodeId]| Model::plain(1.0).total(&g, roots).flops;
    assert_eq!(total(&[values]), 4.0 / 3.0 * 1000.0);
    assert_eq!(total(&[exp]), 9000.0 + 1000.0);
    assert_eq!(total(&[exp, sin]), 9000.0 + 2.0 * 1000.0);
}

#[test]
fn a_chain_of_entrywise_operations_touches_memory_once() {
    let mut g = Graph::new();
    let (a, b) = (input(&mut g, 10, 10, &[]), input(&mut g, 10, 10, &[]));
    let product = g.zip(Zip::Mul, a, b).unwrap();
    let sum = g.sum(product).unwrap();
    let total = Model::plain(1.0).total(&g, &[sum]);
    // 100 products and 100 sums; two matrices read and one number written.
    assert_eq!((total.flops, total.bytes), (200.0, 8.0 * 201.0));
}

#[test]
fn complex_arithmetic_counts_fourfold() {
    let mut g = Graph::new();
    let shape = Shape::Matrix(Dim::constant(3), Dim::constant(3));
    let mut one = || g.input(Input { name: "A".into(), ty: Type::complex(shape.clone()), facts: Facts::new() });
    let (a, b) = (one(), one());
    let product = g.multiply(a, b).unwrap();
    assert_eq!(flops(&g, product), 4.0 * 2.0 * 27.0);
}

#[test]
fn the_committed_rates_are_complete_and_rates_between_them_lie_between() {
    let model = Model::parse(RATES).expect("rates.csv has a rate for each class");
    for class in Class::ALL {
        let rates = &model.rates[*class as usize];
        assert!(rates.iter().all(|(at, rate)| *at > 0.0 && *rate > 0.0), "{}", class.name());
        for pair in rates.windows(2) {
            let middle = model.rate(*class, (pair[0].0 * pair[1].0).sqrt());
            let (low, high) = (pair[0].1.min(pair[1].1), pair[0].1.max(pair[1].1));
            assert!((low * 0.999..=high * 1.001).contains(&middle), "{}: {middle}", class.name());
        }
    }
    assert_eq!(Model::parse("product,1,2").map(|_| ()), None);
    assert_eq!(Model::parse("nonsense").map(|_| ()), None);
}
