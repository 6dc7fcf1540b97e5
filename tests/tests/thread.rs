//! One thin thread through all of it: a real kiosk (core, store, exchange) on loopback TLS to a real server, in one
//! process. Enrolment with its check word, the roster down, taps up, the network cut and mended, a restart, a cloned card.
//!
//! Must never: replace a part by something that only looks like it.
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods)] // a test's own clock

use kiosk::core::{Msg, Screen};
use kiosk::hub::{Front, Hub, HubHandle, State};
use kiosk::store::{Store, kept};
use rusqlite::params;
use server::state::App;
use server::store::{School, Stores};
use shared::act::Officer;
use shared::calendar::{Calendar, SessionKey};
use shared::id::{ClassId, PupilId, StaffId};
use shared::text::{Name, Text};
use shared::wire::v1::Mode;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);
/// Monday 23 November 2026, 08:52 UTC.
const MORNING: i64 = 1_795_392_000_000 + (8 * 60 + 52) * 60_000;
const CLASS: ClassId = ClassId::from_bytes([3; 16]);
const STAFF: StaffId = StaffId::from_bytes([5; 16]);
const CARD: &str = "0004711";

fn pupil(n: u8) -> PupilId {
    PupilId::from_bytes([n; 16])
}
fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}
fn session() -> SessionKey {
    "2026-11-23-am".parse().unwrap()
}
fn clock_text() -> String {
    let real = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    format!("sim:{real}:{MORNING}:1")
}

struct World {
    app: App,
    school: Arc<School>,
    address: String,
    clock: String,
    runtime: tokio::runtime::Runtime,
    _stopping: tokio::sync::watch::Sender<bool>,
    _folder: tempfile::TempDir,
}

fn world() -> World {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let clock = clock_text();
    let stores = Stores::open(folder.path(), server::clock::Clock::from_text(Some(&clock)).unwrap()).unwrap();
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
            server::feed::refresh_roster(tx, now)
        })
        .unwrap();
    let identity = server::tls::identity(folder.path()).unwrap();
    let (stopping, stop) = tokio::sync::watch::channel(false);
    let app = App::new(stores, identity.pin, stop);
    let routes = server::sync::routes().merge(server::enrol::routes()).with_state(app.clone());
    let guard = runtime.enter();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    let tls = axum_server::tls_rustls::RustlsConfig::from_config(identity.config);
    let serving = axum_server::from_tcp_rustls(listener, tls).unwrap();
    runtime.spawn(serving.serve(routes.into_make_service_with_connect_info::<std::net::SocketAddr>()));
    drop(guard);
    World { app, school, address, clock, runtime, _stopping: stopping, _folder: folder }
}

impl World {
    /// The kiosk shows a code; IT compares the words and says yes.
    fn enrol(&self, dir: &Path) {
        self.enrol_as(dir, Mode::Classroom, "Room 7");
    }

    fn enrol_as(&self, dir: &Path, mode: Mode, room: &str) {
        self.runtime.block_on(self.enrolled(dir, mode, room));
    }

    async fn enrolled(&self, dir: &Path, mode: Mode, room: &str) {
        let store = Store::open(dir).unwrap();
        let (tell, told) = tokio::sync::oneshot::channel();
        let mut tell = Some(tell);
        let address = self.address.clone();
        let kiosk = tokio::spawn(async move {
            let shown = move |step| {
                if let (kiosk::enrol::Step::Code { code, check_word }, Some(tell)) = (step, tell.take()) {
                    tell.send((code, check_word)).unwrap();
                }
            };
            let door = kiosk::enrol::Door::from(address);
            kiosk::enrol::enrol(&store, kiosk::clock::Clock::new(None).unwrap(), &door, shown).await.unwrap()
        });
        let (code, word) = told.await.unwrap();
        let by = Officer::Person { name: name("Sam Okoro"), position: name("office manager") };
        let waiting = loop {
            if let Some(waiting) = server::enrol::waiting(&self.app, &code).await.unwrap() {
                break waiting;
            }
            tokio::task::yield_now().await;
        };
        assert_eq!(waiting.check_word, word, "both screens show the same words");
        let grant = server::enrol::Grant {
            school: self.school.id(),
            room: name(room),
            mode,
            classes: if mode == Mode::Classroom { vec![CLASS] } else { Vec::new() },
            by,
        };
        server::enrol::grant(&self.app, &code, grant).await.unwrap();
        assert_eq!(kiosk.await.unwrap().room, room);
    }

