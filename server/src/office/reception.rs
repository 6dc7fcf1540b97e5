//! How reception asks: reasons, who collects, how a name is found. The school's choice.
//!
//! Must never: take an empty line for an answer, or more answers than a screen has room for.

use super::{Sent, Shell, choose, html};
use crate::auth::Actor;
use crate::error::{Answer, Error};
use crate::reception::{self, MOST, Rules};
use crate::state::App;
use askama::Template;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse as _, Redirect};
use shared::text::Name;
use shared::wire::v1::FindBy;

#[derive(Template)]
#[template(path = "reception.html")]
struct ReceptionPage {
    shell: Shell,
    reasons: String,
    collectors: String,
    after_card: bool,
    by_month: bool,
    most: usize,
}

/// What the form brings.
#[derive(serde::Deserialize)]
pub struct Form {
    #[serde(default)]
    reasons: String,
    #[serde(default)]
    collectors: String,
    #[serde(default)]
    after_card: String,
    #[serde(default)]
    find_by: String,
}

/// `GET /reception`
pub async fn page(Extension(actor): Extension<Actor>) -> Answer {
    let rules = actor.school.read(move |tx| reception::rules(tx)).await?;
    let lines = |names: &[Name]| names.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    html(&ReceptionPage {
        shell: Shell::of(&actor, "/door"),
        reasons: lines(&rules.reasons),
        collectors: lines(&rules.collectors),
        after_card: rules.reason_after_card,
        by_month: rules.find_by == FindBy::Month,
        most: MOST,
    })
}

/// `POST /reception`
pub async fn submit(State(app): State<App>, Extension(actor): Extension<Actor>, Sent(form): Sent<Form>) -> Answer {
    let rules = Rules {
        reasons: lines(&form.reasons, "the reasons")?,
        reason_after_card: form.after_card == "yes",
        collectors: lines(&form.collectors, "who collects")?,
        find_by: match form.find_by.as_str() {
            "month" => FindBy::Month,
            "class" => FindBy::Class,
            _ => return Err(Error::BadInput("Choose how a name is found. Go back and choose one.".to_owned())),
        },
    };
    let (by, now) = (actor.officer(), app.clock.now());
    actor.school.write(move |tx| reception::set(tx, now, &by, &rules)).await?;
    Ok(Redirect::to("/reception").into_response())
}

/// One a line; what is empty is left out, what stands twice stands once.
fn lines(text: &str, what: &str) -> Result<Vec<Name>, Error> {
    let mut names: Vec<Name> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let name: Name = choose::needed(line, "Each line")?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.len() > MOST {
        return Err(Error::BadInput(format!(
            "A screen has room for {MOST} answers; {what} has {}. Go back and leave some out.",
            names.len()
        )));
    }
    Ok(names)
}
