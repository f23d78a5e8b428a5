//! What work of a single evaluation is worth sharing out to several threads. The bounds were measured on two: below them a
//! thread that has to be woken costs more than it does.

use faer::Par;

/// Products with fewer multiplications than this run on one thread.
const PRODUCT: usize = 1 << 29;

/// Passes over fewer entries than this run on one thread.
const ENTRIES: usize = 1 << 18;

/// Decompositions of matrices with fewer rows and columns than this run on one thread.
pub(super) const SIDE: usize = 1536;

/// The threads for the product of an m × k and a k × n matrix.
pub(super) fn for_product(m: usize, n: usize, k: usize, par: Par) -> Par {
    if m * n * k < PRODUCT { Par::Seq } else { par }
}

/// The number of threads for a pass over so many entries.
pub(super) fn for_entries(entries: usize, par: Par) -> usize {
    if entries < ENTRIES { 1 } else { par.degree().max(1) }
}

/// The threads for a decomposition of an m × n matrix.
pub(super) fn for_decomposition(m: usize, n: usize, par: Par) -> Par {
    if m.max(n) < SIDE { Par::Seq } else { par }
}
