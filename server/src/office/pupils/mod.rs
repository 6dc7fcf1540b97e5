//! Pupils: found by any part of a name or by class, and one page for each.
//!
//! Must never: show a UPN in a list or an address, or a pupil to a role that does not read registers (P31).

pub(super) mod book;
mod change;
mod one;
#[cfg(test)]
mod tests;

pub use change::{add, form, join, leave, moved, needs, note};
pub use one::page as one;

use super::list::{self, Bar, Sheet, View};
use super::{Shell, asked, html_of};
use crate::auth::Actor;
use crate::error::Answer;
use crate::state::App;
use crate::store::columns::DateCol;
use crate::store::{ReadTx, StoreError};
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use chrono::NaiveDate;
use rusqlite::params;
use shared::id::{ClassId, PupilId};

/// Pupils that a search shows at most.
const MOST: usize = 60;

#[derive(Template)]
#[template(path = "pupils.html")]
struct PupilsPage {
    shell: Shell,
    find: String,
    short: bool,
    /// Classes with the number of pupils on roll.
    classes: Vec<ClassLine>,
    /// The class that was asked for.
    class: Option<String>,
    hits: Vec<Hit>,
    more: bool,
    bar: Bar,
    amends: bool,
}

struct ClassLine {
    id: ClassId,
    name: String,
    pupils: i64,
    here: bool,
}

struct Hit {
    id: PupilId,
    name: String,
    last: String,
    class: String,
    joined: String,
    /// "left on 20 July 2026", "joins on 4 January 2027".
    note: String,
}

/// What may stand in the address.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct Choose {
    #[serde(default)]
    find: String,
    #[serde(default)]
    class: String,
}

/// `GET /pupils?find&class&filter&sort&as`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    choose: Result<Query<Choose>, QueryRejection>,
    Query(view): Query<View>,
) -> Answer {
    let choose = asked(choose, "The address is damaged.")?;
    let find: String = choose.find.trim().chars().take(80).collect();
    let short = !find.is_empty() && list::too_short(&find);
    let class: Option<ClassId> = choose.class.parse().ok();
    let (shell, now, amends) = (Shell::of(&actor, "/pupils"), app.clock.now().at, actor.role.amends());
    let page = actor.school.read(move |tx| {
        let today = tx.calendar()?.date_of(now);
        let classes = classes(tx, today, class)?;
        let mut hits = match (short || find.is_empty(), class) {
            (false, _) => hits(tx, today, &find, None)?,
            (true, Some(class)) => hits(tx, today, "", Some(class))?,
            (true, None) => Vec::new(),
        };
        let more = hits.len() > MOST;
        hits.truncate(MOST);
        hits.retain(|h| view.keeps(&[&h.name, &h.class, &h.note]));
        if view.sort == "class" {
            hits.sort_by(|a, b| (&a.class, &a.last).cmp(&(&b.class, &b.last)));
        } else if view.sort == "first" {
            hits.sort_by(|a, b| a.name.cmp(&b.name));
        }
        let sorts = [("last", "last name"), ("first", "first name"), ("class", "class")];
        let bar = view.bar("/pupils", &[("find", &find), ("class", &choose.class)], &sorts);
        let class = classes.iter().find(|c| c.here).map(|c| c.name.clone());
        Ok((PupilsPage { shell, find, short, classes, class, hits, more, bar, amends }, view.file))
    });
    let (page, file) = page.await?;
    let shown = page.hits.iter().map(|h| h.id).collect();
    if let Some(kind) = file {
        return sheet(&page).answer(kind, shown);
    }
    if let ([one], false) = (page.hits.as_slice(), page.find.is_empty()) {
        return Ok(Redirect::to(&format!("/pupils/{}", one.id)).into_response());
    }
    html_of(&page, shown)
}

fn sheet(page: &PupilsPage) -> Sheet {
    let row = |h: &Hit| {
        let on_roll = if h.note.is_empty() { "yes".to_owned() } else { h.note.clone() };
        vec![h.last.clone(), h.name.clone(), h.class.clone(), h.joined.clone(), on_roll]
    };
    let head = vec!["Last name", "Name", "Class", "Joined", "On roll"];
    Sheet { name: "pupils".to_owned(), head, rows: page.hits.iter().map(row).collect() }
}

fn classes(tx: &ReadTx<'_>, today: NaiveDate, chosen: Option<ClassId>) -> Result<Vec<ClassLine>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT c.id, c.name, (SELECT count(DISTINCT m.pupil) FROM membership m WHERE m.class = c.id AND m.from_on <= ?1
                                AND (m.until_on IS NULL OR m.until_on >= ?1))
         FROM class c WHERE c.ended_on IS NULL OR c.ended_on >= ?1 ORDER BY c.sort, c.name",
    )?;
    let rows = statement.query_map([DateCol(today)], |r| {
        let id = ClassId::from_bytes(r.get(0)?);
        Ok(ClassLine { id, name: r.get(1)?, pupils: r.get(2)?, here: chosen == Some(id) })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn hits(tx: &ReadTx<'_>, today: NaiveDate, find: &str, class: Option<ClassId>) -> Result<Vec<Hit>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT p.id, p.first || ' ' || p.last, ifnull(p.legal_first, '') || ' ' || ifnull(p.legal_last, ''),
                (SELECT c.name FROM membership m JOIN class c ON c.id = m.class WHERE m.pupil = p.id
                  ORDER BY m.from_on <= ?1 DESC, m.from_on DESC LIMIT 1),
                (SELECT max(e.joined_on) FROM enrolment e WHERE e.pupil = p.id),
                (SELECT e.left_on FROM enrolment e WHERE e.pupil = p.id ORDER BY e.joined_on DESC LIMIT 1), p.last
         FROM pupil p
         WHERE ?2 IS NULL OR EXISTS (SELECT 1 FROM membership m WHERE m.pupil = p.id AND m.class = ?2 AND m.from_on <= ?1
                                       AND (m.until_on IS NULL OR m.until_on >= ?1))
         ORDER BY p.last, p.first",
    )?;
    // SQLite's LIKE knows no letters beyond A to Z, so that the names are compared here.
    let wanted: Vec<String> = find.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let mut rows = statement.query(params![DateCol(today), class.map(|c| *c.as_bytes())])?;
    let mut found = Vec::new();
    while let Some(r) = rows.next()? {
        let name: String = r.get(1)?;
        let all = format!("{name} {}", r.get::<_, String>(2)?).to_lowercase();
        if !wanted.iter().all(|part| all.contains(part.as_str())) {
            continue;
        }
        let date = |i| -> Result<Option<NaiveDate>, StoreError> {
            Ok(r.get::<_, Option<String>>(i)?.and_then(|text| text.parse().ok()))
        };
        let joined = date(4)?.map(|d| d.to_string()).unwrap_or_default();
        let note = match (date(4)?, date(5)?) {
            (_, Some(left)) if left < today => format!("left on {}", super::words::full_day(left)),
            (Some(joins), _) if joins > today => format!("joins on {}", super::words::full_day(joins)),
            _ => String::new(),
        };
        let class = r.get::<_, Option<String>>(3)?.unwrap_or_default();
        let (id, last) = (PupilId::from_bytes(r.get(0)?), r.get(6)?);
        found.push(Hit { id, name, last, class, joined, note });
        if found.len() > MOST {
            break;
        }
    }
    found.sort_by_key(|hit| !hit.note.is_empty()); // those on roll first
    Ok(found)
}
