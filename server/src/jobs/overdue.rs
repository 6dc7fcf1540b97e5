//! What is still N after five school days becomes O, in the name of the rule and of who set it (P13).
//!
//! Must never: touch a mark that has a reason, or one that may still be on its way after a restore.

use crate::clock::Now;
use crate::record;
use crate::restore;
use crate::store::columns::{DateCol, session};
use crate::store::{StoreError, WriteTx};
use rusqlite::params;
use shared::act::{Act, Officer};
use shared::codes::Code;
use shared::id::PupilId;
use shared::register::{MarkKey, overdue};
use shared::text::{Name, Remark};

/// Marks that one transaction changes at most: what a school was left with for years is done night by night.
const MOST: usize = 400;

/// Ends what is overdue; says how many marks.
///
/// # Errors
/// An accident of the store.
pub fn end_overdue(tx: &WriteTx<'_>, now: Now) -> Result<usize, StoreError> {
    // A date that nobody checked ends nothing; nor does a past that is not whole yet.
    if !now.sure || restore::witness::hold(tx)?.is_some() {
        return Ok(0);
    }
    let calendar = tx.calendar()?;
    let today = calendar.date_of(now.at);
    let still: Vec<MarkKey> = tx
        .prepare_cached("SELECT date, half, pupil FROM mark WHERE code = 'N' AND date < ?1 ORDER BY date, half, pupil")?
        .query_map(params![DateCol(today)], |r| {
            Ok(MarkKey { session: session(r, 0)?, pupil: PupilId::from_bytes(r.get(2)?) })
        })?
        .collect::<Result<_, _>>()?;
    let bad = |_| StoreError::Corrupt { what: "who set the calendar" };
    let reason = Remark::new("no reason was found within five school days").map_err(bad)?;
    let mut acts = Vec::new();
    for key in still {
        if acts.len() == MOST || !overdue(key.session.date, today, |day| calendar.is_school_day(day)) {
            break; // oldest first: what follows is younger
        }
        acts.push(Act::Amended {
            pupil: key.pupil,
            session: key.session,
            code: Some(Code::O),
            minutes: None,
            detail: None,
            reason: reason.clone(),
            seen: record::seen(tx, key)?,
        });
    }
    if acts.is_empty() {
        return Ok(0);
    }
    let set_by: String = tx.query_row("SELECT set_by FROM calendar ORDER BY id DESC LIMIT 1", [], |r| r.get(0))?;
    let by = Officer::Rule {
        rule: Name::new("N becomes O after five school days").map_err(bad)?,
        set_by: Name::new(&set_by).map_err(bad)?,
    };
    let ended = acts.len();
    record::acts(tx, now, &by, acts)?;
    Ok(ended)
}

#[cfg(test)]
mod tests {
    use super::end_overdue;
    use crate::clock::Now;
    use crate::testing::{at, class, now, officer, pupil, session, world};
    use shared::act::Act;
    use shared::codes::Code;
    use shared::observation::Mark;
    use shared::text::Remark;
    use shared::wire::v1::Mode;

    #[tokio::test]
    async fn n_becomes_o_when_the_fifth_school_day_is_over_and_a_reason_still_replaces_it() {
        let world = world();
        let mut room = world.enrol(Mode::Classroom, &[class(1)]).await;
        room.anchor(at(8, 45));
        for n in 1..=3 {
            room.tap(at(8, 55), "am", 1, n, Mark::Present);
        }
        for n in 4..=5 {
            room.tap(at(8, 56), "am", 1, n, Mark::Absent);
        }
        room.submit(at(8, 57), "am", 1, 1..=5);
        world.set(at(8, 58));
        world.push(&room).await;
        world.school.write_now(|tx| crate::jobs::close_due(tx, now(9, 20))).unwrap();
        assert_eq!(world.code(4, "am").as_deref(), Some("N"));
        let run = |day: i64, sure| {
            world.school.write_now(move |tx| end_overdue(tx, Now { at: at(24 * day, 30), sure })).unwrap()
        };
        // Monday; the school days after it are Tuesday to Friday and, after the weekend, Monday.
        assert_eq!(run(7, true), 0, "the fifth day is not over");
        assert_eq!(run(8, false), 0, "by a clock that nobody checked nothing ends");
        assert_eq!(run(8, true), 2);
        assert_eq!(run(8, true), 0, "once");
        assert_eq!((world.code(4, "am").as_deref(), world.code(1, "am").as_deref()), (Some("O"), Some("/")));
        let entry = world.one(
            "SELECT original || ' ' || code || ', ' || reason || ', ' || by_name || ', ' || by_position FROM entry
             WHERE pupil = ?1 AND half = ?2 AND code = 'O'",
            4,
            "am",
        );
        assert_eq!(
            entry.as_deref(),
            Some(
                "N O, no reason was found within five school days, by rule N becomes O after five school days, \
                 set by Ada Head, headteacher, 2026-09-01"
            )
        );
        let seen = world.school.read_now(|tx| {
            crate::record::seen(tx, shared::register::MarkKey { pupil: pupil(4), session: session("am") })
        });
        let act = Act::Amended {
            pupil: pupil(4),
            session: session("am"),
            code: Some(Code::I),
            minutes: None,
            detail: None,
            reason: Remark::new("Mum brought the letter").unwrap(),
            seen: seen.unwrap(),
        };
        world
            .school
            .write_now(move |tx| crate::record::act(tx, Now { at: at(24 * 9, 0), sure: true }, &officer(), act))
            .unwrap();
        assert_eq!(world.code(4, "am").as_deref(), Some("I"));
        assert_eq!(run(10, true), 0);
        assert_eq!(world.code(4, "am").as_deref(), Some("I"), "and nothing ends a reason");
    }
}
