//! A page of the feed, as one kiosk may read it.
//!
//! Must never: hold a row of a class that the kiosk does not serve (law 8), but for the bare names of possible visitors.

use super::rows::head;
use crate::store::StoreError;
use crate::store::columns::{int, json, uint};
use rusqlite::{Connection, OptionalExtension, params};
use shared::id::{ClassId, FeedId, KioskId, LogId};
use shared::limits::PAGE_ROWS;
use shared::log::Origin;
use shared::text::Text;
use shared::wire::v1::{Mode, Pull, Pulled, Row};

/// A kiosk as its feed sees it.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Which.
    pub kiosk: KioskId,
    /// What for.
    pub mode: Mode,
    /// The feed that it must follow.
    pub feed: FeedId,
    /// Its classes.
    pub classes: Vec<ClassId>,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// What a kiosk is for, from its columns `mode` and `roll_call`.
#[must_use]
pub fn mode(mode: &str, roll_call: bool) -> Mode {
    match (mode, roll_call) {
        ("reception", true) => Mode::RollCall,
        ("reception", false) => Mode::Reception,
        _ => Mode::Classroom,
    }
}

/// A kiosk of this school, if it has one of this id.
///
/// # Errors
/// An accident of the store.
pub fn reader(c: &Connection, kiosk: KioskId) -> Result<Option<Reader>, StoreError> {
    let found = c
        .prepare_cached("SELECT mode, roll_call, feed, revoked_at IS NOT NULL FROM kiosk WHERE id = ?1")?
        .query_row([kiosk.as_bytes()], |r| {
            let mode = mode(r.get_ref(0)?.as_str()?, r.get(1)?);
            Ok((mode, r.get::<_, Option<[u8; 16]>>(2)?, r.get::<_, bool>(3)?))
        })
        .optional()?;
    let Some((mode, feed, revoked)) = found else { return Ok(None) };
    let mut classes = c.prepare_cached("SELECT class FROM kiosk_class WHERE kiosk = ?1")?;
    let classes =
        classes.query_map([kiosk.as_bytes()], |r| Ok(ClassId::from_bytes(r.get(0)?)))?.collect::<Result<_, _>>()?;
    let feed = FeedId::from_bytes(feed.ok_or(StoreError::Corrupt { what: "a kiosk's feed" })?);
    Ok(Some(Reader { kiosk, mode, feed, classes, revoked }))
}

/// The rows after the kiosk's cursor.
///
/// # Errors
/// An accident of the store.
pub fn page(c: &Connection, reader: &Reader, pull: &Pull) -> Result<Pulled, StoreError> {
    let head = head(c)?;
    if pull.feed != reader.feed || pull.after > head || (pull.after > 0 && pull.after < floor(c)?) {
        return Ok(Pulled::Resnapshot { feed: reader.feed });
    }
    let limit = usize::try_from(pull.limit).unwrap_or(PAGE_ROWS).clamp(1, PAGE_ROWS);
    let mut found = match reader.mode {
        Mode::Classroom => c.prepare_cached(
            "SELECT seq, key, body FROM feed WHERE seq > ?1 AND audience IN (
                SELECT 'all' UNION ALL SELECT 'classroom' UNION ALL SELECT ?2
                UNION ALL SELECT lower(hex(class)) FROM kiosk_class WHERE kiosk = ?4)
             ORDER BY seq LIMIT ?3",
        )?,
        // Reception has pupils' rows of its own, with cards; of the classes' rows it reads all the others.
        Mode::Reception => c.prepare_cached(
            "SELECT seq, key, body FROM feed WHERE seq > ?1
             AND (audience IN ('all', 'reception', ?2) OR (length(audience) = 32 AND key NOT GLOB 'pupil:*' AND ?4 IS NOT NULL))
             ORDER BY seq LIMIT ?3",
        )?,
        // A roll call needs no cards of pupils: it has their rows as the classes have them.
        Mode::RollCall => c.prepare_cached(
            "SELECT seq, key, body FROM feed WHERE seq > ?1
             AND (audience IN ('all', ?2) OR (audience = 'reception' AND key NOT GLOB 'pupil:*')
                  OR (length(audience) = 32 AND ?4 IS NOT NULL))
             ORDER BY seq LIMIT ?3",
        )?,
    };
    let own = super::Audience::Kiosk(reader.kiosk).text();
    let mut found = found.query(params![int(pull.after), own, limit + 1, reader.kiosk.as_bytes()])?;
    let mut rows = Vec::new();
    while let Some(r) = found.next()? {
        let key: String = r.get(1)?;
        let body: Option<String> = r.get(2)?;
        rows.push(Row {
            seq: uint(r.get(0)?),
            key: Text::new(&key).map_err(|_| StoreError::Corrupt { what: "a feed key" })?,
            body: body.map(|b| json(&b, "a feed row")).transpose()?,
        });
    }
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().map_or(pull.after, |row| row.seq);
    Ok(Pulled::Page { rows, next: if more { last } else { head }, more, own: own_logs(c, reader.kiosk)?, tail: None })
}

/// Logs of one kiosk that a page tells of: the one it writes, and those that clones of its card may write.
const OWN_LOGS: i64 = 8;

/// How far the feed reflects the kiosk's own logs: what is filed is decided and told in the same transaction.
fn own_logs(c: &Connection, kiosk: KioskId) -> Result<Vec<Origin>, StoreError> {
    let mut found = c.prepare_cached("SELECT log, head_seq FROM log WHERE kiosk = ?1 ORDER BY id DESC LIMIT ?2")?;
    let rows = found.query_map(params![kiosk.as_bytes(), OWN_LOGS], |r| {
        Ok(Origin { log: LogId::from_bytes(r.get(0)?), seq: uint(r.get(1)?) })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Tombstones up to here were swept: who stands before it must take a new snapshot.
fn floor(c: &Connection) -> Result<u64, StoreError> {
    let floor: Option<String> = c
        .prepare_cached("SELECT value FROM setting WHERE name = 'feed_floor'")?
        .query_row([], |r| r.get(0))
        .optional()?;
    Ok(floor.and_then(|f| f.parse().ok()).unwrap_or(0))
}
