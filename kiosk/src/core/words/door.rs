//! The words of reception: the invitation, finding oneself, why, and the answer.
//!
//! Must never: tell anybody off, or name somebody who is not asked for.

use super::{greeting, lower_first, month};
use chrono::NaiveDateTime;
use shared::wire::v1::Way;

// The invitation.

pub(crate) const CLOCK_BEING_SET: &str = "This clock is being set. Signing in works.";
pub(crate) const NO_SCHOOL: &str = "No school today";
pub(crate) const LESSONS_OVER: &str = "Lessons are over for today";

/// "Registers open at 8:50".
pub(crate) fn opens_at(at: &str) -> String {
    format!("Registers open at {at}")
}
/// "Registers are open until 9:20".
pub(crate) fn open_until(at: &str) -> String {
    format!("Registers are open until {at}")
}
/// "Registers closed at 9:20"
pub(crate) fn closed_at(at: &str) -> String {
    format!("Registers closed at {at}")
}

// Finding oneself.

pub(crate) const WHICH_WAY: &str = "Going home, or coming back?";
pub(crate) const TAP_OR_CHOOSE: &str = "Tap your card, or choose";
pub(crate) const GOING_HOME: &str = "I am going home";
pub(crate) const COMING_BACK: &str = "I am coming back";
pub(crate) const WHICH_YEAR: &str = "Which year are you in?";
pub(crate) const WHICH_CLASS: &str = "Which class are you in?";
pub(crate) const WHICH_MONTH: &str = "Which month is your birthday in?";
pub(crate) const WHICH_ONE: &str = "Which one is you?";
pub(crate) const IS_THIS_YOU: &str = "Is this you?";
pub(crate) const NO_GO_BACK: &str = "No, go back";

/// What somebody at reception is about.
pub(crate) const fn doing(way: Way) -> &'static str {
    match way {
        Way::In => "signing in",
        Way::Out => "going home",
        Way::Back => "coming back",
    }
}
/// "Yes, sign me in".
pub(crate) const fn yes(way: Way) -> &'static str {
    match way {
        Way::In => "Yes, sign me in",
        Way::Out => "Yes, I am going home",
        Way::Back => "Yes, I am back",
    }
}
/// "Year 3, born in November".
pub(crate) fn born_in(year: &str, n: u8) -> String {
    format!("{year}, born in {}", month(n))
}

// Why, and with whom.

pub(crate) const ONLY_THE_OFFICE: &str = "Only the office can read your answer.";
pub(crate) const RATHER_NOT: &str = "I would rather not say";
pub(crate) const THEN_STAFF: &str = "Then a member of staff lets you go.";

/// "Good morning, Kian. What kept you?"
pub(crate) fn what_kept_you(at: Option<NaiveDateTime>, name: &str) -> String {
    format!("{}. What kept you?", hello(at, name))
}
/// "Kian, who is collecting you?"
pub(crate) fn who_collects(name: &str) -> String {
    format!("{name}, who is collecting you?")
}

// A member of staff.

pub(crate) const STAFF_CARD: &str = "For a member of staff: tap your card, or pick your name.";
pub(crate) const STAFF_TAKES_ROLL_CALL: &str = "A member of staff takes the roll call.";
pub(crate) const NOT_STAFF: &str = "That is not the card of a member of staff.";

/// "Kian is going home".
pub(crate) fn is_going_home(name: &str) -> String {
    format!("{name} is going home")
}
/// "A member of staff lets Kian go. Collected by: grandparent."
pub(crate) fn let_go(name: &str, collected: Option<&str>) -> String {
    let with = collected.map(|who| format!(" Collected by: {}.", lower_first(who))).unwrap_or_default();
    format!("A member of staff lets {name} go.{with}")
}

// The answer.

pub(crate) const IN_ALREADY: &str = "You are signed in already.";
pub(crate) const IN_GOOD_TIME: &str = " You are in good time.";
pub(crate) const MARKED_LATE: &str = " You are marked late. Good that you are here.";
pub(crate) const GOOD_TO_SEE: &str = " Good that you are here.";

/// "Good morning, Kian".
pub(crate) fn hello(at: Option<NaiveDateTime>, name: &str) -> String {
    format!("{}, {name}", greeting(at))
}
/// "Goodbye, Kian".
pub(crate) fn goodbye(name: &str) -> String {
    format!("Goodbye, {name}")
}
/// "Welcome back, Kian".
pub(crate) fn welcome_back(name: &str) -> String {
    format!("Welcome back, {name}")
}
/// "Signed in at 09:07.", or without a time that nobody knows.
pub(crate) fn signed_in(at: Option<&str>) -> String {
    at.map_or_else(|| "Signed in.".to_owned(), |at| format!("Signed in at {at}."))
}
/// "Signed out at 14:10."
pub(crate) fn signed_out(at: Option<&str>) -> String {
    at.map_or_else(|| "Signed out.".to_owned(), |at| format!("Signed out at {at}."))
}
/// "You are signed in already, since 08:41."
pub(crate) fn in_since(at: &str) -> String {
    format!("You are signed in already, since {at}.")
}
/// " Go straight to 3 Willow."
pub(crate) fn go_to(class: &str) -> String {
    format!(" Go straight to {class}.")
}
/// Whether it is on disk, and who knows.
pub(crate) fn saved(saved: bool, connected: bool, way: Way) -> String {
    let there = match way {
        Way::Out => "you have left",
        Way::In | Way::Back => "you are here",
    };
    match (saved, connected) {
        (false, _) => super::SAVING.to_owned(),
        (true, true) => format!("Saved. The office knows {there}."),
        (true, false) => format!("Saved. The office will see that {there}."),
    }
}

// In between.

pub(crate) const HELP: (&str, &str) = ("Please ask in the office", "Somebody there will sign you in.");
pub(crate) const UNKNOWN_CARD: (&str, &str) =
    ("This card is not known yet", "Find your name on the screen instead, and show the card in the office.");
