//! The words that pages share: times, dates, sessions, questions, answers.
//!
//! Must never: name a person, or use a word that the office would not.

use chrono::NaiveDate;
use shared::calendar::{Calendar, Half, SessionKey};
use shared::codes::Code;
use shared::register::{Answer, QuestionKind};
use shared::time::Millis;

/// "Monday 23 November"
#[must_use]
pub fn day(date: NaiveDate) -> String {
    date.format("%A %-d %B").to_string()
}
/// "Mon 23 Nov"
#[must_use]
pub fn short_day(date: NaiveDate) -> String {
    date.format("%a %-d %b").to_string()
}
/// "23 November 2026"
#[must_use]
pub fn full_day(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}
/// "morning"
#[must_use]
pub const fn half(half: Half) -> &'static str {
    match half {
        Half::Am => "morning",
        Half::Pm => "afternoon",
    }
}
/// "Monday 23 November, morning"
#[must_use]
pub fn session(key: SessionKey) -> String {
    format!("{}, {}", day(key.date), half(key.half))
}
/// "Mon 23 Nov, morning", "Mon 23 Nov, all day", "Mon 23 Nov, morning until Fri 27 Nov, afternoon"
#[must_use]
pub fn stretch(from: SessionKey, until: SessionKey) -> String {
    let part = |key: SessionKey| format!("{}, {}", short_day(key.date), half(key.half));
    match (from.date == until.date, from.half == until.half) {
        (true, true) => part(from),
        (true, false) => format!("{}, all day", short_day(from.date)),
        (false, _) => format!("{} until {}", part(from), part(until)),
    }
}
/// "V, Educational visit or trip · the museum"
#[must_use]
pub fn planned(code: Code, detail: Option<&str>) -> String {
    match detail {
        Some(detail) => format!("{code}, {} · {detail}", code.meaning()),
        None => format!("{code}, {}", code.meaning()),
    }
}
/// "08:57"
#[must_use]
pub fn clock(calendar: &Calendar, at: Millis) -> String {
    calendar.local(at).format("%H:%M").to_string()
}
/// "08:57" on the day itself, "20 Nov 08:57" on another.
#[must_use]
pub fn moment(calendar: &Calendar, at: Millis, today: NaiveDate) -> String {
    let local = calendar.local(at);
    let form = if local.date() == today { "%H:%M" } else { "%-d %b %H:%M" };
    local.format(form).to_string()
}
/// "23 November 2026, 08:57": with its date, whatever day it is read on.
#[must_use]
pub fn dated(calendar: &Calendar, at: Millis) -> String {
    calendar.local(at).format("%-d %B %Y, %H:%M").to_string()
}
/// "1 pupil", "3 pupils"
#[must_use]
pub fn count(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

/// A name as people sort it: "Room 9" before "Room 10".
#[must_use]
pub fn counted(room: &str) -> (String, u64) {
    let words = room.trim_end_matches(|c: char| c.is_ascii_digit());
    (words.to_lowercase(), room[words.len()..].parse().unwrap_or(0))
}

/// A question as a person reads it.
pub struct Asked {
    /// In a few words.
    pub title: &'static str,
    /// What happened, and what is wanted.
    pub text: &'static str,
}

/// The words of a kind of question.
#[must_use]
pub const fn asked(kind: QuestionKind) -> Asked {
    let (title, text) = match kind {
        QuestionKind::NotInClass => (
            "In the building, not in class",
            "Signed in at reception, and marked absent by the teacher. Find the pupil first; do not call home yet.",
        ),
        QuestionKind::LateRegister => (
            "Register taken after it had closed",
            "Pupils were marked present for the first time after the register had closed. Their marks stand as tapped, \
             not as late. Amend any pupil who really came late.",
        ),
        QuestionKind::Disagrees => (
            "A later mark disagrees with the office",
            "The office's entry stands. What came in later says something else: look at the history, and amend if it is \
             right.",
        ),
        QuestionKind::NoTile => (
            "Was not on the teacher's screen",
            "On the roll, but the screen that was submitted did not show this pupil yet. Say whether the pupil was here.",
        ),
        QuestionKind::AgainstCode => (
            "Came in, though expected elsewhere",
            "An arrival or a mark contradicts the code that stands. The code was left as it is.",
        ),
        QuestionKind::ClosedDay => (
            "Marked on a day without school",
            "Marks came in for a session that the calendar does not have. They are kept, and count for nothing.",
        ),
        QuestionKind::OtherKiosk => (
            "Marked present in another room",
            "A kiosk that does not take this class's register says present. Say where the pupil was.",
        ),
        QuestionKind::UnsureTime => (
            "The time is not certain",
            "The kiosk's clock was not known yet. The code least against the pupil stands for now. This settles itself \
             when the kiosk has met the server; answer only if you know better.",
        ),
        QuestionKind::Note => (
            "The teacher told you something",
            "A note from the classroom about this pupil. It changes no mark: amend the mark, plan an absence or call home if \
             it says so, then answer that you have seen it.",
        ),
        QuestionKind::ChangeAsked => (
            "The teacher asks for a change",
            "The register had closed, so the classroom cannot change this mark any more. Look at the history, and say what \
             is right.",
        ),
        QuestionKind::NotOnRoll => (
            "Not on the roll of that session",
            "A mark came in for a pupil who was not on this roll that day. It is kept, and counts for nothing.",
        ),
    };
    Asked { title, text }
}

/// An answer as the button says it.
#[must_use]
pub const fn answer(kind: QuestionKind, answer: Answer) -> &'static str {
    match (kind, answer) {
        (QuestionKind::LateRegister, Answer::Stands) => "The marks are right as they stand",
        (QuestionKind::ClosedDay | QuestionKind::NotOnRoll, Answer::Stands) => "Seen, nothing to change",
        (QuestionKind::Note, Answer::Stands) => "Seen",
        (_, Answer::Stands) => "Leave it as it stands",
        (QuestionKind::NotInClass, Answer::Present) => "Found, and in class now",
        (QuestionKind::NotInClass, Answer::Absent) => "Not here after all",
        (QuestionKind::OtherKiosk, Answer::Absent) => "Not here",
        (_, Answer::Present) => "Here on time",
        (_, Answer::Late) => "Came late, before the register closed",
        (_, Answer::AfterClose) => "Came after the register had closed",
        (_, Answer::Absent) => "Not here, no reason known",
    }
}

