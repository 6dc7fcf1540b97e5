//! The one list of the office after a restore: what the record says otherwise than kiosks were shown, what is lost, and what
//! must be done again by hand.
//!
//! Must never: change the record. What differs is for a person to look at.

use super::witness::{ended, last_seen};
use super::{Restored, tail};
use crate::card::Holder as Owner;
use crate::store::StoreError;
use crate::store::columns::{CodeCol, DateCol, HalfCol, HashCol, int, json, uint};
use crate::{record, school};
use rusqlite::{Connection, OptionalExtension as _, params};
use shared::act::{Act, Acted, Holder};
use shared::calendar::SessionKey;
use shared::id::{ClassId, KioskId, LogId, PupilId, StaffId};
use shared::log::Hash;
use shared::observation::Mark;
use shared::register;
use shared::time::Millis;

/// Differences shown at most.
const MOST: usize = 500;

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List {
    /// Acts of the office that came back.
    pub returned: u64,
    /// Acts that kiosks saw the number of, and nobody brought back.
    pub lost: u64,
    /// Rooms whose kiosk was shown another past than this file has, and the day.
    pub other: Vec<(String, String)>,
    /// Marks that kiosks were shown otherwise.
    pub marks: Vec<Differs>,
    /// What the record names and a backup of before cannot hold, to be done again.
    pub again: Vec<Again>,
}

impl List {
    /// Whether there is nothing on it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lost == 0 && self.other.is_empty() && self.marks.is_empty() && self.again.is_empty()
    }
}

/// A mark that kiosks were shown otherwise than it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differs {
    /// The pupil.
    pub pupil: PupilId,
    /// First name and surname.
    pub name: String,
    /// The class whose register it is in, and its name.
    pub class: Option<(ClassId, String)>,
    /// The session.
    pub session: SessionKey,
    /// What kiosks were shown: "present", "late", "absent".
    pub shown: String,
    /// By which kiosks.
    pub rooms: String,
    /// What stands now, in the same words; nothing: "no mark".
    pub stands: &'static str,
}

/// Something to do again by hand, which came back as a fact alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Again {
    /// When it was done first.
    pub at: Millis,
    /// What it is.
    pub what: What,
}

/// What must be done again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A PIN was set for somebody.
    Pin(String),
    /// A card was bound to somebody.
    CardBound(String),
    /// A card of somebody was marked lost.
    CardLost(String),
    /// A roster was imported.
    Import,
    /// A calendar was set.
    Calendar,
    /// A kiosk was enrolled.
    Enrolled(String),
    /// Held facts of a kiosk were accepted or discarded.
    Held(String),
}

/// Reads it.
///
/// # Errors
/// An accident of the store.
pub fn list(c: &Connection, restored: &Restored) -> Result<List, StoreError> {
    let end = ended(c, restored.log)?;
    let seen = last_seen(c, restored.log)?.map_or(0, |head| head.seq);
    Ok(List {
        returned: end.seq.saturating_sub(restored.head.seq),
        lost: seen.saturating_sub(end.seq),
        other: other_pasts(c)?,
        marks: marks(c, restored)?,
        again: again(c, restored)?,
    })
}

/// Ends that kiosks were shown and that are none of this file's: another entry stands there, or the whole log is unknown.
fn other_pasts(c: &Connection) -> Result<Vec<(String, String)>, StoreError> {
    let mut found = c.prepare_cached(
        "SELECT k.room, s.date, s.log, s.seq, s.hash FROM seen_head s JOIN kiosk k ON k.id = s.kiosk ORDER BY k.room, s.date",
    )?;
    let mut rows = found.query([])?;
    let mut out: Vec<(String, String)> = Vec::new();
    while let Some(r) = rows.next()? {
        let (seq, hash): (u64, Hash) = (uint(r.get(3)?), r.get::<_, HashCol>(4)?.0);
        let fits = match tail::row_of(c, LogId::from_bytes(r.get(2)?))? {
            // Beyond the end of the file it is lost, which is counted by itself.
            Some(row) => record::hash_at(c, row, seq)?.is_none_or(|stands| stands == hash),
            None => seq == 0,
        };
        if !fits {
            out.push((r.get(0)?, r.get(1)?));
        }
    }
    Ok(out)
}

