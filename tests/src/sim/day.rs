//! What the people of one school day mean to do: who is late and by how much, when a register is taken, who is careless.
//!
//! Must never: look at what the kiosks or the server make of it.

use super::school::{CLASSES, School};
use chrono::NaiveDate;
use fastrand::Rng;
use shared::calendar::{Half, SessionKey};
use shared::id::PupilId;
use std::collections::BTreeMap;

pub const MINUTE: i64 = 60_000;

/// What a teacher means a tile to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Present,
    Absent,
    Late,
}

/// A teacher takes one register.
#[derive(Debug, Clone)]
pub struct Sitting {
    pub class: usize,
    pub session: SessionKey,
    /// When the teacher comes to the screen.
    pub begins: i64,
    /// Between two touches, about.
    pub pace: i64,
    pub wanted: BTreeMap<PupilId, Wanted>,
    /// Whether "mark the rest present" is used.
    pub rest: bool,
    /// Whether the teacher forgets to submit.
    pub submits: bool,
    /// Touches left until the teacher gives up.
    pub patience: u32,
    /// Marks that are turned over at first, and put right.
    pub slips: Vec<PupilId>,
    /// The index of the kiosk.
    pub kiosk: usize,
}

/// Somebody at reception.
#[derive(Debug, Clone, Copy)]
pub struct Passage {
    pub at: i64,
    pub pupil: PupilId,
    pub out: bool,
}

/// What the office does.
#[derive(Debug, Clone)]
pub enum Deed {
    Amend {
        pupil: PupilId,
        session: SessionKey,
        code: &'static str,
    },
    Plan {
        pupil: PupilId,
        session: SessionKey,
        code: &'static str,
    },
    /// Settles a question about a pupil, if one is open; which, and how, by these numbers.
    Settle {
        which: usize,
        how: usize,
    },
}

/// A day.
#[derive(Debug, Default)]
pub struct Day {
    pub sittings: Vec<Sitting>,
    pub passages: Vec<Passage>,
    pub deeds: Vec<(i64, Deed)>,
}

/// Makes up a day. `rooms`: which classes have a kiosk that runs.
pub fn make_up(rng: &mut Rng, school: &School, date: NaiveDate, rooms: &[usize]) -> Day {
    let mut day = Day::default();
    for half in [Half::Am, Half::Pm] {
        let session = SessionKey { date, half };
        let Some(times) = school.calendar.times(session) else { continue };
        for _ in 0..2 {
            let at = times.closes.0 + rng.i64(1..90) * MINUTE;
            day.deeds.push((at, Deed::Settle { which: rng.usize(0..100), how: rng.usize(0..100) }));
        }
        for class in 0..CLASSES {
            let runs = rooms.contains(&class);
            let mut wanted = BTreeMap::new();
            for pupil in &school.pupils[class] {
                let what = match rng.u8(0..100) {
                    0..72 => Wanted::Present,
                    72..86 => Wanted::Absent,
                    _ => Wanted::Late,
                };
                wanted.insert(*pupil, what);
                if what != Wanted::Present && rng.u8(0..3) == 0 {
                    // Late over reception: before opening, open, after close, or near a limit.
                    let at = match rng.u8(0..5) {
                        0 => times.opens.0 - rng.i64(1..15) * MINUTE,
                        1 => times.closes.0 + rng.i64(-4..4) * MINUTE,
                        2 => times.closes.0 + rng.i64(1..60) * MINUTE,
                        _ => times.opens.0 + rng.i64(0..30) * MINUTE,
                    };
                    day.passages.push(Passage { at: at + rng.i64(0..MINUTE), pupil: *pupil, out: false });
                }
                if rng.u8(0..40) == 0 {
                    let at = times.closes.0 + rng.i64(5..60) * MINUTE;
                    day.passages.push(Passage { at, pupil: *pupil, out: true });
                    if rng.bool() {
                        day.passages.push(Passage { at: at + rng.i64(5..80) * MINUTE, pupil: *pupil, out: false });
                    }
                }
                if rng.u8(0..25) == 0 {
                    let code = ["I", "M"][rng.usize(0..2)];
                    let at = times.opens.0 - 60 * MINUTE + rng.i64(0..150) * MINUTE;
                    day.deeds.push((at, Deed::Plan { pupil: *pupil, session, code }));
                }
                if rng.u8(0..25) == 0 {
                    let code = ["I", "L", "U", "C", "/"][rng.usize(0..5)];
                    let code = if code == "/" && half == Half::Pm { "\\" } else { code };
                    let at = times.opens.0 + rng.i64(10..240) * MINUTE;
                    day.deeds.push((at, Deed::Amend { pupil: *pupil, session, code }));
                }
            }
            if !runs || rng.u8(0..20) == 0 {
                continue; // nobody takes this register
            }
            let begins = match rng.u8(0..12) {
                0 => times.opens.0 - rng.i64(1..10) * MINUTE,
                1 => times.closes.0 - rng.i64(0..4) * MINUTE,
                2 => times.closes.0 + rng.i64(1..40) * MINUTE,
                _ => times.opens.0 + rng.i64(0..15) * MINUTE,
            };
            let slips = school.pupils[class].iter().copied().filter(|_| rng.u8(0..12) == 0).collect();
            day.sittings.push(Sitting {
                class,
                session,
                begins: begins + rng.i64(0..MINUTE),
                pace: rng.i64(600..9_000),
                wanted,
                rest: rng.u8(0..4) == 0,
                submits: rng.u8(0..12) != 0,
                patience: 90,
                slips,
                kiosk: class,
            });
        }
    }
    day
}
