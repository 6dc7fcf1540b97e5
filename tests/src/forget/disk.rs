//! A disk that forgets, in the hand of a test.
//!
//! Must never: be shared by two tests. Each mounts its own, on its own folder.

use super::content::Content;
use super::vfs;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// Which disks are mounted in this process, by folder.
static MOUNTED: RwLock<BTreeMap<PathBuf, Arc<Mutex<Content>>>> = RwLock::new(BTreeMap::new());

/// The disk that a path lies on, if on one of ours.
pub(super) fn mounted(path: &Path) -> Option<Arc<Mutex<Content>>> {
    let mounted = MOUNTED.read().unwrap_or_else(PoisonError::into_inner);
    path.ancestors().skip(1).find_map(|folder| mounted.get(folder)).cloned()
}

/// A disk, mounted on a folder until it is dropped.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    content: Arc<Mutex<Content>>,
}

/// What a cut took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lost {
    /// Sectors that were written and not synced when the power went.
    pub at_risk: usize,
    /// Of those, how many do not hold what was written last.
    pub sectors: usize,
    /// Names that mean something else than before: a file that is not there, or is there again.
    pub names: usize,
}

/// What was done to a disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Files written to, cut to size, synced, made or deleted.
    pub operations: u64,
    /// Writes.
    pub writes: u64,
    /// Syncs of files, also those that failed or were a lie.
    pub syncs: u64,
    /// Syncs of folders.
    pub folder_syncs: u64,
    /// Power cuts.
    pub cuts: u64,
}

/// A copy of all that lies on a disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Image {
    /// Path below the folder, and content.
    pub files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Disk {
    /// Mounts an empty disk on a folder that exists. What is lost on it is decided by `seed`.
    ///
    /// # Errors
    /// When the folder does not exist, or SQLite does not take the file system.
    pub fn mount(folder: &Path, seed: u64) -> std::io::Result<Self> {
        vfs::install()?;
        let folder = folder.canonicalize()?;
        let content = Arc::new(Mutex::new(Content::new(folder.clone(), seed)));
        let mut mounted = MOUNTED.write().unwrap_or_else(PoisonError::into_inner);
        if mounted.insert(folder.clone(), Arc::clone(&content)).is_some() {
            return Err(std::io::Error::other(format!("{} has a disk already", folder.display())));
        }
        Ok(Self { folder, content })
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it is mounted.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The power goes, and comes back. Of what was not synced, the seed decides what survives. Connections that were
    /// open answer with an error from now on, for ever; drop them.
    pub fn cut(&self) -> Lost {
        self.content().cut()
    }

    /// The power goes during the operation after so many more. Until [`Disk::cut`] then nothing answers any more.
    pub fn cut_in(&self, operations: u64) {
        self.content().dark_in = Some(operations);
    }

    /// Whether the power has gone, and [`Disk::cut`] was not called yet.
    #[must_use]
    pub fn is_dark(&self) -> bool {
        self.content().dark
    }

    /// The process goes, and the machine stays: nothing is lost, unless the power goes later, before a sync.
    /// Connections that were open answer with an error.
    pub fn kill(&self) {
        self.content().kill();
    }

    /// A copy of all that can be seen, as of a card in a copier.
    #[must_use]
    pub fn snapshot(&self) -> Image {
        self.content().image()
    }

    /// Puts this in the place of all that is there. Connections that were open answer with an error.
    pub fn restore(&self, image: &Image) {
        self.content().restore(image);
    }

    /// All files together may grow to so many bytes. `None`: as they like.
    pub fn full(&self, bytes: Option<u64>) {
        self.content().room = bytes;
    }

    /// Nothing can be written any more, as after the system remounted a failing card.
    pub fn read_only(&self, yes: bool) {
        self.content().read_only = yes;
    }

    /// The next so many syncs fail, and what they should have made durable is durable only in part, for ever.
    pub fn fail_syncs(&self, times: u32) {
        self.content().failing_syncs = times;
    }

    /// From now on a sync answers "done" and does nothing.
    pub fn lie(&self, yes: bool) {
        self.content().lying = yes;
    }

    /// One byte of a file reads otherwise from now on. Answers whether the file reaches so far.
    pub fn flip(&self, file: &Path, offset: usize, mask: u8) -> bool {
        let path = self.folder.join(file);
        self.content().flip(&path, offset, mask)
    }

    /// What was done so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.content().counts
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        MOUNTED.write().unwrap_or_else(PoisonError::into_inner).remove(&self.folder);
        self.content().life += 1;
    }
}
