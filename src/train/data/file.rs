//! Files of data, whole or not at all: gzip unpacked and its checksum compared, the length that the header promises, and
//! the byte at which a damaged file ceases to make sense.

use std::io::{self, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::base::{Code, Diagnostic};

/// The first bytes of every gzip file (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A file that was read but does not hold what it should.
pub(super) fn damaged(path: &Path, what: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::new(Code::E1003, format!("'{}' is damaged: {what}", path.display()))
        .help("fetch or copy it anew: nothing of a damaged file is used")
}

/// A file or folder that the system does not let us read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    let shown = path.display();
    let message = match error.kind() {
        io::ErrorKind::NotFound => format!("there is no '{shown}'"),
        io::ErrorKind::PermissionDenied => format!("'{shown}' may not be read (permission denied)"),
        io::ErrorKind::IsADirectory => format!("'{shown}' is a folder, not a file"),
        io::ErrorKind::NotADirectory => format!("'{shown}' is a file, not a folder"),
        _ => format!("'{shown}' cannot be read: {error}"),
    };
    Diagnostic::new(Code::E1002, message)
}

/// The bytes of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Diagnostic> {
    std::fs::read(path).map_err(|error| unreadable(path, &error))
}

/// How many bytes a file has.
pub(super) fn length(path: &Path) -> Result<u64, Diagnostic> {
    std::fs::metadata(path).map(|found| found.len()).map_err(|error| unreadable(path, &error))
}

/// The bytes of a file, unpacked if it is gzipped, whose length is said by its first `header` bytes.
///
/// `length` is given these, or as many as there are, and answers how many bytes the file has in all.
pub(super) fn read_measured(
    path: &Path,
    header: usize,
    length: impl FnOnce(&[u8]) -> Result<usize, Diagnostic>,
) -> Result<Vec<u8>, Diagnostic> {
    let raw = read(path)?;
    let packed = raw.starts_with(&GZIP);
    let (bytes, length) = if packed {
        unpack(path, &raw, header, length)?
    } else {
        let length = length(&raw[..header.min(raw.len())])?;
        (raw, length)
    };
    let of = if packed { " of what it unpacks to" } else { "" };
    match bytes.len() {
        held if held < length => {
            Err(damaged(path, format!("it ends at byte {held}{of}, its header promises {length} bytes")))
        }
        held if held > length => {
            Err(damaged(path, format!("it should end at byte {length}{of}, as its header says, but goes on")))
        }
        _ => Ok(bytes),
    }
}

/// Unpacks no more than one byte beyond the length that the header promises, whatever the packed bytes would grow to.
fn unpack(
    path: &Path,
    raw: &[u8],
    header: usize,
    length: impl FnOnce(&[u8]) -> Result<usize, Diagnostic>,
) -> Result<(Vec<u8>, usize), Diagnostic> {
    let mut decoder = MultiGzDecoder::new(raw);
    let mut bytes = Vec::new();
    grow(path, raw, &mut decoder, &mut bytes, header)?;
    let length = length(&bytes)?;
    // The checksum is compared where the stream ends: one byte more is asked for, so that it is come to.
    let rest = (length + 1).saturating_sub(bytes.len());
    grow(path, raw, &mut decoder, &mut bytes, rest)?;
    Ok((bytes, length))
}

/// Unpacks so many bytes more, or fewer if the stream ends.
fn grow(
    path: &Path,
    raw: &[u8],
    decoder: &mut MultiGzDecoder<&[u8]>,
    bytes: &mut Vec<u8>,
    more: usize,
) -> Result<(), Diagnostic> {
    let outcome = decoder.by_ref().take(more as u64).read_to_end(bytes);
    outcome.map(drop).map_err(|error| {
        let at = raw.len() - decoder.get_ref().len();
        let what = match error.kind() {
            io::ErrorKind::UnexpectedEof => format!("its gzip stream breaks off at byte {at}"),
            _ => format!("its gzip stream is wrong at or before byte {at} ({error})"),
        };
        damaged(path, what).note(format!("{} bytes were unpacked before that", bytes.len()))
    })
}
