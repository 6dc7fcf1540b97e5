//! A real kiosk (core, store, exchange) on loopback TLS to a real server, on clocks whose hands the test moves.
//!
//! Must never: look at the machine's own clock, but for patience.

use kiosk::core::{Msg, Screen};
use kiosk::hub::{Front, Hub, HubHandle, State};
use kiosk::store::Store;
use rusqlite::params;
use server::state::App;
use server::store::{School, Stores};
use shared::act::{Act, Officer};
use shared::calendar::{Calendar, SessionKey};
use shared::id::{BootId, ClassId, PupilId, StaffId};
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

pub const PATIENCE: Duration = Duration::from_secs(60);
/// Midnight before Monday 23 November 2026, UTC.
pub const MIDNIGHT: i64 = 1_795_392_000_000;
pub const CLASS: ClassId = ClassId::from_bytes([3; 16]);
pub const STAFF: StaffId = StaffId::from_bytes([5; 16]);
pub const CARD: &str = "0004711";
/// The card of pupil 4.
pub const PUPILS_CARD: &str = "0008150";

pub fn at(hour: i64, minute: i64) -> i64 {
    MIDNIGHT + (hour * 60 + minute) * 60_000
}
pub fn pupil(n: u8) -> PupilId {
    PupilId::from_bytes([n; 16])
}
pub fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}
pub fn session() -> SessionKey {
    "2026-11-23-am".parse().unwrap()
}
pub fn office() -> Officer {
    Officer::Person { name: name("Sam Okoro"), position: name("office manager") }
}

pub struct World {
    pub app: App,
    pub school: Arc<School>,
    pub hands: Arc<Dial>,
    /// The cable: false is cut.
    pub cable: watch::Sender<bool>,
    pub address: String,
    pub runtime: tokio::runtime::Runtime,
    pub _stopping: watch::Sender<bool>,
    pub _folder: tempfile::TempDir,
}

pub fn world() -> World {
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
pub async fn carry(front: TcpListener, behind: std::net::SocketAddr, plugged: watch::Receiver<bool>) {
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
    pub fn set(&self, to: i64) {
        self.hands.mono.store(to - at(8, 30), Ordering::Relaxed);
        self.hands.wall.store(to, Ordering::Relaxed);
    }
    pub fn close(&self) {
        let now = self.app.clock.now();
        self.school.write_now(move |tx| server::jobs::close_due(tx, now)).unwrap();
    }
    pub fn act(&self, act: Act) {
        let now = self.app.clock.now();
        self.school.write_now(move |tx| server::record::act(tx, now, &office(), act)).unwrap();
    }

    pub async fn enrolled(&self, dir: &Path, mode: Mode) {
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
    pub fn text(&self, sql: &'static str, n: u8) -> String {
        self.school
            .read_now(|tx| Ok(tx.query_row(sql, [pupil(n).as_bytes()], |r| r.get::<_, Option<String>>(0))?))
            .unwrap()
            .unwrap_or_default()
    }
    pub fn count(&self, sql: &'static str) -> i64 {
        self.school.read_now(|tx| Ok(tx.query_row(sql, [], |r| r.get(0))?)).unwrap()
    }
    pub fn code(&self, n: u8) -> String {
        self.text("SELECT max(code) FROM mark WHERE pupil = ?1", n)
    }
    pub fn history(&self, n: u8) -> String {
        self.text(
            "SELECT group_concat(ifnull(original, '-') || '>' || ifnull(code, '-') || ' ' || reason || ' [' || by_name || ', '
                || by_position || ']', ' | ') FROM (SELECT * FROM entry WHERE pupil = ?1 ORDER BY id)",
            n,
        )
    }
    /// The office looks at the one question that is open, and clicks one of the answers that its page offers.
    pub fn click(&self, answer: Answer) {
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
    pub fn questions(&self) -> Vec<String> {
        self.school
            .read_now(|tx| {
                let mut all = tx.prepare("SELECT kind FROM question ORDER BY kind")?;
                Ok(all.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?)
            })
            .unwrap()
    }
}

/// The machine is switched on: its own clock begins to count, and shows what it believes.
pub fn boots(dir: &Path, n: u8, wall: i64) -> (Hub, &'static Dial) {
    let hands: &'static Dial = Box::leak(Box::default());
    hands.wall.store(wall, Ordering::Relaxed);
    hands.mono.store(1_000, Ordering::Relaxed);
    let by_hand = kiosk::clock::Clock::by_hand(BootId::from_bytes([n; 16]), hands);
    (Hub::start(Store::open(dir).unwrap(), by_hand, None, Front::none()).unwrap(), hands)
}

pub fn pass(hands: &Dial, minutes: i64) {
    hands.mono.fetch_add(minutes * 60_000, Ordering::Relaxed);
    hands.wall.fetch_add(minutes * 60_000, Ordering::Relaxed);
}

pub fn wait(kiosk: &HubHandle, what: &'static str, holds: impl Fn(&State) -> bool) -> State {
    kiosk.wait(PATIENCE, holds).unwrap_or_else(|stuck| panic!("never {what}: {stuck:?}"))
}

/// The clock as the screen shows it.
pub fn clock(state: &State) -> &str {
    match state.screen.as_ref() {
        Some(Screen::Register(s)) => &s.bar.clock,
        Some(Screen::Submitted(s)) => &s.bar.clock,
        Some(Screen::ChooseRegister(s)) => &s.bar.clock,
        Some(Screen::SignOn(s)) => &s.bar.clock,
        _ => "",
    }
}

/// Signs on by card and opens the morning's register, which the screen has to ask for.
pub fn open_register(kiosk: &HubHandle) {
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
pub fn had_a_roster(world: &World, dir: &Path) {
    had_a_roster_as(world, dir, Mode::Classroom);
}

pub fn had_a_roster_as(world: &World, dir: &Path, mode: Mode) {
    world.runtime.block_on(world.enrolled(dir, mode));
    let (hub, _) = boots(dir, 1, at(8, 30));
    wait(&hub.handle(), "synced", |s| s.is_synced() && s.mode.is_some());
}
