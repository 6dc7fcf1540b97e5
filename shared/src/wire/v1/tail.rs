//! The sealed tail: what the office did since the last backup, carried by kiosks that cannot read it; and what a kiosk
//! tells a server that was restored.
//!
//! Must never: hold anything about a person that is not sealed, but the three words of a mark that the kiosk was shown.

use super::MarkRow;
use crate::id::LogId;
use crate::limits::TAIL_CHARS;
use crate::log::Head;
use crate::text::Text;
use crate::time::Millis;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// A part of the school's own log, sealed to the recovery key. The kiosk keeps it until a backup holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tail {
    /// The log it is of.
    pub log: LogId,
    /// Its first entry.
    pub first: u64,
    /// Its last, with its hash: the kiosk keeps it as an end of the log that it was shown.
    pub head: Head,
    /// What the kiosk says in its next pull, once it keeps this part: the server goes on from there.
    pub mark: Text<120>,
    /// The entries, sealed (base64). Opaque to the kiosk.
    pub sealed: Text<TAIL_CHARS>,
}

/// Which log the school writes, and how far a backup in a second place has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolLog {
    /// The log that `school_head` is the end of.
    pub log: LogId,
    /// Parts of its tail up to here need not be kept any more.
    pub durable: u64,
}

/// The server asks for what the kiosk keeps of the school: it was restored from a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asks {
    /// Names what is asked: each is answered once.
    pub id: Text<64>,
    /// Since when: marks of this date and later, heads of all.
    pub since: Millis,
}

/// `POST /sync/v1/witness`: the answer to [`Asks`], in as many requests as it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// What was asked.
    pub id: Text<64>,
    /// Ends of the school's own log as the kiosk was shown them.
    pub heads: Vec<SeenHead>,
    /// Marks as it was shown them.
    pub marks: Vec<MarkRow>,
    /// What it carries sealed.
    pub tail: Vec<Tail>,
    /// Whether nothing follows.
    pub done: bool,
}

/// The last end of the school's own log that a kiosk was shown on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenHead {
    /// The day, by UTC.
    pub date: NaiveDate,
    /// Which log, if the server said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogId>,
    /// Its end.
    pub head: Head,
}

/// The answer to [`Witness`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witnessed {
    /// It stands on the server's disk.
    pub taken: bool,
}
