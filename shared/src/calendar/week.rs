//! School weeks and school days, counted: for deadlines ("5 school days") and thresholds ("10 school weeks").
//!
//! Must never: count a day or a week without a session.

use super::{Calendar, Day, Span};
use chrono::{Datelike, Days, NaiveDate};

/// A week with at least one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchoolWeek {
    /// Its first day: the Monday, unless the calendar says otherwise.
    pub begins: NaiveDate,
}

impl Calendar {
    /// The first day of the week that a date lies in.
    #[must_use]
    pub fn week_of(&self, date: NaiveDate) -> NaiveDate {
        let back = date.weekday().days_since(self.draft().week_starts);
        date.checked_sub_days(Days::new(u64::from(back))).unwrap_or(date)
    }

    /// Whether a date has at least one session.
    #[must_use]
    pub fn is_school_day(&self, date: NaiveDate) -> bool {
        matches!(self.day(date), Day::School { .. })
    }

    /// The school days from one date to another, both included, in order.
    pub fn school_days(&self, from: NaiveDate, until: NaiveDate) -> impl Iterator<Item = NaiveDate> + '_ {
        Span { from, until }.days().filter(|date| self.is_school_day(*date))
    }

    /// How many school days lie after `from`, up to and including `until`; 0 if `until` is not later.
    #[must_use]
    pub fn school_days_between(&self, from: NaiveDate, until: NaiveDate) -> usize {
        from.succ_opt().map_or(0, |next| self.school_days(next, until).count())
    }

    /// The `n`th school day after a date, if the calendar reaches that far.
    #[must_use]
    pub fn school_day_after(&self, date: NaiveDate, n: usize) -> Option<NaiveDate> {
        let last = self.terms().last()?.dates.until;
        self.school_days(date.succ_opt()?, last).nth(n.checked_sub(1)?)
    }

    /// The weeks with at least one session on the dates from one to another, both included, in order.
    #[must_use]
    pub fn school_weeks(&self, from: NaiveDate, until: NaiveDate) -> Vec<SchoolWeek> {
        let mut weeks: Vec<_> =
            self.school_days(from, until).map(|date| SchoolWeek { begins: self.week_of(date) }).collect();
        weeks.dedup();
        weeks
    }
}
