//! Which session is at hand, and what a time looks like on the wall.
//!
//! A session is at hand from the end of the one before it on that day until its own end, the last one until midnight: so
//! a register can be opened early, and after noon nobody marks the morning by mistake.
//!
//! Must never: decide on a time that is not known. An interval that leaves a choice is answered with the choice.

use super::book::Book;
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use shared::calendar::SessionKey;
use shared::time::{Interval, Millis, Reading};
use shared::wire::v1::SessionTimes;

/// How many sessions are offered when the time is not known.
pub(super) const CHOICES: usize = 6;
/// An interval up to this wide counts as an instant for words on the screen.
const NARROW_MS: i64 = 120_000;

/// The last look at the clocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub reading: Reading,
    pub now: Interval,
    pub trusted: bool,
}

impl Seen {
    /// The best guess of the time, if there is any.
    pub fn best(&self) -> Option<Millis> {
        best(&self.now)
    }
}

/// The best guess inside an interval, if there is any.
pub(super) fn best(when: &Interval) -> Option<Millis> {
    let width = when.latest.since(when.earliest);
    let middle = (0..=NARROW_MS).contains(&width).then(|| when.earliest.plus(width / 2));
    middle.or(when.estimate)
}

/// What the time says about registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AtHand {
    /// This one.
    One(SessionKey),
    /// No school on this day.
    NoSchool(NaiveDate),
    /// The time leaves these, most likely first day first; may be empty when no day is known.
    Unsure(Vec<SessionKey>),
}

impl Book {
    /// Local time of an instant, by the nearest day that is known.
    pub fn local(&self, at: Millis) -> NaiveDateTime {
        let utc = DateTime::from_timestamp_millis(at.0).unwrap_or_default().naive_utc();
        let day = utc.date();
        let before = self.days.range(..=day).next_back();
        let after = self.days.range(day..).next();
        let offset = before.or(after).map_or(0, |(_, d)| d.utc_offset_min);
        utc + chrono::TimeDelta::minutes(i64::from(offset))
    }

    /// The times of a session.
    pub fn times(&self, key: SessionKey) -> Option<SessionTimes> {
        self.days.get(&key.date)?.sessions.iter().find(|s| s.half == key.half).copied()
    }

    fn slot(&self, at: Millis) -> AtHand {
        let date = self.local(at).date();
        let Some(day) = self.days.get(&date) else { return AtHand::NoSchool(date) };
        let running = day.sessions.iter().find(|s| at < s.end).or(day.sessions.last());
        running.map_or(AtHand::NoSchool(date), |s| AtHand::One(SessionKey { date, half: s.half }))
    }

    /// The session that a time belongs to, if that day is known.
    pub fn session_at(&self, at: Millis) -> Option<SessionKey> {
        match self.slot(at) {
            AtHand::One(key) => Some(key),
            AtHand::NoSchool(_) | AtHand::Unsure(_) => None,
        }
    }

    /// What a time says about registers.
    pub fn at_hand(&self, seen: &Seen) -> AtHand {
        if seen.trusted {
            // A few milliseconds of doubt around noon are not worth a question.
            return self.slot(seen.best().unwrap_or(seen.now.earliest));
        }
        let (first, last) = (self.slot(seen.now.earliest), self.slot(seen.now.latest));
        if first == last && matches!(first, AtHand::One(_)) {
            return first;
        }
        AtHand::Unsure(self.candidates(seen))
    }

    /// Whether a session can be the one at hand, as far as the time is known.
    pub fn possible(&self, seen: &Seen, session: SessionKey) -> bool {
        match self.at_hand(seen) {
            AtHand::One(key) => key == session,
            AtHand::NoSchool(_) => false,
            AtHand::Unsure(_) => self
                .ranges()
                .any(|(key, from, until)| key == session && from <= seen.now.latest && until > seen.now.earliest),
        }
    }

    fn candidates(&self, seen: &Seen) -> Vec<SessionKey> {
        let possible: Vec<SessionKey> = self
            .ranges()
            .filter(|(_, from, until)| *from <= seen.now.latest && *until > seen.now.earliest)
            .map(|(key, ..)| key)
            .collect();
        let from = seen.best().map(|b| self.local(b).date()).filter(|d| possible.iter().any(|k| k.date >= *d));
        possible.into_iter().filter(|k| from.is_none_or(|d| k.date >= d)).take(CHOICES).collect()
    }

