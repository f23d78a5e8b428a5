//! Theorems: quantified names, hypotheses and claims.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive};

use super::elaborate::{Checked, Elaborator, Operand, Reported};
use super::scope::Value;
use super::theorem::{Assumption, Claim, Expected, Part, Theorem, Variable, VariableKind};
use crate::base::{Code, Diagnostic, Span};
use crate::ir::{
    Basis, Dim, Domain, Facts, Field, Input, InputId, Interval, NodeId, Op, Property, Range, Shape, SizeVar, Type,
};
use crate::syntax::ast::{self, DomainKind, Expr, ExprKind, Ident, Statement};

/// A size that a theorem uses without quantifying it ranges from 1 to this.
const IMPLICIT_SIZE_LIMIT: i64 = 8;

/// A range of integers with nonpositive members is listed, up to this many.
const MAX_LISTED: i64 = 10_000;

/// Builds one theorem.
pub(super) struct TheoremBuilder<'e, 'a> {
    elaborator: &'e mut Elaborator<'a>,
    variables: Vec<Variable>,
    assumptions: Vec<Assumption>,
    claims: Vec<Claim>,
    broken: bool,
}

impl<'e, 'a> TheoremBuilder<'e, 'a> {
    /// Checks a theorem and builds its graph. Every statement is checked, also after a mistake.
    pub fn build(elaborator: &'e mut Elaborator<'a>, written: &ast::Theorem, file: &str) -> Checked<Theorem> {
        let mut builder = TheoremBuilder {
            elaborator,
            variables: Vec::new(),
            assumptions: Vec::new(),
            claims: Vec::new(),
            broken: false,
        };
        for statement in &written.statements {
            if builder.statement(statement).is_err() {
                builder.broken = true;
            }
        }
        if builder.claims.is_empty() && !builder.broken {
            return builder.elaborator.report(
                Diagnostic::new(Code::E0601, "this theorem claims nothing")
                    .at(written.name.span, "no `claim` in it")
                    .help("add what must follow: `claim A <= B`"),
            );
        }
        if builder.broken {
            return Err(Reported);
        }
        let TheoremBuilder { elaborator, variables, assumptions, claims, .. } = builder;
        Ok(Theorem {
            file: file.to_string(),
            name: written.name.text.clone(),
            doc: written.doc.iter().map(|line| line.text.clone()).collect(),
            span: written.span,
            graph: std::mem::take(&mut elaborator.graph),
            variables,
            assumptions,
            claims,
        })
    }

    fn statement(&mut self, statement: &Statement) -> Checked<()> {
        match statement {
            Statement::Forall(groups) => {
                let mut result = Ok(());
                for group in groups {
                    for name in &group.names {
                        let quantified = self.quantify(name, &group.domain);
                        if quantified.is_err() {
                            // A name whose domain is wrong is still known: what uses it stays silent.
                            self.elaborator.scope.bind(&name.name, Value::Broken, name.span, "");
                            result = Err(Reported);
                        }
                    }
                }
                result
            }
            Statement::Let(bindings) => {
                let mut result = Ok(());
                for binding in bindings {
                    let value = match self.elaborator.any(&binding.value) {
                        Ok(node) => Value::Node(node),
                        Err(Reported) => {
                            result = Err(Reported);
                            Value::Broken
                        }
                    };
                    self.fresh_name(&binding.name)?;
                    self.elaborator.scope.bind(&binding.name.name, value, binding.name.span, "");
                }
                result
            }
            Statement::Assume(condition) => {
                let node = self.elaborator.condition(condition)?;
                let margin = self.margin(node, condition.span)?;
                self.assumptions.push(Assumption { condition: node, margin, span: condition.span });
                Ok(())
            }
            Statement::Claim(claim) => {
                let label =
                    claim.label.as_ref().map_or_else(|| (self.claims.len() + 1).to_string(), |l| l.text.clone());
                if let Some(before) = self.claims.iter().find(|other| other.label == label) {
                    let before = before.span;
                    return self.elaborator.report(
                        Diagnostic::new(Code::E0205, format!("two claims are labelled `{label}`"))
                            .at(claim.span, "the second")
                            .because(before, "the first"),
                    );
                }
                let parts = self.claim(claim)?;
                self.claims.push(Claim { label, span: claim.span, expected: Expected::Holds, parts });
                Ok(())
            }
            Statement::Expect(expect, span) => match self.claims.last_mut() {
                Some(claim) => {
                    claim.expected = match expect {
                        ast::Expect::Refuted => Expected::Refuted,
                        ast::Expect::Vacuous => Expected::Vacuous,
                    };
                    Ok(())
                }
                None if self.broken => Err(Reported),
                None => self.elaborator.report(
                    Diagnostic::new(Code::E0603, "`expect` stands after the claim that it is about")
                        .at(*span, "no claim before it"),
                ),
            },
            // Calculations are the rewriter's part; their steps are not read as claims.
            Statement::Proof(_) => Ok(()),
        }
    }

