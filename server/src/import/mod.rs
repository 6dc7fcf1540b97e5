//! A roster comes in: read (files), parse (what they say), plan (what changes), write. See docs/IMPORT.md.
//!
//! Must never: store a password column, write anything on a dry run, or write what stands already.

pub mod changes;
pub mod held;
mod manifest;
mod new_ids;
pub mod oneroster;
pub mod people;
pub mod plan;
pub mod read;
pub mod reject;
pub mod report;
pub mod roster;
pub mod spreadsheet;
mod table;
mod value;

pub use new_ids::NewIds;

use crate::clock::Now;
use crate::store::{StoreError, WriteTx};
use crate::{feed, record};
use chrono::{NaiveDate, NaiveDateTime};
use held::Held;
use plan::Plan;
use read::NamedFile;
use reject::Reject;
use report::{Need, Report};
use roster::{Choice, Classes, Roster, Standard};
use rusqlite::{Connection, params};
use shared::act::{Act, Officer};
use shared::text::Name;
use shared::time::Millis;
use std::collections::BTreeSet;

/// Setting: the classes chosen as registration groups, JSON of [`Kept`], so that next week's export needs no choice.
const CLASSES_SETTING: &str = "import.classes";
/// Setting: the school chosen among several in the export.
const SCHOOL_SETTING: &str = "import.school";
/// An import that would take away more pupils than this, and more than half of the roll, asks first.
const MANY_LEAVERS: u32 = 20;

/// A choice of classes as it is kept.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Kept {
    /// Ids in the directory.
    Ids(Vec<String>),
    /// `all` or `homerooms`.
    Word(String),
}

