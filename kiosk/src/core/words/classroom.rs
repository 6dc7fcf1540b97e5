//! The words of a classroom: signing on, the register, calling names, what lies over a register, and the register that is in.
//!
//! Must never: say why a pupil is absent.

use super::{beside, clock, half, lower_first, minutes, session};
use chrono::NaiveDateTime;
use shared::calendar::{Half, SessionKey};

/// Notes to the office, until the school chooses its own.
pub(crate) const NOTES: [&str; 8] = [
    "Seems unwell",
    "Went home with a parent",
    "Went to first aid",
    "Parent told me: ill tomorrow too",
    "Parent told me: an appointment",
    "Parent told me: please ring them",
    "Please ring home",
    "Please come to the classroom",
];

pub(crate) const NOT_SAVED: &str = "That could not be saved. Please use paper and tell IT.";
pub(crate) const NOBODY_TO_CALL: &str = "There is no name to call.";

pub(crate) const EVERYONE_MARKED: &str = "Everyone is marked";
pub(crate) const NO_BLANKS: &str = "No blanks left";
pub(crate) const POSITIVE: &str = "Each pupil is marked by hand";
pub(crate) const TOUCH_TO_BEGIN: &str = "Touch to begin";
pub(crate) const SUBMIT: &str = "Submit";
pub(crate) const SUBMIT_AGAIN: &str = "Submit again";
pub(crate) const LOCKED: &str =
    "This register has closed. Tap a name if somebody came later, or to ask the office for a change.";
pub(crate) const CHANGE_A_MARK: &str = "Change a mark";
pub(crate) const AFTER_CLOSE_BUTTON: &str = "Somebody came later, or a mark is wrong";
pub(crate) const LAST_NAME: &str = "This is the last name.";
pub(crate) const LEAVE: &str = "Leave as it is";
pub(crate) const BACK: &str = "Back";
pub(crate) const MORE_TITLE: &str = "What else?";
pub(crate) const CALL_NAMES: &str = "Call the names one by one";
pub(crate) const SORT_FIRST: &str = "Sort by first name";
pub(crate) const SORT_LAST: &str = "Sort by surname";
pub(crate) const WRITE_NOTE: &str = "A note to the office";
pub(crate) const BRING_VISITOR: &str = "A visitor from another class";
pub(crate) const NOTE_WHOM: &str = "Whom is the note about? Tap a name.";
pub(crate) const NOTE_WORDS: &str = "Only the office can read it.";
pub(crate) const VISITOR_CLASS: &str = "From which class is the visitor?";
pub(crate) const VISITOR_WORDS: &str = "The pupil is noted here, and the office tells their own class.";
pub(crate) const CAME_NOW: &str = "Has come in now";
pub(crate) const ASK_PRESENT: &str = "Ask the office: was here from the start";
pub(crate) const ASK_LATE: &str = "Ask the office: came late";
pub(crate) const ASK_ABSENT: &str = "Ask the office: was not here";
pub(crate) const CLOSED_WORDS: &str = "The register has closed, so only the office can change this mark.";
pub(crate) const FLAG_ASKED: &str = "office asked";
pub(crate) const FLAG_TOLD: &str = "office told";
pub(crate) const FLAG_VISITOR: &str = "visitor";

/// "Mark the 5 blanks present", or nothing.
pub(crate) fn fill(blanks: usize) -> String {
    match blanks {
        0 => String::new(),
        1 => "Mark the blank present".to_owned(),
        n => format!("Mark the {n} blanks present"),
    }
}
/// "Ben O: what happened?"
pub(crate) fn closed_about(who: &str) -> String {
    format!("{who}: what happened?")
}
/// "5 pupils have no mark yet."
pub(crate) fn blanks_left(n: usize) -> String {
    if n == 1 { "One pupil has no mark yet.".to_owned() } else { format!("{n} pupils have no mark yet.") }
}
/// "Every name was called."
pub(crate) fn all_called(blanks: usize) -> String {
    if blanks == 0 { "Every name was called.".to_owned() } else { blanks_left(blanks) }
}
/// "Ben O has come in. The office is told."
pub(crate) fn came_in(who: &str) -> String {
    format!("{who} has come in. The office is told.")
}
/// "The office is asked about Ben O."
pub(crate) fn office_asked(who: &str) -> String {
    format!("The office is asked about {who}.")
}
/// "The office has your note about Ben O." It does not say what the note said: pupils can see the screen.
pub(crate) fn note_sent(who: &str) -> String {
    format!("Your note about {who} goes to the office.")
}
/// "Kian Y is noted here. The office is told."
pub(crate) fn visitor_here(who: &str) -> String {
    format!("{who} is noted here. The office is told.")
}

