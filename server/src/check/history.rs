//! The record's entries: the mark is the newest of them, each names the one before it, and each has its five parts.
//!
//! Must never: look at anything but entries and marks.

use super::Found;
use crate::store::StoreError;
use rusqlite::Connection;

/// The mark as it stands is its newest entry, and every entry has a mark.
///
/// # Errors
/// An accident of the store.
pub(super) fn marks(c: &Connection, found: &mut Found) -> Result<(), StoreError> {
    found.marks = c.query_row("SELECT count(*) FROM mark", [], |r| r.get(0))?;
    found.entries = c.query_row("SELECT count(*) FROM entry", [], |r| r.get(0))?;
    let differ = "SELECT m.date, m.half, lower(hex(m.pupil)) FROM mark m LEFT JOIN entry e ON e.id = m.entry
         WHERE (m.entry IS NULL AND (m.code IS NOT NULL OR EXISTS (SELECT 1 FROM entry x
                  WHERE x.date = m.date AND x.half = m.half AND x.pupil = m.pupil)))
            OR (m.entry IS NOT NULL AND (e.id IS NULL OR e.code IS NOT m.code OR e.minutes IS NOT m.minutes
                OR e.provisional <> m.provisional OR e.pupil <> m.pupil OR e.date <> m.date OR e.half <> m.half
                OR e.id <> (SELECT max(x.id) FROM entry x WHERE x.date = m.date AND x.half = m.half AND x.pupil = m.pupil)))";
    each(c, differ, found, |pupil| format!("the mark of pupil {pupil} is not its newest entry"))?;
    let orphans: i64 = c.query_row(
        "SELECT count(*) FROM (SELECT DISTINCT date, half, pupil FROM entry EXCEPT SELECT date, half, pupil FROM mark)",
        [],
        |r| r.get(0),
    )?;
    if orphans > 0 {
        found.wrong.push(format!("{orphans} marks have entries in the record and do not stand in the register"));
    }
    Ok(())
}

/// The original of each entry is the one before it, and nothing of what the Regulations ask for is empty.
///
/// # Errors
/// An accident of the store.
pub(super) fn history(c: &Connection, found: &mut Found) -> Result<(), StoreError> {
    let holes = "SELECT date, half, lower(hex(pupil)) FROM (
            SELECT date, half, pupil, original, is_change,
                   lag(code) OVER w AS before, row_number() OVER w AS n
            FROM entry WINDOW w AS (PARTITION BY date, half, pupil ORDER BY id))
         WHERE (n = 1 AND (is_change <> 0 OR original IS NOT NULL)) OR (n > 1 AND (is_change <> 1 OR original IS NOT before))";
    each(c, holes, found, |pupil| {
        format!("the history of pupil {pupil} has a hole: an original entry is not the one before")
    })?;
    let parts = "SELECT date, half, lower(hex(pupil)) FROM entry
         WHERE trim(reason) = '' OR trim(by_name) = '' OR trim(by_position) = '' OR made_at <= 0";
    each(c, parts, found, |pupil| {
        format!("an entry of pupil {pupil} lacks one of its parts: the reason, the date, the name or the position")
    })?;
    let backwards = "SELECT date, half, lower(hex(pupil)) FROM (
            SELECT date, half, pupil, made_at, lag(made_at) OVER w AS before FROM entry
            WINDOW w AS (PARTITION BY date, half, pupil ORDER BY id)) WHERE made_at < before - 3600000";
    let mut late = Found::default();
    each(c, backwards, &mut late, |pupil| {
        format!("an amendment of pupil {pupil} is dated before the entry it amends (the server's clock was set back?)")
    })?;
    found.doubts.extend(late.wrong);
    Ok(())
}

fn each(c: &Connection, sql: &str, found: &mut Found, words: impl Fn(&str) -> String) -> Result<(), StoreError> {
    let mut statement = c.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(r) = rows.next()? {
        let (date, half, pupil): (String, String, String) = (r.get(0)?, r.get(1)?, r.get(2)?);
        found.wrong.push(format!("{date} {half}: {}", words(&pupil)));
    }
    Ok(())
}
