//! Trusted time from end to end: a real kiosk (core, store, exchange) on loopback TLS to a real server, on clocks whose
//! hands the test moves. Booted in 1970 without a network; rebooted before it met the server.
//!
//! Must never: look at the machine's own clock, but for patience.
#![allow(clippy::unwrap_used)]

use kiosk::core::{Msg, Screen};
use kiosk::hub::{Front, Hub, HubHandle, State};
use kiosk::store::Store;
use rusqlite::params;
use server::state::App;
use server::store::{School, Stores};
use shared::act::{Act, Officer};
use shared::calendar::{Calendar, SessionKey};
use shared::codes::Code;
use shared::id::{BootId, ClassId, PlanId, PupilId, StaffId};
use shared::register::{Answer, MarkKey, QuestionKey};
use shared::sim::Dial;
use shared::text::{Name, Remark, Text};
use shared::wire::v1::Mode;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

const PATIENCE: Duration = Duration::from_secs(60);
/// Midnight before Monday 23 November 2026, UTC.
const MIDNIGHT: i64 = 1_795_392_000_000;
const CLASS: ClassId = ClassId::from_bytes([3; 16]);
const STAFF: StaffId = StaffId::from_bytes([5; 16]);
const CARD: &str = "0004711";
/// The card of pupil 4.
const PUPILS_CARD: &str = "0008150";

fn at(hour: i64, minute: i64) -> i64 {
    MIDNIGHT + (hour * 60 + minute) * 60_000
}
fn pupil(n: u8) -> PupilId {
    PupilId::from_bytes([n; 16])
}
fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}
fn session() -> SessionKey {
    "2026-11-23-am".parse().unwrap()
}
fn office() -> Officer {
    Officer::Person { name: name("Sam Okoro"), position: name("office manager") }
}

struct World {
    app: App,
    school: Arc<School>,
    hands: Arc<Dial>,
    /// The cable: false is cut.
    cable: watch::Sender<bool>,
    address: String,
    runtime: tokio::runtime::Runtime,
    _stopping: watch::Sender<bool>,
    _folder: tempfile::TempDir,
}

fn world() -> World {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let hands = Arc::new(Dial::default());
    hands.synchronised.store(true, Ordering::Relaxed);
    hands.wall.store(at(8, 30), Ordering::Relaxed);
    let stores = Stores::open(folder.path(), server::clock::Clock::by_hand(Arc::clone(&hands))).unwrap();
    let calendar = Calendar::sample_primary(2026).unwrap();
    let school = server::school::add(&stores, "elm", "Elm Primary", &calendar, "A, head, 2026-09-01").unwrap();
    let now = stores.clock().now();
    school
        .write_now(move |tx| {
            tx.execute("INSERT INTO class(id, name, year) VALUES (?1, '3 Willow', 'Year 3')", [CLASS.as_bytes()])?;
            tx.execute(
                "INSERT INTO staff(id, name, position) VALUES (?1, 'Ms Patel', 'class teacher')",
                [STAFF.as_bytes()],
            )?;
            tx.execute("INSERT INTO staff_class VALUES (?1, ?2)", params![STAFF.as_bytes(), CLASS.as_bytes()])?;
            let key = server::school::setting(tx, "card_key")?.unwrap();
            let hash = kiosk::cards::CardNumber::new(CARD).unwrap().keyed_hash(&key).unwrap();
            tx.execute(
                "INSERT INTO card(hash, staff, bound_at) VALUES (?1, ?2, 0)",
                params![hash.as_str(), STAFF.as_bytes()],
            )?;
            let hash = kiosk::cards::CardNumber::new(PUPILS_CARD).unwrap().keyed_hash(&key).unwrap();
            for n in 1..=5_u8 {
                let id = pupil(n);
                tx.execute(
                    "INSERT INTO pupil(id, first, last) VALUES (?1, ?2, 'Test')",
                    params![id.as_bytes(), format!("P{n}")],
                )?;
                tx.execute("INSERT INTO enrolment(pupil, joined_on) VALUES (?1, '2026-09-01')", [id.as_bytes()])?;
                tx.execute(
                    "INSERT INTO membership(pupil, class, from_on) VALUES (?1, ?2, '2026-09-01')",
                    params![id.as_bytes(), CLASS.as_bytes()],
                )?;
            }
            tx.execute(
                "INSERT INTO card(hash, pupil, bound_at) VALUES (?1, ?2, 0)",
                params![hash.as_str(), pupil(4).as_bytes()],
            )?;
            server::feed::refresh_roster(tx, now)
        })
        .unwrap();
    let identity = server::tls::identity(folder.path()).unwrap();
    let (stopping, stop) = watch::channel(false);
    let app = App::new(stores, identity.pin, stop);
    let routes = server::sync::routes().merge(server::enrol::routes()).with_state(app.clone());
    let guard = runtime.enter();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let behind = listener.local_addr().unwrap();
    let tls = axum_server::tls_rustls::RustlsConfig::from_config(identity.config);
    let serving = axum_server::from_tcp_rustls(listener, tls).unwrap();
    runtime.spawn(serving.serve(routes.into_make_service_with_connect_info::<std::net::SocketAddr>()));
    let (cable, plugged) = watch::channel(true);
    let front = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    front.set_nonblocking(true).unwrap();
    let address = format!("https://{}", front.local_addr().unwrap());
    runtime.spawn(carry(TcpListener::from_std(front).unwrap(), behind, plugged));
    drop(guard);
    World { app, school, hands, cable, address, runtime, _stopping: stopping, _folder: folder }
}

