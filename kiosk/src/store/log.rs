//! The kiosk's own log: its facts, chained, until the server has them, a backup has them, and thirty days have passed.
//!
//! Must never: edit an entry, leave a hole, or forget one that is not acknowledged.

use super::StoreError;
use rusqlite::{OptionalExtension, Transaction, params};
use shared::id::LogId;
use shared::limits::{BATCH_ENTRIES, BODY_BYTES, KEEP_ACKED_DAYS};
use shared::log::{Entry, First, Hash, Head, Origin, Salt};
use shared::observation::{Observation, Observed};
use shared::sim::Mutant;
use shared::time::Millis;
use shared::wire::v1::Push;

/// Where a log stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Its id.
    pub log: LogId,
    /// Its end.
    pub head: Head,
    /// The server has everything up to here.
    pub acked: u64,
    /// And a backup in a second place up to here.
    pub durable: u64,
}

impl Standing {
    /// Facts that the server does not have.
    #[must_use]
    pub const fn waiting(&self) -> u64 {
        self.head.seq.saturating_sub(self.acked)
    }
}

/// The log that is written now.
///
/// # Errors
/// [`StoreError`].
pub fn current(tx: &rusqlite::Connection) -> Result<Standing, StoreError> {
    Ok(tx.query_row(
        "SELECT log, head_seq, head_hash, acked_seq, durable_seq FROM log WHERE current = 1",
        [],
        standing,
    )?)
}

fn standing(row: &rusqlite::Row<'_>) -> rusqlite::Result<Standing> {
    Ok(Standing {
        log: LogId::from_bytes(row.get(0)?),
        head: Head { seq: row.get(1)?, hash: Hash(row.get(2)?) },
        acked: row.get(3)?,
        durable: row.get(4)?,
    })
}

/// Begins the first log, if there is none.
pub(super) fn ensure_current(tx: &Transaction<'_>) -> Result<(), StoreError> {
    let found: Option<i64> = tx.query_row("SELECT id FROM log WHERE current = 1", [], |row| row.get(0)).optional()?;
    if found.is_none() {
        begin(tx)?;
    }
    Ok(())
}

fn begin(tx: &Transaction<'_>) -> Result<LogId, StoreError> {
    let mut id = [0; 16];
    crate::random::fill(&mut id)?;
    tx.execute("INSERT INTO log (log, current, head_hash) VALUES (?1, 1, ?2)", params![id, Hash::ZERO.0])?;
    Ok(LogId::from_bytes(id))
}

/// Appends facts to the current log. On disk when the transaction is committed, not before.
///
/// # Errors
/// [`StoreError`]; then nothing of it was appended.
pub fn append(tx: &Transaction<'_>, facts: &[Observed]) -> Result<Vec<Origin>, StoreError> {
    let (id, log, mut head) =
        tx.query_row("SELECT id, log, head_seq, head_hash FROM log WHERE current = 1", [], |row| {
            let head = Head { seq: row.get(2)?, hash: Hash(row.get(3)?) };
            Ok((row.get::<_, i64>(0)?, LogId::from_bytes(row.get(1)?), head))
        })?;
    let mut origins = Vec::with_capacity(facts.len());
    let mut insert =
        tx.prepare_cached("INSERT INTO entry (log, seq, prev, salt, body, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for fact in facts {
        let body = serde_json::to_string(fact)?;
        if body.len() > BODY_BYTES {
            return Err(StoreError::TooLong(body.len()));
        }
        let mut salt = [0; 16];
        crate::random::fill(&mut salt)?;
        let entry = head.append(Salt(salt), body);
        head = entry.head();
        insert.execute(params![id, entry.seq, entry.prev.0, entry.salt.0, entry.body, head.hash.0])?;
        origins.push(Origin { log, seq: entry.seq });
    }
    tx.prepare_cached("UPDATE log SET head_seq = ?2, head_hash = ?3 WHERE id = ?1")?.execute(params![
        id,
        head.seq,
        head.hash.0
    ])?;
    Ok(origins)
}

