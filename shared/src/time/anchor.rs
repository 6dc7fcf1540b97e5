//! An anchor ties one boot's monotonic clock to the server's time, by four timestamps as NTP does (RFC 5905 §8).
//!
//! Must never: be made from a wall clock of the kiosk.

use super::{Millis, Mono};
use crate::id::BootId;
use serde::{Deserialize, Serialize};

/// How far a kiosk's quartz may drift from the server's clock, in parts per million.
pub const DRIFT_PPM: i64 = 50;

/// At `mono` of `boot` the server's clock stood at `server`, give or take `uncertainty` milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// Which run of the machine.
    pub boot: BootId,
    /// The monotonic clock.
    pub mono: Mono,
    /// The server's clock at that moment.
    pub server: Millis,
    /// Half of the round trip, rounded up; milliseconds, never negative.
    pub uncertainty: i64,
}
