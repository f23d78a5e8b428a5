//! Running error bounds: how far the computed value of each output can be from its exact value at the given raw inputs.
//!
//! Every node is computed once more, in the number type of the plan, with a radius for each entry that covers the error
//! carried over from the operands and that of the operation itself. The rounding model is that of Higham, *Accuracy and
//! Stability of Numerical Algorithms*, 2nd ed. (2002), §2.2: fl(x ∘ y) = (x ∘ y)(1 + δ), |δ| ≤ u = ε/2, and γ_n =
//! n u/(1 − n u) for n of them (§3.1); underflow adds the least positive normal number. The bounds are meant for the few
//! samples that look like violations, and are written for clarity: real values are treated as complex ones.

use std::collections::HashMap;

use faer::{Mat, Side};
use num_complex::Complex;

use super::fault::{Fault, FaultKind, PlanError};
use super::modulus::{Parameter, deviation, exact, lipschitz};
use super::plan::{Place, Plan};
use super::real::{Element, Real, from_rational};
use super::value::ValueRef;
use super::workspace::Workspace;
use crate::ir::{Axis, Basis, Comparison, Graph, NodeId, Op, Part, Property, Reduction, ScalarFn, Zip};

/// The backward error of the Hermitian eigensolvers and of the singular value decomposition, in units of n ε ‖A‖_F. The
/// classical analysis (Golub and Van Loan, 4th ed., §8.3.3; Higham, §19) gives a modest constant of the dimension; errors
/// seen in practice are below 1/n of this.
const DECOMPOSITION: f64 = 4.0;

/// A computed number and how far its exact value can be from it. The radius is infinite where nothing is known.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bound {
    /// The computed value.
    pub value: f64,
    /// |value − exact value| is at most this.
    pub radius: f64,
}

/// The error bounds of some real scalars of an instantiated graph, for computations in `T`.
pub struct Bounds<T: Real> {
    graph: Graph,
    plan: Plan<T>,
    places: HashMap<NodeId, Place>,
    outputs: Vec<NodeId>,
}

/// The computed entries of a node and a radius for each.
#[derive(Clone)]
struct Ball {
    rows: usize,
    cols: usize,
    entries: Vec<Complex<f64>>,
    radii: Vec<f64>,
}

impl Ball {
    fn at(&self, i: usize, j: usize) -> (Complex<f64>, f64) {
        (self.entries[j * self.rows + i], self.radii[j * self.rows + i])
    }

    fn radius_norm(&self) -> f64 {
        norm(self.radii.iter().copied())
    }

    fn value_norm(&self) -> f64 {
        norm(self.entries.iter().map(|x| x.norm()))
    }

    fn matrix(&self) -> Mat<Complex<f64>> {
        Mat::from_fn(self.rows, self.cols, |i, j| self.entries[j * self.rows + i])
    }
}

/// Up to which inner size the radii of a product are summed term by term.
const TERM_BY_TERM: usize = 24;

