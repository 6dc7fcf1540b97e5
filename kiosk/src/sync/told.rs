//! What passes between the hub's thread and the exchange's.
//!
//! Must never: hold a socket or a file.

use crate::enrol::Step;
use crate::store::StoreError;
use shared::id::LogId;
use shared::log::{Head, Origin};
use shared::observation::Observed;
use shared::sync::Status;
use shared::time::Anchor;
use shared::wire::v1::{Fault, Row};

/// From the hub.
#[derive(Debug)]
pub enum Order {
    /// Facts were committed.
    Appended {
        /// To this log.
        log: LogId,
        /// Its end now.
        head: Head,
    },
    /// What is wrong with the kiosk, for the next hello.
    Faults(Vec<Fault>),
    /// Cut the kiosk's own network, or mend it (demonstrations and tests).
    Network(bool),
    /// Something is worth sending at once.
    Now,
}

/// To the hub.
#[derive(Debug)]
pub enum Told {
    /// The state of the exchange.
    Status(Status),
    /// A request came to nothing.
    Unanswered,
    /// The server has everything up to here.
    Acked {
        /// The last entry.
        upto: u64,
    },
    /// These rows are on disk.
    Rows {
        /// The rows.
        rows: Vec<Row>,
        /// How far all rows that are held reflect the own log.
        reflects: Origin,
    },
    /// All there was to tell has been told. With rows: forget what was told before, this is all there is.
    Whole(Option<Vec<Row>>),
    /// The server's time is known; the fact, if it was appended to the log.
    Anchored {
        /// The tie.
        anchor: Anchor,
        /// What was appended.
        fact: Option<Box<Observed>>,
        /// The log's end.
        head: Head,
    },
    /// A new log was begun.
    LogBegun,
    /// The disk refused.
    Disk(StoreError),
    /// An enrolment goes on.
    Enrolling(Step),
    /// The kiosk has its school.
    Enrolled,
    /// There is neither an enrolment nor a server to ask for one.
    NoServer,
}
