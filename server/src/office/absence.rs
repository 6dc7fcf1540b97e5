//! Recording a known absence (who told, what was said, from when until when), and withdrawing it.
//!
//! Must never: post a code by itself. A plan is a fact; the register decides what it does to each session.

use super::choose::{self, Group};
use super::entry::{self, Pupil, Standing, found};
use super::{Sent, Shell, html, named, words};
use crate::auth::Actor;
use crate::error::{Answer, Error};
use crate::record;
use crate::secret;
use crate::state::App;
use crate::store::columns::{CodeCol, session as session_col};
use crate::store::{ReadTx, StoreError};
use askama::Template;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse as _, Redirect};
use chrono::NaiveDate;
use rusqlite::OptionalExtension as _;
use shared::act::Act;
use shared::calendar::{Half, SessionKey};
use shared::id::{PlanId, PupilId};
use shared::text::Remark;

/// The longest absence that one note covers: a year.
const MOST_DAYS: i64 = 366;

#[derive(Template)]
#[template(path = "absence.html")]
struct AbsencePage {
    shell: Shell,
    pupil: Pupil,
    session: SessionKey,
    title: String,
    standing: Standing,
    groups: Vec<Group>,
    contacts: Vec<Contact>,
    plans: Vec<Plan>,
    today: String,
}

struct Contact {
    words: String,
    telephone: String,
    dial: String,
}

struct Plan {
    id: PlanId,
    words: String,
}

/// What the form brings.
#[derive(serde::Deserialize)]
pub struct AbsenceForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    detail: String,
    from_date: NaiveDate,
    from_half: Half,
    until_date: NaiveDate,
    until_half: Half,
    #[serde(default)]
    told_by: String,
    #[serde(default)]
    said: String,
}

/// What the form of a withdrawal brings.
#[derive(serde::Deserialize)]
pub struct WithdrawForm {
    #[serde(default)]
    reason: String,
    /// The session of the page it came from.
    back: String,
}

/// `GET /absence/{pupil}/{session}`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path((pupil, session)): Path<(String, String)>,
) -> Answer {
    let (pupil, session): (PupilId, SessionKey) = (named(&pupil)?, named(&session)?);
    let shell = Shell::of(&actor, "/today");
    let now = app.clock.now().at;
    let page = actor.school.read(move |tx| {
        let Some(who) = entry::pupil(tx, pupil, session)? else { return Ok(None) };
        let today = words::full_day(tx.calendar()?.date_of(now));
        Ok(Some(AbsencePage {
            shell,
            pupil: who,
            session,
            title: words::session(session),
            standing: entry::standing(tx, pupil, session)?,
            groups: choose::groups(session, true),
            contacts: contacts(tx, pupil)?,
            plans: plans(tx, pupil, session)?,
            today,
        }))
    });
    html(&found(page.await?)?)
}

fn contacts(tx: &ReadTx<'_>, pupil: PupilId) -> Result<Vec<Contact>, StoreError> {
    let mut statement =
        tx.prepare_cached("SELECT relation, name, telephone FROM contact WHERE pupil = ?1 ORDER BY rank")?;
    let rows = statement.query_map([pupil.as_bytes()], |r| {
        let telephone: String = r.get(2)?;
        Ok(Contact {
            words: format!("{} · {}", r.get_ref(0)?.as_str()?, r.get_ref(1)?.as_str()?),
            dial: telephone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect(),
            telephone,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Plans that are not withdrawn and end in this session or later.
fn plans(tx: &ReadTx<'_>, pupil: PupilId, session: SessionKey) -> Result<Vec<Plan>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT id, from_on, from_half, until_on, until_half, code, detail, reason FROM plan
         WHERE pupil = ?1 AND withdrawn_at IS NULL AND until_on >= ?2 ORDER BY from_on, from_half",
    )?;
    let rows = statement.query_map(rusqlite::params![pupil.as_bytes(), session.date.to_string()], |r| {
        let (from, until) = (session_col(r, 1)?, session_col(r, 3)?);
        let code = r.get::<_, CodeCol>(5)?.0;
        let span = if from == until {
            words::session(from)
        } else {
            format!("{} until {}", words::session(from), words::session(until))
        };
        let mut text = format!("{span}: {code}, {}", code.meaning());
        for part in [r.get::<_, Option<String>>(6)?, r.get(7)?].into_iter().flatten() {
            text = format!("{text} · {part}");
        }
        Ok(Plan { id: PlanId::from_bytes(r.get(0)?), words: text })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// `POST /absence/{pupil}/{session}`
pub async fn submit(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path((pupil, session)): Path<(String, String)>,
    Sent(form): Sent<AbsenceForm>,
) -> Answer {
    let (pupil, session): (PupilId, SessionKey) = (named(&pupil)?, named(&session)?);
    let from = SessionKey { date: form.from_date, half: form.from_half };
    let until = SessionKey { date: form.until_date, half: form.until_half };
    if until < from {
        return Err(Error::BadInput("The last session is before the first. Go back and correct the dates.".to_owned()));
    }
    if (until.date - from.date).num_days() > MOST_DAYS {
        return Err(Error::BadInput("One note covers a year at most. Go back and correct the dates.".to_owned()));
    }
    let code = choose::code(&form.code, from)?;
    if code.is_attending() || code.late() {
        return Err(Error::BadInput("This code says that the pupil is here. Go back and choose another.".to_owned()));
    }
    let detail = choose::detail(code, &form.detail)?;
    let told_by: Remark = choose::needed(&form.told_by, "Who told you")?;
    let said: Remark = choose::needed(&form.said, "What was said")?;
    let reason = choose::plain(&format!("{told_by}: {said}"), "What was said")?;
    let plan = PlanId::from_bytes(secret::random()?);
    let (now, by) = (app.clock.now(), actor.officer());
    let class = actor.school.write(move |tx| {
        let Some(who) = entry::pupil(tx, pupil, session)? else { return Ok(None) };
        record::act(tx, now, &by, Act::Planned { plan, pupil, from, until, code, detail, reason })?;
        Ok(Some(who.class))
    });
    let class = found(class.await?)?;
    Ok(Redirect::to(&format!("/register/{class}/{session}#p{pupil}")).into_response())
}

/// `POST /absence/withdraw/{plan}`
pub async fn withdraw(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(plan): Path<String>,
    Sent(form): Sent<WithdrawForm>,
) -> Answer {
    let plan: PlanId = named(&plan)?;
    let session: SessionKey = named(&form.back)?;
    let reason = choose::needed(&form.reason, "The reason")?;
    let (now, by) = (app.clock.now(), actor.officer());
    let done = actor.school.write(move |tx| {
        let pupil: Option<[u8; 16]> = tx
            .query_row("SELECT pupil FROM plan WHERE id = ?1 AND withdrawn_at IS NULL", [plan.as_bytes()], |r| r.get(0))
            .optional()?;
        let Some(pupil) = pupil.map(PupilId::from_bytes) else { return Ok(None) };
        record::act(tx, now, &by, Act::PlanWithdrawn { plan, pupil, reason })?;
        Ok(Some((pupil, entry::pupil(tx, pupil, session)?)))
    });
    let (pupil, who) = found(done.await?)?;
    let back = who.map_or_else(|| "/today".to_owned(), |who| format!("/register/{}/{session}#p{pupil}", who.class));
    Ok(Redirect::to(&back).into_response())
}
