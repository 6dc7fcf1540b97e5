//! What a form with a file brought: its parts, out of the bytes of a request.
//!
//! Must never: write a file that was sent to the disk, or take more parts than a form has.

use crate::error::Error;
use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use std::convert::Infallible;

/// Bytes that such a form may bring: a school's whole roster, packed.
pub const BYTES: usize = 24 * 1024 * 1024;
/// Parts of a form.
const PARTS: usize = 12;

/// One part.
#[derive(Debug, Clone)]
pub struct Part {
    /// The field.
    pub name: String,
    /// What the file was called, if it is one.
    pub file: Option<String>,
    /// What it holds.
    pub bytes: Bytes,
}

/// Whether a request brings such a form.
#[must_use]
pub fn brought(headers: &HeaderMap) -> bool {
    boundary(headers).is_some()
}

fn boundary(headers: &HeaderMap) -> Option<String> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok().and_then(|kind| multer::parse_boundary(kind).ok())
}

/// The parts.
///
/// # Errors
/// [`Error::BadInput`] when it cannot be read.
pub async fn parts(headers: &HeaderMap, bytes: Bytes) -> Result<Vec<Part>, Error> {
    let bad = || Error::BadInput("What was sent cannot be read. Go back and choose the file again.".to_owned());
    let boundary = boundary(headers).ok_or_else(bad)?;
    let body = tokio_stream::once(Ok::<Bytes, Infallible>(bytes));
    let mut form = multer::Multipart::new(body, boundary);
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|_| bad())? {
        if parts.len() == PARTS {
            return Err(bad());
        }
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().map(str::to_owned);
        let bytes = field.bytes().await.map_err(|_| bad())?;
        parts.push(Part { name, file, bytes });
    }
    Ok(parts)
}

/// A field that is text; empty if there is none.
#[must_use]
pub fn text<'a>(parts: &'a [Part], name: &str) -> &'a str {
    let part = parts.iter().find(|part| part.name == name && part.file.is_none());
    part.and_then(|part| std::str::from_utf8(&part.bytes).ok()).unwrap_or_default()
}
