//! Random graphs, and the margins of every claim in proofs/, against differences; gradients at symbolic sizes.

use loewner::check::{Part, Session, Theorem, VariableKind};
use loewner::eval::{Entries, Plan, Workspace};
use loewner::grad::{GradError, gradient};
use loewner::ir::{
    Axis, Basis, Field, Graph, InputId, Instance, NodeId, Op, Property, Reduction, ScalarFn, Shape, SizeVar, Sizes, Zip,
};
use proptest::prelude::*;

use super::numeric::{Built, C, Point, Random, compare, differences, drawn, input, matrix, typed};

/// (X + X')/2 over its size, so that functions of it stay moderate.
fn tame(g: &mut Graph, x: NodeId) -> Built {
    let adjoint = g.adjoint(x)?;
    let (sum, six) = (g.add(x, adjoint)?, g.integer(6)?);
    let part = g.zip(Zip::Div, sum, six)?;
    g.annotate(part, &[Property::Hermitian], Basis::Construction)
}

/// X'X/3 + I
fn definite(g: &mut Graph, x: NodeId) -> Built {
    let adjoint = g.adjoint(x)?;
    let (gram, three, eye) = (g.multiply(adjoint, x)?, g.integer(3)?, g.eye(super::numeric::dim(3))?);
    let gram = g.zip(Zip::Div, gram, three)?;
    g.add(gram, eye)
}

/// One step of a random graph: a 3 × 3 matrix from two others.
fn step(g: &mut Graph, kind: u8, a: NodeId, b: NodeId) -> Built {
    let three = g.integer(3)?;
    match kind % 18 {
        0 => g.add(a, b),
        1 => g.sub(a, b),
        2 => g.zip(Zip::Mul, a, b),
        3 => {
            let product = g.multiply(a, b)?;
            g.zip(Zip::Div, product, three)
        }
        4 => g.adjoint(a),
        5 => g.map(ScalarFn::Sin, a),
        6 => {
            let small = g.zip(Zip::Div, a, three)?;
            g.map(ScalarFn::Tanh, small)
        }
        7 => {
            let a = tame(g, a)?;
            g.make(Op::Spectral(ScalarFn::Exp), vec![a])
        }
        8 => {
            let a = definite(g, a)?;
            g.make(Op::Spectral(ScalarFn::Sqrt), vec![a])
        }
        9 => {
            let a = definite(g, a)?;
            g.make(Op::Spectral(ScalarFn::XLogX), vec![a])
        }
        10 => {
            let a = definite(g, a)?;
            g.make(Op::Inverse, vec![a])
        }
        11 => {
            let d = g.make(Op::DiagonalOf, vec![a])?;
            let d = g.make(Op::DiagonalMatrix, vec![d])?;
            g.multiply(d, b)
        }
        12 => {
            let a = definite(g, a)?;
            let values = g.make(Op::Eigenvalues, vec![a])?;
            let logs = g.map(ScalarFn::Log, values)?;
            let sum = g.sum(logs)?;
            g.multiply(sum, b)
        }
        13 => {
            let a = definite(g, a)?;
            let log = g.make(Op::LogDet, vec![a])?;
            g.multiply(log, b)
        }
        14 => {
            let sums = g.reduce(Reduction::Sum, Axis::Cols, a)?;
            let rows = g.make(Op::Broadcast(Axis::Rows, super::numeric::dim(3)), vec![sums])?;
            g.zip(Zip::Mul, rows, b)
        }
        15 => {
            let norm = g.norm(a)?;
            let e = g.map(ScalarFn::Tanh, norm)?;
            g.multiply(e, b)
        }
        16 => {
            let values = g.make(Op::SingularValues, vec![a])?;
            let d = g.make(Op::DiagonalMatrix, vec![values])?;
            g.multiply(d, b)
        }
        _ => {
            let (two, half) = (g.integer(2)?, g.abs2(b)?);
            let sum = g.sum(half)?;
            let condition = g.compare(loewner::ir::Comparison::Lt, two, sum)?;
            let sine = g.map(ScalarFn::Sin, b)?;
            g.make(Op::Select, vec![condition, a, sine])
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_graphs_agree_with_differences(
        steps in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 1..9),
        complex in any::<bool>(),
        seed in 1u64..1000,
    ) {
        let types = [typed(matrix(3, 3), complex), typed(matrix(3, 3), complex)];
        let name = format!("{steps:?}");
        let all = std::cell::RefCell::new(vec![]);
        let (point, of, inputs) = drawn(&name, &types, seed, |g, inputs| {
            let mut nodes = inputs.to_vec();
            for (kind, a, b) in &steps {
                // The newest nodes are the likeliest operands, so that graphs grow deep.
                let pick = |k: u8| nodes[nodes.len() - 1 - usize::from(k) % nodes.len().min(3)];
                let (a, b) = (pick(*a), pick(*b));
                let node = step(g, *kind, a, b)?;
                // A real result (of moduli) is complex among complex ones.
                nodes.push(if complex && g.ty(node).field == Field::Real { g.make(Op::Complexify, vec![node])? } else { node });
            }
            let last = nodes[nodes.len() - 1];
            *all.borrow_mut() = nodes;
            Ok(last)
        });
        // Differences of numbers in the thousands have too few digits left to compare.
        let moderate = all.take().iter().all(|node| point.value(*node).iter().all(|x| x.norm() < 100.0));
        prop_assume!(moderate);
        compare(&name, point, of, &inputs);
    }
}

/// Every real scalar that an ascent on a theorem would follow, with sizes chosen.
fn targets(theorem: &Theorem) -> Vec<NodeId> {
    let mut found: Vec<NodeId> = theorem.assumptions.iter().map(|assumption| assumption.margin.node).collect();
    for part in theorem.claims.iter().flat_map(|claim| &claim.parts) {
        match part {
            Part::Margin { margin, .. } => found.push(margin.node),
            Part::Iff { gap, .. } => found.push(*gap),
            Part::Asymptotic { difference, .. } => found.push(*difference),
        }
    }
    found
}

#[test]
fn the_margins_of_all_claims_agree_with_differences() {
    let mut files: Vec<_> =
        std::fs::read_dir("proofs/information_flow").unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut agreed, mut skipped) = (0, 0);
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "lw")) {
        let mut session = Session::new();
        for theorem in session.load_file(path).unwrap() {
            let sizes: Sizes = theorem
                .variables
                .iter()
                .filter_map(|variable| match &variable.kind {
                    VariableKind::Size(size) => Some((size.clone(), 3.max(size.least))),
                    VariableKind::Scalar { .. } | VariableKind::Member { .. } => None,
                })
                .collect();
            for target in targets(&theorem) {
                let instance = Instance { sizes: sizes.clone(), ..Instance::default() };
                match agrees(&theorem, target, &instance) {
                    Some(()) => agreed += 1,
                    // The point is outside of what the theorem allows, or the sizes are.
                    None => skipped += 1,
                }
            }
        }
    }
    assert!(agreed > 60 && agreed > 3 * skipped, "{agreed} compared, {skipped} without a value");
}

