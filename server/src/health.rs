//! What is wrong with this server, in words: for a person who looks, and for a program that watches.
//!
//! Must never: name a pupil, or say that all is well when it could not look.

use crate::device::Damaged;
use crate::state::App;
use crate::store::{StoreError, Stores};
use crate::{backup, office, recovery};
use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rusqlite::OptionalExtension;
use serde::Serialize;
use shared::id::SchoolId;
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
    /// What is wrong, and what to do, each in a sentence or two.
    pub wrong: Vec<String>,
    /// The server's clock, and whether it can be relied on.
    pub now_ms: i64,
    /// False: decisions are provisional.
    pub clock_sure: bool,
    /// Free space where the data lies, in bytes.
    pub disk_free: Option<u64>,
    /// The last verified backup of the school that has the oldest.
    pub backup_ms: Option<i64>,
    /// The same, in a second place: what kiosks count on.
    pub backup_safe_ms: Option<i64>,
    /// Whether there is a recovery key, so that backups hold the server's keys.
    pub recovery_key: bool,
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
    /// Kiosks that found their own file damaged in the last two weeks.
    pub damaged: u32,
    /// Entries that could not be read from those files.
    pub damaged_lost: u64,
    /// Questions open.
    pub questions: u32,
    /// The close job's last register.
    pub closed_until: Option<String>,
}

#[derive(Template)]
#[template(path = "health.html")]
struct HealthPage {
    wrong: Vec<String>,
    well: Vec<String>,
}

