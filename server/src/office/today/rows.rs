//! What the Today page reads: a handful of indexed queries, whatever the number of classes and pupils.
//!
//! Must never: query once per class or pupil, or decide what to show.

use crate::feed;
use crate::health::OFFLINE_MS;
use crate::office::sheet::{Stands, Told};
use crate::store::StoreError;
use crate::store::columns::{CodeCol, DateCol, HalfCol, json};
use chrono::NaiveDate;
use rusqlite::{Connection, named_params};
use shared::calendar::SessionKey;
use shared::id::{ClassId, PupilId, StaffId};
use shared::register::QuestionKey;
use shared::time::Millis;
use shared::wire::v1::Way;
use std::collections::{HashMap, HashSet};

/// A class with the state of its register.
#[derive(Debug, Clone)]
pub struct ClassRow {
    /// The class.
    pub id: ClassId,
    /// Its name.
    pub name: String,
    /// Whoever teaches it.
    pub teachers: String,
    /// When the first tap happened.
    pub first_mark: Option<Millis>,
    /// When it was submitted, as resolved.
    pub submitted: Option<Millis>,
    /// By whom.
    pub submitted_by: Option<String>,
    /// When the server had the submission.
    pub received: Option<Millis>,
    /// When it was closed.
    pub closed: Option<Millis>,
    /// Wholly covered by plans.
    pub planned: bool,
    /// Taken over from an earlier system, which did not say when it was submitted.
    pub earlier: bool,
    /// Rooms of the kiosks that take this register.
    pub rooms: String,
    /// Kiosks that take this register.
    pub kiosks: usize,
    /// When the server last heard of any of them, if all are offline.
    pub offline: Option<Millis>,
}

/// A pupil on this session's roll.
#[derive(Debug, Clone)]
pub struct PupilRow {
    /// The pupil.
    pub id: PupilId,
    /// Of which class in this session.
    pub class: ClassId,
    /// First name and surname.
    pub name: String,
    /// How they stand.
    pub stands: Stands,
    /// Went home, and is not back.
    pub out: bool,
    /// Has an EHC plan.
    pub ehcp: bool,
    /// Has a social worker or is looked after.
    pub social_worker: bool,
    /// Whom to call first: relation, name, telephone. Read only for those who are missing without a reason.
    pub contact: Option<(String, String, String)>,
}

/// A question with the names it is about.
#[derive(Debug, Clone)]
pub struct QuestionRow {
    /// Its key.
    pub key: QuestionKey,
    /// Cannot wait.
    pub urgent: bool,
    /// The class it is about, or the pupil's.
    pub class: Option<String>,
    /// The pupil it is about.
    pub pupil: Option<String>,
    /// What the teacher said, with their name.
    pub said: Vec<String>,
}

/// All of it, of one session.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// Classes in order.
    pub classes: Vec<ClassRow>,
    /// Pupils, by surname.
    pub pupils: Vec<PupilRow>,
    /// Open questions up to this date, urgent ones first.
    pub questions: Vec<QuestionRow>,
    /// Kiosks that are offline, by room, and when they were heard of last: reception too.
    pub offline: Vec<(String, Millis)>,
}

impl Rows {
    /// Keeps what is of these classes. Questions and kiosks are the office's.
    pub fn keep(&mut self, classes: &[ClassId]) {
        self.classes.retain(|class| classes.contains(&class.id));
        self.pupils.retain(|pupil| classes.contains(&pupil.class));
        self.questions.clear();
        self.offline.clear();
    }
}

