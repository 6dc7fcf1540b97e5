//! Logging in and out.
//!
//! Must never: say whether the name or the password was wrong, or log either.

use super::throttle::{self, Tries, Turn};
use super::{Actor, Role, factor, logins, password, session};
use crate::error::{Answer, Error};
use crate::office::{Sent, html};
use crate::state::App;
use askama::Template;
use axum::extract::{ConnectInfo, Extension, State};
use axum::http::{HeaderMap, StatusCode, header};
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

#[derive(Template)]
#[template(path = "login_code.html")]
struct CodePage {
    csrf: String,
    problem: Option<String>,
}

/// What the form of the code brings.
#[derive(serde::Deserialize)]
pub struct CodeForm {
    #[serde(default)]
    code: String,
}

/// So long the second page may stand open after the first, in milliseconds.
const HALF_WAY_MS: i64 = 5 * 60 * 1000;

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
    headers: HeaderMap,
    Sent(form): Sent<LoginForm>,
) -> Answer {
    let address = from(address);
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
                "SELECT id, password_hash, role, factor_secret IS NOT NULL FROM account
                 WHERE username = ?1 AND disabled_at IS NULL",
                [&name],
                |r| Ok((r.get::<_, i64>(0)?, r.get::<_, String>(1)?, r.get::<_, String>(2)?, r.get::<_, bool>(3)?)),
            )
            .optional()?)
        })
        .await?;
    let fits = password::verify(form.password, found.as_ref().map(|(_, hash, ..)| hash.clone())).await;
    let Some((account, hash, role, has_factor)) = found.filter(|_| fits) else {
        tracing::info!("log-in failed");
        let problem = Some("The name or the password is not right. Check both and try again.".to_owned());
        let page = html(&LoginPage { csrf, username, problem })?;
        return Ok((StatusCode::UNAUTHORIZED, page).into_response());
    };
    throttle::passed(app.stores.trust(), &tries).await?;
    let stamp = session::stamp(&hash);
    if has_factor {
        session::half_way(&session, &session::HalfWay { account, stamp, since: now.at.0 }).await?;
        return Ok(Redirect::to("/login/code").into_response());
    }
    enter(&app, &session, account, stamp, &role, &headers).await
}

/// Lets in whoever has shown all that their account asks for.
async fn enter(app: &App, session: &Session, account: i64, stamp: String, role: &str, headers: &HeaderMap) -> Answer {
    let now = app.clock.now().at;
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default().to_owned();
    let login = app.stores.trust().write(move |c| logins::begin(c, account, &agent, now)).await?;
    let minute = now.0.div_euclid(60_000);
    session::begin(session, &session::Who { account, stamp, minute, login }).await?;
    tracing::info!(account, "logged in");
    let role = Role::parse(role).ok_or(Error::Unexpected("a role that nobody knows".to_owned()))?;
    Ok(Redirect::to(role.home()).into_response())
}

/// Who is half-way in and may still type a code.
async fn half_way(app: &App, session: &Session) -> Result<Option<session::HalfWay>, Error> {
    let half = session::who_is_half_way(session).await?;
    Ok(half.filter(|half| (0..HALF_WAY_MS).contains(&(app.clock.now().at.0 - half.since))))
}

/// `GET /login/code`
pub async fn code_page(State(app): State<App>, session: Session) -> Answer {
    if half_way(&app, &session).await?.is_none() {
        return Ok(Redirect::to("/login").into_response());
    }
    html(&CodePage { csrf: session::csrf(&session).await?, problem: None })
}

/// `POST /login/code`: the code of an authenticator, or a recovery code.
pub async fn code(
    State(app): State<App>,
    session: Session,
    address: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    Sent(form): Sent<CodeForm>,
) -> Answer {
    let Some(half) = half_way(&app, &session).await? else { return Ok(Redirect::to("/login").into_response()) };
    let (account, now) = (half.account, app.clock.now().at);
    let tries = Tries::of(&format!("code of account {account}"), &from(address));
    if let Turn::Wait { seconds } = throttle::take(app.stores.trust(), &tries, now).await? {
        tracing::warn!(account, "code refused: too many tries");
        let problem = format!("Too many tries. Wait {}, then try again.", waiting(seconds));
        return refused(&session, StatusCode::TOO_MANY_REQUESTS, problem).await;
    }
    let key = app.stores.factor_key().clone();
    let found = app
        .stores
        .trust()
        .write(move |c| {
            let row = c
                .query_row(
                    "SELECT password_hash, role FROM account WHERE id = ?1 AND disabled_at IS NULL",
                    [account],
                    |r| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?)),
                )
                .optional()?;
            let fits = row.is_some() && factor::open(c, &key, account, &form.code, now)?;
            Ok(row.filter(|_| fits))
        })
        .await?;
    // The password may have been changed while this page stood open.
    let Some((_, role)) = found.filter(|(hash, _)| session::stamp(hash) == half.stamp) else {
        tracing::info!(account, "code failed");
        let problem = "That code does not fit, or was used already. Wait for the next one and type it.";
        return refused(&session, StatusCode::UNAUTHORIZED, problem.to_owned()).await;
    };
    throttle::passed(app.stores.trust(), &tries).await?;
    enter(&app, &session, account, half.stamp, &role, &headers).await
}

/// The page of the code again, with what is wrong.
async fn refused(session: &Session, status: StatusCode, problem: String) -> Answer {
    let page = html(&CodePage { csrf: session::csrf(session).await?, problem: Some(problem) })?;
    Ok((status, page).into_response())
}

fn from(address: Option<Extension<ConnectInfo<SocketAddr>>>) -> String {
    address.map_or_else(|| "unknown".to_owned(), |a| a.0.0.ip().to_string())
}

/// `POST /logout`
pub async fn logout(State(app): State<App>, Extension(actor): Extension<Actor>, session: Session) -> Answer {
    session.flush().await?;
    let (account, login, now) = (actor.account, actor.login, app.clock.now().at);
    app.stores.trust().write(move |c| logins::end(c, account, login, now)).await?;
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
