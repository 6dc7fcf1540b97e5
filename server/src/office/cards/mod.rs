//! Cards: a pupil is found by a part of the name, and a card is bound to them or marked lost; cards that a kiosk saw
//! and nobody knows.
//!
//! Must never: list the whole school, or show a card's number.

mod bind;

pub use bind::{BindForm, CardLine, LostForm, Said, bind, bound_words, cards_of, lose, number};

use super::entry::found;
use super::list::{self, Bar, Kind, Sheet, View};
use super::{Sent, Shell, html, html_of, named, words};
use crate::auth::Actor;
use crate::card::{self, CardHash, Holder};
use crate::error::{Answer, Error};
use crate::staff;
use crate::state::App;
use crate::store::StoreError;
use crate::store::columns::DateCol;
use askama::Template;
use axum::extract::{Extension, Path, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use chrono::Days;
use rusqlite::{Connection, OptionalExtension as _, named_params, params};
use shared::calendar::Calendar;
use shared::id::PupilId;

/// Days back in which a card that nobody knew is worth a look.
const DAYS: u64 = 1;
/// Pupils that a search shows at most.
const MOST: usize = 20;
/// Where somebody who binds one card after another goes on.
pub const BACK: &str = "/cards?done=";

#[derive(Template)]
#[template(path = "cards.html")]
struct CardsPage {
    shell: Shell,
    find: String,
    /// The card that waits for somebody, and where it was seen.
    card: Option<(CardHash, String)>,
    hits: Vec<Hit>,
    more: bool,
    short: bool,
    unknown: Vec<Seen>,
    /// The same as files.
    bar: Bar,
    said: &'static str,
}

#[derive(Template)]
#[template(path = "cards_pupil.html")]
struct PupilPage {
    shell: Shell,
    id: PupilId,
    name: String,
    class: String,
    cards: Vec<CardLine>,
    /// Their own address, which the forms of a card begin with.
    to: String,
    said: &'static str,
}

/// Somebody whom a search found.
struct Hit {
    /// A pupil; none: a member of staff.
    pupil: Option<PupilId>,
    name: String,
    /// Class, or position.
    place: String,
    cards: usize,
    /// Their page.
    page: String,
    /// Where a card is bound to them.
    bind: String,
}

/// A card that nobody knew.
struct Seen {
    hash: CardHash,
    when: String,
    room: String,
    note: String,
}

/// What may stand in the address.
#[derive(serde::Deserialize, Default)]
pub struct Find {
    #[serde(default)]
    find: String,
    #[serde(default)]
    card: String,
    #[serde(default)]
    done: String,
    /// As a file.
    #[serde(default, rename = "as")]
    file: Option<Kind>,
}

/// `GET /cards?find&card&as`
pub async fn page(State(app): State<App>, Extension(actor): Extension<Actor>, Query(asked): Query<Find>) -> Answer {
    let now = app.clock.now().at;
    let shell = Shell::of(&actor, "/cards");
    let find = asked.find.trim().chars().take(80).collect::<String>();
    let card = CardHash::new(&asked.card);
    let said = bound_words(&asked.done);
    let page = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        let today = calendar.date_of(now);
        let since = calendar.instant((today - Days::new(DAYS)).and_time(chrono::NaiveTime::MIN));
        let mut unknown = Vec::new();
        for one in card::unknown(tx, since)? {
            unknown.push(seen(tx, &calendar, today, one)?);
        }
        let short = !find.is_empty() && list::too_short(&find);
        let mut hits =
            if short || find.is_empty() { Vec::new() } else { hits(tx, &find, DateCol(today), card.is_some())? };
        let more = hits.len() > MOST;
        hits.truncate(MOST);
        let card = card.map(|hash| {
            let place = unknown.iter().find(|u| u.hash == hash).map(|u| format!("{}, {}", u.room, u.when));
            (hash, place.unwrap_or_default())
        });
        let bar = View::default().bar("/cards", &[("find", &find)], &[]);
        Ok(CardsPage { shell, find, card, hits, more, short, unknown, bar, said })
    });
    let page = page.await?;
    let shown = page.hits.iter().filter_map(|hit| hit.pupil).collect();
    if let Some(kind) = asked.file {
        return sheet(&page).answer(kind, shown);
    }
    if let ([one], None) = (page.hits.as_slice(), &page.card) {
        return Ok(Redirect::to(&one.page).into_response()); // found: the next thing is the card
    }
    html_of(&page, shown)
}

/// Whom the search found with how many cards; without a search, the cards that nobody knows.
fn sheet(page: &CardsPage) -> Sheet {
    if page.find.is_empty() {
        let row = |s: &Seen| vec![s.when.clone(), s.room.clone(), s.note.clone()];
        let head = vec!["Seen", "Kiosk", "More"];
        return Sheet { name: "unknown-cards".to_owned(), head, rows: page.unknown.iter().map(row).collect() };
    }
    let row = |h: &Hit| vec![h.name.clone(), h.place.clone(), h.cards.to_string()];
    Sheet {
        name: "cards".to_owned(),
        head: vec!["Name", "Class or position", "Cards"],
        rows: page.hits.iter().map(row).collect(),
    }
}

