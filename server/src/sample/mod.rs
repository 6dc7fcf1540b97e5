//! A sample primary school, the same for the same seed: the demonstration and the tests begin with it.
//!
//! Must never: be mixed into a real school's file, or let its roster in by any other door than the importer.

mod before;
mod export;
pub mod history;
mod made;
mod names;
mod outfit;
mod people;
pub(crate) mod rng;
#[cfg(test)]
mod tests;

pub use made::{Class, Made, Planned, Pupil, Staff, User};

use crate::clock::Now;
use crate::import::read::{self, NamedFile};
use crate::import::{self, ImportError, Request};
use crate::store::columns::DateCol;
use crate::store::{School, StoreError, Stores};
use crate::{feed, school};
use chrono::{Datelike, NaiveDate, NaiveTime};
use export::Year;
use people::{Size, TWO_FORMS};
use rng::Rng;
use shared::act::Officer;
use shared::calendar::Calendar;
use shared::id::{ClassId, PupilId, StaffId};
use shared::text::Name;
use std::collections::BTreeMap;
use std::path::Path;

/// What to make.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The school's short name.
    pub slug: String,
    /// Decides everything.
    pub seed: u64,
    /// The day of the demonstration: history ends the day before.
    pub date: NaiveDate,
    /// Whether to write history (it takes seconds).
    pub history: bool,
    /// So many years of it, of everybody who is here now; 0: two terms. For measuring: a minute a year.
    pub years: u8,
}

/// Why there is no sample.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The importer.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The importer wants a choice, or refused rows: a fault of this program.
    #[error("the sample's own roster was not taken whole:\n{0}")]
    NotWhole(String),
    /// No calendar for the date.
    #[error("there is no sample calendar for {0}")]
    NoCalendar(NaiveDate),
    /// A PIN or password could not be hashed.
    #[error("could not be hashed: {0}")]
    Hash(String),
    /// A file of the export could not be written.
    #[error("the sample's export could not be written: {0}")]
    Export(String),
}

/// The sample school's name.
pub const NAME: &str = "Elm Park Primary School";

/// Makes the school: settings, roster (through the importer), cards, PINs, accounts, history, plans.
///
/// # Errors
/// [`SampleError`].
pub fn create(stores: &Stores, wish: &Wish) -> Result<Made, SampleError> {
    let year_start = year_of(wish.date);
    let calendar = Calendar::sample_years(year_start, wish.years.saturating_add(1).max(2));
    let calendar = calendar.ok_or(SampleError::NoCalendar(wish.date))?;
    let root = Rng::new(wish.seed);
    let officer = officer("Mrs Bright", "office manager")?;
    let at = calendar.instant(wish.date.and_time(NaiveTime::MIN) + chrono::Duration::hours(6));
    let now = Now { at, sure: true };
    let set_by = format!("Mrs Bright, office manager, {}", wish.date);
    let school = school::add(stores, &wish.slug, NAME, &calendar, &set_by)?;
    let (this, last) = (year(&calendar, year_start), year(&calendar, year_start - 1));
    let people = people::people(wish.seed, TWO_FORMS, year_start, |start| {
        year(&calendar, start).map_or_else(|| people::september(start), |y| y.first)
    });
    let this = this.ok_or(SampleError::NoCalendar(wish.date))?;
    let files = export::files(&people, NAME, this, last).map_err(|e| SampleError::Export(e.to_string()))?;
    take_in(&school, stores.dir(), &wish.slug, files, now, &officer, root.part("ids"))?;
    let (classes, mut pupils) = (classes(&school)?, pupils(&school, wish.date)?);
    let mut staff = staff(&school)?;
    outfit::extras(&school, &people, &mut pupils, &mut staff, &root, now)?;
    let users = outfit::users(stores, school.id(), &staff, &root, now)?;
    let (history_from, history_marks) = match wish.history {
        true => before::write_history(&school, &calendar, (wish.date, wish.years), now, &officer, &root)?,
        false => (None, 0),
    };
    let planned = before::plan(&school, &calendar, wish.date, &pupils, now, &officer, &root)?;
    school.write_now(move |tx| feed::refresh_roster(tx, now))?;
    Ok(Made {
        school: school.id(),
        slug: wish.slug.clone(),
        name: NAME.to_owned(),
        seed: wish.seed,
        date: wish.date,
        users,
        staff,
        classes,
        pupils,
        planned,
        history_from,
        history_marks,
    })
}

