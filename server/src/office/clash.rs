//! What stands against a planned absence, and what would come of it: shown before anything is saved, on every form that plans.
//!
//! Must never: save anything, or let a form save over what its page did not show.

use super::{Fields, Shell, html_of, words};
use crate::error::Answer;
use crate::secret;
use crate::store::StoreError;
use crate::store::columns::{CodeCol, DateCol, HalfCol, session as session_col};
use askama::Template;
use rusqlite::{Connection, params};
use shared::calendar::{Calendar, SessionKey};
use shared::codes::Code;
use shared::id::{LeaveId, PupilId};

/// Marks of a pupil that are named; further ones are counted.
const MARKS: usize = 4;

/// A plan that somebody wants to make.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Its code.
    pub code: Code,
    /// The first and the last session of each stretch of it.
    pub all: &'a [(SessionKey, SessionKey)],
    /// The request for leave that it grants: that does not stand against itself.
    pub request: Option<LeaveId>,
}

/// Somebody, or something, against whom a form would save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Against {
    /// A pupil's name, or another heading.
    pub name: String,
    /// The pupils whom it names.
    pub pupils: Vec<PupilId>,
    /// What stands there, and what comes of it, a sentence each.
    pub lines: Vec<String>,
}

/// What stands against a plan of a pupil; empty: nothing.
///
/// # Errors
/// An accident of the store.
pub fn of(c: &Connection, calendar: &Calendar, pupil: PupilId, wanted: Wanted<'_>) -> Result<Vec<String>, StoreError> {
    let Wanted { code, all, .. } = wanted;
    let (Some((from, _)), Some((_, until))) = (all.first(), all.last()) else { return Ok(Vec::new()) };
    let mut lines = plans(c, pupil, wanted)?;
    lines.extend(requests(c, pupil, wanted)?);
    let mut mark = c.prepare_cached(
        "SELECT k.code, EXISTS (
            SELECT 1 FROM log l JOIN fact b ON b.log = l.id AND b.seq = e.basis_seq
            WHERE l.log = e.basis_log AND l.kiosk IS NULL AND b.body IS NOT NULL AND (json_extract(b.body, '$.act.kind') = 'history'
              OR json_extract(b.body, '$.act.kind') IN ('amended', 'settled') AND json_extract(b.body, '$.by.as') = 'person'))
         FROM mark k JOIN entry e ON e.id = k.entry WHERE k.date = ?1 AND k.half = ?2 AND k.pupil = ?3 AND k.code IS NOT NULL",
    )?;
    let (mut named, mut more) = (0, 0);
    for session in calendar.sessions(from.date, until.date).filter(|s| all.iter().any(|(a, b)| (*a..=*b).contains(s))) {
        let mut rows = mark.query(params![DateCol(session.date), HalfCol(session.half), pupil.as_bytes()])?;
        let Some(r) = rows.next()? else { continue };
        let (stands, written) = (r.get::<_, CodeCol>(0)?.0, r.get::<_, bool>(1)?);
        if stands == Code::N || stands == code {
            continue; // this is what a plan is for
        }
        if named == MARKS {
            more += 1;
            continue;
        }
        named += 1;
        let comes = if written {
            "it stays, for the office wrote it"
        } else if stands.is_attending() || stands.late() {
            "it stays, with a question"
        } else {
            "the new plan may replace it"
        };
        lines.push(format!("{stands} stands already: {}; {comes}", words::session(session)));
    }
    if more > 0 {
        lines.push(format!("and {} more that stand", words::count(more, "mark", "marks")));
    }
    Ok(lines)
}

/// Other plans of the same sessions: of several the newest counts, but for a site that closed.
fn plans(c: &Connection, pupil: PupilId, wanted: Wanted<'_>) -> Result<Vec<String>, StoreError> {
    let Wanted { code, all, .. } = wanted;
    let (Some((from, _)), Some((_, until))) = (all.first(), all.last()) else { return Ok(Vec::new()) };
    let mut found = c.prepare_cached(
        "SELECT from_on, from_half, until_on, until_half, code, detail FROM plan
         WHERE pupil = ?1 AND withdrawn_at IS NULL AND from_on <= ?3 AND until_on >= ?2 ORDER BY from_on, from_half, seq",
    )?;
    let mut rows = found.query(params![pupil.as_bytes(), DateCol(from.date), DateCol(until.date)])?;
    let mut out = Vec::new();
    while let Some(r) = rows.next()? {
        let (a, b) = (session_col(r, 0)?, session_col(r, 2)?);
        if !all.iter().any(|(from, until)| *from <= b && a <= *until) {
            continue;
        }
        let (old, detail) = (r.get::<_, CodeCol>(4)?.0, r.get::<_, Option<String>>(5)?);
        let comes = match code == Code::Y4 || old == Code::Y4 {
            true => "both are kept",
            false => "the new one counts where both hold",
        };
        let (what, when) = (words::planned(old, detail.as_deref()), words::stretch(a, b));
        out.push(format!("planned already: {what}, {when}; {comes}"));
    }
    Ok(out)
}

