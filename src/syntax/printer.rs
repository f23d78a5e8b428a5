//! From abstract syntax to text, with no more parentheses than needed: parsing the text gives the same tree again.
//!
//! That holds for every tree that the parser can give. Trees built otherwise must keep to the grammar: names are
//! names, strings hold no `"`, vectors are not empty, and a step of a proof without lemmas is the last one or is
//! continued by the next.

use crate::base::Span;

use super::ast::{
    Arg, Binary, Binding, Claim, ClaimKind, Def, Domain, DomainKind, Equality, Expect, Expr, ExprKind, Item, Param,
    Program, Proof, Quantified, Relation, Statement, Step, Text, Theorem,
};
use super::number::digits;
use super::token::{Level, Sign, Word, binary_level, binary_sign, relation_sign};

/// How operators with two spellings are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Spelling {
    /// `<=`, `.*`; only `⊗` has no ASCII spelling.
    #[default]
    Ascii,
    /// `≤`, `∘`
    Unicode,
}

/// Lines longer than this are broken where the grammar has a natural place for it.
const WIDTH: usize = 100;

/// The text of a whole file, a blank line between statements.
pub fn print_program(program: &Program, spelling: Spelling) -> String {
    let printer = Printer { spelling };
    let mut out = String::new();
    let mut imported = false;
    for (index, item) in program.items.iter().enumerate() {
        let import = matches!(item, Item::Import(_));
        if index > 0 && !(import && imported) {
            out.push('\n');
        }
        imported = import;
        out.push_str(&printer.item(item));
        out.push('\n');
    }
    out
}

/// The text of one statement of a file, without a line break at its end.
pub fn print_item(item: &Item, spelling: Spelling) -> String {
    Printer { spelling }.item(item)
}

/// The text of one statement of a theorem, without indentation.
pub fn print_statement(statement: &Statement, spelling: Spelling) -> String {
    Printer { spelling }.statement(statement, "")
}

/// The text of a set.
pub fn print_domain(domain: &Domain, spelling: Spelling) -> String {
    Printer { spelling }.domain(domain)
}

/// The text of an expression, on one line.
pub fn print_expr(expr: &Expr, spelling: Spelling) -> String {
    Printer { spelling }.expr(expr, None)
}

/// The text of the clause of a claim that says when its two sides are equal, on one line.
pub fn print_equality(equality: &Equality, spelling: Spelling) -> String {
    Printer { spelling }.equality(equality)
}

/// The level of an expression's outermost operator; none for `if` and `let`, which reach as far as they can.
fn level(kind: &ExprKind) -> Option<Level> {
    match kind {
        ExprKind::If { .. } | ExprKind::Let { .. } => None,
        ExprKind::Implies(..) => Some(Level::Implies),
        ExprKind::Or(_) => Some(Level::Or),
        ExprKind::And(_) => Some(Level::And),
        ExprKind::Not(_) => Some(Level::Not),
        ExprKind::Compare { .. } => Some(Level::Compare),
        ExprKind::Chain { rest, .. } => Some(rest.first().map_or(Level::Sum, |(operator, ..)| binary_level(*operator))),
        ExprKind::Negate(_) => Some(Level::Negate),
        ExprKind::Power { .. } => Some(Level::Power),
        ExprKind::Number { .. }
        | ExprKind::Name(_)
        | ExprKind::Str(_)
        | ExprKind::Call { .. }
        | ExprKind::Index { .. }
        | ExprKind::Adjoint(_)
        | ExprKind::Vector(_)
        | ExprKind::Matrix(_) => Some(Level::Postfix),
    }
}

struct Printer {
    spelling: Spelling,
}

