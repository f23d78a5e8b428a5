//! From a point that meets an equality within rounding to a rational one nearby that meets it exactly.
//!
//! Floating point never meets `x == 1/3`, and what it finds next to a thin set shows nothing of the set. So the numbers
//! that a point gives directly, scalars and entries of free matrices, are rounded one after the other to multiples of 1/q,
//! and after each the others are moved back onto the equalities; a number that cannot be rounded so is one that the
//! equalities determine. Those are solved for, and read as the simplest fractions that agree with what was found. Whether
//! the equalities then hold exactly is left to the certificate.
//!
//! A strict inequality that is only touched, as (x − 37/100)² > 0, fails on such a set, too: that of its equality. So does
//! `equality iff`, where the sides are equal without the condition.

use std::rc::Rc;

use num_complex::Complex;
use num_rational::BigRational;

use super::certificate::Violation;
use super::desk::Desk;
use super::fraction::{nearest_multiple, simplest};
use super::place::{Placed, mask};
use super::point::{Given, Point, Spot, exact, is_plain, nearest};
use super::rational::Way;
use super::round::{Members, domains};
use crate::certify::Entries;
use crate::check::{Part, Theorem, VariableKind};
use crate::ir::{InputId, Instance, Margin, Range};
use crate::verify::evaluate::{self, Program};
use crate::verify::hypotheses::{self, MAX_MOVED, Movable, Place, Projection, Standing};
use crate::verify::layout::Hypothesis;
use crate::verify::sample::Sample;

/// The denominators that free numbers are rounded to, in turn.
const DENOMINATORS: [u32; 12] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 20, 100, 1000];

/// How nearly a fraction must agree with a number that was solved for, against it or 1: next to a double root a solution
/// is known to half of the digits only.
const AGREES: [f64; 2] = [1e-10, 1e-6];

/// The evaluations of the equalities that one lander may take.
const EVALUATIONS: u64 = 20_000;

/// The certificates that one landing may take.
const CERTIFICATES: u32 = 30;

/// What is computed of a margin that is exactly 0 at most.
pub const ROUNDING: f64 = 1e-9;

/// What is solved, at one choice of sizes and of members that are given by their entries.
struct System {
    program: Program,
    conditions: Vec<Hypothesis>,
    movable: Vec<Movable>,
}

/// What rounding and moving back ends with.
struct Solved {
    placed: Rc<Placed>,
    movable: Vec<Movable>,
    /// In the order of [`hypotheses::places`].
    numbers: Vec<Number>,
}

/// A number that may be moved.
enum Number {
    /// It was rounded.
    Rounded(BigRational),
    /// It is what the equalities make of the others.
    Determined(f64),
}

/// Finds points on the equalities among a theorem's hypotheses.
pub struct Lander {
    /// The part of the claim whose margin, or whose gap, is to vanish as well.
    touching: Option<usize>,
    system: Option<(Vec<bool>, Instance, Option<System>)>,
    memory: Projection,
    /// Evaluations so far.
    spent: u64,
}

impl Lander {
    /// A lander for the desk's claim; `None` where there is no equality to meet.
    pub fn new(desk: &Desk<'_>, touching: Option<usize>) -> Option<Self> {
        let thin = desk.theorem.assumptions.iter().any(|assumption| assumption.margin.equality);
        (thin || touching.is_some()).then(|| Lander { touching, system: None, memory: Projection::default(), spent: 0 })
    }

    /// Points near one that may meet the equalities exactly, the numbers that are given directly being multiples of 1/q as
    /// far as the equalities leave them free. None where nothing is given directly, or no solution is near.
    pub fn near(&mut self, desk: &mut Desk<'_>, point: &Point, q: u32) -> Vec<Point> {
        self.solve(desk, point, q).unwrap_or_default()
    }

    fn solve(&mut self, desk: &mut Desk<'_>, point: &Point, q: u32) -> Option<Vec<Point>> {
        let Solved { placed, movable, numbers } = self.rounded(desk, point, q)?;
        let mut found = Vec::new();
        for agrees in AGREES {
            let mut values = numbers.iter().map(|number| match number {
                Number::Rounded(multiple) => Some(multiple.clone()),
                Number::Determined(x) => simplest(*x, agrees),
            });
            let point = with(&placed, point, &movable, &mut || values.next().flatten())?;
            if !found.contains(&point) {
                found.push(point);
            }
        }
        Some(found)
    }

