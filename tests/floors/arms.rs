//! No `match` on operations has an arm that takes what is left: a new operation must be met by the compiler.
//!
//! What counts is what a pattern lets through, not how it is written: `_`, a name (`other`, `ref op`, `op @ _`), `&_`, one
//! alternative of several, a part of a tuple or of `Some(_)`, as long as another arm names an operation in that place. An arm
//! with a guard takes nothing for sure, so the compiler asks for another. A single `if let` or `matches!` is a question about
//! the operations that it names; a chain of `if let` with an `else` is a `match`, and is held to the same. Chains of `==` and of
//! `matches!`, and questions one after another, are not seen. Other names for operations (`use Op::*`, `use Op as O`), which
//! would hide them from this, are refused too.

use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Arm, Expr, ExprIf, ExprMatch, ItemImpl, Macro, Pat, Path, Token, Type, UseTree};

/// The kinds, so that those of others (`tch::Kind`) do not count.
const KINDS: [&str; 7] = ["Leaf", "Entries", "Arrangement", "Contraction", "Decomposition", "Condition", "Mark"];

/// Complaints about arms of a `match` on operations, or on their kinds, that name nothing in their place.
pub fn nameless(path: &str, source: &str) -> Vec<String> {
    let file = match syn::parse_file(source) {
        Ok(file) => file,
        Err(error) => return vec![format!("{path}:{}: cannot be read: {error}", error.span().start().line)],
    };
    let mut scan = Scan { path, inside: false, complaints: Vec::new() };
    scan.visit_file(&file);
    scan.complaints
}

struct Scan<'a> {
    path: &'a str,
    /// Whether `Self` is one of these enums.
    inside: bool,
    complaints: Vec<String>,
}

impl Scan<'_> {
    fn complain(&mut self, at: proc_macro2::Span, what: &str) {
        self.complaints.push(format!("{}:{}: {what}", self.path, at.start().line));
    }

    /// Whether a path names an operation or a kind.
    fn names(&self, path: &Path) -> bool {
        let parts: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        match parts.as_slice() {
            [.., of, kind] if of == "Kind" => KINDS.contains(&kind.as_str()),
            [.., of, _] => of == "Op" || (self.inside && of == "Self"),
            [] | [_] => false,
        }
    }

    /// Whether a pattern is one that names an operation or a kind; its fields do not matter.
    fn named(&self, pattern: &Pat) -> bool {
        match pattern {
            Pat::Path(pattern) => self.names(&pattern.path),
            Pat::TupleStruct(pattern) => self.names(&pattern.path),
            Pat::Struct(pattern) => self.names(&pattern.path),
            _ => false,
        }
    }

    /// Whether a pattern names an operation or a kind anywhere.
    fn names_any(&self, pattern: &Pat) -> bool {
        self.named(pattern) || parts(pattern).into_iter().any(|part| self.names_any(part))
    }

    /// Whether a pattern takes everything in a place where another names an operation or a kind.
    fn takes(&self, pattern: &Pat, other: &Pat) -> bool {
        let (pattern, other) = (bare(pattern), bare(other));
        if self.named(other) {
            return takes_all(pattern);
        }
        if !self.names_any(other) {
            return false;
        }
        match (pattern, other) {
            (_, Pat::Or(other)) => other.cases.iter().any(|case| self.takes(pattern, case)),
            (Pat::Or(pattern), _) => pattern.cases.iter().any(|case| self.takes(case, other)),
            _ if takes_all(pattern) => true,
            (Pat::Tuple(a), Pat::Tuple(b)) => self.take(&a.elems, &b.elems),
            (Pat::TupleStruct(a), Pat::TupleStruct(b)) => a.path == b.path && self.take(&a.elems, &b.elems),
            (Pat::Slice(a), Pat::Slice(b)) => self.take(&a.elems, &b.elems),
            (Pat::Struct(a), Pat::Struct(b)) => {
                a.path == b.path
                    && b.fields.iter().filter(|field| self.names_any(&field.pat)).any(|other| {
                        let same = a.fields.iter().find(|field| field.member == other.member);
                        same.is_none_or(|field| self.takes(&field.pat, &other.pat))
                    })
            }
            _ => false,
        }
    }

    /// The same of parts in a row. What `..` stands for takes everything.
    fn take(&self, patterns: &Punctuated<Pat, Token![,]>, others: &Punctuated<Pat, Token![,]>) -> bool {
        let rests = |parts: &Punctuated<Pat, Token![,]>| parts.iter().any(is_rest);
        if rests(others) {
            // Places cannot be compared: what names nothing is taken to stand in the place of what does.
            return !patterns.iter().any(|pattern| self.names_any(pattern));
        }
        if rests(patterns) {
            let after = patterns.iter().rev().take_while(|part| !is_rest(part)).count();
            let before = patterns.len() - after - 1;
            let within = before..others.len().saturating_sub(after);
            return others.iter().enumerate().any(|(at, other)| match within.contains(&at) {
                true => self.names_any(other),
                false if at < before => self.takes(&patterns[at], other),
                false => self.takes(&patterns[patterns.len() + at - others.len()], other),
            });
        }
        patterns.iter().zip(others).any(|(pattern, other)| self.takes(pattern, other))
    }

    /// Whether a pattern lets through, in the place of operations, what it names neither as an operation nor as a kind.
    fn breach(&self, pattern: &Pat, others: &[&Pat]) -> bool {
        if let Pat::Or(pattern) = bare(pattern) {
            return pattern.cases.iter().any(|case| self.breach(case, others));
        }
        !self.names_any(pattern) && others.iter().any(|other| self.takes(pattern, other))
    }
}

