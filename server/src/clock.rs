//! The server's clock: the one place that asks for the time. The system's, or a simulated one (ROLLBOOK_CLOCK).
//!
//! Must never: claim to be sure after an unsynchronised start or a step.

use shared::time::{Millis, Mono, Simulated, Steady, Step};
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
    #[cfg(test)]
    Standing(Arc<std::sync::atomic::AtomicI64>),
}

/// A `--clock` or ROLLBOOK_CLOCK that describes no clock.
#[derive(Debug, thiserror::Error)]
#[error("ROLLBOOK_CLOCK: {0}. Unset it to use the system's clock")]
pub struct BadClock(#[from] shared::time::NotAClock);

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        let (mono, wall) = look();
        Self(Arc::new(Source::System(Mutex::new(Steady::new(mono, wall, synchronised().unwrap_or(true))))))
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
            #[cfg(test)]
            Source::Standing(hands) => Now { at: Millis(hands.load(std::sync::atomic::Ordering::SeqCst)), sure: true },
            Source::System(steady) => {
                let mut steady = steady.lock().unwrap_or_else(PoisonError::into_inner);
                if let Step::Stepped(by) = steady.look(mono, wall) {
                    tracing::warn!(by_ms = by, "the wall clock jumped: marks are provisional until it is synchronised");
                }
                if !steady.sure() && synchronised() == Some(true) {
                    steady.checked(mono, wall);
                }
                Now { at: wall, sure: steady.sure() }
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
            #[cfg(test)]
            Source::Standing(_) => Some(left),
            Source::Simulated(clock) => clock.real_ms(left),
        };
        let real = real.and_then(|ms| u64::try_from(ms).ok()).map_or(LONGEST_SLEEP, Duration::from_millis);
        real.clamp(Duration::from_millis(1), LONGEST_SLEEP)
    }
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
    fn never_sleeps_past_a_look() {
        let clock = Clock::system();
        assert_eq!(clock.delay(clock.now().at.plus(86_400_000)), LONGEST_SLEEP);
        assert_eq!(clock.delay(Millis(0)), Duration::from_millis(1));
    }
}
