//! `trust.db`: schools, people who may log in, devices, secrets. Nothing about pupils.
//!
//! Must never: be joined with a school's file.

use super::error::StoreError;
use super::open;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The trust's own file. Small and seldom written: one connection behind a lock to write, one to read.
#[derive(Clone)]
pub struct Trust {
    path: PathBuf,
    write: Arc<Mutex<Connection>>,
    read: Arc<Mutex<Connection>>,
    inline: bool,
}

impl Trust {
    pub(super) fn open(path: &Path, inline: bool) -> Result<Self, StoreError> {
        let write = open::writer(path, &open::trust_schema())?;
        let read = open::reader(path)?;
        let (write, read) = (Arc::new(Mutex::new(write)), Arc::new(Mutex::new(read)));
        Ok(Self { path: path.to_owned(), write, read, inline })
    }

    /// Opens it to look only; what is written is refused.
    pub(super) fn look(path: &Path) -> Result<Self, StoreError> {
        let (write, read) = (open::reader(path)?, open::reader(path)?);
        let (write, read) = (Arc::new(Mutex::new(write)), Arc::new(Mutex::new(read)));
        Ok(Self { path: path.to_owned(), write, read, inline: false })
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads, off the async threads.
    ///
    /// # Errors
    /// What `work` returned, or an accident of the store.
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        if self.inline {
            return self.read_now(work);
        }
        let trust = self.clone();
        tokio::task::spawn_blocking(move || trust.read_now(work)).await.map_err(|_| StoreError::Panicked)?
    }

    /// Writes in one transaction, off the async threads. An error rolls back.
    ///
    /// # Errors
    /// As for [`Trust::read`].
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        if self.inline {
            return self.write_now(work);
        }
        let trust = self.clone();
        tokio::task::spawn_blocking(move || trust.write_now(work)).await.map_err(|_| StoreError::Panicked)?
    }

    /// Reads, on this thread.
    ///
    /// # Errors
    /// As for [`Trust::read`].
    pub fn read_now<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        work(&self.read.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes, on this thread.
    ///
    /// # Errors
    /// As for [`Trust::read`].
    pub fn write_now<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut conn = self.write.lock().unwrap_or_else(PoisonError::into_inner);
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let made = work(&tx)?; // dropping the transaction on an error rolls it back
        tx.commit().map_err(|error| StoreError::Commit(error.to_string()))?;
        Ok(made)
    }
}
