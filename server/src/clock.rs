//! The server's clock: the one place that asks for the time. The system's, or a simulated one (ROLLBOOK_CLOCK).
//!
//! Must never: claim to be sure after an unsynchronised start or a step.

#[cfg(feature = "sim")]
use shared::sim::Dial;
use shared::time::{Hands, Millis, Mono, Simulated, Steady, Step};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Never sleep longer than this before looking at the clock again: a step must not oversleep a closing time.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// One look at the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds UTC.
    pub at: Millis,
    /// False after an unsynchronised start or a step of more than two seconds: decisions are provisional.
    pub sure: bool,
}

/// A clock. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<Source>);

enum Source {
    System(Mutex<Steady>),
    Simulated(Simulated),
    Hands(Watched),
    #[cfg(feature = "sim")]
    Dial(Arc<Dial>, Mutex<Steady>),
    #[cfg(test)]
    Standing(Arc<std::sync::atomic::AtomicI64>),
}

/// A clock whose hands another process moves: the demo's.
struct Watched {
    hands: Hands,
    file: File,
    /// What was seen last: time does not go back.
    last: AtomicI64,
}

impl Watched {
    fn open(hands: Hands) -> Result<Self, BadClock> {
        let unseen = |why: String| BadClock::Unseen { file: hands.file().to_owned(), why };
        let file = File::open(hands.file()).map_err(|e| unseen(e.to_string()))?;
        let watched = Self { file, last: AtomicI64::new(i64::MIN), hands: hands.clone() };
        if watched.now().0 == i64::MIN { Err(unseen("it shows no time".into())) } else { Ok(watched) }
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

/// A `--clock` or ROLLBOOK_CLOCK that describes no clock.
#[derive(Debug, thiserror::Error)]
pub enum BadClock {
    /// Badly written.
    #[error("ROLLBOOK_CLOCK: {0}. Unset it to use the system's clock")]
    Text(#[from] shared::time::NotAClock),
    /// Badly written.
    #[error("ROLLBOOK_CLOCK: {0}. Unset it to use the system's clock")]
    Hands(#[from] shared::time::NoHands),
    /// A clock with hands that cannot be seen.
    #[error("ROLLBOOK_CLOCK: the clock {file}: {why}. Unset it to use the system's clock")]
    Unseen {
        /// Its file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        let (mono, wall) = look();
        Self(Arc::new(Source::System(Mutex::new(Steady::new(mono, wall, synchronised().unwrap_or(true))))))
    }

    /// A clock that the simulator moves: watched as the system's is.
    #[cfg(feature = "sim")]
    #[must_use]
    pub fn by_hand(dial: Arc<Dial>) -> Self {
        let (mono, wall) = dial.look();
        let steady = Steady::new(mono, wall, dial.synchronised.load(Ordering::Relaxed));
        Self(Arc::new(Source::Dial(dial, Mutex::new(steady))))
    }

    /// A clock for demonstrations and tests.
    #[must_use]
    pub fn simulated(clock: Simulated) -> Self {
        Self(Arc::new(Source::Simulated(clock)))
    }

    /// A clock that stands where a test sets it.
    #[cfg(test)]
    pub(crate) fn standing(hands: Arc<std::sync::atomic::AtomicI64>) -> Self {
        Self(Arc::new(Source::Standing(hands)))
    }

    /// The clock that `ROLLBOOK_CLOCK` or `--clock` describes; the system's without it.
    ///
    /// # Errors
    /// [`BadClock`] when the text describes none.
    pub fn from_text(text: Option<&str>) -> Result<Self, BadClock> {
        match text.map(str::trim).filter(|t| !t.is_empty()) {
            Some(text) if text.starts_with(Hands::PREFIX) => {
                Ok(Self(Arc::new(Source::Hands(Watched::open(text.parse()?)?))))
            }
            Some(text) => Ok(Self::simulated(text.parse()?)),
            None => Ok(Self::system()),
        }
    }

    /// What the clock says, and whether it can be relied on.
    #[must_use]
    pub fn now(&self) -> Now {
        let (mono, wall) = look();
        match &*self.0 {
            Source::Simulated(clock) => Now { at: clock.virtual_at(wall.0), sure: true },
            Source::Hands(watched) => Now { at: watched.now(), sure: true },
            #[cfg(test)]
            Source::Standing(hands) => Now { at: Millis(hands.load(std::sync::atomic::Ordering::SeqCst)), sure: true },
            Source::System(steady) => watched(steady, mono, wall, synchronised),
            #[cfg(feature = "sim")]
            Source::Dial(dial, steady) => {
                let (mono, wall) = dial.look();
                watched(steady, mono, wall, || Some(dial.synchronised.load(Ordering::Relaxed)))
            }
        }
    }

    /// How long to sleep, in real time, before `until` may have come: never longer than half a minute, so that whoever
    /// waits looks again.
    #[must_use]
    pub fn delay(&self, until: Millis) -> Duration {
        let left = until.since(self.now().at).max(0);
        let real = match &*self.0 {
            Source::System(_) => Some(left),
            #[cfg(feature = "sim")]
            Source::Dial(..) => Some(left),
            #[cfg(test)]
            Source::Standing(_) => Some(left),
            Source::Simulated(clock) => clock.real_ms(left),
            // The hands may stand: whoever waits looks again.
            Source::Hands(watched) => Some(watched.hands.real_ms(left)),
        };
        let real = real.and_then(|ms| u64::try_from(ms).ok()).map_or(LONGEST_SLEEP, Duration::from_millis);
        real.clamp(Duration::from_millis(1), LONGEST_SLEEP)
    }
}

fn watched(steady: &Mutex<Steady>, mono: Mono, wall: Millis, synchronised: impl FnOnce() -> Option<bool>) -> Now {
    let mut steady = steady.lock().unwrap_or_else(PoisonError::into_inner);
    if let Step::Stepped(by) = steady.look(mono, wall) {
        tracing::warn!(by_ms = by, "the wall clock jumped: marks are provisional until it is synchronised");
    }
    if !steady.sure() && synchronised() == Some(true) {
        steady.checked(mono, wall);
    }
    Now { at: wall, sure: steady.sure() }
}

#[allow(clippy::disallowed_methods)] // this is the clock
fn look() -> (Mono, Millis) {
    let boot = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let wall = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    (Mono(boot.tv_sec * 1000 + boot.tv_nsec / 1_000_000), Millis(wall))
}

/// What systemd-timesyncd says, where it runs; `None` where nobody says.
fn synchronised() -> Option<bool> {
    let folder = std::path::Path::new("/run/systemd/timesync");
    folder.is_dir().then(|| folder.join("synchronized").exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulated_clock_says_how_long_to_sleep_in_real_time() {
        let (_, wall) = look();
        let clock = Clock::from_text(Some(&format!("sim:{}:1000000:600", wall.0))).unwrap();
        assert!(clock.now().sure);
        let delay = clock.delay(clock.now().at.plus(600_000));
        assert!(delay <= Duration::from_secs(1) && delay > Duration::from_millis(500), "{delay:?}");
        assert!(Clock::from_text(Some("yesterday")).is_err());
    }

    #[test]
    fn a_clock_with_hands_stands_where_they_stand() {
        let folder = crate::testing::folder();
        let path = folder.path().join("clock");
        let text = format!("hands:600:0:{}", path.display());
        assert!(matches!(Clock::from_text(Some(&text)), Err(BadClock::Unseen { .. })));
        std::fs::write(&path, Hands::face(Millis(1_000_000))).unwrap();
        let clock = Clock::from_text(Some(&text)).unwrap();
        let first = (clock.now(), clock.delay(Millis(1_060_000)));
        assert_eq!(first, (Now { at: Millis(1_000_000), sure: true }, Duration::from_millis(100)));
        std::fs::write(&path, Hands::face(Millis(1_060_000))).unwrap();
        assert_eq!(clock.now().at, Millis(1_060_000));
        assert_eq!(clock.delay(Millis(1_060_000)), Duration::from_millis(1));
        assert!(Clock::from_text(Some("hands:0:0:x")).is_err());
    }

    #[test]
    fn never_sleeps_past_a_look() {
        let clock = Clock::system();
        assert_eq!(clock.delay(clock.now().at.plus(86_400_000)), LONGEST_SLEEP);
        assert_eq!(clock.delay(Millis(0)), Duration::from_millis(1));
    }
}
