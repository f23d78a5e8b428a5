//! The docstring of a module.

use std::fmt::Write as _;

use super::module::Module;
use super::shapes::{Parameter, declared};
use super::text::exact;
use crate::ir::{InputId, Shape};

impl Module<'_> {
    /// The docstring of the module, and what it imports.
    pub(super) fn head(&self) -> String {
        let source = self.plan.source;
        let mut doc = vec![format!("`{}` as a PyTorch loss with its own gradient.", source.name), String::new()];
        // Examples are in another language than Python's.
        doc.extend(
            source
                .doc
                .iter()
                .filter(|line| !line.trim_start().starts_with(">>>"))
                .map(|line| line.trim_end().to_owned()),
        );
        doc.push(String::new());
        for line in source.definition.lines() {
            let inner = line.trim_start();
            let indent = line.len() - inner.len() + 4;
            let parts = wrapped(inner, 112 - indent).into_iter().enumerate();
            doc.extend(parts.map(|(i, part)| format!("{:1$}{part}", "", indent + if i == 0 { 0 } else { 4 })));
        }
        doc.push(String::new());
        let shapes: Vec<String> = self
            .parameters
            .iter()
            .map(|parameter| format!("`{}` is {}", parameter.python, declared(&parameter.shape)))
            .collect();
        let mut notes = format!("Shapes: {}.", shapes.join(", "));
        let of_batch = |p: &Parameter| matches!(&p.shape, Shape::Matrix(_, n) if n.to_string().starts_with('B'));
        if self.parameters.iter().any(of_batch) {
            notes.push_str(" Samples are the columns of a d x B matrix: pass `z.T` of batch x features.");
        }
        if !self.plan.constants.is_empty() {
            let graph = &source.graph;
            let constants: Vec<String> = self
                .plan
                .constants
                .iter()
                .map(|(input, value)| format!("{}={}", graph.inputs()[input.0 as usize].name, exact(value).text))
                .collect();
            let _ = write!(notes, " Put in: {}.", constants.join(", "));
        }
        let by: Vec<&str> =
            self.parameters.iter().filter(|p| p.gradient.is_some()).map(|p| p.python.as_str()).collect();
        let _ = write!(notes, " Gradients by: {}.", if by.is_empty() { "none".to_owned() } else { by.join(", ") });
        let zero: Vec<&str> = self
            .parameters
            .iter()
            .filter(|p| p.gradient.is_some_and(|at| self.outputs[at].is_none()))
            .map(|p| p.python.as_str())
            .collect();
        if !zero.is_empty() {
            let _ = write!(notes, " That by {} is zero.", zero.join(", "));
        }
        notes.push_str(&self.taken_for_granted());
        doc.extend(wrapped(&notes, 112));
        if !self.batch.is_empty() {
            let parts: Vec<String> =
                self.batch.iter().map(|(var, part)| format!("{} = W {}", var.name, part.name)).collect();
            doc.push(String::new());
            doc.extend(wrapped(
                &format!(
                    "For a batch that is split over W processes: {}. Sums over the batch are summed over the processes, and \
                     what needs the whole batch is gathered; value and gradients are those of one process with the whole.",
                    parts.join(", ")
                ),
                112,
            ));
        }
        let sizes: Vec<String> = self.plan.request.sizes.iter().map(|(var, n)| format!("{} = {n}", var.name)).collect();
        let mut made = format!("Written by `{}` (version {}).", self.plan.request.command, env!("CARGO_PKG_VERSION"));
        if self.plan.planned.rewritten && !sizes.is_empty() {
            let _ = write!(made, " The form is the cheapest that was found for {}.", sizes.join(", "));
        }
        if let Some(advice) = &self.plan.advice {
            let name = |input: &InputId| &source.graph.inputs()[input.0 as usize].name;
            let put: Vec<String> =
                advice.constants.iter().map(|(input, value)| format!("--set {}={value}", name(input))).collect();
            let _ = write!(
                made,
                " With `{}` the value has a form there that is about {:.1} times as fast by the model of costs.",
                put.join(" "),
                advice.times
            );
        }
        doc.extend(wrapped(&made, 112));
        let doc: Vec<String> = doc.iter().map(|line| escaped(line)).collect();
        format!("\"\"\"{}\n\"\"\"\n\n", doc.join("\n"))
    }

    /// What the formulas may use of the parameters' sets, and do not check: a norm that is known to be 1 is not computed, and
    /// no gradient flows through it.
    fn taken_for_granted(&self) -> String {
        let inputs = self.plan.source.inputs.iter();
        let inputs = inputs.map(|input| &self.plan.source.graph.inputs()[input.input.0 as usize]);
        let known: Vec<String> = inputs
            .filter_map(|input| {
                let parameter = self.parameters.iter().find(|parameter| parameter.name == input.name)?;
                let properties: Vec<String> = input.facts.strongest().map(|property| property.to_string()).collect();
                (!properties.is_empty()).then(|| format!("`{}` is {}", parameter.python, properties.join(" and ")))
            })
            .collect();
        if known.is_empty() {
            return String::new();
        }
        format!(
            " Taken for granted, and not checked: {}. For other arguments the value may be another one; gradients are right \
             along arguments that are so.",
            known.join(", ")
        )
    }
}

/// A text as it may stand in a docstring.
pub(super) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace("\"\"\"", "'''")
}

/// A text in lines of at most so many characters.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}
