//! Verdicts on claims of every kind, as files have them.

use crate::base::Code;
use crate::check::Session;
use crate::verify::{ClaimReport, Options, Silent, Verdict, verify};

/// The claims of one theorem, written in the language.
pub fn with(text: &str, options: &Options) -> Vec<ClaimReport> {
    let theorems = Session::new().load_text("t.lw", &format!("theorem \"t\" {{ {text} }}")).unwrap();
    verify(&theorems, options, &Silent).unwrap().claims
}

fn claims(text: &str, samples: u64) -> Vec<ClaimReport> {
    with(text, &Options { samples, threads: 2, attack: 0.01, ..Options::default() })
}

#[test]
fn equality_off_its_condition_is_decided_by_certificates() {
    // Next to the case of equality the gap is of second order, and far below its error bound; it is certainly not 0.
    let claim = &claims(
        "forall n in 1..8 forall K: Psd[n]
         claim det(K)^(1/n) <= trace(K)/n equality iff K == (trace(K)/n)*eye(n)",
        20_000,
    )[0];
    assert!(matches!(claim.verdict, Verdict::Holds), "{claim:?}");
    // Structured inputs show exact equality where the condition fails: Σ K_ij² = n at the identity.
    for condition in ["K == ones(n, n)", "n == 1"] {
        let text = format!("forall n in 1..6 forall K: Corr[n] claim trace(K*K) >= n equality iff {condition}");
        let claim = &claims(&text, 4000)[0];
        let witness = claim.witness().unwrap_or_else(|| panic!("{claim:?}"));
        assert!(witness.certified && witness.margin.1 < -0.5, "{witness:?}");
    }
    let claims = claims(
        "forall n in 1..6 forall K: Corr[n]
         claim maximizes(det(K), K, eye(n))
         claim maximizes(lambda_max(K), K, ones(n, n))
         claim minimizes(trace(K), K, eye(n))",
        4000,
    );
    assert!(matches!(claims[0].verdict, Verdict::Holds), "{:?}", claims[0]);
    // Signs x give the kernel xx', whose greatest eigenvalue is n, too; the trace is n everywhere.
    for claim in &claims[1..] {
        let witness = claim.witness().unwrap_or_else(|| panic!("{claim:?}"));
        assert!(witness.certified, "{witness:?}");
    }
}

#[test]
fn samples_next_to_a_jump_are_decided_by_certificates() {
    // Near singular kernels λ^α is far from its value as computed; the claim is true (Proposition 4.7 (2)).
    let claim = &claims(
        "forall n in 2..6, alpha in (0, 1) forall K1, K2: Corr[n]
         claim entropy(K1 ∘ K2, alpha) >= max(entropy(K1, alpha), entropy(K2, alpha))",
        20_000,
    )[0];
    assert!(matches!(claim.verdict, Verdict::Holds), "{claim:?}");
    assert!(claim.notes.iter().any(|note| note.contains("decided by certificates")), "{claim:?}");
}

#[test]
fn the_largest_value_is_reported_with_an_enclosure() {
    let found = claims(
        "forall n in 1..6 forall K: Corr[n]
         claim sup(sum(abs2(K))/n) <= n
         claim sup(entropy(K, 2)) <= inf
         claim sup(trace(K*K)/n^2) < 1
         claim sup(-logdet(K)) <= inf
         claim sup(-logdet(K)) < inf
         claim sup(lambda_max(K)) <= 5.5",
        4000,
    );
    let sup = |claim: &ClaimReport| claim.supremum.clone().unwrap_or_else(|| panic!("{claim:?}"));
    // n, at kernels of signs; log n, at the identity.
    let (signs, entropy) = (sup(&found[0]), sup(&found[1]));
    let (lo, hi) = signs.enclosure.unwrap();
    assert!(lo <= 6.0 && 6.0 <= hi && hi - lo <= 4e-15 && (lo..=hi).contains(&signs.value), "{signs:?}");
    assert!(matches!(found[0].verdict, Verdict::Holds) && found[0].min_margin.is_some());
    let (lo, hi) = entropy.enclosure.unwrap();
    let log = 6.0f64.ln();
    assert!(lo <= log && log <= hi && hi - lo < 1e-14 && entropy.sizes == [("n".to_owned(), 6)], "{entropy:?}");
    assert!(matches!(found[1].verdict, Verdict::Holds) && found[1].violation_bound.is_none());
    // At n = 1 it is 1.
    assert!(found[2].witness().is_some_and(|witness| witness.certified), "{:?}", found[2]);
    // Singular kernels have determinant 0.
    assert!(sup(&found[3]).unbounded && matches!(found[3].verdict, Verdict::Holds));
    assert!(matches!(found[4].verdict, Verdict::Inconclusive { .. }));
    let witness = found[5].witness().unwrap_or_else(|| panic!("{:?}", found[5]));
    assert!(witness.margin.1 < 0.0 && sup(&found[5]).value > 5.9);
}

