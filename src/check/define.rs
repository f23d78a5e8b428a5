//! Checking a definition by itself, with its sizes and parameters left general.

use super::call::names_in;
use super::definitions::Definition;
use super::elaborate::{Checked, Elaborator, Operand, Place, Reported};
use super::hint::a;
use super::scope::Value;
use crate::base::{Code, Diagnostic};
use crate::ir::{Dim, Domain, Facts, Input, NodeId, Op, Property, Shape, SizeVar};
use crate::syntax::ast::{self, Def, DomainKind, Expr, ExprKind, Param};

impl Elaborator<'_> {
    /// Checks a definition whose parameters all have domains; one with a parameter that may be anything is checked
    /// when it is called, but for its names.
    pub(super) fn check_definition(&mut self, definition: &Definition) -> Checked<()> {
        let def = &definition.def;
        self.place = Place::Definition;
        for (i, param) in def.params.iter().enumerate() {
            if let Some(first) = def.params[..i].iter().find(|other| other.name.name == param.name.name) {
                let name = &param.name.name;
                return self.report(
                    Diagnostic::new(Code::E0205, format!("two parameters are called `{name}`"))
                        .at(param.name.span, "the second")
                        .because(first.name.span, "the first")
                        .help("give one of them another name"),
                );
            }
        }
        self.integers_are_no_sizes(def)?;
        if def.params.iter().any(|param| param.domain.is_none()) {
            return self.names_known(def);
        }
        for param in &def.params {
            if let Some(DomainKind::Named { sizes, .. }) = param.domain.as_ref().map(|domain| &domain.kind) {
                sizes.iter().for_each(|size| _ = self.open_sizes(size));
            }
        }
        let mut broken = false;
        for param in &def.params {
            let Some(written) = &param.domain else { continue };
            let described = self.sources.text(written.span).to_string();
            // An integer may be the size of something in the body.
            if let DomainKind::Range { lo, .. } = &written.kind {
                let lo = self.value(lo)?;
                let least = self.size_of(lo).and_then(|lo| lo.least()).unwrap_or(i64::MIN);
                let var = self.fresh_size(&param.name.name, least, param.name.span);
                let node = self.built(param.name.span, "a size", &[], |g, _| g.size(Dim::var(var)))?;
                self.scope.bind(&param.name.name, Value::Node(node), param.name.span, described);
                continue;
            }
            let value = match self.domain(written) {
                Ok(domain) => {
                    let mut facts = Facts::new();
                    domain.properties().iter().for_each(|p: &Property| facts.yes(*p, "the parameter's domain"));
                    let input = Input { name: param.name.name.clone(), ty: domain.ty(), facts };
                    if let Some(default) = &param.default {
                        broken |= self.default_fits(param, &domain, default).is_err();
                    }
                    Value::Node(self.graph.input(input))
                }
                Err(Reported) => {
                    broken = true;
                    Value::Broken
                }
            };
            self.scope.bind(&param.name.name, value, param.name.span, described);
        }
        if let Some(result) = &def.result {
            broken |= self.sizes_given(result).is_err();
        }
        if let Some(requires) = &def.requires {
            broken |= self.condition(requires).is_err() || self.defaults_allowed(def, requires).is_err();
        }
        if !broken {
            self.sizes_determined(def)?;
        }
        let body = self.any(&def.body);
        match (broken, body) {
            (false, Ok(node)) => self.keeps_promise(definition, node),
            (true, _) | (_, Err(Reported)) => Err(Reported),
        }
    }

    /// A size is found from the arguments that have it: a parameter of the same name would be a second number.
    fn integers_are_no_sizes(&mut self, def: &Def) -> Checked<()> {
        let mut sizes = Vec::new();
        for param in &def.params {
            if let Some(DomainKind::Named { sizes: written, .. }) = param.domain.as_ref().map(|domain| &domain.kind) {
                written.iter().for_each(|size| names_in(size, &mut sizes));
            }
        }
        let integer = |param: &&Param| {
            let kind = param.domain.as_ref().map(|domain| &domain.kind);
            matches!(kind, Some(DomainKind::Range { .. })) && sizes.contains(&param.name.name.as_str())
        };
        let Some(param) = def.params.iter().find(integer) else { return Ok(()) };
        let name = &param.name.name;
        self.report(
            Diagnostic::new(Code::E0205, format!("`{name}` is a parameter and the size of another one"))
                .at(param.name.span, "the parameter")
                .help(format!("leave the parameter out: `{name}` is known from the arguments that have this size")),
        )
    }

    fn keeps_promise(&mut self, definition: &Definition, node: NodeId) -> Checked<()> {
        let Some(written) = &definition.def.result else { return Ok(()) };
        let domain = self.domain(written)?;
        let (expected, found) = (domain.ty().shape, self.graph.ty(node).shape.clone());
        if expected != found {
            let help = match (&expected, &found) {
                (Shape::Matrix(m, n), Shape::Matrix(p, q)) if m == q && n == p => {
                    Some("promise the transposed sizes, or transpose the value".to_string())
                }
                (Shape::Scalar, _) => Some("`mean(...)` and `sum(...)` make one number of many".to_string()),
                _ => None,
            };
            let (promised, found) = (a(&expected.to_string()), a(&self.describe(node)));
            return self.report(
                Diagnostic::new(Code::E0301, format!("{promised} is promised, and this is {found}"))
                    .at(definition.def.body.span, format!("this is {found}"))
                    .because(written.span, "promised here")
                    .maybe_help(help),
            );
        }
        let by = format!("the result of `{}`", definition.def.name.name);
        let node = self.meets_domain(&domain, Operand { node, span: definition.def.body.span }, &by)?;
        self.within_range(definition, written, node).map(|_| ())
    }

    /// A default must be what an argument would have to be.
    fn default_fits(&mut self, param: &Param, domain: &Domain, default: &Expr) -> Checked<()> {
        let node = self.value(default)?;
        let (expected, found) = (domain.ty().shape, self.graph.ty(node).shape.clone());
        let name = &param.name.name;
        if expected != found {
            let (expected, found) = (a(&expected.to_string()), a(&self.describe(node)));
            return self.report(
                Diagnostic::new(Code::E0506, format!("`{name}` is {expected}, and its default is {found}"))
                    .at(default.span, format!("this is {found}"))
                    .because(param.name.span, format!("`{name}` is declared here")),
            );
        }
        let operand = Operand { node, span: default.span };
        self.meets_domain(domain, operand, &format!("the default of `{name}`")).map(|_| ())
    }

    /// The condition of a definition must not rule out a default by itself.
    fn defaults_allowed(&mut self, def: &Def, requires: &Expr) -> Checked<()> {
        for param in &def.params {
            let Some(default) = &param.default else { continue };
            let value = self.value(default)?;
            let before = self.scope.len();
            self.scope.bind(&param.name.name, Value::Node(value), param.name.span, "");
            let condition = self.condition(requires);
            self.scope.truncate(before);
            if *self.graph.op(condition?) == Op::Truth(false) {
                let name = &param.name.name;
                return self.report(
                    Diagnostic::new(Code::E0404, format!("the default of `{name}` breaks the condition"))
                        .at(default.span, "with this value no call is allowed")
                        .because(requires.span, "the condition"),
                );
            }
        }
        Ok(())
    }

    /// Every size in a result must come from the parameters.
    pub(super) fn sizes_given(&mut self, result: &ast::Domain) -> Checked<()> {
        let DomainKind::Named { sizes, .. } = &result.kind else { return Ok(()) };
        for size in sizes {
            if let ExprKind::Name(name) = &size.kind
                && self.scope.get(name).is_none()
            {
                return self.report(
                    Diagnostic::new(Code::E0306, format!("nothing determines the size `{name}`"))
                        .at(size.span, "no parameter has this size")
                        .help("a result's sizes are those of the parameters, known integers, and what is computed from them"),
                );
            }
        }
        Ok(())
    }

    /// Every size of the parameters must follow from the arguments' sizes: `m` and `n` do not follow from `m + n`.
    fn sizes_determined(&mut self, def: &Def) -> Checked<()> {
        let mut known: Vec<SizeVar> = Vec::new();
        let mut open = Vec::new();
        for param in &def.params {
            let Some(written) = &param.domain else { continue };
            let shape = self.domain(written)?.ty().shape;
            let dims = match shape {
                Shape::Scalar => vec![],
                Shape::Vector(n) => vec![n],
                Shape::Matrix(m, n) => vec![m, n],
            };
            open.extend(dims.into_iter().map(|dim| (dim, written.span)));
        }
        loop {
            let before = known.len();
            for (dim, _) in &open {
                let unknown: Vec<SizeVar> = dim.vars().into_iter().filter(|var| !known.contains(var)).collect();
                if let [var] = unknown.as_slice() {
                    known.push(var.clone());
                }
            }
            if known.len() == before {
                break;
            }
        }
        for (dim, place) in open {
            if let Some(var) = dim.vars().into_iter().find(|var| !known.contains(var)) {
                return self.report(
                    Diagnostic::new(Code::E0306, format!("nothing determines the size `{}`", var.name))
                        .at(place, format!("a call would give only {dim}"))
                        .help(format!("let `{}` stand alone in the domain of some parameter", var.name)),
                );
            }
        }
        Ok(())
    }
}
