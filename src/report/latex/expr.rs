//! Expressions in math mode, with parentheses where they are needed and nowhere else.
//!
//! How tight the LaTeX of an expression is differs from how tight its operator is in the language: a quotient becomes a
//! fraction, which needs no parentheses within, and a power of an adjoint needs some, since it would have two
//! superscripts. So each part says how tight it came out.

use super::names;
use crate::syntax::ast::{Arg, Binary, Binding, Expr, ExprKind, Relation};

/// How tightly the outermost sign of a formula binds, the loosest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Tightness {
    /// `cases`, or a formula with names explained after it.
    Open,
    Implies,
    Or,
    And,
    Not,
    Relation,
    Sum,
    /// A product of several factors.
    Product,
    /// A fraction, or one factor with its sign: a factor, but no base of a power.
    Factor,
    /// Something with a superscript, or a function whose argument a superscript could seem to belong to.
    Power,
    /// A letter, a number, something in brackets.
    Atom,
}

/// A part of a formula.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub text: String,
    pub tightness: Tightness,
    /// Whether it starts with a minus sign.
    pub signed: bool,
}

impl Piece {
    pub(super) fn new(text: impl Into<String>, tightness: Tightness) -> Self {
        Piece { text: text.into(), tightness, signed: false }
    }

    /// The text where at least this tightness is needed.
    pub(super) fn at_least(self, needed: Tightness) -> String {
        if self.tightness < needed { parenthesised(&self.text) } else { self.text }
    }

    /// The text as an operand that does not come first: a sign of its own needs parentheses there.
    fn operand(self, needed: Tightness) -> String {
        if self.signed { parenthesised(&self.text) } else { self.at_least(needed) }
    }
}

/// Parentheses that grow with what is tall.
pub(super) fn parenthesised(text: &str) -> String {
    enclosed("(", text, ")")
}

/// Brackets that grow with what is tall, and do not move what is not.
pub(super) fn enclosed(open: &str, text: &str, close: &str) -> String {
    if [r"\frac", r"\begin", r"\sqrt"].iter().any(|tall| text.contains(tall)) {
        format!(r"\left{open} {text} \right{close}")
    } else {
        // A command and a letter after it are told apart by a space.
        let space = if open.starts_with('\\') { " " } else { "" };
        format!("{open}{space}{text}{space}{close}")
    }
}

/// Writes expressions of one statement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writer {
    /// Whether `A'` is a conjugate transpose.
    complex: bool,
    /// Whether there is no room for fractions: in superscripts and subscripts.
    small: bool,
}

impl Writer {
    pub(super) fn new(complex: bool) -> Self {
        Writer { complex, small: false }
    }

    /// The same where there is little room.
    pub(super) fn small(self) -> Self {
        Writer { small: true, ..self }
    }

    /// A whole expression.
    pub(super) fn expression(&self, expr: &Expr) -> String {
        self.piece(expr).text
    }

    /// An expression as a factor in a product, such as a size in `m \times n`.
    pub(super) fn factor(&self, expr: &Expr) -> String {
        self.small().piece(expr).operand(Tightness::Factor)
    }

