//! Today's door and roll calls in the feed: who went through last and which way, which roll calls there are, who was seen.
//!
//! Must never: tell why somebody came late, or who collected whom.

use super::rows::{Audience, gone, put, settle};
use crate::store::columns::{DateCol, HalfCol, uint};
use crate::store::{StoreError, WriteTx};
use chrono::NaiveDate;
use rusqlite::{Connection, Row, params};
use shared::calendar::{Half, SessionKey};
use shared::id::{LogId, PupilId, RollCallId};
use shared::log::Origin;
use shared::roll_call::{Word, accounted};
use shared::time::{Interval, Millis};
use shared::wire::v1::{AccountedRow, PassageRow, RollCallRow, RowBody, Way};
use std::collections::{BTreeMap, BTreeSet};

/// A movement of a day: `pupil, half, what, at_from, at_until`, the last one last.
const MOVED: &str =
    "SELECT pupil, half, what, at_from, at_until FROM movement WHERE date = ?1 AND (?2 IS NULL OR pupil = ?2)
    ORDER BY at_from + at_until, log, seq";

fn passage(r: &Row<'_>, date: NaiveDate) -> rusqlite::Result<PassageRow> {
    let way = match r.get_ref(2)?.as_str()? {
        "left" => Way::Out,
        "returned" => Way::Back,
        _ => Way::In,
    };
    let (from, until) = (Millis(r.get(3)?), Millis(r.get(4)?));
    Ok(PassageRow {
        pupil: PupilId::from_bytes(r.get(0)?),
        session: SessionKey { date, half: r.get::<_, HalfCol>(1)?.0 },
        way,
        at: from.plus(until.since(from) / 2),
    })
}

/// The last passage of each pupil on a day.
///
/// # Errors
/// An accident of the store.
pub fn passages(
    c: &Connection,
    date: NaiveDate,
    only: Option<PupilId>,
) -> Result<BTreeMap<PupilId, PassageRow>, StoreError> {
    let mut found = c.prepare_cached(MOVED)?;
    let rows = found.query_map(params![DateCol(date), only.map(|p| *p.as_bytes())], |r| passage(r, date))?;
    rows.map(|row| Ok(row.map(|row| (row.pupil, row))?)).collect()
}

/// Brings the row of a pupil's last passage today up to date.
///
/// # Errors
/// An accident of the store.
pub fn touch_passage(tx: &WriteTx<'_>, today: NaiveDate, pupil: PupilId) -> Result<(), StoreError> {
    let (key, audience) = (format!("passage:{pupil}"), audience(tx, today, pupil)?);
    match passages(tx, today, Some(pupil))?.remove(&pupil) {
        Some(row) => put(tx, audience, &key, &RowBody::Passage(row)),
        None => gone(tx, audience, &key),
    }
}

/// Kiosks of the pupil's class that day, and reception.
fn audience(c: &Connection, date: NaiveDate, pupil: PupilId) -> Result<Audience, StoreError> {
    for half in [Half::Am, Half::Pm] {
        if let Some(class) = crate::record::class_in(c, pupil, SessionKey { date, half })? {
            return Ok(Audience::Class(class));
        }
    }
    Ok(Audience::Reception)
}

