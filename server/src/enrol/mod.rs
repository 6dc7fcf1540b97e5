//! Enrolment, the kiosk's side: a kiosk without a school asks, shows a code, and polls until a person has typed it.
//!
//! Must never: tell a stranger more than a code, nor keep a device token in the open.

mod grant;
mod rate;
pub mod whole_box;

pub use grant::{Grant, Waiting, grant, refuse, waiting};
pub use rate::Rate;

use crate::error::problem;
use crate::secret;
use crate::state::App;
use crate::store::StoreError;
use crate::store::columns::HashCol;
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use rusqlite::{Connection, OptionalExtension, params};
use shared::id::{KioskId, SchoolId};
use shared::limits::{ENROLMENT_MINUTES, ENROLMENTS_WAITING};
use shared::log::Hash;
use shared::text::{Name, Text};
use shared::time::Millis;
use shared::wire::v1::{EnrolPoll, EnrolRequest, EnrolTicket, EnrolWish, Enrolment, Mode, ProblemCode};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// What was granted, until the kiosk has fetched it. The token is not in it: it is made when it is fetched.
#[derive(serde::Serialize, serde::Deserialize)]
struct Granted {
    kiosk: KioskId,
    school: SchoolId,
    room: Name,
    mode: Mode,
}

/// `/enrol/v1/*`: nobody is known here.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/enrol/v1/request", post(request))
        .route("/enrol/v1/poll", post(poll))
        .layer(DefaultBodyLimit::max(4 * 1024))
}

/// Where a request comes from; in tests without a socket, from nowhere.
type From = Option<axum::Extension<ConnectInfo<SocketAddr>>>;

fn address(from: &From) -> IpAddr {
    from.as_ref().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.0.ip())
}

async fn request(
    State(app): State<App>,
    from: From,
    body: Result<Json<EnrolRequest>, axum::extract::rejection::JsonRejection>,
) -> Response {
    if !app.enrol_rate.admits(address(&from), app.clock.now().at) {
        return slow_down();
    }
    let Ok(Json(request)) = body else { return malformed() };
    let now = app.clock.now().at;
    match app.stores.trust().write(move |t| begin(t, &request, now)).await {
        Ok(Some(ticket)) => Json(ticket).into_response(),
        Ok(None) => slow_down(),
        Err(error) => accident(&error),
    }
}

fn begin(t: &Connection, request: &EnrolRequest, now: Millis) -> Result<Option<EnrolTicket>, StoreError> {
    t.execute("DELETE FROM enrolment WHERE created_at <= ?1", [lapsed(now)])?;
    let waiting: usize =
        t.query_row("SELECT count(*) FROM enrolment WHERE granted IS NULL AND refused = 0", [], |r| r.get(0))?;
    if waiting >= ENROLMENTS_WAITING {
        return Ok(None);
    }
    let code = secret::typeable(2)?;
    let ticket = secret::hex(&secret::random::<32>()?);
    t.execute(
        "INSERT INTO enrolment(code, ticket_hash, commitment, app, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![code, secret::sha256(ticket.as_bytes()), HashCol(request.commit), request.app.as_str(), now.0],
    )?;
    let bad = |_| StoreError::Corrupt { what: "an enrolment code" };
    Ok(Some(EnrolTicket {
        code: Text::new(&code).map_err(bad)?,
        ticket: Text::new(&ticket).map_err(bad)?,
        seconds: u32::try_from(ENROLMENT_MINUTES * 60).unwrap_or(u32::MAX),
    }))
}

/// Enrolments made at or before this have lapsed.
fn lapsed(now: Millis) -> i64 {
    now.0 - ENROLMENT_MINUTES * 60_000
}

