//! Likely slips: the spellings of other languages, and what to say about them.

use crate::base::{Code, did_you_mean};

use super::token::{Sign, Tok, Token, Word};

/// A mistake inside one lexeme.
pub(super) struct Mistake {
    pub code: Code,
    pub message: String,
    pub label: String,
    pub help: Option<String>,
}

impl Mistake {
    /// A sign or a name that Loewner spells otherwise.
    pub(super) fn spelling(found: &str, label: &str, help: impl Into<String>) -> Self {
        let message = format!("`{}` is spelled otherwise here", shorten(found));
        Mistake { code: Code::E0110, message, label: label.into(), help: Some(help.into()) }
    }

    /// A malformed number.
    pub(super) fn number(message: impl Into<String>, label: &str, help: impl Into<String>) -> Self {
        Mistake { code: Code::E0104, message: message.into(), label: label.into(), help: Some(help.into()) }
    }
}

const PRODUCT: &str = "the matrix or scalar product is `*`";
const ENTRYWISE: &str = "the entrywise product is `.*` or `∘`";
const MINUS: &str = "write the hyphen of the keyboard: `-`";
const ORDER: &str = "the Löwner order is `<<=` or `⪯`";
const ORDER_BACK: &str = "the Löwner order is `>>=` or `⪰`";
const UNION: &str = "a set is one interval, one range or one list in braces";

/// Foreign signs with what they mean and how that is written. Where one begins with another, the longer stands first.
pub(super) const SLIPS: &[(&str, Tok<'static>, &str)] = &[
    ("===", Tok::Sign(Sign::Eq), "equality is `==`"),
    ("=<", Tok::Sign(Sign::Le), "less or equal is `<=` or `≤`"),
    ("=>", Tok::Word(Word::Implies), "implication is `implies`, greater or equal is `>=`"),
    ("<>", Tok::Sign(Sign::Ne), "different is `!=` or `≠`"),
    ("~=", Tok::Sign(Sign::Ne), "different is `!=` or `≠`"),
    (":=", Tok::Sign(Sign::Assign), "a name is given its value by `=`"),
    ("&&", Tok::Word(Word::And), "write `and`"),
    ("&", Tok::Word(Word::And), "write `and`"),
    ("||", Tok::Word(Word::Or), "write `or`"),
    ("!", Tok::Word(Word::Not), "write `not`"),
    ("**", Tok::Sign(Sign::Power), "a power is `^`"),
    ("@", Tok::Sign(Sign::Mul), PRODUCT),
    ("×", Tok::Sign(Sign::Mul), PRODUCT),
    ("·", Tok::Sign(Sign::Mul), PRODUCT),
    ("⋅", Tok::Sign(Sign::Mul), PRODUCT),
    ("∙", Tok::Sign(Sign::Mul), PRODUCT),
    ("•", Tok::Sign(Sign::Mul), PRODUCT),
    ("∗", Tok::Sign(Sign::Mul), PRODUCT),
    ("⊙", Tok::Sign(Sign::Hadamard), ENTRYWISE),
    ("⨀", Tok::Sign(Sign::Hadamard), ENTRYWISE),
    ("⊘", Tok::Sign(Sign::EntryDiv), "entrywise division is `./`"),
    ("÷", Tok::Sign(Sign::Div), "division is `/`"),
    ("−", Tok::Sign(Sign::Sub), MINUS),
    ("–", Tok::Sign(Sign::Sub), MINUS),
    ("—", Tok::Sign(Sign::Sub), MINUS),
    ("≼", Tok::Sign(Sign::LoewnerLe), ORDER),
    ("⪕", Tok::Sign(Sign::LoewnerLe), ORDER),
    ("≽", Tok::Sign(Sign::LoewnerGe), ORDER_BACK),
    ("⪖", Tok::Sign(Sign::LoewnerGe), ORDER_BACK),
    ("⩽", Tok::Sign(Sign::Le), "less or equal is `<=` or `≤`"),
    ("⩾", Tok::Sign(Sign::Ge), "greater or equal is `>=` or `≥`"),
    ("→", Tok::Sign(Sign::Arrow), "write `->`"),
    ("⇒", Tok::Word(Word::Implies), "write `implies`"),
    ("⟹", Tok::Word(Word::Implies), "write `implies`"),
    ("∧", Tok::Word(Word::And), "write `and`"),
    ("∨", Tok::Word(Word::Or), "write `or`"),
    ("¬", Tok::Word(Word::Not), "write `not`"),
    ("∈", Tok::Word(Word::In), "write `in`"),
    ("∀", Tok::Word(Word::Forall), "write `forall`"),
    ("∞", Tok::Name("inf"), "infinity is `inf`"),
    ("∼", Tok::Sign(Sign::Tilde), "write the `~` of the keyboard"),
    ("…", Tok::Sign(Sign::Range), "a range is written with two points: `1..32`"),
    ("’", Tok::Sign(Sign::Adjoint), "the conjugate transpose is the straight `'`"),
    ("‘", Tok::Sign(Sign::Adjoint), "the conjugate transpose is the straight `'`"),
    ("′", Tok::Sign(Sign::Adjoint), "the conjugate transpose is the straight `'`"),
];

/// What to do instead of a character that cannot be read as anything else.
pub(super) fn stray(c: char) -> Option<&'static str> {
    Some(match c {
        '|' => "an absolute value is `abs(x)`, a determinant `det(A)`, a condition `or`",
        '.' => "a point stands between digits only; entrywise operators are `.*`, `./` and `.^`",
        '%' => "a comment starts with `#`; a percentage is a fraction: `0.05`",
        '$' | '\\' => "formulas are written plainly: `alpha`, `sqrt(x)`, `A * B`",
        '`' => "names and formulas need no quotes",
        '?' => "a choice is `if c then a else b`",
        '√' => "a square root is `sqrt(x)`, of a matrix `sqrtm(A)`",
        '∑' => "a sum over all entries is `sum(A)`",
        '‖' => "a norm is `norm(A)`",
        '⟨' | '⟩' => "an inner product is `inner(A, B)`",
        '≈' | '≃' => "there are no tolerances: claim `==`, or two bounds",
        '∪' => UNION,
        '∩' => UNION,
        '₀'..='₉' => "an index of a name is written plainly: `K1` or `K_1`",
        '⁻' => "a power is `^`: `x^-1`; the inverse of a matrix is `inv(A)`",
        '∇' | '∂' => "a gradient is taken by `loewner grad EXPR --wrt NAME`",
        _ => return None,
    })
}

