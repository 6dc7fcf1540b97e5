//! `restore`: from a backup onto an empty machine, verified before anybody may serve from it.
//!
//! Must never: write into a folder that holds anything, or leave one half restored that a server would serve from.

use super::{Restored, keep};
use crate::auth::factor;
use crate::backup::about::About;
use crate::backup::manifest::{self, Sums};
use crate::backup::secrets::Secrets;
use crate::clock::Clock;
use crate::recovery::{self, Key};
use crate::store::{RESTORING, School, StoreError, Stores, open};
use crate::{check, feed, record, removal, school, secret};
use shared::act::{Act, Officer};
use shared::time::Millis;
use std::path::{Path, PathBuf};

/// What is asked.
pub struct Asked<'a> {
    /// The backup's own folder.
    pub folder: &'a Path,
    /// The data folder to fill: empty, or not there yet.
    pub into: &'a Path,
    /// The recovery key; without one the register comes back and the keys do not.
    pub key: Option<&'a Key>,
    /// Who restores.
    pub by: &'a Officer,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Done {
    /// When the backup was made.
    pub backup: Millis,
    /// Schools that came back, by short name.
    pub schools: Vec<String>,
}

/// Restores.
///
/// # Errors
/// [`StoreError::Refused`] with what to do, when the folder is not empty, the backup is not whole, or the key is another.
pub fn restore(asked: &Asked<'_>, clock: Clock) -> Result<Done, StoreError> {
    let sums = whole(asked.folder)?;
    let about = About::read(asked.folder)?;
    let secrets = asked.key.map(|key| Secrets::open(asked.folder, key)).transpose()?;
    begin(asked.into)?;
    copy(asked, &sums)?;
    verify(asked.into, &sums)?;
    if let Some(secrets) = &secrets {
        secrets.put_files(asked.into)?;
    }
    let stores = Stores::open_anyway(asked.into, clock)?;
    let mut schools = Vec::new();
    if let Some(secrets) = &secrets {
        secrets.put_back(&stores)?;
    }
    if let Some(key) = asked.key {
        recovery::adopt(&stores, &key.public())?;
        stores.trust().write_now(|t| recovery::keep(t, recovery::WAITING, key.text().as_bytes()))?;
    } else {
        recovery::forget(&stores)?;
        stores.trust().write_now(|t| factor::remove_all(t))?; // the key that opens them is not in a backup
    }
    for one in stores.all() {
        school::make_keys(&one)?; // only those that no backup brought
        one.write_now(feed::touch_kiosks)?; // they hold the keys, so the backup has them not
        note(&one, &stores, asked.by, about.made_at)?;
        schools.push(one.slug().to_owned());
    }
    stores.stop();
    drop(stores);
    let marker = asked.into.join(RESTORING);
    std::fs::remove_file(&marker).map_err(StoreError::file(&marker))?;
    sync(asked.into)?;
    Ok(Done { backup: about.made_at, schools })
}

/// Whether the backup is what was written, every byte of it.
fn whole(folder: &Path) -> Result<Sums, StoreError> {
    let wrong = manifest::compare(folder)?;
    if wrong.is_empty() {
        return manifest::read(folder);
    }
    Err(StoreError::Refused(format!(
        "{} is not whole, so nothing was restored. Take the backup before it.\n  {}",
        folder.display(),
        wrong.join("\n  ")
    )))
}

