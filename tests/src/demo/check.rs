//! Joins the taps that were made with the record that the server exports: each tap exactly once, nothing besides, and
//! the marks that they come to.
//!
//! Must never: look anywhere but at the two lists.

use super::plan::{Bells, Lesson, Pupil};
use super::taps::Made;
use crate::process::Trouble;
use serde::Deserialize;
use shared::id::PupilId;
use std::collections::{BTreeMap, BTreeSet};

/// A row of `rollbook-server export facts`.
#[derive(Debug, Clone, Deserialize)]
pub struct FactRow {
    /// The kiosk's room.
    pub room: String,
    /// `marked`, `came_late`, `arrived`, `submitted` …
    pub kind: String,
    /// Morning or afternoon, `am` or `pm`.
    pub half: String,
    /// The class, for a fact of a register.
    pub class: String,
    /// The pupil, if it is about one.
    pub pupil: String,
    /// The teacher's word.
    pub mark: String,
    /// Not before this.
    pub taken_from_ms: i64,
    /// Not after this.
    pub taken_until_ms: i64,
    /// When the server had it.
    pub received_ms: i64,
    /// 1: held for the office.
    pub held: String,
    /// Its identity.
    pub first_log: String,
    /// Its identity.
    pub first_seq: String,
}

/// A row of `rollbook-server export marks`.
#[derive(Debug, Clone, Deserialize)]
pub struct MarkRow {
    /// `am` or `pm`.
    pub half: String,
    /// The class's name.
    pub class: String,
    /// The pupil.
    pub pupil: String,
    /// The code.
    pub code: String,
    /// Why it stands.
    pub reason: String,
    /// 1: not final.
    pub provisional: String,
}

/// Reads CSV with a header row.
///
/// # Errors
/// When a row does not fit.
pub fn rows<T: for<'de> Deserialize<'de>>(csv: &str) -> Result<Vec<T>, Trouble> {
    csv::Reader::from_reader(csv.as_bytes()).deserialize().map(|row| row.map_err(Into::into)).collect()
}

/// What the check found.
#[derive(Debug, Default)]
pub struct Found {
    /// Taps that were made.
    pub taps: usize,
    /// Of these, those that the kiosk was killed over, before it said "saved".
    pub unconfirmed: usize,
    /// Marks that were compared with what the taps come to.
    pub marks: usize,
    /// What is wrong, in words. Empty: it holds.
    pub wrong: Vec<String>,
}

/// Every tap is in the record exactly once, dated when it was made, and nothing is there that nobody tapped.
#[must_use]
pub fn taps_against_facts(taps: &[Made], facts: &[FactRow]) -> Found {
    let mut found = Found { taps: taps.len(), ..Found::default() };
    let mut identities = BTreeSet::new();
    let mut recorded: BTreeMap<(&str, &str, &str), Vec<&FactRow>> = BTreeMap::new();
    for fact in facts.iter().filter(|f| matches!(f.kind.as_str(), "marked" | "came_late" | "arrived")) {
        if !identities.insert((&fact.first_log, &fact.first_seq)) {
            found.wrong.push(format!("a fact of {} stands twice ({} {})", fact.room, fact.first_log, fact.first_seq));
        }
        if !matches!(fact.held.as_str(), "" | "0") {
            found.wrong.push(format!("a fact of {} is held and decides nothing", fact.room));
        }
        let what = if fact.kind == "marked" { fact.mark.as_str() } else { fact.kind.as_str() };
        recorded.entry((&fact.room, what, &fact.pupil)).or_default().push(fact);
    }
    let mut made: BTreeMap<(&str, &str, String), Vec<&Made>> = BTreeMap::new();
    for tap in taps {
        made.entry((&tap.tap.room, &tap.tap.what, tap.tap.pupil.to_string())).or_default().push(tap);
    }
    for ((room, what, pupil), taps) in &made {
        let mut facts = recorded.remove(&(*room, *what, pupil.as_str())).unwrap_or_default();
        facts.sort_by_key(|f| (f.taken_from_ms, f.taken_until_ms));
        let confirmed = taps.iter().filter(|t| t.saved.is_some()).count();
        found.unconfirmed += taps.len() - confirmed;
        // A tap that the plug was pulled on may have reached the disk, or not; never twice.
        if facts.len() < confirmed || facts.len() > taps.len() {
            found.wrong.push(format!(
                "{room}: {what} of pupil {pupil}: {confirmed} confirmed and {} made, but {} in the record",
                taps.len(),
                facts.len()
            ));
            continue;
        }
        // Each in its place in time: between the moment before the tap and the kiosk's "saved".
        if facts.len() == taps.len() {
            for (tap, fact) in taps.iter().zip(&facts) {
                let early = tap.saved.is_some_and(|saved| fact.taken_from_ms > saved.0);
                if fact.taken_until_ms < tap.tap.true_ms || early {
                    found.wrong.push(format!(
                        "{room}: tap {} was made at {} and is dated {} to {}",
                        tap.tap.tap, tap.tap.true_ms, fact.taken_from_ms, fact.taken_until_ms
                    ));
                }
            }
        }
    }
    for ((room, what, pupil), facts) in recorded {
        found
            .wrong
            .push(format!("{room}: {what} of pupil {pupil} is in the record {} times, never tapped", facts.len()));
    }
    found
}

