//! A sitting: what the timetable and the roll say of one pupil and session, before anybody tapped anything.
//!
//! Must never: hold a fact, or depend on one.

use super::MarkKey;
use crate::calendar::Times;
use crate::codes::Code;
use crate::id::ClassId;
use crate::time::Millis;

/// What kind of day it is for this session. Each limit belongs to what follows it: an arrival at `closes` is after
/// close, one at `end` is for the next session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayKind {
    /// There is school, at these times.
    School(Times),
    /// A planned closure of the whole school (#), a weekend, a holiday, or a half day without this session.
    Closed,
    /// Staff come in, pupils do not.
    Inset,
}

/// What the timetable and the roll say of one pupil and session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sitting {
    /// Which pupil and session.
    pub key: MarkKey,
    /// The pupil's class in this very session (who moves class at noon has another in the afternoon).
    pub class: ClassId,
    /// Whether the pupil is on the roll of this very session: from joining to leaving, both included (P9).
    pub on_roll: bool,
    /// The day, with the session's times.
    pub day: DayKind,
    /// When the session before it on the same day ended: an arrival before this was one for that session. `None` for
    /// the first of the day: what is more than eight hours before its start was on another day.
    pub before: Option<Millis>,
    /// Whether the pupil left the building in an earlier session of the day and has not returned
    /// ([`super::Decision::left`] of that session): expected absent.
    pub left_earlier: bool,
}

impl Sitting {
    /// Present in this half of the day.
    #[must_use]
    pub const fn present(&self) -> Code {
        Code::present(self.key.session.half)
    }
}
