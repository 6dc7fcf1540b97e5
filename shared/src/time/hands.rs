//! A clock for demonstrations whose hands somebody moves: `hands:<speed>:<wall>:<file>`. It can wait for people.
//!
//! Must never: touch the file. Its 16 bytes come from whoever may read it.

use super::Millis;
use std::{fmt, str::FromStr};

/// A clock that stands where a file says. Whoever moves it moves it at most `speed` times as fast as real time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hands {
    speed: u32,
    wall: i64,
    file: String,
}

/// A text that describes no such clock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a clock with hands: expected hands:<speed>:<wall offset ms>:<file>, as hands:60:0:/run/demo/clock")]
pub struct NoHands;

impl Hands {
    /// How a description begins.
    pub const PREFIX: &'static str = "hands:";

    /// Describes a clock in this file, that runs at most so fast, and whose wall clock is ahead by so much.
    #[must_use]
    pub fn new(speed: u32, wall: i64, file: &str) -> Self {
        Self { speed: speed.max(1), wall, file: file.to_owned() }
    }

    /// Where the hands are.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// How many times faster than real time it runs at most.
    #[must_use]
    pub const fn speed(&self) -> u32 {
        self.speed
    }

    /// What a wall clock shows when the hands show `at`: the same, unless it was set wrong.
    #[must_use]
    pub const fn wall_at(&self, at: Millis) -> Millis {
        at.plus(self.wall)
    }

    /// The fewest real milliseconds in which so many can pass here, rounded up.
    #[must_use]
    pub fn real_ms(&self, virtual_ms: i64) -> i64 {
        let speed = i64::from(self.speed);
        virtual_ms.saturating_add(speed - 1).div_euclid(speed)
    }

    /// The face of the clock, as the file holds it: the time, and the time with every bit turned.
    #[must_use]
    pub fn face(at: Millis) -> [u8; 16] {
        let mut face = [0; 16];
        face[..8].copy_from_slice(&at.0.to_le_bytes());
        face[8..].copy_from_slice(&(!at.0).to_le_bytes());
        face
    }

    /// What the face shows; none while the hands are being moved.
    #[must_use]
    pub fn read(face: [u8; 16]) -> Option<Millis> {
        let (time, turned) = face.split_at(8);
        let at = i64::from_le_bytes(time.try_into().ok()?);
        (i64::from_le_bytes(turned.try_into().ok()?) == !at).then_some(Millis(at))
    }
}

impl FromStr for Hands {
    type Err = NoHands;
    fn from_str(text: &str) -> Result<Self, NoHands> {
        let mut parts = text.strip_prefix(Self::PREFIX).ok_or(NoHands)?.splitn(3, ':');
        let mut next = || parts.next().filter(|part| !part.is_empty()).ok_or(NoHands);
        let speed: u32 = next()?.parse().map_err(|_| NoHands)?;
        let wall = next()?.parse().map_err(|_| NoHands)?;
        let file = next()?.to_owned();
        if speed == 0 { Err(NoHands) } else { Ok(Self { speed, wall, file }) }
    }
}

impl fmt::Display for Hands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}:{}:{}", Self::PREFIX, self.speed, self.wall, self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_caught_between_two_times_shows_none() {
        for at in [0, -1, 1_795_422_000_000, i64::MIN, i64::MAX] {
            assert_eq!(Hands::read(Hands::face(Millis(at))), Some(Millis(at)));
        }
        let (old, new) = (Hands::face(Millis(1_795_422_000_000)), Hands::face(Millis(1_795_422_000_601)));
        for cut in 1..16 {
            let mut torn = old;
            torn[..cut].copy_from_slice(&new[..cut]);
            let seen = Hands::read(torn);
            assert!(seen.is_none() || torn == old || torn == new, "cut at {cut}: {seen:?}");
        }
    }

    #[test]
    fn is_written_as_it_is_read_and_refuses_the_rest() {
        for text in ["hands:600:0:/run/clock", "hands:1:-1795334400000:/a:b/c"] {
            assert_eq!(text.parse::<Hands>().expect("a clock").to_string(), text);
        }
        for text in ["", "hands:", "hands:0:0:/x", "hands:60:0:", "hands:60:/x", "hands:-1:0:/x", "sim:1:2:3"] {
            assert_eq!(text.parse::<Hands>(), Err(NoHands), "{text}");
        }
        let slow = Hands::new(60, -5, "x");
        assert_eq!((slow.real_ms(60_001), slow.wall_at(Millis(10))), (1_001, Millis(5)));
    }
}
