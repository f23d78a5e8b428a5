//! A definition applied to raw inputs at given sizes: what is needed to try it on numbers of one's own.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::definitions::{Definition, Definitions};
use super::elaborate::{Elaborator, Reported};
use super::hint::a;
use super::names::names_in_size;
use super::scope::Value;
use super::session::Session;
use crate::base::{Code, Diagnostic, did_you_mean};
use crate::ir::{Dim, Domain, Facts, Graph, Input, InputId, NodeId, Type};
use crate::syntax::ast::{Arg, DomainKind, Expr, ExprKind, Ident};

/// A call of a definition as a graph.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The graph; every size is known.
    pub graph: Graph,
    /// The value of the call, a real scalar. Requirements of the parameters are tested when it is evaluated.
    pub root: NodeId,
    /// The parameters that are raw inputs, in their order.
    pub arguments: Vec<Argument>,
}

/// A parameter that is a raw input.
#[derive(Clone, Debug)]
pub struct Argument {
    /// The parameter's name.
    pub name: String,
    /// Its domain at the sizes.
    pub domain: Domain,
    /// The input.
    pub input: InputId,
}

impl Session {
    /// A call of a definition in which the parameters `inputs` are raw inputs, of which nothing is known: what the definition
    /// requires of them is tested. Those of `given` have these values, the others their defaults, and sizes these numbers.
    ///
    /// # Errors
    /// What the checker finds in the call, and where the value is no real scalar.
    pub fn applied(
        &self,
        definition: &Arc<Definition>,
        sizes: &BTreeMap<String, usize>,
        inputs: &[&str],
        given: &[(String, Expr)],
    ) -> Result<Applied, Vec<Diagnostic>> {
        let mut elaborator = Elaborator::new(&self.sources, &self.definitions, self.user);
        elaborator.module = if self.definitions.own(self.user, &definition.def.name.name).is_some() {
            self.user
        } else {
            Definitions::LIBRARY
        };
        elaborator.root = elaborator.module;
        let outcome = elaborator.apply_to_inputs(definition, sizes, inputs, given);
        match outcome {
            Ok((root, arguments)) if elaborator.diagnostics.is_empty() => {
                let ty = elaborator.graph.ty(root);
                if *ty != Type::real(crate::ir::Shape::Scalar) {
                    let name = &definition.def.name;
                    let message = format!("`{}` is {}, not a real number", name.name, a(&ty.to_string()));
                    return Err(vec![Diagnostic::new(Code::E0501, message).at(name.span, "defined here")]);
                }
                Ok(Applied { graph: elaborator.graph, root, arguments })
            }
            Ok(_) | Err(Reported) => Err(elaborator.diagnostics),
        }
    }
}

impl Elaborator<'_> {
    fn apply_to_inputs(
        &mut self,
        definition: &Arc<Definition>,
        sizes: &BTreeMap<String, usize>,
        inputs: &[&str],
        given: &[(String, Expr)],
    ) -> Result<(NodeId, Vec<Argument>), Reported> {
        let def = &definition.def;
        for (name, size) in sizes {
            let dim = Dim::constant(*size as i64);
            let node = self.built(def.name.span, "a size", &[], |graph, _| graph.size(dim))?;
            self.scope.bind(name, Value::Node(node), def.name.span, "");
        }
        // All domains come before any name is bound, which could hide a size.
        let mut arguments = Vec::new();
        for param in &def.params {
            if let Some(written) = &param.domain
                && inputs.contains(&param.name.name.as_str())
            {
                let domain = self.domain(written)?;
                let input = Input { name: param.name.name.clone(), ty: domain.ty(), facts: Facts::new() };
                arguments.push((param, domain, input));
            }
        }
        let mut args = Vec::new();
        let mut made = Vec::new();
        for (name, value) in given {
            let span = value.span;
            args.push(Arg { name: Some(Ident { name: name.clone(), span }), value: value.clone() });
        }
        for (param, domain, input) in arguments {
            let id = InputId(self.graph.inputs().len() as u32);
            let node = self.graph.input(input);
            self.scope.bind(&param.name.name, Value::Node(node), param.name.span, "");
            let value = Expr { kind: ExprKind::Name(param.name.name.clone()), span: param.name.span };
            args.push(Arg { name: Some(param.name.clone()), value });
            made.push(Argument { name: param.name.name.clone(), domain, input: id });
        }
        let call = Expr { kind: ExprKind::Call { callee: def.name.clone(), args }, span: def.name.span };
        Ok((self.value(&call)?, made))
    }
}

/// The names of the sizes of a definition's parameters, in the order in which they first occur.
pub fn size_names(definition: &Definition) -> Vec<String> {
    let mut names = Vec::new();
    for param in &definition.def.params {
        if let Some(DomainKind::Named { sizes, .. }) = param.domain.as_ref().map(|domain| &domain.kind) {
            for Ident { name, .. } in sizes.iter().flat_map(names_in_size) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
    }
    names
}

/// What to say where a size is asked for that there is not: the message, with those that there are.
pub fn no_such_size(message: String, known: &[&str], name: &str) -> Diagnostic {
    let near = did_you_mean(name, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
    let sizes = if known.is_empty() { "there are none".to_owned() } else { format!("the sizes: {}", known.join(", ")) };
    Diagnostic::new(Code::E0807, message).maybe_help(near).note(sizes)
}
