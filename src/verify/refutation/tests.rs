//! Exact points, from end to end: membership against numerics, shrinking, hypotheses that are equalities, files.

use num_complex::Complex;
use num_rational::BigRational;
use proptest::prelude::*;

use super::certificate::{CAP, Certificate, certificate};
use super::desk::Desk;
use super::member::{Stray, check, membership};
use super::place::{Placed, mask};
use super::point::{Given, Loose, Point, Spot, exact, length_of};
use super::rational::{Grid, Way, near};
use super::read::read;
use super::shrink::shrink;
use super::{certified, file};
use crate::certify::Entries;
use crate::check::{Session, Theorem, VariableKind};
use crate::ir::{Dim, Domain, Property, Set, Sizes};
use crate::verify::{Options, Silent, Value, verify};

fn ratio(p: i64, q: i64) -> BigRational {
    BigRational::new(p.into(), q.into())
}

fn domain(set: Set, sizes: &[i64], complex: bool) -> Domain {
    Domain { set, sizes: sizes.iter().map(|n| Dim::constant(*n)).collect(), complex }
}

fn real(entries: &[(i64, i64)]) -> Entries {
    Entries::Real(entries.iter().map(|(p, q)| ratio(*p, *q)).collect())
}

fn theorem(text: &str) -> Theorem {
    Session::new().load_text("test.lw", text).unwrap().remove(0)
}

/// A point of a theorem by sizes and givens in the order of quantification.
fn point(theorem: &Theorem, sizes: &[i64], givens: &[Given]) -> Point {
    let (mut sizes, mut givens) = (sizes.iter(), givens.iter());
    let mut point = Point { sizes: Sizes::new(), givens: Vec::new(), loose: None };
    for variable in &theorem.variables {
        point.givens.push(match &variable.kind {
            VariableKind::Size(var) => {
                point.sizes.insert(var.clone(), *sizes.next().unwrap());
                None
            }
            VariableKind::Scalar { .. } | VariableKind::Member { .. } => Some(givens.next().unwrap().clone()),
        });
    }
    point
}

fn raw(numbers: &[f64]) -> Given {
    Given::Raw(vec![Entries::Real(numbers.iter().map(|x| exact(*x).unwrap()).collect())])
}

fn least_eigenvalue(n: usize, at: impl Fn(usize, usize) -> f64) -> f64 {
    let values = faer::Mat::from_fn(n, n, at).self_adjoint_eigenvalues(faer::Side::Lower).unwrap();
    values.into_iter().fold(f64::INFINITY, f64::min)
}

/// No 1 × 2 matrix has orthonormal columns. What is known of members, Z'Z = I, refuted true claims there.
#[test]
fn a_set_that_is_empty_at_some_sizes_refutes_nothing_there() {
    let theorem = theorem("theorem \"t\" { forall m, n in 1..3 forall Z: Stiefel[m, n] claim trace(Z'*Z) <= m }");
    let w = raw(&[1.0, 1.0]);
    let stray = check(&theorem, &point(&theorem, &[1, 2], std::slice::from_ref(&w)));
    assert_eq!(stray, Err(Stray::Member("Z".to_owned(), Property::OrthonormalColumns, true)));
    assert_eq!(check(&theorem, &point(&theorem, &[2, 1], &[w])), Ok(()));
    let options = Options { samples: 500, attack: 0.05, ..Options::default() };
    let report = verify(&[theorem], &options, &Silent).unwrap();
    assert_eq!(report.claims[0].verdict.name(), "holds");
}

/// The sides are compared at a = 3, whatever the point is.
#[test]
fn what_a_case_of_equality_puts_is_shown() {
    let theorem = theorem("theorem \"t\" { forall a in [2, 5] claim 2 <= a equality at a = 3 }");
    let start = point(&theorem, &[], &[Given::Scalar(ratio(4, 1))]);
    let mut desk = Desk::new(&theorem, 0);
    let Certificate::Violated(violation) = desk.certificate(&start) else { panic!("3 is not 2") };
    let witness = certified(&mut desk, &start, &violation);
    assert_eq!(witness.values, [("a".to_owned(), Value::Number(3.0))]);
}

