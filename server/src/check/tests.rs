//! What `check` finds: flipped bytes, changed logs, changed marks, and a hand that makes everything fit again.

use super::*;
use crate::jobs::{begin_day, close_due};
use crate::record;
use crate::sample::rng::Rng;
use crate::store::columns::{HashCol, int, to_json, uint};
use crate::testing::{Kiosk, World, at, class, id16, now, pupil, session, world};
use rusqlite::params;
use shared::act::{Act, Acted};
use shared::codes::Code;
use shared::id::{LogId, PlanId};
use shared::kept::Kept;
use shared::log::{Entry, Hash, Head, Salt};
use shared::observation::{Mark, Means, Observation};
use shared::text::{Name, Remark};
use shared::wire::v1::{Hello, HelloAnswer, KeptHead, Mode};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

fn remark(text: &str) -> Remark {
    Remark::new(text).unwrap()
}

/// A day of a small school: two registers of the morning, one of them with a late arrival, a plan, a call, an amendment,
/// a question; closed; and the day after, which takes down how it all stood.
async fn lived_in() -> (World, Kiosk) {
    let world = world();
    let mut room = world.enrol(Mode::Classroom, &[class(1)]).await;
    let mut door = world.enrol(Mode::Reception, &[]).await;
    room.anchor(at(8, 40));
    door.anchor(at(8, 40));
    world.set(at(8, 58));
    for n in 1..=4 {
        room.tap(at(8, 55), "am", 1, n, if n == 3 { Mark::Absent } else { Mark::Present });
    }
    room.submit(at(8, 57), "am", 1, 1..=4);
    world.push(&room).await;
    room.sent = room.entries.len();
    world.act(
        now(8, 59),
        Act::Planned {
            plan: PlanId::from_bytes(id16(77)),
            pupil: pupil(6),
            from: session("am"),
            until: session("pm"),
            code: Code::M,
            detail: None,
            reason: remark("Mum: dentist"),
        },
    );
    door.write(
        at(9, 5),
        Observation::Arrived { pupil: pupil(3), means: Means::Name, session: Some(session("am")), reason: None },
    );
    door.write(
        at(11, 0),
        Observation::Left {
            pupil: pupil(2),
            means: Means::Name,
            session: Some(session("am")),
            collected: None,
            approved: None,
        },
    );
    world.set(at(9, 6));
    world.push(&door).await;
    world.set(at(9, 20));
    world.school.write_now(|tx| close_due(tx, now(9, 20))).unwrap();
    world.act(
        now(9, 40),
        Act::Amended {
            pupil: pupil(4),
            session: session("am"),
            code: Some(Code::I),
            minutes: None,
            detail: None,
            reason: remark("went home ill"),
            seen: Vec::new(),
        },
    );
    world.set(at(24, 1));
    world.school.write_now(|tx| begin_day(tx, now(24, 1))).unwrap();
    (world, room)
}

fn look(world: &World) -> Found {
    school_file(world.school.path(), world.school.id(), now(24, 2))
}

/// The file alone, closed, nothing beside it.
fn closed(world: &World) -> PathBuf {
    let path = world.school.path().to_owned();
    world.stores.stop();
    assert!(!pages::beside(&path, "-wal").exists(), "nothing is left in the journal");
    path
}

#[tokio::test]
async fn a_sound_file_is_found_sound_while_the_server_works_and_at_rest() {
    let (world, _) = lived_in().await;
    let found = look(&world);
    assert_eq!((found.wrong.clone(), found.doubts.clone()), (Vec::new(), Vec::new()));
    assert!(found.facts > 15 && found.entries >= 6 && found.marks >= 5, "{found:?}");
    assert_eq!(found.witnessed, found.entries, "yesterday's entries are vouched for");
    let path = closed(&world);
    let at_rest = school_file(&path, world.school.id(), now(24, 2));
    assert_eq!((at_rest.wrong, at_rest.entries), (Vec::new(), found.entries));
    assert!(at_rest.pages > 30, "{} pages", at_rest.pages);
    assert_eq!(other_file(&world.folder.path().join("trust.db")).wrong, Vec::<String>::new());
}

