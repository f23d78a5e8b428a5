//! Equalities of the paper and about the library, each as its own proof by saturation with the table of rules: what is true
//! is proved and its proof checked, what is false is not.

use loewner::check::{Session, Theorem};
use loewner::prove::rules;
use loewner::rewrite::{Limits, Proof, prove_equal};

const TRUE: &str = include_str!("equalities/true.lw");
const FALSE: &str = include_str!("equalities/false.lw");

fn theorems(text: &str) -> Vec<Theorem> {
    Session::new().load_text("equalities", text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"))
}

fn proof(theorem: &Theorem) -> Option<Proof> {
    let identity = theorem.identities().remove(0);
    let sides = (identity.left, identity.right);
    prove_equal(&identity.graph, sides, &identity.variables, rules(), &Limits::default()).ok()
}

#[test]
fn what_is_true_is_proved() {
    let open: Vec<String> = theorems(TRUE).into_iter().filter(|t| proof(t).is_none()).map(|t| t.name).collect();
    assert!(open.is_empty(), "not proved: {}", open.join(", "));
}

#[test]
fn what_is_false_is_not() {
    let proved: Vec<String> = theorems(FALSE).into_iter().filter(|t| proof(t).is_some()).map(|t| t.name).collect();
    assert!(proved.is_empty(), "proved: {}", proved.join(", "));
}
