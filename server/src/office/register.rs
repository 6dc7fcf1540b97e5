//! A register: the marks of a class in a session, with how each came to be.
//!
//! Must never: write, or query once per pupil.

use super::entry::{self, Entry, found};
use super::sheet::{Stands, Tally, Told};
use super::strip::{self, Strip};
use super::{Shell, html, named, restored, words};
use crate::auth::Actor;
use crate::error::Answer;
use crate::restore;
use crate::state::App;
use crate::store::StoreError;
use crate::store::columns::{CodeCol, DateCol, HalfCol};
use askama::Template;
use axum::extract::{Extension, Path, State};
use rusqlite::{Connection, OptionalExtension as _, named_params, params};
use shared::calendar::{Calendar, Half, SessionKey};
use shared::id::{ClassId, PlanId, PupilId};
use shared::time::Millis;
use std::collections::HashMap;

#[derive(Template)]
#[template(path = "register.html")]
struct RegisterPage {
    shell: Shell,
    sheet: Sheet,
    back: String,
    amends: bool,
}

/// The register as shown.
pub(super) struct Sheet {
    id: ClassId,
    class: String,
    teachers: String,
    session: SessionKey,
    title: String,
    facts: Vec<(&'static str, String)>,
    tally: Tally,
    pupils: Vec<Line>,
    other: String,
    other_name: &'static str,
}

/// One pupil's line.
struct Line {
    id: PupilId,
    name: String,
    stands: Stands,
    code: String,
    meaning: String,
    path: &'static str,
    /// The stroke says it all: present in this half.
    plain: bool,
    /// A ring before the code.
    ring: bool,
    strip: Strip,
    provisional: bool,
    entries: Vec<Entry>,
    plan: Option<Plan>,
}

/// A known absence that covers the session.
struct Plan {
    id: PlanId,
    words: String,
}

/// `GET /register/{class}/{session}`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path((class, session)): Path<(String, String)>,
) -> Answer {
    let (class, session): (ClassId, SessionKey) = (named(&class)?, named(&session)?);
    let now = app.clock.now().at;
    let sheet = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        read(tx, &calendar, class, session)
    });
    let sheet = found(sheet.await?)?;
    let half = if session.half == Half::Am { "am" } else { "pm" };
    let today = actor.school.read(|tx| tx.calendar()).await?.date_of(now);
    let back = if session.date == today {
        format!("/today?half={half}")
    } else {
        format!("/today?date={}&half={half}", session.date)
    };
    html(&RegisterPage { shell: Shell::of(&actor, "/today"), sheet, back, amends: actor.role.amends() })
}

fn read(c: &Connection, calendar: &Calendar, class: ClassId, session: SessionKey) -> Result<Option<Sheet>, StoreError> {
    let Some((name, teachers)) = c
        .query_row(
            "SELECT c.name, (SELECT group_concat(s.name, ', ') FROM staff_class sc JOIN staff s ON s.id = sc.staff
                              WHERE sc.class = c.id AND s.ended_on IS NULL) FROM class c WHERE c.id = ?1",
            [class.as_bytes()],
            |r| Ok((r.get::<_, String>(0)?, r.get::<_, Option<String>>(1)?.unwrap_or_default())),
        )
        .optional()?
    else {
        return Ok(None);
    };
    let mut entries = entries(c, calendar, class, session)?;
    let mut strips = strip::of_class(c, calendar, class, session.date)?;
    let mut pupils = lines(c, class, session)?;
    let mut tally = Tally::default();
    for line in &mut pupils {
        tally.add(line.stands);
        line.entries = entries.remove(&line.id).unwrap_or_default();
        line.strip = strips.remove(&line.id).unwrap_or_default();
    }
    let mut facts = facts(c, calendar, class, session)?;
    let held = restore::witness::hold(c)?;
    if held.is_some_and(|hold| restored::touches(calendar, &hold.restored, session)) {
        facts
            .insert(0, ("The server was restored:", "provisional until every kiosk has sent what it keeps".to_owned()));
        for line in pupils.iter_mut().filter(|line| !line.code.is_empty()) {
            line.provisional = true;
        }
    }
    let other = match session.half {
        Half::Am => Half::Pm,
        Half::Pm => Half::Am,
    };
    Ok(Some(Sheet {
        id: class,
        class: name,
        teachers,
        session,
        title: words::session(session),
        facts,
        tally,
        pupils,
        other: format!("/register/{class}/{}", SessionKey { half: other, ..session }),
        other_name: words::half(other),
    }))
}

