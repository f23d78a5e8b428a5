//! Python expressions as text, with as few parentheses as their precedence allows.

use std::collections::BTreeSet;

use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive};

use crate::ir::{Dim, Factor, SizeCall, SizeVar};
use crate::torch::call::Entrywise;

/// How tightly an expression binds, loosest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Level {
    /// Anything: an argument of a call.
    Any,
    Logical,
    Comparison,
    Sum,
    Product,
    Sign,
    Power,
    /// A name, a number, a call, or something in parentheses.
    Atom,
}

/// An expression.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Text {
    pub text: String,
    pub level: Level,
    /// How many operations lie inside each other.
    pub depth: usize,
}

impl Text {
    pub fn new(text: impl Into<String>, level: Level) -> Text {
        Text { text: text.into(), level, depth: 0 }
    }

    pub fn atom(text: impl Into<String>) -> Text {
        Text::new(text, Level::Atom)
    }

    /// As an operand that must bind at least so tightly.
    pub fn at(&self, least: Level) -> String {
        if self.level < least { format!("({})", self.text) } else { self.text.clone() }
    }
}

/// The longest decimal that stands for itself where a quotient could stand too.
const SHORT: usize = 8;

/// An exact number: a decimal where that is short, otherwise a quotient of integers.
pub(super) fn exact(value: &BigRational) -> Text {
    // The conversion gives an answer, if need be an infinite one, for every rational number.
    let nearest = value.to_f64().unwrap_or(f64::NAN);
    let level = |text: String, level| Text::new(text, if value.is_negative() { Level::Sign } else { level });
    let small = |n: &num_bigint::BigInt| n.abs() < 1_000_000_000.into();
    if value.is_integer() && small(value.numer()) {
        return level(value.to_string(), Level::Atom);
    }
    let decimal = format!("{nearest:?}");
    if decimal.len() > SHORT && small(value.numer()) && small(value.denom()) {
        return Text::new(format!("{} / {}", value.numer(), value.denom()), Level::Product);
    }
    if nearest.is_infinite() {
        return level(if value.is_negative() { "-math.inf" } else { "math.inf" }.to_owned(), Level::Atom);
    }
    level(decimal, Level::Atom)
}

/// A size in names that the caller gives to its variables.
pub(super) fn dim(dim: &Dim, name: &mut dyn FnMut(&SizeVar) -> String) -> Text {
    if let Some(value) = dim.as_constant() {
        return Text::new(value.to_string(), if value < 0 { Level::Sign } else { Level::Atom });
    }
    let mut text = String::new();
    let mut terms: Vec<_> = dim.monomials().collect();
    // A sum starts with a positive term where it has one, and the constant comes last.
    terms.sort_by_key(|(coefficient, vars)| (*coefficient < 0, vars.is_empty()));
    let single = terms.len() == 1;
    let mut level = Level::Sum;
    for (coefficient, factors) in terms {
        let constant = factors.is_empty();
        let mut written = |factor: &Factor| match factor {
            Factor::Var(var) => name(var),
            Factor::Call(call) => size_call(call, name),
        };
        let mut factors: Vec<String> = factors.iter().map(&mut written).collect();
        if coefficient.unsigned_abs() != 1 || constant {
            factors.insert(0, coefficient.unsigned_abs().to_string());
        }
        if single {
            level = if factors.len() == 1 { Level::Atom } else { Level::Product };
        }
        let sign = match (text.is_empty(), coefficient < 0) {
            (true, false) => "",
            (true, true) => "-",
            (false, false) => " + ",
            (false, true) => " - ",
        };
        if sign == "-" {
            level = level.min(Level::Sign);
        }
        text.push_str(sign);
        text.push_str(&factors.join(" * "));
    }
    Text::new(text, level)
}

/// An integer function of sizes, as a factor.
fn size_call(call: &SizeCall, name: &mut dyn FnMut(&SizeVar) -> String) -> String {
    let mut of = |size: &Dim| dim(size, name).text;
    match call {
        SizeCall::Power(base, exponent) => format!("(({}) ** ({}))", of(base), of(exponent)),
        SizeCall::Quotient(a, divisor) | SizeCall::Floor(a, divisor) => format!("(({}) // {divisor})", of(a)),
        SizeCall::Min(a, b) => format!("min({}, {})", of(a), of(b)),
        SizeCall::Max(a, b) => format!("max({}, {})", of(a), of(b)),
    }
}

/// Puts operands into a template with `{0}`, `{1}`, `{2}`.
pub(super) fn filled(template: &str, operands: &[String]) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        text.push_str(&rest[..at]);
        // The templates have one digit between braces.
        let index = rest.as_bytes().get(at + 1).map_or(0, |digit| usize::from(digit.saturating_sub(b'0')));
        text.push_str(operands.get(index).map_or("", String::as_str));
        rest = rest.get(at + 3..).unwrap_or_default();
    }
    text + rest
}

