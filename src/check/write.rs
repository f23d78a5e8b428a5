//! From graphs back to expressions of the language, to be read, and to be checked again where every operation has a name
//! in it. (Those that only gradients are written with have none: they are shown as calls of their own.)
//!
//! What is used more than once gets a name by `let`. The marks that carry facts or demand them are left out: the text says
//! what is computed, not what is known of it.

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed};

use crate::base::{FileId, Span};
use crate::ir::{Axis, Comparison, Dim, Field, Graph, Kind, NodeId, Op, Part, Reduction, ScalarFn, Shape, Side, Zip};
use crate::syntax::ast::{Arg, Binary, Binding, Expr, ExprKind, Ident, Relation};
use crate::syntax::parse_expr;

/// The names that shared matrices, vectors and scalars get; numbers follow when they run out. `H` and `I` are functions.
const MATRICES: &[&str] = &["A", "C", "D", "E", "F", "G", "L", "M", "N", "P", "Q", "R", "S", "T", "U", "V", "W", "X"];
const VECTORS: &[&str] = &["v", "w", "q", "p"];
const SCALARS: &[&str] = &["s", "t", "r", "a", "b", "c"];

/// How names are chosen for what is not computed.
#[derive(Clone, Debug, Default)]
pub struct Spelled<'a> {
    /// The nodes that have a name of their own; raw inputs have theirs anyway.
    pub names: &'a [(String, NodeId)],
    /// What known sizes are called: `d` for 768 in `eye(768)`. A size that is not there is written as its number.
    pub sizes: &'a [(String, i64)],
}

/// The expression that a node of a graph is.
pub fn write(graph: &Graph, root: NodeId, spelled: &Spelled<'_>) -> Expr {
    let mut writer = Writer { graph, spelled, taken: BTreeSet::new(), bound: BTreeMap::new() };
    writer.taken.extend(graph.inputs().iter().map(|input| input.name.clone()));
    writer.taken.extend(spelled.names.iter().map(|(name, _)| name.clone()));
    writer.taken.extend(spelled.sizes.iter().map(|(name, _)| name.clone()));
    let dims = graph.reachable(&[root]).into_iter().flat_map(|id| {
        let shape = &graph.ty(id).shape;
        [shape.rows(), shape.cols()].into_iter().flat_map(|dim| dim.vars())
    });
    writer.taken.extend(dims.map(|var| var.name.to_string()));
    writer.whole(root)
}

struct Writer<'a> {
    graph: &'a Graph,
    spelled: &'a Spelled<'a>,
    taken: BTreeSet<String>,
    /// The nodes that have a name by now.
    bound: BTreeMap<NodeId, String>,
}

fn expr(kind: ExprKind) -> Expr {
    Expr { kind, span: Span::default() }
}

fn name(text: &str) -> Expr {
    expr(ExprKind::Name(text.to_owned()))
}

fn call(callee: &str, args: Vec<Expr>) -> Expr {
    let callee = Ident { name: callee.to_owned(), span: Span::default() };
    expr(ExprKind::Call { callee, args: args.into_iter().map(|value| Arg { name: None, value }).collect() })
}

fn integer(value: i64) -> Expr {
    number(&BigRational::from_integer(BigInt::from(value)))
}

/// An exact number: a decimal where a short one is equal to it, a fraction otherwise.
fn number(value: &BigRational) -> Expr {
    if value.is_negative() {
        return expr(ExprKind::Negate(Box::new(number(&-value))));
    }
    let literal = |value: BigRational| expr(ExprKind::Number { value, imaginary: false });
    let scaled = value * BigRational::from_integer(BigInt::from(10).pow(6));
    if scaled.is_integer() {
        return literal(value.clone());
    }
    let part = |x: &BigInt| literal(BigRational::from_integer(x.clone()));
    chain(part(value.numer()), Binary::Div, part(value.denom()))
}

fn is_sum(binary: Binary) -> bool {
    matches!(binary, Binary::Add | Binary::Sub)
}