/// What a person asks of an import.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Which classes register; `None`: as chosen last time, else those called homeroom.
    pub classes: Option<Classes>,
    /// Which school of the export; `None`: as chosen last time, else the one of the same name.
    pub school: Option<String>,
    /// More than half of the pupils may leave.
    pub many_leavers: bool,
    /// The file counts, also against what the office moved by hand.
    pub undo_moves: bool,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The files could not be read.
    #[error(transparent)]
    Read(#[from] read::ReadError),
    /// They are no roster.
    #[error(transparent)]
    Unusable(#[from] oneroster::Unusable),
    /// pupils.csv cannot be read; the first reject says why.
    #[error("pupils.csv: {0}")]
    Sheet(String),
    /// Neither kind of file.
    #[error("no roster in it: expected users.csv, classes.csv and enrollments.csv of OneRoster, or pupils.csv")]
    NoRoster,
    /// An accident of the store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An import that was looked at: what it would do. Nothing is written yet.
#[derive(Debug)]
pub struct Looked {
    /// For people and programs.
    pub report: Report,
    plan: Plan,
    before: Vec<(String, u32, String)>,
    rejects: Vec<Reject>,
    remember: Vec<(&'static str, String)>,
    source: Name,
}

/// Files of a roster, understood.
///
/// # Errors
/// [`ImportError`] when there is no roster in them.
pub fn parse(files: &[NamedFile], choice: &Choice, rejects: &mut Vec<Reject>) -> Result<Roster, ImportError> {
    let has = |name: &str| files.iter().any(|f| f.name.eq_ignore_ascii_case(name));
    if has("users.csv") || has("manifest.csv") || has("enrollments.csv") {
        return Ok(oneroster::parse(files, choice, rejects)?);
    }
    let sheet = files.iter().find(|f| f.name.eq_ignore_ascii_case(spreadsheet::NAME)).or(match files {
        [only] => Some(only), // "pupils (2).csv" is what a second download is called
        _ => None,
    });
    let sheet = sheet.ok_or(ImportError::NoRoster)?;
    spreadsheet::parse(sheet, rejects).ok_or_else(|| {
        ImportError::Sheet(rejects.last().map_or_else(|| "it cannot be read".into(), |r| r.reason.to_string()))
    })
}

/// Looks at files: what would change. Reads only.
///
/// # Errors
/// [`ImportError`], in words for whoever chose the file.
pub fn look(
    c: &Connection,
    files: &[NamedFile],
    request: &Request,
    today: NaiveDate,
    ids: plan::Ids<'_>,
) -> Result<Looked, ImportError> {
    let mut rejects = Vec::new();
    let kept = held::setting(c, CLASSES_SETTING)?.and_then(|text| serde_json::from_str(&text).ok());
    let kept = match kept {
        Some(Kept::Ids(ids)) => Classes::Named(ids),
        Some(Kept::Word(word)) => Classes::from_words(&word),
        None => Classes::Homerooms,
    };
    let classes = request.classes.clone().unwrap_or(kept);
    let school = match &request.school {
        Some(school) => Some(school.clone()),
        None => held::setting(c, SCHOOL_SETTING)?,
    };
    let own_name = held::setting(c, "name")?;
    let choice = Choice { classes, school, own_name };
    let roster = parse(files, &choice, &mut rejects)?;
    let mut held = Held::read(c, today)?;
    if request.undo_moves {
        held.by_hand.clear();
    }
    let plan = plan::plan(&roster, &held, today, ids, &mut rejects);
    rejects.sort();
    rejects.dedup();
    let needs = needs(&roster, &plan, &choice, request);
    let report = Report::new(&roster, &plan, &rejects, needs);
    let source = Name::new(&match &roster.system {
        Some(system) => format!("{} ({})", system.chars().take(50).collect::<String>(), roster.standard.name()),
        None => roster.standard.name().to_owned(),
    })
    .unwrap_or_default();
    let remember = remember(&roster, request);
    Ok(Looked { report, plan, before: held.rejects, rejects, remember, source })
}

/// What a person must choose first.
fn needs(roster: &Roster, plan: &Plan, choice: &Choice, request: &Request) -> Vec<Need> {
    let mut needs = Vec::new();
    if !roster.schools.is_empty() || roster.no_such_school {
        needs.push(Need::School { offered: roster.schools.clone() });
    }
    let offered = || roster.other_classes.iter().map(|c| (c.source_id.clone(), c.name.clone(), c.pupils)).collect();
    let asked = !matches!(choice.classes, Classes::Homerooms) && request.classes.is_some();
    if asked && !roster.no_such_class.is_empty() {
        needs.push(Need::KnownClasses { unknown: roster.no_such_class.clone(), offered: offered() });
    } else if roster.standard != Standard::Spreadsheet
        && roster.classes.iter().all(|c| c.gone)
        && (roster.classes_full || plan.classes == 0)
    {
        needs.push(Need::Classes { offered: offered() });
    }
    let leavers = plan.changes.tally.leavers;
    if leavers > MANY_LEAVERS && leavers * 2 > plan.on_roll_before && !request.many_leavers {
        needs.push(Need::ManyLeavers { leavers, on_roll: plan.on_roll_before });
    }
    needs
}

/// A choice that was made is kept for the next import.
fn remember(roster: &Roster, request: &Request) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    match &request.classes {
        Some(Classes::Homerooms) => all.push((CLASSES_SETTING, "\"homerooms\"".to_owned())),
        Some(Classes::All) => all.push((CLASSES_SETTING, "\"all\"".to_owned())),
        Some(Classes::Named(_)) => {
            let ids: BTreeSet<&str> = roster.classes.iter().filter_map(|c| c.source_id.as_deref()).collect();
            if let Ok(text) = serde_json::to_string(&ids) {
                all.push((CLASSES_SETTING, text));
            }
        }
        None => {}
    }
    if let Some(school) = request.school.as_ref().filter(|_| !roster.no_such_school) {
        all.push((SCHOOL_SETTING, school.clone()));
    }
    all
}

impl Looked {
    /// Writes what was found, as one act of the school's log. True when something changed; the same file a second time
    /// writes nothing. An import that needs a person's choice is refused.
    ///
    /// # Errors
    /// An accident of the store, or [`StoreError::Refused`] with what must be chosen.
    pub fn write(&self, tx: &WriteTx<'_>, now: Now, by: &Officer) -> Result<bool, StoreError> {
        if let Some(need) = self.report.needs.first() {
            return Err(StoreError::Refused(need.to_string()));
        }
        for (name, value) in &self.remember {
            if held::setting(tx, name)?.as_ref() != Some(value) {
                tx.execute(
                    "INSERT INTO setting(name, value) VALUES (?1, ?2) ON CONFLICT(name) DO UPDATE SET value = ?2",
                    params![name, value],
                )?;
            }
        }
        changes::keep_rejects(tx, &self.rejects, &self.before, now.at.0)?;
        if self.plan.changes.is_empty() {
            return Ok(false);
        }
        self.plan.changes.write(tx)?;
        let act = Act::Imported { source: self.source.clone(), pupils: self.plan.on_roll, classes: self.plan.classes };
        record::act(tx, now, by, act)?;
        feed::refresh_roster(tx, now)?;
        Ok(true)
    }
}

/// Looks and writes in one transaction: nothing can come between.
///
/// # Errors
/// [`StoreError`]; what a person must choose first comes back in the report, with nothing written.
pub fn run(
    tx: &WriteTx<'_>,
    files: &[NamedFile],
    request: &Request,
    now: Now,
    by: &Officer,
    ids: plan::Ids<'_>,
) -> Result<Result<Report, ImportError>, StoreError> {
    let mut looked = match look(tx, files, request, today(tx, now.at)?, ids) {
        Ok(looked) => looked,
        Err(ImportError::Store(error)) => return Err(error),
        Err(other) => return Ok(Err(other)),
    };
    if looked.report.needs.is_empty() {
        looked.report.changed = looked.write(tx, now, by)?;
        looked.report.written = true;
    }
    Ok(Ok(looked.report))
}

/// The date at the school.
///
/// # Errors
/// When the file cannot be read.
pub fn today(c: &Connection, at: Millis) -> Result<NaiveDate, StoreError> {
    use rusqlite::OptionalExtension;
    let body: Option<String> =
        c.query_row("SELECT body FROM calendar ORDER BY id DESC LIMIT 1", [], |r| r.get(0)).optional()?;
    if let Some(body) = body {
        let calendar: shared::calendar::Calendar = crate::store::columns::json(&body, "the calendar")?;
        return Ok(calendar.date_of(at));
    }
    // Without a calendar yet: British local time differs from UTC by an hour at most, and so does this date.
    let local: Option<NaiveDateTime> = chrono::DateTime::from_timestamp_millis(at.0).map(|t| t.naive_utc());
    Ok(local.map(|t| t.date()).unwrap_or_default())
}

#[cfg(test)]
mod tests;
