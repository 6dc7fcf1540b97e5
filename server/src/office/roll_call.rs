//! Who is in the building now, by class, and who was seen in a roll call: live, and as a list to print and carry out.
//!
//! Must never: say why somebody is not in school.

use super::{Shell, html, words};
use crate::auth::Actor;
use crate::clock::Now;
use crate::error::{Answer, Error};
use crate::feed;
use crate::state::App;
use crate::store::StoreError;
use crate::store::columns::{CodeCol, DateCol};
use askama::Template;
use axum::extract::{Extension, State};
use rusqlite::{Connection, named_params};
use shared::calendar::{Calendar, Half, SessionKey};
use shared::id::{ClassId, PupilId, RollCallId};
use shared::observation::Mark;
use shared::register;
use shared::roll_call::{Known, Whereabouts, whereabouts};
use shared::time::Millis;
use shared::wire::v1::Seen;
use std::collections::BTreeSet;

#[derive(Template)]
#[template(path = "roll_call.html")]
struct RollCallPage {
    shell: Shell,
    live: String,
}

/// What changes on the page.
#[derive(Template)]
#[template(path = "roll_call_live.html")]
struct Live {
    /// Whether one is under way.
    under_way: bool,
    /// "Roll call · drill", "Who is in the building".
    title: String,
    /// "since 10:36, begun by Ms Patel at Playground gate", or when this was true.
    when: String,
    /// Looked for and not seen; without a roll call, in the building.
    count: usize,
    /// In the building.
    here: usize,
    classes: Vec<Class>,
    /// Earlier roll calls of today.
    before: Vec<String>,
}

struct Class {
    id: ClassId,
    name: String,
    /// "4 of 30 not seen yet".
    words: String,
    done: bool,
    /// Those who were not seen first.
    pupils: Vec<Pupil>,
    /// Those who are not looked for: "Ben Obi (not in school)".
    elsewhere: Vec<String>,
}

struct Pupil {
    name: String,
    seen: bool,
    /// "no mark yet", or empty.
    note: &'static str,
}

/// `GET /roll-call`
pub async fn page(State(app): State<App>, Extension(actor): Extension<Actor>) -> Answer {
    let live = fragment(&actor, app.clock.now()).await?;
    html(&RollCallPage { shell: Shell::of(&actor, "/roll-call"), live })
}

/// The part of the page that changes, as it is at this moment.
///
/// # Errors
/// When the register cannot be read.
pub async fn fragment(actor: &Actor, now: Now) -> Result<String, Error> {
    let live = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        read(tx, &calendar, now.at)
    });
    Ok(live.await?.render()?)
}

/// The session by which pupils are looked for: the one that runs, or begins next; after the last, the last.
fn at_hand(calendar: &Calendar, now: Millis) -> SessionKey {
    let date = calendar.date_of(now);
    let runs = |key: &SessionKey| calendar.times(*key).is_some_and(|t| now < t.end);
    let running = calendar.sessions(date, date).find(runs).or_else(|| calendar.sessions(date, date).last());
    running.unwrap_or(SessionKey { date, half: Half::Am })
}

/// A roll call of today.
struct Call {
    call: RollCallId,
    real: bool,
    begun: Millis,
    by: String,
    room: String,
    ended: Option<(Millis, String)>,
}

