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
        theorem \"outside\" { forall x in [2, 3] claim root(x) >= 10 }";
    let theorems = Session::new().load_text("t.lw", text).unwrap();
    let options = Options { samples: 400, attack: 0.0, ..Options::default() };
    let claims = verify(&theorems, &options, &Silent).unwrap().claims;
    assert!(matches!(claims[0].verdict, Verdict::Holds) && claims[0].dropped == 0, "{:?}", claims[0]);
    assert!((100..300).contains(&claims[1].dropped), "{:?}", claims[1]);
    assert!(matches!(claims[2].verdict, Verdict::Inconclusive { .. }), "{:?}", claims[2]);
}
