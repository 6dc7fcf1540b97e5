//! Lateness week by week (P18): who was late how often and for how long, in this week and the five before it, and who was told.
//!
//! Must never: count a late mark twice, or say that somebody was told who was not.

use crate::auth::Actor;
use crate::error::{Answer, Error};
use crate::office::list::{self, Bar, Sheet, View};
use crate::office::{Fields, Sent, Shell, asked, choose, named, words};
use crate::roll::{self, NotDone};
use crate::state::App;
use crate::store::columns::{CodeCol, DateCol};
use crate::store::{ReadTx, StoreError};
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use chrono::{Datelike as _, Days, NaiveDate};
use rusqlite::params;
use shared::calendar::Calendar;
use shared::codes::Code;
use shared::id::PupilId;
use shared::pupil::Change;
use shared::text::{Name, Remark};
use shared::time::Millis;
use std::collections::HashMap;

/// Weeks that are looked at, this one included: half a term.
const WEEKS: u64 = 6;
/// Late so often in these weeks is persistent: the headteacher is told.
const PERSISTENT: u32 = 6;

#[derive(Template)]
#[template(path = "late_week.html")]
struct WeekPage {
    shell: Shell,
    week: NaiveDate,
    title: String,
    before: String,
    after: Option<String>,
    pupils: Vec<Pupil>,
    bar: Bar,
    times: u32,
    persistent: usize,
    amends: bool,
    limit: u32,
    said: &'static str,
}

/// A pupil who was late in the week.
struct Pupil {
    id: PupilId,
    name: String,
    class: String,
    /// In this week.
    times: u32,
    minutes: i64,
    /// After the register had closed.
    after_close: u32,
    /// In this week and the five before it.
    lately: u32,
    persistent: bool,
    contacts: Vec<String>,
    /// Who was told about these weeks.
    told: Vec<String>,
    told_this_week: bool,
}

/// What may stand in the address.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct Choose {
    /// A day of the week.
    #[serde(default)]
    week: Option<NaiveDate>,
    #[serde(default)]
    done: String,
}

fn monday(date: NaiveDate) -> NaiveDate {
    date.checked_sub_days(Days::new(u64::from(date.weekday().num_days_from_monday()))).unwrap_or(date)
}

/// `GET /door/week?week&filter&sort&as`
pub async fn page(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    choose: Result<Query<Choose>, QueryRejection>,
    Query(view): Query<View>,
) -> Answer {
    let choose = asked(choose, "This is not a day.")?;
    let (shell, now, amends) = (Shell::of(&actor, "/door"), app.clock.now().at, actor.role.amends());
    let (said, file) = (if choose.done == "told" { "Written down." } else { "" }, view.file);
    let page = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        let today = calendar.date_of(now);
        let week = monday(choose.week.unwrap_or(today));
        let mut pupils = read(tx, &calendar, week)?;
        pupils.retain(|p| view.keeps(&[&p.name, &p.class]));
        match view.sort.as_str() {
            "name" => pupils.sort_by(|a, b| a.name.cmp(&b.name)),
            "class" => pupils.sort_by(|a, b| (&a.class, &a.name).cmp(&(&b.class, &b.name))),
            "minutes" => pupils.sort_by_key(|p| std::cmp::Reverse(p.minutes)),
            _ => pupils.sort_by_key(|p| std::cmp::Reverse((p.times, p.lately, p.minutes))),
        }
        let link = |date: NaiveDate| format!("/door/week?week={date}");
        let sorts = [("most", "most often"), ("minutes", "minutes"), ("name", "name"), ("class", "class")];
        Ok(WeekPage {
            shell,
            title: format!("Week of {}", words::full_day(week)),
            before: link(week - Days::new(7)),
            after: Some(week + Days::new(7)).filter(|next| *next <= today).map(link),
            bar: view.bar("/door/week", &[("week", &week.to_string())], &sorts),
            times: pupils.iter().map(|p| p.times).sum(),
            persistent: pupils.iter().filter(|p| p.persistent).count(),
            week,
            pupils,
            amends,
            limit: PERSISTENT,
            said,
        })
    });
    let page = page.await?;
    let shown = page.pupils.iter().map(|p| p.id).collect();
    list::answer(&page, file, sheet, shown)
}

fn sheet(page: &WeekPage) -> Sheet {
    let row = |p: &Pupil| {
        let numbers = [i64::from(p.times), p.minutes, i64::from(p.after_close), i64::from(p.lately)];
        let mut row = vec![p.name.clone(), p.class.clone()];
        row.extend(numbers.map(|n| n.to_string()));
        row.push(p.told.join("; "));
        row
    };
    let head = vec!["Pupil", "Class", "Times late", "Minutes", "After close (U)", "In six weeks", "Told"];
    Sheet { name: format!("lateness-{}", page.week), head, rows: page.pupils.iter().map(row).collect() }
}

