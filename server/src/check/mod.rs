//! Looking for damage and for hands: the bytes of each file, the chains of its logs, the marks against the entries, their
//! history, and everything decided anew from the facts.
//!
//! What each part finds: `pages` a byte that changed on the disk, wherever it lies; `chains` a log that was changed,
//! cut or added to; `history` a mark that is not its newest entry, an amendment without its parts; `anew` a mark that the
//! facts do not give. Somebody who changes all of it so that it fits together again is found by what the kiosks keep
//! (`kiosks`).
//!
//! Must never: mend anything, or pass over what it could not read.

mod chains;
mod history;
mod kiosks;
mod pages;
mod wal;

pub(crate) use chains::header;
pub(crate) use kiosks::own_logs;
pub use kiosks::{Paper, against, head, of_file, told};

use crate::clock::Now;
use crate::record;
use crate::store::{StoreError, open, rehearse};
use rusqlite::Connection;
use shared::id::SchoolId;
use std::collections::BTreeSet;
use std::path::Path;

/// Sentences of one kind that are told; the rest is counted.
const TOLD: usize = 12;

/// What a look at one file found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What is wrong, each in a sentence.
    pub wrong: Vec<String>,
    /// What a person should look at, and may be right.
    pub doubts: Vec<String>,
    /// Pages that were compared with their sums.
    pub pages: u64,
    /// Entries of logs that were read.
    pub facts: u64,
    /// Of them, those whose content was removed by rule.
    pub removed: u64,
    /// Entries of the record that were read.
    pub entries: u64,
    /// The last entry of the record that the school's log vouches for.
    pub witnessed: u64,
    /// Marks that were compared.
    pub marks: u64,
}

/// Looks at a school's file, also while a server works with it. What cannot be read is among what is wrong.
#[must_use]
pub fn school_file(path: &Path, school: SchoolId, now: Now) -> Found {
    let mut found = Found::default();
    bytes(path, &mut found);
    let damaged = !found.wrong.is_empty();
    let looked = open::reader(path).and_then(|c| {
        c.execute_batch("BEGIN")?; // one moment for everything
        file(&c, &mut found)?;
        tables(&c, &mut found)?;
        record_of(&c, &mut found)?;
        // What is damaged can be decided anew from nothing.
        if damaged { Ok(()) } else { decided(&c, school, now, &mut found) }
    });
    unread(looked, damaged, &mut found);
    found
}

/// Looks at any other SQLite file of ours.
#[must_use]
pub fn other_file(path: &Path) -> Found {
    let mut found = Found::default();
    bytes(path, &mut found);
    let damaged = !found.wrong.is_empty();
    let looked = open::reader(path).and_then(|c| file(&c, &mut found));
    unread(looked, damaged, &mut found);
    found
}

/// Looks at what stands in a school's file, without its bytes on the disk.
///
/// # Errors
/// When it cannot be read at all.
pub fn school(c: &Connection) -> Result<Found, StoreError> {
    let mut found = Found::default();
    file(c, &mut found)?;
    record_of(c, &mut found)?;
    Ok(found)
}

fn record_of(c: &Connection, found: &mut Found) -> Result<(), StoreError> {
    chains::chains(c, found)?;
    chains::witnessed(c, found)?;
    history::marks(c, found)?;
    history::history(c, found)
}

/// Looks at what SQLite itself can tell of a file.
///
/// # Errors
/// As for [`school`].
pub fn file(c: &Connection, found: &mut Found) -> Result<(), StoreError> {
    let mut integrity = c.prepare("PRAGMA integrity_check(10)")?;
    for row in integrity.query_map([], |r| r.get::<_, String>(0))? {
        let row = row?;
        if row != "ok" {
            found.wrong.push(format!("the file is damaged: {row}"));
        }
    }
    let mut keys = c.prepare("PRAGMA foreign_key_check")?;
    let loose = keys.query_map([], |r| r.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    if let Some(table) = loose.first() {
        found.wrong.push(format!("{} rows name something that is not there, the first in {table}", loose.len()));
    }
    Ok(())
}

/// The tables, indexes and triggers are those of this program: a trigger taken away lets entries be edited.
fn tables(c: &Connection, found: &mut Found) -> Result<(), StoreError> {
    let of = |c: &Connection| -> Result<BTreeSet<(String, String)>, StoreError> {
        let mut all = c.prepare("SELECT name, ifnull(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'")?;
        let rows = all.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    let mut ours = open::scratch()?;
    open::school_schema().to_latest(&mut ours).map_err(|_| StoreError::Missing("schema of this version"))?;
    let (stands, should) = (of(c)?, of(&ours)?);
    let differ: BTreeSet<&str> = stands.symmetric_difference(&should).map(|(name, _)| name.as_str()).collect();
    for name in differ {
        found.wrong.push(format!("its part {name} is not as this program made it: somebody changed it"));
    }
    Ok(())
}

fn bytes(path: &Path, found: &mut Found) {
    if let Err(error) = pages::pages(path, found) {
        found.wrong.push(format!("it cannot be read: {error}"));
    }
}

fn decided(c: &Connection, school: SchoolId, now: Now, found: &mut Found) -> Result<(), StoreError> {
    let differs = rehearse(c, school, |tx| record::anew(tx, now))?;
    found.wrong.extend(differs.wrong);
    found.doubts.extend(differs.doubts);
    Ok(())
}

fn unread(looked: Result<(), StoreError>, damaged: bool, found: &mut Found) {
    if let Err(error) = looked {
        let so = if damaged { ", as is to be expected of a damaged file" } else { "" };
        found.wrong.push(format!("it could not be read to its end{so}: {error}"));
    }
}

/// "page 4, page 7 and 12 more".
fn some(what: &str, numbers: &[u32]) -> String {
    let named: Vec<String> = numbers.iter().take(TOLD).map(|n| format!("{what} {n}")).collect();
    let more = numbers.len().saturating_sub(TOLD);
    if more == 0 { named.join(", ") } else { format!("{} and {more} more", named.join(", ")) }
}

#[cfg(test)]
mod tests;
