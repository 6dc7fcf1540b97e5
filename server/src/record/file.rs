//! Filing: which marks and registers a new fact is about, and the tables that follow from it alone.
//!
//! Must never: decide.

use super::context::{Body, Context, Held};
use super::pending::AboutRow;
use crate::device::Damaged;
use crate::store::StoreError;
use crate::store::columns::{CodeCol, DateCol, HalfCol, int, to_json, uint};
use rusqlite::params;
use shared::act::Act;
use shared::calendar::SessionKey;
use shared::id::{ClassId, LogId, PupilId};
use shared::observation::{Notice, Observation, Observed};
use shared::time::{Interval, Millis};

/// Days ahead for which a plan's sessions are decided at once, for the kiosks' "expected absent".
const AHEAD_DAYS: u64 = 7;

impl Context<'_, '_> {
    /// Files a fact: indexes it, and notes what must be decided again.
    pub(super) fn file(&mut self, held: &Held) -> Result<(), StoreError> {
        match &held.body {
            Body::Seen(seen) => self.file_seen(held, seen),
            Body::Done(acted) => self.file_done(held, &acted.act, acted.at),
        }
    }

    fn file_seen(&mut self, held: &Held, seen: &Observed) -> Result<(), StoreError> {
        match &seen.what {
            Observation::Marked { session, class, pupil, .. } | Observation::CameLate { session, class, pupil } => {
                self.index(held, *session, pupil.as_bytes(), false);
                self.marks.insert((*session, *pupil));
                let when = self.when(held.log, held.seq, &seen.at, held.received)?;
                self.first_mark(*class, *session, &when);
                Ok(())
            }
            Observation::Noted { session, pupil, .. } | Observation::ChangeAsked { session, pupil, .. } => {
                self.index(held, *session, pupil.as_bytes(), false);
                self.marks.insert((*session, *pupil));
                Ok(())
            }
            Observation::Submitted { session, class, .. } => {
                self.index(held, *session, class.as_bytes(), false);
                self.registers.remove(&(*class, *session));
                self.classes.insert((*session, *class));
                Ok(())
            }
            Observation::Arrived { .. }
            | Observation::Explained { .. }
            | Observation::Left { .. }
            | Observation::Returned { .. }
            | Observation::RollCallBegun { .. }
            | Observation::Accounted { .. }
            | Observation::RollCallEnded { .. } => self.file_door(held, seen),
            Observation::Noticed { notice: Notice::StoreDamaged { kept, lost, only_copy } } => {
                // A server that was restored from before does not have what it had alone.
                let gone = only_copy.map_or(Ok(0), |only| self.end_of(only.log).map(|end| only.gone(end)))?;
                Damaged { at: held.received, kept: *kept, lost: lost + gone }.keep(self.tx, held.log, held.origin)
            }
            Observation::Booted { .. }
            | Observation::Anchored { .. }
            | Observation::SignedOn { .. }
            | Observation::PinRefused { .. }
            | Observation::Noticed { .. } => Ok(()),
        }
    }

    /// The number of a log's last entry; 0 where there is none of it.
    fn end_of(&self, log: LogId) -> Result<u64, StoreError> {
        let sql = "SELECT ifnull(max(seq), 0) FROM fact WHERE log = (SELECT id FROM log WHERE log = ?1)";
        Ok(self.tx.prepare_cached(sql)?.query_row([log.as_bytes()], |r| r.get(0).map(uint))?)
    }

