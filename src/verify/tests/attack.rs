//! Attacks on claims whose truth is known, where random inputs show nothing.

use super::kinds::with;
use crate::verify::{ClaimReport, Options, Value, Verdict};

fn claim(text: &str, attack: f64) -> ClaimReport {
    with(text, &Options { samples: 3000, threads: 2, attack, ..Options::default() }).remove(0)
}

/// The norm of the Hilbert matrix of order 4 is 1.500214280059243 (Todd, NBS Applied Mathematics Series 39, 1954).
fn hilbert(constant: &str) -> String {
    format!(
        "forall x, y: Vec[4]
         let H = [1, 1/2, 1/3, 1/4; 1/2, 1/3, 1/4, 1/5; 1/3, 1/4, 1/5, 1/6; 1/4, 1/5, 1/6, 1/7]
         claim x' * H * y <= {constant} * norm(x) * norm(y)"
    )
}

#[test]
fn a_constant_that_is_slightly_too_small_falls_to_descents_only() {
    let close = hilbert("1.5002");
    let sampled = claim(&close, 0.0);
    assert!(matches!(sampled.verdict, Verdict::Holds), "samples alone are expected to miss it: {sampled:?}");
    let attacked = claim(&close, 0.05);
    let witness = attacked.witness().unwrap_or_else(|| panic!("{attacked:?}"));
    assert!(witness.certified && witness.margin.1 < 0.0, "{witness:?}");
    let best = claim(&hilbert("1.5002143"), 0.05);
    assert!(matches!(best.verdict, Verdict::Holds), "{best:?}");
}

#[test]
fn scalars_move_with_the_matrices() {
    // Scalars have margins of their own: x (1 − x) is largest, 1/4, at 1/2, and x/(1 + x²) is 1/2 at 1.
    for (text, falls) in [
        ("forall x in (0, 1) claim x * (1 - x) <= 0.2499999", true),
        ("forall x in (0, 1) claim x * (1 - x) <= 1/4", false),
        ("forall x in (0, inf) claim x / (1 + x^2) <= 0.49999999", true),
        ("forall x in (0, inf) claim x / (1 + x^2) <= 1/2", false),
    ] {
        let report = claim(text, 0.02);
        assert_eq!(report.witness().is_some(), falls, "{text}: {report:?}");
    }
}

#[test]
fn equalities_between_matrices_are_reached_by_solving() {
    // A symmetric matrix of square I with 3/5 off its diagonal is a reflection with ±4/5 on it.
    let assumed = "forall A: Sym[2] assume A * A == eye(2) assume A[1, 2] == 3/5";
    let report = claim(&format!("{assumed} claim A[1, 1] <= 0.7"), 0.05);
    assert!(matches!(report.verdict, Verdict::Refuted(_)), "{report:?}");
    let report = claim(&format!("{assumed} claim A[1, 1] <= 4/5"), 0.05);
    assert!(matches!(report.verdict, Verdict::Holds), "{report:?}");
}

