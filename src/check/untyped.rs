//! Names in a definition with a parameter that may be anything: it is checked when it is called, but that each of its names
//! means something is told at once.

use super::elaborate::{Checked, Elaborator, Reported};
use super::names::names_in_size;
use super::scope::Value;
use crate::syntax::ast::{Def, Domain, DomainKind, Expr, ExprKind};

/// What names stand for that are no functions and that nothing binds.
const CONSTANTS: [&str; 4] = ["pi", "inf", "true", "false"];

/// The ends and the values of a set of numbers.
fn numbers_of(domain: &Domain) -> Vec<&Expr> {
    match &domain.kind {
        DomainKind::Named { .. } => Vec::new(),
        DomainKind::Interval { lo, hi, .. } | DomainKind::Range { lo, hi } => vec![lo, hi],
        DomainKind::Finite(values) => values.iter().collect(),
    }
}

impl Elaborator<'_> {
    /// Reports the names in a definition's condition and body that mean nothing.
    pub(super) fn names_known(&mut self, def: &Def) -> Checked<()> {
        for param in &def.params {
            if let Some(DomainKind::Named { sizes, .. }) = param.domain.as_ref().map(|domain| &domain.kind) {
                for size in sizes.iter().flat_map(names_in_size) {
                    self.scope.bind(&size.name, Value::Broken, size.span, "");
                }
            }
        }
        let mut known = true;
        for param in &def.params {
            let ends = param.domain.iter().flat_map(numbers_of);
            for part in ends.chain(&param.default) {
                known &= self.all_known(part);
            }
            self.scope.bind(&param.name.name, Value::Broken, param.name.span, "");
        }
        let result = def.result.iter().flat_map(|result| match &result.kind {
            DomainKind::Named { sizes, .. } => sizes.iter().collect(),
            DomainKind::Interval { .. } | DomainKind::Range { .. } | DomainKind::Finite(_) => numbers_of(result),
        });
        for part in result.chain(&def.requires).chain([&def.body]) {
            known &= self.all_known(part);
        }
        if known { Ok(()) } else { Err(Reported) }
    }

    /// Whether every name in an expression is bound, or that of a function; those that are not are reported.
    fn all_known(&mut self, expr: &Expr) -> bool {
        let means = |e: &Self, name: &str| e.scope.get(name).is_some() || e.global(name).is_some();
        let before = self.scope.len();
        let mut known = match &expr.kind {
            ExprKind::Name(name) if !means(self, name) && !CONSTANTS.contains(&name.as_str()) => {
                self.unknown_name(name, expr.span).is_ok()
            }
            ExprKind::Call { callee, .. } if !means(self, &callee.name) => self.unknown_function(callee).is_ok(),
            _ => true,
        };
        if let ExprKind::Let { bindings, body } = &expr.kind {
            for binding in bindings {
                known &= self.all_known(&binding.value);
                self.scope.bind(&binding.name.name, Value::Broken, binding.name.span, "");
            }
            known &= self.all_known(body);
        } else {
            for part in expr.parts() {
                known &= self.all_known(part);
            }
        }
        self.scope.truncate(before);
        known
    }
}
