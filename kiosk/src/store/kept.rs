//! Single values that the kiosk keeps: who it is, its token, the keys it pins, the last exchange.
//!
//! Must never: show the token by way of {:?}.

use super::StoreError;
use chrono::NaiveDate;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use shared::id::{KioskId, LogId, SchoolId};
use shared::limits::KEPT_HEADS;
use shared::log::Hash;
use shared::time::Millis;
use shared::wire::v1::KeptHead;
use std::fmt;

/// What enrolment gave.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// Who this kiosk is.
    pub kiosk: KioskId,
    /// Whose.
    pub school: SchoolId,
    /// Where it hangs.
    pub room: String,
    /// The server, `https://…`.
    pub server: String,
    /// The device token.
    pub token: Token,
    /// sha256 of the server's public key.
    pub pin: Hash,
    /// sha256 of the announced next key.
    pub next_pin: Option<Hash>,
}

/// A device token. It shows nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}
impl fmt::Debug for Enrolled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enrolled").field("kiosk", &self.kiosk).field("server", &self.server).finish_non_exhaustive()
    }
}

/// One of the values.
pub fn get(tx: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    Ok(tx.prepare_cached("SELECT value FROM kept WHERE name = ?1")?.query_row([name], |row| row.get(0)).optional()?)
}

/// Sets one of the values.
pub fn set(tx: &Transaction<'_>, name: &str, value: &str) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR REPLACE INTO kept (name, value) VALUES (?1, ?2)")?.execute(params![name, value])?;
    Ok(())
}

/// What enrolment gave, once there was one.
///
/// # Errors
/// [`StoreError`].
pub fn enrolled(tx: &Connection) -> Result<Option<Enrolled>, StoreError> {
    let Some(token) = get(tx, "token")? else { return Ok(None) };
    let need = |name: &'static str| -> Result<String, StoreError> {
        get(tx, name)?.ok_or_else(|| StoreError::Unexpected(format!("an enrolment without {name}")))
    };
    let odd = |name: &'static str| StoreError::Unexpected(format!("an enrolment with a strange {name}"));
    let next_pin = match get(tx, "next_pin")? {
        Some(text) => Some(text.parse().map_err(|_| odd("next pin"))?),
        None => None,
    };
    Ok(Some(Enrolled {
        kiosk: need("kiosk")?.parse().map_err(|_| odd("kiosk"))?,
        school: need("school")?.parse().map_err(|_| odd("school"))?,
        room: need("room")?,
        server: need("server")?,
        token: Token(token),
        pin: need("pin")?.parse().map_err(|_| odd("pin"))?,
        next_pin,
    }))
}

/// Keeps what enrolment gave.
///
/// # Errors
/// [`StoreError`].
pub fn enrol(tx: &Transaction<'_>, enrolled: &Enrolled) -> Result<(), StoreError> {
    set(tx, "kiosk", &enrolled.kiosk.to_string())?;
    set(tx, "school", &enrolled.school.to_string())?;
    set(tx, "room", &enrolled.room)?;
    set(tx, "server", &enrolled.server)?;
    set(tx, "token", &enrolled.token.0)?;
    set(tx, "pin", &enrolled.pin.to_string())?;
    match enrolled.next_pin {
        Some(pin) => set(tx, "next_pin", &pin.to_string())?,
        None => drop(tx.execute("DELETE FROM kept WHERE name = 'next_pin'", [])?),
    }
    Ok(())
}

/// The last exchange with the server, by the server's clock.
///
/// # Errors
/// [`StoreError`].
pub fn last_exchange(tx: &Connection) -> Result<Option<Millis>, StoreError> {
    Ok(get(tx, "last_exchange")?.and_then(|text| text.parse().ok()).map(Millis))
}

/// Notes an exchange with the server.
///
/// # Errors
/// [`StoreError`].
pub fn exchanged(tx: &Transaction<'_>, at: Millis) -> Result<(), StoreError> {
    set(tx, "last_exchange", &at.0.to_string())
}

/// Heads of days gone by after one, in turn: as many as one hello carries. The newest day is left out: its head may grow.
///
/// # Errors
/// [`StoreError`].
pub fn past_heads(tx: &Connection, after: Option<NaiveDate>) -> Result<Vec<KeptHead>, StoreError> {
    let mut found = tx.prepare_cached(
        "SELECT date, seq, hash, log FROM school_head WHERE date > ?1 AND date < (SELECT max(date) FROM school_head)
         ORDER BY date LIMIT ?2",
    )?;
    let after = after.map(|day| day.to_string()).unwrap_or_default();
    let rows = found.query_map(params![after, KEPT_HEADS], kept_head)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Every head of the school's own log that is kept, oldest day first.
///
/// # Errors
/// [`StoreError`].
pub fn school_heads(tx: &Connection) -> Result<Vec<KeptHead>, StoreError> {
    let mut found = tx.prepare("SELECT date, seq, hash, log FROM school_head ORDER BY date")?;
    let rows = found.query_map([], kept_head)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn kept_head(row: &rusqlite::Row<'_>) -> rusqlite::Result<KeptHead> {
    let date: String = row.get(0)?;
    let date = date.parse().map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, 0))?;
    let log = <[u8; 16]>::try_from(row.get::<_, Vec<u8>>(3)?.as_slice()).ok().map(LogId::from_bytes);
    Ok(KeptHead { date, seq: row.get(1)?, hash: Hash(row.get(2)?), log })
}
