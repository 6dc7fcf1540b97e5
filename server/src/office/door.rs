//! Who came in late, went home and came back through reception, with what was said there (P5).
//!
//! A reason that a pupil picked is opened here, for those who may see reasons, and nowhere else. It authorises nothing.
//!
//! Must never: write a reason into the record, or show one to a role that may not see it (P31).

use super::{Shell, html, words};
use crate::auth::Actor;
use crate::error::{Answer, Error};
use crate::school;
use crate::state::App;
use crate::store::StoreError;
use crate::store::columns::{DateCol, HalfCol};
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use chrono::{Days, NaiveDate};
use rusqlite::Connection;
use shared::calendar::{Calendar, SessionKey};
use shared::id::PupilId;
use shared::time::Millis;

#[derive(Template)]
#[template(path = "door.html")]
struct DoorPage {
    shell: Shell,
    day: String,
    before: String,
    after: Option<String>,
    passages: Vec<Passage>,
    arrived: usize,
    left: usize,
    returned: usize,
    /// Whether this role says how the kiosks ask.
    sets: bool,
}

struct Passage {
    /// "09:07", or "between 09:05 and 09:20".
    when: String,
    pupil: String,
    class: String,
    what: &'static str,
    colour: &'static str,
    /// "17 minutes after the start", or empty.
    late: String,
    /// "Said: Traffic or transport", "Collected by: Grandparent · let go by Ms Patel", or empty.
    said: String,
    /// Where the register of that session is.
    register: Option<String>,
}

/// What may stand in the address.
#[derive(Debug, Clone, Copy, Default, serde::Deserialize)]
pub struct Choose {
    /// A date; today if none.
    #[serde(default)]
    date: Option<NaiveDate>,
}

/// `GET /door?date`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    choose: Result<Query<Choose>, QueryRejection>,
) -> Answer {
    let choose = choose.map_err(|_| Error::BadInput("This is not a day.".to_owned()))?.0;
    let now = app.clock.now().at;
    let (shell, sets) = (Shell::of(&actor, "/door"), actor.role.keeps_people());
    let page = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        let today = calendar.date_of(now);
        let date = choose.date.unwrap_or(today);
        let passages = passages(tx, &calendar, date)?;
        let count = |what: &str| passages.iter().filter(|p| p.what == what).count();
        let link = |date: NaiveDate| format!("/door?date={date}");
        Ok(DoorPage {
            shell,
            day: words::day(date),
            before: link(date.checked_sub_days(Days::new(1)).unwrap_or(date)),
            after: date.checked_add_days(Days::new(1)).filter(|d| *d <= today).map(link),
            arrived: count("came in"),
            left: count("went home"),
            returned: count("came back"),
            sets,
            passages,
        })
    });
    html(&page.await?)
}

fn passages(c: &Connection, calendar: &Calendar, date: NaiveDate) -> Result<Vec<Passage>, StoreError> {
    let mut statement = c.prepare_cached(
        "SELECT v.pupil, p.first || ' ' || p.last, v.half, v.what, v.at_from, v.at_until, v.reason, v.collected, v.approved_by
         FROM movement v JOIN pupil p ON p.id = v.pupil WHERE v.date = ?1 ORDER BY v.at_from DESC, v.log, v.seq DESC",
    )?;
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
        let (what, colour) = match r.get_ref(3)?.as_str().map_err(rusqlite::Error::from)? {
            "left" => ("went home", "quiet"),
            "returned" => ("came back", "good"),
            _ => ("came in", "warn"),
        };
        let mut said = Vec::new();
        said.extend(open(6)?.map(|reason| format!("Said: {reason}")));
        said.extend(open(7)?.map(|who| format!("Collected by: {who}")));
        said.extend(r.get::<_, Option<String>>(8)?.map(|by| format!("let go by {by}")));
        let minutes =
            calendar.times(session).map(|t| from.since(t.start) / 60_000).filter(|m| *m > 0 && what == "came in");
        let (first, last) = (words::clock(calendar, from), words::clock(calendar, until));
        let class = crate::record::class_in(c, pupil, session)?;
        let named = class.map(|class| school::class_name(c, class)).transpose()?.flatten();
        out.push(Passage {
            when: if first == last { first } else { format!("between {first} and {last}") },
            pupil: r.get(1)?,
            class: named.unwrap_or_default(),
            what,
            colour,
            late: minutes
                .map(|m| words::count(usize::try_from(m).unwrap_or(0), "minute", "minutes"))
                .unwrap_or_default(),
            said: said.join(" · "),
            register: class.map(|class| format!("/register/{class}/{session}#p{pupil}")),
        });
    }
    Ok(out)
}
