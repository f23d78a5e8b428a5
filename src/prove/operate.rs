//! What each operation makes of sums of products.

use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::extent::MOST_TERMS_OF_WORDS;
use super::store::{Key, Store};
use super::terms::{Monomial, Terms, whole};
use crate::ir::{Axis, NodeId, Op, Property, Reduction, ScalarFn, Shape, Zip};

impl Store {
    /// The value of an operation on its operands.
    pub(super) fn operation(&mut self, id: NodeId) -> Terms {
        let (op, args) = (self.graph.op(id).clone(), self.graph.args(id).to_vec());
        match &op {
            Op::Constant(value) => Terms::number(value.clone()),
            Op::Size(dim) => self.size(dim),
            Op::Eye(n) => self.identity(n),
            Op::Fill(_) | Op::Complexify | Op::StopGradient | Op::Annotate(..) | Op::Require => self.written(args[0]),
            Op::Map(function) => {
                let x = self.written(args[0]);
                if !self.is_real(id) && *function != ScalarFn::Neg {
                    return self.plain(&op, &args);
                }
                let parameter = args.get(1).map(|parameter| self.written(*parameter));
                self.function(*function, &x, parameter, &self.graph.ty(args[0]).shape.clone())
            }
            Op::Zip(zip) => {
                let (x, y) = (self.written(args[0]), self.written(args[1]));
                match zip {
                    Zip::Add => x.plus(&y),
                    Zip::Sub => x.minus(&y),
                    Zip::Mul => self.product(&x, &y),
                    Zip::Div => match self.reciprocal(&y, &self.graph.ty(args[1]).shape.clone()) {
                        Some(y) => self.product(&x, &y),
                        None => self.plain(&op, &args),
                    },
                    Zip::Min | Zip::Max => self.extreme(*zip, &x, &y, id),
                }
            }
            Op::Adjoint | Op::Transpose if self.is_real(id) => {
                let x = self.opened(args[0]);
                self.mirrored(&x, &self.graph.ty(args[0]).shape.clone())
            }
            Op::DiagonalOf => {
                let x = self.opened(args[0]);
                self.by_products(&x, |store, monomial| store.diagonal_of(monomial))
            }
            Op::DiagonalMatrix => {
                let x = self.opened(args[0]);
                let n = self.graph.ty(args[0]).shape.rows();
                self.diagonal_matrix_of(&x, &n)
            }
            // Repetition goes through sums and products, entry by entry.
            Op::Broadcast(..) => {
                let x = self.opened(args[0]);
                let shape = self.graph.ty(args[0]).shape.clone();
                self.by_products(&x, |store, monomial| {
                    monomial.0.iter().fold(Terms::integer(1), |product, (factor, halves)| {
                        let power = Terms::term(Monomial::power(*factor, *halves), BigRational::one());
                        let repeated = store.atom(&op, vec![(power, shape.clone())]);
                        store.times(&product, &repeated)
                    })
                })
            }
            Op::MatMul => {
                let (x, y) = (self.opened(args[0]), self.opened(args[1]));
                let shapes = [args[0], args[1]].map(|arg| self.graph.ty(arg).shape.clone());
                self.matrix_product(&x, &y, &shapes)
            }
            Op::Reduce(Reduction::Sum, axis) => {
                let x = self.written(args[0]);
                let shape = self.graph.ty(args[0]).shape.clone();
                self.entry_sum(&x, *axis, &shape, self.is_real(args[0]))
            }
            Op::Reduce(Reduction::Max | Reduction::Min, _) => {
                let x = self.opened(args[0]);
                match x.single() {
                    // The same in every entry.
                    _ if self.shape_of(&x) == Shape::Scalar => x,
                    Some((monomial, coefficient)) => {
                        let (scalars, own) = self.split(monomial);
                        let positive = coefficient.is_positive()
                            && scalars.0.iter().all(|(factor, _)| self.nonnegative_factor(*factor));
                        if !positive {
                            return self.plain(&op, &args);
                        }
                        let shape = self.graph.ty(args[0]).shape.clone();
                        let inner = self.atom(&op, vec![(Terms::term(own, BigRational::one()), shape)]);
                        inner.shifted(&scalars, coefficient)
                    }
                    None => self.plain(&op, &args),
                }
            }
            Op::Eigenvalues => {
                let x = self.opened(args[0]);
                self.eigenvalues(&x, &self.graph.ty(args[0]).shape.clone())
            }
            Op::Rank => {
                let x = self.opened(args[0]);
                // A positive multiple has the same rank.
                let rest = x.content().map(|(_, common, _)| self.split(&common).0);
                match rest {
                    Some(scalars) if scalars.0.iter().all(|(factor, _)| self.positive_factor(*factor)) => {
                        let rest = x.shifted(&scalars.raised(-1), &BigRational::one());
                        let leading = rest.0.values().next().cloned().unwrap_or_else(BigRational::one);
                        let shape = self.graph.ty(args[0]).shape.clone();
                        self.atom(&op, vec![(rest.scaled(&leading.abs().recip()), shape)])
                    }
                    Some(_) | None => self.plain(&op, &args),
                }
            }
            Op::Compare(_) | Op::And | Op::Or | Op::Not | Op::Truth(_) | Op::Input(_) => self.leaf(id),
            Op::ImaginaryUnit
            | Op::Pi
            | Op::Infinity
            | Op::Part(_)
            | Op::Adjoint
            | Op::Transpose
            | Op::Conj
            | Op::Block(..)
            | Op::Stack
            | Op::Entry
            | Op::OneHot(_)
            | Op::Slice(..)
            | Op::Kron
            | Op::PartialInner(..)
            | Op::Reduce(Reduction::LogSumExp, _)
            | Op::SingularValues
            | Op::Spectral(_)
            | Op::EigenSum
            | Op::Frechet(_)
            | Op::SingularSum
            | Op::LogDet
            | Op::Det
            | Op::Inverse
            | Op::Adjugate
            | Op::Select => self.plain(&op, &args),
        }
    }

