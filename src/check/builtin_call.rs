//! Calls of builtins.

use super::builtin::{self, Builtin, Form, Special};
use super::call::Given;
use super::elaborate::{Checked, Elaborator, Operand, Reported};
use super::hint::plural;
use super::scope::Value;
use crate::base::{Code, Diagnostic, Span, did_you_mean};
use crate::ir::{
    Axis, Dim, Graph, Mismatch, NodeId, Op, Part, Property, Reduction, ScalarDomain, ScalarFn, Shape, Zip,
};
use crate::syntax::ast::{Arg, Expr, Ident};

/// An option in quotes with its place.
struct Choice {
    text: String,
    span: Span,
}

impl Elaborator<'_> {
    /// `name(args)` for a function that the language has of itself.
    pub(super) fn call_builtin(&mut self, name: &str, callee: &Ident, args: &[Arg], span: Span) -> Checked<NodeId> {
        let Some(builtin) = builtin::builtin(name) else { return Err(Reported) };
        if let Some(named) = args.iter().find_map(|arg| arg.name.as_ref()) {
            return self.report(
                Diagnostic::new(Code::E0204, format!("`{name}` takes no named arguments"))
                    .at(named.span, "named here")
                    .note(format!("its arguments: {name}({})", builtin.arguments))
                    .help("leave the name out and keep the value"),
            );
        }
        let (least, most) = builtin.arity;
        if args.len() < least || args.len() > most {
            let count = if least == most { plural(least, "argument") } else { format!("{least} to {most} arguments") };
            let diagnostic = Diagnostic::new(Code::E0203, format!("`{name}` takes {count}, not {}", args.len()));
            let diagnostic = match args.get(most) {
                Some(arg) if args.len() == most + 1 => diagnostic.at(arg.value.span, "one too many"),
                Some(arg) => diagnostic.at(arg.value.span, "too many from here on"),
                None => diagnostic.at(callee.span, "called here"),
            };
            return self.report(diagnostic.note(format!("its arguments: {name}({})", builtin.arguments)));
        }
        if let Form::Special(Special::Eye | Special::Zeros | Special::Ones) = builtin.form {
            return self.filled(&builtin, args, span);
        }
        let given: Vec<Checked<Given>> = args.iter().map(|arg| self.argument(&arg.value)).collect();
        let given = given.into_iter().collect::<Checked<Vec<_>>>()?;
        self.apply_builtin(&builtin, given, args, span)
    }

    fn apply_builtin(&mut self, builtin: &Builtin, given: Vec<Given>, args: &[Arg], span: Span) -> Checked<NodeId> {
        let by = format!("`{}`", builtin.name);
        let mut operands = Vec::new();
        let mut choice = None;
        for given in given {
            match given.value {
                Value::Node(node) => operands.push(Operand { node, span: given.span }),
                Value::Text(text) => choice = Some(Choice { text, span: given.span }),
                Value::Function(_) => {
                    return self.report(
                        Diagnostic::new(Code::E0208, format!("{by} takes values, not functions"))
                            .at(given.span, "this is a function"),
                    );
                }
                Value::Broken => return Err(Reported),
            }
        }
        let Some(first) = operands.first().copied() else {
            return self.report(
                Diagnostic::new(Code::E0505, format!("{by} needs a value first"))
                    .at(span, "here")
                    .note(format!("its arguments: {}({})", builtin.name, builtin.arguments)),
            );
        };
        for operand in &operands {
            if self.graph.ty(operand.node).field == crate::ir::Field::Truth {
                let diagnostic = Diagnostic::new(Code::E0505, format!("{by} needs a value, not a condition"))
                    .at(operand.span, "this is a condition")
                    .help("choose between values with `if CONDITION then A else B`");
                return self.report(diagnostic);
            }
        }
        match builtin.form {
            Form::Entrywise(function) => self.make(Op::Map(function), &operands, span, &by),
            Form::Spectral(function) => self.spectral(function, &operands, span, &by),
            Form::Reduce(reduction) => self.reduction(reduction, &operands, choice, span, builtin),
            Form::Special(special) => self.special(special, first, &operands, choice, args, span, builtin),
        }
    }

    fn spectral(&mut self, function: ScalarFn, operands: &[Operand], span: Span, by: &str) -> Checked<NodeId> {
        let mut operands = operands.to_vec();
        if self.graph.ty(operands[0].node).shape == Shape::Scalar {
            return self.make(Op::Map(function), &operands, span, by);
        }
        operands[0] = self.needs(operands[0], Property::Hermitian, by)?;
        match function.row().domain {
            ScalarDomain::Nonnegative | ScalarDomain::Positive | ScalarDomain::Power => {
                operands[0] = self.needs(operands[0], Property::Psd, by)?;
            }
            ScalarDomain::Line | ScalarDomain::AboveMinusOne | ScalarDomain::Nonzero => {}
        }
        self.make(Op::Spectral(function), &operands, span, by)
    }

    fn axis(&mut self, choice: Option<Choice>, builtin: &Builtin) -> Checked<Axis> {
        let Some(choice) = choice else { return Ok(Axis::All) };
        match choice.text.as_str() {
            "rows" => Ok(Axis::Rows),
            "cols" => Ok(Axis::Cols),
            other => self.unknown_option(other, choice.span, &["rows", "cols"], builtin),
        }
    }

    fn unknown_option<T>(&mut self, text: &str, span: Span, known: &[&str], builtin: &Builtin) -> Checked<T> {
        // A longer word for an option is as likely as a misspelt one: "frobenius", "columns".
        let near = did_you_mean(text, known.iter().copied())
            .or_else(|| known.iter().copied().find(|option| text.starts_with(&option[..3])))
            .map(|near| format!("did you mean \"{near}\"?"));
        let list: Vec<String> = known.iter().map(|option| format!("\"{option}\"")).collect();
        self.report(
            Diagnostic::new(Code::E0508, format!("`{}` has no option \"{text}\"", builtin.name))
                .at(span, "no such option")
                .note(format!("the options are {}", list.join(", ")))
                .maybe_help(near),
        )
    }

    fn reduction(
        &mut self,
        reduction: Reduction,
        operands: &[Operand],
        choice: Option<Choice>,
        span: Span,
        builtin: &Builtin,
    ) -> Checked<NodeId> {
        let by = format!("`{}`", builtin.name);
        if let [_, second] = operands {
            return match reduction {
                Reduction::Max => self.make(Op::Zip(Zip::Max), operands, span, &by),
                Reduction::Min => self.make(Op::Zip(Zip::Min), operands, span, &by),
                Reduction::Sum | Reduction::LogSumExp => self.report(
                    Diagnostic::new(Code::E0508, format!("the second argument of {by} is an axis"))
                        .at(second.span, "not an axis")
                        .help("the axis is \"rows\" (one value per row) or \"cols\" (one per column)"),
                ),
            };
        }
        let axis = self.axis(choice, builtin)?;
        self.make(Op::Reduce(reduction, axis), operands, span, &by)
    }

    /// `eye(n)`, `zeros(m, n)`, `ones(m, n)`: the arguments are sizes.
    fn filled(&mut self, builtin: &Builtin, args: &[Arg], span: Span) -> Checked<NodeId> {
        let sizes: Vec<Checked<Dim>> = args.iter().map(|arg| self.size(&arg.value)).collect();
        let sizes = sizes.into_iter().collect::<Checked<Vec<_>>>()?;
        let shape = match sizes.as_slice() {
            [n] => Shape::Vector(n.clone()),
            [m, n, ..] => Shape::Matrix(m.clone(), n.clone()),
            [] => return Err(Reported),
        };
        self.built(span, builtin.name, &[], |g, _| match builtin.form {
            Form::Special(Special::Eye) => g.eye(shape.rows()),
            Form::Special(Special::Ones) => {
                let one = g.integer(1)?;
                g.fill(one, shape)
            }
            Form::Entrywise(_) | Form::Spectral(_) | Form::Reduce(_) | Form::Special(_) => {
                let zero = g.integer(0)?;
                g.fill(zero, shape)
            }
        })
    }

    #[allow(clippy::too_many_arguments)] // The parts of one call, taken apart once.
    fn special(
        &mut self,
        special: Special,
        first: Operand,
        operands: &[Operand],
        choice: Option<Choice>,
        args: &[Arg],
        span: Span,
        builtin: &Builtin,
    ) -> Checked<NodeId> {
        let by = format!("`{}`", builtin.name);
        match special {
            Special::Mean | Special::Softmax | Special::Norm => {}
            _ => {
                if let Some(choice) = &choice {
                    return self.report(
                        Diagnostic::new(Code::E0508, format!("{by} has no options")).at(choice.span, "no such option"),
                    );
                }
            }
        }
        if let (Special::Mean | Special::Softmax, [_, second]) = (special, operands) {
            return self.report(
                Diagnostic::new(Code::E0508, format!("the second argument of {by} is an axis"))
                    .at(second.span, "not an axis")
                    .help("the axis is \"rows\" (one value per row) or \"cols\" (one per column)"),
            );
        }
        match special {
            Special::Abs => self.built(span, &by, operands, |g, a| g.abs(a[0])),
            Special::Abs2 => self.built(span, &by, operands, |g, a| g.abs2(a[0])),
            Special::Real => self.built(span, &by, operands, |g, a| g.part(Part::Re, a[0])),
            Special::Imag => self.built(span, &by, operands, |g, a| g.part(Part::Im, a[0])),
            Special::Conj => self.make(Op::Conj, operands, span, &by),
            Special::Adjoint => self.built(span, &by, operands, |g, a| g.adjoint(a[0])),
            Special::Transpose => self.built(span, &by, operands, |g, a| g.transpose(a[0])),
            Special::Trace => self.built(span, &by, operands, |g, a| g.trace(a[0])),
            Special::Det => self.make(Op::Det, operands, span, &by),
            Special::LogDet => self.make(Op::LogDet, operands, span, &by),
            Special::Inv => self.make(Op::Inverse, operands, span, &by),
            Special::Rank => self.make(Op::Rank, operands, span, &by),
            Special::Kron => self.make(Op::Kron, operands, span, &by),
            Special::OffDiag => self.built(span, &by, operands, |g, a| g.offdiag(a[0])),
            Special::Diag => match self.graph.ty(first.node).shape {
                Shape::Vector(_) => self.make(Op::DiagonalMatrix, operands, span, &by),
                Shape::Scalar | Shape::Matrix(..) => self.make(Op::DiagonalOf, operands, span, &by),
            },
            Special::Eigvals => self.make(Op::Eigenvalues, operands, span, &by),
            Special::LambdaMax | Special::LambdaMin => {
                let reduction = if special == Special::LambdaMax { Reduction::Max } else { Reduction::Min };
                let eigenvalues = self.make(Op::Eigenvalues, operands, span, &by)?;
                self.built(span, &by, operands, |g, _| g.reduce(reduction, Axis::All, eigenvalues))
            }
            Special::Svdvals => self.make(Op::SingularValues, operands, span, &by),
            Special::Inner => {
                let shapes = (&self.graph.ty(first.node).shape, &self.graph.ty(operands[1].node).shape);
                if shapes.0 != shapes.1 {
                    let diagnostic = self.explain(&Mismatch::ShapesDiffer(0, 1), &by, operands, span);
                    return self.report(diagnostic);
                }
                self.built(span, &by, operands, |g, a| g.inner(a[0], a[1]))
            }
            Special::Rows | Special::Cols => {
                let shape = self.graph.ty(first.node).shape.clone();
                let size = if special == Special::Rows { shape.rows() } else { shape.cols() };
                self.built(span, &by, operands, |g, _| g.size(size))
            }
            Special::Numel => self.built(span, &by, operands, |g, a| g.numel(a[0])),
            Special::StopGradient => self.make(Op::StopGradient, operands, span, &by),
            Special::Mean => {
                let axis = self.axis(choice, builtin)?;
                self.built(span, &by, operands, |g, a| mean(g, axis, a[0]))
            }
            Special::Softmax => {
                let axis = self.axis(choice, builtin)?;
                if self.graph.is_complex(first.node) {
                    let diagnostic = self.explain(&Mismatch::NeedsReal(0), &by, operands, span);
                    return self.report(diagnostic);
                }
                self.built(span, &by, operands, |g, a| g.softmax(axis, a[0]))
            }
            Special::Norm => self.norm(operands, choice, args.get(1).map(|arg| &arg.value), span, builtin),
            // These take sizes and were dealt with before their arguments were read as values.
            Special::Eye | Special::Zeros | Special::Ones => self.filled(builtin, args, span),
        }
    }

    fn norm(
        &mut self,
        operands: &[Operand],
        choice: Option<Choice>,
        second: Option<&Expr>,
        span: Span,
        builtin: &Builtin,
    ) -> Checked<NodeId> {
        const KNOWN: &[&str] = &["fro", "nuclear", "spectral"];
        let matrix = matches!(self.graph.ty(operands[0].node).shape, Shape::Matrix(..));
        let x = operands[0];
        if let Some(choice) = choice {
            return match choice.text.as_str() {
                "fro" => self.built(span, "`norm`", &[x], |g, a| g.norm(a[0])),
                "nuclear" | "spectral" if !matrix => self.built(span, "`norm`", &[x], |g, a| g.norm(a[0])),
                "nuclear" | "spectral" => {
                    let values = self.make(Op::SingularValues, &[x], span, "`norm`")?;
                    let reduction = if choice.text == "nuclear" { Reduction::Sum } else { Reduction::Max };
                    self.built(span, "`norm`", &[x], |g, _| g.reduce(reduction, Axis::All, values))
                }
                other => self.unknown_option(other, choice.span, KNOWN, builtin),
            };
        }
        let Some(kind) = operands.get(1) else { return self.built(span, "`norm`", &[x], |g, a| g.norm(a[0])) };
        let infinite = *self.graph.op(kind.node) == Op::Infinity;
        let is = |g: &Graph, value: i64| {
            g.constant_value(kind.node).is_some_and(|v| *v == num_rational::BigRational::from_integer(value.into()))
        };
        if is(&self.graph, 2) && matrix {
            let values = self.make(Op::SingularValues, &[x], span, "`norm`")?;
            return self.built(span, "`norm`", &[x], |g, _| g.reduce(Reduction::Max, Axis::All, values));
        }
        if is(&self.graph, 2) {
            return self.built(span, "`norm`", &[x], |g, a| g.norm(a[0]));
        }
        if is(&self.graph, 1) || infinite {
            // The induced norms: the greatest column sum and the greatest row sum of moduli.
            let axis = if infinite { Axis::Rows } else { Axis::Cols };
            return self.built(span, "`norm`", &[x], |g, a| {
                let moduli = g.abs(a[0])?;
                let sums = if matrix || !infinite { g.reduce(Reduction::Sum, axis, moduli)? } else { moduli };
                g.reduce(Reduction::Max, Axis::All, sums)
            });
        }
        let place = second.map_or(kind.span, |expr| expr.span);
        self.report(
            Diagnostic::new(Code::E0508, "`norm` has no such kind")
                .at(place, "not a kind of norm")
                .note("the kinds are 1, 2, inf, \"fro\", \"nuclear\" and \"spectral\""),
        )
    }
}

/// The sum over the number of entries that it is over.
fn mean(g: &mut Graph, axis: Axis, x: NodeId) -> Result<NodeId, Mismatch> {
    let shape = g.ty(x).shape.clone();
    let sum = g.reduce(Reduction::Sum, axis, x)?;
    let count = match axis {
        Axis::All => g.numel(x)?,
        Axis::Rows => g.size(shape.cols())?,
        Axis::Cols => g.size(shape.rows())?,
    };
    g.zip(Zip::Div, sum, count)
}
