//! A backup: a consistent copy of every file, its secrets sealed, read back before anybody relies on it.
//!
//! It is made in a folder whose name ends in `.partial`, which gets its name when everything in it was verified: a folder
//! `rollbook-…` is a whole backup, whatever happened meanwhile.
//!
//! Must never: call entries durable that were not read back from a copy in a second place.

pub mod about;
mod copy;
pub mod manifest;
pub mod restic;
pub mod retention;
pub mod secrets;
#[cfg(test)]
mod tests;

use crate::store::columns::int;
use crate::store::{School, StoreError, Stores};
use crate::{check, recovery, school};
use copy::Heads;
use manifest::Sums;
use rusqlite::params;
use secrets::Secrets;
use shared::time::Millis;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the name of a folder that is not finished ends with.
const PARTIAL: &str = ".partial";
/// How the names of backups look.
const NAME: &str = "rollbook-%Y%m%dT%H%M%SZ";

/// A setting: when this school's last verified backup was made, wherever it lies.
pub const MADE_AT: &str = "backup_at";
/// A setting: the same, in a second place.
pub const SAFE_AT: &str = "backup_safe_at";

/// A copy that was made and verified, before anybody counts on it.
pub struct Made {
    /// Its folder.
    pub folder: PathBuf,
    /// Its files, with their sha256.
    pub sums: Sums,
    /// Whether the server's keys are in it, sealed.
    pub sealed: bool,
    at: Millis,
    heads: Vec<(Arc<School>, Heads)>,
}

/// Copies everything into a new folder inside `into`, and verifies the copy. Serving goes on meanwhile.
///
/// # Errors
/// When a file cannot be copied, or the copy is not sound: then there is no new backup.
pub fn make(stores: &Stores, into: &Path) -> Result<Made, StoreError> {
    let at = stores.clock().now().at;
    let name = chrono::DateTime::from_timestamp_millis(at.0)
        .ok_or(StoreError::Corrupt { what: "the clock" })?
        .format(NAME)
        .to_string();
    let folder = into.join(&name);
    if folder.exists() {
        return Err(StoreError::Refused(format!("{} is there already: a backup a second is enough", folder.display())));
    }
    let partial = into.join(format!("{name}{PARTIAL}"));
    begin(&partial)?;
    let mut sums = Sums::new();
    about::About::of(at).write(&partial)?;
    sums.insert(about::NAME.to_owned(), manifest::sum(&partial.join(about::NAME))?);

    // Secrets first: whatever they protect, they are older than the files that need them.
    let public = recovery::public(stores)?;
    if let Some(public) = &public {
        let path = partial.join(secrets::NAME);
        let sealed = Secrets::collect(stores)?.seal(public)?;
        write_file(&path, &sealed)?;
        sums.insert(secrets::NAME.to_owned(), manifest::sum(&path)?);
    }
    // trust.db before the schools: a kiosk that is in it is in its school's file too, for that is written first.
    let trust = partial.join("trust.db");
    stores.trust().read_now(|c| copy::trust(c, &trust))?;
    copy::sound(&trust)?;
    sums.insert("trust.db".to_owned(), manifest::sum(&trust)?);
    let mut heads = Vec::new();
    for one in stores.all() {
        let relative = format!("schools/{}.db", one.id());
        let to = partial.join(&relative);
        copy::school(one.path(), &to)?;
        heads.push((Arc::clone(&one), verified(&to, one.slug())?));
        sums.insert(relative, manifest::sum(&to)?);
    }
    manifest::write(&partial, &sums)?;
    sync_folder(&partial.join("schools"))?;
    sync_folder(&partial)?;
    let wrong = manifest::compare(&partial)?;
    if !wrong.is_empty() {
        return Err(StoreError::Refused(format!("the copy differs from what was written: {}", wrong.join("; "))));
    }
    std::fs::rename(&partial, &folder).map_err(StoreError::file(&folder))?;
    sync_folder(into)?;
    Ok(Made { folder, sums, sealed: public.is_some(), at, heads })
}

impl Made {
    /// Tells every school that this backup is there; kiosks may count on it if it lies in a second place.
    ///
    /// # Errors
    /// An accident of the store: then nothing more than before is called durable.
    pub fn note(&self, safe: bool) -> Result<(), StoreError> {
        for (school, heads) in &self.heads {
            let (at, heads) = (self.at.0.to_string(), heads.clone());
            school.write_now(move |tx| {
                school::set(tx, MADE_AT, &at)?;
                if !safe {
                    return Ok(());
                }
                for (log, head) in heads {
                    tx.execute(
                        "UPDATE log SET durable_seq = max(durable_seq, ?2) WHERE log = ?1",
                        params![log.as_bytes(), int(head)],
                    )?;
                }
                school::set(tx, SAFE_AT, &at)
            })?;
        }
        Ok(())
    }
}

/// Whether a folder lies on another file system than the data: then it is a second place by itself.
#[must_use]
pub fn another_file_system(stores: &Stores, folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (std::fs::metadata(stores.dir()), std::fs::metadata(folder)) {
        (Ok(one), Ok(other)) => one.dev() != other.dev(),
        _ => false,
    }
}

/// Verifies a copied school: the file, its chains, its marks and their history; and where its logs end.
fn verified(path: &Path, slug: &str) -> Result<Heads, StoreError> {
    let c = crate::store::open::copy(path)?;
    let found = check::school(&c)?;
    match found.wrong.first() {
        None => copy::heads(&c),
        Some(first) => Err(StoreError::Refused(format!(
            "the copy of {slug} is not sound, so no backup was made: {first}{}. Run `rollbook-server check`",
            if found.wrong.len() > 1 { format!(" (and {} more)", found.wrong.len() - 1) } else { String::new() }
        ))),
    }
}

/// An empty folder for a backup, for its owner only. What a crash left of the same second goes.
fn begin(partial: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::DirBuilderExt;
    if partial.exists() {
        std::fs::remove_dir_all(partial).map_err(StoreError::file(partial))?;
    }
    let schools = partial.join("schools");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&schools).map_err(StoreError::file(&schools))
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    use std::io::Write;
    let file = std::fs::File::create(path);
    file.and_then(|mut f| f.write_all(bytes).and_then(|()| f.sync_all())).map_err(StoreError::file(path))
}

fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    std::fs::File::open(folder).and_then(|f| f.sync_all()).map_err(StoreError::file(folder))
}
