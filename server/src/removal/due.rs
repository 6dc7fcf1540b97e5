//! Which marks are due: the newest of a mark's facts and entries decides.
//!
//! Must never: write.

use crate::store::StoreError;
use crate::store::columns::{DateCol, HalfCol, session, uint};
use chrono::NaiveDate;
use rusqlite::{Connection, params};
use shared::calendar::SessionKey;
use shared::time::Millis;
use std::collections::{BTreeMap, BTreeSet};

/// What is due, for a person who decides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    /// Marks.
    pub marks: u64,
    /// First and last day of them.
    pub days: Option<(NaiveDate, NaiveDate)>,
    /// Marks of as old days that stay, because something about them is younger.
    pub younger: u64,
}

/// Looks at what would go.
///
/// # Errors
/// An accident of the store.
pub fn due(c: &Connection, last: NaiveDate, before: Millis) -> Result<Due, StoreError> {
    let mut due = Due::default();
    for session in sessions(c, last)? {
        let one = of_session(c, session, before)?;
        due.marks += one.marks.len() as u64;
        due.younger += one.stay.len() as u64;
        if !one.marks.is_empty() {
            due.days = Some(due.days.map_or((session.date, session.date), |(first, _)| (first, session.date)));
        }
    }
    Ok(due)
}

/// A session's marks that are due and those that are not, and its registers that have none left.
#[derive(Debug, Default)]
pub(super) struct OfSession {
    pub marks: BTreeSet<[u8; 16]>,
    pub stay: BTreeSet<[u8; 16]>,
    pub registers: BTreeSet<[u8; 16]>,
}

/// The sessions up to a day that still have anything.
pub(super) fn sessions(c: &Connection, last: NaiveDate) -> Result<Vec<SessionKey>, StoreError> {
    let mut found = c.prepare(
        "SELECT date, half FROM (SELECT DISTINCT date, half FROM fact_about WHERE date <= ?1
            UNION SELECT DISTINCT date, half FROM mark WHERE date <= ?1
            UNION SELECT DISTINCT date, half FROM register WHERE date <= ?1) ORDER BY date, half",
    )?;
    let rows = found.query_map([DateCol(last)], |r| session(r, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Looks at one session.
pub(super) fn of_session(c: &Connection, session: SessionKey, before: Millis) -> Result<OfSession, StoreError> {
    let at = params![DateCol(session.date), HalfCol(session.half)];
    let classes: BTreeSet<[u8; 16]> =
        c.prepare_cached("SELECT id FROM class")?.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?;
    // The newest of everything about each pupil and each register, and which register a pupil's mark is in.
    let mut pupils: BTreeMap<[u8; 16], i64> = BTreeMap::new();
    let mut registers: BTreeMap<[u8; 16], i64> = BTreeMap::new();
    let mut member: BTreeMap<[u8; 16], BTreeSet<[u8; 16]>> = BTreeMap::new();
    let mut facts = c.prepare_cached(
        "SELECT a.about, f.received_at FROM fact_about a JOIN fact f ON f.log = a.log AND f.seq = a.seq
         WHERE a.date = ?1 AND a.half = ?2",
    )?;
    let mut rows = facts.query(at)?;
    while let Some(r) = rows.next()? {
        let (about, received): ([u8; 16], i64) = (r.get(0)?, r.get(1)?);
        let newest = if classes.contains(&about) { &mut registers } else { &mut pupils };
        let newest = newest.entry(about).or_insert(received);
        *newest = received.max(*newest);
    }
    let mut entries = c.prepare_cached(
        "SELECT pupil, class, made_at FROM entry WHERE date = ?1 AND half = ?2
         UNION ALL SELECT pupil, class, NULL FROM mark WHERE date = ?1 AND half = ?2",
    )?;
    let mut rows = entries.query(at)?;
    while let Some(r) = rows.next()? {
        let (pupil, class, made): ([u8; 16], [u8; 16], Option<i64>) = (r.get(0)?, r.get(1)?, r.get(2)?);
        let newest = pupils.entry(pupil).or_insert(i64::MIN);
        *newest = made.unwrap_or(i64::MIN).max(*newest);
        member.entry(pupil).or_default().insert(class);
    }
    let mut plans = c.prepare_cached(
        "SELECT p.pupil, max(f.received_at, ifnull(w.received_at, 0)) FROM plan p
         JOIN fact f ON f.log = p.log AND f.seq = p.seq
         LEFT JOIN fact w ON w.log = p.withdrawn_log AND w.seq = p.withdrawn_seq
         WHERE p.from_on || p.from_half <= ?1 || ?2 AND p.until_on || p.until_half >= ?1 || ?2",
    )?;
    let mut rows = plans.query(at)?;
    while let Some(r) = rows.next()? {
        let (pupil, received): ([u8; 16], i64) = (r.get(0)?, r.get(1)?);
        if let Some(newest) = pupils.get_mut(&pupil) {
            *newest = received.max(*newest);
        }
    }
    let mut found = OfSession::default();
    for (pupil, own) in &pupils {
        let of = member.get(pupil).into_iter().flatten().filter_map(|class| registers.get(class)).max();
        if *own < before.0 && of.is_none_or(|newest| *newest < before.0) {
            found.marks.insert(*pupil);
        } else {
            found.stay.insert(*pupil);
        }
    }
    let kept: BTreeSet<[u8; 16]> = found.stay.iter().filter_map(|pupil| member.get(pupil)).flatten().copied().collect();
    let rows: Vec<[u8; 16]> = c
        .prepare_cached("SELECT class FROM register WHERE date = ?1 AND half = ?2")?
        .query_map(at, |r| r.get(0))?
        .collect::<Result<_, _>>()?;
    let all = registers.keys().copied().chain(rows);
    found.registers = all
        .filter(|class| !kept.contains(class) && registers.get(class).is_none_or(|newest| *newest < before.0))
        .collect();
    Ok(found)
}

/// How far each log goes back beyond a moment: its row and the last entry received before it.
pub(super) fn old(c: &Connection, before: Millis) -> Result<Vec<(i64, u64)>, StoreError> {
    let logs: Vec<(i64, i64)> = c
        .prepare("SELECT id, head_seq FROM log ORDER BY id")?
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut received = c.prepare("SELECT received_at FROM fact WHERE log = ?1 AND seq = ?2")?;
    let mut out = Vec::new();
    for (log, head) in logs {
        // Entries of a log were received in their order: the place is found by halving.
        let (mut low, mut high) = (0, head);
        while low < high {
            let middle = (low + high + 1) / 2;
            let at: i64 = received.query_row(params![log, middle], |r| r.get(0))?;
            if at < before.0 { low = middle } else { high = middle - 1 }
        }
        out.push((log, uint(low)));
    }
    Ok(out)
}
