//! Calls home: the families to call, those who come first first, live; and whoever telephones the office, found by a part of
//! the child's name.
//!
//! Must never: show a family whose children's absence is explained, or a number while nobody may be called (after a restore).

mod family;
mod found;
#[cfg(test)]
mod tests;

pub use family::{claim, note, page as family, reason, release};

use super::list::{self, Bar, View};
use super::{Shell, asked, html_of, restored, words};
use crate::auth::Actor;
use crate::calls::{self, Caller, Claimed, Family, Missing};
use crate::clock::Now;
use crate::error::{Answer, Error};
use crate::restore;
use crate::state::App;
use crate::store::{ReadTx, StoreError};
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use chrono::{Days, NaiveDate};
use found::sheet;
pub(super) use found::{Hit, hits};
use shared::calendar::{Calendar, Half, SessionKey};
use shared::call::{Outcome, Step, Whom};
use shared::id::PupilId;

/// What may stand in the address.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct Choose {
    /// A date; today if none.
    #[serde(default)]
    pub date: Option<NaiveDate>,
    /// A part of a name.
    #[serde(default)]
    find: String,
    /// What was done last.
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "calls.html")]
struct CallsPage {
    shell: Shell,
    live: String,
    stream: String,
    said: &'static str,
    find: String,
    short: bool,
    hits: Vec<Hit>,
    bar: Bar,
    amends: bool,
}

/// What changes on the page.
#[derive(Template)]
#[template(path = "calls_live.html")]
struct Live {
    csrf: String,
    amends: bool,
    day: String,
    note: String,
    before: String,
    after: Option<String>,
    /// Nobody is called yet: the server was restored.
    wait: bool,
    to_call: usize,
    calling: usize,
    reached: usize,
    families: Vec<Line>,
    /// Every call of the day.
    calls: Vec<Made>,
    /// Older sessions that are still N.
    older: i64,
}

/// A family.
pub(super) struct Line {
    children: Vec<Child>,
    contacts: Vec<ContactLine>,
    next: String,
    tell: bool,
    /// "Sam Okoro has been calling since 09:32."
    claim: Option<String>,
    urgent: bool,
    href: String,
}

/// A child of it.
pub(super) struct Child {
    pub id: PupilId,
    pub name: String,
    pub class: String,
    pub flags: Vec<&'static str>,
    /// "2nd day", "missed 7 of the last sessions".
    pub notes: String,
    /// The register of the first session.
    pub register: String,
}

/// Somebody to call, and how it went.
pub(super) struct ContactLine {
    pub name: String,
    pub relation: String,
    pub telephone: String,
    pub dial: String,
    /// Comes next.
    pub now: bool,
    /// "message left 09:32", and the class of its colour.
    pub tried: Option<(String, &'static str)>,
}

/// A call as the log has it.
pub(super) struct Made {
    pub when: String,
    pub about: String,
    pub whom: String,
    pub outcome: &'static str,
    pub colour: &'static str,
    pub said: String,
    pub by: String,
}

/// `GET /calls?date&find&done&filter&as`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    choose: Result<Query<Choose>, QueryRejection>,
    Query(view): Query<View>,
) -> Answer {
    let choose = chosen(choose)?;
    let now = app.clock.now();
    if let Some(kind) = view.file {
        let (date, view) = (choose.date, view.clone());
        let (sheet, shown) = actor.school.read(move |tx| sheet(tx, now, date, &view)).await?;
        return sheet.answer(kind, shown);
    }
    let (live, mut shown) = fragment(&actor, now, choose.date).await?;
    let find: String = choose.find.trim().chars().take(80).collect();
    let short = !find.is_empty() && list::too_short(&find);
    let wanted = find.clone();
    let href = |id, session| format!("/absence/{id}/{session}?from=calls");
    let hits = match short || find.is_empty() || !actor.role.amends() {
        true => Vec::new(),
        false => actor.school.read(move |tx| hits(tx, &wanted, now, href)).await?,
    };
    let said = match choose.done.as_str() {
        "reason" => "The reason is written down, and the family is off the list.",
        "none" => "Nobody is left to call at the moment.",
        "planned" => "The absence is written down. The teacher’s screen shows “expected absent”.",
        _ => "",
    };
    shown.extend(hits.iter().map(|hit| hit.id));
    let date = choose.date.map(|date| date.to_string()).unwrap_or_default();
    let page = CallsPage {
        shell: Shell::of(&actor, "/calls"),
        live,
        stream: choose.date.map_or_else(|| "/live/calls".to_owned(), |date| format!("/live/calls?date={date}")),
        said,
        find,
        short,
        hits,
        bar: view.bar("/calls", &[("date", &date)], &[("order", "who comes first")]),
        amends: actor.role.amends(),
    };
    html_of(&page, shown)
}

