//! A session: one half of one day.
//!
//! Must never: hold a time. When a session starts and ends is the timetable's to say.

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// Morning or afternoon. Morning comes first in every order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Half {
    /// Morning.
    Am,
    /// Afternoon.
    Pm,
}

/// A session of a school: written `2026-11-23-am`, on the wire and in addresses.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionKey {
    /// The date in the school's own time zone.
    pub date: NaiveDate,
    /// Which half of it.
    pub half: Half,
}

impl SessionKey {
    /// The session before this one, on a day with school or without.
    #[must_use]
    pub fn before(self) -> Self {
        match self.half {
            Half::Pm => Self { half: Half::Am, ..self },
            Half::Am => Self { date: self.date.pred_opt().unwrap_or(self.date), half: Half::Pm },
        }
    }
}

/// A text that is not a session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a session: expected a date and am or pm, as 2026-11-23-am")]
pub struct NotASession;

impl fmt::Display for Half {
    /// "morning" or "afternoon", for sentences.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Am => "morning",
            Self::Pm => "afternoon",
        })
    }
}
impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let half = match self.half {
            Half::Am => "am",
            Half::Pm => "pm",
        };
        write!(f, "{}-{half}", self.date.format("%Y-%m-%d"))
    }
}
impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl FromStr for SessionKey {
    type Err = NotASession;
    fn from_str(s: &str) -> Result<Self, NotASession> {
        let (date, half) = s.rsplit_once('-').ok_or(NotASession)?;
        let half = match half {
            "am" => Half::Am,
            "pm" => Half::Pm,
            _ => return Err(NotASession),
        };
        let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").map_err(|_| NotASession)?;
        let key = Self { date, half };
        if key.to_string() == s { Ok(key) } else { Err(NotASession) }
    }
}
impl Serialize for SessionKey {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for SessionKey {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}
