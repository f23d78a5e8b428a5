//! Expressions as sums of products over a table of factors, which makes equal what arithmetic makes equal.
//!
//! There are three views of one value. As it is *written*, a sum inside a product stays one factor, so that a square is seen
//! to be one. *Multiplied out*, such factors are gone, and sums over entries still hold their squares. *Opened*, sums over
//! entries, traces and matrix products are taken term by term as well: two values are equal where their opened views are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive};

use super::extent::{MOST_TERMS, is_small_power};
use super::terms::{Factor, Monomial, Terms};
use crate::ir::{
    Basis, Dim, Fact, Facts, Field, Finiteness, Graph, Input, Mismatch, NodeId, Op, Property, ScalarFn, Shape, SizeVar,
    Type,
};

/// What a factor is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Key {
    /// A quantified name, or what arithmetic sees nothing in.
    Leaf(NodeId),
    /// A size.
    Size(SizeVar),
    /// A positive integer without square divisors, of which only the root is kept as a factor.
    Surd(u64),
    /// An operation on opened values.
    Atom(Op, Vec<(Terms, Shape)>),
    /// A sum of several products, opened, without a common divisor.
    Sum(Terms),
}

/// A factor.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it is.
    pub key: Key,
    /// A node with its value.
    pub node: NodeId,
    /// Its shape.
    pub shape: Shape,
    /// It as a sum that is not multiplied out, where it is one.
    written: Option<Terms>,
    /// It opened, where that is something else.
    open: Option<Terms>,
}

/// Something known to be nonnegative in every entry, or positive.
#[derive(Clone, Debug)]
pub struct Known {
    /// The value.
    pub value: Terms,
    /// Whether it is known to be positive.
    pub strict: bool,
}

/// The table, with what is known of the values in it.
#[derive(Clone, Debug)]
pub struct Store {
    /// The graph of the theorem, with what was added on the way.
    pub graph: Graph,
    table: Vec<Entry>,
    index: HashMap<Key, Factor>,
    memo: HashMap<NodeId, Terms>,
    facts: HashMap<Terms, Facts>,
    leaves: BTreeSet<NodeId>,
    /// What is finite where the claim says something.
    pub finite: Finiteness,
    /// The hypotheses: inequalities that hold throughout.
    pub known: Vec<Known>,
    /// How many products of two terms were made: the measure of a search, the same on every machine.
    pub work: u64,
}

impl Store {
    /// A store over a graph in which these nodes stand for themselves.
    pub fn new(graph: Graph, leaves: impl IntoIterator<Item = NodeId>) -> Self {
        let leaves = leaves.into_iter().collect();
        let (table, index, memo, facts) = Default::default();
        let finite = Finiteness::default();
        Store { graph, table, index, memo, facts, leaves, finite, known: Vec::new(), work: 0 }
    }

    /// The nodes that stand for themselves.
    pub fn leaves(&self) -> Vec<NodeId> {
        self.leaves.iter().copied().collect()
    }

    /// Whether a node stands for itself.
    pub fn is_leaf(&self, id: NodeId) -> bool {
        self.leaves.contains(&id)
    }

    /// The nodes under some others, down to those that stand for themselves.
    pub fn below(&self, roots: &[NodeId]) -> Vec<NodeId> {
        let mut seen = BTreeSet::new();
        let mut stack = roots.to_vec();
        while let Some(id) = stack.pop() {
            if seen.insert(id) && !self.is_leaf(id) {
                stack.extend(self.graph.args(id));
            }
        }
        seen.into_iter().collect()
    }

    /// A factor.
    pub fn entry(&self, factor: Factor) -> &Entry {
        &self.table[factor.0 as usize]
    }

    /// Whether a factor is a single number.
    pub fn is_scalar(&self, factor: Factor) -> bool {
        self.entry(factor).shape == Shape::Scalar
    }

    pub(super) fn intern(&mut self, key: Key, node: NodeId, shape: Shape) -> Factor {
        if let Some(factor) = self.index.get(&key) {
            return *factor;
        }
        let factor = Factor(self.table.len() as u32);
        self.index.insert(key.clone(), factor);
        self.table.push(Entry { key, node, shape, written: None, open: None });
        factor
    }

    /// The value of a node as it is written.
    pub fn written(&mut self, id: NodeId) -> Terms {
        if let Some(terms) = self.memo.get(&id) {
            return terms.clone();
        }
        let terms = if self.is_leaf(id) { self.leaf(id) } else { self.operation(id) };
        self.memo.insert(id, terms.clone());
        self.learn(id, &terms);
        terms
    }

    /// The value of a node, opened.
    pub fn opened(&mut self, id: NodeId) -> Terms {
        let written = self.written(id);
        self.open(&written)
    }

