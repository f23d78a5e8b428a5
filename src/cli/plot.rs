//! A live plot in the terminal: the loss and the watched expressions against the step, one below the other.

use textplots::{Chart, LabelBuilder, LabelFormat, Plot, Shape};

use crate::report::short;
use crate::train::record::StepReport;

/// A history has at most twice this many points: more than a terminal has columns to show them in.
const POINTS: usize = 512;

/// The rows of one plot, without the line that names it and that of the steps.
const ROWS: u32 = 6;

/// The columns to the right of a plot, where its largest and its least value stand.
const MARGIN: u32 = 12;

/// Everything told of a run, thinned to what can be shown.
#[derive(Default)]
pub(super) struct LivePlot {
    series: Vec<(String, History)>,
}

impl LivePlot {
    /// A step's loss, and the expressions that were evaluated at it.
    pub fn add(&mut self, report: &StepReport) {
        self.push("loss", report.step, report.loss);
        for (name, value) in &report.watched {
            self.push(name, report.step, *value);
        }
    }

    fn push(&mut self, name: &str, step: u64, value: f64) {
        let at = match self.series.iter().position(|(known, _)| known == name) {
            Some(at) => at,
            None => {
                self.series.push((name.to_owned(), History::default()));
                self.series.len() - 1
            }
        };
        self.series[at].1.push(step as f64, value);
    }

    /// As many plots as fit into a terminal of this size, the loss first; nothing where none does.
    pub fn text(&self, columns: u16, rows: u16) -> String {
        // A plot, the line that names it and that of the steps; the bar stands below all of them.
        let fitting = (usize::from(rows).saturating_sub(2)) / (ROWS as usize + 2);
        let width = u32::from(columns).saturating_sub(MARGIN).min(100);
        if width < 20 {
            return String::new();
        }
        let shown = self.series.iter().filter(|(_, history)| history.points.len() > 1).take(fitting);
        shown.map(|(name, history)| plot(name, history, width)).collect()
    }
}

fn plot(name: &str, history: &History, width: u32) -> String {
    let points: Vec<(f32, f32)> = history.points.iter().map(|(x, y)| (*x as f32, *y as f32)).collect();
    let range = |value: fn(&(f32, f32)) -> f32| {
        let (lo, hi) =
            points.iter().map(value).fold((f32::INFINITY, f32::NEG_INFINITY), |(a, b), y| (a.min(y), b.max(y)));
        // A constant is drawn in the middle.
        if lo < hi { (lo, hi) } else { (lo - lo.abs().max(1.0) / 2.0, hi + hi.abs().max(1.0) / 2.0) }
    };
    let ((left, right), (bottom, top)) = (range(|p| p.0), range(|p| p.1));
    let shape = Shape::Lines(&points);
    // Each character is two dots wide and four high, and dots are counted from 0 to the size of the chart.
    let mut chart = Chart::new_with_y_range(2 * width - 1, 4 * ROWS - 1, left, right, bottom, top);
    let chart = chart
        .x_label_format(LabelFormat::Custom(Box::new(|step| format!("{step:.0}"))))
        .y_label_format(LabelFormat::Custom(Box::new(|value| short(f64::from(value)))))
        .lineplot(&shape);
    chart.figures();
    let last = history.last.map_or(String::new(), short);
    format!("{name}  {last}\n{}\n", chart.to_string().trim_end_matches('\n'))
}

/// Points at rising steps, each the mean of `stride` of them.
struct History {
    points: Vec<(f64, f64)>,
    stride: usize,
    pending: Vec<(f64, f64)>,
    last: Option<f64>,
}

impl Default for History {
    fn default() -> Self {
        History { points: Vec::new(), stride: 1, pending: Vec::new(), last: None }
    }
}

impl History {
    fn push(&mut self, step: f64, value: f64) {
        self.last = Some(value);
        // What is not finite has no place in a plot; the line above it tells.
        if !value.is_finite() {
            return;
        }
        self.pending.push((step, value));
        if self.pending.len() < self.stride {
            return;
        }
        self.points.push(mean(&self.pending));
        self.pending.clear();
        if self.points.len() == 2 * POINTS {
            self.points = self.points.chunks(2).map(mean).collect();
            self.stride *= 2;
        }
    }
}

/// The middle of some points, of which there is at least one.
fn mean(points: &[(f64, f64)]) -> (f64, f64) {
    let sum = points.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
    (sum.0 / points.len() as f64, sum.1 / points.len() as f64)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn told(steps: u64) -> LivePlot {
        let mut plot = LivePlot::default();
        for step in 1..=steps {
            plot.add(&StepReport {
                step,
                steps,
                epoch: 1,
                loss: 1.0 / step as f64,
                learning_rate: 1e-3,
                images_per_second: 100.0,
                stalled: Duration::ZERO,
                watched: if step % 10 == 0 { vec![("rank(z)".to_owned(), 3.0)] } else { Vec::new() },
            });
        }
        plot
    }

    #[test]
    fn each_series_has_its_name_its_range_and_its_steps() {
        let text = told(100).text(80, 40);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 16, "{text}");
        assert_eq!((lines[0], lines[8]), ("loss  0.01", "rank(z)  3"));
        assert!(lines[1].ends_with(" 1") && lines[6].ends_with(" 0.01"), "{text}");
        assert!(lines[7].starts_with('1') && lines[7].ends_with("100"), "{text}");
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{text}");
        // The curve is high on the left and low on the right.
        let drawn = |line: &str| line.chars().position(|c| ('\u{2801}'..='\u{28ff}').contains(&c));
        assert!(drawn(lines[1]).unwrap() < 3 && lines[6].chars().filter(|c| *c > '\u{2800}').count() > 40, "{text}");
    }

    #[test]
    fn a_long_run_is_thinned_and_a_small_terminal_shows_what_fits() {
        let plot = told(100_000);
        let history = &plot.series[0].1;
        assert!(history.points.len() <= 2 * POINTS && history.points.len() >= POINTS);
        assert!(history.points.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(plot.text(80, 12).starts_with("loss") && !plot.text(80, 12).contains("rank"));
        assert_eq!((plot.text(80, 5), plot.text(20, 40)), (String::new(), String::new()));
    }

    #[test]
    fn what_is_not_finite_is_told_and_not_drawn() {
        let mut plot = told(10);
        plot.push("loss", 11, f64::NAN);
        assert!(plot.text(80, 40).starts_with("loss  nan\n"));
    }
}
