//! What stands in the record before the day begins: marks of an earlier system, and absences that the office knows of.
//!
//! Must never: write past the record's own door.

use super::made::{Planned, Pupil};
use super::rng::Rng;
use super::{SampleError, history};
use crate::clock::Now;
use crate::record;
use crate::store::columns::DateCol;
use crate::store::{School, StoreError, WriteTx};
use chrono::NaiveDate;
use history::Stay;
use rusqlite::Connection;
use shared::act::{Act, Officer};
use shared::calendar::{Calendar, Day, Half, SessionKey};
use shared::id::{ClassId, PlanId, PupilId};
use shared::text::Remark;

/// Acts written in one transaction: a day. (SQLite walks the journal of a savepoint at every statement, so long ones
/// cost the square of their length.)
const CHUNK: usize = 28;

/// Two terms and what has been of this one, or so many years. Answers the first day and how many marks.
pub fn write_history(
    school: &School,
    calendar: &Calendar,
    (date, years): (NaiveDate, u8),
    now: Now,
    by: &Officer,
    root: &Rng,
) -> Result<(Option<NaiveDate>, u64), SampleError> {
    let first = history::first_day(calendar, date, years);
    let mut stays = school.read_now(|tx| stays(tx))?;
    if years > 0 {
        // Who is here now was here all the time: an earlier system may say so, and it is the number of marks that is wanted.
        stays.retain(|stay| stay.until.is_none_or(|until| until >= date));
        stays.iter_mut().for_each(|stay| stay.from = first);
    }
    let acts = history::acts(calendar, (first, date), &stays, &root.part("history"))
        .map_err(|_| StoreError::Corrupt { what: "a code" })?;
    let mut marks = 0;
    let mut acts = acts.into_iter().peekable();
    while acts.peek().is_some() {
        let chunk: Vec<Act> = acts.by_ref().take(CHUNK).collect();
        let count = |act: &Act| if let Act::History { marks, .. } = act { marks.len() } else { 0 };
        marks += u64::try_from(chunk.iter().map(count).sum::<usize>()).unwrap_or(0);
        let by = by.clone();
        school.write_now(move |tx: &WriteTx<'_>| record::acts(tx, now, &by, chunk))?;
    }
    Ok((Some(first), marks))
}

fn stays(c: &Connection) -> Result<Vec<Stay>, StoreError> {
    let mut q = c.prepare("SELECT pupil, class, from_on, until_on FROM membership ORDER BY class, pupil, from_on")?;
    let rows = q.query_map([], |r| {
        Ok(Stay {
            pupil: PupilId::from_bytes(r.get(0)?),
            class: ClassId::from_bytes(r.get(1)?),
            from: r.get::<_, DateCol>(2)?.0,
            until: r.get::<_, Option<DateCol>>(3)?.map(|d| d.0),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A few absences that the office knows of before the day begins.
pub fn plan(
    school: &School,
    calendar: &Calendar,
    date: NaiveDate,
    pupils: &[Pupil],
    now: Now,
    by: &Officer,
    root: &Rng,
) -> Result<Vec<Planned>, SampleError> {
    if !matches!(calendar.day(date), Day::School { .. }) || pupils.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: [(&'static str, Half, Half, &str); 9] = [
        ("M", Half::Am, Half::Am, "Dentist at 9.15, appointment card seen"),
        ("M", Half::Am, Half::Pm, "Hospital clinic, letter seen"),
        ("M", Half::Pm, Half::Pm, "Optician at 2, mother rang"),
        ("I", Half::Am, Half::Pm, "Father rang yesterday: a temperature, home for another day"),
        ("I", Half::Am, Half::Pm, "Mother rang: sickness, 48 hours at home"),
        ("I", Half::Am, Half::Pm, "Grandmother rang: chickenpox"),
        ("C", Half::Am, Half::Pm, "Family funeral, granted by the headteacher"),
        ("P", Half::Pm, Half::Pm, "Cross-country at the park, with Year 6 staff"),
        ("B", Half::Am, Half::Am, "Music examination at the hub"),
    ];
    let mut rng = root.part("plans");
    let mut used = std::collections::BTreeSet::new();
    let mut made = Vec::new();
    for (code, from, until, reason) in wanted {
        let mut at = rng.below(pupils.len());
        while !used.insert(at) {
            at = (at + 1) % pupils.len();
        }
        let session = |half| SessionKey { date, half };
        let planned = Planned { pupil: pupils[at].id, from: session(from), until: session(until), code };
        let reason = Remark::new(reason).map_err(|_| StoreError::Corrupt { what: "a reason" })?;
        let code = code.parse().map_err(|_| StoreError::Corrupt { what: "a code" })?;
        let detail = matches!(planned.code, "P" | "B").then(|| reason.clone());
        let act = Act::Planned {
            plan: PlanId::from_bytes(rng.id()),
            pupil: planned.pupil,
            from: planned.from,
            until: planned.until,
            code,
            detail,
            reason,
        };
        let by = by.clone();
        school.write_now(move |tx| record::act(tx, now, &by, act))?;
        made.push(planned);
    }
    Ok(made)
}