    fn fresh_name(&mut self, name: &Ident) -> Checked<()> {
        match self.elaborator.scope.get(&name.name) {
            Some(before) => {
                let place = before.span;
                self.elaborator.report(
                    Diagnostic::new(Code::E0205, format!("the name `{}` is used twice in this theorem", name.name))
                        .at(name.span, "bound again here")
                        .because(place, "bound first here")
                        .help("give it another name"),
                )
            }
            None => Ok(()),
        }
    }

    fn quantify(&mut self, name: &Ident, domain: &ast::Domain) -> Checked<()> {
        self.fresh_name(name)?;
        let described = self.elaborator.sources.text(domain.span).to_string();
        let (range, kind, value) = match &domain.kind {
            DomainKind::Named { sizes, .. } => {
                for size in sizes {
                    self.implicit_sizes(size)?;
                }
                let domain = self.elaborator.domain(domain)?;
                self.member(name, domain)?
            }
            DomainKind::Range { lo, hi } => self.integers(name, lo, hi, domain.span)?,
            DomainKind::Interval { lo, lo_closed, hi, hi_closed } => {
                self.interval(name, (lo, *lo_closed), (hi, *hi_closed), domain.span)?
            }
            DomainKind::Finite(values) => self.finite(name, values, domain.span)?,
        };
        self.elaborator.scope.bind(&name.name, Value::Node(value), name.span, described);
        self.variables.push(Variable { name: name.name.clone(), span: name.span, range, kind });
        Ok(())
    }

    /// Names of sizes that nothing quantifies range over small sizes.
    fn implicit_sizes(&mut self, size: &Expr) -> Checked<()> {
        match &size.kind {
            ExprKind::Name(name) if self.elaborator.scope.get(name).is_none() => {
                let ident = Ident { name: name.clone(), span: size.span };
                let (lo, hi) = (Dim::constant(1), Dim::constant(IMPLICIT_SIZE_LIMIT));
                let (range, kind, value) = self.size_variable(&ident, Range::Integers(lo, hi))?;
                self.elaborator.scope.bind(name, Value::Node(value), size.span, "");
                self.variables.push(Variable { name: name.clone(), span: size.span, range, kind });
                Ok(())
            }
            ExprKind::Chain { first, rest } => {
                self.implicit_sizes(first)?;
                rest.iter().try_for_each(|(_, _, operand)| self.implicit_sizes(operand))
            }
            ExprKind::Power { base, .. } => self.implicit_sizes(base),
            _ => Ok(()),
        }
    }

    fn member(&mut self, name: &Ident, domain: Domain) -> Checked<(Range, VariableKind, NodeId)> {
        let e = &mut *self.elaborator;
        let mut raw = Vec::new();
        let mut nodes = Vec::new();
        for part in domain.raw() {
            let full = if part.role.is_empty() { name.name.clone() } else { format!("{}.{}", name.name, part.role) };
            raw.push(InputId(e.graph.inputs().len() as u32));
            nodes.push(e.graph.input(Input { name: full, ty: part.ty, facts: Facts::new() }));
        }
        let value = e.built(name.span, "a domain", &[], |g, _| domain.chart(g, &nodes))?;
        Ok((Range::Domain(domain), VariableKind::Member { raw, value }, value))
    }

    fn size_variable(&mut self, name: &Ident, range: Range) -> Checked<(Range, VariableKind, NodeId)> {
        let least = match &range {
            Range::Integers(lo, _) => lo.least().unwrap_or(1),
            Range::Finite(values) => values.first().and_then(|v| v.to_integer().to_i64()).unwrap_or(1),
            Range::Domain(_) | Range::Interval(_) => 1,
        };
        let var: SizeVar = self.elaborator.fresh_size(&name.name, least, name.span);
        let dim = Dim::var(var.clone());
        let value = self.elaborator.built(name.span, "a size", &[], |g, _| g.size(dim))?;
        Ok((range, VariableKind::Size(var), value))
    }

