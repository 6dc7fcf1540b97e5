//! What stands of a pupil and session, and on its kiosk's screen, beside what the oracle worked out.
//!
//! Must never: let a wrong mark pass because it is asked about where its time is certain.

use super::fact::{Fact, Said};
use super::marks::{Expected, expect};
use super::world::World;
use rusqlite::params;
use server::store::StoreError;
use shared::calendar::{Half, SessionKey};
use shared::id::PupilId;
use shared::observation::Observation;
use shared::wire::v1::{RowBody, Seen};

const MINUTE: i64 = 60_000;
/// A time this far from a limit is certain, if its boot met the server.
const CLEAR: i64 = 2 * MINUTE;

/// What stands.
struct Stands {
    code: Option<String>,
    provisional: bool,
    unsure: bool,
    late_register: bool,
}

/// The mark of a pupil and session, against what happened in true time.
///
/// # Errors
/// What is wrong.
pub(super) fn mark(
    world: &mut World,
    facts: &[&Fact],
    class: usize,
    pupil: PupilId,
    session: SessionKey,
) -> Result<(), String> {
    let Some(times) = world.school.calendar.times(session) else { return Ok(()) };
    let before = match session.half {
        Half::Am => None,
        Half::Pm => world.school.calendar.times(SessionKey { half: Half::Am, ..session }).map(|t| t.end.0),
    };
    let class_id = world.school.classes[class];
    let expected = expect(facts, pupil, class_id, session, &times, before);
    let stands = stands(world, class_id, pupil, session).map_err(|e| e.to_string())?;
    let certain = certain(world, &expected, &times, facts);
    let name = world.name(pupil).to_owned();
    world.tally.marks += u64::from(expected.code.is_some());
    let right = stands.code.as_deref() == expected.code;
    feed_shows(world, class, pupil, session, stands.code.as_deref())?;
    if !right && expected.two_logs.is_some_and(|close| close || !certain) {
        world.tally.uncertain += 1;
        return Ok(()); // nobody can know which of the two was later: then present stands
    }
    if !right && expected.as_it_ended {
        world.tally.uncertain += 1;
        return Ok(());
    }
    if certain {
        world.tally.certain += u64::from(expected.code.is_some());
        if !right {
            return Err(format!("{name} {session}: {:?} stands, and {:?} is right", stands.code, expected.code));
        }
        if stands.provisional || stands.unsure {
            return Err(format!("{name} {session}: the time is certain, and it is asked for"));
        }
        if expected.late_register && !expected.ruled && !stands.late_register {
            return Err(format!("{name} {session}: the register was taken after its close, and nobody is asked"));
        }
    } else {
        world.tally.uncertain += 1;
        if !right && !stands.provisional && !stands.unsure && !expected.left_standing {
            return Err(format!(
                "{name} {session}: {:?} stands, {:?} is right, and nobody is asked",
                stands.code, expected.code
            ));
        }
        if stands.code.as_deref() == Some("U") && !right {
            return Err(format!("{name} {session}: U stands, and {:?} is right", expected.code));
        }
    }
    Ok(())
}

/// Puts into the trace what was said of a pupil that day, when it truly was, and when the record believes it was: for
/// whoever replays a seed that failed.
pub(super) fn tell(world: &mut World, facts: &[Fact], pupil: PupilId, session: SessionKey) {
    let mut lines = Vec::new();
    let read = world.server.school().read_now(|tx| {
        server::record::dated(tx, |fact| {
            if fact.seen.what.pupil() == Some(pupil) && fact.seen.what.session().is_none_or(|of| of.date == session.date)
            {
                let truly = facts.iter().find(|f| f.here == (fact.log, fact.seq)).and_then(|f| f.at);
                let (log, seq, held) = (fact.log, fact.seq, fact.held);
                let (from, until) = (fact.when.earliest.0, fact.when.latest.0);
                lines.push(format!(
                    "  {log} {seq} held {held}, received {}, believed {from} to {until}, truly {truly:?}, first {:?}: {:?}",
                    fact.received.0, fact.first, fact.seen.what
                ));
            }
            Ok(())
        })
    });
    if let Err(error) = read {
        lines.push(format!("  cannot be read: {error}"));
    }
    for line in lines {
        world.trace.say(world.now, format_args!("{line}"));
    }
}