/// The radii of a product. |C − Ĉ| ≤ |A| R_B + R_A |B| + R_A R_B + γ M_A M_B, where M = |X| + R bounds the exact moduli
/// (Higham, (3.13)), which is |A| R_B + (R_A + γ M_A) M_B. Each of the two products of nonnegative matrices is summed
/// where that is cheap, and bounded by norms of rows and columns (Cauchy and Schwarz) where it would cost more than
/// the product itself did.
fn product(a: &Ball, b: &Ball, rounding: f64, least: f64, radii: &mut [f64]) {
    let moduli = |ball: &Ball| ball.entries.iter().map(|x| modulus(*x)).collect::<Vec<f64>>();
    let (left, right) = (moduli(a), moduli(b));
    let spread: Vec<f64> = left.iter().zip(&a.radii).map(|(x, r)| r + rounding * (x + r)).collect();
    let most: Vec<f64> = right.iter().zip(&b.radii).map(|(y, r)| y + r).collect();
    let (rows, inner) = (a.rows, a.cols);
    if inner <= TERM_BY_TERM {
        for (j, column) in radii.chunks_exact_mut(rows).enumerate() {
            column.fill(least);
            for k in 0..inner {
                let (r, m) = (b.radii[j * inner + k], most[j * inner + k]);
                let columns = left[k * rows..].iter().zip(&spread[k * rows..]);
                column.iter_mut().zip(columns).for_each(|(sum, (x, s))| *sum += x * r + s * m);
            }
        }
        return;
    }
    // The norms themselves are rounded, by far less than the slack, and squares of very small numbers vanish, which are
    // together less than the rest.
    let (slack, rest) = (1.0 + 1e-6, 1e-150 * inner as f64);
    let row_norms = |entries: &[f64]| {
        let mut squares = vec![0.0; rows];
        for column in entries.chunks_exact(rows) {
            squares.iter_mut().zip(column).for_each(|(sum, x)| *sum += x * x);
        }
        squares.iter().map(|square: &f64| square.sqrt() + rest).collect::<Vec<f64>>()
    };
    let column_norm = |entries: &[f64]| entries.iter().map(|x| x * x).sum::<f64>().sqrt() + rest;
    let (left, spread) = (row_norms(&left), row_norms(&spread));
    for (j, column) in radii.chunks_exact_mut(rows).enumerate() {
        let (r, m) = (column_norm(&b.radii[j * inner..][..inner]), column_norm(&most[j * inner..][..inner]));
        for (radius, (x, s)) in column.iter_mut().zip(left.iter().zip(&spread)) {
            *radius = least + slack * (x * r + s * m);
        }
    }
}

/// |x|, without the care for overflow that a real number does not need.
fn modulus(x: Complex<f64>) -> f64 {
    if x.im == 0.0 { x.re.abs() } else { x.norm() }
}

fn norm(x: impl Iterator<Item = f64> + Clone) -> f64 {
    // Scaled by the largest: squares of tiny entries would underflow, and the bound with them.
    let worse = |largest: f64, x: f64| if largest.is_nan() || x <= largest { largest } else { x };
    let largest = x.clone().fold(0.0, worse);
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    // Where scaling loses the digits of subnormal numbers, the least normal one is above what is lost.
    largest * x.map(|x| (x / largest).powi(2)).sum::<f64>().sqrt() + f64::MIN_POSITIVE
}

impl<T: Real> Bounds<T> {
    /// Prepares the bounds of these outputs.
    ///
    /// # Errors
    /// As [`Plan::compile`].
    pub fn compile(graph: &Graph, outputs: &[NodeId]) -> Result<Self, PlanError> {
        let plan = Plan::compile_plain(graph, outputs)?;
        let places = plan.places.iter().copied().collect();
        Ok(Bounds { graph: graph.clone(), plan, places, outputs: outputs.to_vec() })
    }

    /// The memory for [`Bounds::run`], whose inputs are written like those of a plan's workspace.
    pub fn workspace(&self) -> Workspace<T> {
        Workspace::new(&self.plan)
    }

    /// The value and the error bound of each output at the inputs in the workspace. The exact value lies within the
    /// radius of the value given here, which can differ in the last places from that of a [`Plan::compile`] plan.
    /// Outputs that are not real scalars have an infinite radius.
    ///
    /// # Errors
    /// As [`Plan::run`].
    pub fn run(&self, ws: &mut Workspace<T>) -> Result<Vec<Bound>, Fault> {
        self.plan.run(ws)?;
        let mut balls: HashMap<NodeId, Ball> = HashMap::new();
        for id in self.evaluated(ws) {
            let ball = self.ball(id, ws, &balls).map_err(|kind| Fault { node: id, kind })?;
            balls.insert(id, ball);
        }
        Ok(self
            .outputs
            .iter()
            .map(|id| match balls.get(&self.value(*id)) {
                Some(ball) if ball.entries.len() == 1 && self.graph.ty(*id).is_real_scalar() => {
                    // The radii are computed in floating point themselves, with all errors far below this part.
                    Bound { value: ball.entries[0].re, radius: ball.radii[0] * (1.0 + 1e-9) }
                }
                _ => Bound { value: f64::NAN, radius: f64::INFINITY },
            })
            .collect())
    }

