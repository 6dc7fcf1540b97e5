//! Witness: what a kiosk keeps of the school's record, told to a server that was restored.
//!
//! Must never: take anything from a kiosk that was revoked: it may be in other hands.

use super::device::Caller;
use super::{accident, malformed, revoked};
use crate::feed;
use crate::recovery::{self, Key};
use crate::restore::{tail, witness as told};
use crate::state::App;
use crate::store::StoreError;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Response};
use shared::limits::{WITNESS_HEADS, WITNESS_MARKS, WITNESS_PARTS};
use shared::wire::v1::{Witness, Witnessed};

pub(super) async fn witness(
    State(app): State<App>,
    caller: Caller,
    body: Result<Json<Witness>, JsonRejection>,
) -> Response {
    let Ok(Json(said)) = body else { return malformed("Not a witness.") };
    if said.marks.len() > WITNESS_MARKS || said.heads.len() > WITNESS_HEADS || said.tail.len() > WITNESS_PARTS {
        return malformed("Too much in one witness.");
    }
    match take(&app, &caller, said).await {
        Ok(Some(answer)) => Json(answer).into_response(),
        Ok(None) => revoked(),
        Err(error) => accident(&error),
    }
}

async fn take(app: &App, caller: &Caller, said: Witness) -> Result<Option<Witnessed>, StoreError> {
    let kiosk = caller.device.kiosk;
    let key = app.stores.trust().read(|c| recovery::named(c, recovery::WAITING)).await?;
    let key = key.map(|text| Key::read(&text)).transpose()?;
    // Opening takes long compared with writing: it is done before the writer is asked.
    let opened = caller
        .school
        .read(move |tx| {
            if feed::reader(tx, kiosk)?.is_none_or(|reader| reader.revoked) {
                return Ok(None);
            }
            let mut parts = Vec::new();
            for part in &said.tail {
                parts.push((part.log, key.as_ref().map(|key| tail::open(tx, key, part)).transpose()?));
            }
            Ok(Some((said, parts)))
        })
        .await?;
    let Some((said, parts)) = opened else { return Ok(None) };
    let clock = app.clock.clone();
    let taken = caller.school.write(move |tx| told::take(tx, clock.now(), kiosk, &said, &parts)).await?;
    Ok(Some(Witnessed { taken }))
}
