//! What is wrong with the kiosk: for its own screen, and for the office through the next hello.
//!
//! Must never: stop the kiosk. A fault is told, and work goes on with what there is.

use shared::time::{Interval, Reading};
use shared::wire::v1::Fault;

/// A wall clock that is off by more than this is a fault (milliseconds).
const CLOCK_OFF_MS: i64 = 5 * 60 * 1000;

/// What is known to be wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    disk: bool,
    reader: bool,
    clock: bool,
}

impl Health {
    /// Something could not be written, or was written again.
    pub const fn disk(&mut self, failing: bool) {
        self.disk = failing;
    }
    /// A reader that should answer does not, or does again.
    pub const fn reader(&mut self, missing: bool) {
        self.reader = missing;
    }
    /// Compares the wall clock with what is known. As long as nothing is known, nothing is wrong.
    pub const fn clock(&mut self, reading: &Reading, now: &Interval, trusted: bool) {
        self.clock = trusted
            && (reading.wall.0 < now.earliest.0.saturating_sub(CLOCK_OFF_MS)
                || reading.wall.0 > now.latest.0.saturating_add(CLOCK_OFF_MS));
    }
    /// All of it, in a fixed order.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        [(self.reader, Fault::NoReader), (self.disk, Fault::Disk), (self.clock, Fault::Clock)]
            .into_iter()
            .filter_map(|(wrong, fault)| wrong.then_some(fault))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::id::BootId;
    use shared::time::{Millis, Mono};

    #[test]
    fn a_clock_of_1970_is_a_fault_only_once_the_time_is_known() {
        let reading = Reading { boot: BootId::from_bytes([1; 16]), mono: Mono(5), wall: Millis(5) };
        let now = Interval::exact(Millis(1_795_420_800_000));
        let mut health = Health::default();
        health.clock(&reading, &now, false);
        assert_eq!(health.faults(), []);
        health.clock(&reading, &now, true);
        health.disk(true);
        assert_eq!(health.faults(), [Fault::Disk, Fault::Clock]);
        health.clock(&Reading { wall: now.latest, ..reading }, &now, true);
        health.disk(false);
        assert_eq!(health.faults(), []);
    }
}
