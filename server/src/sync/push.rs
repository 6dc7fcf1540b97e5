//! Push: a batch of a kiosk's log, judged, appended and decided in one transaction, answered after COMMIT.
//!
//! Must never: be answered from anything but what stands on the disk.

use super::device::Caller;
use super::{accident, malformed, revoked};
use crate::error::problem;
use crate::record::{self, Appended};
use crate::state::App;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use shared::wire::v1::{ProblemCode, Push};

/// Bodies beyond this are read off the async threads.
const INLINE_BYTES: usize = 64 * 1024;

pub(super) async fn push(State(app): State<App>, caller: Caller, body: Result<Bytes, BytesRejection>) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(refused) if refused.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return problem(StatusCode::PAYLOAD_TOO_LARGE, ProblemCode::TooLarge, "Too much in one request.");
        }
        Err(_) => return malformed("The request could not be read."),
    };
    let read = if body.len() > INLINE_BYTES {
        tokio::task::spawn_blocking(move || serde_json::from_slice::<Push>(&body)).await.ok().and_then(Result::ok)
    } else {
        serde_json::from_slice(&body).ok()
    };
    let Some(push) = read else { return malformed("Not a push.") };
    let (kiosk, clock) = (caller.device.kiosk, app.clock.clone());
    match caller.school.write(move |tx| record::append(tx, clock.now(), kiosk, &push)).await {
        Ok(Appended::Answer(answer)) => Json(answer).into_response(),
        Ok(Appended::Malformed(why)) => malformed(&why),
        Ok(Appended::HeldFull) => revoked(),
        Err(error) => accident(&error),
    }
}
