//! What the tests of this crate share: a data folder of their own, real files, a clock that stands still, a school.
//!
//! Must never: replace a part of the server by something that only looks like it.

use crate::clock::{Clock, Now};
use crate::state::App;
use crate::store::{School, Stores, WriteTx};
use crate::{device, enrol, feed, record, school, secret};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use chrono::NaiveDate;
use rusqlite::params;
use shared::act::{Act, Officer};
use shared::calendar::{Calendar, SessionKey};
use shared::id::{BootId, ClassId, KioskId, LogId, PupilId};
use shared::log::{Entry, Hash, Head, Salt};
use shared::observation::{Mark, Observation, Observed};
use shared::text::{Name, Text};
use shared::time::{Anchor, Millis, Mono, Reading};
use shared::wire::v1::{EnrolRequest, EnrolTicket, Enrolment, Mode, Push, Pushed};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tower::ServiceExt;

/// A folder that goes with its test.
pub struct Folder(PathBuf);

/// Makes a folder of its own.
///
/// # Panics
/// When the system has no room for one.
#[must_use]
pub fn folder() -> Folder {
    let name = secret::hex(&secret::random::<8>().unwrap());
    let path = std::env::temp_dir().join(format!("rollbook-test-{name}"));
    std::fs::create_dir(&path).unwrap();
    Folder(path)
}

impl Folder {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}
impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0); // a leftover in the temporary folder harms nobody
    }
}

/// Monday 23 November 2026, so many hours and minutes UTC (local time is the same).
#[must_use]
pub fn at(hour: i64, minute: i64) -> Millis {
    Millis(1_795_392_000_000 + (hour * 60 + minute) * 60_000)
}
/// The morning or afternoon of that Monday.
#[must_use]
pub fn session(half: &str) -> SessionKey {
    format!("2026-11-23-{half}").parse().unwrap()
}
/// An id from a small number.
#[must_use]
pub fn id16(n: u8) -> [u8; 16] {
    let mut bytes = [0xa0; 16];
    bytes[15] = n;
    bytes
}
/// Somebody of the office.
#[must_use]
pub fn officer() -> Officer {
    Officer::Person { name: Name::new("Sam Okoro").unwrap(), position: Name::new("office manager").unwrap() }
}
/// Facts that stand at a time of that Monday.
#[must_use]
pub fn now(hour: i64, minute: i64) -> Now {
    Now { at: at(hour, minute), sure: true }
}

/// A school with two classes of five pupils, and a server for it whose clock stands where it is set.
pub struct World {
    pub folder: Folder,
    pub stores: Arc<Stores>,
    pub school: Arc<School>,
    pub app: App,
    pub stopping: tokio::sync::watch::Sender<bool>,
    clock: Arc<AtomicI64>,
}

/// Class 1 or 2.
#[must_use]
pub fn class(n: u8) -> ClassId {
    ClassId::from_bytes(id16(100 + n))
}
/// Pupils 1 to 5 are in class 1, 6 to 10 in class 2.
#[must_use]
pub fn pupil(n: u8) -> PupilId {
    PupilId::from_bytes(id16(n))
}

/// Makes the school. The clock stands at 08:40.
#[must_use]
pub fn world() -> World {
    let folder = folder();
    let hands = Arc::new(AtomicI64::new(at(8, 40).0));
    let stores = Stores::open(folder.path(), Clock::standing(Arc::clone(&hands))).unwrap();
    let calendar = Calendar::sample_primary(2026).unwrap();
    let school = school::add(&stores, "elm", "Elm Primary", &calendar, "Ada Head, headteacher, 2026-09-01").unwrap();
    school.write_now(roster).unwrap();
    let (stopping, stop) = tokio::sync::watch::channel(false);
    let app = App::new(Arc::clone(&stores), Hash([9; 32]), stop);
    World { folder, stores, school, app, stopping, clock: hands }
}

/// A server over a data folder that a restore has filled. The clock stands at 11:00.
///
/// # Panics
/// When there is no school elm in it.
#[must_use]
pub fn world_in(folder: Folder) -> World {
    let hands = Arc::new(AtomicI64::new(at(11, 0).0));
    let stores = Stores::open(folder.path(), Clock::standing(Arc::clone(&hands))).unwrap();
    let school = stores.school_by_slug("elm").unwrap();
    let (stopping, stop) = tokio::sync::watch::channel(false);
    let app = App::new(Arc::clone(&stores), Hash([9; 32]), stop);
    World { folder, stores, school, app, stopping, clock: hands }
}

