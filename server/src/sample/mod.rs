//! A sample primary school, the same for the same seed: the demonstration and the tests begin with it.
//!
//! Must never: be mixed into a real school's file, or let its roster in by any other door than the importer.

mod export;
pub mod history;
mod names;
mod people;
mod rng;
#[cfg(test)]
mod tests;

use crate::clock::Now;
use crate::import::read::{self, NamedFile};
use crate::import::{self, ImportError, Request};
use crate::store::columns::DateCol;
use crate::store::{School, StoreError, Stores, WriteTx};
use crate::{feed, record, school, secret};
use argon2::Argon2;
use argon2::password_hash::PasswordHasher as _;
use chrono::{Datelike, NaiveDate, NaiveTime};
use export::Year;
use history::Stay;
use hmac::{Hmac, KeyInit, Mac};
use people::{People, Size, TWO_FORMS};
use rng::Rng;
use rusqlite::{Connection, params};
use serde::Serialize;
use sha2::Sha256;
use shared::act::{Act, Officer};
use shared::calendar::{Calendar, Day, Half, SessionKey};
use shared::id::{ClassId, PlanId, PupilId, SchoolId, StaffId};
use shared::text::{Name, Remark};
use std::collections::BTreeMap;
use std::path::Path;

/// Acts written in one transaction.
const CHUNK: usize = 400;

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

/// A person who may log in.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)] // each says itself
pub struct User {
    pub username: String,
    pub password: String,
    pub name: String,
    pub position: String,
    pub role: &'static str,
}
/// A member of staff, with what they carry and know.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)] // each says itself
pub struct Staff {
    pub id: StaffId,
    pub name: String,
    pub position: String,
    pub pin: String,
    pub card: Option<String>,
    pub classes: Vec<ClassId>,
}
/// A class.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)] // each says itself
pub struct Class {
    pub id: ClassId,
    pub name: String,
    pub year: String,
    pub pupils: u32,
}
/// A pupil, with the number of the card they carry.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)] // each says itself
pub struct Pupil {
    pub id: PupilId,
    pub class: ClassId,
    pub first: String,
    pub last: String,
    pub card: Option<String>,
}
/// An absence that is planned for the day.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)] // each says itself
pub struct Planned {
    pub pupil: PupilId,
    pub from: SessionKey,
    pub until: SessionKey,
    pub code: &'static str,
}

/// What was made: all that a demonstration needs. Passwords, PINs and card numbers are nowhere else.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)] // each says itself
pub struct Made {
    pub school: SchoolId,
    pub slug: String,
    pub name: String,
    pub seed: u64,
    pub date: NaiveDate,
    pub users: Vec<User>,
    pub staff: Vec<Staff>,
    pub classes: Vec<Class>,
    pub pupils: Vec<Pupil>,
    pub planned: Vec<Planned>,
    pub history_from: Option<NaiveDate>,
    pub history_marks: u64,
}

/// The sample school's name.
pub const NAME: &str = "Elm Park Primary School";