    fn scalar(
        &mut self,
        name: &Ident,
        range: Range,
        properties: &[Property],
    ) -> Checked<(Range, VariableKind, NodeId)> {
        let e = &mut *self.elaborator;
        let input = InputId(e.graph.inputs().len() as u32);
        let raw = e.graph.input(Input { name: name.name.clone(), ty: Type::real(Shape::Scalar), facts: Facts::new() });
        let value = e.built(name.span, "a range", &[], |g, _| g.annotate(raw, properties, Basis::Construction))?;
        Ok((range, VariableKind::Scalar { input, value }, value))
    }

    fn integers(&mut self, name: &Ident, lo: &Expr, hi: &Expr, span: Span) -> Checked<(Range, VariableKind, NodeId)> {
        let ends = (self.integer_end(lo), self.integer_end(hi));
        let (lo, hi) = (ends.0?, ends.1?);
        let (least, greatest) = (lo.as_constant(), hi.as_constant());
        if let (Some(a), Some(b)) = (least, greatest)
            && a > b
        {
            return self.elaborator.report(
                Diagnostic::new(Code::E0406, format!("no integer lies in {a}..{b}"))
                    .at(span, "this range is empty")
                    .help(format!("write the smaller end first: `{b}..{a}`")),
            );
        }
        match (least, greatest) {
            // A range with negative integers is a list of numbers, which no size can be.
            (Some(a), Some(b)) if a < 0 && b.checked_sub(a).is_some_and(|count| count < MAX_LISTED) => {
                let values = (a..=b).map(|i| BigRational::from_integer(BigInt::from(i))).collect();
                self.scalar(name, Range::Finite(values), &[Property::Integer])
            }
            (Some(a), _) if a < 0 => {
                let message = "a range of integers that starts below 0 must be short and have known ends";
                self.elaborator.report(Diagnostic::new(Code::E0406, message).at(span, "this range"))
            }
            _ => self.size_variable(name, Range::Integers(lo, hi)),
        }
    }

    /// An end of a range of integers: an integer, or an expression of the integers quantified before.
    fn integer_end(&mut self, end: &Expr) -> Checked<Dim> {
        let node = self.elaborator.value(end)?;
        match self.elaborator.size_of(node) {
            Some(dim) => Ok(dim),
            None => {
                let found = self.elaborator.describe(node);
                self.elaborator.report(
                    Diagnostic::new(Code::E0406, "a range `a..b` goes from one integer to another")
                        .at(end.span, format!("this is a {found}, not an integer known here"))
                        .help("an interval of real numbers is written `[a, b]`, `(a, b]`, `[a, b)` or `(a, b)`"),
                )
            }
        }
    }

    fn interval(
        &mut self,
        name: &Ident,
        (lo, lo_closed): (&Expr, bool),
        (hi, hi_closed): (&Expr, bool),
        span: Span,
    ) -> Checked<(Range, VariableKind, NodeId)> {
        let ends = (self.elaborator.value(lo), self.elaborator.value(hi));
        let (a, b) = (ends.0?, ends.1?);
        for (node, expr) in [(a, lo), (b, hi)] {
            if !self.elaborator.graph.ty(node).is_real_scalar() {
                let found = self.elaborator.describe(node);
                return self.elaborator.report(
                    Diagnostic::new(Code::E0406, "the ends of an interval are real numbers")
                        .at(expr.span, format!("this is a {found}")),
                );
            }
        }
        let g = &self.elaborator.graph;
        if let (Some(x), Some(y)) = (g.constant_value(a), g.constant_value(b))
            && (x > y || (x == y && !(lo_closed && hi_closed)))
        {
            return self.elaborator.report(
                Diagnostic::new(Code::E0406, "no number lies in this interval")
                    .at(span, "empty")
                    .help("write the smaller end first; `[a, a]` holds one number"),
            );
        }
        let nonnegative = g.has(a, Property::Nonnegative);
        let positive = g.has(a, Property::Positive) || (nonnegative && !lo_closed);
        let mut properties = Vec::new();
        if nonnegative {
            properties.push(Property::Nonnegative);
        }
        if positive {
            properties.push(Property::Positive);
        }
        self.scalar(name, Range::Interval(Interval { lo: a, lo_closed, hi: b, hi_closed }), &properties)
    }

