//! The hub on a real store without a server: what is said to be saved is on disk, and is there again after a restart.

use super::*;
use crate::cards::CardNumber;
use crate::core::Screen;
use crate::core::screen::TileState;
use crate::store::{feed, log, look};
use shared::calendar::Half;
use shared::id::{ClassId, FeedId, PupilId, StaffId};
use shared::observation::{Mark, Observation};
use shared::text::Text;
use shared::time::Millis;
use shared::wire::v1::{ClassRow, DayRow, Membership, Mode, PupilRow, Row, RowBody, SessionTimes, Settings, StaffRow};
use std::path::Path;
use std::sync::mpsc::Receiver;

const NINE: i64 = 1_795_424_400_000; // 2026-11-23 09:00 UTC
const CLASS: ClassId = ClassId::from_bytes([3; 16]);
const STAFF: StaffId = StaffId::from_bytes([5; 16]);
const PATIENCE: Duration = Duration::from_secs(20);

fn pupil(n: u8) -> PupilId {
    PupilId::from_bytes([n; 16])
}

fn text<const N: usize>(words: &str) -> Text<N> {
    Text::new(words).unwrap()
}

fn settings(mode: Mode, seal_to: &str) -> RowBody {
    RowBody::Settings(Settings {
        school: shared::id::SchoolId::from_bytes([1; 16]),
        name: text("Elm Primary"),
        room: text("Room 7"),
        mode,
        card_key: text(&"ab".repeat(32)),
        seal_to: text(seal_to),
        reasons: vec![text("Missed the bus")],
        choices: shared::wire::v1::Choices::default(),
        reason_after_card: true,
        collectors: Vec::new(),
        find_by: shared::wire::v1::FindBy::Class,
    })
}

fn roster(mode: Mode, seal_to: &str) -> Vec<Row> {
    let date = "2026-11-23".parse().unwrap();
    let minutes = |m: i64| Millis(NINE + m * 60_000);
    let session = |half, from: i64| SessionTimes {
        half,
        start: minutes(from),
        opens: minutes(from),
        closes: minutes(from + 30),
        end: minutes(from + 190),
    };
    let sessions = vec![session(Half::Am, -10), session(Half::Pm, 240)];
    let mut bodies = vec![
        settings(mode, seal_to),
        RowBody::Class(ClassRow { class: CLASS, name: text("3 Willow"), year: text("Year 3") }),
        RowBody::Staff(StaffRow {
            staff: STAFF,
            name: text("Ms Patel"),
            pin: None,
            cards: vec![CardNumber::new("4711").unwrap().keyed_hash(&"ab".repeat(32)).unwrap()],
            classes: vec![CLASS],
        }),
        RowBody::Day(DayRow { date, sessions, utc_offset_min: 0 }),
    ];
    for (n, first) in [(1, "Aisha"), (2, "Ben"), (3, "Cara")] {
        bodies.push(RowBody::Pupil(PupilRow {
            pupil: pupil(n),
            first: text(first),
            last: text("Okafor"),
            classes: vec![Membership { class: CLASS, from: date, until: None, from_half: None, until_half: None }],
            birthday: None,
            of: None,
            born_month: None,
            cards: Vec::new(),
        }));
    }
    bodies
        .into_iter()
        .zip(1..)
        .map(|(body, seq)| Row { seq, key: text(&format!("row/{seq}")), body: Some(body) })
        .collect()
}

/// An enrolled kiosk with a roster, whose server nobody answers for.
fn furnish(dir: &Path, mode: Mode, seal_to: &str) {
    let store = Store::open(dir).unwrap();
    let rows = roster(mode, seal_to);
    store
        .write_now(move |tx| {
            crate::store::kept::enrol(
                tx,
                &crate::store::kept::Enrolled {
                    kiosk: shared::id::KioskId::from_bytes([8; 16]),
                    school: shared::id::SchoolId::from_bytes([1; 16]),
                    room: "Room 7".into(),
                    server: "https://127.0.0.1:1".into(),
                    token: crate::store::kept::Token("rbk_test".into()),
                    pin: shared::log::Hash([7; 32]),
                    next_pin: None,
                },
            )?;
            // The kiosk knows that it is Monday nine o'clock: an earlier exchange ended a moment ago.
            crate::store::timeline::trust(tx, Millis(NINE - 1000))?;
            feed::begin_snapshot(tx, FeedId::from_bytes([2; 16]))?;
            feed::apply(tx, FeedId::from_bytes([2; 16]), &rows, 99)
        })
        .unwrap();
}

#[allow(clippy::disallowed_methods)] // a test's own clock
fn clock() -> Clock {
    let real = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    Clock::new(Some(&format!("sim:{real}:{NINE}:1"))).unwrap()
}

fn open(dir: &Path) -> (Hub, Receiver<Heard>) {
    let (tell, heard) = channel();
    let on_heard = Box::new(move |what| drop(tell.send(what)));
    let front = Front { on_screen: Box::new(|_, _| {}), on_heard };
    (Hub::start(Store::open(dir).unwrap(), clock(), None, front).unwrap(), heard)
}

