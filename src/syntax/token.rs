//! The words and signs that a text is made of, each with all of its spellings.

use crate::base::Span;

use super::ast::{Binary, Relation};

macro_rules! words {
    ($($word:ident $spelling:literal;)*) => {
        /// The reserved words.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) enum Word { $($word,)* }

        /// The reserved words: none of them can be a name.
        pub const KEYWORDS: &[&str] = &[$($spelling,)*];

        impl Word {
            pub(super) fn spelling(self) -> &'static str {
                match self { $(Word::$word => $spelling,)* }
            }

            pub(super) fn of(text: &str) -> Option<Word> {
                match text { $($spelling => Some(Word::$word),)* _ => None }
            }
        }
    };
}

words! {
    Import "import"; Def "def"; Theorem "theorem";
    Forall "forall"; Let "let"; Assume "assume"; Claim "claim"; Expect "expect"; Proof "proof";
    In "in"; Where "where"; By "by"; If "if"; Then "then"; Else "else";
    Not "not"; And "and"; Or "or"; Implies "implies";
}

/// Words that mean something in one place each and are ordinary names everywhere else.
pub const CONTEXTUAL: &[&str] = &["equality", "iff", "at", "as", "complex", "refuted", "vacuous"];

impl Word {
    /// Whether the word starts a statement of a file.
    pub(super) fn starts_item(self) -> bool {
        matches!(self, Word::Import | Word::Def | Word::Theorem)
    }

    /// Whether the word starts a statement of a theorem.
    pub(super) fn starts_statement(self) -> bool {
        matches!(self, Word::Forall | Word::Let | Word::Assume | Word::Claim | Word::Expect | Word::Proof)
    }
}

macro_rules! signs {
    ($($sign:ident $($spelling:literal)+;)*) => {
        /// The signs, brackets and operators alike.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) enum Sign { $($sign,)* }

        /// Every sign with every spelling; where one spelling begins with another, the longer one stands first.
        pub(super) const SIGNS: &[(&str, Sign)] = &[$($(($spelling, Sign::$sign),)+)*];

        impl Sign {
            /// The spellings, the canonical ASCII one first where there is one.
            pub(super) fn spellings(self) -> &'static [&'static str] {
                match self { $(Sign::$sign => &[$($spelling,)+],)* }
            }
        }
    };
}

signs! {
    LoewnerLe "<<=" "⪯"; LoewnerGe ">>=" "⪰";
    Le "<=" "≤"; Ge ">=" "≥"; Eq "=="; Ne "!=" "≠"; Lt "<"; Gt ">";
    Hadamard ".*" "∘"; EntryDiv "./"; EntryPower ".^"; Range "..";
    Arrow "->";
    Add "+"; Sub "-"; Mul "*"; Div "/"; Kron "⊗"; Power "^"; Adjoint "'";
    Assign "="; Colon ":"; Comma ","; Semicolon ";"; Tilde "~";
    LParen "("; RParen ")"; LBracket "["; RBracket "]"; LBrace "{"; RBrace "}";
}

impl Sign {
    pub(super) fn spelling(self) -> &'static str {
        self.spellings()[0]
    }

    /// The Unicode spelling where there is one, else the ASCII one.
    pub(super) fn unicode(self) -> &'static str {
        self.spellings()[self.spellings().len() - 1]
    }
}

/// What one token is. Numbers and strings are still text.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Tok<'a> {
    Name(&'a str),
    /// The digits, without the imaginary unit, and whether that follows them.
    Number(&'a str, bool),
    /// The characters between the quotes.
    Str(&'a str),
    Word(Word),
    Sign(Sign),
    /// Something that the lexer has already reported: no second message may be about it.
    Bad,
    /// One past the last token.
    End,
}

/// A token with its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub tok: Tok<'a>,
    pub span: Span,
    /// Whether no other token stands before it on its line.
    pub first_on_line: bool,
    /// The documentation lines that stand before it: a range of [`Lexed::docs`](super::lexer::Lexed::docs).
    pub docs: (u32, u32),
}

/// How tightly an operator binds, from the loosest to the tightest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// `implies`, to the right.
    Implies,
    /// `or`
    Or,
    /// `and`
    And,
    /// `not`, before its operand.
    Not,
    /// `==`, `<=` and the other relations, chained.
    Compare,
    /// `+` and `-`
    Sum,
    /// `*`, `/` and their entrywise and Kronecker kin.
    Product,
    /// `-` before its operand.
    Negate,
    /// `^` and `.^`, to the right.
    Power,
    /// `'`, indices and calls.
    Postfix,
}

impl Level {
    /// The next tighter level.
    pub(super) fn tighter(self) -> Level {
        match self {
            Level::Implies => Level::Or,
            Level::Or => Level::And,
            Level::And => Level::Not,
            Level::Not => Level::Compare,
            Level::Compare => Level::Sum,
            Level::Sum => Level::Product,
            Level::Product => Level::Negate,
            Level::Negate => Level::Power,
            Level::Power | Level::Postfix => Level::Postfix,
        }
    }
}

