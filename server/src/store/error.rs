//! What can go wrong with a school's file: accidents, never outcomes.
//!
//! Must never: carry a name, a reason or a card number in its words.

use std::path::PathBuf;

/// An accident of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite said no.
    #[error("the database refused: {0}")]
    Sql(#[from] rusqlite::Error),
    /// A column holds another type than this program reads.
    #[error("a column cannot be read: {0}")]
    Column(#[from] rusqlite::types::FromSqlError),
    /// The schema could not be brought up to date.
    #[error(
        "{path}: cannot be brought up to date: {source}. It was left as it was; restore the version of the program that wrote it"
    )]
    Migration {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite_migration::Error,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A row holds what this program cannot read.
    #[error("{what} in the database cannot be read. Run `rollbook-server check`")]
    Corrupt {
        /// What, in a word or two.
        what: &'static str,
    },
    /// The commit itself failed: nothing of the job is on disk.
    #[error("could not be saved: {0}")]
    Commit(String),
    /// The writer has stopped: the server is shutting down.
    #[error("the server is stopping")]
    Stopped,
    /// A job panicked. It was rolled back.
    #[error("a write was abandoned and rolled back (a fault of this program)")]
    Panicked,
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    NoRandom,
    /// A thing that does not exist (a school, a kiosk).
    #[error("no such {0}")]
    Missing(&'static str),
    /// Something was asked that cannot be done as things stand; the words say what to do.
    #[error("{0}")]
    Refused(String),
}

impl StoreError {
    /// Whether it says that a file is damaged, rather than busy, full or gone.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        use rusqlite_migration::Error::RusqliteError;
        match self {
            Self::Sql(error) | Self::Migration { source: RusqliteError { err: error, .. }, .. } => {
                let page = error.sqlite_error().map(|e| e.extended_code);
                matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
                    || matches!(page, Some(rusqlite::ffi::SQLITE_IOERR_DATA | rusqlite::ffi::SQLITE_IOERR_READ))
            }
            Self::Corrupt { .. } | Self::Column(_) => true,
            _ => false,
        }
    }

    /// Refuses, with what to do.
    ///
    /// # Errors
    /// Always.
    pub fn refused<T>(words: &str) -> Result<T, Self> {
        Err(Self::Refused(words.to_owned()))
    }

    /// Wraps an error about a file.
    pub fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
