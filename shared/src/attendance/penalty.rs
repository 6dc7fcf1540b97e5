//! The national threshold for a penalty notice (P21): 10 sessions of unauthorised absence in a rolling period of 10
//! school weeks. Weeks of holiday are skipped; terms and school years may be crossed.
//!
//! Source: The Education (Penalty Notices) (England) (Amendment) Regulations 2024, in force from 19 August 2024.
//!
//! Must never: issue anything. At the threshold a person considers the case.

use crate::calendar::{Calendar, SessionKey};
use crate::codes::{Class, Code};
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// Sessions of unauthorised absence that reach the threshold.
const SESSIONS: u32 = 10;
/// Consecutive school weeks in which they are counted.
const WEEKS: usize = 10;

/// One school week of one pupil.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekCount {
    /// Its first day.
    pub begins: NaiveDate,
    /// Unauthorised sessions whose reason is settled (G O U).
    pub settled: u32,
    /// Sessions without a reason yet (N).
    pub unexplained: u32,
}

/// Ten consecutive school weeks, or as many as there are yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First day of its first week.
    pub first: NaiveDate,
    /// First day of its last week.
    pub last: NaiveDate,
    /// Unauthorised sessions whose reason is settled.
    pub settled: u32,
    /// Sessions without a reason yet.
    pub unexplained: u32,
}

/// Where a pupil stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Penalty {
    /// The threshold is not reached in any window.
    NotMet,
    /// Reached only if the sessions without a reason are counted: the latest such window.
    Provisional(Window),
    /// Reached by settled sessions alone: the latest such window.
    Met(Window),
}

/// The school weeks from the first mark to the last, with a pupil's unauthorised sessions.
///
/// `compulsory` says whether the pupil was of compulsory school age on a date; other sessions do not count. A week
/// that has a mark had a session, also where the calendar does not know of it (marks of an earlier system).
pub fn week_counts(
    calendar: &Calendar,
    marks: impl IntoIterator<Item = (SessionKey, Code)>,
    compulsory: impl Fn(NaiveDate) -> bool,
) -> Vec<WeekCount> {
    let mut weeks: BTreeMap<NaiveDate, (u32, u32)> = BTreeMap::new();
    let mut days: Option<(NaiveDate, NaiveDate)> = None;
    for (SessionKey { date, .. }, code) in marks {
        // Administrative marks (# on a closed day) do not make a session.
        if code.class() == Class::Administrative {
            continue;
        }
        days = Some(days.map_or((date, date), |(first, last)| (first.min(date), last.max(date))));
        let (settled, unexplained) = weeks.entry(calendar.week_of(date)).or_default();
        if code.class() == Class::Unauthorised && compulsory(date) {
            *(if code == Code::N { unexplained } else { settled }) += 1;
        }
    }
    if let Some((first, last)) = days {
        for week in calendar.school_weeks(first, last) {
            weeks.entry(week.begins).or_default();
        }
    }
    let count = |(begins, (settled, unexplained))| WeekCount { begins, settled, unexplained };
    weeks.into_iter().map(count).collect()
}

/// Where a pupil stands after these consecutive school weeks, in order. A threshold met by settled sessions comes
/// before a later one that is provisional.
#[must_use]
pub fn penalty(weeks: &[WeekCount]) -> Penalty {
    let mut found = Penalty::NotMet;
    for end in 1..=weeks.len() {
        let window = &weeks[end.saturating_sub(WEEKS)..end];
        let [Some(first), Some(last)] = [window.first(), window.last()] else { continue };
        let settled = window.iter().map(|week| week.settled).sum();
        let unexplained = window.iter().map(|week| week.unexplained).sum();
        let window = Window { first: first.begins, last: last.begins, settled, unexplained };
        if settled >= SESSIONS {
            found = Penalty::Met(window);
        } else if settled + unexplained >= SESSIONS && !matches!(found, Penalty::Met(_)) {
            found = Penalty::Provisional(window);
        }
    }
    found
}
