//! Asymptotic claims, f ~ g + O(h) as x -> ∞ or x -> 0: the difference f − g is followed along decades of x for several
//! inputs, and the slope of log |(f − g)/h| against log x tells a bounded ratio from a growing one.

use rayon::prelude::*;

use super::evaluate::{Machine, Program};
use super::sample::{Numbers, Sample, Sampler};
use super::seed::Stream;
use super::trial::{Findings, Gate, Programs, Setting};
use crate::certify::{Inputs, enclose};
use crate::check::Variable;
use crate::ir::{Graph, InputId, Instance, Interval, NodeId, Range};

/// How many inputs are followed.
const INPUTS: u64 = 24;

/// How often an input is drawn until it meets the hypotheses.
const ATTEMPTS: u64 = 32;

/// Steps per decade.
const PER_DECADE: i32 = 4;

/// The decades that are followed.
const DECADES: std::ops::RangeInclusive<i32> = 1..=8;

/// A ratio whose logarithm grows no faster than this per unit of log x towards the limit is bounded.
const BOUNDED: f64 = 0.05;

/// A slope that is at most this at the end, and at most that share of what it was a decade before, is on its way to 0.
const FADED: f64 = 0.2;
const FADING: f64 = 0.35;

/// A ratio whose logarithm grows faster than this is not.
const GROWING: f64 = 0.5;

/// The decades beyond those that are followed at which a growing ratio is looked at again: the scales at which an
/// expression changes may lie far out. The farthest comes first.
const FARTHER: [i32; 5] = [40, 24, 16, 8, 4];

/// A difference whose error is at most this share of it is clear.
const NEAR: f64 = 0.01;

/// The precisions in bits at which a difference that is not clear is enclosed.
const PRECISIONS: [usize; 3] = [256, 512, 1024];

/// Inputs with more raw numbers than this are followed in floating point alone.
const MAX_NUMBERS: usize = 80;

/// The points of one input that are enclosed. Towards the limit every one may need it: all of the steps.
const MOST_PRECISE: u32 = 30;

/// What following one input found.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Course {
    /// The difference is zero to rounding everywhere.
    Zero,
    /// The ratio is bounded.
    Bounded(Fit),
    /// The ratio grows.
    Growing(Fit),
    /// Neither is clear.
    Unclear,
    /// Too few points stand out of their rounding errors.
    Short,
}

/// A power law fitted near the limit.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Fit {
    /// The exponent of x in |f − g|.
    exponent: f64,
    /// (f − g)/h at the last point.
    ratio: f64,
    /// The slope of log |(f − g)/h| towards the limit.
    slope: f64,
    /// Half the width of the slope's uncertainty: its standard error times three.
    error: f64,
    /// The last x.
    at: f64,
}

/// What following an asymptotic claim found.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Limit {
    /// Inputs that were followed.
    pub followed: u64,
    /// Inputs that did not meet the hypotheses, or where nothing could be evaluated.
    pub missed: u64,
    /// Inputs whose ratio is bounded, or whose difference is zero.
    pub bounded: u64,
    /// Inputs where too few points stand out of rounding.
    pub short: u64,
    /// Inputs where the ratio is neither clearly bounded nor clearly growing.
    pub unclear: u64,
    /// The first input whose ratio grows: the input, the last value of the variable, the slope and its uncertainty.
    pub growing: Option<(Sample, u64, f64, f64, f64)>,
    /// Exponents and ratios of the bounded ones.
    fits: Vec<Fit>,
}

/// Which nodes to follow.
#[derive(Clone, Copy, Debug)]
pub struct Claimed {
    /// f − g
    pub difference: NodeId,
    /// h
    pub order: NodeId,
    /// x
    pub variable: InputId,
    /// Whether x goes to infinity.
    pub to_infinity: bool,
    /// The end of its range that x moves away from, where it has one.
    start: Option<NodeId>,
}

impl Claimed {
    /// What is claimed of f − g and h as one of the quantified names moves.
    pub fn new(
        variables: &[Variable],
        difference: NodeId,
        order: NodeId,
        variable: InputId,
        to_infinity: bool,
    ) -> Claimed {
        let range = variables.iter().find(|name| name.real_input() == Some(variable)).map(|name| &name.range);
        let start = match range {
            Some(Range::Interval(Interval { lo, hi, .. })) => Some(if to_infinity { *lo } else { *hi }),
            Some(Range::Domain(_) | Range::Integers(..) | Range::Finite(_)) | None => None,
        };
        Claimed { difference, order, variable, to_infinity, start }
    }

