//! The late book: who came in late, went home and came back on a day, by reception's kiosk and by the register, with minutes and what
//! was said (P5); slips to print; and lateness week by week, with who was told (P18).
//!
//! A reason that a pupil picked is opened here, for those who may see reasons, and nowhere else. It authorises nothing.
//!
//! Must never: write a reason into the record or on a slip, or show one to a role that may not see it (P31).

mod note;
#[cfg(test)]
mod note_tests;
mod slips;
#[cfg(test)]
mod tests;
mod week;
#[cfg(test)]
mod week_tests;

pub use note::{find, page as note, submit as write};
pub use slips::page as slips;
pub use week::{page as week, told};

use super::list::{self, Bar, Sheet, View};
use super::{Shell, asked, words};
use crate::auth::Actor;
use crate::error::Answer;
use crate::school;
use crate::state::App;
use crate::store::StoreError;
use crate::store::columns::{CodeCol, DateCol, HalfCol};
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use chrono::{Days, NaiveDate};
use rusqlite::Connection;
use shared::calendar::{Calendar, SessionKey};
use shared::id::{ClassId, PupilId};
use shared::time::Millis;

#[derive(Template)]
#[template(path = "door.html")]
struct DoorPage {
    shell: Shell,
    date: NaiveDate,
    day: String,
    before: String,
    after: Option<String>,
    passages: Vec<Passage>,
    bar: Bar,
    arrived: usize,
    marked: usize,
    left: usize,
    returned: usize,
    /// Whether this role says how the kiosks ask.
    sets: bool,
    /// Whether it writes down who goes and comes back.
    amends: bool,
    said: &'static str,
}

/// Somebody who came or went.
struct Passage {
    at: Millis,
    /// "09:07", or "between 09:05 and 09:20"; empty where only the mark is known.
    when: String,
    id: PupilId,
    pupil: String,
    class: String,
    session: SessionKey,
    what: What,
    /// Minutes after the start.
    minutes: Option<i64>,
    /// "Said: Traffic or transport", "Collected by: Grandparent · let go by Ms Patel", or empty.
    said: String,
    /// Where the register of that session is.
    register: Option<String>,
}

/// What they did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// Came in through reception.
    Came,
    /// Has a late mark, and did not come through reception's kiosk.
    Marked,
    /// Went home.
    Went,
    /// Came back.
    Back,
}

impl What {
    const fn word(self) -> &'static str {
        match self {
            Self::Came => "came in",
            Self::Marked => "marked late",
            Self::Went => "went home",
            Self::Back => "came back",
        }
    }
    const fn colour(self) -> &'static str {
        match self {
            Self::Came | Self::Marked => "warn",
            Self::Went => "quiet",
            Self::Back => "good",
        }
    }
}

impl Passage {
    /// "17 minutes", or empty.
    fn late(&self) -> String {
        let minutes = self.minutes.and_then(|m| usize::try_from(m).ok()).filter(|m| *m > 0);
        minutes.map(|m| words::count(m, "minute", "minutes")).unwrap_or_default()
    }
}

/// What may stand in the address.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct Choose {
    /// A date; today if none.
    #[serde(default)]
    date: Option<NaiveDate>,
    #[serde(default)]
    done: String,
}

/// `GET /door?date&filter&sort&as`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    choose: Result<Query<Choose>, QueryRejection>,
    Query(view): Query<View>,
) -> Answer {
    let choose = asked(choose, "This is not a day.")?;
    let now = app.clock.now().at;
    let (shell, sets, file) = (Shell::of(&actor, "/door"), actor.role.keeps_people(), view.file);
    let amends = actor.role.amends();
    let said = match choose.done.as_str() {
        "out" => "Written down. Kiosks and roll calls know that the pupil has left.",
        "back" => "Written down. Kiosks and roll calls know that the pupil is here again.",
        _ => "",
    };
    let page = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        let today = calendar.date_of(now);
        let date = choose.date.unwrap_or(today);
        let mut passages = book(tx, &calendar, date)?;
        let count = |what: What| passages.iter().filter(|p| p.what == what).count();
        let (arrived, marked, left, returned) =
            (count(What::Came), count(What::Marked), count(What::Went), count(What::Back));
        passages.retain(|p| view.keeps(&[&p.pupil, &p.class, p.what.word(), &p.said]));
        match view.sort.as_str() {
            "name" => passages.sort_by(|a, b| a.pupil.cmp(&b.pupil)),
            "class" => passages.sort_by(|a, b| (&a.class, &a.pupil).cmp(&(&b.class, &b.pupil))),
            "minutes" => passages.sort_by_key(|p| std::cmp::Reverse(p.minutes)),
            _ => {}
        }
        let link = |date: NaiveDate| format!("/door?date={date}");
        let sorts = [("newest", "newest first"), ("name", "name"), ("class", "class"), ("minutes", "minutes late")];
        let asked = choose.date.map(|date| date.to_string()).unwrap_or_default();
        Ok(DoorPage {
            shell,
            date,
            day: words::day(date),
            before: link(date.checked_sub_days(Days::new(1)).unwrap_or(date)),
            after: date.checked_add_days(Days::new(1)).filter(|d| *d <= today).map(link),
            bar: view.bar("/door", &[("date", &asked)], &sorts),
            arrived,
            marked,
            left,
            returned,
            sets,
            amends,
            said,
            passages,
        })
    });
    let page = page.await?;
    let shown = page.passages.iter().map(|p| p.id).collect();
    list::answer(&page, file, sheet, shown)
}

