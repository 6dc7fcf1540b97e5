//! Calling home: the families whose children are absent and nobody knows why, who is calling which of them, and what was
//! noted.
//!
//! Must never: let two people be sent to one family at once, or lose a call that was made.

mod family;
mod order;
mod queue;
#[cfg(test)]
pub(crate) mod tests;

pub use family::{Contact, number, of_one_family};
pub use order::Needs;
pub use queue::{Call, Claim, Family, Missing, before, calls_of, queue, siblings};

use crate::clock::Now;
use crate::record;
use crate::store::{StoreError, WriteTx};
use rusqlite::{OptionalExtension as _, params};
use shared::act::{Act, Officer};
use shared::calendar::SessionKey;
use shared::call::{Outcome, Whom};
use shared::id::{CallId, PupilId};
use shared::text::{Name, Remark};
use shared::time::Millis;

/// So long somebody who said that they are calling is left alone with it, from the last thing they noted.
pub const CLAIM_MS: i64 = 10 * 60 * 1000;

/// Whoever calls: an account of trust.db with its name.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The account.
    pub account: i64,
    /// As colleagues know them.
    pub name: String,
}

/// What came of asking for a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// It is yours.
    Yours,
    /// Somebody else is calling.
    By(Claim),
}

/// One try, as it is noted.
#[derive(Debug, Clone)]
pub struct Note {
    /// Names it: a form that is sent twice notes one call.
    pub call: CallId,
    /// Who was tried.
    pub whom: Whom,
    /// Their name.
    pub name: Option<Name>,
    /// What came of it.
    pub outcome: Outcome,
    /// What was said.
    pub said: Option<Remark>,
}

/// Takes a family for somebody, unless another has it.
///
/// # Errors
/// An accident of the store.
pub fn claim(tx: &WriteTx<'_>, by: &Caller, pupils: &[PupilId], now: Millis) -> Result<Claimed, StoreError> {
    tx.prepare_cached("DELETE FROM claim WHERE until <= ?1")?.execute([now.0])?;
    for pupil in pupils {
        if let Some(claim) = held(tx, *pupil)?.filter(|claim| claim.account != by.account) {
            return Ok(Claimed::By(claim));
        }
    }
    for pupil in pupils {
        tx.prepare_cached(
            "INSERT INTO claim(pupil, account, name, since, until) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT(pupil) DO UPDATE SET until = ?5",
        )?
        .execute(params![pupil.as_bytes(), by.account, by.name, now.0, now.0 + CLAIM_MS])?;
    }
    tx.touch();
    Ok(Claimed::Yours)
}

fn held(tx: &WriteTx<'_>, pupil: PupilId) -> Result<Option<Claim>, StoreError> {
    Ok(tx
        .prepare_cached("SELECT account, name, since FROM claim WHERE pupil = ?1")?
        .query_row([pupil.as_bytes()], |r| Ok(Claim { account: r.get(0)?, name: r.get(1)?, since: Millis(r.get(2)?) }))
        .optional()?)
}

/// Lets go of everything that somebody had taken, so that others may call.
///
/// # Errors
/// An accident of the store.
pub fn release(tx: &WriteTx<'_>, account: i64) -> Result<(), StoreError> {
    if tx.prepare_cached("DELETE FROM claim WHERE account = ?1")?.execute([account])? > 0 {
        tx.touch();
    }
    Ok(())
}

/// Whether a call was noted already: a form may come twice.
///
/// # Errors
/// An accident of the store.
pub fn noted(tx: &WriteTx<'_>, call: CallId) -> Result<bool, StoreError> {
    Ok(tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM call WHERE id = ?1)")?
        .query_row([call.as_bytes()], |r| r.get(0))?)
}

/// Notes a call, for each child it was about, with what else is to be written down in the same moment. A call that was
/// noted already, by a form that came twice, is not noted again: then nothing is written.
///
/// # Errors
/// An accident of the store.
pub fn note(
    tx: &WriteTx<'_>,
    now: Now,
    by: &Officer,
    about: &[(PupilId, SessionKey)],
    note: &Note,
    also: Vec<Act>,
) -> Result<(), StoreError> {
    if noted(tx, note.call)? {
        return Ok(());
    }
    let calls = about.iter().map(|(pupil, session)| Act::Called {
        call: note.call,
        pupil: *pupil,
        session: *session,
        whom: note.whom,
        name: note.name.clone(),
        outcome: note.outcome,
        said: note.said.clone(),
    });
    record::acts(tx, now, by, calls.chain(also).collect()).map(drop)
}
