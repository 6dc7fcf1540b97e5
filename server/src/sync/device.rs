//! Who is calling: the kiosk that a device token belongs to.
//!
//! Must never: tell a stranger why.

use super::accident;
use crate::device::Device;
use crate::error::problem;
use crate::state::App;
use crate::store::{School, StoreError};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::Response;
use shared::wire::v1::ProblemCode;
use std::sync::Arc;

/// A kiosk that showed a known token, and its school. It may have been revoked since.
pub(super) struct Caller {
    pub device: Device,
    pub school: Arc<School>,
}

impl FromRequestParts<App> for Caller {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let token = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .filter(|token| token.starts_with("rbk_") && token.len() == 68);
        let Some(token) = token else { return Err(stranger()) };
        let device = app.tokens.device(&app.stores, token).await.map_err(|error| accident(&error))?;
        let Some(device) = device else { return Err(stranger()) };
        // A school whose file cannot be opened still has its kiosks: they keep everything and try again.
        if app.stores.unopened().contains_key(&device.school) {
            return Err(accident(&StoreError::Corrupt { what: "this school's file" }));
        }
        let Some(school) = app.stores.school(device.school) else { return Err(stranger()) };
        Ok(Self { device, school })
    }
}

fn stranger() -> Response {
    problem(StatusCode::UNAUTHORIZED, ProblemCode::NotEnrolled, "No kiosk of this server has this token.")
}
