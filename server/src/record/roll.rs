//! The roll: which class a pupil is in, in one session.
//!
//! Must never: answer by date alone: who moves class at noon is in another in the afternoon.

use crate::store::StoreError;
use crate::store::columns::{DateCol, HalfCol};
use rusqlite::{Connection, OptionalExtension, params};
use shared::calendar::SessionKey;
use shared::id::{ClassId, PupilId};

/// A member of a class in a session who is on roll that day. (?1 date, ?2 half)
const IN_FORCE: &str = "m.from_on || m.from_half <= ?1 || ?2
    AND (m.until_on IS NULL OR m.until_on || m.until_half >= ?1 || ?2)
    AND EXISTS (SELECT 1 FROM enrolment e WHERE e.pupil = m.pupil AND e.joined_on <= ?1
                AND (e.left_on IS NULL OR e.left_on >= ?1))";

/// The class of a pupil in a session, if the pupil is on roll. Of two at once, the one begun last.
///
/// # Errors
/// An accident of the store.
pub fn class_in(c: &Connection, pupil: PupilId, session: SessionKey) -> Result<Option<ClassId>, StoreError> {
    let sql = const_format(
        "SELECT m.class FROM membership m WHERE m.pupil = ?3 AND ",
        " ORDER BY m.from_on DESC, m.from_half DESC, m.class LIMIT 1",
    );
    let found = c
        .prepare_cached(&sql)?
        .query_row(params![DateCol(session.date), HalfCol(session.half), pupil.as_bytes()], |r| r.get(0))
        .optional()?;
    Ok(found.map(ClassId::from_bytes))
}

/// The class of [`class_in`] as a part of a query: of a row of `table`, which has pupil, date and half.
#[must_use]
pub fn class_of(table: &str) -> String {
    let in_force = IN_FORCE.replace("?1", &format!("{table}.date")).replace("?2", &format!("{table}.half"));
    format!(
        "(SELECT m.class FROM membership m WHERE m.pupil = {table}.pupil AND {in_force}
          ORDER BY m.from_on DESC, m.from_half DESC, m.class LIMIT 1)"
    )
}

/// Everybody on the roll of a class in a session.
///
/// # Errors
/// An accident of the store.
pub fn on_roll(c: &Connection, class: ClassId, session: SessionKey) -> Result<Vec<PupilId>, StoreError> {
    let sql = const_format("SELECT DISTINCT m.pupil FROM membership m WHERE m.class = ?3 AND ", " ORDER BY m.pupil");
    let mut found = c.prepare_cached(&sql)?;
    let rows = found.query_map(params![DateCol(session.date), HalfCol(session.half), class.as_bytes()], |r| {
        Ok(PupilId::from_bytes(r.get(0)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The class that a pupil was in last before a session, or will be in first: for facts about somebody not on roll.
pub(super) fn nearest_class(
    c: &Connection,
    pupil: PupilId,
    session: SessionKey,
) -> Result<Option<ClassId>, StoreError> {
    let found = c
        .prepare_cached(
            "SELECT class FROM membership WHERE pupil = ?1 ORDER BY from_on > ?2, abs(julianday(from_on) - julianday(?2)) LIMIT 1",
        )?
        .query_row(params![pupil.as_bytes(), DateCol(session.date)], |r| r.get(0))
        .optional()?;
    Ok(found.map(ClassId::from_bytes))
}

fn const_format(before: &str, after: &str) -> String {
    format!("{before}{IN_FORCE}{after}")
}