/// A pattern without parentheses, references and a name for the whole.
fn bare(pattern: &Pat) -> &Pat {
    match pattern {
        Pat::Paren(inner) => bare(&inner.pat),
        Pat::Reference(inner) => bare(&inner.pat),
        Pat::Type(inner) => bare(&inner.pat),
        Pat::Ident(name) => name.subpat.as_ref().map_or(pattern, |(_, inner)| bare(inner)),
        _ => pattern,
    }
}

/// The patterns that one is made of.
fn parts(pattern: &Pat) -> Vec<&Pat> {
    match pattern {
        Pat::Paren(inner) => vec![&inner.pat],
        Pat::Reference(inner) => vec![&inner.pat],
        Pat::Type(inner) => vec![&inner.pat],
        Pat::Ident(name) => name.subpat.iter().map(|(_, inner)| &**inner).collect(),
        Pat::Or(inner) => inner.cases.iter().collect(),
        Pat::Tuple(inner) => inner.elems.iter().collect(),
        Pat::TupleStruct(inner) => inner.elems.iter().collect(),
        Pat::Slice(inner) => inner.elems.iter().collect(),
        Pat::Struct(inner) => inner.fields.iter().map(|field| &*field.pat).collect(),
        _ => Vec::new(),
    }
}

/// Whether a bare pattern is `_` or a name for whatever comes. Variants and constants are written with a capital.
fn takes_all(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) | Pat::Rest(_) => true,
        Pat::Ident(name) => name.ident.to_string().starts_with(|c: char| c.is_lowercase() || c == '_'),
        Pat::Tuple(inner) => inner.elems.iter().all(|part| takes_all(bare(part))),
        Pat::Or(inner) => inner.cases.iter().any(|case| takes_all(bare(case))),
        _ => false,
    }
}

fn is_rest(pattern: &Pat) -> bool {
    matches!(pattern, Pat::Rest(_))
}

/// The `let` of a condition, if that is one of its parts.
fn question(condition: &Expr) -> Option<&syn::ExprLet> {
    match condition {
        Expr::Let(question) => Some(question),
        Expr::Binary(both) => question(&both.left).or_else(|| question(&both.right)),
        Expr::Paren(inner) => question(&inner.expr),
        _ => None,
    }
}

