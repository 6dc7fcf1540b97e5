//! Taking a register on the page, from a paper list: what the teacher wrote, entered by the office in one go.
//!
//! Must never: take a blank for anything that nobody said, or change a mark that says what the list says.

use super::choose;
use super::entry::found;
use super::sheet::{Stands, Told};
use super::{Fields, Sent, Shell, html, named, words};
use crate::auth::Actor;
use crate::error::{Answer, Error};
use crate::record;
use crate::state::App;
use crate::store::columns::{CodeCol, DateCol, HalfCol};
use crate::store::{StoreError, WriteTx};
use askama::Template;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse as _, Redirect};
use chrono::NaiveTime;
use rusqlite::{Connection, OptionalExtension as _, named_params, params};
use shared::act::Act;
use shared::calendar::SessionKey;
use shared::codes::Code;
use shared::id::{ClassId, PupilId};
use shared::register::MarkKey;
use shared::text::{Name, Remark};

#[derive(Template)]
#[template(path = "take.html")]
struct TakePage {
    shell: Shell,
    class: ClassId,
    name: String,
    teachers: Vec<String>,
    session: SessionKey,
    title: String,
    pupils: Vec<Line>,
    opens: String,
    today: String,
    back: String,
}

/// A pupil of the list.
struct Line {
    id: PupilId,
    name: String,
    stands: Stands,
    /// What stands, in words; empty if nothing does.
    words: &'static str,
    minutes: String,
}

/// What the list says of a pupil.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Here,
    Absent,
    Late(Option<u16>),
}

/// `GET /take/{class}/{session}`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path((class, session)): Path<(String, String)>,
) -> Answer {
    let (class, session): (ClassId, SessionKey) = (named(&class)?, named(&session)?);
    let (shell, now) = (Shell::of(&actor, "/today"), app.clock.now().at);
    let page = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        let Some(times) = calendar.times(session) else { return Ok(None) };
        let Some(name) = crate::school::class_name(tx, class)? else { return Ok(None) };
        let mut teachers = tx.prepare_cached(
            "SELECT s.name FROM staff_class sc JOIN staff s ON s.id = sc.staff WHERE sc.class = ?1 AND s.ended_on IS NULL",
        )?;
        let teachers = teachers.query_map([class.as_bytes()], |r| r.get(0))?.collect::<Result<_, _>>()?;
        Ok(Some(TakePage {
            shell,
            class,
            name,
            teachers,
            session,
            title: words::session(session),
            pupils: lines(tx, class, session)?,
            opens: words::clock(&calendar, times.opens),
            today: words::full_day(calendar.date_of(now)),
            back: format!("/register/{class}/{session}"),
        }))
    });
    html(&found(page.await?)?)
}

