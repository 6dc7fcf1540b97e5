//! The ledger: codes typed into a grid, for a class's session or week, or a pupil's week or range of weeks. Each cell that
//! was typed becomes an amendment of its own, with the five parts (P6).
//!
//! Must never: change a cell in which nothing was typed, or act on more than the officer had before them.

mod grid;
#[cfg(test)]
mod tests;
mod typed;

use super::choose;
use super::entry::found;
use super::{Fields, Sent, Shell, asked, html, named, words};
use crate::auth::{Actor, Role};
use crate::error::{Answer, Error};
use crate::record::{self, Heads};
use crate::state::App;
use crate::store::columns::{CodeCol, DateCol, HalfCol};
use crate::store::{StoreError, WriteTx};
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use chrono::{Days, NaiveDate};
use grid::Row;
use rusqlite::{OptionalExtension as _, params};
use shared::act::Act;
use shared::calendar::SessionKey;
use shared::codes::Code;
use shared::id::{ClassId, PupilId};
use shared::register::MarkKey;
use shared::text::Remark;
use typed::Typed;

/// Weeks of a pupil that one page shows: a half term and more.
const MOST_WEEKS: i64 = 16;

#[derive(Template)]
#[template(path = "ledger.html")]
struct LedgerPage {
    shell: Shell,
    title: String,
    lead: String,
    back: String,
    action: String,
    /// "Mon 23 Nov", or "Mon" where rows are weeks.
    days: Vec<String>,
    rows: Vec<Row>,
    /// Sessions that can be filled at once.
    fills: Vec<(SessionKey, String)>,
    before: String,
    after: Option<String>,
    /// From and until, where a range can be chosen.
    range: Option<(NaiveDate, NaiveDate)>,
    heads: String,
    today: String,
    codes: Vec<(Code, &'static str)>,
}

/// `GET /ledger/class/{class}/{session}`: the week that the session lies in.
pub async fn of_class(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path((class, session)): Path<(String, String)>,
) -> Answer {
    let (class, session): (ClassId, SessionKey) = (named(&class)?, named(&session)?);
    let (shell, now) = (Shell::of(&actor, "/today"), app.clock.now().at);
    let head = actor.role == Role::Head;
    let page = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        let Some(name) = crate::school::class_name(tx, class)? else { return Ok(None) };
        let today = calendar.date_of(now);
        let monday = grid::monday(session.date);
        let days = grid::days(&calendar, monday);
        let rows = grid::of_class(tx, &calendar, class, &days, now)?;
        let begun = days
            .iter()
            .flat_map(|day| calendar.sessions(*day, *day))
            .filter(|s| rows.iter().any(|row| row.cells.iter().flatten().any(|cell| cell.session == *s)));
        let week = |date: NaiveDate| format!("/ledger/class/{class}/{date}-am");
        let next = monday + Days::new(7);
        Ok(Some(LedgerPage {
            shell,
            title: name,
            lead: format!("week of {}", words::full_day(monday)),
            back: format!("/register/{class}/{session}"),
            action: format!("/ledger/class/{class}/{session}"),
            days: days.iter().map(|day| words::short_day(*day)).collect(),
            fills: begun.map(|s| (s, words::session(s))).collect(),
            before: week(monday - Days::new(7)),
            after: (next <= today).then(|| week(next)),
            range: None,
            heads: record::heads(tx)?.to_string(),
            today: words::full_day(today),
            codes: codes(session, head),
            rows,
        }))
    });
    html(&found(page.await?)?)
}

/// What may stand in the address of a pupil's ledger.
#[derive(Debug, Clone, Copy, Default, serde::Deserialize)]
pub struct Choose {
    #[serde(default)]
    from: Option<NaiveDate>,
    #[serde(default)]
    until: Option<NaiveDate>,
}

