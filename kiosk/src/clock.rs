//! The kiosk's clocks: the one file of this crate that asks for the time.
//!
//! A process that starts again without a reboot goes on with the same boot id and the same CLOCK_BOOTTIME, so an
//! anchor made before the crash still holds. A simulated clock stands for a machine that was switched on when the
//! process started: every start is a new boot, and its monotonic clock begins at 0.
//!
//! Must never: take the wall clock for the truth. It is handed on as a part of a [`Reading`], to be resolved.

use sha2::{Digest, Sha256};
use shared::id::BootId;
use shared::time::{Millis, Mono, Reading, Simulated};
use std::time::Duration;

/// The environment variable that replaces the machine's clocks by simulated ones (for the demo and for tests).
pub const CLOCK_VARIABLE: &str = "ROLLBOOK_CLOCK";

/// Where the time comes from. Cheap to copy, the same in every thread.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    boot: BootId,
    source: Source,
}

#[derive(Debug, Clone, Copy)]
enum Source {
    Machine,
    Simulated { clock: Simulated, started: Millis },
}

/// Why there is no clock.
#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    /// The kernel's boot id could not be read.
    #[error("cannot read {path}: {source}. Rollbook's kiosk needs Linux with /proc mounted")]
    NoBootId {
        /// The file.
        path: &'static str,
        /// The accident.
        source: std::io::Error,
    },
    /// The simulated clock is badly written.
    #[error("{CLOCK_VARIABLE}={text:?}: {why}")]
    BadSpec {
        /// What was given.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// No random bytes for the id of a simulated boot.
    #[error("the system gave no random bytes")]
    NoRandom,
}

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

impl Clock {
    /// The machine's clocks, or those that `spec` describes.
    ///
    /// # Errors
    /// [`ClockError`] when the machine has no boot id or the description is badly written.
    pub fn new(spec: Option<&str>) -> Result<Self, ClockError> {
        match spec.filter(|text| !text.is_empty()) {
            None => {
                let text = std::fs::read_to_string(BOOT_ID)
                    .map_err(|source| ClockError::NoBootId { path: BOOT_ID, source })?;
                Ok(Self { boot: boot_of(&text), source: Source::Machine })
            }
            Some(text) => {
                let clock: Simulated =
                    text.parse().map_err(|why| ClockError::BadSpec { text: text.to_owned(), why: format!("{why}") })?;
                let mut random = [0; 16];
                getrandom::fill(&mut random).map_err(|_| ClockError::NoRandom)?;
                let started = clock.virtual_at(machine_ms());
                Ok(Self { boot: BootId::from_bytes(random), source: Source::Simulated { clock, started } })
            }
        }
    }

    /// One look at the clocks.
    #[must_use]
    pub fn reading(&self) -> Reading {
        Reading { boot: self.boot, mono: self.mono(), wall: self.wall() }
    }

    /// Which run of the machine this is.
    #[must_use]
    pub const fn boot(&self) -> BootId {
        self.boot
    }

    /// Milliseconds since power-on, suspended time included.
    #[must_use]
    pub fn mono(&self) -> Mono {
        match &self.source {
            Source::Machine => {
                let at = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
                #[allow(clippy::useless_conversion)] // a machine of 32 bits has an i32 here
                let part = i64::from(at.tv_nsec);
                Mono(at.tv_sec * 1000 + part / 1_000_000)
            }
            Source::Simulated { clock, started } => Mono(clock.virtual_at(machine_ms()).since(*started)),
        }
    }

    fn wall(&self) -> Millis {
        match &self.source {
            Source::Machine => Millis(machine_ms()),
            Source::Simulated { clock, .. } => clock.wall_at(machine_ms()),
        }
    }

    /// How long to wait in real life for so many milliseconds to pass on this clock: at least one millisecond, at most
    /// an hour.
    #[must_use]
    pub fn real(&self, ms: i64) -> Duration {
        const HOUR: i64 = 3_600_000;
        let ms = match &self.source {
            Source::Machine => ms,
            Source::Simulated { clock, .. } => clock.real_ms(ms).unwrap_or(HOUR),
        };
        Duration::from_millis(u64::try_from(ms.clamp(1, HOUR)).unwrap_or(1))
    }

    /// Whether this clock is simulated: then the window says so.
    #[must_use]
    pub const fn is_simulated(&self) -> bool {
        matches!(self.source, Source::Simulated { .. })
    }
}

// A boot id is a public random number of the kernel; hashed, so that what is stored cannot be matched with other
// programs' logs of the same machine.
fn boot_of(text: &str) -> BootId {
    let mut h = Sha256::new();
    h.update(b"rollbook-boot-1");
    h.update(text.trim().as_bytes());
    let hash: [u8; 32] = h.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    BootId::from_bytes(bytes)
}

#[allow(clippy::disallowed_methods)] // this file is the one that may
fn machine_ms() -> i64 {
    match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
    }
}

/// A stopwatch for measuring how long something took, in microseconds. It says nothing about the time of day.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts.
    #[must_use]
    #[allow(clippy::disallowed_methods)] // this file is the one that may
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }
    /// Microseconds since the start.
    #[must_use]
    pub fn micros(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_boot_stays_the_same_over_a_restart_of_the_process() {
        let (a, b) = (Clock::new(None).unwrap(), Clock::new(None).unwrap());
        assert_eq!(a.boot(), b.boot());
        let (first, second) = (a.mono(), b.mono());
        assert!(second >= first && first.0 > 0);
    }

    #[test]
    fn a_simulated_start_is_a_new_boot_with_its_own_wall_clock() {
        let now = machine_ms();
        let spec = format!("sim:{now}:1795420800000:60:1000");
        let (a, b) = (Clock::new(Some(&spec)).unwrap(), Clock::new(Some(&spec)).unwrap());
        assert_ne!(a.boot(), b.boot());
        let reading = a.reading();
        assert!(reading.mono.0 >= 0 && reading.mono.0 < 600_000, "monotonic from the start: {reading:?}");
        assert!(reading.wall.0 >= 1000 && reading.wall.0 < 1_000_000, "a clock of 1970: {reading:?}");
        assert_eq!(a.real(60_000), Duration::from_millis(1000));
    }

    #[test]
    fn a_bad_description_says_what_was_expected() {
        let told = Clock::new(Some("sim:soon")).unwrap_err().to_string();
        assert!(told.contains("sim:<real_ms>"), "{told}");
    }
}