    /// A node that arithmetic sees nothing in.
    pub fn leaf(&mut self, id: NodeId) -> Terms {
        let shape = self.graph.ty(id).shape.clone();
        Terms::factor(self.intern(Key::Leaf(id), id, shape))
    }

    /// Notes what the graph knows of a node's value.
    pub(super) fn learn(&mut self, id: NodeId, terms: &Terms) {
        // That a value is finite is looked up where it stands.
        if self.graph.node(id).tested || self.graph.facts(id).held().all(|property| property == Property::Finite) {
            return;
        }
        let open = self.open(terms);
        // A constant matrix is written as its entry, whatever its shape: what holds for one shape may not for another.
        let entries = |(factor, _): &(Factor, i32)| self.entry(*factor).shape != Shape::Scalar;
        let has_entries = open.0.keys().any(|monomial| monomial.0.iter().any(entries));
        if self.graph.ty(id).shape != Shape::Scalar && !has_entries {
            return;
        }
        let facts = self.graph.facts(id).clone();
        self.facts.entry(open).or_default().extend(&facts);
    }

    /// Notes a property of a value.
    fn note(&mut self, open: Terms, property: Property) {
        self.facts.entry(open).or_default().yes(property, "derived");
    }

    /// Whether a property of a value is known.
    pub fn knows(&mut self, value: &Terms, property: Property) -> bool {
        let open = self.open(value);
        self.facts.get(&open).is_some_and(|facts| facts.has(property))
    }

    /// Whether a property of a node is known, of itself or of something equal.
    pub fn has(&mut self, id: NodeId, property: Property) -> bool {
        if self.graph.certain(id, property) {
            return true;
        }
        let written = self.written(id);
        self.knows(&written, property)
    }

    /// A size as a sum of products of size variables, and of what else it is made of.
    pub fn size(&mut self, dim: &Dim) -> Terms {
        // One that is no polynomial is arithmetic on those that are.
        if !dim.is_polynomial() {
            return match self.graph.size(dim.clone()) {
                Ok(node) => self.written(node),
                Err(_) => self.atom(&Op::Size(dim.clone()), Vec::new()),
            };
        }
        let mut sum = Terms::zero();
        for (coefficient, factors) in dim.monomials() {
            let mut monomial = Monomial::one();
            for factor in factors {
                // A size variable always makes a node.
                let crate::ir::Factor::Var(var) = factor else { continue };
                let Ok(node) = self.graph.size(Dim::var(var.clone())) else { continue };
                let factor = self.intern(Key::Size(var.clone()), node, Shape::Scalar);
                monomial = monomial.times(&Monomial::power(factor, 2));
            }
            sum.insert(monomial, BigRational::from_integer(coefficient.into()));
        }
        sum
    }

    /// The factor of an operation on values. The node gives it its facts and its shape; where the operation folds on these
    /// values, what it folds to takes its place.
    pub fn atom(&mut self, op: &Op, args: Vec<(Terms, Shape)>) -> Terms {
        let opened: Vec<(Terms, Shape)> = args.iter().map(|(arg, shape)| (self.open(arg), shape.clone())).collect();
        let key = Key::Atom(op.clone(), opened);
        if let Some(factor) = self.index.get(&key) {
            return Terms::factor(*factor);
        }
        let Some(node) = self.node_of_operation(op, &args) else {
            // Values that fit the operation make nodes; what does not is an unknown of its own, of the first operand's shape.
            let shape = args.first().map_or(Shape::Scalar, |(_, shape)| shape.clone());
            let unknown = Input { name: String::new(), ty: Type::real(shape.clone()), facts: Facts::new() };
            let node = self.graph.input(unknown);
            return Terms::factor(self.intern(Key::Leaf(node), node, shape));
        };
        if self.graph.op(node) != op {
            return self.written(node);
        }
        let shape = self.graph.ty(node).shape.clone();
        let terms = Terms::factor(self.intern(key, node, shape));
        self.learn(node, &terms);
        terms
    }

    /// The node of an operation on values. An operation that stands in a theorem had operands of which it was known that they
    /// are Hermitian where it asks for that; what they are made of here need not show it.
    fn node_of_operation(&mut self, op: &Op, args: &[(Terms, Shape)]) -> Option<NodeId> {
        let mut nodes: Vec<NodeId> =
            args.iter().map(|(arg, shape)| self.node_of(arg, shape)).collect::<Option<Vec<_>>>()?;
        match self.graph.make(op.clone(), nodes.clone()) {
            Ok(node) => Some(node),
            Err(Mismatch::NeedsFact(i, property, Fact::Unknown)) => {
                nodes[i] = self.graph.annotate(nodes[i], &[property], Basis::Construction).ok()?;
                self.graph.make(op.clone(), nodes).ok()
            }
            Err(_) => None,
        }
    }

