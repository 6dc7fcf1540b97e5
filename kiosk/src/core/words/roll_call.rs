//! The words of a roll call.
//!
//! Must never: say that somebody is safe whom nobody saw.

use super::clock;
use chrono::NaiveDateTime;

pub(crate) const ROLL_CALL: &str = "Roll call";
pub(crate) const ROLL_CALL_UNDER_WAY: &str = "Roll call under way";
pub(crate) const BEGIN: &str = "Begin a roll call";
pub(crate) const BEGIN_ASKED: &str = "Begin a roll call?";
pub(crate) const ALL_ARE_TOLD: &str = "Every kiosk and the office are told at once";
pub(crate) const A_DRILL: &str = "A drill";
pub(crate) const NOT_A_DRILL: &str = "Not a drill";
pub(crate) const OPEN_ROLL_CALL: &str = "Open the roll call";
pub(crate) const WHO_IS_IN: &str = "Who is in the building";
pub(crate) const IN_AS_FAR_AS_KNOWN: &str = "in the building, as far as is known";
pub(crate) const NOBODY_IN: &str = "nobody is in the building";
pub(crate) const EVERYBODY_NOT_SEEN: &str = "Everybody who was not seen yet";
pub(crate) const MISSING_BUTTON: &str = "Everybody not seen yet";
pub(crate) const YES_END: &str = "Yes, end it";
pub(crate) const GO_ON: &str = super::BUTTONS.go_on;
pub(crate) const ALL_CLASSES: &str = "All classes";
pub(crate) const END: &str = "End the roll call";
pub(crate) const LEAVE_ROLL_CALL: &str = "Leave";
pub(crate) const NOT_SEEN: &str = "not seen yet";
pub(crate) const SEEN: &str = "seen";
pub(crate) const SEEN_SAVING: &str = "seen, saving";
pub(crate) const NO_MARK_YET: &str = "no mark yet";
pub(crate) const NOT_IN_SCHOOL: &str = "not in school";
pub(crate) const ENDED: &str = "The roll call has ended";
pub(crate) const ENDED_ELSEWHERE: &str = "It was ended at another kiosk.";
pub(crate) const NOT_SAVED_ROLL_CALL: &str = "That could not be saved and was taken back. Please use paper too.";

/// "Roll call · drill".
pub(crate) const fn roll_call_kind(real: bool) -> &'static str {
    if real { "Roll call · not a drill" } else { "Roll call · drill" }
}
/// " · since 10:36".
pub(crate) fn since(at: &str) -> String {
    format!(" · since {at}")
}
/// How a class stands: "20 of 32 not seen yet".
pub(crate) fn class_stands(called: bool, missing: u32, here: u32) -> String {
    match (called, missing, here) {
        (_, _, 0) => "nobody in the building".to_owned(),
        (false, _, n) => format!("{n} in the building"),
        (true, 0, 1) => SEEN.to_owned(),
        (true, 0, n) => format!("all {n} seen"),
        (true, m, n) => format!("{m} of {n} {NOT_SEEN}"),
    }
}
/// "3 Willow: 20 of 32 not seen yet".
pub(crate) fn class_heading(class: &str, stands: &str) -> String {
    format!("{class}: {stands}")
}
/// "not seen yet, of 33".
pub(crate) fn not_seen_of(here: u32) -> String {
    format!("{NOT_SEEN}, of {here}")
}
/// "missing: all 33 were seen", after the number nought.
pub(crate) fn all_seen(here: u32) -> String {
    format!("missing: all {here} were seen")
}
/// "The first 36 of 210 who were not seen yet".
pub(crate) fn first_of(most: usize, missing: u32) -> String {
    format!("The first {most} of {missing} who were not seen yet")
}
/// "End it? 21 pupils were not seen."
pub(crate) fn end_asked(missing: u32) -> String {
    match missing {
        0 => "End it? Everybody was seen.".to_owned(),
        1 => "End it? One pupil was not seen.".to_owned(),
        n => format!("End it? {n} pupils were not seen."),
    }
}
/// What is said when it has ended.
pub(crate) fn ended_with(missing: usize) -> String {
    match missing {
        0 => "Everybody was seen.".to_owned(),
        1 => "One pupil was not seen. The office has the name.".to_owned(),
        n => format!("{n} pupils were not seen. The office has their names."),
    }
}
/// "went out 14:10".
pub(crate) fn went_out(at: Option<NaiveDateTime>) -> String {
    at.map_or_else(|| "went out".to_owned(), |at| format!("went out {}", clock(at)))
}
/// "Aisha is ticked."
pub(crate) fn is_ticked(name: &str) -> String {
    format!("{name} is ticked.")
}
/// A name, spoken: "Aisha B, not seen yet".
pub(crate) fn roll_pupil(name: &str, initial: &str, word: &str) -> String {
    format!("{name} {initial}, {word}")
}