#[test]
fn the_largest_value_is_the_same_for_any_number_of_threads() {
    let text = "theorem \"t\" { forall n in 1..6 forall K: Corr[n] claim sup(entropy(K, 1/2)/n) <= inf }";
    let theorems = Session::new().load_text("t.lw", text).unwrap();
    let run = |threads| {
        let options = Options { samples: 3000, threads, attack: 0.01, ..Options::default() };
        verify(&theorems, &options, &Silent).unwrap().claims.remove(0).supremum.unwrap()
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn differences_that_doubles_lose_are_followed_in_extended_precision() {
    let found = claims(
        "forall n in 1..4, x in (0, inf) forall K: Corr[n]
         claim exp(x) ~ 1 + x + x^2/2 + O(x^3) as x -> 0
         claim exp(x) ~ 1 + x + x^2/2 + O(x^4) as x -> 0
         claim tcr(K, x) ~ n*log(x) + n/x - trace(K*K)/(2*x^2) + O(1/x^3) as x -> inf
         claim tcr(K, x) ~ n*log(x) + n/x - trace(K*K)/(3*x^2) + O(1/x^3) as x -> inf",
        500,
    );
    // The coefficients of Taylor's formula: x³/6, and tr(K³)/(3 x³).
    assert!(matches!(found[0].verdict, Verdict::Holds), "{:?}", found[0]);
    assert!(found[0].notes[0].contains("x^3.000") && found[0].notes[0].contains("1.6667e-1"), "{:?}", found[0]);
    assert!(matches!(found[2].verdict, Verdict::Holds), "{:?}", found[2]);
    assert!(found[2].notes[0].contains("x^-3.000"), "{:?}", found[2]);
    for claim in [&found[1], &found[3]] {
        let witness = claim.witness().unwrap_or_else(|| panic!("{claim:?}"));
        assert!((witness.margin.0 + 1.0).abs() < 1e-3, "{witness:?}");
    }
}

#[test]
fn growth_that_ends_far_out_refutes_nothing() {
    for (text, refuted) in [
        // Below c the difference is about -c/x, and beyond it -c^2/(2 x^2).
        ("c in (0, 10^9] claim log(1 + c/x) ~ c/x + O(1/x^2) as x -> inf", false),
        ("c in [1, 2] claim log(1 + c/x) ~ c/x + O(1/x^3) as x -> inf", true),
        ("a in [1, 2] claim x/(a + x/10^15) ~ 0 + O(1) as x -> inf", false),
        ("a in [1, 2] claim a*x + x^2/10^15 ~ 0 + O(1) as x -> inf", true),
        ("a in [1, 2] claim a/(x + 1/10^15) ~ 0 + O(1) as x -> 0", false),
        ("a in [1, 2] claim a/(x + x^2) ~ 0 + O(1) as x -> 0", true),
        ("a in [1, 2] claim x*relu(a*10^10 - x) ~ 0 + O(1) as x -> inf", false),
    ] {
        let claim = &claims(&format!("forall x in (0, inf), {text}"), 200)[0];
        assert_eq!(matches!(claim.verdict, Verdict::Refuted(_)), refuted, "{text}: {claim:?}");
    }
}

#[test]
fn a_supremum_is_found_past_infinite_values() {
    // log 0 is tried first of all, as a special value: whatever is finite is larger.
    let report = claims("forall x in [0, 1] claim sup(log(x)) <= 0", 300);
    let found = report[0].supremum.as_ref().unwrap_or_else(|| panic!("{report:?}"));
    assert_eq!(found.value, 0.0, "{found:?}");
}

#[test]
fn without_time_for_an_input_nothing_is_known() {
    let options = Options { budget: Some(std::time::Duration::ZERO), ..Options::default() };
    let report = with("forall n in 1..4 forall A: Psd[n] assume trace(A) <= 3 claim trace(A) <= 3", &options);
    assert!(matches!(report[0].verdict, Verdict::Inconclusive { .. }), "{report:?}");
}

#[test]
fn a_range_that_is_always_empty_is_vacuous() {
    // Ends that are known are looked at by the checker already.
    for range in ["n in 1..3, x in [n + 1, n]", "y in [0, 1], x in [2 + y, 1]"] {
        let claim = &claims(&format!("forall {range} claim x <= 2"), 200)[0];
        assert!(matches!(claim.verdict, Verdict::Vacuous { .. }), "{range}: {claim:?}");
    }
    // Empty at some sizes only.
    let claim = &claims("forall n in 1..4, x in [2, n] claim x <= 4", 200)[0];
    assert!(matches!(claim.verdict, Verdict::Holds), "{claim:?}");
}

#[test]
fn a_claim_tells_that_its_time_was_up() {
    let time = |budget| Options { samples: 200_000, threads: 1, attack: 0.0, budget, ..Options::default() };
    let text = "forall n in 1..8 forall K: Corr[n] claim entropy(K, 2) <= log(n)";
    let cut = &with(text, &time(Some(std::time::Duration::from_millis(20))))[0];
    assert!(cut.notes.iter().any(|note| note.contains("the time was up")), "{cut:?}");
    let whole = &with(text, &Options { samples: 1000, ..time(None) })[0];
    assert!(!whole.notes.iter().any(|note| note.contains("the time was up")), "{whole:?}");
}

#[test]
fn a_case_of_equality_outside_a_known_range_is_a_mistake() {
    let load = |text: &str| Session::new().load_text("t.lw", &format!("theorem \"t\" {{ {text} }}"));
    for (text, fits) in [
        ("forall x in [0, 1] claim x^2 <= x equality at x = 2", false),
        ("forall x in [0, 1) claim x^2 <= x equality at x = 1", false),
        ("forall x in [0, 1] claim x^2 <= x equality at x = 1", true),
        ("forall a in {1, 2} claim a <= 3 equality at a = 3", false),
        ("forall n in 1..8 forall K: Corr[n] claim trace(K) <= 9 equality at n = 9", false),
        ("forall n in 1..8 forall K: Corr[n] claim trace(K) <= 8 equality at n = 8", true),
    ] {
        let mistakes = load(text).err().unwrap_or_default();
        assert_eq!(mistakes.is_empty(), fits, "{text}: {mistakes:?}");
        assert!(mistakes.iter().all(|mistake| mistake.code == Code::E0605), "{text}: {mistakes:?}");
    }
}

#[test]
fn a_range_that_breaks_the_condition_of_a_definition_is_a_mistake() {
    let definitions = "def pos(x: Real) -> Real where x > 0 = log(x)
        def among(k: 2..3, x in [0, 1]) = k*x";
    for (text, fits) in [
        ("forall x in [-2, -1] claim pos(x) > -100", false),
        ("forall x in [-2, 0] claim pos(x) > -100", false),
        ("forall x in [-2, 1] claim pos(x) > -100", true),
        ("forall x in [-2, -1] claim pos(-x) > -100", true),
        ("forall x in [2, 3] claim pos(1 - 2*x) > -100", false),
        ("forall y in [-3, -2], x in [y, -1] assume pos(x) > 0 claim x < 0", false),
        ("forall n in 2..3 forall K: Corr[n], alpha in [-2, -1] claim entropy(K, alpha) >= 0", false),
        ("forall k in 4..6, x in [0, 1] claim among(k, x) >= 0", false),
        ("forall k in 3..6, x in [0, 1] claim among(k, x) >= 0", true),
        ("forall x in (1, 2] claim among(2, x) >= 0", false),
        ("forall x in [1, 2] claim among(2, x) >= 0", true),
        // What is never reached breaks nothing.
        ("forall x in [-2, -1] claim (if x > 0 then pos(x) else x) < 0", true),
        ("forall x in [-2, -1] claim x < 0 or pos(x) > 0", true),
        ("forall x in [-2, -1] claim not (x > 0 and pos(x) > 0)", true),
        ("forall x in [-2, -1] assume x > 0 claim pos(x) > 0", true),
    ] {
        let text = format!("{definitions} theorem \"t\" {{ {text} }}");
        let mistakes = Session::new().load_text("t.lw", &text).err().unwrap_or_default();
        assert_eq!(mistakes.is_empty(), fits, "{text}: {mistakes:?}");
        assert!(mistakes.iter().all(|mistake| mistake.code == Code::E0404), "{text}: {mistakes:?}");
    }
}

#[test]
fn a_proof_stands_only_as_long_as_its_lemmas() {
    // y² ≤ y is false for y > 1; what follows from it with a factor 0 is true, and is not proved by it.
    let text = "theorem \"squares\" { forall y in [0, 4] claim y^2 <= y }
        theorem \"product\" { forall x, y in [0, 4] claim x*y <= (x^2 + y^2)/2 }
        theorem \"rests on the first\" {
            forall y in [0, 4]
            let s = relu(-y)
            claim s*y^2 <= s*y
            proof { s*y^2 <= s*y by \"squares\" }
        }
        theorem \"rests on the second\" {
            forall x, y in [0, 4]
            claim 2*x*y <= x^2 + y^2
            proof { 2*x*y <= x^2 + y^2 by \"product\" }
        }";
    let theorems = Session::new().load_text("t.lw", text).unwrap();
    let options = Options { samples: 500, attack: 0.01, ..Options::default() };
    let found = verify(&theorems, &options, &Silent).unwrap().claims;
    assert!(matches!(found[0].verdict, Verdict::Refuted(_)), "{:?}", found[0]);
    assert!(matches!(found[2].verdict, Verdict::Holds), "{:?}", found[2]);
    assert!(found[2].notes.iter().any(|note| note.contains("rests on squares")), "{:?}", found[2].notes);
    assert!(matches!(&found[3].verdict, Verdict::Proved { lemmas } if lemmas == &["product"]), "{:?}", found[3]);
}

#[test]
fn a_proof_of_an_inequality_is_none_of_its_clause() {
    let text = "theorem \"whole\" {
            forall a, b: Real
            claim 2*a*b <= a^2 + b^2
            proof { 2*a*b = a^2 + b^2 - (a - b)^2 <= a^2 + b^2 }
        }
        theorem \"iff\" {
            forall a, b: Real
            claim 2*a*b <= a^2 + b^2 equality iff a == b
            proof { 2*a*b = a^2 + b^2 - (a - b)^2 <= a^2 + b^2 }
        }
        theorem \"never\" {
            forall a, b: Real
            claim 2*a*b <= a^2 + b^2 equality iff a == b and a > b
            proof { 2*a*b = a^2 + b^2 - (a - b)^2 <= a^2 + b^2 }
        }
        theorem \"at\" {
            forall a, b: Real
            claim 2*a*b <= a^2 + b^2 equality at a = 1, b = 2
            proof { 2*a*b = a^2 + b^2 - (a - b)^2 <= a^2 + b^2 }
        }
        theorem \"above\" { forall y in [0, 4] claim y^2 <= y }
        theorem \"rests on what is false\" {
            forall y in [0, 4]
            claim y^2 <= y + 1 equality at y = 0
            proof { y^2 <= y by \"above\" <= y + 1 }
        }";
    let theorems = Session::new().load_text("t.lw", text).unwrap();
    let options = Options { samples: 500, attack: 0.01, ..Options::default() };
    let found = verify(&theorems, &options, &Silent).unwrap().claims;
    let [whole, iff, never, at, _, false_lemma] = found.as_slice() else { panic!("{found:?}") };
    assert!(matches!(&whole.verdict, Verdict::Proved { .. }), "{whole:?}");
    assert!(whole.comparison.is_none(), "{whole:?}");
    assert!(matches!(iff.verdict, Verdict::Holds), "{iff:?}");
    // No number is above itself: that the sides are equal nowhere is false, whatever is proved of the inequality.
    assert!(!matches!(never.verdict, Verdict::Proved { .. }), "{never:?}");
    assert!(matches!(at.verdict, Verdict::Refuted(_)), "{at:?}");
    for (claim, clause) in
        [(iff, "equality iff a == b"), (never, "equality iff a == b and a > b"), (at, "equality at a = 1, b = 2")]
    {
        let proof = claim.comparison.as_ref().unwrap_or_else(|| panic!("{claim:?}"));
        assert_eq!(proof.clause, clause);
        // The inequality stands, so that no lemma is to blame.
        assert!(!claim.notes.iter().any(|note| note.contains("a proof of it was accepted")), "{claim:?}");
    }
    // Where the inequality itself fails, the lemma is to blame, and what rests on it is not said to be proved.
    assert!(matches!(false_lemma.verdict, Verdict::Refuted(_)) && false_lemma.comparison.is_none(), "{false_lemma:?}");
    assert!(false_lemma.notes.iter().any(|note| note.contains("a proof of it was accepted")), "{false_lemma:?}");
}

