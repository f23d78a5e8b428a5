//! From text to tokens. A sign that is merely spelled otherwise in other languages is reported and read as what was
//! meant, so that it is the only mistake reported there.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_while, take_while1};
use nom::character::complete::{anychar, char, digit1, one_of, satisfy};
use nom::combinator::{map, not, opt, peek, recognize, verify};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

use crate::base::{Code, Diagnostic, FileId, Span};

use super::ast::Text;
use super::number::{MAX_DIGITS, MAX_EXPONENT};
use super::slips::{Mistake, SLIPS, shorten, stray};
use super::token::{SIGNS, Sign, Tok, Token, Word};

/// More mistakes than this tell nobody anything: the text is no Loewner at all.
const MAX_MISTAKES: usize = 100;

/// A text in tokens, the last of which is [`Tok::End`].
pub(super) struct Lexed<'a> {
    pub tokens: Vec<Token<'a>>,
    /// Every documentation line of the text.
    pub docs: Vec<Text>,
    pub diagnostics: Vec<Diagnostic>,
    /// Whether documentation lines stand after the last token.
    pub docs_dangle: bool,
}

/// One lexeme: its tokens (several only where a mistake was mended) and what is wrong with it.
struct Lexeme<'a> {
    toks: [Option<Tok<'a>>; 2],
    mistake: Option<Box<Mistake>>,
}

impl<'a> Lexeme<'a> {
    fn good(tok: Tok<'a>) -> Self {
        Lexeme { toks: [Some(tok), None], mistake: None }
    }

    fn mended(toks: [Option<Tok<'a>>; 2], mistake: Mistake) -> Self {
        Lexeme { toks, mistake: Some(Box::new(mistake)) }
    }
}

/// Splits a text into tokens; every character is part of a token, of a comment or of a reported mistake.
pub(super) fn lex(file: FileId, text: &str) -> Lexed<'_> {
    let mut lexed = Lexed { tokens: Vec::new(), docs: Vec::new(), diagnostics: Vec::new(), docs_dangle: false };
    let mut rest = text;
    let mut last_end = 0;
    loop {
        let trivia = skip_trivia(file, text, rest, &mut lexed.docs);
        rest = trivia.rest;
        let first_on_line = trivia.newline || lexed.tokens.is_empty();
        let start = text.len() - rest.len();
        let Ok((after, lexeme)) = lexeme(rest) else {
            // A lexeme is any character at least, so the text has ended. What is missing is missing after the last
            // token, not after the blank lines that follow it.
            lexed.docs_dangle = trivia.docs.0 != trivia.docs.1;
            let span = Span::new(file, last_end, last_end);
            lexed.tokens.push(Token { tok: Tok::End, span, first_on_line, docs: trivia.docs });
            return lexed;
        };
        last_end = text.len() - after.len();
        let span = Span::new(file, start, last_end);
        for tok in lexeme.toks.into_iter().flatten() {
            lexed.tokens.push(Token { tok, span, first_on_line, docs: trivia.docs });
        }
        if let Some(mistake) = lexeme.mistake
            && lexed.diagnostics.len() < MAX_MISTAKES
        {
            let Mistake { code, message, label, help } = *mistake;
            lexed.diagnostics.push(Diagnostic::new(code, message).at(span, label).maybe_help(help));
        }
        rest = after;
    }
}

/// What stood between two tokens.
struct Trivia<'a> {
    rest: &'a str,
    newline: bool,
    docs: (u32, u32),
}

/// Skips white space and comments, keeping the last block of `##` lines: a blank line between two blocks parts them.
fn skip_trivia<'a>(file: FileId, text: &str, mut rest: &'a str, docs: &mut Vec<Text>) -> Trivia<'a> {
    let at_start = rest.len() == text.len();
    let mut newline = false;
    let mut blank_line = false;
    let mut block = docs.len();
    loop {
        if let Ok((after, space)) = white_space(rest) {
            let lines = space.matches('\n').count();
            newline |= lines > 0;
            blank_line |= lines > 1;
            rest = after;
        } else if let Ok((after, comment)) = comment(rest) {
            let documents = comment.starts_with("##") && !comment.starts_with("###");
            if documents && (newline || at_start) {
                if blank_line {
                    block = docs.len();
                }
                blank_line = false;
                let start = text.len() - rest.len();
                let line = comment[2..].strip_prefix(' ').unwrap_or(&comment[2..]).trim_end();
                docs.push(Text { text: line.to_string(), span: Span::new(file, start, start + comment.len()) });
            }
            rest = after;
        } else {
            return Trivia { rest, newline, docs: (block as u32, docs.len() as u32) };
        }
    }
}

