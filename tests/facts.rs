//! Facts are sound: on random small graphs, built through the constructors from members of every domain and from exact
//! matrices, each property known to hold does hold of the value, and each known not to hold does not.

use loewner::eval::{Entries, Plan, ValueRef, Workspace};
use loewner::ir::{
    Axis, Dim, Domain, Fact, Facts, Graph, Input, InputId, Mismatch, NodeId, Op, Property, Reduction, SETS, ScalarFn,
    Set, Shape, Zip,
};
use num_complex::Complex;
use proptest::prelude::*;

type C = Complex<f64>;

/// Numbers between −2 and 2 from a seed, some of them exactly 0 or 1, so that edges are met.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        self.0 >> 33
    }

    fn real(&mut self) -> f64 {
        match self.next() % 12 {
            0 => 0.0,
            1 => 1.0,
            _ => self.next() as f64 / (1u64 << 29) as f64 - 2.0,
        }
    }
}

fn size(n: usize) -> Dim {
    Dim::constant(n as i64)
}

/// A member of a domain, from raw inputs of its chart.
fn member(g: &mut Graph, set: Set, n: usize, complex: bool) -> NodeId {
    let sizes: Vec<Dim> = (0..set.row().sizes).map(|i| size(if i == 0 { n + 1 } else { n })).collect();
    let domain = Domain { set, sizes, complex: complex && set.row().complex };
    let raw: Vec<NodeId> = domain
        .raw()
        .into_iter()
        .map(|raw| g.input(Input { name: "x".into(), ty: raw.ty, facts: Facts::new() }))
        .collect();
    domain.chart(g, &raw).unwrap()
}

/// A symmetric matrix of small integers, written out.
fn literal(g: &mut Graph, n: usize, numbers: &mut Numbers) -> NodeId {
    let mut entries = vec![0i64; n * n];
    for i in 0..n {
        for j in 0..=i {
            let value = (numbers.next() % 4) as i64 - 1;
            entries[i * n + j] = value;
            entries[j * n + i] = value;
        }
    }
    let args = entries.into_iter().map(|value| g.integer(value).unwrap()).collect();
    g.make(Op::Block(n as u32, n as u32), args).unwrap()
}

const FUNCTIONS: &[ScalarFn] =
    &[ScalarFn::Exp, ScalarFn::Sqrt, ScalarFn::Log, ScalarFn::Tanh, ScalarFn::XLogX, ScalarFn::Abs, ScalarFn::Relu];

/// One more node on those there are; most choices do not fit and are no matter.
fn grow(g: &mut Graph, choice: u8, x: NodeId, y: NodeId) -> Result<NodeId, Mismatch> {
    let function = FUNCTIONS[usize::from(choice) % FUNCTIONS.len()];
    match choice % 40 {
        0 => g.adjoint(x),
        1 => g.transpose(x),
        2 => g.make(Op::Conj, vec![x]),
        3 => g.neg(x),
        4 => g.abs(x),
        5 => g.abs2(x),
        6 | 7 => g.map(function, x),
        8 | 9 => g.make(Op::Spectral(function), vec![x]),
        10 | 11 => {
            let adjoint = g.adjoint(x)?;
            g.multiply(adjoint, x)
        }
        12 => {
            let adjoint = g.adjoint(x)?;
            g.multiply(x, adjoint)
        }
        13 => g.make(Op::DiagonalOf, vec![x]),
        14 => g.make(Op::DiagonalMatrix, vec![x]),
        15 => g.offdiag(x),
        16 => g.sum(x),
        17 => g.reduce(Reduction::Max, Axis::Rows, x),
        18 => g.reduce(Reduction::Sum, Axis::Cols, x),
        19 => g.trace(x),
        20 => g.softmax(Axis::All, x),
        21 => g.make(Op::Eigenvalues, vec![x]),
        22 => g.make(Op::SingularValues, vec![x]),
        23 => g.make(Op::Inverse, vec![x]),
        24 => g.make(Op::StopGradient, vec![x]),
        25 => {
            let trace = g.trace(x)?;
            g.zip(Zip::Div, x, trace)
        }
        26 => {
            let sum = g.sum(x)?;
            g.zip(Zip::Div, x, sum)
        }
        27 => g.make(Op::Block(1, 2), vec![x, y]),
        28 => g.make(Op::Kron, vec![x, y]),
        29 | 30 => g.add(x, y),
        31 => g.sub(x, y),
        32 | 33 => g.zip(Zip::Mul, x, y),
        34 => g.zip(Zip::Max, x, y),
        35 => g.zip(Zip::Min, x, y),
        36 | 37 => g.multiply(x, y),
        38 => g.zip(Zip::Div, x, y),
        _ => {
            // A congruence, which keeps definiteness.
            let adjoint = g.adjoint(y)?;
            let half = g.multiply(adjoint, x)?;
            g.multiply(half, y)
        }
    }
}

