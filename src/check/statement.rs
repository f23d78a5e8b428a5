//! Theorems: quantified names, hypotheses and claims.

use std::sync::Arc;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive};

use super::elaborate::{Checked, Elaborator, Place, Reported};
use super::hint::a;
use super::names::names_in_size;
use super::scope::Value;
use super::theorem::{Assumption, Claim, Expected, Part, Supremum, Theorem, Variable, VariableKind};
use crate::base::{Code, Diagnostic, Span};
use crate::ir::{
    Basis, Dim, Domain, Facts, Input, InputId, Interval, NodeId, Op, Property, Range, Shape, SizeVar, Type,
};
use crate::syntax::ast::{self, DomainKind, Expr, Ident, Statement};
use crate::syntax::{Spelling, print_statement};

/// A size that a theorem uses without quantifying it ranges from 1 to this.
const IMPLICIT_SIZE_LIMIT: i64 = 8;

/// A range of integers with nonpositive members is listed, up to this many.
const MAX_LISTED: i64 = 10_000;

/// What the proofs of a theorem may cite.
#[derive(Clone, Copy)]
pub(super) struct Citable<'e> {
    /// The theorems of imported files and those of the same file that it cites.
    pub lemmas: &'e [Arc<Theorem>],
    /// The names of those that it cites although they rest on it.
    pub circular: &'e [&'e str],
    /// The names of those that it cites in which there are mistakes.
    pub broken: &'e [&'e str],
}

/// Builds one theorem.
pub(super) struct TheoremBuilder<'e, 'a> {
    pub(super) elaborator: &'e mut Elaborator<'a>,
    pub(super) variables: Vec<Variable>,
    assumptions: Vec<Assumption>,
    pub(super) claims: Vec<Claim>,
    /// The place of each claim's label, or of the claim where it has none.
    labels: Vec<Span>,
    /// The place of what is expected of the last claim.
    expected: Option<Span>,
    pub(super) citable: Citable<'e>,
    /// The last claim, as it was written.
    pub(super) last: Option<&'e ast::Claim>,
    pub(super) broken: bool,
}

