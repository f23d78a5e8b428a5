//! The forms of a claim: inequalities with their cases of equality, extrema, and asymptotic order.

use std::collections::{BTreeMap, HashSet};

use super::elaborate::Checked;
use super::hint::{a, plural};
use super::statement::TheoremBuilder;
use super::theorem::{Part, Sides, Substituted, Supremum, Variable, VariableKind};
use crate::base::{Code, Diagnostic, Span};
use crate::ir::{Comparison, Dim, Field, NodeId, Op, Range, Shape, SizeVar};
use crate::syntax::ast::{self, Expr, ExprKind, Ident};

impl TheoremBuilder<'_, '_> {
    /// The difference of the two sides of `a <= b` or `a >= b`, nonnegative where that holds.
    pub(super) fn gap(&mut self, condition: &Expr) -> Checked<NodeId> {
        use ast::Relation::{Ge, Gt, Le, Lt};
        if let ExprKind::Compare { first, rest } = &condition.kind
            && let [(relation @ (Le | Ge | Lt | Gt), _, second)] = rest.as_slice()
        {
            let (small, large) = if matches!(relation, Le | Lt) { (&**first, second) } else { (second, &**first) };
            let (small, large) = (self.elaborator.value(small)?, self.elaborator.value(large)?);
            return self.elaborator.built(condition.span, "a gap", &[], |g, _| g.sub(large, small));
        }
        let (label, help) = match &condition.kind {
            ExprKind::Compare { rest, .. } if rest.len() > 1 => {
                ("this is a chain of inequalities", "make it several claims, each with its own clause")
            }
            ExprKind::Compare { rest, .. } if matches!(rest[0].0, ast::Relation::Eq) => {
                ("this claims equality already", "leave the clause out, or claim `<=` or `>=`")
            }
            ExprKind::Compare { rest, .. }
                if matches!(rest[0].0, ast::Relation::LoewnerLe | ast::Relation::LoewnerGe) =>
            {
                ("this is an order of matrices", "claim it of a number, such as `lambda_max(A)` or `trace(A)`")
            }
            _ => ("this is not one inequality", "make the inequality a claim of its own"),
        };
        self.elaborator.report(
            Diagnostic::new(Code::E0603, "`equality` belongs to a claim `a <= b` or `a >= b`")
                .at(condition.span, label)
                .help(help),
        )
    }

