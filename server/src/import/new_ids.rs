//! Ids for what an import adds.
//!
//! Must never: be made from anything that a file says.

use crate::secret;
use crate::store::StoreError;

/// New ids: one look at the system's random numbers, stretched by sha256.
pub struct NewIds {
    seed: [u8; 32],
    n: u64,
}

impl NewIds {
    /// Asks the system for a seed.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn new() -> Result<Self, StoreError> {
        Ok(Self { seed: secret::random()?, n: 0 })
    }
    /// 16 bytes for one more id.
    pub fn make(&mut self) -> [u8; 16] {
        self.n += 1;
        let hash = secret::sha256(&[self.seed.as_slice(), &self.n.to_be_bytes()].concat());
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        id
    }
}