/// A cable that can be pulled out: what runs over it then is cut too.
async fn carry(front: TcpListener, behind: std::net::SocketAddr, plugged: watch::Receiver<bool>) {
    while let Ok((mut from, _)) = front.accept().await {
        let mut plugged = plugged.clone();
        tokio::spawn(async move {
            if !*plugged.borrow() {
                return;
            }
            let Ok(mut to) = TcpStream::connect(behind).await else { return };
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut from, &mut to) => {}
                _ = plugged.wait_for(|in_| !in_) => {}
            }
        });
    }
}

impl World {
    /// Both clocks of the server move on together: nobody set it.
    fn set(&self, to: i64) {
        self.hands.mono.store(to - at(8, 30), Ordering::Relaxed);
        self.hands.wall.store(to, Ordering::Relaxed);
    }
    fn close(&self) {
        let now = self.app.clock.now();
        self.school.write_now(move |tx| server::jobs::close_due(tx, now)).unwrap();
    }
    fn act(&self, act: Act) {
        let now = self.app.clock.now();
        self.school.write_now(move |tx| server::record::act(tx, now, &office(), act)).unwrap();
    }

    async fn enrolled(&self, dir: &Path, mode: Mode) {
        let store = Store::open(dir).unwrap();
        let (tell, told) = tokio::sync::oneshot::channel();
        let mut tell = Some(tell);
        let address = self.address.clone();
        let kiosk = tokio::spawn(async move {
            let shown = move |step| {
                if let (kiosk::enrol::Step::Code { code, .. }, Some(tell)) = (step, tell.take()) {
                    tell.send(code).unwrap();
                }
            };
            let door = kiosk::enrol::Door::from(address);
            kiosk::enrol::enrol(&store, kiosk::clock::Clock::new(None).unwrap(), &door, shown).await.unwrap()
        });
        let code = told.await.unwrap();
        while server::enrol::waiting(&self.app, &code).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
        let grant = server::enrol::Grant {
            school: self.school.id(),
            room: name("Room 7"),
            mode,
            classes: if mode == Mode::Classroom { vec![CLASS] } else { Vec::new() },
            by: office(),
        };
        server::enrol::grant(&self.app, &code, grant).await.unwrap();
        kiosk.await.unwrap();
    }

