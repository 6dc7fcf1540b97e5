//! A store that cannot be opened at all: it is laid aside under a name with the time, and the kiosk begins anew.
//!
//! Must never: delete a damaged file, or lay one aside that can still be opened: unsent marks may stand in it.

use super::{FILE, LOCK, Store, StoreError};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use shared::time::Millis;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Opens the store, beginning anew where its file cannot be opened at all. The second answer is where the damaged file
/// lies now. `at` is what the wall clock says, for its name.
///
/// # Errors
/// As [`Store::open`]; a file that is damaged but can be opened is [`StoreError::Damaged`], and left where it is.
pub fn open_or_begin_anew(dir: &Path, at: Millis) -> Result<(Store, Option<PathBuf>), StoreError> {
    let accident = match Store::open(dir) {
        Ok(store) => return Ok((store, None)),
        Err(StoreError::Sqlite(accident)) if damaged(&accident) => accident,
        Err(other) => return Err(other),
    };
    let path = dir.join(FILE);
    tracing::error!(%accident, "the kiosk's file is damaged");
    if can_be_opened(&path) {
        return Err(StoreError::Damaged { path });
    }
    let kept = lay_aside(dir, at)?;
    Ok((Store::open(dir)?, Some(kept)))
}

fn damaged(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
}

/// Whether anything at all can be read of it.
fn can_be_opened(path: &Path) -> bool {
    #[allow(clippy::disallowed_methods)] // this is the store
    let tables = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .and_then(|c| c.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get::<_, i64>(0)));
    tables.map_or_else(|error| !damaged(&error), |_| true)
}

/// Renames the file, and its write-ahead log with it, which may hold the newest marks.
fn lay_aside(dir: &Path, at: Millis) -> Result<PathBuf, StoreError> {
    let folder = |source| StoreError::Folder { path: dir.to_owned(), source: Arc::new(source) };
    let lock = File::create(dir.join(LOCK)).map_err(folder)?;
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| StoreError::InUse { path: dir.to_owned() })?;
    let time = chrono::DateTime::from_timestamp_millis(at.0).unwrap_or_default().format("%Y%m%dT%H%M%SZ");
    // Two in one second, or a clock that always starts at 1970: never over another.
    let name = (0_u32..)
        .map(|n| if n == 0 { format!("{FILE}.damaged-{time}") } else { format!("{FILE}.damaged-{time}-{n}") })
        .find(|name| !dir.join(name).exists())
        .unwrap_or_default();
    for tail in ["-wal", "-shm", ""] {
        let from = dir.join(format!("{FILE}{tail}"));
        if from.exists() {
            std::fs::rename(&from, dir.join(format!("{name}{tail}"))).map_err(folder)?;
        }
    }
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(folder)?;
    Ok(dir.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::kept;
    use std::os::unix::fs::FileExt;

    const AT: Millis = Millis(1_795_424_400_000);

    #[test]
    fn a_file_that_is_none_is_laid_aside_and_never_deleted() {
        let dir = tempfile::tempdir().unwrap();
        let rubbish = vec![0x5a_u8; 40_000];
        for name in ["kiosk.db.damaged-20261123T090000Z", "kiosk.db.damaged-20261123T090000Z-1"] {
            std::fs::write(dir.path().join(FILE), &rubbish).unwrap();
            std::fs::write(dir.path().join("kiosk.db-wal"), b"newest").unwrap();
            let (store, kept) = open_or_begin_anew(dir.path(), AT).unwrap();
            assert_eq!(kept, Some(dir.path().join(name)));
            assert_eq!(std::fs::read(dir.path().join(name)).unwrap(), rubbish);
            assert!(store.write_now(|tx| kept::enrolled(tx)).unwrap().is_none(), "it begins anew");
            drop(store);
            let (_, kept) = open_or_begin_anew(dir.path(), AT).unwrap();
            assert_eq!(kept, None, "and stays");
        }
    }

    #[test]
    fn a_file_that_can_be_opened_is_left_where_it_is() {
        let dir = tempfile::tempdir().unwrap();
        drop(Store::open(dir.path()).unwrap());
        let path = dir.path().join(FILE);
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        // The schema on the first page is sound; every page after it is not.
        let pages = std::fs::metadata(&path).unwrap().len() / 4096;
        for page in 1..pages {
            file.write_all_at(&[0x5a; 4096], page * 4096).unwrap();
        }
        drop(file);
        let before = std::fs::read(&path).unwrap();
        let Err(error) = open_or_begin_anew(dir.path(), AT) else { panic!("it cannot be used") };
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("tell IT"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
        assert_eq!(
            std::fs::read_dir(dir.path())
                .unwrap()
                .filter(|f| { f.as_ref().unwrap().file_name().to_string_lossy().contains("damaged") })
                .count(),
            0
        );
    }
}
