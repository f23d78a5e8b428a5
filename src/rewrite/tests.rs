//! Saturation and proofs on small identities, with rules written here.

use super::*;
use crate::ir::{Facts, Graph, Identity, Input, NodeId, Op, Property, ScalarFn, Shape, Type};

fn scalar(g: &mut Graph, name: &str, properties: &[Property]) -> NodeId {
    let mut facts = Facts::new();
    for property in properties {
        facts.yes(*property, "test");
    }
    g.input(Input { name: name.into(), ty: Type::real(Shape::Scalar), facts })
}

/// log(x y) = log x + log y for positive x and y.
fn log_of_product() -> Vec<Rule> {
    let mut g = Graph::new();
    let x = scalar(&mut g, "x", &[Property::Positive]);
    let y = scalar(&mut g, "y", &[Property::Positive]);
    let product = g.multiply(x, y).unwrap();
    let left = g.map(ScalarFn::Log, product).unwrap();
    let (a, b) = (g.map(ScalarFn::Log, x).unwrap(), g.map(ScalarFn::Log, y).unwrap());
    let right = g.add(a, b).unwrap();
    Rule::of(&Identity {
        name: "log of a product".into(),
        source: "log is a homomorphism".into(),
        group: "test".into(),
        graph: g,
        variables: vec![x, y],
        sizes: vec![],
        conditions: vec![],
        left,
        right,
        both_ways: false,
    })
    .unwrap()
}

#[test]
fn arithmetic_is_decided_by_its_normal_form() {
    let mut g = Graph::new();
    let (x, y) = (scalar(&mut g, "x", &[]), scalar(&mut g, "y", &[]));
    // (x + y)² − (x − y)² = 4 x y
    let (sum, difference) = (g.add(x, y).unwrap(), g.sub(x, y).unwrap());
    let (a, b) = (g.multiply(sum, sum).unwrap(), g.multiply(difference, difference).unwrap());
    let left = g.sub(a, b).unwrap();
    let four = g.integer(4).unwrap();
    let product = g.multiply(y, x).unwrap();
    let right = g.multiply(four, product).unwrap();
    let proof = prove_equal(&g, (left, right), &[], &[], &Limits::default()).unwrap();
    assert!(proof.lemmas().is_empty());
    // And not 3 x y.
    let three = g.integer(3).unwrap();
    let wrong = g.multiply(three, product).unwrap();
    let open = prove_equal(&g, (left, wrong), &[], &[], &Limits::default());
    assert!(matches!(open, Err(NotProved::Ended(Ended::Saturated))), "{open:?}");
}

#[test]
fn a_quotient_cancels_only_where_the_divisor_is_known_not_to_vanish() {
    for (properties, cancels) in [(&[Property::Positive][..], true), (&[], false)] {
        let mut g = Graph::new();
        let (x, y) = (scalar(&mut g, "x", &[]), scalar(&mut g, "y", properties));
        let product = g.multiply(x, y).unwrap();
        let quotient = g.zip(crate::ir::Zip::Div, product, y).unwrap();
        assert_eq!(prove_equal(&g, (quotient, x), &[], &[], &Limits::default()).is_ok(), cancels);
    }
}

#[test]
fn a_rule_is_applied_where_its_conditions_are_known() {
    let rules = log_of_product();
    for (properties, proved) in [(&[Property::Positive][..], true), (&[Property::Nonnegative], false)] {
        let mut g = Graph::new();
        let z: Vec<NodeId> = ["x", "y", "z"].iter().map(|name| scalar(&mut g, name, properties)).collect();
        // log(x (y z)) = log z + (log y + log x)
        let yz = g.multiply(z[1], z[2]).unwrap();
        let xyz = g.multiply(z[0], yz).unwrap();
        let left = g.map(ScalarFn::Log, xyz).unwrap();
        let logs: Vec<NodeId> = z.iter().map(|z| g.map(ScalarFn::Log, *z).unwrap()).collect();
        let inner = g.add(logs[1], logs[0]).unwrap();
        let right = g.add(logs[2], inner).unwrap();
        let proof = prove_equal(&g, (left, right), &[], &rules, &Limits::default());
        assert_eq!(proof.is_ok(), proved, "{proof:?}");
        if let Ok(proof) = proof {
            assert_eq!(proof.lemmas(), ["log of a product"]);
        }
    }
}

#[test]
fn a_proof_does_not_pass_with_other_rules_or_other_ends() {
    let rules = log_of_product();
    let mut g = Graph::new();
    let (x, y) = (scalar(&mut g, "x", &[Property::Positive]), scalar(&mut g, "y", &[Property::Positive]));
    let product = g.multiply(x, y).unwrap();
    let left = g.map(ScalarFn::Log, product).unwrap();
    let (a, b) = (g.map(ScalarFn::Log, x).unwrap(), g.map(ScalarFn::Log, y).unwrap());
    let right = g.add(a, b).unwrap();
    let proof = prove_equal(&g, (left, right), &[], &rules, &Limits::default()).unwrap();
    assert_eq!(proof.check(&g, left, right, &rules), Ok(()));
    assert!(matches!(proof.check(&g, left, right, &[]), Err(Flaw::Step(_))));
    assert_eq!(proof.check(&g, left, a, &rules), Err(Flaw::Ends));
}