    /// An operation in which arithmetic sees nothing, on values that are opened.
    fn plain(&mut self, op: &Op, args: &[NodeId]) -> Terms {
        let mut values = Vec::new();
        for arg in args {
            let value = self.written(*arg);
            values.push((value, self.graph.ty(*arg).shape.clone()));
        }
        self.atom(op, values)
    }

    /// The product: a single product is distributed over a sum, two sums stay factors.
    fn product(&mut self, x: &Terms, y: &Terms) -> Terms {
        if x.0.len() <= 1 || y.0.len() <= 1 {
            return self.times(x, y);
        }
        let ((c, m), (d, n)) = (self.as_product(x), self.as_product(y));
        self.reduced(&m.times(&n), &(c * d))
    }

    /// The reciprocal, where all factors are known to be positive.
    pub(super) fn reciprocal(&mut self, x: &Terms, shape: &Shape) -> Option<Terms> {
        let (coefficient, monomial) = self.as_product(x);
        if coefficient.is_zero() {
            return None;
        }
        let (positive, rest): (Vec<_>, Vec<_>) =
            monomial.0.iter().copied().partition(|(factor, _)| self.positive_factor(*factor));
        let known = Terms::term(Monomial(positive).raised(-1), coefficient.recip());
        if rest.is_empty() {
            return Some(known);
        }
        let rest = Terms::term(Monomial(rest), BigRational::one());
        let unknown = self.atom(&Op::Map(ScalarFn::Recip), vec![(rest, shape.clone())]);
        Some(self.times(&known, &unknown))
    }

    /// Applies what goes through sums and multiples by numbers to the products with entries.
    fn by_products(&mut self, x: &Terms, mut apply: impl FnMut(&mut Self, &Monomial) -> Terms) -> Terms {
        let mut sum = Terms::zero();
        for (monomial, coefficient) in &x.0 {
            let (scalars, own) = self.split(monomial);
            let image = apply(self, &own);
            sum = sum.plus(&self.times(&image, &Terms::term(scalars, coefficient.clone())));
        }
        sum
    }

