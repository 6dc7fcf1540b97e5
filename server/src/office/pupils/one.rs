//! One pupil: the year as a register book, whom to call, calls, planned absences, and what makes them vulnerable.
//!
//! Must never: show a role more than the register shows it.

use super::super::cards::{CardLine, cards_of};
use super::super::entry::found;
use super::super::{Shell, asked, html, named, words};
use super::book::{self, Book, Year};
use super::change::{self, Told};
use crate::auth::Actor;
use crate::calls::{self, Needs};
use crate::card::Holder;
use crate::error::Answer;
use crate::state::App;
use crate::store::columns::{CodeCol, DateCol, session as session_col};
use crate::store::{ReadTx, StoreError};
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use chrono::NaiveDate;
use rusqlite::{OptionalExtension as _, params};
use shared::calendar::{Calendar, Half, SessionKey};
use shared::id::{ClassId, PupilId};

/// Calls and plans that are shown at most.
const MOST: usize = 40;

#[derive(Template)]
#[template(path = "pupil.html")]
struct PupilPage {
    shell: Shell,
    id: PupilId,
    name: String,
    legal: String,
    class: String,
    born: String,
    roll: Vec<String>,
    flags: Vec<&'static str>,
    needs: Needs,
    book: Book,
    year: String,
    years: Vec<(String, String, bool)>,
    contacts: Vec<Contact>,
    siblings: Vec<(PupilId, String)>,
    plans: Vec<Plan>,
    calls: Vec<super::super::calls::Made>,
    amends: bool,
    keeps_people: bool,
    head: bool,
    notes: Vec<Told>,
    changes: Vec<Told>,
    cards: Vec<CardLine>,
    /// Classes to move to, or to come back to.
    classes: Vec<(ClassId, String)>,
    on_roll: bool,
    today: NaiveDate,
    /// The session that an absence is recorded from.
    at_hand: SessionKey,
    said: &'static str,
}

struct Contact {
    words: String,
    telephone: String,
    dial: String,
}

struct Plan {
    words: String,
    over: bool,
}

/// What may stand in the address.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct Choose {
    /// The year in which a school year began.
    #[serde(default)]
    year: Option<i32>,
    #[serde(default)]
    done: String,
}

/// `GET /pupils/{pupil}?year`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(pupil): Path<String>,
    choose: Result<Query<Choose>, QueryRejection>,
) -> Answer {
    let pupil: PupilId = named(&pupil)?;
    let choose = asked(choose, "This is not a year.")?;
    let (shell, now) = (Shell::of(&actor, "/pupils"), app.clock.now().at);
    let role = actor.role;
    let said = change::said(&choose.done);
    let page = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        let today = calendar.date_of(now);
        let Some(who) = who(tx, pupil, today)? else { return Ok(None) };
        let year = choose.year.map_or_else(|| Year::of(today), Year);
        let at_hand = calendar.under_way(now).unwrap_or(SessionKey { date: today, half: Half::Am });
        let mut calls = calls::before(tx, pupil, today + chrono::Days::new(1), MOST)?;
        calls.reverse();
        Ok(Some(PupilPage {
            flags: who.needs.words(),
            needs: who.needs,
            book: book::read(tx, &calendar, pupil, year, today)?,
            year: year.words(),
            years: years(&calendar, today, year),
            contacts: contacts(tx, pupil)?,
            siblings: calls::siblings(tx, pupil, at_hand)?,
            plans: plans(tx, pupil, today)?,
            calls: super::super::calls::log(tx, &calendar, calls, today)?,
            amends: role.amends(),
            keeps_people: role.keeps_people(),
            head: role == crate::auth::Role::Head,
            notes: change::told(tx, &calendar, pupil, true)?,
            changes: change::told(tx, &calendar, pupil, false)?,
            cards: cards_of(tx, &calendar, Holder::Pupil(pupil))?,
            classes: change::classes(tx, today)?,
            on_roll: who.on_roll,
            today,
            at_hand,
            said,
            shell,
            id: pupil,
            name: who.name,
            legal: who.legal,
            class: who.class,
            born: who.born,
            roll: who.roll,
        }))
    });
    html(&found(page.await?)?)
}

struct Who {
    name: String,
    legal: String,
    class: String,
    born: String,
    roll: Vec<String>,
    /// Today, or from a day to come.
    on_roll: bool,
    needs: Needs,
}