/// How tightly an entrywise call binds, and how tightly its operands must, in the templates of [`Entrywise::python`] or
/// of [`Entrywise::python_of_numbers`].
pub(super) fn levels(call: Entrywise, of_numbers: bool) -> (Level, [Level; 3]) {
    use Level::{Any, Atom, Comparison, Logical, Power, Product, Sign, Sum};
    let all = |level| [level; 3];
    match (call, of_numbers) {
        (Entrywise::Neg, _) => (Sign, all(Power)),
        (Entrywise::Recip, _) => (Product, all(Sign)),
        (Entrywise::Add | Entrywise::Sub, _) => (Sum, [Sum, Product, Product]),
        (Entrywise::Mul | Entrywise::Div, _) => (Product, [Product, Sign, Sign]),
        (Entrywise::Lt | Entrywise::Le | Entrywise::Eq | Entrywise::Ne, _) => (Comparison, all(Sum)),
        (Entrywise::ToReal | Entrywise::ToComplex, false) => (Atom, all(Atom)),
        (Entrywise::Square, true) => (Power, all(Atom)),
        (Entrywise::Pow, true) => (Power, [Atom, Sign, Sign]),
        (Entrywise::Sign, true) => (Sum, all(Sum)),
        (Entrywise::Sigmoid, true) => (Product, all(Power)),
        (Entrywise::Imag, true) => (Product, all(Sign)),
        (Entrywise::And | Entrywise::Or | Entrywise::Not, true) => (Logical, all(Comparison)),
        (Entrywise::Where | Entrywise::XLogY, true) => (Atom, all(Comparison)),
        // A number is its own conjugate, real part and complex form.
        (Entrywise::Conj | Entrywise::Real | Entrywise::ToComplex, true) => (Atom, all(Atom)),
        (
            Entrywise::ToReal
            | Entrywise::Exp
            | Entrywise::Log
            | Entrywise::Sqrt
            | Entrywise::Abs
            | Entrywise::Sign
            | Entrywise::Floor
            | Entrywise::Sin
            | Entrywise::Cos
            | Entrywise::Tanh
            | Entrywise::Sigmoid
            | Entrywise::Expm1
            | Entrywise::Log1p
            | Entrywise::Square
            | Entrywise::Conj
            | Entrywise::Real
            | Entrywise::Imag
            | Entrywise::Angle
            | Entrywise::Not
            | Entrywise::Min
            | Entrywise::Max
            | Entrywise::Pow
            | Entrywise::XLogY
            | Entrywise::And
            | Entrywise::Or
            | Entrywise::Where,
            _,
        ) => (Atom, all(Any)),
    }
}

/// Words that no name may be: those of Python, and what the module itself uses.
const TAKEN: &str = "False None True and as assert async await break class continue def del elif else except finally for \
    from global if import in is lambda nonlocal not or pass raise return try while with match case type \
    torch math dist once_differentiable ctx eps real device value x name result group average rank world complex_ \
    tuple any min max abs int float isinstance getattr len range ValueError TypeError";

/// The names of a Python function.
#[derive(Clone, Debug)]
pub(super) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    pub fn new() -> Names {
        Names { taken: TAKEN.split_whitespace().map(str::to_owned).collect() }
    }

    /// A name for what the language calls `name`: the same, with a line under it where Python has the word.
    pub fn named(&mut self, name: &str) -> String {
        let mut name = name.to_owned();
        while !self.taken.insert(name.clone()) {
            name.push('_');
        }
        name
    }

    /// A name for what has none: `base`, or `base_2` and so on.
    pub fn fresh(&mut self, base: &str) -> String {
        let mut name = base.to_owned();
        let mut number = 1;
        while !self.taken.insert(name.clone()) {
            number += 1;
            name = format!("{base}_{number}");
        }
        name
    }

    /// Takes a name that is used as it is.
    pub fn take(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }
}

/// A definition's name in Python's spelling of classes: `m_mae` is `MMae`.
pub(super) fn camel(name: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    name.split('_').map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_or_exact() {
        let number = |n: i64, d: i64| exact(&BigRational::new(n.into(), d.into())).text;
        assert_eq!(number(1, 100), "0.01");
        assert_eq!(number(1, 3), "1 / 3");
        assert_eq!(number(-5, 1), "-5");
        assert_eq!(number(51, 10_000), "0.0051");
    }

    #[test]
    fn parentheses_stand_where_they_must() {
        let sum = Text::new("a + b", Level::Sum);
        let (level, of) = levels(Entrywise::Mul, false);
        let product = filled(Entrywise::Mul.python(), &[sum.at(of[0]), Text::atom("c").at(of[1])]);
        assert_eq!((product.as_str(), level), ("(a + b) * c", Level::Product));
    }

    #[test]
    fn names_avoid_the_words_of_python() {
        let mut names = Names::new();
        assert_eq!((names.named("lambda"), names.named("Z")), ("lambda_".to_owned(), "Z".to_owned()));
        assert_eq!((names.fresh("gram"), names.fresh("gram")), ("gram".to_owned(), "gram_2".to_owned()));
        assert_eq!((camel("m_mae"), camel("H")), ("MMae".to_owned(), "H".to_owned()));
    }
}