    /// The diagonal of an entrywise product is the product of the diagonals.
    pub(super) fn diagonal_of(&mut self, product: &Monomial) -> Terms {
        product.0.iter().fold(Terms::integer(1), |diagonal, (factor, halves)| {
            let power = if whole(*halves) {
                let own = self.diagonal_of_factor(*factor);
                self.power(&own, *halves)
            } else {
                let shape = self.entry(*factor).shape.clone();
                let entries = Terms::term(Monomial::power(*factor, *halves), BigRational::one());
                self.atom(&Op::DiagonalOf, vec![(entries, shape)])
            };
            self.times(&diagonal, &power)
        })
    }

    fn diagonal_of_factor(&mut self, factor: super::terms::Factor) -> Terms {
        let entry = self.entry(factor).clone();
        if let Key::Atom(Op::DiagonalMatrix, args) = &entry.key {
            return args[0].0.clone();
        }
        if self.knows(&Terms::factor(factor), Property::UnitDiagonal) {
            return Terms::integer(1);
        }
        match self.graph.make(Op::DiagonalOf, vec![entry.node]) {
            Ok(node) if *self.graph.op(node) != Op::DiagonalOf => self.opened(node),
            _ => self.atom(&Op::DiagonalOf, vec![(Terms::factor(factor), entry.shape)]),
        }
    }

    /// The transpose of a real value.
    fn mirrored(&mut self, x: &Terms, shape: &Shape) -> Terms {
        if *shape == Shape::Scalar {
            return x.clone();
        }
        self.by_products(x, |store, monomial| {
            monomial.0.iter().fold(Terms::integer(1), |product, (factor, halves)| {
                let own = store.mirrored_factor(*factor);
                let power = match own.single() {
                    Some((monomial, _)) if monomial.0.len() == 1 && monomial.0[0].1 == 2 => {
                        Terms::term(Monomial::power(monomial.0[0].0, *halves), BigRational::one())
                    }
                    Some(_) | None if whole(*halves) => store.power(&own, *halves),
                    Some(_) | None => {
                        let shape = store.entry(*factor).shape.clone();
                        let entries = Terms::term(Monomial::power(*factor, *halves), BigRational::one());
                        store.atom(&Op::Adjoint, vec![(entries, shape)])
                    }
                };
                store.times(&product, &power)
            })
        })
    }

    fn mirrored_factor(&mut self, factor: super::terms::Factor) -> Terms {
        let entry = self.entry(factor).clone();
        let itself = Terms::factor(factor);
        if matches!(entry.shape, Shape::Matrix(..)) && self.knows(&itself, Property::Hermitian) {
            return itself;
        }
        if let Key::Atom(Op::MatMul, args) = &entry.key {
            let [x, y] = [&args[0], &args[1]].map(|(arg, shape)| (arg.clone(), shape.clone()));
            let turned = |shape: &Shape| Shape::Matrix(shape.cols(), shape.rows());
            let (a, b) = (self.mirrored(&y.0, &y.1), self.mirrored(&x.0, &x.1));
            return self.matrix_product(&a, &b, &[turned(&y.1), turned(&x.1)]);
        }
        if let Key::Atom(Op::Adjoint, args) = &entry.key
            && matches!(args[0].1, Shape::Matrix(..))
        {
            return args[0].0.clone();
        }
        self.atom(&Op::Adjoint, vec![(itself, entry.shape)])
    }

