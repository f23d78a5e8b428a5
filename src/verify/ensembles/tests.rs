//! The ensembles against what they promise: shapes of members, ranks, moments with closed forms.

use num_complex::Complex;

use super::columns::Columns;
use super::draw::{self, Scratch, Shared};
use super::entry::Entry;
use super::kinds::{KINDS, Kind};
use super::partition::{Placement, Plan};
use super::scalar::{Ends, point, special_values};
use super::{joint, other};
use crate::verify::seed::{Key, Rng, Stream};

fn rng(name: &str) -> Rng {
    Key::new(20_250_101, name).generator(Stream::Sample, 0)
}

fn drawn<E: Entry>(kind: Kind, rows: usize, cols: usize, rng: &mut Rng) -> Columns<E> {
    let mut w = Columns::new();
    w.reset(rows, cols);
    let shared = Shared { partitions: Plan::draw(cols, Placement::Independent, rng), angle: 0.3 };
    draw::draw(kind, 0, &shared, &mut w, &mut Scratch::default(), rng);
    w
}

/// The columns divided by their norms, as the charts do.
fn normalised<E: Entry>(mut w: Columns<E>) -> Columns<E> {
    for j in 0..w.cols() {
        let norm = w.norm2(j).sqrt();
        w.scale_col(j, 1.0 / norm);
    }
    w
}

/// The rank of a Gram matrix, by Cholesky's method with the largest pivot first.
fn rank<E: Entry>(w: &Columns<E>, tolerance: f64) -> usize {
    let n = w.cols();
    let mut rest = w.clone();
    let mut rank = 0;
    while rank < n {
        let (best, norm2) =
            (0..n).map(|j| (j, rest.norm2(j))).fold((0, 0.0), |best, next| if next.1 > best.1 { next } else { best });
        if norm2 <= tolerance {
            break;
        }
        rest.scale_col(best, 1.0 / norm2.sqrt());
        let unit: Vec<E> = rest.col(best).to_vec();
        for j in 0..n {
            let along = unit.iter().zip(rest.col(j)).fold(E::real(0.0), |sum, (a, b)| sum + a.conj() * *b);
            for (x, a) in rest.col_mut(j).iter_mut().zip(&unit) {
                *x -= *a * along;
            }
        }
        rank += 1;
    }
    rank
}

fn every_kind<E: Entry>() {
    let mut rng = rng("every kind");
    for row in KINDS {
        for (rows, cols) in [(1, 1), (2, 2), (5, 5), (8, 8), (7, 3), (2, 6), (1, 4), (3, 1)] {
            if row.tall && rows < cols {
                continue;
            }
            for _ in 0..20 {
                let w = normalised(drawn::<E>(row.kind, rows, cols, &mut rng));
                assert_eq!((w.rows(), w.cols()), (rows, cols));
                for j in 0..cols {
                    assert!((w.norm2(j) - 1.0).abs() < 1e-12, "{} at {rows} × {cols}: {w:?}", row.name);
                    for i in 0..cols {
                        // Cauchy and Schwarz: a kernel of unit diagonal has no larger entry.
                        assert!(w.dot(i, j).abs2() <= 1.0 + 1e-12, "{}", row.name);
                    }
                }
            }
        }
    }
}

#[test]
fn every_kind_gives_kernels_of_unit_diagonal_at_every_shape() {
    every_kind::<f64>();
    every_kind::<Complex<f64>>();
}

#[test]
fn every_kind_is_chosen_where_it_fits() {
    let mut rng = rng("choice");
    for thin in [false, true] {
        let mut seen = [0; 64];
        for _ in 0..4000 {
            seen[Kind::choose(4, 4, thin, &mut rng) as usize] += 1;
            assert!(!Kind::choose(2, 4, thin, &mut rng).row().tall);
        }
        assert!(seen[..KINDS.len()].iter().all(|count| *count > 0), "{seen:?}");
    }
}

