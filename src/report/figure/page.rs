//! What all figures share: the page, its text, the legend, and a frame with axes. Lengths are in the units of an SVG; a page
//! of pixels multiplies them.

use std::sync::Once;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::{Axis, Scale};
use super::{Figure, SIZE, undrawable};
use crate::base::Diagnostic;

/// The name under which the font is known, on a page of pixels and, for readers of an SVG, to fall back on theirs.
const FONT: &str = "DejaVu Sans, Verdana, sans-serif";

/// The size of text.
pub(super) const TEXT: f64 = 13.0;

/// The space around the page.
const MARGIN: f64 = 12.0;

pub(super) const INK: RGBColor = RGBColor(40, 40, 40);
const GRID: RGBColor = RGBColor(225, 225, 225);

/// Okabe and Ito's colours, but for their yellow, which is faint on white.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];

/// The colour of a series.
pub(super) fn colour(series: usize) -> RGBColor {
    COLOURS[series % COLOURS.len()]
}

/// Makes the font known, once.
pub(super) fn font() {
    static ONCE: Once = Once::new();
    // The font is a constant, which a test below holds to be one.
    ONCE.call_once(|| drop(plotters::style::register_font(FONT, FontStyle::Normal, dejavu::sans::regular())));
}

/// A rectangle of the page: left, top, right, bottom.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Frame {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Frame {
    /// Where a share of the way from left to right, and from the bottom to the top, lies.
    pub fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.left + x * (self.right - self.left), self.bottom - y * (self.bottom - self.top))
    }
}

/// A page that is drawn on.
pub(super) struct Page<B: DrawingBackend> {
    area: DrawingArea<B, Shift>,
    scale: f64,
}

impl<B: DrawingBackend> Page<B> {
    pub fn new(backend: B, scale: u32) -> Self {
        Page { area: backend.into_drawing_area(), scale: f64::from(scale) }
    }

    pub fn clear(&self) -> Result<(), Diagnostic> {
        self.area.fill(&WHITE).map_err(|error| undrawable(error.to_string()))
    }

    pub fn present(&self) -> Result<(), Diagnostic> {
        self.area.present().map_err(|error| undrawable(error.to_string()))
    }

    fn pixel(&self, (x, y): (f64, f64)) -> (i32, i32) {
        ((x * self.scale).round() as i32, (y * self.scale).round() as i32)
    }

    fn draw<E>(&self, element: &E) -> Result<(), Diagnostic>
    where
        for<'b> &'b E: plotters::element::PointCollection<'b, (i32, i32)>,
        E: plotters::element::Drawable<B>,
    {
        self.area.draw(element).map_err(|error| undrawable(error.to_string()))
    }

    /// A line through points.
    pub fn line(&self, points: &[(f64, f64)], colour: RGBColor, width: f64) -> Result<(), Diagnostic> {
        let points: Vec<(i32, i32)> = points.iter().map(|point| self.pixel(*point)).collect();
        self.draw(&PathElement::new(points, colour.stroke_width((width * self.scale).round().max(1.0) as u32)))
    }

    /// A filled polygon; `strength` is 1 where nothing shines through it.
    pub fn fill(&self, points: &[(f64, f64)], colour: RGBColor, strength: f64) -> Result<(), Diagnostic> {
        let points: Vec<(i32, i32)> = points.iter().map(|point| self.pixel(*point)).collect();
        self.draw(&Polygon::new(points, colour.mix(strength)))
    }

    /// A filled rectangle.
    pub fn rectangle(&self, frame: &Frame, colour: RGBColor) -> Result<(), Diagnostic> {
        let corners = [self.pixel((frame.left, frame.top)), self.pixel((frame.right, frame.bottom))];
        self.draw(&Rectangle::new(corners, colour.filled()))
    }

