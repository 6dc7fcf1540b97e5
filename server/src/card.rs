//! Cards: a number becomes a keyed hash where it comes in, and only the hash is kept, bound to a pupil or a member of
//! staff.
//!
//! Must never: store, log or show a card's number.

pub mod list;
mod seen;
#[cfg(test)]
mod tests;

pub use seen::{Unknown, unknown};

use crate::clock::Now;
use crate::record;
use crate::school;
use crate::secret;
use crate::store::columns::DateCol;
use crate::store::{StoreError, WriteTx};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rusqlite::{Connection, OptionalExtension as _, params};
use sha2::Sha256;
use shared::act::{self, Act, Officer};
use shared::id::{PupilId, StaffId};
use shared::time::Millis;
use std::fmt;

/// Digits of the longest number that a reader types.
pub const DIGITS: usize = 20;

/// A card's number as a reader types it. It shows nothing of itself.
pub struct Number(String);

impl Number {
    /// Takes 1 to 20 digits, nothing else; leading noughts count.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let sound = (1..=DIGITS).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        sound.then(|| Self(text.to_owned()))
    }
    /// HMAC-SHA256 with the school's card key: what a kiosk makes of the same card.
    ///
    /// # Errors
    /// When the school has no key.
    pub fn keyed(&self, c: &Connection) -> Result<CardHash, StoreError> {
        let key = school::setting(c, "card_key")?.and_then(|key| secret::unhex::<32>(&key));
        let key = key.ok_or(StoreError::Missing("card key of this school"))?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| StoreError::Corrupt { what: "the card key" })?;
        mac.update(self.0.as_bytes());
        Ok(CardHash(secret::hex(&mac.finalize().into_bytes())))
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Number")
    }
}

/// The keyed hash of a card: 64 lower-case hexadecimal digits. It tells nothing without the school's key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CardHash(String);

impl CardHash {
    /// Takes 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let sound = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        sound.then(|| Self(text.to_owned()))
    }
    /// As it stands in the column.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CardHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whose a card is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// A pupil.
    Pupil(PupilId),
    /// A member of staff.
    Staff(StaffId),
}

impl From<Holder> for act::Holder {
    fn from(holder: Holder) -> Self {
        match holder {
            Holder::Pupil(pupil) => Self::Pupil(pupil),
            Holder::Staff(staff) => Self::Staff(staff),
        }
    }
}

impl Holder {
    const fn columns(&self) -> (Option<&[u8; 16]>, Option<&[u8; 16]>) {
        match self {
            Self::Pupil(pupil) => (Some(pupil.as_bytes()), None),
            Self::Staff(staff) => (None, Some(staff.as_bytes())),
        }
    }
    /// As people call them.
    ///
    /// # Errors
    /// An accident of the store.
    pub fn name(&self, c: &Connection) -> Result<Option<String>, StoreError> {
        let (sql, id) = match self {
            Self::Pupil(id) => ("SELECT first || ' ' || last FROM pupil WHERE id = ?1", id.as_bytes()),
            Self::Staff(id) => ("SELECT name FROM staff WHERE id = ?1", id.as_bytes()),
        };
        Ok(c.prepare_cached(sql)?.query_row([id], |r| r.get(0)).optional()?)
    }
    /// Whether they are on the roll or the staff list today, or will be.
    ///
    /// # Errors
    /// An accident of the store.
    pub fn is_here(&self, c: &Connection, today: DateCol) -> Result<bool, StoreError> {
        let (sql, id) = match self {
            Self::Pupil(id) => (
                "SELECT EXISTS (SELECT 1 FROM enrolment WHERE pupil = ?1 AND ifnull(left_on, '9999-12-31') >= ?2)",
                id.as_bytes(),
            ),
            Self::Staff(id) => (
                "SELECT EXISTS (SELECT 1 FROM staff WHERE id = ?1 AND ifnull(ended_on, '9999-12-31') >= ?2)",
                id.as_bytes(),
            ),
        };
        Ok(c.prepare_cached(sql)?.query_row(params![id, today], |r| r.get(0))?)
    }
}

/// A card that is bound, as the file has it.
#[derive(Debug, Clone)]
pub struct Card {
    /// The card.
    pub hash: CardHash,
    /// Whose.
    pub holder: Holder,
    /// Since when.
    pub bound_at: Millis,
    /// Marked lost: it opens nothing.
    pub lost_at: Option<Millis>,
}

/// What came of binding a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// It is theirs now: it was nobody's, or of somebody who has left.
    New,
    /// It was theirs already: nothing changed.
    Already,
    /// It had been marked lost, and is in use again.
    Found,
    /// It had been marked lost, and only somebody who holds it may say that it was found: nothing changed.
    Lost,
    /// It is somebody else's: nothing changed.
    Taken(Holder),
}

