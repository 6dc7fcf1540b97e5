//! Marks and registers in the feed: three words a mark, and whether a register was sent.
//!
//! A classroom shows the marks of today and of the last five school days. Their rows are slots that a date takes when it
//! comes and gives back when it has passed, so that a new day's marks take the rows of the oldest, and the feed grows
//! neither with the year nor with tombstones. Registers are slots of the week.
//!
//! Must never: tell a code.

use super::rows::{Audience, NewRow, gone, put, settle};
use crate::school;
use crate::store::columns::{CodeCol, DateCol, HalfCol, json, to_json};
use crate::store::{StoreError, WriteTx};
use chrono::{Datelike, Days, NaiveDate};
use rusqlite::{OptionalExtension, params};
use shared::calendar::{Calendar, Half, SessionKey};
use shared::id::{ClassId, PupilId};
use shared::observation::Mark;
use shared::register::{self, MarkKey};
use shared::time::Millis;
use shared::wire::v1::{MarkRow, RegisterRow, RowBody, Seen};
use std::collections::BTreeMap;

/// Earlier school days whose marks a classroom shows.
const EARLIER: usize = 5;
/// How far back they are looked for: past the summer.
const LOOK_BACK: u64 = 60;
/// Registers of a week.
const DAYS: u64 = 6;
/// The setting that says which date has which slot.
const SLOTS: &str = "feed_slots";

/// Which date has which slot.
pub type Slots = BTreeMap<NaiveDate, usize>;

/// What another screen may know of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// Present, late, absent; none: nothing.
    pub seen: Option<Seen>,
    /// Minutes late.
    pub minutes: Option<u16>,
}

/// `mon-am`: the place of a session in the week.
fn slot(session: SessionKey) -> String {
    let half = if session.half == Half::Am { "am" } else { "pm" };
    format!("{}-{half}", session.date.weekday().to_string().to_lowercase())
}

fn recent(session: SessionKey, today: NaiveDate) -> bool {
    session.date <= today && session.date + Days::new(DAYS) >= today
}

/// The last school days before a date, newest first.
pub(super) fn school_days_before(calendar: &Calendar, date: NaiveDate) -> impl Iterator<Item = NaiveDate> + '_ {
    let back = (1..=LOOK_BACK).filter_map(move |n| date.checked_sub_days(Days::new(n)));
    back.filter(|day| calendar.is_school_day(*day)).take(EARLIER)
}

fn kept(tx: &WriteTx<'_>) -> Result<Slots, StoreError> {
    school::setting(tx, SLOTS)?.map_or(Ok(Slots::new()), |text| json(&text, "the feed's slots"))
}

/// Gives today and the last school days their slots; when that changes any, writes their marks anew.
///
/// # Errors
/// An accident of the store.
pub(super) fn refresh_marks(tx: &WriteTx<'_>, today: NaiveDate) -> Result<(), StoreError> {
    turn(tx, today).map(drop)
}

fn turn(tx: &WriteTx<'_>, today: NaiveDate) -> Result<Slots, StoreError> {
    let calendar = tx.calendar()?;
    let before = kept(tx)?;
    let dates: Vec<NaiveDate> = std::iter::once(today).chain(school_days_before(&calendar, today)).collect();
    let mut slots: Slots = before.iter().filter(|(d, _)| dates.contains(d)).map(|(d, n)| (*d, *n)).collect();
    for date in dates {
        if !slots.contains_key(&date) {
            let free = (0..=EARLIER).find(|n| slots.values().all(|taken| taken != n));
            slots.insert(date, free.unwrap_or(EARLIER));
        }
    }
    if slots != before {
        school::set(tx, SLOTS, &to_json(&slots, "the feed's slots")?)?;
        settle(tx, "mark:", &standing(tx, &slots)?)?;
    }
    Ok(slots)
}

