//! Faults name the operation that made them.

use super::*;
use crate::base::Code;

fn scalar_plan(build: impl Fn(&mut Graph, NodeId) -> NodeId) -> (Graph, NodeId) {
    let mut g = Graph::new();
    let x = input(&mut g, "x", Type::real(Shape::Scalar));
    let out = build(&mut g, x);
    (g, out)
}

fn at(g: &Graph, out: NodeId, x: f64) -> Result<f64, Fault> {
    let plan = Plan::<f64>::compile(g, &[out]).unwrap();
    let mut ws = Workspace::new(&plan);
    let Entries::Real(entries) = ws.input_mut(InputId(0)).unwrap().entries else { unreachable!() };
    entries[0] = x;
    plan.run(&mut ws)?;
    Ok(ws.scalar(0).unwrap_or(f64::NAN))
}

#[test]
fn the_first_operation_that_makes_a_nan_is_named() {
    let mut culprit = None;
    let mut g = Graph::new();
    let x = input(&mut g, "x", Type::real(Shape::Scalar));
    let more = g.one_minus(x).unwrap();
    let root = g.map(ScalarFn::Sqrt, more).unwrap();
    culprit.replace(root);
    let out = g.map(ScalarFn::Exp, root).unwrap();
    assert_eq!(at(&g, out, 2.0).unwrap_err(), Fault { node: root, kind: FaultKind::NotANumber });
    assert!(at(&g, out, 0.5).is_ok());
    assert_eq!(at(&g, out, f64::NAN).unwrap_err().node, x, "a NaN that was put in");
}

#[test]
fn infinite_values_are_results() {
    let (g, out) = scalar_plan(|g, x| g.map(ScalarFn::Log, x).unwrap());
    assert_eq!(at(&g, out, 0.0), Ok(f64::NEG_INFINITY));
    let (g, out) = scalar_plan(|g, x| {
        let log = g.map(ScalarFn::Log, x).unwrap();
        let zero = g.integer(-1000).unwrap();
        let condition = g.compare(Comparison::Lt, log, zero).unwrap();
        g.make(Op::Select, vec![condition, zero, x]).unwrap()
    });
    assert_eq!(at(&g, out, 0.0), Ok(-1000.0));
    assert!(at(&g, out, -1.0).is_err(), "a comparison with NaN is no answer");
}

#[test]
fn a_required_condition_is_tested() {
    let (g, out) = scalar_plan(|g, x| {
        let zero = g.integer(0).unwrap();
        let condition = g.compare(Comparison::Lt, zero, x).unwrap();
        g.make(Op::Require, vec![x, condition]).unwrap()
    });
    assert_eq!(at(&g, out, 2.0), Ok(2.0));
    assert_eq!(at(&g, out, -2.0).unwrap_err().kind, FaultKind::ConditionFailed);
}

#[test]
fn indices_are_tested() {
    let mut g = Graph::new();
    let i = input(&mut g, "i", Type::real(Shape::Scalar));
    let one = g.integer(10).unwrap();
    let two = g.integer(20).unwrap();
    let v = g.make(Op::Stack, vec![one, two]).unwrap();
    let entry = g.make(Op::Entry, vec![v, i]).unwrap();
    assert_eq!(at(&g, entry, 2.0), Ok(20.0));
    for index in [0.0, 3.0, 1.5, f64::NAN] {
        assert!(matches!(at(&g, entry, index).unwrap_err().kind, FaultKind::IndexOutside { size: 2, .. }));
    }
}

#[test]
fn a_function_that_is_infinite_on_the_spectrum_is_a_fault() {
    let n = 3;
    let mut g = Graph::new();
    let v = input(&mut g, "v", Type::real(Shape::Vector(dim(n))));
    let row = g.adjoint(v).unwrap();
    let k = g.multiply(v, row).unwrap();
    let k = g.annotate(k, &[Property::Psd], Basis::Construction).unwrap();
    let log = g.make(Op::Spectral(ScalarFn::Log), vec![k]).unwrap();
    let inverse = g.make(Op::Inverse, vec![k]).unwrap();
    for node in [log, inverse] {
        let fault = run::<f64>(&g, &[node], 1).err().unwrap();
        assert_eq!(fault, Fault { node, kind: FaultKind::Singular { at: 0.0 } });
    }
}

