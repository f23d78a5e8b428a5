//! A definition with its parameters and sizes left open: what is compiled once and run on values of any size.

use std::collections::BTreeMap;
use std::sync::Arc;

use num_rational::BigRational;

use super::definitions::Definition;
use super::elaborate::{Elaborator, Reported};
use super::hint::a;
use super::scope::Value;
use super::session::Session;
use crate::base::{Code, Diagnostic};
use crate::ir::{Domain, Facts, Graph, Input, InputId, NodeId, SizeVar};
use crate::syntax::ast::DomainKind;

/// The body of a definition as a graph of its parameters.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The definition's name.
    pub name: String,
    /// The graph. Sizes are symbolic.
    pub graph: Graph,
    /// The body: a real number.
    pub root: NodeId,
    /// What the definition requires of its parameters besides their domains.
    pub condition: Option<NodeId>,
    /// The parameters, in their order.
    pub parameters: Vec<Parameter>,
    /// The sizes, by the names that the definition gives them.
    pub sizes: BTreeMap<String, SizeVar>,
}

/// A parameter: a raw input, of which its domain is taken as true.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What it may be.
    pub domain: Domain,
    /// The input.
    pub input: InputId,
    /// What it is where nothing is given, if that is an exact number.
    pub default: Option<BigRational>,
}

impl Session {
    /// The body of a definition, with raw inputs for its parameters.
    ///
    /// # Errors
    /// What the checker finds in it, a parameter that is a function, and a value that is no real number.
    pub fn opened(&self, definition: &Arc<Definition>) -> Result<Opened, Vec<Diagnostic>> {
        let mut elaborator = Elaborator::new(&self.sources, &self.definitions, self.user);
        (elaborator.module, elaborator.root) = (definition.module, definition.module);
        match elaborator.open(definition) {
            Ok(opened) if elaborator.diagnostics.is_empty() => Ok(Opened { graph: elaborator.graph, ..opened }),
            Ok(_) | Err(Reported) => Err(elaborator.diagnostics),
        }
    }
}

impl Elaborator<'_> {
    fn open(&mut self, definition: &Definition) -> Result<Opened, Reported> {
        let def = &definition.def;
        if let Some(param) = def.params.iter().find(|param| param.domain.is_none()) {
            return self.report(
                Diagnostic::new(Code::E0403, format!("`{}` takes a function", def.name.name))
                    .at(param.name.span, "this parameter has no domain")
                    .help("define a loss that calls it with the function in place"),
            );
        }
        for param in &def.params {
            if let Some(DomainKind::Named { sizes, .. }) = param.domain.as_ref().map(|domain| &domain.kind) {
                sizes.iter().for_each(|size| _ = self.open_sizes(size));
            }
        }
        let mut parameters = Vec::new();
        for param in &def.params {
            let Some(written) = &param.domain else { continue };
            let domain = self.domain(written)?;
            let default = match &param.default {
                Some(default) => {
                    let node = self.value(default)?;
                    self.graph.constant_value(node).cloned()
                }
                None => None,
            };
            let name = param.name.name.clone();
            let input = InputId(self.graph.inputs().len() as u32);
            parameters.push(Parameter { name, domain, input, default });
            // No parameter is bound before all domains are read: its name could hide a size.
            let parameter = &parameters[parameters.len() - 1];
            let mut facts = Facts::new();
            parameter.domain.properties().iter().for_each(|property| facts.yes(*property, "the parameter's domain"));
            let ty = parameter.domain.ty();
            self.graph.input(Input { name: parameter.name.clone(), ty, facts });
        }
        let mut sizes = BTreeMap::new();
        for var in parameters.iter().flat_map(|parameter| &parameter.domain.sizes).flat_map(|size| size.vars()) {
            sizes.insert(var.name.to_string(), var);
        }
        for (param, parameter) in def.params.iter().zip(&parameters) {
            // Every input was made above.
            let Some(node) = self.graph.input_node(parameter.input) else { return Err(Reported) };
            self.scope.bind(&parameter.name, Value::Node(node), param.name.span, "");
        }
        let condition = match &def.requires {
            Some(requires) => Some(self.condition(requires)?),
            None => None,
        };
        let root = self.any(&def.body)?;
        if !self.graph.ty(root).is_real_scalar() {
            let message = format!("`{}` is {}, not a real number", def.name.name, a(&self.describe(root)));
            let diagnostic = Diagnostic::new(Code::E0501, message).at(def.body.span, "this is what it returns");
            return self
                .report(diagnostic.help("a loss is one real number: `mean(...)` and `sum(...)` make one of many"));
        }
        let name = def.name.name.clone();
        Ok(Opened { name, graph: Graph::new(), root, condition, parameters, sizes })
    }
}
