//! The demo's clock: one line of text that gives every process the same simulated time.
//!
//! Must never: be used by a program that a school runs.

use shared::time::Millis;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Real milliseconds since 1970, by this machine's clock.
#[must_use]
pub fn real_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}

/// A simulated clock: at `real` it was `virtual_at`, and it runs `speed` times as fast.
#[derive(Debug, Clone, Copy)]
pub struct DayClock {
    /// Real milliseconds.
    pub real: i64,
    /// What the school's clocks showed then.
    pub virtual_at: Millis,
    /// How many times faster than real time.
    pub speed: u32,
}

impl DayClock {
    /// Starts now.
    #[must_use]
    pub fn starting(virtual_at: Millis, speed: u32) -> Self {
        Self { real: real_ms(), virtual_at, speed }
    }
    /// The school's time now.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.virtual_at.plus((real_ms() - self.real) * i64::from(self.speed))
    }
    /// For `ROLLBOOK_CLOCK`. With `wall`, the wall clock showed that at the start.
    #[must_use]
    pub fn spec(&self, wall: Option<Millis>) -> String {
        let wall = wall.map(|w| format!(":{}", w.0)).unwrap_or_default();
        format!("sim:{}:{}:{}{wall}", self.real, self.virtual_at.0, self.speed)
    }
    /// Waits until the school's clock shows this instant.
    pub async fn until(&self, at: Millis) {
        loop {
            let left = at.since(self.now());
            if left <= 0 {
                return;
            }
            let real = u64::try_from(left / i64::from(self.speed)).unwrap_or(0).max(1);
            tokio::time::sleep(Duration::from_millis(real)).await;
        }
    }
}