/// How a message names a token.
pub(super) fn describe(tok: Tok<'_>) -> String {
    match tok {
        Tok::Name(name) => format!("the name `{}`", shorten(name)),
        Tok::Number(digits, false) => format!("the number `{}`", shorten(digits)),
        Tok::Number(digits, true) => format!("the number `{}i`", shorten(digits)),
        Tok::Str(text) => format!("the string `\"{}\"`", shorten(text)),
        Tok::Word(word) => format!("the keyword `{}`", word.spelling()),
        Tok::Sign(sign) => format!("`{}`", sign.spelling()),
        Tok::Bad => "something that cannot be read".into(),
        Tok::End => "the end of the text".into(),
    }
}

/// The likely repair where `found` stands and something else was expected, told from its neighbours.
pub(super) fn repair(
    expected: &str,
    previous: Option<Token<'_>>,
    found: Token<'_>,
    next: Token<'_>,
) -> Option<&'static str> {
    let before = previous.map(|token| token.tok);
    let after_operand = matches!(
        before,
        Some(Tok::Name(_) | Tok::Number(..) | Tok::Sign(Sign::RParen | Sign::RBracket | Sign::Adjoint))
    );
    // Where an operator could have stood, and the line goes on, one may have been left out.
    let operator_fits = expected.starts_with("an operator") || expected.starts_with("`,`") || expected == "`)`";
    let same_line = !found.first_on_line && operator_fits;
    let touches = |left: Token<'_>, right: Token<'_>| left.span.end == right.span.start;
    Some(match found.tok {
        Tok::Sign(Sign::Comma)
            if matches!((before, next.tok), (Some(Tok::Number(..)), Tok::Number(..)))
                && previous.is_some_and(|previous| touches(previous, found))
                && touches(found, next) =>
        {
            "a decimal is written with a point: `0.5`"
        }
        Tok::Sign(Sign::Assign) if after_operand && operator_fits => {
            "to compare two values write `==`; `=` gives a name its value"
        }
        Tok::Sign(Sign::Semicolon) => "no statement ends in a semicolon; it parts the rows of a matrix",
        Tok::Sign(Sign::Adjoint) => "`'` stands after a matrix and takes its adjoint; a string is written `\"text\"`",
        Tok::Sign(Sign::Range) if after_operand => "a range `lo..hi` is a set: it stands after `in`",
        Tok::Sign(Sign::LBrace) => "braces hold the values of a set, a theorem or a proof; group with `(` and `)`",
        Tok::Sign(Sign::Tilde) => "only a claim is asymptotic: `claim f ~ g + O(h) as x -> inf`",
        Tok::Word(Word::In) if after_operand => {
            "`x in SET` is no condition: quantify with `forall x in SET`, or write `0 < x`"
        }
        Tok::Word(Word::Not) => "put `not` and what follows in parentheses",
        Tok::Word(Word::Then) if before == Some(Tok::Word(Word::Else)) => {
            "a further choice is `else if c then a else b`"
        }
        Tok::Name("elif" | "elsif" | "elseif") => "a further choice is `else if c then a else b`",
        Tok::Name(_) | Tok::Number(..) | Tok::Sign(Sign::LParen) if after_operand && same_line => {
            "a product is written with `*`"
        }
        _ => return None,
    })
}

/// At most 40 characters: a message shows a name, it does not repeat a page.
pub(super) fn shorten(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_string(),
    }
}

/// The word that a misspelt name stands for. A name much longer than any word is none of them, and comparing it would take
/// its time.
pub(super) fn nearest(name: &str, words: &[&'static str]) -> Option<&'static str> {
    if name.len() > 40 { None } else { did_you_mean(name, words.iter().copied()) }
}
