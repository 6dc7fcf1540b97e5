//! What the school's file holds of the roster before an import: the other side of the comparison.
//!
//! Must never: write.

use super::roster::Contact;
use crate::store::StoreError;
use crate::store::columns::{DateCol, HalfCol};
use chrono::{Days, NaiveDate};
use rusqlite::{Connection, OptionalExtension};
use shared::calendar::{Half, SessionKey};
use shared::id::{ClassId, PupilId, StaffId};
use std::collections::{BTreeMap, BTreeSet};

/// A class as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassRow {
    /// Its id.
    pub id: ClassId,
    /// Its id in the directory.
    pub source_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its year group.
    pub year: String,
    /// Its place.
    pub sort: i64,
    /// Its last day.
    pub ended_on: Option<NaiveDate>,
}

/// A pupil as they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the columns of the table, by their names
pub struct PupilRow {
    pub id: PupilId,
    pub source_id: Option<String>,
    pub upn: Option<String>,
    pub first: String,
    pub last: String,
    pub legal_first: Option<String>,
    pub legal_last: Option<String>,
    pub born_on: Option<NaiveDate>,
    pub sex: Option<String>,
    pub fsm: bool,
    pub pupil_premium: bool,
    pub send: Option<String>,
    pub looked_after: bool,
    pub social_worker: bool,
    pub ehcp: bool,
}

/// Time on roll, both days included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enrolment {
    /// First day.
    pub joined: NaiveDate,
    /// Last day.
    pub left: Option<NaiveDate>,
}

/// Time in a class, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The class.
    pub class: ClassId,
    /// First day.
    pub from: NaiveDate,
    /// `Pm`: from noon of that day.
    pub from_half: Half,
    /// Last day.
    pub until: Option<NaiveDate>,
    /// `Am`: until noon of that day.
    pub until_half: Half,
}

/// A member of staff as they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the columns of the table, by their names
pub struct StaffRow {
    pub id: StaffId,
    pub source_id: Option<String>,
    pub name: String,
    pub position: String,
    pub ended_on: Option<NaiveDate>,
}

/// The roster as it stands.
#[derive(Debug, Default)]
#[allow(missing_docs)] // the tables, by their names
pub struct Held {
    pub classes: Vec<ClassRow>,
    pub pupils: Vec<PupilRow>,
    pub enrolments: BTreeMap<PupilId, Vec<Enrolment>>,
    pub members: BTreeMap<PupilId, Vec<Member>>,
    pub contacts: BTreeMap<PupilId, Vec<Contact>>,
    pub staff: Vec<StaffRow>,
    pub teaching: BTreeSet<(StaffId, ClassId)>,
    /// The last session up to today in which each pupil has a mark, where it is not long ago.
    pub last_mark: BTreeMap<PupilId, (NaiveDate, Half)>,
    /// The class into which the office moved a pupil last, and the first session there.
    pub by_hand: BTreeMap<PupilId, (ClassId, SessionKey)>,
    /// Rejects of the last import: file, line, reason.
    pub rejects: Vec<(String, u32, String)>,
}

/// How far back marks matter for the day on which somebody leaves or moves.
const MARKS_DAYS: u64 = 120;

