//! Bytes that are not what was written: on a kiosk's card, and in a school's file.
//!
//! Must never: spoil bytes that nobody reads and call that proof.

use crate::heard::*;
use fastrand::Rng;
use rollbook_tests::process::run;
use rollbook_tests::small::{World, screen, sign_on};
use serde_json::json;
use std::collections::BTreeSet;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// Where these bytes stand in a file.
fn places(file: &Path, what: &[u8]) -> Vec<u64> {
    let bytes = std::fs::read(file).unwrap();
    let all = bytes.windows(what.len()).enumerate().filter(|(_, window)| *window == what);
    all.map(|(at, _)| u64::try_from(at).unwrap()).collect()
}

/// Bodies, as the file holds them.
fn newest(file: &Path, sql: &str) -> Vec<String> {
    let c = rusqlite::Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut bodies = c.prepare(sql).unwrap();
    bodies.query_map([], |r| r.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

fn flip(file: &Path, at: u64, mask: u8) {
    let open = std::fs::OpenOptions::new().read(true).write(true).open(file).unwrap();
    let mut byte = [0];
    open.read_exact_at(&mut byte, at).unwrap();
    open.write_all_at(&[byte[0] ^ mask], at).unwrap();
}

/// What a kiosk's log says that it set aside.
fn damaged(data: &Path) -> bool {
    std::fs::read_dir(data).unwrap().any(|f| f.unwrap().file_name().to_string_lossy().starts_with("kiosk.db.damaged-"))
}

/// One kiosk takes half a register offline, its card goes bad where `spoil` says, and it is switched on again.
async fn spoilt(world: &World, number: usize, spoil: impl FnOnce(&Path)) -> (bool, usize) {
    let data = world.enrol(number).await.unwrap();
    let room = world.rooms[number].clone();
    let mut kiosk = world.switch_on(&data).unwrap();
    kiosk.ask(json!({ "do": "wait", "for": "roster" })).await.unwrap();
    sign_on(&mut kiosk, &room).await.unwrap();
    let mut heard = Heard::new(kiosk);
    let pupils = blank(&screen(&mut heard.kiosk).await.unwrap());
    for pupil in &pupils[..5] {
        heard.tap(*pupil).await;
    }
    heard.ask(json!({ "do": "wait", "for": "synced", "within_s": 55 })).await;
    heard.ask(json!({ "do": "network", "up": false })).await;
    for pupil in &pupils[5..20] {
        heard.tap(*pupil).await;
    }
    assert_eq!(heard.saved.len(), 20);
    heard.kiosk.end().await.unwrap();
    spoil(&data.join("kiosk.db"));

    let mut again = world.switch_on(&data).unwrap();
    again.ask(json!({ "do": "wait", "for": "roster" })).await.unwrap();
    again.ask(json!({ "do": "wait", "for": "synced", "within_s": 55 })).await.unwrap();
    let found = damaged(&data);
    if found {
        let shown = screen(&mut again).await.unwrap();
        assert!(shown.to_string().contains("memory was damaged"), "{shown}");
        let log = std::fs::read_to_string(data.join("kiosk.log")).unwrap();
        assert!(log.contains("set aside"), "{log}");
    }
    let tapped = heard.saved.iter().map(|tap| tap.2).collect();
    let (missing, odd) = of_pupils(&tapped, &room, &world.export("facts").await.unwrap());
    assert_eq!(odd, Vec::<String>::new(), "{}", room.name);
    // It works on: the roster has come again, and the teacher goes on where the register stands.
    sign_on(&mut again, &room).await.unwrap();
    let mut after = Heard::new(again);
    let rest = blank(&screen(&mut after.kiosk).await.unwrap());
    for pupil in rest.iter().take(3) {
        after.tap(*pupil).await;
    }
    assert_eq!(after.saved.len(), 3.min(rest.len()));
    after.ask(json!({ "do": "wait", "for": "synced", "within_s": 55 })).await;
    let tapped = heard.saved.iter().chain(&after.saved).map(|tap| tap.2).collect();
    let (_, odd) = of_pupils(&tapped, &room, &world.export("facts").await.unwrap());
    assert_eq!(odd, Vec::<String>::new(), "{}", room.name);
    after.kiosk.end().await.unwrap();
    (found, missing)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_whose_card_went_bad_keeps_what_can_be_read_and_says_what_is_missing() {
    let home = tempfile::tempdir().unwrap();
    let mut world = World::make(home.path()).await.unwrap();
    // In two marks that were not sent: both are found by their hash, and only they are missing.
    let two = |file: &Path| {
        for body in newest(file, "SELECT body FROM entry WHERE body LIKE '%\"marked\"%' ORDER BY seq DESC LIMIT 2") {
            // Also where a page that is no longer used still holds it.
            places(file, body.as_bytes()).iter().for_each(|at| flip(file, at + 10, 0x10));
        }
    };
    assert_eq!(spoilt(&world, 0, two).await, (true, 2));
    // A page of the roster: nothing is missing.
    let roster = |file: &Path| {
        let bytes = std::fs::read(file).unwrap();
        let leaf = |at: &u64| bytes[usize::try_from(at / 4096 * 4096).unwrap()] == 0x0a;
        let row = places(file, b"pupil:").into_iter().find(leaf).unwrap();
        flip(file, row / 4096 * 4096, 0xff); // the kind of the page
    };
    assert_eq!(spoilt(&world, 1, roster).await, (true, 0));
    // The very first byte.
    assert_eq!(spoilt(&world, 2, |file: &Path| flip(file, 0, 0x01)).await, (true, 0));
    // Anywhere, a hundred times: whatever is missing was said to be.
    let mut dice = Rng::with_seed(20_261_123);
    let anywhere = |file: &Path| {
        let size = std::fs::metadata(file).unwrap().len();
        (0..100).for_each(|_| flip(file, dice.u64(100..size), 1 << dice.u8(0..8)));
    };
    let (found, missing) = spoilt(&world, 3, anywhere).await;
    assert!(found, "a hundred bytes");
    let wrong = health_says(&world.server, "was damaged in the last days").await;
    println!("{missing} of 15 unsent marks were lost to a hundred flips; {wrong:?}");
    assert!(wrong.iter().any(|sentence| sentence.contains("4 kiosks")), "{wrong:?}");
    world.kill_server().await.unwrap();
}

fn school_file(data: &Path) -> PathBuf {
    let files: BTreeSet<PathBuf> = std::fs::read_dir(data.join("schools"))
        .unwrap()
        .map(|f| f.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "db"))
        .collect();
    files.into_iter().next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_school_file_that_went_bad_is_found_by_check_and_by_the_server() {
    let home = tempfile::tempdir().unwrap();
    let mut world = World::make(home.path()).await.unwrap();
    let data = world.enrol(0).await.unwrap();
    let room = world.rooms[0].clone();
    let mut kiosk = world.switch_on(&data).unwrap();
    kiosk.ask(json!({ "do": "wait", "for": "roster" })).await.unwrap();
    sign_on(&mut kiosk, &room).await.unwrap();
    let mut heard = Heard::new(kiosk);
    let pupils = blank(&screen(&mut heard.kiosk).await.unwrap());
    for pupil in &pupils[..10] {
        heard.tap(*pupil).await;
    }
    heard.ask(json!({ "do": "wait", "for": "synced", "within_s": 55 })).await;
    let dir = world.data().to_string_lossy().into_owned();
    let check = async || run("rollbook-server", &["--data", &dir, "check"], &[], "").await;
    assert!(check().await.is_ok());

    world.stop_server().await.unwrap();
    let file = school_file(&world.data());
    let body =
        newest(&file, "SELECT body FROM fact WHERE body LIKE '%\"marked\"%' ORDER BY log DESC, seq DESC LIMIT 1");
    // Wherever it stands, also where a page that was split still holds it.
    let mark: Vec<u64> = places(&file, body[0].as_bytes()).iter().map(|at| at + 8).collect();
    // A letter of one fact; the first page, without which nothing can be opened. Each is put right afterwards.
    for (at, words) in [(mark, "is damaged"), (vec![0], "cannot be opened")] {
        at.iter().for_each(|at| flip(&file, *at, 0x02));
        assert!(check().await.is_err(), "check must not pass over {at:?}");
        world.restart_server().await.unwrap();
        let wrong = health_says(&world.server, words).await;
        assert!(wrong.iter().any(|sentence| sentence.contains("restore the last backup")), "{wrong:?}");
        // Kiosks go on, and keep what the server cannot take.
        let next = heard.saved.len();
        heard.tap(pupils[next]).await;
        assert_eq!(heard.saved.len(), next + 1);
        world.stop_server().await.unwrap();
        at.iter().for_each(|at| flip(&file, *at, 0x02));
    }
    world.restart_server().await.unwrap();
    heard.ask(json!({ "do": "wait", "for": "synced", "within_s": 55 })).await;
    all_there(&world, &heard, &room).await;
    heard.kiosk.end().await.unwrap();
    world.kill_server().await.unwrap();
}