impl<'e, 'a> TheoremBuilder<'e, 'a> {
    /// Checks a theorem and builds its graph. Every statement is checked, also after a mistake. Its proofs may cite
    /// what is `citable`.
    pub fn build(
        elaborator: &'e mut Elaborator<'a>,
        written: &'e ast::Theorem,
        file: &str,
        citable: Citable<'e>,
    ) -> Checked<Theorem> {
        let mut builder = TheoremBuilder {
            elaborator,
            variables: Vec::new(),
            assumptions: Vec::new(),
            claims: Vec::new(),
            labels: Vec::new(),
            expected: None,
            citable,
            last: None,
            broken: false,
        };
        builder.elaborator.place = Place::Theorem;
        builder.elaborator.later = bound_names(written);
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
        let TheoremBuilder { elaborator, variables, assumptions, mut claims, .. } = builder;
        // Nothing says that a value put for a name meets the hypotheses.
        for part in claims.iter_mut().flat_map(|claim| &mut claim.parts) {
            if let Part::Iff { substituted, .. } = part
                && !assumptions.is_empty()
            {
                *substituted = None;
            }
        }
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

    fn statement(&mut self, statement: &'e Statement) -> Checked<()> {
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
                // What follows counts only where the hypothesis holds.
                self.elaborator.chosen += 1;
                for node in self.elaborator.graph.conjuncts(node) {
                    let margin = self.margin(node, condition.span)?;
                    self.assumptions.push(Assumption { condition: node, margin, span: condition.span });
                }
                Ok(())
            }
            Statement::Claim(claim) => {
                let label =
                    claim.label.as_ref().map_or_else(|| (self.claims.len() + 1).to_string(), |l| l.text.clone());
                if let Some(before) = self.claims.iter().find(|other| other.label == label) {
                    let at = self.claims.iter().position(|other| other.label == before.label).unwrap_or(0);
                    return self.elaborator.report(
                        Diagnostic::new(Code::E0205, format!("two claims are labelled `{label}`"))
                            .at(claim.label.as_ref().map_or(claim.span, |label| label.span), "the second")
                            .because(self.labels[at], "the first")
                            .help("verdicts are told apart by these labels: give each its own"),
                    );
                }
                self.expected = None;
                self.last = None;
                let (parts, supremum) = self.claim(claim)?;
                self.labels.push(claim.label.as_ref().map_or(claim.span, |label| label.span));
                let printed = print_statement(statement, Spelling::Ascii);
                let statement = printed.split_whitespace().collect::<Vec<_>>().join(" ");
                let (span, expected) = (claim.span, Expected::Holds);
                self.claims.push(Claim { label, statement, span, expected, parts, supremum, proof: None });
                self.last = Some(claim);
                Ok(())
            }
            Statement::Expect(expect, span) => match self.claims.last_mut() {
                Some(_) if self.expected.is_some() => {
                    let first = self.expected.unwrap_or(*span);
                    self.elaborator.report(
                        Diagnostic::new(Code::E0603, "two things are expected of one claim")
                            .at(*span, "the second")
                            .because(first, "the first")
                            .help("keep the one that is meant: a claim is refuted, or vacuous, or holds"),
                    )
                }
                Some(claim) => {
                    self.expected = Some(*span);
                    claim.expected = match expect {
                        ast::Expect::Refuted => Expected::Refuted,
                        ast::Expect::Vacuous => Expected::Vacuous,
                    };
                    Ok(())
                }
                None if self.broken => Err(Reported),
                None => self.elaborator.report(
                    Diagnostic::new(Code::E0603, "`expect` stands after the claim that it is about")
                        .at(*span, "no claim before it")
                        .help("move it below the claim"),
                ),
            },
            Statement::Proof(proof) => self.proof(proof),
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
                self.sizes_positive(&domain, sizes)?;
                self.member(name, domain)?
            }
            DomainKind::Range { lo, hi } => self.integers(name, lo, hi, domain.span)?,
            DomainKind::Interval { lo, lo_closed, hi, hi_closed } => {
                self.interval(name, (lo, *lo_closed), (hi, *hi_closed), domain.span)?
            }
            DomainKind::Finite(values) => self.finite(name, values, domain.span)?,
        };
        self.elaborator.learn_range(value, &range);
        self.elaborator.scope.bind(&name.name, Value::Node(value), name.span, described);
        self.variables.push(Variable { name: name.name.clone(), span: name.span, range, kind, implied: false });
        Ok(())
    }

    /// A size that is 0 for the least values of the integers in it.
    fn sizes_positive(&mut self, domain: &Domain, written: &[Expr]) -> Checked<()> {
        for (size, expr) in domain.sizes.iter().zip(written) {
            let (Some(least), vars) = (size.least(), size.vars()) else { continue };
            if least >= 1 || vars.is_empty() {
                continue;
            }
            let at: Vec<String> = vars.iter().map(|var| format!("{} is {}", var.name, var.least)).collect();
            let mut diagnostic = Diagnostic::new(Code::E0305, format!("the size {size} is not always positive"))
                .at(expr.span, format!("this is {least} where {}", at.join(" and ")));
            for var in &vars {
                if let Some(place) = self.elaborator.size_places.get(var) {
                    diagnostic = diagnostic.because(*place, format!("`{}` ranges from {}", var.name, var.least));
                }
            }
            return self
                .elaborator
                .report(diagnostic.help("let the range start higher, so that every size is at least 1"));
        }
        Ok(())
    }

    /// Names of sizes that nothing quantifies range over small sizes.
    fn implicit_sizes(&mut self, size: &Expr) -> Checked<()> {
        for ident in names_in_size(size) {
            if self.elaborator.scope.get(&ident.name).is_some() {
                continue;
            }
            let (lo, hi) = (Dim::constant(1), Dim::constant(IMPLICIT_SIZE_LIMIT));
            let (range, kind, value) = self.size_variable(&ident, Range::Integers(lo, hi))?;
            let Ident { name, span } = ident;
            self.elaborator.scope.bind(&name, Value::Node(value), span, "");
            self.variables.push(Variable { name, span, range, kind, implied: true });
        }
        Ok(())
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
        let value = e.built(name.span, "a domain", &[], |g, _| {
            let member = domain.chart(g, &nodes)?;
            g.named(member)
        })?;
        Ok((Range::Domain(domain), VariableKind::Member { raw, value }, value))
    }

    fn size_variable(&mut self, name: &Ident, range: Range) -> Checked<(Range, VariableKind, NodeId)> {
        let least = match &range {
            // Nothing is known of an end that other integers may lower.
            Range::Integers(lo, _) => lo.least().unwrap_or(i64::MIN),
            Range::Finite(values) => values.first().and_then(|v| v.to_integer().to_i64()).unwrap_or(i64::MIN),
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
        match self.elaborator.wanted_size(node) {
            Some(dim) => Ok(dim),
            None => {
                let found = self.elaborator.describe(node);
                let infinite = *self.elaborator.graph.op(node) == Op::Infinity;
                let (label, help) = if infinite {
                    ("not an integer".to_string(), "a range ends where sampling is to end: `1..32`")
                } else {
                    let known = self.elaborator.known_number(node);
                    let found = known.unwrap_or_else(|| a(&found));
                    let help = "an interval of real numbers is written `[a, b]`, `(a, b]`, `[a, b)` or `(a, b)`";
                    (format!("this is {found}, not an integer known here"), help)
                };
                self.elaborator.report(
                    Diagnostic::new(Code::E0406, "a range `a..b` goes from one integer to another")
                        .at(end.span, label)
                        .help(help),
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
        let (least, most) = (ends.0?, ends.1?);
        for (node, expr) in [(least, lo), (most, hi)] {
            if !self.elaborator.graph.ty(node).is_real_scalar() {
                let found = self.elaborator.describe(node);
                return self.elaborator.report(
                    Diagnostic::new(Code::E0406, "the ends of an interval are real numbers")
                        .at(expr.span, format!("this is {}", a(&found))),
                );
            }
        }
        let g = &self.elaborator.graph;
        if let (Some(x), Some(y)) = (g.constant_value(least), g.constant_value(most))
            && (x > y || (x == y && !(lo_closed && hi_closed)))
        {
            return self.elaborator.report(
                Diagnostic::new(Code::E0406, "no number lies in this interval")
                    .at(span, "empty")
                    .help("write the smaller end first; `[a, a]` holds one number"),
            );
        }
        let nonnegative = g.has(least, Property::Nonnegative);
        let positive = g.has(least, Property::Positive) || (nonnegative && !lo_closed);
        let mut properties = Vec::new();
        if nonnegative {
            properties.push(Property::Nonnegative);
        }
        if positive {
            properties.push(Property::Positive);
        }
        self.scalar(name, Range::Interval(Interval { lo: least, lo_closed, hi: most, hi_closed }), &properties)
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

    pub(super) fn margin(&mut self, condition: NodeId, span: Span) -> Checked<crate::ir::Margin> {
        let mut margin = None;
        self.elaborator.built(span, "a condition", &[], |g, _| {
            let made = g.margin(condition)?;
            margin = Some(made);
            Ok(made.node)
        })?;
        margin.ok_or(Reported)
    }

    /// The parts of a claim `sup(EXPR) <= C`; where the file defines a `sup`, that is a function like any other.
    fn supremum_in<'c>(&self, condition: &'c Expr) -> Option<(Expr, Span, &'c [ast::Arg])> {
        super::claim::supremum(condition).filter(|_| self.elaborator.global("sup").is_none())
    }

    fn claim(&mut self, claim: &ast::Claim) -> Checked<(Vec<Part>, Option<Supremum>)> {
        let mut supremum = None;
        let mut parts = match &claim.kind {
            ast::ClaimKind::Condition(written) => {
                if let Some((form, args)) = super::claim::extremum(written) {
                    return Ok((self.extremum(form, args, written.span)?, None));
                }
                match self.supremum_in(written) {
                    Some((condition, place, args)) => {
                        let (parts, asked) = self.supremum(&condition, place, args)?;
                        supremum = Some(asked);
                        parts
                    }
                    None => self.inequalities(written)?,
                }
            }
            ast::ClaimKind::Asymptotic { f, g, order, variable, limit } => {
                vec![self.asymptotic(f, g, order, variable, limit)?]
            }
        };
        if let Some(equality) = &claim.equality {
            let ast::ClaimKind::Condition(condition) = &claim.kind else {
                return self.elaborator.report(
                    Diagnostic::new(Code::E0603, "an asymptotic claim has no case of equality")
                        .at(claim.span, "`equality` belongs to a claim `a <= b` or `a >= b`")
                        .help("leave the clause out, or claim the equality by itself"),
                );
            };
            let without_sup = self.supremum_in(condition).map(|(condition, ..)| condition);
            let gap = self.gap(without_sup.as_ref().unwrap_or(condition))?;
            match equality {
                ast::Equality::At(bindings) => {
                    let gap = self.tight(gap, bindings)?;
                    parts.extend(self.inside(bindings)?);
                    let put = self.put_values(bindings)?;
                    let zero = self.elaborator.built(claim.span, "a gap", &[], |g, _| {
                        let zero = g.integer(0)?;
                        g.equal(gap, zero)
                    })?;
                    let margin = self.margin(zero, claim.span)?;
                    parts.push(Part::Margin { condition: zero, margin, put, sides: None, member: None });
                }
                ast::Equality::Iff(condition) => parts.push(self.iff(gap, condition)?),
            }
        }
        Ok((parts, supremum))
    }
}

/// Every name that a theorem binds, with its place.
fn bound_names(written: &ast::Theorem) -> Vec<(String, Span)> {
    let names = written.statements.iter().flat_map(|statement| match statement {
        Statement::Forall(groups) => groups.iter().flat_map(|group| &group.names).collect::<Vec<_>>(),
        Statement::Let(bindings) => bindings.iter().map(|binding| &binding.name).collect(),
        Statement::Assume(_) | Statement::Claim(_) | Statement::Expect(..) | Statement::Proof(_) => Vec::new(),
    });
    names.map(|name| (name.name.clone(), name.span)).collect()
}
