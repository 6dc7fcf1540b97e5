//! After the restore: the one page of what a restored server must be told again, until the office is done with it.
//!
//! Must never: show a pupil to IT, or end by itself while anything is on the list.

use super::list::{self as rows, Bar, Sheet, View};
use super::{Shell, words};
use crate::auth::{Actor, Role};
use crate::error::Answer;
use crate::restore::list::{self, List, What};
use crate::restore::witness::{self, Waited};
use crate::restore::{self, Restored};
use crate::state::App;
use crate::store::ReadTx;
use askama::Template;
use axum::extract::{Extension, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use shared::calendar::{Calendar, SessionKey};
use shared::id::PupilId;

#[derive(Template)]
#[template(path = "restored.html")]
struct RestoredPage {
    shell: Shell,
    /// Nothing was restored, or the office is done with it.
    body: Option<Body>,
    /// Of the list of marks.
    bar: Bar,
}

struct Body {
    /// "23 November 2026, 09:05"
    backup: String,
    at: String,
    by: String,
    /// Everybody has spoken, or a person said to go on; when.
    settled: Option<String>,
    kiosks: Vec<Waited>,
    missing: usize,
    returned: String,
    lost: u64,
    other: Vec<(String, String)>,
    marks: Vec<Mark>,
    again: Vec<(String, String)>,
    closed: u32,
    clean: bool,
}

struct Mark {
    pupil: PupilId,
    name: String,
    class: String,
    when: String,
    shown: String,
    rooms: String,
    stands: &'static str,
    href: String,
}

/// The strip over the pages of the day, while a restore is not done with.
pub struct Banner {
    /// What it says.
    pub words: String,
    /// Whether calls wait.
    pub holds: bool,
    /// Whether this role may open the list.
    pub list: bool,
}

/// What the pages of the day say of a restore, if there is something to say.
///
/// # Errors
/// An accident of the store.
pub fn banner(
    tx: &ReadTx<'_>,
    calendar: &Calendar,
    role: Role,
) -> Result<Option<(Banner, Restored)>, crate::store::StoreError> {
    let Some(restored) = restore::state(tx)? else { return Ok(None) };
    let backup = words::dated(calendar, restored.backup);
    let list = role.amends();
    let banner = match witness::hold(tx)? {
        Some(hold) => {
            let missing = match hold.missing.as_slice() {
                [] => "no kiosk has spoken yet".to_owned(),
                rooms if rooms.len() > 4 => format!("{} kiosks have not spoken yet", rooms.len()),
                rooms => format!("not heard yet: {}", rooms.join(", ")),
            };
            let words = format!(
                "The server was restored from its backup of {backup}. Marks since then are provisional until every kiosk \
                 has sent what it keeps ({missing}). Call nobody about them yet."
            );
            Banner { words, holds: true, list }
        }
        None if list => Banner {
            words: format!("The server was restored from its backup of {backup}. The kiosks have sent what they keep."),
            holds: false,
            list,
        },
        None => return Ok(None),
    };
    Ok(Some((banner, restored)))
}

/// Whether a session's marks are provisional because of a restore: it is of the backup's day or later.
#[must_use]
pub fn touches(calendar: &Calendar, restored: &Restored, session: SessionKey) -> bool {
    session.date >= calendar.date_of(restored.backup) && session.date <= calendar.date_of(restored.at)
}

/// `GET /restored?filter&as`
pub async fn page(State(_): State<App>, Extension(actor): Extension<Actor>, Query(view): Query<View>) -> Answer {
    let file = view.file;
    let shell = Shell::of(&actor, "/restored");
    let page = actor.school.read(move |tx| {
        let Some(restored) = restore::state(tx)? else {
            return Ok(RestoredPage { shell, body: None, bar: Bar::default() });
        };
        let calendar = tx.calendar()?;
        let list = list::list(tx, &restored)?;
        let kiosks = witness::waited(tx, &restored)?;
        let mut body = body(&calendar, &restored, list, kiosks);
        body.marks.retain(|m| view.keeps(&[&m.name, &m.class, &m.when, &m.shown, &m.rooms, m.stands]));
        Ok(RestoredPage { shell, body: Some(body), bar: view.bar("/restored", &[], &[]) })
    });
    let page = page.await?;
    let shown = page.body.iter().flat_map(|b| b.marks.iter().map(|m| m.pupil)).collect();
    rows::answer(&page, file, sheet, shown)
}

fn sheet(page: &RestoredPage) -> Sheet {
    let marks = page.body.iter().flat_map(|b| b.marks.iter());
    let row = |m: &Mark| {
        let (shown, stands) = (m.shown.clone(), m.stands.to_owned());
        vec![m.name.clone(), m.class.clone(), m.when.clone(), shown, m.rooms.clone(), stands]
    };
    let head = vec!["Pupil", "Class", "Session", "Kiosk showed", "Kiosks", "Record says"];
    Sheet { name: "after-the-restore".to_owned(), head, rows: marks.map(row).collect() }
}

fn body(calendar: &Calendar, restored: &Restored, list: List, kiosks: Vec<Waited>) -> Body {
    let clean = list.is_empty();
    let missing = kiosks.iter().filter(|kiosk| !kiosk.back).count();
    let back = usize::try_from(list.returned).unwrap_or(usize::MAX);
    Body {
        backup: words::dated(calendar, restored.backup),
        at: words::dated(calendar, restored.at),
        by: restored.by.clone(),
        settled: restored.settled.map(|at| words::dated(calendar, at)),
        closed: kiosks.iter().map(|kiosk| kiosk.closed).sum(),
        missing,
        kiosks,
        returned: words::count(back, "entry", "entries"),
        lost: list.lost,
        other: list.other,
        marks: list
            .marks
            .into_iter()
            .map(|mark| Mark {
                href: match &mark.class {
                    Some((class, _)) => format!("/register/{class}/{}#p{}", mark.session, mark.pupil),
                    None => format!("/amend/{}/{}", mark.pupil, mark.session),
                },
                class: mark.class.map(|(_, name)| name).unwrap_or_default(),
                when: words::session(mark.session),
                pupil: mark.pupil,
                name: mark.name,
                shown: mark.shown,
                rooms: mark.rooms,
                stands: mark.stands,
            })
            .collect(),
        again: list.again.into_iter().map(|again| (words::dated(calendar, again.at), to_do(again.what))).collect(),
        clean,
    }
}

fn to_do(what: What) -> String {
    match what {
        What::Pin(name) => {
            format!("The PIN of {name} was set. The one before holds again: set a new one on the page Staff.")
        }
        What::CardBound(name) => format!("A card was bound to {name}. Bind it again, with the card in your hand."),
        What::CardLost(name) => format!("A card of {name} was marked lost. Mark it lost again: it opens until then."),
        What::Import => "A roster was imported. Import the newest file again.".to_owned(),
        What::Calendar => "The calendar was set. Set it again: `rollbook-server school calendar set`.".to_owned(),
        What::Enrolled(room) => {
            format!("The kiosk {room} was enrolled. It shows a code now: type it on the page Kiosks.")
        }
        What::Held(room) => {
            format!("What {room} had sent while it was held back was decided. Decide again on the page Kiosks.")
        }
    }
}

/// `POST /restored/settle`: not everybody has spoken, and the office goes on all the same.
pub async fn settle(State(app): State<App>, Extension(actor): Extension<Actor>) -> Answer {
    let (clock, by) = (app.clock.clone(), actor.officer());
    actor.school.write(move |tx| witness::settle(tx, clock.now(), &by)).await?;
    Ok(Redirect::to("/restored").into_response())
}

/// `POST /restored/done`: the office is done with the list.
pub async fn done(State(app): State<App>, Extension(actor): Extension<Actor>) -> Answer {
    let (clock, by) = (app.clock.clone(), actor.officer());
    actor.school.write(move |tx| witness::finish(tx, clock.now(), &by)).await?;
    let stores = app.stores.clone();
    let forgotten = tokio::task::spawn_blocking(move || restore::forget_key(&stores)).await;
    forgotten.map_err(|_| crate::store::StoreError::Panicked)??;
    Ok(Redirect::to("/restored").into_response())
}
