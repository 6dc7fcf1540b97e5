//! The store on real files: reopening, commits together, pages with their cursor, a full disk, forks, pruning.

use super::*;
use shared::id::{BootId, ClassId, FeedId, PupilId};
use shared::log::Hash;
use shared::observation::{Mark, Observation, Observed};
use shared::time::{Anchor, Millis, Mono, Reading};
use shared::wire::v1::{ClassRow, Row, RowBody};
use std::sync::mpsc::channel;
use std::time::Duration;

fn tap(n: i64) -> Observed {
    let what = Observation::Marked {
        session: "2026-11-23-am".parse().unwrap(),
        class: ClassId::from_bytes([3; 16]),
        pupil: PupilId::from_bytes([4; 16]),
        mark: Mark::Present,
    };
    Observed {
        at: Reading { boot: BootId::from_bytes([1; 16]), mono: Mono(n), wall: Millis(n) },
        by: None,
        what,
        origin: None,
    }
}

fn row(seq: u64, key: &str, body: bool) -> Row {
    let class = ClassRow {
        class: ClassId::from_bytes([9; 16]),
        name: shared::text::Text::new(key).unwrap(),
        year: shared::text::Text::new("Year 3").unwrap(),
    };
    Row { seq, key: shared::text::Text::new(key).unwrap(), body: body.then_some(RowBody::Class(class)) }
}

#[test]
fn what_was_committed_is_there_after_reopening_and_chained() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let first = store.write_now(|tx| log::append(tx, &[tap(1), tap(2)])).unwrap();
    assert_eq!(first.iter().map(|o| o.seq).collect::<Vec<_>>(), [1, 2]);
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    let third = store.write_now(|tx| log::append(tx, &[tap(3)])).unwrap();
    assert_eq!((third[0].seq, third[0].log), (3, first[0].log));
    let (standing, count) = store.write_now(|tx| Ok((log::current(tx)?, log::verify(tx)?))).unwrap();
    assert_eq!((standing.head.seq, standing.waiting(), count), (3, 3, 3));
}

#[test]
fn a_second_process_is_told_that_the_folder_is_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert!(matches!(Store::open(dir.path()), Err(StoreError::InUse { .. })));
    // Looking is allowed, writing while looking is not.
    let looking = look(dir.path()).unwrap();
    assert_eq!(log::current(&looking).unwrap().head.seq, 0);
    assert!(looking.execute("DELETE FROM log", []).is_err());
    drop(store);
    assert!(Store::open(dir.path()).is_ok());
}

#[test]
fn appends_that_wait_are_committed_together_and_one_accident_spoils_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    // Hold the thread inside a job until ten more are waiting.
    let (go, wait) = channel::<()>();
    let (began, begun) = channel::<()>();
    store.write(
        move |_| {
            began.send(()).unwrap();
            wait.recv().unwrap();
            Ok(())
        },
        |_| {},
    );
    begun.recv().unwrap();
    let (tell, told) = channel();
    let watch = look(dir.path()).unwrap();
    for n in 0..10 {
        let tell = tell.clone();
        let path = dir.path().to_owned();
        store.write(
            move |tx| {
                log::append(tx, &[tap(n)])?;
                if n == 4 { Err(StoreError::Unexpected("for the test".into())) } else { log::current(tx) }
            },
            move |done| {
                // What another connection sees at the moment of the answer: already all of it.
                let seen = log::current(&look(&path).unwrap()).unwrap().head.seq;
                tell.send((n, done.is_ok(), seen)).unwrap();
            },
        );
    }
    assert_eq!(log::current(&watch).unwrap().head.seq, 0, "nothing is visible before COMMIT");
    go.send(()).unwrap();
    let answers: Vec<_> = told.iter().take(10).collect();
    assert!(answers.iter().all(|(n, right, seen)| *right == (*n != 4) && *seen == 9), "{answers:?}");
    assert_eq!(store.write_now(|tx| log::verify(tx)).unwrap(), 9);
}

