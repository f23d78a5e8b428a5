//! Points at smaller sizes: some rows, columns or samples of each member are kept.

use super::point::{Given, Point, size};
use crate::certify::Entries;
use crate::check::Theorem;
use crate::ir::{Dim, Range, SizeVar, Sizes, Type};

/// How many choices of rows are looked at for one size.
const MAX_CHOICES: usize = 200;

/// The choices of some of so many things, in the order of a dictionary, up to a bound.
pub fn subsets(of: usize, some: usize) -> impl Iterator<Item = Vec<usize>> {
    let first = (1..=of).contains(&some).then(|| (0..some).collect::<Vec<usize>>());
    let next = move |choice: &Vec<usize>| {
        // The last place that can still move up does, and what follows it starts right after it.
        let place = (0..some).rev().find(|place| choice[*place] + some - place < of)?;
        let mut choice = choice.clone();
        choice[place] += 1;
        for later in place + 1..some {
            choice[later] = choice[later - 1] + 1;
        }
        Some(choice)
    };
    std::iter::successors(first, next).take(MAX_CHOICES)
}

/// A point with only some of the rows, columns or samples whose number is a size. Other sizes that follow from it keep
/// what comes first. `None` where a size would grow.
pub fn part(theorem: &Theorem, point: &Point, var: &SizeVar, kept: &[usize]) -> Option<Point> {
    let mut sizes = point.sizes.clone();
    sizes.insert(var.clone(), kept.len() as i64);
    let cut = Cut { before: &point.sizes, after: &sizes, var: Dim::var(var.clone()), kept };
    let mut givens = Vec::with_capacity(point.givens.len());
    for (variable, given) in theorem.variables.iter().zip(&point.givens) {
        givens.push(match (given, &variable.range) {
            (Some(Given::Raw(blocks)), Range::Domain(domain)) => {
                let raw = domain.raw();
                let cut = blocks.iter().zip(&raw).map(|(block, raw)| cut.entries(block, &raw.ty));
                Some(Given::Raw(cut.collect::<Option<Vec<_>>>()?))
            }
            (Some(Given::Exact(entries)), Range::Domain(domain)) => {
                Some(Given::Exact(cut.entries(entries, &domain.ty())?))
            }
            (given, _) => given.clone(),
        });
    }
    Some(Point { sizes, givens, loose: None })
}

struct Cut<'a> {
    before: &'a Sizes,
    after: &'a Sizes,
    var: Dim,
    kept: &'a [usize],
}

impl Cut<'_> {
    /// The places that are kept along a size.
    fn places(&self, dim: &Dim) -> Option<Vec<usize>> {
        if *dim == self.var {
            return Some(self.kept.to_vec());
        }
        let (before, after) = (size(dim, self.before)?, size(dim, self.after)?);
        (after <= before).then(|| (0..after).collect())
    }

    fn entries(&self, entries: &Entries, ty: &Type) -> Option<Entries> {
        let (rows, cols) = (self.places(&ty.shape.rows())?, self.places(&ty.shape.cols())?);
        let height = size(&ty.shape.rows(), self.before)?;
        let places = cols.iter().flat_map(|j| rows.iter().map(move |i| j * height + i));
        Some(match entries {
            Entries::Real(x) => Entries::Real(places.map(|at| x.get(at).cloned()).collect::<Option<_>>()?),
            Entries::Complex(x) => Entries::Complex(places.map(|at| x.get(at).cloned()).collect::<Option<_>>()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subsets_are_all_of_them() {
        let all = |of, some| subsets(of, some).collect::<Vec<_>>();
        assert_eq!(all(3, 2), [[0, 1], [0, 2], [1, 2]]);
        assert_eq!(all(4, 4), [[0, 1, 2, 3]]);
        assert_eq!(all(8, 3).len(), 56);
        assert_eq!(all(30, 9).len(), MAX_CHOICES);
        assert!(all(2, 3).is_empty() && all(2, 0).is_empty());
    }
}
