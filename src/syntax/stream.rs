//! The parsers' input, their errors, and the small parsers that all others are made of.
//!
//! `Err::Error` says "no such thing begins here" and costs nothing; `Err::Failure` carries the diagnostic. A parser
//! fails for good (cuts) as soon as its first token has told what is meant, so that messages name the real mistake.

use std::cell::RefCell;

use nom::combinator::opt;
use nom::error::{ErrorKind, ParseError};
use nom::multi::many0;
use nom::sequence::preceded;
use nom::{Err, IResult, Needed, Parser};

use crate::base::{Code, Diagnostic, Span};

use super::ast::{Ident, Text};
use super::slips::{describe, repair, shorten};
use super::token::{Sign, Tok, Token, Word};

/// How deep brackets, prefixes and syntax trees may go. Every recursive treatment relies on it.
pub(super) const MAX_DEPTH: u16 = 200;

/// What all parsers of one text share.
pub(super) struct Context<'a> {
    /// The last one is always [`Tok::End`], and nothing steps over it.
    pub tokens: Vec<Token<'a>>,
    pub docs: Vec<Text>,
    /// Mistakes after which the parser could go on as if they had not been made.
    pub soft: RefCell<Vec<Diagnostic>>,
}

/// The tokens from one place on. It is small on purpose: every parser on the stack holds several of it.
#[derive(Clone, Copy)]
pub(super) struct Tokens<'a> {
    pub context: &'a Context<'a>,
    at: u32,
    end: u32,
    depth: u16,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(context: &'a Context<'a>) -> Self {
        // A text has fewer than 4 GiB, and no token is empty.
        Tokens { context, at: 0, end: context.tokens.len() as u32 - 1, depth: 0 }
    }

    /// The index of the next token.
    pub(super) fn at(self) -> usize {
        self.at as usize
    }

    pub(super) fn peek(self) -> Token<'a> {
        self.context.tokens[self.at()]
    }

    pub(super) fn peek_second(self) -> Token<'a> {
        self.skip(1).peek()
    }

    /// The token before the next one.
    pub(super) fn previous(self) -> Option<Token<'a>> {
        self.at().checked_sub(1).map(|at| self.context.tokens[at])
    }

    /// The tokens from the next one on, the end included.
    pub(super) fn rest(self) -> &'a [Token<'a>] {
        &self.context.tokens[self.at()..]
    }

    pub(super) fn skip(self, count: usize) -> Self {
        Tokens { at: self.end.min(self.at.saturating_add(count as u32)), ..self }
    }

    /// From the start of `start`'s next token to the end of the last token before `self`.
    pub(super) fn since(self, start: Tokens<'a>) -> Span {
        let first = start.peek().span;
        match self.previous() {
            Some(last) if self.at > start.at => first.to(last.span),
            _ => Span { end: first.start, ..first },
        }
    }

    /// Records a mistake that does not stop the parser.
    pub(super) fn report(self, diagnostic: Diagnostic) {
        self.context.soft.borrow_mut().push(diagnostic);
    }
}

impl<'a> nom::Input for Tokens<'a> {
    type Item = Token<'a>;
    type Iter = std::iter::Copied<std::slice::Iter<'a, Token<'a>>>;
    type IterIndices = std::iter::Enumerate<Self::Iter>;

    fn input_len(&self) -> usize {
        (self.end - self.at) as usize
    }

    fn take(&self, index: usize) -> Self {
        Tokens { end: self.skip(index).at, ..*self }
    }

    fn take_from(&self, index: usize) -> Self {
        self.skip(index)
    }

    fn take_split(&self, index: usize) -> (Self, Self) {
        (self.take_from(index), self.take(index))
    }

    fn position<P: Fn(Self::Item) -> bool>(&self, predicate: P) -> Option<usize> {
        self.iter_elements().position(predicate)
    }

    fn iter_elements(&self) -> Self::Iter {
        self.context.tokens[self.at()..self.end as usize].iter().copied()
    }

    fn iter_indices(&self) -> Self::IterIndices {
        self.iter_elements().enumerate()
    }

    fn slice_index(&self, count: usize) -> Result<usize, Needed> {
        if count <= self.input_len() { Ok(count) } else { Err(Needed::Unknown) }
    }
}

/// Why a parser did not succeed, and at which token.
#[derive(Debug)]
pub(super) struct Fault {
    pub at: usize,
    /// Absent where a parser merely does not apply, and where the lexer has already reported the mistake.
    pub diagnostic: Option<Box<Diagnostic>>,
    /// Whether the text ended where more was expected.
    pub incomplete: bool,
}

