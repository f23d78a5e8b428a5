//! Names and numbers: `alpha` is α, `K1` is K with the index 1, `0.1` stays a decimal.

use num_rational::BigRational;
use unicode_ident::is_xid_continue;

use super::expr::{Piece, Tightness};
use crate::syntax::ast::{Expr, ExprKind};
use crate::syntax::{Spelling, print_expr};

/// The letters that have a command: the name in the language, the letter itself, and the command.
const LETTERS: &[(&str, char, &str)] = &[
    ("alpha", 'α', r"\alpha"),
    ("beta", 'β', r"\beta"),
    ("gamma", 'γ', r"\gamma"),
    ("delta", 'δ', r"\delta"),
    ("epsilon", 'ε', r"\varepsilon"),
    ("zeta", 'ζ', r"\zeta"),
    ("eta", 'η', r"\eta"),
    ("theta", 'θ', r"\theta"),
    ("iota", 'ι', r"\iota"),
    ("kappa", 'κ', r"\kappa"),
    ("lambda", 'λ', r"\lambda"),
    ("mu", 'μ', r"\mu"),
    ("nu", 'ν', r"\nu"),
    ("xi", 'ξ', r"\xi"),
    ("rho", 'ρ', r"\rho"),
    ("sigma", 'σ', r"\sigma"),
    ("tau", 'τ', r"\tau"),
    ("upsilon", 'υ', r"\upsilon"),
    ("phi", 'φ', r"\varphi"),
    ("chi", 'χ', r"\chi"),
    ("psi", 'ψ', r"\psi"),
    ("omega", 'ω', r"\omega"),
    ("Gamma", 'Γ', r"\Gamma"),
    ("Delta", 'Δ', r"\Delta"),
    ("Theta", 'Θ', r"\Theta"),
    ("Lambda", 'Λ', r"\Lambda"),
    ("Xi", 'Ξ', r"\Xi"),
    ("Pi", 'Π', r"\Pi"),
    ("Sigma", 'Σ', r"\Sigma"),
    ("Upsilon", 'Υ', r"\Upsilon"),
    ("Phi", 'Φ', r"\Phi"),
    ("Psi", 'Ψ', r"\Psi"),
    ("Omega", 'Ω', r"\Omega"),
    ("pi", 'π', r"\pi"),
];

/// The command of a Greek letter.
pub(super) fn letter(c: char) -> Option<&'static str> {
    LETTERS.iter().find(|(_, letter, _)| *letter == c).map(|(.., command)| *command)
}

/// A name in math mode: a letter or a word, and what follows it as an index (`K1`, `Z_2`, `K12`, `lambda_max`).
pub(super) fn name(name: &str) -> String {
    match name {
        "inf" => return r"\infty".to_owned(),
        "true" | "false" => return format!(r"\text{{{name}}}"),
        _ => {}
    }
    let (word, index) = split(name);
    let head = head(word);
    match index {
        "" => head,
        digits if digits.chars().all(|c| c.is_ascii_digit()) => format!("{head}_{{{digits}}}"),
        index => format!("{head}_{{{}}}", words(index)),
    }
}

/// The word and its index: from the first `_` within the name, or else the digits at its end.
fn split(name: &str) -> (&str, &str) {
    if let Some((word, index)) = name.split_once('_')
        && !word.is_empty()
        && !index.is_empty()
    {
        return (word, index);
    }
    let word = name.trim_end_matches(|c: char| c.is_ascii_digit());
    if word.is_empty() { (name, "") } else { (word, &name[word.len()..]) }
}

fn head(word: &str) -> String {
    if let Some((.., command)) = LETTERS.iter().find(|(written, ..)| *written == word) {
        return (*command).to_owned();
    }
    let mut chars = word.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) if c.is_ascii_alphabetic() => c.to_string(),
        (Some(c), None) if letter(c).is_some() => letter(c).unwrap_or_default().to_owned(),
        _ => words(word),
    }
}

/// Upright text in math mode.
pub(super) fn words(word: &str) -> String {
    format!(r"\mathrm{{{}}}", word.chars().map(upright).collect::<String>())
}

/// A character of a name in upright math.
fn upright(c: char) -> String {
    match c {
        '_' => r"\_".to_owned(),
        c if c.is_ascii_alphanumeric() => c.to_string(),
        c => match letter(c) {
            Some(command) => format!("{{{command}}}"),
            // No font is sure to have it: its number tells it apart.
            None => format!("U{{+}}{:04X}", u32::from(c)),
        },
    }
}

/// The name of a function that is called.
pub(super) fn function(name: &str) -> String {
    debug_assert!(name.chars().all(|c| c == '_' || is_xid_continue(c)), "the lexer lets only names be called");
    format!(r"\operatorname{{{}}}", name.chars().map(upright).collect::<String>())
}

/// A number: its decimal, with a power of ten where that is shorter.
pub(super) fn number(value: &BigRational, imaginary: bool) -> Piece {
    let kind = ExprKind::Number { value: value.clone(), imaginary: false };
    let decimal = print_expr(&Expr { kind, span: crate::base::Span::default() }, Spelling::Ascii);
    let unit = if imaginary { r"\mathrm{i}" } else { "" };
    match decimal.split_once('e') {
        None => Piece::new(format!("{decimal}{unit}"), Tightness::Atom),
        Some((mantissa, exponent)) => {
            let power = format!("10^{{{exponent}}}{unit}");
            match mantissa {
                "1" => Piece::new(power, Tightness::Power),
                mantissa => Piece::new(format!(r"{mantissa} \cdot {power}"), Tightness::Product),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_letters_with_indices() {
        let cases = [
            ("alpha", r"\alpha"),
            ("α", r"\alpha"),
            ("K1", "K_{1}"),
            ("K12", "K_{12}"),
            ("Z_2", "Z_{2}"),
            ("lambda_max", r"\lambda_{\mathrm{max}}"),
            ("mu2", r"\mu_{2}"),
            ("pred", r"\mathrm{pred}"),
            ("sim_coeff", r"\mathrm{sim}_{\mathrm{coeff}}"),
            ("inf", r"\infty"),
            ("_x", r"\mathrm{\_x}"),
            ("矩", r"\mathrm{U{+}77E9}"),
        ];
        for (written, expected) in cases {
            assert_eq!(name(written), expected);
        }
        assert_eq!(function("info_nce"), r"\operatorname{info\_nce}");
    }

    #[test]
    fn letters_have_one_command_each() {
        for (i, (word, letter, command)) in LETTERS.iter().enumerate() {
            assert_eq!(name(word), *command);
            assert!(LETTERS[..i].iter().all(|(w, l, c)| w != word && l != letter && c != command), "{word}");
        }
    }
}
