//! Relations that are known from closed forms.

use super::*;

fn answer(left: &str, right: &str, forall: &[&str], set: &[(&str, &str)]) -> Answer {
    let given = Given {
        forall: forall.iter().map(|text| (*text).to_owned()).collect(),
        set: set.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        ..Given::default()
    };
    let mut session = Session::new();
    relate(&mut session, left, right, &given, 0).unwrap_or_else(|mistakes| panic!("{left}, {right}: {mistakes:?}"))
}

/// The coefficients as expressions, evaluated by the language.
fn line_of(answer: &Answer) -> (String, String) {
    match &answer.relation {
        Relation::Affine { slope, offset, basis: Basis::Samples(..) | Basis::Proved(_) } => {
            (slope.to_string(), offset.to_string())
        }
        other => panic!("{:?}: {other:?}", answer.losses),
    }
}

const UNIT: &[&str] = &["Z: UnitCols[d, B]"];

#[test]
fn the_official_m_mae_term_is_the_papers_with_a_constant() {
    // det(I + (m/d) ZZ') = (m/d)^d det((d/m) I + ZZ'): Tan et al., equation 11, at mu = d/m.
    let official = "-lambda * logdet(eye(d) + m / d * cov(Z))";
    let found = answer("m_mae_term", official, &["m in (0, 10]", "Z: UnitCols[d, B]"], &[("mu", "d / m")]);
    let (slope, offset) = line_of(&found);
    assert_eq!(slope, "1");
    assert!(["d * lambda * log(d / m)", "lambda * d * log(d / m)"].contains(&offset.as_str()), "{offset}");
}

#[test]
fn the_mean_over_all_pairs_is_the_sum_with_the_diagonal() {
    // mean G∘G = (sum_{i != j} G_ij^2 + B) / B^2 on columns of norm 1.
    let found = answer("u_mae_term", "gamma * mean(abs2(gram(Z)))", UNIT, &[]);
    let (slope, offset) = line_of(&found);
    assert_eq!((slope.as_str(), offset.as_str()), ("1 / B^2", "gamma / B"));
}

#[test]
fn spectral_contrastive_of_the_paper_and_of_its_code() {
    // |z1 - z2|^2 = 2 - 2 z1.z2 on the sphere, and 1/(B - 1) of the sum over pairs, all over B.
    let unit = &["Z1, Z2: UnitCols[d, B]"];
    let set = &[("lambda", "1 / (B - 1)"), ("mu", "1")];
    let found = answer("spectral_contrastive", "spectral_contrastive_official", unit, set);
    assert_eq!(line_of(&found), ("1 / B".to_owned(), "-2".to_owned()));
}

#[test]
fn joint_entropy_of_order_two_is_a_norm() {
    // Tan et al., 4.12.
    let found = answer("joint_entropy(K1, K2, 2)", "2 * log(n) - log(frobenius2(K1 .* K2))", &["K1, K2: Corr[n]"], &[]);
    assert!(matches!(found.relation, Relation::Equal(_)), "{:?}", found.relation);
}

#[test]
fn one_expression_needs_no_samples() {
    let found = answer("H", "entropy", &[], &[]);
    assert_eq!(found.relation, Relation::Equal(Basis::Unfolding));
}

#[test]
fn u_mae_is_the_second_order_of_m_mae() {
    // log det((1 + mu) I + E) = B log(1 + mu) - |E|^2 / (2 (1 + mu)^2) + ... on the batch side, E = G - I, and so near an
    // orthonormal batch; and in 1/mu, with mu for 1 + mu.
    let found = answer("u_mae_term", "m_mae_term", UNIT, &[]);
    assert!(matches!(found.relation, Relation::Different { .. }), "{:?}", found.relation);
    let at = |name: &str| found.local.iter().find(|local| local.at.starts_with(name)).map(|local| local.factor.clone());
    let orthonormal = at("an orthonormal").flatten().map(|factor| factor.to_string());
    assert_eq!(orthonormal.as_deref(), Some("lambda / (2 * gamma * (mu + 1)^2)"), "{:?}", found.local);
    let limit = at("mu -> inf").flatten().map(|factor| factor.to_string());
    assert_eq!(limit.as_deref(), Some("lambda / (2 * gamma * mu^2)"), "{:?}", found.local);
}

#[test]
fn effective_ranks_of_features_and_of_their_covariance_differ() {
    let found = answer("effective_rank_cov", "effective_rank(Z)", &[], &[]);
    let Relation::Different { values, witness, .. } = &found.relation else { panic!("{:?}", found.relation) };
    let [a, b, c] = values;
    let area = (b.0 - a.0) * (c.1 - a.1) - (c.0 - a.0) * (b.1 - a.1);
    assert!(area.abs() > 1e-9, "{values:?}");
    assert!(witness.is_some());
}

/// A line is a line whatever its parameters range over: below zero, around it, without an end, listed, and between ends that
/// rest on others.
#[test]
fn parameters_are_drawn_from_their_ranges() {
    let ranges =
        ["(-inf, 0)", "(-3, -1)", "(-1, 1)", "(-inf, inf)", "{-2, -1/2, 3}", "(20, inf)", "(b, b + 1)", "(-pi, 0)"];
    for range in ranges {
        let first = &["Z: Mat[d, B]", "b in (2, 3)", &format!("a in {range}")];
        let found = answer("sum(abs2(Z))", "sum(abs2(Z)) + a + 0*b", first, &[]);
        assert_eq!(line_of(&found), ("1".to_owned(), "a".to_owned()), "{range}");
    }
    // |a| is a only above zero: each draw has the sign of its range.
    let of = |range: &str| line_of(&answer("trace(K)", "trace(K) + abs(a)", &["K: Psd[n]", range], &[])).1;
    assert_eq!((of("a in (-inf, 0)").as_str(), of("a in (0, inf)").as_str()), ("-a", "a"));
    // Integers that are listed are sizes.
    let found = answer("trace(K)", "k * trace(K)", &["K: Psd[n]", "k in {2, 3, 5}"], &[]);
    assert_eq!(line_of(&found), ("k".to_owned(), "0".to_owned()));
}

/// Coefficients that are no sums of products are measured at each choice, and no claim is made of them.
#[test]
fn lines_that_are_only_measured_are_open() {
    let found = answer("trace(K)", "exp(sin(a)) * trace(K)", &["K: Psd[n]", "a in (0, 1)"], &[]);
    assert!(matches!(&found.relation, Relation::Lines(lines) if !lines.is_empty()), "{:?}", found.relation);
    assert_eq!(found.standing(), Standing::Open);
}

/// Two losses that share a weight are near each other where it is large, whatever else is in them; in one that is no weight
/// a limit says more.
#[test]
fn limits_of_shared_weights_are_told_from_others() {
    let shared =
        answer("trace(K) + w*sum(abs2(K))", "trace(K)^2 + w*sum(abs2(K))", &["K: Psd[n]", "w in (0, inf)"], &[]);
    let limit = shared.local.iter().find(|local| local.limit).unwrap();
    assert!(limit.weight && limit.at == "w -> inf", "{limit:?}");
    let found = answer("u_mae_term", "m_mae_term", UNIT, &[]);
    assert!(found.local.iter().any(|local| local.limit && !local.weight), "{:?}", found.local);
}
