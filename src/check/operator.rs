//! Infix operators and comparisons.

use super::elaborate::{Checked, Elaborator, Operand};
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
                self.report(
                    Diagnostic::new(Code::E0501, format!("`/` divides by a scalar, not by a {found}"))
                        .at(right.span, format!("this is a {found}"))
                        .because(place, "`/` stands here")
                        .help("`./` divides entry by entry; `inv(A) * B` solves a linear system"),
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
        let mut all: Option<NodeId> = None;
        let mut broken = None;
        for (relation, place, right) in rest {
            let right = operand(self, right);
            match (left, right) {
                (Ok(a), Ok(b)) => match self.related(*relation, *place, a, b) {
                    Ok(node) => {
                        all = Some(match all {
                            None => node,
                            Some(before) => {
                                let span = first.span.to(b.span);
                                self.built(span, "a condition", &[], |g, _| g.make(Op::And, vec![before, node]))?
                            }
                        });
                    }
                    Err(reported) => broken = Some(reported),
                },
                (Err(reported), _) | (_, Err(reported)) => broken = Some(reported),
            }
            left = right;
        }
        match (broken, all) {
            (None, Some(node)) => Ok(node),
            (Some(reported), _) => Err(reported),
            // The parser makes a comparison only with at least one relation.
            (None, None) => self.condition(first),
        }
    }

    fn related(&mut self, relation: Relation, place: Span, a: Operand, b: Operand) -> Checked<NodeId> {
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
                Diagnostic::new(Code::E0506, format!("`==` compares a {left} with a {right}"))
                    .at(a.span, format!("this is a {left}"))
                    .at(b.span, format!("this is a {right}"))
                    .help("compare with `zeros(m, n)`, `eye(n)` or `s*ones(m, n)`, or compare a norm"),
            );
        }
        self.built(span, "`==`", &[a, b], |g, n| g.equal(n[0], n[1]))
    }

    fn loewner(&mut self, a: Operand, b: Operand, span: Span) -> Checked<NodeId> {
        let a = self.needs(a, Property::Hermitian, "the Löwner order");
        let b = self.needs(b, Property::Hermitian, "the Löwner order");
        let (a, b) = (a?, b?);
        self.built(span, "the Löwner order", &[a, b], |g, n| g.loewner_le(n[0], n[1]))
    }

    fn ordered(&mut self, comparison: Comparison, a: Operand, b: Operand, place: Span) -> Checked<NodeId> {
        for operand in [a, b] {
            let ty = self.graph.ty(operand.node).clone();
            if ty.shape != Shape::Scalar {
                let found = self.describe(operand.node);
                let hint = if ty.shape.is_square() {
                    "for the Löwner order write `A ⪯ B` or `A <<= B`"
                } else {
                    "compare norms or sums, or every entry through `min(...)` and `max(...)`"
                };
                return self.report(
                    Diagnostic::new(Code::E0501, format!("an order compares scalars, not a {found}"))
                        .at(operand.span, format!("this is a {found}"))
                        .because(place, "compared here")
                        .help(hint),
                );
            }
            if ty.field != crate::ir::Field::Real {
                return self.report(
                    Diagnostic::new(Code::E0504, "complex numbers have no order")
                        .at(operand.span, "this is complex")
                        .because(place, "compared here")
                        .help("compare `real(x)` or `abs(x)`; `==` compares complex numbers"),
                );
            }
        }
        let span = a.span.to(b.span);
        self.make(Op::Compare(comparison), &[a, b], span, "a comparison")
    }
}