    /// A node with quantified names replaced by expressions.
    pub(super) fn put(&mut self, node: NodeId, bindings: &[ast::Binding]) -> Checked<NodeId> {
        let mut replacements = BTreeMap::new();
        let mut sizes = BTreeMap::new();
        for binding in bindings {
            let found = self.variables.iter().find(|variable| variable.name == binding.name.name);
            let Some(variable) = found.cloned() else {
                let mut diagnostic =
                    Diagnostic::new(Code::E0605, format!("`{}` is not a quantified name", binding.name.name))
                        .at(binding.name.span, "only names after `forall` can be given values here");
                if let Some(bound) = self.elaborator.scope.get(&binding.name.name) {
                    diagnostic = diagnostic.because(bound.span, "this names a value");
                }
                let names: Vec<&str> = self.variables.iter().map(|variable| variable.name.as_str()).collect();
                return self.elaborator.report(diagnostic.note(format!("quantified names: {}", names.join(", "))));
            };
            let value = self.elaborator.value(&binding.value)?;
            match variable.kind {
                VariableKind::Size(var) => match self.elaborator.size_of(value) {
                    Some(dim) => {
                        sizes.insert(var, dim);
                    }
                    None => return self.no_size(&variable.name, binding.value.span),
                },
                VariableKind::Scalar { value: old, .. } | VariableKind::Member { value: old, .. } => {
                    let (x, y) = (self.elaborator.graph.ty(old).clone(), self.elaborator.graph.ty(value).clone());
                    if x.shape != y.shape || (x.field == Field::Real && y.field == Field::Complex) {
                        return self.cannot_be(&variable, old, value, binding.value.span);
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

    /// The gap where a claim is tight. What has a size that is given a value cannot take another shape: there the gap is
    /// what is asked for where the size has the value, and 0 elsewhere.
    pub(super) fn tight(&mut self, gap: NodeId, bindings: &[ast::Binding]) -> Checked<NodeId> {
        let inputs = self.elaborator.graph.inputs().iter();
        let shaping: Vec<SizeVar> = inputs
            .flat_map(|input| [input.ty.shape.rows(), input.ty.shape.cols()])
            .flat_map(|dim| dim.vars())
            .collect();
        let size_of = |binding: &ast::Binding, variables: &[Variable]| {
            let kind = variables.iter().find(|variable| variable.name == binding.name.name).map(|v| v.kind.clone());
            if let Some(VariableKind::Size(var)) = kind { Some(var).filter(|var| shaping.contains(var)) } else { None }
        };
        let (fixed, put): (Vec<_>, Vec<_>) =
            bindings.iter().cloned().partition(|binding| size_of(binding, &self.variables).is_some());
        let mut gap = if put.is_empty() { gap } else { self.put(gap, &put)? };
        for binding in &fixed {
            let Some(var) = size_of(binding, &self.variables) else { continue };
            let value = self.elaborator.value(&binding.value)?;
            if self.elaborator.size_of(value).is_none() {
                return self.no_size(&var.name, binding.value.span);
            }
            gap = self.elaborator.built(binding.value.span, "a replacement", &[], |g, _| {
                let size = g.size(Dim::var(var))?;
                let there = g.compare(crate::ir::Comparison::Eq, size, value)?;
                let zero = g.integer(0)?;
                g.make(Op::Select, vec![there, gap, zero])
            })?;
        }
        Ok(gap)
    }

    fn no_size<T>(&mut self, name: &str, place: Span) -> Checked<T> {
        self.elaborator.report(
            Diagnostic::new(Code::E0305, format!("`{name}` is a size, and this is none"))
                .at(place, "not an integer expression of sizes"),
        )
    }

    /// What [`Self::put`] puts for names, to be shown; nothing where it puts a size, with which shapes change.
    pub(super) fn put_values(&mut self, bindings: &[ast::Binding]) -> Checked<Vec<(String, NodeId)>> {
        let mut values = Vec::new();
        for binding in bindings {
            let found = self.variables.iter().find(|variable| variable.name == binding.name.name);
            if found.is_none_or(|variable| matches!(variable.kind, VariableKind::Size(_))) {
                return Ok(Vec::new());
            }
            values.push((binding.name.name.clone(), self.elaborator.value(&binding.value)?));
        }
        Ok(values)
    }

    pub(super) fn iff(&mut self, gap: NodeId, condition: &Expr) -> Checked<Part> {
        let node = self.elaborator.condition(condition)?;
        let margin = self.margin(node, condition.span)?;
        let names: Vec<String> = self.variables.iter().map(|variable| variable.name.clone()).collect();
        let mut bindings = Vec::new();
        collect_equalities(condition, &names, &mut bindings);
        let mut substituted = None;
        if !bindings.is_empty() {
            // Sizes are never put: what has them would change its shape.
            if let Some(values) = self.certain_values(&bindings)? {
                substituted = Some(Substituted { gap: self.put(gap, &bindings)?, values });
            }
        }
        let edges = self.edges(node, condition.span)?;
        Ok(Part::Iff { gap, condition: margin, substituted, edges })
    }

    /// The differences of the sides of the comparisons in a condition; none where it is made of equalities that all hold,
    /// as samples reach these or values are put for names.
    fn edges(&mut self, condition: NodeId, place: Span) -> Checked<Vec<NodeId>> {
        let graph = &self.elaborator.graph;
        let is_equality = |node: &NodeId| *graph.op(*node) == Op::Compare(Comparison::Eq);
        if graph.conjuncts(condition).iter().all(is_equality) {
            return Ok(Vec::new());
        }
        let (mut compared, mut seen, mut stack) = (Vec::new(), HashSet::new(), vec![condition]);
        while let Some(node) = stack.pop() {
            let (op, args) = (graph.op(node), graph.args(node));
            if !seen.insert(node) {
                continue;
            }
            if matches!(op, Op::Compare(_)) {
                compared.push((args[0], args[1]));
            } else if matches!(op, Op::And | Op::Or | Op::Not | Op::Select) {
                stack.extend(args.iter().rev());
            }
        }
        let difference = |(a, b)| self.elaborator.built(place, "a gap", &[], |g, _| g.sub(b, a));
        compared.into_iter().map(difference).collect()
    }

    /// The values that equalities put for names, if each is certain to be in its name's set and to stay what it is when
    /// all are put: then an input that meets the equalities is at hand for every sample.
    fn certain_values(&mut self, bindings: &[ast::Binding]) -> Checked<Option<Vec<(String, NodeId)>>> {
        let mut values = Vec::new();
        let mut replaced = Vec::new();
        for binding in bindings {
            let found = self.variables.iter().find(|variable| variable.name == binding.name.name).cloned();
            let Some(variable) = found else { return Ok(None) };
            let value = self.elaborator.value(&binding.value)?;
            let graph = &self.elaborator.graph;
            let (old, member) = match (&variable.kind, &variable.range) {
                (VariableKind::Member { value: old, .. }, Range::Domain(domain)) => {
                    (*old, domain.properties().iter().all(|property| graph.certain(value, *property)))
                }
                (VariableKind::Scalar { value: old, .. }, Range::Finite(all)) => {
                    (*old, graph.constant_value(value).is_some_and(|x| all.contains(x)))
                }
                (VariableKind::Scalar { value: old, .. }, Range::Interval(interval)) => {
                    let above = |lo, x| if interval.lo_closed { lo <= x } else { lo < x };
                    let below = |x, hi| if interval.hi_closed { x <= hi } else { x < hi };
                    let ends = (graph.constant_value(interval.lo), graph.constant_value(interval.hi));
                    let inside = match (graph.constant_value(value), ends) {
                        (Some(x), (Some(lo), Some(hi))) => above(lo, x) && below(x, hi),
                        (Some(x), (Some(lo), None)) => above(lo, x) && *graph.op(interval.hi) == Op::Infinity,
                        (Some(_), (None, _)) | (None, _) => false,
                    };
                    (*old, inside)
                }
                (VariableKind::Size(_), _) | (VariableKind::Member { .. } | VariableKind::Scalar { .. }, _) => {
                    return Ok(None);
                }
            };
            if !member {
                return Ok(None);
            }
            replaced.push(old);
            values.push((variable.name, value));
        }
        let nodes: Vec<NodeId> = values.iter().map(|(_, value)| *value).collect();
        let rests_on = self.elaborator.graph.reachable(&nodes);
        Ok(Some(values).filter(|_| !replaced.iter().any(|old| rests_on.contains(old))))
    }

    /// `maximizes(f, K, X)`: f(K) <= f(X) for every K, and equal only at K = X, which is one of them.
    pub(super) fn extremum(&mut self, form: &str, args: &[ast::Arg], span: Span) -> Checked<Vec<Part>> {
        let [f, k, x] = args else {
            return self.elaborator.report(
                Diagnostic::new(Code::E0603, format!("`{form}` takes a function, a quantified name and a point"))
                    .at(span, format!("this has {}", plural(args.len(), "argument")))
                    .help(format!("claim {form}(entropy(K, 2), K, eye(n))")),
            );
        };
        let ExprKind::Name(name) = &k.value.kind else {
            return self.elaborator.report(
                Diagnostic::new(Code::E0605, "the second argument is the quantified name that moves")
                    .at(k.value.span, "not a name")
                    .help(format!("put a name here and write the function of it: `{form}(f(K ∘ K), K, X)`")),
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
                    .at(f.value.span, format!("this is {}", a(&found)))
                    .help("take a number of it: a trace, a norm, an entropy"),
            );
        }
        let ident = Ident { name: name.clone(), span: k.value.span };
        let binding = ast::Binding { name: ident, value: x.value.clone() };
        let at_point = self.put(at_any, std::slice::from_ref(&binding))?;
        let inside = self.inside(std::slice::from_ref(&binding))?;
        let member = self.elaborator.value(&k.value)?;
        let point = self.elaborator.value(&x.value)?;
        let maximum = form == "maximizes";
        let gap = self
            .elaborator
            .built(span, form, &[], |g, _| if maximum { g.sub(at_point, at_any) } else { g.sub(at_any, at_point) })?;
        let holds = self.elaborator.built(span, form, &[], |g, _| {
            let zero = g.integer(0)?;
            g.compare(Comparison::Le, zero, gap)
        })?;
        let same = self.elaborator.built(span, form, &[], |g, _| g.equal(member, point))?;
        let (margin, condition) = (self.margin(holds, span)?, self.margin(same, span)?);
        let mut parts = vec![
            Part::Margin { condition: holds, margin, put: Vec::new(), sides: None, member: None },
            Part::Iff { gap, condition, substituted: None, edges: Vec::new() },
        ];
        parts.extend(inside);
        Ok(parts)
    }

    /// `sup(EXPR) <= C`: the margin C − EXPR, where C is finite, and the expression whose largest value is asked for.
    /// `condition` is `EXPR <= C`.
    pub(super) fn supremum(
        &mut self,
        condition: &Expr,
        place: Span,
        args: &[ast::Arg],
    ) -> Checked<(Vec<Part>, Supremum)> {
        let ([ast::Arg { name: None, value }], ExprKind::Compare { rest, .. }) = (args, &condition.kind) else {
            return self.elaborator.report(
                Diagnostic::new(Code::E0603, "`sup` takes one expression")
                    .at(place, format!("this has {}", plural(args.len(), "argument")))
                    .help("the supremum is over all quantified names: `claim sup(entropy(K, 2) - log(n)) <= 0`"),
            );
        };
        let node = self.elaborator.value(value)?;
        if !self.elaborator.graph.ty(node).is_real_scalar() {
            let found = self.elaborator.describe(node);
            let complex = self.elaborator.graph.is_complex(node);
            return self.elaborator.report(
                Diagnostic::new(Code::E0504, "`sup` is of a real number")
                    .at(value.span, format!("this is {}", a(&found)))
                    .help(match complex {
                        true => "complex numbers have no order: take `real(...)` or `abs(...)` of it",
                        false => "take a number of it: a trace, a norm, its greatest entry `max(...)`",
                    }),
            );
        }
        let bound = self.elaborator.value(&rest[0].2)?;
        let infinite = *self.elaborator.graph.op(bound) == Op::Infinity;
        let strict = rest[0].0 == ast::Relation::Lt;
        let supremum = Supremum { value: node, finite: infinite && strict };
        let parts = if infinite { Vec::new() } else { self.inequalities(condition)? };
        Ok((parts, supremum))
    }

    /// A condition as the parts of a claim.
    pub(super) fn inequalities(&mut self, written: &Expr) -> Checked<Vec<Part>> {
        self.elaborator.compared.clear();
        let node = self.elaborator.condition(written)?;
        let compared = std::mem::take(&mut self.elaborator.compared);
        let mut margins = Vec::new();
        self.elaborator.built(written.span, "a condition", &[], |g, _| {
            margins = g.margins_of_conjuncts(node)?;
            Ok(node)
        })?;
        let part = |(condition, margin)| {
            let sides = sides_of(condition, &compared);
            Part::Margin { condition, margin, put: Vec::new(), sides, member: None }
        };
        Ok(margins.into_iter().map(part).collect())
    }

    pub(super) fn asymptotic(
        &mut self,
        f: &Expr,
        g: &Expr,
        order: &Expr,
        variable: &Ident,
        limit: &Expr,
    ) -> Checked<Part> {
        let sides = (self.elaborator.value(f), self.elaborator.value(g), self.elaborator.value(order));
        let (f_node, g_node, order_node) = (sides.0?, sides.1?, sides.2?);
        for (node, expr) in [(f_node, f), (g_node, g), (order_node, order)] {
            if !self.elaborator.graph.ty(node).is_real_scalar() {
                let found = self.elaborator.describe(node);
                return self.elaborator.report(
                    Diagnostic::new(Code::E0504, "an asymptotic claim is about real numbers")
                        .at(expr.span, format!("this is {}", a(&found)))
                        .help("claim it of every entry by itself, or of a norm of the difference"),
                );
            }
        }
        let quantified = self.variables.iter().find(|v| v.name == variable.name);
        let (input, found) = (quantified.and_then(Variable::real_input), quantified.map(|v| v.kind.clone()));
        let Some(input) = input else {
            let (name, bound) = (&variable.name, self.elaborator.scope.get(&variable.name).map(|bound| bound.span));
            let label = match found {
                Some(VariableKind::Size(_)) => "an integer does not move continuously",
                Some(_) => "not a real scalar",
                None if bound.is_some() => "a value with a name, not a quantified name",
                None => "not a quantified name",
            };
            let mut diagnostic =
                Diagnostic::new(Code::E0605, format!("`{name}` cannot go to a limit")).at(variable.span, label);
            if let Some(bound) = bound {
                diagnostic = diagnostic.because(bound, format!("`{name}` is bound here"));
            }
            let help = if found.is_none() && bound.is_some() {
                "name the quantified scalar that it is made of".to_string()
            } else {
                format!("quantify it over an interval: `forall {name} in (0, inf)`")
            };
            return self.elaborator.report(diagnostic.help(help));
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
        if to_zero && matches!(found, Some(VariableKind::Member { .. })) {
            let name = &variable.name;
            return self.elaborator.report(
                Diagnostic::new(Code::E0605, format!("`{name}` goes to 0 from both sides"))
                    .at(variable.span, "a limit at 0 is one from above")
                    .help(format!("quantify it over positive numbers, `forall {name} in (0, inf)`, and claim the other side of -{name}")),
            );
        }
        let difference = self.elaborator.built(f.span.to(g.span), "`~`", &[], |graph, _| graph.sub(f_node, g_node))?;
        Ok(Part::Asymptotic { difference, order: order_node, variable: input, to_infinity })
    }

    /// A value that a quantified name cannot take, since it is of another kind.
    fn cannot_be<T>(&mut self, variable: &Variable, old: NodeId, value: NodeId, place: Span) -> Checked<T> {
        let e = &mut *self.elaborator;
        let (expected, found) = (a(&e.describe(old)), a(&e.describe(value)));
        let diagnostic =
            Diagnostic::new(Code::E0506, format!("`{}` is {expected} and cannot be {found}", variable.name))
                .at(place, format!("this is {found}"));
        let sizes = e.graph.ty(old).shape.clone();
        let named = e.quoted(place, "this");
        let help = match (&sizes, e.graph.ty(value).shape.is_square()) {
            (Shape::Matrix(m, n), true) if m == n && named.starts_with("`eye(") => {
                Some(format!("the identity of this size is `eye({m})`"))
            }
            _ => None,
        };
        let described = e.scope.get(&variable.name).map(|binding| binding.described.clone()).unwrap_or_default();
        let diagnostic = diagnostic
            .because(variable.span, format!("`{}` is declared as {described}", variable.name))
            .maybe_help(help);
        e.report(diagnostic)
    }
}

/// The sides of the comparison that a condition is, unless comparisons of different sides came to the same condition, as
/// all that are decided do.
fn sides_of(condition: NodeId, compared: &[(NodeId, Sides)]) -> Option<Sides> {
    let mut found = compared.iter().filter(|(node, _)| *node == condition).map(|(_, sides)| *sides);
    let first = found.next()?;
    found.all(|sides| sides == first).then_some(first)
}

/// `maximizes(...)` or `minimizes(...)` as a whole claim.
pub(super) fn extremum(condition: &Expr) -> Option<(&str, &[ast::Arg])> {
    match &condition.kind {
        ExprKind::Call { callee, args } if matches!(callee.name.as_str(), "maximizes" | "minimizes") => {
            Some((&callee.name, args))
        }
        _ => None,
    }
}

/// The condition of a claim `sup(EXPR) <= C` without its `sup`, and where that stands with its arguments.
pub(super) fn supremum(condition: &Expr) -> Option<(Expr, Span, &[ast::Arg])> {
    use ast::Relation::{Le, Lt};
    let ExprKind::Compare { first, rest } = &condition.kind else { return None };
    let (ExprKind::Call { callee, args }, [(Le | Lt, ..)]) = (&first.kind, rest.as_slice()) else { return None };
    if callee.name != "sup" {
        return None;
    }
    // With a wrong number of arguments any of them stands for the expression: a message follows.
    let value = args.first().map_or_else(|| (**first).clone(), |arg| arg.value.clone());
    let kind = ExprKind::Compare { first: Box::new(value), rest: rest.clone() };
    Some((Expr { kind, span: condition.span }, first.span, args))
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
