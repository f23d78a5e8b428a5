//! Verdicts on true and false theorems.

use std::time::Instant;

use super::build::{Build, ratio};
use crate::check::{Part, Session, Theorem};
use crate::ir::{Axis, Comparison, Dim, Op, Reduction, ScalarFn, Set};
use crate::verify::{ClaimReport, Options, Report, Silent, Value, Verdict, verify};

fn options(samples: u64) -> Options {
    Options { samples, threads: 2, attack: 0.02, ..Options::default() }
}

fn report(theorem: &Theorem, samples: u64) -> Report {
    verify(std::slice::from_ref(theorem), &options(samples), &Silent).unwrap()
}

fn first(theorem: &Theorem, samples: u64) -> ClaimReport {
    report(theorem, samples).claims.remove(0)
}

/// The Schur product theorem: the Hadamard product of positive semi-definite matrices is one.
fn schur() -> Theorem {
    let mut b = Build::new("Schur");
    let n = b.size("n", 1, 8);
    let (a, c) = (b.member("A", Set::Psd, std::slice::from_ref(&n), false), b.member("B", Set::Psd, &[n], false));
    let product = b.hadamard(a, c);
    let least = b.least_eigenvalue(product);
    let zero = b.g().integer(0).unwrap();
    b.compare(Comparison::Le, zero, least);
    b.theorem
}

/// Subadditivity of the entropy of order two, which partitions refute.
fn subadditivity(complex: bool) -> Theorem {
    let mut b = Build::new("Subadditivity");
    let n = b.size("n", 1, 8);
    let k1 = b.member("K1", Set::Corr, std::slice::from_ref(&n), complex);
    let k2 = b.member("K2", Set::Corr, std::slice::from_ref(&n), complex);
    let joint = b.hadamard(k1, k2);
    let (h1, h2, h12) = (b.entropy2(k1, &n), b.entropy2(k2, &n), b.entropy2(joint, &n));
    let sum = b.g().add(h1, h2).unwrap();
    b.compare(Comparison::Le, h12, sum);
    b.theorem
}

#[test]
fn the_schur_product_theorem_holds() {
    let claim = first(&schur(), 4000);
    assert!(matches!(claim.verdict, Verdict::Holds), "{claim:?}");
    assert!(claim.samples >= 4000 && claim.dropped == 0);
    let bound = claim.violation_bound.unwrap();
    assert!((bound.probability - (1.0 - 0.01f64.powf(1.0 / claim.samples as f64))).abs() < 1e-9);
}

#[test]
fn subadditivity_of_order_two_falls_to_a_small_witness() {
    for complex in [false, true] {
        let claim = first(&subadditivity(complex), 4000);
        let witness = claim.witness().unwrap_or_else(|| panic!("{claim:?}"));
        // True at n = 1 and 2; the smallest counterexamples have n = 3 or, of zeros and ones, n = 4.
        assert!((3..=4).contains(&witness.sizes[0].1), "{witness:?}");
        assert!(witness.margin.1 < 0.0 && witness.margin.0 <= witness.margin.1);
        assert_eq!(witness.values.len(), 2);
        assert_eq!(witness.exact.len(), 2);
        assert!(claim.min_margin.unwrap() < 0.0 && claim.min_margin_at.is_some());
    }
}

#[test]
fn the_report_is_the_same_for_any_number_of_threads() {
    let theorems = [schur(), subadditivity(false), trace_zero()];
    let run = |threads, seed| {
        let options = Options { samples: 2000, threads, seed, attack: 0.02, ..Options::default() };
        format!("{:?}", verify(&theorems, &options, &Silent).unwrap())
    };
    let one = run(1, 7);
    assert_eq!(one, run(2, 7));
    assert_eq!(one, run(3, 7));
    assert_ne!(one, run(1, 8));
}

#[test]
fn contradictory_hypotheses_are_vacuous() {
    let mut b = Build::new("Contradiction");
    let n = b.size("n", 1, 4);
    let k = b.member("K", Set::Corr, std::slice::from_ref(&n), false);
    let trace = b.g().trace(k).unwrap();
    let zero = b.g().integer(0).unwrap();
    b.assume(Comparison::Lt, trace, zero);
    b.compare(Comparison::Le, zero, trace);
    let claim = first(&b.theorem, 500);
    let Verdict::Vacuous { best_residual: Some(residual) } = claim.verdict else { panic!("{claim:?}") };
    // The trace is n ≥ 1, so that the hypothesis is missed by at least 1.
    assert!((residual - 1.0).abs() < 1e-9);
    assert_eq!(claim.samples, 0);
}

