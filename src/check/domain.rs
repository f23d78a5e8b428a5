//! Domains: from what is written to the sets of the graph.

use num_rational::BigRational;

use super::elaborate::{Checked, Elaborator};
use crate::base::{Code, Diagnostic, did_you_mean};
use crate::ir::{Domain, SETS, Set};
use crate::syntax::ast;

impl Elaborator<'_> {
    /// A named set with its sizes; the names in the sizes must be bound.
    pub(super) fn domain(&mut self, written: &ast::Domain) -> Checked<Domain> {
        let ast::DomainKind::Named { name, sizes, complex } = &written.kind else {
            return self.report(
                Diagnostic::new(Code::E0403, "a named set was needed here")
                    .at(written.span, "this is a set of numbers")
                    .help("write `Real` and give the range with `where`"),
            );
        };
        let Some(set) = Set::named(&name.name) else {
            let names = SETS.iter().map(|row| row.name);
            let hint = did_you_mean(&name.name, names.clone()).map(|near| format!("did you mean `{near}`?"));
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
            let example = match row.sizes {
                0 => row.name.to_string(),
                1 => format!("{}[n]", row.name),
                _ => format!("{}[m, n]", row.name),
            };
            return self.report(
                Diagnostic::new(Code::E0403, format!("`{}` takes {} sizes, not {}", row.name, row.sizes, sizes.len()))
                    .at(written.span, row.doc)
                    .help(format!("write `{example}`")),
            );
        }
        if let Some(place) = complex
            && !row.complex
        {
            return self.report(
                Diagnostic::new(Code::E0403, format!("`{}` has no complex version", row.name)).at(*place, "`complex`"),
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
            None => self.report(
                Diagnostic::new(Code::E0507, "an exact number was needed here")
                    .at(expr.span, "its value is not known when it is checked")
                    .help("write numbers, fractions such as `1/3`, and their sums and products"),
            ),
        }
    }
}
