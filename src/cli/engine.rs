//! The rooms behind the command line, in the few calls that the commands need.

use std::path::Path;

use num_complex::Complex;
use num_rational::BigRational;

use super::progress::Bar;
use crate::api;
use crate::base::{Code, Diagnostic, Sources};
use crate::check::{Data, Entries, Session, Theorem};
use crate::explain::{self, Explanation, Measuring, Task};
use crate::ir::{Dim, Property, SETS, Shape};
use crate::lint::{self, Lint, Request};
use crate::prove;
use crate::relate::{self, Given};
use crate::report::Answer;
use crate::syntax::ast::{Expr, Item, Program};
use crate::syntax::parse_program;
use crate::torch::{Source, emit};
use crate::verify::{self, Options, Report, Value};

/// A session with the library loaded.
pub(super) struct Engine {
    session: Session,
}

impl Engine {
    pub fn new() -> Self {
        Engine { session: Session::new() }
    }

    /// The texts that diagnostics point into.
    pub fn sources(&self) -> &Sources {
        self.session.sources()
    }

    /// Reads a file; its definitions become visible, its theorems are returned.
    pub fn load(&mut self, path: &Path) -> Result<Vec<Theorem>, Vec<Diagnostic>> {
        self.session.load_file(path)
    }

    /// The name in `FILE.lw:NAME`, once the file is read, or any other text as it is.
    pub fn open<'a>(&mut self, text: &'a str) -> Result<&'a str, Vec<Diagnostic>> {
        Ok(self.session.open(text)?.1)
    }

    /// Reads and checks a file, and gives its statements as they are written.
    pub fn program(&mut self, path: &Path) -> Result<Program, Vec<Diagnostic>> {
        self.session.load_file(path)?;
        let name = path.display().to_string();
        let file = self.sources().iter().filter(|(_, source)| source.name == name).last();
        // A file that was loaded is among the sources, and has no mistakes.
        Ok(file.map(|(file, source)| parse_program(file, &source.text).value).unwrap_or_default())
    }

    /// A definition as it is written, by its name or `FILE.lw:NAME`; none where the text names none.
    pub fn definition(&mut self, text: &str) -> Result<Option<Program>, Vec<Diagnostic>> {
        let (file, name) = match text.trim_end().ends_with(".lw") {
            true => (false, text),
            false => self.session.open(text)?,
        };
        let definition = self.session.definition(name.trim()).map(|definition| definition.def.clone());
        match definition {
            Some(def) => Ok(Some(Program { items: vec![Item::Def(def)] })),
            None if file => Err(vec![self.session.no_definition(name)]),
            None => Ok(None),
        }
    }

    /// An expression as it is written; its names may be free.
    pub fn parse(&mut self, text: &str) -> Result<Expr, Vec<Diagnostic>> {
        self.session.parse("<expression>", text)
    }

    /// Tries a definition.
    pub fn lint(&self, request: &Request, options: &lint::Options) -> Result<Lint, Vec<Diagnostic>> {
        lint::lint(&self.session, request, options)
    }

    /// Tries every definition of the library; the names of those that cannot be tried.
    pub fn lint_library(&self, options: &lint::Options) -> (Vec<Lint>, Vec<String>) {
        let (mut lints, mut skipped) = (Vec::new(), Vec::new());
        for definition in self.session.library() {
            let name = definition.def.name.name.clone();
            match self.lint(&Request { loss: name.clone(), ..Request::default() }, options) {
                Ok(lint) => lints.push(lint),
                Err(_) => skipped.push(name),
            }
        }
        (lints, skipped)
    }

    /// Takes statements that were typed in.
    pub fn statements(&mut self, text: &str) -> Result<Vec<Theorem>, Vec<Diagnostic>> {
        self.session.load_text("<session>", text)
    }

    /// Gives a name to an expression.
    pub fn bind(&mut self, name: &str, text: &str) -> Result<(), Vec<Diagnostic>> {
        self.session.bind(name, text)
    }

    /// Gives a name to the numbers of a file.
    pub fn bind_data(&mut self, name: &str, data: Data, file: &str) {
        self.session.bind_data(name, data, file);
    }

    /// The value of an expression, in double precision.
    pub fn evaluate(&mut self, text: &str) -> Result<Answer, Vec<Diagnostic>> {
        let compiled = self.session.expression(text)?;
        api::evaluate(&compiled).map(answer).map_err(|mistake| vec![mistake])
    }

    /// The gradient of an expression by a bound name, in double precision.
    pub fn gradient(&mut self, text: &str, name: &str) -> Result<Answer, Vec<Diagnostic>> {
        api::gradient_by_name(&mut self.session, text, name).map(answer)
    }

    /// What rewriting makes of a definition, or of an expression in names that are declared.
    pub fn explain(
        &mut self,
        text: &str,
        given: &Given,
        sizes: &[(String, i64)],
    ) -> Result<Explanation, Vec<Diagnostic>> {
        explain::explain(&mut self.session, text, given, sizes, Measuring::default())
    }

    /// What rewriting makes of a definition at the bound names that it has as parameters, or of an expression in them.
    pub fn explain_bound(&mut self, text: &str) -> Result<Explanation, Vec<Diagnostic>> {
        let bound = self.session.bound();
        let call = self.session.definition(text).map(|definition| {
            let params = definition.def.params.iter().map(|param| &param.name.name);
            let given = params.filter(|name| bound.contains(name)).map(|name| format!("{name} = {name}"));
            format!("{text}({})", given.collect::<Vec<_>>().join(", "))
        });
        let compiled = self.session.expression(call.as_deref().unwrap_or(text))?;
        explain::explain_task(&Task::compiled(&compiled)?, Measuring::default())
    }

    /// A definition as a loss of its parameters.
    pub fn loss(&mut self, name: &str) -> Result<Source, Vec<Diagnostic>> {
        api::open(&mut self.session, name)
    }

    /// A loss as a Python module.
    pub fn pytorch(&self, source: &Source, request: &emit::Request) -> Result<String, Vec<Diagnostic>> {
        emit::pytorch(source, request, prove::rules()).map_err(|mistake| vec![mistake])
    }

    /// The exact number that an expression is, if it is one.
    pub fn exact(&mut self, text: &str) -> Result<Option<BigRational>, Vec<Diagnostic>> {
        let compiled = self.session.expression(text)?;
        Ok(compiled.graph.constant_value(compiled.root).cloned())
    }

    /// How two losses are related.
    pub fn relate(&mut self, a: &str, b: &str, given: &Given, seed: u64) -> Result<relate::Answer, Vec<Diagnostic>> {
        relate::relate(&mut self.session, a, b, given, seed)
    }

    /// The type of an expression, and what is known of it.
    pub fn type_of(&mut self, text: &str) -> Result<String, Vec<Diagnostic>> {
        let compiled = self.session.expression(text)?;
        let facts = compiled.graph.facts(compiled.root);
        let mut held: Vec<Property> = facts.held().collect();
        // Most values are: it is where they need not be that matters, and no type says so.
        held.retain(|property| *property != Property::Finite);
        // What follows from another fact in the list goes without saying.
        let implied = [
            (Property::Pd, Property::Psd),
            (Property::Psd, Property::Hermitian),
            (Property::Positive, Property::Nonnegative),
            (Property::ZeroOne, Property::Nonnegative),
            (Property::OrthonormalColumns, Property::UnitColumns),
            (Property::OrthonormalRows, Property::UnitRows),
        ];
        for (strong, weak) in implied.iter().rev() {
            if facts.has(*strong) {
                held.retain(|property| property != weak);
            }
        }
        let ty = std::iter::once(compiled.graph.ty(compiled.root).to_string());
        Ok(ty.chain(held.iter().map(Property::to_string)).collect::<Vec<_>>().join(", "))
    }

    /// Every name that an expression or a statement may use.
    pub fn names(&self) -> Vec<String> {
        let mut names = self.session.names();
        names.extend(SETS.iter().map(|row| row.name.to_owned()));
        names
    }

    /// The documentation of a function, a constant or a set.
    pub fn doc(&self, name: &str) -> Result<String, Vec<Diagnostic>> {
        if let Some(row) = SETS.iter().find(|row| row.name == name) {
            let sizes = ["", "[n]", "[m, n]"][row.sizes.min(2)];
            let complex =
                if row.complex { "\n    with `complex` as the last argument: its complex version" } else { "" };
            return Ok(format!("{name}{sizes}\n    {}{complex}\n    (language)", row.doc));
        }
        let doc = self.session.doc(name).map_err(|near| {
            let help = near.map(|near| format!("did you mean `{near}`?"));
            vec![Diagnostic::new(Code::E0201, format!("there is no documentation of `{name}`")).maybe_help(help)]
        })?;
        let lines = std::iter::once(doc.signature).chain(doc.text.into_iter().map(|line| format!("    {line}")));
        let lines: Vec<String> = lines.chain([format!("    ({})", doc.origin)]).collect();
        Ok(lines.join("\n"))
    }

    /// Verifies theorems, with a progress bar where somebody watches.
    pub fn verify(&self, theorems: &[Theorem], options: &Options) -> Result<Report, Vec<Diagnostic>> {
        let bar = Bar::new();
        let outcome = verify::verify(theorems, options, &bar);
        bar.clear();
        outcome.map_err(|mistake| vec![mistake])
    }
}

