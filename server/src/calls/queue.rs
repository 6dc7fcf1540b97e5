//! The families to call on a day, read from the register: whose children are absent without a reason, whom to call for them,
//! who was called already, and who is calling now.
//!
//! Must never: write, or name a family whose children's absence is explained.

use super::family::{Contact, of_one_family, related, together};
use super::order::{Needs, Place};
use crate::store::StoreError;
use crate::store::columns::{CodeCol, DateCol, HalfCol};
use chrono::NaiveDate;
use rusqlite::{Connection, named_params, params};
use shared::calendar::{Calendar, SessionKey};
use shared::call::{Outcome, Step, Tried, Whom, next, tell_social_worker};
use shared::codes::Code;
use shared::id::{ClassId, PupilId};
use shared::time::Millis;
use std::collections::BTreeMap;

/// School days back that count as "lately".
const LATELY: usize = 20;
/// Days in which they are looked for: past the summer.
const LOOK_BACK: u64 = 90;

/// A child who is absent, and nobody knows why.
#[derive(Debug, Clone)]
pub struct Missing {
    /// The pupil.
    pub id: PupilId,
    /// First name and surname.
    pub name: String,
    /// The class of that day.
    pub class: ClassId,
    /// Its name.
    pub class_name: String,
    /// When they were born.
    pub born: Option<NaiveDate>,
    /// What makes them vulnerable.
    pub needs: Needs,
    /// The day's sessions without a reason.
    pub sessions: Vec<SessionKey>,
    /// In school now, after all.
    pub here: bool,
    /// Sessions missed lately.
    pub missed: u32,
    /// Which school day of this absence it is, from 1.
    pub day: usize,
    /// The first day of it.
    pub since: NaiveDate,
    /// Whom to call, in order.
    pub contacts: Vec<Contact>,
}

/// A call that was made.
#[derive(Debug, Clone)]
pub struct Call {
    /// About whom.
    pub pupil: PupilId,
    /// Of which day.
    pub date: NaiveDate,
    /// When.
    pub at: Millis,
    /// Who was tried.
    pub whom: Whom,
    /// Their name.
    pub name: String,
    /// What came of it.
    pub outcome: Outcome,
    /// What was said.
    pub said: String,
    /// By whom.
    pub by: String,
}

/// Somebody is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Whose account.
    pub account: i64,
    /// Their name.
    pub name: String,
    /// Since when.
    pub since: Millis,
}

/// Children of one family, and where calling it stands.
#[derive(Debug, Clone)]
pub struct Family {
    /// The children, most at risk first.
    pub children: Vec<Missing>,
    /// Whom to call for them, in order.
    pub contacts: Vec<Contact>,
    /// The day's calls, oldest first, each once.
    pub calls: Vec<Call>,
    /// What comes next.
    pub step: Step,
    /// The social worker must be told.
    pub tell: bool,
    /// Who is calling.
    pub claim: Option<Claim>,
}

impl Family {
    /// Whether a pupil is one of them.
    #[must_use]
    pub fn has(&self, pupil: PupilId) -> bool {
        self.children.iter().any(|c| c.id == pupil)
    }
    /// The children and the first session of each that has no reason: what a call is about.
    #[must_use]
    pub fn about(&self) -> Vec<(PupilId, SessionKey)> {
        self.children.iter().filter_map(|c| Some((c.id, *c.sessions.first()?))).collect()
    }
    /// Whether all of them are in school now.
    #[must_use]
    pub fn here(&self) -> bool {
        self.children.iter().all(|c| c.here)
    }
    /// Whether somebody has something to do about it now.
    #[must_use]
    pub fn waits(&self) -> bool {
        !self.here() && !matches!(self.step, Step::Reason | Step::Tomorrow)
    }

