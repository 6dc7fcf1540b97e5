//! A code for a whole box of kiosks: one that has it on its card is enrolled without anybody typing its own, so often and until a
//! date. It rests on the fingerprint of the server's key, which stands on the card too: no check word is compared.
//!
//! Must never: keep a code in the open, or enrol one kiosk more than was said.

use super::grant::{Grant, give};
use super::lapsed;
use crate::secret;
use crate::state::App;
use crate::store::columns::{json, to_json};
use crate::store::{School, StoreError, Trust};
use chrono::{Datelike, NaiveDate, NaiveTime};
use rusqlite::{Connection, OptionalExtension, params};
use shared::act::Officer;
use shared::calendar::Calendar;
use shared::id::{ClassId, SchoolId};
use shared::text::Name;
use shared::time::Millis;
use shared::wire::v1::{EnrolWish, Mode};
use std::sync::Arc;

/// Most kiosks that one code may enrol.
pub const MOST: u32 = 200;

/// A code as it is kept: never the code itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxCode {
    /// To name it by.
    pub id: i64,
    /// Kiosks that it was made for.
    pub uses: u32,
    /// Kiosks that it may still enrol.
    pub remaining: u32,
    /// From here on it is of no use.
    pub until: Millis,
    /// Who made it.
    pub by: Officer,
    /// Whether somebody ended it.
    pub ended: bool,
}

impl BoxCode {
    /// Whether it enrols a kiosk now.
    #[must_use]
    pub fn holds(&self, now: Millis) -> bool {
        !self.ended && self.remaining > 0 && now < self.until
    }
}

/// The moment at which this day is over.
///
/// # Errors
/// [`StoreError::Refused`] for a day that no calendar has.
pub fn last_day(calendar: &Calendar, day: NaiveDate) -> Result<Millis, StoreError> {
    let next = day.succ_opt().filter(|next| (2020..2200).contains(&next.year()));
    let next = next.ok_or_else(|| StoreError::Refused(format!("{day} is no day of a school's year.")))?;
    Ok(calendar.instant(next.and_time(NaiveTime::MIN)))
}

/// Makes a code; the answer is the only place where it stands.
///
/// # Errors
/// [`StoreError::Refused`] in words for a number or a date that cannot be.
pub fn make(
    t: &Connection,
    school: SchoolId,
    uses: u32,
    until: Millis,
    by: &Officer,
    now: Millis,
) -> Result<String, StoreError> {
    if !(1..=MOST).contains(&uses) {
        return Err(StoreError::Refused(format!("A code is for 1 to {MOST} kiosks.")));
    }
    if until <= now {
        return Err(StoreError::Refused("The last day of a code cannot be in the past.".to_owned()));
    }
    let code = secret::typeable(4)?;
    t.execute(
        "INSERT INTO box_code(hash, school, uses, remaining, until, made_by, made_at) VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6)",
        params![hash(&code), school.as_bytes(), uses, until.0, to_json(by, "an officer")?, now.0],
    )?;
    Ok(code)
}

/// The codes of a school, the newest first.
///
/// # Errors
/// An accident of the store.
pub fn list(t: &Connection, school: SchoolId) -> Result<Vec<BoxCode>, StoreError> {
    let mut statement = t.prepare_cached(
        "SELECT id, uses, remaining, until, made_by, ended_at IS NOT NULL FROM box_code WHERE school = ?1 ORDER BY id DESC",
    )?;
    let mut rows = statement.query([school.as_bytes()])?;
    let mut list = Vec::new();
    while let Some(r) = rows.next()? {
        list.push(BoxCode {
            id: r.get(0)?,
            uses: r.get(1)?,
            remaining: r.get(2)?,
            until: Millis(r.get(3)?),
            by: json(&r.get::<_, String>(4)?, "an officer")?,
            ended: r.get(5)?,
        });
    }
    Ok(list)
}

/// Ends a code of this school; false if there is none such that still runs.
///
/// # Errors
/// An accident of the store.
pub fn end(t: &Connection, school: SchoolId, id: i64, now: Millis) -> Result<bool, StoreError> {
    let ended = t.execute(
        "UPDATE box_code SET ended_at = ?3 WHERE id = ?1 AND school = ?2 AND ended_at IS NULL",
        params![id, school.as_bytes(), now.0],
    )?;
    Ok(ended > 0)
}

/// What one use of a code was taken for.
struct Taken {
    id: i64,
    school: SchoolId,
    by: Officer,
    /// The kiosk's own code.
    shown: String,
}

