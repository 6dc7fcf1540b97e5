//! What this kiosk keeps of the past, written down: `rollbook-kiosk witness`.
//!
//! Must never: hold a name, a mark or a token, or change anything.

use crate::store::{self, StoreError, kept};
use rusqlite::Transaction;
use shared::id::LogId;
use shared::kept::{Kept, KeptLog};
use shared::log::{Hash, Head};
use shared::text::Name;
use std::path::Path;

/// Looks into the store of a folder. None before the kiosk has a school.
///
/// # Errors
/// [`StoreError`].
pub fn look(dir: &Path) -> Result<Option<Kept>, StoreError> {
    let mut connection = store::look(dir)?;
    let tx = connection.transaction()?;
    let Some(enrolled) = kept::enrolled(&tx)? else { return Ok(None) };
    let room = Name::new(&enrolled.room).map_err(|_| StoreError::Unexpected("a strange room".to_owned()))?;
    Ok(Some(Kept {
        kiosk: enrolled.kiosk,
        school: enrolled.school,
        room,
        school_heads: kept::school_heads(&tx)?,
        logs: logs(&tx)?,
    }))
}

fn logs(tx: &Transaction<'_>) -> Result<Vec<KeptLog>, StoreError> {
    let mut found = tx.prepare("SELECT id, log, acked_seq FROM log ORDER BY id")?;
    let found: Vec<(i64, [u8; 16], u64)> =
        found.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect::<Result<_, _>>()?;
    let mut entries = tx.prepare("SELECT seq, hash FROM entry WHERE log = ?1 ORDER BY seq")?;
    let mut logs = Vec::new();
    for (id, log, acked) in found {
        let entries = entries
            .query_map([id], |row| Ok(Head { seq: row.get(0)?, hash: Hash(row.get(1)?) }))?
            .collect::<Result<_, _>>()?;
        logs.push(KeptLog { log: LogId::from_bytes(log), acked, entries });
    }
    Ok(logs)
}
