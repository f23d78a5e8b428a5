//! What an operation costs: the arithmetic and the memory traffic of the algorithm that the evaluator takes for it at its
//! sizes and facts, and the seconds that both take on the machine that [`Model::builtin`] was calibrated on.
//!
//! Counts of arithmetic are those of Golub and Van Loan, *Matrix Computations*, 4th ed. (products §1.1, LU §3.2, Cholesky
//! §4.2, tridiagonal reduction §8.3, singular values §8.6) and of LAPACK Working Note 41. Complex arithmetic counts fourfold.
//! Seconds are the counts over a rate that depends on the kind of algorithm and on how much there is to do
//! (`rates.csv`, written by `cargo xtask calibrate`), plus the traffic over the bandwidth of the memory.

use std::sync::LazyLock;

use crate::ir::{Axis, Basis, Field, Graph, NodeId, Op, Property, Reduction, ScalarFn, Sizes};

/// Sizes that are not known yet count as this.
const UNKNOWN_SIZE: f64 = 256.0;

/// Bytes of a number.
const WORD: f64 = 8.0;

/// The steps of inverse iteration after a Cholesky factorisation, each with two triangular systems.
const ESTIMATE_STEPS: f64 = 3.0;

/// The calibrated rates: a kind of algorithm, how many operations it was measured on, and how many of them a second.
const RATES: &str = include_str!("rates.csv");

macro_rules! classes {
    ($($class:ident $name:literal $doc:literal;)*) => {
        /// Kinds of algorithms, told apart by the rate at which they do arithmetic.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Class { $(#[doc = $doc] $class,)* }

        impl Class {
            /// Every kind.
            pub const ALL: &'static [Class] = &[$(Class::$class,)*];

            /// Its name in the files of rates and measurements.
            pub fn name(self) -> &'static str {
                match self { $(Class::$class => $name,)* }
            }
        }
    };
}

classes! {
    Product "product" "Matrix products.";
    HermitianProduct "hermitian_product" "Products of which one triangle is computed and mirrored, such as Z'Z.";
    Cholesky "cholesky" "Cholesky factorisations, and inverses from them.";
    Lu "lu" "LU factorisations, and inverses from them.";
    Eigenvalues "eigenvalues" "Eigenvalues of Hermitian matrices, without vectors.";
    Eigenvectors "eigenvectors" "Eigenvalues and eigenvectors of Hermitian matrices.";
    SingularValues "singular_values" "Singular values, without vectors.";
    SingularVectors "singular_vectors" "Singular values and singular vectors.";
    Arithmetic "arithmetic" "Sums, products, roots and the like of entries; the operations are entries.";
    Function "function" "Logarithms, exponentials, powers and the like of entries; the operations are entries.";
    Arrange "arrange" "Moving entries about: transposes, blocks, diagonals; the operations are entries.";
}

/// What something costs.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Cost {
    /// Floating point operations.
    pub flops: f64,
    /// Bytes read and written, each operand and each result once.
    pub bytes: f64,
    /// Modelled seconds on one thread.
    pub seconds: f64,
}

impl Cost {
    /// The cost of both.
    #[must_use]
    pub fn plus(self, other: Cost) -> Cost {
        Cost { flops: self.flops + other.flops, bytes: self.bytes + other.bytes, seconds: self.seconds + other.seconds }
    }
}

/// Rates: how fast a machine does each kind of work.
#[derive(Clone, Debug)]
pub struct Model {
    /// For each class, in their order: pairs (operations, operations per second), ascending in the first.
    rates: Vec<Vec<(f64, f64)>>,
    /// Pairs (bytes, bytes per second): what lies in a cache moves faster than what does not.
    bandwidth: Vec<(f64, f64)>,
    /// Seconds that every instruction takes, however little it does.
    pub overhead: f64,
}

