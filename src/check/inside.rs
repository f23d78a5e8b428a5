//! What `equality at`, `maximizes` and `minimizes` put for a quantified name lies in its set: that is a part of the claim.

use num_rational::BigRational;

use super::elaborate::Checked;
use super::statement::TheoremBuilder;
use super::theorem::{Part, Variable, VariableKind};
use crate::base::{Code, Diagnostic};
use crate::ir::{Comparison, Dim, Fact, NodeId, Op, Range};
use crate::syntax::ast;

impl TheoremBuilder<'_, '_> {
    /// The conditions under which values that are put for names lie in the names' sets, one after the other, without those
    /// that are known to be met. A value that is known to lie outside is refused: the claim says nothing there.
    pub(super) fn inside(&mut self, bindings: &[ast::Binding]) -> Checked<Vec<Part>> {
        let put = self.put_values(bindings)?;
        let mut parts = Vec::new();
        for binding in bindings {
            let found = self.variables.iter().find(|variable| variable.name == binding.name.name).cloned();
            let Some(variable) = found else { continue };
            let value = self.elaborator.value(&binding.value)?;
            for (condition, what) in self.memberships(&variable, value, binding, bindings)? {
                if let Op::Truth(inside) = *self.elaborator.graph.op(condition) {
                    if inside {
                        continue;
                    }
                    return self.outside(&variable, binding, &what);
                }
                let text = self.elaborator.sources.text(binding.value.span);
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                let member = Some(format!("`{} = {text}` is {what}", variable.name));
                for condition in self.elaborator.graph.conjuncts(condition) {
                    let margin = self.margin(condition, binding.value.span)?;
                    let (put, member) = (put.clone(), member.clone());
                    parts.push(Part::Margin { condition, margin, put, sides: None, member });
                }
            }
        }
        Ok(parts)
    }

    /// The conditions of membership, each with what a value is that breaks it.
    fn memberships(
        &mut self,
        variable: &Variable,
        value: NodeId,
        binding: &ast::Binding,
        bindings: &[ast::Binding],
    ) -> Checked<Vec<(NodeId, String)>> {
        let place = binding.value.span;
        let mut found = Vec::new();
        match &variable.range {
            Range::Domain(domain) => {
                for property in domain.properties() {
                    let known = self.elaborator.graph.facts(value).get(*property);
                    let condition = self.elaborator.built(place, "a membership", &[], |g, _| match known {
                        Fact::No => g.truth(false),
                        Fact::Yes | Fact::Unknown => g.property_condition(value, *property),
                    })?;
                    found.push((condition, format!("not {property}")));
                }
            }
            Range::Finite(all) => {
                let condition = self.elaborator.built(place, "a membership", &[], |g, _| {
                    let mut among = g.truth(false)?;
                    for allowed in all {
                        let allowed = g.number(allowed.clone())?;
                        let same = g.equal(value, allowed)?;
                        among = g.make(Op::Or, vec![among, same])?;
                    }
                    Ok(among)
                })?;
                found.push((condition, "outside its range".to_owned()));
            }
            Range::Interval(interval) => {
                for (end, closed, below) in
                    [(interval.lo, interval.lo_closed, true), (interval.hi, interval.hi_closed, false)]
                {
                    // The end may depend on what is put for other names.
                    let end = self.put(end, bindings)?;
                    if end == value && closed {
                        continue;
                    }
                    let comparison = if closed { Comparison::Le } else { Comparison::Lt };
                    let condition = self.elaborator.built(place, "a membership", &[], |g, _| match below {
                        true => g.compare(comparison, end, value),
                        false => g.compare(comparison, value, end),
                    })?;
                    found.push((condition, "outside its range".to_owned()));
                }
            }
            Range::Integers(lo, hi) => {
                let ends: [(&Dim, bool); 2] = [(lo, true), (hi, false)];
                for (end, below) in ends {
                    let end = self.elaborator.built(place, "a membership", &[], |g, _| g.size(end.clone()))?;
                    let end = self.put(end, bindings)?;
                    let condition = self.elaborator.built(place, "a membership", &[], |g, _| match below {
                        true => g.compare(Comparison::Le, end, value),
                        false => g.compare(Comparison::Le, value, end),
                    })?;
                    found.push((condition, "outside its range".to_owned()));
                }
            }
        }
        Ok(found)
    }

    fn outside<T>(&mut self, variable: &Variable, binding: &ast::Binding, what: &str) -> Checked<T> {
        let value = self.elaborator.value(&binding.value)?;
        let e = &mut *self.elaborator;
        let shown: Option<BigRational> = e.graph.constant_value(value).cloned();
        let shown = shown.map_or_else(|| e.quoted(binding.value.span, "this"), |x| x.to_string());
        let described = e.scope.get(&variable.name).map(|bound| bound.described.clone()).unwrap_or_default();
        let set = if matches!(variable.kind, VariableKind::Member { .. }) { "set" } else { "range" };
        let diagnostic = Diagnostic::new(Code::E0605, format!("`{}` cannot be {shown}", variable.name))
            .at(binding.value.span, if set == "set" { format!("this is {what}") } else { what.to_owned() })
            .because(variable.span, format!("`{}` is declared as {described}", variable.name))
            .help(format!("say it of a point of the {set}, or widen the {set}"));
        e.report(diagnostic)
    }
}
