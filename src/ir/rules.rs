//! How facts flow: what is known of a result from what is known of the operands, each rule with its citation.
//!
//! A fact is of the values that a node takes, and a value may be +∞ or −∞ where nothing says that it is finite: what is
//! positive lies in (0, +∞], so that exp(−x) of a positive x may be 0.
//!
//! HJ is Horn and Johnson, *Matrix Analysis*, 2nd edition (2013); HJT their *Topics in Matrix Analysis* (1991).

use rustc_hash::FxHashMap;

use super::fact::{Fact, Facts, Property};
use super::finite;
use super::graph::{Graph, NodeId};
use super::literal;
use super::op::{Axis, Comparison, Op, Part, Reduction, Zip};
use super::scalar::{Range, ScalarFn};
use super::ty::{Field, Shape, Type};
use Property::*;

const BY_DEFINITION: &str = "by definition";
const SIGNS: &str = "signs of sums, products and quotients";
const GRAM: &str = "X'X and XX' are positive semi-definite (HJ 7.2.7)";
const CONGRUENCE: &str = "X'PX is positive semi-definite where P is (HJ 7.1.8)";
const CONE: &str = "positive semi-definite matrices form a convex cone (HJ 7.1.3)";
const SCHUR: &str = "Schur product theorem: PSD ∘ PSD is PSD (HJ 7.5.3)";
const SCHUR_PD: &str = "PD ∘ PSD with a positive diagonal is PD (HJ 7.5.3)";
const KRONECKER: &str = "the eigenvalues of A ⊗ B are products of theirs (HJT 4.2.12)";
const SPECTRUM: &str = "the spectrum of a positive (semi-)definite matrix is positive (nonnegative) (HJ 7.2.1)";
const FUNCTION: &str = "f(A) is Hermitian, with the spectrum f(λ) (HJT 6.2)";
const DIAGONAL: &str = "the diagonal of a positive (semi-)definite matrix is positive (nonnegative) (HJ 7.1.2)";
const ENTRYWISE: &str = "a function of every entry of a real symmetric matrix is symmetric";
const LITERAL: &str = "decided exactly from the written entries";
const BOTH_BRANCHES: &str = "it holds in both branches";