/// An infix operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Infix {
    Implies,
    Or,
    And,
    Compare(Relation),
    Arithmetic(Binary),
    Power { entrywise: bool },
}

/// Every operator: its level, whether it stands before its only operand, and its spellings, ASCII first.
pub const OPERATORS: &[(Level, bool, &[&str])] = &[
    (Level::Implies, false, &["implies"]),
    (Level::Or, false, &["or"]),
    (Level::And, false, &["and"]),
    (Level::Not, true, &["not"]),
    (Level::Compare, false, &["<<=", "⪯"]),
    (Level::Compare, false, &[">>=", "⪰"]),
    (Level::Compare, false, &["<=", "≤"]),
    (Level::Compare, false, &[">=", "≥"]),
    (Level::Compare, false, &["=="]),
    (Level::Compare, false, &["!=", "≠"]),
    (Level::Compare, false, &["<"]),
    (Level::Compare, false, &[">"]),
    (Level::Sum, false, &["+"]),
    (Level::Sum, false, &["-"]),
    (Level::Product, false, &["*"]),
    (Level::Product, false, &["/"]),
    (Level::Product, false, &[".*", "∘"]),
    (Level::Product, false, &["./"]),
    (Level::Product, false, &["⊗"]),
    (Level::Negate, true, &["-"]),
    (Level::Power, false, &["^"]),
    (Level::Power, false, &[".^"]),
    (Level::Postfix, false, &["'"]),
];

/// The infix operator that a token spells, with its level.
pub(super) fn infix(tok: Tok<'_>) -> Option<(Level, Infix)> {
    use Infix::{Arithmetic, Compare};
    Some(match tok {
        Tok::Word(Word::Implies) => (Level::Implies, Infix::Implies),
        Tok::Word(Word::Or) => (Level::Or, Infix::Or),
        Tok::Word(Word::And) => (Level::And, Infix::And),
        Tok::Sign(sign) => {
            if let Some(relation) = relation(sign) {
                return Some((Level::Compare, Compare(relation)));
            }
            match sign {
                Sign::Add => (Level::Sum, Arithmetic(Binary::Add)),
                Sign::Sub => (Level::Sum, Arithmetic(Binary::Sub)),
                Sign::Mul => (Level::Product, Arithmetic(Binary::Mul)),
                Sign::Div => (Level::Product, Arithmetic(Binary::Div)),
                Sign::Hadamard => (Level::Product, Arithmetic(Binary::Hadamard)),
                Sign::EntryDiv => (Level::Product, Arithmetic(Binary::EntryDiv)),
                Sign::Kron => (Level::Product, Arithmetic(Binary::Kron)),
                Sign::Power => (Level::Power, Infix::Power { entrywise: false }),
                Sign::EntryPower => (Level::Power, Infix::Power { entrywise: true }),
                _ => return None,
            }
        }
        _ => return None,
    })
}

/// The relation that a sign spells.
pub(super) fn relation(sign: Sign) -> Option<Relation> {
    Some(match sign {
        Sign::LoewnerLe => Relation::LoewnerLe,
        Sign::LoewnerGe => Relation::LoewnerGe,
        Sign::Le => Relation::Le,
        Sign::Ge => Relation::Ge,
        Sign::Eq => Relation::Eq,
        Sign::Ne => Relation::Ne,
        Sign::Lt => Relation::Lt,
        Sign::Gt => Relation::Gt,
        _ => return None,
    })
}

/// The sign of a relation.
pub(super) fn relation_sign(relation: Relation) -> Sign {
    match relation {
        Relation::LoewnerLe => Sign::LoewnerLe,
        Relation::LoewnerGe => Sign::LoewnerGe,
        Relation::Le => Sign::Le,
        Relation::Ge => Sign::Ge,
        Relation::Eq => Sign::Eq,
        Relation::Ne => Sign::Ne,
        Relation::Lt => Sign::Lt,
        Relation::Gt => Sign::Gt,
    }
}

/// The sign of an operator that makes values.
pub(super) fn binary_sign(binary: Binary) -> Sign {
    match binary {
        Binary::Add => Sign::Add,
        Binary::Sub => Sign::Sub,
        Binary::Mul => Sign::Mul,
        Binary::Div => Sign::Div,
        Binary::Hadamard => Sign::Hadamard,
        Binary::EntryDiv => Sign::EntryDiv,
        Binary::Kron => Sign::Kron,
    }
}

/// The level of an operator that makes values.
pub(super) fn binary_level(binary: Binary) -> Level {
    match binary {
        Binary::Add | Binary::Sub => Level::Sum,
        Binary::Mul | Binary::Div | Binary::Hadamard | Binary::EntryDiv | Binary::Kron => Level::Product,
    }
}