/// Ten thousand times one byte of the file is another, wherever it lies: in a name, in a number, in a page that is not
/// used. Each is found and said.
#[tokio::test]
async fn every_one_of_ten_thousand_flipped_bytes_is_found() {
    const FLIPS: usize = 10_000;
    /// The bytes are the first thing that is looked at; for so many the whole look is gone through.
    const WHOLE: usize = 400;
    let (world, _) = lived_in().await;
    let path = closed(&world);
    let file = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let length = usize::try_from(file.metadata().unwrap().len()).unwrap();
    let seed = u64::from_be_bytes(crate::secret::random().unwrap());
    let mut rng = Rng::new(seed);
    let mut unfound = Vec::new();
    for n in 0..FLIPS {
        let place = rng.below(length);
        let flip = u8::try_from(1 + rng.below(255)).unwrap();
        let mut byte = [0];
        file.read_exact_at(&mut byte, place as u64).unwrap();
        file.write_all_at(&[byte[0] ^ flip], place as u64).unwrap();
        let found = if n < WHOLE {
            school_file(&path, world.school.id(), now(24, 2))
        } else {
            let mut found = Found::default();
            bytes(&path, &mut found);
            found
        };
        file.write_all_at(&byte, place as u64).unwrap();
        let said = found.wrong.iter().any(|w| w.contains("page") || w.contains("first bytes"));
        if !said {
            unfound.push((place, flip, found.wrong));
        }
    }
    assert!(unfound.is_empty(), "seed {seed}: {} of {FLIPS} were not found: {:?}", unfound.len(), &unfound[..1]);
    assert_eq!(school_file(&path, world.school.id(), now(24, 2)).wrong, Vec::<String>::new(), "as it was");
}

#[tokio::test]
async fn a_file_cut_short_or_made_longer_and_a_damaged_journal_are_found() {
    let (world, mut room) = lived_in().await;
    // While the server works, what was committed last stands in the journal.
    room.tap(at(13, 5), "pm", 1, 1, Mark::Present);
    world.push(&room).await;
    let path = world.school.path().to_owned();
    let journal = pages::beside(&path, "-wal");
    let whole = std::fs::read(&journal).unwrap();
    let copy = world.folder.path().join("copy.db");
    let look_at = |database: &[u8], wal: &[u8]| {
        std::fs::write(&copy, database).unwrap();
        std::fs::write(pages::beside(&copy, "-wal"), wal).unwrap();
        let mut found = Found::default();
        bytes(&copy, &mut found);
        found.wrong
    };
    let database = std::fs::read(&path).unwrap();
    assert_eq!(look_at(&database, &whole), Vec::<String>::new());
    let mut torn = whole.clone();
    torn[32 + 24 + 100] ^= 1; // in the first of many transactions
    assert!(look_at(&database, &torn)[0].contains("its journal was changed"));
    torn = whole.clone();
    torn[20] ^= 1;
    assert!(look_at(&database, &torn)[0].contains("the beginning of its journal"));
    let cut = whole.len() - 2000; // the power went in the middle of the last write: nothing was confirmed
    assert_eq!(look_at(&database, &whole[..cut]), Vec::<String>::new());
    let path = closed(&world);
    let database = std::fs::read(&path).unwrap();
    assert!(look_at(&database[..database.len() - 100], &[])[0].contains("in the middle of a page"));
    assert!(look_at(&database[..database.len() - 4096], &[])[0].contains("cut off or added"));
    assert!(look_at(&[database.clone(), vec![0; 4096]].concat(), &[])[0].contains("cut off or added"));
    assert!(look_at(b"something else altogether, and long enough to hold what a header would hold, if it were one; but none.....", &[])[0].contains("first bytes"));
}

