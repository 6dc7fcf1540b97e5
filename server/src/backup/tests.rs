//! A backup of a school that is in use.

use super::retention::Keep;
use super::*;
use crate::recovery::Key;
use crate::store::open;
use crate::testing::{World, at, class, folder, world};
use shared::observation::Mark;
use shared::wire::v1::Mode;
use std::process::Command;

async fn lived_in() -> World {
    let world = world();
    let mut kiosk = world.enrol(Mode::Classroom, &[class(1)]).await;
    kiosk.anchor(at(8, 40));
    kiosk.tap(at(8, 55), "am", 1, 1, Mark::Present);
    world.push(&kiosk).await;
    std::fs::write(world.folder.path().join("server.key"), "a private key of this server").unwrap();
    world
}

fn durable(world: &World) -> i64 {
    world.count("SELECT max(durable_seq) FROM log WHERE kiosk IS NOT NULL")
}

#[tokio::test]
async fn a_backup_is_sound_and_makes_its_entries_durable_only_in_a_second_place() {
    let world = lived_in().await;
    let place = folder();
    let made = make(&world.stores, place.path()).unwrap();
    assert_eq!(durable(&world), 0, "nothing counts before it was noted");
    made.note(false).unwrap();
    assert_eq!(durable(&world), 0, "the same disk is no second place");
    made.note(true).unwrap();
    assert_eq!(durable(&world), 2);
    assert_eq!(manifest::compare(&made.folder).unwrap(), Vec::<String>::new());
    let copied = open::copy(&made.folder.join(format!("schools/{}.db", world.school.id()))).unwrap();
    assert_eq!(copied.query_row("SELECT count(*) FROM entry", [], |r| r.get::<_, i64>(0)).unwrap(), 1);
    std::fs::write(made.folder.join("trust.db"), b"something else").unwrap();
    assert_eq!(manifest::compare(&made.folder).unwrap().len(), 1);
}

#[tokio::test]
async fn secrets_are_sealed_and_nowhere_else() {
    let world = lived_in().await;
    let place = folder();
    let key = recovery::renew(&world.stores).unwrap();
    let in_use = Secrets::collect(&world.stores).unwrap();
    let journal = world.school.path().with_extension("db-wal");
    let seen = [world.school.path(), &journal].map(|file| secrets::leaks(&in_use, file).len());
    assert!(seen.iter().sum::<usize>() > 0, "the test would see one");
    let made = make(&world.stores, place.path()).unwrap();
    assert!(made.sealed);
    for name in made.sums.keys() {
        assert_eq!(secrets::leaks(&in_use, &made.folder.join(name)), Vec::<String>::new(), "{name}");
    }
    assert_eq!(Secrets::open(&made.folder, &key).unwrap(), in_use);
    assert!(Secrets::open(&made.folder, &Key::generate()).is_err());
}

#[tokio::test]
async fn without_a_recovery_key_the_register_is_saved_and_the_keys_are_not() {
    let world = lived_in().await;
    let place = folder();
    let made = make(&world.stores, place.path()).unwrap();
    assert!(!made.sealed && !made.folder.join(secrets::NAME).exists() && !made.folder.join("server.key").exists());
    assert!(Secrets::open(&made.folder, &Key::generate()).unwrap_err().to_string().contains("holds no keys"));
}

#[tokio::test]
async fn a_damaged_school_is_never_backed_up_as_sound() {
    let world = lived_in().await;
    let place = folder();
    let path = world.school.path().to_owned();
    open::blank(&path).unwrap().execute("UPDATE mark SET code = 'N' WHERE code IS NOT NULL", []).unwrap();
    let error = make(&world.stores, place.path()).map(drop).unwrap_err().to_string();
    assert!(error.contains("elm is not sound") && error.contains("newest entry"), "{error}");
    let left: Vec<_> = std::fs::read_dir(place.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name.to_str().unwrap().ends_with(PARTIAL)), "{left:?}");
    assert_eq!(retention::tidy(place.path(), Keep::default()).unwrap().len(), 1, "the next one clears it away");
}

#[tokio::test]
async fn a_backup_goes_on_beside_a_busy_writer() {
    let world = lived_in().await;
    let place = folder();
    let school = Arc::clone(&world.school);
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let over = Arc::clone(&stop);
    let (begun, begins) = std::sync::mpsc::channel();
    let busy = std::thread::spawn(move || {
        let mut written = 0_u64;
        while !over.load(std::sync::atomic::Ordering::SeqCst) {
            school.write_now(move |tx| school::set(tx, "busy", &written.to_string())).unwrap();
            written += 1;
            let _ = begun.send(());
        }
        written
    });
    begins.recv().unwrap();
    let made = make(&world.stores, place.path());
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    assert!(busy.join().unwrap() > 0);
    assert_eq!(manifest::compare(&made.unwrap().folder).unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn restic_gives_back_what_it_was_given() {
    if Command::new("restic").arg("version").output().is_err() {
        eprintln!("restic is not installed: `make test` installs it");
        return;
    }
    let world = lived_in().await;
    let (place, repository) = (folder(), folder());
    let password = place.path().join("password");
    std::fs::write(&password, "a password of the test").unwrap();
    let repo = repository.path().join("repo");
    let restic = |args: &[&str]| {
        let out =
            Command::new("restic").arg("--repo").arg(&repo).args(args).env("RESTIC_PASSWORD_FILE", &password).output();
        out.unwrap()
    };
    assert!(restic(&["init"]).status.success());
    // The server's own command, as cron runs it: the password comes from the environment.
    let program = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("rollbook-server");
    if !program.is_file() {
        eprintln!("rollbook-server is not built beside the tests");
        return;
    }
    world.stores.stop();
    let backup = |keep: &str| {
        Command::new(&program)
            .args(["--data", world.folder.path().to_str().unwrap(), "backup", "--restic", repo.to_str().unwrap()])
            .args(["--keep-daily", keep])
            .env("RESTIC_PASSWORD_FILE", &password)
            .env("RESTIC_CACHE_DIR", place.path().join("cache"))
            .output()
            .unwrap()
    };
    let first = backup("1");
    let said = String::from_utf8_lossy(&first.stdout).into_owned() + &String::from_utf8_lossy(&first.stderr);
    assert_eq!(first.status.code(), Some(3), "there is no recovery key: {said}");
    assert_eq!(durable(&world), 2, "a repository is a second place: {said}");
    assert!(backup("1").status.code() == Some(3));
    let snapshots = restic(&["snapshots", "--json"]).stdout;
    let snapshots: serde_json::Value = serde_json::from_slice(&snapshots).unwrap();
    assert_eq!(snapshots.as_array().unwrap().len(), 1, "old ones are forgotten: {snapshots}");
    assert_eq!(
        std::fs::read_dir(world.folder.path())
            .unwrap()
            .filter(|e| { e.as_ref().unwrap().file_name().to_str().unwrap().starts_with("rollbook-") })
            .count(),
        0,
        "no copy is left beside the data"
    );
    // A repository that lost a part of itself is found out by reading back.
    for pack in walk(&repo.join("data")) {
        std::fs::set_permissions(&pack, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let long = std::fs::metadata(&pack).unwrap().len();
        std::fs::write(&pack, vec![0; usize::try_from(long).unwrap()]).unwrap();
    }
    let broken = backup("1");
    assert_eq!(broken.status.code(), Some(1), "{}", String::from_utf8_lossy(&broken.stdout));
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found
}
