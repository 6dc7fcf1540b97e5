//! A pupil's year as a register book: a row a week, two strokes a day, and what they add up to.
//!
//! Must never: count a session outside the pupil's time on roll.

use crate::office::sheet::{Stands, Told};
use crate::office::words;
use crate::store::StoreError;
use crate::store::columns::{CodeCol, DateCol, HalfCol};
use chrono::{Datelike, Days, NaiveDate};
use rusqlite::{Connection, params};
use shared::attendance::{Counts, shown};
use shared::calendar::{Calendar, Half, SessionKey};
use shared::codes::Code;
use shared::id::{ClassId, PupilId};

/// A school year, from 1 September.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Year(pub i32);

impl Year {
    /// The one that a date lies in.
    #[must_use]
    pub fn of(date: NaiveDate) -> Self {
        Self(if date.month() >= 9 { date.year() } else { date.year() - 1 })
    }
    /// First and last day.
    #[must_use]
    pub fn days(self) -> Option<(NaiveDate, NaiveDate)> {
        Some((NaiveDate::from_ymd_opt(self.0, 9, 1)?, NaiveDate::from_ymd_opt(self.0 + 1, 8, 31)?))
    }
    /// "2026/27"
    #[must_use]
    pub fn words(self) -> String {
        format!("{}/{:02}", self.0, (self.0 + 1).rem_euclid(100))
    }
}

/// A term of the book.
pub struct Part {
    /// Its name.
    pub name: String,
    /// Its weeks.
    pub weeks: Vec<Week>,
}

/// A row.
pub struct Week {
    /// "2 Nov"
    pub name: String,
    /// Monday to Friday, morning and afternoon.
    pub cells: Vec<Cell>,
}

/// One session.
#[derive(Default)]
pub struct Cell {
    /// The code; empty where nothing stands.
    pub code: String,
    /// Class of its colour.
    pub colour: &'static str,
    /// "Monday 2 November, morning: illness"
    pub words: String,
    /// Where its history is, if it is worth a look.
    pub href: Option<String>,
    /// There is no such session, or the pupil is not on roll.
    pub none: bool,
    /// The first cell of a day.
    pub am: bool,
}

/// The year and its sums.
pub struct Book {
    /// Term by term.
    pub parts: Vec<Part>,
    /// "94.1%", or a dash.
    pub attendance: String,
    /// Sessions that could have been attended.
    pub possible: u64,
    /// Missed with leave.
    pub authorised: u64,
    /// Missed without.
    pub unauthorised: u64,
    /// Late.
    pub late: u64,
    /// Still without a reason.
    pub unexplained: u64,
    /// A tenth or more missed, or half.
    pub concern: &'static str,
}

/// Reads a pupil's year up to a day.
///
/// # Errors
/// When the file cannot be read.
pub fn read(
    c: &Connection,
    calendar: &Calendar,
    pupil: PupilId,
    year: Year,
    today: NaiveDate,
) -> Result<Book, StoreError> {
    let mut counts = Counts::default();
    let mut parts = Vec::new();
    let (first, last) = year.days().unwrap_or((today, today));
    let mut mark = c.prepare_cached(
        "SELECT k.code, k.tapped, k.class, (SELECT count(*) FROM entry e WHERE e.date = k.date AND e.half = k.half AND e.pupil = k.pupil
                                            AND e.is_change = 1)
         FROM mark k WHERE k.date = ?1 AND k.half = ?2 AND k.pupil = ?3",
    )?;
    for term in calendar.terms().iter().filter(|t| t.dates.from <= last && t.dates.until >= first) {
        let mut weeks = Vec::new();
        let mut monday = term.dates.from - Days::new(u64::from(term.dates.from.weekday().num_days_from_monday()));
        while monday <= term.dates.until.min(today) {
            let mut week = Week { name: monday.format("%-d %b").to_string(), cells: Vec::new() };
            for day in (0..5).filter_map(|n| monday.checked_add_days(Days::new(n))) {
                for half in [Half::Am, Half::Pm] {
                    let session = SessionKey { date: day, half };
                    let held = term.dates.holds(day) && day <= today && calendar.times(session).is_some();
                    let mut cell = Cell { none: !held, am: half == Half::Am, ..Cell::default() };
                    if !held
                        && day <= today
                        && let Some(closed) = calendar.draft().closures.iter().find(|c| c.dates.holds(day))
                    {
                        cell.code = "#".to_owned();
                        cell.colour = "quiet";
                        cell.words = format!("{}: {}", words::day(day), closed.why);
                    }
                    if held {
                        let mut rows = mark.query(params![DateCol(day), HalfCol(half), pupil.as_bytes()])?;
                        if let Some(r) = rows.next()? {
                            let code = r.get::<_, Option<CodeCol>>(0)?.map(|code| code.0);
                            let absent = r.get::<_, Option<String>>(1)?.as_deref() == Some("absent");
                            let (class, changed) = (ClassId::from_bytes(r.get(2)?), r.get::<_, i64>(3)? > 0);
                            counts.extend(code);
                            let stands = Stands::of(Told { code, tapped_absent: absent, planned: false });
                            fill(&mut cell, session, code, stands);
                            if changed || stands != Stands::Here {
                                cell.href = Some(format!("/register/{class}/{session}#p{pupil}"));
                            }
                            if changed {
                                cell.words = format!("{}, amended", cell.words);
                            }
                        }
                    }
                    week.cells.push(cell);
                }
            }
            if week.cells.iter().any(|cell| !cell.none) {
                weeks.push(week);
            }
            monday = monday + Days::new(7);
        }
        if !weeks.is_empty() {
            parts.push(Part { name: term.name.clone(), weeks });
        }
    }
    Ok(Book {
        parts,
        attendance: shown(counts.attendance()),
        possible: counts.possible(),
        authorised: counts.authorised(),
        unauthorised: counts.unauthorised(),
        late: counts.late(),
        unexplained: counts.of(Code::N),
        concern: match (counts.is_severe(), counts.is_persistent()) {
            (true, _) => "Severe absence: half or more missed",
            (false, true) => "Persistent absence: a tenth or more missed",
            (false, false) => "",
        },
    })
}

fn fill(cell: &mut Cell, session: SessionKey, code: Option<Code>, stands: Stands) {
    cell.code = code.map(|c| c.to_string()).unwrap_or_default();
    cell.colour = stands.colour();
    let meaning = code.map_or(stands.word(), |c| c.meaning());
    cell.words = format!("{}: {meaning}", words::session(session));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_year_begins_in_september() {
        let date = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        assert_eq!(Year::of(date(2026, 9, 1)), Year(2026));
        assert_eq!(Year::of(date(2027, 8, 31)), Year(2026));
        assert_eq!(Year(2026).words(), "2026/27");
        assert_eq!(Year(1999).words(), "1999/00");
    }
}
