//! Products and powers of sums of products, and the simpler forms that some factors have in them.

use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::store::{Key, Store};
use super::terms::{Monomial, Terms};
use crate::ir::{Dim, Kind, Op, ScalarFn, Shape};

impl Store {
    /// The product.
    pub fn times(&mut self, a: &Terms, b: &Terms) -> Terms {
        self.work += (a.0.len() * b.0.len()) as u64;
        let mut product = Terms::zero();
        for (x, c) in &a.0 {
            for (y, d) in &b.0 {
                let term = self.reduced(&x.times(y), &(c * d));
                product = product.plus(&term);
            }
        }
        product
    }

    /// A product of powers, where powers of roots and absolute values and products with diagonal matrices are simpler.
    pub fn reduced(&mut self, monomial: &Monomial, coefficient: &BigRational) -> Terms {
        let entries = monomial.0.iter().filter(|(factor, _)| !self.is_scalar(*factor)).map(|(_, halves)| *halves);
        // A single diagonal matrix is what it is.
        let several = entries.sum::<i32>() != 2;
        let mut coefficient = coefficient.clone();
        let mut kept = Monomial::one();
        let mut rest = Terms::integer(1);
        let mut diagonal: Option<Terms> = None;
        for (factor, halves) in &monomial.0 {
            let key = self.entry(*factor).key.clone();
            let mut keep = || kept = kept.times(&Monomial::power(*factor, *halves));
            match &key {
                Key::Surd(n) if *halves != 1 => {
                    coefficient *= BigRational::from_integer((*n).into()).pow(halves.div_euclid(2));
                    kept = kept.times(&Monomial::power(*factor, halves.rem_euclid(2)));
                }
                Key::Leaf(_) | Key::Size(_) | Key::Surd(_) | Key::Sum(_) => keep(),
                Key::Atom(op, args) => match (op.kind(), op) {
                    // |x|² = x² for real x.
                    (_, Op::Map(ScalarFn::Abs)) if *halves > 0 && halves % 4 == 0 => {
                        let inner = self.power(&args[0].0.clone(), *halves);
                        rest = self.times(&rest, &inner);
                    }
                    (_, Op::DiagonalMatrix) if several && *halves > 0 && halves % 2 == 0 => {
                        let entries = self.whole_power(&args[0].0.clone(), halves / 2);
                        let before = diagonal.take().unwrap_or_else(|| Terms::integer(1));
                        diagonal = Some(self.times(&before, &entries));
                    }
                    (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => keep(),
                    (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => keep(),
                },
            }
        }
        if let Some(mut entries) = diagonal {
            let (scalars, others) = self.split(&kept);
            if !others.is_one() {
                let own = self.diagonal_of(&others);
                entries = self.times(&entries, &own);
            }
            let matrix = self.diagonal_matrix(&entries, monomial);
            return self.times(&rest, &matrix.shifted(&scalars, &coefficient));
        }
        rest.shifted(&kept, &coefficient)
    }

    /// The matrix with this diagonal, of the shape of a product that it belongs to.
    fn diagonal_matrix(&mut self, entries: &Terms, of: &Monomial) -> Terms {
        let shape = self.shape_of(&Terms::term(of.clone(), BigRational::one()));
        self.diagonal_matrix_of(entries, &shape.rows())
    }

    /// The n × n matrix with this diagonal, number by number.
    pub fn diagonal_matrix_of(&mut self, entries: &Terms, n: &Dim) -> Terms {
        let mut sum = Terms::zero();
        for (monomial, coefficient) in &entries.0 {
            let (scalars, own) = self.split(monomial);
            let own = Terms::term(own, BigRational::one());
            let matrix = if own == Terms::integer(1) {
                self.identity(n)
            } else {
                self.atom(&Op::DiagonalMatrix, vec![(own, Shape::Vector(n.clone()))])
            };
            sum = sum.plus(&matrix.shifted(&scalars, coefficient));
        }
        sum
    }

    /// The identity matrix: the diagonal matrix of ones.
    pub fn identity(&mut self, n: &Dim) -> Terms {
        let key = Key::Atom(Op::DiagonalMatrix, vec![(Terms::integer(1), Shape::Vector(n.clone()))]);
        let Ok(node) = self.graph.eye(n.clone()) else { return Terms::zero() };
        let terms = Terms::factor(self.intern(key, node, Shape::Matrix(n.clone(), n.clone())));
        self.learn(node, &terms);
        terms
    }

    /// The factors that are numbers, and those with entries.
    pub fn split(&self, monomial: &Monomial) -> (Monomial, Monomial) {
        let (scalars, others) = monomial.0.iter().partition(|(factor, _)| self.is_scalar(*factor));
        (Monomial(scalars), Monomial(others))
    }

    /// The power of a value, in halves of an exponent that are even: a sum of several products stays one factor.
    pub fn power(&mut self, value: &Terms, halves: i32) -> Terms {
        if halves == 2 {
            return value.clone();
        }
        let (coefficient, monomial) = self.as_product(value);
        if coefficient.is_zero() {
            return Terms::zero();
        }
        let exponent = halves / 2;
        self.reduced(&monomial.raised(exponent), &coefficient.pow(exponent))
    }

    /// A value as one product: a sum of several products becomes a factor.
    pub fn as_product(&mut self, value: &Terms) -> (BigRational, Monomial) {
        if let Some((monomial, coefficient)) = value.single() {
            return (coefficient.clone(), monomial.clone());
        }
        let open = self.open(value);
        let Some((coefficient, common, rest)) = open.content() else {
            return (BigRational::zero(), Monomial::one());
        };
        if rest.single().is_some() {
            return (coefficient, common);
        }
        // What is known to be nonnegative is a factor as it is, and not its opposite.
        let minus = -BigRational::one();
        let (coefficient, rest) = match coefficient.is_negative() && self.nonnegative(value) {
            true => (coefficient * &minus, rest.scaled(&minus)),
            false => (coefficient, rest),
        };
        let written = value.shifted(&common.raised(-1), &coefficient.recip());
        let negative = |terms: &Terms| {
            let factors = terms.0.keys().flat_map(|monomial| &monomial.0);
            factors.filter(|(_, halves)| *halves < 0).map(|(factor, _)| *factor).collect::<Vec<_>>()
        };
        let fits = negative(&written).into_iter().all(|factor| self.positive_factor(factor));
        let factor = self.sum_factor(&rest, if fits { &written } else { &rest });
        (coefficient, common.times(&Monomial::power(factor, 2)))
    }
}
