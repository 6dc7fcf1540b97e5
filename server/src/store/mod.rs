//! The data folder: `trust.db`, `schools/<id>.db`, keys. One file a school, one writer a file.
//!
//! Must never: let a query of one school reach another's file.

pub mod columns;
mod error;
pub mod many;
pub mod open;
mod rehearse;
mod school;
pub mod sums;
mod trust;
mod tx;
mod vfs;
mod writer;

pub use error::StoreError;
pub use rehearse::rehearse;
pub use school::School;
pub use trust::Trust;
pub use tx::{ReadTx, WriteTx};

use crate::auth::factor::SECRET_BYTES;
use crate::auth::key::{self, Key};
use crate::clock::Clock;
use rusqlite::params;
use shared::id::SchoolId;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// Lies in a data folder while a restore into it is under way: nobody may serve from it.
pub(crate) const RESTORING: &str = "RESTORING";

/// The data folder, open.
pub struct Stores {
    dir: PathBuf,
    clock: Clock,
    trust: Trust,
    factor_key: Key,
    schools: RwLock<BTreeMap<SchoolId, Arc<School>>>,
    inline: bool,
    unopened: BTreeMap<SchoolId, Unopened>,
}

/// A school whose file is damaged so that it cannot be opened. The other schools are served.
#[derive(Debug, Clone)]
pub struct Unopened {
    /// Its short name.
    pub slug: String,
    /// What is wrong, in words.
    pub words: String,
}

impl Stores {
    /// Opens the folder (makes it, readable by its owner only, if there is none) and every school in it.
    ///
    /// # Errors
    /// When a file cannot be opened or was written by a newer program, or a restore into the folder was not finished. A
    /// school's file that is damaged is no error: the others are opened, and [`Stores::unopened`] names it.
    pub fn open(dir: &Path, clock: Clock) -> Result<Arc<Self>, StoreError> {
        if dir.join(RESTORING).exists() {
            return Err(StoreError::Refused(format!(
                "a restore into {} was begun and not finished: run `rollbook-server restore` again",
                dir.display()
            )));
        }
        Self::open_as(dir, clock, true, false)
    }

    /// The same while a restore is under way, which brings all of it or nothing.
    pub(crate) fn open_anyway(dir: &Path, clock: Clock) -> Result<Arc<Self>, StoreError> {
        Self::open_as(dir, clock, false, shared::sim::seeded())
    }

    /// As [`Stores::open`], without a thread of its own: whoever asks for something does it, on their own thread.
    ///
    /// # Errors
    /// As for [`Stores::open`].
    #[cfg(feature = "sim")]
    pub fn open_inline(dir: &Path, clock: Clock) -> Result<Arc<Self>, StoreError> {
        Self::open_as(dir, clock, false, true)
    }

    fn open_as(dir: &Path, clock: Clock, without_damaged: bool, inline: bool) -> Result<Arc<Self>, StoreError> {
        private_folder(dir)?;
        private_folder(&dir.join("schools"))?;
        let trust = Trust::open(&dir.join("trust.db"), inline)?;
        let factor_key = Key::of(dir)?;
        key::seal_what_is_plain(&trust, &factor_key, SECRET_BYTES)?;
        let known = trust.read_now(|c| {
            let mut statement = c.prepare("SELECT id, slug FROM school ORDER BY slug")?;
            let rows = statement.query_map([], |r| Ok((r.get::<_, [u8; 16]>(0)?, r.get::<_, String>(1)?)))?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        })?;
        let mut stores = Self {
            dir: dir.to_owned(),
            clock,
            trust,
            factor_key,
            schools: RwLock::default(),
            unopened: BTreeMap::new(),
            inline,
        };
        for (id, slug) in known {
            let id = SchoolId::from_bytes(id);
            let path = stores.school_path(id);
            if !path.exists() {
                let source = std::io::Error::from(std::io::ErrorKind::NotFound);
                return Err(StoreError::File { path, source });
            }
            match School::open(&path, id, &slug, inline) {
                Ok(school) => stores.keep(school),
                Err(error) if without_damaged && error.is_damage() => {
                    tracing::error!(school = slug, %error, "the school's file is damaged and cannot be opened");
                    let words = format!("its file {} is damaged and cannot be opened ({error})", path.display());
                    stores.unopened.insert(id, Unopened { slug, words });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Arc::new(stores))
    }

    /// Opens the trust's own file alone, for looking when a school's cannot be opened.
    ///
    /// # Errors
    /// As for [`Stores::open`].
    pub fn open_trust(dir: &Path) -> Result<Trust, StoreError> {
        Trust::look(&dir.join("trust.db"))
    }

    /// Makes a school: its file first, then its row in `trust.db`, so that a crash between leaves no school without a file.
    ///
    /// # Errors
    /// When the slug is taken, or a file cannot be made.
    pub fn add_school(&self, id: SchoolId, slug: &str, name: &str) -> Result<Arc<School>, StoreError> {
        let taken = self.trust.read_now(|c| {
            Ok(c.query_row("SELECT count(*) FROM school WHERE slug = ?1", [slug], |r| r.get::<_, i64>(0))? > 0)
        })?;
        if taken {
            return Err(StoreError::Refused(format!("there is a school with the short name {slug} already")));
        }
        let school = School::open(&self.school_path(id), id, slug, self.inline)?;
        let at = self.clock.now().at.0;
        self.trust.write_now(|t| {
            t.execute(
                "INSERT INTO school(id, slug, name, created_at) VALUES (?1, ?2, ?3, ?4)",
                params![id.as_bytes(), slug, name, at],
            )?;
            Ok(())
        })?;
        self.keep(Arc::clone(&school));
        Ok(school)
    }

    /// The trust's own file.
    #[must_use]
    pub const fn trust(&self) -> &Trust {
        &self.trust
    }
    /// What second factors are sealed to.
    #[must_use]
    pub const fn factor_key(&self) -> &Key {
        &self.factor_key
    }
    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }
    /// The clock that stamps what is written.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }
    /// A school by its id.
    #[must_use]
    pub fn school(&self, id: SchoolId) -> Option<Arc<School>> {
        self.schools.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }
    /// Schools whose file cannot be opened.
    #[must_use]
    pub const fn unopened(&self) -> &BTreeMap<SchoolId, Unopened> {
        &self.unopened
    }
    /// A school by its short name.
    #[must_use]
    pub fn school_by_slug(&self, slug: &str) -> Option<Arc<School>> {
        self.schools.read().unwrap_or_else(PoisonError::into_inner).values().find(|s| s.slug() == slug).cloned()
    }
    /// Every school.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<School>> {
        self.schools.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
    /// Finishes what waits in every writer and closes the files.
    pub fn stop(&self) {
        for school in self.all() {
            school.stop();
        }
    }

    fn school_path(&self, id: SchoolId) -> PathBuf {
        self.dir.join("schools").join(format!("{id}.db"))
    }
    fn keep(&self, school: Arc<School>) {
        self.schools.write().unwrap_or_else(PoisonError::into_inner).insert(school.id(), school);
    }
}

fn private_folder(dir: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::DirBuilderExt;
    if dir.is_dir() {
        return Ok(());
    }
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(StoreError::file(dir))
}

#[cfg(test)]
mod tests;