#[test]
fn a_page_and_its_cursor_come_together_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let feed = FeedId::from_bytes([7; 16]);
    store.write_now(move |tx| feed::begin_snapshot(tx, feed)).unwrap();
    let failed = store.write_now(move |tx| {
        feed::apply(tx, feed, &[row(1, "class/a", true)], 1)?;
        Err::<(), _>(StoreError::Unexpected("for the test".into()))
    });
    assert!(failed.is_err());
    let now = |store: &Store| store.write_now(|tx| Ok((feed::state(tx)?.cursor, feed::count(tx)?))).unwrap();
    assert_eq!(now(&store), (0, 0));
    let page = [row(1, "class/a", true), row(2, "class/b", true)];
    store.write_now(move |tx| feed::apply(tx, feed, &page, 2)).unwrap();
    let page = [row(3, "class/a", true), row(4, "class/b", false)];
    store.write_now(move |tx| feed::apply(tx, feed, &page, 4)).unwrap();
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(now(&store), (4, 1));
    let all = store.write_now(|tx| feed::all(tx)).unwrap();
    assert_eq!((all[0].seq, all[0].key.as_str()), (3, "class/a"));
    let other = FeedId::from_bytes([8; 16]);
    assert!(store.write_now(move |tx| feed::apply(tx, other, &[], 9)).is_err(), "a page of another feed");
}

#[test]
fn a_new_snapshot_takes_the_old_roster_away_only_when_it_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let feed = FeedId::from_bytes([7; 16]);
    let count = |store: &Store| store.write_now(|tx| feed::count(tx)).unwrap();
    store.write_now(move |tx| feed::begin_snapshot(tx, feed)).unwrap();
    store.write_now(move |tx| feed::apply(tx, feed, &[row(1, "a", true), row(2, "b", true)], 2)).unwrap();
    assert_eq!(store.write_now(feed::end_snapshot).unwrap(), None, "nothing went");
    // The same feed again from its beginning.
    store.write_now(move |tx| feed::begin_snapshot(tx, feed)).unwrap();
    assert_eq!(count(&store), 2);
    store.write_now(move |tx| feed::apply(tx, feed, &[row(5, "b", true)], 5)).unwrap();
    assert_eq!(count(&store), 2, "half a snapshot takes nothing away");
    store.write_now(move |tx| feed::apply(tx, feed, &[row(6, "c", true)], 6)).unwrap();
    let rows = store.write_now(feed::end_snapshot).unwrap().unwrap();
    assert_eq!(rows.iter().map(|r| r.key.as_str()).collect::<Vec<_>>(), ["b", "c"]);
}

#[test]
fn a_full_disk_is_told_and_what_was_saved_stays() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open_limited(dir.path(), Some(40)).unwrap();
    let mut saved = 0;
    let full = loop {
        match store.write_now(move |tx| log::append(tx, &[tap(1), tap(2), tap(3), tap(4)])) {
            Ok(origins) => saved += origins.len() as u64,
            Err(error) => break error,
        }
        assert!(saved < 10_000, "the limit is not in force");
    };
    assert!(matches!(full, StoreError::DiskFull), "{full}");
    assert!(saved > 0);
    assert_eq!(store.write_now(|tx| log::verify(tx)).unwrap(), saved);
    drop(store);
    let roomier = Store::open(dir.path()).unwrap();
    roomier.write_now(|tx| log::append(tx, &[tap(5)])).unwrap();
    assert_eq!(roomier.write_now(|tx| log::verify(tx)).unwrap(), saved + 1);
}

