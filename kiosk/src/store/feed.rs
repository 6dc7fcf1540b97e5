//! The feed as the kiosk holds it: the newest state of each thing, and how far it has been read.
//!
//! Must never: keep a page without its cursor, or a cursor without its page. And a new snapshot must not take the
//! roster off the screen before it is whole.

use super::{StoreError, kept};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use shared::id::FeedId;
use shared::log::Origin;
use shared::sim::Mutant;
use shared::sync::{Feed, Reflects};
use shared::wire::v1::{Row, RowBody};

const WHOLE: &str = "roster_whole";
const REFLECTS: &str = "feed_reflects";

/// What is followed, if anything is, and how far.
///
/// # Errors
/// [`StoreError`].
pub fn state(tx: &Connection) -> Result<Feed, StoreError> {
    let found = tx
        .query_row("SELECT feed, cursor FROM feed_state", [], |row| {
            Ok(Feed { feed: Some(FeedId::from_bytes(row.get(0)?)), cursor: row.get(1)? })
        })
        .optional()?;
    Ok(found.unwrap_or(Feed { feed: None, cursor: 0 }))
}

/// Begins to follow `feed` from its first row. What was told before stays until the new snapshot is whole.
///
/// # Errors
/// [`StoreError`].
pub fn begin_snapshot(tx: &Transaction<'_>, feed: FeedId) -> Result<(), StoreError> {
    tx.execute("UPDATE feed_row SET old = 1", [])?;
    tx.execute(
        "INSERT INTO feed_state (one, feed, cursor) VALUES (1, ?1, 0)
         ON CONFLICT (one) DO UPDATE SET feed = excluded.feed, cursor = 0",
        [feed.as_bytes()],
    )?;
    Ok(())
}

/// Applies a page and moves the cursor.
///
/// # Errors
/// [`StoreError`]; then neither has happened.
pub fn apply(tx: &Transaction<'_>, feed: FeedId, rows: &[Row], cursor: u64) -> Result<(), StoreError> {
    if state(tx)?.feed != Some(feed) {
        return Err(StoreError::Unexpected("a page of a feed that is not followed".into()));
    }
    let mut put = tx.prepare_cached("INSERT OR REPLACE INTO feed_row (key, seq, body, old) VALUES (?1, ?2, ?3, 0)")?;
    let mut gone = tx.prepare_cached("DELETE FROM feed_row WHERE key = ?1")?;
    for row in rows {
        match &row.body {
            Some(body) => put.execute(params![row.key.as_str(), row.seq, serde_json::to_string(body)?])?,
            None => gone.execute([row.key.as_str()])?,
        };
    }
    tx.prepare_cached("UPDATE feed_state SET cursor = ?1")?.execute([cursor])?;
    Ok(())
}

/// Notes, in the transaction of its page, how far the rows reflect this kiosk's own log. Returns what all rows that are
/// held reflect now.
///
/// # Errors
/// [`StoreError`].
pub fn note_reflects(tx: &Transaction<'_>, page: Reflects) -> Result<Origin, StoreError> {
    let held = reflects(tx)?;
    let now = page.after(held);
    if held != Some(now) {
        kept::set(tx, REFLECTS, &serde_json::to_string(&now)?)?;
    }
    Ok(now)
}

/// How far the rows that are held reflect this kiosk's own log, if that is known.
///
/// # Errors
/// [`StoreError`].
pub fn reflects(tx: &Connection) -> Result<Option<Origin>, StoreError> {
    Ok(kept::get(tx, REFLECTS)?.map(|text| serde_json::from_str(&text)).transpose()?)
}

/// The snapshot is whole: what is of before it goes. Returns what is left if anything went.
///
/// # Errors
/// [`StoreError`].
pub fn end_snapshot(tx: &Transaction<'_>) -> Result<Option<Vec<Row>>, StoreError> {
    let gone = if Mutant::SnapshotKeepsOld.lives() { 0 } else { tx.execute("DELETE FROM feed_row WHERE old = 1", [])? };
    kept::set(tx, WHOLE, "yes")?;
    if gone > 0 { all(tx).map(Some) } else { Ok(None) }
}

/// Whether a snapshot has ever been whole here: from then on the kiosk has a roster to work with.
///
/// # Errors
/// [`StoreError`].
pub fn is_whole(tx: &Connection) -> Result<bool, StoreError> {
    Ok(kept::get(tx, WHOLE)?.is_some())
}

/// Everything the kiosk was told and still holds, in the order of the feed.
///
/// # Errors
/// [`StoreError`].
pub fn all(tx: &Connection) -> Result<Vec<Row>, StoreError> {
    let mut select = tx.prepare("SELECT seq, key, body FROM feed_row ORDER BY seq")?;
    let mut rows = select.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let key: String = row.get(1)?;
        let body: RowBody = serde_json::from_str(&row.get::<_, String>(2)?)?;
        let key = shared::text::Text::new(&key).map_err(|_| StoreError::Unexpected("a feed key".into()))?;
        found.push(Row { seq: row.get(0)?, key, body: Some(body) });
    }
    Ok(found)
}

/// How many rows are held, by kind and in all: for `status`.
///
/// # Errors
/// [`StoreError`].
pub fn count(tx: &Connection) -> Result<u64, StoreError> {
    Ok(tx.query_row("SELECT count(*) FROM feed_row", [], |row| row.get(0))?)
}
