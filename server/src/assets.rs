//! The style sheet, scripts and font that the build embedded, under addresses that change with their content.
//!
//! Must never: serve anything else from a disk, or hold anything that not everybody may read.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::LazyLock;

/// One embedded file.
pub struct Asset {
    /// What it is for: style, script, icon, font, htmx, hx-sse.
    pub role: &'static str,
    /// Its file name, with a hash of its content.
    pub name: &'static str,
    /// Its content.
    pub bytes: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

static ADDRESSES: LazyLock<Vec<(&'static str, String)>> =
    LazyLock::new(|| EMBEDDED.iter().map(|a| (a.role, format!("/assets/{}", a.name))).collect());

fn address(role: &str) -> Option<&'static str> {
    ADDRESSES.iter().find(|(known, _)| *known == role).map(|(_, address)| address.as_str())
}
/// Address of the style sheet.
#[must_use]
pub fn style() -> &'static str {
    address("style").unwrap_or_default()
}
/// Address of our own script.
#[must_use]
pub fn script() -> &'static str {
    address("script").unwrap_or_default()
}
/// Address of the icon.
#[must_use]
pub fn icon() -> &'static str {
    address("icon").unwrap_or_default()
}
/// Addresses of htmx and its extension for live pages, where the build had both.
#[must_use]
pub fn live() -> Option<[&'static str; 2]> {
    Some([address("htmx")?, address("hx-sse")?])
}

/// `GET /assets/{name}`
pub async fn file(Path(name): Path<String>) -> Response {
    let Some(asset) = EMBEDDED.iter().find(|a| a.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match asset.name.rsplit_once('.').map(|(_, ext)| ext) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    };
    let forever = "public, max-age=31536000, immutable";
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, forever)], asset.bytes).into_response()
}
