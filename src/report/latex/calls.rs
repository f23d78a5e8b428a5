//! Calls: the functions that mathematics writes with signs of their own, and all others by their names.

use super::expr::{Piece, Tightness, Writer, enclosed, parenthesised};
use super::names;
use crate::syntax::ast::{Arg, ExprKind};

/// Functions whose name is a command, with the tightness of a call: the square of a logarithm needs parentheses.
const COMMANDS: &[(&str, &str, Tightness)] = &[
    ("exp", r"\exp", Tightness::Power),
    ("log", r"\log", Tightness::Power),
    ("sin", r"\sin", Tightness::Power),
    ("cos", r"\cos", Tightness::Power),
    ("tanh", r"\tanh", Tightness::Power),
    ("det", r"\det", Tightness::Power),
    ("logdet", r"\log\det", Tightness::Power),
    ("max", r"\max", Tightness::Power),
    ("min", r"\min", Tightness::Power),
    ("trace", r"\operatorname{tr}", Tightness::Power),
    ("tr", r"\operatorname{tr}", Tightness::Power),
    ("rank", r"\operatorname{rank}", Tightness::Power),
    ("diag", r"\operatorname{diag}", Tightness::Atom),
    ("offdiag", r"\operatorname{offdiag}", Tightness::Atom),
    ("eigvals", r"\operatorname{eig}", Tightness::Atom),
    ("svdvals", r"\operatorname{sv}", Tightness::Atom),
    ("lambda_max", r"\lambda_{\max}", Tightness::Power),
    ("lambda_min", r"\lambda_{\min}", Tightness::Power),
    ("real", r"\operatorname{Re}", Tightness::Power),
    ("imag", r"\operatorname{Im}", Tightness::Power),
    ("stop_gradient", r"\operatorname{sg}", Tightness::Atom),
    ("sum", r"\operatorname{sum}", Tightness::Atom),
    ("mean", r"\operatorname{mean}", Tightness::Atom),
    ("logsumexp", r"\operatorname{logsumexp}", Tightness::Atom),
    ("softmax", r"\operatorname{softmax}", Tightness::Atom),
];

/// Reductions, whose second argument may be an axis.
const REDUCTIONS: &[&str] = &["sum", "mean", "max", "min", "logsumexp", "softmax"];

impl Writer {
    pub(super) fn call(&self, callee: &str, args: &[Arg]) -> Piece {
        if let Some(piece) = self.signs(callee, args) {
            return piece;
        }
        let command = COMMANDS.iter().find(|(name, ..)| *name == callee);
        match (command, args) {
            (Some((_, command, tightness)), [of, axis]) if REDUCTIONS.contains(&callee) => match &axis.value.kind {
                ExprKind::Str(axis) => {
                    let of = parenthesised(&self.expression(&of.value));
                    Piece::new(format!("{command}_{{{}}}{of}", names::words(axis)), *tightness)
                }
                _ => Piece::new(format!("{command}{}", parenthesised(&self.arguments(args))), *tightness),
            },
            (Some((_, command, tightness)), args) => {
                Piece::new(format!("{command}{}", parenthesised(&self.arguments(args))), *tightness)
            }
            (None, args) => {
                let name = names::function(callee);
                Piece::new(format!("{name}{}", parenthesised(&self.arguments(args))), Tightness::Atom)
            }
        }
    }

    /// The functions that are signs and not names.
    fn signs(&self, callee: &str, args: &[Arg]) -> Option<Piece> {
        let piece = |arg: &Arg| self.piece(&arg.value);
        let small = |arg: &Arg| self.factor(&arg.value);
        let atom = |text: String| Piece::new(text, Tightness::Atom);
        Some(match (callee, args) {
            ("adjoint", [a]) => self.raised(piece(a), self.adjoint_sign()),
            ("transpose", [a]) => self.raised(piece(a), self.transpose_sign()),
            ("inv", [a]) => self.raised(piece(a), "-1"),
            ("sqrtm", [a]) => self.raised(piece(a), "1/2"),
            ("sqrt", [a]) => Piece::new(format!(r"\sqrt{{{}}}", piece(a).text), Tightness::Power),
            ("conj", [a]) => Piece::new(format!(r"\overline{{{}}}", piece(a).text), Tightness::Power),
            ("abs", [a]) => atom(enclosed(r"\lvert", &piece(a).text, r"\rvert")),
            ("abs2", [a]) => self.raised(atom(enclosed(r"\lvert", &piece(a).text, r"\rvert")), r"\circ 2"),
            ("floor", [a]) => atom(enclosed(r"\lfloor", &piece(a).text, r"\rfloor")),
            ("inner", [a, b]) => {
                atom(enclosed(r"\langle", &format!("{}, {}", piece(a).text, piece(b).text), r"\rangle"))
            }
            ("kron", [a, b]) => {
                let (a, b) = (piece(a).at_least(Tightness::Factor), piece(b).at_least(Tightness::Power));
                Piece::new(format!(r"{a} \otimes {b}"), Tightness::Product)
            }
            ("norm", [a]) => atom(format!(r"{}_{{\mathrm{{F}}}}", enclosed(r"\lVert", &piece(a).text, r"\rVert"))),
            ("norm", [a, order]) => {
                let order = match &order.value.kind {
                    ExprKind::Str(kind) if kind == "nuclear" => "*".to_owned(),
                    ExprKind::Str(kind) => names::words(kind),
                    _ => small(order),
                };
                atom(format!("{}_{{{order}}}", enclosed(r"\lVert", &piece(a).text, r"\rVert")))
            }
            ("eye", [n]) => atom(format!("I_{{{}}}", small(n))),
            ("zeros", [n]) => atom(format!("0_{{{}}}", small(n))),
            ("ones", [n]) => atom(format!(r"\mathbf{{1}}_{{{}}}", small(n))),
            ("zeros", [m, n]) => atom(format!(r"0_{{{} \times {}}}", small(m), small(n))),
            ("ones", [m, n]) => atom(format!(r"\mathbf{{1}}_{{{} \times {}}}", small(m), small(n))),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::builtin;

    #[test]
    fn every_function_with_a_sign_is_one_of_the_language() {
        for (name, ..) in COMMANDS {
            assert!(builtin(name).is_some(), "{name}");
        }
        for name in REDUCTIONS {
            assert!(COMMANDS.iter().any(|(command, ..)| command == name), "{name}");
        }
    }
}
