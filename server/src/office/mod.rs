//! The office pages: a file a page. Each reads what it shows in one moment of the register, and writes nothing but
//! facts.
//!
//! Must never: reach a school other than the actor's, or show a role what it does not need (P31).

pub mod absence;
pub mod account;
pub mod amend;
pub mod calendar;
pub mod calls;
pub mod cards;
mod choose;
mod clash;
#[cfg(test)]
mod clash_tests;
pub mod door;
mod entry;
pub mod held;
pub mod import;
pub mod kiosks;
pub mod leave;
pub mod ledger;
pub mod list;
pub mod looks;
#[cfg(test)]
mod pages_tests;
pub mod paper;
#[cfg(test)]
mod people_tests;
pub mod plans;
pub mod pupils;
pub mod question;
pub mod reception;
pub mod register;
pub mod removal;
pub mod restored;
pub mod roll_call;
mod said;
pub use said::said;
mod sheet;
pub mod staff;
mod strip;
pub mod take;
#[cfg(test)]
mod take_tests;
#[cfg(test)]
mod tests;
pub mod today;
pub mod unexplained;
pub mod upload;
#[cfg(test)]
pub mod visit;
mod words;

use crate::auth::factor::Factor;
use crate::auth::{Actor, Role};
use crate::error::{Answer, Error};
use crate::look::Shown;
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, Query, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::de::DeserializeOwned;
use shared::id::PupilId;
use std::str::FromStr;

/// What surrounds every page of somebody who is logged in.
pub struct Shell {
    /// Pages of every day that this role has.
    pub nav: Vec<Item>,
    /// Its other pages: one press away, so that the bar is one line on an office's screen.
    pub more: Vec<Item>,
    /// Whether the page is one of those.
    pub more_here: bool,
    /// The school's name.
    pub school: String,
    /// Who is logged in.
    pub person: String,
    /// In what position.
    pub position: String,
    /// The session's form token.
    pub csrf: String,
    /// The last day on which the second factor can still wait, while it is not set up.
    pub factor_by: Option<String>,
}

/// An entry of the bar at the top.
pub struct Item {
    /// Where to.
    pub href: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// Whether this is the page.
    pub here: bool,
}

/// Pages that stand in the bar when there are more than fit into it.
const DAILY: usize = 7;
/// Pages that fit into the bar.
const BAR: usize = 8;

impl Shell {
    /// Of a person, on the page with this address.
    #[must_use]
    pub fn of(actor: &Actor, here: &str) -> Self {
        let (role, people) = (actor.role, actor.role.keeps_people());
        let pages = [
            ("/today", "Today", role.sees_today()),
            ("/calls", "Calls", role.sees_reasons()),
            ("/pupils", "Pupils", role.sees_reasons()),
            ("/plans", "Planned", role.sees_reasons()),
            ("/leave", "Leave", role.sees_reasons()),
            ("/door", "Late book", role.sees_reasons()),
            ("/roll-call", "Roll call", role.sees_today_names()),
            ("/calendar", "Calendar", role.sees_reasons()),
            ("/staff", "Staff", people),
            ("/cards", "Cards", people),
            ("/kiosks", "Kiosks", role.sees_kiosks()),
            ("/import", "Import", role.sees_imports()),
            ("/removal", "Removal", role == Role::Head),
            ("/looks", "Who looked", role == Role::Head),
        ];
        let mut nav: Vec<Item> = pages
            .into_iter()
            .filter(|(_, _, may)| *may)
            .map(|(href, name, _)| Item { href, name, here: href == here })
            .collect();
        let more = if nav.len() > BAR { nav.split_off(DAILY) } else { Vec::new() };
        Self {
            nav,
            more_here: more.iter().any(|item| item.here),
            more,
            school: actor.school_name.clone(),
            person: actor.name.to_string(),
            position: actor.position.to_string(),
            csrf: actor.csrf.clone(),
            factor_by: match actor.factor {
                Factor::Due(by) => chrono::DateTime::from_timestamp_millis(by.0).map(|by| words::day(by.date_naive())),
                Factor::Set | Factor::Optional => None,
            },
        }
    }
}

/// What may stand in the address of a page; `what` is said of one that cannot be read.
///
/// # Errors
/// [`Error::BadInput`].
pub fn asked<T>(choose: Result<Query<T>, QueryRejection>, what: &str) -> Result<T, Error> {
    choose.map(|Query(choose)| choose).map_err(|_| Error::BadInput(what.to_owned()))
}

/// A page.
///
/// # Errors
/// When the template fails.
pub fn html(template: &impl Template) -> Answer {
    html_with(StatusCode::OK, template)
}

/// A page that lists pupils whom its address does not name: who saw it is noted for each of them.
///
/// # Errors
/// When the template fails.
pub fn html_of(template: &impl Template, pupils: Vec<PupilId>) -> Answer {
    let mut answer = html(template)?;
    answer.extensions_mut().insert(Shown(pupils));
    Ok(answer)
}

/// A page with a status.
///
/// # Errors
/// When the template fails.
pub fn html_with(status: StatusCode, template: &impl Template) -> Result<Response, Error> {
    let text = template.render()?;
    Ok((status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response())
}

/// What a form brought. One that cannot be read is a calm page, not a stack of words.
pub struct Sent<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Sent<T> {
    type Rejection = Error;
    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        axum::Form::from_request(request, state).await.map(|form| Self(form.0)).map_err(|_| {
            Error::BadInput("A field of the form is missing or cannot be read. Go back and look at each.".to_owned())
        })
    }
}

/// The fields of a form of which some come several times.
#[derive(Clone, serde::Deserialize)]
#[serde(transparent)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first field of a name; empty if there is none.
    #[must_use]
    pub fn one(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }
    /// The fields whose names begin so, without that beginning.
    pub fn named<'a>(&'a self, begin: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(name, value)| Some((name.strip_prefix(begin)?, value.as_str())))
    }
    /// Every field, with its name.
    pub fn each(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
    /// Every field of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A part of an address. What does not parse names nothing.
///
/// # Errors
/// [`Error::NotFound`].
pub fn named<T: FromStr>(part: &str) -> Result<T, Error> {
    part.parse().map_err(|_| Error::NotFound)
}
