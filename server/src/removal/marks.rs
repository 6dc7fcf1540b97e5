//! Removing marks that are due: entries, the mark, the late book, their places in the index; then registers and plans.
//!
//! Must never: leave an entry without its hash, or a mark without its entries.

use super::Went;
use super::due::{OfSession, of_session, sessions};
use crate::record;
use crate::store::columns::{DateCol, HalfCol, HashCol};
use crate::store::{StoreError, WriteTx};
use chrono::NaiveDate;
use rusqlite::params;
use shared::calendar::SessionKey;
use shared::time::Millis;

/// Removes every mark that is due.
pub(super) fn remove(tx: &WriteTx<'_>, last: NaiveDate, before: Millis, went: &mut Went) -> Result<(), StoreError> {
    for session in sessions(tx, last)? {
        let of = of_session(tx, session, before)?;
        for pupil in &of.marks {
            mark(tx, session, pupil, went)?;
        }
        registers(tx, session, &of)?;
    }
    // Roll calls decide no mark; their facts go with their day.
    tx.execute(
        "DELETE FROM roll_call_word WHERE call IN (SELECT call FROM roll_call WHERE date <= ?1)",
        [DateCol(last)],
    )?;
    tx.execute("DELETE FROM roll_call WHERE date <= ?1", [DateCol(last)])?;
    plans(tx, last, before)
}

fn mark(tx: &WriteTx<'_>, session: SessionKey, pupil: &[u8; 16], went: &mut Went) -> Result<(), StoreError> {
    let key = params![DateCol(session.date), HalfCol(session.half), pupil];
    let mut of_mark =
        tx.prepare_cached("SELECT * FROM entry WHERE date = ?1 AND half = ?2 AND pupil = ?3 ORDER BY id")?;
    let mut rows = of_mark.query(key)?;
    let mut hashes = Vec::new();
    while let Some(r) = rows.next()? {
        hashes.push((r.get::<_, i64>(0)?, record::of_entry(r)?));
    }
    went.marks +=
        tx.prepare_cached("DELETE FROM mark WHERE date = ?1 AND half = ?2 AND pupil = ?3")?.execute(key)? as u64;
    for (id, hash) in hashes {
        tx.prepare_cached("INSERT INTO entry_gone(id, hash) VALUES (?1, ?2)")?.execute(params![id, HashCol(hash)])?;
        went.entries += tx.prepare_cached("DELETE FROM entry WHERE id = ?1")?.execute([id])? as u64;
    }
    tx.prepare_cached("DELETE FROM movement WHERE date = ?1 AND half = ?2 AND pupil = ?3")?.execute(key)?;
    tx.prepare_cached("DELETE FROM call WHERE date = ?1 AND half = ?2 AND pupil = ?3")?.execute(key)?;
    tx.prepare_cached("DELETE FROM leave_request WHERE from_on = ?1 AND from_half = ?2 AND pupil = ?3")?
        .execute(key)?;
    tx.prepare_cached("DELETE FROM fact_about WHERE date = ?1 AND half = ?2 AND about = ?3")?.execute(key)?;
    tx.prepare_cached("DELETE FROM raised WHERE date = ?1 AND half = ?2 AND pupil = ?3")?.execute(key)?;
    Ok(())
}

fn registers(tx: &WriteTx<'_>, session: SessionKey, of: &OfSession) -> Result<(), StoreError> {
    for class in &of.registers {
        let key = params![DateCol(session.date), HalfCol(session.half), class];
        tx.prepare_cached("DELETE FROM register WHERE date = ?1 AND half = ?2 AND class = ?3")?.execute(key)?;
        tx.prepare_cached("DELETE FROM fact_about WHERE date = ?1 AND half = ?2 AND about = ?3")?.execute(key)?;
    }
    tx.prepare_cached(
        "DELETE FROM question WHERE date = ?1 AND half = ?2 AND NOT EXISTS (SELECT 1 FROM raised WHERE raised.key = question.key)",
    )?
    .execute(params![DateCol(session.date), HalfCol(session.half)])?;
    Ok(())
}

/// Plans that are over, were made and withdrawn long ago, and cover no mark that is still there.
fn plans(tx: &WriteTx<'_>, last: NaiveDate, before: Millis) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM plan WHERE until_on <= ?1
           AND (SELECT received_at FROM fact WHERE fact.log = plan.log AND fact.seq = plan.seq) < ?2
           AND ifnull((SELECT received_at FROM fact WHERE fact.log = plan.withdrawn_log AND fact.seq = plan.withdrawn_seq), 0) < ?2
           AND NOT EXISTS (SELECT 1 FROM mark WHERE mark.pupil = plan.pupil
                AND mark.date || mark.half BETWEEN plan.from_on || plan.from_half AND plan.until_on || plan.until_half)",
        params![DateCol(last), before.0],
    )?;
    Ok(())
}