fn who(tx: &ReadTx<'_>, pupil: PupilId, today: NaiveDate) -> Result<Option<Who>, StoreError> {
    let row = tx
        .prepare_cached(
            "SELECT first || ' ' || last, trim(ifnull(legal_first, '') || ' ' || ifnull(legal_last, '')), born_on,
                    looked_after, social_worker, ehcp, ifnull(send, 'none'),
                    (SELECT c.name FROM membership m JOIN class c ON c.id = m.class WHERE m.pupil = pupil.id
                      ORDER BY m.from_on <= ?2 DESC, m.from_on DESC LIMIT 1)
             FROM pupil WHERE id = ?1",
        )?
        .query_row(params![pupil.as_bytes(), DateCol(today)], |r| {
            let send: String = r.get(6)?;
            let needs = Needs {
                looked_after: r.get(3)?,
                social_worker: r.get(4)?,
                ehcp: r.get(5)?,
                send: !matches!(send.as_str(), "" | "none"),
            };
            let born: Option<String> = r.get(2)?;
            Ok(Who {
                name: r.get(0)?,
                legal: r.get(1)?,
                born: born.and_then(|b| b.parse().ok()).map(words::full_day).unwrap_or_default(),
                class: r.get::<_, Option<String>>(7)?.unwrap_or_default(),
                roll: Vec::new(),
                on_roll: false,
                needs,
            })
        })
        .optional()?;
    let Some(mut who) = row else { return Ok(None) };
    if who.legal == who.name {
        who.legal.clear();
    }
    let mut statement =
        tx.prepare_cached("SELECT joined_on, left_on FROM enrolment WHERE pupil = ?1 ORDER BY joined_on DESC")?;
    let rows =
        statement.query_map([pupil.as_bytes()], |r| Ok((r.get::<_, DateCol>(0)?, r.get::<_, Option<DateCol>>(1)?)))?;
    for row in rows {
        let (joined, left) = row?;
        who.on_roll |= left.as_ref().is_none_or(|left| left.0 >= today);
        let joined = format!("on roll from {}", words::full_day(joined.0));
        who.roll.push(match left {
            Some(left) => format!("{joined} to {}", words::full_day(left.0)),
            None => joined,
        });
    }
    Ok(Some(who))
}

/// The school years that the calendar has, newest first: name, address, whether it is shown.
fn years(calendar: &Calendar, today: NaiveDate, shown: Year) -> Vec<(String, String, bool)> {
    let first = calendar.terms().first().map_or(Year::of(today), |t| Year::of(t.dates.from));
    let now = Year::of(today);
    (first.0..=now.0).rev().map(|y| (Year(y).words(), format!("?year={y}"), Year(y) == shown)).collect()
}

fn contacts(tx: &ReadTx<'_>, pupil: PupilId) -> Result<Vec<Contact>, StoreError> {
    let mut statement =
        tx.prepare_cached("SELECT relation, name, telephone FROM contact WHERE pupil = ?1 ORDER BY rank")?;
    let rows = statement.query_map([pupil.as_bytes()], |r| {
        let telephone: String = r.get(2)?;
        Ok(Contact {
            words: format!("{} · {}", r.get::<_, String>(0)?, r.get::<_, String>(1)?),
            dial: telephone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect(),
            telephone,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn plans(tx: &ReadTx<'_>, pupil: PupilId, today: NaiveDate) -> Result<Vec<Plan>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT from_on, from_half, until_on, until_half, code, detail, reason FROM plan
         WHERE pupil = ?1 AND withdrawn_at IS NULL ORDER BY from_on DESC, from_half DESC LIMIT ?2",
    )?;
    let limit = i64::try_from(MOST).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![pupil.as_bytes(), limit], |r| {
        let (from, until) = (session_col(r, 0)?, session_col(r, 2)?);
        let code = r.get::<_, CodeCol>(4)?.0;
        let day = |key: SessionKey| {
            format!("{} {}, {}", words::short_day(key.date), key.date.format("%Y"), words::half(key.half))
        };
        let span = if from == until { day(from) } else { format!("{} until {}", day(from), day(until)) };
        let mut text = format!("{span}: {code}, {}", code.meaning());
        for part in [r.get::<_, Option<String>>(5)?, r.get(6)?].into_iter().flatten() {
            text = format!("{text} · {part}");
        }
        Ok(Plan { words: text, over: until.date < today })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