    /// A factor as the sum that it is written as.
    pub fn written_of(&self, factor: Factor) -> Option<Terms> {
        self.entry(factor).written.clone()
    }

    /// Gives a factor its opened view.
    pub fn set_open(&mut self, factor: Factor, open: Terms) {
        if open != Terms::factor(factor) {
            self.table[factor.0 as usize].open = Some(open);
        }
    }

    /// The opened view of a factor, where that is something else.
    fn open_of(&self, factor: Factor) -> Option<Terms> {
        match (&self.entry(factor).open, &self.entry(factor).key) {
            (Some(open), _) => Some(open.clone()),
            (None, Key::Sum(sum)) => Some(sum.clone()),
            (None, Key::Leaf(_) | Key::Size(_) | Key::Surd(_) | Key::Atom(..)) => None,
        }
    }

    /// A value, opened.
    pub fn open(&mut self, value: &Terms) -> Terms {
        self.replaced(value, true)
    }

    /// A value, multiplied out.
    pub fn multiplied_out(&mut self, value: &Terms) -> Terms {
        self.replaced(value, false)
    }

    fn replaced(&mut self, value: &Terms, open: bool) -> Terms {
        let mut sum = Terms::zero();
        for (monomial, coefficient) in &value.0 {
            let mut product = Terms::number(coefficient.clone());
            let mut kept = Monomial::one();
            for (factor, halves) in &monomial.0 {
                let power = self.replaced_power(*factor, *halves, open);
                match product.0.len() * power.0.len() <= MOST_TERMS {
                    true => product = self.times(&product, &power),
                    false => kept = kept.times(&Monomial::power(*factor, *halves)),
                }
            }
            sum = sum.plus(&product.shifted(&kept, &BigRational::one()));
        }
        sum
    }

    fn replaced_power(&mut self, factor: Factor, halves: i32, open: bool) -> Terms {
        let itself = |halves| Terms::term(Monomial::power(factor, halves), BigRational::one());
        let inner = if open { self.open_of(factor) } else { self.entry(factor).written.clone() };
        let Some(inner) = inner else { return itself(halves) };
        let inner = if open { inner } else { self.multiplied_out(&inner) };
        if halves > 0 && halves % 2 == 0 {
            let small = is_small_power(inner.0.len(), halves / 2);
            return if small { self.whole_power(&inner, halves / 2) } else { itself(halves) };
        }
        // Roots and reciprocals of a sum are kept, but those of equal sums by one name.
        if open && !matches!(self.entry(factor).key, Key::Sum(_)) && self.nonnegative_factor(factor) {
            let Some((coefficient, common, rest)) = inner.content() else { return itself(halves) };
            let powers: Vec<(Factor, i32)> = common.0.clone();
            if coefficient.is_positive() && powers.iter().all(|(factor, _)| self.positive_factor(*factor)) {
                self.note(rest.clone(), Property::Nonnegative);
                if self.positive_factor(factor) {
                    self.note(rest.clone(), Property::Positive);
                }
                let mut root = self.half_power(&coefficient, halves);
                for (factor, own) in powers {
                    if own % 2 != 0 {
                        return itself(halves);
                    }
                    root = root.shifted(&Monomial::power(factor, own / 2 * halves), &BigRational::one());
                }
                let rest = self.sum_factor(&rest, &rest.clone());
                return root.shifted(&Monomial::power(rest, halves), &BigRational::one());
            }
        }
        if halves > 2 && is_small_power(inner.0.len(), halves / 2) {
            let (whole, root) = (self.whole_power(&inner, halves / 2), itself(1));
            return self.times(&whole, &root);
        }
        itself(halves)
    }

    pub(super) fn whole_power(&mut self, value: &Terms, exponent: i32) -> Terms {
        (0..exponent).fold(Terms::integer(1), |power, _| self.times(&power, value))
    }

    /// A positive number to a power in halves.
    pub fn half_power(&mut self, value: &BigRational, halves: i32) -> Terms {
        let whole = value.pow(halves.div_euclid(2));
        if halves.rem_euclid(2) == 0 {
            return Terms::number(whole);
        }
        // √(a/b) = √(ab)/b, and square divisors leave the root.
        let product = value.numer() * value.denom();
        let Some(mut rest) = product.to_u64() else {
            let Ok(node) = self.graph.number(value.clone()) else { return Terms::zero() };
            let factor = self.intern(Key::Leaf(node), node, Shape::Scalar);
            return Terms::term(Monomial::power(factor, 1), whole);
        };
        let mut outside = 1u64;
        let mut divisor = 2u64;
        while divisor * divisor <= rest && divisor < 1000 {
            while rest % (divisor * divisor) == 0 {
                rest /= divisor * divisor;
                outside *= divisor;
            }
            divisor += 1;
        }
        let coefficient = whole * BigRational::new(outside.into(), value.denom().clone());
        if rest == 1 {
            return Terms::number(coefficient);
        }
        let Ok(node) = self.graph.number(BigRational::from_integer(rest.into())) else { return Terms::zero() };
        let factor = self.intern(Key::Surd(rest), node, Shape::Scalar);
        Terms::term(Monomial::power(factor, 1), coefficient)
    }

