//! The table of ensembles of column systems.
//!
//! Kernels are Gram matrices of columns, and so are the factors that losses take: one row here serves `Psd`, `Pd`,
//! `Corr`, `Density`, `UnitCols`, `UnitRows`, `Mat` and `Vec` alike. Random Gaussian factors alone never come near the
//! thin sets on which false inequalities fail, hence the many rows.

macro_rules! kinds {
    ($($kind:ident $name:literal, weight $weight:literal, thin $thin:literal, tall $tall:literal, $source:literal;)*) => {
        /// An ensemble of column systems.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Kind { $(#[doc = $source] $kind,)* }

        /// The table.
        pub static KINDS: &[KindRow] = &[$(KindRow {
            kind: Kind::$kind, name: $name, weight: $weight, thin: $thin, tall: $tall, source: $source,
        },)*];
    };
}

/// One ensemble.
pub struct KindRow {
    /// Which.
    pub kind: Kind,
    /// Its name in reports.
    pub name: &'static str,
    /// How often it is drawn.
    pub weight: u32,
    /// How often it is drawn when a hypothesis is an equality, which exact structures meet more often than random ones.
    pub thin: u32,
    /// Whether it needs at least as many rows as columns.
    pub tall: bool,
    /// What it is, and its source where it has one.
    pub source: &'static str,
}

kinds! {
    Gaussian "Wishart", weight 6, thin 2, tall false,
        "independent Gaussian columns: a Wishart matrix of full rank (Wishart 1928), spherical columns when normalised";
    LowRank "Wishart of low rank", weight 6, thin 2, tall false,
        "Gaussian columns in the first r dimensions, r uniform: the singular Wishart matrices (Srivastava 2003)";
    Lkj "LKJ", weight 4, thin 1, tall true,
        "the onion method in its Cholesky form, several shapes (Lewandowski, Kurowicka and Joe, J. Multivariate Anal. 100, 2009)";
    PowerLaw "power-law spectrum", weight 2, thin 1, tall false,
        "eigenvalues k^-s in a Haar-random basis, norms levelled by rotations (Davies and Higham 2000)";
    Geometric "geometric spectrum", weight 2, thin 1, tall false,
        "eigenvalues q^k in a Haar-random basis, norms levelled by rotations (Davies and Higham 2000)";
    OneLarge "one large eigenvalue", weight 2, thin 1, tall false,
        "one eigenvalue far above the equal others (a spiked model, Johnstone 2001), norms levelled";
    FlatWithZeros "flat spectrum with zeros", weight 3, thin 1, tall false,
        "a scaled projection of random rank in a Haar-random basis, norms levelled";
    Partition "set partition", weight 8, thin 2, tall false,
        "a one-hot column per sample, by a random set partition (Pitman 1997): a kernel of zeros and ones";
    Fan "fan", weight 4, thin 1, tall false,
        "columns at the angles 0, t and -t in a plane, t over decades: the smooth relatives of three-block partitions";
    Equicorrelated "equicorrelated", weight 3, thin 1, tall true,
        "(1 - r) I + r 11', r in [-1/(n-1), 1] with the singular negative end: the simplex";
    NearCollapsed "near-collapsed", weight 3, thin 1, tall false,
        "one column repeated, plus noise over decades";
    Collapsed "collapsed", weight 2, thin 2, tall false,
        "one column repeated: the kernel of ones";
    NearIdentity "near-identity", weight 3, thin 1, tall false,
        "coordinate vectors plus noise over decades";
    Identity "coordinate vectors", weight 2, thin 10, tall false,
        "coordinate vectors in random order, with random signs: the identity kernel where there are enough dimensions";
    NearSingular "near-singular", weight 3, thin 1, tall false,
        "Gaussian columns of which the last is a combination of the others up to noise over decades";
    Rbf "RBF", weight 3, thin 1, tall true,
        "exp(-|x - y|²/(2 l²)) of random points, l over decades (Schoenberg 1938)";
    Autoregressive "AR(1)", weight 3, thin 1, tall true,
        "r^|i-j|, the Toeplitz kernel of an autoregressive process of order 1";
    Circulant "circulant", weight 3, thin 1, tall false,
        "a random spectrum in the Fourier basis: circulant, hence Toeplitz kernels (Davis 1979)";
    Banded "banded", weight 2, thin 1, tall false,
        "columns that overlap with their neighbours only";
    RankOne "signs or phases", weight 3, thin 1, tall false,
        "one column times signs or phases: kernels all of whose entries have modulus 1";
    Signs "sign vectors", weight 2, thin 1, tall false,
        "entries of modulus 1: random signs, or phases";
    Integer "small integers", weight 4, thin 1, tall false,
        "small integer vectors in few dimensions: kernels of few distinct exact entries";
    Orthonormal "orthonormal", weight 3, thin 10, tall false,
        "Haar-random orthonormal columns, or a tight frame where there are more columns than dimensions";
    Harmonic "harmonic frame", weight 2, thin 2, tall false,
        "a unit-norm tight frame of sampled sines and cosines (Goyal, Kovačević and Kelner 2001)";
    Repeated "repeated columns", weight 3, thin 1, tall false,
        "few Gaussian columns, each repeated";
    Clusters "clusters", weight 2, thin 1, tall false,
        "few Gaussian columns, each repeated with noise over decades";
    Sparse "sparse", weight 2, thin 1, tall false,
        "columns of one or two nonzero entries";
}

impl Kind {
    /// The ensemble's row.
    pub fn row(self) -> &'static KindRow {
        // The table is written in the order of the enumeration, by the same macro.
        &KINDS[self as usize]
    }

    /// Draws a kind that fits the shape.
    pub fn choose(rows: usize, cols: usize, thin: bool, rng: &mut crate::verify::seed::Rng) -> Kind {
        use rand::RngExt;
        let weight = |row: &KindRow| match (row.tall && rows < cols, thin) {
            (true, _) => 0,
            (false, true) => row.thin,
            (false, false) => row.weight,
        };
        let total: u32 = KINDS.iter().map(weight).sum();
        let mut left = rng.random_range(0..total);
        for row in KINDS {
            let share = weight(row);
            if left < share {
                return row.kind;
            }
            left -= share;
        }
        Kind::Gaussian
    }
}
