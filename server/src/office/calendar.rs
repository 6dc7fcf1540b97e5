//! The calendar on a page: terms, days without school, times; a planned closure (#) is put in and taken out again (P17).
//!
//! Must never: close a day on which marks stand, or change a calendar that stood: each change is a version, and an act.

use super::clash::{self, Against};
use super::list::{self, Bar, Sheet, View};
use super::{Fields, Sent, Shell, choose, words};
use crate::auth::Actor;
use crate::error::{Answer, Error};
use crate::school;
use crate::state::App;
use crate::store::columns::{CodeCol, DateCol, session as session_col};
use crate::store::{StoreError, WriteTx};
use askama::Template;
use axum::extract::{Extension, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use chrono::{Days, NaiveDate};
use rusqlite::params;
use shared::calendar::{Calendar, Closure, ClosureKind, Draft, Half, SessionKey, Span};
use shared::id::PupilId;
use shared::text::Text;

/// The longest closure that this page puts in.
const MOST_DAYS: i64 = 30;

#[derive(Template)]
#[template(path = "calendar.html")]
struct CalendarPage {
    shell: Shell,
    terms: Vec<(String, String, bool)>,
    closures: Vec<Line>,
    times: Vec<(&'static str, String)>,
    bar: Bar,
    set_by: String,
    amends: bool,
    today: NaiveDate,
    said: &'static str,
}

/// Days without school.
struct Line {
    from: NaiveDate,
    until: NaiveDate,
    when: String,
    kind: &'static str,
    code: &'static str,
    why: String,
    /// Not begun yet: it can be taken out.
    ahead: bool,
}

/// What may stand in the address.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct Choose {
    #[serde(default)]
    done: String,
}

fn span(from: NaiveDate, until: NaiveDate) -> String {
    match from == until {
        true => words::full_day(from),
        false => format!("{} to {}", words::full_day(from), words::full_day(until)),
    }
}

const fn kind(kind: ClosureKind) -> (&'static str, &'static str) {
    match kind {
        ClosureKind::Planned => ("closed", "#"),
        ClosureKind::Inset => ("staff training", "#"),
        ClosureKind::HalfTerm => ("half term", "#"),
    }
}

/// `GET /calendar?filter&as`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Query(choose): Query<Choose>,
    Query(view): Query<View>,
) -> Answer {
    let (shell, now, amends) = (Shell::of(&actor, "/calendar"), app.clock.now().at, actor.role.amends());
    let said = match choose.done.as_str() {
        "closed" => "The closure stands in the calendar. Kiosks learn it at their next exchange.",
        "opened" => "The closure is out of the calendar. Kiosks learn it at their next exchange.",
        _ => "",
    };
    let file = view.file;
    let page = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        let today = calendar.date_of(now);
        let set_by = tx.query_row("SELECT set_by FROM calendar ORDER BY id DESC LIMIT 1", [], |r| r.get(0))?;
        let mut closures: Vec<Line> = calendar
            .draft()
            .closures
            .iter()
            .map(|c| {
                let (kind, code) = kind(c.kind);
                let (from, until) = (c.dates.from, c.dates.until);
                Line { from, until, when: span(from, until), kind, code, why: c.why.clone(), ahead: from > today }
            })
            .filter(|line| view.keeps(&[&line.when, line.kind, &line.why]))
            .collect();
        closures.sort_by_key(|line| (line.until < today, line.from)); // what is to come first
        let mut terms: Vec<_> = calendar.terms().to_vec();
        terms.sort_by_key(|t| t.dates.from);
        Ok(CalendarPage {
            shell,
            terms: terms
                .into_iter()
                .map(|t| (t.name.clone(), span(t.dates.from, t.dates.until), t.dates.holds(today)))
                .collect(),
            closures,
            times: times(&calendar, today),
            bar: view.bar("/calendar", &[], &[]),
            set_by,
            amends,
            today,
            said,
        })
    });
    let page = page.await?;
    list::answer(&page, file, sheet, Vec::new())
}

fn sheet(page: &CalendarPage) -> Sheet {
    let row = |c: &Line| vec![c.from.to_string(), c.until.to_string(), c.kind.to_owned(), c.why.clone()];
    let head = vec!["First day", "Last day", "Kind", "Why"];
    Sheet { name: "closures".to_owned(), head, rows: page.closures.iter().map(row).collect() }
}

/// The times of the next day with school.
fn times(calendar: &Calendar, today: NaiveDate) -> Vec<(&'static str, String)> {
    let Some(day) = calendar.school_days(today, today + Days::new(120)).next() else { return Vec::new() };
    let of = |half| {
        let t = calendar.times(SessionKey { date: day, half })?;
        let clock = |at| words::clock(calendar, at);
        Some(format!("{}, closes {}", clock(t.start), clock(t.closes)))
    };
    [("Morning register", of(Half::Am)), ("Afternoon register", of(Half::Pm))]
        .into_iter()
        .filter_map(|(name, times)| Some((name, times?)))
        .collect()
}

fn date(fields: &Fields, name: &str) -> Result<NaiveDate, Error> {
    let bad = |_| Error::BadInput("A date is missing or cannot be read. Go back and look at both.".to_owned());
    fields.one(name).parse().map_err(bad)
}