#[test]
fn infinite_and_nan_matrices_end() {
    let n = 40;
    let mut g = Graph::new();
    let w = input(&mut g, "W", Type::real(matrix(n, n)));
    let w = g.annotate(w, &[Property::Hermitian], Basis::Construction).unwrap();
    let values = g.make(Op::Eigenvalues, vec![w]).unwrap();
    let exp = g.make(Op::Spectral(ScalarFn::Exp), vec![w]).unwrap();
    let trace = g.trace(exp).unwrap();
    let plan = Plan::<f64>::compile(&g, &[values, trace, exp]).unwrap();
    let mut ws = Workspace::new(&plan);
    for (number, culprit_is_input) in [(f64::INFINITY, false), (f64::NAN, true)] {
        let Entries::Real(x) = ws.input_mut(InputId(0)).unwrap().entries else { unreachable!() };
        x[5] = number;
        let fault = plan.run(&mut ws).unwrap_err();
        assert_eq!(fault.kind, FaultKind::NotANumber);
        assert_eq!(g.as_input(fault.node).is_some(), culprit_is_input);
    }
}

fn tested<T: Real>(property: Property, entries: &[f64], rows: usize) -> Result<(), FaultKind> {
    let cols = entries.len() / rows;
    let mut g = Graph::new();
    let w = input(&mut g, "W", Type::real(matrix(rows, cols)));
    let w = g.annotate(w, &[property], Basis::Tested).unwrap();
    let plan = Plan::<T>::compile(&g, &[w]).unwrap();
    let mut ws = Workspace::new(&plan);
    let Entries::Real(x) = ws.input_mut(InputId(0)).unwrap().entries else { unreachable!() };
    for (x, y) in x.iter_mut().zip(entries) {
        *x = T::of(*y);
    }
    plan.run(&mut ws).map_err(|fault| fault.kind)
}

#[test]
fn requirements_hold_to_a_relative_tolerance() {
    let near = 1.0 + 4.0 * f64::EPSILON;
    let h = 0.5f64.sqrt();
    let good: &[(Property, &[f64], usize)] = &[
        (Property::Hermitian, &[1.0, 2.0, 2.0 * near, 5.0], 2),
        (Property::Psd, &[1.0, 1.0, 1.0, 1.0], 2),
        (Property::Psd, &[1.0, near, near, 1.0], 2),
        (Property::Pd, &[2.0, 1.0, 1.0, 2.0], 2),
        (Property::UnitDiagonal, &[near, 3.0, 3.0, 1.0], 2),
        (Property::TraceOne, &[0.25, 3.0, 3.0, 0.75 * near], 2),
        (Property::Diagonal, &[1.0, 0.0, 0.0, -1.0], 2),
        (Property::Nonnegative, &[1.0, 0.0, 5.0], 3),
        (Property::Positive, &[1.0, 1e-300], 2),
        (Property::ZeroOne, &[1.0, 0.0], 2),
        (Property::Integer, &[3.0, -7.0], 2),
        (Property::SumsToOne, &[0.1, 0.2, 0.7], 3),
        (Property::UnitColumns, &[0.6, 0.8, 1.0, 0.0], 2),
        (Property::UnitRows, &[0.6, 1.0, 0.8, 0.0], 2),
        (Property::OrthonormalColumns, &[h, h, h, -h], 2),
        (Property::OrthonormalRows, &[h, h, h, -h], 2),
    ];
    for (property, entries, rows) in good {
        assert_eq!(tested::<f64>(*property, entries, *rows), Ok(()), "{property}");
    }
    let bad: &[(Property, &[f64], usize)] = &[
        (Property::Hermitian, &[1.0, 2.0, 2.1, 5.0], 2),
        (Property::Psd, &[1.0, 1.1, 1.1, 1.0], 2),
        (Property::Psd, &[1.0, 0.0, 0.5, 1.0], 2),
        (Property::Pd, &[1.0, 1.0, 1.0, 1.0], 2),
        (Property::UnitDiagonal, &[1.1, 3.0, 3.0, 1.0], 2),
        (Property::TraceOne, &[0.25, 3.0, 3.0, 0.7], 2),
        (Property::Diagonal, &[1.0, 0.1, 0.0, -1.0], 2),
        (Property::Nonnegative, &[1.0, -0.1, 5.0], 3),
        (Property::Positive, &[1.0, 0.0], 2),
        (Property::ZeroOne, &[1.0, 0.5], 2),
        (Property::Integer, &[3.0, -7.5], 2),
        (Property::SumsToOne, &[0.1, 0.2, 0.6], 3),
        (Property::UnitColumns, &[0.6, 0.7, 1.0, 0.0], 2),
        (Property::UnitRows, &[0.6, 1.0, 0.7, 0.0], 2),
        (Property::OrthonormalColumns, &[h, h, h, h], 2),
        (Property::OrthonormalRows, &[h, h, h, h], 2),
        (Property::UnitDiagonal, &[f64::NAN, 3.0, 3.0, 1.0], 2),
    ];
    for (property, entries, rows) in bad {
        let fault = tested::<f64>(*property, entries, *rows);
        assert!(matches!(fault, Err(FaultKind::RequirementFailed { .. })), "{property}: {fault:?}");
    }
}

