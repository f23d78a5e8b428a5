//! Sizes: polynomials obey the laws of a ring, equations between them have one answer in any order, and what inference
//! says of a shape is what the shape is at actual sizes.

use std::collections::BTreeMap;

use loewner::base::Code;
use loewner::check::{Part, Session, VariableKind};
use loewner::ir::{Dim, Instance, NoSize, Shape, SizeCall, SizeVar, Sizes, solve};
use proptest::prelude::*;

fn var(id: u32) -> SizeVar {
    let names = ["a", "b", "c", "m", "n", "p"];
    SizeVar { id, name: names[id as usize].into(), least: 1 }
}

/// A polynomial of degree up to two in the variables with these numbers.
fn polynomial(vars: std::ops::Range<u32>) -> impl Strategy<Value = Dim> {
    polynomial_with(-3, vars)
}

/// One whose coefficients are no less than that.
fn polynomial_with(least: i64, vars: std::ops::Range<u32>) -> impl Strategy<Value = Dim> {
    let factor = prop::option::of(vars.prop_map(|id| Dim::var(var(id))));
    let term = (least..=3, factor.clone(), factor).prop_map(|(coefficient, x, y)| {
        let one = Dim::constant(1);
        let product = x.unwrap_or(one.clone()).mul(&y.unwrap_or(one)).unwrap();
        product.mul(&Dim::constant(coefficient)).unwrap()
    });
    prop::collection::vec(term, 0..4)
        .prop_map(|terms| terms.iter().fold(Dim::default(), |sum, term| sum.add(term).unwrap()))
}

/// The left side of an equation: what a domain in a definition may be written with.
fn pattern() -> impl Strategy<Value = Dim> {
    let open = (3u32..6).prop_map(|id| Dim::var(var(id)));
    prop_oneof![
        4 => open.clone(),
        1 => (open.clone(), 2i64..4).prop_map(|(x, k)| x.mul(&Dim::constant(k)).unwrap()),
        2 => (open.clone(), open.clone()).prop_map(|(x, y)| x.add(&y).unwrap()),
        1 => (open.clone(), open.clone()).prop_map(|(x, y)| x.mul(&y).unwrap()),
        1 => open.prop_map(|x| x.add(&Dim::constant(1)).unwrap()),
    ]
}

proptest! {
    #[test]
    fn sizes_are_a_commutative_ring(x in polynomial(0..3), y in polynomial(0..3), z in polynomial(0..3)) {
        prop_assert_eq!(x.add(&y), y.add(&x));
        prop_assert_eq!(x.mul(&y), y.mul(&x));
        prop_assert_eq!(x.add(&y).unwrap().add(&z), x.add(&y.add(&z).unwrap()));
        prop_assert_eq!(x.mul(&y).unwrap().mul(&z), x.mul(&y.mul(&z).unwrap()));
        prop_assert_eq!(x.mul(&y.add(&z).unwrap()), x.mul(&y).unwrap().add(&x.mul(&z).unwrap()));
        prop_assert_eq!(x.sub(&x).unwrap(), Dim::constant(0));
        prop_assert_eq!(x.mul(&Dim::constant(1)).unwrap(), x);
    }

    #[test]
    fn evaluation_respects_the_operations(
        x in polynomial(0..3), y in polynomial(0..3), at in prop::array::uniform3(1i64..9),
    ) {
        let sizes: Sizes = (0..3).map(|id| (var(id), at[id as usize])).collect();
        let (p, q) = (x.eval(&sizes).unwrap(), y.eval(&sizes).unwrap());
        prop_assert_eq!(x.add(&y).unwrap().eval(&sizes), Some(p + q));
        prop_assert_eq!(x.sub(&y).unwrap().eval(&sizes), Some(p - q));
        prop_assert_eq!(x.mul(&y).unwrap().eval(&sizes), Some(p * q));
        let values: BTreeMap<SizeVar, Dim> = sizes.iter().map(|(v, n)| (v.clone(), Dim::constant(*n))).collect();
        prop_assert_eq!(x.substitute(&values).unwrap().as_constant(), Some(p));
        prop_assert!(x.least().is_none_or(|least| least <= p));
    }

    #[test]
    fn equations_have_one_answer_in_any_order(
        patterns in prop::collection::vec((pattern(), prop::bool::weighted(0.1)), 1..6),
        hidden in prop::array::uniform3(polynomial(0..3)),
        order in Just(()).prop_perturb(|(), mut rng| rng.random::<u64>()),
    ) {
        let open: Vec<SizeVar> = (3..6).map(var).collect();
        let values: BTreeMap<SizeVar, Dim> = open.iter().cloned().zip(hidden).collect();
        let equations: Vec<(Dim, Dim)> = patterns
            .into_iter()
            .map(|(pattern, wrong)| {
                let actual = pattern.substitute(&values).unwrap();
                let actual = if wrong { actual.add(&Dim::constant(1)).unwrap() } else { actual };
                (pattern, actual)
            })
            .collect();
        let mut shuffled = equations.clone();
        let mut state = order;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            shuffled.swap(i, (state >> 33) as usize % (i + 1));
        }
        let (one, other) = (solve(&equations, &open), solve(&shuffled, &open));
        prop_assert_eq!(one.is_ok(), other.is_ok(), "{:?} and {:?}", one, other);
        if let (Ok(one), Ok(other)) = (one, other) {
            for (pattern, actual) in &equations {
                prop_assert_eq!(&pattern.substitute(&one).unwrap(), actual);
            }
            prop_assert_eq!(one, other);
        }
    }
}