/// Enrols the kiosk with this ticket by the code on its card. False: it has none, or is being enrolled already.
///
/// # Errors
/// [`StoreError::Refused`] in words for the kiosk's screen.
pub(super) async fn enrol(app: &App, ticket: &str, wish: &EnrolWish) -> Result<bool, StoreError> {
    let Some(code) = &wish.code else { return Ok(false) };
    let (now, trust) = (app.clock.now().at, app.stores.trust());
    let (ticket, hash) = (secret::sha256(ticket.as_bytes()), hash(code.as_str()));
    let Some(taken) = trust.write(move |t| take(t, &hash, &ticket, now)).await? else { return Ok(false) };
    let done = granted(app, &taken, wish).await;
    if done.is_err() {
        give_back(trust, taken.id, ticket).await?;
    }
    done.map(|()| true)
}

async fn granted(app: &App, taken: &Taken, wish: &EnrolWish) -> Result<(), StoreError> {
    let school = app.stores.school(taken.school).ok_or(StoreError::Missing("school"))?;
    let Some(room) = wish.room.clone() else { return Err(no("rollbook.toml names no room")) };
    let mode = wish.mode.unwrap_or(Mode::Classroom);
    let classes = if mode == Mode::Classroom { classes(&school, &wish.classes).await? } else { Vec::new() };
    let grant = Grant { school: taken.school, room, mode, classes, by: taken.by.clone() };
    let kiosk = give(app, taken.shown.clone(), grant).await?;
    tracing::info!(%kiosk, code = taken.id, "enrolled by a box's code");
    Ok(())
}

fn take(t: &Connection, hash: &[u8; 32], ticket: &[u8; 32], now: Millis) -> Result<Option<Taken>, StoreError> {
    let row = t
        .query_row("SELECT id, school FROM box_code WHERE hash = ?1", [hash], |r| {
            Ok((r.get::<_, i64>(0)?, SchoolId::from_bytes(r.get(1)?)))
        })
        .optional()?;
    let Some((id, school)) = row else { return Err(no("The server does not know the code in rollbook.toml")) };
    let Some(code) = list(t, school)?.into_iter().find(|code| code.id == id) else { return Ok(None) };
    let waiting = t
        .query_row(
            "SELECT code FROM enrolment WHERE ticket_hash = ?1 AND created_at > ?2 AND nonce IS NOT NULL AND box IS NULL
             AND granted IS NULL AND refused = 0",
            params![ticket, lapsed(now)],
            |r| r.get(0),
        )
        .optional()?;
    let Some(shown) = waiting else { return Ok(None) };
    if !code.holds(now) {
        return Err(no(match (code.ended, code.remaining) {
            (true, _) => "The code in rollbook.toml was ended in the office",
            (_, 0) => "The code in rollbook.toml has enrolled as many kiosks as it was made for",
            _ => "The code in rollbook.toml is past its last day",
        }));
    }
    t.execute("UPDATE enrolment SET box = ?2 WHERE ticket_hash = ?1", params![ticket, id])?;
    t.execute("UPDATE box_code SET remaining = remaining - 1 WHERE id = ?1", [id])?;
    Ok(Some(Taken { id, school, by: code.by, shown }))
}

async fn give_back(trust: &Trust, id: i64, ticket: [u8; 32]) -> Result<(), StoreError> {
    trust
        .write(move |t: &rusqlite::Transaction<'_>| {
            let freed = t.execute(
                "UPDATE enrolment SET box = NULL WHERE ticket_hash = ?1 AND granted IS NULL",
                params![ticket],
            )?;
            if freed > 0 {
                t.execute("UPDATE box_code SET remaining = remaining + 1 WHERE id = ?1", [id])?;
            }
            Ok(())
        })
        .await
}

async fn classes(school: &Arc<School>, names: &[Name]) -> Result<Vec<ClassId>, StoreError> {
    if names.is_empty() {
        return Err(no("rollbook.toml names no class, and a classroom takes the register of one"));
    }
    let names = names.to_vec();
    school
        .read(move |tx| {
            let mut statement =
                tx.prepare_cached("SELECT id FROM class WHERE ended_on IS NULL AND name = ?1 COLLATE NOCASE")?;
            let mut found = Vec::new();
            for name in &names {
                let id = statement.query_row([name.as_str()], |r| r.get(0)).optional()?;
                let id = id.ok_or_else(|| no(&format!("The school has no class \u{201c}{name}\u{201d}")))?;
                found.push(ClassId::from_bytes(id));
            }
            Ok(found)
        })
        .await
}

/// Letters and digits alone, as capitals: however it was copied.
fn hash(code: &str) -> [u8; 32] {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    secret::sha256(plain.as_bytes())
}

fn no(why: &str) -> StoreError {
    StoreError::Refused(format!("{why}. Type this kiosk's own code in the office page instead, or correct the card"))
}

#[cfg(test)]
#[path = "whole_box_tests.rs"]
mod tests;
