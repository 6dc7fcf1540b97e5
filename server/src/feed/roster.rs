//! Settings, classes, pupils and staff in the feed.
//!
//! Must never: give a classroom more than the name and class of a pupil who is in none of its classes, nor any kiosk a
//! date of birth.

use super::rows::{Audience, gone, put, settle};
use crate::clock::Now;
use crate::secret;
use crate::store::columns::DateCol;
use crate::store::{StoreError, WriteTx};
use chrono::{Datelike, Days, NaiveDate};
use rusqlite::{Connection, OptionalExtension, params};
use shared::calendar::Half;
use shared::id::{ClassId, KioskId, PupilId, StaffId};
use shared::text::Text;
use shared::wire::v1::{Choices, ClassRow, FindBy, Membership, PupilRow, RowBody, Settings, StaffRow};
use std::collections::BTreeMap;

/// Days around today in which a membership is worth knowing: a kiosk a week behind, and a pupil who starts on Monday.
const BEHIND: u64 = 7;
const AHEAD: u64 = 21;

type Rows = BTreeMap<(Audience, String), RowBody>;

fn text<const N: usize>(value: &str) -> Result<Text<N>, StoreError> {
    Text::new(value).map_err(|_| StoreError::Corrupt { what: "a name" })
}

/// Brings classes, pupils and staff in the feed up to date with the tables: after an import, and every day.
///
/// # Errors
/// An accident of the store.
pub fn refresh_roster(tx: &WriteTx<'_>, now: Now) -> Result<(), StoreError> {
    let today = tx.calendar()?.date_of(now.at);
    settle(tx, "class:", &classes(tx, today)?)?;
    settle(tx, "pupil:", &pupils(tx, today)?)?;
    settle(tx, "visitor:", &visitors(tx, today)?)?;
    settle(tx, "staff:", &staff(tx, today)?)?;
    super::refresh_day(tx, now)
}

fn classes(c: &Connection, today: NaiveDate) -> Result<Rows, StoreError> {
    let mut found = c.prepare_cached("SELECT id, name, year FROM class WHERE ended_on IS NULL OR ended_on >= ?1")?;
    let mut rows = found.query([DateCol(today)])?;
    let mut out = Rows::new();
    while let Some(r) = rows.next()? {
        let class = ClassId::from_bytes(r.get(0)?);
        let row = ClassRow { class, name: text(&r.get::<_, String>(1)?)?, year: text(&r.get::<_, String>(2)?)? };
        out.insert((Audience::Class(class), format!("class:{class}")), RowBody::Class(row));
    }
    Ok(out)
}

fn pupils(c: &Connection, today: NaiveDate) -> Result<Rows, StoreError> {
    let members = memberships(c, today)?;
    let cards = cards(c, "pupil")?;
    // A month of birth goes to reception only where the school has names found by it (law 8).
    let by_month = crate::reception::rules(c)?.find_by == FindBy::Month;
    let mut found = c.prepare_cached("SELECT id, first, last, born_on FROM pupil WHERE id = ?1")?;
    let mut out = Rows::new();
    for (pupil, classes) in members {
        let row = found
            .query_row([pupil.as_bytes()], |r| {
                Ok((r.get::<_, String>(1)?, r.get::<_, String>(2)?, r.get::<_, Option<DateCol>>(3)?))
            })
            .optional()?;
        let Some((first, last, born)) = row else { continue };
        let birthday = born.filter(|born| has_birthday(born.0, today)).map(|_| today);
        let row = PupilRow {
            pupil,
            first: text(&first)?,
            last: text(&last)?,
            classes,
            birthday,
            of: None,
            born_month: None,
            cards: Vec::new(),
        };
        let key = format!("pupil:{pupil}");
        for member in &row.classes {
            out.insert((Audience::Class(member.class), key.clone()), RowBody::Pupil(row.clone()));
        }
        let cards = cards.get(pupil.as_bytes()).cloned().unwrap_or_default();
        let born_month = born.filter(|_| by_month).map(|born| born.0.month() as u8);
        out.insert((Audience::Reception, key), RowBody::Pupil(PupilRow { cards, born_month, ..row }));
    }
    Ok(out)
}