/// tr(A) = 0 is a thin set that no draw meets: only moving samples onto it does.
fn trace_zero() -> Theorem {
    let mut b = Build::new("Traceless");
    let n = b.size("n", 2, 4);
    let a = b.member("A", Set::Sym, &[n], false);
    let trace = b.g().trace(a).unwrap();
    let zero = b.g().integer(0).unwrap();
    b.assume(Comparison::Eq, trace, zero);
    let least = b.least_eigenvalue(a);
    b.compare(Comparison::Le, least, zero);
    b.theorem
}

#[test]
fn thin_hypotheses_are_reached_by_moving_samples() {
    let claim = first(&trace_zero(), 1000);
    assert!(matches!(claim.verdict, Verdict::Holds), "{claim:?}");
    assert!(claim.samples >= 1000, "{claim:?}");
}

#[test]
fn equal_orthonormal_columns_are_hit_in_a_fixed_share_of_samples() {
    // Σ|z1 − z2|² + Σ_{i≠j} (z1_i·z2_j)² = 0 implies that Z1'Z1 = I.
    let mut b = Build::new("Zero loss");
    let n = b.size("B", 1, 6);
    let extra = b.size("extra", 0, 3);
    let d = n.add(&extra).unwrap();
    let z1 = b.member("Z1", Set::UnitCols, &[d.clone(), n.clone()], false);
    let z2 = b.member("Z2", Set::UnitCols, &[d, n.clone()], false);
    let g = b.g();
    let difference = g.sub(z1, z2).unwrap();
    let squares = g.abs2(difference).unwrap();
    let alignment = g.sum(squares).unwrap();
    let adjoint = g.adjoint(z1).unwrap();
    let cross = g.multiply(adjoint, z2).unwrap();
    let off = g.offdiag(cross).unwrap();
    let squares = g.abs2(off).unwrap();
    let rest = g.sum(squares).unwrap();
    let loss = g.add(alignment, rest).unwrap();
    let zero = g.integer(0).unwrap();
    let gram = g.multiply(adjoint, z1).unwrap();
    let eye = g.eye(n).unwrap();
    let same = g.equal(gram, eye).unwrap();
    b.assume(Comparison::Eq, loss, zero);
    b.claim(same);
    let claim = first(&b.theorem, 2000);
    assert!(matches!(claim.verdict, Verdict::Holds), "{claim:?}");
    assert!(claim.samples >= 2000 && claim.drawn <= 16_000, "{claim:?}");
}

#[test]
fn equality_within_rounding_holds_and_is_noted_as_tight() {
    // tr(AB) <= tr(BA), an equality that rounding breaks either way.
    let mut b = Build::new("Cyclic");
    let n = b.size("n", 1, 8);
    let (a, c) =
        (b.member("A", Set::Mat, &[n.clone(), n.clone()], false), b.member("B", Set::Mat, &[n.clone(), n], false));
    let g = b.g();
    let (ac, ca) = (g.multiply(a, c).unwrap(), g.multiply(c, a).unwrap());
    let (left, right) = (g.trace(ac).unwrap(), g.trace(ca).unwrap());
    b.compare(Comparison::Le, left, right);
    b.compare(Comparison::Eq, left, right);
    let report = report(&b.theorem, 4000);
    for claim in &report.claims {
        assert!(matches!(claim.verdict, Verdict::Holds), "{claim:?}");
    }
    assert!(report.claims[0].notes.iter().any(|note| note.starts_with("tight")), "{:?}", report.claims[0]);
}

#[test]
fn a_strict_inequality_that_is_met_with_equality_is_not_called_true() {
    // ‖K‖² > n fails exactly at the identity; ‖K‖² > 0 is true.
    let mut b = Build::new("Strict");
    let n = b.size("n", 2, 6);
    let k = b.member("K", Set::Corr, std::slice::from_ref(&n), false);
    let g = b.g();
    let squares = g.abs2(k).unwrap();
    let f = g.sum(squares).unwrap();
    let size = g.size(n).unwrap();
    let zero = g.integer(0).unwrap();
    b.compare(Comparison::Lt, size, f);
    b.compare(Comparison::Lt, zero, f);
    let report = report(&b.theorem, 2000);
    assert!(
        matches!(report.claims[0].verdict, Verdict::Inconclusive { .. } | Verdict::Refuted(_)),
        "{:?}",
        report.claims[0]
    );
    assert!(matches!(report.claims[1].verdict, Verdict::Holds), "{:?}", report.claims[1]);
}

