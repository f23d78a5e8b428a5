//! The rewriter's table of rules: each is of use, has its source, and holds on samples, of real and of complex matrices;
//! its sides have a value for the same inputs; and none has a condition that it could do without.

#[path = "rules/weaken.rs"]
mod weaken;

use loewner::check::{Claim, Part, Rule, Session, Theorem, rules};
use loewner::ir::NodeId;
use loewner::verify::{ClaimReport, Options, Silent, Verdict, verify};

/// Overflow, and a matrix that is singular to rounding, leave a few samples of a rule without a value: so many more of a
/// hundred are no sign of a condition that is missing.
const OVERFLOW: u64 = 3;

/// A power overflows on one side of a rule and not on the other on at most so many samples of a hundred; a side that has
/// no value for singular matrices shows on more.
const ONE_SIDED: u64 = 17;

/// The rules that samples leave open, and why: half of the inputs have no value on either side, or an exponential next to
/// overflow has an error bound that says nothing.
const OPEN: &[(&str, &str)] = &[
    ("inverse of a diagonal matrix", "most for a singular matrix"),
    ("logarithm of a determinant", "most for a value that is not a number"),
    ("power of a power of a matrix, complex", "an error bound of up to"),
    ("matrix exponential of a shift, complex", "an error bound of up to"),
];

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
        let why = match &report.verdict {
            Verdict::Holds | Verdict::Proved { .. } if report.samples > 0 => continue,
            Verdict::Inconclusive { reason } => {
                let open = OPEN.iter().any(|(name, why)| *name == report.theorem && reason.contains(why));
                if open && report.samples >= 50 {
                    continue;
                }
                reason.as_str()
            }
            Verdict::Holds | Verdict::Proved { .. } | Verdict::Vacuous { .. } => "no sample",
            Verdict::Refuted(_) => "refuted",
        };
        wrong.push(format!("{} {}: {why}", report.file, report.theorem));
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
        theorem.claims[0].parts = vec![Part::Margin { condition, margin, put: Vec::new(), sides: None, member: None }];
        theorem
    };
    let left = sampled(rules().iter().map(|rule| alone(rule, |rule| rule.identity.left)).collect(), 100);
    let right = sampled(rules().iter().map(|rule| alone(rule, |rule| rule.identity.right)).collect(), 100);
    let mut wrong = Vec::new();
    for (left, right) in left.iter().zip(&right) {
        let shares = (undefined(left), undefined(right));
        if shares.0.abs_diff(shares.1) > ONE_SIDED {
            wrong.push(format!("{}: the sides are undefined on {shares:?} %", left.theorem));
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

/// Rules that hold of complex numbers too and are stated for real ones. Powers of complex numbers by real or complex exponents
/// are principal values, for which these laws hold at positive bases, and integer powers of complex determinants are products.
/// No loss has either, and each complex form of a rule is one more pattern in every search.
const NARROWER: &[(&str, &str)] = &[
    ("determinant of a Kronecker product", "it could be complex"),
    ("determinant of a multiple", "it could be complex"),
    ("product of powers", "it could be complex"),
    ("quotient of powers", "it could be complex"),
    ("power of a product", "it could be complex"),
    ("power of a quotient", "it could be complex"),
    ("negative power", "it could be complex"),
    ("powers of the singular values", "it could be complex"),
];

#[test]
fn no_rule_has_a_condition_that_it_could_do_without() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (group, text) in loewner::library::RULES {
        let stated = rules().iter().filter(|rule| rule.identity.group == *group);
        let stated = sampled(stated.map(|rule| rule.theorem.clone()).collect(), 100);
        let mut weakened: Vec<(usize, Theorem)> = Vec::new();
        let changes = weaken::weakened(text);
        let mut needed = vec![false; changes.len()];
        for (at, weaker) in changes.iter().enumerate() {
            count += 1;
            for text in &weaker.texts {
                match Session::new().load_text("weakened", text) {
                    Ok(mut theorems) => weakened.push((at, theorems.remove(0))),
                    // What does not check without the condition needs it.
                    Err(_) => needed[at] = true,
                }
            }
        }
        weakened.retain(|(at, _)| !needed[*at]);
        let reports = sampled(weakened.iter().map(|(_, theorem)| theorem.clone()).collect(), 200);
        for ((at, theorem), report) in weakened.iter().zip(&reports) {
            // As it is stated: the real case comes after the complex one.
            let before = stated.iter().find(|rule| rule.theorem.trim_end_matches(", complex") == theorem.name);
            let before = before.map_or(0, undefined);
            needed[*at] |= matches!(report.verdict, Verdict::Refuted(_)) || undefined(report) > before + OVERFLOW;
        }
        let name = |at: usize| changes[at].texts[0].split('"').nth(1).unwrap_or_default().to_string();
        let without = needed.iter().enumerate().filter(|(_, needed)| !**needed);
        wrong.extend(without.map(|(at, _)| format!("{group}: {}: {}", name(at), changes[at].change)));
    }
    // Each is there for a reason, and the list is no longer than it has to be.
    for (rule, change) in NARROWER {
        let before = wrong.len();
        wrong.retain(|found| found.split_once(": ").is_none_or(|(_, found)| found != format!("{rule}: {change}")));
        assert!(wrong.len() < before, "`{rule}` needs what it is said to do without: {change}");
    }
    assert!(count > 100, "{count} conditions");
    assert!(wrong.is_empty(), "{} of {count} conditions are not needed:\n{}", wrong.len(), wrong.join("\n"));
}
