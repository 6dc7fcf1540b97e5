//! Amending one mark: the original entry, the amended entry, the reason, the date, the name and position (P6).
//!
//! Must never: act on anything but what the officer had before them: the facts seen travel with the form.

use super::choose::{self, Group};
use super::entry::{self, Entry, Pupil, Standing, found};
use super::{Sent, Shell, html, named, words};
use crate::auth::{Actor, Role};
use crate::error::{Answer, Error};
use crate::record;
use crate::state::App;
use askama::Template;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse as _, Redirect};
use shared::act::Act;
use shared::calendar::SessionKey;
use shared::id::PupilId;
use shared::log::Origin;
use shared::register::MarkKey;

/// The longest time late that anybody is: a school day in minutes.
const MOST_MINUTES: u16 = 600;

#[derive(Template)]
#[template(path = "amend.html")]
struct AmendPage {
    shell: Shell,
    pupil: Pupil,
    session: SessionKey,
    title: String,
    standing: Standing,
    entries: Vec<Entry>,
    groups: Vec<Group>,
    seen: String,
    today: String,
}

/// What the form brings.
#[derive(serde::Deserialize)]
pub struct AmendForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    minutes: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    seen: String,
}

/// `GET /amend/{pupil}/{session}`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path((pupil, session)): Path<(String, String)>,
) -> Answer {
    let (pupil, session): (PupilId, SessionKey) = (named(&pupil)?, named(&session)?);
    let shell = Shell::of(&actor, "/today");
    let (now, head) = (app.clock.now().at, actor.role == Role::Head);
    let page = actor.school.read(move |tx| {
        let Some(who) = entry::pupil(tx, pupil, session)? else { return Ok(None) };
        let calendar = tx.calendar()?;
        let standing = entry::standing(tx, pupil, session)?;
        let entries = entry::history(tx, pupil, session, &calendar)?;
        let seen = seen_text(&record::seen(tx, MarkKey { pupil, session })?);
        let groups = choose::groups(session, false, head);
        let title = words::session(session);
        let today = words::full_day(calendar.date_of(now));
        Ok(Some(AmendPage { shell, pupil: who, session, title, standing, entries, groups, seen, today }))
    });
    html(&found(page.await?)?)
}

/// `POST /amend/{pupil}/{session}`
pub async fn submit(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path((pupil, session)): Path<(String, String)>,
    Sent(form): Sent<AmendForm>,
) -> Answer {
    let (pupil, session): (PupilId, SessionKey) = (named(&pupil)?, named(&session)?);
    let code = if form.code == "blank" { None } else { Some(choose::code(&form.code, session)?) };
    code.map_or(Ok(()), |code| choose::may(code, actor.role))?;
    let minutes = minutes(&form.minutes)?.filter(|_| code.is_some_and(|c| c.late()));
    let detail = match code {
        Some(code) => choose::detail(code, &form.detail)?,
        None => None,
    };
    let reason = choose::needed(&form.reason, "The reason")?;
    let seen = seen_of(&form.seen)?;
    let (now, by) = (app.clock.now(), actor.officer());
    let class = actor.school.write(move |tx| {
        let Some(who) = entry::pupil(tx, pupil, session)? else { return Ok(None) };
        record::act(tx, now, &by, Act::Amended { pupil, session, code, minutes, detail, reason, seen })?;
        Ok(Some(who.class))
    });
    let class = found(class.await?)?;
    Ok(Redirect::to(&format!("/register/{class}/{session}#p{pupil}")).into_response())
}

fn minutes(text: &str) -> Result<Option<u16>, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<u16>() {
        Ok(minutes) if minutes <= MOST_MINUTES => Ok(Some(minutes)),
        _ => Err(Error::BadInput(format!("Minutes late are a number up to {MOST_MINUTES}. Go back and correct it."))),
    }
}

/// The facts an officer had before them, as a form carries them: `log:seq,log:seq`.
#[must_use]
pub fn seen_text(seen: &[Origin]) -> String {
    seen.iter().map(|o| format!("{}:{}", o.log, o.seq)).collect::<Vec<_>>().join(",")
}

/// The other way round.
///
/// # Errors
/// [`Error::BadInput`] when a form was tampered with.
pub fn seen_of(text: &str) -> Result<Vec<Origin>, Error> {
    text.split(',')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (log, seq) = part.split_once(':')?;
            Some(Origin { log: log.parse().ok()?, seq: seq.parse().ok()? })
        })
        .collect::<Option<_>>()
        .ok_or_else(|| Error::BadInput("This form is damaged. Load the page again.".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::id::LogId;

    #[test]
    fn what_was_seen_survives_a_form() {
        let seen = vec![
            Origin { log: LogId::from_bytes([7; 16]), seq: 3 },
            Origin { log: LogId::from_bytes([9; 16]), seq: 1 },
        ];
        assert_eq!(seen_of(&seen_text(&seen)).unwrap(), seen);
        assert_eq!(seen_of("").unwrap(), vec![]);
        assert!(seen_of("nonsense").is_err());
    }

    #[test]
    fn minutes_are_a_sensible_number_or_nothing() {
        assert_eq!(minutes(" ").unwrap(), None);
        assert_eq!(minutes("12").unwrap(), Some(12));
        assert!(minutes("-3").is_err() && minutes("9999").is_err());
    }
}
