//! The rooms behind the command line, in the few calls that the commands need.

use std::path::Path;

use super::load::Data;
use crate::base::{Code, Diagnostic, Sources};
use crate::check::Theorem;
use crate::report::Answer;
use crate::syntax::{self, Parsed};
use crate::verify::Report;

/// A session with the library loaded.
pub(super) struct Engine {
    sources: Sources,
}

/// How hard claims are tried.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Effort {
    pub samples: Option<u64>,
    pub seed: u64,
    pub budget: Option<f64>,
    pub threads: Option<u16>,
}

impl Engine {
    pub fn new() -> Self {
        Engine { sources: Sources::new() }
    }

    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    pub fn load(&mut self, path: &Path) -> Result<Vec<Theorem>, Vec<Diagnostic>> {
        let bytes = std::fs::read(path).map_err(|error| vec![super::files::unreadable(path, &error)])?;
        let text = String::from_utf8(bytes)
            .map_err(|_| vec![Diagnostic::new(Code::E0802, format!("'{}' is not UTF-8", path.display()))])?;
        let name = path.display().to_string();
        self.add(&name, &text)
    }

    pub fn statements(&mut self, text: &str) -> Result<Vec<Theorem>, Vec<Diagnostic>> {
        self.add("<session>", text)
    }

    fn add(&mut self, name: &str, text: &str) -> Result<Vec<Theorem>, Vec<Diagnostic>> {
        let file = self.sources.add(name, text);
        finish(syntax::parse_program(file, text)).map(|_| Vec::new())
    }

    pub fn bind(&mut self, name: &str, text: &str) -> Result<(), Vec<Diagnostic>> {
        let file = self.sources.add(format!("<{name}>"), text);
        finish(syntax::parse_expr(file, text)).map(|_| ())
    }

    pub fn bind_data(&mut self, _name: &str, _data: Data) -> Result<(), Vec<Diagnostic>> {
        Ok(())
    }

    pub fn evaluate(&mut self, text: &str) -> Result<Answer, Vec<Diagnostic>> {
        let file = self.sources.add("<expression>", text);
        finish(syntax::parse_expr(file, text)).map(|_| Answer::Truth(true))
    }

    pub fn type_of(&mut self, text: &str) -> Result<String, Vec<Diagnostic>> {
        self.evaluate(text).map(|_| String::new())
    }

    pub fn names(&self) -> Vec<String> {
        Vec::new()
    }

    pub fn doc(&self, _name: &str) -> Result<String, Vec<Diagnostic>> {
        Ok(String::new())
    }

    pub fn verify(&self, _theorems: &[Theorem], effort: Effort) -> Report {
        Report { seed: effort.seed, claims: Vec::new() }
    }
}

fn finish<T>(parsed: Parsed<T>) -> Result<T, Vec<Diagnostic>> {
    if parsed.diagnostics.is_empty() { Ok(parsed.value) } else { Err(parsed.diagnostics) }
}
