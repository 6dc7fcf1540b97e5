//! The national attendance codes, as dated data: what each means, how it counts, who may use it.
//!
//! Source: The School Attendance (Pupil Registration) (England) Regulations 2024, and "Working together to improve
//! school attendance". The rows are in `table`.
//!
//! Must never: be branched on by letter outside this table's own predicates.

mod arrival;
mod table;
#[cfg(test)]
mod tests;

pub use arrival::{ArrivalRule, Phase, SiteClosed, arrival_against, site_closed_replaces};
pub use table::{Asks, Class, Offered, Only, Row};

use crate::calendar::Half;
use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};
use table::TABLE;

/// A code as it stands in a register. Only codes of the table exist; their order is the table's.
///
/// As text (serde, Display, FromStr) it is one or two ASCII characters. Debug hides it: a code can tell a reason, and
/// reasons must not reach a log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(u8); // the place of its newest row in the table

/// A text that is no attendance code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an attendance code")]
pub struct NotACode;

impl Code {
    /// `/`: present in the morning.
    pub const PRESENT_AM: Self = Self::of("/");
    /// `\`: present in the afternoon.
    pub const PRESENT_PM: Self = Self::of("\\");
    /// Late, before the register closed.
    pub const L: Self = Self::of("L");
    /// Arrived after the register closed.
    pub const U: Self = Self::of("U");
    /// Reason not yet established.
    pub const N: Self = Self::of("N");
    /// Other or unknown circumstances: what N becomes.
    pub const O: Self = Self::of("O");
    /// Holiday not granted.
    pub const G: Self = Self::of("G");
    /// Illness.
    pub const I: Self = Self::of("I");
    /// Medical or dental appointment.
    pub const M: Self = Self::of("M");
    /// Educational visit or trip.
    pub const V: Self = Self::of("V");
    /// Dual registered, expected at the other school.
    pub const D: Self = Self::of("D");
    /// Not of compulsory school age, not required.
    pub const X: Self = Self::of("X");
    /// Whole site unexpectedly closed.
    pub const Y4: Self = Self::of("Y4");
    /// Not yet on roll.
    pub const Z: Self = Self::of("Z");
    /// `#`: planned whole-school closure.
    pub const HASH: Self = Self::of("#");

    /// The code of a text known when compiling; a code that the table lacks does not compile.
    const fn of(text: &str) -> Self {
        match Self::find(text.as_bytes()) {
            Some(code) => code,
            None => panic!("not a code of the table"),
        }
    }

    // const fn has no iterators and no comparison of slices, hence the loop. Codes have one or two bytes.
    #[allow(clippy::cast_possible_truncation)] // a test holds the table below 256 rows
    const fn find(text: &[u8]) -> Option<Self> {
        let mut i = TABLE.len();
        while i > 0 {
            i -= 1;
            let code = TABLE[i].code.as_bytes();
            if code.len() == text.len() && code[0] == text[0] && (code.len() == 1 || code[1] == text[1]) {
                return Some(Self(i as u8));
            }
        }
        None
    }

    /// Every code, withdrawn ones too, in the table's order, each once.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().enumerate().filter_map(|(i, row)| Self::find(row.code.as_bytes()).filter(|c| c.0 as usize == i))
    }
    /// The codes offered on a date, in the table's order: to a teacher, or to the office (which has all).
    pub fn offered_on(on: NaiveDate, teacher: bool) -> impl Iterator<Item = Self> {
        Self::all().filter(move |code| if teacher { code.offered_to_teacher(on) } else { code.offered(on) })
    }
    /// Present in this half of the day: `/` or `\`.
    #[must_use]
    pub const fn present(half: Half) -> Self {
        match half {
            Half::Am => Self::PRESENT_AM,
            Half::Pm => Self::PRESENT_PM,
        }
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        self.row().code
    }
    /// The newest row of this code.
    #[must_use]
    pub const fn row(self) -> &'static Row {
        &TABLE[self.0 as usize]
    }
    /// The row in force on a date, if this code was in force then.
    #[must_use]
    pub fn row_on(self, on: NaiveDate) -> Option<&'static Row> {
        TABLE.iter().filter(|row| row.code == self.row().code).find(|row| row.in_force(on))
    }
    /// What it means.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        self.row().meaning
    }
    /// How it counts.
    #[must_use]
    pub const fn class(self) -> Class {
        self.row().class
    }
    /// Whether the session counts as attended.
    #[must_use]
    pub const fn is_present(self) -> bool {
        self.row().present
    }
    /// Whether the session is in the denominator.
    #[must_use]
    pub const fn is_possible(self) -> bool {
        self.row().possible
    }
    /// Possible and not attended.
    #[must_use]
    pub const fn is_absent(self) -> bool {
        self.is_possible() && !self.is_present()
    }
    /// In school on this mark (`/ \ L`), unlike at an activity elsewhere.
    #[must_use]
    pub fn is_attending(self) -> bool {
        self.class() == Class::Attending
    }
    /// L or U: counts in punctuality, and may carry minutes.
    #[must_use]
    pub const fn late(self) -> bool {
        self.row().late
    }
    /// Whether the nature of the activity or circumstance must stand beside it (P7).
    #[must_use]
    pub fn needs_detail(self) -> bool {
        self.row().asks == Asks::Detail
    }
    /// Whether the dates of the arrangement must stand beside it (C2).
    #[must_use]
    pub fn needs_dates(self) -> bool {
        self.row().asks == Asks::Dates
    }
    /// Whether the office may choose it for a session of this date. Withdrawn codes never are.
    #[must_use]
    pub fn offered(self, on: NaiveDate) -> bool {
        self.row_on(on).is_some_and(|row| row.offered != Offered::Import)
    }
    /// Whether a teacher's screen may offer it for a session of this date.
    #[must_use]
    pub fn offered_to_teacher(self, on: NaiveDate) -> bool {
        self.row_on(on).is_some_and(|row| row.offered == Offered::Teacher)
    }
}

impl FromStr for Code {
    type Err = NotACode;
    /// Exactly as in the table: no spaces, capitals only.
    fn from_str(s: &str) -> Result<Self, NotACode> {
        Self::find(s.as_bytes()).ok_or(NotACode)
    }
}
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
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