    /// x at a number of steps towards the limit.
    fn at(&self, step: i32) -> f64 {
        let decades = f64::from(step) / f64::from(PER_DECADE);
        10f64.powf(if self.to_infinity { decades } else { -decades })
    }

    /// The steps that are followed for an input: those of the decades, or as many from the first within the range of x.
    fn steps(&self, graph: &Graph, sample: &Sample, instance: &Instance) -> std::ops::RangeInclusive<i32> {
        let start = self.start.and_then(|start| {
            let program = Program::compile(graph, &[start], instance).ok()?;
            let mut machine = program.machine();
            machine.load(sample);
            machine.run().ok()?;
            Some(machine.scalar(0).log10())
        });
        let (first, last) = (DECADES.start() * PER_DECADE, DECADES.end() * PER_DECADE);
        // An end of at most 0 has no logarithm, and any step lies beyond it.
        let outside = start
            .filter(|start| start.is_finite())
            .map_or(0.0, |start| f64::from(PER_DECADE) * if self.to_infinity { start } else { -start });
        // The end itself may not belong to the range, and its logarithm is rounded.
        let later = ((outside + 1e-6).floor() as i32 + 1 - first).max(0);
        first + later..=last + later
    }
}

/// Follows a claim for several inputs. `programs` gives the plans of a cell.
pub fn follow<'p>(
    setting: &Setting<'_>,
    claimed: Claimed,
    programs: impl Fn(usize) -> &'p Result<Programs, String> + Sync,
) -> Limit {
    let cells = setting.design.cells.len();
    let one = |input: u64| {
        // A step that shares no factor with most numbers of cells, so that many cells are seen.
        let cell_number = (input as usize * 7919) % cells;
        let cell = &setting.design.cells[cell_number];
        let nodes = [claimed.difference, claimed.order];
        programs(cell_number).as_ref().ok().and_then(|programs| {
            let program = Program::compile(&setting.layout.graph, &nodes, &cell.instance).ok()?;
            let mut sampler = Sampler::new(&setting.layout.graph, setting.groups, cell)?;
            let mut gate = Gate::new(setting, programs, cell, ATTEMPTS);
            let mut sample = Sample::new(&setting.layout.graph);
            for attempt in 0..ATTEMPTS {
                let mut rng = setting.key.generator(Stream::Limit, input * ATTEMPTS + attempt);
                if sampler.draw(&mut sample, &mut rng)
                    && gate.admit(&mut sample, &mut Findings::new(setting.layout.claims.len())).is_some()
                {
                    let mut machine = program.machine();
                    machine.load(&sample);
                    let precise = Precise::new(&setting.layout.graph, claimed, &sample, &cell.instance);
                    let steps = claimed.steps(&setting.layout.graph, &sample, &cell.instance);
                    let course = course(&mut machine, claimed, steps, precise);
                    return Some((sample, cell_number, course));
                }
            }
            None
        })
    };
    let mut limit = Limit::default();
    for followed in (0..INPUTS).into_par_iter().map(one).collect::<Vec<_>>() {
        let Some((sample, cell_number, course)) = followed else {
            limit.missed += 1;
            continue;
        };
        limit.followed += 1;
        match course {
            Course::Zero => limit.bounded += 1,
            Course::Bounded(fit) => {
                limit.bounded += 1;
                limit.fits.push(fit);
            }
            Course::Growing(fit) => {
                limit.growing.get_or_insert((sample, cell_number as u64, fit.at, fit.slope, fit.error));
            }
            Course::Unclear => limit.unclear += 1,
            Course::Short => limit.short += 1,
        }
    }
    limit
}

/// Follows one input at an instance that leaves the variable open: the slope by which the ratio grows, and its
/// uncertainty, where it grows.
pub fn grows(graph: &Graph, claimed: Claimed, sample: &Sample, instance: &Instance) -> Option<(f64, f64)> {
    let program = Program::compile(graph, &[claimed.difference, claimed.order], instance).ok()?;
    let mut machine = program.machine();
    machine.load(sample);
    let steps = claimed.steps(graph, sample, instance);
    match course(&mut machine, claimed, steps, Precise::new(graph, claimed, sample, instance)) {
        Course::Growing(fit) => Some((fit.slope, fit.error)),
        Course::Zero | Course::Bounded(_) | Course::Unclear | Course::Short => None,
    }
}

