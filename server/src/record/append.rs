//! Appending what a kiosk pushed: the batch, its decisions and its feed rows in one transaction.
//!
//! Must never: append half a batch, or refuse a well-formed fact because of what it means.

use super::context::{Body, Context};
use super::pending::{FactRow, store};
use super::timeline::{Stretch, add_anchor, note_unsure};
use crate::clock::Now;
use crate::store::columns::{HashCol, int, uint};
use crate::store::{StoreError, WriteTx};
use rusqlite::{Connection, OptionalExtension, params};
use shared::id::{KioskId, LogId};
use shared::log::{Entry, Hash, Head, header_hash};
use shared::observation::{Observation, Observed};
use shared::sim::Mutant;
use shared::sync::{Ingested, Unreadable, ingest, observed};
use shared::wire::v1::{Push, Pushed};

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// An outcome of the protocol.
    Answer(Pushed),
    /// Not a batch that a kiosk of ours sends, with what is wrong.
    Malformed(String),
    /// Too much is held of this kiosk already: nothing of the batch was written.
    HeldFull,
}

/// A log as the file knows it.
pub(crate) struct Log {
    pub id: i64,
    pub head: Head,
    pub sealed: bool,
}

/// A kiosk's log. `Err(())` inside: it is another's.
pub(crate) fn log_of(c: &Connection, log: LogId, kiosk: KioskId) -> Result<Option<Result<Log, ()>>, StoreError> {
    let found = c
        .prepare_cached("SELECT id, kiosk, head_seq, head_hash, sealed_at IS NOT NULL FROM log WHERE log = ?1")?
        .query_row([log.as_bytes()], |r| {
            let log = Log {
                id: r.get(0)?,
                head: Head { seq: uint(r.get(2)?), hash: r.get::<_, HashCol>(3)?.0 },
                sealed: r.get(4)?,
            };
            Ok((log, r.get::<_, Option<[u8; 16]>>(1)?))
        })
        .optional()?;
    Ok(found.map(|(log, owner)| if owner == Some(*kiosk.as_bytes()) { Ok(log) } else { Err(()) }))
}

/// Judges and appends a push of a kiosk of this school.
///
/// # Errors
/// An accident of the store; nothing of the batch is written then.
pub fn append(tx: &WriteTx<'_>, now: Now, kiosk: KioskId, push: &Push) -> Result<Appended, StoreError> {
    let log = match log_of(tx, push.log, kiosk)? {
        Some(Ok(log)) => Some(log),
        Some(Err(())) => return Ok(Appended::Malformed("this log is another kiosk's".to_owned())),
        None => None,
    };
    let (head, sealed) = log.as_ref().map_or((Head::EMPTY, false), |l| (l.head, l.sealed));
    let known = |seq: u64| log.as_ref().and_then(|l| header_of(tx, l.id, seq).ok().flatten());
    let (entries, head) = match ingest(head, sealed, known, push) {
        Ingested::Replay { head } if Mutant::ReplayDecidesAgain.lives() => {
            decided_again(tx, push)?;
            return Ok(Appended::Answer(Pushed::Accepted { head }));
        }
        Ingested::Append { entries, head } => (entries, head),
        Ingested::Malformed(why) => return Ok(Appended::Malformed(why.to_string())),
        Ingested::Lost { .. } => return Err(StoreError::Corrupt { what: "a log" }),
        other => return other.answer().map(Appended::Answer).ok_or(StoreError::Corrupt { what: "a log" }),
    };
    let mut read = Vec::with_capacity(entries.len());
    for entry in entries {
        match observed(entry) {
            Ok(seen) => read.push((entry, seen)),
            Err(Unreadable::Newer) => return Ok(Appended::Answer(Pushed::UpgradeRequired)),
            Err(Unreadable::Malformed) => {
                return Ok(Appended::Malformed(format!("entry {} is not an observation", entry.seq)));
            }
        }
    }
    let log = match log {
        Some(log) => log.id,
        None => {
            tx.execute(
                "INSERT INTO log(log, kiosk, head_seq, head_hash) VALUES (?1, ?2, 0, ?3)",
                params![push.log.as_bytes(), kiosk.as_bytes(), HashCol(Hash::ZERO)],
            )?;
            tx.last_insert_rowid()
        }
    };
    let mut ctx = Context::new(tx, now)?;
    if !ctx.take(log, kiosk, read)? {
        return Ok(Appended::HeldFull);
    }
    tx.prepare_cached("UPDATE log SET head_seq = ?2, head_hash = ?3 WHERE id = ?1")?.execute(params![
        log,
        int(head.seq),
        HashCol(head.hash)
    ])?;
    Ok(Appended::Answer(Pushed::Accepted { head }))
}

