//! What happens to a kiosk's exchange ([`Event`]) and what it asks for ([`Action`]).
//!
//! Must never: carry a socket, a file or a clock. The driver has those.

use crate::id::{BootId, FeedId, LogId};
use crate::log::{Head, Origin};
use crate::time::{Anchor, Mono};
use crate::wire::v1::{HelloAnswer, ProblemCode, Pulled, Pushed, Row};

/// Any random number, drawn anew for each event: spreads the waits of a school's kiosks.
pub type Jitter = u16;

/// What the kiosk's disk says when the program begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// This run of the machine.
    pub boot: BootId,
    /// The last anchor in the log, if it is of this boot.
    pub anchor: Option<Anchor>,
    /// The log written now.
    pub log: LogId,
    /// Where it ends.
    pub head: Head,
    /// The first entry whose body is still kept; 1 if nothing was pruned, `head.seq + 1` if everything was.
    pub first_kept: u64,
    /// The last entry that the server has taken.
    pub acked: u64,
    /// `durable_seq`, as last heard.
    pub durable: u64,
    /// The feed followed and the last row applied.
    pub feed: crate::sync::Feed,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The program runs.
    Started,
    /// Entries of this log were committed.
    Appended {
        /// The log.
        log: LogId,
        /// Where it ends now.
        head: Head,
    },
    /// The answer to the hello in flight.
    HelloAnswered {
        /// The monotonic clock that the hello carried.
        t0: Mono,
        /// The monotonic clock when the answer was here.
        t3: Mono,
        /// The answer.
        answer: HelloAnswer,
    },
    /// The answer to the push in flight.
    Pushed {
        /// The last entry that was sent; `from - 1` for an empty batch.
        upto: u64,
        /// The outcome.
        outcome: Pushed,
    },
    /// The answer to the pull in flight.
    Pulled(Pulled),
    /// A page and its cursor were committed.
    Stored {
        /// The cursor.
        cursor: u64,
    },
    /// A request came to nothing.
    Failed {
        /// Which.
        call: Call,
        /// How.
        failure: Failure,
    },
    /// The timer of the last [`Action::WakeIn`] ran out.
    Woke,
    /// A new log was begun, as [`Action::BeginLog`] asked, and holds what was not accepted.
    LogBegun {
        /// The new log.
        log: LogId,
        /// Where it ends.
        head: Head,
    },
    /// Entries before this one were pruned.
    Pruned {
        /// The first entry still kept.
        first_kept: u64,
    },
}

/// The three requests. At most one of each is in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Hello.
    Hello,
    /// Push.
    Push,
    /// Pull.
    Pull,
}

/// How a request came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No answer in time, no connection, or a key that is not the pinned one.
    Unreachable,
    /// An HTTP error with a problem.
    Refused(ProblemCode),
    /// An answer that cannot be read.
    Malformed,
}

/// What to do. The driver carries out the actions of one event in order; requests run beside each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send a hello with these, and the monotonic clock at that moment as `t0`.
    SendHello {
        /// The log.
        log: LogId,
        /// Where it ends.
        head: Head,
        /// The feed followed.
        feed: Option<FeedId>,
        /// The last row applied.
        cursor: u64,
    },
    /// Send entries from this one on ([`crate::sync::batch`] takes as many as fit). If there are none, send the
    /// empty batch: it asks whether the log is the same up to here.
    SendPush {
        /// The log.
        log: LogId,
        /// The first entry.
        from: u64,
        /// At most so many.
        max: usize,
    },
    /// Ask for rows.
    SendPull {
        /// The feed.
        feed: FeedId,
        /// The last row applied.
        after: u64,
        /// Rows wanted.
        limit: u32,
        /// Seconds to wait for news.
        wait: u32,
    },
    /// Mark every row held as old, and begin this feed at 0, in one transaction. Old rows stay on the screen until
    /// they are replaced or the snapshot is complete.
    BeginSnapshot {
        /// The feed to follow.
        feed: FeedId,
    },
    /// Apply the rows (each is no longer old) and the cursor in one transaction, then say [`Event::Stored`].
    StorePage {
        /// The feed.
        feed: FeedId,
        /// The rows.
        rows: Vec<Row>,
        /// The cursor.
        cursor: u64,
        /// What of this kiosk's own log the rows reflect.
        reflects: Reflects,
    },
    /// Delete the rows that are still old. May be asked for when there are none.
    EndSnapshot,
    /// In one transaction: begin a new log, re-append every kept entry from this number on (and what is in no second
    /// place yet, and every kept `Booted` and `Anchored`: they tie readings to time) with the place where it stood first, and
    /// `Noticed` that the log was begun anew. Then say [`Event::LogBegun`].
    BeginLog {
        /// The first entry that was not accepted.
        re_append_from: u64,
    },
    /// The server's time is known: set the clock on the screen by it and, if `keep`, append `Anchored` to the log and
    /// save the last trusted instant.
    NoteAnchor {
        /// The tie.
        anchor: Anchor,
        /// The first of this boot, or clearly better than the last one logged.
        keep: bool,
    },
    /// Save it. Entries may be pruned once both have passed them and they are older than
    /// [`crate::limits::KEEP_ACKED_DAYS`]. Both may go back, when the server was restored.
    Acked {
        /// The last entry the server has taken.
        upto: u64,
        /// The last entry that is in a verified backup in a second place.
        durable: u64,
    },
    /// Say [`Event::Woke`] after so many milliseconds. Replaces a timer that runs.
    WakeIn {
        /// Milliseconds.
        ms: u64,
    },
    /// The state of the exchange has changed.
    Tell(Status),
}

/// How far a page reflects the kiosk's own log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reflects {
    /// The last own entry that went into its rows.
    pub upto: Origin,
    /// No page follows: with it, what is held is what the server held then. Until it has come, only the rows of the page
    /// itself are known to be so new.
    pub last: bool,
}

impl Reflects {
    /// What all rows that are held reflect, once this page is applied.
    #[must_use]
    pub fn after(self, held: Option<Origin>) -> Origin {
        let Self { upto, last } = self;
        let before = held.filter(|held| held.log == upto.log).map_or(0, |held| held.seq);
        Origin { seq: if last { upto.seq } else { before.min(upto.seq) }, ..upto }
    }
}

/// The state of the exchange, for the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Connected; the server has everything.
    Online,
    /// Connected; so many entries are still to be sent.
    Waiting {
        /// Entries.
        unsent: u64,
    },
    /// Not connected. Everything is kept; so many entries are still to be sent.
    Offline {
        /// Entries.
        unsent: u64,
    },
    /// The server says that this kiosk is revoked, or does not know it.
    Revoked,
    /// Kiosk and server do not understand each other: one of them must be upgraded.
    Upgrade,
}
