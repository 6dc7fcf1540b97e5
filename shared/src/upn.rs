//! The unique pupil number: 13 characters, the first of them a check letter.
//!
//! Source: Department for Education, "Unique pupil numbers (UPNs): a guide for schools and local authorities".
//!
//! Must never: reach a kiosk, a card, a printed register, an address or a log. It is a blind number.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// The letters that check, and those that end a temporary number: I, O and S are left out. A letter's place is its
/// value.
const LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPQRTUVWXYZ";

/// A number whose check letter is right. Debug hides it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Upn([u8; 13]);

/// Why a text is no UPN. None of them repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadUpn {
    /// Not 13 characters.
    #[error("not a UPN: it has {got} characters, a UPN has 13")]
    Length {
        /// Characters found.
        got: usize,
    },
    /// A character that cannot stand at its place.
    #[error("not a UPN: character {place} of 13 cannot stand there (a letter, eleven digits, a digit or a letter)")]
    Character {
        /// Its place, from 1.
        place: usize,
    },
    /// All characters are possible, and they do not fit together: a slip of the pen.
    #[error("not a UPN: the check letter does not fit the rest, so a character is wrong")]
    CheckLetter,
}

impl Upn {
    /// As text, 13 characters. For statutory returns and the office's own pages only.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("?")
    }
    /// Given by a school until the true number is known: it ends in a letter.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        self.0[12].is_ascii_alphabetic()
    }
}

/// The value of a character: a digit's own, a letter's place among [`LETTERS`].
fn value(byte: u8, digit: bool, letter: bool) -> Option<usize> {
    match byte {
        b'0'..=b'9' if digit => Some(usize::from(byte - b'0')),
        _ if letter => LETTERS.iter().position(|l| *l == byte),
        _ => None,
    }
}

impl FromStr for Upn {
    type Err = BadUpn;
    /// Spaces around it and small letters are forgiven.
    fn from_str(s: &str) -> Result<Self, BadUpn> {
        let text = s.trim().to_ascii_uppercase();
        let wrong = BadUpn::Length { got: text.chars().count() };
        if wrong != (BadUpn::Length { got: 13 }) {
            return Err(wrong);
        }
        let mut bytes = [0; 13];
        let (mut check, mut sum) = (0, 0);
        for (i, c) in text.chars().enumerate() {
            let bad = BadUpn::Character { place: i + 1 };
            let byte = u8::try_from(c).map_err(|_| bad)?;
            let value = value(byte, i > 0, i == 0 || i == 12).ok_or(bad)?;
            if i == 0 {
                check = value
            } else {
                sum += value * (i + 1)
            }
            bytes[i] = byte;
        }
        if sum % LETTERS.len() == check { Ok(Self(bytes)) } else { Err(BadUpn::CheckLetter) }
    }
}
impl fmt::Display for Upn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
impl fmt::Debug for Upn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upn")
    }
}
impl Serialize for Upn {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}
impl<'de> Deserialize<'de> for Upn {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<bool, BadUpn> {
        text.parse::<Upn>().map(|upn| upn.is_temporary())
    }

    #[test]
    fn true_temporary_and_mistyped_numbers() {
        for upn in ["H801200001001", "B801200005001", " h801200001001 "] {
            assert_eq!(read(upn), Ok(false), "{upn}");
        }
        for upn in ["G80120000101A", "X00180001701A"] {
            assert_eq!(read(upn), Ok(true), "{upn}");
        }
        for upn in ["A801200005001", "Z801200001001", "H801200001002", "G80120000101B"] {
            assert_eq!(read(upn), Err(BadUpn::CheckLetter), "{upn}");
        }
    }

    #[test]
    fn what_has_not_the_shape_says_where() {
        for (text, bad) in [
            ("", BadUpn::Length { got: 0 }),
            ("H80120000100", BadUpn::Length { got: 12 }),
            ("H8012000010011", BadUpn::Length { got: 14 }),
            ("8801200001001", BadUpn::Character { place: 1 }),
            ("S801200001001", BadUpn::Character { place: 1 }),
            ("H80120000A001", BadUpn::Character { place: 10 }),
            ("H80120000100O", BadUpn::Character { place: 13 }),
            ("H80120000100\u{e9}", BadUpn::Character { place: 13 }),
        ] {
            assert_eq!(read(text), Err(bad), "{text}");
        }
        let upn: Upn = "H801200001001".parse().unwrap();
        assert_eq!((format!("{upn}"), format!("{upn:?}")), ("H801200001001".to_owned(), "Upn".to_owned()));
        assert_eq!(serde_json::from_str::<Upn>(&serde_json::to_string(&upn).unwrap()).unwrap(), upn);
    }

    proptest! {
        // One wrong digit anywhere is found: 23 is prime, and no place or difference of digits is a multiple of it.
        #[test]
        fn one_wrong_digit_is_found(digits in "[0-9]{12}", place in 0_usize..12, by in 1_u8..10) {
            let with = |digits: &[u8]| {
                let rest = String::from_utf8(digits.to_vec()).unwrap();
                LETTERS.iter().map(|l| format!("{}{rest}", char::from(*l))).find(|t| read(t).is_ok()).unwrap()
            };
            let mut digits = digits.into_bytes();
            let before = with(&digits);
            digits[place] = b'0' + (digits[place] - b'0' + by) % 10;
            prop_assert_ne!(&before[..1], &with(&digits)[..1]);
        }
        #[test]
        fn any_text_is_answered(text in ".{0,20}") {
            let _ = read(&text);
        }
    }
}
