//! The registers of a session on paper: as they stand, to file or to read out, or as empty lists to take by hand when a kiosk
//! cannot.
//!
//! Must never: put a reason on an empty list: it goes into a classroom. No UPN on either.

use super::entry::found;
use super::sheet::{Stands, Told};
use super::{Shell, asked, html, named, words};
use crate::auth::Actor;
use crate::error::Answer;
use crate::state::App;
use crate::store::columns::{CodeCol, DateCol, HalfCol};
use crate::store::{ReadTx, StoreError};
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use rusqlite::named_params;
use shared::calendar::SessionKey;
use shared::id::ClassId;
use std::collections::HashMap;

#[derive(Template)]
#[template(path = "paper.html")]
struct PaperPage {
    shell: Shell,
    session: SessionKey,
    title: String,
    empty: bool,
    classes: Vec<Class>,
    printed: String,
}

struct Class {
    id: ClassId,
    name: String,
    teachers: String,
    state: String,
    pupils: Vec<Line>,
    here: usize,
    absent: usize,
}

struct Line {
    name: String,
    /// The code, or on an empty list nothing.
    code: String,
    words: String,
}

/// What may stand in the address.
#[derive(Debug, Clone, Copy, Default, serde::Deserialize)]
pub struct Choose {
    /// Empty lists.
    #[serde(default)]
    empty: bool,
}

/// `GET /paper/{session}?empty`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(session): Path<String>,
    choose: Result<Query<Choose>, QueryRejection>,
) -> Answer {
    let session: SessionKey = named(&session)?;
    let empty = asked(choose, "The address is damaged.")?.empty;
    let (shell, now) = (Shell::of(&actor, "/today"), app.clock.now().at);
    let page = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        if calendar.times(session).is_none() {
            return Ok(None);
        }
        let printed = words::dated(&calendar, now);
        let classes = read(tx, session, empty)?;
        Ok(Some(PaperPage { shell, session, title: words::session(session), empty, classes, printed }))
    });
    html(&found(page.await?)?)
}