/// Makes the school: settings, roster (through the importer), cards, PINs, accounts, history, plans.
///
/// # Errors
/// [`SampleError`].
pub fn create(stores: &Stores, wish: &Wish) -> Result<Made, SampleError> {
    let year_start = year_of(wish.date);
    let calendar = Calendar::sample_primary(year_start).ok_or(SampleError::NoCalendar(wish.date))?;
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
    extras(&school, &people, &mut pupils, &mut staff, &root, now)?;
    let users = users(stores, school.id(), &staff, &root, now)?;
    let (history_from, history_marks) = match wish.history {
        true => write_history(&school, &calendar, wish.date, now, &officer, &root)?,
        false => (None, 0),
    };
    let planned = plan(&school, &calendar, wish.date, &pupils, now, &officer, &root)?;
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

/// What no directory holds: flags, cards, PINs.
fn extras(
    school: &School,
    people: &People,
    pupils: &mut [Pupil],
    staff: &mut [Staff],
    root: &Rng,
    now: Now,
) -> Result<(), SampleError> {
    let mut rng = root.part("cards");
    let mut number = 0;
    // Ten digits as readers of 125 kHz cards type them; no two alike.
    let mut card = |rng: &mut Rng| {
        number += 1;
        format!("{:010}", 3_000_000 + number * 1000 + rng.below(1000))
    };
    for pupil in pupils.iter_mut() {
        pupil.card = rng.per_mille(940).then(|| card(&mut rng));
    }
    let mut hashes = Vec::new();
    for person in staff.iter_mut() {
        let digits = 4 + rng.below(3);
        person.pin = (0..digits).map(|_| char::from(b'0' + u8::try_from(rng.below(10)).unwrap_or(0))).collect();
        person.card = rng.per_mille(850).then(|| card(&mut rng));
        let phc =
            Argon2::default().hash_password(person.pin.as_bytes()).map_err(|e| SampleError::Hash(e.to_string()))?;
        hashes.push((person.id, phc.to_string()));
    }
    let cards: Vec<(String, Option<PupilId>, Option<StaffId>)> = pupils
        .iter()
        .filter_map(|p| p.card.clone().map(|c| (c, Some(p.id), None)))
        .chain(staff.iter().filter_map(|s| s.card.clone().map(|c| (c, None, Some(s.id)))))
        .collect();
    let flags: Vec<(String, bool, bool, &'static str, bool, bool)> = people
        .children
        .iter()
        .map(|c| (c.source_id.clone(), c.fsm, c.premium, c.send, c.looked_after, c.social_worker))
        .collect();
    school.write_now(move |tx| {
        for (source, fsm, premium, send, looked_after, social_worker) in flags {
            tx.execute(
                "UPDATE pupil SET fsm = ?2, pupil_premium = ?3, send = ?4, looked_after = ?5, social_worker = ?6, ehcp = ?7 WHERE source_id = ?1",
                params![source, fsm, premium, send, looked_after, social_worker, send == "EHC plan"],
            )?;
        }
        for (staff, hash) in hashes {
            tx.execute("UPDATE staff SET pin_hash = ?2 WHERE id = ?1", params![staff.as_bytes(), hash])?;
        }
        let key = school::setting(tx, "card_key")?.and_then(|key| secret::unhex::<32>(&key)).ok_or(StoreError::Missing("card key"))?;
        for (digits, pupil, staff) in cards {
            tx.execute(
                "INSERT INTO card(hash, pupil, staff, bound_at) VALUES (?1, ?2, ?3, ?4)",
                params![keyed(&key, &digits)?, pupil.map(|p| *p.as_bytes()), staff.map(|s| *s.as_bytes()), now.at.0],
            )?;
        }
        Ok(())
    })?;
    Ok(())
}

fn keyed(key: &[u8; 32], digits: &str) -> Result<String, StoreError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| StoreError::Missing("card key"))?;
    mac.update(digits.as_bytes());
    Ok(secret::hex(&mac.finalize().into_bytes()))
}

fn users(stores: &Stores, school: SchoolId, staff: &[Staff], root: &Rng, now: Now) -> Result<Vec<User>, SampleError> {
    const WORDS: [&str; 16] = [
        "amber", "birch", "cobalt", "dapple", "ember", "fallow", "garnet", "heron", "indigo", "juniper", "kestrel",
        "linden", "marlin", "nettle", "osprey", "pepper",
    ];
    let mut rng = root.part("passwords");
    let named = |position: &str| {
        staff.iter().find(|s| s.position.starts_with(position)).map(|s| (s.name.clone(), s.position.clone()))
    };
    let own = |name: &str, position: &str| Some((name.to_owned(), position.to_owned()));
    let who = [
        ("office", "office", named("office manager")),
        ("attendance", "office", named("attendance officer")),
        ("champion", "champion", named("deputy headteacher")),
        ("head", "head", named("headteacher")),
        ("teacher", "teacher", named("class teacher")),
        ("committee", "committee", own("Canon Pryor", "Local School Committee member")),
        ("trust", "trust", own("Dr Ellwood", "trust attendance lead")),
        ("it", "it", own("Mr Dunmore", "IT staff")),
    ];
    let mut made = Vec::new();
    for (username, role, who) in who {
        let Some((name, position)) = who else { continue };
        let password = format!("{}-{}-{:04}", rng.pick(&WORDS), rng.pick(&WORDS), rng.below(10_000));
        let hash = crate::auth::password::hash(&password).map_err(|e| SampleError::Hash(e.to_string()))?;
        let user = User { username: username.to_owned(), password, name, position, role };
        stores.trust().write_now(|t| {
            let added = t.execute(
                "INSERT INTO account(school, username, name, position, role, password_hash, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(username) DO NOTHING",
                params![school.as_bytes(), user.username, user.name, user.position, user.role, hash, now.at.0],
            )?;
            if added == 0 {
                return Err(StoreError::Refused(format!("there is somebody with the user name {username} already")));
            }
            Ok(())
        })?;
        made.push(user);
    }
    Ok(made)
}

