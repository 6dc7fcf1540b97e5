//! What was held back: facts of a revoked kiosk, or about somebody whom the kiosk does not serve, for the office to accept or
//! discard.
//!
//! Must never: decide more than was on the page, or hide that a fact stays in the log whatever is decided.

use super::amend::{seen_of, seen_text};
use super::entry::{self, Standing, found};
use super::list::{self, Sheet, View};
use super::{Sent, Shell, named, words};
use crate::auth::Actor;
use crate::error::{Answer, Error};
use crate::record;
use crate::state::App;
use crate::store::columns::{int, uint};
use crate::store::{ReadTx, StoreError};
use askama::Template;
use axum::extract::{Extension, Path, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use rusqlite::{Connection, OptionalExtension as _, params};
use shared::act::Act;
use shared::calendar::{Calendar, SessionKey};
use shared::id::{ClassId, KioskId, LogId, PupilId, StaffId};
use shared::log::Origin;
use shared::observation::{Mark, Observation, Observed, Wish};
use shared::time::{Interval, Millis};

/// Most facts on one page; the rest follows when these are decided.
const MOST: usize = 200;

/// Facts that a person caused: the kiosk's own notes (that it began, what its clock was tied to) decide nothing.
pub const BY_PEOPLE: &str =
    "json_extract(f.body, '$.what.kind') IN ('marked', 'came_late', 'submitted', 'arrived', 'left', 'returned', 'noted',
     'change_asked')";

#[derive(Template)]
#[template(path = "held.html")]
struct HeldPage {
    shell: Shell,
    kiosk: KioskId,
    room: String,
    revoked: Option<String>,
    facts: Vec<Line>,
    more: usize,
    upto: String,
}

/// One fact in plain words.
struct Line {
    when: String,
    pupil: Option<PupilId>,
    who: String,
    what: String,
    by: String,
    received: String,
    stands: Option<Standing>,
}

/// What the form brings.
#[derive(serde::Deserialize)]
pub struct DecideForm {
    #[serde(default)]
    decision: String,
    #[serde(default)]
    upto: String,
}

/// `GET /kiosks/held/{kiosk}?as`: never sifted, for the decision covers all of it.
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(kiosk): Path<String>,
    Query(view): Query<View>,
) -> Answer {
    let kiosk: KioskId = named(&kiosk)?;
    let shell = Shell::of(&actor, "/kiosks");
    let now = app.clock.now().at;
    let page = actor.school.read(move |tx| read(tx, kiosk, shell, now));
    let page = found(page.await?)?;
    let shown = page.facts.iter().filter_map(|fact| fact.pupil).collect();
    list::answer(&page, view.file, sheet, shown)
}

fn sheet(page: &HeldPage) -> Sheet {
    let row = |f: &Line| {
        let stands = f.stands.as_ref().map(|s| s.text.clone()).unwrap_or_default();
        vec![f.when.clone(), f.received.clone(), f.who.clone(), f.what.clone(), f.by.clone(), stands]
    };
    let head = vec!["Taken", "Received", "Pupil", "What", "By", "Stands now"];
    Sheet { name: "held-back".to_owned(), head, rows: page.facts.iter().map(row).collect() }
}

fn read(tx: &ReadTx<'_>, kiosk: KioskId, shell: Shell, now: Millis) -> Result<Option<HeldPage>, StoreError> {
    let row = tx
        .query_row("SELECT room, revoked_at FROM kiosk WHERE id = ?1", [kiosk.as_bytes()], |r| {
            Ok((r.get::<_, String>(0)?, r.get::<_, Option<i64>>(1)?.map(Millis)))
        })
        .optional()?;
    let Some((room, revoked)) = row else { return Ok(None) };
    let calendar = tx.calendar()?;
    let today = calendar.date_of(now);
    let count = count(tx, kiosk)?;
    let (facts, upto) = match oldest(tx, kiosk)? {
        Some((id, log)) => lines(tx, &calendar, now, id, log)?,
        None => (Vec::new(), None),
    };
    Ok(Some(HeldPage {
        shell,
        kiosk,
        room,
        revoked: revoked.map(|at| words::moment(&calendar, at, today)),
        more: count.saturating_sub(facts.len()),
        facts,
        upto: upto.map(|upto| seen_text(&[upto])).unwrap_or_default(),
    }))
}