    /// The node whose value a node has.
    fn value(&self, mut id: NodeId) -> NodeId {
        while let Op::StopGradient | Op::Annotate(_, Basis::Construction) = self.graph.op(id) {
            id = self.graph.args(id)[0];
        }
        id
    }

    fn truth(&self, id: NodeId, ws: &Workspace<T>) -> bool {
        matches!(ws.at(&self.places[&self.value(id)]), ValueRef::Truth(true))
    }

    /// The nodes that the run evaluated, operands first: of a condition's branches only the one that was taken.
    fn evaluated(&self, ws: &Workspace<T>) -> Vec<NodeId> {
        let mut seen = vec![false; self.graph.len()];
        let mut stack: Vec<NodeId> = self.outputs.clone();
        let mut found = Vec::new();
        while let Some(id) = stack.pop() {
            let id = self.value(id);
            if std::mem::replace(&mut seen[id.index()], true) {
                continue;
            }
            found.push(id);
            let args = self.graph.args(id);
            if let Op::Select = self.graph.op(id) {
                stack.push(args[0]);
                stack.push(if self.truth(args[0], ws) { args[1] } else { args[2] });
            } else {
                stack.extend(args);
            }
        }
        found.sort_unstable();
        found
    }

    fn ball(&self, id: NodeId, ws: &Workspace<T>, balls: &HashMap<NodeId, Ball>) -> Result<Ball, FaultKind> {
        let place = self.places[&id];
        let entries: Vec<Complex<f64>> = match ws.at(&place) {
            ValueRef::Real { entries, .. } => entries.iter().map(|x| Complex::new(x.wide(), 0.0)).collect(),
            ValueRef::Complex { entries, .. } => {
                entries.iter().map(|x| Complex::new(x.re().wide(), x.im().wide())).collect()
            }
            ValueRef::Truth(truth) => vec![Complex::new(if truth { 1.0 } else { 0.0 }, 0.0)],
        };
        let mut out = Ball { rows: place.rows, cols: place.cols, radii: vec![0.0; entries.len()], entries };
        let args: Vec<&Ball> = self.graph.args(id).iter().filter_map(|arg| balls.get(&self.value(*arg))).collect();
        self.radii(id, &args, ws, &mut out)?;
        for (radius, entry) in out.radii.iter_mut().zip(&out.entries) {
            let known = matches!(self.graph.op(id), Op::Infinity | Op::Input(_));
            if radius.is_nan() || (!known && !entry.is_finite()) {
                *radius = f64::INFINITY;
            }
        }
        Ok(out)
    }

