//! Zero among integers: a number like any other, and a size of nothing.

use super::kinds::with;
use crate::verify::{ClaimReport, Options, Verdict};

fn claims(text: &str) -> Vec<ClaimReport> {
    with(text, &Options { samples: 1000, threads: 2, attack: 0.01, ..Options::default() })
}

#[test]
fn integers_of_a_range_or_a_set_may_be_zero() {
    for text in
        ["forall n in 0..3 claim n >= 1", "forall n in {0, 1} claim n >= 1", "forall n in {0, 2, 4} claim n > 0"]
    {
        let claim = &claims(text)[0];
        let witness = claim.witness().unwrap_or_else(|| panic!("{text}: {claim:?}"));
        assert_eq!(witness.sizes, [("n".to_owned(), 0)]);
        assert!(witness.certified && claim.dropped == 0, "{claim:?}");
    }
    // Not all cases are listed where a matrix is drawn, too; det(K) <= 1 on kernels.
    let text = "forall n in 1..3, k in 0..2 forall K: Corr[n] claim k >= det(K)/2 claim k + 1 >= det(K)";
    let [first, second] = &claims(text)[..] else { panic!("two claims") };
    assert!(first.witness().is_some_and(|witness| witness.sizes.contains(&("k".to_owned(), 0))), "{first:?}");
    assert!(matches!(second.verdict, Verdict::Holds | Verdict::Proved { .. }) && second.dropped == 0, "{second:?}");
}

#[test]
fn a_hypothesis_may_ask_for_zero() {
    let claim = &claims("forall x in {0, 1} assume x == 0 claim x <= 5")[0];
    assert!(matches!(claim.verdict, Verdict::Holds | Verdict::Proved { .. }) && claim.samples == 1, "{claim:?}");
    let claim = &claims("forall x in 0..3 assume x^2 == x claim x >= 1")[0];
    assert_eq!(claim.witness().unwrap_or_else(|| panic!("{claim:?}")).sizes, [("x".to_owned(), 0)]);
}

#[test]
fn an_end_that_other_integers_lower_may_go_below_zero() {
    // 3 - n is 2 at n = 1 and -1 at n = 4.
    let [first, second] = &claims("forall n in 1..4, k in 3 - n..4 claim k >= 0 claim k >= -1")[..] else {
        panic!("two claims")
    };
    let sizes = first.witness().unwrap_or_else(|| panic!("{first:?}")).sizes.clone();
    assert_eq!(sizes, [("n".to_owned(), 4), ("k".to_owned(), -1)]);
    assert!(matches!(second.verdict, Verdict::Holds | Verdict::Proved { .. }), "{second:?}");
}

#[test]
fn a_matrix_of_no_rows_is_not_called_checked() {
    let text = "forall n in 0..3 claim lambda_max(eye(n) + ones(n, n)) >= 1 claim n >= 1";
    let [shape, number] = &claims(text)[..] else { panic!("two claims") };
    assert!(matches!(shape.verdict, Verdict::Holds), "{shape:?}");
    assert!(shape.notes.iter().any(|note| note == "3 of 4 cases were checked"), "{shape:?}");
    assert!(shape.notes.iter().any(|note| note.contains("0 is not a usable size")), "{shape:?}");
    // What does not fit one claim says nothing of another.
    assert_eq!(number.witness().unwrap_or_else(|| panic!("{number:?}")).sizes, [("n".to_owned(), 0)]);
    assert_eq!((number.drawn, number.samples), (4, 4));
    // By itself the same.
    let alone = &claims("forall n in 0..3 claim lambda_max(eye(n) + ones(n, n)) >= 1")[0];
    assert!(alone.notes.iter().any(|note| note == "3 of 4 cases were checked"), "{alone:?}");
}