/// Entries of the current log from number `from` on, at most so many.
///
/// # Errors
/// [`StoreError`].
pub fn entries(tx: &rusqlite::Connection, from: u64, most: usize) -> Result<Vec<Entry>, StoreError> {
    let mut select = tx.prepare_cached(
        "SELECT seq, prev, salt, body FROM entry WHERE log = (SELECT id FROM log WHERE current = 1) AND seq >= ?1
         ORDER BY seq LIMIT ?2",
    )?;
    let mut found = Vec::new();
    let mut rows = select.query(params![from, i64::try_from(most).unwrap_or(i64::MAX)])?;
    while let Some(row) = rows.next()? {
        let entry = Entry { seq: row.get(0)?, prev: Hash(row.get(1)?), salt: Salt(row.get(2)?), body: row.get(3)? };
        found.push(entry);
    }
    Ok(found)
}

/// What is to be sent: entries of this log from `from` on, as they stand on the disk, at most so many.
///
/// # Errors
/// [`StoreError`], also when another log is written by now.
pub fn batch(tx: &rusqlite::Connection, log: LogId, from: u64, max: usize) -> Result<Push, StoreError> {
    if current(tx)?.log != log {
        return Err(StoreError::Unexpected("another log is current".into()));
    }
    let before = from.saturating_sub(1);
    let found = entries(tx, from, max.min(BATCH_ENTRIES))?;
    // The entry before the first is always known: nothing is pruned that was not acknowledged. After everything was
    // pruned, the first entry that is kept names it.
    let hash = hash_at(tx, before)?;
    let before = hash
        .map(|hash| Head { seq: before, hash })
        .or_else(|| found.first().map(|entry| Head { seq: entry.seq.saturating_sub(1), hash: entry.prev }))
        .ok_or_else(|| StoreError::Unexpected("nothing is kept of the log".into()))?;
    Ok(shared::sync::batch(log, before, found, max))
}

/// The hash of one entry of the current log: `Hash::ZERO` for number 0, `None` when it was pruned or never written.
///
/// # Errors
/// [`StoreError`].
pub fn hash_at(tx: &rusqlite::Connection, seq: u64) -> Result<Option<Hash>, StoreError> {
    if seq == 0 {
        return Ok(Some(Hash::ZERO));
    }
    let standing = current(tx)?;
    if seq == standing.head.seq {
        return Ok(Some(standing.head.hash));
    }
    Ok(tx
        .prepare_cached("SELECT hash FROM entry WHERE log = (SELECT id FROM log WHERE current = 1) AND seq = ?1")?
        .query_row([seq], |row| Ok(Hash(row.get(0)?)))
        .optional()?)
}

/// The date of what was taken by a server that did not know the time: it counts for nothing until a later one is noted.
pub const NOT_KNOWN: Millis = Millis(i64::MAX);

/// The server has everything up to `seq` of the current log, and a verified backup in a second place up to `durable`.
/// After the server was restored both may be less than before: then later entries are unacknowledged again.
///
/// # Errors
/// [`StoreError`].
pub fn acked(tx: &Transaction<'_>, seq: u64, durable: u64, at: Millis) -> Result<(), StoreError> {
    let id: i64 = tx.query_row("SELECT id FROM log WHERE current = 1", [], |row| row.get(0))?;
    tx.execute("UPDATE log SET acked_seq = ?2, durable_seq = ?3 WHERE id = ?1", params![id, seq, durable])?;
    tx.execute(
        "UPDATE entry SET acked_at = ?3 WHERE log = ?1 AND seq <= ?2 AND (acked_at IS NULL OR acked_at = ?4)",
        params![id, seq, at.0, NOT_KNOWN.0],
    )?;
    tx.execute(
        "UPDATE entry SET acked_at = NULL WHERE log = ?1 AND seq > ?2 AND acked_at IS NOT NULL",
        params![id, seq],
    )?;
    Ok(())
}

/// The first entry of the current log that is still kept; one after its end when none is.
///
/// # Errors
/// [`StoreError`].
pub fn first_kept(tx: &rusqlite::Connection) -> Result<u64, StoreError> {
    Ok(tx.query_row(
        "SELECT ifnull((SELECT min(seq) FROM entry WHERE log = log.id), head_seq + 1) FROM log WHERE current = 1",
        [],
        |row| row.get(0),
    )?)
}