fn seen(c: &Connection, calendar: &Calendar, today: chrono::NaiveDate, one: card::Unknown) -> Result<Seen, StoreError> {
    let exact = one.when.latest.since(one.when.earliest) < 60_000;
    let at = if exact { one.when.latest } else { one.when.estimate.unwrap_or(one.when.latest) };
    let mut notes = Vec::new();
    if !exact {
        notes.push("the time is not certain yet".to_owned());
    }
    if one.times > 1 {
        notes.push(format!("{} times", one.times));
    }
    if let Some(holder) = one.lost_by {
        let name = holder.name(c)?.unwrap_or_default();
        notes.push(format!("marked lost, was {name}'s"));
    }
    let sign = if exact { "" } else { "≈ " };
    let when = format!("{sign}{}", words::moment(calendar, at, today));
    Ok(Seen { hash: one.hash, when, room: one.room, note: notes.join(" · ") })
}

/// Everybody on roll whose name holds all the words; staff too, where a card waits for its owner.
fn hits(c: &Connection, find: &str, today: DateCol, staff_too: bool) -> Result<Vec<Hit>, StoreError> {
    let wanted: Vec<String> = staff::plain(find).split(' ').map(str::to_owned).collect();
    let fits = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|n| staff::plain(n)).collect();
        wanted.iter().all(|w| names.iter().any(|n| n.contains(w.as_str())))
    };
    let mut out = Vec::new();
    // SQLite's LIKE knows capitals of A to Z only: names are compared here.
    let mut pupils = c.prepare_cached(
        "SELECT p.id, p.first, p.last, ifnull(p.legal_first, ''), ifnull(p.legal_last, ''),
                ifnull((SELECT c.name FROM membership m JOIN class c ON c.id = m.class WHERE m.pupil = p.id
                    AND (m.until_on IS NULL OR m.until_on >= :today) ORDER BY m.from_on, m.from_half LIMIT 1), ''),
                (SELECT count(*) FROM card WHERE card.pupil = p.id AND card.lost_at IS NULL)
         FROM pupil p WHERE EXISTS (SELECT 1 FROM enrolment e WHERE e.pupil = p.id AND ifnull(e.left_on, '9999-12-31') >= :today)
         ORDER BY p.last, p.first, p.id",
    )?;
    let mut rows = pupils.query(named_params! {":today": today})?;
    while let Some(r) = rows.next()? {
        let name = |i| r.get::<_, String>(i);
        let (first, last) = (name(1)?, name(2)?);
        if fits(&[&first, &last, &name(3)?, &name(4)?]) {
            let pupil = PupilId::from_bytes(r.get(0)?);
            let page = format!("/cards/{pupil}");
            let bind = format!("{page}/bind");
            let (name, place, cards) = (format!("{first} {last}"), name(5)?, r.get(6)?);
            out.push(Hit { pupil: Some(pupil), name, place, cards, page, bind });
        }
        if out.len() > MOST {
            return Ok(out);
        }
    }
    if staff_too {
        for one in staff::list(c, today)?.into_iter().filter(|one| fits(&[&one.name])) {
            let page = format!("/staff/{}", one.id);
            let bind = format!("{page}/card");
            out.push(Hit { pupil: None, name: one.name, place: one.position, cards: one.cards, page, bind });
        }
    }
    Ok(out)
}

/// `GET /cards/{pupil}`
pub async fn pupil(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    Query(asked): Query<Find>,
) -> Answer {
    let id: PupilId = named(&id)?;
    let now = app.clock.now().at;
    let shell = Shell::of(&actor, "/cards");
    let page = actor.school.read(move |tx| {
        let Some(name) = Holder::Pupil(id).name(tx)? else { return Ok(None) };
        let calendar = tx.calendar()?;
        let mut class = tx.prepare_cached(
            "SELECT c.name FROM membership m JOIN class c ON c.id = m.class WHERE m.pupil = ?1
             AND (m.until_on IS NULL OR m.until_on >= ?2) ORDER BY m.from_on, m.from_half LIMIT 1",
        )?;
        let today = DateCol(calendar.date_of(now));
        let class: Option<String> = class.query_row(params![id.as_bytes(), today], |r| r.get(0)).optional()?;
        let class = class.unwrap_or_else(|| "not on roll".to_owned());
        let cards = cards_of(tx, &calendar, Holder::Pupil(id))?;
        Ok(Some(PupilPage {
            shell,
            id,
            name,
            class,
            cards,
            to: format!("/cards/{id}"),
            said: bound_words(&asked.done),
        }))
    });
    html(&found(page.await?)?)
}

/// `POST /cards/{pupil}/bind`
pub async fn bind_pupil(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    Sent(form): Sent<BindForm>,
) -> Answer {
    let id = known(&actor, &id).await?;
    let done = bind(&app, &actor, number(&form)?, Holder::Pupil(id)).await?;
    // On to the next of the box; what did not change is shown where it stands.
    let to = if done == Said::Already { format!("/cards/{id}?done=already") } else { BACK.to_owned() + done.word() };
    Ok(Redirect::to(&to).into_response())
}

/// `POST /cards/{pupil}/lost`
pub async fn lost_pupil(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    Sent(form): Sent<LostForm>,
) -> Answer {
    let id = known(&actor, &id).await?;
    lose(&app, &actor, &form, Holder::Pupil(id)).await?;
    Ok(Redirect::to(&format!("/cards/{id}?done={}", Said::Lost.word())).into_response())
}

async fn known(actor: &Actor, id: &str) -> Result<PupilId, Error> {
    let id: PupilId = named(id)?;
    found(actor.school.read(move |tx| Holder::Pupil(id).name(tx)).await?)?;
    Ok(id)
}
