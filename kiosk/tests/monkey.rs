//! A monkey at the screen: seeded random taps on the real window over the real core. It never panics, never loses a mark
//! that was confirmed, and never comes to a screen without a way back.
//!
//! 5,000 steps here; `make soak-monkey` does 100,000. `ROLLBOOK_MONKEY=steps[:seed]` plays others.

#![allow(clippy::unwrap_used)] // a test that cannot go on says where

mod fixture;
mod window;

use fixture::*;
use kiosk::core::screen::TileState;
use kiosk::core::{Look, Model, Msg, Recalled, Screen, SyncStatus};
use shared::calendar::SessionKey;
use shared::id::PupilId;
use shared::log::Origin;
use shared::observation::{Mark, Observation};
use shared::time::Interval;
use shared::wire::v1::{Choices, Palette};
use std::collections::BTreeMap;
use window::Kiosk;

/// SplitMix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.roll() % (n.max(1) as u64)).unwrap()
    }
}

const SIZES: [(f32, f32); 3] = [(800.0, 480.0), (720.0, 1280.0), (1280.0, 800.0)];
/// Steps of one sitting: then another window, another size, another look.
const SITTING: usize = 250;

/// What the disk holds, and what of it a screen has confirmed.
#[derive(Default)]
struct Disk {
    facts: Vec<Recalled>,
    taken: usize,
    marks: BTreeMap<(SessionKey, PupilId), TileState>,
}

impl Disk {
    /// Everything that was asked for and is saved by now.
    fn take(&mut self, d: &Desk) {
        let waiting: usize = d.waiting.iter().map(|(_, n)| n).sum();
        let saved = d.facts.len() - waiting;
        for (i, what) in d.facts.iter().enumerate().take(saved).skip(self.taken) {
            let origin = Origin { log: log(), seq: self.facts.len() as u64 + 1 };
            let when = Interval { earliest: d.now, latest: d.now, estimate: None };
            let by = d.by[i];
            match what {
                Observation::Marked { session, pupil, mark, .. } => {
                    let state = match mark {
                        Mark::Present => TileState::Present,
                        Mark::Absent => TileState::Absent,
                        Mark::Blank => TileState::Blank,
                    };
                    self.marks.insert((*session, *pupil), state);
                }
                Observation::CameLate { session, pupil, .. } => {
                    self.marks.insert((*session, *pupil), TileState::Late);
                }
                _ => {}
            }
            self.facts.push(Recalled { origin, when, by, what: what.clone() });
        }
        self.taken = self.taken.max(saved);
    }
}

/// A new program over the same disk: what was not saved is gone.
fn restart(k: &mut Kiosk, disk: &Disk, rows: Vec<shared::wire::v1::Row>) {
    let d = &mut k.desk;
    d.model = Model::new();
    d.waiting.clear();
    d.facts.truncate(disk.taken);
    d.by.truncate(disk.taken);
    d.tick();
    d.hear(Msg::Recalled { facts: disk.facts.clone() });
    d.hear(Msg::Rows { rows });
    d.hear(Msg::Sync(SyncStatus { waiting: 0, acked: 0, offline_since: None, connected: true }));
    k.show();
}

fn is_home(screen: &Screen) -> bool {
    match screen {
        Screen::SignOn(s) => s.pin.is_none(),
        Screen::ReceptionIdle(_) | Screen::Resting(_) => true,
        _ => false,
    }
}

fn check(k: &Kiosk, disk: &Disk, ground: &str) {
    if let Screen::Register(r) = k.desk.view() {
        for tile in r.tiles {
            let Some(state) = disk.marks.get(&(r.session, tile.pupil)) else { continue };
            let waits = k.desk.facts[disk.taken..].iter().any(|f| f.pupil() == Some(tile.pupil));
            // A guest who was taken back has an empty place; who came late in time is simply here.
            let same = tile.state == *state
                || (*state == TileState::Blank && tile.state == TileState::Gone)
                || (*state == TileState::Late && tile.state == TileState::Present);
            assert!(waits || same, "{ground}: {} was confirmed as {state:?}", tile.label);
        }
    }
}

/// The screen's name, for the count of where the monkey has been.
fn kind(screen: &Screen) -> &'static str {
    match screen {
        Screen::SignOn(s) if s.pin.is_some() => "pin",
        Screen::SignOn(_) => "sign_on",
        Screen::Register(r) if r.panel.is_some() => "panel",
        Screen::Register(r) if !r.locked.is_empty() => "locked",
        Screen::Register(_) => "register",
        Screen::Call(_) => "call",
        Screen::Submitted(_) => "submitted",
        Screen::ReceptionIdle(_) => "reception_idle",
        Screen::ReceptionFind(_) => "reception_find",
        Screen::ReceptionDone(_) => "reception_done",
        _ => "another",
    }
}

