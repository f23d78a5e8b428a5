//! Sums of logarithms and sums of exponentials are decided exactly, where no enclosure could tell them from 0.

use loewner::Loewner;
use loewner::certify::{Cap, Decision, Enclosure, Inputs, decide};
use loewner::ir::InputId;

use super::{enclosures, margin_of};

/// What is said of a condition at 128 bits.
fn truth(text: &str) -> Option<bool> {
    match enclosures(&mut Loewner::new(), text, 128).remove(0) {
        Enclosure::Truth(truth) => truth,
        other => panic!("{text}: {other}"),
    }
}

#[test]
fn identities_of_logarithms_and_exponentials() {
    for identity in [
        "sum(log([2, 3, 6])) == 2 * log(6)",
        "log(27) / log(9) == 3/2",
        "exp(log(4) / 2) == 2",
        "logdet(2 * eye(3)) == sum(log(diag(2 * eye(3))))",
        "logdet([2, 1; 1, 2]) == log(3)",
        "logsumexp([log(2), log(3)]) == log(5)",
        "trace(expm([1, 1; 1, 1])) == 1 + exp(2)",
        "trace(expm(eye(2)) * expm(2 * eye(2))) == 2 * exp(3)",
        "logdet(expm([1, 0; 0, 2])) == 3",
        "(exp(1) + 1) * (exp(1) - 1) == exp(2) - 1",
        "abs(log(2) - log(3)) == log(3/2)",
        "max([log(2), 7/10]) == 7/10",
    ] {
        assert_eq!(truth(identity), Some(true), "{identity}");
        assert_eq!(truth(&format!("{identity} + 1/10^90")), Some(false), "{identity}");
    }
    // Mpmath, 80 digits of log 2: the enclosures at this precision overlap, the exact values do not.
    let digits = "0.69314718055994530941723212145817656807550013436025525412068000949339362196969471";
    assert_eq!(truth(&format!("log(2) > {digits}")), Some(true));
    assert_eq!(truth(&format!("log(2) < {digits} + 1/10^80")), Some(true));
    // Nothing is known of a sum of both kinds.
    assert_eq!(truth("exp(log(exp(1)) + log(2)) + log(2) == 2 * exp(1) + log(2)"), None);
}

/// The eigenvalues are 2/3 and 1/3; of the equicorrelated kernel 2/3, 1/6 and 1/6; of the identity all the same.
#[test]
fn entropies_of_partitions() {
    for (kernel, alpha, entropy) in [
        ("[1, 1, 0; 1, 1, 0; 0, 0, 1]", "1", "log(3) - 2/3 * log(2)"),
        ("[1, 0, 1; 0, 1, 0; 1, 0, 1]", "1", "log(3) - 2/3 * log(2)"),
        ("[1, 0, 1; 0, 1, 0; 1, 0, 1]", "2", "log(9/5)"),
        ("[1, 1/2, 1/2; 1/2, 1, 1/2; 1/2, 1/2, 1]", "1", "log(3) - 1/3 * log(2)"),
        ("[1, -1/2; -1/2, 1]", "1", "log(4) - 3/4 * log(3)"),
        ("eye(4)", "7/3", "log(4)"),
        ("ones(3, 3)", "1", "0"),
    ] {
        let equal = format!("entropy({kernel}, {alpha}) == {entropy}");
        assert_eq!(truth(&equal), Some(true), "{equal}");
        assert_eq!(truth(&format!("{equal} - 1/10^90")), Some(false), "{equal}");
    }
}

fn at(claim: &str, n: i64, entries: &[f64]) -> Decision {
    let (graph, margin, strict) = margin_of(&format!("forall n in 1..9\nforall A: Mat[n, n]\nclaim {claim}"), n);
    let mut inputs = Inputs::new();
    inputs.real(InputId(0), entries);
    decide(&graph, margin, strict, &inputs, Cap::default()).unwrap()
}

/// At a multiple of the identity for Hadamard's inequality, and at the kernel of a partition of four points into three and
/// one for K ∘ K = K, both sides are equal: what is not strict holds, what is strict fails.
#[test]
fn margins_that_are_exactly_zero() {
    let (identity, partition) = (
        [2.0, 0.0, 0.0, 2.0],
        // The columns are the blocks.
        [1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    );
    let kernel = "A * A'";
    for (left, right, n, point) in [
        (format!("sum(log(diag({kernel})))"), format!("logdet({kernel})"), 2, &identity[..]),
        (format!("entropy(({kernel}) .* ({kernel}), 1)"), format!("entropy({kernel}, 1)"), 4, &partition),
        (format!("entropy(({kernel}) .* ({kernel}), 2)"), format!("entropy({kernel}, 2)"), 4, &partition),
    ] {
        let found = at(&format!("{left} >= {right}"), n, point);
        assert!(matches!(found, Decision::Holds(_)), "{left}: {found}");
        for fails in [format!("{left} > {right}"), format!("{left} >= {right} + 1/10^60")] {
            let found = at(&fails, n, point);
            assert!(matches!(found, Decision::Violated(_)), "{fails}: {found}");
        }
    }
}