    fn finite(&mut self, name: &Ident, values: &[Expr], span: Span) -> Checked<(Range, VariableKind, NodeId)> {
        let values: Vec<Checked<BigRational>> = values.iter().map(|value| self.elaborator.constant(value)).collect();
        let mut values = values.into_iter().collect::<Checked<Vec<_>>>()?;
        values.sort();
        values.dedup();
        let Some(least) = values.first().cloned() else {
            return self
                .elaborator
                .report(Diagnostic::new(Code::E0406, "this set is empty").at(span, "nothing to range over"));
        };
        let integers = values.iter().all(|v| v.is_integer() && v.to_integer().to_i64().is_some());
        if integers && !least.is_negative() {
            return self.size_variable(name, Range::Finite(values));
        }
        let mut properties = Vec::new();
        if least.is_positive() {
            properties.push(Property::Positive);
        } else if !least.is_negative() {
            properties.push(Property::Nonnegative);
        }
        self.scalar(name, Range::Finite(values), &properties)
    }

    fn margin(&mut self, condition: NodeId, span: Span) -> Checked<crate::ir::Margin> {
        let mut margin = None;
        self.elaborator.built(span, "a condition", &[], |g, _| {
            let made = g.margin(condition)?;
            margin = Some(made);
            Ok(made.node)
        })?;
        margin.ok_or(Reported)
    }

    fn claim(&mut self, claim: &ast::Claim) -> Checked<Vec<Part>> {
        let mut parts = match &claim.kind {
            ast::ClaimKind::Condition(condition) => match extremum(condition) {
                Some((form, args)) => return self.extremum(form, args, condition.span),
                None => {
                    let node = self.elaborator.condition(condition)?;
                    let margin = self.margin(node, condition.span)?;
                    vec![Part::Margin { condition: node, margin }]
                }
            },
            ast::ClaimKind::Asymptotic { f, g, order, variable, limit } => {
                vec![self.asymptotic(f, g, order, variable, limit)?]
            }
        };
        if let Some(equality) = &claim.equality {
            let ast::ClaimKind::Condition(condition) = &claim.kind else {
                return self.elaborator.report(
                    Diagnostic::new(Code::E0603, "an asymptotic claim has no case of equality").at(claim.span, "here"),
                );
            };
            let gap = self.gap(condition)?;
            match equality {
                ast::Equality::At(bindings) => {
                    let gap = self.put(gap, bindings)?;
                    let zero = self.elaborator.built(claim.span, "a gap", &[], |g, _| {
                        let zero = g.integer(0)?;
                        g.equal(gap, zero)
                    })?;
                    let margin = self.margin(zero, claim.span)?;
                    parts.push(Part::Margin { condition: zero, margin });
                }
                ast::Equality::Iff(condition) => parts.push(self.iff(gap, condition)?),
            }
        }
        Ok(parts)
    }

    /// The difference of the two sides of `a <= b` or `a >= b`, nonnegative where that holds.
    fn gap(&mut self, condition: &Expr) -> Checked<NodeId> {
        use ast::Relation::{Ge, Gt, Le, Lt};
        if let ExprKind::Compare { first, rest } = &condition.kind
            && let [(relation @ (Le | Ge | Lt | Gt), _, second)] = rest.as_slice()
        {
            let (small, large) = if matches!(relation, Le | Lt) { (&**first, second) } else { (second, &**first) };
            let (small, large) = (self.elaborator.value(small)?, self.elaborator.value(large)?);
            return self.elaborator.built(condition.span, "a gap", &[], |g, _| g.sub(large, small));
        }
        self.elaborator.report(
            Diagnostic::new(Code::E0603, "`equality` belongs to a claim `a <= b` or `a >= b`")
                .at(condition.span, "this claim is not one inequality"),
        )
    }

