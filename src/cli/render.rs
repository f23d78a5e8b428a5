//! Diagnostics as text. They are rendered here and nowhere else.

use std::collections::BTreeMap;
use std::ops::Range;

use codespan_reporting::diagnostic::{Diagnostic as Rendered, Label};
use codespan_reporting::files::{Error, Files, SimpleFile};
use codespan_reporting::term::termcolor::Ansi;
use codespan_reporting::term::{self, Config, Styles, StylesWriter};

use crate::base::{Diagnostic, FileId, Sources, Span};
use crate::report::Style;

/// Longer lines are shown in part: a line of a megabyte is no help to anyone.
const MAX_LINE: usize = 240;

/// How much of a long line is shown before its mark.
const BEFORE: usize = 60;

/// After this many, a count has to do.
const MAX_SHOWN: usize = 40;

/// Each diagnostic with its code, the places in the text, notes and help, and a footer that names the long story.
pub fn render(sources: &Sources, diagnostics: &[Diagnostic], style: Style) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics.iter().take(MAX_SHOWN) {
        text += &one(sources, diagnostic, style);
    }
    if diagnostics.len() > MAX_SHOWN {
        text += &format!("and {} more\n\n", diagnostics.len() - MAX_SHOWN);
    }
    let mut codes: Vec<String> = Vec::new();
    for diagnostic in diagnostics {
        let code = diagnostic.code.to_string();
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    match codes.as_slice() {
        [] => {}
        [code] => text += &format!("loewner check --explain {code} tells more\n"),
        [code, rest @ ..] => {
            text += &format!("loewner check --explain {code} tells more (likewise {})\n", rest.join(", "));
        }
    }
    text
}

fn one(sources: &Sources, diagnostic: &Diagnostic, style: Style) -> String {
    let excerpts = Excerpts::new(sources, diagnostic);
    let labels = diagnostic.labels.iter().map(|label| {
        let range = excerpts.range(label.span);
        let place = if label.primary { Label::primary } else { Label::secondary };
        place(label.span.file.0, range).with_message(&label.text)
    });
    let notes = diagnostic.notes.iter().map(|note| format!("note: {note}"));
    let helps = diagnostic.help.iter().map(|help| format!("help: {help}"));
    let rendered = Rendered::error()
        .with_code(diagnostic.code.to_string())
        .with_message(&diagnostic.message)
        .with_labels(labels.collect())
        .with_notes(notes.chain(helps).collect());
    let config = Config::default();
    let text = if style.colour {
        let styles = Styles::default();
        let mut ansi = Ansi::new(Vec::new());
        term::emit_to_write_style(&mut StylesWriter::new(&mut ansi, &styles), &config, &excerpts, &rendered)
            .map(|()| String::from_utf8_lossy(&ansi.into_inner()).into_owned())
    } else {
        term::emit_into_string(&config, &excerpts, &rendered)
    };
    // A place that cannot be shown must not take the message with it.
    text.unwrap_or_else(|_| format!("error[{}]: {}\n\n", diagnostic.code, diagnostic.message))
}

/// The texts that a diagnostic points into, long lines cut.
struct Excerpts<'a> {
    sources: &'a Sources,
    files: BTreeMap<u32, Excerpt>,
}

/// A text whose long lines are cut to a window, with the way from old places to new ones and back.
struct Excerpt {
    file: SimpleFile<String, String>,
    /// The ranges of the original that were kept, each with its place in the excerpt; in order.
    kept: Vec<(Range<usize>, usize)>,
}

impl<'a> Excerpts<'a> {
    fn new(sources: &'a Sources, diagnostic: &Diagnostic) -> Self {
        let mut files = BTreeMap::new();
        for label in &diagnostic.labels {
            let FileId(id) = label.span.file;
            let starts = || diagnostic.labels.iter().filter(|l| l.span.file.0 == id).map(|l| l.span.start as usize);
            files.entry(id).or_insert_with(|| {
                let source = sources.get(label.span.file);
                Excerpt::new(&source.name, &source.text, &starts().collect::<Vec<_>>())
            });
        }
        Excerpts { sources, files }
    }

    fn range(&self, span: Span) -> Range<usize> {
        match self.files.get(&span.file.0) {
            Some(excerpt) => excerpt.forward(span.start as usize)..excerpt.forward(span.end as usize),
            None => 0..0,
        }
    }

    fn get(&self, id: u32) -> Result<&Excerpt, Error> {
        self.files.get(&id).ok_or(Error::FileMissing)
    }
}

