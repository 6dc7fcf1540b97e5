//! Days and expectations in the feed: when the sessions of the last days and the next three weeks are, and who is expected absent or elsewhere.
//!
//! Must never: tell why somebody is expected absent.

use super::rows::{Audience, gone, put, settle};
use crate::clock::Now;
use crate::store::columns::{CodeCol, DateCol, HalfCol};
use crate::store::{StoreError, WriteTx};
use chrono::{Days, NaiveDate};
use rusqlite::{Connection, params};
use shared::calendar::{Half, SessionKey};
use shared::codes::{Class, Code};
use shared::id::{ClassId, PupilId};
use shared::register::MarkKey;
use shared::wire::v1::{Expected, ExpectedRow, RowBody};
use std::collections::{BTreeMap, HashSet};

/// Days ahead that kiosks know the times of.
const TIMES_AHEAD: u64 = 21;
/// Days ahead that kiosks know expectations of: a week without a network.
const EXPECTED_AHEAD: u64 = 7;

/// The two words for a code that stands or is planned; none for codes that expect nothing (present, late, no reason yet).
#[must_use]
pub fn expected_of(code: Code) -> Option<Expected> {
    match code.class() {
        Class::Educational => Some(Expected::Elsewhere),
        Class::Authorised => Some(Expected::Absent),
        Class::NotPossible if code == Code::D => Some(Expected::Elsewhere),
        Class::NotPossible => Some(Expected::Absent),
        Class::Unauthorised if code == Code::G => Some(Expected::Absent),
        Class::Attending | Class::Unauthorised | Class::Administrative => None,
    }
}

/// Writes the days of the next three weeks and the last school days, the marks of these, everybody's expectations of the coming week, and buries what has passed.
///
/// # Errors
/// An accident of the store.
pub fn refresh_day(tx: &WriteTx<'_>, now: Now) -> Result<(), StoreError> {
    let calendar = tx.calendar()?;
    let today = calendar.date_of(now.at);
    let mut days = BTreeMap::new();
    // Kiosks tell from the days before today whose marks to show.
    let earlier = super::marks::school_days_before(&calendar, today);
    for date in earlier.chain(today.iter_days().take_while(|d| *d <= today + Days::new(TIMES_AHEAD))) {
        if let Some(row) = calendar.day_row(date) {
            days.insert((Audience::All, format!("day:{date}")), RowBody::Day(row));
        }
    }
    settle(tx, "day:", &days)?;
    super::marks::refresh_marks(tx, today)?;
    super::door::refresh_door(tx, today)?;
    let mut expected = BTreeMap::new();
    for session in calendar.sessions(today, today + Days::new(EXPECTED_AHEAD)) {
        for (pupil, class, word) in expectations(tx, session)? {
            let row = ExpectedRow { pupil, session, expected: word };
            expected.insert((Audience::Class(class), key(MarkKey { pupil, session })), RowBody::Expected(row));
        }
    }
    settle(tx, "expected:", &expected)
}

fn key(mark: MarkKey) -> String {
    format!("expected:{}:{}", mark.pupil, mark.session)
}

/// Everybody of whom something is expected in a session: plans in force, codes that stand, who left and is not back.
fn expectations(c: &Connection, session: SessionKey) -> Result<Vec<(PupilId, ClassId, Expected)>, StoreError> {
    let mut found: BTreeMap<PupilId, Expected> = BTreeMap::new();
    let rank = session_rank(session);
    let mut plans = c.prepare_cached(
        "SELECT pupil, code FROM plan WHERE withdrawn_at IS NULL
         AND from_on || from_half <= ?1 AND until_on || until_half >= ?1 ORDER BY id",
    )?;
    let mut rows = plans.query([&rank])?;
    while let Some(r) = rows.next()? {
        if let Some(word) = expected_of(r.get::<_, CodeCol>(1)?.0) {
            found.insert(PupilId::from_bytes(r.get(0)?), word);
        }
    }
    let mut marks =
        c.prepare_cached("SELECT pupil, code FROM mark WHERE date = ?1 AND half = ?2 AND code IS NOT NULL")?;
    let mut rows = marks.query(params![DateCol(session.date), HalfCol(session.half)])?;
    while let Some(r) = rows.next()? {
        let pupil = PupilId::from_bytes(r.get(0)?);
        match expected_of(r.get::<_, CodeCol>(1)?.0) {
            Some(word) => found.insert(pupil, word),
            None => found.remove(&pupil),
        };
    }
    if session.half == Half::Pm {
        let mut left = c.prepare_cached("SELECT pupil FROM mark WHERE date = ?1 AND half = 'am' AND went = 1")?;
        let mut rows = left.query([DateCol(session.date)])?;
        while let Some(r) = rows.next()? {
            found.entry(PupilId::from_bytes(r.get(0)?)).or_insert(Expected::Absent);
        }
    }
    let mut out = Vec::new();
    for (pupil, word) in found {
        if let Some(class) = class_of(c, pupil, session)? {
            out.push((pupil, class, word));
        }
    }
    Ok(out)
}

/// A session as a text that sorts by time.
fn session_rank(session: SessionKey) -> String {
    format!("{}{}", session.date, HalfCol(session.half).text())
}

/// The pupil's class in a session, if on roll.
fn class_of(c: &Connection, pupil: PupilId, session: SessionKey) -> Result<Option<ClassId>, StoreError> {
    crate::record::class_in(c, pupil, session)
}

/// Of whom in a class a living row says that something is expected in a session.
///
/// # Errors
/// An accident of the store.
pub fn expected_in(c: &Connection, class: ClassId, session: SessionKey) -> Result<HashSet<PupilId>, StoreError> {
    // `expected:` and 32 digits come before the session; rows of past sessions are buried each day, so there are few.
    let mut found = c.prepare_cached(
        "SELECT key FROM feed WHERE audience = ?1 AND key >= 'expected:' AND key < 'expected;' AND body IS NOT NULL
         AND substr(key, 43) = ?2",
    )?;
    let mut rows = found.query([Audience::Class(class).text(), session.to_string()])?;
    let mut out = HashSet::new();
    while let Some(r) = rows.next()? {
        let key: String = r.get(0)?;
        let pupil = key.get(9..41).and_then(|id| id.parse().ok());
        out.insert(pupil.ok_or(StoreError::Corrupt { what: "a feed key" })?);
    }
    Ok(out)
}

/// Brings what is expected of one pupil up to date, for a session of the coming week.
///
/// # Errors
/// An accident of the store.
pub fn touch_expected(
    tx: &WriteTx<'_>,
    today: NaiveDate,
    mark: MarkKey,
    class: ClassId,
    word: Option<Expected>,
) -> Result<(), StoreError> {
    if mark.session.date < today || mark.session.date > today + Days::new(EXPECTED_AHEAD) {
        return Ok(());
    }
    match word {
        Some(expected) => {
            let row = ExpectedRow { pupil: mark.pupil, session: mark.session, expected };
            put(tx, Audience::Class(class), &key(mark), &RowBody::Expected(row))
        }
        None => gone(tx, Audience::Class(class), &key(mark)),
    }
}