    /// The matrix product, product by product; brackets are moved to the left.
    fn matrix_product(&mut self, x: &Terms, y: &Terms, shapes: &[Shape; 2]) -> Terms {
        if x.0.len() * y.0.len() > MOST_TERMS_OF_WORDS {
            return self.atom(&Op::MatMul, vec![(x.clone(), shapes[0].clone()), (y.clone(), shapes[1].clone())]);
        }
        let mut sum = Terms::zero();
        for (a, c) in &x.0 {
            for (b, d) in &y.0 {
                let ((s, a), (t, b)) = (self.split(a), self.split(b));
                let (a, b) = (Terms::term(a, BigRational::one()), Terms::term(b, BigRational::one()));
                let own = self.matrix_product_of(&a, &b, shapes);
                sum = sum.plus(&self.times(&own, &Terms::term(s.times(&t), c * d)));
            }
        }
        sum
    }

    fn matrix_product_of(&mut self, a: &Terms, b: &Terms, shapes: &[Shape; 2]) -> Terms {
        let identity = |store: &mut Self, shape: &Shape| shape.is_square().then(|| store.identity(&shape.rows()));
        if identity(self, &shapes[0]).as_ref() == Some(a) {
            return b.clone();
        }
        if identity(self, &shapes[1]).as_ref() == Some(b) {
            return a.clone();
        }
        let parts = match b.single() {
            Some((monomial, _)) if monomial.0.len() == 1 && monomial.0[0].1 == 2 => {
                let key = &self.entry(monomial.0[0].0).key;
                if let Key::Atom(Op::MatMul, args) = key { Some([args[0].clone(), args[1].clone()]) } else { None }
            }
            Some(_) | None => None,
        };
        if let Some([(first, first_shape), (second, second_shape)]) = parts {
            let left = self.matrix_product(a, &first, &[shapes[0].clone(), first_shape.clone()]);
            let shape = match &first_shape {
                Shape::Matrix(_, cols) => Shape::Matrix(shapes[0].rows(), cols.clone()),
                Shape::Scalar | Shape::Vector(_) => Shape::Vector(shapes[0].rows()),
            };
            return self.matrix_product(&left, &second, &[shape, second_shape]);
        }
        self.atom(&Op::MatMul, vec![(a.clone(), shapes[0].clone()), (b.clone(), shapes[1].clone())])
    }

    /// The sum over entries, product by product; each is opened on its own, too.
    pub(super) fn entry_sum(&mut self, x: &Terms, axis: Axis, shape: &Shape, real: bool) -> Terms {
        self.by_products(x, |store, own| store.entry_sum_of(own, axis, shape, real))
    }

