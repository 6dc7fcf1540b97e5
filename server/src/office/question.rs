//! A question that a person settles: what happened, what stands, and the answers offered with it.
//!
//! Must never: offer an answer that the rules do not know, or settle more than was on the page.

use super::amend::{seen_of, seen_text};
use super::entry::{self, Entry, Pupil, Standing, found};
use super::words::{self, Asked};
use super::{Sent, Shell, choose, html, named};
use crate::auth::Actor;
use crate::error::{Answer as Page, Error};
use crate::record;
use crate::school;
use crate::state::App;
use crate::store::columns::{DateCol, HalfCol, to_json};
use crate::store::{ReadTx, StoreError};
use askama::Template;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse as _, Redirect};
use rusqlite::{Connection, OptionalExtension as _, params};
use shared::act::Act;
use shared::calendar::{Half, SessionKey};
use shared::id::{ClassId, PupilId};
use shared::log::Origin;
use shared::register::{Answer, MarkKey, QuestionKey};
use shared::time::Millis;
use std::collections::BTreeSet;

#[derive(Template)]
#[template(path = "question.html")]
struct QuestionPage {
    shell: Shell,
    asked: Asked,
    about: String,
    title: String,
    urgent: bool,
    opened: String,
    said: Vec<String>,
    pupils: Vec<Told>,
    register: Option<String>,
    session: SessionKey,
    answers: Vec<(&'static str, &'static str)>,
    seen: String,
    action: String,
    back: String,
}

/// What stands of a pupil whom the question is about.
struct Told {
    pupil: Pupil,
    standing: Standing,
    entries: Vec<Entry>,
    moves: Vec<String>,
}

/// What the form brings.
#[derive(serde::Deserialize)]
pub struct SettleForm {
    #[serde(default)]
    answer: String,
    #[serde(default)]
    seen: String,
}

/// Where a question is settled.
#[must_use]
pub fn href(key: &QuestionKey) -> String {
    let about = |id: Option<String>| id.unwrap_or_else(|| "0".to_owned());
    let class = about(key.class.map(|c| c.to_string()));
    let pupil = about(key.pupil.map(|p| p.to_string()));
    format!("/question/{}/{}/{class}.{pupil}", words::kind(key.kind), key.session)
}

fn key_of((kind, session, about): (String, String, String)) -> Result<QuestionKey, Error> {
    let (class, pupil) = about.split_once('.').ok_or(Error::NotFound)?;
    Ok(QuestionKey {
        kind: words::kind_of(&kind).ok_or(Error::NotFound)?,
        session: named(&session)?,
        class: if class == "0" { None } else { Some(named::<ClassId>(class)?) },
        pupil: if pupil == "0" { None } else { Some(named::<PupilId>(pupil)?) },
    })
}

/// `GET /question/{kind}/{session}/{about}`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(parts): Path<(String, String, String)>,
) -> Page {
    let key = key_of(parts)?;
    let shell = Shell::of(&actor, "/today");
    let now = app.clock.now().at;
    let page = actor.school.read(move |tx| read(tx, key, shell, now));
    html(&found(page.await?)?)
}

fn read(tx: &ReadTx<'_>, key: QuestionKey, shell: Shell, now: Millis) -> Result<Option<QuestionPage>, StoreError> {
    let text = to_json(&key, "a question")?;
    let row = tx
        .query_row("SELECT urgent, opened_at FROM question WHERE key = ?1", [&text], |r| {
            Ok((r.get::<_, bool>(0)?, Millis(r.get(1)?)))
        })
        .optional()?;
    let Some((urgent, opened)) = row else { return Ok(None) };
    let calendar = tx.calendar()?;
    let today = calendar.date_of(now);
    let raising = raising(tx, &key, &text)?;
    let mut pupils = Vec::new();
    let mut seen: BTreeSet<Origin> = BTreeSet::new();
    for pupil in &raising {
        let mark = MarkKey { pupil: *pupil, session: key.session };
        seen.extend(record::seen(tx, mark)?);
        let Some(who) = entry::pupil(tx, *pupil, key.session)? else { continue };
        pupils.push(Told {
            pupil: who,
            standing: entry::standing(tx, *pupil, key.session)?,
            entries: entry::history(tx, *pupil, key.session, &calendar)?,
            moves: moves(tx, *pupil, key.session, |at| words::moment(&calendar, at, key.session.date))?,
        });
    }
    let class = match key.class {
        Some(class) => Some(class),
        None => pupils.first().map(|told| told.pupil.class),
    };
    let class_name: Option<String> = match class {
        Some(class) => crate::school::class_name(tx, class)?,
        None => None,
    };
    let one = if key.pupil.is_some() { pupils.first().map(|told| told.pupil.name.clone()) } else { None };
    let half = if key.session.half == Half::Am { "am" } else { "pm" };
    Ok(Some(QuestionPage {
        shell,
        asked: words::asked(key.kind),
        about: [one, class_name].into_iter().flatten().collect::<Vec<_>>().join(", "),
        title: words::session(key.session),
        urgent,
        opened: words::moment(&calendar, opened, today),
        said: super::said::said(tx, &key)?,
        pupils,
        register: class.map(|class| format!("/register/{class}/{}", key.session)),
        session: key.session,
        answers: key.kind.answers().iter().map(|a| (a.word(), words::answer(key.kind, *a))).collect(),
        seen: seen_text(&seen.into_iter().collect::<Vec<_>>()),
        action: href(&key),
        back: if key.session.date == today {
            format!("/today?half={half}")
        } else {
            format!("/today?date={}&half={half}", key.session.date)
        },
    }))
}

