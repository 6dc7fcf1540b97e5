//! What the store holds, for a person with a terminal: `rollbook-kiosk status`.
//!
//! Must never: show a token or a name of a pupil, or change anything.

use crate::store::{self, StoreError, feed, kept, log, school};
use serde::Serialize;
use shared::time::Millis;
use std::fmt;
use std::path::Path;

/// What the store holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Where the kiosk hangs; none before it is enrolled.
    pub room: Option<String>,
    /// Its server.
    pub server: Option<String>,
    /// Its id.
    pub kiosk: Option<shared::id::KioskId>,
    /// The log it writes.
    pub log: shared::id::LogId,
    /// Entries written to it.
    pub written: u64,
    /// Entries still kept and found sound.
    pub kept: u64,
    /// Entries the server does not have.
    pub unsent: u64,
    /// Rows of the feed that are held, and the last one applied.
    pub rows: u64,
    /// The last row applied.
    pub cursor: u64,
    /// The last exchange, by the server's clock.
    pub last_exchange: Option<Millis>,
    /// The last entry of the school's own log that is carried here, sealed; none when a backup has them all.
    pub carried: Option<u64>,
}

/// Looks into the store of a folder.
///
/// # Errors
/// [`StoreError`], also when the log is not sound.
pub fn look(dir: &Path) -> Result<Status, StoreError> {
    let mut connection = store::look(dir)?;
    // One transaction, so that a running kiosk does not write between two looks.
    let tx = connection.transaction()?;
    let standing = log::current(&tx)?;
    let enrolled = kept::enrolled(&tx)?;
    Ok(Status {
        room: enrolled.as_ref().map(|e| e.room.clone()),
        server: enrolled.as_ref().map(|e| e.server.clone()),
        kiosk: enrolled.map(|e| e.kiosk),
        log: standing.log,
        written: standing.head.seq,
        kept: log::verify(&tx)?,
        unsent: standing.waiting(),
        rows: feed::count(&tx)?,
        cursor: feed::state(&tx)?.cursor,
        last_exchange: kept::last_exchange(&tx)?,
        carried: school::carried(&tx)?,
    })
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.room, &self.server) {
            (Some(room), Some(server)) => writeln!(f, "Enrolled as {room} at {server}.")?,
            _ => writeln!(f, "Not enrolled yet: rollbook-kiosk enrol --server https://… --data …")?,
        }
        writeln!(
            f,
            "Log {}: {} entries written, {} kept and sound, {} not sent yet.",
            self.log, self.written, self.kept, self.unsent
        )?;
        writeln!(f, "Roster: {} rows, up to {}.", self.rows, self.cursor)?;
        match self.last_exchange.and_then(|at| chrono::DateTime::from_timestamp_millis(at.0)) {
            Some(at) => write!(f, "Last exchange: {} UTC by the server's clock.", at.format("%Y-%m-%d %H:%M:%S")),
            None => write!(f, "No exchange with the server yet."),
        }
    }
}
