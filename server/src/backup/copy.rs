//! Copying one SQLite file while it is in use: all of one moment, without the secrets, whole in one file.
//!
//! Must never: keep a writer waiting, or hand out a copy that was not fsynced.

use super::secrets;
use crate::store::columns::uint;
use crate::store::{StoreError, open};
use rusqlite::Connection;
use rusqlite::backup::Backup;
use shared::id::LogId;
use std::path::Path;
use std::time::Duration;

/// Pages copied at a time.
const PAGES: std::ffi::c_int = 2048;

/// The logs of a school's file and the last entry of each that is there without a hole.
pub(super) type Heads = Vec<(LogId, u64)>;

/// Copies `trust.db`.
pub(super) fn trust(from: &Connection, to: &Path) -> Result<(), StoreError> {
    pages(from, to, secrets::strip_trust)
}

/// Copies a school's file.
pub(super) fn school(from: &Path, to: &Path) -> Result<(), StoreError> {
    let source = open::reader(from)?;
    pages(&source, to, |copy| {
        secrets::strip_school(copy)?;
        // Whoever restores this goes back in time: kiosks must take a new snapshot, not read on where they were.
        copy.execute("UPDATE kiosk SET feed = randomblob(16)", [])?;
        Ok(())
    })
}

fn pages(
    from: &Connection,
    to: &Path,
    strip: impl FnOnce(&Connection) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut target = open::blank(to)?;
    // One moment for all pages: without it, each commit of the server would begin the copy anew.
    from.execute_batch("BEGIN")?;
    let copied = from.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(())).and_then(|()| {
        let backup = Backup::new(from, &mut target)?;
        backup.run_to_completion(PAGES, Duration::ZERO, None)
    });
    from.execute_batch("COMMIT")?;
    copied?;
    target.pragma_update(None, "journal_mode", "DELETE")?; // one file, whole by itself
    strip(&target)?;
    target.execute_batch("VACUUM")?; // what was taken out is gone from the bytes too
    target.close().map_err(|(_, error)| error)?;
    std::fs::File::open(to).and_then(|f| f.sync_all()).map_err(StoreError::file(to))
}

/// Whether a copy is a sound SQLite file.
pub(super) fn sound(path: &Path) -> Result<(), StoreError> {
    let sound: String = open::copy(path)?.query_row("PRAGMA integrity_check(1)", [], |r| r.get(0))?;
    if sound == "ok" {
        return Ok(());
    }
    Err(StoreError::Refused(format!("the copy {} is damaged, so no backup was made: {sound}", path.display())))
}

/// Where the logs of a copy end.
pub(super) fn heads(c: &Connection) -> Result<Heads, StoreError> {
    let mut logs =
        c.prepare("SELECT log.log, (SELECT count(*) FROM fact WHERE fact.log = log.id), log.head_seq FROM log")?;
    let rows = logs.query_map([], |r| {
        let (log, held, head): (_, i64, i64) = (LogId::from_bytes(r.get(0)?), r.get(1)?, r.get(2)?);
        Ok((log, uint(if held == head { head } else { 0 })))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
