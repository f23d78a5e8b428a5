//! Conditions under connectives: what decides them, and where.

use super::kinds::with;
use crate::verify::{ClaimReport, Options, Verdict};

fn claim(text: &str) -> ClaimReport {
    with(text, &Options { samples: 400, threads: 2, attack: 0.01, ..Options::default() }).remove(0)
}

/// The value that a witness has of the only name.
fn refuted_at(text: &str) -> String {
    let claim = claim(text);
    let witness = claim.witness().unwrap_or_else(|| panic!("{text}: {claim:?}"));
    assert!(witness.certified, "{text}: {witness:?}");
    format!("{:?}", witness.exact)
}

fn holds(text: &str) {
    let claim = claim(text);
    assert!(matches!(claim.verdict, Verdict::Holds), "{text}: {claim:?}");
}

/// By hand: x = 1 is not different from 1, and 0 not above 0.
#[test]
fn a_choice_between_a_strict_condition_and_another_is_strict_where_it_says_so() {
    refuted_at("forall x in {1, 2, 3} claim if x == 1 then x != 1 else x >= 2");
    refuted_at("forall x in [0, 1] claim if x > 1/2 then x >= 0 else x > 0");
    refuted_at("forall n in 1..4 forall K: Corr[n] claim if n == 1 then H(K, 2) >= 0 else H(K, 2) < log(n)");
    holds("forall n in 1..4 forall K: Corr[n] claim if n == 1 then H(K, 2) >= 0 else H(K, 2) < log(n) + 1/10");
    // The hypothesis holds at −1 alone, where y < 0 and y is not at most −2, and nowhere.
    let none = claim("forall y in {-1, 0, 2} assume if y < 0 then y <= -2 else y > 2 claim y < 0");
    assert!(matches!(none.verdict, Verdict::Vacuous { .. }), "{none:?}");
}

/// An equality beside a strict condition can be met: x = 1 < 2.
#[test]
fn an_equality_and_a_strict_condition_are_met_together() {
    holds("forall x in {1, 2} claim (x == 1 and x < 2) or x > 1");
    holds("forall x, y: Real claim (x == y and x < 5) or x != y or x >= 5");
    holds("forall x in {0, 1} assume (x == 1 and x < 2) or x == 7 claim x == 1");
    refuted_at("forall x in {1, 2} claim (x == 1 and x < 1) or x > 1");
}

/// What is decided by one side is so where the other has no value: there is no root of −1.
#[test]
fn one_side_decides_where_the_other_has_no_value() {
    for text in [
        "forall x in {-1, 1} claim x > 0 and sqrt(x) >= 0",
        "forall x in {-1, 1} claim sqrt(x) >= 0 and x > 0",
        "forall x in {-1, 1} claim not (x <= 0 or sqrt(x) < 0)",
        "forall x in {-1, 1} assume x < 0 or sqrt(x) >= 0 claim x > 0",
        "forall x in {-1, 1} assume x > 0 implies sqrt(x) >= 0 claim x > 0",
        "forall x in {-1, 1} assume not (x > 0 and sqrt(x) >= 0) claim x > 0",
    ] {
        let at = refuted_at(text);
        assert!(at.contains("-1"), "{text}: {at}");
    }
    holds("forall x in {-1, 1} claim x > 0 implies sqrt(x) == 1");
    holds("forall x in {-1, 1} claim x < 0 or sqrt(x) > 0");
    // Where neither side decides, nothing is said.
    let open = claim("forall x in {-1, 1} claim x < 0 and sqrt(x) >= 0 or x == 1");
    assert_eq!(open.dropped, 1, "{open:?}");
}

/// 1/0 = +∞ is above every number.
#[test]
fn a_quotient_by_zero_is_infinite() {
    refuted_at("forall n in 1..3, x in {1, 2} claim x/(n - 1) < 100");
    refuted_at("forall x in [0, 1] claim 1/x <= 1e300");
    refuted_at("forall x in [0, 1] claim -1/x >= -1e300");
    holds("forall x in [0, 1] claim 1/x >= 1");
    // 0/0 is no number: that case is not called checked.
    let open = claim("forall x in {-1, 0} claim x/x == 1");
    assert!(open.notes.iter().any(|note| note.contains("1 of 2 cases were checked")), "{open:?}");
}

/// Whether a value is infinite is a question that has an answer: the divergence from the identity to all ones is infinite, the
/// former having a support that the latter lacks; log 0 = −∞.
#[test]
fn what_is_infinite_is_told_from_what_is_not() {
    for text in [
        "forall K1, K2: Corr[2] claim kl(K1, K2) < inf",
        "forall K1, K2: Corr[2] claim kl(K1, K2) != inf",
        "forall n in 0..3 claim log(n) > -inf",
        "forall x in {0, 1} claim not (1/x == inf)",
        "forall x in {0, 1} claim 1/x == inf",
    ] {
        refuted_at(text);
    }
    holds("forall K1, K2: Corr[2] claim kl(K1, K2) <= inf");
    holds("forall x in {0, 1} claim 1/x == inf or x == 1");
    holds("forall K1, K2: Corr[2] assume kl(K1, K2) == inf claim rank(K2) == 1");
}

/// An argument that is in the domain of its parameter only within rounding is not in it: nothing is refuted there, and what
/// most inputs are not in the domain of is not proved.
#[test]
fn what_a_definition_requires_is_met_exactly_or_not_at_all() {
    for text in [
        "forall A: Mat[2, 2] claim lambda_max(A) <= norm(A, \"spectral\")",
        "forall A: Mat[2, 2] claim det(A) == lambda_max(A) * lambda_min(A)",
        "forall A: Mat[2, 2] claim sum(eigvals(A)) == trace(A)",
    ] {
        let claim = claim(text);
        assert!(matches!(claim.verdict, Verdict::Inconclusive { .. }), "{text}: {claim:?}");
    }
    // Of a matrix that is known to be in the domain both are said.
    let proved = claim("forall A: Sym[2] claim sum(eigvals(A)) == trace(A)");
    assert!(matches!(proved.verdict, Verdict::Proved { .. }), "{proved:?}");
}

/// 0 times what has no value has none: x (1/x) = 1 wherever it is defined.
#[test]
fn zero_times_infinity_is_no_counterexample() {
    holds("forall x, y in {0, 1} claim x*(y + 1/x) == x*y + 1");
    refuted_at("forall x, y in {0, 1} claim x*(y + exp(x)) == x*y + 1");
}

/// A power of any square matrix with an exponent from a range of integers: the exponents add, and the adjoint of a power is the
/// power of the adjoint.
#[test]
fn exponents_may_be_quantified_integers() {
    for text in [
        "forall k in 1..5 forall A: Mat[2, 2] claim (A^k)' == (A')^k",
        "forall n in 1..4 forall A: Mat[n, n] claim A^n * A == A^(n + 1)",
        "forall k in 0..3 forall S: Sym[2] claim trace(S^(2*k)) >= 0",
    ] {
        let claim = claim(text);
        assert!(matches!(claim.verdict, Verdict::Holds | Verdict::Proved { .. }), "{text}: {claim:?}");
        assert_eq!(claim.dropped, 0, "{text}");
    }
    // Only an even power of a number is never negative.
    refuted_at("forall k in 1..3 forall A: Mat[1, 1] claim trace(A^k) >= 0");
}
