//! Bars from 0, side by side at each place, with whiskers of one standard deviation to each side.

use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::HPos;

use super::axis::Scale;
use super::page::{Frame, INK, Page, TEXT, colour, share};
use super::{Figure, undrawable};
use crate::base::Diagnostic;
use crate::report::number::digits;

/// The part of the room of a place that its bars fill.
const FILLED: f64 = 0.8;

pub(super) fn paint<B: DrawingBackend>(figure: &Figure, page: &Page<B>) -> Result<(), Diagnostic> {
    if figure.x.log || figure.y.log {
        return Err(undrawable("bars are compared by their lengths, which a logarithmic axis does not keep"));
    }
    let points = || figure.bands.iter().flat_map(|band| &band.points);
    let ends = points().flat_map(|point| {
        let spread = point.deviation.unwrap_or(0.0);
        [point.mean - spread, point.mean + spread]
    });
    // No value at all would leave an axis from 0 to 0.
    if !points().any(|point| point.mean.is_finite()) {
        return Err(undrawable(format!("no value of '{}' is finite", figure.y.label)));
    }
    let y = Scale::from_zero(&figure.y, ends)?;
    let places = places(figure);

    let frame = page.chart(figure, &y)?;
    page.places(&frame, &places)?;
    page.horizontal_name(&frame, &figure.x.label)?;

    let width = FILLED / (places.len() * figure.bands.len()) as f64;
    for (i, band) in figure.bands.iter().enumerate() {
        for point in band.points.iter().filter(|point| point.mean.is_finite()) {
            // Every label of a band is among the places.
            let at = places.iter().position(|place| *place == point.label).unwrap_or(0);
            let left = (at as f64 + (1.0 - FILLED) / 2.0) / places.len() as f64 + i as f64 * width;
            let (x0, y0) = frame.at(left + 0.04 * width, share(&y, 0.0));
            let (x1, y1) = frame.at(left + 0.96 * width, share(&y, point.mean));
            page.rectangle(&Frame { left: x0, right: x1, top: y0.min(y1), bottom: y0.max(y1) }, colour(i))?;
            let mut end = y1;
            if let Some(spread) = point.deviation.filter(|spread| spread.is_finite()) {
                let middle = (x0 + x1) / 2.0;
                let tip = |sign: f64| frame.at(0.0, share(&y, point.mean + sign * spread)).1;
                let arm = ((x1 - x0) / 4.0).min(6.0);
                page.line(&[(middle, tip(-1.0)), (middle, tip(1.0))], INK, 1.5)?;
                for y in [tip(-1.0), tip(1.0)] {
                    page.line(&[(middle - arm, y), (middle + arm, y)], INK, 1.5)?;
                }
                end = if point.mean < 0.0 { tip(-1.0) } else { tip(1.0) };
            }
            let value = digits(point.mean, 3);
            if page.width(&value)? <= x1 - x0 + 2.0 {
                let off = if point.mean < 0.0 { 0.7 * TEXT } else { -0.7 * TEXT };
                page.text(&value, ((x0 + x1) / 2.0, end + off), HPos::Center, INK, false)?;
            }
        }
    }
    page.border(&frame)
}

/// The places of all series, each once: in the order of their numbers, or in which they come.
pub(super) fn places(figure: &Figure) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for point in figure.bands.iter().flat_map(|band| &band.points) {
        if !found.contains(&point.label.as_str()) {
            found.push(&point.label);
        }
    }
    let numbers: Option<Vec<f64>> = found.iter().map(|label| label.parse().ok()).collect();
    if let Some(numbers) = numbers {
        let mut order: Vec<(f64, &str)> = numbers.into_iter().zip(found).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        return order.into_iter().map(|(_, label)| label).collect();
    }
    found
}
