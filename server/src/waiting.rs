//! Files that somebody sent and that wait for their word: between looking at an import and doing it.
//!
//! Must never: outlive half an hour or the program, or come to anybody but who sent it.

use crate::import::read::NamedFile;
use crate::secret;
use shared::id::SchoolId;
use shared::time::Millis;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How long a file waits.
const WAITS_MS: i64 = 30 * 60 * 1000;
/// Files that wait at most; the oldest goes first.
const MOST: usize = 8;

/// A file, read.
#[derive(Debug, Clone)]
pub struct File {
    /// What it was called.
    pub name: String,
    /// What is in it.
    pub files: Arc<Vec<NamedFile>>,
    /// Of its bytes: what a form names it by.
    pub digest: String,
}

impl File {
    /// Of what was read.
    #[must_use]
    pub fn new(name: String, files: Vec<NamedFile>) -> Self {
        let all: Vec<u8> =
            files.iter().flat_map(|f| f.name.bytes().chain([0]).chain(f.bytes.iter().copied())).collect();
        Self { name, digest: secret::hex(&secret::sha256(&all)), files: Arc::new(files) }
    }
}

/// All that wait: one for each account.
#[derive(Default)]
pub struct Waiting(Mutex<HashMap<i64, (SchoolId, Millis, File)>>);

impl Waiting {
    /// Keeps a file, in place of the one before.
    pub fn put(&self, account: i64, school: SchoolId, now: Millis, file: File) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (_, since, _)| now.since(*since) < WAITS_MS);
        if all.len() >= MOST
            && let Some(oldest) = all.iter().min_by_key(|(_, (_, since, _))| *since).map(|(account, _)| *account)
        {
            all.remove(&oldest);
        }
        all.insert(account, (school, now, file));
    }

    /// The file of an account, if it still waits.
    #[must_use]
    pub fn get(&self, account: i64, school: SchoolId, now: Millis) -> Option<File> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, since, file) = all.get(&account)?;
        (*of == school && now.since(*since) < WAITS_MS).then(|| file.clone())
    }

    /// Lets it go.
    pub fn take(&self, account: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&account);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_waits_for_its_owner_and_not_for_long() {
        let (elm, oak) = (SchoolId::from_bytes([1; 16]), SchoolId::from_bytes([2; 16]));
        let waiting = Waiting::default();
        let file = |text: &str| {
            File::new("pupils.csv".into(), vec![NamedFile { name: "pupils.csv".into(), bytes: text.into() }])
        };
        waiting.put(1, elm, Millis(0), file("a"));
        assert!(waiting.get(2, elm, Millis(1)).is_none() && waiting.get(1, oak, Millis(1)).is_none());
        assert_eq!(waiting.get(1, elm, Millis(1)).unwrap().digest, file("a").digest);
        assert_ne!(file("a").digest, file("b").digest);
        assert!(waiting.get(1, elm, Millis(WAITS_MS)).is_none());
        for account in 2..20 {
            waiting.put(account, elm, Millis(account), file("b"));
        }
        assert_eq!(waiting.0.lock().unwrap().len(), MOST);
        waiting.take(19);
        assert!(waiting.get(19, elm, Millis(20)).is_none());
    }
}