/// A value in the arrangement that its type tells.
fn answer(value: api::Value) -> Answer {
    fn by_rows<T: Copy, U>(shape: &Shape, entries: &[T], one: impl Fn(T) -> U) -> Vec<Vec<U>> {
        let size = |dim: Dim| dim.as_constant().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let (rows, cols) = (size(shape.rows()), size(shape.cols()));
        (0..rows).map(|i| (0..cols).map(|j| one(entries[j * rows + i])).collect()).collect()
    }
    let data = match value {
        api::Value::Truth(truth) => return Answer::Truth(truth),
        api::Value::Data(data) => data,
    };
    let pair = |z: Complex<f64>| (z.re, z.im);
    Answer::Value(match (&data.shape, data.entries) {
        (Shape::Scalar, Entries::Real(entries)) => Value::Number(entries[0]),
        (Shape::Scalar, Entries::Complex(entries)) => Value::Complex(pair(entries[0])),
        (Shape::Vector(_), Entries::Real(entries)) => Value::Vector(entries),
        (Shape::Vector(_), Entries::Complex(entries)) => Value::ComplexVector(entries.into_iter().map(pair).collect()),
        (shape @ Shape::Matrix(..), Entries::Real(entries)) => Value::Matrix(by_rows(shape, &entries, |x| x)),
        (shape @ Shape::Matrix(..), Entries::Complex(entries)) => Value::ComplexMatrix(by_rows(shape, &entries, pair)),
    })
}
