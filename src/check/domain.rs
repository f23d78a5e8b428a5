//! Domains: from what is written to the sets of the graph.

use num_rational::BigRational;

use super::elaborate::{Checked, Elaborator};
use super::hint::{self, plural};
use crate::base::{Code, Diagnostic, did_you_mean};
use crate::ir::{Domain, SETS, Set};
use crate::syntax::ast;

impl Elaborator<'_> {
    /// A named set with its sizes; the names in the sizes must be bound. Of a set of numbers, the real numbers.
    pub(super) fn domain(&mut self, written: &ast::Domain) -> Checked<Domain> {
        let ast::DomainKind::Named { name, sizes, complex } = &written.kind else {
            // Which real numbers is a requirement: see `ranges`.
            return Ok(Domain { set: Set::Real, sizes: Vec::new(), complex: false });
        };
        let Some(set) = Set::named(&name.name) else {
            let names = SETS.iter().map(|row| row.name);
            let hint = did_you_mean(&name.name, names.clone())
                .map(|near| format!("did you mean `{near}`?"))
                .or_else(|| hint::domain_elsewhere(&name.name).map(str::to_string));
            return self.report(
                Diagnostic::new(Code::E0403, format!("the domain `{}` is not known", name.name))
                    .at(name.span, "not known")
                    .note(format!("the domains are {}", names.collect::<Vec<_>>().join(", ")))
                    .maybe_help(hint),
            );
        };
        let row = set.row();
        let fits = sizes.len() == row.sizes || (set == Set::Mask && sizes.len() == 1);
        if !fits {
            let wrong_case = sizes.iter().find(|size| self.sources.text(size.span).eq_ignore_ascii_case("complex"));
            let example = match (row.sizes, row.doc.split_once(" × ")) {
                (0, _) => row.name.to_string(),
                (2, Some((m, rest))) => format!("{}[{m}, {}]", row.name, rest.split(' ').next().unwrap_or("n")),
                _ => format!("{}[n]", row.name),
            };
            let (place, help) = match wrong_case {
                Some(word) => {
                    let text = self.sources.text(written.span);
                    let word_text = self.sources.text(word.span);
                    (word.span, format!("the word is written small: `{}`", text.replace(word_text, "complex")))
                }
                None => (written.span, format!("write `{example}`")),
            };
            let takes = format!("`{}` takes {}, not {}", row.name, plural(row.sizes, "size"), sizes.len());
            return self.report(
                Diagnostic::new(Code::E0403, takes)
                    .at(place, if wrong_case.is_some() { "this counts as a size" } else { "here" })
                    .note(format!("`{example}`: {}", row.doc))
                    .help(help),
            );
        }
        if let Some(place) = complex
            && !row.complex
        {
            return self.report(
                Diagnostic::new(Code::E0403, format!("`{}` has no complex version", row.name))
                    .at(*place, "cannot stand here")
                    .note(format!("`{}`: {}", row.name, row.doc)),
            );
        }
        let sizes: Vec<Checked<_>> = sizes.iter().map(|size| self.size(size)).collect();
        let sizes = sizes.into_iter().collect::<Checked<Vec<_>>>()?;
        if set == Set::Stiefel
            && let (Some(m), Some(n)) = (sizes[0].as_constant(), sizes[1].as_constant())
            && m < n
        {
            return self.report(
                Diagnostic::new(Code::E0406, format!("no {m} × {n} matrix has orthonormal columns"))
                    .at(written.span, "this set is empty")
                    .help(format!("Stiefel[m, n] needs m ≥ n: `Stiefel[{n}, {m}]`")),
            );
        }
        Ok(Domain { set, sizes, complex: complex.is_some() })
    }

    /// An expression whose exact value is known when it is checked.
    pub(super) fn constant(&mut self, expr: &ast::Expr) -> Checked<BigRational> {
        let node = self.value(expr)?;
        match self.graph.constant_value(node) {
            Some(value) => Ok(value.clone()),
            // What is infinite has a value that is known, and is no number that sums and products could be taken of exactly.
            None if self.graph.is_infinity(node) => self.report(
                Diagnostic::new(Code::E0507, "a set of values holds finite numbers")
                    .at(expr.span, "this is infinite")
                    .help("say what holds at `inf` in a claim of its own, such as `claim entropy(K, inf) >= 0`"),
            ),
            None => self.report(
                Diagnostic::new(Code::E0507, "an exact number was needed here")
                    .at(expr.span, "its value is not known when it is checked")
                    .help("write numbers, fractions such as `1/3`, and their sums and products"),
            ),
        }
    }
}