fn sheet(page: &DoorPage) -> Sheet {
    let row = |p: &Passage| {
        let minutes = p.minutes.map(|m| m.to_string()).unwrap_or_default();
        vec![p.when.clone(), p.pupil.clone(), p.class.clone(), p.what.word().to_owned(), minutes, p.said.clone()]
    };
    let head = vec!["When", "Pupil", "Class", "What", "Minutes after the start", "What was said"];
    Sheet { name: format!("late-book-{}", page.date), head, rows: page.passages.iter().map(row).collect() }
}

/// All of a day, newest first.
fn book(c: &Connection, calendar: &Calendar, date: NaiveDate) -> Result<Vec<Passage>, StoreError> {
    let mut all = passages(c, calendar, date)?;
    let marked = marked(c, calendar, date)?;
    // Whoever came through reception has a mark from that.
    let came = |p: &Passage| all.iter().any(|a| a.what == What::Came && a.id == p.id && a.session == p.session);
    let marked: Vec<Passage> = marked.into_iter().filter(|p| !came(p)).collect();
    all.extend(marked);
    all.sort_by_key(|p| std::cmp::Reverse(p.at));
    Ok(all)
}

/// Late marks of a day, with who made them.
fn marked(c: &Connection, calendar: &Calendar, date: NaiveDate) -> Result<Vec<Passage>, StoreError> {
    let mut statement = c.prepare_cached(
        "SELECT k.pupil, p.first || ' ' || p.last, k.half, k.code, k.minutes, k.class, c.name, e.by_name, e.reason, e.happened_from,
                EXISTS (SELECT 1 FROM log l WHERE l.log = e.basis_log AND l.kiosk IS NOT NULL)
         FROM mark k JOIN pupil p ON p.id = k.pupil JOIN entry e ON e.id = k.entry JOIN class c ON c.id = k.class
         WHERE k.date = ?1 AND k.code IN ('L', 'U') ORDER BY p.last, p.first",
    )?;
    let mut rows = statement.query([DateCol(date)])?;
    let mut out = Vec::new();
    while let Some(r) = rows.next()? {
        let id = PupilId::from_bytes(r.get(0)?);
        let session = SessionKey { date, half: r.get::<_, HalfCol>(2)?.0 };
        let (code, class) = (r.get::<_, CodeCol>(3)?.0, ClassId::from_bytes(r.get(5)?));
        let minutes: Option<i64> = r.get(4)?;
        let start = calendar.times(session).map(|t| t.start);
        let begun = start.unwrap_or(Millis(0)).plus(minutes.unwrap_or_default() * 60_000);
        // When an office wrote it down says nothing of when the pupil came.
        let on_kiosk: bool = r.get(10)?;
        let seen = r.get::<_, Option<i64>>(9)?.map(Millis).filter(|_| on_kiosk);
        let (by, why): (String, String) = (r.get(7)?, r.get(8)?);
        out.push(Passage {
            at: seen.unwrap_or(begun),
            when: seen.map(|at| words::clock(calendar, at)).unwrap_or_default(),
            id,
            pupil: r.get(1)?,
            class: r.get(6)?,
            session,
            what: What::Marked,
            minutes,
            said: format!("{code}, {} · {why} · {by}", words::half(session.half)),
            register: Some(format!("/register/{class}/{session}#p{id}")),
        });
    }
    Ok(out)
}

fn passages(c: &Connection, calendar: &Calendar, date: NaiveDate) -> Result<Vec<Passage>, StoreError> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT v.pupil, p.first || ' ' || p.last, v.half, v.what, v.at_from, v.at_until, v.reason, v.collected, v.approved_by,
                l.kiosk IS NULL, c.id, c.name
         FROM movement v JOIN pupil p ON p.id = v.pupil JOIN log l ON l.id = v.log LEFT JOIN class c ON c.id = {}
         WHERE v.date = ?1 ORDER BY v.at_from DESC, v.log, v.seq DESC",
        crate::record::class_of("v")
    ))?;
    let mut rows = statement.query([DateCol(date)])?;
    let mut out = Vec::new();
    while let Some(r) = rows.next()? {
        let pupil = PupilId::from_bytes(r.get(0)?);
        let session = SessionKey { date, half: r.get::<_, HalfCol>(2)?.0 };
        let (from, until) = (Millis(r.get(4)?), Millis(r.get(5)?));
        let open = |at: usize| -> Result<Option<String>, StoreError> {
            let sealed: Option<String> = r.get(at)?;
            Ok(sealed.map(|sealed| school::open_reason(c, &sealed)).transpose()?.flatten())
        };
        let what = match r.get_ref(3)?.as_str().map_err(rusqlite::Error::from)? {
            "left" => What::Went,
            "returned" => What::Back,
            _ => What::Came,
        };
        let mut said = Vec::new();
        let by_office: bool = r.get(9)?;
        let (why, did) = if by_office { ("Why", "written down by") } else { ("Said", "let go by") };
        said.extend(open(6)?.map(|reason| format!("{why}: {reason}")));
        said.extend(open(7)?.map(|who| format!("Collected by: {who}")));
        said.extend(r.get::<_, Option<String>>(8)?.map(|by| format!("{did} {by}")));
        let minutes =
            calendar.times(session).map(|t| from.since(t.start) / 60_000).filter(|m| *m > 0 && what == What::Came);
        let (first, last) = (words::clock(calendar, from), words::clock(calendar, until));
        let class = r.get::<_, Option<[u8; 16]>>(10)?.map(ClassId::from_bytes);
        out.push(Passage {
            when: if first == last { first } else { format!("between {first} and {last}") },
            at: from,
            id: pupil,
            pupil: r.get(1)?,
            class: r.get::<_, Option<String>>(11)?.unwrap_or_default(),
            session,
            what,
            minutes,
            said: said.join(" · "),
            register: class.map(|class| format!("/register/{class}/{session}#p{pupil}")),
        });
    }
    Ok(out)
}
