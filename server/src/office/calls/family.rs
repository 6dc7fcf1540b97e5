//! One family that is being called: whom to call, one press for what came of it, the reason once it is known, and what was
//! tried before.
//!
//! Must never: note a call in somebody else's name, or write a reason for a child who was not ticked.

use super::super::choose::{self, Group};
use super::super::clash::{self, Wanted};
use super::super::entry::{self, Pupil, found};
use super::super::{Fields, Sent, Shell, html, named, words};
use super::{Child, ContactLine, Made, child, contact_lines, log, next_words, waits};
use crate::auth::{Actor, Role};
use crate::calls::{self, Caller, Claimed, Family, Note};
use crate::clock::Now;
use crate::error::{Answer, Error};
use crate::secret;
use crate::state::App;
use crate::store::{ReadTx, StoreError, WriteTx};
use askama::Template;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse as _, Redirect};
use chrono::NaiveDate;
use shared::act::Act;
use shared::calendar::{Half, SessionKey};
use shared::call::{Outcome, Whom};
use shared::id::{CallId, PlanId, PupilId};
use shared::text::{Name, Remark};

/// Calls of earlier days that are shown.
const EARLIER: usize = 20;
/// Names of contacts are not cut: nobody's is longer.
const SOMEBODY: &str = "Whom you tried";

#[derive(Template)]
#[template(path = "calls_family.html")]
struct FamilyPage {
    shell: Shell,
    pupil: Pupil,
    session: SessionKey,
    title: String,
    names: String,
    children: Vec<Child>,
    contacts: Vec<ContactLine>,
    next: String,
    tell: bool,
    /// Somebody else is calling.
    other: Option<String>,
    /// You are, until then.
    yours: Option<String>,
    /// Explained meanwhile, or nobody may be called yet.
    quiet: Option<&'static str>,
    amends: bool,
    groups: Vec<Group>,
    today: NaiveDate,
    /// "Thursday 19 November": the first day of an absence that goes on.
    since: Option<String>,
    whoms: Vec<(&'static str, &'static str)>,
    outcomes: Vec<(&'static str, &'static str)>,
    made: Vec<Made>,
    earlier: Vec<Made>,
    /// Names the next call in each form.
    call: CallId,
}

/// `GET /calls/{pupil}/{session}`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path((pupil, session)): Path<(String, String)>,
) -> Answer {
    let (pupil, session): (PupilId, SessionKey) = (named(&pupil)?, named(&session)?);
    let (shell, now, amends) = (Shell::of(&actor, "/calls"), app.clock.now(), actor.role.amends());
    let call = CallId::from_bytes(secret::random()?);
    let (account, head) = (actor.account, actor.role == Role::Head);
    let page = actor.school.read(move |tx| read(tx, shell, (pupil, session), now, (account, amends, head), call));
    html(&found(page.await?)?)
}

