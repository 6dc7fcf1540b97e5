//! Staff: who may sign on at a kiosk, with which PIN, from when to when.
//!
//! Must never: keep a PIN, or change somebody who comes from the roster's file in what that file says.

pub mod pin;
#[cfg(test)]
mod tests;

use crate::clock::Now;
use crate::record;
use crate::secret;
use crate::store::columns::DateCol;
use crate::store::{StoreError, WriteTx};
use rusqlite::{Connection, OptionalExtension as _, params};
use shared::act::{Act, Officer};
use shared::id::StaffId;
use shared::text::Name;

/// A member of staff as the list shows one.
#[derive(Debug, Clone)]
pub struct Member {
    /// The id.
    pub id: StaffId,
    /// "Ms Patel".
    pub name: String,
    /// "class teacher".
    pub position: String,
    /// Names of their classes.
    pub classes: String,
    /// Whether they have a PIN.
    pub pin: bool,
    /// Cards that are not lost.
    pub cards: usize,
    /// Last day, if one is set.
    pub ended_on: Option<DateCol>,
    /// Whether the roster's file names them. Whoever the office added itself is not touched by an import.
    pub from_roster: bool,
}

const MEMBER: &str = "SELECT s.id, s.name, s.position,
        (SELECT group_concat(name, ', ') FROM (SELECT c.name FROM staff_class sc JOIN class c ON c.id = sc.class
            WHERE sc.staff = s.id ORDER BY c.sort, c.name)),
        s.pin_hash IS NOT NULL, (SELECT count(*) FROM card WHERE card.staff = s.id AND card.lost_at IS NULL),
        s.ended_on, s.source_id IS NOT NULL FROM staff s";

fn member(r: &rusqlite::Row<'_>) -> rusqlite::Result<Member> {
    Ok(Member {
        id: StaffId::from_bytes(r.get(0)?),
        name: r.get(1)?,
        position: r.get(2)?,
        classes: r.get::<_, Option<String>>(3)?.unwrap_or_default(),
        pin: r.get(4)?,
        cards: r.get(5)?,
        ended_on: r.get(6)?,
        from_roster: r.get(7)?,
    })
}

/// Everybody who is on the staff list on a date, or will be, by name.
///
/// # Errors
/// An accident of the store.
pub fn list(c: &Connection, today: DateCol) -> Result<Vec<Member>, StoreError> {
    let sql = format!("{MEMBER} WHERE s.ended_on IS NULL OR s.ended_on >= ?1 ORDER BY s.name, s.position, s.id");
    let mut found = c.prepare_cached(&sql)?;
    let rows = found.query_map([today], member)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One of them, gone or not.
///
/// # Errors
/// An accident of the store.
pub fn one(c: &Connection, id: StaffId) -> Result<Option<Member>, StoreError> {
    let sql = format!("{MEMBER} WHERE s.id = ?1");
    Ok(c.prepare_cached(&sql)?.query_row([id.as_bytes()], member).optional()?)
}

/// Those on the list whose name is this, however it is written. Several may share one.
///
/// # Errors
/// An accident of the store.
pub fn named(c: &Connection, name: &str, today: DateCol) -> Result<Vec<Member>, StoreError> {
    let wanted = plain(name);
    Ok(list(c, today)?.into_iter().filter(|m| plain(&m.name) == wanted).collect())
}

/// Words as people compare them: without capitals and double spaces.
#[must_use]
pub fn plain(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Sets the hash of a PIN, or takes it away, as an act of the school's log. The caller refreshes the feed.
///
/// # Errors
/// [`StoreError::Missing`] for nobody.
pub fn set_pin(tx: &WriteTx<'_>, now: Now, by: &Officer, id: StaffId, phc: Option<&str>) -> Result<(), StoreError> {
    let set = tx.execute("UPDATE staff SET pin_hash = ?2 WHERE id = ?1", params![id.as_bytes(), phc])?;
    if set == 0 {
        return Err(StoreError::Missing("member of staff"));
    }
    let act = if phc.is_some() { Act::PinSet { staff: id } } else { Act::PinRemoved { staff: id } };
    record::act(tx, now, by, act).map(drop)
}

/// Adds somebody whom the roster's file does not name, as an act of the school's log: cover staff. The caller refreshes
/// the feed.
///
/// # Errors
/// [`StoreError::Refused`] when the list has this name already: the sign-on screen could not tell them apart.
pub fn add(tx: &WriteTx<'_>, now: Now, by: &Officer, name: &Name, position: &Name) -> Result<StaffId, StoreError> {
    let today = DateCol(tx.calendar()?.date_of(now.at));
    if !named(tx, name, today)?.is_empty() {
        return Err(StoreError::Refused(
            "Somebody of this name is on the list already, and the sign-on screen could not tell them apart. Add a \
             first name or an initial."
                .to_owned(),
        ));
    }
    let id = StaffId::from_bytes(secret::random()?);
    tx.execute(
        "INSERT INTO staff(id, name, position) VALUES (?1, ?2, ?3)",
        params![id.as_bytes(), name.as_str(), position.as_str()],
    )?;
    let act = Act::StaffAdded { staff: id, name: name.clone(), position: position.clone() };
    record::act(tx, now, by, act)?;
    Ok(id)
}

/// Sets the last day of somebody whom the office added. They may sign on until its end. The caller refreshes the feed.
///
/// # Errors
/// [`StoreError::Missing`] for nobody; [`StoreError::Refused`] for somebody from the roster's file.
pub fn end(tx: &WriteTx<'_>, now: Now, by: &Officer, id: StaffId, last: DateCol) -> Result<(), StoreError> {
    let one = one(tx, id)?.ok_or(StoreError::Missing("member of staff"))?;
    if one.from_roster {
        return Err(StoreError::Refused(
            "This person comes from the roster's file, and the next import would bring them back. End them in your \
             directory; until then, remove the PIN and mark the cards lost."
                .to_owned(),
        ));
    }
    tx.execute("UPDATE staff SET ended_on = ?2 WHERE id = ?1", params![id.as_bytes(), last])?;
    record::act(tx, now, by, Act::StaffEnded { staff: id, last_day: last.0 }).map(drop)
}