#[tokio::test]
async fn every_kind_of_tampering_is_found() {
    for (sql, word) in [
        ("UPDATE fact SET body = replace(body, 'present', 'absent')", "its content was changed"),
        ("DELETE FROM fact WHERE seq = 2 AND log = (SELECT max(id) FROM log)", "is missing"),
        ("UPDATE fact SET body = NULL WHERE seq = 1", "its content is missing"),
        ("UPDATE fact SET body = NULL, salt = NULL WHERE seq = 1", "nothing says that it was removed by rule"),
        ("UPDATE fact SET prev = zeroblob(32) WHERE seq = 2", "was changed"),
        ("UPDATE mark SET code = 'N' WHERE code = '/'", "is not its newest entry"),
        ("DROP TRIGGER entry_no_update; UPDATE entry SET original = 'N' WHERE is_change = 1", "has a hole"),
        ("DROP TRIGGER entry_no_update", "its part entry_no_update is not as this program made it"),
        ("DROP TRIGGER entry_no_update; UPDATE entry SET by_position = ' ' WHERE id = 1", "lacks one of its parts"),
        // The mark and its entry together, so that they fit each other.
        (
            "DROP TRIGGER entry_no_update; UPDATE entry SET code = 'N' WHERE code = '/'; UPDATE mark SET code = 'N' WHERE code = '/'",
            "and the facts say /",
        ),
        (
            "DROP TRIGGER entry_no_update; UPDATE entry SET made_at = made_at - 60000 WHERE id = 1",
            "are not as they stood on 2026-11-24",
        ),
        ("DELETE FROM movement", "the table of arrivals and departures"),
        ("UPDATE plan SET code = 'C'", "the table of planned absences"),
        ("UPDATE register SET state = 'missing' WHERE state = 'submitted'", "the table of registers"),
        ("DELETE FROM raised; DELETE FROM question", "the table of questions"),
        ("UPDATE anchor SET server = server + 3600000", "ties between a kiosk's clock"),
        ("UPDATE log SET head_seq = head_seq + 1", "and should end at"),
    ] {
        let (world, _) = lived_in().await;
        let path = closed(&world);
        let c = open::blank(&path).unwrap();
        c.execute_batch(sql).unwrap();
        drop(c);
        let found = school_file(&path, world.school.id(), now(24, 2));
        assert!(found.wrong.iter().any(|w| w.contains(word)), "{sql}: {:?}", found.wrong);
        assert!(!found.wrong.iter().any(|w| w.contains("page")), "its pages fit: {:?}", found.wrong);
    }
}

