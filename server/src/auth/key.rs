//! The key that the secrets of second factors are sealed to: a file of its own in the data folder, for its owner alone, so that
//! whoever has trust.db alone, or a backup without its recovery key, cannot make anybody's codes.
//!
//! Must never: be written into trust.db, or be logged.

use crate::secret;
use crate::store::{StoreError, Trust, open};
use crypto_box::aead::OsRng;
use crypto_box::{PublicKey, SecretKey};
use rusqlite::params;
use std::path::Path;

/// The file's name.
pub const FILE: &str = "factor.key";

/// The key.
#[derive(Clone)]
pub struct Key(SecretKey);

impl Key {
    /// Reads it, or makes one where there is none.
    ///
    /// # Errors
    /// When the file cannot be read or written, or is no key.
    pub fn of(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let bytes = secret::unhex::<32>(text.trim()).ok_or(StoreError::Corrupt { what: FILE })?;
                Ok(Self(SecretKey::from(bytes)))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::make(dir, &path),
            Err(source) => Err(StoreError::File { path, source }),
        }
    }

    fn make(dir: &Path, path: &Path) -> Result<Self, StoreError> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        let key = SecretKey::generate(&mut OsRng);
        // Whole or not there: a power cut half-way leaves the name that nobody reads.
        let beside = dir.join(format!("{FILE}.new"));
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside);
        file.and_then(|mut file| {
            file.write_all(secret::hex(&key.to_bytes()).as_bytes()).and_then(|()| file.sync_all())
        })
        .and_then(|()| std::fs::rename(&beside, path))
        .and_then(|()| std::fs::File::open(dir).and_then(|dir| dir.sync_all()))
        .map_err(StoreError::file(path))?;
        Ok(Self(key))
    }

    /// Seals an account's secret. It opens for this account alone.
    ///
    /// # Errors
    /// When it cannot be sealed.
    pub fn seal(&self, account: i64, secret: &[u8]) -> Result<Vec<u8>, StoreError> {
        let plain = [account.to_be_bytes().as_slice(), secret].concat();
        let to = PublicKey::from(&self.0);
        to.seal(&mut OsRng, &plain).map_err(|_| StoreError::Corrupt { what: "a second factor" })
    }

    /// Opens one; none when it was sealed to another key, for another account, or is damaged.
    #[must_use]
    pub fn open(&self, account: i64, sealed: &[u8]) -> Option<Vec<u8>> {
        let plain = self.0.unseal(sealed).ok()?;
        plain.strip_prefix(account.to_be_bytes().as_slice()).map(<[u8]>::to_vec)
    }
}

/// Seals what stands in the file as it was written before there was this key, once, and wipes it from the file's bytes.
///
/// # Errors
/// When trust.db cannot be written.
pub fn seal_what_is_plain(trust: &Trust, key: &Key, plain_bytes: usize) -> Result<(), StoreError> {
    let length = i64::try_from(plain_bytes).unwrap_or(i64::MAX);
    let plain: Vec<(i64, Vec<u8>)> = trust.read_now(|c| {
        let mut found = c.prepare("SELECT id, factor_secret FROM account WHERE length(factor_secret) = ?1")?;
        let rows = found.query_map([length], |r| Ok((r.get(0)?, r.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    })?;
    if plain.is_empty() {
        return Ok(());
    }
    trust.write_now(|t| {
        for (account, secret) in &plain {
            let sealed = key.seal(*account, secret)?;
            t.execute("UPDATE account SET factor_secret = ?2 WHERE id = ?1", params![account, sealed])?;
        }
        Ok(())
    })?;
    // Without this the old bytes would lie in the journal until it is next written over.
    if let Err(error) = open::rewrite(trust.path()) {
        tracing::warn!(%error, "second factors are sealed now; trust.db could not be written anew, and will be over time");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::folder;

    #[test]
    fn what_is_sealed_opens_for_its_account_and_with_its_key_alone() {
        let (here, there) = (folder(), folder());
        let key = Key::of(here.path()).unwrap();
        let sealed = key.seal(7, b"twenty bytes, in all").unwrap();
        assert_eq!(Key::of(here.path()).unwrap().open(7, &sealed).as_deref(), Some(&b"twenty bytes, in all"[..]));
        assert_eq!(key.open(8, &sealed), None, "another account’s row");
        assert_eq!(Key::of(there.path()).unwrap().open(7, &sealed), None, "another server’s key");
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(here.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "its owner’s alone");
        std::fs::write(here.path().join(FILE), "no key").unwrap();
        assert!(Key::of(here.path()).is_err(), "a damaged key is not replaced in silence");
    }
}