/// `POST /calendar/close`
pub async fn close(State(app): State<App>, Extension(actor): Extension<Actor>, Sent(fields): Sent<Fields>) -> Answer {
    let (from, until) = (date(&fields, "from")?, date(&fields, "until")?);
    if until < from || (until - from).num_days() > MOST_DAYS {
        return Err(Error::BadInput(
            "The last day is before the first, or more than a month after it. Go back and correct it.".to_owned(),
        ));
    }
    let kind = match fields.one("kind") {
        "planned" => ClosureKind::Planned,
        "inset" => ClosureKind::Inset,
        _ => return Err(Error::BadInput("Choose what kind of day it is. Go back and choose one.".to_owned())),
    };
    let why: Text<80> = choose::needed(fields.one("why"), "Why")?;
    let closure = Closure { dates: Span { from, until }, kind, why: why.to_string() };
    let seen = fields.one("seen").to_owned();
    let done = put(&app, &actor, move |tx, mut draft| {
        let marked: bool = tx.query_row(
            "SELECT EXISTS (SELECT 1 FROM mark WHERE date BETWEEN ?1 AND ?2 AND (code IS NOT NULL OR tapped IS NOT NULL))",
            params![DateCol(from), DateCol(until)],
            |r| r.get(0),
        )?;
        if marked {
            return Err(StoreError::Refused(
                "Marks stand on one of these days already, so it is no planned closure. For a site that had to close, plan Y4 for \
                 the classes instead."
                    .to_owned(),
            ));
        }
        let stands = stands(tx, from, until)?;
        if !clash::shown(&stands, &seen) {
            return Ok(Err(stands));
        }
        draft.closures.push(closure);
        Ok(Ok(draft))
    });
    if let Err(stands) = done.await? {
        let asks = clash::Asks {
            here: "/calendar",
            what: format!("The school is closed: {}", fields.one("why")),
            when: span(from, until),
            action: "/calendar/close".to_owned(),
            back: "/calendar".to_owned(),
            save: "Close all the same",
        };
        return clash::page(&actor, &fields, stands, asks);
    }
    Ok(Redirect::to("/calendar?done=closed").into_response())
}

/// What a closure of these days would touch: other closures, what is planned, leave that waits for a decision.
fn stands(tx: &WriteTx<'_>, from: NaiveDate, until: NaiveDate) -> Result<Vec<Against>, StoreError> {
    let calendar = tx.calendar()?;
    let mut days = Vec::new();
    if calendar.sessions(from, until).next().is_none() {
        days.push("there is no school on these days anyway".to_owned());
    }
    let both = |c: &&Closure| c.dates.from <= until && from <= c.dates.until;
    days.extend(calendar.draft().closures.iter().filter(both).map(|c| {
        format!("{} stands already: {} {}", kind(c.kind).0, span(c.dates.from, c.dates.until), c.why).trim().to_owned()
    }));
    let mut found = tx.prepare_cached(
        "SELECT code, detail, from_on, from_half, until_on, until_half, count(*) FROM plan
         WHERE withdrawn_at IS NULL AND from_on <= ?2 AND until_on >= ?1
         GROUP BY from_on, from_half, until_on, until_half, code, detail ORDER BY from_on, from_half, code, detail",
    )?;
    let rows = found.query_map(params![DateCol(from), DateCol(until)], |r| {
        let what = words::planned(r.get::<_, CodeCol>(0)?.0, r.get::<_, Option<String>>(1)?.as_deref());
        let pupils = words::count(r.get(6)?, "pupil", "pupils");
        let when = words::stretch(session_col(r, 2)?, session_col(r, 4)?);
        Ok(format!("{what}: {pupils}, {when}; on a closed day nothing of it is posted"))
    })?;
    let plans = rows.collect::<Result<_, _>>()?;
    let mut asked = tx.prepare_cached(
        "SELECT p.first || ' ' || p.last, l.from_on, l.from_half, l.until_on, l.until_half, p.id
         FROM leave_request l JOIN pupil p ON p.id = l.pupil
         WHERE l.decided_at IS NULL AND l.from_on <= ?2 AND l.until_on >= ?1 ORDER BY l.from_on, p.last, p.first",
    )?;
    let rows = asked.query_map(params![DateCol(from), DateCol(until)], |r| {
        let line = format!("{}: {}", r.get::<_, String>(0)?, words::stretch(session_col(r, 1)?, session_col(r, 3)?));
        Ok((line, PupilId::from_bytes(r.get(5)?)))
    })?;
    let (leave, pupils): (Vec<String>, Vec<PupilId>) = rows.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    let all = [
        ("The calendar", days, Vec::new()),
        ("Planned on these days", plans, Vec::new()),
        ("Leave to be decided", leave, pupils),
    ];
    let all = all.into_iter().map(|(name, lines, pupils)| Against { name: name.to_owned(), pupils, lines });
    Ok(all.filter(|one| !one.lines.is_empty()).collect())
}