/// The marks of these dates as they stand.
fn standing(tx: &WriteTx<'_>, slots: &Slots) -> Result<BTreeMap<(Audience, String), RowBody>, StoreError> {
    let mut found = tx.prepare_cached("SELECT half, pupil, class, code, minutes, tapped FROM mark WHERE date = ?1")?;
    let mut out = BTreeMap::new();
    for date in slots.keys() {
        let mut rows = found.query([DateCol(*date)])?;
        while let Some(r) = rows.next()? {
            let session = SessionKey { date: *date, half: r.get::<_, HalfCol>(0)?.0 };
            let key = MarkKey { pupil: PupilId::from_bytes(r.get(1)?), session };
            let tapped = match r.get::<_, Option<String>>(5)?.as_deref() {
                Some("present") => Some(Mark::Present),
                Some("absent") => Some(Mark::Absent),
                _ => None,
            };
            let seen = register::seen(r.get::<_, Option<CodeCol>>(3)?.map(|c| c.0), tapped);
            let shown = Shown { seen, minutes: r.get(4)? };
            if let (Some(name), Some(row)) = (name(slots, key), shown.row(key)) {
                out.insert((Audience::Class(ClassId::from_bytes(r.get(2)?)), name), RowBody::Mark(row));
            }
        }
    }
    Ok(out)
}

fn name(slots: &Slots, key: MarkKey) -> Option<String> {
    let slot = slots.get(&key.session.date)?;
    Some(format!("mark:{}:{slot}-{}", key.pupil, HalfCol(key.session.half).text()))
}

impl Shown {
    fn row(self, key: MarkKey) -> Option<MarkRow> {
        let state = self.seen?;
        let minutes = self.minutes.filter(|_| state == Seen::Late);
        Some(MarkRow { pupil: key.pupil, session: key.session, state, minutes })
    }
}

/// The slots as they stand, with one for today: asked for once in a transaction that touches marks.
///
/// # Errors
/// An accident of the store.
pub fn slots(tx: &WriteTx<'_>, today: NaiveDate) -> Result<Slots, StoreError> {
    let slots = kept(tx)?;
    // The first mark of a day that did not begin yet begins it.
    if slots.contains_key(&today) { Ok(slots) } else { turn(tx, today) }
}

/// Brings the row of a mark up to date, if it is of today or of the last school days.
///
/// # Errors
/// An accident of the store.
pub fn touch_mark(
    tx: &WriteTx<'_>,
    slots: &Slots,
    key: MarkKey,
    class: ClassId,
    shown: Shown,
) -> Result<(), StoreError> {
    let Some(name) = name(slots, key) else { return Ok(()) };
    let audience = Audience::Class(class);
    match shown.row(key) {
        Some(row) => put(tx, audience, &name, &RowBody::Mark(row)),
        None => gone(tx, audience, &name),
    }
}

/// The row of a mark of which nothing stood before, if it is of today or of the last school days: nobody can have
/// written it, so that it need not be looked for.
///
/// # Errors
/// An accident of the store.
pub fn new_mark(slots: &Slots, key: MarkKey, class: ClassId, shown: Shown) -> Result<Option<NewRow>, StoreError> {
    match (name(slots, key), shown.row(key)) {
        (Some(name), Some(row)) => NewRow::new(Audience::Class(class), name, &RowBody::Mark(row)).map(Some),
        _ => Ok(None),
    }
}

/// Brings the row of a register up to date, if it is of this week.
///
/// # Errors
/// An accident of the store.
pub fn touch_register(
    tx: &WriteTx<'_>,
    today: NaiveDate,
    class: ClassId,
    session: SessionKey,
) -> Result<(), StoreError> {
    if !recent(session, today) {
        return Ok(());
    }
    let name = format!("register:{class}:{}", slot(session));
    let stands = tx
        .prepare_cached(
            "SELECT received_at, closed_at IS NOT NULL FROM register WHERE date = ?1 AND half = ?2 AND class = ?3",
        )?
        .query_row(params![DateCol(session.date), HalfCol(session.half), class.as_bytes()], |r| {
            Ok((r.get::<_, Option<i64>>(0)?.map(Millis), r.get::<_, bool>(1)?))
        })
        .optional()?;
    let Some((submitted, closed)) = stands else { return Ok(()) };
    put(tx, Audience::Class(class), &name, &RowBody::Register(RegisterRow { class, session, submitted, closed }))
}
