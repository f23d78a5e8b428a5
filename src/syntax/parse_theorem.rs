//! Theorems: their statements, claims and calculations.

use nom::branch::alt;
use nom::combinator::{map, opt, value};
use nom::multi::many0;
use nom::sequence::{pair, preceded, terminated};
use nom::{Err, Parser};

use crate::base::{Code, Diagnostic, Span};

use super::ast::{
    Binary, Claim, ClaimKind, Equality, Expect, Expr, ExprKind, Proof, Quantified, Relation, Statement, Step, Text,
};
use super::parse_expr::{bindings, need_expr, sum};
use super::parse_item::set_of_name;
use super::slips::nearest;
use super::stream::{
    Parse, Tokens, absent, at_sign, close, comma_list, contextual, fail, need, need_name, need_or, sign, string,
    unexpected, word,
};
use super::token::{Sign, Tok, Word, relation};

/// A statement of a theorem.
pub(super) fn statement(input: Tokens<'_>) -> Parse<'_, Statement> {
    alt((
        forall,
        let_statement,
        map(preceded(word(Word::Assume), need_expr("a condition after `assume`")), Statement::Assume),
        map(claim, |claim| Statement::Claim(Box::new(claim))),
        expect,
        map(proof, Statement::Proof),
    ))
    .parse(input)
}

fn forall(input: Tokens<'_>) -> Parse<'_, Statement> {
    preceded(word(Word::Forall), map(comma_list(quantified, "another name after `,`"), Statement::Forall)).parse(input)
}

fn quantified(input: Tokens<'_>) -> Parse<'_, Quantified> {
    let names = comma_list(|input| need_name("a name")(input), "a name");
    let set = need_or(set_of_name, |input| {
        unexpected(input, "`in` or `:` and a set").help("write `forall n in 1..32` or `forall K: Corr[n]`")
    });
    map(pair(names, set), |(names, domain)| Quantified { names, domain }).parse(input)
}

fn let_statement(input: Tokens<'_>) -> Parse<'_, Statement> {
    let (rest, start) = word(Word::Let)(input)?;
    let (rest, bindings) = bindings(rest)?;
    if let Tok::Word(Word::In) = rest.peek().tok {
        let diagnostic = Diagnostic::new(Code::E0102, "a `let` statement has no `in`")
            .at(rest.peek().span, "remove this and what follows")
            .because(start, "the names hold to the end of the theorem")
            .help("for one expression alone write `claim let NAME = VALUE in EXPRESSION`");
        return fail(rest, diagnostic);
    }
    Ok((rest, Statement::Let(bindings)))
}

fn expect(input: Tokens<'_>) -> Parse<'_, Statement> {
    let verdict = alt((value(Expect::Refuted, contextual("refuted")), value(Expect::Vacuous, contextual("vacuous"))));
    let need_verdict = need_or(verdict, |input| {
        let near = match input.peek().tok {
            Tok::Name(name) => nearest(name, &["refuted", "vacuous"]),
            _ => None,
        };
        unexpected(input, "`refuted` or `vacuous`").maybe_help(near.map(|near| format!("did you mean `{near}`?")))
    });
    let (rest, verdict) = preceded(word(Word::Expect), need_verdict).parse(input)?;
    Ok((rest, Statement::Expect(verdict, rest.since(input))))
}

fn claim(input: Tokens<'_>) -> Parse<'_, Claim> {
    let (rest, _) = word(Word::Claim)(input)?;
    let (rest, label) = opt(label).parse(rest)?;
    let (rest, left) = need_expr("a condition")(rest)?;
    let (rest, kind) =
        if at_sign(rest, Sign::Tilde) { asymptotic(left, rest)? } else { (rest, ClaimKind::Condition(left)) };
    let (rest, equality) = opt(equality).parse(rest)?;
    Ok((rest, Claim { label, kind, equality, span: rest.since(input) }))
}

/// `name:` or `"text":`
fn label(input: Tokens<'_>) -> Parse<'_, Text> {
    let text = alt((string, map(super::stream::name, |name| Text { text: name.name, span: name.span })));
    terminated(text, sign(Sign::Colon)).parse(input)
}

const ASYMPTOTIC: &str = "an asymptotic claim is `claim f(x) ~ g(x) + O(h(x)) as x -> inf` (or `-> 0`)";

/// `~ g + O(h) as x -> inf`, after `f`
fn asymptotic(f: Expr, input: Tokens<'_>) -> Parse<'_, ClaimKind> {
    let shown = |diagnostic: Diagnostic| diagnostic.help(ASYMPTOTIC);
    let (rest, right) = need_or(sum, |input| shown(unexpected(input, "the leading terms after `~`")))(input.skip(1))?;
    let (g, order) = match split_order(right) {
        Ok(parts) => parts,
        Err((span, text)) => {
            let diagnostic = Diagnostic::new(Code::E0102, text).at(span, "expected `g + O(h)`");
            return fail_before(rest, shown(diagnostic));
        }
    };
    let (rest, _) = need_or(contextual("as"), |input| shown(unexpected(input, "`as` and the moving scalar")))(rest)?;
    let (rest, variable) = need_name("the moving scalar")(rest)?;
    let (rest, _) = need_or(sign(Sign::Arrow), |input| shown(unexpected(input, "`->` and the limit")))(rest)?;
    let (rest, limit) = need_or(sum, |input| shown(unexpected(input, "`inf` or `0`")))(rest)?;
    Ok((rest, ClaimKind::Asymptotic { f, g, order, variable, limit }))
}

/// Fails with a message about tokens before the next one, whatever the next one is.
fn fail_before<'a, T>(input: Tokens<'a>, diagnostic: Diagnostic) -> Parse<'a, T> {
    let fault = super::stream::Fault { at: input.at(), diagnostic: Some(Box::new(diagnostic)), incomplete: false };
    Err(Err::Failure(fault))
}

/// Takes the last term `+ O(h)` off a sum.
fn split_order(right: Expr) -> Result<(Expr, Expr), (Span, &'static str)> {
    let whole = right.span;
    let is_order = |expr: &Expr| matches!(&expr.kind, ExprKind::Call { callee, .. } if callee.name == "O");
    if is_order(&right) {
        return Err((whole, "the leading terms before `O(...)` are missing"));
    }
    let ExprKind::Chain { first, mut rest } = right.kind else {
        return Err((whole, "the order `+ O(...)` of the difference is missing"));
    };
    match rest.pop() {
        Some((Binary::Add, _, last)) if is_order(&last) => {
            let ExprKind::Call { mut args, .. } = last.kind else { return Err((last.span, "expected `O(...)`")) };
            let order = match (args.pop(), args.is_empty()) {
                (Some(only), true) if only.name.is_none() => only.value,
                _ => return Err((last.span, "`O` takes one argument")),
            };
            let span = rest.last().map_or(first.span, |(_, _, term)| first.span.to(term.span));
            let g = if rest.is_empty() { *first } else { Expr { kind: ExprKind::Chain { first, rest }, span } };
            Ok((g, order))
        }
        _ => Err((whole, "the order `+ O(...)` of the difference is missing")),
    }
}

/// `equality iff COND` or `equality at NAME = EXPR, ...`
fn equality(input: Tokens<'_>) -> Parse<'_, Equality> {
    let iff = preceded(contextual("iff"), need_expr("a condition after `iff`"));
    let at = preceded(contextual("at"), bindings);
    preceded(
        contextual("equality"),
        need("`iff` or `at` after `equality`", alt((map(iff, Equality::Iff), map(at, Equality::At)))),
    )
    .parse(input)
}

fn proof(input: Tokens<'_>) -> Parse<'_, Proof> {
    let (rest, _) = word(Word::Proof)(input)?;
    let (rest, opened) = need("`{` after `proof`", sign(Sign::LBrace))(rest)?;
    let (rest, first) = need("the first step", |input| step(true, input))(rest)?;
    let (rest, more) = many0(|input| step(false, input)).parse(rest)?;
    let (rest, _) = close(Sign::LBrace, opened, Sign::RBrace)(rest)?;
    let steps = std::iter::once(first).chain(more).collect();
    Ok((rest, Proof { steps, span: rest.since(input) }))
}

/// `left REL right by LEMMA, ...`
///
/// A step without `by` ends where a step that continues it begins, or the proof ends: without either, the next
/// expression could be taken for a part of this one.
fn step(first: bool, input: Tokens<'_>) -> Parse<'_, Step> {
    let (rest, left) = if first { map(sum, Some).parse(input)? } else { opt(sum).parse(input)? };
    if left.is_none() && relation_of_step(input).is_err() {
        return absent(input);
    }
    let (rest, relation) = need("a relation such as `=` or `>=`", relation_of_step)(rest)?;
    let (rest, right) = need("an expression after the relation", sum)(rest)?;
    let lemma = |input| {
        let name = need_name("a lemma's name");
        alt((string, map(name, |name| Text { text: name.name, span: name.span }))).parse(input)
    };
    let lemmas = preceded(word(Word::By), need("a lemma's name", comma_list(lemma, "a lemma's name after `,`")));
    let (rest, by) = opt(lemmas).parse(rest)?;
    if by.is_none() && !at_sign(rest, Sign::RBrace) && relation_of_step(rest).is_err() {
        return fail(rest, unexpected(rest, "`by` and a lemma's name"));
    }
    Ok((rest, Step { left, relation, right, by: by.unwrap_or_default(), span: rest.since(input) }))
}

fn relation_of_step(input: Tokens<'_>) -> Parse<'_, Relation> {
    let found = match input.peek().tok {
        Tok::Sign(Sign::Assign) => Some(Relation::Eq),
        Tok::Sign(sign) => relation(sign),
        _ => None,
    };
    found.map_or_else(|| absent(input), |relation| Ok((input.skip(1), relation)))
}