    /// The superscript of an adjoint.
    pub(super) fn adjoint_sign(&self) -> &'static str {
        if self.complex { r"\mathsf{H}" } else { r"\top" }
    }

    /// The superscript of a transpose without conjugation.
    pub(super) fn transpose_sign(&self) -> &'static str {
        if self.complex { r"\mathsf{T}" } else { r"\top" }
    }

    /// A base with a superscript.
    pub(super) fn raised(&self, base: Piece, superscript: &str) -> Piece {
        Piece::new(format!("{}^{{{superscript}}}", base.at_least(Tightness::Atom)), Tightness::Power)
    }

    pub(super) fn list(&self, exprs: &[Expr]) -> String {
        exprs.iter().map(|expr| self.expression(expr)).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn piece(&self, expr: &Expr) -> Piece {
        match &expr.kind {
            ExprKind::Number { value, imaginary } => names::number(value, *imaginary),
            ExprKind::Name(name) => Piece::new(names::name(name), Tightness::Atom),
            ExprKind::Str(text) => Piece::new(format!(r"\text{{{}}}", super::text::text(text)), Tightness::Atom),
            ExprKind::Call { callee, args } => self.call(&callee.name, args),
            ExprKind::Index { base, indices } => self.entry(base, indices),
            ExprKind::Adjoint(inner) => self.raised(self.piece(inner), self.adjoint_sign()),
            ExprKind::Power { base, exponent, entrywise } => {
                let exponent = self.small().piece(exponent);
                let superscript = match entrywise {
                    true => format!(r"\circ {}", exponent.operand(Tightness::Factor)),
                    false => exponent.text,
                };
                self.raised(self.piece(base), &superscript)
            }
            ExprKind::Negate(inner) => {
                let inner = self.piece(inner);
                let tightness = inner.tightness.min(Tightness::Factor).max(Tightness::Product);
                Piece { text: format!("-{}", inner.operand(Tightness::Product)), tightness, signed: true }
            }
            ExprKind::Chain { first, rest } => match rest.first() {
                Some((Binary::Add | Binary::Sub, ..)) | None => self.sum(first, rest),
                Some(_) => self.product(first, rest),
            },
            ExprKind::Compare { first, rest } => {
                let mut text = self.side(first);
                for (relation, _, operand) in rest {
                    text += &format!(" {} {}", relation_sign(*relation), self.side(operand));
                }
                Piece::new(text, Tightness::Relation)
            }
            ExprKind::Not(inner) => {
                Piece::new(format!(r"\neg {}", self.piece(inner).at_least(Tightness::Power)), Tightness::Not)
            }
            ExprKind::And(operands) => self.joined(operands, r" \text{ and } ", Tightness::And),
            ExprKind::Or(operands) => self.joined(operands, r" \text{ or } ", Tightness::Or),
            ExprKind::Implies(left, right) => {
                let left = self.piece(left).at_least(Tightness::Or);
                let right = self.piece(right).at_least(Tightness::Implies);
                Piece::new(format!(r"{left} \implies {right}"), Tightness::Implies)
            }
            ExprKind::If { .. } => self.cases(expr),
            ExprKind::Let { bindings, body } => {
                let body = self.piece(body).at_least(Tightness::Implies);
                Piece::new(format!(r"{body} \quad\text{{with }} {}", self.bindings(bindings)), Tightness::Open)
            }
            ExprKind::Vector(entries) => {
                let rows: Vec<String> = entries.iter().map(|entry| self.small().expression(entry)).collect();
                Piece::new(matrix(&rows), Tightness::Atom)
            }
            ExprKind::Matrix(rows) => {
                let row = |row: &Vec<Expr>| {
                    row.iter().map(|entry| self.small().expression(entry)).collect::<Vec<_>>().join(" & ")
                };
                let rows: Vec<String> = rows.iter().map(row).collect();
                Piece::new(matrix(&rows), Tightness::Atom)
            }
        }
    }

    /// A side of a comparison.
    pub(super) fn side(&self, expr: &Expr) -> String {
        self.piece(expr).at_least(Tightness::Sum)
    }

    /// `x = a, \; y = b`
    pub(super) fn bindings(&self, bindings: &[Binding]) -> String {
        let one = |binding: &Binding| format!("{} = {}", names::name(&binding.name.name), self.side(&binding.value));
        bindings.iter().map(one).collect::<Vec<_>>().join(r",\; ")
    }

    fn joined(&self, operands: &[Expr], between: &str, level: Tightness) -> Piece {
        // Operands of the same kind stand in parentheses where they are written in some.
        let operands = operands.iter().map(|operand| {
            let piece = self.piece(operand);
            if piece.tightness <= level { parenthesised(&piece.text) } else { piece.text }
        });
        Piece::new(operands.collect::<Vec<_>>().join(between), level)
    }

    /// The terms of a sum, each after the first with its sign.
    pub(super) fn terms(&self, first: &Expr, rest: &[(Binary, crate::base::Span, Expr)]) -> Vec<String> {
        let first = self.piece(first);
        let mut terms = vec![first.at_least(Tightness::Product)];
        for (operator, _, operand) in rest {
            let sign = if *operator == Binary::Sub { '-' } else { '+' };
            terms.push(format!("{sign} {}", self.piece(operand).operand(Tightness::Product)));
        }
        terms
    }

    fn sum(&self, first: &Expr, rest: &[(Binary, crate::base::Span, Expr)]) -> Piece {
        let signed = self.piece(first).signed;
        Piece { text: self.terms(first, rest).join(" "), tightness: Tightness::Sum, signed }
    }

    /// Factors from left to right. A quotient takes all that stands before it into the numerator.
    fn product(&self, first: &Expr, rest: &[(Binary, crate::base::Span, Expr)]) -> Piece {
        let mut made = self.piece(first);
        // The sign that holds together what was made so far, if more than one factor was.
        let mut held: Option<Binary> = None;
        for (operator, _, operand) in rest {
            let next = self.piece(operand);
            if *operator == Binary::Div && !self.small {
                made = Piece::new(format!(r"\frac{{{}}}{{{}}}", made.text, next.text), Tightness::Factor);
                held = None;
                continue;
            }
            let signed = made.signed;
            // Of several signs in a row, readers disagree which binds first.
            let same = held == Some(*operator) && !matches!(operator, Binary::EntryDiv | Binary::Div);
            let left = if same { made.text } else { made.at_least(Tightness::Factor) };
            let signed = signed && left.starts_with('-');
            let right = next.operand(Tightness::Factor);
            let text = match operator {
                Binary::Mul => format!("{left}{}{right}", between(&left, &right)),
                Binary::Div => format!("{left} / {right}"),
                Binary::Hadamard => format!(r"{left} \circ {right}"),
                Binary::EntryDiv => format!(r"{left} \oslash {right}"),
                Binary::Kron => format!(r"{left} \otimes {right}"),
                // The parser keeps sums and products apart.
                Binary::Add | Binary::Sub => {
                    format!("{left} {} {right}", if *operator == Binary::Add { "+" } else { "-" })
                }
            };
            made = Piece { text, tightness: Tightness::Product, signed };
            held = Some(*operator);
        }
        made
    }

    /// `if` as cases, a chain of `else if` as one list of them.
    fn cases(&self, expr: &Expr) -> Piece {
        let mut rows = Vec::new();
        let mut at = expr;
        while let ExprKind::If { condition, then, otherwise } = &at.kind {
            let condition = self.small().expression(condition);
            rows.push(format!(r"{} & \text{{if }} {condition},", self.expression(then)));
            at = otherwise;
        }
        rows.push(format!(r"{} & \text{{otherwise}}", self.expression(at)));
        Piece::new(format!(r"\begin{{cases}} {} \end{{cases}}", rows.join(r" \\ ")), Tightness::Open)
    }

    fn entry(&self, base: &Expr, indices: &[Expr]) -> Piece {
        let indices = self.small().list(indices);
        let base = self.piece(base);
        // A letter with an index already, a power and a product are put into brackets first.
        let plain = base.tightness == Tightness::Atom && !base.text.contains('_');
        let base = if plain { base.text } else { enclosed("[", &base.text, "]") };
        Piece::new(format!("{base}_{{{indices}}}"), Tightness::Atom)
    }

    pub(super) fn arguments(&self, args: &[Arg]) -> String {
        let one = |arg: &Arg| match &arg.name {
            Some(name) => format!("{} = {}", names::name(&name.name), self.side(&arg.value)),
            None => self.expression(&arg.value),
        };
        args.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}

fn matrix(rows: &[String]) -> String {
    format!(r"\begin{{bmatrix}} {} \end{{bmatrix}}", rows.join(r" \\ "))
}

/// What stands between two factors: a thin space, or a dot where they would run into one number or look like a call.
fn between(left: &str, right: &str) -> &'static str {
    let name = left.chars().all(|c| c.is_alphanumeric() || "\\_{}".contains(c));
    let opens = right.starts_with('(') || right.starts_with(r"\left(");
    if right.starts_with(|c: char| c.is_ascii_digit()) || (name && opens) { r" \cdot " } else { r" \, " }
}