fn read(
    tx: &ReadTx<'_>,
    shell: Shell,
    (pupil, session): (PupilId, SessionKey),
    now: Now,
    (account, amends, head): (i64, bool, bool),
    call: CallId,
) -> Result<Option<FamilyPage>, StoreError> {
    let Some(who) = entry::pupil(tx, pupil, session)? else { return Ok(None) };
    let calendar = tx.calendar()?;
    let (date, today) = (session.date, calendar.date_of(now.at));
    let wait = waits(tx, &calendar, date)?;
    let family = calls::queue(tx, &calendar, date, now.at)?.into_iter().find(|f| f.has(pupil)).filter(|_| !wait);
    let of_day: Vec<_> = calls::calls_of(tx, date)?
        .into_iter()
        .filter(|c| c.pupil == pupil || family.as_ref().is_some_and(|f| f.has(c.pupil)))
        .collect();
    let mut earlier = calls::before(tx, pupil, date, EARLIER)?;
    earlier.reverse();
    let claim = family.as_ref().and_then(|f| f.claim.clone());
    let at = |at| words::moment(&calendar, at, today);
    let (yours, other) = match claim {
        Some(claim) if claim.account == account => (Some(at(claim.since)), None),
        Some(claim) => (None, Some(format!("{} has been calling this family since {}.", claim.name, at(claim.since)))),
        None => (None, None),
    };
    let since = family.as_ref().and_then(|f| f.children.iter().map(|c| c.since).min()).filter(|since| *since < date);
    let names = match &family {
        Some(f) => f.children.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", "),
        None => who.name.clone(),
    };
    Ok(Some(FamilyPage {
        title: words::session(session),
        names,
        children: family.iter().flat_map(|f| f.children.iter().map(child)).collect(),
        contacts: family.as_ref().map(|f| contact_lines(&calendar, f, date)).unwrap_or_default(),
        next: family.as_ref().map(next_words).unwrap_or_default(),
        tell: family.as_ref().is_some_and(|f| f.tell),
        other,
        yours,
        quiet: match (wait, &family) {
            (true, _) => Some("The server was restored: call nobody about this session yet."),
            (false, None) => Some("Nobody needs to be called: this absence is explained, or the pupil is in school."),
            (false, Some(_)) => None,
        },
        amends,
        groups: choose::groups(session, true, head),
        today: date,
        since: since.map(words::day),
        whoms: Whom::ALL.iter().filter(|w| **w != Whom::Contact).map(|w| (w.word(), w.words())).collect(),
        outcomes: vec![
            (Outcome::Answered.word(), "told, or found at home"),
            (Outcome::Message.word(), "message or note left"),
            (Outcome::NoAnswer.word(), "no answer, or nobody at home"),
        ],
        made: log(tx, &calendar, of_day, date)?,
        earlier: log(tx, &calendar, earlier, today)?,
        call,
        shell,
        pupil: who,
        session,
    }))
}

/// Whom a form is about, and who sent it.
struct Asked {
    pupil: PupilId,
    session: SessionKey,
    by: Caller,
}

impl Asked {
    fn of(actor: &Actor, (pupil, session): (String, String)) -> Result<Self, Error> {
        let by = Caller { account: actor.account, name: actor.name.to_string() };
        Ok(Self { pupil: named(&pupil)?, session: named(&session)?, by })
    }
    fn here(&self) -> String {
        format!("/calls/{}/{}", self.pupil, self.session)
    }
    fn back(&self, now: Now, calendar: &shared::calendar::Calendar, done: &str) -> String {
        if calendar.date_of(now.at) == self.session.date {
            format!("/calls?done={done}")
        } else {
            format!("/calls?date={}&done={done}", self.session.date)
        }
    }
    /// The family, or only the child if nobody needs to be called any more; none for a child who is not of this school.
    fn family(&self, tx: &WriteTx<'_>, now: Now) -> Result<Option<Option<Family>>, StoreError> {
        if entry::pupil(tx, self.pupil, self.session)?.is_none() {
            return Ok(None);
        }
        let calendar = tx.calendar()?;
        Ok(Some(calls::queue(tx, &calendar, self.session.date, now.at)?.into_iter().find(|f| f.has(self.pupil))))
    }
}

fn taken(claim: &calls::Claim, at: &str) -> StoreError {
    StoreError::Refused(format!("{} has been calling this family since {at}.", claim.name))
}

/// `POST /calls/{pupil}/{session}/claim`
pub async fn claim(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(parts): Path<(String, String)>,
) -> Answer {
    let (asked, now) = (Asked::of(&actor, parts)?, app.clock.now());
    let to = asked.here();
    let done = actor.school.write(move |tx| {
        let Some(family) = asked.family(tx, now)? else { return Ok(None) };
        let pupils: Vec<PupilId> = family.iter().flat_map(|f| f.children.iter().map(|c| c.id)).collect();
        calls::release(tx, asked.by.account)?; // nobody calls two families at once
        match calls::claim(tx, &asked.by, &pupils, now.at)? {
            Claimed::Yours => Ok(Some(())),
            Claimed::By(claim) => Err(taken(&claim, &words::clock(&*tx.calendar()?, claim.since))),
        }
    });
    found(done.await?)?;
    Ok(Redirect::to(&to).into_response())
}

