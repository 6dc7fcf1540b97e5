//! The store over real files.

use super::{StoreError, Stores};
use crate::clock::Clock;
use crate::testing::folder;
use shared::id::SchoolId;
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};

fn one_school() -> (crate::testing::Folder, Arc<Stores>, Arc<super::School>) {
    let dir = folder();
    let stores = Stores::open(dir.path(), Clock::system()).unwrap();
    let school = stores.add_school(SchoolId::from_bytes([1; 16]), "elm", "Elm Primary").unwrap();
    (dir, stores, school)
}

fn put(tx: &super::WriteTx<'_>, name: &str) -> Result<(), StoreError> {
    tx.execute("INSERT INTO setting(name, value) VALUES (?1, 'x')", [name])?;
    Ok(())
}

#[test]
fn jobs_that_wait_share_one_commit_and_a_failed_one_rolls_back_alone() {
    let (_dir, _stores, school) = one_school();
    let before = school.commits();
    // The first job holds the writer until the others wait behind it.
    let (started, gate) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (tell, told) = channel();
    let threads: Vec<_> = {
        let (started_in, gate_in, school_in) = (Arc::clone(&started), Arc::clone(&gate), Arc::clone(&school));
        let first = std::thread::spawn(move || {
            school_in
                .write_now(move |tx| {
                    started_in.wait();
                    gate_in.wait();
                    put(tx, "first")
                })
                .unwrap();
        });
        started.wait();
        // The writer is busy: these are handed over, and wait.
        for n in 0..5 {
            let tell = tell.clone();
            school.writer_for_tests(
                move |tx| {
                    put(tx, &format!("n{n}"))?;
                    if n == 2 { Err(StoreError::Missing("luck")) } else { Ok(n) }
                },
                move |answer| tell.send(answer).unwrap(),
            );
        }
        gate.wait();
        vec![first]
    };
    let answers: Vec<_> = (0..5).map(|_| told.recv().unwrap()).collect();
    threads.into_iter().for_each(|t| t.join().unwrap());
    assert_eq!(answers.iter().filter(|a| a.is_ok()).count(), 4);
    assert_eq!(school.commits() - before, 1, "six jobs, one commit");
    let names = school
        .read_now(|tx| {
            let mut s = tx.prepare("SELECT name FROM setting ORDER BY name")?;
            Ok(s.query_map([], |r| r.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?)
        })
        .unwrap();
    assert_eq!(names, ["first", "n0", "n1", "n3", "n4"]);
}

#[test]
fn a_panic_in_a_job_is_rolled_back_and_the_writer_goes_on() {
    let (_dir, _stores, school) = one_school();
    let failed = school.write_now(|tx| -> Result<(), StoreError> {
        put(tx, "half")?;
        panic!("on purpose");
    });
    assert!(matches!(failed, Err(StoreError::Panicked)));
    school.write_now(|tx| put(tx, "next")).unwrap();
    let names: i64 = school.read_now(|tx| Ok(tx.query_row("SELECT count(*) FROM setting", [], |r| r.get(0))?)).unwrap();
    assert_eq!(names, 1);
}

#[test]
fn a_reader_cannot_write() {
    let (_dir, _stores, school) = one_school();
    let refused = school.read_now(|tx| Ok(tx.execute("INSERT INTO setting(name, value) VALUES ('a', 'b')", [])?));
    assert!(matches!(refused, Err(StoreError::Sql(_))));
    school.write_now(|tx| put(tx, "a")).unwrap();
}

#[test]
fn the_file_is_kept_as_it_must_be_and_outlives_the_program() {
    let (dir, stores, school) = one_school();
    school
        .write_now(|tx| {
            let pragma = |name: &str| tx.query_row(&format!("PRAGMA {name}"), [], |r| r.get::<_, i64>(0));
            assert_eq!((pragma("synchronous")?, pragma("foreign_keys")?), (2, 1));
            let mode: String = tx.query_row("PRAGMA journal_mode", [], |r| r.get(0))?;
            assert_eq!(mode, "wal");
            put(tx, "kept")
        })
        .unwrap();
    stores.stop();
    assert!(matches!(school.write_now(|tx| put(tx, "late")), Err(StoreError::Stopped)));
    drop((stores, school));
    let again = Stores::open(dir.path(), Clock::system()).unwrap();
    let school = again.school_by_slug("elm").unwrap();
    let kept: i64 = school.read_now(|tx| Ok(tx.query_row("SELECT count(*) FROM setting", [], |r| r.get(0))?)).unwrap();
    assert_eq!(kept, 1);
    assert!(again.add_school(SchoolId::from_bytes([2; 16]), "elm", "Other").is_err(), "the short name is taken");
}

#[test]
fn changes_are_announced_for_the_feed_and_not_for_settings() {
    let (_dir, _stores, school) = one_school();
    let changes = school.changes();
    school.write_now(|tx| put(tx, "a")).unwrap();
    assert!(!changes.has_changed().unwrap());
    school
        .write_now(|tx| Ok(tx.execute("INSERT INTO feed(audience, key, body) VALUES ('all', 'x', '{}')", [])?))
        .unwrap();
    assert!(changes.has_changed().unwrap());
}

#[test]
fn an_entry_of_the_record_cannot_be_changed_or_deleted() {
    let (_dir, _stores, school) = one_school();
    school
        .write_now(|tx| {
            tx.execute(
                "INSERT INTO entry(pupil, date, half, class, is_change, reason, made_at, by_name, by_position)
                 VALUES (x'00', '2026-11-23', 'am', x'00', 0, 'r', 1, 'n', 'p')",
                [],
            )?;
            Ok(())
        })
        .unwrap();
    for sql in ["UPDATE entry SET code = 'N'", "DELETE FROM entry"] {
        assert!(school.write_now(move |tx| Ok(tx.execute(sql, [])?)).is_err(), "{sql}");
    }
}