/// The classes of a member of staff; of nobody, none.
///
/// # Errors
/// When the file cannot be read.
pub fn classes_of(c: &Connection, staff: Option<StaffId>) -> Result<Vec<ClassId>, StoreError> {
    let Some(staff) = staff else { return Ok(Vec::new()) };
    let mut statement = c.prepare_cached(
        "SELECT sc.class FROM staff_class sc JOIN staff s ON s.id = sc.staff WHERE s.id = ?1 AND s.ended_on IS NULL",
    )?;
    let rows = statement.query_map([staff.as_bytes()], |r| Ok(ClassId::from_bytes(r.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Reads it.
///
/// # Errors
/// When the file cannot be read.
pub fn read(c: &Connection, session: SessionKey, now: Millis) -> Result<Rows, StoreError> {
    let silent = now.plus(-OFFLINE_MS);
    let passages = feed::passages(c, session.date, None)?;
    let mut pupils = pupils(c, session)?;
    for pupil in &mut pupils {
        pupil.out = passages.get(&pupil.id).is_some_and(|row| row.way == Way::Out);
    }
    Ok(Rows {
        classes: classes(c, session, silent)?,
        pupils,
        questions: questions(c, session.date)?,
        offline: offline(c, silent)?,
    })
}

fn classes(c: &Connection, session: SessionKey, silent: Millis) -> Result<Vec<ClassRow>, StoreError> {
    let mut statement = c.prepare_cached(
        "SELECT c.id, c.name,
                (SELECT group_concat(s.name, ', ') FROM staff_class sc JOIN staff s ON s.id = sc.staff
                  WHERE sc.class = c.id AND s.ended_on IS NULL),
                r.first_mark_at, r.submitted_at, r.submitted_by, r.received_at, r.closed_at, r.state = 'planned',
                count(k.id), total(k.seen_at < :silent), max(k.seen_at), r.state = 'submitted' AND r.submitted_at IS NULL, group_concat(k.room, ', ')
         FROM class c
         LEFT JOIN register r ON r.date = :date AND r.half = :half AND r.class = c.id
         LEFT JOIN kiosk_class kc ON kc.class = c.id
         LEFT JOIN kiosk k ON k.id = kc.kiosk AND k.revoked_at IS NULL
         WHERE c.ended_on IS NULL OR c.ended_on >= :date
         GROUP BY c.id ORDER BY c.sort, c.name",
    )?;
    let rows = statement.query_map(
        named_params! {":date": DateCol(session.date), ":half": HalfCol(session.half), ":silent": silent.0},
        |r| {
            let kiosks: usize = r.get(9)?;
            // total() is a float: it counts true ones, and is 0.0 where there is nothing to count.
            let all_silent = kiosks > 0 && r.get::<_, f64>(10)? >= kiosks as f64;
            let millis = |i| r.get::<_, Option<i64>>(i).map(|at| at.map(Millis));
            Ok(ClassRow {
                id: ClassId::from_bytes(r.get(0)?),
                name: r.get(1)?,
                teachers: r.get::<_, Option<String>>(2)?.unwrap_or_default(),
                first_mark: millis(3)?,
                submitted: millis(4)?,
                submitted_by: r.get(5)?,
                received: millis(6)?,
                closed: millis(7)?,
                planned: r.get::<_, Option<bool>>(8)?.unwrap_or_default(),
                earlier: r.get::<_, Option<bool>>(12)?.unwrap_or_default(),
                rooms: r.get::<_, Option<String>>(13)?.unwrap_or_default(),
                kiosks,
                offline: if all_silent { millis(11)? } else { None },
            })
        },
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What one session says of pupils. Each table is read once, in its own order: half the time of looking up each pupil
/// in each of them.
#[derive(Default)]
struct Of {
    marks: HashMap<PupilId, Told>,
    planned: HashSet<PupilId>,
    contacts: HashMap<PupilId, (String, String, String)>,
}

fn of(c: &Connection, session: SessionKey) -> Result<Of, StoreError> {
    let at = (DateCol(session.date), HalfCol(session.half));
    let mut of = Of::default();
    let mut found = c.prepare_cached("SELECT pupil, code, tapped FROM mark WHERE date = ?1 AND half = ?2")?;
    let mut rows = found.query(at)?;
    while let Some(r) = rows.next()? {
        let code = r.get::<_, Option<CodeCol>>(1)?.map(|c| c.0);
        let tapped_absent = r.get_ref(2)?.as_str_or_null()?.is_some_and(|t| t == "absent");
        of.marks.insert(PupilId::from_bytes(r.get(0)?), Told { code, tapped_absent, planned: false });
    }
    let mut found = c.prepare_cached(
        "SELECT pupil FROM plan WHERE until_on >= ?1 AND withdrawn_at IS NULL
           AND (from_on, from_half) <= (?1, ?2) AND (?1, ?2) <= (until_on, until_half)",
    )?;
    for pupil in found.query_map(at, |r| r.get(0).map(PupilId::from_bytes))? {
        of.planned.insert(pupil?);
    }
    // Only those can be missing without a reason who have a mark: see [`Stands::of`].
    let mut found = c.prepare_cached(
        "SELECT t.pupil, t.relation, t.name, t.telephone FROM mark k JOIN contact t ON t.pupil = k.pupil AND t.rank = 1
         WHERE k.date = ?1 AND k.half = ?2 AND (k.code = 'N' OR k.tapped = 'absent')",
    )?;
    for row in found.query_map(at, |r| Ok((PupilId::from_bytes(r.get(0)?), (r.get(1)?, r.get(2)?, r.get(3)?))))? {
        let (pupil, contact) = row?;
        of.contacts.insert(pupil, contact);
    }
    Ok(of)
}

fn pupils(c: &Connection, session: SessionKey) -> Result<Vec<PupilRow>, StoreError> {
    let of = of(c, session)?;
    // A half is compared as text: 'am' comes before 'pm'. From pupils to their classes: both lie in the order of ids.
    let mut statement = c.prepare_cached(
        "SELECT p.id, m.class, p.first, p.last, p.ehcp, p.social_worker OR p.looked_after
         FROM pupil p CROSS JOIN membership m ON m.pupil = p.id
         WHERE (m.from_on, m.from_half) <= (:date, :half)
           AND (m.until_on IS NULL OR (:date, :half) <= (m.until_on, m.until_half))
           AND EXISTS (SELECT 1 FROM enrolment e WHERE e.pupil = m.pupil AND e.joined_on <= :date
                         AND (e.left_on IS NULL OR e.left_on >= :date))
         ORDER BY p.last, p.first",
    )?;
    let rows =
        statement.query_map(named_params! {":date": DateCol(session.date), ":half": HalfCol(session.half)}, |r| {
            let id = PupilId::from_bytes(r.get(0)?);
            let told = of.marks.get(&id).copied().unwrap_or_default();
            let stands = Stands::of(Told { planned: of.planned.contains(&id), ..told });
            Ok(PupilRow {
                id,
                class: ClassId::from_bytes(r.get(1)?),
                name: format!("{} {}", r.get_ref(2)?.as_str()?, r.get_ref(3)?.as_str()?),
                stands,
                out: false,
                ehcp: r.get(4)?,
                social_worker: r.get(5)?,
                contact: of.contacts.get(&id).filter(|_| stands == Stands::Unknown).cloned(),
            })
        })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn questions(c: &Connection, until: NaiveDate) -> Result<Vec<QuestionRow>, StoreError> {
    let mut statement = c.prepare_cached(
        "SELECT q.key, q.urgent, p.first || ' ' || p.last,
                coalesce(c.name, (SELECT c2.name FROM mark k JOIN class c2 ON c2.id = k.class
                                   WHERE k.date = q.date AND k.half = q.half AND k.pupil = q.pupil))
         FROM question q LEFT JOIN pupil p ON p.id = q.pupil LEFT JOIN class c ON c.id = q.class
         WHERE q.date <= ?1 ORDER BY q.urgent DESC, q.date DESC, q.opened_at, q.key LIMIT 200",
    )?;
    let rows =
        statement.query_map([DateCol(until)], |r| Ok((r.get::<_, String>(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))?;
    rows.map(|row| {
        let (key, urgent, pupil, class) = row?;
        let key: QuestionKey = json(&key, "a question")?;
        let said = super::super::said::said(c, &key)?;
        Ok(QuestionRow { key, urgent, class, pupil, said })
    })
    .collect()
}

fn offline(c: &Connection, silent: Millis) -> Result<Vec<(String, Millis)>, StoreError> {
    let mut statement =
        c.prepare_cached("SELECT room, seen_at FROM kiosk WHERE revoked_at IS NULL AND seen_at < ?1 ORDER BY room")?;
    let rows = statement.query_map([silent.0], |r| Ok((r.get(0)?, Millis(r.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
