//! What the kiosk holds when its program begins: read once, and the beginning itself is a fact.
//!
//! Must never: need the network.

use crate::clock::Clock;
use crate::core::Recalled;
use crate::store::kept::{self, Enrolled};
use crate::store::{Store, StoreError, feed, log, timeline};
use shared::log::Origin;
use shared::observation::{Observation, Observed};
use shared::time::{Timeline, resolve};
use shared::wire::v1::Row;

/// Most own facts that are looked at: several days of a busy reception.
const MOST: u32 = 2_000;
/// Own facts older than this are not shown any more (milliseconds).
const OLD: i64 = 3 * 24 * 60 * 60 * 1000;

/// All of it.
pub struct Memory {
    /// Who this kiosk is, if it is somebody.
    pub enrolled: Option<Enrolled>,
    /// Boots and anchors.
    pub timeline: Timeline,
    /// What the feed told.
    pub rows: Vec<Row>,
    /// How far those rows reflect the current log.
    pub reflects: Origin,
    /// Whether that has ever been all of it.
    pub whole: bool,
    /// Own facts of the last days, in the order of the log.
    pub facts: Vec<Recalled>,
    /// The log as it stands.
    pub standing: log::Standing,
    /// Numbers of entries of the current log that a person caused and the server does not have.
    pub unsent: Vec<u64>,
}

/// Writes down that the program has begun, and reads everything.
///
/// # Errors
/// [`StoreError`].
pub fn begin(store: &Store, clock: Clock) -> Result<Memory, StoreError> {
    store.write_now(move |tx| begun(tx, clock))
}

/// As [`begin`], inside a transaction.
///
/// # Errors
/// [`StoreError`].
pub fn begun(tx: &rusqlite::Transaction<'_>, clock: Clock) -> Result<Memory, StoreError> {
    let at = clock.reading();
    let what = Observation::Booted { floor: timeline::trusted_until(tx)? };
    log::append(tx, &[Observed { at, by: None, what, origin: None }])?;
    read(tx, clock)
}

/// Reads everything, without writing: when the disk takes nothing, the kiosk still shows what it has.
///
/// # Errors
/// [`StoreError`].
pub fn read(tx: &rusqlite::Connection, clock: Clock) -> Result<Memory, StoreError> {
    let timeline = timeline::read(tx)?;
    let now = resolve(&clock.reading(), &timeline);
    let standing = log::current(tx)?;
    let facts = log::recent(tx, MOST)?
        .into_iter()
        .map(|(origin, fact)| Recalled { origin, when: resolve(&fact.at, &timeline), by: fact.by, what: fact.what })
        .filter(|fact| {
            fact.what.by_a_person() || matches!(fact.what, Observation::PinRefused { .. } | Observation::Noticed { .. })
        })
        .filter(|fact| fact.when.latest >= now.earliest.plus(-OLD))
        .collect();
    let unsent = log::entries(tx, standing.acked + 1, usize::MAX)?
        .iter()
        .filter(|entry| serde_json::from_str::<Observed>(&entry.body).is_ok_and(|fact| fact.what.by_a_person()))
        .map(|entry| entry.seq)
        .collect();
    Ok(Memory {
        enrolled: kept::enrolled(tx)?,
        timeline,
        rows: feed::all(tx)?,
        reflects: feed::reflects(tx)?
            .filter(|upto| upto.log == standing.log)
            .unwrap_or(Origin { log: standing.log, seq: 0 }),
        whole: feed::is_whole(tx)?,
        facts,
        standing,
        unsent,
    })
}