/// What is known of `op` on `args`, whose type is `ty`.
pub(super) fn facts(g: &Graph, op: &Op, args: &[NodeId], ty: &Type) -> Facts {
    let mut known = Facts::new();
    if let Shape::Matrix(..) = ty.shape
        && !ty.shape.is_square()
        && ty.shape.rows().as_constant().is_some()
        && ty.shape.cols().as_constant().is_some()
    {
        known.learn(Hermitian, Fact::No, "it is not square");
    }
    let a = args.first().copied();
    let has = |i: usize, property| args.get(i).is_some_and(|id| g.has(*id, property));
    match op {
        Op::Input(id) => known.extend(&g.inputs()[id.0 as usize].facts),
        Op::Constant(value) => literal::scalar(&mut known, value),
        Op::Pi | Op::Infinity => known.yes(Positive, BY_DEFINITION),
        Op::Size(dim) => {
            let least = dim.least();
            known.learn(Positive, Fact::yes_if(least.is_some_and(|n| n >= 1)), "sizes are at least 1");
            known.learn(Nonnegative, Fact::yes_if(least.is_some_and(|n| n >= 0)), "the range of the integers in it");
            known.yes(Integer, BY_DEFINITION);
        }
        Op::Truth(_) | Op::ImaginaryUnit => {}
        Op::Eye(_) => {
            for property in [Pd, UnitDiagonal, Diagonal, ZeroOne, OrthonormalColumns, OrthonormalRows] {
                known.yes(property, BY_DEFINITION);
            }
        }
        Op::Fill(shape) => {
            keep(g, a, &mut known, &[Nonnegative, Positive, ZeroOne, Integer], BY_DEFINITION);
            if shape.is_square() {
                known.learn(Psd, Fact::yes_if(has(0, Nonnegative) && ty.field == Field::Real), "c 1 1' with c ≥ 0");
                known.learn(Hermitian, Fact::yes_if(ty.field == Field::Real), BY_DEFINITION);
                known.learn(UnitDiagonal, Fact::yes_if(a.is_some_and(|id| g.is_number(id, 1))), BY_DEFINITION);
            }
        }
        Op::Map(function) => map(g, *function, args, ty, &mut known),
        Op::Part(part) => match part {
            Part::Abs | Part::Abs2 => {
                known.yes(Nonnegative, BY_DEFINITION);
                keep(g, a, &mut known, &[UnitDiagonal], "1 has modulus 1");
            }
            Part::Re => keep(g, a, &mut known, &[Hermitian, Psd, Pd, UnitDiagonal, TraceOne], "Re A = (A + Ā)/2"),
            Part::Im => {}
        },
        Op::Complexify | Op::StopGradient => copy(g, a, &mut known),
        Op::Require => copy(g, a, &mut known),
        Op::Annotate(properties, _) => {
            copy(g, a, &mut known);
            for property in properties {
                known.yes(*property, "the domain that it was declared with");
            }
        }
        Op::Zip(zip) => zip_facts(g, *zip, args[0], args[1], ty, &mut known),
        Op::Adjoint | Op::Transpose => {
            const BOTH: &[Property] = &[Hermitian, Psd, Pd, UnitDiagonal, TraceOne, Diagonal];
            keep(g, a, &mut known, BOTH, "transposition keeps it");
            keep(g, a, &mut known, &[Nonnegative, Positive, ZeroOne, Integer], "transposition keeps it");
            for (from, to) in [
                (UnitColumns, UnitRows),
                (UnitRows, UnitColumns),
                (OrthonormalColumns, OrthonormalRows),
                (OrthonormalRows, OrthonormalColumns),
            ] {
                known.learn(to, Fact::yes_if(has(0, from)), "transposition exchanges rows and columns");
            }
        }
        Op::Conj => copy(g, a, &mut known),
        Op::DiagonalOf => {
            known.learn(Nonnegative, Fact::yes_if(has(0, Psd) || has(0, Nonnegative)), DIAGONAL);
            known.learn(Positive, Fact::yes_if(has(0, Pd) || has(0, Positive)), DIAGONAL);
            known.learn(SumsToOne, Fact::yes_if(has(0, TraceOne)), BY_DEFINITION);
        }
        Op::DiagonalMatrix => {
            known.yes(Diagonal, BY_DEFINITION);
            known.learn(Hermitian, Fact::yes_if(ty.field == Field::Real), "a real diagonal matrix");
            known.learn(Psd, Fact::yes_if(has(0, Nonnegative)), "a nonnegative diagonal");
            known.learn(Pd, Fact::yes_if(has(0, Positive)), "a positive diagonal");
            known.learn(TraceOne, Fact::yes_if(has(0, SumsToOne)), BY_DEFINITION);
            keep(g, a, &mut known, &[Nonnegative, ZeroOne, Integer], BY_DEFINITION);
        }
        Op::Broadcast(..) => keep(g, a, &mut known, &[Nonnegative, Positive, ZeroOne, Integer], "repetition keeps it"),
        Op::Block(rows, cols) => literal::matrix(g, args, *rows as usize, *cols as usize, LITERAL, &mut known),
        Op::Stack => literal::vector(g, args, LITERAL, &mut known),
        Op::Entry => keep(g, a, &mut known, &[Nonnegative, Positive, ZeroOne, Integer], "an entry of it"),
        Op::OneHot(_) => keep(g, a, &mut known, &[Nonnegative, ZeroOne, Integer], "0 has it too"),
        Op::Slice(..) => keep(g, a, &mut known, &[Nonnegative, Positive, ZeroOne, Integer], "a part of it"),
        Op::MatMul => matmul(g, args[0], args[1], &mut known),
        Op::Kron => {
            for property in [Hermitian, Psd, Pd, UnitDiagonal, TraceOne, Diagonal, Nonnegative, Positive, ZeroOne] {
                known.learn(property, Fact::yes_if(has(0, property) && has(1, property)), KRONECKER);
            }
        }
        Op::PartialInner(..) => {}
        Op::Reduce(reduction, axis) => match reduction {
            Reduction::Sum => {
                keep(g, a, &mut known, &[Nonnegative, Positive, Integer], SIGNS);
                let one = has(0, SumsToOne) && *axis == Axis::All;
                known.learn(Positive, Fact::yes_if(one), "it is 1");
                let ones = has(0, UnitDiagonal) && has(0, Nonnegative);
                known.learn(Positive, Fact::yes_if(ones), "the diagonal alone sums to n");
            }
            Reduction::Max | Reduction::Min => {
                keep(g, a, &mut known, &[Nonnegative, Positive, ZeroOne, Integer], SIGNS)
            }
            Reduction::LogSumExp => {}
        },
        Op::Eigenvalues => {
            known.learn(Nonnegative, Fact::yes_if(has(0, Psd)), SPECTRUM);
            known.learn(Positive, Fact::yes_if(has(0, Pd)), SPECTRUM);
            known.learn(SumsToOne, Fact::yes_if(has(0, TraceOne)), "the trace is the sum of the eigenvalues");
        }
        Op::SingularValues => known.yes(Nonnegative, BY_DEFINITION),
        Op::Spectral(function) => {
            known.yes(Hermitian, FUNCTION);
            // There are eigenvalues of finite matrices only.
            let (psd, pd) = range_of(*function, has(0, Psd), has(0, Pd), true);
            known.learn(Psd, Fact::yes_if(psd), FUNCTION);
            known.learn(Pd, Fact::yes_if(pd), FUNCTION);
        }
        Op::EigenSum => {
            known.yes(Hermitian, FUNCTION);
            known.learn(Psd, Fact::yes_if(has(1, Nonnegative)), FUNCTION);
            known.learn(Pd, Fact::yes_if(has(1, Positive)), FUNCTION);
        }
        Op::Frechet(_) => known.learn(Hermitian, Fact::yes_if(has(1, Hermitian)), "F is real and symmetric"),
        Op::SingularSum => {}
        Op::LogDet => {}
        Op::Det => {
            known.learn(Nonnegative, Fact::yes_if(has(0, Psd)), SPECTRUM);
            known.learn(Positive, Fact::yes_if(has(0, Pd)), SPECTRUM);
        }
        Op::Inverse => {
            known.learn(Hermitian, Fact::yes_if(has(0, Hermitian)), "the inverse of a Hermitian matrix is Hermitian");
            known.learn(Pd, Fact::yes_if(has(0, Psd)), "an invertible positive semi-definite matrix is definite");
        }
        Op::Adjugate => keep(g, a, &mut known, &[Hermitian, Psd, Pd], "products of all eigenvalues but one"),
        Op::Rank => {
            known.yes(Nonnegative, BY_DEFINITION);
            known.yes(Integer, BY_DEFINITION);
        }
        Op::Compare(Comparison::Lt | Comparison::Le | Comparison::Eq | Comparison::Ne) => {}
        Op::And | Op::Or | Op::Not => {}
        Op::Select => {
            for property in Property::ALL {
                known.learn(*property, Fact::yes_if(has(1, *property) && has(2, *property)), BOTH_BRANCHES);
            }
        }
    }
    let is_finite = finite::finite(g, op, args, &|id| g.has(id, Finite)) || finite::bounded(&known);
    known.learn(Finite, Fact::yes_if(is_finite), "finite operands, where the function has no pole");
    known
}

