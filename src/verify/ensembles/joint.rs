//! Several variables of one domain, drawn together: a claim on two kernels fails, or is tight, or has its hypotheses
//! met, most of all where the two are equal, nearly equal, or placed to each other on purpose, which independent draws
//! never are.

use rand::RngExt;

use super::columns::Columns;
use super::draw::{self, Scratch, Shared, decades};
use super::entry::Entry;
use super::kinds::Kind;
use super::other;
use super::partition::{self, Placement, Plan};
use crate::verify::seed::Rng;

/// How the members of a group stand to each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Joint {
    /// Each of its own kind.
    Independent,
    /// Independent draws of one kind, partitions placed to each other.
    SameKind,
    /// All equal.
    Copies,
    /// Copies of the first with noise over decades.
    Perturbed,
    /// Copies of the first with the sign of every entry changed in every other one.
    Negated,
    /// Copies of the first with the columns in another order.
    Permuted,
    /// Copies of the first after a rotation, which leaves the Gram matrix as it is.
    Rotated,
    /// Copies of the first with rows scaled anew: where the rows are orthogonal, the same eigenvectors with another
    /// spectrum.
    SameEigenvectors,
    /// Columns of orthogonal ranges: each member has its own rows.
    Complementary,
}

impl Joint {
    /// Its name in reports, empty where it says nothing.
    pub fn name(self) -> &'static str {
        match self {
            Joint::Independent | Joint::SameKind => "",
            Joint::Copies => "copies",
            Joint::Perturbed => "perturbed copies",
            Joint::Negated => "negated copies",
            Joint::Permuted => "permuted copies",
            Joint::Rotated => "rotated copies",
            Joint::SameEigenvectors => "same eigenvectors",
            Joint::Complementary => "complementary supports",
        }
    }

    fn choose(thin: bool, rng: &mut Rng) -> Joint {
        if thin && rng.random::<bool>() {
            return Joint::Copies;
        }
        match rng.random_range(0..100) {
            0..30 => Joint::Independent,
            30..60 => Joint::SameKind,
            60..70 => Joint::Copies,
            70..78 => Joint::Perturbed,
            78..82 => Joint::Negated,
            82..88 => Joint::Permuted,
            88..92 => Joint::Rotated,
            92..97 => Joint::SameEigenvectors,
            _ => Joint::Complementary,
        }
    }
}

/// What was drawn, for reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Label {
    /// The ensemble of the first member.
    pub kind: &'static str,
    /// How the others stand to it.
    pub joint: &'static str,
}