    /// Every session with the span in which it is at hand: the first of a day from midnight, the last until midnight.
    fn ranges(&self) -> impl Iterator<Item = (SessionKey, Millis, Millis)> {
        self.days.values().flat_map(|day| {
            let midnight = day.date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis();
            let midnight = Millis(midnight).plus(-i64::from(day.utc_offset_min) * 60_000);
            let last = day.sessions.len().saturating_sub(1);
            day.sessions.iter().enumerate().map(move |(i, s)| {
                let before = i.checked_sub(1).and_then(|i| day.sessions.get(i));
                let from = before.map_or(midnight, |b| b.end);
                let until = if i == last { midnight.plus(86_400_000).max(s.end) } else { s.end };
                (SessionKey { date: day.date, half: s.half }, from, until)
            })
        })
    }
}

/// What an arrival at a time will be for a session, as far as this kiosk can tell. The server decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
    /// Before the register opens.
    OnTime,
    /// While it is open; minutes from the session's start.
    Late(u16),
    /// After it closed; minutes from the session's start.
    AfterClose(u16),
    /// After the session's end.
    Next,
    /// The time leaves a choice.
    Unsure,
}

/// Compares a time with a session's times.
pub(super) fn expect(times: &SessionTimes, when: &Interval) -> Expect {
    let at = |t: Millis| {
        let minutes = u16::try_from((t.since(times.start) / 60_000).max(0)).unwrap_or(u16::MAX);
        if t < times.opens {
            Expect::OnTime
        } else if t < times.closes {
            Expect::Late(minutes)
        } else if t < times.end {
            Expect::AfterClose(minutes)
        } else {
            Expect::Next
        }
    };
    let (first, last) = (at(when.earliest), at(when.latest));
    match (first, last) {
        (Expect::OnTime, Expect::OnTime)
        | (Expect::Late(_), Expect::Late(_))
        | (Expect::AfterClose(_), Expect::AfterClose(_))
        | (Expect::Next, Expect::Next) => first,
        _ => Expect::Unsure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::calendar::{Half, Times};
    use shared::id::{ClassId, KioskId, LogId, PupilId};
    use shared::log::Origin;
    use shared::observation::Means;
    use shared::register::{DayKind, Fact, MarkKey, Provenance, Sitting, What, decide};

    /// The server decides; what this kiosk leads a pupil to expect must be the same, minute by minute.
    #[test]
    fn what_is_expected_is_what_will_be_decided() {
        let at = |h: i64, m: i64| Millis(1_795_392_000_000).plus((h * 60 + m) * 60_000);
        let (start, opens, closes, end) = (at(8, 50), at(8, 50), at(9, 20), at(12, 0));
        let row = SessionTimes { half: Half::Am, start, opens, closes, end };
        let class = ClassId::from_bytes([2; 16]);
        let date = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let key = MarkKey { pupil: PupilId::from_bytes([1; 16]), session: SessionKey { date, half: Half::Am } };
        let day = DayKind::School(Times { start, opens, closes, end });
        let sitting = Sitting { key, class, on_roll: true, day, before: None, left_earlier: false };
        for minute in 0..7 * 60 {
            let now = at(7, minute);
            let when = Interval { earliest: now, latest: now, estimate: None };
            let fact = Fact {
                origin: Origin { log: LogId::from_bytes([3; 16]), seq: 1 },
                when,
                received: now,
                from: Provenance::Kiosk {
                    kiosk: KioskId::from_bytes([4; 16]),
                    room: Default::default(),
                    owns: true,
                    by: None,
                    staff: None,
                },
                what: What::Arrived { means: Means::Card, said: true },
            };
            let mark = decide(&[fact], &sitting).mark;
            let code = mark.code.map(|c| c.as_str().to_owned()).unwrap_or_default();
            let minutes = mark.minutes.unwrap_or(0);
            match expect(&row, &when) {
                Expect::Late(m) => assert_eq!((code.as_str(), minutes), ("L", m), "07:00 and {minute} minutes"),
                Expect::AfterClose(m) => assert_eq!((code.as_str(), minutes), ("U", m), "07:00 and {minute} minutes"),
                _ => assert!(!["L", "U"].contains(&code.as_str()), "07:00 and {minute} minutes: {code}"),
            }
        }
    }
}
