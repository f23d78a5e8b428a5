//! The written grammars against the tables of the parser: neither may know a word or a sign that the other does not.

use std::collections::BTreeSet;

use loewner::check::{CLAIM_FORMS, CONSTANTS, builtins};
use loewner::ir::SETS;
use loewner::syntax::{CONTEXTUAL, KEYWORDS, Level, OPERATORS};
use serde_json::Value;

const EBNF: &str = include_str!("../grammar/loewner.ebnf");
const TEXTMATE: &str = include_str!("../grammar/loewner.tmLanguage.json");

/// What stands between `name =` and `;` in the reference grammar.
fn rule(name: &str) -> &'static str {
    let start = EBNF
        .lines()
        .scan(0, |offset, line| {
            let here = *offset;
            *offset += line.len() + 1;
            Some((here, line))
        })
        .find(|(_, line)| line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('=')))
        .unwrap_or_else(|| panic!("the grammar has no rule {name:?}"))
        .0;
    let body = &EBNF[start + EBNF[start..].find('=').unwrap_or(0) + 1..];
    // A rule ends in a semicolon at the end of a line; one within a line is a quoted sign.
    &body[..body.find(" ;\n").unwrap_or_else(|| panic!("the rule {name:?} does not end"))]
}

/// The words and signs in double quotes in a rule.
fn quoted(name: &str) -> BTreeSet<&'static str> {
    rule(name).split('"').skip(1).step_by(2).collect()
}

fn textmate() -> Value {
    serde_json::from_str(TEXTMATE).expect("the TextMate grammar is JSON")
}

/// The words of an alternative `(?:a|b|c)` in a rule of the TextMate grammar.
fn alternatives(grammar: &Value, name: &str) -> BTreeSet<String> {
    let pattern = grammar["repository"][name]["match"].as_str().unwrap_or_else(|| panic!("no rule {name:?}"));
    let start = pattern.find("(?:").map_or(0, |at| at + 3);
    let end = pattern[start..].find(')').map_or(pattern.len(), |at| start + at);
    pattern[start..end].split('|').map(|word| word.replace('\\', "")).collect()
}

/// Holds a table of names against the rule of that name in both grammars.
fn same_names(table: &[&str], ebnf_rule: &str, textmate_rules: &[&str]) {
    let table: BTreeSet<&str> = table.iter().copied().collect();
    assert_eq!(quoted(ebnf_rule), table, "grammar/loewner.ebnf, rule {ebnf_rule:?}");
    let grammar = textmate();
    let found: BTreeSet<String> = textmate_rules.iter().flat_map(|rule| alternatives(&grammar, rule)).collect();
    let table: BTreeSet<String> = table.into_iter().map(str::to_string).collect();
    assert_eq!(found, table, "grammar/loewner.tmLanguage.json, rules {textmate_rules:?}");
}

#[test]
fn keywords_are_the_same_everywhere() {
    same_names(KEYWORDS, "keyword", &["statements", "keywords", "logic"]);
}

#[test]
fn contextual_words_are_the_same_everywhere() {
    same_names(CONTEXTUAL, "contextual word", &["contextual"]);
}

#[test]
fn domains_are_the_same_everywhere() {
    let names: Vec<&str> = SETS.iter().map(|row| row.name).collect();
    same_names(&names, "domain name", &["domains"]);
}

#[test]
fn builtins_are_the_same_everywhere() {
    let names: Vec<&str> = builtins().map(|builtin| builtin.name).chain(CLAIM_FORMS.iter().copied()).collect();
    same_names(&names, "builtin name", &["builtins"]);
}

#[test]
fn constants_are_the_same_everywhere() {
    let names: Vec<&str> = CONSTANTS.iter().map(|(name, _)| *name).collect();
    same_names(&names, "constant name", &["constants"]);
}

#[test]
fn operators_are_the_same_everywhere() {
    let rules = |level: Level| match level {
        Level::Implies => "implication",
        Level::Or => "disjunction",
        Level::And => "conjunction",
        Level::Not => "negated",
        Level::Compare => "relation",
        Level::Sum => "sum operator",
        Level::Product => "product operator",
        Level::Negate => "signed",
        Level::Power => "power operator",
        Level::Postfix => "postfix",
    };
    let grammar = textmate();
    let signs = alternatives(&grammar, "operators");
    for (level, _, spellings) in OPERATORS {
        let in_rule = quoted(rules(*level));
        for spelling in *spellings {
            assert!(in_rule.contains(spelling), "the rule {:?} lacks {spelling:?}", rules(*level));
            let is_word = KEYWORDS.contains(spelling);
            assert!(is_word || signs.contains(*spelling), "the TextMate grammar lacks {spelling:?}");
        }
    }
    // And the other way round, for the levels whose rule holds operators only.
    for level in [Level::Compare, Level::Sum, Level::Product, Level::Power] {
        let table: BTreeSet<&str> =
            OPERATORS.iter().filter(|(found, ..)| *found == level).flat_map(|(.., s)| s.iter().copied()).collect();
        assert_eq!(quoted(rules(level)), table, "the rule {:?}", rules(level));
    }
}

#[test]
fn every_rule_of_the_reference_is_defined_and_used() {
    let without_comments = EBNF.split("(*").map(|part| part.split_once("*)").map_or(part, |(_, after)| after));
    let text: String = without_comments.collect();
    let mut defined = BTreeSet::new();
    let mut used = BTreeSet::new();
    for rule in text.split(" ;\n") {
        let Some((name, body)) = rule.split_once('=') else { continue };
        defined.insert(name.trim().to_string());
        // What is neither quoted nor described in words is a rule's name.
        let unquoted: String = body.split('"').step_by(2).flat_map(|part| [part, ","]).collect();
        let undescribed: String = unquoted.split('?').step_by(2).flat_map(|part| [part, ","]).collect();
        let names = undescribed.split([',', '|', '(', ')', '[', ']', '{', '}', '\'']);
        used.extend(names.map(|name| name.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|n| !n.is_empty()));
    }
    assert_eq!(used.difference(&defined).collect::<Vec<_>>(), Vec::<&String>::new(), "used but not defined");
    // The program is where all begins, and the others are what the lexer and the checker know.
    let roots = ["program", "keyword", "contextual word", "comment", "domain name", "builtin name", "constant name"];
    let unused: Vec<&String> = defined.difference(&used).filter(|name| !roots.contains(&name.as_str())).collect();
    assert_eq!(unused, Vec::<&String>::new(), "defined but not used");
}
