//! The chains of a file's logs, what was removed from them by rule, and what the school's own log took down of them.
//!
//! Must never: let a body be missing that no rule removed.

use super::Found;
use crate::record;
use crate::store::StoreError;
use crate::store::columns::{HashCol, int, uint};
use rusqlite::{Connection, OptionalExtension, params};
use shared::act::{Act, Acted, Gone};
use shared::id::LogId;
use shared::log::{Entry, Hash, Head, Salt, header_hash};
use std::collections::HashMap;

const DAY_MS: i64 = 86_400_000;

/// What was removed, by log: first and last of each stretch.
type Spans = HashMap<LogId, Vec<(u64, u64)>>;

/// Follows every chain.
///
/// # Errors
/// An accident of the store.
pub(super) fn chains(c: &Connection, found: &mut Found) -> Result<(), StoreError> {
    let removed = removed(c, found)?;
    let mut logs = c.prepare("SELECT id, log, head_seq, head_hash, kiosk IS NULL FROM log ORDER BY id")?;
    let logs = logs
        .query_map([], |r| {
            let head = Head { seq: uint(r.get(2)?), hash: r.get::<_, HashCol>(3)?.0 };
            Ok((r.get::<_, i64>(0)?, LogId::from_bytes(r.get(1)?), head, r.get::<_, bool>(4)?))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    for (id, log, head, own) in logs {
        let name = if own { "the school's own log".to_owned() } else { format!("log {log}") };
        chain(c, id, &name, head, removed.get(&log).map_or(&[][..], Vec::as_slice), found)?;
    }
    Ok(())
}

fn chain(
    c: &Connection,
    id: i64,
    name: &str,
    head: Head,
    removed: &[(u64, u64)],
    found: &mut Found,
) -> Result<(), StoreError> {
    let mut entries =
        c.prepare_cached("SELECT seq, prev, body_hash, salt, body FROM fact WHERE log = ?1 ORDER BY seq")?;
    let mut at = Head::EMPTY;
    let mut rows = entries.query([id])?;
    while let Some(r) = rows.next()? {
        let seq = uint(r.get(0)?);
        let prev = r.get::<_, HashCol>(1)?.0;
        let body_hash = r.get::<_, HashCol>(2)?.0;
        let salt: Option<[u8; 16]> = r.get(3)?;
        let body: Option<String> = r.get(4)?;
        if seq != at.seq + 1 {
            found.wrong.push(format!("{name}: entry {} is missing", at.seq + 1));
        } else if prev != at.hash {
            found.wrong.push(format!("{name}: entry {seq} does not follow the one before it: the log was changed"));
        }
        let by_rule = removed.iter().any(|(from, upto)| (*from..=*upto).contains(&seq));
        if let Some(what) = body_wrong(salt, body, body_hash, seq, prev, by_rule) {
            found.wrong.push(format!("{name}: entry {seq}: {what}"));
        }
        at = Head { seq, hash: header_hash(seq, prev, body_hash) };
        found.facts += 1;
        found.removed += u64::from(by_rule);
    }
    if at != head {
        found.wrong.push(format!("{name}: it ends at entry {}, and should end at {}", at.seq, head.seq));
    }
    Ok(())
}

fn body_wrong(
    salt: Option<[u8; 16]>,
    body: Option<String>,
    hash: Hash,
    seq: u64,
    prev: Hash,
    by_rule: bool,
) -> Option<&'static str> {
    match (salt, body) {
        (Some(_), Some(_)) if by_rule => Some("it was removed by rule, and is there again (a backup was restored?)"),
        (Some(salt), Some(body)) => {
            let entry = Entry { seq, prev, salt: Salt(salt), body };
            (entry.body_hash() != hash).then_some("its content was changed")
        }
        (None, None) if by_rule => None,
        _ => Some("its content is missing, and nothing says that it was removed by rule"),
    }
}

/// What the acts of removal say, each looked at: nothing may go before its six years are over.
fn removed(c: &Connection, found: &mut Found) -> Result<Spans, StoreError> {
    let mut spans = Spans::new();
    let mut acts: Vec<Acted> = Vec::new();
    record::each(c, |_, acted| {
        acts.push(acted);
        Ok(())
    })?;
    for acted in acts {
        let Act::Removed { date, gone, .. } = acted.act else { continue };
        let made = chrono::DateTime::from_timestamp_millis(acted.at.0).map(|at| at.date_naive()).unwrap_or_default();
        if crate::removal::last_day(made) < date {
            found.wrong.push(format!(
                "on {made} what was made up to {date} was removed by rule: its six years were not over then"
            ));
        }
        let ends = date.and_hms_opt(0, 0, 0).map_or(0, |at| at.and_utc().timestamp_millis()) + 2 * DAY_MS;
        for Gone { log, spans: of_log } in gone {
            for (from, upto) in &of_log {
                young(c, log, *from, *upto, ends, found)?;
            }
            spans.entry(log).or_default().extend(of_log);
        }
    }
    Ok(spans)
}

fn young(c: &Connection, log: LogId, from: u64, upto: u64, ends: i64, found: &mut Found) -> Result<(), StoreError> {
    let newest: Option<i64> = c
        .prepare_cached(
            "SELECT max(received_at) FROM fact JOIN log ON log.id = fact.log WHERE log.log = ?1 AND seq BETWEEN ?2 AND ?3",
        )?
        .query_row(params![log.as_bytes(), int(from), int(upto)], |r| r.get(0))?;
    if newest.is_some_and(|newest| newest > ends) {
        found
            .wrong
            .push(format!("log {log}: entries {from} to {upto} were removed by rule before their six years were over"));
    }
    Ok(())
}

/// Compares what the school's own log took down day by day with what stands.
///
/// # Errors
/// An accident of the store.
pub(super) fn witnessed(c: &Connection, found: &mut Found) -> Result<(), StoreError> {
    let mut acts: Vec<Acted> = Vec::new();
    record::each(c, |_, acted| {
        acts.push(acted);
        Ok(())
    })?;
    let mut upto = 0;
    for acted in acts {
        let Act::Witnessed { logs, entries } = acted.act else { continue };
        let day = chrono::DateTime::from_timestamp_millis(acted.at.0).map(|at| at.date_naive()).unwrap_or_default();
        for stood in logs {
            if header(c, stood.log, stood.seq)? != Some(stood.hash) {
                found.wrong.push(format!(
                    "log {}: its entry {} is not the one that the school's log took down on {day}: the log was written anew",
                    stood.log, stood.seq
                ));
            }
        }
        let Some(made) = entries else { continue };
        if made.from != upto + 1 {
            found.wrong.push(format!(
                "the school's log of {day} leaves out entries {} to {} of the record",
                upto + 1,
                made.from - 1
            ));
        }
        upto = made.upto;
        if record::digest(c, made.from, made.upto)? != made.digest {
            found.wrong.push(format!(
                "entries {} to {} of the record are not as they stood on {day}: one was changed, taken out or put in",
                made.from, made.upto
            ));
        }
    }
    found.witnessed = upto;
    Ok(())
}

/// The hash of an entry's header.
///
/// # Errors
/// An accident of the store.
pub(crate) fn header(c: &Connection, log: LogId, seq: u64) -> Result<Option<Hash>, StoreError> {
    let row: Option<(HashCol, HashCol)> = c
        .prepare_cached(
            "SELECT prev, body_hash FROM fact JOIN log ON log.id = fact.log WHERE log.log = ?1 AND fact.seq = ?2",
        )?
        .query_row(params![log.as_bytes(), int(seq)], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    Ok(row.map(|(prev, body)| header_hash(seq, prev.0, body.0)))
}
