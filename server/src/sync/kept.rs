//! What kiosks keep of the past, as they tell it: where the school's own log ended on days gone by, and where their own
//! log ends. Compared at once, and noted in `trust.db`, apart from the school's file, as each told it first.
//!
//! Must never: overwrite what was told before, or keep a kiosk waiting.

use crate::check;
use crate::restore;
use crate::state::App;
use crate::store::columns::{DateCol, HashCol, int};
use crate::store::{ReadTx, StoreError, Stores};
use chrono::NaiveDate;
use rusqlite::params;
use shared::id::{KioskId, LogId, SchoolId};
use shared::limits::KEPT_HEADS;
use shared::log::Head;
use shared::time::Millis;
use shared::wire::v1::Hello;

/// One thing a kiosk told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    log: LogId,
    date: NaiveDate,
    head: Head,
    /// Whether the file says the same.
    fits: bool,
}

/// Compares what a hello brings with what stands.
pub(super) fn compare(tx: &ReadTx<'_>, hello: &Hello, now: Millis) -> Result<Vec<Told>, StoreError> {
    let mut told = Vec::new();
    let first = check::own_logs(tx)?.first().copied();
    let restoring = restore::state(tx)?;
    for kept in hello.kept.iter().take(KEPT_HEADS).filter(|kept| kept.seq > 0) {
        // A kiosk of before did not know of which log; there was one only.
        if let Some(own) = kept.log.or(first) {
            let head = Head { seq: kept.seq, hash: kept.hash };
            let stands = check::header(tx, own, head.seq)?;
            if stands.is_none() && restoring.as_ref().is_some_and(|restored| restored.log == own) {
                continue; // the lost hours: what of them does not come back is on the list after the restore
            }
            let fits = stands == Some(head.hash);
            told.push(Told { log: own, date: kept.date, head, fits });
        }
    }
    // The kiosk's own log, where the two are one. Where they are not, its card was cloned or an old image of it was put
    // back, and the log forks; that is said elsewhere.
    if check::header(tx, hello.log, hello.head.seq)? == Some(hello.head.hash) {
        let date = tx.calendar()?.date_of(now);
        told.push(Told { log: hello.log, date, head: hello.head, fits: true });
    }
    Ok(told)
}

/// Notes it, without anybody waiting.
pub(super) fn note_soon(app: &App, school: SchoolId, kiosk: KioskId, told: Vec<Told>, now: Millis) {
    if told.is_empty() {
        return;
    }
    let stores = app.stores.clone();
    tokio::task::spawn_blocking(move || match note(&stores, school, kiosk, &told, now) {
        Ok(0) => {}
        Ok(unfit) => tracing::error!(%kiosk, unfit, "a kiosk keeps another past of this record than stands here"),
        Err(error) => tracing::warn!(%error, "what a kiosk keeps of the past was not noted"),
    });
}

fn note(stores: &Stores, school: SchoolId, kiosk: KioskId, told: &[Told], now: Millis) -> Result<usize, StoreError> {
    // Most of it was told before: then nothing is written.
    let new: Vec<Told> = stores.trust().read_now(|c| {
        let mut known = c.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM kept_head WHERE kiosk = ?1 AND log = ?2 AND date = ?3 AND (fits = 0 OR ?4))",
        )?;
        let mut new = Vec::new();
        for one in told {
            let key = params![kiosk.as_bytes(), one.log.as_bytes(), DateCol(one.date), one.fits];
            if !known.query_row(key, |r| r.get::<_, bool>(0))? {
                new.push(*one);
            }
        }
        Ok(new)
    })?;
    if new.is_empty() {
        return Ok(0);
    }
    let unfit = new.iter().filter(|one| !one.fits).count();
    stores.trust().write_now(|tx| {
        for one in &new {
            tx.prepare_cached(
                "INSERT INTO kept_head(school, kiosk, log, date, seq, hash, told_at, fits) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT(kiosk, log, date) DO UPDATE SET fits = min(fits, ?8)",
            )?
            .execute(params![
                school.as_bytes(),
                kiosk.as_bytes(),
                one.log.as_bytes(),
                DateCol(one.date),
                int(one.head.seq),
                HashCol(one.head.hash),
                now.0,
                one.fits
            ])?;
        }
        Ok(())
    })?;
    Ok(unfit)
}