/// Everybody's name and class today, for a pupil who sits in another class for once. A school may choose otherwise.
fn visitors(c: &Connection, today: NaiveDate) -> Result<Rows, StoreError> {
    let mut out = Rows::new();
    if !choices(c)?.visitors {
        return Ok(out);
    }
    let mut found = c.prepare_cached(
        "SELECT p.id, p.first, p.last, c.name FROM membership m JOIN pupil p ON p.id = m.pupil
         JOIN class c ON c.id = m.class JOIN enrolment e ON e.pupil = m.pupil
         WHERE m.from_on <= ?1 AND ifnull(m.until_on, '9999-12-31') >= ?1
           AND e.joined_on <= ?1 AND ifnull(e.left_on, '9999-12-31') >= ?1 ORDER BY p.id, m.from_on",
    )?;
    let mut rows = found.query([DateCol(today)])?;
    while let Some(r) = rows.next()? {
        let pupil = PupilId::from_bytes(r.get(0)?);
        let of = Some(text(&r.get::<_, String>(3)?)?);
        let (first, last) = (text(&r.get::<_, String>(1)?)?, text(&r.get::<_, String>(2)?)?);
        let row = PupilRow {
            pupil,
            first,
            last,
            classes: Vec::new(),
            birthday: None,
            of,
            born_month: None,
            cards: Vec::new(),
        };
        out.insert((Audience::Classroom, format!("visitor:{pupil}")), RowBody::Pupil(row));
    }
    Ok(out)
}

/// What the school chose about its kiosks.
///
/// # Errors
/// An accident of the store.
pub fn choices(c: &Connection) -> Result<Choices, StoreError> {
    let chosen = crate::school::setting(c, "choices")?;
    chosen.map_or(Ok(Choices::default()), |json| crate::store::columns::json(&json, "the school's choices"))
}

/// Brings every kiosk's settings, and who may visit, up to what the school chose.
///
/// # Errors
/// An accident of the store.
pub fn touch_choices(tx: &WriteTx<'_>, now: Now) -> Result<(), StoreError> {
    touch_kiosks(tx)?;
    settle(tx, "visitor:", &visitors(tx, tx.calendar()?.date_of(now.at))?)
}

/// Of 29 February it is the 28th in other years: nobody goes without.
fn has_birthday(born: NaiveDate, today: NaiveDate) -> bool {
    let day = if (born.month(), born.day()) == (2, 29) && !today.leap_year() { 28 } else { born.day() };
    born < today && (born.month(), day) == (today.month(), today.day())
}

/// Memberships around today, within the time on roll.
fn memberships(c: &Connection, today: NaiveDate) -> Result<BTreeMap<PupilId, Vec<Membership>>, StoreError> {
    let (first, last) = (today - Days::new(BEHIND), today + Days::new(AHEAD));
    let mut found = c.prepare_cached(
        "SELECT m.pupil, m.class, max(m.from_on, e.joined_on),
                CASE WHEN m.until_on IS NULL THEN e.left_on WHEN e.left_on IS NULL THEN m.until_on
                     ELSE min(m.until_on, e.left_on) END AS until,
                m.from_half = 'pm' AND m.from_on >= e.joined_on, m.until_half = 'am' AND m.until_on <= ifnull(e.left_on, '9999-12-31')
         FROM membership m JOIN enrolment e ON e.pupil = m.pupil
          AND m.from_on <= ifnull(e.left_on, '9999-12-31') AND ifnull(m.until_on, '9999-12-31') >= e.joined_on
         WHERE max(m.from_on, e.joined_on) <= ?2 AND ifnull(until, '9999-12-31') >= ?1
         ORDER BY m.pupil, m.from_on, m.class",
    )?;
    let mut rows = found.query(params![DateCol(first), DateCol(last)])?;
    let mut out: BTreeMap<PupilId, Vec<Membership>> = BTreeMap::new();
    while let Some(r) = rows.next()? {
        out.entry(PupilId::from_bytes(r.get(0)?)).or_default().push(Membership {
            class: ClassId::from_bytes(r.get(1)?),
            from: r.get::<_, DateCol>(2)?.0,
            until: r.get::<_, Option<DateCol>>(3)?.map(|d| d.0),
            from_half: r.get::<_, bool>(4)?.then_some(Half::Pm),
            until_half: r.get::<_, Option<bool>>(5)?.unwrap_or_default().then_some(Half::Am),
        });
    }
    Ok(out)
}

type Cards = BTreeMap<[u8; 16], Vec<Text<64>>>;

