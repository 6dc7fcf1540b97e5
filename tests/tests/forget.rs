//! The disk that forgets, under plain SQLite: with the settings of the products no committed transaction is lost or torn over
//! thousands of power cuts; with weaker ones losses are seen, or the disk would prove nothing.
//!
//! Must never: pass because nothing was at risk. Every run counts what the cuts took.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // plain SQLite; what cannot be unwrapped fails the test

use fastrand::Rng;
use rollbook_tests::forget::Disk;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A table's content: each row's transaction, and what it holds.
type Rows = BTreeMap<i64, (i64, Vec<u8>)>;

/// How a file is opened.
#[derive(Debug, Clone, Copy)]
struct Settings {
    journal: &'static str,
    synchronous: &'static str,
}

const PRODUCTS: Settings = Settings { journal: "WAL", synchronous: "FULL" };

/// What many cuts came to.
#[derive(Debug, Default)]
struct Tally {
    cuts: usize,
    /// Committed transactions that the program had been told of.
    committed: usize,
    /// Cuts in which something was at risk, and in which something went.
    at_risk: usize,
    took: usize,
    /// Cuts after which confirmed transactions were gone, and the rest was whole.
    lost: usize,
    /// Cuts after which the table was none that ever stood, or the file was damaged.
    torn: usize,
    /// Cuts that came inside COMMIT, and the transaction was there all the same; and was not.
    half_there: usize,
    half_gone: usize,
}

fn open(path: &Path, settings: Settings) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::ZERO)?;
    connection.pragma_update(None, "journal_mode", settings.journal)?;
    connection.pragma_update(None, "synchronous", settings.synchronous)?;
    // Small bounds, so that checkpoints and spilled pages are common.
    connection.pragma_update(None, "wal_autocheckpoint", 12)?;
    connection.pragma_update(None, "cache_size", 8)?;
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, body BLOB NOT NULL)",
    )?;
    Ok(connection)
}

fn rows(connection: &Connection) -> rusqlite::Result<Rows> {
    let mut all = connection.prepare("SELECT id, n, body FROM t")?;
    all.query_map([], |r| Ok((r.get(0)?, (r.get(1)?, r.get(2)?))))?.collect()
}

/// One transaction, the same in the file and in `rows`.
fn change(connection: &mut Connection, rows: &mut Rows, n: i64, dice: &mut Rng) -> rusqlite::Result<()> {
    let tx = connection.transaction()?;
    for _ in 0..dice.u32(1..6) {
        let id = dice.i64(1..40);
        if dice.u8(0..4) == 0 {
            tx.execute("DELETE FROM t WHERE id = ?1", [id])?;
            rows.remove(&id);
        } else {
            let size = if dice.u8(0..8) == 0 { dice.usize(4000..12_000) } else { dice.usize(1..300) };
            let body = vec![dice.u8(..); size];
            tx.execute("INSERT OR REPLACE INTO t VALUES (?1, ?2, ?3)", (id, n, &body))?;
            rows.insert(id, (n, body));
        }
    }
    tx.commit()
}

/// What else happens to a file: checkpoints of every kind, a reader in between, a close.
fn aside(mut connection: Connection, path: &Path, settings: Settings, dice: &mut Rng) -> rusqlite::Result<Connection> {
    match dice.u8(0..12) {
        n @ 0..4 => {
            let kind = ["PASSIVE", "FULL", "RESTART", "TRUNCATE"][usize::from(n)];
            connection.query_row(&format!("PRAGMA wal_checkpoint({kind})"), [], |_| Ok(()))?;
        }
        4 => {
            drop(connection);
            connection = open(path, settings)?;
        }
        5 => {
            let reader = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            let seen = rows(&reader)?;
            assert_eq!(seen, rows(&connection)?, "two connections of one process see the same");
        }
        6 => connection.execute_batch("VACUUM")?,
        _ => {}
    }
    Ok(connection)
}

