//! The record as CSV, for anybody who wants to check it against something else.
//!
//! Must never: leave out a row because it looks wrong.
//!
//! The head of the school's record stands in the last column of the first line, as the title of a column that is empty
//! below: "record 412:3f2a…". A spreadsheet keeps it through sorting, filtering and saving, and `check --head` compares it
//! with the record later.
//!
//! `marks`: one row a mark as it stands (or, with history, one a state that an entry ever had). `basis_log` and
//! `basis_seq` name the fact that decided it; `basis_kiosk` is the room it was seen in, empty for an act of the office.
//! `facts`: one row a fact of a kiosk, dated as well as is known now; `first_log` and `first_seq` are its identity: equal
//! on two rows, they are one fact that was appended again after a log was begun anew.

use crate::record::{Dated, dated, own_head};
use crate::store::columns::{DateCol, HalfCol};
use crate::store::{ReadTx, StoreError};
use chrono::NaiveDate;
use rusqlite::params;
use shared::log::Head;
use shared::observation::Observation;
use std::io::Write;

/// Which dates, both included.
#[derive(Debug, Clone, Copy)]
pub struct Dates {
    /// First.
    pub from: NaiveDate,
    /// Last.
    pub until: NaiveDate,
}

/// What goes into the export of marks.
#[derive(Debug, Clone, Copy)]
pub struct Marks {
    /// Every state of every entry, oldest first.
    pub history: bool,
    /// Names of pupils too.
    pub names: bool,
}

/// The title of the last column: where the school's own log ends, which vouches for all of the record up to its last
/// witness; so the caller takes one down first ([`crate::record::witness`]).
fn head(c: &rusqlite::Connection) -> Result<String, StoreError> {
    let head = own_head(c)?.map_or(Head::EMPTY, |(_, _, head)| head);
    Ok(format!("record {}:{}", head.seq, head.hash))
}

fn csv_accident(error: csv::Error) -> StoreError {
    StoreError::Refused(format!("the export could not be written: {error}"))
}

/// Writes marks.
///
/// # Errors
/// When the store cannot be read, or `out` not written.
pub fn marks(tx: &ReadTx<'_>, dates: Dates, what: Marks, out: impl Write) -> Result<u64, StoreError> {
    const ROW: &str = "e.date, e.half, ifnull(c.name, ''), lower(hex(e.pupil)), ifnull(p.first || ' ' || p.last, ''),
        ifnull(e.code, ''), e.minutes, e.provisional, ifnull(e.detail, ''), e.is_change, ifnull(e.original, ''),
        e.made_at, e.reason, e.by_name, e.by_position, ifnull(lower(hex(e.basis_log)), ''), e.basis_seq,
        ifnull((SELECT k.room FROM log l JOIN kiosk k ON k.id = l.kiosk WHERE l.log = e.basis_log), ''),
        e.happened_from, e.happened_until";
    const JOINS: &str = "LEFT JOIN class c ON c.id = e.class LEFT JOIN pupil p ON p.id = e.pupil
        WHERE e.date BETWEEN ?1 AND ?2";
    let sql = if what.history {
        format!("SELECT {ROW} FROM entry e {JOINS} ORDER BY e.date, e.half, c.sort, c.name, e.pupil, e.id")
    } else {
        format!(
            "SELECT {ROW} FROM mark m JOIN entry e ON e.id = m.entry {JOINS} AND m.code IS NOT NULL
             ORDER BY e.date, e.half, c.sort, c.name, e.pupil"
        )
    };
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
        "date",
        "half",
        "class",
        "pupil",
        "name",
        "code",
        "minutes",
        "provisional",
        "detail",
        "is_change",
        "original",
        "made_at_ms",
        "reason",
        "by",
        "position",
        "basis_log",
        "basis_seq",
        "basis_kiosk",
        "happened_from_ms",
        "happened_until_ms",
        &head(tx)?,
    ])
    .map_err(csv_accident)?;
    let mut statement = tx.prepare(&sql)?;
    let mut rows = statement.query(params![DateCol(dates.from), DateCol(dates.until)])?;
    let mut count = 0;
    let int = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
    while let Some(r) = rows.next()? {
        let mut record: Vec<String> = Vec::with_capacity(21);
        for at in 0..20 {
            record.push(match at {
                4 if !what.names => String::new(),
                6 | 7 | 9 | 11 | 16 | 18 | 19 => int(r.get(at)?),
                _ => r.get(at)?,
            });
        }
        record.push(String::new());
        csv.write_record(&record).map_err(csv_accident)?;
        count += 1;
    }
    csv.flush().map_err(|e| csv_accident(e.into()))?;
    Ok(count)
}

/// Writes the facts of kiosks that are about a register: taps, arrivals, departures, submissions.
///
/// # Errors
/// As for [`marks`].
pub fn facts(tx: &ReadTx<'_>, dates: Option<Dates>, out: impl Write) -> Result<u64, StoreError> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
        "room",
        "log",
        "seq",
        "kind",
        "date",
        "half",
        "class",
        "pupil",
        "mark",
        "taken_from_ms",
        "taken_until_ms",
        "received_ms",
        "held",
        "first_log",
        "first_seq",
        &head(tx)?,
    ])
    .map_err(csv_accident)?;
    let mut count = 0;
    let calendar = tx.calendar()?;
    dated(tx, |fact: Dated<'_>| {
        let seen = fact.seen;
        let (kind, class, mark) = match &seen.what {
            Observation::Marked { class, mark, .. } => {
                let mark = serde_json::to_value(mark).ok().and_then(|v| v.as_str().map(str::to_owned));
                ("marked", Some(*class), mark.unwrap_or_default())
            }
            Observation::CameLate { class, .. } => ("came_late", Some(*class), String::new()),
            Observation::Submitted { class, tiles, .. } => ("submitted", Some(*class), tiles.len().to_string()),
            Observation::Arrived { .. } => ("arrived", None, String::new()),
            Observation::Left { .. } => ("left", None, String::new()),
            Observation::Returned { .. } => ("returned", None, String::new()),
            _ => return Ok(()),
        };
        let session = seen.what.session();
        let date = session.map_or_else(|| calendar.date_of(fact.when.latest), |s| s.date);
        if dates.is_some_and(|d| date < d.from || date > d.until) {
            return Ok(());
        }
        let record = [
            fact.room.to_owned(),
            fact.log.to_string(),
            fact.seq.to_string(),
            kind.to_owned(),
            date.to_string(),
            session.map(|s| HalfCol(s.half).text().to_owned()).unwrap_or_default(),
            class.map(|c| c.to_string()).unwrap_or_default(),
            seen.what.pupil().map(|p| p.to_string()).unwrap_or_default(),
            mark,
            fact.when.earliest.0.to_string(),
            fact.when.latest.0.to_string(),
            fact.received.0.to_string(),
            fact.held.to_string(),
            fact.first.log.to_string(),
            fact.first.seq.to_string(),
            String::new(),
        ];
        csv.write_record(&record).map_err(csv_accident)?;
        count += 1;
        Ok(())
    })?;
    csv.flush().map_err(|e| csv_accident(e.into()))?;
    Ok(count)
}