proptest! {
    /// Entries are quarters between −1 and 1: the determinant of a matrix that is not singular is at least 1/64, so that
    /// no eigenvalue is nearer to 0 than 1e-4, and numerics tell the sign.
    #[test]
    fn exact_membership_of_kernels_agrees_with_eigenvalues(off in prop::array::uniform3(-4..=4i64)) {
        let at = |i: usize, j: usize| match (i.min(j), i.max(j)) {
            (a, b) if a == b => ratio(1, 1),
            (a, b) => ratio(off[a + b - 1], 4),
        };
        let entries = Entries::Real((0..9).map(|k| at(k % 3, k / 3)).collect());
        let least = least_eigenvalue(3, |i, j| super::point::nearest(&at(i, j)));
        let sizes = Sizes::new();
        prop_assert_eq!(membership(&domain(Set::Corr, &[3], false), &entries, &sizes).is_ok(), least > -1e-9);
        prop_assert_eq!(membership(&domain(Set::Psd, &[3], false), &entries, &sizes).is_ok(), least > -1e-9);
        prop_assert_eq!(membership(&domain(Set::Pd, &[3], false), &entries, &sizes).is_ok(), least > 1e-9);
        let third = Entries::Real((0..9).map(|k| at(k % 3, k / 3) / ratio(3, 1)).collect());
        prop_assert_eq!(membership(&domain(Set::Density, &[3], false), &third, &sizes).is_ok(), least > -1e-9);
    }

    #[test]
    fn exact_membership_of_complex_kernels_is_that_of_the_determinant(a in 0..4i64, d in 0..4i64, re in -3..4i64, im in -3..4i64) {
        let z = |re: i64, im: i64| Complex::new(ratio(re, 1), ratio(im, 1));
        let entries = Entries::Complex(vec![z(a, 0), z(re, -im), z(re, im), z(d, 0)]);
        let psd = membership(&domain(Set::Psd, &[2], true), &entries, &Sizes::new());
        prop_assert_eq!(psd.is_ok(), a * d >= re * re + im * im);
        let skew = Entries::Complex(vec![z(a, 0), z(re, im), z(re, im), z(d, 0)]);
        let hermitian = membership(&domain(Set::Sym, &[2], true), &skew, &Sizes::new());
        prop_assert_eq!(hermitian.is_ok(), im == 0);
    }

    #[test]
    fn rational_neighbours_of_unit_columns_and_shares_are_members(x in prop::array::uniform6(-1.0..1.0f64), q in 1..200u32) {
        let norm = |a: f64, b: f64| (a * a + b * b).sqrt();
        prop_assume!((0..3).all(|j| norm(x[2 * j], x[2 * j + 1]) > 1e-3));
        let unit: Vec<f64> = (0..6).map(|k| x[k] / norm(x[k - k % 2], x[k - k % 2 + 1])).collect();
        let grid = |numbers: &[f64], rows, cols| {
            Grid::of(&Entries::Real(numbers.iter().map(|x| exact(*x).unwrap()).collect()), rows, cols).unwrap()
        };
        let columns = domain(Set::UnitCols, &[2, 3], false);
        let found = near(&columns, &grid(&unit, 2, 3), q, Way::Nearest).unwrap().entries();
        prop_assert!(membership(&columns, &found, &Sizes::new()).is_ok());
        let Entries::Real(found) = found else { panic!("real columns") };
        for (x, y) in unit.iter().zip(&found) {
            // t is rounded by at most 1/(2q), and the projection stretches by at most 2.
            prop_assert!((x - super::point::nearest(y)).abs() <= 2.0 / f64::from(q));
        }
        let total: f64 = x.iter().map(|x| x * x).sum();
        let shares: Vec<f64> = x.iter().map(|x| x * x / total).collect();
        let simplex = domain(Set::Simplex, &[6], false);
        let found = near(&simplex, &grid(&shares, 6, 1), q, Way::Nearest).unwrap().entries();
        prop_assert!(membership(&simplex, &found, &Sizes::new()).is_ok());
    }

    /// The only kernel of unit diagonal that does not contradict the claim is the identity; two samples that are
    /// neither orthogonal are enough.
    #[test]
    fn shrinking_keeps_the_violation_and_never_grows(w in prop::array::uniform16(-1.0..1.0f64)) {
        let theorem = theorem("theorem \"t\" { forall n in 1..8 forall K: Corr[n] claim trace(K*K) <= n }");
        let start = point(&theorem, &[4], &[raw(&w)]);
        let mut desk = Desk::new(&theorem, 0);
        let Certificate::Violated(violation) = desk.certificate(&start) else { panic!("no violation") };
        let shrunk = shrink(&mut desk, start.clone(), Some(violation), &|_, _| None);
        prop_assert!(shrunk.point.complexity(&theorem) < start.complexity(&theorem));
        prop_assert!(check(&theorem, &shrunk.point).is_ok());
        prop_assert!(matches!(Desk::new(&theorem, 0).certificate(&shrunk.point), Certificate::Violated(_)));
        prop_assert_eq!(shrunk.point.sizes.values().copied().collect::<Vec<_>>(), [2]);
        let Some(Given::Exact(entries)) = &shrunk.point.givens[1] else { panic!("no exact kernel") };
        prop_assert!(length_of(entries) <= length_of(&real(&[(1, 1), (-1, 1), (-1, 1), (1, 1)])));
    }

    #[test]
    fn files_are_read_as_they_were_written(w in prop::array::uniform4(-1.0..1.0f64), alpha in 0.1..3.0f64) {
        let text = "theorem \"t\" { forall n in 1..8, a in (0, 3] forall K: Corr[n] forall L: Psd[n] claim trace(K*K) <= n }";
        let theorem = theorem(text);
        let exact_kernel = Given::Exact(real(&[(1, 1), (1, 3), (1, 3), (1, 1)]));
        let start = point(&theorem, &[2], &[Given::Scalar(exact(alpha).unwrap()), exact_kernel, raw(&w)]);
        let mut desk = Desk::new(&theorem, 0);
        let Certificate::Violated(violation) = desk.certificate(&start) else { panic!("no violation") };
        let witness = certified(&mut desk, &start, &violation);
        let written = file::content(("test.lw", "t", "1"), &witness).to_string();
        let read = read("w.json", &written).unwrap();
        prop_assert_eq!(&read.point(&theorem).unwrap(), &start);
        let again = super::replay(std::slice::from_ref(&theorem), &read).unwrap();
        prop_assert_eq!(again, witness);
    }
}

