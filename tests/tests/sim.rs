//! The simulator within `make test`: 300 seeds of a school day, and every seed that ever failed.
#![allow(clippy::unwrap_used)]

use kiosk::store::{Store, log};
use rollbook_tests::forget::Disk;
use rollbook_tests::sim::{Tally, play, play_with};
use server::store::Stores;
use shared::sim::Mutant;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

const SEEDS: u64 = 300;

/// Plays these seeds on every core; what failed, and everything that happened.
fn play_all(seeds: &[u64]) -> (Vec<String>, Tally) {
    let (next, failed, all) = (AtomicU64::new(0), Mutex::new(Vec::new()), Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        for _ in 0..cores() {
            scope.spawn(|| {
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    let outcome = play(*seed, false);
                    all.lock().unwrap().add(&outcome.tally);
                    if let Some(wrong) = outcome.wrong {
                        failed.lock().unwrap().push(format!("seed {seed}: {wrong} (make replay SEED={seed})"));
                    }
                }
            });
        }
    });
    (failed.into_inner().unwrap(), all.into_inner().unwrap())
}

#[test]
fn nothing_is_lost_in_three_hundred_school_days() {
    let seeds: Vec<u64> = (1..=SEEDS).collect();
    let (failed, all) = play_all(&seeds);
    println!("{all:#?}");
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}

#[test]
fn a_seed_is_the_same_run_each_time() {
    for seed in [3, 17, 44] {
        let (a, b) = (play(seed, true), play(seed, true));
        let differs = a.lines.iter().zip(&b.lines).find(|(a, b)| a != b);
        assert_eq!(a.hash, b.hash, "seed {seed} differs at {differs:?}");
    }
}

/// The same in another process, with another address space and other keys of its hash maps.
#[test]
fn a_seed_is_the_same_run_in_another_process() {
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_rollbook-sim")).args(["hash", "5", "9"]).output().unwrap();
    let there = String::from_utf8(out.stdout).unwrap();
    let here: String = [5, 9].map(|seed| format!("{seed} {}\n", play(seed, false).hash)).concat();
    assert_eq!(there, here);
}

/// Every seed that ever failed stays in this list, and is played for ever.
#[test]
fn every_seed_that_ever_failed() {
    let text = include_str!("../seeds.txt");
    let seeds: Vec<u64> = text.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect();
    assert!(
        text.lines().all(|l| l.trim().is_empty() || l.starts_with('#') || l.starts_with(|c: char| c.is_ascii_digit()))
    );
    let (failed, _) = play_all(&seeds);
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}

/// The simulator can fail: each deliberate bug of `mutants.txt` is caught by one of the three hundred seeds. The file says by
/// which, so that only that one is played; when the code has moved on and it is another one, it is looked for.
#[test]
fn deliberate_bugs_are_caught() {
    let known: Vec<(Mutant, u64)> = include_str!("../mutants.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut words = line.split_whitespace();
            let name = words.next().unwrap_or_default();
            let bug = Mutant::ALL.into_iter().find(|bug| format!("{bug:?}") == name);
            (bug.unwrap_or_else(|| panic!("no such bug: {name}")), words.next().unwrap().parse().unwrap())
        })
        .collect();
    assert!(known.len() >= 12, "{known:?}");
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..cores() {
            scope.spawn(|| {
                while let Some((bug, first)) = known.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    let mut seeds = std::iter::once(*first).chain(1..=SEEDS);
                    let caught = seeds.find(|seed| play_with(*seed, false, Some(*bug)).wrong.is_some());
                    assert!(caught.is_some(), "{bug:?} is caught by no seed");
                }
            });
        }
    });
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

/// What the kiosks of each released version said is understood by today's server, over the files of then.
#[test]
fn recorded_conversations_are_understood() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("recorded");
    let mut versions = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let steps =
            rollbook_tests::sim::recorded::replay(&path).unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()));
        assert!(steps > 100, "{}: {steps} steps", path.display());
        versions += 1;
    }
    assert!(versions > 0);
}

/// The row of the crash table that no school day holds: the power goes while a new file gets its tables, at every operation
/// of the disk in turn.
#[test]
fn the_power_goes_while_a_kiosks_file_is_made() {
    for operations in 0.. {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::mount(folder.path(), operations).unwrap();
        disk.cut_in(operations);
        drop(Store::open(disk.folder()));
        let went = disk.is_dark();
        disk.cut();
        let store = Store::open(disk.folder()).unwrap_or_else(|e| panic!("after {operations} operations: {e}"));
        assert_eq!(store.write_now(|tx| log::verify(tx)).unwrap(), 0);
        if !went {
            assert!(operations > 10, "{operations}");
            break;
        }
    }
}

#[test]
fn the_power_goes_while_a_school_is_made() {
    let calendar = shared::calendar::Calendar::sample_primary(2026).unwrap();
    let make = |disk: &Disk| -> Result<(), server::store::StoreError> {
        let stores = Stores::open_inline(disk.folder(), server::clock::Clock::system())?;
        if stores
            .school_by_slug("elm")
            .is_none_or(|s| s.read_now(|tx| server::school::setting(tx, "name")).is_ok_and(|n| n.is_none()))
        {
            server::school::add(&stores, "elm", "Elm Primary", &calendar, "Ada Head, headteacher, 2026-09-01")?;
        }
        let school = stores.school_by_slug("elm").unwrap();
        let found = school.read_now(|tx| server::check::school(tx))?;
        assert_eq!(found.wrong, Vec::<String>::new());
        Ok(())
    };
    for operations in 0.. {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::mount(folder.path(), operations).unwrap();
        disk.cut_in(operations);
        let _ = make(&disk);
        let went = disk.is_dark();
        disk.cut();
        make(&disk).unwrap_or_else(|e| panic!("after {operations} operations: {e}"));
        if !went {
            assert!(operations > 10, "{operations}");
            break;
        }
    }
}
