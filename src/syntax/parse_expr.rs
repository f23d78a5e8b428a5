//! Expressions.

use nom::branch::alt;
use nom::combinator::{map, opt};
use nom::multi::{many0, many1};
use nom::sequence::{pair, preceded, separated_pair, terminated};
use nom::{Err, Parser};

use crate::base::{Code, Diagnostic, Span};

use super::ast::{Arg, Binding, Expr, ExprKind, Ident, Relation};
use super::number::decimal;
use super::stream::{
    MAX_DEPTH, Parse, Tokens, absent, at_sign, close, comma_list, fail, maybe, name, need, need_name, need_or, nested,
    quoted, sign, too_deep, unclosed, unexpected, word,
};
use super::token::{Infix, Level, Sign, Tok, Word, infix};

/// An expression with the height of its tree, so that no tree grows beyond the bound.
///
/// The bound on nested brackets alone would not do: `A''''''` is deep without any.
///
/// It is boxed because dozens of them lie on the stack at each level of nesting while the inner levels are parsed.
#[derive(Debug)]
pub(super) struct Node {
    expr: Box<Expr>,
    height: u16,
}

/// The height of the tallest of some nodes, and their expressions.
fn gather(nodes: Vec<Node>) -> (Vec<Expr>, u16) {
    let height = nodes.iter().map(|node| node.height).max().unwrap_or(0);
    (nodes.into_iter().map(|node| *node.expr).collect(), height)
}

/// A node on top of parts of which the tallest has `height`. `input` is where the node ends.
fn node<'a>(kind: ExprKind, span: Span, height: u16, input: Tokens<'a>) -> Parse<'a, Node> {
    if height >= MAX_DEPTH {
        return fail_deep(input, span);
    }
    Ok((input, Node { expr: Box::new(Expr { kind, span }), height: height + 1 }))
}

fn fail_deep<'a, T>(input: Tokens<'a>, span: Span) -> Parse<'a, T> {
    let mut diagnostic = too_deep(input);
    diagnostic.labels[0].span = span;
    diagnostic.labels[0].text = "this expression is too deep".into();
    fail(input, diagnostic)
}

/// An expression of any level.
pub(super) fn expr(input: Tokens<'_>) -> Parse<'_, Expr> {
    map(any, |node| *node.expr).parse(input)
}

/// A sum or anything tighter: what stands beside a relation, at the ends of a set, and beside `~`.
pub(super) fn sum(input: Tokens<'_>) -> Parse<'_, Expr> {
    map(|input| climb(Level::Sum, input), |node| *node.expr).parse(input)
}

/// An obligatory expression.
pub(super) fn need_expr<'a>(expected: &'static str) -> impl FnMut(Tokens<'a>) -> Parse<'a, Expr> {
    need(expected, expr)
}

fn any(input: Tokens<'_>) -> Parse<'_, Node> {
    climb(Level::Implies, input)
}

/// An expression whose outermost operator binds at least as tightly as `min`.
///
/// Each turn of the loop takes all operators of one level at once, so a flat chain costs no depth. Spans are measured
/// from the first token rather than from the first operand, whose own span excludes its parentheses.
fn climb(min: Level, input: Tokens<'_>) -> Parse<'_, Node> {
    let (mut rest, mut left) = prefix(min, input)?;
    while let Some((level, operator)) = infix(rest.peek().tok)
        && level >= min
    {
        (rest, left) = match operator {
            Infix::Power { entrywise } => power(entrywise, left, input, rest)?,
            Infix::Implies => implication(left, input, rest)?,
            Infix::Or | Infix::And | Infix::Compare(_) | Infix::Arithmetic(_) => chain(level, left, input, rest)?,
        };
    }
    Ok((rest, left))
}

/// An operator of one level with its place.
fn operator<'a>(level: Level) -> impl Fn(Tokens<'a>) -> Parse<'a, (Infix, Span)> {
    move |input| match infix(input.peek().tok) {
        Some((found, operator)) if found == level => Ok((input.skip(1), (operator, input.peek().span))),
        _ => absent(input),
    }
}

/// What follows an operator: obligatory.
fn operand<'a>(min: Level) -> impl FnMut(Tokens<'a>) -> Parse<'a, Node> {
    need_or(
        move |input| climb(min, input),
        |input| {
            let after = match input.previous().map(|token| token.tok) {
                Some(Tok::Sign(sign)) => format!("an operand after `{}`", sign.spelling()),
                Some(Tok::Word(word)) => format!("an operand after `{}`", word.spelling()),
                _ => "an operand".into(),
            };
            unexpected(input, &after)
        },
    )
}

