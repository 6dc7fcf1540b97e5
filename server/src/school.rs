//! A school begins: its settings, keys and calendar, in the file that holds its register.
//!
//! Must never: make new keys for a school that has some: every card and every sealed reason would be lost.

use crate::clock::Now;
use crate::store::columns::to_json;
use crate::store::{School, StoreError, Stores, WriteTx};
use crate::{record, recovery, secret};
use crypto_box::aead::OsRng;
use crypto_box::{PublicKey, SecretKey};
use rusqlite::{Connection, OptionalExtension, params};
use shared::act::{Act, Officer};
use shared::calendar::Calendar;
use shared::id::{ClassId, SchoolId};
use shared::log::Hash;
use shared::observation::Sealed;
use shared::text::Name;
use shared::wire::v1::Choices;
use std::sync::Arc;

/// Reasons offered at reception until the school sets its own.
pub(crate) const REASONS: [&str; 6] =
    ["Overslept", "Traffic or transport", "Appointment", "Unwell this morning", "Family reasons", "Other"];

/// Makes a school, or finishes making one that a crash left half made. `set_by` is "name, position, date".
///
/// # Errors
/// [`StoreError::Refused`] when the short name is taken or is none.
pub fn add(
    stores: &Stores,
    slug: &str,
    name: &str,
    calendar: &Calendar,
    set_by: &str,
) -> Result<Arc<School>, StoreError> {
    let plain = !slug.is_empty()
        && slug.len() <= 40
        && slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !plain {
        return Err(StoreError::Refused(
            "the short name may hold small letters, digits and hyphens only, as elm-park".to_owned(),
        ));
    }
    let school = match stores.school_by_slug(slug) {
        Some(begun) if begun.read_now(|tx| setting(tx, "name"))?.is_none() => begun,
        _ => stores.add_school(SchoolId::from_bytes(secret::random()?), slug, name)?,
    };
    let mut settings =
        vec![("name", name.to_owned()), ("slug", slug.to_owned()), ("reasons", to_json(&REASONS, "the reasons")?)];
    settings.extend(recovery::public(stores)?.map(|public| (recovery::PUBLIC, public)));
    make_keys(&school)?;
    let calendar = to_json(calendar, "the calendar")?;
    let (set_by, at) = (set_by.to_owned(), stores.clock().now().at.0);
    school.write_now(move |tx| {
        for (name, value) in settings {
            tx.execute("INSERT OR IGNORE INTO setting(name, value) VALUES (?1, ?2)", params![name, value])?;
        }
        tx.execute("INSERT INTO calendar(body, set_at, set_by) VALUES (?1, ?2, ?3)", params![calendar, at, set_by])?;
        Ok(())
    })?;
    Ok(school)
}

/// Makes the school's keys, where it has none: when it begins, or after a restore without the recovery key. In that case
/// cards must be bound anew, and reasons sealed to the old key stay closed.
///
/// # Errors
/// An accident of the store.
pub fn make_keys(school: &School) -> Result<(), StoreError> {
    let card_key = secret::hex(&secret::random::<32>()?);
    let key = SecretKey::from(secret::random::<32>()?);
    school.write_now(move |tx| {
        if setting(tx, "card_key")?.is_none() {
            set(tx, "card_key", &card_key)?;
        }
        if setting(tx, "seal_secret")?.is_none() {
            set(tx, "seal_secret", &secret::hex(&key.to_bytes()))?;
            set(tx, "seal_public", &secret::hex(key.public_key().as_bytes()))?;
        }
        Ok(())
    })
}

/// What a class is called; none if this school has no such class.
///
/// # Errors
/// An accident of the store.
pub fn class_name(c: &Connection, class: ClassId) -> Result<Option<String>, StoreError> {
    let mut found = c.prepare_cached("SELECT name FROM class WHERE id = ?1")?;
    Ok(found.query_row([class.as_bytes()], |r| r.get(0)).optional()?)
}

/// Puts a calendar in force from now on, as an act of the school's log; the versions before it are kept. The kiosks'
/// days follow in the same transaction.
///
/// # Errors
/// An accident of the store; [`StoreError::Refused`] when who set it is too long to be kept.
pub fn set_calendar(tx: &WriteTx<'_>, now: Now, by: &Officer, calendar: &Calendar) -> Result<(), StoreError> {
    let body = to_json(calendar, "the calendar")?;
    let hash = Hash(secret::sha256(body.as_bytes()));
    let set_by = match by {
        Officer::Person { name, position } => format!("{name}, {position}, {}", calendar.date_of(now.at)),
        Officer::Rule { rule, set_by } => format!("rule {rule}, {set_by}"),
    };
    let set_by = Name::new(&set_by)
        .map_err(|bad| StoreError::Refused(format!("name, position and date of who sets the calendar: {bad}")))?;
    tx.execute(
        "INSERT INTO calendar(body, set_at, set_by) VALUES (?1, ?2, ?3)",
        params![body, now.at.0, set_by.as_str()],
    )?;
    record::act(tx, now, by, Act::CalendarSet { calendar: hash }).map(drop)
}

/// Puts the school's choices about its kiosks in force, as an act of the school's log; the kiosks' settings follow in the
/// same transaction.
///
/// # Errors
/// An accident of the store.
pub fn choose(tx: &WriteTx<'_>, now: Now, by: &Officer, choices: &Choices) -> Result<(), StoreError> {
    record::act(tx, now, by, Act::ChoicesSet { choices: choices.clone() }).map(drop)
}

/// A setting of the school.
///
/// # Errors
/// An accident of the store.
pub fn setting(c: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    Ok(c.prepare_cached("SELECT value FROM setting WHERE name = ?1")?.query_row([name], |r| r.get(0)).optional()?)
}

/// Writes a setting.
///
/// # Errors
/// An accident of the store.
pub fn set(tx: &WriteTx<'_>, name: &str, value: &str) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO setting(name, value) VALUES (?1, ?2) ON CONFLICT(name) DO UPDATE SET value = ?2")?
        .execute([name, value])?;
    Ok(())
}

/// Words that the office wrote down about the door, sealed as those of a kiosk are (base64): they lie open nowhere.
///
/// # Errors
/// An accident of the store, or a school without a key.
pub fn seal(c: &Connection, words: &str) -> Result<Sealed, StoreError> {
    use base64::Engine;
    let lost = || StoreError::Corrupt { what: "the key of sealed words" };
    let key = setting(c, "seal_public")?.and_then(|key| secret::unhex::<32>(&key)).ok_or_else(lost)?;
    let sealed = PublicKey::from(key).seal(&mut OsRng, words.as_bytes()).map_err(|_| lost())?;
    Sealed::new(&base64::engine::general_purpose::STANDARD.encode(sealed)).map_err(|_| lost())
}

/// The reason that a pupil picked at reception, as kiosks seal it (base64); none if it cannot be opened.
///
/// # Errors
/// An accident of the store.
pub fn open_reason(c: &Connection, sealed: &str) -> Result<Option<String>, StoreError> {
    use base64::Engine;
    let Some(key) = setting(c, "seal_secret")?.and_then(|key| secret::unhex::<32>(&key)) else { return Ok(None) };
    let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(sealed) else { return Ok(None) };
    Ok(SecretKey::from(key).unseal(&bytes).ok().and_then(|plain| String::from_utf8(plain).ok()))
}