    fn kiosk(&self, dir: &Path) -> Hub {
        let clock = kiosk::clock::Clock::new(Some(&self.clock)).unwrap();
        Hub::start(Store::open(dir).unwrap(), clock, None, Front::none()).unwrap()
    }

    /// What the record says of a pupil: the code, or the tap while there is none.
    fn mark(&self, n: u8) -> Option<String> {
        self.school
            .read_now(|tx| {
                let mut found = tx.prepare("SELECT ifnull(code, tapped) FROM mark WHERE pupil = ?1 AND half = 'am'")?;
                let mut rows = found.query([pupil(n).as_bytes()])?;
                Ok(match rows.next()? {
                    Some(row) => row.get(0)?,
                    None => None,
                })
            })
            .unwrap()
    }
    fn count(&self, sql: &'static str) -> i64 {
        self.school.read_now(|tx| Ok(tx.query_row(sql, [], |r| r.get(0))?)).unwrap()
    }
}

fn wait(kiosk: &HubHandle, what: &'static str, holds: impl Fn(&State) -> bool) -> State {
    kiosk.wait(PATIENCE, holds).unwrap_or_else(|stuck| panic!("never {what}: {stuck:?}"))
}

fn sign_on(kiosk: &HubHandle) {
    wait(kiosk, "has its roster", |s| {
        s.mode.is_some() && matches!(&s.screen, Some(Screen::SignOn(screen)) if !screen.staff.is_empty())
    });
    kiosk.send(Msg::Card { number: kiosk::core::CardNumber(Text::new(CARD).unwrap()) });
    let there =
        |s: &State| matches!(s.screen, Some(Screen::Register(_) | Screen::ChooseRegister(_) | Screen::Submitted(_)));
    if let Some(Screen::ChooseRegister(_)) = wait(kiosk, "signed on", there).screen {
        kiosk.send(Msg::PickRegister { class: CLASS, session: session() });
    }
    wait(kiosk, "at the register", |s| matches!(s.screen, Some(Screen::Register(_) | Screen::Submitted(_))));
}

#[test]
fn a_register_offline_and_on_reaches_the_record_once() {
    let world = world();
    let dir = tempfile::tempdir().unwrap();
    world.enrol(dir.path());
    let hub = world.kiosk(dir.path());
    let kiosk = hub.handle();
    sign_on(&kiosk);
    kiosk.send(Msg::Tap { pupil: pupil(1) });
    wait(&kiosk, "synced", State::is_synced);
    assert_eq!(world.mark(1).as_deref(), Some("/"));

    // The network goes; the register is taken all the same.
    kiosk.network(false);
    wait(&kiosk, "offline", |s| !s.connected);
    kiosk.send(Msg::Tap { pupil: pupil(2) });
    kiosk.send(Msg::Tap { pupil: pupil(2) });
    kiosk.send(Msg::MarkRestPresent);
    kiosk.send(Msg::Submit);
    let state = wait(&kiosk, "saved", |s| s.is_idle() && matches!(s.screen, Some(Screen::Submitted(_))));
    assert!(state.unsent >= 6, "{}", state.unsent);
    assert_eq!(world.mark(3), None);

    // A restart meanwhile loses nothing.
    drop(hub);
    let hub = world.kiosk(dir.path());
    let kiosk = hub.handle();
    wait(&kiosk, "synced again", State::is_synced);
    let marks: Vec<_> = (1..=5).map(|n| world.mark(n)).collect();
    assert_eq!(marks, [Some("/".into()), Some("absent".into()), Some("/".into()), Some("/".into()), Some("/".into())]);
    assert_eq!(world.count("SELECT count(*) FROM register WHERE submitted_at IS NOT NULL"), 1);
    let held = world.count("SELECT sum(head_seq) FROM log WHERE kiosk IS NOT NULL");
    let written = kiosk::status::look(dir.path()).unwrap().written;
    assert_eq!(u64::try_from(held).unwrap(), written);
    sign_on(&kiosk);
    assert!(matches!(kiosk.state().unwrap().screen, Some(Screen::Submitted(_))));
}

