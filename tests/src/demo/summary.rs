//! The table at the end of the demo's day.
//!
//! Must never: count anything but the rows that the server exported.

use super::check::{FactRow, Found, MarkRow};
use super::plan::Bells;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The day in a table. `classes`: id and name of every class.
#[must_use]
pub fn table(marks: &[MarkRow], facts: &[FactRow], classes: &[(String, String)], bells: Bells) -> String {
    let mut out = String::new();
    let mut by_code: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for mark in marks {
        let both = by_code.entry(&mark.code).or_default();
        if mark.half == "am" { both.0 += 1 } else { both.1 += 1 }
    }
    let _ = writeln!(out, "\n  code   morning   afternoon");
    for (code, (am, pm)) in &by_code {
        let _ = writeln!(out, "  {code:<4} {am:>9} {pm:>11}");
    }
    let late = |code: &str| by_code.get(code).map_or(0, |(am, pm)| am + pm);
    let _ = writeln!(out, "\n  late before close (L) {:>5}    after close (U) {:>5}", late("L"), late("U"));

    for (half, word, closes) in [("am", "morning", bells.at(9, 20).0), ("pm", "afternoon", bells.at(13, 30).0)] {
        let submitted: BTreeMap<&str, i64> = facts
            .iter()
            .filter(|f| f.kind == "submitted" && f.half == half)
            .map(|f| (f.class.as_str(), f.received_ms))
            .collect();
        let missing: Vec<&str> = classes
            .iter()
            .filter(|(id, _)| !submitted.contains_key(id.as_str()))
            .map(|(_, name)| name.as_str())
            .collect();
        let after: BTreeSet<&str> = classes
            .iter()
            .filter(|(id, _)| submitted.get(id.as_str()).is_some_and(|at| *at >= closes))
            .map(|(_, name)| name.as_str())
            .collect();
        let _ = writeln!(out, "  {word}: {} of {} registers in", classes.len() - missing.len(), classes.len());
        if !missing.is_empty() {
            let _ = writeln!(out, "    missing: {}", missing.join(", "));
        }
        if !after.is_empty() {
            let after: Vec<&str> = after.into_iter().collect();
            let _ = writeln!(out, "    received after close, taken in time: {}", after.join(", "));
        }
    }
    let late_facts = facts.iter().filter(|f| f.received_ms - f.taken_until_ms > 10 * 60_000).count();
    let _ = writeln!(out, "  received more than ten minutes after they were tapped: {late_facts} facts");
    out
}

/// The check in words.
#[must_use]
pub fn verdict(found: &Found) -> String {
    let mut out = format!(
        "\n  {} taps made, {} of them not confirmed (the plug was pulled, or the screen went back); {} marks compared\n",
        found.taps, found.unconfirmed, found.marks
    );
    if found.wrong.is_empty() {
        out += "  Every tap is in the record exactly once, and every mark is what the taps come to.\n";
    } else {
        let _ = writeln!(out, "  {} things are wrong:", found.wrong.len());
        for wrong in found.wrong.iter().take(20) {
            let _ = writeln!(out, "    {wrong}");
        }
    }
    out
}
