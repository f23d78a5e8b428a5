//! Sets of numbers as domains of parameters and results: requirements, known to be broken or tested.

use loewner::check::Session;
use loewner::verify::{Options, Silent, Verdict, verify};

fn codes(text: &str) -> Vec<String> {
    let mistakes = Session::new().load_text("t.lw", text).err().unwrap_or_default();
    mistakes.iter().map(|mistake| mistake.code.to_string()).collect()
}

#[test]
fn an_argument_known_to_lie_outside_is_a_mistake() {
    let definitions = "
        def scaled(a in (0, 20]) = 2*a
        def halves(x: [0, 1)) -> [0, 1/2] = x/2
        def identity_trace(n: 1..32) = trace(eye(n))
        def order(a in {1/2, 1, 2}) -> Real = a
        def positive(x: Real, hi: Real) -> (0, inf) = x
        def ridge(Z: Mat[d, B], lambda in (0, inf) = 0.1) -> Real where lambda < 5 = lambda*norm(Z)
        ";
    for (call, fits) in [
        ("scaled(20)", true),
        ("scaled(0)", false),
        ("scaled(21)", false),
        ("halves(0)", true),
        ("halves(1)", false),
        ("identity_trace(32)", true),
        ("identity_trace(33)", false),
        ("identity_trace(0)", false),
        ("order(1/2)", true),
        ("order(3)", false),
        ("positive(1, 2)", true),
        ("positive(-1, 2)", false),
        ("ridge(eye(2))", true),
        ("ridge(eye(2), 4)", true),
        ("ridge(eye(2), 5)", false),
        ("ridge(eye(2), 0)", false),
        ("scaled(inf)", false),
    ] {
        let found = codes(&format!("{definitions} theorem \"t\" {{ claim {call} >= 0 }}"));
        let expected: &[&str] = if fits { &[] } else { &["E0404"] };
        assert_eq!(found, expected, "{call}");
    }
    assert_eq!(codes("def f(a in (0, 1] = 2) = a"), ["E0404"], "a default outside its own range");
    assert_eq!(codes("def f(a in (0, 1]) = a theorem \"t\" { forall z: Complex claim abs(f(z)) >= 0 }"), ["E0504"]);
    assert_eq!(codes("def f(a in (0, 1]) = a theorem \"t\" { claim f(eye(2)) >= 0 }"), ["E0501"]);
}

#[test]
fn an_argument_that_may_lie_outside_is_tested() {
    let text = "
        def root(x in [0, 1]) -> [0, 1] = sqrt(x)
        theorem \"inside\" { forall x in [0, 1] claim root(x) >= x }
        theorem \"half of it\" { forall x in [-1, 1] claim root(x) >= x }
        theorem \"outside\" { forall x in [2, 3] claim root(x^2/x) >= 10 }";
    let theorems = Session::new().load_text("t.lw", text).unwrap();
    let options = Options { samples: 400, attack: 0.0, ..Options::default() };
    let claims = verify(&theorems, &options, &Silent).unwrap().claims;
    assert!(matches!(claims[0].verdict, Verdict::Holds) && claims[0].dropped == 0, "{:?}", claims[0]);
    assert!((100..300).contains(&claims[1].dropped), "{:?}", claims[1]);
    assert!(matches!(claims[2].verdict, Verdict::Inconclusive { .. }), "{:?}", claims[2]);
}

/// A computed result may miss a closed end by rounding: sin² + cos² is 1 + 2⁻⁵² at some numbers.
#[test]
fn rounding_does_not_break_the_range_of_a_result() {
    let text = "
        def one(x: Real) -> [0, 1] = cos(x)^2 + sin(x)^2
        def cosine(v, w: Vec[n]) -> [-1, 1] = inner(v, w)/(norm(v)*norm(w))
        def more(x: Real) -> [0, 1] = 1 + exp(x)/10^6
        theorem \"one\" { forall x in [-40, 40] claim one(x)*sigmoid(x) <= 9 }
        theorem \"cosine\" { forall n in 2..5 forall x in [1, 2] claim cosine(x*ones(n), 3*x*ones(n)) >= 1/2 }
        theorem \"more\" { forall x in [0, 1] claim more(x) >= 9 }";
    let theorems = Session::new().load_text("t.lw", text).unwrap();
    let options = Options { samples: 400, attack: 0.0, ..Options::default() };
    let claims = verify(&theorems, &options, &Silent).unwrap().claims;
    assert!(matches!(claims[0].verdict, Verdict::Holds) && claims[0].dropped == 0, "{:?}", claims[0]);
    assert!(matches!(claims[1].verdict, Verdict::Holds) && claims[1].dropped == 0, "{:?}", claims[1]);
    // What lies outside by more has no value.
    assert!(matches!(claims[2].verdict, Verdict::Inconclusive { .. }), "{:?}", claims[2]);
}

#[test]
fn a_size_is_no_parameter() {
    assert_eq!(codes("def h(n: 1..4, A: Mat[n, n]) = trace(A) + n"), ["E0205"]);
    assert_eq!(codes("def h(A: Mat[n, n], n: 1..4) = trace(A*eye(n))"), ["E0205"]);
    assert_eq!(codes("def h(n: 1..4, A: Mat[m, 2*n], f) = trace(A*A') + f(n)"), ["E0205"]);
    assert!(codes("def h(k: 1..4, A: Mat[n, n]) = trace(A) + k").is_empty());
}

/// A name that the language does not promise to everyone is a file's to define; the language's own uses of it stay as they
/// are: 5 lies in 1..9 whatever the file means by `floor`, and a library's entropy is made of its own x log x.
#[test]
fn names_that_the_language_does_not_list_can_be_defined() {
    let text = "
        def floor(x) = 2*x
        def xlogx(x) = x + 1
        def twice(n: 1..9) = floor(n)
        def both(xlogx: Real) = xlogx(xlogx)";
    let mut loewner = loewner::Loewner::new();
    loewner.session().load_text("t.lw", text).unwrap();
    for (call, expected) in [("twice(5)", 10.0), ("both(2)", 3.0), ("shannon([1, 0])", 0.0), ("floor(1/2)", 1.0)] {
        assert_eq!(loewner.evaluate(call).ok().and_then(|value| value.scalar()), Some(expected), "{call}");
    }
    assert_eq!(codes("def softplus(x) = x def sup(v) = max(v) def abs2(x) = x"), [""; 0]);
    assert_eq!(codes("def trace(A) = 1 def maximizes(f) = 1 def pi(x) = x"), ["E0205"; 3]);
}