/// Makes the data folder, or takes one that is empty or that an earlier try left, and marks it.
fn begin(into: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::DirBuilderExt;
    if !into.is_dir() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(into).map_err(StoreError::file(into))?;
    }
    let entries = std::fs::read_dir(into).map_err(StoreError::file(into))?;
    let there: Vec<PathBuf> =
        entries.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>().map_err(StoreError::file(into))?;
    let begun_before = there.iter().any(|path| path.ends_with(RESTORING));
    if begun_before {
        for path in there.iter().filter(|path| !path.ends_with(RESTORING)) {
            let gone = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
            gone.map_err(StoreError::file(path))?;
        }
    } else if there.iter().any(|path| !path.ends_with("lost+found")) {
        return Err(StoreError::Refused(format!(
            "{} is not empty, so nothing was restored. Stop the server, move what is there to another place and keep it, \
             and try again",
            into.display()
        )));
    }
    let marker = into.join(RESTORING);
    std::fs::File::create(&marker).and_then(|f| f.sync_all()).map_err(StoreError::file(&marker))?;
    sync(into)
}

fn copy(asked: &Asked<'_>, sums: &Sums) -> Result<(), StoreError> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    let schools = asked.into.join("schools");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&schools).map_err(StoreError::file(&schools))?;
    for name in sums.keys().filter(|name| is_database(name)) {
        let to = asked.into.join(name);
        std::fs::copy(asked.folder.join(name), &to).map_err(StoreError::file(&to))?;
        std::fs::set_permissions(&to, std::fs::Permissions::from_mode(0o600)).map_err(StoreError::file(&to))?;
        std::fs::File::open(&to).and_then(|f| f.sync_all()).map_err(StoreError::file(&to))?;
    }
    Ok(())
}

/// What was copied, against the manifest; then every chain, every mark and its history.
fn verify(into: &Path, sums: &Sums) -> Result<(), StoreError> {
    for (name, sum) in sums.iter().filter(|(name, _)| is_database(name)) {
        let path = into.join(name);
        if manifest::sum(&path)? != *sum {
            return Err(StoreError::Refused(format!("{name} was not copied as it is: is this disk sound?")));
        }
        let c = open::copy(&path)?;
        let mut found = check::Found::default();
        if name == "trust.db" {
            check::file(&c, &mut found)?;
        } else {
            found = check::school(&c)?;
        }
        if let Some(first) = found.wrong.first() {
            return Err(StoreError::Refused(format!(
                "{name} of the backup is not sound, so nothing was restored: {first}. Take the backup before it"
            )));
        }
    }
    Ok(())
}

fn is_database(name: &str) -> bool {
    name == "trust.db" || name.strip_prefix("schools/").is_some_and(|file| file.ends_with(".db") && !file.contains('/'))
}

/// Ends the school's own log where the backup ends, so that what kiosks carry of it can follow there, and begins another
/// with the fact that it was restored.
fn note(school: &School, stores: &Stores, by: &Officer, backup: Millis) -> Result<(), StoreError> {
    let (now, by) = (stores.clock().now(), by.clone());
    let id = secret::hex(&secret::random::<16>()?);
    school.write_now(move |tx| {
        let (row, log, head) = record::own_log(tx)?;
        tx.execute("UPDATE log SET sealed_at = ?2 WHERE id = ?1", rusqlite::params![row, now.at.0])?;
        record::act(tx, now, &by, Act::Restored { log, old: None, new: head, backup })?;
        // What was removed by rule must not come back: what the backup knows of, and what is due by now where the school
        // lets the rule remove by itself. What was removed later comes with the tail, and is removed again then.
        if let Some(set_by) = removal::by_itself(tx)? {
            removal::remove(tx, now, &removal::rule(&set_by)?)?;
        } else if let Some(last) = school::setting(tx, "removed_upto")?.and_then(|day| day.parse().ok()) {
            removal::again(tx, now, &by, last)?;
        }
        // A kiosk that read on where it was would miss what is different now.
        tx.execute("UPDATE kiosk SET feed = randomblob(16)", [])?;
        keep(tx, &Restored { id, log, head, backup, at: now.at, by: super::words(&by), settled: None })
    })
}

