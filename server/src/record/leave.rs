//! Requests for leave and what was decided about them, as the pages read them.
//!
//! Must never: decide a mark. What is granted is a plan, which does.

use super::context::{Body, Held};
use super::put;
use crate::store::columns::{DateCol, HalfCol, int};
use crate::store::{StoreError, WriteTx};
use rusqlite::params;
use shared::act::Act;

/// Files what an act says of a request.
pub(super) fn file(tx: &WriteTx<'_>, held: &Held) -> Result<(), StoreError> {
    let Body::Done(acted) = &held.body else { return Ok(()) };
    match &acted.act {
        Act::LeaveAsked { request, pupil, from, until, ground, asked_by, said, evidence } => {
            tx.prepare_cached(
                "INSERT INTO leave_request(id, pupil, from_on, from_half, until_on, until_half, ground, asked_by, said, evidence,
                                           asked_at, log, seq)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT(id) DO NOTHING",
            )?
            .execute(params![
                request.as_bytes(),
                pupil.as_bytes(),
                DateCol(from.date),
                HalfCol(from.half),
                DateCol(until.date),
                HalfCol(until.half),
                ground.word(),
                asked_by.as_str(),
                said.as_str(),
                evidence.as_deref(),
                acted.at.0,
                held.log,
                int(held.seq)
            ])?;
        }
        Act::LeaveDecided { request, granted, reason, .. } => {
            let (by_name, by_position) = put::by(&acted.by);
            tx.prepare_cached(
                "UPDATE leave_request SET decided_at = ?2, granted = ?3, granted_from_on = ?4, granted_from_half = ?5,
                    granted_until_on = ?6, granted_until_half = ?7, why = ?8, by_name = ?9, by_position = ?10, decided_log = ?11,
                    decided_seq = ?12
                 WHERE id = ?1 AND decided_at IS NULL",
            )?
            .execute(params![
                request.as_bytes(),
                acted.at.0,
                granted.is_some(),
                granted.map(|g| DateCol(g.from.date)),
                granted.map(|g| HalfCol(g.from.half)),
                granted.map(|g| DateCol(g.until.date)),
                granted.map(|g| HalfCol(g.until.half)),
                reason.as_str(),
                by_name,
                by_position,
                held.log,
                int(held.seq)
            ])?;
        }
        _ => return Ok(()),
    }
    tx.touch();
    Ok(())
}
