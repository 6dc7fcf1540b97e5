//! One's own account: password, second factor, recovery codes, and what is open under one's name.
//!
//! Must never: change anybody else's, or show a recovery code a second time.

use super::{Sent, Shell, html, words};
use crate::auth::factor::{self, Factor};
use crate::auth::logins::{self, Login};
use crate::auth::throttle::{self, Tries, Turn};
use crate::auth::{Actor, password, session};
use crate::error::{Answer, Error};
use crate::state::App;
use askama::Template;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse as _, Redirect};
use rusqlite::params;
use tower_sessions::Session;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    shell: Shell,
    role: &'static str,
    factor: Factor,
    left: usize,
    open: Vec<Line>,
    said: &'static str,
}

/// A log-in, as the list has it.
struct Line {
    login: Login,
    begun: String,
    seen: String,
    here: bool,
}

#[derive(Template)]
#[template(path = "factor.html")]
struct FactorPage {
    shell: Shell,
    again: bool,
    due: bool,
    typed: String,
    size: i32,
    path: String,
    problem: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "recovery.html")]
struct RecoveryPage {
    shell: Shell,
    codes: Vec<String>,
}

/// What may stand in the address.
#[derive(serde::Deserialize)]
pub struct Said {
    #[serde(default)]
    done: String,
}

/// What the form of a new password brings.
#[derive(serde::Deserialize)]
pub struct PasswordForm {
    #[serde(default)]
    current: String,
    #[serde(default)]
    new: String,
    #[serde(default)]
    again: String,
}

/// What the forms of the second factor bring.
#[derive(serde::Deserialize)]
pub struct FactorForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    current: String,
}

/// `GET /account`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    said: axum::extract::Query<Said>,
) -> Answer {
    let (account, now, here) = (actor.account, app.clock.now().at, actor.login);
    let calendar = actor.school.read(|tx| tx.calendar()).await?;
    let today = calendar.date_of(now);
    let (open, left) =
        app.stores.trust().read(move |c| Ok((logins::open(c, account, now)?, factor::codes_left(c, account)?))).await?;
    let say = |at| words::moment(&calendar, at, today);
    let line = |login: Login| Line { begun: say(login.begun), seen: say(login.seen), here: login.id == here, login };
    html(&AccountPage {
        role: actor.role.words(),
        factor: actor.factor,
        left,
        open: open.into_iter().map(line).collect(),
        said: match said.done.as_str() {
            "password" => "Your password is changed. What was open elsewhere has ended.",
            "ended" => "It has ended.",
            _ => "",
        },
        shell: Shell::of(&actor, "/account"),
    })
}

/// Whether this is the person's own password. Tries are counted as log-ins are.
async fn own(app: &App, actor: &Actor, typed: String) -> Result<(), Error> {
    let (account, now) = (actor.account, app.clock.now().at);
    let tries = Tries::of(&format!("account {account}"), &format!("own page of {account}"));
    if let Turn::Wait { .. } = throttle::take(app.stores.trust(), &tries, now).await? {
        return Err(Error::BadInput("Too many tries. Wait some minutes, go back and try again.".to_owned()));
    }
    let held = app
        .stores
        .trust()
        .read(move |c| Ok(c.query_row("SELECT password_hash FROM account WHERE id = ?1", [account], |r| r.get(0))?))
        .await?;
    if !password::verify(typed, Some(held)).await {
        return Err(Error::BadInput("That is not your password. Go back and type it again.".to_owned()));
    }
    throttle::passed(app.stores.trust(), &tries).await?;
    Ok(())
}

/// `POST /account/password`: everything else that is open under the account ends.
pub async fn set_password(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    session: Session,
    Sent(form): Sent<PasswordForm>,
) -> Answer {
    if form.new != form.again {
        return Err(Error::BadInput(
            "The new password was not typed the same twice. Go back and type it again.".to_owned(),
        ));
    }
    own(&app, &actor, form.current).await?;
    let made = tokio::task::spawn_blocking(move || password::hash(&form.new)).await;
    let hash = made
        .map_err(|_| Error::Unexpected("a password could not be hashed".to_owned()))?
        .map_err(|why| Error::BadInput(format!("This cannot be your password: {why}. Go back and choose another.")))?;
    let (account, now, here) = (actor.account, app.clock.now().at, actor.login);
    let stamp = session::stamp(&hash);
    app.stores
        .trust()
        .write(move |c| {
            c.execute("UPDATE account SET password_hash = ?2 WHERE id = ?1", params![account, hash])?;
            logins::end_all(c, account, Some(here), now)?;
            Ok(())
        })
        .await?;
    session::keep(&session, stamp).await?;
    tracing::info!(account, "a new password");
    Ok(Redirect::to("/account?done=password").into_response())
}