    fn place(&self) -> Place {
        Place {
            step: self.step,
            here: self.here(),
            needs: self.children.iter().map(|c| c.needs.rank()).min().unwrap_or(u8::MAX),
            born: self.children.iter().filter_map(|c| c.born).max(),
            missed: self.children.iter().map(|c| c.missed).max().unwrap_or(0),
            name: self.children.first().map(|c| c.name.clone()).unwrap_or_default(),
        }
    }
}

/// The families to call about a day, those who come first first.
///
/// # Errors
/// When the file cannot be read.
pub fn queue(c: &Connection, calendar: &Calendar, date: NaiveDate, now: Millis) -> Result<Vec<Family>, StoreError> {
    let mut missing = missing(c, date)?;
    missing.sort_by_cached_key(|m| (m.needs.rank(), std::cmp::Reverse(m.born), m.name.clone()));
    let lately = lately(calendar, date);
    let mut calls: BTreeMap<PupilId, Vec<Call>> = BTreeMap::new();
    for call in calls_of(c, date)? {
        calls.entry(call.pupil).or_default().push(call);
    }
    let mut claims = claims(c, now)?;
    for one in &mut missing {
        one.contacts = contacts(c, one.id)?;
        one.here = came_in(c, calendar, one)?;
        history(c, &lately, one)?;
    }
    let children: Vec<_> = missing.iter().map(|m| (m.id, m.contacts.clone())).collect();
    let mut families: Vec<Family> = of_one_family(&children)
        .into_iter()
        .map(|of| {
            let children: Vec<Missing> = of.into_iter().map(|at| missing[at].clone()).collect();
            let contacts = together(children.iter().map(|m| m.contacts.as_slice()));
            // One call about several children is one call.
            let mut made: Vec<Call> = children.iter().flat_map(|m| calls.remove(&m.id).unwrap_or_default()).collect();
            made.sort_by_key(|call| call.at);
            made.dedup_by(|a, b| (a.at, a.whom, a.outcome, &a.name) == (b.at, b.whom, b.outcome, &b.name));
            let claim = children.iter().find_map(|m| claims.remove(&m.id));
            let names: Vec<&str> = contacts.iter().map(|c| c.name.as_str()).collect();
            let tried: Vec<Tried<'_>> =
                made.iter().map(|m| Tried { whom: m.whom, name: &m.name, outcome: m.outcome }).collect();
            let step = next(&names, &tried);
            let tell = tell_social_worker(children.iter().any(|m| m.needs.has_social_worker()), &tried);
            Family { step, tell, claim, children, contacts, calls: made }
        })
        .collect();
    families.sort_by_cached_key(|family| family.place().key());
    Ok(families)
}

/// Pupils whose mark is N, or whom the teacher has just marked absent with no reason known.
fn missing(c: &Connection, date: NaiveDate) -> Result<Vec<Missing>, StoreError> {
    let mut statement = c.prepare_cached(
        "SELECT k.pupil, k.half, p.first, p.last, k.class, s.name, p.born_on, p.looked_after, p.social_worker, p.ehcp,
                ifnull(p.send, 'none')
         FROM mark k JOIN pupil p ON p.id = k.pupil JOIN class s ON s.id = k.class
         WHERE k.date = ?1 AND (k.code = ?2 OR k.code IS NULL AND k.tapped = 'absent')
           AND NOT EXISTS (SELECT 1 FROM plan l WHERE k.code IS NULL AND l.pupil = k.pupil AND l.withdrawn_at IS NULL AND l.until_on >= ?1
                 AND (l.from_on, l.from_half) <= (k.date, k.half) AND (k.date, k.half) <= (l.until_on, l.until_half))
         ORDER BY k.half",
    )?;
    let mut rows = statement.query(params![DateCol(date), CodeCol(Code::N)])?;
    let mut found: BTreeMap<PupilId, Missing> = BTreeMap::new();
    while let Some(r) = rows.next()? {
        let id = PupilId::from_bytes(r.get(0)?);
        let session = SessionKey { date, half: r.get::<_, HalfCol>(1)?.0 };
        if let Some(known) = found.get_mut(&id) {
            known.sessions.push(session);
            continue;
        }
        let born: Option<String> = r.get(6)?;
        let send = r.get_ref(10)?.as_str().map_err(rusqlite::Error::from)?;
        let needs = Needs {
            looked_after: r.get(7)?,
            social_worker: r.get(8)?,
            ehcp: r.get(9)?,
            send: !matches!(send, "" | "none"),
        };
        let one = Missing {
            id,
            name: format!("{} {}", r.get::<_, String>(2)?, r.get::<_, String>(3)?),
            class: ClassId::from_bytes(r.get(4)?),
            class_name: r.get(5)?,
            born: born.and_then(|text| text.parse().ok()),
            needs,
            sessions: vec![session],
            here: false,
            missed: 0,
            day: 1,
            since: date,
            contacts: Vec::new(),
        };
        found.insert(id, one);
    }
    Ok(found.into_values().collect())
}

