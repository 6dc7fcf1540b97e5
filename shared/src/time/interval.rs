//! When something happened, as far as is known: an interval of server time.
//!
//! Must never: be empty, or hold an estimate outside itself.

use super::Millis;
use serde::{Deserialize, Serialize};

/// From `earliest` to `latest`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// Not before this.
    pub earliest: Millis,
    /// Not after this.
    pub latest: Millis,
    /// A guess inside the interval (a wall clock that nobody checked), or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Millis>,
}
