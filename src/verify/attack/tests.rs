//! The pieces of an attack on their own.

use std::collections::BTreeSet;

use super::arena::arenas;
use super::field::Field;
use super::lattice::{self, Kind, Lattice};
use super::objective::{Weights, targets};
use crate::check::{Session, Theorem};
use crate::verify::design::Design;
use crate::verify::layout::Layout;
use crate::verify::sample::{Groups, Numbers, Sample, Sampler};
use crate::verify::seed::{Key, Stream};
use crate::verify::trial::Setting;

fn theorem(text: &str) -> Theorem {
    Session::new().load_text("t.lw", &format!("theorem \"t\" {{ {text} }}")).unwrap().remove(0)
}

/// Runs `body` with the setting of a theorem, as the verifier makes it.
fn set<R>(theorem: &Theorem, body: impl FnOnce(&Setting<'_>) -> R) -> R {
    let key = Key::new(0, &theorem.name);
    let design = Design::draw(theorem, key, 100, false).unwrap();
    let (layout, groups) = (Layout::new(theorem), Groups::new(theorem, false));
    let (_, offsets) = layout.claim_roots();
    body(&Setting { theorem, layout: &layout, offsets, groups: &groups, design: &design, key })
}

#[test]
fn the_slope_of_an_objective_is_its_slope() {
    let texts = [
        "forall n in 3..3, a in (0, 4], m in (0, inf) forall K: Corr[n, complex], L: Pd[n]
         claim entropy(K, a) + m <= logdet(L + K)",
        "forall n in 3..3, a in [1, 2] forall A, B: Sym[n] assume A * B == zeros(n, n) assume trace(A) >= a
         claim A^2 <<= (A + B)^2",
        "forall n in 3..3 forall K: Density[n] forall p: Simplex[n] claim trace(K*K) <= sum(p .* p) equality iff K == diag(p)",
    ];
    for text in texts {
        let theorem = theorem(text);
        set(&theorem, |setting| {
            let targets = targets(setting.layout, 0);
            let field = Field::new(arenas(&theorem).remove(0), targets.len());
            for (target, logarithmic) in (0..targets.len()).flat_map(|target| [(target, false), (target, true)]) {
                let objective = field.objective(setting, &targets, target, logarithmic).unwrap();
                let mut machine = objective.machine();
                machine.weigh(Weights { margin: 1.0, floor: 0.5, penalty: 3.0, room: 0.1 });
                let mut sampler = Sampler::new(&setting.layout.graph, setting.groups, &field.cell).unwrap();
                let mut sample = Sample::new(&setting.layout.graph);
                let mut compared = 0;
                for number in 0..40 {
                    let mut rng = setting.key.generator(Stream::Sample, number);
                    assert!(sampler.draw(&mut sample, &mut rng));
                    let x = objective.pack(&sample);
                    let (mut slope, mut other) = (vec![0.0; x.len()], vec![0.0; x.len()]);
                    // A start far from everything degenerate: the numbers themselves are of no interest.
                    let x: Vec<f64> = x.iter().enumerate().map(|(i, x)| x + ((i * i) as f64).sin()).collect();
                    if machine.evaluate(&x, &mut slope).is_none() {
                        continue;
                    }
                    for place in 0..x.len() {
                        let h = 1e-6;
                        let mut side = |h: f64| {
                            let mut y = x.clone();
                            y[place] += h;
                            machine.evaluate(&y, &mut other)
                        };
                        let (Some(up), Some(down)) = (side(h), side(-h)) else { continue };
                        let secant = (up - down) / (2.0 * h);
                        // Least eigenvalues, moduli and maxima have kinks; at most a few secants straddle one.
                        compared += usize::from((slope[place] - secant).abs() <= 1e-4 * (1.0 + secant.abs()));
                    }
                }
                assert!(
                    compared as f64 >= 0.95 * 40.0 * objective.len() as f64,
                    "{text}: {compared} of {}",
                    objective.len()
                );
            }
        });
    }
}

#[test]
fn samples_are_packed_and_unpacked() {
    let theorem = theorem("forall n in 2..2, a in (0, 4] forall K: Psd[n, complex] claim entropy(K, a) <= 1");
    set(&theorem, |setting| {
        let targets = targets(setting.layout, 0);
        let field = Field::new(arenas(&theorem).remove(0), targets.len());
        let objective = field.objective(setting, &targets, 0, false).unwrap();
        let mut sample = lattice::blank(setting, &field).unwrap();
        let before = sample.clone();
        let x = objective.pack(&sample);
        assert_eq!(x.len(), objective.len());
        objective.unpack(&x, &mut sample);
        for (after, before) in sample.inputs.iter().zip(&before.inputs) {
            match (after, before) {
                (Numbers::Real(a), Numbers::Real(b)) => {
                    assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-9 * b.abs().max(1.0)));
                }
                (a, b) => assert_eq!(a, b),
            }
        }
    });
}

#[test]
fn small_lattices_are_listed_whole() {
    let theorem = theorem("forall n in 3..3 forall K: Corr[n] claim trace(K) == n");
    set(&theorem, |setting| {
        let lattice = Lattice::new(&theorem);
        let field = Field::new(arenas(&theorem).remove(0), 1);
        let mut sample = lattice::blank(setting, &field).unwrap();
        let mut rng = setting.key.generator(Stream::Attack, 1);
        let mut seen = |kind: Kind| {
            let count = lattice.count(kind, &sample, &|_| 3);
            let mut all = BTreeSet::new();
            for number in 0..count {
                lattice.assign(kind, Some(number), &mut sample, &|_| 3, &mut rng);
                let Numbers::Real(w) = &sample.inputs[0] else { panic!("a real factor") };
                // The kernel of a 3 × 3 factor W, up to its scale.
                let entry = |i: usize, j: usize| (0..3).map(|k| w[k + 3 * i] * w[k + 3 * j]).sum::<f64>() as i64;
                all.insert(if kind == Kind::Partitions {
                    vec![entry(0, 1), entry(0, 2), entry(1, 2)]
                } else {
                    w.iter().map(|x| *x as i64).collect()
                });
            }
            (count, all.len())
        };
        // Three elements have Bell(3) = 5 partitions.
        assert_eq!(seen(Kind::Partitions), (9, 5));
        let signs = lattice.kinds(&theorem)[2];
        assert_eq!(seen(signs), (512, 512));
    });
}

#[test]
fn small_sizes_come_first_and_scalars_move_or_stand_at_special_values() {
    let theorem = theorem("forall n in 1..9, a in (0, 4] forall K: Corr[n] claim entropy(K, a) <= log(n)");
    let cells = arenas(&theorem);
    assert!(cells.is_sorted_by_key(|cell| cell.size) && cells.last().unwrap().size == 82);
    // n² numbers and α.
    let ones = cells.iter().filter(|cell| cell.size == 2);
    assert_eq!(ones.clone().filter(|cell| cell.instance.constants.is_empty()).count(), 1);
    assert!(ones.clone().count() > 3, "α = 1, 2, 1/2 and the like have arenas of their own");
}
