//! Every operation on enclosures.

use super::adjoint;
use super::complex::{Complex, Entry};
use super::elementary::{exp, ln};
use super::evaluate::{CertifyError, Evaluator};
use super::exact::{Exact, join};
use super::float::Float;
use super::interval::Interval;
use super::matrix::{Matrix, Value};
use super::scalar::{self, Undefined};
use super::series;
use super::spectral;
use crate::ir::{Axis, Comparison, Dim, Field, NodeId, Op, Part, Property, Reduction, Zip};

type Done = Result<Value, CertifyError>;

/// The real matrix that a value is: the types of the graph leave nothing else where it is called.
fn real(x: &Value) -> &Matrix<Interval> {
    match x {
        Value::Real(x) => x,
        Value::Complex(_) | Value::Truth(_) => unreachable!("the graph's types make this operand real"),
    }
}

fn truth(x: &Value) -> Option<bool> {
    match x {
        Value::Truth(truth) => *truth,
        Value::Real(_) | Value::Complex(_) => None,
    }
}

/// Applies one generic function to either field.
macro_rules! either {
    ($value:expr, $x:ident => $body:expr) => {
        match $value {
            Value::Real($x) => Value::Real($body),
            Value::Complex($x) => Value::Complex($body),
            Value::Truth(truth) => Value::Truth(*truth),
        }
    };
}

/// Applies one generic function to two values of one field, which the graph's constructors make them.
macro_rules! both {
    ($left:expr, $right:expr, $x:ident, $y:ident => $body:expr) => {
        match ($left, $right) {
            (Value::Real($x), Value::Real($y)) => Value::Real($body),
            (Value::Complex($x), Value::Complex($y)) => Value::Complex($body),
            (Value::Real(_) | Value::Complex(_) | Value::Truth(_), _) => unreachable!("operands of two fields"),
        }
    };
}