impl<'a> ParseError<Tokens<'a>> for Fault {
    fn from_error_kind(input: Tokens<'a>, _: ErrorKind) -> Self {
        Fault { at: input.at(), diagnostic: None, incomplete: false }
    }

    fn append(_: Tokens<'a>, _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// What a parser over tokens returns.
pub(super) type Parse<'a, T> = IResult<Tokens<'a>, T, Fault>;

/// Nothing of the kind begins here.
pub(super) fn absent<'a, T>(input: Tokens<'a>) -> Parse<'a, T> {
    Err(Err::Error(Fault { at: input.at(), diagnostic: None, incomplete: false }))
}

/// The mistake is at the next token, and no other parser can mend it.
pub(super) fn fail<'a, T>(input: Tokens<'a>, diagnostic: Diagnostic) -> Parse<'a, T> {
    let incomplete = input.peek().tok == Tok::End;
    // What the lexer has reported is not reported twice.
    let diagnostic = (input.peek().tok != Tok::Bad).then(|| Box::new(diagnostic));
    Err(Err::Failure(Fault { at: input.at(), diagnostic, incomplete }))
}

/// The diagnostic for a wrong token: what was expected, and what stands there.
pub(super) fn unexpected(input: Tokens<'_>, expected: &str) -> Diagnostic {
    let found = input.peek();
    let message = format!("expected {expected}, found {}", describe(found.tok));
    let repair = repair(expected, input.previous(), found, input.peek_second());
    let diagnostic = Diagnostic::new(Code::E0102, message).maybe_help(repair.map(str::to_string));
    match (found.tok, input.previous()) {
        (Tok::End, _) => diagnostic.at(found.span, format!("the text ends here; expected {expected}")),
        // The next statement is innocent: what is missing is missing before it.
        (Tok::Word(word), Some(last)) if found.first_on_line && (word.starts_item() || word.starts_statement()) => {
            diagnostic.at(last.span, "this breaks off").because(found.span, "the next statement begins here")
        }
        (Tok::Sign(Sign::RBrace), Some(last)) if found.first_on_line => {
            diagnostic.at(last.span, "this breaks off").because(found.span, "`}` stands here")
        }
        _ => diagnostic.at(found.span, format!("expected {expected}")),
    }
}

/// Makes a parser obligatory: where it does not apply, the message says that `expected` was expected.
pub(super) fn need<'a, O>(
    expected: &'static str,
    mut parser: impl Parser<Tokens<'a>, Output = O, Error = Fault>,
) -> impl FnMut(Tokens<'a>) -> Parse<'a, O> {
    move |input| match parser.parse(input) {
        Err(Err::Error(_)) => fail(input, unexpected(input, expected)),
        done => done,
    }
}

/// Makes a parser obligatory, with a message of its own.
pub(super) fn need_or<'a, O>(
    mut parser: impl Parser<Tokens<'a>, Output = O, Error = Fault>,
    message: impl Fn(Tokens<'a>) -> Diagnostic,
) -> impl FnMut(Tokens<'a>) -> Parse<'a, O> {
    move |input| match parser.parse(input) {
        Err(Err::Error(_)) => fail(input, message(input)),
        done => done,
    }
}

/// Runs a parser one level deeper.
pub(super) fn nested<'a, O>(
    mut parser: impl Parser<Tokens<'a>, Output = O, Error = Fault>,
) -> impl FnMut(Tokens<'a>) -> Parse<'a, O> {
    move |input| {
        if input.depth == MAX_DEPTH {
            return fail(input, too_deep(input));
        }
        let (rest, value) = parser.parse(Tokens { depth: input.depth + 1, ..input })?;
        Ok((Tokens { depth: input.depth, ..rest }, value))
    }
}

/// The diagnostic for a text whose nesting goes beyond the bound.
pub(super) fn too_deep(input: Tokens<'_>) -> Diagnostic {
    Diagnostic::new(Code::E0105, format!("this is nested more than {MAX_DEPTH} levels deep"))
        .at(input.peek().span, "the level that is too deep begins here")
        .help("give inner parts names with `let`")
}

/// One sign; its place.
pub(super) fn sign<'a>(sign: Sign) -> impl Fn(Tokens<'a>) -> Parse<'a, Span> {
    move |input| {
        let token = input.peek();
        if token.tok == Tok::Sign(sign) { Ok((input.skip(1), token.span)) } else { absent(input) }
    }
}