    /// The radii of a node from its operands (of a condition, from the branch that was taken).
    fn radii(&self, id: NodeId, args: &[&Ball], ws: &Workspace<T>, out: &mut Ball) -> Result<(), FaultKind> {
        let graph = &self.graph;
        let unit = T::epsilon().wide() / 2.0;
        let tiny = T::min_positive_value().wide();
        let gamma = |n: usize| n as f64 * unit / (1.0 - n as f64 * unit);
        // A complex operation is a few real ones (Higham, Lemma 3.5).
        let width = if graph.is_complex(id) { 4.0 } else { 1.0 };
        let has = |property| graph.args(id).first().is_some_and(|arg| graph.has(*arg, property));
        match graph.op(id) {
            Op::Input(_) | Op::Truth(_) | Op::ImaginaryUnit | Op::Infinity | Op::Size(_) | Op::Eye(_) => {}
            Op::Constant(value) => {
                let rounded = from_rational::<T>(value).wide();
                let exact = num_rational::BigRational::from_float(rounded).is_some_and(|rounded| rounded == *value);
                out.radii[0] = if exact { 0.0 } else { 2.0 * unit * rounded.abs() + tiny };
            }
            Op::Pi => out.radii[0] = 2.0 * unit * std::f64::consts::PI,
            Op::Fill(_) => out.radii.fill(args[0].radii[0]),
            Op::Map(function) if graph.is_complex(id) => {
                // Only negation keeps a bound here; the others of complex arguments have none.
                let known = *function == ScalarFn::Neg;
                out.radii
                    .iter_mut()
                    .zip(&args[0].radii)
                    .for_each(|(out, r)| *out = if known { *r } else { f64::INFINITY });
            }
            Op::Map(function) => {
                let parameter = parameter_of(args);
                let underflow = if exact(*function) { 0.0 } else { tiny };
                let nonnegative = has(Property::Nonnegative);
                for (i, radius) in out.radii.iter_mut().enumerate() {
                    let (x, r) = (args[0].entries[i].re, args[0].radii[i]);
                    let lo = if nonnegative { (x - r).max(0.0) } else { x - r };
                    *radius = deviation(*function, lo, (x + r).max(lo), parameter, out.entries[i].re) + underflow;
                }
            }
            Op::Part(part) => {
                for (i, radius) in out.radii.iter_mut().enumerate() {
                    let (x, r, y) = (args[0].entries[i].norm(), args[0].radii[i], out.entries[i].norm());
                    *radius = match part {
                        Part::Re | Part::Im => r,
                        Part::Abs => r + 4.0 * unit * y + tiny,
                        Part::Abs2 => 2.0 * x * r + r * r + 4.0 * unit * y + tiny,
                    };
                }
            }
            Op::Complexify | Op::Conj => out.radii.copy_from_slice(&args[0].radii),
            Op::Zip(zip) => {
                let of = |ball: &Ball, i: usize| {
                    let i = if ball.entries.len() == 1 { 0 } else { i };
                    (modulus(ball.entries[i]), ball.radii[i])
                };
                for i in 0..out.radii.len() {
                    let ((x, rx), (y, ry), z) = (of(args[0], i), of(args[1], i), modulus(out.entries[i]));
                    out.radii[i] = match zip {
                        Zip::Add | Zip::Sub => rx + ry + unit * width * z,
                        Zip::Mul => x * ry + y * rx + rx * ry + 2.0 * unit * width * z + tiny,
                        // x/y − x̂/ŷ = (x − x̂ − (x̂/ŷ)(y − ŷ))/y, and |y| ≥ |ŷ| − r.
                        Zip::Div if ry < y => {
                            (rx + z * (1.0 + 8.0 * unit) * ry) / (y - ry) + 4.0 * unit * width * z + tiny
                        }
                        Zip::Div => f64::INFINITY,
                        Zip::Min | Zip::Max => rx.max(ry),
                    };
                }
            }
            Op::Adjoint | Op::Transpose => {
                for j in 0..out.cols {
                    for i in 0..out.rows {
                        out.radii[j * out.rows + i] = args[0].at(j, i).1;
                    }
                }
            }
            Op::DiagonalOf => (0..out.rows).for_each(|i| out.radii[i] = args[0].at(i, i).1),
            Op::DiagonalMatrix => (0..out.rows).for_each(|i| out.radii[i * out.rows + i] = args[0].radii[i]),
            Op::Broadcast(axis, _) => {
                for j in 0..out.cols {
                    for i in 0..out.rows {
                        let from = if *axis == Axis::Rows { i } else { j };
                        out.radii[j * out.rows + i] = args[0].radii[from];
                    }
                }
            }
            Op::Block(_, cols) => {
                let mut top = 0;
                for row in args.chunks(*cols as usize) {
                    let mut left = 0;
                    for part in row {
                        super::kernels::place(&part.radii, part.rows, &mut out.radii, out.rows, top, left);
                        left += part.cols;
                    }
                    top += row[0].rows;
                }
            }
            Op::Stack => out.radii.iter_mut().zip(args).for_each(|(out, part)| *out = part.radii[0]),
            Op::Entry => {
                // An index that is not exact is no index.
                let exact = args[1..].iter().all(|index| index.radii[0] == 0.0);
                let index = |k: usize| args.get(k).map_or(0, |index| index.entries[0].re as usize - 1);
                out.radii[0] = if exact { args[0].at(index(1), index(2)).1 } else { f64::INFINITY };
            }
            Op::MatMul => {
                let (a, b) = (args[0], args[1]);
                product(a, b, gamma(a.cols + 2) * width, tiny * a.cols as f64 * width, &mut out.radii);
            }
            Op::Kron => {
                let (a, b) = (args[0], args[1]);
                for j in 0..out.cols {
                    for i in 0..out.rows {
                        let ((x, rx), (y, ry)) = (a.at(i / b.rows, j / b.cols), b.at(i % b.rows, j % b.cols));
                        let z = out.entries[j * out.rows + i].norm();
                        out.radii[j * out.rows + i] =
                            x.norm() * ry + rx * y.norm() + rx * ry + 2.0 * unit * width * z + tiny;
                    }
                }
            }
            Op::Reduce(reduction, axis) => self.reduction(*reduction, *axis, args[0], out, unit, width),
            Op::Eigenvalues | Op::SingularValues => {
                // Weyl: no eigenvalue, and no singular value, moves by more than the norm of the perturbation.
                let off = self.decomposition_error(args[0], T::epsilon().wide());
                let greatest = out.entries.iter().map(|x| x.norm()).fold(0.0, f64::max);
                let threshold = out.rows as f64 * T::epsilon().wide() * greatest;
                for (radius, value) in out.radii.iter_mut().zip(&out.entries) {
                    // A value that the zero rule has set to zero was at most the threshold.
                    *radius = if value.norm() == 0.0 && has(Property::Psd) { threshold + off } else { off };
                }
            }
            Op::Spectral(function) => self.spectral(*function, args, has(Property::Psd), out)?,
            Op::LogDet | Op::Det => out.radii[0] = self.determinant(id, args[0], out.entries[0])?,
            Op::Inverse => {
                // A⁻¹ − X = A⁻¹ (I − A X), and ‖A⁻¹‖ ≤ ‖X‖/(1 − ‖I − A X‖) (Higham, §14.1).
                let (a, n) = (args[0], out.rows);
                let mut residual = vec![0.0; n * n];
                for j in 0..n {
                    for i in 0..n {
                        let mut sum = Complex::new(if i == j { 1.0 } else { 0.0 }, 0.0);
                        let mut error = 0.0;
                        for k in 0..n {
                            let ((x, r), y) = (a.at(i, k), out.entries[j * n + k]);
                            sum -= x * y;
                            error += (r + 4.0 * (n + 2) as f64 * f64::EPSILON * x.norm()) * y.norm();
                        }
                        residual[j * n + i] = sum.norm() + error + f64::EPSILON * n as f64;
                    }
                }
                let residual = norm(residual.iter().copied());
                let size = out.value_norm();
                out.radii.fill(if residual < 1.0 { size / (1.0 - residual) * residual } else { f64::INFINITY });
            }
            // No claim is about what only gradients are written with.
            Op::OneHot(_)
            | Op::Slice(..)
            | Op::PartialInner(..)
            | Op::EigenSum
            | Op::Frechet(_)
            | Op::SingularSum
            | Op::Adjugate => out.radii.fill(f64::INFINITY),
            Op::Rank => {
                let values = singular_values(args[0])?;
                let off = self.decomposition_error(args[0], f64::EPSILON);
                let side = args[0].rows.max(args[0].cols) as f64;
                let greatest = values.iter().copied().fold(0.0, f64::max);
                let threshold = side * T::epsilon().wide() * greatest;
                let decided = values.iter().all(|value| (value - threshold).abs() > off * (1.0 + side * f64::EPSILON));
                out.radii[0] = if decided { 0.0 } else { f64::INFINITY };
            }
            Op::Compare(comparison) => {
                let (a, b) = (args[0], args[1]);
                let distance = (a.entries[0].re - b.entries[0].re).abs();
                let radius = a.radii[0] + b.radii[0];
                let decided = match comparison {
                    Comparison::Lt | Comparison::Le | Comparison::Eq | Comparison::Ne => {
                        radius == 0.0 || distance > radius * (1.0 + 1e-9)
                    }
                };
                out.radii[0] = if decided { 0.0 } else { f64::INFINITY };
            }
            Op::And | Op::Or => {
                // One side that is known to decide does.
                let deciding = if *graph.op(id) == Op::And { 0.0 } else { 1.0 };
                let decides = |ball: &&Ball| ball.radii[0] == 0.0 && ball.entries[0].re == deciding;
                let known = args.iter().any(decides) || args.iter().all(|ball| ball.radii[0] == 0.0);
                out.radii[0] = if known { 0.0 } else { f64::INFINITY };
            }
            Op::Not => out.radii[0] = args[0].radii[0],
            Op::Select => {
                let taken = if self.truth(graph.args(id)[0], ws) { 1 } else { 2 };
                // The other branch may not be in the list of operands: it was not evaluated.
                let branch = args.get(taken).or(args.get(1)).copied().unwrap_or(args[0]);
                out.radii.copy_from_slice(&branch.radii);
                out.radii.iter_mut().for_each(|radius| *radius += args[0].radii[0]);
            }
            Op::StopGradient | Op::Annotate(..) => out.radii.copy_from_slice(&args[0].radii),
            Op::Require => {
                out.radii.iter_mut().zip(&args[0].radii).for_each(|(out, r)| *out = *r + args[1].radii[0]);
            }
        }
        Ok(())
    }

