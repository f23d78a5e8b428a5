//! Generators that are functions of a seed, a name and numbers, and of nothing else, so that neither the number of threads
//! nor the order of work changes what is drawn.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The generator that everything here draws from: ChaCha with 8 rounds (Bernstein 2008), the same on every platform.
pub type Rng = ChaCha8Rng;

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

/// The key of something that draws: a seed and the hash of a name, mixed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key(u64);

impl Key {
    /// The key of what is named so under a seed.
    pub fn new(seed: u64, name: &str) -> Self {
        let mut state = seed;
        let mixed = split_mix(&mut state);
        Key(mixed ^ fnv(name.as_bytes()))
    }

    /// The key of a numbered part: an epoch, a batch. No two numbers share a key.
    pub fn part(self, number: u64) -> Self {
        let mut state = self.0;
        let mut state = split_mix(&mut state) ^ number;
        Key(split_mix(&mut state))
    }

    /// The key as a number, by which to name it to a user.
    pub fn number(self) -> u64 {
        self.0
    }

    /// The generator with this number in a stream. Streams are what generators are for: no two uses share one.
    pub fn generator(self, stream: impl Into<u64>, index: u64) -> Rng {
        let mut state = self.0 ^ (stream.into() + 1).wrapping_mul(0xa076_1d64_78bd_642f);
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
        let first = |seed, name: &str, stream: u64, index| Key::new(seed, name).generator(stream, index).next_u64();
        let here = first(0, "a", 1, 0);
        assert_eq!(here, first(0, "a", 1, 0));
        for other in [first(1, "a", 1, 0), first(0, "b", 1, 0), first(0, "a", 0, 0), first(0, "a", 1, 1)] {
            assert_ne!(here, other);
        }
    }

    #[test]
    fn parts_have_keys_of_their_own() {
        let whole = Key::new(0, "a");
        let mut keys: Vec<u64> = (0..1000).map(|number| whole.part(number).number()).collect();
        keys.extend((0..1000).map(|number| whole.part(7).part(number).number()));
        keys.push(whole.number());
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 2001);
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
