//! Arithmetic decided by normal forms: sums, differences, products and quotients of scalars, and linear combinations,
//! matrix products and Hadamard products of matrices, as polynomials with rational coefficients.
//!
//! Scalars commute, matrix products do not, and Hadamard products do. Whatever is not arithmetic (a logarithm, a trace, an
//! input) is an atom. Two nodes with one polynomial are equal wherever both are defined; the converse holds as far as
//! atoms are independent of each other. A quotient by an atom cancels only where the atom is known not to be 0.

use std::collections::BTreeMap;
use std::sync::Arc;

use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};
use rustc_hash::FxHashMap;

use crate::ir::{Dim, Field, Graph, Kind, Mismatch, NodeId, Op, Property, ScalarFn, Shape, Type, Zip};

/// A polynomial of more terms is left as it is written, where nothing else is said.
pub const MAX_TERMS: usize = 128;

/// The greatest power that is multiplied out.
const MAX_POWER: i64 = 6;

/// The part of a product that is no scalar.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Body {
    /// Nothing: the product is a scalar.
    Unit,
    /// A matrix product of atoms, in order; one atom at least.
    Word(Vec<NodeId>),
    /// A Hadamard product of atoms, sorted; two at least.
    Hadamard(Vec<NodeId>),
}

/// Scalar atoms with their exponents, none of them 0, in the order of the atoms. There are few of them, and searches copy them
/// by the million.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
struct Powers(Vec<(NodeId, i64)>);

impl Powers {
    fn of(atom: NodeId, power: i64) -> Self {
        Powers(vec![(atom, power)])
    }

    /// The exponents added up.
    fn times(&self, other: &Powers) -> Self {
        let mut product: Vec<(NodeId, i64)> = Vec::with_capacity(self.0.len() + other.0.len());
        product.extend(self.0.iter().chain(&other.0));
        product.sort_unstable_by_key(|(atom, _)| *atom);
        product.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 += if same { next.1 } else { 0 };
            same
        });
        product.retain(|(_, power)| *power != 0);
        Powers(product)
    }
}

/// A product of scalar atoms with exponents and a body.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Monomial {
    body: Body,
    scalars: Powers,
}

/// A sum of monomials with rational coefficients, none of them 0.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Polynomial {
    terms: BTreeMap<Monomial, BigRational>,
}

/// Polynomials of nodes, each worked out once.
#[derive(Debug)]
pub struct Normalizer {
    /// A polynomial of more terms is left as it is written.
    pub(super) most: usize,
    known: FxHashMap<NodeId, Arc<Polynomial>>,
    normals: FxHashMap<NodeId, NodeId>,
}

impl Polynomial {
    fn constant(value: BigRational) -> Self {
        Polynomial::term(value, Monomial { body: Body::Unit, scalars: Powers::default() })
    }

    fn term(coefficient: BigRational, monomial: Monomial) -> Self {
        let terms = if coefficient.is_zero() { BTreeMap::new() } else { BTreeMap::from([(monomial, coefficient)]) };
        Polynomial { terms }
    }

    /// What arithmetic does not look into.
    pub(super) fn atoms(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.terms.keys().flat_map(|monomial| {
            let body: &[NodeId] = match &monomial.body {
                Body::Unit => &[],
                Body::Word(factors) | Body::Hadamard(factors) => factors,
            };
            monomial.scalars.0.iter().map(|(atom, _)| atom).chain(body).copied()
        })
    }

    /// A node taken as it is.
    fn atom(g: &Graph, node: NodeId) -> Self {
        let scalar = g.ty(node).shape == Shape::Scalar;
        let monomial = if scalar {
            Monomial { body: Body::Unit, scalars: Powers::of(node, 1) }
        } else {
            Monomial { body: Body::Word(vec![node]), scalars: Powers::default() }
        };
        Polynomial::term(BigRational::one(), monomial)
    }

    fn add_term(&mut self, monomial: Monomial, coefficient: BigRational) {
        use std::collections::btree_map::Entry;
        match self.terms.entry(monomial) {
            Entry::Vacant(place) => {
                if !coefficient.is_zero() {
                    place.insert(coefficient);
                }
            }
            Entry::Occupied(mut place) => {
                *place.get_mut() += coefficient;
                if place.get().is_zero() {
                    place.remove();
                }
            }
        }
    }