    fn reduction(&self, reduction: Reduction, axis: Axis, x: &Ball, out: &mut Ball, unit: f64, width: f64) {
        let lines: Vec<Vec<usize>> = match axis {
            Axis::All => vec![(0..x.entries.len()).collect()],
            Axis::Rows => (0..x.rows).map(|i| (0..x.cols).map(|j| j * x.rows + i).collect()).collect(),
            Axis::Cols => (0..x.cols).map(|j| (0..x.rows).map(|i| j * x.rows + i).collect()).collect(),
        };
        for (k, line) in lines.into_iter().enumerate() {
            let n = line.len() as f64;
            let worst = line.iter().map(|i| x.radii[*i]).fold(0.0, f64::max);
            out.radii[k] = match reduction {
                Reduction::Sum => {
                    let carried: f64 = line.iter().map(|i| x.radii[*i]).sum();
                    let magnitude: f64 = line.iter().map(|i| x.entries[*i].norm()).sum();
                    // At most 24 additions per term in a run, and a compensated sum of the runs (Higham, (4.8)).
                    carried + width.sqrt() * (n.min(24.0) * unit * 1.01 + (n * unit).powi(2)) * magnitude
                }
                Reduction::Max | Reduction::Min => worst,
                // 1-Lipschitz in the largest entry's error. Rounding: each exponential has the relative error
                // (|x − m| + 4) u, where |x − m| exp(x − m) < 1; then the sum, the logarithm and the shift.
                Reduction::LogSumExp => worst + (2.0 * n + 16.0) * unit + 4.0 * unit * out.entries[k].norm(),
            };
        }
    }