fn agrees(theorem: &Theorem, target: NodeId, instance: &Instance) -> Option<()> {
    let (mut graph, roots) = theorem.graph.instantiate(&[target], instance).ok()?;
    let of = roots[0];
    if !graph.ty(of).is_real_scalar() {
        return None;
    }
    let wrt: Vec<NodeId> = (0..graph.inputs().len()).filter_map(|i| graph.input_node(InputId(i as u32))).collect();
    let gradients = match gradient(&mut graph, of, &wrt) {
        Ok(gradients) => gradients,
        Err(error) => panic!("{}: {error}", theorem.name),
    };
    let mut random = Random::new(11);
    let values: Vec<Vec<C>> = graph
        .inputs()
        .iter()
        .map(|input| match input.ty.shape {
            // Scalars of theorems are mostly positive: orders, weights and temperatures.
            Shape::Scalar => vec![C::new(0.6 + 0.3 * random.next(), 0.0)],
            Shape::Vector(ref n) | Shape::Matrix(ref n, _) if n.as_constant().is_none() => vec![],
            Shape::Vector(_) | Shape::Matrix(..) => random.entries(&input.ty),
        })
        .collect();
    let direction: Vec<Vec<C>> = graph
        .inputs()
        .iter()
        .zip(&values)
        .map(|(input, values)| {
            let mut one = || C::new(random.next(), if input.ty.field == Field::Complex { random.next() } else { 0.0 });
            values.iter().map(|_| one()).collect()
        })
        .collect();
    let run = |node: NodeId, h: f64| -> Option<Vec<C>> {
        let plan = Plan::<f64>::compile(&graph, &[node]).unwrap();
        let mut ws = Workspace::new(&plan);
        for (i, (values, direction)) in values.iter().zip(&direction).enumerate() {
            let Some(target) = ws.input_mut(InputId(i as u32)) else { continue };
            match target.entries {
                Entries::Real(x) => {
                    x.iter_mut().zip(values.iter().zip(direction)).for_each(|(x, (v, d))| *x = v.re + h * d.re)
                }
                Entries::Complex(x) => {
                    x.iter_mut().zip(values.iter().zip(direction)).for_each(|(x, (v, d))| *x = v + d * h)
                }
            }
        }
        plan.run(&mut ws).ok()?;
        Some(match ws.value(0)? {
            loewner::eval::ValueRef::Real { entries, .. } => entries.iter().map(|x| C::new(*x, 0.0)).collect(),
            loewner::eval::ValueRef::Complex { entries, .. } => entries.to_vec(),
            loewner::eval::ValueRef::Truth(_) => return None,
        })
    };
    if !run(of, 0.0)?[0].re.is_finite() {
        return None;
    }
    let mut missing = false;
    let expected = differences(&mut |h: f64| {
        let value = run(of, h).map_or(f64::NAN, |value| value[0].re);
        missing |= !value.is_finite();
        value
    });
    if missing {
        return None;
    }
    let mut found = 0.0;
    for (node, gradient) in wrt.iter().zip(&gradients) {
        let input = graph.as_input(*node).unwrap().0 as usize;
        let entries = run(*gradient, 0.0).unwrap_or_else(|| panic!("{}: the gradient has no value", theorem.name));
        found += entries.iter().zip(&direction[input]).map(|(g, d)| (g.conj() * d).re).sum::<f64>();
    }
    let close = (found - expected).abs() <= 1e-6 * expected.abs().max(1.0);
    assert!(close, "{}: {found}, by differences {expected}", theorem.name);
    Some(())
}

