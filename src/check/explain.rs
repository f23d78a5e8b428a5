//! Mistakes told well: what was expected and found, where each size and fact came from, and the likely repair.

use super::elaborate::{Elaborator, Operand};
use super::hint::a;
use super::witness;
use crate::base::{Code, Diagnostic, Span};
use crate::ir::{Dim, Fact, Field, Mismatch, NodeId, Property, Shape};

impl Elaborator<'_> {
    /// A node's type in words, with the facts that tell kinds of matrices apart.
    pub(super) fn describe(&self, id: NodeId) -> String {
        let ty = self.graph.ty(id);
        let field = match ty.field {
            Field::Real => "",
            Field::Complex => "complex ",
            Field::Truth => return "condition".into(),
        };
        format!("{field}{}", ty.shape)
    }

    /// The text of a short operand in backquotes, or a stand-in.
    pub(super) fn quoted(&self, span: Span, otherwise: &str) -> String {
        match self.sources.text(span) {
            text if text.len() <= 40 && !text.contains('\n') && !text.is_empty() => format!("`{text}`"),
            _ => otherwise.to_string(),
        }
    }

    /// The operand transposed, or without its transpose where it has one.
    pub(super) fn transposed(&self, span: Span) -> String {
        let text = self.bare(span, "B");
        match text.strip_suffix('\'') {
            Some(without) => format!("leave out the transpose: `{without}`"),
            None => format!("transpose it: `{text}'`"),
        }
    }

    /// The text of a short operand, in parentheses where an operator beside it needs them.
    pub(super) fn bare(&self, span: Span, otherwise: &str) -> String {
        let text = self.quoted(span, otherwise);
        let text = text.trim_matches('`');
        let simple = text.chars().all(|c| c.is_alphanumeric() || "_()'".contains(c));
        if simple { text.to_string() } else { format!("({text})") }
    }

    /// Adds where the operands that are names were declared, and where the sizes in question were.
    pub(super) fn declared(&self, mut diagnostic: Diagnostic, operands: &[Operand], sizes: &[&Dim]) -> Diagnostic {
        let mut told: Vec<Span> = diagnostic.labels.iter().map(|label| label.span).collect();
        for operand in operands {
            let text = self.sources.text(operand.span);
            let root = text.trim_end_matches('\'');
            if let Some(binding) = self.scope.get(root)
                && !told.contains(&binding.span)
            {
                told.push(binding.span);
                let what = if binding.described.is_empty() {
                    format!("`{root}` is named here")
                } else {
                    format!("`{root}` is declared as {}", binding.described)
                };
                diagnostic = diagnostic.because(binding.span, what);
            }
        }
        for var in sizes.iter().flat_map(|size| size.vars()) {
            // A size in the domain that a label shows already needs no label of its own.
            let shown = |place: &Span| {
                told.iter()
                    .any(|label| label.file == place.file && label.end <= place.start && place.start - label.end < 24)
                    && self.frames.is_empty()
            };
            if let Some(place) = self.size_places.get(&var)
                && !told.contains(place)
                && !shown(place)
            {
                told.push(*place);
                diagnostic = diagnostic.because(*place, format!("the size `{}` comes from here", var.name));
            }
        }
        diagnostic
    }

    /// The diagnostic of a mismatch: `by` names the operation, `span` is all of it.
    pub(super) fn explain(&self, mismatch: &Mismatch, by: &str, operands: &[Operand], span: Span) -> Diagnostic {
        let place = |i: &usize| operands.get(*i).map_or(span, |o| o.span);
        let found = |i: &usize| operands.get(*i).map_or("value".into(), |o| self.describe(o.node));
        let this = |i: &usize| format!("this is {}", a(&found(i)));
        match mismatch {
            Mismatch::Arguments { expected, found } | Mismatch::Parameters { expected, found } => {
                Diagnostic::new(Code::E0203, format!("{by} takes {expected} operands, not {found}")).at(span, "here")
            }
            Mismatch::NeedsScalar(i) => {
                Diagnostic::new(Code::E0501, format!("{by} needs a scalar, not {}", a(&found(i)))).at(place(i), this(i))
            }
            Mismatch::NeedsVector(i) => {
                let diagnostic = Diagnostic::new(Code::E0502, format!("{by} needs a vector, not {}", a(&found(i))));
                self.declared(diagnostic.at(place(i), this(i)), operands, &[])
            }
            Mismatch::NeedsMatrix(i) => {
                let diagnostic = Diagnostic::new(Code::E0502, format!("{by} needs a matrix, not {}", a(&found(i))));
                self.declared(diagnostic.at(place(i), this(i)), operands, &[])
            }
            Mismatch::NeedsSquare(i) => self.not_square(by, operands, *i, span),
            Mismatch::NeedsReal(i) => Diagnostic::new(Code::E0504, format!("{by} needs real numbers"))
                .at(place(i), this(i))
                .help("take `real(x)`, `imag(x)`, `abs(x)` or `abs2(x)`"),
            Mismatch::NeedsTruth(i) => {
                Diagnostic::new(Code::E0503, format!("{by} needs a condition")).at(place(i), this(i))
            }
            Mismatch::NeedsValue(i) => Diagnostic::new(Code::E0505, format!("{by} needs a value, not a condition"))
                .at(place(i), "this is a condition"),
            Mismatch::NeedsFact(i, property, fact) => self.lacks(by, operands, *i, *property, *fact, span),
            Mismatch::ShapesDiffer(i, j) => self.shapes_differ(by, operands, *i, *j, span),
            Mismatch::InnerSizes(left, right) => self.inner_sizes(by, operands, left, right, span),
            Mismatch::ScalarPlusMatrix(i) => {
                let j = 1 - i;
                let size = operands.get(j).map_or("n".to_string(), |o| self.graph.ty(o.node).shape.rows().to_string());
                let scalar = self.bare(place(i), "s");
                let square = operands.get(j).is_some_and(|o| self.graph.ty(o.node).shape.is_square());
                let cols = operands.get(j).map_or("n".to_string(), |o| self.graph.ty(o.node).shape.cols().to_string());
                let diagnostic =
                    Diagnostic::new(Code::E0302, format!("{by} does not join a scalar and {}", a(&found(&j))))
                        .at(place(i), this(i))
                        .at(place(&j), this(&j));
                // What is added once needs no factor.
                let times = if scalar == "1" { String::new() } else { format!("{scalar}*") };
                let vector = matches!(operands.get(j).map(|o| &self.graph.ty(o.node).shape), Some(Shape::Vector(_)));
                let diagnostic = diagnostic.help(if square {
                    format!(
                        "write `{times}eye({size})` to move the spectrum, or `{times}ones({size}, {cols})` to move every entry"
                    )
                } else if vector {
                    format!("write `{times}ones({size})` to move every entry")
                } else {
                    format!("write `{times}ones({size}, {cols})` to move every entry")
                });
                self.declared(diagnostic, operands, &[])
            }
            Mismatch::BlockSize(i, size) => {
                let diagnostic = Diagnostic::new(Code::E0301, "the blocks of a matrix do not fit together");
                let scalar = operands.get(*i).is_some_and(|o| self.graph.ty(o.node).shape == Shape::Scalar);
                // Heights are compared before widths: a block that is as high as its row is has the wrong width.
                let rows = operands.get(*i).map(|o| self.graph.ty(o.node).shape.rows());
                let side = if rows.as_ref() == Some(size) { "wide" } else { "high" };
                let diagnostic =
                    diagnostic.at(place(i), format!("{}, where its neighbours are {size} {side}", this(i)));
                let hint = scalar.then(|| {
                    let shape = if side == "high" { format!("{size}, 1") } else { format!("1, {size}") };
                    format!("a scalar is a 1 × 1 block; a block of zeros is `zeros({shape})`, of equal entries `s*ones({shape})`")
                });
                let blamed: Vec<Operand> = operands.get(*i).copied().into_iter().collect();
                self.declared(diagnostic.maybe_help(hint), &blamed, &[size])
            }
            Mismatch::IndexOutside(i, index, size) => {
                let diagnostic = Diagnostic::new(Code::E0304, format!("the index {index} is outside 1..{size}"));
                let mut diagnostic = diagnostic.at(place(i), "this index");
                if let Some(base) = operands.first() {
                    diagnostic = diagnostic.because(base.span, format!("this is {}", a(&self.describe(base.node))));
                }
                let diagnostic = if *index == 0 { diagnostic.help("indices start at 1") } else { diagnostic };
                self.declared(diagnostic, operands, &[size])
            }
            Mismatch::IndexNotInteger(i) => {
                Diagnostic::new(Code::E0304, "an index must be an integer").at(place(i), "this index")
            }
            Mismatch::BadSize(size) => {
                let diagnostic =
                    Diagnostic::new(Code::E0305, format!("{size} is not a usable size")).at(span, "made here");
                diagnostic.help("sizes are integers from 1 up, and small enough to be multiplied")
            }
        }
    }

    pub(super) fn not_square(&self, by: &str, operands: &[Operand], i: usize, span: Span) -> Diagnostic {
        let Some(operand) = operands.get(i) else {
            return Diagnostic::new(Code::E0303, format!("{by} needs a square matrix")).at(span, "here");
        };
        let found = self.describe(operand.node);
        let diagnostic = Diagnostic::new(Code::E0303, format!("{by} needs a square matrix, not {}", a(&found)))
            .at(operand.span, format!("this is {}", a(&found)));
        let shape = self.graph.ty(operand.node).shape.clone();
        let diagnostic = match &shape {
            Shape::Matrix(m, n) => {
                let z = self.bare(operand.span, "Z");
                diagnostic.help(format!(
                    "`gram({z})` is {n} × {n}, a kernel over the columns; `cov({z})` is {m} × {m}, one over the rows"
                ))
            }
            Shape::Vector(_) => {
                let v = self.bare(operand.span, "v");
                diagnostic.help(format!("`diag({v})` is the square matrix with this diagonal"))
            }
            Shape::Scalar => diagnostic,
        };
        self.declared(diagnostic, operands, &[&shape.rows(), &shape.cols()])
    }

    fn lacks(
        &self,
        by: &str,
        operands: &[Operand],
        i: usize,
        property: Property,
        fact: Fact,
        span: Span,
    ) -> Diagnostic {
        let code = match property {
            Property::Hermitian => Code::E0402,
            Property::Psd | Property::Pd => Code::E0405,
            Property::UnitDiagonal
            | Property::TraceOne
            | Property::Diagonal
            | Property::Nonnegative
            | Property::Positive
            | Property::ZeroOne
            | Property::Integer
            | Property::SumsToOne
            | Property::UnitColumns
            | Property::UnitRows
            | Property::OrthonormalColumns
            | Property::OrthonormalRows
            | Property::Finite => Code::E0401,
        };
        let Some(operand) = operands.get(i) else {
            return Diagnostic::new(code, format!("{by} needs a value that is {property}")).at(span, "here");
        };
        let found = self.describe(operand.node);
        let certainty = if fact == Fact::No { "is not" } else { "is not known to be" };
        let mut diagnostic = Diagnostic::new(code, format!("{by} needs {} that is {property}", a(&found)))
            .at(operand.span, format!("this {certainty} {property}"));
        let why = self.graph.facts(operand.node).why(property);
        let shown = witness::why_not(&self.graph, operand.node, property);
        let written_out = shown.is_some();
        if let Some(shown) = shown {
            diagnostic = diagnostic.note(shown);
        } else if fact == Fact::No && !why.is_empty() {
            diagnostic = diagnostic.note(format!("known to be so: {why}"));
        }
        let named = self.sources.text(operand.span).chars().all(|c| c.is_alphanumeric() || c == '_');
        let z = if named { self.bare(operand.span, "A") } else { "A".to_string() };
        let hint = match property {
            Property::Hermitian if by.contains("eigvals") => {
                Some(format!("`svdvals({z})` takes any matrix; `({z} + {z}')/2` is the Hermitian part"))
            }
            Property::Hermitian => Some(format!("`({z} + {z}')/2` is the Hermitian part")),
            // For numbers that someone wrote down, the entry that is wrong says more than another matrix would.
            Property::Psd | Property::Pd if written_out => None,
            Property::Psd | Property::Pd => Some(format!("`gram({z})` and `cov({z})` are positive semi-definite")),
            Property::UnitDiagonal if written_out => None,
            Property::UnitDiagonal => {
                Some("the Gram matrix of unit columns has a unit diagonal: `gram(normalize_cols(Z))`".into())
            }
            Property::TraceOne => Some(format!("divide by the trace: `{z}/trace({z})`")),
            Property::SumsToOne => Some(format!("divide by the sum: `{z}/sum({z})`")),
            Property::UnitColumns => Some(format!("`normalize_cols({z})`")),
            Property::UnitRows => Some(format!("`normalize_rows({z})`")),
            Property::Diagonal
            | Property::Nonnegative
            | Property::Positive
            | Property::ZeroOne
            | Property::Integer
            | Property::OrthonormalColumns
            | Property::OrthonormalRows
            | Property::Finite => None,
        };
        self.declared(diagnostic.maybe_help(hint), operands, &[])
    }

    fn shapes_differ(&self, by: &str, operands: &[Operand], i: usize, j: usize, span: Span) -> Diagnostic {
        let (Some(one), Some(other)) = (operands.get(i), operands.get(j)) else {
            return Diagnostic::new(Code::E0301, format!("{by} needs values of one shape")).at(span, "here");
        };
        let (left, right) = (self.describe(one.node), self.describe(other.node));
        let mut diagnostic =
            Diagnostic::new(Code::E0301, format!("{by} needs one shape, not {} and {}", a(&left), a(&right)))
                .at(one.span, format!("this is {}", a(&left)))
                .at(other.span, format!("this is {}", a(&right)));
        let (x, y) = (self.graph.ty(one.node).shape.clone(), self.graph.ty(other.node).shape.clone());
        diagnostic = diagnostic.maybe_help(self.one_shape((one.span, &x), (other.span, &y)));
        let blamed = [*one, *other];
        self.declared(diagnostic, &blamed, &[&x.rows(), &x.cols(), &y.rows(), &y.cols()])
    }

    /// The likely repair where two values must have one shape.
    fn one_shape(&self, (one, x): (Span, &Shape), (other, y): (Span, &Shape)) -> Option<String> {
        let (left, right) = (self.sources.text(one), self.sources.text(other));
        for (text, shape) in [(left, y), (right, x)] {
            if text.starts_with("eye(") && shape.is_square() {
                return Some(format!("the identity of the other size is `eye({})`", shape.rows()));
            }
        }
        match (x, y) {
            (Shape::Matrix(m, n), Shape::Matrix(p, q)) if m == q && n == p => Some(self.transposed(other)),
            (Shape::Matrix(..), Shape::Matrix(..)) => {
                let kernel = |text: &str| text.starts_with("gram(") || text.starts_with("cov(");
                if kernel(left) && kernel(right) {
                    let both =
                        "`gram(Z)` is a kernel over the columns (samples), `cov(Z)` one over the rows (features)";
                    return Some(format!("use one of the two on both sides: {both}"));
                }
                self.other_kernel(one).or_else(|| self.other_kernel(other))
            }
            (Shape::Matrix(m, n), Shape::Vector(p)) if p == m => {
                let v = self.bare(other, "v");
                Some(format!(
                    "`{v} * ones(1, {n})` has this column {n} times; `center_rows(Z)` subtracts the row means"
                ))
            }
            (Shape::Matrix(m, n), Shape::Vector(p)) if p == n => {
                let v = self.bare(other, "v");
                Some(format!("`ones({m}, 1) * {v}'` has this row {m} times"))
            }
            (Shape::Scalar, shape @ (Shape::Matrix(..) | Shape::Vector(_)))
            | (shape @ (Shape::Matrix(..) | Shape::Vector(_)), Shape::Scalar) => {
                let scalar = if *x == Shape::Scalar { left } else { right };
                let sizes = match shape {
                    Shape::Matrix(m, n) => format!("{m}, {n}"),
                    Shape::Vector(n) => n.to_string(),
                    Shape::Scalar => return None,
                };
                Some(match scalar {
                    "0" => format!("write `zeros({sizes})`"),
                    "1" => format!("write `ones({sizes})`"),
                    _ => format!("write `s*ones({sizes})` for a value with every entry equal to `s`"),
                })
            }
            _ => None,
        }
    }

    /// The hint for a kernel over the samples where one over the features was meant, or the other way round.
    pub(super) fn other_kernel(&self, span: Span) -> Option<String> {
        let text = self.sources.text(span);
        let (name, other, over) = if text.starts_with("gram(") {
            ("gram", "cov", "gram(Z) is a kernel over the columns (samples), cov(Z) one over the rows (features)")
        } else if text.starts_with("cov(") {
            ("cov", "gram", "cov(Z) is a kernel over the rows (features), gram(Z) one over the columns (samples)")
        } else {
            return None;
        };
        Some(format!("did you mean `{other}{}`? {over}", &text[name.len()..]))
    }

    fn inner_sizes(&self, by: &str, operands: &[Operand], left: &Dim, right: &Dim, span: Span) -> Diagnostic {
        let [one, other] = operands else {
            return Diagnostic::new(Code::E0301, format!("{by}: the inner sizes {left} and {right} differ"))
                .at(span, "here");
        };
        let (x, y) = (self.graph.ty(one.node).shape.clone(), self.graph.ty(other.node).shape.clone());
        let diagnostic = Diagnostic::new(
            Code::E0301,
            format!("{by} needs as many columns on the left as rows on the right, not {left} and {right}"),
        )
        .at(one.span, format!("this is {}: {}", a(&self.describe(one.node)), count(left, "column")))
        .at(other.span, format!("this is {}: {}", a(&self.describe(other.node)), count(right, "row")));
        let (p, q) = (self.bare(one.span, "A"), self.bare(other.span, "B"));
        let hint = if matches!((&x, &y), (Shape::Vector(_), Shape::Vector(_))) {
            Some(format!("`{p}' * {q}` is the inner product, `{p} * {q}'` the outer, `{p} .* {q}` the entrywise one"))
        } else if matches!((&x, &y), (Shape::Vector(n), Shape::Matrix(_, cols)) if n == cols) {
            Some(format!("`{q} * {p}` is the product; `{q} * diag({p})` scales the columns"))
        } else if let (Some(without), true) = (q.strip_suffix('\''), x.rows() == y.cols()) {
            Some(format!("transpose the left instead: `{p}' * {without}`; the other order fits too: `{q} * {p}`"))
        } else if x == y {
            Some(format!("`{p}' * {q}`, `{p} * {q}'` and, entry by entry, `{p} .* {q}` have sizes that fit"))
        } else if x.rows() == y.rows() {
            Some(format!("transpose the left: `{p}' * {q}`"))
        } else if x.cols() == y.cols() {
            Some(format!("transpose the right: `{p} * {q}'`"))
        } else if x.rows() == y.cols() {
            Some(format!("the other order fits: `{q} * {p}`"))
        } else {
            self.other_kernel(one.span).or_else(|| self.other_kernel(other.span))
        };
        self.declared(diagnostic.maybe_help(hint), operands, &[left, right])
    }
}

/// `1 column`, `n columns`
fn count(size: &Dim, noun: &str) -> String {
    if size.is_one() { format!("{size} {noun}") } else { format!("{size} {noun}s") }
}
