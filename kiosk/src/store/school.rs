//! What the kiosk keeps of the school: ends of the school's own log, a day each, and sealed parts of its tail.
//!
//! Must never: forget a part before a backup has it, but for want of room; or forget an end that it was shown.

use super::{StoreError, feed, kept};
use chrono::{DateTime, NaiveDate};
use rusqlite::{Connection, Transaction, params};
use shared::id::LogId;
use shared::limits::{TAIL_KEPT_CHARS, WITNESS_HEADS};
use shared::log::{Hash, Head};
use shared::text::Text;
use shared::time::Millis;
use shared::wire::v1::{Asks, MarkRow, RowBody, SchoolLog, SeenHead, Tail, Witness};

/// Days that parts of a log are kept which the school does not write any more: it was restored, and asks for them.
const OTHER_LOGS_DAYS: i64 = 60;
/// What a kiosk was asked last and has answered.
const ANSWERED: &str = "witness_answered";
/// What it was asked and has still to say.
const ASKED: &str = "witness_asked";

/// Keeps an end of the school's own log, the last of each day. Answers whether it fits what was shown of this log before:
/// the same number with another hash, or a smaller number, is another past.
///
/// # Errors
/// [`StoreError`].
pub fn head(tx: &Transaction<'_>, at: Millis, log: Option<LogId>, head: Head) -> Result<bool, StoreError> {
    let log = log.as_ref().map_or(&[][..], |log| log.as_bytes());
    let last = tx
        .prepare_cached("SELECT seq, hash FROM school_head WHERE log = ?1 ORDER BY date DESC LIMIT 1")?
        .query_map([log], |row| Ok(Head { seq: row.get(0)?, hash: Hash(row.get(1)?) }))?
        .next()
        .transpose()?;
    let fits = last.is_none_or(|last| head.seq > last.seq || head == last);
    // What does not fit is kept of the days to come only: it must not hide what was shown before.
    let sql = if fits {
        "INSERT OR REPLACE INTO school_head (date, log, seq, hash) VALUES (?1, ?2, ?3, ?4)"
    } else {
        "INSERT OR IGNORE INTO school_head (date, log, seq, hash) VALUES (?1, ?2, ?3, ?4)"
    };
    let date = DateTime::from_timestamp_millis(at.0).map(|at| at.date_naive()).unwrap_or_default();
    tx.prepare_cached(sql)?.execute(params![date.to_string(), log, head.seq, head.hash.0])?;
    Ok(fits)
}

/// The mark of the last sealed part that is kept, for the next pull: empty for none, nothing when there is no more room.
///
/// # Errors
/// [`StoreError`].
pub fn tail_mark(tx: &Connection) -> Result<Option<Text<120>>, StoreError> {
    let full: bool = tx
        .prepare_cached("SELECT ifnull(sum(length(sealed)), 0) >= ?1 FROM tail")?
        .query_row([TAIL_KEPT_CHARS], |row| row.get(0))?;
    if full {
        return Ok(None);
    }
    let last: Option<String> = tx
        .prepare_cached("SELECT mark FROM tail ORDER BY kept_at DESC, last DESC LIMIT 1")?
        .query_map([], |row| row.get(0))?
        .next()
        .transpose()?;
    // A mark stands in an address: what is not made of letters, digits and dots is none.
    let last = last.filter(|mark| mark.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.'));
    Ok(Some(last.and_then(|mark| Text::new(&mark).ok()).unwrap_or_default()))
}

/// Keeps a sealed part, and the end of the log that it shows.
///
/// # Errors
/// [`StoreError`].
pub fn keep_tail(tx: &Transaction<'_>, at: Millis, tail: &Tail) -> Result<bool, StoreError> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO tail (log, first, last, hash, mark, sealed, kept_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        tail.log.as_bytes(),
        tail.first,
        tail.head.seq,
        tail.head.hash.0,
        tail.mark.as_str(),
        tail.sealed.as_str(),
        at.0
    ])?;
    head(tx, at, Some(tail.log), tail.head)
}