#[test]
fn one_seed_gives_one_report_of_an_attack() {
    let text = hilbert("1.5002");
    let run = |threads| {
        let options = Options { samples: 1000, threads, attack: 0.02, ..Options::default() };
        let report = with(&text, &options).remove(0);
        (report.verdict.name(), report.min_margin, report.witness().cloned(), report.notes)
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn what_meets_an_equality_within_rounding_only_refutes_nothing() {
    // Both follow from A = 0. A power is flat there, so that what meets it within rounding is far from 0; a large factor
    // makes much of what is near.
    for (assumed, claimed) in
        [("trace(A'*A)^8 == 0", "norm(A) <= 1/1000"), ("trace(A'*A) == 0", "1000000000000000*norm(A) <= 1")]
    {
        let report = claim(&format!("forall n in 1..3 forall A: Mat[n, n] assume {assumed} claim {claimed}"), 0.02);
        assert!(report.witness().is_none(), "{report:?}");
    }
}

#[test]
fn a_range_that_depends_on_a_matrix_is_kept_where_the_matrix_is_moved() {
    let text = "forall n in 1..3 forall K: Psd[n] forall a in [0, trace(K)] assume trace(K*K) == 1 claim a <= trace(K)";
    let report = claim(text, 0.02);
    assert_eq!(report.verdict.name(), "holds", "{report:?}");
}

#[test]
fn a_small_failure_on_an_equality_is_certified_at_small_integers() {
    // Eigenvalues are 0 or 2, so that the trace is half of that of the square.
    let text = "forall n in 1..3 forall A: Sym[n] assume A*A == 2*A claim trace(A) <= trace(A*A)/2";
    assert!(claim(text, 0.02).witness().is_none());
    let witness = claim(&format!("{text} - 1/10000000"), 0.02).witness().cloned();
    assert!(witness.is_some_and(|witness| witness.certified));
}

#[test]
fn what_rounding_hides_at_small_integers_is_certified() {
    // det I = 1 exactly; a computed determinant next to 1 says nothing of 1e-13.
    let report = claim("forall n in 2..4 forall K: Corr[n] claim det(K) <= 1 - 1e-13", 0.02);
    let witness = report.witness().unwrap_or_else(|| panic!("{report:?}"));
    assert!(witness.certified && witness.margin.1 < 0.0, "{witness:?}");
    let report = claim("forall n in 2..4 forall K: Corr[n] claim det(K) <= 1", 0.02);
    assert!(matches!(report.verdict, Verdict::Holds), "{report:?}");
}

/// The exact values of the scalars of a certified witness.
fn scalars(report: &ClaimReport) -> Vec<String> {
    let witness = report.witness().unwrap_or_else(|| panic!("{report:?}"));
    assert!(witness.certified, "{report:?}");
    let exact = witness.values.iter().filter_map(|(_, value)| match value {
        Value::Exact(value) => Some(value.to_string()),
        _ => None,
    });
    exact.collect()
}

#[test]
fn equalities_of_scalars_are_reached_by_solving() {
    // Each is decided by hand: x = 1/3; xy on x + y = 1 is largest, 1/4, at x = y = 1/2; x + y + z = 2 leaves xyz at most
    // 8/27; x = y/(y + 1) is at most 1/2 on [0, 1]; a range ends where 1 - x does.
    for (text, holds) in [
        ("forall x in [0, 1] assume x == 1/3 claim x < 1/2", true),
        ("forall x in [0, 1] assume x == 1/3 claim x != 1/3", false),
        ("forall x in [0, 1] assume x == 1/3 claim x > 1/3 + 1/10", false),
        ("forall x, y in [0, 1] assume x + y == 1 claim x*y <= 1/4", true),
        ("forall x, y in [0, 1] assume x + y == 1 claim x*y <= 0.24", false),
        ("forall x, y in [0, 1] assume x + y == 1 claim x*y < 1/4", false),
        ("forall x, y, z in [0, inf) assume x + y + z == 2 claim x*y*z <= 8/27", true),
        ("forall x, y, z in [0, inf) assume x + y + z == 2 claim x*y*z <= 0.296", false),
        ("forall x, y in [0, 1] assume x*y + x == y claim x <= 1/2", true),
        ("forall x, y in [0, 1] assume x*y + x == y claim x <= 0.49", false),
        ("forall x in [0, 1], y in [0, 1 - x] assume x + y == 1 claim x*y <= 0.24", false),
        ("forall x, y: Real assume x + 3*y == 1 claim x*y <= 0.08", false),
        ("forall x, y: Real assume x + 3*y == 1 claim x*y <= 1/12", true),
    ] {
        let report = claim(text, 0.02);
        assert_eq!(report.verdict.name(), if holds { "holds" } else { "refuted" }, "{text}: {report:?}");
        assert!(holds || report.witness().unwrap().certified, "{text}: {report:?}");
    }
    let half = claim("forall x, y in [0, 1] assume x + y == 1 claim x*y <= 0.24", 0.02);
    assert_eq!(scalars(&half), ["1/2", "1/2"]);
    let third = claim("forall x in [0, 1] assume x == 1/3 claim x > 1/2", 0.02);
    assert_eq!(scalars(&third), ["1/3"]);
    // No x of the range is -1/3, and none has a square of -1.
    for never in ["x == 0 - 1/3", "x^2 == 0 - 1"] {
        let report = claim(&format!("forall x in [0, 1] assume {never} claim x < 1/2"), 0.02);
        assert_eq!(report.verdict.name(), "vacuous", "{report:?}");
    }
}

#[test]
fn scalars_follow_matrices_onto_an_equality() {
    // |K_12| <= 1 by positivity, and det K = 1 - t²; a correlation of 1/2 or more in modulus has det K <= 3/4.
    let assumed = "forall t in [0, 1] forall K: Corr[2] assume K[1, 2] == t";
    let report = claim(&format!("{assumed} claim det(K) <= 1 - t^2"), 0.02);
    assert_eq!(report.verdict.name(), "holds", "{report:?}");
    let report = claim(&format!("{assumed} claim det(K) <= 9/10 - t^2/2"), 0.02);
    assert!(report.witness().is_some_and(|witness| witness.certified), "{report:?}");
}

#[test]
fn a_strict_inequality_falls_where_it_is_only_touched() {
    for (text, at) in [
        ("forall x in [0, 1] claim (x - 37/100)^2 > 0", Some("37/100")),
        ("forall x in [0, 1] claim x^2 - 74/100*x + 1369/10000 > 0", Some("37/100")),
        ("forall x in [0, 1] claim x != 37/100", Some("37/100")),
        ("forall x in [0, 10] claim x*exp(-x) < exp(-1)", Some("1")),
        ("forall x in [0, 1] claim (x - 37/100)^2 > -1/1000000", None),
        ("forall x in [0, 1] claim (x - 137/100)^2 > 0", None),
        ("forall x in (0, 1] claim x^2 > 0", None),
        ("forall x in (0, inf) claim exp(-x) > 0", None),
        ("forall n in 1..3 forall K: Pd[n] claim det(K) > 0", None),
    ] {
        let report = claim(text, 0.02);
        match at {
            Some(at) => assert_eq!(scalars(&report), [at], "{text}"),
            None => assert_eq!(report.verdict.name(), "holds", "{text}: {report:?}"),
        }
    }
    // Vectors touch, too, and only what is certified counts: on v₁v₂ = 12 the least |v|² is 24, at irrational entries.
    let report = claim("forall v: Vec[2] assume v[1]*v[2] == 12 claim norm(v)^2 > 24", 0.02);
    assert!(report.witness().is_none(), "{report:?}");
    let report = claim("forall v: Vec[2] claim (v[1] - 7/9)^2 + (v[2] - 37/100)^2 > 0", 0.02);
    assert!(report.witness().is_some_and(|witness| witness.certified), "{report:?}");
}
