//! What one log can say for all: each day the school's own log takes down where every other log stands and what the
//! entries of the record say, so that its head, which every kiosk keeps, vouches for the whole file.
//!
//! Must never: vouch for what it did not read.

use super::acts::{acts, own_log};
use crate::clock::Now;
use crate::secret;
use crate::store::columns::{HashCol, int, json, uint};
use crate::store::{StoreError, WriteTx};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};
use shared::act::{Act, Acted, Made, Officer, Stood};
use shared::id::LogId;
use shared::log::Hash;
use shared::text::Name;

/// Logs named in one act: more would not fit into one entry.
const AT_ONCE: usize = 20;

/// Takes down what grew since the last time. Says whether anything did.
///
/// # Errors
/// An accident of the store.
pub fn witness(tx: &WriteTx<'_>, now: Now) -> Result<bool, StoreError> {
    own_log(tx)?;
    let before = witnessed(tx)?;
    let mut logs =
        tx.prepare("SELECT log, head_seq, head_hash FROM log WHERE kiosk IS NOT NULL AND head_seq > 0 ORDER BY id")?;
    let logs = logs
        .query_map([], |r| {
            Ok(Stood { log: LogId::from_bytes(r.get(0)?), seq: uint(r.get(1)?), hash: r.get::<_, HashCol>(2)?.0 })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    let grown: Vec<Stood> = logs
        .into_iter()
        .filter(|now| !before.logs.iter().any(|then| then.log == now.log && then.seq == now.seq))
        .collect();
    let last: u64 = tx
        .query_row(
            "SELECT max(ifnull((SELECT max(id) FROM entry), 0), ifnull((SELECT max(id) FROM entry_gone), 0))",
            [],
            |r| r.get::<_, i64>(0),
        )
        .map(uint)?;
    let from = before.entries + 1;
    let made = if last >= from { Some(Made { from, upto: last, digest: digest(tx, from, last)? }) } else { None };
    if grown.is_empty() && made.is_none() {
        return Ok(false);
    }
    let bad = |_| StoreError::Corrupt { what: "the name of a rule" };
    let by =
        Officer::Rule { rule: Name::new("daily witness").map_err(bad)?, set_by: Name::new("Rollbook").map_err(bad)? };
    let mut parts: Vec<Act> =
        grown.chunks(AT_ONCE).map(|logs| Act::Witnessed { logs: logs.to_vec(), entries: None }).collect();
    match parts.first_mut() {
        Some(Act::Witnessed { entries, .. }) => *entries = made,
        _ => parts.push(Act::Witnessed { logs: Vec::new(), entries: made }),
    }
    acts(tx, now, &by, parts)?;
    Ok(true)
}

/// What was taken down so far.
#[derive(Debug, Default)]
pub(crate) struct Witnessed {
    /// Where each log stood last.
    pub logs: Vec<Stood>,
    /// The last entry that a digest is of.
    pub entries: u64,
}

fn witnessed(c: &Connection) -> Result<Witnessed, StoreError> {
    let mut known = Witnessed::default();
    each(c, |_, acted| {
        if let Act::Witnessed { logs, entries } = acted.act {
            for stood in logs {
                known.logs.retain(|then| then.log != stood.log);
                known.logs.push(stood);
            }
            known.entries = entries.map_or(known.entries, |made| made.upto);
        }
        Ok(())
    })?;
    Ok(known)
}

/// Goes through those acts of the school's own log that tell of the record itself: witnessed, removed.
///
/// # Errors
/// An accident of the store, or what `what` returned.
pub(crate) fn each(
    c: &Connection,
    mut what: impl FnMut(u64, Acted) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let ended = ended(c)?;
    // The kinds stand in the text as serde writes them; no other act can hold these words outside a quoted string.
    let mut found = c.prepare_cached(
        "SELECT fact.seq, fact.body, log.log FROM log JOIN fact ON fact.log = log.id
         WHERE log.kiosk IS NULL AND (fact.body LIKE '%\"kind\":\"witnessed\"%' OR fact.body LIKE '%\"kind\":\"removed\"%')
         ORDER BY log.id, fact.seq",
    )?;
    let mut rows = found.query([])?;
    while let Some(r) = rows.next()? {
        let seq = uint(r.get(0)?);
        let acted: Acted = json(&r.get::<_, String>(1)?, "a fact of the school")?;
        let log = LogId::from_bytes(r.get(2)?);
        let came_back = ended.iter().any(|(of, end)| *of == log && seq > *end);
        if came_back && matches!(acted.act, Act::Witnessed { .. }) {
            continue; // it vouches for entries of a file that is lost: here they were made anew, under other numbers
        }
        what(seq, acted)?;
    }
    Ok(())
}

/// Logs that a restore ended, with the last entry that the backup had: what stands after it came back from kiosks.
fn ended(c: &Connection) -> Result<Vec<(LogId, u64)>, StoreError> {
    let mut found = c.prepare_cached(
        "SELECT fact.body FROM log JOIN fact ON fact.log = log.id
         WHERE log.kiosk IS NULL AND fact.body LIKE '%\"kind\":\"restored\"%' ORDER BY log.id, fact.seq",
    )?;
    let mut rows = found.query([])?;
    let mut out: Vec<(LogId, u64)> = Vec::new();
    while let Some(r) = rows.next()? {
        let acted: Acted = json(&r.get::<_, String>(0)?, "a fact of the school")?;
        // Written when it was restored, and again when everybody had spoken: the first tells where the backup ended.
        if let Act::Restored { log, new, .. } = acted.act
            && !out.iter().any(|(of, _)| *of == log)
        {
            out.push((log, new.seq));
        }
    }
    Ok(out)
}

/// What entries say, from one to another: over the hash of each in order, also of those that were removed.
///
/// # Errors
/// An accident of the store.
pub(crate) fn digest(c: &Connection, from: u64, upto: u64) -> Result<Hash, StoreError> {
    let mut standing = c.prepare_cached("SELECT * FROM entry WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
    let mut gone = c.prepare_cached("SELECT id, hash FROM entry_gone WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
    let mut hashes: Vec<(i64, Hash)> = gone
        .query_map(params![int(from), int(upto)], |r| Ok((r.get(0)?, r.get::<_, HashCol>(1)?.0)))?
        .collect::<Result<_, _>>()?;
    let mut rows = standing.query(params![int(from), int(upto)])?;
    while let Some(r) = rows.next()? {
        hashes.push((r.get(0)?, of_entry(r)?));
    }
    hashes.sort_unstable_by_key(|(id, _)| *id);
    let mut all = Sha256::new();
    all.update(b"rollbook-entries-1");
    for (_, hash) in hashes {
        all.update(hash.0);
    }
    Ok(Hash(all.finalize().into()))
}

/// The hash of one entry: over the name and content of each of its columns.
///
/// # Errors
/// An accident of the store.
pub(crate) fn of_entry(row: &rusqlite::Row<'_>) -> Result<Hash, StoreError> {
    let mut hash = Sha256::new();
    hash.update(b"rollbook-entry-row-1");
    let part = |hash: &mut Sha256, kind: u8, bytes: &[u8]| {
        hash.update([kind]);
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    let names: &rusqlite::Statement<'_> = row.as_ref();
    for at in 0..names.column_count() {
        let value = row.get_ref(at)?;
        if value == ValueRef::Null {
            continue; // so that a column of a later version changes nothing in entries of before
        }
        part(&mut hash, 0, names.column_name(at)?.as_bytes());
        match value {
            ValueRef::Null => {}
            ValueRef::Integer(n) => part(&mut hash, 1, &n.to_be_bytes()),
            ValueRef::Real(n) => part(&mut hash, 2, &n.to_be_bytes()),
            ValueRef::Text(text) => part(&mut hash, 3, text),
            ValueRef::Blob(bytes) => part(&mut hash, 4, bytes),
        }
    }
    Ok(Hash(hash.finalize().into()))
}

/// Sixteen random bytes for a new entry.
pub(super) fn salt() -> Result<[u8; 16], StoreError> {
    secret::random()
}
