//! A backup: a consistent copy of every file, looked at before anybody relies on it.
//!
//! Must never: call entries durable that were not read back from the copy.

use crate::school;
use crate::secret;
use crate::store::columns::int;
use crate::store::{School, StoreError, Stores, open};
use rusqlite::backup::Backup;
use rusqlite::{Connection, params};
use shared::id::LogId;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Pages copied at a time.
const PAGES: std::ffi::c_int = 2048;

/// A backup that was made and verified.
#[derive(Debug)]
pub struct Made {
    /// Its folder.
    pub folder: PathBuf,
    /// Files in it, with their sha256.
    pub files: Vec<(String, String)>,
    /// Whether kiosks may count on it: it lies in a second place.
    pub durable: bool,
}

/// Copies everything into a new folder inside `into`. `elsewhere`: the caller says that it lies in a second place;
/// another file system counts as one by itself.
///
/// # Errors
/// When a file cannot be copied, or the copy is not sound: then nothing is called durable.
pub fn make(stores: &Stores, into: &Path, elsewhere: bool) -> Result<Made, StoreError> {
    let now = stores.clock().now().at;
    let name = chrono::DateTime::from_timestamp_millis(now.0)
        .ok_or(StoreError::Corrupt { what: "the clock" })?
        .format("rollbook-%Y%m%dT%H%M%SZ")
        .to_string();
    let folder = into.join(name);
    let schools = folder.join("schools");
    std::fs::create_dir_all(&schools).map_err(StoreError::file(&schools))?;
    private(&folder)?;
    let mut files = Vec::new();
    let trust = folder.join("trust.db");
    stores.trust().read_now(|c| copy(c, &trust, false))?;
    verify(&trust)?;
    files.push(("trust.db".to_owned(), sum(&trust)?));
    let mut heads = Vec::new();
    for one in stores.all() {
        let relative = format!("schools/{}.db", one.id());
        let to = folder.join(&relative);
        let source = open::reader(one.path())?;
        copy(&source, &to, true)?;
        heads.push((one, verify(&to)?));
        files.push((relative, sum(&to)?));
    }
    for name in ["server.key", "server.crt"] {
        let from = stores.dir().join(name);
        if from.exists() {
            let to = folder.join(name);
            std::fs::copy(&from, &to).map_err(StoreError::file(&to))?;
            files.push((name.to_owned(), sum(&to)?));
        }
    }
    manifest(&folder, &files)?;
    let durable = elsewhere || another_file_system(stores.dir(), &folder);
    for (school, heads) in heads {
        note(&school, heads, now.0, durable)?;
    }
    Ok(Made { folder, files, durable })
}

/// Compares a backup with its manifest; says which files differ or are missing.
///
/// # Errors
/// When the manifest cannot be read.
pub fn compare(folder: &Path) -> Result<Vec<String>, StoreError> {
    let list = folder.join("MANIFEST.sha256");
    let text = std::fs::read_to_string(&list).map_err(StoreError::file(&list))?;
    let mut wrong = Vec::new();
    for line in text.lines() {
        let Some((expected, name)) = line.split_once("  ") else {
            wrong.push(format!("MANIFEST.sha256: a line that is none: {line}"));
            continue;
        };
        match sum(&folder.join(name)) {
            Ok(found) if found == expected => {}
            Ok(_) => wrong.push(format!("{name}: its content is not what was backed up")),
            Err(_) => wrong.push(format!("{name}: missing, or cannot be read")),
        }
    }
    Ok(wrong)
}

fn copy(from: &Connection, to: &Path, school: bool) -> Result<(), StoreError> {
    let mut target = open::blank(to)?;
    {
        let backup = Backup::new(from, &mut target)?;
        backup.run_to_completion(PAGES, Duration::ZERO, None)?;
    }
    target.pragma_update(None, "journal_mode", "DELETE")?; // one file, whole by itself
    if school {
        // Whoever restores this goes back in time: kiosks must take a new snapshot, not read on where they were.
        target.execute("UPDATE kiosk SET feed = randomblob(16)", [])?;
    }
    target.close().map_err(|(_, error)| error)?;
    std::fs::File::open(to).and_then(|f| f.sync_all()).map_err(StoreError::file(to))
}

