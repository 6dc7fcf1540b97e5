//! A whole kiosk on the disk that forgets: what its screen ever showed as saved is there after the power came back, and what
//! its disk did not take was never shown so.
//!
//! Must never: look into the store for what the screen should have said.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // a test's own clock; what cannot be unwrapped fails the test

use fastrand::Rng;
use kiosk::cards::CardNumber;
use kiosk::clock::Clock;
use kiosk::core::screen::TileState;
use kiosk::core::{Msg, Screen, WhyNotSaved};
use kiosk::hub::{Front, Heard, Hub, HubHandle, State};
use kiosk::store::{Store, feed, kept, timeline};
use rollbook_tests::clock::real_ms;
use rollbook_tests::forget::Disk;
use shared::calendar::Half;
use shared::id::{ClassId, FeedId, KioskId, PupilId, SchoolId, StaffId};
use shared::log::Hash;
use shared::text::Text;
use shared::time::Millis;
use shared::wire::v1::{
    ClassRow, DayRow, FindBy, Membership, Mode, PupilRow, Row, RowBody, SessionTimes, Settings, StaffRow,
};
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const NINE: i64 = 1_795_424_400_000; // 2026-11-23 09:00 UTC
const CLASS: ClassId = ClassId::from_bytes([3; 16]);
const PATIENCE: Duration = Duration::from_secs(60);
const PUPILS: u8 = 20;

fn text<const N: usize>(words: &str) -> Text<N> {
    Text::new(words).unwrap()
}

fn pupil(n: u8) -> PupilId {
    PupilId::from_bytes([n; 16])
}

fn roster() -> Vec<Row> {
    let date = "2026-11-23".parse().unwrap();
    let minutes = |m: i64| Millis(NINE + m * 60_000);
    let times = SessionTimes {
        half: Half::Am,
        start: minutes(-10),
        opens: minutes(-10),
        closes: minutes(20),
        end: minutes(180),
    };
    let mut bodies = vec![
        RowBody::Settings(Settings {
            school: SchoolId::from_bytes([1; 16]),
            name: text("Elm Primary"),
            room: text("Room 7"),
            mode: Mode::Classroom,
            card_key: text(&"ab".repeat(32)),
            seal_to: text(&"00".repeat(32)),
            reasons: Vec::new(),
            choices: shared::wire::v1::Choices::default(),
            reason_after_card: false,
            collectors: Vec::new(),
            find_by: FindBy::Class,
        }),
        RowBody::Class(ClassRow { class: CLASS, name: text("3 Willow"), year: text("Year 3") }),
        RowBody::Staff(StaffRow {
            staff: StaffId::from_bytes([5; 16]),
            name: text("Ms Patel"),
            pin: None,
            cards: vec![CardNumber::new("4711").unwrap().keyed_hash(&"ab".repeat(32)).unwrap()],
            classes: vec![CLASS],
        }),
        RowBody::Day(DayRow { date, sessions: vec![times], utc_offset_min: 0 }),
    ];
    for n in 1..=PUPILS {
        bodies.push(RowBody::Pupil(PupilRow {
            pupil: pupil(n),
            of: None,
            born_month: None,
            first: text(&format!("Pupil {n}")),
            last: text("Okafor"),
            classes: vec![Membership { class: CLASS, from: date, until: None, from_half: None, until_half: None }],
            birthday: None,
            cards: Vec::new(),
        }));
    }
    let row = |(body, seq)| Row { seq, key: text(&format!("row/{seq}")), body: Some(body) };
    bodies.into_iter().zip(1..).map(row).collect()
}

fn furnish(disk: &Disk) {
    let rows = roster();
    Store::open(disk.folder())
        .unwrap()
        .write_now(move |tx| {
            let enrolled = kept::Enrolled {
                kiosk: KioskId::from_bytes([8; 16]),
                school: SchoolId::from_bytes([1; 16]),
                room: "Room 7".into(),
                server: "https://127.0.0.1:1".into(), // nobody answers there
                token: kept::Token("rbk_test".into()),
                pin: Hash([7; 32]),
                next_pin: None,
            };
            kept::enrol(tx, &enrolled)?;
            timeline::trust(tx, Millis(NINE - 1000))?;
            feed::begin_snapshot(tx, FeedId::from_bytes([2; 16]))?;
            feed::apply(tx, FeedId::from_bytes([2; 16]), &rows, 99)
        })
        .unwrap();
}

/// What the screen has ever shown as saved, newest, by pupil.
type Shown = Arc<Mutex<BTreeMap<PupilId, TileState>>>;

fn switch_on(disk: &Disk, shown: &Shown) -> Option<(Hub, Receiver<Heard>)> {
    let (tell, heard) = channel();
    let shown = Arc::clone(shown);
    let on_screen = Box::new(move |screen: &Screen, _| {
        if let Screen::Register(register) = screen {
            let mut shown = shown.lock().unwrap();
            for tile in register.tiles.iter().filter(|tile| tile.saved) {
                shown.insert(tile.pupil, tile.state);
            }
        }
    });
    let clock = Clock::new(Some(&format!("sim:{}:{NINE}:1", real_ms()))).unwrap();
    let front = Front { on_screen, on_heard: Box::new(move |what| drop(tell.send(what))) };
    Some((Hub::start(Store::open(disk.folder()).ok()?, clock, None, front).unwrap(), heard))
}