/// A school's files of any size, for measuring: `streams` classes a year of 28 to 30 pupils.
///
/// # Errors
/// Never in memory; the writer's own words.
pub fn large_export(seed: u64, streams: usize, year_start: i32) -> Result<Vec<NamedFile>, SampleError> {
    let size = Size { streams, least: 28, most: 31 };
    let people = people::people(seed, size, year_start, people::september);
    let this =
        Year { first: people::september(year_start), last: people::september(year_start + 1) - chrono::Days::new(42) };
    export::files(&people, NAME, this, None).map_err(|e| SampleError::Export(e.to_string()))
}

/// The year in which the school year of a date begins.
fn year_of(date: NaiveDate) -> i32 {
    if date.month() >= 9 { date.year() } else { date.year() - 1 }
}

/// First and last day with pupils of a school year.
fn year(calendar: &Calendar, start: i32) -> Option<Year> {
    let (from, until) = (people::september(start), people::september(start + 1).pred_opt()?);
    let days: Vec<NaiveDate> = calendar.school_days(from, until).collect();
    Some(Year { first: *days.first()?, last: *days.last()? })
}

fn officer(name: &str, position: &str) -> Result<Officer, SampleError> {
    let text = |s| Name::new(s).map_err(|_| SampleError::Export("a name is too long".into()));
    Ok(Officer::Person { name: text(name)?, position: text(position)? })
}

/// The roster's way in: an export in a folder, read and imported as any school's is.
fn take_in(
    school: &School,
    dir: &Path,
    slug: &str,
    files: Vec<NamedFile>,
    now: Now,
    by: &Officer,
    mut ids: Rng,
) -> Result<(), SampleError> {
    let folder = dir.join("samples").join(slug);
    std::fs::create_dir_all(&folder).map_err(StoreError::file(&folder))?;
    for file in files {
        let path = folder.join(&file.name);
        std::fs::write(&path, &file.bytes).map_err(StoreError::file(&path))?;
    }
    let files = read::path(&folder).map_err(ImportError::from)?;
    let by = by.clone();
    let report =
        school.write_now(move |tx| import::run(tx, &files, &Request::default(), now, &by, &mut || ids.id()))??;
    if report.written && report.rejected == 0 { Ok(()) } else { Err(SampleError::NotWhole(report.words())) }
}

fn classes(school: &School) -> Result<Vec<Class>, StoreError> {
    school.read_now(|tx| {
        let mut q = tx.prepare(
            "SELECT c.id, c.name, c.year, (SELECT count(*) FROM membership m WHERE m.class = c.id AND m.until_on IS NULL)
             FROM class c ORDER BY c.sort, c.name",
        )?;
        let rows = q.query_map([], |r| {
            Ok(Class { id: ClassId::from_bytes(r.get(0)?), name: r.get(1)?, year: r.get(2)?, pupils: r.get(3)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    })
}

fn pupils(school: &School, date: NaiveDate) -> Result<Vec<Pupil>, StoreError> {
    school.read_now(|tx| {
        let mut q = tx.prepare(
            "SELECT p.id, m.class, p.first, p.last FROM pupil p JOIN membership m ON m.pupil = p.id
             JOIN class c ON c.id = m.class
             WHERE m.from_on <= ?1 AND (m.until_on IS NULL OR m.until_on >= ?1) ORDER BY c.sort, c.name, p.last, p.first, p.id",
        )?;
        let rows = q.query_map([DateCol(date)], |r| {
            let (id, class) = (PupilId::from_bytes(r.get(0)?), ClassId::from_bytes(r.get(1)?));
            Ok(Pupil { id, class, first: r.get(2)?, last: r.get(3)?, card: None })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    })
}

fn staff(school: &School) -> Result<Vec<Staff>, StoreError> {
    school.read_now(|tx| {
        let mut teaches: BTreeMap<[u8; 16], Vec<ClassId>> = BTreeMap::new();
        let mut q = tx.prepare("SELECT staff, class FROM staff_class")?;
        let mut rows = q.query([])?;
        while let Some(r) = rows.next()? {
            teaches.entry(r.get(0)?).or_default().push(ClassId::from_bytes(r.get(1)?));
        }
        let mut q = tx.prepare("SELECT id, name, position FROM staff ORDER BY source_id")?;
        let rows = q.query_map([], |r| {
            let id: [u8; 16] = r.get(0)?;
            let classes = teaches.remove(&id).unwrap_or_default();
            let (name, position) = (r.get(1)?, r.get(2)?);
            Ok(Staff { id: StaffId::from_bytes(id), name, position, pin: String::new(), card: None, classes })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    })
}
