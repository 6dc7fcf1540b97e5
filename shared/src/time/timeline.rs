//! What is known of a log's boots, in the order in which they appear in it: the ground for [`super::resolve`].
//!
//! Must never: be reordered by anything a clock said.

use super::{Anchor, Millis, Mono};
use crate::id::BootId;

/// The day on which the Regulations of 2024 came into force (2024-08-19 00:00 UTC): no register was taken with
/// Rollbook before it, so a wall clock of 1970 is never even an estimate.
pub const BEGINNING: Millis = Millis(1_724_025_600_000);

/// A stretch of a log that was written in one boot. A program that was started again in the same boot may make a
/// second stretch with the same `boot`, and a floor of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boot {
    /// Which run of the machine.
    pub boot: BootId,
    /// The monotonic clock of its first entry.
    pub first: Mono,
    /// The monotonic clock of its last entry.
    pub last: Mono,
    /// Server time that had passed already at `first`: the last trusted instant saved on the kiosk's disk.
    pub floor: Option<Millis>,
}

/// A log's boots in order, their anchors in any order, and when the server had the entry that is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// In order of appearance in the log.
    pub boots: Vec<Boot>,
    /// Anchors of any boot. They may come from another log of the same kiosk: the boot's id is what ties them.
    pub anchors: Vec<Anchor>,
    /// When the server received the entry; [`Millis::FAR`] where nobody has received it yet.
    pub received: Millis,
}

impl Timeline {
    /// From parts.
    #[must_use]
    pub const fn new(boots: Vec<Boot>, anchors: Vec<Anchor>, received: Millis) -> Self {
        Self { boots, anchors, received }
    }

    /// The same log, for an entry that was received at another moment.
    #[must_use]
    pub fn received(mut self, at: Millis) -> Self {
        self.received = at;
        self
    }

    /// Takes in the next reading of the log, and its floor if it is a `Booted`: what a server or kiosk does entry by entry.
    pub fn see(&mut self, boot: BootId, mono: Mono, floor: Option<Millis>) {
        match self.boots.last_mut() {
            Some(at) if at.boot == boot && floor.is_none() => {
                at.first = at.first.min(mono);
                at.last = at.last.max(mono);
            }
            _ => self.boots.push(Boot { boot, first: mono, last: mono, floor }),
        }
    }
}
