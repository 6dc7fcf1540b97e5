//! Entries as the pages show them: what stood, what stands, why, when, and who (the five parts of P6).
//!
//! Must never: leave one of the five out.

use super::sheet::{Stands, Told};
use super::words;
use crate::error::Error;
use crate::store::StoreError;
use crate::store::columns::{CodeCol, DateCol, HalfCol};
use chrono::NaiveDate;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};
use shared::calendar::{Calendar, SessionKey};
use shared::codes::Code;
use shared::id::{ClassId, PupilId};
use shared::time::Millis;

/// One state of an entry, ready to show.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The code before; a word if none stood.
    pub original: String,
    /// The code from then on; a word if blank.
    pub amended: String,
    /// Its meaning, minutes and detail.
    pub meaning: String,
    /// Why.
    pub reason: String,
    /// When it was made.
    pub made: String,
    /// Who made it: name.
    pub name: String,
    /// Who made it: position.
    pub position: String,
    /// An amendment of an entry that stood, not the first.
    pub change: bool,
    /// Stands until a time is known.
    pub provisional: bool,
}

/// The columns that [`Entry::of`] reads, in order.
pub const COLUMNS: &str = "e.original, e.code, e.minutes, e.detail, e.reason, e.made_at, e.by_name, e.by_position, e.is_change, e.provisional";

impl Entry {
    /// From a row that begins with [`COLUMNS`] at `i`.
    ///
    /// # Errors
    /// When a column cannot be read.
    pub fn of(r: &Row<'_>, i: usize, calendar: &Calendar, today: NaiveDate) -> rusqlite::Result<Self> {
        let code: Option<CodeCol> = r.get(i + 1)?;
        let code = code.map(|c| c.0);
        let (made, change) = (Millis(r.get(i + 5)?), r.get(i + 8)?);
        Ok(Self {
            original: r.get::<_, Option<String>>(i)?.unwrap_or_else(|| "blank".to_owned()),
            amended: code.map_or_else(|| "blank".to_owned(), |c| c.to_string()),
            meaning: meaning(code, r.get(i + 2)?, r.get::<_, Option<String>>(i + 3)?.as_deref()),
            reason: r.get(i + 4)?,
            // The date is one of the five parts that an amendment keeps: it is shown even on the day itself (P6).
            made: if change { words::dated(calendar, made) } else { words::moment(calendar, made, today) },
            name: r.get(i + 6)?,
            position: r.get(i + 7)?,
            change,
            provisional: r.get(i + 9)?,
        })
    }
}

impl Entry {
    /// When it was made, where the reason does not say so already: "tapped present at 08:52" is enough, "arrived at 08:57" that
    /// came in at 09:40 says "entered 09:40". An amendment always has its date.
    #[must_use]
    pub fn entered(&self) -> Option<String> {
        if self.change {
            Some(self.made.clone())
        } else if self.reason.ends_with(&format!(" {}", self.made)) {
            None
        } else {
            Some(format!("entered {}", self.made))
        }
    }
}

/// "late, before the register closed · 12 minutes · the dentist"
#[must_use]
pub fn meaning(code: Option<Code>, minutes: Option<u16>, detail: Option<&str>) -> String {
    let mut parts = Vec::new();
    parts.extend(code.map(|c| c.meaning().to_owned()));
    parts.extend(minutes.map(|m| words::count(usize::from(m), "minute", "minutes")));
    parts.extend(detail.filter(|d| !d.is_empty()).map(str::to_owned));
    parts.join(" · ")
}

/// A pupil in a session.
#[derive(Debug, Clone)]
pub struct Pupil {
    /// The pupil.
    pub id: PupilId,
    /// First name and surname.
    pub name: String,
    /// The class of this session.
    pub class: ClassId,
    /// Its name.
    pub class_name: String,
}

/// The pupil, if they have a place in this session: a class, or a mark.
///
/// # Errors
/// [`Error::NotFound`], also for a pupil of another school.
pub fn pupil(c: &Connection, id: PupilId, session: SessionKey) -> Result<Option<Pupil>, StoreError> {
    let mut statement = c.prepare_cached(
        "SELECT p.first || ' ' || p.last, c.id, c.name FROM pupil p JOIN class c ON c.id = coalesce(
            (SELECT m.class FROM membership m WHERE m.pupil = p.id AND (m.from_on, m.from_half) <= (:date, :half)
               AND (m.until_on IS NULL OR (:date, :half) <= (m.until_on, m.until_half)) LIMIT 1),
            (SELECT k.class FROM mark k WHERE k.date = :date AND k.half = :half AND k.pupil = p.id))
         WHERE p.id = :pupil",
    )?;
    let found = statement
        .query_row(
            named_params! {":date": DateCol(session.date), ":half": HalfCol(session.half), ":pupil": id.as_bytes()},
            |r| Ok(Pupil { id, name: r.get(0)?, class: ClassId::from_bytes(r.get(1)?), class_name: r.get(2)? }),
        )
        .optional()?;
    Ok(found)
}

/// What stands now.
#[derive(Debug, Clone)]
pub struct Standing {
    /// How the pupil stands.
    pub stands: Stands,
    /// "I" or "blank".
    pub text: String,
    /// Meaning, minutes.
    pub meaning: String,
}

/// What stands now of a pupil and session.
///
/// # Errors
/// When the file cannot be read.
pub fn standing(c: &Connection, id: PupilId, session: SessionKey) -> Result<Standing, StoreError> {
    let mut statement = c.prepare_cached(
        "SELECT k.code, k.minutes, k.tapped, e.detail FROM mark k LEFT JOIN entry e ON e.id = k.entry
         WHERE k.date = ?1 AND k.half = ?2 AND k.pupil = ?3",
    )?;
    let row = statement
        .query_row(params![DateCol(session.date), HalfCol(session.half), id.as_bytes()], |r| {
            let code = r.get::<_, Option<CodeCol>>(0)?.map(|c| c.0);
            let tapped: Option<String> = r.get(2)?;
            Ok((code, r.get(1)?, tapped, r.get::<_, Option<String>>(3)?))
        })
        .optional()?;
    let (code, minutes, tapped, detail) = row.unwrap_or_default();
    let told = Told { code, tapped_absent: tapped.as_deref() == Some("absent"), planned: false };
    let stands = Stands::of(told);
    let meaning = match code {
        Some(_) => meaning(code, minutes, detail.as_deref()),
        None if told.tapped_absent => "marked absent by the teacher; N when the register closes".to_owned(),
        None => "no entry yet".to_owned(),
    };
    Ok(Standing { stands, text: code.map_or_else(|| "blank".to_owned(), |c| c.to_string()), meaning })
}

/// Every state of an entry, oldest first.
///
/// # Errors
/// When the file cannot be read.
pub fn history(
    c: &Connection,
    id: PupilId,
    session: SessionKey,
    calendar: &Calendar,
) -> Result<Vec<Entry>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM entry e WHERE e.date = ?1 AND e.half = ?2 AND e.pupil = ?3 ORDER BY e.id");
    let mut statement = c.prepare_cached(&sql)?;
    let rows = statement.query_map(params![DateCol(session.date), HalfCol(session.half), id.as_bytes()], |r| {
        Entry::of(r, 0, calendar, session.date)
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Not found, as a page says it.
///
/// # Errors
/// [`Error::NotFound`] for none.
pub fn found<T>(thing: Option<T>) -> Result<T, Error> {
    thing.ok_or(Error::NotFound)
}
