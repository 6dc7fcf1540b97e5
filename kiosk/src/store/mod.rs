//! What the kiosk keeps: one SQLite file, owned by one thread. `synchronous=FULL`: what COMMIT has answered is on disk.
//!
//! [`log`]: own facts. [`feed`]: what the server told. [`timeline`]: boots and anchors. [`kept`]: who this kiosk is.
//! [`school`]: what it keeps of the school for the day when the server has lost it.
//!
//! Must never: say "saved" before COMMIT, or be opened by two processes at once.

mod aside;
mod error;
pub mod feed;
pub mod kept;
pub mod log;
mod salvage;
pub mod school;
mod thread;
pub mod timeline;

#[cfg(feature = "sim")]
pub use aside::begin_anew_by_hand;
pub use aside::{Aside, open_or_begin_anew};
pub use error::StoreError;
pub use rusqlite::Transaction;
pub use thread::Hand;

use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use thread::{Job, Pending};

/// The file's name inside the data folder.
pub const FILE: &str = "kiosk.db";
const LOCK: &str = "kiosk.lock";

/// The store. Copies share one thread; the file is closed when the last copy is gone.
#[derive(Clone)]
pub struct Store {
    jobs: Sender<Box<dyn Job>>,
    // Dropped after the sender above: it waits for the thread, so that a closed store is a folded file.
    joined: Arc<Joined>,
}

struct Joined {
    thread: Option<JoinHandle<()>>,
    _lock: File,
}

impl Store {
    /// Opens or makes the store in `dir`, and makes sure that nobody else has it.
    ///
    /// # Errors
    /// [`StoreError`], in words for whoever set up the kiosk.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        Self::open_limited(dir, None)
    }

    /// As [`Store::open`], with room for so many pages of 4 KiB only: a small disk.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_limited(dir: &Path, pages: Option<u32>) -> Result<Self, StoreError> {
        let (mut store, hand) = Self::open_by_hand(dir, pages)?;
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || hand.run())
            .map_err(|source| StoreError::Folder { path: dir.to_owned(), source: Arc::new(source) })?;
        if let Some(joined) = Arc::get_mut(&mut store.joined) {
            joined.thread = Some(thread);
        }
        Ok(store)
    }

    /// As [`Store::open_limited`], without a thread: what is asked of the store is done when the hand is told to.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_by_hand(dir: &Path, pages: Option<u32>) -> Result<(Self, Hand), StoreError> {
        let folder = |source| StoreError::Folder { path: dir.to_owned(), source: Arc::new(source) };
        make_private(dir).map_err(folder)?;
        let lock = File::create(dir.join(LOCK)).map_err(folder)?;
        rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| StoreError::InUse { path: dir.to_owned() })?;
        let mut connection = connect(&dir.join(FILE))?;
        migrations().to_latest(&mut connection)?;
        if let Some(pages) = pages {
            connection.pragma_update(None, "max_page_count", pages)?;
        }
        let begin = connection.transaction()?;
        log::ensure_current(&begin)?;
        begin.commit()?;
        sound(&connection)?;
        // What a killed process wrote and had not synced is seen from here on, so it must be on disk first.
        thread::fold(&connection);
        let (jobs, work) = channel();
        Ok((Self { jobs, joined: Arc::new(Joined { thread: None, _lock: lock }) }, Hand::new(connection, work)))
    }

    /// Does `work` in the next transaction and calls `then` after its COMMIT, on the store's thread: `then` must be
    /// short (send a message somewhere).
    pub fn write<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<R, StoreError> + Send + 'static,
        then: impl FnOnce(Result<R, StoreError>) + Send + 'static,
    ) {
        if let Err(unsent) = self.jobs.send(Box::new(Pending::new(work, then))) {
            unsent.0.tell(Some(StoreError::Closed));
        }
    }

    /// As [`Store::write`], and waits. Not for the hub's thread, nor the window's.
    ///
    /// # Errors
    /// What `work` says, or the accident of the commit.
    pub fn write_now<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let (tell, told) = channel();
        // Nobody waits any more only when this very call has ended.
        self.write(work, move |done| drop(tell.send(done)));
        told.recv().unwrap_or(Err(StoreError::Closed))
    }

    /// As [`Store::write`], for async callers.
    ///
    /// # Errors
    /// As [`Store::write_now`].
    pub async fn write_soon<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let (tell, told) = tokio::sync::oneshot::channel();
        self.write(work, move |done| drop(tell.send(done)));
        told.await.unwrap_or(Err(StoreError::Closed))
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        // Every sender is gone by now (each copy of the store drops its own first), so the thread is finishing.
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

/// Opens the store of `dir` for looking only, beside a running kiosk.
///
/// # Errors
/// [`StoreError::Missing`] when there is none.
pub fn look(dir: &Path) -> Result<Connection, StoreError> {
    let path = dir.join(FILE);
    if !path.exists() {
        return Err(StoreError::Missing { path });
    }
    #[allow(clippy::disallowed_methods)] // this is the store
    let connection =
        Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // Reading a write-ahead log needs its shared memory, so the file is opened writable and then told not to.
    connection.pragma_update(None, "query_only", true)?;
    connection.busy_timeout(std::time::Duration::from_secs(2))?;
    Ok(connection)
}

/// Whether all that the file holds can be read, and is what was written. A page that went bad under a kiosk that never
/// reads it again would be found by nobody until it is needed.
fn sound(c: &Connection) -> Result<(), StoreError> {
    let pages: String = c.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if pages != "ok" {
        return Err(StoreError::Damaged(pages));
    }
    let all = || {
        log::verify(c)?;
        log::recent(c, u32::MAX)?;
        timeline::read(c)?;
        kept::enrolled(c)?;
        feed::all(c)?;
        feed::state(c)
    };
    match all() {
        Err(StoreError::Unexpected(what)) => Err(StoreError::Damaged(what)),
        // No word of the disk's: a value that is not of its type.
        Err(StoreError::Sqlite(error)) if error.sqlite_error().is_none() => Err(StoreError::Damaged(error.to_string())),
        other => other.map(|_| ()),
    }
}

fn connect(path: &PathBuf) -> Result<Connection, StoreError> {
    #[allow(clippy::disallowed_methods)] // this is the store
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // The thread folds the write-ahead log when it is quiet; this bound (16 MiB) is for a day that never is.
    connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
    Ok(connection)
}

fn make_private(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    if !dir.is_dir() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    // It holds names and a token: nobody else's business.
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))
}

fn migrations() -> Migrations<'static> {
    Migrations::new(vec![
        M::up(include_str!("migrations/kiosk-0001.sql")),
        M::up(include_str!("migrations/kiosk-0002.sql")),
    ])
}

#[cfg(test)]
mod tests;
