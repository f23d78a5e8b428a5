//! Definitions, theorems and calculations as environments.

use super::expr::{Piece, Tightness, Writer, is_complex_expr, relation_sign};
use super::layout::Parts;
use super::names;
use super::sets::is_complex;
use super::text::{paragraph, text};
use crate::syntax::ast::{
    Binding, Claim, ClaimKind, Def, Domain, Equality, Expect, Expr, ExprKind, Item, Param, Program, Proof, Quantified,
    Statement, Step, Theorem,
};

/// What has been written of a file so far.
#[derive(Default)]
pub(super) struct Document {
    out: String,
}

impl Document {
    pub(super) fn program(mut self, program: &Program) -> String {
        for item in &program.items {
            match item {
                Item::Import(import) => self.line(&format!("% import \"{}\"\n", import.path.text)),
                Item::Def(def) => self.def(def),
                Item::Theorem(theorem) => self.theorem(theorem),
            }
        }
        self.out.trim_end().to_owned() + "\n"
    }

    fn line(&mut self, line: &str) {
        if !line.is_empty() {
            self.out += line;
            self.out.push('\n');
        }
    }

    /// A paragraph of its own, before what is stated.
    fn paragraph(&mut self, text: &str) {
        if !text.is_empty() {
            self.line(&format!("{text}\n"));
        }
    }

    /// A displayed formula, with what is needed after it.
    fn display(&mut self, formula: &str, end: &str) {
        self.line(&format!("\\[\n  {formula}{end}\n\\]"));
    }

    fn def(&mut self, def: &Def) {
        let writer = Writer::new(is_complex_def(def));
        self.line(&format!("\\begin{{definition}}[\\texttt{{{}}}]", text(&def.name.name)));
        self.paragraph(&paragraph(&def.doc));
        let conditions =
            def.requires.as_ref().map(|condition| format!(" such that ${}$", writer.expression(condition)));
        let given: Vec<String> = groups(&def.params).iter().map(|group| writer.given(group)).collect();
        self.line(&format!("For {}{},", sentence(&given), conditions.unwrap_or_default()));
        let names: Vec<String> = def.params.iter().map(|param| names::name(&param.name.name)).collect();
        let lead = format!("{}({}) =", names::function(&def.name.name), names.join(", "));
        // What the body names is told after it, where there is room.
        let (bindings, body) = unfold(&def.body);
        let end = if bindings.is_empty() { "." } else { "," };
        self.display(&Parts::led(&lead, writer.parts(body)).ending(end).formula(), "");
        if !bindings.is_empty() {
            self.locals("where", &bindings, ".", writer);
        }
        let result = def.result.as_ref().map(|domain| writer.member(domain)).filter(|words| words != "a real number");
        if let Some(words) = result {
            self.line(&format!("The value is {words}."));
        }
        let defaults: Vec<String> = def.params.iter().filter_map(|param| default(param, writer)).collect();
        if !defaults.is_empty() {
            self.line(&format!("By default, {}.", sentence(&defaults)));
        }
        self.line("\\end{definition}\n");
    }

    /// Local names with their values, one a line.
    fn locals(&mut self, lead: &str, bindings: &[&Binding], end: &str, writer: Writer) {
        self.line(lead);
        let rows: Vec<String> = bindings
            .iter()
            .map(|binding| {
                let value = writer.parts(&binding.value).formula();
                let value = Piece::new(value, loosest(&binding.value)).at_least(Tightness::Sum);
                format!("  {} &= {value}", names::name(&binding.name.name))
            })
            .collect();
        self.line(&format!("\\begin{{align*}}\n{}{end}\n\\end{{align*}}", rows.join(",\\\\\n")));
    }