/// Copies everything known of an operand.
fn copy(g: &Graph, id: Option<NodeId>, known: &mut Facts) {
    if let Some(id) = id {
        known.extend(g.facts(id));
    }
}

/// Keeps those of the properties that the operand is known to have.
fn keep(g: &Graph, id: Option<NodeId>, known: &mut Facts, properties: &[Property], why: &'static str) {
    for property in properties {
        known.learn(*property, Fact::yes_if(id.is_some_and(|id| g.has(id, *property))), why);
    }
}

/// Whether f of something (nonnegative, positive, finite) is nonnegative and positive: exp and its like are 0 at an infinity.
fn range_of(function: ScalarFn, nonnegative: bool, positive: bool, finite: bool) -> (bool, bool) {
    match function.row().range {
        Range::Positive => (true, finite),
        Range::Nonnegative => (true, false),
        Range::KeepsSign => (nonnegative, positive),
        Range::Any if function == ScalarFn::Pow => (nonnegative, positive && finite),
        Range::Any if function == ScalarFn::Recip => (positive, positive && finite),
        Range::Any => (false, false),
    }
}

fn map(g: &Graph, function: ScalarFn, args: &[NodeId], ty: &Type, known: &mut Facts) {
    let x = args[0];
    if ty.field == Field::Real {
        let finite = args.iter().all(|arg| g.has(*arg, Finite));
        let (nonnegative, positive) = range_of(function, g.has(x, Nonnegative), g.has(x, Positive), finite);
        known.learn(Nonnegative, Fact::yes_if(nonnegative), SIGNS);
        known.learn(Positive, Fact::yes_if(positive), SIGNS);
        known.learn(Hermitian, Fact::yes_if(g.has(x, Hermitian)), ENTRYWISE);
    }
    match function {
        ScalarFn::Floor | ScalarFn::Sign => known.yes(Integer, BY_DEFINITION),
        ScalarFn::Step => known.yes(ZeroOne, BY_DEFINITION),
        ScalarFn::Neg => keep(g, Some(x), known, &[Hermitian, Integer, Diagonal], "negation keeps it"),
        // |x|^p for nonnegative x is fine for each p; an integer power of unit entries keeps a unit diagonal.
        ScalarFn::Pow => keep(g, Some(x), known, &[UnitDiagonal], "1 to any power is 1"),
        ScalarFn::Abs | ScalarFn::Sqrt => keep(g, Some(x), known, &[UnitDiagonal], "the function keeps 1"),
        ScalarFn::Exp
        | ScalarFn::Log
        | ScalarFn::Recip
        | ScalarFn::Sin
        | ScalarFn::Cos
        | ScalarFn::Tanh
        | ScalarFn::Relu
        | ScalarFn::Sigmoid
        | ScalarFn::Softplus
        | ScalarFn::Expm1
        | ScalarFn::Log1p
        | ScalarFn::Log1pRel
        | ScalarFn::Log1pRelSlope
        | ScalarFn::XLogX
        | ScalarFn::LogOnSupport
        | ScalarFn::RecipOnSupport
        | ScalarFn::PowOnSupport
        | ScalarFn::PowLog
        | ScalarFn::PowLogSlope
        | ScalarFn::Tsallis
        | ScalarFn::TsallisSlope => {}
    }
}

