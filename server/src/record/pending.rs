//! Rows that a batch of facts and its decisions write, gathered, and written several to a statement.
//!
//! Must never: be left unwritten when somebody reads the tables they belong to: facts are written before anything is
//! decided, marks before another session's are.

use crate::feed::NewRow;
use crate::store::columns::{CodeCol, DateCol, HalfCol, HashCol};
use crate::store::{StoreError, WriteTx, many};
use rusqlite::ToSql;
use shared::calendar::SessionKey;
use shared::id::{ClassId, PupilId};
use shared::log::{Entry, Salt};

/// An entry of a log.
pub(super) struct FactRow<'e> {
    log: i64,
    seq: u64,
    prev: HashCol,
    body_hash: HashCol,
    salt: Salt,
    body: &'e str,
    received: i64,
    held: bool,
}

impl<'e> FactRow<'e> {
    /// This entry of a log, as it stands in the file.
    pub(super) fn new(log: i64, entry: &'e Entry, received: i64, held: bool) -> Self {
        let (prev, body_hash) = (HashCol(entry.prev), HashCol(entry.body_hash()));
        Self { log, seq: entry.seq, prev, body_hash, salt: entry.salt, body: &entry.body, received, held }
    }
}

/// Writes entries of logs.
pub(super) fn store(tx: &WriteTx<'_>, rows: &[FactRow<'_>]) -> Result<(), StoreError> {
    many::insert(tx, "INSERT INTO fact(log, seq, prev, body_hash, salt, body, received_at, held)", "", rows, |r| {
        [&r.log, &r.seq, &r.prev, &r.body_hash, &r.salt.0, &r.body, &r.received, &r.held]
    })
}

/// A session as its two columns.
pub(super) struct At(DateCol, HalfCol);

impl From<SessionKey> for At {
    fn from(session: SessionKey) -> Self {
        Self(DateCol(session.date), HalfCol(session.half))
    }
}

/// Which mark or register a fact decides.
pub(super) struct AboutRow {
    pub at: At,
    pub about: [u8; 16],
    pub log: i64,
    pub seq: u64,
    pub wide: bool,
}

/// An entry of the record.
pub(super) struct EntryRow {
    pub id: i64,
    pub pupil: PupilId,
    pub at: At,
    pub class: ClassId,
    pub code: Option<CodeCol>,
    pub minutes: Option<u16>,
    pub detail: Option<String>,
    pub provisional: bool,
    pub original: Option<CodeCol>,
    pub is_change: bool,
    pub reason: String,
    pub made_at: i64,
    pub by: (String, String),
    pub basis: (Option<[u8; 16]>, Option<u64>),
    pub happened: (Option<i64>, Option<i64>),
    pub salt: [u8; 16],
}

/// A mark as it stands.
pub(super) struct MarkRow {
    pub at: At,
    pub pupil: PupilId,
    pub class: ClassId,
    pub entry: Option<i64>,
    pub code: Option<CodeCol>,
    pub minutes: Option<u16>,
    pub provisional: bool,
    pub tapped: Option<&'static str>,
    pub went: bool,
}

/// What waits to be written.
#[derive(Default)]
pub(super) struct Pending {
    pub abouts: Vec<AboutRow>,
    pub entries: Vec<EntryRow>,
    pub marks: Vec<MarkRow>,
    pub feed: Vec<NewRow>,
}

impl Pending {
    /// Writes which marks the new facts decide.
    pub(super) fn save_abouts(&mut self, tx: &WriteTx<'_>) -> Result<(), StoreError> {
        let rows = std::mem::take(&mut self.abouts);
        many::insert(tx, "INSERT OR IGNORE INTO fact_about(date, half, about, log, seq, wide)", "", &rows, |r| {
            [&r.at.0, &r.at.1, &r.about, &r.log, &r.seq, &r.wide]
        })
    }

    /// Writes entries, marks and the kiosks' rows of them.
    pub(super) fn save_marks(&mut self, tx: &WriteTx<'_>) -> Result<(), StoreError> {
        let entries = std::mem::take(&mut self.entries);
        many::insert(
            tx,
            "INSERT INTO entry(id, pupil, date, half, class, code, minutes, detail, provisional, original, is_change, reason,
                               made_at, by_name, by_position, basis_log, basis_seq, happened_from, happened_until, salt)",
            "",
            &entries,
            |r| -> [&dyn ToSql; 20] {
                [
                    &r.id,
                    r.pupil.as_bytes(),
                    &r.at.0,
                    &r.at.1,
                    r.class.as_bytes(),
                    &r.code,
                    &r.minutes,
                    &r.detail,
                    &r.provisional,
                    &r.original,
                    &r.is_change,
                    &r.reason,
                    &r.made_at,
                    &r.by.0,
                    &r.by.1,
                    &r.basis.0,
                    &r.basis.1,
                    &r.happened.0,
                    &r.happened.1,
                    &r.salt,
                ]
            },
        )?;
        let marks = std::mem::take(&mut self.marks);
        many::insert(
            tx,
            "INSERT INTO mark(date, half, pupil, class, entry, code, minutes, provisional, tapped, went)",
            "ON CONFLICT(date, half, pupil) DO UPDATE SET class = excluded.class, entry = excluded.entry,
                code = excluded.code, minutes = excluded.minutes, provisional = excluded.provisional,
                tapped = excluded.tapped, went = excluded.went",
            &marks,
            |r| -> [&dyn ToSql; 10] {
                [
                    &r.at.0,
                    &r.at.1,
                    r.pupil.as_bytes(),
                    r.class.as_bytes(),
                    &r.entry,
                    &r.code,
                    &r.minutes,
                    &r.provisional,
                    &r.tapped,
                    &r.went,
                ]
            },
        )?;
        crate::feed::put_new(tx, &std::mem::take(&mut self.feed))
    }
}