#[test]
fn symbolic_sizes_give_the_same_gradients() {
    let mut g = Graph::new();
    let size = |id, name: &str| SizeVar { id, name: name.into(), least: 1 };
    let (m, n) = (size(0, "m"), size(1, "n"));
    let shape = Shape::Matrix(loewner::ir::Dim::var(m.clone()), loewner::ir::Dim::var(n.clone()));
    let z = input(&mut g, typed(shape, false));
    // An entropy with blocks, products, a Kronecker product and a maximum around it.
    let build = |g: &mut Graph| -> Built {
        let adjoint = g.adjoint(z)?;
        let gram = g.multiply(adjoint, z)?;
        let both = g.make(Op::Block(1, 2), vec![gram, gram])?;
        let twice = g.adjoint(both)?;
        let square = g.multiply(both, twice)?;
        let logs = g.make(Op::Spectral(ScalarFn::XLogX), vec![square])?;
        let kron = g.make(Op::Kron, vec![logs, gram])?;
        let largest = g.reduce(Reduction::Max, Axis::Rows, kron)?;
        g.sum(largest)
    };
    let of = build(&mut g).unwrap();
    let sizes = Sizes::from([(m, 4), (n, 3)]);
    let instance = Instance { sizes, ..Instance::default() };
    let (mut known, roots) = g.instantiate(&[of, z], &instance).unwrap();
    let late = gradient(&mut known, roots[0], &roots[1..]).unwrap()[0];
    let symbolic = gradient(&mut g, of, &[z]).unwrap();
    let (early, nodes) = g.instantiate(&symbolic, &instance).unwrap();
    let values = vec![Random::new(5).entries(&typed(matrix(4, 3), false))];
    let a = Point { graph: known, values: values.clone() }.value(late);
    let b = Point { graph: early, values }.value(nodes[0]);
    let size = a.iter().map(|x| x.norm()).fold(0.0, f64::max);
    assert!(size > 0.1 && a.iter().zip(&b).all(|(x, y)| (x - y).norm() <= 1e-13 * size), "{a:?}\n{b:?}");
}

#[test]
fn what_has_no_gradient_says_so() {
    let mut g = Graph::new();
    let x = input(&mut g, typed(matrix(2, 2), false));
    assert_eq!(gradient(&mut g, x, &[x]), Err(GradError::NotARealScalar(x)));
    let y = input(&mut g, typed(Shape::Scalar, false));
    let slope = g.map(ScalarFn::Log1pRelSlope, y).unwrap();
    let no = GradError::NoDerivative { node: slope, function: ScalarFn::Log1pRelSlope, in_parameter: false };
    assert_eq!(gradient(&mut g, slope, &[y]), Err(no));
    // What does not rest on the variable is not asked for its derivative.
    let zero = gradient(&mut g, slope, &[x]).unwrap()[0];
    assert_eq!(g.ty(zero), g.ty(x));
    let adjoint = g.adjoint(x).unwrap();
    let gram = g.multiply(adjoint, x).unwrap();
    let f = g.make(Op::Spectral(ScalarFn::Exp), vec![gram]).unwrap();
    let of = g.sum(f).unwrap();
    let first = gradient(&mut g, of, &[x]).unwrap()[0];
    let again = g.sum(first).unwrap();
    assert!(matches!(gradient(&mut g, again, &[x]), Err(GradError::SecondOrder(_))));
    // Second derivatives of what has no eigenvalues in it are like first ones.
    let square = g.zip(Zip::Mul, x, gram).unwrap();
    let of = g.sum(square).unwrap();
    let first = gradient(&mut g, of, &[x]).unwrap()[0];
    let norm = g.norm(first).unwrap();
    assert!(gradient(&mut g, norm, &[x]).is_ok());
}
