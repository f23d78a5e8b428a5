//! Domains as charts: each set of matrices is the image of unconstrained numbers under a map written in the graph.
//!
//! Sampling, ascent and interval evaluation all start from the raw numbers, so that the hypotheses hold exactly at any
//! precision. Every member of the set is reached: for the closed sets, limits included (a rank-deficient kernel is the
//! Gram matrix of a rank-deficient factor).

use super::dim::{Dim, Sizes};
use super::fact::Property;
use super::factor::NoSize;
use super::graph::{Graph, Mismatch, NodeId};
use super::op::{Axis, Basis, Op};
use super::scalar::ScalarFn;
use super::ty::{Field, Shape, Type};
use num_rational::BigRational;

macro_rules! sets {
    ($($set:ident $name:literal, sizes $sizes:literal, complex $complex:literal, [$($property:ident),*], $doc:literal;)*) => {
        /// The named sets of the language.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Set { $(#[doc = $doc] $set,)* }

        /// The table of the named sets.
        pub static SETS: &[SetRow] = &[$(SetRow {
            set: Set::$set, name: $name, sizes: $sizes, complex: $complex, properties: &[$(Property::$property),*], doc: $doc,
        },)*];
    };
}

/// One named set.
pub struct SetRow {
    /// Which.
    pub set: Set,
    /// Its name in the language.
    pub name: &'static str,
    /// How many sizes it takes; `Mask` also takes a single one.
    pub sizes: usize,
    /// Whether it has a complex version.
    pub complex: bool,
    /// What holds for each of its members.
    pub properties: &'static [Property],
    /// What it is.
    pub doc: &'static str,
}

sets! {
    Real "Real", sizes 0, complex false, [], "real numbers";
    Complex "Complex", sizes 0, complex false, [], "complex numbers";
    Vec "Vec", sizes 1, complex true, [], "vectors of n entries";
    Mat "Mat", sizes 2, complex true, [], "m × n matrices";
    Sym "Sym", sizes 1, complex true, [Hermitian], "Hermitian n × n matrices";
    Psd "Psd", sizes 1, complex true, [Psd], "positive semi-definite n × n matrices";
    Pd "Pd", sizes 1, complex true, [Pd], "positive definite n × n matrices";
    Corr "Corr", sizes 1, complex true, [Psd, UnitDiagonal], "positive semi-definite n × n matrices of unit diagonal";
    Density "Density", sizes 1, complex true, [Psd, TraceOne], "positive semi-definite n × n matrices of trace 1";
    UnitCols "UnitCols", sizes 2, complex true, [UnitColumns], "d × B matrices whose columns have norm 1";
    UnitRows "UnitRows", sizes 2, complex true, [UnitRows], "m × n matrices whose rows have norm 1";
    Stiefel "Stiefel", sizes 2, complex true, [OrthonormalColumns], "m × n matrices with orthonormal columns, m ≥ n";
    Orthogonal "Orthogonal", sizes 1, complex true, [OrthonormalColumns, OrthonormalRows], "orthogonal n × n matrices";
    Unitary "Unitary", sizes 1, complex true, [OrthonormalColumns, OrthonormalRows], "unitary n × n matrices";
    Simplex "Simplex", sizes 1, complex false, [Nonnegative, SumsToOne], "probability vectors of n entries";
    Mask "Mask", sizes 2, complex false, [ZeroOne], "m × n matrices, or vectors, of zeros and ones";
}

impl Set {
    /// The set's row.
    pub fn row(self) -> &'static SetRow {
        // The table is written in the order of the enumeration, by the same macro.
        &SETS[self as usize]
    }

    /// The set with this name in the language.
    pub fn named(name: &str) -> Option<Set> {
        SETS.iter().find(|row| row.name == name).map(|row| row.set)
    }
}

/// A named set with its sizes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Domain {
    /// The set.
    pub set: Set,
    /// Its sizes.
    pub sizes: Vec<Dim>,
    /// Whether its members are complex.
    pub complex: bool,
}

/// The ends of an interval of real numbers, as scalars of the theorem's graph.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interval {
    /// The lower end.
    pub lo: NodeId,
    /// Whether the lower end belongs to it.
    pub lo_closed: bool,
    /// The upper end, which may be +∞.
    pub hi: NodeId,
    /// Whether the upper end belongs to it.
    pub hi_closed: bool,
}

/// What a quantified name ranges over.
#[derive(Clone, PartialEq, Debug)]
pub enum Range {
    /// A named set.
    Domain(Domain),
    /// Integers from the first to the last, both included; the name is a size variable.
    Integers(Dim, Dim),
    /// Real numbers.
    Interval(Interval),
    /// Just these numbers.
    Finite(std::vec::Vec<BigRational>),
}

/// An unconstrained block of numbers that a chart starts from.
#[derive(Clone, PartialEq, Debug)]
pub struct Raw {
    /// What it is to the chart: the empty string for the main one.
    pub role: &'static str,
    /// Field and shape.
    pub ty: Type,
}

impl Domain {
    /// Field and shape of the members.
    pub fn ty(&self) -> Type {
        let size = |i: usize| self.sizes[i].clone();
        let shape = match self.set {
            Set::Real | Set::Complex => Shape::Scalar,
            Set::Vec | Set::Simplex => Shape::Vector(size(0)),
            Set::Mask if self.sizes.len() == 1 => Shape::Vector(size(0)),
            Set::Mat | Set::UnitCols | Set::UnitRows | Set::Stiefel | Set::Mask => Shape::Matrix(size(0), size(1)),
            Set::Sym | Set::Psd | Set::Pd | Set::Corr | Set::Density | Set::Orthogonal | Set::Unitary => {
                Shape::Matrix(size(0), size(0))
            }
        };
        Type { field: self.field(), shape }
    }