impl Printer {
    fn sign(&self, sign: Sign) -> &'static str {
        match self.spelling {
            Spelling::Ascii => sign.spelling(),
            Spelling::Unicode => sign.unicode(),
        }
    }

    /// An expression where at least the level `min` is needed; none where anything may stand.
    fn expr(&self, expr: &Expr, min: Option<Level>) -> String {
        let text = self.kind(&expr.kind);
        if level(&expr.kind) < min { format!("({text})") } else { text }
    }

    fn kind(&self, kind: &ExprKind) -> String {
        match kind {
            ExprKind::Number { value, imaginary } => {
                let unit = if *imaginary { "i" } else { "" };
                format!("{}{unit}", digits(value))
            }
            ExprKind::Name(name) => name.clone(),
            ExprKind::Str(text) => format!("\"{text}\""),
            ExprKind::Call { callee, args } => {
                let args: Vec<String> = args.iter().map(|arg| self.arg(arg)).collect();
                format!("{}({})", callee.name, args.join(", "))
            }
            ExprKind::Index { base, indices } => {
                format!("{}[{}]", self.expr(base, Some(Level::Postfix)), self.list(indices))
            }
            ExprKind::Adjoint(inner) => format!("{}'", self.expr(inner, Some(Level::Postfix))),
            ExprKind::Power { base, exponent, entrywise } => {
                let sign = if *entrywise { Sign::EntryPower } else { Sign::Power };
                // Only an entrywise power needs its spaces, to be told from a number with a point.
                let space = if *entrywise { " " } else { "" };
                let base = self.expr(base, Some(Level::Postfix));
                format!("{base}{space}{}{space}{}", self.sign(sign), self.expr(exponent, Some(Level::Negate)))
            }
            ExprKind::Negate(inner) => format!("-{}", self.expr(inner, Some(Level::Negate))),
            ExprKind::Chain { first, rest } => {
                let inner = level(kind).map(Level::tighter);
                let space = if is_tight(first, rest) { "" } else { " " };
                let mut text = self.expr(first, inner);
                for (operator, _, operand) in rest {
                    let sign = self.sign(binary_sign(*operator));
                    text.push_str(&format!("{space}{sign}{space}{}", self.expr(operand, inner)));
                }
                text
            }
            ExprKind::Compare { first, rest } => {
                let mut text = self.expr(first, Some(Level::Sum));
                for (relation, _, operand) in rest {
                    let operand = self.expr(operand, Some(Level::Sum));
                    text.push_str(&format!(" {} {operand}", self.relation(*relation)));
                }
                text
            }
            ExprKind::Not(inner) => format!("not {}", self.expr(inner, Some(Level::Not))),
            ExprKind::And(operands) => self.joined(operands, Level::Not, " and "),
            ExprKind::Or(operands) => self.joined(operands, Level::And, " or "),
            ExprKind::Implies(left, right) => {
                format!("{} implies {}", self.expr(left, Some(Level::Or)), self.expr(right, Some(Level::Implies)))
            }
            ExprKind::If { condition, then, otherwise } => {
                let [condition, then, otherwise] = [condition, then, otherwise].map(|part| self.expr(part, None));
                format!("if {condition} then {then} else {otherwise}")
            }
            ExprKind::Let { bindings, body } => {
                format!("let {} in {}", self.bindings(bindings), self.expr(body, None))
            }
            ExprKind::Vector(entries) => format!("[{}]", self.list(entries)),
            ExprKind::Matrix(rows) => {
                let end = if rows.len() == 1 { ";" } else { "" };
                let rows: Vec<String> = rows.iter().map(|row| self.list(row)).collect();
                format!("[{}{end}]", rows.join("; "))
            }
        }
    }

    fn relation(&self, relation: Relation) -> &'static str {
        self.sign(relation_sign(relation))
    }

    fn joined(&self, operands: &[Expr], min: Level, between: &str) -> String {
        let operands: Vec<String> = operands.iter().map(|operand| self.expr(operand, Some(min))).collect();
        operands.join(between)
    }

    fn list(&self, exprs: &[Expr]) -> String {
        let exprs: Vec<String> = exprs.iter().map(|expr| self.expr(expr, None)).collect();
        exprs.join(", ")
    }

    fn arg(&self, arg: &Arg) -> String {
        let value = self.expr(&arg.value, None);
        arg.name.as_ref().map_or(value.clone(), |name| format!("{} = {value}", name.name))
    }

    fn bindings(&self, bindings: &[Binding]) -> String {
        let bindings: Vec<String> = bindings
            .iter()
            .map(|binding| format!("{} = {}", binding.name.name, self.expr(&binding.value, None)))
            .collect();
        bindings.join(", ")
    }

    fn domain(&self, domain: &Domain) -> String {
        match &domain.kind {
            DomainKind::Named { name, sizes, complex } => {
                let mut args: Vec<String> = sizes.iter().map(|size| self.size(size)).collect();
                args.extend(complex.map(|_| "complex".to_string()));
                if args.is_empty() { name.name.clone() } else { format!("{}[{}]", name.name, args.join(", ")) }
            }
            DomainKind::Range { lo, hi } => {
                let lo = self.expr(lo, Some(Level::Sum));
                let lo = if range_could_be_another_set(&lo) { format!("({lo})") } else { lo };
                format!("{lo}..{}", self.expr(hi, Some(Level::Sum)))
            }
            DomainKind::Interval { lo, lo_closed, hi, hi_closed } => {
                let open = if *lo_closed { '[' } else { '(' };
                let close = if *hi_closed { ']' } else { ')' };
                format!("{open}{}, {}{close}", self.expr(lo, Some(Level::Sum)), self.expr(hi, Some(Level::Sum)))
            }
            DomainKind::Finite(values) => format!("{{{}}}", self.list(values)),
        }
    }

    /// A size; the name `complex` alone would be taken for the word.
    fn size(&self, size: &Expr) -> String {
        let text = self.expr(size, None);
        if text == "complex" { format!("({text})") } else { text }
    }

    fn item(&self, item: &Item) -> String {
        match item {
            Item::Import(import) => format!("import \"{}\"", import.path.text),
            Item::Def(def) => self.def(def),
            Item::Theorem(theorem) => self.theorem(theorem),
        }
    }

    fn def(&self, def: &Def) -> String {
        let params: Vec<String> = def.params.iter().map(|param| self.param(param)).collect();
        let mut text = format!("{}def {}({})", docs(&def.doc), def.name.name, params.join(", "));
        if let Some(result) = &def.result {
            text.push_str(&format!(" -> {}", self.domain(result)));
        }
        if let Some(requires) = &def.requires {
            text.push_str(&format!(" where {}", self.expr(requires, None)));
        }
        let head = text.lines().last().map_or(0, |line| line.chars().count());
        let body = self.expr(&def.body, None);
        let space = if head + 3 + body.chars().count() > WIDTH { "\n    " } else { " " };
        format!("{text} ={space}{body}")
    }

    fn param(&self, param: &Param) -> String {
        let mut text = param.name.name.clone();
        if let Some(domain) = &param.domain {
            text.push_str(&format!(": {}", self.domain(domain)));
        }
        if let Some(default) = &param.default {
            text.push_str(&format!(" = {}", self.expr(default, None)));
        }
        text
    }

    fn theorem(&self, theorem: &Theorem) -> String {
        let indent = "    ";
        let mut text = format!("{}theorem \"{}\" {{\n", docs(&theorem.doc), theorem.name.text);
        for statement in &theorem.statements {
            text.push_str(&format!("{indent}{}\n", self.statement(statement, indent)));
        }
        text.push('}');
        text
    }

    /// A statement whose lines after the first begin with `indent`.
    fn statement(&self, statement: &Statement, indent: &str) -> String {
        match statement {
            Statement::Forall(groups) => {
                let groups: Vec<String> = groups.iter().map(|group| self.quantified(group)).collect();
                let line = format!("forall {}", groups.join(", "));
                if line.chars().count() <= WIDTH {
                    return line;
                }
                format!("forall {}", groups.join(&format!(",\n{indent}       ")))
            }
            Statement::Let(bindings) => format!("let {}", self.bindings(bindings)),
            Statement::Assume(condition) => format!("assume {}", self.expr(condition, None)),
            Statement::Claim(claim) => self.claim(claim, indent),
            Statement::Expect(Expect::Refuted, _) => "expect refuted".into(),
            Statement::Expect(Expect::Vacuous, _) => "expect vacuous".into(),
            Statement::Proof(proof) => self.proof(proof, indent),
        }
    }

    fn quantified(&self, group: &Quantified) -> String {
        let names: Vec<&str> = group.names.iter().map(|name| name.name.as_str()).collect();
        // Numbers lie in a set, matrices have a domain.
        let between = if matches!(group.domain.kind, DomainKind::Named { .. }) { ": " } else { " in " };
        format!("{}{between}{}", names.join(", "), self.domain(&group.domain))
    }

    fn claim(&self, claim: &Claim, indent: &str) -> String {
        let label = claim.label.as_ref().map_or(String::new(), |label| format!("{}: ", name_or_string(label)));
        let body = match &claim.kind {
            ClaimKind::Condition(condition) => self.expr(condition, None),
            ClaimKind::Asymptotic { f, g, order, variable, limit } => {
                let [f, g, limit] = [f, g, limit].map(|part| self.expr(part, Some(Level::Sum)));
                format!("{f} ~ {g} + O({}) as {} -> {limit}", self.expr(order, None), variable.name)
            }
        };
        let equality = claim.equality.as_ref().map_or(String::new(), |equality| self.equality(equality));
        let text = format!("claim {label}{body}");
        if equality.is_empty() {
            text
        } else if text.chars().count() + equality.chars().count() < WIDTH {
            format!("{text} {equality}")
        } else {
            format!("{text}\n{indent}    {equality}")
        }
    }

    fn equality(&self, equality: &Equality) -> String {
        match equality {
            Equality::Iff(condition) => format!("equality iff {}", self.expr(condition, None)),
            Equality::At(bindings) => format!("equality at {}", self.bindings(bindings)),
        }
    }

    fn proof(&self, proof: &Proof, indent: &str) -> String {
        let mut text = "proof {\n".to_string();
        for step in &proof.steps {
            text.push_str(&format!("{indent}    {}\n", self.step(step)));
        }
        format!("{text}{indent}}}")
    }

    fn step(&self, step: &Step) -> String {
        let left = step.left.as_ref().map_or("    ".into(), |left| self.expr(left, Some(Level::Sum)) + " ");
        let relation = if step.relation == Relation::Eq { "=" } else { self.relation(step.relation) };
        let mut text = format!("{left}{relation} {}", self.expr(&step.right, Some(Level::Sum)));
        if !step.by.is_empty() {
            let by: Vec<String> = step.by.iter().map(name_or_string).collect();
            text.push_str(&format!(" by {}", by.join(", ")));
        }
        text
    }
}