// Signing on.

pub(crate) const THIS_CLASS: &str = "This class";
pub(crate) const NO_SCHOOL_TODAY: &str = "No school today.";
pub(crate) const WILL_ASK: &str = "This kiosk has not met the server yet. It will ask which session it is.";
pub(crate) const TYPE_PIN: &str = "Type your PIN";
pub(crate) const WRONG_PIN: &str = "That was not it. Try again.";
pub(crate) const SIGNED_ON_ALREADY: &str = "You are signed on already.";
pub(crate) const SIGNED_ON_PICK: &str = "You are signed on already. Pick a register.";
pub(crate) const CARD_NOT_KNOWN: &str = "That card is not known here.";
pub(crate) const CARD_NOT_KNOWN_PICK: &str = "That card is not known here. Pick your name instead.";
pub(crate) const NO_REGISTER_TODAY: &str = "No register today";

/// "Good morning. Tap your card, or pick your name."
pub(crate) fn invitation(at: Option<NaiveDateTime>) -> String {
    format!("{}. Tap your card, or pick your name.", super::greeting(at))
}
/// "Morning register: not taken yet".
pub(crate) fn how_far(of: Half, progress: &str) -> String {
    format!("{} register: {}", half(of), lower_first(progress))
}
/// "The morning register of 3 Willow closes at 09:20. Nobody has begun it."
pub(crate) fn closes_soon(of: Half, classes: &[String], at: &str) -> String {
    let half = lower_first(half(of));
    match classes {
        [one] => format!("The {half} register of {one} closes at {at}. Nobody has begun it."),
        _ => format!("The {half} registers of {} close at {at}. Nobody has begun them.", super::list(classes, 4)),
    }
}
/// "Too many tries. Please use your card, or wait 5 minutes."
pub(crate) fn locked_pin(left: u16) -> String {
    format!("Too many tries. Please use your card, or wait {}.", minutes(left))
}
/// "That was not it. Please wait 30 seconds."
pub(crate) fn wait_seconds(seconds: i64) -> String {
    if seconds == 1 {
        "That was not it. Please wait a second.".to_owned()
    } else {
        format!("That was not it. Please wait {seconds} seconds.")
    }
}
/// "The calendar has no school on Saturday 28 November."
pub(crate) fn no_school_on(date: chrono::NaiveDate) -> String {
    format!("The calendar has no school on {}.", super::date(date))
}

// Which register.

pub(crate) const NOT_TAKEN: &str = "Not taken yet";
pub(crate) const SUBMITTED: &str = "Submitted";
pub(crate) const NO_DAY_KNOWN: (&str, &str) = (
    "This kiosk knows no school day yet",
    "It needs the network once to fetch the timetable. Until then, please use paper.",
);
pub(crate) const WHICH_UNSURE: (&str, &str) = (
    "Which register is this?",
    "This kiosk has not met the server since it was switched on, so it does not know the time.",
);
pub(crate) const WHICH_NONE: (&str, &str) = (NO_REGISTER_TODAY, "The calendar has no school today.");
pub(crate) const WHICH: (&str, &str) = ("Which register?", "");

/// "Submitted at 08:57".
pub(crate) fn submitted_at(at: NaiveDateTime) -> String {
    format!("{SUBMITTED} at {}", clock(at))
}
/// "27 of 32 marked".
pub(crate) fn marked_of(marked: usize, all: usize) -> String {
    format!("{marked} of {all} marked")
}
/// "Monday 23 November · Morning is over. What was marked is kept; the office can change it."
pub(crate) fn is_over(key: SessionKey) -> String {
    format!("{} is over. What was marked is kept; the office can change it.", session(key))
}

// The register.