#[test]
fn after_a_fork_what_was_not_accepted_is_appended_again_once_with_its_origin() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let booted = Observed { what: Observation::Booted { floor: None }, ..tap(0) };
    let notice =
        Observed { what: Observation::Noticed { notice: shared::observation::Notice::LogBegunAnew }, ..tap(9) };
    let facts = [booted, tap(1), tap(2), tap(3)];
    let old = store.write_now(move |tx| log::append(tx, &facts)).unwrap();
    let first = store.write_now(|tx| log::entries(tx, 3, 1)).unwrap()[0].hash();
    // The server has two, and a second place has them too.
    store.write_now(|tx| log::acked(tx, 2, 2, Millis(1))).unwrap();
    let told = notice.clone();
    let new = store.write_now(move |tx| log::begin_anew(tx, 3, &told)).unwrap();
    assert_ne!(new.log, old[0].log);
    assert_eq!((new.head.seq, new.waiting()), (4, 4));
    let entries = store.write_now(|tx| log::entries(tx, 1, 10)).unwrap();
    let origins: Vec<_> = entries
        .iter()
        .map(|e| serde_json::from_str::<Observed>(&e.body).unwrap().origin.map(|first| first.seq))
        .collect();
    assert_eq!(origins, [Some(1), Some(3), Some(4), None], "the boot, what was not accepted, the notice");
    let again: Observed = serde_json::from_str(&entries[1].body).unwrap();
    assert_eq!(again.origin.unwrap().hash, first);
    // After a second fork nothing is recalled twice, and each where it stands now.
    let third = store.write_now(move |tx| log::begin_anew(tx, 1, &notice)).unwrap();
    let facts = store.write_now(|tx| log::recent(tx, 100)).unwrap();
    let taps: Vec<_> = facts.iter().filter(|(_, f)| f.what.pupil().is_some()).map(|(origin, _)| *origin).collect();
    assert_eq!(taps.len(), 3);
    assert_eq!((taps[0], taps[1].log, taps[2].log), (old[1], third.log, third.log), "{taps:?}");
}

#[test]
fn what_the_server_alone_has_goes_into_a_new_log_too_for_a_restored_server_asks_for_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let notice =
        Observed { what: Observation::Noticed { notice: shared::observation::Notice::LogBegunAnew }, ..tap(9) };
    store.write_now(|tx| log::append(tx, &[tap(1), tap(2), tap(3), tap(4)])).unwrap();
    store.write_now(|tx| log::acked(tx, 3, 1, Millis(1))).unwrap();
    store.write_now(move |tx| log::begin_anew(tx, 4, &notice)).unwrap();
    let entries = store.write_now(|tx| log::entries(tx, 1, 10)).unwrap();
    let origin = |e: &shared::log::Entry| serde_json::from_str::<Observed>(&e.body).unwrap().origin.map(|f| f.seq);
    assert_eq!(entries.iter().map(origin).collect::<Vec<_>>(), [Some(2), Some(3), Some(4), None]);
}

#[test]
fn entries_go_only_when_acknowledged_durable_and_old() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.write_now(|tx| log::append(tx, &[tap(1), tap(2), tap(3)])).unwrap();
    let day = 24 * 60 * 60 * 1000;
    let prune = |store: &Store, days: i64| store.write_now(move |tx| log::prune(tx, Millis(days * day))).unwrap();
    assert_eq!(prune(&store, 400), 0, "not acknowledged");
    store.write_now(|tx| log::acked(tx, 2, 0, Millis(0))).unwrap();
    assert_eq!(prune(&store, 400), 0, "not in a second place");
    store.write_now(|tx| log::acked(tx, 2, 3, Millis(5))).unwrap();
    assert_eq!(prune(&store, 30), 0, "not old");
    assert_eq!(prune(&store, 31), 2);
    let (standing, left) = store.write_now(|tx| Ok((log::current(tx)?, log::verify(tx)?))).unwrap();
    assert_eq!((standing.head.seq, standing.waiting(), left), (3, 1, 1));
    assert_eq!(store.write_now(|tx| log::first_kept(tx)).unwrap(), 3);
    // The log goes on after its pruned beginning.
    assert_eq!(store.write_now(|tx| log::append(tx, &[tap(4)])).unwrap()[0].seq, 4);
}