/// What the address says.
///
/// # Errors
/// [`Error::BadInput`].
pub fn chosen(choose: Result<Query<Choose>, QueryRejection>) -> Result<Choose, Error> {
    asked(choose, "This is not a day.")
}

/// The part of the page that changes, as it is at this moment, and whom it shows.
///
/// # Errors
/// When the register cannot be read.
pub async fn fragment(actor: &Actor, now: Now, date: Option<NaiveDate>) -> Result<(String, Vec<PupilId>), Error> {
    let (amends, csrf, account) = (actor.role.amends(), actor.csrf.clone(), actor.account);
    let live = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        let today = calendar.date_of(now.at);
        let date = date.unwrap_or(today);
        let wait = waits(tx, &calendar, date)?;
        let families = if wait { Vec::new() } else { calls::queue(tx, &calendar, date, now.at)? };
        let link = |date: NaiveDate| format!("/calls?date={date}");
        let count = |which: &dyn Fn(&Family) -> bool| families.iter().filter(|f| which(f)).count();
        Ok(Live {
            csrf,
            amends,
            day: words::day(date),
            note: if date == today { words::clock(&calendar, now.at) } else { date.format("%Y").to_string() },
            before: link(school_day_before(&calendar, date)),
            after: (date < today)
                .then(|| link(calendar.school_days(date + Days::new(1), today).next().unwrap_or(today))),
            wait,
            to_call: count(&|f| f.waits() && f.claim.is_none()),
            calling: count(&|f| f.claim.is_some()),
            reached: count(&|f| f.step == Step::Reason),
            calls: log(tx, &calendar, calls::calls_of(tx, date)?, date)?,
            older: older(tx, today)?,
            families: families.iter().map(|f| line(&calendar, f, date, account)).collect(),
        })
    });
    let live = live.await?;
    let shown = live.families.iter().flat_map(|f| f.children.iter().map(|one| one.id)).collect();
    Ok((live.render()?, shown))
}

/// Whether nobody may be called about a day yet: the server was restored, and marks may be on their way.
pub(super) fn waits(tx: &ReadTx<'_>, calendar: &Calendar, date: NaiveDate) -> Result<bool, StoreError> {
    let held = restore::witness::hold(tx)?;
    Ok(held.is_some_and(|hold| restored::touches(calendar, &hold.restored, SessionKey { date, half: Half::Am })))
}

fn older(tx: &ReadTx<'_>, today: NaiveDate) -> Result<i64, StoreError> {
    Ok(tx
        .prepare_cached("SELECT count(*) FROM mark WHERE code = 'N' AND date < ?1")?
        .query_row([crate::store::columns::DateCol(today)], |r| r.get(0))?)
}

fn school_day_before(calendar: &Calendar, date: NaiveDate) -> NaiveDate {
    (1..=90)
        .filter_map(|n| date.checked_sub_days(Days::new(n)))
        .find(|day| calendar.is_school_day(*day))
        .unwrap_or(date)
}

fn line(calendar: &Calendar, family: &Family, date: NaiveDate, account: i64) -> Line {
    let first = family.about().first().copied();
    Line {
        children: family.children.iter().map(child).collect(),
        contacts: contact_lines(calendar, family, date),
        next: next_words(family),
        tell: family.tell,
        claim: family.claim.as_ref().map(|claim| {
            let since = words::moment(calendar, claim.since, date);
            if claim.account == account {
                format!("You have been calling since {since}.")
            } else {
                format!("{} has been calling since {since}.", claim.name)
            }
        }),
        urgent: family.waits(),
        href: first.map(|(pupil, session)| format!("/calls/{pupil}/{session}")).unwrap_or_default(),
    }
}

pub(super) fn child(one: &Missing) -> Child {
    let mut notes = Vec::new();
    if one.here {
        notes.push("in school now".to_owned());
    }
    if one.day > 1 {
        notes.push(format!("day {} of this absence", one.day));
    }
    if one.missed > 0 {
        notes.push(format!(
            "{} missed in the last 4 weeks of school",
            words::count(one.missed as usize, "session", "sessions")
        ));
    }
    if one.sessions.iter().all(|s| s.half == Half::Pm) {
        notes.insert(0, "since the afternoon".to_owned());
    }
    Child {
        id: one.id,
        name: one.name.clone(),
        class: one.class_name.clone(),
        flags: one.needs.words(),
        notes: notes.join(" · "),
        register: one.sessions.first().map(|s| format!("/register/{}/{s}#p{}", one.class, one.id)).unwrap_or_default(),
    }
}

