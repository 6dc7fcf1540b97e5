//! When the sessions of a school day start, open, close and end, in local time, with the date from which that holds.
//!
//! Must never: keep a register open for longer than [`OPEN_MINUTES`].

use super::{BadCalendar, Half};
use crate::time::Millis;
use chrono::{NaiveDate, NaiveTime, Weekday};
use serde::{Deserialize, Serialize};

/// A register may not be open for longer (P1).
pub const OPEN_MINUTES: i64 = 30;

/// The times of one session in local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalTimes {
    /// The session starts; minutes late count from here.
    pub start: NaiveTime,
    /// The register opens: who arrives before is on time.
    pub opens: NaiveTime,
    /// The register closes: who arrives from here on is U.
    pub closes: NaiveTime,
    /// The session ends: who arrives from here on arrives for the next one.
    pub end: NaiveTime,
}

/// The times of one session of one date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Times {
    /// As in [`LocalTimes`].
    pub start: Millis,
    /// As in [`LocalTimes`].
    pub opens: Millis,
    /// As in [`LocalTimes`].
    pub closes: Millis,
    /// As in [`LocalTimes`].
    pub end: Millis,
}

/// The ordinary week from a date on, until a later timetable takes its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timetable {
    /// First date of force.
    pub from: NaiveDate,
    /// The days of the week with school, as "Mon".
    pub weekdays: Vec<Weekday>,
    /// The morning.
    pub am: Option<LocalTimes>,
    /// The afternoon.
    pub pm: Option<LocalTimes>,
}

/// One session of one date that is not as the timetable says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneDay {
    /// The date.
    pub date: NaiveDate,
    /// The half of it.
    pub half: Half,
    /// Its times; none: there is no such session that day.
    pub times: Option<LocalTimes>,
    /// Why, for whoever looks at it later.
    pub why: String,
}

impl LocalTimes {
    pub(super) fn check(&self, date: NaiveDate, half: Half) -> Result<(), BadCalendar> {
        if !(self.start <= self.opens && self.opens < self.closes && self.closes <= self.end) {
            return Err(BadCalendar::TimesOutOfOrder { date, half });
        }
        let open = self.closes - self.opens;
        if open > chrono::TimeDelta::minutes(OPEN_MINUTES) {
            let minutes = (open.num_seconds() + 59) / 60;
            return Err(BadCalendar::OpenTooLong { date, half, opens: self.opens, closes: self.closes, minutes });
        }
        Ok(())
    }
}

impl Timetable {
    pub(super) const fn half(&self, half: Half) -> Option<LocalTimes> {
        match half {
            Half::Am => self.am,
            Half::Pm => self.pm,
        }
    }
}

/// The morning must be over when the afternoon starts.
pub(super) fn check_pair(date: NaiveDate, am: Option<LocalTimes>, pm: Option<LocalTimes>) -> Result<(), BadCalendar> {
    match (am, pm) {
        (Some(am), Some(pm)) if am.end > pm.start => Err(BadCalendar::HalvesOverlap { date }),
        _ => Ok(()),
    }
}
