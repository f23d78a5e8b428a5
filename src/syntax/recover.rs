//! Whole texts: statements one after another, each mistake reported and the next statement found.

use std::cell::RefCell;

use nom::combinator::opt;
use nom::sequence::{pair, preceded};
use nom::{Err, Parser};

use crate::base::{Code, Diagnostic, FileId};

use super::Parsed;
use super::ast::{Binding, Item, Program, Statement, Theorem};
use super::lexer::{Lexed, lex};
use super::parse_expr::bindings;
use super::parse_item::{def, docs, import};
use super::parse_theorem::statement;
use super::slips::{describe, nearest, shorten};
use super::stream::{Context, Fault, Parse, Tokens, need, need_or, sign, string, unexpected, word};
use super::token::{KEYWORDS, Sign, Tok, Token, Word};

/// The reader of a file sees no more mistakes than this at once.
const MAX_SHOWN: usize = 100;

/// The mistakes of one text.
#[derive(Default)]
struct Faults {
    diagnostics: Vec<Diagnostic>,
    /// How many of them say that the text ended too early.
    at_end: usize,
}

impl Faults {
    fn add(&mut self, fault: Fault) {
        if let Some(diagnostic) = fault.diagnostic {
            self.at_end += usize::from(fault.incomplete);
            self.diagnostics.push(*diagnostic);
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn finish<T>(mut self, value: T, lexical: Vec<Diagnostic>, soft: Vec<Diagnostic>) -> Parsed<T> {
        let incomplete = self.at_end > 0 && self.at_end == self.diagnostics.len() + lexical.len() + soft.len();
        self.diagnostics.extend(lexical);
        self.diagnostics.extend(soft);
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.labels.first().map(|label| label.span));
        let hidden = self.diagnostics.len().saturating_sub(MAX_SHOWN);
        self.diagnostics.truncate(MAX_SHOWN);
        if let Some(last) = self.diagnostics.last_mut().filter(|_| hidden > 0) {
            last.notes.push(format!("{hidden} further mistakes are not shown"));
        }
        Parsed { value, diagnostics: self.diagnostics, incomplete }
    }
}

/// Parses a text with one parser that must take all of it.
pub(super) fn whole<'t, T>(
    file: FileId,
    text: &'t str,
    expected: &'static str,
    parser: impl for<'a> Fn(Tokens<'a>) -> Parse<'a, T>,
) -> Parsed<Option<T>> {
    let Lexed { tokens, docs, diagnostics, .. } = lex(file, text);
    let context = Context { tokens, docs, soft: RefCell::default() };
    let mut faults = Faults::default();
    let value = match pair(need(expected, &parser), need_or(end, after_whole)).parse(Tokens::new(&context)) {
        Ok((_, (value, ()))) => Some(value),
        Err(Err::Error(fault) | Err::Failure(fault)) => {
            faults.add(fault);
            None
        }
        Err(Err::Incomplete(_)) => None,
    };
    faults.finish(value, diagnostics, context.soft.replace(Vec::new()))
}