fn date(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Option<NaiveDate>> {
    Ok(row.get::<_, Option<DateCol>>(at)?.map(|d| d.0))
}

impl Held {
    /// Reads the roster.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(c: &Connection, today: NaiveDate) -> Result<Self, StoreError> {
        let mut held = Self::default();
        let mut q = c.prepare("SELECT id, source_id, name, year, sort, ended_on FROM class ORDER BY id")?;
        let rows = q.query_map([], |r| {
            Ok(ClassRow {
                id: ClassId::from_bytes(r.get(0)?),
                source_id: r.get(1)?,
                name: r.get(2)?,
                year: r.get(3)?,
                sort: r.get(4)?,
                ended_on: date(r, 5)?,
            })
        })?;
        held.classes = rows.collect::<Result<_, _>>()?;
        let mut q = c.prepare(
            "SELECT id, source_id, upn, first, last, legal_first, legal_last, born_on, sex, fsm, pupil_premium, send,
                    looked_after, social_worker, ehcp FROM pupil ORDER BY id",
        )?;
        let rows = q.query_map([], |r| {
            Ok(PupilRow {
                id: PupilId::from_bytes(r.get(0)?),
                source_id: r.get(1)?,
                upn: r.get(2)?,
                first: r.get(3)?,
                last: r.get(4)?,
                legal_first: r.get(5)?,
                legal_last: r.get(6)?,
                born_on: date(r, 7)?,
                sex: r.get(8)?,
                fsm: r.get(9)?,
                pupil_premium: r.get(10)?,
                send: r.get(11)?,
                looked_after: r.get(12)?,
                social_worker: r.get(13)?,
                ehcp: r.get(14)?,
            })
        })?;
        held.pupils = rows.collect::<Result<_, _>>()?;
        let mut q = c.prepare("SELECT pupil, joined_on, left_on FROM enrolment ORDER BY pupil, joined_on")?;
        let mut rows = q.query([])?;
        while let Some(r) = rows.next()? {
            let joined = r.get::<_, DateCol>(1)?.0;
            held.enrolments
                .entry(PupilId::from_bytes(r.get(0)?))
                .or_default()
                .push(Enrolment { joined, left: date(r, 2)? });
        }
        let mut q = c.prepare(
            "SELECT pupil, class, from_on, from_half, until_on, until_half FROM membership ORDER BY pupil, from_on, from_half",
        )?;
        let mut rows = q.query([])?;
        while let Some(r) = rows.next()? {
            held.members.entry(PupilId::from_bytes(r.get(0)?)).or_default().push(Member {
                class: ClassId::from_bytes(r.get(1)?),
                from: r.get::<_, DateCol>(2)?.0,
                from_half: r.get::<_, HalfCol>(3)?.0,
                until: date(r, 4)?,
                until_half: r.get::<_, HalfCol>(5)?.0,
            });
        }
        let mut q =
            c.prepare("SELECT pupil, name, relation, telephone, source_id FROM contact ORDER BY pupil, rank")?;
        let mut rows = q.query([])?;
        while let Some(r) = rows.next()? {
            held.contacts.entry(PupilId::from_bytes(r.get(0)?)).or_default().push(Contact {
                name: r.get(1)?,
                relation: r.get(2)?,
                telephone: r.get(3)?,
                source_id: r.get(4)?,
            });
        }
        let mut q = c.prepare("SELECT id, source_id, name, position, ended_on FROM staff ORDER BY id")?;
        let rows = q.query_map([], |r| {
            Ok(StaffRow {
                id: StaffId::from_bytes(r.get(0)?),
                source_id: r.get(1)?,
                name: r.get(2)?,
                position: r.get(3)?,
                ended_on: date(r, 4)?,
            })
        })?;
        held.staff = rows.collect::<Result<_, _>>()?;
        let mut q = c.prepare("SELECT staff, class FROM staff_class")?;
        let mut rows = q.query([])?;
        while let Some(r) = rows.next()? {
            held.teaching.insert((StaffId::from_bytes(r.get(0)?), ClassId::from_bytes(r.get(1)?)));
        }
        let since = today.checked_sub_days(Days::new(MARKS_DAYS)).unwrap_or(today);
        let mut q = c.prepare(
            "SELECT pupil, max(date || half) FROM mark WHERE date BETWEEN ?1 AND ?2 AND code IS NOT NULL GROUP BY pupil",
        )?;
        let mut rows = q.query([DateCol(since), DateCol(today)])?;
        while let Some(r) = rows.next()? {
            let last: String = r.get(1)?;
            let (day, half) = last.split_at_checked(10).unwrap_or((&last, ""));
            if let Ok(day) = day.parse() {
                let half = if half == "pm" { Half::Pm } else { Half::Am };
                held.last_mark.insert(PupilId::from_bytes(r.get(0)?), (day, half));
            }
        }
        let mut q = c.prepare(
            "SELECT a.pupil, json_extract(f.body, '$.act.change.class'), json_extract(f.body, '$.act.change.from')
             FROM pupil_act a JOIN fact f ON f.log = a.log AND f.seq = a.seq
             WHERE a.kind = 'moved' AND f.body IS NOT NULL ORDER BY a.at, a.log, a.seq",
        )?;
        let mut rows = q.query([])?;
        while let Some(r) = rows.next()? {
            let (class, from): (String, String) = (r.get(1)?, r.get(2)?);
            if let (Ok(class), Ok(from)) = (class.parse(), from.parse()) {
                held.by_hand.insert(PupilId::from_bytes(r.get(0)?), (class, from)); // the last one counts
            }
        }
        let mut q = c.prepare("SELECT file, line, reason FROM import_reject ORDER BY id")?;
        let rows = q.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
        held.rejects = rows.collect::<Result<_, _>>()?;
        Ok(held)
    }
}

/// A setting's value.
///
/// # Errors
/// When the file cannot be read.
pub fn setting(c: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    Ok(c.query_row("SELECT value FROM setting WHERE name = ?1", [name], |r| r.get(0)).optional()?)
}