/// "26 here · 2 absent · 1 late", what is none left out.
pub(crate) fn summary(here: usize, absent: usize, late: usize, expected: usize, visitors: usize) -> String {
    let mut parts = vec![format!("{here} here")];
    for (n, word) in [(absent, "absent"), (late, "late"), (expected, "expected")] {
        if n > 0 {
            parts.push(format!("{n} {word}"));
        }
    }
    match visitors {
        0 => {}
        1 => parts.push("1 visitor".to_owned()),
        n => parts.push(format!("{n} visitors")),
    }
    parts.join(" · ")
}
pub(crate) const CLOSES_AT: &str = "closes at";
pub(crate) const OPENS_AT: &str = "opens at";
pub(crate) const CLOSES_IN: &str = "closes in";
pub(crate) const CLOSED_AT: &str = "closed at";

/// What a mark is called, where it is spoken or written out.
pub(crate) const NO_MARK: &str = "no mark";
pub(crate) const PRESENT: &str = "present";
pub(crate) const ABSENT: &str = "absent";
pub(crate) const EXPECTED_ABSENT: &str = super::BUTTONS.expected_absent;
pub(crate) const EXPECTED_ELSEWHERE: &str = "expected elsewhere";
pub(crate) const NO_LONGER_HERE: &str = "no longer in this class";
pub(crate) const NOT_HERE: &str = "not here";

/// "12 minutes late", or "late" when nobody knows how late.
pub(crate) fn late(by: u16) -> String {
    if by == 0 { "late".to_owned() } else { format!("{} late", minutes(by)) }
}
/// "from 3 Rowan".
pub(crate) fn from_class(class: &str) -> String {
    format!("from {class}")
}
/// A tile, spoken: "Leo G, present, saved, office told, birthday today".
pub(crate) fn tile(name: &str, state: &str, saved: Option<bool>, flag: &str, birthday: bool) -> String {
    let saved = match saved {
        None => "",
        Some(true) => ", saved",
        Some(false) => ", saving",
    };
    let flag = if flag.is_empty() { String::new() } else { format!(", {flag}") };
    format!("{name}, {state}{saved}{flag}{}", if birthday { ", birthday today" } else { "" })
}

// Calling names.

/// "7 of 32".
pub(crate) fn place(at: usize, of: usize) -> String {
    format!("{at} of {of}")
}
/// "Marked present, saved".
pub(crate) fn stands(state: &str, saved: bool) -> String {
    format!("Marked {state}{}", if saved { ", saved" } else { "" })
}
/// "Next: Chloe R, Daisy M".
pub(crate) fn next(names: &[String]) -> String {
    if names.is_empty() { LAST_NAME.to_owned() } else { format!("Next: {}", names.join(", ")) }
}

// What lies over a register.

pub(crate) const IF_NOT_RIGHT: &str = "If that is not right, please tell the office.";
pub(crate) const TAKE_BACK_LATE: &str = "That was a mistake, take it back";
pub(crate) const MISTAKE: &str = "My mistake, was here from the start";
pub(crate) const TAKE_BACK: &str = "Take the mark back";
pub(crate) const JUST_IN: &str = "Has just come in";
pub(crate) const CAME_LATE: &str = "Came late";

/// "Kian Y is here, 12 minutes late."
pub(crate) fn is_here_late(who: &str, by: u16) -> String {
    format!("{who} is here, {}.", late(by))
}
/// "Ben O is marked absent."
pub(crate) fn is_absent(who: &str) -> String {
    format!("{who} is marked absent.")
}
/// "Came late · 9 minutes".
pub(crate) fn came_late(by: u16) -> String {
    beside(CAME_LATE, &minutes(by))
}
/// "A note about Ben O".
pub(crate) fn note_about(who: &str) -> String {
    format!("A note about {who}")
}
/// "Who of 3 Rowan is here?"
pub(crate) fn who_of(class: &str) -> String {
    format!("Who of {class} is here?")
}

// The register is in.

pub(crate) const NOBODY_ABSENT: &str = "Nobody is absent without a reason.";

/// "The morning register is in."
pub(crate) fn register_is_in(of: Half, saved: bool) -> String {
    let half = half(of).to_lowercase();
    if saved { format!("The {half} register is in.") } else { format!("Submitting the {half} register.") }
}
/// Where the submission is by now.
pub(crate) const fn submission(saved: bool, there: bool, connected: bool) -> &'static str {
    match (saved, there, connected) {
        (false, ..) => super::SAVING,
        (true, true, _) => "Saved. The office has it.",
        (true, false, true) => "Saved. On its way to the office.",
        (true, false, false) => "Saved here. It will be sent when the network is back.",
    }
}