pub(super) fn contact_lines(calendar: &Calendar, family: &Family, date: NaiveDate) -> Vec<ContactLine> {
    let lines = family.contacts.iter().enumerate();
    lines
        .map(|(place, contact)| {
            let last = family.calls.iter().rfind(|c| c.whom == Whom::Contact && c.name == contact.name);
            ContactLine {
                name: contact.name.clone(),
                relation: contact.relation.clone(),
                telephone: contact.telephone.clone(),
                dial: contact.telephone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect(),
                now: family.step == Step::Call(place),
                tried: last.map(|c| {
                    (format!("{} {}", c.outcome.words(), words::moment(calendar, c.at, date)), colour(c.outcome))
                }),
            }
        })
        .collect()
}

const fn colour(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Answered => "good",
        Outcome::Message => "going",
        Outcome::NoAnswer => "quiet",
        Outcome::WrongNumber => "bad",
    }
}

/// What comes next, as the office says it.
pub(super) fn next_words(family: &Family) -> String {
    if family.here() {
        return "In school now. Ask why the first session was missed.".to_owned();
    }
    match family.step {
        Step::Call(place) => match family.contacts.get(place) {
            Some(contact) => format!("Call {}", [contact.relation.as_str(), contact.name.as_str()].join(" · ")),
            None => "Call".to_owned(),
        },
        Step::Reason => "Reached. Write down the reason.".to_owned(),
        Step::Visit if family.contacts.is_empty() => "There is nobody to call: visit the home.".to_owned(),
        Step::Visit => "Nobody could be reached: visit the home.".to_owned(),
        Step::ChildrensServices => "Nobody at home: tell children’s services.".to_owned(),
        Step::Police => "Ask the police for a welfare check.".to_owned(),
        Step::Tomorrow => "Everything was tried. Call again on the next school day.".to_owned(),
    }
}

/// Calls in words, newest first; one call about several children is one line.
pub(super) fn log(
    tx: &ReadTx<'_>,
    calendar: &Calendar,
    calls: Vec<calls::Call>,
    today: NaiveDate,
) -> Result<Vec<Made>, StoreError> {
    let mut name = tx.prepare_cached("SELECT first || ' ' || last FROM pupil WHERE id = ?1")?;
    let mut lines: Vec<Made> = Vec::new();
    let mut last: Option<calls::Call> = None;
    for call in calls {
        let about: String = name.query_row([call.pupil.as_bytes()], |r| r.get(0))?;
        let same =
            |l: &calls::Call| (l.at, l.whom, &l.name, l.outcome) == (call.at, call.whom, &call.name, call.outcome);
        if let (true, Some(line)) = (last.as_ref().is_some_and(same), lines.last_mut()) {
            line.about = format!("{}, {about}", line.about);
            continue;
        }
        let whom = match (call.whom, call.name.is_empty()) {
            (Whom::Contact, _) => call.name.clone(),
            (whom, true) => whom.words().to_owned(),
            (whom, false) => format!("{}, {}", whom.words(), call.name),
        };
        lines.push(Made {
            when: words::moment(calendar, call.at, today),
            about,
            whom,
            outcome: said_outcome(call.whom, call.outcome),
            colour: colour(call.outcome),
            said: call.said.clone(),
            by: call.by.clone(),
        });
        last = Some(call);
    }
    lines.reverse();
    Ok(lines)
}

/// The outcome, as one says it of a visit or of an officer.
const fn said_outcome(whom: Whom, outcome: Outcome) -> &'static str {
    match (whom, outcome) {
        (Whom::Visit, Outcome::Answered) => "found at home",
        (Whom::Visit, Outcome::NoAnswer) => "nobody at home",
        (Whom::Visit, Outcome::Message) => "note left at the door",
        (Whom::Contact, outcome) | (_, outcome @ (Outcome::Message | Outcome::NoAnswer | Outcome::WrongNumber)) => {
            outcome.words()
        }
        (_, Outcome::Answered) => "told",
    }
}

/// `POST /calls/next`: takes the first family that nobody is calling.
pub async fn next(State(app): State<App>, Extension(actor): Extension<Actor>) -> Answer {
    let now = app.clock.now();
    let by = Caller { account: actor.account, name: actor.name.to_string() };
    let first = actor.school.write(move |tx| {
        let calendar = tx.calendar()?;
        let today = calendar.date_of(now.at);
        calls::release(tx, by.account)?;
        for family in calls::queue(tx, &calendar, today, now.at)?.into_iter().filter(Family::waits) {
            let about = family.about();
            let pupils: Vec<PupilId> = about.iter().map(|(pupil, _)| *pupil).collect();
            if let (Claimed::Yours, Some((pupil, session))) = (calls::claim(tx, &by, &pupils, now.at)?, about.first()) {
                return Ok(Some(format!("/calls/{pupil}/{session}")));
            }
        }
        Ok(None)
    });
    let to = first.await?.unwrap_or_else(|| "/calls?done=none".to_owned());
    Ok(Redirect::to(&to).into_response())
}
