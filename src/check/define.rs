//! Checking a definition by itself, with its sizes and parameters left general.

use super::definitions::Definition;
use super::elaborate::{Checked, Elaborator, Operand, Reported};
use super::scope::Value;
use crate::base::{Code, Diagnostic};
use crate::ir::{Dim, Facts, Input, NodeId, Property};
use crate::syntax::ast::{DomainKind, Expr, ExprKind};

impl Elaborator<'_> {
    /// Checks a definition whose parameters all have domains; one with a parameter that may be anything is checked
    /// when it is called.
    pub(super) fn check_definition(&mut self, definition: &Definition) -> Checked<()> {
        let def = &definition.def;
        let mut seen: Vec<&str> = Vec::new();
        for param in &def.params {
            if seen.contains(&param.name.name.as_str()) {
                let name = &param.name.name;
                return self.report(
                    Diagnostic::new(Code::E0205, format!("two parameters are called `{name}`"))
                        .at(param.name.span, "the second"),
                );
            }
            seen.push(&param.name.name);
        }
        if def.params.iter().any(|param| param.domain.is_none()) {
            return Ok(());
        }
        for param in &def.params {
            if let Some(DomainKind::Named { sizes, .. }) = param.domain.as_ref().map(|domain| &domain.kind) {
                sizes.iter().for_each(|size| self.general_sizes(size));
            }
        }
        let mut broken = false;
        for param in &def.params {
            let Some(written) = &param.domain else { continue };
            let described = self.sources.text(written.span).to_string();
            let value = match self.domain(written) {
                Ok(domain) => {
                    let mut facts = Facts::new();
                    domain.properties().iter().for_each(|p: &Property| facts.yes(*p, "the parameter's domain"));
                    let input = Input { name: param.name.name.clone(), ty: domain.ty(), facts };
                    Value::Node(self.graph.input(input))
                }
                Err(Reported) => {
                    broken = true;
                    Value::Broken
                }
            };
            if let Some(default) = &param.default {
                broken |= self.value(default).is_err();
            }
            self.scope.bind(&param.name.name, value, param.name.span, described);
        }
        if let Some(requires) = &def.requires {
            broken |= self.condition(requires).is_err();
        }
        let body = self.any(&def.body);
        match (broken, body) {
            (false, Ok(node)) => self.keeps_promise(definition, node),
            (true, _) | (_, Err(Reported)) => Err(Reported),
        }
    }

    fn keeps_promise(&mut self, definition: &Definition, node: NodeId) -> Checked<()> {
        let Some(written) = &definition.def.result else { return Ok(()) };
        let domain = self.domain(written)?;
        let (expected, found) = (domain.ty().shape, self.graph.ty(node).shape.clone());
        if expected != found {
            let found = self.describe(node);
            return self.report(
                Diagnostic::new(Code::E0301, format!("a {expected} is promised, and this is a {found}"))
                    .at(definition.def.body.span, format!("this is a {found}"))
                    .because(written.span, "promised here"),
            );
        }
        let by = format!("the result of `{}`", definition.def.name.name);
        self.meets_domain(&domain, Operand { node, span: definition.def.body.span }, &by).map(|_| ())
    }

    /// Gives each name in a size a size variable of its own.
    fn general_sizes(&mut self, size: &Expr) {
        match &size.kind {
            ExprKind::Name(name) if self.scope.get(name).is_none() => {
                let var = self.fresh_size(name, 1, size.span);
                if let Ok(node) = self.built(size.span, "a size", &[], |g, _| g.size(Dim::var(var))) {
                    self.scope.bind(name, Value::Node(node), size.span, "");
                }
            }
            ExprKind::Chain { first, rest } => {
                self.general_sizes(first);
                rest.iter().for_each(|(_, _, operand)| self.general_sizes(operand));
            }
            ExprKind::Power { base, .. } => self.general_sizes(base),
            _ => {}
        }
    }
}
