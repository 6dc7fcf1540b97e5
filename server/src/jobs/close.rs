//! Closing registers: each once, on time, or as soon as the server is up again.
//!
//! Must never: close one twice, or leave one open because the server was down when it was due.

use crate::clock::Now;
use crate::record;
use crate::school;
use crate::store::columns::{DateCol, HalfCol};
use crate::store::{StoreError, WriteTx};
use chrono::Days;
use rusqlite::params;
use shared::act::{Act, Officer};
use shared::calendar::{Calendar, SessionKey};
use shared::id::ClassId;
use shared::sim::Mutant;
use shared::text::Name;
use shared::time::Millis;

/// Days back that a server which never closed anything begins with.
const FIRST_LOOK_DAYS: u64 = 7;

/// When the next register closes, today or on a coming day of the next weeks.
#[must_use]
pub fn next_close(calendar: &Calendar, now: Millis) -> Option<Millis> {
    let today = calendar.date_of(now);
    calendar
        .sessions(today, today + Days::new(21))
        .filter_map(|session| calendar.times(session))
        .map(|times| times.closes)
        .find(|closes| *closes > now)
}

/// Closes every register that is due and not closed yet; says how many.
///
/// # Errors
/// An accident of the store.
pub fn close_due(tx: &WriteTx<'_>, now: Now) -> Result<usize, StoreError> {
    let calendar = tx.calendar()?;
    let today = calendar.date_of(now.at);
    let last: Option<SessionKey> = school::setting(tx, "closed_until")?.and_then(|text| text.parse().ok());
    let from = last.map_or(today - Days::new(FIRST_LOOK_DAYS), |session| session.date);
    let mut closed = 0;
    let mut until = last;
    for session in calendar.sessions(from, today) {
        let due = calendar.times(session).is_some_and(|times| times.closes <= now.at);
        if !due || (last.is_some_and(|last| session <= last) && !Mutant::ClosesTwice.lives()) {
            continue;
        }
        // A school that begins today has no registers of last week to miss.
        let classes = if last.is_none() && session.date < today { Vec::new() } else { open_classes(tx, session)? };
        if !classes.is_empty() {
            let by = in_whose_name(tx, &calendar, session)?;
            closed += classes.len();
            let acts = classes.into_iter().map(|class| Act::Closed { class, session }).collect();
            record::acts(tx, now, &by, acts)?;
        }
        until = Some(session);
    }
    if until != last
        && let Some(session) = until
    {
        school::set(tx, "closed_until", &session.to_string())?;
    }
    Ok(closed)
}

/// Classes with a register in this session that was not closed yet.
fn open_classes(tx: &WriteTx<'_>, session: SessionKey) -> Result<Vec<ClassId>, StoreError> {
    let mut found = tx.prepare_cached(
        "SELECT DISTINCT m.class FROM membership m JOIN class c ON c.id = m.class
         WHERE m.from_on || m.from_half <= ?1 || ?2 AND (m.until_on IS NULL OR m.until_on || m.until_half >= ?1 || ?2)
           AND EXISTS (SELECT 1 FROM enrolment e WHERE e.pupil = m.pupil AND e.joined_on <= ?1
                       AND (e.left_on IS NULL OR e.left_on >= ?1))
           AND (?3 OR NOT EXISTS (SELECT 1 FROM register r WHERE r.date = ?1 AND r.half = ?2 AND r.class = m.class
                           AND r.closed_at IS NOT NULL))
         ORDER BY c.sort, c.name",
    )?;
    let rows = found
        .query_map(params![DateCol(session.date), HalfCol(session.half), Mutant::ClosesTwice.lives()], |r| {
            Ok(ClassId::from_bytes(r.get(0)?))
        })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn in_whose_name(tx: &WriteTx<'_>, calendar: &Calendar, session: SessionKey) -> Result<Officer, StoreError> {
    let at = calendar.times(session).map(|t| calendar.local(t.closes).format("%H:%M").to_string());
    let set_by: String = tx.query_row("SELECT set_by FROM calendar ORDER BY id DESC LIMIT 1", [], |r| r.get(0))?;
    let bad = |_| StoreError::Corrupt { what: "who set the calendar" };
    Ok(Officer::Rule {
        rule: Name::new(&format!("close at {}", at.unwrap_or_default())).map_err(bad)?,
        set_by: Name::new(&set_by).map_err(bad)?,
    })
}