    fn plus(&self, other: &Polynomial) -> Self {
        let mut sum = self.clone();
        for (monomial, coefficient) in &other.terms {
            sum.add_term(monomial.clone(), coefficient.clone());
        }
        sum
    }

    fn minus(&self, other: &Polynomial) -> Self {
        let mut difference = self.clone();
        for (monomial, coefficient) in &other.terms {
            difference.add_term(monomial.clone(), -coefficient);
        }
        difference
    }

    /// The product, with bodies joined by `join`; `None` where it has too many terms or a body cannot be joined.
    fn times(
        &self,
        other: &Polynomial,
        mut join: impl FnMut(&Body, &Body) -> Result<Body, Mismatch>,
    ) -> Result<Option<Polynomial>, Mismatch> {
        if self.terms.len() * other.terms.len() > MAX_TERMS {
            return Ok(None);
        }
        let mut product = Polynomial::default();
        for (left, a) in &self.terms {
            for (right, b) in &other.terms {
                let scalars = left.scalars.times(&right.scalars);
                product.add_term(Monomial { body: join(&left.body, &right.body)?, scalars }, a * b);
            }
        }
        Ok(Some(product))
    }

    /// The only term, if it is one and no matrix.
    fn scalar_term(&self) -> Option<(&Monomial, &BigRational)> {
        let mut terms = self.terms.iter();
        let first = terms.next()?;
        (terms.next().is_none() && first.0.body == Body::Unit).then_some(first)
    }

    /// The factor c in `self = c other`, if there is one.
    fn ratio(&self, other: &Polynomial) -> Option<BigRational> {
        let ratio = self.terms.values().next()? / other.terms.values().next()?;
        let same = self.terms.len() == other.terms.len()
            && self.terms.iter().zip(&other.terms).all(|((m, a), (n, b))| m == n && *a == b * &ratio);
        same.then_some(ratio)
    }
}

/// Whether a real scalar is known not to be 0.
fn nonzero(g: &Graph, node: NodeId) -> bool {
    g.has(node, Property::Positive) || g.constant_value(node).is_some_and(|value| !value.is_zero())
}

fn is_scalar(g: &Graph, node: NodeId) -> bool {
    g.ty(node).shape == Shape::Scalar
}