/// Forgets entries that the server has acknowledged, a backup holds, and thirty days have passed over: all three.
/// Returns how many.
///
/// # Errors
/// [`StoreError`].
pub fn prune(tx: &Transaction<'_>, now: Millis) -> Result<usize, StoreError> {
    if Mutant::PrunedBeforeDurable.lives() {
        return Ok(tx.execute(
            "DELETE FROM entry WHERE acked_at IS NOT NULL AND seq < (SELECT acked_seq FROM log WHERE id = entry.log)",
            [],
        )?);
    }
    let before = now.plus(-KEEP_ACKED_DAYS * 24 * 60 * 60 * 1000);
    Ok(tx.execute(
        "DELETE FROM entry WHERE acked_at < ?1 AND seq <= (SELECT min(durable_seq, acked_seq) FROM log WHERE id = entry.log)",
        [before.0],
    )?)
}

/// Ends the current log and begins a new one with everything of it from number `from` on, with what stands in no second
/// place yet (a server that is restored from before lost it, and asks for the current log alone), and with every earlier
/// `Booted` and `Anchored` that is kept (they tie readings to time), each with the place where it stood first; and `notice`.
/// After a fork (a cloned or restored card), or when the office retired the log.
///
/// # Errors
/// [`StoreError`]; then the current log goes on.
pub fn begin_anew(tx: &Transaction<'_>, from: u64, notice: &Observed) -> Result<Standing, StoreError> {
    let old = current(tx)?;
    let from = from.min(old.durable + 1);
    let mut facts = Vec::new();
    for entry in entries(tx, 0, usize::MAX)? {
        let mut fact: Observed = serde_json::from_str(&entry.body)?;
        let tie = matches!(fact.what, Observation::Booted { .. } | Observation::Anchored { .. });
        if entry.seq >= from || tie {
            fact.origin.get_or_insert(First { log: old.log, seq: entry.seq, hash: entry.hash() });
            facts.push(fact);
        }
    }
    tx.execute("UPDATE log SET current = 0 WHERE current = 1", [])?;
    begin(tx)?;
    facts.push(notice.clone());
    append(tx, &facts)?;
    current(tx)
}

/// The newest facts that are still kept, of all logs, oldest first, at most so many; each once, with where it stands now.
///
/// # Errors
/// [`StoreError`].
pub fn recent(tx: &rusqlite::Connection, most: u32) -> Result<Vec<(Origin, Observed)>, StoreError> {
    let mut select = tx.prepare(
        "SELECT log.log, entry.seq, entry.body FROM entry JOIN log ON log.id = entry.log
         ORDER BY entry.log DESC, entry.seq DESC LIMIT ?1",
    )?;
    let mut found = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let mut rows = select.query([most])?;
    while let Some(row) = rows.next()? {
        let fact: Observed = serde_json::from_str(&row.get::<_, String>(2)?)?;
        let here = Origin { log: LogId::from_bytes(row.get(0)?), seq: row.get(1)? };
        let origin = fact.origin.map_or(here, |first| Origin { log: first.log, seq: first.seq });
        if seen.insert(origin) {
            found.push((here, fact));
        }
    }
    found.reverse();
    Ok(found)
}

/// Whether the current log has its every entry that is still kept, in order, chained: for `status` and tests.
///
/// # Errors
/// [`StoreError`] with the number of the first entry that does not fit.
pub fn verify(tx: &rusqlite::Connection) -> Result<u64, StoreError> {
    let head = current(tx)?.head;
    let mut last: Option<Head> = None;
    let mut count = 0;
    for entry in entries(tx, 0, usize::MAX)? {
        if last.is_some_and(|last| entry.seq != last.seq + 1 || entry.prev != last.hash) {
            return Err(StoreError::Unexpected(format!("entry {} does not follow the one before", entry.seq)));
        }
        last = Some(entry.head());
        count += 1;
    }
    match last {
        Some(last) if last != head => Err(StoreError::Unexpected(format!("the log does not end at {}", head.seq))),
        _ => Ok(count),
    }
}
