//! Every fact of every kiosk, dated as well as is known now: for an export that anybody can check.
//!
//! Must never: skip one that is held: it says so instead.

use super::context::Body;
use super::gather::{identity, read};
use super::timeline::{Around, around};
use crate::store::StoreError;
use crate::store::columns::uint;
use rusqlite::Connection;
use shared::id::LogId;
use shared::log::Origin;
use shared::observation::Observed;
use shared::time::{Interval, Millis, Reading, resolve};

/// A fact of a kiosk.
pub struct Dated<'a> {
    /// The kiosk's room.
    pub room: &'a str,
    /// The log it stands in.
    pub log: LogId,
    /// Its number there.
    pub seq: u64,
    /// What was seen.
    pub seen: &'a Observed,
    /// When, as well as is known now.
    pub when: Interval,
    /// When the server had it.
    pub received: Millis,
    /// 0: in the record; 1: held undecided; 2: discarded.
    pub held: i64,
    /// Its identity: where it stood first.
    pub first: Origin,
}

/// Goes through them, log by log, in order.
///
/// # Errors
/// An accident of the store, or what `each` returned.
pub fn dated(c: &Connection, mut each: impl FnMut(Dated<'_>) -> Result<(), StoreError>) -> Result<(), StoreError> {
    let mut logs =
        c.prepare("SELECT log.id, log.log, kiosk.room FROM log JOIN kiosk ON kiosk.id = log.kiosk ORDER BY log.id")?;
    let logs: Vec<(i64, LogId, String)> =
        logs.query_map([], |r| Ok((r.get(0)?, LogId::from_bytes(r.get(1)?), r.get(2)?)))?.collect::<Result<_, _>>()?;
    let mut facts =
        c.prepare("SELECT seq, body, received_at, held FROM fact WHERE log = ?1 AND body IS NOT NULL ORDER BY seq")?;
    for (id, log, room) in logs {
        let mut at: Option<Around> = None;
        let mut rows = facts.query([id])?;
        while let Some(r) = rows.next()? {
            let seq = uint(r.get(0)?);
            let Body::Seen(seen) = read(true, &r.get::<_, String>(1)?)? else { continue };
            if at.as_ref().is_none_or(|a| !(a.from..=a.until).contains(&seq)) {
                at = Some(around(c, id, seq)?);
            }
            let Some(stretch) = at.as_mut() else { continue };
            let received = Millis(r.get(2)?);
            stretch.timeline.received = stretch.written_by(seq, received);
            let own = Origin { log, seq };
            each(Dated {
                room: &room,
                log,
                seq,
                when: resolve(&seen.at, &stretch.timeline),
                received,
                held: r.get(3)?,
                first: seen.origin.map_or(Ok(own), |first| identity(c, first, own))?,
                seen: &seen,
            })?;
        }
    }
    Ok(())
}

/// When one reading of a log was taken, as well as is known now.
///
/// # Errors
/// An accident of the store.
pub fn taken(c: &Connection, log: i64, seq: u64, reading: &Reading, received: Millis) -> Result<Interval, StoreError> {
    let mut stretch = around(c, log, seq)?;
    stretch.timeline.received = stretch.written_by(seq, received);
    Ok(resolve(reading, &stretch.timeline))
}
