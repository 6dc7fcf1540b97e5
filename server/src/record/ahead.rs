//! What stands already of a class's marks in a session, read at once: a push is usually about most of a class.
//!
//! Must never: be believed after something it says was written: whoever writes takes it out, or brings it up to date.

use super::context::Context;
use super::redecide::{Stands, stood};
use crate::store::StoreError;
use crate::store::columns::{DateCol, HalfCol, uint};
use rusqlite::params;
use shared::calendar::{Half, SessionKey};
use shared::id::{ClassId, PupilId};
use std::collections::{HashMap, HashSet};

/// From so many marks of a session on it is cheaper to read the whole class.
const SEVERAL: usize = 4;

/// Read before it was asked for.
#[derive(Default)]
pub(super) struct Ahead {
    done: HashSet<(SessionKey, ClassId)>,
    /// Where the facts about a pupil and session stand.
    places: HashMap<(SessionKey, PupilId), Vec<(i64, u64)>>,
    /// A pupil's mark as it stands, and whether the pupil left in the morning of the same day.
    stands: HashMap<(SessionKey, PupilId), (Option<Stands>, bool)>,
}

impl Ahead {
    /// Where the facts about a pupil and session stand, if they were read.
    pub(super) fn places(&self, session: SessionKey, pupil: PupilId) -> Option<&[(i64, u64)]> {
        self.places.get(&(session, pupil)).map(Vec::as_slice)
    }

    /// A mark as it stands, if it was read: once, since whoever asks is about to write it.
    pub(super) fn take(&mut self, session: SessionKey, pupil: PupilId) -> Option<(Option<Stands>, bool)> {
        self.stands.remove(&(session, pupil))
    }
}

impl Context<'_, '_> {
    /// Reads what stands of a class in a session, if several of its marks are to be decided.
    pub(super) fn read_ahead(&mut self, session: SessionKey, class: ClassId) -> Result<(), StoreError> {
        if self.ahead.done.contains(&(session, class)) {
            return Ok(());
        }
        let first = (session, PupilId::from_bytes([0; 16]));
        if self.marks.range(first..).take(SEVERAL).filter(|(at, _)| *at == session).count() < SEVERAL {
            return Ok(());
        }
        self.ahead.done.insert((session, class));
        for pupil in self.roll(class, session)?.iter() {
            self.ahead.places.insert((session, *pupil), Vec::new());
            self.ahead.stands.insert((session, *pupil), (None, false));
        }
        let at = params![DateCol(session.date), HalfCol(session.half), class.as_bytes()];
        let mut found = self.tx.prepare_cached(
            "SELECT about, log, seq FROM fact_about WHERE date = ?1 AND half = ?2
             AND about IN (SELECT pupil FROM membership WHERE class = ?3)",
        )?;
        let mut rows = found.query(at)?;
        while let Some(r) = rows.next()? {
            if let Some(known) = self.ahead.places.get_mut(&(session, PupilId::from_bytes(r.get(0)?))) {
                known.push((r.get(1)?, uint(r.get(2)?)));
            }
        }
        let mut found = self.tx.prepare_cached(
            "SELECT m.entry, m.code, m.minutes, m.provisional, m.tapped, m.went, m.class, e.detail, m.pupil
             FROM mark m LEFT JOIN entry e ON e.id = m.entry WHERE m.date = ?1 AND m.half = ?2
             AND m.pupil IN (SELECT pupil FROM membership WHERE class = ?3)",
        )?;
        let mut rows = found.query(at)?;
        while let Some(r) = rows.next()? {
            if let Some(known) = self.ahead.stands.get_mut(&(session, PupilId::from_bytes(r.get(8)?))) {
                known.0 = Some(stood(r)?);
            }
        }
        if session.half == Half::Pm {
            let mut found = self.tx.prepare_cached(
                "SELECT pupil FROM mark WHERE date = ?1 AND half = 'am' AND went = 1
                 AND pupil IN (SELECT pupil FROM membership WHERE class = ?2)",
            )?;
            let mut rows = found.query(params![DateCol(session.date), class.as_bytes()])?;
            while let Some(r) = rows.next()? {
                if let Some(known) = self.ahead.stands.get_mut(&(session, PupilId::from_bytes(r.get(0)?))) {
                    known.1 = true;
                }
            }
        }
        Ok(())
    }
}
