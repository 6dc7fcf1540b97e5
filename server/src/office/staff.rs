//! Staff: who may sign on at a kiosk; their PINs, their cards, and cover staff who come and go.
//!
//! Must never: show a PIN again, or a card's number at all.

use super::cards::{CardLine, Said, bound_words, cards_of, number};
use super::entry::found;
use super::list::{self, Bar, Sheet, View};
use super::{Sent, Shell, choose, html, named, words};
use crate::auth::Actor;
use crate::card::Holder;
use crate::clock::Now;
use crate::error::{Answer, Error};
use crate::feed;
use crate::staff::{self, Member, pin::Pin};
use crate::state::App;
use crate::store::columns::DateCol;
use crate::store::{StoreError, WriteTx};
use askama::Template;
use axum::extract::{Extension, Path, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use shared::act::Officer;
use shared::id::StaffId;
use shared::text::Name;

#[derive(Template)]
#[template(path = "staff.html")]
struct StaffPage {
    shell: Shell,
    staff: Vec<Member>,
    ready: usize,
    all: usize,
    bar: Bar,
    said: &'static str,
}

#[derive(Template)]
#[template(path = "staff_member.html")]
struct MemberPage {
    shell: Shell,
    member: Member,
    gone: bool,
    last_day: Option<String>,
    today: String,
    cards: Vec<CardLine>,
    /// Their own address, which the forms of a card begin with.
    to: String,
    said: &'static str,
    /// A PIN that was made for them just now: this page alone shows it.
    made: Option<String>,
}

/// What a change said, on the page that follows it.
#[derive(serde::Deserialize, Default)]
pub struct After {
    #[serde(default)]
    done: String,
}

fn said(done: &str) -> &'static str {
    match done {
        "pin" => "The PIN is set. Kiosks learn it at their next exchange.",
        "no-pin" => "The PIN is gone. Kiosks learn it at their next exchange.",
        "last-day" => "The last day is set.",
        "ended" => "They are off the list, and cannot sign on from the kiosks' next exchange.",
        other => bound_words(other),
    }
}

/// `GET /staff`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Query(after): Query<After>,
    Query(view): Query<View>,
) -> Answer {
    let now = app.clock.now().at;
    let mut staff = actor.school.read(move |tx| staff::list(tx, DateCol(tx.calendar()?.date_of(now)))).await?;
    let ready = staff.iter().filter(|m| m.pin || m.cards > 0).count();
    let all = staff.len();
    staff.retain(|m| view.keeps(&[&m.name, &m.position, &m.classes]));
    match view.sort.as_str() {
        "classes" => staff.sort_by(|a, b| a.classes.cmp(&b.classes)),
        "ready" => staff.sort_by_key(|m| m.pin || m.cards > 0),
        _ => {}
    }
    let sorts = [("name", "name"), ("classes", "classes"), ("ready", "those who cannot sign on first")];
    let (shell, bar) = (Shell::of(&actor, "/staff"), view.bar("/staff", &[], &sorts));
    let page = StaffPage { shell, staff, ready, all, bar, said: said(&after.done) };
    list::answer(&page, view.file, |page| sheet(&page.staff), Vec::new())
}

fn sheet(staff: &[Member]) -> Sheet {
    let row = |m: &Member| {
        let pin = if m.pin { "yes" } else { "no" };
        vec![m.name.clone(), m.position.clone(), m.classes.clone(), pin.to_owned(), m.cards.to_string()]
    };
    Sheet {
        name: "staff".to_owned(),
        head: vec!["Name", "Position", "Classes", "PIN", "Cards"],
        rows: staff.iter().map(row).collect(),
    }
}

/// `GET /staff/{staff}`
pub async fn member(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    Query(after): Query<After>,
) -> Answer {
    shown(&app, &actor, named(&id)?, said(&after.done), None).await
}

async fn shown(app: &App, actor: &Actor, id: StaffId, said: &'static str, made: Option<Pin>) -> Answer {
    let now = app.clock.now().at;
    let shell = Shell::of(actor, "/staff");
    let made = made.map(|pin| pin.show_once().to_owned());
    let page = actor.school.read(move |tx| {
        let Some(member) = staff::one(tx, id)? else { return Ok(None) };
        let calendar = tx.calendar()?;
        let today = calendar.date_of(now);
        Ok(Some(MemberPage {
            shell,
            gone: member.ended_on.is_some_and(|day| day.0 < today),
            last_day: member.ended_on.map(|day| words::full_day(day.0)),
            today: today.to_string(),
            cards: cards_of(tx, &calendar, Holder::Staff(id))?,
            to: format!("/staff/{id}"),
            member,
            said,
            made,
        }))
    });
    html(&found(page.await?)?)
}

/// What the form of somebody new brings.
#[derive(serde::Deserialize)]
pub struct NewForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    position: String,
}

