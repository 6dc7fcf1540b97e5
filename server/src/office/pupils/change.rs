//! What the office changes about a pupil: joining, leaving, class, needs, notes. Each is an act, with who and when.
//!
//! Must never: change anything beside an act, or tell a log a name or a need.

use super::super::entry::found;
use super::super::{Fields, Sent, Shell, choose, html, named, words};
use crate::auth::Actor;
use crate::error::{Answer, Error};
use crate::roll::{self, NotDone};
use crate::secret;
use crate::state::App;
use crate::store::columns::DateCol;
use crate::store::{ReadTx, StoreError};
use askama::Template;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse as _, Redirect};
use chrono::NaiveDate;
use rusqlite::{OptionalExtension as _, params};
use shared::calendar::{Calendar, Half, SessionKey};
use shared::id::{ClassId, PupilId};
use shared::pupil::{Change, Provision};
use shared::text::{Name, Remark};

/// Lines of what was written down that a page shows.
const MOST: i64 = 60;

#[derive(Template)]
#[template(path = "pupil_add.html")]
struct AddPage {
    shell: Shell,
    classes: Vec<(ClassId, String)>,
    today: NaiveDate,
}

/// Something that was written down about a pupil.
pub(super) struct Told {
    /// What.
    pub words: String,
    /// "24 November 2026, 09:10 · Sam Okoro, office manager"
    pub by: String,
}

