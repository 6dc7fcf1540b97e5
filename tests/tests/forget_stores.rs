//! The products' own stores on the disk that forgets: the power goes at a random operation, again and again, and whatever a
//! store had answered "done" to is there, whole, once.
//!
//! Must never: ask a store that was open before the cut, or count a run in which little was confirmed.
#![allow(clippy::unwrap_used)] // what cannot be unwrapped fails the test

use fastrand::Rng;
use kiosk::store::{self as kept_here, Store, StoreError, feed, log};
use rollbook_tests::clock::DayClock;
use rollbook_tests::forget::{Disk, Lost};
use rollbook_tests::small::{DATE, MORNING};
use server::record::{self, Appended};
use server::store::{School, Stores, WriteTx};
use shared::calendar::{Calendar, SessionKey};
use shared::id::{BootId, ClassId, FeedId, KioskId, LogId, PupilId};
use shared::log::{Entry, Head, Origin, Salt};
use shared::observation::{Mark, Notice, Observation, Observed};
use shared::text::Text;
use shared::time::{Anchor, Mono, Reading};
use shared::wire::v1::{ClassRow, Push, Pushed, Row, RowBody};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::channel;

/// What many cuts came to.
#[derive(Debug, Default)]
struct Tally {
    cuts: usize,
    confirmed: usize,
    /// Cuts that took something.
    took: usize,
    /// Cuts that came before anything was answered, or after which something unanswered was there.
    unanswered_there: usize,
    folded: usize,
}

impl Tally {
    fn cut(&mut self, lost: Lost) {
        self.cuts += 1;
        self.took += usize::from(lost.sectors > 0);
    }
}

fn id(n: u64) -> [u8; 16] {
    let mut bytes = [0x5c; 16];
    bytes[8..].copy_from_slice(&n.to_be_bytes());
    bytes
}

fn reading(boot: u64, n: i64) -> Reading {
    Reading { boot: BootId::from_bytes(id(boot)), mono: Mono(n), wall: MORNING.plus(n) }
}

fn marked(pupil: u64, mark: Mark) -> Observation {
    let session: SessionKey = format!("{DATE}-am").parse().unwrap();
    Observation::Marked { session, class: class(), pupil: PupilId::from_bytes(id(pupil)), mark }
}

fn class() -> ClassId {
    ClassId::from_bytes(id(1_000))
}

/// A kiosk's store and what it has said so far.
struct KioskSide {
    disk: Disk,
    dice: Rng,
    /// Each tap by its number: made, and where it was confirmed.
    made: BTreeSet<i64>,
    confirmed: BTreeMap<Origin, i64>,
    /// What may have been forgotten because the server and a backup had it.
    forgettable: BTreeSet<Origin>,
    next: i64,
    feed: FeedId,
    /// The last page that was answered, and the one under way.
    cursor: (u64, u64),
}

impl KioskSide {
    fn fact(&mut self) -> Observed {
        self.next += 1;
        self.made.insert(self.next);
        Observed {
            at: reading(1, self.next),
            by: None,
            what: marked(self.dice.u64(0..30), Mark::Present),
            origin: None,
        }
    }

    fn append(&mut self, store: &Store) -> Result<(), StoreError> {
        let facts: Vec<Observed> = (0..self.dice.usize(1..4)).map(|_| self.fact()).collect();
        let numbers: Vec<i64> = facts.iter().map(|f| f.at.mono.0).collect();
        let origins = store.write_now(move |tx| log::append(tx, &facts))?;
        self.confirmed.extend(origins.into_iter().zip(numbers));
        Ok(())
    }

    /// Several that wait at once share a commit.
    fn burst(&mut self, store: &Store) -> Result<(), StoreError> {
        let (tell, told) = channel();
        for _ in 0..6 {
            let (fact, tell) = (self.fact(), tell.clone());
            let number = fact.at.mono.0;
            store.write(move |tx| log::append(tx, &[fact]), move |done| drop(tell.send((number, done))));
        }
        drop(tell);
        let mut outcome = Ok(());
        for (number, done) in told {
            match done {
                Ok(origins) => drop(self.confirmed.insert(origins[0], number)),
                Err(error) => outcome = Err(error),
            }
        }
        outcome
    }

    fn page(&mut self, store: &Store) -> Result<(), StoreError> {
        let (feed, from) = (self.feed, self.cursor.0);
        let row = |seq: u64| {
            let name = Text::new(&format!("Class {seq}")).unwrap();
            let body = ClassRow { class: ClassId::from_bytes(id(seq)), name, year: Text::new("Year 3").unwrap() };
            Row { seq, key: Text::new(&format!("class/{seq}")).unwrap(), body: Some(RowBody::Class(body)) }
        };
        let rows: Vec<Row> = (from + 1..from + 1 + self.dice.u64(1..5)).map(row).collect();
        let upto = rows.last().unwrap().seq;
        self.cursor.1 = upto;
        store.write_now(move |tx| feed::apply(tx, feed, &rows, upto))?;
        self.cursor.0 = upto;
        Ok(())
    }