#[test]
fn membership_names_what_is_missing() {
    let sizes = Sizes::new();
    let lacks = |set, shape: &[i64], entries: &[(i64, i64)]| {
        membership(&domain(set, shape, false), &real(entries), &sizes).unwrap_err().0
    };
    assert_eq!(lacks(Set::Corr, &[2], &[(1, 1), (2, 1), (2, 1), (1, 1)]), Property::Psd);
    assert_eq!(lacks(Set::Corr, &[2], &[(1, 1), (0, 1), (0, 1), (1, 2)]), Property::UnitDiagonal);
    assert_eq!(lacks(Set::Simplex, &[2], &[(1, 1), (1, 2)]), Property::SumsToOne);
    assert_eq!(lacks(Set::Mask, &[2], &[(1, 1), (1, 2)]), Property::ZeroOne);
    assert_eq!(lacks(Set::UnitCols, &[2, 1], &[(3, 5), (3, 5)]), Property::UnitColumns);
    assert_eq!(lacks(Set::Orthogonal, &[2], &[(1, 1), (0, 1), (1, 1), (0, 1)]), Property::OrthonormalColumns);
    // A singular kernel is semi-definite, and not definite.
    let ones = real(&[(1, 1); 9]);
    assert!(membership(&domain(Set::Corr, &[3], false), &ones, &sizes).is_ok());
    assert_eq!(membership(&domain(Set::Pd, &[3], false), &ones, &sizes), Err((Property::Pd, true)));
    // A hollow pivot with entries beside it: the leading minors are all nonnegative, the matrix is indefinite.
    let hollow = [(1, 1), (1, 1), (1, 1), (1, 1), (1, 1), (0, 1), (1, 1), (0, 1), (1, 1)];
    assert_eq!(lacks(Set::Psd, &[3], &hollow), Property::Psd);
}

#[test]
fn equalities_are_met_exactly_or_not_at_all() {
    let text = "theorem \"t\" { forall n in 1..8 forall K: Corr[n] assume trace(K*K) == 5/2 claim sum(K) < 2.5 }";
    let theorem = theorem(text);
    let look = |off: BigRational| {
        let kernel = Entries::Real(vec![ratio(1, 1), off.clone(), off, ratio(1, 1)]);
        let point = point(&theorem, &[2], &[Given::Exact(kernel)]);
        assert_eq!(check(&theorem, &point), Ok(()));
        Desk::new(&theorem, 0).certificate(&point)
    };
    assert!(matches!(look(ratio(1, 2)), Certificate::Violated(violation) if violation.margin == (-0.5, -0.5)));
    assert_eq!(look(ratio(-1, 2)), Certificate::Holds);
    let beside = ratio(1, 2) + BigRational::new(1.into(), num_bigint::BigInt::from(10).pow(40));
    assert_eq!(look(beside), Certificate::Outside { hypothesis: Some(0), equality: true });
    // Shrinking moves onto the equality what floating point can only bring near it.
    let near = point(&theorem, &[2], &[raw(&[1.0, 0.0, 0.5, 0.75f64.sqrt()])]);
    let mut desk = Desk::new(&theorem, 0);
    assert_eq!(desk.certificate(&near), Certificate::Outside { hypothesis: Some(0), equality: true });
    let shrunk = shrink(&mut desk, near, None, &|_, _| None);
    assert!(shrunk.violation.is_some());
    assert_eq!(shrunk.point.givens[1], Some(Given::Exact(real(&[(1, 1), (1, 2), (1, 2), (1, 1)]))));
}

