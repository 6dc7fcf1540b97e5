//! Leave of absence: what parents ask for in advance, and the headteacher's decision on the statutory grounds, with the length
//! granted and the reason (P14).
//!
//! Must never: grant anything in a name other than the headteacher's, or decide a request twice.

#[cfg(test)]
mod tests;

use super::choose;
use super::clash::{self, Against, Wanted};
use super::entry::found;
use super::list::{self, Bar, Sheet, View};
use super::pupils::book::{self, Year};
use super::{Fields, Sent, Shell, html, named, words};
use crate::auth::{Actor, Role};
use crate::error::{Answer, Error};
use crate::record;
use crate::secret;
use crate::state::App;
use crate::store::columns::session as session_col;
use crate::store::{ReadTx, StoreError, WriteTx};
use askama::Template;
use axum::extract::{Extension, Path, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use chrono::NaiveDate;
use rusqlite::{OptionalExtension as _, params};
use shared::act::{Act, Granted};
use shared::calendar::{Calendar, Half, SessionKey};
use shared::id::{LeaveId, PlanId, PupilId};
use shared::leave::Ground;
use shared::text::{Name, Remark};
use shared::time::Millis;

/// Decided requests that are shown.
const MOST: i64 = 100;
/// The longest leave that can be asked for at once.
const MOST_DAYS: i64 = 366;

#[derive(Template)]
#[template(path = "leave.html")]
struct LeavePage {
    shell: Shell,
    open: Vec<Request>,
    decided: Vec<Request>,
    decides: bool,
    bar: Bar,
    said: &'static str,
}

#[derive(Template)]
#[template(path = "leave_ask.html")]
struct AskPage {
    shell: Shell,
    id: PupilId,
    name: String,
    attendance: String,
    contacts: Vec<String>,
    grounds: Vec<(&'static str, &'static str)>,
    today: NaiveDate,
}

/// A request as the page has it.
struct Request {
    id: LeaveId,
    pupil: PupilId,
    name: String,
    class: String,
    when: String,
    sessions: usize,
    from: SessionKey,
    until: SessionKey,
    ground: &'static str,
    asked: String,
    said: String,
    evidence: String,
    attendance: String,
    /// Requests of the same pupil before this one.
    before: i64,
    /// What stands against it, while it is open.
    stands: Vec<String>,
    decision: Option<Decision>,
}

struct Decision {
    granted: bool,
    words: String,
    why: String,
    by: String,
}

/// What may stand in the address.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct Choose {
    #[serde(default)]
    done: String,
}

/// `GET /leave?filter&sort&as`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Query(choose): Query<Choose>,
    Query(view): Query<View>,
) -> Answer {
    let (shell, now) = (Shell::of(&actor, "/leave"), app.clock.now().at);
    let decides = actor.role == Role::Head;
    let said = match choose.done.as_str() {
        "asked" => "The request is kept. The headteacher decides it on this page.",
        "granted" => "Granted. The absence is planned, and the teacher’s screen shows “expected absent”.",
        "refused" => "Refused. Tell the parent; an absence all the same is not authorised.",
        _ => "",
    };
    let page = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        let today = calendar.date_of(now);
        let mut both = [requests(tx, &calendar, today, true)?, requests(tx, &calendar, today, false)?];
        for list in &mut both {
            list.retain(|q| view.keeps(&[&q.name, &q.class, q.ground, &q.said]));
            match view.sort.as_str() {
                "name" => list.sort_by(|a, b| a.name.cmp(&b.name)),
                "from" => list.sort_by_key(|q| q.from),
                _ => {}
            }
        }
        let [open, decided] = both;
        let sorts = [("usual", "open first, then newest"), ("from", "first day"), ("name", "name")];
        Ok((LeavePage { shell, open, decided, decides, bar: view.bar("/leave", &[], &sorts), said }, view.file))
    });
    let (page, file) = page.await?;
    let shown = page.open.iter().chain(&page.decided).map(|q| q.pupil).collect();
    list::answer(&page, file, sheet, shown)
}

