//! Recording a known absence (who told, what was said, from when until when), and withdrawing it.
//!
//! Must never: post a code by itself. A plan is a fact; the register decides what it does to each session.

use super::choose::{self, Group};
use super::clash::{self, Wanted};
use super::entry::{self, Pupil, Standing, found};
use super::{Fields, Sent, Shell, html, named, words};
use crate::auth::{Actor, Role};
use crate::calls;
use crate::error::{Answer, Error};
use crate::record;
use crate::secret;
use crate::state::App;
use crate::store::columns::{CodeCol, session as session_col};
use crate::store::{ReadTx, StoreError};
use askama::Template;
use axum::extract::{Extension, Path, Query, State};
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
    /// Brothers and sisters on roll: what a parent says is often about several.
    siblings: Vec<(PupilId, String)>,
    /// Came from the page of calls, and goes back there.
    from_calls: bool,
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

/// Where somebody came from.
#[derive(serde::Deserialize, Default)]
pub struct Came {
    #[serde(default)]
    from: String,
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
    Query(came): Query<Came>,
) -> Answer {
    let (pupil, session): (PupilId, SessionKey) = (named(&pupil)?, named(&session)?);
    let shell = Shell::of(&actor, "/today");
    let (now, head) = (app.clock.now().at, actor.role == Role::Head);
    let page = actor.school.read(move |tx| {
        let Some(who) = entry::pupil(tx, pupil, session)? else { return Ok(None) };
        let today = words::full_day(tx.calendar()?.date_of(now));
        Ok(Some(AbsencePage {
            shell,
            pupil: who,
            session,
            title: words::session(session),
            standing: entry::standing(tx, pupil, session)?,
            groups: choose::groups(session, true, head),
            contacts: contacts(tx, pupil)?,
            plans: plans(tx, pupil, session)?,
            siblings: calls::siblings(tx, pupil, session)?,
            from_calls: came.from == "calls",
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
        let planned = words::planned(code, r.get::<_, Option<String>>(6)?.as_deref());
        let text = format!("{span}: {planned} · {}", r.get::<_, String>(7)?);
        Ok(Plan { id: PlanId::from_bytes(r.get(0)?), words: text })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// `POST /absence/{pupil}/{session}`
pub async fn submit(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path((pupil, session)): Path<(String, String)>,
    Sent(fields): Sent<Fields>,
) -> Answer {
    let (pupil, session): (PupilId, SessionKey) = (named(&pupil)?, named(&session)?);
    let from = end_of(&fields, "from")?;
    let until = end_of(&fields, "until")?;
    if until < from {
        return Err(Error::BadInput("The last session is before the first. Go back and correct the dates.".to_owned()));
    }
    if (until.date - from.date).num_days() > MOST_DAYS {
        return Err(Error::BadInput("One note covers a year at most. Go back and correct the dates.".to_owned()));
    }
    let code = choose::code(fields.one("code"), from)?;
    if code.is_attending() || code.late() {
        return Err(Error::BadInput("This code says that the pupil is here. Go back and choose another.".to_owned()));
    }
    choose::may(code, actor.role)?;
    let detail = choose::detail(code, fields.one("detail"))?;
    let told_by: Remark = choose::needed(fields.one("told_by"), "Who told you")?;
    let said: Remark = choose::needed(fields.one("said"), "What was said")?;
    let reason = choose::plain(&format!("{told_by}: {said}"), "What was said")?;
    let others: Vec<PupilId> = fields.all("child").map(named).collect::<Result<_, _>>()?;
    let (now, by, seen) = (app.clock.now(), actor.officer(), fields.one("seen").to_owned());
    let what = words::planned(code, detail.as_deref());
    let done = actor.school.write(move |tx| {
        let Some(who) = entry::pupil(tx, pupil, session)? else { return Ok(None) };
        let siblings = if others.is_empty() { Vec::new() } else { calls::siblings(tx, pupil, session)? };
        if others.iter().any(|one| *one != who.id && !siblings.iter().any(|(sibling, _)| sibling == one)) {
            return Ok(None); // no child of this family
        }
        let children: Vec<PupilId> =
            [pupil].into_iter().chain(others.into_iter().filter(|one| *one != pupil)).collect();
        let wanted = Wanted { code, all: &[(from, until)], request: None };
        let stands = clash::of_each(tx, &*tx.calendar()?, children.iter().copied(), wanted)?;
        if !clash::shown(&stands, &seen) {
            return Ok(Some(Err(stands)));
        }
        let mut acts = Vec::new();
        for pupil in children {
            let plan = PlanId::from_bytes(secret::random()?);
            let (detail, reason) = (detail.clone(), reason.clone());
            acts.push(Act::Planned { plan, pupil, from, until, code, detail, reason });
        }
        record::acts(tx, now, &by, acts)?;
        Ok(Some(Ok(who.class)))
    });
    let here = format!("/absence/{pupil}/{session}");
    let class = match found(done.await?)? {
        Ok(class) => class,
        Err(stands) => {
            let asks = clash::Asks {
                here: "/today",
                what,
                when: words::stretch(from, until),
                action: here.clone(),
                back: here,
                save: "Save the absence all the same",
            };
            return clash::page(&actor, &fields, stands, asks);
        }
    };
    if fields.one("back") == "calls" {
        return Ok(Redirect::to("/calls?done=planned").into_response());
    }
    Ok(Redirect::to(&format!("/register/{class}/{session}#p{pupil}")).into_response())
}

/// The first or the last session of a form.
fn end_of(fields: &Fields, which: &str) -> Result<SessionKey, Error> {
    let (date, half) = (fields.one(&format!("{which}_date")), fields.one(&format!("{which}_half")));
    let key = date.parse::<NaiveDate>().ok().zip(match half {
        "am" => Some(Half::Am),
        "pm" => Some(Half::Pm),
        _ => None,
    });
    let (date, half) = key
        .ok_or_else(|| Error::BadInput("A date is missing or cannot be read. Go back and look at both.".to_owned()))?;
    Ok(SessionKey { date, half })
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