fn calls(c: &Connection, session: SessionKey) -> Result<Vec<Call>, StoreError> {
    let mut found = c.prepare_cached(
        "SELECT call, real, begun_at, begun_by, room, ended_at, ended_by FROM roll_call
         WHERE date = ?1 AND begun_at IS NOT NULL ORDER BY begun_at, call",
    )?;
    let rows = found.query_map([DateCol(session.date)], |r| {
        let text = |i| r.get::<_, Option<String>>(i).map(Option::unwrap_or_default);
        Ok(Call {
            call: RollCallId::from_bytes(r.get(0)?),
            real: r.get(1)?,
            begun: Millis(r.get(2)?),
            by: text(3)?,
            room: text(4)?,
            ended: r
                .get::<_, Option<i64>>(5)?
                .map(|at| Ok::<_, rusqlite::Error>((Millis(at), text(6)?)))
                .transpose()?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(c: &Connection, calendar: &Calendar, now: Millis) -> Result<Live, StoreError> {
    let session = at_hand(calendar, now);
    let all = calls(c, session)?;
    let (ended, open): (Vec<Call>, Vec<Call>) = all.into_iter().partition(|call| call.ended.is_some());
    let mut classes = classes(c, session, &open)?;
    let missing = |class: &Class| class.pupils.iter().filter(|p| !p.seen).count();
    let here: usize = classes.iter().map(|class| class.pupils.len()).sum();
    let not_seen: usize = classes.iter().map(missing).sum();
    for class in &mut classes {
        let (m, n) = (missing(class), class.pupils.len());
        class.done = !open.is_empty() && m == 0;
        class.words = match (open.is_empty(), m, n) {
            (_, _, 0) => "nobody in the building".to_owned(),
            (true, _, n) => format!("{n} in the building"),
            (false, 0, n) => format!("all {n} seen"),
            (false, m, n) => format!("{m} of {n} not seen yet"),
        };
    }
    if !open.is_empty() {
        classes.sort_by_key(|class| class.done);
    }
    let clock = |at| words::clock(calendar, at);
    let kind = |real: bool| if real { "not a drill" } else { "drill" };
    let (title, when, count) = match open.first() {
        Some(first) => (
            format!("Roll call · {}", kind(open.iter().any(|o| o.real))),
            format!("since {}{}{}", clock(first.begun), said(", begun by ", &first.by), said(" at ", &first.room)),
            not_seen,
        ),
        None => (
            "Who is in the building".to_owned(),
            format!("{}, as far as registers and reception tell at {}", words::day(session.date), clock(now)),
            here,
        ),
    };
    let before = ended.iter().map(|call| {
        let over = call.ended.as_ref().map(|(at, by)| format!(", ended {}{}", clock(*at), said(" by ", by)));
        format!(
            "{} · {}{}{}",
            clock(call.begun),
            kind(call.real),
            said(" · begun by ", &call.by),
            over.unwrap_or_default()
        )
    });
    Ok(Live { under_way: !open.is_empty(), title, when, count, here, classes, before: before.collect() })
}

/// A word and what follows it; nothing where there is nothing to follow.
fn said(word: &str, what: &str) -> String {
    if what.is_empty() { String::new() } else { format!("{word}{what}") }
}

fn classes(c: &Connection, session: SessionKey, open: &[Call]) -> Result<Vec<Class>, StoreError> {
    let passages = feed::passages(c, session.date, None)?;
    let (mut expected, mut asked) = (BTreeSet::new(), BTreeSet::new());
    let mut statement = c.prepare_cached(
        "SELECT cl.id, cl.name, p.id, p.first, p.last, k.code, k.tapped, e.code, e.tapped
         FROM membership m JOIN pupil p ON p.id = m.pupil JOIN class cl ON cl.id = m.class
         LEFT JOIN mark k ON k.date = :date AND k.half = :half AND k.pupil = m.pupil
         LEFT JOIN mark e ON e.date = :date AND e.half = 'am' AND :half = 'pm' AND e.pupil = m.pupil
         WHERE (m.from_on, m.from_half) <= (:date, :half)
           AND (m.until_on IS NULL OR (:date, :half) <= (m.until_on, m.until_half))
           AND EXISTS (SELECT 1 FROM enrolment n WHERE n.pupil = m.pupil AND n.joined_on <= :date
                         AND (n.left_on IS NULL OR n.left_on >= :date))
         ORDER BY cl.sort, cl.name, p.first, p.last",
    )?;
    let half = crate::store::columns::HalfCol(session.half);
    let mut rows = statement.query(named_params! {":date": DateCol(session.date), ":half": half})?;
    let mut classes: Vec<Class> = Vec::new();
    let mut known: BTreeSet<PupilId> = BTreeSet::new();
    while let Some(r) = rows.next()? {
        let (id, pupil) = (ClassId::from_bytes(r.get(0)?), PupilId::from_bytes(r.get(2)?));
        if !known.insert(pupil) {
            continue; // a slip of the roster: in two classes, and one person
        }
        if asked.insert(id) {
            expected.extend(feed::expected_in(c, id, session)?);
        }
        let mark = |code: usize, tapped: usize| -> Result<Option<Seen>, StoreError> {
            let tapped = match r.get_ref(tapped)?.as_str_or_null().map_err(rusqlite::Error::from)? {
                Some("present") => Some(Mark::Present),
                Some("absent") => Some(Mark::Absent),
                _ => None,
            };
            Ok(register::seen(r.get::<_, Option<CodeCol>>(code)?.map(|c| c.0), tapped))
        };
        let place = whereabouts(&Known {
            mark: mark(5, 6)?,
            earlier: mark(7, 8)?,
            // Which of the two words is expected changes nothing for a roll call.
            expected: expected.contains(&pupil).then_some(shared::wire::v1::Expected::Absent),
            passage: passages.get(&pupil).map(|p| (p.way, p.session == session)),
        });
        let mut seen = false;
        for call in open {
            seen |= feed::was_seen(c, call.call, pupil)?.unwrap_or(false);
        }
        if classes.last().is_none_or(|class| class.id != id) {
            let name = r.get(1)?;
            let (pupils, elsewhere) = (Vec::new(), Vec::new());
            classes.push(Class { id, name, words: String::new(), done: false, pupils, elsewhere });
        }
        let Some(class) = classes.last_mut() else { continue };
        let name = format!(
            "{} {}",
            r.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?,
            r.get_ref(4)?.as_str().map_err(rusqlite::Error::from)?
        );
        match place {
            Whereabouts::Out if !seen => class.elsewhere.push(format!("{name} (went out)")),
            Whereabouts::Away if !seen => class.elsewhere.push(format!("{name} (not in school)")),
            Whereabouts::Unknown => class.pupils.push(Pupil { name, seen, note: "no mark yet" }),
            _ => class.pupils.push(Pupil { name, seen, note: "" }),
        }
    }
    for class in &mut classes {
        class.pupils.sort_by_key(|p| p.seen);
    }
    Ok(classes)
}
