//! The calls of torch that a program is made of: one row each, with what it is in Python.
//!
//! The executor and the exporter know these and nothing else of the graph's operations, so that what a loss computes on
//! torch is decided in one place ([`super::lower`]), for both.

use crate::ir::{Axis, Dim, Shape, Side};

macro_rules! entrywise {
    ($($name:ident $operands:literal, python $python:literal / $math:literal, host $host:expr, $doc:literal;)*) => {
        /// Calls that work entry by entry, on tensors and on numbers alike.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Entrywise { $(#[doc = $doc] $name,)* }

        impl Entrywise {
            /// How many operands it has.
            pub fn operands(self) -> usize {
                match self { $(Entrywise::$name => $operands,)* }
            }

            /// The call in Python on tensors, with `{0}`, `{1}`, `{2}` for the operands.
            pub fn python(self) -> &'static str {
                match self { $(Entrywise::$name => $python,)* }
            }

            /// The same on Python's own numbers, where Python does not raise.
            pub fn python_of_numbers(self) -> &'static str {
                match self { $(Entrywise::$name => $math,)* }
            }

            /// The value at numbers; a truth value is 1 or 0.
            pub fn value(self, x: &[f64]) -> f64 {
                match self { $(Entrywise::$name => {
                    let function: fn(&[f64]) -> f64 = $host;
                    function(x)
                })* }
            }
        }
    };
}

