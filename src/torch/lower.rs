//! From a graph to a program of torch calls.
//!
//! What the evaluator in double precision decides from values (is this matrix singular, is that eigenvalue zero) is decided
//! here by tensors too, entry by entry, so that the program is one straight line: both branches of a choice are computed, and
//! one is taken. Requirements are not tested, for the same reason.

use std::collections::{BTreeSet, HashMap};

use super::call::{Call, Entrywise as E};
use super::program::{Arg, Builder, Number, Program, Value};
use super::scalar::{complex_function, function};
use super::share::Products;
use super::spectral;
use crate::ir::{Axis, Comparison, Dim, Field, Graph, NodeId, Op, Part, Property, Reduction, Shape, Side, Type, Zip};

/// The program that computes some nodes of a graph from its raw inputs, those of `inputs` first and in this order. The first
/// of the nodes is the value that the others belong to.
pub fn lower(graph: &Graph, inputs: &[NodeId], roots: &[NodeId]) -> Program {
    let order = graph.reachable(roots);
    let products = Products::new(graph, roots.first().copied());
    let mut lowering =
        Lowering { graph, b: Builder::default(), values: HashMap::new(), vectors: BTreeSet::new(), products };
    for id in &order {
        // One decomposition serves all that is worked out from a matrix.
        if let Op::Spectral(_) | Op::EigenSum | Op::Frechet(_) = graph.op(*id) {
            lowering.vectors.insert(lowering.stripped(graph.args(*id)[0]));
        }
    }
    inputs.iter().chain(&order).for_each(|id| lowering.make(*id));
    let outputs: Vec<Value> = roots.iter().map(|root| lowering.values[root].clone()).collect();
    lowering.b.finish(&outputs)
}

/// A matrix or vector as it is added to a diagonal.
enum OnDiagonal {
    /// The same number everywhere.
    Scalar(NodeId),
    /// One everywhere.
    One,
    /// A vector.
    Vector(NodeId),
}

pub(super) struct Lowering<'g> {
    pub(super) graph: &'g Graph,
    pub(super) b: Builder,
    values: HashMap<NodeId, Value>,
    /// The matrices whose eigenvectors are needed.
    pub(super) vectors: BTreeSet<NodeId>,
    /// The products that are worked out in any case.
    products: Products,
}

