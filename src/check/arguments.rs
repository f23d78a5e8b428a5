//! Arguments and parameters: which goes where, and what is wrong where one does not fit the other.

use std::sync::Arc;

use super::call::Given;
use super::definitions::{Definition, Origin};
use super::elaborate::{Checked, Elaborator, Operand, Reported};
use super::hint::{self, a, plural};
use super::scope::{Scope, Value};
use crate::base::{Code, Diagnostic, Span, did_you_mean};
use crate::ir::{Dim, NodeId, Shape, solve};
use crate::syntax::ast::{Arg, DomainKind, Ident, Param};
use crate::syntax::{Spelling, print_domain, print_expr};

impl Elaborator<'_> {
    /// Each parameter's argument, in order; `None` where the default is to be used.
    pub(super) fn match_arguments(
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
                format!("`{name}` takes {}, not {positional}", plural(params.len(), "argument"))
            } else {
                format!("`{name}` needs {} more: {}", plural(missing.len(), "argument"), missing.join(", "))
            };
            let mut diagnostic = Diagnostic::new(Code::E0203, message);
            diagnostic = match args.get(params.len()) {
                Some(arg) if positional > params.len() => {
                    let more = if positional == params.len() + 1 { "one too many" } else { "too many from here on" };
                    diagnostic.at(arg.value.span, more)
                }
                _ => diagnostic.at(callee.span, "called here"),
            };
            return self.report(
                diagnostic
                    .because(definition.def.name.span, "defined here")
                    .note(format!("its signature: {signature}")),
            );
        }
        if broken { Err(Reported) } else { Ok(given) }
    }

    fn unknown_argument(&mut self, definition: &Arc<Definition>, name: &Ident) {
        let names: Vec<&str> = definition.def.params.iter().map(|param| param.name.name.as_str()).collect();
        let hint = did_you_mean(&name.name, names.iter().copied())
            .or_else(|| hint::parameter_elsewhere(&name.name, &names))
            .map(|near| format!("did you mean `{near}`?"));
        let _ = self.report::<()>(
            Diagnostic::new(Code::E0204, format!("`{}` has no argument `{}`", definition.def.name.name, name.name))
                .at(name.span, "no such argument")
                .because(definition.def.name.span, "defined here")
                .note(format!("its signature: {}", signature(definition)))
                .maybe_help(hint),
        );
    }

    /// A value that is called like a function.
    pub(super) fn value_called(&mut self, value: &Value, place: Span, callee: &Ident, args: &[Arg]) -> Checked<NodeId> {
        let name = &callee.name;
        let texts: Vec<&str> = args.iter().map(|arg| self.sources.text(arg.value.span)).collect();
        let texts = texts.join(", ");
        let matrix = matches!(value, Value::Node(node) if self.graph.ty(*node).shape != Shape::Scalar);
        let help = match (matrix, args.len()) {
            (true, 1 | 2) => format!("for an entry write `{name}[{texts}]`"),
            (_, 1) => format!("for a product write `{name} * ({texts})`"),
            _ => format!("for a product write `{name} * ...`"),
        };
        self.report(
            Diagnostic::new(Code::E0202, format!("`{name}` is a value, not a function"))
                .at(callee.span, "called here")
                .because(place, format!("`{name}` is named here"))
                .help(help),
        )
    }

    /// A function or a text where the parameter has a domain.
    pub(super) fn not_a_value<T>(
        &mut self,
        definition: &Definition,
        param: &Param,
        value: &Value,
        span: Span,
    ) -> Checked<T> {
        let (code, found) = match value {
            Value::Function(_) => (Code::E0208, "a function"),
            _ => (Code::E0505, "a text in quotes"),
        };
        let (name, wanted) = (&definition.def.name.name, self.wanted(param));
        self.report(
            Diagnostic::new(code, format!("`{name}` takes a value for `{wanted}`, not {found}"))
                .at(span, format!("this is {found}"))
                .note(format!("its signature: {}", signature(definition))),
        )
    }

    /// A parameter with its domain, as it was written.
    fn wanted(&self, param: &Param) -> String {
        match &param.domain {
            Some(domain) => format!("{}: {}", param.name.name, self.sources.text(domain.span)),
            None => param.name.name.clone(),
        }
    }

    /// An argument whose shape is of another kind than the parameter's: a matrix for a scalar, and so on.
    pub(super) fn wrong_kind(
        &mut self,
        definition: &Arc<Definition>,
        param: &Param,
        operand: Operand,
        outer: &Scope,
    ) -> Checked<()> {
        let found = self.describe(operand.node);
        let (name, wanted) = (&definition.def.name.name, self.wanted(param));
        let domain = param.domain.as_ref().map_or("", |domain| self.sources.text(domain.span));
        let shape = self.graph.ty(operand.node).shape.clone();
        let text = self.bare(operand.span, "A");
        let named = |domain: &crate::syntax::ast::Domain| matches!(domain.kind, DomainKind::Named { .. });
        let set =
            if param.domain.as_ref().is_some_and(named) { domain.split('[').next().unwrap_or("") } else { "Real" };
        let (kind, code, help) = match (set, &shape) {
            ("Real" | "Complex", Shape::Scalar) => ("scalar", Code::E0501, None),
            ("Real" | "Complex", _) => {
                let help = format!("`sum({text})`, `mean({text})`, `norm({text})` and an entry are scalars");
                ("scalar", Code::E0501, Some(help))
            }
            ("Vec" | "Simplex" | "Mask", Shape::Matrix(..)) => {
                let help = if shape.is_square() {
                    format!("`eigvals({text})` and `diag({text})` are vectors, and so is `sum({text}, \"rows\")`")
                } else {
                    format!("`sum({text}, \"rows\")` has one entry per row, `svdvals({text})` the singular values")
                };
                ("vector", Code::E0502, Some(help))
            }
            ("Vec" | "Simplex" | "Mask", _) => ("vector", Code::E0502, None),
            _ => ("matrix", Code::E0502, None),
        };
        let inner = std::mem::replace(&mut self.scope, outer.clone());
        let diagnostic = Diagnostic::new(code, format!("`{name}` takes a {kind} for `{wanted}`, not {}", a(&found)))
            .at(operand.span, format!("this is {}", a(&found)))
            .because(param.name.span, format!("`{}` is declared here", param.name.name))
            .maybe_help(help);
        let diagnostic = self.declared(diagnostic, &[operand], &[]);
        let result = self.report(diagnostic);
        self.scope = inner;
        result
    }

    /// Arguments whose sizes cannot be those of the parameters: equation `failed` has no solution.
    pub(super) fn size_conflict(
        &mut self,
        definition: &Arc<Definition>,
        equations: &[(Dim, Dim)],
        places: &[(Operand, &Param)],
        failed: usize,
        outer: &Scope,
    ) -> Checked<()> {
        let (pattern, actual) = &equations[failed];
        let (here, param) = places[failed];
        // The argument that the size came from: the first one before whose own size is written in the same way.
        let first = (0..failed).find(|i| equations[*i].0 == *pattern && equations[*i].1 != *actual);
        let inner = std::mem::replace(&mut self.scope, outer.clone());
        let diagnostic = match first {
            Some(first) if places[first].0.span == here.span => self.rectangle_for_square(definition, param, here),
            Some(first) => {
                let there = places[first];
                self.sizes_disagree(definition, there, (here, param), pattern, (&equations[first].1, actual))
            }
            None => self.size_not_made(definition, equations, (here, param), failed),
        };
        let signature = signature(definition);
        let diagnostic = match definition.origin {
            Origin::Library => diagnostic.note(format!("its signature: {signature}")),
            Origin::User => diagnostic.because(param.name.span, format!("`{}` is declared here", param.name.name)),
        };
        let result = self.report(diagnostic);
        self.scope = inner;
        result
    }

    /// One argument has two sizes where the parameter has one.
    fn rectangle_for_square(&self, definition: &Definition, param: &Param, operand: Operand) -> Diagnostic {
        let by = format!("`{}`", definition.def.name.name);
        let mut diagnostic = self.not_square(&by, &[operand], 0, operand.span);
        let (wanted, found) = (self.wanted(param), self.describe(operand.node));
        diagnostic.message = format!("{by} needs a square matrix for `{wanted}`, not {}", a(&found));
        diagnostic
    }

    /// Two arguments have different sizes where the parameters have one.
    fn sizes_disagree(
        &self,
        definition: &Definition,
        (first, first_param): (Operand, &Param),
        (second, second_param): (Operand, &Param),
        pattern: &Dim,
        (one, other): (&Dim, &Dim),
    ) -> Diagnostic {
        let (x, y) = (self.graph.ty(first.node).shape.clone(), self.graph.ty(second.node).shape.clone());
        let name = &definition.def.name.name;
        let (p, q) = (&first_param.name.name, &second_param.name.name);
        let message = format!("`{name}` needs `{p}` and `{q}` of one size `{pattern}`, not {one} and {other}");
        let told = |found: &str, param| format!("this is {}, for `{}`", a(found), self.wanted(param));
        let diagnostic = Diagnostic::new(Code::E0301, message)
            .at(second.span, told(&self.describe(second.node), second_param))
            .at(first.span, told(&self.describe(first.node), first_param));
        let transposed = matches!((&x, &y), (Shape::Matrix(m, n), Shape::Matrix(p, q)) if (m, n) == (q, p) && m != n);
        let hint = if transposed {
            Some(self.transposed(second.span))
        } else {
            self.other_kernel(first.span).or_else(|| self.other_kernel(second.span))
        };
        self.declared(diagnostic.maybe_help(hint), &[first, second], &[one, other])
    }

    /// A size that the pattern cannot take: `2*n` is never 3, and a known size is only itself.
    fn size_not_made(
        &self,
        definition: &Definition,
        equations: &[(Dim, Dim)],
        (operand, param): (Operand, &Param),
        failed: usize,
    ) -> Diagnostic {
        let (pattern, actual) = &equations[failed];
        let before = solve(&equations[..failed], &pattern.vars()).unwrap_or_default();
        let expected = pattern.substitute(&before).unwrap_or_else(|| pattern.clone());
        let (name, found) = (&definition.def.name.name, self.describe(operand.node));
        let shown = if expected == *pattern { format!("{pattern}") } else { format!("{pattern} = {expected}") };
        let diagnostic = Diagnostic::new(
            Code::E0301,
            format!("`{name}` needs the size {shown} for `{}`, not {actual}", self.wanted(param)),
        )
        .at(operand.span, format!("this is {}", a(&found)));
        self.declared(diagnostic, &[operand], &[actual])
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