/// `POST /account/end/{login}`: ends a log-in of one's own.
pub async fn end(State(app): State<App>, Extension(actor): Extension<Actor>, Path(login): Path<String>) -> Answer {
    let login: i64 = login.parse().map_err(|_| Error::NotFound)?;
    let (account, now) = (actor.account, app.clock.now().at);
    if app.stores.trust().write(move |c| logins::end(c, account, login, now)).await? {
        Ok(Redirect::to("/account?done=ended").into_response())
    } else {
        Err(Error::NotFound)
    }
}

/// `POST /account/end-others`
pub async fn end_others(State(app): State<App>, Extension(actor): Extension<Actor>) -> Answer {
    let (account, now, here) = (actor.account, app.clock.now().at, actor.login);
    app.stores.trust().write(move |c| logins::end_all(c, account, Some(here), now)).await?;
    Ok(Redirect::to("/account?done=ended").into_response())
}

/// `GET /account/factor`: a new secret, to be put into an authenticator.
pub async fn factor_page(State(app): State<App>, Extension(actor): Extension<Actor>, session: Session) -> Answer {
    let secret = factor::Secret::new()?;
    session::offer(&session, &secret.sealed(app.stores.factor_key(), actor.account)?).await?;
    show(&app, &actor, &secret, None).await
}

async fn show(app: &App, actor: &Actor, secret: &factor::Secret, problem: Option<&'static str>) -> Answer {
    let account = actor.account;
    let username: String = app
        .stores
        .trust()
        .read(move |c| Ok(c.query_row("SELECT username FROM account WHERE id = ?1", [account], |r| r.get(0))?))
        .await?;
    let (size, path) = secret.square(&username)?;
    let due = matches!(actor.factor, Factor::Due(by) if by <= app.clock.now().at);
    let again = actor.factor == Factor::Set;
    html(&FactorPage { shell: Shell::of(actor, "/account"), again, due, typed: secret.typed()?, size, path, problem })
}

/// `POST /account/factor`: a code shows that the authenticator has the secret.
pub async fn set_factor(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    session: Session,
    Sent(form): Sent<FactorForm>,
) -> Answer {
    let offered = session::offered(&session).await?;
    let secret = offered.and_then(|sealed| factor::Secret::opened(app.stores.factor_key(), actor.account, &sealed));
    let Some(secret) = secret else {
        return Ok(Redirect::to("/account/factor").into_response()); // the page stood open for too long
    };
    own(&app, &actor, form.current).await?;
    let Some(step) = secret.step(&form.code, app.clock.now().at)? else {
        let problem = "That is not the code of this moment. Wait for the next one and type it. If none fits, look whether \
                       the telephone sets its clock by itself.";
        return show(&app, &actor, &secret, Some(problem)).await;
    };
    let account = actor.account;
    let key = app.stores.factor_key().clone();
    let codes = app.stores.trust().write(move |c| factor::set(c, &key, account, &secret, step)).await?;
    session::withdraw(&session).await?;
    tracing::info!(account, "a second factor was set up");
    html(&RecoveryPage { shell: Shell::of(&Actor { factor: Factor::Set, ..actor }, "/account"), codes })
}

/// `POST /account/recovery`: new recovery codes; the old ones open nothing any more.
pub async fn recovery(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Sent(form): Sent<FactorForm>,
) -> Answer {
    if actor.factor != Factor::Set {
        return Ok(Redirect::to("/account/factor").into_response());
    }
    own(&app, &actor, form.current).await?;
    let account = actor.account;
    let codes = app.stores.trust().write(move |c| factor::new_codes(c, account)).await?;
    html(&RecoveryPage { shell: Shell::of(&actor, "/account"), codes })
}

#[cfg(test)]
mod tests;
