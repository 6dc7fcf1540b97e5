//! What will happen on the demo's school day: who is absent, who is late and how, which kiosk has which trouble.
//!
//! Must never: depend on anything but its arguments. One seed, one day.

use shared::calendar::Half;
use shared::id::{ClassId, PupilId, StaffId};
use shared::time::Millis;
use std::collections::BTreeSet;

const MINUTE: i64 = 60_000;

/// A classroom before the day: its class, its teacher's card, its pupils.
#[derive(Debug, Clone)]
pub struct Room {
    /// "Room 7".
    pub name: String,
    /// The class.
    pub class: ClassId,
    /// "3 Willow".
    pub class_name: String,
    /// The number of the teacher's card, if they have one.
    pub card: Option<String>,
    /// The teacher, with their PIN.
    pub staff: Option<(StaffId, String)>,
    /// The teacher, as the sign-on screen shows them.
    pub teacher: String,
    /// The pupils on roll.
    pub pupils: Vec<Pupil>,
}

/// A pupil before the day.
#[derive(Debug, Clone)]
pub struct Pupil {
    /// The pupil.
    pub id: PupilId,
    /// The number of their card, if they have one.
    pub card: Option<String>,
}

/// The times of the day, in server time.
#[derive(Debug, Clone, Copy)]
pub struct Bells {
    /// Midnight, local.
    pub midnight: Millis,
}

impl Bells {
    /// That time of the clock.
    #[must_use]
    pub const fn at(&self, hour: i64, minute: i64) -> Millis {
        self.midnight.plus((hour * 60 + minute) * MINUTE)
    }
}

/// What is the matter with a room's kiosk today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// No network from 08:30 to 10:00.
    Offline,
    /// Its wall clock thinks that it is 1970.
    WrongClock,
    /// It is killed in the middle of the morning register, and starts again.
    Killed,
    /// Its teacher forgets to submit the afternoon register.
    Forgotten,
}

/// One register to take.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// Morning or afternoon.
    pub half: Half,
    /// When the teacher turns to the screen.
    pub begins: Millis,
    /// Pause between two taps, in milliseconds of school time.
    pub pause: i64,
    /// Whom the teacher taps absent.
    pub absent: BTreeSet<PupilId>,
    /// Who comes through the classroom door while the register is open.
    pub came_late: BTreeSet<PupilId>,
    /// Taps everyone; else taps the absent and marks the rest present.
    pub everyone: bool,
    /// Whether it is submitted.
    pub submits: bool,
    /// After how many taps the power goes.
    pub killed_after: Option<usize>,
}

/// One pupil who comes to reception.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// When.
    pub at: Millis,
    /// Who.
    pub pupil: PupilId,
    /// Index of the room of their class.
    pub room: usize,
    /// Holds a card to the reader; else finds their name.
    pub by_card: bool,
    /// Picks a reason; else would rather not say.
    pub says_why: bool,
}

/// The day.
#[derive(Debug, Clone)]
pub struct Day {
    /// What is the matter with each room's kiosk.
    pub troubles: Vec<Trouble>,
    /// Each room's registers, morning first.
    pub lessons: Vec<Vec<Lesson>>,
    /// Who comes to reception, by time.
    pub arrivals: Vec<Arrival>,
}

