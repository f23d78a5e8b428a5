//! Where a claim is attacked: combinations of sizes from the smallest up, with scalars that move freely or stand at the
//! numbers where formulas change.

use num_traits::ToPrimitive;

use crate::check::{Theorem, VariableKind};
use crate::ir::{Instance, Range};
use crate::verify::design::{Cell, Drawer, ScalarDraw};
use crate::verify::ensembles::special_values;
use crate::verify::evaluate;

/// How many values of one size are tried, from its least.
const SIZES: i64 = 12;

/// The most raw numbers of a sample.
const LARGEST: i64 = 400;

/// The most combinations of sizes and finite sets that are looked at, and that are kept.
const LOOKED_AT: usize = 20_000;
const KEPT: usize = 96;

/// The most arenas of one combination in which scalars stand at special values.
const SPECIAL: usize = 6;

/// The arenas of a theorem, small ones first; those of one combination of sizes follow each other, the one in which all
/// scalars move first.
pub fn arenas(theorem: &Theorem) -> Vec<Cell> {
    let drawer = Drawer::new(theorem);
    let mut cases = vec![(Instance::default(), Vec::new())];
    for variable in &theorem.variables {
        let mut next: Vec<(Instance, Vec<_>)> = Vec::new();
        for (instance, scalars) in &cases {
            match (&variable.kind, &variable.range) {
                (VariableKind::Size(size), range) => {
                    let values: Vec<i64> = match range {
                        Range::Integers(lo, hi) => match (lo.eval(&instance.sizes), hi.eval(&instance.sizes)) {
                            (Some(lo), Some(hi)) => (lo..=hi.min(lo.saturating_add(SIZES - 1))).collect(),
                            (None, _) | (_, None) => Vec::new(),
                        },
                        Range::Finite(values) => {
                            values.iter().filter_map(|value| value.to_integer().to_i64()).collect()
                        }
                        Range::Domain(_) | Range::Interval(_) => Vec::new(),
                    };
                    next.extend(values.into_iter().map(|value| {
                        let mut instance = instance.clone();
                        instance.sizes.insert(size.clone(), value);
                        (instance, scalars.clone())
                    }));
                }
                (VariableKind::Scalar { input, .. }, Range::Finite(values)) => {
                    next.extend(values.iter().map(|value| {
                        let (mut instance, mut scalars) = (instance.clone(), scalars.clone());
                        instance.constants.insert(*input, value.clone());
                        scalars.push((*input, ScalarDraw::Baked(value.clone())));
                        (instance, scalars)
                    }));
                }
                (VariableKind::Scalar { input, .. }, Range::Interval(interval)) => {
                    let draw = match evaluate::ends(&theorem.graph, interval, instance) {
                        Ok(Some(ends)) if ends.is_empty() => continue,
                        Ok(Some(ends)) => ScalarDraw::Inside(ends),
                        Ok(None) => ScalarDraw::Computed(*interval),
                        Err(_) => continue,
                    };
                    let mut scalars = scalars.clone();
                    scalars.push((*input, draw));
                    next.push((instance.clone(), scalars));
                }
                (VariableKind::Member { .. }, Range::Domain(domain)) if domain.is_empty(&instance.sizes) => {}
                (VariableKind::Scalar { .. } | VariableKind::Member { .. }, _) => {
                    next.push((instance.clone(), scalars.clone()));
                }
            }
            if next.len() > LOOKED_AT {
                break;
            }
        }
        cases = next;
    }
    let mut cells: Vec<Cell> = cases
        .into_iter()
        .filter_map(|(instance, scalars)| {
            let size = drawer.entries(&instance).filter(|size| *size <= LARGEST)?;
            Some(Cell { instance, scalars, size, first: 0, count: 0 })
        })
        .collect();
    cells.sort_by_key(|cell| cell.size);
    cells.truncate(KEPT);
    cells.into_iter().flat_map(|cell| std::iter::once(cell.clone()).chain(at_special_values(&cell))).collect()
}

/// The cell with one scalar of an interval at a special value.
fn at_special_values(cell: &Cell) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (place, (input, draw)) in cell.scalars.iter().enumerate() {
        let ScalarDraw::Inside(ends) = draw else { continue };
        for value in special_values(ends) {
            let mut cell = cell.clone();
            cell.instance.constants.insert(*input, value.clone());
            cell.scalars[place].1 = ScalarDraw::Baked(value);
            cells.push(cell);
        }
    }
    cells.truncate(SPECIAL);
    cells
}