/// A size with what it is by another way of computing it: `None` where it is no integer, or beyond what is counted.
#[derive(Clone, Debug)]
enum Written {
    Number(i64),
    Name(u32),
    Sum(Box<Written>, Box<Written>),
    Difference(Box<Written>, Box<Written>),
    Product(Box<Written>, Box<Written>),
    Power(Box<Written>, Box<Written>),
    Quotient(Box<Written>, i64),
    Floor(Box<Written>, i64),
    Min(Box<Written>, Box<Written>),
    Max(Box<Written>, Box<Written>),
}

/// A variable of which the last may be negative, as in `forall c in a - 4..4`.
fn name(id: u32) -> SizeVar {
    SizeVar { least: if id == 2 { i64::MIN } else { 1 }, ..var(id) }
}

impl Written {
    fn value(&self, at: &[i64; 3]) -> Option<i64> {
        Some(match self {
            Written::Number(n) => *n,
            Written::Name(id) => at[*id as usize],
            Written::Sum(x, y) => x.value(at)?.checked_add(y.value(at)?)?,
            Written::Difference(x, y) => x.value(at)?.checked_sub(y.value(at)?)?,
            Written::Product(x, y) => x.value(at)?.checked_mul(y.value(at)?)?,
            Written::Power(x, y) => x.value(at)?.checked_pow(y.value(at)?.try_into().ok()?)?,
            Written::Quotient(x, k) => Some(x.value(at)?).filter(|x| x % k == 0)? / k,
            Written::Floor(x, k) => (x.value(at)? as f64 / *k as f64).floor() as i64,
            Written::Min(x, y) => x.value(at)?.min(y.value(at)?),
            Written::Max(x, y) => x.value(at)?.max(y.value(at)?),
        })
    }

    /// What no number is greater than that comes up where this is multiplied out, its variables put in at once or one by one.
    fn bound(&self, at: &[i64; 3]) -> f64 {
        match self {
            Written::Number(n) => n.abs() as f64,
            Written::Name(id) => at[*id as usize].abs().max(1) as f64,
            Written::Sum(x, y) | Written::Difference(x, y) => x.bound(at) + y.bound(at),
            Written::Product(x, y) => x.bound(at) * y.bound(at),
            // Of a name to a power there are as many factors, even where each is 1.
            Written::Power(x, y) => x.bound(at).max(2.0).powf(y.bound(at)),
            Written::Quotient(x, _) | Written::Floor(x, _) => x.bound(at),
            Written::Min(x, y) | Written::Max(x, y) => x.bound(at).max(y.bound(at)),
        }
    }

