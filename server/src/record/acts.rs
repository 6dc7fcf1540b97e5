//! Acts of the office and of rules: facts of the school's own log, written here.
//!
//! Must never: write one without who did it, in what position.

use super::context::{Body, Context};
use super::gather::{identity, read};
use super::pending::{FactRow, store};
use crate::clock::Now;
use crate::secret;
use crate::store::columns::{DateCol, HalfCol, HashCol, int, to_json, uint};
use crate::store::{StoreError, WriteTx};
use rusqlite::{Connection, OptionalExtension, params};
use shared::act::{Act, Acted, Officer};
use shared::id::LogId;
use shared::limits::BODY_BYTES;
use shared::log::{Head, Origin};
use shared::observation::{Mark, Observation};
use shared::register::MarkKey;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Writes an act into the school's log, decides again what it touches, and writes what follows.
///
/// # Errors
/// An accident of the store.
pub fn act(tx: &WriteTx<'_>, now: Now, by: &Officer, act: Act) -> Result<Origin, StoreError> {
    let written = acts(tx, now, by, vec![act])?;
    written.into_iter().next().ok_or(StoreError::Corrupt { what: "the school's log" })
}

/// Writes several acts of one person or rule, and decides once.
///
/// # Errors
/// As for [`act`].
pub fn acts(tx: &WriteTx<'_>, now: Now, by: &Officer, acts: Vec<Act>) -> Result<Vec<Origin>, StoreError> {
    let (log, id, mut head) = own_log(tx)?;
    let mut ctx = Context::new(tx, now)?;
    let mut written = Vec::with_capacity(acts.len());
    for act in acts {
        let acted = Acted { at: now.at, clock_sure: now.sure, by: by.clone(), act };
        let body = to_json(&acted, "an act")?;
        if body.len() > BODY_BYTES {
            return Err(StoreError::Refused(
                "this is too long to be kept as one entry; say it in fewer words".to_owned(),
            ));
        }
        let entry = head.append(secret::salt()?, body);
        store(tx, &[FactRow::new(log, &entry, now.at.0, false)])?;
        head = entry.head();
        let fact = ctx.keep(log, entry.seq, now.at, Body::Done(Box::new(acted)))?;
        ctx.file(&fact)?;
        written.push(Origin { log: id, seq: entry.seq });
    }
    tx.prepare_cached("UPDATE log SET head_seq = ?2, head_hash = ?3 WHERE id = ?1")?.execute(params![
        log,
        int(head.seq),
        HashCol(head.hash)
    ])?;
    ctx.redecide()?;
    tx.touch(); // kiosks wait for the tail of this log too
    Ok(written)
}

/// The school's own log: its row, its id, its head. Begun with the first act, and anew by a restore.
pub(crate) fn own_log(tx: &WriteTx<'_>) -> Result<(i64, LogId, Head), StoreError> {
    if let Some(found) = own_head(tx)? {
        return Ok(found);
    }
    let id = LogId::from_bytes(secret::random()?);
    tx.execute(
        "INSERT INTO log(log, kiosk, head_seq, head_hash) VALUES (?1, NULL, 0, ?2)",
        params![id.as_bytes(), HashCol(Head::EMPTY.hash)],
    )?;
    Ok((tx.last_insert_rowid(), id, Head::EMPTY))
}

/// The school's own log, if anything was written to it yet.
pub(crate) fn own_head(c: &Connection) -> Result<Option<(i64, LogId, Head)>, StoreError> {
    let found = c
        .prepare_cached(
            "SELECT id, log, head_seq, head_hash FROM log WHERE kiosk IS NULL AND sealed_at IS NULL ORDER BY id DESC LIMIT 1",
        )?
        .query_row([], |r| {
            let head = Head { seq: uint(r.get(2)?), hash: r.get::<_, HashCol>(3)?.0 };
            Ok((r.get(0)?, LogId::from_bytes(r.get(1)?), head))
        })
        .optional()?;
    Ok(found)
}

/// Every fact that an officer has before them when they look at this mark: what [`Act::Amended`] names as seen.
///
/// # Errors
/// An accident of the store.
pub fn seen(c: &Connection, key: MarkKey) -> Result<Vec<Origin>, StoreError> {
    seen_where(c, key, |_, _| true)
}

/// As [`seen`], of what the logs held when a page was made: a page of many marks names their heads, not every fact.
///
/// # Errors
/// An accident of the store.
pub fn seen_upto(c: &Connection, key: MarkKey, heads: &Heads) -> Result<Vec<Origin>, StoreError> {
    seen_where(c, key, |log, seq| heads.0.get(&log).is_some_and(|head| seq <= *head))
}

/// Where each log stood when a page was made, as a form carries it: `log:seq,log:seq`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heads(BTreeMap<LogId, u64>);

