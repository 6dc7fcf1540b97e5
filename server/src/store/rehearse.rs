//! Trying something on a copy of a school's file that nobody keeps.
//!
//! Must never: write to the file itself.

use super::error::StoreError;
use super::open;
use super::tx::{Cache, WriteTx};
use rusqlite::Connection;
use rusqlite::backup::Backup;
use shared::id::SchoolId;
use std::cell::Cell;
use std::time::Duration;

/// Pages copied at a time.
const PAGES: std::ffi::c_int = 4096;

/// Copies what `from` sees and does `work` to the copy.
///
/// # Errors
/// When it cannot be copied, and what `work` returned.
pub fn rehearse<T>(
    from: &Connection,
    school: SchoolId,
    work: impl FnOnce(&WriteTx<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut copy = open::scratch()?;
    Backup::new(from, &mut copy)?.run_to_completion(PAGES, Duration::ZERO, None)?;
    copy.execute_batch("PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF; BEGIN")?;
    let cache = Cache::default();
    work(&WriteTx { conn: &copy, school, cache: &cache, touched: Cell::new(false) })
}
