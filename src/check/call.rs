//! Calls of definitions, which unfold.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::builtin;
use super::definitions::{Definition, Definitions, Origin};
use super::elaborate::{Checked, Elaborator, Operand, Reported};
use super::hint::a;
use super::names::names_in_size;
use super::ranges;
use super::scope::{Function, Scope, Value};
use crate::base::{Code, Diagnostic, Span};
use crate::ir::{Basis, Dim, Domain, Field, NodeId, Op, Property, Set, Shape, SizeVar, SolveError, solve};
use crate::syntax::ast::{Arg, DomainKind, Expr, ExprKind, Ident, Param};

/// An argument with what it stands for.
pub(super) struct Given {
    pub value: Value,
    pub span: Span,
}

impl Elaborator<'_> {
    /// `callee(args)`
    pub(super) fn call(&mut self, callee: &Ident, args: &[Arg], span: Span) -> Checked<NodeId> {
        let name = callee.name.as_str();
        // What the language writes of itself stands nowhere in the text, and means the builtin whatever the text defines.
        if callee.span.is_empty()
            && let Some(builtin) = builtin::builtin(name)
        {
            return self.call_builtin(builtin.name, callee, args, span);
        }
        if let Some(binding) = self.scope.get(name) {
            match &binding.value {
                Value::Function(function) => {
                    let function = function.clone();
                    // What the library is given stands for a function of every entry.
                    return if self.module == Definitions::LIBRARY {
                        self.apply_to_entries(&function, callee, args, span)
                    } else {
                        self.apply(&function, callee, args, span)
                    };
                }
                Value::Broken => return Err(Reported),
                // A value of that name does not hide a function of that name in a call: `rank(A)` stays a call.
                Value::Node(_) | Value::Text(_) if self.global(name).is_none() => {
                    let (place, value) = (binding.span, binding.value.clone());
                    return self.value_called(&value, place, callee, args);
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
                self.unknown_function(callee)
            }
        }
    }

    /// The function of that name outside the local scope.
    pub(super) fn global(&self, name: &str) -> Option<Function> {
        if let Some(definition) = self.definitions.get(self.module, name) {
            return Some(Function::Definition(definition.clone()));
        }
        builtin::builtin(name).map(|builtin| Function::Builtin(builtin.name))
    }

    pub(super) fn apply(&mut self, function: &Function, callee: &Ident, args: &[Arg], span: Span) -> Checked<NodeId> {
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

    pub(super) fn call_definition(
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

    /// The body of a definition with its parameters bound. The scope and the module are those of the definition.
    pub(super) fn unfold(
        &mut self,
        definition: &Arc<Definition>,
        given: Vec<Option<Given>>,
        span: Span,
    ) -> Checked<NodeId> {
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
        let places: Vec<Option<Span>> = given.iter().map(|given| given.as_ref().map(|given| given.span)).collect();
        let mut nodes = Vec::with_capacity(given.len());
        let mut plain = true;
        for (param, given) in def.params.iter().zip(given) {
            let value = match given {
                Some(Given { value: Value::Node(node), span }) => {
                    let node = self.meets(param, Operand { node, span }, &def.name.name)?;
                    nodes.push(node);
                    Value::Node(node)
                }
                Some(Given { value, span }) => {
                    if param.domain.is_some() && !matches!(value, Value::Broken) {
                        return self.not_a_value(definition, param, &value, span);
                    }
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
        let condition = def
            .requires
            .as_ref()
            .map(|requires| self.where_condition(requires, definition, &places, span))
            .transpose()?;
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

    fn where_condition(
        &mut self,
        requires: &Expr,
        definition: &Definition,
        places: &[Option<Span>],
        span: Span,
    ) -> Checked<NodeId> {
        let condition = self.condition(requires)?;
        if !self.never_holds(condition) {
            return Ok(condition);
        }
        let by_ranges = *self.graph.op(condition) != Op::Truth(false);
        // Of several conditions the one that fails is the one to tell.
        let parts: &[Expr] = match &requires.kind {
            ExprKind::And(parts) => parts,
            _ => std::slice::from_ref(requires),
        };
        let mut broken = requires;
        for part in parts {
            let node = self.condition(part)?;
            if self.never_holds(node) {
                broken = part;
                break;
            }
        }
        let (name, text) = (&definition.def.name.name, self.sources.text(broken.span));
        let mut diagnostic = Diagnostic::new(Code::E0404, format!("`{name}` is defined only where {text}"));
        let mut names = Vec::new();
        names_in(broken, &mut names);
        for used in names {
            let Some(Value::Node(node)) = self.scope.get(used).map(|binding| &binding.value) else { continue };
            let number = self.known_number(*node).map(|value| format!("is {value}"));
            let known = match self.graph.constant_value(*node) {
                None if by_ranges => self.known_extent(*node).map(|extent| format!("lies in {extent}")),
                Some(_) | None => number,
            };
            let Some(value) = known else { continue };
            let param = definition.def.params.iter().position(|param| param.name.name == used);
            diagnostic = match param.map(|i| places.get(i).copied().flatten()) {
                Some(Some(place)) => diagnostic.at(place, format!("here `{used}` {value}")),
                Some(None) => diagnostic.note(format!("`{used}` {value} by default")),
                None => diagnostic.note(format!("in this call `{used}` {value}")),
            };
        }
        if diagnostic.labels.is_empty() {
            diagnostic = diagnostic.at(span, "this call breaks the condition");
        }
        self.report(diagnostic.because(broken.span, "the condition"))
    }

    /// A number that is known when the text is checked, in words.
    pub(super) fn known_number(&self, node: NodeId) -> Option<String> {
        match (self.graph.constant_value(node), self.size_of(node)) {
            (Some(value), _) => Some(value.to_string()),
            (None, Some(size)) => Some(size.to_string()),
            (None, None) => None,
        }
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
            if let DomainKind::Named { sizes, .. } = &domain.kind {
                sizes.iter().for_each(|size| open.extend(self.open_sizes(size)));
            }
            let Some(Given { value: Value::Node(node), span: place }) = given else { continue };
            let declared = self.domain(domain)?;
            let (expected, actual) = (declared.ty().shape, self.graph.ty(*node).shape.clone());
            let fits = match (&expected, &actual) {
                (Shape::Scalar, Shape::Scalar) => true,
                (Shape::Vector(n), Shape::Vector(m)) => {
                    equations.push((n.clone(), m.clone()));
                    places.push((Operand { node: *node, span: *place }, param));
                    true
                }
                // A column is a matrix of one column.
                (Shape::Matrix(m, n), Shape::Matrix(..) | Shape::Vector(_)) => {
                    let operand = Operand { node: *node, span: *place };
                    equations.extend([(m.clone(), actual.rows()), (n.clone(), actual.cols())]);
                    places.extend([(operand, param), (operand, param)]);
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
            Err(SolveError::Conflict(i)) => {
                let frame = self.frames.pop();
                let result = self.size_conflict(definition, &equations, &places, i, outer);
                self.frames.extend(frame);
                return result;
            }
            Err(SolveError::Undetermined(i)) => {
                let (operand, param) = places[i];
                let written = &equations[i].0;
                return self.report(
                    Diagnostic::new(Code::E0306, format!("nothing determines the sizes in {written}"))
                        .at(operand.span, format!("this has the size {}", equations[i].1))
                        .because(param.name.span, format!("a size of this parameter is {written}"))
                        .help("let each size stand alone in the domain of some parameter"),
                );
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

    /// Gives every name in a size expression that is not bound yet a size variable of its own, and says which.
    pub(super) fn open_sizes(&mut self, size: &Expr) -> Vec<(SizeVar, Span)> {
        let mut open = Vec::new();
        for Ident { name, span } in names_in_size(size) {
            if self.scope.get(&name).is_some() {
                continue;
            }
            let var = self.fresh_size(&name, 1, span);
            if let Ok(node) = self.built(span, "a size", &[], |g, _| g.size(Dim::var(var.clone()))) {
                self.scope.bind(&name, Value::Node(node), span, "");
            }
            open.push((var, span));
        }
        open
    }

    /// The argument as the parameter's domain requires it: field and facts.
    fn meets(&mut self, param: &Param, operand: Operand, callee: &str) -> Checked<NodeId> {
        let Some(written) = &param.domain else { return Ok(operand.node) };
        let domain = self.domain(written)?;
        self.meets_domain(&domain, operand, &format!("`{callee}`"))
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
        self.sizes_given(written)?;
        let domain = self.domain(written)?;
        let (expected, actual) = (domain.ty(), self.graph.ty(result).clone());
        if expected.shape != actual.shape {
            let found = self.describe(result);
            return self.report(
                Diagnostic::new(
                    Code::E0301,
                    format!(
                        "`{}` promises {} and yields {}",
                        definition.def.name.name,
                        a(&expected.shape.to_string()),
                        a(&found)
                    ),
                )
                .at(definition.def.body.span, format!("this is {}", a(&found)))
                .because(written.span, "promised here"),
            );
        }
        let result = self.within_range(definition, written, result)?;
        match definition.origin {
            Origin::Library => {
                // What the library calls a real number is one, and no infinity, wherever its requirements are met.
                let real = (domain.set == Set::Real).then_some(Property::Finite);
                let properties: Vec<Property> = domain.properties().iter().copied().chain(real).collect();
                self.built(span, "a result", &[], |g, _| g.annotate(result, &properties, Basis::Construction))
            }
            Origin::User => {
                let by = format!("the result of `{}`", definition.def.name.name);
                self.meets_domain(&domain, Operand { node: result, span: definition.def.body.span }, &by)
            }
        }
    }
}

impl Elaborator<'_> {
    /// A result that is required to lie in the set of numbers that its definition promises.
    pub(super) fn within_range(
        &mut self,
        definition: &Definition,
        written: &crate::syntax::ast::Domain,
        result: NodeId,
    ) -> Checked<NodeId> {
        let mut result = result;
        for condition in ranges::within_rounding(written) {
            let before = self.scope.len();
            self.scope.bind(ranges::RESULT, Value::Node(result), written.span, "");
            let condition = self.condition(&condition);
            self.scope.truncate(before);
            let condition = condition?;
            if *self.graph.op(condition) == Op::Truth(false) {
                let (name, text) = (&definition.def.name.name, self.sources.text(written.span));
                let value = self.known_number(result).map_or(String::new(), |value| format!(", and is {value}"));
                return self.report(
                    Diagnostic::new(Code::E0404, format!("the result of `{name}` is promised to lie in {text}{value}"))
                        .at(definition.def.body.span, "this is known not to")
                        .because(written.span, "promised here"),
                );
            }
            result = self.built(definition.def.body.span, "a requirement", &[], |g, _| {
                g.make(Op::Require, vec![result, condition])
            })?;
        }
        Ok(result)
    }
}

/// The names in an expression, each once, in the order of the text.
pub(super) fn names_in<'e>(expr: &'e Expr, names: &mut Vec<&'e str>) {
    if let ExprKind::Name(name) = &expr.kind
        && !names.contains(&name.as_str())
    {
        names.push(name);
    }
    expr.parts().into_iter().for_each(|part| names_in(part, names));
}