/// `GET /health`: JSON for programs, words for a browser.
pub async fn page(State(app): State<App>, headers: HeaderMap) -> Response {
    let stores = Arc::clone(&app.stores);
    let found = tokio::task::spawn_blocking(move || look(&stores)).await;
    let Ok(Ok(health)) = found else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "the server could not look at its own files").into_response();
    };
    let mut response = if wants_words(&headers) {
        let well = well(&health);
        match office::html(&HealthPage { wrong: health.wrong, well }) {
            Ok(page) => page,
            Err(error) => error.into_response(),
        }
    } else {
        Json(health).into_response()
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// A browser names text/html; a program names JSON, or takes anything.
fn wants_words(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut kinds = accept.split(',').map(|kind| kind.split(';').next().unwrap_or_default().trim());
    kinds.find(|kind| ["text/html", "application/json"].contains(kind)) == Some("text/html")
}

/// What is well, each in a sentence.
fn well(health: &Health) -> Vec<String> {
    let mut well = Vec::new();
    if health.clock_sure {
        well.push("The server's clock is right.".to_owned());
    }
    if let Some(free) = health.disk_free.filter(|free| *free >= DISK_BYTES) {
        well.push(format!("{} GB are free on its disk.", free / DISK_BYTES));
    }
    if let Some(at) = health.backup_safe_ms.filter(|at| health.now_ms - at <= BACKUP_MS) {
        let ago = age(health.now_ms - at);
        well.push(format!("Every school was backed up into a second place, and the backup read back, {ago} ago."));
    }
    for school in health.schools.iter().filter(|school| school.kiosks > 0 && school.offline == 0) {
        let all =
            if school.kiosks == 1 { "its kiosk is".to_owned() } else { format!("all {} kiosks are", school.kiosks) };
        well.push(format!("{}: {all} online.", school.slug));
    }
    well
}

/// "less than an hour", "5 hours", "3 days"
fn age(ms: i64) -> String {
    match ms / 3_600_000 {
        i64::MIN..=0 => "less than an hour".to_owned(),
        1 => "an hour".to_owned(),
        hours @ 2..=47 => format!("{hours} hours"),
        hours => format!("{} days", hours / 24),
    }
}

/// What is wrong with the backups, if anything. `made`: the oldest of the schools' last; `safe`: of those in a second place.
fn backup_wrong(made: Option<i64>, safe: Option<i64>, now: Millis) -> Option<String> {
    let old = |at: &i64| now.since(Millis(*at)) > BACKUP_MS;
    match (made, safe) {
        (None, _) => Some("A school has never been backed up. Run `rollbook-server backup`.".to_owned()),
        (Some(_), None) => Some(
            "The backups lie on the server's own disk, and would go with it. Name a folder on another disk, or another \
             machine: `rollbook-server backup`."
                .to_owned(),
        ),
        (Some(_), Some(safe)) if old(&safe) => Some(format!(
            "The last backup in a second place is {} old. Run `rollbook-server backup`, and look at why it did not run.",
            age(now.0 - safe)
        )),
        _ => None,
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
        wrong.push(
            "The server's clock is not synchronised, and marks are provisional until it is. Look at its time service: \
             `timedatectl`."
                .to_owned(),
        );
    }
    let disk_free = rustix::fs::statvfs(stores.dir()).ok().map(|s| s.f_bavail.saturating_mul(s.f_frsize));
    if disk_free.is_some_and(|free| free < DISK_BYTES) {
        wrong.push("Less than 1 GB is free on the server's disk. Make room, or give it a larger one.".to_owned());
    }
    let mut schools = Vec::new();
    let pasts = other_pasts(stores)?;
    let mut backups = Vec::new();
    wrong.extend(stores.unopened().values().map(|school| damaged(&school.slug, &school.words)));
    for school in stores.all() {
        let (health, at) = match school.read_now(|tx| one(tx, school.slug(), now.at)) {
            Ok(found) => found,
            Err(error) if error.is_damage() => {
                wrong.push(damaged(school.slug(), &format!("its file is damaged: {error}")));
                continue;
            }
            Err(error) => return Err(error),
        };
        if pasts.contains(&school.id()) {
            wrong.push(format!(
                "{}: a kiosk was shown another past of the record than the one that stands here. Keep the files, and run \
                 `rollbook-server check --against-kiosks`.",
                health.slug
            ));
        }
        if let Some(damage) = school.damage() {
            wrong.push(damaged(school.slug(), &format!("its file is damaged: {damage}")));
        }
        if health.damaged > 0 {
            wrong.push(format!(
                "{}: the memory card of {} was damaged in the last days, and {} could not be read from it. Look at Kiosks, compare \
                 those registers with the teachers, and replace the card.",
                health.slug,
                count(health.damaged, "kiosk", "kiosks"),
                count(health.damaged_lost, "entry", "entries")
            ));
        }
        if health.offline > 0 {
            wrong.push(format!(
                "{}: {} of {} kiosks offline. They go on taking registers; see that they have power and network.",
                health.slug, health.offline, health.kiosks
            ));
        }
        if health.clocks_unsure > 0 {
            wrong.push(format!(
                "{}: the clock of {} kiosks is far off. They go by the server's; set it when you are there.",
                health.slug, health.clocks_unsure
            ));
        }
        backups.push(at);
        schools.push(health);
    }
    // None is less than any: a school without a backup is the oldest of all.
    let oldest = |of: fn(&Backups) -> Option<i64>| backups.iter().map(of).min().flatten();
    let (made, safe) = (oldest(|both| both.0), oldest(|both| both.1));
    if !backups.is_empty() {
        wrong.extend(backup_wrong(made, safe, now.at));
    }
    let recovery_key = recovery::public(stores)?.is_some();
    if !recovery_key {
        wrong.push(
            "There is no recovery key, so backups do not hold the server's keys. Run `rollbook-server recovery-key new`."
                .to_owned(),
        );
    }
    Ok(Health {
        well: wrong.is_empty(),
        wrong,
        now_ms: now.at.0,
        clock_sure: now.sure,
        disk_free,
        backup_ms: made,
        backup_safe_ms: safe,
        recovery_key,
        schools,
    })
}

/// Schools of which a kiosk keeps another past.
fn other_pasts(stores: &Stores) -> Result<Vec<SchoolId>, StoreError> {
    stores.trust().read_now(|c| {
        let mut found = c.prepare_cached("SELECT DISTINCT school FROM kept_head WHERE fits = 0")?;
        let rows = found.query_map([], |r| r.get(0).map(SchoolId::from_bytes))?;
        Ok(rows.collect::<Result<_, _>>()?)
    })
}

fn damaged(slug: &str, what: &str) -> String {
    format!(
        "{slug}: {what}. Kiosks keep what they have. Keep the file, run `rollbook-server check`, and restore the last backup \
         (docs/OPERATIONS.md, \"A damaged file\")."
    )
}

fn count(n: impl Into<u64>, one: &str, more: &str) -> String {
    match n.into() {
        1 => format!("1 {one}"),
        n => format!("{n} {more}"),
    }
}

type Backups = (Option<i64>, Option<i64>);

fn one(c: &rusqlite::Connection, slug: &str, now: Millis) -> Result<(SchoolHealth, Backups), StoreError> {
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
    let told = Damaged::all(c, now)?;
    let (damaged, damaged_lost) = (u32::try_from(told.len()).unwrap_or(u32::MAX), told.values().map(|d| d.lost).sum());
    let health = SchoolHealth {
        slug: slug.to_owned(),
        kiosks,
        offline,
        clocks_unsure,
        damaged,
        damaged_lost,
        questions: c.query_row("SELECT count(*) FROM question", [], |r| r.get(0))?,
        closed_until: setting("closed_until")?,
    };
    let at = |name| Ok::<_, StoreError>(setting(name)?.and_then(|at| at.parse().ok()));
    Ok((health, (at(backup::MADE_AT)?, at(backup::SAFE_AT)?)))
}

#[cfg(test)]
mod tests {
    use super::{age, backup_wrong};
    use crate::office::visit;
    use crate::testing::world;
    use axum::body::Body;
    use axum::http::Request;
    use shared::time::Millis;
    use shared::wire::v1::Mode;

    #[test]
    fn a_backup_counts_once_it_is_in_a_second_place_and_young() {
        let now = Millis(1_795_392_000_000);
        let hours = |n: i64| Some(now.0 - n * 3_600_000);
        let says = |made, safe| backup_wrong(made, safe, now).unwrap_or_default();
        assert!(says(None, None).contains("never been backed up"));
        assert!(says(hours(1), None).contains("own disk"));
        assert!(says(hours(1), hours(75)).contains("is 3 days old"));
        assert_eq!(says(hours(1), hours(25)), "");
        assert_eq!(
            (age(0), age(3_700_000), age(5 * 3_600_000)),
            ("less than an hour".into(), "an hour".into(), "5 hours".into())
        );
    }

    #[tokio::test]
    async fn programs_get_json_and_people_get_words() {
        let world = world();
        let _kiosk = world.enrol(Mode::Reception, &[]).await;
        let server = visit::server(&world).await;
        let mut visitor = visit::Visitor::new(&server);
        let chromium = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";
        for accept in [None, Some("*/*"), Some("application/json"), Some("application/json, text/html;q=0.5")] {
            let mut request = Request::get("/health");
            if let Some(accept) = accept {
                request = request.header("accept", accept);
            }
            let got = visitor.ask(request.body(Body::empty()).unwrap()).await;
            assert_eq!(got.headers["content-type"], "application/json", "{accept:?}");
            let json: serde_json::Value = serde_json::from_str(&got.body).unwrap();
            assert_eq!((&json["well"], json["schools"][0]["offline"].as_i64()), (&false.into(), Some(1)));
        }
        let request = Request::get("/health").header("accept", chromium).body(Body::empty()).unwrap();
        let got = visitor.ask(request).await;
        assert_eq!(got.headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(got.headers["vary"], "accept");
        assert!(got.body.contains("3 things need a person"), "{}", got.body);
        assert!(got.body.contains("elm: 1 of 1 kiosks offline. They go on taking registers; see that"));
        assert!(got.body.contains("never been backed up. Run"));
        assert!(got.body.contains("There is no recovery key"));
        assert!(got.body.contains("GB are free on its disk."));
        assert!(!got.body.contains("Room 7") && !got.body.contains("Elm Primary") && !got.body.contains("Pupil"));
    }
}