/// Whether a pupil was missing in the morning and is in school now.
fn came_in(c: &Connection, calendar: &Calendar, one: &Missing) -> Result<bool, StoreError> {
    let Some(last) = one.sessions.last() else { return Ok(false) };
    let mut mark = c.prepare_cached("SELECT code, went FROM mark WHERE date = ?1 AND half = ?2 AND pupil = ?3")?;
    for later in calendar.sessions(last.date, last.date).filter(|session| session > last) {
        let mut rows = mark.query(params![DateCol(later.date), HalfCol(later.half), one.id.as_bytes()])?;
        if let Some(r) = rows.next()? {
            let here = r.get::<_, Option<CodeCol>>(0)?.is_some_and(|code| code.0.is_attending() || code.0.late());
            return Ok(here && !r.get::<_, bool>(1)?);
        }
    }
    Ok(false)
}

/// The school days before a date, newest first.
fn lately(calendar: &Calendar, date: NaiveDate) -> Vec<Vec<SessionKey>> {
    (1..=LOOK_BACK)
        .filter_map(|n| date.checked_sub_days(chrono::Days::new(n)))
        .map(|day| calendar.sessions(day, day).collect::<Vec<_>>())
        .filter(|sessions| !sessions.is_empty())
        .take(LATELY)
        .collect()
}

/// What a pupil missed lately, and since when this absence goes on.
fn history(c: &Connection, lately: &[Vec<SessionKey>], one: &mut Missing) -> Result<(), StoreError> {
    let mut mark = c.prepare_cached("SELECT code FROM mark WHERE date = ?1 AND half = ?2 AND pupil = ?3")?;
    let mut on = true;
    for day in lately {
        let mut codes: Vec<Code> = Vec::new();
        for session in day {
            let mut rows = mark.query(params![DateCol(session.date), HalfCol(session.half), one.id.as_bytes()])?;
            if let Some(r) = rows.next()? {
                codes.extend(r.get::<_, Option<CodeCol>>(0)?.map(|code| code.0));
            }
        }
        one.missed += u32::try_from(codes.iter().filter(|code| code.is_absent()).count()).unwrap_or(0);
        on = on
            && codes.iter().any(|code| *code == Code::N || *code == Code::O)
            && !codes.iter().any(|c| c.is_attending());
        if let (true, Some(first)) = (on, day.first()) {
            one.day += 1;
            one.since = first.date;
        }
    }
    Ok(())
}

