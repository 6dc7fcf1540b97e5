//! A clock for demonstrations and tests that runs as fast as asked: `sim:<real>:<virtual>:<speed>[:<wall>]`.
//!
//! Must never: ask for the time. The real milliseconds come from whoever may ask.

use super::Millis;
use std::{fmt, str::FromStr};

/// At the real moment `real` (milliseconds) the virtual clock stands at `virtual_ms`, and runs `speed` times as fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Simulated {
    real: i64,
    virtual_ms: i64,
    millionths: i64,
    wall: Option<i64>,
}

/// A text that describes no simulated clock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a simulated clock: expected sim:<real_ms>:<virtual_ms>:<speed>[:<wall_ms>], as sim:1795000000000:1795422000000:60"
)]
pub struct NotAClock;

impl Simulated {
    /// The virtual time at a real moment; saturates at the ends of the number line.
    #[must_use]
    pub fn virtual_at(&self, real_ms: i64) -> Millis {
        Millis(self.virtual_ms.saturating_add(self.run(real_ms)))
    }

    /// What a wall clock of this simulation shows at a real moment: the virtual time, unless it was set wrong.
    #[must_use]
    pub fn wall_at(&self, real_ms: i64) -> Millis {
        Millis(self.wall.unwrap_or(self.virtual_ms).saturating_add(self.run(real_ms)))
    }

    /// The real milliseconds after which `virtual_ms` milliseconds have passed here, rounded up; `None` if it stands still.
    #[must_use]
    pub fn real_ms(&self, virtual_ms: i64) -> Option<i64> {
        if self.millionths == 0 {
            return None;
        }
        let speed = i128::from(self.millionths);
        i64::try_from((i128::from(virtual_ms) * 1_000_000 + speed - 1).div_euclid(speed)).ok()
    }

    fn run(&self, real_ms: i64) -> i64 {
        let passed = i128::from(real_ms) - i128::from(self.real);
        let run = (passed * i128::from(self.millionths)).div_euclid(1_000_000);
        i64::try_from(run).unwrap_or(if run < 0 { i64::MIN } else { i64::MAX })
    }
}

impl FromStr for Simulated {
    type Err = NotAClock;
    fn from_str(text: &str) -> Result<Self, NotAClock> {
        let parts: Vec<&str> = text.strip_prefix("sim:").ok_or(NotAClock)?.split(':').collect();
        let number = |s: &str| s.parse::<i64>().map_err(|_| NotAClock);
        let (real, virtual_ms, speed, wall) = match parts.as_slice() {
            [real, virtual_ms, speed] => (real, virtual_ms, speed, None),
            [real, virtual_ms, speed, wall] => (real, virtual_ms, speed, Some(number(wall)?)),
            _ => return Err(NotAClock),
        };
        let (whole, part) = speed.split_once('.').unwrap_or((speed, ""));
        if part.len() > 6 || !part.bytes().all(|b| b.is_ascii_digit()) || whole.starts_with(['-', '+']) {
            return Err(NotAClock);
        }
        let part = number(&format!("{part:0<6}"))?;
        let millionths = number(whole)?.checked_mul(1_000_000).and_then(|w| w.checked_add(part)).ok_or(NotAClock)?;
        Ok(Self { real: number(real)?, virtual_ms: number(virtual_ms)?, millionths, wall })
    }
}

impl fmt::Display for Simulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sim:{}:{}:{}", self.real, self.virtual_ms, self.millionths / 1_000_000)?;
        let part = self.millionths % 1_000_000;
        if part > 0 {
            write!(f, ".{}", format!("{part:06}").trim_end_matches('0'))?;
        }
        self.wall.map_or(Ok(()), |wall| write!(f, ":{wall}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_as_fast_as_asked() {
        let clock: Simulated = "sim:1000:500000:60".parse().expect("a clock");
        assert_eq!(clock.virtual_at(1_000), Millis(500_000));
        assert_eq!(clock.virtual_at(2_000), Millis(560_000));
        assert_eq!(clock.virtual_at(0), Millis(440_000));
        assert_eq!(clock.wall_at(2_000), clock.virtual_at(2_000));
        assert_eq!(clock.real_ms(60_000), Some(1_000));
        assert_eq!(clock.real_ms(60_001), Some(1_001));
        let half: Simulated = "sim:0:0:0.5".parse().expect("a clock");
        assert_eq!(half.virtual_at(10), Millis(5));
    }

    #[test]
    fn a_wall_clock_may_be_set_wrong() {
        let clock: Simulated = "sim:1000:1795422000000:600:0".parse().expect("a clock");
        assert_eq!(clock.wall_at(2_000), Millis(600_000), "1970-01-01 00:10");
        assert_eq!(clock.virtual_at(2_000), Millis(1_795_422_600_000));
    }

    #[test]
    fn is_written_as_it_is_read_and_refuses_the_rest() {
        for text in ["sim:1:2:3", "sim:-1:2:0.25", "sim:1:2:600:0", "sim:1:2:1.000001:-5"] {
            assert_eq!(text.parse::<Simulated>().expect("a clock").to_string(), text);
        }
        for text in ["", "sim:", "sim:1:2", "sim:1:2:-3", "sim:1:2:x", "sim:1:2:3:4:5", "1:2:3", "sim:1:2:1.0000001"] {
            assert_eq!(text.parse::<Simulated>(), Err(NotAClock), "{text}");
        }
        let far: Simulated = "sim:-9223372036854775808:9223372036854775807:9000000000".parse().expect("a clock");
        assert_eq!(far.virtual_at(i64::MAX), Millis(i64::MAX));
    }
}
