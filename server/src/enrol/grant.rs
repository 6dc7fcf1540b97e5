//! Enrolment, the office's side: a person typed a code, compared the check word, and says yes or no.
//!
//! Must never: grant a code whose kiosk has not opened its commitment: its check word would mean nothing.

use super::{Granted, lapsed};
use crate::clock::Now;
use crate::secret;
use crate::state::App;
use crate::store::columns::to_json;
use crate::store::{StoreError, WriteTx};
use crate::{feed, record};
use rusqlite::{Connection, OptionalExtension, params};
use shared::act::{Act, Officer};
use shared::id::{ClassId, KioskId, SchoolId};
use shared::text::Name;
use shared::time::Millis;
use shared::wire::check_word;
use shared::wire::v1::Mode;

/// A kiosk that waits for its code to be typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its code, as it stands on its screen.
    pub code: String,
    /// The word that its screen shows too, if nobody stands between.
    pub check_word: String,
    /// Its program.
    pub app: String,
    /// Since when it waits.
    pub since: Millis,
    /// The room that stands on its card, or nothing.
    pub room: String,
}

/// What IT chose for a kiosk.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The school.
    pub school: SchoolId,
    /// Its name on the wall.
    pub room: Name,
    /// Classroom or reception.
    pub mode: Mode,
    /// The classes whose registers it takes; none at reception.
    pub classes: Vec<ClassId>,
    /// Who granted it.
    pub by: Officer,
}

/// The kiosk that shows this code, if one does and has opened its commitment. Case, spaces and the hyphen do not matter.
///
/// # Errors
/// An accident of the store.
pub async fn waiting(app: &App, code: &str) -> Result<Option<Waiting>, StoreError> {
    let Some(code) = written(code) else { return Ok(None) };
    let (now, pin) = (app.clock.now().at, app.pin);
    app.stores
        .trust()
        .read(move |c| {
            let row = c
                .query_row(
                    "SELECT nonce, app, created_at, coalesce(room, '') FROM enrolment
                     WHERE code = ?1 AND created_at > ?2 AND nonce IS NOT NULL AND refused = 0 AND granted IS NULL",
                    params![code, lapsed(now)],
                    |r| Ok((r.get::<_, [u8; 32]>(0)?, r.get(1)?, r.get(2)?, r.get(3)?)),
                )
                .optional()?;
            Ok(row.map(|(nonce, app, since, room)| Waiting {
                check_word: check_word(pin, &nonce, &code),
                code,
                app,
                since: Millis(since),
                room,
            }))
        })
        .await
}

/// Enrols the kiosk that shows this code.
///
/// # Errors
/// [`StoreError::Refused`] with words for the person when the code has lapsed, or a class does not exist.
pub async fn grant(app: &App, code: &str, grant: Grant) -> Result<KioskId, StoreError> {
    let Some(found) = waiting(app, code).await? else { return Err(gone()) };
    give(app, found.code, grant).await
}

/// Makes it so for the kiosk with this code, which has opened its commitment.
pub(super) async fn give(app: &App, code: String, grant: Grant) -> Result<KioskId, StoreError> {
    let school = app.stores.school(grant.school).ok_or(StoreError::Missing("school"))?;
    let kiosk = KioskId::from_bytes(secret::random()?);
    let now = app.clock.now();
    let granted =
        to_json(&Granted { kiosk, school: grant.school, room: grant.room.clone(), mode: grant.mode }, "an enrolment")?;
    let (room, mode, by) = (grant.room.clone(), grant.mode, grant.by.name().to_string());
    let in_school = grant.school;
    school.write(move |tx| in_register(tx, now, kiosk, &grant)).await?;
    // Not known by any token until the kiosk fetches one.
    let nobody: [u8; 32] = secret::random()?;
    app.stores
        .trust()
        .write(move |t| {
            let taken = t.execute(
                "UPDATE enrolment SET granted = ?2 WHERE code = ?1 AND granted IS NULL AND refused = 0",
                params![code, granted],
            )?;
            if taken == 0 {
                return Err(gone());
            }
            t.execute(
                "INSERT INTO kiosk(id, school, room, mode, token_hash, enrolled_at, enrolled_by)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![kiosk.as_bytes(), in_school.as_bytes(), room.as_str(), mode_text(mode), nobody, now.at.0, by],
            )?;
            Ok(())
        })
        .await?;
    Ok(kiosk)
}

/// Says no to the kiosk that shows this code.
///
/// # Errors
/// [`StoreError::Refused`] when the code has lapsed.
pub async fn refuse(app: &App, code: &str) -> Result<(), StoreError> {
    let Some(code) = written(code) else { return Err(gone()) };
    app.stores
        .trust()
        .write(move |t: &rusqlite::Transaction<'_>| {
            let refused = t.execute("UPDATE enrolment SET refused = 1 WHERE code = ?1 AND granted IS NULL", [code])?;
            if refused == 0 { Err(gone()) } else { Ok(()) }
        })
        .await
}

fn in_register(tx: &WriteTx<'_>, now: Now, kiosk: KioskId, grant: &Grant) -> Result<(), StoreError> {
    for class in &grant.classes {
        if !class_exists(tx, *class)? {
            return Err(StoreError::Refused(
                "one of the classes does not exist any more; load the page again".to_owned(),
            ));
        }
    }
    tx.execute(
        "INSERT INTO kiosk(id, room, mode, feed, roll_call) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            kiosk.as_bytes(),
            grant.room.as_str(),
            mode_text(grant.mode),
            secret::random::<16>()?,
            grant.mode == Mode::RollCall
        ],
    )?;
    for class in &grant.classes {
        tx.execute(
            "INSERT INTO kiosk_class(kiosk, class) VALUES (?1, ?2)",
            params![kiosk.as_bytes(), class.as_bytes()],
        )?;
    }
    record::act(tx, now, &grant.by, Act::Enrolled { kiosk, room: grant.room.clone() })?;
    feed::touch_kiosk(tx, kiosk)?;
    tx.touch();
    Ok(())
}

fn class_exists(c: &Connection, class: ClassId) -> Result<bool, StoreError> {
    Ok(c.query_row("SELECT count(*) FROM class WHERE id = ?1", [class.as_bytes()], |r| r.get::<_, i64>(0))? > 0)
}

/// A code as it is kept: capitals, with its hyphen. None for what cannot be one.
fn written(code: &str) -> Option<String> {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    (plain.len() == 8).then(|| format!("{}-{}", &plain[..4], &plain[4..]))
}

fn gone() -> StoreError {
    StoreError::Refused(
        "no kiosk shows this code now. Codes lapse after 15 minutes: look at the kiosk's screen".to_owned(),
    )
}

/// A mode as its column; a kiosk for roll calls reads as reception does, and has a column more that says so.
pub(crate) const fn mode_text(mode: Mode) -> &'static str {
    match mode {
        Mode::Classroom => "classroom",
        Mode::Reception | Mode::RollCall => "reception",
    }
}