#[test]
fn finitely_many_cases_are_all_checked() {
    let mut b = Build::new("Squares");
    let n = b.size("n", 1, 10);
    let a = b.finite("a", &[ratio(1, 2), ratio(2, 1)]);
    let g = b.g();
    let n = g.size(n).unwrap();
    let product = g.multiply(n, a).unwrap();
    let limit = g.number(ratio(39, 2)).unwrap();
    b.compare(Comparison::Le, product, limit);
    let claim = first(&b.theorem, 100);
    let witness = claim.witness().unwrap();
    assert_eq!((claim.drawn, witness.sizes[0].1), (20, 10));
    assert_eq!(witness.values, [("a".to_string(), Value::Exact(ratio(2, 1)))]);
}

#[test]
fn edges_of_intervals_and_ends_that_depend_on_other_names_are_hit() {
    // x in [0, y], y in [0, 1]: x = y = 1 happens, x > y never.
    let mut b = Build::new("Edges");
    let y = b.interval("y", (ratio(0, 1), true), Some((ratio(1, 1), true)));
    let zero = b.g().integer(0).unwrap();
    let x = b.between("x", zero, true, y, true);
    b.compare(Comparison::Le, x, y);
    let one = b.g().integer(1).unwrap();
    let product = b.g().multiply(x, y).unwrap();
    b.compare(Comparison::Lt, product, one);
    let report = report(&b.theorem, 2000);
    assert!(matches!(report.claims[0].verdict, Verdict::Holds), "{:?}", report.claims[0]);
    assert!(!matches!(report.claims[1].verdict, Verdict::Holds), "{:?}", report.claims[1]);
}

#[test]
fn equality_conditions_are_checked_both_ways() {
    let build = |wrong: bool| {
        let mut b = Build::new("Iff");
        let n = b.size("n", 2, 5);
        let k = b.member("K", Set::Corr, std::slice::from_ref(&n), false);
        let g = b.g();
        let squares = g.abs2(k).unwrap();
        let f = g.sum(squares).unwrap();
        let size = g.size(n.clone()).unwrap();
        let gap = g.sub(f, size).unwrap();
        let other = if wrong {
            let one = g.integer(1).unwrap();
            g.fill(one, crate::ir::Shape::Matrix(n.clone(), n.clone())).unwrap()
        } else {
            g.eye(n).unwrap()
        };
        let same = g.equal(k, other).unwrap();
        let condition = g.margin(same).unwrap();
        b.claim_parts(vec![Part::Iff { gap, condition, substituted: None, edges: Vec::new() }]);
        b.theorem
    };
    let right = first(&build(false), 2000);
    assert!(matches!(right.verdict, Verdict::Holds), "{right:?}");
    assert!(right.notes.iter().any(|note| note.contains("was met")), "{right:?}");
    // ‖K‖² = n exactly at K = 1 1' is false in both directions; the sampled one at K = 1 1' refutes it.
    let wrong = first(&build(true), 2000);
    assert!(matches!(wrong.verdict, Verdict::Refuted(_)), "{wrong:?}");
}

#[test]
fn asymptotic_orders_are_told_from_wrong_ones() {
    // log(1 + a/x) = a/x + O(1/x²) as x → ∞, but not + O(1/x³).
    let build = |power: i64| {
        let mut b = Build::new("Order");
        let a = b.interval("a", (ratio(1, 10), true), Some((ratio(2, 1), true)));
        let x = b.interval("x", (ratio(1, 1), true), None);
        let variable = b.theorem.graph.as_input(x).unwrap();
        let g = b.g();
        let quotient = g.zip(crate::ir::Zip::Div, a, x).unwrap();
        let log = g.map(ScalarFn::Log1p, quotient).unwrap();
        let difference = g.sub(log, quotient).unwrap();
        let exponent = g.integer(-power).unwrap();
        let order = g.map_with(ScalarFn::Pow, x, exponent).unwrap();
        b.claim_parts(vec![Part::Asymptotic { difference, order, variable, to_infinity: true }]);
        b.theorem
    };
    let right = first(&build(2), 1000);
    assert!(matches!(right.verdict, Verdict::Holds), "{right:?}");
    assert!(right.notes.iter().any(|note| note.contains("x^-1.99") || note.contains("x^-2.00")), "{right:?}");
    let wrong = first(&build(3), 1000);
    assert!(matches!(wrong.verdict, Verdict::Refuted(_)), "{wrong:?}");
}

