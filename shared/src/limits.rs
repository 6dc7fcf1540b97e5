//! Every bound on what may come over the wire, on one page.
//!
//! Must never: be changed upwards without a look at memory on the smallest server, nor downwards below what a
//! released kiosk sends.

/// Bytes of one log entry's body.
pub const BODY_BYTES: usize = 4 * 1024;
/// Entries in one push.
pub const BATCH_ENTRIES: usize = 500;
/// Bytes of one request's body, after decompression.
pub const REQUEST_BYTES: usize = 1024 * 1024;
/// Rows in one page of the feed.
pub const PAGE_ROWS: usize = 1000;
/// Bytes of one feed row's body.
pub const ROW_BYTES: usize = 8 * 1024;
/// Seconds that a pull may wait for news.
pub const PULL_WAIT_S: u32 = 30;
/// Facts of one kiosk held undecided (revoked, or pupils it does not serve).
pub const HELD_PER_KIOSK: usize = 20_000;
/// Enrolments waiting at once, for the whole server.
pub const ENROLMENTS_WAITING: usize = 64;
/// Minutes until an unused enrolment code lapses.
pub const ENROLMENT_MINUTES: i64 = 15;
/// Requests per minute and address on the enrolment routes.
pub const ENROL_PER_MINUTE: u32 = 60;
/// Failed log-ins of one account before it must wait.
pub const LOGIN_FAILURES: u32 = 5;
/// Seconds to wait after too many failed log-ins (doubles, up to fifteen minutes).
pub const LOGIN_WAIT_S: i64 = 30;
/// Days that a kiosk keeps acknowledged entries, besides waiting for `durable_seq`.
pub const KEEP_ACKED_DAYS: i64 = 30;
/// Bytes of the school's own log in one sealed part of its tail, before packing; and characters of the part as it is sent.
pub const TAIL_BYTES: usize = 128 * 1024;
/// See [`TAIL_BYTES`].
pub const TAIL_CHARS: usize = 192 * 1024;
/// Characters of sealed parts that a kiosk keeps in all: then it takes no more until a backup lets it forget some.
pub const TAIL_KEPT_CHARS: u64 = 8 * 1024 * 1024;
/// Marks, and sealed parts, in one request of a witness.
pub const WITNESS_MARKS: usize = 2_000;
/// See [`WITNESS_MARKS`].
pub const WITNESS_PARTS: usize = 3;
/// Heads in one request of a witness: a year and a half of days.
pub const WITNESS_HEADS: usize = 550;
/// Bytes of a reason sealed to the server's key.
pub const SEALED_BYTES: usize = 1024;
/// Heads of past days that a kiosk tells in one hello.
pub const KEPT_HEADS: usize = 16;