/// A kind as it stands in addresses and in the file.
#[must_use]
pub fn kind(kind: QuestionKind) -> String {
    serde_json::to_value(kind).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}
/// The kind of a word.
#[must_use]
pub fn kind_of(word: &str) -> Option<QuestionKind> {
    serde_json::from_value(serde_json::Value::from(word)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_counts_read_as_people_say_them() {
        let date = NaiveDate::from_ymd_opt(2026, 11, 3).unwrap();
        assert_eq!(session(SessionKey { date, half: Half::Am }), "Tuesday 3 November, morning");
        assert_eq!(count(1, "pupil", "pupils"), "1 pupil");
        assert_eq!(count(0, "pupil", "pupils"), "0 pupils");
    }

    #[test]
    fn rooms_are_sorted_as_people_count() {
        let mut rooms = ["Room 10", "Room 9", "Hall", "Łódź 2"];
        rooms.sort_by_cached_key(|room| counted(room));
        assert_eq!(rooms, ["Hall", "Room 9", "Room 10", "Łódź 2"]);
    }

    #[test]
    fn kinds_survive_an_address() {
        for k in [QuestionKind::NotInClass, QuestionKind::UnsureTime, QuestionKind::Note] {
            assert_eq!(kind_of(&kind(k)), Some(k));
        }
        assert_eq!(kind_of("not-a-kind"), None);
    }
}
