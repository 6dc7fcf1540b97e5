//! What acts change about a pupil: where they are on roll, their needs, and the list of what was written down.
//!
//! Must never: refuse. What an act may change was asked before it was written (see [`crate::roll`]).

use super::context::{Body, Context, Held};
use super::put;
use crate::school;
use crate::store::StoreError;
use crate::store::columns::{DateCol, HalfCol, int, session as session_col};
use chrono::NaiveDate;
use rusqlite::params;
use shared::act::Act;
use shared::calendar::{Half, SessionKey};
use shared::id::{ClassId, PupilId};
use shared::pupil::{Change, Provision};

/// Days back for which marks are decided again when somebody is put into a class of before.
const BACK_DAYS: u64 = 120;

fn day(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

fn noon(session: SessionKey) -> &'static str {
    match session.half {
        Half::Am => "",
        Half::Pm => ", from the afternoon",
    }
}

impl Context<'_, '_> {
    /// Puts into the tables what an act says, and into the list that it was done.
    pub(super) fn pupil_changed(&mut self, held: &Held) -> Result<(), StoreError> {
        let Body::Done(acted) = &held.body else { return Ok(()) };
        let Act::PupilChanged { pupil, change } = &acted.act else { return Ok(()) };
        let (by_name, by_position) = put::by(&acted.by);
        let week = match change {
            Change::LateTold { week, .. } => Some(DateCol(*week)),
            _ => None,
        };
        let new = self
            .tx
            .prepare_cached(
                "INSERT INTO pupil_act(pupil, at, kind, words, week, by_name, by_position, log, seq)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                pupil.as_bytes(),
                acted.at.0,
                change.kind(),
                self.said(change)?,
                week,
                by_name,
                by_position,
                held.log,
                int(held.seq)
            ])?;
        // Filed again, when the whole register is decided anew, it is done already: an import may have changed the roster since.
        if new == 1 {
            self.apply(*pupil, change)?;
            self.tx.touch();
        }
        Ok(())
    }

    fn said(&self, change: &Change) -> Result<String, StoreError> {
        let name = |class: ClassId| Ok::<_, StoreError>(school::class_name(self.tx, class)?.unwrap_or_default());
        Ok(match change {
            Change::Joined { class, from, .. } => {
                format!("Joined on {}{}, in {}", day(from.date), noon(*from), name(*class)?)
            }
            Change::Left { last_day, why } => format!("Left: the last day is {}. {why}", day(*last_day)),
            Change::Moved { class, from, why } => {
                let why = why.as_ref().map(|why| format!(". {why}")).unwrap_or_default();
                format!("Moved to {} on {}{}{why}", name(*class)?, day(from.date), noon(*from))
            }
            Change::Needs { looked_after, social_worker, send } => {
                let send = match send {
                    Provision::None => None,
                    Provision::Support => Some("SEND support"),
                    Provision::EhcPlan => Some("EHC plan"),
                };
                let all = [looked_after.then_some("looked after"), social_worker.then_some("social worker"), send];
                let all: Vec<_> = all.into_iter().flatten().collect();
                if all.is_empty() { "Needs: none".to_owned() } else { format!("Needs: {}", all.join(", ")) }
            }
            Change::Noted { note } => note.to_string(),
            Change::LateTold { week, whom, said } => {
                format!("Told about lateness in the week of {}: {whom} · {said}", day(*week))
            }
        })
    }

    fn apply(&mut self, pupil: PupilId, change: &Change) -> Result<(), StoreError> {
        let tx = self.tx;
        let id = pupil.as_bytes();
        match change {
            Change::Joined { first, last, born_on, class, from } => {
                tx.execute(
                    "INSERT INTO pupil(id, first, last, born_on) VALUES (?1, ?2, ?3, ?4) ON CONFLICT(id) DO NOTHING",
                    params![id, first.as_str(), last.as_str(), born_on.map(DateCol)],
                )?;
                tx.execute(
                    "INSERT INTO enrolment(pupil, joined_on) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                    params![id, DateCol(from.date)],
                )?;
                self.put_in(pupil, *class, *from)?;
                self.now_in(pupil, *class, *from)
            }
            Change::Left { last_day, .. } => {
                let last = DateCol(*last_day);
                tx.execute("DELETE FROM enrolment WHERE pupil = ?1 AND joined_on > ?2", params![id, last])?;
                tx.execute(
                    "UPDATE enrolment SET left_on = ?2 WHERE pupil = ?1 AND (left_on IS NULL OR left_on > ?2)",
                    params![id, last],
                )?;
                tx.execute("DELETE FROM membership WHERE pupil = ?1 AND from_on > ?2", params![id, last])?;
                tx.execute(
                    "UPDATE membership SET until_on = ?2, until_half = 'pm'
                     WHERE pupil = ?1 AND (until_on IS NULL OR until_on > ?2)",
                    params![id, last],
                )?;
                self.changed_roll()
            }
            Change::Moved { class, from, .. } => {
                self.put_in(pupil, *class, *from)?;
                self.now_in(pupil, *class, *from)
            }
            Change::Needs { looked_after, social_worker, send } => {
                tx.execute(
                    "UPDATE pupil SET looked_after = ?2, social_worker = ?3, send = ?4, ehcp = ?5 WHERE id = ?1",
                    params![id, looked_after, social_worker, send.word(), *send == Provision::EhcPlan],
                )?;
                Ok(())
            }
            Change::Noted { .. } | Change::LateTold { .. } => Ok(()),
        }
    }

    /// In this class from a session on, and in the one before until then. A log that came back after a restore may name
    /// somebody, or a class, that the backup does not have: then there is nothing to place.
    fn put_in(&self, pupil: PupilId, class: ClassId, from: SessionKey) -> Result<(), StoreError> {
        let tx = self.tx;
        let (id, at, last) = (pupil.as_bytes(), (DateCol(from.date), HalfCol(from.half)), from.before());
        let known: bool = tx.query_row(
            "SELECT EXISTS (SELECT 1 FROM pupil WHERE id = ?1) AND EXISTS (SELECT 1 FROM class WHERE id = ?2)",
            params![id, class.as_bytes()],
            |r| r.get(0),
        )?;
        if !known {
            return Ok(());
        }
        tx.execute(
            "DELETE FROM membership WHERE pupil = ?1 AND (from_on, from_half) >= (?2, ?3)",
            params![id, at.0, at.1],
        )?;
        tx.execute(
            "UPDATE membership SET until_on = ?4, until_half = ?5
             WHERE pupil = ?1 AND (until_on IS NULL OR (until_on, until_half) >= (?2, ?3))",
            params![id, at.0, at.1, DateCol(last.date), HalfCol(last.half)],
        )?;
        tx.execute(
            "INSERT INTO membership(pupil, class, from_on, from_half) VALUES (?1, ?2, ?3, ?4)",
            params![id, class.as_bytes(), at.0, at.1],
        )?;
        Ok(())
    }

    /// Kiosks learn who is in which class.
    fn changed_roll(&mut self) -> Result<(), StoreError> {
        self.forget_places();
        crate::feed::refresh_roster(self.tx, self.now)
    }

    /// The same, and registers of the class that are closed already get a mark of the pupil: each has one for everybody.
    fn now_in(&mut self, pupil: PupilId, class: ClassId, from: SessionKey) -> Result<(), StoreError> {
        self.changed_roll()?;
        let first = DateCol(from.date.max(self.today - chrono::Days::new(BACK_DAYS)));
        let mut closed = self.tx.prepare_cached(
            "SELECT date, half FROM register WHERE class = ?1 AND closed_at IS NOT NULL AND date >= ?2 AND (date, half) >= (?3, ?4)",
        )?;
        let key = params![class.as_bytes(), first, DateCol(from.date), HalfCol(from.half)];
        let sessions: Vec<SessionKey> = closed.query_map(key, |r| session_col(r, 0))?.collect::<Result<_, _>>()?;
        for session in sessions {
            self.forget_present(session);
            self.marks.insert((session, pupil));
        }
        Ok(())
    }
}
