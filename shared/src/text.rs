//! Text with a bound: what arrives from outside is never longer than its field.
//!
//! Must never: cut text silently. Too long is an error that says so.

use serde::{Deserialize, Deserializer, Serialize};
use std::{fmt, ops::Deref};

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// More characters than the field holds.
    #[error("too long: {got} characters, at most {max}")]
    TooLong {
        /// Characters found.
        got: usize,
        /// Characters allowed.
        max: usize,
    },
    /// A control character (a line break is allowed where a text may have lines).
    #[error("holds a control character")]
    Control,
}

/// At most `MAX` characters, trimmed, without control characters other than a line break.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Default)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(String);

/// A person's or class's name: at most 80 characters.
pub type Name = Text<80>;
/// A sentence or two that a person typed: at most 500 characters.
pub type Remark = Text<500>;

impl<const MAX: usize> Text<MAX> {
    /// Trims and checks.
    ///
    /// # Errors
    /// [`BadText`] when it is too long or holds control characters.
    pub fn new(text: &str) -> Result<Self, BadText> {
        let text = text.trim();
        let got = text.chars().count();
        if got > MAX {
            return Err(BadText::TooLong { got, max: MAX });
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(BadText::Control);
        }
        Ok(Self(text.to_owned()))
    }
    /// As a plain string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> Deref for Text<MAX> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}
impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
// Names and reasons must not reach a log by way of {:?}.
impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} chars)", self.0.chars().count())
    }
}
impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let raw = String::deserialize(d)?;
        Self::new(&raw).map_err(serde::de::Error::custom)
    }
}