fn count(c: &Connection, kiosk: KioskId) -> Result<usize, StoreError> {
    let sql = format!(
        "SELECT count(*) FROM log l JOIN fact f ON f.log = l.id WHERE l.kiosk = ?1 AND f.held = 1 AND {BY_PEOPLE}"
    );
    Ok(c.prepare_cached(&sql)?.query_row([kiosk.as_bytes()], |r| r.get(0))?)
}

/// The kiosk's first log that has something to decide.
fn oldest(c: &Connection, kiosk: KioskId) -> Result<Option<(i64, LogId)>, StoreError> {
    let sql = format!(
        "SELECT l.id, l.log FROM log l WHERE l.kiosk = ?1
         AND EXISTS (SELECT 1 FROM fact f WHERE f.log = l.id AND f.held = 1 AND {BY_PEOPLE}) ORDER BY l.id LIMIT 1"
    );
    let found = c
        .prepare_cached(&sql)?
        .query_row([kiosk.as_bytes()], |r| Ok((r.get(0)?, LogId::from_bytes(r.get(1)?))))
        .optional()?;
    Ok(found)
}

/// The facts of one log, in its order, and the last of them.
fn lines(
    c: &Connection,
    calendar: &Calendar,
    now: Millis,
    id: i64,
    log: LogId,
) -> Result<(Vec<Line>, Option<Origin>), StoreError> {
    let sql = format!(
        "SELECT f.seq, f.body, f.received_at FROM fact f WHERE f.log = ?1 AND f.held = 1 AND {BY_PEOPLE}
         ORDER BY f.seq LIMIT ?2"
    );
    let mut statement = c.prepare_cached(&sql)?;
    let mut rows = statement.query(params![id, int(u64::try_from(MOST).unwrap_or(u64::MAX))])?;
    let (mut facts, mut upto) = (Vec::new(), None);
    while let Some(r) = rows.next()? {
        let (seq, received) = (uint(r.get(0)?), Millis(r.get(2)?));
        let seen: Observed = crate::store::columns::json(r.get_ref(1)?.as_str()?, "a held fact")?;
        let when = record::taken(c, id, seq, &seen.at, received)?;
        facts.push(line(c, calendar, now, &seen, when, received)?);
        upto = Some(Origin { log, seq });
    }
    Ok((facts, upto))
}

fn line(
    c: &Connection,
    calendar: &Calendar,
    now: Millis,
    seen: &Observed,
    when: Interval,
    received: Millis,
) -> Result<Line, StoreError> {
    let today = calendar.date_of(now);
    let say = |at| words::moment(calendar, at, today);
    let (from, until) = (say(when.earliest), say(when.latest));
    let in_session = |key: Option<SessionKey>| key.map_or_else(String::new, |key| format!(", {}", words::session(key)));
    let what = match &seen.what {
        Observation::Marked { session, class, mark, .. } => {
            let mark = match mark {
                Mark::Present => "marked present",
                Mark::Absent => "marked absent",
                Mark::Blank => "mark taken back",
            };
            format!("{mark}{}{}", of_class(c, *class)?, in_session(Some(*session)))
        }
        Observation::CameLate { session, class, .. } => {
            format!("came late{}{}", of_class(c, *class)?, in_session(Some(*session)))
        }
        Observation::Submitted { session, class, tiles } => {
            let pupils = words::count(tiles.len(), "pupil", "pupils");
            format!("register submitted, {pupils}{}{}", of_class(c, *class)?, in_session(Some(*session)))
        }
        Observation::Arrived { session, .. } => format!("signed in at reception{}", in_session(*session)),
        Observation::Noted { session, class, .. } => {
            format!("a note to the office{}{}", of_class(c, *class)?, in_session(Some(*session)))
        }
        Observation::ChangeAsked { session, class, wish, .. } => {
            let wish = match wish {
                Wish::Present => "present",
                Wish::Late => "late",
                Wish::Absent => "absent",
            };
            format!("asks for a change to {wish}{}{}", of_class(c, *class)?, in_session(Some(*session)))
        }
        Observation::Left { session, .. } => format!("left the building{}", in_session(*session)),
        Observation::Returned { session, .. } => format!("came back{}", in_session(*session)),
        _ => String::new(),
    };
    let stands = match (seen.what.pupil(), seen.what.session()) {
        (Some(pupil), Some(session)) => Some(entry::standing(c, pupil, session)?),
        _ => None,
    };
    Ok(Line {
        when: if from == until || when.latest.since(when.earliest) < 60_000 {
            from
        } else {
            format!("{from} to {until}")
        },
        pupil: seen.what.pupil(),
        who: seen.what.pupil().map(|pupil| name_of(c, pupil)).transpose()?.unwrap_or_default(),
        what,
        by: seen.by.map(|staff| teacher(c, staff)).transpose()?.unwrap_or_else(|| "nobody signed on".to_owned()),
        received: say(received),
        stands,
    })
}

