//! What a case of equality or an extremum puts for a name lies in the name's set, or the claim is false.

use super::kinds::with;
use crate::base::Code;
use crate::check::Session;
use crate::verify::{Options, Verdict};

fn text_of(claim: &str) -> String {
    format!("theorem \"t\" {{ {claim} }}")
}

#[test]
fn a_number_that_is_known_to_lie_outside_is_a_mistake() {
    for (text, fits) in [
        ("forall x in [0, 1] claim maximizes(x, x, 2)", false),
        ("forall x in [0, 1) claim maximizes(x, x, 1)", false),
        ("forall x in [0, 1] claim maximizes(x, x, 1)", true),
        ("forall x in [0, 1] claim minimizes(x, x, -1)", false),
        ("forall x in [0, inf) claim maximizes(x/(1 + x), x, inf)", false),
        ("forall a in {1/2, 1} claim maximizes(a, a, 3/4)", false),
        ("forall a in {1/2, 1} claim maximizes(a, a, 1)", true),
        // Entries that are numbers are looked at as they are.
        ("forall K: Corr[2] claim minimizes(norm(K), K, [1, 2; 2, 1])", false),
        ("forall K: Corr[2] claim norm(K) >= 0 equality at K = [2, 0; 0, 1]", false),
        ("forall K: Density[2] claim minimizes(norm(K), K, [1/2, 0; 0, 1/3])", false),
        ("forall K: Density[2] claim minimizes(norm(K), K, [1/2, 0; 0, 1/2])", true),
    ] {
        let mistakes = Session::new().load_text("t.lw", &text_of(text)).err().unwrap_or_default();
        assert_eq!(mistakes.is_empty(), fits, "{text}: {mistakes:?}");
        assert!(mistakes.iter().all(|mistake| mistake.code == Code::E0605), "{text}: {mistakes:?}");
    }
}

#[test]
fn a_point_outside_its_set_refutes() {
    let options = Options { samples: 500, threads: 2, attack: 0.01, ..Options::default() };
    for (text, breaks) in [
        ("forall n in 1..3 forall K: Corr[n] claim minimizes(norm(K), K, zeros(n, n))", "not of unit diagonal"),
        ("forall n in 1..3 forall K: Corr[n] claim norm(K) >= 0 equality at K = zeros(n, n)", "not of unit diagonal"),
        ("forall n in 1..3 forall K: Corr[n, complex] claim norm(K) >= 0 equality at K = zeros(n, n)", "unit diagonal"),
        ("forall n in 2..3 forall K: Density[n] claim minimizes(norm(K), K, eye(n)/(2*n))", "not of trace 1"),
        ("forall n in 2..3 forall A: Psd[n] claim minimizes(trace(A), A, -eye(n))", "not positive semi-definite"),
        ("forall n in 2..3 forall A: Pd[n] claim trace(A) >= 0 equality at A = zeros(n, n)", "not positive definite"),
        ("forall n in 2..3 forall A: Sym[n], B: Mat[n, n] claim norm(A - B) >= 0 equality at A = B", "not Hermitian"),
        ("forall n in 2..3 forall Q: Orthogonal[n] claim norm(Q) >= 0 equality at Q = zeros(n, n)", "orthonormal"),
        ("forall d, B in 2..3 forall Z: UnitCols[d, B] claim norm(Z) >= 0 equality at Z = zeros(d, B)", "unit columns"),
        ("forall n in 2..3 forall p: Simplex[n] claim sum(p) <= n equality at p = ones(n)", "not of sum 1"),
        ("forall n in 2..3 forall m: Mask[n] claim sum(m) <= 2*n equality at m = 2*ones(n)", "zeros and ones"),
        ("forall x, y in [0, 1] claim abs(x - 2*y) >= 0 equality at x = 2*y", "`x = 2*y` is outside its range"),
        (
            "forall k, n in 1..4 claim k + n >= 2 and (k - n - 1)^2 >= 0 claim (k - n - 1)^2 >= 0 equality at k = n + 1",
            "range",
        ),
    ] {
        let claims = with(text, &options);
        let claim = claims.last().unwrap();
        let witness = claim.witness().unwrap_or_else(|| panic!("{text}: {claim:?}"));
        let told = witness.breaks.clone().unwrap_or_else(|| panic!("{text}: {witness:?}"));
        assert!(witness.certified && told.contains(breaks), "{text}: {told}");
    }
}

