//! Protocol 1: hello, push, pull; enrolment. JSON, gzip, over TLS to a pinned key. See docs/PROTOCOL.md.
//!
//! Must never: use an HTTP error for an outcome. Outcomes are values with status 200; errors are for accidents and
//! carry a [`Problem`].

use crate::calendar::{Half, SessionKey};
use crate::id::{ClassId, FeedId, KioskId, LogId, PupilId, SchoolId, StaffId};
use crate::log::{Entry, Hash, Head};
use crate::text::{Name, Text};
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
    },
    /// Forget the feed and begin at 0 of this one.
    Resnapshot {
        /// The feed to follow.
        feed: FeedId,
    },
}

/// One row of the feed: the newest state of one thing. A later row with the same key replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its place in the feed.
    pub seq: u64,
    /// What thing.
    pub key: Text<120>,
    /// Its state; `None`: it is gone.
    pub body: Option<RowBody>,
}

/// The state of a thing that a kiosk may know (law 8: what its screens need, and no more).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RowBody {
    /// School-wide settings.
    Settings(Settings),
    /// A class that this kiosk serves.
    Class(ClassRow),
    /// A pupil of a class that this kiosk serves.
    Pupil(PupilRow),
    /// A member of staff who may sign on.
    Staff(StaffRow),
    /// A school day, with its sessions.
    Day(DayRow),
    /// What the office already knows of a pupil and session, without a reason.
    Expected(ExpectedRow),
    /// A mark as it stands, in three words.
    Mark(MarkRow),
    /// The state of a register.
    Register(RegisterRow),
}

/// School-wide settings of a kiosk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The school.
    pub school: SchoolId,
    /// Its name.
    pub name: Name,
    /// This kiosk's name on the wall, as "Room 7".
    pub room: Name,
    /// Classroom or reception.
    pub mode: Mode,
    /// Key of the keyed hashes of cards (64 hexadecimal digits).
    pub card_key: Text<64>,
    /// The public key that reasons are sealed to (64 hexadecimal digits, X25519).
    pub seal_to: Text<64>,
    /// Reasons offered at reception, in order.
    pub reasons: Vec<Name>,
}

/// What a kiosk is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Takes registers of its classes.
    Classroom,
    /// Signs pupils in and out.
    Reception,
}

/// A class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassRow {
    /// Its id.
    pub class: ClassId,
    /// "3 Willow".
    pub name: Name,
    /// "Year 3", "Reception".
    pub year: Name,
}

/// A pupil as a kiosk knows one. Never a date of birth, a UPN, a contact, a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PupilRow {
    /// The id.
    pub pupil: PupilId,
    /// First name to show (the preferred one).
    pub first: Name,
    /// Surname to show.
    pub last: Name,
    /// The class, from which date to which (both included), as known now.
    pub classes: Vec<Membership>,
    /// A birthday: the date of this year's, only on the day itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birthday: Option<NaiveDate>,
    /// Keyed hashes of the pupil's cards; at reception only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<Text<64>>,
}

/// Membership of a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The class.
    pub class: ClassId,
    /// First day.
    pub from: NaiveDate,
    /// Last day, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

/// A member of staff, as the sign-on screen knows one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffRow {
    /// The id.
    pub staff: StaffId,
    /// "Ms Patel".
    pub name: Name,
    /// Argon2 hash of the PIN, in PHC form; none: cannot sign on by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<Text<200>>,
    /// Keyed hashes of their cards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<Text<64>>,
    /// The classes that are theirs, shown first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<ClassId>,
}

/// One school day. A date without a row is a day without school.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayRow {
    /// The date.
    pub date: NaiveDate,
    /// Its sessions, morning first. Times in UTC, so that a kiosk needs no time zone.
    pub sessions: Vec<SessionTimes>,
    /// Minutes that local time is ahead of UTC, for the clock on the screen.
    pub utc_offset_min: i32,
}

/// The times of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionTimes {
    /// Which half.
    pub half: Half,
    /// When the session starts; minutes late count from here.
    pub start: Millis,
    /// When its register opens.
    pub opens: Millis,
    /// When its register closes.
    pub closes: Millis,
    /// When the session ends.
    pub end: Millis,
}

/// What is expected of a pupil in a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedRow {
    /// The pupil.
    pub pupil: PupilId,
    /// The session.
    pub session: SessionKey,
    /// Absent, or elsewhere on the school's business. No code, no reason.
    pub expected: Expected,
}

/// Two words, and no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// Expected absent.
    Absent,
    /// On a visit, at another school.
    Elsewhere,
}

/// A mark as another screen may know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkRow {
    /// The pupil.
    pub pupil: PupilId,
    /// The session.
    pub session: SessionKey,
    /// Present, late, absent.
    pub state: Seen,
    /// Minutes late, if late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u16>,
}

/// Three words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// Here.
    Present,
    /// Here, late.
    Late,
    /// Not here.
    Absent,
}

/// The state of a register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterRow {
    /// The class.
    pub class: ClassId,
    /// The session.
    pub session: SessionKey,
    /// When the server had it submitted, if it has.
    pub submitted: Option<Millis>,
    /// Whether it is closed.
    pub closed: bool,
}

/// `POST /enrol/v1/request`: a kiosk without a school asks to be enrolled. It commits to a nonce, so that nobody in
/// the middle can search for a key with the same check word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// sha256 of the nonce.
    pub commit: Hash,
    /// Version of the program.
    pub app: Text<40>,
}

/// The answer to [`EnrolRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolTicket {
    /// What the kiosk shows and IT types, as `K7QX-4M2P`.
    pub code: Text<12>,
    /// Secret of this request, for the poll (64 hexadecimal digits).
    pub ticket: Text<64>,
    /// Seconds until the code lapses.
    pub seconds: u32,
}

/// `POST /enrol/v1/poll`: the nonce opened, and the question whether somebody typed the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolPoll {
    /// The secret of the request.
    pub ticket: Text<64>,
    /// The nonce, 32 bytes in hexadecimal; its sha256 is the commitment.
    pub nonce: Text<64>,
}

/// The answer to [`EnrolPoll`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Enrolment {
    /// Nobody has typed the code yet.
    Waiting,
    /// Enrolled.
    Granted {
        /// The kiosk's id.
        kiosk: KioskId,
        /// The school.
        school: SchoolId,
        /// The kiosk's name.
        room: Name,
        /// What it is for.
        mode: Mode,
        /// The device token, shown once: `rbk_` and 64 hexadecimal digits.
        token: Text<80>,
        /// sha256 of the server's public key (SPKI, DER), to pin.
        pin: Hash,
        /// sha256 of the announced next key, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_pin: Option<Hash>,
    },
    /// Somebody said no, or the code lapsed: ask again.
    Refused,
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
