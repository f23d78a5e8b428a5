//! Heat maps: a cell for each place and series, coloured by its mean, with the number in it.

use plotters::prelude::{DrawingBackend, RGBColor, WHITE};
use plotters::style::colors::colormaps::{ColorMap, ViridisRGB};
use plotters::style::text_anchor::HPos;

use super::axis::Scale;
use super::bars::places;
use super::page::{Frame, INK, Page, share};
use super::{Figure, undrawable};
use crate::base::Diagnostic;
use crate::report::number::digits;

/// The width of the strip that shows which colour is which value, with its labels.
const STRIP: f64 = 16.0;

pub(super) fn paint<B: DrawingBackend>(figure: &Figure, page: &Page<B>) -> Result<(), Diagnostic> {
    if figure.x.log || figure.y.log {
        return Err(undrawable("the cells of a heat map stand at places with names, not on an axis of numbers"));
    }
    let means = || figure.bands.iter().flat_map(|band| &band.points).map(|point| point.mean);
    let scale = Scale::of(&figure.y, means(), 0.0)?;
    let (columns, rows) = (places(figure), figure.bands.len());

    let top = page.heading(&figure.title, &[])?;
    let labels: Vec<String> = scale.ticks.iter().map(|tick| scale.label(*tick)).collect();
    let widest = page.widest(figure.bands.iter().map(|band| band.name.as_str()))?;
    let widest_tick = page.widest(labels.iter().map(String::as_str))?;
    let frame = page.frame(top, widest.min(200.0), STRIP + widest_tick + 26.0);
    let cell = |column: usize, row: usize| {
        let (left, top) = frame.at(column as f64 / columns.len() as f64, 1.0 - row as f64 / rows as f64);
        let (right, bottom) =
            frame.at((column + 1) as f64 / columns.len() as f64, 1.0 - (row + 1) as f64 / rows as f64);
        Frame { left, top, right, bottom }
    };
    for (row, band) in figure.bands.iter().enumerate() {
        let middle = cell(0, row);
        let name = page.shortened(&band.name, 200.0)?;
        page.text(&name, (frame.left - 7.0, (middle.top + middle.bottom) / 2.0), HPos::Right, INK, false)?;
        for point in band.points.iter().filter(|point| point.mean.is_finite()) {
            // Every label of a band is among the places.
            let column = columns.iter().position(|place| *place == point.label).unwrap_or(0);
            let (place, share) = (cell(column, row), share(&scale, point.mean));
            page.rectangle(&place, viridis(share))?;
            let value = digits(point.mean, 3);
            if page.width(&value)? + 4.0 <= place.right - place.left {
                // Viridis is dark in its lower half.
                let ink = if share < 0.6 { WHITE } else { INK };
                let middle = ((place.left + place.right) / 2.0, (place.top + place.bottom) / 2.0);
                page.text(&value, middle, HPos::Center, ink, false)?;
            }
        }
    }
    page.places(&frame, &columns)?;
    page.horizontal_name(&frame, &figure.x.label)?;
    page.vertical_name(&frame, &figure.y.label)?;
    page.border(&frame)?;

    let strip = Frame { left: frame.right + 14.0, right: frame.right + 14.0 + STRIP, ..frame };
    let shades = 64;
    for i in 0..shades {
        let (_, bottom) = strip.at(0.0, f64::from(i) / f64::from(shades));
        let (_, top) = strip.at(0.0, f64::from(i + 1) / f64::from(shades));
        page.rectangle(&Frame { top, bottom, ..strip }, viridis((f64::from(i) + 0.5) / f64::from(shades)))?;
    }
    for tick in &scale.ticks {
        let (_, y) = strip.at(0.0, share(&scale, *tick));
        page.line(&[(strip.right, y), (strip.right + 3.0, y)], INK, 1.0)?;
        page.text(&scale.label(*tick), (strip.right + 6.0, y), HPos::Left, INK, false)?;
    }
    Ok(())
}

fn viridis(share: f64) -> RGBColor {
    ViridisRGB.get_color(share)
}
