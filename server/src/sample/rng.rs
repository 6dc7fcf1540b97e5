//! A small seeded generator (SplitMix64, Steele, Lea and Flood 2014), so that a sample is the same on every machine and
//! with every version of a library.
//!
//! Must never: make a key, a salt or a token.

/// The generator.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// From a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }
    /// A generator of its own for a part, so that a change in one part leaves the others alone.
    #[must_use]
    pub fn part(&self, name: &str) -> Self {
        let mixed =
            name.bytes().fold(self.0 ^ 0x9E37_79B9_7F4A_7C15, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3));
        let mut part = Self(mixed);
        part.bits();
        part
    }
    /// 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    /// Below `n` (0 for 0). The bias of a remainder is far below what a sample shows.
    pub fn below(&mut self, n: usize) -> usize {
        let n = u64::try_from(n).unwrap_or(1).max(1);
        usize::try_from(self.bits() % n).unwrap_or(0)
    }
    /// True `share` times in a thousand.
    pub fn per_mille(&mut self, share: u32) -> bool {
        self.bits() % 1000 < u64::from(share)
    }
    /// One of them.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
    /// 16 bytes of an id.
    pub fn id(&mut self) -> [u8; 16] {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.bits().to_be_bytes());
        id[8..].copy_from_slice(&self.bits().to_be_bytes());
        id
    }
}