impl Evaluator<'_> {
    /// The enclosure of a node from those of its operands. Exact constants and inputs were dealt with before.
    pub(super) fn operate(&mut self, id: NodeId, args: &[&Value]) -> Done {
        let p = self.precision;
        let (rows, cols) = (self.rows(id), self.cols(id));
        let graph = self.graph;
        let undefined = |Undefined| CertifyError::Undefined(id);
        Ok(match graph.op(id) {
            Op::Input(input) => {
                if let Some(value) = self.inputs.enclosed(*input, (rows, cols), p) {
                    return Ok(value);
                }
                let name = graph.inputs()[input.0 as usize].name.clone();
                return Err(if self.inputs.is_given(*input) {
                    CertifyError::WrongEntries(name)
                } else {
                    CertifyError::MissingInput(name)
                });
            }
            Op::Constant(value) => Value::scalar(Interval::from_rational(value, p)),
            Op::Truth(truth) => Value::Truth(Some(*truth)),
            Op::ImaginaryUnit => Value::Complex(Matrix::scalar(Complex { re: Interval::zero(), im: Interval::one() })),
            Op::Pi => Value::scalar(series::pi_bounds(p).into()),
            Op::Infinity => Value::scalar(Interval::point(Float::infinity(true))),
            Op::Size(dim) => {
                let n = dim.as_constant().ok_or(CertifyError::UnknownSize(id))?;
                Value::scalar(Interval::integer(n))
            }
            Op::Eye(_) => Value::Real(Matrix::identity(rows)),
            Op::Fill(_) => either!(args[0], x => Matrix::from_fn(rows, cols, |_, _| x.data[0].clone())),
            Op::Map(function) => match args[0] {
                Value::Real(x) => {
                    let t = args.get(1).map_or_else(Interval::zero, |t| real(t).data[0].clone());
                    Value::Real(x.try_map(|x| scalar::value(*function, x, &t, p)).map_err(undefined)?)
                }
                Value::Complex(x) => Value::Complex(x.map(|z| {
                    // The graph's constructors admit only functions that have a complex form.
                    scalar::complex_value(*function, z, p).unwrap_or_else(Complex::entire)
                })),
                Value::Truth(_) => unreachable!("a function of a condition"),
            },
            Op::Part(part) => match (part, args[0]) {
                (Part::Re, Value::Complex(x)) => Value::Real(x.map(|z| z.re.clone())),
                (Part::Im, Value::Complex(x)) => Value::Real(x.map(|z| z.im.clone())),
                (Part::Abs, Value::Complex(x)) => Value::Real(x.map(|z| z.modulus(p))),
                (Part::Abs2, Value::Complex(x)) => Value::Real(x.map(|z| z.modulus2(p))),
                (Part::Re, x) => Value::Real(real(x).clone()),
                (Part::Im, x) => Value::Real(real(x).map(|_| Interval::zero())),
                (Part::Abs, x) => Value::Real(real(x).map(Interval::abs)),
                (Part::Abs2, x) => Value::Real(real(x).map(|x| x.square(p))),
            },
            Op::Complexify => Value::Complex(real(args[0]).map(|x| Complex::from_real(x.clone()))),
            Op::Zip(zip) => self.zip(id, *zip, args, rows, cols)?,
            Op::Adjoint => either!(args[0], x => x.adjoint()),
            Op::Transpose => either!(args[0], x => x.transpose()),
            Op::Conj => either!(args[0], x => x.map(Entry::conj)),
            Op::DiagonalOf => either!(args[0], x => Matrix::from_fn(rows, 1, |i, _| x.at(i, i).clone())),
            Op::DiagonalMatrix => either!(args[0], x => Matrix::from_fn(rows, rows, |i, j| {
                if i == j { x.at(i, 0).clone() } else { Entry::zero() }
            })),
            Op::Broadcast(axis, _) => either!(args[0], x => Matrix::from_fn(rows, cols, |i, j| match axis {
                Axis::Rows => x.data[i].clone(),
                Axis::Cols | Axis::All => x.data[j].clone(),
            })),
            Op::Block(_, across) => blocks(args, *across as usize, rows, cols),
            Op::Stack => blocks(args, 1, rows, cols),
            Op::Entry => self.entry(id, args)?,
            Op::OneHot(_) => self.one_hot(id, args)?,
            Op::Slice(top, left, _) => {
                let (top, left) = (offset(top, id)?, offset(left, id)?);
                either!(args[0], x => adjoint::slice(x, top, left, rows, cols))
            }
            Op::PartialInner(side, _) => {
                both!(args[0], args[1], x, y => adjoint::partial_inner(*side, x, y, rows, cols, p))
            }
            Op::EigenSum => match self.eigen(graph.args(id)[0], false) {
                Some(eigen) => adjoint::eigen_sum(&real(args[1]).data, &eigen, p),
                None => either!(args[0], x => x.map(|_| Entry::entire())),
            },
            // The derivative of f(A) and the singular vectors have no bounds here: nothing is said of gradients
            // through them.
            Op::Frechet(_) | Op::SingularSum => either!(args[0], x => x.map(|_| Entry::entire())),
            Op::Adjugate => either!(args[0], x => adjoint::adjugate(x, p)),
            // A'A and AA' have sums of squares on the diagonal and are Hermitian.
            Op::MatMul if self.is_gram(graph.args(id)) => either!(args[0], x => gram(x, p)),
            Op::MatMul => both!(args[0], args[1], x, y => x.matmul(y, p)),
            Op::Kron => both!(args[0], args[1], x, y => x.kron(y, p)),
            Op::Reduce(reduction, axis) => reduce(*reduction, *axis, args[0], rows, p),
            Op::Eigenvalues => self.eigenvalues(graph.args(id)[0], rows),
            Op::SingularValues => Value::Real(self.singular_values(graph.args(id)[0], rows)),
            Op::Spectral(function) => {
                let t = args.get(1).map_or_else(Interval::zero, |t| real(t).data[0].clone());
                match self.eigen(graph.args(id)[0], false) {
                    Some(eigen) => spectral::function(*function, &t, &eigen, p).map_err(undefined)?,
                    None => either!(args[0], x => x.map(|_| Entry::entire())),
                }
            }
            Op::LogDet => self.log_det(id, args[0])?,
            Op::Det => self.det(id, args[0]),
            Op::Inverse => either!(args[0], x => x.inverse(p)),
            Op::Rank => {
                let inner = graph.args(id)[0];
                let least = self.rows(inner).min(self.cols(inner));
                let values = self.singular_values(inner, least);
                let low = values.data.iter().filter(|s| s.is_positive()).count();
                let high = self.rank_bound(inner).max(low);
                Value::scalar(Interval::new(Float::from_i64(low as i64), Float::from_i64(high as i64)))
            }
            Op::Compare(comparison) => {
                let (a, b) = (&real(args[0]).data[0], &real(args[1]).data[0]);
                Value::Truth(match comparison {
                    Comparison::Lt => a.less(b),
                    Comparison::Le => b.less(a).map(|less| !less),
                    Comparison::Eq => a.equal(b),
                    Comparison::Ne => a.equal(b).map(|equal| !equal),
                })
            }
            Op::And => Value::Truth(match (truth(args[0]), truth(args[1])) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                (None, _) | (_, None) => None,
            }),
            Op::Or => Value::Truth(match (truth(args[0]), truth(args[1])) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                (None, _) | (_, None) => None,
            }),
            Op::Not => Value::Truth(truth(args[0]).map(|truth| !truth)),
            // The evaluator takes these itself.
            Op::Select | Op::StopGradient | Op::Annotate(..) | Op::Require => args[0].clone(),
        })
    }

    fn zip(&mut self, id: NodeId, zip: Zip, args: &[&Value], rows: usize, cols: usize) -> Done {
        let p = self.precision;
        let ids = self.graph.args(id);
        if let Zip::Min | Zip::Max = zip {
            let (x, y) = (real(args[0]), real(args[1]));
            return Ok(Value::Real(Matrix::from_fn(rows, cols, |i, j| {
                let (x, y) = (x.spread(i, j), y.spread(i, j));
                if zip == Zip::Min { x.min(y) } else { x.max(y) }
            })));
        }
        fn arithmetic<E: Entry>(zip: Zip, x: &E, y: &E, p: u64) -> E {
            match zip {
                Zip::Add => x.add(y, p),
                Zip::Sub => x.sub(y, p),
                Zip::Mul => x.mul(y, p),
                Zip::Div => x.div(y, p),
                Zip::Min | Zip::Max => E::entire(),
            }
        }
        if zip == Zip::Mul
            && ids[0] == ids[1]
            && let Value::Real(x) = args[0]
        {
            return Ok(Value::Real(x.map(|x| x.square(p))));
        }
        if zip == Zip::Div {
            let by_zero = match args[1] {
                Value::Real(y) => y.data.iter().any(Entry::is_exact_zero),
                Value::Complex(y) => y.data.iter().any(Entry::is_exact_zero),
                Value::Truth(_) => false,
            };
            match (args[0], args[1]) {
                (Value::Real(x), Value::Real(y)) if by_zero => return self.by_zero(id, x, y, rows, cols),
                _ if by_zero => return Err(CertifyError::Undefined(id)),
                _ => {}
            }
        }
        Ok(both!(args[0], args[1], x, y => {
            Matrix::from_fn(rows, cols, |i, j| arithmetic(zip, x.spread(i, j), y.spread(i, j), p))
        }))
    }

    /// x/y where some y is exactly 0: 1/0 = +∞, −1/0 = −∞, and 0/0 is nothing.
    fn by_zero(&self, id: NodeId, x: &Matrix<Interval>, y: &Matrix<Interval>, rows: usize, cols: usize) -> Done {
        let mut quotients = Vec::with_capacity(rows * cols);
        for j in 0..cols {
            for i in 0..rows {
                let (x, y) = (x.spread(i, j), y.spread(i, j));
                quotients.push(match (y.is_exact_zero(), x.is_positive(), x.is_negative()) {
                    (false, _, _) => x.div(y, self.precision),
                    (true, true, _) => Interval::point(Float::infinity(true)),
                    (true, false, true) => Interval::point(Float::infinity(false)),
                    (true, false, false) => return Err(CertifyError::Undefined(id)),
                });
            }
        }
        Ok(Value::Real(Matrix { rows, cols, data: quotients }))
    }

    /// The value that is a scalar at one place and 0 elsewhere.
    fn one_hot(&mut self, id: NodeId, args: &[&Value]) -> Done {
        let (rows, cols) = (self.rows(id), self.cols(id));
        let (i, j) = (place(id, args, 1, rows)?, place(id, args, 2, cols)?);
        Ok(either!(args[0], x => Matrix::from_fn(rows, cols, |k, l| match (i, j) {
            (Some(i), Some(j)) if (i, j) == (k, l) => x.data[0].clone(),
            (Some(_), Some(_)) => Entry::zero(),
            (None, _) | (_, None) => Entry::entire(),
        })))
    }

    /// An entry; nothing is known of it where the index is not.
    fn entry(&mut self, id: NodeId, args: &[&Value]) -> Done {
        let (rows, cols) = {
            let inner = self.graph.args(id)[0];
            (self.rows(inner), self.cols(inner))
        };
        let (i, j) = (place(id, args, 1, rows)?, place(id, args, 2, cols)?);
        Ok(either!(args[0], x => match (i, j) {
            (Some(i), Some(j)) => Matrix::scalar(x.at(i, j).clone()),
            (None, _) | (_, None) => Matrix::scalar(Entry::entire()),
        }))
    }

    /// Whether a product is A'A or AA'.
    fn is_gram(&self, ids: &[NodeId]) -> bool {
        let adjoint = |of: NodeId, what: NodeId| *self.graph.op(of) == Op::Adjoint && self.graph.args(of)[0] == what;
        adjoint(ids[0], ids[1]) || adjoint(ids[1], ids[0])
    }

    fn eigenvalues(&mut self, id: NodeId, n: usize) -> Value {
        let p = self.precision;
        let Some(eigen) = self.eigen(id, false) else {
            return Value::Real(Matrix::from_fn(n, 1, |_, _| Interval::entire()));
        };
        // Trace and unit trace could sharpen the last one; an enclosure that shrinks with the precision needs no help.
        let round = |x: &Interval| x.add(&Interval::zero(), p);
        Value::Real(Matrix { rows: n, cols: 1, data: eigen.values.iter().map(round).collect() })
    }

    /// The singular values, descending: the moduli of the eigenvalues of a Hermitian matrix, otherwise the roots of the
    /// eigenvalues of A'A or AA', whichever is smaller.
    fn singular_values(&mut self, id: NodeId, n: usize) -> Matrix<Interval> {
        let p = self.precision;
        let hermitian = self.graph.has(id, Property::Hermitian);
        let Some(eigen) = self.eigen(id, !hermitian) else {
            return Matrix::from_fn(n, 1, |_, _| Interval::nonnegative());
        };
        let mut values: Vec<Interval> =
            eigen.values.iter().map(|x| if hermitian { x.abs() } else { x.sqrt(p) }).collect();
        // The k-th greatest of numbers lies between the k-th greatest lower end and the k-th greatest upper end.
        let (mut low, mut high): (Vec<Float>, Vec<Float>) = values.drain(..).map(|x| (x.lo, x.hi)).unzip();
        low.sort_by(|a, b| b.cmp(a));
        high.sort_by(|a, b| b.cmp(a));
        let data = low.into_iter().zip(high).map(|(lo, hi)| Interval::new(lo, hi)).collect();
        Matrix { rows: n, cols: 1, data }
    }

    /// The determinant: of a Hermitian matrix real, of a positive semi-definite one not negative.
    fn det(&mut self, id: NodeId, x: &Value) -> Value {
        let p = self.precision;
        let real_type = self.graph.ty(id).field == Field::Real;
        let inner = self.graph.args(id)[0];
        if self.rank_is_short(inner, x) {
            return if real_type {
                Value::scalar(Interval::zero())
            } else {
                Value::Complex(Matrix::scalar(Complex::zero()))
            };
        }
        let value = match x {
            Value::Real(x) => Value::scalar(x.det(p)),
            Value::Complex(x) if real_type => Value::scalar(x.det(p).re),
            Value::Complex(x) => Value::Complex(Matrix::scalar(x.det(p))),
            Value::Truth(truth) => Value::Truth(*truth),
        };
        match (&value, self.graph.has(inner, Property::Psd)) {
            (Value::Real(x), true) => Value::scalar(x.data[0].meet(&Interval::nonnegative())),
            (Value::Real(_) | Value::Complex(_) | Value::Truth(_), _) => value,
        }
    }

    /// Whether the structure of a matrix makes it singular; asked for only where elimination does not show that it is not.
    fn rank_is_short(&mut self, id: NodeId, x: &Value) -> bool {
        let open = match x {
            Value::Real(x) => x.det(64).contains_zero(),
            Value::Complex(x) => x.det(64).modulus2(64).contains_zero(),
            Value::Truth(_) => false,
        };
        open && self.rank_bound(id) < self.rows(id)
    }

    /// log det A: −∞ for a singular positive semi-definite matrix, undefined for a negative determinant.
    fn log_det(&mut self, id: NodeId, x: &Value) -> Done {
        let p = self.precision;
        let inner = self.graph.args(id)[0];
        let exact = self.exact_det(inner);
        let det = match exact {
            Some(det) => Value::scalar(det),
            None => self.det(id, x),
        };
        Ok(match det {
            Value::Complex(det) => Value::Complex(det.map(|z| z.ln(p))),
            Value::Real(det) => {
                let det = &det.data[0];
                if det.is_negative() {
                    return Err(CertifyError::Undefined(id));
                }
                let psd = self.graph.has(inner, Property::Psd);
                if det.lo.is_negative() {
                    return Ok(Value::scalar(Interval::entire()));
                }
                if psd && det.lo.is_zero() && det.hi.is_positive() {
                    // Elimination found no sign; the eigenvalues may.
                    let Value::Real(values) = self.eigenvalues(inner, self.rows(inner)) else {
                        return Ok(Value::scalar(Interval::entire()));
                    };
                    let sum = values
                        .data
                        .iter()
                        .fold(Interval::zero(), |sum, x| if x.is_entire() { x.clone() } else { sum.add(&ln(x, p), p) });
                    return Ok(Value::scalar(sum));
                }
                Value::scalar(ln(det, p))
            }
            Value::Truth(_) => Value::scalar(Interval::entire()),
        })
    }

    /// The determinant of an exact real matrix.
    fn exact_det(&mut self, id: NodeId) -> Option<Interval> {
        let exact = self.exact(id)?;
        let det = super::exact::operate(&Op::Det, &[&*exact], 1, 1)?;
        match det {
            Exact::Real(det) => Some(Interval::from_rational(&det.data[0], self.precision)),
            Exact::Closed(_) | Exact::Complex(_) | Exact::Truth(_) => None,
        }
    }
}