impl Limit {
    /// The fitted exponents and ratios in a sentence.
    pub fn describe(&self, to_infinity: bool) -> Option<String> {
        let middle = |pick: fn(&Fit) -> f64| {
            let mut values: Vec<f64> = self.fits.iter().map(pick).collect();
            values.sort_by(f64::total_cmp);
            (values.first().copied(), values.get(values.len() / 2).copied(), values.last().copied())
        };
        let (Some(least), Some(median), Some(most)) = middle(|fit| fit.exponent) else { return None };
        let (Some(low), _, Some(high)) = middle(|fit| fit.ratio) else { return None };
        let limit = if to_infinity { "inf" } else { "0" };
        Some(format!(
            "the difference goes like x^{median:.3} as x -> {limit} ({least:.3} to {most:.3} over {} inputs), its ratio \
             to the order claimed like {low:.4e} to {high:.4e}",
            self.fits.len()
        ))
    }
}

/// The difference and the order at one input in extended precision: where f and g agree to more digits than a double has,
/// their difference is lost in rounding, and with it all decades towards the limit.
struct Precise {
    graph: Graph,
    roots: Vec<NodeId>,
    inputs: Inputs,
    variable: InputId,
    /// How many more points may be looked at.
    left: u32,
}

impl Precise {
    /// `None` for inputs that are too large, or of which something was not drawn.
    fn new(graph: &Graph, claimed: Claimed, sample: &Sample, instance: &Instance) -> Option<Precise> {
        let (graph, roots) = graph.instantiate(&[claimed.difference, claimed.order], instance).ok()?;
        let mut inputs = Inputs::new();
        let mut count = 0;
        for input in graph.reachable(&roots).into_iter().filter_map(|id| graph.as_input(id)) {
            match &sample.inputs[input.0 as usize] {
                Numbers::None => return None,
                Numbers::Real(numbers) => {
                    count += numbers.len();
                    inputs.real(input, numbers);
                }
                Numbers::Complex(numbers) => {
                    count += 2 * numbers.len();
                    inputs.complex(input, &numbers.iter().map(|z| (z.re, z.im)).collect::<Vec<_>>());
                }
            }
        }
        let (variable, left) = (claimed.variable, MOST_PRECISE);
        (count <= MAX_NUMBERS).then_some(Precise { graph, roots, inputs, variable, left })
    }

    /// The difference and the order at a value of the variable, each to a percent or better, or a difference of 0 for
    /// certain.
    fn at(&mut self, x: f64) -> Option<(f64, f64)> {
        self.left = self.left.checked_sub(1)?;
        self.inputs.real(self.variable, &[x]);
        for precision in PRECISIONS {
            let found = enclose(&self.graph, &self.roots, &self.inputs, precision).ok()?;
            let middle = |place: usize| {
                let (lo, hi) = found.get(place)?.bounds()?;
                let middle = lo + (hi - lo) / 2.0;
                ((hi - lo) / 2.0 <= NEAR * middle.abs() && middle.is_finite()).then_some(middle)
            };
            if let (Some(difference), Some(order)) = (middle(0), middle(1))
                && order != 0.0
            {
                return Some((difference, order));
            }
        }
        None
    }
}

/// Follows one input.
fn course(
    machine: &mut Machine<'_>,
    claimed: Claimed,
    steps: std::ops::RangeInclusive<i32>,
    mut precise: Option<Precise>,
) -> Course {
    // Towards the limit, `towards` = |log x| rises.
    let mut points: Vec<(f64, f64, f64)> = Vec::new();
    let end = *steps.end();
    let mut last = (1.0, 0.0);
    let (mut evaluated, mut zeros) = (0, 0);
    for step in steps {
        let (decades, x) = (f64::from(step) / f64::from(PER_DECADE), claimed.at(step));
        machine.set(claimed.variable, x);
        if machine.run().is_err() {
            continue;
        }
        let (difference, order) = (machine.scalar(0), machine.scalar(1));
        if !difference.is_finite() || !order.is_finite() || order == 0.0 {
            continue;
        }
        evaluated += 1;
        let (error, order_error) = (machine.error(0, difference), machine.error(1, order));
        let clear = difference != 0.0 && error <= NEAR * difference.abs() && order_error <= NEAR * order.abs();
        let exact = if clear { None } else { precise.as_mut().and_then(|precise| precise.at(x)) };
        let exact = exact.filter(|(difference, _)| *difference != 0.0);
        let (difference, order) = exact.unwrap_or((difference, order));
        if exact.is_none() && difference.abs() <= error {
            zeros += 1;
        }
        if clear || exact.is_some() {
            points.push((decades * std::f64::consts::LN_10, difference.abs().ln(), (difference / order).abs().ln()));
            last = (x, difference / order);
        }
    }
    if evaluated > 0 && zeros == evaluated {
        return Course::Zero;
    }
    let decade = PER_DECADE as usize;
    if points.len() <= decade {
        return Course::Short;
    }
    let near = |decades: usize| &points[points.len().saturating_sub(decades * decade + 1)..];
    let slope = |points: &[(f64, f64, f64)]| line(points.iter().map(|(t, _, ratio)| (*t, *ratio)));
    let (two, error) = slope(near(2));
    let (one, _) = slope(near(1));
    let (whole, _) = slope(&points);
    let sign = if claimed.to_infinity { 1.0 } else { -1.0 };
    let (exponent, _) = line(near(2).iter().map(|(t, difference, _)| (*t, *difference)));
    let fit = Fit { exponent: sign * exponent, ratio: last.1, slope: two, error, at: last.0 };
    // The slope over half a decade at the end, and a decade before: a correction of the next order in 1/x fades tenfold
    // from one to the other, a logarithm hardly by half, a power not at all.
    let half = decade / 2 + 1;
    let fading = points.len() >= half + decade && {
        let (end, _) = slope(&points[points.len() - half..]);
        let (before, _) = slope(&points[points.len() - half - decade..][..half]);
        end <= FADED && end <= FADING * before
    };
    if two <= BOUNDED || one <= BOUNDED || fading {
        Course::Bounded(fit)
    } else if whole > GROWING && two > GROWING && one > GROWING && points.len() > 3 * decade {
        let from = points[points.len() - 1];
        let on = grows_on(machine, claimed, precise, end, (from.0, from.2));
        if on { Course::Growing(fit) } else { Course::Unclear }
    } else if points.len() <= 2 * decade {
        Course::Short
    } else {
        Course::Unclear
    }
}

