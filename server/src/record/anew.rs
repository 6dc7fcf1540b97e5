//! The whole register decided anew from the facts, and compared with what stands: for `check`.
//!
//! Must never: run on a school's own file. It clears what it makes anew.

use super::context::Context;
use crate::clock::Now;
use crate::store::columns::uint;
use crate::store::{StoreError, WriteTx};
use shared::calendar::SessionKey;
use shared::id::{ClassId, PupilId};
use std::collections::{BTreeMap, BTreeSet};

/// Facts kept in memory before they are forgotten again.
const KEPT: usize = 20_000;

/// What differs.
#[derive(Debug, Default)]
pub(crate) struct Differs {
    /// In sentences.
    pub wrong: Vec<String>,
    /// What a roster or a calendar corrected since may explain.
    pub doubts: Vec<String>,
}

/// Each derived table, what of it follows from the facts to the letter, and what a row of it is, for people. Times are
/// left out: a second anchor makes them narrower, and only what was provisional is dated again then.
const TABLES: [(&str, &str, &str); 10] = [
    ("movement", "pupil, date, half, what, reason, collected, log, seq", "arrivals and departures"),
    ("roll_call", "call, real, begun_at IS NULL, ended_at IS NULL", "roll calls"),
    ("roll_call_word", "call, pupil, log, seq, seen", "who was seen in roll calls"),
    (
        "plan",
        "id, pupil, from_on, from_half, until_on, until_half, code, detail, reason, withdrawn_at, log, seq, withdrawn_log, withdrawn_seq",
        "planned absences",
    ),
    ("call", "id, pupil, date, half, at, whom, name, outcome, said, by_name, by_position, log, seq", "calls home"),
    (
        "leave_request",
        "id, pupil, from_on, from_half, until_on, until_half, ground, asked_by, said, evidence, log, seq, granted, granted_from_on, granted_from_half, granted_until_on, granted_until_half, why, by_name, by_position, decided_log, decided_seq",
        "requests for leave",
    ),
    ("question", "key, kind, date, half, class, pupil, urgent", "questions"),
    ("raised", "date, half, pupil, key", "questions, and who raises them"),
    ("register", "date, half, class, submitted_at IS NULL, received_at, kiosk, closed_at, state", "registers"),
    ("fact_about", "date, half, about, log, seq", "places of facts in the register"),
];

/// What must be decided in one session.
#[derive(Default)]
struct Due {
    marks: BTreeSet<PupilId>,
    classes: BTreeSet<ClassId>,
    states: BTreeSet<ClassId>,
}

/// Decides everything anew in a copy and compares.
///
/// # Errors
/// An accident of the store.
pub(crate) fn anew(tx: &WriteTx<'_>, now: Now) -> Result<Differs, StoreError> {
    let mut differs = Differs::default();
    anchors(tx, &mut differs)?;
    tx.execute_batch("CREATE TABLE was_mark AS SELECT * FROM mark; DELETE FROM mark;")?;
    for (table, _, _) in TABLES {
        tx.execute_batch(&format!("CREATE TABLE was_{table} AS SELECT * FROM {table}; DELETE FROM {table};"))?;
    }
    let due = file_all(tx, now)?;
    for (session, due) in due {
        let mut ctx = Context::new(tx, now)?;
        ctx.marks.extend(due.marks.into_iter().map(|pupil| (session, pupil)));
        ctx.classes.extend(due.classes.into_iter().map(|class| (session, class)));
        ctx.states.extend(due.states.into_iter().map(|class| (session, class)));
        ctx.redecide()?;
    }
    marks(tx, &mut differs)?;
    for (table, columns, words) in TABLES {
        let count = |one: &str, other: &str| -> Result<i64, StoreError> {
            let sure = if table == "fact_about" { "WHERE wide = 0" } else { "" };
            let sql = format!(
                "SELECT count(*) FROM (SELECT {columns} FROM {one} {sure} EXCEPT SELECT {columns} FROM {other} {sure})"
            );
            Ok(tx.query_row(&sql, [], |r| r.get(0))?)
        };
        let (was, should) = (format!("was_{table}"), table.to_owned());
        let (extra, missing) = (count(&was, &should)?, count(&should, &was)?);
        let settled = matches!(table, "question" | "raised" | "register" | "fact_about");
        if extra + missing > 0 {
            let sentence = format!(
                "the table of {words}: {extra} rows that no fact explains, {missing} that should be there and are not"
            );
            // A roster that was corrected moves the registers and questions of days gone by, and no mark.
            if settled && roster_moved(tx)? { differs.doubts.push(sentence) } else { differs.wrong.push(sentence) }
        }
    }
    Ok(differs)
}

