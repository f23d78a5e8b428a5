//! What the prover makes of values: wherever a value is finite, its sums of products have that value too. The expressions
//! are random, of signed numbers, vectors and matrices, so that what holds of positive numbers alone is found out.

use loewner::check::{Part, Session};
use loewner::eval::{Entries, Plan, Workspace};
use loewner::ir::{Graph, InputId, NodeId};
use loewner::prove;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Texts of one kind of value: what stands for it, and the forms that make one of others.
#[derive(Clone)]
struct Texts {
    number: BoxedStrategy<String>,
    vector: BoxedStrategy<String>,
    matrix: BoxedStrategy<String>,
}

fn leaves() -> Texts {
    let of = |names: Vec<&'static str>| select(names).prop_map(String::from).boxed();
    Texts {
        number: of(vec!["s", "t", "p", "p", "2", "(-3)", "(1/2)"]),
        vector: of(vec!["x", "y", "abs(x)"]),
        matrix: of(vec!["A", "B", "eye(2)", "diag(x)"]),
    }
}

/// Forms with `#` for a number, `$` for a vector and `@` for a matrix.
const NUMBERS: &[&str] = &[
    "(# + #)",
    "(# - #)",
    "#*#",
    "#/#",
    "(-#)",
    "abs(#)",
    "abs(#)^2",
    "abs(#)^3",
    "abs(#)^4",
    "(#)^2",
    "(#)^3",
    "(#)^(-1)",
    "(#)^(-2)",
    "sqrt(abs(#))",
    "sqrt((#)^2)",
    "sqrt((#)^4)",
    "sqrt((#)^6)",
    "abs(#)^(1/2)",
    "abs(#)^(3/2)",
    "((#)^2)^(-1/2)",
    "sqrt(p*#)",
    "log(abs(#))",
    "log((#)^2)",
    "log(p*#)",
    "exp(#)",
    "max(#, #)",
    "min(#, #)",
    "relu(#)",
    "sum($)",
    "inner($, $)",
    "norm($)",
    "norm($)^2",
    "sum(@)",
    "trace(@)",
    "inner(@, @)",
    "norm(@)^2",
    "det(@)",
    "inner($, @*$)",
];

const VECTORS: &[&str] = &[
    "($ + $)",
    "($ - $)",
    "#*$",
    "$ .* $",
    "$ ./ $",
    "abs($)",
    "abs($).^2",
    "($).^2",
    "($).^3",
    "sqrt(($).^2)",
    "log(($).^2)",
    "exp($)",
    "@*$",
    "diag(@)",
    "sum(@, \"rows\")",
];

const MATRICES: &[&str] = &[
    "(@ + @)",
    "(@ - @)",
    "#*@",
    "@*@",
    "(@ .* @)",
    "(@)'",
    "abs(@)",
    "abs(@).^2",
    "(@).^2",
    "diag($)",
    "(@ + p*eye(2))",
];

fn filled(forms: &'static [&'static str], inner: &Texts) -> BoxedStrategy<String> {
    let parts = (prop::collection::vec(inner.number.clone(), 2), prop::collection::vec(inner.vector.clone(), 2));
    (select(forms), parts, prop::collection::vec(inner.matrix.clone(), 2))
        .prop_map(|(form, (mut numbers, mut vectors), mut matrices)| {
            let part = |c| match c {
                '#' => numbers.pop().expect("two numbers at most"),
                '$' => vectors.pop().expect("two vectors at most"),
                '@' => matrices.pop().expect("two matrices at most"),
                c => String::from(c),
            };
            form.chars().map(part).collect()
        })
        .boxed()
}

/// Expressions of some depth.
fn texts(depth: usize) -> Texts {
    let Some(less) = depth.checked_sub(1) else { return leaves() };
    let inner = texts(less);
    let either =
        |forms, shallow: &BoxedStrategy<String>| prop_oneof![3 => filled(forms, &inner), 1 => shallow.clone()].boxed();
    Texts {
        number: either(NUMBERS, &inner.number),
        vector: either(VECTORS, &inner.vector),
        matrix: either(MATRICES, &inner.matrix),
    }
}