fn truth(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

/// The less or the greater of two numbers, and no number where one of them is none: as torch has it.
fn ordered(x: &[f64], chosen: f64) -> f64 {
    if x.iter().any(|x| x.is_nan()) { f64::NAN } else { chosen }
}

entrywise! {
    Neg 1, python "-{0}" / "-{0}", host |x| -x[0], "−x";
    Exp 1, python "torch.exp({0})" / "math.exp({0})", host |x| x[0].exp(), "the exponential";
    Log 1, python "torch.log({0})" / "math.log({0})", host |x| x[0].ln(), "the natural logarithm";
    Sqrt 1, python "torch.sqrt({0})" / "math.sqrt({0})", host |x| x[0].sqrt(), "the square root";
    Recip 1, python "1 / {0}" / "1 / {0}", host |x| 1.0 / x[0], "1/x";
    Abs 1, python "torch.abs({0})" / "abs({0})", host |x| x[0].abs(), "the modulus";
    Sign 1, python "torch.sign({0})" / "({0} > 0) - ({0} < 0)",
        host |x| if x[0] == 0.0 { 0.0 } else { x[0].signum() }, "−1, 0 or 1";
    Floor 1, python "torch.floor({0})" / "math.floor({0})", host |x| x[0].floor(), "the integer part";
    Sin 1, python "torch.sin({0})" / "math.sin({0})", host |x| x[0].sin(), "the sine";
    Cos 1, python "torch.cos({0})" / "math.cos({0})", host |x| x[0].cos(), "the cosine";
    Tanh 1, python "torch.tanh({0})" / "math.tanh({0})", host |x| x[0].tanh(), "the hyperbolic tangent";
    Sigmoid 1, python "torch.sigmoid({0})" / "1 / (1 + math.exp(-{0}))",
        host |x| 1.0 / (1.0 + (-x[0]).exp()), "1/(1 + exp(−x))";
    Expm1 1, python "torch.expm1({0})" / "math.expm1({0})", host |x| x[0].exp_m1(), "exp(x) − 1";
    Log1p 1, python "torch.log1p({0})" / "math.log1p({0})", host |x| x[0].ln_1p(), "log(1 + x)";
    Square 1, python "torch.square({0})" / "{0} ** 2", host |x| x[0] * x[0], "x²";
    Conj 1, python "torch.conj({0})" / "{0}", host |x| x[0], "the complex conjugate";
    Real 1, python "torch.real({0})" / "{0}", host |x| x[0], "the real part";
    Imag 1, python "torch.imag({0})" / "0 * {0}", host |x| 0.0 * x[0], "the imaginary part";
    Angle 1, python "torch.angle({0})" / "math.atan2(0, {0})", host |x| f64::atan2(0.0, x[0]), "the argument";
    Not 1, python "torch.logical_not({0})" / "not {0}", host |x| truth(x[0] == 0.0), "negation";
    ToReal 1, python "{0}.to(real)" / "float({0})", host |x| x[0], "a truth value as 1 or 0";
    ToComplex 1, python "{0}.to(complex)" / "{0}", host |x| x[0], "a real number as a complex one";
    Add 2, python "{0} + {1}" / "{0} + {1}", host |x| x[0] + x[1], "x + y";
    Sub 2, python "{0} - {1}" / "{0} - {1}", host |x| x[0] - x[1], "x − y";
    Mul 2, python "{0} * {1}" / "{0} * {1}", host |x| x[0] * x[1], "x y";
    Div 2, python "{0} / {1}" / "{0} / {1}", host |x| x[0] / x[1], "x / y";
    Min 2, python "torch.minimum({0}, {1})" / "min({0}, {1})", host |x| ordered(x, x[0].min(x[1])), "min(x, y)";
    Max 2, python "torch.maximum({0}, {1})" / "max({0}, {1})", host |x| ordered(x, x[0].max(x[1])), "max(x, y)";
    Pow 2, python "torch.pow({0}, {1})" / "{0} ** {1}", host |x| x[0].powf(x[1]), "x^y";
    XLogY 2, python "torch.xlogy({0}, {1})" / "({0} * math.log({1}) if {0} else 0.0)",
        host |x| if x[0] == 0.0 { 0.0 } else { x[0] * x[1].ln() }, "x log y, 0 where x = 0";
    Lt 2, python "{0} < {1}" / "{0} < {1}", host |x| truth(x[0] < x[1]), "x < y";
    Le 2, python "{0} <= {1}" / "{0} <= {1}", host |x| truth(x[0] <= x[1]), "x ≤ y";
    Eq 2, python "{0} == {1}" / "{0} == {1}", host |x| truth(x[0] == x[1]), "x = y";
    Ne 2, python "{0} != {1}" / "{0} != {1}", host |x| truth(x[0] != x[1]), "x ≠ y";
    And 2, python "torch.logical_and({0}, {1})" / "{0} and {1}", host |x| truth(x[0] * x[1] != 0.0), "conjunction";
    Or 2, python "torch.logical_or({0}, {1})" / "{0} or {1}", host |x| truth(x[0] + x[1] != 0.0), "disjunction";
    Where 3, python "torch.where({0}, {1}, {2})" / "({1} if {0} else {2})",
        host |x| if x[0] != 0.0 { x[1] } else { x[2] }, "y where x holds, z elsewhere";
}

/// A call of torch. The comment of each gives its operands and its results.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Call {
    /// Entry by entry, numbers standing for themselves.
    Entrywise(Entrywise),

    // Arrangement. Those marked as views share the memory of their operand.
    /// (number): this shape with every entry equal to it.
    Full(Shape),
    /// (): the identity matrix.
    Eye(Dim),
    /// (): the numbers 1, …, n.
    Count(Dim),
    /// (): the imaginary unit.
    ImaginaryUnit,
    /// (scalar): this shape with every entry equal to it. A view.
    Expand(Shape),
    /// (vector): the matrix whose entry (i, j) is v_i (`Rows`) or v_j (`Cols`), with this many columns or rows. A view.
    Broadcast(Axis, Dim),
    /// (x): the entries, row by row, in this shape. A view where the memory allows it.
    Reshape(Shape),
    /// (A): the transpose. A view.
    Transpose,
    /// (A): the conjugate transpose. A view.
    Adjoint,
    /// (A): the diagonal. A view.
    Diagonal,
    /// (v): the diagonal matrix.
    DiagonalMatrix,
    /// (A, x): A with a scalar or a vector added to the diagonal.
    AddDiagonal,
    /// (matrices): side by side (`Cols`) or one below the other (`Rows`).
    Concatenate(Axis),
    /// (scalars): a vector.
    Stack,
    /// (v, i) or (A, i, j) with numbers i, j from 1: the entry. A view.
    Entry,
    /// (A): the part of this shape from this row and column on, both from 0. A view.
    Slice(Dim, Dim, Shape),

    // Contractions.
    /// (A, B): the matrix product.
    MatMul,
    /// (C, A, B): C + A B.
    AddMatMul,
    /// (A, B): the Kronecker product.
    Kron,
    /// (M, B): as [`crate::ir::Op::PartialInner`].
    PartialInner(Side, Shape),
    /// (A, B): Σ conj(a) b.
    Dot,
    /// (x)
    Sum(Axis),
    /// (x)
    Prod(Axis),
    /// (x)
    Maximum(Axis),
    /// (x)
    Minimum(Axis),
    /// (x)
    LogSumExp(Axis),

    // Decompositions. What failed is told by a number.
    /// (A): the lower factor of a positive definite matrix, and an integer that is 0 where there is one.
    Cholesky,
    /// (L, b): (L L')^(−1) where b holds, and any numbers elsewhere.
    CholeskyInverse,
    /// (L, X): (L L')^(−1) X of real matrices, and any numbers or none where there is no such inverse.
    CholeskySolve,
    /// (A): the inverse, and an integer that is 0 where there is one.
    Inverse,
    /// (A): det A over its modulus, and the logarithm of the modulus.
    SignLogDet,
    /// (A): the eigenvalues of a Hermitian matrix, ascending.
    Eigenvalues,
    /// (A): these, and the eigenvectors.
    Eigenvectors,
    /// (A): the singular values, descending.
    SingularValues,
    /// (A): the left singular vectors, the singular values, and the adjoint of the right singular vectors.
    SingularVectors,
}