fn end(input: Tokens<'_>) -> Parse<'_, ()> {
    if input.peek().tok == Tok::End { Ok((input, ())) } else { super::stream::absent(input) }
}

fn after_whole(input: Tokens<'_>) -> Diagnostic {
    unexpected(input, "an operator or the end")
}

/// `let NAME = EXPR, ...`, the `let` at will.
pub(super) fn let_line(input: Tokens<'_>) -> Parse<'_, Vec<Binding>> {
    preceded(opt(word(Word::Let)), bindings).parse(input)
}

/// Parses a file.
pub(super) fn program(file: FileId, text: &str) -> Parsed<Program> {
    let Lexed { tokens, docs, diagnostics, docs_dangle } = lex(file, text);
    let context = Context { tokens, docs, soft: RefCell::default() };
    let mut faults = Faults::default();
    let mut program = Program::default();
    let mut input = Tokens::new(&context);
    loop {
        let parsed = match input.peek().tok {
            Tok::End => break,
            Tok::Word(Word::Import) => import(input).map(|(rest, import)| (rest, Some(Item::Import(import)))),
            Tok::Word(Word::Def) => def(input).map(|(rest, def)| (rest, Some(Item::Def(def)))),
            Tok::Word(Word::Theorem) => {
                theorem(input, &mut faults).map(|(rest, theorem)| (rest, theorem.map(Item::Theorem)))
            }
            _ => {
                if let Some(diagnostic) = stray_at_top(input) {
                    faults.report(diagnostic);
                }
                input = next_item(input);
                continue;
            }
        };
        input = match parsed {
            Ok((rest, item)) => {
                program.items.extend(item);
                rest
            }
            Err(Err::Error(fault) | Err::Failure(fault)) => {
                let rest = next_item(input.skip((fault.at - input.at()).max(1)));
                faults.add(fault);
                rest
            }
            // No parser here is a streaming one.
            Err(Err::Incomplete(_)) => break,
        };
    }
    let mut parsed = faults.finish(program, diagnostics, context.soft.replace(Vec::new()));
    // Documentation is written before what it documents, so a REPL that has seen only that must wait.
    parsed.incomplete |= docs_dangle && parsed.diagnostics.is_empty();
    parsed
}

/// The next place where a statement of a file can begin.
fn next_item(input: Tokens<'_>) -> Tokens<'_> {
    let starts = |token: &Token<'_>| match token.tok {
        Tok::End => true,
        Tok::Word(word) => word.starts_item(),
        _ => false,
    };
    let distance = input.rest().iter().position(starts).unwrap_or(input.rest().len());
    input.skip(distance)
}

/// What is wrong with a token where a statement of a file should begin.
fn stray_at_top(input: Tokens<'_>) -> Option<Diagnostic> {
    let found = input.peek();
    let what = describe(found.tok);
    let diagnostic = Diagnostic::new(Code::E0107, format!("expected `def`, `theorem` or `import`, found {what}"));
    Some(match found.tok {
        Tok::Bad | Tok::End => return None,
        // On the line of the statement before it, it is rather a mistake in that statement.
        _ if input.previous().is_some() && !found.first_on_line => {
            unexpected(input, "an operator or the next statement")
        }
        Tok::Word(word) if word.starts_statement() => {
            Diagnostic::new(Code::E0107, format!("`{}` stands only inside a theorem", word.spelling()))
                .at(found.span, "outside any theorem")
                .help("write `theorem \"NAME\" { ... }` around it")
        }
        Tok::Sign(Sign::RBrace) => {
            Diagnostic::new(Code::E0107, "this `}` closes nothing").at(found.span, "nothing is open")
        }
        Tok::Name(name) => diagnostic.at(found.span, "no statement begins so").maybe_help(keyword_meant(name)),
        _ => diagnostic.at(found.span, "no statement begins so"),
    })
}

/// The keyword that a misspelt or foreign word at the head of a statement stands for.
fn keyword_meant(name: &str) -> Option<String> {
    let foreign = match name {
        "fn" | "function" | "func" | "define" | "fun" => Some("a definition starts with `def`"),
        "lemma" | "proposition" | "corollary" | "Theorem" | "prop" => Some("every statement to verify is a `theorem`"),
        "use" | "include" | "from" | "require" => Some("another file is brought in by `import \"file.lw\"`"),
        "show" | "prove" | "assert" | "conclude" | "then" => Some("what must follow is a `claim`"),
        "suppose" | "given" | "require_that" | "hypothesis" => Some("a hypothesis is an `assume`"),
        "for" | "fix" | "all" => Some("inputs are quantified by `forall`"),
        "return" => Some("the value of a definition is what stands after its `=`"),
        _ => None,
    };
    let near = || nearest(name, KEYWORDS).map(|near| format!("did you mean `{near}`?"));
    foreign.map(str::to_string).or_else(near)
}

/// `theorem "name" { ... }`; mistakes in its statements are recorded, and the other statements kept.
fn theorem<'a>(input: Tokens<'a>, faults: &mut Faults) -> Parse<'a, Option<Theorem>> {
    let doc = docs(input);
    let need_string = need_or(string, |input| {
        let help = match input.peek().tok {
            Tok::Name(name) => Some(format!("a theorem's name is a string: `theorem \"{}\"`", shorten(name))),
            _ => None,
        };
        unexpected(input, "the theorem's name in quotes").maybe_help(help)
    });
    let (rest, name) = preceded(word(Word::Theorem), need_string).parse(input)?;
    let opened = rest.peek().span;
    let (mut rest, _) = need("`{` after the theorem's name", sign(Sign::LBrace))(rest)?;
    let before = faults.diagnostics.len();
    let mut statements: Vec<Statement> = Vec::new();
    loop {
        if let Ok((after, _)) = sign(Sign::RBrace)(rest) {
            return Ok((after, Some(Theorem { doc, name, statements, span: after.since(input) })));
        }
        let ended = match rest.peek().tok {
            Tok::End => true,
            Tok::Word(word) => word.starts_item(),
            _ => false,
        };
        if ended {
            // Where a statement has already broken off at the end of the text, this would say the same once more.
            if faults.at_end == 0 || faults.diagnostics.len() == before {
                let diagnostic = Diagnostic::new(Code::E0103, "the `{` of this theorem is never closed")
                    .at(opened, "opened here")
                    .because(rest.peek().span, format!("expected `}}` before {}", describe(rest.peek().tok)));
                let incomplete = rest.peek().tok == Tok::End;
                faults.add(Fault { at: rest.at(), diagnostic: Some(Box::new(diagnostic)), incomplete });
            }
            return Ok((rest, None));
        }
        rest = match statement(rest) {
            Ok((after, statement)) => {
                statements.push(statement);
                after
            }
            Err(Err::Failure(fault)) => {
                let after = next_statement(rest, fault.at);
                faults.add(fault);
                after
            }
            Err(_) => {
                if let Some(diagnostic) = stray_in_theorem(rest, !statements.is_empty()) {
                    faults.report(diagnostic);
                }
                next_statement(rest, rest.at())
            }
        };
    }
}