#[test]
fn partitions_are_kernels_of_zeros_and_ones() {
    let mut rng = rng("partitions");
    for _ in 0..200 {
        let w = drawn::<f64>(Kind::Partition, 6, 6, &mut rng);
        for i in 0..6 {
            for j in 0..6 {
                let x = w.dot(i, j);
                assert!(x == 0.0 || x == 1.0);
            }
        }
    }
}

#[test]
fn ranks_are_as_promised() {
    let mut rng = rng("ranks");
    let mut seen = [false; 6];
    for _ in 0..200 {
        let rank_of = |kind, rng: &mut Rng| rank(&drawn::<f64>(kind, 5, 5, rng), 1e-20);
        seen[rank_of(Kind::LowRank, &mut rng)] = true;
        assert_eq!(rank(&drawn::<f64>(Kind::Collapsed, 5, 5, &mut rng), 1e-20), 1);
        assert_eq!(rank(&drawn::<Complex<f64>>(Kind::RankOne, 5, 5, &mut rng), 1e-20), 1);
        assert_eq!(rank_of(Kind::Orthonormal, &mut rng), 5);
        assert_eq!(rank_of(Kind::Identity, &mut rng), 5);
    }
    assert!(seen[1..].iter().all(|seen| *seen), "every rank of the Wishart matrices occurs: {seen:?}");
}

#[test]
fn orthonormal_columns_are_orthonormal_and_tight_frames_tight() {
    let mut rng = rng("frames");
    for _ in 0..50 {
        let w = drawn::<Complex<f64>>(Kind::Orthonormal, 6, 4, &mut rng);
        for i in 0..4 {
            for j in 0..4 {
                let delta = if i == j { 1.0 } else { 0.0 };
                assert!((w.dot(i, j) - Complex::new(delta, 0.0)).norm() < 1e-14);
            }
        }
        // A unit-norm tight frame of n vectors in d dimensions: Σ |<a, b>|² = n²/d (Benedetto and Fickus 2003).
        let w = normalised(drawn::<Complex<f64>>(Kind::Harmonic, 3, 7, &mut rng));
        let potential: f64 = (0..7).flat_map(|i| (0..7).map(move |j| (i, j))).map(|(i, j)| w.dot(i, j).abs2()).sum();
        assert!((potential - 49.0 / 3.0).abs() < 1e-11, "{potential}");
        let w = normalised(drawn::<f64>(Kind::Harmonic, 4, 7, &mut rng));
        let potential: f64 = (0..7).flat_map(|i| (0..7).map(move |j| (i, j))).map(|(i, j)| w.dot(i, j).abs2()).sum();
        assert!((potential - 49.0 / 4.0).abs() < 1e-11, "{potential}");
    }
}

#[test]
fn equicorrelated_kernels_reach_their_negative_end() {
    let mut rng = rng("equicorrelated");
    let mut least = 0.0f64;
    for _ in 0..200 {
        let w = drawn::<f64>(Kind::Equicorrelated, 5, 5, &mut rng);
        let r = w.dot(0, 1);
        for i in 0..5 {
            assert!((w.norm2(i) - 1.0).abs() < 1e-12);
            for j in 0..i {
                assert!((w.dot(i, j) - r).abs() < 1e-7, "{w:?}");
            }
        }
        least = least.min(r);
    }
    assert!((least + 0.25).abs() < 1e-12);
}

#[test]
fn levelling_keeps_the_spectrum() {
    let mut rng = rng("levelling");
    for _ in 0..100 {
        let mut w = Columns::<Complex<f64>>::new();
        w.reset(5, 5);
        w.gaussian(&mut rng);
        let invariants = |w: &Columns<Complex<f64>>| {
            let trace: f64 = (0..5).map(|j| w.norm2(j)).sum();
            let squares: f64 = (0..5).flat_map(|i| (0..5).map(move |j| (i, j))).map(|(i, j)| w.dot(i, j).abs2()).sum();
            (trace, squares)
        };
        let before = invariants(&w);
        w.level_norms(&mut Vec::new());
        let after = invariants(&w);
        assert!((before.0 - after.0).abs() < 1e-11 * before.0 && (before.1 - after.1).abs() < 1e-11 * before.1);
        for j in 0..5 {
            assert!((w.norm2(j) - before.0 / 5.0).abs() < 1e-11 * before.0);
        }
    }
}