/// Files every fact again, log by log, and says what it touches.
fn file_all(tx: &WriteTx<'_>, now: Now) -> Result<BTreeMap<SessionKey, Due>, StoreError> {
    let mut due: BTreeMap<SessionKey, Due> = BTreeMap::new();
    let logs: Vec<i64> =
        tx.prepare("SELECT id FROM log ORDER BY id")?.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?;
    let mut ctx = Context::new(tx, now)?;
    for log in logs {
        let facts: Vec<u64> = tx
            .prepare("SELECT seq FROM fact WHERE log = ?1 AND held = 0 AND body IS NOT NULL ORDER BY seq")?
            .query_map([log], |r| r.get(0).map(uint))?
            .collect::<Result<_, _>>()?;
        for seq in facts {
            let Some(fact) = ctx.held(log, seq)? else { continue };
            ctx.file(&fact)?;
            if ctx.facts.len() > KEPT {
                ctx.facts.clear();
                ctx.registers.clear();
                ctx.save_filed()?;
            }
        }
    }
    ctx.save_filed()?;
    for (session, pupil) in std::mem::take(&mut ctx.marks) {
        due.entry(session).or_default().marks.insert(pupil);
    }
    for (session, class) in std::mem::take(&mut ctx.classes) {
        due.entry(session).or_default().classes.insert(class);
    }
    for (session, class) in std::mem::take(&mut ctx.states) {
        due.entry(session).or_default().states.insert(class);
    }
    Ok(due)
}

/// Whether a class or a pupil's place in one is another now than when marks were made.
fn roster_moved(tx: &WriteTx<'_>) -> Result<bool, StoreError> {
    Ok(tx.query_row(
        "SELECT EXISTS (SELECT 1 FROM was_mark w LEFT JOIN mark m USING (date, half, pupil) WHERE m.class IS NOT w.class)",
        [],
        |r| r.get(0),
    )?)
}

fn marks(tx: &WriteTx<'_>, differs: &mut Differs) -> Result<(), StoreError> {
    let calendar = tx.calendar()?;
    let mut found = tx.prepare(
        "SELECT ifnull(w.date, m.date), ifnull(w.half, m.half), lower(hex(ifnull(w.pupil, m.pupil))), w.code, m.code,
                w.class IS m.class, w.tapped, m.tapped
         FROM was_mark w FULL JOIN mark m ON m.date = w.date AND m.half = w.half AND m.pupil = w.pupil
         WHERE w.code IS NOT m.code OR ifnull(abs(w.minutes - m.minutes) > 1, w.minutes IS NOT m.minutes) OR w.provisional IS NOT m.provisional
            OR w.tapped IS NOT m.tapped OR w.went IS NOT m.went",
    )?;
    let mut rows = found.query([])?;
    while let Some(r) = rows.next()? {
        let (date, half, pupil): (String, String, String) = (r.get(0)?, r.get(1)?, r.get(2)?);
        let word = |code: Option<String>| code.unwrap_or_else(|| "nothing".to_owned());
        let (stands, decided) = (word(r.get(3)?), word(r.get(4)?));
        // A pupil moved in the roster, or a day taken out of the calendar since, changes what would be decided today.
        let session: Option<SessionKey> = format!("{date}-{half}").parse().ok();
        let same: bool = r.get::<_, bool>(5)? && session.is_some_and(|session| calendar.times(session).is_some());
        let what = if stands == decided { "another state of it" } else { decided.as_str() };
        let sentence = format!("{date} {half}: the mark of pupil {pupil} stands as {stands}, and the facts say {what}");
        if same { differs.wrong.push(sentence) } else { differs.doubts.push(sentence) }
    }
    Ok(())
}

/// The anchors that date readings, against the facts that they came in.
fn anchors(tx: &WriteTx<'_>, differs: &mut Differs) -> Result<(), StoreError> {
    let wrong: i64 = tx.query_row(
        "SELECT count(*) FROM (
           SELECT log, seq, lower(hex(boot)) AS boot, mono, server, uncertainty FROM anchor
           EXCEPT
           SELECT log, seq, json_extract(body, '$.what.anchor.boot'), json_extract(body, '$.what.anchor.mono'),
                  json_extract(body, '$.what.anchor.server'), json_extract(body, '$.what.anchor.uncertainty')
           FROM fact WHERE json_extract(body, '$.what.kind') = 'anchored')",
        [],
        |r| r.get(0),
    )?;
    if wrong > 0 {
        differs
            .wrong
            .push(format!("{wrong} of the ties between a kiosk's clock and the server's are not what the kiosk wrote"));
    }
    Ok(())
}