/// What is wrong with a token where a statement of a theorem should begin.
fn stray_in_theorem(input: Tokens<'_>, after_statement: bool) -> Option<Diagnostic> {
    let found = input.peek();
    Some(match found.tok {
        Tok::Bad => return None,
        // On the line of the statement before it, it is rather a mistake in that statement.
        _ if after_statement && !found.first_on_line => unexpected(input, "an operator or the next statement"),
        Tok::Name(name) => {
            let what = describe(found.tok);
            Diagnostic::new(Code::E0107, format!("expected `forall`, `let`, `assume`, `claim` or `}}`, found {what}"))
                .at(found.span, "no statement begins so")
                .maybe_help(keyword_meant(name))
        }
        _ => {
            let what = describe(found.tok);
            Diagnostic::new(Code::E0107, format!("expected `forall`, `let`, `assume`, `claim` or `}}`, found {what}"))
                .at(found.span, "no statement begins so")
        }
    })
}

/// The next place where a statement of a theorem can begin or the theorem ends, after a mistake at token `at` of the
/// statement that begins at `start`.
///
/// Braces that the broken statement opened are its own: the `}` of `{1, , 2}` does not close the theorem. A `let` counts
/// only at the head of a line, since elsewhere it is more likely a part of the broken expression.
fn next_statement(start: Tokens<'_>, at: usize) -> Tokens<'_> {
    let statement_follows = |index: usize| match start.rest().get(index + 1).map(|token| token.tok) {
        Some(Tok::Word(word)) => word.starts_statement(),
        _ => false,
    };
    let mut open = 0usize;
    for (index, token) in start.rest().iter().enumerate() {
        let beyond = index > 0 && start.at() + index >= at;
        match token.tok {
            Tok::Sign(Sign::LBrace) => open += 1,
            Tok::Sign(Sign::RBrace) if open > 0 => open -= 1,
            // A `}` that further statements follow was meant for another bracket, as in `(0, 1}`.
            Tok::Sign(Sign::RBrace) if start.at() + index >= at && !statement_follows(index) => {
                return start.skip(index);
            }
            Tok::Word(Word::Let) if beyond && token.first_on_line => return start.skip(index),
            Tok::Word(word) if beyond && word != Word::Let && (word.starts_item() || word.starts_statement()) => {
                return start.skip(index);
            }
            _ => {}
        }
    }
    start.skip(start.rest().len())
}
