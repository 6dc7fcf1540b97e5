//! What the timetable and the roll say of a pupil and session.
//!
//! Must never: look at a fact.

use chrono::NaiveDate;
use shared::calendar::{Calendar, ClosureKind, Day, Half, SessionKey};
use shared::register::{DayKind, Times};
use shared::time::{Interval, Millis};

/// Sessions that an interval without a limit is looked for in.
const WIDEST_DAYS: u64 = 14;

/// A session's day: its kind, and when the session before it on the same day ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct DayOf {
    pub day: DayKind,
    pub before: Option<Millis>,
}

pub(super) fn day_of(calendar: &Calendar, session: SessionKey) -> DayOf {
    let times =
        |key| calendar.times(key).map(|t| Times { start: t.start, opens: t.opens, closes: t.closes, end: t.end });
    let day = match (times(session), calendar.day(session.date)) {
        (Some(times), _) => DayKind::School(times),
        (None, Day::Closed { kind: ClosureKind::Inset, .. }) => DayKind::Inset,
        (None, _) => DayKind::Closed,
    };
    let before = (session.half == Half::Pm)
        .then(|| times(SessionKey { date: session.date, half: Half::Am }).map(|am| am.end))
        .flatten();
    DayOf { day, before }
}

/// The sessions that something may belong to that happened within an interval, when the screen did not say: each whose
/// time, from the end of the one before it to its own end, the interval touches.
pub(super) fn touched(calendar: &Calendar, when: &Interval) -> Vec<SessionKey> {
    let until = calendar.date_of(when.latest);
    let widest = until.checked_sub_days(chrono::Days::new(WIDEST_DAYS)).unwrap_or(NaiveDate::MIN);
    let from = calendar.date_of(when.earliest).max(widest);
    let mut found: Vec<SessionKey> = calendar
        .sessions(from, until)
        .filter(|key| {
            let Some(times) = calendar.times(*key) else { return false };
            let begins = day_of(calendar, *key).before.unwrap_or(Millis(i64::MIN));
            when.earliest < times.end && when.latest >= begins
        })
        .collect();
    if found.is_empty() {
        // After the last session of a day, or on a day without school: filed under that day's half, for the late book.
        let local = calendar.local(when.latest);
        let half = if chrono::Timelike::hour(&local) < 12 { Half::Am } else { Half::Pm };
        found.push(SessionKey { date: local.date(), half });
    }
    found
}