#[test]
fn data_of_lower_precision_is_accepted_with_a_larger_factor() {
    let mut g = Graph::new();
    let w = input(&mut g, "W", Type::real(Shape::Vector(dim(2))));
    let w = g.annotate(w, &[Property::SumsToOne], Basis::Tested).unwrap();
    let plan = Plan::<f64>::compile(&g, &[w]).unwrap();
    let mut ws = Workspace::new(&plan);
    let Entries::Real(x) = ws.input_mut(InputId(0)).unwrap().entries else { unreachable!() };
    x.copy_from_slice(&[f64::from(0.1f32), f64::from(0.9f32)]);
    assert!(plan.run(&mut ws).is_err());
    ws.tolerance_factor *= f64::from(f32::EPSILON) / f64::EPSILON;
    assert_eq!(plan.run(&mut ws), Ok(()));
}

#[test]
fn sizes_must_be_known() {
    let mut g = Graph::new();
    let n = Dim::var(SizeVar { id: 0, name: "n".into(), least: 1 });
    let v = input(&mut g, "v", Type::real(Shape::Vector(n)));
    let sum = g.sum(v).unwrap();
    assert_eq!(Plan::<f64>::compile(&g, &[sum]).err(), Some(PlanError::UnknownSize(v)));
}

#[test]
fn giants_are_refused_one_by_one_and_together() {
    let square = |n: i64| Type::real(Shape::Matrix(Dim::constant(n), Dim::constant(n)));
    let refused = |g: &Graph, node| match plan_within_memory::<f64>(g, &[node], Threads::One) {
        Ok(_) => None,
        Err(diagnostic) => Some((diagnostic.code, diagnostic.message)),
    };
    // Of 2^26 entries each: the matrix and fourteen products are below 2^30 together, and with two more they are not.
    let n = 1 << 13;
    for (products, allowed) in [(14, true), (16, false)] {
        let mut g = Graph::new();
        let a = input(&mut g, "a", square(n));
        let product = (0..products).fold(a, |product, _| g.make(Op::MatMul, vec![a, product]).unwrap());
        let outcome = refused(&g, product);
        assert_eq!(outcome.is_none(), allowed, "{outcome:?}");
        if let Some((code, message)) = outcome {
            assert!(code == Code::E0305 && message.ends_with("together"), "{message}");
        }
    }
    // As many entrywise operations run in one pass, and keep no more than its operand and its result.
    let mut g = Graph::new();
    let a = input(&mut g, "a", square(n));
    let chain = (0..16).fold(a, |x, _| g.map(ScalarFn::Tanh, x).unwrap());
    assert_eq!(refused(&g, chain), None);
    let mut g = Graph::new();
    let giant = input(&mut g, "a", square(1 << 16));
    assert_eq!(refused(&g, giant).unwrap().0, Code::E0305);
}
