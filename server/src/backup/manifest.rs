//! The manifest of a backup: each file with its sha256, so that a copy of the copy can be verified anywhere with `sha256sum -c`.
//!
//! Must never: call a file the same without reading all of it.

use crate::secret;
use crate::store::StoreError;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

/// Its name in the folder.
pub const NAME: &str = "MANIFEST.sha256";

/// Files with their sums, by name within the folder.
pub type Sums = BTreeMap<String, String>;

/// Writes it, on the disk when this returns.
///
/// # Errors
/// When it cannot be written.
pub fn write(folder: &Path, sums: &Sums) -> Result<(), StoreError> {
    let path = folder.join(NAME);
    let mut file = File::create(&path).map_err(StoreError::file(&path))?;
    for (name, sum) in sums {
        writeln!(file, "{sum}  {name}").map_err(StoreError::file(&path))?;
    }
    file.sync_all().map_err(StoreError::file(&path))
}

/// Reads it.
///
/// # Errors
/// When it is missing, cannot be read, or names something outside the folder.
pub fn read(folder: &Path) -> Result<Sums, StoreError> {
    let path = folder.join(NAME);
    let text = std::fs::read_to_string(&path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => StoreError::Refused(format!(
            "{} is no backup: it has no {NAME}. Name the folder rollbook-… itself, not the one above it",
            folder.display()
        )),
        _ => StoreError::File { path: path.clone(), source },
    })?;
    let mut sums = Sums::new();
    for line in text.lines() {
        let inside =
            |name: &str| !name.is_empty() && !name.starts_with('/') && !name.split('/').any(|part| part == "..");
        match line.split_once("  ").filter(|(sum, name)| sum.len() == 64 && inside(name)) {
            Some((sum, name)) => sums.insert(name.to_owned(), sum.to_owned()),
            None => return Err(StoreError::Refused(format!("{NAME} holds a line that is none of ours: {line}"))),
        };
    }
    Ok(sums)
}

/// Reads every file that the manifest names; says which differ, which are missing, and which are not in it.
///
/// # Errors
/// As for [`read`].
pub fn compare(folder: &Path) -> Result<Vec<String>, StoreError> {
    let sums = read(folder)?;
    let mut wrong = Vec::new();
    for (name, expected) in &sums {
        match sum(&folder.join(name)) {
            Ok(found) if found == *expected => {}
            Ok(_) => wrong.push(format!("{name}: its content is not what was backed up")),
            Err(StoreError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                wrong.push(format!("{name}: missing"));
            }
            Err(error) => wrong.push(format!("{name}: cannot be read ({error})")),
        }
    }
    if !sums.contains_key("trust.db") {
        wrong.push(format!("trust.db: {NAME} does not name it"));
    }
    Ok(wrong)
}

/// sha256 of a file, read from the disk rather than from memory where the system allows it.
///
/// # Errors
/// When it cannot be read.
pub fn sum(path: &Path) -> Result<String, StoreError> {
    let file = File::open(path).map_err(StoreError::file(path))?;
    // What was just written is still in memory; reading that back would prove nothing of the disk. A hint only.
    let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
    sum_of(file).map_err(StoreError::file(path))
}

/// sha256 of what a reader gives.
///
/// # Errors
/// When it cannot be read.
pub fn sum_of(mut from: impl Read) -> std::io::Result<String> {
    let mut hash = Sha256::new();
    let mut part = vec![0; 1 << 16];
    loop {
        let read = from.read(&mut part)?;
        if read == 0 {
            return Ok(secret::hex(&hash.finalize()));
        }
        hash.update(&part[..read]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_a_missing_and_a_strange_file_are_named() {
        let folder = crate::testing::folder();
        let at = folder.path();
        std::fs::write(at.join("trust.db"), b"one").unwrap();
        std::fs::write(at.join("other"), b"two").unwrap();
        let sums = ["trust.db", "other"].map(|name| (name.to_owned(), sum(&at.join(name)).unwrap()));
        assert_eq!(sums[0].1, "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed");
        write(at, &Sums::from(sums)).unwrap();
        assert_eq!(compare(at).unwrap(), Vec::<String>::new());
        std::fs::write(at.join("trust.db"), b"0ne").unwrap();
        std::fs::remove_file(at.join("other")).unwrap();
        assert_eq!(compare(at).unwrap(), ["other: missing", "trust.db: its content is not what was backed up"]);
    }

    #[test]
    fn a_manifest_cannot_name_a_file_outside() {
        let folder = crate::testing::folder();
        assert!(compare(folder.path()).unwrap_err().to_string().contains("is no backup"));
        for line in ["x", "../trust.db", "/etc/passwd"] {
            std::fs::write(folder.path().join(NAME), format!("{}  {line}\n", "0".repeat(64))).unwrap();
            assert_eq!(compare(folder.path()).is_err(), line != "x", "{line}");
        }
        std::fs::write(folder.path().join(NAME), "nonsense\n").unwrap();
        assert!(compare(folder.path()).is_err());
    }
}