    fn work(&mut self, store: &Store) -> Result<(), StoreError> {
        match self.dice.u8(0..24) {
            0..12 => self.append(store),
            12..16 => self.burst(store),
            16..20 => self.page(store),
            20..22 => {
                let standing = store.write_now(|tx| log::current(tx))?;
                let acked = self.dice.u64(standing.acked..=standing.head.seq);
                store.write_now(move |tx| log::acked(tx, acked, acked, MORNING))
            }
            22 => {
                let (standing, entries) =
                    store.write_now(|tx| Ok((log::current(tx)?, log::entries(tx, 0, usize::MAX)?)))?;
                for entry in entries.iter().filter(|entry| entry.seq <= standing.acked.min(standing.durable)) {
                    let fact: Observed = serde_json::from_str(&entry.body).unwrap();
                    let first = fact.origin.map_or((standing.log, entry.seq), |first| (first.log, first.seq));
                    self.forgettable.insert(Origin { log: first.0, seq: first.1 });
                }
                let later = MORNING.plus(40 * 24 * 60 * 60 * 1000);
                store.write_now(move |tx| log::prune(tx, later)).map(|_| ())
            }
            _ => {
                let what = Observation::Noticed { notice: Notice::LogBegunAnew };
                let notice = Observed { at: reading(1, 0), by: None, what, origin: None };
                store.write_now(move |tx| {
                    let from = log::first_kept(tx)?;
                    log::begin_anew(tx, from, &notice)
                })?;
                Ok(())
            }
        }
    }

    /// What a new process finds.
    fn verify(&mut self, tally: &mut Tally) {
        let store = Store::open(self.disk.folder()).unwrap();
        let (facts, rows, cursor) = store
            .write_now(|tx| {
                let sound: String = tx.query_row("PRAGMA integrity_check", [], |r| r.get(0))?;
                assert_eq!(sound, "ok");
                log::verify(tx)?;
                Ok((log::recent(tx, u32::MAX)?, feed::count(tx)?, feed::state(tx)?.cursor))
            })
            .unwrap();
        let (mut found, mut numbers) = (BTreeMap::new(), BTreeSet::new());
        for (origin, fact) in facts {
            if matches!(fact.what, Observation::Marked { .. }) {
                let number = fact.at.mono.0;
                assert!(self.made.contains(&number), "{number} was never tapped");
                assert!(numbers.insert(number), "{number} is there twice");
                // A tap that a new log carries on is the one of the log before.
                let first = fact.origin.map_or(origin, |first| Origin { log: first.log, seq: first.seq });
                found.insert(first, number);
            }
        }
        for (origin, number) in &self.confirmed {
            assert!(
                found.get(origin) == Some(number) || self.forgettable.contains(origin),
                "{number} was confirmed as {origin:?}, and {:?} is there",
                found.get(origin)
            );
        }
        tally.unanswered_there += usize::from(found.keys().any(|origin| !self.confirmed.contains_key(origin)));
        // What is there now stays there: it was folded, or the next start's own fact has synced it.
        self.confirmed = found;
        self.made = self.confirmed.values().copied().collect();
        assert_eq!(rows, cursor, "a page and its cursor");
        assert!(cursor == self.cursor.0 || cursor == self.cursor.1, "{cursor}: {:?}", self.cursor);
        self.cursor = (cursor, cursor);
    }
}

#[test]
fn a_kiosk_keeps_what_it_called_saved() {
    let mut tally = Tally::default();
    for seed in 0..12 {
        let folder = tempfile::tempdir().unwrap();
        let mut side = KioskSide {
            disk: Disk::mount(folder.path(), seed).unwrap(),
            dice: Rng::with_seed(seed),
            made: BTreeSet::new(),
            confirmed: BTreeMap::new(),
            forgettable: BTreeSet::new(),
            next: 0,
            feed: FeedId::from_bytes(id(7)),
            cursor: (0, 0),
        };
        let feed = side.feed;
        Store::open(side.disk.folder()).unwrap().write_now(move |tx| feed::begin_snapshot(tx, feed)).unwrap();
        for _ in 0..25 {
            // Some cuts come while the store is being opened: those are the first operations.
            side.disk.cut_in(if side.dice.u8(0..5) == 0 { side.dice.u64(0..6) } else { side.dice.u64(0..250) });
            while let Ok(store) = Store::open(side.disk.folder()) {
                let till = side.dice.usize(5..40);
                let done = (0..till).try_for_each(|_| side.work(&store));
                tally.folded += usize::from(done.is_ok()); // closed in peace: the log was folded into the file
                assert!(done.is_ok() || side.disk.is_dark(), "{done:?}");
            }
            assert!(side.disk.is_dark());
            tally.confirmed += side.confirmed.len();
            let lost = side.disk.cut();
            tally.cut(lost);
            side.verify(&mut tally);
        }
    }
    println!("{tally:?}");
    assert!(tally.took * 2 > tally.cuts && tally.folded > 30, "{tally:?}");
    assert!(tally.confirmed > 5_000 && tally.unanswered_there > 0, "{tally:?}");
}

