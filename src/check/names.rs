//! Names that mean nothing here, and names that mean something else.

use super::builtin;
use super::elaborate::{Checked, Elaborator, Place};
use super::hint;
use crate::base::{Code, Diagnostic, Span, did_you_mean};
use crate::ir::{NodeId, Set};
use crate::syntax::ast::{Expr, ExprKind, Ident};

/// The names in a size expression, in the order in which they are written, each as often as it occurs.
pub(super) fn names_in_size(size: &Expr) -> Vec<Ident> {
    let mut names = Vec::new();
    let mut stack = vec![size];
    while let Some(part) = stack.pop() {
        match &part.kind {
            ExprKind::Name(name) => names.push(Ident { name: name.clone(), span: part.span }),
            ExprKind::Chain { first, rest } => {
                stack.extend(rest.iter().rev().map(|(_, _, operand)| operand));
                stack.push(first);
            }
            ExprKind::Power { base, exponent, .. } => stack.extend([&**exponent, &**base]),
            // What stands in rows(A) is no size.
            ExprKind::Call { callee, args } if matches!(&*callee.name, "min" | "max" | "floor") => {
                stack.extend(args.iter().rev().map(|arg| &arg.value));
            }
            _ => {}
        }
    }
    names
}

impl Elaborator<'_> {
    /// A name that stands for no value.
    pub(super) fn unknown_name(&mut self, name: &str, span: Span) -> Checked<NodeId> {
        let mut diagnostic =
            Diagnostic::new(Code::E0201, format!("the name `{name}` is not known")).at(span, "not known here");
        if let Some((_, place)) = self.later.iter().find(|(later, _)| later == name)
            && self.frames.is_empty()
        {
            return self.report(
                diagnostic
                    .because(*place, format!("`{name}` is bound here, which is later"))
                    .help("a name can be used after the place that binds it"),
            );
        }
        let functions = self.function_names();
        let near = did_you_mean(name, self.scope.names())
            .or_else(|| did_you_mean(name, ["pi", "inf"]))
            .or_else(|| did_you_mean(name, functions.iter().map(String::as_str)));
        // A name that is bound anew counts once.
        let mut known: Vec<&str> = Vec::new();
        self.scope.names().for_each(|name| {
            if !known.contains(&name) {
                known.push(name)
            }
        });
        diagnostic = diagnostic.note(match known.as_slice() {
            [] => "no names are bound here".to_string(),
            names if names.len() <= 12 => format!("names bound here: {}", names.join(", ")),
            names => format!("{} names are bound here", names.len()),
        });
        let hint = match (near, self.place) {
            (Some(near), _) => Some(format!("did you mean `{near}`?")),
            (None, _) if !self.frames.is_empty() => None,
            (None, Place::Theorem) => {
                Some(format!("quantify it, as in `forall {name} in (0, 10]`, or name a value: `let {name} = ...`"))
            }
            (None, Place::Definition) => Some(format!("make it a parameter: `{name}: Real`")),
            (None, Place::Expression) => None,
        };
        self.report(diagnostic.maybe_help(hint))
    }

    /// A function that is not known, called.
    pub(super) fn unknown_function(&mut self, callee: &Ident) -> Checked<NodeId> {
        let name = callee.name.as_str();
        if name == "sup" {
            return self.report(
                Diagnostic::new(Code::E0603, "`sup(...)` is the left side of a claim")
                    .at(callee.span, "it stands right after `claim` and before `<=` or `<`, and nowhere else")
                    .help("claim a bound on it: `claim sup(EXPRESSION) <= BOUND`, or `<= inf` to ask for the largest value"),
            );
        }
        if builtin::CLAIM_FORMS.contains(&name) {
            return self.report(
                Diagnostic::new(Code::E0603, format!("`{name}(...)` is a claim of its own"))
                    .at(callee.span, "it stands right after `claim`, and nowhere else")
                    .help(format!("make it another claim: `claim {name}(FUNCTION, NAME, POINT)`")),
            );
        }
        let diagnostic = Diagnostic::new(Code::E0202, format!("the function `{name}` is not known"))
            .at(callee.span, "not known here");
        if Set::named(name).is_some() {
            return self.report(
                diagnostic
                    .note(format!("`{name}` is a domain"))
                    .help(format!("a member of it is quantified: `forall K: {name}[n]`")),
            );
        }
        let names = self.function_names();
        let hint = hint::function_elsewhere(name).map(str::to_string).or_else(|| {
            did_you_mean(name, names.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"))
        });
        self.report(diagnostic.maybe_help(hint))
    }

    /// A function where a value was needed.
    pub(super) fn function_as_value(&mut self, name: &str, span: Span) -> Checked<NodeId> {
        let arguments = match (self.definitions.get(self.module, name), builtin::builtin(name)) {
            (Some(definition), _) => {
                let names: Vec<&str> = definition.def.params.iter().map(|param| param.name.name.as_str()).collect();
                names.join(", ")
            }
            (None, Some(builtin)) => builtin.arguments.to_string(),
            (None, None) => "...".to_string(),
        };
        self.report(
            Diagnostic::new(Code::E0208, format!("`{name}` is a function, and a value was needed"))
                .at(span, "a function")
                .help(format!("call it: `{name}({arguments})`")),
        )
    }

    fn function_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.definitions.visible(self.module).map(|d| d.def.name.name.clone()).collect();
        names.extend(builtin::builtins().map(|b| b.name.to_string()));
        names.sort();
        names
    }
}