    fn dim(&self) -> Option<Dim> {
        let two = |x: &Written, y: &Written| Some((x.dim()?, y.dim()?));
        match self {
            Written::Number(n) => Some(Dim::constant(*n)),
            Written::Name(id) => Some(Dim::var(name(*id))),
            Written::Sum(x, y) => two(x, y).and_then(|(x, y)| x.add(&y)),
            Written::Difference(x, y) => two(x, y).and_then(|(x, y)| x.sub(&y)),
            Written::Product(x, y) => two(x, y).and_then(|(x, y)| x.mul(&y)),
            Written::Power(x, y) => two(x, y).and_then(|(x, y)| Dim::call(SizeCall::Power(x, y))),
            Written::Quotient(x, k) => Dim::call(SizeCall::Quotient(x.dim()?, *k)),
            Written::Floor(x, k) => Dim::call(SizeCall::Floor(x.dim()?, *k)),
            Written::Min(x, y) => two(x, y).and_then(|(x, y)| Dim::call(SizeCall::Min(x, y))),
            Written::Max(x, y) => two(x, y).and_then(|(x, y)| Dim::call(SizeCall::Max(x, y))),
        }
    }
}

fn written() -> impl Strategy<Value = Written> {
    let leaf = prop_oneof![(1i64..4).prop_map(Written::Number), (0u32..3).prop_map(Written::Name)];
    leaf.prop_recursive(4, 12, 2, |inner| {
        let two = (inner.clone(), inner.clone()).prop_map(|(x, y)| (Box::new(x), Box::new(y)));
        prop_oneof![
            two.clone().prop_map(|(x, y)| Written::Sum(x, y)),
            two.clone().prop_map(|(x, y)| Written::Difference(x, y)),
            two.clone().prop_map(|(x, y)| Written::Product(x, y)),
            two.clone().prop_map(|(x, y)| Written::Power(x, y)),
            two.clone().prop_map(|(x, y)| Written::Min(x, y)),
            two.prop_map(|(x, y)| Written::Max(x, y)),
            (inner.clone(), 1i64..4).prop_map(|(x, k)| Written::Quotient(Box::new(x), k)),
            (inner, 1i64..4).prop_map(|(x, k)| Written::Floor(Box::new(x), k)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever form a size is kept in, it has the value of what was written, at once and variable by variable; it is at least
    /// what it is said to be at least, and what it is displayed as is read as the same size. Where the terms of a sum may be
    /// greater than what is counted, it has this value or none.
    #[test]
    fn sizes_that_are_no_polynomials_have_their_values(size in written(), at in (1i64..5, 1i64..5, -3i64..5)) {
        let at = [at.0, at.1, at.2];
        let (Some(dim), Some(expected)) = (size.dim(), size.value(&at)) else { return Ok(()) };
        let sizes: Sizes = (0..3).map(|id| (var(id), at[id as usize])).collect();
        let counted = size.bound(&at) < 2f64.powi(62);
        let right = |value: Option<i64>| value == Some(expected) || (value.is_none() && !counted);
        prop_assert!(right(dim.eval(&sizes)), "{} is {:?}, not {}", dim, dim.eval(&sizes), expected);
        prop_assert!(dim.least().is_none_or(|least| least <= expected), "{} is at least {:?}", dim, dim.least());
        let one_by_one = (0..3).try_fold(dim.clone(), |dim, id| {
            dim.substitute(&BTreeMap::from([(var(id), Dim::constant(at[id as usize]))]))
        });
        let one_by_one = one_by_one.and_then(|dim| dim.as_constant());
        prop_assert!(right(one_by_one), "{} becomes {:?}, not {}", dim, one_by_one, expected);
        let text = format!(
            "theorem \"t\" {{ forall a, b in 1..4, c in a - 4..4 forall v: Vec[{dim}] claim norm(v) >= 0 }}"
        );
        let theorems = match Session::new().load_text("t", &text) {
            Ok(theorems) => theorems,
            // One that is not positive is refused.
            Err(mistakes) => {
                prop_assert!(mistakes.iter().all(|mistake| mistake.code == Code::E0305), "{}: {:?}", dim, mistakes);
                return Ok(());
            }
        };
        let shape = &theorems[0].graph.inputs()[0].ty.shape;
        let read = shape.rows().eval(&sizes_of(&theorems[0].variables, &at));
        prop_assert!(right(read), "{} is read as {}, which is {:?}, not {}", dim, shape, read, expected);
    }

    /// A power of two has one form, and one exponent.
    #[test]
    fn powers_have_one_form(x in polynomial_with(0, 0..3), y in polynomial_with(0, 0..3)) {
        let power = |x: &Dim| Dim::call(SizeCall::Power(Dim::constant(2), x.clone()));
        let (Some(a), Some(b)) = (power(&x), power(&y)) else { return Ok(()) };
        prop_assert_eq!(a.mul(&b), power(&x.add(&y).unwrap()));
        let n = var(3);
        let open = power(&Dim::var(n.clone())).unwrap();
        let solved = solve(&[(open, a)], std::slice::from_ref(&n)).unwrap();
        prop_assert_eq!(&solved[&n], &x);
    }
}

fn sizes_of(variables: &[loewner::check::Variable], at: &[i64; 3]) -> Sizes {
    let sizes = variables.iter().filter_map(|variable| match &variable.kind {
        VariableKind::Size(size) => Some(size.clone()),
        VariableKind::Scalar { .. } | VariableKind::Member { .. } => None,
    });
    sizes.zip(at.iter().copied()).collect()
}

/// Expressions of a d × B matrix Z, each with matrices of every shape inside.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![Just("Z".to_string()), Just("ones(d, B)".to_string()), Just("W'".to_string())];
    leaf.prop_recursive(4, 12, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|x| format!("({x})'")),
            inner.clone().prop_map(|x| format!("gram({x})")),
            inner.clone().prop_map(|x| format!("cov({x})")),
            inner.clone().prop_map(|x| format!("center_rows({x})")),
            inner.clone().prop_map(|x| format!("[{x}, {x}]")),
            inner.clone().prop_map(|x| format!("[{x}; {x}]")),
            inner.clone().prop_map(|x| format!("({x}) .* ({x})")),
            inner.clone().prop_map(|x| format!("sum({x}, \"rows\") * ones(1, cols({x}))")),
            inner.clone().prop_map(|x| format!("diag(sum({x}, \"cols\"))")),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("({x}) ⊗ ({y})")),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("({x}) * ({y})")),
            (inner.clone(), inner).prop_map(|(x, y)| format!("({x}) + ({y})")),
        ]
    })
}

