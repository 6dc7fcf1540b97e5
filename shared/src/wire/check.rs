//! The check word of an enrolment: shown by the kiosk and by the office page, to be compared by a person.
//!
//! The kiosk commits to its nonce before it learns anything, so somebody in the middle has one try in 65,536, and
//! cannot search for a key of their own that gives the same word.
//!
//! Must never: be taken from the code alone. It binds the server's key as the kiosk saw it.

use crate::log::Hash;
use sha2::{Digest, Sha256};

/// The word (five letters, pronounceable) for this server key, nonce and code. `pin` is the sha256 of the server's
/// public key (SPKI, DER): on the kiosk the one it met, on the server its own.
#[must_use]
pub fn check_word(pin: Hash, nonce: &[u8; 32], code: &str) -> String {
    const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
    const VOWELS: &[u8; 4] = b"aiou";
    let mut h = Sha256::new();
    h.update(b"rollbook-check-1");
    h.update(pin.0);
    h.update(nonce);
    h.update(code.as_bytes());
    let hash = h.finalize();
    let bits = u16::from_be_bytes([hash[0], hash[1]]);
    let part = |shift: u32, mask: u16| usize::from(bits >> shift & mask);
    [
        CONSONANTS[part(12, 15)],
        VOWELS[part(10, 3)],
        CONSONANTS[part(6, 15)],
        VOWELS[part(4, 3)],
        CONSONANTS[part(0, 15)],
    ]
    .iter()
    .map(|letter| char::from(*letter))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_binds_key_nonce_and_code() {
        let word = check_word(Hash([1; 32]), &[2; 32], "K7QX-4M2P");
        assert_eq!(word.len(), 5);
        assert_eq!(word, check_word(Hash([1; 32]), &[2; 32], "K7QX-4M2P"));
        assert_ne!(word, check_word(Hash([3; 32]), &[2; 32], "K7QX-4M2P"));
        assert_ne!(word, check_word(Hash([1; 32]), &[4; 32], "K7QX-4M2P"));
        assert_ne!(word, check_word(Hash([1; 32]), &[2; 32], "K7QX-4M2Q"));
    }
}
