//! What kiosks say after a restore, and when everybody has spoken.
//!
//! Must never: believe a kiosk about a mark. What it was shown is compared with the record, and a person looks.

use super::tail::{Closed, row_of};
use super::{Restored, keep, state};
use crate::clock::Now;
use crate::record::{self, Returned};
use crate::removal;
use crate::store::columns::{DateCol, HalfCol, HashCol, int, uint};
use crate::store::{StoreError, WriteTx};
use rusqlite::{Connection, OptionalExtension as _, params};
use shared::act::{Act, Acted, Officer};
use shared::id::{KioskId, LogId};
use shared::log::{Entry, Head};
use shared::text::{Name, Text};
use shared::wire::v1::{Asks, Seen, Witness};

/// Kiosks that had not been heard of for so long when the backup was made are not waited for.
const GONE_MS: i64 = 14 * 24 * 3_600_000;

/// What the school asks its kiosks: from a restore on, until the office has worked through its list.
///
/// # Errors
/// An accident of the store.
pub fn asks(c: &Connection) -> Result<Option<Asks>, StoreError> {
    let Some(restored) = state(c)? else { return Ok(None) };
    let id = Text::new(&restored.id).map_err(|_| StoreError::Corrupt { what: "the restore" })?;
    Ok(Some(Asks { id, since: restored.backup }))
}

/// A kiosk is back: where its own log ends tells when it has sent everything.
///
/// # Errors
/// An accident of the store.
pub fn greeted(tx: &WriteTx<'_>, now: Now, kiosk: KioskId, asks: &Asks, at: (LogId, Head)) -> Result<(), StoreError> {
    let (log, head) = at;
    tx.prepare_cached(
        "INSERT INTO witness(kiosk, asked, log, head_seq) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT(kiosk) DO UPDATE SET log = ?3, head_seq = ?4, asked = ?2,
            parts = iif(asked = ?2, parts, 0), closed = iif(asked = ?2, closed, 0), done_at = iif(asked = ?2, done_at, NULL)",
    )?
    .execute(params![kiosk.as_bytes(), asks.id.as_str(), log.as_bytes(), int(head.seq)])?;
    settle_if_all_spoke(tx, now)
}

/// One sealed part as it was opened, with its log; none where there was no key to open it with.
pub type Opened = (LogId, Option<Result<Vec<Entry>, Closed>>);

/// Takes what a kiosk says. False: nobody asks this any more.
///
/// # Errors
/// An accident of the store; nothing of it is kept then.
pub fn take(tx: &WriteTx<'_>, now: Now, kiosk: KioskId, said: &Witness, parts: &[Opened]) -> Result<bool, StoreError> {
    let Some(restored) = state(tx)?.filter(|restored| restored.id == said.id.as_str()) else { return Ok(false) };
    let mut closed = 0;
    for (log, opened) in parts {
        let given = match opened {
            Some(Ok(entries)) => give_back(tx, now, *log, entries)?,
            Some(Err(_)) | None => false,
        };
        closed += u32::from(!given);
    }
    for seen in &said.heads {
        // A kiosk of before did not know of which log; there was one only.
        let log = seen.log.unwrap_or(restored.log);
        tx.prepare_cached("INSERT OR REPLACE INTO seen_head(kiosk, date, log, seq, hash) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
                kiosk.as_bytes(),
                DateCol(seen.date),
                log.as_bytes(),
                int(seen.head.seq),
                HashCol(seen.head.hash)
            ])?;
    }
    for mark in &said.marks {
        tx.prepare_cached(
            "INSERT OR REPLACE INTO seen_mark(date, half, pupil, kiosk, state, minutes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            DateCol(mark.session.date),
            HalfCol(mark.session.half),
            mark.pupil.as_bytes(),
            kiosk.as_bytes(),
            word(mark.state),
            mark.minutes
        ])?;
    }
    tx.execute(
        "UPDATE witness SET parts = parts + ?2, closed = closed + ?3, done_at = iif(?4, ?5, done_at) WHERE kiosk = ?1",
        params![kiosk.as_bytes(), parts.len(), closed, said.done, now.at.0],
    )?;
    tx.touch();
    settle_if_all_spoke(tx, now)?;
    Ok(true)
}

/// Appends what a part holds to the log it is of. False: it gave nothing, and did not say the same either.
fn give_back(tx: &WriteTx<'_>, now: Now, log: LogId, entries: &[Entry]) -> Result<bool, StoreError> {
    // A log that a later act of this server began is written by itself.
    let Some(row) = row_of(tx, log)? else { return Ok(false) };
    let (head, ended) =
        tx.query_row("SELECT head_seq, head_hash, sealed_at IS NOT NULL FROM log WHERE id = ?1", [row], |r| {
            Ok((Head { seq: uint(r.get(0)?), hash: r.get::<_, HashCol>(1)?.0 }, r.get::<_, bool>(2)?))
        })?;
    if !ended {
        return Ok(true);
    }
    let came = matches!(record::take_back(tx, now, (row, log, head), entries)?, Returned::Upto(_));
    if came {
        remove_again(tx, now, entries)?;
    }
    Ok(came)
}

