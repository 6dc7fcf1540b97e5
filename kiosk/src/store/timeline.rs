//! What is known of this kiosk's boots: read from its own log, which is where boots and anchors stand; and the last
//! trusted instant, which outlives the log's entries.
//!
//! Must never: move the last trusted instant back.

use super::{StoreError, kept};
use rusqlite::{Connection, Transaction};
use shared::id::LogId;
use shared::log::Origin;
use shared::observation::{Observation, Observed};
use shared::time::{Millis, Timeline};

const TRUSTED: &str = "trusted_until";

/// Boots and anchors from every entry that is still kept, in the order in which they were written.
///
/// # Errors
/// [`StoreError`].
pub fn read(tx: &Connection) -> Result<Timeline, StoreError> {
    let mut timeline = Timeline::new(Vec::new(), Vec::new(), Millis::FAR);
    let mut select = tx.prepare(
        "SELECT entry.body, log.log, entry.seq FROM entry JOIN log ON log.id = entry.log ORDER BY entry.log, entry.seq",
    )?;
    let mut rows = select.query([])?;
    let mut seen = std::collections::HashSet::new();
    while let Some(row) = rows.next()? {
        let fact: Observed = serde_json::from_str(&row.get::<_, String>(0)?)?;
        let here = Origin { log: LogId::from_bytes(row.get(1)?), seq: row.get(2)? };
        // What was re-appended after a fork stands here twice; where it stood first tells the order.
        if seen.insert(fact.origin.map_or(here, |first| Origin { log: first.log, seq: first.seq })) {
            take(&mut timeline, &fact);
        }
    }
    Ok(timeline)
}

/// Takes in one more fact.
pub fn take(timeline: &mut Timeline, fact: &Observed) {
    let floor = match &fact.what {
        Observation::Booted { floor } => *floor,
        Observation::Anchored { anchor } => {
            timeline.anchors.push(*anchor);
            None
        }
        _ => None,
    };
    timeline.see(fact.at.boot, fact.at.mono, floor);
}

/// The last trusted instant: server time that has certainly passed.
///
/// # Errors
/// [`StoreError`].
pub fn trusted_until(tx: &Connection) -> Result<Option<Millis>, StoreError> {
    Ok(kept::get(tx, TRUSTED)?.and_then(|text| text.parse().ok()).map(Millis))
}

/// Server time has certainly passed `at`.
///
/// # Errors
/// [`StoreError`].
pub fn trust(tx: &Transaction<'_>, at: Millis) -> Result<(), StoreError> {
    if trusted_until(tx)?.is_none_or(|before| before < at) {
        kept::set(tx, TRUSTED, &at.0.to_string())?;
    }
    Ok(())
}
