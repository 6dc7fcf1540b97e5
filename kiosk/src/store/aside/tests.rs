//! Damaged files on a real disk: set aside as they are, and what can be read of them goes on.

use super::*;
use crate::store::{kept, log, school};
use shared::id::{BootId, ClassId, KioskId, LogId, PupilId, SchoolId};
use shared::log::{Hash, Head};
use shared::observation::{Mark, Notice, Observation, Observed, OnlyCopy};
use shared::time::Mono;
use std::os::unix::fs::FileExt;

const AT: Millis = Millis(1_795_424_400_000);

fn reading(n: i64) -> Reading {
    Reading { boot: BootId::from_bytes([1; 16]), mono: Mono(n), wall: AT }
}

fn tap(n: i64) -> Observed {
    let what = Observation::Marked {
        session: "2026-11-23-am".parse().unwrap(),
        class: ClassId::from_bytes([3; 16]),
        pupil: PupilId::from_bytes([4; 16]),
        mark: Mark::Present,
    };
    Observed { at: reading(n), by: None, what, origin: None }
}

/// A kiosk with 200 taps, of which the server, and a backup of it, have the first 150.
fn lived_in(dir: &Path) {
    let store = Store::open(dir).unwrap();
    let enrolled = kept::Enrolled {
        kiosk: KioskId::from_bytes([1; 16]),
        school: SchoolId::from_bytes([2; 16]),
        room: "Room 7".into(),
        server: "https://rollbook.example:8443".into(),
        token: kept::Token("token".into()),
        pin: Hash([3; 32]),
        next_pin: None,
    };
    let taps: Vec<Observed> = (1..=200).map(tap).collect();
    store
        .write_now(move |tx| {
            kept::enrol(tx, &enrolled)?;
            log::append(tx, &taps)?;
            // Of each day and log of the school the kiosk keeps the end that it was shown.
            let seen = Head { seq: 1204, hash: Hash([7; 32]) };
            school::head(tx, AT, Some(LogId::from_bytes([6; 16])), seen)?;
            log::acked(tx, 150, 150, AT)
        })
        .unwrap();
}

fn facts(store: &Store) -> Vec<Observed> {
    let all = store.write_now(|tx| log::recent(tx, u32::MAX)).unwrap();
    all.into_iter().map(|(_, fact)| fact).collect()
}

fn spoil(dir: &Path, name: &str, from: u64, bytes: &[u8]) {
    let file = std::fs::OpenOptions::new().write(true).open(dir.join(name)).unwrap();
    file.write_all_at(bytes, from).unwrap();
}

#[test]
fn a_file_that_is_none_is_laid_aside_and_never_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let rubbish = vec![0x5a_u8; 40_000];
    for name in ["kiosk.db.damaged-20261123T090000Z", "kiosk.db.damaged-20261123T090000Z-1"] {
        std::fs::write(dir.path().join(FILE), &rubbish).unwrap();
        std::fs::write(dir.path().join("kiosk.db-wal"), b"newest").unwrap();
        let (store, aside) = open_or_begin_anew(dir.path(), reading(1)).unwrap();
        assert_eq!(aside, Some(Aside { path: dir.path().join(name), enrolled: false, kept: 0, lost: 0, only_copy: 0 }));
        assert_eq!(std::fs::read(dir.path().join(name)).unwrap(), rubbish);
        assert!(store.write_now(|tx| kept::enrolled(tx)).unwrap().is_none(), "it begins anew");
        drop(store);
        let (_, aside) = open_or_begin_anew(dir.path(), reading(2)).unwrap();
        assert_eq!(aside, None, "and stays");
    }
    let left = std::fs::read_dir(dir.path()).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap());
    assert!(!left.into_iter().any(|name| name.contains("mended")), "nothing of the attempt is left");
}

#[test]
fn a_sound_file_stays_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    lived_in(dir.path());
    let (store, aside) = open_or_begin_anew(dir.path(), reading(1)).unwrap();
    assert_eq!(aside, None);
    assert_eq!(facts(&store).len(), 200);
}

#[test]
fn what_was_not_sent_is_taken_over_with_the_place_where_it_stood_first() {
    let dir = tempfile::tempdir().unwrap();
    lived_in(dir.path());
    let log_before = Store::open(dir.path()).unwrap().write_now(|tx| log::current(tx)).unwrap();
    // One tap's body is not what was written: nothing but its hash can tell.
    for at in find(dir.path(), b"\"mono\":173") {
        spoil(dir.path(), FILE, at + 9, b"4");
    }
    let before = std::fs::read(dir.path().join(FILE)).unwrap();
    let (store, aside) = open_or_begin_anew(dir.path(), reading(999)).unwrap();
    let aside = aside.unwrap();
    assert_eq!((aside.enrolled, aside.kept, aside.lost), (true, 49, 1));
    assert_eq!(std::fs::read(&aside.path).unwrap(), before, "the damaged file is as it was");
    assert_eq!(store.write_now(|tx| kept::enrolled(tx)).unwrap().unwrap().room, "Room 7");
    let seen = "SELECT count(*) FROM school_head WHERE log = x'06060606060606060606060606060606' AND seq = 1204";
    assert_eq!(
        store.write_now(|tx| Ok(tx.query_row(seen, [], |r| r.get::<_, i64>(0))?)).unwrap(),
        1,
        "a witness still"
    );
    let facts = facts(&store);
    let taps: Vec<i64> = facts.iter().filter(|f| f.what.by_a_person()).map(|f| f.at.mono.0).collect();
    let expected: Vec<i64> = (151..=200).filter(|n| *n != 173).collect();
    assert_eq!(taps, expected);
    for fact in facts.iter().filter(|f| f.what.by_a_person()) {
        let first = fact.origin.unwrap();
        assert_eq!((first.log, first.seq), (log_before.log, u64::try_from(fact.at.mono.0).unwrap()));
    }
    let told = Observation::Noticed { notice: Notice::StoreDamaged { kept: 49, lost: 1, only_copy: None } };
    assert_eq!(facts.last().unwrap().what, told);
    let now = store.write_now(|tx| log::current(tx)).unwrap();
    assert!(now.log != log_before.log && now.acked == 0);
}

