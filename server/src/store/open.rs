//! Opening an SQLite file as this program wants it: WAL, every commit on disk, foreign keys, the schema up to date.
//!
//! Must never: be bypassed. `clippy.toml` forbids `Connection::open` elsewhere.

use super::error::StoreError;
use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};
use std::path::Path;
use std::time::Duration;

const STATEMENTS_KEPT: usize = 192;

/// The schema of a school's file, oldest step first. Steps are frozen once released.
#[must_use]
pub fn school_schema() -> Migrations<'static> {
    Migrations::new(vec![M::up(include_str!("migrations/school-0001.sql"))])
}

/// The schema of `trust.db`.
#[must_use]
pub fn trust_schema() -> Migrations<'static> {
    Migrations::new(vec![M::up(include_str!("migrations/trust-0001.sql"))])
}

/// Opens a file to write in, makes it if there is none, and brings its schema up to date.
///
/// # Errors
/// When the file cannot be opened or was written by a newer program.
#[allow(clippy::disallowed_methods)] // this is the store
pub fn writer(path: &Path, schema: &Migrations<'_>) -> Result<Connection, StoreError> {
    let mut conn = Connection::open(path)?;
    common(&conn)?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "wal_autocheckpoint", 2000)?;
    schema.to_latest(&mut conn).map_err(|source| StoreError::Migration { path: path.to_owned(), source })?;
    conn.pragma_update(None, "foreign_keys", "ON")?;
    Ok(conn)
}

/// Opens an existing file to read from only.
///
/// # Errors
/// When the file cannot be opened.
#[allow(clippy::disallowed_methods)] // this is the store
pub fn reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let conn = Connection::open_with_flags(path, flags)?; // WAL needs its -shm written; query_only keeps the rest out
    common(&conn)?;
    conn.pragma_update(None, "query_only", "ON")?;
    Ok(conn)
}

/// Opens a copy (of a backup) to look at, without making any file beside it.
///
/// # Errors
/// When the file cannot be opened.
#[allow(clippy::disallowed_methods)] // this is the store
pub fn copy(path: &Path) -> Result<Connection, StoreError> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    common(&conn)?;
    Ok(conn)
}

/// Makes an empty file to copy into.
///
/// # Errors
/// When it cannot be made.
#[allow(clippy::disallowed_methods)] // this is the store
pub fn blank(path: &Path) -> Result<Connection, StoreError> {
    Ok(Connection::open(path)?)
}

fn common(conn: &Connection) -> Result<(), StoreError> {
    conn.busy_timeout(Duration::from_secs(10))?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "trusted_schema", "OFF")?;
    Ok(())
}
