//! The abstract syntax: what was written, with the place of every part, and nothing that was not written.
//!
//! Operators of one level are kept flat (`a + b - c` is one [`ExprKind::Chain`]), so that a sum of ten thousand terms
//! is as shallow as a sum of two and every recursive treatment is safe within the parser's nesting limit.

use num_rational::BigRational;

use crate::base::Span;

/// A whole source text.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Program {
    /// The statements, in order.
    pub items: Vec<Item>,
}

/// One statement of a source text.
#[expect(clippy::large_enum_variant, reason = "a file has few statements, and each is moved once or twice")]
#[derive(Clone, PartialEq, Debug)]
pub enum Item {
    /// `import "path.lw"`
    Import(Import),
    /// `def name(...) -> Type where ... = body`
    Def(Def),
    /// `theorem "name" { ... }`
    Theorem(Theorem),
}

/// `import "path.lw"`
#[derive(Clone, PartialEq, Debug)]
pub struct Import {
    /// The path as written, without its quotes.
    pub path: Text,
    /// The whole statement.
    pub span: Span,
}

/// A name with its place.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Ident {
    /// The name.
    pub name: String,
    /// Its place.
    pub span: Span,
}

/// A string or a documentation line, with its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text {
    /// The characters, without quotes or `##`.
    pub text: String,
    /// Its place, quotes included.
    pub span: Span,
}

/// A definition.
#[derive(Clone, PartialEq, Debug)]
pub struct Def {
    /// The `##` lines before it, each without `##` and one following space.
    pub doc: Vec<Text>,
    /// Its name.
    pub name: Ident,
    /// Its parameters.
    pub params: Vec<Param>,
    /// The result's domain, where it is written.
    pub result: Option<Domain>,
    /// The condition after `where`.
    pub requires: Option<Expr>,
    /// The body.
    pub body: Expr,
    /// The whole statement, documentation excluded.
    pub span: Span,
}

/// A parameter of a definition.
#[derive(Clone, PartialEq, Debug)]
pub struct Param {
    /// Its name.
    pub name: Ident,
    /// Its domain, where it is written.
    pub domain: Option<Domain>,
    /// The value that it has when the call gives none.
    pub default: Option<Expr>,
}

/// A set that a quantified name or a parameter ranges over.
#[derive(Clone, PartialEq, Debug)]
pub struct Domain {
    /// Which set.
    pub kind: DomainKind,
    /// Its place.
    pub span: Span,
}

/// The sets of the language.
#[derive(Clone, PartialEq, Debug)]
pub enum DomainKind {
    /// `Corr[n]`, `Mat[m, n]`, `Psd[n, complex]`, `Real`: a name, sizes, and whether `complex` is among the arguments.
    Named {
        /// The set's name; the checker knows which exist.
        name: Ident,
        /// The sizes.
        sizes: Vec<Expr>,
        /// The place of the word `complex`, where it stands.
        complex: Option<Span>,
    },
    /// `lo..hi`: integers, both ends included.
    Range {
        /// The least integer.
        lo: Expr,
        /// The greatest integer.
        hi: Expr,
    },
    /// `(lo, hi]` and so on: real numbers between two ends.
    Interval {
        /// The lower end.
        lo: Expr,
        /// Whether the lower end belongs to the set.
        lo_closed: bool,
        /// The upper end, which may be `inf`.
        hi: Expr,
        /// Whether the upper end belongs to the set.
        hi_closed: bool,
    },
    /// `{a, b, c}`: just these numbers.
    Finite(Vec<Expr>),
}

/// A theorem.
#[derive(Clone, PartialEq, Debug)]
pub struct Theorem {
    /// The `##` lines before it.
    pub doc: Vec<Text>,
    /// Its name.
    pub name: Text,
    /// Its statements, in order.
    pub statements: Vec<Statement>,
    /// The whole statement, documentation excluded.
    pub span: Span,
}