/// One keyword; its place.
pub(super) fn word<'a>(word: Word) -> impl Fn(Tokens<'a>) -> Parse<'a, Span> {
    move |input| {
        let token = input.peek();
        if token.tok == Tok::Word(word) { Ok((input.skip(1), token.span)) } else { absent(input) }
    }
}

/// One word that is no keyword elsewhere; its place.
pub(super) fn contextual<'a>(spelling: &'static str) -> impl Fn(Tokens<'a>) -> Parse<'a, Span> {
    move |input| {
        let token = input.peek();
        if token.tok == Tok::Name(spelling) { Ok((input.skip(1), token.span)) } else { absent(input) }
    }
}

/// A name.
pub(super) fn name(input: Tokens<'_>) -> Parse<'_, Ident> {
    let token = input.peek();
    match token.tok {
        Tok::Name(name) => Ok((input.skip(1), Ident { name: name.to_string(), span: token.span })),
        _ => absent(input),
    }
}

/// A name where nothing else can stand.
pub(super) fn need_name<'a>(expected: &'static str) -> impl FnMut(Tokens<'a>) -> Parse<'a, Ident> {
    need_or(name, move |input| match input.peek().tok {
        // A keyword at the head of a line begins the next statement: the name is missing rather than ill chosen.
        Tok::Word(word) if !(input.peek().first_on_line && (word.starts_item() || word.starts_statement())) => {
            let spelling = word.spelling();
            Diagnostic::new(Code::E0111, format!("`{spelling}` is a keyword and cannot be {expected}"))
                .at(input.peek().span, format!("expected {expected}"))
                .help(format!("choose another name, such as `{spelling}_`"))
        }
        _ => unexpected(input, expected),
    })
}

/// A string.
pub(super) fn string(input: Tokens<'_>) -> Parse<'_, Text> {
    let token = input.peek();
    match token.tok {
        Tok::Str(text) => Ok((input.skip(1), Text { text: text.to_string(), span: token.span })),
        _ => absent(input),
    }
}

/// One thing or several, separated by commas; after a comma another one is obligatory.
pub(super) fn comma_list<'a, O, P>(element: P, after_comma: &'static str) -> impl FnMut(Tokens<'a>) -> Parse<'a, Vec<O>>
where
    P: Fn(Tokens<'a>) -> Parse<'a, O> + Copy,
{
    move |input| {
        let (rest, first) = element(input)?;
        let (rest, more) = many0(preceded(sign(Sign::Comma), need(after_comma, element))).parse(rest)?;
        let mut all = Vec::with_capacity(more.len() + 1);
        all.push(first);
        all.extend(more);
        Ok((rest, all))
    }
}

/// The bracket that closes `open`, which stands at `opened`.
pub(super) fn close<'a>(open: Sign, opened: Span, closing: Sign) -> impl FnMut(Tokens<'a>) -> Parse<'a, Span> {
    need_or(sign(closing), move |input| unclosed(input, open, opened, &format!("`{}`", closing.spelling())))
}

/// The diagnostic for a bracket that something else than its partner follows.
pub(super) fn unclosed(input: Tokens<'_>, open: Sign, opened: Span, expected: &str) -> Diagnostic {
    let (open, found) = (open.spelling(), input.peek());
    let ends = match found.tok {
        Tok::End | Tok::Sign(Sign::RBrace) => true,
        Tok::Word(word) => word.starts_item() || word.starts_statement(),
        _ => false,
    };
    if ends {
        return Diagnostic::new(Code::E0103, format!("this `{open}` is never closed"))
            .at(opened, "opened here")
            .because(found.span, format!("expected {expected} before {}", describe(found.tok)));
    }
    if matches!(found.tok, Tok::Sign(Sign::RParen | Sign::RBracket)) {
        return Diagnostic::new(Code::E0103, format!("this `{open}` is closed by {}", describe(found.tok)))
            .at(found.span, format!("expected {expected}"))
            .because(opened, "opened here");
    }
    unexpected(input, expected).because(opened, format!("this `{open}` is still open"))
}

/// Whether a sign is next, without taking it.
pub(super) fn at_sign(input: Tokens<'_>, sign: Sign) -> bool {
    input.peek().tok == Tok::Sign(sign)
}

/// Takes a sign if it is next.
pub(super) fn maybe<'a>(which: Sign) -> impl FnMut(Tokens<'a>) -> Parse<'a, Option<Span>> {
    move |input| opt(sign(which)).parse(input)
}

/// A short form of some source text for messages.
pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", shorten(name))
}
