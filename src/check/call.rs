//! Calls of definitions, which unfold.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::builtin;
use super::definitions::{Definition, Origin};
use super::elaborate::{Checked, Elaborator, Operand, Reported};
use super::scope::{Binding, Function, Scope, Value};
use crate::base::{Code, Diagnostic, Span, did_you_mean};
use crate::ir::{Basis, Dim, Domain, Field, NodeId, Op, Property, Shape, SolveError, solve};
use crate::syntax::ast::{Arg, DomainKind, Expr, ExprKind, Ident, Param};
use crate::syntax::{Spelling, print_domain, print_expr};

/// An argument with what it stands for.
pub(super) struct Given {
    pub value: Value,
    pub span: Span,
}

impl Elaborator<'_> {
    /// `callee(args)`
    pub(super) fn call(&mut self, callee: &Ident, args: &[Arg], span: Span) -> Checked<NodeId> {
        let name = callee.name.as_str();
        if let Some(binding) = self.scope.get(name) {
            match &binding.value {
                Value::Function(function) => {
                    let function = function.clone();
                    return self.apply(&function, callee, args, span);
                }
                Value::Broken => return Err(Reported),
                // A value of that name does not hide a function of that name in a call: `rank(A)` stays a call.
                Value::Node(_) | Value::Text(_) if self.global(name).is_none() => {
                    let Binding { span: place, .. } = *binding;
                    return self.report(
                        Diagnostic::new(Code::E0202, format!("`{name}` is a value, not a function"))
                            .at(callee.span, "called here")
                            .because(place, format!("`{name}` is named here"))
                            .help(format!("for a product write `{name} * (...)`; for an entry `{name}[i, j]`")),
                    );
                }
                Value::Node(_) | Value::Text(_) => {}
            }
        }
        match self.global(name) {
            Some(function) => self.apply(&function, callee, args, span),
            None => {
                for arg in args {
                    // The arguments' own mistakes are worth telling too.
                    let _ = self.argument(&arg.value);
                }
                if builtin::CLAIM_FORMS.contains(&name) {
                    return self.report(
                        Diagnostic::new(Code::E0603, format!("`{name}(...)` is a claim of its own"))
                            .at(callee.span, "it stands right after `claim`, and nowhere else")
                            .help(format!("claim {name}(FUNCTION, VARIABLE, POINT)")),
                    );
                }
                let mut names: Vec<String> =
                    self.definitions.visible(self.module).map(|d| d.def.name.name.clone()).collect();
                names.extend(builtin::builtins().map(|b| b.name.to_string()));
                names.sort();
                let hint =
                    did_you_mean(name, names.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
                self.report(
                    Diagnostic::new(Code::E0202, format!("the function `{name}` is not known"))
                        .at(callee.span, "not known here")
                        .maybe_help(hint),
                )
            }
        }
    }

    /// The function of that name outside the local scope.
    fn global(&self, name: &str) -> Option<Function> {
        if let Some(definition) = self.definitions.get(self.module, name) {
            return Some(Function::Definition(definition.clone()));
        }
        builtin::builtin(name).map(|builtin| Function::Builtin(builtin.name))
    }

    fn apply(&mut self, function: &Function, callee: &Ident, args: &[Arg], span: Span) -> Checked<NodeId> {
        match function {
            Function::Definition(definition) => self.call_definition(definition, callee, args, span),
            Function::Builtin(name) => self.call_builtin(name, callee, args, span),
            Function::Entrywise(function) => self.call_builtin(function.row().name, callee, args, span),
        }
    }

    /// An argument, which may also be a function or a text.
    pub(super) fn argument(&mut self, expr: &Expr) -> Checked<Given> {
        let value = match &expr.kind {
            ExprKind::Str(text) => Value::Text(text.clone()),
            ExprKind::Name(name) if self.names_function(name) => match self.function(name) {
                Some(function) => Value::Function(function),
                None => return Err(Reported),
            },
            _ => Value::Node(self.any(expr)?),
        };
        Ok(Given { value, span: expr.span })
    }

    fn names_function(&self, name: &str) -> bool {
        match self.scope.get(name) {
            Some(binding) => matches!(binding.value, Value::Function(_)),
            None => self.global(name).is_some() && !builtin::CONSTANTS.iter().any(|(constant, _)| *constant == name),
        }
    }

    fn call_definition(
        &mut self,
        definition: &Arc<Definition>,
        callee: &Ident,
        args: &[Arg],
        span: Span,
    ) -> Checked<NodeId> {
        let given = self.match_arguments(definition, callee, args)?;
        if definition.broken.load(Ordering::Relaxed) {
            return Err(Reported);
        }
        self.enter(definition, span)?;
        let result = self.unfold(definition, given, span);
        self.frames.pop();
        result
    }

    /// Each parameter's argument, in order; `None` where the default is to be used.
    fn match_arguments(
        &mut self,
        definition: &Arc<Definition>,
        callee: &Ident,
        args: &[Arg],
    ) -> Checked<Vec<Option<Given>>> {
        let params = &definition.def.params;
        let mut given: Vec<Option<Given>> = params.iter().map(|_| None).collect();
        let mut broken = false;
        for (position, arg) in args.iter().enumerate() {
            let index = match &arg.name {
                None if position < params.len() => Some(position),
                None => None,
                Some(name) => match params.iter().position(|param| param.name.name == name.name) {
                    Some(index) => Some(index),
                    None => {
                        broken = true;
                        self.unknown_argument(definition, name);
                        let _ = self.argument(&arg.value);
                        continue;
                    }
                },
            };
            let value = self.argument(&arg.value);
            match (index, value) {
                (None, _) => {}
                (Some(_), Err(Reported)) => broken = true,
                (Some(index), Ok(value)) => {
                    if let Some(before) = &given[index] {
                        broken = true;
                        let (first, name) = (before.span, &params[index].name.name);
                        let _ = self.report::<()>(
                            Diagnostic::new(Code::E0207, format!("the argument `{name}` is given twice"))
                                .at(arg.value.span, "given again here")
                                .because(first, "given first here"),
                        );
                    }
                    given[index] = Some(value);
                }
            }
        }
        let missing: Vec<&str> = params
            .iter()
            .zip(&given)
            .filter(|(param, given)| given.is_none() && param.default.is_none())
            .map(|(param, _)| param.name.name.as_str())
            .collect();
        let positional = args.iter().filter(|arg| arg.name.is_none()).count();
        if !broken && (positional > params.len() || !missing.is_empty()) {
            let name = &definition.def.name.name;
            let signature = signature(definition);
            let message = if positional > params.len() {
                format!("`{name}` takes {} arguments, not {positional}", params.len())
            } else {
                format!("`{name}` needs {} more: {}", plural(missing.len(), "argument"), missing.join(", "))
            };
            return self.report(
                Diagnostic::new(Code::E0203, message)
                    .at(callee.span, "called here")
                    .because(definition.def.name.span, "defined here")
                    .note(format!("its signature: {signature}")),
            );
        }
        if broken { Err(Reported) } else { Ok(given) }
    }

    fn unknown_argument(&mut self, definition: &Arc<Definition>, name: &Ident) {
        let names: Vec<&str> = definition.def.params.iter().map(|param| param.name.name.as_str()).collect();
        let hint = did_you_mean(&name.name, names.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        let _ = self.report::<()>(
            Diagnostic::new(Code::E0204, format!("`{}` has no argument `{}`", definition.def.name.name, name.name))
                .at(name.span, "no such argument")
                .because(definition.def.name.span, "defined here")
                .note(format!("its signature: {}", signature(definition)))
                .maybe_help(hint),
        );
    }

    /// The body of a definition with its parameters bound. The scope and the module are those of the definition.
    fn unfold(&mut self, definition: &Arc<Definition>, given: Vec<Option<Given>>, span: Span) -> Checked<NodeId> {
        let outer_scope = std::mem::take(&mut self.scope);
        let outer_module = std::mem::replace(&mut self.module, definition.module);
        let result = self.unfold_here(definition, given, &outer_scope, span);
        self.scope = outer_scope;
        self.module = outer_module;
        result
    }

    fn unfold_here(
        &mut self,
        definition: &Arc<Definition>,
        given: Vec<Option<Given>>,
        outer: &Scope,
        span: Span,
    ) -> Checked<NodeId> {
        let def = &definition.def;
        self.bind_sizes(definition, &given, outer, span)?;
        let mut nodes = Vec::with_capacity(given.len());
        let mut plain = true;
        for (param, given) in def.params.iter().zip(given) {
            let value = match given {
                Some(Given { value: Value::Node(node), span }) => {
                    let node = self.meets(param, Operand { node, span }, &def.name.name)?;
                    nodes.push(node);
                    Value::Node(node)
                }
                Some(Given { value, .. }) => {
                    plain = false;
                    value
                }
                None => match &param.default {
                    Some(default) => {
                        let node = self.any(default)?;
                        nodes.push(node);
                        Value::Node(node)
                    }
                    // Matching the arguments found every parameter without a default to be given.
                    None => return Err(Reported),
                },
            };
            let described = param.domain.as_ref().map_or(String::new(), |d| self.sources.text(d.span).to_string());
            self.scope.bind(&param.name.name, value, param.name.span, described);
        }
        let key = (Arc::as_ptr(definition), nodes);
        if plain && let Some(node) = self.unfolded.get(&key) {
            return Ok(*node);
        }
        let condition =
            def.requires.as_ref().map(|requires| self.where_condition(requires, definition, span)).transpose()?;
        let mut result = self.any(&def.body)?;
        result = self.promised(definition, result, span)?;
        if let Some(condition) = condition {
            result = self.built(span, "a requirement", &[], |g, _| g.make(Op::Require, vec![result, condition]))?;
        }
        if plain {
            self.unfolded.insert(key, result);
        }
        Ok(result)
    }

    fn where_condition(&mut self, requires: &Expr, definition: &Arc<Definition>, span: Span) -> Checked<NodeId> {
        let condition = self.condition(requires)?;
        if *self.graph.op(condition) == Op::Truth(false) {
            let name = &definition.def.name.name;
            let text = self.sources.text(requires.span).to_string();
            return self.report(
                Diagnostic::new(Code::E0404, format!("`{name}` is defined only where {text}"))
                    .at(span, "this call breaks the condition")
                    .because(requires.span, "the condition"),
            );
        }
        Ok(condition)
    }

    /// Finds the sizes that the parameters' domains name from the arguments' shapes, and binds them.
    fn bind_sizes(
        &mut self,
        definition: &Arc<Definition>,
        given: &[Option<Given>],
        outer: &Scope,
        span: Span,
    ) -> Checked<()> {
        let mut open = Vec::new();
        let mut equations: Vec<(Dim, Dim)> = Vec::new();
        let mut places = Vec::new();
        for (param, given) in definition.def.params.iter().zip(given) {
            let Some(domain) = &param.domain else { continue };
            let DomainKind::Named { sizes, .. } = &domain.kind else { continue };
            for size in sizes {
                self.open_sizes(size, &mut open);
            }
            let Some(Given { value: Value::Node(node), span: place }) = given else { continue };
            let declared = self.domain(domain)?;
            let (expected, actual) = (declared.ty().shape, self.graph.ty(*node).shape.clone());
            let fits = match (&expected, &actual) {
                (Shape::Scalar, Shape::Scalar) => true,
                (Shape::Vector(n), Shape::Vector(m)) => {
                    equations.push((n.clone(), m.clone()));
                    places.push((*place, param));
                    true
                }
                // A column is a matrix of one column.
                (Shape::Matrix(m, n), Shape::Matrix(..) | Shape::Vector(_)) => {
                    equations.extend([(m.clone(), actual.rows()), (n.clone(), actual.cols())]);
                    places.extend([(*place, param), (*place, param)]);
                    true
                }
                _ => false,
            };
            if !fits {
                let frame = self.frames.pop();
                let operand = Operand { node: *node, span: *place };
                let result = self.wrong_kind(definition, param, operand, outer);
                self.frames.extend(frame);
                return result;
            }
        }
        let vars: Vec<_> = open.iter().map(|(var, _)| var.clone()).collect();
        let found = match solve(&equations, &vars) {
            Ok(found) => found,
            Err(SolveError::Conflict(i) | SolveError::Undetermined(i)) => {
                let frame = self.frames.pop();
                let result = self.size_conflict(definition, &equations, &places, i, outer, given);
                self.frames.extend(frame);
                return result;
            }
        };
        for (var, place) in open {
            let Some(dim) = found.get(&var) else {
                return self.report(
                    Diagnostic::new(Code::E0306, format!("nothing determines the size `{}`", var.name))
                        .at(place, "this size")
                        .because(span, "in this call"),
                );
            };
            let node = self.built(place, "a size", &[], |g, _| g.size(dim.clone()))?;
            self.scope.bind(var.name.to_string(), Value::Node(node), place, "");
        }
        Ok(())
    }

    /// Gives every name in a size expression that is not bound yet a size variable of its own.
    fn open_sizes(&mut self, size: &Expr, open: &mut Vec<(crate::ir::SizeVar, Span)>) {
        match &size.kind {
            ExprKind::Name(name) if self.scope.get(name).is_none() => {
                let var = self.fresh_size(name, 1, size.span);
                open.push((var.clone(), size.span));
                if let Ok(node) = self.built(size.span, "a size", &[], |g, _| g.size(Dim::var(var))) {
                    self.scope.bind(name, Value::Node(node), size.span, "");
                }
            }
            ExprKind::Chain { first, rest } => {
                self.open_sizes(first, open);
                for (_, _, operand) in rest {
                    self.open_sizes(operand, open);
                }
            }
            ExprKind::Power { base, .. } => self.open_sizes(base, open),
            _ => {}
        }
    }

    fn wrong_kind(
        &mut self,
        definition: &Arc<Definition>,
        param: &Param,
        operand: Operand,
        outer: &Scope,
    ) -> Checked<()> {
        let found = self.describe(operand.node);
        let name = &definition.def.name.name;
        let domain = param.domain.as_ref().map_or(String::new(), |d| self.sources.text(d.span).to_string());
        let scalar_wanted = matches!(domain.as_str(), "Real" | "Complex");
        let code = if scalar_wanted { Code::E0501 } else { Code::E0502 };
        let inner = std::mem::replace(&mut self.scope, outer.clone());
        let result = self.report(
            Diagnostic::new(code, format!("`{name}` takes {domain} for `{}`, not a {found}", param.name.name))
                .at(operand.span, format!("this is a {found}"))
                .because(param.name.span, format!("`{}` is declared here", param.name.name)),
        );
        self.scope = inner;
        result
    }

    fn size_conflict(
        &mut self,
        definition: &Arc<Definition>,
        equations: &[(Dim, Dim)],
        places: &[(Span, &Param)],
        failed: usize,
        outer: &Scope,
        given: &[Option<Given>],
    ) -> Checked<()> {
        let (place, param) = places[failed];
        let name = &definition.def.name.name;
        let domain = param.domain.as_ref().map_or(String::new(), |d| self.sources.text(d.span).to_string());
        let inner = std::mem::replace(&mut self.scope, outer.clone());
        let mut diagnostic = Diagnostic::new(Code::E0301, format!("the sizes of the arguments of `{name}` do not fit"));
        let mut operands = Vec::new();
        for (given, param) in given.iter().zip(&definition.def.params) {
            if let Some(Given { value: Value::Node(node), span }) = given
                && let Some(declared) = &param.domain
                && matches!(&declared.kind, DomainKind::Named { sizes, .. } if !sizes.is_empty())
            {
                let found = self.describe(*node);
                let declared = self.sources.text(declared.span).to_string();
                diagnostic = diagnostic.at(*span, format!("this is a {found}, for `{}: {declared}`", param.name.name));
                operands.push(Operand { node: *node, span: *span });
            }
        }
        if let [a, b] = operands.as_slice()
            && let (Shape::Matrix(m, n), Shape::Matrix(p, q)) =
                (&self.graph.ty(a.node).shape, &self.graph.ty(b.node).shape)
            && (m, n) == (q, p)
        {
            let text = self.quoted(b.span, "the second").trim_matches('`').to_string();
            diagnostic = diagnostic.help(format!("transpose one of them: `{text}'`"));
        }
        if operands.len() == 1
            && let Shape::Matrix(m, n) = &self.graph.ty(operands[0].node).shape
            && m != n
        {
            let text = self.quoted(place, "Z").trim_matches('`').to_string();
            diagnostic = diagnostic.help(format!(
                "`{name}` takes a kernel: `gram({text})` is {n} × {n}, over the columns; `cov({text})` is {m} × {m}, over the rows"
            ));
        }
        for operand in &operands {
            let text = self.sources.text(operand.span);
            if let Some(binding) = self.scope.get(text) {
                let described = binding.described.clone();
                let place = binding.span;
                if !described.is_empty() {
                    diagnostic = diagnostic.because(place, format!("`{text}` is declared as {described}"));
                }
            }
        }
        let (expected, actual) = &equations[failed];
        diagnostic = diagnostic
            .because(param.name.span, format!("`{}: {domain}` is declared here", param.name.name))
            .note(format!("the size written {expected} would have to be {actual}"));
        let result = self.report(diagnostic);
        self.scope = inner;
        result
    }

    /// The argument as the parameter's domain requires it: field and facts.
    fn meets(&mut self, param: &Param, operand: Operand, callee: &str) -> Checked<NodeId> {
        let Some(written) = &param.domain else { return Ok(operand.node) };
        let by = format!("`{callee}`");
        match &written.kind {
            DomainKind::Named { .. } => {
                let domain = self.domain(written)?;
                self.meets_domain(&domain, operand, &by)
            }
            DomainKind::Range { .. } | DomainKind::Interval { .. } | DomainKind::Finite(_) => Ok(operand.node),
        }
    }

    /// A value as a member of a domain: tested where that is not known, refused where it is known to be false.
    ///
    /// Definitions for real matrices serve complex ones too; a real scalar must be real.
    pub(super) fn meets_domain(&mut self, domain: &Domain, operand: Operand, by: &str) -> Checked<NodeId> {
        let ty = self.graph.ty(operand.node).clone();
        if ty.field == Field::Truth {
            return self.report(
                Diagnostic::new(Code::E0505, format!("{by} needs a value, not a condition"))
                    .at(operand.span, "this is a condition"),
            );
        }
        if ty.field == Field::Complex && ty.shape == Shape::Scalar && domain.ty().field == Field::Real {
            return self.report(
                Diagnostic::new(Code::E0504, format!("{by} needs a real number"))
                    .at(operand.span, "this is complex")
                    .help("take `real(x)` or `abs(x)`"),
            );
        }
        let mut operand = operand;
        for property in domain.properties() {
            // Orthonormal rows follow from orthonormal columns of a square matrix and need no test of their own.
            if *property == Property::OrthonormalRows {
                continue;
            }
            operand = self.needs(operand, *property, by)?;
        }
        Ok(operand.node)
    }

    /// The result with what the definition's result domain says of it.
    fn promised(&mut self, definition: &Arc<Definition>, result: NodeId, span: Span) -> Checked<NodeId> {
        let Some(written) = &definition.def.result else { return Ok(result) };
        let domain = self.domain(written)?;
        let (expected, actual) = (domain.ty(), self.graph.ty(result).clone());
        if expected.shape != actual.shape {
            let found = self.describe(result);
            return self.report(
                Diagnostic::new(
                    Code::E0301,
                    format!("`{}` promises a {} and yields a {found}", definition.def.name.name, expected.shape),
                )
                .at(definition.def.body.span, format!("this is a {found}"))
                .because(written.span, "promised here"),
            );
        }
        match definition.origin {
            Origin::Library => {
                self.built(span, "a result", &[], |g, _| g.annotate(result, domain.properties(), Basis::Construction))
            }
            Origin::User => {
                let by = format!("the result of `{}`", definition.def.name.name);
                self.meets_domain(&domain, Operand { node: result, span: definition.def.body.span }, &by)
            }
        }
    }
}

/// A definition's signature as it was written, without its body.
pub(super) fn signature(definition: &Definition) -> String {
    let def = &definition.def;
    let params: Vec<String> = def
        .params
        .iter()
        .map(|param| {
            let domain =
                param.domain.as_ref().map_or(String::new(), |d| format!(": {}", print_domain(d, Spelling::Unicode)));
            let default =
                param.default.as_ref().map_or(String::new(), |e| format!(" = {}", print_expr(e, Spelling::Unicode)));
            format!("{}{domain}{default}", param.name.name)
        })
        .collect();
    let result = def.result.as_ref().map_or(String::new(), |d| format!(" -> {}", print_domain(d, Spelling::Unicode)));
    format!("{}({}){result}", def.name.name, params.join(", "))
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("{count} {noun}") } else { format!("{count} {noun}s") }
}
