//! Every operation, on real and complex operands, against central differences.

use std::collections::BTreeSet;

use loewner::grad::gradient;
use loewner::ir::{Axis, Basis, Comparison, Graph, NodeId, Op, Part, Property, Reduction, ScalarFn, Side, Type, Zip};
use num_rational::BigRational;

use super::numeric::{Built, check, dim, matrix, scalar, typed, vector};

/// X'X + I: positive definite.
fn definite(g: &mut Graph, x: NodeId) -> Built {
    let adjoint = g.adjoint(x)?;
    let gram = g.multiply(adjoint, x)?;
    let n = g.ty(gram).shape.rows();
    let eye = g.eye(n)?;
    g.add(gram, eye)
}

/// X + X', which is Hermitian.
fn hermitian(g: &mut Graph, x: NodeId) -> Built {
    let adjoint = g.adjoint(x)?;
    g.add(x, adjoint)
}

type Build = fn(&mut Graph, &[NodeId]) -> Built;

/// One case: what it is called, the shapes of its inputs, whether it has a complex form, and what it builds.
struct Case(&'static str, Vec<(loewner::ir::Shape, bool)>, bool, Build);

fn cases() -> Vec<Case> {
    let real = |shape| (shape, true);
    let any = |shape| (shape, false);
    vec![
        Case("fill", vec![any(scalar())], true, |g, x| g.fill(x[0], matrix(2, 3))),
        Case("exp", vec![any(matrix(2, 3))], true, |g, x| g.map(ScalarFn::Exp, x[0])),
        Case("re", vec![any(matrix(2, 3))], true, |g, x| g.part(Part::Re, x[0])),
        Case("im", vec![any(matrix(2, 3))], true, |g, x| g.part(Part::Im, x[0])),
        Case("abs", vec![any(matrix(2, 3))], true, |g, x| g.abs(x[0])),
        Case("abs2", vec![any(matrix(2, 3))], true, |g, x| g.abs2(x[0])),
        Case("real times complex", vec![real(matrix(2, 3)), any(matrix(2, 3))], true, |g, x| {
            g.zip(Zip::Mul, x[0], x[1])
        }),
        Case("X X'", vec![any(matrix(2, 3))], true, |g, x| {
            let adjoint = g.adjoint(x[0])?;
            g.multiply(x[0], adjoint)
        }),
        Case("X'X with another use of X'", vec![any(matrix(3, 2))], true, |g, x| {
            let adjoint = g.adjoint(x[0])?;
            let gram = g.multiply(adjoint, x[0])?;
            g.multiply(gram, adjoint)
        }),
        Case("real scalar times complex", vec![real(scalar()), any(matrix(2, 3))], true, |g, x| g.multiply(x[0], x[1])),
        Case("sum", vec![any(vector(3)), any(vector(3))], true, |g, x| g.add(x[0], x[1])),
        Case("difference", vec![any(vector(3)), any(vector(3))], true, |g, x| g.sub(x[0], x[1])),
        Case("square", vec![any(matrix(2, 2))], true, |g, x| g.zip(Zip::Mul, x[0], x[0])),
        Case("quotient", vec![any(matrix(2, 2)), any(matrix(2, 2))], true, |g, x| {
            let below = g.map(ScalarFn::Exp, x[1])?;
            g.zip(Zip::Div, x[0], below)
        }),
        Case("matrix over scalar", vec![any(matrix(2, 2)), any(scalar())], true, |g, x| {
            let below = g.map(ScalarFn::Exp, x[1])?;
            g.zip(Zip::Div, x[0], below)
        }),
        Case("scalar over matrix", vec![any(scalar()), any(matrix(2, 2))], true, |g, x| {
            let below = g.map(ScalarFn::Exp, x[1])?;
            g.zip(Zip::Div, x[0], below)
        }),
        Case("zip min", vec![real(vector(4)), real(vector(4))], false, |g, x| g.zip(Zip::Min, x[0], x[1])),
        Case("zip max with a scalar", vec![real(vector(4)), real(scalar())], false, |g, x| g.zip(Zip::Max, x[0], x[1])),
        Case("adjoint", vec![any(matrix(2, 3))], true, |g, x| g.adjoint(x[0])),
        Case("adjoint of a vector", vec![any(vector(3))], true, |g, x| g.adjoint(x[0])),
        Case("transpose", vec![any(matrix(2, 3))], true, |g, x| g.transpose(x[0])),
        Case("transpose of a vector", vec![any(vector(3))], true, |g, x| g.transpose(x[0])),
        Case("conj", vec![any(matrix(2, 3))], true, |g, x| g.make(Op::Conj, vec![x[0]])),
        Case("diagonal", vec![any(matrix(3, 3))], true, |g, x| g.make(Op::DiagonalOf, vec![x[0]])),
        Case("diagonal matrix", vec![any(vector(3))], true, |g, x| g.make(Op::DiagonalMatrix, vec![x[0]])),
        Case("broadcast rows", vec![any(vector(3))], true, |g, x| {
            g.make(Op::Broadcast(Axis::Rows, dim(2)), vec![x[0]])
        }),
        Case("broadcast cols", vec![any(vector(3))], true, |g, x| {
            g.make(Op::Broadcast(Axis::Cols, dim(2)), vec![x[0]])
        }),
        Case("blocks", vec![any(matrix(2, 3)), any(vector(2)), real(matrix(1, 3)), any(scalar())], true, |g, x| {
            g.make(Op::Block(2, 2), x.to_vec())
        }),
        Case("stack", vec![any(scalar()), real(scalar()), any(scalar())], true, |g, x| g.make(Op::Stack, x.to_vec())),
        Case("entry", vec![any(matrix(2, 3))], true, |g, x| {
            let (i, j) = (g.integer(2)?, g.integer(3)?);
            g.make(Op::Entry, vec![x[0], i, j])
        }),
        Case("entry at a run-time index", vec![any(vector(3)), real(scalar())], true, |g, x| {
            // 2 + ⌊x/4⌋ is 1 or 2, and is not known beforehand.
            let four = g.integer(4)?;
            let small = g.zip(Zip::Div, x[1], four)?;
            let (floor, two) = (g.map(ScalarFn::Floor, small)?, g.integer(2)?);
            let index = g.add(two, floor)?;
            g.make(Op::Entry, vec![x[0], index])
        }),
        Case("one hot", vec![any(scalar())], true, |g, x| {
            let (i, j) = (g.integer(2)?, g.integer(1)?);
            g.make(Op::OneHot(matrix(3, 2)), vec![x[0], i, j])
        }),
        Case("slice", vec![any(matrix(4, 5))], true, |g, x| {
            g.make(Op::Slice(dim(1), dim(2), matrix(2, 3)), vec![x[0]])
        }),
        Case("slice of a vector", vec![any(vector(4))], true, |g, x| {
            g.make(Op::Slice(dim(1), dim(0), vector(2)), vec![x[0]])
        }),
        Case("matrix product", vec![any(matrix(2, 3)), any(matrix(3, 4))], true, |g, x| g.multiply(x[0], x[1])),
        Case("real by complex product", vec![real(matrix(2, 3)), any(matrix(3, 2))], true, |g, x| {
            g.multiply(x[0], x[1])
        }),
        Case("matrix times vector", vec![any(matrix(2, 3)), any(vector(3))], true, |g, x| g.multiply(x[0], x[1])),
        Case("column times number", vec![any(matrix(3, 1)), any(vector(1))], true, |g, x| g.multiply(x[0], x[1])),
        Case("row times vector", vec![any(vector(3)), any(vector(3))], true, |g, x| {
            let row = g.adjoint(x[0])?;
            g.multiply(row, x[1])
        }),
        Case("vector times row", vec![any(vector(2)), any(matrix(1, 3))], true, |g, x| g.multiply(x[0], x[1])),
        Case("gram", vec![any(matrix(2, 3))], true, |g, x| {
            let adjoint = g.adjoint(x[0])?;
            g.multiply(adjoint, x[0])
        }),
        Case("kron", vec![any(matrix(2, 3)), any(matrix(3, 2))], true, |g, x| g.make(Op::Kron, x.to_vec())),
        Case("kron of vectors", vec![any(vector(2)), any(vector(3))], true, |g, x| g.make(Op::Kron, x.to_vec())),
        Case("kron with a vector", vec![any(matrix(2, 2)), any(vector(3))], true, |g, x| g.make(Op::Kron, x.to_vec())),
        Case("partial inner, left", vec![any(matrix(6, 6)), any(matrix(3, 2))], true, |g, x| {
            g.make(Op::PartialInner(Side::Left, matrix(2, 3)), x.to_vec())
        }),
        Case("partial inner, right", vec![any(matrix(6, 6)), any(matrix(3, 2))], true, |g, x| {
            g.make(Op::PartialInner(Side::Right, matrix(2, 3)), x.to_vec())
        }),
        Case("sum of all", vec![any(matrix(2, 3))], true, |g, x| g.sum(x[0])),
        Case("row sums", vec![any(matrix(2, 3))], true, |g, x| g.reduce(Reduction::Sum, Axis::Rows, x[0])),
        Case("column sums", vec![any(matrix(2, 3))], true, |g, x| g.reduce(Reduction::Sum, Axis::Cols, x[0])),
        Case("column sum of a vector", vec![any(vector(3))], true, |g, x| g.reduce(Reduction::Sum, Axis::Cols, x[0])),
        Case("max", vec![real(matrix(2, 3))], false, |g, x| g.reduce(Reduction::Max, Axis::All, x[0])),
        Case("min of rows", vec![real(matrix(2, 3))], false, |g, x| g.reduce(Reduction::Min, Axis::Rows, x[0])),
        Case("max of columns", vec![real(matrix(2, 3))], false, |g, x| g.reduce(Reduction::Max, Axis::Cols, x[0])),
        Case("logsumexp", vec![real(matrix(2, 3))], false, |g, x| g.reduce(Reduction::LogSumExp, Axis::All, x[0])),
        Case("logsumexp of rows", vec![real(matrix(2, 3))], false, |g, x| {
            g.reduce(Reduction::LogSumExp, Axis::Rows, x[0])
        }),
        Case("eigenvalues", vec![any(matrix(3, 3))], true, |g, x| {
            let a = hermitian(g, x[0])?;
            g.make(Op::Eigenvalues, vec![a])
        }),
        Case("singular values", vec![any(matrix(3, 2))], true, |g, x| g.make(Op::SingularValues, vec![x[0]])),
        Case("singular values of a wide matrix", vec![any(matrix(2, 4))], true, |g, x| {
            g.make(Op::SingularValues, vec![x[0]])
        }),
        Case("singular values of a Hermitian matrix", vec![any(matrix(3, 3))], true, |g, x| {
            let a = hermitian(g, x[0])?;
            g.make(Op::SingularValues, vec![a])
        }),
        Case("expm", vec![any(matrix(3, 3))], true, |g, x| {
            let a = hermitian(g, x[0])?;
            g.make(Op::Spectral(ScalarFn::Exp), vec![a])
        }),
        Case("matrix power and its exponent", vec![any(matrix(3, 3)), real(scalar())], true, |g, x| {
            let a = definite(g, x[0])?;
            g.make(Op::Spectral(ScalarFn::Pow), vec![a, x[1]])
        }),
        Case("tsallism and its order", vec![any(matrix(3, 3)), real(scalar())], true, |g, x| {
            let a = definite(g, x[0])?;
            g.make(Op::Spectral(ScalarFn::Tsallis), vec![a, x[1]])
        }),
        Case("trace of a function", vec![any(matrix(3, 3))], true, |g, x| {
            let a = definite(g, x[0])?;
            let f = g.make(Op::Spectral(ScalarFn::XLogX), vec![a])?;
            g.trace(f)
        }),
        Case("direction of a derivative", vec![any(matrix(3, 3))], true, |g, x| {
            let four = g.integer(4)?;
            let eye = g.eye(dim(3))?;
            let at = g.multiply(four, eye)?;
            let at = if g.is_complex(x[0]) { g.make(Op::Complexify, vec![at])? } else { at };
            g.make(Op::Frechet(ScalarFn::Sqrt), vec![at, x[0]])
        }),
        Case("logdet", vec![any(matrix(3, 3))], true, |g, x| {
            let a = definite(g, x[0])?;
            g.make(Op::LogDet, vec![a])
        }),
        Case("logdet of any matrix", vec![any(matrix(3, 3))], true, |g, x| {
            // 4 I + X has a positive determinant, and no branch of the logarithm is near.
            let (four, eye) = (g.integer(4)?, g.eye(dim(3))?);
            let shift = g.multiply(four, eye)?;
            let a = g.add(shift, x[0])?;
            g.make(Op::LogDet, vec![a])
        }),
        Case("det", vec![any(matrix(3, 3))], true, |g, x| g.make(Op::Det, vec![x[0]])),
        Case("det of a number", vec![any(matrix(1, 1))], true, |g, x| g.make(Op::Det, vec![x[0]])),
        Case("det of a Hermitian matrix", vec![any(matrix(3, 3))], true, |g, x| {
            let a = hermitian(g, x[0])?;
            g.make(Op::Det, vec![a])
        }),
        Case("det of a matrix of rank 2 in one direction", vec![any(matrix(3, 2)), any(matrix(2, 3))], true, |g, x| {
            let product = g.multiply(x[0], x[1])?;
            g.make(Op::Det, vec![product])
        }),
        Case("inverse", vec![any(matrix(3, 3))], true, |g, x| {
            let (four, eye) = (g.integer(4)?, g.eye(dim(3))?);
            let shift = g.multiply(four, eye)?;
            let a = g.add(shift, x[0])?;
            g.make(Op::Inverse, vec![a])
        }),
        Case("inverse of a definite matrix", vec![any(matrix(3, 3))], true, |g, x| {
            let a = definite(g, x[0])?;
            g.make(Op::Inverse, vec![a])
        }),
        Case("rank and other steps", vec![any(matrix(3, 3))], true, |g, x| {
            let rank = g.make(Op::Rank, vec![x[0]])?;
            let sum = g.sum(x[0])?;
            g.multiply(rank, sum)
        }),
        Case("select", vec![any(vector(3)), real(scalar())], true, |g, x| {
            let zero = g.integer(0)?;
            let twice = g.add(x[0], x[0])?;
            let square = g.zip(Zip::Mul, x[0], x[0])?;
            let condition = g.compare(Comparison::Lt, zero, x[1])?;
            g.make(Op::Select, vec![condition, twice, square])
        }),
        Case("nested select", vec![real(vector(3)), real(scalar())], false, |g, x| {
            let (zero, half) = (g.integer(0)?, g.number(BigRational::new(1.into(), 2.into()))?);
            let e = g.map(ScalarFn::Exp, x[0])?;
            let (below, above) = (g.compare(Comparison::Le, zero, x[1])?, g.compare(Comparison::Lt, x[1], half)?);
            let s = g.map(ScalarFn::Sin, e)?;
            let inner = g.make(Op::Select, vec![above, s, e])?;
            let cubed = g.zip(Zip::Mul, inner, e)?;
            let outer = g.make(Op::Select, vec![below, cubed, x[0]])?;
            g.add(outer, e)
        }),
        Case("require", vec![any(vector(3))], true, |g, x| {
            let (moduli, zero) = (g.abs(x[0])?, g.integer(0)?);
            let least = g.reduce(Reduction::Min, Axis::All, moduli)?;
            let condition = g.compare(Comparison::Lt, zero, least)?;
            g.make(Op::Require, vec![x[0], condition])
        }),
        Case("annotate", vec![real(matrix(2, 3))], false, |g, x| {
            let marked = g.annotate(x[0], &[Property::ZeroOne], Basis::Construction)?;
            g.map(ScalarFn::Exp, marked)
        }),
        Case("the diagonal of a product", vec![any(matrix(2, 3)), any(matrix(3, 2))], true, |g, x| {
            let product = g.multiply(x[0], x[1])?;
            g.trace(product)
        }),
        Case("offdiag", vec![any(matrix(3, 3))], true, |g, x| g.offdiag(x[0])),
        Case("softmax", vec![real(matrix(2, 3))], false, |g, x| g.softmax(Axis::Cols, x[0])),
        Case("norm", vec![any(matrix(2, 3))], true, |g, x| g.norm(x[0])),
    ]
}

#[test]
fn operations_agree_with_differences() {
    for Case(name, inputs, has_complex, build) in cases() {
        for complex in [false, true] {
            if complex && !has_complex {
                continue;
            }
            let types: Vec<Type> = inputs.iter().map(|(shape, real)| typed(shape.clone(), complex && !*real)).collect();
            for seed in 1..=3 {
                check(&format!("{name}, complex: {complex}, seed {seed}"), &types, seed, build);
            }
        }
    }
}

/// A number for each operation through which a gradient can flow, and none for the others. A new operation is met here
/// by the compiler.
fn number(op: &Op) -> Option<usize> {
    Some(match op {
        Op::Input(_)
        | Op::Constant(_)
        | Op::Truth(_)
        | Op::ImaginaryUnit
        | Op::Pi
        | Op::Infinity
        | Op::Size(_)
        | Op::Eye(_)
        | Op::Compare(_)
        | Op::And
        | Op::Or
        | Op::Not => return None,
        // Tested where they are: gradients of these are no differences, or not offered.
        Op::StopGradient | Op::EigenSum | Op::SingularSum | Op::Adjugate => return None,
        Op::Fill(_) => 0,
        Op::Map(_) => 1,
        Op::Part(_) => 2,
        Op::Complexify => 3,
        Op::Zip(_) => 4,
        Op::Adjoint => 5,
        Op::Transpose => 6,
        Op::Conj => 7,
        Op::DiagonalOf => 8,
        Op::DiagonalMatrix => 9,
        Op::Broadcast(..) => 10,
        Op::Block(..) => 11,
        Op::Stack => 12,
        Op::Entry => 13,
        Op::OneHot(_) => 14,
        Op::Slice(..) => 15,
        Op::MatMul => 16,
        Op::Kron => 17,
        Op::PartialInner(..) => 18,
        Op::Reduce(..) => 19,
        Op::Eigenvalues => 20,
        Op::SingularValues => 21,
        Op::Spectral(_) => 22,
        Op::Frechet(_) => 23,
        Op::LogDet => 24,
        Op::Det => 25,
        Op::Inverse => 26,
        Op::Rank => 27,
        Op::Select => 28,
        Op::Annotate(..) => 29,
        Op::Require => 30,
    })
}

#[test]
fn every_operation_has_a_case() {
    let mut met = BTreeSet::new();
    for Case(name, inputs, _, build) in cases() {
        let mut g = Graph::new();
        let complex = |real: &bool| !*real && cases().iter().any(|case| case.0 == name && case.2);
        let nodes: Vec<NodeId> = inputs
            .iter()
            .map(|(shape, real)| super::numeric::input(&mut g, typed(shape.clone(), complex(real))))
            .collect();
        let root = build(&mut g, &nodes).unwrap();
        met.extend(g.reachable(&[root]).into_iter().filter_map(|id| number(g.op(id))));
    }
    assert_eq!(met, (0..=30).collect::<BTreeSet<usize>>());
}

/// Σ W ∘ (X X') for a Hermitian W has the gradient 2 W X, and ‖X'X‖² has 4 X X'X.
#[test]
fn the_gradient_through_a_gram_matrix_takes_one_product() {
    let products = |g: &Graph, node: NodeId| {
        let reached = g.reachable(&[node]);
        reached.into_iter().filter(|id| *g.op(*id) == Op::MatMul && !g.ty(*id).is_real_scalar()).count()
    };
    let mut g = Graph::new();
    let x = super::numeric::input(&mut g, typed(matrix(3, 4), false));
    let w = super::numeric::input(&mut g, typed(matrix(3, 3), false));
    let adjoint = g.adjoint(x).unwrap();
    let (rows, cols) = (g.multiply(x, adjoint).unwrap(), g.multiply(adjoint, x).unwrap());
    let w = hermitian(&mut g, w).unwrap();
    let weighed = g.zip(Zip::Mul, w, rows).unwrap();
    let of = g.sum(weighed).unwrap();
    let by_x = gradient(&mut g, of, &[x]).unwrap()[0];
    assert_eq!(products(&g, by_x), 1);
    let squares = g.abs2(cols).unwrap();
    let of = g.sum(squares).unwrap();
    let by_x = gradient(&mut g, of, &[x]).unwrap()[0];
    assert_eq!(products(&g, by_x), 2);
    // By the adjoint as a variable of its own it is 2 X'X X', which goes on into that by X: each factor has its own term.
    let by = gradient(&mut g, of, &[adjoint, x]).unwrap();
    assert_eq!([products(&g, by[0]), products(&g, by[1])], [2, 3]);
}
