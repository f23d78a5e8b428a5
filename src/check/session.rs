//! A session: the library, the files read so far, the names bound so far, and what can be asked about them.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::arguments::signature;
use super::builtin;
use super::citations::Citations;
use super::data::Data;
use super::definitions::{Definition, Definitions, Module, Origin};
use super::elaborate::{Elaborator, Reported};
use super::ranges::with_ranges;
use super::scope::Value;
use super::statement::{Citable, TheoremBuilder};
use super::theorem::Theorem;
use crate::base::{Code, Diagnostic, FileId, Sources, Span, did_you_mean};
use crate::ir::{Basis, Facts, Graph, Input, InputId, NodeId, Property};
use crate::library;
use crate::syntax::ast::{self, Expr, Item, Program};
use crate::syntax::{parse_expr, parse_program};

/// An expression as a graph, with the data that its inputs stand for.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The graph; every size is known.
    pub graph: Graph,
    /// The expression's node.
    pub root: NodeId,
    /// The data of each raw input.
    pub data: Vec<(InputId, Arc<Data>)>,
    /// The node of each loaded or bound name.
    pub names: Vec<(String, NodeId)>,
}

/// What a name means, for completion and `:doc`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Doc {
    /// The name.
    pub name: String,
    /// How it is called or what it is.
    pub signature: String,
    /// Its documentation.
    pub text: Vec<String>,
    /// Where it comes from: `language`, `library/entropy.lw`, a path.
    pub origin: String,
}

#[derive(Clone)]
enum Bound {
    Expr(Expr),
    Data(Arc<Data>),
}

/// A bound name as an independent variable: which binding, its value, and what is tested of it.
#[derive(Clone, Copy)]
struct Variable<'a> {
    at: usize,
    value: &'a Arc<Data>,
    properties: &'a [Property],
}

impl Variable<'_> {
    /// Facts of its value may not hold next to it. Whether it is infinite is none of these, but says where it is.
    fn facts(&self) -> Facts {
        let mut facts = Facts::new();
        let finite = Property::Finite;
        facts.learn(finite, self.value.facts().get(finite), "seen in the data");
        facts
    }
}

/// The library with everything read and bound since.
#[derive(Clone)]
pub struct Session {
    pub(super) sources: Sources,
    pub(super) definitions: Definitions,
    pub(super) user: Module,
    bound: Vec<(String, Span, Bound)>,
    files: BTreeMap<PathBuf, Module>,
    /// The theorems of each file read, which the proofs of those that import it may cite.
    lemmas: BTreeMap<Module, Vec<Arc<Theorem>>>,
    reading: Vec<(PathBuf, String)>,
}

impl Session {
    /// A session that knows the library.
    ///
    /// # Panics
    /// When a file of the library does not parse, which a test of the crate rules out.
    pub fn new() -> Self {
        let mut session = Session {
            sources: Sources::new(),
            definitions: Definitions::new(),
            user: Module(0),
            bound: Vec::new(),
            files: BTreeMap::new(),
            lemmas: BTreeMap::new(),
            reading: Vec::new(),
        };
        for (name, text) in library::FILES {
            let file = session.sources.add(format!("library/{name}"), *text);
            let parsed = parse_program(file, text);
            assert!(parsed.diagnostics.is_empty(), "library/{name}: {:?}", parsed.diagnostics);
            let replaced = session.define(&parsed.value, Definitions::LIBRARY, Origin::Library);
            assert!(replaced.is_empty(), "library/{name}: {replaced:?}");
        }
        session.user = session.definitions.module();
        session
    }

    /// The texts that diagnostics point into.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Reads, checks and remembers a file; its definitions become visible to expressions and later texts.
    ///
    /// # Errors
    /// Every mistake in the file and in what it imports.
    pub fn load_file(&mut self, path: &Path) -> Result<Vec<Theorem>, Vec<Diagnostic>> {
        let (module, theorems) = self.read_module(path, None)?;
        self.definitions.import(module, self.user);
        Ok(theorems)
    }

