//! Hello, push, pull: how a kiosk's log comes in and the feed goes out. Outcomes are values; HTTP errors are accidents.
//!
//! Must never: answer a push before COMMIT, or work on the disk in an async thread.

mod device;
mod hello;
mod kept;
mod pull;
mod push;
mod witness;

use crate::error::problem;
use crate::state::App;
use crate::store::StoreError;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use shared::limits::REQUEST_BYTES;
use shared::wire::v1::ProblemCode;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;
use tower_http::decompression::RequestDecompressionLayer;

/// Answers below this many bytes are not worth packing.
const WORTH_PACKING: u16 = 1024;

/// `/sync/v1/*`: a device token each time.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/sync/v1/hello", post(hello::hello))
        .route("/sync/v1/push", post(push::push))
        .route("/sync/v1/pull", get(pull::pull))
        .route("/sync/v1/witness", post(witness::witness))
        .layer(DefaultBodyLimit::max(REQUEST_BYTES)) // counted after unpacking
        .layer(RequestDecompressionLayer::new())
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(SizeAbove::new(WORTH_PACKING)))
}

fn malformed(words: &str) -> Response {
    problem(StatusCode::BAD_REQUEST, ProblemCode::Malformed, words)
}

fn revoked() -> Response {
    problem(StatusCode::FORBIDDEN, ProblemCode::Revoked, "This kiosk was revoked. Ask the school's IT staff.")
}

fn accident(error: &StoreError) -> Response {
    tracing::error!(%error, "an exchange with a kiosk failed");
    problem(StatusCode::INTERNAL_SERVER_ERROR, ProblemCode::Server, "The server could not do this. It was noted there.")
}

#[cfg(test)]
mod limits_tests;
#[cfg(test)]
mod stolen_tests;
#[cfg(test)]
mod tests;
