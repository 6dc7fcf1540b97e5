//! The keyed hash of a card: what a kiosk may keep of a card's number.
//!
//! HMAC-SHA256 with the school's card key over the digits as the reader types them, as 64 lower-case hexadecimal
//! digits. The server hashes the same way when a card is bound.
//!
//! Must never: let a card's number out of here, into a log, a fact or a file.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use shared::text::Text;
use std::fmt;

/// A card's number as it was read. It shows nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct CardNumber(String);

impl CardNumber {
    /// Takes the digits of a reader: 1 to 20 of them, nothing else.
    #[must_use]
    pub fn new(digits: &str) -> Option<Self> {
        let digits = digits.trim();
        let sound = (1..=20).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        sound.then(|| Self(digits.to_owned()))
    }
    /// The keyed hash; `None` when the key is not 64 hexadecimal digits.
    #[must_use]
    pub fn keyed_hash(&self, key: &str) -> Option<Text<64>> {
        let key = crate::hex::bytes::<32>(key)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        mac.update(self.0.as_bytes());
        Text::new(&crate::hex::text(&mac.finalize().into_bytes())).ok()
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardNumber")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_hmac_sha256() {
        // RFC 4231 has no case with a key of exactly 32 bytes and digits; this value was computed with openssl:
        // printf 0004711 | openssl dgst -sha256 -mac HMAC -macopt hexkey:0b0b…0b (32 bytes)
        let key = "0b".repeat(32);
        let hash = CardNumber::new("0004711").unwrap().keyed_hash(&key).unwrap();
        assert_eq!(hash.as_str(), "6044462e6c5eb6e21099b43a2518044589137a76822efed2b2033494d37c6d88");
    }

    #[test]
    fn leading_noughts_count_and_other_characters_are_no_card() {
        let key = "ab".repeat(32);
        let hash = |n: &str| CardNumber::new(n).unwrap().keyed_hash(&key).unwrap();
        assert_ne!(hash("0004711"), hash("4711"));
        assert_eq!(hash("4711"), hash(" 4711\n"));
        for bad in ["", "47a1", "123456789012345678901"] {
            assert!(CardNumber::new(bad).is_none(), "{bad:?}");
        }
        assert!(CardNumber::new("1").unwrap().keyed_hash("short").is_none());
    }
}
