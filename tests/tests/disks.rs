//! Bad disks under the two real programs: full, read-only under their hands, and with bytes that are not what was written.
//! A mark that a screen called saved is in the record once; what could not be saved was never called so.
//!
//! Must never: pass in silence where a volume could not be mounted, or spoil bytes that nobody reads and call that proof.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // a test's own clock; what cannot be unwrapped fails the test

use fastrand::Rng;
use rollbook_tests::demo::check::{FactRow, rows};
use rollbook_tests::demo::plan::Room;
use rollbook_tests::process::{Kiosk, PATIENCE, Server, Trouble, http, run};
use rollbook_tests::small::{World, screen, sign_on, tiles};
use rollbook_tests::volume::{Volume, skipped};
use serde_json::{Value, json};
use shared::id::PupilId;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A kiosk, and what it has said.
struct Heard {
    kiosk: Kiosk,
    /// Called saved: log, number, pupil.
    saved: Vec<(String, u64, PupilId)>,
    /// Why something could not be saved, each time.
    not_saved: Vec<String>,
}

impl Heard {
    fn new(kiosk: Kiosk) -> Self {
        Self { kiosk, saved: Vec::new(), not_saved: Vec::new() }
    }

    fn listen(&mut self) {
        while let Ok(event) = self.kiosk.events.try_recv() {
            self.hear(&event);
        }
    }

    fn hear(&mut self, event: &Value) {
        match event["event"].as_str() {
            Some("saved") if event["kind"] == "marked" => {
                let pupil = event["pupil"].as_str().unwrap().parse().unwrap();
                self.saved.push((event["log"].as_str().unwrap().to_owned(), event["seq"].as_u64().unwrap(), pupil));
            }
            Some("not_saved") => self.not_saved.push(event["why"].to_string()),
            _ => {}
        }
    }

    async fn ask(&mut self, command: Value) {
        self.kiosk.ask(command).await.unwrap();
        self.listen();
    }

    /// One tap, and what the disk made of it.
    async fn tap(&mut self, pupil: PupilId) {
        self.ask(json!({ "do": "tap", "pupil": pupil })).await;
        self.ask(json!({ "do": "wait", "for": "idle" })).await;
    }

    /// Ends it as a pulled plug does, and hears it to the end.
    async fn cut(&mut self) {
        self.kiosk.kill().await.unwrap();
        while let Some(event) = self.kiosk.events.recv().await {
            self.hear(&event);
        }
    }
}

fn copied(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap().map(|f| f.unwrap()) {
        let there = to.join(file.file_name());
        std::fs::copy(file.path(), &there).unwrap();
        std::fs::File::open(there).unwrap().sync_all().unwrap(); // what the volume loses later must not be this
    }
    std::fs::File::open(to).unwrap().sync_all().unwrap();
}

/// What was called saved and is not in the record; and what stands there twice, or was tapped by nobody.
fn join(saved: &[(String, u64, PupilId)], room: &Room, exported: &str) -> (usize, Vec<String>) {
    let mut recorded: BTreeMap<(String, String), Vec<FactRow>> = BTreeMap::new();
    for fact in rows::<FactRow>(exported).unwrap().into_iter().filter(|f| f.room == room.name && f.kind == "marked") {
        recorded.entry((fact.first_log.clone(), fact.first_seq.clone())).or_default().push(fact);
    }
    let mut odd = Vec::new();
    let mut missing = 0;
    for (log, seq, pupil) in saved {
        match recorded.remove(&(log.clone(), seq.to_string())).as_deref() {
            None => missing += 1,
            Some([one]) if one.pupil == pupil.to_string() && one.held == "0" => {}
            Some(other) => odd.push(format!("{log} {seq} stands as {other:?}")),
        }
    }
    odd.extend(recorded.into_values().flatten().map(|fact| format!("nobody was told of {fact:?}")));
    (missing, odd)
}

/// As [`join`], where entries may stand in a new log: each of these pupils was tapped once.
fn of_pupils(tapped: &BTreeSet<PupilId>, room: &Room, exported: &str) -> (usize, Vec<String>) {
    let facts = rows::<FactRow>(exported).unwrap().into_iter().filter(|f| f.room == room.name && f.kind == "marked");
    let mut recorded: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for fact in facts {
        recorded.entry(fact.pupil).or_default().insert((fact.first_log, fact.first_seq));
    }
    let missing = tapped.iter().filter(|pupil| !recorded.contains_key(&pupil.to_string())).count();
    let odd = recorded.iter().filter(|(pupil, all)| all.len() > 1 || !tapped.contains(&pupil.parse().unwrap()));
    (missing, odd.map(|(pupil, all)| format!("{pupil}: {all:?}")).collect())
}