/// Draws a group of column systems, whose shapes are set and all alike. `free` says that no chart normalises them,
/// `thin` that a hypothesis is an equality.
pub fn systems<E: Entry>(
    group: &mut [Columns<E>],
    free: bool,
    thin: bool,
    scratch: &mut Scratch<E>,
    rng: &mut Rng,
) -> Label {
    let (rows, cols) = (group[0].rows(), group[0].cols());
    let joint = if group.len() > 1 { Joint::choose(thin, rng) } else { Joint::Independent };
    let placement = if joint == Joint::Independent { Placement::Independent } else { partition::placement(rng) };
    let shared = Shared {
        partitions: Plan::draw(cols, placement, rng),
        angle: if rng.random::<bool>() { decades(rng, -3.0, 0.0) } else { rng.random::<f64>() * 1.6 },
    };
    let kind = Kind::choose(rows, cols, thin, rng);
    // Fans need placed partitions even for a single system.
    draw::draw(kind, 0, &shared, &mut group[0], scratch, rng);
    let (first, others) = group.split_at_mut(1);
    let first = &mut first[0];
    for (place, w) in others.iter_mut().enumerate() {
        match joint {
            Joint::Independent => {
                let kind = Kind::choose(rows, cols, thin, rng);
                draw::draw(kind, 0, &shared, w, scratch, rng);
            }
            Joint::SameKind => draw::draw(kind, place + 1, &shared, w, scratch, rng),
            Joint::Copies => w.copy_from(first),
            Joint::Perturbed => {
                w.copy_from(first);
                draw::add_noise(w, decades(rng, -12.0, -0.5), rng);
            }
            Joint::Negated => {
                w.copy_from(first);
                w.scale(if place % 2 == 0 { -1.0 } else { 1.0 });
            }
            Joint::Permuted => {
                w.copy_from(first);
                w.shuffle(rng);
            }
            Joint::Rotated => {
                scratch.basis.haar(rows, rows, rng);
                w.copy_from(first);
                w.rotate(&scratch.basis, &mut scratch.column);
            }
            Joint::SameEigenvectors => {
                w.copy_from(first);
                for i in 0..rows {
                    let s = decades(rng, -2.0, 1.0);
                    for j in 0..cols {
                        let x = w.at(i, j).scale(s);
                        w.set(i, j, x);
                    }
                }
            }
            Joint::Complementary => {
                draw::draw(kind, place + 1, &shared, w, scratch, rng);
                let half = rows / 2;
                for i in 0..rows {
                    for j in 0..cols {
                        let own = if place % 2 == 0 { i >= half } else { i < half };
                        if !own && half > 0 {
                            w.set(i, j, E::real(0.0));
                        }
                    }
                }
            }
        }
    }
    if joint == Joint::Complementary && rows > 1 {
        for i in rows / 2..rows {
            for j in 0..cols {
                first.set(i, j, E::real(0.0));
            }
        }
    }
    let scaling = if free { other::scaling(rng) } else { other::Scaling::None };
    if scaling != other::Scaling::None {
        // Equal members stay equal.
        other::scale(scaling, &mut group[0], rng);
        let (first, others) = group.split_at_mut(1);
        for w in others {
            match joint {
                Joint::Copies => w.copy_from(&first[0]),
                Joint::Independent
                | Joint::SameKind
                | Joint::Perturbed
                | Joint::Negated
                | Joint::Permuted
                | Joint::Rotated
                | Joint::SameEigenvectors
                | Joint::Complementary => other::scale(scaling, w, rng),
            }
        }
    }
    if !free {
        for w in group.iter_mut() {
            draw::no_zero_column(w, rng);
        }
    }
    Label { kind: kind.row().name, joint: joint.name() }
}

/// Draws a group of matrices that are not column systems by `one`, whose shapes are set and all alike. `copyable` says
/// that noise and negation lead to other members of the set.
pub fn others<E: Entry>(
    group: &mut [Columns<E>],
    linear: bool,
    thin: bool,
    rng: &mut Rng,
    mut one: impl FnMut(&mut Columns<E>, &mut Rng) -> &'static str,
) -> Label {
    let kind = one(&mut group[0], rng);
    let joint = match rng.random_range(0..10) {
        _ if group.len() == 1 => Joint::Independent,
        0..6 if !thin => Joint::Independent,
        // Members of one kind meet an equality each for itself, as involutions do, without being equal.
        0..4 if thin => Joint::SameKind,
        8 if linear => Joint::Perturbed,
        9 if linear => Joint::Negated,
        _ => Joint::Copies,
    };
    let (first, others) = group.split_at_mut(1);
    for (place, w) in others.iter_mut().enumerate() {
        match joint {
            Joint::Perturbed => {
                w.copy_from(&first[0]);
                draw::add_noise(w, decades(rng, -12.0, -0.5), rng);
            }
            Joint::Negated => {
                w.copy_from(&first[0]);
                w.scale(if place % 2 == 0 { -1.0 } else { 1.0 });
            }
            Joint::Copies => w.copy_from(&first[0]),
            // There are about ten kinds.
            Joint::SameKind => {
                for _ in 0..32 {
                    if one(w, rng) == kind {
                        break;
                    }
                }
            }
            Joint::Independent | Joint::Permuted | Joint::Rotated | Joint::SameEigenvectors | Joint::Complementary => {
                one(w, rng);
            }
        }
    }
    Label { kind, joint: joint.name() }
}