/// `left OP right`, flat where operators of one level follow each other.
fn chain(left: Expr, binary: Binary, right: Expr) -> Expr {
    let (binary, right) = match (binary, right.kind) {
        // a + -b reads better as a - b, and is the same.
        (Binary::Add, ExprKind::Negate(inner)) => (Binary::Sub, *inner),
        (_, kind) => (binary, expr(kind)),
    };
    match left.kind {
        ExprKind::Chain { first, mut rest } if rest.first().is_some_and(|(b, ..)| is_sum(*b) == is_sum(binary)) => {
            rest.push((binary, Span::default(), right));
            expr(ExprKind::Chain { first, rest })
        }
        kind => expr(ExprKind::Chain { first: Box::new(expr(kind)), rest: vec![(binary, Span::default(), right)] }),
    }
}

fn power(base: Expr, exponent: Expr, entrywise: bool) -> Expr {
    expr(ExprKind::Power { base: Box::new(base), exponent: Box::new(exponent), entrywise })
}

fn negate(inner: Expr) -> Expr {
    match inner.kind {
        ExprKind::Negate(inner) => *inner,
        kind => expr(ExprKind::Negate(Box::new(expr(kind)))),
    }
}

fn compare(left: Expr, relation: Relation, right: Expr) -> Expr {
    expr(ExprKind::Compare { first: Box::new(left), rest: vec![(relation, Span::default(), right)] })
}

/// How a node is written: the nodes that its text holds, and the form around them.
enum Form {
    /// The operation on its operands.
    Plain,
    /// The node is written as its operand.
    Same,
    /// A call of this function on the node that the operation is about, with an axis perhaps.
    Short(&'static str, Axis),
    /// The square of the node.
    Square,
}

impl Writer<'_> {
    fn whole(&mut self, root: NodeId) -> Expr {
        let mut uses: BTreeMap<NodeId, usize> = BTreeMap::new();
        let mut stack = vec![root];
        let mut seen = BTreeSet::new();
        while let Some(id) = stack.pop() {
            if self.leaf(id).is_none() && seen.insert(id) {
                for operand in self.form(id).1 {
                    *uses.entry(operand).or_default() += 1;
                    stack.push(operand);
                }
            }
        }
        let mut bindings = Vec::new();
        // Operands have smaller numbers than what they are operands of.
        for (id, count) in uses {
            if count > 1 && self.leaf(id).is_none() && !self.is_small(id) && self.graph.ty(id).field != Field::Truth {
                let value = self.text(id);
                let chosen = self.fresh(id);
                self.bound.insert(id, chosen.clone());
                bindings.push(Binding { name: Ident { name: chosen, span: Span::default() }, value });
            }
        }
        let body = self.text(root);
        if bindings.is_empty() { body } else { expr(ExprKind::Let { bindings, body: Box::new(body) }) }
    }

    fn fresh(&mut self, id: NodeId) -> String {
        let pool = match self.graph.ty(id).shape {
            Shape::Scalar => SCALARS,
            Shape::Vector(_) => VECTORS,
            Shape::Matrix(..) => MATRICES,
        };
        let numbered = (2..).flat_map(|i| pool.iter().map(move |name| format!("{name}{i}")));
        let mut names = pool.iter().map(|name| name.to_string()).chain(numbered);
        // There is no end to the numbers.
        let chosen = names.find(|name| !self.taken.contains(name)).unwrap_or_default();
        self.taken.insert(chosen.clone());
        chosen
    }