/// `POST /calls/{pupil}/{session}/release`
pub async fn release(
    State(_): State<App>,
    Extension(actor): Extension<Actor>,
    Path(parts): Path<(String, String)>,
) -> Answer {
    let asked = Asked::of(&actor, parts)?;
    let known = actor.school.write(move |tx| {
        calls::release(tx, asked.by.account)?;
        entry::pupil(tx, asked.pupil, asked.session)
    });
    found(known.await?)?;
    Ok(Redirect::to("/calls").into_response())
}

/// What the form of a call brings.
#[derive(serde::Deserialize)]
pub struct NoteForm {
    #[serde(default)]
    call: String,
    #[serde(default)]
    whom: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    said: String,
    /// Called though somebody else had said that they would.
    #[serde(default)]
    anyway: bool,
}

/// `POST /calls/{pupil}/{session}/note`
pub async fn note(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(parts): Path<(String, String)>,
    Sent(form): Sent<NoteForm>,
) -> Answer {
    let (asked, now) = (Asked::of(&actor, parts)?, app.clock.now());
    let whom = Whom::of(&form.whom).ok_or_else(|| missing(SOMEBODY))?;
    let outcome = Outcome::of(&form.outcome).ok_or_else(|| missing("What came of it"))?;
    let name: Name = choose::plain(&form.name, SOMEBODY)?;
    if whom == Whom::Contact && name.is_empty() {
        return Err(missing(SOMEBODY));
    }
    let said: Remark = choose::plain(&form.said, "What was said")?;
    let call: CallId = form.call.parse().map_err(|_| missing("The number of the call"))?;
    let one = Note {
        call,
        whom,
        name: (!name.is_empty()).then_some(name),
        outcome,
        said: (!said.is_empty()).then_some(said),
    };
    let (to, by, anyway) = (asked.here(), actor.officer(), form.anyway);
    let done = actor.school.write(move |tx| {
        let Some(family) = asked.family(tx, now)? else { return Ok(None) };
        let about = hold(tx, &asked, family.as_ref(), now, anyway)?;
        calls::note(tx, now, &by, &about, &one, Vec::new())?;
        Ok(Some(()))
    });
    found(done.await?)?;
    Ok(Redirect::to(&to).into_response())
}

/// Makes sure that nobody else is calling, and says whom the call is about.
fn hold(
    tx: &WriteTx<'_>,
    asked: &Asked,
    family: Option<&Family>,
    now: Now,
    anyway: bool,
) -> Result<Vec<(PupilId, SessionKey)>, StoreError> {
    let Some(family) = family else { return Ok(vec![(asked.pupil, asked.session)]) };
    let about = family.about();
    if !anyway {
        let pupils: Vec<PupilId> = about.iter().map(|(pupil, _)| *pupil).collect();
        if let Claimed::By(claim) = calls::claim(tx, &asked.by, &pupils, now.at)? {
            return Err(taken(&claim, &words::clock(&*tx.calendar()?, claim.since)));
        }
    }
    Ok(about)
}

fn missing(field: &str) -> Error {
    Error::BadInput(format!("{field} is missing. Go back and choose it."))
}