#[test]
fn what_rounding_alone_meets_is_not_refuted() {
    // No number has these properties; far enough out floating point sees no difference, and nor does any precision.
    for text in [
        "forall x: Real assume sigmoid(x) == 1 claim x < 0",
        "forall x: Real assume tanh(x)^2 == 1 claim abs(x) < 1",
        "forall x, y: Real assume sigmoid(x) == 1 assume y == x claim y < 0",
        "forall x in [0, 1e6] assume exp(-x) == 0 claim x < 1",
        "forall v: Vec[3] assume tanh(max(v)) == 1 claim max(v) < 0",
    ] {
        for seed in [0, 2] {
            let options = Options { samples: 1000, threads: 2, attack: 0.01, seed, ..Options::default() };
            let claim = &with(text, &options)[0];
            assert!(
                matches!(claim.verdict, Verdict::Inconclusive { .. } | Verdict::Vacuous { .. }),
                "{text}: {claim:?}"
            );
        }
    }
    // What meets an equality exactly refutes as before, on a thin set and on one that is none.
    for text in [
        "forall x: Real assume sigmoid(x) == 1/2 claim x < 0",
        "forall x, y: Real assume relu(x) == 0 claim x >= -1",
        "forall n in 2..4 forall K: Corr[n] assume entropy(K, 2) == log(n) claim trace(K*K) > n",
    ] {
        let claim = &claims(text, 500)[0];
        assert!(matches!(claim.verdict, Verdict::Refuted(_)), "{text}: {claim:?}");
    }
}