fn zip_facts(g: &Graph, zip: Zip, x: NodeId, y: NodeId, ty: &Type, known: &mut Facts) {
    let (has_x, has_y) = (|p| g.has(x, p), |p| g.has(y, p));
    let both = |p| has_x(p) && has_y(p);
    let scalar = |id: NodeId| g.ty(id).shape == Shape::Scalar && ty.shape != Shape::Scalar;
    match zip {
        Zip::Add => {
            known.learn(Hermitian, Fact::yes_if(both(Hermitian)), "sums of Hermitian matrices are Hermitian");
            known.learn(Hermitian, Fact::yes_if(!both(Hermitian) && adjoints(g, x, y)), "A + A' is its own adjoint");
            known.learn(Psd, Fact::yes_if(both(Psd)), CONE);
            known.learn(Pd, Fact::yes_if((has_x(Pd) && has_y(Psd)) || (has_x(Psd) && has_y(Pd))), CONE);
            known.learn(Nonnegative, Fact::yes_if(both(Nonnegative)), SIGNS);
            let positive = (has_x(Positive) && has_y(Nonnegative)) || (has_x(Nonnegative) && has_y(Positive));
            known.learn(Positive, Fact::yes_if(positive), SIGNS);
            known.learn(Integer, Fact::yes_if(both(Integer)), "sums of integers");
            known.learn(Diagonal, Fact::yes_if(both(Diagonal)), BY_DEFINITION);
        }
        Zip::Sub => {
            known.learn(Hermitian, Fact::yes_if(both(Hermitian)), "differences of Hermitian matrices are Hermitian");
            known.learn(Integer, Fact::yes_if(both(Integer)), "differences of integers");
            known.learn(Diagonal, Fact::yes_if(both(Diagonal)), BY_DEFINITION);
        }
        Zip::Mul if scalar(x) => multiple(g, x, y, known),
        Zip::Mul if scalar(y) => multiple(g, y, x, known),
        Zip::Mul => {
            known.learn(Hermitian, Fact::yes_if(both(Hermitian)), "entrywise products of Hermitian matrices");
            known.learn(Psd, Fact::yes_if(both(Psd)), SCHUR);
            let definite =
                |a: NodeId, b: NodeId| g.has(a, Pd) && (g.has(b, Pd) || (g.has(b, Psd) && g.has(b, UnitDiagonal)));
            known.learn(Pd, Fact::yes_if(definite(x, y) || definite(y, x)), SCHUR_PD);
            known.learn(UnitDiagonal, Fact::yes_if(both(UnitDiagonal)), "1 · 1 = 1");
            known.learn(Diagonal, Fact::yes_if(has_x(Diagonal) || has_y(Diagonal)), "0 · x = 0");
            if known.has(Diagonal) && ty.field == Field::Real {
                known.yes(Hermitian, "a real diagonal matrix");
                known.learn(Psd, Fact::yes_if(both(Nonnegative)), "a nonnegative diagonal");
            }
            known.learn(ZeroOne, Fact::yes_if(both(ZeroOne)), SIGNS);
            known.learn(Integer, Fact::yes_if(both(Integer)), "products of integers");
            known.learn(Positive, Fact::yes_if(both(Positive)), SIGNS);
            let square = x == y && ty.field == Field::Real;
            known.learn(Nonnegative, Fact::yes_if(both(Nonnegative) || square), SIGNS);
        }
        Zip::Div => {
            if scalar(y) && has_y(Nonnegative) {
                // What is divided by 0 is infinite, and what is divided by an infinity is 0.
                keep(g, Some(x), known, &[Hermitian, Psd, Nonnegative, Diagonal], CONE);
                if has_y(Finite) {
                    keep(g, Some(x), known, &[Pd, Positive], CONE);
                }
            }
            if scalar(y) && is_real(g, y) {
                keep(g, Some(x), known, &[Hermitian, Diagonal], "a real multiple");
            }
            if !scalar(y) {
                known.learn(Nonnegative, Fact::yes_if(both(Nonnegative)), SIGNS);
                known.learn(Positive, Fact::yes_if(both(Positive) && has_y(Finite)), SIGNS);
            }
            let order = if let Op::Size(n) = g.op(y) {
                g.ty(x).shape.rows() == *n
            } else {
                constant_rows(g, x).is_some_and(|n| g.is_number(y, n))
            };
            let unit_trace = order && has_x(UnitDiagonal);
            known.learn(TraceOne, Fact::yes_if(unit_trace), "n diagonal entries 1/n");
            let normalised = *g.op(y) == Op::Reduce(Reduction::Sum, Axis::All) && g.args(y)[0] == x;
            known.learn(SumsToOne, Fact::yes_if(normalised), "divided by its sum");
        }
        Zip::Min => {
            for p in [Nonnegative, Positive, ZeroOne, Integer] {
                known.learn(p, Fact::yes_if(both(p)), SIGNS);
            }
        }
        Zip::Max => {
            for p in [Nonnegative, Positive] {
                known.learn(p, Fact::yes_if(has_x(p) || has_y(p)), SIGNS);
            }
            for p in [ZeroOne, Integer] {
                known.learn(p, Fact::yes_if(both(p)), SIGNS);
            }
        }
    }
}