impl Model {
    /// The committed rates.
    pub fn builtin() -> &'static Model {
        static MODEL: LazyLock<Model> = LazyLock::new(|| Model::parse(RATES).unwrap_or_else(|| Model::plain(4e9)));
        &MODEL
    }

    /// A model with one rate for everything, in operations per second, and no overhead: for counting.
    pub fn plain(rate: f64) -> Model {
        Model { rates: vec![vec![(1.0, rate)]; Class::ALL.len()], bandwidth: Vec::new(), overhead: 0.0 }
    }

    /// Reads lines `class,operations,per_second`; `bandwidth` and `overhead` stand where a class does, with their value
    /// last. `None` where a line is something else or a class has none.
    pub fn parse(text: &str) -> Option<Model> {
        let mut model = Model { rates: vec![Vec::new(); Class::ALL.len()], bandwidth: Vec::new(), overhead: 0.0 };
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("class,")) {
            let mut fields = line.split(',');
            let (name, operations, value) = (fields.next()?, fields.next()?, fields.next()?.parse::<f64>().ok()?);
            match Class::ALL.iter().position(|class| class.name() == name) {
                Some(at) => model.rates[at].push((operations.parse().ok()?, value)),
                None if name == "bandwidth" => model.bandwidth.push((operations.parse().ok()?, value)),
                None if name == "overhead" => model.overhead = value,
                None => return None,
            }
        }
        for rates in model.rates.iter_mut().chain([&mut model.bandwidth]) {
            rates.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        let complete = model.rates.iter().chain([&model.bandwidth]).all(|rates| !rates.is_empty());
        complete.then_some(model)
    }

    /// Operations per second of a class where there are so many of them in one go.
    pub fn rate(&self, class: Class, operations: f64) -> f64 {
        interpolated(&self.rates[class as usize], operations)
    }

    /// Bytes per second where there are so many of them.
    pub fn bandwidth(&self, bytes: f64) -> f64 {
        interpolated(&self.bandwidth, bytes)
    }

    /// The seconds that the arithmetic and the traffic of a cost take, done by a class of algorithm.
    pub fn seconds(&self, cost: &Cost, class: Class) -> f64 {
        self.overhead + cost.flops / self.rate(class, cost.flops) + cost.bytes / self.bandwidth(cost.bytes)
    }

    /// The cost of one node of an instantiated graph by itself, its operands being there. A transpose is free: most are
    /// operands of products, which take them as they lie.
    pub fn cost(&self, graph: &Graph, node: NodeId) -> Cost {
        self.cost_at(graph, node, &Sizes::new())
    }

    /// The same of a graph with symbolic sizes, at these.
    pub fn cost_at(&self, graph: &Graph, node: NodeId, sizes: &Sizes) -> Cost {
        if matches!(graph.op(node), Op::Adjoint | Op::Transpose) {
            return Cost::default();
        }
        let parts = work(graph, sizes, node);
        parts.into_iter().fold(Cost::default(), |sum, part| sum.plus(self.of(part)))
    }

    /// The cost of everything that some nodes rest on, each node once. What the evaluator does in one go is counted so:
    /// chains of entrywise operations keep their values in the first cache, a product takes its operands transposed, and
    /// one decomposition serves all that is worked out from it.
    pub fn total(&self, graph: &Graph, roots: &[NodeId]) -> Cost {
        let reachable = graph.reachable(roots);
        let mut users = vec![Vec::new(); graph.len()];
        for id in &reachable {
            for arg in graph.args(*id) {
                users[value(graph, *arg).index()].push(*id);
            }
        }
        let mut decomposed = vec![None; graph.len()];
        let mut sum = Cost::default();
        let sizes = Sizes::new();
        for id in &reachable {
            let mut parts = work(graph, &sizes, *id);
            let by = &users[id.index()];
            let moved = matches!(graph.op(*id), Op::Adjoint | Op::Transpose);
            if moved && !roots.contains(id) && by.iter().all(|user| *graph.op(*user) == Op::MatMul) {
                continue;
            }
            // The first part of what is worked out from a decomposition is the decomposition.
            if let Some(matrix) = decomposition(graph, *id)
                && let Some(first) = parts.first().copied()
            {
                let before = decomposed[matrix.index()].replace(first.class);
                match before {
                    Some(Class::Eigenvalues) if first.class == Class::Eigenvectors => {}
                    Some(_) => {
                        parts.remove(0);
                    }
                    None => {}
                }
            }
            if let [only] = by.as_slice()
                && is_entrywise(graph, *id)
                && in_one_pass(graph, &sizes, *id, *only)
                && let Some(part) = parts.first_mut()
            {
                // Neither written here nor read there.
                part.bytes -= 2.0 * entries(graph, &sizes, *id) * WORD;
            }
            sum = parts.into_iter().fold(sum, |sum, part| sum.plus(self.of(part)));
        }
        sum
    }

    fn of(&self, part: Part) -> Cost {
        let cost = Cost { flops: part.flops, bytes: part.bytes.max(0.0), seconds: 0.0 };
        Cost { seconds: self.seconds(&cost, part.class), ..cost }
    }
}

