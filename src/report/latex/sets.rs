//! Sets in words: what a quantified name or a parameter is.

use super::expr::Writer;
use super::names;
use crate::ir::Set;
use crate::syntax::ast::{Domain, DomainKind};

/// What stands before and after the names of a set's members, where `one` is for a single name; and the shape of them.
struct Words {
    one: &'static str,
    many: &'static str,
    after: &'static str,
    square: bool,
}

const fn words(one: &'static str, many: &'static str, after: &'static str, square: bool) -> Words {
    Words { one, many, after, square }
}

/// The words for the members of a set; `complex` where its entries are.
fn set_words(set: Set, complex: bool) -> Words {
    match (set, complex) {
        (Set::Real, _) => words("a real number", "real numbers", "", false),
        (Set::Complex, _) => words("a complex number", "complex numbers", "", false),
        (Set::Vec, _) => words("a vector", "vectors", "", false),
        (Set::Mat, _) => words("a matrix", "matrices", "", false),
        (Set::Sym, false) => words("a symmetric matrix", "symmetric matrices", "", true),
        (Set::Sym, true) => words("a Hermitian matrix", "Hermitian matrices", "", true),
        (Set::Psd, _) => words("a positive semi-definite matrix", "positive semi-definite matrices", "", true),
        (Set::Pd, _) => words("a positive definite matrix", "positive definite matrices", "", true),
        (Set::Corr, _) => {
            let (one, many) = ("a positive semi-definite matrix", "positive semi-definite matrices");
            words(one, many, " with unit diagonal", true)
        }
        (Set::Density, _) => {
            let (one, many) = ("a positive semi-definite matrix", "positive semi-definite matrices");
            words(one, many, " with trace $1$", true)
        }
        (Set::UnitCols, _) => words("a matrix", "matrices", " with columns of norm $1$", false),
        (Set::UnitRows, _) => words("a matrix", "matrices", " with rows of norm $1$", false),
        (Set::Stiefel, _) => words("a matrix", "matrices", " with orthonormal columns", false),
        (Set::Orthogonal, false) => words("an orthogonal matrix", "orthogonal matrices", "", true),
        (Set::Orthogonal, true) | (Set::Unitary, _) => words("a unitary matrix", "unitary matrices", "", true),
        (Set::Simplex, _) => words("a probability vector", "probability vectors", "", false),
        (Set::Mask, _) => words("an array", "arrays", "", false),
    }
}

/// Whether the members of a set are complex.
pub(super) fn is_complex(domain: &Domain) -> bool {
    match &domain.kind {
        DomainKind::Named { name, complex, .. } => {
            complex.is_some() || matches!(Set::named(&name.name), Some(Set::Complex | Set::Unitary))
        }
        DomainKind::Range { .. } | DomainKind::Interval { .. } | DomainKind::Finite(_) => false,
    }
}

impl Writer {
    /// `positive semi-definite matrices $K_1, K_2 \in \mathbb{R}^{n \times n}$ with unit diagonal`, or with the words for
    /// one member.
    pub(super) fn members(&self, names: &[String], domain: &Domain, many: bool) -> String {
        let (lead, inside, after) = self.set(domain, many);
        format!("{lead}${}{inside}${after}", names.join(", "))
    }

    /// A value that lies in a set: `a matrix in $\mathbb{R}^{d \times B}$ with columns of norm $1$`.
    pub(super) fn member(&self, domain: &Domain) -> String {
        let (lead, inside, after) = self.set(domain, false);
        let inside = inside.trim_start_matches(r" \in ");
        if inside.is_empty() { lead.trim_end().to_owned() } else { format!("{lead}in ${inside}${after}") }
    }

    /// The words before the names, what follows them in math mode, and the words after.
    fn set(&self, domain: &Domain, many: bool) -> (String, String, String) {
        let counted = |one: &str, several: &str| format!("{} ", if many { several } else { one });
        match &domain.kind {
            DomainKind::Range { lo, hi } => {
                let (lo, hi) = (self.small().expression(lo), self.small().expression(hi));
                let inside = format!(r" \in \{{{lo}, \dots, {hi}\}}");
                (counted("an integer", "integers"), inside, String::new())
            }
            DomainKind::Interval { lo, lo_closed, hi, hi_closed } => {
                let (open, close) = (if *lo_closed { '[' } else { '(' }, if *hi_closed { ']' } else { ')' });
                let (lo, hi) = (self.small().expression(lo), self.small().expression(hi));
                let inside = format!(r" \in {open}{lo}, {hi}{close}");
                (counted("a real number", "real numbers"), inside, String::new())
            }
            DomainKind::Finite(values) => (
                counted("a real number", "real numbers"),
                format!(r" \in \{{{}\}}", self.small().list(values)),
                String::new(),
            ),
            DomainKind::Named { name, sizes, complex } => {
                let Some(set) = Set::named(&name.name) else {
                    // The checker refuses a set that is not known; what was written is still the best name for it.
                    let inside = format!(r" \in {}[{}]", names::words(&name.name), self.list(sizes));
                    return (String::new(), inside, String::new());
                };
                let row = set_words(set, complex.is_some());
                let field = match set {
                    Set::Mask => r"\{0, 1\}",
                    _ if is_complex(domain) => r"\mathbb{C}",
                    _ => r"\mathbb{R}",
                };
                let sizes: Vec<String> = sizes.iter().map(|size| self.factor(size)).collect();
                let shape = match sizes.as_slice() {
                    [] => String::new(),
                    [n] if row.square => format!(r"^{{{n} \times {n}}}"),
                    [n] => format!("^{{{n}}}"),
                    [m, n, ..] => format!(r"^{{{m} \times {n}}}"),
                };
                // Of numbers the words say all.
                let inside = if shape.is_empty() { String::new() } else { format!(r" \in {field}{shape}") };
                (counted(row.one, row.many), inside, row.after.to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::SETS;

    #[test]
    fn every_set_that_is_not_one_of_numbers_says_its_members_in_its_own_words() {
        let said: Vec<String> = SETS
            .iter()
            .map(|row| {
                let words = set_words(row.set, false);
                assert!(words.one.starts_with("a ") || words.one.starts_with("an "), "{}", row.name);
                format!("{}{}{}", words.one, words.after, words.square)
            })
            .collect();
        for (i, words) in said.iter().enumerate() {
            assert!(!said[..i].contains(words), "{} is told from no other set", SETS[i].name);
        }
    }
}
