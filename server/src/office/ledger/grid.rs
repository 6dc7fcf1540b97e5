//! The cells of the ledger: a class's week, or a pupil's weeks.
//!
//! Must never: offer a session that has not begun, or one in which the pupil is on no roll.

use crate::office::sheet::{Stands, Told};
use crate::office::words;
use crate::record;
use crate::store::StoreError;
use crate::store::columns::{CodeCol, DateCol, HalfCol};
use chrono::{Datelike as _, Days, NaiveDate};
use rusqlite::{Connection, OptionalExtension as _, params};
use shared::calendar::{Calendar, Half, SessionKey};
use shared::id::{ClassId, PupilId};
use shared::time::Millis;
use std::collections::BTreeSet;

/// A row.
pub struct Row {
    /// The pupil's name, or the week.
    pub name: String,
    /// Morning and afternoon, day by day.
    pub cells: Vec<Option<Cell>>,
}

/// A session that can be amended.
pub struct Cell {
    /// The pupil.
    pub pupil: PupilId,
    /// The session.
    pub session: SessionKey,
    /// What stands; empty if nothing does.
    pub code: String,
    /// Class of its colour.
    pub colour: &'static str,
    /// "Noah Varley, Monday 23 November, morning, now I"
    pub label: String,
}

/// The Monday of a date's week.
#[must_use]
pub fn monday(date: NaiveDate) -> NaiveDate {
    date - Days::new(u64::from(date.weekday().num_days_from_monday()))
}

/// The days of a week with sessions that have begun, or none at all; Monday to Friday, and a weekend day with school.
#[must_use]
pub fn days(calendar: &Calendar, monday: NaiveDate) -> Vec<NaiveDate> {
    let week = (0..7).filter_map(|n| monday.checked_add_days(Days::new(n)));
    week.filter(|day| day.weekday().num_days_from_monday() < 5 || calendar.is_school_day(*day)).collect()
}

/// A class's week: everybody who is on its roll in any session of it.
///
/// # Errors
/// When the file cannot be read.
pub fn of_class(
    c: &Connection,
    calendar: &Calendar,
    class: ClassId,
    days: &[NaiveDate],
    now: Millis,
) -> Result<Vec<Row>, StoreError> {
    let mut pupils: BTreeSet<(String, String, PupilId)> = BTreeSet::new();
    let mut name = c.prepare_cached("SELECT last, first FROM pupil WHERE id = ?1")?;
    for day in days {
        for session in calendar.sessions(*day, *day) {
            for pupil in record::on_roll(c, class, session)? {
                let (last, first) = name.query_row([pupil.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))?;
                pupils.insert((last, first, pupil));
            }
        }
    }
    let mut rows = Vec::with_capacity(pupils.len());
    for (last, first, pupil) in pupils {
        let name = format!("{first} {last}");
        let cells = cells(c, calendar, (pupil, &name, Some(class)), days, now)?;
        rows.push(Row { name, cells });
    }
    Ok(rows)
}

/// A pupil's weeks, from one Monday to another.
///
/// # Errors
/// When the file cannot be read.
pub fn of_pupil(
    c: &Connection,
    calendar: &Calendar,
    (pupil, name): (PupilId, &str),
    mondays: impl Iterator<Item = NaiveDate>,
    now: Millis,
) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::new();
    for monday in mondays {
        let five: Vec<NaiveDate> = (0..5).filter_map(|n| monday.checked_add_days(Days::new(n))).collect();
        let cells = cells(c, calendar, (pupil, name, None), &five, now)?;
        if cells.iter().any(Option::is_some) {
            rows.push(Row { name: format!("week of {}", monday.format("%-d %b %Y")), cells });
        }
    }
    Ok(rows)
}

fn cells(
    c: &Connection,
    calendar: &Calendar,
    (pupil, name, class): (PupilId, &str, Option<ClassId>),
    days: &[NaiveDate],
    now: Millis,
) -> Result<Vec<Option<Cell>>, StoreError> {
    let mut cells = Vec::with_capacity(days.len() * 2);
    let mut mark = c.prepare_cached("SELECT code, tapped FROM mark WHERE date = ?1 AND half = ?2 AND pupil = ?3")?;
    for date in days {
        for half in [Half::Am, Half::Pm] {
            let session = SessionKey { date: *date, half };
            let begun = calendar.times(session).is_some_and(|times| times.opens <= now);
            let place = if begun { record::class_in(c, pupil, session)? } else { None };
            let listed = place.is_some_and(|place| class.is_none_or(|class| class == place));
            if !listed {
                cells.push(None);
                continue;
            }
            let row = mark
                .query_row(params![DateCol(*date), HalfCol(half), pupil.as_bytes()], |r| {
                    Ok((r.get::<_, Option<CodeCol>>(0)?, r.get::<_, Option<String>>(1)?))
                })
                .optional()?;
            let (code, tapped) = row.unwrap_or_default();
            let code = code.map(|code| code.0);
            let told = Told { code, tapped_absent: tapped.as_deref() == Some("absent"), planned: false };
            let text = code.map(|code| code.to_string()).unwrap_or_default();
            let now = if text.is_empty() { "no entry" } else { text.as_str() };
            cells.push(Some(Cell {
                pupil,
                session,
                label: format!("{name}, {}, now {now}", words::session(session)),
                code: text,
                colour: Stands::of(told).colour(),
            }));
        }
    }
    Ok(cells)
}