/// `POST /staff/add`: somebody whom the roster does not name.
pub async fn add(State(app): State<App>, Extension(actor): Extension<Actor>, Sent(form): Sent<NewForm>) -> Answer {
    let name: Name = choose::needed(&form.name, "The name")?;
    let position: Name = choose::needed(&form.position, "The position")?;
    let (now, by) = (app.clock.now(), actor.officer());
    let id = actor.school.write(move |tx| {
        let id = staff::add(tx, now, &by, &name, &position)?;
        feed::refresh_roster(tx, now)?;
        Ok(id)
    });
    let id = id.await?;
    tracing::info!(account = actor.account, staff = %id, "cover staff added");
    Ok(Redirect::to(&format!("/staff/{id}")).into_response())
}

/// What the form of a PIN brings.
#[derive(serde::Deserialize)]
pub struct PinForm {
    #[serde(default)]
    pin: String,
    #[serde(default)]
    decision: String,
}

/// `POST /staff/{staff}/pin`: set, made for them, or removed.
pub async fn pin(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    Sent(form): Sent<PinForm>,
) -> Answer {
    let id = known(&actor, &id).await?;
    let (pin, made) = match form.decision.as_str() {
        "remove" => (None, false),
        "make" => (Some(Pin::generate()?), true),
        _ => {
            let pin = Pin::new(&form.pin).map_err(|bad| Error::BadInput(format!("{bad} Go back and do so.")))?;
            (Some(pin), false)
        }
    };
    // Hashing is work, small as it is: not on an async thread.
    let hashed = tokio::task::spawn_blocking(move || {
        let phc = pin.as_ref().map(Pin::hash).transpose()?;
        Ok::<_, StoreError>((pin, phc))
    });
    let (pin, phc) = hashed.await.map_err(|_| StoreError::Panicked)??;
    let done = if phc.is_some() { "pin" } else { "no-pin" };
    change(&app, &actor, move |tx, now, by| staff::set_pin(tx, now, by, id, phc.as_deref())).await?;
    tracing::info!(account = actor.account, staff = %id, done, "a PIN was changed");
    if made {
        return shown(&app, &actor, id, said(done), pin).await;
    }
    Ok(Redirect::to(&format!("/staff/{id}?done={done}")).into_response())
}

/// `POST /staff/{staff}/card`: a card is theirs.
pub async fn card(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    Sent(form): Sent<super::cards::BindForm>,
) -> Answer {
    let id = known(&actor, &id).await?;
    let done = super::cards::bind(&app, &actor, number(&form)?, Holder::Staff(id)).await?;
    let to = if form.card.is_empty() {
        format!("/staff/{id}?done={}", done.word())
    } else {
        super::cards::BACK.to_owned() + done.word()
    };
    Ok(Redirect::to(&to).into_response())
}

/// `POST /staff/{staff}/lost`: a card of theirs was lost.
pub async fn lost(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    Sent(form): Sent<super::cards::LostForm>,
) -> Answer {
    let id = known(&actor, &id).await?;
    super::cards::lose(&app, &actor, &form, Holder::Staff(id)).await?;
    Ok(Redirect::to(&format!("/staff/{id}?done={}", Said::Lost.word())).into_response())
}

/// What the form of a last day brings.
#[derive(serde::Deserialize)]
pub struct EndForm {
    #[serde(default)]
    last_day: String,
}

/// `POST /staff/{staff}/end`: the last day of somebody whom the office added.
pub async fn end(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    Sent(form): Sent<EndForm>,
) -> Answer {
    let id = known(&actor, &id).await?;
    let last: chrono::NaiveDate = form
        .last_day
        .parse()
        .map_err(|_| Error::BadInput("The last day is missing, or is no date. Go back and choose one.".to_owned()))?;
    change(&app, &actor, move |tx, now, by| staff::end(tx, now, by, id, DateCol(last))).await?;
    tracing::info!(account = actor.account, staff = %id, "a last day was set");
    let now = app.clock.now().at;
    let gone = actor.school.read(move |tx| Ok(last < tx.calendar()?.date_of(now))).await?;
    let to = if gone { "/staff?done=ended".to_owned() } else { format!("/staff/{id}?done=last-day") };
    Ok(Redirect::to(&to).into_response())
}

/// Changes something, and tells the kiosks in the same transaction.
async fn change(
    app: &App,
    actor: &Actor,
    work: impl FnOnce(&WriteTx<'_>, Now, &Officer) -> Result<(), StoreError> + Send + 'static,
) -> Result<(), Error> {
    let (now, by) = (app.clock.now(), actor.officer());
    let done = actor.school.write(move |tx| {
        work(tx, now, &by)?;
        feed::refresh_roster(tx, now)
    });
    Ok(done.await?)
}

/// Somebody of this school, before anything else is looked at.
async fn known(actor: &Actor, id: &str) -> Result<StaffId, Error> {
    let id: StaffId = named(id)?;
    found(actor.school.read(move |tx| staff::one(tx, id)).await?)?;
    Ok(id)
}