    fn theorem(&mut self, theorem: &Theorem) {
        let writer = Writer::new(is_complex_theorem(theorem));
        self.line(&format!("\\begin{{theorem}}[{}]", text(&theorem.name.text)));
        self.paragraph(&paragraph(&theorem.doc));
        let claims = theorem.statements.iter().filter(|s| matches!(s, Statement::Claim(_))).count();
        let (mut number, mut remarks, mut first) = (0, Vec::new(), true);
        let (mut name, mut quantified) = (String::new(), Vec::new());
        // What is let or supposed is followed by `then`; `for all` is followed by the claim itself.
        let mut supposed = false;
        // A sentence starts with the first statement and goes on with the others.
        let mut begun = false;
        let mut lead = |word: &str| {
            let head = if begun { word[..1].to_owned() } else { word[..1].to_uppercase() };
            begun = true;
            format!("{head}{}", &word[1..])
        };
        for (i, statement) in theorem.statements.iter().enumerate() {
            match statement {
                Statement::Forall(groups) => {
                    quantified.extend(groups.iter().map(|group| writer.quantified(group)));
                    // Neighbouring statements make one list.
                    if !matches!(theorem.statements.get(i + 1), Some(Statement::Forall(_))) {
                        let lead = lead("for all");
                        self.line(&format!("{lead} {},", sentence(&std::mem::take(&mut quantified))));
                    }
                }
                Statement::Let(bindings) => {
                    supposed = true;
                    self.locals(&lead("let"), &bindings.iter().collect::<Vec<_>>(), ",", writer);
                }
                Statement::Assume(condition) => {
                    supposed = true;
                    self.line(&lead("suppose that"));
                    self.display(&writer.parts(condition).ending(",").formula(), "");
                }
                Statement::Claim(claim) => {
                    number += 1;
                    name = match &claim.label {
                        Some(label) => text(&label.text),
                        None if claims > 1 => number.to_string(),
                        None => String::new(),
                    };
                    match (first, supposed) {
                        (true, true) => self.line(&lead("then")),
                        // What comes after it goes on with the sentence, whether or not anything came before.
                        (true, false) => _ = lead("for"),
                        (false, _) => self.line(&lead("and")),
                    }
                    let more = theorem.statements[i + 1..].iter().any(|later| matches!(later, Statement::Claim(_)));
                    self.claim(claim, &name, if more { "," } else { "." }, writer);
                    first = false;
                }
                Statement::Expect(expect, _) => {
                    let subject = match name.as_str() {
                        "" => "The claim".to_owned(),
                        name => format!("Claim ({name})"),
                    };
                    remarks.push(match expect {
                        Expect::Refuted => {
                            format!("{subject} is expected to be refuted: it is stated because it is false.")
                        }
                        Expect::Vacuous => {
                            format!("{subject} is expected to be vacuous: nothing meets its hypotheses.")
                        }
                    });
                }
                // Proofs stand after the theorem.
                Statement::Proof(_) => {}
            }
        }
        self.line("\\end{theorem}");
        for remark in remarks {
            self.line(&format!("\\begin{{remark}}\n{remark}\n\\end{{remark}}"));
        }
        self.proofs(theorem, claims, writer);
        self.line("");
    }

    /// A claim, with what ends it: the sentence goes on where another follows.
    fn claim(&mut self, claim: &Claim, name: &str, end: &str, writer: Writer) {
        let parts = match &claim.kind {
            ClaimKind::Condition(condition) => writer.claimed(condition),
            ClaimKind::Asymptotic { f, g, order, variable, limit } => {
                let [f, g, limit] = [f, g, limit].map(|part| writer.side(part));
                let text = format!(
                    r"{f} = {g} + O\left({}\right) \quad \text{{as }} {} \to {limit}",
                    writer.expression(order),
                    names::name(&variable.name)
                );
                Parts::single(&text)
            }
        };
        let after = if claim.equality.is_some() { "," } else { end };
        let tag = if name.is_empty() { String::new() } else { format!(" \\tag{{{name}}}") };
        self.display(&parts.ending(after).formula(), &tag);
        match &claim.equality {
            None => {}
            Some(Equality::Iff(condition)) => {
                self.line(&format!("with equality if and only if ${}${end}", writer.expression(condition)));
            }
            Some(Equality::At(bindings)) => {
                self.line(&format!("with equality at ${}${end}", writer.bindings(bindings)));
            }
        }
    }

    /// Each calculation with the claim that it is for.
    fn proofs(&mut self, theorem: &Theorem, claims: usize, writer: Writer) {
        let (mut number, mut label) = (0, None);
        for statement in &theorem.statements {
            match statement {
                Statement::Claim(claim) => {
                    number += 1;
                    label = claim.label.as_ref().map(|label| text(&label.text));
                }
                Statement::Proof(proof) => {
                    let title = match &label {
                        Some(label) => format!("[Proof of ({label})]"),
                        None if claims > 1 => format!("[Proof of ({number})]"),
                        None => String::new(),
                    };
                    self.line(&format!("\\begin{{proof}}{title}"));
                    self.chain(proof, writer);
                    self.line("\\end{proof}");
                }
                Statement::Forall(_) | Statement::Let(_) | Statement::Assume(_) | Statement::Expect(..) => {}
            }
        }
    }

    fn chain(&mut self, proof: &Proof, writer: Writer) {
        let last = proof.steps.len().saturating_sub(1);
        let row = |(i, step)| row(step, if i == last { "." } else { "" }, writer);
        let rows: Vec<String> = proof.steps.iter().enumerate().map(row).collect();
        if !rows.is_empty() {
            self.line(&format!("\\begin{{align*}}\n{}\n\\end{{align*}}", rows.join(" \\\\\n")));
        }
    }
}