/// Binds a card, as an act of the school's log. `in_hand`: somebody holds it now, so one that was marked lost is in use
/// again. The caller refreshes the feed, once for all that it binds.
///
/// # Errors
/// An accident of the store.
pub fn bind(
    tx: &WriteTx<'_>,
    now: Now,
    by: &Officer,
    hash: &CardHash,
    holder: Holder,
    in_hand: bool,
) -> Result<Bound, StoreError> {
    let bound = judge(tx, now, hash, holder, in_hand)?;
    if matches!(bound, Bound::New | Bound::Found) {
        let (pupil, staff) = holder.columns();
        tx.prepare_cached(
            "INSERT INTO card(hash, pupil, staff, bound_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT(hash) DO UPDATE SET pupil = ?2, staff = ?3, bound_at = ?4, lost_at = NULL",
        )?
        .execute(params![hash.as_str(), pupil, staff, now.at.0])?;
        record::act(tx, now, by, Act::CardBound { holder: holder.into() })?;
    }
    Ok(bound)
}

/// What [`bind`] would come to; changes nothing.
///
/// # Errors
/// An accident of the store.
pub fn look(tx: &crate::store::ReadTx<'_>, now: Now, hash: &CardHash, holder: Holder) -> Result<Bound, StoreError> {
    let today = DateCol(tx.calendar()?.date_of(now.at));
    judged(tx, today, hash, holder, false)
}

fn judge(tx: &WriteTx<'_>, now: Now, hash: &CardHash, holder: Holder, in_hand: bool) -> Result<Bound, StoreError> {
    let today = DateCol(tx.calendar()?.date_of(now.at));
    judged(tx, today, hash, holder, in_hand)
}

fn judged(c: &Connection, today: DateCol, hash: &CardHash, holder: Holder, in_hand: bool) -> Result<Bound, StoreError> {
    let Some(card) = find(c, hash)? else { return Ok(Bound::New) };
    Ok(match card.lost_at {
        Some(_) if in_hand => Bound::Found,
        Some(_) => Bound::Lost,
        None if card.holder == holder => Bound::Already,
        None if card.holder.is_here(c, today)? => Bound::Taken(card.holder),
        None => Bound::New,
    })
}

/// A card, if it is bound to anybody.
///
/// # Errors
/// An accident of the store.
pub fn find(c: &Connection, hash: &CardHash) -> Result<Option<Card>, StoreError> {
    let sql = "SELECT hash, pupil, staff, bound_at, lost_at FROM card WHERE hash = ?1";
    Ok(c.prepare_cached(sql)?.query_row([hash.as_str()], card).optional()?)
}

/// Somebody's cards, the newest first; lost ones last.
///
/// # Errors
/// An accident of the store.
pub fn of(c: &Connection, holder: Holder) -> Result<Vec<Card>, StoreError> {
    let (pupil, staff) = holder.columns();
    let sql = "SELECT hash, pupil, staff, bound_at, lost_at FROM card
               WHERE pupil IS ?1 AND staff IS ?2 ORDER BY lost_at IS NOT NULL, bound_at DESC, hash";
    let mut found = c.prepare_cached(sql)?;
    let rows = found.query_map(params![pupil, staff], card)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn card(r: &rusqlite::Row<'_>) -> rusqlite::Result<Card> {
    let holder = match (r.get::<_, Option<[u8; 16]>>(1)?, r.get::<_, Option<[u8; 16]>>(2)?) {
        (Some(pupil), _) => Holder::Pupil(PupilId::from_bytes(pupil)),
        (None, Some(staff)) => Holder::Staff(StaffId::from_bytes(staff)),
        (None, None) => return Err(rusqlite::types::FromSqlError::InvalidType.into()),
    };
    Ok(Card {
        hash: CardHash(r.get(0)?),
        holder,
        bound_at: Millis(r.get(3)?),
        lost_at: r.get::<_, Option<i64>>(4)?.map(Millis),
    })
}

/// Marks somebody's card lost, as an act of the school's log; false when it is not theirs, or lost already. The caller refreshes the feed.
///
/// # Errors
/// An accident of the store.
pub fn lose(tx: &WriteTx<'_>, now: Now, by: &Officer, hash: &CardHash, holder: Holder) -> Result<bool, StoreError> {
    let (pupil, staff) = holder.columns();
    let sql = "UPDATE card SET lost_at = ?2 WHERE hash = ?1 AND lost_at IS NULL AND pupil IS ?3 AND staff IS ?4";
    let lost = tx.prepare_cached(sql)?.execute(params![hash.as_str(), now.at.0, pupil, staff])?;
    if lost > 0 {
        record::act(tx, now, by, Act::CardLost { holder: holder.into() })?;
    }
    Ok(lost > 0)
}
