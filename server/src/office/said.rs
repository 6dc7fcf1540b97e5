//! What a teacher told the office, or asked it to change, in words: read from the facts that raise the question.
//!
//! Must never: be shown to anybody whose role does not see reasons.

use crate::school;
use crate::store::StoreError;
use crate::store::columns::{DateCol, HalfCol, json};
use rusqlite::{Connection, OptionalExtension as _, params};
use shared::observation::{Observation, Observed, Wish};
use shared::register::{QuestionKey, QuestionKind};

/// "Ms Patel: seems unwell", one for each thing that was said; empty for a question of another kind.
///
/// # Errors
/// An accident of the store.
pub fn said(c: &Connection, key: &QuestionKey) -> Result<Vec<String>, StoreError> {
    let Some(pupil) = key.pupil.filter(|_| matches!(key.kind, QuestionKind::Note | QuestionKind::ChangeAsked)) else {
        return Ok(Vec::new());
    };
    let mut found = c.prepare_cached(
        "SELECT f.body FROM fact_about a JOIN fact f ON f.log = a.log AND f.seq = a.seq JOIN log l ON l.id = f.log
         WHERE a.date = ?1 AND a.half = ?2 AND a.about = ?3 AND f.held = 0 AND f.body IS NOT NULL AND l.kiosk IS NOT NULL
         ORDER BY f.received_at, f.log, f.seq",
    )?;
    let bodies: Vec<String> = found
        .query_map(params![DateCol(key.session.date), HalfCol(key.session.half), pupil.as_bytes()], |r| r.get(0))?
        .collect::<Result<_, _>>()?;
    let mut out: Vec<String> = Vec::new();
    for body in bodies {
        let fact: Observed = json(&body, "a fact of a kiosk")?;
        let words = match (&fact.what, key.kind) {
            (Observation::Noted { note, .. }, QuestionKind::Note) => {
                let opened = note.as_ref().map(|sealed| school::open_reason(c, sealed)).transpose()?.flatten();
                opened.unwrap_or_else(|| "something that cannot be read; please ask".to_owned())
            }
            (Observation::ChangeAsked { wish, .. }, QuestionKind::ChangeAsked) => match wish {
                Wish::Present => "was here from the start",
                Wish::Late => "came late",
                Wish::Absent => "was not here",
            }
            .to_owned(),
            _ => continue,
        };
        let by: Option<String> = match fact.by {
            Some(staff) => c
                .prepare_cached("SELECT name FROM staff WHERE id = ?1")?
                .query_row([staff.as_bytes()], |r| r.get(0))
                .optional()?,
            None => None,
        };
        let line = format!("{}: {words}", by.unwrap_or_else(|| "Nobody signed on".to_owned()));
        if !out.contains(&line) {
            out.push(line); // a log that was begun anew says it again
        }
    }
    Ok(out)
}
