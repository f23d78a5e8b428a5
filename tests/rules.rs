//! The rewriter's table of rules: each is of use, has its source, and holds on samples, of real and of complex matrices;
//! its sides have a value for the same inputs; and none has a condition that it could do without.

#[path = "rules/weaken.rs"]
mod weaken;

use loewner::check::{Claim, Part, Rule, Session, Theorem, rules};
use loewner::ir::NodeId;
use loewner::verify::{ClaimReport, Options, Silent, Verdict, verify};

/// Overflow makes one side infinite before the other: so many samples of a hundred may have a value on one side only.
const OVERFLOW: u64 = 3;

/// What samples say of theorems. No proof is tried: a rule would prove itself.
fn sampled(mut theorems: Vec<Theorem>, samples: u64) -> Vec<ClaimReport> {
    for part in
        theorems.iter_mut().flat_map(|theorem| &mut theorem.claims).flat_map(|claim: &mut Claim| &mut claim.parts)
    {
        if let Part::Margin { sides, .. } = part {
            *sides = None;
        }
    }
    let options = Options { samples, attack: 0.0, threads: 2, ..Options::default() };
    verify(&theorems, &options, &Silent).unwrap().claims
}

fn undefined(report: &ClaimReport) -> u64 {
    100 * report.dropped / (report.samples + report.dropped).max(1)
}

fn name(rule: &Rule) -> String {
    format!("{}: {}", rule.identity.group, rule.theorem.name)
}

#[test]
fn every_rule_is_of_use_and_has_its_source() {
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
    let reports = sampled(rules().iter().map(|rule| rule.theorem.clone()).collect(), 200);
    let mut wrong = Vec::new();
    for report in &reports {
        // A rule without variables but sizes has few inputs.
        if matches!(report.verdict, Verdict::Refuted(_)) || report.samples == 0 {
            wrong.push(format!("{} {}: {}", report.file, report.theorem, report.verdict.name()));
        }
    }
    assert_eq!(reports.len(), rules().len());
    assert!(wrong.is_empty(), "{} of {} rules:\n{}", wrong.len(), reports.len(), wrong.join("\n"));
}

/// A chain of equalities goes through each of its terms in both directions, so that a side without a value where the other
/// has one would let it leave what is defined and come back elsewhere.
#[test]
fn the_sides_of_a_rule_have_values_for_the_same_inputs() {
    // The rule with one side in the place of both: undefined where that side is.
    let alone = |rule: &Rule, side: fn(&Rule) -> NodeId| {
        let mut theorem = rule.theorem.clone();
        let side = side(rule);
        theorem.graph = rule.identity.graph.clone();
        let condition = theorem.graph.equal(side, side).unwrap();
        let margin = theorem.graph.margin(condition).unwrap();
        theorem.claims[0].parts = vec![Part::Margin { condition, margin, put: Vec::new(), sides: None }];
        theorem
    };
    let both = sampled(rules().iter().map(|rule| rule.theorem.clone()).collect(), 100);
    let left = sampled(rules().iter().map(|rule| alone(rule, |rule| rule.identity.left)).collect(), 100);
    let right = sampled(rules().iter().map(|rule| alone(rule, |rule| rule.identity.right)).collect(), 100);
    let mut wrong = Vec::new();
    for ((both, left), right) in both.iter().zip(&left).zip(&right) {
        let (both, left, right) = (undefined(both), undefined(left), (right.theorem.as_str(), undefined(right)));
        if both > left + OVERFLOW || both > right.1 + OVERFLOW {
            wrong.push(format!(
                "{}: undefined on {both} %, the left side on {left} %, the right on {} %",
                right.0, right.1
            ));
        }
    }
    assert!(wrong.is_empty(), "{} rules:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_range_says_no_more_than_a_sign() {
    for (group, text) in loewner::library::RULES {
        for range in weaken::ranges(text) {
            assert!(
                ["(0, inf)", "[0, inf)", "1..", "2.."].iter().any(|fine| range.starts_with(fine)),
                "{group}: {range}"
            );
        }
    }
}

#[test]
fn no_rule_has_a_condition_that_it_could_do_without() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (group, text) in loewner::library::RULES {
        let stated = rules().iter().filter(|rule| rule.identity.group == *group);
        let stated = sampled(stated.map(|rule| rule.theorem.clone()).collect(), 100);
        let mut weakened = Vec::new();
        for weaker in weaken::weakened(text) {
            count += 1;
            // What does not check without the condition needs it.
            if let Ok(theorems) = Session::new().load_text("weakened", &weaker.text) {
                weakened.push((weaker, theorems[0].clone()));
            }
        }
        let reports = sampled(weakened.iter().map(|(_, theorem)| theorem.clone()).collect(), 200);
        for ((weaker, _), report) in weakened.iter().zip(&reports) {
            let before = stated.iter().filter(|rule| rule.theorem.trim_end_matches(", complex") == report.theorem);
            let before = before.map(undefined).max().unwrap_or(0);
            let refuted = matches!(report.verdict, Verdict::Refuted(_));
            if !refuted && undefined(report) <= before + OVERFLOW {
                wrong.push(format!("{group}: {}: {}", report.theorem, weaker.change));
            }
        }
    }
    assert!(count > 100, "{count} conditions");
    assert!(wrong.is_empty(), "{} of {count} conditions are not needed:\n{}", wrong.len(), wrong.join("\n"));
}
