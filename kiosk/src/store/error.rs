//! What can go wrong with the kiosk's disk, told apart as far as a person can do something about it.
//!
//! Must never: hold a fact's text.

use std::path::PathBuf;
use std::sync::Arc;

/// An accident of the store. Cheap to copy, since one failed COMMIT answers everybody who waited for it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// No room.
    #[error("the disk of the kiosk is full: make room on it; what is not saved is shown as not saved")]
    DiskFull,
    /// The disk or the file cannot be written.
    #[error("the kiosk's disk cannot be written (read-only, or failing): replace the SD card or remount it")]
    ReadOnly,
    /// The folder cannot be used.
    #[error("cannot use the folder {path}: {source}. Name another with --data, or make this one writable")]
    Folder {
        /// Which.
        path: PathBuf,
        /// The accident.
        source: Arc<std::io::Error>,
    },
    /// Another process has it.
    #[error("{path} is in use by another kiosk process: end that one first, or name another folder with --data")]
    InUse {
        /// Which folder.
        path: PathBuf,
    },
    /// There is no store here yet.
    #[error("{path} holds no kiosk: enrol it with `rollbook-kiosk enrol --server https://… --data …`")]
    Missing {
        /// Which file.
        path: PathBuf,
    },
    /// The file is damaged. The next start sets it aside and takes over what can be read of it.
    #[error(
        "the kiosk's file is damaged ({0}): when the kiosk starts again, the file is set aside, and what can still be read of \
         it is kept"
    )]
    Damaged(String),
    /// What stands in the file is not what this program writes.
    #[error("the kiosk's file holds something unexpected ({0}): keep the file and ask for help")]
    Unexpected(String),
    /// A fact is longer than the wire takes.
    #[error("a fact of {0} bytes is longer than the protocol takes")]
    TooLong(usize),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    NoRandom,
    /// The store's thread has ended.
    #[error("the store has been closed")]
    Closed,
    /// Anything else of SQLite.
    #[error("the kiosk's file: {0}")]
    Sqlite(Arc<rusqlite::Error>),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        // SQLITE_IOERR_WRITE and SQLITE_IOERR_FSYNC: a disk that is there and does not take it.
        const IOERR_WRITE: i32 = rusqlite::ffi::SQLITE_IOERR_WRITE;
        const IOERR_FSYNC: i32 = rusqlite::ffi::SQLITE_IOERR_FSYNC;
        const IOERR_READ: i32 = rusqlite::ffi::SQLITE_IOERR_READ;
        match error.sqlite_error() {
            Some(e) if e.code == Code::DiskFull => Self::DiskFull,
            Some(e) if matches!(e.code, Code::ReadOnly | Code::CannotOpen | Code::PermissionDenied) => Self::ReadOnly,
            Some(e) if matches!(e.extended_code, IOERR_WRITE | IOERR_FSYNC) => Self::ReadOnly,
            // Pages that make no sense, or that the disk does not give back.
            Some(e)
                if matches!(e.code, Code::DatabaseCorrupt | Code::NotADatabase) || e.extended_code == IOERR_READ =>
            {
                Self::Damaged(error.to_string())
            }
            _ => Self::Sqlite(Arc::new(error)),
        }
    }
}

impl From<rusqlite_migration::Error> for StoreError {
    fn from(error: rusqlite_migration::Error) -> Self {
        match error {
            rusqlite_migration::Error::RusqliteError { err, .. } => err.into(),
            other => Self::Unexpected(format!("migrations: {other}")),
        }
    }
}

impl From<getrandom::Error> for StoreError {
    fn from(_: getrandom::Error) -> Self {
        Self::NoRandom
    }
}
impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        // serde_json's words may quote a field's value, which may be a name: only the place is told.
        Self::Unexpected(format!("JSON, line {} column {}", error.line(), error.column()))
    }
}