/// `GET /ledger/pupil/{pupil}?from&until`: the weeks from one date to another; this week if none are named.
pub async fn of_pupil(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(pupil): Path<String>,
    choose: Result<Query<Choose>, QueryRejection>,
) -> Answer {
    let pupil: PupilId = named(&pupil)?;
    let choose = asked(choose, "A date cannot be read.")?;
    let (shell, now) = (Shell::of(&actor, "/pupils"), app.clock.now().at);
    let head = actor.role == Role::Head;
    let page = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        let today = calendar.date_of(now);
        let from = choose.from.or(choose.until).unwrap_or(today);
        let until = choose.until.unwrap_or(from).clamp(from, from + Days::new(7 * MOST_WEEKS.unsigned_abs()));
        let name: Option<String> = tx
            .prepare_cached("SELECT first || ' ' || last FROM pupil WHERE id = ?1")?
            .query_row([pupil.as_bytes()], |r| r.get(0))
            .optional()?;
        let Some(name) = name else { return Ok(None) };
        let mondays = (0..=MOST_WEEKS)
            .filter_map(|n| grid::monday(from).checked_add_days(Days::new(7 * n.unsigned_abs())))
            .take_while(|monday| *monday <= until);
        let rows = grid::of_pupil(tx, &calendar, (pupil, &name), mondays, now)?;
        let week = |date: NaiveDate| format!("/ledger/pupil/{pupil}?from={date}");
        let next = grid::monday(from) + Days::new(7);
        Ok(Some(LedgerPage {
            shell,
            title: name,
            lead: format!("{} to {}", words::full_day(from), words::full_day(until)),
            back: format!("/pupils/{pupil}"),
            action: format!("/ledger/pupil/{pupil}"),
            days: ["Mon", "Tue", "Wed", "Thu", "Fri"].map(str::to_owned).into(),
            fills: Vec::new(),
            before: week(grid::monday(from) - Days::new(7)),
            after: (next <= today).then(|| week(next)),
            range: Some((from, until)),
            heads: record::heads(tx)?.to_string(),
            today: words::full_day(today),
            codes: codes(SessionKey { date: from, half: shared::calendar::Half::Am }, head),
            rows,
        }))
    });
    html(&found(page.await?)?)
}

fn codes(session: SessionKey, head: bool) -> Vec<(Code, &'static str)> {
    let role = if head { Role::Head } else { Role::Office };
    Code::offered_on(session.date, false)
        .filter(|code| choose::may(*code, role).is_ok())
        .map(|code| (code, code.meaning()))
        .collect()
}

/// `POST /ledger/class/{class}/{session}`
pub async fn submit_class(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path((class, session)): Path<(String, String)>,
    Sent(fields): Sent<Fields>,
) -> Answer {
    let (class, session): (ClassId, SessionKey) = (named(&class)?, named(&session)?);
    let to = format!("/register/{class}/{session}");
    submit(&app, &actor, fields, Scope::Class(class), to).await
}

/// `POST /ledger/pupil/{pupil}`
pub async fn submit_pupil(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(pupil): Path<String>,
    Sent(fields): Sent<Fields>,
) -> Answer {
    let pupil: PupilId = named(&pupil)?;
    submit(&app, &actor, fields, Scope::Pupil(pupil), format!("/pupils/{pupil}")).await
}

/// Whose cells a form may change.
#[derive(Debug, Clone, Copy)]
enum Scope {
    Class(ClassId),
    Pupil(PupilId),
}

impl Scope {
    fn exists(self, tx: &WriteTx<'_>) -> Result<bool, StoreError> {
        let (sql, id) = match &self {
            Self::Class(class) => ("SELECT EXISTS (SELECT 1 FROM class WHERE id = ?1)", class.as_bytes()),
            Self::Pupil(pupil) => ("SELECT EXISTS (SELECT 1 FROM pupil WHERE id = ?1)", pupil.as_bytes()),
        };
        Ok(tx.prepare_cached(sql)?.query_row([id], |r| r.get(0))?)
    }
    fn holds(self, tx: &WriteTx<'_>, key: MarkKey) -> Result<bool, StoreError> {
        let place = record::class_in(tx, key.pupil, key.session)?;
        Ok(match self {
            Self::Class(class) => place == Some(class),
            Self::Pupil(pupil) => pupil == key.pupil && place.is_some(),
        })
    }
}

