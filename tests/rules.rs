//! The rewriter's table of rules: each is of use, has its source, and holds on samples, of real and of complex matrices;
//! and none has a condition that it could do without.

use loewner::check::{Rule, Theorem, rules};
use loewner::verify::{Options, Report, Silent, verify};

fn sampled(theorems: &[Theorem], samples: u64) -> Report {
    verify(theorems, &Options { samples, attack: 0.0, threads: 2, ..Options::default() }, &Silent).unwrap()
}

fn name(rule: &Rule) -> String {
    format!("{}: {}", rule.identity.group, rule.theorem.name)
}

#[test]
fn every_rule_is_of_use() {
    let mut wrong = Vec::new();
    for rule in rules() {
        if let Err(why) = rule.identity.usable() {
            wrong.push(format!("{}: {why:?}", name(rule)));
        }
        if rule.identity.source.trim().is_empty() {
            wrong.push(format!("{}: no source", name(rule)));
        }
        if rule.theorem.claims.len() != 1 {
            wrong.push(format!("{}: {} claims", name(rule), rule.theorem.claims.len()));
        }
    }
    let mut names: Vec<&str> = rules().iter().map(|rule| rule.theorem.name.as_str()).collect();
    names.sort_unstable();
    wrong.extend(names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| format!("two rules `{}`", pair[0])));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_holds() {
    let theorems: Vec<Theorem> = rules().iter().map(|rule| rule.theorem.clone()).collect();
    let report = sampled(&theorems, 200);
    let mut wrong = Vec::new();
    for claim in &report.claims {
        if claim.verdict.name() != "holds" {
            wrong.push(format!("{} {}: {:?}", claim.file, claim.theorem, claim.verdict));
        }
    }
    assert!(wrong.is_empty(), "{} of {} rules:\n{}", wrong.len(), theorems.len(), wrong.join("\n"));
}