/// A statement of a theorem.
#[derive(Clone, PartialEq, Debug)]
pub enum Statement {
    /// `forall a, b in SET, c: DOMAIN`
    Forall(Vec<Quantified>),
    /// `let a = x, b = y`
    Let(Vec<Binding>),
    /// `assume COND`
    Assume(Expr),
    /// `claim ...` (boxed: a claim is far larger than the other statements)
    Claim(Box<Claim>),
    /// `expect refuted` or `expect vacuous`, about the claim before it.
    Expect(Expect, Span),
    /// `proof { ... }`, about the claim before it.
    Proof(Proof),
}

/// What a file's author knows of the claim before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expect {
    /// The claim is false.
    Refuted,
    /// No input meets the hypotheses.
    Vacuous,
}

/// Names that range over one set.
#[derive(Clone, PartialEq, Debug)]
pub struct Quantified {
    /// The names.
    pub names: Vec<Ident>,
    /// The set.
    pub domain: Domain,
}

/// `name = value`
#[derive(Clone, PartialEq, Debug)]
pub struct Binding {
    /// The name.
    pub name: Ident,
    /// The value.
    pub value: Expr,
}

/// A claim with its clauses.
#[derive(Clone, PartialEq, Debug)]
pub struct Claim {
    /// The label before the colon: a name or a string.
    pub label: Option<Text>,
    /// What is claimed.
    pub kind: ClaimKind,
    /// `equality iff COND` or `equality at NAME = EXPR, ...`
    pub equality: Option<Equality>,
    /// From `claim` to the end of the last clause.
    pub span: Span,
}

/// What is claimed.
#[expect(clippy::large_enum_variant, reason = "the claim that holds it is boxed")]
#[derive(Clone, PartialEq, Debug)]
pub enum ClaimKind {
    /// A condition. `maximizes(...)` and `minimizes(...)` are calls that it consists of, and `sup(...)` is one that is its
    /// left side; the checker knows what they mean.
    Condition(Expr),
    /// `f ~ g + O(h) as x -> inf`
    Asymptotic {
        /// The function.
        f: Expr,
        /// What it is asymptotic to.
        g: Expr,
        /// The order of the difference.
        order: Expr,
        /// The scalar that moves.
        variable: Ident,
        /// Where to: `inf` or `0`.
        limit: Expr,
    },
}

/// When the two sides of an inequality are equal.
#[derive(Clone, PartialEq, Debug)]
pub enum Equality {
    /// `equality iff COND`
    Iff(Expr),
    /// `equality at NAME = EXPR, ...`
    At(Vec<Binding>),
}

/// A calculation.
#[derive(Clone, PartialEq, Debug)]
pub struct Proof {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// From `proof` to the closing brace.
    pub span: Span,
}

/// `left REL right by LEMMA, ...`; a step that starts with its relation continues from the step before.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// The left side, absent where the step continues the one before.
    pub left: Option<Expr>,
    /// The relation. A single `=` counts as [`Relation::Eq`].
    pub relation: Relation,
    /// The right side.
    pub right: Expr,
    /// The lemmas, by name.
    pub by: Vec<Text>,
    /// The whole step.
    pub span: Span,
}

/// An expression with its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its place; parentheses around it are not part of it.
    pub span: Span,
}

impl Expr {
    /// The expressions that stand in it, in the order of the text.
    pub fn parts(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Number { .. } | ExprKind::Name(_) | ExprKind::Str(_) => Vec::new(),
            ExprKind::Call { args, .. } => args.iter().map(|arg| &arg.value).collect(),
            ExprKind::Index { base, indices } => [&**base].into_iter().chain(indices).collect(),
            ExprKind::Adjoint(inner) | ExprKind::Negate(inner) | ExprKind::Not(inner) => vec![inner],
            ExprKind::Power { base, exponent, .. } => vec![base, exponent],
            ExprKind::Chain { first, rest } => {
                [&**first].into_iter().chain(rest.iter().map(|(_, _, operand)| operand)).collect()
            }
            ExprKind::Compare { first, rest } => {
                [&**first].into_iter().chain(rest.iter().map(|(_, _, operand)| operand)).collect()
            }
            ExprKind::And(parts) | ExprKind::Or(parts) | ExprKind::Vector(parts) => parts.iter().collect(),
            ExprKind::Implies(premise, conclusion) => vec![premise, conclusion],
            ExprKind::If { condition, then, otherwise } => vec![condition, then, otherwise],
            ExprKind::Let { bindings, body } => {
                bindings.iter().map(|binding| &binding.value).chain([&**body]).collect()
            }
            ExprKind::Matrix(rows) => rows.iter().flatten().collect(),
        }
    }
}

