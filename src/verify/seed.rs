//! Generators: each sample's is a function of the seed, the theorem's name and the sample's number, and of nothing else,
//! so that neither the number of threads nor the order of work changes what is drawn.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The generator that everything here draws from: ChaCha with 8 rounds (Bernstein 2008), the same on every platform.
pub type Rng = ChaCha8Rng;

/// What a generator is for, so that two uses never share a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    /// The sizes and baked constants of a cell.
    Cell,
    /// A sample.
    Sample,
    /// A sample on which an asymptotic claim is followed to its limit.
    Limit,
    /// A piece of work of an attack.
    Attack,
}

/// The FNV-1a hash of bytes (Fowler, Noll and Vo): fixed for ever, unlike the standard library's.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// One step of SplitMix64 (Steele, Lea and Flood 2014): a bijection of 64 bits that mixes them well.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A theorem's key: the seed and the hash of its name, mixed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key(u64);

impl Key {
    /// The key of a theorem under a seed.
    pub fn new(seed: u64, theorem: &str) -> Self {
        let mut state = seed;
        let mixed = split_mix(&mut state);
        Key(mixed ^ fnv(theorem.as_bytes()))
    }

    /// The generator with this number in a stream.
    pub fn generator(self, stream: Stream, index: u64) -> Rng {
        let mut state = self.0 ^ (stream as u64 + 1).wrapping_mul(0xa076_1d64_78bd_642f);
        state = split_mix(&mut state) ^ index;
        let mut bytes = [0; 32];
        for word in bytes.chunks_exact_mut(8) {
            word.copy_from_slice(&split_mix(&mut state).to_le_bytes());
        }
        Rng::from_seed(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng as _;

    #[test]
    fn generators_are_fixed_and_differ() {
        let first = |seed, name: &str, stream, index| Key::new(seed, name).generator(stream, index).next_u64();
        let here = first(0, "a", Stream::Sample, 0);
        assert_eq!(here, first(0, "a", Stream::Sample, 0));
        for other in [
            first(1, "a", Stream::Sample, 0),
            first(0, "b", Stream::Sample, 0),
            first(0, "a", Stream::Cell, 0),
            first(0, "a", Stream::Sample, 1),
        ] {
            assert_ne!(here, other);
        }
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