#[test]
fn an_identity_that_the_graph_knows_is_no_rule() {
    let mut g = Graph::new();
    let x = scalar(&mut g, "x", &[]);
    let one = g.integer(1).unwrap();
    let identity = Identity {
        name: "one".into(),
        source: "by definition".into(),
        group: "test".into(),
        variables: vec![x],
        sizes: vec![],
        conditions: vec![],
        left: g.make(Op::Zip(crate::ir::Zip::Mul), vec![one, x]).unwrap(),
        right: x,
        both_ways: false,
        graph: g,
    };
    assert_eq!(Rule::of(&identity).unwrap_err(), BadRule::Trivial);
}

/// A sum with so long a chain of sines that no step can hold it, and the logarithms of two products, the second of which
/// costs ten times as much as the first; with the cost of its nodes.
fn large(g: &mut Graph) -> (NodeId, [NodeId; 2]) {
    let mut positive = |name: &str| scalar(g, name, &[Property::Positive]);
    let (x, y, u, v) = (positive("x"), positive("y"), positive("u"), positive("v"));
    let mut chain = x;
    for _ in 0..450 {
        chain = g.map(ScalarFn::Sin, chain).unwrap();
    }
    let logs = [(x, y), (u, v)].map(|(a, b)| {
        let product = g.multiply(a, b).unwrap();
        g.map(ScalarFn::Log, product).unwrap()
    });
    let both = g.multiply(logs[0], logs[1]).unwrap();
    (g.add(chain, both).unwrap(), logs)
}

#[test]
fn of_an_expression_with_too_many_forms_the_numbers_are_made_cheaper_the_costliest_first() {
    let rules = log_of_product();
    let mut g = Graph::new();
    let (whole, logs) = large(&mut g);
    let cost = |g: &Graph, node: NodeId| match logs.iter().position(|log| *log == node) {
        Some(0) => 1e4,
        Some(_) => 1e5,
        None => f64::from(u8::from(!g.args(node).is_empty())),
    };
    let limits = Limits { terms: 400, ..Limits::default() };
    let found = rewrite(&g, whole, &[], &rules, &limits, &cost).unwrap();
    assert_eq!(found.ended, Ended::Terms);
    assert!(!found.unproved && found.changes.len() == 2);
    // The chain, and a few operations on logarithms of inputs.
    assert!(found.cost.0 > 1.1e5 && (450.0..470.0).contains(&found.cost.1), "{:?}", found.cost);
    let (graph, steps) = found.changes[0].steps();
    let reached = graph.reachable(&[steps[steps.len() - 1].1]);
    assert!(reached.contains(&logs[0]) && !reached.contains(&logs[1]));
    assert!(!found.graph.reachable(&[found.after]).contains(&logs[0]));
}

#[test]
fn a_search_ends_within_its_terms() {
    let rules = log_of_product();
    let mut g = Graph::new();
    let (whole, logs) = large(&mut g);
    let cost = |g: &Graph, node: NodeId| match logs.contains(&node) {
        true => 1e4,
        false => f64::from(u8::from(!g.args(node).is_empty())),
    };
    // The whole takes more than all that is allowed, so that one step ends at its first match and no other begins.
    let limits = Limits { terms: 200, ..Limits::default() };
    let found = rewrite(&g, whole, &[], &rules, &limits, &cost).unwrap();
    assert!(found.ended == Ended::Terms && found.changes.len() < 2, "{} changes", found.changes.len());
    assert!(found.terms < 500, "{}", found.terms);
}

/// log(x y) costs less than log x + log y, but not where log x and log y are needed anyway.
#[test]
fn a_form_that_shares_what_is_there_counts_what_it_adds() {
    let rules = log_of_product();
    let mut g = Graph::new();
    let (x, y) = (scalar(&mut g, "x", &[Property::Positive]), scalar(&mut g, "y", &[Property::Positive]));
    let product = g.multiply(x, y).unwrap();
    let whole = g.map(ScalarFn::Log, product).unwrap();
    let [a, b] = [x, y].map(|of| g.map(ScalarFn::Log, of).unwrap());
    let others = [a, b].map(|log| g.map(ScalarFn::Sin, log).unwrap());
    let others = g.multiply(others[0], others[1]).unwrap();
    // Under the sine there is nothing to multiply out.
    let sine = g.map(ScalarFn::Sin, whole).unwrap();
    let shared = g.multiply(sine, others).unwrap();
    let cost = |g: &Graph, node: NodeId| {
        let log = *g.op(node) == Op::Map(ScalarFn::Log);
        if node == whole {
            50.0
        } else if log {
            40.0
        } else {
            f64::from(u8::from(!g.args(node).is_empty()))
        }
    };
    let alone = rewrite(&g, whole, &[], &rules, &Limits::default(), &cost).unwrap();
    assert_eq!((alone.cost, alone.changes.len()), ((51.0, 51.0), 0));
    // x y, its logarithm and the sine of that, two of x and y with theirs, and two products; then a sum in place of the first
    // two.
    let found = rewrite(&g, shared, &[], &rules, &Limits::default(), &cost).unwrap();
    assert_eq!((found.cost, found.changes.len()), ((136.0, 86.0), 1));
    assert!(!found.graph.reachable(&[found.after]).contains(&whole));
}