fn lines(c: &Connection, class: ClassId, session: SessionKey) -> Result<Vec<Line>, StoreError> {
    let mut statement = c.prepare_cached(
        "SELECT p.id, p.first, p.last, k.code, k.minutes, k.provisional, k.tapped, e.detail, l.id, l.code, l.detail, l.reason
         FROM membership m JOIN pupil p ON p.id = m.pupil
         LEFT JOIN mark k ON k.date = :date AND k.half = :half AND k.pupil = p.id
         LEFT JOIN entry e ON e.id = k.entry
         LEFT JOIN plan l ON l.id = (SELECT x.id FROM plan x WHERE x.pupil = p.id AND x.withdrawn_at IS NULL
             AND (x.from_on, x.from_half) <= (:date, :half) AND (:date, :half) <= (x.until_on, x.until_half)
             ORDER BY x.rowid DESC LIMIT 1)
         WHERE m.class = :class AND (m.from_on, m.from_half) <= (:date, :half)
           AND (m.until_on IS NULL OR (:date, :half) <= (m.until_on, m.until_half))
           AND EXISTS (SELECT 1 FROM enrolment e WHERE e.pupil = p.id AND e.joined_on <= :date
                         AND (e.left_on IS NULL OR e.left_on >= :date))
         ORDER BY p.last, p.first",
    )?;
    let rows = statement.query_map(
        named_params! {":date": DateCol(session.date), ":half": HalfCol(session.half), ":class": class.as_bytes()},
        |r| {
            let code = r.get::<_, Option<CodeCol>>(3)?.map(|c| c.0);
            let plan_code = r.get::<_, Option<CodeCol>>(9)?.map(|c| c.0);
            let plan = match (r.get::<_, Option<[u8; 16]>>(8)?, plan_code) {
                (Some(id), Some(code)) => {
                    let mut words = format!("{code}, {}", code.meaning());
                    for part in [r.get::<_, Option<String>>(10)?, r.get(11)?].into_iter().flatten() {
                        words = format!("{words} · {part}");
                    }
                    Some(Plan { id: PlanId::from_bytes(id), words })
                }
                _ => None,
            };
            let tapped_absent = r.get_ref(6)?.as_str_or_null()?.is_some_and(|t| t == "absent");
            let stands = Stands::of(Told { code, tapped_absent, planned: plan.is_some() });
            let detail: Option<String> = r.get(7)?;
            let meaning = match (code, stands) {
                (Some(_), Stands::Here) if detail.is_none() => String::new(), // what is fine is quiet
                (Some(_), _) => entry::meaning(code, r.get(4)?, detail.as_deref()),
                (None, Stands::Unknown) => "absent, no reason yet".to_owned(),
                (None, Stands::Expected | Stands::Known) => "expected absent".to_owned(),
                (None, _) => String::new(),
            };
            Ok(Line {
                id: PupilId::from_bytes(r.get(0)?),
                name: format!("{} {}", r.get_ref(1)?.as_str()?, r.get_ref(2)?.as_str()?),
                stands,
                code: code.map(|c| c.to_string()).unwrap_or_default(),
                meaning,
                path: stands.path(session.half),
                plain: stands == Stands::Here,
                ring: stands.colour() == "absent",
                strip: Strip::new(),
                provisional: r.get::<_, Option<bool>>(5)?.unwrap_or_default(),
                entries: Vec::new(),
                plan,
            })
        },
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn entries(
    c: &Connection,
    calendar: &Calendar,
    class: ClassId,
    session: SessionKey,
) -> Result<HashMap<PupilId, Vec<Entry>>, StoreError> {
    let sql = format!(
        "SELECT e.pupil, {} FROM entry e WHERE e.date = ?1 AND e.half = ?2
           AND e.pupil IN (SELECT m.pupil FROM membership m WHERE m.class = ?3) ORDER BY e.id",
        entry::COLUMNS
    );
    let mut statement = c.prepare_cached(&sql)?;
    let rows = statement.query_map(params![DateCol(session.date), HalfCol(session.half), class.as_bytes()], |r| {
        Ok((PupilId::from_bytes(r.get(0)?), Entry::of(r, 1, calendar, session.date)?))
    })?;
    let mut found: HashMap<PupilId, Vec<Entry>> = HashMap::new();
    for row in rows {
        let (pupil, entry) = row?;
        found.entry(pupil).or_default().push(entry);
    }
    Ok(found)
}

/// When it was begun, submitted, received, closed, and by whom.
fn facts(
    c: &Connection,
    calendar: &Calendar,
    class: ClassId,
    session: SessionKey,
) -> Result<Vec<(&'static str, String)>, StoreError> {
    let row = c
        .prepare_cached(
            "SELECT r.first_mark_at, r.submitted_at, r.submitted_by, r.received_at, r.closed_at, k.room, r.state
             FROM register r LEFT JOIN kiosk k ON k.id = r.kiosk WHERE r.date = ?1 AND r.half = ?2 AND r.class = ?3",
        )?
        .query_row(params![DateCol(session.date), HalfCol(session.half), class.as_bytes()], |r| {
            let at = |i| r.get::<_, Option<i64>>(i).map(|at| at.map(Millis));
            let texts = (r.get::<_, Option<String>>(2)?, r.get::<_, Option<String>>(5)?, r.get::<_, String>(6)?);
            Ok(([at(0)?, at(1)?, at(3)?, at(4)?], texts))
        })
        .optional()?;
    let Some(([begun, submitted, received, closed], (by, room, state))) = row else {
        return Ok(vec![("State", "not started".to_owned())]);
    };
    let when = |at| words::moment(calendar, at, session.date);
    let mut list = Vec::new();
    list.extend(begun.map(|at| ("First mark", when(at))));
    match submitted {
        Some(at) => {
            let by = by.map(|by| format!(" by {by}")).unwrap_or_default();
            let room = room.map(|room| format!(", {room}")).unwrap_or_default();
            list.push(("Submitted", format!("{}{by}{room}", when(at))));
            list.extend(received.filter(|r| r.since(at) > 120_000).map(|at| ("Received", when(at))));
        }
        None if state == "planned" => list.push(("State", "covered by planned absence".to_owned())),
        None if closed.is_some() => list.push(("State", "missing: nobody submitted it".to_owned())),
        None => list.push(("State", "not submitted yet".to_owned())),
    }
    list.extend(closed.map(|at| ("Closed", when(at))));
    Ok(list)
}