/// Where the logs stand now.
///
/// # Errors
/// An accident of the store.
pub fn heads(c: &Connection) -> Result<Heads, StoreError> {
    let mut found = c.prepare_cached("SELECT log, head_seq FROM log WHERE head_seq > 0")?;
    let rows = found.query_map([], |r| Ok((LogId::from_bytes(r.get(0)?), uint(r.get(1)?))))?;
    Ok(Heads(rows.collect::<Result<_, _>>()?))
}

impl fmt::Display for Heads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (log, seq)) in self.0.iter().enumerate() {
            write!(f, "{}{log}:{seq}", if place > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

/// A text that names no heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not where logs stood")]
pub struct NotHeads;

impl FromStr for Heads {
    type Err = NotHeads;
    fn from_str(text: &str) -> Result<Self, NotHeads> {
        let parts = text.split(',').filter(|part| !part.is_empty());
        let read = parts.map(|part| {
            let (log, seq) = part.split_once(':')?;
            Some((log.parse().ok()?, seq.parse().ok()?))
        });
        read.collect::<Option<_>>().map(Self).ok_or(NotHeads)
    }
}

fn seen_where(c: &Connection, key: MarkKey, had: impl Fn(LogId, u64) -> bool) -> Result<Vec<Origin>, StoreError> {
    let class = super::class_in(c, key.pupil, key.session)?;
    let mut found = c.prepare_cached(
        "SELECT f.log, f.seq FROM fact_about f WHERE f.date = ?1 AND f.half = ?2 AND f.about IN (?3, ?4)
         UNION SELECT log, seq FROM plan WHERE pupil = ?3 AND from_on || from_half <= ?1 || ?2 AND until_on || until_half >= ?1 || ?2
         UNION SELECT withdrawn_log, withdrawn_seq FROM plan WHERE pupil = ?3 AND withdrawn_log IS NOT NULL
            AND from_on || from_half <= ?1 || ?2 AND until_on || until_half >= ?1 || ?2",
    )?;
    let class = class.map_or([0; 16], |c| *c.as_bytes());
    let places: Vec<(i64, u64)> = found
        .query_map(params![DateCol(key.session.date), HalfCol(key.session.half), key.pupil.as_bytes(), class], |r| {
            Ok((r.get(0)?, uint(r.get(1)?)))
        })?
        .collect::<Result<_, _>>()?;
    let mut facts = Vec::with_capacity(places.len());
    for (log, seq) in places {
        let row: Option<([u8; 16], bool, Option<String>)> = c
            .prepare_cached(
                "SELECT log.log, log.kiosk IS NOT NULL, fact.body FROM fact JOIN log ON log.id = fact.log
                 WHERE fact.log = ?1 AND fact.seq = ?2 AND fact.held = 0",
            )?
            .query_row(params![log, int(seq)], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
            .optional()?;
        let Some((log, kiosk, Some(body))) = row else { continue };
        let own = Origin { log: LogId::from_bytes(log), seq };
        if !had(own.log, seq) {
            continue;
        }
        facts.push(match read(kiosk, &body)? {
            Body::Seen(seen) => (seen.origin.map_or(Ok(own), |first| identity(c, first, own))?, Word::of(&seen.what)),
            Body::Done(_) => (own, None),
        });
    }
    let mut out = what_can_matter(facts);
    out.sort_unstable();
    out.dedup();
    Ok(out)
}

/// What a tile was made to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Blank,
    Mark,
    Late,
}

impl Word {
    const fn of(what: &Observation) -> Option<Self> {
        match what {
            Observation::Marked { mark: Mark::Blank, .. } => Some(Self::Blank),
            Observation::Marked { .. } => Some(Self::Mark),
            Observation::CameLate { .. } => Some(Self::Late),
            _ => None,
        }
    }
}

/// From so many words of one tile in one log on, only those are named that something can still hang on: the last blank, the
/// first word after it, the last of each kind. An act is one entry, and a tile can be touched a hundred times.
const WORDS: usize = 16;

fn what_can_matter(facts: Vec<(Origin, Option<Word>)>) -> Vec<Origin> {
    let mut words: BTreeMap<LogId, BTreeMap<u64, Word>> = BTreeMap::new();
    for (origin, word) in &facts {
        if let Some(word) = word {
            words.entry(origin.log).or_default().insert(origin.seq, *word);
        }
    }
    for said in words.values_mut().filter(|said| said.len() > WORDS) {
        let last = |wanted: Word| said.iter().rfind(|(_, word)| **word == wanted).map(|(seq, _)| *seq);
        let blank = last(Word::Blank);
        let first = said.range(blank.map_or(0, |seq| seq + 1)..).next().map(|(seq, _)| *seq);
        let kept = [blank, first, last(Word::Mark), last(Word::Late)];
        said.retain(|seq, _| kept.contains(&Some(*seq)));
    }
    let named = |origin: &Origin| words.get(&origin.log).is_some_and(|said| said.contains_key(&origin.seq));
    facts.into_iter().filter(|(origin, word)| word.is_none() || named(origin)).map(|(origin, _)| origin).collect()
}