async fn submit(app: &App, actor: &Actor, fields: Fields, scope: Scope, to: String) -> Answer {
    let reason: Remark = choose::needed(fields.one("reason"), "The reason")?;
    let detail: Remark = choose::plain(fields.one("detail"), "The detail")?;
    let heads: Heads = fields
        .one("heads")
        .parse()
        .map_err(|_| Error::BadInput("This form is damaged. Load the page again.".to_owned()))?;
    let (now, by, role) = (app.clock.now(), actor.officer(), actor.role);
    let done = actor.school.write(move |tx| {
        if !scope.exists(tx)? {
            return Ok(None);
        }
        let cells = cells(tx, &fields, scope, now.at)?;
        let mut acts = Vec::new();
        for (key, typed) in cells {
            if let Err(Error::BadInput(words)) = typed.code.map_or(Ok(()), |code| choose::may(code, role)) {
                return StoreError::refused(&words);
            }
            let asks = typed.code.filter(|code| code.needs_detail() || code.needs_dates());
            if let (Some(code), true) = (asks, detail.is_empty()) {
                return StoreError::refused(&format!(
                    "Code {code} needs its nature, or its dates, in words. Go back and write it down."
                ));
            }
            let stands: Option<CodeCol> = tx
                .prepare_cached("SELECT code FROM mark WHERE date = ?1 AND half = ?2 AND pupil = ?3")?
                .query_row(params![DateCol(key.session.date), HalfCol(key.session.half), key.pupil.as_bytes()], |r| {
                    r.get(0)
                })
                .optional()?
                .flatten();
            if stands.map(|code| code.0) == typed.code && typed.minutes.is_none() {
                continue; // it says so already
            }
            acts.push(Act::Amended {
                pupil: key.pupil,
                session: key.session,
                code: typed.code,
                minutes: typed.minutes,
                detail: asks.map(|_| detail.clone()),
                reason: reason.clone(),
                seen: record::seen_upto(tx, key, &heads)?,
            });
        }
        if acts.is_empty() {
            return StoreError::refused(
                "Nothing was typed that is not in the register already. Go back and type the new codes.",
            );
        }
        record::acts(tx, now, &by, acts)?;
        Ok(Some(()))
    });
    found(done.await?)?;
    Ok(Redirect::to(&to).into_response())
}

/// The cells that were typed, and those that are filled at once.
fn cells(
    tx: &WriteTx<'_>,
    fields: &Fields,
    scope: Scope,
    now: shared::time::Millis,
) -> Result<Vec<(MarkKey, Typed)>, StoreError> {
    let calendar = tx.calendar()?;
    let mut out: Vec<(MarkKey, Typed)> = Vec::new();
    for (name, value) in fields.named("c.") {
        let key = name
            .split_once('.')
            .and_then(|(pupil, session)| Some(MarkKey { pupil: pupil.parse().ok()?, session: session.parse().ok()? }));
        let Some(key) = key else { return StoreError::refused("This form is damaged. Load the page again.") };
        let typed = match typed::read(value, key.session) {
            Ok(Some(typed)) => typed,
            Ok(None) => continue,
            Err(text) => {
                return StoreError::refused(&format!(
                    "“{text}” is no code of {}. Go back and correct it.",
                    words::session(key.session)
                ));
            }
        };
        let begun = calendar.times(key.session).is_some_and(|times| times.opens <= now);
        if !begun || !scope.holds(tx, key)? {
            return StoreError::refused(
                "A cell is of a session that has not begun, or of a pupil who is not on this roll. Load the page again.",
            );
        }
        out.push((key, typed));
    }
    let (Scope::Class(class), Ok(session)) = (scope, fields.one("fill_session").parse::<SessionKey>()) else {
        return Ok(out);
    };
    let typed = match typed::read(fields.one("fill_code"), session) {
        Ok(Some(typed)) => typed,
        Ok(None) => return Ok(out),
        Err(text) => {
            return StoreError::refused(&format!("“{text}” is no code of that session. Go back and correct it."));
        }
    };
    if calendar.times(session).is_none_or(|times| times.opens > now) {
        return StoreError::refused("That session has not begun. Plan an absence instead.");
    }
    let everybody = fields.one("fill_whom") == "all";
    for pupil in record::on_roll(tx, class, session)? {
        let key = MarkKey { pupil, session };
        let has: bool = tx
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM mark WHERE date = ?1 AND half = ?2 AND pupil = ?3 AND code IS NOT NULL)",
            )?
            .query_row(params![DateCol(session.date), HalfCol(session.half), pupil.as_bytes()], |r| r.get(0))?;
        if (everybody || !has) && !out.iter().any(|(known, _)| *known == key) {
            out.push((key, typed));
        }
    }
    Ok(out)
}
