//! The feed's rows: compacted by construction, ordered because a school has one writer.
//!
//! Must never: let a tombstone of one audience hide the living row of another.

use crate::store::columns::{to_json, uint};
use crate::store::{StoreError, WriteTx, many};
use rusqlite::{Connection, OptionalExtension, params};
use shared::id::{ClassId, KioskId};
use shared::sim::Mutant;
use shared::wire::v1::RowBody;

/// Who may read a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Audience {
    /// Every kiosk.
    All,
    /// Kiosks at reception.
    Reception,
    /// Kiosks in classrooms.
    Classroom,
    /// Kiosks of a class, and reception.
    Class(ClassId),
    /// One kiosk.
    Kiosk(KioskId),
}

impl Audience {
    /// As it stands in the column.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Reception => "reception".to_owned(),
            Self::Classroom => "classroom".to_owned(),
            Self::Class(class) => class.to_string(),
            Self::Kiosk(kiosk) => format!("kiosk:{kiosk}"),
        }
    }
}

/// Number of the newest row.
///
/// # Errors
/// An accident of the store.
pub fn head(c: &Connection) -> Result<u64, StoreError> {
    let head: Option<i64> = c.prepare_cached("SELECT max(seq) FROM feed")?.query_row([], |r| r.get(0))?;
    Ok(uint(head.unwrap_or(0)))
}

/// Writes a row, unless it stands there just so.
///
/// # Errors
/// An accident of the store.
pub fn put(tx: &WriteTx<'_>, audience: Audience, key: &str, body: &RowBody) -> Result<(), StoreError> {
    if Mutant::FeedRowForgotten.lives() && key.starts_with("mark:") && key.ends_with("am") {
        return Ok(());
    }
    let body = to_json(body, "a feed row")?;
    put_text(tx, &audience.text(), key, &body)
}

/// A row that does not stand there just so.
pub struct NewRow {
    audience: String,
    key: String,
    body: String,
}

impl NewRow {
    /// For these, under this key.
    ///
    /// # Errors
    /// A body that cannot be written as JSON.
    pub fn new(audience: Audience, key: String, body: &RowBody) -> Result<Self, StoreError> {
        Ok(Self { audience: audience.text(), key, body: to_json(body, "a feed row")? })
    }
}

/// Writes rows without looking what stands there.
///
/// # Errors
/// An accident of the store.
pub fn put_new(tx: &WriteTx<'_>, rows: &[NewRow]) -> Result<(), StoreError> {
    // As in `replace`.
    many::insert(tx, "INSERT OR REPLACE INTO feed(audience, key, body)", "", rows, |r| [&r.audience, &r.key, &r.body])
}

/// As [`put`], with the body as text.
pub(super) fn put_text(tx: &WriteTx<'_>, audience: &str, key: &str, body: &str) -> Result<(), StoreError> {
    let stands: Option<Option<String>> = tx
        .prepare_cached("SELECT body FROM feed WHERE audience = ?1 AND key = ?2")?
        .query_row(params![audience, key], |r| r.get(0))
        .optional()?;
    if stands.flatten().as_deref() == Some(body) {
        return Ok(());
    }
    replace(tx, audience, key, Some(body))
}

/// Leaves a tombstone where a row stood. A living row of another audience with the same key is written again after it:
/// a kiosk that reads both must end with the living one.
///
/// # Errors
/// An accident of the store.
pub fn gone(tx: &WriteTx<'_>, audience: Audience, key: &str) -> Result<(), StoreError> {
    gone_text(tx, &audience.text(), key)
}

pub(super) fn gone_text(tx: &WriteTx<'_>, audience: &str, key: &str) -> Result<(), StoreError> {
    let lives: Option<bool> = tx
        .prepare_cached("SELECT body IS NOT NULL FROM feed WHERE audience = ?1 AND key = ?2")?
        .query_row(params![audience, key], |r| r.get(0))
        .optional()?;
    if lives != Some(true) {
        return Ok(());
    }
    replace(tx, audience, key, None)?;
    let mut others = tx.prepare_cached(
        "SELECT audience, body FROM feed WHERE key = ?1 AND body IS NOT NULL AND audience IN (
            SELECT 'all' UNION ALL SELECT 'reception' UNION ALL SELECT 'classroom'
            UNION ALL SELECT lower(hex(id)) FROM class UNION ALL SELECT 'kiosk:' || lower(hex(id)) FROM kiosk)",
    )?;
    let others: Vec<(String, String)> =
        others.query_map([key], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<Result<_, _>>()?;
    for (audience, body) in others {
        replace(tx, &audience, key, Some(&body))?;
    }
    Ok(())
}

fn replace(tx: &WriteTx<'_>, audience: &str, key: &str, body: Option<&str>) -> Result<(), StoreError> {
    // REPLACE takes its number before it deletes the old row: numbers only grow, also when the newest row is replaced.
    tx.prepare_cached("INSERT OR REPLACE INTO feed(audience, key, body) VALUES (?1, ?2, ?3)")?
        .execute(params![audience, key, body])?;
    Ok(())
}

/// Makes the living rows whose keys begin with `prefix` exactly these: (audience, key) and body.
pub(super) fn settle(
    tx: &WriteTx<'_>,
    prefix: &str,
    wanted: &std::collections::BTreeMap<(Audience, String), RowBody>,
) -> Result<(), StoreError> {
    let wanted = wanted
        .iter()
        .map(|((audience, key), body)| Ok(((audience.text(), key.as_str()), to_json(body, "a feed row")?)))
        .collect::<Result<std::collections::BTreeMap<_, _>, StoreError>>()?;
    let mut living =
        tx.prepare_cached("SELECT audience, key FROM feed WHERE body IS NOT NULL AND key GLOB ?1 || '*'")?;
    let living: Vec<(String, String)> =
        living.query_map([prefix], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<Result<_, _>>()?;
    for (audience, key) in living {
        if !wanted.contains_key(&(audience.clone(), key.as_str())) {
            gone_text(tx, &audience, &key)?;
        }
    }
    for ((audience, key), body) in &wanted {
        put_text(tx, audience, key, body)?;
    }
    Ok(())
}