/// Writes a log anew with another body for some entries, every hash as it must be. What an insider would do.
fn forge(c: &Connection, log: i64, other: impl Fn(u64, &str) -> String) {
    let rows: Vec<(u64, [u8; 16], String)> = c
        .prepare("SELECT seq, salt, body FROM fact WHERE log = ?1 ORDER BY seq")
        .unwrap()
        .query_map([log], |r| Ok((uint(r.get(0)?), r.get(1)?, r.get(2)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let mut head = Head::EMPTY;
    for (seq, salt, body) in rows {
        let entry: Entry = head.append(Salt(salt), other(seq, &body));
        c.execute(
            "UPDATE fact SET prev = ?3, body_hash = ?4, body = ?5 WHERE log = ?1 AND seq = ?2",
            params![log, int(seq), HashCol(entry.prev), HashCol(entry.body_hash()), entry.body],
        )
        .unwrap();
        head = entry.head();
    }
    c.execute("UPDATE log SET head_hash = ?2 WHERE id = ?1", params![log, HashCol(head.hash)]).unwrap();
}

/// Somebody with the file, this program's source and an evening makes pupil 1 absent, and everything fit.
fn insider(path: &Path) {
    let c = open::blank(path).unwrap();
    let room: i64 = c.query_row("SELECT log FROM fact WHERE body LIKE '%\"submitted\"%'", [], |r| r.get(0)).unwrap();
    let own: i64 = c.query_row("SELECT id FROM log WHERE kiosk IS NULL", [], |r| r.get(0)).unwrap();
    let victim = pupil(1).to_string();
    forge(&c, room, |_, body| {
        if body.contains(&victim) && body.contains("\"marked\"") {
            body.replace("present", "absent")
        } else {
            body.to_owned()
        }
    });
    let trigger: String =
        c.query_row("SELECT sql FROM sqlite_schema WHERE name = 'entry_no_update'", [], |r| r.get(0)).unwrap();
    c.execute_batch("DROP TRIGGER entry_no_update").unwrap();
    let basis: i64 = c
        .query_row("SELECT seq FROM fact WHERE log = ?1 AND body LIKE '%\"submitted\"%'", [room], |r| r.get(0))
        .unwrap();
    c.execute(
        "UPDATE entry SET code = 'N', reason = 'no reason known when the register closed at 09:20', basis_seq = ?2 WHERE pupil = ?1",
        params![pupil(1).as_bytes(), basis],
    )
    .unwrap();
    c.execute("UPDATE mark SET code = 'N', tapped = 'absent' WHERE pupil = ?1", [pupil(1).as_bytes()]).unwrap();
    c.execute_batch(&trigger).unwrap();
    forge(&c, own, |_, body| {
        let mut acted: Acted = serde_json::from_str(body).unwrap();
        let Act::Witnessed { logs, entries } = &mut acted.act else { return body.to_owned() };
        for stood in logs {
            stood.hash = header(&c, stood.log, stood.seq).unwrap().unwrap();
        }
        if let Some(made) = entries {
            made.digest = record::digest(&c, made.from, made.upto).unwrap();
        }
        to_json(&acted, "an act").unwrap()
    });
}

async fn hello(world: &World, kiosk: &Kiosk, kept: Vec<KeptHead>) -> HelloAnswer {
    let hello = Hello {
        protocols: vec![1],
        log: kiosk.log,
        head: kiosk.head(),
        feed: None,
        cursor: 0,
        app: shared::text::Text::new("0.1.0").unwrap(),
        t0: shared::time::Mono(5),
        faults: Vec::new(),
        kept,
    };
    let (status, body) = world.post("/sync/v1/hello", Some(&kiosk.token), &serde_json::to_vec(&hello).unwrap()).await;
    assert_eq!(status, axum::http::StatusCode::OK, "{}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn an_insider_who_recomputes_every_hash_is_found_by_what_the_kiosks_keep() {
    let (world, room) = lived_in().await;
    let shown = hello(&world, &room, Vec::new()).await.school_head;
    let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
    let paper = Kept {
        kiosk: room.id,
        school: world.school.id(),
        room: Name::new("Room 7").unwrap(),
        school_heads: vec![KeptHead { date: day, seq: shown.seq, hash: shown.hash, log: None }],
        logs: vec![shared::kept::KeptLog {
            log: room.log,
            acked: room.head().seq,
            entries: room.entries.iter().map(Entry::head).collect(),
        }],
    };
    let papers = of_file(&paper);
    let before = world.school.read_now(|tx| against(tx, &papers)).unwrap();
    assert_eq!(before, Vec::<String>::new(), "an honest file");
    assert!(world.school.read_now(|tx| head(tx, shown)).unwrap(), "the head of an export of that day");
    let path = closed(&world);
    insider(&path);
    let found = school_file(&path, world.school.id(), now(24, 2));
    assert_eq!((found.wrong, found.doubts), (Vec::new(), Vec::new()), "by itself the file is sound");
    let c = open::reader(&path).unwrap();
    let found = against(&c, &papers).unwrap();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("Room 7 was shown on 2026-11-24 that entry"), "{found:?}");
    assert!(found[1].contains("What this kiosk saw was changed here. So do"), "{found:?}");
    assert!(!head(&c, shown).unwrap(), "and by the head on an export");
}

#[tokio::test]
async fn a_kiosk_tells_what_it_keeps_and_the_server_says_when_it_is_another_past() {
    let (world, room) = lived_in().await;
    let shown = hello(&world, &room, Vec::new()).await.school_head;
    let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
    let kept = |hash: Hash| vec![KeptHead { date: day, seq: shown.seq, hash, log: None }];
    let noted = |of_school: bool| loop {
        let own: LogId = world.school.read_now(|tx| Ok(record::own_head(tx)?.unwrap().1)).unwrap();
        let told = told(world.stores.trust(), world.school.id()).unwrap();
        if let Some(found) = told.into_iter().find(|p| (p.log == Some(own)) == of_school) {
            break found;
        }
        std::thread::yield_now();
    };
    assert_eq!(noted(false).head, room.head(), "where its own log ended that day");
    hello(&world, &room, kept(shown.hash)).await;
    assert_eq!(noted(true).head, shown);
    assert!(crate::health::look(&world.stores).unwrap().wrong.iter().all(|w| !w.contains("another past")));
    let papers = told(world.stores.trust(), world.school.id()).unwrap();
    assert_eq!(world.school.read_now(|tx| against(tx, &papers)).unwrap(), Vec::<String>::new());
    hello(&world, &room, kept(Hash([7; 32]))).await;
    while !crate::health::look(&world.stores).unwrap().wrong.iter().any(|w| w.contains("was shown another past")) {
        std::thread::yield_now();
    }
    assert_eq!(noted(true).head, shown, "what was told first stands");
}

#[tokio::test]
async fn the_daily_witness_says_nothing_when_nothing_grew_and_names_every_log() {
    let (world, _) = lived_in().await;
    let again = world.school.write_now(|tx| record::witness(tx, now(24, 3))).unwrap();
    assert!(!again, "nothing grew since");
    let logs: i64 = world.count("SELECT count(*) FROM log WHERE kiosk IS NOT NULL");
    let named: usize = world
        .school
        .read_now(|tx| {
            let mut named = 0;
            record::each(tx, |_, acted| {
                if let Act::Witnessed { logs, .. } = acted.act {
                    named += logs.len();
                }
                Ok(())
            })?;
            Ok(named)
        })
        .unwrap();
    assert_eq!(i64::try_from(named).unwrap(), logs);
}

/// What a version before the sums left behind is written anew once, and then every byte of it is accounted for.
#[test]
#[allow(clippy::disallowed_methods)] // as that version opened it
fn a_file_of_before_is_given_its_sums_when_it_is_opened() {
    let folder = crate::testing::folder();
    let path = folder.path().join("old.db");
    let old = Connection::open(&path).unwrap();
    old.pragma_update(None, "journal_mode", "WAL").unwrap();
    old.execute_batch(include_str!("../store/migrations/school-0001.sql")).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    for n in 0..3000 {
        old.execute("INSERT INTO setting(name, value) VALUES (?1, ?2)", params![format!("n{n}"), "v".repeat(n % 300)])
            .unwrap();
    }
    drop(old);
    let mut found = Found::default();
    bytes(&path, &mut found);
    assert!(found.wrong[0].contains("carry no sums"), "{found:?}");
    drop(open::writer(&path, &open::school_schema()).unwrap());
    let mut found = Found::default();
    bytes(&path, &mut found);
    assert_eq!(found.wrong, Vec::<String>::new());
    assert!(found.pages > 100, "{found:?}");
    let kept = open::reader(&path).unwrap().query_row("SELECT count(*) FROM setting", [], |r| r.get::<_, i64>(0));
    assert_eq!(kept.unwrap(), 3000);
}

#[tokio::test]
async fn a_damaged_page_is_refused_and_never_served() {
    let (world, _) = lived_in().await;
    let path = closed(&world);
    let mut bytes = std::fs::read(&path).unwrap();
    let name = b"Pupil1Test";
    let at = bytes.windows(name.len()).position(|w| w == name).expect("a name in a page");
    bytes[at] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let c = open::reader(&path).unwrap();
    let read = c.query_row("SELECT group_concat(first) FROM pupil", [], |r| r.get::<_, String>(0));
    assert!(read.unwrap_err().to_string().contains("disk I/O error"), "SQLite by itself would have shown another name");
}