/// Operand k as an index into this many places, from 0; 0 where there is no such operand, `None` where it is not certain.
fn place(id: NodeId, args: &[&Value], k: usize, size: usize) -> Result<Option<usize>, CertifyError> {
    let Some(index) = args.get(k) else { return Ok(Some(0)) };
    match scalar::integer(&real(index).data[0]) {
        Some(i) if i >= 1 && i <= size as i64 => Ok(Some(i as usize - 1)),
        Some(_) => Err(CertifyError::Undefined(id)),
        None => Ok(None),
    }
}

/// A known offset.
fn offset(dim: &Dim, id: NodeId) -> Result<usize, CertifyError> {
    dim.as_constant().and_then(|n| usize::try_from(n).ok()).ok_or(CertifyError::UnknownSize(id))
}

/// A'A or AA' from the first operand x: entry (i, j) of either is Σ_k x_ik conj(x_jk).
fn gram<E: Entry>(x: &Matrix<E>, p: u64) -> Matrix<E> {
    let n = x.rows;
    let mut result = Matrix::from_fn(n, n, |_, _| E::zero());
    for j in 0..n {
        for i in 0..=j {
            let mut sum = E::zero();
            for k in 0..x.cols {
                let term =
                    if i == j { E::from_real(x.at(i, k).modulus2(p)) } else { x.at(i, k).mul(&x.at(j, k).conj(), p) };
                sum = sum.add(&term, p);
            }
            result.set(j, i, sum.conj());
            result.set(i, j, sum);
        }
    }
    result
}

