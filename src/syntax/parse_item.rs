//! Imports, definitions and the sets that names range over.

use nom::branch::alt;
use nom::combinator::{map, opt};
use nom::sequence::{preceded, terminated};
use nom::{Err, Parser};

use crate::base::{Code, Diagnostic, Span};

use super::ast::{Def, Domain, DomainKind, Expr, Import, Param, Text};
use super::parse_expr::{expr, need_expr, sum};
use super::stream::{
    Parse, Tokens, absent, at_sign, comma_list, contextual, name, need, need_name, need_or, sign, string, unclosed,
    unexpected, word,
};
use super::token::{Sign, Tok, Word};

/// `import "path.lw"`
pub(super) fn import(input: Tokens<'_>) -> Parse<'_, Import> {
    let (rest, path) = preceded(
        word(Word::Import),
        need_or(string, |input| unexpected(input, "a path in quotes").help("write `import \"file.lw\"`")),
    )
    .parse(input)?;
    Ok((rest, Import { path, span: rest.since(input) }))
}

/// The documentation before the next token.
pub(super) fn docs(input: Tokens<'_>) -> Vec<Text> {
    let (start, end) = input.peek().docs;
    input.context.docs[start as usize..end as usize].to_vec()
}

/// `def name(...) -> Type where ... = body`
pub(super) fn def(input: Tokens<'_>) -> Parse<'_, Def> {
    let doc = docs(input);
    let (rest, _) = word(Word::Def)(input)?;
    let (rest, name) = need_name("the definition's name")(rest)?;
    let (rest, params) = params(rest)?;
    let (rest, result) = opt(preceded(sign(Sign::Arrow), need("a set after `->`", domain))).parse(rest)?;
    let (rest, requires) = opt(preceded(word(Word::Where), need_expr("a condition after `where`"))).parse(rest)?;
    let expected = match (&result, &requires) {
        (None, None) => "`->`, `where` or `=`",
        (Some(_), None) => "`where` or `=`",
        (_, Some(_)) => "`=`",
    };
    let (rest, _) = need(expected, sign(Sign::Assign))(rest)?;
    let (rest, body) = need_expr("the definition's body after `=`")(rest)?;
    Ok((rest, Def { doc, name, params, result, requires, body, span: rest.since(input) }))
}

fn params(input: Tokens<'_>) -> Parse<'_, Vec<Param>> {
    let (rest, opened) = need_or(sign(Sign::LParen), |input| {
        unexpected(input, "`(` and the parameters").help("a definition without parameters is `def name() = ...`")
    })(input)?;
    let (rest, params) = opt(comma_list(param, "a parameter after `,`")).parse(rest)?;
    let expected = match params.as_deref() {
        None | Some([]) => "a parameter or `)`",
        Some([.., Param { domain: None, default: None, .. }]) => "`:`, `=`, `,` or `)`",
        Some([.., Param { domain: Some(_), default: None, .. }]) => "`=`, `,` or `)`",
        Some([.., Param { default: Some(_), .. }]) => "`,` or `)`",
    };
    let (rest, _) = need_or(sign(Sign::RParen), |input| unclosed(input, Sign::LParen, opened, expected)).parse(rest)?;
    Ok((rest, params.unwrap_or_default()))
}

fn param(input: Tokens<'_>) -> Parse<'_, Param> {
    let (rest, name) = match input.peek().tok {
        // The list may be empty, but a keyword in it is a name that cannot be one.
        Tok::Word(word) if !word.starts_item() => need_name("a parameter's name")(input)?,
        _ => name(input)?,
    };
    let (rest, domain) = opt(set_of_name).parse(rest)?;
    let (rest, default) = opt(preceded(sign(Sign::Assign), need_expr("a default value after `=`"))).parse(rest)?;
    Ok((rest, Param { name, domain, default }))
}

/// `: SET` or `in SET`
pub(super) fn set_of_name(input: Tokens<'_>) -> Parse<'_, Domain> {
    preceded(alt((sign(Sign::Colon), word(Word::In))), need_or(domain, |input| unexpected(input, "a set").help(SETS)))
        .parse(input)
}

const SETS: &str = "a set is a range `1..32`, an interval `(0, 20]`, a list `{0.5, 1, 2}`, or a name such as `Corr[n]`";

/// A set.
pub(super) fn domain(input: Tokens<'_>) -> Parse<'_, Domain> {
    let (rest, kind) = alt((named, finite, interval, range)).parse(input)?;
    Ok((rest, Domain { kind, span: rest.since(input) }))
}

/// `Corr[n]`, `Psd[n, complex]`, `Real`
fn named(input: Tokens<'_>) -> Parse<'_, DomainKind> {
    let (rest, name) = name(input)?;
    // What follows tells a set's name from a size at the lower end of a range.
    if super::token::infix(rest.peek().tok).is_some() || at_sign(rest, Sign::Range) || at_sign(rest, Sign::LParen) {
        return absent(input);
    }
    let Ok((rest, opened)) = sign(Sign::LBracket)(rest) else {
        return Ok((rest, DomainKind::Named { name, sizes: Vec::new(), complex: None }));
    };
    let (rest, args) = need("a size", comma_list(size, "a size or `complex` after `,`"))(rest)?;
    let (rest, _) =
        need_or(sign(Sign::RBracket), |input| unclosed(input, Sign::LBracket, opened, "`,` or `]`")).parse(rest)?;
    let mut sizes = Vec::new();
    let mut complex = None;
    for arg in args {
        match arg {
            Size::Expr(size) if complex.is_none() => sizes.push(*size),
            Size::Expr(size) => rest
                .report(Diagnostic::new(Code::E0102, "a size after `complex`").at(size.span, "`complex` comes last")),
            Size::Complex(span) => {
                if complex.replace(span).is_some() {
                    rest.report(Diagnostic::new(Code::E0102, "`complex` twice").at(span, "once is enough"));
                }
            }
        }
    }
    Ok((rest, DomainKind::Named { name, sizes, complex }))
}

enum Size {
    Expr(Box<Expr>),
    Complex(Span),
}

fn size(input: Tokens<'_>) -> Parse<'_, Size> {
    let ends = |input: Tokens<'_>| at_sign(input, Sign::Comma) || at_sign(input, Sign::RBracket);
    match contextual("complex")(input) {
        Ok((rest, span)) if ends(rest) => Ok((rest, Size::Complex(span))),
        Ok(_) | Err(_) => map(expr, |size| Size::Expr(Box::new(size))).parse(input),
    }
}

/// `{0.5, 1, 2}`
fn finite(input: Tokens<'_>) -> Parse<'_, DomainKind> {
    let (rest, opened) = sign(Sign::LBrace)(input)?;
    let (rest, values) = need("a value", comma_list(expr, "a value after `,`"))(rest)?;
    let (rest, _) =
        need_or(sign(Sign::RBrace), |input| unclosed(input, Sign::LBrace, opened, "`,` or `}`")).parse(rest)?;
    Ok((rest, DomainKind::Finite(values)))
}

/// `(lo, hi]` and its kin
fn interval(input: Tokens<'_>) -> Parse<'_, DomainKind> {
    if !interval_ahead(input) {
        return absent(input);
    }
    let lo_closed = at_sign(input, Sign::LBracket);
    let (open, opened) = (if lo_closed { Sign::LBracket } else { Sign::LParen }, input.peek().span);
    let (rest, lo) = terminated(need("the lower end", sum), need("`,`", sign(Sign::Comma))).parse(input.skip(1))?;
    let (rest, hi) = need("the upper end", sum)(rest)?;
    let closing = alt((map(sign(Sign::RBracket), |_| true), map(sign(Sign::RParen), |_| false)));
    let (rest, hi_closed) = need_or(closing, |input| unclosed(input, open, opened, "`)` or `]`"))(rest)?;
    Ok((rest, DomainKind::Interval { lo, lo_closed, hi, hi_closed }))
}

/// Whether a bracket opens an interval: `[` always does, `(` where a comma stands directly inside of it.
///
/// A parenthesis may also begin the lower end of a range, as in `(n + 1)..(2*n)`. Looking for the comma before anything
/// is parsed leaves no doubt, and so no backtracking over mistakes.
fn interval_ahead(input: Tokens<'_>) -> bool {
    match input.peek().tok {
        Tok::Sign(Sign::LBracket) => true,
        Tok::Sign(Sign::LParen) => {
            let mut depth = 0;
            for token in input.rest() {
                match token.tok {
                    Tok::Sign(Sign::LParen | Sign::LBracket) => depth += 1,
                    Tok::Sign(Sign::RParen | Sign::RBracket) => depth -= 1,
                    Tok::Sign(Sign::Comma) if depth == 1 => return true,
                    // Beyond the statement there is nothing to be found; only a `let` may stand within an end.
                    Tok::Word(word) if word.starts_item() || word.starts_statement() && word != Word::Let => {
                        return false;
                    }
                    _ => {}
                }
                if depth == 0 {
                    return false;
                }
            }
            false
        }
        _ => false,
    }
}

/// `lo..hi`
fn range(input: Tokens<'_>) -> Parse<'_, DomainKind> {
    let (rest, lo) = sum(input)?;
    let (rest, _) =
        need_or(sign(Sign::Range), |input| unexpected(input, "`..` and the greatest integer").help(SETS))(rest)?;
    let (rest, hi) = match need("the greatest integer after `..`", sum)(rest) {
        Ok(done) => done,
        Err(Err::Failure(mut fault)) => {
            // Other languages leave the end open.
            fault.diagnostic =
                fault.diagnostic.map(|diagnostic| Box::new(diagnostic.help("a range without an end is `1..inf`")));
            return Err(Err::Failure(fault));
        }
        Err(other) => return Err(other),
    };
    Ok((rest, DomainKind::Range { lo, hi }))
}
