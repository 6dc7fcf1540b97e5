//! `school calendar show`, `school calendar set`: terms, closures and times as JSON that a person edits.
//!
//! Must never: put a calendar in force that contradicts itself, or change one that stood before: each is a version.

use super::{Outcome, chosen};
use crate::school;
use crate::store::Stores;
use shared::act::Officer;
use shared::calendar::{BadCalendar, Calendar, Draft, Half};
use shared::text::Name;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Subcommand)]
pub(super) enum Args {
    /// Print the calendar in force, to be edited and set again.
    Show {
        /// The school, if there are several.
        #[arg(long)]
        school: Option<String>,
    },
    /// Check a calendar and put it in force from now on. The versions before it are kept.
    Set {
        /// The school, if there are several.
        #[arg(long)]
        school: Option<String>,
        /// The calendar as JSON, as `school calendar show` prints it.
        file: PathBuf,
        /// Who sets it, as "name, position": it stands in the record of each close.
        #[arg(long)]
        set_by: String,
        /// Only check it.
        #[arg(long)]
        dry_run: bool,
    },
}

pub(super) fn run(args: &Args, stores: &Stores) -> Outcome {
    match args {
        Args::Show { school } => {
            let school = chosen(stores, school.as_deref())?;
            let (calendar, set) = school.read_now(|tx| {
                let newest = "SELECT set_by FROM calendar ORDER BY id DESC LIMIT 1";
                Ok((tx.calendar()?, tx.query_row(newest, [], |r| r.get::<_, String>(0))?))
            })?;
            println!("{}", serde_json::to_string_pretty(calendar.draft())?);
            eprintln!("Set by {set}.");
        }
        Args::Set { school, file, set_by, dry_run } => {
            let school = chosen(stores, school.as_deref())?;
            let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
            let calendar = read(&text).map_err(|e| format!("{}: {e}. Nothing was changed", file.display()))?;
            let now = stores.clock().now();
            let by = person(set_by)?;
            if *school.read_now(|tx| tx.calendar())? == calendar {
                println!("This calendar is in force already.");
                return Ok(ExitCode::SUCCESS);
            }
            if *dry_run {
                println!("{}: sound. Nothing was changed.", file.display());
                return Ok(ExitCode::SUCCESS);
            }
            school.write_now(move |tx| school::set_calendar(tx, now, &by, &calendar))?;
            println!(
                "In force from now on. Kiosks learn it at their next exchange; what is in the record stays as it is."
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// "name, position" as the record has a person.
pub(super) fn person(set_by: &str) -> Result<Officer, String> {
    let (name, position) = set_by
        .split_once(',')
        .filter(|(name, position)| !name.trim().is_empty() && !position.trim().is_empty())
        .ok_or("--set-by: say name and position, as \"Ada Head, headteacher\"")?;
    let text = |text: &str| Name::new(text).map_err(|bad| format!("--set-by: {bad}"));
    Ok(Officer::Person { name: text(name)?, position: text(position)? })
}

/// Reads a calendar; what is wrong is said with its line and what to do.
pub(super) fn read(text: &str) -> Result<Calendar, String> {
    let draft: Draft = serde_json::from_str(text).map_err(|e| {
        let remedy = match e.classify() {
            serde_json::error::Category::Data => {
                "a date is written \"2026-09-01\", a time \"08:50:00\", a weekday \"Mon\"; compare with `school calendar show`"
            }
            _ => "look for a comma, quote or bracket that is missing or too many there or just before",
        };
        format!("{e}: {remedy}")
    })?;
    Calendar::new(draft).map_err(|bad| match line_of(text, &bad) {
        Some(line) => format!("line {line}: {bad}"),
        None => bad.to_string(),
    })
}

/// The line that a contradiction is about, as far as a text tells.
fn line_of(text: &str, bad: &BadCalendar) -> Option<usize> {
    let lines: Vec<&str> = text.lines().collect();
    let quoted = |word: &dyn std::fmt::Display| format!("\"{word}\"");
    let section = |name: &str| lines.iter().position(|l| l.contains(&quoted(&name))).unwrap_or(0);
    let find = |from: usize, words: &[String]| {
        (from..lines.len()).find(|i| words.iter().all(|w| lines[*i].contains(w.as_str())))
    };
    let last = |from: usize, words: &[String]| {
        (from..lines.len()).rfind(|i| words.iter().all(|w| lines[*i].contains(w.as_str())))
    };
    let times = |date: &chrono::NaiveDate, half: Option<&Half>| {
        let single = find(section("one_days"), &[quoted(&"date"), quoted(date)]);
        let table = find(section("timetables"), &[quoted(&"from"), quoted(date)]);
        let at = match (single, table) {
            (_, Some(table)) => {
                let half = half.map(|half| quoted(&if *half == Half::Am { "am" } else { "pm" }));
                half.and_then(|half| find(table, &[half])).or(Some(table))
            }
            (single, None) => single,
        }?;
        Some(at)
    };
    let at = match bad {
        BadCalendar::Backwards { until, .. } => find(0, &[quoted(&"until"), quoted(until)]),
        BadCalendar::TermsOverlap { other, .. } => find(0, &[quoted(other)]),
        BadCalendar::HalfTermOutside { term } => {
            find(0, &[quoted(term)]).and_then(|at| find(at, &[quoted(&"half_term")]).or(Some(at)))
        }
        BadCalendar::NoTimetable { term, .. } => find(0, &[quoted(term)]),
        BadCalendar::TwoTimetables { from } => last(section("timetables"), &[quoted(&"from"), quoted(from)]),
        BadCalendar::TwoOneDays { session } => last(section("one_days"), &[quoted(&"date"), quoted(&session.date)]),
        BadCalendar::TimesOutOfOrder { date, half } | BadCalendar::OpenTooLong { date, half, .. } => {
            times(date, Some(half))
        }
        BadCalendar::HalvesOverlap { date } => times(date, None),
    };
    at.map(|i| i + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pretty() -> String {
        serde_json::to_string_pretty(Calendar::sample_primary(2026).unwrap().draft()).unwrap()
    }

    #[test]
    fn what_is_shown_can_be_set() {
        assert_eq!(read(&pretty()).unwrap(), Calendar::sample_primary(2026).unwrap());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let text = pretty();
        let closes = text.lines().position(|l| l.contains("\"closes\": \"09:20:00\"")).unwrap();
        let am = (0..closes).rev().find(|i| text.lines().nth(*i).unwrap().contains("\"am\"")).unwrap() + 1;
        let wrong = read(&text.replacen("09:20:00", "09:40:00", 1)).unwrap_err();
        assert!(wrong.starts_with(&format!("line {am}: ")) && wrong.contains("the law allows 30"), "{wrong}");

        let wrong = read(&text.replacen("\"closes\"", "\"shuts\"", 1)).unwrap_err();
        assert!(wrong.contains(&format!("line {}", closes + 1)) && wrong.contains("compare with"), "{wrong}");
        let wrong = read(&text.replacen("09:20:00", "nine twenty", 1)).unwrap_err();
        assert!(wrong.contains(&format!("line {}", closes + 1)) && wrong.contains("a time \"08:50:00\""), "{wrong}");
        let wrong = read(&text.replacen("\"09:20:00\",", "\"09:20:00\"", 1)).unwrap_err();
        assert!(wrong.contains(&format!("line {}", closes + 2)) && wrong.contains("comma"), "{wrong}");

        let term = text.lines().position(|l| l.contains("\"until\"")).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines[term] = "        \"until\": \"1999-01-01\"".to_owned();
        let wrong = read(&lines.join("\n")).unwrap_err();
        assert!(wrong.starts_with(&format!("line {}: ", term + 1)) && wrong.contains("before the first"), "{wrong}");
    }
}
