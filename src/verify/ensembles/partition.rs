//! Random set partitions, and pairs of them that are placed to each other on purpose.

use rand::RngExt;

use crate::verify::seed::Rng;

/// How the partitions of one sample stand to each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Placement {
    /// Drawn one by one.
    Independent,
    /// Each refines the one before.
    Refining,
    /// The cells of a grid: one partition by its rows, one by its columns, one by its diagonals, in turn.
    Crossing,
    /// A common block for most elements, and for each partition another few elements apart.
    Offset,
    /// The first element alone in every partition, the others in a grid.
    Pivot,
}

/// A uniform placement, with a preference for crossings.
pub fn placement(rng: &mut Rng) -> Placement {
    use Placement::{Crossing, Independent, Offset, Pivot, Refining};
    [Independent, Refining, Crossing, Crossing, Offset, Offset, Pivot][rng.random_range(0..7)]
}

/// What the partitions of one sample share.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Plan {
    placement: Placement,
    grid: usize,
    /// The elements are dealt to the grid from here, so that the last line of the grid is often incomplete.
    offset: usize,
    concentration: f64,
}

impl Plan {
    /// Draws what the partitions of n elements share.
    pub fn draw(n: usize, placement: Placement, rng: &mut Rng) -> Plan {
        Plan {
            placement,
            grid: rng.random_range(1..=n.max(1)),
            offset: rng.random_range(0..n.max(1)),
            concentration: [0.2, 0.5, 1.0, 3.0][rng.random_range(0..4)],
        }
    }

    /// Fills the block of each element for the partition with this number of the sample. `before` is the partition
    /// before it, empty for the first.
    pub fn fill(&self, number: usize, before: &[usize], blocks: &mut [usize], rng: &mut Rng) {
        let n = blocks.len();
        match self.placement {
            Placement::Independent => self.restaurant(blocks, rng),
            Placement::Refining if before.len() == n => {
                self.restaurant(blocks, rng);
                // The common refinement of the two: one block for each pair of blocks that occurs.
                for block in blocks.iter_mut().zip(before) {
                    *block.0 += *block.1 * n;
                }
                renumber(blocks);
            }
            Placement::Refining => self.restaurant(blocks, rng),
            Placement::Crossing => {
                self.grid(self.offset, number, blocks);
                renumber(blocks);
            }
            Placement::Pivot => {
                if let Some((first, others)) = blocks.split_first_mut() {
                    *first = n;
                    self.grid(0, number, others);
                }
                renumber(blocks);
            }
            Placement::Offset => {
                let apart = self.grid.min(n.div_ceil(2));
                for (i, block) in blocks.iter_mut().enumerate() {
                    let start = (self.offset + number * apart) % n;
                    let place = (i + n - start) % n;
                    *block = if place < apart { if self.concentration < 1.0 { place + 1 } else { 1 } } else { 0 };
                }
                renumber(blocks);
            }
        }
    }

    fn grid(&self, offset: usize, number: usize, blocks: &mut [usize]) {
        for (i, block) in blocks.iter_mut().enumerate() {
            let cell = i + offset;
            let (row, col) = (cell / self.grid, cell % self.grid);
            *block = match number % 3 {
                0 => row,
                1 => col,
                _ => (row + col) % self.grid,
            };
        }
    }

    /// The Chinese restaurant process (Aldous 1985; Pitman 1997).
    fn restaurant(&self, blocks: &mut [usize], rng: &mut Rng) {
        let mut tables = 0;
        for i in 0..blocks.len() {
            let u = rng.random::<f64>() * (i as f64 + self.concentration);
            blocks[i] = if u < i as f64 { blocks[u as usize] } else { tables };
            tables = tables.max(blocks[i] + 1);
        }
    }
}

/// Renames blocks to 0, 1, 2, ... in the order of their first elements.
fn renumber(blocks: &mut [usize]) {
    // Marks with the high bit what already has its new name, so that no memory is needed.
    const NAMED: usize = 1 << (usize::BITS - 1);
    let mut next = 0;
    for i in 0..blocks.len() {
        if blocks[i] & NAMED == 0 {
            let old = blocks[i];
            for block in &mut blocks[i..] {
                if *block == old {
                    *block = next | NAMED;
                }
            }
            next += 1;
        }
    }
    for block in blocks {
        *block &= !NAMED;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::seed::{Key, Stream};

    #[test]
    fn renumbering_keeps_the_blocks() {
        let mut blocks = [7, 3, 7, 9, 3];
        renumber(&mut blocks);
        assert_eq!(blocks, [0, 1, 0, 2, 1]);
    }

    #[test]
    fn refinements_refine_and_grids_cross() {
        let mut rng = Key::new(1, "partitions").generator(Stream::Sample, 0);
        for _ in 0..200 {
            let plan = Plan::draw(6, Placement::Refining, &mut rng);
            let (mut first, mut second) = ([0; 6], [0; 6]);
            plan.fill(0, &[], &mut first, &mut rng);
            plan.fill(1, &first, &mut second, &mut rng);
            for i in 0..6 {
                for j in 0..6 {
                    assert!(second[i] != second[j] || first[i] == first[j]);
                }
            }
            let plan = Plan::draw(6, Placement::Crossing, &mut rng);
            plan.fill(0, &[], &mut first, &mut rng);
            plan.fill(1, &first, &mut second, &mut rng);
            for i in 0..6 {
                for j in 0..i {
                    assert!(first[i] != first[j] || second[i] != second[j], "a row and a column meet once");
                }
            }
        }
    }
}