#[test]
fn a_point_inside_its_set_is_none_the_worse() {
    let options = Options { samples: 500, threads: 2, attack: 0.01, ..Options::default() };
    for text in [
        "forall n in 1..3 forall K: Corr[n] claim minimizes(norm(K), K, eye(n))",
        "forall n in 2..3 forall A: Sym[n], B: Mat[n, n] claim norm(2*A - B - B') >= 0 equality at A = (B + B')/2",
        "forall n in 2..3 forall A: Psd[n], B: Mat[n, n] claim norm(A - B'*B) >= 0 equality at A = B'*B",
        "forall n in 2..3 forall p, q: Simplex[n] claim norm(2*p - q - ones(n)/n) >= 0 equality at p = (q + ones(n)/n)/2",
        "forall x, y in [0, 1] claim abs(x - y/2) >= 0 equality at x = y/2",
        "forall y in [0, 1], x in [0, y] claim y - x >= 0 equality at x = y",
    ] {
        let claim = &with(text, &options)[0];
        assert!(matches!(claim.verdict, Verdict::Holds | Verdict::Proved { .. }), "{text}: {claim:?}");
    }
}

#[test]
fn a_size_of_matrices_may_be_given_a_value() {
    let options = Options { samples: 2000, threads: 2, attack: 0.01, ..Options::default() };
    // log det(K) is 0 at the only kernel of size 1, and trace(K) - n at every one.
    for text in [
        "forall n in 1..4 forall K: Corr[n] claim det(K) <= 1 equality at n = 1",
        "forall n in 1..4 forall K: Corr[n] claim lambda_max(K) <= n equality at n = 1",
        "forall n in 1..4 forall K: Corr[n] claim norm(K)^2 >= n equality at n = 3, K = eye(n)",
        "forall m, n in 1..4 forall A: Mat[m, n] claim norm(A, \"nuclear\") >= norm(A) equality at n = 1",
    ] {
        let claim = &with(text, &options)[0];
        assert!(matches!(claim.verdict, Verdict::Holds), "{text}: {claim:?}");
    }
    // In a long range, too, the value is tried.
    for (text, n) in [
        ("forall n in 1..4 forall K: Corr[n] claim det(K) <= 1 equality at n = 2", 2),
        ("forall n in 1..90 forall p: Simplex[n] claim norm(p) <= 1 equality at n = 70", 70),
    ] {
        let claim = &with(text, &options)[0];
        let witness = claim.witness().unwrap_or_else(|| panic!("{text}: {claim:?}"));
        assert_eq!(witness.sizes, [("n".to_owned(), n)], "{text}");
    }
}

#[test]
fn a_real_number_may_go_to_infinity() {
    let options = Options { samples: 200, threads: 2, attack: 0.01, ..Options::default() };
    // sqrt(x^2 + 1) = x + 1/(2x) + O(1/x^3).
    let right = &with("forall x: Real claim sqrt(x^2 + 1) ~ x + O(1/x) as x -> inf", &options)[0];
    assert!(matches!(right.verdict, Verdict::Holds), "{right:?}");
    let wrong = &with("forall x: Real claim sqrt(x^2 + 1) ~ x + O(1/x^2) as x -> inf", &options)[0];
    let witness = wrong.witness().unwrap_or_else(|| panic!("{wrong:?}"));
    assert_eq!(witness.followed.as_deref(), Some("x"));
    // |x| is x from above, and not from below.
    let text = text_of("forall x: Real claim abs(x) ~ x + O(x^2) as x -> 0");
    let mistakes = Session::new().load_text("t.lw", &text).err().unwrap_or_default();
    assert!(mistakes.len() == 1 && mistakes[0].code == Code::E0605, "{mistakes:?}");
}
