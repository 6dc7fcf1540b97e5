//! Sessions of earlier days that are still N: a list that shrinks to nothing, with the day on which each becomes O (P13).
//!
//! Must never: change a session that was not ticked, or one that has a reason already.

use super::choose::{self, Group};
use super::list::{self, Bar, Sheet, View};
use super::{Fields, Sent, Shell, named, words};
use crate::auth::{Actor, Role};
use crate::error::{Answer, Error};
use crate::record;
use crate::state::App;
use crate::store::columns::{CodeCol, DateCol, HalfCol, session};
use crate::store::{ReadTx, StoreError};
use askama::Template;
use axum::extract::{Extension, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use chrono::NaiveDate;
use rusqlite::{OptionalExtension as _, params};
use shared::act::Act;
use shared::calendar::{Calendar, SessionKey};
use shared::codes::Code;
use shared::id::{ClassId, PupilId};
use shared::register::MarkKey;
use shared::text::Remark;

/// School days in which a reason must be found (P13); the rule itself is [`shared::register::overdue`].
const DAYS: usize = 5;

#[derive(Template)]
#[template(path = "unexplained.html")]
struct UnexplainedPage {
    shell: Shell,
    pupils: Vec<Pupil>,
    sessions: usize,
    groups: Vec<Group>,
    amends: bool,
    today: String,
    bar: Bar,
    said: &'static str,
}

/// A pupil with sessions that have no reason.
struct Pupil {
    id: PupilId,
    name: String,
    class: String,
    sessions: Vec<Session>,
    /// "becomes O on Tuesday 1 December"
    limit: String,
    soon: bool,
}

struct Session {
    key: SessionKey,
    words: String,
    /// The register it stands in.
    href: String,
}

/// What may stand in the address.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct Choose {
    #[serde(default)]
    done: String,
}

/// `GET /unexplained?filter&sort&as`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Query(choose): Query<Choose>,
    Query(view): Query<View>,
) -> Answer {
    let (shell, now, amends) = (Shell::of(&actor, "/calls"), app.clock.now().at, actor.role.amends());
    let head = actor.role == Role::Head;
    let said = if choose.done == "yes" { "The reason is written down." } else { "" };
    let page = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        let today = calendar.date_of(now);
        let mut pupils = read(tx, &calendar, today)?;
        pupils.retain(|p| view.keeps(&[&p.name, &p.class]));
        match view.sort.as_str() {
            "name" => pupils.sort_by(|a, b| a.name.cmp(&b.name)),
            "class" => pupils.sort_by(|a, b| (&a.class, &a.name).cmp(&(&b.class, &b.name))),
            _ => {}
        }
        let page = UnexplainedPage {
            bar: view.bar("/unexplained", &[], &[("oldest", "oldest first"), ("name", "name"), ("class", "class")]),
            shell,
            sessions: pupils.iter().map(|p| p.sessions.len()).sum(),
            pupils,
            groups: choose::groups(SessionKey { date: today, half: shared::calendar::Half::Am }, true, head),
            amends,
            today: words::full_day(today),
            said,
        };
        Ok((page, view.file, today))
    });
    let (page, file, today) = page.await?;
    let shown = page.pupils.iter().map(|p| p.id).collect();
    list::answer(&page, file, |page| sheet(&page.pupils, today), shown)
}

fn sheet(pupils: &[Pupil], today: NaiveDate) -> Sheet {
    let rows = pupils.iter().flat_map(|p| {
        p.sessions
            .iter()
            .map(|s| vec![p.name.clone(), p.class.clone(), s.words.clone(), s.key.to_string(), p.limit.clone()])
    });
    Sheet {
        name: format!("without-a-reason-{today}"),
        head: vec!["Pupil", "Class", "Session", "Key", "Limit of the oldest"],
        rows: rows.collect(),
    }
}

fn read(tx: &ReadTx<'_>, calendar: &Calendar, today: NaiveDate) -> Result<Vec<Pupil>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT k.date, k.half, k.pupil, p.first || ' ' || p.last, k.class, c.name
         FROM mark k JOIN pupil p ON p.id = k.pupil JOIN class c ON c.id = k.class
         WHERE k.code = 'N' AND k.date < ?1 ORDER BY k.date, k.half, p.last, p.first",
    )?;
    let mut rows = statement.query([DateCol(today)])?;
    let mut pupils: Vec<Pupil> = Vec::new();
    while let Some(r) = rows.next()? {
        let (key, id, class) = (session(r, 0)?, PupilId::from_bytes(r.get(2)?), ClassId::from_bytes(r.get(4)?));
        let line = Session { key, words: words::session(key), href: format!("/register/{class}/{key}#p{id}") };
        if let Some(known) = pupils.iter_mut().find(|p| p.id == id) {
            known.sessions.push(line);
            continue;
        }
        // Sessions come oldest first: the first of a pupil has the nearest limit.
        let last = calendar.school_day_after(key.date, DAYS);
        let after = last.and_then(|day| day.succ_opt());
        let limit = match after {
            Some(day) if day <= today => "becomes O tonight".to_owned(),
            Some(day) => format!("becomes O on {}", words::day(day)),
            None => String::new(),
        };
        let soon = last.is_some_and(|last| last <= today);
        pupils.push(Pupil { id, name: r.get(3)?, class: r.get(5)?, sessions: vec![line], limit, soon });
    }
    Ok(pupils)
}

/// `POST /unexplained`: one pupil, the fields `session` once for each that was ticked.
pub async fn submit(State(app): State<App>, Extension(actor): Extension<Actor>, Sent(fields): Sent<Fields>) -> Answer {
    let sessions: Vec<SessionKey> = fields.all("session").map(named).collect::<Result<_, _>>()?;
    let Some(first) = sessions.first().copied() else {
        return Err(Error::BadInput(
            "No session was ticked. Go back and tick those that the reason is for.".to_owned(),
        ));
    };
    let pupil: PupilId = named(fields.one("pupil"))?;
    let code = choose::code(fields.one("code"), first)?;
    if code.is_attending() || code == Code::N {
        return Err(Error::BadInput(
            "This code gives no reason for an absence. Go back and choose another.".to_owned(),
        ));
    }
    choose::may(code, actor.role)?;
    let detail: Option<Remark> = choose::detail(code, fields.one("detail"))?;
    let reason: Remark = choose::needed(fields.one("reason"), "The reason")?;
    let (now, by) = (app.clock.now(), actor.officer());
    let done = actor.school.write(move |tx| {
        let mut acts = Vec::new();
        for session in sessions {
            let stands: Option<CodeCol> = tx
                .prepare_cached("SELECT code FROM mark WHERE date = ?1 AND half = ?2 AND pupil = ?3")?
                .query_row(params![DateCol(session.date), HalfCol(session.half), pupil.as_bytes()], |r| r.get(0))
                .optional()?
                .flatten();
            if stands.is_none_or(|code| code.0 != Code::N) {
                continue; // explained meanwhile, by somebody else or by the rule
            }
            let seen = record::seen(tx, MarkKey { pupil, session })?;
            let (detail, reason) = (detail.clone(), reason.clone());
            acts.push(Act::Amended { pupil, session, code: Some(code), minutes: None, detail, reason, seen });
        }
        if acts.is_empty() {
            return Err(StoreError::Refused(
                "These sessions have a reason already. Load the page again to see what is left.".to_owned(),
            ));
        }
        record::acts(tx, now, &by, acts).map(drop)
    });
    done.await?;
    Ok(Redirect::to("/unexplained?done=yes").into_response())
}
