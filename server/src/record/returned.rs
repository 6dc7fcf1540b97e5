//! What comes back to a log of the school that a restore ended: the very entries that were written there, appended where
//! the backup left off.
//!
//! Must never: append what does not follow by its chain, or take the same entry twice.

use super::context::{Body, Context};
use super::pending::{FactRow, store};
use crate::clock::Now;
use crate::feed;
use crate::store::columns::{DateCol, HashCol, int, json};
use crate::store::{StoreError, WriteTx};
use rusqlite::params;
use shared::act::{Act, Acted};
use shared::id::LogId;
use shared::log::{Entry, Hash, Head};
use shared::sync::{Ingested, ingest};
use shared::wire::v1::Push;

/// What became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// The log ends here now: some or none of them were new.
    Upto(Head),
    /// Entries are missing between the log's end and these: others may bring them.
    Gap,
    /// From this number on they are other entries than the log holds: somebody's past is not ours.
    Other {
        /// The first that differs.
        at: u64,
    },
    /// They are no chain, or no acts.
    Strange,
}

/// Appends entries to a log of the school (its row, id and head), files and decides them, as when they were first written.
///
/// # Errors
/// An accident of the store; nothing of them is written then.
pub fn take_back(
    tx: &WriteTx<'_>,
    now: Now,
    (row, log, head): (i64, LogId, Head),
    entries: &[Entry],
) -> Result<Returned, StoreError> {
    let Some(first) = entries.first() else { return Ok(Returned::Upto(head)) };
    let push = Push { log, from: first.seq, prev: first.prev, entries: entries.to_vec() };
    let known = |seq: u64| super::append::header_of(tx, row, seq).ok().flatten();
    let (new, head) = match ingest(head, false, known, &push) {
        Ingested::Append { entries, head } => (entries, head),
        Ingested::Replay { .. } => return Ok(Returned::Upto(head)),
        Ingested::Gap { .. } => return Ok(Returned::Gap),
        Ingested::Forked { at } => return Ok(Returned::Other { at }),
        _ => return Ok(Returned::Strange),
    };
    let mut read = Vec::with_capacity(new.len());
    for entry in new {
        match json::<Acted>(&entry.body, "an act") {
            Ok(acted) => read.push((entry, acted)),
            Err(_) => return Ok(Returned::Strange),
        }
    }
    let mut ctx = Context::new(tx, now)?;
    let mut people = false;
    for (entry, acted) in read {
        store(tx, &[FactRow::new(row, entry, now.at.0, false)])?;
        people |= tables(tx, &acted)?;
        let fact = ctx.keep(row, entry.seq, now.at, Body::Done(Box::new(acted)))?;
        // What it decided about held facts was about facts that may not be back yet: the office is asked again.
        if !matches!(&fact.body, Body::Done(acted) if matches!(acted.act, Act::HeldDecided { .. })) {
            ctx.file(&fact)?;
        }
    }
    tx.prepare_cached("UPDATE log SET head_seq = ?2, head_hash = ?3 WHERE id = ?1")?.execute(params![
        row,
        int(head.seq),
        HashCol(head.hash)
    ])?;
    ctx.redecide()?;
    if people {
        feed::refresh_roster(tx, now)?;
    }
    tx.touch();
    Ok(Returned::Upto(head))
}

/// Does again what an act did besides the record, where the act says enough of it; true if kiosks must be told of people.
fn tables(tx: &WriteTx<'_>, acted: &Acted) -> Result<bool, StoreError> {
    let at = acted.at.0;
    Ok(match &acted.act {
        // At once, for it may have been stolen.
        Act::Revoked { kiosk } => {
            tx.execute(
                "UPDATE kiosk SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL",
                params![kiosk.as_bytes(), at],
            )?;
            false
        }
        Act::StaffAdded { staff, name, position } => {
            tx.execute(
                "INSERT OR IGNORE INTO staff(id, name, position) VALUES (?1, ?2, ?3)",
                params![staff.as_bytes(), name.as_str(), position.as_str()],
            )?;
            true
        }
        Act::StaffEnded { staff, last_day } => {
            tx.execute("UPDATE staff SET ended_on = ?2 WHERE id = ?1", params![staff.as_bytes(), DateCol(*last_day)])?;
            true
        }
        Act::PinRemoved { staff } => {
            tx.execute("UPDATE staff SET pin_hash = NULL WHERE id = ?1", [staff.as_bytes()])?;
            true
        }
        _ => false,
    })
}

/// The hash of an entry of a log, from its header; none where there is no such entry.
///
/// # Errors
/// An accident of the store.
pub fn hash_at(c: &rusqlite::Connection, row: i64, seq: u64) -> Result<Option<Hash>, StoreError> {
    if seq == 0 {
        return Ok(Some(Hash::ZERO));
    }
    super::append::header_of(c, row, seq)
}
