//! A school's calendar: terms, closures, and the times of its sessions, each with its dates of force.
//!
//! Must never: know a time zone outside `zone`, nor exist with contradictions in it ([`Calendar::new`] checks).

mod sample;
mod session;
mod term;
#[cfg(test)]
mod tests;
mod timetable;
mod week;
mod zone;

pub use session::{Half, NotASession, SessionKey};
pub use term::{Closure, ClosureKind, HalfTerm, Span, Term};
pub use timetable::{LocalTimes, OPEN_MINUTES, OneDay, Times, Timetable};
pub use week::SchoolWeek;

use crate::time::Millis;
use crate::wire::v1::{DayRow, SessionTimes};
use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Weekday};
use serde::{Deserialize, Serialize};

/// A calendar that was checked. As JSON it is a [`Draft`], checked again when read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Draft", into = "Draft")]
pub struct Calendar(Draft);

/// What a person sets: may contradict itself until [`Calendar::new`] has seen it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// The terms, in any order.
    pub terms: Vec<Term>,
    /// Days without sessions inside the terms.
    #[serde(default)]
    pub closures: Vec<Closure>,
    /// The ordinary weeks, each from its date on.
    pub timetables: Vec<Timetable>,
    /// Sessions of single dates that differ.
    #[serde(default)]
    pub one_days: Vec<OneDay>,
    /// The day a school week begins (an assumption of ours: the penalty rules say only "week").
    #[serde(default = "monday")]
    pub week_starts: Weekday,
}

fn monday() -> Weekday {
    Weekday::Mon
}

/// Why a calendar was refused, in words for the person who set it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCalendar {
    /// A span that ends before it begins.
    #[error("{what}: the last day ({until}) is before the first ({from})")]
    Backwards {
        /// Which term, closure or half term.
        what: String,
        /// Its first day.
        from: NaiveDate,
        /// Its last day.
        until: NaiveDate,
    },
    /// Two terms share a day.
    #[error("{one} and {other} overlap: end one before the other begins")]
    TermsOverlap {
        /// The earlier.
        one: String,
        /// The later.
        other: String,
    },
    /// The half-term holiday is not inside its term.
    #[error("the half-term holiday of {term} is not inside the term: both ends need days of the term around it")]
    HalfTermOutside {
        /// Which term.
        term: String,
    },
    /// No timetable holds on the first day of a term.
    #[error("{term} begins before any timetable is in force: give a timetable from {from} or earlier")]
    NoTimetable {
        /// Which term.
        term: String,
        /// Its first day.
        from: NaiveDate,
    },
    /// Two timetables begin on one date.
    #[error("two timetables begin on {from}: keep one")]
    TwoTimetables {
        /// The date.
        from: NaiveDate,
    },
    /// One date's session is set twice.
    #[error("the times of {session} are set twice: keep one")]
    TwoOneDays {
        /// Which.
        session: SessionKey,
    },
    /// Start, opens, closes, end are not in this order.
    #[error("{half} from {date}: the times must follow each other: start, opens, closes, end")]
    TimesOutOfOrder {
        /// The date of force, or the single date.
        date: NaiveDate,
        /// Which half.
        half: Half,
    },
    /// A register open for too long.
    #[error(
        "{half} from {date}: the register would be open for {minutes} minutes ({opens} to {closes}); the law allows 30: \
         let it close earlier"
    )]
    OpenTooLong {
        /// The date of force, or the single date.
        date: NaiveDate,
        /// Which half.
        half: Half,
        /// When it would open.
        opens: NaiveTime,
        /// When it would close.
        closes: NaiveTime,
        /// For how long, rounded up.
        minutes: i64,
    },
    /// The afternoon starts before the morning has ended.
    #[error("from {date} the afternoon starts before the morning has ended: end the morning earlier")]
    HalvesOverlap {
        /// The date of force, or the single date.
        date: NaiveDate,
    },
}

/// What a date is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Day {
    /// A school day, with at least one session, morning first.
    School {
        /// The sessions.
        sessions: Vec<SessionKey>,
    },
    /// In a term, and without sessions.
    Closed {
        /// What kind of closure.
        kind: ClosureKind,
        /// Why.
        why: String,
    },
    /// Outside the terms, or a day of the week without school.
    NotTerm,
}