/// Leave that was asked for and is not decided.
fn requests(c: &Connection, pupil: PupilId, wanted: Wanted<'_>) -> Result<Vec<String>, StoreError> {
    let mut found = c.prepare_cached(
        "SELECT from_on, from_half, until_on, until_half FROM leave_request WHERE pupil = ?1 AND decided_at IS NULL
           AND id IS NOT ?2 ORDER BY from_on",
    )?;
    let rows = found.query_map(params![pupil.as_bytes(), wanted.request.map(|id| *id.as_bytes())], |r| {
        Ok((session_col(r, 0)?, session_col(r, 2)?))
    })?;
    let mut out = Vec::new();
    for row in rows {
        let (a, b) = row?;
        if wanted.all.iter().any(|(from, until)| *from <= b && a <= *until) {
            out.push(format!("leave is asked for: {}; the headteacher has not decided", words::stretch(a, b)));
        }
    }
    Ok(out)
}

/// What stands against a plan of several pupils; only those against whom something stands.
///
/// # Errors
/// An accident of the store.
pub fn of_each(
    c: &Connection,
    calendar: &Calendar,
    pupils: impl IntoIterator<Item = PupilId>,
    wanted: Wanted<'_>,
) -> Result<Vec<Against>, StoreError> {
    let mut out = Vec::new();
    for pupil in pupils {
        let lines = of(c, calendar, pupil, wanted)?;
        if !lines.is_empty() {
            let name = "SELECT first || ' ' || last FROM pupil WHERE id = ?1";
            let name = c.prepare_cached(name)?.query_row([pupil.as_bytes()], |r| r.get(0))?;
            out.push(Against { name, pupils: vec![pupil], lines });
        }
    }
    Ok(out)
}

/// What a form carries that showed these lines about one pupil; empty where it showed none.
#[must_use]
pub fn mark(lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let [a, b, c, d, ..] = secret::sha256(lines.join("\n").as_bytes());
    secret::hex(&[a, b, c, d])
}

/// What the form of a page that showed all this carries in its field `seen`.
fn mark_of(against: &[Against]) -> String {
    let mut text = String::new();
    for one in against {
        text.push_str(&one.name);
        for line in &one.lines {
            text.push('\n');
            text.push_str(line);
        }
        text.push('\0');
    }
    let [a, b, c, d, ..] = secret::sha256(text.as_bytes());
    secret::hex(&[a, b, c, d])
}

/// Whether the form may be saved: nothing stands against it, or its page showed all of it.
#[must_use]
pub fn shown(against: &[Against], seen: &str) -> bool {
    against.is_empty() || mark_of(against) == seen
}

/// The words of the page that shows it.
pub struct Asks {
    /// The page of the bar under which it stands.
    pub here: &'static str,
    /// What would be saved.
    pub what: String,
    /// When it holds.
    pub when: String,
    /// Where the form goes: the same address once more.
    pub action: String,
    /// Where somebody goes who leaves it.
    pub back: String,
    /// What the button says.
    pub save: &'static str,
}

#[derive(Template)]
#[template(path = "clash.html")]
struct ClashPage<'a> {
    shell: Shell,
    asks: Asks,
    against: Vec<Against>,
    carried: Vec<(&'a str, &'a str)>,
    seen: String,
}

/// The page: everything that the form brought is carried on, so that one press saves it.
///
/// # Errors
/// When the template fails.
pub fn page(actor: &crate::auth::Actor, fields: &Fields, against: Vec<Against>, asks: Asks) -> Answer {
    let shell = Shell::of(actor, asks.here);
    let carried = fields.each().filter(|(name, _)| !matches!(*name, "csrf" | "seen")).collect();
    let seen = mark_of(&against);
    let shown = against.iter().flat_map(|one| one.pupils.iter().copied()).collect();
    html_of(&ClashPage { shell, asks, against, carried, seen }, shown)
}