fn white_space(input: &str) -> IResult<&str, &str> {
    // Editors may put a byte-order mark before the first character, where it says nothing.
    take_while1(|c: char| c.is_whitespace() || c == '\u{feff}')(input)
}

fn comment(input: &str) -> IResult<&str, &str> {
    recognize(preceded(char('#'), take_till(|c| c == '\n'))).parse(input)
}

fn lexeme(input: &str) -> IResult<&str, Lexeme<'_>> {
    alt((word_or_name, number, string, slip, sign, leading_point, full_stop, unknown)).parse(input)
}

fn starts_name(c: char) -> bool {
    c == '_' || unicode_ident::is_xid_start(c)
}

fn continues_name(c: char) -> bool {
    unicode_ident::is_xid_continue(c)
}

fn word_or_name(input: &str) -> IResult<&str, Lexeme<'_>> {
    let (rest, text) = recognize((satisfy(starts_name), take_while(continues_name))).parse(input)?;
    Ok((rest, name_lexeme(text)))
}

fn name_lexeme(text: &str) -> Lexeme<'_> {
    // Modifier letters are letters to Unicode, so a raised T at the end of a name arrives here.
    if let Some(base) = text.strip_suffix(['ᵀ', 'ᴴ', 'ᵗ'])
        && !base.is_empty()
    {
        let mistake =
            Mistake::spelling(text, "this is read as part of the name", format!("write `{}'`", shorten(base)));
        return Lexeme::mended([Some(Tok::Name(base)), Some(Tok::Sign(Sign::Adjoint))], mistake);
    }
    Lexeme::good(Word::of(text).map_or(Tok::Name(text), Tok::Word))
}

fn number(input: &str) -> IResult<&str, Lexeme<'_>> {
    let exponent = (one_of("eE"), opt(one_of("+-")), digit1);
    let (rest, digits) = recognize((digit1, opt((char('.'), digit1)), opt(exponent))).parse(input)?;
    let (rest, unit) = opt(terminated(char('i'), not(satisfy(continues_name)))).parse(rest)?;
    let imaginary = unit.is_some();
    let zero = [Some(Tok::Number("0", imaginary)), None];
    if let Some(mistake) = too_long(digits) {
        return Ok((rest, Lexeme::mended(zero, mistake)));
    }
    let value = Some(Tok::Number(digits, imaginary));
    if let Ok((after, tail)) = take_while1::<_, _, nom::error::Error<&str>>(continues_name)(rest)
        && !imaginary
    {
        return Ok(runs_on(digits, tail, rest, after));
    }
    if let Ok((after, tail)) = recognize((char('.'), digit1::<_, nom::error::Error<&str>>)).parse(rest) {
        let shown: String = digits.chars().chain(tail.chars()).take(40).collect();
        let message = format!("`{shown}` has two decimal points");
        let mistake = Mistake::number(message, "a number has one point at most", "a range is written `lo..hi`");
        return Ok((after, Lexeme::mended([value, None], mistake)));
    }
    // `1.` alone; `1..n`, `1 .* A` without its space, and `1.T` are other matters.
    let bare_point = terminated(char::<_, nom::error::Error<&str>>('.'), not(satisfy(|c| ".*/^'".contains(c))));
    if let Ok((after, _)) = terminated(bare_point, not(satisfy(starts_name))).parse(rest) {
        let ends_line = line_ends(after);
        let help =
            if ends_line { "a statement needs no full stop".into() } else { format!("write `{}`", shorten(digits)) };
        let mistake = Mistake::number(
            format!("`{}.` has no digits after its point", shorten(digits)),
            "digits are missing",
            help,
        );
        return Ok((after, Lexeme::mended([value, None], mistake)));
    }
    Ok((rest, Lexeme { toks: [value, None], mistake: None }))
}