impl Calendar {
    /// Checks a draft.
    ///
    /// # Errors
    /// [`BadCalendar`]: the first contradiction found, with what to change.
    pub fn new(mut draft: Draft) -> Result<Self, BadCalendar> {
        draft.terms.sort_by_key(|term| term.dates.from);
        draft.timetables.sort_by_key(|table| table.from);
        let calendar = Self(draft);
        calendar.check_dates()?;
        calendar.check_times()?;
        Ok(calendar)
    }

    fn check_dates(&self) -> Result<(), BadCalendar> {
        let order = |what: &str, span: Span| {
            let Span { from, until } = span;
            if from <= until { Ok(()) } else { Err(BadCalendar::Backwards { what: what.to_owned(), from, until }) }
        };
        for term in &self.0.terms {
            order(&term.name, term.dates)?;
            if let Some(gap) = term.half_term {
                order(&format!("half term of {}", term.name), gap)?;
                if gap.from <= term.dates.from || term.dates.until <= gap.until {
                    return Err(BadCalendar::HalfTermOutside { term: term.name.clone() });
                }
            }
            if self.timetable(term.dates.from).is_none() {
                return Err(BadCalendar::NoTimetable { term: term.name.clone(), from: term.dates.from });
            }
        }
        for closure in &self.0.closures {
            order(&closure.why, closure.dates)?;
        }
        for pair in self.0.terms.windows(2) {
            if let [one, other] = pair
                && other.dates.from <= one.dates.until
            {
                return Err(BadCalendar::TermsOverlap { one: one.name.clone(), other: other.name.clone() });
            }
        }
        Ok(())
    }

    fn check_times(&self) -> Result<(), BadCalendar> {
        for pair in self.0.timetables.windows(2) {
            if let [one, other] = pair
                && one.from == other.from
            {
                return Err(BadCalendar::TwoTimetables { from: one.from });
            }
        }
        for table in &self.0.timetables {
            for half in [Half::Am, Half::Pm] {
                table.half(half).map_or(Ok(()), |times| times.check(table.from, half))?;
            }
            timetable::check_pair(table.from, table.am, table.pm)?;
        }
        for (i, one) in self.0.one_days.iter().enumerate() {
            one.times.map_or(Ok(()), |times| times.check(one.date, one.half))?;
            if self.0.one_days[..i].iter().any(|other| (other.date, other.half) == (one.date, one.half)) {
                return Err(BadCalendar::TwoOneDays { session: SessionKey { date: one.date, half: one.half } });
            }
            let [am, pm] = [Half::Am, Half::Pm].map(|half| self.usual(SessionKey { date: one.date, half }));
            timetable::check_pair(one.date, am, pm)?;
        }
        Ok(())
    }