/// Makes the day. `expected` are pupils whom the office already knows to be absent: nobody taps them.
#[must_use]
pub fn day(rooms: &[Room], expected: &BTreeSet<PupilId>, bells: Bells, seed: u64) -> Day {
    let mut dice = fastrand::Rng::with_seed(seed);
    let troubles: Vec<Trouble> = (0..rooms.len())
        .map(|i| match i {
            2 => Trouble::Offline,
            5 => Trouble::WrongClock,
            8 => Trouble::Killed,
            11 => Trouble::Forgotten,
            _ => Trouble::None,
        })
        .collect();
    let mut lessons = Vec::new();
    let mut arrivals = Vec::new();
    for (index, room) in rooms.iter().enumerate() {
        let mut pupils: Vec<&Pupil> = room.pupils.iter().filter(|p| !expected.contains(&p.id)).collect();
        dice.shuffle(&mut pupils);
        let trouble = troubles[index];
        // Late at reception: not in class when the register is taken.
        let at_reception = pupils.split_off(pupils.len().saturating_sub(dice.usize(1..=3)));
        for pupil in &at_reception {
            let late = dice.bool();
            let minute = if late { dice.i64(6..=26) } else { dice.i64(34..=95) };
            arrivals.push(Arrival {
                at: bells.at(8, 50 + minute).plus(dice.i64(0..MINUTE)),
                pupil: pupil.id,
                room: index,
                by_card: pupil.card.is_some() && dice.u8(0..10) < 7,
                says_why: dice.bool(),
            });
        }
        let away = pupils.split_off(pupils.len().saturating_sub(dice.usize(0..=2)));
        let through_the_door = pupils.split_off(pupils.len().saturating_sub(dice.usize(0..=1)));
        let mut absent: BTreeSet<PupilId> = away.iter().map(|p| p.id).collect();
        absent.extend(at_reception.iter().map(|p| p.id));
        absent.extend(through_the_door.iter().map(|p| p.id));
        let begins = bells.at(8, 50).plus(dice.i64(MINUTE..5 * MINUTE));
        let morning = Lesson {
            half: Half::Am,
            begins,
            pause: dice.i64(900..2500),
            absent,
            came_late: through_the_door.iter().map(|p| p.id).collect(),
            everyone: trouble == Trouble::Killed || dice.u8(0..10) < 3,
            submits: true,
            killed_after: (trouble == Trouble::Killed).then(|| dice.usize(8..16)),
        };
        let afternoon = Lesson {
            half: Half::Pm,
            begins: bells.at(13, 0).plus(dice.i64(MINUTE..6 * MINUTE)),
            pause: dice.i64(900..2500),
            absent: away.iter().map(|p| p.id).collect(),
            came_late: BTreeSet::new(),
            everyone: dice.u8(0..10) < 3,
            submits: trouble != Trouble::Forgotten,
            killed_after: None,
        };
        lessons.push(vec![morning, afternoon]);
    }
    arrivals.sort_by_key(|a| (a.at, a.pupil));
    // Both sides of the close are seen, whatever the dice say.
    if let (Some(first), Some(last)) = (arrivals.first_mut().map(|a| a.at), arrivals.last_mut()) {
        debug_assert!(first <= last.at);
        last.at = last.at.max(bells.at(9, 40));
    }
    Day { troubles, lessons, arrivals }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rooms() -> Vec<Room> {
        let id = |a: u8, b: u8| PupilId::from_bytes([a, b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        (0..14)
            .map(|r| Room {
                name: format!("Room {r}"),
                class: ClassId::from_bytes([r; 16]),
                class_name: format!("Class {r}"),
                card: Some(format!("{r}")),
                staff: None,
                teacher: String::new(),
                pupils: (0..29)
                    .map(|p| Pupil { id: id(r, p), card: (p % 5 > 0).then(|| format!("{r}-{p}")) })
                    .collect(),
            })
            .collect()
    }

    #[test]
    fn a_day_has_everything_that_the_demo_promises() {
        let bells = Bells { midnight: Millis(0) };
        for seed in 0..50 {
            let day = day(&rooms(), &BTreeSet::new(), bells, seed);
            for trouble in [Trouble::Offline, Trouble::WrongClock, Trouble::Killed, Trouble::Forgotten] {
                assert_eq!(day.troubles.iter().filter(|t| **t == trouble).count(), 1, "{trouble:?}");
            }
            assert!(day.arrivals.iter().any(|a| a.at < bells.at(9, 20)), "seed {seed}: nobody before close");
            assert!(day.arrivals.iter().any(|a| a.at > bells.at(9, 20)), "seed {seed}: nobody after close");
            // Nobody so near to the close that the demo's own delays could decide it.
            assert!(day.arrivals.iter().all(|a| a.at.since(bells.at(9, 20)).abs() > 2 * MINUTE));
            assert!(day.arrivals.iter().any(|a| a.by_card) && day.arrivals.iter().any(|a| !a.by_card));
            assert!(day.lessons.iter().all(|l| l.len() == 2));
        }
    }
}