    /// The factor of a sum that is opened and has no common divisor.
    pub fn sum_factor(&mut self, open: &Terms, written: &Terms) -> Factor {
        let key = Key::Sum(open.clone());
        if let Some(factor) = self.index.get(&key) {
            return *factor;
        }
        let shape = self.shape_of(written);
        let node = self.node_of(written, &shape);
        let node = node.or_else(|| self.graph.integer(0).ok()).unwrap_or(self.table[0].node);
        let factor = self.intern(key, node, shape);
        self.table[factor.0 as usize].written = Some(written.clone());
        factor
    }

    /// The shape of a value: that of any factor with entries.
    pub fn shape_of(&self, value: &Terms) -> Shape {
        let mut factors = value.0.keys().flat_map(|monomial| &monomial.0);
        let entries = factors.find(|(factor, _)| !self.is_scalar(*factor));
        entries.map_or(Shape::Scalar, |(factor, _)| self.entry(*factor).shape.clone())
    }

    /// A node with a value: the sum of its products.
    pub fn node_of(&mut self, value: &Terms, shape: &Shape) -> Option<NodeId> {
        let mut sum: Option<NodeId> = None;
        for (monomial, coefficient) in &value.0 {
            let (scalars, others) = self.split(monomial);
            let mut number = self.graph.number(coefficient.clone()).ok()?;
            for (factor, halves) in &scalars.0 {
                let power = self.power_node(*factor, *halves)?;
                number = self.graph.multiply(number, power).ok()?;
            }
            let mut product: Option<NodeId> = None;
            for (factor, halves) in &others.0 {
                let power = self.power_node(*factor, *halves)?;
                product = Some(match product {
                    None => power,
                    Some(before) => self.graph.zip(crate::ir::Zip::Mul, before, power).ok()?,
                });
            }
            let term = match product {
                Some(product) => self.graph.zip(crate::ir::Zip::Mul, number, product).ok()?,
                None => self.graph.fill(number, shape.clone()).ok()?,
            };
            sum = Some(match sum {
                None => term,
                Some(before) => self.graph.add(before, term).ok()?,
            });
        }
        match sum {
            Some(sum) => Some(sum),
            None => {
                let zero = self.graph.integer(0).ok()?;
                self.graph.fill(zero, shape.clone()).ok()
            }
        }
    }

    fn power_node(&mut self, factor: Factor, halves: i32) -> Option<NodeId> {
        let node = self.entry(factor).node;
        let mut power = node;
        for _ in 1..halves.abs() / 2 {
            power = self.graph.zip(crate::ir::Zip::Mul, power, node).ok()?;
        }
        if halves % 2 != 0 {
            let root = self.graph.map(ScalarFn::Sqrt, node).ok()?;
            power = if halves.abs() == 1 { root } else { self.graph.zip(crate::ir::Zip::Mul, power, root).ok()? };
        }
        if halves < 0 { self.graph.map(ScalarFn::Recip, power).ok() } else { Some(power) }
    }

    /// Whether a value is real: arithmetic with roots and signs is of real numbers.
    pub fn is_real(&self, id: NodeId) -> bool {
        self.graph.ty(id).field == Field::Real
    }

    /// The opened value without reciprocals of sums: multiplied by as many of these sums, all of them positive.
    pub fn cleared(&mut self, value: &Terms) -> Terms {
        let mut value = value.clone();
        for _ in 0..8 {
            let mut least: BTreeMap<Factor, i32> = BTreeMap::new();
            for (factor, halves) in value.0.keys().flat_map(|monomial| &monomial.0) {
                if *halves < 0 && self.open_of(*factor).is_some() {
                    let known = least.entry(*factor).or_insert(0);
                    *known = (*known).min(*halves);
                }
            }
            if least.is_empty() {
                return value;
            }
            let by = Monomial(least.into_iter().map(|(factor, halves)| (factor, (1 - halves) / 2 * 2)).collect());
            let multiplied = value.shifted(&by, &BigRational::one());
            value = self.open(&multiplied);
        }
        value
    }

    /// Whether two values are equal by arithmetic.
    pub fn is_zero(&mut self, value: &Terms) -> bool {
        let open = self.open(value);
        open.is_zero() || self.cleared(&open).is_zero()
    }
}
