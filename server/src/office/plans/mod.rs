//! Planned absence and activities for classes and groups: a visit, sport, dual registration, a part-time timetable, a closed
//! site. What stands against it is shown before anything is saved.
//!
//! Must never: plan for a pupil who was not ticked, or grant leave in anybody's name but the headteacher's (P14).

mod listed;
mod span;
#[cfg(test)]
mod tests;

pub use listed::withdraw;

use super::choose::{self, Group};
use super::clash::{self, Wanted};
use super::list::{self, Bar, View};
use super::{Fields, Sent, Shell, html_of, words};
use crate::auth::{Actor, Role};
use crate::error::{Answer, Error};
use crate::record;
use crate::secret;
use crate::state::App;
use crate::store::columns::DateCol;
use crate::store::{ReadTx, StoreError};
use askama::Template;
use axum::extract::{Extension, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use chrono::{NaiveDate, Weekday};
use listed::Line;
use rusqlite::params;
use shared::act::Act;
use shared::calendar::{Calendar, Half, SessionKey};
use shared::codes::Code;
use shared::id::{ClassId, PlanId, PupilId};
use shared::text::Remark;
use span::Span;
use std::collections::BTreeMap;

/// Plans that one form makes at most: a class of thirty, every week of a year.
const MOST: usize = 1600;
/// Days of the week that can be ticked.
const WEEK: [(&str, Weekday); 5] = [
    ("Monday", Weekday::Mon),
    ("Tuesday", Weekday::Tue),
    ("Wednesday", Weekday::Wed),
    ("Thursday", Weekday::Thu),
    ("Friday", Weekday::Fri),
];

#[derive(Template)]
#[template(path = "plans.html")]
struct PlansPage {
    shell: Shell,
    said: String,
    plans: Vec<Line>,
    bar: Bar,
    more: bool,
    amends: bool,
    classes: Vec<(ClassId, String)>,
    /// The one pupil that the form is for, with the class: asked for from the pupil's page.
    only: Option<(PupilId, String, ClassId)>,
    groups: Vec<Group>,
    weekdays: [(&'static str, Weekday); 5],
    today: NaiveDate,
}

#[derive(Template)]
#[template(path = "plans_preview.html")]
struct PreviewPage {
    shell: Shell,
    what: String,
    when: Vec<String>,
    more_days: usize,
    reason: String,
    pupils: Vec<Candidate>,
    conflicts: usize,
    /// Something stands now that the page did not show which wanted to save.
    changed: bool,
    /// The form, carried to the next step.
    fields: Vec<(&'static str, String)>,
}

/// A pupil whom the plan would be for.
struct Candidate {
    id: PupilId,
    name: String,
    class: String,
    conflicts: Vec<String>,
    /// Names these conflicts, for the step that saves.
    seen: String,
    ticked: bool,
}

/// What may stand in the address.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct Choose {
    #[serde(default)]
    done: Option<u32>,
    #[serde(default)]
    gone: Option<u32>,
    /// A pupil whom the form shall be for.
    #[serde(default)]
    pupil: String,
}

/// What a form asks for.
struct Wish {
    span: Span,
    code: Code,
    detail: Option<Remark>,
    reason: Remark,
}

/// `GET /plans?filter&sort&as`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Query(choose): Query<Choose>,
    Query(view): Query<View>,
) -> Answer {
    let (shell, now, role) = (Shell::of(&actor, "/plans"), app.clock.now().at, actor.role);
    let saved = choose.done.map(|n| format!("Saved: {}.", words::count(n as usize, "plan", "plans")));
    let said = saved.or_else(|| choose.gone.map(listed::gone)).unwrap_or_default();
    let page = actor.school.read(move |tx| {
        let today = tx.calendar()?.date_of(now);
        let session = SessionKey { date: today, half: Half::Am };
        let (all, more) = listed::read(tx, today, &view)?;
        let page = PlansPage {
            shell,
            said,
            plans: listed::lines(&all, today),
            bar: view.bar("/plans", &[], &[("when", "when"), ("name", "name"), ("code", "code")]),
            more,
            amends: role.amends(),
            classes: classes(tx, today)?,
            only: only(tx, session, choose.pupil.parse().ok())?,
            groups: choose::groups(session, true, role == Role::Head),
            weekdays: WEEK,
            today,
        };
        Ok((page, all, view.file))
    });
    let (page, all, file) = page.await?;
    let shown = all.iter().map(|one| one.pupil).collect();
    list::answer(&page, file, |_| listed::sheet(&all), shown)
}

fn only(
    tx: &ReadTx<'_>,
    session: SessionKey,
    pupil: Option<PupilId>,
) -> Result<Option<(PupilId, String, ClassId)>, StoreError> {
    let Some(pupil) = pupil else { return Ok(None) };
    let Some(class) = record::class_in(tx, pupil, session)? else { return Ok(None) };
    let name = "SELECT first || ' ' || last FROM pupil WHERE id = ?1";
    let name = tx.prepare_cached(name)?.query_row([pupil.as_bytes()], |r| r.get(0))?;
    Ok(Some((pupil, name, class)))
}

fn classes(tx: &ReadTx<'_>, today: NaiveDate) -> Result<Vec<(ClassId, String)>, StoreError> {
    let mut statement =
        tx.prepare_cached("SELECT id, name FROM class WHERE ended_on IS NULL OR ended_on >= ?1 ORDER BY sort, name")?;
    let rows = statement.query_map([DateCol(today)], |r| Ok((ClassId::from_bytes(r.get(0)?), r.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Reads the form.
fn wish(fields: &Fields, role: Role) -> Result<Wish, Error> {
    let end = |which: &str| -> Result<SessionKey, Error> {
        let date = fields.one(&format!("{which}_date")).parse();
        let half = match fields.one(&format!("{which}_half")) {
            "am" => Half::Am,
            _ => Half::Pm,
        };
        let bad = || Error::BadInput("A date is missing or cannot be read. Go back and look at both.".to_owned());
        Ok(SessionKey { date: date.map_err(|_| bad())?, half })
    };
    let (from, until) = (end("from")?, end("until")?);
    let weekdays = fields.all("weekday").filter_map(|day| day.parse().ok()).collect();
    let code = choose::code(fields.one("code"), from)?;
    if code.is_attending() || code.late() || code == Code::N {
        return Err(Error::BadInput("This code plans nothing. Go back and choose another.".to_owned()));
    }
    choose::may(code, role)?;
    let span = Span { from, until, weekdays };
    let said = fields.one("detail");
    // A timetable's dates are those that were chosen, unless somebody says more.
    let dates = if said.trim().is_empty() && code.needs_dates() { span.words() } else { said.to_owned() };
    let detail = choose::detail(code, &dates)?;
    let reason = choose::needed(fields.one("reason"), "The reason")?;
    Ok(Wish { span, code, detail, reason })
}

fn stretches(wish: &Wish, calendar: &Calendar) -> Result<Vec<(SessionKey, SessionKey)>, StoreError> {
    wish.span.stretches(calendar).map_err(|why| StoreError::Refused(why.to_string()))
}

/// `POST /plans/preview`: what would be saved, for whom, and what stands against it.
pub async fn preview(State(_): State<App>, Extension(actor): Extension<Actor>, Sent(fields): Sent<Fields>) -> Answer {
    if fields.all("class").all(|id| id.parse::<ClassId>().is_err()) {
        return Err(Error::BadInput(
            "No class was ticked. Go back and tick one; pupils are unticked on the next page.".to_owned(),
        ));
    }
    show(&actor, fields, false).await
}

/// The page before it is saved; with `changed`, the one that is shown again, with the same pupils ticked.
async fn show(actor: &Actor, fields: Fields, changed: bool) -> Answer {
    let wish = wish(&fields, actor.role)?;
    let shell = Shell::of(actor, "/plans");
    let page = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        let all = stretches(&wish, &calendar)?;
        let ticked: Vec<PupilId> = fields.all("pupil").filter_map(|id| id.parse().ok()).collect();
        let only: Option<PupilId> = fields.one("only").parse().ok();
        let mut classes: Vec<ClassId> = fields.all("class").filter_map(|id| id.parse().ok()).collect();
        if let (true, Some((first, _))) = (classes.is_empty(), all.first()) {
            for pupil in &ticked {
                classes.extend(record::class_in(tx, *pupil, *first)?.filter(|class| !classes.contains(class)));
            }
        }
        let mut pupils = Vec::new();
        for class in &classes {
            pupils.extend(candidates(tx, &calendar, *class, &wish, &all)?);
        }
        pupils.retain(|candidate| only.is_none_or(|only| only == candidate.id));
        for candidate in &mut pupils {
            candidate.ticked = !changed || ticked.contains(&candidate.id);
        }
        let mut when: Vec<String> = all.iter().map(|(from, until)| words::stretch(*from, *until)).collect();
        let more_days = when.len().saturating_sub(8);
        when.truncate(8);
        let carried = ["from_date", "from_half", "until_date", "until_half", "code", "detail", "reason", "only"];
        let mut carried: Vec<_> = carried.map(|name| (name, fields.one(name).to_owned())).into();
        for name in ["class", "weekday"] {
            carried.extend(fields.all(name).map(|value| (name, value.to_owned())));
        }
        Ok(PreviewPage {
            shell,
            what: words::planned(wish.code, wish.detail.as_deref()),
            when,
            more_days,
            reason: wish.reason.to_string(),
            conflicts: pupils.iter().filter(|p| !p.conflicts.is_empty()).count(),
            changed,
            pupils,
            fields: carried,
        })
    });
    let page = page.await?;
    let shown = page.pupils.iter().map(|one| one.id).collect();
    html_of(&page, shown)
}

/// Everybody of a class in the first session, with what stands against the plan.
fn candidates(
    tx: &ReadTx<'_>,
    calendar: &Calendar,
    class: ClassId,
    wish: &Wish,
    all: &[(SessionKey, SessionKey)],
) -> Result<Vec<Candidate>, StoreError> {
    let Some((first, _)) = all.first() else { return Ok(Vec::new()) };
    let mut who =
        tx.prepare_cached("SELECT p.last, p.first, c.name FROM pupil p JOIN class c ON c.id = ?2 WHERE p.id = ?1")?;
    let mut found: BTreeMap<(String, String, PupilId), Candidate> = BTreeMap::new();
    for id in record::on_roll(tx, class, *first)? {
        let (last, first, class): (String, String, String) =
            who.query_row(params![id.as_bytes(), class.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
        let conflicts = clash::of(tx, calendar, id, Wanted { code: wish.code, all, request: None })?;
        let (name, seen) = (format!("{first} {last}"), clash::mark(&conflicts));
        found.insert((last, first, id), Candidate { id, name, class, conflicts, seen, ticked: true });
    }
    Ok(found.into_values().collect())
}

/// `POST /plans/save`: the fields `pupil` once for each who is ticked, and `seen-` with their id for what stood against the plan when
/// they were ticked. What stands by now and was not shown is shown first.
pub async fn save(State(app): State<App>, Extension(actor): Extension<Actor>, Sent(fields): Sent<Fields>) -> Answer {
    let wish = wish(&fields, actor.role)?;
    let pupils: Vec<PupilId> = fields.all("pupil").filter_map(|id| id.parse().ok()).collect();
    if pupils.is_empty() {
        return Err(Error::BadInput("Nobody is ticked. Go back and tick those whom the plan is for.".to_owned()));
    }
    let (now, by) = (app.clock.now(), actor.officer());
    let sent = fields.clone();
    let done = actor.school.write(move |tx| {
        let calendar = tx.calendar()?;
        let all = stretches(&wish, &calendar)?;
        let (Some((first, _)), true) = (all.first(), all.len() * pupils.len() <= MOST) else {
            return Err(StoreError::Refused(
                "These are too many days for so many pupils at once. Go back and plan a shorter time, or fewer classes.".to_owned(),
            ));
        };
        for pupil in &pupils {
            let stands = clash::of(tx, &calendar, *pupil, Wanted { code: wish.code, all: &all, request: None })?;
            if !stands.is_empty() && clash::mark(&stands) != sent.one(&format!("seen-{pupil}")) {
                return Ok(None);
            }
        }
        let mut acts = Vec::with_capacity(all.len() * pupils.len());
        for pupil in &pupils {
            if record::class_in(tx, *pupil, *first)?.is_none() {
                return Err(StoreError::Refused("A pupil is not on roll on the first day. Load the page again.".to_owned()));
            }
            for (from, until) in &all {
                acts.push(Act::Planned {
                    plan: PlanId::from_bytes(secret::random()?),
                    pupil: *pupil,
                    from: *from,
                    until: *until,
                    code: wish.code,
                    detail: wish.detail.clone(),
                    reason: wish.reason.clone(),
                });
            }
        }
        let made = acts.len();
        record::acts(tx, now, &by, acts)?;
        Ok(Some(made))
    });
    match done.await? {
        Some(made) => Ok(Redirect::to(&format!("/plans?done={made}")).into_response()),
        None => show(&actor, fields, true).await,
    }
}