#[test]
fn cases_of_equality_are_decided_both_ways() {
    let case = |condition: &str, off: i64| {
        let text = format!("theorem \"t\" {{ forall K: Corr[2] claim trace(K*K) >= 2 equality iff {condition} }}");
        let theorem = theorem(&text);
        let point = point(&theorem, &[], &[Given::Exact(real(&[(1, 1), (off, 2), (off, 2), (1, 1)]))]);
        Desk::new(&theorem, 0).certificate(&point)
    };
    // The gap is 0 only at the identity.
    assert_eq!(case("K[1, 2] == 0", 0), Certificate::Holds);
    assert_eq!(case("K[1, 2] == 0", 1), Certificate::Holds);
    assert!(matches!(case("K[1, 2] == 1/2", 0), Certificate::Violated(_)), "the gap is 0 where the condition fails");
    assert!(
        matches!(case("K[1, 2] == 1/2", 1), Certificate::Violated(_)),
        "the condition holds where the gap is not 0"
    );
}

#[test]
fn ranges_are_checked_exactly() {
    let theorem = theorem("theorem \"t\" { forall n in 2..3, a in (0, sqrt(2)], b in {1/2, 3} claim a*b < 0 }");
    let check = |n: i64, a: BigRational, b: BigRational| {
        check(&theorem, &point(&theorem, &[n], &[Given::Scalar(a), Given::Scalar(b)])).is_ok()
    };
    assert!(check(2, ratio(1, 1), ratio(1, 2)) && check(3, ratio(1414, 1000), ratio(3, 1)));
    assert!(!check(1, ratio(1, 1), ratio(1, 2)) && !check(4, ratio(1, 1), ratio(1, 2)));
    assert!(!check(2, ratio(0, 1), ratio(1, 2)), "the lower end is open");
    assert!(!check(2, ratio(1415, 1000), ratio(1, 2)), "beyond the square root of 2");
    assert!(!check(2, ratio(1, 1), ratio(1, 3)));
}

#[test]
fn a_member_in_place_of_its_chart_is_the_same_to_every_statement() {
    // The trace and the diagonal of a Gram matrix would fold to sums of squares of the factor, were it looked through.
    let text = "theorem \"t\" { forall n in 1..4 forall K: Psd[n] assume trace(K) <= 3 claim logdet(eye(n) + K) <= 1 }";
    let theorem = theorem(text);
    let kernel = Entries::Real([(2, 1), (1, 1), (1, 1), (1, 1)].iter().map(|(p, q)| ratio(*p, *q)).collect());
    let placed_point = point(&theorem, &[2], &[Given::Exact(kernel)]);
    let placed = Placed::new(&theorem, &mask(&placed_point)).unwrap();
    let found = certificate(&placed.theorem, 0, &placed.inputs(&placed_point), &placed.instance(&placed_point), CAP);
    // log det [3, 1; 1, 2] = log 5
    let Certificate::Violated(violation) = found else { panic!("{found:?}") };
    assert!((violation.margin.0 - (1.0 - 5f64.ln())).abs() < 1e-15);
}

#[test]
fn products_that_read_the_same_from_both_ends_are_hermitian_to_a_certificate() {
    // Furuta's inequality beyond its range: the least eigenvalue of the difference is -0.00073 (tests/truth).
    let text = r#"theorem "t" {
        forall B, P: Psd[2]
        let A = B + P, S = sqrtm(B)
        claim B^(9/4) ⪯ (S * A * A * S)^(3/4)
        claim B^2 ⪯ (S * A * A * S)^(2/3)
        claim B ⪯ B * A * B + eye(2)
    }"#;
    let theorem = theorem(text);
    let givens = [real(&[(5, 1), (2, 1), (2, 1), (1, 1)]), real(&[(1, 1), (0, 1), (0, 1), (0, 1)])].map(Given::Exact);
    let point = point(&theorem, &[], &givens);
    let look = |claim: usize| Desk::new(&theorem, claim).certificate(&point);
    assert!(matches!(look(0), Certificate::Violated(violation) if (violation.margin.1 + 0.00073).abs() < 5e-6));
    assert_eq!((look(1), look(2)), (Certificate::Holds, Certificate::Holds));
}

