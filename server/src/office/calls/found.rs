//! Whom the page of calls finds: a pupil by a part of the name, and the whole list as a file.
//!
//! Must never: find a pupil who is not on roll, or list more than the page shows.

use super::super::list::{Sheet, View};
use super::{child, contact_lines, next_words, waits};
use crate::calls;
use crate::clock::Now;
use crate::store::columns::{DateCol, HalfCol};
use crate::store::{ReadTx, StoreError};
use chrono::{Days, NaiveDate};
use rusqlite::named_params;
use shared::calendar::{Calendar, Half, SessionKey};
use shared::id::PupilId;

/// Pupils that a search shows at most.
const MOST: usize = 12;

/// Somebody whom a search found.
pub struct Hit {
    pub id: PupilId,
    pub name: String,
    pub class: String,
    pub href: String,
}

/// Pupils on roll today with this in their name; `href` says where each leads.
///
/// # Errors
/// An accident of the store.
pub fn hits(
    tx: &ReadTx<'_>,
    find: &str,
    now: Now,
    href: impl Fn(PupilId, SessionKey) -> String,
) -> Result<Vec<Hit>, StoreError> {
    let calendar = tx.calendar()?;
    let session = at_hand(&calendar, now);
    let mut statement = tx.prepare_cached(
        "SELECT p.id, p.first || ' ' || p.last, c.name FROM membership m JOIN pupil p ON p.id = m.pupil JOIN class c ON c.id = m.class
         WHERE (m.from_on, m.from_half) <= (:date, :half)
           AND (m.until_on IS NULL OR (:date, :half) <= (m.until_on, m.until_half))
           AND EXISTS (SELECT 1 FROM enrolment e WHERE e.pupil = p.id AND e.joined_on <= :date
                         AND (e.left_on IS NULL OR e.left_on >= :date))
         ORDER BY p.last, p.first, c.sort",
    )?;
    let day = DateCol(session.date);
    let half = HalfCol(session.half);
    let rows = statement.query_map(named_params! {":date": day, ":half": half}, |r| {
        Ok((PupilId::from_bytes(r.get(0)?), r.get::<_, String>(1)?, r.get::<_, String>(2)?))
    })?;
    // SQLite's LIKE knows no letters beyond A to Z: Zoë is found by "zoë" and "ZOË" only here.
    let wanted: Vec<String> = find.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let mut found = Vec::new();
    for row in rows {
        let (id, name, class) = row?;
        let lower = name.to_lowercase();
        if wanted.iter().all(|part| lower.contains(part.as_str())) {
            found.push(Hit { id, name, class, href: href(id, session) });
        }
        if found.len() == MOST {
            break;
        }
    }
    Ok(found)
}

/// The session that a call of a parent is about: the one under way or next today, else the first of the next school day.
fn at_hand(calendar: &Calendar, now: Now) -> SessionKey {
    let today = calendar.date_of(now.at);
    let next = || calendar.sessions(today + Days::new(1), today + Days::new(60)).next();
    calendar.under_way(now.at).or_else(next).unwrap_or(SessionKey { date: today, half: Half::Am })
}

/// The families to call as a file: a row for each child, in the order of calling.
pub(super) fn sheet(
    tx: &ReadTx<'_>,
    now: Now,
    date: Option<NaiveDate>,
    view: &View,
) -> Result<(Sheet, Vec<PupilId>), StoreError> {
    let calendar = tx.calendar()?;
    let date = date.unwrap_or_else(|| calendar.date_of(now.at));
    let families = if waits(tx, &calendar, date)? { Vec::new() } else { calls::queue(tx, &calendar, date, now.at)? };
    let (mut rows, mut shown) = (Vec::new(), Vec::new());
    for family in &families {
        let contacts: Vec<String> = contact_lines(&calendar, family, date)
            .into_iter()
            .map(|c| format!("{} {} {}", c.relation, c.name, c.telephone))
            .collect();
        for one in family.children.iter().map(child).filter(|one| view.keeps(&[&one.name, &one.class])) {
            rows.push(vec![
                one.name,
                one.class,
                one.flags.join(", "),
                one.notes,
                next_words(family),
                contacts.join("; "),
            ]);
            shown.push(one.id);
        }
    }
    let head = vec!["Pupil", "Class", "Needs", "Known", "Next", "Contacts in order"];
    Ok((Sheet { name: format!("calls-{date}"), head, rows }, shown))
}
