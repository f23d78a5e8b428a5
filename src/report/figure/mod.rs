//! Figures as SVG and PNG: lines with bands of deviations, bars, and heat maps of sweeps.
//!
//! The font is part of the program: a figure is the same on a machine that has none. Colours are those of Okabe and Ito, which
//! people with any kind of colour blindness can tell apart (Color Universal Design, 2008); heat maps are in viridis.

mod axis;
mod bars;
mod heat;
mod lines;
mod page;

pub use axis::Axis;

use crate::base::{Code, Diagnostic};
use crate::train::record::Band;
use page::Page;

/// What a figure shows.
#[derive(Clone, PartialEq, Debug)]
pub struct Figure {
    /// A line above it; none where it is empty.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The series, each a line or a colour of bars.
    pub bands: Vec<Band>,
    /// How they are drawn.
    pub kind: Kind,
}

/// How a figure is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A line for each series, with a band of one standard deviation to each side where there is one.
    Lines,
    /// Bars at each place, side by side, with whiskers of one standard deviation.
    Bars,
    /// A cell for each place (columns) and series (rows), coloured by its value.
    Heat,
}

/// What a figure is written as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Vectors, with text that stays text.
    Svg,
    /// Pixels, two for each unit of the SVG.
    Png,
}

/// The size of a figure in the units of an SVG.
const SIZE: (u32, u32) = (720, 450);

/// How many pixels of a PNG there are for a unit.
const PIXELS: u32 = 2;

/// How many points are drawn for a pixel, in each direction, before they are averaged.
const SAMPLES: u32 = 3;

/// The bytes of a file with this figure.
///
/// # Errors
/// E0922 where there is nothing finite to draw, or a logarithmic axis would show what is not positive.
pub fn draw(figure: &Figure, format: Format) -> Result<Vec<u8>, Diagnostic> {
    page::font();
    match format {
        Format::Svg => {
            let mut text = String::new();
            let backend = plotters::prelude::SVGBackend::with_string(&mut text, SIZE);
            paint(figure, &Page::new(backend, 1))?;
            Ok(text.into_bytes())
        }
        Format::Png => {
            let scale = PIXELS * SAMPLES;
            let (width, height) = (SIZE.0 * scale, SIZE.1 * scale);
            let mut buffer = vec![255; 3 * width as usize * height as usize];
            let backend = plotters::prelude::BitMapBackend::with_buffer(&mut buffer, (width, height));
            paint(figure, &Page::new(backend, scale))?;
            png(&averaged(&buffer, width as usize), (SIZE.0 * PIXELS, SIZE.1 * PIXELS))
        }
    }
}

fn paint<B: plotters::prelude::DrawingBackend>(figure: &Figure, page: &Page<B>) -> Result<(), Diagnostic> {
    page.clear()?;
    match figure.kind {
        Kind::Lines => lines::paint(figure, page)?,
        Kind::Bars => bars::paint(figure, page)?,
        Kind::Heat => heat::paint(figure, page)?,
    }
    page.present()
}

/// Red, green and blue of each pixel, as the mean over its samples.
fn averaged(samples: &[u8], width: usize) -> Vec<u8> {
    let k = SAMPLES as usize;
    let (columns, rows) = (width / k, samples.len() / (3 * width * k));
    let mut pixels = Vec::with_capacity(3 * columns * rows);
    for row in 0..rows {
        for column in 0..columns {
            for channel in 0..3 {
                let at =
                    |i: usize, j: usize| usize::from(samples[3 * ((row * k + i) * width + column * k + j) + channel]);
                let sum: usize = (0..k).flat_map(|i| (0..k).map(move |j| (i, j))).map(|(i, j)| at(i, j)).sum();
                pixels.push((sum / (k * k)) as u8);
            }
        }
    }
    pixels
}

fn png(pixels: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, Diagnostic> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(pixels)?;
        writer.finish()
    });
    written.map_err(|error| undrawable(format!("the pixels cannot be written: {error}")))?;
    Ok(bytes)
}

fn undrawable(what: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::E0922, what)
}
