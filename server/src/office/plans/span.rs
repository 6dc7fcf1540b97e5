//! When a plan holds: one stretch, or the ticked days of each week in it.
//!
//! Must never: hold a day without school, or more days than a year has.

use crate::office::words;
use chrono::{Datelike as _, NaiveDate, Weekday};
use shared::calendar::{Calendar, Half, SessionKey};

/// The longest stretch: a year.
const MOST_DAYS: i64 = 366;

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// First session; with days of the week, the half in which each of them begins.
    pub from: SessionKey,
    /// Last session; with days of the week, the half with which each of them ends.
    pub until: SessionKey,
    /// Days of the week; none: the stretch as a whole.
    pub weekdays: Vec<Weekday>,
}

/// Why a span holds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoSpan {
    /// It ends before it begins.
    #[error("The last session is before the first. Go back and correct the dates.")]
    Backwards,
    /// Longer than a year.
    #[error("One plan covers a year at most. Go back and correct the dates.")]
    TooLong,
    /// No school in it.
    #[error("There is no session of the school in these days. Go back and look at the dates and the days of the week.")]
    NoSchool,
}

impl Span {
    /// "1 December 2026, afternoon to 12 January 2027, afternoon; on Mon, Wed"
    #[must_use]
    pub fn words(&self) -> String {
        let end = |key: SessionKey| format!("{}, {}", words::full_day(key.date), words::half(key.half));
        let mut text = format!("{} to {}", end(self.from), end(self.until));
        for (place, day) in self.weekdays.iter().enumerate() {
            text.push_str(if place == 0 { "; on " } else { ", " });
            text.push_str(&day.to_string());
        }
        text
    }

    /// The stretches, first and last session of each.
    ///
    /// # Errors
    /// [`NoSpan`].
    pub fn stretches(&self, calendar: &Calendar) -> Result<Vec<(SessionKey, SessionKey)>, NoSpan> {
        let (from, until) = (self.from, self.until);
        if until.date < from.date || self.weekdays.is_empty() && until < from {
            return Err(NoSpan::Backwards);
        }
        if (until.date - from.date).num_days() > MOST_DAYS {
            return Err(NoSpan::TooLong);
        }
        let mut sessions = calendar.sessions(from.date, until.date);
        if self.weekdays.is_empty() {
            let any = sessions.any(|session| (from..=until).contains(&session));
            return if any { Ok(vec![(from, until)]) } else { Err(NoSpan::NoSchool) };
        }
        if until.half < from.half {
            return Err(NoSpan::Backwards);
        }
        let mut days: Vec<NaiveDate> = sessions
            .filter(|s| self.weekdays.contains(&s.date.weekday()) && (from.half..=until.half).contains(&s.half))
            .map(|s| s.date)
            .collect();
        days.dedup();
        let of = |date: NaiveDate, half: Half| SessionKey { date, half };
        let stretches: Vec<_> = days.into_iter().map(|d| (of(d, from.half), of(d, until.half))).collect();
        if stretches.is_empty() { Err(NoSpan::NoSchool) } else { Ok(stretches) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(text: &str) -> SessionKey {
        text.parse().unwrap()
    }
    fn span(from: &str, until: &str, weekdays: &[Weekday]) -> Span {
        Span { from: key(from), until: key(until), weekdays: weekdays.to_vec() }
    }
    fn calendar() -> Calendar {
        Calendar::sample_primary(2026).unwrap()
    }

    #[test]
    fn one_stretch_or_each_ticked_day() {
        let whole = span("2026-11-23-am", "2026-11-27-pm", &[]);
        assert_eq!(whole.stretches(&calendar()).unwrap(), [(key("2026-11-23-am"), key("2026-11-27-pm"))]);
        let swim = span("2026-11-23-pm", "2026-12-04-pm", &[Weekday::Wed, Weekday::Sat]);
        let each = [(key("2026-11-25-pm"), key("2026-11-25-pm")), (key("2026-12-02-pm"), key("2026-12-02-pm"))];
        assert_eq!(swim.stretches(&calendar()).unwrap(), each);
        for (from, until, days, why) in [
            ("2026-11-27-am", "2026-11-23-pm", &[][..], NoSpan::Backwards),
            ("2026-11-23-pm", "2026-11-23-am", &[][..], NoSpan::Backwards),
            ("2026-11-23-pm", "2026-11-30-am", &[Weekday::Mon][..], NoSpan::Backwards),
            ("2026-11-21-am", "2026-11-22-pm", &[][..], NoSpan::NoSchool),
            ("2026-10-26-am", "2026-10-30-pm", &[Weekday::Mon][..], NoSpan::NoSchool),
            ("2025-11-21-am", "2026-11-27-pm", &[][..], NoSpan::TooLong),
        ] {
            assert_eq!(span(from, until, days).stretches(&calendar()), Err(why), "{from} {until}");
        }
    }

    #[test]
    fn a_timetable_says_its_dates() {
        let afternoons = span("2026-12-01-pm", "2027-01-12-pm", &[Weekday::Mon, Weekday::Wed]);
        assert_eq!(afternoons.words(), "1 December 2026, afternoon to 12 January 2027, afternoon; on Mon, Wed");
        assert_eq!(
            span("2026-12-01-am", "2026-12-01-pm", &[]).words(),
            "1 December 2026, morning to 1 December 2026, afternoon"
        );
    }

    proptest! {
        #[test]
        fn every_stretch_is_school_inside_what_was_chosen(
            first in 0_u64..300, length in 0_u64..120, halves in 0_u8..4, ticked in 0_u8..128,
        ) {
            let start = NaiveDate::from_ymd_opt(2026, 9, 1).unwrap() + chrono::Days::new(first);
            let half = |bit: u8| if halves & bit > 0 { Half::Pm } else { Half::Am };
            let days = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
            let weekdays: Vec<Weekday> = days.into_iter().enumerate().filter(|(n, _)| ticked >> n & 1 == 1).map(|(_, d)| d).collect();
            let from = SessionKey { date: start, half: half(1) };
            let until = SessionKey { date: start + chrono::Days::new(length), half: half(2) };
            let chosen = Span { from, until, weekdays: weekdays.clone() };
            if let Ok(all) = chosen.stretches(&calendar()) {
                prop_assert!(!all.is_empty());
                for (a, b) in all {
                    prop_assert!(a <= b && a.date >= from.date && b.date <= until.date);
                    prop_assert!(calendar().sessions(a.date, b.date).any(|s| (a..=b).contains(&s)));
                    prop_assert!(weekdays.is_empty() || a.date == b.date && weekdays.contains(&a.date.weekday()));
                }
            }
        }
    }
}
