//! Beginning a day: what stood at the end of the one before is taken down, and the kiosks' feed moves on, once,
//! whenever the server first sees it.
//!
//! Must never: leave a birthday, an expectation or a timetable of yesterday in the feed.

use crate::clock::Now;
use crate::store::{StoreError, WriteTx};
use crate::{feed, record, school};

/// Tombstones kept; beyond this the oldest half is swept.
const TOMBSTONES: i64 = 5_000;

/// Brings the feed to today, if it is not there yet.
///
/// # Errors
/// An accident of the store.
pub fn begin_day(tx: &WriteTx<'_>, now: Now) -> Result<(), StoreError> {
    let today = tx.calendar()?.date_of(now.at).to_string();
    if school::setting(tx, "feed_day")?.as_deref() == Some(&today) {
        return Ok(());
    }
    record::witness(tx, now)?; // of yesterday
    feed::refresh_roster(tx, now)?;
    sweep(tx)?;
    school::set(tx, "feed_day", &today)
}

/// Sweeps old tombstones. A kiosk whose cursor stands before them takes a new snapshot.
fn sweep(tx: &WriteTx<'_>) -> Result<(), StoreError> {
    let graves: i64 = tx.query_row("SELECT count(*) FROM feed WHERE body IS NULL", [], |r| r.get(0))?;
    if graves <= TOMBSTONES {
        return Ok(());
    }
    // Never the newest row: numbers must only grow.
    let floor: i64 = tx.query_row(
        "SELECT max(seq) FROM (SELECT seq FROM feed WHERE body IS NULL AND seq < (SELECT max(seq) FROM feed) ORDER BY seq LIMIT ?1)",
        [graves / 2],
        |r| r.get(0),
    )?;
    tx.execute("DELETE FROM feed WHERE body IS NULL AND seq <= ?1", [floor])?;
    school::set(tx, "feed_floor", &floor.to_string())
}
