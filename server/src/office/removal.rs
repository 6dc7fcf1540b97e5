//! Removal after six years: what is due, the headteacher's yes, and whether the server may do it by itself from now on.
//!
//! Must never: show a name of what is due, or remove without a yes of today or a standing one.

use super::{Sent, Shell, html, words};
use crate::auth::Actor;
use crate::error::Answer;
use crate::removal::{self, Due};
use crate::school;
use crate::state::App;
use askama::Template;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse as _, Redirect};
use shared::act::Officer;

#[derive(Template)]
#[template(path = "removal.html")]
struct RemovalPage {
    shell: Shell,
    marks: String,
    days: String,
    nothing: bool,
    younger: String,
    some_younger: bool,
    by_itself: String,
    standing: bool,
    upto: String,
}

/// What the form brings.
#[derive(serde::Deserialize)]
pub struct RemovalForm {
    what: What,
}

/// The three buttons.
#[derive(Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Now,
    Always,
    Ask,
}

/// `GET /removal`
pub async fn page(State(app): State<App>, Extension(actor): Extension<Actor>) -> Answer {
    let shell = Shell::of(&actor, "/removal");
    let now = app.clock.now();
    let page = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        let last = removal::last_day(calendar.date_of(now.at));
        let before = calendar.instant((last + chrono::Days::new(1)).and_time(chrono::NaiveTime::MIN));
        let Due { marks, days, younger } = removal::due(tx, last, before)?;
        let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let by_itself = removal::by_itself(tx)?;
        let upto = school::setting(tx, "removed_upto")?.and_then(|day| day.parse().ok());
        Ok(RemovalPage {
            shell,
            marks: words::count(number(marks), "mark", "marks"),
            days: days.map_or_else(String::new, |(from, until)| {
                if from == until {
                    words::full_day(from)
                } else {
                    format!("{} to {}", words::full_day(from), words::full_day(until))
                }
            }),
            nothing: marks == 0,
            younger: words::count(number(younger), "older mark stays", "older marks stay"),
            some_younger: younger > 0,
            standing: by_itself.is_some(),
            by_itself: by_itself.unwrap_or_default(),
            upto: upto.map_or_else(String::new, words::full_day),
        })
    });
    html(&page.await?)
}

/// `POST /removal`
pub async fn submit(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Sent(form): Sent<RemovalForm>,
) -> Answer {
    let (now, by) = (app.clock.now(), actor.officer());
    let set_by = match &by {
        Officer::Person { name, position } => format!("{name}, {position}"),
        Officer::Rule { rule, set_by } => format!("{rule}, {set_by}"),
    };
    let what = form.what;
    let went = actor.school.write(move |tx| {
        match what {
            What::Now => return removal::remove(tx, now, &by).map(Some),
            What::Always => {
                let date = tx.calendar()?.date_of(now.at);
                let set_by: String = format!("{set_by}, {date}").chars().take(80).collect();
                school::set(tx, "removal_by_itself", &set_by)?;
            }
            What::Ask => school::set(tx, "removal_by_itself", "")?,
        }
        Ok(None)
    });
    if let Some(went) = went.await?.filter(|went| !went.is_nothing()) {
        tracing::info!(school = actor.school.slug(), %went, "removed after six years");
        removal::sweep_soon(&actor.school);
    }
    Ok(Redirect::to("/removal").into_response())
}