fn at_sizes(shape: &Shape, sizes: &Sizes) -> Shape {
    let known = |dim: &Dim| Dim::constant(dim.eval(sizes).unwrap());
    match shape {
        Shape::Scalar => Shape::Scalar,
        Shape::Vector(n) => Shape::Vector(known(n)),
        Shape::Matrix(m, n) => Shape::Matrix(known(m), known(n)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Products and sums of unlike shapes are refused for symbols; what is accepted has at every size the shape that
    /// was inferred.
    #[test]
    fn inferred_shapes_are_the_shapes_at_actual_sizes(text in expression(), d in 1i64..4, batch in 1i64..4) {
        let source = format!(
            "theorem \"t\" {{ forall d in 1..4, B in 1..4 forall Z: Mat[d, B], W: Mat[B, d] claim sum({text}) >= 0 }}"
        );
        let Ok(theorems) = Session::new().load_text("t", &source) else { return Ok(()) };
        let theorem = &theorems[0];
        let Part::Margin { condition, .. } = theorem.claims[0].parts[0] else { unreachable!() };
        let mut sizes = Sizes::new();
        for (variable, value) in theorem.variables.iter().zip([d, batch]) {
            if let VariableKind::Size(size) = &variable.kind {
                sizes.insert(size.clone(), value);
            }
        }
        let nodes = theorem.graph.reachable(&[condition]);
        let instance = Instance { sizes: sizes.clone(), ..Instance::default() };
        let (graph, made) = theorem.graph.instantiate(&nodes, &instance).unwrap();
        for (before, after) in nodes.iter().zip(made) {
            let (symbolic, actual) = (theorem.graph.ty(*before), graph.ty(after));
            prop_assert_eq!(&at_sizes(&symbolic.shape, &sizes), &actual.shape, "in {}", text);
            prop_assert_eq!(symbolic.field, actual.field, "in {}", text);
        }
    }
}

/// What is built of sizes may be long, deep or shared many times.
#[test]
fn sizes_of_many_parts_are_read_in_time() {
    let mut session = Session::new();
    let shared: String = (1..40).map(|i| format!("let a{i} = a{} + a{} in ", i - 1, i - 1)).collect();
    let text = format!("def f(A: Mat[n, n]) = let a0 = n in {shared} eye(a39 - a39 + n)");
    assert!(session.load_text("shared.lw", &text).is_ok());
    let long = vec!["n"; 50_000].join(" + ");
    assert!(session.load_text("long.lw", &format!("def g(A: Mat[n, n]) = eye({long})")).is_ok());
    assert!(session.load_text("cube.lw", "def h(A: Mat[n, n^3]) -> Mat[n^3, n] = A'").is_ok());
}

/// What is beyond counting is no remainder, a bound decides what is smaller, and what never ends is refused in time.
#[test]
fn functions_of_sizes_keep_to_their_bounds() {
    let (a, b) = (Dim::var(name(0)), Dim::var(name(1)));
    let at = |n: i64| Sizes::from([(name(0), n), (name(1), n)]);
    let power = Dim::call(SizeCall::Power(Dim::constant(2), a.clone())).unwrap();
    assert_eq!((power.value(&at(62)), power.value(&at(63))), (Ok(1 << 62), Err(NoSize::TooLarge)));
    let half = Dim::call(SizeCall::Quotient(a.clone(), 2)).unwrap();
    assert_eq!((half.value(&at(5)), half.value(&Sizes::new())), (Err(NoSize::NoInteger), Err(NoSize::Unknown)));
    let quarter = Dim::call(SizeCall::Quotient(half.clone(), 2)).unwrap();
    assert_eq!(quarter.to_string(), "a/4");
    assert_eq!(Dim::call(SizeCall::Floor(half.add(&b).unwrap(), 2)), None);
    assert_eq!(Dim::call(SizeCall::Min(Dim::constant(1), a.clone())), Some(Dim::constant(1)));
    assert_eq!(Dim::call(SizeCall::Min(a.add(&b).unwrap(), b.clone())), Some(b.clone()));
    assert_eq!(Dim::call(SizeCall::Max(a.add(&b).unwrap(), b.clone())), a.add(&b));
    let far = a.sub(&Dim::constant(i64::MAX)).and_then(|far| far.sub(&Dim::constant(1))).unwrap();
    assert_eq!(Dim::call(SizeCall::Quotient(far, 2)).unwrap().least(), None);
    assert_eq!(Dim::call(SizeCall::Quotient(Dim::default(), 0)), None);
    let mut nested = Some(Dim::call(SizeCall::Min(a.clone(), b.clone())).unwrap());
    for _ in 0..64 {
        nested = nested.and_then(|x| {
            let (left, right) = (x.mul(&a)?, x.add(&b)?);
            Dim::call(SizeCall::Floor(Dim::call(SizeCall::Max(left, right))?, 2))
        });
    }
    assert_eq!(nested, None);
}

/// A size over a number is one where it comes out even: always, if it does in every term.
#[test]
fn sizes_are_divided_where_they_come_out_even() {
    let load = |size: &str| {
        let text = format!("theorem \"t\" {{ forall n in 1..4 forall v: Vec[{size}] claim norm(v) >= 0 }}");
        Session::new().load_text("t.lw", &text).map(|theorems| theorems[0].graph.inputs()[0].ty.shape.to_string())
    };
    assert_eq!(load("(4*n + 2)/2").unwrap(), load("2*n + 1").unwrap());
    assert_eq!(load("n*(n + 1)*2/2").unwrap(), load("n^2 + n").unwrap());
    assert_eq!(load("(n + 1)/2").unwrap(), "vector of size (n + 1)/2");
    assert_eq!(load("floor((n + 4)/2/2)").unwrap(), "vector of size floor((n + 4)/4)");
    assert_eq!(load("floor(min(n, 4))").unwrap(), load("min(n, 4)").unwrap());
    for size in ["(n - n)/0 + n", "floor((n + n/2)/2)", "n/0", "4/n", "n/2.5", "sqrt(n)", "2^(-n)"] {
        assert!(load(size).is_err(), "{size}");
    }
}