    /// The point near one at which a single number is left that the equalities determine, with that number's place; all others
    /// that are given directly are multiples of 1/q. `None` where it is not one number.
    pub fn determined(&mut self, desk: &mut Desk<'_>, point: &Point, q: u32) -> Option<(Point, Spot)> {
        let Solved { placed, movable, numbers } = self.rounded(desk, point, q)?;
        let mut determined = numbers.iter().enumerate().filter_map(|(at, number)| match number {
            Number::Rounded(_) => None,
            Number::Determined(_) => Some(at),
        });
        let (Some(at), None) = (determined.next(), determined.next()) else { return None };
        let mut values = numbers.iter().map(|number| match number {
            Number::Rounded(multiple) => Some(multiple.clone()),
            Number::Determined(x) => exact(*x),
        });
        let point = with(&placed, point, &movable, &mut || values.next().flatten())?;
        let inputs: Vec<InputId> = movable.iter().map(|movable| movable.input).collect();
        let spot = spots(&placed.theorem, &point, &inputs).nth(at)?;
        Some((point, spot))
    }

    /// What numbers come to that are given directly, when they are rounded one after the other and the rest is moved back.
    fn rounded(&mut self, desk: &mut Desk<'_>, point: &Point, q: u32) -> Option<Solved> {
        let placed = desk.place(point)?;
        let (mask, instance) = (mask(point), open(&placed, point));
        if !self.system.as_ref().is_some_and(|(of, at, _)| *of == mask && *at == instance) {
            let system = self.compile(desk, &placed, point, &instance);
            self.system = Some((mask, instance, system));
        }
        let system = self.system.as_ref()?.2.as_ref()?;
        let mut machine = system.program.machine();
        let mut sample = placed.sample(point);
        let places = hypotheses::places(&system.movable, &sample);
        if !(1..=MAX_MOVED).contains(&places.len()) {
            return None;
        }
        let (memory, spent) = (&mut self.memory, &mut self.spent);
        let mut reach = |free: &[Place], sample: &mut Sample| {
            if *spent >= EVALUATIONS {
                return false;
            }
            *spent += 1 + hypotheses::project(&system.conditions, &mut machine, free, sample, memory);
            let standing = hypotheses::standing(&system.conditions, &mut machine, sample);
            matches!(standing, Ok(Standing::Meets | Standing::MeetsWithinRounding))
        };
        if !reach(&places, &mut sample) {
            return None;
        }
        let mut rounded: Vec<Option<BigRational>> = vec![None; places.len()];
        for (number, place) in places.iter().enumerate() {
            let multiple = nearest_multiple(&exact(place.get(&sample))?, &q.into());
            if !place.admits(nearest(&multiple)) {
                continue;
            }
            let free: Vec<Place> = places
                .iter()
                .zip(&rounded)
                .enumerate()
                .filter(|(other, (_, rounded))| *other != number && rounded.is_none())
                .map(|(_, (place, _))| *place)
                .collect();
            let mut next = sample.clone();
            place.set(&mut next, nearest(&multiple));
            if reach(&free, &mut next) {
                sample = next;
                rounded[number] = Some(multiple);
            }
        }
        let numbers = places.iter().zip(rounded).map(|(place, rounded)| match rounded {
            Some(multiple) => Number::Rounded(multiple),
            None => Number::Determined(place.get(&sample)),
        });
        let numbers = numbers.collect();
        Some(Solved { movable: system.movable.clone(), placed, numbers })
    }

    fn compile(&self, desk: &Desk<'_>, placed: &Placed, point: &Point, instance: &Instance) -> Option<System> {
        let theorem = &placed.theorem;
        let mut graph = theorem.graph.clone();
        let mut roots = Vec::new();
        let assumed = theorem.assumptions.iter();
        let mut conditions: Vec<Hypothesis> =
            assumed.map(|assumption| Hypothesis::push(&mut graph, &assumption.margin, &mut roots)).collect();
        let touched = self.touching.map(|part| &theorem.claims[desk.claim].parts[part]);
        let residual = match touched {
            Some(Part::Margin { margin, .. }) => Some(margin.node),
            Some(Part::Iff { gap, .. }) => Some(*gap),
            Some(Part::Asymptotic { .. }) | None => None,
        };
        if let Some(residual) = residual {
            let zero = Margin { node: graph.residual_margin(residual).ok()?, strict: false, equality: true };
            conditions.push(Hypothesis::push(&mut graph, &zero, &mut roots));
        }
        let program = Program::compile(&graph, &roots, instance).ok()?;
        let mut movable = Vec::new();
        for (variable, given) in theorem.variables.iter().zip(&point.givens) {
            match (&variable.kind, &variable.range, given) {
                (VariableKind::Scalar { input, .. }, Range::Interval(interval), _) => {
                    movable.push(match evaluate::ends(&graph, interval, instance) {
                        Ok(Some(ends)) => Movable { input: *input, within: ends.extremes() },
                        // That such a range is kept is asked of the point that comes out.
                        Ok(None) => Movable::freely(*input),
                        Err(_) => return None,
                    });
                }
                (VariableKind::Member { raw, .. }, Range::Domain(domain), Some(Given::Raw(_))) => {
                    if is_plain(domain.set) {
                        movable.extend(raw.iter().map(|input| Movable::freely(*input)));
                    }
                }
                (VariableKind::Scalar { .. } | VariableKind::Size(_) | VariableKind::Member { .. }, _, _) => {}
            }
        }
        movable.retain(|movable| program.inputs().contains(&movable.input));
        Some(System { program, conditions, movable })
    }
}