#[test]
fn a_kiosk_whose_commit_fails_says_so_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::mount(folder.path(), 1).unwrap();
    let store = Store::open(disk.folder()).unwrap();
    let tap = |n: i64| Observed { at: reading(1, n), by: None, what: marked(1, Mark::Present), origin: None };
    let append = |n: i64| store.write_now(move |tx| log::append(tx, &[tap(n)]));
    append(1).unwrap();
    disk.fail_syncs(1);
    assert!(matches!(append(2), Err(StoreError::ReadOnly)), "an fsync that failed is not saved");
    append(3).unwrap();
    disk.full(Some(1));
    assert!(matches!((4..100).find_map(|n| append(n).err()), Some(StoreError::DiskFull)));
    disk.full(None);
    disk.read_only(true);
    assert!(matches!(append(100), Err(StoreError::ReadOnly)));
    disk.read_only(false);
    append(101).unwrap();
    disk.cut();
    drop(store);
    let looking = kept_here::look(disk.folder()).unwrap();
    let numbers: Vec<i64> = log::recent(&looking, 100).unwrap().iter().map(|(_, fact)| fact.at.mono.0).collect();
    assert!(numbers.starts_with(&[1, 3]) && numbers.ends_with(&[101]), "{numbers:?}");
    assert!(!numbers.contains(&2) && !numbers.contains(&100), "{numbers:?}");
    log::verify(&looking).unwrap();
}

/// A kiosk as the server sees it: a log that it pushes.
struct Speaker {
    kiosk: KioskId,
    log: LogId,
    entries: Vec<Entry>,
    /// What the server has answered for.
    acked: u64,
}

impl Speaker {
    fn head(&self, upto: u64) -> Head {
        let at = usize::try_from(upto).unwrap();
        self.entries[..at].last().map_or(Head::EMPTY, Entry::head)
    }

    fn write(&mut self, n: i64, what: Observation, dice: &mut Rng) {
        let boot = u64::from_be_bytes(self.kiosk.as_bytes()[8..].try_into().unwrap());
        let fact = Observed { at: reading(boot, n), by: None, what, origin: None };
        let mut salt = [0; 16];
        dice.fill(&mut salt);
        let body = serde_json::to_string(&fact).unwrap();
        let entry = self.head(self.entries.len() as u64).append(Salt(salt), body);
        self.entries.push(entry);
    }

    fn push(&self) -> Push {
        let from = usize::try_from(self.acked).unwrap();
        Push {
            log: self.log,
            from: self.acked + 1,
            prev: self.head(self.acked).hash,
            entries: self.entries[from..].to_vec(),
        }
    }
}

fn roster(tx: &WriteTx<'_>, speakers: &[KioskId]) -> Result<(), server::store::StoreError> {
    tx.execute("INSERT INTO class(id, name, year) VALUES (?1, 'Class 1', 'Year 3')", [class().as_bytes()])?;
    for n in 0..30 {
        let pupil = id(n);
        tx.execute(
            "INSERT INTO pupil(id, first, last, born_on, upn) VALUES (?1, ?2, 'Test', '2018-05-05', ?3)",
            (pupil, format!("Pupil{n}"), format!("UPN-{n}")),
        )?;
        tx.execute("INSERT INTO enrolment(pupil, joined_on) VALUES (?1, '2026-09-01')", [pupil])?;
        tx.execute(
            "INSERT INTO membership(pupil, class, from_on) VALUES (?1, ?2, '2026-09-01')",
            (pupil, class().as_bytes()),
        )?;
    }
    for kiosk in speakers {
        let bytes = *kiosk.as_bytes();
        tx.execute(
            "INSERT INTO kiosk(id, room, mode, feed) VALUES (?1, ?2, 'classroom', ?1)",
            (bytes, kiosk.to_string()),
        )?;
        tx.execute("INSERT INTO kiosk_class(kiosk, class) VALUES (?1, ?2)", (bytes, class().as_bytes()))?;
    }
    Ok(())
}

async fn push(school: &School, clock: server::clock::Clock, kiosk: KioskId, push: Push) -> Option<Head> {
    let done = school.write(move |tx| record::append(tx, clock.now(), kiosk, &push)).await;
    match done {
        Ok(Appended::Answer(Pushed::Accepted { head })) => Some(head),
        Ok(other) => panic!("{other:?}"),
        Err(_) => None,
    }
}

