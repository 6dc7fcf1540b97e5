//! The file against what the kiosks keep: where the school's own log ended on each day, and their own logs.
//!
//! Somebody who changes a mark and then every hash that follows from it, in the school's file, has changed what the
//! school's own log ends with on every day since (it takes down each day where all logs stood). Each kiosk was shown that
//! end, day by day, and keeps it.
//!
//! Must never: believe the file where a kiosk says otherwise.

use super::chains::header;
use crate::store::columns::{HashCol, uint};
use crate::store::{StoreError, Trust};
use rusqlite::Connection;
use shared::id::{LogId, SchoolId};
use shared::kept::Kept;
use shared::log::{Hash, Head};

/// One thing that a kiosk says: on this day, this log ended so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// Who says it, for people: "Room 7".
    pub room: String,
    /// The log; none: the school's own.
    pub log: Option<LogId>,
    /// The day, as the kiosk wrote it; empty where it keeps none.
    pub date: String,
    /// What it ended with.
    pub head: Head,
}

/// What kiosks have told this server in their exchanges, as each told it first.
///
/// # Errors
/// An accident of the store.
pub fn told(trust: &Trust, school: SchoolId) -> Result<Vec<Paper>, StoreError> {
    trust.read_now(|c| {
        let mut found = c.prepare(
            "SELECT ifnull((SELECT room FROM kiosk WHERE kiosk.id = k.kiosk), 'a kiosk'), k.log, k.date, k.seq, k.hash
             FROM kept_head k WHERE k.school = ?1 ORDER BY k.date, k.kiosk",
        )?;
        let rows = found.query_map([school.as_bytes()], |r| {
            Ok(Paper {
                room: r.get(0)?,
                log: Some(LogId::from_bytes(r.get(1)?)),
                date: r.get(2)?,
                head: Head { seq: uint(r.get(3)?), hash: r.get::<_, HashCol>(4)?.0 },
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    })
}

/// What one kiosk's own file says (`rollbook-kiosk witness`).
#[must_use]
pub fn of_file(kept: &Kept) -> Vec<Paper> {
    let room = kept.room.to_string();
    let of_school = kept.school_heads.iter().map(|shown| Paper {
        room: room.clone(),
        log: shown.log,
        date: shown.date.to_string(),
        head: Head { seq: shown.seq, hash: shown.hash },
    });
    let own = kept.logs.iter().flat_map(|log| {
        log.entries.iter().filter(|entry| entry.seq <= log.acked).map(|entry| Paper {
            room: room.clone(),
            log: Some(log.log),
            date: String::new(),
            head: *entry,
        })
    });
    of_school.chain(own).collect()
}

/// Compares a school's file with what kiosks say. The sentences name, for each kiosk and log, where the pasts part.
///
/// # Errors
/// An accident of the store.
pub fn against(c: &Connection, papers: &[Paper]) -> Result<Vec<String>, StoreError> {
    let own = own_logs(c)?;
    let mut parted: Vec<(String, Option<LogId>, u64, String, usize)> = Vec::new();
    for paper in papers {
        let Some(log) = paper.log.or(own.first().copied()) else { continue };
        if paper.head.seq == 0 {
            continue; // the log was still empty
        }
        let stands = header(c, log, paper.head.seq)?;
        if stands == Some(paper.head.hash) {
            continue;
        }
        let of_school = own.contains(&log);
        let key = if of_school { None } else { Some(log) };
        match parted.iter_mut().find(|(room, log, ..)| *room == paper.room && *log == key) {
            Some((_, _, first, sentence, more)) => {
                *more += 1;
                if paper.head.seq < *first {
                    *first = paper.head.seq;
                    *sentence = words(paper, of_school, stands);
                }
            }
            None => parted.push((paper.room.clone(), key, paper.head.seq, words(paper, of_school, stands), 0)),
        }
    }
    Ok(parted
        .into_iter()
        .map(
            |(_, _, _, sentence, more)| {
                if more == 0 { sentence } else { format!("{sentence} So do {more} more of its.") }
            },
        )
        .collect())
}

fn words(paper: &Paper, of_school: bool, stands: Option<Hash>) -> String {
    let short = |hash: Hash| hash.to_string()[..16].to_owned();
    let now = match stands {
        Some(hash) => format!("begins with {}", short(hash)),
        None => "is not there".to_owned(),
    };
    let (seq, kept) = (paper.head.seq, short(paper.head.hash));
    if of_school {
        format!(
            "{} was shown on {} that entry {seq} of the school's own log begins with {kept}; in this file it {now}. What the record \
             held on that day was written anew since, or the file was restored from an older copy.",
            paper.room, paper.date
        )
    } else {
        format!(
            "{} wrote entry {seq} of its log with the hash {kept}, and the server confirmed it; in this file it {now}. What this \
             kiosk saw was changed here.",
            paper.room
        )
    }
}

/// Whether one of the school's own logs still holds an entry with this hash: for the head that stands on an export.
///
/// # Errors
/// An accident of the store.
pub fn head(c: &Connection, head: Head) -> Result<bool, StoreError> {
    if head.seq == 0 {
        return Ok(head == Head::EMPTY);
    }
    for log in own_logs(c)? {
        if header(c, log, head.seq)? == Some(head.hash) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The school's own logs, oldest first: one, and another for each restore.
///
/// # Errors
/// An accident of the store.
pub(crate) fn own_logs(c: &Connection) -> Result<Vec<LogId>, StoreError> {
    let mut found = c.prepare_cached("SELECT log FROM log WHERE kiosk IS NULL ORDER BY id")?;
    let rows = found.query_map([], |r| r.get(0).map(LogId::from_bytes))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