/// Between two measured points the logarithm of the rate is linear in that of the amount; beyond them the nearest counts.
fn interpolated(rates: &[(f64, f64)], amount: f64) -> f64 {
    let above = rates.partition_point(|(at, _)| *at < amount);
    match (above.checked_sub(1).and_then(|below| rates.get(below)), rates.get(above)) {
        (Some((x0, y0)), Some((x1, y1))) => {
            let share = (amount / x0).ln() / (x1 / x0).ln();
            y0 * (y1 / y0).powf(share)
        }
        (Some((_, rate)), None) | (None, Some((_, rate))) => *rate,
        (None, None) => f64::INFINITY,
    }
}

/// The cost of one node of an instantiated graph by itself, by the committed rates.
pub fn cost(graph: &Graph, node: NodeId) -> Cost {
    Model::builtin().cost(graph, node)
}

/// The same of a graph with symbolic sizes, at these.
pub fn cost_at(graph: &Graph, node: NodeId, sizes: &Sizes) -> Cost {
    Model::builtin().cost_at(graph, node, sizes)
}

/// One algorithm's share of a node.
#[derive(Clone, Copy, Debug)]
struct Part {
    class: Class,
    flops: f64,
    bytes: f64,
}

/// The node whose value a node has, through the marks that compute nothing.
fn value(graph: &Graph, mut id: NodeId) -> NodeId {
    while let Op::StopGradient | Op::Annotate(_, Basis::Construction) = graph.op(id) {
        id = graph.args(id)[0];
    }
    id
}

fn has(graph: &Graph, id: NodeId, property: Property) -> bool {
    graph.has(id, property) || graph.has(value(graph, id), property)
}

fn sides(graph: &Graph, sizes: &Sizes, id: NodeId) -> (f64, f64) {
    let shape = &graph.ty(id).shape;
    let size = |dim: crate::ir::Dim| dim.eval(sizes).map_or(UNKNOWN_SIZE, |n| n as f64);
    (size(shape.rows()), size(shape.cols()))
}

fn entries(graph: &Graph, sizes: &Sizes, id: NodeId) -> f64 {
    let (rows, cols) = sides(graph, sizes, id);
    rows * cols
}

/// The matrix that a node is worked out from the decomposition of.
fn decomposition(graph: &Graph, id: NodeId) -> Option<NodeId> {
    let op = graph.op(id);
    let always = matches!(op, Op::Eigenvalues | Op::Spectral(_) | Op::EigenSum | Op::Frechet(_));
    let shared = matches!(op, Op::SingularValues | Op::Rank) && has(graph, graph.args(id)[0], Property::Hermitian);
    (always || shared).then(|| value(graph, graph.args(id)[0]))
}

fn is_entrywise(graph: &Graph, id: NodeId) -> bool {
    graph.ty(id).field == Field::Real && matches!(graph.op(id), Op::Map(_) | Op::Zip(_))
}