/// The certificate of a claim about one scalar that lies between two numbers.
fn between(text: &str, lower: BigRational, upper: BigRational) -> Certificate {
    let theorem = theorem(text);
    let mut point = point(&theorem, &[], &[Given::Scalar(lower)]);
    point.loose = Some(Loose { spot: Spot { variable: 0, block: 0, entry: 0, imaginary: false }, upper });
    Desk::new(&theorem, 0).certificate(&point)
}

#[test]
fn an_equality_is_met_where_its_sides_change_places() {
    let look = |lower: i64, upper: i64, hypothesis: &str, claim: &str| {
        let text = format!("theorem \"t\" {{ forall x in [-9, 9] assume {hypothesis} claim {claim} }}");
        between(&text, ratio(lower, 1000), ratio(upper, 1000))
    };
    let is_refuted = |certificate: Certificate| matches!(certificate, Certificate::Violated(_));
    assert!(is_refuted(look(1414, 1415, "x^2 == 2", "x <= 1.413")));
    assert!(is_refuted(look(693, 694, "exp(x) == 2", "x < 69/100")));
    assert!(is_refuted(look(1570, 1571, "cos(x) == 0", "sin(x) <= 0.9")));
    // The claim fails at some of what lies between, and nobody knows at which.
    assert_eq!(look(1414, 1415, "x^2 == 2", "x <= 1.4142"), Certificate::Open);
    // The root is not between the ends, or both ends are on one side of it.
    assert!(!is_refuted(look(1415, 1416, "x^2 == 2", "x <= 1")));
    assert!(!is_refuted(look(1414, 1415, "(x^2 - 2)^2 == 0", "x <= 1")));
    // The sides change places by a jump, and are equal nowhere.
    assert!(!is_refuted(look(-1, 1, "sign(x) == 1/2", "x >= 5")));
    assert!(!is_refuted(look(999, 1001, "floor(x) == 1/2", "x >= 5")));
    assert!(!is_refuted(look(-1, 1, "1/x == 0", "x >= 5")));
    assert!(!is_refuted(look(999, 1001, "(if x < 1 then -1 else 1) == 0", "x >= 5")));
    assert!(!is_refuted(look(-1, 1, "rank([x, 0; 0, 1]) == 3/2", "x >= 5")));
    // 1/0 is infinite: the claim holds at the root.
    assert!(!is_refuted(look(1414, 1415, "x^2 == 2", "(-((x^2 - 2)^2))^(-1) >= 0")));
    assert!(!is_refuted(look(-500, 0, "-x == x^2", "x^(-1) >= 0")));
    // Both hypotheses have a solution there, and not the same one.
    assert!(!is_refuted(look(1200, 1500, "x^2 == 2 assume x^3 == 2", "x <= 1")));
    // One that does not rest on the number is no matter.
    assert!(is_refuted(look(1414, 1415, "x^2 == 2 assume exp(0) == 1", "x <= 1")));
}

#[test]
fn claims_are_refuted_where_no_number_in_closed_form_meets_the_hypotheses() {
    let look = |text: &str| {
        let options = Options { samples: 500, attack: 0.05, ..Options::default() };
        verify(&[theorem(&format!("theorem \"t\" {{ {text} }}"))], &options, &Silent).unwrap().claims.remove(0)
    };
    // The binary entropy is 1/2 nats at 0.2 and 0.8 (by bisection: 0.199709902553977).
    let entropy = "forall p: Simplex[2] assume shannon(p) == 1/2";
    let cases = [
        ("forall x in [-2, 2] assume x^2 == 2 claim x <= 1", 1.0 - 2f64.sqrt()),
        ("forall x in [0, 2] assume exp(x) == 2 claim x < 0.69", 0.69 - 2f64.ln()),
        ("forall A: Mat[1, 1] assume norm(A)^2 == 2 claim trace(A) <= 1", 1.0 - 2f64.sqrt()),
        (&format!("{entropy} claim max(p) <= 0.79"), 0.79 - 0.800_290_097),
    ];
    for (text, margin) in cases {
        let report = look(text);
        let witness = report.witness().unwrap_or_else(|| panic!("{text}: {:?}", report.verdict));
        assert!(witness.certified && witness.solution.is_some(), "{text}");
        let (lo, hi) = witness.margin;
        assert!(lo - 1e-6 <= margin && margin <= hi + 1e-6 && hi - lo < 1e-5, "{text}: {lo} to {hi}");
    }
    assert_eq!(look("forall x in [-2, 2] assume x^2 == 2 claim x <= 1.4143").verdict.name(), "holds");
    assert_eq!(look(&format!("{entropy} claim max(p) <= 0.81")).verdict.name(), "holds");
}