/// The kiosk of the class shows present, late or absent, as the record has it.
fn feed_shows(
    world: &mut World,
    class: usize,
    pupil: PupilId,
    session: SessionKey,
    code: Option<&str>,
) -> Result<(), String> {
    let today = world.school.calendar.date_of(shared::time::Millis(world.now));
    if session.date != today || world.revoked.contains(&class) {
        return Ok(());
    }
    let Some(on) = &mut world.kiosks[class].on else { return Ok(()) };
    let rows = on.store(|tx| kiosk::store::feed::all(tx)).map_err(|e| e.to_string())?;
    let shown = rows.iter().find_map(|row| match &row.body {
        Some(RowBody::Mark(mark)) if mark.pupil == pupil && mark.session == session => Some(mark.state),
        _ => None,
    });
    let wanted = match code {
        Some("/" | "\\") => Some(Seen::Present),
        Some("L") => Some(Seen::Late),
        Some("N") => Some(Seen::Absent),
        _ => return Ok(()), // what the office said may tell a reason, or was tapped and not posted
    };
    if shown == wanted {
        Ok(())
    } else {
        Err(format!("{} {session}: {code:?} stands, and kiosk {class} shows {shown:?}", world.name(pupil)))
    }
}

/// Whether every moment that the mark hangs on is known well enough.
fn certain(world: &World, expected: &Expected, times: &shared::calendar::Times, facts: &[&Fact]) -> bool {
    let limits = [times.start.0, times.opens.0, times.closes.0, times.end.0];
    let clear = expected.moments.iter().all(|at| limits.iter().all(|limit| (at - limit).abs() > CLEAR));
    let anchored = expected.boots.iter().all(|boot| {
        facts.iter().any(|f| {
            matches!(&f.said, Said::Seen(seen) if matches!(&seen.what, Observation::Anchored { anchor } if anchor.boot == *boot))
        })
    });
    let doubtful = world.judge.doubtful.iter().any(|(from, until)| {
        // A close, or a tap, while the server's clock was not to be trusted.
        *from <= times.end.0 && *until >= times.start.0
    });
    clear && anchored && !doubtful
}

fn stands(
    world: &World,
    class: shared::id::ClassId,
    pupil: PupilId,
    session: SessionKey,
) -> Result<Stands, StoreError> {
    let half = if session.half == Half::Am { "am" } else { "pm" };
    let date = session.date.to_string();
    world.server.school().read_now(|tx| {
        let mark = tx
            .prepare_cached("SELECT code, provisional FROM mark WHERE date = ?1 AND half = ?2 AND pupil = ?3")?
            .query_row(params![date, half, pupil.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)));
        let (code, provisional) = match mark {
            Ok(found) => found,
            Err(rusqlite::Error::QueryReturnedNoRows) => (None, false),
            Err(error) => return Err(error.into()),
        };
        let asked = |kind: &str| -> Result<bool, StoreError> {
            Ok(tx
                .prepare_cached(
                    // One question for a register, raised by some of its pupils.
                    "SELECT EXISTS (SELECT 1 FROM question q WHERE q.kind = ?1 AND q.date = ?2 AND q.half = ?3
                     AND (q.pupil = ?4 OR q.class = ?5 AND EXISTS
                         (SELECT 1 FROM raised r WHERE r.key = q.key AND r.pupil = ?4)))",
                )?
                .query_row(params![kind, date, half, pupil.as_bytes(), class.as_bytes()], |r| r.get(0))?)
        };
        Ok(Stands { code, provisional, unsure: asked("unsure_time")?, late_register: asked("late_register")? })
    })
}