impl<'ast> Visit<'ast> for Scan<'_> {
    fn visit_expr_match(&mut self, node: &'ast ExprMatch) {
        let patterns: Vec<&Pat> = node.arms.iter().map(|arm| &arm.pat).collect();
        let open: Vec<&Arm> =
            node.arms.iter().filter(|arm| arm.guard.is_none() && self.breach(&arm.pat, &patterns)).collect();
        for arm in open {
            let what = "an arm of a `match` on operations takes whatever is left: name the operations or their kinds";
            self.complain(arm.pat.span(), what);
        }
        visit::visit_expr_match(self, node);
    }

    /// Of a chain of questions about one value, two of which name operations, the `else` takes what is left.
    fn visit_expr_if(&mut self, node: &'ast ExprIf) {
        let (mut at, mut asked): (&ExprIf, Vec<&Expr>) = (node, Vec::new());
        let last = loop {
            let asks = question(&at.cond).filter(|question| self.names_any(&question.pat));
            asked.extend(asks.map(|question| &*question.expr));
            match at.else_branch.as_ref().map(|(_, other)| &**other) {
                Some(Expr::If(next)) => at = next,
                Some(last) => break Some(last),
                None => break None,
            }
        };
        if let Some(last) = last
            && let [first, rest @ ..] = asked.as_slice()
            && rest.contains(first)
        {
            self.complain(
                last.span(),
                "the `else` of a chain of `if let` on operations takes whatever is left: use `match`",
            );
        }
        // The rest of the chain is not one of its own.
        self.visit_expr(&node.cond);
        self.visit_block(&node.then_branch);
        match node.else_branch.as_ref().map(|(_, other)| &**other) {
            Some(Expr::If(next)) => {
                self.visit_expr(&next.cond);
                self.visit_block(&next.then_branch);
                next.else_branch.iter().for_each(|(_, other)| self.visit_expr(other));
            }
            Some(other) => self.visit_expr(other),
            None => {}
        }
    }

    fn visit_item_impl(&mut self, node: &'ast ItemImpl) {
        let of = match &*node.self_ty {
            Type::Path(of) => of.path.segments.last().is_some_and(|segment| segment.ident == "Op"),
            _ => false,
        };
        let before = std::mem::replace(&mut self.inside, of);
        visit::visit_item_impl(self, node);
        self.inside = before;
    }

    fn visit_use_tree(&mut self, node: &'ast UseTree) {
        let hidden = match node {
            UseTree::Path(inner) => inner.ident == "Op",
            UseTree::Rename(inner) => inner.ident == "Op",
            UseTree::Name(_) | UseTree::Glob(_) | UseTree::Group(_) => false,
        };
        if hidden {
            self.complain(node.span(), "another name for operations, or theirs without `Op::`: write it out");
        }
        visit::visit_use_tree(self, node);
    }

    /// What is given to a macro is looked at where it is a list of expressions, as that of `assert!` and `vec!` is.
    fn visit_macro(&mut self, node: &'ast Macro) {
        if let Ok(list) = node.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated) {
            list.iter().for_each(|expression| self.visit_expr(expression));
        }
    }
}

mod tests {
    use super::nameless;

    fn found(body: &str) -> usize {
        nameless("a.rs", &format!("fn f() {{ {body} }}")).len()
    }

    #[test]
    fn arms_that_name_nothing_are_found() {
        let arms = |rest: &str| format!("match op {{ Op::Pi => 1, Op::Map(f) if f.g() => {{ 2 }} {rest} }}");
        for bad in [
            "_ => 3",
            "_ => {}",
            "other => g(other),",
            "ref op => g(op)",
            "op @ _ => g(op)",
            "&_ => 3",
            "(_) => 3",
            "Op::Kron | _ => 3",
            "_unused => 3",
        ] {
            assert_eq!(found(&arms(bad)), 1, "{bad}");
        }
        for good in [
            "Op::Kron | Op::Zip(_) => 3",
            "_ if g() => 3, Op::Kron => 4",
            "op @ (Op::Kron | Op::Zip(_)) => g(op)",
            "Op::Zip(zip) => match zip { Zip::Add => 1, _ => 2 }",
            "Op::Zip(zip) => match zip { Zip::Add => 1, other => 2 }",
        ] {
            assert_eq!(found(&arms(good)), 0, "{good}");
        }
    }