    /// ‖A − Â‖_F of the operand, with the backward error of a decomposition at this ε.
    fn decomposition_error(&self, a: &Ball, epsilon: f64) -> f64 {
        let side = a.rows.max(a.cols) as f64;
        a.radius_norm() + DECOMPOSITION * side * epsilon * a.value_norm()
    }

    /// f(A): in the Frobenius norm a function of Hermitian matrices has the Lipschitz constant that it has on the line
    /// (Kittaneh 1985). Where f is steep at 0 it is cut: g(x) = f(max(x, τ)) is Lipschitz and differs from f by at most
    /// f's oscillation on [0, τ], which costs twice that times √n.
    fn spectral(&self, function: ScalarFn, args: &[&Ball], psd: bool, out: &mut Ball) -> Result<(), FaultKind> {
        let a = args[0];
        let n = a.rows as f64;
        let epsilon = T::epsilon().wide();
        let off = self.decomposition_error(a, epsilon);
        let parameter = parameter_of(args);
        let values = eigenvalues(a)?;
        let (Some(least), Some(greatest)) = (values.first().copied(), values.last().copied()) else { return Ok(()) };
        let threshold = if psd { n * epsilon * greatest.abs() } else { 0.0 };
        let spread = off + threshold;
        let (mut lo, hi) = (least - spread, greatest + spread);
        if psd {
            lo = lo.max(0.0);
        }
        let exact = Parameter { radius: 0.0, ..parameter };
        let image = |x: f64| super::scalar::value(function, x, parameter.value);
        let cut = if psd && lo <= spread { lo.max(spread) } else { lo };
        let steep = if cut > lo { deviation(function, 0.0, cut, exact, image(cut)) } else { 0.0 };
        let slope = lipschitz(function, cut, hi, parameter.value);
        let direct = lipschitz(function, lo, hi, parameter.value) * (spread * n.sqrt());
        let moved = direct.min(slope * spread * n.sqrt() + 2.0 * n.sqrt() * steep);
        // The error of the parameter acts on each eigenvalue; the product V f(Λ) V' rounds like the decomposition.
        let shifted = if parameter.radius > 0.0 {
            let at = |x: &f64| deviation(function, x.max(lo), x.max(lo), parameter, image(x.max(lo)));
            n.sqrt() * values.iter().map(at).fold(0.0, f64::max)
        } else {
            0.0
        };
        // An image of an eigenvalue may underflow, and so may a product of the recomposition.
        let rounding = DECOMPOSITION * n * epsilon * out.value_norm() * 2.0 + 2.0 * n * T::min_positive_value().wide();
        out.radii.fill(moved + shifted + rounding);
        Ok(())
    }