fn constant_rows(g: &Graph, x: NodeId) -> Option<i64> {
    g.ty(x).shape.rows().as_constant()
}

/// Whether a scalar is a real number, also where it was made complex to meet complex entries.
fn is_real(g: &Graph, scalar: NodeId) -> bool {
    g.ty(scalar).field == Field::Real || *g.op(scalar) == Op::Complexify || g.has(scalar, Hermitian)
}

/// Whether one matrix is the adjoint of the other, as products of factors and their adjoints.
fn adjoints(g: &Graph, x: NodeId, y: NodeId) -> bool {
    let (mut of_x, mut of_y) = (Vec::new(), Vec::new());
    let matrices = [x, y].iter().all(|id| matches!(g.ty(*id).shape, Shape::Matrix(..)));
    let same =
        |((a, one), (b, other)): (&(NodeId, bool), &(NodeId, bool))| a == b && (one == other || g.has(*a, Hermitian));
    matrices
        && factors(g, x, false, &mut of_x)
        && factors(g, y, true, &mut of_y)
        && of_x.len() == of_y.len()
        && of_x.iter().zip(&of_y).all(same)
}

/// A scalar times a value with entries.
fn multiple(g: &Graph, scalar: NodeId, x: NodeId, known: &mut Facts) {
    if is_real(g, scalar) {
        keep(g, Some(x), known, &[Hermitian, Diagonal], "a real multiple");
    }
    if g.has(scalar, Nonnegative) {
        keep(g, Some(x), known, &[Psd, Nonnegative], CONE);
    }
    if g.has(scalar, Positive) {
        keep(g, Some(x), known, &[Pd, Positive], CONE);
    }
}