/// Forgets parts that a backup in a second place has, and those of a log that was ended long ago.
///
/// # Errors
/// [`StoreError`].
pub fn prune(tx: &Transaction<'_>, now: Millis, school: SchoolLog) -> Result<(), StoreError> {
    tx.execute("DELETE FROM tail WHERE log = ?1 AND last <= ?2", params![school.log.as_bytes(), school.durable])?;
    // What came from a server that did not know the time is as old as the first date that is known.
    tx.execute("UPDATE tail SET kept_at = ?1 WHERE kept_at = ?2", params![now.0, super::log::NOT_KNOWN.0])?;
    tx.execute(
        "DELETE FROM tail WHERE log <> ?1 AND kept_at < ?2",
        params![school.log.as_bytes(), now.plus(-OTHER_LOGS_DAYS * 24 * 3_600_000).0],
    )?;
    Ok(())
}

/// The last entry of the newest log of the school that is carried here: for `status`.
///
/// # Errors
/// [`StoreError`].
pub fn carried(tx: &Connection) -> Result<Option<u64>, StoreError> {
    let mut newest = tx.prepare_cached("SELECT last FROM tail ORDER BY kept_at DESC, last DESC LIMIT 1")?;
    Ok(newest.query_map([], |row| row.get(0))?.next().transpose()?)
}

/// Sealed parts from a place on, at most so many, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn tail(tx: &Connection, skip: usize, most: usize) -> Result<Vec<Tail>, StoreError> {
    let mut select = tx.prepare_cached(
        "SELECT log, first, last, hash, mark, sealed FROM tail ORDER BY log, first, kept_at LIMIT ?2 OFFSET ?1",
    )?;
    let mut rows = select.query(params![skip, most])?;
    let mut found = Vec::new();
    let bad = |_| StoreError::Unexpected("a sealed part".into());
    while let Some(row) = rows.next()? {
        found.push(Tail {
            log: LogId::from_bytes(row.get(0)?),
            first: row.get(1)?,
            head: Head { seq: row.get(2)?, hash: Hash(row.get(3)?) },
            mark: Text::new(&row.get::<_, String>(4)?).map_err(bad)?,
            sealed: Text::new(&row.get::<_, String>(5)?).map_err(bad)?,
        });
    }
    Ok(found)
}

/// Every end that was shown, newest first, at most as many as a witness may hold.
fn heads(tx: &Connection) -> Result<Vec<SeenHead>, StoreError> {
    let mut select =
        tx.prepare("SELECT date, log, seq, hash FROM school_head ORDER BY date DESC, seq DESC LIMIT ?1")?;
    let mut rows = select.query([WITNESS_HEADS])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let date: NaiveDate =
            row.get::<_, String>(0)?.parse().map_err(|_| StoreError::Unexpected("the date of an end".into()))?;
        let log: Vec<u8> = row.get(1)?;
        let log = <[u8; 16]>::try_from(log.as_slice()).ok().map(LogId::from_bytes);
        found.push(SeenHead { date, log, head: Head { seq: row.get(2)?, hash: Hash(row.get(3)?) } });
    }
    Ok(found)
}

/// What the kiosk has still to say to a server that was restored: kept, because the marks it was shown are about to be
/// replaced by those that the server has now.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Asked {
    id: Text<64>,
    marks: Vec<MarkRow>,
}

/// The server asks. What is asked for the first time is looked up now and kept; true if there is something to say.
///
/// # Errors
/// [`StoreError`].
pub fn asked(tx: &Transaction<'_>, asks: &Asks) -> Result<bool, StoreError> {
    if kept::get(tx, ANSWERED)?.as_deref() == Some(asks.id.as_str()) {
        return Ok(false);
    }
    if pending(tx)?.is_some_and(|asked| asked.id == asks.id) {
        return Ok(true);
    }
    let since = DateTime::from_timestamp_millis(asks.since.0).map(|at| at.date_naive()).unwrap_or_default();
    let marks = feed::all(tx)?.into_iter().filter_map(|row| match row.body {
        Some(RowBody::Mark(mark)) if mark.session.date >= since => Some(mark),
        _ => None,
    });
    let asked = Asked { id: asks.id.clone(), marks: marks.collect() };
    kept::set(tx, ASKED, &serde_json::to_string(&asked)?)?;
    Ok(true)
}