#[test]
fn correlations_of_the_onion_method_have_the_beta_moments() {
    // Each r = 2 Beta(b, b) − 1 with b = η − 1 + n/2 (Lewandowski, Kurowicka and Joe 2009), so that E r² = 1/(2b + 1).
    // The kind mixes five shapes η.
    let n = 4;
    let mut rng = rng("LKJ");
    let samples = 40_000;
    let mut sums = [[0.0; 4]; 4];
    for _ in 0..samples {
        let w = drawn::<f64>(Kind::Lkj, n, n, &mut rng);
        for (i, row) in sums.iter_mut().enumerate() {
            for (j, sum) in row.iter_mut().enumerate().take(i) {
                *sum += w.dot(i, j).powi(2) / f64::from(samples);
            }
        }
    }
    let expected =
        [0.05, 0.5, 1.0, 2.0, 10.0].iter().map(|eta| 1.0 / (2.0 * (eta - 1.0 + n as f64 / 2.0) + 1.0)).sum::<f64>()
            / 5.0;
    for (i, row) in sums.iter().enumerate() {
        for sum in row.iter().take(i) {
            // Five standard errors: r² has variance below 1/10.
            assert!((sum - expected).abs() < 5.0 * (0.1 / f64::from(samples)).sqrt(), "{sum} against {expected}");
        }
    }
}

#[test]
fn haar_entries_have_their_moments() {
    // E|q|² = 1/n; E|q|⁴ = 3/(n(n + 2)) for orthogonal, 2/(n(n + 1)) for unitary matrices.
    fn moments<E: Entry>(rng: &mut Rng) -> (f64, f64, f64) {
        let samples = 20_000;
        let (mut second, mut fourth, mut first) = (0.0, 0.0, 0.0);
        let mut q = Columns::<E>::new();
        for _ in 0..samples {
            q.haar(3, 3, rng);
            let x = q.at(1, 2);
            second += x.abs2() / f64::from(samples);
            fourth += x.abs2().powi(2) / f64::from(samples);
            first += x.re() / f64::from(samples);
        }
        (first, second, fourth)
    }
    let mut rng = rng("Haar");
    let (first, second, fourth) = moments::<f64>(&mut rng);
    assert!(first.abs() < 0.02 && (second - 1.0 / 3.0).abs() < 0.01 && (fourth - 0.2).abs() < 0.01);
    let (first, second, fourth) = moments::<Complex<f64>>(&mut rng);
    assert!(first.abs() < 0.02 && (second - 1.0 / 3.0).abs() < 0.01 && (fourth - 1.0 / 6.0).abs() < 0.01);
}

#[test]
fn the_factor_of_a_kernel_gives_it_back() {
    let mut rng = rng("Cholesky");
    for _ in 0..50 {
        let a = drawn::<Complex<f64>>(Kind::LowRank, 6, 6, &mut rng);
        let mut c = Columns::new();
        c.reset(6, 6);
        for i in 0..6 {
            for j in 0..6 {
                c.set(i, j, a.dot(i, j));
            }
        }
        c.semidefinite_cholesky();
        for i in 0..6 {
            for j in 0..6 {
                // A pivot below n ε is dropped, and its row with it: an error of the root of that.
                assert!((c.dot(i, j) - a.dot(i, j)).norm() < 1e-6, "{} {}", c.dot(i, j), a.dot(i, j));
            }
        }
    }
}