#[test]
fn what_a_server_took_that_did_not_know_the_time_is_kept_until_a_date_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.write_now(|tx| log::append(tx, &[tap(1), tap(2)])).unwrap();
    let day = 24 * 60 * 60 * 1000;
    let acked = |at: Millis| store.write_now(move |tx| log::acked(tx, 2, 2, at)).unwrap();
    let prune = |days: i64| store.write_now(move |tx| log::prune(tx, Millis(days * day))).unwrap();
    acked(log::NOT_KNOWN);
    assert_eq!(store.write_now(|tx| log::current(tx)).unwrap().waiting(), 0, "it has been taken");
    assert_eq!(prune(20_000), 0, "nobody knows since when");
    acked(Millis(20_000 * day));
    acked(log::NOT_KNOWN);
    assert_eq!((prune(20_030), prune(20_031)), (0, 2), "thirty days after the first date that was known");
}

#[test]
fn a_restored_server_takes_acknowledgements_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.write_now(|tx| log::append(tx, &[tap(1), tap(2), tap(3)])).unwrap();
    store.write_now(|tx| log::acked(tx, 3, 0, Millis(1))).unwrap();
    store.write_now(|tx| log::acked(tx, 1, 0, Millis(2))).unwrap();
    assert_eq!(store.write_now(|tx| log::current(tx)).unwrap().waiting(), 2);
    let prev = store.write_now(|tx| log::hash_at(tx, 1)).unwrap().unwrap();
    let again = store.write_now(|tx| log::entries(tx, 2, 10)).unwrap();
    assert_eq!((again.len(), again[0].prev), (2, prev));
    assert_eq!(store.write_now(|tx| log::hash_at(tx, 0)).unwrap(), Some(Hash::ZERO));
}

#[test]
fn boots_and_anchors_are_read_from_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let (one, two) = (BootId::from_bytes([1; 16]), BootId::from_bytes([2; 16]));
    let at = |boot, mono| Reading { boot, mono: Mono(mono), wall: Millis(0) };
    let fact = |at, what| Observed { at, by: None, what, origin: None };
    let anchor = Anchor { boot: two, mono: Mono(20), server: Millis(1_795_420_800_000), uncertainty: 5 };
    let facts = vec![
        fact(at(one, 5), Observation::Booted { floor: None }),
        fact(at(one, 9), tap(0).what),
        fact(at(two, 1), Observation::Booted { floor: Some(Millis(1_795_000_000_000)) }),
        fact(at(two, 20), Observation::Anchored { anchor }),
    ];
    store.write_now(move |tx| log::append(tx, &facts)).unwrap();
    let notice = fact(at(two, 30), Observation::Noticed { notice: shared::observation::Notice::LogBegunAnew });
    store.write_now(move |tx| log::begin_anew(tx, 3, &notice)).unwrap();
    let timeline = store.write_now(|tx| timeline::read(tx)).unwrap();
    assert_eq!(timeline.anchors, [anchor]);
    let boots: Vec<_> = timeline.boots.iter().map(|b| (b.boot, b.first.0, b.last.0, b.floor.is_some())).collect();
    assert_eq!(boots, [(one, 5, 9, false), (two, 1, 30, true)]);
    let later = store.write_now(|tx| {
        timeline::trust(tx, Millis(50))?;
        timeline::trust(tx, Millis(40))?;
        timeline::trusted_until(tx)
    });
    assert_eq!(later.unwrap(), Some(Millis(50)));
}

#[test]
fn nobody_waits_for_a_closed_store() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let (tell, told) = channel();
    for n in 0..20 {
        let tell = tell.clone();
        store.write(move |tx| log::append(tx, &[tap(n)]), move |done| tell.send(done.is_ok()).unwrap());
    }
    drop(store);
    // Closing waits for what was asked: every answer is there already.
    for _ in 0..20 {
        assert_eq!(told.recv_timeout(Duration::ZERO), Ok(true));
    }
    let again = Store::open(dir.path()).unwrap();
    assert_eq!(again.write_now(|tx| log::verify(tx)).unwrap(), 20);
}
