//! Kiosks as devices: who a token belongs to, the list, and revocation.
//!
//! Must never: let a revoked kiosk read anything, nor lose what it still has to say.

use crate::clock::Now;
use crate::record;
use crate::secret;
use crate::store::{StoreError, Stores, WriteTx};
use rusqlite::{Connection, OptionalExtension, params};
use shared::act::{Act, Officer};
use shared::id::{KioskId, SchoolId};
use shared::log::Origin;
use shared::time::Millis;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

/// Whose a token is. Whether it was revoked is asked in the school's file each time: revocation holds at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// The kiosk.
    pub kiosk: KioskId,
    /// Its school.
    pub school: SchoolId,
}

/// Tokens met since the start, by their hash: a token's owner never changes.
#[derive(Default)]
pub struct Tokens(Mutex<HashMap<[u8; 32], Device>>);

impl Tokens {
    /// Whose this token is.
    ///
    /// # Errors
    /// An accident of the store.
    pub async fn device(&self, stores: &Stores, token: &str) -> Result<Option<Device>, StoreError> {
        let hash = secret::sha256(token.as_bytes());
        if let Some(device) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&hash) {
            return Ok(Some(*device));
        }
        let found = stores
            .trust()
            .read(move |c| {
                let row = c
                    .query_row("SELECT id, school FROM kiosk WHERE token_hash = ?1", [hash], |r| {
                        Ok(Device { kiosk: KioskId::from_bytes(r.get(0)?), school: SchoolId::from_bytes(r.get(1)?) })
                    })
                    .optional()?;
                Ok(row)
            })
            .await?;
        if let Some(device) = found {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, device);
        }
        Ok(found)
    }
}

/// A kiosk as the list shows it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its id.
    pub kiosk: KioskId,
    /// Its name on the wall.
    pub room: String,
    /// `classroom` or `reception`.
    pub mode: String,
    /// Last exchange, if there was one.
    pub seen_at: Option<Millis>,
    /// Revoked when.
    pub revoked_at: Option<Millis>,
    /// Its program.
    pub app: Option<String>,
    /// Names of its classes.
    pub classes: Vec<String>,
}

/// Every kiosk of a school, by room.
///
/// # Errors
/// An accident of the store.
pub fn list(c: &rusqlite::Connection) -> Result<Vec<Listed>, StoreError> {
    let mut classes = c.prepare_cached(
        "SELECT class.name FROM kiosk_class JOIN class ON class.id = kiosk_class.class WHERE kiosk = ?1 ORDER BY sort, name",
    )?;
    let mut kiosks = c.prepare_cached("SELECT id, room, mode, seen_at, revoked_at, app FROM kiosk ORDER BY room")?;
    let mut rows = kiosks.query([])?;
    let mut list = Vec::new();
    while let Some(r) = rows.next()? {
        let kiosk = KioskId::from_bytes(r.get(0)?);
        let names = classes.query_map([kiosk.as_bytes()], |r| r.get(0))?.collect::<Result<_, _>>()?;
        list.push(Listed {
            kiosk,
            room: r.get(1)?,
            mode: r.get(2)?,
            seen_at: r.get::<_, Option<i64>>(3)?.map(Millis),
            revoked_at: r.get::<_, Option<i64>>(4)?.map(Millis),
            app: r.get(5)?,
            classes: names,
        });
    }
    Ok(list)
}

