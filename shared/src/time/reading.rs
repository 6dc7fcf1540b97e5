//! What a kiosk's clocks said: the raw thing that is stored with each observation.
//!
//! Must never: be compared across boots, or shown to a person as a time.

use crate::id::BootId;
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01 00:00 UTC, by the server's clock unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

/// Milliseconds of CLOCK_BOOTTIME: since power-on, suspended time included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mono(pub i64);

/// One look at the clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// Which run of the machine.
    pub boot: BootId,
    /// The monotonic clock of that run.
    pub mono: Mono,
    /// What the wall clock claimed. Never trusted, kept as an estimate.
    pub wall: Millis,
}

impl Millis {
    /// After everything: the end of an interval that has no end yet.
    pub const FAR: Self = Self(i64::MAX);

    /// This instant and so many milliseconds.
    #[must_use]
    pub const fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
    /// Milliseconds from `earlier` to this instant (negative if it is before).
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}