    #[test]
    fn a_place_within_a_pattern_counts() {
        for (bad, other) in [
            ("(_, _)", "(Kind::Leaf, Op::Pi)"),
            ("(_, other)", "(_, Op::Pi)"),
            ("(_, ref op)", "(Kind::Mark, _)"),
            ("(None, _)", "(Some(1), Op::Pi)"),
            ("Some(_)", "Some(Op::Pi)"),
            ("Some(other)", "Some(&Op::Pi)"),
            ("_", "Some(Op::Pi)"),
            ("(..)", "(Op::Pi, 1)"),
            ("(.., 1)", "(Op::Pi, 2, 1)"),
            ("[_, _]", "[Op::Pi, Op::Kron]"),
            ("Key::Atom(_, args)", "Key::Atom(Op::Pi, args)"),
            ("Key::Atom(..)", "Key::Atom(Op::Pi, args)"),
            ("Node { .. }", "Node { op: Op::Pi, .. }"),
            ("Node { op, .. }", "Node { op: Op::Pi, .. }"),
            ("_", "Kind::Leaf | Kind::Mark"),
        ] {
            assert_eq!(found(&format!("match x {{ {other} => 1, {bad} => 2 }}")), 1, "{bad} after {other}");
        }
        for (good, other) in [
            ("(Kind::Leaf | Kind::Mark, _)", "(_, Op::Pi)"),
            ("(Kind::Leaf, other)", "(_, Op::Pi)"),
            ("None", "Some(Op::Pi)"),
            ("Some(Op::Kron)", "Some(Op::Pi)"),
            ("Key::Sum(_)", "Key::Atom(Op::Pi, args)"),
            ("(Op::Kron, _)", "(Op::Pi, 1)"),
            ("_", "Kind::Float"),
            ("_", "Zip::Add"),
        ] {
            assert_eq!(found(&format!("match x {{ {other} => 1, {good} => 2 }}")), 0, "{good} after {other}");
        }
    }

    #[test]
    fn only_the_patterns_of_the_match_itself_count() {
        // A match on something else within an arm, and one that has one within it.
        assert_eq!(found("match x { Some(y) => match y { Op::Pi => 1, _ => 2 }, _ => 3 }"), 1);
        assert_eq!(found("match x { 1 => Op::Pi, _ => Op::Infinity }"), 0);
        assert_eq!(found("assert!(match y { Op::Pi => true, _ => false }, \"{y}\");"), 1);
        assert_eq!(nameless("a.rs", "impl Op { fn f(&self) { match self { Self::Pi => 1, _ => 2 } } }").len(), 1);
        assert_eq!(nameless("a.rs", "impl Zip { fn f(&self) { match self { Self::Add => 1, _ => 2 } } }").len(), 0);
    }

    #[test]
    fn a_chain_of_questions_is_a_match() {
        let chain = "if let Op::Pi = op { 1 } else if let Op::Kron = op { 2 }";
        assert_eq!(found(&format!("{chain} else {{ 3 }}")), 1);
        assert_eq!(found(&format!("{chain} else if let Op::Not = op {{ 3 }} else {{ 4 }}")), 1);
        for good in [
            chain,
            "if let Op::Pi = op { 1 } else { 2 }",
            "let Op::Pi = op else { return };",
            "if let Op::Pi = a { 1 } else if let Op::Pi = b { 2 } else { 3 }",
        ] {
            assert_eq!(found(good), 0, "{good}");
        }
    }

    #[test]
    fn operations_have_one_name() {
        for bad in ["use crate::ir::Op::*;", "use crate::ir::{Graph, Op::{Pi, Kron}};", "use crate::ir::Op as O;"] {
            assert_eq!(nameless("a.rs", bad).len(), 1, "{bad}");
        }
        assert_eq!(nameless("a.rs", "use crate::ir::{Graph, Op};").len(), 0);
        assert_eq!(nameless("a.rs", "fn f( {").len(), 1);
    }
}
