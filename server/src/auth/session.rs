//! Log-in sessions: who is logged in on which browser, kept in sessions.db beside trust.db.
//!
//! The store knows each session by a hash of its id: whoever reads the file cannot log in with it.
//!
//! Must never: hold anything about a pupil, or trust an id that a browser brought before it logged in.

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use std::path::Path;
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::Duration;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{self, ExpiredDeletion as _};
use tower_sessions::{Expiry, Session, SessionManagerLayer, SessionStore};
use tower_sessions_rusqlite_store::RusqliteStore;
use tower_sessions_rusqlite_store::tokio_rusqlite as sqlite;

/// Hours without a click after which a person must log in again.
pub const IDLE: Duration = Duration::hours(8);
/// How long a log-in page may stand open.
pub const LOGIN_PAGE: Duration = Duration::minutes(30);
/// Name of the cookie.
pub const COOKIE: &str = "rollbook";

const WHO: &str = "who";
const CSRF: &str = "csrf";
const HALF_WAY: &str = "half_way";
const OFFERED: &str = "offered";

/// sessions.db could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open {path}: {source}; check that the data folder belongs to the server's user and has room")]
pub struct NoSessions {
    path: String,
    source: sqlite::Error,
}

/// The store of sessions. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Sessions(RusqliteStore);

/// Opens (or makes) sessions.db in the data folder.
///
/// # Errors
/// [`NoSessions`] when the file cannot be opened.
pub async fn open(dir: &Path) -> Result<Sessions, NoSessions> {
    let path = dir.join("sessions.db");
    let fail = |source| NoSessions { path: path.display().to_string(), source };
    // tokio-rusqlite links the same SQLite as the store. Losing the last log-ins to a power cut only means logging in
    // again, so NORMAL is enough here.
    let connection = sqlite::Connection::open(&path).await.map_err(|e| fail(e.into()))?;
    connection
        .call(|c| c.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=5000;"))
        .await
        .map_err(fail)?;
    let store = RusqliteStore::new(connection);
    store.migrate().await.map_err(fail)?;
    Ok(Sessions(store))
}

/// Deletes sessions that have lapsed.
///
/// # Errors
/// When sessions.db cannot be written.
pub async fn sweep(sessions: &Sessions) -> session_store::Result<()> {
    sessions.0.delete_expired().await
}

/// The layer that ties a request to its session: HttpOnly, SameSite=Strict, Secure over TLS.
pub fn layer(sessions: Sessions, secure: bool) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(sessions)
        .with_name(COOKIE)
        .with_http_only(true)
        .with_same_site(SameSite::Strict)
        .with_secure(secure)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(IDLE))
}

/// Who is logged in, as the session knows it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Who {
    /// The account.
    pub account: i64,
    /// A digest of the password's hash: a changed password ends the sessions that were begun with the old one.
    pub stamp: String,
    /// Minute of the last click, for the idle limit.
    pub minute: i64,
    /// Which log-in this is; 0, of before there were any, is none.
    #[serde(default)]
    pub login: i64,
}

/// Somebody whose password was right, and who still owes a code.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct HalfWay {
    /// The account.
    pub account: i64,
    /// As for [`Who`].
    pub stamp: String,
    /// Since when, in milliseconds: it lapses.
    pub since: i64,
}

/// A digest of a stored password hash.
#[must_use]
pub fn stamp(password_hash: &str) -> String {
    hex(&Sha256::digest(password_hash.as_bytes())[..16])
}

/// Who is logged in here, if anybody.
///
/// # Errors
/// When sessions.db cannot be read.
pub async fn who(session: &Session) -> Result<Option<Who>, tower_sessions::session::Error> {
    session.get(WHO).await
}

/// Logs in: under a new id, so that an id somebody planted is worth nothing, and with a new form token.
///
/// # Errors
/// When sessions.db cannot be written.
pub async fn begin(session: &Session, who: &Who) -> Result<(), tower_sessions::session::Error> {
    session.cycle_id().await?;
    session.remove::<HalfWay>(HALF_WAY).await?;
    session.insert(CSRF, token()).await?;
    session.insert(WHO, who).await?;
    session.set_expiry(Some(Expiry::OnInactivity(IDLE)));
    Ok(())
}

/// Keeps the session alive. Writes at most once in five minutes; says whether it did.
///
/// # Errors
/// When sessions.db cannot be written.
pub async fn touch(session: &Session, who: &Who, minute: i64) -> Result<bool, tower_sessions::session::Error> {
    if (minute - who.minute).abs() < 5 {
        return Ok(false);
    }
    session.insert(WHO, Who { minute, ..who.clone() }).await?;
    Ok(true)
}

/// The account has another password, and this session set it.
///
/// # Errors
/// When sessions.db cannot be read or written.
pub async fn keep(session: &Session, stamp: String) -> Result<(), tower_sessions::session::Error> {
    if let Some(who) = who(session).await? {
        session.insert(WHO, Who { stamp, ..who }).await?;
    }
    Ok(())
}