/// The graph of an expression and its node, followed by what the prover makes of it.
fn views(text: &str) -> Option<(Graph, [NodeId; 3])> {
    let text = format!(
        "theorem \"views\" {{
            forall s, t in [-2, 2]
            forall p in (0, 2]
            forall x, y: Vec[2]
            forall A, B: Mat[2, 2]
            claim {text} == s
        }}"
    );
    let theorem = Session::new().load_text("views", &text).ok()?.pop()?;
    let Part::Margin { sides: Some(sides), .. } = &theorem.claims[0].parts[0] else { return None };
    let (graph, [written, opened]) = prove::views(&theorem, sides.left)?;
    Some((graph, [sides.left, written, opened]))
}

/// The values of numbers of a graph where its raw inputs are such; none where one is undefined.
fn values(graph: &Graph, roots: &[NodeId], numbers: &[f64]) -> Option<Vec<f64>> {
    let plan = Plan::<f64>::compile(graph, roots).ok()?;
    let mut workspace = Workspace::new(&plan);
    for (i, (input, numbers)) in graph.inputs().iter().zip(numbers.chunks(4)).enumerate() {
        // What a view does not use has no place in its plan.
        let Some(Entries::Real(entries)) = workspace.input_mut(InputId(i as u32)).map(|input| input.entries) else {
            continue;
        };
        let of_domain = |number: f64| if input.name == "p" { number.abs() } else { number };
        entries.iter_mut().zip(numbers).for_each(|(entry, number)| *entry = of_domain(*number));
    }
    plan.run(&mut workspace).ok()?;
    (0..roots.len()).map(|i| workspace.scalar(i)).collect()
}

/// What is wrong with the views of an expression at these points: a view that has another value at two of them or more.
/// One point may lie where rounding is all that is left; a wrong view is wrong at many.
fn fault(text: &str, points: &[Vec<f64>]) -> Option<String> {
    let (graph, nodes) = views(text)?;
    let mut wrong = [Vec::new(), Vec::new()];
    for point in points {
        let Some(value) = values(&graph, &nodes[..1], point).map(|values| values[0]) else { continue };
        if !value.is_finite() || value.abs() > 1e6 {
            continue;
        }
        for (wrong, view) in wrong.iter_mut().zip(&nodes[1..]) {
            let of_view = values(&graph, &[*view], point).map(|values| values[0]);
            let close = |of_view: f64| (of_view - value).abs() <= 1e-5 * (1.0 + value.abs());
            if !of_view.is_some_and(close) {
                wrong.push(format!("{value} became {of_view:?}"));
            }
        }
    }
    let wrong = wrong.into_iter().find(|wrong| wrong.len() > 1)?;
    Some(format!("{text}: {}", wrong.join("; ")))
}

/// Eight points that a seed gives: numbers away from 0, where quotients and logarithms lose their digits.
fn points(seed: u64) -> Vec<Vec<f64>> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut number = || rng.random_range(0.2..1.6) * if rng.random() { 1.0 } else { -1.0 };
    (0..8).map(|_| (0..28).map(|_| number()).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn views_have_the_value_that_they_are_of(text in texts(3).number, seed in any::<u64>().no_shrink()) {
        let fault = fault(&text, &points(seed));
        prop_assert!(fault.is_none(), "{}", fault.unwrap_or_default());
    }
}

/// The test above is worth what its expressions are: most have views, at which something is compared.
#[test]
fn most_expressions_have_views() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let point: Vec<f64> =
        (0..28).map(|i| if i % 3 == 0 { -0.3 - 0.03 * f64::from(i) } else { 0.2 + 0.04 * f64::from(i) }).collect();
    let expressions = texts(3).number;
    let judged = (0..300).filter(|_| {
        let text = expressions.new_tree(&mut runner).unwrap().current();
        let Some((graph, nodes)) = views(&text) else { return false };
        values(&graph, &nodes, &point).is_some_and(|values| values.iter().all(|value| value.is_finite()))
    });
    let judged = judged.count();
    assert!(judged > 150, "{judged} of 300");
}

/// Every form is one of the language, and has views: none of them is left out in silence.
#[test]
fn every_form_has_views() {
    let lost: Vec<String> = [(NUMBERS, "#"), (VECTORS, "sum(#)"), (MATRICES, "trace(#)")]
        .into_iter()
        .flat_map(|(forms, whole)| forms.iter().map(move |form| whole.replace('#', form)))
        .map(|text| text.replace('#', "t").replace('$', "x").replace('@', "A"))
        .filter(|text| views(text).is_none())
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
}
