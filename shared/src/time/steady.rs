//! Whether a machine's wall clock goes as its monotonic clock does: a step of more than two seconds makes it unsure.
//!
//! Must never: become sure again by itself. Somebody who knows (a synchronised time service) says so.

use super::{Millis, Mono};

/// A difference beyond this is a step.
pub const STEP_MS: i64 = 2_000;
/// A time service that slews moves a clock by no more than this; it is followed, not reported.
const SLEW_PPM: i64 = 500;

/// Watches a wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steady {
    mono: Mono,
    offset: i64,
    sure: bool,
}

/// What one look saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The clocks went together.
    None,
    /// The wall clock jumped by so many milliseconds (negative: back).
    Stepped(i64),
}

impl Steady {
    /// Begins to watch; `sure` if the clock is known to be synchronised.
    #[must_use]
    pub const fn new(mono: Mono, wall: Millis, sure: bool) -> Self {
        Self { mono, offset: wall.0.saturating_sub(mono.0), sure }
    }

    /// Looks at both clocks. After a step the clock is unsure until [`Steady::checked`].
    pub fn look(&mut self, mono: Mono, wall: Millis) -> Step {
        let elapsed = mono.0.saturating_sub(self.mono.0).max(0);
        let offset = wall.0.saturating_sub(mono.0);
        let by = offset.saturating_sub(self.offset);
        self.mono = mono;
        if by.saturating_abs() > STEP_MS.saturating_add(elapsed / (1_000_000 / SLEW_PPM)) {
            self.offset = offset;
            self.sure = false;
            return Step::Stepped(by);
        }
        // Follows a slew, so that a month of it is no step; does not follow steps that hide below the limit.
        let slew = (elapsed / (1_000_000 / SLEW_PPM)).saturating_add(1);
        self.offset = self.offset.saturating_add(by.clamp(-slew, slew));
        Step::None
    }

    /// Somebody who knows says that the wall clock is right now.
    pub const fn checked(&mut self, mono: Mono, wall: Millis) {
        *self = Self::new(mono, wall, true);
    }

    /// Whether decisions may be made on it.
    #[must_use]
    pub const fn sure(&self) -> bool {
        self.sure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_a_step_either_way_and_stays_unsure() {
        for by in [2_500, -2_500, 3_600_000] {
            let mut steady = Steady::new(Mono(0), Millis(1_000_000), true);
            assert_eq!(steady.look(Mono(1_000), Millis(1_001_000)), Step::None);
            assert!(steady.sure());
            assert_eq!(steady.look(Mono(2_000), Millis(1_002_000 + by)), Step::Stepped(by));
            assert_eq!(steady.look(Mono(3_000), Millis(1_003_000 + by)), Step::None);
            assert!(!steady.sure(), "still unsure, though the clocks go together again");
            steady.checked(Mono(4_000), Millis(1_004_000));
            assert!(steady.sure());
        }
    }

    #[test]
    fn follows_a_slew_but_not_a_row_of_small_steps() {
        let mut slewed = Steady::new(Mono(0), Millis(0), true);
        for minute in 1..10_000 {
            let mono = minute * 60_000;
            assert_eq!(slewed.look(Mono(mono), Millis(mono + mono / 2_500)), Step::None, "400 ppm");
        }
        let mut nudged = Steady::new(Mono(0), Millis(0), true);
        let steps: Vec<_> = (1..=3).map(|n| nudged.look(Mono(n * 1_000), Millis(n * 1_000 + n * 1_500))).collect();
        assert!(steps.iter().any(|s| matches!(s, Step::Stepped(_))), "{steps:?}");
        assert!(!nudged.sure());
    }

    #[test]
    fn an_unsynchronised_start_is_unsure() {
        assert!(!Steady::new(Mono(0), Millis(0), false).sure());
    }
}
