//! Opening an SQLite file as this program wants it: a sum on every page, WAL, every commit on disk, what is deleted
//! overwritten, foreign keys, the schema up to date.
//!
//! Must never: be bypassed. `clippy.toml` forbids `Connection::open` elsewhere.

use super::error::StoreError;
use super::{sums, vfs};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};
use std::path::Path;
use std::time::Duration;

const STATEMENTS_KEPT: usize = 192;
/// Of a file's pages kept by each connection, at most: what a day of a large school touches.
const CACHE_KIB: i64 = 8 * 1024;
/// Pages in the write-ahead log until it is written back: a page that many pushes change is written back once.
const CHECKPOINT_PAGES: i64 = 4000;

/// The schema of a school's file, oldest step first. Steps are frozen once released.
#[must_use]
pub fn school_schema() -> Migrations<'static> {
    Migrations::new(vec![
        M::up(include_str!("migrations/school-0001.sql")),
        M::up(include_str!("migrations/school-0002.sql")),
        M::up(include_str!("migrations/school-0003.sql")),
        M::up(include_str!("migrations/school-0004.sql")),
        M::up(include_str!("migrations/school-0005.sql")),
        M::up(include_str!("migrations/school-0006.sql")),
        M::up(include_str!("migrations/school-0007.sql")),
        M::up(include_str!("migrations/school-0008.sql")),
        M::up(include_str!("migrations/school-0009.sql")),
        M::up(include_str!("migrations/school-0010.sql")),
        M::up(include_str!("migrations/school-0011.sql")),
    ])
}

/// The schema of `trust.db`.
#[must_use]
pub fn trust_schema() -> Migrations<'static> {
    Migrations::new(vec![
        M::up(include_str!("migrations/trust-0001.sql")),
        M::up(include_str!("migrations/trust-0002.sql")),
        M::up(include_str!("migrations/trust-0003.sql")),
        M::up(include_str!("migrations/trust-0010.sql")),
    ])
}

/// Opens a file to write in, makes it if there is none, and brings its schema up to date.
///
/// # Errors
/// When the file cannot be opened or was written by a newer program.
pub fn writer(path: &Path, schema: &Migrations<'_>) -> Result<Connection, StoreError> {
    let mut conn = through(path, OpenFlags::default())?;
    common(&conn)?;
    vfs::make_room(&conn)?;
    if is_without_sums(path)? {
        // A file of before there were sums is written anew once. Its first page must be written first: no spilling.
        conn.execute_batch("PRAGMA journal_mode=DELETE; PRAGMA cache_spill=OFF; VACUUM; PRAGMA cache_spill=ON;")?;
    }
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    conn.pragma_update(None, "secure_delete", "ON")?;
    schema.to_latest(&mut conn).map_err(|source| StoreError::Migration { path: path.to_owned(), source })?;
    conn.pragma_update(None, "foreign_keys", "ON")?;
    // A process that was killed may have written what it had not synced. Nobody may be told of it before it is on disk.
    if let Err(error) = conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        tracing::warn!(%error, path = %path.display(), "the write-ahead log could not be folded into the file at the start");
    }
    Ok(conn)
}

/// Writes a file anew, with what stands in it and nothing else: afterwards its bytes, and those of the journal beside
/// it, hold nothing that was deleted. Others wait meanwhile.
///
/// # Errors
/// When it cannot be written, or somebody reads in it for so long that the journal could not be emptied.
pub fn rewrite(path: &Path) -> Result<(), StoreError> {
    let conn = through(path, OpenFlags::default())?;
    common(&conn)?;
    conn.pragma_update(None, "temp_store", "FILE")?; // a school of seven years need not fit into memory
    conn.pragma_update(None, "secure_delete", "ON")?;
    conn.execute_batch("VACUUM")?;
    let busy: bool = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |r| r.get(0))?;
    if busy {
        return Err(StoreError::Refused("the journal is still read; what was removed leaves it next time".to_owned()));
    }
    Ok(())
}

fn is_without_sums(path: &Path) -> Result<bool, StoreError> {
    use std::io::Read;
    let file = std::fs::File::open(path).map_err(StoreError::file(path))?;
    let mut first = Vec::with_capacity(100);
    file.take(100).read_to_end(&mut first).map_err(StoreError::file(path))?;
    Ok(matches!(sums::header(&first), Some((_, false))))
}

/// Opens an existing file to read from only.
///
/// # Errors
/// When the file cannot be opened.
pub fn reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let conn = through(path, flags)?; // WAL needs its -shm written; query_only keeps the rest out
    common(&conn)?;
    conn.pragma_update(None, "query_only", "ON")?;
    Ok(conn)
}

/// Opens a copy (of a backup) to look at, without making any file beside it.
///
/// # Errors
/// When the file cannot be opened.
pub fn copy(path: &Path) -> Result<Connection, StoreError> {
    let conn = through(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    common(&conn)?;
    Ok(conn)
}

/// Opens a file as it is, or makes an empty one to copy into.
///
/// # Errors
/// When it cannot be opened or made.
pub fn blank(path: &Path) -> Result<Connection, StoreError> {
    let conn = through(path, OpenFlags::default())?;
    let empty = std::fs::metadata(path).map_or(true, |file| file.len() == 0);
    if empty {
        // The head of the file asks for sums before the first page is copied into it.
        vfs::make_room(&conn)?;
        conn.execute_batch("PRAGMA user_version = 0; VACUUM;")?;
    }
    Ok(conn)
}

/// A file of nobody, in memory and beyond it on the disk, gone when it is closed: to try something on a copy.
///
/// # Errors
/// When it cannot be made.
#[allow(clippy::disallowed_methods)] // this is the store
pub fn scratch() -> Result<Connection, StoreError> {
    let conn = Connection::open("")?;
    common(&conn)?;
    Ok(conn)
}

#[allow(clippy::disallowed_methods)] // this is the store
fn through(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    vfs::install()?;
    Ok(Connection::open_with_flags_and_vfs(path, flags, vfs::NAME)?)
}

fn common(conn: &Connection) -> Result<(), StoreError> {
    conn.busy_timeout(Duration::from_secs(10))?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
    // Without it a statement is prepared anew whenever a value is bound that the plan could depend on.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.pragma_update(None, "trusted_schema", "OFF")?;
    Ok(())
}
