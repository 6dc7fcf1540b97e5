//! What is wrong with this server, in words: for a person who looks, and for a program that watches.
//!
//! Must never: name a pupil, or say that all is well when it could not look.

use crate::state::App;
use crate::store::{StoreError, Stores};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rusqlite::OptionalExtension;
use serde::Serialize;
use shared::time::Millis;
use std::sync::Arc;

/// A kiosk that has said nothing for so long is offline.
pub const OFFLINE_MS: i64 = 5 * 60_000;
/// A backup older than this is worth a word.
const BACKUP_MS: i64 = 26 * 3_600_000;
/// Less free space than this is worth a word, in bytes.
const DISK_BYTES: u64 = 1024 * 1024 * 1024;

/// How the server is.
#[derive(Debug, Serialize)]
pub struct Health {
    /// Whether nothing is wrong.
    pub well: bool,
    /// What is wrong, each in a sentence.
    pub wrong: Vec<String>,
    /// The server's clock, and whether it can be relied on.
    pub now_ms: i64,
    /// False: decisions are provisional.
    pub clock_sure: bool,
    /// Free space where the data lies, in bytes.
    pub disk_free: Option<u64>,
    /// The last verified backup.
    pub backup_ms: Option<i64>,
    /// Each school.
    pub schools: Vec<SchoolHealth>,
}

/// How a school is.
#[derive(Debug, Serialize)]
pub struct SchoolHealth {
    /// Its short name.
    pub slug: String,
    /// Kiosks in use.
    pub kiosks: u32,
    /// Of them, those that said nothing for five minutes.
    pub offline: u32,
    /// Of them, those whose own clock is far off.
    pub clocks_unsure: u32,
    /// Questions open.
    pub questions: u32,
    /// The close job's last register.
    pub closed_until: Option<String>,
}

/// `GET /health`.
pub async fn page(State(app): State<App>) -> Response {
    let stores = Arc::clone(&app.stores);
    let found = tokio::task::spawn_blocking(move || look(&stores)).await;
    match found {
        Ok(Ok(health)) => Json(health).into_response(),
        Ok(Err(_)) | Err(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "the server could not look at its own files").into_response()
        }
    }
}

/// Looks.
///
/// # Errors
/// An accident of the store.
pub fn look(stores: &Stores) -> Result<Health, StoreError> {
    let now = stores.clock().now();
    let mut wrong = Vec::new();
    if !now.sure {
        wrong.push("The server's clock is not synchronised: marks are provisional until it is.".to_owned());
    }
    let disk_free = rustix::fs::statvfs(stores.dir()).ok().map(|s| s.f_bavail.saturating_mul(s.f_frsize));
    if disk_free.is_some_and(|free| free < DISK_BYTES) {
        wrong.push("Less than 1 GB is free on the server's disk.".to_owned());
    }
    let mut schools = Vec::new();
    let mut backup: Option<i64> = None;
    let mut without = false;
    for school in stores.all() {
        let (health, at) = school.read_now(|tx| one(tx, school.slug(), now.at))?;
        if health.offline > 0 {
            wrong.push(format!("{}: {} of {} kiosks offline.", health.slug, health.offline, health.kiosks));
        }
        if health.clocks_unsure > 0 {
            wrong.push(format!("{}: the clock of {} kiosks is far off.", health.slug, health.clocks_unsure));
        }
        without |= at.is_none();
        backup = match (backup, at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        schools.push(health);
    }
    if without {
        wrong.push("A school has never been backed up. Run `rollbook-server backup`.".to_owned());
    } else if backup.is_some_and(|at| now.at.since(Millis(at)) > BACKUP_MS) {
        wrong.push("The last backup is more than a day old. Run `rollbook-server backup`.".to_owned());
    }
    Ok(Health {
        well: wrong.is_empty(),
        wrong,
        now_ms: now.at.0,
        clock_sure: now.sure,
        disk_free,
        backup_ms: backup,
        schools,
    })
}

fn one(c: &rusqlite::Connection, slug: &str, now: Millis) -> Result<(SchoolHealth, Option<i64>), StoreError> {
    let setting = |name: &str| {
        c.query_row("SELECT value FROM setting WHERE name = ?1", [name], |r| r.get::<_, String>(0)).optional()
    };
    let (kiosks, offline, clocks_unsure) = c.query_row(
        "SELECT count(*), total(ifnull(seen_at, 0) < ?1), total(faults LIKE '%\"clock\"%') FROM kiosk WHERE revoked_at IS NULL",
        [now.0 - OFFLINE_MS],
        |r| Ok((r.get(0)?, r.get::<_, f64>(1)?, r.get::<_, f64>(2)?)),
    )?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // total() of a count of kiosks
    let (offline, clocks_unsure) = (offline as u32, clocks_unsure as u32);
    let health = SchoolHealth {
        slug: slug.to_owned(),
        kiosks,
        offline,
        clocks_unsure,
        questions: c.query_row("SELECT count(*) FROM question", [], |r| r.get(0))?,
        closed_until: setting("closed_until")?,
    };
    Ok((health, setting("backup_at")?.and_then(|at| at.parse().ok())))
}
