//! Import: the last one, when, from what, what it came to, and what was not taken, by file and line; and a file to be looked at.
//!
//! Must never: quote a person's data. File, line and column are enough to find it.

mod preview;
#[cfg(test)]
mod tests;

pub use preview::{choose, look, write};

use super::{Shell, html, words};
use crate::auth::Actor;
use crate::error::Answer;
use crate::import::spreadsheet;
use crate::state::App;
use crate::store::StoreError;
use crate::store::columns::json;
use askama::Template;
use axum::extract::{Extension, Query, State};
use axum::http::header;
use axum::response::IntoResponse as _;
use rusqlite::{Connection, OptionalExtension as _};
use shared::act::{Act, Acted, Officer};
use shared::calendar::Calendar;
use shared::time::Millis;

/// Lines that the page shows at most.
const MOST: usize = 2_000;

#[derive(Template)]
#[template(path = "import.html")]
struct ImportPage {
    shell: Shell,
    last: Option<Last>,
    rejects: Vec<File>,
    /// All of them, shown or not.
    count: usize,
    /// Lines that are not shown.
    more: usize,
    /// When the import ran that left them.
    when: String,
    said: &'static str,
}

/// What may stand in the address.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct Choose {
    #[serde(default)]
    done: String,
}

/// The last import that changed the roster.
struct Last {
    when: String,
    by: String,
    source: String,
    pupils: String,
    classes: String,
}

/// What was not taken of a file.
struct File {
    name: String,
    lines: Vec<(u32, String)>,
}

/// `GET /import`
pub async fn page(State(_): State<App>, Extension(actor): Extension<Actor>, Query(choose): Query<Choose>) -> Answer {
    let shell = Shell::of(&actor, "/import");
    let said = match choose.done.as_str() {
        "yes" => "Imported. Kiosks learn it at their next exchange.",
        "same" => "Nothing was changed: everything in the file stood already.",
        _ => "",
    };
    let page = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        let last = last(tx, &calendar)?;
        let (rejects, count, at) = rejects(tx)?;
        let shown: usize = rejects.iter().map(|file| file.lines.len()).sum();
        let when = at.map(|at| when(&calendar, at)).unwrap_or_default();
        Ok(ImportPage { shell, last, rejects, count, more: count.saturating_sub(shown), when, said })
    });
    html(&page.await?)
}

/// `GET /import/pupils.csv`: the header of the spreadsheet door, to be filled in.
pub async fn template() -> Answer {
    let kind = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"pupils.csv\""),
    ];
    Ok((kind, spreadsheet::TEMPLATE).into_response())
}

/// "23 November 2026, 08:40"
fn when(calendar: &Calendar, at: Millis) -> String {
    format!("{}, {}", words::full_day(calendar.date_of(at)), words::clock(calendar, at))
}

fn last(c: &Connection, calendar: &Calendar) -> Result<Option<Last>, StoreError> {
    let body: Option<String> = c
        .prepare_cached(
            r#"SELECT body FROM fact JOIN log ON log.id = fact.log
             WHERE log.kiosk IS NULL AND instr(body, '"kind":"imported"') > 0 AND json_extract(body, '$.act.kind') = 'imported'
             ORDER BY fact.log DESC, seq DESC LIMIT 1"#,
        )?
        .query_row([], |r| r.get(0))
        .optional()?;
    let Some(body) = body else { return Ok(None) };
    let Acted { at, by, act, .. } = json(&body, "a fact of the school")?;
    let Act::Imported { source, pupils, classes } = act else { return Ok(None) };
    let number = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    Ok(Some(Last {
        when: when(calendar, at),
        by: match by {
            Officer::Person { name, position } => format!("{name}, {position}"),
            Officer::Rule { rule, set_by } => format!("rule {rule}, set by {set_by}"),
        },
        source: source.to_string(),
        pupils: words::count(number(pupils), "pupil", "pupils"),
        classes: words::count(number(classes), "class", "classes"),
    }))
}

type Rejects = (Vec<File>, usize, Option<Millis>);

fn rejects(c: &Connection) -> Result<Rejects, StoreError> {
    let (count, at): (usize, Option<i64>) =
        c.query_row("SELECT count(*), max(at) FROM import_reject", [], |r| Ok((r.get(0)?, r.get(1)?)))?;
    let mut found =
        c.prepare_cached("SELECT file, line, reason FROM import_reject ORDER BY file, line, id LIMIT ?1")?;
    let mut rows = found.query([MOST])?;
    let mut files: Vec<File> = Vec::new();
    while let Some(r) = rows.next()? {
        let name: String = r.get(0)?;
        let line = (r.get(1)?, r.get(2)?);
        match files.last_mut() {
            Some(file) if file.name == name => file.lines.push(line),
            _ => files.push(File { name, lines: vec![line] }),
        }
    }
    Ok((files, count, at.map(Millis)))
}