/// The server may be restored from the backup that holds the first 100 only; and this kiosk has the rest no more.
#[test]
fn what_the_server_has_and_no_backup_goes_on_too_and_is_not_called_unsent() {
    let dir = tempfile::tempdir().unwrap();
    lived_in(dir.path());
    {
        let store = Store::open(dir.path()).unwrap();
        store.write_now(|tx| log::acked(tx, 150, 100, AT)).unwrap();
    }
    let log_before = Store::open(dir.path()).unwrap().write_now(|tx| log::current(tx)).unwrap().log;
    for mono in ["111", "114", "173"] {
        for at in find(dir.path(), format!("\"mono\":{mono}").as_bytes()) {
            spoil(dir.path(), FILE, at + 7, b"9");
        }
    }
    let (store, aside) = open_or_begin_anew(dir.path(), reading(999)).unwrap();
    let aside = aside.unwrap();
    assert_eq!((aside.kept, aside.lost, aside.only_copy), (49, 1, 2));
    let only_copy = Some(OnlyCopy { log: log_before, first: 111, last: 114, count: 2 });
    let told = Observation::Noticed { notice: Notice::StoreDamaged { kept: 49, lost: 1, only_copy } };
    assert_eq!(facts(&store).last().unwrap().what, told);
    let all = facts(&store);
    let taps: Vec<i64> = all.iter().filter(|f| f.what.by_a_person()).map(|f| f.at.mono.0).collect();
    assert_eq!(taps, (101..=200).filter(|n| ![111, 114, 173].contains(n)).collect::<Vec<i64>>());
}

/// Wherever it stands, also where a page that was split still holds it.
fn find(dir: &Path, what: &[u8]) -> Vec<u64> {
    let bytes = std::fs::read(dir.join(FILE)).unwrap();
    let all = bytes.windows(what.len()).enumerate().filter(|(_, w)| *w == what);
    all.map(|(at, _)| u64::try_from(at).unwrap()).collect()
}

/// Whatever page goes, the kiosk starts, says what it has, and invents nothing.
#[test]
fn any_page_may_go() {
    let whole = tempfile::tempdir().unwrap();
    lived_in(whole.path());
    let bytes = std::fs::read(whole.path().join(FILE)).unwrap();
    let (mut all_kept, mut some_lost) = (0, 0);
    let pages = bytes.len() / 4096;
    for page in 0..pages {
        let dir = tempfile::tempdir().unwrap();
        let mut spoilt = bytes.clone();
        spoilt[page * 4096..(page + 1) * 4096].fill(0x5a);
        std::fs::write(dir.path().join(FILE), &spoilt).unwrap();
        let (store, aside) = open_or_begin_anew(dir.path(), reading(999)).unwrap();
        // A page that nothing stands on, or only what the server had, may go unnoticed or harm nothing.
        let Some(aside) = aside else { continue };
        assert_eq!(std::fs::read(&aside.path).unwrap(), spoilt, "page {page}");
        let taps = facts(&store).iter().filter(|f| f.what.by_a_person()).count() as u64;
        assert_eq!(taps, aside.kept, "page {page}");
        // The first page says where everything is: without it nothing can be read. Where the log's own row is gone,
        // nobody knows what the server has, and all of it is kept.
        assert!(page == 0 || aside.kept + aside.lost == 50 || aside.kept >= 50, "page {page}: {aside:?}");
        all_kept += u64::from(aside.kept >= 50);
        some_lost += u64::from(aside.kept < 50);
        drop(store);
        assert_eq!(open_or_begin_anew(dir.path(), reading(1000)).unwrap().1, None, "page {page}: mended");
    }
    assert!(all_kept >= 5 && some_lost >= 2, "{pages} pages: {all_kept} {some_lost}");
}

#[test]
fn a_damaged_beginning_is_read_from_a_copy() {
    let dir = tempfile::tempdir().unwrap();
    lived_in(dir.path());
    spoil(dir.path(), FILE, 3, b"?");
    let (_, aside) = open_or_begin_anew(dir.path(), reading(999)).unwrap();
    let aside = aside.unwrap();
    assert_eq!((aside.enrolled, aside.kept, aside.lost), (true, 50, 0));
}

#[test]
fn one_of_two_words_that_an_entry_was_sent_is_not_enough() {
    let dir = tempfile::tempdir().unwrap();
    lived_in(dir.path());
    {
        let store = Store::open(dir.path()).unwrap();
        store.write_now(|tx| Ok(tx.execute("UPDATE log SET acked_seq = 190", [])?)).unwrap();
    }
    for at in find(dir.path(), b"\"mono\":12,") {
        spoil(dir.path(), FILE, at + 8, b"9");
    }
    let (_, aside) = open_or_begin_anew(dir.path(), reading(999)).unwrap();
    assert_eq!(aside.map(|a| (a.kept, a.lost)), Some((50, 0)), "entry 12 is on the server");
}