/// The password was right; the code is still to come. Under a new id, as for [`begin`].
///
/// # Errors
/// When sessions.db cannot be written.
pub async fn half_way(session: &Session, half: &HalfWay) -> Result<(), tower_sessions::session::Error> {
    session.cycle_id().await?;
    session.remove::<Who>(WHO).await?;
    session.insert(CSRF, token()).await?;
    session.insert(HALF_WAY, half).await?;
    session.set_expiry(Some(Expiry::OnInactivity(LOGIN_PAGE)));
    Ok(())
}

/// Who is half-way in, if anybody.
///
/// # Errors
/// When sessions.db cannot be read.
pub async fn who_is_half_way(session: &Session) -> Result<Option<HalfWay>, tower_sessions::session::Error> {
    session.get(HALF_WAY).await
}

/// Keeps a secret that is on the page, until a code shows that an authenticator has it.
///
/// # Errors
/// When sessions.db cannot be written.
pub async fn offer(session: &Session, sealed: &str) -> Result<(), tower_sessions::session::Error> {
    session.insert(OFFERED, sealed).await
}

/// The secret that is on the page, if one is, as it was sealed.
///
/// # Errors
/// When sessions.db cannot be read.
pub async fn offered(session: &Session) -> Result<Option<String>, tower_sessions::session::Error> {
    session.get::<String>(OFFERED).await
}

/// It was taken, and is forgotten here.
///
/// # Errors
/// When sessions.db cannot be written.
pub async fn withdraw(session: &Session) -> Result<(), tower_sessions::session::Error> {
    session.remove::<String>(OFFERED).await.map(drop)
}

/// The token that every form of this session carries. A visitor without a session gets a short one.
///
/// # Errors
/// When sessions.db cannot be read or written.
pub async fn csrf(session: &Session) -> Result<String, tower_sessions::session::Error> {
    if let Some(token) = session.get::<String>(CSRF).await? {
        return Ok(token);
    }
    let token = token();
    session.insert(CSRF, &token).await?;
    session.set_expiry(Some(Expiry::OnInactivity(LOGIN_PAGE)));
    Ok(token)
}

/// Whether a form brought this session's token. Takes the same time wherever they differ.
///
/// # Errors
/// When sessions.db cannot be read.
pub async fn csrf_fits(session: &Session, brought: &str) -> Result<bool, tower_sessions::session::Error> {
    let Some(token) = session.get::<String>(CSRF).await? else { return Ok(false) };
    let differs = token.bytes().zip(brought.bytes()).fold(0, |d, (a, b)| d | (a ^ b));
    Ok(token.len() == brought.len() && differs == 0)
}

fn token() -> String {
    // `Id` draws 128 bits from the thread's cryptographic generator, as the session's own id does.
    Id::default().to_string()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut s, b| {
        let _ = write!(s, "{b:02x}");
        s
    })
}

/// The name under which the file knows a session.
fn stored(id: Id) -> Id {
    let digest = Sha256::digest(id.0.to_be_bytes());
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    Id(i128::from_be_bytes(half))
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        let mut row = record.clone();
        row.id = stored(record.id);
        let expected = row.id;
        self.0.create(&mut row).await?;
        if row.id == expected {
            Ok(())
        } else {
            // Two ids of 128 random bits met: the row that was written under another name lapses by itself.
            Err(session_store::Error::Backend("two sessions drew the same id".to_owned()))
        }
    }
    async fn save(&self, record: &Record) -> session_store::Result<()> {
        let mut row = record.clone();
        row.id = stored(record.id);
        self.0.save(&row).await
    }
    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let row = self.0.load(&stored(*id)).await?;
        Ok(row.map(|row| Record { id: *id, ..row }))
    }
    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        self.0.delete(&stored(*id)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_file_does_not_hold_the_id_that_the_browser_has() {
        let dir = std::env::temp_dir().join(format!("rollbook-sessions-{}", Id::default()));
        std::fs::create_dir_all(&dir).unwrap();
        let sessions = open(&dir).await.unwrap();
        let mut record = Record {
            id: Id::default(),
            data: [("x".to_owned(), serde_json::Value::from(1))].into(),
            expiry_date: tower_sessions::cookie::time::OffsetDateTime::now_utc() + IDLE,
        };
        sessions.create(&mut record).await.unwrap();
        assert_eq!(sessions.load(&record.id).await.unwrap(), Some(record.clone()));
        assert_eq!(sessions.0.load(&record.id).await.unwrap(), None, "the raw id must not be a key of the file");
        sessions.delete(&record.id).await.unwrap();
        assert_eq!(sessions.load(&record.id).await.unwrap(), None);
        let _ = std::fs::remove_dir_all(dir);
    }

    #[tokio::test]
    async fn a_token_fits_only_itself() {
        let dir = std::env::temp_dir().join(format!("rollbook-csrf-{}", Id::default()));
        std::fs::create_dir_all(&dir).unwrap();
        let store = std::sync::Arc::new(open(&dir).await.unwrap());
        let session = Session::new(None, store.clone(), None);
        assert!(!csrf_fits(&session, "").await.unwrap(), "no token yet: nothing fits");
        let token = csrf(&session).await.unwrap();
        assert_eq!(csrf(&session).await.unwrap(), token);
        assert!(csrf_fits(&session, &token).await.unwrap());
        assert!(!csrf_fits(&session, &token[1..]).await.unwrap());
        assert!(!csrf_fits(&session, "").await.unwrap());
        let _ = std::fs::remove_dir_all(dir);
    }
}
