//! Expressions that stand where a size does.

use std::collections::{BTreeMap, BTreeSet};

use num_traits::ToPrimitive;

use super::elaborate::{Checked, Elaborator, Operand};
use super::hint::a;
use crate::base::{Code, Diagnostic};
use crate::ir::{Dim, Kind, NodeId, Op, ScalarFn, Shape, SizeCall, Zip};
use crate::syntax::ast::Expr;

impl Elaborator<'_> {
    /// The size that a scalar stands for, if it is a polynomial of sizes.
    pub fn size_of(&self, node: NodeId) -> Option<Dim> {
        self.size_as(node, false)
    }

    /// The size that a scalar stands for where a size is wanted: a quotient is then one that leaves no remainder.
    pub fn wanted_size(&self, node: NodeId) -> Option<Dim> {
        self.size_as(node, true)
    }

    fn size_as(&self, node: NodeId, functions: bool) -> Option<Dim> {
        // Each part is visited once, and without recursion: a shared part may occur very often, and a sum be very long.
        let mut parts = BTreeSet::new();
        let mut stack = vec![node];
        while let Some(id) = stack.pop() {
            if parts.insert(id) && !matches!(self.graph.op(id), Op::Size(_) | Op::Constant(_)) {
                let op = self.graph.op(id);
                let arithmetic =
                    matches!(op, Op::Zip(Zip::Add | Zip::Sub | Zip::Mul | Zip::Div) | Op::Map(ScalarFn::Pow));
                let function = matches!(op, Op::Zip(Zip::Min | Zip::Max) | Op::Map(ScalarFn::Floor));
                if !(arithmetic || functions && function) {
                    return None;
                }
                stack.extend(self.graph.args(id));
            }
        }
        let mut sizes: BTreeMap<NodeId, Dim> = BTreeMap::new();
        // Operands have smaller numbers than what they are operands of.
        for id in parts {
            let operand = |i: usize| &sizes[&self.graph.args(id)[i]];
            let call = |call: SizeCall| Dim::call(call).filter(|dim| functions || dim.is_polynomial());
            let op = self.graph.op(id);
            let size = match (op.kind(), op) {
                (_, Op::Size(dim)) => dim.clone(),
                (_, Op::Constant(value)) if value.is_integer() => Dim::constant(value.to_integer().to_i64()?),
                (_, Op::Zip(Zip::Add)) => operand(0).add(operand(1))?,
                (_, Op::Zip(Zip::Sub)) => operand(0).sub(operand(1))?,
                (_, Op::Zip(Zip::Mul)) => operand(0).mul(operand(1))?,
                (_, Op::Zip(Zip::Div)) => call(SizeCall::Quotient(operand(0).clone(), operand(1).as_constant()?))?,
                (_, Op::Map(ScalarFn::Pow)) => call(SizeCall::Power(operand(0).clone(), operand(1).clone()))?,
                (_, Op::Zip(Zip::Min)) => call(SizeCall::Min(operand(0).clone(), operand(1).clone()))?,
                (_, Op::Zip(Zip::Max)) => call(SizeCall::Max(operand(0).clone(), operand(1).clone()))?,
                (_, Op::Map(ScalarFn::Floor)) => match operand(0).as_call() {
                    Some(SizeCall::Quotient(a, divisor)) => call(SizeCall::Floor(a.clone(), *divisor))?,
                    // Of a sum with a quotient in it the remainder would be lost.
                    Some(_) | None => Some(operand(0)).filter(|inner| !inner.is_divided())?.clone(),
                },
                // The search above left nothing else but numbers that are no integers.
                (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => return None,
                (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => return None,
            };
            sizes.insert(id, size);
        }
        sizes.remove(&node)
    }

    /// The size that an expression stands for.
    pub fn size(&mut self, expr: &Expr) -> Checked<Dim> {
        let node = self.value(expr)?;
        match self.wanted_size(node) {
            Some(dim) if dim.as_constant().is_some_and(|n| n < 1) => self.report(
                Diagnostic::new(Code::E0305, format!("a size must be at least 1, and this is {dim}"))
                    .at(expr.span, "not a usable size")
                    .help("an empty batch or matrix has no entropy, norm or mean; leave it out"),
            ),
            Some(dim) => Ok(dim),
            None => {
                let found = self.describe(node);
                let text = self.bare(expr.span, "A");
                let described = self.scope.get(&text).map(|binding| binding.described.clone()).unwrap_or_default();
                let help = match self.graph.ty(node).shape {
                    Shape::Matrix(..) | Shape::Vector(_) => format!("its sizes are `rows({text})` and `cols({text})`"),
                    Shape::Scalar if described.starts_with(['(', '[']) => {
                        format!("{described} holds real numbers; integers are quantified as in `forall {text} in 1..8`")
                    }
                    Shape::Scalar => {
                        "sizes are integers, names quantified over integers, rows(A), cols(A), and their sums, \
                                      products, powers, exact quotients, min, max and floor"
                            .into()
                    }
                };
                let diagnostic =
                    Diagnostic::new(Code::E0305, "a size must be an integer known when the expression is checked")
                        .at(expr.span, format!("this is {}", a(&found)))
                        .help(help);
                let diagnostic = self.declared(diagnostic, &[Operand { node, span: expr.span }], &[]);
                self.report(diagnostic)
            }
        }
    }
}
