//! Places in source text.

use std::sync::Arc;

/// A source text, by its number in [`Sources`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct FileId(pub u32);

/// A half-open range of bytes in one source text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Span {
    /// The text that the range lies in.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range from `start` up to `end`, in bytes.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        // Sources refuses texts of 4 GiB and more, so both fit.
        Span { file, start: start as u32, end: end as u32 }
    }

    /// Whether it covers nothing, as the place of what stands in no text.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The smallest range that covers both; `other` must lie in the same text.
    pub fn to(self, other: Span) -> Span {
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// One source text with the name that messages give it.
#[derive(Clone, Debug)]
pub struct Source {
    /// A path, or a name such as `<expression>` or `<library>/entropy.lw`.
    pub name: String,
    /// The whole text.
    pub text: Arc<str>,
}

/// All the texts that spans may point into.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// No text yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps a text and gives it a number.
    ///
    /// # Panics
    /// When the text has 4 GiB or more; readers refuse such files before they come here.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let text = text.into();
        assert!(text.len() < u32::MAX as usize, "a source text must be smaller than 4 GiB");
        self.files.push(Source { name: name.into(), text });
        FileId(self.files.len() as u32 - 1)
    }

    /// The text with this number.
    pub fn get(&self, file: FileId) -> &Source {
        &self.files[file.0 as usize]
    }

    /// Every text, in the order of the numbers.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        self.files.iter().enumerate().map(|(i, s)| (FileId(i as u32), s))
    }

    /// The characters that a span covers.
    pub fn text(&self, span: Span) -> &str {
        &self.get(span.file).text[span.start as usize..span.end as usize]
    }

    /// The line and column, both from 1, columns in characters, of a span's first byte.
    pub fn line_column(&self, span: Span) -> (usize, usize) {
        let before = &self.get(span.file).text[..span.start as usize];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}