/// A value as a matrix, column by column.
struct Value {
    rows: usize,
    cols: usize,
    entries: Vec<C>,
}

impl Value {
    fn at(&self, i: usize, j: usize) -> C {
        self.entries[j * self.rows + i]
    }

    fn scale(&self) -> f64 {
        self.entries.iter().map(|x| x.norm()).fold(1.0, f64::max)
    }

    /// Whether A + shift I has a Cholesky factor.
    fn definite(&self, shift: f64) -> bool {
        let n = self.rows;
        let mut l = vec![C::default(); n * n];
        for j in 0..n {
            for i in j..n {
                let mut sum = self.at(i, j);
                if i == j {
                    sum += shift;
                }
                for k in 0..j {
                    sum -= l[i * n + k] * l[j * n + k].conj();
                }
                if i == j {
                    if sum.re <= 0.0 {
                        return false;
                    }
                    l[i * n + i] = sum.re.sqrt().into();
                } else {
                    l[i * n + j] = sum / l[j * n + j];
                }
            }
        }
        true
    }

    /// How far Σ over one index of the products of two columns (or rows) is from the identity.
    fn gram_error(&self, columns: bool, all: bool) -> f64 {
        let (count, length) = if columns { (self.cols, self.rows) } else { (self.rows, self.cols) };
        let get = |i: usize, k: usize| if columns { self.at(k, i) } else { self.at(i, k) };
        let mut worst: f64 = 0.0;
        for i in 0..count {
            for j in 0..count {
                if i == j || all {
                    let dot: C = (0..length).map(|k| get(i, k).conj() * get(j, k)).sum();
                    worst = worst.max((dot - C::from(if i == j { 1.0 } else { 0.0 })).norm());
                }
            }
        }
        worst
    }

    /// Whether a property holds up to `slack`, which is 0 or less to ask whether it holds without doubt.
    fn holds(&self, property: Property, slack: f64) -> bool {
        let exact = slack.max(0.0);
        let square = self.rows == self.cols;
        let diagonal = || (0..self.rows).map(|i| self.at(i, i));
        let hermitian = || {
            square
                && (0..self.rows)
                    .all(|i| (0..self.cols).all(|j| (self.at(i, j) - self.at(j, i).conj()).norm() <= exact))
        };
        let every = |test: &dyn Fn(C) -> bool| self.entries.iter().all(|x| test(*x));
        match property {
            Property::Hermitian => hermitian(),
            Property::Psd => hermitian() && self.definite(slack.max(f64::MIN_POSITIVE)),
            Property::Pd => hermitian() && self.definite(slack),
            Property::UnitDiagonal => square && diagonal().all(|x| (x - 1.0).norm() <= exact),
            Property::TraceOne => square && (diagonal().sum::<C>() - 1.0).norm() <= exact,
            Property::Diagonal => {
                square && (0..self.rows).all(|i| (0..self.cols).all(|j| i == j || self.at(i, j).norm() <= exact))
            }
            Property::Nonnegative => every(&|x| x.im.abs() <= exact && x.re >= -exact),
            Property::Positive => every(&|x| x.im.abs() <= exact && x.re > -slack),
            Property::ZeroOne => every(&|x| x.norm() <= exact || (x - 1.0).norm() <= exact),
            Property::Integer => every(&|x| (x - x.re.round()).norm() <= exact),
            Property::SumsToOne => (self.entries.iter().sum::<C>() - 1.0).norm() <= exact,
            Property::UnitColumns => self.gram_error(true, false) <= exact,
            Property::UnitRows => self.gram_error(false, false) <= exact,
            Property::OrthonormalColumns => self.gram_error(true, true) <= exact,
            Property::OrthonormalRows => self.gram_error(false, true) <= exact,
            Property::Finite => every(&|x| x.is_finite()),
        }
    }
}