/// `POST /calls/{pupil}/{session}/reason`: the fields `child` come once for each child it is about.
pub async fn reason(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(parts): Path<(String, String)>,
    Sent(fields): Sent<Fields>,
) -> Answer {
    let (asked, now) = (Asked::of(&actor, parts)?, app.clock.now());
    let call: CallId = fields.one("call").parse().map_err(|_| missing("The number of the call"))?;
    let told: Name = choose::needed(fields.one("name"), "Who told you")?;
    let said: Remark = choose::needed(fields.one("said"), "What was said")?;
    let code = choose::code(fields.one("code"), asked.session)?;
    if code.is_attending() || code.late() || code == shared::codes::Code::N {
        return Err(Error::BadInput(
            "This code gives no reason for an absence. Go back and choose another.".to_owned(),
        ));
    }
    choose::may(code, actor.role)?;
    let detail: Option<Remark> = choose::detail(code, fields.one("detail"))?;
    let reason: Remark = choose::plain(&format!("{told}: {said}"), "What was said")?;
    let until_date: NaiveDate = fields.one("until_date").parse().map_err(|_| missing("The last day"))?;
    let until =
        SessionKey { date: until_date, half: if fields.one("until_half") == "am" { Half::Am } else { Half::Pm } };
    if until < asked.session || (until.date - asked.session.date).num_days() > 366 {
        return Err(Error::BadInput("The last day must not be before the absence, nor a year after it.".to_owned()));
    }
    let since_first = fields.one("since") == "yes";
    let children: Vec<PupilId> = fields.all("child").map(named).collect::<Result<_, _>>()?;
    if children.is_empty() {
        return Err(missing("The child"));
    }
    let (by, seen) = (actor.officer(), fields.one("seen").to_owned());
    let (pupil, session, what) = (asked.pupil, asked.session, words::planned(code, detail.as_deref()));
    let back = {
        let calendar = actor.school.read(|tx| tx.calendar()).await?;
        asked.back(now, &calendar, "reason")
    };
    let done = actor.school.write(move |tx| {
        let Some(family) = asked.family(tx, now)? else { return Ok(None) };
        let about = hold(tx, &asked, family.as_ref(), now, false)?;
        let ticked: Vec<_> = about.iter().copied().filter(|(pupil, _)| children.contains(pupil)).collect();
        if calls::noted(tx, call)? {
            return Ok(Some(Ok(())));
        }
        if ticked.is_empty() || family.is_none() {
            return Err(StoreError::Refused(
                "This absence was explained meanwhile. Look at it before you write it down again.".to_owned(),
            ));
        }
        let (mut plans, mut stands) = (Vec::new(), Vec::new());
        let calendar = tx.calendar()?;
        for (pupil, first) in &ticked {
            let since = family.as_ref().and_then(|f| f.children.iter().find(|c| c.id == *pupil)).map(|c| c.since);
            let from = match since.filter(|since| since_first && *since < first.date) {
                Some(date) => SessionKey { date, half: Half::Am },
                None => *first,
            };
            let wanted = Wanted { code, all: &[(from, until)], request: None };
            stands.extend(clash::of_each(tx, &calendar, [*pupil], wanted)?);
            plans.push(Act::Planned {
                plan: PlanId::from_bytes(secret::random()?),
                pupil: *pupil,
                from,
                until,
                code,
                detail: detail.clone(),
                reason: reason.clone(),
            });
        }
        if !clash::shown(&stands, &seen) {
            return Ok(Some(Err(stands)));
        }
        let note = Note { call, whom: Whom::Contact, name: Some(told), outcome: Outcome::Answered, said: Some(said) };
        calls::note(tx, now, &by, &ticked, &note, plans)?;
        calls::release(tx, asked.by.account)?;
        Ok(Some(Ok(())))
    });
    if let Err(stands) = found(done.await?)? {
        let asks = clash::Asks {
            here: "/calls",
            what,
            when: words::stretch(session, until),
            action: format!("/calls/{pupil}/{session}/reason"),
            back: format!("/calls/{pupil}/{session}"),
            save: "Save the reason all the same",
        };
        return clash::page(&actor, &fields, stands, asks);
    }
    Ok(Redirect::to(&back).into_response())
}
