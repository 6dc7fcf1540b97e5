//! The kiosk's clocks: the one file of this crate that asks for the time.
//!
//! A process that starts again without a reboot goes on with the same boot id and the same CLOCK_BOOTTIME, so an
//! anchor made before the crash still holds. A simulated clock stands for a machine that was switched on when the
//! process started: every start is a new boot, and its monotonic clock begins at 0.
//!
//! Must never: take the wall clock for the truth. It is handed on as a part of a [`Reading`], to be resolved.

use sha2::{Digest, Sha256};
use shared::id::BootId;
#[cfg(feature = "sim")]
use shared::sim::Dial;
use shared::time::{Hands, Millis, Mono, Reading, Simulated};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicI64, Ordering};
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
    Simulated {
        clock: Simulated,
        started: Millis,
    },
    /// Watched to the end of the process: there is one.
    Hands {
        watched: &'static Watched,
        started: Millis,
    },
    #[cfg(feature = "sim")]
    Dial(&'static Dial),
}

/// A clock whose hands another process moves.
#[derive(Debug)]
struct Watched {
    hands: Hands,
    file: File,
    /// What was seen last: time does not go back.
    last: AtomicI64,
}

impl Watched {
    fn open(hands: Hands) -> Result<Self, ClockError> {
        let trouble = |why: String| ClockError::NoHands { file: hands.file().to_owned(), why };
        let file = File::open(hands.file()).map_err(|e| trouble(e.to_string()))?;
        let watched = Self { file, last: AtomicI64::new(i64::MIN), hands: hands.clone() };
        if watched.now().0 == i64::MIN { Err(trouble("it shows no time".into())) } else { Ok(watched) }
    }

    fn now(&self) -> Millis {
        let mut face = [0; 16];
        // A few looks: the hands may just be moving. A clock that nobody moves any more stands.
        for _ in 0..8 {
            if self.file.read_exact_at(&mut face, 0).is_ok()
                && let Some(at) = Hands::read(face)
            {
                return Millis(self.last.fetch_max(at.0, Ordering::AcqRel).max(at.0));
            }
        }
        Millis(self.last.load(Ordering::Acquire))
    }
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
    /// The clock with hands cannot be seen.
    #[error("{CLOCK_VARIABLE}: the clock {file}: {why}")]
    NoHands {
        /// Its file.
        file: String,
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
                let bad = |why: String| ClockError::BadSpec { text: text.to_owned(), why };
                let source = if text.starts_with(Hands::PREFIX) {
                    let hands: Hands = text.parse().map_err(|why| bad(format!("{why}")))?;
                    let watched: &'static Watched = Box::leak(Box::new(Watched::open(hands)?));
                    Source::Hands { watched, started: watched.now() }
                } else {
                    let clock: Simulated = text.parse().map_err(|why| bad(format!("{why}")))?;
                    Source::Simulated { clock, started: clock.virtual_at(machine_ms()) }
                };
                let mut random = [0; 16];
                crate::random::fill(&mut random).map_err(|_| ClockError::NoRandom)?;
                Ok(Self { boot: BootId::from_bytes(random), source })
            }
        }
    }

    /// A clock that the simulator moves.
    #[cfg(feature = "sim")]
    #[must_use]
    pub const fn by_hand(boot: BootId, dial: &'static Dial) -> Self {
        Self { boot, source: Source::Dial(dial) }
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
            Source::Hands { watched, started } => Mono(watched.now().since(*started)),
            #[cfg(feature = "sim")]
            Source::Dial(dial) => dial.look().0,
        }
    }

    fn wall(&self) -> Millis {
        match &self.source {
            Source::Machine => Millis(machine_ms()),
            Source::Simulated { clock, .. } => clock.wall_at(machine_ms()),
            Source::Hands { watched, .. } => watched.hands.wall_at(watched.now()),
            #[cfg(feature = "sim")]
            Source::Dial(dial) => dial.look().1,
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
            Source::Hands { watched, .. } => watched.hands.real_ms(ms),
            #[cfg(feature = "sim")]
            Source::Dial(_) => ms,
        };
        Duration::from_millis(u64::try_from(ms.clamp(1, HOUR)).unwrap_or(1))
    }

    /// Whether this clock is simulated: then the window says so.
    #[must_use]
    pub const fn is_simulated(&self) -> bool {
        !matches!(self.source, Source::Machine)
    }

    /// How many times faster than the people before the screen this clock may run: once, unless it is simulated.
    #[must_use]
    pub fn pace(&self) -> i64 {
        const REAL_SECOND: i64 = 1_000;
        match &self.source {
            Source::Machine => 1,
            Source::Simulated { clock, .. } => {
                let now = machine_ms();
                (clock.virtual_at(now.saturating_add(REAL_SECOND)).since(clock.virtual_at(now)) / REAL_SECOND).max(1)
            }
            Source::Hands { watched, .. } => i64::from(watched.hands.speed()),
            #[cfg(feature = "sim")]
            Source::Dial(_) => 1,
        }
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
        assert_eq!((a.pace(), Clock::new(None).unwrap().pace()), (60, 1));
    }

    #[test]
    fn a_clock_with_hands_stands_where_they_stand_and_never_goes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clock");
        let spec = format!("hands:600:-1795420800000:{}", path.display());
        let told = Clock::new(Some(&spec)).unwrap_err().to_string();
        assert!(told.contains("clock"), "{told}");
        std::fs::write(&path, []).unwrap();
        assert!(Clock::new(Some(&spec)).unwrap_err().to_string().contains("shows no time"));
        let nine = 1_795_420_800_000;
        std::fs::write(&path, Hands::face(Millis(nine))).unwrap();
        let clock = Clock::new(Some(&spec)).unwrap();
        assert_eq!((clock.mono(), clock.wall(), clock.pace()), (Mono(0), Millis(0), 600));
        assert_eq!((clock.mono(), clock.real(60_000)), (Mono(0), Duration::from_millis(100)));
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.write_all_at(&Hands::face(Millis(nine + 700)), 0).unwrap();
        assert_eq!((clock.mono(), clock.wall()), (Mono(700), Millis(700)));
        file.write_all_at(&Hands::face(Millis(nine + 600)), 0).unwrap();
        assert_eq!(clock.mono(), Mono(700), "moved back, it stands");
        file.write_all_at(&[7; 16], 0).unwrap();
        assert_eq!(clock.mono(), Mono(700), "unreadable, it stands");
    }

    #[test]
    fn a_bad_description_says_what_was_expected() {
        let told = Clock::new(Some("sim:soon")).unwrap_err().to_string();
        assert!(told.contains("sim:<real_ms>"), "{told}");
    }
}
