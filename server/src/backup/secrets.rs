//! The keys and secrets of a server: taken out of the copies of a backup, sealed to the recovery key, and put back by a restore.
//!
//! Must never: leave one of them readable in a backup.

use crate::recovery::{self, Key};
use crate::secret::hex;
use crate::store::{StoreError, Stores};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use shared::id::SchoolId;
use std::collections::BTreeMap;
use std::path::Path;

/// The sealed file's name in a backup.
pub const NAME: &str = "secrets.age";
/// Files of the data folder that are secrets.
const FILES: [&str; 3] = ["server.key", "server.crt", crate::auth::key::FILE];
/// Settings of a school that are secrets.
const SETTINGS: [&str; 2] = ["card_key", "seal_secret"];

/// All of them.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    /// Files of the data folder, as text.
    files: BTreeMap<String, String>,
    /// The table `secret` of `trust.db`, in hexadecimal.
    trust: BTreeMap<String, String>,
    /// Of each school (its id), the settings that are secrets.
    schools: BTreeMap<String, BTreeMap<String, String>>,
}

impl Secrets {
    /// Reads them where they are in use.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn collect(stores: &Stores) -> Result<Self, StoreError> {
        let mut found = Self::default();
        for name in FILES {
            let path = stores.dir().join(name);
            if path.exists() {
                let text = std::fs::read_to_string(&path).map_err(StoreError::file(&path))?;
                found.files.insert(name.to_owned(), text);
            }
        }
        found.trust = stores.trust().read_now(|c| {
            let mut all = c.prepare("SELECT name, value FROM secret WHERE name NOT IN (?1, ?2)")?;
            let rows = all
                .query_map([recovery::PUBLIC, recovery::WAITING], |r| Ok((r.get(0)?, hex(&r.get::<_, Vec<u8>>(1)?))))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })?;
        for school in stores.all() {
            let settings = school.read_now(|tx| {
                let mut kept = BTreeMap::new();
                for name in SETTINGS {
                    kept.extend(crate::school::setting(tx, name)?.map(|value| (name.to_owned(), value)));
                }
                Ok(kept)
            })?;
            found.schools.insert(school.id().to_string(), settings);
        }
        Ok(found)
    }

    /// Seals them to the public part of a recovery key.
    ///
    /// # Errors
    /// When they cannot be sealed.
    pub fn seal(&self, public: &str) -> Result<Vec<u8>, StoreError> {
        let plain = serde_json::to_vec(self).map_err(|_| StoreError::Corrupt { what: "the secrets" })?;
        recovery::seal(public, &plain)
    }

    /// Opens a backup's.
    ///
    /// # Errors
    /// When there are none, or the key is another.
    pub fn open(folder: &Path, key: &Key) -> Result<Self, StoreError> {
        let path = folder.join(NAME);
        let sealed = std::fs::read(&path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => StoreError::Refused(
                "this backup holds no keys: it was made before there was a recovery key. Restore it with --without-key; \
                 each kiosk must then be enrolled again"
                    .to_owned(),
            ),
            _ => StoreError::File { path: path.clone(), source },
        })?;
        let plain = key.open(&sealed)?;
        serde_json::from_slice(&plain).map_err(|_| StoreError::Corrupt { what: "the secrets of the backup" })
    }

    /// Writes those that are files into a data folder, for their owner only.
    ///
    /// # Errors
    /// When one cannot be written.
    pub fn put_files(&self, data: &Path) -> Result<(), StoreError> {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;
        for (name, text) in self.files.iter().filter(|(name, _)| FILES.contains(&name.as_str())) {
            let path = data.join(name);
            let mut options = std::fs::OpenOptions::new();
            let file = options.write(true).create_new(true).mode(0o600).open(&path);
            file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
                .map_err(StoreError::file(&path))?;
        }
        Ok(())
    }

    /// Puts the others back into the files they were taken from.
    ///
    /// # Errors
    /// When one cannot be written.
    pub fn put_back(&self, stores: &Stores) -> Result<(), StoreError> {
        stores.trust().write_now(|t| {
            for (name, value) in &self.trust {
                let bytes = bytes_of(value).ok_or(StoreError::Corrupt { what: "the secrets of the backup" })?;
                recovery::keep(t, name, &bytes)?;
            }
            Ok(())
        })?;
        for (id, settings) in &self.schools {
            let id: SchoolId = id.parse().map_err(|_| StoreError::Corrupt { what: "the secrets of the backup" })?;
            let Some(school) = stores.school(id) else { continue }; // added while the backup was made: not in it
            let settings = settings.clone();
            school.write_now(move |tx| {
                for (name, value) in settings.iter().filter(|(name, _)| SETTINGS.contains(&name.as_str())) {
                    crate::school::set(tx, name, value)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// Takes the secrets out of a copy of `trust.db`.
pub(super) fn strip_trust(copy: &Connection) -> Result<(), StoreError> {
    copy.execute("DELETE FROM secret WHERE name <> ?1", [recovery::PUBLIC])?;
    // An enrolment that was under way cannot be finished by another server.
    copy.execute("DELETE FROM enrolment", [])?;
    Ok(())
}

/// Takes the secrets out of a copy of a school's file.
pub(super) fn strip_school(copy: &Connection) -> Result<(), StoreError> {
    for name in SETTINGS {
        copy.execute("DELETE FROM setting WHERE name = ?1", params![name])?;
    }
    // What each kiosk is told of its school holds the card key too. A restore writes these rows anew.
    copy.execute("DELETE FROM feed WHERE key LIKE 'settings:%'", [])?;
    Ok(())
}

fn bytes_of(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len() / 2).map(|i| u8::from_str_radix(text.get(i * 2..i * 2 + 2)?, 16).ok()).collect()
}

/// Whether a copy still holds a secret of these, byte for byte: what the tests ask.
#[cfg(test)]
pub(super) fn leaks(secrets: &Secrets, file: &Path) -> Vec<String> {
    let bytes = std::fs::read(file).unwrap();
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|w| w == needle);
    let settings = secrets.schools.values().flatten();
    let wanted =
        settings.chain(&secrets.files).filter(|(_, value)| holds(value.as_bytes())).map(|(name, _)| name.clone());
    let trust =
        secrets.trust.iter().filter(|(_, value)| holds(&bytes_of(value).unwrap())).map(|(name, _)| name.clone());
    wanted.chain(trust).collect()
}
