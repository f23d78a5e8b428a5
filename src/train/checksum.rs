//! Sums by which a change or damage shows: CRC-64 of pieces of bytes, each with its length.

use crc::{CRC_64_XZ, Crc, Digest, Table};

static CRC: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_XZ);

/// A sum in the making.
pub(super) struct Checksum(Digest<'static, u64, Table<16>>);

impl Checksum {
    /// The sum of nothing.
    pub(super) fn new() -> Self {
        Checksum(CRC.digest())
    }

    /// Adds a piece. Its length counts, so that no bytes can move from one piece to the next unseen.
    pub(super) fn add(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// Sixteen hexadecimal digits.
    pub(super) fn text(self) -> String {
        format!("{:016x}", self.0.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_told_apart() {
        let sum = |pieces: &[&str]| {
            let mut sum = Checksum::new();
            pieces.iter().for_each(|piece| sum.add(piece));
            sum.text()
        };
        assert_eq!(sum(&["ab", "c"]), sum(&["ab", "c"]));
        for other in [&["a", "bc"][..], &["abc"], &["ab", "d"], &["c", "ab"], &["ab", "c", ""]] {
            assert_ne!(sum(&["ab", "c"]), sum(other), "{other:?}");
        }
    }

    /// The check value of CRC-64/XZ in the catalogue of CRC algorithms is that of "123456789".
    #[test]
    fn the_polynomial_is_that_of_the_catalogue() {
        assert_eq!(CRC.checksum(b"123456789"), 0x995d_c9bb_df19_39fa);
    }
}