#[test]
fn probability_vectors_masks_and_frames_are_members() {
    let mut rng = rng("others");
    let (mut vertex, mut zeros, mut ones) = (false, false, false);
    for _ in 0..500 {
        let mut w = [0.0; 5];
        other::simplex(&mut w, &mut rng);
        let squares: f64 = w.iter().map(|x| x * x).sum();
        assert!(squares > 0.0 && squares.is_finite());
        vertex |= w.iter().filter(|x| **x > 0.0).count() == 1;
        other::mask(&mut w, &mut rng);
        assert!(w.iter().all(|x| x.abs() == 1.0));
        zeros |= w.iter().all(|x| *x < 0.0);
        ones |= w.iter().all(|x| *x > 0.0);
        let mut q = Columns::<f64>::new();
        q.reset(5, 3);
        other::frame(&mut q, &mut rng);
        assert!((0..3).all(|i| (q.norm2(i) - 1.0).abs() < 1e-13));
        let mut a = Columns::<Complex<f64>>::new();
        a.reset(4, 4);
        other::hermitian(&mut a, &mut Scratch::default(), &mut rng);
        assert!((0..4).all(|i| (0..4).all(|j| a.at(i, j) == a.at(j, i).conj())));
    }
    assert!(vertex && zeros && ones);
}

#[test]
fn copies_are_exact_and_frequent() {
    let mut rng = rng("joint");
    let (mut equal, mut near) = (0, 0);
    for _ in 0..2000 {
        let mut group = [Columns::<f64>::new(), Columns::new()];
        group.iter_mut().for_each(|w| w.reset(4, 4));
        joint::systems(&mut group, false, false, &mut Scratch::default(), &mut rng);
        equal += usize::from(group[0] == group[1]);
        let distance: f64 = group[0].entries().iter().zip(group[1].entries()).map(|(x, y)| (x - y).powi(2)).sum();
        near += usize::from(group[0] != group[1] && distance < 1e-4);
    }
    assert!(equal > 150 && near > 50, "{equal} equal, {near} near");
}

#[test]
fn edges_of_intervals_are_hit_and_open_ends_approached() {
    let mut rng = rng("intervals");
    let end = |x: i64| Some(num_rational::BigRational::from_integer(x.into()));
    let ends = Ends { lo: 0.0, lo_closed: false, hi: 20.0, hi_closed: true, lo_exact: end(0), hi_exact: end(20) };
    let (mut top, mut tiny, mut one, mut near_one) = (0, 0, 0, 0);
    for _ in 0..10_000 {
        let (x, _) = point(&ends, &mut rng);
        assert!(ends.contains(x), "{x}");
        top += usize::from(x == 20.0);
        tiny += usize::from(x < 1e-3);
        one += usize::from(x == 1.0);
        near_one += usize::from(x != 1.0 && (x - 1.0).abs() < 1e-6);
    }
    assert!(top > 50 && tiny > 50 && one > 100 && near_one > 50, "{top} {tiny} {one} {near_one}");
    let special = special_values(&ends);
    assert!(special.iter().all(|x| ends.contains_exactly(x)) && special[0] == end(20).unwrap());
    // From 0 to infinity over decades.
    let ends = Ends { hi: f64::INFINITY, hi_closed: false, hi_exact: None, ..ends };
    let (mut large, mut small) = (false, false);
    for _ in 0..5000 {
        let (x, _) = point(&ends, &mut rng);
        assert!(ends.contains(x));
        large |= x > 1e4;
        small |= x < 1e-3;
    }
    assert!(large && small);
}

#[test]
fn ends_that_no_double_equals_are_kept_exactly() {
    // 1/10 is not a double: the nearest one lies above it, so that it is outside [0, 1/10].
    let tenth = num_rational::BigRational::new(1.into(), 10.into());
    let ends = Ends {
        lo: 0.0,
        lo_closed: true,
        hi: 0.1,
        hi_closed: true,
        lo_exact: Some(num_rational::BigRational::from_integer(0.into())),
        hi_exact: Some(tenth.clone()),
    };
    assert!(!ends.contains(0.1) && ends.contains(0.1f64.next_down()) && ends.contains_exactly(&tenth));
}
