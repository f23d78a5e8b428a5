//! Infix operators and comparisons.

use super::elaborate::{Checked, Elaborator, Operand, Reported};
use super::hint::a as an;
use super::theorem::Sides;
use crate::base::{Code, Diagnostic, Span};
use crate::ir::{Comparison, NodeId, Op, Property, Shape, Zip};
use crate::syntax::ast::{Binary, Expr, Relation};

impl Elaborator<'_> {
    /// `left OP right`
    pub(super) fn binary(&mut self, binary: Binary, place: Span, left: Operand, right: Operand) -> Checked<NodeId> {
        let span = left.span.to(right.span);
        let operands = [left, right];
        match binary {
            Binary::Add => self.make(Op::Zip(Zip::Add), &operands, span, "`+`"),
            Binary::Sub => self.make(Op::Zip(Zip::Sub), &operands, span, "`-`"),
            Binary::Mul => self.built(span, "`*`", &operands, |g, a| g.multiply(a[0], a[1])),
            Binary::Div if self.graph.ty(right.node).shape != Shape::Scalar => {
                let found = self.describe(right.node);
                let (p, q) = (self.bare(left.span, "A"), self.bare(right.span, "B"));
                let divided = if self.graph.ty(right.node).shape.is_square() {
                    format!("`{p} ./ {q}` divides entry by entry; `{p} * inv({q})` is the quotient of matrices")
                } else {
                    format!("`{p} ./ {q}` divides entry by entry")
                };
                self.report(
                    Diagnostic::new(Code::E0501, format!("`/` divides by a scalar, not by {}", an(&found)))
                        .at(right.span, format!("this is {}", an(&found)))
                        .because(place, "`/` stands here")
                        .help(divided),
                )
            }
            Binary::Div => self.make(Op::Zip(Zip::Div), &operands, span, "`/`"),
            Binary::Hadamard => self.make(Op::Zip(Zip::Mul), &operands, span, "the entrywise product"),
            Binary::EntryDiv => self.make(Op::Zip(Zip::Div), &operands, span, "the entrywise quotient"),
            Binary::Kron => self.make(Op::Kron, &operands, span, "the Kronecker product"),
        }
    }

    /// `a <= b < c`: each neighbouring pair must be related.
    pub(super) fn comparison(&mut self, first: &Expr, rest: &[(Relation, Span, Expr)]) -> Checked<NodeId> {
        let operand = |this: &mut Self, expr: &Expr| this.value(expr).map(|node| Operand { node, span: expr.span });
        let mut left = operand(self, first);
        let mut all = Vec::with_capacity(rest.len());
        let mut broken = None;
        for (relation, place, right) in rest {
            let right = operand(self, right);
            match (left, right) {
                (Ok(a), Ok(b)) => match self.related(*relation, *place, a, b) {
                    Ok(node) => all.push(node),
                    Err(reported) => broken = Some(reported),
                },
                (Err(reported), _) | (_, Err(reported)) => broken = Some(reported),
            }
            left = right;
        }
        match broken {
            Some(reported) => Err(reported),
            None => {
                let end = rest.last().map_or(first.span, |(_, _, right)| right.span);
                self.all_of(Op::And, all, first.span.to(end))
            }
        }
    }

    fn related(&mut self, relation: Relation, place: Span, a: Operand, b: Operand) -> Checked<NodeId> {
        let condition = self.relate(relation, place, a, b)?;
        if self.frames.is_empty() {
            self.compared.push((condition, Sides { left: a.node, relation, right: b.node }));
        }
        Ok(condition)
    }

    fn relate(&mut self, relation: Relation, place: Span, a: Operand, b: Operand) -> Checked<NodeId> {
        let span = a.span.to(b.span);
        match relation {
            Relation::Eq => self.equality(a, b, span),
            Relation::Ne => {
                let equal = self.equality(a, b, span)?;
                self.built(span, "`!=`", &[], |g, _| g.negated(equal))
            }
            Relation::LoewnerLe => self.loewner(a, b, span),
            Relation::LoewnerGe => self.loewner(b, a, span),
            Relation::Lt => self.ordered(Comparison::Lt, a, b, place),
            Relation::Le => self.ordered(Comparison::Le, a, b, place),
            Relation::Gt => self.ordered(Comparison::Lt, b, a, place),
            Relation::Ge => self.ordered(Comparison::Le, b, a, place),
        }
    }

    fn equality(&mut self, a: Operand, b: Operand, span: Span) -> Checked<NodeId> {
        let (x, y) = (&self.graph.ty(a.node).shape, &self.graph.ty(b.node).shape);
        if x != y && (*x == Shape::Scalar || *y == Shape::Scalar) {
            let (left, right) = (self.describe(a.node), self.describe(b.node));
            return self.report(
                Diagnostic::new(Code::E0506, format!("`==` compares {} with {}", an(&left), an(&right)))
                    .at(a.span, format!("this is {}", an(&left)))
                    .at(b.span, format!("this is {}", an(&right)))
                    .help("compare with `zeros(m, n)`, `eye(n)` or `s*ones(m, n)`, or compare a norm"),
            );
        }
        self.built(span, "`==`", &[a, b], |g, n| g.equal(n[0], n[1]))
    }

    fn loewner(&mut self, a: Operand, b: Operand, span: Span) -> Checked<NodeId> {
        let (x, y) = (self.graph.ty(a.node).shape.clone(), self.graph.ty(b.node).shape.clone());
        if x == Shape::Scalar || y == Shape::Scalar {
            let (scalar, other) = if x == Shape::Scalar { (a, &y) } else { (b, &x) };
            let text = self.bare(scalar.span, "s");
            let help = if other.is_square() && text == "0" {
                format!("the zero matrix is `zeros({0}, {0})`", other.rows())
            } else if other.is_square() {
                format!("`{text}*eye({})` is that multiple of the identity", other.rows())
            } else {
                "scalars are compared with `<=` and `>=`".to_string()
            };
            let diagnostic = Diagnostic::new(Code::E0502, "the Löwner order compares matrices, not a scalar")
                .at(scalar.span, "this is a scalar")
                .help(help);
            let diagnostic = self.declared(diagnostic, &[scalar], &[]);
            return self.report(diagnostic);
        }
        let a = self.needs(a, Property::Hermitian, "the Löwner order");
        // One rectangle is enough to tell of where both sides are alike.
        if a.is_err() && x == y {
            return Err(Reported);
        }
        let b = self.needs(b, Property::Hermitian, "the Löwner order");
        let (a, b) = (a?, b?);
        self.built(span, "the Löwner order", &[a, b], |g, n| g.loewner_le(n[0], n[1]))
    }

    fn ordered(&mut self, comparison: Comparison, a: Operand, b: Operand, place: Span) -> Checked<NodeId> {
        for operand in [a, b] {
            let ty = self.graph.ty(operand.node).clone();
            if ty.shape != Shape::Scalar {
                let found = self.describe(operand.node);
                let text = self.bare(operand.span, "A");
                let other = if operand.span == a.span { b } else { a };
                let zero = self.graph.constant_value(other.node).is_some_and(num_traits::Zero::is_zero);
                let hint = match (ty.shape.is_square(), zero) {
                    (true, true) => format!(
                        "for the Löwner order write `{text} ⪰ zeros({0}, {0})` (ASCII `>>=`); for every entry, `min({text}) >= 0`",
                        ty.shape.rows()
                    ),
                    (true, false) => {
                        let (small, large) = (self.bare(a.span, "A"), self.bare(b.span, "B"));
                        let scalar = |operand: Operand| self.graph.ty(operand.node).shape == Shape::Scalar;
                        let n = ty.shape.rows();
                        match (scalar(a), scalar(b)) {
                            (false, true) => format!(
                                "for the Löwner order write `{small} ⪯ {large}*eye({n})` (ASCII `<<=`); for every \
                                 entry, `max({small}) <= {large}`"
                            ),
                            (true, false) => format!(
                                "for the Löwner order write `{small}*eye({n}) ⪯ {large}` (ASCII `<<=`); for every \
                                 entry, `min({large}) >= {small}`"
                            ),
                            (false, false) | (true, true) => format!(
                                "for the Löwner order write `{small} ⪯ {large}` (ASCII `<<=`); for every entry, \
                                 `min({large} - {small}) >= 0`"
                            ),
                        }
                    }
                    (false, _) => format!("compare a norm or a sum, or every entry: `min({text})` and `max({text})`"),
                };
                let diagnostic = Diagnostic::new(Code::E0501, format!("an order compares scalars, not {}", an(&found)))
                    .at(operand.span, format!("this is {}", an(&found)))
                    .because(place, "compared here")
                    .help(hint);
                let diagnostic = self.declared(diagnostic, &[operand], &[]);
                return self.report(diagnostic);
            }
            if ty.field != crate::ir::Field::Real {
                let text = self.sources.text(operand.span);
                let help = format!("compare `real({text})` or `abs({text})`; `==` compares complex numbers");
                return self.report(
                    Diagnostic::new(Code::E0504, "complex numbers have no order")
                        .at(operand.span, "this is complex")
                        .because(place, "compared here")
                        .help(help),
                );
            }
        }
        let span = a.span.to(b.span);
        self.make(Op::Compare(comparison), &[a, b], span, "a comparison")
    }
}