/// The bug of [`Mutant::ReplayDecidesAgain`].
fn decided_again(tx: &WriteTx<'_>, push: &Push) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO entry(pupil, date, half, class, code, minutes, detail, provisional, original, is_change, reason,
                           made_at, by_name, by_position)
         SELECT pupil, date, half, class, code, minutes, detail, provisional, code, 1, reason, made_at, by_name, by_position
         FROM entry WHERE id IN (SELECT max(id) FROM entry WHERE basis_log = ?1 GROUP BY pupil, date, half)",
        [push.log.as_bytes()],
    )?;
    Ok(())
}

pub(super) fn header_of(c: &Connection, log: i64, seq: u64) -> Result<Option<Hash>, StoreError> {
    let found: Option<(HashCol, HashCol)> = c
        .prepare_cached("SELECT prev, body_hash FROM fact WHERE log = ?1 AND seq = ?2")?
        .query_row(params![log, int(seq)], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    Ok(found.map(|(prev, body)| header_hash(seq, prev.0, body.0)))
}

impl Context<'_, '_> {
    /// Stores, files and decides new entries of a kiosk. False: too much would be held.
    fn take(&mut self, log: i64, kiosk: KioskId, read: Vec<(&Entry, Observed)>) -> Result<bool, StoreError> {
        let speaker = self.kiosk(kiosk)?;
        let received = self.now.at;
        let mut judged = Vec::with_capacity(read.len());
        for (entry, seen) in read {
            let held = (speaker.revoked && !Mutant::RevokedDecided.lives()) || !self.serves(&speaker, &seen)?;
            judged.push((entry, seen, held));
        }
        let held_now = judged.iter().filter(|(_, _, held)| *held).count();
        if held_now > 0 && !self.may_hold(kiosk, held_now)? {
            return Ok(false); // nothing was written yet
        }
        let mut stretch = Stretch::load(self.tx, log)?;
        let mut dated = Vec::new();
        let mut anchored = false;
        let rows: Vec<FactRow<'_>> =
            judged.iter().map(|(entry, _, held)| FactRow::new(log, entry, received.0, *held)).collect();
        store(self.tx, &rows)?;
        if let (false, Some((first, ..)), Some((last, ..))) = (self.now.sure, judged.first(), judged.last()) {
            note_unsure(self.tx, log, first.seq, last.seq)?;
        }
        let mut filed = Vec::with_capacity(judged.len());
        for (entry, seen, held) in judged {
            let floor = match &seen.what {
                Observation::Booted { floor } => *floor,
                _ => None,
            };
            stretch.see(self.tx, entry.seq, &seen.at, floor)?;
            if let Observation::Anchored { anchor } = &seen.what {
                anchored = true;
                if add_anchor(self.tx, log, entry.seq, anchor)? {
                    dated.push(anchor.boot);
                }
            }
            if let Some(first) = seen.origin {
                self.tx
                    .prepare_cached("INSERT OR IGNORE INTO fact_origin(hash, log, seq) VALUES (?1, ?2, ?3)")?
                    .execute(params![HashCol(first.hash), log, int(entry.seq)])?;
            }
            if !held {
                filed.push((entry.seq, seen));
            }
        }
        stretch.save(self.tx)?;
        self.redate();
        for (seq, seen) in filed {
            let fact = self.keep(log, seq, received, Body::Seen(Box::new(seen)))?;
            self.file(&fact)?;
        }
        for boot in dated {
            self.date_again(boot)?;
        }
        if anchored {
            self.settle_provisional()?;
        }
        self.redecide()?;
        Ok(true)
    }

    /// A boot met the server for the first time: everything read in it, and in boots beside it that met none, has
    /// another time now.
    fn date_again(&mut self, boot: shared::id::BootId) -> Result<(), StoreError> {
        for (log, from, until) in self.dated_by(boot)? {
            let places: Vec<u64> = self
                .tx
                .prepare_cached(
                    "SELECT seq FROM fact WHERE log = ?1 AND seq BETWEEN ?2 AND ?3 AND held = 0 ORDER BY seq",
                )?
                .query_map(params![log, int(from), int(until)], |r| r.get(0).map(uint))?
                .collect::<Result<_, _>>()?;
            for seq in places {
                self.refile(log, seq)?;
            }
        }
        Ok(())
    }

    /// A better anchor may settle what was only provisional.
    fn settle_provisional(&mut self) -> Result<(), StoreError> {
        let open: Vec<_> = self
            .tx
            .prepare_cached("SELECT date, half, pupil FROM mark WHERE provisional = 1")?
            .query_map([], |r| Ok((crate::store::columns::session(r, 0)?, shared::id::PupilId::from_bytes(r.get(2)?))))?
            .collect::<Result<_, _>>()?;
        self.marks.extend::<Vec<_>>(open);
        Ok(())
    }
}