fn sync(folder: &Path) -> Result<(), StoreError> {
    std::fs::File::open(folder).and_then(|f| f.sync_all()).map_err(StoreError::file(folder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Role;
    use crate::backup;
    use crate::office::visit;
    use crate::testing::{World, at, class, folder, now, officer, pupil, session, world};
    use shared::codes::Code;
    use shared::observation::Mark;
    use shared::text::Remark;
    use shared::wire::v1::Mode;
    use std::sync::Arc;

    struct Saved {
        world: World,
        place: crate::testing::Folder,
        made: backup::Made,
        key: Key,
    }

    async fn saved() -> Saved {
        let world = world();
        let key = recovery::renew(&world.stores).unwrap();
        std::fs::write(world.folder.path().join("server.key"), "private").unwrap();
        let mut kiosk = world.enrol(Mode::Classroom, &[class(1)]).await;
        kiosk.anchor(at(8, 40));
        kiosk.tap(at(8, 55), "am", 1, 1, Mark::Present);
        world.push(&kiosk).await;
        world.act(
            now(9, 0),
            Act::Amended {
                pupil: pupil(2),
                session: session("am"),
                code: Some(Code::I),
                minutes: None,
                detail: None,
                reason: Remark::new("mother rang").unwrap(),
                seen: Vec::new(),
            },
        );
        let (secret, key_of_factors) = (factor::Secret::new().unwrap(), world.stores.factor_key().clone());
        visit::account(&world, world.school.id(), "head", Role::Head);
        let trust = world.stores.trust();
        trust.write_now(move |t| factor::set(t, &key_of_factors, 1, &secret, 7)).unwrap();
        let place = folder();
        let made = backup::make(&world.stores, place.path()).unwrap();
        Saved { world, place, made, key }
    }

    fn ask<'a>(saved: &'a Saved, into: &'a Path, key: Option<&'a Key>, by: &'a Officer) -> Result<Done, StoreError> {
        let clock = Clock::standing(Arc::new(std::sync::atomic::AtomicI64::new(at(11, 0).0)));
        restore(&Asked { folder: &saved.made.folder, into, key, by }, clock)
    }

    #[tokio::test]
    async fn a_restored_server_is_the_one_that_was_saved() {
        let saved = saved().await;
        let into = saved.place.path().join("new machine");
        let by = officer();
        let done = ask(&saved, &into, Some(&saved.key), &by).unwrap();
        assert_eq!(done, Done { backup: at(8, 40), schools: vec!["elm".to_owned()] });
        assert_eq!(std::fs::read_to_string(into.join("server.key")).unwrap(), "private");
        let stores = Stores::open(&into, Clock::system()).unwrap();
        let school = stores.school_by_slug("elm").unwrap();
        let before = saved.world.school.read_now(|tx| school::setting(tx, "card_key")).unwrap();
        assert!(before.is_some());
        let (head, state) = school
            .read_now(|tx| {
                assert_eq!(school::setting(tx, "card_key")?, before);
                assert_eq!(check::school(tx)?.wrong, Vec::<String>::new());
                assert_eq!(tx.query_row("SELECT count(*) FROM mark WHERE code = 'I'", [], |r| r.get::<_, i64>(0))?, 1);
                Ok((record::own_head(tx)?, super::super::state(tx)?.unwrap()))
            })
            .unwrap();
        let (_, log, head) = head.unwrap();
        let was = saved.world.school.read_now(|tx| record::own_head(tx)).unwrap().unwrap();
        assert_eq!((state.log, state.head), (was.1, was.2), "the log until then ends where the backup ends");
        assert!(log != was.1 && head.seq == 1, "and a new one begins with the fact");
        assert_eq!((state.backup, state.settled, state.by.as_str()), (at(8, 40), None, "Sam Okoro, office manager"));
        assert_eq!(recovery::public(&stores).unwrap(), Some(saved.key.public()));
        assert_eq!(factors(&stores), (1, 8), "with the key nobody sets a second factor up again");
    }

    #[tokio::test]
    async fn without_the_key_the_register_comes_back_and_the_school_gets_new_keys() {
        let saved = saved().await;
        let into = saved.place.path().join("new machine");
        let by = officer();
        ask(&saved, &into, None, &by).unwrap();
        assert!(!into.join("server.key").exists());
        let stores = Stores::open(&into, Clock::system()).unwrap();
        let key = |school: &School| school.read_now(|tx| school::setting(tx, "card_key")).unwrap();
        let school = stores.school_by_slug("elm").unwrap();
        assert!(key(&school).is_some() && key(&school) != key(&saved.world.school));
        assert_eq!(recovery::public(&stores).unwrap(), None, "nothing is sealed to a paper that is lost");
        // The key that opens second factors is lost too: each account sets a new one up, and no old code opens anything.
        assert_eq!(factors(&stores), (0, 0));
        assert_eq!(factors(&saved.world.stores), (1, 8), "only on the new machine");
    }

    /// Accounts with a second factor, and recovery codes.
    fn factors(stores: &Stores) -> (i64, i64) {
        let one = |sql: &'static str| stores.trust().read_now(|t| Ok(t.query_row(sql, [], |r| r.get(0))?)).unwrap();
        (
            one("SELECT count(*) FROM account WHERE factor_secret IS NOT NULL OR factor_step <> 0"),
            one("SELECT count(*) FROM recovery"),
        )
    }

    #[tokio::test]
    async fn nothing_is_restored_from_a_bad_backup_with_a_wrong_key_or_over_anything() {
        let saved = saved().await;
        let by = officer();
        let new = |name: &str| saved.place.path().join(name);
        let wrong = ask(&saved, &new("a"), Some(&Key::generate()), &by).unwrap_err().to_string();
        assert!(wrong.contains("another recovery key"), "{wrong}");
        assert!(!new("a").exists());
        let over = ask(&saved, saved.world.folder.path(), Some(&saved.key), &by).unwrap_err().to_string();
        assert!(over.contains("is not empty"), "{over}");
        let above =
            restore(&Asked { folder: saved.place.path(), into: &new("b"), key: None, by: &by }, Clock::system());
        assert!(above.unwrap_err().to_string().contains("is no backup"));
        let file = saved.made.folder.join("trust.db");
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[5000] ^= 1;
        std::fs::write(&file, bytes).unwrap();
        let changed = ask(&saved, &new("c"), Some(&saved.key), &by).unwrap_err().to_string();
        assert!(changed.contains("not whole") && changed.contains("trust.db"), "{changed}");
        assert!(!new("c").exists());
    }

    #[tokio::test]
    async fn a_backup_that_was_changed_with_its_manifest_is_found_by_the_chains() {
        let saved = saved().await;
        let by = officer();
        let name = format!("schools/{}.db", saved.world.school.id());
        let file = saved.made.folder.join(&name);
        open::blank(&file).unwrap().execute("UPDATE fact SET body = replace(body, 'mother', 'father')", []).unwrap();
        let mut sums = manifest::read(&saved.made.folder).unwrap();
        sums.insert(name, manifest::sum(&file).unwrap());
        manifest::write(&saved.made.folder, &sums).unwrap();
        let into = saved.place.path().join("new machine");
        let error = ask(&saved, &into, Some(&saved.key), &by).unwrap_err().to_string();
        assert!(error.contains("not sound") && error.contains("was changed"), "{error}");
        let half = Stores::open(&into, Clock::system()).map(drop).unwrap_err().to_string();
        assert!(half.contains("not finished"), "nobody serves from it: {half}");
    }

    #[tokio::test]
    async fn a_restore_that_was_cut_off_begins_again() {
        let saved = saved().await;
        let by = officer();
        let into = saved.place.path().join("new machine");
        begin(&into).unwrap();
        std::fs::write(into.join("trust.db"), "half").unwrap();
        ask(&saved, &into, Some(&saved.key), &by).unwrap();
        assert!(Stores::open(&into, Clock::system()).is_ok());
    }
}
