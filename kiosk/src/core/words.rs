//! Small words: dates, times, counts, lists. British English, calm, no exclamation marks.
//!
//! Must never: be put together in the window's code, where no test reads them.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use shared::calendar::{Half, SessionKey};

/// Notes to the office, until the school chooses its own.
pub(super) const NOTES: [&str; 8] = [
    "Seems unwell",
    "Went home with a parent",
    "Went to first aid",
    "Parent told me: ill tomorrow too",
    "Parent told me: an appointment",
    "Parent told me: please ring them",
    "Please ring home",
    "Please come to the classroom",
];

pub(super) const NOT_SAVED: &str = "That could not be saved and was taken back. Please use paper and tell IT.";
pub(super) const NOBODY_TO_CALL: &str = "There is no name to call.";

pub(super) const EVERYONE_MARKED: &str = "Everyone is marked";
pub(super) const NO_BLANKS: &str = "No blanks left";
pub(super) const POSITIVE: &str = "Each pupil is marked by hand";
pub(super) const TOUCH_TO_BEGIN: &str = "Touch to begin";
pub(super) const SUBMIT: &str = "Submit";
pub(super) const SUBMIT_AGAIN: &str = "Submit again";
pub(super) const LOCKED: &str =
    "This register has closed. Tap a name if somebody came later, or to ask the office for a change.";
pub(super) const CHANGE_A_MARK: &str = "Change a mark";
pub(super) const AFTER_CLOSE_BUTTON: &str = "Somebody came later, or a mark is wrong";
pub(super) const LAST_NAME: &str = "This is the last name.";
pub(super) const LEAVE: &str = "Leave as it is";
pub(super) const BACK: &str = "Back";
pub(super) const MORE_TITLE: &str = "What else?";
pub(super) const CALL_NAMES: &str = "Call the names one by one";
pub(super) const SORT_FIRST: &str = "Sort by first name";
pub(super) const SORT_LAST: &str = "Sort by surname";
pub(super) const WRITE_NOTE: &str = "A note to the office";
pub(super) const BRING_VISITOR: &str = "A visitor from another class";
pub(super) const NOTE_WHOM: &str = "Whom is the note about? Tap a name.";
pub(super) const NOTE_WORDS: &str = "Only the office can read it.";
pub(super) const VISITOR_CLASS: &str = "From which class is the visitor?";
pub(super) const VISITOR_WORDS: &str = "The pupil is noted here, and the office tells their own class.";
pub(super) const CAME_NOW: &str = "Has come in now";
pub(super) const ASK_PRESENT: &str = "Ask the office: was here from the start";
pub(super) const ASK_LATE: &str = "Ask the office: came late";
pub(super) const ASK_ABSENT: &str = "Ask the office: was not here";
pub(super) const CLOSED_WORDS: &str = "The register has closed, so only the office can change this mark.";
pub(super) const FLAG_ASKED: &str = "office asked";
pub(super) const FLAG_TOLD: &str = "office told";
pub(super) const FLAG_VISITOR: &str = "visitor";

/// "Mark the 5 blanks present", or nothing.
pub(super) fn fill(blanks: usize) -> String {
    match blanks {
        0 => String::new(),
        1 => "Mark the blank present".to_owned(),
        n => format!("Mark the {n} blanks present"),
    }
}
/// "Ben O: what happened?"
pub(super) fn closed_about(who: &str) -> String {
    format!("{who}: what happened?")
}
/// "5 pupils have no mark yet."
pub(super) fn blanks_left(n: usize) -> String {
    if n == 1 { "One pupil has no mark yet.".to_owned() } else { format!("{n} pupils have no mark yet.") }
}
/// "Every name was called."
pub(super) fn all_called(blanks: usize) -> String {
    if blanks == 0 { "Every name was called.".to_owned() } else { blanks_left(blanks) }
}
/// "Ben O has come in. The office is told."
pub(super) fn came_in(who: &str) -> String {
    format!("{who} has come in. The office is told.")
}
/// "The office is asked about Ben O."
pub(super) fn office_asked(who: &str) -> String {
    format!("The office is asked about {who}.")
}
/// "The office has your note about Ben O." It does not say what the note said: pupils can see the screen.
pub(super) fn note_sent(who: &str) -> String {
    format!("Your note about {who} goes to the office.")
}
/// "Kian Y is noted here. The office is told."
pub(super) fn visitor_here(who: &str) -> String {
    format!("{who} is noted here. The office is told.")
}

/// "Monday 23 November".
pub(super) fn date(date: NaiveDate) -> String {
    format!("{} {} {}", date.format("%A"), date.day(), date.format("%B"))
}

/// "09:07".
pub(super) fn clock(at: NaiveDateTime) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// "Morning", "Afternoon".
pub(super) const fn half(half: Half) -> &'static str {
    match half {
        Half::Am => "Morning",
        Half::Pm => "Afternoon",
    }
}

/// "Monday 23 November · Morning".
pub(super) fn session(key: SessionKey) -> String {
    format!("{} · {}", date(key.date), half(key.half))
}

/// "November", of 11.
pub(super) fn month(n: u8) -> &'static str {
    chrono::Month::try_from(n).map_or("", |m| m.name())
}

/// "Good morning", "Good afternoon", or "Hello" when nobody knows.
pub(super) fn greeting(at: Option<NaiveDateTime>) -> &'static str {
    match at.map(|t| t.hour()) {
        Some(0..12) => "Good morning",
        Some(_) => "Good afternoon",
        None => "Hello",
    }
}

/// "1 minute", "12 minutes".
pub(super) fn minutes(n: u16) -> String {
    if n == 1 { "1 minute".to_owned() } else { format!("{n} minutes") }
}

/// "24:10" for a span of milliseconds; "1 h 05" from an hour on.
pub(super) fn countdown(ms: i64) -> String {
    let s = ms.max(0).div_euclid(1000);
    if s < 3600 { format!("{:02}:{:02}", s / 60, s % 60) } else { format!("{} h {:02}", s / 3600, s % 3600 / 60) }
}

/// "Ben O, Noah V and 3 more".
pub(super) fn list(names: &[String], most: usize) -> String {
    if names.len() <= most {
        return match names {
            [] => String::new(),
            [one] => one.clone(),
            [head @ .., last] => format!("{} and {last}", head.join(", ")),
        };
    }
    format!("{} and {} more", names[..most].join(", "), names.len() - most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_times_and_spans() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        assert_eq!(date(day), "Monday 23 November");
        assert_eq!(session(SessionKey { date: day, half: Half::Pm }), "Monday 23 November · Afternoon");
        assert_eq!(countdown(1_450_000), "24:10");
        assert_eq!(countdown(-5), "00:00");
        assert_eq!(countdown(3_900_000), "1 h 05");
    }

    #[test]
    fn lists() {
        let names: Vec<String> = ["Ben O", "Noah V", "Zara P"].map(String::from).to_vec();
        assert_eq!(list(&names, 3), "Ben O, Noah V and Zara P");
        assert_eq!(list(&names, 1), "Ben O and 2 more");
        assert_eq!(list(&[], 3), "");
    }
}