fn lines(c: &Connection, class: ClassId, session: SessionKey) -> Result<Vec<Line>, StoreError> {
    let mut statement = c.prepare_cached(
        "SELECT p.id, p.first || ' ' || p.last, k.code, k.tapped, k.minutes,
                EXISTS (SELECT 1 FROM plan l WHERE l.pupil = p.id AND l.withdrawn_at IS NULL
                          AND (l.from_on, l.from_half) <= (:date, :half) AND (:date, :half) <= (l.until_on, l.until_half))
         FROM membership m JOIN pupil p ON p.id = m.pupil
         LEFT JOIN mark k ON k.date = :date AND k.half = :half AND k.pupil = p.id
         WHERE m.class = :class AND (m.from_on, m.from_half) <= (:date, :half)
           AND (m.until_on IS NULL OR (:date, :half) <= (m.until_on, m.until_half))
           AND EXISTS (SELECT 1 FROM enrolment e WHERE e.pupil = p.id AND e.joined_on <= :date
                         AND (e.left_on IS NULL OR e.left_on >= :date))
         ORDER BY p.first, p.last",
    )?;
    let day = DateCol(session.date);
    let rows = statement.query_map(
        named_params! {":date": day, ":half": HalfCol(session.half), ":class": class.as_bytes()},
        |r| {
            let tapped: Option<String> = r.get(3)?;
            let told = Told {
                code: r.get::<_, Option<CodeCol>>(2)?.map(|c| c.0),
                tapped_absent: tapped.as_deref() == Some("absent"),
                planned: r.get(5)?,
            };
            let stands = Stands::of(told);
            Ok(Line {
                id: PupilId::from_bytes(r.get(0)?),
                name: r.get(1)?,
                stands,
                words: if stands == Stands::Blank { "" } else { stands.word() },
                minutes: r.get::<_, Option<u16>>(4)?.map(|m| m.to_string()).unwrap_or_default(),
            })
        },
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// `POST /take/{class}/{session}`: the fields `mark-<pupil>` and `late-<pupil>`, and who took it when.
pub async fn submit(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path((class, session)): Path<(String, String)>,
    Sent(fields): Sent<Fields>,
) -> Answer {
    let (class, session): (ClassId, SessionKey) = (named(&class)?, named(&session)?);
    let by_hand: Name = choose::needed(fields.one("taken_by"), "Who took it")?;
    let at: NaiveTime = NaiveTime::parse_from_str(fields.one("taken_at"), "%H:%M").map_err(|_| {
        Error::BadInput("When it was taken is missing. Go back and write it down, as 08:55.".to_owned())
    })?;
    let rest_is_here = fields.one("rest") == "here";
    let (now, by) = (app.clock.now(), actor.officer());
    let done = actor.school.write(move |tx| {
        let calendar = tx.calendar()?;
        if calendar.times(session).is_none() || crate::school::class_name(tx, class)?.is_none() {
            return Ok(None);
        }
        let taken_at = calendar.instant(session.date.and_time(at));
        if taken_at > now.at {
            return StoreError::refused(
                "The list cannot have been taken later than now. Go back and correct the time.",
            );
        }
        let reason = Remark::new(&format!("from the paper list that {by_hand} took at {}", at.format("%H:%M")))
            .map_err(|_| StoreError::Refused("The name of who took it is too long.".to_owned()))?;
        let pupils = lines(tx, class, session)?;
        let mut acts = vec![Act::RegisterTaken { class, session, by_hand: by_hand.clone(), at: taken_at }];
        let mut blank = Vec::new();
        for one in &pupils {
            let written = match fields.one(&format!("mark-{}", one.id)) {
                "here" => Some(Written::Here),
                "absent" => Some(Written::Absent),
                "late" => Some(Written::Late(fields.one(&format!("late-{}", one.id)).trim().parse().ok())),
                _ if rest_is_here && one.stands == Stands::Blank => Some(Written::Here),
                _ => None,
            };
            match written {
                Some(written) => acts.extend(act(tx, one, session, written, &reason)?),
                None if one.stands == Stands::Blank => blank.push(one.name.as_str()),
                None => {}
            }
        }
        if !blank.is_empty() {
            let names = blank.join(", ");
            return StoreError::refused(&format!(
                "Nothing is said about {names}. Go back and say it, or that whoever is left empty is here."
            ));
        }
        record::acts(tx, now, &by, acts)?;
        Ok(Some(()))
    });
    found(done.await?)?;
    Ok(Redirect::to(&format!("/register/{class}/{session}")).into_response())
}

/// The amendment that brings a pupil's mark to what the list says; none where it says so already, or where the reason of an
/// absence is known.
fn act(
    tx: &WriteTx<'_>,
    one: &Line,
    session: SessionKey,
    written: Written,
    reason: &Remark,
) -> Result<Option<Act>, StoreError> {
    let (code, minutes) = match (written, one.stands) {
        (Written::Here, Stands::Here) => return Ok(None),
        (Written::Absent, Stands::Known | Stands::Expected | Stands::Elsewhere | Stands::NotCounted) => {
            return Ok(None);
        }
        (Written::Absent, Stands::Unknown) if stands_n(tx, one.id, session)? => return Ok(None),
        (Written::Late(None), Stands::Late) => return Ok(None),
        (Written::Late(Some(minutes)), Stands::Late) if one.minutes == minutes.to_string() => return Ok(None),
        (Written::Here, _) => (Code::present(session.half), None),
        (Written::Absent, _) => (Code::N, None),
        (Written::Late(minutes), _) => (Code::L, minutes),
    };
    let seen = record::seen(tx, MarkKey { pupil: one.id, session })?;
    let (pupil, reason) = (one.id, reason.clone());
    Ok(Some(Act::Amended { pupil, session, code: Some(code), minutes, detail: None, reason, seen }))
}

/// Whether N stands, and not only a tap.
fn stands_n(tx: &WriteTx<'_>, pupil: PupilId, session: SessionKey) -> Result<bool, StoreError> {
    let code: Option<CodeCol> = tx
        .prepare_cached("SELECT code FROM mark WHERE date = ?1 AND half = ?2 AND pupil = ?3")?
        .query_row(params![DateCol(session.date), HalfCol(session.half), pupil.as_bytes()], |r| r.get(0))
        .optional()?
        .flatten();
    Ok(code.is_some_and(|code| code.0 == Code::N))
}
