//! The server's clock: the one place that asks for the time. The system's, or a simulated one (ROLLBOOK_CLOCK).
//!
//! Must never: claim to be sure after an unsynchronised start or a step.

use shared::time::Millis;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Between two looks the wall clock may move this much against CLOCK_BOOTTIME, in milliseconds.
const STEP_MS: i64 = 2_000;
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
pub struct Clock(Arc<Inner>);

struct Inner {
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    offset: Option<i64>,
    stepped: bool,
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(Inner { seen: Mutex::default() }))
    }

    /// What the clock says, and whether it can be relied on.
    #[must_use]
    pub fn now(&self) -> Now {
        let wall = wall_ms();
        let sure = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner).look(wall, boot_ms(), synchronised());
        Now { at: Millis(wall), sure }
    }
}

impl Seen {
    /// Compares wall and boot time with the last look. A step makes the clock unsure until the system says that it is
    /// synchronised; where the system cannot say, until the next start.
    fn look(&mut self, wall: i64, boot: i64, synchronised: Option<bool>) -> bool {
        let offset = wall - boot;
        if self.offset.is_some_and(|before| (offset - before).abs() > STEP_MS) {
            self.stepped = true;
        }
        self.offset = Some(offset);
        match synchronised {
            Some(true) => {
                self.stepped = false;
                true
            }
            Some(false) => false,
            None => !self.stepped,
        }
    }
}

#[allow(clippy::disallowed_methods)] // this is the clock
fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn boot_ms() -> i64 {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    t.tv_sec * 1000 + t.tv_nsec / 1_000_000
}

/// What systemd-timesyncd says, where it runs; `None` where nobody says.
fn synchronised() -> Option<bool> {
    let folder = std::path::Path::new("/run/systemd/timesync");
    folder.is_dir().then(|| folder.join("synchronized").exists())
}
