//! What the tests of this crate share: a data folder of their own, real files, a clock that stands still.
//!
//! Must never: replace a part of the server by something that only looks like it.

use std::path::{Path, PathBuf};

/// A folder that goes with its test.
pub struct Folder(PathBuf);

/// Makes a folder of its own.
///
/// # Panics
/// When the system has no room for one.
#[must_use]
pub fn folder() -> Folder {
    let name = crate::secret::hex(&crate::secret::random::<8>().unwrap());
    let path = std::env::temp_dir().join(format!("rollbook-test-{name}"));
    std::fs::create_dir(&path).unwrap();
    Folder(path)
}

impl Folder {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}
impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0); // a leftover in the temporary folder harms nobody
    }
}
