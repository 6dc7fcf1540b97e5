//! The admission register by hand: a pupil joins, leaves, comes back, or moves class in the middle of a day (P9).
//!
//! Must never: take a pupil out of a register in which they have a mark, or change a place without an act.

use crate::clock::Now;
use crate::record;
use crate::store::columns::{DateCol, HalfCol, session as session_col};
use crate::store::{StoreError, WriteTx};
use chrono::{Days, NaiveDate};
use rusqlite::{Connection, OptionalExtension as _, params};
use shared::act::{Act, Officer};
use shared::calendar::{Half, SessionKey};
use shared::id::{ClassId, PupilId};
use shared::pupil::Change;

/// How far ahead, or back, a place can be changed.
const MOST_DAYS: u64 = 366;

/// Why nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// There is no such pupil.
    #[error("There is no such pupil.")]
    NoPupil,
    /// There is no such class on that day.
    #[error("This class is not there on that day. Go back and choose another.")]
    NoClass,
    /// The pupil is not on roll then.
    #[error("The pupil is not on roll on that day. Go back and look at the date.")]
    NotOnRoll,
    /// The pupil is on roll already.
    #[error("The pupil is on roll already then. Move them to another class instead.")]
    OnRoll,
    /// The pupil is in that class then.
    #[error("The pupil is in this class already then. Go back and choose another.")]
    InIt,
    /// A mark stands after it.
    #[error("A mark stands already on {} in the {}. Go back and choose a later session.", .0.date.format("%-d %B %Y"), .0.half)]
    Marked(SessionKey),
    /// Too far away.
    #[error("This is more than a year away. Go back and look at the date.")]
    TooFar,
    /// Somebody of this name and birthday is there already.
    #[error(
        "A pupil of this name and date of birth is there already. Open that pupil’s page and take them on roll again."
    )]
    Known,
}

/// Changes the roll, if nothing stands against it. Notes and needs stand against nothing but a pupil who is not there.
///
/// # Errors
/// An accident of the store.
pub fn change(
    tx: &WriteTx<'_>,
    now: Now,
    by: &Officer,
    pupil: PupilId,
    change: Change,
) -> Result<Result<(), NotDone>, StoreError> {
    let today = tx.calendar()?.date_of(now.at);
    if let Some(why) = against(tx, today, pupil, &change)? {
        return Ok(Err(why));
    }
    record::act(tx, now, by, Act::PupilChanged { pupil, change })?;
    Ok(Ok(()))
}

fn against(c: &Connection, today: NaiveDate, pupil: PupilId, change: &Change) -> Result<Option<NotDone>, StoreError> {
    let known = exists(c, pupil)?;
    let far = |date: NaiveDate| date > today + Days::new(MOST_DAYS) || date + Days::new(MOST_DAYS) < today;
    Ok(match change {
        Change::Joined { first, last, born_on, class, from } => {
            if far(from.date) {
                Some(NotDone::TooFar)
            } else if !class_there(c, *class, from.date)? {
                Some(NotDone::NoClass)
            } else if !known && namesake(c, first, last, *born_on)? {
                Some(NotDone::Known)
            } else if on_roll_after(c, pupil, from.date)? {
                Some(NotDone::OnRoll)
            } else {
                marked_from(c, pupil, *from)?.map(NotDone::Marked)
            }
        }
        _ if !known => Some(NotDone::NoPupil),
        Change::Left { last_day, .. } => {
            let after = SessionKey { date: last_day.succ_opt().unwrap_or(*last_day), half: Half::Am };
            if far(*last_day) {
                Some(NotDone::TooFar)
            } else if !on_roll_on(c, pupil, *last_day)? {
                Some(NotDone::NotOnRoll)
            } else {
                marked_from(c, pupil, after)?.map(NotDone::Marked)
            }
        }
        Change::Moved { class, from, .. } => {
            if far(from.date) {
                Some(NotDone::TooFar)
            } else if !class_there(c, *class, from.date)? {
                Some(NotDone::NoClass)
            } else if !on_roll_on(c, pupil, from.date)? {
                Some(NotDone::NotOnRoll)
            } else if record::class_in(c, pupil, *from)? == Some(*class) {
                Some(NotDone::InIt)
            } else {
                marked_from(c, pupil, *from)?.map(NotDone::Marked)
            }
        }
        Change::Needs { .. } | Change::Noted { .. } | Change::LateTold { .. } => None,
    })
}

fn exists(c: &Connection, pupil: PupilId) -> Result<bool, StoreError> {
    let found = "SELECT EXISTS (SELECT 1 FROM pupil WHERE id = ?1)";
    Ok(c.prepare_cached(found)?.query_row([pupil.as_bytes()], |r| r.get(0))?)
}

fn class_there(c: &Connection, class: ClassId, date: NaiveDate) -> Result<bool, StoreError> {
    let found = "SELECT EXISTS (SELECT 1 FROM class WHERE id = ?1 AND (ended_on IS NULL OR ended_on >= ?2))";
    Ok(c.prepare_cached(found)?.query_row(params![class.as_bytes(), DateCol(date)], |r| r.get(0))?)
}

fn namesake(c: &Connection, first: &str, last: &str, born: Option<NaiveDate>) -> Result<bool, StoreError> {
    let found = "SELECT EXISTS (SELECT 1 FROM pupil WHERE first = ?1 AND last = ?2 AND (born_on IS ?3 OR ?3 IS NULL))";
    Ok(c.prepare_cached(found)?.query_row(params![first, last, born.map(DateCol)], |r| r.get(0))?)
}

fn on_roll_on(c: &Connection, pupil: PupilId, date: NaiveDate) -> Result<bool, StoreError> {
    let found = "SELECT EXISTS (SELECT 1 FROM enrolment WHERE pupil = ?1 AND joined_on <= ?2 AND (left_on IS NULL OR left_on >= ?2))";
    Ok(c.prepare_cached(found)?.query_row(params![pupil.as_bytes(), DateCol(date)], |r| r.get(0))?)
}

/// Whether a pupil is on roll on a day or from a later one.
///
/// # Errors
/// An accident of the store.
pub(crate) fn on_roll_after(c: &Connection, pupil: PupilId, date: NaiveDate) -> Result<bool, StoreError> {
    let found = "SELECT EXISTS (SELECT 1 FROM enrolment WHERE pupil = ?1 AND (left_on IS NULL OR left_on >= ?2))";
    Ok(c.prepare_cached(found)?.query_row(params![pupil.as_bytes(), DateCol(date)], |r| r.get(0))?)
}

/// The last session, from this one on, in which something stands for the pupil.
fn marked_from(c: &Connection, pupil: PupilId, from: SessionKey) -> Result<Option<SessionKey>, StoreError> {
    let found = "SELECT date, half FROM mark WHERE pupil = ?1 AND (date, half) >= (?2, ?3) AND date >= ?2
                   AND (code IS NOT NULL OR tapped IS NOT NULL) ORDER BY date DESC, half DESC LIMIT 1";
    Ok(c.prepare_cached(found)?
        .query_row(params![pupil.as_bytes(), DateCol(from.date), HalfCol(from.half)], |r| session_col(r, 0))
        .optional()?)
}

#[cfg(test)]
mod tests;
