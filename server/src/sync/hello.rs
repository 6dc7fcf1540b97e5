//! Hello: who a kiosk is, where its log and ours stand, and what time it is.
//!
//! Must never: wait for the writer longer than a commit takes: the answer carries the clock.

use super::device::Caller;
use super::kept::Told;
use super::{accident, malformed};
use crate::error::problem;
use crate::feed;
use crate::record::{log_of, own_head};
use crate::restore;
use crate::state::App;
use crate::store::columns::to_json;
use crate::store::{ReadTx, StoreError};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rusqlite::{OptionalExtension, params};
use shared::id::KioskId;
use shared::log::Head;
use shared::sync::greet;
use shared::time::Millis;
use shared::wire::v1::{Hello, HelloAnswer, LogState, PROTOCOL, ProblemCode};

pub(super) async fn hello(
    State(app): State<App>,
    caller: Caller,
    body: Result<Json<Hello>, JsonRejection>,
) -> Response {
    let came = app.clock.now();
    let t1 = came.at;
    let Ok(Json(hello)) = body else { return malformed("Not a hello.") };
    if !hello.protocols.contains(&PROTOCOL) {
        return problem(StatusCode::BAD_REQUEST, ProblemCode::UpgradeRequired, "This server speaks protocol 1.");
    }
    let kiosk = caller.device.kiosk;
    let faults = match to_json(&hello.faults, "faults") {
        Ok(faults) => faults,
        Err(error) => return accident(&error),
    };
    let (program, cursor) = (hello.app.to_string(), hello.cursor);
    let (log, head) = (hello.log, hello.head);
    let answer = caller.school.read(move |tx| answer(tx, kiosk, &hello, t1)).await;
    let answer = match answer {
        Ok(Some((answer, told))) => {
            super::kept::note_soon(&app, caller.school.id(), kiosk, told, t1);
            answer
        }
        Ok(None) => return malformed("This log is another kiosk's."),
        Err(error) => return accident(&error),
    };
    let school = caller.school;
    // After a restore it is waited for that it stands there before the kiosk says what it keeps.
    if let Some(asks) = answer.asks.clone() {
        let clock = app.clock.clone();
        let greeted =
            school.write(move |tx| restore::witness::greeted(tx, clock.now(), kiosk, &asks, (log, head))).await;
        if let Err(error) = greeted {
            return accident(&error);
        }
    }
    // When a kiosk was last here is no part of the record: nobody waits for it.
    tokio::spawn(async move {
        let noted = school
            .write(move |tx| {
                tx.prepare_cached(
                    "UPDATE kiosk SET seen_at = ?2, app = ?3, faults = ?4, cursor = ?5, offline_since = NULL WHERE id = ?1",
                )?
                .execute(params![kiosk.as_bytes(), t1.0, program, faults, crate::store::columns::int(cursor)])?;
                Ok(())
            })
            .await;
        if let Err(error) = noted {
            tracing::warn!(%error, "a kiosk's visit was not noted");
        }
    });
    let left = app.clock.now();
    Json(HelloAnswer { t2: left.at, unsure: !(came.sure && left.sure), ..answer }).into_response()
}

fn answer(
    tx: &ReadTx<'_>,
    kiosk: KioskId,
    hello: &Hello,
    t1: Millis,
) -> Result<Option<(HelloAnswer, Vec<Told>)>, StoreError> {
    let reader = feed::reader(tx, kiosk)?.ok_or(StoreError::Missing("kiosk"))?;
    let (server_head, state) = match log_of(tx, hello.log, kiosk)? {
        Some(Err(())) => return Ok(None),
        Some(Ok(log)) => (log.head, greet(log.head, log.sealed, hello.head)),
        None => (Head::EMPTY, LogState::Open),
    };
    let durable_seq = tx
        .prepare_cached("SELECT durable_seq FROM log WHERE log = ?1")?
        .query_row([hello.log.as_bytes()], |r| r.get::<_, i64>(0))
        .optional()?
        .map_or(0, crate::store::columns::uint);
    let told = super::kept::compare(tx, hello, t1)?;
    let answer = HelloAnswer {
        protocol: PROTOCOL,
        server_head,
        log: state,
        feed: reader.feed,
        feed_head: feed::head(tx)?,
        durable_seq,
        t1,
        t2: t1,
        school_head: own_head(tx)?.map_or(Head::EMPTY, |(_, _, head)| head),
        school_log: restore::tail::standing(tx)?,
        asks: restore::witness::asks(tx)?,
        unsure: false,
    };
    Ok(Some((answer, told)))
}