fn roster(tx: &WriteTx<'_>) -> Result<(), crate::store::StoreError> {
    for c in 1..=2_u8 {
        tx.execute(
            "INSERT INTO class(id, name, year) VALUES (?1, ?2, 'Year 3')",
            params![class(c).as_bytes(), format!("Class {c}")],
        )?;
    }
    for n in 1..=10_u8 {
        let id = pupil(n);
        tx.execute(
            "INSERT INTO pupil(id, first, last, born_on, upn) VALUES (?1, ?2, 'Test', '2018-05-05', ?3)",
            params![id.as_bytes(), format!("Pupil{n}"), format!("UPN-{n}")],
        )?;
        tx.execute("INSERT INTO enrolment(pupil, joined_on) VALUES (?1, '2026-09-01')", [id.as_bytes()])?;
        tx.execute(
            "INSERT INTO membership(pupil, class, from_on) VALUES (?1, ?2, '2026-09-01')",
            params![id.as_bytes(), class(1 + (n - 1) / 5).as_bytes()],
        )?;
    }
    feed::refresh_roster(tx, now(8, 40))
}

impl World {
    /// Sets the clock.
    pub fn set(&self, at: Millis) {
        self.clock.store(at.0, Ordering::SeqCst);
    }
    /// Does something as the office.
    ///
    /// # Panics
    /// When it is refused.
    pub fn act(&self, now: Now, act: Act) {
        self.school.write_now(move |tx| record::act(tx, now, &officer(), act)).unwrap();
    }
    /// The code that stands for a pupil.
    #[must_use]
    pub fn code(&self, n: u8, half: &'static str) -> Option<String> {
        self.one("SELECT code FROM mark WHERE pupil = ?1 AND half = ?2", n, half)
    }
    /// One text of a row by pupil and half.
    ///
    /// # Panics
    /// On a wrong statement.
    #[must_use]
    pub fn one(&self, sql: &'static str, n: u8, half: &'static str) -> Option<String> {
        use rusqlite::OptionalExtension;
        self.school
            .read_now(|tx| {
                Ok(tx
                    .query_row(sql, params![pupil(n).as_bytes(), half], |r| r.get::<_, Option<String>>(0))
                    .optional()?)
            })
            .unwrap()
            .flatten()
    }
    /// A number.
    ///
    /// # Panics
    /// On a wrong statement.
    #[must_use]
    pub fn count(&self, sql: &'static str) -> i64 {
        self.school.read_now(|tx| Ok(tx.query_row(sql, [], |r| r.get(0))?)).unwrap()
    }
    /// Enrols a kiosk over the real routes.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn enrol(&self, mode: Mode, classes: &[ClassId]) -> Kiosk {
        let nonce = secret::random::<32>().unwrap();
        let ask = EnrolRequest { commit: Hash(secret::sha256(&nonce)), app: Text::new("0.1.0").unwrap() };
        let (status, body) = self.post("/enrol/v1/request", None, &serde_json::to_vec(&ask).unwrap()).await;
        assert_eq!(status, StatusCode::OK);
        let ticket: EnrolTicket = serde_json::from_slice(&body).unwrap();
        let poll = serde_json::json!({"ticket": ticket.ticket, "nonce": secret::hex(&nonce)});
        let poll = serde_json::to_vec(&poll).unwrap();
        let (_, body) = self.post("/enrol/v1/poll", None, &poll).await;
        assert_eq!(serde_json::from_slice::<Enrolment>(&body).unwrap(), Enrolment::Waiting);
        let grant = enrol::Grant {
            school: self.school.id(),
            room: Name::new("Room 7").unwrap(),
            mode,
            classes: classes.to_vec(),
            by: officer(),
        };
        enrol::grant(&self.app, &ticket.code.to_lowercase(), grant).await.unwrap();
        let (_, body) = self.post("/enrol/v1/poll", None, &poll).await;
        let Enrolment::Granted { kiosk, token, .. } = serde_json::from_slice(&body).unwrap() else {
            panic!("not granted")
        };
        Kiosk::new(kiosk, token.to_string())
    }
    /// Posts to a route.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn post(&self, path: &str, token: Option<&str>, body: &[u8]) -> (StatusCode, Vec<u8>) {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.ask(request.body(Body::from(body.to_vec())).unwrap()).await
    }
    /// Asks the device routes.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn ask(&self, request: Request<Body>) -> (StatusCode, Vec<u8>) {
        let routes = crate::sync::routes().merge(enrol::routes()).with_state(self.app.clone());
        let response = routes.oneshot(request).await.unwrap();
        let status = response.status();
        (status, axum::body::to_bytes(response.into_body(), 16 << 20).await.unwrap().to_vec())
    }
    /// Pushes what a kiosk has written and expects an outcome.
    ///
    /// # Panics
    /// On an HTTP error.
    pub async fn push(&self, kiosk: &Kiosk) -> Pushed {
        let (status, body) = self.post("/sync/v1/push", Some(&kiosk.token), &kiosk.batch()).await;
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }
    /// Revokes a kiosk.
    ///
    /// # Panics
    /// When it is refused.
    pub fn revoke(&self, kiosk: &Kiosk) {
        device::revoke_now(&self.stores, self.school.id(), kiosk.id, &officer(), now(8, 45)).unwrap();
    }
}