fn power<'a>(entrywise: bool, base: Node, start: Tokens<'a>, input: Tokens<'a>) -> Parse<'a, Node> {
    // The exponent may carry its own sign, and another power: `2^-x^2` is 2^(-(x^2)).
    let (rest, exponent) = nested(operand(Level::Negate)).parse(input.skip(1))?;
    let height = base.height.max(exponent.height);
    let kind = ExprKind::Power { base: base.expr, exponent: exponent.expr, entrywise };
    node(kind, rest.since(start), height, rest)
}

fn implication<'a>(left: Node, start: Tokens<'a>, input: Tokens<'a>) -> Parse<'a, Node> {
    let (rest, right) = nested(operand(Level::Implies)).parse(input.skip(1))?;
    let height = left.height.max(right.height);
    node(ExprKind::Implies(left.expr, right.expr), rest.since(start), height, rest)
}

/// The operators of one level after their first operand.
fn chain<'a>(level: Level, first: Node, start: Tokens<'a>, input: Tokens<'a>) -> Parse<'a, Node> {
    let (rest, links) = many1(pair(operator(level), nested(operand(level.tighter())))).parse(input)?;
    let height = links.iter().map(|(_, node)| node.height).fold(first.height, u16::max);
    let first = first.expr;
    let span = rest.since(start);
    // `operator` yields one level only, so of the three lists below just the one for this level is filled.
    let mut operands = Vec::new();
    let mut relations = Vec::new();
    let mut terms = Vec::with_capacity(links.len());
    for ((operator, place), right) in links {
        match operator {
            Infix::Compare(relation) => relations.push((relation, place, *right.expr)),
            Infix::Arithmetic(binary) => terms.push((binary, place, *right.expr)),
            Infix::Or | Infix::And | Infix::Implies | Infix::Power { .. } => operands.push(*right.expr),
        }
    }
    let kind = if !relations.is_empty() {
        check_relations(input, &relations);
        ExprKind::Compare { first, rest: relations }
    } else if !terms.is_empty() {
        ExprKind::Chain { first, rest: terms }
    } else {
        operands.insert(0, *first);
        if level == Level::And { ExprKind::And(operands) } else { ExprKind::Or(operands) }
    };
    node(kind, span, height, rest)
}

/// Which way a relation points: chained relations must not point both ways, nor mix two orders.
fn direction(relation: Relation) -> &'static str {
    match relation {
        Relation::Lt | Relation::Le => "upwards",
        Relation::Gt | Relation::Ge => "downwards",
        Relation::Eq => "",
        Relation::Ne => "nowhere",
        Relation::LoewnerLe => "upwards in the Löwner order",
        Relation::LoewnerGe => "downwards in the Löwner order",
    }
}