#[test]
fn values_that_are_not_numbers_are_counted_and_reported() {
    // log of a negative number.
    let mut b = Build::new("Undefined");
    let x = b.interval("x", (ratio(-2, 1), true), Some((ratio(-1, 1), true)));
    let log = b.g().map(ScalarFn::Log, x).unwrap();
    b.compare(Comparison::Le, log, x);
    let claim = first(&b.theorem, 200);
    let Verdict::Inconclusive { reason } = &claim.verdict else { panic!("{claim:?}") };
    assert!(reason.contains("not a number"), "{reason}");
    assert!(claim.dropped > 0);
}

/// exp of an eigenvalue beyond 710 is no double, and the matrix is not singular for that.
#[test]
fn an_overflow_is_told_as_one() {
    let mut b = Build::new("Large");
    let a = b.interval("a", (ratio(1000, 1), true), Some((ratio(100_000, 1), true)));
    let n = b.size("n", 2, 3);
    let k = b.member("K", Set::Corr, &[n], false);
    let g = b.g();
    let scaled = g.multiply(a, k).unwrap();
    let large = g.make(Op::Spectral(ScalarFn::Exp), vec![scaled]).unwrap();
    let most = g.reduce(Reduction::Max, Axis::All, large).unwrap();
    b.compare(Comparison::Le, a, most);
    let claim = first(&b.theorem, 200);
    let Verdict::Inconclusive { reason } = &claim.verdict else { panic!("{claim:?}") };
    assert!(reason.contains("overflow"), "{reason}");
}

#[test]
fn empty_ranges_are_reported() {
    let mut b = Build::new("Empty");
    let n = b.size_between("n", Dim::constant(3), Dim::constant(2));
    let n = b.g().size(n).unwrap();
    b.compare(Comparison::Le, n, n);
    let claim = first(&b.theorem, 10);
    assert!(matches!(claim.verdict, Verdict::Vacuous { .. }), "{claim:?}");
    assert!(claim.notes.iter().any(|note| note.contains("the range of n is empty")), "{claim:?}");
}

#[test]
fn witnesses_are_written_whole_and_unwritable_folders_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("witnesses");
    let options = Options { out: Some(out.clone()), ..options(2000) };
    let report = verify(&[subadditivity(false), schur()], &options, &Silent).unwrap();
    let file = report.claims[0].witness().unwrap().file.clone().unwrap();
    let json: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(json["theorem"], "Subadditivity");
    assert_eq!(json["sizes"]["n"], report.claims[0].witness().unwrap().sizes[0].1);
    assert!(json["values"]["K1"].is_array() && json["exact"]["K1"][0].is_array());
    assert!(json["margin"][1].as_str().unwrap().parse::<f64>().unwrap() < 0.0);
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 1);

    let blocked = folder.path().join("file");
    std::fs::write(&blocked, "").unwrap();
    let options = Options { out: Some(blocked), ..options };
    let error = verify(&[schur()], &options, &Silent).unwrap_err();
    assert_eq!(error.code, crate::base::Code::E0805);
}

#[test]
fn only_chooses_theorems_and_claims() {
    let options = Options { only: Some("Schur".to_string()), ..options(50) };
    let report = verify(&[schur(), subadditivity(false)], &options, &Silent).unwrap();
    assert_eq!(report.claims.len(), 1);
}

#[test]
#[ignore = "a measurement, for optimised builds"]
fn cheap_claims_are_fast() {
    for theorem in [subadditivity(false), schur(), trace_zero()] {
        let start = Instant::now();
        let claim = first(&theorem, 20_000);
        println!("{}: {} samples in {:?}", claim.theorem, claim.drawn, start.elapsed());
    }
}

#[test]
fn hypotheses_that_rounding_meets_refute_nothing() {
    // (x + y) − y > x is false for all numbers, and true of the rounded ones when y is large.
    let mut b = Build::new("Lost in a sum");
    let x = b.interval("x", (ratio(0, 1), true), Some((ratio(1, 1), true)));
    let large = 10_000_000_000_000_000;
    let y = b.interval("y", (ratio(large, 1), true), Some((ratio(2 * large, 1), true)));
    let g = b.g();
    let sum = g.add(x, y).unwrap();
    let back = g.sub(sum, y).unwrap();
    let zero = g.integer(0).unwrap();
    b.assume(Comparison::Lt, x, back);
    b.compare(Comparison::Lt, x, zero);
    let claim = first(&b.theorem, 500);
    // Certificates tell every sample that met the hypotheses as computed from one that meets them.
    assert!(matches!(claim.verdict, Verdict::Vacuous { .. }) && claim.samples == 0, "{claim:?}");
    assert!(claim.min_margin.is_none(), "{claim:?}");
}