/// `left &= right && \text{by Lemma 2}`, and what ends the calculation after its last row.
fn row(step: &Step, end: &str, writer: Writer) -> String {
    let left = step.left.as_ref().map_or(String::new(), |left| format!("{} ", writer.side(left)));
    let right = writer.parts(&step.right).formula();
    let lemmas: Vec<String> = step.by.iter().map(|lemma| text(&lemma.text)).collect();
    let by = if lemmas.is_empty() { String::new() } else { format!(r" && \text{{by {}}}", sentence(&lemmas)) };
    format!("  {left}&{} {right}{by}{end}", relation_sign(step.relation))
}

impl Writer {
    /// `real numbers $\lambda$, $\mu$`: parameters that share a set.
    fn given(&self, (names, domain): &(Vec<String>, Option<Domain>)) -> String {
        match domain {
            Some(domain) => self.members(names, domain, names.len() > 1),
            None => format!("any ${}$", names.join(", ")),
        }
    }

    fn quantified(&self, group: &Quantified) -> String {
        let names: Vec<String> = group.names.iter().map(|name| names::name(&name.name)).collect();
        // `For all matrices $K$`, be there one name or several.
        self.members(&names, &group.domain, true)
    }

    /// A claim; `maximizes(f, K, X)` and `sup(f)` are claims of their own kind.
    fn claimed(&self, condition: &Expr) -> Parts {
        match &condition.kind {
            ExprKind::Call { callee, args } => match (callee.name.as_str(), args.as_slice()) {
                (form @ ("maximizes" | "minimizes"), [f, at, point]) => {
                    let most = if form == "maximizes" { "largest" } else { "least" };
                    let [f, at, point] = [f, at, point].map(|arg| self.side(&arg.value));
                    Parts::single(&format!(r"{f} \text{{ is {most} over }} {at} \text{{ exactly at }} {at} = {point}"))
                }
                _ => self.parts(condition),
            },
            ExprKind::Compare { first, rest } => match (&first.kind, rest.as_slice()) {
                (ExprKind::Call { callee, args }, [(relation, _, bound)])
                    if callee.name == "sup" && args.len() == 1 =>
                {
                    let of = self.piece(&args[0].value).at_least(Tightness::Product);
                    Parts::single(&format!(r"\sup {of} {} {}", relation_sign(*relation), self.side(bound)))
                }
                _ => self.parts(condition),
            },
            _ => self.parts(condition),
        }
    }
}

/// Neighbouring parameters of one set together.
fn groups(params: &[Param]) -> Vec<(Vec<String>, Option<Domain>)> {
    let mut groups: Vec<(Vec<String>, Option<Domain>)> = Vec::new();
    for param in params {
        let name = names::name(&param.name.name);
        let written = |domain: &Option<Domain>| {
            domain.as_ref().map(|domain| crate::syntax::print_domain(domain, crate::syntax::Spelling::Ascii))
        };
        match groups.last_mut() {
            Some((names, domain)) if written(domain) == written(&param.domain) => names.push(name),
            _ => groups.push((vec![name], param.domain.clone())),
        }
    }
    groups
}

fn default(param: &Param, writer: Writer) -> Option<String> {
    let default = param.default.as_ref()?;
    Some(format!("${} = {}$", names::name(&param.name.name), writer.side(default)))
}

/// `a`, `a and b`, `a, b and c`
fn sentence(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A body without the local names around it, and these in their order.
fn unfold(body: &Expr) -> (Vec<&Binding>, &Expr) {
    let (mut bindings, mut at) = (Vec::new(), body);
    while let ExprKind::Let { bindings: more, body } = &at.kind {
        bindings.extend(more);
        at = body;
    }
    (bindings, at)
}

/// How tight a value is that may be a choice.
fn loosest(expr: &Expr) -> Tightness {
    match &expr.kind {
        ExprKind::Let { .. } => Tightness::Open,
        // `cases` end with their line here.
        _ => Tightness::Sum,
    }
}

fn is_complex_def(def: &Def) -> bool {
    let params = def.params.iter().filter_map(|param| param.domain.as_ref()).any(is_complex);
    params || def.result.as_ref().is_some_and(is_complex) || is_complex_expr(&def.body)
}

fn is_complex_theorem(theorem: &Theorem) -> bool {
    theorem.statements.iter().any(|statement| match statement {
        Statement::Forall(groups) => groups.iter().any(|group| is_complex(&group.domain)),
        Statement::Let(bindings) => bindings.iter().any(|binding| is_complex_expr(&binding.value)),
        Statement::Assume(condition) => is_complex_expr(condition),
        Statement::Claim(claim) => match &claim.kind {
            ClaimKind::Condition(condition) => is_complex_expr(condition),
            ClaimKind::Asymptotic { f, g, .. } => is_complex_expr(f) || is_complex_expr(g),
        },
        Statement::Expect(..) | Statement::Proof(_) => false,
    })
}