fn write_history(
    school: &School,
    calendar: &Calendar,
    date: NaiveDate,
    now: Now,
    by: &Officer,
    root: &Rng,
) -> Result<(Option<NaiveDate>, u64), SampleError> {
    let stays = school.read_now(|tx| stays(tx))?;
    let acts = history::acts(calendar, date, &stays, &root.part("history"))
        .map_err(|_| StoreError::Corrupt { what: "a code" })?;
    let mut marks = 0;
    let mut acts = acts.into_iter().peekable();
    while acts.peek().is_some() {
        let chunk: Vec<Act> = acts.by_ref().take(CHUNK).collect();
        let count = |act: &Act| if let Act::History { marks, .. } = act { marks.len() } else { 0 };
        marks += u64::try_from(chunk.iter().map(count).sum::<usize>()).unwrap_or(0);
        let by = by.clone();
        school.write_now(move |tx: &WriteTx<'_>| record::acts(tx, now, &by, chunk))?;
    }
    Ok((Some(history::first_day(calendar, date)), marks))
}

fn stays(c: &Connection) -> Result<Vec<Stay>, StoreError> {
    let mut q = c.prepare("SELECT pupil, class, from_on, until_on FROM membership ORDER BY class, pupil, from_on")?;
    let rows = q.query_map([], |r| {
        Ok(Stay {
            pupil: PupilId::from_bytes(r.get(0)?),
            class: ClassId::from_bytes(r.get(1)?),
            from: r.get::<_, DateCol>(2)?.0,
            until: r.get::<_, Option<DateCol>>(3)?.map(|d| d.0),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A few absences that the office knows of before the day begins.
fn plan(
    school: &School,
    calendar: &Calendar,
    date: NaiveDate,
    pupils: &[Pupil],
    now: Now,
    by: &Officer,
    root: &Rng,
) -> Result<Vec<Planned>, SampleError> {
    if !matches!(calendar.day(date), Day::School { .. }) || pupils.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: [(&'static str, Half, Half, &str); 9] = [
        ("M", Half::Am, Half::Am, "Dentist at 9.15, appointment card seen"),
        ("M", Half::Am, Half::Pm, "Hospital clinic, letter seen"),
        ("M", Half::Pm, Half::Pm, "Optician at 2, mother rang"),
        ("I", Half::Am, Half::Pm, "Father rang yesterday: a temperature, home for another day"),
        ("I", Half::Am, Half::Pm, "Mother rang: sickness, 48 hours at home"),
        ("I", Half::Am, Half::Pm, "Grandmother rang: chickenpox"),
        ("C", Half::Am, Half::Pm, "Family funeral, granted by the headteacher"),
        ("P", Half::Pm, Half::Pm, "Cross-country at the park, with Year 6 staff"),
        ("B", Half::Am, Half::Am, "Music examination at the hub"),
    ];
    let mut rng = root.part("plans");
    let mut used = std::collections::BTreeSet::new();
    let mut made = Vec::new();
    for (code, from, until, reason) in wanted {
        let mut at = rng.below(pupils.len());
        while !used.insert(at) {
            at = (at + 1) % pupils.len();
        }
        let session = |half| SessionKey { date, half };
        let planned = Planned { pupil: pupils[at].id, from: session(from), until: session(until), code };
        let reason = Remark::new(reason).map_err(|_| StoreError::Corrupt { what: "a reason" })?;
        let code = code.parse().map_err(|_| StoreError::Corrupt { what: "a code" })?;
        let detail = matches!(planned.code, "P" | "B").then(|| reason.clone());
        let act = Act::Planned {
            plan: PlanId::from_bytes(rng.id()),
            pupil: planned.pupil,
            from: planned.from,
            until: planned.until,
            code,
            detail,
            reason,
        };
        let by = by.clone();
        school.write_now(move |tx| record::act(tx, now, &by, act))?;
        made.push(planned);
    }
    Ok(made)
}
