//! The drill: the server burns, and comes back on an empty machine from yesterday's backup and the key on paper.
//!
//! Real programs throughout. Kiosks stay as they are and fill the record again; what the office did in the lost hours comes
//! back from what they carry sealed; a kiosk that was enrolled after the backup is enrolled again and has lost nothing.
//!
//! Must never: help the restored server with anything but the backup and the paper.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // a look into the server's file; what cannot be unwrapped fails

use rollbook_tests::browser::{Driver, Eyes};
use rollbook_tests::demo::check::{FactRow, MarkRow, rows};
use rollbook_tests::demo::school::enrol;
use rollbook_tests::office::{Office, Page};
use rollbook_tests::process::{Kiosk, PATIENCE, run};
use rollbook_tests::small::{DATE, World, screen, sign_on, tiles};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Asks until the answer is yes.
macro_rules! until {
    ($what:expr, $ask:expr) => {{
        let begun = Instant::now();
        loop {
            if let Some(found) = $ask {
                break found;
            }
            assert!(begun.elapsed() < PATIENCE, "it never came to this: {}", $what);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }};
}

async fn server(world: &World, data: &Path, args: &[&str], input: &str) -> String {
    let dir = data.to_string_lossy().into_owned();
    let all: Vec<&str> = ["--data", dir.as_str()].into_iter().chain(args.iter().copied()).collect();
    run("rollbook-server", &all, &[("ROLLBOOK_CLOCK", world.clock.spec(None))], input).await.unwrap()
}

/// What a kiosk's store holds, beside the running kiosk.
async fn status(kiosk: &Path) -> Value {
    let out = run("rollbook-kiosk", &["--data", kiosk.to_str().unwrap(), "status", "--json"], &[], "").await.unwrap();
    serde_json::from_str(&out).unwrap()
}

/// The end of the school's own log.
fn own_head(data: &Path) -> u64 {
    look(data, "SELECT head_seq FROM log WHERE kiosk IS NULL ORDER BY id DESC LIMIT 1")
}

/// The end of the feed.
fn feed_head(data: &Path) -> u64 {
    look(data, "SELECT max(seq) FROM feed")
}

fn look(data: &Path, sql: &str) -> u64 {
    let file = std::fs::read_dir(data.join("schools")).unwrap().map(|e| e.unwrap().path());
    let file = file.into_iter().find(|path| path.extension().is_some_and(|e| e == "db")).unwrap();
    let c = rusqlite::Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    c.query_row(sql, [], |r| r.get(0)).unwrap()
}

async fn marks(world: &World) -> BTreeMap<(String, String), String> {
    let found: Vec<MarkRow> = rows(&world.export("marks").await.unwrap()).unwrap();
    found.into_iter().filter(|m| !m.code.is_empty()).map(|m| ((m.pupil, m.half), m.code)).collect()
}

/// What people did at kiosks: each fact once (equal identities are one fact), as room, kind, pupil and word.
async fn facts(world: &World) -> Vec<[String; 4]> {
    let found: Vec<FactRow> = rows(&world.export("facts").await.unwrap()).unwrap();
    let by_people = found.into_iter().filter(|f| ["marked", "came_late", "submitted"].contains(&f.kind.as_str()));
    let mut once = BTreeMap::new();
    for fact in by_people {
        assert_eq!(fact.held, "0", "{fact:?}");
        let said = [fact.room, fact.kind, fact.pupil, fact.mark];
        once.insert((fact.first_log, fact.first_seq), said);
    }
    let mut all: Vec<_> = once.into_values().collect();
    all.sort();
    all
}

async fn office_of(world: &World, role: &str) -> Office {
    let user = world.user(role).unwrap();
    let mut office = Office::open(&world.server.office).unwrap();
    office.log_in(&user.username, &user.password).await.unwrap();
    office
}

async fn send(office: &mut Office, path: &str, fields: &[(&str, &str)]) -> Page {
    let token = office.get("/today").await.unwrap().token().unwrap();
    let page = office.post(path, &token, fields).await.unwrap();
    assert!(page.status.is_success(), "{path}: {} {}", page.status, page.text);
    page
}

/// The two pages as a person sees them: pictures, open to everybody, and nothing cut off.
async fn seen_in_a_browser(world: &World, home: &Path, name: &str) {
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(&axe).unwrap_or_else(|e| panic!("{}: {e}: run `make assets`", axe.display()));
    let driver = Driver::start().await.unwrap();
    let user = world.user("office").unwrap();
    for (who, eyes) in [("office", Eyes::OFFICE), ("narrow", Eyes { narrow: Some(390), ..Eyes::OFFICE })] {
        let page = driver.open(&home.join(format!("{name}-{who}")), eyes, &world.server.office).await.unwrap();
        page.log_in(&user.username, &user.password).await.unwrap();
        for path in ["today", "restored"] {
            page.go(&format!("/{path}")).await.unwrap();
            page.picture(&format!("{name}_{path}_{who}")).await.unwrap();
            assert_eq!(page.violations(&axe).await.unwrap(), Vec::<String>::new(), "{name} {path}");
            assert_eq!(page.too_wide().await.unwrap(), Vec::<String>::new(), "{name} {path}");
        }
        page.close().await.unwrap();
    }
}

/// A kiosk that is on, with its room.
struct Seat {
    room: usize,
    data: PathBuf,
    kiosk: Kiosk,
}

impl Seat {
    async fn new(world: &World, room: usize) -> Self {
        let data = world.enrol(room).await.unwrap();
        let mut kiosk = world.switch_on(&data).unwrap();
        kiosk.ask(json!({ "do": "wait", "for": "roster" })).await.unwrap();
        Self { room, data, kiosk }
    }
    /// Marks tiles from one place on to another, and says whom.
    async fn mark(&mut self, world: &World, from: usize, until: usize, wanted: &str) -> Vec<String> {
        let shown = sign_on(&mut self.kiosk, &world.rooms[self.room]).await.unwrap();
        let all = tiles(&shown);
        let mut marked = Vec::new();
        for (pupil, ..) in &all[from..until.min(all.len())] {
            self.kiosk.ask(json!({ "do": "mark", "pupil": pupil, "as": wanted })).await.unwrap();
            marked.push(pupil.to_string());
        }
        marked
    }
    async fn submit(&mut self) {
        self.kiosk.ask(json!({ "do": "rest_present" })).await.unwrap();
        self.kiosk.ask(json!({ "do": "submit" })).await.unwrap();
    }
    async fn synced(&mut self) {
        self.kiosk.ask(json!({ "do": "wait", "for": "synced" })).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::too_many_lines)] // one story, told in its order
async fn the_server_burns_and_everything_comes_back() {
    let home = tempfile::tempdir().unwrap();
    let mut world = World::make(home.path()).await.unwrap();
    let data = home.path().join("server");
    let paper = server(&world, &data, &["recovery-key", "new"], "").await;
    let key = paper.lines().map(str::trim).find(|line| line.starts_with("AGE-SECRET-KEY-1")).unwrap().to_owned();

    // Before the backup: a register is begun, reception looks on.
    let (mut first, mut second) = (Seat::new(&world, 0).await, Seat::new(&world, 1).await);
    let mut it = office_of(&world, "it").await;
    let desk = home.path().join("kiosk-desk");
    let spec = world.clock.spec(None);
    enrol(&world.server, &mut it, &desk, spec, "Reception", "reception", &[]).await.unwrap();
    let mut desk_kiosk = world.switch_on(&desk).unwrap();
    desk_kiosk.ask(json!({ "do": "wait", "for": "roster" })).await.unwrap();
    first.mark(&world, 0, 6, "present").await;
    first.synced().await;

    // Yesterday's backup, while serving. The places here are folders of one disk: somebody says that this one is elsewhere.
    let place = home.path().join("usb");
    std::fs::create_dir(&place).unwrap();
    let said = server(&world, &data, &["backup", place.to_str().unwrap(), "--elsewhere"], "").await;
    assert!(said.contains("read back") && said.contains("sealed"), "{said}");
    let backup = std::fs::read_dir(&place).unwrap().next().unwrap().unwrap().path();

    // The lost hours. Kiosks take registers; a kiosk is enrolled; the office amends, takes a call, adds cover staff.
    first.mark(&world, 6, 9, "absent").await;
    first.submit().await;
    second.mark(&world, 0, 2, "absent").await;
    second.submit().await;
    let mut third = Seat::new(&world, 2).await;
    let seen = third.mark(&world, 0, 3, "present").await;
    third.submit().await;
    for seat in [&mut first, &mut second, &mut third] {
        seat.synced().await;
    }
    let mut office = office_of(&world, "office").await;
    let (amended, called) = (world.rooms[0].pupils[7].id, world.rooms[1].pupils[10].id);
    let form = office.get(&format!("/amend/{amended}/{DATE}-am")).await.unwrap();
    let seen_facts = form.value_of("seen").unwrap();
    let fields = [("code", "M"), ("reason", "Dentist, letter seen"), ("seen", seen_facts.as_str())];
    send(&mut office, &format!("/amend/{amended}/{DATE}-am"), &fields).await;
    let plan = [
        ("code", "I"),
        ("told_by", "Mother"),
        ("said", "has a temperature"),
        ("from_date", DATE),
        ("from_half", "pm"),
        ("until_date", DATE),
        ("until_half", "pm"),
    ];
    send(&mut office, &format!("/absence/{called}/{DATE}-pm"), &plan).await;
    server(&world, &data, &["staff", "add", "--name", "Mr Lowe", "--position", "cover teacher"], "").await;

    // Every kiosk carries all of that, sealed, and none can read it.
    let end = own_head(&data);
    for kiosk in [&first.data, &second.data, &desk] {
        until!("the tail is carried", (status(kiosk).await["carried"] == end).then_some(()));
        let bytes = ["kiosk.db", "kiosk.db-wal"].map(|f| std::fs::read(kiosk.join(f)).unwrap_or_default()).concat();
        assert!(!bytes.windows(7).any(|w| w == b"Dentist"), "a kiosk can read what the office wrote");
    }
    // Reception was shown the marks of the room whose kiosk is new: it has read as far as the feed goes.
    desk_kiosk.ask(json!({ "do": "wait", "for": "synced" })).await.unwrap();
    let feed = feed_head(&data);
    until!("reception has read the feed", (status(&desk).await["cursor"].as_u64() >= Some(feed)).then_some(()));
    let (marks_then, facts_then) = (marks(&world).await, facts(&world).await);
    assert_eq!(marks_then.get(&(amended.to_string(), "am".to_owned())).map(String::as_str), Some("M"));

    // It burns. One kiosk is switched off meanwhile; the others stay as they are.
    second.kiosk.kill().await.unwrap();
    world.kill_server().await.unwrap();
    std::fs::rename(&data, home.path().join("ashes")).unwrap();
    let by = ["restore", backup.to_str().unwrap(), "--into", data.to_str().unwrap(), "--by", "Ida Tech"];
    let typed = key.to_lowercase().replace(' ', "  ");
    let said = server(&world, &data, &by, &typed).await;
    assert!(said.contains("keys are back"), "{said}");
    world.restart_server().await.unwrap();

    // While a kiosk has not spoken, the marks since the backup are provisional and nobody is called.
    let mut office = office_of(&world, "office").await;
    let today = office.get("/today").await.unwrap();
    assert!(
        today.text.contains("Call nobody about them yet") && today.text.contains("Call nobody yet"),
        "{}",
        today.text
    );
    first.synced().await;
    let page = until!("the first kiosk has sent all", {
        let page = office.get("/restored").await.unwrap();
        page.text.contains("has sent all").then_some(page)
    });
    assert!(page.text.contains("not yet"), "the one that is off is waited for");
    let register = office.get(&format!("/register/{}/{DATE}-am", world.rooms[0].class)).await.unwrap();
    assert!(register.text.contains(">provisional<"), "marks are shown as provisional");

    // The kiosk that was enrolled after the backup shows a code; so does the list. Until it is typed, reception's memory of
    // that room's marks stands against an empty register.
    let shown = until!("a code on the new kiosk's screen", {
        let shown = screen(&mut third.kiosk).await.unwrap();
        let code = shown["code"].as_str().is_some_and(|code| !code.is_empty());
        (shown["screen"] == "not_enrolled" && code).then_some(shown)
    });
    let differs = until!("what reception was shown is on the list", {
        let page = office.get("/restored").await.unwrap();
        page.text.contains(&format!("#p{}", seen[0])).then_some(page)
    });
    assert!(differs.text.contains("no mark") && differs.text.contains("Reception"), "{}", differs.text);
    assert!(differs.text.contains(&format!("The kiosk {} was enrolled", world.rooms[2].name)), "{}", differs.text);
    seen_in_a_browser(&world, home.path(), "restore").await;
    let mut it = office_of(&world, "it").await;
    let classes = [world.rooms[2].class.to_string()];
    let text = |field: &str| shown[field].as_str().unwrap().to_owned();
    it.enrol(&text("code"), &text("check_word"), &world.rooms[2].name, "classroom", &classes).await.unwrap();
    until!(
        "the new kiosk is itself again",
        (screen(&mut third.kiosk).await.unwrap()["screen"] != "not_enrolled").then_some(())
    );
    third.synced().await;

    // The last one is switched on again, and has nothing to do but send.
    second.kiosk = world.switch_on(&second.data).unwrap();
    second.synced().await;
    let page = until!("everybody has spoken", {
        let page = office.get("/restored").await.unwrap();
        (!page.text.contains(">not yet<")).then_some(page)
    });
    assert!(!office.get("/today").await.unwrap().text.contains("Call nobody"), "calls go on");
    assert!(!page.text.contains("Another past") && !page.text.contains("missing</span>"), "{}", page.text);

    // Every fact is there once; every mark stands as it stood; what the office did is there, once and in its order.
    let facts_now = until!("all facts are back", {
        let now = facts(&world).await;
        (now.len() >= facts_then.len()).then_some(now)
    });
    assert_eq!(facts_now, facts_then);
    assert_eq!(marks(&world).await, marks_then);
    let staff = server(&world, &data, &["staff", "list"], "").await;
    assert_eq!(staff.matches("Mr Lowe").count(), 1, "{staff}");
    let history = server(&world, &data, &["export", "marks", "--history", "--date", DATE], "").await;
    assert_eq!(history.matches("Dentist, letter seen").count(), 1, "{history}");
    let sound = server(&world, &data, &["check"], "").await;
    assert!(sound.contains("sound"), "{sound}");

    // Nothing differs any more; the office is done, and the recovery key is gone from the machine.
    let page = office.get("/restored").await.unwrap();
    assert!(page.text.contains("None: what the kiosks were shown"), "{}", page.text);
    let page = send(&mut office, "/restored/done", &[]).await;
    assert!(page.text.contains("There is nothing to do"), "{}", page.text);
    world.server.stop().await.unwrap();
    let secret = key.replace(' ', "");
    let trust = std::fs::read(data.join("trust.db")).unwrap();
    assert!(!trust.windows(secret.len()).any(|w| w == secret.as_bytes()), "the key is still on the machine");
}