/// Revokes a kiosk: what it sends from now on is held, and it is told nothing more.
///
/// # Errors
/// [`StoreError::Missing`] when the school has no such kiosk.
pub fn revoke_now(stores: &Stores, school: SchoolId, kiosk: KioskId, by: &Officer, now: Now) -> Result<(), StoreError> {
    let by = by.clone();
    stores.school(school).ok_or(StoreError::Missing("school"))?.write_now(move |tx| {
        let revoked = tx.execute(
            "UPDATE kiosk SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL",
            params![kiosk.as_bytes(), now.at.0],
        )?;
        if revoked == 0 {
            let known = "SELECT EXISTS (SELECT 1 FROM kiosk WHERE id = ?1)";
            let known: bool = tx.query_row(known, [kiosk.as_bytes()], |r| r.get(0))?;
            // Revoked already: whoever asks again after a power cut finishes below what had begun.
            return if known { Ok(()) } else { Err(StoreError::Missing("kiosk")) };
        }
        record::act(tx, now, &by, Act::Revoked { kiosk })?;
        tx.touch();
        Ok(())
    })?;
    stores.trust().write_now(|t| {
        t.execute("UPDATE kiosk SET revoked_at = ?2 WHERE id = ?1", params![kiosk.as_bytes(), now.at.0])?;
        Ok(())
    })
}

/// The same from an async thread, for the office pages.
///
/// # Errors
/// As for [`revoke_now`].
pub async fn revoke(app: &crate::state::App, school: SchoolId, kiosk: KioskId, by: &Officer) -> Result<(), StoreError> {
    let (stores, by, now) = (app.stores.clone(), by.clone(), app.clock.now());
    tokio::task::spawn_blocking(move || revoke_now(&stores, school, kiosk, &by, now))
        .await
        .map_err(|_| StoreError::Panicked)?
}

/// What a kiosk said of its own file, which was damaged and set aside. Each time is kept as a setting,
/// `store_damaged/<kiosk>/<log>.<number>`, by the fact's identity: told again, it counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged {
    /// When the server heard of it.
    pub at: Millis,
    /// Facts that the server may not have had, and that were taken over.
    pub kept: u64,
    /// Entries that this server does not have, and that could not be read: also those that the server of before had.
    pub lost: u64,
}

impl Damaged {
    /// So long it is worth a word, in milliseconds.
    const RECENT: i64 = 14 * 24 * 3_600_000;

    /// Keeps what a kiosk told, where the log is that of a kiosk.
    ///
    /// # Errors
    /// An accident of the store.
    pub(crate) fn keep(self, tx: &WriteTx<'_>, log: i64, told: Origin) -> Result<(), StoreError> {
        tx.execute(
            "INSERT INTO setting(name, value) SELECT 'store_damaged/' || lower(hex(kiosk)) || '/' || ?2, ?3 FROM log
             WHERE id = ?1 AND kiosk IS NOT NULL ON CONFLICT(name) DO NOTHING",
            params![log, format!("{}.{}", told.log, told.seq), self.to_string()],
        )?;
        Ok(())
    }

    /// What kiosks told of late, all of a kiosk's times as one.
    ///
    /// # Errors
    /// An accident of the store.
    pub fn all(c: &Connection, now: Millis) -> Result<BTreeMap<KioskId, Self>, StoreError> {
        let mut rows = c.prepare_cached("SELECT name, value FROM setting WHERE name LIKE 'store_damaged/%'")?;
        let mut rows = rows.query([])?;
        let mut all: BTreeMap<KioskId, Self> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let (name, text): (String, String) = (row.get(0)?, row.get(1)?);
            let (Some(Ok(kiosk)), Some(told)) = (name.split('/').nth(1).map(str::parse), Self::recent(&text, now))
            else {
                continue;
            };
            let one = all.entry(kiosk).or_insert(Self { kept: 0, lost: 0, ..told });
            *one = Self { at: one.at.max(told.at), kept: one.kept + told.kept, lost: one.lost + told.lost };
        }
        Ok(all)
    }

    /// From the setting's text; none where it is long ago, or is none.
    fn recent(text: &str, now: Millis) -> Option<Self> {
        let mut words = text.split(' ');
        let at = Millis(words.next()?.parse().ok()?);
        let (kept, lost) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        (now.since(at) <= Self::RECENT).then_some(Self { at, kept, lost })
    }
}

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.at.0, self.kept, self.lost)
    }
}