    /// A node with quantified names replaced by expressions.
    fn put(&mut self, node: NodeId, bindings: &[ast::Binding]) -> Checked<NodeId> {
        let mut replacements = BTreeMap::new();
        let mut sizes = BTreeMap::new();
        for binding in bindings {
            let found = self.variables.iter().find(|variable| variable.name == binding.name.name);
            let Some(variable) = found.cloned() else {
                return self.elaborator.report(
                    Diagnostic::new(Code::E0605, format!("`{}` is not a quantified name", binding.name.name))
                        .at(binding.name.span, "only names after `forall` can be given values here"),
                );
            };
            let value = self.elaborator.value(&binding.value)?;
            match variable.kind {
                VariableKind::Size(var) => match self.elaborator.size_of(value) {
                    Some(dim) => {
                        sizes.insert(var, dim);
                    }
                    None => {
                        return self.elaborator.report(
                            Diagnostic::new(Code::E0305, format!("`{}` is a size, and this is none", variable.name))
                                .at(binding.value.span, "not an integer expression of sizes"),
                        );
                    }
                },
                VariableKind::Scalar { value: old, .. } | VariableKind::Member { value: old, .. } => {
                    let (x, y) = (self.elaborator.graph.ty(old).clone(), self.elaborator.graph.ty(value).clone());
                    if x.shape != y.shape || (x.field == Field::Real && y.field == Field::Complex) {
                        let operands = [
                            Operand { node: old, span: variable.span },
                            Operand { node: value, span: binding.value.span },
                        ];
                        let mismatch = crate::ir::Mismatch::ShapesDiffer(0, 1);
                        let diagnostic =
                            self.elaborator.explain(&mismatch, "a replacement", &operands, binding.value.span);
                        return self.elaborator.report(diagnostic);
                    }
                    let value = self.elaborator.built(binding.value.span, "a replacement", &[], |g, _| {
                        let same_field = x.field == y.field;
                        if same_field { Ok(value) } else { g.make(Op::Complexify, vec![value]) }
                    })?;
                    replacements.insert(old, value);
                }
            }
        }
        self.elaborator.built(bindings[0].name.span, "a replacement", &[], |g, _| {
            g.substitute(&[node], &replacements, &sizes).map(|nodes| nodes[0])
        })
    }

    fn iff(&mut self, gap: NodeId, condition: &Expr) -> Checked<Part> {
        let node = self.elaborator.condition(condition)?;
        let margin = self.margin(node, condition.span)?;
        let names: Vec<String> = self.variables.iter().map(|variable| variable.name.clone()).collect();
        let mut bindings = Vec::new();
        collect_equalities(condition, &names, &mut bindings);
        let substituted = if bindings.is_empty() { None } else { Some(self.put(gap, &bindings)?) };
        Ok(Part::Iff { gap, condition: margin, substituted })
    }

    /// `maximizes(f, K, X)`: f(K) <= f(X) for every K, and equal only at K = X.
    fn extremum(&mut self, form: &str, args: &[ast::Arg], span: Span) -> Checked<Vec<Part>> {
        let [f, k, x] = args else {
            return self.elaborator.report(
                Diagnostic::new(Code::E0603, format!("`{form}` takes a function, a quantified name and a point"))
                    .at(span, format!("{} arguments", args.len()))
                    .help(format!("claim {form}(entropy(K, 2), K, eye(n))")),
            );
        };
        let ExprKind::Name(name) = &k.value.kind else {
            return self.elaborator.report(
                Diagnostic::new(Code::E0605, "the second argument is the quantified name that moves")
                    .at(k.value.span, "not a name"),
            );
        };
        // A function given by name is taken at the name that moves.
        let objective = match &f.value.kind {
            ExprKind::Name(function) if self.elaborator.function(function).is_some() => {
                let callee = Ident { name: function.clone(), span: f.value.span };
                let arg = ast::Arg { name: None, value: k.value.clone() };
                Expr { kind: ExprKind::Call { callee, args: vec![arg] }, span: f.value.span }
            }
            _ => f.value.clone(),
        };
        let at_any = self.elaborator.value(&objective)?;
        if !self.elaborator.graph.ty(at_any).is_real_scalar() {
            let found = self.elaborator.describe(at_any);
            return self.elaborator.report(
                Diagnostic::new(Code::E0504, format!("`{form}` compares real numbers"))
                    .at(f.value.span, format!("this is a {found}")),
            );
        }
        let ident = Ident { name: name.clone(), span: k.value.span };
        let binding = ast::Binding { name: ident, value: x.value.clone() };
        let at_point = self.put(at_any, std::slice::from_ref(&binding))?;
        let member = self.elaborator.value(&k.value)?;
        let point = self.elaborator.value(&x.value)?;
        let maximum = form == "maximizes";
        let gap = self
            .elaborator
            .built(span, form, &[], |g, _| if maximum { g.sub(at_point, at_any) } else { g.sub(at_any, at_point) })?;
        let holds = self.elaborator.built(span, form, &[], |g, _| {
            let zero = g.integer(0)?;
            g.compare(crate::ir::Comparison::Le, zero, gap)
        })?;
        let same = self.elaborator.built(span, form, &[], |g, _| g.equal(member, point))?;
        let (margin, condition) = (self.margin(holds, span)?, self.margin(same, span)?);
        Ok(vec![Part::Margin { condition: holds, margin }, Part::Iff { gap, condition, substituted: None }])
    }