    fn file_done(&mut self, held: &Held, act: &Act, at: Millis) -> Result<(), StoreError> {
        match act {
            Act::Amended { pupil, session, .. } => {
                self.index(held, *session, pupil.as_bytes(), false);
                self.marks.insert((*session, *pupil));
            }
            Act::Planned { plan, pupil, from, until, code, detail, reason } => {
                self.tx
                    .prepare_cached(
                        "INSERT INTO plan(id, pupil, from_on, from_half, until_on, until_half, code, detail, reason, log, seq)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                    )?
                    .execute(params![
                        plan.as_bytes(),
                        pupil.as_bytes(),
                        DateCol(from.date),
                        HalfCol(from.half),
                        DateCol(until.date),
                        HalfCol(until.half),
                        CodeCol(*code),
                        detail.as_ref().map(|d| d.as_str()),
                        reason.as_str(),
                        held.log,
                        int(held.seq)
                    ])?;
                self.touch_span(*pupil, *from, *until);
            }
            Act::PlanWithdrawn { plan, pupil, .. } => {
                let (from, until): (SessionKey, SessionKey) = self
                    .tx
                    .prepare_cached(
                        "SELECT from_on, from_half, until_on, until_half FROM plan WHERE id = ?1 AND pupil = ?2",
                    )?
                    .query_row(params![plan.as_bytes(), pupil.as_bytes()], |r| {
                        Ok((crate::store::columns::session(r, 0)?, crate::store::columns::session(r, 2)?))
                    })?;
                self.tx
                    .prepare_cached(
                        "UPDATE plan SET withdrawn_at = ?2, withdrawn_log = ?3, withdrawn_seq = ?4
                         WHERE id = ?1 AND withdrawn_at IS NULL",
                    )?
                    .execute(params![plan.as_bytes(), at.0, held.log, int(held.seq)])?;
                self.touch_span(*pupil, from, until);
            }
            Act::LeaveAsked { pupil, from: session, .. } | Act::LeaveDecided { pupil, asked_from: session, .. } => {
                self.index(held, *session, pupil.as_bytes(), false);
                super::leave::file(self.tx, held)?;
            }
            Act::WentHome { .. } | Act::CameBack { .. } => self.file_passage(held)?,
            Act::PupilChanged { .. } => self.pupil_changed(held)?,
            Act::Called { pupil, session, .. } => {
                // Where its mark stands, the call stands too, and goes with it after six years. It decides nothing.
                self.index(held, *session, pupil.as_bytes(), false);
                self.called(held)?;
            }
            Act::Closed { class, session } | Act::RegisterTaken { class, session, .. } => {
                self.index(held, *session, class.as_bytes(), false);
                self.registers.remove(&(*class, *session));
                self.classes.insert((*session, *class));
            }
            Act::Settled { question, .. } => match (question.pupil, question.class) {
                (Some(pupil), _) => {
                    self.index(held, question.session, pupil.as_bytes(), false);
                    self.marks.insert((question.session, pupil));
                }
                (None, Some(class)) => {
                    self.index(held, question.session, class.as_bytes(), false);
                    self.registers.remove(&(class, question.session));
                    self.classes.insert((question.session, class));
                }
                (None, None) => {}
            },
            Act::History { class, session, marks } => {
                self.roll(*class, *session)?; // everybody's place at once
                for (pupil, _) in marks {
                    self.index(held, *session, pupil.as_bytes(), false);
                    self.marks.insert((*session, *pupil));
                }
                self.history_register(*class, *session, at)?;
            }
            Act::LogSealed { log, .. } => {
                self.tx.execute("UPDATE log SET sealed_at = ?2 WHERE log = ?1", params![log.as_bytes(), at.0])?;
            }
            Act::HeldDecided { kiosk, upto, accepted } => self.release(*kiosk, *upto, *accepted)?,
            // The act says all of it, so a log that comes back after a restore brings the choice with it.
            Act::ChoicesSet { choices } => {
                crate::school::set(self.tx, "choices", &to_json(choices, "the school's choices")?)?;
                crate::feed::touch_choices(self.tx, self.now)?;
            }
            Act::CalendarSet { .. } => crate::feed::refresh_day(self.tx, self.now)?,
            // They touch no mark: what they did stands in tables of their own.
            Act::Imported { .. }
            | Act::Enrolled { .. }
            | Act::Revoked { .. }
            | Act::StaffAdded { .. }
            | Act::StaffEnded { .. }
            | Act::PinSet { .. }
            | Act::PinRemoved { .. }
            | Act::CardBound { .. }
            | Act::CardLost { .. }
            | Act::Witnessed { .. }
            | Act::Removed { .. }
            | Act::Restored { .. }
            | Act::ReceptionSet { .. } => {}
        }
        Ok(())
    }

    /// A call, as the pages read it.
    fn called(&self, held: &Held) -> Result<(), StoreError> {
        let Body::Done(acted) = &held.body else { return Ok(()) };
        let Act::Called { call, pupil, session, whom, name, outcome, said } = &acted.act else { return Ok(()) };
        let (by_name, by_position) = super::put::by(&acted.by);
        self.tx
            .prepare_cached(
                "INSERT INTO call(id, pupil, date, half, at, whom, name, outcome, said, by_name, by_position, log, seq)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                call.as_bytes(),
                pupil.as_bytes(),
                DateCol(session.date),
                HalfCol(session.half),
                acted.at.0,
                whom.word(),
                name.as_deref(),
                outcome.word(),
                said.as_deref(),
                by_name,
                by_position,
                held.log,
                int(held.seq)
            ])?;
        self.tx.touch();
        Ok(())
    }