impl Excerpt {
    fn new(name: &str, text: &str, marks: &[usize]) -> Self {
        let mut shown = String::new();
        let mut kept = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let (from, to) = (start, start + line.len());
            start = to;
            if line.len() <= MAX_LINE {
                kept.push((from..to, shown.len()));
                shown += line;
                continue;
            }
            let mark = marks.iter().copied().filter(|mark| (from..to).contains(mark)).min().unwrap_or(from);
            let first = boundary(text, mark.saturating_sub(BEFORE).max(from));
            let last = boundary(text, (first + MAX_LINE / 2).min(to));
            if first > from {
                shown.push('…');
            }
            kept.push((first..last, shown.len()));
            shown += &text[first..last];
            if last < to {
                shown += "…\n";
            }
        }
        if kept.is_empty() {
            kept.push((0..0, 0));
        }
        Excerpt { file: SimpleFile::new(name.to_owned(), shown), kept }
    }

    /// Where a byte of the original is in the excerpt, or the nearest byte that is.
    fn forward(&self, byte: usize) -> usize {
        let index = self.kept.partition_point(|(range, _)| range.start <= byte).saturating_sub(1);
        let (range, at) = &self.kept[index];
        at + byte.clamp(range.start, range.end) - range.start
    }

    /// Where a byte of the excerpt is in the original.
    fn backward(&self, byte: usize) -> usize {
        let index = self.kept.partition_point(|(_, at)| *at <= byte).saturating_sub(1);
        let (range, at) = &self.kept[index];
        (range.start + byte.saturating_sub(*at)).min(range.end)
    }
}

/// The byte itself, or the nearest before it where a character starts.
fn boundary(text: &str, mut byte: usize) -> usize {
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

impl<'a> Files<'a> for Excerpts<'a> {
    type FileId = u32;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: u32) -> Result<&'a str, Error> {
        Ok(self.get(id)?.file.name())
    }

    fn source(&'a self, id: u32) -> Result<&'a str, Error> {
        Ok(self.get(id)?.file.source())
    }

    fn line_index(&'a self, id: u32, byte: usize) -> Result<usize, Error> {
        self.get(id)?.file.line_index((), byte)
    }

    fn line_range(&'a self, id: u32, line: usize) -> Result<Range<usize>, Error> {
        self.get(id)?.file.line_range((), line)
    }

    /// The column in the original, which is what an editor can jump to.
    fn column_number(&'a self, id: u32, _line: usize, byte: usize) -> Result<usize, Error> {
        let at = self.get(id)?.backward(byte);
        Ok(self.sources.line_column(Span::new(FileId(id), at, at)).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Code;

    #[test]
    fn places_notes_and_help_are_shown() {
        let mut sources = Sources::new();
        let file = sources.add("a.lw", "def f(x) =\n  trace(Z)\n");
        let diagnostic = Diagnostic::new(Code::E0303, "trace needs a square matrix")
            .at(Span::new(file, 19, 20), "3 × 5")
            .because(Span::new(file, 6, 7), "here")
            .note("a note")
            .help("a repair");
        let text = render(&sources, &[diagnostic], Style::default());
        assert!(text.contains("error[E0303]: trace needs a square matrix"), "{text}");
        assert!(text.contains("a.lw:2:9"), "{text}");
        assert!(text.contains("= note: a note"), "{text}");
        assert!(text.contains("= help: a repair"), "{text}");
        assert!(text.ends_with("loewner check --explain E0303 tells more\n"), "{text}");
    }

    #[test]
    fn a_line_of_a_megabyte_is_shown_in_part_with_its_true_column() {
        let mut sources = Sources::new();
        let text = format!("first\n{}é? 1\nlast", "9".repeat(1_000_000));
        let file = sources.add("a.lw", text);
        let at = 6 + 1_000_000;
        let diagnostic = Diagnostic::new(Code::E0101, "no").at(Span::new(file, at, at + 2), "this");
        let text = render(&sources, &[diagnostic], Style { colour: true, width: 80 });
        assert!(text.len() < 2000 && text.contains("2:1000001"), "{text}");
    }

    #[test]
    fn empty_texts_and_many_mistakes_are_no_problem() {
        let mut sources = Sources::new();
        let file = sources.add("empty.lw", "");
        let diagnostic = Diagnostic::new(Code::E0102, "nothing").at(Span::new(file, 0, 0), "here");
        let many = vec![diagnostic; 50];
        assert!(render(&sources, &many, Style::default()).contains("and 10 more"));
        assert_eq!(render(&sources, &[], Style::default()), "");
    }
}
