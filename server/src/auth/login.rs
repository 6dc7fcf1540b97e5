//! Logging in and out.
//!
//! Must never: say whether the name or the password was wrong, or log either.

use super::throttle::{self, Tries, Turn};
use super::{Actor, Role, password, session};
use crate::error::{Answer, Error};
use crate::office::{Sent, html};
use crate::state::App;
use askama::Template;
use axum::extract::{ConnectInfo, Extension, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use rusqlite::OptionalExtension as _;
use std::net::SocketAddr;
use tower_sessions::Session;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    csrf: String,
    username: String,
    problem: Option<String>,
}

/// What the form brings.
#[derive(serde::Deserialize)]
pub struct LoginForm {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
}

/// `GET /`: to where this person's work begins.
pub async fn home(State(app): State<App>, session: Session) -> Answer {
    let Some(who) = session::who(&session).await? else { return Ok(Redirect::to("/login").into_response()) };
    let actor = super::actor(&app.stores, &who, String::new()).await?;
    Ok(Redirect::to(actor.map_or("/login", |a| a.role.home())).into_response())
}

/// `GET /login`
pub async fn page(session: Session) -> Answer {
    let csrf = session::csrf(&session).await?;
    html(&LoginPage { csrf, username: String::new(), problem: None })
}

/// `POST /login`
pub async fn submit(
    State(app): State<App>,
    session: Session,
    address: Option<Extension<ConnectInfo<SocketAddr>>>,
    Sent(form): Sent<LoginForm>,
) -> Answer {
    let address = address.map_or_else(|| "unknown".to_owned(), |a| a.0.0.ip().to_string());
    let tries = Tries::of(&form.username, &address);
    let now = app.clock.now();
    let csrf = session::csrf(&session).await?;
    let username: String = form.username.trim().chars().take(80).collect();
    if let Turn::Wait { seconds } = throttle::take(app.stores.trust(), &tries, now.at).await? {
        tracing::warn!("log-in refused: too many tries");
        let problem = Some(format!("Too many tries. Wait {}, then try again.", waiting(seconds)));
        let page = html(&LoginPage { csrf, username, problem })?;
        return Ok((StatusCode::TOO_MANY_REQUESTS, page).into_response());
    }
    let name = username.clone();
    let found = app
        .stores
        .trust()
        .read(move |c| {
            Ok(c.query_row(
                "SELECT id, password_hash, role FROM account WHERE username = ?1 AND disabled_at IS NULL",
                [&name],
                |r| Ok((r.get::<_, i64>(0)?, r.get::<_, String>(1)?, r.get::<_, String>(2)?)),
            )
            .optional()?)
        })
        .await?;
    let fits = password::verify(form.password, found.as_ref().map(|(_, hash, _)| hash.clone())).await;
    let Some((account, hash, role)) = found.filter(|_| fits) else {
        tracing::info!("log-in failed");
        let problem = Some("The name or the password is not right. Check both and try again.".to_owned());
        let page = html(&LoginPage { csrf, username, problem })?;
        return Ok((StatusCode::UNAUTHORIZED, page).into_response());
    };
    throttle::passed(app.stores.trust(), &tries).await?;
    let minute = now.at.0.div_euclid(60_000);
    session::begin(&session, &session::Who { account, stamp: session::stamp(&hash), minute }).await?;
    tracing::info!(account, "logged in");
    let role = Role::parse(&role).ok_or(Error::Unexpected("a role that nobody knows".to_owned()))?;
    Ok(Redirect::to(role.home()).into_response())
}

/// `POST /logout`
pub async fn logout(Extension(actor): Extension<Actor>, session: Session) -> Answer {
    session.flush().await?;
    tracing::info!(account = actor.account, "logged out");
    Ok(Redirect::to("/login").into_response())
}

fn waiting(seconds: i64) -> String {
    match seconds {
        ..=1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", (seconds + 59) / 60),
    }
}
