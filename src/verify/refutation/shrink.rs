//! From a refutation to a small one: fewer rows and columns, simple scalars, kernels with simple rational entries. Each
//! step is taken only where the smaller input is certified to contradict the claim, and only to what is simpler, so that
//! this comes to an end; the work is counted, not timed, so that it is the same everywhere.

use num_complex::Complex;
use num_rational::BigRational;
use num_traits::{ToPrimitive, Zero};

use super::certificate::Violation;
use super::desk::Desk;
use super::fraction;
use super::land::{Lander, ROUNDING};
use super::point::{Complexity, Given, Point, is_plain, length, size};
use super::rational::{Gauss, Grid, Way, is_hermitian, usual, whole};
use super::round::{Members, domains, given, grid, shape};
use super::select::{part, subsets};
use crate::certify::Entries;
use crate::check::VariableKind;
use crate::ir::{Dim, Domain, Instance, Range, Set};
use crate::verify::sample::Sample;

/// Minimises the margin anew from a sample, at the sizes and scalars of an instance; `None` where nothing better was
/// found.
pub type Polish<'p> = &'p dyn Fn(&Sample, &Instance) -> Option<Sample>;

/// The denominators that entries are rounded to, in turn.
const DENOMINATORS: &[u32] =
    &[1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 50, 64, 100, 1000, 10_000, 1_000_000, 1_000_000_000];

/// The largest raw numbers that are tried where entries cannot be rational.
const WHOLE: &[u32] = &[1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 50, 100, 1000];

/// How many evaluations may be spent on smaller values of one size at a time: a range may have millions of them.
const SIZED: u32 = 4000;

/// The least violation that is worth the simplicity, unless the violation at hand is as small.
const VISIBLE: f64 = 1e-6;

/// The rounds of simplification; a round that finds nothing is the last.
const ROUNDS: usize = 4;

/// How often the margin may be minimised anew.
const POLISHES: u32 = 12;

/// What shrinking ends with: the point, and its violation where it is certified.
pub struct Shrunk {
    /// The point.
    pub point: Point,
    /// Its certificate.
    pub violation: Option<Violation>,
}

/// Shrinks a violation. One that is not certified is given up only for one that is.
pub fn shrink(desk: &mut Desk<'_>, point: Point, violation: Option<Violation>, polish: Polish<'_>) -> Shrunk {
    let margin = desk.margin(&point);
    // A strict inequality fails where its sides are equal, and then there is nothing to see.
    let touched = desk.is_strict() && margin.is_some_and(|margin| margin.abs() <= ROUNDING);
    let floor = match margin {
        Some(_) if touched => -ROUNDING,
        Some(margin) => VISIBLE.min(margin.abs() / 2.0),
        None => VISIBLE,
    };
    let lander = Lander::new(desk, None);
    let complexity = point.complexity(desk.theorem);
    let infinite = margin.is_some_and(f64::is_infinite);
    let mut shrinker = Shrinker { desk, point, violation, complexity, floor, infinite, lander, polish, polishes: 0 };
    for _ in 0..ROUNDS {
        let before = shrinker.complexity;
        shrinker.sizes();
        shrinker.solved();
        shrinker.scalars();
        shrinker.members();
        shrinker.replace();
        shrinker.entries();
        if shrinker.complexity == before || shrinker.desk.spent() {
            break;
        }
    }
    Shrunk { point: shrinker.point, violation: shrinker.violation }
}

struct Shrinker<'d, 'a, 'p> {
    desk: &'d mut Desk<'a>,
    point: Point,
    violation: Option<Violation>,
    complexity: Complexity,
    /// How much the claim must be violated by, as computed.
    floor: f64,
    /// Whether it may be violated by an infinite amount, which shows less than a number does.
    infinite: bool,
    /// Where there are equalities among the hypotheses.
    lander: Option<Lander>,
    polish: Polish<'p>,
    polishes: u32,
}

