//! Who went through the door, and who was seen in a roll call: the tables and feed rows that follow from these facts alone.
//!
//! Must never: decide a mark, or open a sealed reason.

use super::context::{Body, Context, Held};
use super::sitting::touched;
use crate::feed;
use crate::store::StoreError;
use crate::store::columns::{DateCol, HalfCol, int};
use rusqlite::{OptionalExtension, params};
use shared::act::Act;
use shared::calendar::SessionKey;
use shared::id::{PupilId, RollCallId};
use shared::observation::{Observation, Observed};
use shared::time::Interval;

/// One way through the door, as the late book keeps it.
struct Movement<'a> {
    pupil: PupilId,
    session: Option<SessionKey>,
    what: &'static str,
    reason: Option<&'a str>,
    collected: Option<&'a str>,
    /// When.
    when: Interval,
    /// Who let them go, or wrote it down.
    approved: Option<String>,
}

impl Context<'_, '_> {
    /// Files a fact of the door or of a roll call; of any other there is nothing to file here.
    pub(super) fn file_door(&mut self, held: &Held, seen: &Observed) -> Result<(), StoreError> {
        match &seen.what {
            Observation::Arrived { pupil, session, .. }
            | Observation::Left { pupil, session, .. }
            | Observation::Returned { pupil, session, .. } => {
                let (what, reason, collected) = match &seen.what {
                    Observation::Arrived { reason, .. } => ("arrived", reason.as_deref(), None),
                    Observation::Left { collected, .. } => ("left", None, collected.as_deref()),
                    _ => ("returned", None, None),
                };
                let approved = match &seen.what {
                    Observation::Left { approved: Some(_), .. } => self.by(seen)?,
                    _ => None,
                };
                let when = self.when(held.log, held.seq, &seen.at, held.received)?;
                let (pupil, session) = (*pupil, *session);
                self.file_movement(held, Movement { pupil, session, what, reason, collected, when, approved })?;
            }
            Observation::Explained { pupil, session, reason: Some(reason) } => {
                self.explain(held, *pupil, *session, reason)?;
            }
            Observation::RollCallBegun { call, real } => self.begin_roll_call(held, seen, *call, *real)?,
            Observation::RollCallEnded { call } => self.end_roll_call(held, seen, *call)?,
            Observation::Accounted { call, pupil, seen: ticked } => {
                self.account(held, seen, *call, *pupil, *ticked)?;
            }
            _ => return Ok(()),
        }
        self.tx.touch();
        Ok(())
    }

    /// Files what the office wrote down about the door: the same rows, for every page and kiosk reads them.
    pub(super) fn file_passage(&mut self, held: &Held) -> Result<(), StoreError> {
        let Body::Done(acted) = &held.body else { return Ok(()) };
        let approved = Some(super::put::by(&acted.by).0);
        let moved = match &acted.act {
            Act::WentHome { pupil, session, at, collected, reason } => Movement {
                pupil: *pupil,
                session: Some(*session),
                what: "left",
                reason: reason.as_deref(),
                collected: collected.as_deref(),
                when: Interval::new(*at, *at),
                approved,
            },
            Act::CameBack { pupil, session, at } => Movement {
                pupil: *pupil,
                session: Some(*session),
                what: "returned",
                reason: None,
                collected: None,
                when: Interval::new(*at, *at),
                approved,
            },
            _ => return Ok(()),
        };
        self.tx.touch();
        self.file_movement(held, moved)
    }

    fn file_movement(&mut self, held: &Held, moved: Movement<'_>) -> Result<(), StoreError> {
        let Movement { pupil, session, what, reason, collected, when, approved } = moved;
        let sessions = match session {
            Some(session) => vec![session],
            None => touched(&self.calendar, &when),
        };
        for at in &sessions {
            self.index(held, *at, pupil.as_bytes(), session.is_none());
            self.marks.insert((*at, pupil));
        }
        let Some(last) = sessions.last() else { return Ok(()) };
        if (held.origin.log, held.origin.seq) != (self.writer(held.log)?.id, held.seq) {
            return Ok(()); // appended again after a fork: the late book has it already
        }
        self.tx
            .prepare_cached(
                "INSERT INTO movement(pupil, date, half, what, at_from, at_until, reason, collected, approved_by, log, seq)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                 ON CONFLICT(log, seq) DO UPDATE SET date = ?2, half = ?3, at_from = ?5, at_until = ?6",
            )?
            .execute(params![
                pupil.as_bytes(),
                DateCol(last.date),
                HalfCol(last.half),
                what,
                when.earliest.0,
                when.latest.0,
                reason,
                collected,
                approved,
                held.log,
                int(held.seq)
            ])?;
        feed::touch_passage(self.tx, self.today, pupil)
    }

