//! Removal after six years (P8): what a mark rests on goes together, six years after the newest of it.
//!
//! What goes: the mark, its entries, the bodies and salts of the facts about it, the late book, the register's row when no
//! mark of it is left, plans that cover nothing any more, and then the pupils who left more than six years ago and of whom
//! nothing is left, with their contacts. What stays: the header of each fact, so that every chain still verifies; the hash
//! of each entry, so that the daily digests do; and one act that says what went, by which rule, on whose word.
//!
//! Afterwards the file is written anew, so that its bytes hold nothing of what went.
//!
//! Must never: remove anything that is younger than six years, or part of a mark without the rest of it.

mod due;
mod facts;
mod marks;
mod people;

pub use due::{Due, due};

use crate::clock::Now;
use crate::store::{School, StoreError, WriteTx, open};
use crate::{record, school};
use chrono::{Months, NaiveDate};
use shared::act::{Act, Gone, Officer};
use shared::limits::BODY_BYTES;
use shared::text::Name;
use shared::time::Millis;
use std::fmt;
use std::sync::Arc;

/// Years that the record is kept after the newest of what makes up a mark.
pub const YEARS: u32 = 6;
/// Spans named in one act: more would not fit into one entry of a log.
const SPANS: usize = (BODY_BYTES - 1200) / 24;

/// What went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Went {
    /// Marks.
    pub marks: u64,
    /// Entries of the record.
    pub entries: u64,
    /// Facts whose body and salt are gone.
    pub facts: u64,
    /// Pupils, with their contacts.
    pub pupils: u64,
    /// Staff who left as long ago.
    pub staff: u64,
}

impl Went {
    /// True when nothing was due.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Went {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} marks with {} entries and {} facts, {} pupils and {} members of staff who left",
            self.marks, self.entries, self.facts, self.pupils, self.staff
        )
    }
}

/// The last day whose record may go on a day: what was made then is over six years old.
#[must_use]
pub fn last_day(today: NaiveDate) -> NaiveDate {
    today.checked_sub_months(Months::new(YEARS * 12)).and_then(|day| day.pred_opt()).unwrap_or(NaiveDate::MIN)
}

/// Removes what is due, in one transaction, and says so in the school's log. [`sweep`] must follow.
///
/// # Errors
/// An accident of the store; then nothing is removed.
pub fn remove(tx: &WriteTx<'_>, now: Now, by: &Officer) -> Result<Went, StoreError> {
    let last = last_day(tx.calendar()?.date_of(now.at));
    up_to(tx, now, by, last)
}

/// Removes again what had been removed up to a day, after a backup of before was restored and before anybody is served:
/// `last` is the date of the newest [`Act::Removed`] that is known. A later day than the rule allows is cut to it.
///
/// # Errors
/// As for [`remove`].
pub fn again(tx: &WriteTx<'_>, now: Now, by: &Officer, last: NaiveDate) -> Result<Went, StoreError> {
    up_to(tx, now, by, last.min(last_day(tx.calendar()?.date_of(now.at))))
}

fn up_to(tx: &WriteTx<'_>, now: Now, by: &Officer, last: NaiveDate) -> Result<Went, StoreError> {
    let calendar = tx.calendar()?;
    let before = calendar.instant((last + chrono::Days::new(1)).and_time(chrono::NaiveTime::MIN));
    // What is removed must be vouched for first, as it stood.
    record::witness(tx, now)?;
    let mut went = Went::default();
    school::set(tx, "removing", "1")?; // opens the trigger that keeps entries from being deleted
    marks::remove(tx, last, before, &mut went)?;
    let gone = facts::remove(tx, before, &mut went)?;
    // What was told from a body that is gone goes with it.
    tx.execute(
        "DELETE FROM pupil_act WHERE EXISTS (SELECT 1 FROM fact f WHERE f.log = pupil_act.log AND f.seq = pupil_act.seq AND f.body IS NULL)",
        [],
    )?;
    tx.execute("DELETE FROM setting WHERE name = 'removing'", [])?;
    people::remove(tx, last, &mut went)?;
    if !went.is_nothing() {
        tell(tx, now, by, last, gone)?;
        school::set(tx, "removed_upto", &last.to_string())?;
    }
    school::set(tx, "removed_at", &now.at.0.to_string())?;
    Ok(went)
}

/// One act, or several when the spans do not fit into one entry.
fn tell(tx: &WriteTx<'_>, now: Now, by: &Officer, date: NaiveDate, gone: Vec<Gone>) -> Result<(), StoreError> {
    let rule = Name::new("six years").map_err(|_| StoreError::Corrupt { what: "the name of a rule" })?;
    let mut parts: Vec<Vec<Gone>> = vec![Vec::new()];
    let mut room = SPANS;
    for of_log in gone {
        let mut spans = of_log.spans.as_slice();
        while !spans.is_empty() {
            if room < 4 {
                parts.push(Vec::new());
                room = SPANS;
            }
            let (fit, later) = spans.split_at(spans.len().min(room - 3)); // a log's name takes the room of three
            room -= fit.len() + 3;
            if let Some(part) = parts.last_mut() {
                part.push(Gone { log: of_log.log, spans: fit.to_vec() });
            }
            spans = later;
        }
    }
    let acts = parts.into_iter().map(|gone| Act::Removed { rule: rule.clone(), date, gone }).collect();
    record::acts(tx, now, by, acts).map(drop)
}

/// Writes the file anew, so that nothing of what was removed is left in its bytes. Long for a large school: at night.
///
/// # Errors
/// When it cannot be written, or its journal not be emptied.
pub fn sweep(school: &School) -> Result<(), StoreError> {
    open::rewrite(school.path())
}

/// [`sweep`], behind the back of whoever asked: a page need not wait for it.
pub fn sweep_soon(school: &Arc<School>) {
    let school = Arc::clone(school);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = sweep(&school) {
            tracing::error!(school = school.slug(), %error, "the file was not written anew after a removal");
        }
    });
}

/// In whose name the server removes by itself.
///
/// # Errors
/// [`StoreError::Corrupt`] when who said so cannot be read.
pub fn rule(set_by: &str) -> Result<Officer, StoreError> {
    let bad = |_| StoreError::Corrupt { what: "who set the removal" };
    Ok(Officer::Rule { rule: Name::new("six years").map_err(bad)?, set_by: Name::new(set_by).map_err(bad)? })
}

/// Whether the server removes by itself, and who said so.
///
/// # Errors
/// An accident of the store.
pub fn by_itself(c: &rusqlite::Connection) -> Result<Option<String>, StoreError> {
    Ok(school::setting(c, "removal_by_itself")?.filter(|set_by| !set_by.is_empty()))
}

/// When something was last removed or looked for.
///
/// # Errors
/// An accident of the store.
pub fn last_look(c: &rusqlite::Connection) -> Result<Option<Millis>, StoreError> {
    Ok(school::setting(c, "removed_at")?.and_then(|at| at.parse().ok()).map(Millis))
}

#[cfg(test)]
mod tests;
