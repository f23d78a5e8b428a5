//! Displays: a formula that is too long for a line is broken at its relations and at the terms of its sums.

use super::expr::{Writer, relation_sign};
use crate::syntax::ast::{Binary, Expr, ExprKind};

/// About how many signs a line of a display holds.
const WIDTH: usize = 78;

/// A formula in the parts at which it may be broken. A part that continues is set in from the first.
pub(super) struct Parts(Vec<String>);

impl Parts {
    /// A formula that starts with `lead`, such as the left side of a definition.
    pub(super) fn led(lead: &str, mut parts: Parts) -> Parts {
        if let Some(first) = parts.0.first_mut() {
            *first = format!("{lead} {first}");
        }
        parts
    }

    /// A formula that is not to be broken.
    pub(super) fn single(text: &str) -> Parts {
        Parts(vec![text.to_owned()])
    }

    /// The formula with something after it.
    pub(super) fn ending(mut self, end: &str) -> Parts {
        if let Some(last) = self.0.last_mut() {
            last.push_str(end);
        }
        self
    }

    /// On one line where that is short enough, else broken into `aligned` lines.
    pub(super) fn formula(&self) -> String {
        let lines = self.lines();
        match lines.as_slice() {
            [line] => line.clone(),
            lines => format!("\\begin{{aligned}} &{} \\end{{aligned}}", lines.join(" \\\\\n  &\\quad ")),
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for part in &self.0 {
            match lines.last_mut() {
                Some(line) if width(line) + width(part) < WIDTH => *line += &format!(" {part}"),
                _ => lines.push(part.clone()),
            }
        }
        lines
    }
}

impl Writer {
    /// An expression in its parts.
    pub(super) fn parts(&self, expr: &Expr) -> Parts {
        Parts(match &expr.kind {
            ExprKind::Chain { first, rest } if rest.iter().all(|(op, ..)| matches!(op, Binary::Add | Binary::Sub)) => {
                self.terms(first, rest)
            }
            ExprKind::Compare { first, rest } => {
                let mut parts = self.side_parts(first);
                for (relation, _, operand) in rest {
                    let mut side = self.side_parts(operand);
                    side[0] = format!("{} {}", relation_sign(*relation), side[0]);
                    parts.append(&mut side);
                }
                parts
            }
            ExprKind::Implies(left, right) => {
                let mut parts = self.parts(left).0;
                let mut right = self.parts(right).0;
                right[0] = format!(r"\implies {}", right[0]);
                let flat = |expr: &Expr| matches!(expr.kind, ExprKind::Compare { .. });
                // Anything but comparisons may need parentheses, which must not be broken.
                if !(flat(left) && matches!(&expr.kind, ExprKind::Implies(_, right) if flat(right))) {
                    return Parts(vec![self.expression(expr)]);
                }
                parts.append(&mut right);
                parts
            }
            _ => vec![self.expression(expr)],
        })
    }

    fn side_parts(&self, expr: &Expr) -> Vec<String> {
        match &expr.kind {
            ExprKind::Chain { .. } => self.parts(expr).0,
            _ => vec![self.side(expr)],
        }
    }
}

/// About how many signs wide a formula is: a command counts as one, braces and spaces as none, and of the two parts of a
/// fraction both, which is too much and does no harm.
fn width(text: &str) -> usize {
    let mut count = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let mut command = String::new();
                while let Some(c) = chars.next_if(char::is_ascii_alphabetic) {
                    command.push(c);
                }
                let silent = ["operatorname", "mathrm", "text", "frac", "left", "right", "mathsf", "mathbf"];
                if !silent.contains(&command.as_str()) {
                    count += 1;
                }
            }
            '{' | '}' | ' ' | '^' | '_' => {}
            _ => count += 1,
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_count_what_is_seen() {
        assert_eq!(width(r"\operatorname{tr}(K_{1})"), 6);
        assert_eq!(width(r"\alpha + \frac{a}{b}"), 4);
    }

    #[test]
    fn long_formulas_are_broken_and_short_ones_are_not() {
        let long = Parts(vec!["a".repeat(60), format!("+ {}", "b".repeat(60))]);
        assert!(long.formula().starts_with(r"\begin{aligned} &aaa"));
        assert!(long.formula().contains("\\\\\n  &\\quad + bbb"));
        assert_eq!(Parts(vec!["a".into(), "+ b".into()]).formula(), "a + b");
    }
}
