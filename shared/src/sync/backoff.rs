//! How long to wait before the next try: 1 s, 2 s, 4 s … 60 s, less up to half by chance, so that a school's kiosks
//! do not come back all at once.
//!
//! Must never: draw the chance itself.

/// Before the first new try.
const FIRST_MS: u64 = 1_000;
/// The longest wait.
const MOST_MS: u64 = 60_000;

/// Counts tries in a row that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// One more failure: milliseconds to wait, between 1 s and 60 s. `jitter` is any random number.
    pub fn next(&mut self, jitter: u16) -> u64 {
        let full = FIRST_MS.checked_shl(self.failures.min(16)).unwrap_or(MOST_MS).min(MOST_MS);
        self.failures = self.failures.saturating_add(1);
        (full - full * u64::from(jitter) / (2 * u64::from(u16::MAX))).max(FIRST_MS)
    }

    /// It went well.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_a_minute_and_begins_again() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..8).map(|_| backoff.next(0)).collect();
        assert_eq!(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
        backoff.reset();
        assert_eq!(backoff.next(0), 1_000);
    }

    #[test]
    fn chance_takes_up_to_half_and_never_leaves_the_bounds() {
        let mut backoff = Backoff { failures: 5 };
        assert_eq!(backoff.next(u16::MAX), 16_000);
        for failures in [0, 1, 6, 40, u32::MAX] {
            for jitter in [0, 1, 30_000, u16::MAX] {
                let wait = Backoff { failures }.next(jitter);
                assert!((FIRST_MS..=MOST_MS).contains(&wait), "{failures} {jitter} {wait}");
            }
        }
    }
}