    /// The mark of a series at a point: a disc, a square, a triangle, a rhombus.
    pub fn mark(&self, series: usize, (x, y): (f64, f64), size: f64) -> Result<(), Diagnostic> {
        let shape = |corners: &[(f64, f64)]| {
            let points: Vec<(f64, f64)> = corners.iter().map(|(dx, dy)| (x + size * dx, y + size * dy)).collect();
            self.fill(&points, colour(series), 1.0)
        };
        match series % 4 {
            0 => {
                let radius = (size * self.scale).round() as i32;
                self.draw(&Circle::new(self.pixel((x, y)), radius, colour(series).filled()))
            }
            1 => shape(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]),
            2 => shape(&[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)]),
            _ => shape(&[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)]),
        }
    }

    /// Text at a point of its left or right end or its middle, centred vertically.
    pub fn text(
        &self,
        text: &str,
        at: (f64, f64),
        side: HPos,
        colour: RGBColor,
        turned: bool,
    ) -> Result<(), Diagnostic> {
        let style = self.style(colour, side);
        // The middle of a line of letters lies above that of the box that the glyphs are drawn into.
        let drop = if self.scale > 1.0 { 0.12 * TEXT } else { 0.0 };
        let at = if turned { (at.0 + drop, at.1) } else { (at.0, at.1 + drop) };
        let style = if turned { style.transform(FontTransform::Rotate270) } else { style };
        self.draw(&Text::new(text.to_owned(), self.pixel(at), style))
    }

    fn style(&self, colour: RGBColor, side: HPos) -> TextStyle<'static> {
        let font = (FONT, TEXT * self.scale).into_font();
        TextStyle { color: colour.to_backend_color(), ..TextStyle::from(font).pos(Pos::new(side, VPos::Center)) }
    }

    /// How wide a text is.
    pub fn width(&self, text: &str) -> Result<f64, Diagnostic> {
        let size = self.area.estimate_text_size(text, &self.style(INK, HPos::Left));
        size.map(|(width, _)| f64::from(width) / self.scale).map_err(|error| undrawable(error.to_string()))
    }

    /// Title and legend at the top of the page, the names side by side in as many rows as they need; returns where they end.
    pub fn heading(&self, title: &str, names: &[&str]) -> Result<f64, Diagnostic> {
        let mut top = MARGIN;
        if !title.is_empty() {
            self.text(title, (f64::from(SIZE.0) / 2.0, top + TEXT / 2.0), HPos::Center, INK, false)?;
            top += 1.7 * TEXT;
        }
        if names.is_empty() {
            return Ok(top);
        }
        let (sample, gap) = (26.0, 18.0);
        let mut x = MARGIN + 4.0;
        for (series, name) in names.iter().enumerate() {
            let width = sample + self.width(name)?;
            if x > MARGIN + 4.0 && x + width > f64::from(SIZE.0) - MARGIN {
                (x, top) = (MARGIN + 4.0, top + 1.5 * TEXT);
            }
            let y = top + TEXT / 2.0;
            self.line(&[(x, y), (x + 20.0, y)], colour(series), 2.0)?;
            self.mark(series, (x + 10.0, y), 3.5)?;
            self.text(name, (x + sample, y), HPos::Left, INK, false)?;
            x += width + gap;
        }
        Ok(top + 1.7 * TEXT)
    }

    /// The frame of a chart below the heading, with room for what stands at its left and below it.
    pub fn frame(&self, top: f64, widest: f64, right: f64) -> Frame {
        let (width, height) = (f64::from(SIZE.0), f64::from(SIZE.1));
        let left = MARGIN + 1.9 * TEXT + widest + 8.0;
        Frame { left, top: top + 4.0, right: width - MARGIN - right, bottom: height - MARGIN - 3.4 * TEXT }
    }

    /// What lines and bars have in common: title, legend and vertical axis, with its ticks; returns the frame for the rest.
    pub fn chart(&self, figure: &Figure, y: &Scale) -> Result<Frame, Diagnostic> {
        // A legend of one series would say what the vertical axis says, unless it has another name.
        let named = figure.bands.len() > 1 || figure.bands.first().is_some_and(|band| band.name != figure.y.label);
        let names = figure.bands.iter().filter(|_| named).map(|band| band.name.as_str());
        let top = self.heading(&figure.title, &names.collect::<Vec<_>>())?;
        let labels: Vec<String> = y.ticks.iter().map(|tick| y.label(*tick)).collect();
        let frame = self.frame(top, self.widest(labels.iter().map(String::as_str))?, 10.0);
        self.vertical(&frame, &figure.y, y)?;
        Ok(frame)
    }

    /// How wide the widest of some texts is; 0 of none.
    pub fn widest<'a>(&self, mut texts: impl Iterator<Item = &'a str>) -> Result<f64, Diagnostic> {
        texts.try_fold(0.0, |widest: f64, text| Ok(widest.max(self.width(text)?)))
    }

    /// The vertical axis: ticks with lines across the frame, and what it shows.
    fn vertical(&self, frame: &Frame, axis: &Axis, scale: &Scale) -> Result<(), Diagnostic> {
        for tick in &scale.ticks {
            let (_, y) = frame.at(0.0, share(scale, *tick));
            self.line(&[(frame.left, y), (frame.right, y)], GRID, 1.0)?;
            self.text(&scale.label(*tick), (frame.left - 7.0, y), HPos::Right, INK, false)?;
        }
        self.vertical_name(frame, &axis.label)
    }

    /// What the vertical axis shows, alongside it.
    pub fn vertical_name(&self, frame: &Frame, name: &str) -> Result<(), Diagnostic> {
        self.text(name, (MARGIN + TEXT / 2.0, (frame.top + frame.bottom) / 2.0), HPos::Center, INK, true)
    }

    /// The horizontal axis: ticks with lines across the frame, and what it shows.
    pub fn horizontal(&self, frame: &Frame, axis: &Axis, scale: &Scale) -> Result<(), Diagnostic> {
        for tick in &scale.ticks {
            let (x, _) = frame.at(share(scale, *tick), 0.0);
            self.line(&[(x, frame.top), (x, frame.bottom)], GRID, 1.0)?;
            self.text(&scale.label(*tick), (x, frame.bottom + 7.0 + TEXT / 2.0), HPos::Center, INK, false)?;
        }
        self.horizontal_name(frame, &axis.label)
    }

    /// What the horizontal axis shows, below it.
    pub fn horizontal_name(&self, frame: &Frame, name: &str) -> Result<(), Diagnostic> {
        let middle = (frame.left + frame.right) / 2.0;
        self.text(name, (middle, frame.bottom + 2.7 * TEXT), HPos::Center, INK, false)
    }

    /// Names at places along the horizontal axis, each shortened to the room that it has.
    pub fn places(&self, frame: &Frame, names: &[&str]) -> Result<(), Diagnostic> {
        let room = (frame.right - frame.left) / names.len() as f64 - 4.0;
        for (i, name) in names.iter().enumerate() {
            let (x, _) = frame.at((i as f64 + 0.5) / names.len() as f64, 0.0);
            let shown = self.shortened(name, room)?;
            self.text(&shown, (x, frame.bottom + 7.0 + TEXT / 2.0), HPos::Center, INK, false)?;
        }
        Ok(())
    }

    /// The text, or its beginning and an ellipsis where it is too wide.
    pub fn shortened(&self, text: &str, room: f64) -> Result<String, Diagnostic> {
        let mut shown = text.to_owned();
        let mut kept = text.chars().count();
        while kept > 1 && self.width(&shown)? > room {
            kept -= 1;
            shown = text.chars().take(kept).chain(['…']).collect();
        }
        Ok(shown)
    }

    /// The lines around a chart: those of its axes.
    pub fn border(&self, frame: &Frame) -> Result<(), Diagnostic> {
        self.line(&[(frame.left, frame.top), (frame.left, frame.bottom), (frame.right, frame.bottom)], INK, 1.2)
    }
}

/// How far along an axis a place lies, from 0 to 1.
pub(super) fn share(scale: &Scale, place: f64) -> f64 {
    (place - scale.low) / (scale.high - scale.low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_is_one() {
        assert!(plotters::style::register_font("a font", FontStyle::Normal, dejavu::sans::regular()).is_ok());
    }
}
