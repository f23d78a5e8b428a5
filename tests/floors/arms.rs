//! No `match` on operations has an arm that takes what is left: a new operation must be met by the compiler.

use super::tokens::{Token, tokens};

/// Complaints about arms of a `match` on operations that name nothing: `_`, `(_, _)`, or a name for whatever comes.
pub fn nameless(path: &str, source: &str) -> Vec<String> {
    let tokens = tokens(source);
    let mut complaints = Vec::new();
    for start in (0..tokens.len()).filter(|i| tokens[*i].text == "match") {
        let arms = arms(&tokens, start);
        let on_operations = arms.iter().any(|arm| arm.pattern.windows(2).any(|pair| is_path(pair, "Op")));
        let nameless = arms.iter().filter(|arm| on_operations && !arm.guarded && takes_all(arm.pattern));
        complaints.extend(nameless.map(|arm| {
            let line = arm.pattern.first().map_or(0, |token| token.line);
            format!("{path}:{line}: an arm of a `match` on operations takes whatever is left: name the kinds")
        }));
    }
    complaints
}

/// The pattern of an arm, without its guard.
struct Arm<'a> {
    pattern: &'a [Token],
    guarded: bool,
}

fn is_path(pair: &[Token], name: &str) -> bool {
    pair[0].text == name && pair[1].text == "::"
}

/// Whether a pattern names no operation and no kind: it is made of `_` alone, or binds whatever comes to a name.
fn takes_all(pattern: &[Token]) -> bool {
    let binding = |text: &str| text.starts_with(|c: char| c.is_lowercase());
    match pattern {
        [one] if binding(&one.text) => true,
        parts => !parts.is_empty() && parts.iter().all(|part| ["_", "(", ")", ","].contains(&part.text.as_str())),
    }
}

/// By how much a token opens (1) or closes (−1) a group.
fn depth(token: &Token) -> i32 {
    match token.text.as_str() {
        "(" | "[" | "{" => 1,
        ")" | "]" | "}" => -1,
        _ => 0,
    }
}

/// The index after the group that starts here, or after the first token outside of groups that `ends` holds of.
fn skip(tokens: &[Token], mut at: usize, ends: impl Fn(usize) -> bool) -> usize {
    let mut open = 0;
    while at < tokens.len() && !(open == 0 && ends(at)) {
        open += depth(&tokens[at]);
        if open < 0 {
            break;
        }
        at += 1;
    }
    at
}

/// The arms of the `match` at an index; none where the word is no expression's.
fn arms(tokens: &[Token], start: usize) -> Vec<Arm<'_>> {
    let is = |at: usize, text: &str| tokens.get(at).is_some_and(|token| token.text == text);
    let mut at = skip(tokens, start + 1, |at| is(at, "{") || is(at, ";")) + 1;
    let mut found = Vec::new();
    while at < tokens.len() && !is(at, "}") {
        let begin = at;
        at = skip(tokens, at, |at| is(at, "=") && is(at + 1, ">"));
        if !is(at, "=") {
            break;
        }
        let whole = &tokens[begin..at];
        let guard = whole.iter().position(|token| token.text == "if");
        found.push(Arm { pattern: &whole[..guard.unwrap_or(whole.len())], guarded: guard.is_some() });
        // The body: a block, with or without a comma after it, or what ends with a comma.
        let body = at + 2;
        at = if is(body, "{") {
            let inside = skip(tokens, body + 1, |_| false);
            inside + 1
        } else {
            skip(tokens, body, |at| is(at, ","))
        };
        at += usize::from(is(at, ","));
    }
    found
}

#[test]
fn arms_that_name_nothing_are_found() {
    let arms = |rest: &str| format!("fn f() {{ match op {{ Op::Pi => 1, Op::Map(f) if f.g() => {{ 2 }} {rest} }} }}");
    for bad in ["_ => 3", "_ => {}", "other => g(other),", "(_, _) => 3"] {
        assert_eq!(nameless("a.rs", &arms(bad)).len(), 1, "{bad}");
    }
    for good in [
        "Op::Kron | Op::Zip(_) => 3",
        "(Kind::Leaf | Kind::Mark, _) => 3",
        "_ if g() => 3, Op::Kron => 4",
        "Op::Zip(zip) => match zip { Zip::Add => 1, _ => 2 }",
    ] {
        assert_eq!(nameless("a.rs", &arms(good)), Vec::<String>::new(), "{good}");
    }
    // A match on something else within an arm, and one that has one within it.
    let nested = "match x { Some(y) => match y { Op::Pi => 1, _ => 2 }, _ => 3 }";
    assert_eq!(nameless("a.rs", nested).len(), 1);
    assert_eq!(nameless("a.rs", "match x { 1 => Op::Pi, _ => Op::Infinity }"), Vec::<String>::new());
}
