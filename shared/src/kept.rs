//! What a kiosk keeps of the past, written down: `rollbook-kiosk witness` prints it, `rollbook-server check
//! --against-kiosks` reads it. It says nothing about a pupil: numbers and hashes only.
//!
//! Must never: be taken from the server. It is worth something because it lay elsewhere.

use crate::id::{KioskId, LogId, SchoolId};
use crate::log::{Hash, Head};
use crate::text::Name;
use crate::wire::v1::KeptHead;
use serde::{Deserialize, Serialize};

/// What a kiosk keeps of the past.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The kiosk.
    pub kiosk: KioskId,
    /// Its school.
    pub school: SchoolId,
    /// Where it hangs.
    pub room: Name,
    /// Where the school's own log ended on each day, as the server showed it then.
    pub school_heads: Vec<KeptHead>,
    /// The kiosk's own logs.
    pub logs: Vec<KeptLog>,
}

/// One of a kiosk's own logs, as far as it still has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptLog {
    /// Which.
    pub log: LogId,
    /// The last entry that the server has confirmed.
    pub acked: u64,
    /// The entries up to it that are still here: number and hash.
    pub entries: Vec<Head>,
}

impl KeptLog {
    /// The entry named, if it is kept.
    #[must_use]
    pub fn entry(&self, seq: u64) -> Option<Hash> {
        self.entries.iter().find(|entry| entry.seq == seq).map(|entry| entry.hash)
    }
}
