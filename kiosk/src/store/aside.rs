//! A store that is damaged: its file is laid aside under a name with the time, and the kiosk begins anew with what can
//! still be read of it.
//!
//! Must never: delete or change a damaged file, or lay a sound one aside.

use super::salvage::{self, Salvage};
use super::{FILE, LOCK, Store, StoreError};
use shared::time::{Millis, Reading};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What became of a damaged file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// Where it lies now.
    pub path: PathBuf,
    /// Whether it could still be read who the kiosk is. If not, it asks to be enrolled.
    pub enrolled: bool,
    /// Facts that people had caused, that the server may not have, and that are in the new file.
    pub kept: u64,
    /// Entries that the server does not have and that could not be read.
    pub lost: u64,
    /// Entries of which the server has the only copy now.
    pub only_copy: u64,
}

/// Opens the store. Where its file is damaged, that is laid aside, and what can be read of it begins the new one: who the
/// kiosk is, and what was not sent. The roster comes again from the server. `at` is what the clocks say.
///
/// # Errors
/// As [`Store::open`].
pub fn open_or_begin_anew(dir: &Path, at: Reading) -> Result<(Store, Option<Aside>), StoreError> {
    begin(dir, at, Store::open, |store, salvaged| store.write_now(move |tx| salvaged.put(tx, at)))
}

/// As [`open_or_begin_anew`], without a thread; the store is closed again.
///
/// # Errors
/// As [`Store::open`].
#[cfg(feature = "sim")]
pub fn begin_anew_by_hand(dir: &Path, at: Reading) -> Result<Option<Aside>, StoreError> {
    let open = |dir: &Path| Store::open_by_hand(dir, None);
    let put = |(store, hand): &mut (Store, super::Hand), salvaged: Salvage| {
        let (tell, told) = std::sync::mpsc::channel();
        store.write(move |tx| salvaged.put(tx, at), move |done| drop(tell.send(done)));
        hand.step();
        told.recv().unwrap_or(Err(StoreError::Closed))
    };
    begin(dir, at, open, put).map(|(_, aside)| aside)
}

fn begin<S>(
    dir: &Path,
    at: Reading,
    open: impl Fn(&Path) -> Result<S, StoreError>,
    put: impl FnOnce(&mut S, Salvage) -> Result<(), StoreError>,
) -> Result<(S, Option<Aside>), StoreError> {
    let found = match open(dir) {
        Ok(store) => return Ok((store, None)),
        Err(StoreError::Damaged(found)) => found,
        Err(other) => return Err(other),
    };
    let path = lay_aside(dir, at.wall)?;
    let salvaged = salvage::read(&path);
    let Salvage { unsent: kept, lost, .. } = salvaged;
    let only_copy = salvaged.only_copy.map_or(0, |only| only.count);
    let enrolled = salvaged.enrolled();
    tracing::error!(%found, kept, lost, only_copy, enrolled, aside = %path.display(), "the kiosk's file is damaged and was set aside");
    let mut store = open(dir)?;
    put(&mut store, salvaged)?;
    Ok((store, Some(Aside { path, enrolled, kept, lost, only_copy })))
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
mod tests;