impl Entrywise {
    /// The call on Python's own numbers where it may divide by 0, or leave the domain of a function: Python raises there, and
    /// this, by a helper of that name, gives what floating point arithmetic does. `None` where that cannot be.
    pub fn python_of_any_numbers(self) -> Option<(&'static str, &'static str)> {
        match self {
            Entrywise::Div => Some(("_quotient", "_quotient({0}, {1})")),
            Entrywise::Recip => Some(("_quotient", "_quotient(1, {0})")),
            Entrywise::Log => Some(("_log", "_log({0})")),
            Entrywise::Sqrt => Some(("_sqrt", "_sqrt({0})")),
            Entrywise::Log1p => Some(("_log1p", "_log1p({0})")),
            Entrywise::Neg
            | Entrywise::Exp
            | Entrywise::Abs
            | Entrywise::Sign
            | Entrywise::Floor
            | Entrywise::Sin
            | Entrywise::Cos
            | Entrywise::Tanh
            | Entrywise::Sigmoid
            | Entrywise::Expm1
            | Entrywise::Square
            | Entrywise::Conj
            | Entrywise::Real
            | Entrywise::Imag
            | Entrywise::Angle
            | Entrywise::Not
            | Entrywise::ToReal
            | Entrywise::ToComplex
            | Entrywise::Add
            | Entrywise::Sub
            | Entrywise::Mul
            | Entrywise::Min
            | Entrywise::Max
            | Entrywise::Pow
            | Entrywise::XLogY
            | Entrywise::Lt
            | Entrywise::Le
            | Entrywise::Eq
            | Entrywise::Ne
            | Entrywise::And
            | Entrywise::Or
            | Entrywise::Where => None,
        }
    }
}

impl Call {
    /// How many results it has.
    pub fn results(&self) -> usize {
        match self {
            Call::Cholesky | Call::Inverse | Call::SignLogDet | Call::Eigenvectors => 2,
            Call::SingularVectors => 3,
            Call::Entrywise(_)
            | Call::Full(_)
            | Call::Eye(_)
            | Call::Count(_)
            | Call::ImaginaryUnit
            | Call::Expand(_)
            | Call::Broadcast(..)
            | Call::Reshape(_)
            | Call::Transpose
            | Call::Adjoint
            | Call::Diagonal
            | Call::DiagonalMatrix
            | Call::AddDiagonal
            | Call::Concatenate(_)
            | Call::Stack
            | Call::Entry
            | Call::Slice(..)
            | Call::MatMul
            | Call::AddMatMul
            | Call::Kron
            | Call::PartialInner(..)
            | Call::Dot
            | Call::Sum(_)
            | Call::Prod(_)
            | Call::Maximum(_)
            | Call::Minimum(_)
            | Call::LogSumExp(_)
            | Call::CholeskyInverse
            | Call::CholeskySolve
            | Call::Eigenvalues
            | Call::SingularValues => 1,
        }
    }

    /// Whether torch makes the processor wait for the device: eigenvalues and singular values come from a library whose
    /// status torch looks at, and no setting of it avoids that. What is tested of the other calls is tested by tensors.
    pub fn waits(&self) -> bool {
        matches!(self, Call::Eigenvalues | Call::Eigenvectors | Call::SingularValues | Call::SingularVectors)
    }

    /// Whether the result may share the memory of the first operand.
    pub fn is_view(&self) -> bool {
        match self {
            Call::Expand(_)
            | Call::Broadcast(..)
            | Call::Reshape(_)
            | Call::Transpose
            | Call::Adjoint
            | Call::Diagonal
            | Call::Entry
            | Call::Slice(..) => true,
            // The parts of complex numbers, and a conjugate, which torch only notes.
            Call::Entrywise(Entrywise::Real | Entrywise::Imag | Entrywise::Conj) => true,
            Call::Entrywise(_)
            | Call::Full(_)
            | Call::Eye(_)
            | Call::Count(_)
            | Call::ImaginaryUnit
            | Call::DiagonalMatrix
            | Call::AddDiagonal
            | Call::Concatenate(_)
            | Call::Stack
            | Call::MatMul
            | Call::AddMatMul
            | Call::Kron
            | Call::PartialInner(..)
            | Call::Dot
            | Call::Sum(_)
            | Call::Prod(_)
            | Call::Maximum(_)
            | Call::Minimum(_)
            | Call::LogSumExp(_)
            | Call::Cholesky
            | Call::CholeskyInverse
            | Call::CholeskySolve
            | Call::Inverse
            | Call::SignLogDet
            | Call::Eigenvalues
            | Call::Eigenvectors
            | Call::SingularValues
            | Call::SingularVectors => false,
        }
    }
}