fn marks(c: &Connection, restored: &Restored) -> Result<Vec<Differs>, StoreError> {
    let mut found = c.prepare_cached(
        "SELECT s.pupil, s.date, s.half, s.state, group_concat(DISTINCT k.room), p.first || ' ' || p.last,
                m.class, m.code, m.tapped
         FROM seen_mark s JOIN kiosk k ON k.id = s.kiosk JOIN pupil p ON p.id = s.pupil
         LEFT JOIN mark m ON m.date = s.date AND m.half = s.half AND m.pupil = s.pupil
         WHERE s.date >= ?1 GROUP BY s.date, s.half, s.pupil, s.state ORDER BY s.date, s.half, p.last, p.first",
    )?;
    let since = chrono::DateTime::from_timestamp_millis(restored.backup.0).unwrap_or_default().date_naive();
    let mut rows = found.query([DateCol(since)])?;
    let mut out = Vec::new();
    while let Some(r) = rows.next()? {
        let tapped = match r.get::<_, Option<String>>(8)?.as_deref() {
            Some("present") => Some(Mark::Present),
            Some("absent") => Some(Mark::Absent),
            _ => None,
        };
        let stands = match register::seen(r.get::<_, Option<CodeCol>>(7)?.map(|code| code.0), tapped) {
            Some(seen) => super::witness::word(seen),
            None => "no mark",
        };
        let shown: String = r.get(3)?;
        if shown == stands || out.len() == MOST {
            continue;
        }
        let pupil = PupilId::from_bytes(r.get(0)?);
        let session = SessionKey { date: r.get::<_, DateCol>(1)?.0, half: r.get::<_, HalfCol>(2)?.0 };
        // Where nothing stands, the register that it would stand in.
        let class = match r.get::<_, Option<[u8; 16]>>(6)? {
            Some(class) => Some(ClassId::from_bytes(class)),
            None => record::class_in(c, pupil, session)?,
        };
        let class =
            class.map(|id| Ok::<_, StoreError>((id, school::class_name(c, id)?.unwrap_or_default()))).transpose()?;
        out.push(Differs {
            pupil,
            name: r.get(5)?,
            class,
            session,
            shown,
            rooms: r.get::<_, String>(4)?.replace(',', ", "),
            stands,
        });
    }
    // By register, as the office goes through them.
    out.sort_by_cached_key(|mark: &Differs| (mark.session, mark.class.as_ref().map(|(_, name)| name.clone())));
    Ok(out)
}

/// Acts that came back and whose other half lies in tables that they do not describe.
fn again(c: &Connection, restored: &Restored) -> Result<Vec<Again>, StoreError> {
    let Some(row) = tail::row_of(c, restored.log)? else { return Ok(Vec::new()) };
    let mut found =
        c.prepare_cached("SELECT body FROM fact WHERE log = ?1 AND seq > ?2 AND body IS NOT NULL ORDER BY seq")?;
    let mut rows = found.query(params![row, int(restored.head.seq)])?;
    let mut out: Vec<Again> = Vec::new();
    while let Some(r) = rows.next()? {
        let acted: Acted = json(&r.get::<_, String>(0)?, "a fact of the school")?;
        let what = match acted.act {
            Act::PinSet { staff } => What::Pin(staff_name(c, staff)?),
            Act::CardBound { holder } => What::CardBound(holder_name(c, holder)?),
            Act::CardLost { holder } => What::CardLost(holder_name(c, holder)?),
            Act::Imported { .. } => What::Import,
            Act::CalendarSet { .. } => What::Calendar,
            Act::Enrolled { room, kiosk } if !enrolled(c, kiosk, &room)? => What::Enrolled(room.to_string()),
            Act::HeldDecided { kiosk, .. } => What::Held(room(c, kiosk.as_bytes())?),
            _ => continue,
        };
        // The last of several is the one to do again.
        out.retain(|before| before.what != what);
        out.push(Again { at: acted.at, what });
    }
    Ok(out)
}

/// Whether a kiosk of this id is enrolled, or another one in its room by now.
fn enrolled(c: &Connection, kiosk: KioskId, room: &str) -> Result<bool, StoreError> {
    let mut found =
        c.prepare_cached("SELECT EXISTS (SELECT 1 FROM kiosk WHERE id = ?1 OR (room = ?2 AND revoked_at IS NULL))")?;
    Ok(found.query_row(params![kiosk.as_bytes(), room], |r| r.get(0))?)
}

fn room(c: &Connection, kiosk: &[u8; 16]) -> Result<String, StoreError> {
    let found =
        c.prepare_cached("SELECT room FROM kiosk WHERE id = ?1")?.query_row([kiosk], |r| r.get(0)).optional()?;
    Ok(found.unwrap_or_else(|| "a kiosk that is not enrolled any more".to_owned()))
}

fn staff_name(c: &Connection, staff: StaffId) -> Result<String, StoreError> {
    Ok(Owner::Staff(staff).name(c)?.unwrap_or_else(|| "somebody who is not on the list any more".to_owned()))
}

fn holder_name(c: &Connection, holder: Holder) -> Result<String, StoreError> {
    let owner = match holder {
        Holder::Pupil(pupil) => Owner::Pupil(pupil),
        Holder::Staff(staff) => Owner::Staff(staff),
    };
    Ok(owner.name(c)?.unwrap_or_else(|| "somebody who is not on the roll any more".to_owned()))
}