fn blocks(args: &[&Value], across: usize, rows: usize, cols: usize) -> Value {
    match args[0] {
        Value::Real(_) => {
            let blocks: Vec<&Matrix<Interval>> = args.iter().map(|x| real(x)).collect();
            Value::Real(join(&blocks, across, rows, cols))
        }
        Value::Complex(_) => {
            let blocks: Vec<&Matrix<Complex>> = args
                .iter()
                .filter_map(|x| match x {
                    Value::Complex(x) => Some(x),
                    Value::Real(_) | Value::Truth(_) => None,
                })
                .collect();
            Value::Complex(join(&blocks, across, rows, cols))
        }
        Value::Truth(truth) => Value::Truth(*truth),
    }
}

fn reduce(reduction: Reduction, axis: Axis, x: &Value, lines: usize, p: u64) -> Value {
    fn line<E: Clone>(x: &Matrix<E>, axis: Axis, i: usize) -> Vec<&E> {
        match axis {
            Axis::All => x.data.iter().collect(),
            Axis::Rows => (0..x.cols).map(|j| x.at(i, j)).collect(),
            Axis::Cols => (0..x.rows).map(|k| x.at(k, i)).collect(),
        }
    }
    fn total<E: Entry>(line: &[&E], p: u64) -> E {
        line.iter().fold(E::zero(), |sum, x| sum.add(x, p))
    }
    match (reduction, x) {
        (Reduction::Sum, x) => either!(x, x => Matrix::from_fn(lines, 1, |i, _| total(&line(x, axis, i), p))),
        (Reduction::Max, x) => {
            Value::Real(Matrix::from_fn(lines, 1, |i, _| fold(&line(real(x), axis, i), Interval::max)))
        }
        (Reduction::Min, x) => {
            Value::Real(Matrix::from_fn(lines, 1, |i, _| fold(&line(real(x), axis, i), Interval::min)))
        }
        (Reduction::LogSumExp, x) => {
            Value::Real(Matrix::from_fn(lines, 1, |i, _| log_sum_exp(&line(real(x), axis, i), p)))
        }
    }
}

fn fold(line: &[&Interval], pick: impl Fn(&Interval, &Interval) -> Interval) -> Interval {
    // Sizes are at least 1.
    line[1..].iter().fold(line[0].clone(), |best, x| pick(&best, x))
}

/// log Σ exp x, by the greatest one; increasing in every operand, so that the ends give the ends.
fn log_sum_exp(line: &[&Interval], p: u64) -> Interval {
    let at = |end: &dyn Fn(&Interval) -> Float| -> Interval {
        let points: Vec<Float> = line.iter().map(|x| end(x)).collect();
        // Sizes are at least 1.
        let greatest = points.iter().max().cloned().unwrap_or_else(Float::zero);
        let top = Interval::point(greatest.clone());
        if !greatest.is_finite() {
            return top;
        }
        let sum = points.iter().fold(Interval::zero(), |sum, x| {
            sum.add(&exp(&Interval::point(x.clone()).sub(&top, p + 16), p + 16), p + 16)
        });
        top.add(&ln(&sum, p), p)
    };
    let (low, high) = (at(&|x| x.lo.clone()), at(&|x| x.hi.clone()));
    Interval::new(low.lo, high.hi)
}
