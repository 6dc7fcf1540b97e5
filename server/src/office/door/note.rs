//! Somebody goes home, or comes back, and no kiosk saw it: the office writes it down, with when, who collects and why (P5).
//!
//! Must never: write down a time that is still to come, or the same departure twice.

use crate::auth::Actor;
use crate::error::{Answer, Error};
use crate::feed;
use crate::office::calls::{Hit, hits};
use crate::office::entry::{self, Pupil, found};
use crate::office::{Fields, Sent, Shell, asked, choose, html, html_of, list, named, words};
use crate::reception;
use crate::record;
use crate::school;
use crate::state::App;
use crate::store::StoreError;
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use chrono::{NaiveDate, NaiveTime};
use shared::act::Act;
use shared::calendar::{Calendar, Half, SessionKey};
use shared::id::PupilId;
use shared::text::Text;
use shared::time::Millis;
use shared::wire::v1::Way;

/// Days gone by for which it can still be written down.
const BACK_DAYS: i64 = 30;

#[derive(Template)]
#[template(path = "door_find.html")]
struct FindPage {
    shell: Shell,
    find: String,
    short: bool,
    hits: Vec<Hit>,
}

#[derive(Template)]
#[template(path = "door_note.html")]
struct NotePage {
    shell: Shell,
    pupil: Pupil,
    date: NaiveDate,
    day: String,
    /// They left and are not back: the form is for coming back.
    out: bool,
    /// "went home at 10:05"; empty where the door knows nothing of the day.
    last: String,
    time: String,
    collectors: Vec<String>,
}

/// What may stand in the address.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct Choose {
    #[serde(default)]
    find: String,
    #[serde(default)]
    date: Option<NaiveDate>,
}

/// `GET /door/note?find`: the pupil is found by any part of the name.
pub async fn find(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    choose: Result<Query<Choose>, QueryRejection>,
) -> Answer {
    let find: String = asked(choose, "This is not a day.")?.find.trim().chars().take(80).collect();
    let short = list::too_short(&find);
    let (shell, now, wanted) = (Shell::of(&actor, "/door"), app.clock.now(), find.clone());
    let hits = match short {
        true => Vec::new(),
        false => actor.school.read(move |tx| hits(tx, &wanted, now, |id, _| format!("/door/note/{id}"))).await?,
    };
    if let [one] = hits.as_slice() {
        return Ok(Redirect::to(&one.href).into_response());
    }
    let shown = hits.iter().map(|hit| hit.id).collect();
    html_of(&FindPage { shell, find, short, hits }, shown)
}

/// The session in which a moment of a day is: until the afternoon begins it is the morning's.
fn session_of(calendar: &Calendar, date: NaiveDate, at: Millis) -> Option<SessionKey> {
    let of = |half| {
        let key = SessionKey { date, half };
        calendar.times(key).map(|times| (key, times.start))
    };
    match (of(Half::Am), of(Half::Pm)) {
        (_, Some((pm, start))) if start <= at => Some(pm),
        (Some((am, _)), _) => Some(am),
        (None, pm) => pm.map(|(pm, _)| pm),
    }
}

/// `GET /door/note/{pupil}?date`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(pupil): Path<String>,
    choose: Result<Query<Choose>, QueryRejection>,
) -> Answer {
    let (pupil, asked_for): (PupilId, _) = (named(&pupil)?, asked(choose, "This is not a day.")?.date);
    let (shell, now) = (Shell::of(&actor, "/door"), app.clock.now().at);
    let page = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        let today = calendar.date_of(now);
        let date = asked_for.unwrap_or(today);
        let at = SessionKey { date, half: Half::Pm };
        let Some(who) = entry::pupil(tx, pupil, at)? else { return Ok(None) };
        let last = feed::passages(tx, date, Some(pupil))?.remove(&pupil);
        let mut collectors =
            tx.prepare_cached("SELECT relation || ' · ' || name FROM contact WHERE pupil = ?1 ORDER BY rank")?;
        let mut collectors: Vec<String> =
            collectors.query_map([pupil.as_bytes()], |r| r.get(0))?.collect::<Result<_, _>>()?;
        collectors.extend(reception::rules(tx)?.collectors.iter().map(ToString::to_string));
        Ok(Some(NotePage {
            shell,
            date,
            day: words::day(date),
            out: last.as_ref().is_some_and(|row| row.way == Way::Out),
            last: last.map(|row| said(row.way, &words::clock(&calendar, row.at))).unwrap_or_default(),
            time: if date == today { words::clock(&calendar, now) } else { String::new() },
            pupil: who,
            collectors,
        }))
    });
    html(&found(page.await?)?)
}

fn said(way: Way, clock: &str) -> String {
    let what = match way {
        Way::In => "came in",
        Way::Out => "went home",
        Way::Back => "came back",
    };
    format!("{what} at {clock}")
}

/// `POST /door/note/{pupil}`
pub async fn submit(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(pupil): Path<String>,
    Sent(fields): Sent<Fields>,
) -> Answer {
    let pupil: PupilId = named(&pupil)?;
    let back = match fields.one("way") {
        "out" => false,
        "back" => true,
        _ => return Err(Error::BadInput("Does the pupil go home or come back? Load the page again.".to_owned())),
    };
    let bad = |_| Error::BadInput("The day or the time cannot be read. Go back and look at both.".to_owned());
    let date: NaiveDate = fields.one("date").parse().map_err(bad)?;
    let clock = NaiveTime::parse_from_str(fields.one("time"), "%H:%M").map_err(bad)?;
    let collected: Text<120> = choose::plain(fields.one("collected"), "Who collects")?;
    let reason: Text<200> = choose::plain(fields.one("reason"), "Why")?;
    if !back && collected.is_empty() {
        return Err(Error::BadInput(
            "Who collects the pupil is missing. Go back and write it down, also where nobody does.".to_owned(),
        ));
    }
    let (now, by) = (app.clock.now(), actor.officer());
    let done = actor.school.write(move |tx| {
        let refused = |why: &str| Err(StoreError::Refused(why.to_owned()));
        let calendar = tx.calendar()?;
        let at = calendar.instant(date.and_time(clock));
        if at > now.at {
            return refused("This time is still to come. Go back and write down when it was.");
        }
        if (calendar.date_of(now.at) - date).num_days() > BACK_DAYS {
            return refused("This day is too long ago. Amend the marks instead.");
        }
        let Some(session) = session_of(&calendar, date, at) else {
            return refused("There is no school on this day.");
        };
        if record::class_in(tx, pupil, session)?.is_none() {
            return Ok(None);
        }
        let last = feed::passages(tx, date, Some(pupil))?.remove(&pupil);
        let out = last.is_some_and(|row| row.way == Way::Out);
        if out != back {
            return refused(if back {
                "This pupil has not left. Look at the late book."
            } else {
                "This pupil has gone home already. Look at the late book: somebody may have written it down a moment ago."
            });
        }
        let sealed = |text: &str| match text {
            "" => Ok(None),
            text => school::seal(tx, text).map(Some),
        };
        let act = if back {
            Act::CameBack { pupil, session, at }
        } else {
            Act::WentHome { pupil, session, at, collected: sealed(&collected)?, reason: sealed(&reason)? }
        };
        record::act(tx, now, &by, act).map(Some)
    });
    found(done.await?)?;
    Ok(Redirect::to(&format!("/door?date={date}&done={}", if back { "back" } else { "out" })).into_response())
}