/// Reports a chain such as `a < b > c`, from which nothing follows about `a` and `c`.
fn check_relations(input: Tokens<'_>, rest: &[(Relation, Span, Expr)]) {
    let mut pointed = rest.iter().filter(|(relation, ..)| !direction(*relation).is_empty());
    let Some((first, first_at, _)) = pointed.next() else { return };
    // `!=` says nothing about the operands on either side of it, so it chains with nothing at all.
    let clash = if *first == Relation::Ne && rest.len() > 1 {
        rest.iter().find(|(_, at, _)| at != first_at)
    } else {
        pointed.find(|(relation, ..)| direction(*relation) != direction(*first))
    };
    if let Some((other, at, _)) = clash {
        let spell = |relation: Relation| super::token::relation_sign(relation).spelling();
        let point = |relation: Relation| match direction(relation) {
            "" => "this is an equality".to_string(),
            "nowhere" => "this says only that two values differ".to_string(),
            way => format!("this points {way}"),
        };
        let message = format!("`{}` and `{}` do not chain", spell(*first), spell(*other));
        input.report(
            Diagnostic::new(Code::E0109, message)
                .at(*at, point(*other))
                .because(*first_at, point(*first))
                .help(format!("write two conditions: `a {} b and b {} c`", spell(*first), spell(*other))),
        );
    }
}

