//! Random bytes, hexadecimal, sha256: what ids, salts and tokens are made of.
//!
//! Must never: log what it makes.

use crate::store::StoreError;
use sha2::{Digest, Sha256};
use shared::log::Salt;

/// Random bytes from the system.
///
/// # Errors
/// [`StoreError::NoRandom`] when the system has none.
pub fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    #[cfg(feature = "sim")]
    if shared::sim::fill(&mut bytes) {
        return Ok(bytes);
    }
    getrandom::fill(&mut bytes).map_err(|_| StoreError::NoRandom)?;
    Ok(bytes)
}

/// A salt for an entry of the school's log.
///
/// # Errors
/// As for [`random`].
pub fn salt() -> Result<Salt, StoreError> {
    random().map(Salt)
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut s, b| {
        let _ = write!(s, "{b:02x}"); // writing to a String cannot fail
        s
    })
}

/// Bytes from hexadecimal, exactly `N` of them.
#[must_use]
pub fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != N * 2 || !text.is_ascii() {
        return None;
    }
    let mut out = [0; N];
    for (i, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(i * 2..i * 2 + 2)?, 16).ok()?;
    }
    Some(out)
}

/// sha256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A text to type from one screen into another: letters and digits that cannot be taken for one another.
///
/// # Errors
/// As for [`random`].
pub fn typeable(groups: usize) -> Result<String, StoreError> {
    const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ"; // 32: a byte's low five bits pick one, evenly
    let mut out = String::new();
    for group in 0..groups {
        if group > 0 {
            out.push('-');
        }
        for byte in random::<4>()? {
            out.push(char::from(ALPHABET[usize::from(byte & 31)]));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_comes_back() {
        assert_eq!(unhex::<3>(&hex(&[0, 171, 255])), Some([0, 171, 255]));
        assert_eq!(unhex::<3>("00abf"), None);
        assert_eq!(unhex::<3>("00abzz"), None);
    }

    #[test]
    fn what_is_typed_has_no_letter_that_looks_like_another() {
        let text = typeable(8).unwrap();
        assert_eq!(text.len(), 8 * 5 - 1);
        assert!(!text.contains(['0', 'O', '1', 'I']));
    }
}
