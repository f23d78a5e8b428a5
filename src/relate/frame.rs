//! From two losses to a theorem: what their names range over, what they require, and what is claimed of them.
//!
//! The relation of two losses is a statement of the language, so that it is sampled, attacked, certified and proved by
//! what does that for every statement, and can be kept in a file.

use super::range::Size;
use crate::base::{Code, Diagnostic, FileId, Span};
use crate::check::{Session, Theorem, no_such_size};
use crate::ir::NodeId;
use crate::syntax::ast::{Def, DomainKind, Expr, ExprKind, Param};
use crate::syntax::{Spelling, print_domain, print_expr};

/// What a real parameter ranges over where nothing is said.
const PARAMETERS: &str = "(0, 10]";

/// The theorem of a frame: its source, its name, what is before each claim, and its end.
const SOURCE: &str = "<relate>";
const TITLE: &str = "relation";
const CLAIM: &str = "    claim ";
const END: &str = "}\n";

/// What is around an expression where a claim only asks for it.
const BEFORE: &str = "sup(";
const BEHIND: &str = ") <= inf";

/// One of the two.
#[derive(Clone, Debug)]
struct Side {
    /// As an expression of the frame's names.
    text: String,
    /// The definition, where it is one.
    def: Option<Def>,
}

/// Two losses over one set of names.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The first loss, as an expression.
    pub left: String,
    /// The second.
    pub right: String,
    /// What each name ranges over, as `forall` takes it.
    pub ranges: Vec<String>,
    /// What is put for names: `mu = d / m`.
    pub lets: Vec<String>,
    /// What both require.
    pub conditions: Vec<String>,
    /// The matrices whose columns could be asked to have norm 1, and are not.
    pub loose: Vec<String>,
}

/// What `--forall` and `--set` say.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Texts such as `Z1, Z2: UnitCols[d, B]`.
    pub forall: Vec<String>,
    /// Names and the expressions put for them.
    pub set: Vec<(String, String)>,
    /// Sizes that are looked at alone.
    pub sizes: Vec<(String, i64)>,
    /// Whether a parameter that has a default is that, unless something is put for it.
    pub defaults: bool,
}

impl Given {
    /// The same, with some matrices among those with columns of norm 1.
    #[must_use]
    pub fn with_unit_columns(&self, names: &[(String, String)]) -> Given {
        let mut given = self.clone();
        given.forall.extend(names.iter().map(|(name, sizes)| format!("{name}: UnitCols[{sizes}]")));
        given
    }
}

/// The names before the colon or `in` of a text of `--forall`.
fn quantified(text: &str) -> Vec<&str> {
    let end = text.find(':').or_else(|| text.find(" in ")).unwrap_or(text.len());
    text[..end].split(',').map(str::trim).collect()
}

impl Side {
    /// A name of a definition, `FILE.lw:NAME`, or an expression.
    fn read(session: &mut Session, text: &str) -> Result<Side, Vec<Diagnostic>> {
        let (from_file, name) = session.open(text)?;
        match session.definition(name.trim()) {
            Some(definition) => {
                let def = definition.def.clone();
                if let Some(param) = def.params.iter().find(|param| param.domain.is_none()) {
                    let message = format!("`{}` takes a function, `{}`", def.name.name, param.name.name);
                    let help = "write a call with the function in place, as an expression";
                    return Err(vec![Diagnostic::new(Code::E0807, message).help(help)]);
                }
                let params: Vec<&str> = def.params.iter().map(|param| param.name.name.as_str()).collect();
                Ok(Side { text: format!("{}({})", def.name.name, params.join(", ")), def: Some(def) })
            }
            None if from_file || is_plain_name(text) => Err(vec![session.no_definition(name)]),
            None => Ok(Side { text: text.to_owned(), def: None }),
        }
    }
}