async fn poll(
    State(app): State<App>,
    from: From,
    body: Result<Json<EnrolPoll>, axum::extract::rejection::JsonRejection>,
) -> Response {
    if !app.enrol_rate.admits(address(&from), app.clock.now().at) {
        return slow_down();
    }
    let Ok(Json(poll)) = body else { return malformed() };
    let Some(nonce) = secret::unhex::<32>(&poll.nonce) else { return malformed() };
    let now = app.clock.now().at;
    let pin = app.pin;
    let EnrolPoll { ticket, wish, .. } = poll;
    let wish = wish.unwrap_or_default();
    match answered(&app, ticket.as_str(), nonce, &wish, now, pin).await {
        Ok(answer) => Json(answer).into_response(),
        // Of the code on its card: the kiosk says so, and waits for somebody to type its own.
        Err(StoreError::Refused(words)) => problem(StatusCode::FORBIDDEN, ProblemCode::NotEnrolled, &words),
        Err(error) => accident(&error),
    }
}

async fn answered(
    app: &App,
    ticket: &str,
    nonce: [u8; 32],
    wish: &EnrolWish,
    now: Millis,
    pin: Hash,
) -> Result<Enrolment, StoreError> {
    let trust = app.stores.trust();
    let look = |room: Option<Name>| {
        let ticket = ticket.to_owned();
        trust.write(move |t| answer(t, &ticket, &nonce, room.as_ref(), now, pin))
    };
    let first = look(wish.room.clone()).await?;
    if first == Enrolment::Waiting && whole_box::enrol(app, ticket, wish).await? {
        return look(None).await;
    }
    Ok(first)
}

/// What a poll is told. The first one opens the commitment; one whose nonce does not fit is refused.
fn answer(
    t: &Connection,
    ticket: &str,
    nonce: &[u8; 32],
    room: Option<&Name>,
    now: Millis,
    pin: Hash,
) -> Result<Enrolment, StoreError> {
    let ticket = secret::sha256(ticket.as_bytes());
    let row = t
        .query_row(
            "SELECT commitment, granted, refused, nonce IS NULL FROM enrolment WHERE ticket_hash = ?1 AND created_at > ?2",
            params![ticket, lapsed(now)],
            |r| {
                Ok((r.get::<_, HashCol>(0)?.0, r.get::<_, Option<String>>(1)?, r.get::<_, bool>(2)?, r.get::<_, bool>(3)?))
            },
        )
        .optional()?;
    let Some((commitment, granted, refused, sealed)) = row else { return Ok(Enrolment::Refused) };
    if refused || commitment.0 != secret::sha256(nonce) {
        return Ok(Enrolment::Refused);
    }
    if sealed {
        t.execute(
            "UPDATE enrolment SET nonce = ?2, room = ?3 WHERE ticket_hash = ?1",
            params![ticket, nonce, room.map(Name::as_str)],
        )?;
    }
    let Some(granted) = granted else { return Ok(Enrolment::Waiting) };
    let granted: Granted = crate::store::columns::json(&granted, "an enrolment")?;
    // Made anew each time it is asked for: an answer that was lost on the way leaves no valid token behind.
    let token = format!("rbk_{}", secret::hex(&secret::random::<32>()?));
    t.execute(
        "UPDATE kiosk SET token_hash = ?2 WHERE id = ?1 AND revoked_at IS NULL",
        params![granted.kiosk.as_bytes(), secret::sha256(token.as_bytes())],
    )?;
    Ok(Enrolment::Granted {
        kiosk: granted.kiosk,
        school: granted.school,
        room: granted.room,
        mode: granted.mode,
        token: Text::new(&token).map_err(|_| StoreError::Corrupt { what: "a token" })?,
        pin,
        next_pin: None,
    })
}

fn slow_down() -> Response {
    problem(StatusCode::TOO_MANY_REQUESTS, ProblemCode::SlowDown, "Too many requests. Wait a minute.")
}
fn malformed() -> Response {
    problem(StatusCode::BAD_REQUEST, ProblemCode::Malformed, "Not a request that this server understands.")
}
fn accident(error: &StoreError) -> Response {
    tracing::error!(%error, "an enrolment failed");
    problem(StatusCode::INTERNAL_SERVER_ERROR, ProblemCode::Server, "The server could not do this. It was noted there.")
}

#[cfg(test)]
mod tests;