fn contacts(c: &Connection, pupil: PupilId) -> Result<Vec<Contact>, StoreError> {
    let mut statement =
        c.prepare_cached("SELECT relation, name, telephone FROM contact WHERE pupil = ?1 ORDER BY rank")?;
    let rows = statement.query_map([pupil.as_bytes()], |r| {
        Ok(Contact { relation: r.get(0)?, name: r.get(1)?, telephone: r.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const CALL: &str = "pupil, date, at, whom, ifnull(name, ''), outcome, ifnull(said, ''), by_name";

fn call(r: &rusqlite::Row<'_>) -> rusqlite::Result<Call> {
    let word = |i: usize| r.get::<_, String>(i);
    let unread = || rusqlite::Error::InvalidQuery;
    Ok(Call {
        pupil: PupilId::from_bytes(r.get(0)?),
        date: r.get::<_, DateCol>(1)?.0,
        at: Millis(r.get(2)?),
        whom: Whom::of(&word(3)?).ok_or_else(unread)?,
        name: r.get(4)?,
        outcome: Outcome::of(&word(5)?).ok_or_else(unread)?,
        said: r.get(6)?,
        by: r.get(7)?,
    })
}

/// Every call about a day, oldest first, one for each child.
///
/// # Errors
/// When the file cannot be read.
pub fn calls_of(c: &Connection, date: NaiveDate) -> Result<Vec<Call>, StoreError> {
    let mut statement = c.prepare_cached(&format!("SELECT {CALL} FROM call WHERE date = ?1 ORDER BY at, seq"))?;
    let rows = statement.query_map([DateCol(date)], call)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The calls about a pupil on the days before a date, newest first.
///
/// # Errors
/// When the file cannot be read.
pub fn before(c: &Connection, pupil: PupilId, date: NaiveDate, most: usize) -> Result<Vec<Call>, StoreError> {
    let sql = format!("SELECT {CALL} FROM call WHERE pupil = ?1 AND date < ?2 ORDER BY date DESC, at DESC LIMIT ?3");
    let mut statement = c.prepare_cached(&sql)?;
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![pupil.as_bytes(), DateCol(date), limit], call)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn claims(c: &Connection, now: Millis) -> Result<BTreeMap<PupilId, Claim>, StoreError> {
    let mut statement = c.prepare_cached("SELECT pupil, account, name, since FROM claim WHERE until > ?1")?;
    let rows = statement.query_map([now.0], |r| {
        let claim = Claim { account: r.get(1)?, name: r.get(2)?, since: Millis(r.get(3)?) };
        Ok((PupilId::from_bytes(r.get(0)?), claim))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Brothers and sisters on roll in a session, with their class: what one parent says is often about several.
///
/// # Errors
/// When the file cannot be read.
pub fn siblings(c: &Connection, pupil: PupilId, session: SessionKey) -> Result<Vec<(PupilId, String)>, StoreError> {
    let mut statement = c.prepare_cached(
        "SELECT m.pupil, p.first || ' ' || p.last || ', ' || s.name, t.relation, t.name, t.telephone
         FROM membership m JOIN pupil p ON p.id = m.pupil JOIN class s ON s.id = m.class
         JOIN contact t ON t.pupil = m.pupil
         WHERE (m.from_on, m.from_half) <= (:date, :half)
           AND (m.until_on IS NULL OR (:date, :half) <= (m.until_on, m.until_half))
           AND EXISTS (SELECT 1 FROM enrolment e WHERE e.pupil = m.pupil AND e.joined_on <= :date
                         AND (e.left_on IS NULL OR e.left_on >= :date))
         ORDER BY s.sort, p.last, p.first, m.pupil, t.rank",
    )?;
    let mut rows = statement.query(named_params! {":date": DateCol(session.date), ":half": HalfCol(session.half)})?;
    let mut all: Vec<(PupilId, String, Vec<Contact>)> = Vec::new();
    while let Some(r) = rows.next()? {
        let id = PupilId::from_bytes(r.get(0)?);
        let contact = Contact { relation: r.get(2)?, name: r.get(3)?, telephone: r.get(4)? };
        match all.last_mut().filter(|(last, _, _)| *last == id) {
            Some((_, _, contacts)) => contacts.push(contact),
            None => all.push((id, r.get(1)?, vec![contact])),
        }
    }
    let own = contacts(c, pupil)?;
    let siblings = all.into_iter().filter(|(id, _, contacts)| *id != pupil && related(&own, contacts));
    Ok(siblings.map(|(id, name, _)| (id, name)).collect())
}