/// The point's instance, in which scalars of intervals are left open.
pub fn open(placed: &Placed, point: &Point) -> Instance {
    let mut instance = placed.instance(point);
    for variable in &placed.theorem.variables {
        if let (VariableKind::Scalar { input, .. }, Range::Interval(_)) = (&variable.kind, &variable.range) {
            instance.constants.remove(input);
        }
    }
    instance
}

/// The point with other numbers for what may be moved, in the order of [`hypotheses::places`].
fn with(
    placed: &Placed,
    point: &Point,
    movable: &[Movable],
    next: &mut dyn FnMut() -> Option<BigRational>,
) -> Option<Point> {
    let mut point = point.clone();
    for Movable { input, .. } in movable {
        let variables = placed.theorem.variables.iter().zip(&mut point.givens);
        for (variable, given) in variables {
            match (&variable.kind, given) {
                (VariableKind::Scalar { input: own, .. }, Some(Given::Scalar(value))) if own == input => {
                    *value = next()?;
                }
                (VariableKind::Member { raw, .. }, Some(Given::Raw(blocks))) => {
                    for (_, block) in raw.iter().zip(blocks).filter(|(own, _)| *own == input) {
                        match block {
                            Entries::Real(entries) => {
                                entries.iter_mut().try_for_each(|x| next().map(|value| *x = value))?;
                            }
                            Entries::Complex(entries) => {
                                for z in entries {
                                    *z = Complex::new(next()?, next()?);
                                }
                            }
                        }
                    }
                }
                (VariableKind::Scalar { .. } | VariableKind::Member { .. } | VariableKind::Size(_), _) => {}
            }
        }
    }
    Some(point)
}

/// The spots of the numbers of some inputs, in the order of [`hypotheses::places`].
pub fn spots<'p>(theorem: &'p Theorem, point: &'p Point, inputs: &'p [InputId]) -> impl Iterator<Item = Spot> + 'p {
    let of = |input: InputId| {
        let variables = theorem.variables.iter().zip(&point.givens).enumerate();
        variables.flat_map(move |(variable, (quantified, given))| {
            let spot = |block, entry, imaginary| Spot { variable, block, entry, imaginary };
            match (&quantified.kind, given) {
                (VariableKind::Scalar { input: own, .. }, Some(Given::Scalar(_))) if *own == input => {
                    vec![spot(0, 0, false)]
                }
                (VariableKind::Member { raw, .. }, Some(Given::Raw(blocks))) => {
                    let own = raw.iter().zip(blocks).enumerate().filter(|(_, (own, _))| **own == input);
                    let each = own.flat_map(|(block, (_, entries))| {
                        let parts: &[bool] = match entries {
                            Entries::Real(_) => &[false],
                            Entries::Complex(_) => &[false, true],
                        };
                        let numbers = (0..entries.len()).flat_map(|entry| parts.iter().map(move |part| (entry, *part)));
                        numbers.map(move |(entry, imaginary)| spot(block, entry, imaginary))
                    });
                    each.collect()
                }
                (VariableKind::Scalar { .. } | VariableKind::Member { .. } | VariableKind::Size(_), _) => Vec::new(),
            }
        })
    };
    inputs.iter().flat_map(move |input| of(*input))
}

/// A rational point near one that meets equalities within rounding, which meets them exactly and is certified to contradict
/// the claim. `touching` names a part of the claim that is to fail by equality: a strict one, or an `equality iff`.
pub fn land(desk: &mut Desk<'_>, point: &Point, touching: Option<usize>) -> Option<(Point, Violation)> {
    if desk.is_too_large(point) {
        return None;
    }
    let mut lander = Lander::new(desk, touching)?;
    let before = desk.certificates;
    // Members of free entries follow the equalities; those of charts have rational entries only where they are rounded.
    let mut members = domains(desk);
    members.retain(|(_, domain)| !is_plain(domain.set));
    let members = Members::of(desk, point, &members)?;
    for q in DENOMINATORS {
        for way in [Way::Nearest, Way::Inwards] {
            let Some(rounded) = members.rounded(point, q, way) else { continue };
            let mut candidates = lander.near(desk, &rounded, q);
            candidates.extend(Some(rounded).filter(|_| !members.is_empty()));
            for candidate in candidates {
                if desk.spent() || desk.certificates - before >= CERTIFICATES {
                    return None;
                }
                if desk.margin(&candidate).is_some_and(|margin| margin <= ROUNDING)
                    && let Some(violation) = desk.violation(&candidate)
                {
                    return Some((candidate, violation));
                }
            }
            if members.is_empty() {
                break;
            }
        }
    }
    None
}
