//! Members of a point as grids of exact entries, and the point with rounded ones.

use super::desk::Desk;
use super::point::{Given, Point, is_plain, size};
use super::rational::{Grid, Way, near};
use crate::ir::{Domain, Range};

/// The sets of the members, by the number of the variable.
pub fn domains(desk: &Desk<'_>) -> Vec<(usize, Domain)> {
    let variables = desk.theorem.variables.iter().enumerate();
    variables
        .filter_map(|(number, variable)| match &variable.range {
            Range::Domain(domain) => Some((number, domain.clone())),
            Range::Integers(..) | Range::Interval(_) | Range::Finite(_) => None,
        })
        .collect()
}

/// The rows and columns of a set's members at a point.
pub fn shape(domain: &Domain, point: &Point) -> Option<(usize, usize)> {
    let shape = domain.ty().shape;
    size(&shape.rows(), &point.sizes).zip(size(&shape.cols(), &point.sizes))
}

/// A member as a grid: its own entries where they are given, else as computed.
pub fn grid(desk: &mut Desk<'_>, point: &Point, variable: usize, domain: &Domain) -> Option<Grid> {
    let (rows, cols) = shape(domain, point)?;
    match &point.givens[variable] {
        Some(Given::Exact(entries)) => Grid::of(entries, rows, cols),
        Some(Given::Raw(raw)) if is_plain(domain.set) => Grid::of(raw.first()?, rows, cols),
        Some(Given::Raw(_) | Given::Scalar(_)) | None => Grid::computed(&desk.member(point, variable)?, rows, cols),
    }
}

/// What gives a name these entries.
pub fn given(domain: &Domain, grid: Grid) -> Given {
    if is_plain(domain.set) { Given::Raw(vec![grid.entries()]) } else { Given::Exact(grid.entries()) }
}

/// Some members of a point, to be rounded again and again.
pub struct Members<'m> {
    members: &'m [(usize, Domain)],
    grids: Vec<Grid>,
}

impl<'m> Members<'m> {
    /// The members as they are; `None` where one has no value.
    pub fn of(desk: &mut Desk<'_>, point: &Point, members: &'m [(usize, Domain)]) -> Option<Self> {
        let grids = members.iter().map(|(number, domain)| grid(desk, point, *number, domain)).collect::<Option<_>>()?;
        Some(Members { members, grids })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The point with them made of multiples of 1/q.
    pub fn rounded(&self, point: &Point, q: u32, way: Way) -> Option<Point> {
        let mut point = point.clone();
        for ((number, domain), grid) in self.members.iter().zip(&self.grids) {
            point.givens[*number] = Some(given(domain, near(domain, grid, q, way)?));
        }
        Some(point)
    }
}
