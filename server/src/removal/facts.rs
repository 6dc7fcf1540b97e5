//! Removing the bodies of facts that nothing rests on any more.
//!
//! Must never: take a fact that still decides a mark, or one that says what became of the record.

use super::Went;
use super::due::old;
use crate::store::columns::{DateCol, HalfCol, int, json, uint};
use crate::store::{StoreError, WriteTx};
use rusqlite::params;
use shared::act::{Act, Acted, Gone};
use shared::calendar::SessionKey;
use shared::id::LogId;
use shared::observation::{Observation, Observed};
use shared::time::Millis;

/// Where a fact would stand if anything rested on it.
enum Rests {
    /// Something always does.
    Always,
    /// Nothing does.
    Nothing,
    /// In the index, under this pupil or class.
    On(SessionKey, [u8; 16]),
    /// In the index of a session, under anybody.
    In(SessionKey),
    /// In the index, wherever its time places it.
    Wide,
    /// On a plan.
    Plan([u8; 16]),
}

/// Removes them, and says which, log by log.
pub(super) fn remove(tx: &WriteTx<'_>, before: Millis, went: &mut Went) -> Result<Vec<Gone>, StoreError> {
    let mut out = Vec::new();
    let mut facts = tx.prepare(
        "SELECT fact.seq, fact.body FROM fact WHERE fact.log = ?1 AND fact.seq <= ?2 AND fact.body IS NOT NULL ORDER BY fact.seq",
    )?;
    for (log, upto) in old(tx, before)? {
        let (id, kiosk): ([u8; 16], bool) =
            tx.query_row("SELECT log, kiosk IS NOT NULL FROM log WHERE id = ?1", [log], |r| {
                Ok((r.get(0)?, r.get(1)?))
            })?;
        let mut spans: Vec<(u64, u64)> = Vec::new();
        let mut rows = facts.query(params![log, int(upto)])?;
        while let Some(r) = rows.next()? {
            let (seq, body): (u64, String) = (uint(r.get(0)?), r.get(1)?);
            if stands(tx, log, seq, &rests(kiosk, &body)?)? {
                continue;
            }
            match spans.last_mut() {
                Some((_, last)) if *last + 1 == seq => *last = seq,
                _ => spans.push((seq, seq)),
            }
        }
        drop(rows);
        for (from, upto) in &spans {
            went.facts += tx
                .prepare_cached("UPDATE fact SET body = NULL, salt = NULL WHERE log = ?1 AND seq BETWEEN ?2 AND ?3")?
                .execute(params![log, int(*from), int(*upto)])? as u64;
        }
        if !spans.is_empty() {
            out.push(Gone { log: LogId::from_bytes(id), spans });
        }
    }
    Ok(out)
}

fn rests(kiosk: bool, body: &str) -> Result<Rests, StoreError> {
    if kiosk {
        let seen: Observed = json(body, "a fact of a kiosk")?;
        return Ok(match seen.what {
            // The ground for dating what is left; it names nobody.
            Observation::Booted { .. } | Observation::Anchored { .. } => Rests::Always,
            Observation::Submitted { session, class, .. } => Rests::On(session, *class.as_bytes()),
            Observation::SignedOn { .. } | Observation::Noticed { .. } => Rests::Nothing,
            ref what => match (what.pupil(), what.session()) {
                (Some(pupil), Some(session)) => Rests::On(session, *pupil.as_bytes()),
                (Some(_), None) => Rests::Wide,
                (None, _) => Rests::Nothing,
            },
        });
    }
    let acted: Acted = json(body, "a fact of the school")?;
    Ok(match acted.act {
        act if act.stays() => Rests::Always,
        Act::LeaveAsked { pupil, from: session, .. }
        | Act::LeaveDecided { pupil, asked_from: session, .. }
        | Act::Amended { pupil, session, .. }
        | Act::WentHome { pupil, session, .. }
        | Act::CameBack { pupil, session, .. }
        | Act::Called { pupil, session, .. } => Rests::On(session, *pupil.as_bytes()),
        Act::Closed { class, session } | Act::RegisterTaken { class, session, .. } => {
            Rests::On(session, *class.as_bytes())
        }
        Act::History { session, .. } => Rests::In(session),
        Act::Settled { question, .. } => match (question.pupil, question.class) {
            (Some(pupil), _) => Rests::On(question.session, *pupil.as_bytes()),
            (None, Some(class)) => Rests::On(question.session, *class.as_bytes()),
            (None, None) => Rests::Nothing,
        },
        Act::Planned { plan, .. } | Act::PlanWithdrawn { plan, .. } => Rests::Plan(*plan.as_bytes()),
        _ => Rests::Nothing,
    })
}

fn stands(tx: &WriteTx<'_>, log: i64, seq: u64, rests: &Rests) -> Result<bool, StoreError> {
    let seq = int(seq);
    Ok(match rests {
        Rests::Always => true,
        Rests::Nothing => false,
        Rests::On(session, about) => tx
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM fact_about WHERE date = ?1 AND half = ?2 AND about = ?3 AND log = ?4 AND seq = ?5)",
            )?
            .query_row(params![DateCol(session.date), HalfCol(session.half), about, log, seq], |r| r.get(0))?,
        Rests::In(session) => tx
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM fact_about WHERE date = ?1 AND half = ?2 AND log = ?3 AND seq = ?4)",
            )?
            .query_row(params![DateCol(session.date), HalfCol(session.half), log, seq], |r| r.get(0))?,
        Rests::Wide => tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM fact_about WHERE log = ?1 AND seq = ?2 AND wide = 1)")?
            .query_row(params![log, seq], |r| r.get(0))?,
        Rests::Plan(plan) => tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM plan WHERE id = ?1)")?
            .query_row([plan], |r| r.get(0))?,
    })
}