    fn field(&self) -> Field {
        let complex = self.complex || matches!(self.set, Set::Complex | Set::Unitary);
        if complex { Field::Complex } else { Field::Real }
    }

    /// What holds for each member.
    pub fn properties(&self) -> &'static [Property] {
        self.set.row().properties
    }

    /// Whether the set has no member at these sizes: no m × n matrix has orthonormal columns where m < n, and nothing has a
    /// side of n/2 where n is odd. A chart makes none there, but what is known of members would be used all the same.
    pub fn is_empty(&self, sizes: &Sizes) -> bool {
        let side = |i: usize| self.sizes[i].eval(sizes);
        let no_size = |dim: &Dim| match dim.value(sizes) {
            Ok(n) => n < 1 && !dim.is_polynomial(),
            Err(NoSize::NoInteger) => true,
            Err(NoSize::Unknown | NoSize::TooLarge) => false,
        };
        if self.sizes.iter().any(no_size) {
            return true;
        }
        self.set == Set::Stiefel && side(0).zip(side(1)).is_some_and(|(m, n)| m < n)
    }

    /// The raw numbers that the chart starts from.
    pub fn raw(&self) -> std::vec::Vec<Raw> {
        let main = |shape| Raw { role: "", ty: Type { field: self.field(), shape } };
        match self.set {
            Set::Pd => vec![main(self.ty().shape), Raw { role: "shift", ty: Type::real(Shape::Scalar) }],
            Set::Real
            | Set::Complex
            | Set::Vec
            | Set::Mat
            | Set::Sym
            | Set::Psd
            | Set::Corr
            | Set::Density
            | Set::UnitCols
            | Set::UnitRows
            | Set::Stiefel
            | Set::Orthogonal
            | Set::Unitary
            | Set::Simplex
            | Set::Mask => vec![main(self.ty().shape)],
        }
    }

    /// The member that raw numbers stand for, as a graph.
    ///
    /// # Errors
    /// When the raw nodes are not of the types that [`Domain::raw`] gives.
    pub fn chart(&self, g: &mut Graph, raw: &[NodeId]) -> Result<NodeId, Mismatch> {
        let w = raw[0];
        let member = match self.set {
            Set::Real | Set::Complex | Set::Vec | Set::Mat => w,
            // (W + W')/2
            Set::Sym => {
                let adjoint = g.adjoint(w)?;
                let sum = g.add(w, adjoint)?;
                let two = g.integer(2)?;
                g.zip(super::op::Zip::Div, sum, two)?
            }
            // W'W
            Set::Psd => gram(g, w)?,
            // W'W + exp(t) I
            Set::Pd => {
                let psd = gram(g, w)?;
                let positive = g.map(ScalarFn::Exp, raw[1])?;
                let eye = g.eye(self.sizes[0].clone())?;
                let shift = g.multiply(positive, eye)?;
                g.add(psd, shift)?
            }
            // Y'Y with the columns of Y of norm 1
            Set::Corr => {
                let unit = unit_columns(g, w)?;
                gram(g, unit)?
            }
            // W'W / tr(W'W)
            Set::Density => {
                let psd = gram(g, w)?;
                let trace = g.trace(psd)?;
                g.zip(super::op::Zip::Div, psd, trace)?
            }
            Set::UnitCols => unit_columns(g, w)?,
            Set::UnitRows => {
                let adjoint = g.adjoint(w)?;
                let unit = unit_columns(g, adjoint)?;
                g.adjoint(unit)?
            }
            // The polar factor W (W'W)^(−1/2)
            Set::Stiefel | Set::Orthogonal | Set::Unitary => {
                let psd = gram(g, w)?;
                let exponent = g.number(BigRational::new((-1).into(), 2.into()))?;
                let root = g.make(Op::Spectral(ScalarFn::Pow), vec![psd, exponent])?;
                g.multiply(w, root)?
            }
            // w² / Σ w², which reaches the faces of the simplex
            Set::Simplex => {
                let squares = g.abs2(w)?;
                let sum = g.sum(squares)?;
                g.zip(super::op::Zip::Div, squares, sum)?
            }
            Set::Mask => g.map(ScalarFn::Step, w)?,
        };
        g.annotate(member, self.properties(), Basis::Construction)
    }
}

fn gram(g: &mut Graph, w: NodeId) -> Result<NodeId, Mismatch> {
    let adjoint = g.adjoint(w)?;
    g.multiply(adjoint, w)
}

/// Each column divided by its norm.
fn unit_columns(g: &mut Graph, w: NodeId) -> Result<NodeId, Mismatch> {
    let squares = g.abs2(w)?;
    let sums = g.reduce(super::op::Reduction::Sum, Axis::Cols, squares)?;
    let norms = g.map(ScalarFn::Sqrt, sums)?;
    let rows = g.ty(w).shape.rows();
    let norms = g.make(Op::Broadcast(Axis::Cols, rows), vec![norms])?;
    let unit = g.zip(super::op::Zip::Div, w, norms)?;
    g.annotate(unit, &[Property::UnitColumns], Basis::Construction)
}