    /// Puts a reason that was picked later to the arrival before it: of the same log, else of one begun earlier.
    fn explain(
        &mut self,
        held: &Held,
        pupil: PupilId,
        session: Option<SessionKey>,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.tx
            .prepare_cached(
                "UPDATE movement SET reason = ?5 WHERE (log, seq) = (
                    SELECT log, seq FROM movement WHERE pupil = ?1 AND what = 'arrived' AND (log, seq) < (?2, ?3)
                     AND (?4 IS NULL OR date = ?4) ORDER BY log DESC, seq DESC LIMIT 1)",
            )?
            .execute(params![pupil.as_bytes(), held.log, int(held.seq), session.map(|s| DateCol(s.date)), reason])?;
        Ok(())
    }

    /// Who was signed on, by name.
    fn by(&mut self, seen: &Observed) -> Result<Option<String>, StoreError> {
        let by = seen.by.map(|staff| self.staff(staff)).transpose()?.flatten();
        Ok(by.map(|officer| super::put::by(&officer).0))
    }

    fn begin_roll_call(
        &mut self,
        held: &Held,
        seen: &Observed,
        call: RollCallId,
        real: bool,
    ) -> Result<(), StoreError> {
        let when = self.when(held.log, held.seq, &seen.at, held.received)?;
        let at = when.estimate.unwrap_or(when.latest);
        let date = self.calendar.date_of(at);
        let (by, room) = (self.by(seen)?, self.writer(held.log)?.kiosk.map(|k| k.room.to_string()));
        self.tx
            .prepare_cached(
                "INSERT INTO roll_call(call, date, real, begun_at, begun_by, room) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT(call) DO UPDATE SET date = ?2, real = max(real, ?3), begun_at = ?4, begun_by = ?5, room = ?6",
            )?
            .execute(params![call.as_bytes(), DateCol(date), real, at.0, by, room])?;
        feed::touch_roll_call(self.tx, self.today, call)
    }

    fn end_roll_call(&mut self, held: &Held, seen: &Observed, call: RollCallId) -> Result<(), StoreError> {
        let when = self.when(held.log, held.seq, &seen.at, held.received)?;
        let at = when.estimate.unwrap_or(when.latest);
        let date = self.calendar.date_of(at);
        let by = self.by(seen)?;
        // Whoever ended it first ended it; a time that is known better later replaces the one that was guessed.
        self.tx
            .prepare_cached(
                "INSERT INTO roll_call(call, date, ended_at, ended_by) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT(call) DO UPDATE SET
                    ended_by = CASE WHEN ended_at IS NULL OR ?3 < ended_at THEN ?4 ELSE ended_by END,
                    ended_at = min(ifnull(ended_at, ?3), ?3)",
            )?
            .execute(params![call.as_bytes(), DateCol(date), at.0, by])?;
        feed::touch_roll_call(self.tx, self.today, call)
    }

    fn account(
        &mut self,
        held: &Held,
        seen: &Observed,
        call: RollCallId,
        pupil: PupilId,
        ticked: bool,
    ) -> Result<(), StoreError> {
        let when = self.when(held.log, held.seq, &seen.at, held.received)?;
        let by = self.by(seen)?;
        self.tx
            .prepare_cached(
                "INSERT OR REPLACE INTO roll_call_word(call, pupil, log, seq, seen, at_from, at_until, estimate, by)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                call.as_bytes(),
                pupil.as_bytes(),
                held.origin.log.as_bytes(),
                int(held.origin.seq),
                ticked,
                when.earliest.0,
                when.latest.0,
                when.estimate.map(|e| e.0),
                by
            ])?;
        let known: Option<bool> = self
            .tx
            .prepare_cached("SELECT 1 FROM roll_call WHERE call = ?1 AND begun_at IS NOT NULL")?
            .query_row([call.as_bytes()], |_| Ok(true))
            .optional()?;
        // Rows about a roll call that no kiosk can show yet follow with its beginning.
        if known.is_some() { feed::touch_accounted(self.tx, self.today, call, pupil) } else { Ok(()) }
    }
}