#[test]
fn a_condition_for_equality_is_tried_at_its_edges() {
    // (what is claimed, whether it is true)
    for (text, holds) in [
        // Equality at 0, too.
        ("forall x: Real claim x <= abs(x) equality iff x > 0", false),
        ("forall x in [-1, 1] claim x <= abs(x) equality iff x > 0", false),
        ("forall x: Real claim x <= abs(x) equality iff x >= 1e-6", false),
        ("forall x: Real claim x <= abs(x) equality iff x >= 0", true),
        // 1e-60 and 60.37 are not 0.
        ("forall x: Real claim x^2 >= 0 equality iff abs(x) <= 1e-30", false),
        ("forall x: Real claim x^2 >= 0 equality iff x == 0 or x == 7.77", false),
        ("forall x: Real claim x^2*(x - 7.77)^2 >= 0 equality iff x == 0 or x == 7.77", true),
        ("forall x, y: Real claim x*y <= abs(x*y) equality iff x*y >= 0", true),
        ("forall x, y: Real claim x + y <= abs(x + y) equality iff x + y > 0", false),
        // At 3.7, too, which no sample meets and rounding finds to half of its digits.
        ("forall x: Real claim x^2*(x - 3.7)^2 >= 0 equality iff x == 0", false),
        // Ranks, which have no error bound: that of [1, -1; -1, 1] is 1, too.
        ("forall n in 1..5 forall K: Corr[n] claim rank(K) >= 1 equality iff K == ones(n, n)", false),
        ("forall x in 0..9 claim rank([x, 0; 0, x]) >= 0 equality iff x == 0", true),
        // An equality is met only within rounding until both are solved for.
        ("forall x, y: Real assume y == x/3 claim x^2*(x - 3.7)^2 >= 0 equality iff y == 0", false),
        // At 0, too, where two comparisons end.
        ("forall v: Vec[3] claim sum(v) <= sum(abs(v)) equality iff sum(v) > 0 and min(v) >= 0", false),
        ("forall v: Vec[3] claim sum(v) <= abs(sum(v)) equality iff sum(v) > 0", false),
    ] {
        let claim = &claims(text, 500)[0];
        match holds {
            true => assert!(matches!(claim.verdict, Verdict::Holds), "{text}: {claim:?}"),
            false => assert!(claim.witness().is_some_and(|witness| witness.certified), "{text}: {claim:?}"),
        }
    }
}

#[test]
fn a_condition_for_equality_that_no_sample_meets_is_told() {
    let told = |text: &str| {
        let claim = claims(text, 500)[0].clone();
        claim.notes.iter().any(|note| note == "the condition for equality was met at no sample")
    };
    assert!(told("forall x in [1, 2] claim x >= 0 equality iff x > 5"));
    // Met by samples, and put into effect in each of them.
    assert!(!told("forall x in [-1, 1] claim abs(x) >= x equality iff x >= 0"));
    assert!(!told("forall x in [1, 2] claim x^2 >= 2*x - 1 equality iff x == 1"));
}

#[test]
fn a_refuted_case_of_equality_tells_which_direction_fails() {
    for (text, told) in [
        ("forall x: Real claim x^2 >= 0 equality iff x == 1", "the condition for equality holds, and the sides differ"),
        (
            "forall x: Real claim x^2*(x - 1)^2 >= 0 equality iff x == 0",
            "the sides are equal, and the condition for equality does not hold",
        ),
    ] {
        let claim = &claims(text, 500)[0];
        assert_eq!(claim.witness().and_then(|witness| witness.breaks.as_deref()), Some(told), "{text}");
    }
}
