//! One school's file: the one way to its register.
//!
//! Must never: hand out a connection. Work comes in as closures, with a [`ReadTx`] or a [`WriteTx`].

use super::error::StoreError;
use super::open;
use super::tx::{Cache, ReadTx, WriteTx};
use super::writer::Writer;
use rusqlite::Connection;
use shared::id::SchoolId;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Semaphore, oneshot, watch};

/// Readers at work at once; more wait. Each is a connection of its own.
const READERS: usize = 8;

/// A school's register.
pub struct School {
    id: SchoolId,
    slug: String,
    path: PathBuf,
    writer: Writer,
    idle: Mutex<Vec<Connection>>,
    gate: Semaphore,
    cache: Arc<Cache>,
    changes: watch::Receiver<u64>,
    damage: Mutex<Option<String>>,
    inline: bool,
}

impl School {
    /// Opens the file (makes it if there is none) and starts its writer.
    ///
    /// # Errors
    /// When the file cannot be opened or brought up to date.
    pub(super) fn open(path: &Path, id: SchoolId, slug: &str, inline: bool) -> Result<Arc<Self>, StoreError> {
        let conn = open::writer(path, &open::school_schema())?;
        let cache = Arc::new(Cache::default());
        let (tell, changes) = watch::channel(0);
        let writer = Writer::start(conn, path.to_owned(), id, Arc::clone(&cache), tell, inline)?;
        Ok(Arc::new(Self {
            id,
            slug: slug.to_owned(),
            path: path.to_owned(),
            writer,
            idle: Mutex::new(Vec::new()),
            gate: Semaphore::new(READERS),
            cache,
            changes,
            damage: Mutex::new(None),
            inline,
        }))
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> SchoolId {
        self.id
    }
    /// Its short name, in addresses and on the command line.
    #[must_use]
    pub fn slug(&self) -> &str {
        &self.slug
    }
    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
    /// Bumped after each commit that changed the feed, the record or the questions.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }
    /// Transactions committed since the file was opened.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }

    /// What is known to be wrong with its file, in a sentence.
    #[must_use]
    pub fn damage(&self) -> Option<String> {
        self.damage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
    /// Says what a look at the whole file has found; `None`: nothing.
    pub fn looked_at(&self, damage: Option<String>) {
        *self.damage.lock().unwrap_or_else(PoisonError::into_inner) = damage;
    }
    /// An accident that says that the file is damaged is kept for [`School::damage`].
    fn heard<T>(&self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &done
            && error.is_damage()
        {
            let mut damage = self.damage.lock().unwrap_or_else(PoisonError::into_inner);
            damage.get_or_insert_with(|| format!("a part of it could not be read ({error})"));
        }
        done
    }

    /// Reads, off the async threads.
    ///
    /// # Errors
    /// What `work` returned, or an accident of the store.
    pub async fn read<T, F>(self: &Arc<Self>, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&ReadTx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        if self.inline {
            return self.read_now(work);
        }
        let _turn = self.gate.acquire().await.map_err(|_| StoreError::Stopped)?;
        let school = Arc::clone(self);
        tokio::task::spawn_blocking(move || school.read_now(work)).await.map_err(|_| StoreError::Panicked)?
    }

    /// Reads, on this thread.
    ///
    /// # Errors
    /// As for [`School::read`].
    pub fn read_now<T>(&self, work: impl FnOnce(&ReadTx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let conn = match kept {
            Some(conn) => conn,
            None => open::reader(&self.path)?,
        };
        conn.prepare_cached("BEGIN")?.execute([])?; // one moment for all that `work` reads
        let made = work(&ReadTx { conn: &conn, school: self.id, cache: &self.cache });
        // A page that cannot be read ends the transaction by itself; then its own error is the one to tell.
        let ended = if conn.is_autocommit() { Ok(0) } else { conn.prepare_cached("COMMIT")?.execute([]) };
        let made = made.and_then(|made| ended.map(|_| made).map_err(StoreError::from));
        if conn.is_autocommit() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < READERS {
                idle.push(conn);
            }
        }
        self.heard(made)
    }

    /// Writes, through the one writer. Answers after COMMIT; a failed job changes nothing.
    ///
    /// # Errors
    /// What `work` returned, or an accident of the store.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&WriteTx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        self.writer.hand(work, move |answer| {
            let _ = tell.send(answer); // the caller may have gone; what was committed stays
        });
        self.heard(told.await.map_err(|_| StoreError::Stopped)?)
    }

    /// Writes, blocking this thread until COMMIT. Not for async threads: they would stand still with it.
    ///
    /// # Errors
    /// As for [`School::write`].
    pub fn write_now<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&WriteTx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        self.writer.hand(work, move |answer| {
            let _ = tell.send(answer); // as above
        });
        self.heard(told.recv().map_err(|_| StoreError::Stopped)?)
    }

    /// Hands a job to the writer without waiting.
    #[cfg(test)]
    pub(super) fn writer_for_tests<T: Send + 'static>(
        &self,
        work: impl FnOnce(&WriteTx<'_>) -> Result<T, StoreError> + Send + 'static,
        tell: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) {
        self.writer.hand(work, tell);
    }

    /// Finishes what waits and closes the writer.
    pub fn stop(&self) {
        self.writer.stop();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
