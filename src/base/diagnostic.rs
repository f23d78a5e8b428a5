//! Errors as data: built anywhere, rendered in one place (`cli/`).

use super::{Code, Span};

/// A message about one place of a diagnostic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// The exact subexpression.
    pub span: Span,
    /// What there is to say about it.
    pub text: String,
    /// Whether this is where the mistake is, rather than a place that explains it.
    pub primary: bool,
}

/// A mistake in the input: what is wrong, where, why, and the likely repair.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Which kind of mistake; `loewner check --explain CODE` tells its long story.
    pub code: Code,
    /// One sentence without a full stop.
    pub message: String,
    /// Places, the primary ones first.
    pub labels: Vec<Label>,
    /// Facts that explain: where a size or a fact came from, which call led here.
    pub notes: Vec<String>,
    /// The likely repair.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// A diagnostic with no place yet.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Diagnostic { code, message: message.into(), labels: Vec::new(), notes: Vec::new(), help: Vec::new() }
    }

    /// Adds the place of the mistake.
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into(), primary: true });
        self
    }

    /// Adds a place that explains the mistake.
    pub fn because(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into(), primary: false });
        self
    }

    /// Adds an explanation that has no place of its own.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds the likely repair.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Adds the likely repair where there is one.
    pub fn maybe_help(self, text: Option<String>) -> Self {
        match text {
            Some(text) => self.help(text),
            None => self,
        }
    }
}