impl Lowering<'_> {
    /// Works out a node, its operands being there.
    fn make(&mut self, id: NodeId) {
        if self.values.contains_key(&id) {
            return;
        }
        let value = self.node(id);
        let value = self.shaped(value, &self.graph.ty(id).shape);
        let real_matrix = matches!(value.ty, Type { field: Field::Real, shape: Shape::Matrix(..) });
        if real_matrix && self.has(id, Property::Hermitian) {
            self.b.note_symmetric(&value);
        }
        self.values.insert(id, value);
    }

    /// The node under the marks that compute nothing here.
    pub(super) fn stripped(&self, mut id: NodeId) -> NodeId {
        while let Op::StopGradient | Op::Annotate(..) | Op::Require = self.graph.op(id) {
            id = self.graph.args(id)[0];
        }
        id
    }

    /// Whether a property is known of a node or of what it is a mark on.
    pub(super) fn has(&self, id: NodeId, property: Property) -> bool {
        self.graph.has(id, property) || self.graph.has(self.stripped(id), property)
    }

    /// The value of an operand, which is there.
    pub(super) fn value(&self, id: NodeId) -> Value {
        self.values[&id].clone()
    }

    fn arg(&self, id: NodeId, i: usize) -> Value {
        self.value(self.graph.args(id)[i])
    }

    /// The operand as a tensor.
    pub(super) fn tensor(&mut self, id: NodeId, i: usize) -> Value {
        let value = self.arg(id, i);
        self.b.tensor(&value)
    }

    fn node(&mut self, id: NodeId) -> Value {
        let graph = self.graph;
        let ty = graph.ty(id).clone();
        let args = graph.args(id).to_vec();
        match graph.op(id) {
            Op::Input(input) => self.b.input(*input, ty),
            Op::Constant(value) => Value::number(Number::Constant(value.clone())),
            Op::Truth(truth) => Value { arg: Value::ratio(i64::from(*truth), 1).arg, ty },
            Op::ImaginaryUnit => self.b.one(Call::ImaginaryUnit, &[], ty),
            Op::Pi => Value::number(Number::Pi),
            Op::Infinity => Value::number(Number::Infinity),
            Op::Size(dim) => Value::number(Number::Size(dim.clone())),
            Op::Eye(n) => self.b.one(Call::Eye(n.clone()), &[], ty),
            Op::Fill(shape) => {
                let value = self.arg(id, 0);
                match value.arg {
                    Arg::Number(_) => Value { ty, ..value },
                    Arg::Tensor(_) => self.b.one(Call::Expand(shape.clone()), &[&value], ty),
                }
            }
            Op::Map(scalar) => {
                let (x, p) = (self.arg(id, 0), args.get(1).map(|p| self.value(*p)));
                if ty.field == Field::Complex {
                    complex_function(&mut self.b, *scalar, &x)
                } else {
                    function(&mut self.b, *scalar, &x, p.as_ref())
                }
            }
            Op::Part(part) => self.part(*part, args[0]),
            Op::Complexify => {
                let x = self.arg(id, 0);
                let x = self.b.tensor(&x);
                self.b.entrywise(E::ToComplex, &[&x])
            }
            Op::Zip(zip) => self.zip(*zip, &args),
            Op::Adjoint | Op::Transpose => {
                let x = self.arg(id, 0);
                if let Arg::Number(_) = x.arg {
                    return Value { ty, ..x };
                }
                match x.ty.shape {
                    Shape::Scalar if *graph.op(id) == Op::Transpose => x,
                    Shape::Scalar => self.b.entrywise(E::Conj, &[&x]),
                    Shape::Vector(_) => {
                        let conjugate = *graph.op(id) == Op::Adjoint && ty.field == Field::Complex;
                        let x = if conjugate { self.b.entrywise(E::Conj, &[&x]) } else { x };
                        self.b.one(Call::Reshape(ty.shape.clone()), &[&x], ty)
                    }
                    Shape::Matrix(..) if *graph.op(id) == Op::Adjoint && ty.field == Field::Complex => {
                        self.b.one(Call::Adjoint, &[&x], ty)
                    }
                    Shape::Matrix(..) => self.b.one(Call::Transpose, &[&x], ty),
                }
            }
            Op::Conj => {
                let x = self.arg(id, 0);
                if ty.field == Field::Complex { self.b.entrywise(E::Conj, &[&x]) } else { x }
            }
            Op::DiagonalOf => {
                let x = self.arg(id, 0);
                match x.arg {
                    Arg::Number(_) => Value { ty, ..x },
                    Arg::Tensor(_) => self.b.one(Call::Diagonal, &[&x], ty),
                }
            }
            Op::DiagonalMatrix => {
                let x = self.tensor(id, 0);
                self.b.one(Call::DiagonalMatrix, &[&x], ty)
            }
            Op::Broadcast(axis, size) => {
                let x = self.arg(id, 0);
                match x.arg {
                    Arg::Number(_) => Value { ty, ..x },
                    Arg::Tensor(_) => self.b.one(Call::Broadcast(*axis, size.clone()), &[&x], ty),
                }
            }
            Op::Block(_, cols) => self.blocks(&args, *cols as usize, ty),
            Op::Stack => {
                let parts: Vec<Value> = args.iter().map(|arg| self.value(*arg)).collect();
                self.b.one(Call::Stack, &parts.iter().collect::<Vec<_>>(), ty)
            }
            Op::Entry => self.entry(id, ty),
            Op::OneHot(shape) => {
                let (s, indices) = (self.arg(id, 0), args[1..].iter().map(|arg| self.value(*arg)).collect::<Vec<_>>());
                let mask = self.mask(&indices, shape);
                let mask = self.b.entrywise(E::ToReal, &[&mask]);
                self.b.entrywise(E::Mul, &[&s, &mask])
            }
            Op::Slice(row, col, shape) => {
                let x = self.tensor(id, 0);
                self.b.one(Call::Slice(row.clone(), col.clone(), shape.clone()), &[&x], ty)
            }
            Op::MatMul => self.product(id, ty),
            Op::Kron => {
                let (a, b) = (self.tensor(id, 0), self.tensor(id, 1));
                self.b.one(Call::Kron, &[&a, &b], ty)
            }
            Op::PartialInner(side, shape) => self.partial_inner(id, *side, shape, ty),
            Op::Reduce(reduction, axis) => self.reduce(id, *reduction, *axis, ty),
            Op::Eigenvalues => spectral::eigenvalues(self, args[0]),
            Op::SingularValues => spectral::singular_values(self, args[0], ty),
            Op::Spectral(scalar) => spectral::matrix_function(self, *scalar, &args, ty),
            Op::EigenSum => spectral::eigen_sum(self, &args, ty),
            Op::Frechet(scalar) => spectral::frechet(self, *scalar, &args, ty),
            Op::SingularSum => spectral::singular_sum(self, &args, ty),
            Op::LogDet => spectral::log_det(self, args[0], ty),
            Op::Det => spectral::det(self, args[0], ty),
            Op::Inverse => spectral::inverse(self, args[0], ty),
            Op::Adjugate => spectral::adjugate(self, args[0], ty),
            Op::Rank => spectral::rank(self, args[0]),
            Op::Compare(comparison) => {
                let (x, y) = (self.arg(id, 0), self.arg(id, 1));
                let call = match comparison {
                    Comparison::Lt => E::Lt,
                    Comparison::Le => E::Le,
                    Comparison::Eq => E::Eq,
                    Comparison::Ne => E::Ne,
                };
                self.b.entrywise(call, &[&x, &y])
            }
            Op::And => self.both(E::And, &args),
            Op::Or => self.both(E::Or, &args),
            Op::Not => {
                let p = self.arg(id, 0);
                self.b.entrywise(E::Not, &[&p])
            }
            Op::Select => {
                let (p, x, y) = (self.arg(id, 0), self.arg(id, 1), self.arg(id, 2));
                match p.known() {
                    Some(holds) => {
                        if holds != 0.0 {
                            x
                        } else {
                            y
                        }
                    }
                    None => self.b.entrywise(E::Where, &[&p, &x, &y]),
                }
            }
            Op::StopGradient | Op::Annotate(..) | Op::Require => self.arg(id, 0),
        }
    }

    /// A value in a node's shape: a number that stands for a matrix is written as one where it has to be.
    fn shaped(&mut self, value: Value, shape: &Shape) -> Value {
        if value.ty.shape == *shape {
            return value;
        }
        debug_assert_eq!(value.ty.shape, Shape::Scalar);
        let ty = Type { shape: shape.clone(), ..value.ty.clone() };
        match value.arg {
            Arg::Number(_) => Value { ty, ..value },
            Arg::Tensor(_) => self.b.one(Call::Expand(shape.clone()), &[&value], ty),
        }
    }

    fn both(&mut self, call: E, args: &[NodeId]) -> Value {
        let (p, q) = (self.value(args[0]), self.value(args[1]));
        self.b.entrywise(call, &[&p, &q])
    }

    fn part(&mut self, part: Part, arg: NodeId) -> Value {
        let x = self.value(arg);
        let complex = x.ty.field == Field::Complex;
        match (part, complex) {
            (Part::Re, true) => self.b.entrywise(E::Real, &[&x]),
            (Part::Im, true) => self.b.entrywise(E::Imag, &[&x]),
            (Part::Re, false) => x,
            (Part::Im, false) => Value { arg: Value::ratio(0, 1).arg, ty: x.ty },
            (Part::Abs, _) => self.b.entrywise(E::Abs, &[&x]),
            (Part::Abs2, false) => self.b.entrywise(E::Square, &[&x]),
            (Part::Abs2, true) => {
                let (re, im) = (self.b.entrywise(E::Real, &[&x]), self.b.entrywise(E::Imag, &[&x]));
                let (re, im) = (self.b.entrywise(E::Square, &[&re]), self.b.entrywise(E::Square, &[&im]));
                self.b.entrywise(E::Add, &[&re, &im])
            }
        }
    }

    /// What a node adds to a matrix's diagonal, if it is a diagonal matrix by its form.
    fn on_diagonal(&self, id: NodeId) -> Option<OnDiagonal> {
        let id = self.stripped(id);
        let (op, args) = (self.graph.op(id), self.graph.args(id));
        let is_eye = |id: NodeId| matches!(self.graph.op(self.stripped(id)), Op::Eye(_));
        if is_eye(id) {
            return Some(OnDiagonal::One);
        }
        if *op == Op::DiagonalMatrix {
            return Some(OnDiagonal::Vector(args[0]));
        }
        if *op != Op::Zip(Zip::Mul) {
            return None;
        }
        let (s, eye) = if is_eye(args[1]) { (args[0], args[1]) } else { (args[1], args[0]) };
        let scalar = self.graph.ty(s).shape == Shape::Scalar;
        (is_eye(eye) && scalar).then_some(OnDiagonal::Scalar(s))
    }

    fn zip(&mut self, zip: Zip, args: &[NodeId]) -> Value {
        if let Zip::Add | Zip::Sub = zip {
            if let Some(diagonal) = self.on_diagonal(args[1]) {
                return self.add_diagonal(args[0], &diagonal, zip == Zip::Sub);
            }
            if zip == Zip::Add
                && let Some(diagonal) = self.on_diagonal(args[0])
            {
                return self.add_diagonal(args[1], &diagonal, false);
            }
        }
        let (mut x, mut y) = (self.value(args[0]), self.value(args[1]));
        // A scalar that is repeated is multiplied by as it is.
        if zip == Zip::Mul || zip == Zip::Div {
            if *self.graph.op(self.stripped(args[1])) == Op::Fill(y.ty.shape.clone()) {
                y = self.value(self.graph.args(self.stripped(args[1]))[0]);
            } else if zip == Zip::Mul && *self.graph.op(self.stripped(args[0])) == Op::Fill(x.ty.shape.clone()) {
                x = self.value(self.graph.args(self.stripped(args[0]))[0]);
            }
        }
        let call = match zip {
            Zip::Add => E::Add,
            Zip::Sub => E::Sub,
            Zip::Mul if args[0] == args[1] => return self.b.entrywise(E::Square, &[&x]),
            Zip::Mul => E::Mul,
            Zip::Div => E::Div,
            Zip::Min => E::Min,
            Zip::Max => E::Max,
        };
        self.b.entrywise(call, &[&x, &y])
    }

    fn add_diagonal(&mut self, to: NodeId, diagonal: &OnDiagonal, minus: bool) -> Value {
        let x = self.value(to);
        let x = self.b.tensor(&x);
        let d = match diagonal {
            OnDiagonal::One => Value::ratio(1, 1),
            OnDiagonal::Scalar(id) | OnDiagonal::Vector(id) => self.value(*id),
        };
        let d = if minus { self.b.entrywise(E::Neg, &[&d]) } else { d };
        let ty = x.ty.clone();
        self.b.one(Call::AddDiagonal, &[&x, &d], ty)
    }

    fn blocks(&mut self, args: &[NodeId], cols: usize, ty: Type) -> Value {
        let mut rows = Vec::new();
        for row in args.chunks(cols) {
            let mut parts = Vec::new();
            let (mut height, mut width) = (Dim::constant(1), Some(Dim::default()));
            for id in row {
                let x = self.value(*id);
                let x = self.b.tensor(&x);
                let shape = Shape::Matrix(x.ty.shape.rows(), x.ty.shape.cols());
                height = x.ty.shape.rows();
                width = width.and_then(|width| width.add(&x.ty.shape.cols()));
                let ty = Type { field: x.ty.field, shape: shape.clone() };
                parts.push(if x.ty.shape == shape { x } else { self.b.one(Call::Reshape(shape), &[&x], ty) });
            }
            // The graph has added up the same widths.
            let width = width.unwrap_or_else(|| ty.shape.cols());
            let ty = Type { field: ty.field, shape: Shape::Matrix(height, width) };
            rows.push(self.concatenated(Axis::Cols, parts, ty));
        }
        self.concatenated(Axis::Rows, rows, ty)
    }

    fn concatenated(&mut self, axis: Axis, mut parts: Vec<Value>, ty: Type) -> Value {
        match parts.len() {
            1 => parts.remove(0),
            _ => self.b.one(Call::Concatenate(axis), &parts.iter().collect::<Vec<_>>(), ty),
        }
    }

    fn entry(&mut self, id: NodeId, ty: Type) -> Value {
        let x = self.arg(id, 0);
        if let Arg::Number(_) = x.arg {
            return Value { ty, ..x };
        }
        let indices: Vec<Value> = self.graph.args(id)[1..].iter().map(|arg| self.value(*arg)).collect();
        let known = indices.iter().all(|index| matches!(index.arg, Arg::Number(_)));
        if known {
            let operands: Vec<&Value> = std::iter::once(&x).chain(&indices).collect();
            return self.b.one(Call::Entry, &operands, ty);
        }
        // An index that is computed picks by a mask, and nothing where it lies outside.
        let mask = self.mask(&indices, &x.ty.shape);
        let zero = Value { arg: Value::ratio(0, 1).arg, ty: Type { shape: Shape::Scalar, ..x.ty.clone() } };
        let picked = self.b.entrywise(E::Where, &[&mask, &x, &zero]);
        self.b.one(Call::Sum(Axis::All), &[&picked], ty)
    }

    /// Where a vector or matrix has these indices.
    fn mask(&mut self, indices: &[Value], shape: &Shape) -> Value {
        let along = |lowering: &mut Self, index: &Value, n: Dim| {
            let count = lowering.b.one(Call::Count(n.clone()), &[], Type::real(Shape::Vector(n)));
            lowering.b.entrywise(E::Eq, &[&count, index])
        };
        let rows = along(self, &indices[0], shape.rows());
        let Some(index) = indices.get(1) else { return rows };
        let cols = along(self, index, shape.cols());
        let ty = Type { field: Field::Truth, shape: shape.clone() };
        let rows = self.b.one(Call::Broadcast(Axis::Rows, shape.cols()), &[&rows], ty.clone());
        let cols = self.b.one(Call::Broadcast(Axis::Cols, shape.rows()), &[&cols], ty);
        self.b.entrywise(E::And, &[&rows, &cols])
    }

    /// A product. A diagonal factor scales rows or columns; a scalar factor of an operand with more entries than the other
    /// stays with it.
    fn product(&mut self, id: NodeId, ty: Type) -> Value {
        let args = self.graph.args(id).to_vec();
        let diagonal = |lowering: &Self, id: NodeId| {
            let id = lowering.stripped(id);
            (*lowering.graph.op(id) == Op::DiagonalMatrix).then(|| lowering.graph.args(id)[0])
        };
        if let (Some(v), Shape::Matrix(..)) = (diagonal(self, args[1]), &ty.shape)
            && let Shape::Matrix(m, _) = self.graph.ty(args[0]).shape.clone()
        {
            let (x, v) = (self.value(args[0]), self.value(v));
            let v = self.spread(v, Axis::Cols, m);
            return self.b.entrywise(E::Mul, &[&x, &v]);
        }
        if let (Some(v), Shape::Matrix(..)) = (diagonal(self, args[0]), &ty.shape)
            && let Shape::Matrix(_, n) = self.graph.ty(args[1]).shape.clone()
        {
            let (x, v) = (self.value(args[1]), self.value(v));
            let v = self.spread(v, Axis::Rows, n);
            return self.b.entrywise(E::Mul, &[&v, &x]);
        }
        let (a, b) = (self.tensor(id, 0), self.tensor(id, 1));
        // A vector on the left is a column, and its product with a row a matrix.
        let a = match a.ty.shape.clone() {
            Shape::Vector(n) => {
                let shape = Shape::Matrix(n, Dim::constant(1));
                let ty = Type { shape: shape.clone(), ..a.ty.clone() };
                self.b.one(Call::Reshape(shape), &[&a], ty)
            }
            Shape::Scalar | Shape::Matrix(..) => a,
        };
        let natural = match (&a.ty.shape, &b.ty.shape) {
            (Shape::Matrix(m, _), Shape::Vector(_)) => Shape::Vector(m.clone()),
            _ => Shape::Matrix(a.ty.shape.rows(), b.ty.shape.cols()),
        };
        let made = self.b.one(Call::MatMul, &[&a, &b], Type { shape: natural.clone(), ..ty.clone() });
        if natural == ty.shape { made } else { self.b.one(Call::Reshape(ty.shape.clone()), &[&made], ty) }
    }

    /// A vector, or a number standing for one, repeated as the rows or columns of a matrix.
    pub(super) fn spread(&mut self, v: Value, axis: Axis, size: Dim) -> Value {
        let n = v.ty.shape.rows();
        let shape = if axis == Axis::Rows { Shape::Matrix(n, size.clone()) } else { Shape::Matrix(size.clone(), n) };
        let ty = Type { field: v.ty.field, shape };
        match v.arg {
            Arg::Number(_) => Value { ty, ..v },
            Arg::Tensor(_) => self.b.one(Call::Broadcast(axis, size), &[&v], ty),
        }
    }

    fn partial_inner(&mut self, id: NodeId, side: Side, shape: &Shape, ty: Type) -> Value {
        let (m, b) = (self.tensor(id, 0), self.tensor(id, 1));
        self.b.one(Call::PartialInner(side, shape.clone()), &[&m, &b], ty)
    }

    fn reduce(&mut self, id: NodeId, reduction: Reduction, axis: Axis, ty: Type) -> Value {
        if let Some(diagonal) = self.diagonal_of_product(id) {
            let Shape::Scalar = ty.shape else { return diagonal };
            return self.b.one(Call::Sum(Axis::All), &[&diagonal], ty);
        }
        let total = reduction == Reduction::Sum && axis == Axis::All && ty.field == Field::Real;
        if let Some((a, b)) = total.then(|| self.inner_product(id)).flatten() {
            return self.b.one(Call::Dot, &[&a, &b], ty);
        }
        let x = self.tensor(id, 0);
        if x.ty.shape == Shape::Scalar {
            return if ty.shape == Shape::Scalar { x } else { self.b.one(Call::Expand(ty.shape.clone()), &[&x], ty) };
        }
        // Along the rows of a vector there is one entry each.
        if let (Shape::Vector(_), Axis::Rows) = (&x.ty.shape, axis) {
            return x;
        }
        let call = match reduction {
            Reduction::Sum => Call::Sum(axis),
            Reduction::Max => Call::Maximum(axis),
            Reduction::Min => Call::Minimum(axis),
            Reduction::LogSumExp => Call::LogSumExp(axis),
        };
        let natural = match (&x.ty.shape, axis) {
            (Shape::Matrix(m, _), Axis::Rows) => Shape::Vector(m.clone()),
            (Shape::Matrix(_, n), Axis::Cols) => Shape::Vector(n.clone()),
            _ => Shape::Scalar,
        };
        let made = self.b.one(call, &[&x], Type { shape: natural.clone(), ..ty.clone() });
        if natural == ty.shape { made } else { self.b.one(Call::Reshape(ty.shape.clone()), &[&made], ty) }
    }

    /// The diagonal of a product that is worked out in any case, where a node is that or the sum of it.
    fn diagonal_of_product(&mut self, id: NodeId) -> Option<Value> {
        let product = self.products.with_diagonal(self.graph, id)?;
        let ty = self.graph.ty(product).clone();
        let fits = match &self.graph.ty(id).shape {
            Shape::Scalar => true,
            Shape::Vector(n) => *n == ty.shape.rows(),
            Shape::Matrix(..) => false,
        };
        if !fits {
            return None;
        }
        // It rests on what the entries do, and on nothing that comes after this node.
        self.graph.reachable(&[product]).into_iter().for_each(|id| self.make(id));
        let whole = self.value(product);
        let whole = self.b.tensor(&whole);
        let shape = Shape::Vector(ty.shape.rows());
        Some(self.b.one(Call::Diagonal, &[&whole], Type { shape, ..ty }))
    }

    /// The two factors of Σ a b, where a sum is one of products of real entries: they are added up without being written.
    fn inner_product(&mut self, id: NodeId) -> Option<(Value, Value)> {
        let inner = self.stripped(self.graph.args(id)[0]);
        let args = self.graph.args(inner).to_vec();
        let op = self.graph.op(inner);
        let (a, b) = if *op == Op::Zip(Zip::Mul) {
            (args[0], args[1])
        } else if *op == Op::Part(Part::Abs2) {
            (args[0], args[0])
        } else {
            return None;
        };
        let real = |id: NodeId| self.graph.ty(id).field == Field::Real;
        if self.graph.ty(a).shape != self.graph.ty(b).shape || !real(a) || !real(b) {
            return None;
        }
        if self.graph.ty(a).shape == Shape::Scalar {
            return None;
        }
        let (a, b) = (self.value(a), self.value(b));
        if a.known().is_some() || b.known().is_some() {
            return None;
        }
        Some((self.b.tensor(&a), self.b.tensor(&b)))
    }
}