async fn all_there(world: &World, heard: &Heard, room: &Room) {
    let exported = world.export("facts").await.unwrap();
    assert_eq!(join(&heard.saved, room, &exported), (0, Vec::new()));
    let dir = world.data().to_string_lossy().into_owned();
    let said = run("rollbook-server", &["--data", &dir, "check"], &[], "").await.unwrap();
    assert!(said.contains("sound") && !said.contains("wrong"), "{said}");
}

fn blank(shown: &Value) -> Vec<PupilId> {
    tiles(shown).into_iter().filter(|tile| tile.1 == "blank").map(|tile| tile.0).collect()
}

async fn health(server: &Server) -> Value {
    let answer = http().build().unwrap().get(format!("{}/health", server.office)).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    answer.json().await.unwrap()
}

/// The health page's sentences, once one of them says this.
async fn health_says(server: &Server, what: &str) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let health = health(server).await;
        let wrong: Vec<String> = serde_json::from_value(health["wrong"].clone()).unwrap();
        if wrong.iter().any(|sentence| sentence.contains(what)) {
            return wrong;
        }
        assert!(begun.elapsed() < PATIENCE, "it never says {what}: {wrong:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A classroom kiosk whose folder lies on this volume, signed on.
async fn kiosk_on(world: &World, volume: &Volume, number: usize) -> (Heard, Room) {
    let data = world.enrol(number).await.unwrap();
    copied(&data, volume.at());
    let mut kiosk = world.switch_on(volume.at()).unwrap();
    kiosk.ask(json!({ "do": "wait", "for": "roster" })).await.unwrap();
    let room = world.rooms[number].clone();
    sign_on(&mut kiosk, &room).await.unwrap();
    (Heard::new(kiosk), room)
}

/// Taps that meet a disk which takes nothing: each is taken back, and said.
async fn refused(heard: &mut Heard, pupils: &[PupilId], why: &str) {
    let before = heard.saved.len();
    for pupil in pupils {
        heard.tap(*pupil).await;
    }
    assert_eq!(heard.saved.len(), before, "nothing was called saved");
    assert_eq!(heard.not_saved.len(), pupils.len());
    assert!(heard.not_saved.iter().all(|said| said.contains(why)), "{:?}", heard.not_saved);
    heard.not_saved.clear();
    let shown = screen(&mut heard.kiosk).await.unwrap();
    for (pupil, state, saved) in tiles(&shown) {
        assert!(!pupils.contains(&pupil) || (state == "blank" && !saved), "{pupil} shows {state}");
    }
    assert!(shown.to_string().contains("could not be saved"), "{shown}");
}

async fn full_kiosk(home: &Path, volume: Volume) -> Result<(), Trouble> {
    let mut world = World::make(home).await?;
    let (mut heard, room) = kiosk_on(&world, &volume, 0).await;
    let pupils = blank(&screen(&mut heard.kiosk).await?);
    for pupil in &pupils[..6] {
        heard.tap(*pupil).await;
    }
    assert_eq!(heard.saved.len(), 6);
    volume.fill()?;
    // The write-ahead log may have room for a few more inside what it has already.
    let mut rest = &pupils[6..];
    while heard.not_saved.is_empty() {
        heard.tap(rest[0]).await;
        rest = &rest[1..];
    }
    heard.not_saved.clear();
    refused(&mut heard, &rest[..4], "disk_full").await;
    // With room again, the same taps are saved, and the fault goes.
    volume.make_room()?;
    for pupil in &rest[..4] {
        heard.tap(*pupil).await;
    }
    assert!(heard.not_saved.is_empty() && heard.saved.len() >= 10);
    heard.ask(json!({ "do": "wait", "for": "synced" })).await;
    all_there(&world, &heard, &room).await;
    heard.kiosk.end().await?;
    world.kill_server().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_whose_disk_is_full_says_so_and_saves_nothing_it_cannot() {
    let home = tempfile::tempdir().unwrap();
    match Volume::tmpfs(&home.path().join("card"), 6 * 1024) {
        Ok(volume) => full_kiosk(home.path(), volume).await.unwrap(),
        Err(why) => skipped("a kiosk on a full disk", &why),
    }
}

async fn failing_kiosk(home: &Path, mut volume: Volume) -> Result<(), Trouble> {
    let mut world = World::make(home).await?;
    let (mut heard, room) = kiosk_on(&world, &volume, 0).await;
    let pupils = blank(&screen(&mut heard.kiosk).await?);
    heard.ask(json!({ "do": "network", "up": false })).await;
    for pupil in &pupils[..8] {
        heard.tap(*pupil).await;
    }
    assert_eq!(heard.saved.len(), 8);
    volume.fail()?;
    refused(&mut heard, &pupils[8..12], "disk").await;
    // The teacher is told on every screen, and what was saved is still shown.
    let shown = screen(&mut heard.kiosk).await?;
    assert_eq!(tiles(&shown).iter().filter(|tile| tile.1 == "present" && tile.2).count(), 8);
    heard.cut().await;
    // A program that is started on a card that takes nothing says so in words, and does not pretend.
    let dir = volume.at().to_string_lossy().into_owned();
    let said = run("rollbook-kiosk", &["--data", &dir, "run", "--headless"], &[], "").await.unwrap_err().to_string();
    assert!(said.contains("cannot use the folder") && said.contains("Read-only"), "{said}");
    volume.pull_and_mend()?;
    let mut again = Heard { kiosk: world.switch_on(volume.at())?, ..heard };
    sign_on(&mut again.kiosk, &room).await?;
    again.tap(pupils[8]).await;
    assert_eq!(again.saved.len(), 9);
    again.ask(json!({ "do": "wait", "for": "synced" })).await;
    all_there(&world, &again, &room).await;
    again.kiosk.end().await?;
    world.kill_server().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_whose_card_turns_read_only_says_so_and_goes_on_after() {
    let home = tempfile::tempdir().unwrap();
    match Volume::ext4(&home.path().join("card"), 24) {
        Ok(volume) => failing_kiosk(home.path(), volume).await.unwrap(),
        Err(why) => skipped("a kiosk on a card that turns read-only", &why),
    }
}

/// A server whose disk takes nothing for a while: kiosks keep, it answers, and afterwards everything arrives.
async fn bad_server(home: &Path, mut volume: Volume, fails: bool) -> Result<(), Trouble> {
    let mut world = World::make(home).await?;
    let data = world.enrol(0).await?;
    let room = world.rooms[0].clone();
    let mut kiosk = world.switch_on(&data)?;
    kiosk.ask(json!({ "do": "wait", "for": "roster" })).await?;
    sign_on(&mut kiosk, &room).await?;
    let mut heard = Heard::new(kiosk);
    let pupils = blank(&screen(&mut heard.kiosk).await?);
    for pupil in &pupils[..5] {
        heard.tap(*pupil).await;
    }
    heard.ask(json!({ "do": "wait", "for": "synced" })).await;
    if fails {
        volume.fail()?
    } else {
        volume.fill()?
    }
    for pupil in &pupils[5..15] {
        heard.tap(*pupil).await;
    }
    assert_eq!(heard.saved.len(), 15, "the kiosk's own disk is sound");
    heard.ask(json!({ "do": "wait", "for": "offline" })).await; // it has tried, and was refused
    assert!(!health(&world.server).await["wrong"].as_array().unwrap().is_empty());
    let status = heard.kiosk.ask(json!({ "do": "status" })).await?;
    assert!(status["unsent"].as_u64().unwrap() >= 10, "{status}");
    if fails {
        world.kill_server().await?;
        volume.pull_and_mend()?;
        world.restart_server().await?;
    } else {
        volume.make_room()?;
    }
    heard.ask(json!({ "do": "wait", "for": "synced" })).await;
    all_there(&world, &heard, &room).await;
    heard.kiosk.end().await?;
    world.kill_server().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_disk_is_full_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    match Volume::tmpfs(&home.path().join("server"), 96 * 1024) {
        Ok(volume) => bad_server(home.path(), volume, false).await.unwrap(),
        Err(why) => skipped("a server on a full disk", &why),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_disk_turns_read_only_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    match Volume::ext4(&home.path().join("server"), 128) {
        Ok(volume) => bad_server(home.path(), volume, true).await.unwrap(),
        Err(why) => skipped("a server on a disk that turns read-only", &why),
    }
}

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
    heard.ask(json!({ "do": "wait", "for": "synced" })).await;
    heard.ask(json!({ "do": "network", "up": false })).await;
    for pupil in &pupils[5..20] {
        heard.tap(*pupil).await;
    }
    assert_eq!(heard.saved.len(), 20);
    heard.kiosk.end().await.unwrap();
    spoil(&data.join("kiosk.db"));

    let mut again = world.switch_on(&data).unwrap();
    again.ask(json!({ "do": "wait", "for": "roster" })).await.unwrap();
    again.ask(json!({ "do": "wait", "for": "synced" })).await.unwrap();
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
    after.ask(json!({ "do": "wait", "for": "synced" })).await;
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
    heard.ask(json!({ "do": "wait", "for": "synced" })).await;
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
    heard.ask(json!({ "do": "wait", "for": "synced" })).await;
    all_there(&world, &heard, &room).await;
    heard.kiosk.end().await.unwrap();
    world.kill_server().await.unwrap();
}