/// Works on a file until the power goes, many times over.
fn endure(seed: u64, cuts: usize, settings: Settings) -> Tally {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::mount(folder.path(), seed).unwrap();
    let path = disk.folder().join("file.db");
    let mut dice = Rng::with_seed(seed);
    let mut tally = Tally::default();
    let mut n = 0;
    let mut now = Rows::new();
    while tally.cuts < cuts {
        // What stood confirmed since the last cut, newest last; and what is under way.
        let mut stood = vec![now.clone()];
        let mut under_way = None;
        disk.cut_in(dice.u64(0..120));
        let accident = loop {
            let mut connection = match open(&path, settings) {
                Ok(connection) => connection,
                Err(error) => break error,
            };
            let done = (|| {
                for _ in 0..8 {
                    n += 1;
                    let mut next = stood.last().unwrap().clone();
                    let done = change(&mut connection, &mut next, n, &mut dice);
                    if done.is_err() {
                        under_way = Some(next); // it may be there after all
                        return done;
                    }
                    stood.push(next);
                    tally.committed += 1;
                    connection = aside(connection, &path, settings, &mut dice)?;
                }
                Ok(())
            })();
            if let Err(error) = done {
                break error;
            }
        };
        assert!(disk.is_dark(), "seed {seed}: {accident}");
        let lost = disk.cut();
        tally.cuts += 1;
        tally.at_risk += usize::from(lost.at_risk > 0);
        tally.took += usize::from(lost.sectors > 0);
        let confirmed = stood.last().unwrap().clone();
        match look(&path, settings) {
            Ok(found) if found == confirmed => {
                tally.half_gone += usize::from(under_way.is_some());
                now = found;
            }
            Ok(found) if under_way.as_ref() == Some(&found) => {
                tally.half_there += 1;
                now = found;
            }
            Ok(found) if stood.contains(&found) => {
                tally.lost += 1;
                now = found;
            }
            odd => {
                println!("seed {seed}, cut {}: {:?}", tally.cuts, odd.map(|rows| rows.len()));
                tally.torn += 1;
                disk.restore(&rollbook_tests::forget::Image::default());
                now = Rows::new();
            }
        }
    }
    tally
}

/// The table, if the file is sound.
fn look(path: &Path, settings: Settings) -> Result<Rows, String> {
    let connection = open(path, settings).map_err(|e| e.to_string())?;
    let sound: String = connection.query_row("PRAGMA integrity_check", [], |r| r.get(0)).map_err(|e| e.to_string())?;
    if sound != "ok" {
        return Err(sound);
    }
    rows(&connection).map_err(|e| e.to_string())
}

fn endured(seeds: std::ops::Range<u64>, cuts: usize, settings: Settings) -> Tally {
    let mut all = Tally::default();
    for seed in seeds {
        let one = endure(seed, cuts, settings);
        all.cuts += one.cuts;
        all.committed += one.committed;
        all.at_risk += one.at_risk;
        all.took += one.took;
        all.lost += one.lost;
        all.torn += one.torn;
        all.half_there += one.half_there;
        all.half_gone += one.half_gone;
    }
    println!("{settings:?}: {all:?}");
    assert!(all.at_risk * 3 > all.cuts, "little was at risk: {all:?}");
    assert!(all.took * 4 > all.cuts, "the disk forgets: {all:?}");
    all
}

#[test]
fn with_the_settings_of_the_products_nothing_committed_is_lost_or_torn() {
    let tally = endured(0..40, 50, PRODUCTS);
    assert_eq!((tally.lost, tally.torn), (0, 0), "{tally:?}");
    assert!(tally.committed > 5_000, "{tally:?}");
    // Both ends of a COMMIT that the power interrupts are met.
    assert!(tally.half_there > 20 && tally.half_gone > 200, "{tally:?}");
}

#[test]
fn with_normal_the_newest_are_lost_and_nothing_is_torn() {
    let tally = endured(0..12, 30, Settings { synchronous: "NORMAL", ..PRODUCTS });
    assert!(tally.lost > 50, "a disk under which NORMAL loses nothing would prove nothing: {tally:?}");
    assert_eq!(tally.torn, 0, "{tally:?}");
}

