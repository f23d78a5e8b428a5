//! Lines with bands of one standard deviation to each side.

use plotters::prelude::DrawingBackend;

use super::Figure;
use super::axis::Scale;
use super::page::{Page, colour, share};
use crate::base::Diagnostic;
use crate::train::record::Point;

/// Lines of at most so many points have a mark at each.
const MARKED: usize = 40;

pub(super) fn paint<B: DrawingBackend>(figure: &Figure, page: &Page<B>) -> Result<(), Diagnostic> {
    let points = || figure.bands.iter().flat_map(|band| &band.points);
    let spread = |point: &Point| point.deviation.filter(|spread| spread.is_finite()).unwrap_or(0.0);
    let ends = points().flat_map(|point| {
        let low = point.mean - spread(point);
        // A band that reaches below 0 ends at the edge of a logarithmic axis.
        let low = if figure.y.log && low <= 0.0 { point.mean } else { low };
        [low, point.mean, point.mean + spread(point)]
    });
    let y = Scale::of(&figure.y, ends, 0.05)?;
    let seen = points().filter(|point| point.mean.is_finite());
    let x = Scale::of(&figure.x, seen.map(|point| point.x), 0.02)?;

    let frame = page.chart(figure, &y)?;
    page.horizontal(&frame, &figure.x, &x)?;

    let at = |px: f64, py: f64| frame.at(share(&x, px), share(&y, py));
    for (i, band) in figure.bands.iter().enumerate() {
        let drawn: Vec<(f64, &Point)> =
            band.points.iter().filter_map(|point| Some((x.place(point.x)?, point))).collect();
        for run in drawn.chunk_by(|a, b| wide(a.1) == wide(b.1)).filter(|run| run.len() > 1 && wide(run[0].1)) {
            let edge = |sign: f64| {
                move |(px, point): &(f64, &Point)| (*px, point.mean + sign * point.deviation.unwrap_or(0.0))
            };
            let upper = run.iter().map(edge(1.0));
            let lower = run.iter().rev().map(edge(-1.0));
            let outline: Vec<(f64, f64)> = upper.chain(lower).map(|(px, py)| at(px, y.clamp(py))).collect();
            page.fill(&outline, colour(i), 0.2)?;
        }
    }
    for (i, band) in figure.bands.iter().enumerate() {
        let place = |point: &Point| Some(at(x.place(point.x)?, y.place(point.mean)?));
        let line: Vec<Option<(f64, f64)>> = band.points.iter().map(place).collect();
        // What is not finite is a gap.
        for run in line.split(Option::is_none) {
            let run: Vec<(f64, f64)> = run.iter().flatten().copied().collect();
            if run.len() > 1 {
                page.line(&run, colour(i), 2.0)?;
            }
            if run.len() == 1 || band.points.len() <= MARKED {
                run.iter().try_for_each(|point| page.mark(i, *point, 3.5))?;
            }
        }
    }
    page.border(&frame)
}

/// Whether a point has a band around it.
fn wide(point: &Point) -> bool {
    point.mean.is_finite() && point.deviation.is_some_and(f64::is_finite)
}