/// `POST /calendar/open`: a closure that has not begun is taken out.
pub async fn open(State(app): State<App>, Extension(actor): Extension<Actor>, Sent(fields): Sent<Fields>) -> Answer {
    let (from, until) = (date(&fields, "from")?, date(&fields, "until")?);
    let now = app.clock.now().at;
    let done = put(&app, &actor, move |tx, mut draft| {
        let today = tx.calendar()?.date_of(now);
        let before = draft.closures.len();
        draft.closures.retain(|c| c.dates != (Span { from, until }) || from <= today);
        if draft.closures.len() == before {
            return Err(StoreError::Refused(
                "There is no such closure, or it has begun. Load the page again to see what is left.".to_owned(),
            ));
        }
        Ok(Ok(draft))
    });
    let _ = done.await?; // what is taken out stands against nothing
    Ok(Redirect::to("/calendar?done=opened").into_response())
}

async fn put(
    app: &App,
    actor: &Actor,
    change: impl FnOnce(&WriteTx<'_>, Draft) -> Result<Result<Draft, Vec<Against>>, StoreError> + Send + 'static,
) -> Result<Result<(), Vec<Against>>, Error> {
    let (now, by) = (app.clock.now(), actor.officer());
    let done = actor.school.write(move |tx| {
        let draft = match change(tx, tx.calendar()?.draft().clone())? {
            Ok(draft) => draft,
            Err(stands) => return Ok(Err(stands)),
        };
        let calendar =
            Calendar::new(draft).map_err(|bad| StoreError::Refused(format!("{bad}. Nothing was changed.")))?;
        school::set_calendar(tx, now, &by, &calendar).map(Ok)
    });
    Ok(done.await?)
}

#[cfg(test)]
mod tests {
    use crate::auth::Role;
    use crate::office::visit::{self, Visitor};
    use crate::testing::{at, now, pupil, world};
    use axum::http::StatusCode;
    use shared::act::Act;
    use shared::codes::Code;

    #[tokio::test]
    async fn a_planned_closure_is_put_in_and_taken_out_and_never_over_marks() {
        let world = world();
        world.set(at(10, 0));
        for role in [Role::Office, Role::Champion, Role::Teacher] {
            visit::account(&world, world.school.id(), role.as_str(), role);
        }
        world.act(
            now(9, 0),
            Act::Amended {
                pupil: pupil(1),
                session: "2026-11-23-am".parse().unwrap(),
                code: Some(Code::I),
                minutes: None,
                detail: None,
                reason: shared::text::Remark::new("a cold").unwrap(),
                seen: Vec::new(),
            },
        );
        let server = visit::server(&world).await;
        let mut office = Visitor::logged_in(&server, "office").await;
        assert!(office.get("/calendar").await.body.contains("Morning register"));
        let close = |from, until| [("from", from), ("until", until), ("kind", "planned"), ("why", "polling station")];
        let got = office.send("/calendar/close", &close("2026-11-23", "2026-11-24")).await;
        assert!(got.status.is_client_error() && got.body.contains("Marks stand"), "{}", got.body);
        for (from, until) in [("2026-12-04", "2026-12-03"), ("2026-12-04", ""), ("2026-12-04", "2027-12-04")] {
            assert_eq!(office.send("/calendar/close", &close(from, until)).await.status, StatusCode::BAD_REQUEST);
        }
        assert_eq!(
            office.send("/calendar/close", &close("2026-12-03", "2026-12-03")).await.to(),
            "/calendar?done=closed"
        );
        let thursday = chrono::NaiveDate::from_ymd_opt(2026, 12, 3).unwrap();
        let open =
            |world: &crate::testing::World| world.school.read_now(|tx| Ok(tx.calendar()?.is_school_day(thursday)));
        assert!(!open(&world).unwrap(), "no session, so no register is missing");
        assert_eq!(
            world.count("SELECT count(*) FROM fact WHERE body LIKE '%calendar_set%' AND body LIKE '%Person office%'"),
            1
        );
        assert!(
            office
                .get("/calendar?as=csv&filter=polling")
                .await
                .body
                .contains("2026-12-03,2026-12-03,closed,polling station")
        );
        let mut champion = Visitor::logged_in(&server, "champion").await;
        assert!(champion.get("/calendar").await.body.contains("polling station"));
        let out = [("from", "2026-12-03"), ("until", "2026-12-03")];
        assert_eq!(champion.send("/calendar/open", &out).await.status, StatusCode::FORBIDDEN);
        assert_eq!(office.send("/calendar/open", &out).await.to(), "/calendar?done=opened");
        assert!(open(&world).unwrap());
        assert!(office.send("/calendar/open", &out).await.status.is_client_error());
        // The book of a pupil has # where the school was closed.
        assert_eq!(
            office.send("/calendar/close", &close("2026-11-24", "2026-11-24")).await.to(),
            "/calendar?done=closed"
        );
        world.set(at(10 + 48, 0));
        let book = office.get(&format!("/pupils/{}", pupil(1))).await.body;
        assert!(book.contains("Tuesday 24 November: polling station"), "{book}");
        assert_eq!(Visitor::logged_in(&server, "teacher").await.get("/calendar").await.status, StatusCode::FORBIDDEN);
    }
}
