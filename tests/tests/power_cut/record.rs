//! What the kiosk called saved, joined with what the server exports.
//!
//! Must never: count a mark that stands twice as there.

use crate::sitting::Confirmed;
use rollbook_tests::demo::check::{FactRow, rows};
use rollbook_tests::demo::plan::Room;
use std::collections::BTreeMap;

/// Joins what the kiosk had confirmed with what the server exports. Answers what is wrong, in words.
pub fn join(confirmed: &[Confirmed], made: &[(String, String)], facts: &[FactRow]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut recorded: BTreeMap<(&str, &str), Vec<(String, String)>> = BTreeMap::new();
    for fact in facts {
        let what = if fact.kind == "marked" { &fact.mark } else { &fact.kind };
        let about = (fact.pupil.clone(), what.clone());
        recorded.entry((&fact.first_log, &fact.first_seq)).or_default().push(about);
        if fact.held != "0" {
            wrong.push(format!("{} {} is held", fact.first_log, fact.first_seq));
        }
    }
    for word in confirmed {
        let seq = word.seq.to_string();
        match recorded.get(&(word.log.as_str(), seq.as_str())).map(Vec::as_slice) {
            None => wrong.push(format!("{word:?} was called saved and is not in the record")),
            Some([one]) if *one == word.about => {}
            Some(other) => wrong.push(format!("{word:?} stands in the record as {other:?}")),
        }
    }
    let count = |all: &mut dyn Iterator<Item = (String, String)>| {
        let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
        all.for_each(|about| *counts.entry(about).or_default() += 1);
        counts
    };
    let made = count(&mut made.iter().cloned());
    for (about, times) in count(&mut recorded.into_values().flatten()) {
        let taps = made.get(&about).copied().unwrap_or(0);
        if times > taps {
            wrong.push(format!("{about:?} was tapped {taps} times and is in the record {times} times"));
        }
    }
    wrong
}

pub fn facts_of(room: &Room, exported: &str) -> Vec<FactRow> {
    rows::<FactRow>(exported).unwrap().into_iter().filter(|f| f.room == room.name).collect()
}
