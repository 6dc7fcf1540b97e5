//! Cards that a kiosk saw and nobody knows.
//!
//! Must never: read more of the logs than the days that were asked for.

use super::{CardHash, Holder, find};
use crate::record;
use crate::store::StoreError;
use crate::store::columns::uint;
use rusqlite::{Connection, params};
use shared::observation::{Notice, Observation, Observed};
use shared::time::{Interval, Millis};
use std::collections::BTreeMap;

/// A card that is bound to nobody, or was marked lost, and was held to a reader.
#[derive(Debug, Clone)]
pub struct Unknown {
    /// The card.
    pub hash: CardHash,
    /// Where it was seen last.
    pub room: String,
    /// When, as well as is known now.
    pub when: Interval,
    /// How often in these days.
    pub times: usize,
    /// Whose it was, if it was marked lost.
    pub lost_by: Option<Holder>,
}

/// Those that came in since an instant, the newest first, each card once.
///
/// # Errors
/// An accident of the store.
pub fn unknown(c: &Connection, since: Millis) -> Result<Vec<Unknown>, StoreError> {
    let mut logs = c.prepare_cached("SELECT log.id, kiosk.room FROM log JOIN kiosk ON kiosk.id = log.kiosk")?;
    let logs: Vec<(i64, String)> = logs.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<Result<_, _>>()?;
    let mut found: BTreeMap<CardHash, Unknown> = BTreeMap::new();
    for (log, room) in logs {
        for (seq, seen, received) in newest(c, log, since)? {
            let Observation::Noticed { notice: Notice::UnknownCard { card } } = &seen.what else { continue };
            // An entry appended again after a fork stood in another log before: once is enough.
            let Some(hash) = CardHash::new(card).filter(|_| seen.origin.is_none()) else { continue };
            let when = record::taken(c, log, seq, &seen.at, received)?;
            match found.get_mut(&hash) {
                Some(known) => {
                    known.times += 1;
                    if known.when.latest < when.latest {
                        (known.when, known.room) = (when, room.clone());
                    }
                }
                None => {
                    let bound = find(c, &hash)?;
                    if bound.as_ref().is_some_and(|card| card.lost_at.is_none()) {
                        continue; // bound since, or a pupil's at a classroom kiosk
                    }
                    let lost_by = bound.map(|card| card.holder);
                    let one = Unknown { hash: hash.clone(), room: room.clone(), when, times: 1, lost_by };
                    found.insert(hash, one);
                }
            }
        }
    }
    let mut list: Vec<Unknown> = found.into_values().collect();
    list.sort_by_key(|u| std::cmp::Reverse(u.when.latest));
    Ok(list)
}

/// The notices of unknown cards at the end of a log, back to an instant of receipt.
fn newest(c: &Connection, log: i64, since: Millis) -> Result<Vec<(u64, Observed, Millis)>, StoreError> {
    let mut facts =
        c.prepare_cached("SELECT seq, body, received_at, held FROM fact WHERE log = ?1 ORDER BY seq DESC")?;
    let mut rows = facts.query(params![log])?;
    let mut out = Vec::new();
    while let Some(r) = rows.next()? {
        let received = Millis(r.get(2)?);
        if received < since {
            break; // a log is received in its own order
        }
        let held: i64 = r.get(3)?;
        let body: Option<String> = r.get(1)?;
        let Some(body) = body.filter(|b| held == 0 && b.contains("unknown_card")) else { continue };
        if let Ok(seen) = serde_json::from_str::<Observed>(&body) {
            out.push((uint(r.get(0)?), seen, received));
        }
    }
    Ok(out)
}