    /// One line of text from the record.
    fn text(&self, sql: &'static str, n: u8) -> String {
        self.school
            .read_now(|tx| Ok(tx.query_row(sql, [pupil(n).as_bytes()], |r| r.get::<_, Option<String>>(0))?))
            .unwrap()
            .unwrap_or_default()
    }
    fn count(&self, sql: &'static str) -> i64 {
        self.school.read_now(|tx| Ok(tx.query_row(sql, [], |r| r.get(0))?)).unwrap()
    }
    fn code(&self, n: u8) -> String {
        self.text("SELECT max(code) FROM mark WHERE pupil = ?1", n)
    }
    fn history(&self, n: u8) -> String {
        self.text(
            "SELECT group_concat(ifnull(original, '-') || '>' || ifnull(code, '-') || ' ' || reason || ' [' || by_name || ', '
                || by_position || ']', ' | ') FROM (SELECT * FROM entry WHERE pupil = ?1 ORDER BY id)",
            n,
        )
    }
    /// The office looks at the one question that is open, and clicks one of the answers that its page offers.
    fn click(&self, answer: Answer) {
        let (now, answer) = (self.app.clock.now(), Remark::new(answer.word()).unwrap());
        let settled = self.school.write_now(move |tx| {
            let key: String = tx.query_row("SELECT key FROM question", [], |r| r.get(0))?;
            let question: QuestionKey = serde_json::from_str(&key).unwrap();
            assert!(question.kind.answers().iter().any(|offered| offered.word() == answer.as_str()), "{question:?}");
            // What the page shows with it: everything about each pupil that raises it.
            let mut raising = tx.prepare("SELECT pupil FROM raised WHERE key = ?1 ORDER BY pupil")?;
            let raising: Vec<[u8; 16]> = raising.query_map([&key], |r| r.get(0))?.collect::<Result<_, _>>()?;
            let of_register = raising.into_iter().map(PupilId::from_bytes);
            let mut seen = Vec::new();
            for pupil in question.pupil.into_iter().chain(of_register) {
                seen.extend(server::record::seen(tx, MarkKey { pupil, session: question.session })?);
            }
            seen.sort_unstable();
            seen.dedup();
            server::record::act(tx, now, &office(), Act::Settled { question, answer, seen })
        });
        settled.unwrap();
    }
    fn questions(&self) -> Vec<String> {
        self.school
            .read_now(|tx| {
                let mut all = tx.prepare("SELECT kind FROM question ORDER BY kind")?;
                Ok(all.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?)
            })
            .unwrap()
    }
}

/// The machine is switched on: its own clock begins to count, and shows what it believes.
fn boots(dir: &Path, n: u8, wall: i64) -> (Hub, &'static Dial) {
    let hands: &'static Dial = Box::leak(Box::default());
    hands.wall.store(wall, Ordering::Relaxed);
    hands.mono.store(1_000, Ordering::Relaxed);
    let by_hand = kiosk::clock::Clock::by_hand(BootId::from_bytes([n; 16]), hands);
    (Hub::start(Store::open(dir).unwrap(), by_hand, None, Front::none()).unwrap(), hands)
}

fn pass(hands: &Dial, minutes: i64) {
    hands.mono.fetch_add(minutes * 60_000, Ordering::Relaxed);
    hands.wall.fetch_add(minutes * 60_000, Ordering::Relaxed);
}

fn wait(kiosk: &HubHandle, what: &'static str, holds: impl Fn(&State) -> bool) -> State {
    kiosk.wait(PATIENCE, holds).unwrap_or_else(|stuck| panic!("never {what}: {stuck:?}"))
}

/// The clock as the screen shows it.
fn clock(state: &State) -> &str {
    match state.screen.as_ref() {
        Some(Screen::Register(s)) => &s.bar.clock,
        Some(Screen::Submitted(s)) => &s.bar.clock,
        Some(Screen::ChooseRegister(s)) => &s.bar.clock,
        Some(Screen::SignOn(s)) => &s.bar.clock,
        _ => "",
    }
}