/// The mistake of a literal beyond the bounds. Only lengths are looked at, so a megabyte of digits costs nothing.
fn too_long(literal: &str) -> Option<Mistake> {
    let (mantissa, exponent) = literal.split_once(['e', 'E']).unwrap_or((literal, "0"));
    let count = mantissa.len() - usize::from(mantissa.contains('.'));
    let power = exponent.trim_start_matches(['+', '-']).trim_start_matches('0');
    if count > MAX_DIGITS {
        let message = format!("a number of {count} digits");
        return Some(Mistake::number(message, "too many digits", format!("a number has at most {MAX_DIGITS} digits")));
    }
    if power.len() > 4 || power.parse::<i64>().unwrap_or(0) > MAX_EXPONENT {
        let label = "the exponent of ten is too large";
        let help = format!("an exponent lies between -{MAX_EXPONENT} and {MAX_EXPONENT}");
        return Some(Mistake::number("a number out of all bounds", label, help));
    }
    None
}

/// A number with letters, digits of other scripts or `_` right after it.
fn runs_on<'a>(digits: &'a str, tail: &str, rest: &'a str, after: &'a str) -> (&'a str, Lexeme<'a>) {
    let value = Some(Tok::Number(digits, false));
    let whole = [value, None];
    let shown: String = tail.chars().take(20).collect();
    let shown_digits = shorten(digits);
    let message = format!("`{shown_digits}{shown}` is neither a number nor a name");
    if tail == "e" || tail == "E" {
        let help = format!("write the power of ten: `{shown_digits}e-3`, or `{shown_digits}*e` for a product");
        return (after, Lexeme::mended(whole, Mistake::number(message, "an exponent has digits", help)));
    }
    if tail.starts_with('_') {
        let joined = format!("{digits}{}", tail.replace('_', ""));
        let help = format!("write the digits without separators: `{}`", shorten(&joined));
        return (after, Lexeme::mended(whole, Mistake::number(message, "a number holds no `_`", help)));
    }
    let help = format!("a product is written with `*`: `{shown_digits}*{shown}`");
    let mistake = Mistake::number(message, "the number ends and a name begins", help);
    (rest, Lexeme::mended([value, Some(Tok::Sign(Sign::Mul))], mistake))
}

fn string(input: &str) -> IResult<&str, Lexeme<'_>> {
    let straight = |c: char| c == '"' || c == '\n';
    let (rest, text) = preceded(char('"'), take_till(straight)).parse(input)?;
    if let Ok((rest, _)) = char::<_, nom::error::Error<&str>>('"')(rest) {
        return Ok((rest, Lexeme::good(Tok::Str(text))));
    }
    let mistake = Mistake {
        code: Code::E0106,
        message: "this string is never closed".into(),
        label: "no `\"` before the end of the line".into(),
        help: Some("a string begins and ends with `\"` on one line".into()),
    };
    Ok((rest, Lexeme::mended([Some(Tok::Str(text.trim_end())), None], mistake)))
}

/// Spellings of other languages and of typesetting, read as what they mean.
fn slip(input: &str) -> IResult<&str, Lexeme<'_>> {
    alt((curly_string, foreign_comment, transposition, superscript, foreign_sign)).parse(input)
}

fn curly_string(input: &str) -> IResult<&str, Lexeme<'_>> {
    let quote = |c: char| "“”„«»".contains(c);
    let ends = move |c: char| quote(c) || c == '"' || c == '\n';
    let closing = satisfy(move |c| quote(c) || c == '"');
    map(delimited(satisfy(quote), take_till(ends), opt(closing)), |text: &str| {
        let help = format!("write `\"{}\"`, with the quotes of the keyboard", shorten(text.trim_end()));
        let mistake = Mistake::spelling("“ ”", "typographic quotes do not make a string", help);
        Lexeme::mended([Some(Tok::Str(text.trim_end())), None], mistake)
    })
    .parse(input)
}

fn foreign_comment(input: &str) -> IResult<&str, Lexeme<'_>> {
    map(preceded(tag("//"), take_till(|c| c == '\n')), |_| {
        Lexeme::mended(
            [None, None],
            Mistake::spelling("//", "this does not start a comment", "a comment starts with `#`"),
        )
    })
    .parse(input)
}

fn transposition(input: &str) -> IResult<&str, Lexeme<'_>> {
    let suffix = alt((tag(".T"), tag(".H"), tag(".mT"), tag(".mH"), tag(".t()")));
    map(alt((terminated(suffix, not(satisfy(continues_name))), tag(".'"), tag("†"))), |text: &str| {
        let mistake = Mistake::spelling(text, "not a transpose here", "the conjugate transpose of `A` is `A'`");
        Lexeme::mended([Some(Tok::Sign(Sign::Adjoint)), None], mistake)
    })
    .parse(input)
}

