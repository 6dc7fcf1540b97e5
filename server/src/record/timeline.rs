//! A log's boots and anchors, as the tables hold them: the ground for dating its readings.
//!
//! Must never: use what the wall clock said to put boots in order.

use crate::store::columns::{int, uint};
use crate::store::{StoreError, WriteTx};
use rusqlite::{Connection, OptionalExtension, params};
use shared::id::BootId;
use shared::time::{Anchor, Boot, Millis, Mono, Reading, Timeline};

/// Stretches of boots looked at on either side of a reading. A kiosk that was switched off every night and met no
/// server for longer has wider intervals, not wrong ones.
const STRETCHES: i64 = 12;

/// Nobody knows by how much a clock is wrong that nobody has checked: what came in meanwhile may have been written until
/// so many days after the moment that it showed.
const UNCHECKED_DAYS: i64 = 7;

/// The stretches around an entry, and from which to which number they are the right ones to look at.
pub(super) struct Around {
    pub from: u64,
    pub until: u64,
    pub timeline: Timeline,
    unsure: Vec<Unsure>,
}

/// Entries that came in while the server was not sure of its clock, and when it had the next one, surely.
struct Unsure {
    first: u64,
    last: u64,
    next: Option<Millis>,
}

impl Around {
    /// When this entry, which is said to be received at this moment, had certainly been written.
    pub(super) fn written_by(&self, seq: u64, received: Millis) -> Millis {
        match self.unsure.iter().find(|u| (u.first..=u.last).contains(&seq)) {
            None => received,
            Some(Unsure { next: Some(next), .. }) => *next,
            Some(Unsure { next: None, .. }) => received.plus(UNCHECKED_DAYS * 24 * 3_600_000),
        }
    }
}

/// Notes that these entries came in while the server was not sure of its clock.
pub(super) fn note_unsure(tx: &WriteTx<'_>, log: i64, first: u64, last: u64) -> Result<(), StoreError> {
    let goes_on = tx
        .prepare_cached("UPDATE unsure_reception SET last_seq = ?3 WHERE log = ?1 AND last_seq = ?2 - 1")?
        .execute(params![log, int(first), int(last)])?;
    if goes_on == 0 {
        tx.prepare_cached("INSERT INTO unsure_reception(log, first_seq, last_seq) VALUES (?1, ?2, ?3)")?
            .execute(params![log, int(first), int(last)])?;
    }
    Ok(())
}

/// Loads what dates the entries of the stretch in which `seq` stands.
pub(super) fn around(c: &Connection, log: i64, seq: u64) -> Result<Around, StoreError> {
    let mut before = c.prepare_cached(
        "SELECT first_seq, boot, floor, first_mono, last_mono FROM boot WHERE log = ?1 AND first_seq <= ?2
         ORDER BY first_seq DESC LIMIT ?3",
    )?;
    let mut after = c.prepare_cached(
        "SELECT first_seq, boot, floor, first_mono, last_mono FROM boot WHERE log = ?1 AND first_seq > ?2
         ORDER BY first_seq LIMIT ?3",
    )?;
    let read = |r: &rusqlite::Row<'_>| {
        let boot = Boot {
            boot: BootId::from_bytes(r.get(1)?),
            first: Mono(r.get(3)?),
            last: Mono(r.get(4)?),
            floor: r.get::<_, Option<i64>>(2)?.map(Millis),
        };
        Ok((uint(r.get(0)?), boot))
    };
    let mut stretches: Vec<(u64, Boot)> =
        before.query_map(params![log, int(seq), STRETCHES], read)?.collect::<Result<_, _>>()?;
    stretches.reverse();
    let from = stretches.last().map_or(0, |(first, _)| *first);
    let later: Vec<(u64, Boot)> =
        after.query_map(params![log, int(seq), STRETCHES], read)?.collect::<Result<_, _>>()?;
    let until = later.first().map_or(u64::MAX, |(first, _)| *first - 1);
    stretches.extend(later);
    let mut anchors = Vec::new();
    let mut of_boot = c.prepare_cached("SELECT mono, server, uncertainty FROM anchor WHERE boot = ?1")?;
    let mut boots: Vec<BootId> = stretches.iter().map(|(_, b)| b.boot).collect();
    boots.sort_unstable();
    boots.dedup();
    for boot in boots {
        let mut rows = of_boot.query([boot.as_bytes()])?;
        while let Some(r) = rows.next()? {
            anchors.push(Anchor { boot, mono: Mono(r.get(0)?), server: Millis(r.get(1)?), uncertainty: r.get(2)? });
        }
    }
    let boots = stretches.into_iter().map(|(_, boot)| boot).collect();
    let mut unsure = c.prepare_cached(
        "SELECT u.first_seq, u.last_seq, f.received_at FROM unsure_reception u
         LEFT JOIN fact f ON f.log = u.log AND f.seq = u.last_seq + 1 WHERE u.log = ?1",
    )?;
    let unsure = unsure
        .query_map([log], |r| {
            let next = r.get::<_, Option<i64>>(2)?.map(Millis);
            Ok(Unsure { first: uint(r.get(0)?), last: uint(r.get(1)?), next })
        })?
        .collect::<Result<_, _>>()?;
    Ok(Around { from, until, timeline: Timeline::new(boots, anchors, Millis(i64::MAX)), unsure })
}