    fn entry_sum_of(&mut self, own: &Monomial, axis: Axis, shape: &Shape, real: bool) -> Terms {
        let value = Terms::term(own.clone(), BigRational::one());
        if own.is_one() {
            let count = match axis {
                Axis::All => shape.rows().mul(&shape.cols()),
                Axis::Rows => Some(shape.cols()),
                Axis::Cols => Some(shape.rows()),
            };
            if let Some(count) = count {
                return self.size(&count);
            }
        }
        let open = self.open(&value);
        if open != value {
            let atom = self.atom(&Op::Reduce(Reduction::Sum, axis), vec![(value, shape.clone())]);
            let opened = self.entry_sum(&open, axis, shape, real);
            let opened = self.open(&opened);
            if let Some((monomial, _)) = atom.single()
                && let [(factor, 2)] = monomial.0.as_slice()
            {
                let node = self.entry(*factor).node;
                self.set_open(*factor, opened);
                // What is known of it is known of what it opens to.
                self.learn(node, &atom);
                return atom;
            }
            return opened;
        }
        if let [(factor, halves)] = own.0.as_slice() {
            let entry = self.entry(*factor).clone();
            let itself = Terms::factor(*factor);
            let all = axis == Axis::All;
            if let (Key::Atom(Op::DiagonalMatrix | Op::Reduce(Reduction::Sum, _), args), 2, true) =
                (&entry.key, halves, all)
            {
                let (inner, shape) = args[0].clone();
                return self.entry_sum(&inner, Axis::All, &shape, real);
            }
            if let Key::Atom(Op::Eigenvalues, args) = &entry.key {
                let (matrix, shape) = args[0].clone();
                let argument = self.graph.args(entry.node)[0];
                // Σ λ_i = tr A.
                if *halves == 2 {
                    let diagonal = self.by_products(&matrix, |store, monomial| store.diagonal_of(monomial));
                    return self.entry_sum(&diagonal, Axis::All, &Shape::Vector(shape.rows()), real);
                }
                // Σ λ_i² = ‖A‖² for Hermitian A.
                if *halves == 4 && self.is_real(argument) {
                    let square = self.times(&matrix, &matrix);
                    return self.entry_sum(&square, Axis::All, &shape, true);
                }
            } else if *halves == 4 && real {
                let unit = |store: &mut Self, property| store.knows(&itself, property);
                if axis != Axis::Rows && unit(self, Property::UnitColumns) {
                    return self.size(&if all { shape.cols() } else { crate::ir::Dim::constant(1) });
                }
                if axis != Axis::Cols && unit(self, Property::UnitRows) {
                    return self.size(&if all { shape.rows() } else { crate::ir::Dim::constant(1) });
                }
            }
        }
        // A sum of all entries is that of the transpose: the smaller of the two stands for both.
        if axis == Axis::All && real && matches!(shape, Shape::Matrix(..)) {
            let turned = self.mirrored(&value, shape);
            if turned < value && turned.single().is_some_and(|(_, coefficient)| coefficient.is_one()) {
                let shape = Shape::Matrix(shape.cols(), shape.rows());
                return self.atom(&Op::Reduce(Reduction::Sum, axis), vec![(turned, shape)]);
            }
        }
        self.atom(&Op::Reduce(Reduction::Sum, axis), vec![(value, shape.clone())])
    }

    /// The eigenvalues of c A + s I are c λ + s for c ≥ 0.
    fn eigenvalues(&mut self, x: &Terms, shape: &Shape) -> Terms {
        let Some((identity, _)) = self.identity(&shape.rows()).single().map(|(m, c)| (m.clone(), c.clone())) else {
            return self.atom(&Op::Eigenvalues, vec![(x.clone(), shape.clone())]);
        };
        let (mut shift, mut rest) = (Terms::zero(), Terms::zero());
        for (monomial, coefficient) in &x.0 {
            let (scalars, own) = self.split(monomial);
            match own == identity {
                true => shift.insert(scalars, coefficient.clone()),
                false => rest.insert(monomial.clone(), coefficient.clone()),
            }
        }
        let Some((coefficient, common, _)) = rest.content() else { return shift };
        let (scalars, _) = self.split(&common);
        let positive = scalars.0.iter().all(|(factor, _)| self.positive_factor(*factor));
        let scalars = if positive { scalars } else { Monomial::one() };
        let own = rest.shifted(&scalars.raised(-1), &coefficient.abs().recip());
        let spectrum = self.atom(&Op::Eigenvalues, vec![(own, shape.clone())]);
        let multiple = spectrum.shifted(&scalars, &coefficient.abs());
        multiple.plus(&shift)
    }

    /// The smaller or larger of two values, where it is known which that is.
    fn extreme(&mut self, zip: Zip, x: &Terms, y: &Terms, id: NodeId) -> Terms {
        let (up, down) = (x.minus(y), y.minus(x));
        let larger = if self.nonnegative(&up) {
            Some((x, y))
        } else if self.nonnegative(&down) {
            Some((y, x))
        } else {
            None
        };
        match (larger, zip) {
            (Some((larger, _)), Zip::Max) => larger.clone(),
            (Some((_, smaller)), _) => smaller.clone(),
            (None, _) => {
                let mut sides = vec![(self.open(x), x.clone()), (self.open(y), y.clone())];
                sides.sort();
                let shape = self.graph.ty(id).shape.clone();
                let args = sides.into_iter().map(|(_, written)| (written, shape.clone())).collect();
                self.atom(&Op::Zip(zip), args)
            }
        }
    }
}