fn sheet(page: &LeavePage) -> Sheet {
    let rows = page.open.iter().chain(&page.decided).map(|q| {
        let (decision, why, by) = q.decision.as_ref().map_or_else(
            || ("to be decided".to_owned(), String::new(), String::new()),
            |d| (d.words.clone(), d.why.clone(), d.by.clone()),
        );
        let sessions = q.sessions.to_string();
        let (ground, evidence) = (q.ground.to_owned(), q.evidence.clone());
        vec![
            q.name.clone(),
            q.class.clone(),
            q.when.clone(),
            sessions,
            ground,
            q.said.clone(),
            evidence,
            q.asked.clone(),
            decision,
            why,
            by,
        ]
    });
    let head = vec![
        "Pupil",
        "Class",
        "When",
        "Sessions",
        "Ground",
        "What for",
        "Shown",
        "Asked by",
        "Decision",
        "Reason",
        "Decided by",
    ];
    Sheet { name: "leave".to_owned(), head, rows: rows.collect() }
}

fn requests(tx: &ReadTx<'_>, calendar: &Calendar, today: NaiveDate, open: bool) -> Result<Vec<Request>, StoreError> {
    let sql = format!(
        "SELECT l.id, l.pupil, p.first || ' ' || p.last, l.from_on, l.from_half, l.until_on, l.until_half, l.ground, l.asked_by, l.said,
                ifnull(l.evidence, ''), l.asked_at, l.granted, ifnull(l.why, ''), ifnull(l.by_name || ', ' || l.by_position, ''),
                l.granted_from_on, l.granted_from_half, l.granted_until_on, l.granted_until_half, l.decided_at,
                (SELECT count(*) FROM leave_request o WHERE o.pupil = l.pupil AND o.asked_at < l.asked_at),
                (SELECT c.name FROM membership m JOIN class c ON c.id = m.class WHERE m.pupil = l.pupil ORDER BY m.from_on DESC LIMIT 1)
         FROM leave_request l JOIN pupil p ON p.id = l.pupil WHERE l.decided_at IS {} NULL ORDER BY {} LIMIT {MOST}",
        if open { "" } else { "NOT" },
        if open { "l.from_on, l.asked_at" } else { "l.decided_at DESC" },
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let mut rows = statement.query([])?;
    let mut out = Vec::new();
    while let Some(r) = rows.next()? {
        let (from, until) = (session_col(r, 3)?, session_col(r, 5)?);
        let pupil = PupilId::from_bytes(r.get(1)?);
        let decision = match r.get::<_, Option<bool>>(12)? {
            Some(granted) => {
                let when = Millis(r.get(19)?);
                let words = if granted {
                    format!("granted, {}", span(session_col(r, 15)?, session_col(r, 17)?))
                } else {
                    "refused".to_owned()
                };
                let by = format!("{}, {}", r.get::<_, String>(14)?, words::dated(calendar, when));
                Some(Decision { granted, words, why: r.get(13)?, by })
            }
            None => None,
        };
        let attendance = match open {
            true => book::read(tx, calendar, pupil, Year::of(today), today)?.attendance,
            false => String::new(),
        };
        let (id, ground) = (LeaveId::from_bytes(r.get(0)?), Ground::of(&r.get::<_, String>(7)?));
        let stands = match ground.and_then(Ground::code).filter(|_| open) {
            Some(code) => clash::of(tx, calendar, pupil, Wanted { code, all: &[(from, until)], request: Some(id) })?,
            None => Vec::new(),
        };
        out.push(Request {
            id,
            stands,
            pupil,
            name: r.get(2)?,
            class: r.get::<_, Option<String>>(21)?.unwrap_or_default(),
            when: span(from, until),
            sessions: calendar.sessions(from.date, until.date).filter(|s| (from..=until).contains(s)).count(),
            from,
            until,
            ground: ground.map_or("", Ground::words),
            asked: format!("{}, {}", r.get::<_, String>(8)?, words::dated(calendar, Millis(r.get(11)?))),
            said: r.get(9)?,
            evidence: r.get(10)?,
            attendance,
            before: r.get(20)?,
            decision,
        });
    }
    Ok(out)
}

fn span(from: SessionKey, until: SessionKey) -> String {
    let day = |key: SessionKey| format!("{}, {}", words::short_day(key.date), words::half(key.half));
    if from == until { day(from) } else { format!("{} until {}", day(from), day(until)) }
}

/// `GET /leave/ask/{pupil}`
pub async fn form(State(app): State<App>, Extension(actor): Extension<Actor>, Path(pupil): Path<String>) -> Answer {
    let pupil: PupilId = named(&pupil)?;
    let (shell, now) = (Shell::of(&actor, "/leave"), app.clock.now().at);
    let page = actor.school.read(move |tx| {
        let Some(name) = name(tx, pupil)? else { return Ok(None) };
        let calendar = tx.calendar()?;
        let today = calendar.date_of(now);
        let mut contacts = tx.prepare_cached("SELECT name FROM contact WHERE pupil = ?1 ORDER BY rank")?;
        let contacts = contacts.query_map([pupil.as_bytes()], |r| r.get(0))?.collect::<Result<_, _>>()?;
        let attendance = book::read(tx, &calendar, pupil, Year::of(today), today)?.attendance;
        let grounds = Ground::ALL.iter().map(|g| (g.word(), g.words())).collect();
        Ok(Some(AskPage { shell, id: pupil, name, attendance, contacts, grounds, today }))
    });
    html(&found(page.await?)?)
}

fn name(c: &rusqlite::Connection, pupil: PupilId) -> Result<Option<String>, StoreError> {
    Ok(c.prepare_cached("SELECT first || ' ' || last FROM pupil WHERE id = ?1")?
        .query_row([pupil.as_bytes()], |r| r.get(0))
        .optional()?)
}

fn end_of(fields: &Fields, which: &str) -> Result<SessionKey, Error> {
    let date = fields.one(&format!("{which}_date")).parse();
    let half = if fields.one(&format!("{which}_half")) == "am" { Half::Am } else { Half::Pm };
    let bad = || Error::BadInput("A date is missing or cannot be read. Go back and look at both.".to_owned());
    Ok(SessionKey { date: date.map_err(|_| bad())?, half })
}

/// First and last session of a form, in order.
fn both(fields: &Fields) -> Result<(SessionKey, SessionKey), Error> {
    let (from, until) = (end_of(fields, "from")?, end_of(fields, "until")?);
    if until < from || (until.date - from.date).num_days() > MOST_DAYS {
        return Err(Error::BadInput(
            "The last session is before the first, or a year after it. Go back and correct it.".to_owned(),
        ));
    }
    Ok((from, until))
}

/// `POST /leave/ask/{pupil}`
pub async fn ask(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(pupil): Path<String>,
    Sent(fields): Sent<Fields>,
) -> Answer {
    let pupil: PupilId = named(&pupil)?;
    let ground = Ground::of(fields.one("ground"))
        .ok_or_else(|| Error::BadInput("Choose a ground. Go back and choose one of those on the page.".to_owned()))?;
    let (from, until) = both(&fields)?;
    let asked_by: Name = choose::needed(fields.one("asked_by"), "Who asks")?;
    let said: Remark = choose::needed(fields.one("said"), "What for")?;
    let evidence: Remark = choose::plain(fields.one("evidence"), "What was shown")?;
    let evidence = (!evidence.is_empty()).then_some(evidence);
    let request = LeaveId::from_bytes(secret::random()?);
    let (now, by, seen) = (app.clock.now(), actor.officer(), fields.one("seen").to_owned());
    let done = actor.school.write(move |tx| {
        if name(tx, pupil)?.is_none() {
            return Ok(None);
        }
        let stands = stands(tx, (None, pupil), ground, (from, until))?;
        if !clash::shown(&stands, &seen) {
            return Ok(Some(Err(stands)));
        }
        let act = Act::LeaveAsked { request, pupil, from, until, ground, asked_by, said, evidence };
        record::act(tx, now, &by, act)?;
        Ok(Some(Ok(())))
    });
    if let Err(stands) = found(done.await?)? {
        let here = format!("/leave/ask/{pupil}");
        let save = "Ask the headteacher all the same";
        return clash::page(&actor, &fields, stands, asks(ground, (from, until), here.clone(), here, save));
    }
    Ok(Redirect::to("/leave?done=asked").into_response())
}

/// What stands against leave on a ground; the request that is decided does not stand against itself.
fn stands(
    tx: &WriteTx<'_>,
    (request, pupil): (Option<LeaveId>, PupilId),
    ground: Ground,
    when: (SessionKey, SessionKey),
) -> Result<Vec<Against>, StoreError> {
    let code = ground.code().ok_or(StoreError::Corrupt { what: "a request for leave" })?;
    clash::of_each(tx, &*tx.calendar()?, [pupil], Wanted { code, all: &[when], request })
}

fn asks(
    ground: Ground,
    (from, until): (SessionKey, SessionKey),
    action: String,
    back: String,
    save: &'static str,
) -> clash::Asks {
    let what = format!("Leave of absence: {}", ground.words());
    clash::Asks { here: "/leave", what, when: words::stretch(from, until), action, back, save }
}

/// `POST /leave/decide/{plan}`: the headteacher grants a request, whole or in part, or refuses it.
pub async fn decide(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(request): Path<String>,
    Sent(fields): Sent<Fields>,
) -> Answer {
    let request: LeaveId = named(&request)?;
    let granted = match fields.one("decision") {
        "grant" => {
            let (from, until) = both(&fields)?;
            Some(Granted { from, until })
        }
        "refuse" => None,
        _ => return Err(Error::BadInput("Grant it or refuse it. Go back and press one of the two.".to_owned())),
    };
    let reason: Remark = choose::needed(fields.one("reason"), "The reason")?;
    let (now, by, who) = (app.clock.now(), actor.officer(), format!("{}, {}", actor.name, actor.position));
    let seen = fields.one("seen").to_owned();
    let done = actor.school.write(move |tx| {
        let asked = tx
            .prepare_cached(
                "SELECT pupil, from_on, from_half, ground, decided_at IS NOT NULL FROM leave_request WHERE id = ?1",
            )?
            .query_row(params![request.as_bytes()], |r| {
                Ok((PupilId::from_bytes(r.get(0)?), session_col(r, 1)?, r.get::<_, String>(3)?, r.get::<_, bool>(4)?))
            })
            .optional()?;
        let Some((pupil, asked_from, ground, decided)) = asked else { return Ok(None) };
        if decided {
            return Err(StoreError::Refused("This request is decided already. Load the page again.".to_owned()));
        }
        let mut acts = vec![Act::LeaveDecided { request, pupil, asked_from, granted, reason: reason.clone() }];
        if let Some(Granted { from, until }) = granted {
            let ground = Ground::of(&ground).ok_or(StoreError::Corrupt { what: "a request for leave" })?;
            let stands = stands(tx, (Some(request), pupil), ground, (from, until))?;
            if !clash::shown(&stands, &seen) {
                return Ok(Some(Err((stands, ground, (from, until)))));
            }
            let code = ground.code().ok_or(StoreError::Corrupt { what: "a request for leave" })?;
            let long = |_| StoreError::Refused("The reason is too long. Say it in fewer words.".to_owned());
            let detail = if code.needs_dates() { Some(Remark::new(&span(from, until)).map_err(long)?) } else { None };
            let reason = Remark::new(&format!("leave granted by {who}: {reason}")).map_err(long)?;
            let plan = PlanId::from_bytes(secret::random()?);
            acts.push(Act::Planned { plan, pupil, from, until, code, detail, reason });
        }
        record::acts(tx, now, &by, acts)?;
        Ok(Some(Ok(granted.is_some())))
    });
    match found(done.await?)? {
        Ok(true) => Ok(Redirect::to("/leave?done=granted").into_response()),
        Ok(false) => Ok(Redirect::to("/leave?done=refused").into_response()),
        Err((stands, ground, when)) => {
            let (action, back) = (format!("/leave/decide/{request}"), "/leave".to_owned());
            clash::page(&actor, &fields, stands, asks(ground, when, action, back, "Grant it all the same"))
        }
    }
}