/// The sign of a relation.
pub(super) fn relation_sign(relation: Relation) -> &'static str {
    match relation {
        Relation::Lt => "<",
        Relation::Le => r"\le",
        Relation::Gt => ">",
        Relation::Ge => r"\ge",
        Relation::Eq => "=",
        Relation::Ne => r"\ne",
        Relation::LoewnerLe => r"\preceq",
        Relation::LoewnerGe => r"\succeq",
    }
}

/// Whether an imaginary number occurs.
pub(super) fn is_complex_expr(expr: &Expr) -> bool {
    let any = |exprs: &[Expr]| exprs.iter().any(is_complex_expr);
    match &expr.kind {
        ExprKind::Number { imaginary, .. } => *imaginary,
        ExprKind::Name(_) | ExprKind::Str(_) => false,
        ExprKind::Call { args, .. } => args.iter().any(|arg| is_complex_expr(&arg.value)),
        ExprKind::Index { base, indices } => is_complex_expr(base) || any(indices),
        ExprKind::Adjoint(inner) | ExprKind::Negate(inner) | ExprKind::Not(inner) => is_complex_expr(inner),
        ExprKind::Power { base, exponent, .. } => is_complex_expr(base) || is_complex_expr(exponent),
        ExprKind::Chain { first, rest } => is_complex_expr(first) || rest.iter().any(|(.., x)| is_complex_expr(x)),
        ExprKind::Compare { first, rest } => is_complex_expr(first) || rest.iter().any(|(.., x)| is_complex_expr(x)),
        ExprKind::And(operands) | ExprKind::Or(operands) | ExprKind::Vector(operands) => any(operands),
        ExprKind::Implies(left, right) => is_complex_expr(left) || is_complex_expr(right),
        ExprKind::If { condition, then, otherwise } => {
            [condition, then, otherwise].into_iter().any(|x| is_complex_expr(x))
        }
        ExprKind::Let { bindings, body } => {
            bindings.iter().any(|binding| is_complex_expr(&binding.value)) || is_complex_expr(body)
        }
        ExprKind::Matrix(rows) => rows.iter().any(|row| any(row)),
    }
}
