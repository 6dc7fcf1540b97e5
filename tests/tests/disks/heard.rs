//! A kiosk and what it has said, and the record that it is held against.

use rollbook_tests::demo::check::{FactRow, rows};
use rollbook_tests::demo::plan::Room;
use rollbook_tests::process::{Kiosk, PATIENCE, Server, http, run};
use rollbook_tests::small::{World, screen, sign_on, tiles};
use rollbook_tests::volume::Volume;
use serde_json::{Value, json};
use shared::id::PupilId;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

/// A kiosk, and what it has said.
pub struct Heard {
    pub kiosk: Kiosk,
    /// Called saved: log, number, pupil.
    pub saved: Vec<(String, u64, PupilId)>,
    /// Why something could not be saved, each time.
    pub not_saved: Vec<String>,
}

impl Heard {
    pub fn new(kiosk: Kiosk) -> Self {
        Self { kiosk, saved: Vec::new(), not_saved: Vec::new() }
    }

    pub fn listen(&mut self) {
        while let Ok(event) = self.kiosk.events.try_recv() {
            self.hear(&event);
        }
    }

    pub fn hear(&mut self, event: &Value) {
        match event["event"].as_str() {
            Some("saved") if event["kind"] == "marked" => {
                let pupil = event["pupil"].as_str().unwrap().parse().unwrap();
                self.saved.push((event["log"].as_str().unwrap().to_owned(), event["seq"].as_u64().unwrap(), pupil));
            }
            Some("not_saved") => self.not_saved.push(event["why"].to_string()),
            _ => {}
        }
    }

    pub async fn ask(&mut self, command: Value) {
        self.kiosk.ask(command).await.unwrap();
        self.listen();
    }

    /// One tap, and what the disk made of it.
    pub async fn tap(&mut self, pupil: PupilId) {
        self.ask(json!({ "do": "tap", "pupil": pupil })).await;
        self.ask(json!({ "do": "wait", "for": "idle" })).await;
    }

    /// Ends it as a pulled plug does, and hears it to the end.
    pub async fn cut(&mut self) {
        self.kiosk.kill().await.unwrap();
        while let Some(event) = self.kiosk.events.recv().await {
            self.hear(&event);
        }
    }
}

pub fn copied(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap().map(|f| f.unwrap()) {
        let there = to.join(file.file_name());
        std::fs::copy(file.path(), &there).unwrap();
        std::fs::File::open(there).unwrap().sync_all().unwrap(); // what the volume loses later must not be this
    }
    std::fs::File::open(to).unwrap().sync_all().unwrap();
}

/// What was called saved and is not in the record; and what stands there twice, or was tapped by nobody.
pub fn join(saved: &[(String, u64, PupilId)], room: &Room, exported: &str) -> (usize, Vec<String>) {
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
pub fn of_pupils(tapped: &BTreeSet<PupilId>, room: &Room, exported: &str) -> (usize, Vec<String>) {
    let facts = rows::<FactRow>(exported).unwrap().into_iter().filter(|f| f.room == room.name && f.kind == "marked");
    let mut recorded: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for fact in facts {
        recorded.entry(fact.pupil).or_default().insert((fact.first_log, fact.first_seq));
    }
    let missing = tapped.iter().filter(|pupil| !recorded.contains_key(&pupil.to_string())).count();
    let odd = recorded.iter().filter(|(pupil, all)| all.len() > 1 || !tapped.contains(&pupil.parse().unwrap()));
    (missing, odd.map(|(pupil, all)| format!("{pupil}: {all:?}")).collect())
}

pub async fn all_there(world: &World, heard: &Heard, room: &Room) {
    let exported = world.export("facts").await.unwrap();
    assert_eq!(join(&heard.saved, room, &exported), (0, Vec::new()));
    let dir = world.data().to_string_lossy().into_owned();
    let said = run("rollbook-server", &["--data", &dir, "check"], &[], "").await.unwrap();
    assert!(said.contains("sound") && !said.contains("wrong"), "{said}");
}

pub fn blank(shown: &Value) -> Vec<PupilId> {
    tiles(shown).into_iter().filter(|tile| tile.1 == "blank").map(|tile| tile.0).collect()
}

pub async fn health(server: &Server) -> Value {
    let answer = http().build().unwrap().get(format!("{}/health", server.office)).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    answer.json().await.unwrap()
}

/// The health page's sentences, once one of them says this.
pub async fn health_says(server: &Server, what: &str) -> Vec<String> {
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
pub async fn kiosk_on(world: &World, volume: &Volume, number: usize) -> (Heard, Room) {
    let data = world.enrol(number).await.unwrap();
    copied(&data, volume.at());
    let mut kiosk = world.switch_on(volume.at()).unwrap();
    kiosk.ask(json!({ "do": "wait", "for": "roster" })).await.unwrap();
    let room = world.rooms[number].clone();
    sign_on(&mut kiosk, &room).await.unwrap();
    (Heard::new(kiosk), room)
}

/// Taps that meet a disk which takes nothing: each is taken back, and said.
pub async fn refused(heard: &mut Heard, pupils: &[PupilId], why: &str) {
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
