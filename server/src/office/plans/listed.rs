//! Plans that are not over, pupils with the same one on one line; and withdrawing such a line at once.
//!
//! Must never: withdraw a plan that is over, or one that the line did not show.

use super::super::list::{Sheet, View};
use super::super::{Fields, Sent, choose, words};
use crate::auth::Actor;
use crate::error::{Answer, Error};
use crate::record;
use crate::state::App;
use crate::store::columns::{CodeCol, DateCol, HalfCol, session as session_col};
use crate::store::{ReadTx, StoreError};
use axum::extract::{Extension, State};
use axum::response::{IntoResponse as _, Redirect};
use chrono::NaiveDate;
use rusqlite::params;
use shared::act::Act;
use shared::calendar::SessionKey;
use shared::codes::Code;
use shared::id::{PlanId, PupilId};
use shared::text::Remark;

/// Plans that the page reads at most.
const MOST: usize = 1000;
/// Names on a line.
const NAMES: usize = 4;

/// A plan of one pupil.
pub(super) struct One {
    pub pupil: PupilId,
    name: String,
    class: String,
    from: SessionKey,
    until: SessionKey,
    code: Code,
    detail: Option<String>,
    reason: String,
}

/// Pupils with the same plan.
pub(super) struct Line {
    pub when: String,
    pub what: String,
    pub who: String,
    pub reason: String,
    pub now: bool,
    pub pupils: usize,
    /// First and last session, as the form of withdrawing carries them.
    pub from: SessionKey,
    pub until: SessionKey,
    pub code: Code,
    pub detail: String,
}

/// Plans that are not over, sifted and sorted, and whether there are more.
pub(super) fn read(tx: &ReadTx<'_>, today: NaiveDate, view: &View) -> Result<(Vec<One>, bool), StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT l.from_on, l.from_half, l.until_on, l.until_half, l.code, l.detail, l.reason, p.first || ' ' || p.last, p.id,
                (SELECT c.name FROM membership m JOIN class c ON c.id = m.class WHERE m.pupil = p.id AND m.from_on <= l.until_on
                  ORDER BY m.from_on DESC, m.from_half DESC LIMIT 1)
         FROM plan l JOIN pupil p ON p.id = l.pupil WHERE l.withdrawn_at IS NULL AND l.until_on >= ?1
         ORDER BY l.from_on, l.from_half, l.code, l.reason, l.until_on, l.until_half, p.last, p.first LIMIT ?2",
    )?;
    let rows = statement.query_map(params![DateCol(today), MOST + 1], |r| {
        Ok(One {
            from: session_col(r, 0)?,
            until: session_col(r, 2)?,
            code: r.get::<_, CodeCol>(4)?.0,
            detail: r.get(5)?,
            reason: r.get(6)?,
            name: r.get(7)?,
            pupil: PupilId::from_bytes(r.get(8)?),
            class: r.get::<_, Option<String>>(9)?.unwrap_or_default(),
        })
    })?;
    let mut all = rows.collect::<Result<Vec<_>, _>>()?;
    let more = all.len() > MOST;
    all.truncate(MOST);
    all.retain(|one| {
        let code = format!("{} {}", one.code, one.code.meaning());
        view.keeps(&[&one.name, &one.class, &code, one.detail.as_deref().unwrap_or_default(), &one.reason])
    });
    if view.sort == "name" {
        all.sort_by(|a, b| a.name.cmp(&b.name));
    } else if view.sort == "code" {
        all.sort_by(|a, b| (a.code.as_str(), a.from).cmp(&(b.code.as_str(), b.from)));
    }
    Ok((all, more))
}

