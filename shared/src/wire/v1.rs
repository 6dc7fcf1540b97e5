//! Protocol 1: hello, push, pull; enrolment. JSON, gzip, over TLS to a pinned key. See docs/PROTOCOL.md.
//!
//! Must never: use an HTTP error for an outcome. Outcomes are values with status 200; errors are for accidents and
//! carry a [`Problem`].

mod enrol;
mod row;
mod tail;

pub use enrol::{EnrolPoll, EnrolRequest, EnrolTicket, EnrolWish, Enrolment};
pub use row::{
    AccountedRow, Choices, ClassRow, DayRow, Expected, ExpectedRow, FindBy, MarkRow, Membership, Mode, Palette,
    PassageRow, PupilRow, RegisterRow, RollCallRow, Row, RowBody, Seen, SessionTimes, Settings, Sort, StaffRow, Way,
};
pub use tail::{Asks, SchoolLog, SeenHead, Tail, Witness, Witnessed};

use crate::id::{FeedId, LogId};
use crate::log::{Entry, Hash, Head, Origin};
use crate::text::Text;
use crate::time::{Millis, Mono};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The number of this protocol.
pub const PROTOCOL: u16 = 1;

/// `POST /sync/v1/hello`: who I am, where I stand, what my clock says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Protocols this kiosk speaks.
    pub protocols: Vec<u16>,
    /// The log it writes now.
    pub log: LogId,
    /// Where that log ends.
    pub head: Head,
    /// The feed it follows, if any.
    pub feed: Option<FeedId>,
    /// The last row of it that is applied.
    pub cursor: u64,
    /// Version of the program, as "0.1.0".
    pub app: Text<40>,
    /// The kiosk's monotonic clock when this was sent.
    pub t0: Mono,
    /// What is wrong with the kiosk, in fixed words; empty when all is well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// Some of the heads of the school's own log that it was shown on past days, in turn, at most
    /// [`crate::limits::KEPT_HEADS`]: the server compares them with what it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<KeptHead>,
}

/// Where the school's own log ended on a day, as the server showed it then to this kiosk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptHead {
    /// The day, UTC.
    pub date: NaiveDate,
    /// The last entry.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
    /// Which log, if the server said so: a restore begins another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogId>,
}

/// A fault that a kiosk tells about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// No reader answers.
    NoReader,
    /// The disk is full or read-only.
    Disk,
    /// The wall clock is far from the server's.
    Clock,
}

/// The answer to [`Hello`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelloAnswer {
    /// The protocol to speak.
    pub protocol: u16,
    /// What the server holds of the kiosk's log.
    pub server_head: Head,
    /// What becomes of the log.
    pub log: LogState,
    /// The feed of this kiosk.
    pub feed: FeedId,
    /// Its last row.
    pub feed_head: u64,
    /// Entries of this log up to here are in a verified backup in a second place.
    pub durable_seq: u64,
    /// The server's clock when the request came in.
    pub t1: Millis,
    /// The server's clock when the answer went out.
    pub t2: Millis,
    /// The head of the school's own log, which kiosks keep, so that a rewritten past is found.
    pub school_head: Head,
    /// Which log that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school_log: Option<SchoolLog>,
    /// Something that the server wants to know from this kiosk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<Asks>,
    /// The server is not sure of its own clock: `t1` and `t2` are no time to go by, and make no anchor.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unsure: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde wants it
const fn is_false(value: &bool) -> bool {
    !*value
}

/// What the server says of a log at hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogState {
    /// Go on.
    Open,
    /// The kiosk's head and the server's disagree: begin a new log.
    Forked,
    /// Retired: begin a new log.
    Sealed,
}

/// `POST /sync/v1/push`: entries that follow `from`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// The log.
    pub log: LogId,
    /// Number of the first entry sent.
    pub from: u64,
    /// Hash of the entry before it.
    pub prev: Hash,
    /// The entries, in order, at most [`crate::limits::BATCH_ENTRIES`].
    pub entries: Vec<Entry>,
}

/// What became of a push. Values, not errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Pushed {
    /// All of it is on the server's disk (a replay too: it writes nothing and answers the same).
    Accepted {
        /// The server's head now.
        head: Head,
    },
    /// Entries are missing between the server's head and `from`: send from there.
    Gap {
        /// The server's head.
        head: Head,
    },
    /// The server holds another entry with this number.
    Forked {
        /// The first number that differs.
        at: u64,
    },
    /// The log was retired.
    Sealed,
    /// This kiosk's program is too old to be understood.
    UpgradeRequired,
}

/// `GET /sync/v1/pull?feed&after&limit&wait`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pull {
    /// The feed that `after` counts in.
    pub feed: FeedId,
    /// The last row applied.
    pub after: u64,
    /// Rows wanted, at most [`crate::limits::PAGE_ROWS`].
    pub limit: u32,
    /// Seconds to wait for news, at most [`crate::limits::PULL_WAIT_S`].
    pub wait: u32,
    /// The mark of the last sealed part that the kiosk keeps, empty for none; missing when it wants no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<Text<120>>,
}

/// The answer to [`Pull`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Pulled {
    /// Rows after the cursor. Applied with the cursor in one transaction.
    Page {
        /// The rows, ascending.
        rows: Vec<Row>,
        /// The cursor after this page.
        next: u64,
        /// Whether more wait.
        more: bool,
        /// A sealed part of the school's own log, to be kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tail: Option<Box<Tail>>,
        /// How far the page reflects this kiosk's own logs, newest log first: what it says of a mark includes these
        /// entries and no later ones. Empty from a server that does not say.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        own: Vec<Origin>,
    },
    /// Forget the feed and begin at 0 of this one.
    Resnapshot {
        /// The feed to follow.
        feed: FeedId,
    },
}

/// The body of an HTTP error (RFC 9457): what went wrong, in words for whoever reads a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A fixed word for the program.
    pub code: ProblemCode,
    /// A sentence for a person. No names, no card numbers.
    pub title: String,
}

/// The accidents that a kiosk can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// No token, or one nobody knows.
    NotEnrolled,
    /// The kiosk was revoked. It keeps its log and shows it.
    Revoked,
    /// Not JSON of the right shape, or beyond a limit.
    Malformed,
    /// Too large.
    TooLarge,
    /// Too many requests; wait.
    SlowDown,
    /// The server speaks none of the kiosk's protocols.
    UpgradeRequired,
    /// Anything else: the server's fault, logged there.
    Server,
}