/// The forms of an expression.
#[derive(Clone, PartialEq, Debug)]
pub enum ExprKind {
    /// `12`, `0.1`, `1e-3`, `2i`: exact.
    Number {
        /// The value, without the imaginary unit.
        value: BigRational,
        /// Whether the imaginary unit follows it.
        imaginary: bool,
    },
    /// A name, `inf` and `pi` included.
    Name(String),
    /// `"text"`: an option of a builtin, such as `"rows"`.
    Str(String),
    /// `f(x, y, name = z)`
    Call {
        /// What is called.
        callee: Ident,
        /// The arguments, positional ones first.
        args: Vec<Arg>,
    },
    /// `K[i, j]` or `v[i]`, from 1.
    Index {
        /// The matrix or vector.
        base: Box<Expr>,
        /// One or two indices.
        indices: Vec<Expr>,
    },
    /// `A'`
    Adjoint(Box<Expr>),
    /// `A ^ p` or, entrywise, `A .^ p`
    Power {
        /// The base.
        base: Box<Expr>,
        /// The exponent.
        exponent: Box<Expr>,
        /// Whether each entry is raised.
        entrywise: bool,
    },
    /// `-A`
    Negate(Box<Expr>),
    /// Operators of one level, from left to right: `a + b - c`, `a * b ∘ c`.
    Chain {
        /// The first operand.
        first: Box<Expr>,
        /// Each further operator with its place and its right operand; all sums or all products.
        rest: Vec<(Binary, Span, Expr)>,
    },
    /// `a <= b < c`
    Compare {
        /// The first operand.
        first: Box<Expr>,
        /// Each further relation with its place and its right operand.
        rest: Vec<(Relation, Span, Expr)>,
    },
    /// `not c`
    Not(Box<Expr>),
    /// `a and b and c`
    And(Vec<Expr>),
    /// `a or b or c`
    Or(Vec<Expr>),
    /// `a implies b`, to the right
    Implies(Box<Expr>, Box<Expr>),
    /// `if c then a else b`
    If {
        /// The condition.
        condition: Box<Expr>,
        /// The value where it holds.
        then: Box<Expr>,
        /// The value where it does not.
        otherwise: Box<Expr>,
    },
    /// `let x = a in b`, or several bindings separated by commas
    Let {
        /// The local names, each visible in the next.
        bindings: Vec<Binding>,
        /// Where they are visible.
        body: Box<Expr>,
    },
    /// `[1, 2, 3]`: a column.
    Vector(Vec<Expr>),
    /// `[1, 2; 3, 4]`, and `[1, 2;]` for a single row.
    Matrix(Vec<Vec<Expr>>),
}

/// An argument of a call.
#[derive(Clone, PartialEq, Debug)]
pub struct Arg {
    /// The parameter's name, where it is given.
    pub name: Option<Ident>,
    /// The value.
    pub value: Expr,
}

/// The infix operators that make values.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Binary {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `.*` or `∘`
    Hadamard,
    /// `./`
    EntryDiv,
    /// `⊗`
    Kron,
}

/// The relations that make conditions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Relation {
    /// `<`
    Lt,
    /// `<=` or `≤`
    Le,
    /// `>`
    Gt,
    /// `>=` or `≥`
    Ge,
    /// `==`
    Eq,
    /// `!=` or `≠`
    Ne,
    /// `<<=` or `⪯`: the Löwner order.
    LoewnerLe,
    /// `>>=` or `⪰`: the Löwner order, turned round.
    LoewnerGe,
}