fn matmul(g: &Graph, a: NodeId, b: NodeId, known: &mut Facts) {
    if !matches!(g.ty(a).shape, Shape::Matrix(..)) || !matches!(g.ty(b).shape, Shape::Matrix(..)) {
        known.learn(Nonnegative, Fact::yes_if(g.has(a, Nonnegative) && g.has(b, Nonnegative)), SIGNS);
        return;
    }
    let mirrored = |x: NodeId, y: NodeId| *g.op(x) == Op::Adjoint && g.args(x)[0] == y;
    let hermitian_square = a == b && g.has(a, Hermitian);
    known.learn(Psd, Fact::yes_if(mirrored(a, b) || mirrored(b, a) || hermitian_square), GRAM);
    if mirrored(a, b) {
        known.learn(UnitDiagonal, Fact::yes_if(g.has(b, UnitColumns)), "the columns have norm 1");
    }
    if mirrored(b, a) {
        known.learn(UnitDiagonal, Fact::yes_if(g.has(a, UnitRows)), "the rows have norm 1");
    }
    // Powers of one Hermitian matrix commute, so their products are Hermitian, and PSD where the matrix is.
    let mut bases = FxHashMap::default();
    let x = power_base(g, a, &mut bases);
    if x == power_base(g, b, &mut bases) {
        known.learn(Hermitian, Fact::yes_if(g.has(x, Hermitian)), "powers of one Hermitian matrix commute");
        known.learn(Psd, Fact::yes_if(g.has(x, Psd)), "powers of a positive semi-definite matrix");
        known.learn(Pd, Fact::yes_if(g.has(x, Pd)), "powers of a positive definite matrix");
    }
    // X' P X, however its factors are grouped and whatever X is a product of.
    let mut chain = Vec::new();
    if factors(g, a, false, &mut chain) && factors(g, b, false, &mut chain) {
        let mirrors = |(x, adjoint): (NodeId, bool), (y, other): (NodeId, bool)| {
            x == y && (adjoint != other || g.has(x, Hermitian))
        };
        let half = chain.len() / 2;
        let middle = (chain.len() % 2 == 1).then(|| chain[half].0);
        if chain.iter().zip(chain.iter().rev()).take(half).all(|(first, last)| mirrors(*first, *last)) {
            known.learn(Psd, Fact::yes_if(middle.is_none_or(|middle| g.has(middle, Psd))), CONGRUENCE);
            known.learn(Hermitian, Fact::yes_if(middle.is_none_or(|middle| g.has(middle, Hermitian))), CONGRUENCE);
        }
    }
    for property in [OrthonormalColumns, OrthonormalRows, Diagonal, Nonnegative] {
        let kept = g.has(a, property) && g.has(b, property);
        known.learn(property, Fact::yes_if(kept), "products keep it");
    }
}

/// The longest product whose factors are looked at.
const MAX_FACTORS: usize = 16;

/// Adds the factors of a product of matrices, each with whether it is its adjoint that stands there. False where there
/// are too many.
fn factors(g: &Graph, id: NodeId, adjoint: bool, chain: &mut Vec<(NodeId, bool)>) -> bool {
    let args = g.args(id);
    if let Op::Adjoint | Op::Complexify = g.op(id) {
        return factors(g, args[0], adjoint != (*g.op(id) == Op::Adjoint), chain);
    }
    if *g.op(id) == Op::MatMul && args.iter().all(|arg| matches!(g.ty(*arg).shape, Shape::Matrix(..))) {
        let (first, last) = if adjoint { (args[1], args[0]) } else { (args[0], args[1]) };
        return factors(g, first, adjoint, chain) && factors(g, last, adjoint, chain);
    }
    chain.push((id, adjoint));
    chain.len() <= MAX_FACTORS
}

/// The matrix that a node is a product of copies of: itself unless it is such a product. `known` has what was found before,
/// since a product may have the same factors many times over.
fn power_base(g: &Graph, id: NodeId, known: &mut FxHashMap<NodeId, NodeId>) -> NodeId {
    if *g.op(id) != Op::MatMul || !g.has(id, Hermitian) {
        return id;
    }
    if let Some(base) = known.get(&id) {
        return *base;
    }
    // H (P H) is Hermitian too, and no power: both factors have to be powers of the same matrix.
    let [first, last] = [g.args(id)[0], g.args(id)[1]].map(|factor| power_base(g, factor, known));
    let base = if first == last { first } else { id };
    known.insert(id, base);
    base
}