fn superscript(input: &str) -> IResult<&str, Lexeme<'_>> {
    const RAISED: [(char, &str); 10] = [
        ('⁰', "0"),
        ('¹', "1"),
        ('²', "2"),
        ('³', "3"),
        ('⁴', "4"),
        ('⁵', "5"),
        ('⁶', "6"),
        ('⁷', "7"),
        ('⁸', "8"),
        ('⁹', "9"),
    ];
    let (rest, c) = verify(anychar, |c| RAISED.iter().any(|(raised, _)| raised == c)).parse(input)?;
    let digit = RAISED.iter().find(|(raised, _)| *raised == c).map_or("1", |(_, digit)| digit);
    let spelled = &input[..c.len_utf8()];
    let mistake = Mistake::spelling(spelled, "a raised digit is not a power", format!("write `^{digit}`"));
    Ok((rest, Lexeme::mended([Some(Tok::Sign(Sign::Power)), Some(Tok::Number(digit, false))], mistake)))
}

fn foreign_sign(input: &str) -> IResult<&str, Lexeme<'_>> {
    // `!` and `&` begin signs of ours or of this table, so the first row that fits must be the longest: it is.
    let found = SLIPS.iter().find_map(|(spelling, tok, help)| {
        let (rest, _) = tag::<_, _, nom::error::Error<&str>>(*spelling)(input).ok()?;
        (*spelling != "!" || !rest.starts_with('=')).then_some((rest, *spelling, *tok, *help))
    });
    let Some((rest, spelling, tok, help)) = found else {
        return nom::combinator::fail().parse(input);
    };
    Ok((rest, Lexeme::mended([Some(tok), None], Mistake::spelling(spelling, "not a sign of Loewner", help))))
}

fn sign(input: &str) -> IResult<&str, Lexeme<'_>> {
    let found = SIGNS.iter().find_map(|(spelling, sign)| {
        let (rest, _) = tag::<_, _, nom::error::Error<&str>>(*spelling)(input).ok()?;
        Some((rest, Lexeme::good(Tok::Sign(*sign))))
    });
    found.map_or_else(|| nom::combinator::fail().parse(input), Ok)
}

/// `.5`
fn leading_point(input: &str) -> IResult<&str, Lexeme<'_>> {
    let (rest, digits) = preceded(char('.'), digit1).parse(input)?;
    let shown: String = digits.chars().take(20).collect();
    let help = format!("write `0.{shown}`");
    let mistake = Mistake::number(format!("`.{shown}` has no digit before its point"), "a digit is missing", help);
    Ok((rest, Lexeme::mended([Some(Tok::Number("0", false)), None], mistake)))
}

/// A point after which the line ends.
fn full_stop(input: &str) -> IResult<&str, Lexeme<'_>> {
    let (rest, _) =
        terminated(char('.'), verify(peek(nom::combinator::rest), |rest: &str| line_ends(rest))).parse(input)?;
    let mistake =
        Mistake::spelling(".", "nothing is closed by a full stop", "a statement ends where the next one begins");
    Ok((rest, Lexeme::mended([None, None], mistake)))
}

fn line_ends(rest: &str) -> bool {
    // Only the space up to the next character is looked at: a line of points must not be read once for each of them.
    let next = rest.chars().find(|c| *c == '\n' || !c.is_whitespace());
    next.is_none_or(|c| c == '\n' || c == '#')
}

fn unknown(input: &str) -> IResult<&str, Lexeme<'_>> {
    let known =
        |c: char| c.is_ascii() || c.is_whitespace() || starts_name(c) || SLIPS.iter().any(|s| s.0.starts_with(c));
    // Foreign characters come in runs; one message for a run is enough.
    let (rest, text) = recognize((anychar, take_while(|c| !known(c) && stray(c).is_none()))).parse(input)?;
    let c = text.chars().next().unwrap_or(' ');
    let message = match c {
        c if c.is_control() => format!("the control character U+{:04X} means nothing here", u32::from(c)),
        c => format!("`{c}` starts no token"),
    };
    let mistake = Mistake {
        code: Code::E0101,
        message,
        label: "this is not part of the language".into(),
        help: stray(c).map(str::to_string),
    };
    Ok((rest, Lexeme::mended([Some(Tok::Bad), None], mistake)))
}