fn of_class(c: &Connection, class: ClassId) -> Result<String, StoreError> {
    Ok(crate::school::class_name(c, class)?
        .map_or_else(|| " in a class that this school does not have".to_owned(), |name| format!(" in {name}")))
}

fn name_of(c: &Connection, pupil: PupilId) -> Result<String, StoreError> {
    let name: Option<String> = c
        .prepare_cached("SELECT first || ' ' || last FROM pupil WHERE id = ?1")?
        .query_row([pupil.as_bytes()], |r| r.get(0))
        .optional()?;
    Ok(name.unwrap_or_else(|| "somebody who is not a pupil here".to_owned()))
}

fn teacher(c: &Connection, staff: StaffId) -> Result<String, StoreError> {
    let name: Option<String> = c
        .prepare_cached("SELECT name FROM staff WHERE id = ?1")?
        .query_row([staff.as_bytes()], |r| r.get(0))
        .optional()?;
    Ok(name.unwrap_or_else(|| "somebody who is not on the staff list".to_owned()))
}

/// `POST /kiosks/held/{kiosk}`: accepted, or discarded.
pub async fn decide(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(kiosk): Path<String>,
    Sent(form): Sent<DecideForm>,
) -> Answer {
    let kiosk: KioskId = named(&kiosk)?;
    let known = actor.school.read(move |tx| {
        let known: i64 = tx.query_row("SELECT count(*) FROM kiosk WHERE id = ?1", [kiosk.as_bytes()], |r| r.get(0))?;
        Ok((known > 0).then_some(()))
    });
    found(known.await?)?;
    let accepted = match form.decision.as_str() {
        "accept" => true,
        "discard" => false,
        _ => return Err(Error::BadInput("Choose to accept or to discard. Go back and choose one.".to_owned())),
    };
    let [upto] = seen_of(&form.upto)?[..] else {
        return Err(Error::BadInput("This form is damaged. Load the page again.".to_owned()));
    };
    let (now, by) = (app.clock.now(), actor.officer());
    let left = actor.school.write(move |tx| {
        let held: i64 = tx
            .prepare_cached(
                "SELECT count(*) FROM log l JOIN fact f ON f.log = l.id
                 WHERE l.kiosk = ?1 AND l.log = ?2 AND f.seq <= ?3 AND f.held = 1",
            )?
            .query_row(params![kiosk.as_bytes(), upto.log.as_bytes(), int(upto.seq)], |r| r.get(0))?;
        // None: a colleague has decided meanwhile. Their word stands, and nothing is written twice.
        if held > 0 {
            record::act(tx, now, &by, Act::HeldDecided { kiosk, upto, accepted })?;
        }
        count(tx, kiosk)
    });
    let back = if left.await? > 0 { format!("/kiosks/held/{kiosk}") } else { format!("/kiosks#k{kiosk}") };
    Ok(Redirect::to(&back).into_response())
}

/// Where the facts of a kiosk are looked at.
#[must_use]
pub fn href(kiosk: KioskId) -> String {
    format!("/kiosks/held/{kiosk}")
}

#[cfg(test)]
mod tests;