/// What was removed by rule in the lost hours is removed again.
fn remove_again(tx: &WriteTx<'_>, now: Now, entries: &[Entry]) -> Result<(), StoreError> {
    let acts = entries.iter().filter_map(|entry| serde_json::from_str::<Acted>(&entry.body).ok());
    let removed = acts.filter_map(|acted| match acted.act {
        Act::Removed { date, .. } => Some((date, acted.by)),
        _ => None,
    });
    match removed.max_by_key(|(date, _)| *date) {
        Some((date, by)) => removal::again(tx, now, &by, date).map(drop),
        None => Ok(()),
    }
}

/// A kiosk that a restored server waits for, or no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waited {
    /// Its name on the wall.
    pub room: String,
    /// Whether it has said everything and sent everything.
    pub back: bool,
    /// Sealed parts that it brought, and of them those that could not be opened.
    pub closed: u32,
}

/// The kiosks that a restored server waits for, by room.
///
/// # Errors
/// An accident of the store.
pub fn waited(c: &Connection, restored: &Restored) -> Result<Vec<Waited>, StoreError> {
    let mut found = c.prepare_cached(
        "SELECT k.room, w.done_at IS NOT NULL AND (w.head_seq = 0 OR EXISTS
                    (SELECT 1 FROM log l WHERE l.log = w.log AND l.head_seq >= w.head_seq)), ifnull(w.closed, 0)
         FROM kiosk k LEFT JOIN witness w ON w.kiosk = k.id AND w.asked = ?1
         WHERE k.revoked_at IS NULL AND (w.kiosk IS NOT NULL OR k.seen_at >= ?2) ORDER BY k.room, k.id",
    )?;
    let rows = found.query_map(params![restored.id, restored.backup.0 - GONE_MS], |r| {
        Ok(Waited { room: r.get(0)?, back: r.get::<_, Option<bool>>(1)?.unwrap_or_default(), closed: r.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What holds calls back: the server was restored, and not everybody has spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The restore.
    pub restored: Restored,
    /// Rooms whose kiosks are not back.
    pub missing: Vec<String>,
}

/// Whether sessions since a backup are provisional, and nobody is called about them.
///
/// # Errors
/// An accident of the store.
pub fn hold(c: &Connection) -> Result<Option<Hold>, StoreError> {
    let Some(restored) = state(c)?.filter(|restored| restored.settled.is_none()) else { return Ok(None) };
    let waited = waited(c, &restored)?;
    let missing: Vec<String> = waited.iter().filter(|one| !one.back).map(|one| one.room.clone()).collect();
    let nobody = waited.is_empty();
    Ok((nobody || !missing.is_empty()).then_some(Hold { restored, missing }))
}

fn settle_if_all_spoke(tx: &WriteTx<'_>, now: Now) -> Result<(), StoreError> {
    let unsettled = state(tx)?.is_some_and(|restored| restored.settled.is_none());
    if unsettled && hold(tx)?.is_none() {
        let bad = |_| StoreError::Corrupt { what: "a rule's name" };
        let by = Officer::Rule {
            rule: Name::new("every kiosk has spoken").map_err(bad)?,
            set_by: Name::new("Rollbook").map_err(bad)?,
        };
        settle(tx, now, &by)?;
    }
    Ok(())
}

/// Everybody has spoken, or a person says to go on: the record says how far the lost hours came back.
///
/// # Errors
/// An accident of the store.
pub fn settle(tx: &WriteTx<'_>, now: Now, by: &Officer) -> Result<(), StoreError> {
    let Some(mut restored) = state(tx)?.filter(|restored| restored.settled.is_none()) else { return Ok(()) };
    let old = last_seen(tx, restored.log)?;
    let new = ended(tx, restored.log)?;
    record::act(tx, now, by, Act::Restored { log: restored.log, old, new, backup: restored.backup })?;
    restored.settled = Some(now.at);
    keep(tx, &restored)?;
    tx.touch();
    Ok(())
}

/// The office has worked through its list: nothing is asked any more.
///
/// # Errors
/// An accident of the store.
pub fn finish(tx: &WriteTx<'_>, now: Now, by: &Officer) -> Result<(), StoreError> {
    settle(tx, now, by)?;
    tx.execute("DELETE FROM setting WHERE name = ?1", [super::SETTING])?;
    tx.execute("DELETE FROM seen_mark", [])?;
    tx.execute("DELETE FROM witness", [])?;
    tx.touch();
    Ok(())
}

/// The last end of a log that any kiosk saw.
pub(super) fn last_seen(c: &Connection, log: LogId) -> Result<Option<Head>, StoreError> {
    let found = c
        .prepare_cached("SELECT seq, hash FROM seen_head WHERE log = ?1 ORDER BY seq DESC LIMIT 1")?
        .query_row([log.as_bytes()], |r| Ok(Head { seq: uint(r.get(0)?), hash: r.get::<_, HashCol>(1)?.0 }))
        .optional()?;
    Ok(found)
}

/// Where a log of the school ends in this file.
pub(super) fn ended(c: &Connection, log: LogId) -> Result<Head, StoreError> {
    let head = c
        .prepare_cached("SELECT head_seq, head_hash FROM log WHERE log = ?1")?
        .query_row([log.as_bytes()], |r| Ok(Head { seq: uint(r.get(0)?), hash: r.get::<_, HashCol>(1)?.0 }))?;
    Ok(head)
}

pub(super) const fn word(seen: Seen) -> &'static str {
    match seen {
        Seen::Present => "present",
        Seen::Late => "late",
        Seen::Absent => "absent",
    }
}