    pub(super) fn index(&mut self, held: &Held, session: SessionKey, about: &[u8; 16], wide: bool) {
        let row = AboutRow { at: session.into(), about: *about, log: held.log, seq: held.seq, wide };
        self.pending.abouts.push(row);
    }

    /// The sessions of a plan that have a mark already, or that kiosks show as expected.
    fn touch_span(&mut self, pupil: PupilId, from: SessionKey, until: SessionKey) {
        let last = until.date.min(self.today + chrono::Days::new(AHEAD_DAYS));
        for session in self.calendar.clone().sessions(from.date, last) {
            if (from..=until).contains(&session) {
                self.forget_present(session);
                self.marks.insert((session, pupil));
            }
        }
    }

    /// A fact that was filed before, dated anew: it may belong to other sessions now, and those where it stood lose it.
    pub(super) fn refile(&mut self, log: i64, seq: u64) -> Result<(), StoreError> {
        self.pending.save_abouts(self.tx)?;
        let before: Vec<SessionKey> = self
            .tx
            .prepare_cached("SELECT date, half FROM fact_about WHERE log = ?1 AND seq = ?2 AND wide = 1")?
            .query_map(params![log, int(seq)], |r| crate::store::columns::session(r, 0))?
            .collect::<Result<_, _>>()?;
        let Some(held) = self.held(log, seq)? else { return Ok(()) };
        if let (Body::Seen(seen), false) = (&held.body, before.is_empty()) {
            if let Some(pupil) = seen.what.pupil() {
                self.marks.extend(before.into_iter().map(|session| (session, pupil)));
            }
            self.tx
                .prepare_cached("DELETE FROM fact_about WHERE log = ?1 AND seq = ?2 AND wide = 1")?
                .execute(params![log, int(seq)])?;
        }
        self.file(&held)
    }

    fn first_mark(&mut self, class: ClassId, session: SessionKey, when: &Interval) {
        let at = when.estimate.unwrap_or(when.earliest).0;
        self.first_marks.entry((session, class)).and_modify(|first| *first = at.min(*first)).or_insert(at);
        self.states.insert((session, class));
    }

    /// Writes what filing gathered: which marks the facts are about, and when the first tap of each register was.
    pub(super) fn save_filed(&mut self) -> Result<(), StoreError> {
        self.pending.save_abouts(self.tx)?;
        for ((session, class), first) in std::mem::take(&mut self.first_marks) {
            self.tx
                .prepare_cached(
                    "INSERT INTO register(date, half, class, first_mark_at, state) VALUES (?1, ?2, ?3, ?4, 'open')
                     ON CONFLICT(date, half, class) DO UPDATE SET first_mark_at = ?4
                     WHERE first_mark_at IS NULL OR first_mark_at > ?4",
                )?
                .execute(params![DateCol(session.date), HalfCol(session.half), class.as_bytes(), first])?;
        }
        Ok(())
    }

    fn history_register(&mut self, class: ClassId, session: SessionKey, at: Millis) -> Result<(), StoreError> {
        let closed = self.calendar.times(session).map_or(at, |t| t.closes);
        self.tx
            .prepare_cached(
                "INSERT OR IGNORE INTO register(date, half, class, closed_at, state) VALUES (?1, ?2, ?3, ?4, 'submitted')",
            )?
            .execute(params![DateCol(session.date), HalfCol(session.half), class.as_bytes(), closed.0])?;
        Ok(())
    }
}