/// Whether the evaluator keeps a node's value in a chunk of the first cache, on the way to its only user.
fn in_one_pass(graph: &Graph, sizes: &Sizes, id: NodeId, user: NodeId) -> bool {
    let closing = matches!(graph.op(user), Op::Reduce(Reduction::Sum | Reduction::Max | Reduction::Min, Axis::All));
    closing || (is_entrywise(graph, user) && entries(graph, sizes, user) == entries(graph, sizes, id))
}

/// The arithmetic of factorisations of an n × n matrix.
fn cholesky(n: f64) -> f64 {
    n * n * n / 3.0 + n * n / 2.0 + n / 6.0
}

fn lu(n: f64) -> f64 {
    2.0 * n * n * n / 3.0
}

/// Of the tridiagonal form; the iteration that follows is of order n² and lies in the rate.
fn eigenvalues(n: f64) -> f64 {
    4.0 * n * n * n / 3.0
}

fn eigenvectors(n: f64) -> f64 {
    9.0 * n * n * n
}

/// Of an m × n matrix: the bidiagonal form, after a QR factorisation where that is less.
fn singular_values(m: f64, n: f64) -> f64 {
    let (m, n) = (m.max(n), m.min(n));
    f64::min(4.0 * m * n * n - 4.0 * n * n * n / 3.0, 2.0 * m * n * n + 2.0 * n * n * n)
}

fn singular_vectors(m: f64, n: f64) -> f64 {
    let (m, n) = (m.max(n), m.min(n));
    f64::min(14.0 * m * n * n + 8.0 * n * n * n, 6.0 * m * n * n + 20.0 * n * n * n)
}

/// Whether a function of a number takes no more than a few instructions.
fn is_cheap(function: ScalarFn) -> bool {
    use ScalarFn::{Abs, Floor, Neg, Recip, RecipOnSupport, Relu, Sign, Sqrt, Step};
    matches!(function, Neg | Abs | Recip | RecipOnSupport | Relu | Sign | Sqrt | Step | Floor)
}