#[test]
fn with_off_files_are_torn() {
    let tally = endured(0..12, 30, Settings { synchronous: "OFF", ..PRODUCTS });
    assert!(tally.lost > 20 && tally.torn > 20, "a disk under which OFF is safe would prove nothing: {tally:?}");
}

/// A copy of a backup is one file with a rollback journal. Its deletion is the commit, and only EXTRA makes that durable.
#[test]
fn a_rollback_journal_is_safe_when_the_folder_is_synced() {
    let tally = endured(0..12, 30, Settings { journal: "DELETE", synchronous: "EXTRA" });
    assert_eq!((tally.lost, tally.torn), (0, 0), "{tally:?}");
    let tally = endured(0..12, 30, Settings { journal: "DELETE", synchronous: "FULL" });
    assert!(tally.lost > 0, "names are forgotten too: {tally:?}");
}

struct Plain {
    _folder: tempfile::TempDir,
    disk: Disk,
    path: PathBuf,
}

fn plain(seed: u64) -> Plain {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::mount(folder.path(), seed).unwrap();
    let path = disk.folder().join("file.db");
    Plain { _folder: folder, disk, path }
}

impl Plain {
    fn open(&self) -> Connection {
        open(&self.path, PRODUCTS).unwrap()
    }
}

fn insert(connection: &Connection, id: i64) -> rusqlite::Result<usize> {
    connection.execute("INSERT INTO t VALUES (?1, ?1, zeroblob(3000))", [id])
}

fn count(connection: &Connection) -> i64 {
    connection.query_row("SELECT count(*) FROM t", [], |r| r.get(0)).unwrap()
}

#[test]
fn a_disk_that_lies_is_found_out() {
    let mut lost = 0;
    for seed in 0..60 {
        let it = plain(seed);
        let c = it.open();
        insert(&c, 1).unwrap();
        c.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        it.disk.lie(true);
        let before = it.disk.counts().syncs;
        (2..6).for_each(|id| assert_eq!(insert(&c, id).unwrap(), 1));
        assert!(it.disk.counts().syncs >= before + 4, "it was asked to sync");
        it.disk.cut();
        drop(c);
        lost += usize::from(look(&it.path, PRODUCTS).is_ok_and(|rows| rows.len() < 5));
    }
    assert!(lost > 20, "{lost}");
}

#[test]
fn a_killed_process_loses_nothing_and_the_next_one_may_see_what_is_not_yet_durable() {
    let mut gone = 0;
    for seed in 0..400 {
        let it = plain(seed);
        let c = it.open();
        insert(&c, 1).unwrap();
        // Dies somewhere inside the commit of the second row.
        it.disk.cut_in(seed % 8);
        let told = insert(&c, 2).is_ok();
        it.disk.kill();
        assert!(insert(&c, 3).is_err(), "whoever was there is gone");
        drop(c);
        let next = it.open();
        let seen = count(&next);
        assert!(seen == 2 || (seen == 1 && !told), "seed {seed}: {seen}");
        // The next process only read. What it showed may not be durable, unless it was folded into the file.
        let folded = seed % 16 < 8;
        if folded {
            next.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
        }
        it.disk.cut();
        drop(next);
        let after = count(&it.open());
        assert!(after >= seen || (!told && !folded), "seed {seed}: {seen}, then {after}");
        gone += usize::from(after < seen);
    }
    assert!(gone > 5, "what a start must do is fold: {gone}");
}

#[test]
fn a_full_disk_a_read_only_one_and_one_that_fails_say_so_and_keep_what_was_committed() {
    let it = plain(1);
    let c = it.open();
    insert(&c, 1).unwrap();
    let code = |done: rusqlite::Result<usize>| done.unwrap_err().sqlite_error().unwrap().extended_code;
    it.disk.full(Some(40_000));
    let full = (2..50).find_map(|id| insert(&c, id).err()).unwrap();
    assert_eq!(full.sqlite_error_code(), Some(ErrorCode::DiskFull));
    let held = count(&c);
    it.disk.full(None);
    insert(&c, 100).unwrap();

    it.disk.read_only(true);
    assert_eq!(code(insert(&c, 101)), rusqlite::ffi::SQLITE_IOERR_WRITE);
    it.disk.read_only(false);

    it.disk.fail_syncs(1);
    assert_eq!(code(insert(&c, 102)), rusqlite::ffi::SQLITE_IOERR_FSYNC);
    assert_eq!(count(&c), held + 1, "what failed is not there");
    insert(&c, 103).unwrap();
    it.disk.cut();
    drop(c);
    assert_eq!(look(&it.path, PRODUCTS).unwrap().len() as i64, held + 2);
}