/// Signs on by card and opens the morning's register, which the screen has to ask for.
fn open_register(kiosk: &HubHandle) {
    wait(
        kiosk,
        "at its first screen",
        |s| matches!(&s.screen, Some(Screen::SignOn(screen)) if !screen.staff.is_empty()),
    );
    kiosk.send(Msg::Card { number: kiosk::core::CardNumber(Text::new(CARD).unwrap()) });
    let asked = wait(kiosk, "asking which session it is", |s| matches!(s.screen, Some(Screen::ChooseRegister(_))));
    assert!(clock(&asked).starts_with('≈'), "{asked:?}");
    kiosk.send(Msg::PickRegister { class: CLASS, session: session() });
    wait(kiosk, "at the register", |s| matches!(s.screen, Some(Screen::Register(_))));
}

/// A kiosk with its roster, switched off.
fn had_a_roster(world: &World, dir: &Path) {
    had_a_roster_as(world, dir, Mode::Classroom);
}

fn had_a_roster_as(world: &World, dir: &Path, mode: Mode) {
    world.runtime.block_on(world.enrolled(dir, mode));
    let (hub, _) = boots(dir, 1, at(8, 30));
    wait(&hub.handle(), "synced", |s| s.is_synced() && s.mode.is_some());
}

#[test]
fn a_morning_of_1970_is_dated_rightly_at_three_in_the_afternoon() {
    let world = world();
    let dir = tempfile::tempdir().unwrap();
    had_a_roster(&world, dir.path());
    let plan = Act::Planned {
        plan: PlanId::from_bytes([8; 16]),
        pupil: pupil(5),
        from: session(),
        until: session(),
        code: Code::M,
        detail: None,
        reason: Remark::new("Mum: dentist").unwrap(),
    };
    world.act(plan);
    world.cable.send_replace(false);
    // 08:40: power on, no network, the clock says midnight of 1 January 1970.
    let (hub, hands) = boots(dir.path(), 2, 0);
    let kiosk = hub.handle();
    pass(hands, 17); // 08:57
    open_register(&kiosk);
    for n in 1..=5 {
        kiosk.send(Msg::Tap { pupil: pupil(n) });
    }
    kiosk.send(Msg::Tap { pupil: pupil(3) }); // absent
    kiosk.send(Msg::Submit);
    let state = wait(&kiosk, "saved", |s| s.is_idle() && matches!(s.screen, Some(Screen::Submitted(_))));
    assert!(clock(&state).starts_with('≈') && state.unsent >= 7, "{state:?}");
    // The server closes the register without it; the office has one call, and writes down what it was told.
    world.set(at(9, 20));
    world.close();
    assert_eq!(world.count("SELECT count(*) FROM register WHERE state = 'missing'"), 1);
    assert_eq!(world.code(5), "M");
    world.set(at(10, 0));
    world.act(Act::Amended {
        pupil: pupil(4),
        session: session(),
        code: Some(Code::I),
        minutes: None,
        detail: None,
        reason: Remark::new("Dad rang: ill").unwrap(),
        seen: Vec::new(),
    });
    // 15:00: the cable is back.
    world.set(at(15, 0) + 30_000);
    pass(hands, 6 * 60 + 3);
    world.cable.send_replace(true);
    kiosk.network(false);
    kiosk.network(true);
    let state = wait(&kiosk, "synced", State::is_synced);
    assert!(!clock(&state).starts_with('≈'), "{state:?}");

    let codes: Vec<String> = (1..=5).map(|n| world.code(n)).collect();
    assert_eq!(codes, ["/", "/", "N", "I", "/"]);
    assert_eq!(world.count("SELECT count(*) FROM mark WHERE provisional = 1"), 0);
    let late = "received late from kiosk Room 7, taken 08:57";
    assert_eq!(world.history(1), format!("->/ {late} [Ms Patel, class teacher]"));
    let plan = world.history(5);
    assert!(
        plan.ends_with(&format!("| M>/ {late} [Ms Patel, class teacher]")),
        "a changed entry, with its reason: {plan}"
    );
    assert!(world.history(4).starts_with("->I Dad rang: ill [Sam Okoro, office manager]"), "{}", world.history(4));
    assert_eq!(world.questions(), ["disagrees"], "the office said ill, the class saw a child");
    let (from, until) = world
        .school
        .read_now(|tx| {
            Ok(tx.query_row(
                "SELECT happened_from, happened_until FROM entry WHERE pupil = ?1",
                [pupil(1).as_bytes()],
                |r| Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?)),
            )?)
        })
        .unwrap();
    let tapped = at(8, 57) + 30_000; // by the hands that the test moved
    assert!((from..=until).contains(&tapped) && until - from < 10_000, "{from} to {until}, tapped {tapped}");
    assert_eq!(world.count("SELECT count(*) FROM register WHERE state = 'submitted'"), 1);
    let found = server::check::school_file(world.school.path(), world.school.id(), world.app.clock.now());
    assert_eq!((found.wrong, found.doubts), (Vec::new(), Vec::new()));
}

