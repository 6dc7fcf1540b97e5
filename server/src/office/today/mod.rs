//! Today: every class by session, who is missing without a reason, and the questions that need a person.
//!
//! Must never: cost more than a few indexed queries.

mod rows;
#[cfg(test)]
mod tests;
mod view;
mod ways;

use crate::auth::{Actor, Role};
use crate::clock::Now;
use crate::error::{Answer, Error};
use crate::office::list::{Sheet, View};
use crate::office::{Shell, asked, html_of, restored};
use crate::state::App;
use crate::store::StoreError;
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use chrono::NaiveDate;
use shared::calendar::{Calendar, Half, SessionKey};
use shared::id::PupilId;
use shared::time::Millis;
use view::{Live, Register, Scene};

/// What may stand in the address.
#[derive(Debug, Clone, Copy, Default, serde::Deserialize, serde::Serialize)]
pub struct Choose {
    /// A date; today if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<NaiveDate>,
    /// A half; the one at hand if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half: Option<Half>,
}

#[derive(Template)]
#[template(path = "today.html")]
struct TodayPage {
    shell: Shell,
    live: String,
    /// Where pushes of the same page come from.
    stream: String,
    day: String,
    /// A teacher whose account nobody has linked yet.
    unlinked: bool,
}

/// `GET /today?date&half&as`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    choose: Result<Query<Choose>, QueryRejection>,
    Query(view): Query<View>,
) -> Answer {
    let choose = chosen(choose)?;
    let live = live(&actor, app.clock.now(), choose).await?;
    let (day, shown) = (live.day.clone(), live.shown());
    if let Some(kind) = view.file {
        return sheet(&live).answer(kind, Vec::new()); // numbers of classes, and nobody's name
    }
    let live = live.render()?;
    let mut stream = "/live/today".to_owned();
    let mut sign = '?';
    for (name, value) in [
        ("date", choose.date.map(|d| d.to_string())),
        ("half", choose.half.map(|h| if h == Half::Am { "am".to_owned() } else { "pm".to_owned() })),
    ] {
        if let Some(value) = value {
            stream = format!("{stream}{sign}{name}={value}");
            sign = '&';
        }
    }
    let unlinked = actor.role == Role::Teacher && actor.staff.is_none();
    html_of(&TodayPage { shell: Shell::of(&actor, "/today"), live, stream, day, unlinked }, shown)
}

/// The registers of the session, in the order of the page.
fn sheet(live: &Live) -> Sheet {
    let row = |r: &Register| {
        let mut row = vec![r.class.clone(), r.teachers.clone(), r.state.to_owned(), r.note.clone()];
        let n = r.numbers.unwrap_or_default();
        let numbers = [n.here, n.late, n.absent(), n.unknown].map(|n| n.to_string());
        row.extend(if r.numbers.is_some() { numbers } else { Default::default() });
        row
    };
    let head = vec!["Class", "Teachers", "Register", "More", "Here", "Late", "Absent", "No reason"];
    Sheet { name: format!("registers-{}", live.session), head, rows: live.registers.iter().map(row).collect() }
}

/// What the address says, if it says a day and a half.
///
/// # Errors
/// [`Error::BadInput`].
pub fn chosen(choose: Result<Query<Choose>, QueryRejection>) -> Result<Choose, Error> {
    asked(choose, "This is not a day, or not a half of one.")
}

/// The part of the page that changes, as it is at this moment, and whom it names.
///
/// # Errors
/// When the register cannot be read.
pub async fn fragment(actor: &Actor, now: Now, choose: Choose) -> Result<(String, Vec<PupilId>), Error> {
    let live = live(actor, now, choose).await?;
    Ok((live.render()?, live.shown()))
}

async fn live(actor: &Actor, now: Now, choose: Choose) -> Result<Live, Error> {
    let role = actor.role;
    // A teacher sees their own classes; whoever is linked to nobody has none.
    let own = (role == Role::Teacher).then_some(actor.staff);
    let live = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        let session = at_hand(&calendar, now.at, choose);
        let mut rows = rows::read(tx, session, now.at)?;
        if let Some(staff) = own {
            rows.keep(&rows::classes_of(tx, staff)?);
        }
        let mut live = view::live(Scene { calendar: &calendar, now: now.at, session, role }, &rows);
        if let Some((banner, restored)) = restored::banner(tx, &calendar, role)? {
            live.restored(banner, restored::touches(&calendar, &restored, session));
        }
        Ok::<Live, StoreError>(live)
    });
    Ok(live.await?)
}

/// The session that is meant when nobody said which: the one whose register opened last, for its families are still
/// to be called when it has closed; before the first opens, the first.
fn at_hand(calendar: &Calendar, now: Millis, choose: Choose) -> SessionKey {
    let date = choose.date.unwrap_or_else(|| calendar.date_of(now));
    if let Some(half) = choose.half {
        return SessionKey { date, half };
    }
    let opened = |key: &SessionKey| calendar.times(*key).is_some_and(|times| times.opens <= now);
    let last = calendar.sessions(date, date).filter(opened).last();
    last.or_else(|| calendar.sessions(date, date).next()).unwrap_or(SessionKey { date, half: Half::Am })
}