/// `not`, `-`, or what needs no operator.
fn prefix(min: Level, input: Tokens<'_>) -> Parse<'_, Node> {
    let token = input.peek();
    let (level, wrap): (_, fn(Box<Expr>) -> ExprKind) = match token.tok {
        // `a == not b` would have to mean `a == (not b)`; that is for its author to say.
        Tok::Word(Word::Not) if min <= Level::Not => (Level::Not, ExprKind::Not),
        Tok::Sign(Sign::Sub) => (Level::Negate, ExprKind::Negate),
        _ => return postfix(input),
    };
    let (rest, inner) = nested(operand(level)).parse(input.skip(1))?;
    node(wrap(inner.expr), rest.since(input), inner.height, rest)
}

/// What may follow an operand directly.
enum Suffix {
    Adjoint,
    Indices(Vec<Expr>, u16),
}

fn postfix(input: Tokens<'_>) -> Parse<'_, Node> {
    let (mut rest, mut base) = primary(input)?;
    loop {
        let (after, suffix) = match alt((map(sign(Sign::Adjoint), |_| Suffix::Adjoint), indices)).parse(rest) {
            Ok(found) => found,
            Err(Err::Error(_)) => return Ok((rest, base)),
            Err(failure) => return Err(failure),
        };
        let (inner, height) = (base.expr, base.height);
        (rest, base) = match suffix {
            Suffix::Adjoint => node(ExprKind::Adjoint(inner), after.since(input), height, after)?,
            Suffix::Indices(indices, tallest) => {
                let kind = ExprKind::Index { base: inner, indices };
                node(kind, after.since(input), height.max(tallest), after)?
            }
        };
    }
}

fn indices(input: Tokens<'_>) -> Parse<'_, Suffix> {
    let (rest, opened) = sign(Sign::LBracket)(input)?;
    let (rest, indices) = nested(need("an index", comma_list(any, "an index after `,`"))).parse(rest)?;
    let (rest, _) = close_list(Sign::LBracket, opened, Sign::RBracket, rest)?;
    if indices.len() > 2 {
        rest.report(
            Diagnostic::new(Code::E0102, format!("expected one or two indices, found {}", indices.len()))
                .at(rest.since(input), "a vector has one index, a matrix two"),
        );
    }
    let (indices, height) = gather(indices);
    Ok((rest, Suffix::Indices(indices, height)))
}

/// A closing bracket after things separated by commas.
fn close_list<'a>(open: Sign, opened: Span, closing: Sign, input: Tokens<'a>) -> Parse<'a, Span> {
    let expected = format!("`,` or `{}`", closing.spelling());
    need_or(sign(closing), move |input| unclosed(input, open, opened, &expected)).parse(input)
}

fn primary(input: Tokens<'_>) -> Parse<'_, Node> {
    // What `alt` would find by trying one after the other the first token tells at once, on a fifth of the stack.
    match input.peek().tok {
        Tok::Sign(Sign::LParen) => parenthesised(input),
        Tok::Sign(Sign::LBracket) => bracketed(input),
        Tok::Word(Word::If) => choice(input),
        Tok::Word(Word::Let) => local(input),
        Tok::Name(_) if input.peek_second().tok == Tok::Sign(Sign::LParen) => call(input),
        _ => atom(input),
    }
}

/// A number, a string or a name.
fn atom(input: Tokens<'_>) -> Parse<'_, Node> {
    let token = input.peek();
    let kind = match token.tok {
        Tok::Number(digits, imaginary) => ExprKind::Number { value: decimal(digits), imaginary },
        Tok::Str(text) => ExprKind::Str(text.to_string()),
        Tok::Name(name) => ExprKind::Name(name.to_string()),
        _ => return absent(input),
    };
    node(kind, token.span, 0, input.skip(1))
}

fn parenthesised(input: Tokens<'_>) -> Parse<'_, Node> {
    let (rest, opened) = sign(Sign::LParen)(input)?;
    let (rest, inner) = nested(need("an expression", any)).parse(rest)?;
    let (rest, _) = close(Sign::LParen, opened, Sign::RParen)(rest)?;
    Ok((rest, inner))
}

fn call(input: Tokens<'_>) -> Parse<'_, Node> {
    let (rest, callee) = name(input)?;
    let (rest, opened) = sign(Sign::LParen)(rest)?;
    let (rest, args) = nested(opt(comma_list(argument, "an argument after `,`"))).parse(rest)?;
    let (rest, _) = match &args {
        Some(_) => close_list(Sign::LParen, opened, Sign::RParen, rest)?,
        None => need_or(sign(Sign::RParen), move |input| unclosed(input, Sign::LParen, opened, "an argument or `)`"))
            .parse(rest)?,
    };
    let args = args.unwrap_or_default();
    check_argument_order(rest, &args);
    let height = args.iter().map(|(_, node)| node.height).max().unwrap_or(0);
    let args = args.into_iter().map(|(name, node)| Arg { name, value: *node.expr }).collect();
    node(ExprKind::Call { callee, args }, rest.since(input), height, rest)
}

fn argument(input: Tokens<'_>) -> Parse<'_, (Option<Ident>, Node)> {
    let (rest, label) = opt(terminated(name, sign(Sign::Assign))).parse(input)?;
    let (rest, value) = match label {
        Some(_) => need("the argument's value", any)(rest)?,
        None => any(rest)?,
    };
    Ok((rest, (label, value)))
}

fn check_argument_order(input: Tokens<'_>, args: &[(Option<Ident>, Node)]) {
    let mut named = args.iter().skip_while(|(label, _)| label.is_none());
    let Some((Some(label), _)) = named.next() else { return };
    if let Some((_, late)) = named.find(|(label, _)| label.is_none()) {
        let name = quoted(&label.name);
        input.report(
            Diagnostic::new(Code::E0102, format!("a positional argument after the named argument {name}"))
                .at(late.expr.span, "this has no name")
                .because(label.span, "named arguments begin here")
                .help("put positional arguments first, or name this one too"),
        );
    }
}

/// `[1, 2, 3]` or `[1, 2; 3, 4]`
fn bracketed(input: Tokens<'_>) -> Parse<'_, Node> {
    let (rest, opened) = sign(Sign::LBracket)(input)?;
    if at_sign(rest, Sign::RBracket) {
        let diagnostic = Diagnostic::new(Code::E0102, "expected an entry, found `]`")
            .at(opened.to(rest.peek().span), "a vector has at least one entry");
        return fail(rest, diagnostic);
    }
    nested(|rest| rows(input, opened, rest)).parse(rest)
}

fn rows<'a>(input: Tokens<'a>, opened: Span, rest: Tokens<'a>) -> Parse<'a, Node> {
    let row = |input: Tokens<'a>| {
        let (rest, entries) = comma_list(any, "an entry after `,`").parse(input)?;
        Ok((rest, (rest.since(input), gather(entries))))
    };
    let (rest, first) = need("an entry", row)(rest)?;
    let (rest, more) = many0(preceded(sign(Sign::Semicolon), row)).parse(rest)?;
    // A semicolon at the end makes a row of what would be a column.
    let (rest, last) = maybe(Sign::Semicolon)(rest)?;
    let expected = "`,`, `;` or `]`";
    let (rest, _) =
        need_or(sign(Sign::RBracket), |input| unclosed(input, Sign::LBracket, opened, expected)).parse(rest)?;
    let span = rest.since(input);
    let (first_span, (first, tallest)) = first;
    if more.is_empty() && last.is_none() {
        return node(ExprKind::Vector(first), span, tallest, rest);
    }
    let height = more.iter().map(|(_, (_, height))| *height).fold(tallest, u16::max);
    if let Some((row_span, (row, _))) = more.iter().find(|(_, (row, _))| row.len() != first.len()) {
        let count = |entries: usize| if entries == 1 { "1 entry".into() } else { format!("{entries} entries") };
        rest.report(
            Diagnostic::new(Code::E0108, "the rows of this matrix differ in length")
                .at(*row_span, format!("this row has {}", count(row.len())))
                .because(first_span, format!("the first row has {}", count(first.len()))),
        );
    }
    let rows = std::iter::once(first).chain(more.into_iter().map(|(_, (row, _))| row)).collect();
    node(ExprKind::Matrix(rows), span, height, rest)
}

/// `if c then a else b`
fn choice(input: Tokens<'_>) -> Parse<'_, Node> {
    let (rest, start) = word(Word::If)(input)?;
    let part = |which: Word, expected: &'static str| {
        need_or(word(which), move |input| unexpected(input, expected).because(start, "for this `if`"))
    };
    let (rest, (condition, then, otherwise)) = nested((
        need("a condition after `if`", any),
        preceded(part(Word::Then, "`then`"), need("a value after `then`", any)),
        preceded(part(Word::Else, "`else`"), need("a value after `else`", any)),
    ))
    .parse(rest)?;
    let height = condition.height.max(then.height).max(otherwise.height);
    let span = rest.since(input);
    let (condition, then, otherwise) = (condition.expr, then.expr, otherwise.expr);
    node(ExprKind::If { condition, then, otherwise }, span, height, rest)
}

/// `let x = a in b`
fn local(input: Tokens<'_>) -> Parse<'_, Node> {
    let (rest, start) = word(Word::Let)(input)?;
    let need_in = need_or(word(Word::In), |input| {
        unexpected(input, "`in`")
            .because(start, "this `let` names a value for one expression")
            .help("write `let NAME = VALUE in EXPRESSION`")
    });
    let (rest, (bindings, body)) = nested(separated_pair(
        comma_list(tall_binding, "another binding after `,`"),
        need_in,
        need("an expression after `in`", any),
    ))
    .parse(rest)?;
    let height = bindings.iter().map(|(_, height)| *height).fold(body.height, u16::max);
    let span = rest.since(input);
    let bindings = bindings.into_iter().map(|(binding, _)| binding).collect();
    node(ExprKind::Let { bindings, body: body.expr }, span, height, rest)
}

fn tall_binding(input: Tokens<'_>) -> Parse<'_, (Binding, u16)> {
    let (rest, name) = need_name("a name")(input)?;
    let (rest, value) =
        preceded(need("`=` after the name", sign(Sign::Assign)), need("a value after `=`", any)).parse(rest)?;
    Ok((rest, (Binding { name, value: *value.expr }, value.height)))
}

/// `NAME = EXPR`, obligatory.
pub(super) fn binding(input: Tokens<'_>) -> Parse<'_, Binding> {
    map(tall_binding, |(binding, _)| binding).parse(input)
}

/// Several bindings.
pub(super) fn bindings(input: Tokens<'_>) -> Parse<'_, Vec<Binding>> {
    comma_list(binding, "another binding after `,`").parse(input)
}
