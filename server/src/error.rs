//! The one error of the office pages, and how it looks to whoever meets it.
//!
//! Must never: show the inside of an accident. What nobody expected is logged, and answered with a fixed text.

use crate::office::html_with;
use crate::store::StoreError;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use shared::wire::v1::{Problem, ProblemCode};

/// What a page answers.
pub type Answer = Result<Response, Error>;

/// Why a page cannot be shown, or an act not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing here, or not for this school: the same answer.
    #[error("not found")]
    NotFound,
    /// The role may not do this.
    #[error("not for this role")]
    Forbidden,
    /// The form did not come from a page of this session.
    #[error("the form did not come from this session")]
    StaleForm,
    /// What was sent cannot be understood; the words say what to do.
    #[error("{0}")]
    BadInput(String),
    /// More than one request may carry.
    #[error("too large")]
    TooLarge,
    /// The store's accident.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The session store's accident.
    #[error("sessions: {0}")]
    Session(#[from] tower_sessions::session::Error),
    /// A page could not be written out.
    #[error("template: {0}")]
    Template(#[from] askama::Error),
    /// A fault of this program.
    #[error("{0}")]
    Unexpected(String),
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage<'a> {
    title: &'a str,
    text: &'a str,
    /// Number of the status, small below the text.
    status: u16,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let store_says;
        let (status, title, text) = match &self {
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "There is nothing here",
                "The address may be mistyped, or what it named is no longer kept.",
            ),
            Self::Forbidden => (
                StatusCode::FORBIDDEN,
                "This page is not part of your role",
                "If you need it for your work, ask the headteacher to change your role.",
            ),
            Self::StaleForm => (
                StatusCode::FORBIDDEN,
                "Nothing was saved",
                "This page had stood open too long, or you logged in again elsewhere. Go back, load the page again, and \
                 repeat what you did.",
            ),
            Self::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "Nothing was saved", "What was sent is larger than this page takes.")
            }
            Self::BadInput(words) => (StatusCode::BAD_REQUEST, "Nothing was saved", words.as_str()),
            Self::Store(StoreError::Refused(words)) => {
                store_says = words.clone();
                (StatusCode::CONFLICT, "Nothing was saved", store_says.as_str())
            }
            Self::Store(StoreError::Missing(_)) => {
                return Self::NotFound.into_response();
            }
            Self::Store(_) | Self::Session(_) | Self::Template(_) | Self::Unexpected(_) => {
                tracing::error!(error = %self, "a page failed");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Something went wrong here",
                    "It was noted in the server's log. What you did last may not have been saved: look before you \
                     repeat it. The kiosks go on working.",
                )
            }
        };
        html_with(status, &MessagePage { title, text, status: status.as_u16() })
            .unwrap_or_else(|_| (status, text.to_owned()).into_response())
    }
}

/// An accident on a device route, as JSON.
#[must_use]
pub fn problem(status: StatusCode, code: ProblemCode, title: &str) -> Response {
    let body = Problem { code, title: title.to_owned() };
    let mut response = (status, axum::Json(body)).into_response();
    response
        .headers_mut()
        .insert(axum::http::header::CONTENT_TYPE, axum::http::HeaderValue::from_static("application/problem+json"));
    response
}