    /// A name, a number or a size.
    fn leaf(&self, id: NodeId) -> Option<Expr> {
        if let Some(bound) = self.bound.get(&id) {
            return Some(name(bound));
        }
        if let Some((text, _)) = self.spelled.names.iter().find(|(_, node)| *node == id) {
            return Some(name(text));
        }
        let op = self.graph.op(id);
        match (op.kind(), op) {
            (_, Op::Input(input)) => Some(name(&self.graph.inputs()[input.0 as usize].name)),
            (_, Op::Constant(value)) => Some(number(value)),
            (_, Op::Truth(truth)) => Some(name(if *truth { "true" } else { "false" })),
            (_, Op::ImaginaryUnit) => Some(expr(ExprKind::Number { value: BigRational::one(), imaginary: true })),
            (_, Op::Pi) => Some(name("pi")),
            (_, Op::Infinity) => Some(name("inf")),
            (_, Op::Size(dim)) => Some(self.dim(dim)),
            (_, Op::Eye(dim)) => Some(call("eye", vec![self.dim(dim)])),
            (_, Op::Fill(shape)) => self.filled(shape, id),
            (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => None,
            (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => None,
        }
    }

    /// A shape filled with zeros or ones.
    fn filled(&self, shape: &Shape, id: NodeId) -> Option<Expr> {
        let value = self.graph.constant_value(self.graph.args(id)[0])?;
        let zero = *value == BigRational::from_integer(0.into());
        (zero || value.is_one()).then(|| call(if zero { "zeros" } else { "ones" }, self.sizes(shape)))
    }

    /// Whether a node is as short as a name for it would be.
    fn is_small(&self, id: NodeId) -> bool {
        let of_leaf = || self.form(id).1.iter().all(|operand| self.leaf(*operand).is_some());
        matches!(self.graph.op(id), Op::Adjoint | Op::Map(ScalarFn::Neg)) && of_leaf()
    }

    fn dim(&self, dim: &Dim) -> Expr {
        if let Some(n) = dim.as_constant() {
            let mut called = self.spelled.sizes.iter().filter(|(_, size)| *size == n);
            return match (called.next(), called.next()) {
                (Some((text, _)), None) => name(text),
                // Two sizes of one value cannot be told apart.
                _ => integer(n),
            };
        }
        // Sizes are displayed as the language writes them.
        let text = dim.to_string();
        parse_expr(FileId(0), &text).value.unwrap_or_else(|| name(&text))
    }

    fn sizes(&self, shape: &Shape) -> Vec<Expr> {
        match shape {
            Shape::Scalar => Vec::new(),
            Shape::Vector(n) => vec![self.dim(n)],
            Shape::Matrix(m, n) => vec![self.dim(m), self.dim(n)],
        }
    }

    fn is_scalar(&self, id: NodeId) -> bool {
        self.graph.ty(id).shape == Shape::Scalar
    }

    fn is(&self, id: NodeId, dim: &Dim) -> bool {
        let number = dim.as_constant().map(|n| BigRational::from_integer(n.into()));
        matches!(self.graph.op(id), Op::Size(size) if size == dim)
            || number.is_some_and(|number| self.graph.constant_value(id) == Some(&number))
    }

    /// How a node is written, and the nodes that its text holds.
    fn form(&self, id: NodeId) -> (Form, Vec<NodeId>) {
        let (op, args) = (self.graph.op(id), self.graph.args(id));
        if matches!(op, Op::Annotate(..) | Op::Require | Op::Complexify) {
            return (Form::Same, vec![args[0]]);
        }
        if *op == Op::Zip(Zip::Mul) && args[0] == args[1] {
            return (Form::Square, vec![args[0]]);
        }
        match self.short(id) {
            Some((function, axis, about)) => (Form::Short(function, axis), vec![about]),
            None => (Form::Plain, args.to_vec()),
        }
    }

    /// The function that the language has for a node together with some of its operands.
    fn short(&self, id: NodeId) -> Option<(&'static str, Axis, NodeId)> {
        // The operand of a node with this operation, unless it has a name of its own.
        let under = |id: NodeId, op: &Op| {
            let named = self.spelled.names.iter().any(|(_, node)| *node == id);
            (self.graph.op(id) == op && !named).then(|| self.graph.args(id)[0])
        };
        let (op, args) = (self.graph.op(id), self.graph.args(id));
        let sum = Op::Reduce(Reduction::Sum, Axis::All);
        if *op == Op::Zip(Zip::Sub) {
            let diagonal = under(args[1], &Op::DiagonalMatrix)?;
            let own = under(diagonal, &Op::DiagonalOf) == Some(args[0]) || self.is_diagonal(diagonal, args[0]);
            return own.then_some(("offdiag", Axis::All, args[0]));
        }
        if *op == Op::Zip(Zip::Div) {
            let of = |axis: Axis| Some((axis, under(args[0], &Op::Reduce(Reduction::Sum, axis))?));
            let (axis, about) = [Axis::All, Axis::Rows, Axis::Cols].into_iter().find_map(of)?;
            let shape = &self.graph.ty(about).shape;
            let count = match axis {
                Axis::All => shape.rows().mul(&shape.cols())?,
                Axis::Rows => shape.cols(),
                Axis::Cols => shape.rows(),
            };
            return (self.is(args[1], &count) && !count.is_one()).then_some(("mean", axis, about));
        }
        if *op == sum {
            return Some(("trace", Axis::All, under(args[0], &Op::DiagonalOf)?));
        }
        if *op == Op::Map(ScalarFn::Sqrt) {
            let squares = under(args[0], &sum)?;
            let about = under(squares, &Op::Zip(Zip::Mul))?;
            return (self.graph.args(squares)[1] == about).then_some(("norm", Axis::All, about));
        }
        None
    }

    /// Whether a vector is the diagonal of a product A B as the graph writes it, Σ_j a_ij b_ji without the product.
    fn is_diagonal(&self, vector: NodeId, product: NodeId) -> bool {
        let g = self.graph;
        if *g.op(product) != Op::MatMul || *g.op(vector) != Op::Reduce(Reduction::Sum, Axis::Rows) {
            return false;
        }
        let (entries, factors) = (g.args(vector)[0], g.args(product));
        if *g.op(entries) != Op::Zip(Zip::Mul) {
            return false;
        }
        let turned = |p: NodeId, q: NodeId| matches!(g.op(p), Op::Adjoint | Op::Transpose) && g.args(p)[0] == q;
        let (x, y) = (g.args(entries)[0], g.args(entries)[1]);
        x == factors[0] && (turned(factors[1], y) || turned(y, factors[1]))
    }

    fn text(&self, id: NodeId) -> Expr {
        if let Some(leaf) = self.leaf(id) {
            return leaf;
        }
        let (form, operands) = self.form(id);
        let mut written: Vec<Expr> = operands.iter().map(|operand| self.text(*operand)).collect();
        match form {
            Form::Plain => self.plain(id, written),
            // A node of these forms has one operand.
            Form::Same => written.swap_remove(0),
            Form::Short(function, axis) => call(function, along(written, axis)),
            Form::Square => power(written.swap_remove(0), integer(2), !self.is_scalar(id)),
        }
    }

    fn plain(&self, id: NodeId, mut x: Vec<Expr>) -> Expr {
        let (op, args) = (self.graph.op(id), self.graph.args(id));
        let scalar = self.is_scalar(id);
        let mut next = || x.remove(0);
        let quoted = |function: ScalarFn| function.row().name.to_owned();
        match op {
            Op::Input(_)
            | Op::Constant(_)
            | Op::Truth(_)
            | Op::ImaginaryUnit
            | Op::Pi
            | Op::Infinity
            | Op::Size(_)
            | Op::Eye(_)
            | Op::Annotate(..)
            | Op::Require
            | Op::Complexify => self.leaf(id).unwrap_or_else(next),
            Op::Fill(shape) => chain(next(), Binary::Mul, call("ones", self.sizes(shape))),
            Op::Map(ScalarFn::Neg) => negate(next()),
            Op::Map(ScalarFn::Recip) => chain(integer(1), if scalar { Binary::Div } else { Binary::EntryDiv }, next()),
            Op::Map(ScalarFn::Pow) => {
                let base = next();
                power(base, next(), !scalar)
            }
            Op::Map(function) => call(&quoted(*function), x),
            Op::Part(part) => call(
                match part {
                    Part::Re => "real",
                    Part::Im => "imag",
                    Part::Abs => "abs",
                    Part::Abs2 => "abs2",
                },
                x,
            ),
            Op::Zip(zip) => {
                let one_scalar = args.iter().any(|arg| self.is_scalar(*arg));
                let binary = match zip {
                    Zip::Add => Binary::Add,
                    Zip::Sub => Binary::Sub,
                    Zip::Mul if one_scalar => Binary::Mul,
                    Zip::Mul => Binary::Hadamard,
                    Zip::Div if self.is_scalar(args[1]) => Binary::Div,
                    Zip::Div => Binary::EntryDiv,
                    Zip::Min => return call("min", x),
                    Zip::Max => return call("max", x),
                };
                let left = next();
                chain(left, binary, next())
            }
            Op::Adjoint => expr(ExprKind::Adjoint(Box::new(next()))),
            Op::Transpose => call("transpose", x),
            Op::Conj => call("conj", x),
            Op::DiagonalOf | Op::DiagonalMatrix => call("diag", x),
            Op::Broadcast(Axis::Rows | Axis::All, cols) => {
                chain(next(), Binary::Mul, call("ones", vec![integer(1), self.dim(cols)]))
            }
            Op::Broadcast(Axis::Cols, rows) => {
                let row = expr(ExprKind::Adjoint(Box::new(next())));
                chain(call("ones", vec![self.dim(rows), integer(1)]), Binary::Mul, row)
            }
            Op::Block(_, cols) => {
                let rows = x.chunks(*cols as usize).map(<[Expr]>::to_vec).collect();
                expr(ExprKind::Matrix(rows))
            }
            Op::Stack => expr(ExprKind::Vector(x)),
            Op::Entry => {
                let base = Box::new(next());
                expr(ExprKind::Index { base, indices: x })
            }
            Op::OneHot(shape) => call("one_hot", [x, self.sizes(shape)].concat()),
            Op::Slice(row, col, shape) => {
                call("slice", [x, vec![self.dim(row), self.dim(col)], self.sizes(shape)].concat())
            }
            Op::MatMul => {
                let left = next();
                chain(left, Binary::Mul, next())
            }
            Op::Kron => {
                let left = next();
                chain(left, Binary::Kron, next())
            }
            Op::PartialInner(Side::Left, _) => call("partial_inner_left", x),
            Op::PartialInner(Side::Right, _) => call("partial_inner_right", x),
            Op::Reduce(reduction, axis) => call(
                match reduction {
                    Reduction::Sum => "sum",
                    Reduction::Max => "max",
                    Reduction::Min => "min",
                    Reduction::LogSumExp => "logsumexp",
                },
                along(x, *axis),
            ),
            Op::Eigenvalues => call("eigvals", x),
            Op::SingularValues => call("svdvals", x),
            Op::Spectral(ScalarFn::Pow) => {
                let base = next();
                power(base, next(), false)
            }
            Op::Spectral(function) => {
                let row = function.row();
                call(row.matrix_name.unwrap_or(row.name), x)
            }
            Op::EigenSum => call("eigen_sum", x),
            Op::Frechet(function) => call(&format!("frechet_{function}"), x),
            Op::SingularSum => call("singular_sum", x),
            Op::LogDet => call("logdet", x),
            Op::Det => call("det", x),
            Op::Inverse => call("inv", x),
            Op::Adjugate => call("adjugate", x),
            Op::Rank => call("rank", x),
            Op::Compare(comparison) => {
                let relation = match comparison {
                    Comparison::Lt => Relation::Lt,
                    Comparison::Le => Relation::Le,
                    Comparison::Eq => Relation::Eq,
                    Comparison::Ne => Relation::Ne,
                };
                let left = next();
                compare(left, relation, next())
            }
            Op::And => expr(ExprKind::And(x)),
            Op::Or => expr(ExprKind::Or(x)),
            Op::Not => expr(ExprKind::Not(Box::new(next()))),
            Op::Select => {
                let [condition, then, otherwise] = [next(), next(), next()].map(Box::new);
                expr(ExprKind::If { condition, then, otherwise })
            }
            Op::StopGradient => call("stop_gradient", x),
        }
    }
}

fn along(mut args: Vec<Expr>, axis: Axis) -> Vec<Expr> {
    let option = match axis {
        Axis::All => return args,
        Axis::Rows => "rows",
        Axis::Cols => "cols",
    };
    args.push(expr(ExprKind::Str(option.to_owned())));
    args
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Data, Entries, Session};
    use crate::syntax::{Spelling, print_expr};

    fn session() -> Session {
        let mut session = Session::new();
        let entries = Entries::Real(vec![3.0, 1.0, 4.0, 1.0, 5.0, 9.0]);
        session.bind_data("Z", Data::matrix(2, 3, entries), "a test");
        session.bind("x", "1 + pi").unwrap();
        session
    }

    fn written(session: &mut Session, text: &str, sizes: &[(String, i64)]) -> String {
        let compiled = session.expression(text).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}"));
        let spelled = Spelled { names: &[], sizes };
        print_expr(&write(&compiled.graph, compiled.root, &spelled), Spelling::Ascii)
    }