#[test]
fn rebooted_before_it_met_the_server_gives_intervals_and_questions_and_never_u() {
    let world = world();
    let dir = tempfile::tempdir().unwrap();
    had_a_roster(&world, dir.path());
    world.cable.send_replace(false);
    let (hub, hands) = boots(dir.path(), 2, 0);
    let kiosk = hub.handle();
    pass(hands, 5);
    open_register(&kiosk);
    for n in [1, 2, 3, 3] {
        kiosk.send(Msg::Tap { pupil: pupil(n) });
    }
    kiosk.send(Msg::Tap { pupil: pupil(3) }); // absent: came late, or my mistake?
    kiosk.send(Msg::Late { pupil: pupil(3) });
    kiosk.send(Msg::Submit);
    wait(&kiosk, "saved", |s| s.is_idle() && matches!(s.screen, Some(Screen::Submitted(_) | Screen::Register(_))));
    drop(hub); // the power goes
    world.set(at(9, 20));
    world.close();
    world.set(at(10, 0));
    world.cable.send_replace(true);
    let (hub, _) = boots(dir.path(), 3, 0);
    wait(&hub.handle(), "synced", State::is_synced);
    assert_eq!((world.code(1).as_str(), world.code(2).as_str()), ("/", "/"));
    assert_eq!(world.count("SELECT count(*) FROM entry WHERE code = 'U'"), 0, "never U");
    assert!(world.count("SELECT count(*) FROM mark WHERE provisional = 1") >= 2, "until somebody says so");
    let asked = world.questions();
    assert!(!asked.is_empty() && asked.len() <= 2 && asked.iter().all(|kind| kind == "unsure_time"), "{asked:?}");
    let wide = world
        .count("SELECT min(happened_until - happened_from) FROM entry WHERE basis_seq IS NOT NULL AND provisional = 1");
    assert!(wide > 3_600_000, "from the last moment known to the next: {wide} ms");
    // The office asks Ms Patel, and one click is enough for the whole register.
    let before = world.history(1);
    world.click(Answer::Stands);
    assert_eq!(world.questions(), Vec::<String>::new());
    assert_eq!((world.history(1), world.code(1).as_str()), (before, "/"));
    let found = server::check::school_file(world.school.path(), world.school.id(), world.app.clock.now());
    assert_eq!((found.wrong, found.doubts), (Vec::new(), Vec::new()));
}

/// The token and the key are all that is needed: no date in a certificate is looked at.
#[test]
fn tls_survives_a_clock_of_1970() {
    let world = world();
    let dir = tempfile::tempdir().unwrap();
    had_a_roster(&world, dir.path());
    let (hub, _) = boots(dir.path(), 2, -1_000_000);
    wait(&hub.handle(), "synced before 1970", State::is_synced);
}

