//! Every place in a tree, so that trees can be compared without their places or moved to another text.

use crate::base::Span;

use super::ast::{
    Arg, Binding, Claim, ClaimKind, Def, Domain, DomainKind, Equality, Expr, ExprKind, Ident, Import, Item, Param,
    Program, Proof, Quantified, Statement, Step, Text, Theorem,
};

/// A part of the abstract syntax whose places can be visited.
pub trait Spanned {
    /// Calls `visit` with every span in this part.
    fn each_span(&mut self, visit: &mut dyn FnMut(&mut Span));
}

/// The same tree with all its spans zero: equal trees mean equal texts up to spacing and parentheses.
pub fn strip_spans<T: Spanned>(mut tree: T) -> T {
    tree.each_span(&mut |span| *span = Span::default());
    tree
}

impl<T: Spanned> Spanned for Vec<T> {
    fn each_span(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        self.iter_mut().for_each(|part| part.each_span(visit));
    }
}

impl<T: Spanned> Spanned for Option<T> {
    fn each_span(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        self.iter_mut().for_each(|part| part.each_span(visit));
    }
}

impl<T: Spanned> Spanned for Box<T> {
    fn each_span(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        (**self).each_span(visit);
    }
}

impl Spanned for Span {
    fn each_span(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        visit(self);
    }
}

/// Implements [`Spanned`] for a structure by its fields that hold spans.
macro_rules! spanned {
    ($($part:ident { $($field:ident)* })*) => {
        $(impl Spanned for $part {
            fn each_span(&mut self, visit: &mut dyn FnMut(&mut Span)) {
                $(self.$field.each_span(visit);)*
            }
        })*
    };
}

spanned! {
    Program { items }
    Import { path span }
    Ident { span }
    Text { span }
    Def { doc name params result requires body span }
    Param { name domain default }
    Domain { kind span }
    Theorem { doc name statements span }
    Quantified { names domain }
    Binding { name value }
    Claim { label kind equality span }
    Proof { steps span }
    Step { left right by span }
    Expr { kind span }
    Arg { name value }
}

impl Spanned for Item {
    fn each_span(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        match self {
            Item::Import(import) => import.each_span(visit),
            Item::Def(def) => def.each_span(visit),
            Item::Theorem(theorem) => theorem.each_span(visit),
        }
    }
}

impl Spanned for DomainKind {
    fn each_span(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        match self {
            DomainKind::Named { name, sizes, complex } => {
                name.each_span(visit);
                sizes.each_span(visit);
                complex.each_span(visit);
            }
            DomainKind::Range { lo, hi } | DomainKind::Interval { lo, hi, .. } => {
                lo.each_span(visit);
                hi.each_span(visit);
            }
            DomainKind::Finite(values) => values.each_span(visit),
        }
    }
}

impl Spanned for Statement {
    fn each_span(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        match self {
            Statement::Forall(groups) => groups.each_span(visit),
            Statement::Let(bindings) => bindings.each_span(visit),
            Statement::Assume(condition) => condition.each_span(visit),
            Statement::Claim(claim) => claim.each_span(visit),
            Statement::Expect(_, span) => visit(span),
            Statement::Proof(proof) => proof.each_span(visit),
        }
    }
}

impl Spanned for ClaimKind {
    fn each_span(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        match self {
            ClaimKind::Condition(condition) => condition.each_span(visit),
            ClaimKind::Asymptotic { f, g, order, variable, limit } => {
                [f, g, order, limit].into_iter().for_each(|part| part.each_span(visit));
                variable.each_span(visit);
            }
        }
    }
}

impl Spanned for Equality {
    fn each_span(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        match self {
            Equality::Iff(condition) => condition.each_span(visit),
            Equality::At(bindings) => bindings.each_span(visit),
        }
    }
}

impl Spanned for ExprKind {
    fn each_span(&mut self, visit: &mut dyn FnMut(&mut Span)) {
        match self {
            ExprKind::Number { .. } | ExprKind::Name(_) | ExprKind::Str(_) => {}
            ExprKind::Call { callee, args } => {
                callee.each_span(visit);
                args.each_span(visit);
            }
            ExprKind::Index { base, indices } => {
                base.each_span(visit);
                indices.each_span(visit);
            }
            ExprKind::Adjoint(inner) | ExprKind::Negate(inner) | ExprKind::Not(inner) => inner.each_span(visit),
            ExprKind::Power { base: left, exponent: right, .. } | ExprKind::Implies(left, right) => {
                left.each_span(visit);
                right.each_span(visit);
            }
            ExprKind::Chain { first, rest } => {
                first.each_span(visit);
                for (_, place, operand) in rest {
                    visit(place);
                    operand.each_span(visit);
                }
            }
            ExprKind::Compare { first, rest } => {
                first.each_span(visit);
                for (_, place, operand) in rest {
                    visit(place);
                    operand.each_span(visit);
                }
            }
            ExprKind::And(operands) | ExprKind::Or(operands) | ExprKind::Vector(operands) => operands.each_span(visit),
            ExprKind::If { condition, then, otherwise } => {
                [condition, then, otherwise].into_iter().for_each(|part| part.each_span(visit));
            }
            ExprKind::Let { bindings, body } => {
                bindings.each_span(visit);
                body.each_span(visit);
            }
            ExprKind::Matrix(rows) => rows.each_span(visit),
        }
    }
}