fn pending(tx: &Connection) -> Result<Option<Asked>, StoreError> {
    Ok(kept::get(tx, ASKED)?.map(|text| serde_json::from_str(&text)).transpose()?)
}

/// What is to be said, in requests that each hold no more than they may: heads and marks first, then the sealed parts.
/// `part` counts from 0; none when everything was said.
///
/// # Errors
/// [`StoreError`].
pub fn witness(tx: &Connection, part: usize) -> Result<Option<Witness>, StoreError> {
    use shared::limits::{WITNESS_MARKS, WITNESS_PARTS};
    let Some(asked) = pending(tx)? else { return Ok(None) };
    let of_marks = asked.marks.len().div_ceil(WITNESS_MARKS).max(1);
    let parts: usize = tx.query_row("SELECT count(*) FROM tail", [], |row| row.get(0))?;
    let of_parts = parts.div_ceil(WITNESS_PARTS);
    let done = part + 1 == of_marks + of_parts;
    let mut said = Witness { id: asked.id, heads: Vec::new(), marks: Vec::new(), tail: Vec::new(), done };
    if part < of_marks {
        said.heads = if part == 0 { heads(tx)? } else { Vec::new() };
        said.marks = asked.marks.into_iter().skip(part * WITNESS_MARKS).take(WITNESS_MARKS).collect();
    } else if part < of_marks + of_parts {
        said.tail = tail(tx, (part - of_marks) * WITNESS_PARTS, WITNESS_PARTS)?;
    } else {
        return Ok(None);
    }
    Ok(Some(said))
}