/// What was written down about a pupil, newest first: the notes, or everything else.
pub(super) fn told(tx: &ReadTx<'_>, calendar: &Calendar, pupil: PupilId, notes: bool) -> Result<Vec<Told>, StoreError> {
    let mut found = tx.prepare_cached(
        "SELECT words, at, by_name, by_position FROM pupil_act WHERE pupil = ?1 AND (kind = 'noted') = ?2
         ORDER BY at DESC, seq DESC LIMIT ?3",
    )?;
    let rows = found.query_map(params![pupil.as_bytes(), notes, MOST], |r| {
        let when = words::dated(calendar, shared::time::Millis(r.get(1)?));
        Ok(Told { words: r.get(0)?, by: format!("{when} · {}, {}", r.get::<_, String>(2)?, r.get::<_, String>(3)?) })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Classes that are there.
pub(super) fn classes(tx: &ReadTx<'_>, today: NaiveDate) -> Result<Vec<(ClassId, String)>, StoreError> {
    let mut found =
        tx.prepare_cached("SELECT id, name FROM class WHERE ended_on IS NULL OR ended_on >= ?1 ORDER BY sort, name")?;
    let rows = found.query_map([DateCol(today)], |r| Ok((ClassId::from_bytes(r.get(0)?), r.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// `GET /pupils/add`
pub async fn form(State(app): State<App>, Extension(actor): Extension<Actor>) -> Answer {
    let (shell, now) = (Shell::of(&actor, "/pupils"), app.clock.now().at);
    let page = actor.school.read(move |tx| {
        let today = tx.calendar()?.date_of(now);
        Ok(AddPage { shell, classes: classes(tx, today)?, today })
    });
    html(&page.await?)
}

fn class(fields: &Fields) -> Result<ClassId, Error> {
    fields
        .one("class")
        .parse()
        .map_err(|_| Error::BadInput("Choose a class. Go back and choose one of those on the page.".to_owned()))
}

fn date(fields: &Fields, name: &str) -> Result<NaiveDate, Error> {
    let bad = |_| Error::BadInput("A date is missing or cannot be read. Go back and look at it.".to_owned());
    fields.one(name).parse().map_err(bad)
}

fn from(fields: &Fields) -> Result<SessionKey, Error> {
    let half = if fields.one("from_half") == "pm" { Half::Pm } else { Half::Am };
    Ok(SessionKey { date: date(fields, "from_date")?, half })
}

async fn write(app: &App, actor: &Actor, pupil: PupilId, change: Change, done: &str) -> Answer {
    let (now, by) = (app.clock.now(), actor.officer());
    match actor.school.write(move |tx| roll::change(tx, now, &by, pupil, change)).await? {
        Ok(()) => Ok(Redirect::to(&format!("/pupils/{pupil}?done={done}")).into_response()),
        Err(NotDone::NoPupil) => Err(Error::NotFound),
        Err(why) => Err(Error::BadInput(why.to_string())),
    }
}

/// `POST /pupils/add`
pub async fn add(State(app): State<App>, Extension(actor): Extension<Actor>, Sent(fields): Sent<Fields>) -> Answer {
    let first: Name = choose::needed(fields.one("first"), "The first name")?;
    let last: Name = choose::needed(fields.one("last"), "The last name")?;
    let born_on = if fields.one("born_on").is_empty() { None } else { Some(date(&fields, "born_on")?) };
    let (class, from) = (class(&fields)?, from(&fields)?);
    let change = Change::Joined { first, last, born_on, class, from };
    write(&app, &actor, PupilId::from_bytes(secret::random()?), change, "joined").await
}

/// `POST /pupils/{pupil}/join`: somebody who left comes back.
pub async fn join(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(pupil): Path<String>,
    Sent(fields): Sent<Fields>,
) -> Answer {
    let pupil: PupilId = named(&pupil)?;
    let (class, from) = (class(&fields)?, from(&fields)?);
    let name = actor.school.read(move |tx| {
        Ok(tx
            .prepare_cached("SELECT first, last FROM pupil WHERE id = ?1")?
            .query_row([pupil.as_bytes()], |r| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?)))
            .optional()?)
    });
    let (first, last) = found(name.await?)?;
    let (first, last) = (choose::needed(&first, "The first name")?, choose::needed(&last, "The last name")?);
    write(&app, &actor, pupil, Change::Joined { first, last, born_on: None, class, from }, "joined").await
}

/// `POST /pupils/{pupil}/move`
pub async fn moved(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(pupil): Path<String>,
    Sent(fields): Sent<Fields>,
) -> Answer {
    let why: Remark = choose::plain(fields.one("why"), "Why")?;
    let why = (!why.is_empty()).then_some(why);
    let (class, from) = (class(&fields)?, from(&fields)?);
    write(&app, &actor, named(&pupil)?, Change::Moved { class, from, why }, "moved").await
}

/// `POST /pupils/{pupil}/leave`
pub async fn leave(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(pupil): Path<String>,
    Sent(fields): Sent<Fields>,
) -> Answer {
    let why: Remark = choose::needed(fields.one("why"), "Why, and where to")?;
    let last_day = date(&fields, "last_day")?;
    write(&app, &actor, named(&pupil)?, Change::Left { last_day, why }, "left").await
}

/// `POST /pupils/{pupil}/note`
pub async fn note(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(pupil): Path<String>,
    Sent(fields): Sent<Fields>,
) -> Answer {
    let note: Remark = choose::needed(fields.one("note"), "The note")?;
    write(&app, &actor, named(&pupil)?, Change::Noted { note }, "noted").await
}

/// `POST /pupils/{pupil}/needs`
pub async fn needs(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(pupil): Path<String>,
    Sent(fields): Sent<Fields>,
) -> Answer {
    let send = Provision::of(fields.one("send"))
        .ok_or_else(|| Error::BadInput("Choose what SEND support there is. Go back and choose one.".to_owned()))?;
    let ticked = |name: &str| fields.one(name) == "true";
    let change = Change::Needs { looked_after: ticked("looked_after"), social_worker: ticked("social_worker"), send };
    write(&app, &actor, named(&pupil)?, change, "needs").await
}

/// What the page says after each.
#[must_use]
pub(super) fn said(done: &str) -> &'static str {
    match done {
        "needs" | "noted" => "Saved.",
        "joined" => "On roll. Kiosks and registers have the pupil from that session on.",
        "moved" => "Moved. The new class’s register has the pupil from that session on.",
        "left" => "Written down. Registers have the pupil up to and with that day.",
        _ => "",
    }
}