#[test]
fn a_cloned_card_begins_a_new_log_and_both_kiosks_words_arrive() {
    let world = world();
    let dir = tempfile::tempdir().unwrap();
    world.enrol(dir.path());
    {
        let hub = world.kiosk(dir.path());
        wait(&hub.handle(), "synced", |s| s.is_synced() && s.mode.is_some());
    }
    let clone = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), clone.path().join(file.file_name())).unwrap();
    }
    let (first, second) = (world.kiosk(dir.path()), world.kiosk(clone.path()));
    for (hub, n) in [(&first, 1), (&second, 2)] {
        sign_on(&hub.handle());
        hub.handle().send(Msg::Tap { pupil: pupil(n) });
        wait(&hub.handle(), "synced", State::is_synced);
    }
    assert_eq!((world.mark(1).as_deref(), world.mark(2).as_deref()), (Some("/"), Some("/")));
    assert_eq!(world.count("SELECT count(*) FROM log WHERE kiosk IS NOT NULL"), 2);
}

/// What the office does with one click: the card that kiosks saw becomes somebody's, or is lost.
fn with_card(world: &World, what: impl Fn(&server::store::WriteTx<'_>, server::clock::Now, &Officer) + Send + 'static) {
    let now = world.app.stores.clock().now();
    let by = Officer::Person { name: name("Sam Okoro"), position: name("office manager") };
    world
        .school
        .write_now(move |tx| {
            what(tx, now, &by);
            server::feed::refresh_roster(tx, now)
        })
        .unwrap();
}

#[test]
fn a_card_is_bound_and_a_lost_one_is_blocked_at_every_kiosk_by_the_next_exchange() {
    use server::card::{Bound, CardHash, Holder, bind, lose, unknown};
    let world = world();
    let (room, door) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    world.enrol_as(room.path(), Mode::Classroom, "Room 7");
    world.enrol_as(door.path(), Mode::Reception, "Reception");
    let (classroom, reception) = (world.kiosk(room.path()), world.kiosk(door.path()));
    let (classroom, reception) = (classroom.handle(), reception.handle());
    let hold = |kiosk: &HubHandle, number: &str| {
        kiosk.send(Msg::Card { number: kiosk::core::CardNumber(Text::new(number).unwrap()) });
    };
    for kiosk in [&classroom, &reception] {
        wait(kiosk, "has its roster", |s| s.is_synced() && s.whole);
    }

    // Nobody knows the card: reception says so, and the office is shown it.
    hold(&reception, "0815");
    wait(&reception, "says that it is not known", |s| matches!(&s.screen, Some(Screen::Message(_))));
    wait(&reception, "has told the office", State::is_synced);
    let seen = world.school.read_now(|tx| unknown(tx, shared::time::Millis(0))).unwrap();
    assert_eq!((seen.len(), seen[0].room.as_str(), seen[0].lost_by), (1, "Reception", None));

    // One click binds it, and it signs its pupil in.
    let hash = seen[0].hash.clone();
    let before = reception.state().unwrap().rows;
    let card = hash.clone();
    with_card(&world, move |tx, now, by| {
        assert_eq!(bind(tx, now, by, &card, Holder::Pupil(pupil(2)), true).unwrap(), Bound::New);
    });
    wait(&reception, "heard of it", |s| s.rows > before);
    reception.send(Msg::Back);
    hold(&reception, "0815");
    let done = wait(&reception, "signed in", |s| {
        matches!(&s.screen, Some(Screen::ReceptionDone(_) | Screen::ReceptionReason(_)))
    });
    assert!(format!("{:?}", done.screen).contains("P2"), "{:?}", done.screen);
    wait(&reception, "home", State::is_synced);

    // A teacher's card and the pupil's are lost. Both kiosks know after the next exchange, the one that was offline too.
    classroom.network(false);
    wait(&classroom, "offline", |s| !s.connected);
    let before = (classroom.state().unwrap().rows, reception.state().unwrap().rows);
    let theirs = world
        .school
        .read_now(|tx| {
            let key = server::school::setting(tx, "card_key")?.unwrap();
            Ok(kiosk::cards::CardNumber::new(CARD).unwrap().keyed_hash(&key).unwrap())
        })
        .unwrap();
    let theirs = CardHash::new(theirs.as_str()).unwrap();
    with_card(&world, move |tx, now, by| {
        assert!(lose(tx, now, by, &hash, Holder::Pupil(pupil(2))).unwrap());
        assert!(lose(tx, now, by, &theirs, Holder::Staff(STAFF)).unwrap());
    });
    wait(&reception, "heard of it", |s| s.rows > before.1);
    classroom.network(true);
    wait(&classroom, "heard of it", |s| s.rows > before.0);
    for _ in 0..3 {
        reception.send(Msg::Back);
    }
    hold(&reception, "0815");
    wait(&reception, "says that it is not known", |s| matches!(&s.screen, Some(Screen::Message(_))));
    hold(&classroom, CARD);
    let there = wait(
        &classroom,
        "says that it is not known",
        |s| matches!(&s.screen, Some(Screen::SignOn(screen)) if !screen.notice.is_empty()),
    );
    assert!(matches!(there.screen, Some(Screen::SignOn(_))), "nobody is signed on");
    wait(&classroom, "has told the office", State::is_synced);
    wait(&reception, "has told the office", State::is_synced);
    let seen = world.school.read_now(|tx| unknown(tx, shared::time::Millis(0))).unwrap();
    let used: Vec<_> = seen.iter().filter_map(|u| u.lost_by).collect();
    assert!(
        used.contains(&Holder::Staff(STAFF)) && used.contains(&Holder::Pupil(pupil(2))),
        "somebody uses a lost card: {used:?}"
    );
}

#[test]
fn a_server_with_another_key_is_not_spoken_to() {
    let (right, wrong) = (world(), world());
    let dir = tempfile::tempdir().unwrap();
    right.enrol(dir.path());
    {
        // Somebody has taken over the server's address with a key of their own.
        let store = Store::open(dir.path()).unwrap();
        let address = wrong.address.clone();
        store.write_now(move |tx| kept::set(tx, "server", &address)).unwrap();
    }
    let hub = right.kiosk(dir.path());
    let state = wait(&hub.handle(), "refused", |s| s.unanswered >= 2);
    assert!(!state.trusted && !state.connected && state.rows == 0, "{state:?}");
    assert_eq!(wrong.count("SELECT count(*) FROM kiosk WHERE seen_at IS NOT NULL"), 0);
}

impl World {
    /// A code for so many kiosks, and the card of one of them.
    fn card(&self, kiosks: u32, key: &str, room: &str) -> String {
        let by = Officer::Person { name: name("Sam Okoro"), position: name("office manager") };
        let (trust, now) = (self.app.stores.trust(), self.app.clock.now().at);
        let until = now.plus(3_600_000);
        let code =
            trust.write_now(|t| server::enrol::whole_box::make(t, self.school.id(), kiosks, until, &by, now)).unwrap();
        format!(
            "server = \"{}\"\nkey = \"{key}\"\nroom = \"{room}\"\nclasses = [\"3 willow\"]\ncode = \"{code}\"\n",
            self.address
        )
    }

    /// A kiosk with this card, switched on.
    fn unpacked(&self, dir: &Path, card: &str) -> Hub {
        let clock = kiosk::clock::Clock::new(Some(&self.clock)).unwrap();
        let door = kiosk::setup::read(card).unwrap().door;
        Hub::start(Store::open(dir).unwrap(), clock, Some(door), Front::none()).unwrap()
    }
}

/// Out of the box, onto the wall: nobody types anything. The next one finds the code used up, says so, and shows its own.
#[test]
fn a_kiosk_out_of_a_box_enrols_by_its_card() {
    let world = world();
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let card = world.card(1, &world.app.pin.to_string(), "Room 7");
    let hub = world.unpacked(first.path(), &card);
    let there = hub.handle().wait(PATIENCE, |s| s.enrolled && s.mode == Some(Mode::Classroom) && s.whole);
    assert!(there.is_ok(), "{there:?}");
    let hub = world.unpacked(second.path(), &card);
    let told = |s: &State| matches!(&s.screen, Some(Screen::NotEnrolled(n)) if n.trouble.contains("as many kiosks") && !n.code.is_empty());
    assert!(hub.handle().wait(PATIENCE, told).is_ok(), "{:?}", hub.handle().state());
}

/// A server with another key than the card's hears neither the code nor anything else.
#[test]
fn a_card_with_another_key_tells_its_code_to_nobody() {
    let world = world();
    let dir = tempfile::tempdir().unwrap();
    let hub = world.unpacked(dir.path(), &world.card(1, &"00".repeat(32), "Room 7"));
    let told = |s: &State| matches!(&s.screen, Some(Screen::NotEnrolled(n)) if n.trouble.contains("another key"));
    assert!(hub.handle().wait(PATIENCE, told).is_ok(), "{:?}", hub.handle().state());
    let codes = world.app.stores.trust().read_now(|t| server::enrol::whole_box::list(t, world.school.id())).unwrap();
    assert_eq!(codes[0].remaining, 1);
}
