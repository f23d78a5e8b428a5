//! What every diagnostic of the checker passes through: the calls that led to it, and the user's words for what went
//! wrong inside the library.

use super::definitions::{Definitions, Origin};
use super::elaborate::{Checked, Elaborator, Reported};
use crate::base::{Diagnostic, Span};

impl Elaborator<'_> {
    /// Reports a mistake, with the calls that led to it.
    pub fn report<T>(&mut self, mut diagnostic: Diagnostic) -> Checked<T> {
        if self.root != Definitions::LIBRARY {
            diagnostic = self.without_the_library(diagnostic);
        }
        // The library is entered from a user's text once; what calls what inside it is no business of the user's.
        let inside = self.frames.iter().position(|frame| frame.definition.origin == Origin::Library);
        let shown = if self.root == Definitions::LIBRARY {
            self.frames.len()
        } else {
            inside.map_or(self.frames.len(), |i| i + 1)
        };
        for frame in self.frames[..shown].iter().rev() {
            let within = |label: Span| {
                label.file == frame.span.file && frame.span.start <= label.start && label.end <= frame.span.end
            };
            // A label inside the call tells already which call it is.
            if !diagnostic.labels.iter().any(|label| within(label.span)) {
                let name = &frame.definition.def.name.name;
                diagnostic = diagnostic.because(frame.span, format!("in this call of `{name}`"));
            }
        }
        self.diagnostics.push(diagnostic);
        Err(Reported)
    }

    /// A diagnostic whose places all lie in the user's texts: what happened inside the library is told at the call that
    /// led there.
    fn without_the_library(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        let in_library = |span: Span| self.sources.get(span.file).name.starts_with("library/");
        let (inside, outside): (Vec<_>, Vec<_>) =
            diagnostic.labels.into_iter().partition(|label| in_library(label.span));
        diagnostic.labels = outside;
        if diagnostic.labels.iter().any(|label| label.primary) {
            return diagnostic;
        }
        let Some(frame) = self.frames.iter().find(|frame| frame.definition.origin == Origin::Library) else {
            // Without a call there is no better place than the one inside.
            diagnostic.labels.splice(0..0, inside);
            return diagnostic;
        };
        let name = &frame.definition.def.name.name;
        for label in inside.iter().filter(|label| label.primary) {
            let what = self.quoted(label.span, "what it computes");
            diagnostic = diagnostic.note(format!("inside `{name}`, {what}: {}", label.text));
        }
        // A repair of the library's text is none that the user could make.
        let bare = Diagnostic { labels: Vec::new(), help: Vec::new(), ..diagnostic.clone() };
        let mut moved = bare.at(frame.span, "in this call");
        moved.labels.append(&mut diagnostic.labels);
        moved
    }
}
