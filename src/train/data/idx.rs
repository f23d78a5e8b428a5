//! IDX, the format of MNIST and of Fashion-MNIST: two zero bytes, a byte for the type, a byte for the rank, the sizes as
//! big-endian 32-bit numbers, and the entries (LeCun, Cortes and Burges, the page of MNIST).

use std::path::Path;

use super::file;
use crate::base::{Code, Diagnostic};

/// The type of entry that images and labels have: unsigned bytes.
const BYTES: u8 = 8;

/// Larger images than this are no data set of small images, but a damaged header.
const MOST_PIXELS_OF_A_SIDE: usize = 1 << 15;

/// Images in grey, one after another, each row by row.
#[derive(Debug)]
pub(super) struct Pictures {
    pub(super) count: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) bytes: Vec<u8>,
}

/// The images of a file of rank 3: count × height × width.
pub(super) fn images(path: &Path) -> Result<Pictures, Diagnostic> {
    let (sizes, bytes) = array::<3>(path, "images")?;
    let [count, height, width] = sizes;
    if height.max(width) > MOST_PIXELS_OF_A_SIDE {
        return Err(file::damaged(
            path,
            format!("its header, at byte 8, promises images of {height} × {width} pixels"),
        ));
    }
    Ok(Pictures { count, height, width, bytes })
}

/// The labels of a file of rank 1, each below `classes`.
pub(super) fn labels(path: &Path, classes: usize) -> Result<Vec<u8>, Diagnostic> {
    let (_, bytes) = array::<1>(path, "labels")?;
    match bytes.iter().position(|label| usize::from(*label) >= classes) {
        None => Ok(bytes),
        Some(at) => Err(outside(path, bytes[at], at, header_length(1) + at, classes)),
    }
}

/// A label that no class has, by its byte in the file.
pub(super) fn outside(path: &Path, label: u8, sample: usize, byte: usize, classes: usize) -> Diagnostic {
    let message = format!(
        "'{}' gives sample {sample} the label {label}, at byte {byte}, but there are {classes} classes",
        path.display()
    );
    Diagnostic::new(Code::E1004, message).note(format!("labels are 0 to {}", classes - 1))
}

const fn header_length(rank: usize) -> usize {
    4 + 4 * rank
}

/// The sizes and the entries of an array of bytes of this rank.
fn array<const RANK: usize>(path: &Path, wanted: &str) -> Result<([usize; RANK], Vec<u8>), Diagnostic> {
    let header = header_length(RANK);
    let mut bytes = file::read_measured(path, header, |start| {
        let sizes = sizes::<RANK>(path, start, wanted)?;
        // More than a quarter of the address space is no promise that a file can keep.
        let entries = sizes.iter().try_fold(1, |product: usize, size| product.checked_mul(*size));
        entries.filter(|entries| *entries < usize::MAX / 4).map(|entries| header + entries).ok_or_else(|| {
            file::damaged(path, format!("its header, from byte 4, promises an array of sizes {sizes:?}"))
        })
    })?;
    // The header was read once already, and without a mistake.
    let sizes = sizes(path, &bytes, wanted)?;
    bytes.drain(..header);
    Ok((sizes, bytes))
}

/// The sizes that a header names, none of them 0.
fn sizes<const RANK: usize>(path: &Path, start: &[u8], wanted: &str) -> Result<[usize; RANK], Diagnostic> {
    let header = header_length(RANK);
    let short = || file::damaged(path, format!("it ends at byte {}, in its header of {header} bytes", start.len()));
    let shown = || start.iter().take(4).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    match *start {
        [0, 0, BYTES, rank, ..] if usize::from(rank) == RANK => {}
        [0, 0, BYTES, rank @ (1 | 3), ..] => {
            let found = if rank == 1 { "labels" } else { "images" };
            let message = format!("'{}' holds {found}, not {wanted} (rank {rank}, at byte 3)", path.display());
            return Err(Diagnostic::new(Code::E1003, message).help("have the two files changed places?"));
        }
        [0, 0, BYTES, rank, ..] => {
            return Err(file::damaged(path, format!("an array of rank {RANK} was expected, byte 3 says {rank}")));
        }
        [0] | [0, 0] | [0, 0, BYTES] => return Err(short()),
        [0, 0, kind, ..] => {
            let what = format!("entries of type 0x08, unsigned bytes, were expected, byte 2 says 0x{kind:02x}");
            return Err(file::damaged(path, what));
        }
        [] => return Err(file::damaged(path, "it is empty")),
        _ => {
            let what = format!("an IDX file starts with 00 00 08, this one with {}", shown());
            return Err(file::damaged(path, what).note(known(start)));
        }
    }
    if start.len() < header {
        return Err(short());
    }
    let mut sizes = [0; RANK];
    for (axis, size) in sizes.iter_mut().enumerate() {
        let at = 4 + 4 * axis;
        let number = u32::from_be_bytes([start[at], start[at + 1], start[at + 2], start[at + 3]]);
        *size = usize::try_from(number).unwrap_or(usize::MAX);
        if *size == 0 {
            return Err(file::damaged(path, format!("its header, at byte {at}, promises an array of size 0")));
        }
    }
    Ok(sizes)
}

/// What a file that is no IDX file seems to be.
fn known(start: &[u8]) -> &'static str {
    match *start {
        [b'P', b'K', ..] => "this is how a zip archive starts: unpack it",
        [b'<', ..] => "this is how a web page starts: a download brought a page instead of the file",
        [0x93, b'N', ..] => "this is how a NumPy file starts",
        [0x89, b'P', ..] | [0xff, 0xd8, ..] => "this is how a picture starts: a folder of them is `folder:FOLDER`",
        _ => "it is none of zip, a web page, NumPy's format or a picture either",
    }
}