fn monkey(steps: usize, seed: u64) {
    let mut dice = Dice(seed);
    let mut screens: BTreeMap<&str, usize> = BTreeMap::new();
    let mut confirmed = 0;
    let mut done = 0;
    while done < steps {
        let reception = dice.below(3) == 0;
        let times = ["08:41", "08:55", "09:18", "09:40", "11:58", "13:02", "13:29", "14:00"];
        let time = times[dice.below(times.len())];
        let desk = if reception { Desk::reception(time) } else { Desk::classroom(time) };
        let rows = desk.rows.clone();
        let (width, height) = SIZES[dice.below(3)];
        let mut k = Kiosk::sized(desk, width, height);
        let palette = [Palette::Light, Palette::Dark, Palette::Contrast][dice.below(3)];
        kiosk::ui::dress(&k.window, Look { palette, large: dice.below(4) == 0 });
        if !reception && dice.below(4) == 0 {
            k.desk.choose(Choices { positive: true, ..Choices::default() });
        }
        let mut disk = Disk::default();
        k.show();
        for step in 0..SITTING.min(steps - done) {
            let ground = format!("seed {seed}, step {}", done + step);
            // Whoever stands before a closed door opens it, most of the time.
            let closed = matches!(k.desk.view(), Screen::SignOn(_) | Screen::Resting(_)) && dice.below(3) == 0;
            match if closed { 8 } else { dice.below(40) } {
                0 => {
                    k.desk.now = k.desk.now.plus(i64::try_from(dice.below(400_000)).unwrap());
                    k.desk.tick();
                }
                1 => k.desk.saving = false,
                2 | 3 => {
                    k.desk.saving = true;
                    k.desk.save();
                }
                4 if dice.below(4) == 0 => {
                    // What is lost was not confirmed: the core takes it back, and so does the list of what was asked.
                    let lost: usize = k.desk.waiting.iter().map(|(_, n)| n).sum();
                    let stands = k.desk.facts.len() - lost;
                    k.desk.facts.truncate(stands);
                    k.desk.by.truncate(stands);
                    k.desk.refuse();
                }
                5 if dice.below(6) == 0 => restart(&mut k, &disk, rows.clone()),
                6 => k.type_keys(&format!("90000{}\n", dice.below(6))),
                7 => k.type_keys(&format!("{}\n", card_of(dice.below(40)))),
                8 if !reception => k.desk.send(card("900001")),
                9 => {
                    // The way back, from wherever this is.
                    for _ in 0..8 {
                        k.desk.send(Msg::Back);
                    }
                    assert!(is_home(&k.desk.view()), "{ground}: no way back from {:?}", k.desk.view());
                }
                10..=18 => {
                    let buttons = k.buttons();
                    assert!(!buttons.is_empty(), "{ground}: nothing to press on {:?}", k.desk.view());
                    let label = buttons[dice.below(buttons.len())].accessible_label().unwrap_or_default().to_string();
                    let same: Vec<_> =
                        buttons.iter().filter(|b| b.accessible_label().as_deref() == Some(&label)).collect();
                    assert!(!label.is_empty(), "{ground}: a button without a label");
                    same[0].invoke_accessible_default_action();
                    k.turn();
                }
                _ => {
                    let at = |dice: &mut Dice, most: f32| {
                        most * f32::from(u16::try_from(dice.below(1000)).unwrap()) / 1000.0
                    };
                    let (x, y) = (at(&mut dice, width), at(&mut dice, height));
                    k.touch(x, y);
                }
            }
            k.show();
            disk.take(&k.desk);
            check(&k, &disk, &ground);
            *screens.entry(kind(&k.desk.view())).or_default() += 1;
        }
        confirmed += disk.marks.len();
        done += SITTING;
    }
    println!("{steps} steps, seed {seed}: {confirmed} marks confirmed; {screens:?}");
    if steps >= 5_000 {
        assert!(confirmed > 100, "a lazy monkey: {confirmed}");
        let wanted = ["sign_on", "pin", "register", "panel", "locked", "call", "submitted"];
        for screen in wanted.into_iter().chain(["reception_idle", "reception_find", "reception_done"]) {
            assert!(screens.contains_key(screen), "the monkey never came to {screen}: {screens:?}");
        }
    }
}

#[test]
fn whatever_is_touched() {
    let asked = std::env::var("ROLLBOOK_MONKEY").unwrap_or_default();
    let (steps, seed) = asked.split_once(':').unwrap_or((asked.as_str(), "1"));
    monkey(steps.parse().unwrap_or(5_000), seed.parse().unwrap_or(1));
}