/// What each pupil's mark must be, from the taps alone, where the rules leave one answer: `/` and `\` for present, L or U
/// by the clock, N for an absence that nobody explained.
#[must_use]
pub fn expected_marks(taps: &[Made], bells: Bells) -> BTreeMap<(PupilId, String), String> {
    let mut marks: BTreeMap<(PupilId, String), String> = BTreeMap::new();
    let (closes_am, closes_pm) = (bells.at(9, 20).0, bells.at(13, 30).0);
    let mut arrived: BTreeMap<PupilId, i64> = BTreeMap::new();
    // What no screen has confirmed was not promised: its own tile decided whether the teacher tapped again.
    for Made { tap, .. } in taps.iter().filter(|made| made.saved.is_some()) {
        if tap.what == "arrived" {
            arrived.entry(tap.pupil).or_insert(tap.true_ms);
            continue;
        }
        let closes = if tap.half == "am" { closes_am } else { closes_pm };
        let code = match (tap.what.as_str(), tap.half.as_str()) {
            ("present", "am") => "/",
            ("present", _) => "\\",
            ("absent", _) => "N",
            ("came_late", _) if tap.true_ms < closes => "L",
            ("came_late", _) => "U",
            _ => continue,
        };
        marks.insert((tap.pupil, tap.half.clone()), code.to_owned());
    }
    for (pupil, at) in arrived {
        let code = if at < closes_am { "L" } else { "U" };
        marks.insert((pupil, "am".to_owned()), code.to_owned());
    }
    marks
}

/// The marks that the record has are those.
pub fn marks_against_taps(found: &mut Found, expected: &BTreeMap<(PupilId, String), String>, marks: &[MarkRow]) {
    let mut recorded: BTreeMap<(String, String), &MarkRow> = BTreeMap::new();
    for mark in marks {
        if recorded.insert((mark.pupil.clone(), mark.half.clone()), mark).is_some() {
            found.wrong.push(format!("pupil {} has two marks in one session", mark.pupil));
        }
    }
    for ((pupil, half), code) in expected {
        found.marks += 1;
        match recorded.get(&(pupil.to_string(), half.clone())) {
            None => found.wrong.push(format!("pupil {pupil} has no mark in {half}, expected {code}")),
            Some(mark) if mark.code != *code => {
                found
                    .wrong
                    .push(format!("pupil {pupil} has {} in {half}, expected {code} ({})", mark.code, mark.reason));
            }
            Some(mark) if mark.provisional == "1" => {
                found.wrong.push(format!("pupil {pupil}: {code} in {half} is still provisional"));
            }
            Some(_) => {}
        }
    }
}

/// Whether everybody whom the day's plan names was marked as planned: a demo in which nobody tapped must fail.
pub fn nobody_forgotten(found: &mut Found, taps: &[Made], lessons: &[Vec<Lesson>], pupils: &[Vec<Pupil>]) {
    let tapped: BTreeSet<PupilId> = taps.iter().map(|t| t.tap.pupil).collect();
    let all: usize = pupils.iter().map(Vec::len).sum();
    if tapped.len() * 10 < all * 9 {
        found.wrong.push(format!("only {} of {all} pupils were tapped at all", tapped.len()));
    }
    let unconfirmed = taps.iter().filter(|t| t.saved.is_none()).count();
    if unconfirmed * 50 > taps.len() {
        found.wrong.push(format!("{unconfirmed} of {} taps were never confirmed by a screen", taps.len()));
    }
    for (room, lessons) in lessons.iter().enumerate() {
        if lessons.iter().any(|l| l.absent.iter().any(|p| !tapped.contains(p))) {
            found.wrong.push(format!("somebody in room {} was planned absent and never tapped", room + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::taps::Tap;
    use shared::time::Millis;

    fn made(tap: usize, what: &str, at: i64, saved: Option<i64>) -> Made {
        let tap = Tap {
            tap,
            true_ms: at,
            room: "Room 1".into(),
            what: what.into(),
            pupil: PupilId::from_bytes([1; 16]),
            half: "am".into(),
        };
        Made { tap, saved: saved.map(Millis) }
    }
    fn fact(mark: &str, from: i64, seq: u32) -> FactRow {
        FactRow {
            room: "Room 1".into(),
            kind: "marked".into(),
            half: "am".into(),
            class: String::new(),
            pupil: PupilId::from_bytes([1; 16]).to_string(),
            mark: mark.into(),
            taken_from_ms: from,
            taken_until_ms: from + 10,
            received_ms: from + 20,
            held: "0".into(),
            first_log: "a".into(),
            first_seq: seq.to_string(),
        }
    }

    #[test]
    fn the_check_can_fail() {
        let taps = [made(1, "present", 100, Some(115)), made(2, "absent", 200, Some(215))];
        let good = [fact("present", 101, 1), fact("absent", 201, 2)];
        assert!(taps_against_facts(&taps, &good).wrong.is_empty());
        let lost = taps_against_facts(&taps, &good[..1]);
        assert_eq!(lost.wrong.len(), 1, "a lost tap");
        let doubled = [good[0].clone(), good[1].clone(), fact("absent", 202, 3)];
        assert_eq!(taps_against_facts(&taps, &doubled).wrong.len(), 1, "a doubled tap");
        let invented = [good[0].clone(), good[1].clone(), fact("blank", 202, 3)];
        assert_eq!(taps_against_facts(&taps, &invented).wrong.len(), 1, "an invented one");
        let misdated = [fact("present", 101, 1), fact("absent", 5000, 2)];
        assert_eq!(taps_against_facts(&taps, &misdated).wrong.len(), 1, "a misdated one");
        let unconfirmed = [made(1, "present", 100, None)];
        assert!(taps_against_facts(&unconfirmed, &[]).wrong.is_empty(), "killed before it was saved");
        assert!(taps_against_facts(&unconfirmed, &good[..1]).wrong.is_empty(), "killed after it was saved");
    }
}