/// Whether a ratio that grows up to a step grows still between the two farthest points at which it can be told. Where none
/// beyond the step can, nothing speaks against it. `last` is the last point before: |log x| and log |(f − g)/h|.
fn grows_on(
    machine: &mut Machine<'_>,
    claimed: Claimed,
    mut precise: Option<Precise>,
    end: i32,
    last: (f64, f64),
) -> bool {
    if let Some(precise) = &mut precise {
        precise.left = FARTHER.len() as u32;
    }
    let points = FARTHER.into_iter().filter_map(|decades| {
        let step = end + decades * PER_DECADE;
        let x = Some(claimed.at(step)).filter(|x| x.is_normal())?;
        // Enclosures come first: floating point may overflow on the way where the values themselves do not.
        let exact = precise.as_mut().and_then(|precise| precise.at(x));
        let (difference, order) = exact.or_else(|| in_floating_point(machine, claimed, x))?;
        let towards = f64::from(step) / f64::from(PER_DECADE) * std::f64::consts::LN_10;
        Some((towards, (difference / order).abs().ln()))
    });
    let mut farthest = points.chain([last]);
    match (farthest.next(), farthest.next()) {
        (Some((far, ratio)), Some((near, before))) => (ratio - before) / (far - near) > GROWING,
        (Some(_), None) | (None, _) => true,
    }
}

/// The difference and the order at a value of the variable, where both stand clearly out of their errors.
fn in_floating_point(machine: &mut Machine<'_>, claimed: Claimed, x: f64) -> Option<(f64, f64)> {
    machine.set(claimed.variable, x);
    machine.run().ok()?;
    let (difference, order) = (machine.scalar(0), machine.scalar(1));
    let (error, order_error) = (machine.error(0, difference), machine.error(1, order));
    let finite = difference.is_finite() && order.is_finite();
    let clear = error <= NEAR * difference.abs() && order_error <= NEAR * order.abs();
    (finite && clear && difference != 0.0 && order != 0.0).then_some((difference, order))
}

/// The slope of a line by least squares, and three times its standard error.
fn line(points: impl Iterator<Item = (f64, f64)> + Clone) -> (f64, f64) {
    let n = points.clone().count() as f64;
    let mean_x = points.clone().map(|(x, _)| x).sum::<f64>() / n;
    let mean_y = points.clone().map(|(_, y)| y).sum::<f64>() / n;
    let sxx: f64 = points.clone().map(|(x, _)| (x - mean_x) * (x - mean_x)).sum();
    let sxy: f64 = points.clone().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let slope = sxy / sxx;
    let rest: f64 = points.map(|(x, y)| (y - mean_y - slope * (x - mean_x)).powi(2)).sum();
    (slope, 3.0 * (rest / (n - 2.0).max(1.0) / sxx).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_slope() {
        let (slope, error) = line([(0.0, 1.0), (1.0, 3.0), (2.0, 5.0), (3.0, 7.0)].into_iter());
        assert!((slope - 2.0).abs() < 1e-14 && error < 1e-12);
    }
}