/// Who teaches each class: asked once, for asking with each pupil takes as long as all the rest.
fn teachers(tx: &ReadTx<'_>) -> Result<HashMap<ClassId, String>, StoreError> {
    let mut found = tx.prepare_cached(
        "SELECT sc.class, group_concat(s.name, ', ') FROM staff_class sc JOIN staff s ON s.id = sc.staff
         WHERE s.ended_on IS NULL GROUP BY sc.class",
    )?;
    let rows = found.query_map([], |r| Ok((ClassId::from_bytes(r.get(0)?), r.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(tx: &ReadTx<'_>, session: SessionKey, empty: bool) -> Result<Vec<Class>, StoreError> {
    let mut teachers = teachers(tx)?;
    let mut statement = tx.prepare_cached(
        "SELECT c.id, c.name, r.submitted_by, r.state, p.first, p.last, k.code, k.tapped, k.minutes, e.detail,
                EXISTS (SELECT 1 FROM plan l WHERE l.pupil = p.id AND l.withdrawn_at IS NULL
                          AND (l.from_on, l.from_half) <= (:date, :half) AND (:date, :half) <= (l.until_on, l.until_half))
         FROM class c JOIN membership m ON m.class = c.id JOIN pupil p ON p.id = m.pupil
         LEFT JOIN register r ON r.date = :date AND r.half = :half AND r.class = c.id
         LEFT JOIN mark k ON k.date = :date AND k.half = :half AND k.pupil = p.id
         LEFT JOIN entry e ON e.id = k.entry
         WHERE (m.from_on, m.from_half) <= (:date, :half)
           AND (m.until_on IS NULL OR (:date, :half) <= (m.until_on, m.until_half))
           AND EXISTS (SELECT 1 FROM enrolment e WHERE e.pupil = p.id AND e.joined_on <= :date
                         AND (e.left_on IS NULL OR e.left_on >= :date))
         ORDER BY c.sort, c.name, c.id, p.last, p.first",
    )?;
    let mut rows = statement.query(named_params! {":date": DateCol(session.date), ":half": HalfCol(session.half)})?;
    let mut classes: Vec<Class> = Vec::new();
    while let Some(r) = rows.next()? {
        let id = ClassId::from_bytes(r.get(0)?);
        if classes.last().is_none_or(|class| class.id != id) {
            let state = match (r.get::<_, Option<String>>(3)?.as_deref(), r.get::<_, Option<String>>(2)?) {
                (Some("submitted"), Some(by)) => format!("submitted by {by}"),
                (Some("submitted"), None) => "submitted".to_owned(),
                (Some("planned"), _) => "covered by planned absence".to_owned(),
                (Some("missing"), _) => "missing: nobody submitted it".to_owned(),
                _ => "not submitted yet".to_owned(),
            };
            let teachers = teachers.remove(&id).unwrap_or_default();
            classes.push(Class { id, name: r.get(1)?, teachers, state, pupils: Vec::new(), here: 0, absent: 0 });
        }
        let code = r.get::<_, Option<CodeCol>>(6)?.map(|c| c.0);
        let tapped_absent = r.get::<_, Option<String>>(7)?.as_deref() == Some("absent");
        let stands = Stands::of(Told { code, tapped_absent, planned: r.get(10)? });
        let away = matches!(stands, Stands::Expected | Stands::Known | Stands::Elsewhere);
        let line = Line {
            name: format!("{}, {}", r.get::<_, String>(5)?, r.get::<_, String>(4)?),
            code: if empty { String::new() } else { code.map(|c| c.to_string()).unwrap_or_default() },
            words: match (empty, stands) {
                (true, _) if away => "expected absent".to_owned(),
                (true, _) | (false, Stands::Here) => String::new(),
                (false, _) if code.is_none() => stands.word().to_owned(),
                (false, _) => super::entry::meaning(code, r.get(8)?, r.get::<_, Option<String>>(9)?.as_deref()),
            },
        };
        if let Some(class) = classes.last_mut() {
            class.here += usize::from(matches!(stands, Stands::Here | Stands::Late));
            class.absent += usize::from(matches!(stands, Stands::Known | Stands::Unknown | Stands::Expected));
            class.pupils.push(line);
        }
    }
    Ok(classes)
}

#[cfg(test)]
mod tests {
    use crate::auth::Role;
    use crate::office::visit::{self, Visitor};
    use crate::testing::{at, now, pupil, session, world};
    use axum::http::StatusCode;
    use shared::act::Act;
    use shared::codes::Code;
    use shared::id::PlanId;
    use shared::text::Remark;

    #[tokio::test]
    async fn a_printed_register_has_every_class_and_an_empty_list_no_reason() {
        let world = world();
        visit::account(&world, world.school.id(), "shah", Role::Office);
        visit::account(&world, world.school.id(), "head", Role::Head);
        let plan = PlanId::from_bytes([1; 16]);
        let (from, until) = (session("am"), session("pm"));
        let reason = Remark::new("Mum: chickenpox").unwrap();
        world.act(now(8, 41), Act::Planned { plan, pupil: pupil(3), from, until, code: Code::I, detail: None, reason });
        world.set(at(9, 20));
        world.school.write_now(|tx| crate::jobs::close_due(tx, now(9, 20))).unwrap();
        let server = visit::server(&world).await;
        let mut shah = Visitor::logged_in(&server, "shah").await;
        let full = shah.get("/paper/2026-11-23-am").await;
        assert_eq!(full.status, StatusCode::OK);
        for words in ["Class 1", "Class 2", "Test, Pupil10", "illness", "missing: nobody submitted it"] {
            assert!(full.body.to_lowercase().contains(&words.to_lowercase()), "{words}: {}", full.body);
        }
        let empty = shah.get("/paper/2026-11-23-am?empty=true").await.body;
        assert!(empty.contains("expected absent") && !empty.to_lowercase().contains("illness"), "{empty}");
        assert!(!full.body.contains("UPN-") && !empty.contains("UPN-"));
        assert_eq!(shah.get("/paper/2026-11-22-am").await.status, StatusCode::NOT_FOUND, "no school on a Sunday");
        let looks = Visitor::logged_in(&server, "head").await.get(&format!("/looks/{}", pupil(3))).await.body;
        assert!(looks.contains("the registers on paper"), "{looks}");
    }
}
