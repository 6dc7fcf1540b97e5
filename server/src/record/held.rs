//! What is held undecided: facts of a revoked kiosk, or about pupils that the kiosk does not serve.
//!
//! Must never: lose one. Held facts stand in the log like all others; only their effect waits.

use super::context::{Context, Kiosk};
use crate::feed;
use crate::store::StoreError;
use crate::store::columns::{int, uint};
use rusqlite::{OptionalExtension, params};
use shared::id::{KioskId, PupilId};
use shared::limits::HELD_PER_KIOSK;
use shared::log::Origin;
use shared::observation::{Mark, Observation, Observed};

/// "Here", or taken back, in a register of the kiosk's own.
fn visits(kiosk: &Kiosk, what: &Observation) -> bool {
    matches!(what, Observation::Marked { class, mark: Mark::Present | Mark::Blank, .. } if kiosk.classes.contains(class))
}

impl Context<'_, '_> {
    /// Whether a kiosk may speak about this: a pupil who is or was in one of its classes (its roster may be a week old),
    /// a register of one of its classes; at reception, any pupil of the school. A classroom may say of any pupil of the
    /// school that they are here, in a register of its own: a visitor from another class, which is a question.
    pub(super) fn serves(&mut self, kiosk: &Kiosk, seen: &Observed) -> Result<bool, StoreError> {
        match &seen.what {
            Observation::Submitted { class, .. } => Ok(kiosk.classes.contains(class)),
            what => match what.pupil() {
                Some(pupil) if kiosk.whole_school => self.exists(pupil),
                Some(pupil) => {
                    let own = self.is_in(kiosk, what, pupil)? || self.was_in(kiosk.id, pupil)?;
                    Ok(own || (visits(kiosk, what) && feed::choices(self.tx)?.visitors && self.exists(pupil)?))
                }
                None => Ok(true),
            },
        }
    }

    /// Whether a pupil is on the roll of the register that was on the screen, and the kiosk serves it: the usual case,
    /// answered for the whole class at once.
    fn is_in(&mut self, kiosk: &Kiosk, what: &Observation, pupil: PupilId) -> Result<bool, StoreError> {
        let (Observation::Marked { session, class, .. }
        | Observation::CameLate { session, class, .. }
        | Observation::Noted { session, class, .. }
        | Observation::ChangeAsked { session, class, .. }) = what
        else {
            return Ok(false);
        };
        if !kiosk.classes.contains(class) {
            return Ok(false);
        }
        self.roll(*class, *session)?;
        Ok(self.known_place(pupil, *session).is_some_and(|place| place.on_roll && place.class == *class))
    }

    fn exists(&self, pupil: PupilId) -> Result<bool, StoreError> {
        let mut found = self.tx.prepare_cached("SELECT EXISTS (SELECT 1 FROM pupil WHERE id = ?1)")?;
        Ok(found.query_row([pupil.as_bytes()], |r| r.get(0))?)
    }

    fn was_in(&self, kiosk: KioskId, pupil: PupilId) -> Result<bool, StoreError> {
        let mut found = self.tx.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM membership m JOIN kiosk_class k ON k.class = m.class WHERE m.pupil = ?1 AND k.kiosk = ?2)",
        )?;
        Ok(found.query_row(params![pupil.as_bytes(), kiosk.as_bytes()], |r| r.get(0))?)
    }

    /// Whether so many more may be held for a kiosk.
    pub(super) fn may_hold(&self, kiosk: KioskId, more: usize) -> Result<bool, StoreError> {
        let held: i64 = self
            .tx
            .prepare_cached(
                "SELECT count(*) FROM log JOIN fact ON fact.log = log.id WHERE log.kiosk = ?1 AND fact.held = 1",
            )?
            .query_row([kiosk.as_bytes()], |r| r.get(0))?;
        Ok(usize::try_from(held).unwrap_or(usize::MAX).saturating_add(more) <= HELD_PER_KIOSK)
    }

    /// The office accepted or discarded what was held of a kiosk's log, up to an entry.
    pub(super) fn release(&mut self, kiosk: KioskId, upto: Origin, accepted: bool) -> Result<(), StoreError> {
        let log: Option<i64> = self
            .tx
            .query_row(
                "SELECT id FROM log WHERE log = ?1 AND kiosk = ?2",
                params![upto.log.as_bytes(), kiosk.as_bytes()],
                |r| r.get(0),
            )
            .optional()?;
        let log = log.ok_or(StoreError::Missing("log of this kiosk"))?;
        let held: Vec<u64> = self
            .tx
            .prepare_cached("SELECT seq FROM fact WHERE log = ?1 AND seq <= ?2 AND held = 1 ORDER BY seq")?
            .query_map(params![log, int(upto.seq)], |r| r.get(0).map(uint))?
            .collect::<Result<_, _>>()?;
        for seq in held {
            self.tx.prepare_cached("UPDATE fact SET held = ?3 WHERE log = ?1 AND seq = ?2")?.execute(params![
                log,
                int(seq),
                if accepted { 0 } else { 2 }
            ])?;
            if accepted && let Some(fact) = self.held(log, seq)? {
                self.file(&fact)?;
            }
        }
        Ok(())
    }
}