/// What the evaluator does for a node, part by part.
fn work(graph: &Graph, sizes: &Sizes, node: NodeId) -> Vec<Part> {
    let args = graph.args(node);
    let complex = std::iter::once(&node).chain(args).any(|id| graph.ty(*id).field == Field::Complex);
    let (times, word) = if complex { (4.0, 2.0 * WORD) } else { (1.0, WORD) };
    let out = entries(graph, sizes, node);
    let read: f64 = args.iter().map(|arg| entries(graph, sizes, *arg)).sum();
    let moved = (read + out) * word;
    let side = || sides(graph, sizes, args[0]);
    let n = || side().0;
    let of_first = |property| has(graph, args[0], property);
    let one = |class, flops: f64| vec![Part { class, flops: times * flops, bytes: moved }];
    // A product after a decomposition reads and writes matrices that the decomposition has just touched.
    let then = |class, flops: f64| Part { class, flops: times * flops, bytes: 0.0 };
    let decomposed = |others: f64| {
        let n = n();
        let mut parts = one(Class::Eigenvectors, eigenvectors(n));
        if others > 0.0 {
            parts.push(then(Class::Product, others * n * n * n));
        }
        parts
    };
    match graph.op(node) {
        // What is there before the run, and what only stands for something else.
        Op::Input(_)
        | Op::Constant(_)
        | Op::Truth(_)
        | Op::ImaginaryUnit
        | Op::Pi
        | Op::Infinity
        | Op::Size(_)
        | Op::Eye(_)
        | Op::StopGradient
        | Op::Annotate(_, Basis::Construction) => Vec::new(),
        Op::Annotate(properties, Basis::Tested) => {
            // Tests of eigenvalues; the others are one pass.
            if properties.iter().any(|p| matches!(p, Property::Psd | Property::Pd)) {
                one(Class::Eigenvalues, eigenvalues(n()))
            } else {
                one(Class::Arithmetic, out)
            }
        }
        Op::Require => Vec::new(),
        // A repeated scalar or vector is read where it lies.
        Op::Fill(_) | Op::Broadcast(..) => vec![Part { class: Class::Arrange, flops: 0.0, bytes: out * word }],
        Op::Map(function) if is_cheap(*function) => one(Class::Arithmetic, out),
        Op::Map(_) => one(Class::Function, out),
        Op::Part(_) | Op::Zip(_) => one(Class::Arithmetic, out),
        Op::Complexify
        | Op::Adjoint
        | Op::Transpose
        | Op::Conj
        | Op::DiagonalMatrix
        | Op::Block(..)
        | Op::Stack
        | Op::OneHot(_)
        | Op::Select => vec![Part { class: Class::Arrange, flops: out, bytes: 2.0 * out * word }],
        Op::DiagonalOf | Op::Entry | Op::Slice(..) => {
            vec![Part { class: Class::Arrange, flops: out, bytes: 2.0 * out * word }]
        }
        Op::MatMul => {
            let (m, k) =
                if matches!(graph.ty(args[0]).shape, crate::ir::Shape::Vector(_)) { (n(), 1.0) } else { side() };
            let n = out / m;
            if m == n && graph.has(node, Property::Hermitian) {
                one(Class::HermitianProduct, n * (n + 1.0) * k)
            } else {
                one(Class::Product, 2.0 * m * k * n)
            }
        }
        Op::Kron => one(Class::Arithmetic, out),
        Op::PartialInner(..) => one(Class::Arithmetic, 2.0 * entries(graph, sizes, args[0])),
        Op::Reduce(Reduction::Sum | Reduction::Max | Reduction::Min, _) => one(Class::Arithmetic, read),
        Op::Reduce(Reduction::LogSumExp, _) => one(Class::Function, read),
        Op::Eigenvalues => one(Class::Eigenvalues, eigenvalues(n())),
        Op::SingularValues | Op::Rank if of_first(Property::Hermitian) => one(Class::Eigenvalues, eigenvalues(n())),
        Op::SingularValues | Op::Rank => {
            let (m, n) = side();
            one(Class::SingularValues, singular_values(m, n))
        }
        // V f(Λ) V', one triangle of it.
        Op::Spectral(_) | Op::EigenSum => decomposed(1.0),
        // V (F ∘ (V'HV)) V': four products, of which two need one triangle where H is Hermitian.
        Op::Frechet(_) => decomposed(if has(graph, args[1], Property::Hermitian) { 6.0 } else { 8.0 }),
        Op::SingularSum => {
            let (m, n) = side();
            let mut parts = one(Class::SingularVectors, singular_vectors(m, n));
            parts.push(then(Class::Product, 2.0 * m * n * m.min(n)));
            parts
        }
        Op::LogDet | Op::Det => {
            let n = n();
            if of_first(Property::Psd) {
                let mut parts = one(Class::Cholesky, cholesky(n));
                parts.push(then(Class::Arithmetic, ESTIMATE_STEPS * 2.0 * n * n));
                parts
            } else if of_first(Property::Hermitian) {
                one(Class::Eigenvalues, eigenvalues(n))
            } else {
                one(Class::Lu, lu(n))
            }
        }
        Op::Inverse => {
            let n = n();
            if of_first(Property::Psd) {
                let mut parts = one(Class::Cholesky, cholesky(n) + 2.0 * n * n * n / 3.0);
                parts.push(then(Class::Arithmetic, ESTIMATE_STEPS * 2.0 * n * n));
                parts
            } else {
                one(Class::Lu, lu(n) + 4.0 * n * n * n / 3.0)
            }
        }
        Op::Adjugate => {
            let n = n();
            let mut parts = one(Class::SingularVectors, singular_vectors(n, n));
            parts.extend([then(Class::Product, 4.0 * n * n * n), then(Class::Lu, lu(n))]);
            parts
        }
        Op::Compare(_) | Op::And | Op::Or | Op::Not => one(Class::Arithmetic, 1.0),
    }
}

#[cfg(test)]
mod tests;
