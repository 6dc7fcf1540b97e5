//! The national attendance codes, as dated data: what each means, how it counts, who may use it.
//!
//! Source: The School Attendance (Pupil Registration) (England) Regulations 2024, and "Working together to improve
//! school attendance".
//!
//! Must never: be branched on by letter outside this table's own predicates.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// A code as it stands in a register: one or two ASCII characters. Only codes of the table exist.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code([u8; 2]);

/// A text that is no attendance code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an attendance code")]
pub struct NotACode;

impl Code {
    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let len = if self.0[1] == 0 { 1 } else { 2 };
        std::str::from_utf8(&self.0[..len]).unwrap_or("?")
    }
}
impl FromStr for Code {
    type Err = NotACode;
    fn from_str(s: &str) -> Result<Self, NotACode> {
        match s.as_bytes() {
            [a] if a.is_ascii() => Ok(Self([*a, 0])),
            [a, b] if s.is_ascii() => Ok(Self([*a, *b])),
            _ => Err(NotACode),
        }
    }
}
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code")
    }
}
impl Serialize for Code {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}
impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}
