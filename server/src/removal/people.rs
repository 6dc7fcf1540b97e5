//! Removing people of whom nothing is left: pupils who left over six years ago, with their contacts and cards, and staff.
//!
//! Must never: remove somebody of whom a mark, a plan or an open question is left.

use super::Went;
use crate::store::columns::DateCol;
use crate::store::{StoreError, WriteTx};
use chrono::NaiveDate;

/// Removes them.
pub(super) fn remove(tx: &WriteTx<'_>, last: NaiveDate, went: &mut Went) -> Result<(), StoreError> {
    let left: Vec<[u8; 16]> = tx
        .prepare(
            "SELECT id FROM pupil p
             WHERE EXISTS (SELECT 1 FROM enrolment e WHERE e.pupil = p.id)
               AND NOT EXISTS (SELECT 1 FROM enrolment e WHERE e.pupil = p.id AND (e.left_on IS NULL OR e.left_on > ?1))
               AND NOT EXISTS (SELECT 1 FROM mark m WHERE m.pupil = p.id)
               AND NOT EXISTS (SELECT 1 FROM plan l WHERE l.pupil = p.id)
               AND NOT EXISTS (SELECT 1 FROM movement v WHERE v.pupil = p.id)
               AND NOT EXISTS (SELECT 1 FROM fact_about a WHERE a.about = p.id)",
        )?
        .query_map([DateCol(last)], |r| r.get(0))?
        .collect::<Result<_, _>>()?;
    for pupil in &left {
        for table in ["contact", "membership", "enrolment", "card", "claim", "pupil_act", "look_shown"] {
            tx.prepare_cached(&format!("DELETE FROM {table} WHERE pupil = ?1"))?.execute([pupil])?;
        }
        tx.prepare_cached("DELETE FROM pupil WHERE id = ?1")?.execute([pupil])?;
    }
    went.pupils = left.len() as u64;
    // Whoever left before the first mark that still stands has tapped none of them.
    let gone: Vec<[u8; 16]> = tx
        .prepare(
            "SELECT id FROM staff WHERE ended_on <= ?1 AND ended_on < ifnull((SELECT min(date) FROM fact_about), '9999')",
        )?
        .query_map([DateCol(last)], |r| r.get(0))?
        .collect::<Result<_, _>>()?;
    for staff in &gone {
        for table in ["staff_class", "card"] {
            tx.prepare_cached(&format!("DELETE FROM {table} WHERE staff = ?1"))?.execute([staff])?;
        }
        tx.prepare_cached("DELETE FROM staff WHERE id = ?1")?.execute([staff])?;
    }
    went.staff = gone.len() as u64;
    Ok(())
}