    /// What it was made of, for a page that changes it.
    #[must_use]
    pub const fn draft(&self) -> &Draft {
        &self.0
    }
    /// The terms, earliest first.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        &self.0.terms
    }
    /// The term that a date lies in (weekends and closures of the term too).
    #[must_use]
    pub fn term(&self, date: NaiveDate) -> Option<&Term> {
        self.0.terms.iter().find(|term| term.dates.holds(date))
    }
    /// The half term that a date lies in; none in the holiday in the middle.
    #[must_use]
    pub fn half_term(&self, date: NaiveDate) -> Option<HalfTerm> {
        self.term(date)?.halves().into_iter().find(|half| half.dates.holds(date))
    }

    fn timetable(&self, date: NaiveDate) -> Option<&Timetable> {
        self.0.timetables.iter().rfind(|table| table.from <= date)
    }

    /// The times that timetable and single dates give, whether or not there is school that day.
    fn usual(&self, key: SessionKey) -> Option<LocalTimes> {
        match self.0.one_days.iter().find(|one| one.date == key.date && one.half == key.half) {
            Some(one) => one.times,
            None => self.timetable(key.date).and_then(|table| table.half(key.half)),
        }
    }

    /// What a date is. A single date with times of its own is a school day also at a weekend, within a term.
    #[must_use]
    pub fn day(&self, date: NaiveDate) -> Day {
        let Some(term) = self.term(date) else { return Day::NotTerm };
        if let Some(closure) = self.0.closures.iter().find(|closure| closure.dates.holds(date)) {
            return Day::Closed { kind: closure.kind, why: closure.why.clone() };
        }
        if term.half_term.is_some_and(|gap| gap.holds(date)) {
            return Day::Closed { kind: ClosureKind::HalfTerm, why: "Half term".to_owned() };
        }
        let weekday = self.timetable(date).is_some_and(|table| table.weekdays.contains(&date.weekday()));
        let mut one_days = self.0.one_days.iter().filter(|one| one.date == date);
        let sessions: Vec<_> = [Half::Am, Half::Pm]
            .map(|half| SessionKey { date, half })
            .into_iter()
            .filter(|key| weekday || one_days.clone().any(|one| one.half == key.half))
            .filter(|key| self.usual(*key).is_some())
            .collect();
        if !sessions.is_empty() {
            return Day::School { sessions };
        }
        // Every session of a school day taken away by hand is a closure, and says why.
        match one_days.find(|_| weekday) {
            Some(one) => Day::Closed { kind: ClosureKind::Planned, why: one.why.clone() },
            None => Day::NotTerm,
        }
    }

    /// The times of a session; none, if there is no such session.
    #[must_use]
    pub fn times(&self, key: SessionKey) -> Option<Times> {
        let Day::School { sessions } = self.day(key.date) else { return None };
        if !sessions.contains(&key) {
            return None;
        }
        let local = self.usual(key)?;
        let [start, opens, closes, end] =
            [local.start, local.opens, local.closes, local.end].map(|time| zone::instant(key.date.and_time(time)));
        Some(Times { start, opens, closes, end })
    }

    /// The sessions of the dates from one to another, both included, in order.
    pub fn sessions(&self, from: NaiveDate, until: NaiveDate) -> impl Iterator<Item = SessionKey> + '_ {
        Span { from, until }.days().flat_map(|date| match self.day(date) {
            Day::School { sessions } => sessions,
            Day::Closed { .. } | Day::NotTerm => Vec::new(),
        })
    }

    /// A school day as a kiosk knows it; none, if the date has no session.
    #[must_use]
    pub fn day_row(&self, date: NaiveDate) -> Option<DayRow> {
        let sessions: Vec<_> = self
            .sessions(date, date)
            .filter_map(|key| {
                let Times { start, opens, closes, end } = self.times(key)?;
                Some(SessionTimes { half: key.half, start, opens, closes, end })
            })
            .collect();
        (!sessions.is_empty()).then(|| DayRow { date, sessions, utc_offset_min: self.utc_offset_min(date) })
    }

    /// The session of today whose register is open, or will be next. None after the last has closed, and on a day
    /// without school.
    #[must_use]
    pub fn at_hand(&self, now: Millis) -> Option<SessionKey> {
        self.first_today(now, |times| now < times.closes)
    }
    /// The session of today that is on, or will be next: the one that an arrival is for.
    #[must_use]
    pub fn under_way(&self, now: Millis) -> Option<SessionKey> {
        self.first_today(now, |times| now < times.end)
    }
    fn first_today(&self, now: Millis, holds: impl Fn(Times) -> bool) -> Option<SessionKey> {
        let today = self.date_of(now);
        self.sessions(today, today).find(|key| self.times(*key).is_some_and(&holds))
    }

    /// Local date and time of an instant.
    #[must_use]
    pub fn local(&self, at: Millis) -> NaiveDateTime {
        zone::local(at)
    }
    /// Local date of an instant.
    #[must_use]
    pub fn date_of(&self, at: Millis) -> NaiveDate {
        zone::local(at).date()
    }
    /// The instant of a local date and time (of an hour that comes twice, the first).
    #[must_use]
    pub fn instant(&self, local: NaiveDateTime) -> Millis {
        zone::instant(local)
    }
    /// Minutes that local time is ahead of UTC on a date, at noon.
    #[must_use]
    pub fn utc_offset_min(&self, date: NaiveDate) -> i32 {
        zone::offset_min_of(date)
    }
}

impl TryFrom<Draft> for Calendar {
    type Error = BadCalendar;
    fn try_from(draft: Draft) -> Result<Self, BadCalendar> {
        Self::new(draft)
    }
}
impl From<Calendar> for Draft {
    fn from(calendar: Calendar) -> Self {
        calendar.0
    }
}