    #[test]
    fn expressions_are_written_as_they_are_read() {
        let mut session = session();
        let cases = [
            ("sum(abs2(Z))", "sum(Z .^ 2)"),
            ("mean(Z, \"rows\")", "mean(Z, \"rows\")"),
            ("mean(Z) - sum(Z)", "mean(Z) - sum(Z)"),
            ("logdet(2*eye(2) + cov(Z))", "logdet(2 * eye(d) + Z * Z')"),
            ("sum(expm(cov(Z)))", "sum(expm(Z * Z'))"),
            ("norm(Z)", "norm(Z)"),
            ("offdiag_energy(cov(Z))", "sum(offdiag(Z * Z') .^ 2)"),
            ("Z - mean(Z, \"rows\") * ones(1, 3)", "Z - mean(Z, \"rows\") * ones(1, B)"),
            ("if sum(Z) > 1/3 then 1 else -2", "if 1/3 < sum(Z) then 1 else -2"),
            ("Z[1, 2] .* Z", "Z[1, 2] * Z"),
            ("1 ./ exp(-Z)", "1 ./ exp(-Z)"),
        ];
        for (text, expected) in cases {
            let found = written(&mut session, text, &[("d".to_owned(), 2), ("B".to_owned(), 3)]);
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_the_same_expression_again() {
        let mut session = session();
        let cases = [
            "entropy(gram(Z), 2)",
            "entropy(cov(Z), 1)",
            "mutual_information(gram(Z), gram(2 * Z), 3)",
            "coding_rate(Z, 1/3)",
            "barlow_twins(Z, Z + ones(2, 3))",
            "info_nce(Z, 2 * Z, tau = 1/2)",
            "spectral_contrastive_official(Z, Z + ones(2, 3), mu = 4)",
            "vicreg(Z, Z .^ 2)",
            "effective_rank(Z)",
            "kl(eye(2), cov(Z))",
            "uniformity(Z) * x",
            "simclr(Z, 2 * Z)",
            "(Z ⊗ Z)[1, 2] - 2 * log(3)",
        ];
        for text in cases {
            let again = written(&mut session, text, &[]);
            let (first, second) = (session.expression(text).unwrap(), session.expression(&again));
            let second = second.unwrap_or_else(|mistakes| panic!("{text} is written as {again}: {mistakes:?}"));
            let once_more = print_expr(&write(&second.graph, second.root, &Spelled::default()), Spelling::Ascii);
            let plain = print_expr(&write(&first.graph, first.root, &Spelled::default()), Spelling::Ascii);
            // The two graphs may differ in marks only, which are not written.
            assert_eq!(once_more, plain, "{text} is written as {again}");
        }
    }
}