#[test]
fn flat_equalities_refute_nothing() {
    // Σ v^8 = 0 only at v = 0, and to rounding at every small v.
    let mut b = Build::new("Flat");
    let two = Dim::constant(2);
    let v = b.member("v", Set::Vec, &[two], false);
    let g = b.g();
    let (zero, eight) = (g.integer(0).unwrap(), g.integer(8).unwrap());
    let powers = g.map_with(ScalarFn::Pow, v, eight).unwrap();
    let flat = g.sum(powers).unwrap();
    let norm = g.norm(v).unwrap();
    b.assume(Comparison::Eq, flat, zero);
    b.compare(Comparison::Eq, norm, zero);
    let claim = first(&b.theorem, 1000);
    assert!(!matches!(claim.verdict, Verdict::Refuted(_)), "{claim:?}");
    assert!(claim.samples > 0, "{claim:?}");
}

#[test]
fn the_margin_of_an_exact_failure_is_exact() {
    let mut b = Build::new("Zero");
    let x = b.interval("x", (ratio(0, 1), true), Some((ratio(1, 1), true)));
    let zero = b.g().integer(0).unwrap();
    b.compare(Comparison::Lt, zero, x);
    let claim = first(&b.theorem, 500);
    assert_eq!(claim.witness().unwrap().margin, (0.0, 0.0));
}

#[test]
fn strict_and_loose_sides_are_told_apart_at_equality() {
    let text = r#"theorem "t" {
        forall x in {1, 2}
        claim chain: 1 <= x < 3
        claim both: x < 3 and x >= 1
        claim premise: x >= 1 implies x >= 2
        expect refuted
        claim equal: x == 1 implies x >= 2
        expect refuted
        claim either: x < 1 or x >= 1
        claim neither: not (x >= 1 and x < 2)
        expect refuted
    }"#;
    let theorems = Session::new().load_text("t.lw", text).unwrap();
    for claim in report(&theorems[0], 100).claims {
        assert!(claim.as_expected(), "{claim:?}");
    }
}

#[test]
fn a_value_put_for_a_name_reaches_what_folds() {
    let text = r#"theorem "t" {
        forall P: Psd[n], S: Sym[n], R: Density[n], C: Psd[n, complex], a in (0, 4]
        claim trace(P) >= 0 equality iff P == zeros(n, n)
        claim trace(P * P) >= 0 equality at P = zeros(n, n)
        claim sum(abs2(S)) >= 0 equality at S = zeros(n, n)
        claim trace(S)^2 >= 0 equality at S = zeros(n, n)
        claim trace(C) >= 0 equality at C = zeros(n, n)
        claim minimizes(trace(P), P, zeros(n, n))
    }"#;
    let theorems = Session::new().load_text("t.lw", text).unwrap();
    for claim in report(&theorems[0], 100).claims {
        assert!(claim.as_expected(), "{claim:?}");
    }
}

#[test]
fn a_case_of_equality_outside_the_range_contradicts_nothing() {
    let text = r#"theorem "t" {
        forall n in 1..3, a in {1, 2}, x in [1/5, 1/2], y in [0, 1]
        forall p: Simplex[n], q: Vec[n], K: Corr[n]
        claim pq: sum(p) <= 1 + norm(p - q)^2 equality iff p == q
        claim qp: sum(p) <= 1 + norm(p - q)^2 equality iff q == p
        claim a <= 5 equality iff a == 3
        claim exp(x) >= 1 equality iff x == 1
        claim entropy(K, 2) <= log(n) + 1 equality iff K == 2*ones(n, n)
        claim inside: y^2 <= 1 equality iff y == 0
        expect refuted
    }"#;
    let theorems = Session::new().load_text("t.lw", text).unwrap();
    let report = report(&theorems[0], 300);
    for claim in &report.claims {
        assert!(claim.as_expected(), "{claim:?}");
    }
    // The witness is the point of equality that was claimed, not what was drawn.
    let witness = report.claims.last().unwrap().witness().unwrap();
    assert!(witness.values.iter().any(|(name, value)| name == "y" && *value == Value::Number(0.0)), "{witness:?}");
}

#[test]
fn a_case_of_equality_is_not_put_where_there_are_hypotheses() {
    let text = r#"theorem "t" {
        forall x in [0, 3]
        assume x <= 1
        claim x >= 0 - 1 equality iff x == 2
    }"#;
    let theorems = Session::new().load_text("t.lw", text).unwrap();
    let claims = report(&theorems[0], 300).claims;
    assert!(claims[0].as_expected(), "{:?}", claims[0]);
}