#[test]
fn an_arrival_of_which_nobody_knows_the_time_is_one_question_and_one_click_with_its_reason() {
    let world = world();
    let dir = tempfile::tempdir().unwrap();
    had_a_roster_as(&world, dir.path(), Mode::Reception);
    world.cable.send_replace(false);
    let (hub, hands) = boots(dir.path(), 2, 0);
    let kiosk = hub.handle();
    wait(&kiosk, "at its first screen", |s| s.mode == Some(Mode::Reception) && s.screen.is_some());
    pass(hands, 35);
    kiosk.send(Msg::Card { number: kiosk::core::CardNumber(Text::new(PUPILS_CARD).unwrap()) });
    let state = wait(&kiosk, "saved", |s| s.is_idle() && s.unsent >= 2);
    assert!(!state.trusted, "{state:?}");
    drop(hub); // the power goes
    world.set(at(9, 20));
    world.close();
    world.set(at(10, 0));
    world.cable.send_replace(true);
    let (hub, _) = boots(dir.path(), 3, 0);
    wait(&hub.handle(), "synced", State::is_synced);
    assert_eq!(world.count("SELECT count(*) FROM entry WHERE code = 'U'"), 0, "never U");
    assert_eq!(world.questions(), ["unsure_time"], "one, for the arrival");
    world.click(Answer::Late);
    assert_eq!((world.code(4).as_str(), world.questions()), ("L", Vec::new()));
    let history = world.history(4);
    assert!(
        history.ends_with(">L question settled: late [Sam Okoro, office manager]"),
        "what was clicked, and who: {history}"
    );
    assert_eq!(world.count("SELECT count(*) FROM mark WHERE provisional = 1"), 0);
    let found = server::check::school_file(world.school.path(), world.school.id(), world.app.clock.now());
    assert_eq!((found.wrong, found.doubts), (Vec::new(), Vec::new()));
}

/// The server's machine came up without its time service, an hour slow. It says so, and what it takes for the time dates
/// nothing; when it knows the time, the morning is dated, and the question is gone without anybody.
#[test]
fn a_question_settles_itself_when_the_time_becomes_known() {
    let world = world();
    let dir = tempfile::tempdir().unwrap();
    had_a_roster(&world, dir.path());
    world.hands.synchronised.store(false, Ordering::Relaxed);
    world.hands.wall.store(at(7, 35), Ordering::Relaxed);
    assert!(!world.app.clock.now().sure);
    let (hub, hands) = boots(dir.path(), 2, 0); // 08:35
    let kiosk = hub.handle();
    pass(hands, 20); // 08:55
    open_register(&kiosk);
    for n in 1..=5 {
        kiosk.send(Msg::Tap { pupil: pupil(n) });
    }
    kiosk.send(Msg::Submit);
    let state = wait(&kiosk, "synced", |s| s.is_synced() && matches!(s.screen, Some(Screen::Submitted(_))));
    assert!(!state.trusted && clock(&state).starts_with('≈'), "{state:?}");
    assert_eq!(world.code(1), "/");
    assert_eq!(world.questions(), ["unsure_time"], "one for the register");
    assert_eq!(world.count("SELECT count(*) FROM mark WHERE provisional = 1"), 5);
    assert_eq!(world.count("SELECT count(*) FROM anchor"), 1, "the first boot's alone");
    // 09:30: the time service has found its servers.
    world.set(at(9, 30));
    world.hands.synchronised.store(true, Ordering::Relaxed);
    world.close();
    pass(hands, 35);
    kiosk.network(false);
    kiosk.network(true);
    let state = wait(&kiosk, "synced", |s| s.is_synced() && s.trusted);
    assert!(!clock(&state).starts_with('≈'), "{state:?}");
    assert_eq!(world.questions(), Vec::<String>::new());
    assert_eq!(world.count("SELECT count(*) FROM mark WHERE provisional = 1"), 0);
    assert_eq!(world.code(1), "/");
    let found = server::check::school_file(world.school.path(), world.school.id(), world.app.clock.now());
    assert_eq!((found.wrong, found.doubts), (Vec::new(), Vec::new()));
}
