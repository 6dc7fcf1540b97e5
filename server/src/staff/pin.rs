//! PINs: which are refused, how one is made, and the hash that kiosks check.
//!
//! A PIN keeps pupils out, and is no more than that: it has so few values that no hash protects it from somebody who
//! holds a kiosk's disk. So the hash is made to be checked quickly on a Raspberry Pi, and the kiosk slows guessing down.
//!
//! Must never: show a PIN in a debug text, an error or a log.

use crate::secret;
use crate::store::StoreError;
use argon2::password_hash::PasswordHasher as _;
use argon2::{Algorithm, Argon2, Params, Version};
use std::fmt;

/// Digits of a PIN.
pub const DIGITS: std::ops::RangeInclusive<usize> = 4..=6;
/// Memory of one check in KiB, and passes over it: about a twentieth of what a log-in's password costs.
const MEMORY_KIB: u32 = 4 * 1024;
const PASSES: u32 = 1;

/// A PIN that may be used.
pub struct Pin(String);

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin")
    }
}

/// Why a PIN was refused, in words for whoever typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPin {
    /// Not 4 to 6 digits.
    #[error("A PIN is 4 to 6 digits, and nothing else.")]
    NotDigits,
    /// 0000, 1234, 4321, 1212.
    #[error(
        "This PIN is one that pupils try first: one digit over and over, digits in a row, or the same few repeated. Choose another."
    )]
    Trivial,
    /// 1984.
    #[error("This PIN looks like a year, and pupils guess those. Choose another.")]
    Year,
}

impl Pin {
    /// Checks.
    ///
    /// # Errors
    /// [`BadPin`].
    pub fn new(text: &str) -> Result<Self, BadPin> {
        let text = text.trim();
        if !DIGITS.contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(BadPin::NotDigits);
        }
        let digits: Vec<u8> = text.bytes().map(|b| b - b'0').collect();
        let in_steps_of = |step: u8| digits.windows(2).all(|w| (w[0] + step) % 10 == w[1]);
        let repeats = (1..=digits.len() / 2)
            .any(|n| digits.len().is_multiple_of(n) && digits.chunks(n).all(|c| c == &digits[..n]));
        let keypad = matches!(text, "2580" | "0852" | "1379" | "1397"); // lines and corners of the keypad
        if in_steps_of(1) || in_steps_of(9) || repeats || keypad {
            return Err(BadPin::Trivial);
        }
        if text.len() == 4 && (text.starts_with("19") || text.starts_with("20")) {
            return Err(BadPin::Year);
        }
        Ok(Self(text.to_owned()))
    }

    /// Makes one of four digits by chance.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn generate() -> Result<Self, StoreError> {
        loop {
            // 60,000 of 65,536: every PIN equally often.
            let n = u16::from_be_bytes(secret::random()?);
            if n >= 60_000 {
                continue;
            }
            if let Ok(pin) = Self::new(&format!("{:04}", n % 10_000)) {
                return Ok(pin);
            }
        }
    }

    /// For the one page or line that shows a made PIN once.
    #[must_use]
    pub fn show_once(&self) -> &str {
        &self.0
    }

    /// The argon2id hash in PHC form, as kiosks check it: about 5 ms here, some 30 ms on a Pi.
    ///
    /// # Errors
    /// [`StoreError::NoRandom`] when no salt could be made.
    pub fn hash(&self) -> Result<String, StoreError> {
        let cheap =
            Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|_| StoreError::Corrupt { what: "the cost of a PIN" })?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, cheap);
        let phc = argon2.hash_password(self.0.as_bytes()).map_err(|_| StoreError::NoRandom)?;
        Ok(phc.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::PasswordVerifier as _;
    use argon2::password_hash::phc::PasswordHash;

    #[test]
    fn what_pupils_try_first_is_refused() {
        for bad in
            ["0000", "1234", "4321", "12345", "654321", "7890", "9876", "8901", "1212", "123123", "777777", "2580"]
        {
            assert_eq!(Pin::new(bad).err(), Some(BadPin::Trivial), "{bad}");
        }
        for year in ["1984", "2026"] {
            assert_eq!(Pin::new(year).err(), Some(BadPin::Year), "{year}");
        }
        for no in ["", "123", "1234567", "12a4", "47 11", "４７１１"] {
            assert_eq!(Pin::new(no).err(), Some(BadPin::NotDigits), "{no}");
        }
        for good in ["4711", "80631", "902817", "198405", " 5302\n"] {
            assert!(Pin::new(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_kiosk_can_check_it_with_the_parameters_that_the_hash_names() {
        let hash = Pin::new("4711").unwrap().hash().unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=4096,t=1,p=1$"), "{hash}");
        assert!(hash.len() <= 200, "it fits the feed's row");
        let phc = PasswordHash::new(&hash).unwrap();
        // Exactly what kiosk/src/pin.rs does.
        assert!(Argon2::default().verify_password(b"4711", &phc).is_ok());
        assert!(Argon2::default().verify_password(b"4712", &phc).is_err());
    }

    #[test]
    fn made_pins_pass_and_differ() {
        let made: std::collections::BTreeSet<String> =
            (0..50).map(|_| Pin::generate().unwrap().show_once().to_owned()).collect();
        assert!(made.len() > 40, "50 of 10,000 are hardly ever the same");
        assert!(made.iter().all(|pin| pin.len() == 4 && Pin::new(pin).is_ok()));
        assert_eq!(format!("{:?}", Pin::new("4711").unwrap()), "Pin");
    }
}