/// A kiosk's side: its token and its log, as the real one writes it.
#[derive(Clone)]
pub struct Kiosk {
    pub id: KioskId,
    pub token: String,
    pub log: LogId,
    pub boot: BootId,
    pub entries: Vec<Entry>,
    pub sent: usize,
}

impl Kiosk {
    fn new(id: KioskId, token: String) -> Self {
        let log = LogId::from_bytes(secret::random().unwrap());
        let boot = BootId::from_bytes(secret::random().unwrap());
        Self { id, token, log, boot, entries: Vec::new(), sent: 0 }
    }
    /// Where its last entry stands.
    #[must_use]
    pub fn end(&self) -> shared::log::Origin {
        shared::log::Origin { log: self.log, seq: self.head().seq }
    }

    /// The head of its log.
    #[must_use]
    pub fn head(&self) -> Head {
        self.entries.last().map_or(Head::EMPTY, Entry::head)
    }
    /// Writes a fact at a moment of its monotonic clock, which counts from midnight of that Monday.
    ///
    /// # Panics
    /// Never.
    pub fn write(&mut self, when: Millis, what: Observation) {
        let mono = Mono(when.0 - at(0, 0).0);
        let seen = Observed { at: Reading { boot: self.boot, mono, wall: when }, by: None, what, origin: None };
        self.put(serde_json::to_string(&seen).unwrap());
    }
    /// Writes a body.
    ///
    /// # Panics
    /// Never.
    pub fn put(&mut self, body: String) {
        let entry = self.head().append(Salt(secret::random().unwrap()), body);
        self.entries.push(entry);
    }
    /// Meets the server: its clock is tied to the server's.
    pub fn anchor(&mut self, when: Millis) {
        let mono = Mono(when.0 - at(0, 0).0);
        let anchor = Anchor { boot: self.boot, mono, server: when, uncertainty: 10 };
        self.write(when, Observation::Anchored { anchor });
    }
    /// Taps a tile.
    pub fn tap(&mut self, when: Millis, half: &str, c: u8, n: u8, mark: Mark) {
        self.write(when, Observation::Marked { session: session(half), class: class(c), pupil: pupil(n), mark });
    }
    /// Submits a register whose tiles are these pupils.
    pub fn submit(&mut self, when: Millis, half: &str, c: u8, tiles: std::ops::RangeInclusive<u8>) {
        let tiles = tiles.map(pupil).collect();
        self.write(when, Observation::Submitted { session: session(half), class: class(c), tiles });
    }
    /// The push of what was not sent yet.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn batch(&self) -> Vec<u8> {
        let entries: Vec<Entry> = self.entries[self.sent..].to_vec();
        let before = self.entries[..self.sent].last().map_or(Head::EMPTY, Entry::head);
        let push = Push { log: self.log, from: before.seq + 1, prev: before.hash, entries };
        serde_json::to_vec(&push).unwrap()
    }
}

/// A date of the autumn term.
#[must_use]
pub fn day(d: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, d).unwrap()
}