/// Everything was said and taken. The sealed parts stay, until a backup has them.
///
/// # Errors
/// [`StoreError`].
pub fn answered(tx: &Transaction<'_>, id: &str) -> Result<(), StoreError> {
    kept::set(tx, ANSWERED, id)?;
    tx.execute("DELETE FROM kept WHERE name = ?1", [ASKED])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use shared::calendar::SessionKey;
    use shared::id::{FeedId, PupilId};
    use shared::limits::{TAIL_CHARS, WITNESS_MARKS, WITNESS_PARTS};
    use shared::wire::v1::{Row, Seen};

    const DAY: i64 = 24 * 3_600_000;
    const OWN: LogId = LogId::from_bytes([1; 16]);
    const NEXT: LogId = LogId::from_bytes([2; 16]);

    fn at(day: i64) -> Millis {
        Millis(1_795_392_000_000 + day * DAY)
    }
    fn end(seq: u64, byte: u8) -> Head {
        Head { seq, hash: Hash([byte; 32]) }
    }
    fn part(log: LogId, first: u64, last: u64, sealed: &str) -> Tail {
        let mark = Text::new(&format!("{log}.k.{last}")).unwrap();
        Tail { log, first, head: end(last, 9), mark, sealed: Text::new(sealed).unwrap() }
    }
    fn asks(id: &str) -> Asks {
        Asks { id: Text::new(id).unwrap(), since: at(0) }
    }

    #[test]
    fn another_past_is_seen_and_hides_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let fits = |day, log, end| store.write_now(move |tx| head(tx, at(day), Some(log), end)).unwrap();
        assert!(fits(0, OWN, end(5, 1)) && fits(0, OWN, end(7, 2)) && fits(1, OWN, end(7, 2)));
        assert!(!fits(1, OWN, end(7, 3)), "another entry under the same number");
        assert!(!fits(1, OWN, end(6, 1)), "a shorter log");
        assert!(fits(1, NEXT, end(1, 4)), "a restore begins another log");
        let heads = store.write_now(|tx| heads(tx)).unwrap();
        let shown: Vec<_> = heads.iter().map(|h| (h.log, h.head)).collect();
        assert_eq!(shown, [(Some(OWN), end(7, 2)), (Some(NEXT), end(1, 4)), (Some(OWN), end(7, 2))]);
    }

    #[test]
    fn a_part_is_kept_until_a_backup_has_it_and_goes_on_from_its_mark() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        assert_eq!(store.write_now(|tx| tail_mark(tx)).unwrap().unwrap().as_str(), "");
        let keep = |day, part: Tail| store.write_now(move |tx| keep_tail(tx, at(day), &part)).unwrap();
        assert!(keep(0, part(OWN, 1, 4, "AA")) && keep(0, part(OWN, 5, 9, "BB")));
        let mark = store.write_now(|tx| tail_mark(tx)).unwrap().unwrap();
        assert_eq!(mark.as_str(), format!("{OWN}.k.9"));
        store.write_now(|tx| prune(tx, at(1), SchoolLog { log: OWN, durable: 4 })).unwrap();
        let firsts = |store: &Store| -> Vec<u64> {
            store.write_now(|tx| tail(tx, 0, 99)).unwrap().iter().map(|part| part.first).collect()
        };
        assert_eq!(firsts(&store), [5]);
        // The server was restored and writes another log: the old one's parts stay, for it asks for them.
        keep(2, part(NEXT, 1, 1, "CC"));
        store.write_now(|tx| prune(tx, at(50), SchoolLog { log: NEXT, durable: 0 })).unwrap();
        assert_eq!(firsts(&store), [5, 1]);
        store.write_now(|tx| prune(tx, at(61), SchoolLog { log: NEXT, durable: 0 })).unwrap();
        assert_eq!(firsts(&store), [1]);
        let big = "A".repeat(TAIL_CHARS);
        for n in 0..TAIL_KEPT_CHARS / TAIL_CHARS as u64 + 1 {
            keep(62, part(NEXT, 10 + n, 10 + n, &big));
        }
        assert_eq!(store.write_now(|tx| tail_mark(tx)).unwrap(), None, "no room: no more is asked for");
    }

    #[test]
    fn a_restored_server_is_told_everything_once() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let feed = FeedId::from_bytes([3; 16]);
        let rows: Vec<Row> = (0..WITNESS_MARKS as u64 + 1)
            .map(|n| {
                let pupil = PupilId::from_bytes(u128::from(n).to_be_bytes());
                let session: SessionKey = "2026-11-23-am".parse().unwrap();
                let mark = MarkRow { pupil, session, state: Seen::Present, minutes: None };
                Row { seq: n + 1, key: Text::new(&format!("mark:{n}")).unwrap(), body: Some(RowBody::Mark(mark)) }
            })
            .collect();
        let all = rows.len();
        store
            .write_now(move |tx| {
                feed::begin_snapshot(tx, feed)?;
                feed::apply(tx, feed, &rows, rows.len() as u64)?;
                for n in 0..=WITNESS_PARTS as u64 {
                    keep_tail(tx, at(0), &part(OWN, n + 1, n + 1, "AA"))?;
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(store.write_now(|tx| witness(tx, 0)).unwrap(), None, "nobody asks");
        assert!(store.write_now(|tx| asked(tx, &asks("one"))).unwrap());
        // The new snapshot has replaced the rows before anything was said; what was shown is still known.
        store.write_now(move |tx| feed::begin_snapshot(tx, feed).and_then(|()| feed::end_snapshot(tx))).unwrap();
        assert!(store.write_now(|tx| asked(tx, &asks("one"))).unwrap(), "asked again, before it was answered");
        let (mut marks, mut parts, mut ends, mut done) = (0, 0, 0, 0);
        for n in 0.. {
            let Some(said) = store.write_now(move |tx| witness(tx, n)).unwrap() else { break };
            assert!(serde_json::to_vec(&said).unwrap().len() < shared::limits::REQUEST_BYTES);
            (marks, parts, ends) = (marks + said.marks.len(), parts + said.tail.len(), ends + said.heads.len());
            done += usize::from(said.done);
        }
        assert_eq!((marks, parts, ends, done), (all, WITNESS_PARTS + 1, 1, 1));
        store.write_now(|tx| answered(tx, "one")).unwrap();
        assert!(!store.write_now(|tx| asked(tx, &asks("one"))).unwrap());
        assert!(store.write_now(|tx| asked(tx, &asks("two"))).unwrap(), "a second restore asks anew");
    }
}
