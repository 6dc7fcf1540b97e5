//! Writing what was decided: entries, marks, questions, registers.
//!
//! Must never: update or delete an entry.

use super::context::{Body, Context, Place};
use super::pending::{EntryRow, MarkRow};
use super::redecide::Stands;
use crate::feed;
use crate::store::columns::{CodeCol, DateCol, HalfCol, to_json};
use crate::store::{StoreError, WriteTx};
use rusqlite::params;
use shared::act::{Act, Officer};
use shared::calendar::SessionKey;
use shared::id::{ClassId, KioskId};
use shared::observation::{Mark, Observation};
use shared::register::{Decision, MarkKey, NewEntry, Question};
use shared::sim::Mutant;
use shared::time::Millis;
use std::collections::BTreeMap;

/// Name and position as the record shows them (P6); for a rule, the rule and who set it.
pub(super) fn by(officer: &Officer) -> (String, String) {
    match officer {
        Officer::Person { name, position } => (name.to_string(), position.to_string()),
        Officer::Rule { rule, set_by } => (format!("by rule {rule}"), format!("set by {set_by}")),
    }
}

/// Appends an entry; its number.
pub(super) fn entry(ctx: &mut Context<'_, '_>, key: MarkKey, class: ClassId, new: NewEntry) -> Result<i64, StoreError> {
    if Mutant::EntryRewritten.lives()
        && new.is_change
        && let Some(id) = rewritten(ctx.tx, key, &new)?
    {
        return Ok(id);
    }
    let id = ctx.next_entry()?;
    ctx.pending.entries.push(EntryRow {
        id,
        pupil: key.pupil,
        at: key.session.into(),
        class,
        code: new.code.map(CodeCol),
        minutes: new.minutes,
        detail: new.detail.as_ref().map(ToString::to_string),
        provisional: new.provisional,
        original: new.original.map(CodeCol),
        is_change: new.is_change,
        reason: if Mutant::ReasonForgotten.lives() && new.is_change { String::new() } else { new.reason },
        made_at: new.made_at.0,
        by: by(&new.by),
        basis: (new.basis.map(|b| *b.log.as_bytes()), new.basis.map(|b| b.seq)),
        salt: super::witness::salt()?,
        happened: (new.happened.map(|h| h.earliest.0), new.happened.map(|h| h.latest.0)),
    });
    Ok(id)
}

/// The bug of [`Mutant::EntryRewritten`]; none where the last entry is not in the file yet.
fn rewritten(tx: &WriteTx<'_>, key: MarkKey, new: &NewEntry) -> Result<Option<i64>, StoreError> {
    tx.execute_batch("DROP TRIGGER IF EXISTS entry_no_update")?;
    let at = params![DateCol(key.session.date), HalfCol(key.session.half), key.pupil.as_bytes()];
    let last = "SELECT max(id) FROM entry WHERE date = ?1 AND half = ?2 AND pupil = ?3";
    let id: Option<i64> = tx.query_row(last, at, |r| r.get(0))?;
    if let Some(id) = id {
        tx.execute(
            "UPDATE entry SET code = ?2, minutes = ?3, provisional = ?4 WHERE id = ?1",
            params![id, new.code.map(CodeCol), new.minutes, new.provisional],
        )?;
    }
    Ok(id)
}

/// Brings the row of a mark up to date; true if anything in it changed.
pub(super) fn mark(
    ctx: &mut Context<'_, '_>,
    key: MarkKey,
    place: Place,
    decision: &Decision,
    stands: Option<&Stands>,
    new_entry: Option<i64>,
) -> bool {
    let tapped = decision.tapped.filter(|t| *t != Mark::Blank);
    let unchanged = match stands {
        None => new_entry.is_none() && tapped.is_none() && !decision.left,
        Some(s) => new_entry.is_none() && s.tapped == tapped && s.went == decision.left && s.class == place.class,
    };
    if unchanged {
        return false;
    }
    ctx.pending.marks.push(MarkRow {
        at: key.session.into(),
        pupil: key.pupil,
        class: place.class,
        entry: new_entry.or(stands.and_then(|s| s.entry)),
        code: decision.mark.code.map(CodeCol),
        minutes: decision.mark.minutes,
        provisional: decision.mark.provisional,
        tapped: tapped.map(|t| if t == Mark::Present { "present" } else { "absent" }),
        went: decision.left,
    });
    ctx.tx.touch();
    true
}