/// A roll call that has begun.
///
/// # Errors
/// An accident of the store.
pub fn roll_calls(c: &Connection, date: NaiveDate) -> Result<Vec<RollCallRow>, StoreError> {
    let mut found = c.prepare_cached(
        "SELECT call, real, begun_at, ended_at FROM roll_call WHERE date = ?1 AND begun_at IS NOT NULL ORDER BY begun_at, call",
    )?;
    let rows = found.query_map([DateCol(date)], |r| {
        Ok(RollCallRow {
            call: RollCallId::from_bytes(r.get(0)?),
            real: r.get(1)?,
            begun: Millis(r.get(2)?),
            ended: r.get::<_, Option<i64>>(3)?.map(Millis),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Brings the row of a roll call up to date, with who was seen in it.
///
/// # Errors
/// An accident of the store.
pub fn touch_roll_call(tx: &WriteTx<'_>, today: NaiveDate, call: RollCallId) -> Result<(), StoreError> {
    let key = format!("roll_call:{call}");
    let Some(row) = roll_calls(tx, today)?.into_iter().find(|row| row.call == call) else {
        return gone(tx, Audience::All, &key);
    };
    put(tx, Audience::All, &key, &RowBody::RollCall(row))?;
    for pupil in spoken_of(tx, call)? {
        touch_accounted(tx, today, call, pupil)?;
    }
    Ok(())
}

fn spoken_of(c: &Connection, call: RollCallId) -> Result<BTreeSet<PupilId>, StoreError> {
    let mut found = c.prepare_cached("SELECT DISTINCT pupil FROM roll_call_word WHERE call = ?1")?;
    let rows = found.query_map([call.as_bytes()], |r| Ok(PupilId::from_bytes(r.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether a pupil was seen in a roll call, from all that was said; none: nothing was.
///
/// # Errors
/// An accident of the store.
pub fn was_seen(c: &Connection, call: RollCallId, pupil: PupilId) -> Result<Option<bool>, StoreError> {
    let mut found = c.prepare_cached(
        "SELECT log, seq, seen, at_from, at_until, estimate FROM roll_call_word WHERE call = ?1 AND pupil = ?2",
    )?;
    let rows = found.query_map(params![call.as_bytes(), pupil.as_bytes()], |r| {
        let when = Interval {
            earliest: Millis(r.get(3)?),
            latest: Millis(r.get(4)?),
            estimate: r.get::<_, Option<i64>>(5)?.map(Millis),
        };
        let origin = Origin { log: LogId::from_bytes(r.get(0)?), seq: uint(r.get(1)?) };
        Ok(Word { when, origin, seen: r.get(2)? })
    })?;
    let words: Vec<Word> = rows.collect::<Result<_, _>>()?;
    Ok((!words.is_empty()).then(|| accounted(&words)))
}

/// Brings the row about a pupil in a roll call of today up to date.
///
/// # Errors
/// An accident of the store.
pub fn touch_accounted(tx: &WriteTx<'_>, today: NaiveDate, call: RollCallId, pupil: PupilId) -> Result<(), StoreError> {
    let (key, audience) = (format!("accounted:{call}:{pupil}"), audience(tx, today, pupil)?);
    match was_seen(tx, call, pupil)? {
        Some(seen) => put(tx, audience, &key, &RowBody::Accounted(AccountedRow { call, pupil, seen })),
        None => gone(tx, audience, &key),
    }
}

/// Makes the rows about the door and roll calls those of today.
///
/// # Errors
/// An accident of the store.
pub(super) fn refresh_door(tx: &WriteTx<'_>, today: NaiveDate) -> Result<(), StoreError> {
    let mut moved = BTreeMap::new();
    for (pupil, row) in passages(tx, today, None)? {
        moved.insert((audience(tx, today, pupil)?, format!("passage:{pupil}")), RowBody::Passage(row));
    }
    settle(tx, "passage:", &moved)?;
    let (mut calls, mut seen) = (BTreeMap::new(), BTreeMap::new());
    for row in roll_calls(tx, today)? {
        let call = row.call;
        calls.insert((Audience::All, format!("roll_call:{call}")), RowBody::RollCall(row));
        for pupil in spoken_of(tx, call)? {
            if let Some(ticked) = was_seen(tx, call, pupil)? {
                let row = AccountedRow { call, pupil, seen: ticked };
                let key = (audience(tx, today, pupil)?, format!("accounted:{call}:{pupil}"));
                seen.insert(key, RowBody::Accounted(row));
            }
        }
    }
    settle(tx, "roll_call:", &calls)?;
    settle(tx, "accounted:", &seen)
}
