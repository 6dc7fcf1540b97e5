//! What a batch of entries does to a log: the server's whole judgement of a push, as a pure function.
//!
//! Must never: interpret a body, or accept an entry that does not follow the chain.

use crate::limits::{BATCH_ENTRIES, BODY_BYTES};
use crate::log::{Entry, Hash, Head};
use crate::wire::v1::{LogState, Push, Pushed};

/// What a push comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ingested<'a> {
    /// These entries are new: append them all in one transaction, then answer.
    Append {
        /// The new part of the batch, never empty.
        entries: &'a [Entry],
        /// The head once they are appended.
        head: Head,
    },
    /// All of it is held already: write nothing, answer the same.
    Replay {
        /// The head, as it stands.
        head: Head,
    },
    /// Entries are missing before it.
    Gap {
        /// The head, as it stands.
        head: Head,
    },
    /// Another entry is held under this number.
    Forked {
        /// The first number known to differ. At or after `push.from` it is exactly the first; before `push.from` the
        /// logs part at `at` or somewhere earlier.
        at: u64,
    },
    /// The log was retired.
    Sealed,
    /// Not a batch that any kiosk of ours sends: HTTP 400.
    Malformed(Malformed),
    /// The header of an entry below the head cannot be found: the server's own fault, HTTP 500.
    Lost {
        /// The entry.
        seq: u64,
    },
}

/// What is wrong with a malformed batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// More than [`BATCH_ENTRIES`].
    #[error("too many entries in one batch")]
    TooMany,
    /// A body longer than [`BODY_BYTES`].
    #[error("the body of entry {seq} is too long")]
    BodyTooLong {
        /// The entry.
        seq: u64,
    },
    /// Entries are numbered from 1, each one higher than the one before.
    #[error("expected entry {expected}")]
    Numbering {
        /// The number expected.
        expected: u64,
    },
    /// An entry does not name the hash of the one before it.
    #[error("entry {seq} does not follow the one before it")]
    Chain {
        /// The entry.
        seq: u64,
    },
}

impl Ingested<'_> {
    /// The answer to send, once what is to be written is on the disk. `None`: an HTTP error.
    #[must_use]
    pub const fn answer(&self) -> Option<Pushed> {
        match self {
            Self::Append { head, .. } | Self::Replay { head } => Some(Pushed::Accepted { head: *head }),
            Self::Gap { head } => Some(Pushed::Gap { head: *head }),
            Self::Forked { at } => Some(Pushed::Forked { at: *at }),
            Self::Sealed => Some(Pushed::Sealed),
            Self::Malformed(_) | Self::Lost { .. } => None,
        }
    }
}

/// Judges a push. `head` is where the log stands, `sealed` whether the office retired it, `known(seq)` the hash of the
/// entry held under a number from 1 to `head.seq` (asked for replayed entries and the one before the batch).
///
/// An empty batch asks whether the log is the same up to `from - 1`.
pub fn ingest<'a>(head: Head, sealed: bool, known: impl Fn(u64) -> Option<Hash>, push: &'a Push) -> Ingested<'a> {
    if let Err(why) = well_formed(push) {
        return Ingested::Malformed(why);
    }
    if sealed {
        return Ingested::Sealed;
    }
    if push.from > head.seq.saturating_add(1) {
        return Ingested::Gap { head };
    }
    let held = |seq: u64| match seq {
        0 => Some(Hash::ZERO),
        _ if seq == head.seq => Some(head.hash),
        _ => known(seq),
    };
    let before = push.from - 1;
    match held(before) {
        None => return Ingested::Lost { seq: before },
        Some(hash) if hash != push.prev => return Ingested::Forked { at: before.max(1) },
        Some(_) => {}
    }
    let replayed = push.entries.iter().take_while(|e| e.seq <= head.seq).count();
    for entry in &push.entries[..replayed] {
        match held(entry.seq) {
            None => return Ingested::Lost { seq: entry.seq },
            Some(hash) if hash != entry.hash() => return Ingested::Forked { at: entry.seq },
            Some(_) => {}
        }
    }
    // The chain ties the new part to the replayed part, and that, or `prev`, is tied to what is held.
    let entries = &push.entries[replayed..];
    entries.last().map_or(Ingested::Replay { head }, |last| Ingested::Append { entries, head: last.head() })
}

fn well_formed(push: &Push) -> Result<(), Malformed> {
    if push.entries.len() > BATCH_ENTRIES {
        return Err(Malformed::TooMany);
    }
    if push.from == 0 || push.from.checked_add(BATCH_ENTRIES as u64).is_none() {
        return Err(Malformed::Numbering { expected: 1 });
    }
    let mut at = Head { seq: push.from - 1, hash: push.prev };
    for entry in &push.entries {
        if entry.seq != at.seq + 1 {
            return Err(Malformed::Numbering { expected: at.seq + 1 });
        }
        if entry.prev != at.hash {
            return Err(Malformed::Chain { seq: entry.seq });
        }
        if entry.body.len() > BODY_BYTES {
            return Err(Malformed::BodyTooLong { seq: entry.seq });
        }
        at = entry.head();
    }
    Ok(())
}

/// What the server says of a log at hello: `head` and `sealed` as for [`ingest`]; `theirs` is the kiosk's head.
///
/// A kiosk whose own log ends before what is held runs on a card that was restored: it must not write those numbers
/// again, so its log counts as forked already. One that is ahead is checked by its next push.
#[must_use]
pub fn greet(head: Head, sealed: bool, theirs: Head) -> LogState {
    if sealed {
        LogState::Sealed
    } else if theirs.seq > head.seq || theirs == head {
        LogState::Open
    } else {
        LogState::Forked
    }
}
