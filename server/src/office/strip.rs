//! The five-day strip: the last school days of a pupil as strokes of the register book.
//!
//! Must never: show a code; it has three signs and a dash.

use super::sheet::{Stands, Told};
use crate::store::StoreError;
use crate::store::columns::{CodeCol, DateCol, HalfCol};
use chrono::NaiveDate;
use rusqlite::{Connection, params};
use shared::calendar::{Calendar, Half, SessionKey};
use shared::id::{ClassId, PupilId};
use std::collections::HashMap;

/// Days on a strip.
pub const DAYS: usize = 5;

/// One stroke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stroke {
    /// Class of its colour.
    pub colour: &'static str,
    /// SVG path data in a box of 10 by 14, shifted by its half.
    pub path: &'static str,
}

/// One day: morning and afternoon, which make a small roof when both are there.
#[derive(Debug, Clone, Default)]
pub struct Roof {
    /// The strokes.
    pub strokes: Vec<Stroke>,
    /// In words, for those who do not see it.
    pub words: String,
}

/// A strip of days, oldest first.
pub type Strip = Vec<Roof>;

/// The strips of a class's pupils for the school days before a date.
///
/// # Errors
/// When the file cannot be read.
pub fn of_class(
    c: &Connection,
    calendar: &Calendar,
    class: ClassId,
    before: NaiveDate,
) -> Result<HashMap<PupilId, Strip>, StoreError> {
    let days = days_before(calendar, before);
    let (Some(first), Some(last)) = (days.first().copied(), days.last().copied()) else { return Ok(HashMap::new()) };
    let mut statement = c.prepare_cached(
        "SELECT k.pupil, k.date, k.half, k.code FROM mark k
         WHERE k.date BETWEEN ?2 AND ?3 AND k.class = ?1 AND k.code IS NOT NULL",
    )?;
    let rows = statement.query_map(params![class.as_bytes(), DateCol(first), DateCol(last)], |r| {
        let date: DateCol = r.get(1)?;
        let half: HalfCol = r.get(2)?;
        let code: CodeCol = r.get(3)?;
        Ok((PupilId::from_bytes(r.get(0)?), SessionKey { date: date.0, half: half.0 }, code.0))
    })?;
    let mut strips: HashMap<PupilId, Strip> = HashMap::new();
    for row in rows {
        let (pupil, session, code) = row?;
        let Some(place) = days.iter().position(|day| *day == session.date) else { continue };
        let strip = strips.entry(pupil).or_insert_with(|| vec![Roof::default(); days.len()]);
        let stands = Stands::of(Told { code: Some(code), ..Told::default() });
        let roof = &mut strip[place];
        roof.strokes.push(stroke(stands, session.half));
        let half = if session.half == Half::Am { "am" } else { "pm" };
        roof.words = format!("{} {} {half} {}", roof.words, session.date.format("%a"), stands.word()).trim().to_owned();
    }
    Ok(strips)
}

fn days_before(calendar: &Calendar, before: NaiveDate) -> Vec<NaiveDate> {
    let from = before - chrono::Days::new(60);
    let Some(until) = before.pred_opt() else { return Vec::new() };
    let mut days: Vec<NaiveDate> = calendar.sessions(from, until).map(|key| key.date).collect();
    days.dedup();
    days.split_off(days.len().saturating_sub(DAYS))
}

const fn stroke(stands: Stands, half: Half) -> Stroke {
    let path = match (stands, half) {
        (Stands::Here, Half::Am) => "M3 12 9 2",
        (Stands::Here, Half::Pm) => "M11 2 17 12",
        (Stands::Late, Half::Am) => "M4 2V12H8",
        (Stands::Late, Half::Pm) => "M12 2V12H16",
        (Stands::Known | Stands::Unknown, Half::Am) => "M6 5a3 3 0 1 0 .01 0Z",
        (Stands::Known | Stands::Unknown, Half::Pm) => "M14 5a3 3 0 1 0 .01 0Z",
        (_, Half::Am) => "M4 7H8",
        (_, Half::Pm) => "M12 7H16",
    };
    Stroke { colour: stands.colour(), path }
}