/// Whether a product reads better without spaces, as `2*mu` and `1/2` do: one of names, numbers and their powers.
fn is_tight(first: &Expr, rest: &[(Binary, Span, Expr)]) -> bool {
    let plain = |expr: &Expr| matches!(expr.kind, ExprKind::Name(_) | ExprKind::Number { .. });
    let short = |expr: &Expr| match &expr.kind {
        ExprKind::Power { base, exponent, entrywise: false } => plain(base) && plain(exponent),
        _ => plain(expr),
    };
    let opens = |expr: &Expr| match &expr.kind {
        ExprKind::Negate(inner) => plain(inner),
        _ => short(expr),
    };
    opens(first)
        && rest.iter().all(|(operator, _, operand)| matches!(operator, Binary::Mul | Binary::Div) && short(operand))
}

/// Whether a range that starts with this text would be read as an interval or as a set with a name.
fn range_could_be_another_set(lo: &str) -> bool {
    let after_name = lo.trim_start_matches(|c: char| c == '_' || unicode_ident::is_xid_continue(c));
    after_name.starts_with(['[', '\'']) || lo.starts_with('(')
}

fn docs(lines: &[Text]) -> String {
    let line = |line: &Text| if line.text.is_empty() { "##\n".to_string() } else { format!("## {}\n", line.text) };
    lines.iter().map(line).collect()
}

/// A label or a lemma: as a name where it can be one.
fn name_or_string(text: &Text) -> String {
    let mut chars = text.text.chars();
    let starts = chars.next().is_some_and(|c| c == '_' || unicode_ident::is_xid_start(c));
    if starts && chars.all(unicode_ident::is_xid_continue) && Word::of(&text.text).is_none() {
        text.text.clone()
    } else {
        format!("\"{}\"", text.text)
    }
}