/// Whether arithmetic looks into a node, rather than to take it as an atom.
pub(super) fn is_arithmetic(g: &Graph, node: NodeId) -> bool {
    match (g.op(node).kind(), g.op(node)) {
        (_, Op::Constant(_) | Op::Size(_) | Op::Complexify | Op::Fill(_)) => true,
        (_, Op::Zip(Zip::Add | Zip::Sub | Zip::Mul) | Op::Map(ScalarFn::Neg)) => true,
        (_, Op::Zip(Zip::Div)) => is_scalar(g, g.args(node)[1]),
        (_, Op::Map(ScalarFn::Recip)) => is_scalar(g, node),
        (_, Op::MatMul) => !is_scalar(g, node),
        (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => false,
        (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => false,
    }
}

impl Default for Normalizer {
    fn default() -> Self {
        Normalizer::new(MAX_TERMS)
    }
}

impl Normalizer {
    /// One that multiplies out up to this many terms.
    pub fn new(most: usize) -> Self {
        Normalizer { most, known: FxHashMap::default(), normals: FxHashMap::default() }
    }

    /// The polynomial of a value. The graph is extended by atoms (sizes, reciprocals, products within products).
    ///
    /// # Errors
    /// When an atom cannot be made, which means that the graph is not what its constructors make.
    pub fn polynomial(&mut self, g: &mut Graph, node: NodeId) -> Result<Arc<Polynomial>, Mismatch> {
        if let Some(known) = self.known.get(&node) {
            return Ok(known.clone());
        }
        let polynomial = Arc::new(match self.arithmetic(g, node)? {
            Some(polynomial) if polynomial.terms.len() <= self.most => polynomial,
            Some(_) | None => Polynomial::atom(g, node),
        });
        self.known.insert(node, polynomial.clone());
        Ok(polynomial)
    }

    /// The polynomial of a node from those of its operands; `None` for an atom.
    fn arithmetic(&mut self, g: &mut Graph, node: NodeId) -> Result<Option<Polynomial>, Mismatch> {
        let args = g.args(node).to_vec();
        let op = g.op(node).clone();
        Ok(match (op.kind(), op) {
            (_, Op::Constant(value)) => Some(Polynomial::constant(value)),
            (_, Op::Size(dim)) => size(g, &dim)?,
            (_, Op::Zip(Zip::Add)) => Some(self.polynomial(g, args[0])?.plus(&*self.polynomial(g, args[1])?)),
            (_, Op::Zip(Zip::Sub)) => Some(self.polynomial(g, args[0])?.minus(&*self.polynomial(g, args[1])?)),
            (_, Op::Map(ScalarFn::Neg)) => Some(Polynomial::default().minus(&*self.polynomial(g, args[0])?)),
            (_, Op::Zip(Zip::Mul)) => self.product(g, args[0], args[1])?,
            (_, Op::Zip(Zip::Div)) if is_scalar(g, args[1]) => self.quotient(g, Some(args[0]), args[1])?,
            (_, Op::Map(ScalarFn::Recip)) if is_scalar(g, node) => self.quotient(g, None, args[0])?,
            (_, Op::Map(ScalarFn::Pow)) if is_scalar(g, node) => self.power(g, args[0], args[1])?,
            (_, Op::MatMul) if !is_scalar(g, node) => {
                let (left, right) = (self.polynomial(g, args[0])?, self.polynomial(g, args[1])?);
                left.times(&right, |a, b| word(g, a, b))?
            }
            // s · 1 for the constant shape with every entry s.
            (_, Op::Fill(shape)) if !g.constant_value(args[0]).is_some_and(One::is_one) => {
                let one = g.integer(1)?;
                let ones = g.fill(one, shape)?;
                let scalar = self.polynomial(g, args[0])?;
                scalar.times(&Polynomial::atom(g, ones), |_, body| Ok(body.clone()))?
            }
            (_, Op::Complexify) => Some(Arc::unwrap_or_clone(self.polynomial(g, args[0])?)),
            (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => None,
            (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => None,
        })
    }

    /// A product with a scalar, or the Hadamard product.
    fn product(&mut self, g: &mut Graph, x: NodeId, y: NodeId) -> Result<Option<Polynomial>, Mismatch> {
        let (a, b) = (self.polynomial(g, x)?, self.polynomial(g, y)?);
        if is_scalar(g, x) || is_scalar(g, y) {
            return a.times(&b, |left, right| Ok(if *left == Body::Unit { right.clone() } else { left.clone() }));
        }
        a.times(&b, |left, right| hadamard(g, left, right))
    }

    /// x/y, or 1/y, for a scalar y.
    fn quotient(&mut self, g: &mut Graph, x: Option<NodeId>, y: NodeId) -> Result<Option<Polynomial>, Mismatch> {
        let numerator = match x {
            Some(x) => self.polynomial(g, x)?,
            None => Arc::new(Polynomial::constant(BigRational::one())),
        };
        let denominator = self.polynomial(g, y)?;
        if nonzero(g, y)
            && let Some(ratio) = numerator.ratio(&denominator)
        {
            return Ok(Some(Polynomial::constant(ratio)));
        }
        let inverse = match denominator.scalar_term() {
            Some((monomial, coefficient)) => {
                let mut inverse = Polynomial::constant(coefficient.recip());
                for (atom, power) in &monomial.scalars.0 {
                    let factor = if nonzero(g, *atom) {
                        Polynomial::term(
                            BigRational::one(),
                            Monomial { body: Body::Unit, scalars: Powers::of(*atom, -power) },
                        )
                    } else {
                        let base = atom_power(g, *atom, *power)?;
                        let inverse = g.map(ScalarFn::Recip, base)?;
                        Polynomial::atom(g, inverse)
                    };
                    let Some(product) = inverse.times(&factor, |_, _| Ok(Body::Unit))? else { return Ok(None) };
                    inverse = product;
                }
                inverse
            }
            None if denominator.terms.is_empty() => return Ok(None),
            // A sum below the line is one atom, written in its normal form.
            None => {
                let ty = g.ty(y).clone();
                let sum = build(g, &denominator, &ty)?;
                let (atom, power) = if nonzero(g, sum) { (sum, -1) } else { (g.map(ScalarFn::Recip, sum)?, 1) };
                let scalars = Powers::of(atom, power);
                Polynomial::term(BigRational::one(), Monomial { body: Body::Unit, scalars })
            }
        };
        numerator.times(&inverse, |body, _| Ok(body.clone()))
    }

    /// x^p for a scalar x and a small integer p.
    fn power(&mut self, g: &mut Graph, x: NodeId, p: NodeId) -> Result<Option<Polynomial>, Mismatch> {
        let exponent = g.constant_value(p).filter(|p| p.is_integer()).and_then(|p| p.to_integer().to_i64());
        let Some(exponent) = exponent.filter(|p| p.abs() <= MAX_POWER) else { return Ok(None) };
        let base = if exponent < 0 { self.quotient(g, None, x)?.map(Arc::new) } else { Some(self.polynomial(g, x)?) };
        let Some(base) = base else { return Ok(None) };
        let mut power = Polynomial::constant(BigRational::one());
        for _ in 0..exponent.abs() {
            let Some(next) = power.times(&base, |_, _| Ok(Body::Unit))? else { return Ok(None) };
            power = next;
        }
        Ok(Some(power))
    }

    /// The node that every node with its polynomial has for its normal form.
    ///
    /// # Errors
    /// As [`Self::polynomial`].
    pub fn normal(&mut self, g: &mut Graph, node: NodeId) -> Result<NodeId, Mismatch> {
        if g.ty(node).field == Field::Truth {
            return Ok(node);
        }
        if let Some(normal) = self.normals.get(&node) {
            return Ok(*normal);
        }
        let polynomial = self.polynomial(g, node)?;
        let ty = g.ty(node).clone();
        let normal = build(g, &polynomial, &ty)?;
        self.normals.insert(node, normal);
        Ok(normal)
    }
}

/// A size as a polynomial in the sizes that are variables.
fn size(g: &mut Graph, dim: &Dim) -> Result<Option<Polynomial>, Mismatch> {
    let mut sum = Polynomial::default();
    for (coefficient, factors) in dim.monomials() {
        let mut scalars = Powers::default();
        for factor in factors {
            let atom = g.size(Dim::product(std::slice::from_ref(factor)))?;
            scalars = scalars.times(&Powers::of(atom, 1));
        }
        sum.add_term(Monomial { body: Body::Unit, scalars }, BigRational::from_integer(coefficient.into()));
    }
    Ok(Some(sum))
}

/// The atom that a body is when it stands within another product.
fn body_node(g: &mut Graph, body: &Body) -> Result<Option<NodeId>, Mismatch> {
    let (factors, op) = match body {
        Body::Unit => return Ok(None),
        Body::Word(factors) => (factors, Op::MatMul),
        Body::Hadamard(factors) => (factors, Op::Zip(Zip::Mul)),
    };
    let mut node = factors[0];
    for factor in &factors[1..] {
        node = g.make(op.clone(), vec![node, *factor])?;
    }
    Ok(Some(node))
}

/// The matrix product of two bodies; the identity drops out of it.
fn word(g: &mut Graph, left: &Body, right: &Body) -> Result<Body, Mismatch> {
    let mut factors = Vec::new();
    for body in [left, right] {
        match body {
            Body::Unit => {}
            Body::Word(word) => factors.extend(word),
            Body::Hadamard(_) => factors.extend(body_node(g, body)?),
        }
    }
    let one = factors.iter().copied().find(|factor| matches!(g.op(*factor), Op::Eye(_)));
    factors.retain(|factor| !matches!(g.op(*factor), Op::Eye(_)));
    if factors.is_empty() {
        factors.extend(one);
    }
    Ok(Body::Word(factors))
}

/// The Hadamard product of two bodies; a matrix of ones drops out of it.
fn hadamard(g: &mut Graph, left: &Body, right: &Body) -> Result<Body, Mismatch> {
    let mut factors = Vec::new();
    for body in [left, right] {
        match body {
            Body::Hadamard(more) => factors.extend(more),
            Body::Unit | Body::Word(_) => factors.extend(body_node(g, body)?),
        }
    }
    let ones = |g: &Graph, id: NodeId| {
        matches!(g.op(id), Op::Fill(_)) && g.constant_value(g.args(id)[0]).is_some_and(One::is_one)
    };
    let one = factors.iter().copied().find(|factor| ones(g, *factor));
    factors.retain(|factor| !ones(g, *factor));
    if factors.is_empty() {
        factors.extend(one);
    }
    factors.sort();
    Ok(if factors.len() > 1 { Body::Hadamard(factors) } else { Body::Word(factors) })
}

/// The scalars of a monomial with its coefficient.
type Factor<'a> = (&'a Powers, &'a BigRational);

/// The node that a polynomial is written as.
fn build(g: &mut Graph, polynomial: &Polynomial, ty: &Type) -> Result<NodeId, Mismatch> {
    let mut by_body: BTreeMap<&Body, Vec<Factor<'_>>> = BTreeMap::new();
    for (monomial, coefficient) in &polynomial.terms {
        by_body.entry(&monomial.body).or_default().push((&monomial.scalars, coefficient));
    }
    let mut sum: Option<NodeId> = None;
    for (body, terms) in by_body {
        let body = body_node(g, body)?;
        match (body, terms.as_slice()) {
            // One number times the body: its sign becomes that of the sum.
            (Some(body), [(scalars, coefficient)]) => {
                let factor = product(g, scalars, &coefficient.abs())?;
                let term = g.zip(Zip::Mul, factor, body)?;
                sum = Some(signed_sum(g, sum, term, coefficient.is_negative())?);
            }
            (Some(body), terms) => {
                let mut factor = None;
                for (scalars, coefficient) in terms {
                    let term = product(g, scalars, &coefficient.abs())?;
                    factor = Some(signed_sum(g, factor, term, coefficient.is_negative())?);
                }
                // There is at least one term for each body.
                let factor = match factor {
                    Some(factor) => factor,
                    None => g.integer(0)?,
                };
                let term = g.zip(Zip::Mul, factor, body)?;
                sum = Some(signed_sum(g, sum, term, false)?);
            }
            (None, terms) => {
                for (scalars, coefficient) in terms {
                    let term = product(g, scalars, &coefficient.abs())?;
                    sum = Some(signed_sum(g, sum, term, coefficient.is_negative())?);
                }
            }
        }
    }
    let node = match sum {
        Some(node) => node,
        None => {
            let zero = g.integer(0)?;
            g.fill(zero, ty.shape.clone())?
        }
    };
    let lift = ty.field == Field::Complex && g.ty(node).field == Field::Real;
    if lift { g.make(Op::Complexify, vec![node]) } else { Ok(node) }
}

fn signed_sum(g: &mut Graph, sum: Option<NodeId>, term: NodeId, negative: bool) -> Result<NodeId, Mismatch> {
    match (sum, negative) {
        (None, false) => Ok(term),
        (None, true) => g.neg(term),
        (Some(sum), false) => g.add(sum, term),
        (Some(sum), true) => g.sub(sum, term),
    }
}

/// A scalar to an integer power; a complex one, which has no other, as a product.
fn atom_power(g: &mut Graph, atom: NodeId, power: i64) -> Result<NodeId, Mismatch> {
    if g.ty(atom).field == Field::Real {
        let exponent = g.integer(power)?;
        return g.map_with(ScalarFn::Pow, atom, exponent);
    }
    let base = if power < 0 { g.map(ScalarFn::Recip, atom)? } else { atom };
    let mut product = base;
    for _ in 1..power.abs() {
        product = g.zip(Zip::Mul, product, base)?;
    }
    Ok(product)
}

/// A positive coefficient times scalars with exponents: a product over a product.
fn product(g: &mut Graph, scalars: &Powers, coefficient: &BigRational) -> Result<NodeId, Mismatch> {
    let mut above = g.number(coefficient.clone())?;
    let mut below: Option<NodeId> = None;
    for (atom, power) in &scalars.0 {
        let factor = atom_power(g, *atom, power.abs())?;
        if *power > 0 {
            above = g.zip(Zip::Mul, above, factor)?;
        } else {
            below = Some(match below {
                Some(below) => g.zip(Zip::Mul, below, factor)?,
                None => factor,
            });
        }
    }
    match below {
        Some(below) => g.zip(Zip::Div, above, below),
        None => Ok(above),
    }
}