#[test]
fn after_a_failed_sync_what_is_committed_later_survives() {
    for seed in 0..200 {
        let it = plain(seed);
        let mut told = Vec::new();
        let mut dice = Rng::with_seed(seed);
        let c = it.open();
        for id in 0..30 {
            if dice.u8(0..4) == 0 {
                it.disk.fail_syncs(dice.u32(1..3));
            }
            if insert(&c, id).is_ok() {
                told.push(id);
            }
        }
        it.disk.fail_syncs(0);
        it.disk.cut();
        drop(c);
        let rows = look(&it.path, PRODUCTS).unwrap_or_else(|odd| panic!("seed {seed}: {odd}"));
        assert!(told.iter().all(|id| rows.contains_key(id)), "seed {seed}: {told:?}");
        assert!(!told.is_empty() && told.len() < 30, "seed {seed}");
    }
}

#[test]
fn a_clone_an_old_image_a_renamed_file_and_a_copied_one() {
    let it = plain(7);
    let c = it.open();
    insert(&c, 1).unwrap();
    let image = it.disk.snapshot();
    insert(&c, 2).unwrap();
    let other = plain(8);
    other.disk.restore(&image);
    assert_eq!(count(&other.open()), 1, "the clone goes its own way");
    it.disk.restore(&image);
    assert!(insert(&c, 3).is_err());
    drop(c);
    assert_eq!(count(&it.open()), 1);
    // Renamed by the program: the file goes with its name, also over a cut.
    let aside = it.path.with_extension("aside");
    std::fs::rename(&it.path, &aside).unwrap();
    assert_eq!(count(&it.open()), 0, "a new one");
    it.disk.cut();
    assert_eq!(count(&open(&aside, PRODUCTS).unwrap()), 1);
    // A real file, copied over one of the disk's, is taken over.
    let real = tempfile::tempdir().unwrap();
    let file = real.path().join("real.db");
    let c = open(&file, Settings { journal: "DELETE", ..PRODUCTS }).unwrap();
    (1..5).for_each(|id| assert_eq!(insert(&c, id).unwrap(), 1));
    drop(c);
    let copied = it.path.with_extension("copied");
    assert_eq!(count(&open(&copied, Settings { journal: "DELETE", ..PRODUCTS }).unwrap()), 0);
    std::fs::copy(&file, &copied).unwrap();
    it.disk.cut();
    assert_eq!(count(&open(&copied, PRODUCTS).unwrap()), 4);
}

#[test]
fn a_flipped_byte_is_damage_and_one_seed_is_one_story() {
    let it = plain(3);
    let c = it.open();
    (1..40).for_each(|id| assert_eq!(insert(&c, id).unwrap(), 1));
    drop(c);
    assert!(it.disk.flip(Path::new("file.db"), 4096 + 3, 0xff));
    assert!(!it.disk.flip(Path::new("file.db"), usize::MAX - 1, 0xff));
    assert!(!it.disk.flip(Path::new("none.db"), 0, 0xff));
    assert!(look(&it.path, PRODUCTS).is_err());

    let stories: Vec<_> = (0..2)
        .map(|_| {
            let it = plain(99);
            let c = it.open();
            it.disk.cut_in(40);
            let told = (0..).take_while(|id| insert(&c, *id).is_ok()).count();
            let lost = it.disk.cut();
            drop(c);
            (told, lost, it.disk.counts(), rows(&it.open()).unwrap().len())
        })
        .collect();
    assert_eq!(stories[0], stories[1]);
}