impl Shrinker<'_, '_, '_> {
    /// Takes a point where it is simpler and certified to contradict the claim.
    fn offer(&mut self, candidate: Point) -> bool {
        let complexity = candidate.complexity(self.desk.theorem);
        if complexity >= self.complexity || self.desk.spent() {
            return false;
        }
        if super::member::check(self.desk.theorem, &candidate).is_err() {
            return false;
        }
        let visible = |margin: f64| margin <= -self.floor && (margin.is_finite() || self.infinite);
        if !self.desk.margin(&candidate).is_some_and(visible) {
            return false;
        }
        let Some(violation) = self.desk.violation(&candidate) else { return false };
        (self.point, self.violation, self.complexity) = (candidate, Some(violation), complexity);
        true
    }

    /// The point with another value of one name.
    fn with(&self, variable: usize, given: Given) -> Point {
        let mut point = self.point.clone();
        point.givens[variable] = Some(given);
        point
    }

    /// Smaller sizes, the smallest first: rows and columns are left out where their number is the size.
    fn sizes(&mut self) {
        let theorem = self.desk.theorem;
        for variable in &theorem.variables {
            let VariableKind::Size(var) = &variable.kind else { continue };
            let Some(now) = size(&Dim::var(var.clone()), &self.point.sizes) else { continue };
            let smaller: Vec<usize> = match &variable.range {
                Range::Integers(lo, _) => {
                    (size(lo, &self.point.sizes).unwrap_or(1)..now).take(SIZED as usize).collect()
                }
                Range::Finite(values) => values.iter().filter_map(|x| x.to_usize()).filter(|x| *x < now).collect(),
                Range::Domain(_) | Range::Interval(_) => Vec::new(),
            };
            let before = self.desk.evaluations;
            'sizes: for to in smaller {
                if self.desk.evaluations - before >= SIZED {
                    break;
                }
                let mut found: Vec<(f64, Point)> = Vec::new();
                for kept in subsets(now, to) {
                    let Some(point) = part(theorem, &self.point, var, &kept) else { continue };
                    let margin = self.desk.margin(&point);
                    // Where no member has the size, every choice makes the same point.
                    let same = point.givens == self.point.givens;
                    found.extend(margin.map(|margin| (margin, point)));
                    if same {
                        break;
                    }
                }
                // What is most violated survives the certificate, if anything does; sorting keeps the first of equals.
                found.sort_by(|a, b| a.0.total_cmp(&b.0));
                for (_, point) in found.iter().take(2) {
                    if self.offer(point.clone()) {
                        break 'sizes;
                    }
                }
                if let Some((_, point)) = found.into_iter().next()
                    && self.polished(&point)
                {
                    break;
                }
            }
        }
    }

    /// Minimises the margin anew from a point of raw numbers that does not contradict the claim, and offers what comes
    /// out.
    fn polished(&mut self, point: &Point) -> bool {
        let raw = point.givens.iter().flatten().all(|given| !matches!(given, Given::Exact(_)));
        if !raw || self.polishes >= POLISHES {
            return false;
        }
        self.polishes += 1;
        let Some(placed) = self.desk.place(point) else { return false };
        let instance = placed.instance(point);
        let Some(sample) = (self.polish)(&placed.sample(point), &instance) else { return false };
        Point::of_sample(self.desk.theorem, &sample, &instance).is_some_and(|point| self.offer(point))
    }

    /// Simpler scalars.
    fn scalars(&mut self) {
        let theorem = self.desk.theorem;
        for (number, variable) in theorem.variables.iter().enumerate() {
            let Some(Given::Scalar(value)) = self.point.givens[number].clone() else { continue };
            let candidates = match &variable.range {
                Range::Finite(values) => {
                    let mut values = values.clone();
                    values.sort_by_cached_key(length);
                    values
                }
                Range::Interval(_) => fraction::simpler(&value),
                Range::Domain(_) | Range::Integers(..) => Vec::new(),
            };
            for candidate in candidates {
                let point = self.with(number, Given::Scalar(candidate));
                if self.offer(point.clone()) {
                    break;
                }
                if super::member::check(theorem, &point).is_ok() && self.polished(&point) {
                    break;
                }
            }
        }
    }

    /// Members with rational entries, all together with one denominator, or else one by one; where there are none, whole
    /// raw numbers.
    fn members(&mut self) {
        let members = domains(self.desk);
        for (number, _) in &members {
            self.shift(*number);
        }
        if members.is_empty() || self.round(&members) {
            return;
        }
        for one in &members {
            if !self.round(std::slice::from_ref(one)) {
                self.whole(one);
            }
        }
    }

    /// Simpler numbers in the second block of a chart: what a definite matrix is above a semi-definite one.
    fn shift(&mut self, variable: usize) {
        let Some(Given::Raw(blocks)) = self.point.givens[variable].clone() else { return };
        let Some(Entries::Real(shift)) = blocks.get(1) else { return };
        let Some(now) = shift.first() else { return };
        for simpler in fraction::simpler(now) {
            let blocks = vec![blocks[0].clone(), Entries::Real(vec![simpler])];
            if self.offer(self.with(variable, Given::Raw(blocks))) {
                return;
            }
        }
    }

    fn round(&mut self, members: &[(usize, Domain)]) -> bool {
        let point = self.point.clone();
        let Some(rounding) = Members::of(self.desk, &point, members) else { return false };
        for denominator in DENOMINATORS {
            for way in [Way::Nearest, Way::Inwards] {
                let Some(rounded) = rounding.rounded(&point, *denominator, way) else { return false };
                if self.offer(rounded.clone()) || self.land(&rounded, *denominator) {
                    return true;
                }
            }
        }
        false
    }

    /// What is given directly follows the equalities among the hypotheses, to simple fractions.
    fn land(&mut self, point: &Point, denominator: u32) -> bool {
        let Some(lander) = &mut self.lander else { return false };
        let found = lander.near(self.desk, point, denominator);
        found.into_iter().any(|candidate| self.offer(candidate))
    }

    /// Simple numbers on the equalities among the hypotheses, the members of charts staying as they are.
    fn solved(&mut self) {
        let point = self.point.clone();
        for denominator in DENOMINATORS {
            if self.land(&point, *denominator) {
                return;
            }
        }
    }

    fn whole(&mut self, (number, domain): &(usize, Domain)) {
        let Some(Given::Raw(raw)) = self.point.givens[*number].clone() else { return };
        if is_plain(domain.set) {
            return;
        }
        let (Some(block), Some((rows, cols))) = (raw.first(), shape(domain, &self.point)) else { return };
        let Some(grid) = Grid::of(block, rows, cols) else { return };
        for most in WHOLE {
            let Some(small) = whole(domain, &grid, *most) else { return };
            let mut blocks = raw.clone();
            blocks[0] = small.entries();
            if self.offer(self.with(*number, Given::Raw(blocks))) {
                return;
            }
        }
    }

    /// Members that everybody knows, or that another name already has.
    fn replace(&mut self) {
        let domains = domains(self.desk);
        for (number, domain) in &domains {
            let Some((rows, cols)) = shape(domain, &self.point) else { continue };
            let complex = domain.ty().field == crate::ir::Field::Complex;
            let known = usual(domain, rows, cols, complex).into_iter().map(|grid| given(domain, grid));
            let others = domains.iter().filter(|(other, set)| other != number && set == domain);
            let others = others.filter_map(|(other, _)| self.point.givens[*other].clone());
            let mut candidates: Vec<Given> = known.chain(others).collect();
            candidates.retain(|candidate| Some(candidate) != self.point.givens[*number].as_ref());
            for candidate in candidates {
                if self.offer(self.with(*number, candidate)) {
                    break;
                }
            }
        }
    }

    /// Simpler entries, one at a time; a Hermitian matrix's with its mirror image.
    fn entries(&mut self) {
        for (number, domain) in &domains(self.desk) {
            if matches!(self.point.givens[*number], Some(Given::Raw(_))) && !is_plain(domain.set) {
                continue;
            }
            let Some(grid) = grid(self.desk, &self.point, *number, domain) else { continue };
            let hermitian = is_hermitian(domain.set);
            for j in 0..grid.cols {
                for i in 0..if hermitian { j + 1 } else { grid.rows } {
                    if i == j && matches!(domain.set, Set::Corr | Set::Density) {
                        continue;
                    }
                    self.entry(*number, domain, (i, j), hermitian);
                }
            }
        }
    }

    fn entry(&mut self, number: usize, domain: &Domain, (i, j): (usize, usize), hermitian: bool) {
        let Some(grid) = grid(self.desk, &self.point, number, domain) else { return };
        let now = grid.at(i, j).clone();
        for candidate in simpler_entries(&now) {
            let mut grid = grid.clone();
            if hermitian {
                grid.set(j, i, candidate.conj());
            }
            grid.set(i, j, candidate);
            if self.offer(self.with(number, given(domain, grid))) {
                return;
            }
        }
    }
}

/// Simpler numbers near an entry, and those that matrices are full of.
fn simpler_entries(x: &Gauss) -> Vec<Gauss> {
    let real = |x: BigRational| Complex::new(x, BigRational::zero());
    if x.im.is_zero() {
        return fraction::simpler(&x.re).into_iter().map(real).collect();
    }
    let mut found = vec![real(BigRational::zero()), real(x.re.clone())];
    found.push(Complex::new(BigRational::zero(), x.im.clone()));
    found.extend(fraction::simpler(&x.im).into_iter().map(|im| Complex::new(x.re.clone(), im)));
    found.extend(fraction::simpler(&x.re).into_iter().map(|re| Complex::new(re, x.im.clone())));
    found
}