    /// The determinant or its logarithm through intervals for the eigenvalues or the singular values.
    fn determinant(&self, id: NodeId, a: &Ball, computed: Complex<f64>) -> Result<f64, FaultKind> {
        let arg = self.graph.args(id)[0];
        let log = *self.graph.op(id) == Op::LogDet;
        if self.graph.is_complex(id) {
            // The argument of the determinant would have to be bounded as well.
            return Ok(f64::INFINITY);
        }
        let off = self.decomposition_error(a, f64::EPSILON);
        let psd = self.graph.has(arg, Property::Psd);
        let values = if psd { eigenvalues(a)? } else { singular_values(a)? };
        // The sign is that of the computed determinant where no perturbation of the size of all errors is singular.
        let slack = off + 64.0 * a.rows as f64 * T::epsilon().wide() * a.value_norm();
        let certain = values.iter().all(|value| *value > slack);
        let sum = |shift: f64| values.iter().map(|value| (value + shift).max(0.0).ln()).sum::<f64>();
        let rounding =
            f64::EPSILON * 4.0 * values.iter().map(|v| v.max(f64::MIN_POSITIVE).ln().abs() + 1.0).sum::<f64>();
        let (low, high) = (sum(-off) - rounding, sum(off) + rounding);
        let y = computed.re;
        // A product of eigenvalues may underflow, and the exponentials with it.
        let last = y.abs() * 1e-12 + T::min_positive_value().wide();
        Ok(match (log, psd || certain) {
            (true, true) => (y - low).abs().max((high - y).abs()),
            (true, false) => f64::INFINITY,
            (false, true) if y >= 0.0 => (y - low.exp()).abs().max((high.exp() - y).abs()) + last,
            (false, true) => (y + low.exp()).abs().max((high.exp() + y).abs()) + last,
            (false, false) => y.abs() + high.exp() * (1.0 + 1e-12) + last,
        })
    }
}

fn parameter_of(args: &[&Ball]) -> Parameter {
    match args.get(1) {
        Some(p) => Parameter { value: p.entries[0].re, radius: p.radii[0] },
        None => Parameter { value: 0.0, radius: 0.0 },
    }
}

fn eigenvalues(a: &Ball) -> Result<Vec<f64>, FaultKind> {
    if a.entries.iter().any(|x| !x.is_finite()) {
        return Ok(Vec::new());
    }
    a.matrix().self_adjoint_eigenvalues(Side::Lower).map_err(|_| FaultKind::NoConvergence)
}

fn singular_values(a: &Ball) -> Result<Vec<f64>, FaultKind> {
    if a.entries.iter().any(|x| !x.is_finite()) {
        return Ok(vec![f64::NAN]);
    }
    a.matrix().singular_values().map_err(|_| FaultKind::NoConvergence)
}