/// Opens the questions that this mark raises now, and closes those that nobody raises any more.
pub(super) fn questions(ctx: &Context<'_, '_>, key: MarkKey, decision: &Decision) -> Result<(), StoreError> {
    let at = (DateCol(key.session.date), HalfCol(key.session.half));
    let mut raised: BTreeMap<String, &Question> = BTreeMap::new();
    for question in &decision.questions {
        raised.insert(to_json(&question.key, "a question")?, question);
    }
    let before: Vec<String> = ctx
        .tx
        .prepare_cached("SELECT key FROM raised WHERE date = ?1 AND half = ?2 AND pupil = ?3")?
        .query_map(params![at.0, at.1, key.pupil.as_bytes()], |r| r.get(0))?
        .collect::<Result<_, _>>()?;
    for gone in before.iter().filter(|k| !raised.contains_key(*k)) {
        ctx.tx
            .prepare_cached("DELETE FROM raised WHERE date = ?1 AND half = ?2 AND pupil = ?3 AND key = ?4")?
            .execute(params![at.0, at.1, key.pupil.as_bytes(), gone])?;
        ctx.tx
            .prepare_cached("DELETE FROM question WHERE key = ?1 AND NOT EXISTS (SELECT 1 FROM raised WHERE key = ?1)")?
            .execute([gone])?;
    }
    for (json, question) in raised {
        if !before.contains(&json) {
            ctx.tx
                .prepare_cached("INSERT INTO raised(date, half, pupil, key) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![at.0, at.1, key.pupil.as_bytes(), json])?;
        }
        let kind = serde_json::to_value(question.key.kind).map_err(|_| StoreError::Corrupt { what: "a question" })?;
        ctx.tx
            .prepare_cached(
                "INSERT INTO question(key, kind, date, half, class, pupil, urgent, opened_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT(key) DO UPDATE SET urgent = ?7 WHERE urgent <> ?7",
            )?
            .execute(params![
                json,
                kind.as_str(),
                DateCol(question.key.session.date),
                HalfCol(question.key.session.half),
                question.key.class.as_ref().map(ClassId::as_bytes),
                question.key.pupil.as_ref().map(shared::id::PupilId::as_bytes),
                question.urgent,
                ctx.now.at.0
            ])?;
    }
    Ok(())
}

/// What a register's own facts come to.
#[derive(Default)]
struct Sent {
    at: Option<Millis>,
    received: Option<Millis>,
    by: Option<String>,
    kiosk: Option<KioskId>,
    closed: Option<Millis>,
}

impl Context<'_, '_> {
    /// Brings the row of a register up to date, and the kiosks' view of it.
    pub(super) fn register(&mut self, class: ClassId, session: SessionKey) -> Result<(), StoreError> {
        let sent = self.sent(class, session)?;
        let state = if sent.at.is_some() {
            "submitted"
        } else if self.wholly_planned(class, session)? {
            "planned"
        } else if sent.closed.is_some() {
            "missing"
        } else {
            "open"
        };
        let changed = self
            .tx
            .prepare_cached(
                "INSERT INTO register(date, half, class, submitted_at, submitted_by, received_at, kiosk, closed_at, state)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                 ON CONFLICT(date, half, class) DO UPDATE SET submitted_at = ?4, submitted_by = ?5, received_at = ?6,
                    kiosk = ?7, closed_at = ifnull(?8, closed_at),
                    state = CASE WHEN ?9 = 'open' AND closed_at IS NOT NULL THEN state ELSE ?9 END
                 WHERE submitted_at IS NOT ?4 OR submitted_by IS NOT ?5 OR received_at IS NOT ?6 OR kiosk IS NOT ?7
                    OR ifnull(?8, closed_at) IS NOT closed_at OR state <> ?9",
            )?
            .execute(params![
                DateCol(session.date),
                HalfCol(session.half),
                class.as_bytes(),
                sent.at.map(|m| m.0),
                sent.by,
                sent.received.map(|m| m.0),
                sent.kiosk.as_ref().map(KioskId::as_bytes),
                sent.closed.map(|m| m.0),
                state
            ])?;
        if changed > 0 {
            self.tx.touch();
            feed::touch_register(self.tx, self.today, class, session)?;
        }
        Ok(())
    }

    fn sent(&mut self, class: ClassId, session: SessionKey) -> Result<Sent, StoreError> {
        let mut sent = Sent::default();
        for held in self.of_register(class, session)?.iter() {
            match &held.body {
                Body::Done(acted) => match &acted.act {
                    Act::Closed { .. } => {
                        sent.closed = Some(sent.closed.map_or(acted.at, |before| before.min(acted.at)));
                    }
                    // A paper list that the office entered is a register that somebody took.
                    Act::RegisterTaken { by_hand, at, .. } if sent.at.is_none_or(|before| *at < before) => {
                        sent.at = Some(*at);
                        sent.received = Some(acted.at);
                        sent.by = Some(by_hand.to_string());
                        sent.kiosk = None;
                    }
                    _ => {}
                },
                Body::Seen(seen) => {
                    if let Observation::Submitted { .. } = &seen.what {
                        let when = self.when(held.log, held.seq, &seen.at, held.received)?;
                        let at = when.estimate.unwrap_or(when.latest);
                        if sent.at.is_none_or(|before| at < before) {
                            let by = seen.by.map(|staff| self.staff(staff)).transpose()?.flatten();
                            sent.at = Some(at);
                            sent.received = Some(held.received);
                            sent.by = by.as_ref().map(|officer| super::put::by(officer).0);
                            sent.kiosk = self.writer(held.log)?.kiosk.map(|k| k.id);
                        }
                    }
                }
            }
        }
        Ok(sent)
    }

    /// Whether every pupil of the register is covered by a plan: a class on a trip is not missing.
    fn wholly_planned(&mut self, class: ClassId, session: SessionKey) -> Result<bool, StoreError> {
        let roll = self.roll(class, session)?;
        let mut planned = self.tx.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM plan WHERE pupil = ?1 AND withdrawn_at IS NULL
             AND from_on || from_half <= ?2 || ?3 AND until_on || until_half >= ?2 || ?3)",
        )?;
        for pupil in roll.iter() {
            let covered: bool = planned
                .query_row(params![pupil.as_bytes(), DateCol(session.date), HalfCol(session.half)], |r| r.get(0))?;
            if !covered {
                return Ok(false);
            }
        }
        Ok(!roll.is_empty())
    }
}