fn sign_on(kiosk: &HubHandle) -> Option<()> {
    kiosk.wait(PATIENCE, |s| s.mode == Some(Mode::Classroom)).ok()?;
    let cards = ["4711".to_owned()].into_iter();
    kiosk::reader::run(&mut kiosk::reader::Script(cards), kiosk);
    let there = |s: &State| matches!(s.screen, Some(Screen::ChooseRegister(_) | Screen::Register(_)));
    let state = kiosk.wait(PATIENCE, there).ok()?;
    if let Some(Screen::ChooseRegister(_)) = state.screen {
        kiosk.send(Msg::PickRegister { class: CLASS, session: "2026-11-23-am".parse().unwrap() });
    }
    kiosk.wait(PATIENCE, |s| matches!(s.screen, Some(Screen::Register(_)))).ok().map(drop)
}

fn tiles(kiosk: &HubHandle) -> BTreeMap<PupilId, (TileState, bool)> {
    match kiosk.wait(PATIENCE, State::is_idle).unwrap().screen {
        Some(Screen::Register(register)) => register.tiles.iter().map(|t| (t.pupil, (t.state, t.saved))).collect(),
        other => panic!("not a register: {other:?}"),
    }
}

#[test]
fn what_a_screen_ever_showed_as_saved_is_there_when_the_power_is_back() {
    let (mut cuts, mut took, mut promised) = (0, 0, 0);
    for seed in 0..12 {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::mount(folder.path(), seed).unwrap();
        furnish(&disk);
        let mut dice = Rng::with_seed(seed);
        let shown = Shown::default();
        let mut wanted: BTreeMap<PupilId, TileState> = BTreeMap::new();
        for _ in 0..4 {
            disk.cut_in(dice.u64(10..100));
            if let Some((hub, _heard)) = switch_on(&disk, &shown) {
                let kiosk = hub.handle();
                if sign_on(&kiosk).is_some() {
                    for _ in 0..200 {
                        kiosk.send(Msg::Tap { pupil: pupil(dice.u8(1..=PUPILS)) });
                        // Now faster than the disk, now slower.
                        if dice.bool() && kiosk.wait(PATIENCE, State::is_idle).is_err() || disk.is_dark() {
                            break;
                        }
                    }
                }
                let _ = kiosk.wait(PATIENCE, State::is_idle); // what was under way is answered, well or badly
                drop(hub);
            }
            took += usize::from(disk.cut().sectors > 0);
            cuts += 1;
            wanted.extend(std::mem::take(&mut *shown.lock().unwrap()));
            promised += wanted.len();
            let (hub, _heard) = switch_on(&disk, &Shown::default()).unwrap();
            let kiosk = hub.handle();
            sign_on(&kiosk).unwrap();
            let now = tiles(&kiosk);
            for (pupil, state) in &wanted {
                let (stands, saved) = now[pupil];
                // A later tap may have reached the disk although nobody was told; one before it may not come back.
                let may = if *state == TileState::Present {
                    vec![TileState::Present, TileState::Absent]
                } else {
                    vec![*state]
                };
                assert!(saved && may.contains(&stands), "seed {seed}: {pupil} showed {state:?} and is {stands:?}");
            }
            wanted = now.iter().filter(|(_, tile)| tile.1).map(|(pupil, tile)| (*pupil, tile.0)).collect();
        }
    }
    println!("{cuts} cuts, {took} took something, {promised} tiles were promised");
    assert!(took * 5 > cuts && promised > 100);
}

#[test]
fn a_mark_whose_sync_failed_is_never_shown_as_saved() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::mount(folder.path(), 1).unwrap();
    furnish(&disk);
    let shown = Shown::default();
    let (hub, heard) = switch_on(&disk, &shown).unwrap();
    let kiosk = hub.handle();
    sign_on(&kiosk).unwrap();
    kiosk.send(Msg::Tap { pupil: pupil(1) });
    kiosk.wait(PATIENCE, State::is_idle).unwrap();
    disk.fail_syncs(1);
    kiosk.send(Msg::Tap { pupil: pupil(2) });
    let why = loop {
        if let Heard::NotSaved(why) = heard.recv_timeout(PATIENCE).unwrap() {
            break why;
        }
    };
    assert_eq!(why, WhyNotSaved::Disk);
    let now = tiles(&kiosk);
    assert_eq!((now[&pupil(1)], now[&pupil(2)]), ((TileState::Present, true), (TileState::Blank, false)));
    assert!(!shown.lock().unwrap().contains_key(&pupil(2)), "not for a moment");
    // The disk answers again: the next tap is saved, and survives.
    kiosk.send(Msg::Tap { pupil: pupil(3) });
    assert_eq!(tiles(&kiosk)[&pupil(3)], (TileState::Present, true));
    disk.cut();
    drop(hub);
    let (hub, _heard) = switch_on(&disk, &shown).unwrap();
    sign_on(&hub.handle()).unwrap();
    let now = tiles(&hub.handle());
    assert_eq!(
        (now[&pupil(1)].0, now[&pupil(2)].0, now[&pupil(3)].0),
        (TileState::Present, TileState::Blank, TileState::Present)
    );
}