    fn asymptotic(&mut self, f: &Expr, g: &Expr, order: &Expr, variable: &Ident, limit: &Expr) -> Checked<Part> {
        let sides = (self.elaborator.value(f), self.elaborator.value(g), self.elaborator.value(order));
        let (f_node, g_node, order_node) = (sides.0?, sides.1?, sides.2?);
        for (node, expr) in [(f_node, f), (g_node, g), (order_node, order)] {
            if !self.elaborator.graph.ty(node).is_real_scalar() {
                let found = self.elaborator.describe(node);
                return self.elaborator.report(
                    Diagnostic::new(Code::E0504, "an asymptotic claim is about real numbers")
                        .at(expr.span, format!("this is a {found}")),
                );
            }
        }
        let found = self.variables.iter().find(|v| v.name == variable.name).map(|v| v.kind.clone());
        let Some(VariableKind::Scalar { input, .. }) = found else {
            return self.elaborator.report(
                Diagnostic::new(Code::E0605, format!("`{}` cannot go to a limit", variable.name))
                    .at(variable.span, "not a real scalar after `forall`")
                    .help(format!("quantify it over an interval: `forall {} in (0, inf)`", variable.name)),
            );
        };
        let limit_node = self.elaborator.value(limit)?;
        let to_infinity = *self.elaborator.graph.op(limit_node) == Op::Infinity;
        let to_zero = self.elaborator.graph.constant_value(limit_node).is_some_and(num_traits::Zero::is_zero);
        if !to_infinity && !to_zero {
            return self.elaborator.report(
                Diagnostic::new(Code::E0603, "the limit of an asymptotic claim is `inf` or `0`")
                    .at(limit.span, "not one of these")
                    .help("move the variable: write `a + x` with `x -> 0`"),
            );
        }
        let difference = self.elaborator.built(f.span.to(g.span), "`~`", &[], |graph, _| graph.sub(f_node, g_node))?;
        Ok(Part::Asymptotic { difference, order: order_node, variable: input, to_infinity })
    }
}

/// `maximizes(...)` or `minimizes(...)` as a whole claim.
fn extremum(condition: &Expr) -> Option<(&str, &[ast::Arg])> {
    match &condition.kind {
        ExprKind::Call { callee, args } if super::builtin::CLAIM_FORMS.contains(&callee.name.as_str()) => {
            Some((&callee.name, args))
        }
        _ => None,
    }
}

/// The equalities `NAME == EXPR` that a condition consists of, if it consists of such alone.
fn collect_equalities(condition: &Expr, names: &[String], into: &mut Vec<ast::Binding>) {
    let parts: &[Expr] = match &condition.kind {
        ExprKind::And(parts) => parts,
        _ => std::slice::from_ref(condition),
    };
    for part in parts {
        let ExprKind::Compare { first, rest } = &part.kind else { return into.clear() };
        let [(ast::Relation::Eq, _, second)] = rest.as_slice() else { return into.clear() };
        let name_of = |expr: &Expr| match &expr.kind {
            ExprKind::Name(name) if names.contains(name) => Some(Ident { name: name.clone(), span: expr.span }),
            _ => None,
        };
        match (name_of(first), name_of(second)) {
            (Some(name), _) => into.push(ast::Binding { name, value: second.clone() }),
            (None, Some(name)) => into.push(ast::Binding { name, value: (**first).clone() }),
            (None, None) => return into.clear(),
        }
    }
}