fn read(tx: &ReadTx<'_>, calendar: &Calendar, week: NaiveDate) -> Result<Vec<Pupil>, StoreError> {
    let (first, last) = (week - Days::new(7 * (WEEKS - 1)), week + Days::new(6));
    let mut marks = tx.prepare_cached(
        "SELECT k.date, k.pupil, k.code, k.minutes, p.first || ' ' || p.last, c.name
         FROM mark k JOIN pupil p ON p.id = k.pupil JOIN class c ON c.id = k.class
         WHERE k.date BETWEEN ?1 AND ?2 AND k.code IN ('L', 'U') ORDER BY k.date DESC, p.last, p.first",
    )?;
    let mut rows = marks.query(params![DateCol(first), DateCol(last)])?;
    let mut pupils: Vec<Pupil> = Vec::new();
    let mut places: HashMap<PupilId, usize> = HashMap::new();
    while let Some(r) = rows.next()? {
        let (date, id) = (r.get::<_, DateCol>(0)?.0, PupilId::from_bytes(r.get(1)?));
        let this_week = date >= week;
        let place = match places.get(&id) {
            Some(place) => *place,
            None if this_week => {
                pupils.push(Pupil {
                    id,
                    name: r.get(4)?,
                    class: r.get(5)?,
                    times: 0,
                    minutes: 0,
                    after_close: 0,
                    lately: 0,
                    persistent: false,
                    contacts: Vec::new(),
                    told: Vec::new(),
                    told_this_week: false,
                });
                places.insert(id, pupils.len() - 1);
                pupils.len() - 1
            }
            None => continue, // newest first: whoever was not late in this week is not on its list
        };
        let Some(pupil) = pupils.get_mut(place) else { continue };
        pupil.lately += 1;
        if this_week {
            pupil.times += 1;
            pupil.minutes += r.get::<_, Option<i64>>(3)?.unwrap_or_default();
            pupil.after_close += u32::from(r.get::<_, CodeCol>(2)?.0 == Code::U);
        }
    }
    for pupil in &mut pupils {
        pupil.persistent = pupil.lately >= PERSISTENT;
    }
    let mut contacts = tx.prepare_cached(
        "SELECT pupil, name FROM contact WHERE pupil IN (SELECT pupil FROM mark WHERE date BETWEEN ?1 AND ?2 AND code IN ('L', 'U'))
         ORDER BY pupil, rank",
    )?;
    let mut rows = contacts.query(params![DateCol(week), DateCol(last)])?;
    while let Some(r) = rows.next()? {
        let place = places.get(&PupilId::from_bytes(r.get(0)?));
        if let Some(pupil) = place.and_then(|place| pupils.get_mut(*place)) {
            pupil.contacts.push(r.get(1)?);
        }
    }
    who_was_told(tx, calendar, (first, week), &places, &mut pupils)?;
    Ok(pupils)
}

/// Who was told in these weeks, newest first.
fn who_was_told(
    tx: &ReadTx<'_>,
    calendar: &Calendar,
    (first, week): (NaiveDate, NaiveDate),
    places: &HashMap<PupilId, usize>,
    pupils: &mut [Pupil],
) -> Result<(), StoreError> {
    let mut found = tx.prepare_cached(
        "SELECT pupil, week, at, words, by_name FROM pupil_act WHERE week BETWEEN ?1 AND ?2 ORDER BY at DESC",
    )?;
    let mut rows = found.query(params![DateCol(first), DateCol(week)])?;
    while let Some(r) = rows.next()? {
        let place = places.get(&PupilId::from_bytes(r.get(0)?));
        let Some(pupil) = place.and_then(|place| pupils.get_mut(*place)) else { continue };
        pupil.told_this_week |= r.get::<_, DateCol>(1)?.0 == week;
        let (at, words, by): (i64, String, String) = (r.get(2)?, r.get(3)?, r.get(4)?);
        let whom = words.split_once(": ").map_or(words.as_str(), |(_, whom)| whom);
        pupil.told.push(format!("{whom} · {}, {by}", words::dated(calendar, Millis(at))));
    }
    Ok(())
}

/// `POST /door/told/{pupil}`: a parent was told about the lateness of a week.
pub async fn told(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(pupil): Path<String>,
    Sent(fields): Sent<Fields>,
) -> Answer {
    let pupil: PupilId = named(&pupil)?;
    let week: NaiveDate =
        fields.one("week").parse().map_err(|_| Error::BadInput("Which week? Load the page again.".to_owned()))?;
    let week = monday(week);
    let whom: Name = choose::needed(fields.one("whom"), "Who was told")?;
    let said: Remark = choose::needed(fields.one("said"), "What was said")?;
    let (now, by) = (app.clock.now(), actor.officer());
    let change = Change::LateTold { week, whom, said };
    match actor.school.write(move |tx| roll::change(tx, now, &by, pupil, change)).await? {
        Ok(()) => Ok(Redirect::to(&format!("/door/week?week={week}&done=told")).into_response()),
        Err(NotDone::NoPupil) => Err(Error::NotFound),
        Err(why) => Err(Error::BadInput(why.to_string())),
    }
}
