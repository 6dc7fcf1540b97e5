//! Slips to print: what a pupil who came late takes to class, and what one who goes home takes to the door.
//!
//! Must never: say why. A slip goes through a school full of eyes (P31).

use super::{What, book};
use crate::auth::Actor;
use crate::error::Answer;
use crate::office::{Shell, asked, html_of, words};
use crate::state::App;
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use chrono::NaiveDate;
use shared::id::PupilId;

#[derive(Template)]
#[template(path = "slips.html")]
struct SlipsPage {
    shell: Shell,
    date: NaiveDate,
    day: String,
    slips: Vec<Slip>,
}

/// One slip.
struct Slip {
    name: String,
    class: String,
    head: &'static str,
    when: String,
    late: String,
}

/// What may stand in the address.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct Choose {
    #[serde(default)]
    date: Option<NaiveDate>,
    /// A pupil: their slips only.
    #[serde(default)]
    only: String,
}

/// `GET /door/slips?date&only`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    choose: Result<Query<Choose>, QueryRejection>,
) -> Answer {
    let choose = asked(choose, "This is not a day.")?;
    let only: Option<PupilId> = choose.only.parse().ok();
    let (shell, now) = (Shell::of(&actor, "/door"), app.clock.now().at);
    let page = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        let date = choose.date.unwrap_or_else(|| calendar.date_of(now));
        let mut all = book(tx, &calendar, date)?;
        all.retain(|p| p.what != What::Back && only.is_none_or(|only| only == p.id));
        let shown: Vec<PupilId> = all.iter().map(|p| p.id).collect();
        let slips = all
            .into_iter()
            .map(|p| Slip {
                late: if p.what == What::Went { String::new() } else { p.late() },
                head: if p.what == What::Went { "Leaves school" } else { "Late slip" },
                name: p.pupil,
                class: p.class,
                when: p.when,
            })
            .collect();
        Ok((SlipsPage { shell, date, day: words::day(date), slips }, shown))
    });
    let (page, shown) = page.await?;
    html_of(&page, shown)
}