    /// Checks and remembers the statements of a text.
    ///
    /// # Errors
    /// Every mistake in the text and in what it imports.
    pub fn load_text(&mut self, name: &str, text: &str) -> Result<Vec<Theorem>, Vec<Diagnostic>> {
        let file = self.add_source(name, text)?;
        self.check_program(file, self.user, Path::new(""))
    }

    fn add_source(&mut self, name: &str, text: &str) -> Result<FileId, Vec<Diagnostic>> {
        if text.len() >= u32::MAX as usize {
            return Err(vec![Diagnostic::new(Code::E0801, format!("{name} has 4 GiB or more"))]);
        }
        Ok(self.sources.add(name, text))
    }

    fn read_module(&mut self, path: &Path, from: Option<Span>) -> Result<(Module, Vec<Theorem>), Vec<Diagnostic>> {
        let place = |diagnostic: Diagnostic| match from {
            Some(span) => diagnostic.at(span, "imported here"),
            None => diagnostic,
        };
        let shown = path.display();
        let unreadable = |error: std::io::Error| {
            let hint = match error.kind() {
                std::io::ErrorKind::NotFound => near_file(path),
                _ => None,
            };
            vec![place(Diagnostic::new(Code::E0801, format!("{shown} cannot be read: {error}"))).maybe_help(hint)]
        };
        let canonical = path.canonicalize().map_err(unreadable)?;
        if let Some(at) = self.reading.iter().position(|(file, _)| *file == canonical) {
            let circle: Vec<&str> = self.reading[at..].iter().map(|(_, name)| name.as_str()).collect();
            let diagnostic = place(Diagnostic::new(Code::E0804, format!("{} imports itself", circle[0])));
            return Err(vec![match circle.as_slice() {
                [_] => diagnostic.help("leave the import out: a file sees its own definitions"),
                [first, way @ ..] => diagnostic
                    .note(format!("{first} imports {}, which imports {first}", way.join(", which imports ")))
                    .help("move what both files need into a third"),
                [] => diagnostic,
            }]);
        }
        if let (Some(module), Some(_)) = (self.files.get(&canonical), from) {
            return Ok((*module, Vec::new()));
        }
        let bytes = std::fs::read(&canonical).map_err(unreadable)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let offset = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count() + 1;
            vec![
                place(Diagnostic::new(Code::E0802, format!("{shown} is not UTF-8: byte {offset}, in line {line}")))
                    .help("save the file as UTF-8"),
            ]
        })?;
        let file = self.add_source(&shown.to_string(), &text)?;
        let module = self.definitions.module();
        self.files.insert(canonical.clone(), module);
        self.reading.push((canonical, shown.to_string()));
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        let theorems = self.check_program(file, module, &folder);
        self.reading.pop();
        Ok((module, theorems?))
    }

    fn check_program(&mut self, file: FileId, module: Module, folder: &Path) -> Result<Vec<Theorem>, Vec<Diagnostic>> {
        let text = self.sources.get(file).text.clone();
        let parsed = parse_program(file, &text);
        let mut diagnostics = parsed.diagnostics;
        let mut lemmas: Vec<Arc<Theorem>> = Vec::new();
        let primary = diagnostics.iter().flat_map(|diagnostic| &diagnostic.labels).filter(|label| label.primary);
        let misread: Vec<Span> = primary.map(|label| label.span).collect();
        for item in &parsed.value.items {
            if let Item::Import(import) = item
                && !holds_any(import.span, &misread)
            {
                match self.read_module(&folder.join(&import.path.text), Some(import.path.span)) {
                    Ok((from, _)) => {
                        self.definitions.import(from, module);
                        lemmas.extend(self.lemmas.get(&from).into_iter().flatten().cloned());
                    }
                    Err(more) => diagnostics.extend(more),
                }
            }
        }
        // What could not be read may hold the names that are not known below.
        let incomplete = !diagnostics.is_empty();
        diagnostics.extend(self.define(&parsed.value, module, Origin::User));
        let mut found: Vec<Diagnostic> = Vec::new();
        let written = parsed.value.items.iter().filter_map(|item| match item {
            Item::Theorem(theorem) => Some(theorem),
            Item::Import(_) | Item::Def(_) => None,
        });
        let citations = Citations::of(written.collect());
        let mut built: BTreeMap<usize, (Option<Arc<Theorem>>, Vec<Diagnostic>)> = BTreeMap::new();
        let mut theorems: Vec<Theorem> = Vec::new();
        let mut titles: Vec<&ast::Text> = Vec::new();
        for item in &parsed.value.items {
            match item {
                Item::Import(_) => {}
                Item::Def(def) => {
                    let own = self.definitions.own(module, &def.name.name).filter(|d| d.def.name.span == def.name.span);
                    let Some(definition) = own.cloned() else { continue };
                    let mut elaborator = Elaborator::new(&self.sources, &self.definitions, module);
                    if elaborator.check_definition(&definition).is_err() {
                        definition.broken.store(true, Ordering::Relaxed);
                    }
                    found.extend(elaborator.diagnostics.into_iter().filter(|_| !holds_any(def.span, &misread)));
                }
                Item::Theorem(written) => {
                    if let Some(before) = titles.iter().find(|title| title.text == written.name.text) {
                        found.push(
                            Diagnostic::new(Code::E0602, format!("two theorems are called \"{}\"", written.name.text))
                                .at(written.name.span, "the second")
                                .because(before.span, "the first")
                                .help("verdicts are told apart by these names: give each its own"),
                        );
                    }
                    let number = titles.len();
                    titles.push(&written.name);
                    let name = &self.sources.get(file).name;
                    // A proof may cite what is imported and what stands in its file, which is then looked at first.
                    for next in citations.before(number) {
                        if built.contains_key(&next) {
                            continue;
                        }
                        let (written, circular) = (citations.theorem(next), citations.circular(next));
                        let mut elaborator = Elaborator::new(&self.sources, &self.definitions, module);
                        let fallen = |cited: &&usize| matches!(built.get(cited), Some((None, _)));
                        let fallen = citations.cited(next).iter().filter(fallen);
                        let broken: Vec<&str> =
                            fallen.map(|cited| citations.theorem(*cited).name.text.as_str()).collect();
                        let citable = Citable { lemmas: &lemmas, circular: &circular, broken: &broken };
                        let theorem = TheoremBuilder::build(&mut elaborator, written, name, citable).ok().map(Arc::new);
                        lemmas.extend(theorem.clone());
                        built.insert(next, (theorem, elaborator.diagnostics));
                    }
                    if let Some((theorem, mistakes)) = built.get_mut(&number) {
                        theorems.extend(theorem.as_deref().cloned());
                        found.extend(mistakes.drain(..).filter(|_| !holds_any(written.span, &misread)));
                    }
                }
            }
        }
        found.retain(|diagnostic| !incomplete || !matches!(diagnostic.code, Code::E0201 | Code::E0202));
        let mut told = HashSet::new();
        for diagnostic in found {
            // A definition that is checked at each of its calls makes its mistake at each of them.
            let place = diagnostic.labels.first().map(|label| label.span);
            if told.insert((diagnostic.code, place, diagnostic.message.clone())) {
                diagnostics.push(diagnostic);
            }
        }
        if !diagnostics.is_empty() {
            return Err(diagnostics);
        }
        self.lemmas.insert(module, lemmas);
        Ok(theorems)
    }

    /// Adds the definitions of a program to a module. A later definition of a name that is taken is a mistake, except
    /// that a session's own text may replace what an earlier text defined.
    fn define(&mut self, program: &Program, module: Module, origin: Origin) -> Vec<Diagnostic> {
        let mut diagnostics = Vec::new();
        for item in &program.items {
            let Item::Def(def) = item else { continue };
            let (name, span) = (&def.name.name, def.name.span);
            // In the library a builtin is always the language's own.
            let reserved = builtin::is_reserved(name) || origin == Origin::Library && builtin::builtin(name).is_some();
            if reserved {
                diagnostics.push(
                    Diagnostic::new(Code::E0205, format!("`{name}` belongs to the language and cannot be defined"))
                        .at(span, "defined here")
                        .help("give it another name"),
                );
                continue;
            }
            if let Some(before) = self.definitions.own(module, name)
                && before.def.name.span.file == span.file
            {
                diagnostics.push(
                    Diagnostic::new(Code::E0205, format!("`{name}` is defined twice"))
                        .at(span, "defined again here")
                        .because(before.def.name.span, "defined first here"),
                );
                continue;
            }
            let definition =
                Definition { def: with_ranges(def.clone()), origin, module, broken: AtomicBool::new(false) };
            self.definitions.insert(module, Arc::new(definition));
        }
        diagnostics
    }

    /// Binds a name to an expression, for the expressions after it.
    ///
    /// # Errors
    /// The mistakes in the expression; the name stays as it was.
    pub fn bind(&mut self, name: &str, text: &str) -> Result<(), Vec<Diagnostic>> {
        let expr = self.parse(&format!("<{name}>"), text)?;
        self.compile(&expr)?;
        let span = expr.span;
        self.rebind(name, span, Bound::Expr(expr));
        Ok(())
    }

    /// Binds a name to numbers from outside.
    pub fn bind_data(&mut self, name: &str, data: Data, origin: &str) {
        let file = self.sources.add(format!("<{name}>"), format!("# {name} is {origin}"));
        let end = self.sources.get(file).text.len();
        self.rebind(name, Span::new(file, 0, end), Bound::Data(Arc::new(data)));
    }

    fn rebind(&mut self, name: &str, span: Span, bound: Bound) {
        // A binding that others were made from stays beneath the new one, which hides it from what comes after.
        self.bound.push((name.to_string(), span, bound));
    }

    /// An expression as it is written, its text kept under a name for messages. Nothing is looked up.
    ///
    /// # Errors
    /// The mistakes in the text.
    pub fn parse(&mut self, name: &str, text: &str) -> Result<Expr, Vec<Diagnostic>> {
        let file = self.add_source(name, text)?;
        let parsed = parse_expr(file, text);
        match parsed.value {
            Some(expr) if parsed.diagnostics.is_empty() => Ok(expr),
            _ => Err(parsed.diagnostics),
        }
    }

    /// An expression of the bound names as a graph.
    ///
    /// # Errors
    /// The mistakes in the expression.
    pub fn expression(&mut self, text: &str) -> Result<Compiled, Vec<Diagnostic>> {
        let expr = self.parse("<expression>", text)?;
        self.compile(&expr)
    }

    /// An expression that is a tree already; its spans must point into this session's sources.
    ///
    /// # Errors
    /// The mistakes in the expression.
    pub fn compile(&self, expr: &Expr) -> Result<Compiled, Vec<Diagnostic>> {
        self.compile_with(expr, None)
    }

    /// An expression as a graph in which a bound name is an independent variable: a raw input with this value, of which
    /// nothing else is known but that it has the given properties, which are tested. What is known of a written value (a
    /// unit diagonal, a symmetry) holds for that value and not for its neighbours, so that a gradient must not rest on
    /// it; what a definition requires is tested instead. Names that were bound after the variable follow it.
    ///
    /// # Errors
    /// The mistakes in the expression, and a name that is not bound.
    pub fn expression_in(
        &mut self,
        text: &str,
        name: &str,
        value: Data,
        properties: &[Property],
    ) -> Result<(Compiled, InputId), Vec<Diagnostic>> {
        let expr = self.parse("<expression>", text)?;
        let at = self.bound_at(name)?;
        let value = Arc::new(value);
        let compiled = self.compile_with(&expr, Some(Variable { at, value: &value, properties }))?;
        let input = compiled.data.iter().find(|(_, data)| Arc::ptr_eq(data, &value)).map(|(input, _)| *input);
        // The variable is among the bound names, each of which that holds data has its input.
        let input = input.ok_or_else(|| vec![Diagnostic::new(Code::E0201, format!("`{name}` is not bound"))])?;
        Ok((compiled, input))
    }

    /// The position of the binding that a name has now.
    fn bound_at(&self, name: &str) -> Result<usize, Vec<Diagnostic>> {
        self.bound.iter().rposition(|(bound, ..)| bound == name).ok_or_else(|| {
            let near = did_you_mean(name, self.bound.iter().map(|(bound, ..)| bound.as_str()));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "bind it to a value first".to_owned(),
            };
            vec![Diagnostic::new(Code::E0201, format!("`{name}` is not a name with a value")).help(help)]
        })
    }

    /// The data that a name is bound to, if it is data and not an expression.
    ///
    /// # Errors
    /// When the name is not bound.
    pub fn data(&self, name: &str) -> Result<Option<Data>, Vec<Diagnostic>> {
        let at = self.bound_at(name)?;
        Ok(match &self.bound[at].2 {
            Bound::Data(data) => Some(data.as_ref().clone()),
            Bound::Expr(_) => None,
        })
    }

    fn compile_with(&self, expr: &Expr, variable: Option<Variable<'_>>) -> Result<Compiled, Vec<Diagnostic>> {
        let mut elaborator = Elaborator::new(&self.sources, &self.definitions, self.user);
        let mut data = Vec::new();
        let mut names = Vec::new();
        for (i, (name, span, bound)) in self.bound.iter().enumerate() {
            let variable = variable.filter(|variable| variable.at == i);
            let given = match (variable, bound) {
                (Some(variable), _) => Some((variable.value, variable.facts())),
                (_, Bound::Data(values)) => Some((values, values.facts())),
                (_, Bound::Expr(_)) => None,
            };
            let value = match (given, bound) {
                (None, Bound::Expr(expr)) => elaborator.any(expr).map_or(Value::Broken, Value::Node),
                (None, Bound::Data(_)) => Value::Broken,
                (Some((values, facts)), _) => {
                    data.push((InputId(elaborator.graph.inputs().len() as u32), values.clone()));
                    let input = Input { name: name.clone(), ty: values.ty(), facts };
                    elaborator.graph.set_origin(Some(*span));
                    let node = elaborator.graph.input(input);
                    let properties = variable.map_or(&[][..], |variable| variable.properties);
                    // A property that the shape rules out is not given.
                    Value::Node(elaborator.graph.annotate(node, properties, Basis::Tested).unwrap_or(node))
                }
            };
            if let Value::Node(node) = value {
                names.push((name.clone(), node));
            }
            elaborator.scope.bind(name, value, *span, "");
        }
        match elaborator.any(expr) {
            Ok(root) if elaborator.diagnostics.is_empty() => {
                Ok(Compiled { graph: elaborator.graph, root, data, names })
            }
            Ok(_) | Err(Reported) => Err(elaborator.diagnostics),
        }
    }

    /// Every name that expressions can use, sorted, each once.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.definitions.visible(self.user).map(|d| d.def.name.name.clone()).collect();
        names.extend(builtin::builtins().map(|builtin| builtin.name.to_string()));
        names.extend(builtin::CONSTANTS.iter().map(|(name, _)| name.to_string()));
        names.extend(self.bound.iter().map(|(name, ..)| name.clone()));
        names.sort();
        names.dedup();
        names
    }

    /// What a function or constant is, or the nearest known name.
    ///
    /// # Errors
    /// The likely spelling, where there is one.
    pub fn doc(&self, name: &str) -> Result<Doc, Option<String>> {
        if let Some(definition) = self.definitions.get(self.user, name) {
            return Ok(Doc {
                name: name.to_string(),
                signature: signature(definition),
                text: definition.def.doc.iter().map(|line| line.text.clone()).collect(),
                origin: self.sources.get(definition.def.name.span.file).name.clone(),
            });
        }
        if let Some(builtin) = builtin::builtin(name) {
            let signature = format!("{name}({})", builtin.arguments);
            return Ok(Doc { name: name.into(), signature, text: vec![builtin.doc.into()], origin: "language".into() });
        }
        if let Some((constant, doc)) = builtin::CONSTANTS.iter().find(|(constant, _)| *constant == name) {
            let (name, signature) = (constant.to_string(), constant.to_string());
            return Ok(Doc { name, signature, text: vec![doc.to_string()], origin: "language".into() });
        }
        let names = self.names();
        Err(did_you_mean(name, names.iter().map(String::as_str)).map(str::to_string))
    }

    /// The names that are bound to values, in order.
    pub fn bound(&self) -> Vec<String> {
        self.bound.iter().map(|(name, ..)| name.clone()).collect()
    }

    /// The definition that a name means in expressions, if it means one.
    pub fn definition(&self, name: &str) -> Option<&Arc<Definition>> {
        self.definitions.get(self.user, name)
    }

    /// What `FILE.lw:NAME` names, once the file's definitions are visible, and whether there was a file; any other text is
    /// left as it is.
    ///
    /// # Errors
    /// Every mistake in the file, and E0807 where it is a file and no name.
    pub fn open<'a>(&mut self, text: &'a str) -> Result<(bool, &'a str), Vec<Diagnostic>> {
        match file_and_name(text) {
            Some((file, name)) => {
                self.load_file(Path::new(file))?;
                Ok((true, name))
            }
            None if text.trim_end().ends_with(".lw") => {
                let help = format!("write {}:NAME, with the name of a definition in the file", text.trim());
                Err(vec![Diagnostic::new(Code::E0807, "which definition of the file?").help(help)])
            }
            None => Ok((false, text)),
        }
    }

    /// What to say of a name that no definition has.
    pub fn no_definition(&self, name: &str) -> Diagnostic {
        let names = self.names();
        let help = match did_you_mean(name, names.iter().map(String::as_str)) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            // Where a file was read, it is not in that.
            None => self.files.is_empty().then(|| format!("one of a file of yours is named with it: FILE.lw:{name}")),
        };
        Diagnostic::new(Code::E0202, format!("there is no definition `{name}`")).maybe_help(help)
    }

    /// The definitions of the library, in the order of their names.
    pub fn library(&self) -> impl Iterator<Item = &Arc<Definition>> {
        self.definitions.visible(Definitions::LIBRARY)
    }

    /// Checks every definition of the library by itself, as a user's definitions are checked.
    ///
    /// # Errors
    /// The mistakes found; none, as a test of the crate makes sure.
    pub fn check_library(&self) -> Result<(), Vec<Diagnostic>> {
        let mut diagnostics = Vec::new();
        for definition in self.library() {
            let mut elaborator = Elaborator::new(&self.sources, &self.definitions, Definitions::LIBRARY);
            let _ = elaborator.check_definition(definition);
            diagnostics.extend(elaborator.diagnostics);
        }
        if diagnostics.is_empty() { Ok(()) } else { Err(diagnostics) }
    }
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

/// File and definition of a text that names both, as `FILE.lw:NAME`.
pub fn file_and_name(text: &str) -> Option<(&str, &str)> {
    let end = text.rfind(".lw:")? + ".lw".len();
    Some((&text[..end], text[end + 1..].trim()))
}

/// Whether any of the places lies within a statement.
fn holds_any(statement: Span, places: &[Span]) -> bool {
    places.iter().any(|place| statement.start <= place.start && place.end <= statement.end)
}

/// A file beside the missing one whose name is near.
fn near_file(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let entries = std::fs::read_dir(folder).ok()?;
    let mut names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    let near = did_you_mean(wanted, names.iter().map(String::as_str))?;
    Some(format!("did you mean `{}`?", path.with_file_name(near).display()))
}