/// A day at the server until the power goes. Answers whether it went.
async fn serve(
    school: &Arc<School>,
    clock: &server::clock::Clock,
    speakers: &mut [Speaker],
    n: &mut i64,
    dice: &mut Rng,
) -> bool {
    for speaker in speakers.iter_mut() {
        for _ in 0..dice.usize(1..5) {
            *n += 1;
            let mark = if dice.bool() { Mark::Present } else { Mark::Absent };
            speaker.write(*n, marked(dice.u64(0..30), mark), dice);
        }
    }
    // All at once, so that they share a commit.
    let [a, b, c] = speakers else { panic!("three of them") };
    let ask = |s: &Speaker| push(school, clock.clone(), s.kiosk, s.push());
    let answers = tokio::join!(ask(a), ask(b), ask(c));
    for (speaker, answer) in [(a, answers.0), (b, answers.1), (c, answers.2)] {
        let Some(head) = answer else { return true };
        assert_eq!(head, speaker.head(speaker.entries.len() as u64));
        speaker.acked = head.seq;
    }
    let seen = school.read(|tx| Ok(tx.query_row("SELECT count(*) FROM fact", [], |r| r.get::<_, i64>(0))?)).await;
    seen.is_err()
}

#[tokio::test]
async fn a_school_keeps_what_it_answered_for() {
    let mut tally = Tally::default();
    for seed in 0..6 {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::mount(folder.path(), seed).unwrap();
        let mut dice = Rng::with_seed(seed);
        let clock = server::clock::Clock::from_text(Some(&DayClock::starting(MORNING, 1).spec(None))).unwrap();
        let open = || Stores::open(disk.folder(), clock.clone());
        let speaker = |n| Speaker {
            kiosk: KioskId::from_bytes(id(n)),
            log: LogId::from_bytes(id(n + 100)),
            entries: Vec::new(),
            acked: 0,
        };
        let mut speakers = [speaker(1), speaker(2), speaker(3)];
        let ids: Vec<KioskId> = speakers.iter().map(|s| s.kiosk).collect();
        {
            let stores = open().unwrap();
            let calendar = Calendar::sample_primary(2026).unwrap();
            let school =
                server::school::add(&stores, "elm", "Elm Primary", &calendar, "Ada Head, headteacher, 2026-09-01");
            school.unwrap().write_now(move |tx| roster(tx, &ids)).unwrap();
            stores.stop();
        }
        let mut n = 0;
        for speaker in &mut speakers {
            let boot = reading(u64::from_be_bytes(speaker.kiosk.as_bytes()[8..].try_into().unwrap()), 0).boot;
            let anchor = Anchor { boot, mono: Mono(0), server: MORNING, uncertainty: 10 };
            speaker.write(0, Observation::Anchored { anchor }, &mut dice);
        }
        for _ in 0..20 {
            disk.cut_in(if dice.u8(0..5) == 0 { dice.u64(0..8) } else { dice.u64(0..900) });
            while let Ok(stores) = open() {
                let school = stores.school_by_slug("elm").unwrap();
                let mut gone = false;
                for _ in 0..dice.usize(3..12) {
                    gone = gone || serve(&school, &clock, &mut speakers, &mut n, &mut dice).await;
                }
                stores.stop(); // folds, where it still can
                tally.folded += usize::from(!gone);
            }
            assert!(disk.is_dark());
            tally.cut(disk.cut());
            // A new process: sound in every way that the server itself knows, and nothing answered for is missing.
            let stores = open().unwrap();
            let school = stores.school_by_slug("elm").unwrap();
            let found = school.read_now(|tx| server::check::school(tx)).unwrap();
            assert_eq!(found.wrong, Vec::<String>::new(), "seed {seed}");
            for speaker in &mut speakers {
                let log = *speaker.log.as_bytes();
                let held: u64 = school
                    .read_now(move |tx| {
                        Ok(tx.query_row("SELECT ifnull((SELECT head_seq FROM log WHERE log = ?1), 0)", [log], |r| {
                            r.get(0)
                        })?)
                    })
                    .unwrap();
                assert!(held >= speaker.acked, "seed {seed}: {held} of {}", speaker.acked);
                assert!(held <= speaker.entries.len() as u64);
                tally.confirmed += usize::try_from(speaker.acked).unwrap();
                tally.unanswered_there += usize::from(held > speaker.acked);
                speaker.acked = held;
            }
            stores.stop();
        }
    }
    println!("{tally:?}");
    assert!(tally.took * 2 > tally.cuts && tally.folded > 20, "{tally:?}");
    assert!(tally.confirmed > 5_000, "{tally:?}");
}