fn is_plain_name(text: &str) -> bool {
    text.trim().chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The text of a parameter's range, and its sizes if it is a matrix without a property.
fn range(param: &Param) -> Option<(String, Option<String>)> {
    let domain = param.domain.as_ref()?;
    let (name, text) = (&param.name.name, print_domain(domain, Spelling::Ascii));
    if text == "Real" {
        return Some((format!("{name} in {PARAMETERS}"), None));
    }
    let loose = text.strip_prefix("Mat[").and_then(|rest| rest.strip_suffix(']')).map(str::to_owned);
    Some((format!("{name}: {text}"), loose))
}

/// The names of sizes in a domain.
fn sizes(param: &Param) -> Vec<String> {
    let Some(DomainKind::Named { sizes, .. }) = param.domain.as_ref().map(|domain| &domain.kind) else {
        return Vec::new();
    };
    sizes.iter().flat_map(names).collect()
}

/// Every name that an expression uses for a value.
fn names(expr: &Expr) -> Vec<String> {
    let mut found = Vec::new();
    let mut stack = vec![expr];
    while let Some(expr) = stack.pop() {
        match &expr.kind {
            ExprKind::Name(name) => found.push(name.clone()),
            ExprKind::Number { .. } | ExprKind::Str(_) => {}
            ExprKind::Call { args, .. } => stack.extend(args.iter().map(|arg| &arg.value)),
            ExprKind::Index { base, indices } => {
                stack.push(base);
                stack.extend(indices);
            }
            ExprKind::Adjoint(inner) | ExprKind::Negate(inner) | ExprKind::Not(inner) => stack.push(inner),
            ExprKind::Power { base, exponent, .. } => stack.extend([&**base, &**exponent]),
            ExprKind::Chain { first, rest } => {
                stack.push(first);
                stack.extend(rest.iter().map(|(_, _, operand)| operand));
            }
            ExprKind::Compare { first, rest } => {
                stack.push(first);
                stack.extend(rest.iter().map(|(_, _, operand)| operand));
            }
            ExprKind::And(parts) | ExprKind::Or(parts) | ExprKind::Vector(parts) => stack.extend(parts),
            ExprKind::Implies(left, right) => stack.extend([&**left, &**right]),
            ExprKind::If { condition, then, otherwise } => stack.extend([&**condition, &**then, &**otherwise]),
            ExprKind::Let { bindings, body } => {
                stack.extend(bindings.iter().map(|binding| &binding.value));
                stack.push(body);
            }
            ExprKind::Matrix(rows) => stack.extend(rows.iter().flatten()),
        }
    }
    found
}

impl Frame {
    /// The frame of two losses.
    ///
    /// # Errors
    /// The mistakes in their names and files.
    pub fn new(session: &mut Session, left: &str, right: &str, given: &Given) -> Result<Frame, Vec<Diagnostic>> {
        let sides = [Side::read(session, left)?, Side::read(session, right)?];
        let mut set = given.set.clone();
        if given.defaults {
            let params = sides[0].def.iter().flat_map(|def| &def.params);
            let defaults = params.filter_map(|param| Some((param.name.name.clone(), param.default.as_ref()?)));
            let open = defaults.filter(|(name, _)| !given.set.iter().any(|(put, _)| put == name));
            set.extend(open.map(|(name, value)| (name, print_expr(value, Spelling::Ascii))).collect::<Vec<_>>());
        }
        let declared: Vec<&str> = given.forall.iter().flat_map(|text| quantified(text)).collect();
        let put: Vec<&str> = set.iter().map(|(name, _)| name.as_str()).collect();
        let params: Vec<&Param> = sides.iter().flat_map(|side| side.def.iter().flat_map(|def| &def.params)).collect();
        let mut known: Vec<String> = declared.iter().chain(&put).map(|name| (*name).to_owned()).collect();
        let mut ranges: Vec<String> = given.forall.clone();
        let mut loose = Vec::new();
        for param in &params {
            let name = &param.name.name;
            known.extend(sizes(param));
            if known.contains(name) {
                continue;
            }
            known.push(name.clone());
            let Some((text, of)) = range(param) else { continue };
            ranges.push(text);
            loose.extend(of.map(|sizes| format!("{name}|{sizes}")));
        }
        // A condition on names that the frame does not have is tested when the definition is called.
        let defs = sides.iter().filter_map(|side| side.def.as_ref());
        let requirements = defs.filter_map(|def| def.requires.as_ref());
        let known_only = |expr: &&Expr| names(expr).iter().all(|name| known.contains(name) || name == "inf");
        let mut conditions: Vec<String> =
            requirements.filter(known_only).map(|expr| print_expr(expr, Spelling::Ascii)).collect();
        conditions.dedup();
        let lets = set.iter().map(|(name, text)| format!("{name} = {text}")).collect();
        let [left, right] = sides.map(|side| side.text);
        Ok(Frame { left, right, ranges, lets, conditions, loose })
    }

    /// The frame at some sizes.
    ///
    /// # Errors
    /// E0807 where it has not these sizes.
    pub fn at_sizes(mut self, session: &mut Session, sizes: &[(String, i64)]) -> Result<Frame, Vec<Diagnostic>> {
        if sizes.is_empty() {
            return Ok(self);
        }
        let (theorem, ..) = self.both(session)?;
        let known: Vec<Size> = theorem.variables.iter().filter_map(Size::of).collect();
        let names: Vec<&str> = known.iter().map(|size| size.name.as_str()).collect();
        let wrong = sizes.iter().filter(|(name, _)| !names.contains(&name.as_str()));
        let wrong: Vec<Diagnostic> =
            wrong.map(|(name, _)| no_such_size(format!("neither loss has a size `{name}`"), &names, name)).collect();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        // A size must be quantified before the sets that use it.
        self.ranges.splice(0..0, sizes.iter().map(|(name, n)| format!("{name} in {n}..{n}")));
        Ok(self)
    }

    /// The matrices of [`Frame::loose`] that hold samples or features by their names, with their sizes.
    pub fn representations(&self) -> Vec<(String, String)> {
        let pairs = self.loose.iter().filter_map(|text| text.split_once('|'));
        let named = |name: &str| name.starts_with(['Z', 'P']) && name[1..].chars().all(|c| c.is_ascii_digit());
        pairs.filter(|(name, _)| named(name)).map(|(name, sizes)| (name.to_owned(), sizes.to_owned())).collect()
    }

    /// A theorem of the frame with some claims.
    ///
    /// # Errors
    /// The mistakes in it, which are those in the expressions and ranges given.
    pub fn theorem(&self, session: &mut Session, claims: &[String]) -> Result<Theorem, Vec<Diagnostic>> {
        let text = self.text(TITLE, claims);
        let mut theorems = session.load_text(SOURCE, &text)?;
        theorems.pop().ok_or_else(|| vec![Diagnostic::new(Code::E0807, "there is nothing to relate")])
    }

    /// The text of such a theorem.
    pub fn text(&self, name: &str, claims: &[String]) -> String {
        let mut lines = vec![format!("theorem \"{name}\" {{")];
        lines.extend(self.ranges.iter().map(|range| format!("    forall {range}")));
        lines.extend(self.lets.iter().map(|binding| format!("    let {binding}")));
        lines.extend(self.conditions.iter().map(|condition| format!("    assume {condition}")));
        lines.extend(claims.iter().map(|claim| format!("{CLAIM}{claim}")));
        lines.push(END.to_owned());
        lines.join("\n")
    }

    /// The theorem that has both as expressions, and their nodes in it.
    ///
    /// # Errors
    /// As [`Frame::theorem`].
    pub fn both(&self, session: &mut Session) -> Result<(Theorem, NodeId, NodeId), Vec<Diagnostic>> {
        let named = match self.left == self.right {
            true => vec![("<expression>", &self.left)],
            false => vec![("<first>", &self.left), ("<second>", &self.right)],
        };
        // Each by itself, so that its grammar is told in its own words, and that its names have a place there.
        let mut written = Vec::new();
        for (name, text) in &named {
            written.push(session.parse(name, text)?.span.file);
        }
        let claims: Vec<String> = named.iter().map(|(_, text)| format!("{BEFORE}{text}{BEHIND}")).collect();
        let none = || Diagnostic::new(Code::E0501, "only losses that are real numbers are related");
        // That a supremum is of a real number is how the theorem asks for it, and nothing that was written here.
        let told = |found: Vec<Diagnostic>| match found.iter().all(|mistake| mistake.code == Code::E0504) {
            true => vec![none()],
            false => found,
        };
        let theorem = match self.theorem(session, &claims) {
            Ok(theorem) => theorem,
            Err(found) => return Err(self.as_written(session, &written, &claims, told(found))),
        };
        let node = |i: usize| theorem.claims.get(i).and_then(|claim| claim.supremum).map(|supremum| supremum.value);
        match (node(0), node(claims.len() - 1)) {
            (Some(left), Some(right)) => Ok((theorem, left, right)),
            _ => Err(vec![none()]),
        }
    }

    /// Mistakes with their places in the expressions of some claims moved to where these were written: nobody wrote the theorem.
    fn as_written(
        &self,
        session: &Session,
        written: &[FileId],
        claims: &[String],
        found: Vec<Diagnostic>,
    ) -> Vec<Diagnostic> {
        // The claims are the last lines but one.
        let end = self.text(TITLE, claims).len() - END.len();
        let start = |at: usize| end - claims[at..].iter().map(|claim| CLAIM.len() + claim.len() + 1).sum::<usize>();
        let moved = |span: Span| {
            let within = |at: usize| {
                let from = start(at) + CLAIM.len() + BEFORE.len();
                let to = from + claims[at].len() - BEFORE.len() - BEHIND.len();
                (from <= span.start as usize && span.end as usize <= to).then_some((at, from as u32))
            };
            match (0..claims.len()).find_map(within) {
                Some((at, from)) => Span { file: written[at], start: span.start - from, end: span.end - from },
                None => span,
            }
        };
        let mut told = found;
        for mistake in &mut told {
            for label in &mut mistake.labels {
                if session.sources().get(label.span.file).name == SOURCE {
                    label.span = moved(label.span);
                }
            }
            if mistake.code == Code::E0201 && mistake.labels.iter().any(|label| written.contains(&label.span.file)) {
                // A theorem of one's own would quantify the name.
                mistake.help.retain(|help| help.starts_with("did you mean"));
                let name = session.sources().text(mistake.labels[0].span);
                let forall =
                    format!("say what it ranges over, as in --forall '{name}: Corr[n]' or --forall '{name} in (0, 1]'");
                mistake.help.push(forall);
            }
        }
        told
    }
}