/// On as few lines as they need: pupils with the same plan, one after another, stand together.
pub(super) fn lines(all: &[One], today: NaiveDate) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for one in all {
        let detail = one.detail.clone().unwrap_or_default();
        match lines.last_mut() {
            Some(last)
                if (last.from, last.until, last.code) == (one.from, one.until, one.code)
                    && (&last.detail, &last.reason) == (&detail, &one.reason) =>
            {
                last.pupils += 1;
                if last.pupils <= NAMES {
                    last.who = format!("{}, {}", last.who, one.name);
                }
            }
            _ => lines.push(Line {
                when: words::stretch(one.from, one.until),
                what: words::planned(one.code, one.detail.as_deref()),
                who: one.name.clone(),
                reason: one.reason.clone(),
                now: one.from.date <= today,
                pupils: 1,
                from: one.from,
                until: one.until,
                code: one.code,
                detail,
            }),
        }
    }
    for line in lines.iter_mut().filter(|line| line.pupils > NAMES) {
        line.who = format!("{} and {} more", line.who, line.pupils - NAMES);
    }
    lines
}

/// The same as a file: a row for each pupil.
pub(super) fn sheet(all: &[One]) -> Sheet {
    let row = |one: &One| {
        let (code, meaning) = (one.code.to_string(), one.code.meaning().to_owned());
        let detail = one.detail.clone().unwrap_or_default();
        let (from, until) = (one.from.to_string(), one.until.to_string());
        vec![one.name.clone(), one.class.clone(), from, until, code, meaning, detail, one.reason.clone()]
    };
    let head = vec!["Pupil", "Class", "From", "Until", "Code", "Meaning", "Detail", "Told"];
    Sheet { name: "planned".to_owned(), head, rows: all.iter().map(row).collect() }
}

/// `POST /plans/withdraw`: every plan of one line, and with `later` those like it that come after.
pub async fn withdraw(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Sent(fields): Sent<Fields>,
) -> Answer {
    let bad = |_| Error::BadInput("The line cannot be read. Load the page again.".to_owned());
    let from: SessionKey = fields.one("from").parse().map_err(bad)?;
    let until: SessionKey = fields.one("until").parse().map_err(bad)?;
    let code = choose::code(fields.one("code"), from)?;
    let (detail, reason) = (fields.one("detail").to_owned(), fields.one("reason").to_owned());
    let later = fields.one("later") == "true";
    let why: Remark = choose::needed(fields.one("why"), "Why it is withdrawn")?;
    let (now, by) = (app.clock.now(), actor.officer());
    let done = actor.school.write(move |tx| {
        let today = tx.calendar()?.date_of(now.at);
        let mut found = tx.prepare_cached(
            "SELECT id, pupil FROM plan WHERE withdrawn_at IS NULL AND until_on >= ?1 AND code = ?2 AND ifnull(detail, '') = ?3
               AND reason = ?4 AND ((from_on, from_half, until_on, until_half) = (?5, ?6, ?7, ?8) OR ?9 AND (from_on, from_half) > (?5, ?6))
             ORDER BY from_on, id",
        )?;
        let rows = found.query_map(
            params![
                DateCol(today),
                CodeCol(code),
                detail,
                reason,
                DateCol(from.date),
                HalfCol(from.half),
                DateCol(until.date),
                HalfCol(until.half),
                later
            ],
            |r| Ok((PlanId::from_bytes(r.get(0)?), PupilId::from_bytes(r.get(1)?))),
        )?;
        let plans: Vec<_> = rows.collect::<Result<_, _>>()?;
        let acts: Vec<Act> =
            plans.into_iter().map(|(plan, pupil)| Act::PlanWithdrawn { plan, pupil, reason: why.clone() }).collect();
        let count = acts.len();
        if count > 0 {
            record::acts(tx, now, &by, acts)?;
        }
        Ok(count)
    });
    match done.await? {
        0 => Err(Error::BadInput("This plan is withdrawn or over already. Load the page again.".to_owned())),
        count => Ok(Redirect::to(&format!("/plans?gone={count}")).into_response()),
    }
}

/// What the page says after it.
#[must_use]
pub(super) fn gone(count: u32) -> String {
    format!("Withdrawn: {}. What was marked meanwhile stays as it is.", words::count(count as usize, "plan", "plans"))
}