/// The pupils whose marks raise the question.
fn raising(c: &Connection, key: &QuestionKey, text: &str) -> Result<Vec<PupilId>, StoreError> {
    if let Some(pupil) = key.pupil {
        return Ok(vec![pupil]);
    }
    let mut statement = c.prepare_cached("SELECT pupil FROM raised WHERE key = ?1 ORDER BY pupil")?;
    let rows = statement.query_map([text], |r| Ok(PupilId::from_bytes(r.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// "signed in at reception 09:03"
fn moves(
    c: &Connection,
    pupil: PupilId,
    session: SessionKey,
    say: impl Fn(Millis) -> String,
) -> Result<Vec<String>, StoreError> {
    let mut statement = c.prepare_cached(
        "SELECT what, at_from, at_until, reason FROM movement WHERE date = ?1 AND half = ?2 AND pupil = ?3 ORDER BY at_from",
    )?;
    let rows = statement.query_map(params![DateCol(session.date), HalfCol(session.half), pupil.as_bytes()], |r| {
        Ok((r.get::<_, String>(0)?, Millis(r.get(1)?), Millis(r.get(2)?), r.get::<_, Option<String>>(3)?))
    })?;
    rows.map(|row| {
        let (what, from, until, sealed) = row?;
        let reason = sealed.map(|sealed| school::open_reason(c, &sealed)).transpose()?.flatten();
        let reason = reason.map(|reason| format!(", said: {reason}")).unwrap_or_default();
        let what = match what.as_str() {
            "left" => "left the building",
            "returned" => "came back",
            _ => "came in",
        };
        let (from_text, until_text) = (say(from), say(until));
        Ok(if from_text == until_text {
            format!("{what} {from_text}{reason}")
        } else {
            format!("{what} between {from_text} and {until_text}{reason}")
        })
    })
    .collect()
}

/// `POST /question/{kind}/{session}/{about}`
pub async fn submit(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(parts): Path<(String, String, String)>,
    Sent(form): Sent<SettleForm>,
) -> Page {
    let key = key_of(parts)?;
    let offered = key.kind.answers().iter().find(|a| a.word() == form.answer);
    let answer: Answer =
        *offered.ok_or_else(|| Error::BadInput("Choose an answer. Go back and choose one.".to_owned()))?;
    let answer = choose::needed(answer.word(), "The answer")?;
    let seen = seen_of(&form.seen)?;
    let (now, by) = (app.clock.now(), actor.officer());
    let text = to_json(&key, "a question")?;
    let open = actor.school.write(move |tx| {
        let open: i64 = tx.query_row("SELECT count(*) FROM question WHERE key = ?1", [&text], |r| r.get(0))?;
        if open == 0 {
            return Ok(None); // settled meanwhile, or by itself
        }
        record::act(tx, now, &by, Act::Settled { question: key, answer, seen })?;
        Ok(Some(()))
    });
    let _ = open.await?;
    let half = if key.session.half == Half::Am { "am" } else { "pm" };
    let calendar = actor.school.read(|tx| tx.calendar()).await?;
    let today = calendar.date_of(app.clock.now().at);
    let back = if key.session.date == today {
        format!("/today?half={half}")
    } else {
        format!("/today?date={}&half={half}", key.session.date)
    };
    Ok(Redirect::to(&back).into_response())
}