/// The last stretch of a log, kept while a batch is appended, then written back.
pub(super) struct Stretch {
    log: i64,
    last: Option<(u64, Boot)>,
    dirty: bool,
}

impl Stretch {
    pub(super) fn load(c: &Connection, log: i64) -> Result<Self, StoreError> {
        let last = c
            .prepare_cached(
                "SELECT first_seq, boot, floor, first_mono, last_mono FROM boot WHERE log = ?1 ORDER BY first_seq DESC LIMIT 1",
            )?
            .query_row([log], |r| {
                let boot = Boot {
                    boot: BootId::from_bytes(r.get(1)?),
                    first: Mono(r.get(3)?),
                    last: Mono(r.get(4)?),
                    floor: r.get::<_, Option<i64>>(2)?.map(Millis),
                };
                Ok((uint(r.get(0)?), boot))
            })
            .optional()?;
        Ok(Self { log, last, dirty: false })
    }

    /// Takes in the reading of the next entry, as [`Timeline::see`] does.
    pub(super) fn see(
        &mut self,
        tx: &WriteTx<'_>,
        seq: u64,
        reading: &Reading,
        floor: Option<Millis>,
    ) -> Result<(), StoreError> {
        match &mut self.last {
            Some((_, at)) if at.boot == reading.boot && floor.is_none() => {
                let (first, last) = (at.first.min(reading.mono), at.last.max(reading.mono));
                self.dirty |= (first, last) != (at.first, at.last);
                (at.first, at.last) = (first, last);
            }
            _ => {
                self.save(tx)?;
                let boot = Boot { boot: reading.boot, first: reading.mono, last: reading.mono, floor };
                self.last = Some((seq, boot));
                self.dirty = true;
            }
        }
        Ok(())
    }

    /// Writes the stretch back, if it changed.
    pub(super) fn save(&mut self, tx: &WriteTx<'_>) -> Result<(), StoreError> {
        if !std::mem::take(&mut self.dirty) {
            return Ok(());
        }
        let Some((first_seq, boot)) = &self.last else { return Ok(()) };
        tx.prepare_cached(
            "INSERT INTO boot(log, first_seq, boot, floor, first_mono, last_mono) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT(log, first_seq) DO UPDATE SET first_mono = ?5, last_mono = ?6",
        )?
        .execute(params![
            self.log,
            int(*first_seq),
            boot.boot.as_bytes(),
            boot.floor.map(|f| f.0),
            boot.first.0,
            boot.last.0
        ])?;
        Ok(())
    }
}

/// Notes an anchor. True: the first of its boot, so that everything read in it can be dated now.
pub(super) fn add_anchor(tx: &WriteTx<'_>, log: i64, seq: u64, anchor: &Anchor) -> Result<bool, StoreError> {
    let known: bool = tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM anchor WHERE boot = ?1)")?
        .query_row([anchor.boot.as_bytes()], |r| r.get(0))?;
    tx.prepare_cached(
        "INSERT OR IGNORE INTO anchor(log, seq, boot, mono, server, uncertainty) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        log,
        int(seq),
        anchor.boot.as_bytes(),
        anchor.mono.0,
        anchor.server.0,
        anchor.uncertainty
    ])?;
    Ok(!known)
}

/// The entries of other stretches and logs that a boot's first anchor dates too: its own, and those of the boots before
/// and after it that met no server. As (log, first, last).
pub(super) fn dated_by(c: &Connection, boot: BootId) -> Result<Vec<(i64, u64, u64)>, StoreError> {
    let mut logs = c.prepare_cached("SELECT DISTINCT log FROM boot WHERE boot = ?1")?;
    let logs: Vec<i64> = logs.query_map([boot.as_bytes()], |r| r.get(0))?.collect::<Result<_, _>>()?;
    let mut stretches = c.prepare_cached(
        "SELECT first_seq, boot, EXISTS (SELECT 1 FROM anchor WHERE anchor.boot = boot.boot) FROM boot
         WHERE log = ?1 ORDER BY first_seq",
    )?;
    let mut out = Vec::new();
    for log in logs {
        let rows: Vec<(u64, BootId, bool)> = stretches
            .query_map([log], |r| Ok((uint(r.get(0)?), BootId::from_bytes(r.get(1)?), r.get(2)?)))?
            .collect::<Result<_, _>>()?;
        let Some(first) = rows.iter().position(|r| r.1 == boot) else { continue };
        let Some(last) = rows.iter().rposition(|r| r.1 == boot) else { continue };
        let begin = rows[..first].iter().rposition(|r| r.2).map_or(0, |at| at + 1);
        let end = rows[last + 1..].iter().position(|r| r.2).map_or(rows.len(), |at| last + 1 + at);
        let until = rows.get(end).map_or(u64::MAX, |r| r.0 - 1);
        out.push((log, rows[begin].0, until));
    }
    Ok(out)
}