/// Reads a copy back: sound, and where its logs end.
fn verify(path: &Path) -> Result<Vec<(LogId, u64)>, StoreError> {
    let c = open::copy(path)?;
    let sound: String = c.query_row("PRAGMA integrity_check", [], |r| r.get(0))?;
    if sound != "ok" {
        return Err(StoreError::Refused(format!("the copy {} is damaged; the backup was not made", path.display())));
    }
    let school: i64 =
        c.query_row("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'fact'", [], |r| r.get(0))?;
    if school == 0 {
        return Ok(Vec::new());
    }
    let mut logs =
        c.prepare("SELECT log.log, (SELECT count(*) FROM fact WHERE fact.log = log.id), log.head_seq FROM log")?;
    let rows = logs.query_map([], |r| Ok((LogId::from_bytes(r.get(0)?), r.get::<_, i64>(1)?, r.get::<_, i64>(2)?)))?;
    let mut heads = Vec::new();
    for row in rows {
        let (log, held, head) = row?;
        // Only what is there without a hole counts.
        heads.push((log, crate::store::columns::uint(if held == head { head } else { 0 })));
    }
    Ok(heads)
}

fn note(school: &School, heads: Vec<(LogId, u64)>, at: i64, durable: bool) -> Result<(), StoreError> {
    school.write_now(move |tx| {
        if durable {
            for (log, head) in heads {
                tx.execute(
                    "UPDATE log SET durable_seq = max(durable_seq, ?2) WHERE log = ?1",
                    params![log.as_bytes(), int(head)],
                )?;
            }
        }
        school::set(tx, "backup_at", &at.to_string())
    })
}

fn manifest(folder: &Path, files: &[(String, String)]) -> Result<(), StoreError> {
    let path = folder.join("MANIFEST.sha256");
    let mut file = std::fs::File::create(&path).map_err(StoreError::file(&path))?;
    for (name, sum) in files {
        writeln!(file, "{sum}  {name}").map_err(StoreError::file(&path))?;
    }
    file.sync_all().map_err(StoreError::file(&path))
}

fn sum(path: &Path) -> Result<String, StoreError> {
    use sha2::{Digest, Sha256};
    let mut file = std::fs::File::open(path).map_err(StoreError::file(path))?;
    let mut hash = Sha256::new();
    let mut part = vec![0; 1 << 16];
    loop {
        let read = std::io::Read::read(&mut file, &mut part).map_err(StoreError::file(path))?;
        if read == 0 {
            return Ok(secret::hex(&hash.finalize()));
        }
        hash.update(&part[..read]);
    }
}

fn private(folder: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).map_err(StoreError::file(folder))
}

fn another_file_system(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (std::fs::metadata(one), std::fs::metadata(other)) {
        (Ok(one), Ok(other)) => one.dev() != other.dev(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, class, folder, world};
    use shared::observation::Mark;
    use shared::wire::v1::Mode;

    #[tokio::test]
    async fn a_backup_is_sound_and_makes_its_entries_durable() {
        let world = world();
        let mut kiosk = world.enrol(Mode::Classroom, &[class(1)]).await;
        kiosk.anchor(at(8, 40));
        kiosk.tap(at(8, 55), "am", 1, 1, Mark::Present);
        world.push(&kiosk).await;
        let place = folder();
        let here = make(&world.stores, place.path(), false).unwrap();
        assert!(!here.durable || another_file_system(world.folder.path(), place.path()));
        let before = world.count("SELECT max(durable_seq) FROM log WHERE kiosk IS NOT NULL");
        assert_eq!(before, if here.durable { 2 } else { 0 }, "the same disk is no second place");
        world.set(at(8, 59));
        let made = make(&world.stores, place.path(), true).unwrap();
        assert!(made.durable);
        assert_eq!(world.count("SELECT max(durable_seq) FROM log WHERE kiosk IS NOT NULL"), 2);
        assert_eq!(compare(&made.folder).unwrap(), Vec::<String>::new());
        let copied = open::copy(&made.folder.join(format!("schools/{}.db", world.school.id()))).unwrap();
        assert_eq!(copied.query_row("SELECT count(*) FROM entry", [], |r| r.get::<_, i64>(0)).unwrap(), 1);
        std::fs::write(made.folder.join("trust.db"), b"something else").unwrap();
        assert_eq!(compare(&made.folder).unwrap().len(), 1);
    }
}