/// The value of a node on random raw inputs; `None` where it is not a number or too large to judge.
fn evaluate(g: &Graph, id: NodeId, seed: u64) -> Option<Value> {
    let plan = Plan::<f64>::compile(g, &[id]).ok()?;
    let mut ws = Workspace::new(&plan);
    let mut numbers = Numbers(seed);
    for i in 0..g.inputs().len() {
        match ws.input_mut(InputId(i as u32)).map(|input| input.entries) {
            Some(Entries::Real(entries)) => entries.iter_mut().for_each(|x| *x = numbers.real()),
            Some(Entries::Complex(entries)) => {
                entries.iter_mut().for_each(|x| *x = C::new(numbers.real(), numbers.real()));
            }
            None => {}
        }
    }
    plan.run(&mut ws).ok()?;
    let (rows, cols, entries): (usize, usize, Vec<C>) = match ws.value(0)? {
        ValueRef::Real { rows, cols, entries } => (rows, cols, entries.iter().map(|x| C::from(*x)).collect()),
        ValueRef::Complex { rows, cols, entries } => (rows, cols, entries.to_vec()),
        ValueRef::Truth(_) => return None,
    };
    let judged = entries.iter().all(|x| x.is_finite() && x.norm() < 1e4);
    judged.then_some(Value { rows, cols, entries })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn what_is_known_is_so(
        n in 1usize..4,
        leaves in prop::collection::vec((0..SETS.len() + 4, any::<bool>()), 1..4),
        steps in prop::collection::vec((any::<u8>(), any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..10),
        seed in any::<u64>(),
    ) {
        let mut g = Graph::new();
        let mut numbers = Numbers(seed);
        let mut nodes = Vec::new();
        for (leaf, complex) in leaves {
            nodes.push(match SETS.get(leaf) {
                Some(row) => member(&mut g, row.set, n, complex),
                None if leaf == SETS.len() => g.eye(size(n + 1)).unwrap(),
                None => literal(&mut g, n, &mut numbers),
            });
        }
        for (choice, i, j) in steps {
            let (x, y) = (*i.get(&nodes), *j.get(&nodes));
            if let Ok(node) = grow(&mut g, choice, x, y)
                && g.ty(node).shape.rows().as_constant().is_some_and(|rows| rows <= 16)
                && g.ty(node).shape.cols().as_constant().is_some_and(|cols| cols <= 16)
            {
                nodes.push(node);
            }
        }
        for id in nodes {
            let Some(value) = evaluate(&g, id, seed) else { continue };
            // Rounding grows with the entries on the way, of which those of the value are a guess.
            let slack = 1e-6 * value.scale() * value.scale();
            for property in Property::ALL {
                let facts = g.facts(id);
                let known = facts.get(*property);
                let right = match known {
                    Fact::Yes => value.holds(*property, slack),
                    Fact::No => !value.holds(*property, -slack),
                    Fact::Unknown => true,
                };
                prop_assert!(
                    right,
                    "{:?} of {:?} is said to be {:?} ({}) of {:?} {:?}",
                    property, g.op(id), known, facts.why(*property), g.ty(id), value.entries
                );
            }
        }
    }

    #[test]
    fn shapes_of_members_are_those_of_their_domains(n in 1usize..4, which in 0..SETS.len(), complex in any::<bool>()) {
        let mut g = Graph::new();
        let id = member(&mut g, SETS[which].set, n, complex);
        prop_assert!(SETS[which].properties.iter().all(|property| g.has(id, *property)));
        prop_assert!(g.ty(id).shape != Shape::Scalar || SETS[which].sizes == 0);
    }
}

/// What is compared must be real: traces and determinants of complex matrices are where these are known to be Hermitian.
#[test]
fn congruences_are_hermitian_however_they_are_grouped() {
    let claims = [
        "trace(X' * A * X) >= 0",
        "det(X' * (A * X)) >= 0",
        "trace(S * A * S) >= 0",
        "trace(B * S * A * S * B) >= 0",
        "trace(A * X * X' * A) >= 0",
        "trace((B * X)' * A * B * X) >= 0",
        "logdet(eye(n) + Y' * A * Y) >= 0",
    ];
    for claim in claims {
        let text = format!(
            "theorem \"t\" {{ forall n in 1..3 forall A: Pd[n, complex] forall B: Sym[n, complex] \
             forall X: Mat[n, n, complex] forall Y: Mat[n, n] let S = sqrtm(A) claim {claim} }}"
        );
        let mut loewner = loewner::Loewner::new();
        assert!(loewner.define(&text).is_ok(), "{claim}");
    }
    let text = "theorem \"t\" { forall A, B: Pd[2, complex] claim trace(A * B * A * B) >= 0 }";
    assert!(loewner::Loewner::new().define(text).is_err(), "a product of four that does not mirror itself");
}

/// H P H is Hermitian, but no power of H: what it is multiplied by H to is not Hermitian, and has this value.
#[test]
fn products_that_read_the_same_both_ways_are_no_powers() {
    let mut loewner = loewner::Loewner::new();
    let mut value = |text: &str| {
        let bound = format!("let H = [2, 1; 1, 1] in let P = [1, 0; 0, 0] in {text}");
        format!("{:?}", loewner.evaluate(&bound).unwrap_or_else(|error| panic!("{text}: {error:?}")))
    };
    // H P = [2, 0; 1, 0], H P H = [4, 2; 2, 1].
    let product = value("[10, 6; 5, 3]");
    for text in ["H*(P*H)*H", "(H*(P*H))*H", "H*P*H*H", "(H*P)*(H*H)"] {
        assert_eq!(value(text), product, "{text}");
    }
    assert_eq!(value("H*(H*(P*H))"), value("[10, 5; 6, 3]"));
    // H H H is a power, however it is grouped, and [13, 8; 8, 5].
    for text in ["H*(H*H)", "(H*H)*H", "H^3"] {
        assert_eq!(value(text), value("[13, 8; 8, 5]"), "{text}");
    }
}

/// Each name is the product of the two before it, and all are powers of S: with what is found kept, this takes no time.
#[test]
fn powers_of_powers_are_looked_at_once() {
    let mut text = "theorem \"t\" { forall S: Sym[2, complex] let a0 = S, a1 = S".to_owned();
    for i in 2..60 {
        text += &format!(", a{i} = a{}*a{}", i - 1, i - 2);
    }
    // The trace of a Hermitian matrix is real.
    assert!(loewner::Loewner::new().define(&format!("{text} claim trace(a59) <= 2*lambda_max(a59) }}")).is_ok());
}

/// The trace of a Hermitian matrix is real, also of real combinations of complex ones, and may be compared.
#[test]
fn real_combinations_of_hermitian_matrices_are_hermitian() {
    let define = |claim: &str| {
        let text = format!(
            "theorem \"t\" {{ forall n in 1..3, r in [0, 1], c: Complex forall S, T: Sym[n, complex] \
             forall K, L: Corr[n, complex] forall X: Mat[n, n, complex] forall Y: Mat[n, n] claim {claim} }}"
        );
        loewner::Loewner::new().define(&text)
    };
    for claim in [
        "trace(2*S) <= n*lambda_max(2*S)",
        "trace(r*K + (1 - r)*L) <= n",
        "trace(S*r - T/2) <= n*lambda_max(S*r - T/2)",
        "trace(S*eye(n)) <= n*lambda_max(S)",
        "trace(eye(n)*S*eye(n)) <= n*lambda_max(S)",
        "trace(X + X') <= n*lambda_max(X + X')",
        "trace((X' + X)/2) <= n*lambda_max(X + X')",
        "trace(X*S + S*X') <= n*lambda_max(X*S + S*X')",
        "trace(S*T + T*S) <= n*lambda_max(S*T + T*S)",
        "trace(trace(S)*T) <= n*lambda_max(trace(S)*T)",
        "lambda_max(Y + Y') <= 2*norm(Y)",
        "trace([2, 1i; -1i, 2]) <= 5",
        "trace([1, 1/2 - 3i/4; 1/2 + 3i/4, r]) <= 2",
    ] {
        assert!(define(claim).is_ok(), "{claim}: {:?}", define(claim).err());
    }
    for claim in [
        "trace(c*S) <= n",
        "trace(X + X) <= n",
        "trace(X*S + S*X) <= n",
        "trace(1i*S) <= n",
        "trace(S + c*eye(n)) <= n",
        "trace([2, 1i; 1i, 2]) <= 5",
        "trace([1i, 0; 0, 2]) <= 5",
    ] {
        assert!(define(claim).is_err(), "{claim} is not real");
    }
}
