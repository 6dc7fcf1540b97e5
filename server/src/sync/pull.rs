//! Pull: the rows of the feed after a kiosk's cursor; waits for news for as long as the kiosk asked.
//!
//! Must never: give a revoked kiosk a row.

use super::device::Caller;
use super::{accident, malformed, revoked};
use crate::feed::{self, Reader};
use crate::restore;
use crate::state::App;
use crate::store::{ReadTx, StoreError};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use shared::limits::PULL_WAIT_S;
use shared::wire::v1::{Pull, Pulled};
use std::time::Duration;

pub(super) async fn pull(
    State(mut app): State<App>,
    caller: Caller,
    query: Result<Query<Pull>, QueryRejection>,
) -> Response {
    let Ok(Query(pull)) = query else { return malformed("Not a pull.") };
    let wait = i64::from(pull.wait.min(PULL_WAIT_S)) * 1000;
    let until = app.clock.now().at.plus(wait);
    let mut changes = caller.school.changes();
    loop {
        changes.borrow_and_update(); // before reading: what comes in between wakes us
        let kiosk = caller.device.kiosk;
        let wanted = pull.clone();
        let found = caller
            .school
            .read(move |tx| {
                let reader = feed::reader(tx, kiosk)?.ok_or(StoreError::Missing("kiosk"))?;
                page(tx, &reader, &wanted)
            })
            .await;
        let answer = match found {
            Ok(Some(answer)) => answer,
            Ok(None) => return revoked(),
            Err(error) => return accident(&error),
        };
        let nothing = matches!(&answer, Pulled::Page { rows, tail: None, .. } if rows.is_empty());
        if !nothing || app.clock.now().at >= until || *app.stopping.borrow() {
            return Json(answer).into_response();
        }
        let longest = app.clock.delay(until).max(Duration::from_millis(1));
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return Json(answer).into_response() },
            _ = app.stopping.changed() => return Json(answer).into_response(),
            () = tokio::time::sleep(longest) => {}
        }
    }
}

fn page(tx: &ReadTx<'_>, reader: &Reader, pull: &Pull) -> Result<Option<Pulled>, StoreError> {
    if reader.revoked {
        return Ok(None);
    }
    let mut answer = feed::page(tx, reader, pull)?;
    if let (Pulled::Page { tail, .. }, Some(mark)) = (&mut answer, &pull.tail) {
        *tail = restore::tail::next(tx, mark)?.map(Box::new);
    }
    Ok(Some(answer))
}
