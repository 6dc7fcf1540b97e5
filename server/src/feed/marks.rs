//! Marks and registers in the feed: three words a mark, and whether a register was sent.
//!
//! Must never: tell a code. Rows are slots of the week, so that a mark of last Monday gives way to this Monday's and
//! the feed does not grow with the year.

use super::rows::{Audience, gone, put};
use crate::store::columns::{DateCol, HalfCol};
use crate::store::{StoreError, WriteTx};
use chrono::{Datelike, Days, NaiveDate};
use rusqlite::{OptionalExtension, params};
use shared::calendar::{Half, SessionKey};
use shared::id::ClassId;
use shared::register::MarkKey;
use shared::time::Millis;
use shared::wire::v1::{MarkRow, RegisterRow, RowBody, Seen};

/// A kiosk shows marks of a week at most.
const DAYS: u64 = 6;

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

/// Brings the row of a mark up to date, if it is of this week.
///
/// # Errors
/// An accident of the store.
pub fn touch_mark(
    tx: &WriteTx<'_>,
    today: NaiveDate,
    key: MarkKey,
    class: ClassId,
    shown: Shown,
) -> Result<(), StoreError> {
    if !recent(key.session, today) {
        return Ok(());
    }
    let audience = Audience::Class(class);
    let name = format!("mark:{}:{}", key.pupil, slot(key.session));
    match shown.seen {
        Some(state) => {
            let minutes = shown.minutes.filter(|_| state == Seen::Late);
            let row = MarkRow { pupil: key.pupil, session: key.session, state, minutes };
            put(tx, audience, &name, &RowBody::Mark(row))
        }
        None => gone(tx, audience, &name),
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