fn cards(c: &Connection, whose: &'static str) -> Result<Cards, StoreError> {
    let sql = match whose {
        "pupil" => "SELECT pupil, hash FROM card WHERE pupil IS NOT NULL AND lost_at IS NULL ORDER BY hash",
        _ => "SELECT staff, hash FROM card WHERE staff IS NOT NULL AND lost_at IS NULL ORDER BY hash",
    };
    let mut found = c.prepare_cached(sql)?;
    let mut rows = found.query([])?;
    let mut out = Cards::new();
    while let Some(r) = rows.next()? {
        out.entry(r.get(0)?).or_default().push(text(&r.get::<_, String>(1)?)?);
    }
    Ok(out)
}

fn staff(c: &Connection, today: NaiveDate) -> Result<Rows, StoreError> {
    let cards = cards(c, "staff")?;
    let mut classes = c.prepare_cached("SELECT class FROM staff_class WHERE staff = ?1 ORDER BY class")?;
    let mut found =
        c.prepare_cached("SELECT id, name, pin_hash FROM staff WHERE ended_on IS NULL OR ended_on >= ?1")?;
    let mut rows = found.query([DateCol(today)])?;
    let mut out = Rows::new();
    while let Some(r) = rows.next()? {
        let staff = StaffId::from_bytes(r.get(0)?);
        let own = classes.query_map([staff.as_bytes()], |r| Ok(ClassId::from_bytes(r.get(0)?)))?;
        let row = StaffRow {
            staff,
            name: text(&r.get::<_, String>(1)?)?,
            pin: r.get::<_, Option<String>>(2)?.map(|pin| text(&pin)).transpose()?,
            cards: cards.get(staff.as_bytes()).cloned().unwrap_or_default(),
            classes: own.collect::<Result<_, _>>()?,
        };
        out.insert((Audience::All, format!("staff:{staff}")), RowBody::Staff(row));
    }
    Ok(out)
}

/// Brings a kiosk's settings up to date.
///
/// # Errors
/// An accident of the store; [`StoreError::Missing`] for a kiosk that does not exist.
pub fn touch_kiosk(tx: &WriteTx<'_>, kiosk: KioskId) -> Result<(), StoreError> {
    let key = format!("settings:{kiosk}");
    let audience = Audience::Kiosk(kiosk);
    let found = tx
        .query_row(
            "SELECT room, mode, roll_call, revoked_at IS NOT NULL FROM kiosk WHERE id = ?1",
            [kiosk.as_bytes()],
            |r| Ok((r.get::<_, String>(0)?, super::mode(r.get_ref(1)?.as_str()?, r.get(2)?), r.get::<_, bool>(3)?)),
        )
        .optional()?;
    let (room, mode, revoked) = found.ok_or(StoreError::Missing("kiosk"))?;
    if revoked {
        return gone(tx, audience, &key);
    }
    let setting = |name: &'static str| -> Result<String, StoreError> {
        tx.query_row("SELECT value FROM setting WHERE name = ?1", [name], |r| r.get(0))
            .optional()?
            .ok_or(StoreError::Missing("setting of this school"))
    };
    let reception = crate::reception::rules(tx)?;
    let settings = Settings {
        school: tx.school(),
        name: text(&setting("name")?)?,
        room: text(&room)?,
        mode,
        card_key: text(&setting("card_key")?)?,
        seal_to: text(&setting("seal_public")?)?,
        reasons: reception.reasons,
        reason_after_card: reception.reason_after_card,
        collectors: reception.collectors,
        find_by: reception.find_by,
        choices: choices(tx)?,
    };
    put(tx, audience, &key, &RowBody::Settings(settings))
}

/// Brings the settings of every kiosk up to date: after the school's own settings changed.
///
/// # Errors
/// An accident of the store.
pub fn touch_kiosks(tx: &WriteTx<'_>) -> Result<(), StoreError> {
    let mut all = tx.prepare_cached("SELECT id FROM kiosk WHERE revoked_at IS NULL")?;
    let kiosks: Vec<[u8; 16]> = all.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?;
    kiosks.into_iter().try_for_each(|id| touch_kiosk(tx, KioskId::from_bytes(id)))
}

/// Gives a kiosk a new feed: after its classes changed it must forget what it knows.
///
/// # Errors
/// An accident of the store.
pub fn renew(tx: &WriteTx<'_>, kiosk: KioskId) -> Result<(), StoreError> {
    tx.execute("UPDATE kiosk SET feed = ?2 WHERE id = ?1", params![kiosk.as_bytes(), secret::random::<16>()?])?;
    touch_kiosk(tx, kiosk)
}