/// Signs on by card and, where the time is not sure, says which register it is.
fn sign_on(kiosk: &HubHandle) {
    kiosk.wait(PATIENCE, |s| s.mode == Some(Mode::Classroom)).unwrap();
    let cards = ["4711".to_owned()].into_iter();
    crate::reader::run(&mut crate::reader::Script(cards), kiosk);
    let state =
        kiosk.wait(PATIENCE, |s| matches!(s.screen, Some(Screen::ChooseRegister(_) | Screen::Register(_)))).unwrap();
    if let Some(Screen::ChooseRegister(_)) = state.screen {
        kiosk.send(Msg::PickRegister { class: CLASS, session: "2026-11-23-am".parse().unwrap() });
    }
    kiosk.wait(PATIENCE, |s| matches!(s.screen, Some(Screen::Register(_)))).unwrap();
}

fn tiles(state: &State) -> Vec<(TileState, bool)> {
    match &state.screen {
        Some(Screen::Register(register)) => register.tiles.iter().map(|t| (t.state, t.saved)).collect(),
        other => panic!("not a register: {other:?}"),
    }
}

#[test]
fn a_tap_is_said_to_be_saved_only_when_it_is_on_disk_and_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    furnish(dir.path(), Mode::Classroom, &"00".repeat(32));
    let (hub, heard) = open(dir.path());
    let kiosk = hub.handle();
    sign_on(&kiosk);
    kiosk.send(Msg::Tap { pupil: pupil(1) });
    kiosk.send(Msg::Tap { pupil: pupil(2) });
    kiosk.send(Msg::Tap { pupil: pupil(2) });
    let mut marks = Vec::new();
    while marks.len() < 3 {
        let Heard::Saved(facts) = heard.recv_timeout(PATIENCE).unwrap() else { continue };
        let on_disk = log::current(&look(dir.path()).unwrap()).unwrap().head.seq;
        for (origin, fact) in facts {
            assert!(origin.seq <= on_disk, "said before it was on disk");
            if let Observation::Marked { pupil, mark, .. } = fact.what {
                assert_eq!(fact.by, Some(STAFF));
                marks.push((pupil, mark));
            }
        }
    }
    assert_eq!(marks, [(pupil(1), Mark::Present), (pupil(2), Mark::Present), (pupil(2), Mark::Absent)]);
    let state = kiosk.wait(PATIENCE, State::is_idle).unwrap();
    assert_eq!(tiles(&state), [(TileState::Present, true), (TileState::Absent, true), (TileState::Blank, false)]);
    assert!(state.unsent > 3 && !state.connected);
    drop(hub);
    let (hub, _heard) = open(dir.path());
    let kiosk = hub.handle();
    sign_on(&kiosk);
    let state = kiosk.state().unwrap();
    assert_eq!(tiles(&state)[..2], [(TileState::Present, true), (TileState::Absent, true)]);
}

#[test]
fn a_reason_is_written_sealed_and_only_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let secret = crypto_box::SecretKey::generate(&mut crypto_box::aead::OsRng);
    let key = crate::hex::text(secret.public_key().as_bytes());
    furnish(dir.path(), Mode::Reception, &key);
    let store = Store::open(dir.path()).unwrap();
    // The hub's own stamping, without walking through the screens: what the core asks for is what is written.
    let (inbox, _work) = channel();
    let mut run = run::Run::new(store.clone(), clock(), None, Front::none(), Arc::new(Live::default()), inbox).unwrap();
    run.begin().unwrap();
    let what = Observation::Explained { pupil: pupil(1), session: None, reason: None };
    let draft = crate::core::Draft { by: None, what, seal: Some(text("Missed the bus")) };
    run.append(crate::core::Ticket(1), vec![draft]);
    drop(run);
    let entries = store.write_now(|tx| log::entries(tx, 1, 10)).unwrap();
    let last = entries.last().unwrap();
    assert!(!last.body.contains("bus"));
    let fact: shared::observation::Observed = serde_json::from_str(&last.body).unwrap();
    let Observation::Explained { reason: Some(sealed), .. } = fact.what else { panic!("no reason: {fact:?}") };
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, sealed.as_str()).unwrap();
    assert_eq!(secret.unseal(&bytes).unwrap(), b"Missed the bus");
}

#[test]
fn a_full_disk_is_told_and_the_kiosk_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    furnish(dir.path(), Mode::Classroom, &"00".repeat(32));
    let pages = {
        let store = Store::open(dir.path()).unwrap();
        store.write_now(|tx| Ok(tx.query_row("PRAGMA page_count", [], |row| row.get::<_, u32>(0))?)).unwrap()
    };
    let (tell, heard) = channel();
    let front = Front { on_screen: Box::new(|_, _| {}), on_heard: Box::new(move |what| drop(tell.send(what))) };
    let store = Store::open_limited(dir.path(), Some(pages + 3)).unwrap();
    let hub = Hub::start(store, clock(), None, front).unwrap();
    let kiosk = hub.handle();
    sign_on(&kiosk);
    let full = loop {
        kiosk.send(Msg::Tap { pupil: pupil(1) });
        kiosk.send(Msg::Mistake { pupil: pupil(1) });
        match heard.recv_timeout(PATIENCE).unwrap() {
            Heard::NotSaved(why) => break why,
            _ => continue,
        }
    };
    assert_eq!(full, crate::core::WhyNotSaved::DiskFull);
    let state = kiosk.wait(PATIENCE, State::is_idle).unwrap();
    assert!(matches!(state.screen, Some(Screen::Register(_))), "the tiles are still there");
}

#[test]
fn a_kiosk_without_a_school_or_a_server_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let (hub, _heard) = open(dir.path());
    let told = |s: &State| matches!(&s.screen, Some(Screen::NotEnrolled(n)) if n.trouble.contains("--server"));
    let state = hub.handle().wait(PATIENCE, told).unwrap();
    assert!(!state.enrolled);
}
